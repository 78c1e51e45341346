//! Nonces and names other than those with which the sale was made.

use alloy_primitives::B256;
use shelfproof_verifier::{Code, buyer};

use super::bench::{Bench, Draft, flip};

pub(super) fn forge(bench: &mut Bench<'_>) {
    let other = bench.other().secret.clone();
    bench.draft("another-buyer", Code::NotYourSale, |draft| draft.secret = other.clone());
    bench.draft("nonce-of-another-buyer", Code::NotYourSale, |draft| {
        draft.secret.nonce = other.nonce;
    });
    bench.draft("name-of-another-buyer", Code::NotYourSale, |draft| {
        draft.secret.tag.clone_from(&other.tag);
    });
    bench.draft("nonce-one-bit-off", Code::NotYourSale, |draft| {
        flip(&mut draft.secret.nonce);
    });
    bench.draft("nonce-zero", Code::NotYourSale, |draft| draft.secret.nonce = B256::ZERO);
    bench.draft("nonce-backwards", Code::NotYourSale, |draft| {
        draft.secret.nonce.reverse();
    });
    // The values that the shop got and that a redemption shows, in place of the values from which they are computed.
    bench.draft("commitment-as-nonce", Code::NotYourSale, |draft| {
        draft.secret.nonce = buyer::commitment(&buyer::secret(&draft.secret.nonce, &draft.secret.tag));
    });
    bench.draft("secret-as-nonce", Code::NotYourSale, |draft| {
        draft.secret.nonce = buyer::secret(&draft.secret.nonce, &draft.secret.tag);
    });
    let tag = bench.victim().secret.tag.clone();
    for (name, tag) in [
        ("name-empty", String::new()),
        ("name-with-a-letter-more", format!("{tag}a")),
        ("name-with-a-letter-less", tag.chars().skip(1).collect()),
        ("name-backwards", tag.chars().rev().collect()),
        ("name-twice", format!("{tag}{tag}")),
        ("name-in-brackets", format!("<{tag}>")),
        ("name-with-a-scheme", format!("mailto:{tag}")),
        // Characters that remain after normalization make a different name, even if they are invisible.
        ("name-with-a-soft-hyphen", format!("{tag}\u{ad}")),
        ("name-with-a-hyphen", format!("{tag}\u{2010}")),
        ("name-with-a-vowel-separator", format!("{tag}\u{180e}")),
        ("name-with-an-accent", format!("{tag}\u{301}")),
        ("name-with-a-full-width-letter", format!("{tag}\u{ff41}")),
        ("name-with-a-look-alike", format!("{tag}\u{430}")),
        ("name-with-a-control-character", format!("{tag}\u{8}")),
    ] {
        bench.draft(name, Code::NotYourSale, |draft| draft.secret.tag = tag);
    }
    let secret = bench.victim().secret.clone();
    let mut resold = Draft::of(bench.other());
    resold.secret = secret;
    bench.put("code-sold-to-another-before", Code::NotYourSale, resold);
}
