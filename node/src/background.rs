//! Background work: named tasks that `shelfproof worker` runs periodically.
//!
//! A task takes no input: each run finds out from the database what is to be done, does it, and leaves nothing behind
//! that another run needs. A run that is killed at any line is made good by the next, here or in another process.
//! [`driver`] runs the tasks; [`TaskState`](crate::domain::task::TaskState) holds the rules of their schedule.
//!
//! **Which process runs a task.** Any number of workers may run on one database. Schedule and status of a task are one
//! row of `shop.tasks`; a process that finds the task due claims the row for 30 s, renews the claim while the run lasts,
//! and gives the run up if it cannot. A worker that is killed renews nothing, and another takes its tasks over.
//!
//! **Adding a task.** Write one file below `background/tasks` with a type that implements [`Task`], and list it in
//! [`tasks::all`] with its name, period and bound. Renaming or removing one needs a migration that deletes its row.

pub mod driver;
mod table;
mod task;
pub mod tasks;

pub use table::PgTaskTable;
pub use task::{Scheduled, Task, TaskError, TaskRun};
