//! The rules of each section, and those between sections.

use secrecy::ExposeSecret;
use shelfproof_base::config::{Check, broken, within};
use shelfproof_base::web::{is_this_machine, is_web_address, parse_url};

use super::{Checkout, Config, Gateways, Http, Proofs, Sale, Shop, Worker};
use crate::domain::order::MAX_KEYS;
use crate::gateway::account::Account;

/// The longest data URI that the registry keeps.
const DATA_URI_MAX_BYTES: usize = 512;

/// The longest name of an account at a gateway.
const ACCOUNT_NAME_MAX: usize = 40;

/// The longest name of a shop.
const NAME_MAX_CHARS: usize = 100;

pub(super) fn http(http: &Http) -> Vec<Check> {
    let is_taken = http.listen.port() != 0 && http.metrics_listen == Some(http.listen);
    broken([
        is_taken.then(|| ("metrics_listen", "must be another address than http.listen".to_owned())),
        within("timeout_ms", http.timeout_ms, 100..=120_000),
        within("requests_max", http.requests_max as u64, 1..=65_536),
        within("body_max_bytes", http.body_max_bytes as u64, 1_024..=1 << 20),
        within("import_max_bytes", http.import_max_bytes as u64, 1_024..=64 << 20),
        within("drain_ms", http.drain_ms, 0..=300_000),
    ])
}

pub(super) fn shop(shop: &Shop) -> Vec<Check> {
    let name_chars = shop.name.trim().chars().count();
    let is_uri = ["https://", "http://"]
        .iter()
        .any(|scheme| shop.data_uri.starts_with(scheme));
    broken([
        (!(1..=NAME_MAX_CHARS).contains(&name_chars))
            .then(|| ("name", format!("must have 1 to {NAME_MAX_CHARS} characters"))),
        (!is_uri || shop.data_uri.len() > DATA_URI_MAX_BYTES).then(|| {
            let rule = format!("must be an http or https address of at most {DATA_URI_MAX_BYTES} bytes");
            ("data_uri", rule)
        }),
    ])
}

pub(super) fn sale(sale: &Sale) -> Vec<Check> {
    broken([
        within("workers", sale.workers as u64, 1..=64),
        within("batch_max", sale.batch_max as u64, 1..=1_000),
        within(
            "batch_keys_max",
            u64::from(sale.batch_keys_max),
            u64::from(MAX_KEYS)..=10_000,
        ),
        within("lane_max", sale.lane_max as u64, 1..=1_000_000),
        within("queue_max", sale.queue_max as u64, 1..=1_000_000),
        within("lock_wait_ms", sale.lock_wait_ms, 10..=5_000),
        within("anchor_within_s", sale.anchor_within_s, 600..=86_400),
        // An event may be ten minutes later than its block; a minute is the margin.
        within("chain_apart_max_s", sale.chain_apart_max_s, 30..=540),
        (sale.queue_max < sale.lane_max).then(|| {
            (
                "queue_max",
                format!("must be at least sale.lane_max ({})", sale.lane_max),
            )
        }),
        (sale.queue_max < sale.batch_max).then(|| {
            (
                "queue_max",
                format!("must be at least sale.batch_max ({})", sale.batch_max),
            )
        }),
    ])
}

pub(super) fn checkout(checkout: &Checkout) -> Vec<Check> {
    let is_refused = checkout.public_url.as_deref().is_some_and(|url| !is_public_url(url));
    broken([
        is_refused.then(|| {
            let rule = "must be an address like https://shop.example, without a path; http is for this machine only";
            ("public_url", rule.to_owned())
        }),
        within("pay_within_s", checkout.pay_within_s, 60..=86_400),
        within(
            "pending_per_contact",
            u64::from(checkout.pending_per_contact),
            1..=1_000,
        ),
        within(
            "pending_per_address",
            u64::from(checkout.pending_per_address),
            1..=1_000_000,
        ),
        // An order of the largest size must fit.
        within(
            "held_per_address",
            u64::from(checkout.held_per_address),
            u64::from(MAX_KEYS)..=1_000_000,
        ),
        within(
            "held_per_product",
            u64::from(checkout.held_per_product),
            u64::from(MAX_KEYS)..=1_000_000,
        ),
    ])
}

/// Whether buyers and gateways can be sent to that address.
fn is_public_url(text: &str) -> bool {
    parse_url(text).is_ok_and(|url| {
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let has_user = !url.username().is_empty() || url.password().is_some();
        is_bare && !has_user && (url.scheme() == "https" || is_this_machine(&url))
    })
}

/// Whether the shop's own address is this machine's, as in a shop that is tried out.
fn is_at_home(checkout: &Checkout) -> bool {
    let url = checkout.public_url.as_deref().map(parse_url);
    url.is_some_and(|url| url.is_ok_and(|url| is_this_machine(&url)))
}

/// What is wrong with the accounts, each rule with the field's name below the section.
pub(super) fn gateways(gateways: &Gateways, checkout: &Checkout) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    for (name, account) in &gateways.0 {
        if !is_account_name(name) {
            let rule = format!("must be called by 1 to {ACCOUNT_NAME_MAX} small letters, digits and dashes");
            wrong.push((name.clone(), rule));
        }
        let checks = account.broken().into_iter();
        wrong.extend(checks.map(|(field, rule)| (format!("{name}.{field}"), rule)));
        if matches!(account, Account::Test(_)) && !is_at_home(checkout) {
            let rule = "is for a shop that is tried out: checkout.public_url must be an address of this machine";
            wrong.push((format!("{name}.kind"), rule.to_owned()));
        }
    }
    wrong
}

fn is_account_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=ACCOUNT_NAME_MAX).contains(&name.len()) && !name.starts_with('-') && name.bytes().all(is_plain)
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "a section's rules take it as all the others do"
)]
pub(super) fn worker(worker: &Worker) -> Vec<Check> {
    broken([
        within("check_every_s", worker.check_every_s, 1..=86_400),
        within("outbox_keep_days", worker.outbox_keep_days, 1..=3_650),
    ])
}

pub(super) fn proofs(proofs: &Proofs) -> Vec<Check> {
    let is_refused = proofs
        .prover
        .as_ref()
        .is_some_and(|prover| !is_web_address(prover.expose_secret()));
    broken([is_refused.then(|| ("prover", "must be an address like http://127.0.0.1:8090".to_owned()))])
}

/// Rules between sections.
pub(super) fn together(config: &Config) -> Vec<Check> {
    // Selling must leave connections to look-ups and health checks.
    let least = config.sale.workers as u64 + 2;
    let pool = || format!("must be at least sale.workers and two more ({least})");
    // The orders of one account that this node can have at once: those that wait, and all of the batches under way. They
    // must leave room for the requests of others.
    let of_account = config.sale.lane_max + config.sale.workers * config.sale.batch_max;
    let requests = || format!("must be more than sale.lane_max + sale.workers * sale.batch_max ({of_account})");
    let is_nowhere = config.checkout.public_url.is_none() && !config.gateways.0.is_empty();
    let nowhere = "must be set where there are gateways: they send their notices there";
    broken([
        is_nowhere.then(|| ("checkout.public_url", nowhere.to_owned())),
        (u64::from(config.database.pool_size) < least).then(|| ("database.pool_size", pool())),
        (config.http.requests_max <= of_account).then(|| ("http.requests_max", requests())),
    ])
}
