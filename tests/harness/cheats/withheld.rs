//! The operator anchors an epoch and does not publish its data.

use shelfproof_verifier::audit::WITHHELD_AFTER_S;
use shelfproof_verifier::event::Kind;

use super::crook::Crook;
use super::log::made_up;
use super::place::Ruling;
use super::story::Story;
use crate::Result;
use crate::web::Server;

pub(super) const STORY: Story = Story {
    name: "withheld",
    code: "data_withheld",
    what: [
        "The operator anchored an epoch and never published what is in it.",
        "商家上链了一个账页，却从不公布里面的内容。",
    ],
    who: ["an auditor", "审计者"],
    why: [
        "The chain shows that there is an epoch of that number and what its data must hash to. An hour after it is final the \
         shop's server still does not have it, and that is the breach itself: what it hides need not be known.",
        "链上写明有这一页以及数据应有的哈希。最终确认一小时之后，商家的服务器上仍然没有，这本身就是违规：不需要知道它藏了什么。",
    ],
};

pub(super) fn run(crook: &mut Crook<'_>) -> Result<Ruling> {
    crook.expect_audit(&crook.sound())?;
    let on_sale = crook.log.any(Kind::Activated)?;
    let (hidden, _) = made_up(on_sale.key_id, Some(&on_sale), Kind::Voided, "{}");
    crook.anchor_and_withhold(&[hidden])?;
    let server = Server::of_folder(crook.data())?;
    let audit = crook.audit(&server.url());
    crook.stand.server = Some(server);
    // Within the first hour, missing data is not evidence yet.
    crook.expect(&audit, "data_missing")?;
    crook.stand.chain.pass(WITHHELD_AFTER_S + 1)?;
    crook.show(&audit)
}
