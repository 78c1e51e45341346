//! The operator runs a registry of its own, which answers like a release.

use shelfproof_verifier::bundle::Bundle;

use super::crook::Crook;
use super::place::Ruling;
use super::story::Story;
use crate::Result;

pub(super) const STORY: Story = Story {
    name: "look-alike",
    code: "registry_unknown",
    what: [
        "The operator put a proxy in the registry's place. It answers every question as the released contract does, until its \
         operator puts other code behind it, which may say something else.",
        "商家用一个代理合约冒充登记合约：它现在的回答与正式版本完全相同，但商家随时可以换掉它背后的代码，让它改口。",
    ],
    who: ["the buyer; an auditor too", "买家；审计者也会发现"],
    why: [
        "The verifier knows the code of each release, and compares it before it believes a word of what the contract says. A \
         release keeps one hash for each epoch for ever; a contract whose code can be exchanged keeps nothing.",
        "核验程序认得每一个正式版本的代码，先对照代码，再听合约说什么。正式版本对每个账页永远只保存一个哈希；可以更换代码的合约什么都保证不了。",
    ],
};

pub(super) fn run(crook: &mut Crook<'_>) -> Result<Ruling> {
    let sold = &crook.snapshot.stock.sold;
    let bundle = Bundle::parse(sold.bundle.as_bytes())?;
    let key = crook.key("ann", &sold.code, &sold.secret, &bundle)?;
    crook.expect(&key, "holds sold")?;
    crook.stand.chain.put_proxy_before_registry()?;

    // Its answers are as sound as before.
    crook.would_hold(&bundle, &sold.code, &sold.secret, |_| ())?;
    crook.expect_audit("registry_unknown")?;
    crook.show(&key)
}
