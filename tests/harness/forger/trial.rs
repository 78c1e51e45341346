//! Buyers who download every forgery and check it with the verifier.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use shelfproof_verifier::Code;
use shelfproof_verifier::delta::delta_path;

use super::{ForgedDelta, ForgedTrusted, Forgery, ForgingShop, Honest};
use crate::Result;
use crate::anchored_shop::{Said, Verifier};
use crate::client::Client;
use crate::vector_chain::block_on;

/// The result of one forgery.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub name: String,
    /// The code with which it must be refused.
    pub expected: Code,
    /// The verifier's answer.
    pub said: Said,
}

impl Outcome {
    /// Whether it was refused with the expected code.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        let exit = i32::from(self.expected.exit());
        (self.said.exit, self.said.code()) == (exit, self.expected.as_str())
    }
}

/// Downloads each forgery from the shop and checks it, as many at the same time as there are verifiers. The results are
/// in the order of the forgeries.
///
/// # Errors
/// If the shop does not answer, or a verifier's output cannot be read.
pub fn try_all(shop: &ForgingShop, forgeries: &[Forgery], verifiers: &[Verifier]) -> Result<Vec<Outcome>> {
    let next = AtomicUsize::new(0);
    let work = |verifier: &Verifier| {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(forgery) = forgeries.get(at) else {
                return Ok(done);
            };
            let outcome = try_one(shop, forgery, verifier);
            // The error is converted to text, because it must be sent to another thread.
            done.push((at, outcome.map_err(|error| format!("{}: {error}", forgery.name))?));
        }
    };
    let done: std::result::Result<Vec<Vec<_>>, String> = thread::scope(|scope| {
        let working: Vec<_> = verifiers.iter().map(|one| scope.spawn(move || work(one))).collect();
        let end = |one: thread::ScopedJoinHandle<'_, _>| one.join().unwrap_or_else(|_| Err("a buyer broke off".into()));
        working.into_iter().map(end).collect()
    });
    let mut outcomes = done?.concat();
    outcomes.sort_by_key(|(at, _)| *at);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

fn try_one(shop: &ForgingShop, forgery: &Forgery, verifier: &Verifier) -> Result<Outcome> {
    let path = format!("/{}", forgery.name);
    let mut client = Client::new(shop.server().address(), "")?;
    let answer = block_on(client.get(&path))??;
    if answer.status != 200 {
        return Err(format!("the shop answers {}", answer.status).into());
    }
    Ok(Outcome {
        name: forgery.name.clone(),
        expected: forgery.expected,
        said: verifier.key("key", &forgery.code, &answer.body, forgery.secret.as_ref())?,
    })
}

/// The result of a forged delta or file of trusted epochs.
#[derive(Clone, Debug)]
pub struct Tried {
    pub name: String,
    /// The code with which it must be refused.
    pub expected: &'static str,
    /// The verifier's answer.
    pub said: Said,
}

impl Tried {
    /// Whether it was refused with the expected code, and the exit status that belongs to it.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        let code = Code::ALL.into_iter().find(|code| code.as_str() == self.expected);
        // What is no code of the protocol's checks is no verdict.
        let exit = code.map_or(2, |code| i32::from(code.exit()));
        (self.said.exit, self.said.code()) == (exit, self.expected)
    }
}

/// Audits from that epoch on, once with each forged delta in the place of its own, which is there again afterwards.
/// `data` is a folder with the published data.
///
/// # Errors
/// If the folder cannot be written, or a verifier's output cannot be read.
pub fn try_deltas(data: &Path, number: u64, forged: &[ForgedDelta], verifier: &Verifier) -> Result<Vec<Tried>> {
    let place = data.join(delta_path(number));
    let honest = fs::read(&place)?;
    let (folder, since) = (data.display().to_string(), (number - 1).to_string());
    let mut tried = Vec::new();
    for forgery in forged {
        fs::write(&place, &forgery.delta)?;
        tried.push(Tried {
            name: forgery.name.clone(),
            expected: "delta_unusable",
            said: verifier.run(&["audit", "--data", &folder, "--since", &since])?,
        });
    }
    fs::write(&place, honest)?;
    Ok(tried)
}

/// Checks the honest bundle without a node, once with each forged file of trusted epochs.
///
/// # Errors
/// If a verifier's output cannot be read.
pub fn try_trusted(honest: &Honest, forged: &[ForgedTrusted], verifier: &Verifier) -> Result<Vec<Tried>> {
    let try_one = |forgery: &ForgedTrusted| {
        Ok(Tried {
            name: forgery.name.clone(),
            expected: forgery.expected,
            said: verifier.key_by_file(
                &forgery.file,
                &honest.code,
                &honest.bundle.to_json(),
                Some(&honest.secret),
            )?,
        })
    };
    forged.iter().map(try_one).collect()
}
