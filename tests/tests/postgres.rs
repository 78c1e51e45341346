//! The distribution's PostgreSQL runs in the harness, and leaves nothing behind.

use std::path::{Path, PathBuf};

use shelfproof_tests::Result;
use shelfproof_tests::postgres::{Durability, Postgres};

#[test]
fn a_private_cluster_answers_and_is_gone_with_its_handle() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    let version = postgres.psql("postgres", "SELECT version()")?;
    assert!(version.starts_with("PostgreSQL "), "{version}");
    assert_eq!(
        postgres.psql("postgres", "SHOW listen_addresses")?,
        "",
        "it listens on a network"
    );

    let (process, folder) = (
        PathBuf::from(format!("/proc/{}", postgres.pid())),
        postgres.folder().to_owned(),
    );
    assert!(process.exists() && folder.exists());
    drop(postgres);
    assert!(!process.exists(), "the postmaster still runs");
    assert!(!folder.exists(), "its folder is still there");
    Ok(())
}

#[test]
fn databases_are_apart() -> Result<()> {
    let postgres = Postgres::start(Durability::Fsync)?;
    assert_eq!(postgres.psql("postgres", "SHOW fsync")?, "on");
    let (one, other) = (postgres.database()?, postgres.database()?);
    postgres.psql(&one, "CREATE TABLE key (id int); INSERT INTO key VALUES (7)")?;
    assert_eq!(postgres.psql(&one, "SELECT id FROM key")?, "7");
    let refused = postgres.psql(&other, "SELECT id FROM key").unwrap_err().to_string();
    assert!(refused.contains("\"key\" does not exist"), "{refused}");
    assert!(Path::new(postgres.folder()).join(".s.PGSQL.5432").exists());
    Ok(())
}
