//! The operator leaves a sale out of the log.

use super::copied_shop::{CopiedShop, Sale};
use super::crook::Crook;
use super::place::Ruling;
use super::story::Story;
use crate::Result;

/// A time longer than any receipt may allow, in seconds.
const TWO_DAYS_S: u64 = 2 * 86_400;

pub(super) const STORY: Story = Story {
    name: "left-out",
    code: "receipt_unmet",
    what: [
        "The operator sold a code to Ann, with a receipt, anchored the other sales of the day, and left hers out for good.",
        "商家卖给 Ann 一张卡密并给了收据，把当天其他销售都上了链，唯独永远漏掉她这一笔。",
    ],
    who: ["the buyer", "买家"],
    why: [
        "The receipt is the shop's signature under a deadline. Once a final block is past it, either an epoch before that \
         block holds the sale, or none ever can in time. An audit cannot notice what never was in the log; whoever has the receipt looks \
         through all epochs and does.",
        "收据是商家对期限的签名。当最终确认的区块过了期限，要么此前的账页里有这笔销售，要么就再也不可能按时有：审计看不出从未出现过的东西，持收据的人查遍所有账页便知。",
    ],
};

pub(super) fn run(crook: &mut Crook<'_>) -> Result<Ruling> {
    let shop = CopiedShop::of(crook.snapshot)?.open()?;
    let (ann, other) = (shop.sell("ann")?, shop.sell("carol")?);
    crook.anchor(&[other.receipt.promise.event], &[])?;
    crook.expect_audit(&crook.sound())?;
    let (anns, others) = (question(crook, "ann", &ann)?, question(crook, "carol", &other)?);
    crook.expect(&anns, "holds pending")?;
    crook.stand.chain.pass(TWO_DAYS_S)?;
    crook.expect(&others, "holds met")?;
    crook.show(&anns)
}

/// Returns the arguments of `receipt`, which asks whether the promise was kept, from the published data.
fn question(crook: &Crook<'_>, who: &str, sale: &Sale) -> Result<Vec<String>> {
    let place = &crook.stand.place;
    let mut options = place.buyer(who, &sale.code, &sale.secret)?;
    let receipt = place.write(&format!("{who}.receipt.json"), sale.receipt.to_json().as_bytes())?;
    options.extend(["--receipt".to_owned(), receipt, "--data".to_owned(), crook.data()]);
    Ok(crook.of_chain("receipt", &options))
}
