//! Background work: named tasks that `shelfproof worker` runs periodically, and one that every `shelfproof serve` may run,
//! because it sells.
//!
//! A task takes no input: each run finds out from the database what is to be done, and does it. It keeps no state that
//! the next run needs, so a run may be killed at any point, and the next one, in this process or another, does what is
//! left. [`driver`] runs the tasks; [`TaskState`](crate::domain::task::TaskState) has the rules of their schedule.
//!
//! **Which process runs a task.** Any number of workers may run on one database. The schedule and status of a task
//! are one row of `shop.tasks`. A process that finds the task due claims the row for 30 s and renews the claim during
//! the run. If it cannot renew the claim, it stops the run. The claims of a worker that is killed expire, and another
//! worker takes its tasks over.
//!
//! **Adding a task.** Write one file below `background/tasks` with a type that implements [`Task`], and list it in
//! [`tasks::all`] with its name, period and bound. Renaming or removing a task needs a migration that deletes its row.

pub mod driver;
mod table;
mod task;
pub mod tasks;

pub use table::PgTaskTable;
pub use task::{Scheduled, Task, TaskError, TaskRun};
