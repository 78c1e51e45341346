//! The acts, in their order, and the programs that keep running after them.

use std::collections::HashSet;
use std::path::Path;

use alloy_primitives::B256;
use shelfproof_verifier::event::Kind;

use super::after;
use super::buyers::{self, CheckedBuyer};
use super::checks::expect;
use super::place::Place;
use super::printer::Printer;
use super::shop::{DemoShop, OpenShop};
use super::stock::StockedProduct;
use super::trade::Trade;
use super::verify::Stranger;
use super::{Size, books, court, public, stock, trade};
use shelfproof_tests::Result;
use shelfproof_tests::anchored_shop::Proving;
use shelfproof_tests::cheats::Court;

/// The programs that keep running after the acts, and their addresses.
pub(super) struct Serving {
    shop: OpenShop,
    mirror: Proving,
    stranger: Stranger,
    checked_buyers: Vec<CheckedBuyer>,
    court: Court,
}

/// Plays all acts. Each act checks the results that it prints.
pub(super) fn play(size: Size, place: &Place, running: &DemoShop, printer: &Printer) -> Result<Serving> {
    printer.act("A shop opens on this machine", "在本机开店");
    let shop = running.open()?;
    printer.print(&format!(
        "API http://{}, chain {} (id {})",
        shop.address, shop.rpc, shop.identity.chain_id
    ));
    printer.print(&format!("merchant {}", shop.identity.merchant_id));
    let products = stock::import_all(&shop, place, size, printer)?;
    let trade = trade::sell(&shop, &products, size, printer)?;

    let unsold = unsold(&shop, &trade, size)?;
    let after = after::live(&shop, &trade.sold, &unsold, size, printer)?;
    books::check(&shop, &products, &trade, after, size, printer)?;

    printer.act("Epochs are anchored", "纪元上链");
    let last = unsold.last().ok_or("no key was withdrawn")?;
    let epochs = public::wait_for(&shop, last, Kind::Voided)?;
    let events = size.codes * 2 + size.sales + size.redeemed + size.refunded + size.voided;
    printer.print(&format!(
        "{epochs} epochs lie in final blocks, each of them one hash on the chain"
    ));

    let stranger = Stranger::pin(&shop, place)?;
    let sold = (&trade.sold[..], after);
    let checked_buyers = buyers::check(&shop, place, &stranger, sold, size.verifying, printer)?;
    public::audit(&shop, &stranger, [epochs, size.codes as u64, events as u64], printer)?;
    let checked: Vec<_> = checked_buyers.iter().map(|buyer| &buyer.sold).collect();
    let mirror = public::mirror(&shop, place, &checked, epochs, printer)?;

    let buyer = checked_buyers.last().ok_or("no buyer checked")?;
    court::try_forgeries(&shop, &checked_buyers, printer)?;
    let court = court::try_cheats(&shop, place, &products[1], buyer, printer)?;
    go_on(&shop, place, &products[1], &stranger, printer)?;
    // The proofs are fetched once more, for the newest epoch: while nobody buys, they stay current.
    buyers::verify_all(&shop, &stranger, &checked_buyers)?;
    printer.end();
    Ok(Serving {
        shop,
        mirror,
        stranger,
        checked_buyers,
        court,
    })
}

/// Checks that copying the database for the cheats did not harm the shop: it sells and proves as before.
fn go_on(
    shop: &OpenShop,
    place: &Place,
    product: &StockedProduct,
    stranger: &Stranger,
    printer: &Printer,
) -> Result<()> {
    printer.act("The honest shop goes on", "诚实的商店照常营业");
    let sold = trade::sell_one(shop, product)?;
    public::wait_for(shop, &sold.item.key_id.parse()?, Kind::Sold)?;
    buyers::check_last(shop, place, stranger, sold)?;
    printer.print("one key more, sold, anchored, and proved to its buyer");
    Ok(())
}

/// Finds keys that nobody has bought, in the published data.
fn unsold(shop: &OpenShop, trade: &Trade, size: Size) -> Result<Vec<B256>> {
    let newest = trade.sold.last().ok_or("nothing was sold")?;
    let epochs = public::wait_for(shop, &newest.item.key_id.parse()?, Kind::Sold)?;
    let sold: HashSet<B256> = trade.sold.iter().flat_map(|sold| sold.item.key_id.parse()).collect();
    let on_sale = public::on_sale(shop, epochs)?;
    let unsold: Vec<B256> = on_sale
        .into_iter()
        .filter(|key| !sold.contains(key))
        .take(size.voided)
        .collect();
    expect("keys to withdraw", unsold.len(), size.voided)?;
    Ok(unsold)
}

impl Serving {
    /// The addresses of the shop.
    pub(super) const fn shop(&self) -> &OpenShop {
        &self.shop
    }

    /// The buyers with their proofs, all for the newest epoch.
    pub(super) fn checked_buyers(&self) -> &[CheckedBuyer] {
        &self.checked_buyers
    }

    /// The name of a program that has ended by itself; `None` while all of them run.
    pub(super) fn failure(&mut self) -> Option<String> {
        let found = [
            ("the mirror", self.mirror.has_ended()),
            ("a cheat's chain", self.court.has_ended()),
        ];
        found.into_iter().find_map(|(what, ended)| match ended {
            Ok(false) => None,
            Ok(true) => Some(format!("{what} ended by itself")),
            Err(error) => Some(error.to_string()),
        })
    }

    /// Suggests commands to try in another terminal, with addresses and files filled in.
    pub(super) fn invitation(&self, ready: &Path) -> String {
        let (http, mirror, rpc) = (self.shop.address, self.mirror.address, &self.shop.rpc);
        let verify = self.stranger.program.display();
        let store = self.stranger.store.display();
        let buyer = self
            .checked_buyers
            .last()
            .map(|buyer| buyer.folder.display().to_string())
            .unwrap_or_default();
        let config = self.shop.config.display();
        format!(
            "It goes on serving until Ctrl-C. 服务继续运行，按 Ctrl-C 结束。

  shop     http://{http} (API: /docs)      mirror  http://{mirror}
  chain    {rpc}      for programs  {ready}

Try it in another terminal / 在另一个终端中试试:

  As a buyer, check a key / 买家:
    {verify} key --trust-store {store} --merchant demo \\
      --code-file {buyer}/code.txt --nonce-file {buyer}/nonce.txt --tag-file {buyer}/tag.txt --bundle {buyer}/proof.json
  As a buyer, follow it until something is wrong / 买家持续跟踪:
    {verify} watch --trust-store {store} --merchant demo --data {data} --state watch-of-demo \\
      --code-file {buyer}/code.txt --bundle {buyer}/proof.json
  As an auditor, replay it all / 审计者:
    {verify} audit --trust-store {store} --merchant demo --data {data} --state audit-of-demo
  As the merchant / 商家:
    export SHELFPROOF_CONFIG={config}
    {shelfproof} admin order list
    {shelfproof}-anchor status
",
            ready = ready.display(),
            data = self.shop.data_uri,
            shelfproof = self.stranger.program.with_file_name("shelfproof").display(),
        )
    }
}
