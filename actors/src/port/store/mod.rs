//! The store port: one method per atomic step. Whatever implements it must do each step wholly or not at all.
//!
//! Payloads (states, commands, updates) are opaque bytes here, written by [`crate::codec`]; the store only knows what it must
//! find things by. Expiry is judged by the store's own clock. A method that answers an error has an unknown outcome, except
//! where [`StoreError::Refused`] says that nothing was written; [`Store::commit`] may be repeated to learn its outcome.
//!
//! A store may be spread over machines by shard and by organization. A step that touches one shard is atomic; one that touches a shard and
//! its organization is done in parts, each of which leaves everything in order, and says so.

mod commit;
mod gate;
mod history;
mod lease;
mod node;
mod record;

pub use commit::{
    Changed, Commit, Committed, HeldVisit, OutboxEntry, ParkedCommand, Restore, Restored, StoredVisit,
    VisitWrite, WhyAside,
};
pub use gate::{GateId, HALT, ZoomClass, end_halt, halt_of, is_halted, set_halt};
pub use history::{History, HistoryLines};
pub use lease::{Acquired, Epoch, Owner, OwnerToken, Ownership, Renewed, Seq, Standing};
pub use node::NodeInfo;
pub use record::{
    Acknowledgement, Outcome, RECORDS_LOOKED_AT, Record, RecordId, RecordPlace, RecordQuery, UpdateId,
};

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::broadcast;
use vestibule_domain::effect::LaneName;
use vestibule_domain::gate as gates;
use vestibule_domain::id::{MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

/// The answer of a step that has not come yet.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;
/// A store that everybody may hold.
pub type SharedStore = Arc<dyn Store>;

/// Why a step gave no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The store does not answer; whether the step was done is unknown.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// The store cannot do it, and nothing was written.
    #[error("the store refused: {0}")]
    Refused(String),
    /// What the store holds makes no sense; the shard that needs it must stop.
    #[error("the store holds something unreadable: {0}")]
    Corrupt(String),
}

/// A command on its way into the journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewEntry {
    /// Whose visit.
    pub visit: VisitKey,
    /// The command, by the codec.
    pub payload: Vec<u8>,
}

/// A command in the journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JournalEntry {
    /// Its place.
    pub seq: Seq,
    /// Whose visit.
    pub visit: VisitKey,
    /// The command, by the codec.
    pub payload: Vec<u8>,
}

/// The answer to an append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Appended {
    /// Durable (D0); the place of the last entry.
    Done(Seq),
    /// The journal is at its bound; nothing was written. The door answers 503.
    Full,
}

/// The answer to [`Store::route_or_hold`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Routed {
    /// In the journal of the visit's shard.
    Appended(VisitKey),
    /// No visit has this meeting yet; held for a bounded time.
    Held,
    /// The same, and others of this organization were let go of: none is reflected any more, so they are counted.
    HeldDropping {
        /// The oldest, since as many are held as may be.
        oldest: u64,
        /// Those whose time was over.
        expired: u64,
    },
    /// The visit's journal is at its bound; nothing was written.
    Full,
}

impl Routed {
    /// Held, with so many let go of.
    #[must_use]
    pub fn held(oldest: u64, expired: u64) -> Self {
        if oldest + expired == 0 { Self::Held } else { Self::HeldDropping { oldest, expired } }
    }
}

/// A page of something, newest or lowest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page<T, C> {
    /// What was found.
    pub items: Vec<T>,
    /// Give it back to go on; `None` at the end.
    pub next: Option<C>,
}

/// What a ticket-like value is for. Values of different kinds never meet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Space {
    /// OAuth states of launches under way; taken once.
    OauthState,
    /// Tickets of waiting pages.
    Ticket,
    /// Signed-in people.
    Session,
    /// Whose turn it is to do something that one node does for all, until the value expires.
    Turns,
    /// Key sets and other things that are made once and kept: written with a far expiry.
    Keys,
}

/// A durable value of an organization's own entity, such as a provider's Zoom id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrganizationValue {
    /// Rises with every write of the field.
    pub version: u64,
    /// The value, by whoever wrote it.
    pub value: Vec<u8>,
}

/// Something may have changed. Losing a hint costs time, never correctness.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hint {
    /// New entries in the shard's journal.
    Journal(Shard),
    /// The shard's change number rose.
    Changed(Shard),
    /// The shard's lease was given back.
    Released(Shard),
    /// A node came, goes or is another than before.
    Nodes,
}

/// The store. See the module's words on atomicity and errors.
pub trait Store: Send + Sync + 'static {
    /// Takes the lease of a shard for `ttl` if it is free, run out or already this token's. A lease that has run out is nobody's: no
    /// step that needs it succeeds any more, even while nobody else has taken it. A new epoch is above every one before it and above
    /// `seen`, which is the highest that the caller knows of: a store that went back may have forgotten it.
    fn acquire<'a>(
        &'a self,
        shard: Shard,
        node: &'a str,
        token: OwnerToken,
        ttl: Span,
        seen: Epoch,
    ) -> Answer<'a, Acquired>;

    /// Prolongs the lease, and sees whether the store still holds what was committed under it.
    fn renew(&self, shard: Shard, owner: Ownership, ttl: Span, seen: Standing) -> Answer<'_, Renewed>;

    /// Gives the lease back, cleanly: nothing is half done. `false` when it was not ours.
    fn release(&self, shard: Shard, owner: Ownership) -> Answer<'_, bool>;

    /// Who owns the shard at the moment.
    fn locate(&self, shard: Shard) -> Answer<'_, Option<Owner>>;

    /// Who owns which shard at the moment; shards that nobody owns are not there.
    fn owners(&self) -> Answer<'_, Vec<(Shard, Owner)>>;

    /// Says that a node is there, for `ttl` from now. All that are there, in the order of their tokens.
    fn announce<'a>(&'a self, node: &'a NodeInfo, ttl: Span) -> Answer<'a, Vec<NodeInfo>>;

    /// Says that a node is gone.
    fn leave(&self, token: OwnerToken) -> Answer<'_, ()>;

    /// Appends commands to the journal of their visits' shard, in order and all or none. All entries belong to `shard`, else
    /// [`StoreError::Refused`]. Without entries the answer is the journal's last place.
    fn append(&self, shard: Shard, entries: Vec<NewEntry>) -> Answer<'_, Appended>;

    /// Finds the visit of a meeting and appends to its journal, or holds the event until the meeting is indexed. An index entry never
    /// changes, so the two parts may be steps of their own.
    fn route_or_hold<'a>(
        &'a self,
        organization: &'a OrganizationId,
        meeting: MeetingId,
        payload: Vec<u8>,
    ) -> Answer<'a, Routed>;

    /// Writes meeting -> visit (never changed afterwards; kept as long as records, and as long as the visit) and moves what was held
    /// into the visit's journal, even into a full one, since those events were acknowledged. The number of moved events. Repeating it
    /// is harmless; another visit for the same meeting is [`StoreError::Refused`]. A held event is dropped only after it was appended,
    /// so one whose step was cut off is appended again.
    fn index_meeting<'a>(&'a self, meeting: MeetingId, visit: &'a VisitKey) -> Answer<'a, usize>;

    /// The journal after a place, at most `max` entries, in order.
    fn read(&self, shard: Shard, after: Seq, max: usize) -> Answer<'_, Vec<JournalEntry>>;

    /// The shard's committed cursor.
    fn cursor(&self, shard: Shard) -> Answer<'_, Seq>;

    /// A visit as last committed.
    fn load<'a>(&'a self, visit: &'a VisitKey) -> Answer<'a, Option<StoredVisit>>;

    /// The atomic write of a shard's owner.
    fn commit(&self, commit: Commit) -> Answer<'_, Committed>;

    /// Gives a store that went back what its owner still holds: each visit is written where the store's version is lower. Journal and
    /// cursor stay as they are, since entries may have come since under places that were used before.
    fn restore(&self, restore: Restore) -> Answer<'_, Restored>;

    /// Counts that this process takes a journal entry in hand after an unclean recovery; how many have, with this one. Whoever counted
    /// last counts nothing by asking again: a try is a process that may have died of it, not a store that did not answer. `None` when
    /// not the owner; [`StoreError::Refused`] when the journal has no such entry.
    fn count_try(&self, shard: Shard, owner: Ownership, seq: Seq) -> Answer<'_, Option<u32>>;

    /// Visits whose wake-up lies at or before `until`, earliest first, at most `max`.
    fn due(&self, shard: Shard, until: Moment, max: usize) -> Answer<'_, Vec<(VisitKey, Moment)>>;

    /// The whole outbox of a shard in lane order, from after a given lane place, at most `max` entries.
    fn outbox<'a>(
        &'a self,
        shard: Shard,
        after: Option<(VisitKey, LaneName, u64)>,
        max: usize,
    ) -> Answer<'a, Vec<OutboxEntry>>;

    /// Writes records and settles lanes, all or none; `false` when not the owner. Repeating it is harmless, save that the commands are
    /// appended again.
    fn acknowledge(
        &self,
        shard: Shard,
        owner: Ownership,
        acknowledgements: Vec<Acknowledgement>,
    ) -> Answer<'_, bool>;

    /// Asks at a gate for leave to send. At the gate of an Epic whose organization has a [`HALT`] nobody gets it.
    fn permit<'a>(&'a self, gate: &'a GateId, limits: gates::Limits) -> Answer<'a, gates::Answer>;

    /// Gives a permit back. Answers whether the breaker is open afterwards.
    fn settle<'a>(
        &'a self,
        gate: &'a GateId,
        limits: gates::Limits,
        permit: gates::PermitId,
        how: gates::Settled,
    ) -> Answer<'a, bool>;

    /// The change numbers of all shards that ever committed.
    fn changes(&self) -> Answer<'_, Vec<(Shard, u64)>>;

    /// Visits of a shard whose last commit came after a change number, by change number, at most `max`. A visit that has left appears
    /// for [`GONE_TOLD_FOR`].
    fn changed_since(&self, shard: Shard, change: u64, max: usize) -> Answer<'_, Vec<Changed>>;

    /// All visits (of one organization, if given), by key, from after `after`, at most `limit`.
    fn visits<'a>(
        &'a self,
        organization: Option<&'a OrganizationId>,
        after: Option<VisitKey>,
        limit: usize,
    ) -> Answer<'a, Page<StoredVisit, VisitKey>>;

    /// Notification records, newest first: by their time, then by their id. One search looks at a bounded number of them
    /// ([`RECORDS_LOOKED_AT`]); where it ends before the records do, `next` says where to go on.
    fn records(&self, query: RecordQuery) -> Answer<'_, Page<Record, RecordPlace>>;

    /// What happened to a visit, be it still there or not.
    fn history<'a>(&'a self, visit: &'a VisitKey) -> Answer<'a, History>;

    /// Commands that were set aside, newest first, at most `limit`.
    fn parked(&self, limit: usize) -> Answer<'_, Vec<ParkedCommand>>;

    /// Removes a command that was set aside, by its visit and its place in the journal; `false` when there is none such.
    fn drop_parked<'a>(&'a self, visit: &'a VisitKey, seq: Seq) -> Answer<'a, bool>;

    /// Puts a value for `ttl`; an existing one is replaced.
    fn put<'a>(&'a self, space: Space, key: &'a str, value: Vec<u8>, ttl: Span) -> Answer<'a, ()>;

    /// Puts a value unless there is one; answers the one that stands afterwards.
    fn put_if_absent<'a>(
        &'a self,
        space: Space,
        key: &'a str,
        value: Vec<u8>,
        ttl: Span,
    ) -> Answer<'a, Vec<u8>>;

    /// Reads a value that has not expired.
    fn get<'a>(&'a self, space: Space, key: &'a str) -> Answer<'a, Option<Vec<u8>>>;

    /// Takes a value away: of all who try, one gets it.
    fn take<'a>(&'a self, space: Space, key: &'a str) -> Answer<'a, Option<Vec<u8>>>;

    /// Reads a field of an organization's own entity.
    fn organization_get<'a>(
        &'a self,
        organization: &'a OrganizationId,
        field: &'a str,
    ) -> Answer<'a, Option<OrganizationValue>>;

    /// Writes a field if it still has the expected version (0 for absent); `false` when somebody else was first.
    fn organization_put<'a>(
        &'a self,
        organization: &'a OrganizationId,
        field: &'a str,
        expected: u64,
        value: Vec<u8>,
    ) -> Answer<'a, bool>;

    /// Removes fields of an organization's own entity whose names begin so, at most `max` of them; how many. Another field may be written
    /// meanwhile: whoever wants all gone asks until none is.
    fn organization_forget<'a>(
        &'a self,
        organization: &'a OrganizationId,
        prefix: &'a str,
        max: usize,
    ) -> Answer<'a, usize>;

    /// Removes what the store has of an organization that nobody works for any more: updates for its Epic, parked commands, histories, records
    /// and the index of its meetings; at most about `max` of these, how many. Whoever wants all gone asks until none is. Its visits leave by
    /// their owners' commits, its fields by [`Store::organization_forget`], and events that are held for it by their time.
    fn forget_organization<'a>(&'a self, organization: &'a OrganizationId, max: usize) -> Answer<'a, usize>;

    /// Removes what has expired: tickets, held events, records past their retention, index entries and histories with them. What was removed, by kind.
    /// It may be done in several atomic parts, so that others are not kept waiting.
    fn sweep(&self, keep: Retention) -> Answer<'_, Swept>;

    /// Whether the store answers: the one question that readiness asks. And which store it is: a text that changes whenever the store
    /// may have lost something that it had answered, as by a failover.
    fn incarnation(&self) -> Answer<'_, String>;

    /// Makes everything that was answered before as durable as this store ever makes it. A process asks it last of all: a store that syncs
    /// later than it answers would else take the rest with it.
    fn flush(&self) -> Answer<'_, ()>;

    /// Hints, from now on.
    fn hints(&self) -> broadcast::Receiver<Hint>;
}

/// How long things are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Retention {
    /// Records, index entries, parked commands and histories older than this leave. An index entry stays while its visit is there; a
    /// history is as old as its newest line.
    pub records: Span,
    /// The same of organizations that keep them for a time of their own.
    pub records_of: BTreeMap<OrganizationId, Span>,
    /// At most so many records per organization; those written first leave first.
    pub records_per_organization: u64,
}

impl Retention {
    /// Nothing of this time or later leaves, whosever it is.
    #[must_use]
    pub fn newest_that_leaves(&self, now: Moment) -> Moment {
        now - self.records_of.values().copied().fold(self.records, Span::min)
    }

    /// The oldest time that stays of an organization.
    #[must_use]
    pub fn oldest(&self, now: Moment, organization: &OrganizationId) -> Moment {
        now - *self.records_of.get(organization).unwrap_or(&self.records)
    }
}

/// What a sweep removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Swept {
    /// Values of [`Space`] past their expiry.
    pub values: u64,
    /// Events that were held for a meeting that never came.
    pub held: u64,
    /// Records past their retention.
    pub records_old: u64,
    /// Records above the cap.
    pub records_above_cap: u64,
    /// Parked commands past the retention of records.
    pub parked: u64,
    /// Meetings that the index knows no more: their visits left and their records did.
    pub index: u64,
    /// Histories past the retention of records.
    pub histories: u64,
}

/// How long a visit that has left is told of by [`Store::changed_since`]; those told of are dropped by a sweep.
pub const GONE_TOLD_FOR: Span = Span::minutes(10);

/// Parked commands that a store keeps; beyond it those parked first leave.
pub const PARKED_KEPT: usize = 10_000;

/// Bounds that a store keeps by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StoreLimits {
    /// Entries in one shard's journal; more are answered [`Appended::Full`].
    pub journal_entries: usize,
    /// Held events per organization.
    pub held_events: usize,
    /// How long an event is held.
    pub held_for: Span,
    /// Lines in the history of one visit, at least 1; beyond it the oldest leave.
    pub history_lines: usize,
}

impl Default for StoreLimits {
    fn default() -> Self {
        let held_for = Span::minutes(15);
        Self { journal_entries: 50_000, held_events: 10_000, held_for, history_lines: 500 }
    }
}
