//! The operator anchors an epoch, and its server answers with anything but the epoch's data.

use std::fs;
use std::path::{Path, PathBuf};

use shelfproof_verifier::audit::SILENT_AFTER_S;

use super::crook::Crook;
use super::place::Ruling;
use super::story::Story;
use crate::web::Server;
use crate::{Result, patience};

/// What the server answers in the place of the data.
const PAGE: &[u8] = b"<!DOCTYPE html><title>We will be back soon</title>";

pub(super) const STORY: Story = Story {
    name: "silent",
    code: "data_withheld",
    what: [
        "The operator anchored an epoch, and its server says that it will be back soon, day after day: it never admits \
         that it has no data, and never gives any.",
        "商家上链了一个账页，它的服务器却天天回答“稍后恢复”：从不承认没有数据，也从不给出数据。",
    ],
    who: ["an auditor", "审计者"],
    why: [
        "An answer that is no answer may be somebody else's fault, for a while: a network in between, a server that is \
         down. An auditor who gets nothing usable in tries spread over a whole day counts that as withholding. Whoever \
         anchors an epoch has to keep its data where it can be had.",
        "答非所问一时可能另有原因：中间的网络，或者服务器故障。但若审计者在整整一天里多次尝试都得不到可用的回答，就视同扣留数据：\
         谁把账页上链，谁就得让数据随时可取。",
    ],
};

pub(super) fn run(crook: &mut Crook<'_>) -> Result<Ruling> {
    crook.expect_audit(&crook.sound())?;
    crook.anchor_and_withhold(&[crook.log.withdrawal()?])?;
    let published = PathBuf::from(crook.data());
    let server = Server::start(move |path| {
        let path = Path::new(path.trim_start_matches('/'));
        let is_within = path
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        let data = is_within.then(|| fs::read(published.join(path)).ok()).flatten();
        Some(data.unwrap_or_else(|| PAGE.to_vec()))
    })?;
    crook.stand.chain.name_data(&server.url())?;
    // What the auditor remembers is part of the evidence, and is not made anew by a repetition.
    let auditor = crook.stand.place.path("auditor");
    let audit = crook.audit_in(&server.url(), auditor.clone());
    crook.stand.server = Some(server);
    crook.stand.chain.wait_for_the_clock()?;
    for _ in 0..3 {
        // A page may be that of something on the way.
        crook.expect(&audit, "network")?;
        patience::pass(Path::new(&auditor), SILENT_AFTER_S / 3)?;
    }
    crook.show(&audit)
}
