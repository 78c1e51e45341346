//! The rules of this repository, as tests over the files that git tracks or would add. A new rule is a test in the
//! module of the files that it is about.

mod documents;
mod files;
mod modules;
mod packages;
mod pages;
mod walls;

use std::fs;

use files::{File, files};
use shelfproof_tests::{Result, tools};
use shelfproof_verifier::epoch;

/// Returns the places at which a line breaks a rule: `path:line: the line`.
fn lines_that<'a>(file: &'a File, broken: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = String> + 'a {
    let numbered = file.text.lines().enumerate();
    numbered
        .filter(move |(_, line)| broken(line))
        .map(|(at, line)| format!("{}:{}: {}", file.path, at + 1, line.trim()))
}

/// Returns the part of a line before a comment. The only strings that contain `//` are addresses.
fn code(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

fn assert_none(rule: &str, found: impl Iterator<Item = String>) {
    let found: Vec<String> = found.collect();
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

#[test]
fn sql_stands_only_under_store() -> Result<()> {
    let is_sql = |line: &str| {
        let line = code(line);
        [
            "sqlx::query",
            "raw_sql(",
            "\"SELECT ",
            "\"INSERT INTO ",
            "\"UPDATE ",
            "\"DELETE FROM ",
        ]
        .iter()
        .any(|sql| line.contains(sql))
    };
    let files = files()?;
    let sources = files
        .iter()
        .filter(|file| file.is_source_of(&["node", "anchor", "verifier"]) && !file.is_below("store"));
    assert_none("SQL outside store", sources.flat_map(|file| lines_that(file, is_sql)));
    Ok(())
}

#[test]
fn status_codes_stand_only_under_http() -> Result<()> {
    let files = files()?;
    let sources = files
        .iter()
        .filter(|file| file.is_source_of(&["node", "anchor"]) && !file.is_below("http"));
    let names_one = |line: &str| code(line).contains("StatusCode");
    assert_none(
        "status codes outside http",
        sources.flat_map(|file| lines_that(file, names_one)),
    );
    Ok(())
}

#[test]
fn the_domain_knows_no_database_no_web_and_no_chain() -> Result<()> {
    let imports_io = |line: &str| {
        ["sqlx", "axum", "redis", "alloy"]
            .iter()
            .any(|name| code(line).contains(&format!("{name}::")))
    };
    let files = files()?;
    let domain = files
        .iter()
        .filter(|file| file.is_source_of(&["node"]) && file.is_below("domain"));
    assert_none(
        "node's domain imports",
        domain.flat_map(|file| lines_that(file, imports_io)),
    );
    Ok(())
}

#[test]
fn no_source_file_is_longer_than_400_lines() -> Result<()> {
    let files = files()?;
    let sources = files
        .iter()
        .filter(|file| ["rs", "sol", "ts"].iter().any(|kind| file.has_extension(kind)));
    let long = sources
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > 400);
    assert_none(
        "over 400 lines",
        long.map(|(file, lines)| format!("{}: {lines}", file.path)),
    );
    Ok(())
}

#[test]
fn nothing_is_left_for_later() -> Result<()> {
    // Each is written in two parts, so that this file does not break the rule itself.
    let marks = [
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("db", "g!("),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("BENCH", "-TABLE"),
    ];
    let is_marked = |line: &str| marks.iter().any(|mark| line.contains(mark));
    let files = files()?;
    // The hashes in a lock file may contain these letters by chance.
    let written = files.iter().filter(|file| !file.is_lock());
    assert_none("left for later", written.flat_map(|file| lines_that(file, is_marked)));
    Ok(())
}

#[test]
fn no_file_names_a_machine_s_folders_or_a_registry_s_hosts() -> Result<()> {
    let folders = [
        concat!("/wo", "rk"),
        concat!("/ho", "me"),
        concat!("/ro", "ot"),
        concat!("/t", "mp"),
    ];
    let hosts = [
        concat!("registry.np", "mjs"),
        concat!("index.cra", "tes.io"),
        concat!("static.cra", "tes.io"),
        concat!("deb.deb", "ian"),
    ];
    let names_one = |line: &str| {
        hosts.iter().any(|host| line.contains(host)) || folders.iter().any(|folder| files::names_folder(line, folder))
    };
    let files = files()?;
    let written = files.iter().filter(|file| !file.is_lock());
    assert_none("this machine's", written.flat_map(|file| lines_that(file, names_one)));
    Ok(())
}

#[test]
fn a_machine_s_folder_is_told_from_a_name_within_a_path() {
    let folder = concat!("/ho", "me");
    assert!(files::names_folder(&format!("cd {folder}/someone"), folder));
    assert!(files::names_folder(&format!("\"{folder}\""), folder));
    assert!(!files::names_folder(&format!("pages{folder}/index"), folder));
    assert!(!files::names_folder(&format!("{folder}page"), folder));
}

/// `tests/SHA256SUMS` lists the hashes of the copied files, so that no copy is changed here without notice.
#[test]
fn copies_are_what_their_sums_say() -> Result<()> {
    let tests = tools::root().join("tests");
    let sums = fs::read_to_string(tests.join("SHA256SUMS"))?;
    let mut listed = Vec::new();
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").ok_or("a line of SHA256SUMS without two spaces")?;
        let found = format!("{:x}", epoch::data_hash(&fs::read(tests.join(name))?));
        assert_eq!(found, sum, "{name} was changed here");
        listed.push(name.to_owned());
    }
    let folders = ["tests/data/kinds/", "tests/peers/", "tests/vectors/"];
    let mut copies: Vec<String> = files()?.into_iter().map(|file| file.path).collect();
    copies.retain(|path| folders.iter().any(|folder| path.starts_with(folder)));
    let mut unlisted = copies.iter().filter_map(|path| path.strip_prefix("tests/"));
    assert_eq!(
        unlisted.find(|name| !listed.iter().any(|other| other == name)),
        None,
        "not in SHA256SUMS"
    );
    Ok(())
}
