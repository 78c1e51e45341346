//! Detects a file's encoding from its start, where its bytes leave no doubt.

use super::encoding::{BOM, Encoding};
use super::words;

/// What the bytes of a file say about its encoding.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Detected {
    /// It is that one.
    Certain(Encoding),
    /// It may be each of these.
    Open(Vec<Encoding>),
}

/// The smallest share of a text's characters that are common ones, percent: of Chinese in its own encoding nearly all
/// are.
const COMMON_PERCENT: usize = 90;

/// By how much that share must surpass the other encoding's, percentage points.
const LEAD_PERCENT: usize = 15;

/// The encoding of the text that begins with `sample`, by its byte order mark or by the lines that are not ASCII.
///
/// Chinese in UTF-8 is often valid in the older encodings, while these are hardly ever valid UTF-8: a line that is
/// valid UTF-8 counts for it, and one damaged line does not turn a file of UTF-8 into another.
pub(super) fn encoding(sample: &[u8]) -> Detected {
    if sample.starts_with(BOM) {
        return Detected::Certain(Encoding::Utf8);
    }
    let lines: Vec<&[u8]> = sample
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .filter(|line| !line.is_ascii())
        .collect();
    let utf8 = lines.iter().filter(|line| Encoding::Utf8.text(line).is_some()).count();
    if utf8 * 2 >= lines.len() {
        return Detected::Certain(Encoding::Utf8);
    }
    if let Some(chinese) = chinese(&lines) {
        return Detected::Certain(chinese);
    }
    let others = [
        Encoding::Gbk,
        Encoding::Big5,
        Encoding::ShiftJis,
        Encoding::EucKr,
        Encoding::Windows1252,
        Encoding::Windows1251,
    ];
    let fits = |encoding: &Encoding| lines.iter().all(|line| encoding.decode(line).is_ok());
    let open: Vec<Encoding> = others.into_iter().filter(fits).collect();
    if open.is_empty() {
        // No text in any of them: the lines that are text are read, the others refused one by one.
        return Detected::Certain(Encoding::Utf8);
    }
    Detected::Open(open)
}

/// GBK or Big5, where the lines are in one of them and not in the other, as far as Chinese text tells.
fn chinese(lines: &[&[u8]]) -> Option<Encoding> {
    let known = |encoding: Encoding| {
        let texts = lines.iter().filter_map(move |line| encoding.text(line));
        texts
            .flat_map(|text| text.split([',', ';', '\t', '|']).map(str::to_owned).collect::<Vec<_>>())
            .any(|cell| !cell.is_ascii() && words::meaning(&cell).is_some())
    };
    let (gbk, big5) = (common(lines, Encoding::Gbk), common(lines, Encoding::Big5));
    match (known(Encoding::Gbk), known(Encoding::Big5)) {
        (true, false) if gbk.is_some() => return Some(Encoding::Gbk),
        (false, true) if big5.is_some() => return Some(Encoding::Big5),
        _ => {}
    }
    // Korean in its own encoding is valid GBK, and its syllables have the place of common characters there.
    if common(lines, Encoding::EucKr) == Some(100) {
        return None;
    }
    let (gbk, big5) = (gbk.unwrap_or_default(), big5.unwrap_or_default());
    let leads = |one: usize, other: usize| one >= COMMON_PERCENT && one >= other + LEAD_PERCENT;
    if leads(gbk, big5) {
        Some(Encoding::Gbk)
    } else if leads(big5, gbk) {
        Some(Encoding::Big5)
    } else {
        None
    }
}

/// How many of a hundred characters that are not ASCII are of those that the encoding has first because they are
/// common. `None` where more than a tenth of the lines are invalid in it. The order of the characters in GB 2312 and
/// in Big5 was made by how common they are.
fn common(lines: &[&[u8]], encoding: Encoding) -> Option<usize> {
    let valid: Vec<&&[u8]> = lines.iter().filter(|line| encoding.text(line).is_some()).collect();
    if valid.len() * 10 < lines.len() * 9 || valid.is_empty() {
        return None;
    }
    let is_common = |lead: u8, trail: u8| match encoding {
        // Signs and full-width forms, then the 3,755 characters of the first level.
        Encoding::Gbk => trail >= 0xa1 && matches!(lead, 0xa1..=0xa3 | 0xb0..=0xd7),
        // Signs, then the syllables.
        Encoding::EucKr => trail >= 0xa1 && matches!(lead, 0xa1..=0xa3 | 0xb0..=0xc8),
        // Signs, then the 5,401 characters of the first level.
        _ => matches!(lead, 0xa1..=0xc6),
    };
    let (mut all, mut common) = (0, 0);
    for line in valid {
        let mut bytes = line.iter();
        while let Some(lead) = bytes.next() {
            if lead.is_ascii() {
                continue;
            }
            let Some(trail) = bytes.next() else { break };
            all += 1;
            common += usize::from(is_common(*lead, *trail));
        }
    }
    Some(common * 100 / all.max(1))
}

#[cfg(test)]
mod tests {
    use encoding_rs::{BIG5, EUC_KR, GBK, SHIFT_JIS, WINDOWS_1252};

    use super::*;

    const SIMPLIFIED: &str = "账号----密码\n用户二----口令\n请在二十四小时内修改密码----谢谢您的购买\n";
    const TRADITIONAL: &str = "編號,卡號,備註\n1,A-1,請於二十四小時內變更密碼\n2,A-2,感謝您的購買\n";

    #[test]
    fn tells_what_leaves_no_doubt() {
        for (sample, encoding) in [
            (b"abc\ndef".to_vec(), Encoding::Utf8),
            (Vec::new(), Encoding::Utf8),
            (SIMPLIFIED.as_bytes().to_vec(), Encoding::Utf8),
            (TRADITIONAL.as_bytes().to_vec(), Encoding::Utf8),
            (b"\xef\xbb\xbf\xff\n".to_vec(), Encoding::Utf8),
            (GBK.encode(SIMPLIFIED).0.into_owned(), Encoding::Gbk),
            (GBK.encode("卡号,密码\nA-1,B\n").0.into_owned(), Encoding::Gbk),
            (GBK.encode("卡密激活说明见商品详情页面\n").0.into_owned(), Encoding::Gbk),
            (BIG5.encode(TRADITIONAL).0.into_owned(), Encoding::Big5),
            (BIG5.encode("卡號,密碼\nA-1,B\n").0.into_owned(), Encoding::Big5),
        ] {
            assert_eq!(super::encoding(&sample), Detected::Certain(encoding), "{sample:?}");
        }
        // One damaged line does not turn a file of UTF-8 into another.
        let damaged = ["中文\n".as_bytes(), b"\xc4\xe3\n", "中文\n".as_bytes()].concat();
        assert_eq!(encoding(&damaged), Detected::Certain(Encoding::Utf8));
    }

    #[test]
    fn asks_where_bytes_fit_several() {
        let french = WINDOWS_1252
            .encode("N°;Clé d'activation;Prix\n1;A-1;9,90 €\n")
            .0
            .into_owned();
        let Detected::Open(open) = encoding(&french) else {
            panic!("{:?}", encoding(&french));
        };
        assert!(
            open.contains(&Encoding::Windows1252) && !open.contains(&Encoding::Gbk),
            "{open:?}"
        );
        let korean = EUC_KR.encode("번호,코드,비고\n1,A-1,감사합니다\n").0.into_owned();
        let japanese = SHIFT_JIS.encode("番号,コード,備考\n1,A-1,ありがとう\n").0.into_owned();
        for (sample, own) in [(korean, Encoding::EucKr), (japanese, Encoding::ShiftJis)] {
            let detected = encoding(&sample);
            assert!(
                matches!(&detected, Detected::Open(open) if open.contains(&own)),
                "{detected:?}"
            );
        }
    }
}
