//! The answer of `key` and `show` for a verdict that holds.

use std::fmt::Display;

use serde_json::{Map, Value, json};
use shelfproof_verifier::chain::ChainView;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::receipt::Status;
use shelfproof_verifier::verdict::{Coverage, Holds, ReceiptOutcome, VerifiedEvent};
use shelfproof_verifier::vocabulary::audit_record::AuditRecord;

use crate::args::Lang;
use crate::audit::record::{self, KnownAudits, Maker};
use crate::facts;
use crate::input::{KeyInput, Whose};
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
    pub(super) audits: &'a KnownAudits,
    /// What each audit says about the history.
    pub(super) coverage: &'a [Coverage],
    pub(super) lang: Lang,
}

impl KeyAnswer<'_> {
    pub(super) fn report(&self, style: Style, believed: NotProved) -> Report {
        let is_usable = self.input.whose == Whose::Yours && self.holds.state == Some(Kind::Sold);
        let mut report = Report {
            verdict: self.holds.verdict(),
            mark: (!self.is_audited()).then(|| self.lang.text(Text::Unaudited)),
            tone: if is_usable && self.is_audited() {
                Tone::Good
            } else {
                Tone::Care
            },
            sentence: sentences::of_state(self.holds.state, self.input.whose, self.lang).to_owned(),
            not_proved: self.not_proved(believed),
            json: self.json(),
            ..Report::default()
        };
        report.facts = match style {
            Style::Verdict => self.facts(),
            Style::History => std::iter::once(self.history_fact()).chain(self.audit_facts()).collect(),
        };
        if style == Style::History {
            report.table = self.table();
        }
        report.warnings = self.audit_warnings();
        if self.holds.receipts.iter().any(|receipt| receipt.status == Status::Late) {
            report.warnings.push(self.lang.text(Text::SoldLate).to_owned());
        }
        report
            .warnings
            .extend(facts::chain_behind(self.view.as_of_s, self.lang));
        report
    }

    fn sale(&self) -> Option<&VerifiedEvent> {
        let mut events = self.holds.events.iter();
        events.find(|verified| verified.event.kind == Kind::Sold)
    }

    /// The audits that are known, with who made each and what it says about the history.
    fn audits(&self) -> impl Iterator<Item = (&AuditRecord, Maker, Coverage)> {
        let known = self.audits.iter().zip(self.coverage);
        known.map(|((record, maker), cover)| (record, maker, *cover))
    }

    fn is_audited(&self) -> bool {
        self.coverage.contains(&Coverage::Covers)
    }

    /// The warnings about audits: what the user must know of, and what to do where none covers the history.
    fn audit_warnings(&self) -> Vec<String> {
        let lang = self.lang;
        let mut warnings = Vec::new();
        if !self.is_audited() {
            let epoch = self.holds.freshness.epoch;
            // An audit since the purchase covers the sale's own epoch too.
            let sale = self.sale().map_or(epoch, |sale| sale.epoch);
            let since = sale.saturating_sub(1);
            warnings.push(lang.fill(Text::UnauditedNext, &[("epoch", &epoch), ("since", &since)]));
        }
        let damage = self.audits.damage.iter();
        warnings.extend(damage.map(|damage| lang.fill(Text::AuditUnreadable, &[("detail", damage)])));
        for (record, _, cover) in self.audits() {
            if cover == Coverage::OtherHistory {
                warnings.push(lang.text(Text::AuditOfOtherHistory).to_owned());
            } else if let Some(breach) = &record.breach {
                let values: [(&str, &dyn Display); 2] = [("rule", &breach.word), ("epoch", &breach.epoch)];
                warnings.push(lang.fill(Text::AuditFoundBreach, &values));
            }
        }
        warnings
    }

    fn not_proved(&self, believed: NotProved) -> Vec<NotProved> {
        let mut open = Vec::new();
        if self.holds.state.is_some() {
            open.extend(self.input.whose.not_proved());
        }
        if self.holds.receipts.is_empty() {
            open.push(NotProved::NoReceipt);
        }
        open.extend([
            NotProved::CodeWorks,
            NotProved::SoldElsewhere,
            NotProved::LookAlikes,
            believed,
        ]);
        let covers = |by| {
            let mut audits = self.audits();
            audits.any(|(_, maker, cover)| cover == Coverage::Covers && maker == by)
        };
        if !self.is_audited() {
            open.push(NotProved::Audit);
        } else if !covers(Maker::Own) {
            open.push(if covers(Maker::Trusted) {
                NotProved::AttestationBelieved
            } else {
                NotProved::AuditorBelieved
            });
        }
        open
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
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
        if let Some(sale) = self.sale() {
            let at = time::utc(sale.event.at_ms / 1000);
            let whose = match self.input.whose {
                Whose::Unchecked => Text::SaleUnchecked,
                Whose::Secret => Text::SaleSecret,
                Whose::Yours => Text::SaleYours,
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
        if self.holds.receipts.is_empty() {
            facts.push((lang.text(Text::ReceiptLabel), lang.text(Text::ReceiptNone).to_owned()));
        }
        facts.push(self.history_fact());
        facts.extend(self.audit_facts());
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

    /// A line for each audit.
    fn audit_facts(&self) -> Vec<(&'static str, String)> {
        let label = self.lang.text(Text::AuditLabel);
        let line = |(audit, maker, cover)| (label, record::text(audit, maker, cover, self.lang));
        let facts: Vec<_> = self.audits().map(line).collect();
        if facts.is_empty() {
            return vec![(label, self.lang.text(Text::AuditUnknown).to_owned())];
        }
        facts
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

    fn json(&self) -> Map<String, Value> {
        let fresh = &self.holds.freshness;
        let receipt = |receipt: &ReceiptOutcome| {
            json!({
                "status": receipt.status.as_str(),
                "signer": receipt.signer,
                "anchorBy": receipt.anchor_by_s,
            })
        };
        let summary = |(audit, maker, cover)| record::summary(audit, maker, cover);
        let audits: Vec<Value> = self.audits().map(summary).collect();
        let object = json!({
            "state": self.holds.state.map_or("absent", Kind::name),
            "yours": self.input.whose == Whose::Yours,
            "soldTo": self.input.whose.name(),
            "redeemedByBuyer": self.holds.redeemed_by_buyer,
            "events": self.holds.events.iter().map(|verified| self.event_json(verified)).collect::<Vec<_>>(),
            "receipts": self.holds.receipts.iter().map(receipt).collect::<Vec<_>>(),
            "history": {
                "epoch": fresh.epoch, "epochHash": fresh.epoch_hash, "anchoredAt": fresh.anchored_at_s,
                "supersededAt": fresh.superseded_at_s, "latest": fresh.latest, "asOf": fresh.as_of_s,
            },
            "audited": self.is_audited(),
            "audits": audits,
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
