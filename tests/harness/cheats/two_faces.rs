//! The operator shows two different logs to two buyers.

use super::copied_shop::CopiedShop;
use super::crook::Crook;
use super::place::Ruling;
use super::story::Story;
use crate::Result;

pub(super) const STORY: Story = Story {
    name: "two-faces",
    code: "epoch_unknown",
    what: [
        "The operator sold one code from two copies of the database, anchored the epoch in which it is Ann's, and shows Bob \
         another epoch of the same number, whole and sound in itself, in which Ann never bought it.",
        "商家用两份数据库副本卖出同一张卡密，把属于 Ann 的账页上了链，却给 Bob 看另一个同号的账页：它自身完整无缺，里面 Ann 从未买过。",
    ],
    who: ["the second buyer", "第二位买家"],
    why: [
        "The contract holds one hash for each epoch number, the same for everybody who asks. Bob's epoch hashes to another, \
         whoever signed his receipt and however well the rest fits.",
        "合约对每个账页号只保存一个哈希，谁来问都一样。Bob 看到的账页算出来是另一个，无论他的收据由谁签名、其余内容多么自洽。",
    ],
};

pub(super) fn run(crook: &mut Crook<'_>) -> Result<Ruling> {
    let ann = CopiedShop::of(crook.snapshot)?.open()?.sell("ann")?;
    let bob = CopiedShop::of(crook.snapshot)?.open()?.sell("bob")?;
    if ann.code != bob.code {
        return Err("the copies sold two codes".into());
    }
    let mut other_face = crook.log.clone();
    let shown = other_face.seal(&[bob.receipt.promise.event], &[])?;
    let number = crook.anchor(&[ann.receipt.promise.event], &[])?;

    let to_ann = crook.log.history(&ann.key_id(), number, |_| true)?;
    crook.expect(
        &crook.key_of("ann", &ann, &crook.bundle(&ann.receipt, to_ann))?,
        "holds sold",
    )?;
    let to_bob = crook.bundle(&bob.receipt, other_face.history(&bob.key_id(), number, |_| true)?);
    crook.would_hold(&to_bob, &bob.code, &bob.secret, |view| {
        if let Some(held) = view.epochs.get_mut(&number) {
            held.hash = shown.hash(&crook.snapshot.identity.merchant_id);
        }
    })?;
    crook.show(&crook.key_of("bob", &bob, &to_bob)?)
}
