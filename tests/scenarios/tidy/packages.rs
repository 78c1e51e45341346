//! The packages: their allowed dependencies, what the verifier must not depend on, and the map of the folders.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use shelfproof_tests::{Result, tools};

use super::walls;

/// The packages that each package may depend on.
const ARROWS: [(&str, &[&str]); 8] = [
    ("shelfproof-base", &[]),
    ("shelfproof-contracts", &[]),
    ("shelfproof-verifier", &["shelfproof-base", "shelfproof-contracts"]),
    (
        "shelfproof-anchor",
        &["shelfproof-base", "shelfproof-contracts", "shelfproof-verifier"],
    ),
    (
        "shelfproof",
        &["shelfproof-anchor", "shelfproof-base", "shelfproof-verifier"],
    ),
    (
        "shelfproof-tests",
        &[
            "shelfproof",
            "shelfproof-anchor",
            "shelfproof-base",
            "shelfproof-contracts",
            "shelfproof-verifier",
        ],
    ),
    (
        "shelfproof-demo",
        &[
            "shelfproof",
            "shelfproof-anchor",
            "shelfproof-base",
            "shelfproof-tests",
            "shelfproof-verifier",
        ],
    ),
    (
        "shelfproof-bench",
        &[
            "shelfproof",
            "shelfproof-anchor",
            "shelfproof-contracts",
            "shelfproof-tests",
            "shelfproof-verifier",
        ],
    ),
];

fn cargo(arguments: &[&str]) -> Result<String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .current_dir(tools::root())
        .output()?;
    if !output.status.success() {
        return Err(format!("cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Returns the workspace's packages, as cargo describes them.
fn packages() -> Result<Vec<Value>> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--locked", "--no-deps", "--format-version", "1"])?)?;
    Ok(metadata["packages"]
        .as_array()
        .ok_or("cargo metadata names no packages")?
        .clone())
}

/// Returns the names of the packages that `package` is built with under `features`.
fn tree(package: &str, features: &[&str]) -> Result<BTreeSet<String>> {
    let base = [
        "tree", "--locked", "-p", package, "-e", "normal", "--prefix", "none", "--format", "{p}",
    ];
    let text = cargo(&[&base[..], features].concat())?;
    Ok(text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(ToOwned::to_owned)
        .collect())
}

#[test]
fn packages_need_only_what_the_arrows_allow() -> Result<()> {
    let packages = packages()?;
    assert_eq!(packages.len(), ARROWS.len());
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let (_, allowed) = ARROWS
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or(format!("{name} has no arrows"))?;
        let needed = package["dependencies"].as_array().ok_or("no dependencies")?;
        let ours = needed
            .iter()
            .filter_map(|each| each["name"].as_str())
            .filter(|name| name.starts_with("shelfproof"));
        let wrong: Vec<&str> = ours.filter(|other| !allowed.contains(other)).collect();
        assert!(wrong.is_empty(), "{name} may not need {wrong:?}");
    }
    Ok(())
}

#[test]
fn the_verifier_links_no_database_server_s_client_and_no_web_server() -> Result<()> {
    let refused = [
        "sqlx",
        "sqlx-core",
        "postgres",
        "tokio-postgres",
        "redis",
        "axum",
        "actix-web",
        "warp",
        "rocket",
        "tonic",
        "tiny_http",
    ];
    let all = tree("shelfproof-verifier", &["--all-features"])?;
    assert!(
        all.contains("alloy") && all.contains("fjall"),
        "this is not the verifier's tree: {all:?}"
    );
    let found: Vec<&str> = refused.into_iter().filter(|name| all.contains(*name)).collect();
    assert!(found.is_empty(), "{found:?}");

    let features = cargo(&[
        "tree",
        "--locked",
        "-p",
        "shelfproof-verifier",
        "--all-features",
        "-e",
        "normal,features",
        "--prefix",
        "none",
    ])?;
    let serves = |line: &&str| line.starts_with("hyper") && line.contains("feature \"server");
    assert_eq!(features.lines().find(serves), None, "hyper's server is switched on");
    Ok(())
}

#[test]
fn the_verifier_s_library_alone_has_no_runtime_no_network_and_no_store() -> Result<()> {
    let pure = tree("shelfproof-verifier", &["--no-default-features"])?;
    assert!(pure.contains("akd_core"), "this is not the verifier's tree: {pure:?}");
    let refused = [
        "tokio", "reqwest", "hyper", "alloy", "fjall", "clap", "rustls", "mio", "socket2",
    ];
    let found: Vec<&str> = refused.into_iter().filter(|name| pure.contains(*name)).collect();
    assert!(found.is_empty(), "{found:?}");
    Ok(())
}

/// The table of the map has a row for each package, which begins with the name of its folder and a slash.
#[test]
fn every_package_is_in_the_map() -> Result<()> {
    let map = walls::map()?;
    let folder = |line: &str| Some(line.strip_prefix("| `")?.split_once("/` |")?.0.to_owned());
    let mapped: BTreeSet<String> = map.lines().filter_map(folder).collect();
    let missing: Vec<&String> = mapped
        .iter()
        .filter(|name| !tools::root().join(name).is_dir())
        .collect();
    assert!(missing.is_empty(), "in the map, but not there: {missing:?}");
    for package in packages()? {
        let manifest = package["manifest_path"]
            .as_str()
            .ok_or("a package without a manifest")?;
        let folder = Path::new(manifest).parent().ok_or("a manifest without a folder")?;
        let name = folder.strip_prefix(tools::root())?.display().to_string();
        assert!(mapped.contains(&name), "{name} is not in the map");
    }
    Ok(())
}

/// `npm ci` must work with npm 9 and Node.js 18, which some distributions have; `tools/npm-lock` ensures it.
#[test]
fn npm_s_lock_file_serves_every_platform() -> Result<()> {
    let text = fs::read_to_string(tools::root().join("contracts/package-lock.json"))?;
    let lock: Value = serde_json::from_str(&text)?;
    let packages = lock["packages"].as_object().ok_or("no packages")?;
    for tool in ["anvil", "cast", "forge"] {
        let wrapper = &packages[&format!("node_modules/@foundry-rs/{tool}")];
        for name in wrapper["optionalDependencies"]
            .as_object()
            .ok_or("no platforms")?
            .keys()
        {
            let platform = packages
                .get(&format!("node_modules/{name}"))
                .ok_or(format!("{name} is missing: run tools/npm-lock"))?;
            for field in ["engines", "bin"] {
                assert!(platform.get(field).is_none(), "{name} has {field}: run tools/npm-lock");
            }
        }
    }
    Ok(())
}
