//! The steps that may come, and how likely each is.

use super::super::world::LIMITS;
use proptest::prelude::*;
use proptest::sample::Index;

#[derive(Clone, Debug)]
pub enum Op {
    Acquire {
        shard: Index,
        node: u128,
        /// The highest epoch that the node knows of.
        seen: u64,
    },
    Renew {
        shard: Index,
        claim: Claim,
        /// What the owner committed last, beyond what the model holds.
        cursor: u64,
        change: u64,
    },
    Announce {
        node: u128,
        draining: bool,
        ttl: i64,
    },
    Leave {
        node: u128,
    },
    Release {
        shard: Index,
        claim: Claim,
    },
    Append {
        visit: Index,
        payloads: Vec<u8>,
    },
    Route {
        north: bool,
        meeting: u64,
        payload: u8,
    },
    IndexMeeting {
        meeting: u64,
        visit: Index,
    },
    Commit {
        shard: Index,
        claim: Claim,
        honest: bool,
        id: u128,
        taken: u64,
        writes: Vec<Written>,
        parks: bool,
    },
    /// Gives back states, each of a version so far from the one that is there.
    Restore {
        shard: Index,
        claim: Claim,
        change: u64,
        visits: Vec<(Index, i64, Option<i64>)>,
    },
    CountTry {
        shard: Index,
        claim: Claim,
        seq: u64,
    },
    Acknowledge {
        visit: Index,
        claim: Claim,
        lane: Index,
        seq: u64,
        settles: bool,
        records: Vec<(u64, u64, i64)>,
    },
    /// The last commit of a shard once more, as by an owner whose answer was lost.
    Repeat {
        shard: Index,
    },
    /// Several asks in a row.
    Permit {
        north: bool,
        asks: u8,
    },
    /// Halts the gate in front of the first organization's Epic, or lets it go on.
    Halt {
        stands: bool,
    },
    Settle {
        north: bool,
        /// Which of the permits that are out; beyond them one that is made up.
        permit: usize,
        how: Ending,
    },
    Put {
        key: u8,
        value: u8,
        ttl: i64,
    },
    PutIfAbsent {
        key: u8,
        value: u8,
        ttl: i64,
    },
    Take {
        key: u8,
    },
    OrganizationPut {
        field: u8,
        honest: bool,
        value: u8,
    },
    OrganizationForget {
        field: Option<u8>,
        max: usize,
    },
    Forget {
        north: bool,
    },
    Sweep {
        records: i64,
        cap: u64,
    },
    Pass {
        ms: i64,
    },
    Reopen,
}

/// How the holder of a permit fared.
#[derive(Clone, Copy, Debug)]
pub enum Ending {
    Alive,
    Failed,
    Pause { ms: i64 },
    Unused,
}

impl Op {
    /// Whether a step of the store's writer does it whole. The others are no steps of it, or several.
    pub fn shares_a_batch(&self) -> bool {
        !matches!(
            self,
            Self::Permit { .. }
                | Self::Settle { .. }
                | Self::Announce { .. }
                | Self::Leave { .. }
                | Self::Sweep { .. }
                | Self::Forget { .. }
                | Self::Pass { .. }
                | Self::Reopen
        )
    }
}

/// By which right a step is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Claim {
    /// The one who holds it, if anybody does.
    Holder,
    MadeUp(u128, u64),
}

#[derive(Clone, Debug)]
pub struct Written {
    pub visit: Index,
    pub removes: bool,
    pub wake: Option<i64>,
    pub update: Option<(Index, u64)>,
}

fn claims() -> impl Strategy<Value = Claim> {
    prop_oneof![
        9 => Just(Claim::Holder),
        1 => (1_u128..3, 1_u64..4).prop_map(|(node, epoch)| Claim::MadeUp(node, epoch)),
    ]
}

fn writes() -> impl Strategy<Value = Vec<Written>> {
    let wake = prop::option::of(-3_i64..20_000);
    let update = prop::option::of((any::<Index>(), 1_u64..5));
    let one = (any::<Index>(), prop::bool::weighted(0.15), wake, update)
        .prop_map(|(visit, removes, wake, update)| Written { visit, removes, wake, update });
    prop::collection::vec(one, 0..4)
}

fn gates() -> impl Strategy<Value = Op> {
    let ending = prop_oneof![
        3 => Just(Ending::Alive),
        4 => Just(Ending::Failed),
        1 => (0_i64..2_000).prop_map(|ms| Ending::Pause { ms }),
        1 => Just(Ending::Unused),
    ];
    let north = || prop::bool::weighted(0.2);
    prop_oneof![
        3 => (north(), 1_u8..5).prop_map(|(north, asks)| Op::Permit { north, asks }),
        3 => (north(), 0_usize..2, ending).prop_map(|(north, permit, how)| Op::Settle { north, permit, how }),
        1 => prop::bool::weighted(0.3).prop_map(|stands| Op::Halt { stands }),
    ]
}

fn leases() -> impl Strategy<Value = Op> {
    let index = any::<Index>;
    prop_oneof![
        3 => (index(), 1_u128..3, 0_u64..4).prop_map(|(shard, node, seen)| Op::Acquire { shard, node, seen }),
        1 => (index(), claims(), 0_u64..2, 0_u64..2)
            .prop_map(|(shard, claim, cursor, change)| Op::Renew { shard, claim, cursor, change }),
        1 => (index(), claims()).prop_map(|(shard, claim)| Op::Release { shard, claim }),
    ]
}

fn nodes() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (1_u128..4, any::<bool>(), 1_i64..4_000)
            .prop_map(|(node, draining, ttl)| Op::Announce { node, draining, ttl }),
        1 => (1_u128..4).prop_map(|node| Op::Leave { node }),
    ]
}

pub fn ops() -> impl Strategy<Value = Op> {
    let index = any::<Index>;
    let held = prop::collection::vec((index(), -1_i64..3, prop::option::of(0_i64..20_000)), 0..4);
    let restore = (index(), claims(), 0_u64..30, held)
        .prop_map(|(shard, claim, change, visits)| Op::Restore { shard, claim, change, visits });
    let payloads = prop::collection::vec(any::<u8>(), 0..3);
    let journal = prop_oneof![
        4 => (index(), payloads).prop_map(|(visit, payloads)| Op::Append { visit, payloads }),
        3 => (prop::bool::weighted(0.2), 1_u64..4, any::<u8>())
            .prop_map(|(north, meeting, payload)| Op::Route { north, meeting, payload }),
        1 => (1_u64..4, index()).prop_map(|(meeting, visit)| Op::IndexMeeting { meeting, visit }),
        1 => (index(), claims(), 0_u64..12).prop_map(|(shard, claim, seq)| Op::CountTry { shard, claim, seq }),
    ];
    let commit =
        (index(), claims(), prop::bool::weighted(0.9), 0_u128..40, 0_u64..4, writes(), any::<bool>())
            .prop_map(|(shard, claim, honest, id, taken, writes, parks)| Op::Commit {
                shard,
                claim,
                honest,
                id,
                taken,
                writes,
                parks,
            });
    let records = prop::collection::vec((0_u64..4, 0_u64..4, -5_000_i64..5_000), 0..3);
    let acknowledge = (index(), claims(), index(), 1_u64..5, any::<bool>(), records).prop_map(
        |(visit, claim, lane, seq, settles, records)| Op::Acknowledge {
            visit,
            claim,
            lane,
            seq,
            settles,
            records,
        },
    );
    let ttl = || prop_oneof![Just(i64::MAX), -1_i64..10_000];
    let values = prop_oneof![
        2 => (0_u8..4, any::<u8>(), ttl()).prop_map(|(key, value, ttl)| Op::Put { key, value, ttl }),
        2 => (0_u8..4, any::<u8>(), ttl()).prop_map(|(key, value, ttl)| Op::PutIfAbsent { key, value, ttl }),
        2 => (0_u8..4).prop_map(|key| Op::Take { key }),
        1 => (0_u8..3, any::<bool>(), any::<u8>())
            .prop_map(|(field, honest, value)| Op::OrganizationPut { field, honest, value }),
        1 => (proptest::option::of(0_u8..3), 0_usize..4)
            .prop_map(|(field, max)| Op::OrganizationForget { field, max }),
    ];
    let time = prop_oneof![
        4 => (0_i64..3_000).prop_map(|ms| Op::Pass { ms }),
        1 => Just(Op::Pass { ms: LIMITS.held_for.0 }),
        2 => (0_i64..10_000, 0_u64..8).prop_map(|(records, cap)| Op::Sweep { records, cap }),
        1 => any::<bool>().prop_map(|north| Op::Forget { north }),
        1 => Just(Op::Reopen),
    ];
    let repeat = index().prop_map(|shard| Op::Repeat { shard });
    prop_oneof![
        3 => leases(),
        1 => nodes(),
        1 => restore,
        4 => journal,
        5 => commit,
        1 => repeat,
        3 => acknowledge,
        2 => values,
        3 => gates(),
        2 => time,
    ]
}
