//! `demo [--once] [--small] [--folder FOLDER]`: plays the demo, and serves until Ctrl-C. `make demo` runs it.

use std::env;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use shelfproof_demo::{Ending, Plan, Size, run};
use shelfproof_tests::{Result, tools};

const HELP: &str = "\
Plays the demo: a shop on this machine, the whole way of its keys, and every cheat caught.
演示：在本机开一家店，走完卡密的全部流程，并当场识破每一种作弊。

Usage: demo [--once] [--small] [--folder FOLDER]

  --once           End after the checks, with exit status 0 where all held, 1 where not
  --small          Fewer keys: what the test suite plays
  --folder FOLDER  The folder that keeps it, emptied at the start [default: .shelfproof/demo]
";

const STOPPED_WORDS: &str = "
demo: stopped before its end; nothing is left running. 演示中途停止，没有遗留进程。
";

/// The exit status of a program that was ended with Ctrl-C.
const STOPPED: u8 = 130;

fn main() -> ExitCode {
    let played = match plan(env::args().skip(1)) {
        Ok(Some(plan)) => run(&plan),
        Ok(None) => {
            say(&mut stdout(), HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => Err(error),
    };
    match played {
        Ok(Ending::Whole) => ExitCode::SUCCESS,
        Ok(Ending::Stopped) => {
            say(&mut stderr(), STOPPED_WORDS);
            ExitCode::from(STOPPED)
        }
        Err(error) => {
            say(&mut stderr(), &format!("\ndemo: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Whether the environment asks for Chinese. The first of these variables that is set decides.
fn is_chinese() -> bool {
    let mut set = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(env::var_os);
    set.find(|value| !value.is_empty())
        .is_some_and(|value| value.to_string_lossy().starts_with("zh"))
}

/// Prints `text`, and ignores errors: the reader may have closed the other end.
fn say(out: &mut impl Write, text: &str) {
    let _ = out.write_all(text.as_bytes());
}

/// Parses the arguments; `None` asks for the help text.
fn plan(mut args: impl Iterator<Item = String>) -> Result<Option<Plan>> {
    let mut plan = Plan {
        folder: tools::root().join(".shelfproof/demo"),
        size: Size::FULL,
        is_chinese: is_chinese(),
        once: false,
    };
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--once" => plan.once = true,
            "--small" => plan.size = Size::SMALL,
            "--folder" => plan.folder = args.next().ok_or("--folder wants a folder")?.into(),
            "--help" | "-h" => return Ok(None),
            other => return Err(format!("{other} is none of its options; see demo --help").into()),
        }
    }
    Ok(Some(plan))
}
