//! What a verdict that holds is told as.

use serde_json::{Map, Value, json};
use shelfproof_verifier::chain::ChainView;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::receipt::Status;
use shelfproof_verifier::verdict::{Happened, Holds, ReceiptOutcome};

use super::{Asked, Report, Style};
use crate::args::Lang;
use crate::audit::record::{Cover, Known};
use crate::report::{Tone, identity_json};
use crate::sentences::{self, NotProved};
use crate::{disclosed, time};

/// A verdict and what belongs to it.
pub(super) struct Told<'a> {
    pub(super) holds: &'a Holds,
    pub(super) view: &'a ChainView,
    pub(super) asked: &'a Asked,
    pub(super) known: &'a Known,
    pub(super) lang: Lang,
}

impl Told<'_> {
    pub(super) fn report(&self, style: Style, believed: NotProved) -> Report {
        let record = self.known.record.as_ref();
        let cover = record.map(|record| record.cover(self.view, self.holds.freshness.epoch));
        let mut report = Report {
            verdict: self.holds.verdict(),
            tone: if self.holds.yours && self.holds.state == Some(Kind::Sold) {
                Tone::Good
            } else {
                Tone::Care
            },
            sentence: sentences::of_state(self.holds.state, self.holds.yours, self.lang).to_owned(),
            not_proved: self.not_proved(believed, cover),
            json: self.json(cover),
            ..Report::default()
        };
        report.facts = match style {
            Style::Verdict => self.facts(cover),
            Style::History => vec![
                self.history_fact(),
                (self.pick("Audit", "审计"), self.audit_text(cover)),
            ],
        };
        if style == Style::History {
            report.table = self.table();
        }
        report.warnings.extend(self.audit_warning(cover));
        if self.holds.receipts.iter().any(|receipt| receipt.status == Status::Late) {
            report.warnings.push(
                self.pick(
                    "the shop entered this sale later than its receipt promised",
                    "商家把这笔销售记入账本的时间晚于收据的承诺",
                )
                .to_owned(),
            );
        }
        report.warnings.extend(time::behind(self.view.as_of_s, self.lang));
        report
    }

    /// What of the audits known here must not be overlooked.
    fn audit_warning(&self, cover: Option<Cover>) -> Option<String> {
        if let Some(damage) = &self.known.damage {
            let words = self.pick(
                "your own audit's record cannot be read, so it was not used: run the audit again",
                "您自己的审计记录无法读取，没有使用：请重新审计",
            );
            return Some(format!("{words}: {damage}"));
        }
        let record = self.known.record.as_ref()?;
        match cover? {
            Cover::Broken => {
                let breach = record.breach.as_ref().map(|breach| breach.detail.as_str());
                let words = self.pick(
                    "an audit found this shop in breach, so do not rely on what it proves",
                    "一次审计发现这家商家违规，请不要相信它的证明",
                );
                Some(format!("{words}: {}", breach.unwrap_or_default()))
            }
            Cover::OtherHistory => {
                let words = self.pick(
                    "the audit found here does not match the history seen here; it was ignored",
                    "这里的审计记录与看到的历史不符，已忽略",
                );
                Some(words.to_owned())
            }
            Cover::Covers | Cover::EndsBefore | Cover::AheadOfView => None,
        }
    }

    fn pick<'b>(&self, english: &'b str, chinese: &'b str) -> &'b str {
        self.lang.pick(english, chinese)
    }

    fn not_proved(&self, believed: NotProved, cover: Option<Cover>) -> Vec<NotProved> {
        let mut open = Vec::new();
        if self.holds.state.is_some() && !self.holds.yours {
            open.push(NotProved::WhoseSale);
        }
        open.extend([
            NotProved::CodeWorks,
            NotProved::SoldElsewhere,
            NotProved::LookAlikes,
            believed,
        ]);
        match cover {
            Some(Cover::Covers) if self.known.record.as_ref().is_some_and(|record| record.handed_over) => {
                open.push(NotProved::AuditorBelieved);
            }
            Some(Cover::Covers) => {}
            _ => open.push(NotProved::Audit),
        }
        open
    }

    fn facts(&self, cover: Option<Cover>) -> Vec<(&'static str, String)> {
        let lang = self.lang;
        let mut facts = Vec::new();
        if let Some(last) = self.holds.events.last() {
            let (kind, since) = (
                sentences::kind(last.event.kind, lang),
                time::utc(last.event.at_ms / 1000),
            );
            let state = match lang {
                Lang::En => format!("{kind}, since {since}"),
                Lang::Zh => format!("{kind}，自 {since}"),
            };
            facts.push((lang.pick("State", "状态"), state));
            facts.push((lang.pick("In the log", "入账"), self.place(last)));
        }
        if let Some(sale) = self
            .holds
            .events
            .iter()
            .find(|happened| happened.event.kind == Kind::Sold)
        {
            let at = time::utc(sale.event.at_ms / 1000);
            let whose = match (self.holds.yours, lang) {
                (true, Lang::En) => format!("{at}, to you: it names the buyer that your nonce and name give"),
                (true, Lang::Zh) => format!("{at}，卖给了您：买家与您的随机数和名称相符"),
                (false, Lang::En) => format!("{at}, to whom was not checked"),
                (false, Lang::Zh) => format!("{at}，未核验卖给了谁"),
            };
            facts.push((lang.pick("Sale", "销售"), whose));
        }
        if self.holds.redeemed_by_buyer {
            facts.push((
                lang.pick("Use", "使用"),
                lang.pick("made with the buyer's own secret", "使用时出示了买家本人的密钥")
                    .to_owned(),
            ));
        }
        facts.extend(
            self.holds
                .receipts
                .iter()
                .map(|receipt| (lang.pick("Receipt", "收据"), receipt_text(receipt, lang))),
        );
        facts.push(self.history_fact());
        facts.push((lang.pick("Audit", "审计"), self.audit_text(cover)));
        facts.push((lang.pick("Shop", "商家"), shop(self.view, lang)));
        facts
    }

    fn history_fact(&self) -> (&'static str, String) {
        let fresh = &self.holds.freshness;
        let (epoch, as_of) = (fresh.epoch, time::utc(fresh.as_of_s));
        let text = match (fresh.superseded_at_s, self.lang) {
            (None, Lang::En) => format!("whole up to epoch {epoch}, the latest as of {as_of}"),
            (None, Lang::Zh) => format!("完整，截至账页 {epoch}（{as_of} 时的最新账页）"),
            (Some(at_s), Lang::En) => format!(
                "whole up to epoch {epoch}; newer ones exist since {} (latest {}, as of {as_of})",
                time::utc(at_s),
                fresh.latest
            ),
            (Some(at_s), Lang::Zh) => format!(
                "完整，截至账页 {epoch}；{} 起已有更新的账页（最新为 {}，截至 {as_of}）",
                time::utc(at_s),
                fresh.latest
            ),
        };
        (self.pick("History", "历史"), text)
    }

    /// Epoch and block of an event.
    fn place(&self, happened: &Happened) -> String {
        let (epoch, at) = (happened.epoch, time::utc(happened.anchored_at_s));
        match (happened.block, self.lang) {
            (Some(block), Lang::En) => format!("epoch {epoch} (a page of the shop's log), block {block}, {at}"),
            (Some(block), Lang::Zh) => format!("账页 {epoch}，区块 {block}，{at}"),
            (None, Lang::En) => format!("epoch {epoch} (a page of the shop's log), {at}"),
            (None, Lang::Zh) => format!("账页 {epoch}，{at}"),
        }
    }

    fn audit_text(&self, cover: Option<Cover>) -> String {
        let Some((cover, record)) = cover.zip(self.known.record.as_ref()) else {
            return self
                .pick("none of this shop is known here", "本机没有这家商家的审计记录")
                .to_owned();
        };
        record.text(cover, self.lang)
    }

    /// Rows of the history; what was opened stands below its event.
    fn table(&self) -> Vec<Vec<String>> {
        let heads = [
            self.pick("No.", "序号"),
            self.pick("Date (by the shop)", "时间（商家记）"),
            self.pick("What happened", "事件"),
            self.pick("Epoch", "账页"),
            self.pick("Block", "区块"),
            self.pick("On the chain since", "上链时间"),
        ];
        let mut rows = vec![heads.map(str::to_owned).to_vec()];
        if self.holds.events.is_empty() {
            rows.push(vec![
                self.pick("nothing ever happened to this key", "这张卡密没有任何记录")
                    .to_owned(),
            ]);
        }
        for happened in &self.holds.events {
            rows.push(vec![
                happened.event.version.to_string(),
                time::utc(happened.event.at_ms / 1000),
                sentences::kind(happened.event.kind, self.lang).to_owned(),
                happened.epoch.to_string(),
                happened.block.map_or_else(|| "-".to_owned(), |block| block.to_string()),
                time::utc(happened.anchored_at_s),
            ]);
            rows.push(vec![match &happened.opening {
                None => self.pick("details withheld", "细节未公开").to_owned(),
                Some(opening) => disclosed::line(&disclosed::fields(opening, &self.asked.code, self.asked.claim)),
            }]);
        }
        rows
    }

    fn json(&self, cover: Option<Cover>) -> Map<String, Value> {
        let fresh = &self.holds.freshness;
        let receipt = |receipt: &ReceiptOutcome| json!({"status": receipt.status.as_str(), "signer": receipt.signer, "anchorBy": receipt.anchor_by_s});
        let object = json!({
            "state": self.holds.state.map_or("absent", Kind::name),
            "yours": self.holds.yours,
            "redeemedByBuyer": self.holds.redeemed_by_buyer,
            "events": self.holds.events.iter().map(|happened| self.event_json(happened)).collect::<Vec<_>>(),
            "receipts": self.holds.receipts.iter().map(receipt).collect::<Vec<_>>(),
            "history": {
                "epoch": fresh.epoch, "epochHash": fresh.epoch_hash, "anchoredAt": fresh.anchored_at_s,
                "supersededAt": fresh.superseded_at_s, "latest": fresh.latest, "asOf": fresh.as_of_s,
            },
            "audit": self.known.record.as_ref().zip(cover).map(|(record, cover)| record.summary(cover)),
            "merchant": identity_json(&self.view.identity),
        });
        match object {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    fn event_json(&self, happened: &Happened) -> Value {
        let opened = happened.opening.as_ref().map(|opening| {
            disclosed::fields(opening, &self.asked.code, self.asked.claim)
                .into_iter()
                .collect::<Map<_, _>>()
        });
        json!({
            "version": happened.event.version, "kind": happened.event.kind.name(), "at": happened.event.at_ms,
            "hash": happened.event.hash(), "epoch": happened.epoch, "block": happened.block,
            "anchoredAt": happened.anchored_at_s, "opened": opened,
        })
    }
}

/// Which merchant a view is of, for people.
pub(crate) fn shop(view: &ChainView, lang: Lang) -> String {
    let identity = view.identity;
    match lang {
        Lang::En => format!(
            "{} in registry {} on chain {}",
            identity.merchant_id, identity.registry, identity.chain_id
        ),
        Lang::Zh => format!(
            "{}（登记合约 {}，链 {}）",
            identity.merchant_id, identity.registry, identity.chain_id
        ),
    }
}

/// What became of a receipt, for people.
pub(crate) fn receipt_text(receipt: &ReceiptOutcome, lang: Lang) -> String {
    let by = time::utc(receipt.anchor_by_s);
    match (receipt.status, lang) {
        (Status::Met, Lang::En) => format!("kept (met): the sale was in the log by {by}, as promised"),
        (Status::Met, Lang::Zh) => format!("已兑现（met）：销售在承诺的 {by} 之前入账"),
        (Status::Late, Lang::En) => format!("late: the sale is in the log, but after {by}, which was promised"),
        (Status::Late, Lang::Zh) => format!("迟到（late）：销售已入账，但晚于承诺的 {by}"),
        (Status::Pending, Lang::En) => format!("pending: the shop has until {by} to enter the sale in the log"),
        (Status::Pending, Lang::Zh) => format!("待兑现（pending）：商家须在 {by} 之前入账"),
    }
}
