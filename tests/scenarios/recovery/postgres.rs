//! The harness's PostgreSQL clusters start, recover from a kill, and leave nothing behind.

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

#[test]
fn a_killed_cluster_comes_up_again_with_what_it_had_committed() -> Result<()> {
    let server = [("max_connections", "40")];
    let mut postgres = Postgres::start_with(&std::env::temp_dir(), Durability::Fsync, true, &server)?;
    assert_eq!(postgres.psql("postgres", "SHOW max_connections")?, "40");
    let (database, port) = (postgres.database()?, postgres.port());
    for round in 1..=3 {
        let rows = format!("CREATE TABLE IF NOT EXISTS key (id int); INSERT INTO key VALUES ({round})");
        postgres.psql(&database, &rows)?;
        postgres.kill()?;
        postgres.restart()?;
        assert_eq!(postgres.psql(&database, "SELECT count(*) FROM key")?, round.to_string());
    }
    assert_eq!(postgres.port(), port);
    Ok(())
}

/// In a container the next process may have the id in a lock file, and a killed postmaster may remain as a zombie.
#[test]
fn lock_files_of_a_process_that_is_no_postmaster_are_no_hindrance() -> Result<()> {
    let mut postgres = Postgres::start(Durability::None)?;
    let (lock, socket) = (
        postgres.folder().join("data/postmaster.pid"),
        postgres.folder().join(".s.PGSQL.5432.lock"),
    );
    let old = postgres.pid().to_string();
    postgres.kill()?;
    for file in [lock, socket] {
        let text = std::fs::read_to_string(&file)?;
        std::fs::write(&file, text.replacen(&old, &std::process::id().to_string(), 1))?;
    }
    postgres.restart()?;
    assert_eq!(postgres.psql("postgres", "SELECT 1")?, "1");
    Ok(())
}
