//! The walls between modules: which may import which, and that the map shows them all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use shelfproof_tests::{Result, tools};

use super::files::{File, files};
use super::{assert_none, code, lines_that};

/// The map of folders and modules: the section "The house" of the first of these files that is there.
const MAPS: [&str; 2] = ["docs/architecture.md", "README.md"];

/// The packages whose modules are walled.
const PACKAGES: [&str; 4] = ["base", "verifier", "anchor", "node"];

/// Pairs of modules that import each other because they are one thing: `package: module, module`. None is needed now.
const ONE_THING: [&str; 0] = [];

/// The section "The house" of the map.
pub(super) fn map() -> Result<String> {
    let text = MAPS
        .iter()
        .find_map(|path| fs::read_to_string(tools::root().join(path)).ok())
        .ok_or("neither map is there")?;
    let (_, house) = text.split_once("## The house\n").ok_or("no section \"The house\"")?;
    Ok(house
        .split_once("\n## ")
        .map_or(house, |(section, _)| section)
        .to_owned())
}

/// The module of `package` at the top of its `src` that a file belongs to.
fn module<'a>(file: &'a File, package: &str) -> Option<&'a str> {
    let within = file.path.strip_prefix(package)?.strip_prefix("/src/")?;
    let first = within.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (file.has_extension("rs") && !["lib", "main", "bin"].contains(&name)).then_some(name)
}

fn is_of(file: &File, package: &str, modules: &[&str]) -> bool {
    module(file, package).is_some_and(|name| modules.contains(&name))
}

/// The code of a file without its tests, comments left out.
fn product_code(file: &File) -> impl Iterator<Item = &str> {
    let is_test = file.path.ends_with("/tests.rs") || file.path.contains("/tests/");
    let end = file.text.find("#[cfg(test)]\nmod tests {").unwrap_or(file.text.len());
    let text = if is_test { "" } else { &file.text[..end] };
    text.lines().map(code)
}

#[test]
fn http_and_the_command_line_import_no_store() -> Result<()> {
    let files = files()?;
    let sources = files.iter().filter(|file| is_of(file, "node", &["http", "cli"]));
    let is_store = |line: &str| {
        let line = code(line);
        line.contains("crate::store") || line.contains("shelfproof_anchor::store")
    };
    assert_none(
        "a store imported past flow and flow::query",
        sources.flat_map(|file| lines_that(file, is_store)),
    );
    Ok(())
}

#[test]
fn import_and_access_do_no_io_and_know_no_command_line() -> Result<()> {
    let files = files()?;
    let import = files.iter().filter(|file| is_of(file, "node", &["import"]));
    let names_clap = |line: &str| code(line).contains("clap");
    assert_none("clap in import", import.flat_map(|file| lines_that(file, names_clap)));
    let access = files.iter().filter(|file| is_of(file, "node", &["access"]));
    let imports_io = |line: &str| {
        let line = code(line);
        ["axum::", "sqlx::", "crate::http", "crate::store", "crate::flow"]
            .iter()
            .any(|name| line.contains(name))
    };
    assert_none("I/O in access", access.flat_map(|file| lines_that(file, imports_io)));
    Ok(())
}

/// The API renders the errors of these modules, and its callers have no command line.
#[test]
fn no_text_that_the_api_may_answer_names_a_command_or_a_flag() -> Result<()> {
    let files = files()?;
    let sources = files
        .iter()
        .filter(|file| is_of(file, "node", &["access", "domain", "flow", "http", "import", "sale"]));
    // A flag's name follows its dashes; `----` is a format's separator.
    let names_flag = |line: &str| {
        let mut after = line.split(" --").skip(1);
        after.any(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
    };
    let found = sources.flat_map(|file| {
        product_code(file)
            .filter(|line| line.contains('"'))
            .filter(|line| names_flag(line) || line.contains("shelfproof ") || line.contains("shelfproof-anchor "))
            .map(|line| format!("{}: {}", file.path, line.trim()))
    });
    assert_none("a command or a flag in a text for the API", found);
    Ok(())
}

/// The modules of a package, each with those that it imports by `crate::`.
fn imports<'a>(files: &'a [File], package: &str) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut graph: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in files {
        let Some(own) = module(file, package) else { continue };
        let imported = graph.entry(own).or_default();
        for line in product_code(file) {
            for (at, found) in line.match_indices("crate::") {
                // `$crate::` in a macro and `other_crate::` are no imports of this package's module.
                let is_path = line[..at]
                    .chars()
                    .next_back()
                    .is_none_or(|before| !before.is_alphanumeric() && before != '_');
                let rest = &line[at + found.len()..];
                let names = match rest.strip_prefix('{') {
                    Some(list) => list.split(|c: char| !c.is_alphanumeric() && c != '_').collect(),
                    None => rest
                        .split(|c: char| !c.is_alphanumeric() && c != '_')
                        .take(1)
                        .collect::<Vec<_>>(),
                };
                if is_path {
                    imported.extend(names.into_iter().filter(|name| *name != own));
                }
            }
        }
    }
    let modules: BTreeSet<&str> = graph.keys().copied().collect();
    for imported in graph.values_mut() {
        imported.retain(|name| modules.contains(name));
    }
    graph
}

/// Everything that `from` leads to.
fn reached<'a>(graph: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &'a str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = vec![from];
    while let Some(module) = next.pop() {
        let imported = graph.get(module).into_iter().flatten();
        next.extend(imported.copied().filter(|name| reached.insert(*name)));
    }
    reached
}

/// Pairs of modules that import each other, directly or through others.
fn circles(graph: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<String> {
    let mut circles = Vec::new();
    for one in graph.keys() {
        for other in reached(graph, one) {
            if *one < other && reached(graph, other).contains(one) {
                circles.push(format!("{one}, {other}"));
            }
        }
    }
    circles
}

#[test]
fn no_modules_import_each_other_in_a_circle() -> Result<()> {
    let files = files()?;
    let mut found = Vec::new();
    for package in PACKAGES {
        let graph = imports(&files, package);
        assert!(!graph.is_empty(), "{package} has no modules");
        found.extend(circles(&graph).into_iter().map(|pair| format!("{package}: {pair}")));
    }
    found.retain(|pair| !ONE_THING.contains(&pair.as_str()));
    assert_none("modules that import each other", found.into_iter());
    Ok(())
}

#[test]
fn a_circle_is_found_over_several_modules() {
    let graph = BTreeMap::from([
        ("a", BTreeSet::from(["b"])),
        ("b", BTreeSet::from(["c"])),
        ("c", BTreeSet::from(["a", "d"])),
        ("d", BTreeSet::new()),
    ]);
    assert_eq!(circles(&graph), ["a, b", "a, c", "b, c"]);
}

#[test]
fn every_folder_and_every_module_is_in_the_map() -> Result<()> {
    let house = map()?;
    let files = files()?;
    let mut missing = BTreeSet::new();
    for file in &files {
        let folder = file.path.split_once('/').map(|(folder, _)| folder);
        if let Some(folder) =
            folder.filter(|folder| !folder.starts_with('.') && !house.contains(&format!("`{folder}/`")))
        {
            missing.insert(format!("{folder}/"));
        }
        for package in PACKAGES {
            let module = module(file, package);
            if let Some(name) = module.filter(|name| !house.contains(&format!("`{name}`"))) {
                missing.insert(format!("{package}/src/{name}"));
            }
        }
    }
    assert_none("not in the map", missing.into_iter());
    Ok(())
}
