//! `ask_gateways`: asks about payments whose notice may be lost. It settles orders, and so runs where orders are sold.

use std::sync::Arc;

use serde_json::json;
use shelfproof_base::clock::now_ms;

use super::super::{Task, TaskRun};
use crate::app::App;
use crate::checkout::ask_due;

pub(super) struct AskGateways(Arc<App>);

impl AskGateways {
    pub(super) const fn new(app: Arc<App>) -> Self {
        Self(app)
    }
}

impl Task for AskGateways {
    fn run(&self) -> TaskRun {
        let app = Arc::clone(&self.0);
        Box::pin(async move {
            let tally = ask_due(&app.pool, &app.orders, &app.gateways, now_ms).await?;
            Ok(json!({
                "asked": tally.asked,
                "received": tally.received,
                "closed": tally.closed,
                "failed": tally.failed,
            }))
        })
    }
}
