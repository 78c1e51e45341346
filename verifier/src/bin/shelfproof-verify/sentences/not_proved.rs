//! What an answer leaves open: said with every answer.

use std::borrow::Cow;

use crate::args::Lang;

/// What an answer does not prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotProved {
    /// Anything more: the checks stopped at the first that failed.
    Anything,
    /// That the code works.
    CodeWorks,
    /// That it is sold nowhere else.
    SoldElsewhere,
    /// That look-alike codes are one.
    LookAlikes,
    /// Whose the sale is.
    WhoseSale,
    /// That the receipt's terms are those agreed to.
    Terms(TermsOpen),
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
            Self::Terms(_) => "terms",
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
    pub(crate) fn sentence(self, lang: Lang) -> Cow<'static, str> {
        let (english, chinese) = match self {
            Self::Terms(open) => return open.sentence(lang).into(),
            Self::Anything => (
                "anything more: the check stopped at the first thing that is wrong or missing",
                "更多的事：核验在第一处错误或缺失就停止了",
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
        lang.pick(english, chinese).into()
    }
}

/// Which terms of a receipt were not told, and so not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TermsOpen {
    /// What was bought.
    pub(crate) product: bool,
    /// For how much.
    pub(crate) price: bool,
    /// In which currency.
    pub(crate) currency: bool,
}

impl TermsOpen {
    /// Whether any was not.
    pub(crate) const fn any(self) -> bool {
        self.product || self.price || self.currency
    }

    fn sentence(self, lang: Lang) -> String {
        let names = [
            (self.product, lang.pick("product", "商品")),
            (self.price, lang.pick("price", "价格")),
            (self.currency, lang.pick("currency", "货币")),
        ];
        let open: Vec<&str> = names
            .into_iter()
            .filter(|(open, _)| *open)
            .map(|(_, name)| name)
            .collect();
        match lang {
            Lang::En => format!(
                "that it is for what you agreed to: not told and not compared are its {}",
                open.join(", ")
            ),
            Lang::Zh => format!("收据与您的约定一致：没有提供因而没有对照{}", open.join("、")),
        }
    }
}
