use super::*;

const BEHIND: Fence = Fence::Behind { chain: 2, database: 1 };

/// Databases differ by when their servers were started.
pub(super) fn instance(started_at_us: i64) -> Instance {
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

/// Connected to the first database, before any comparison with the chain.
fn unknown() -> FenceState {
    let state = FenceState {
        chain: Some(Held::new("the chain")),
        ..FenceState::default()
    };
    state.reached(instance(1));
    state
}

fn noted(state: &FenceState, compared: Result<(Option<Fence>, Instance), FenceError>) {
    note(state.chain.as_ref().unwrap(), compared);
}

#[test]
fn nothing_is_sold_before_a_comparison_allows_it() {
    let state = unknown();
    assert!(state.refusal().is_some());
    noted(&state, Err(unreachable()));
    let why = state.refusal().unwrap();
    assert!(why.contains("no answer: refused"), "{why}");
    assert_eq!((state.is_open(), state.admits(&instance(1))), (Some(false), false));
    noted(&state, Ok((None, instance(1))));
    assert_eq!((state.refusal(), state.is_open()), (None, Some(true)));
    assert!(state.admits(&instance(1)));
}

#[test]
fn a_chain_that_is_away_changes_nothing_that_was_seen() {
    let state = unknown();
    noted(&state, Ok((None, instance(1))));
    noted(&state, Err(unreachable()));
    assert_eq!(state.refusal(), None);
    noted(&state, Ok((Some(BEHIND), instance(1))));
    noted(&state, Err(unreachable()));
    assert_eq!(state.refusal(), Some(BEHIND.reason()));
    assert_ne!(
        state.refusal(),
        Some(BEHIND.to_string()),
        "how to repair it is for the log"
    );
    noted(&state, Ok((None, instance(1))));
    assert_eq!(state.refusal(), None);
}

#[test]
fn another_database_is_sold_over_once_it_was_compared() {
    let state = unknown();
    noted(&state, Ok((None, instance(1))));
    state.reached(instance(1));
    assert!(state.admits(&instance(1)));
    state.reached(instance(2));
    assert!(state.refusal().unwrap().contains("another took its place"));
    assert!(!state.admits(&instance(1)) && !state.admits(&instance(2)));
    // The chain is away, and a comparison with the first one ends late.
    noted(&state, Err(unreachable()));
    noted(&state, Ok((None, instance(1))));
    assert_eq!(state.is_open(), Some(false));
    noted(&state, Ok((None, instance(2))));
    assert!(state.admits(&instance(2)) && !state.admits(&instance(1)));
}

#[test]
fn an_epoch_that_was_seen_is_not_forgotten() {
    let state = unknown();
    let epoch = |number| OnChain {
        number,
        ..OnChain::default()
    };
    assert_eq!(state.raise(epoch(4)), epoch(4));
    assert_eq!(state.raise(epoch(2)), epoch(4));
}

#[test]
fn what_a_node_says_stays_in_the_log() {
    let state = unknown();
    noted(
        &state,
        Err(FenceError::Chain(RpcError::Refused {
            method: "eth_call",
            code: 1,
            message: "no such project: geheim".to_owned(),
        })),
    );
    assert!(!state.refusal().unwrap().contains("geheim"));
}

#[test]
fn where_nothing_is_compared_any_database_is_sold_over() {
    let state = FenceState::default();
    state.reached(instance(1));
    state.reached(instance(2));
    assert_eq!((state.refusal(), state.is_open()), (None, None));
    assert!(state.admits(&instance(1)));
}
