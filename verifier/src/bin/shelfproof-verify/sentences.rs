//! What every outcome means and what to do about it: one plain sentence each, in both languages, in one place.

use shelfproof_verifier::Code;
use shelfproof_verifier::audit::Rule;
use shelfproof_verifier::event::Kind;

use crate::args::Lang;
use crate::cause::Cause;

impl Lang {
    /// The text of this language.
    pub(crate) const fn pick<'a>(self, english: &'a str, chinese: &'a str) -> &'a str {
        match self {
            Self::En => english,
            Self::Zh => chinese,
        }
    }
}

/// What it means that nothing holds, and what to do.
pub(crate) const fn of_cause(cause: Cause, lang: Lang) -> &'static str {
    let (english, chinese) = match cause {
        Cause::Check(code) => of_code(code),
        Cause::Breach(rule) => of_rule(rule),
        other => of_surroundings(other),
    };
    lang.pick(english, chinese)
}

const fn of_code(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::Malformed => (
            "The file is not what it should be: ask the shop for it again, and do not rely on this one.",
            "文件不符合规定的格式：请向商家重新索取，不要相信这一份。",
        ),
        Code::CodeUnusual => (
            "Such a code cannot be checked: type it with plain letters and digits only, without label or remark.",
            "这样的卡密无法核验：请只输入英文字母和数字，不要带标签或备注。",
        ),
        Code::WrongMerchant => (
            "The file is about another shop than the one you named: ask your shop for its own file, and do not rely on this one.",
            "文件属于另一个商家，不是您指定的那一家：请向您的商家索取它自己的文件，不要相信这一份。",
        ),
        Code::KeyId => (
            "The file is not about the code you typed: check your typing, and if it is right, the shop shows you another key's history.",
            "文件说的不是您输入的卡密：请检查输入；如果输入无误，说明商家给您看的是另一张卡密的历史。",
        ),
        Code::EpochUnknown => (
            "The file rests on an epoch (a page of the shop's log) that the chain does not hold: it is forged or out of date, so do not rely on it.",
            "文件依据的账页在链上不存在：它是伪造的或已过时，请勿相信。",
        ),
        Code::EpochNotFinal => (
            "The chain has not settled the newest entries yet: try again in a few minutes.",
            "链上还没有最终确认最新的记录：请过几分钟再试。",
        ),
        Code::Inclusion => (
            "The file shows something that is not in the shop's log: the entry was changed or made up, so do not rely on it.",
            "文件中有一条商家账本里没有的记录：它被改过或是编造的，请勿相信。",
        ),
        Code::VersionGap => (
            "Part of the key's history is left out: ask the shop for the whole of it, and do not rely on this.",
            "这张卡密的历史缺了一段：请向商家索取完整的历史，不要相信这一份。",
        ),
        Code::BrokenLink => (
            "The key's history does not hang together: the shop has broken its rules, so keep this file as evidence and do not use the key.",
            "这张卡密的历史前后接不上：商家违反了规则，请保留此文件作为证据，不要使用这张卡密。",
        ),
        Code::IllegalTransition => (
            "The key went through something that no key may, such as being sold or used twice: keep this file as evidence and do not use the key.",
            "这张卡密发生了不允许的事，例如被卖出或使用两次：请保留此文件作为证据，不要使用这张卡密。",
        ),
        Code::Clock => (
            "The times in the key's history run back or lie in the future: the shop has broken its rules, so keep this file as evidence.",
            "这张卡密历史中的时间倒退或超前：商家违反了规则，请保留此文件作为证据。",
        ),
        Code::HistoryRoot => (
            "The file does not prove that this is the key's whole history: ask the shop for a right one, and do not rely on this.",
            "文件没有证明这就是卡密的全部历史：请向商家索取正确的文件，不要相信这一份。",
        ),
        Code::HistoryMismatch => (
            "The shop's log says something else about this key than the file, for instance a later sale or use: do not use the key, and ask for the current file.",
            "商家的账本对这张卡密的记载与文件不同，例如后来又被卖出或使用：不要使用这张卡密，请索取最新的文件。",
        ),
        Code::Stale => (
            "The file is too old to tell what happened since: ask the shop for a new one.",
            "文件太旧，无法得知此后发生了什么：请向商家索取新的文件。",
        ),
        Code::Payload => (
            "Details shown in the file, such as order or price, are not those the shop committed to: they were changed, so do not rely on them.",
            "文件中的细节（如订单或价格）与商家承诺的不一致：它们被改过，请勿相信。",
        ),
        Code::NotSold => (
            "The key was never sold to anyone, so it is not yours: if you paid for it, ask the shop and keep your receipt.",
            "这张卡密从未卖给任何人，所以不是您的：如果您已付款，请联系商家并保留收据。",
        ),
        Code::BodyWithheld => (
            "The file does not open the sale, so it cannot be told whose it is: ask the shop for the file of your own order.",
            "文件没有公开这笔销售的内容，无法得知属于谁：请向商家索取您本人订单的文件。",
        ),
        Code::NotYourSale => (
            "The key was sold to somebody else, or your nonce, name or secret is mistyped: check them, and if they are right, do not use the key and ask for your money back.",
            "这张卡密卖给了别人，或者您的随机数、名称或密钥输入有误：请核对；如果无误，请不要使用，并要求退款。",
        ),
        Code::ReceiptTerms => (
            "The receipt is not for what you agreed to: refuse it, do not use the code, and ask the shop for a right one.",
            "收据与您约定的内容不符：请拒收，不要使用这张卡密，并向商家索取正确的收据。",
        ),
        Code::ReceiptSignature => (
            "The receipt is not signed by a key of this shop: it binds nobody, so ask the shop for a right one.",
            "收据没有这家商家的有效签名：它对谁都没有约束力，请向商家索取正确的收据。",
        ),
        Code::ReceiptUnmet => (
            "The shop promised to enter this sale in its log and did not: keep the receipt, it is the evidence against the shop.",
            "商家承诺把这笔销售记入账本却没有做到：请保留收据，这就是证据。",
        ),
        Code::TransferUnverified => (
            "The key was handed over between two shelves and only one side is shown: ask for the other shelf's file and add it with --other-bundle.",
            "这张卡密在两个货架之间转移过，但只出示了一方：请索取另一方的文件，用 --other-bundle 一并提供。",
        ),
    }
}

const fn of_rule(rule: Rule) -> (&'static str, &'static str) {
    match rule {
        Rule::DataWithheld => (
            "The shop's published data cannot be had or is not what it anchored, over an hour after it had to be there: check your own connection, then treat the shop's history as hidden.",
            "商家公布的数据在期限过后一小时仍取不到，或与上链的不一致：请先检查自己的网络，否则应视为商家隐瞒了历史。",
        ),
        Rule::DataForm => (
            "The shop anchored data that is not of the protocol's form: nothing after it can be audited, so do not rely on this shop's history.",
            "商家上链的数据不符合协议格式：其后的内容都无法审计，请勿相信这家商家的历史。",
        ),
        Rule::EventCount => (
            "The shop's data holds another number of entries than it anchored: do not rely on this shop's history.",
            "商家数据中的记录数与上链的不一致：请勿相信这家商家的历史。",
        ),
        Rule::EventsRoot => (
            "The shop's published entries are not the ones it anchored: do not rely on this shop's history.",
            "商家公布的记录与上链的不是同一批：请勿相信这家商家的历史。",
        ),
        Rule::VersionGap => (
            "A key's history has a gap, or two entries in one place: do not rely on this shop's history, and keep the evidence.",
            "某张卡密的历史有缺口，或同一位置有两条记录：请勿相信这家商家的历史，并保留证据。",
        ),
        Rule::BrokenLink => (
            "A key's history does not hang together: the shop rewrote it, so keep the evidence.",
            "某张卡密的历史前后接不上：商家改写了历史，请保留证据。",
        ),
        Rule::IllegalTransition => (
            "A key went through something that no key may, such as being sold or used twice: keep the evidence.",
            "某张卡密发生了不允许的事，例如被卖出或使用两次：请保留证据。",
        ),
        Rule::Clock => (
            "Times in a key's history run back or lie in the future: do not rely on this shop's history, and keep the evidence.",
            "某张卡密历史中的时间倒退或超前：请勿相信这家商家的历史，并保留证据。",
        ),
        Rule::HistoryRoot => (
            "The shop anchored another history than its own entries make: what it proves to buyers is not what it published.",
            "商家上链的历史与它公布的记录算出来的不同：它向买家证明的不是它公布的。",
        ),
    }
}

const fn of_surroundings(cause: Cause) -> (&'static str, &'static str) {
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
            "The shop's published data cannot be had now: check the address and your connection, and try again within the hour.",
            "现在取不到商家公布的数据：请检查地址和网络，一小时内再试。",
        ),
        Cause::MapDiffers => (
            "What an earlier audit left here is of another history than the chain's: remove the folder named below, and audit again from the start.",
            "之前审计留下的数据与链上的历史不同：请删除下面指出的文件夹，然后从头审计。",
        ),
        Cause::Check(code) => of_code(code),
        Cause::Breach(rule) => of_rule(rule),
    }
}

/// What a key's state means to whoever asks, and what to do; `yours` is a sale that was shown to be the asker's.
pub(crate) const fn of_state(state: Option<Kind>, yours: bool, lang: Lang) -> &'static str {
    let (english, chinese) = match (state, yours) {
        (None, _) => (
            "The shop's log has never heard of this key: if you were sold it, do not use it, and ask for your money back.",
            "商家的账本里从来没有这张卡密：如果有人把它卖给了您，请不要使用，并要求退款。",
        ),
        (Some(Kind::Generated | Kind::TransferredIn), _) => (
            "The key is in the shop's stock and not for sale yet: it is nobody's, so do not use it.",
            "这张卡密在商家库存中，尚未上架：它不属于任何买家，请不要使用。",
        ),
        (Some(Kind::Activated), _) => (
            "The key is for sale and not sold to anyone: it is not yours before you buy it.",
            "这张卡密正在出售，还没有卖给任何人：购买之前它不属于您。",
        ),
        (Some(Kind::Sold), true) => (
            "This key was sold to you, and the shop's log shows no use and no refund of it: it is yours to use.",
            "这张卡密卖给了您，商家账本中没有使用或退款记录：您可以使用它。",
        ),
        (Some(Kind::Sold), false) => (
            "This key was sold and not used since, but to whom was not checked: add your nonce and name before you rely on it.",
            "这张卡密已售出且未被使用，但没有核验卖给了谁：请加上您的随机数和名称再查，然后再决定。",
        ),
        (Some(Kind::Redeemed), true) => (
            "This key was sold to you and is used up already: if it was not you, tell the shop and dispute the sale.",
            "这张卡密卖给了您，但已经被使用：如果不是您本人使用，请联系商家并提出争议。",
        ),
        (Some(Kind::Redeemed), false) => (
            "This key is used up already: do not buy it or accept it.",
            "这张卡密已经被使用：不要购买或接受它。",
        ),
        (Some(Kind::Refunded), true) => (
            "This key was sold to you, and the sale was undone and paid back: do not use it; if you got no money, tell the shop.",
            "这张卡密曾卖给您，但交易已撤销并退款：请不要使用；如果没有收到退款，请联系商家。",
        ),
        (Some(Kind::Refunded), false) => (
            "The sale of this key was undone and paid back, and the key is spent: do not buy it or accept it.",
            "这张卡密的交易已撤销并退款，卡密作废：不要购买或接受它。",
        ),
        (Some(Kind::Voided), _) => (
            "The shop withdrew this key: do not buy it or accept it.",
            "商家已将这张卡密作废：不要购买或接受它。",
        ),
        (Some(Kind::Disputed), true) => (
            "This key was sold to you and the sale is in dispute: wait for the outcome before you use it.",
            "这张卡密卖给了您，交易正在争议中：请等待结果后再使用。",
        ),
        (Some(Kind::Disputed), false) => (
            "The sale of this key is in dispute: do not buy it or accept it.",
            "这张卡密的交易正在争议中：不要购买或接受它。",
        ),
        (Some(Kind::Upheld), true) => (
            "This key was sold to you, and after a dispute the sale stands: if the dispute was yours, talk to the shop before you use it.",
            "这张卡密卖给了您，争议之后交易仍然有效：如果争议是您提出的，使用前请先联系商家。",
        ),
        (Some(Kind::Upheld), false) => (
            "This key was sold, and after a dispute the sale stands, but to whom was not checked: add your nonce and name.",
            "这张卡密已售出，争议之后交易仍然有效，但没有核验卖给了谁：请加上您的随机数和名称再查。",
        ),
        (Some(Kind::TransferredOut), _) => (
            "The key left this shop for another one: ask the other shop for its file.",
            "这张卡密已从这家商家转到另一家：请向另一家索取文件。",
        ),
    };
    lang.pick(english, chinese)
}

/// A kind of event, for people.
pub(crate) const fn kind(kind: Kind, lang: Lang) -> &'static str {
    let chinese = match kind {
        Kind::Generated => "入库",
        Kind::Activated => "上架",
        Kind::Sold => "售出",
        Kind::Redeemed => "已使用",
        Kind::Refunded => "已退款",
        Kind::Voided => "作废",
        Kind::Disputed => "争议中",
        Kind::Upheld => "争议后维持",
        Kind::TransferredOut => "转出",
        Kind::TransferredIn => "转入",
    };
    let english = match kind {
        Kind::Generated => "put in stock",
        Kind::Activated => "put on sale",
        Kind::Sold => "sold",
        Kind::Redeemed => "used",
        Kind::Refunded => "refunded",
        Kind::Voided => "withdrawn",
        Kind::Disputed => "disputed",
        Kind::Upheld => "sale upheld",
        Kind::TransferredOut => "left the shop",
        Kind::TransferredIn => "came from a shop",
    };
    lang.pick(english, chinese)
}

/// What an answer does not prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotProved {
    /// Anything: the checks stopped at the first that failed.
    Anything,
    /// That the code works.
    CodeWorks,
    /// That it is sold nowhere else.
    SoldElsewhere,
    /// That look-alike codes are one.
    LookAlikes,
    /// Whose the sale is.
    WhoseSale,
    /// That the node tells the truth.
    NodeBelieved,
    /// That the file of trusted epochs tells the truth, and what came after it.
    FileBelieved,
    /// That all that the shop published hangs together.
    Audit,
    /// That the auditor did what the report says.
    AuditorBelieved,
    /// That sales are in the log at all.
    UnloggedSales,
    /// That the promise will be kept.
    Future,
    /// That the shop's word about itself is true.
    ShopsWord,
}

impl NotProved {
    /// The name that machines read.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Anything => "anything",
            Self::CodeWorks => "code_works",
            Self::SoldElsewhere => "sold_elsewhere",
            Self::LookAlikes => "look_alikes",
            Self::WhoseSale => "whose_sale",
            Self::NodeBelieved => "node_believed",
            Self::FileBelieved => "file_believed",
            Self::Audit => "audit",
            Self::AuditorBelieved => "auditor_believed",
            Self::UnloggedSales => "unlogged_sales",
            Self::Future => "future",
            Self::ShopsWord => "shops_word",
        }
    }

    /// For people.
    pub(crate) const fn sentence(self, lang: Lang) -> &'static str {
        let (english, chinese) = match self {
            Self::Anything => (
                "anything: the check stopped at the first thing that is wrong or missing",
                "任何事：核验在第一处错误或缺失就停止了",
            ),
            Self::CodeWorks => ("that the code works where it is redeemed", "卡密在兑换处确实可用"),
            Self::SoldElsewhere => (
                "that the seller does not sell it elsewhere too, or under a second merchant id",
                "卖家没有在别处或用另一个商家身份再次出售",
            ),
            Self::LookAlikes => (
                "that codes which only look alike (O and 0) are not one and the same to whoever redeems them",
                "看起来相似的卡密（如 O 和 0）在兑换处不会被当作同一张",
            ),
            Self::WhoseSale => (
                "whose the sale is, without your nonce and name: only `sold` to you is yours to use",
                "这笔销售属于谁（您没有提供随机数和名称）：只有“卖给您”的才可以使用",
            ),
            Self::NodeBelieved => (
                "that the node you named tells the truth about the chain: it was believed",
                "您指定的节点如实反映了链上内容：本次相信了它",
            ),
            Self::FileBelieved => (
                "that the file of trusted epochs tells the truth about the chain, and what happened after it was written",
                "“可信账页”文件如实反映了链上内容，以及它写成之后发生了什么",
            ),
            Self::Audit => (
                "that the rest of the shop's log keeps the rules: no audit that covers this epoch was found",
                "商家账本的其余部分也守规则：没有找到覆盖这一账页的审计",
            ),
            Self::AuditorBelieved => (
                "that the auditor named above really did this audit: the report is not signed",
                "上面提到的审计人确实做过这次审计：报告没有签名",
            ),
            Self::UnloggedSales => (
                "that every sale is in the log: only a buyer's receipt shows one that was left out",
                "每一笔销售都记入了账本：只有买家的收据能显示被遗漏的销售",
            ),
            Self::Future => (
                "that the sale is in the log: the receipt only promises it, so check again after its deadline",
                "这笔销售已经记入账本：收据只是承诺，请在期限之后再查一次",
            ),
            Self::ShopsWord => (
                "that these ids are the shop's and the same for everybody: compare them with what others see",
                "这些编号确实属于商家，且对所有人都相同：请与他人看到的对照",
            ),
        };
        lang.pick(english, chinese)
    }
}
