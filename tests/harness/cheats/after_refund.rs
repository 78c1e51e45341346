//! The operator sells a key again after its sale was refunded.

use shelfproof_verifier::event::Kind;

use super::copied_shop::{CopiedShop, new_secret, sale_to};
use super::crook::Crook;
use super::log::made_up;
use super::place::Ruling;
use super::story::Story;
use crate::Result;

pub(super) const STORY: Story = Story {
    name: "after-refund",
    code: "illegal_transition",
    what: [
        "The operator sold a code to Ann, paid her back, and sold the same code, which she may have used, to Bob.",
        "商家把卡密卖给 Ann，退款之后，又把这张她可能用过的卡密卖给 Bob。",
    ],
    who: ["the second buyer", "第二位买家"],
    why: [
        "A refund ends a key for good: the protocol lets nothing follow it. The proof must show the key's whole history, so Bob \
         sees the refund before his sale; a proof that leaves it out has a gap.",
        "退款即终结一张卡密：协议不允许其后再有任何记录。证明必须给出卡密的全部历史，所以 Bob 会看到他的销售之前有退款；隐去退款的证明会缺一个版本。",
    ],
};

pub(super) fn run(crook: &mut Crook<'_>) -> Result<Ruling> {
    let shop = CopiedShop::of(crook.snapshot)?.open()?;
    let ann = shop.sell("ann")?;
    shop.refund(&ann)?;
    let refunded = crook.anchor(&shop.copy.database.written()?, &[])?;
    let history = crook.log.history(&ann.key_id(), refunded, |_| true)?;
    let anns = crook.bundle(&ann.receipt, history);
    crook.expect(&crook.key_of("ann", &ann, &anns)?, "holds refunded")?;

    let bob = new_secret("bob");
    let head = crook.log.head(&ann.key_id())?;
    let (again, opening) = made_up(ann.key_id(), Some(&head), Kind::Sold, &sale_to(&anns, &bob)?);
    let number = crook.anchor(&[again], &[])?;
    let shown = |with_refund: bool| {
        let history = crook.log.history(&ann.key_id(), number, |event| {
            with_refund || event.kind != Kind::Refunded
        })?;
        let proof = ann.receipt.vrf_proof;
        Ok::<_, Box<dyn std::error::Error>>(crook.bundle_without_receipt(proof, history, &again, Some(&opening)))
    };
    // A bundle that leaves the refund out is refused, because a version is missing.
    let hidden = crook.key("bob-without-the-refund", &ann.code, &bob, &shown(false)?)?;
    crook.expect(&hidden, "version_gap")?;
    crook.show(&crook.key("bob", &ann.code, &bob, &shown(true)?)?)
}
