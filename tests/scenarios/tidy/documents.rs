//! The documents: every link has a target, and README keeps its size.

use std::collections::BTreeSet;
use std::path::Path;

use shelfproof_tests::{Result, tools};

use super::files::{File, files};

/// The greatest number of lines in README, and of characters in one of its lines.
const README_LINES_MAX: usize = 250;
const README_COLUMNS_MAX: usize = 120;

fn documents() -> Result<Vec<File>> {
    Ok(files()?.into_iter().filter(|file| file.has_extension("md")).collect())
}

/// Returns the lines outside fenced blocks, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_fenced ^= is_fence;
        !is_fenced && !is_fence
    })
}

/// Returns the targets of a line's links, `[words](target)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// Returns the anchor that Markdown renderers give a heading: lower case, hyphens for spaces, no punctuation.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter_map(|letter| match letter {
        ' ' => Some('-'),
        '-' | '_' => Some(letter),
        letter if letter.is_alphanumeric() => Some(letter),
        _ => None,
    });
    kept.flat_map(char::to_lowercase).collect()
}

fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter_map(|(_, line)| Some(line.strip_prefix('#')?.trim_start_matches('#').trim()));
    headings.map(anchor).collect()
}

/// Returns what is wrong with a link of `document`, or `None` if it has a target. Web addresses are not requested.
fn broken(documents: &[File], document: &File, target: &str) -> Option<String> {
    if target.starts_with("https://") || target.starts_with("http://") {
        return None;
    }
    let (path, heading) = target
        .split_once('#')
        .map_or((target, None), |(path, heading)| (path, Some(heading)));
    let folder = Path::new(&document.path).parent().unwrap_or(Path::new(""));
    let joined = folder.join(path);
    let mut place = Vec::new();
    for part in joined.iter().filter_map(|part| part.to_str()) {
        match part {
            ".." => drop(place.pop()),
            "." => {}
            part => place.push(part),
        }
    }
    let place = if path.is_empty() {
        document.path.clone()
    } else {
        place.join("/")
    };
    if !tools::root().join(&place).exists() {
        return Some(format!("{target}: there is no {place}"));
    }
    let heading = heading?;
    let led_to = documents.iter().find(|other| other.path == place)?;
    (!anchors(&led_to.text).contains(heading)).then(|| format!("{target}: {place} has no such heading"))
}

#[test]
fn every_link_leads_somewhere() -> Result<()> {
    let documents = documents()?;
    assert!(documents.iter().any(|file| file.path == "docs/architecture.md"));
    let mut wrong = Vec::new();
    for document in &documents {
        for (number, line) in prose(&document.text) {
            let found = targets(line).filter_map(|target| broken(&documents, document, target));
            wrong.extend(found.map(|why| format!("{}:{number}: {why}", document.path)));
        }
    }
    assert!(wrong.is_empty(), "links that lead nowhere:\n  {}", wrong.join("\n  "));
    Ok(())
}

#[test]
fn a_link_to_a_missing_file_or_heading_is_found() {
    let file = |path: &str, text: &str| File {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let readme = file("README.md", "# One, two\n");
    let page = file("docs/page.md", "");
    let both = [readme, page];
    assert_eq!(broken(&both, &both[1], "../README.md#one-two"), None);
    assert!(broken(&both, &both[1], "../README.md#three").is_some());
    assert!(broken(&both, &both[1], "nowhere.md").is_some());
    let links: Vec<&str> = targets("see [a](b.md) and [c](d.md#e)").collect();
    assert_eq!(links, ["b.md", "d.md#e"]);
    let lines: Vec<usize> = prose("a\n```\nb\n```\nc").map(|(number, _)| number).collect();
    assert_eq!(lines, [1, 5], "a fenced block is no prose");
}

#[test]
fn every_page_is_reached_from_readme() -> Result<()> {
    let documents = documents()?;
    let readme = documents
        .iter()
        .find(|file| file.path == "README.md")
        .ok_or("no README.md")?;
    let linked: BTreeSet<&str> = readme.text.lines().flat_map(targets).collect();
    let missed = documents.iter().map(|file| file.path.as_str());
    let missed: Vec<&str> = missed
        .filter(|path| path.starts_with("docs/") && !linked.contains(path))
        .collect();
    assert!(missed.is_empty(), "README links to none of {missed:?}");
    Ok(())
}

#[test]
fn readme_stays_short() -> Result<()> {
    let documents = documents()?;
    let readme = documents
        .iter()
        .find(|file| file.path == "README.md")
        .ok_or("no README.md")?;
    let lines = readme.text.lines().count();
    assert!(lines < README_LINES_MAX, "{lines} lines");
    let wide = (1..)
        .zip(readme.text.lines())
        .filter(|(_, line)| line.chars().count() >= README_COLUMNS_MAX);
    let wide: Vec<String> = wide.map(|(number, line)| format!("{number}: {line}")).collect();
    assert!(wide.is_empty(), "README has long lines:\n  {}", wide.join("\n  "));
    Ok(())
}

/// Returns the rows of a document that name a folder: those that begin with its name and a slash.
fn folders(document: &File) -> Vec<&str> {
    let rows = document.text.lines().filter(|line| line.starts_with("| `"));
    rows.filter(|line| line.contains("/` |")).collect()
}

#[test]
fn readme_and_architecture_show_one_map() -> Result<()> {
    let documents = documents()?;
    let of = |path| documents.iter().find(|file| file.path == path).map(folders);
    let readme = of("README.md").ok_or("no README.md")?;
    assert!(!readme.is_empty(), "README has no map");
    assert_eq!(Some(readme), of("docs/architecture.md"));
    Ok(())
}
