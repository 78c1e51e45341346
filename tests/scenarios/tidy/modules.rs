//! Finds which module of a package imports which, from the sources: every path in the code, in a `use` or elsewhere, is
//! resolved to the file that defines it.

use std::collections::{BTreeMap, BTreeSet};

use super::files::File;

/// The names from the package's root to a module: empty for `lib.rs`.
pub(super) type Module = Vec<String>;

/// One path of the source, with the name that a `use` binds to it. `crate::store::{key, order as o}` contains two.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    pub(super) segments: Vec<String>,
    bound: Option<String>,
}

/// The longest chain of renamed paths that is followed. A longer one counts as another package's.
const RENAMES_MAX: usize = 16;

/// Returns the module that a file below `src` of `package` is, or `None` for programs, tests and other packages' files.
pub(super) fn module(path: &str, package: &str) -> Option<Module> {
    let within = path.strip_prefix(package)?.strip_prefix("/src/")?.strip_suffix(".rs")?;
    let names: Module = within.split('/').map(ToOwned::to_owned).collect();
    let is_test = names.iter().any(|name| name == "tests");
    let is_program = ["main", "bin"].contains(&names[0].as_str());
    if within == "lib" {
        return Some(Vec::new());
    }
    (!is_test && !is_program).then_some(names)
}

/// Splits a source into tokens, without comments. A string becomes an empty one, and `::` is one token.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (token, length) = if rest.starts_with("//") {
            ("", rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            ("", rest.find("*/").map_or(rest.len(), |end| end + 2))
        } else if let Some(length) = string(rest) {
            ("\"\"", length)
        } else if word > 0 {
            (&rest[..word], word)
        } else if rest.starts_with("::") {
            ("::", 2)
        } else if first.is_whitespace() {
            ("", first.len_utf8())
        } else {
            (&rest[..first.len_utf8()], first.len_utf8())
        };
        if !token.is_empty() {
            tokens.push(token);
        }
        rest = &rest[length..];
    }
    tokens
}

/// Returns the length of the string or character literal at the start of `text`.
fn string(text: &str) -> Option<usize> {
    let unprefixed = text.strip_prefix(['b', 'c']).unwrap_or(text);
    if let Some(raw) = unprefixed.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let inner = raw[hashes..].strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let length = inner.find(&end).map_or(inner.len(), |at| at + end.len());
        return Some(text.len() - inner.len() + length);
    }
    let quote = unprefixed.chars().next().filter(|c| ['"', '\''].contains(c))?;
    let inner = &unprefixed[1..];
    // A lifetime has no second quote after one character.
    if quote == '\'' && !inner.starts_with('\\') && inner.chars().nth(1) != Some('\'') {
        return None;
    }
    let mut is_escaped = false;
    let end = inner.char_indices().find(|(_, c)| {
        let ends = *c == quote && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        ends
    });
    let length = end.map_or(inner.len(), |(at, _)| at + 1);
    Some(text.len() - inner.len() + length)
}

/// Returns the tokens without the items that are for tests only.
fn without_tests<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at..].starts_with(&MARK) {
            kept.push(tokens[at]);
            at += 1;
            continue;
        }
        let mut depth = 0_usize;
        at += MARK.len();
        while let Some(token) = tokens.get(at) {
            at += 1;
            match *token {
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 && [";", "}"].contains(token) {
                break;
            }
        }
    }
    kept
}

/// Reads the path or list of paths at `at`, prepends `prefix` to each, and returns the position after it.
fn read_path(tokens: &[&str], mut at: usize, prefix: &[String], paths: &mut Vec<Path>) -> usize {
    let mut segments = prefix.to_vec();
    while let Some(token) = tokens.get(at) {
        at += 1;
        if *token == "{" {
            while tokens.get(at).is_some_and(|token| *token != "}") {
                at = if tokens[at] == "," {
                    at + 1
                } else {
                    read_path(tokens, at, &segments, paths)
                };
            }
            return at + 1;
        }
        // `self` in a list stands for the prefix of the list.
        if *token != "self" || segments.is_empty() {
            segments.push((*token).to_owned());
        }
        let has_more = tokens.get(at) == Some(&"::")
            && tokens.get(at + 1).is_some_and(|next| {
                ["{", "*"].contains(next) || next.starts_with(|c: char| c.is_alphabetic() || c == '_')
            });
        if !has_more {
            break;
        }
        at += 1;
    }
    let renamed = (tokens.get(at) == Some(&"as")).then(|| tokens[at + 1].to_owned());
    at += if renamed.is_some() { 2 } else { 0 };
    let bound = renamed.or_else(|| segments.last().cloned());
    paths.push(Path { segments, bound });
    at
}

/// Returns every path in the code of a source, without its tests. Only a `use` binds a name.
pub(super) fn paths(text: &str) -> Vec<Path> {
    let tokens = without_tests(&tokens(text));
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_start = at == 0 || !["::", "$", "."].contains(&tokens[at - 1]);
        if tokens[at] == "use" {
            at = read_path(&tokens, at + 1, &[], &mut paths);
        } else if is_start && tokens.get(at + 1) == Some(&"::") && tokens[at].starts_with(char::is_alphabetic) {
            let from = paths.len();
            at = read_path(&tokens, at, &[], &mut paths);
            paths[from..].iter_mut().for_each(|path| path.bound = None);
        } else {
            at += 1;
        }
    }
    paths
}

/// The modules of a package's library, with the paths in each.
pub(super) struct Package {
    paths: BTreeMap<Module, Vec<Path>>,
}

impl Package {
    pub(super) fn read(files: &[File], name: &str) -> Self {
        let sources = files.iter().filter_map(|file| Some((module(&file.path, name)?, file)));
        Self {
            paths: sources.map(|(module, file)| (module, paths(&file.text))).collect(),
        }
    }

    pub(super) fn modules(&self) -> impl Iterator<Item = &Module> {
        self.paths.keys()
    }

    /// Returns what a name in `module` refers to: a module below it, or the target of a `use` there.
    fn named(&self, module: &Module, name: &str, renames: usize) -> Option<Module> {
        let below = [module.as_slice(), &[name.to_owned()]].concat();
        if self.paths.contains_key(&below) {
            return Some(below);
        }
        let mut bound = self.paths.get(module)?.iter();
        let path = bound.find(|path| path.bound.as_deref() == Some(name) && path.segments != [name])?;
        self.resolve(module, &path.segments, renames.checked_sub(1)?)
    }

    /// Returns the module in which `segments`, seen from `from`, are defined, or `None` if that is another package's.
    fn resolve(&self, from: &Module, segments: &[String], renames: usize) -> Option<Module> {
        let (first, mut rest) = segments.split_first()?;
        let mut at = match first.as_str() {
            "crate" => Vec::new(),
            "self" => from.clone(),
            "super" => from[..from.len().checked_sub(1)?].to_vec(),
            name => self.named(from, name, renames)?,
        };
        while let Some((name, after)) = rest.split_first() {
            if name == "super" {
                at.pop()?;
            } else if let Some(next) = self.named(&at, name, renames) {
                at = next;
            } else {
                break;
            }
            rest = after;
        }
        Some(at)
    }

    /// Returns the module that a path in `module` names directly, even if that module re-exports the item from another
    /// one.
    pub(super) fn named_by(&self, module: &Module, path: &Path) -> Option<Module> {
        self.resolve(module, &path.segments, 0)
    }

    /// Returns the modules that `module` imports, without itself.
    pub(super) fn imported(&self, module: &Module) -> BTreeSet<Module> {
        let paths = self.paths.get(module).into_iter().flatten();
        let led_to = paths.filter_map(|path| self.resolve(module, &path.segments, RENAMES_MAX));
        led_to.filter(|other| other != module).collect()
    }

    /// Returns the pairs of modules that import each other, directly or through others.
    ///
    /// Modules with the same parent are compared, each with everything below it. A parent and the modules below it
    /// count as one, because a child may use what its parent defines.
    pub(super) fn circles(&self) -> Vec<String> {
        let mut graphs: BTreeMap<Module, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for module in self.modules() {
            for other in self.imported(module) {
                let shared = module
                    .iter()
                    .zip(&other)
                    .take_while(|(one, other)| one == other)
                    .count();
                if let (Some(one), Some(two)) = (module.get(shared), other.get(shared)) {
                    let graph = graphs.entry(module[..shared].to_vec()).or_default();
                    graph.entry(one.clone()).or_default().insert(two.clone());
                }
            }
        }
        let of_one = |(parent, graph): (&Module, &BTreeMap<String, BTreeSet<String>>)| {
            let full = |name: &str| [parent.as_slice(), &[name.to_owned()]].concat().join("::");
            let pairs = pairs(graph).into_iter();
            pairs
                .map(|(one, other)| format!("{}, {}", full(one), full(other)))
                .collect::<Vec<_>>()
        };
        graphs.iter().flat_map(of_one).collect()
    }
}

/// Returns everything that can be reached from `from`.
fn reached<'a>(graph: &'a BTreeMap<String, BTreeSet<String>>, from: &'a str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from];
    while let Some(module) = next.pop() {
        let imported = graph.get(module).into_iter().flatten();
        next.extend(imported.map(String::as_str).filter(|name| reached.insert(*name)));
    }
    reached
}

fn pairs(graph: &BTreeMap<String, BTreeSet<String>>) -> Vec<(&str, &str)> {
    let mut pairs = Vec::new();
    for one in graph.keys() {
        let led_to = reached(graph, one).into_iter();
        pairs.extend(
            led_to
                .filter(|other| one.as_str() < *other && reached(graph, other).contains(one.as_str()))
                .map(|other| (one.as_str(), other)),
        );
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Vec<String> {
        paths(text).iter().map(|path| path.segments.join("::")).collect()
    }

    fn package(sources: &[(&str, &str)]) -> Package {
        let file = |(path, text): &(&str, &str)| File {
            path: format!("house/src/{path}"),
            text: (*text).to_owned(),
        };
        Package::read(&sources.iter().map(file).collect::<Vec<_>>(), "house")
    }

    #[test]
    fn paths_are_read_from_lists_and_from_code() {
        let text = "use crate::{\n    store::{self, key as k},\n    flow,\n};\nfn f() { let s = \"crate::no\"; super::g::<u8>(s) }";
        let found = ["crate::store", "crate::store::key", "crate::flow", "super::g"];
        assert_eq!(written(text), found);
    }

    #[test]
    fn comments_strings_characters_and_tests_hold_no_paths() {
        let text = "// a::b\n/* c::d */ fn f<'a>(x: &'a str) { (r#\"e::\"f\"#, '\"', b'\\'', \"g\\\"::h\", i::j) }\n\
                    #[cfg(test)]\nmod tests { use k::l; fn g() { m::n() } }\n#[cfg(test)]\nuse o::p;\nuse q::r;";
        assert_eq!(written(text), ["i::j", "q::r"]);
    }

    #[test]
    fn a_path_leads_through_a_name_to_the_module_that_defines_it() {
        let package = package(&[
            ("lib.rs", "pub use a::Thing;"),
            ("a.rs", "pub use deep::Thing;"),
            ("a/deep.rs", ""),
            (
                "b.rs",
                "use crate::Thing; use std::fs::File; use super::a::deep as d; fn f() { d::g() }",
            ),
        ]);
        let b = vec!["b".to_owned()];
        assert_eq!(
            package.imported(&b),
            BTreeSet::from([vec!["a".to_owned(), "deep".to_owned()]])
        );
    }

    #[test]
    fn a_circle_is_found_over_several_modules() {
        let package = package(&[
            ("lib.rs", ""),
            ("a.rs", "use crate::{\n    b,\n};"),
            ("b.rs", "mod under;"),
            ("b/under.rs", "fn f() { super::super::c::g() }"),
            ("c.rs", "use super::{a::T, d};"),
            ("d.rs", "#[cfg(test)]\nmod tests { use crate::a; }"),
        ]);
        assert_eq!(package.circles(), ["a, b", "a, c", "b, c"]);
    }

    #[test]
    fn a_circle_is_found_between_the_children_of_a_module_but_not_with_their_parent() {
        let package = package(&[
            ("lib.rs", ""),
            ("a.rs", "mod one; mod two; pub use one::One;"),
            ("a/one.rs", "use super::two::Two;"),
            ("a/two.rs", "use super::One;"),
            ("b.rs", "mod part; use part::Part;"),
            ("b/part.rs", "use super::Whole;"),
        ]);
        assert_eq!(package.circles(), ["a::one, a::two"]);
    }
}
