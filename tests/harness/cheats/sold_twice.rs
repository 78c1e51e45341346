//! The operator sells one code twice, and anchors a history map that agrees with whichever buyer checks next.

use super::copied_shop::CopiedShop;
use super::crook::Crook;
use super::place::Ruling;
use super::story::Story;
use crate::Result;

pub(super) const STORY: Story = Story {
    name: "sold-twice",
    code: "version_gap",
    what: [
        "The operator sold one code from two copies of the database, to Ann and to Bob, each with a receipt, and anchors in \
         turn: an epoch in which the key is Ann's, one in which it is Bob's, one in which it is Ann's again.",
        "商家用两份数据库副本把同一张卡密卖给 Ann 和 Bob，各有收据，并轮流上链：一个账页里卡密属于 Ann，下一页属于 Bob，再下一页又属于 Ann。",
    ],
    who: ["an auditor", "审计者"],
    why: [
        "For a day after each turn both buyers' own proofs hold. But both sales are version 3 of one key, both are in epochs \
         whose hashes the chain keeps, and any stranger who replays the published data meets the second one: the two together \
         are the evidence `fork`, made for a dispute contract. The shop's own program refuses to sell from the older copy \
         unless its fence is switched off.",
        "每次轮换后的一天内，两位买家各自的证明都成立。但两笔销售都是同一张卡密的版本 3，所在账页的哈希都留在链上，\
         任何人重放公布的数据都会遇到第二笔：两笔合起来就是为争议合约准备的证据 fork。不关掉围栏，商家的程序也不会用旧副本出售。",
    ],
};

pub(super) fn run(crook: &mut Crook<'_>) -> Result<Ruling> {
    let first = CopiedShop::of(crook.snapshot)?.open()?;
    let (ann, other) = (first.sell("ann")?, first.sell("carol")?);
    crook.anchor(&[ann.receipt.promise.event], &[])?;
    crook.expect_audit(&crook.sound())?;

    let second = CopiedShop::of(crook.snapshot)?;
    refuses_with_the_fence_on(&second, crook)?;
    let second = second.open()?;
    let bob = second.sell("bob")?;
    if ann.code != bob.code {
        return Err("the copies sold two codes".into());
    }
    let (anns, bobs) = (ann.receipt.promise.event, bob.receipt.promise.event);
    let bobs_epoch = crook.anchor(&[bobs], &[])?;
    let newest = crook.anchor(&[other.receipt.promise.event], &[anns])?;

    let key_id = ann.key_id();
    let to_ann = crook.log.history(&key_id, newest, |event| *event != bobs)?;
    let to_bob = crook.log.history(&key_id, bobs_epoch, |event| *event != anns)?;
    for (name, sale, history) in [("ann", &ann, to_ann), ("bob", &bob, to_bob)] {
        let bundle = crook.bundle(&sale.receipt, history);
        crook.expect(&crook.key_of(name, sale, &bundle)?, "holds sold")?;
    }
    crook.show(&crook.audit(&crook.data()))
}

/// Checks that the shop's program sells nothing from a database that lacks the chain's newest epoch.
fn refuses_with_the_fence_on(old: &CopiedShop<'_>, crook: &Crook<'_>) -> Result<()> {
    let answer = old.ask_fenced(crook.stand.chain.url())?;
    if answer.json()?["code"] == "fenced" {
        return Ok(());
    }
    Err(format!("the fence let an old copy sell: {}", answer.text()).into())
}
