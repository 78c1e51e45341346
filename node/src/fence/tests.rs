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

/// Over the first database.
fn unseen() -> Gate {
    let gate = Gate::default();
    gate.sight.write().unwrap().state = State::Unseen(String::new());
    gate.reached(instance(1));
    gate
}

fn look(fence: Fence, started_at_us: i64) -> Look {
    Look {
        fence,
        instance: instance(started_at_us),
    }
}

#[test]
fn nothing_is_sold_before_a_look_says_so() {
    let gate = unseen();
    assert!(gate.refusal().is_some());
    gate.note(&Err(unreachable()));
    let why = gate.refusal().unwrap();
    assert!(why.contains("no answer: refused"), "{why}");
    assert_eq!((gate.is_open(), gate.admits(&instance(1))), (Some(false), false));
    gate.note(&Ok(look(Fence::Open, 1)));
    assert_eq!((gate.refusal(), gate.is_open()), (None, Some(true)));
    assert!(gate.admits(&instance(1)));
}

#[test]
fn a_chain_that_is_away_changes_nothing_that_was_seen() {
    let gate = unseen();
    gate.note(&Ok(look(Fence::Open, 1)));
    gate.note(&Err(unreachable()));
    assert_eq!(gate.refusal(), None);
    gate.note(&Ok(look(BEHIND, 1)));
    gate.note(&Err(unreachable()));
    assert_eq!(gate.refusal(), Some(BEHIND.to_string()));
    gate.note(&Ok(look(Fence::Open, 1)));
    assert_eq!(gate.refusal(), None);
}

#[test]
fn another_database_is_sold_over_once_a_look_lets_it_pass() {
    let gate = unseen();
    gate.note(&Ok(look(Fence::Open, 1)));
    gate.reached(instance(1));
    assert!(gate.admits(&instance(1)));
    gate.reached(instance(2));
    assert!(gate.refusal().unwrap().contains("another took its place"));
    assert!(!gate.admits(&instance(1)) && !gate.admits(&instance(2)));
    // The chain is away, and a look at the first one ends late.
    gate.note(&Err(unreachable()));
    gate.note(&Ok(look(Fence::Open, 1)));
    assert_eq!(gate.is_open(), Some(false));
    gate.note(&Ok(look(Fence::Open, 2)));
    assert!(gate.admits(&instance(2)) && !gate.admits(&instance(1)));
}

#[test]
fn an_epoch_that_was_seen_is_not_forgotten() {
    let gate = unseen();
    let epoch = |number| OnChain {
        number,
        ..OnChain::default()
    };
    assert_eq!(gate.raise(epoch(4)), epoch(4));
    assert_eq!(gate.raise(epoch(2)), epoch(4));
}

#[test]
fn what_a_node_says_stays_in_the_log() {
    let gate = unseen();
    gate.note(&Err(FenceError::Chain(RpcError::Refused {
        method: "eth_call",
        code: 1,
        message: "no such project: geheim".to_owned(),
    })));
    assert!(!gate.refusal().unwrap().contains("geheim"));
}

#[test]
fn where_nobody_looks_any_database_is_sold_over() {
    let gate = Gate::default();
    gate.reached(instance(1));
    gate.reached(instance(2));
    assert_eq!((gate.refusal(), gate.is_open()), (None, None));
    assert!(gate.admits(&instance(1)));
}
