//! The store as a plain value: every atomic step written once, without locks, waiting or a clock of its own.
//!
//! It is what [`super::MemoryStore`] holds, and the reference that every other store is compared with, step by step.

pub(super) mod commit;
mod history;
mod journal;
mod lease;
pub(super) mod records;
mod sweep;
mod values;
mod visits;

use crate::memory::Nodes;
use crate::port::store::{
    Epoch, GateId, JournalEntry, NewEntry, OrganizationValue, OutboxEntry, OwnerToken, Ownership,
    ParkedCommand, Record, RecordPlace, Seq, Space, StoreError, StoreLimits, StoredVisit, UpdateId,
};
use lease::Lease;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use vestibule_domain::effect::LaneName;
use vestibule_domain::gate::Gate;
use vestibule_domain::id::{Csn, MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

/// Everything that a store holds. `now` is the store's clock, given to every step that judges an expiry.
#[derive(Clone, Default)]
pub struct Model {
    limits: StoreLimits,
    shards: BTreeMap<Shard, ShardData>,
    meetings: BTreeMap<(OrganizationId, MeetingId), Indexed>,
    held: BTreeMap<OrganizationId, BTreeMap<u64, Held>>,
    last_held: u64,
    records: Records,
    parked: BTreeMap<u64, ParkedCommand>,
    last_parked: u64,
    values: BTreeMap<(Space, String), Value>,
    organizations: BTreeMap<(OrganizationId, String), OrganizationValue>,
    gates: BTreeMap<GateId, Gate>,
    pub(super) nodes: Nodes,
}

#[derive(Clone, Default)]
struct ShardData {
    lease: Option<Lease>,
    /// Whoever had the lease last, whether or not it still holds.
    last_owner: Option<Ownership>,
    epoch: Epoch,
    /// Somebody acquired it and has not released it.
    unclean: bool,
    journal: BTreeMap<Seq, NewEntry>,
    last_seq: Seq,
    cursor: Seq,
    /// How many processes took an entry in hand, and who did last.
    tries: BTreeMap<Seq, (u32, Option<OwnerToken>)>,
    visits: BTreeMap<VisitKey, Visit>,
    wakes: BTreeSet<(Moment, VisitKey)>,
    outbox: BTreeMap<(VisitKey, LaneName, u64), Waiting>,
    change: u64,
    changed: BTreeMap<u64, VisitKey>,
    /// Visits that have left: when, and under which change number.
    gone: BTreeMap<VisitKey, (Moment, u64)>,
    last_commit: Option<(Uuid, u64)>,
    histories: BTreeMap<VisitKey, history::Told>,
}

#[derive(Clone)]
struct Visit {
    stored: StoredVisit,
    wake: Option<Moment>,
}

#[derive(Clone)]
struct Waiting {
    attempts: u32,
    payload: Vec<u8>,
}

#[derive(Clone)]
struct Indexed {
    visit: VisitKey,
    at: Moment,
}

#[derive(Clone)]
struct Held {
    meeting: MeetingId,
    payload: Vec<u8>,
    until: Moment,
}

#[derive(Clone)]
struct Value {
    bytes: Vec<u8>,
    until: Moment,
}

#[derive(Clone, Default)]
struct Records {
    by_place: BTreeMap<RecordPlace, Record>,
    of_organization: BTreeSet<(OrganizationId, RecordPlace)>,
    of_csn: BTreeSet<(Csn, RecordPlace)>,
    of_meeting: BTreeSet<(MeetingId, RecordPlace)>,
    /// How many attempts there are of an update that had more than one.
    attempts: BTreeMap<UpdateId, u32>,
}

impl Model {
    /// An empty store.
    #[must_use]
    pub fn new(limits: StoreLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// What a store in a file is after its process died and another one opened it: what only lived in memory is gone, and leases are
    /// void, since their owner is dead.
    pub fn reopen(&mut self) {
        self.gates.clear();
        self.nodes = Nodes::default();
        for shard in self.shards.values_mut() {
            shard.lease = None;
            shard.last_owner = None;
        }
    }

    fn shard(&mut self, shard: Shard) -> &mut ShardData {
        self.shards.entry(shard).or_default()
    }

    fn visit(&self, key: &VisitKey) -> Option<&Visit> {
        self.shards.get(&Shard::of_visit(key))?.visits.get(key)
    }
}

impl ShardData {
    fn push(&mut self, entry: NewEntry) -> Seq {
        self.last_seq = Seq(self.last_seq.0 + 1);
        self.journal.insert(self.last_seq, entry);
        self.last_seq
    }
}

fn journal_entry(seq: Seq, entry: &NewEntry) -> JournalEntry {
    JournalEntry { seq, visit: entry.visit.clone(), payload: entry.payload.clone() }
}

fn outbox_entry(place: &(VisitKey, LaneName, u64), waiting: &Waiting) -> OutboxEntry {
    let (visit, lane, seq) = place.clone();
    OutboxEntry { visit, lane, seq, attempts: waiting.attempts, payload: waiting.payload.clone() }
}

/// Whether all entries belong to the shard whose journal they are for.
///
/// # Errors
/// Refused, with the reason.
pub fn check_append(shard: Shard, entries: &[NewEntry]) -> Result<(), StoreError> {
    entries.iter().try_for_each(|entry| belongs(&entry.visit, shard))
}

fn belongs(visit: &VisitKey, shard: Shard) -> Result<(), StoreError> {
    if Shard::of_visit(visit) == shard {
        Ok(())
    } else {
        Err(StoreError::Refused(format!("a visit does not belong to shard {}", shard.number())))
    }
}
