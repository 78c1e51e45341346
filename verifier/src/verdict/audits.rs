//! What audits say about the history that a bundle shows: the last checks of a verdict.

use super::holds::Holds;
use crate::chain::ChainView;
use crate::vocabulary::audit_record::AuditRecord;
use crate::{Code, Refusal};

/// What an audit says about a history that ends with one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// That epoch was audited, and it and all audited epochs before it keep the rules.
    Covers,
    /// The audit ends before that epoch.
    EndsBefore,
    /// The audit begins after that epoch.
    BeginsAfter,
    /// The audit found a breach in that epoch or before it.
    Broken,
    /// The audit is of another history than the chain's, or of another merchant.
    OtherHistory,
    /// The audit ends with an epoch that the chain's view does not have, so the hashes cannot be compared.
    NotCompared,
}

impl AuditRecord {
    /// What the audit says about a history that ends with `epoch`. The view must have the epoch `to`, if the registry
    /// does. A breach is ignored only if the hashes prove that it is in another history than the chain's.
    #[must_use]
    pub fn coverage(&self, view: &ChainView, epoch: u64) -> Coverage {
        let held = view.epochs.get(&self.to).map(|held| held.hash);
        if self.identity != view.identity || held.is_some_and(|held| held != self.hash) {
            return Coverage::OtherHistory;
        }
        if self.breach.as_ref().is_some_and(|breach| breach.epoch <= epoch) {
            return Coverage::Broken;
        }
        if self.to < epoch {
            Coverage::EndsBefore
        } else if self.from > epoch {
            Coverage::BeginsAfter
        } else if held.is_none() {
            Coverage::NotCompared
        } else {
            Coverage::Covers
        }
    }
}

/// Checks a verdict that holds against the audits that the verifier was given, made or trusts. Returns what each says
/// about the history, in their order.
///
/// # Errors
/// `audit_breach` if one of them found a breach at or before the history's epoch; `unaudited` if an audit is
/// `required`, and none covers that epoch.
pub fn check_audits(
    holds: &Holds,
    view: &ChainView,
    audits: &[AuditRecord],
    required: bool,
) -> Result<Vec<Coverage>, Refusal> {
    let epoch = holds.freshness.epoch;
    let coverage: Vec<Coverage> = audits.iter().map(|audit| audit.coverage(view, epoch)).collect();
    let broken = audits
        .iter()
        .zip(&coverage)
        .find(|(_, found)| **found == Coverage::Broken);
    if let Some((audit, breach)) = broken.and_then(|(audit, _)| audit.breach.as_ref().map(|breach| (audit, breach))) {
        let whose = audit
            .auditor
            .as_ref()
            .map(|name| format!(" by {name}"))
            .unwrap_or_default();
        let detail = format!("an audit{whose} found {} in epoch {}", breach.word, breach.epoch);
        return Err(Refusal::new(Code::AuditBreach, detail));
    }
    if required && !coverage.contains(&Coverage::Covers) {
        let detail = format!("no audit that is known here covers epoch {epoch}, with which the history ends");
        return Err(Refusal::new(Code::Unaudited, detail));
    }
    Ok(coverage)
}
