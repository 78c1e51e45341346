//! What every outcome means and what to do about it: one plain sentence each, in both languages, in one place.

use shelfproof_verifier::Code;
use shelfproof_verifier::audit::Rule;
use shelfproof_verifier::event::Kind;

use crate::args::Lang;
use crate::cause::Cause;

mod not_proved;
mod surroundings;

pub(crate) use not_proved::{NotProved, TermsOpen};
use surroundings::of_surroundings;

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
            "The file rests on an epoch (a page of the shop's log) that the chain does not hold: it is forged, or whoever told you of the chain is wrong, so do not rely on it, and keep your receipt, which the shop signed.",
            "文件依据的账页在链上不存在：它是伪造的，或者告知链上内容的一方有误，请勿相信，并保留商家签名的收据。",
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
            "The shop's log says something else about this key than the file, for instance a later sale or use: do not use the key, and ask for the current file; keep this one, for where the two contradict each other they are evidence.",
            "商家的账本对这张卡密的记载与文件不同，例如后来又被卖出或使用：不要使用这张卡密，请索取最新的文件，并保留这一份；两份互相矛盾时就是证据。",
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
            "The server does not have the shop's data or has other data than was anchored, over an hour after it had to be there: check that the address is the shop's, then treat its history as hidden.",
            "期限过后一小时，服务器上仍没有商家的数据，或与上链的不一致：请确认地址是商家的，然后应视为商家隐瞒了历史。",
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const RULES: [Rule; 9] = [
        Rule::DataWithheld,
        Rule::DataForm,
        Rule::EventCount,
        Rule::EventsRoot,
        Rule::VersionGap,
        Rule::BrokenLink,
        Rule::IllegalTransition,
        Rule::Clock,
        Rule::HistoryRoot,
    ];

    #[test]
    fn every_outcome_has_one_sentence_of_its_own_in_both_languages() {
        let causes: Vec<Cause> = Code::ALL
            .map(Cause::Check)
            .into_iter()
            .chain(RULES.map(Cause::Breach))
            .chain(Cause::AROUND)
            .collect();
        for lang in [Lang::En, Lang::Zh] {
            let of_causes = causes.iter().map(|cause| of_cause(*cause, lang));
            let states = std::iter::once(None).chain(Kind::ALL.map(Some));
            let of_states = states.flat_map(|state| [true, false].map(|yours| of_state(state, yours, lang)));
            for sentence in of_causes.clone().chain(of_states) {
                let stop = lang.pick(".", "。");
                assert!(sentence.ends_with(stop), "{sentence}");
                assert_eq!(sentence.matches(stop).count(), 1, "one sentence: {sentence}");
                assert_eq!(sentence.is_ascii(), lang == Lang::En, "{sentence}");
            }
            assert_eq!(
                of_causes.collect::<BTreeSet<_>>().len(),
                causes.len(),
                "two causes share a sentence"
            );
        }
    }

    #[test]
    fn only_a_sale_to_the_asker_is_called_usable() {
        for state in std::iter::once(None).chain(Kind::ALL.map(Some)) {
            for yours in [true, false] {
                let usable = of_state(state, yours, Lang::En).contains("it is yours to use");
                assert_eq!(usable, state == Some(Kind::Sold) && yours, "{state:?} {yours}");
            }
        }
    }

    #[test]
    fn refusals_and_doubts_end_with_their_own_status() {
        for code in Code::ALL {
            assert_eq!(Cause::Check(code).exit(), code.exit());
            assert_eq!(Cause::Check(code).code(), code.as_str());
        }
        for rule in RULES {
            assert_eq!(
                (Cause::Breach(rule).exit(), Cause::Breach(rule).code()),
                (1, rule.as_str())
            );
        }
        for cause in Cause::AROUND {
            assert_eq!(
                cause.exit(),
                if cause == Cause::PinChanged { 1 } else { 2 },
                "{}",
                cause.code()
            );
        }
    }
}
