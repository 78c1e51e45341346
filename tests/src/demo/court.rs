//! Everybody who would cheat, and who notices.

use std::fs;

use super::buyers::Witness;
use super::house::Door;
use super::place::Place;
use super::shelf::Shelf;
use super::teller::Teller;
use crate::Result;
use crate::cheats::{self, Caught, Court, Ground, Stock};

/// The operator turns dishonest, on copies of the shop; each cheat is caught by a command that anybody can repeat.
pub(super) fn try_cheats(
    door: &Door,
    place: &Place,
    shelf: &Shelf,
    witness: &Witness,
    teller: &Teller,
) -> Result<Court> {
    teller.act("The operator cheats, on copies of the shop", "商家作弊（在副本上）");
    let stock = Stock {
        product: shelf.product.clone(),
        channel: door.channel.clone(),
        admin: door.admin.clone(),
        sold: cheats::Sold {
            code: witness.sold.item.code.clone(),
            secret: witness.sold.secret.clone(),
            bundle: fs::read_to_string(witness.bundle())?,
        },
    };
    let folder = place.make("cheats")?;
    let ground = Ground::take(&door.config, &folder, stock)?;
    let mut caught = 0;
    let court = cheats::run_all(&ground, |cheat| {
        caught += 1;
        tell(cheat, teller);
    })?;
    teller.say(&format!(
        "{caught} of {caught} were caught. Look for yourself: sh {}/NAME/command",
        folder.display()
    ));
    teller.say("全部识破。每个目录里有说明（README.txt）、可重复执行的 command 和当时的结论 verdict。");
    Ok(court)
}

fn tell(cheat: &Caught, teller: &Teller) {
    teller.say(&format!("{:<15} noticed by {}: {}", cheat.name, cheat.who, cheat.code));
    teller.tell(cheat.what);
    teller.tell(cheat.why);
}
