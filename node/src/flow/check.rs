//! Looks for whatever the shop's books must not hold, while the shop sells.
//!
//! Each rule is one statement, and each chunk of histories one short transaction, with a snapshot of its own: a snapshot
//! over the whole check would keep every old row version for as long as it takes. Whoever writes to the books does it in
//! one transaction, and so each snapshot sees them whole: a sale under way is no finding. Two rules may see different
//! moments; no rule compares what two statements read.

use std::collections::BTreeMap;

use sqlx::PgPool;

use super::FlowError;
use crate::domain::history::{self, Fault, StoredEvent};
use crate::store::check::{ROWS_MAX, RULES, check_begin, check_events, check_heads, check_key_count, check_rule};

/// Keys whose histories are in memory at once.
const CHUNK_KEYS: u32 = 2_000;

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name of the rule that is broken.
    pub check: &'static str,
    /// What breaks it, such as a key.
    pub subject: String,
    /// How it breaks it.
    pub detail: String,
    /// What that means, and what to do.
    pub advice: &'static str,
}

/// How far a check has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// This rule is looked at now.
    Rule(&'static str),
    /// So many keys' histories were replayed.
    Keys { done: u64, total: u64 },
}

/// Everything that is wrong, at most 100 findings of each rule; of a healthy shop, nothing.
///
/// # Errors
/// The database's.
pub async fn check(pool: &PgPool) -> Result<Vec<Finding>, FlowError> {
    check_with_progress(pool, |_| ()).await
}

/// [`check`], telling how far it has come: it reads every row of the shop.
///
/// # Errors
/// The database's.
pub async fn check_with_progress(
    pool: &PgPool,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Vec<Finding>, FlowError> {
    let mut findings = Vec::new();
    for rule in &RULES {
        progress(Progress::Rule(rule.name));
        let rows = check_rule(pool, rule).await?;
        findings.extend(rows.into_iter().map(|(subject, detail)| Finding {
            check: rule.name,
            subject,
            detail,
            advice: rule.advice,
        }));
    }
    replay(pool, &mut findings, progress).await?;
    // Together by rule: a history's faults come key by key.
    findings.sort_by_key(|finding| finding.check);
    Ok(findings)
}

/// Replays every key's history.
async fn replay(
    pool: &PgPool,
    findings: &mut Vec<Finding>,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<(), FlowError> {
    let total = u64::try_from(check_key_count(pool).await?).unwrap_or_default();
    let (mut after, mut done) = (0, 0);
    let mut found = BTreeMap::new();
    loop {
        progress(Progress::Keys { done, total });
        let mut transaction = check_begin(pool).await?;
        let heads = check_heads(&mut transaction, after, CHUNK_KEYS).await?;
        let Some(last) = heads.last().map(|head| head.key_no) else {
            return Ok(());
        };
        let histories = by_key(check_events(&mut transaction, after, last).await?);
        transaction.rollback().await?;
        for head in &heads {
            let events = histories.get(&head.key_no).map_or(&[][..], Vec::as_slice);
            for (fault, detail) in history::faults(head, events) {
                if is_within_bound(&mut found, fault) {
                    findings.push(Finding {
                        check: fault.name(),
                        subject: format!("key {} ({})", head.key_no, head.key_id),
                        detail,
                        advice: fault.advice(),
                    });
                }
            }
        }
        done += heads.len() as u64;
        after = last;
    }
}

fn by_key(events: Vec<(i64, StoredEvent)>) -> BTreeMap<i64, Vec<StoredEvent>> {
    let mut histories: BTreeMap<i64, Vec<StoredEvent>> = BTreeMap::new();
    for (key, event) in events {
        histories.entry(key).or_default().push(event);
    }
    histories
}

/// Counts a fault, and says whether it is still to be reported.
fn is_within_bound(found: &mut BTreeMap<Fault, u32>, fault: Fault) -> bool {
    let count = found.entry(fault).or_default();
    *count += 1;
    *count <= ROWS_MAX
}
