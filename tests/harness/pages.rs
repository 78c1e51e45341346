//! README and the pages of `docs/`, and the commands and code that they show.

use std::fs;

use crate::{Result, tools};

/// A Markdown page.
#[derive(Clone, Debug)]
pub struct Page {
    /// The path from the checkout's root.
    pub path: String,
    pub text: String,
}

/// Reads README and every page of `docs/`.
///
/// # Errors
/// If one cannot be read.
pub fn pages() -> Result<Vec<Page>> {
    let mut paths = vec!["README.md".to_owned()];
    for entry in fs::read_dir(tools::root().join("docs"))? {
        let name = entry?.file_name();
        paths.push(format!("docs/{}", name.to_string_lossy()));
    }
    paths.sort_unstable();
    let read = |path: String| {
        let text = fs::read_to_string(tools::root().join(&path))?;
        Ok(Page { path, text })
    };
    paths.into_iter().map(read).collect()
}

impl Page {
    /// The code on the page: the lines of fenced blocks without comments, with lines joined that end in `\`, and the
    /// text between backquotes in the prose.
    #[must_use]
    pub fn code(&self) -> Vec<String> {
        let (mut code, mut prose, mut unfinished) = (Vec::new(), String::new(), String::new());
        let mut is_fenced = false;
        for line in self.text.lines() {
            if line.trim_start().starts_with("```") {
                is_fenced = !is_fenced;
            } else if is_fenced {
                let line = line.split_once(" #").map_or(line, |(code, _)| code);
                if let Some(part) = line.strip_suffix('\\') {
                    unfinished += part;
                } else {
                    code.push(std::mem::take(&mut unfinished) + line.trim());
                }
            } else {
                prose += line;
                prose.push(' ');
            }
        }
        code.extend(prose.split('`').skip(1).step_by(2).map(ToOwned::to_owned));
        code
    }

    /// The words of every command in the code. Commands on one line are separated, and variables before a command are
    /// left out.
    #[must_use]
    pub fn commands(&self) -> Vec<Vec<String>> {
        let code = self.code();
        let commands = code.iter().flat_map(|line| line.split("; ")).map(|command| {
            let words = command.split_whitespace();
            let is_variable = |word: &&str| {
                word.split_once('=')
                    .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
            };
            words.skip_while(is_variable).map(ToOwned::to_owned).collect::<Vec<_>>()
        });
        commands.filter(|words| !words.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_in_blocks_and_in_prose() {
        let page = Page {
            path: String::new(),
            text: "Run `make\nall`.\n```\nA=1 b c \\\n    d   # e\nf; g\n```\nThen `h`.".to_owned(),
        };
        let commands: Vec<String> = page.commands().iter().map(|words| words.join(" ")).collect();
        assert_eq!(commands, ["b c d", "f", "g", "make all", "h"]);
    }
}
