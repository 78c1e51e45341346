//! The answer of `key` and `show` for a verdict that holds.

use serde_json::{Map, Value, json};
use shelfproof_verifier::chain::ChainView;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::receipt::Status;
use shelfproof_verifier::verdict::{Holds, ReceiptOutcome, VerifiedEvent};

use crate::args::Lang;
use crate::audit::record::{Coverage, KnownAudit};
use crate::facts;
use crate::input::KeyInput;
use crate::report::{Report, Tone, identity_json};
use crate::sentences::{self, NotProved, Text};
use crate::{disclosed, time};

/// What an answer shows beside the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// The key's state and the facts that the verdict rests on.
    Verdict,
    /// The key's whole history.
    History,
}

/// A verdict with all that its answer shows.
pub(super) struct KeyAnswer<'a> {
    pub(super) holds: &'a Holds,
    pub(super) view: &'a ChainView,
    pub(super) input: &'a KeyInput,
    pub(super) audits: &'a KnownAudit,
    pub(super) lang: Lang,
}

impl KeyAnswer<'_> {
    pub(super) fn report(&self, style: Style, believed: NotProved) -> Report {
        let record = self.audits.record.as_ref();
        let cover = record.map(|record| record.coverage(self.view, self.holds.freshness.epoch));
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
        report
            .warnings
            .extend(facts::chain_behind(self.view.as_of_s, self.lang));
        report
    }

    /// The warning about audits, if the user must know of one.
    fn audit_warning(&self, cover: Option<Coverage>) -> Option<String> {
        if let Some(damage) = &self.audits.damage {
            return Some(self.lang.fill(Text::AuditUnreadable, &[("detail", damage)]));
        }
        let record = self.audits.record.as_ref()?;
        match cover? {
            Coverage::Broken => {
                let breach = record.breach.as_ref().map(|breach| breach.detail.as_str());
                let detail = breach.unwrap_or_default();
                Some(self.lang.fill(Text::AuditFoundBreach, &[("detail", &detail)]))
            }
            Coverage::OtherHistory => Some(self.lang.text(Text::AuditOfOtherHistory).to_owned()),
            Coverage::Covers | Coverage::EndsBefore | Coverage::BeginsAfter | Coverage::AheadOfView => None,
        }
    }

    fn not_proved(&self, believed: NotProved, cover: Option<Coverage>) -> Vec<NotProved> {
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
            Some(Coverage::Covers) if self.audits.record.as_ref().is_some_and(|record| record.handed_over) => {
                open.push(NotProved::AuditorBelieved);
            }
            Some(Coverage::Covers) => {}
            _ => open.push(NotProved::Audit),
        }
        open
    }

    fn facts(&self, cover: Option<Coverage>) -> Vec<(&'static str, String)> {
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
                .map(|receipt| (lang.text(Text::ReceiptLabel), facts::promise(receipt, lang))),
        );
        facts.push(self.history_fact());
        facts.push((lang.text(Text::AuditLabel), self.audit_text(cover)));
        facts.push((lang.text(Text::ShopLabel), facts::merchant(self.view, lang)));
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

    /// The epoch and block of an event.
    fn place(&self, verified: &VerifiedEvent) -> String {
        let (epoch, at) = (&verified.epoch, time::utc(verified.anchored_at_s));
        match &verified.block {
            Some(block) => self
                .lang
                .fill(Text::EntryInBlock, &[("epoch", epoch), ("block", block), ("time", &at)]),
            None => self.lang.fill(Text::Entry, &[("epoch", epoch), ("time", &at)]),
        }
    }

    fn audit_text(&self, cover: Option<Coverage>) -> String {
        let Some((cover, record)) = cover.zip(self.audits.record.as_ref()) else {
            return self.lang.text(Text::AuditUnknown).to_owned();
        };
        record.text(cover, self.lang)
    }

    /// The rows of the history: each event, and its opened body below.
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
                Some(opening) => disclosed::line(&disclosed::fields(opening, &self.input.code, self.input.claim)),
            }]);
        }
        rows
    }

    fn json(&self, cover: Option<Coverage>) -> Map<String, Value> {
        let fresh = &self.holds.freshness;
        let receipt = |receipt: &ReceiptOutcome| {
            json!({
                "status": receipt.status.as_str(),
                "signer": receipt.signer,
                "anchorBy": receipt.anchor_by_s,
            })
        };
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
            "audit": self.audits.record.as_ref().zip(cover).map(|(record, cover)| record.summary(cover)),
            "merchant": identity_json(&self.view.identity),
        });
        match object {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    fn event_json(&self, verified: &VerifiedEvent) -> Value {
        let opened = verified.opening.as_ref().map(|opening| {
            disclosed::fields(opening, &self.input.code, self.input.claim)
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
