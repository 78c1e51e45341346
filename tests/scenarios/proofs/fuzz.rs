//! Runs the fuzz targets on their seeds; the fuzzers themselves are built by `make fuzz` only.

// A library of another package, in which these items are public and the targets report failures by panicking.
#[allow(unreachable_pub, clippy::missing_panics_doc, clippy::must_use_candidate)]
#[path = "../../../verifier/fuzz/src/lib.rs"]
mod targets;

use std::collections::BTreeSet;

use targets::seeds;

#[test]
fn every_target_holds_on_its_seeds() {
    for (target, seeds) in seeds::all() {
        let run = match target {
            "bundle" => targets::bundle,
            "receipt" => targets::receipt,
            "trusted_epochs" => targets::trusted_epochs,
            "epoch_data" => targets::epoch_data,
            "delta" => targets::delta,
            other => panic!("{other} is no target"),
        };
        assert!(!seeds.is_empty(), "{target} has no seeds");
        for seed in &seeds {
            run(seed);
        }
    }
}

/// Each seed reaches another branch, so that the fuzzer need not find a hash by chance.
#[test]
fn the_seeds_of_epoch_data_break_every_rule_of_the_audit() {
    let (_, seeds) = seeds::all()
        .into_iter()
        .find(|(target, _)| *target == "epoch_data")
        .unwrap();
    let outcomes: Vec<_> = seeds.iter().map(|seed| targets::audit_two(seed).unwrap()).collect();
    assert!(outcomes.iter().any(Result::is_ok), "no two epochs hold");
    let breaches = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    let named = breaches.map(|breach| {
        let dispute = breach.proof.as_ref().map(|proof| proof.dispute.as_str());
        (breach.rule.as_str(), dispute)
    });
    let wanted = [
        ("broken_link", Some("brokenLink")),
        ("clock", None),
        ("clock", Some("illegalTransition")),
        ("illegal_transition", Some("illegalTransition")),
        ("inclusion", None),
        ("version_gap", None),
        ("version_gap", Some("fork")),
    ];
    assert_eq!(named.collect::<BTreeSet<_>>(), BTreeSet::from(wanted));
}
