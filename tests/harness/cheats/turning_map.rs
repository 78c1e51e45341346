//! The operator sells one code to two buyers, and anchors history maps that turn from one buyer's history to the
//! other's and back.
//!
//! The cheat `sold_twice` shows that somebody who audits everything finds the second sale. Here Ann looks only at what
//! came since her own purchase, where no event is wrong: only the maps are. The operator cannot do better than to
//! publish true deltas. One that is not true climbs to another root than the epoch before has, so that the audit stops
//! without a verdict, which warns Ann too. A true one leads from the map before, by the epoch's events, to the one map
//! that follows, which the operator did not anchor: a breach.

use shelfproof_verifier::bundle::Bundle;
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
        "The operator sold one code from two copies of the database, to Bob and to Ann, and turned the history map back \
         between the two, as if Bob had bought nothing. After that it anchors other events only, but turns the map to \
         Bob's sale before he checks his key again, and back to Ann's before she does.",
        "商家用两份数据库副本把同一张卡密先后卖给 Bob 和 Ann，并在两次销售之间把历史图转回 Bob 购买之前。此后它只上链别的记录，\
         却在 Bob 再次核验之前把历史图转到 Bob 的销售，在 Ann 核验之前再转回 Ann 的销售。",
    ],
    who: [
        "Ann's own `watch`, without any auditor",
        "Ann 自己运行的 watch，不需要审计者",
    ],
    why: [
        "Each buyer's own proof holds at that moment. But each map must follow from the one before by the events of its \
         epoch alone, and no event leads from Ann's sale to Bob's. Ann's `watch` audits each epoch since her purchase \
         with the shop's own deltas, as `audit --since` does, and ends at the first map that turned. A delta that would \
         lead to it does not begin at the map before, whose root the chain holds.",
        "每位买家核验时，自己的证明都成立。但每个历史图只能由前一个历史图和本账页的记录得出，而没有任何记录能把 Ann 的销售变成 Bob 的。\
         Ann 的 watch 和 audit --since 一样，用商家自己公布的增量证明审计购买之后的每个账页，遇到第一个转过去的历史图便停止并报警。\
         能得出它的增量证明，起点不是链上的前一个历史图。",
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
    let unsold = crook.log.head(&ann.key_id())?;
    let sold = crook.anchor(&[bobs], &[])?;
    expect_sold(crook, "bob", &bob, sold)?;
    // Without this turn, the epoch of Ann's purchase itself would be wrong: the key would be sold twice.
    crook.anchor(&[crook.log.withdrawal()?], &[unsold])?;
    let bought = crook.anchor(&[anns], &[])?;
    let bundle = expect_sold(crook, "ann", &ann, bought)?;
    // She follows her key with the proof that she got when she bought it.
    let watch = crook.watch("ann", &ann, &bundle)?;
    crook.expect(&watch, "holds 1 keys")?;
    let since = bought - 1;
    crook.expect_light_audit(since, &crook.sound_since(since))?;

    let turned = crook.anchor(&[crook.log.withdrawal()?], &[bobs])?;
    expect_sold(crook, "bob-later", &bob, turned)?;
    let back = crook.anchor(&[crook.log.withdrawal()?], &[anns])?;
    expect_sold(crook, "ann-later", &ann, back)?;

    // A delta that leads to the map which turned is no proof, and neither Ann's audit nor her `watch` holds.
    crook.publish_delta(turned, &[bobs])?;
    crook.expect_light_audit(since, "delta_unusable")?;
    crook.expect(&watch, "delta_unusable")?;
    crook.publish_delta(turned, &[])?;
    crook.expect_light_audit(since, STORY.code)?;
    crook.show(&watch)
}

/// Checks that the buyer's own proof holds against the map of that epoch, which is the latest, if it shows that sale
/// alone. Returns the proof.
fn expect_sold(crook: &Crook<'_>, who: &str, sale: &Sale, number: u64) -> Result<Bundle> {
    let own = sale.receipt.promise.event;
    let shown = |event: &KeyEvent| own.version != event.version || own == *event;
    let bundle = crook.bundle(&sale.receipt, crook.log.history(&sale.key_id(), number, shown)?);
    crook.expect(&crook.key_of(who, sale, &bundle)?, "holds sold")?;
    Ok(bundle)
}
