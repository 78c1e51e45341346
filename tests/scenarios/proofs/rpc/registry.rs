//! What stands at the registry's address: a release, or something that only behaves like one.

use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use alloy_primitives::{Address, Bytes};
use shelfproof_tests::anvil::proxy;
use shelfproof_tests::vector_chain::{block_on, client};

use super::setup::Setup;

/// Where the constructor of the newest release writes the dispute contract's address.
const DISPUTES_AT: std::ops::Range<usize> = 525..545;

/// Returns the code at the registry's address.
fn code(setup: &Setup) -> Vec<u8> {
    let code = block_on(async {
        let provider = client(setup.chain.anvil.url())?;
        Ok::<_, Box<dyn std::error::Error>>(provider.get_code_at(setup.chain.registry).await?)
    });
    code.expect("a runtime").expect("the code").to_vec()
}

/// Puts other code at an address, whose storage stays.
fn put(setup: &Setup, at: Address, code: &[u8]) {
    let code = Bytes::copy_from_slice(code);
    let put = block_on(async {
        let provider = client(setup.chain.anvil.url())?;
        Ok::<_, Box<dyn std::error::Error>>(provider.anvil_set_code(at, code).await?)
    });
    put.expect("a runtime").expect("the code is put");
}

#[test]
fn a_registry_that_is_no_release_is_refused_by_every_command() {
    let setup = Setup::new();
    let case = setup.redeemed();
    let data = setup.data();
    let receipt = setup.receipt_file(&case, "receipt.json", &case.bundle["receipts"][0]);
    let out = setup.path("epochs.json");
    let release = code(&setup);
    assert_eq!(setup.key(&case).json(0)["verdict"], case.verdict);

    let mut one_byte_off = release.clone();
    *one_byte_off.last_mut().expect("code") ^= 1;
    let elsewhere = Address::repeat_byte(0xee);
    put(&setup, elsewhere, &release);
    for look_alike in [one_byte_off, proxy(elsewhere).to_vec()] {
        put(&setup, setup.chain.registry, &look_alike);
        let receipt_of = |more: &[&str]| {
            let run = setup.online(["receipt", "--receipt", &receipt, "--code", &case.code]);
            run.args(more.iter().copied())
        };
        for run in [
            setup.key(&case),
            setup.key(&case).command("show"),
            receipt_of(&[]),
            receipt_of(&["--data", &data]),
            setup.audit(&data),
            setup.audit(&data).args(["--since", "1"]),
            setup.online(["epochs", "--out", &out]),
            setup.pin(setup.chain.anvil.url(), setup.chain.merchant_id),
        ] {
            let answer = run.json(2);
            assert_eq!(answer["code"], "registry_unknown", "{answer}");
            let sentence = answer["sentence"].as_str().expect("a sentence");
            assert!(sentence.contains("compare the address"), "{sentence}");
            assert!(
                answer["detail"].as_str().expect("text").contains("keccak-256 0x"),
                "{answer}"
            );
        }
        // Before any check: a bundle of another merchant makes no difference.
        let mut other = case.clone();
        other.bundle["chainId"] = 1.into();
        assert_eq!(setup.key(&other).json(2)["code"], "registry_unknown");
    }
    put(&setup, setup.chain.registry, &release);
    assert_eq!(setup.key(&case).json(0)["verdict"], case.verdict);
}

#[test]
fn a_release_is_known_whatever_its_dispute_contract_is() {
    let setup = Setup::new();
    let case = setup.sold();
    let disputes = Address::repeat_byte(0xd1);
    let mut with_disputes = code(&setup);
    assert_eq!(with_disputes[DISPUTES_AT], [0; 20], "the vectors' registry has none");
    with_disputes[DISPUTES_AT].copy_from_slice(disputes.as_slice());
    put(&setup, setup.chain.registry, &with_disputes);
    assert_eq!(setup.key(&case).json(0)["verdict"], case.verdict);
    let text = setup.pin(setup.chain.anvil.url(), setup.chain.merchant_id).text(0);
    let said = text.lines().find(|line| line.contains("Dispute contract"));
    assert!(said.is_some_and(|line| line.contains(&disputes.to_string())), "{text}");
}
