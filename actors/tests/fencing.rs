//! A small model of leases, epochs and commits over a store that may go back, looked through exhaustively.
//!
//! It answers one question: what must a commit be compared with, so that no two owners ever write on the same ground? Ordered epochs are the
//! textbook's fence, and they are not enough here: a failover may forget that an epoch was given, and give it again. Two owners then bear
//! the same epoch, and only the token of the process tells them apart.

#![allow(clippy::panic, clippy::indexing_slicing, reason = "tests say what they expect")]

use stateright::{Checker, Model, Property};

/// Two nodes are enough for every quarrel over one shard.
const NODES: usize = 2;
/// Bounds of what is looked through.
const MOST_EPOCHS: u8 = 3;
const MOST_VERSIONS: u8 = 3;
const MOST_FAILOVERS: u8 = 2;

/// What a commit is compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fence {
    /// It is taken unless a later epoch was given: the ordered fencing number.
    NotOlder,
    /// Its epoch equals that of the lease.
    SameEpoch,
    /// Its epoch and its token equal those of the lease, as `Store::commit` asks.
    SameTokenAndEpoch,
}

/// What a server holds of one shard.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Server {
    /// Whose lease it is, while it has not run out.
    lease: Option<usize>,
    epoch: u8,
    version: u8,
    /// Who wrote the version.
    writer: Option<usize>,
}

/// What a node believes.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Node {
    /// The epoch of the lease that it believes to have. A frozen process believes it long after it has run out.
    epoch: Option<u8>,
    /// The version that it last read or wrote.
    version: u8,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct State {
    primary: Server,
    /// A copy that lags behind, and is what remains after a failover.
    replica: Server,
    nodes: [Node; NODES],
    failovers: u8,
    /// Somebody committed while the lease was another's.
    trespassed: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Action {
    Acquire(usize),
    RunOut,
    Commit(usize),
    /// The node learns that the lease is not its own, and drops everything.
    Notice(usize),
    Replicate,
    FailOver,
}

struct Shard {
    fence: Fence,
}

impl Shard {
    fn is_taken(&self, node: usize, believed: u8, server: &Server) -> bool {
        match self.fence {
            Fence::NotOlder => believed >= server.epoch,
            Fence::SameEpoch => believed == server.epoch,
            Fence::SameTokenAndEpoch => believed == server.epoch && server.lease == Some(node),
        }
    }
}

impl Model for Shard {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::default()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for node in 0..NODES {
            if state.primary.lease.is_none() && state.primary.epoch < MOST_EPOCHS {
                actions.push(Action::Acquire(node));
            }
            if state.nodes[node].epoch.is_some() {
                if state.primary.version < MOST_VERSIONS {
                    actions.push(Action::Commit(node));
                }
                if state.primary.lease != Some(node) {
                    actions.push(Action::Notice(node));
                }
            }
        }
        if state.primary.lease.is_some() {
            actions.push(Action::RunOut);
        }
        if state.replica != state.primary {
            actions.push(Action::Replicate);
            if state.failovers < MOST_FAILOVERS {
                actions.push(Action::FailOver);
            }
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Acquire(node) => {
                next.primary.epoch += 1;
                next.primary.lease = Some(node);
                next.nodes[node] = Node { epoch: Some(next.primary.epoch), version: next.primary.version };
            }
            Action::RunOut => next.primary.lease = None,
            Action::Commit(node) => {
                let believed = state.nodes[node].epoch?;
                let same_version = state.nodes[node].version == state.primary.version;
                if !self.is_taken(node, believed, &state.primary) || !same_version {
                    return None;
                }
                next.primary.version += 1;
                next.primary.writer = Some(node);
                next.nodes[node].version = next.primary.version;
                next.trespassed |= state.primary.lease.is_some_and(|owner| owner != node);
            }
            Action::Notice(node) => next.nodes[node] = Node::default(),
            Action::Replicate => next.replica = state.primary.clone(),
            Action::FailOver => {
                next.primary = state.replica.clone();
                next.failovers += 1;
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            // I2: no write succeeds with a token that is not the lease's.
            Property::always("only the lease's owner commits", |_, state: &State| !state.trespassed),
            Property::sometimes("somebody commits after a failover", |_, state: &State| {
                state.failovers > 0 && state.primary.version > state.replica.version
            }),
            Property::sometimes("both nodes believe to have the same epoch", |_, state: &State| {
                let [one, other] = &state.nodes;
                one.epoch.is_some() && one.epoch == other.epoch
            }),
        ]
    }
}

const TRESPASS: &str = "only the lease's owner commits";

// I1, I2
#[test]
fn equality_of_token_and_epoch_keeps_every_stranger_out() {
    let checker = Shard { fence: Fence::SameTokenAndEpoch }.checker().spawn_bfs().join();
    assert!(checker.unique_state_count() > 1_000, "{}", checker.unique_state_count());
    checker.assert_properties();
}

#[test]
fn the_epoch_alone_lets_a_stranger_in_after_a_failover() {
    for fence in [Fence::NotOlder, Fence::SameEpoch] {
        let checker = Shard { fence }.checker().spawn_bfs().join();
        let way = checker.discovery(TRESPASS).unwrap_or_else(|| panic!("{fence:?} keeps strangers out"));
        assert!(way.into_actions().contains(&Action::FailOver), "{fence:?}: without a failover it would do");
    }
}
