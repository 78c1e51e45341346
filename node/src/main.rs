//! `shelfproof`: will sell keys. It has its name and its place, and does nothing yet.

use std::env;
use std::process::ExitCode;

const ABOUT: &str = concat!(
    "shelfproof ",
    env!("CARGO_PKG_VERSION"),
    "\n\nWill sell keys: serve, worker, migrate, import, activate, dev, admin. It does nothing yet.\n\n",
    "Usage: shelfproof [--help | --version]"
);

fn main() -> ExitCode {
    match env::args().nth(1).as_deref() {
        Some("--help" | "-h") => println!("{ABOUT}"),
        Some("--version" | "-V") => println!("shelfproof {}", env!("CARGO_PKG_VERSION")),
        _ => {
            eprintln!("{ABOUT}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
