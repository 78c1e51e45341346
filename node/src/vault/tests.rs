use std::fmt::Write;
use std::path::PathBuf;

use alloy_primitives::{U256, keccak256};
use secrecy::ExposeSecret;
use shelfproof_verifier::buyer;
use shelfproof_verifier::chain::{ChainView, SignerSpan};
use shelfproof_verifier::event::{self, KeyEvent, Kind, Opening};
use shelfproof_verifier::receipt::{Promise, Receipt, Terms, check_purchase};
use shelfproof_verifier::tree::climb;

use super::*;
use crate::domain::delivery::sale_promise;
use crate::domain::goods::Goods;
use crate::domain::id::OrderId;

const PASSPHRASE: &str = "correct horse battery";

fn identity() -> Identity {
    Identity {
        chain_id: 31_337,
        registry: Address::repeat_byte(0x11),
        merchant_id: B256::repeat_byte(0x22),
    }
}

fn order(byte: u8) -> OrderId {
    OrderId(uuid::Uuid::from_bytes([byte; 16]))
}

fn made() -> (tempfile::TempDir, Vault) {
    let folder = tempfile::tempdir().unwrap();
    folder::make::init(folder.path(), &PASSPHRASE.into()).unwrap();
    let vault = Vault::open(folder.path(), &PASSPHRASE.into(), identity()).unwrap();
    (folder, vault)
}

fn batch(n: u8) -> BatchId {
    BatchId::new(1_800_000_000_000, [n; 10])
}

fn goods(code: &str, extra: &str) -> Goods {
    Goods {
        code: code.into(),
        extra: extra.into(),
    }
}

fn shown(goods: &Goods) -> (&str, &str) {
    (goods.code.expose_secret(), goods.extra.expose_secret())
}

/// The sale of key `n`, and what it opens to.
fn sale(key_id: B256, n: u8) -> (KeyEvent, Opening) {
    let buyer = buyer::commitment(&B256::repeat_byte(7));
    let opening = Opening {
        salt: keccak256([n]),
        body: format!(r#"{{"buyer":"{buyer}","currency":"CNY","order":"o","price":"9.90","product":"p"}}"#),
    };
    let event = KeyEvent {
        key_id,
        version: 3,
        kind: Kind::Sold,
        at_ms: 1_800_000_000_000,
        prev: keccak256([n, n]),
        payload: event::payload(&opening.salt, &opening.body),
    };
    (event, opening)
}

const ANCHOR_BY_S: u64 = 1_800_003_600;

#[test]
fn goods_come_back_by_their_own_key_and_batch_alone() {
    let (_folder, vault) = made();
    let (key, wrapped) = vault.data_key_new(batch(1));
    assert_eq!(wrapped.master_generation, 1);
    let id = B256::repeat_byte(3);
    for (code, extra) in [("", ""), ("ABCD-1234", ""), ("账号", "密码----123"), ("", "extra")] {
        let sealed = key.encrypt(&id, batch(1), &goods(code, extra));
        let opened = vault.data_key_open(batch(1), &wrapped).unwrap();
        assert_eq!(shown(&opened.open(&id, batch(1), &sealed).unwrap()), (code, extra));
        assert!(opened.open(&B256::repeat_byte(4), batch(1), &sealed).is_err());
        assert!(opened.open(&id, batch(2), &sealed).is_err());
        assert!(vault.data_key_new(batch(1)).0.open(&id, batch(1), &sealed).is_err());
    }
    let twice = [(); 2].map(|()| key.encrypt(&id, batch(1), &goods("a", "b")));
    assert_ne!(twice[0], twice[1], "nonces are fresh");
}

#[test]
fn a_flipped_bit_of_sealed_goods_or_of_a_wrapped_key_is_refused() {
    let (_folder, vault) = made();
    let (key, wrapped) = vault.data_key_new(batch(1));
    let id = B256::repeat_byte(3);
    let sealed = key.encrypt(&id, batch(1), &goods("ABCD-1234", "a password"));
    for at in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        assert!(key.open(&id, batch(1), &flipped).is_err(), "bit {at}");
    }
    for length in 0..sealed.len() {
        assert!(key.open(&id, batch(1), &sealed[..length]).is_err(), "{length} bytes");
    }
    for at in 0..wrapped.wrapped.len() * 8 {
        let mut flipped = wrapped.clone();
        flipped.wrapped[at / 8] ^= 1 << (at % 8);
        assert!(vault.data_key_open(batch(1), &flipped).is_err(), "bit {at}");
    }
    assert!(vault.data_key_open(batch(2), &wrapped).is_err(), "another batch's");
    let unknown = vault.data_key_open(
        batch(1),
        &WrappedKey {
            master_generation: 2,
            ..wrapped
        },
    );
    assert!(matches!(
        unknown,
        Err(VaultError::UnknownMaster {
            master_generation: 2,
            ..
        })
    ));
}

#[test]
fn a_burst_of_receipts_holds_before_the_verifier() {
    let (_folder, vault) = made();
    for count in [1_u8, 2, 3, 24] {
        let codes: Vec<String> = (0..count).map(|n| format!("CODE-{n:04}")).collect();
        let ids: Vec<_> = codes.iter().map(|code| vault.key_id(code).unwrap()).collect();
        let sales: Vec<_> = ids.iter().zip(0..).map(|((id, _), n)| sale(*id, n)).collect();
        let buyer = buyer::commitment(&B256::repeat_byte(7));
        let promises: Vec<_> = sales
            .iter()
            .map(|(event, _)| sale_promise(event, Some(buyer)))
            .collect();
        let signed = vault.sign_receipts(&promises, ANCHOR_BY_S).unwrap();
        assert_eq!(signed.paths.len(), promises.len());
        let view = ChainView {
            identity: identity(),
            vrf_public_key: vault.vrf_public_key(),
            receipt_signers: vec![SignerSpan {
                address: vault.receipt_signer(),
                from_s: 1,
                until_s: 0,
            }],
            as_of_s: ANCHOR_BY_S,
            first: 1,
            latest: 0,
            epochs: [].into(),
        };
        for (((code, (_, vrf_proof)), (event, opening)), path) in codes.iter().zip(ids).zip(sales).zip(signed.paths) {
            assert_eq!(climb(&sale_promise(&event, Some(buyer)), &path), signed.root);
            let promise = Promise {
                event,
                opening: Some(opening),
                buyer,
                cover: U256::ZERO,
                token: Address::ZERO,
                anchor_by_s: ANCHOR_BY_S,
                path,
                signature: signed.signature,
            };
            promise.check_signature(&identity(), &view.receipt_signers).unwrap();
            let receipt = Receipt {
                identity: identity(),
                vrf_proof,
                promise,
            };
            let receipt = Receipt::parse(receipt.to_json().as_bytes()).unwrap();
            let terms = Terms {
                code,
                secret: Some(B256::repeat_byte(7)),
                expected: identity(),
                product: Some("p"),
                price: Some("9.90"),
                currency: Some("CNY"),
                now_ms: Some(1_800_000_000_000),
            };
            assert!(check_purchase(&receipt, &terms, &view).unwrap().yours);
        }
    }
    assert_eq!(vault.sign_receipts(&[], ANCHOR_BY_S), None);
}

#[test]
fn key_ids_are_the_code_s_and_unusual_codes_have_none() {
    let (_folder, vault) = made();
    assert_eq!(vault.key_id("abcd 1234").unwrap(), vault.key_id("ABCD-1234").unwrap());
    assert_eq!(vault.key_id("账号").unwrap_err().code, Code::CodeUnusual);
}

#[test]
fn an_order_s_token_opens_that_order_alone() {
    let (folder, vault) = made();
    let own = OrderToken::first(order(9));
    let token = vault.order_token(own);
    let token = token.expose_secret();
    assert_eq!(token.len(), 4 + 32 + 1 + 1 + 1 + 64);
    assert_eq!(vault.order_token_check(token), Some(own));
    let next = OrderToken { generation: 12, ..own };
    let next_token = vault.order_token(next);
    assert_eq!(vault.order_token_check(next_token.expose_secret()), Some(next));
    let mac = |token: &str| token.rsplit('_').next().unwrap().to_owned();
    assert_ne!(mac(token), mac(next_token.expose_secret()));
    let again = Vault::open(folder.path(), &PASSPHRASE.into(), identity()).unwrap();
    assert_eq!(
        again.order_token(own).expose_secret(),
        token,
        "the same after a restart"
    );
    for at in 0..token.len() {
        for bit in [0x01, 0x20] {
            let mut flipped = token.as_bytes().to_vec();
            flipped[at] ^= bit;
            let flipped = String::from_utf8(flipped).unwrap();
            assert_eq!(vault.order_token_check(&flipped), None, "byte {at}");
        }
    }
    for other in [
        "",
        "spo_",
        "spo__",
        &token[..token.len() - 1],
        &format!("{token}0"),
        &token.replace("_1_", "_2_"),
        &token.replace("_1_", "_01_"),
        &token.replace("_1_", "_+1_"),
        &token.replace("_1_", "_4294967296_"),
        &token.replace("_1_", "_"),
        &own.order.to_string(),
    ] {
        assert_eq!(vault.order_token_check(other), None, "{other}");
    }
    let (_folder, another) = made();
    assert_eq!(another.order_token_check(token), None, "another vault's");
}

#[test]
fn what_guests_say_is_hashed_apart_and_by_this_vault_only() {
    let (_folder, vault) = made();
    let (_other_folder, other) = made();
    let contact = |text: &str| text.parse::<Contact>().unwrap();
    let (ann, address) = (contact("ann@example.com"), |text: &str| text.parse().unwrap());
    assert_eq!(vault.guest(&ann), vault.guest(&contact(" Ann@example.com")));
    assert_ne!(vault.guest(&ann), other.guest(&ann));
    let opens = vault.guest_lookup(&ann, "secret-1");
    assert_eq!(opens, vault.guest_lookup(&ann, "secret-1"));
    for differs in [
        vault.guest_lookup(&ann, "secret-2"),
        vault.guest_lookup(&contact("ann@example.com1"), "secret-"),
        vault.guest_lookup(&contact("ann@example.coms"), "ecret-1"),
        other.guest_lookup(&ann, "secret-1"),
        vault.guest(&ann),
    ] {
        assert_ne!(opens, differs);
    }
    let client = |text| vault.client_address(address(text));
    assert_eq!(client("2001:db8::1"), client("2001:db8:0:ffff:ffff::2"), "one network");
    assert_ne!(client("2001:db8::1"), client("2001:db8:1::1"));
    assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
}

#[test]
fn nothing_secret_is_shown() {
    let (folder, vault) = made();
    let (key, wrapped) = vault.data_key_new(batch(1));
    let id = B256::repeat_byte(3);
    let secret_goods = goods("CODE-THAT-NOBODY-SEES", "PASSWORD-THAT-NOBODY-SEES");
    let sealed = key.encrypt(&id, batch(1), &secret_goods);
    let token = vault.order_token(OrderToken::first(order(9)));
    let errors: Vec<VaultError> = vec![
        key.open(&id, batch(2), &sealed).unwrap_err(),
        vault.data_key_open(batch(2), &wrapped).unwrap_err(),
        vault
            .data_key_open(
                batch(1),
                &WrappedKey {
                    master_generation: 2,
                    ..wrapped.clone()
                },
            )
            .unwrap_err(),
        Vault::open(folder.path(), &"a-wrong-passphrase".into(), identity()).unwrap_err(),
        Vault::open(&PathBuf::from("nowhere"), &PASSPHRASE.into(), identity()).unwrap_err(),
    ];
    let mut shown = format!("{vault:?} {vault:#?} {key:?} {key:#?} {secret_goods:?} {secret_goods:#?} {token:?}");
    for error in &errors {
        write!(shown, "{error:?} {error:#?} {error}").unwrap();
    }
    let data_key = vault.data_key_open(batch(1), &wrapped).unwrap();
    let mut secrets = vec![
        "NOBODY-SEES".to_owned(),
        PASSPHRASE.to_owned(),
        "a-wrong-passphrase".to_owned(),
        token.expose_secret().to_owned(),
    ];
    for bytes in folder::tests::secrets(folder.path(), &PASSPHRASE.into())
        .into_iter()
        .chain([data_key.bytes()])
    {
        // As hexadecimal, and as a derived Debug writes an array.
        secrets.push(alloy_primitives::hex::encode(&bytes[..6]));
        secrets.push(format!("{:?}", &bytes[..6]).trim_matches(['[', ']']).to_owned());
    }
    // However the lines are broken.
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    for secret in secrets {
        assert!(!bare(&shown).contains(&bare(&secret)), "a secret is shown");
    }
}
