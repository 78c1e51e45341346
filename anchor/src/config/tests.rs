use secrecy::ExposeSecret;
use shelfproof_base::config::Flag;
use shelfproof_base::log::LogFormat;
use shelfproof_verifier::chain::rpc::Finality;
use tempfile::TempDir;

use super::*;

const WHOLE: &str = r#"
[database]
url = "postgres://shop:geheim@db/shop"
[keys]
folder = "keys"
passphrase_file = "/run/passphrase"
[chain]
chain_id = 31337
registry = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
merchant_id = "0x1111111111111111111111111111111111111111111111111111111111111111"
rpc = "https://user:geheim@node.example:8545/v3/geheim?key=geheim"
[anchor]
folder = "anchor"
"#;

/// The settings of a file with that text, in a folder of its own.
fn settings(text: &str, flags: &[Flag]) -> (TempDir, Result<Settings, ConfigError>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shelfproof.toml");
    std::fs::write(&path, text).unwrap();
    let settings = Settings::read(Some(&path), flags);
    (folder, settings)
}

fn config(text: &str) -> Result<Config, ConfigError> {
    let (_folder, settings) = settings(text, &[]);
    Config::read(&settings?)
}

fn error(text: &str) -> String {
    config(text).unwrap_err().to_string()
}

/// The whole file with one line changed.
fn error_with(line: &str, other: &str) -> String {
    assert!(WHOLE.contains(line), "{line}");
    error(&WHOLE.replace(line, other))
}

#[test]
fn a_file_with_what_has_no_default_is_enough() {
    let (folder, settings) = settings(WHOLE, &[]);
    let config = Config::read(&settings.unwrap()).unwrap();
    assert_eq!(config.database.url.expose_secret(), "postgres://shop:geheim@db/shop");
    assert_eq!(config.keys.folder, folder.path().join("keys"));
    assert_eq!(config.keys.passphrase_file.to_str(), Some("/run/passphrase"));
    assert_eq!(config.chain.identity().chain_id, 31337);
    assert_eq!(config.chain.finality(), Finality::Tag);
    assert_eq!(config.anchor.folder, folder.path().join("anchor"));
    assert_eq!(config.anchor.listen.to_string(), "127.0.0.1:8090");
    assert_eq!(config.log.format, LogFormat::Text);
}

#[test]
fn sections_of_the_other_program_are_passed_over() {
    let others = "[http]\n[shop]\nname = 7\n[sale]\n[worker]\n[proofs]\n";
    assert!(config(&format!("{WHOLE}{others}")).is_ok());
}

#[test]
fn of_the_sales_only_the_journal_is_read() {
    let sale = "[sale]\nworkers = 7\njournal = \"journal\"\n";
    let (folder, settings) = settings(&format!("{WHOLE}{sale}"), &[]);
    let config = Config::read(&settings.unwrap()).unwrap();
    assert_eq!(config.sale.journal, Some(folder.path().join("journal")));
}

#[test]
fn a_password_is_in_no_debug_and_no_description() {
    let (_folder, settings) = settings(WHOLE, &[]);
    let settings = settings.unwrap();
    let config = Config::read(&settings).unwrap();
    let text = settings.describe(&config);
    assert!(text.contains("postgres://shop:***@db/shop"), "{text}");
    assert!(text.contains("rpc = \"https://node.example:8545\""), "{text}");
    assert!(!format!("{settings:?}{config:?}{text}").contains("geheim"));
}

#[test]
fn every_missing_field_is_named_at_once_with_its_variable() {
    let error = error("");
    for field in ["database.url", "keys.folder", "chain.chain_id", "anchor.folder"] {
        assert!(error.contains(field), "{field}: {error}");
    }
    assert!(error.contains("SHELFPROOF_KEYS__FOLDER"), "{error}");
}

#[test]
fn unknown_fields_and_sections_are_refused() {
    let field = error_with("folder =", "foldr = 1\nfolder =");
    assert!(
        field.contains("keys.foldr is unknown here; known are folder, passphrase_file"),
        "{field}"
    );
    assert!(field.contains("shelfproof.toml"), "{field}");
    let section = error_with("[keys]", "[key]\n[keys]");
    assert!(
        section.contains("key is unknown here; known are database, keys"),
        "{section}"
    );
}

#[test]
fn a_wrong_type_is_told_without_the_text_that_stood_there() {
    let error = error_with("[keys]", "pool_size = \"postgres://u:geheim@h/d\"\n[keys]");
    assert!(error.contains("database.pool_size must be u32, not a text"), "{error}");
    assert!(!error.contains("geheim"));
}

#[test]
fn a_file_that_is_no_toml_is_told_by_its_line_alone() {
    let error = error("[database]\nurl = postgres://u:geheim@h/d\n");
    assert!(error.contains("line 2"), "{error}");
    assert!(!error.contains("geheim"), "{error}");
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let error = Settings::read(Some(&folder.path().join("none.toml")), &[]).unwrap_err();
    assert!(matches!(error, ConfigError::Unreadable { .. }));
}

#[test]
fn a_flag_that_cannot_be_used_is_named() {
    let flag = Flag {
        name: "--anchor-listen",
        field: "anchor.listen",
        value: "everywhere".to_owned(),
    };
    let (_folder, settings) = settings(WHOLE, &[flag]);
    let error = Config::read(&settings.unwrap()).unwrap_err().to_string();
    assert!(
        error.contains("anchor.listen") && error.contains("the flag --anchor-listen"),
        "{error}"
    );
}

#[test]
fn the_address_may_stand_in_a_file_of_its_own() {
    let text = WHOLE.replace("url = \"postgres://shop:geheim@db/shop\"", "url_file = \"url\"");
    let (folder, settings) = settings(&text, &[]);
    let settings = settings.unwrap();
    let missing = Config::read(&settings).unwrap_err().to_string();
    assert!(
        missing.contains("database.url_file names") && missing.contains("cannot be read"),
        "{missing}"
    );

    let file = folder.path().join("url");
    std::fs::write(&file, "geheim").unwrap();
    let wrong = Config::read(&settings).unwrap_err().to_string();
    assert!(
        wrong.contains("database.url_file names a file whose content must be"),
        "{wrong}"
    );
    assert!(!wrong.contains("geheim"));

    std::fs::write(&file, "postgres://shop:geheim@db/shop\n").unwrap();
    let config = Config::read(&settings).unwrap();
    assert_eq!(config.database.url.expose_secret(), "postgres://shop:geheim@db/shop");
}

#[test]
fn a_node_s_address_may_stand_in_a_file_of_its_own() {
    let rpc = "rpc = \"https://user:geheim@node.example:8545/v3/geheim?key=geheim\"";
    let (folder, settings) = settings(&WHOLE.replace(rpc, "rpc_file = \"rpc\""), &[]);
    let settings = settings.unwrap();
    let file = folder.path().join("rpc");
    std::fs::write(&file, "ws://geheim").unwrap();
    let wrong = Config::read(&settings).unwrap_err().to_string();
    assert!(
        wrong.contains("chain.rpc_file names a file whose content must be"),
        "{wrong}"
    );
    assert!(!wrong.contains("geheim"), "{wrong}");

    std::fs::write(&file, "https://node.example/geheim\n").unwrap();
    let config = Config::read(&settings).unwrap();
    assert_eq!(config.chain.rpc.expose_secret(), "https://node.example/geheim");
    let text = settings.describe(&config);
    let line = text.lines().find(|line| line.starts_with("rpc = ")).unwrap();
    assert!(
        line.contains("\"https://node.example\"") && line.contains("shelfproof.toml"),
        "{line}"
    );

    let both = error_with(rpc, &format!("{rpc}\nrpc_file = \"rpc\""));
    assert!(both.contains("chain.rpc and rpc_file are both set"), "{both}");
    let none = error_with(rpc, "");
    assert!(
        none.contains("chain.rpc is not set") && none.contains("chain.rpc_file"),
        "{none}"
    );
}

#[test]
fn numbers_have_bounds() {
    let cases = [
        ("every_s = 0", "anchor.every_s must be 1 to 43200, not 0"),
        ("events_max = 1048577", "anchor.events_max must be 1 to 1048576"),
        ("margin_s = 43201", "anchor.margin_s must be 0 to 43200"),
        (
            "pending_epochs_max = 1025",
            "anchor.pending_epochs_max must be 1 to 1024",
        ),
        (
            "pending_events_max = 16000001",
            "anchor.pending_events_max must be 1 to 16000000",
        ),
        ("poll_ms = 9", "anchor.poll_ms must be 10 to 60000"),
        ("max_fee_gwei = 0", "anchor.max_fee_gwei must be 1 to 1000000"),
        (
            "read_back_url = \"ftp://shop.example\"",
            "anchor.read_back_url must be an address like https://shop.example/data",
        ),
    ];
    for (line, rule) in cases {
        let error = error(&format!("{WHOLE}{line}"));
        assert!(error.contains(rule), "{line}: {error}");
    }
    let pool = error_with("[keys]", "pool_size = 3\n[keys]");
    assert!(pool.contains("database.pool_size must be 4 to 1000, not 3"), "{pool}");
    let confirmations = error_with("[anchor]", "confirmations = 0\n[anchor]");
    assert!(
        confirmations.contains("chain.confirmations must be 1 to 10000, not 0"),
        "{confirmations}"
    );
    let three = config(&WHOLE.replace("[anchor]", "confirmations = 3\n[anchor]")).unwrap();
    assert_eq!(three.chain.finality(), Finality::Confirmations(3));
}

#[test]
fn values_are_held_to_their_forms() {
    let cases = [
        ("chain_id = 31337", "chain_id = 0", "chain.chain_id must be 1 to"),
        (
            "0x5FbDB2315678afecb367f032d93F642f64180aa3",
            "0x5FbD",
            "chain.registry cannot be used",
        ),
        (
            "0x5FbDB2315678afecb367f032d93F642f64180aa3",
            "0x0000000000000000000000000000000000000000",
            "chain.registry must not be zero",
        ),
        (
            "postgres://shop:geheim@db/shop",
            "mysql://shop:geheim@db/shop",
            "database.url must be an address",
        ),
        (
            "rpc = \"https://",
            "rpc = \"ftp://",
            "chain.rpc must be an address like https://node.example",
        ),
        (
            "[keys]",
            "url_file = \"url\"\n[keys]",
            "database.url and url_file are both set",
        ),
    ];
    for (line, other, rule) in cases {
        let error = error_with(line, other);
        assert!(error.contains(rule), "{rule}: {error}");
        assert!(!error.contains("geheim"), "{error}");
    }
    let filter = error(&format!("{WHOLE}[log]\nfilter = \"shelfproof=loud\""));
    assert!(filter.contains("log.filter must be like"), "{filter}");
    let format = error(&format!("{WHOLE}[log]\nformat = \"xml\""));
    assert!(
        format.contains("log.format must be one of text, json, not xml"),
        "{format}"
    );
}
