//! The operator redeems a key a second time.

use shelfproof_verifier::event::Kind;

use super::crook::Crook;
use super::log::made_up;
use super::place::Ruling;
use super::story::Story;
use crate::Result;

pub(super) const STORY: Story = Story {
    name: "redeemed-twice",
    code: "illegal_transition",
    what: [
        "The operator entered a second redemption of a key that was redeemed before, and anchored it.",
        "商家给一张已经兑换过的卡密又记了一次兑换，并上了链。",
    ],
    who: ["an auditor", "审计者"],
    why: [
        "The two redemptions stand one behind the other in the key's history, each naming the one before by its hash. Which \
         kind may follow which is the protocol's, not the shop's: the two events alone are the evidence, made for a dispute contract.",
        "两次兑换在卡密的历史里前后相连，每条都以哈希指向前一条。哪种记录可以接在哪种之后由协议规定，不由商家决定：\
         单凭这两条记录就是证据，供争议合约使用。",
    ],
};

pub(super) fn run(crook: &mut Crook<'_>) -> Result<Ruling> {
    crook.expect_audit(&crook.sound())?;
    let redeemed = crook.log.any(Kind::Redeemed)?;
    let (again, _) = made_up(redeemed.key_id, Some(&redeemed), Kind::Redeemed, "{}");
    crook.anchor(&[again], &[])?;
    crook.show(&crook.audit(&crook.data()))
}
