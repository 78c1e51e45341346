//! The programs accept every command that README and `docs/` show.

use std::error::Error;
use std::process::Command;

use shelfproof_tests::pages::pages;
use shelfproof_tests::{Result, tools};

const PROGRAMS: [&str; 3] = ["shelfproof", "shelfproof-anchor", "shelfproof-verify"];

/// Placeholders on the pages, each with a value that a program accepts there.
const EXAMPLES: [(&str, &str); 4] = [
    ("ID", "01890a5d-ac96-774b-bcce-b302099a8057"),
    ("NEW", "0x1111111111111111111111111111111111111111"),
    ("OLD", "0x2222222222222222222222222222222222222222"),
    ("BATCH", "may"),
];

/// Returns the arguments as a reader would type them. An ellipsis stands for a hash, an address, any value, or further
/// arguments.
fn filled(words: &[String]) -> Vec<String> {
    let mut filled: Vec<String> = Vec::new();
    for word in words {
        let before = filled.last().map_or("", String::as_str);
        let example = EXAMPLES.iter().find(|(name, _)| name == word);
        match (word.as_str(), example) {
            (_, Some((_, value))) => filled.push((*value).to_owned()),
            ("0x…", None) if before == "--registry" => filled.push(format!("0x{}", "11".repeat(20))),
            ("0x…", None) => filled.push(format!("0x{}", "11".repeat(32))),
            ("…", None) if before.starts_with("--") => filled.push("value".to_owned()),
            ("…", None) => {}
            (word, None) => filled.push(word.to_owned()),
        }
    }
    filled
}

/// Returns the program's error message if it does not accept the arguments. `--help` at the end of a valid command line
/// ends the program without an effect.
fn refused(program: &str, arguments: &[String]) -> Result<Option<String>> {
    let mut said = String::new();
    let filled = filled(arguments);
    // Prose names an option without its value.
    let value = filled.last().filter(|word| word.starts_with("--")).map(|_| "value");
    for value in [None, value] {
        let mut command = Command::new(tools::binary(program)?);
        let output = command.args(&filled).args(value).arg("--help").output()?;
        if output.status.success() {
            return Ok(None);
        }
        said = String::from_utf8_lossy(&output.stderr).into_owned();
    }
    Ok(Some(said))
}

#[test]
fn every_command_in_the_pages_is_one_that_the_programs_take() -> Result<()> {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for page in pages()? {
        for words in page.commands() {
            let name = words[0].rsplit('/').next().unwrap_or_default();
            if words.len() == 1 || !PROGRAMS.contains(&name) {
                continue;
            }
            seen += 1;
            if let Some(said) = refused(name, &words[1..])? {
                wrong.push(format!("{}: {}: {}", page.path, words.join(" "), said.trim()));
            }
        }
    }
    assert!(seen > 20, "{seen} commands");
    assert!(
        wrong.is_empty(),
        "commands that no program takes:\n  {}",
        wrong.join("\n  ")
    );
    Ok(())
}

#[test]
fn a_command_with_a_wrong_word_or_flag_is_refused() -> Result<()> {
    let words = |line: &str| line.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>();
    let is_refused = |program: &str, line: &str| Ok::<_, Box<dyn Error>>(refused(program, &words(line))?.is_some());
    assert!(!is_refused("shelfproof", "admin order show ID")?);
    assert!(is_refused("shelfproof", "admin order shew ID")?);
    assert!(is_refused("shelfproof", "admin order list --stately")?);
    assert!(!is_refused("shelfproof-anchor", "rotate receipt NEW")?);
    assert!(is_refused("shelfproof-anchor", "rotate receipt nobody")?);
    Ok(())
}
