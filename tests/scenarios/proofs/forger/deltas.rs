//! Forged deltas: a light audit stops at each, without a verdict.

use std::collections::BTreeSet;

use alloy_primitives::hex;
use shelfproof_tests::Result;
use shelfproof_tests::forger::{forge_deltas, try_deltas};
use shelfproof_tests::vector_chain::vector_chain;
use shelfproof_tests::vectors::Vectors;
use shelfproof_verifier::audit::key_ids_in;

/// The epochs whose deltas are forged: the first one, before which there is no map, and one with keys of every sort.
const FORGED: [u64; 2] = [1, 4];

/// The smallest number of forgeries.
const KINDS: usize = 150;

#[test]
fn no_light_audit_holds_with_a_forged_delta() -> Result<()> {
    let vectors = Vectors::read()?;
    let chain = vector_chain()?;
    let buyer = super::verifier(&vectors, &chain)?;
    let data = tempfile::tempdir()?;
    vectors.write_data(data.path())?;
    let folder = data.path().display().to_string();
    let audit = ["audit", "--data", &folder, "--since", "0"];
    assert_eq!(buyer.run(&audit)?.holds()?, "holds 4 epochs since 0");

    let of_chain = || vectors.deltas.iter().filter(|delta| delta.header.is_none());
    let mut kinds = 0;
    for number in FORGED {
        let (mut honest, mut others) = (Vec::new(), Vec::new());
        for delta in of_chain() {
            let bytes = hex::decode(&delta.delta)?;
            if delta.number == number {
                honest = bytes;
            } else {
                others.push(bytes);
            }
        }
        let epoch = vectors
            .epochs
            .get(usize::try_from(number - 1)?)
            .ok_or("no such epoch")?;
        let forged = forge_deltas(&honest, &key_ids_in(&hex::decode(&epoch.data)?), &others)?;
        let names: BTreeSet<&str> = forged.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names.len(), forged.len(), "two of one name");
        super::assert_refused(&try_deltas(data.path(), number, &forged, &buyer)?);
        kinds += forged.len();
    }
    assert!(kinds >= KINDS, "{kinds}");
    assert_eq!(buyer.run(&audit)?.holds()?, "holds 4 epochs since 0");
    Ok(())
}
