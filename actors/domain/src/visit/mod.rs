//! A visit: its state, and what can be read off it without changing it.
//!
//! [`decide`] is the only way to change one. The rest of this file answers questions.

pub mod admittance;
pub mod attendance;
pub mod birth;
pub mod booking;
mod by_name;
mod calls;
mod deadline;
pub mod decide;
pub mod default_host;
pub mod device_test;
mod ending;
pub mod guest;
pub mod history;
mod identity;
pub mod instance;
mod launch;
mod light;
mod making_again;
mod naming;
pub mod parked;
pub mod participant;
mod presence;
pub mod repair;
mod results;
mod session;
pub mod stand_in;
pub mod telling_again;
pub mod window;

pub use launch::{LaunchOutcome, LaunchRecord, LaunchRefusal};
pub use making_again::NotAgain;
pub use naming::Device;
pub use presence::Stranger;

use crate::id::{
    CommandId, Csn, FhirReference, GuestLinkId, InstanceUuid, Marker, MeetingId, VisitKey, ZoomUserId,
};
use crate::intent::{DialIn, Intent, IntentId, MeetingSettings, ProblemCode, ZoomCall};
use crate::name::PersonalLink;
use crate::policy::{Admittance, PatientIdentity, Policy};
use crate::time::Moment;
use admittance::{Admit, MeetingNow, admit};
use booking::Booking;
use instance::{Course, Instances, course};
use participant::{Participant, ParticipantKey, Presence, Role};
use presence::BeforeHost;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A visit holds at most so many participants; a launch beyond is refused.
pub const MOST_PARTICIPANTS: usize = 64;
/// A visit keeps at most so many instances; facts of more are dropped, and a problem says so.
pub const MOST_INSTANCES: usize = 64;

/// A visit has at most so many meetings one after the other; a launch that would need one more gets none, and a problem says so.
pub const MOST_MEETINGS: usize = 32;

/// Where a visit stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nobody has launched it.
    #[default]
    Scheduled,
    /// Somebody has, and no instance has lived yet.
    WaitingForHost,
    /// An instance is live.
    InProgress,
    /// None is, and one was.
    Ended,
}

impl Phase {
    /// The phase as the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::WaitingForHost => "waiting_for_host",
            Self::InProgress => "in_progress",
            Self::Ended => "ended",
        }
    }
}

/// The state of a visit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Visit {
    /// Which visit.
    pub key: VisitKey,
    /// Where it stands; derived at every decision.
    pub phase: Phase,
    /// Its people.
    pub participants: BTreeMap<ParticipantKey, Participant>,
    /// The patient that the visit is about, by CSN: bound by the first patient-side launch. One entry, save in group visits.
    pub bound: BTreeMap<String, FhirReference>,
    /// What Epic says of the appointments behind it, by the same CSN.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bookings: BTreeMap<String, Booking>,
    /// What came out of people's device tests. Whoever tested need not be among the participants.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub device_tests: BTreeMap<ParticipantKey, device_test::KnownTest>,
    /// Recent launches with their outcome, for the doors that wait for it.
    pub launches: Vec<LaunchRecord>,
    /// When a provider last launched.
    pub provider_launched: Option<Moment>,
    /// Links for guests that were asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub guests: BTreeMap<GuestLinkId, guest::GuestLink>,
    /// What was put right since events were missing, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<repair::Repair>,
    /// When the meeting was last ended for everybody by our order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Moment>,
    /// When its patients were born, by the same CSN as [`Visit::bound`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub births: BTreeMap<String, birth::Birth>,
    /// This meeting is to be ended for everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wants_end: Option<MeetingId>,
    /// A meeting has to be made: set by a provider's launch, with what its marker is derived from.
    pub wants_meeting: Option<Marker>,
    /// The visit's meeting.
    pub meeting: Option<Meeting>,
    /// Meetings of this visit that were deleted, and when: no instance of theirs can be live, and nobody is sent to them.
    pub deleted: BTreeMap<MeetingId, Moment>,
    /// Meetings that bear our marker besides the visit's own: each was ordered to be removed, and none is ever taken up.
    #[serde(default)]
    pub superfluous: BTreeSet<MeetingId>,
    /// A reading once showed a meeting started: the visit has lived, even if no event ever says so.
    pub lived: bool,
    /// Starts of the meeting.
    pub instances: Instances,
    /// People on Zoom's own screen before the host.
    pub(crate) before_host: BTreeMap<session::SessionId, BeforeHost>,
    /// Calls under way, waiting or given up.
    pub calls: BTreeMap<IntentId, OpenCall>,
    /// The number of the last intent.
    pub last_intent: u64,
    /// What is wrong, since when.
    pub problems: BTreeMap<ProblemCode, Moment>,
    /// When it last changed.
    pub updated_at: Moment,
    /// When it was last taken to be alive: by a person, an event, or a reading that showed it started.
    #[serde(default)]
    pub stirred_at: Moment,
    /// Since when what is known of the meeting is in doubt, until it has been read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubted_at: Option<Moment>,
}

/// The one meeting of a visit (I12).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Meeting {
    /// Zoom's id.
    pub id: MeetingId,
    /// Its host.
    pub host: ZoomUserId,
    /// Found again by this.
    pub marker: Marker,
    /// The policy it was made under.
    pub policy: Admittance,
    /// By what the patient's side is known in it.
    #[serde(default, skip_serializing_if = "PatientIdentity::is_registrant")]
    pub identity: PatientIdentity,
    /// What was asked for.
    pub asked: MeetingSettings,
    /// What held when Zoom last answered a call about it.
    pub answered: MeetingSettings,
    /// When that was.
    pub answered_at: Moment,
    /// The newest change of the waiting room that an event told: its own time, Zoom's time of sending, the value.
    pub waiting_room_update: Option<(Moment, Moment, bool)>,
    /// The same for join before host.
    pub join_before_host_update: Option<(Moment, Moment, bool)>,
    /// The generic link, for alternative hosts.
    pub join_url: PersonalLink,
    /// How to come by telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dial_in: Option<DialIn>,
    /// Alternative hosts that stand at Zoom.
    pub alternatives: BTreeSet<ZoomUserId>,
    /// Alternative hosts whom Zoom did not take; each is asked for again when that provider launches again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub refused: BTreeSet<ZoomUserId>,
    /// The index is written and drained: links may leave.
    pub indexed: bool,
    /// Registration is to be asked for once more, since its host has a licence now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ask_registration: bool,
    /// The last reading of its status.
    pub read: Option<StatusRead>,
}

impl Meeting {
    /// The settings that hold: what Zoom answered, and newer changes that events told.
    #[must_use]
    pub fn effective(&self) -> MeetingSettings {
        let newer = |update: Option<(Moment, Moment, bool)>| {
            update.filter(|(at, ..)| *at > self.answered_at).map(|(.., value)| value)
        };
        MeetingSettings {
            waiting_room: newer(self.waiting_room_update).unwrap_or(self.answered.waiting_room),
            join_before_host: newer(self.join_before_host_update).unwrap_or(self.answered.join_before_host),
            registration: self.answered.registration,
        }
    }
}

/// A reading of the meeting's status by REST.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StatusRead {
    /// When.
    pub at: Moment,
    /// `status` was `started`.
    pub started: bool,
}

/// An intent and how it fares.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenCall {
    /// The call.
    pub intent: Intent,
    /// How it fares.
    pub state: CallState,
    /// Why the last attempt failed.
    pub problem: Option<ProblemCode>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// How a call fares.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// Under way; lost when no result has come some time after `not_after`.
    Running,
    /// To be made (again) at that time.
    Waiting {
        /// When.
        until: Moment,
    },
    /// Given up; a provider's next launch tries again.
    Blocked,
}

impl Visit {
    /// A visit that nobody has launched yet.
    #[must_use]
    pub fn new(key: VisitKey, now: Moment) -> Self {
        Self {
            key,
            phase: Phase::Scheduled,
            participants: BTreeMap::new(),
            bound: BTreeMap::new(),
            bookings: BTreeMap::new(),
            device_tests: BTreeMap::new(),
            launches: Vec::new(),
            provider_launched: None,
            guests: BTreeMap::new(),
            ended_at: None,
            repairs: Vec::new(),
            births: BTreeMap::new(),
            wants_end: None,
            wants_meeting: None,
            meeting: None,
            deleted: BTreeMap::new(),
            superfluous: BTreeSet::new(),
            lived: false,
            instances: BTreeMap::new(),
            before_host: BTreeMap::new(),
            calls: BTreeMap::new(),
            last_intent: 0,
            problems: BTreeMap::new(),
            updated_at: now,
            stirred_at: now,
            doubted_at: None,
        }
    }

    /// The course of the meeting's instances.
    #[must_use]
    pub fn course(&self, policy: &Policy) -> Course<'_> {
        course(&self.instances, &self.deleted, policy.reopen)
    }

    /// Whether an instance is live, by facts or, where no fact came, by a reading that no later end contradicts.
    #[must_use]
    pub fn is_live(&self, policy: &Policy) -> bool {
        let course = self.course(policy);
        course.live || self.is_live_by_reading(&course)
    }

    /// Whether the visit's own meeting may be gone by now, since its deletion has begun. One that people are in is still there, and one
    /// that Zoom does not delete stays.
    #[must_use]
    pub fn is_being_taken_away(&self, policy: &Policy) -> bool {
        let Some(own) = self.meeting.as_ref().map(|meeting| meeting.id) else { return false };
        let deletes = |open: &OpenCall| {
            open.state != CallState::Blocked
                && matches!(open.intent.call, ZoomCall::DeleteMeeting { meeting } if meeting == own)
        };
        self.calls.values().any(deletes) && !self.is_live(policy)
    }

    fn is_live_by_reading(&self, course: &Course<'_>) -> bool {
        let read = self.meeting.as_ref().and_then(|m| m.read);
        read.is_some_and(|read| read.started && course.last_end.is_none_or(|end| end < read.at))
    }

    /// The uuid of the newest instance.
    #[must_use]
    pub fn newest_instance(&self, policy: &Policy) -> Option<&InstanceUuid> {
        self.course(policy).newest.map(|(uuid, _)| uuid)
    }

    /// Whether, and where, a person may go now.
    #[must_use]
    pub fn admit(&self, participant: &ParticipantKey, policy: &Policy) -> Admit {
        let Some(meeting) = self.meeting.as_ref().filter(|m| m.indexed) else { return Admit::Wait };
        if self.is_called_off_for(participant) || self.is_being_taken_away(policy) {
            return Admit::Wait;
        }
        let host_inside = self
            .participants
            .iter()
            .any(|(key, p)| key.role() == Role::Provider && p.presence == Presence::InMeeting);
        let now = MeetingNow {
            policy: meeting.policy,
            effective: meeting.effective(),
            live: self.is_live(policy),
            host_inside,
        };
        admit(participant.role(), Some(now))
    }

    /// The way in for one person: only a committed link into the visit's own meeting, and only when admitted (I6, I12).
    #[must_use]
    pub fn way_in(&self, participant: &ParticipantKey, policy: &Policy) -> Option<WayIn<'_>> {
        if self.admit(participant, policy) == Admit::Wait || !self.is_welcome(participant) {
            return None;
        }
        let meeting = self.meeting.as_ref()?;
        let person = self.participants.get(participant)?;
        match participant.role() {
            Role::Provider => {
                if person.has_default_host() {
                    return self.way_by_default_host(meeting, person.host_user()?);
                }
                let user = person.zoom_user.as_ref()?;
                if *user == meeting.host {
                    Some(WayIn::Start(meeting.id))
                } else if meeting.alternatives.contains(user) {
                    Some(WayIn::Alternative { meeting: meeting.id, user, join_url: &meeting.join_url })
                } else {
                    None
                }
            }
            _ if meeting.identity == PatientIdentity::TemporaryUser => {
                let user = person.stand_in.as_ref()?.usable()?;
                Some(WayIn::AsUser { meeting: meeting.id, user, join_url: &meeting.join_url })
            }
            _ => {
                let link = person.link.as_ref().filter(|link| link.meeting == meeting.id)?;
                Some(WayIn::Personal(&link.url))
            }
        }
    }

    /// The CSN that Epic knows the visit by, for a one-to-one visit.
    #[must_use]
    pub fn csn(&self) -> Option<&Csn> {
        match &self.key.visit {
            crate::id::VisitId::Csn(csn) => Some(csn),
            crate::id::VisitId::Conference(_) => None,
        }
    }

    /// The outcome of a launch, while it is remembered.
    #[must_use]
    pub fn launch_outcome(&self, id: &CommandId) -> Option<&LaunchOutcome> {
        self.launches.iter().find(|launch| launch.id == *id).map(|launch| &launch.outcome)
    }

    /// Whether Epic has been told everything that was decided.
    #[must_use]
    pub fn is_told(&self) -> bool {
        let lights = self.participants.values().all(|p| p.light.is_settled());
        lights && self.device_tests.values().all(|known| known.told.is_settled())
    }
}

/// How a person gets into the meeting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WayIn<'a> {
    /// The host: a start link, fetched fresh.
    Start(MeetingId),
    /// Another provider: the join link, fetched fresh, by which the settings let them in.
    Alternative {
        /// The meeting.
        meeting: MeetingId,
        /// The Zoom user.
        user: &'a ZoomUserId,
        /// The meeting's join link.
        join_url: &'a PersonalLink,
    },
    /// A provider for whom a default host stands in: that one's link, fetched fresh, while they host no other meeting.
    DefaultHost {
        /// The meeting.
        meeting: MeetingId,
        /// The default host.
        user: &'a ZoomUserId,
        /// The meeting's join link, where the default host is not its host but alternative host.
        join_url: Option<&'a PersonalLink>,
    },
    /// A patient, proxy or guest for whom a user of ours stands: the join link with that user's token, fetched fresh.
    AsUser {
        /// The meeting.
        meeting: MeetingId,
        /// The Zoom user.
        user: &'a ZoomUserId,
        /// The meeting's join link.
        join_url: &'a PersonalLink,
    },
    /// A patient, proxy or guest who has one: the committed personal link.
    Personal(&'a PersonalLink),
}
