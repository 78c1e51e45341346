//! Builds the history from the chain and the published data alone, and checks it against the vectors on a real chain.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alloy::providers::ext::AnvilApi;
use alloy_primitives::B256;
use shelfproof_anchor::history::{EpochFile, History, HistoryError};
use shelfproof_anchor::replay::{Replay, ReplayError};
use shelfproof_base::client::Reach;
use shelfproof_contracts::ShelfproofRegistry;
use shelfproof_tests::Result;
use shelfproof_tests::vector_chain::{ANCHORED_AT_S, VectorChain, anchor, block_on, client, vector_chain};
use shelfproof_tests::vectors::Vectors;
use shelfproof_verifier::breach::Rule;
use shelfproof_verifier::bundle::Bundle;
use shelfproof_verifier::chain::rpc::{Finality, RpcError, RpcSource};
use shelfproof_verifier::epoch::{Header, data_hash, data_path, decode_data, encode_data};
use shelfproof_verifier::event::{KeyEvent, Kind};
use shelfproof_verifier::published::{Data, Missing};
use tempfile::TempDir;

/// The vectors' chain, the published data, and a folder for a mirror.
struct Setup {
    chain: VectorChain,
    vectors: Vectors,
    folder: TempDir,
    published: PathBuf,
}

impl Setup {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let published = folder.path().join("published");
        let vectors = Vectors::read()?;
        vectors.write_data(&published)?;
        Ok(Self {
            chain: vector_chain()?,
            vectors,
            published,
            folder,
        })
    }

    fn mirror(&self) -> PathBuf {
        self.folder.path().join("mirror")
    }

    fn open(&self) -> Result<Arc<History>> {
        Ok(Arc::new(History::open(&self.mirror(), self.chain.merchant_id)?))
    }

    async fn source(&self, merchant_id: B256) -> Result<RpcSource> {
        let chain = &self.chain;
        Ok(RpcSource::connect(chain.anvil.url(), None, chain.registry, merchant_id, Finality::Tag).await?)
    }

    async fn replay(&self, data: &Path) -> Result<Replay> {
        Ok(Replay {
            source: self.source(self.chain.merchant_id).await?,
            data: Data::open(data.to_str().ok_or("UTF-8")?, Reach::Any)?,
            from_block: self.chain.deployed_block,
        })
    }

    /// Brings the mirror up to date with the chain, and returns the numbers and events of the epochs.
    fn advance(
        &self,
        history: &Arc<History>,
        data: &Path,
    ) -> Result<std::result::Result<Vec<(u64, usize)>, ReplayError>> {
        block_on(async {
            let mut told = Vec::new();
            let replay = self.replay(data).await?;
            let added = replay
                .advance(history, |epoch, events| told.push((epoch.header.number, events)))
                .await;
            Ok(added.map(|added| {
                assert_eq!(added, told.len() as u64);
                told
            }))
        })?
    }

    fn refused(&self, history: &Arc<History>) -> Result<ReplayError> {
        self.advance(history, &self.published)?
            .err()
            .ok_or_else(|| "it was added".into())
    }

    /// Publishes and anchors a fifth epoch. Its header holds what follows from `events`, except for the roots that are
    /// given.
    fn anchor(&self, events: &[KeyEvent], events_root: B256, history_root: B256) -> Result<()> {
        let bytes = encode_data(events);
        fs::write(self.published.join(data_path(5)), &bytes)?;
        let header = Header {
            number: 5,
            parent: self.vectors.epochs[3].hash,
            events_root,
            history_root,
            event_count: events.len() as u64,
            data_hash: data_hash(&bytes),
        };
        block_on(async {
            let provider = client(self.chain.anvil.url())?;
            let registry = ShelfproofRegistry::new(self.chain.registry, provider.clone());
            anchor(&registry, self.chain.merchant_id, self.vectors.merchant.owner, &header).await?;
            provider.anvil_mine(Some(3), None).await?;
            Ok(())
        })?
    }

    /// Returns the next event of a key whose last event allows one.
    fn next_event(&self) -> Result<KeyEvent> {
        let case = self.vectors.bundles.iter().find(|case| case.verdict == "holds sold");
        let bundle = Bundle::parse(case.ok_or("no sold key")?.bundle.to_string().as_bytes())?;
        let last = bundle.events.last().ok_or("no events")?.event;
        Ok(KeyEvent {
            version: last.version + 1,
            kind: Kind::Refunded,
            at_ms: last.at_ms + 1,
            prev: last.hash(),
            ..last
        })
    }
}

fn breach(error: &ReplayError) -> Option<(u64, Rule)> {
    match error {
        ReplayError::Breach { number, breach } => Some((*number, breach.rule)),
        _ => None,
    }
}

#[test]
fn a_mirror_proves_what_the_merchant_proves() -> Result<()> {
    let setup = Setup::new()?;
    let history = setup.open()?;
    assert_eq!(
        setup.advance(&history, &setup.published)??,
        [(1, 48), (2, 15), (3, 26), (4, 19)]
    );
    assert_eq!(history.final_epoch(), (4, setup.vectors.epochs[3].hash));
    assert_eq!(setup.advance(&history, &setup.published)??, [], "nothing new");
    let mut compared = 0;
    for case in &setup.vectors.bundles {
        let bundle = Bundle::parse(case.bundle.to_string().as_bytes())?;
        if bundle.history.epoch != 4 || bundle.identity.merchant_id != setup.chain.merchant_id {
            continue;
        }
        let proven = history.prove(&bundle.key_id)?;
        assert_eq!(proven.history, bundle.history, "{}", case.name);
        assert_eq!(proven.events.len(), bundle.events.len(), "{}", case.name);
        for (ours, theirs) in proven.events.iter().zip(&bundle.events) {
            assert_eq!(
                (ours.event, ours.epoch, &ours.path),
                (theirs.event, theirs.epoch, &theirs.path)
            );
        }
        for ours in &proven.epochs {
            let theirs = bundle.epochs.iter().map(|theirs| &theirs.header);
            assert!(theirs.into_iter().any(|theirs| *theirs == ours.header), "{}", case.name);
            let block = setup.chain.epoch_blocks[usize::try_from(ours.header.number)? - 1];
            assert_eq!(ours.block, Some(block), "{}", case.name);
        }
        compared += 1;
    }
    assert!(compared > 3, "{compared}");
    Ok(())
}

#[test]
fn a_lost_map_is_made_again_from_the_folders_own_published_files() -> Result<()> {
    let setup = Setup::new()?;
    let history = setup.open()?;
    setup.advance(&history, &setup.published)??;
    let at = history.final_epoch();
    let derived = [
        history.published_path(EpochFile::Delta(2)),
        history.published_path(EpochFile::Header(2)),
    ];
    let written = derived.each_ref().map(|path| fs::read(path).ok());
    assert!(written.iter().all(Option::is_some));
    drop(history);
    fs::remove_dir_all(setup.mirror().join("map"))?;
    for path in &derived {
        fs::remove_file(path)?;
    }
    let refused = setup.open().err().ok_or("it opened")?;
    assert!(refused.to_string().contains("shelfproof-anchor rebuild"), "{refused}");
    History::clear(&setup.mirror())?;
    let history = setup.open()?;
    assert_eq!(setup.advance(&history, &setup.mirror().join("data"))??.len(), 4);
    assert_eq!(history.final_epoch(), at);
    assert_eq!(derived.map(|path| fs::read(path).ok()), written);
    Ok(())
}

#[test]
fn data_that_is_missing_or_another_is_waited_for() -> Result<()> {
    let setup = Setup::new()?;
    let history = setup.open()?;
    let second = setup.published.join(data_path(2));
    let right = fs::read(&second)?;
    fs::write(&second, &right[1..])?;
    let refused = setup.refused(&history)?;
    assert!(
        matches!(
            refused,
            ReplayError::Missing {
                number: 2,
                cause: Missing::CopyDiffers(_)
            }
        ),
        "{refused}"
    );
    assert_eq!(history.final_epoch().0, 1, "the first stays");
    fs::remove_file(&second)?;
    let refused = setup.refused(&history)?;
    assert!(matches!(refused, ReplayError::Missing { number: 2, .. }), "{refused}");
    fs::write(&second, right)?;
    assert_eq!(setup.advance(&history, &setup.published)??, [(2, 15), (3, 26), (4, 19)]);
    Ok(())
}

#[test]
fn what_waited_is_forgotten_and_does_not_stand_in_the_way() -> Result<()> {
    let setup = Setup::new()?;
    let history = setup.open()?;
    let data = fs::read(setup.published.join(data_path(1)))?;
    let computed = history.compute_epoch(&decode_data(&data)?)?;
    assert_eq!(computed.hash, setup.vectors.epochs[0].hash);
    history.push(computed)?;
    assert_eq!(setup.advance(&history, &setup.published)??.len(), 4);
    assert_eq!(history.waiting(), (0, 0));
    Ok(())
}

#[test]
fn an_epoch_that_breaks_the_protocol_ends_the_mirror_before_it() -> Result<()> {
    let next = Setup::new()?.next_event()?;
    let root = B256::repeat_byte(3);
    let late = KeyEvent {
        at_ms: u64::from(u32::MAX) * 1000,
        ..next
    };
    let twice = KeyEvent {
        kind: Kind::Sold,
        ..next
    };
    for (event, events_root, rule) in [
        (next, next.hash(), Rule::HistoryMismatch),
        (next, root, Rule::Inclusion),
        (late, late.hash(), Rule::Clock),
        (twice, twice.hash(), Rule::IllegalTransition),
        // If two rules are broken, the rule of the events root is reported first, as in an audit.
        (twice, root, Rule::Inclusion),
    ] {
        let setup = Setup::new()?;
        let history = setup.open()?;
        setup.anchor(&[event], events_root, root)?;
        let refused = setup.refused(&history)?;
        assert_eq!(breach(&refused), Some((5, rule)), "{refused}");
        assert_eq!(history.final_epoch().0, 4);
        assert!(
            !history.published_path(EpochFile::Events(5)).exists(),
            "what breaks the protocol is not published again"
        );
    }
    let setup = Setup::new()?;
    let history = setup.open()?;
    setup.anchor(&[next, next], root, root)?;
    let refused = setup.refused(&history)?;
    assert_eq!(breach(&refused), Some((5, Rule::Inclusion)), "{refused}");
    Ok(())
}

#[test]
fn a_history_of_another_chain_is_not_built_upon() -> Result<()> {
    let setup = Setup::new()?;
    let history = setup.open()?;
    let event = |seed: u8, number: u64| KeyEvent {
        key_id: B256::repeat_byte(seed),
        version: 1,
        kind: Kind::Generated,
        at_ms: number,
        prev: B256::ZERO,
        payload: B256::ZERO,
    };
    let put = |seed, number| -> Result<()> {
        let computed = history.compute_epoch(&[event(seed, number)])?;
        history.push(computed)?;
        Ok(history.finalise(number, 1, ANCHORED_AT_S[0])?)
    };
    put(1, 1)?;
    let refused = setup.refused(&history)?;
    let theirs = setup.vectors.epochs[0].hash;
    assert!(
        matches!(refused, ReplayError::OtherHistory { number: 1, theirs: found, .. } if found == theirs),
        "{refused}"
    );
    for number in 2..=5 {
        put(u8::try_from(number)?, number)?;
    }
    let refused = setup.refused(&history)?;
    assert!(
        matches!(refused, ReplayError::Behind { number: 5, latest: 4 }),
        "{refused}"
    );
    Ok(())
}

#[test]
fn a_merchant_that_is_not_registered_has_no_history() -> Result<()> {
    let setup = Setup::new()?;
    let other = B256::repeat_byte(9);
    let history = Arc::new(History::open(&setup.mirror(), other)?);
    let refused = block_on(async {
        let replay = Replay {
            source: setup.source(other).await?,
            ..setup.replay(&setup.published).await?
        };
        Ok::<_, Box<dyn std::error::Error>>(replay.advance(&history, |_, _| ()).await)
    })??;
    assert!(matches!(refused, Err(ReplayError::Rpc(RpcError::NotRegistered))));
    assert!(matches!(history.prove(&other), Err(HistoryError::NothingFinal)));
    Ok(())
}
