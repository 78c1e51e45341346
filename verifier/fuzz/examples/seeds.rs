//! Writes the seeds of each target into its corpus: `cargo run --example seeds`.

use std::fs;
use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    for (target, seeds) in shelfproof_fuzz::seeds::all() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        fs::create_dir_all(&folder)?;
        for (index, seed) in seeds.into_iter().enumerate() {
            fs::write(folder.join(format!("vector-{index:03}")), seed)?;
        }
    }
    Ok(())
}
