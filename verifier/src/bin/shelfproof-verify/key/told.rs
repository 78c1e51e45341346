//! What a verdict that holds is told as.

use serde_json::{Map, Value, json};
use shelfproof_verifier::chain::ChainView;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::receipt::Status;
use shelfproof_verifier::verdict::{Holds, ReceiptOutcome, VerifiedEvent};

use super::{Asked, Report, Style};
use crate::args::Lang;
use crate::audit::record::{Cover, Known};
use crate::report::{Tone, identity_json};
use crate::sentences::{self, NotProved, Text};
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
                (self.lang.text(Text::AuditLabel), self.audit_text(cover)),
            ],
        };
        if style == Style::History {
            report.table = self.table();
        }
        report.warnings.extend(self.audit_warning(cover));
        if self.holds.receipts.iter().any(|receipt| receipt.status == Status::Late) {
            report.warnings.push(self.lang.text(Text::SoldLate).to_owned());
        }
        report.warnings.extend(time::behind(self.view.as_of_s, self.lang));
        report
    }

    /// What of the audits known here must not be overlooked.
    fn audit_warning(&self, cover: Option<Cover>) -> Option<String> {
        if let Some(damage) = &self.known.damage {
            return Some(self.lang.fill(Text::AuditUnreadable, &[("detail", damage)]));
        }
        let record = self.known.record.as_ref()?;
        match cover? {
            Cover::Broken => {
                let breach = record.breach.as_ref().map(|breach| breach.detail.as_str());
                let detail = breach.unwrap_or_default();
                Some(self.lang.fill(Text::AuditFoundBreach, &[("detail", &detail)]))
            }
            Cover::OtherHistory => Some(self.lang.text(Text::AuditOfOtherHistory).to_owned()),
            Cover::Covers | Cover::EndsBefore | Cover::AheadOfView => None,
        }
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
            let state = lang.fill(Text::StateSince, &[("kind", &kind), ("time", &since)]);
            facts.push((lang.text(Text::StateLabel), state));
            facts.push((lang.text(Text::EntryLabel), self.place(last)));
        }
        if let Some(sale) = self
            .holds
            .events
            .iter()
            .find(|verified| verified.event.kind == Kind::Sold)
        {
            let at = time::utc(sale.event.at_ms / 1000);
            let whose = if self.holds.yours {
                Text::SaleYours
            } else {
                Text::SaleUnchecked
            };
            facts.push((lang.text(Text::SaleLabel), lang.fill(whose, &[("time", &at)])));
        }
        if self.holds.redeemed_by_buyer {
            facts.push((lang.text(Text::UseLabel), lang.text(Text::UsedWithSecret).to_owned()));
        }
        facts.extend(
            self.holds
                .receipts
                .iter()
                .map(|receipt| (lang.text(Text::ReceiptLabel), receipt_text(receipt, lang))),
        );
        facts.push(self.history_fact());
        facts.push((lang.text(Text::AuditLabel), self.audit_text(cover)));
        facts.push((lang.text(Text::ShopLabel), shop(self.view, lang)));
        facts
    }

    fn history_fact(&self) -> (&'static str, String) {
        let fresh = &self.holds.freshness;
        let (epoch, as_of) = (&fresh.epoch, time::utc(fresh.as_of_s));
        let text = match fresh.superseded_at_s {
            None => self
                .lang
                .fill(Text::HistoryLatest, &[("epoch", epoch), ("time", &as_of)]),
            Some(at_s) => self.lang.fill(
                Text::HistorySuperseded,
                &[
                    ("epoch", epoch),
                    ("since", &time::utc(at_s)),
                    ("latest", &fresh.latest),
                    ("time", &as_of),
                ],
            ),
        };
        (self.lang.text(Text::HistoryLabel), text)
    }

    /// Epoch and block of an event.
    fn place(&self, verified: &VerifiedEvent) -> String {
        let (epoch, at) = (&verified.epoch, time::utc(verified.anchored_at_s));
        match &verified.block {
            Some(block) => self
                .lang
                .fill(Text::EntryInBlock, &[("epoch", epoch), ("block", block), ("time", &at)]),
            None => self.lang.fill(Text::Entry, &[("epoch", epoch), ("time", &at)]),
        }
    }

    fn audit_text(&self, cover: Option<Cover>) -> String {
        let Some((cover, record)) = cover.zip(self.known.record.as_ref()) else {
            return self.lang.text(Text::AuditUnknown).to_owned();
        };
        record.text(cover, self.lang)
    }

    /// Rows of the history; what was opened stands below its event.
    fn table(&self) -> Vec<Vec<String>> {
        let heads = [
            Text::HeadVersion,
            Text::HeadDate,
            Text::HeadEvent,
            Text::HeadEpoch,
            Text::HeadBlock,
            Text::HeadAnchored,
        ];
        let mut rows = vec![heads.map(|head| self.lang.text(head).to_owned()).to_vec()];
        if self.holds.events.is_empty() {
            rows.push(vec![self.lang.text(Text::NoEvents).to_owned()]);
        }
        for verified in &self.holds.events {
            rows.push(vec![
                verified.event.version.to_string(),
                time::utc(verified.event.at_ms / 1000),
                sentences::kind(verified.event.kind, self.lang).to_owned(),
                verified.epoch.to_string(),
                verified.block.map_or_else(|| "-".to_owned(), |block| block.to_string()),
                time::utc(verified.anchored_at_s),
            ]);
            rows.push(vec![match &verified.opening {
                None => self.lang.text(Text::BodyWithheld).to_owned(),
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
            "events": self.holds.events.iter().map(|verified| self.event_json(verified)).collect::<Vec<_>>(),
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

    fn event_json(&self, verified: &VerifiedEvent) -> Value {
        let opened = verified.opening.as_ref().map(|opening| {
            disclosed::fields(opening, &self.asked.code, self.asked.claim)
                .into_iter()
                .collect::<Map<_, _>>()
        });
        json!({
            "version": verified.event.version, "kind": verified.event.kind.name(), "at": verified.event.at_ms,
            "hash": verified.event.hash(), "epoch": verified.epoch, "block": verified.block,
            "anchoredAt": verified.anchored_at_s, "opened": opened,
        })
    }
}

/// Which merchant a view is of, for people.
pub(crate) fn shop(view: &ChainView, lang: Lang) -> String {
    let identity = view.identity;
    lang.fill(
        Text::Shop,
        &[
            ("merchant", &identity.merchant_id),
            ("registry", &identity.registry),
            ("chain", &identity.chain_id),
        ],
    )
}

/// What became of a receipt, for people.
pub(crate) fn receipt_text(receipt: &ReceiptOutcome, lang: Lang) -> String {
    let status = match receipt.status {
        Status::Met => Text::ReceiptMet,
        Status::Late => Text::ReceiptLate,
        Status::Pending => Text::ReceiptPending,
    };
    lang.fill(status, &[("time", &time::utc(receipt.anchor_by_s))])
}
