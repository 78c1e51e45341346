//! The demo: a shop on this machine that sells real input from import to refund, and the detection of every cheat.
//!
//! An act prints what it has checked, and fails if a count or an answer is not the expected one. To add an act, write a
//! module with a function that checks and prints its results, and call it from `acts::play`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use shelfproof_tests::Result;

mod acts;
mod after;
mod books;
mod buyers;
mod checks;
mod court;
mod order;
mod place;
mod printer;
mod public;
mod ready;
mod shop;
mod signals;
mod stock;
mod trade;
mod verify;

use place::Place;
use printer::Printer;
use shop::DemoShop;
use signals::{Signals, first_of};

/// The options of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The folder for all files, emptied at the start.
    pub folder: PathBuf,
    pub size: Size,
    /// Whether long texts are printed in Chinese.
    pub is_chinese: bool,
    /// Whether the demo ends after its checks, instead of serving until a signal.
    pub once: bool,
}

/// How many keys, clients and buyers a run has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// How many codes are imported, including those of `tests/data`.
    pub codes: usize,
    /// How many keys are sold.
    pub sales: usize,
    /// How many clients buy at the same time.
    pub clients: usize,
    /// How many keys are redeemed.
    pub redeemed: usize,
    /// How many sales are refunded, half of them of redeemed keys.
    pub refunded: usize,
    /// How many unsold keys are withdrawn.
    pub voided: usize,
    /// How many buyers verify their own key.
    pub verifying: usize,
}

impl Size {
    /// The size that `make demo` plays.
    pub const FULL: Self = Self {
        codes: 10_000,
        sales: 5_000,
        clients: 32,
        redeemed: 1_000,
        refunded: 20,
        voided: 10,
        verifying: 50,
    };

    /// The size that the test suite plays: the same acts with fewer keys.
    pub const SMALL: Self = Self {
        codes: 400,
        sales: 150,
        clients: 32,
        redeemed: 40,
        refunded: 6,
        voided: 3,
        verifying: 16,
    };
}

/// How the demo ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every act passed. If the demo went on serving, a signal ended it afterwards.
    Whole,
    /// A signal ended the demo before the last act.
    Stopped,
}

/// Plays the demo to its end. It always stops every program that it started.
///
/// # Errors
/// The first count or answer that is not the expected one, or the output of a program that failed.
pub fn run(plan: &Plan) -> Result<Ending> {
    let begun = Instant::now();
    let mut signals = Signals::listen()?;
    // Taking the folder waits for the children of an earlier demo that was killed.
    let folder = plan.folder.clone();
    let take = move || Place::take(&folder).map_err(|error| error.to_string());
    let Some(place) = first_of(take, &mut signals)? else {
        return Ok(Ending::Stopped);
    };
    let place = place?;
    // Temporary files of an interrupted act are in the demo's folder too.
    tempfile::env::override_temp_dir(&place.make("tmp")?)
        .map_err(|other| format!("temporary files lie in {} already", other.display()))?;
    let printer = Printer::new(begun, plan.is_chinese);
    let running = Arc::new(DemoShop::start(&place)?);
    let ended = play(plan, &place, &running, &printer, signals);
    printer.silence();
    // First the file that leads other programs here, then the shop. Each is done even if the other fails.
    let (removed, stopped) = (ready::remove(&place), running.stop());
    let ended = ended?;
    removed?;
    stopped?;
    Ok(ended)
}

/// Plays the acts on a thread of their own, so that a signal can end the demo in order at any time.
fn play(
    plan: &Plan,
    place: &Place,
    running: &Arc<DemoShop>,
    printer: &Printer,
    mut signals: Signals,
) -> Result<Ending> {
    let (size, stage, shop, told) = (plan.size, place.clone(), Arc::clone(running), printer.clone());
    let acts = move || acts::play(size, &stage, &shop, &told).map_err(|error| error.to_string());
    let Some(serving) = first_of(acts, &mut signals)? else {
        return Ok(Ending::Stopped);
    };
    // If the shop has ended, its error is the cause of the act's error.
    let serving = serving.map_err(|error| printer.failure(place, &running.failure().unwrap_or(error)));
    // This value holds the chains and servers that the commands of the cheats need, until the end.
    let mut serving = serving?;
    // On the same thread as the removal of the file, so that it is never written after that.
    let ready = ready::write(place, &serving)?;
    if !plan.once {
        printer.print_invitation(&serving, &ready);
        signals.wait_unless(|| running.failure().or_else(|| serving.failure()))?;
    }
    Ok(Ending::Whole)
}
