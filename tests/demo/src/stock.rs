//! Imports codes from files in the forms that vendors send.

use std::path::{Path, PathBuf};

use serde_json::Value;
use shelfproof_base::keyfile::disk;

use super::Size;
use super::place::Place;
use super::printer::Printer;
use super::shop::OpenShop;
use shelfproof_tests::codes::{awkward, awkward_refused, pairs_in_gbk, pairs_refused, table, table_refused};
use shelfproof_tests::{Result, tools};

/// The prices of a key of the rare product and of the other product.
pub(super) const PRICES: [&str; 2] = ["99.00", "9.90"];

pub(super) const CURRENCY: &str = "CNY";

/// A file of `tests/data`: its name, the options of the import, how many keys it brings, how many lines are refused,
/// and what is unusual in it.
type Sample = (&'static str, &'static [&'static str], usize, usize, &'static str);

const SAMPLES: [Sample; 17] = [
    ("lines.txt", &[], 3, 0, "plain"),
    (
        "stock.txt",
        &["--format=lines"],
        1,
        2,
        "two are in stock already, one in another spelling",
    ),
    ("utf8-bom-crlf.txt", &[], 4, 0, "byte order mark, CRLF"),
    ("cr-only.txt", &[], 3, 0, "lines that end in CR alone"),
    (
        "gbk-pairs.txt",
        &["--format=pairs"],
        3,
        4,
        "account----password, in GBK",
    ),
    (
        "columns.csv",
        &["--extra-column=密码", "--extra-column=备注"],
        4,
        2,
        "a table with quotes and a line break in a cell",
    ),
    ("semicolons.csv", &[], 2, 0, "a table parted by semicolons"),
    (
        "unclosed-quote.csv",
        &["--extra-column=note"],
        4,
        1,
        "a quote that never ends",
    ),
    ("duplicates.txt", &[], 3, 3, "the same code again"),
    ("spellings.txt", &["--format=lines"], 2, 5, "one code in five spellings"),
    (
        "long-line.txt",
        &["--format=lines"],
        3,
        2,
        "lines of thousands of characters",
    ),
    ("blank-lines.txt", &[], 2, 0, "blank lines, blank characters"),
    ("mixed-garbage.bin", &[], 3, 5, "bytes that are no text"),
    ("late-gbk.txt", &[], 2, 2, "GBK from the middle on"),
    ("unusual.txt", &["--format=lines"], 3, 5, "letters that no code has"),
    ("extra-too-long.txt", &[], 2, 1, "a password of thousands of characters"),
    ("utf-16.txt", &[], 2, 0, "UTF-16, as its mark says"),
];

/// Files that are refused as a whole because they could be read in two ways, with a word from the error message.
const REFUSED: [(&str, &str); 2] = [("ambiguous.txt", "--format"), ("kinds/windows-1252.csv", "--encoding")];

/// The seed of the random codes.
const SEED: u64 = 20_261_123;

/// A product whose keys are on sale.
#[derive(Clone, Debug)]
pub(super) struct StockedProduct {
    pub(super) id: String,
    /// The price of a key.
    pub(super) price: &'static str,
    /// The number of keys on sale.
    pub(super) keys: usize,
}

/// One import.
struct Batch<'a> {
    file: PathBuf,
    args: &'a [&'a str],
    imported: usize,
    refused: usize,
    what: &'a str,
}

/// Creates two products: a rare one with the codes of `tests/data`, and one with all other codes.
pub(super) fn import_all(shop: &OpenShop, place: &Place, size: Size, printer: &Printer) -> Result<[StockedProduct; 2]> {
    printer.act("Codes come in from files as vendors send them", "导入供货商的各种文件");
    let folder = place.make("vendors")?;
    let data = tools::root().join("tests/data");
    let samples = SAMPLES.map(|(name, args, imported, refused, what)| Batch {
        file: data.join(name),
        args,
        imported,
        refused,
        what,
    });
    let rare = import(shop, "Rare card 稀有卡", PRICES[0], &samples, printer)?;
    for (name, words) in REFUSED {
        refuse_whole(shop, &rare, &data.join(name), words)?;
        printer.print(&format!(
            "{name:<20} refused whole, for it cannot be read with certainty"
        ));
    }
    let left = size
        .codes
        .checked_sub(rare.keys)
        .ok_or("fewer codes than the samples hold")?;
    let monthly = import(shop, "Monthly card 月卡", PRICES[1], &large(&folder, left)?, printer)?;
    printer.print(&format!(
        "{} keys are on sale, each with an id that nobody but this shop can make.",
        rare.keys + monthly.keys
    ));
    printer.print("每个卡密有唯一标识：换一种写法也不能再次入库。");
    Ok([rare, monthly])
}

/// Writes three generated files with `codes` codes in total, and with the same kinds of faults as the files of
/// `tests/data`.
fn large(folder: &Path, codes: usize) -> Result<[Batch<'static>; 3]> {
    let (lines, pairs) = (codes * 2 / 5, codes * 3 / 10);
    let rows = codes - lines - pairs;
    let write = |name: &str, bytes: Vec<u8>| -> Result<PathBuf> {
        let path = folder.join(name);
        disk::create(&path, &bytes)?;
        Ok(path)
    };
    Ok([
        Batch {
            file: write("lines.txt", awkward(lines, SEED))?,
            args: &["--format=lines"],
            imported: lines,
            refused: awkward_refused(lines),
            what: "repeats, spellings, endless lines, no text",
        },
        Batch {
            file: write("pairs-gbk.txt", pairs_in_gbk(pairs, SEED + 1))?,
            args: &["--format=pairs", "--encoding=gbk"],
            imported: pairs,
            refused: pairs_refused(pairs),
            what: "account----password----remark, in GBK",
        },
        Batch {
            file: write("table.csv", table(rows, SEED + 2))?,
            args: &["--code-column=卡号", "--extra-column=密码"],
            imported: rows,
            refused: table_refused(rows),
            what: "a table with quotes, line breaks and empty cells",
        },
    ])
}

fn import(
    shop: &OpenShop,
    name: &str,
    price: &'static str,
    batches: &[Batch<'_>],
    printer: &Printer,
) -> Result<StockedProduct> {
    let product = shop.cli.product_create(name, price, CURRENCY)?;
    printer.print(&format!("{name}, {price} {CURRENCY}"));
    for batch in batches {
        let report = import_file(shop, &product, &batch.file, batch.args)?;
        let count = |field: &str| report[field].as_u64().and_then(|count| usize::try_from(count).ok());
        let (imported, refused) = (count("imported"), count("refused"));
        let file = batch.file.file_name().unwrap_or_default().to_string_lossy();
        if (imported, refused, count("activated")) != (Some(batch.imported), Some(batch.refused), Some(batch.imported))
        {
            return Err(format!(
                "{file}: {} keys and {} refusals were to come: {report}",
                batch.imported, batch.refused
            )
            .into());
        }
        let (keys, refused) = (batch.imported, batch.refused);
        printer.print(&format!(
            "{file:<20} {keys:>5} keys  {refused:>4} refused  {}",
            batch.what
        ));
    }
    Ok(StockedProduct {
        id: product,
        price,
        keys: batches.iter().map(|batch| batch.imported).sum(),
    })
}

fn import_file(shop: &OpenShop, product: &str, file: &Path, args: &[&str]) -> Result<Value> {
    let path = file.to_str().ok_or("a path that is not UTF-8")?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let own = ["import", path, "--product", product, "--batch", &name, "--activate"];
    shop.cli.json(&[&own, args].concat())
}

fn refuse_whole(shop: &OpenShop, product: &StockedProduct, file: &Path, words: &str) -> Result<()> {
    match import_file(shop, &product.id, file, &[]) {
        Err(error) if error.to_string().contains(words) => Ok(()),
        other => Err(format!("{} was to be refused: {other:?}", file.display()).into()),
    }
}
