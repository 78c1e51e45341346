//! A dishonest operator: every way of cheating that the protocol must reveal, carried out on copies of an honest shop
//! with everything that its operator has.
//!
//! Each cheat leaves a folder with its files, a `command` of `shelfproof-verify` that shows the cheat, and the
//! `verdict` that the command printed. The command works as long as the [`Court`] exists. To add a cheat, write a
//! module with a function over a `Crook`, list it in `CHEATS`, and add a row to the scenario `proofs/cheats`.

use std::path::PathBuf;

mod after_refund;
mod chain;
mod copied_shop;
mod crook;
mod crowded;
mod database;
mod left_out;
mod log;
mod look_alike;
mod place;
mod redeemed_twice;
mod respelled;
mod rewritten;
mod silent;
mod snapshot;
mod sold_to_two;
mod sold_twice;
mod story;
mod turning_map;
mod two_faces;
mod withheld;

pub use snapshot::{ShopSnapshot, Sold, Stock};

use crate::Result;
use crook::{Crook, Stand};
use place::Ruling;
use story::Story;

/// A cheat: its description, and the function that carries it out.
type Cheat = (Story, fn(&mut Crook<'_>) -> Result<Ruling>);

/// All cheats, in the order of the protocol's table.
const CHEATS: [Cheat; 13] = [
    (sold_twice::STORY, sold_twice::run),
    (turning_map::STORY, turning_map::run),
    (sold_to_two::STORY, sold_to_two::run),
    (left_out::STORY, left_out::run),
    (two_faces::STORY, two_faces::run),
    (look_alike::STORY, look_alike::run),
    (crowded::STORY, crowded::run),
    (silent::STORY, silent::run),
    (rewritten::STORY, rewritten::run),
    (withheld::STORY, withheld::run),
    (redeemed_twice::STORY, redeemed_twice::run),
    (after_refund::STORY, after_refund::run),
    (respelled::STORY, respelled::run),
];

/// A cheat that was detected.
#[derive(Clone, Debug)]
pub struct Caught {
    /// The name of the cheat and of its folder.
    pub name: &'static str,
    /// What the operator did, in English and in Chinese.
    pub what: [&'static str; 2],
    /// Who detects it, in English and in Chinese.
    pub who: [&'static str; 2],
    /// The code with which `shelfproof-verify` reports it.
    pub code: &'static str,
    /// The exit status of `shelfproof-verify` with that code.
    pub exit: i32,
    /// Why it cannot be hidden, in English and in Chinese.
    pub why: [&'static str; 2],
    /// The whole output of the command.
    pub verdict: String,
    /// The folder with its files: `command`, `verdict`, `README.txt` and the files that these need. Files with codes
    /// are readable by their owner only.
    pub folder: PathBuf,
}

/// What the commands need: the chains on which the cheats were anchored, and the servers of published data. Dropping
/// this ends them.
pub struct Court {
    stands: Vec<Stand>,
}

impl Court {
    /// Whether one of the chains has ended by itself.
    ///
    /// # Errors
    /// The system's error.
    pub fn has_ended(&mut self) -> Result<bool> {
        for stand in &mut self.stands {
            if stand.chain.has_ended()? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Carries out all cheats, in the order of the protocol's table, and calls `told` for each that is detected.
///
/// # Errors
/// If a cheat cannot be carried out, or is not detected with the code that the protocol gives.
pub fn run_all(snapshot: &ShopSnapshot, mut told: impl FnMut(&Caught)) -> Result<Court> {
    let mut stands = Vec::new();
    for (story, run) in CHEATS {
        let mut crook = Crook::new(snapshot, story.name)?;
        let ruling = run(&mut crook).map_err(|error| format!("{}: {error}", story.name))?;
        if (ruling.exit, ruling.word.as_str()) != (story.exit(), story.code) {
            return Err(format!("{}: {} was expected:\n{}", story.name, story.code, ruling.text).into());
        }
        let place = &crook.stand.place;
        place.write("README.txt", story.text().as_bytes())?;
        told(&Caught {
            name: story.name,
            what: story.what,
            who: story.who,
            code: story.code,
            exit: story.exit(),
            why: story.why,
            verdict: ruling.text,
            folder: place.folder().to_owned(),
        });
        stands.push(crook.stand);
    }
    Ok(Court { stands })
}
