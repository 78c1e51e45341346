//! The interface between the driver and a task.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

/// Why a run failed. It is logged, and stored with the task's status.
pub type TaskError = Box<dyn Error + Send + Sync>;

/// One run. It returns what it did, as a JSON object, or why it failed. If the run is stopped, the future is dropped
/// at one of its awaits.
pub type TaskRun = Pin<Box<dyn Future<Output = Result<Value, TaskError>> + Send>>;

/// Work that is repeated periodically.
pub trait Task: Send + Sync {
    /// Starts one run.
    fn run(&self) -> TaskRun;
}

/// A task and when it runs.
#[derive(Clone)]
pub struct Scheduled {
    /// The task's unique name, which is the key of its row: a noun or a verb in lower case.
    pub name: &'static str,
    /// The pause between the end of a run and the start of the next.
    pub period: Duration,
    /// How long one run may take before it is stopped and counts as failed.
    pub bound: Duration,
    pub task: Arc<dyn Task>,
}
