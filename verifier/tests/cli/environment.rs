//! The environment of a run, and the files that it keeps.

use std::fs;
use std::path::Path;

use crate::run::{self, Cli, vectors};

#[test]
fn a_node_in_the_environment_does_not_keep_anybody_from_working_offline() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let node = "http://127.0.0.1:1";
    let answer = cli.key(case).env("SHELFPROOF_RPC", node).json_only(0);
    assert_eq!(answer["verdict"], case.verdict);
    let answer = cli.key(case).args(["--rpc", node]).json_only(2);
    assert_eq!(answer["code"], "usage");
    // Without --offline, the node is used.
    let all = run::read();
    let text = |name: &str| all["merchant"][name].as_str().expect("text").to_owned();
    let online = |env: &str| {
        let run = cli
            .run(["key", "--code", &case.code])
            .bundle(case)
            .env("SHELFPROOF_RPC", env);
        run.args(["--registry", &text("registry"), "--merchant", &text("merchantId")])
            .json_only(2)
    };
    assert_eq!(online(node)["code"], "rpc_unreachable");
    assert_eq!(online("")["code"], "usage");
}

#[test]
fn the_trust_store_is_opened_when_a_name_is_used() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let all = run::read();
    let text = |name: &str| all["merchant"][name].as_str().expect("text").to_owned();
    let store = cli.write("merchants.json", "{");
    let ids = ["--registry", &text("registry"), "--merchant", &text("merchantId")];
    cli.key(case).args(["--trust-store", &store]).json_only(0);
    cli.key(case).args(["--trust-store", &store]).args(ids).json_only(0);
    let answer = cli
        .key(case)
        .args(["--trust-store", &store, "--merchant", "shop"])
        .json_only(2);
    assert_eq!(answer["code"], "storage", "{answer}");
}

#[cfg(unix)]
#[test]
fn pins_are_only_their_owners_to_read() {
    use std::os::unix::fs::PermissionsExt;

    let cli = Cli::new();
    let all = run::read();
    let text = |name: &str| all["merchant"][name].as_str().expect("text").to_owned();
    // A file that a killed run left does not pass on its permissions.
    cli.write("merchants.json.new", "half a fi");
    let store = cli.write("merchants.json", "");
    fs::remove_file(&store).expect("removed");
    let ids = ["--registry", &text("registry"), "--merchant", &text("merchantId")];
    let pin = ["trust", "add", "shop", "--trust-store", &store, "--chain-id", "31337"];
    cli.run(pin).args(ids).json_only(0);
    let mode = fs::metadata(&store).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!Path::new(&format!("{store}.new")).exists());
}
