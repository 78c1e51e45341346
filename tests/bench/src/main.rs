//! `bench [NAME]`: runs all benchmarks that do not have to be named, or the one with that name, prints a table, and
//! writes `target/bench.json`.

use std::env;
use std::fs;
use std::process::ExitCode;

use shelfproof_bench::{ALL, Run, When, keep, table};
use shelfproof_tests::{Result, tools};

fn main() -> ExitCode {
    match run(env::args().nth(1).filter(|name| !name.is_empty()).as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(only: Option<&str>) -> Result<()> {
    let chosen: Vec<(&str, Run)> = ALL
        .into_iter()
        .filter(|(name, _, when)| only.map_or(*when == When::Always, |only| only == *name))
        .map(|(name, run, _)| (name, run))
        .collect();
    if chosen.is_empty() {
        return Err(format!("no such benchmark; there are {}", ALL.map(|(name, ..)| name).join(", ")).into());
    }
    let target = tools::root().join("target");
    fs::create_dir_all(&target)?;
    let mut samples = Vec::new();
    for (name, run) in chosen {
        eprintln!("measuring {name} …");
        // Below target/, which is on the disk: the folder for temporary files may be in memory.
        let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(&target)?;
        let measured = run(folder.path())?;
        // Written after each benchmark, so that a later one that fails does not lose this result.
        keep(&target.join("bench.json"), &measured)?;
        samples.extend(measured);
    }
    print!("{}", table(&samples)?);
    Ok(())
}
