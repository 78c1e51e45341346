//! Help, and mistakes on the command line.

use std::io;
use std::process::{Command, Output};

fn run(line: &str) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_shelfproof"));
    program
        .args(line.split_whitespace())
        .output()
        .expect("shelfproof starts")
}

#[test]
fn every_command_has_help_that_says_how_it_is_used() {
    for command in [
        "", "serve", "worker", "migrate", "import", "activate", "dev", "init", "admin",
    ] {
        let output = run(&format!("{command} --help"));
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(
            output.status.success() && text.contains(format!("Usage: shelfproof {command}").trim_end()),
            "{text}"
        );
    }
}

#[test]
fn a_command_line_that_is_wrong_ends_with_2_and_names_the_mistake() {
    for (line, named) in [
        ("", "Usage"),
        ("sell", "sell"),
        ("serve --lisen x", "--lisen"),
        ("activate", "<ID|NAME>"),
    ] {
        let output = run(line);
        let text = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(
            output.status.code() == Some(2) && text.contains(named),
            "{line}: {text}"
        );
    }
}

#[test]
fn a_reader_that_has_gone_is_no_panic() {
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    let mut program = Command::new(env!("CARGO_BIN_EXE_shelfproof"));
    program.args(["--json", "--config", "there is none", "serve", "--check-config"]);
    let output = program.stdout(writer).output().expect("shelfproof starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.is_empty(), "{said}");
}
