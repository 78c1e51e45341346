//! The commands for the merchant's keys, with correct and with wrong passphrases.

use std::fs;
use std::path::Path;

use shelfproof_tests::Result;
use shelfproof_tests::shop::TestShop;

use super::life::Life;
use super::{Kind, Place};

/// The passphrase of the keys, that of their backup, one of neither, and one that is too short.
const PASSPHRASES: [(&str, &str); 4] = [
    ("own", "passphrase of the keys 7f31c2"),
    ("second", "passphrase of the backup 7f31c2"),
    ("wrong", "passphrase of nothing 7f31c2"),
    ("short", "short7f31c"),
];

/// The commands; each runs in a folder of its own. Arguments that begin with `@` are files there.
const COMMANDS: [(&str, bool); 12] = [
    ("init --folder @keys --passphrase-file @short", false),
    ("init --folder @keys --passphrase-file @own", true),
    ("init --folder @keys --passphrase-file @own", false),
    ("list --folder @keys", true),
    (
        "export --folder @keys --passphrase-file @wrong --to @no --to-passphrase-file @second",
        false,
    ),
    (
        "export --folder @keys --passphrase-file @own --to @backup --to-passphrase-file @second",
        true,
    ),
    ("rotate master --folder @keys --passphrase-file @wrong", false),
    ("rotate master --folder @keys --passphrase-file @own", true),
    ("rotate receipt --folder @keys --passphrase-file @own", true),
    ("rotate vrf --folder @keys --passphrase-file @own", false),
    (
        "init --folder @other --passphrase-file @own --from @backup --from-passphrase-file @wrong",
        false,
    ),
    (
        "init --folder @other --passphrase-file @own --from @backup --from-passphrase-file @second",
        true,
    ),
];

/// Runs the commands, and reads their output and files.
pub(crate) fn keys(shop: &TestShop, life: &mut Life) -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (name, passphrase) in PASSPHRASES {
        fs::write(folder.path().join(name), passphrase)?;
        life.secrets.push((Kind::Password, passphrase.to_owned()));
    }
    for (line, is_done) in COMMANDS {
        let words: Vec<String> = line
            .split(' ')
            .map(|word| match word.strip_prefix('@') {
                Some(file) => folder.path().join(file).display().to_string(),
                None => word.to_owned(),
            })
            .collect();
        let words: Vec<&str> = ["admin", "keyring"]
            .into_iter()
            .chain(words.iter().map(String::as_str))
            .collect();
        let output = shop.cli.output(&words)?;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.success(), is_done, "{line}: {said}");
        life.read.push((Place::Printed, said));
    }
    for (name, _) in PASSPHRASES {
        fs::remove_file(folder.path().join(name))?;
    }
    read_files(folder.path(), life)
}

/// Reads all files below `folder`, which contain keys encrypted under passphrases.
fn read_files(folder: &Path, life: &mut Life) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_files(&path, life)?;
        } else {
            let text = String::from_utf8_lossy(&fs::read(path)?).into_owned();
            life.read.push((Place::File, text));
        }
    }
    Ok(())
}
