//! The text that `init` ends with: what to do on the chain, and what to back up.

use std::fmt;
use std::path::Path;

use shelfproof_anchor::config::Anchor;

use crate::cli::shell::quoted;
use crate::config::Config;
use crate::dev::PublicKeys;

/// Gas that one registration takes, rounded up.
const REGISTER_GAS: u64 = 250_000;

/// Gas that anchoring one epoch takes, rounded up from what the contracts' tests measure.
const ANCHOR_GAS: u64 = 60_000;

/// Seconds in thirty days.
const MONTH_S: u64 = 30 * 86_400;

/// Gwei in an ether.
const GWEI: u64 = 1_000_000_000;

/// Printed where no node was given.
const RPC_MISSING: &str = "   The last needs your node's address in rpc.url, and rpc_file = \"rpc.url\" in [chain] / 最后一个需要节点地址：写入 rpc.url
";

/// The steps after `init`.
pub(super) struct Next<'a> {
    pub(super) folder: &'a Path,
    pub(super) config: &'a Config,
    pub(super) keys: &'a PublicKeys,
    /// Whether a node was given. Its address may hold a key and is not printed; the environment variable's name is.
    pub(super) is_rpc_told: bool,
}

impl Next<'_> {
    /// The command that registers the merchant.
    pub(super) fn register(&self) -> String {
        let chain = &self.config.chain;
        let rpc = if self.is_rpc_told {
            "\"$SHELFPROOF_RPC\""
        } else {
            "https://YOUR-NODE"
        };
        format!(
            "shelfproof-anchor register --rpc {rpc} --chain-id {} --registry {} \\
    --key-file {} --passphrase-file {} \\
    --vrf-public-key {} \\
    --anchorer {} --receipt-signer {} \\
    --data-uri {}",
            chain.chain_id,
            chain.registry,
            self.path("keys/owner.key"),
            self.path("passphrase"),
            self.keys.vrf,
            self.keys.anchorer,
            self.keys.receipt_signer,
            quoted(&self.config.shop.data_uri),
        )
    }

    /// A file of the folder, as a word for a shell.
    fn path(&self, file: &str) -> String {
        quoted(&self.folder.join(file).to_string_lossy())
    }
}

/// Gas as ether, at a price of one gwei.
fn ether(gas: u64) -> String {
    format!("{}.{:06}", gas / GWEI, gas % GWEI / 1_000)
}

impl fmt::Display for Next<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (owner, anchorer, folder) = (self.keys.owner, self.keys.anchorer, self.folder.display());
        let every_s = Anchor::default().every_s;
        let (register, month) = (ether(REGISTER_GAS), ether(ANCHOR_GAS * MONTH_S / every_s));
        let (command, config, journal) = (self.register(), self.path("shelfproof.toml"), self.path("journal"));
        let (where_en, where_zh) = if self.is_rpc_told {
            (
                ", with your node's address in SHELFPROOF_RPC",
                "，节点地址放在 SHELFPROOF_RPC 中",
            )
        } else {
            ("", "")
        };
        let rpc = if self.is_rpc_told { "" } else { RPC_MISSING };
        write!(
            out,
            "\
The database is ready, and so are keys and configuration in {folder}. What is left:
数据库、密钥和配置已就绪。接下来：

1. Fund two addresses (ETH at 1 gwei a gas; multiply by your chain's price) / 给两个地址充值（按 1 gwei 计，按实际价格折算）
   owner    {owner}  about {register}, once / 一次
   anchorer {anchorer}  up to {month} a month, where something is sold every {every_s} s / 每月至多，按每 {every_s} 秒都有售出计

2. Register{where_en} / 登记商家{where_zh}
{command}

3. Back up, each apart from the other and from this machine / 备份，彼此分开，也不要放在本机
   [ ] keys: shelfproof admin keyring export --config {config} \\
           --to shop.backup --to-passphrase-file second.txt
   [ ] the passphrases / 口令
   [ ] the database, all the time: with write-ahead-log archiving / 数据库：持续归档
   [ ] the receipt journal: move {journal} to another disk, and name its place in [sale] journal
       收据日志：移到另一块磁盘，并在 [sale] journal 中写明位置
   [ ] move owner.key to a machine that is offline / 把 owner.key 移到离线机器
   Losing the VRF key ends the proofs for ever; losing a master key loses the codes in stock.
   VRF 密钥丢失后将永远无法再提供证明；主密钥丢失则库存卡密全部丢失。

4. Start these, each for itself / 分别启动
   shelfproof serve --config {config}
   shelfproof worker --config {config}
   shelfproof-anchor run --config {config}
{rpc}"
        )
    }
}
