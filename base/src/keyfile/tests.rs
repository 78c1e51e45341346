use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use super::*;

const SECRET: &[u8; 32] = b"thirty-two bytes of a secret key";

fn passphrase() -> SecretString {
    "correct horse battery".into()
}

fn key() -> Key {
    Key {
        public: Some(Bytes::from_static(&[0x5a; 20])),
        secret: Zeroizing::new(SECRET.to_vec()),
    }
}

/// Creates a folder with one key file, `anchorer.key`.
fn made() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("anchorer.key");
    create(&path, "anchorer", &key(), &passphrase()).unwrap();
    (folder, path)
}

fn rewrite(path: &Path, change: impl Fn(&str) -> String) {
    let text = fs::read_to_string(path).unwrap();
    fs::write(path, change(&text)).unwrap();
}

#[test]
fn what_was_put_in_comes_out() {
    let (folder, path) = made();
    let opened = open(&path, "anchorer", &passphrase()).unwrap();
    assert_eq!(opened.secret.as_slice(), SECRET);
    assert_eq!(opened.public, key().public);
    assert_eq!(public(&path, "anchorer").unwrap(), key().public);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "no temporary file stays"
    );
}

#[test]
fn a_key_without_a_public_part_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token.key");
    let key = Key { public: None, ..key() };
    create(&path, "token", &key, &passphrase()).unwrap();
    assert_eq!(open(&path, "token", &passphrase()).unwrap().public, None);
}

#[test]
fn nothing_is_overwritten() {
    let (folder, path) = made();
    let before = fs::read(&path).unwrap();
    let again = create(&path, "anchorer", &key(), &passphrase());
    assert!(matches!(again, Err(KeyFileError::Exists(_))), "{again:?}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "no temporary file stays"
    );
}

#[test]
fn a_secret_of_no_length_or_too_long_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for length in [0, MAX_SECRET_BYTES + 1] {
        let key = Key {
            public: None,
            secret: Zeroizing::new(vec![1; length]),
        };
        let made = create(&folder.path().join("a.key"), "a", &key, &passphrase());
        assert!(matches!(made, Err(KeyFileError::Secret(_))), "{length}");
    }
    let key = Key {
        public: None,
        secret: Zeroizing::new(vec![1; MAX_SECRET_BYTES]),
    };
    let path = folder.path().join("b.key");
    create(&path, "b", &key, &passphrase()).unwrap();
    assert_eq!(open(&path, "b", &passphrase()).unwrap().secret, key.secret);
}

#[test]
fn what_does_not_fit_is_refused_by_what_to_do_about_it() {
    let (folder, path) = made();
    let missing = open(&folder.path().join("vrf.key"), "vrf", &passphrase())
        .err()
        .unwrap();
    assert!(matches!(missing, KeyFileError::Missing(_)));
    let other = open(&path, "anchorer", &"another passphrase".into()).err().unwrap();
    assert!(matches!(other, KeyFileError::Refused(_)));
    assert!(!other.to_string().contains("another passphrase"));
    let owner = open(&path, "owner", &passphrase()).err().unwrap();
    assert!(matches!(owner, KeyFileError::WrongName { .. }));
    for mode in [0o640, 0o604, 0o620, 0o601] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let exposed = open(&path, "anchorer", &passphrase()).err().unwrap();
        assert!(exposed.to_string().contains("chmod 600"), "{exposed}");
    }
}

#[test]
fn a_file_under_another_s_name_does_not_open() {
    let (_folder, path) = made();
    rewrite(&path, |text| text.replace("\"anchorer\"", "\"owner\""));
    let renamed = open(&path, "owner", &passphrase());
    assert!(matches!(renamed, Err(KeyFileError::Refused(_))));
}

#[test]
fn costs_beyond_the_bounds_are_refused_before_they_are_paid() {
    for (from, to) in [
        ("\"m\": 19456", "\"m\": 19455"),
        ("\"m\": 19456", "\"m\": 1048577"),
        ("\"t\": 2", "\"t\": 1"),
        ("\"t\": 2", "\"t\": 17"),
        ("\"p\": 1", "\"p\": 0"),
        ("\"p\": 1", "\"p\": 9"),
    ] {
        let (_folder, path) = made();
        rewrite(&path, |text| {
            assert!(text.contains(from), "{text}");
            text.replace(from, to)
        });
        let refused = open(&path, "anchorer", &passphrase());
        assert!(matches!(refused, Err(KeyFileError::Malformed { .. })), "{to}");
    }
}

#[test]
fn a_flipped_bit_at_any_place_is_refused() {
    let (folder, path) = made();
    let text = fs::read(&path).unwrap();
    let share = text.len().div_ceil(4);
    std::thread::scope(|scope| {
        for part in 0..4 {
            let (text, folder) = (&text, folder.path());
            scope.spawn(move || {
                let path = folder.join(format!("flipped-{part}.key"));
                for at in (part * share..text.len()).take(share) {
                    // Tries a neighbouring character, and the other case of a letter.
                    for bit in [0x01, 0x20] {
                        let mut flipped = text.clone();
                        flipped[at] ^= bit;
                        disk::replace(&path, &flipped).unwrap();
                        assert!(open(&path, "anchorer", &passphrase()).is_err(), "byte {at}");
                    }
                }
            });
        }
    });
    for length in [0, 1, text.len() / 2, text.len() - 1] {
        disk::replace(&path, &text[..length]).unwrap();
        assert!(open(&path, "anchorer", &passphrase()).is_err(), "{length} bytes");
    }
}

#[test]
fn five_files_open_within_a_second() {
    let (_folder, path) = made();
    let start = Instant::now();
    for _ in 0..5 {
        open(&path, "anchorer", &passphrase()).unwrap();
    }
    // On an idle machine it takes about 0.2 s. The bound allows for other work on the machine.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
