//! Files in the forms that people really send: each file of `tests/data/kinds`, and others of the same kind.

use secrecy::ExposeSecret;
use shelfproof::import::{Content, Encoding, Format, ImportRows, Options, ReadError, Reason, preview};
use shelfproof_tests::Result;
use shelfproof_tests::vector_chain::block_on;

use super::shop::{Shop, auto, columns, data, of};

/// The result of reading a file: lines with a code and goods, refused lines, and how the file was read.
struct Read {
    goods: Vec<(u64, String, String)>,
    refused: Vec<(u64, Reason)>,
    unwrapped: usize,
    cleaned: usize,
    reading: String,
}

fn read(file: &[u8], options: &Options) -> std::result::Result<Read, ReadError> {
    let mut rows = ImportRows::open(file, options)?;
    let mut read = Read {
        goods: Vec::new(),
        refused: Vec::new(),
        unwrapped: 0,
        cleaned: 0,
        reading: rows.reading().to_string(),
    };
    while let Some(row) = rows.read_next()? {
        match row.content {
            Content::Goods { code, extra, taken } => {
                read.unwrapped += usize::from(taken.wrapping);
                read.cleaned += usize::from(taken.invisible);
                let goods = (code.expose_secret().to_owned(), extra.expose_secret().to_owned());
                read.goods.push((row.line, goods.0, goods.1));
            }
            Content::Refused(refusal) => read.refused.push((refusal.line, refusal.reason)),
        }
    }
    Ok(read)
}

fn kind(name: &str, options: &Options) -> Result<Read> {
    let file = data(&format!("kinds/{name}"))?;
    read(&file, options).map_err(|error| format!("{name}: {error}").into())
}

fn question(name: &str, options: &Options) -> Result<ReadError> {
    let read = read(&data(&format!("kinds/{name}"))?, options);
    read.err().ok_or_else(|| format!("{name} was read").into())
}

fn goods(told: &Read) -> Vec<(u64, &str, &str)> {
    let goods = told.goods.iter();
    goods
        .map(|(line, code, extra)| (*line, code.as_str(), extra.as_str()))
        .collect()
}

#[test]
fn a_plain_pair_of_columns_is_a_code_and_what_is_delivered_beside_it() -> Result<()> {
    let first = [
        ("account-password.csv", "i24user1@mail.example", "S3cret-1"),
        ("account-password-en.csv", "i24cuser1", "S3cret-1"),
        ("number-pin.csv", "I24B88880001", "112233"),
    ];
    for (name, code, beside) in first {
        let told = kind(name, &auto())?;
        assert_eq!(goods(&told)[0], (2, code, beside), "{name}");
        assert_eq!((told.goods.len(), told.refused.len()), (2, 0), "{name}");
        assert!(
            told.reading.contains("code in column 1 (") && told.reading.contains("with it 2 ("),
            "{}",
            told.reading
        );
    }
    for names in ["帳號,密碼", "卡號;卡密", "User_Name\tPASS-WORD", "Card Number|Pin"] {
        let parted = names.chars().find(|part| ",;\t|".contains(*part)).unwrap_or(',');
        let file = format!("{names}\nuser-1{parted}secret-1\nuser-2{parted}secret-2\n");
        let told = read(file.as_bytes(), &auto())?;
        assert_eq!(
            goods(&told),
            [(2, "user-1", "secret-1"), (3, "user-2", "secret-2")],
            "{names}"
        );
    }
    Ok(())
}

#[test]
fn columns_that_nobody_named_are_a_question() -> Result<()> {
    for file in [
        "code,login hint\nABCD-0001,first pet\nABCD-0002,street\n",
        "ABCD-0001,secret-1\nABCD-0002,secret-2\n",
        "account,password,code\na,b,c\n",
        "card,name\nABCD-0001,secret-1\n",
    ] {
        let asked = read(file.as_bytes(), &auto()).err().ok_or(file)?;
        assert!(matches!(asked, ReadError::WhichColumn(_)), "{file}: {asked}");
        let shown = asked.to_string();
        assert!(
            shown.contains("column 2") && !shown.contains("secret-1") && !shown.contains("0001"),
            "{shown}"
        );
        assert!(read(file.as_bytes(), &columns("1", &["2"])).is_ok(), "{file}");
    }
    Ok(())
}

#[test]
fn a_first_row_that_looks_like_its_neighbours_is_data() -> Result<()> {
    let told = kind("no-header.csv", &columns("2", &[]))?;
    assert_eq!(told.goods.len(), 3);
    assert_eq!(goods(&told)[0], (1, "I20-AAAA-0001", ""));
    let told = kind("no-header-tabs.txt", &columns("1", &["2"]))?;
    assert_eq!(goods(&told), [(1, "i08user1", "pass1"), (2, "i08user2", "pass2")]);
    for name in ["no-header.csv", "no-header-tabs.txt"] {
        assert!(matches!(question(name, &auto())?, ReadError::WhichColumn(_)), "{name}");
    }
    let header = |header| Options {
        header: Some(header),
        ..columns("2", &[])
    };
    assert_eq!(kind("no-header.csv", &header(false))?.goods.len(), 3);
    assert_eq!(kind("no-header.csv", &header(true))?.goods.len(), 2);
    let unlike = b"Kartennummer\nAB-0001\nAB-0002\n";
    assert!(matches!(read(unlike, &auto()), Err(ReadError::WhichHeader { .. })));
    let said = |header| Options {
        header: Some(header),
        ..auto()
    };
    assert_eq!(read(unlike, &said(true))?.goods.len(), 2);
    assert_eq!(read(unlike, &said(false))?.goods.len(), 3);
    Ok(())
}

#[test]
fn usual_names_of_a_code_are_known() -> Result<()> {
    for at in 0..5 {
        let told = kind(&format!("header-0{at}.csv"), &auto())?;
        let (first, second) = (format!("I21-0{at}-0001"), format!("I21-0{at}-0002"));
        assert_eq!(goods(&told), [(2, first.as_str(), ""), (3, second.as_str(), "")]);
        assert!(
            told.reading.contains("not delivered 1 (no), 3 (price)"),
            "{}",
            told.reading
        );
    }
    let told = kind("one-word-header.csv", &auto())?;
    assert_eq!(goods(&told), [(2, "I21TWO-0001", ""), (3, "I21TWO-0002", "")]);
    let told = kind("sep-line.csv", &auto())?;
    assert_eq!(goods(&told), [(3, "I22-0001", ""), (4, "I22-0002", "")]);
    let told = read(b"sep=|\nid|Codes\n1|A-1\n", &auto())?;
    assert_eq!(goods(&told), [(3, "A-1", "")]);
    Ok(())
}

#[test]
fn what_stands_where_there_is_no_code_is_refused_line_by_line() -> Result<()> {
    let told = kind("placeholders.txt", &auto())?;
    assert_eq!(goods(&told), [(8, "I29C-0001", "")]);
    let lines: Vec<u64> = told.refused.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 2, 3, 4, 5, 6, 7, 9]);
    assert!(told.refused.iter().all(|(_, reason)| *reason == Reason::Placeholder));
    let told = kind("scientific.csv", &auto())?;
    assert_eq!((told.goods.len(), told.refused.len()), (0, 6));
    assert!(told.refused.iter().all(|(_, reason)| *reason == Reason::DamagedNumber));
    // A number of sixteen digits that ends in zero can be a code. If all of them do, a spreadsheet has rounded them.
    let number = |at: u32, last: u32| format!("4{:014}{last}", 17 * at);
    let file = |last: fn(u32) -> u32| (1..9).map(|at| number(at, last(at)) + "\n").collect::<String>();
    assert_eq!(read(file(|at| at % 3).as_bytes(), &auto())?.refused.len(), 0);
    assert_eq!(read(file(|_| 0).as_bytes(), &auto())?.goods.len(), 0);
    let told = kind("two-in-a-cell.csv", &columns("code", &[]))?;
    assert_eq!(goods(&told), [(4, "I25-0003", ""), (6, "I25-0004", "")]);
    assert_eq!(told.refused, [(2, Reason::SeveralCodes)]);
    Ok(())
}

#[test]
fn the_separator_is_four_dashes() -> Result<()> {
    assert!(matches!(
        question("dashes.txt", &auto())?,
        ReadError::WhichSeparator { dashes: 3, .. }
    ));
    let separator = |text: &str| Options {
        separator: Some(text.to_owned()),
        ..auto()
    };
    let told = kind("dashes.txt", &separator("---"))?;
    assert_eq!(goods(&told), [(1, "i30user1", "pass1"), (2, "i30user2", "pass2")]);
    let five = b"user1-----pass1\nuser2-----pass2\n";
    assert!(matches!(
        read(five, &auto()),
        Err(ReadError::WhichSeparator { dashes: 5, .. })
    ));
    assert_eq!(goods(&read(five, &separator("-----"))?)[0], (1, "user1", "pass1"));
    assert_eq!(goods(&read(five, &separator("----"))?)[0], (1, "user1", "-pass1"));
    let one = read(b"user1----pass1\nuser2-----pass2\n", &of(Format::Pairs))?;
    assert_eq!(one.refused, [(2, Reason::Dashes)]);
    assert_eq!(goods(&read(b"a:b\nc:d\n", &separator(":"))?)[0], (1, "a", "b"));
    assert_eq!(read("账号----密码\nuser1----p\n".as_bytes(), &auto())?.goods.len(), 1);
    assert_eq!(goods(&read(b"bob----password\n", &auto())?), [(1, "bob", "password")]);
    let user = b"user----pass1\nuser2----pass2\n";
    assert!(matches!(read(user, &auto()), Err(ReadError::WhichHeader { .. })));
    Ok(())
}

#[test]
fn what_programs_leave_around_a_code_is_taken_off() -> Result<()> {
    let told = kind("forced-text.csv", &auto())?;
    assert_eq!(
        goods(&told),
        [(2, "0012012345", ""), (3, "0012012346", ""), (4, "0012012347", "")]
    );
    assert_eq!(told.unwrapped, 3);
    let told = kind("invisible-inside.txt", &auto())?;
    let codes: Vec<&str> = told.goods.iter().map(|(_, code, _)| code.as_str()).collect();
    let plain = [
        "I14-AAAA-0001",
        "I14-AAAA-0002",
        "I14-AAAA-0003",
        "I14-AAAA-0004",
        "I14-AAAA-0005",
        "I14AAAA0008",
    ];
    assert_eq!(codes, plain);
    assert_eq!(told.cleaned, 6);
    assert_eq!(told.refused, [(6, Reason::BidiControl), (7, Reason::BidiControl)]);
    Ok(())
}

#[test]
fn encodings_are_read_where_they_are_certain_and_else_asked_about() -> Result<()> {
    let told = kind("utf-16-le.txt", &auto())?;
    assert_eq!(goods(&told), [(2, "I09-AAAA-0001", "")]);
    assert!(told.reading.contains("UTF-16"), "{}", told.reading);
    let told = kind("big5.csv", &auto())?;
    assert_eq!(goods(&told), [(2, "I38-0001", ""), (3, "I38-0002", "")]);
    assert!(
        told.reading.contains("Big5") && told.reading.contains("(卡號)"),
        "{}",
        told.reading
    );
    let asked = question("windows-1252.csv", &auto())?;
    let fits = |encodings: &[Encoding]| encodings.contains(&Encoding::Windows1252);
    assert!(
        matches!(&asked, ReadError::WhichEncoding(encodings) if fits(encodings)),
        "{asked}"
    );
    let named = Options {
        encoding: Some(Encoding::Windows1252),
        ..columns("Clé d'activation", &[])
    };
    assert_eq!(
        goods(&kind("windows-1252.csv", &named)?),
        [(2, "I37-0001", ""), (3, "I37-0002", "")]
    );
    for (encoding, marked) in [
        (Encoding::Utf16Le, true),
        (Encoding::Utf16Be, true),
        (Encoding::Utf16Le, false),
    ] {
        let text = "\u{feff}卡号,密码\r\nAB-0001,密语一\r\nAB-0002,p2\r\n";
        let text = if marked { text } else { &text["\u{feff}".len()..] };
        let bytes = text.encode_utf16().flat_map(|unit| match encoding {
            Encoding::Utf16Be => unit.to_be_bytes(),
            _ => unit.to_le_bytes(),
        });
        let options = Options {
            encoding: (!marked).then_some(encoding),
            ..auto()
        };
        let told = read(&bytes.collect::<Vec<u8>>(), &options)?;
        assert_eq!(
            goods(&told),
            [(2, "AB-0001", "密语一"), (3, "AB-0002", "p2")],
            "{encoding}"
        );
    }
    Ok(())
}

#[test]
fn packed_files_are_unpacked_and_what_is_no_text_is_refused_with_a_sentence() -> Result<()> {
    let told = kind("packed.txt.gz", &auto())?;
    assert_eq!(goods(&told), [(1, "I28-0001", ""), (2, "I28-0002", "")]);
    let mut packed = data("kinds/packed.txt.gz")?;
    packed.truncate(packed.len() - 9);
    assert!(matches!(read(&packed, &auto()), Err(ReadError::Io(_))));
    for (file, word) in [
        (data("kinds/list.json")?, "JSON"),
        (br#"{"codes": ["A-1"]}"#.to_vec(), "JSON"),
        (b"PK\x03\x04rest".to_vec(), "xlsx"),
        (b"\xd0\xcf\x11\xe0rest".to_vec(), "spreadsheet"),
        (b"<html><table>".to_vec(), "web page"),
        (b"%PDF-1.7".to_vec(), "PDF"),
        (b"7z\xbc\xafrest".to_vec(), "unpack"),
    ] {
        let refused = read(&file, &auto()).err().ok_or(word)?.to_string();
        assert!(refused.contains(word), "{word}: {refused}");
    }
    Ok(())
}

/// The counts of changed lines are stored with the batch, and a preview of the same file agrees with it.
#[test]
fn a_preview_tells_what_the_import_brings() -> Result<()> {
    block_on(async {
        let shop = Shop::open().await?;
        let names = [
            "forced-text.csv",
            "invisible-inside.txt",
            "placeholders.txt",
            "packed.txt.gz",
            "big5.csv",
        ];
        for name in names {
            let file = data(&format!("kinds/{name}"))?;
            let told = preview(file.as_slice(), &auto())?;
            let report = shop.import(file, &shop.request(name, auto())).await?;
            assert_eq!(
                (
                    report.lines,
                    report.imported,
                    report.refused,
                    report.unwrapped,
                    report.cleaned
                ),
                (
                    told.lines,
                    told.codes,
                    told.refused_lines(),
                    told.unwrapped,
                    told.cleaned
                ),
                "{name}"
            );
            let again = shop
                .import(data(&format!("kinds/{name}"))?, &shop.request(name, auto()))
                .await?;
            assert_eq!(
                (again.was_complete, again.unwrapped),
                (true, report.unwrapped),
                "{name}"
            );
        }
        let refused =
            shop.ask("SELECT detail FROM shop.refused_lines WHERE reason = 'bidi_control' ORDER BY line LIMIT 1")?;
        assert!(refused.contains("LEFT-TO-RIGHT EMBEDDING (U+202A)"), "{refused}");
        shop.assert_sound().await
    })?
}
