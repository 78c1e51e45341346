//! Codes by the thousand, always the same for one seed, as plain and as awkward files.

/// Letters and digits that vendors use: none that is easily taken for another.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Codes between two runs of awkward lines.
const AWKWARD_EVERY: usize = 100;

/// Lines that bring no key in each run of awkward lines.
const REFUSED_EACH: usize = 5;

/// `count` codes, all different: `7QWX-K2M4-…`, four groups of four.
///
/// The last five characters count, the others are as if drawn by lot: codes of two seeds differ too, but for one chance in
/// 2⁵⁵ each.
#[must_use]
pub fn codes(count: usize, seed: u64) -> Vec<String> {
    (0..count as u64).map(|number| code(number, seed)).collect()
}

/// A file of [`codes`], one a line.
#[must_use]
pub fn plain(count: usize, seed: u64) -> Vec<u8> {
    let mut file = codes(count, seed).join("\n").into_bytes();
    file.push(b'\n');
    file
}

/// A file of the same codes as vendors send it: byte order mark, CRLF here and LF there, blanks around codes, and after
/// every hundredth code a blank line and [`awkward_refused`]'s: the code again, the code in another spelling, a line of
/// 5,000 characters, one that is no text, and one without letter or digit. It brings `count` keys.
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

/// How many rows of [`awkward`]'s file are refused.
#[must_use]
pub const fn awkward_refused(count: usize) -> usize {
    count / AWKWARD_EVERY * REFUSED_EACH
}

fn code(number: u64, seed: u64) -> String {
    let lot = mix(seed ^ mix(number));
    // Eleven characters of lot, five that count: 32⁵ codes, all different.
    let digits = (0..11)
        .map(|at| lot >> (5 * at))
        .chain((0..5).rev().map(|at| number >> (5 * at)));
    let letters: Vec<char> = digits
        .map(|digit| char::from(ALPHABET[(digit % 32) as usize]))
        .collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// A number that looks drawn by lot: the finisher of `SplitMix64`.
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
