//! Forged files of trusted epochs: no honest bundle holds with one, and what no chain can say is no verdict.

use std::collections::BTreeSet;
use std::fs;

use shelfproof_tests::Result;
use shelfproof_tests::forger::{forge_trusted, try_trusted};
use shelfproof_tests::vector_chain::vector_chain;
use shelfproof_tests::vectors::Vectors;

/// The smallest number of forgeries.
const KINDS: usize = 100;

#[test]
fn no_bundle_holds_with_a_forged_file_of_trusted_epochs() -> Result<()> {
    let vectors = Vectors::read()?;
    let chain = vector_chain()?;
    let online = super::verifier(&vectors, &chain)?;
    let path = online.file("epochs.json", "")?;
    online.run(&["epochs", "--out", &path.display().to_string()])?.holds()?;
    let honest = fs::read_to_string(&path)?;

    let material = super::material(&vectors, None)?;
    let victim = material.victim();
    // One that never saw the chain.
    let buyer = super::verifier(&vectors, &chain)?;
    let bundle = victim.bundle.to_json();
    let said = buyer.key_by_file(&honest, &victim.code, &bundle, Some(&victim.secret))?;
    assert_eq!(said.holds()?, "holds sold");

    let forged = forge_trusted(&material, &honest)?;
    assert!(forged.len() >= KINDS, "{}", forged.len());
    let names: BTreeSet<&str> = forged.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names.len(), forged.len(), "two of one name");
    super::assert_refused(&try_trusted(victim, &forged, &buyer)?);
    Ok(())
}
