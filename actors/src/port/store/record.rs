//! What was told to Epic, attempt by attempt, and how the owner of a lane reports it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;
use vestibule_domain::effect::{LaneName, Says, Topic, Update};
use vestibule_domain::id::{Csn, MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::stable_hash;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::participant::Role;

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

impl RecordPlace {
    /// What comes before every record of a time and after every older one.
    #[must_use]
    pub fn first_of(at: Moment) -> Self {
        Self { at, id: RecordId(Uuid::nil()) }
    }
}

/// As a cursor is written for others.
impl fmt::Display for RecordPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at.0, self.id.0.simple())
    }
}

impl FromStr for RecordPlace {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (at, id) = text.rsplit_once('-').ok_or(NoPlace)?;
        let (at, id) = (at.parse().map_err(|_| NoPlace)?, Uuid::try_parse(id).map_err(|_| NoPlace)?);
        Ok(Self { at: Moment(at), id: RecordId(id) })
    }
}

/// The text is not what a place is written as.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("that is not the place of a record")]
pub struct NoPlace;

/// Names an update among all: what the records of its attempts have in common. It tells nobody whose it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UpdateId(pub u64);

impl UpdateId {
    /// The same on every node and in every release, since attempts of one update may be made by several.
    #[must_use]
    pub fn of(visit: &VisitKey, update: &Update) -> Self {
        let LaneName { topic, participant } = update.lane();
        let topic = match topic {
            Topic::Light => "light",
            Topic::DeviceTest => "device-test",
        };
        let (visit, person) = (visit.to_text(), participant.to_text());
        let text = format!("{visit} {topic} {person} {} {}", update.seq, update.decided_at.0);
        Self(stable_hash(text.as_bytes()))
    }
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
    /// What was sent: joined (`true`), left, or what came out of a device test.
    #[serde(rename = "joined")]
    pub says: Says,
    /// When that was.
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
    /// Somebody on duty had it sent once more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resend: bool,
    /// Of which update; `None` in what a release wrote that did not count its attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<UpdateId>,
    /// How many attempts of that update there are. The store says so where it is read; it is not written. `None` where nothing was sent, and where
    /// `update` is.
    #[serde(skip)]
    pub attempts: Option<u32>,
}

impl Record {
    /// Of which update this is an attempt, where that is known.
    #[must_use]
    pub fn attempted(&self) -> Option<UpdateId> {
        self.update.filter(|_| self.attempt > 0)
    }

    /// What a store has to count for this record: that of an update there are so many attempts. Of one alone nothing is kept, since its record
    /// says so, and most updates need no other.
    #[must_use]
    pub fn counts(&self) -> Option<(UpdateId, u32)> {
        self.attempted().map(|update| (update, self.attempt)).filter(|(_, attempt)| *attempt > 1)
    }

    /// The record as it is answered, with what the store has counted of its update, if anything.
    #[must_use]
    pub fn counted(mut self, known: Option<u32>) -> Self {
        self.attempts = self.attempted().map(|_| known.unwrap_or(0).max(self.attempt));
        self
    }

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
    /// Which lane.
    pub lane: LaneName,
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
    /// Only this record.
    pub id: Option<RecordId>,
    /// Only those of which this became.
    pub outcome: Option<Outcome>,
    /// Only those that Epic answered with this status; 0 is no answer.
    pub resp_code: Option<u16>,
    /// Only those with this code of Epic's own, whether in capitals or not.
    pub epic_code: Option<String>,
    /// Only those of this time and later.
    pub since: Option<Moment>,
    /// Only those before this time.
    pub until: Option<Moment>,
    /// Only those before this place, as a page before it gave it.
    pub before: Option<RecordPlace>,
    /// At most so many; at least 1.
    pub limit: usize,
}

/// Records that a search looks at before it answers what it has, about; it is more only where that many are asked for. `next` is then the
/// place that it came to, and the page may hold fewer than `limit`, or none. Organization, CSN, meeting and times have indices, so that only
/// the other filters make a search look at what it does not answer.
pub const RECORDS_LOOKED_AT: usize = 10_000;

impl RecordQuery {
    /// Whether a search finds what it asks for by indices alone, so that it looks at nothing else.
    #[must_use]
    pub fn is_indexed(&self) -> bool {
        let Self { id, outcome, resp_code, epic_code, .. } = self;
        id.is_none() && outcome.is_none() && resp_code.is_none() && epic_code.is_none()
    }

    /// The place before which the search begins.
    #[must_use]
    pub fn newest(&self) -> Option<RecordPlace> {
        self.before.into_iter().chain(self.until.map(RecordPlace::first_of)).min()
    }

    /// The place at which it ends.
    #[must_use]
    pub fn oldest(&self) -> Option<RecordPlace> {
        self.since.map(RecordPlace::first_of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::id::{ExternalId, FhirReference, VisitId};
    use vestibule_domain::visit::participant::ParticipantKey;

    fn update(seq: u64, person: &str) -> Update {
        let participant = ParticipantKey::new(Role::Proxy, FhirReference::new(person).unwrap());
        Update {
            participant,
            seq,
            says: Says::Connected(false),
            occurred_at: Moment(7),
            decided_at: Moment(8),
            role: Role::Proxy,
            external_id: ExternalId::new("WPR1").unwrap(),
            external_id_type: None,
            csn: None,
            meeting: None,
            resend: false,
        }
    }

    // Two proxies who leave when the meeting ends differ in nothing that a record says of them.
    #[test]
    fn updates_are_told_apart_by_their_lanes_and_numbers() {
        let visit = |csn: &str| VisitKey {
            organization: OrganizationId::new("lakeside").unwrap(),
            visit: VisitId::Csn(Csn::new(csn).unwrap()),
        };
        let one = UpdateId::of(&visit("10001"), &update(2, "Patient/a"));
        assert_eq!(one, UpdateId(4_546_638_446_704_058_199), "stored records rely on it");
        assert_eq!(one, UpdateId::of(&visit("10001"), &update(2, "Patient/a")));
        for other in [
            UpdateId::of(&visit("10001"), &update(2, "Patient/b")),
            UpdateId::of(&visit("10001"), &update(3, "Patient/a")),
            UpdateId::of(&visit("10002"), &update(2, "Patient/a")),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_place_is_read_as_it_was_written() {
        for at in [-7, 0, 1_795_000_000_000] {
            let place = RecordPlace { at: Moment(at), id: RecordId(Uuid::from_u128(0xfeed)) };
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        for text in ["", "7", "7-", "-", "x-0000000000000000000000000000feed", "7-feed"] {
            assert_eq!(text.parse::<RecordPlace>(), Err(NoPlace), "{text}");
        }
    }
}
