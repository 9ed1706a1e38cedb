//! What was told to Epic, attempt by attempt, and how the owner of a lane reports it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;
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

/// Names a record; writing one twice is writing it once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub Uuid);

/// The place of a record among all: by time, then by id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RecordPlace {
    /// When the attempt ended.
    pub at: Moment,
    /// Which record.
    pub id: RecordId,
}

/// One attempt to tell Epic something, or the decision not to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Which record.
    pub id: RecordId,
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

impl Record {
    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> RecordPlace {
        RecordPlace { at: self.at, id: self.id }
    }
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
    /// Only those before this place, as a page before it gave it.
    pub before: Option<RecordPlace>,
    /// At most so many; at least 1.
    pub limit: usize,
}
