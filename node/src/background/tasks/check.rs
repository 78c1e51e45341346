//! `check`: runs the checks of `shelfproof admin check`, and logs each finding as an error. It writes nothing.

use serde_json::json;
use sqlx::PgPool;

use super::super::{Task, TaskRun};
use crate::flow::check::check;

pub(super) struct Check(PgPool);

impl Check {
    pub(super) const fn new(pool: PgPool) -> Self {
        Self(pool)
    }
}

impl Task for Check {
    fn run(&self) -> TaskRun {
        let pool = self.0.clone();
        Box::pin(async move {
            let findings = check(&pool).await?;
            for finding in &findings {
                tracing::error!(check = finding.check, subject = %finding.subject, "{}", finding.detail);
            }
            tracing::info!(findings = findings.len(), "the invariants were checked");
            Ok(json!({ "findings": findings.len() }))
        })
    }
}
