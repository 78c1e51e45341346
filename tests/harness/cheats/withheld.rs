//! The operator anchors an epoch and does not publish its data.

use std::path::Path;

use shelfproof_verifier::audit::WITHHELD_AFTER_S;

use super::crook::Crook;
use super::place::Ruling;
use super::story::Story;
use crate::web::Server;
use crate::{Result, patience};

pub(super) const STORY: Story = Story {
    name: "withheld",
    code: "data_withheld",
    what: [
        "The operator anchored an epoch and never published what is in it.",
        "商家上链了一个账页，却从不公布里面的内容。",
    ],
    who: ["an auditor", "审计者"],
    why: [
        "The chain shows that there is an epoch of that number and what its data must hash to. An hour after the auditor \
         first saw it, the shop's server still does not have it, and that is the breach itself: what it hides need not be \
         known.",
        "链上写明有这一页以及数据应有的哈希。审计者首次看到它一小时之后，商家的服务器上仍然没有，这本身就是违规：不需要知道它藏了什么。",
    ],
};

pub(super) fn run(crook: &mut Crook<'_>) -> Result<Ruling> {
    crook.expect_audit(&crook.sound())?;
    crook.anchor_and_withhold(&[crook.log.withdrawal()?])?;
    let server = Server::of_folder(crook.data())?;
    crook.stand.chain.name_data(&server.url())?;
    // What the auditor remembers is part of the evidence, and is not made anew by a repetition.
    let auditor = crook.stand.place.path("auditor");
    let audit = crook.audit_in(&server.url(), auditor.clone());
    crook.stand.server = Some(server);
    // Within the first hour, missing data is not evidence yet.
    crook.expect(&audit, "data_missing")?;
    patience::pass(Path::new(&auditor), WITHHELD_AFTER_S)?;
    crook.show(&audit)
}
