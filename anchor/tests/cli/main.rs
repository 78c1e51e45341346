//! `shelfproof-anchor` itself, as a process, where it needs no chain.

use std::io;
use std::process::{Command, Output};

fn run(line: &str) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_shelfproof-anchor"));
    program
        .args(line.split_whitespace())
        .output()
        .expect("shelfproof-anchor starts")
}

#[test]
fn every_command_has_help_that_says_how_it_is_used() {
    for command in [
        "",
        "deploy",
        "register",
        "run",
        "status",
        "rebuild",
        "follow",
        "rotate",
        "rotate anchorer",
        "rotate receipt",
        "rotate data-uri",
        "export",
    ] {
        let output = run(&format!("{command} --help"));
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(
            output.status.success() && text.contains(format!("Usage: shelfproof-anchor {command}").trim_end()),
            "{text}"
        );
    }
}

#[test]
fn a_reader_that_has_gone_is_no_panic() {
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    let mut program = Command::new(env!("CARGO_BIN_EXE_shelfproof-anchor"));
    program.args(["--json", "deploy", "--dev-account", "0", "--rpc", "http://127.0.0.1:1"]);
    let output = program.stdout(writer).output().expect("shelfproof-anchor starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.is_empty(), "{said}");
}
