//! What happened to a visit, line by line, for whoever has to find out later: kept beside the state, longer than it, and never read by a rule.
//!
//! A line names people by their role and Epic's own id, devices by a hash, and nobody by name. It holds no link and nothing of what Zoom sent
//! but the kind of event and its times. What lines a command makes is said in [`telling`].

mod telling;

pub use telling::lines;

use super::Phase;
use super::device_test::{Settled, TestOutcome};
use super::launch::LaunchRefusal;
use super::participant::{Presence, Role};
use super::repair::Missing;
use crate::effect::Says;
use crate::fact::FactKind;
use crate::id::{ExternalId, MeetingId};
use crate::intent::{IntentId, ProblemCode, ZoomCall};
use crate::time::Moment;
use serde::{Deserialize, Serialize};

/// One line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// When it came to us: of what came through a door, when the door took it; of what followed from it, when that was decided.
    pub at: Moment,
    /// What it was.
    #[serde(flatten)]
    pub what: Happened,
}

/// Somebody of the visit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Person {
    /// As what they take part.
    pub role: Role,
    /// The id under which Epic knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ExternalId>,
}

/// What a line is about. A later release may know more kinds: whoever reads must bear that ([`Happened::Unknown`]).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happened {
    /// Somebody launched and takes part.
    Launched {
        /// Who.
        who: Person,
    },
    /// Somebody launched and was refused.
    LaunchRefused {
        /// Who.
        who: Person,
        /// Why.
        why: LaunchRefusal,
    },
    /// Somebody was sent on to Zoom.
    SentToZoom {
        /// Who.
        who: Person,
    },
    /// Somebody came back from a device test.
    DeviceTested {
        /// Who.
        who: Person,
        /// With what.
        outcome: TestOutcome,
    },
    /// Zoom told something.
    Event(Event),
    /// Something was put right since no event had told it, when Zoom was asked.
    Repaired {
        /// What no event had told.
        missing: Missing,
    },
    /// The visit came to another phase.
    Phase {
        /// Which.
        phase: Phase,
    },
    /// Somebody is somewhere else.
    Moved {
        /// Who.
        who: Person,
        /// Where.
        presence: Presence,
    },
    /// The visit has a meeting.
    MeetingMade {
        /// Which.
        meeting: MeetingId,
    },
    /// The visit has this meeting no more: it was deleted, by us or at Zoom.
    MeetingGone {
        /// Which.
        meeting: MeetingId,
    },
    /// A call to Zoom was begun.
    CallBegun(CallLine),
    /// A call to Zoom has its result.
    CallEnded {
        /// Which call.
        #[serde(flatten)]
        call: CallLine,
        /// How.
        end: CallEnd,
        /// Why it failed, where it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        problem: Option<ProblemCode>,
    },
    /// Epic is to be told something.
    UpdateDecided(UpdateLine),
    /// What became of that.
    UpdateSettled {
        /// Which update.
        #[serde(flatten)]
        update: UpdateLine,
        /// How.
        how: Settled,
    },
    /// Something is wrong.
    ProblemRaised {
        /// What.
        problem: ProblemCode,
    },
    /// It is not wrong any more.
    ProblemCleared {
        /// What.
        problem: ProblemCode,
    },
    /// Somebody with the right to do so has the meeting ended for everybody.
    EndOrdered,
    /// Somebody with the right to do so has another meeting made in the place of the visit's.
    MakeAgainOrdered,
    /// Somebody with the right to do so gave an update up for good that was parked.
    UpdateDropped(UpdateLine),
    /// The meeting is ended for everybody by itself, since no provider is in it.
    EndsByItself,
    /// A provider found that Zoom has no such meeting.
    MeetingMissing,
    /// A guest's link was asked for.
    GuestInvited,
    /// A guest's link was taken back.
    GuestRevoked,
    /// A guest's link was sent by text message.
    GuestTexted,
    /// Somebody who opened a guest's link said when the patient was born.
    GuestAnswered {
        /// Whether that was right.
        right: bool,
    },
    /// Somebody said whose a device is.
    Named {
        /// Which.
        device: DeviceHash,
        /// Whose; `None` takes it back.
        who: Option<Person>,
    },
    /// The store went back to an earlier time and was given this visit again; lines may be missing before this one.
    StoreWentBack,
    /// A command was set aside, since it failed again and again.
    CommandParked,
    /// The visit was let go: this is all that is left of it.
    Left,
    /// Something of which this release knows nothing.
    #[serde(other)]
    Unknown,
}

/// What Zoom told, with its own times.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// What.
    pub event: EventKind,
    /// The event's own time, to the second.
    pub event_at: Moment,
    /// When Zoom sent it; the same where Zoom sends it again.
    pub sent_at: Moment,
    /// In which meeting.
    pub meeting: MeetingId,
    /// Tells the starts of a meeting apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<DeviceHash>,
    /// By which device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceHash>,
    /// It is a telephone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub phone: bool,
    /// About whom, as far as was known when it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Person>,
    /// It is of a meeting that the visit did not have then, and so says nothing of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignored: bool,
    /// Nothing became different by it: it repeats another, a later one had come before it, or its kind moves nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub idle: bool,
}

impl Event {
    /// Whether both tell the same, be it in one event that Zoom sent twice or in those of two subscriptions.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let key = |event: &Self| (event.event, event.event_at, event.meeting, event.instance, event.device);
        // Two changes of settings differ in what they change, which is not kept.
        let sent = self.sent_at == other.sent_at || self.event != EventKind::Updated;
        key(self) == key(other) && sent
    }
}

/// Tells devices, or starts of a meeting, of one visit apart without naming them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceHash(pub u32);

/// A call to Zoom.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallLine {
    /// Which.
    pub call: CallKind,
    /// The number of the attempt's intent within the visit.
    pub intent: IntentId,
    /// 1 at first.
    pub attempt: u32,
    /// For whom, where it is about one person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Person>,
}

/// An update for Epic.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UpdateLine {
    /// About whom.
    pub who: Person,
    /// What, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<Says>,
    /// Its number in its lane.
    pub seq: u64,
}

/// How a call to Zoom ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallEnd {
    /// With what was asked for.
    Done,
    /// It was refused or did not come through.
    Failed,
    /// Whether it had an effect is not known.
    InDoubt,
    /// It was never begun, since its node was told to go.
    NotBegun,
    /// Zoom has no such meeting any more.
    MeetingGone,
    /// Zoom has no such user any more.
    UserGone,
    /// It has not ended in all the time that it could.
    Lost,
    /// After it had been taken for lost.
    TooLate,
}

impl CallEnd {
    /// As the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::InDoubt => "in_doubt",
            Self::NotBegun => "not_begun",
            Self::MeetingGone => "meeting_gone",
            Self::UserGone => "user_gone",
            Self::Lost => "lost",
            Self::TooLate => "too_late",
        }
    }
}

macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident: $($variant:ident $text:literal $about:literal,)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
        pub enum $name {
            $(#[doc = $about] #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// As the API spells it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

kinds! {
    /// Zoom's events under Zoom's names, without the `meeting.` before them.
    EventKind:
    Started "started" "The meeting began.",
    Ended "ended" "It ended.",
    Joined "participant_joined" "Somebody is in it.",
    Left "participant_left" "Somebody left it.",
    JoinedWaitingRoom "participant_joined_waiting_room" "Somebody waits to be admitted.",
    Admitted "participant_admitted" "They were admitted.",
    LeftWaitingRoom "participant_left_waiting_room" "They wait no more.",
    PutInWaitingRoom "participant_put_in_waiting_room" "The host sent them back.",
    WaitingForHost "participant_jbh_waiting" "Somebody waits for the host.",
    LeftWaitingForHost "participant_jbh_waiting_left" "They wait no more.",
    JoinedBeforeHost "participant_jbh_joined" "Somebody is in the meeting before the host.",
    Breakout "participant_breakout_room" "Somebody went into a breakout room, or came out of it.",
    RoleChanged "participant_role_changed" "Somebody is host now, or not any more.",
    Bound "participant_bind" "A telephone belongs to somebody who is there.",
    Created "created" "The meeting was made.",
    Updated "updated" "Somebody changed its settings.",
    Deleted "deleted" "It was deleted.",
}

impl EventKind {
    /// The kind of a fact.
    #[must_use]
    pub fn of(kind: &FactKind) -> Self {
        match kind {
            FactKind::Started => Self::Started,
            FactKind::Ended => Self::Ended,
            FactKind::Joined => Self::Joined,
            FactKind::Left => Self::Left,
            FactKind::JoinedWaitingRoom => Self::JoinedWaitingRoom,
            FactKind::Admitted => Self::Admitted,
            FactKind::LeftWaitingRoom => Self::LeftWaitingRoom,
            FactKind::PutInWaitingRoom => Self::PutInWaitingRoom,
            FactKind::WaitingForHost => Self::WaitingForHost,
            FactKind::LeftWaitingForHost => Self::LeftWaitingForHost,
            FactKind::JoinedBeforeHost => Self::JoinedBeforeHost,
            FactKind::Breakout => Self::Breakout,
            FactKind::RoleChanged => Self::RoleChanged,
            FactKind::Bound { .. } => Self::Bound,
            FactKind::Created => Self::Created,
            FactKind::Updated { .. } => Self::Updated,
            FactKind::Deleted => Self::Deleted,
        }
    }
}

kinds! {
    /// Calls to Zoom; one of them goes to the store.
    CallKind:
    EnsureProvider "ensure_provider" "Find or make a provider's user.",
    CreateMeeting "create_meeting" "Make the meeting.",
    FindMeetings "find_meetings" "Look for a meeting whose making is in doubt.",
    DeleteMeeting "delete_meeting" "Remove a meeting.",
    IndexMeeting "index_meeting" "Have events of the meeting find the visit.",
    SetAlternativeHosts "set_alternative_hosts" "Let further providers start it.",
    Register "register" "Make somebody's personal way in.",
    CancelRegistrants "cancel_registrants" "Take personal links back.",
    RemoveUser "remove_user" "Remove the user who stood for somebody.",
    AskRegistration "ask_registration" "Ask once more for registration.",
    EndMeeting "end_meeting" "End it for everybody.",
    ReadMeeting "read_meeting" "Read whether it runs.",
    ReadAttendance "read_attendance" "Read who was there.",
}

impl CallKind {
    /// The kind of a call.
    #[must_use]
    pub fn of(call: &ZoomCall) -> Self {
        match call {
            ZoomCall::EnsureProvider { .. } => Self::EnsureProvider,
            ZoomCall::CreateMeeting { .. } => Self::CreateMeeting,
            ZoomCall::FindMeetings { .. } => Self::FindMeetings,
            ZoomCall::DeleteMeeting { .. } => Self::DeleteMeeting,
            ZoomCall::IndexMeeting { .. } => Self::IndexMeeting,
            ZoomCall::SetAlternativeHosts { .. } => Self::SetAlternativeHosts,
            ZoomCall::Register { .. } => Self::Register,
            ZoomCall::CancelRegistrants { .. } => Self::CancelRegistrants,
            ZoomCall::RemoveUser { .. } => Self::RemoveUser,
            ZoomCall::AskRegistration { .. } => Self::AskRegistration,
            ZoomCall::EndMeeting { .. } => Self::EndMeeting,
            ZoomCall::ReadMeeting { .. } => Self::ReadMeeting,
            ZoomCall::ReadAttendance { .. } => Self::ReadAttendance,
        }
    }

    /// A visit asks these again and again, so that only a failure is told, and what was put right by it.
    fn is_routine(self) -> bool {
        matches!(self, Self::ReadMeeting | Self::ReadAttendance | Self::IndexMeeting)
    }
}
