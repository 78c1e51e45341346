//! `repay`: asks gateways to give money back. It runs where the gateways' accounts are configured: at a node.

use std::sync::Arc;

use serde_json::json;
use shelfproof_base::clock::now_ms;

use super::super::{Task, TaskRun};
use crate::app::App;
use crate::checkout::repay_due;

pub(super) struct Repay(Arc<App>);

impl Repay {
    pub(super) const fn new(app: Arc<App>) -> Self {
        Self(app)
    }
}

impl Task for Repay {
    fn run(&self) -> TaskRun {
        let app = Arc::clone(&self.0);
        Box::pin(async move {
            let tally = repay_due(&app.pool, &app.gateways, &app.fence, now_ms).await?;
            Ok(json!({ "asked": tally.asked, "done": tally.done, "byHand": tally.by_hand }))
        })
    }
}
