//! The operator makes up key ids that crowd one place of the history map, so that nobody can afford to audit it.

use alloy_primitives::B256;
use shelfproof_verifier::audit::MAX_KEY_IDS;
use shelfproof_verifier::event::{KeyEvent, Kind};

use super::crook::Crook;
use super::log::made_up;
use super::place::Ruling;
use super::story::Story;
use crate::Result;

/// The bytes of a key id that crowded ones share: 48 bits.
const SHARED: usize = 6;

pub(super) const STORY: Story = Story {
    name: "crowded",
    code: "key_ids",
    what: [
        "The operator made up hundreds of key ids that begin with the same 48 bits, gave each a sound history, and \
         anchored them, so that the history map grows deep in one place and every audit of it slow.",
        "商家编造了几百个前 48 位相同的卡密标识，给每个配上合规的历史并上了链，好让历史图在一处变得极深，让任何审计都变慢。",
    ],
    who: ["an auditor, full or light", "审计者（完整或轻量审计）"],
    why: [
        "A key id comes out of a function that nobody can steer: among the ids of a million million real codes, no \
         eight begin with the same 48 bits. More than 256 that do were made up. That alone is the breach, and they are \
         counted before anything is computed from them.",
        "卡密标识由一个谁也无法操纵的函数算出：一万亿张真实卡密里，也不会有八个标识的前 48 位相同。超过 256 个就必是编造，\
         仅此即为违规，而且在用它们做任何计算之前就会数出来。",
    ],
};

pub(super) fn run(crook: &mut Crook<'_>) -> Result<Ruling> {
    let honest = crook.log.newest();
    let mut place: B256 = rand::random::<[u8; 32]>().into();

    // As many as are allowed hinder nobody.
    let bound = crook.anchor(&crowd(&place, MAX_KEY_IDS), &[])?;
    crook.expect_audit(&crook.sound())?;
    crook.expect_light_audit(honest, &crook.sound_since(honest))?;

    place[0] ^= 1;
    crook.anchor(&crowd(&place, MAX_KEY_IDS + 1), &[])?;
    crook.expect_light_audit(bound, "key_ids")?;
    crook.show(&crook.audit(&crook.data()))
}

/// Returns the first events of so many new keys whose ids begin as that one does.
fn crowd(like: &B256, count: usize) -> Vec<KeyEvent> {
    let made_up_id = || {
        let mut id: B256 = rand::random::<[u8; 32]>().into();
        id[..SHARED].copy_from_slice(&like[..SHARED]);
        id
    };
    let first = |_| made_up(made_up_id(), None, Kind::Generated, "{}").0;
    (0..count).map(first).collect()
}
