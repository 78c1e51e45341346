//! Files that were damaged on their way: each line that may have lost something is refused, and no other line.

use secrecy::ExposeSecret;
use shelfproof::import::{Content, Encoding, Format, ImportRows, Options, ReadError};
use shelfproof_tests::Result;

use super::shop::{auto, columns, of};

/// A line with a code and what is delivered with it, or why it is refused.
type Told = (u64, std::result::Result<(String, String), &'static str>);

fn read(file: &[u8], options: &Options) -> std::result::Result<Vec<Told>, ReadError> {
    let mut rows = ImportRows::open(file, options)?;
    let mut told = Vec::new();
    while let Some(row) = rows.read_next()? {
        let content = match row.content {
            Content::Goods { code, extra, .. } => Ok((code.expose_secret().into(), extra.expose_secret().into())),
            Content::Refused(refusal) => Err(refusal.reason.name()),
        };
        told.push((row.line, content));
    }
    Ok(told)
}

#[allow(clippy::unnecessary_wraps, reason = "the same type as a refusal")]
fn goods(line: u64, code: &str, extra: &str) -> Told {
    (line, Ok((code.to_owned(), extra.to_owned())))
}

fn refused(line: u64, reason: &'static str) -> Told {
    (line, Err(reason))
}

fn header(header: bool) -> Options {
    Options {
        header: Some(header),
        ..auto()
    }
}

#[test]
fn an_unreadable_first_line_is_refused_and_hides_no_header() -> Result<()> {
    let long = "x".repeat(5_000);
    for (first, reason) in [
        ("\u{c}page 1", "control_character"),
        ("a\0b", "control_character"),
        (long.as_str(), "too_long"),
    ] {
        let told = read(format!("{first}\nLicense Key\nA-1\n").as_bytes(), &auto())?;
        assert_eq!(told, [refused(1, reason), goods(3, "A-1", "")]);
        let told = read(format!("{first}\nsep=;\nid;code\n1;A-1\n").as_bytes(), &auto())?;
        assert_eq!(told, [refused(1, reason), goods(4, "A-1", "")]);
        let file = format!("{first}\nuser1,pass1,note1\nuser2,pass2,note2\n");
        let named = Options {
            header: Some(true),
            ..columns("1", &["2", "3"])
        };
        assert!(matches!(read(file.as_bytes(), &named), Err(ReadError::NoHeader)));
        let lines = format!("{first}\nA-1\nA-2\n");
        assert!(matches!(
            read(lines.as_bytes(), &header(true)),
            Err(ReadError::NoHeader)
        ));
        assert_eq!(
            read(lines.as_bytes(), &auto())?,
            [refused(1, reason), goods(2, "A-1", ""), goods(3, "A-2", "")]
        );
    }
    Ok(())
}

#[test]
fn a_header_that_recurs_is_no_code() -> Result<()> {
    let again = |line| refused(line, "header_again");
    let told = read(b"License Key\nA-1\nLicense Key\nA-2\n", &auto())?;
    assert_eq!(told, [goods(2, "A-1", ""), again(3), goods(4, "A-2", "")]);
    let told = read(b"code,price\nA-1,9\nCode,Price\nA-2,9\n", &auto())?;
    assert_eq!(told, [goods(2, "A-1", ""), again(3), goods(4, "A-2", "")]);
    let file = "账号----密码\nuser1----p1\n账号----密码\nuser2----p2\n";
    let told = read(file.as_bytes(), &auto())?;
    assert_eq!(told, [goods(2, "user1", "p1"), again(3), goods(4, "user2", "p2")]);
    let told = read(b"Kartennummer\nA-1\nKartennummer\n", &header(true))?;
    assert_eq!(told, [goods(2, "A-1", ""), again(3)]);
    let told = read(b"sep=;\nid;code\n1;A-1\nsep=;\nid;code\n2;A-2\n", &auto())?;
    assert_eq!(told, [goods(3, "A-1", ""), again(4), again(5), goods(6, "A-2", "")]);
    Ok(())
}

#[test]
fn a_row_with_other_fields_than_the_table_is_refused() -> Result<()> {
    let file = "account,password\nbob,p@ss,w0rd\nbob,pa,ss\nbob\nbob,\nann,\"pa,ss\"\ntom,pass,\n";
    let told = read(file.as_bytes(), &auto())?;
    assert_eq!(
        told,
        [
            refused(2, "field_count"),
            refused(3, "field_count"),
            refused(4, "field_count"),
            refused(5, "no_extra"),
            goods(6, "ann", "pa,ss"),
            goods(7, "tom", "pass"),
        ]
    );
    let told = read(b"a,b1,x\nc,d1,x\ne,f,1,x\ng,h1\n", &columns("1", &["2"]))?;
    assert_eq!(
        told,
        [
            goods(1, "a", "b1"),
            goods(2, "c", "d1"),
            refused(3, "field_count"),
            refused(4, "field_count")
        ]
    );
    let told = read(b"a----b\nc----\n", &auto())?;
    assert_eq!(told, [goods(1, "a", "b"), refused(2, "no_extra")]);
    // A remark may be empty, and an unnamed column at the end may be left out.
    let told = read(b"code,remark,\nA-1,,\nA-2,x\n", &columns("code", &["remark"]))?;
    assert_eq!(told, [goods(2, "A-1", ""), goods(3, "A-2", "x")]);
    Ok(())
}

#[test]
fn a_first_account_is_asked_about() {
    let file = b"johnsmith,password\nmary88,xk29dk3\nkate77,zz81kk2\n";
    for options in [auto(), columns("1", &["2"])] {
        assert!(matches!(read(file, &options), Err(ReadError::WhichHeader { .. })));
    }
}

#[test]
fn a_column_that_a_buyer_may_need_is_asked_about() -> Result<()> {
    for file in [
        "卡号,激活码\n88880001,A-1\n88880002,A-2\n",
        "card,code\n88880001,A-1\n88880002,A-2\n",
        "code,expiry\nA-1,2027-01-31\n",
        "code,备注\nA-1,recovery: cat\n",
    ] {
        let asked = read(file.as_bytes(), &auto());
        assert!(matches!(asked, Err(ReadError::WhichColumn(_))), "{file}: {asked:?}");
    }
    for file in ["卡号,激活码\n1,A-1\n2,A-2\n", "remark,code\n,A-1\n,A-2\n"] {
        assert_eq!(
            read(file.as_bytes(), &auto())?,
            [goods(2, "A-1", ""), goods(3, "A-2", "")]
        );
    }
    Ok(())
}

#[test]
fn numbers_are_rounded_where_others_beside_them_are() -> Result<()> {
    let plain = b"1914310000010120000\n1914310000010100001\n1914310000010100317\n";
    assert!(read(plain, &auto())?.iter().all(|row| row.1.is_ok()));
    assert_eq!(read(b"1914310000010100000\n", &auto())?.len(), 1);
    assert!(read(b"1914310000010100000\n", &auto())?[0].1.is_ok());
    let file = b"account,password\nu1,914310000010127000\nu2,914310000010128000\nu3,abc\n";
    assert_eq!(
        read(file, &auto())?,
        [
            refused(2, "damaged_number"),
            refused(3, "damaged_number"),
            goods(4, "u3", "abc")
        ]
    );
    Ok(())
}

#[test]
fn a_quote_out_of_place_is_not_taken_off() -> Result<()> {
    let file = b"account,password\nuser1,\"a\"b\nuser2,\"a\"\"b\"\n";
    assert_eq!(
        read(file, &auto())?,
        [refused(2, "broken_quote"), goods(3, "user2", "a\"b")]
    );
    Ok(())
}

#[test]
fn a_named_encoding_does_not_override_what_is_certain() -> Result<()> {
    let named = |encoding| Options {
        encoding: Some(encoding),
        ..of(Format::Pairs)
    };
    let chinese = "user1----密码一\n".as_bytes();
    let marked = ["\u{feff}".as_bytes(), chinese].concat();
    for (file, encoding) in [
        (chinese, Encoding::Gbk),
        (marked.as_slice(), Encoding::Big5),
        (b"\xff\xfeA\0\n\0", Encoding::Utf8),
        (b"\xfe\xff\0A\0\n", Encoding::Utf16Le),
    ] {
        let error = read(file, &named(encoding)).err().ok_or("it was read")?.to_string();
        assert!(error.contains(encoding.name()), "{error}");
    }
    assert_eq!(read(chinese, &named(Encoding::Utf8))?, [goods(1, "user1", "密码一")]);
    assert_eq!(read(b"a----b\n", &named(Encoding::Gbk))?, [goods(1, "a", "b")]);
    Ok(())
}

/// Files that are read differently are printed differently, because an import's fingerprint depends on the printed
/// form.
#[test]
fn a_named_separator_makes_another_reading() -> Result<()> {
    let said = |separator: Option<&str>| -> Result<String> {
        let options = Options {
            separator: separator.map(str::to_owned),
            ..of(Format::Pairs)
        };
        let rows = ImportRows::open(&b"user1----a\nuser2-----b\n"[..], &options)?;
        Ok(rows.reading().to_string())
    };
    assert_ne!(said(None)?, said(Some("----"))?);
    Ok(())
}

#[test]
fn archives_are_told_by_their_whole_signature() -> Result<()> {
    assert_eq!(read(b"BZh8-0001\nBZh8-0002\n", &auto())?.len(), 2);
    let mut tar = vec![0; 1024];
    tar[..9].copy_from_slice(b"codes.txt");
    tar[257..262].copy_from_slice(b"ustar");
    for file in [
        tar,
        b"BZh91AY&SYrest".to_vec(),
        b"BZh9\x17\x72\x45\x38\x50\x90".to_vec(),
    ] {
        for file in [file.clone(), gzip(&file)] {
            assert!(matches!(read(&file, &auto()), Err(ReadError::NoText(_))));
        }
    }
    let twice = gzip(&gzip(b"A-1\n"));
    assert!(matches!(read(&twice, &auto()), Err(ReadError::NoText(_))));
    Ok(())
}

/// Returns the bytes as a gzip file without compression.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let size = u32::from(length).to_le_bytes();
    let mut check = !0_u32;
    for byte in bytes {
        check ^= u32::from(*byte);
        for _ in 0..8 {
            check = (check >> 1) ^ (0xedb8_8320 & (check & 1).wrapping_neg());
        }
    }
    let head = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01";
    [
        &head[..],
        &length.to_le_bytes(),
        &(!length).to_le_bytes(),
        bytes,
        &(!check).to_le_bytes(),
        &size,
    ]
    .concat()
}
