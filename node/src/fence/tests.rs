use super::*;

const BEHIND: Fence = Fence::Behind { chain: 2, database: 1 };

/// Databases differ by when their servers were started.
fn instance(started_at_us: i64) -> Instance {
    Instance {
        started_at_us,
        database: 5,
        epochs: 6,
        is_standby: false,
    }
}

fn unreachable() -> FenceError {
    FenceError::Chain(RpcError::Http(HttpError::Unreachable("refused".to_owned())))
}

/// A fence over the first database that was not compared yet.
fn unseen() -> FenceState {
    let fence = FenceState::default();
    fence.observed.write().unwrap().status = Status::Unseen(String::new());
    fence.reached(instance(1));
    fence
}

fn compared(fence: Fence, started_at_us: i64) -> Comparison {
    Comparison {
        fence,
        instance: instance(started_at_us),
    }
}

#[test]
fn nothing_is_sold_before_the_first_comparison() {
    let fence = unseen();
    assert!(fence.refusal().is_some());
    fence.record(&Err(unreachable()));
    let why = fence.refusal().unwrap();
    assert!(why.contains("no answer: refused"), "{why}");
    assert_eq!((fence.is_open(), fence.admits(&instance(1))), (Some(false), false));
    fence.record(&Ok(compared(Fence::Open, 1)));
    assert_eq!((fence.refusal(), fence.is_open()), (None, Some(true)));
    assert!(fence.admits(&instance(1)));
}

#[test]
fn an_unreachable_chain_changes_nothing_that_was_seen() {
    let fence = unseen();
    fence.record(&Ok(compared(Fence::Open, 1)));
    fence.record(&Err(unreachable()));
    assert_eq!(fence.refusal(), None);
    fence.record(&Ok(compared(BEHIND, 1)));
    fence.record(&Err(unreachable()));
    assert_eq!(fence.refusal(), Some(BEHIND.to_string()));
    fence.record(&Ok(compared(Fence::Open, 1)));
    assert_eq!(fence.refusal(), None);
}

#[test]
fn another_database_is_sold_from_once_it_was_compared() {
    let fence = unseen();
    fence.record(&Ok(compared(Fence::Open, 1)));
    fence.reached(instance(1));
    assert!(fence.admits(&instance(1)));
    fence.reached(instance(2));
    assert!(fence.refusal().unwrap().contains("another took its place"));
    assert!(!fence.admits(&instance(1)) && !fence.admits(&instance(2)));
    // The chain is unreachable, and a comparison of the first database ends late.
    fence.record(&Err(unreachable()));
    fence.record(&Ok(compared(Fence::Open, 1)));
    assert_eq!(fence.is_open(), Some(false));
    fence.record(&Ok(compared(Fence::Open, 2)));
    assert!(fence.admits(&instance(2)) && !fence.admits(&instance(1)));
}

#[test]
fn an_epoch_that_was_seen_is_not_forgotten() {
    let fence = unseen();
    let epoch = |number| OnChain {
        number,
        ..OnChain::default()
    };
    assert_eq!(fence.raise(epoch(4)), epoch(4));
    assert_eq!(fence.raise(epoch(2)), epoch(4));
}

#[test]
fn messages_of_the_rpc_node_go_to_the_log_only() {
    let fence = unseen();
    fence.record(&Err(FenceError::Chain(RpcError::Refused {
        method: "eth_call",
        code: 1,
        message: "no such project: geheim".to_owned(),
    })));
    assert!(!fence.refusal().unwrap().contains("geheim"));
}

#[test]
fn without_a_chain_any_database_is_sold_from() {
    let fence = FenceState::default();
    fence.reached(instance(1));
    fence.reached(instance(2));
    assert_eq!((fence.refusal(), fence.is_open()), (None, None));
    assert!(fence.admits(&instance(1)));
}
