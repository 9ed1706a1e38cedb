//! Visits and notification records as the API, the board and the exports show them. No name of a person and no link is in them.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_actors::desk::Snapshot;
use vestibule_actors::port::store::{Owner, ParkedCommand, Record};
use vestibule_domain::effect::Says;
use vestibule_domain::id::{VisitId, VisitKey};
use vestibule_domain::intent::ProblemCode;
use vestibule_domain::policy::Policy;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::device_test::KnownTest;
use vestibule_domain::visit::parked::ParkedUpdate;
use vestibule_domain::visit::participant::{Participant, ParticipantKey};
use vestibule_domain::visit::repair::{Missing, Repair};
use vestibule_domain::visit::{Meeting, Visit};

use super::names::{
    AdmittanceName, EventName, OutcomeName, PhaseName, PresenceName, RoleName, TestOutcomeName,
};

/// A visit as it was last committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Visit)]
pub struct VisitView {
    #[schema(example = "lakeside")]
    organization: String,
    /// Epic's contact serial number; null for a group visit.
    #[schema(example = "10001")]
    csn: Option<String>,
    /// Epic's conference id; null for a visit of one patient.
    conference_id: Option<String>,
    phase: PhaseName,
    /// Rises with every change.
    #[schema(example = 7)]
    version: u64,
    admittance: AdmittanceName,
    /// Null until a provider's launch has made it.
    meeting: Option<MeetingView>,
    participants: Vec<ParticipantView>,
    /// What came out of people's device tests, whether they have launched the visit or not; absent where nobody has tested.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    device_tests: Vec<DeviceTestView>,
    owner: OwnerView,
    problems: Vec<ProblemView>,
    /// Where its time is known; a group visit's patients have times of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment: Option<Box<AppointmentView>>,
    /// When its meeting is ended for everybody by itself, since no provider is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Time>,
    /// Who has not come while the other side has, and by when they should have.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<ExpectedView>,
    /// Until when a visit that has ended may be opened again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    reopens_until: Option<Time>,
    /// What was put right since events of Zoom's were missing, the newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repairs: Vec<RepairView>,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T17:00:00Z")]
    updated_at: Time,
}

/// A side of the visit that has not come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Expected)]
pub struct ExpectedView {
    /// `provider` or `patient`.
    #[schema(example = "provider")]
    who: &'static str,
    #[schema(value_type = String, format = DateTime)]
    by: Time,
}

/// A correction after Zoom was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Repair)]
pub struct RepairView {
    /// What no event had told: `start` or `end` of the meeting, or that somebody had left it (`leave`).
    #[schema(example = "start")]
    missing: &'static str,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
}

/// When a visit is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Appointment)]
pub struct AppointmentView {
    #[schema(value_type = String, format = DateTime)]
    starts_at: Time,
    /// From then on the patient's side may come, and before that once a provider has opened the visit.
    #[schema(value_type = String, format = DateTime)]
    opens_at: Time,
    /// Up to then they may come for the first time, and after that once a provider has opened the visit.
    #[schema(value_type = String, format = DateTime)]
    closes_at: Time,
}

/// The Zoom meeting of a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Meeting)]
pub struct MeetingView {
    #[schema(example = "85012345678")]
    id: String,
    /// The newest instance; null before the first start.
    uuid: Option<String>,
    host_id: String,
    /// As it holds at Zoom, whatever was asked for.
    waiting_room: bool,
    /// As it holds at Zoom, whatever was asked for.
    join_before_host: bool,
}

/// Somebody in a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Participant)]
pub struct ParticipantView {
    role: RoleName,
    csn: Option<String>,
    /// The id under which Epic knows the person; null where it is unknown, so that no light can be turned.
    #[schema(example = "WPR1")]
    external_id: Option<String>,
    /// A provider's NPI, where Epic's FHIR server was asked about them and has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1234567893")]
    npi: Option<String>,
    presence: PresenceName,
    /// The status that should stand at Epic.
    wanted: bool,
    /// The last status that Epic acknowledged.
    connected: bool,
    /// When the presence last changed.
    #[schema(value_type = String, format = DateTime)]
    since: Time,
}

/// The newest result of somebody's device test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DeviceTest)]
pub struct DeviceTestView {
    role: RoleName,
    csn: Option<String>,
    /// The id under which Epic knows the person; null where it is unknown, so that Epic cannot be told.
    #[schema(example = "WPR1")]
    external_id: Option<String>,
    outcome: TestOutcomeName,
    /// When the person came back from the test.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Whether Epic has acknowledged it; false where Epic is not told of device tests.
    told: bool,
}

/// Which node holds a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Owner)]
pub struct OwnerView {
    /// Null while no node holds the visit's shard, which is while it changes hands.
    node: Option<String>,
    /// Rises with every change of owner. (epoch, version) of a visit never goes back.
    epoch: u64,
}

/// Something that is wrong with a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = VisitProblem)]
pub struct ProblemView {
    #[schema(example = "waiting_room_locked")]
    code: &'static str,
    /// What it means and what to check.
    message: &'static str,
}

/// One attempt to tell Epic something, or the decision not to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Record)]
pub struct RecordView {
    /// Names it: `record` of a search, also at `/records`.
    pub id: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    #[schema(example = "lakeside")]
    pub organization: String,
    #[schema(example = "85012345678")]
    pub meeting_id: Option<String>,
    #[schema(example = "10001")]
    pub csn: Option<String>,
    pub role: RoleName,
    pub event: EventName,
    /// What Epic is told of a device test; absent for any other event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_test: Option<TestOutcomeName>,
    /// When the person joined or left, or came back from the test.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Time,
    /// Counts from 1; 0 when it was never sent.
    pub attempt: u32,
    /// How many attempts of this update there are by now; null where nothing was sent, and in records from before attempts were counted.
    pub attempts: Option<u32>,
    /// Epic's HTTP status; 0 where no answer came.
    #[schema(example = 200)]
    pub resp_code: u16,
    /// Epic's own code, literally.
    pub epic_code: Option<String>,
    pub outcome: OutcomeName,
    pub latency_ms: u64,
    /// What to check, where something is wrong.
    pub hint: Option<String>,
    /// True where somebody on duty had it sent once more; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub resend: bool,
}

/// A command that was set aside since it failed three times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ParkedCommand)]
pub struct ParkedView {
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    organization: String,
    csn: Option<String>,
    conference_id: Option<String>,
    /// Its place in the journal of the visit's shard.
    seq: u64,
    reason: String,
}

/// An update that Epic refused for good, or that was given up, and of which nobody has decided so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ParkedUpdate)]
pub struct ParkedUpdateView {
    organization: String,
    csn: Option<String>,
    conference_id: Option<String>,
    role: RoleName,
    external_id: Option<String>,
    event: EventName,
    /// Its number in its lane.
    seq: u64,
}

/// The identity of a visit that has left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GoneView {
    organization: String,
    csn: Option<String>,
    conference_id: Option<String>,
}

impl VisitView {
    /// The view of a committed visit, under its organization's rules.
    pub fn new(snapshot: &Snapshot, owner: Option<&Owner>, policy: &Policy, now: Moment) -> Self {
        let visit = &snapshot.visit;
        let GoneView { organization, csn, conference_id } = GoneView::from(&visit.key);
        let admittance = visit.meeting.as_ref().map_or(policy.admittance, |meeting| meeting.policy);
        Self {
            organization,
            csn,
            conference_id,
            phase: visit.phase.into(),
            version: snapshot.version,
            admittance: admittance.into(),
            meeting: visit.meeting.as_ref().map(|meeting| MeetingView::new(meeting, visit, policy)),
            participants: participants(visit, policy, now),
            device_tests: visit.tests().map(|(key, known)| DeviceTestView::new(key, known, visit)).collect(),
            owner: OwnerView::new(snapshot, owner),
            problems: visit
                .problems
                .keys()
                .map(|code| ProblemView { code: code.as_str(), message: code.message() })
                .collect(),
            appointment: AppointmentView::new(visit, policy).map(Box::new),
            ends_at: visit.ends_by_itself(policy).map(timestamp),
            expected: visit.expected_sides(policy).map(|(code, by)| ExpectedView {
                who: if code == ProblemCode::ProviderNotCome { "provider" } else { "patient" },
                by: timestamp(by),
            }),
            reopens_until: visit.reopens_until(policy).map(timestamp),
            repairs: visit.repairs.iter().map(RepairView::from).collect(),
            updated_at: timestamp(visit.updated_at),
        }
    }
}

impl From<&Repair> for RepairView {
    fn from(repair: &Repair) -> Self {
        let missing = match repair.missing {
            Missing::Start => "start",
            Missing::End => "end",
            Missing::Leave => "leave",
        };
        Self { missing, at: timestamp(repair.at) }
    }
}

impl AppointmentView {
    fn new(visit: &Visit, policy: &Policy) -> Option<Self> {
        let (starts, window) = visit.starts(None).zip(visit.window(None, policy))?;
        Some(Self {
            starts_at: timestamp(starts),
            opens_at: timestamp(window.opens),
            closes_at: timestamp(window.closes),
        })
    }
}

impl MeetingView {
    fn new(meeting: &Meeting, visit: &Visit, policy: &Policy) -> Self {
        let effective = meeting.effective();
        Self {
            id: meeting.id.to_string(),
            uuid: visit.newest_instance(policy).map(|uuid| uuid.as_str().to_owned()),
            host_id: meeting.host.as_str().to_owned(),
            waiting_room: effective.waiting_room,
            join_before_host: effective.join_before_host,
        }
    }
}

impl OwnerView {
    /// The owner may have changed since the commit, and what was heard of it may be older than the commit; the greater epoch
    /// is the true one.
    fn new(snapshot: &Snapshot, owner: Option<&Owner>) -> Self {
        match owner.filter(|owner| owner.epoch >= snapshot.epoch) {
            Some(owner) => Self { node: Some(owner.node.clone()), epoch: owner.epoch.0 },
            None => Self { node: None, epoch: snapshot.epoch.0 },
        }
    }
}

/// Those who launched, and then those in the meeting whom nothing ties to a launch.
fn participants(visit: &Visit, policy: &Policy, now: Moment) -> Vec<ParticipantView> {
    let known = visit.participants.iter().map(|(key, person)| ParticipantView::known(key, person, visit));
    let strangers = visit.strangers(policy, now).into_iter().map(|stranger| ParticipantView {
        role: RoleName::Unidentified,
        csn: visit.csn().map(|csn| csn.as_str().to_owned()),
        external_id: None,
        npi: None,
        presence: stranger.presence.into(),
        wanted: false,
        connected: false,
        since: timestamp(stranger.since),
    });
    known.chain(strangers).collect()
}

impl ParticipantView {
    fn known(key: &ParticipantKey, person: &Participant, visit: &Visit) -> Self {
        let csn = person.csn.as_ref().or_else(|| visit.csn());
        Self {
            role: key.role().into(),
            csn: csn.map(|csn| csn.as_str().to_owned()),
            external_id: person.external_id.as_ref().map(|id| id.as_str().to_owned()),
            npi: person.npi.as_ref().map(|npi| npi.as_str().to_owned()),
            presence: person.presence.into(),
            wanted: person.light.wanted,
            connected: person.light.connected,
            since: timestamp(person.since),
        }
    }
}

impl DeviceTestView {
    fn new(key: &ParticipantKey, known: &KnownTest, visit: &Visit) -> Self {
        let csn = known.test.csn.as_ref().or_else(|| visit.csn());
        Self {
            role: key.role().into(),
            csn: csn.map(|csn| csn.as_str().to_owned()),
            external_id: known.test.external_id.as_ref().map(|id| id.as_str().to_owned()),
            outcome: known.test.outcome.into(),
            at: timestamp(known.test.at),
            told: known.told.decided > 0 && known.told.stands(),
        }
    }
}

impl From<&Record> for RecordView {
    fn from(record: &Record) -> Self {
        Self {
            id: record.place().to_string(),
            at: timestamp(record.at),
            organization: record.organization.as_str().to_owned(),
            meeting_id: record.meeting.map(|meeting| meeting.to_string()),
            csn: record.csn.as_ref().map(|csn| csn.as_str().to_owned()),
            role: record.role.into(),
            event: record.says.into(),
            device_test: match record.says {
                Says::Connected(_) => None,
                Says::DeviceTest(outcome) => Some(outcome.into()),
            },
            occurred_at: timestamp(record.occurred_at),
            attempt: record.attempt,
            attempts: record.attempts,
            resp_code: record.resp_code,
            epic_code: record.epic_code.clone(),
            outcome: record.outcome.into(),
            latency_ms: record.latency_ms,
            hint: record.hint.clone(),
            resend: record.resend,
        }
    }
}

impl ParkedUpdateView {
    pub fn new(visit: &Visit, update: &ParkedUpdate<'_>) -> Self {
        let GoneView { organization, csn, conference_id } = GoneView::from(&visit.key);
        Self {
            organization,
            csn,
            conference_id,
            role: update.participant.role().into(),
            external_id: update.external_id.map(|id| id.as_str().to_owned()),
            event: update.says.into(),
            seq: update.seq,
        }
    }
}

impl From<&ParkedCommand> for ParkedView {
    fn from(parked: &ParkedCommand) -> Self {
        let GoneView { organization, csn, conference_id } = GoneView::from(&parked.visit);
        Self {
            at: timestamp(parked.at),
            organization,
            csn,
            conference_id,
            seq: parked.seq.0,
            reason: parked.reason.clone(),
        }
    }
}

impl From<&VisitKey> for GoneView {
    fn from(key: &VisitKey) -> Self {
        let (csn, conference_id) = match &key.visit {
            VisitId::Csn(csn) => (Some(csn.as_str().to_owned()), None),
            VisitId::Conference(id) => (None, Some(id.as_str().to_owned())),
        };
        Self { organization: key.organization.as_str().to_owned(), csn, conference_id }
    }
}

/// A time as RFC 3339 writes it, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Timestamp);

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A moment outside of the years that can be written becomes the nearest that can.
pub fn timestamp(moment: Moment) -> Time {
    let nearest = if moment.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Time(Timestamp::from_millisecond(moment.0).unwrap_or(nearest))
}

#[cfg(test)]
mod tests;
