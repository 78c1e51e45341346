use secrecy::ExposeSecret;
use shelfproof_anchor::config::SHOP_SECTIONS;
use shelfproof_base::config::Flag;
use shelfproof_base::log::LogFormat;
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
[shop]
name = "卡店"
data_uri = "https://shop.example/data"
"#;

/// The settings of a file with that text, in a folder of its own.
fn settings(text: &str, flags: &[Flag]) -> (TempDir, Result<Settings, ConfigError>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shelfproof.toml");
    std::fs::write(&path, text).unwrap();
    let settings = Settings::read(Some(&path), flags);
    (folder, settings)
}

fn error(text: &str) -> String {
    let (_folder, settings) = settings(text, &[]);
    settings
        .and_then(|settings| Config::read(&settings))
        .unwrap_err()
        .to_string()
}

/// The whole file with one line changed.
fn error_with(line: &str, other: &str) -> String {
    assert!(WHOLE.contains(line), "{line}");
    error(&WHOLE.replace(line, other))
}

#[test]
fn a_file_with_what_has_no_default_is_enough() {
    let (folder, settings) = settings(WHOLE, &[]);
    let settings = settings.unwrap();
    let config = Config::read(&settings).unwrap();
    assert!(!format!("{settings:?} {config:?}").contains("geheim"));
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.database.url.expose_secret(), "postgres://shop:geheim@db/shop");
    assert_eq!(config.keys.folder, folder.path().join("keys"));
    assert_eq!(config.keys.passphrase_file.to_str(), Some("/run/passphrase"));
    assert_eq!(config.chain.identity().chain_id, 31337);
    assert_eq!(config.shop.name, "卡店");
    assert_eq!(config.log.format, LogFormat::Text);
}

#[test]
fn a_flag_stands_above_the_file() {
    let flag = Flag {
        name: "--listen",
        field: "http.listen",
        value: "127.0.0.1:0".to_owned(),
    };
    let (_folder, settings) = settings(&format!("{WHOLE}\n[http]\nlisten = \"127.0.0.1:9\""), &[flag]);
    let settings = settings.unwrap();
    let config = Config::read(&settings).unwrap();
    assert_eq!(config.http.listen.port(), 0);
    assert!(settings.describe(&config).contains("# the flag --listen"));
}

#[test]
fn the_description_is_a_file_that_says_the_same() {
    let (_folder, first) = settings(WHOLE, &[]);
    let first = first.unwrap();
    let config = Config::read(&first).unwrap();
    let (_folder, second) = settings(&first.describe(&config), &[]);
    let again = Config::read(&second.unwrap()).unwrap();
    assert_eq!(again.keys.folder, config.keys.folder);
    assert_eq!(again.sale.batch_max, config.sale.batch_max);
}

#[test]
fn numbers_have_bounds() {
    let cases = [
        (
            "[http]\ntimeout_ms = 99",
            "http.timeout_ms must be 100 to 120000, not 99",
        ),
        ("[http]\nrequests_max = 0", "http.requests_max must be 1 to 65536"),
        ("[http]\nbody_max_bytes = 1023", "http.body_max_bytes must be 1024"),
        (
            "[http]\nimport_max_bytes = 67108865",
            "http.import_max_bytes must be 1024 to 67108864",
        ),
        ("[http]\ndrain_ms = 300001", "http.drain_ms must be 0 to 300000"),
        ("[sale]\nworkers = 65", "sale.workers must be 1 to 64"),
        ("[sale]\nbatch_max = 1001", "sale.batch_max must be 1 to 1000"),
        (
            "[sale]\nbatch_keys_max = 99",
            "sale.batch_keys_max must be 100 to 10000",
        ),
        (
            "[sale]\nbatch_keys_max = 10001",
            "sale.batch_keys_max must be 100 to 10000",
        ),
        ("[sale]\nlane_max = 0", "sale.lane_max must be 1 to 1000000"),
        ("[sale]\nqueue_max = 1000001", "sale.queue_max must be 1 to 1000000"),
        (
            "[sale]\nanchor_within_s = 599",
            "sale.anchor_within_s must be 600 to 86400",
        ),
        (
            "[sale]\nchain_apart_max_s = 541",
            "sale.chain_apart_max_s must be 30 to 540",
        ),
        ("[worker]\ncheck_every_s = 0", "worker.check_every_s must be 1 to 86400"),
        (
            "[worker]\noutbox_keep_days = 0",
            "worker.outbox_keep_days must be 1 to 3650",
        ),
    ];
    for (lines, rule) in cases {
        let error = error(&format!("{WHOLE}{lines}"));
        assert!(error.contains(rule), "{lines}: {error}");
    }
}

#[test]
fn values_that_do_not_fit_each_other_are_refused() {
    let queue = error(&format!("{WHOLE}[sale]\nqueue_max = 10\nlane_max = 10\nbatch_max = 64"));
    assert!(
        queue.contains("sale.queue_max must be at least sale.batch_max (64)"),
        "{queue}"
    );
    let lane = error(&format!("{WHOLE}[sale]\nqueue_max = 100\nlane_max = 101"));
    assert!(
        lane.contains("sale.queue_max must be at least sale.lane_max (101)"),
        "{lane}"
    );
    let pool = error(&format!("{WHOLE}[sale]\nworkers = 15"));
    assert!(
        pool.contains("database.pool_size must be at least sale.workers and two more (17)"),
        "{pool}"
    );
    let requests = error(&format!("{WHOLE}[http]\nrequests_max = 384"));
    assert!(
        requests.contains("http.requests_max must be more than sale.lane_max + sale.workers * sale.batch_max (384)"),
        "{requests}"
    );
}

#[test]
fn metrics_have_an_address_of_their_own_or_none() {
    let lines = "[http]\nlisten = \"127.0.0.1:9\"\nmetrics_listen = \"127.0.0.1:9\"";
    let taken = error(&format!("{WHOLE}{lines}"));
    assert!(
        taken.contains("http.metrics_listen must be another address than http.listen"),
        "{taken}"
    );
    let (_folder, settings) = settings(&format!("{WHOLE}[http]\nmetrics_listen = \"127.0.0.1:9\""), &[]);
    let config = Config::read(&settings.unwrap()).unwrap();
    assert_eq!(config.http.metrics_listen.unwrap().port(), 9);
}

#[test]
fn a_worker_listens_where_it_is_told_to() {
    let (_folder, settings) = settings(&format!("{WHOLE}[worker]\nlisten = \"127.0.0.1:0\""), &[]);
    let settings = settings.unwrap();
    let config = Config::read(&settings).unwrap();
    assert_eq!(config.worker.listen.unwrap().port(), 0);
    assert!(settings.describe(&config).contains("listen = \"127.0.0.1:0\""));
}

#[test]
fn values_are_held_to_their_forms() {
    let cases = [
        ("卡店", " ", "shop.name must have 1 to 100 characters"),
        (
            "https://shop.example/data",
            "ftp://shop.example",
            "shop.data_uri must be an http",
        ),
    ];
    for (line, other, rule) in cases {
        let error = error_with(line, other);
        assert!(error.contains(rule), "{rule}: {error}");
    }
    let prover = error(&format!("{WHOLE}[proofs]\nprover = \"127.0.0.1:8090\""));
    assert!(
        prover.contains("proofs.prover must be an address like http://127.0.0.1:8090"),
        "{prover}"
    );
}

#[test]
fn a_prover_s_password_is_not_shown() {
    let prover = "[proofs]\nprover = \"http://user:geheim@prover:8090/geheim\"";
    let (_folder, settings) = settings(&format!("{WHOLE}{prover}"), &[]);
    let settings = settings.unwrap();
    let config = Config::read(&settings).unwrap();
    let shown = format!("{}{config:?}", settings.describe(&config));
    assert!(shown.contains("prover = \"http://prover:8090\""), "{shown}");
    assert!(!shown.contains("geheim"), "{shown}");
}

#[test]
fn the_anchor_passes_over_every_section_of_the_shop() {
    let own = |name: &&str| !shelfproof_anchor::config::Config::NAMES.contains(name);
    let shop: Vec<&str> = Config::NAMES.iter().copied().filter(own).collect();
    assert_eq!(SHOP_SECTIONS, shop);
}
