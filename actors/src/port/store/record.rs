//! What was told to Epic, attempt by attempt, and how the owner of a lane reports it.

use serde::{Deserialize, Serialize};
use vestibule_domain::id::{Csn, MeetingId, OrganizationId, VisitKey};
use vestibule_domain::time::Moment;
use vestibule_domain::visit::participant::{ParticipantKey, Role};

use super::NewEntry;

/// What became of an update, as a record says it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Epic acknowledged it.
    Delivered,
    /// It will be tried again.
    Retrying,
    /// Refused for good or given up.
    Parked,
    /// Never sent, since a newer status took its place.
    Superseded,
}

/// One attempt to tell Epic something, or the decision not to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Record {
    /// When the attempt ended.
    pub at: Moment,
    /// Whose.
    pub organization: OrganizationId,
    /// Found by this,
    pub meeting: Option<MeetingId>,
    /// or by this.
    pub csn: Option<Csn>,
    /// The person's role.
    pub role: Role,
    /// The status that was sent: joined (`true`) or left.
    pub joined: bool,
    /// When the person joined or left.
    pub occurred_at: Moment,
    /// Which attempt; 0 when it was never sent.
    pub attempt: u32,
    /// Epic's HTTP status; 0 where no answer came.
    pub resp_code: u16,
    /// Epic's own code, literally.
    pub epic_code: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// How long Epic took, in milliseconds.
    pub latency_ms: u64,
    /// What to check, where something is wrong.
    pub hint: Option<String>,
}

/// What the owner of a lane reports about one update. Records are written; where `settled` is set the entry leaves the outbox, with
/// every older one of the lane, and `entry` is appended to the journal in the same step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acknowledgement {
    /// Whose visit.
    pub visit: VisitKey,
    /// Whose lane.
    pub participant: ParticipantKey,
    /// The update's number.
    pub seq: u64,
    /// How many attempts are on record now.
    pub attempts: u32,
    /// New records, oldest first.
    pub records: Vec<Record>,
    /// The lane is done up to and with `seq`; the command tells the visit. It is appended even to a full journal, since it makes room.
    pub settled: Option<NewEntry>,
}

/// Which records are wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RecordQuery {
    /// Only this organization's.
    pub organization: Option<OrganizationId>,
    /// Only of this CSN.
    pub csn: Option<Csn>,
    /// Only of this meeting.
    pub meeting: Option<MeetingId>,
    /// Only older than this cursor (exclusive), as a page before it gave it.
    pub before: Option<u64>,
    /// At most so many; at least 1.
    pub limit: usize,
}
