//! The operator shows one sale to two buyers.

use shelfproof_verifier::bundle::Bundle;

use super::copied_shop::new_secret;
use super::crook::Crook;
use super::place::Ruling;
use super::story::Story;
use crate::Result;

pub(super) const STORY: Story = Story {
    name: "sold-to-two",
    code: "not_your_sale",
    what: [
        "The operator sold a code to Ann, and now gives Bob, who has paid too, the same code with Ann's own proof.",
        "商家把卡密卖给了 Ann，又把同一张卡密连同 Ann 的证明交给也付了钱的 Bob。",
    ],
    who: ["the second buyer", "第二位买家"],
    why: [
        "Everything in the proof is true, but the sale commits to the hash of Ann's own name and of a number that her side \
         made. Bob types his own into his own verifier: no sale can be opened to two names.",
        "证明里的一切都是真的，但销售只对应 Ann 本人的名称和她自己生成的随机数。Bob 在自己的核验程序里输入自己的：一笔销售不可能对应两个人。",
    ],
};

pub(super) fn run(crook: &mut Crook<'_>) -> Result<Ruling> {
    let sold = &crook.snapshot.stock.sold;
    let bundle = Bundle::parse(sold.bundle.as_bytes())?;
    crook.expect(&crook.key("ann", &sold.code, &sold.secret, &bundle)?, "holds sold")?;
    crook.show(&crook.key("bob", &sold.code, &new_secret("bob"), &bundle)?)
}
