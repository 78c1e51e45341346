//! The refused cases of the vectors, on the vectors' own chain.

use shelfproof_verifier::Code;

use super::Forgery;
use crate::Result;
use crate::anchored_shop::Secret;
use crate::vectors::{Case, Vectors};

/// Returns every case that must be refused according to the vectors. Cases with a chain of their own are left out:
/// their merchants anchored what they must not, and the verifier's own tests check them offline.
///
/// # Errors
/// If a case does not have the vectors' form.
pub fn of_vectors(vectors: &Vectors) -> Result<Vec<Forgery>> {
    let cases = vectors.refused.iter().filter(|case| case.trusted.is_none());
    cases.map(forgery).collect()
}

fn forgery(case: &Case) -> Result<Forgery> {
    let expected = Code::ALL.into_iter().find(|code| code.as_str() == case.verdict);
    let text = case.bundle.as_str().ok_or_else(|| format!("{}: no text", case.name))?;
    let secret = case.nonce.zip(case.tag.clone());
    Ok(Forgery {
        name: format!("vectors/{}", slug(&case.name)),
        code: case.code.clone(),
        secret: secret.map(|(nonce, tag)| Secret { nonce, tag }),
        bundle: text.as_bytes().to_vec(),
        expected: expected.ok_or_else(|| format!("{}: no code of the protocol", case.name))?,
    })
}

/// Returns the name in a form that a URL can contain: `integer-above-2-53-1`.
fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}
