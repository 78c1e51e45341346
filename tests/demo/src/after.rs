//! Redemptions, refunds and withdrawals, and requests for them that must be refused.

use alloy_primitives::B256;
use serde_json::{Value, json};
use shelfproof_verifier::buyer;

use super::Size;
use super::checks::expect;
use super::order::Sold;
use super::printer::Printer;
use super::shop::OpenShop;
use shelfproof_tests::Result;
use shelfproof_tests::client::{Answer, Client};
use shelfproof_tests::load::at_once;
use shelfproof_tests::vector_chain::block_on;

/// Which of the sold keys were redeemed and which were refunded, as indices. The refunded keys are the last of the
/// redeemed ones and those after them.
#[derive(Clone, Copy, Debug)]
pub(super) struct After {
    /// The keys before this index were redeemed.
    pub(super) redeemed: usize,
    /// The keys from this index …
    pub(super) refunded_from: usize,
    /// … up to this one were refunded.
    pub(super) refunded_to: usize,
}

impl After {
    /// The kind of that key's last event.
    pub(super) const fn state(&self, at: usize) -> &'static str {
        if at >= self.refunded_from && at < self.refunded_to {
            "refunded"
        } else if at < self.redeemed {
            "redeemed"
        } else {
            "sold"
        }
    }
}

/// Redeems and refunds some of the sold keys, and withdraws some of the unsold ones.
pub(super) fn live(shop: &OpenShop, sold: &[Sold], unsold: &[B256], size: Size, printer: &Printer) -> Result<After> {
    printer.act("Keys are redeemed, refunded and withdrawn", "核销、退款、下架");
    let refunded_from = size.redeemed - size.refunded / 2;
    let after = After {
        redeemed: size.redeemed,
        refunded_from,
        refunded_to: refunded_from + size.refunded,
    };
    redeem(shop, &sold[..after.redeemed], size.clients)?;
    printer.print(&format!(
        "{} were redeemed by their buyers, half of them told the secret of the sale",
        after.redeemed
    ));
    let refunded = &sold[after.refunded_from..after.refunded_to];
    for sold in refunded {
        let path = format!("/api/v1/orders/{}/refund", sold.order);
        post(shop, &shop.admin, &path, &json!({"item": 1, "reason": "demo"}))?.expect(200)?;
    }
    for key in unsold {
        void(shop, &key.to_string())?.expect(200)?;
    }
    printer.print(&format!(
        "{} were paid back, {} withdrawn before anybody bought them",
        refunded.len(),
        unsold.len()
    ));

    // Redeeming a refunded key and withdrawing a sold key are refused.
    let last = refunded.last().ok_or("nothing was refunded")?;
    let redemption = format!("/api/v1/orders/{}/redeem", last.order);
    refuse(&post(shop, &last.token, &redemption, &json!({"item": 1}))?)?;
    refuse(&void(shop, &sold[after.refunded_to].item.key_id)?)?;
    printer.print("redeeming what was paid back, withdrawing what was sold: refused");
    Ok(after)
}

fn redeem(shop: &OpenShop, sold: &[Sold], clients: usize) -> Result<()> {
    let tasks = (0..clients).map(|client| {
        let share: Vec<(usize, Sold)> = sold.iter().cloned().enumerate().skip(client).step_by(clients).collect();
        let address = shop.address;
        async move {
            let mut done = 0;
            for (at, sold) in share {
                let mut body = json!({"item": 1});
                if at % 2 == 0 {
                    body["buyerSecret"] = json!(buyer::secret(&sold.secret.nonce, &sold.secret.tag));
                }
                let path = format!("/api/v1/orders/{}/redeem", sold.order);
                let mut buyer = Client::new(address, &sold.token)?;
                let first = buyer.post(&path, body.to_string()).await?.expect(200)?;
                let again = buyer.post(&path, body.to_string()).await?.expect(200)?;
                if first != again {
                    return Err(format!("{} was redeemed twice: {first} {again}", sold.item.key_id).into());
                }
                done += 1;
            }
            Ok(done)
        }
    });
    let done: Result<Vec<usize>> = at_once(tasks)?.into_iter().collect();
    expect("keys redeemed", done?.iter().sum(), sold.len())
}

fn void(shop: &OpenShop, key_id: &str) -> Result<Answer> {
    let body = json!({"reason": "recalled by the vendor"});
    post(shop, &shop.admin, &format!("/api/v1/keys/{key_id}/void"), &body)
}

fn post(shop: &OpenShop, token: &str, path: &str, body: &Value) -> Result<Answer> {
    let mut client = shop.client(token)?;
    Ok(block_on(client.post(path, body.to_string()))??)
}

/// Fails unless the answer says that the key's state does not allow it.
fn refuse(answer: &Answer) -> Result<()> {
    let problem = answer.expect(409)?;
    if problem["code"] == "conflict" {
        return Ok(());
    }
    Err(format!("it was refused for another reason: {problem}").into())
}
