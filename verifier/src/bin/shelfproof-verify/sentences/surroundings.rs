//! What goes wrong around a check: the command line, files, the node, the data.

use super::{of_code, of_rule};
use crate::cause::Cause;

/// What it means in English and Chinese.
pub(super) const fn of_surroundings(cause: Cause) -> (&'static str, &'static str) {
    match cause {
        Cause::PinChanged => (
            "The shop you pinned under this name now names another merchant: do not go on before you know why, since a shop that changes its ids shows another history.",
            "您以此名称固定的商家现在换成了另一个身份：弄清原因之前请不要继续，更换身份的商家出示的是另一份历史。",
        ),
        Cause::Usage => (
            "The command is not complete or not understood: see the examples under --help.",
            "命令不完整或无法理解：请看 --help 里的例子。",
        ),
        Cause::Input => (
            "Something you gave cannot be read: check the file or value named below.",
            "您提供的内容无法读取：请检查下面指出的文件或数值。",
        ),
        Cause::Storage => (
            "A file that this program keeps cannot be read or written: check the disk and the permissions.",
            "本程序保存的文件无法读写：请检查磁盘空间和权限。",
        ),
        Cause::RpcUnreachable => (
            "The chain's node does not answer: check its address and your connection, or name another one with --rpc.",
            "区块链节点没有应答：请检查地址和网络，或用 --rpc 换一个节点。",
        ),
        Cause::RpcAnswer => (
            "The chain's node gives an answer that cannot be used: try again, or name another one with --rpc.",
            "区块链节点的应答无法使用：请重试，或用 --rpc 换一个节点。",
        ),
        Cause::WrongChain => (
            "The node serves another chain than this shop's: name a node of the right chain with --rpc.",
            "该节点服务的不是这家商家所在的链：请用 --rpc 指定正确的链的节点。",
        ),
        Cause::NoContract => (
            "There is no registry at that address: check --registry, and that the node serves the right chain.",
            "该地址上没有登记合约：请检查 --registry，以及节点是否服务正确的链。",
        ),
        Cause::NotRegistered => (
            "The registry does not know this merchant: check --merchant, and take the ids from a place you trust.",
            "登记合约里没有这个商家：请检查 --merchant，并从可信的来源获取编号。",
        ),
        Cause::NoFinalBlock => (
            "The node does not say which block is final: use --confirmations with a number of blocks, or another node.",
            "节点没有给出最终确认的区块：请用 --confirmations 指定确认数，或换一个节点。",
        ),
        Cause::LogNotFound => (
            "The node does not show when the shop's log was anchored: name a node that keeps old logs with --rpc.",
            "节点查不到商家账本上链的记录：请用 --rpc 换一个保留旧日志的节点。",
        ),
        Cause::DataMissing => (
            "The shop's published data cannot be had from here now, which says nothing against the shop yet: check the address, folder or connection, and try again.",
            "现在从这里取不到商家公布的数据，这还不能说明商家有问题：请检查地址、文件夹或网络后再试。",
        ),
        Cause::CopyDiffers => (
            "Your copy of the shop's data does not match what the shop anchored: fetch it again, or audit from the shop's own address.",
            "您保存的商家数据与上链的不一致：请重新获取，或直接从商家的地址审计。",
        ),
        Cause::MapAhead => (
            "Your earlier audit went further than this node has come: wait, or name a node that is up to date with --rpc.",
            "您之前的审计比该节点更新：请稍后再试，或用 --rpc 换一个已同步的节点。",
        ),
        Cause::MapDiffers => (
            "What an earlier audit left here is of another history than the chain's: remove the folder named below, and audit again from the start.",
            "之前审计留下的数据与链上的历史不同：请删除下面指出的文件夹，然后从头审计。",
        ),
        Cause::Check(code) => of_code(code),
        Cause::Breach(rule) => of_rule(rule),
    }
}
