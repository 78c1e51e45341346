//! The demo: a shop on this machine, the whole way of its keys on real input, and every cheat caught.
//!
//! What is shown is what was checked a moment before: each act fails where its figures are not the ones that must be.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use shelfproof_tests::Result;

mod acts;
mod after;
mod books;
mod buyers;
mod court;
mod figures;
mod order;
mod place;
mod public;
mod ready;
mod shelf;
mod shop;
mod signals;
mod teller;
mod trade;
mod verify;

use place::Place;
use shop::DemoShop;
use signals::{Signals, first_of};
use teller::Teller;

/// What the demo is asked for.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The folder that keeps it, emptied at the start.
    pub folder: PathBuf,
    /// How much is done.
    pub size: Size,
    /// Whether long texts are told in Chinese.
    pub is_chinese: bool,
    /// Whether it ends after its checks, and does not go on serving.
    pub once: bool,
}

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Codes that are imported; those of `tests/data` among them.
    pub codes: usize,
    /// Keys that are sold.
    pub sales: usize,
    /// Clients that buy at once.
    pub clients: usize,
    /// Keys that are redeemed.
    pub redeemed: usize,
    /// Sales that are refunded, half of them of redeemed keys.
    pub refunded: usize,
    /// Keys that are withdrawn unsold.
    pub voided: usize,
    /// Buyers that verify their own key.
    pub verifying: usize,
}

impl Size {
    /// The demo's.
    pub const FULL: Self = Self {
        codes: 10_000,
        sales: 5_000,
        clients: 32,
        redeemed: 1_000,
        refunded: 20,
        voided: 10,
        verifying: 50,
    };

    /// A test's: the same acts with fewer keys.
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

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All was checked, and whoever was asked to go on serving did until somebody ended it.
    Whole,
    /// Somebody ended it before.
    Stopped,
}

/// Plays the demo to its end. Whatever the end is, nothing that it started runs on.
///
/// # Errors
/// The first figure that is not what it must be, or the words of a program that failed.
pub fn run(plan: &Plan) -> Result<Ending> {
    let begun = Instant::now();
    let mut signals = Signals::listen()?;
    // Children of a demo that was killed are waited for.
    let folder = plan.folder.clone();
    let take = move || Place::take(&folder).map_err(|error| error.to_string());
    let Some(place) = first_of(take, &mut signals)? else {
        return Ok(Ending::Stopped);
    };
    let place = place?;
    // What is cut off in the middle of an act leaves nothing elsewhere either.
    tempfile::env::override_temp_dir(&place.make("tmp")?)
        .map_err(|other| format!("temporary files lie in {} already", other.display()))?;
    let teller = Teller::new(begun, plan.is_chinese);
    let running = Arc::new(DemoShop::start(&place)?);
    let ended = play(plan, &place, &running, &teller, signals);
    teller.hush();
    // Nobody is to find what is about to go away. Both are done, whatever becomes of the other.
    let (removed, stopped) = (ready::remove(&place), running.stop());
    let ended = ended?;
    removed?;
    stopped?;
    Ok(ended)
}

/// The acts on a thread of their own: while one works or waits, a signal still ends it all in order.
fn play(plan: &Plan, place: &Place, running: &Arc<DemoShop>, teller: &Teller, mut signals: Signals) -> Result<Ending> {
    let (size, stage, shop, told) = (plan.size, place.clone(), Arc::clone(running), teller.clone());
    let acts = move || acts::play(size, &stage, &shop, &told).map_err(|error| error.to_string());
    let Some(serving) = first_of(acts, &mut signals)? else {
        return Ok(Ending::Stopped);
    };
    // An act that fails may do so because the shop is gone, which then says why.
    let serving = serving.map_err(|error| teller.blame(place, &running.failure().unwrap_or(error)));
    // Dropped at the end: what the cheats' commands ask runs as long.
    let mut serving = serving?;
    // On this thread, which removes it too: the one cannot come after the other.
    let ready = ready::write(place, &serving)?;
    if !plan.once {
        teller.invite(&serving, &ready);
        signals.wait_unless(|| running.failure().or_else(|| serving.failure()))?;
    }
    Ok(Ending::Whole)
}
