//! Files of many codes, clean or with the irregularities of vendors' files. The same seed always gives the same file.

/// The letters and digits that vendors use: none that is easily confused with another.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// The number of codes between two groups of irregular lines.
const AWKWARD_EVERY: usize = 100;

/// The number of refused lines in each group.
const REFUSED_EACH: usize = 5;

/// Returns `count` different codes: `7QWX-K2M4-…`, four groups of four characters.
///
/// The last five characters count up, the others look random. Codes of two seeds differ as well, except with a chance
/// of one in 2⁵⁵ for each pair.
#[must_use]
pub fn codes(count: usize, seed: u64) -> Vec<String> {
    (0..count as u64).map(|number| code(number, seed)).collect()
}

/// Returns a file of [`codes`], one per line.
#[must_use]
pub fn plain(count: usize, seed: u64) -> Vec<u8> {
    let mut file = codes(count, seed).join("\n").into_bytes();
    file.push(b'\n');
    file
}

/// Returns a file of the same codes as a vendor might send it: a byte order mark, mixed CRLF and LF, and spaces around
/// codes. After every hundredth code there are a blank line and lines that are refused: the code again, the code in
/// another spelling, a line of 5,000 characters, one that is not text, and one without letters or digits. It brings
/// `count` keys.
#[must_use]
pub fn awkward(count: usize, seed: u64) -> Vec<u8> {
    let mut file = "\u{feff}".as_bytes().to_vec();
    for (at, code) in codes(count, seed).iter().enumerate() {
        let line = match at % 7 {
            0 => format!("{code}\r\n"),
            1 => format!("  {code}\t\n"),
            _ => format!("{code}\n"),
        };
        file.extend_from_slice(line.as_bytes());
        if at % AWKWARD_EVERY == AWKWARD_EVERY - 1 {
            let other = code.replace('-', " ").to_lowercase();
            let long = "X".repeat(5_000);
            file.extend_from_slice(format!("\r\n{code}\n{other}\r\n{long}\n").as_bytes());
            file.extend_from_slice(b"\xff\xfe\x00\n--------\n");
        }
    }
    file
}

/// Returns how many rows of [`awkward`]'s file are refused.
#[must_use]
pub const fn awkward_refused(count: usize) -> usize {
    count / AWKWARD_EVERY * REFUSED_EACH
}

/// Returns a file of `account----password----remark` in GBK. The accounts are [`codes`]. After every hundredth line
/// there are one without an account and one without a separator for the password. It brings `count` keys.
#[must_use]
pub fn pairs_in_gbk(count: usize, seed: u64) -> Vec<u8> {
    // 备注, in GBK.
    let remark = b"\xb1\xb8\xd7\xa2";
    let mut file = Vec::new();
    for (at, code) in codes(count, seed).iter().enumerate() {
        file.extend_from_slice(format!("{code}@163.com----pw {at}----").as_bytes());
        file.extend_from_slice(remark);
        file.extend_from_slice(b"\r\n");
        if at % AWKWARD_EVERY == AWKWARD_EVERY - 1 {
            file.extend_from_slice(&[&b"----"[..], remark, b"\r\n", remark, b"\r\n"].concat());
        }
    }
    file
}

/// Returns how many rows of [`pairs_in_gbk`]'s file are refused.
#[must_use]
pub const fn pairs_refused(count: usize) -> usize {
    count / AWKWARD_EVERY * 2
}

/// Returns a table with a byte order mark and a header row: 序号, 卡号 (one of [`codes`]), 密码, 备注, with quotes and line
/// breaks in cells. After every hundredth row there is one whose code is empty. It brings `count` keys.
#[must_use]
pub fn table(count: usize, seed: u64) -> Vec<u8> {
    let mut file = "\u{feff}序号,\"卡号\",密码,\"备注\"\r\n".to_owned();
    for (at, code) in codes(count, seed).iter().enumerate() {
        file += &match at % 5 {
            0 => format!("{at},\"{code}\",\"pw,{at}\",\"他说 \"\"好\"\"\"\r\n"),
            1 => format!("{at}, {code} ,pw-{at},\"第一行\n第二行\"\r\n"),
            _ => format!("{at},{code},pw-{at},\r\n"),
        };
        if at % AWKWARD_EVERY == AWKWARD_EVERY - 1 {
            file += ",,pw,没有卡号\r\n";
        }
    }
    file.into_bytes()
}

/// Returns how many rows of [`table`]'s file are refused.
#[must_use]
pub const fn table_refused(count: usize) -> usize {
    count / AWKWARD_EVERY
}

fn code(number: u64, seed: u64) -> String {
    let lot = mix(seed ^ mix(number));
    // Eleven characters that look random, and five that count up: 32⁵ different codes.
    let digits = (0..11)
        .map(|at| lot >> (5 * at))
        .chain((0..5).rev().map(|at| number >> (5 * at)));
    let letters: Vec<char> = digits
        .map(|digit| char::from(ALPHABET[(digit % 32) as usize]))
        .collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// Returns a number that looks random: the finalizer of `SplitMix64`.
const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_different_and_always_the_same() {
        let (one, other) = (codes(10_000, 1), codes(10_000, 2));
        let all: HashSet<&String> = one.iter().chain(&other).collect();
        assert_eq!(all.len(), 20_000);
        assert_eq!(one, codes(10_000, 1));
        assert!(one.iter().all(|code| code.len() == 19));
        assert_eq!(awkward(1_000, 7), awkward(1_000, 7));
    }
}
