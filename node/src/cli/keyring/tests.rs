use std::fs;
use std::path::Path;

use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: KeyringCommand,
}

const PASSPHRASE: &str = "correct horse battery";
const SECOND: &str = "another, kept elsewhere";

/// A folder with two passphrase files; keys go to `keys` in it.
fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("first"), format!("{PASSPHRASE}\n")).unwrap();
    fs::write(folder.path().join("second"), SECOND).unwrap();
    fs::write(folder.path().join("short"), "elevenchars").unwrap();
    fs::write(folder.path().join("shelfproof.toml"), "").unwrap();
    folder
}

/// The answer to a line whose words that begin with `@` are files in `folder`.
fn ask(folder: &Path, line: &str) -> Result<Answer, Failure> {
    let words = line.split(' ').map(|word| match word.strip_prefix('@') {
        Some(file) => folder.join(file).display().to_string(),
        None => word.to_owned(),
    });
    let cli = Cli::try_parse_from(["keyring".to_owned()].into_iter().chain(words))?;
    let settings = Settings::read_apart(&folder.join("shelfproof.toml"), &cli.command.flags())?;
    answer(cli.command, &settings)
}

const OPEN: &str = "--folder @keys --passphrase-file @first";

#[test]
fn init_tells_what_each_key_is_for_and_what_to_back_up() {
    let folder = place();
    let answer = ask(folder.path(), &format!("init {OPEN}")).unwrap();
    for word in [
        "master-1",
        "vrf",
        "receipt-1",
        "token",
        "anchorer",
        "owner",
        "the proofs end",
        "export",
    ] {
        assert!(answer.text.contains(word), "{word}: {}", answer.text);
    }
    assert_eq!(answer.value["keys"].as_array().unwrap().len(), 6);
    assert_eq!(ask(folder.path(), "list --folder @keys").unwrap().value, answer.value);
    assert!(!answer.text.contains(PASSPHRASE));
    assert!(
        ask(folder.path(), &format!("init {OPEN}")).is_err(),
        "never over keys that are there"
    );
}

#[test]
fn a_short_passphrase_seals_nothing() {
    let folder = place();
    let refused = ask(folder.path(), "init --folder @keys --passphrase-file @short")
        .err()
        .unwrap();
    assert!(refused.to_string().contains("12 characters"), "{refused}");
    assert!(!refused.to_string().contains("elevenchars"));
    assert!(!folder.path().join("keys").exists());
    assert!(ask(folder.path(), "init --folder @keys --passphrase-file @missing").is_err());
    ask(folder.path(), &format!("init {OPEN}")).unwrap();
    let short = ask(
        folder.path(),
        &format!("export {OPEN} --to @backup --to-passphrase-file @short"),
    );
    assert!(short.is_err());
}

#[test]
fn a_backup_is_restored_by_init() {
    let folder = place();
    let made = ask(folder.path(), &format!("init {OPEN}")).unwrap();
    let line = format!("export {OPEN} --to @backup --to-passphrase-file @second");
    assert!(ask(folder.path(), &line).unwrap().text.contains("vrf"));
    let line = "init --folder @other --passphrase-file @first --from @backup --from-passphrase-file @second";
    assert_eq!(ask(folder.path(), line).unwrap().value, made.value);
    let without = "init --folder @third --passphrase-file @first --from @backup";
    assert!(ask(folder.path(), without).is_err());
}

#[test]
fn rotation_says_what_must_follow() {
    let folder = place();
    ask(folder.path(), &format!("init {OPEN}")).unwrap();
    let master = ask(folder.path(), &format!("rotate master {OPEN}")).unwrap();
    assert!(
        master.text.contains("rewrap") && master.text.contains("master-2"),
        "{}",
        master.text
    );
    let receipt = ask(folder.path(), &format!("rotate receipt {OPEN}")).unwrap();
    assert!(
        receipt.text.contains("addReceiptSigner") && receipt.text.contains("use-receipt 2"),
        "{}",
        receipt.text
    );
    let used = ask(folder.path(), &format!("use-receipt 2 {OPEN}")).unwrap();
    assert_eq!(used.value, receipt.value);
    assert!(ask(folder.path(), &format!("use-receipt 3 {OPEN}")).is_err());
    let vrf = ask(folder.path(), &format!("rotate vrf {OPEN}")).err().unwrap();
    assert!(vrf.to_string().contains("sold again"), "{vrf}");
}

#[test]
fn the_configuration_says_where_the_keys_lie_and_flags_stand_above_it() {
    let folder = place();
    let unset = ask(folder.path(), "rotate master").err().unwrap().to_string();
    assert!(
        unset.contains("keys.folder is not set") && unset.contains("SHELFPROOF_KEYS__FOLDER"),
        "{unset}"
    );
    let config = "[keys]\nfolder = \"keys\"\npassphrase_file = \"first\"\n";
    fs::write(folder.path().join("shelfproof.toml"), config).unwrap();
    let made = ask(folder.path(), "init").unwrap();
    assert_eq!(ask(folder.path(), "list").unwrap().value, made.value);
    assert_eq!(ask(folder.path(), "list --folder @keys").unwrap().value, made.value);
    assert!(ask(folder.path(), "list --folder @others").is_err());
    let wrong = ask(folder.path(), "rotate master --passphrase-file @second")
        .err()
        .unwrap();
    assert!(!wrong.to_string().contains(SECOND), "{wrong}");
    assert!(ask(folder.path(), "rotate master").unwrap().text.contains("master-2"));
}
