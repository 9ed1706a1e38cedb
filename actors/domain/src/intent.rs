//! Zoom calls as data: an intent is committed before its call is made, and closed by its result.

mod problem;

use crate::id::{InstanceUuid, Marker, MeetingId, RegistrantId, ZoomUserId};
use crate::name::{PersonalLink, Phi};
use crate::time::{Moment, Span};
use crate::visit::attendance::Attendance;
use crate::visit::default_host::{HostChoice, Instead};
use crate::visit::participant::ParticipantKey;
use serde::{Deserialize, Serialize};

pub use problem::ProblemCode;

/// Numbers the intents of one visit; never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntentId(pub u64);

/// A call that the state says must be made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Intent {
    /// Its number within the visit.
    pub id: IntentId,
    /// Which call.
    pub call: ZoomCall,
    /// The call must have been answered or given up before this time; after it nothing of it can still be under way.
    pub not_after: Moment,
    /// 1 at first.
    pub attempt: u32,
}

/// The calls. `IndexMeeting` goes to the store, all others to Zoom.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoomCall {
    /// Find the provider's Zoom user, or provision one.
    EnsureProvider {
        /// Which provider of the visit.
        provider: ParticipantKey,
        /// E-mail from the launch, if any: the second way to find the user.
        email: Option<Phi>,
        /// First name for a new account.
        first_name: Option<Phi>,
        /// Last name for a new account.
        last_name: Option<Phi>,
        /// Who may stand in where no user of their own can be had.
        #[serde(default, skip_serializing_if = "HostChoice::is_empty")]
        host_choice: HostChoice,
    },
    /// Make the meeting.
    CreateMeeting {
        /// Its host.
        host: ZoomUserId,
        /// Found again by this.
        marker: Marker,
        /// What is asked for; what holds may differ.
        settings: MeetingSettings,
    },
    /// Look for meetings with the marker, after a create whose answer is unknown or that a restored store may have forgotten.
    FindMeetings {
        /// Whose meetings are listed.
        host: ZoomUserId,
        /// The marker that is looked for.
        marker: Marker,
    },
    /// Remove a meeting that nobody may be sent to.
    DeleteMeeting {
        /// The superfluous one.
        meeting: MeetingId,
    },
    /// Write meeting id -> visit into the index and drain what was held for it. Only then may a link leave.
    IndexMeeting {
        /// The committed meeting.
        meeting: MeetingId,
    },
    /// Set the alternative hosts of the meeting (the whole list; Zoom replaces it).
    SetAlternativeHosts {
        /// The visit's meeting.
        meeting: MeetingId,
        /// Its host, whose share of the day's changes it takes.
        host: ZoomUserId,
        /// All alternative hosts.
        others: Vec<ZoomUserId>,
    },
    /// Have Zoom know the person by something of their own: mostly a personal link.
    Register {
        /// Whose link it is.
        participant: ParticipantKey,
        /// The visit's meeting.
        meeting: MeetingId,
        /// What the provider sees in Zoom.
        display_name: Phi,
        /// By what.
        #[serde(default, skip_serializing_if = "Personal::is_registrant")]
        by: Personal,
    },
    /// Let registrants in no more: their guest's link was taken back.
    CancelRegistrants {
        /// The visit's meeting.
        meeting: MeetingId,
        /// Whom.
        registrants: Vec<RegistrantId>,
    },
    /// Remove the user who stood for somebody.
    RemoveUser {
        /// For whom.
        participant: ParticipantKey,
        /// Found by this, where no answer ever named the user.
        tag: Marker,
        /// The user, where known.
        user: Option<ZoomUserId>,
    },
    /// Ask once more for registration, which the meeting did not get while its host had no licence.
    AskRegistration {
        /// The visit's meeting.
        meeting: MeetingId,
        /// Its host, whose share of the day's changes it takes.
        host: ZoomUserId,
    },
    /// End the running meeting for everybody.
    EndMeeting {
        /// The visit's meeting.
        meeting: MeetingId,
    },
    /// Read the meeting's status, because no event told it.
    ReadMeeting {
        /// The visit's meeting.
        meeting: MeetingId,
    },
    /// Read who was in an instance that is over, because no event told that somebody left it.
    ReadAttendance {
        /// A meeting of the visit.
        meeting: MeetingId,
        /// A start of it.
        instance: InstanceUuid,
    },
}

/// By what a person is to be known again, with what has to be said for it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Personal {
    /// A registration.
    #[default]
    Registrant,
    /// A link with their name in it.
    InviteLink {
        /// How long it is to be good.
        good_for: Span,
    },
    /// A user of their own, for this visit.
    TemporaryUser {
        /// Found again by this.
        tag: Marker,
    },
}

impl Personal {
    fn is_registrant(&self) -> bool {
        *self == Self::Registrant
    }
}

/// Settings of a meeting that the admittance depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MeetingSettings {
    /// The host must admit everybody.
    pub waiting_room: bool,
    /// Guests may be in the meeting without the host. We always ask for `false`.
    pub join_before_host: bool,
    /// Personal links by registration (`approval_type` 0).
    pub registration: bool,
}

/// A meeting as Zoom answered it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MadeMeeting {
    /// Zoom's id.
    pub meeting: MeetingId,
    /// The host that Zoom gave it.
    pub host: ZoomUserId,
    /// The settings that hold (locks of the account coerce silently).
    pub effective: MeetingSettings,
    /// The generic join link, for alternative hosts who sign in with their own token.
    pub join_url: PersonalLink,
    /// Where the account has telephone numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dial_in: Option<DialIn>,
}

/// How somebody gets into a meeting by telephone.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct DialIn {
    /// Numbers to call, as Zoom writes them, each with its country; the meeting's own id is asked for there.
    pub numbers: Vec<String>,
    /// What is asked for after the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passcode: Option<Phi>,
}

/// How a call ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentOutcome {
    /// The provider's Zoom user.
    Provider {
        /// Found or made.
        user: ZoomUserId,
        /// Whether the user holds a licence; registration needs one.
        licensed: bool,
    },
    /// The provider's own Zoom user cannot be had as it should be, and the settings name what is done then.
    MadeDo {
        /// The user by whom the provider comes.
        user: ZoomUserId,
        /// Whether that user holds a licence.
        licensed: bool,
        /// Who that is.
        instead: Instead,
    },
    /// The meeting was made.
    Made(MadeMeeting),
    /// All meetings that bear the marker, in Zoom's order; may be empty.
    Found(Vec<MadeMeeting>),
    /// The meeting is gone (deleted now or before).
    Deleted,
    /// The index is written and what was held is in the journal.
    Indexed,
    /// The list of alternative hosts was set, or refused: those whom Zoom took are said, and no others stand.
    AlternativesSet {
        /// A part of those who were asked for.
        stand: Vec<ZoomUserId>,
    },
    /// The person's own link.
    Registered {
        /// What a join through the link will be named by.
        registrant: RegistrantId,
        /// The link.
        link: PersonalLink,
    },
    /// The person's own link by name.
    Invited {
        /// The hash of the name that Zoom wrote into the link, as events will bring it.
        name_hash: u64,
        /// The link.
        link: PersonalLink,
        /// From then on Zoom does not take it.
        good_until: Moment,
    },
    /// The user who stands for the person.
    UserMade {
        /// Found or made.
        user: ZoomUserId,
    },
    /// That user is gone (removed now or before).
    UserRemoved,
    /// The registrants are let in no more.
    RegistrantsCancelled,
    /// The meeting does not run any more.
    Ended,
    /// The meeting as it is read.
    Read {
        /// `status` is `started`.
        started: bool,
        /// The settings that hold.
        effective: MeetingSettings,
    },
    /// Who was there; nobody where only one person was, and for some time after the end.
    Attended(Vec<Attendance>),
    /// Zoom has no such meeting any more (404, code 3001).
    MeetingGone,
    /// Zoom has no such user any more (404, code 1001), so nothing was done.
    UserGone,
    /// The call was refused or did not come through, and certainly had no effect.
    Failed(CallFailure),
    /// Whether the call had an effect is unknown: time-out, cut connection, 5xx on a POST.
    Ambiguous,
    /// The call was never begun, since its node was told to go: whoever is next makes it at once.
    NotBegun,
}

/// A failure without effect.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallFailure {
    /// What the board shows; a stable code.
    pub problem: ProblemCode,
    /// Whether to try again by itself.
    pub retry: Retry,
}

/// Whether a failed call is made again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// With backoff, or after what Zoom asked for.
    After(Option<Span>),
    /// Only a new launch tries again: a provider's for all calls, a patient's for the personal link.
    Never,
}
