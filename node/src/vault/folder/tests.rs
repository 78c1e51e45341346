use std::fs;

use shelfproof_verifier::chain::Identity;

use super::make::{init, remove_master, rotate_master, rotate_receipt, use_receipt};
use super::*;
use crate::domain::id::BatchId;
use crate::vault::Vault;

const PASSPHRASE: &str = "correct horse battery";
const SECOND: &str = "another passphrase, kept elsewhere";

fn made() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path(), &PASSPHRASE.into()).unwrap();
    folder
}

fn vault(folder: &Path, passphrase: &str) -> Vault {
    let identity = Identity {
        chain_id: 1,
        registry: [1; 20].into(),
        merchant_id: [2; 32].into(),
    };
    Vault::open(folder, &passphrase.into(), identity).unwrap()
}

/// The secret of every key in the folder.
pub(in crate::vault) fn secrets(folder: &Path, passphrase: &SecretString) -> Vec<[u8; SECRET_BYTES]> {
    let names = names(folder).unwrap().into_iter();
    names.map(|name| *open_key(folder, name, passphrase).unwrap()).collect()
}

fn active(folder: &Path) -> Vec<String> {
    let listed = list(folder).unwrap().into_iter();
    listed
        .filter(|key| key.is_active)
        .map(|key| key.name.to_string())
        .collect()
}

#[test]
fn names_are_read_as_they_are_written() {
    for name in [
        "master-1",
        "master-12",
        "vrf",
        "receipt-3",
        "token",
        "anchorer",
        "owner",
    ] {
        assert_eq!(Name::parse(name).unwrap().to_string(), name);
        assert_eq!(Name::of_file(&format!("{name}.key")), Name::parse(name));
    }
    for other in [
        "",
        "master",
        "master-",
        "master-01",
        "master-+1",
        "Vrf",
        "vrf-1",
        "receipt-99999999999",
    ] {
        assert_eq!(Name::parse(other), None, "{other}");
    }
    for other in ["vrf", "vrf.key.tmp", ".key", "receipt.active"] {
        assert_eq!(Name::of_file(other), None, "{other}");
    }
}

#[test]
fn a_new_folder_holds_six_keys_each_its_own() {
    let folder = made();
    let listed = list(folder.path()).unwrap();
    assert_eq!(listed.len(), 6);
    assert!(listed.iter().all(|key| key.is_active));
    let lengths: Vec<_> = listed
        .iter()
        .map(|key| key.public.as_ref().map_or(0, |public| public.len()))
        .collect();
    assert_eq!(lengths, [0, 32, 20, 0, 20, 20]);
    let mut secrets = secrets(folder.path(), &PASSPHRASE.into());
    secrets.sort_unstable();
    secrets.dedup();
    assert_eq!(secrets.len(), 6);
    let vault = vault(folder.path(), PASSPHRASE);
    assert_eq!(listed[1].public, Some(vault.vrf_public_key().into()));
    assert_eq!(
        listed[2].public,
        Some(Bytes::copy_from_slice(vault.receipt_signer().as_slice()))
    );
}

#[test]
fn keys_are_made_in_an_empty_folder_only() {
    let folder = made();
    let before = list(folder.path()).unwrap();
    assert!(matches!(
        init(folder.path(), &PASSPHRASE.into()),
        Err(VaultError::NotEmpty(_))
    ));
    assert_eq!(list(folder.path()).unwrap(), before);
}

#[test]
fn a_folder_without_one_of_its_keys_does_not_open() {
    let folder = made();
    let identity = *vault(folder.path(), PASSPHRASE).identity();
    for file in ["master-1.key", "vrf.key", "receipt-1.key", "token.key", ACTIVE_RECEIPT] {
        let (path, away) = (folder.path().join(file), folder.path().join("away"));
        fs::rename(&path, &away).unwrap();
        let refused = Vault::open(folder.path(), &PASSPHRASE.into(), identity).unwrap_err();
        assert!(!matches!(refused, VaultError::Io { .. }), "{refused}");
        fs::rename(&away, &path).unwrap();
    }
    for file in ["anchorer.key", "owner.key"] {
        fs::remove_file(folder.path().join(file)).unwrap();
    }
    vault(folder.path(), PASSPHRASE);
}

#[test]
fn a_key_in_another_s_place_does_not_open() {
    let folder = made();
    fs::copy(folder.path().join("token.key"), folder.path().join("vrf.key")).unwrap();
    let opened = open(folder.path(), &PASSPHRASE.into());
    assert!(matches!(
        opened,
        Err(VaultError::KeyFile(KeyFileError::WrongName { .. }))
    ));
}

#[test]
fn a_new_master_key_wraps_and_the_old_one_still_opens() {
    let folder = made();
    let batch = BatchId::new(1, [1; 10]);
    let (_, old) = vault(folder.path(), PASSPHRASE).data_key_new(batch);
    assert!(rotate_master(folder.path(), &"not the passphrase".into()).is_err());
    assert_eq!(
        rotate_master(folder.path(), &PASSPHRASE.into()).unwrap(),
        Name::Master(2)
    );
    let rotated = vault(folder.path(), PASSPHRASE);
    assert_eq!(
        (
            rotated.master_generation(),
            rotated.data_key_new(batch).1.master_generation
        ),
        (2, 2)
    );
    let anew = rotated.data_key_rewrap(batch, &old).unwrap();
    assert_eq!(anew.master_generation, 2);
    let bytes = |wrapped| rotated.data_key_open(batch, wrapped).unwrap().bytes();
    assert_eq!(bytes(&anew), bytes(&old));

    assert!(matches!(
        remove_master(folder.path(), 2),
        Err(VaultError::NewestMaster(_))
    ));
    remove_master(folder.path(), 1).unwrap();
    let later = vault(folder.path(), PASSPHRASE);
    later.data_key_open(batch, &anew).unwrap();
    let gone = later.data_key_open(batch, &old).unwrap_err();
    assert!(matches!(
        gone,
        VaultError::UnknownMaster {
            master_generation: 1,
            ..
        }
    ));
}

#[test]
fn ten_generations_are_counted_as_numbers() {
    let folder = made();
    for generation in 2..=10 {
        assert_eq!(
            rotate_master(folder.path(), &PASSPHRASE.into()).unwrap(),
            Name::Master(generation)
        );
    }
    assert_eq!(vault(folder.path(), PASSPHRASE).master_generation(), 10);
    assert_eq!(active(folder.path())[0], "master-10");
}

#[test]
fn a_new_receipt_key_signs_once_it_is_made_active() {
    let folder = made();
    let first = vault(folder.path(), PASSPHRASE).receipt_signer();
    assert_eq!(
        rotate_receipt(folder.path(), &PASSPHRASE.into()).unwrap(),
        Name::Receipt(2)
    );
    assert_eq!(vault(folder.path(), PASSPHRASE).receipt_signer(), first);
    assert!(use_receipt(folder.path(), 3, &PASSPHRASE.into()).is_err());
    use_receipt(folder.path(), 2, &PASSPHRASE.into()).unwrap();
    assert_ne!(vault(folder.path(), PASSPHRASE).receipt_signer(), first);
    assert!(active(folder.path()).contains(&"receipt-2".to_owned()));
    use_receipt(folder.path(), 1, &PASSPHRASE.into()).unwrap();
    assert_eq!(vault(folder.path(), PASSPHRASE).receipt_signer(), first);
}

#[test]
fn a_backup_brings_every_key_back_under_another_passphrase() {
    let folder = made();
    rotate_master(folder.path(), &PASSPHRASE.into()).unwrap();
    rotate_receipt(folder.path(), &PASSPHRASE.into()).unwrap();
    use_receipt(folder.path(), 2, &PASSPHRASE.into()).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let (file, restored) = (elsewhere.path().join("shop.backup"), elsewhere.path().join("keys"));
    let export = || backup::export(folder.path(), &PASSPHRASE.into(), &file, &SECOND.into());
    assert_eq!(export().unwrap().len(), 8);
    assert!(matches!(export(), Err(VaultError::KeyFile(KeyFileError::Exists(_)))));

    let restore = |second: &str| backup::restore(&restored, &"a third passphrase".into(), &file, &second.into());
    assert!(restore(PASSPHRASE).is_err());
    assert!(!restored.exists(), "nothing is made from a backup that does not open");
    restore(SECOND).unwrap();
    assert_eq!(list(&restored).unwrap(), list(folder.path()).unwrap());
    assert_eq!(
        secrets(&restored, &"a third passphrase".into()),
        secrets(folder.path(), &PASSPHRASE.into())
    );
    assert!(matches!(restore(SECOND), Err(VaultError::NotEmpty(_))));
}

#[test]
fn a_backup_that_lacks_a_key_is_refused() {
    let folder = made();
    let elsewhere = tempfile::tempdir().unwrap();
    for file in ["vrf.key", "token.key"] {
        let away = elsewhere.path().join(file);
        fs::rename(folder.path().join(file), &away).unwrap();
        let backup = elsewhere.path().join(format!("{file}.backup"));
        backup::export(folder.path(), &PASSPHRASE.into(), &backup, &SECOND.into()).unwrap();
        let restored = elsewhere.path().join("keys");
        let refused = backup::restore(&restored, &PASSPHRASE.into(), &backup, &SECOND.into());
        assert!(matches!(refused, Err(VaultError::Backup(_))), "{file}");
        fs::rename(&away, folder.path().join(file)).unwrap();
    }
}
