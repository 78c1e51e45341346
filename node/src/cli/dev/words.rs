//! The texts of `shelfproof dev`, and the configuration that it writes.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use shelfproof_base::keyfile::disk;

use crate::cli::shell::quoted;
use crate::dev::{Machine, Merchant};

/// Time from the first waiting event to the epoch's cut.
const EVERY_S: u64 = 2;

/// How often the anchor polls.
const POLL_MS: u64 = 200;

/// Printed when the chain does not know a merchant that it knew before.
pub(super) const CHAIN_LOST: &str = "\
warning: the chain had lost its newest blocks, and the merchant was registered again under the same id. Receipts of sales
before now do not verify on this chain any more. To begin anew, remove the folder.
警告：链丢失了最新的区块，商家已用同一标识重新登记。此前销售的收据在这条链上不再能通过核验。如需从头开始，请删除该文件夹。
";

/// Printed where the node publishes its data at another address than the chain says.
pub(super) fn data_moved(told: &str, now: &str) -> String {
    format!(
        "\
warning: the chain says that this shop's data is at {told}, and this time it is at {now}. An auditor finds it there with
--data; to be found again, listen on the port of the first start.
警告：链上登记的数据网址是 {told}，而这次是 {now}。审计者需用 --data 指定；如需恢复，请监听首次启动时的端口。
"
    )
}

/// The first commands to try.
pub(super) struct Words {
    pub(super) folder: PathBuf,
    pub(super) rpc: String,
}

impl fmt::Display for Words {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (folder, rpc) = (self.folder.display(), &self.rpc);
        let config = quoted(&format!("{folder}/shelfproof.toml"));
        write!(
            out,
            "\
The chain is at {rpc}. API keys are in {folder}/admin.key and reseller.key.
Type in another terminal / 在另一个终端中输入:

  export SHELFPROOF_CONFIG={config}
  shelfproof admin product create --name \"Monthly card\" --price 9.90 --currency CNY
  printf 'AAAA-1111\\nBBBB-2222\\n' | shelfproof import - --product \"Monthly card\" --batch first --activate
  shelfproof admin credit add --account reseller --amount 100 --currency CNY --reference try-1
  shelfproof admin product show \"Monthly card\"

API: /docs.  接口文档见 /docs。
A sale is on the chain some seconds later: GET /api/v1/proofs/ORDER proves it. 售出后数秒即上链，可凭订单号获取证明。
Ctrl-C ends it; the next start goes on from here. 按 Ctrl-C 结束；下次启动会接着运行。
"
        )
    }
}

/// Writes the configuration of the shop that runs on `machine`, whose data is at `data_uri` by the chain and this time
/// at `served`, and whose anchor answers proofs on that port.
pub(super) fn write_config(
    file: &Path,
    machine: &Machine,
    merchant: Merchant,
    data_uri: &str,
    served: &str,
    anchor_port: u16,
) -> io::Result<()> {
    let text = format!(
        "\
# Written by `shelfproof dev` at each start.
[database]
url = \"{}\"

[keys]
folder = \"keys\"
passphrase_file = \"passphrase\"

[chain]
chain_id = {}
registry = \"{}\"
merchant_id = \"{}\"
rpc = \"{}\"

[shop]
name = \"Shelfproof dev\"
data_uri = \"{data_uri}\"

[sale]
journal = \"journal\"

[anchor]
folder = \"anchor\"
listen = \"127.0.0.1:{anchor_port}\"
every_s = {EVERY_S}
poll_ms = {POLL_MS}
read_back_url = \"{served}\"

[proofs]
prover = \"http://127.0.0.1:{anchor_port}\"
data_folder = \"anchor/data\"
",
        machine.database_url(),
        merchant.chain_id,
        merchant.registry,
        merchant.merchant_id,
        machine.rpc(),
    );
    disk::replace(file, text.as_bytes())
}
