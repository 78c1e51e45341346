//! The operator sells one code to two buyers, and anchors history maps that turn from one buyer's history to the
//! other's and back.
//!
//! The cheat `sold_twice` shows that somebody who audits everything finds the second sale. Here Ann looks only at what
//! came after her own purchase, where no event is wrong: only the maps are. The operator cannot do better than to
//! publish true deltas. One that is not true climbs to another root than the epoch before has, so that the audit stops
//! without a verdict, which warns Ann too. A true one leads from the map before, by the epoch's events, to the one map
//! that follows, which the operator did not anchor: a breach.

use shelfproof_verifier::event::KeyEvent;

use super::copied_shop::{CopiedShop, Sale};
use super::crook::Crook;
use super::place::Ruling;
use super::story::Story;
use crate::Result;

pub(super) const STORY: Story = Story {
    name: "turning-map",
    code: "history_mismatch",
    what: [
        "The operator sold one code from two copies of the database, first to Bob, then to Ann. After that it anchors \
         other events only, but turns the history map to Bob's sale before he checks his key, and back to Ann's before \
         she does.",
        "商家用两份数据库副本把同一张卡密先卖给 Bob，再卖给 Ann。此后它只上链别的记录，却在 Bob 核验之前把历史图转到 Bob 的销售，\
         在 Ann 核验之前再转回 Ann 的销售。",
    ],
    who: ["the buyer, without any auditor", "买家自己，不需要审计者"],
    why: [
        "Each buyer's own proof holds at that moment. But each map must follow from the one before by the events of its \
         epoch alone, and no event leads from Ann's sale to Bob's. Ann audits the epochs since her purchase with the \
         shop's own deltas, and meets the first map that turned. A delta that would lead to it does not begin at the \
         map before, whose root the chain holds.",
        "每位买家核验时，自己的证明都成立。但每个历史图只能由前一个历史图和本账页的记录得出，而没有任何记录能把 Ann 的销售变成 Bob 的。\
         Ann 用商家自己公布的增量证明审计购买之后的账页，就会遇到第一个转过去的历史图。能得出它的增量证明，起点不是链上的前一个历史图。",
    ],
};

pub(super) fn run(crook: &mut Crook<'_>) -> Result<Ruling> {
    // The copy of an honest shop, deltas included, passes both audits.
    crook.expect_audit(&crook.sound())?;
    crook.expect_light_audit(0, &crook.sound_since(0))?;

    let bob = CopiedShop::of(crook.snapshot)?.open()?.sell("bob")?;
    let ann = CopiedShop::of(crook.snapshot)?.open()?.sell("ann")?;
    if ann.code != bob.code {
        return Err("the copies sold two codes".into());
    }
    let (anns, bobs) = (ann.receipt.promise.event, bob.receipt.promise.event);
    crook.anchor(&[bobs], &[])?;
    let bought = crook.anchor(&[anns], &[])?;
    expect_sold(crook, "ann", &ann, bought)?;
    crook.expect_light_audit(bought, &crook.sound_since(bought))?;

    let turned = crook.anchor(&[crook.log.withdrawal()?], &[bobs])?;
    expect_sold(crook, "bob", &bob, turned)?;
    let back = crook.anchor(&[crook.log.withdrawal()?], &[anns])?;
    expect_sold(crook, "ann", &ann, back)?;

    // A delta that leads to the map which turned is no proof, and Ann's audit does not hold.
    crook.publish_delta(turned, &[bobs])?;
    crook.expect_light_audit(bought, "delta_unusable")?;
    crook.publish_delta(turned, &[])?;
    crook.show(&crook.light_audit(&crook.data(), bought))
}

/// Checks that the buyer's own proof holds against the map of that epoch, which is the latest, if it shows that sale
/// alone.
fn expect_sold(crook: &Crook<'_>, who: &str, sale: &Sale, number: u64) -> Result<()> {
    let own = sale.receipt.promise.event;
    let shown = |event: &KeyEvent| own.version != event.version || own == *event;
    let bundle = crook.bundle(&sale.receipt, crook.log.history(&sale.key_id(), number, shown)?);
    crook.expect(&crook.key_of(who, sale, &bundle)?, "holds sold")
}
