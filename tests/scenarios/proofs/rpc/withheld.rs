//! Data that the shop withholds: when it is a breach, and what that does to verdicts.

use std::fs;

use serde_json::{Value, json};
use shelfproof_tests::web::Server;
use shelfproof_verifier::epoch::data_path;

use super::node::closed_port;
use super::setup::{self, Setup};

#[test]
fn data_that_is_wrong_or_missing_is_withheld_after_an_hour() {
    let setup = Setup::new();
    let data = setup.data();
    let second = format!("{data}/{}", data_path(2));
    let right = fs::read(&second).expect("the data");
    let mut flipped = right.clone();
    flipped[200] ^= 1;
    let spoil = |missing: bool| {
        fs::write(&second, &flipped).expect("written");
        if missing {
            fs::remove_file(&second).expect("removed");
        }
    };
    let server = Server::of_folder(&data).expect("a server");
    let published = server.url();
    setup.publish_at(&published);
    for missing in [false, true] {
        spoil(missing);
        let answer = setup.audit(&published).json(2);
        assert_eq!(answer["code"], "data_missing", "{answer}");
    }
    // Whatever the chain's time, the hour is that of the auditor's clock.
    setup.pass_until(setup::anchored_at_s(2) + 7200);
    assert_eq!(setup.audit(&published).json(2)["code"], "data_missing");
    setup.wait(3_500);
    assert_eq!(setup.audit(&published).json(2)["code"], "data_missing");
    setup.wait(100);
    // An error on this machine is never a breach of the shop's, and a server that does not answer not after an hour.
    for (missing, code) in [(true, "data_missing"), (false, "copy_differs")] {
        spoil(missing);
        assert_eq!(setup.audit(&data).json(2)["code"], code);
    }
    assert_eq!(setup.audit(&closed_port()).json(2)["code"], "data_missing");
    let case = setup.sold();
    assert_eq!(setup.key(&case).json(0)["audits"], json!([]), "nothing was recorded");

    let evidence = setup.path("evidence.json");
    for missing in [true, false] {
        spoil(missing);
        let answer = setup.audit(&published).args(["--evidence", &evidence]).json(1);
        assert_eq!(
            (&answer["code"], &answer["epoch"]),
            (&json!("data_withheld"), &json!(2)),
            "{answer}"
        );
        let file: Value = serde_json::from_slice(&fs::read(&evidence).expect("evidence")).expect("JSON");
        assert_eq!(
            (&file["rule"], &file["epoch"]["number"]),
            (&json!("data_withheld"), &json!(2))
        );
    }
    let answer = setup.key(&case).json(1);
    assert_eq!(answer["code"], "audit_breach", "{answer}");
    // When the data is back, it is audited, and the breach is gone.
    fs::write(&second, &right).expect("written");
    assert_eq!(setup.audit(&data).json(0)["epoch"], 4);
    assert_eq!(setup.key(&case).args(["--require-audit"]).json(0)["audited"], true);
}

#[test]
fn a_server_that_is_silent_for_a_day_withholds_its_data() {
    let setup = Setup::new();
    let data = setup.data();
    let folder = data.clone();
    // The second epoch is a page that says something else; a closed port is none at all.
    let server = Server::start(move |path| {
        if path.ends_with(&data_path(2)) {
            return Some(b"<html>Sign in to this network</html>".to_vec());
        }
        fs::read(format!("{folder}{path}")).ok()
    })
    .expect("a server");
    let published = server.url();
    setup.publish_at(&format!("{published}/"));
    for hours in [0, 12, 11] {
        setup.wait(hours * 3_600);
        assert_eq!(setup.audit(&published).json(2)["code"], "network");
    }
    setup.wait(3_600);
    let answer = setup.audit(&published).json(1);
    assert_eq!(
        (&answer["code"], &answer["epoch"]),
        (&json!("data_withheld"), &json!(2))
    );
    // A light audit has a patience of its own.
    let light = || setup.audit(&published).args(["--since", "1"]);
    assert_eq!(light().json(2)["code"], "network");
    let sold = setup.sold();
    assert_eq!(setup.key(&sold).json(1)["code"], "audit_breach");
}

#[test]
fn what_a_mirror_does_not_give_is_no_breach_of_the_shop_s() {
    let setup = Setup::new();
    let data = setup.data();
    fs::remove_file(format!("{data}/{}", data_path(2))).expect("removed");
    let server = Server::of_folder(&data).expect("a server");
    let mirror = server.url();
    let (light, full) = (["--since", "1"], [""; 0]);
    let audit = |more: &[&str]| setup.audit(&mirror).args(more);
    for hours in [0, 12, 12, 24] {
        setup.wait(hours * 3_600);
        for more in [&light[..], &full] {
            let answer = audit(more).json(2);
            assert_eq!(answer["code"], "data_missing", "{answer}");
            let detail = answer["detail"].as_str().expect("text");
            assert!(detail.contains("this server is a mirror"), "{detail}");
            assert!(detail.contains("https://merchant.invalid/data"), "{detail}");
        }
    }
    // The same answer of the server that the registry names is the shop's own, and the epoch was seen long ago.
    setup.publish_at(&mirror);
    for more in [&light[..], &full] {
        assert_eq!(audit(more).json(1)["code"], "data_withheld");
    }
}
