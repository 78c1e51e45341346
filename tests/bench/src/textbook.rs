//! Runs the textbook service (`bench-service`) over a database of its own, with the same clients as the node.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use shelfproof_tests::child::{Server, Signal};
use shelfproof_tests::load::{Answered, Load, Plan, is_sale, rate};
use shelfproof_tests::postgres::Postgres;
use shelfproof_tests::shop::{CURRENCY, PRICE_MINOR, address_after, order_of};
use shelfproof_tests::{Result, tools};

use super::shop::CLIENTS;

/// The sizes of its connection pool that are tried. The best result counts.
const CONNECTIONS: [u32; 4] = [8, 16, 32, 64];

/// How long each size sells. Only the time after a warm-up counts.
const LENGTH: Duration = Duration::from_secs(12);
const WARM_UP: Duration = Duration::from_secs(2);

/// The number of cards that are loaded per second of load: more than it can sell.
const CARDS_A_SECOND: u64 = 8_000;

const PRODUCT: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const ACCOUNT: &str = "01890a5d-ac96-774b-bcce-b302099a8058";
const TOKEN: &str = "a-token-of-the-baseline";

/// How long it may take to listen.
const START_BOUND: Duration = Duration::from_secs(30);

/// The best rate, and the size of the connection pool that gave it.
pub(super) struct Best {
    pub(super) sales: f64,
    pub(super) connections: u32,
}

/// Measures the service with each pool size, each over a fresh database of that cluster.
pub(super) fn best(postgres: &Postgres, folder: &Path) -> Result<Best> {
    let mut best = Best {
        sales: 0.0,
        connections: 0,
    };
    for connections in CONNECTIONS {
        let sales = measure(postgres, folder, connections)?;
        if sales > best.sales {
            best = Best { sales, connections };
        }
    }
    Ok(best)
}

fn measure(postgres: &Postgres, folder: &Path, connections: u32) -> Result<f64> {
    let database = postgres.database()?;
    let cards = LENGTH.as_secs() * CARDS_A_SECOND;
    load(postgres, &database, cards)?;
    let mut command = Command::new(tools::binary("bench-service")?);
    command.args([postgres.connection_url(&database), connections.to_string()]);
    let log = folder.join(format!("{database}.log"));
    let mut server = Server::start("bench-service", command, Signal::Kill, &log)?;
    let address: SocketAddr = server.wait_for(START_BOUND, |log| address_after(log, "listening on http://"))?;
    let load = Load {
        address,
        token: TOKEN.to_owned(),
        bodies: vec![order_of(PRODUCT)],
        clients: CLIENTS,
        expects: is_sale,
    };
    let answers = load.run(&Plan {
        rate: None,
        length: LENGTH,
        orders: u32::try_from(cards)?,
    })?;
    drop(server);
    check(postgres, &database, &answers)?;
    postgres.psql("postgres", &format!("DROP DATABASE {database} WITH (FORCE)"))?;
    Ok(rate(&answers, WARM_UP, LENGTH))
}

/// Creates the tables with a product, an account with enough credit, and cards.
fn load(postgres: &Postgres, database: &str, cards: u64) -> Result<()> {
    let psql = |sql: &str| postgres.psql(database, sql).map(drop);
    psql(include_str!("service/schema.sql"))?;
    psql(&format!(
        "INSERT INTO products VALUES ('{PRODUCT}', {PRICE_MINOR}, '{CURRENCY}');
         INSERT INTO accounts VALUES ('{ACCOUNT}', sha256('{TOKEN}'));
         INSERT INTO wallets VALUES ('{ACCOUNT}', {PRICE_MINOR} * {cards});
         INSERT INTO cards (id, product_id, seq, code)
         SELECT n, '{PRODUCT}', n, md5(n::text) FROM generate_series(1, {cards}) n"
    ))?;
    psql("VACUUM ANALYZE")?;
    psql("CHECKPOINT")
}

/// Checks that no code was delivered twice, and that orders, cards and money agree with the answers.
fn check(postgres: &Postgres, database: &str, answers: &[Answered]) -> Result<()> {
    let mut codes = HashSet::new();
    for answer in answers {
        let answer: Value = serde_json::from_slice(&answer.body)?;
        let code = answer["items"][0]["code"].as_str().ok_or("an answer without a code")?;
        if !codes.insert(code.to_owned()) {
            return Err("the textbook service sold a code twice".into());
        }
    }
    let books = postgres.psql(
        database,
        &format!(
            "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM cards WHERE is_sold),
                    (SELECT (SELECT count(*) FROM cards) - balance_minor / {PRICE_MINOR} FROM wallets)"
        ),
    )?;
    let sold = codes.len();
    if books != format!("{sold}|{sold}|{sold}") {
        return Err(
            format!("{sold} codes were delivered; orders, cards and money of the textbook service: {books}").into(),
        );
    }
    Ok(())
}
