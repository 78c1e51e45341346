//! The boundaries between modules: which may import which, and whether the map shows all modules.

use std::collections::BTreeSet;
use std::fs;

use shelfproof_tests::{Result, tools};

use super::files::{File, files};
use super::modules::{self, Module, Package};
use super::{assert_none, code, lines_that};

/// The map of folders and modules: the section "The house" of the first of these files that has it.
const MAPS: [&str; 2] = ["docs/architecture.md", "README.md"];

/// The packages whose modules are checked.
const PACKAGES: [&str; 4] = ["base", "verifier", "anchor", "node"];

/// Cycles that are allowed, `package: module, module`, because two files belong together. None is needed now.
const ONE_THING: [&str; 0] = [];

/// Returns the section "The house" of the map.
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

/// Returns the module at the top of `src` of `package` that a file belongs to.
fn module<'a>(file: &'a File, package: &str) -> Option<&'a str> {
    let within = file.path.strip_prefix(package)?.strip_prefix("/src/")?;
    let first = within.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (file.has_extension("rs") && !["lib", "main", "bin"].contains(&name)).then_some(name)
}

fn is_of(file: &File, package: &str, modules: &[&str]) -> bool {
    module(file, package).is_some_and(|name| modules.contains(&name))
}

/// Returns the code of a file, without tests and comments.
fn product_code(file: &File) -> impl Iterator<Item = &str> {
    let is_test = file.path.ends_with("/tests.rs") || file.path.contains("/tests/");
    let end = file.text.find("#[cfg(test)]\nmod tests {").unwrap_or(file.text.len());
    let text = if is_test { "" } else { &file.text[..end] };
    text.lines().map(code)
}

/// Returns the store modules, of this package or the anchor's, that `text` names. `text` is the source of `module` in
/// `node`.
fn stores_named(package: &Package, module: &Module, text: &str) -> Vec<String> {
    let anchor_s = ["shelfproof_anchor", "store"].map(ToOwned::to_owned);
    let named = modules::paths(text).into_iter().filter(|path| {
        let own = package.named_by(module, path);
        own.is_some_and(|other| other.first().is_some_and(|name| name == "store"))
            || path.segments.starts_with(&anchor_s)
    });
    named.map(|path| path.segments.join("::")).collect()
}

#[test]
fn http_and_the_command_line_import_no_store() -> Result<()> {
    let files = files()?;
    let package = Package::read(&files, "node");
    let sources = files.iter().filter(|file| is_of(file, "node", &["http", "cli"]));
    let found = sources.flat_map(|file| {
        let module = modules::module(&file.path, "node").unwrap_or_default();
        let named = stores_named(&package, &module, &file.text).into_iter();
        named.map(|path| format!("{}: {path}", file.path))
    });
    assert_none("a store imported past flow and flow::query", found);
    Ok(())
}

#[test]
fn a_store_is_found_however_it_is_imported() -> Result<()> {
    let api = "node/src/http/api.rs";
    let module = modules::module(api, "node").ok_or("no module")?;
    let named = |text: &str| {
        let others = ["lib", "http", "store", "store/key"].map(|name| (format!("node/src/{name}.rs"), ""));
        let sources = others.into_iter().chain([(api.to_owned(), text)]);
        let files: Vec<File> = sources
            .map(|(path, text)| File {
                path,
                text: text.to_owned(),
            })
            .collect();
        stores_named(&Package::read(&files, "node"), &module, text)
    };
    assert_eq!(named("use crate::store::key::find;"), ["crate::store::key::find"]);
    assert_eq!(named("use crate::{\n    flow,\n    store,\n};"), ["crate::store"]);
    assert_eq!(named("use crate::{store::key as k};"), ["crate::store::key"]);
    let within_code = "fn f() { super::super::store::open() }";
    assert_eq!(named(within_code), ["super::super::store::open"]);
    let anchor_s = "use shelfproof_anchor::{store::bound};";
    assert_eq!(named(anchor_s), ["shelfproof_anchor::store::bound"]);
    assert_eq!(named("use crate::flow::store_it; // crate::store"), [""; 0]);
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

/// The API shows the errors of these modules, and its callers have no command line.
#[test]
fn no_text_that_the_api_may_answer_names_a_command_or_a_flag() -> Result<()> {
    let files = files()?;
    let sources = files.iter().filter(|file| {
        is_of(
            file,
            "node",
            &["access", "domain", "fence", "flow", "http", "import", "sale"],
        )
    });
    // An option's name follows its dashes. `----` is a separator in a file format.
    let names_flag = |line: &str| {
        let mut after = line.split(" --").skip(1);
        after.any(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
    };
    let sources = sources.flat_map(|file| product_code(file).map(move |line| (file, line)));
    // The API shows only the reason why the fence is closed; the log shows how to repair it.
    let mut reasons = Vec::new();
    for path in ["anchor/src/fence.rs", "anchor/src/journal/compare.rs"] {
        let fence = files.iter().find(|file| file.path == path).ok_or(path)?;
        let (_, reason) = fence.text.split_once("fn reason(").ok_or("no reason in the fence")?;
        let (reason, _) = reason.split_once("\n    }\n").ok_or("a reason without an end")?;
        reasons.extend(reason.lines().map(|line| (fence, code(line))));
    }
    let found = sources
        .chain(reasons)
        .filter(|(_, line)| line.contains('"'))
        .filter(|(_, line)| names_flag(line) || line.contains("shelfproof ") || line.contains("shelfproof-anchor "))
        .map(|(file, line)| format!("{}: {}", file.path, line.trim()));
    assert_none("a command or a flag in a text for the API", found);
    Ok(())
}

#[test]
fn no_modules_import_each_other_in_a_circle() -> Result<()> {
    let files = files()?;
    let mut found = Vec::new();
    for package in PACKAGES {
        let modules = Package::read(&files, package);
        assert!(modules.modules().count() > 1, "{package} has no modules");
        found.extend(modules.circles().into_iter().map(|pair| format!("{package}: {pair}")));
    }
    found.retain(|pair| !ONE_THING.contains(&pair.as_str()));
    assert_none("modules that import each other", found.into_iter());
    Ok(())
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
