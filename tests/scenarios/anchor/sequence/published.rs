//! An epoch is sent only once its data and delta are read back from where the public reads them.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shelfproof_anchor::owner::Owner;
use shelfproof_anchor::status::Condition;
use shelfproof_anchor::step::Unobserved;
use shelfproof_anchor::tx::{IntentLog, Journal};
use shelfproof_tests::Result;
use shelfproof_tests::merchant_chain::owner;
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::web::Server;
use shelfproof_verifier::delta::delta_path;
use shelfproof_verifier::epoch::data_path;

use super::test_anchor::{Public, TestAnchor};

/// Checks that a round sends nothing, and that its error has these words.
async fn waits(anchor: &mut TestAnchor, words: &[&str]) -> Result<()> {
    let error = anchor.round().await.err().ok_or("the epoch did not wait")?;
    let said = error.to_string();
    assert_eq!(error.condition(), Condition::NotPublished, "{said}");
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert_eq!(anchor.sent().await?, 0, "{said}");
    Ok(())
}

#[test]
fn an_epoch_waits_until_the_public_s_server_has_its_data_and_delta_byte_for_byte() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        let (data, delta) = (data_path(1), delta_path(1));
        // What the server has: nothing, other data, the data, another delta, both.
        let state = Arc::new(AtomicUsize::new(0));
        let (folder, now) = (anchor.folder().join("data"), Arc::clone(&state));
        let (asked_data, asked_delta) = (format!("/data/{data}"), format!("/data/{delta}"));
        let server = Server::start(move |path| {
            let written = |name: &str| fs::read(folder.join(name)).ok();
            let other = |name: &str| written(name).map(|bytes| bytes.iter().map(|byte| byte ^ 1).collect::<Vec<u8>>());
            match now.load(Ordering::SeqCst) {
                1 if path == asked_data => other(&data_path(1)),
                2 if path == asked_data => written(&data_path(1)),
                3 if path == asked_delta => other(&delta_path(1)),
                3.. => written(path.strip_prefix("/data/")?),
                _ => None,
            }
        })?;
        let url = format!("{}/data", server.url());
        anchor.public = Public::At(format!("{url}?key=geheim"));
        anchor.write(0..3).await?;
        anchor.round().await?;
        let steps = [
            [&*data, "status 404"],
            [&*data, "SHA-256"],
            [&*delta, "status 404"],
            [&*delta, "other bytes"],
        ];
        for (step, words) in steps.iter().enumerate() {
            state.store(step, Ordering::SeqCst);
            waits(&mut anchor, words).await?;
            waits(&mut anchor, &[&*url, "anchor.read_back_url"]).await?;
        }
        state.store(steps.len(), Ordering::SeqCst);
        anchor.round().await?;
        assert_eq!(anchor.sent().await?, 1);
        // What was signed is not held back any more.
        drop(server);
        anchor.finish(None).await?;
        Ok(())
    })?
}

#[test]
fn it_is_read_back_at_the_address_that_the_registry_names_now() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        anchor.public = Public::AsRegistered;
        anchor.write(0..3).await?;
        anchor.round().await?;
        // Nothing listens where the merchant was registered.
        waits(&mut anchor, &["http://127.0.0.1:1/data", "no answer"]).await?;
        let log = IntentLog::Journal(Journal::default());
        let mut by_owner = Owner::connect(anchor.chain.anvil.url(), None, owner()?, log, Box::new(Unobserved)).await?;
        let identity = anchor.chain.identity;
        let server = Server::of_folder(anchor.data())?;
        by_owner
            .set_data_uri(identity.registry, identity.merchant_id, "no address")
            .await?;
        waits(&mut anchor, &["no http or https address"]).await?;
        by_owner
            .set_data_uri(identity.registry, identity.merchant_id, &server.url())
            .await?;
        anchor.round().await?;
        assert_eq!(anchor.sent().await?, 1);
        Ok(())
    })?
}
