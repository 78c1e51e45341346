//! Vendors' files become keys on sale. Every line is imported or refused with a reason, also after interruptions.

use std::time::Duration;

use secrecy::ExposeSecret;
use shelfproof::domain::goods::WrappedKey;
use shelfproof::flow::activate::{ActivateError, activate_batch};
use shelfproof::flow::import::{ImportError, Report, Stage};
use shelfproof::import::{Encoding, Format, Options, ReadError};
use shelfproof::store::import::batch_find_by_name;
use shelfproof::store::product::product_stock;
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;
use shelfproof_tests::codes::{awkward, awkward_refused, codes, plain};
use shelfproof_tests::vector_chain::block_on;
use tokio::sync::Notify;

use super::shop::{Shop, data, of};

/// A file, the options to read it, the number of its lines and keys, and its refusals by line.
type Case = (&'static str, Options, u64, u64, &'static [(i64, &'static str)]);

fn beside(columns: &[&str]) -> Options {
    Options {
        extra_columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        ..Options::default()
    }
}

fn cases() -> Vec<Case> {
    let auto = Options::default;
    vec![
        ("lines.txt", auto(), 3, 3, &[]),
        (
            "stock.txt",
            of(Format::Lines),
            3,
            1,
            &[(1, "duplicate_in_stock"), (2, "duplicate_in_stock")],
        ),
        ("utf8-bom-crlf.txt", auto(), 4, 4, &[]),
        ("cr-only.txt", auto(), 4, 3, &[]),
        (
            "gbk-pairs.txt",
            of(Format::Pairs),
            7,
            3,
            &[(3, "no_code"), (4, "no_extra"), (5, "no_code"), (6, "code_unusual")],
        ),
        (
            "columns.csv",
            beside(&["密码", "备注"]),
            9,
            4,
            &[(7, "no_code"), (8, "no_code")],
        ),
        ("semicolons.csv", auto(), 3, 2, &[]),
        ("unclosed-quote.csv", beside(&["note"]), 6, 4, &[(3, "unclosed_quote")]),
        (
            "duplicates.txt",
            auto(),
            6,
            3,
            &[
                (3, "duplicate_in_file"),
                (5, "duplicate_in_file"),
                (6, "duplicate_in_file"),
            ],
        ),
        (
            "spellings.txt",
            of(Format::Lines),
            7,
            2,
            &[
                (2, "duplicate_in_file"),
                (3, "duplicate_in_file"),
                (4, "duplicate_in_file"),
                (5, "duplicate_in_file"),
                (7, "duplicate_in_file"),
            ],
        ),
        (
            "long-line.txt",
            of(Format::Lines),
            5,
            3,
            &[(2, "too_long"), (5, "too_long")],
        ),
        ("blank-lines.txt", auto(), 10, 2, &[]),
        (
            "mixed-garbage.bin",
            auto(),
            8,
            3,
            &[
                (2, "encoding"),
                (4, "encoding"),
                (5, "control_character"),
                (6, "encoding"),
                (8, "control_character"),
            ],
        ),
        ("late-gbk.txt", auto(), 4, 2, &[(2, "code_unusual"), (3, "encoding")]),
        (
            "unusual.txt",
            of(Format::Lines),
            8,
            3,
            &[
                (2, "code_unusual"),
                (3, "code_unusual"),
                (4, "code_unusual"),
                (5, "code_unusual"),
                (7, "code_unusual"),
            ],
        ),
        ("utf-16.txt", auto(), 2, 2, &[]),
        ("extra-too-long.txt", auto(), 3, 2, &[(2, "extra_too_long")]),
    ]
}

#[test]
fn every_file_brings_what_is_good_in_it_and_says_why_the_rest_is_not() -> Result<()> {
    block_on(async {
        let shop = Shop::open().await?;
        for (name, options, lines, imported, refused) in cases() {
            let report = shop.import(data(name)?, &shop.request(name, options)).await?;
            let told = shop.refused(report.batch).await?;
            let told: Vec<(i64, &str)> = told.iter().map(|(line, reason, _)| (*line, reason.as_str())).collect();
            assert_eq!(told, refused, "{name}");
            assert_eq!((report.lines, report.imported), (lines, imported), "{name}: {report:?}");
            assert_eq!(report.refused, refused.len() as u64, "{name}");
            assert_eq!((report.was_complete, report.resumed_after), (false, None), "{name}");
        }
        let gbk = shop.ask("SELECT id FROM shop.batches WHERE name = 'gbk-pairs.txt'")?;
        assert_eq!(shop.refused(gbk.parse()?).await?.len(), 4);
        let stock = shop.ask("SELECT id FROM shop.batches WHERE name = 'stock.txt'")?;
        let (_, _, detail) = &shop.refused(stock.parse()?).await?[1];
        let place = [
            r#"this code is in the shop: line 3 of batch "lines.txt" of product "Monthly card", now generated; "#,
            "case, spaces and signs do not count",
        ]
        .concat();
        assert_eq!(*detail, place);
        let first =
            shop.ask("SELECT detail FROM shop.refused_lines WHERE reason = 'duplicate_in_file' ORDER BY line LIMIT 1")?;
        assert_eq!(
            first,
            "the file has this code before: it differs from line 1 only in case, spaces or signs"
        );
        shop.assert_sound().await
    })?
}

#[test]
fn what_cannot_be_read_with_certainty_is_not_read() -> Result<()> {
    block_on(async {
        let shop = Shop::open().await?;
        let refused = async |name: &str, options| -> Result<ReadError> {
            match shop.import(data(name)?, &shop.request(name, options)).await {
                Err(ImportError::Read(error)) => Ok(error),
                other => Err(format!("{name}: {other:?}").into()),
            }
        };
        let auto = Options::default;
        assert!(matches!(
            refused("ambiguous.txt", auto()).await?,
            ReadError::WhichFormat(_)
        ));
        assert!(matches!(
            refused("spellings.txt", auto()).await?,
            ReadError::WhichFormat(_)
        ));
        let code_column = Some("密钥".to_owned());
        let other = Options { code_column, ..auto() };
        assert!(matches!(
            refused("columns.csv", other).await?,
            ReadError::NoColumn { columns, .. } if columns.0.len() == 4
        ));
        let nothing = shop.import(b"\r\n \n".to_vec(), &shop.request("empty", auto())).await;
        assert!(
            matches!(nothing, Err(ImportError::Read(ReadError::Empty))),
            "{nothing:?}"
        );
        // In the wrong encoding the lines are refused, not misread.
        let gbk_as_utf8 = Options {
            encoding: Some(Encoding::Utf8),
            ..of(Format::Pairs)
        };
        let report = shop
            .import(data("gbk-pairs.txt")?, &shop.request("wrong", gbk_as_utf8))
            .await?;
        assert_eq!((report.imported, report.refused), (0, 7));
        assert_eq!(shop.ask("SELECT count(*) FROM shop.batches")?, "1");
        Ok(())
    })?
}

#[test]
fn ten_thousand_codes_go_on_sale_in_the_order_of_their_file() -> Result<()> {
    const COUNT: usize = 10_000;
    block_on(async {
        let shop = Shop::open().await?;
        let (file, count) = (awkward(COUNT, 1), i64::try_from(COUNT)?);
        let mut told = Vec::new();
        let request = shop.request("all", of(Format::Lines));
        let report = shop
            .import_telling(file.clone(), &request, |progress| told.push(progress))
            .await?;
        assert_eq!(report.imported, COUNT as u64);
        assert_eq!(report.refused, awkward_refused(COUNT) as u64);
        let last = told.last().ok_or("no progress")?;
        assert_eq!((last.stage, last.read_bytes), (Stage::Keys, file.len() as u64));
        assert!(told.iter().any(|progress| progress.stage == Stage::Fingerprint));

        let stock = async || {
            Ok::<_, Box<dyn std::error::Error>>(product_stock(&shop.pool, shop.product).await?.ok_or("no stock")?)
        };
        assert_eq!((stock().await?.pending, stock().await?.available), (count, 0));
        let activated = shop.activate(report.batch).await?;
        assert_eq!((activated.now, activated.all), (COUNT as u64, COUNT as u64));
        assert_eq!((stock().await?.pending, stock().await?.available), (0, count));
        let order =
            "SELECT bool_and(slot = place) FROM (SELECT keys.slot, row_number() OVER (ORDER BY goods.line) AS place
                     FROM shop.keys JOIN shop.goods ON key_no = no) AS placed";
        assert_eq!(shop.ask(order)?, "t");
        assert_eq!(shop.activate(report.batch).await?.now, 0, "a repeat activates nothing");
        shop.assert_sound().await?;

        // The sealed goods open to the text in the file, and the key's id is that of the code.
        let row = batch_find_by_name(&shop.pool, shop.product, "all")
            .await?
            .ok_or("no batch")?;
        let wrapped = WrappedKey {
            wrapped: row.wrapped_key,
            master_generation: row.master_generation,
        };
        let key = shop.vault.data_key_open(report.batch, &wrapped)?;
        let hex =
            shop.ask("SELECT encode(sealed, 'hex') FROM shop.goods JOIN shop.keys ON key_no = no WHERE slot = 777")?;
        let code = &codes(COUNT, 1)[776];
        let (key_id, _) = shop.vault.key_id(code)?;
        let goods = key.open(&key_id, report.batch, &alloy_primitives::hex::decode(hex)?)?;
        assert_eq!(goods.code.expose_secret(), code);
        Ok(())
    })?
}

/// Returns the result of an import, without the fields that depend on how often it was started.
fn result(report: &Report) -> (u64, u64, u64) {
    (report.lines, report.imported, report.refused)
}

#[test]
fn an_import_that_is_stopped_anywhere_goes_on_and_ends_the_same() -> Result<()> {
    const COUNT: usize = 4_000;
    block_on(async {
        let shop = Shop::open().await?;
        let (whole, pieces) = (
            shop.request("whole", of(Format::Lines)),
            shop.request("pieces", of(Format::Lines)),
        );
        let file = awkward(COUNT, 2);
        // Stopped after its second chunk; the next run continues from there.
        let (enough, mut chunks) = (Notify::new(), 0);
        let progress = |progress: shelfproof::flow::import::Progress| {
            chunks += usize::from(progress.stage == Stage::Keys);
            if chunks == 2 {
                enough.notify_one();
            }
        };
        tokio::select! {
            biased;
            () = enough.notified() => {}
            ended = shop.import_telling(file.clone(), &pieces, progress) => return Err(format!("{ended:?}").into()),
        }
        assert_eq!(
            shop.ask("SELECT imported + refused, is_complete FROM shop.batches")?,
            "2000|f"
        );
        let early = activate_batch(
            &shop.pool,
            shop.ask("SELECT id FROM shop.batches")?.parse()?,
            false,
            |_| (),
            now_ms,
        );
        assert!(matches!(early.await, Err(ActivateError::Incomplete(_))));
        // Stopped at any moment, repeatedly, with a little more time in each run.
        let mut bound = Duration::from_millis(20);
        let report = loop {
            if let Ok(ended) = tokio::time::timeout(bound, shop.import(file.clone(), &pieces)).await {
                break ended?;
            }
            bound += Duration::from_millis(30);
        };
        assert!(report.resumed_after.is_some());
        assert_eq!(
            (report.imported, report.refused),
            (COUNT as u64, awkward_refused(COUNT) as u64)
        );
        let refused = shop.refused(report.batch).await?;
        shop.assert_sound().await?;

        let again = shop.import(file.clone(), &pieces).await?;
        assert!(again.was_complete);
        assert_eq!(result(&again), result(&report));
        // The same file in a single run, in a shop of its own, has the same result.
        let other = Shop::open().await?;
        let at_once = other.import(file, &other.request("pieces", of(Format::Lines))).await?;
        assert_eq!(result(&at_once), result(&report));
        assert_eq!(other.refused(at_once.batch).await?, refused);

        let taken = shop.import(plain(10, 3), &pieces).await;
        assert!(
            matches!(taken, Err(ImportError::OtherFile(id)) if id == report.batch),
            "{taken:?}"
        );
        let second = shop.import(awkward(COUNT, 2), &whole).await?;
        assert_eq!(second.imported, 0, "all of it is in stock");
        Ok(())
    })?
}

#[test]
fn imports_at_once_do_not_write_twice() -> Result<()> {
    const COUNT: usize = 3_000;
    block_on(async {
        let shop = Shop::open().await?;
        let request = shop.request("one", of(Format::Lines));
        let (one, other) = tokio::join!(
            shop.import(awkward(COUNT, 4), &request),
            shop.import(awkward(COUNT, 4), &request)
        );
        let (one, other) = (one?, other?);
        assert_eq!((one.batch, result(&one)), (other.batch, result(&other)));
        assert_eq!(
            (one.imported, one.refused),
            (COUNT as u64, awkward_refused(COUNT) as u64)
        );

        // Two batches of the same codes, one of them in reverse order: together they bring each code once.
        let mut backwards = codes(COUNT, 5);
        backwards.reverse();
        let requests = [
            shop.request("forwards", of(Format::Lines)),
            shop.request("backwards", of(Format::Lines)),
        ];
        let (forwards, backwards) = tokio::join!(
            shop.import(plain(COUNT, 5), &requests[0]),
            shop.import(backwards.join("\n").into_bytes(), &requests[1])
        );
        let (forwards, backwards) = (forwards?, backwards?);
        assert_eq!(forwards.imported + backwards.imported, COUNT as u64);
        assert_eq!(forwards.refused + backwards.refused, COUNT as u64);

        // Two activations of one batch at the same time, one of which is cancelled.
        let stopped = activate_batch(&shop.pool, one.batch, false, |_| (), now_ms);
        let _ = tokio::time::timeout(Duration::from_millis(10), stopped).await;
        let (first, second) = tokio::join!(shop.activate(one.batch), shop.activate(one.batch));
        assert_eq!(first?.all.max(second?.all), COUNT as u64);
        assert_eq!(shop.ask("SELECT available FROM shop.stock")?, COUNT.to_string());
        shop.assert_sound().await
    })?
}
