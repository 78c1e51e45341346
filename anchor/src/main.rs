//! `shelfproof-anchor`: will seal, publish and anchor epochs. It has its name and its place, and does nothing yet.

use std::env;
use std::process::ExitCode;

const ABOUT: &str = concat!(
    "shelfproof-anchor ",
    env!("CARGO_PKG_VERSION"),
    "\n\nWill put a merchant's epochs on the chain and serve history proofs. It does nothing yet.\n\n",
    "Usage: shelfproof-anchor [--help | --version]"
);

fn main() -> ExitCode {
    match env::args().nth(1).as_deref() {
        Some("--help" | "-h") => println!("{ABOUT}"),
        Some("--version" | "-V") => println!("shelfproof-anchor {}", env!("CARGO_PKG_VERSION")),
        _ => {
            eprintln!("{ABOUT}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
