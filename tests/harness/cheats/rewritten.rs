//! The operator rewrites an event after it was anchored.

use serde_json::Value;
use shelfproof_verifier::bundle::Bundle;
use shelfproof_verifier::event::{KeyEvent, Kind, Opening, payload};

use super::copied_shop::CopiedShop;
use super::crook::Crook;
use super::place::Ruling;
use super::story::Story;
use crate::Result;

pub(super) const STORY: Story = Story {
    name: "rewritten",
    code: "history_mismatch",
    what: [
        "The operator rewrote Ann's sale in the database, to another price, with the table's guard switched off and the key's \
         own row put right, and anchored an epoch whose history map leads to the sale as it is now.",
        "商家关掉数据表的保护，把数据库里 Ann 的那笔销售改成另一个价格，连卡密自己的那一行也改得一致，然后上链一个指向改后销售的历史图。",
    ],
    who: ["the buyer; an auditor too", "买家；审计者也会发现"],
    why: [
        "Ann has her sale as it was, in an epoch that the chain keeps for ever. Against the shop's newest history the two do \
         not fit, whoever asks; and no published event leads to the new history, which is what an auditor sees.",
        "Ann 手里有当时的销售，它所在的账页永远留在链上。拿它与商家最新的历史一对，无论谁来问都对不上；而且没有任何公布的记录能得出新的历史，审计者一看便知。",
    ],
};

pub(super) fn run(crook: &mut Crook<'_>) -> Result<Ruling> {
    let sold = &crook.snapshot.stock.sold;
    let bought = Bundle::parse(sold.bundle.as_bytes())?;
    let sale = bought.events.iter().find(|included| included.event.kind == Kind::Sold);
    let sale = sale.ok_or("the key that was sold has no sale")?;
    let opening = sale.opening.as_ref().ok_or("the sale is not opened")?;
    let rewritten = rewrite(crook, &sale.event, opening)?;

    let before = crook.log.newest();
    let newest = crook.anchor(&[crook.log.withdrawal()?], &[rewritten])?;

    let at = |number| -> Result<Bundle> {
        let history = crook.log.history(&bought.key_id, number, |_| true)?;
        let shown = Bundle {
            history: history.history,
            epochs: history.epochs,
            ..bought.clone()
        };
        Ok(shown)
    };
    crook.expect(
        &crook.key("ann-before", &sold.code, &sold.secret, &at(before)?)?,
        "holds sold",
    )?;
    crook.expect_audit("history_mismatch")?;
    crook.show(&crook.key("ann", &sold.code, &sold.secret, &at(newest)?)?)
}

/// Changes the price of a sale in a copy of the database, consistently, and returns the changed sale.
fn rewrite(crook: &Crook<'_>, sale: &KeyEvent, opening: &Opening) -> Result<KeyEvent> {
    let mut body: Value = serde_json::from_str(&opening.body)?;
    body["price"] = "0.01".into();
    let opening = Opening {
        salt: opening.salt,
        body: body.to_string(),
    };
    let rewritten = KeyEvent {
        payload: payload(&opening.salt, &opening.body),
        ..*sale
    };
    let copy = CopiedShop::of(crook.snapshot)?;
    let stored = copy.database.rewrite_sale(sale.key_id, &opening, &rewritten)?;
    if stored.event != rewritten || !stored.opening.opens(&stored.event) {
        return Err("the copy holds something else than was written".into());
    }
    let check = copy.run(&["admin", "check"])?;
    if check.status.success() {
        return Ok(stored.event);
    }
    Err(format!(
        "the copy's own check sees it: {}",
        String::from_utf8_lossy(&check.stdout)
    )
    .into())
}
