//! An organization's choices, as far as the rules need them.

use crate::time::{Moment, Span};
use serde::{Deserialize, Serialize};

/// Who lets the patient in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Admittance {
    /// The patient goes in by himself once the provider has started the meeting.
    Automatic,
    /// The patient goes to Zoom's waiting room, and the provider admits him there.
    Manual,
}

/// Whether a patient who waits already turns the light on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingCountsAs {
    /// Only being in the meeting counts.
    Nothing,
    /// Waiting on our page or in Zoom's waiting room counts as well.
    Connected,
}

/// By what a person on the patient's side is known again in Zoom's events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatientIdentity {
    /// By a registrant's id, which needs a host with a licence.
    #[default]
    Registrant,
    /// By a name that is theirs alone within the visit.
    InviteLink,
    /// By a Zoom user who is made for them and removed after the visit.
    TemporaryUser,
}

impl PatientIdentity {
    /// As states of before had it, which say nothing.
    pub(crate) fn is_registrant(&self) -> bool {
        *self == Self::Registrant
    }
}

/// How the patient's side gets into meetings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PatientRules {
    /// Of meetings that are made from now on.
    pub identity: PatientIdentity,
    /// How long a link by name is good.
    pub invite_link_life: Span,
}

impl Default for PatientRules {
    /// As the settings have it.
    fn default() -> Self {
        Self { identity: PatientIdentity::Registrant, invite_link_life: Span::hours(2) }
    }
}

/// The rules of one organization. Times are bounds of the settings reference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Who lets the patient in.
    pub admittance: Admittance,
    /// Whether waiting turns the light on.
    pub waiting_counts_as: WaitingCountsAs,
    /// How long after its last instance ended a visit may go on.
    pub reopen: Span,
    /// Without a sign of an open page for this long, a person no longer waits.
    pub page_presence: Span,
    /// How long after the reopening time an ended visit is kept; at least Zoom's 85 minutes of retries.
    pub keep: Span,
    /// How long after a device test a visit is kept that nobody has launched.
    pub keep_tested: Span,
    /// Whether Epic is told what came out of device tests.
    pub tell_device_tests: bool,
    /// From a provider's launch, while a patient waits and no fact has come: when the meeting is first read.
    pub check_after: Span,
    /// How often it is read again.
    pub check_every: Span,
    /// How long before its appointment the patient's side may come.
    pub early: Span,
    /// How long after it they may come for the first time.
    pub late: Span,
    /// How long a meeting goes on that its last provider has left; 0: until people leave it.
    pub provider_gone: Span,
    /// How long a meeting may last in which no provider is.
    pub longest: Span,
    /// How long a call to Zoom may take until its intent counts as lost; the call's own time-out is shorter.
    pub call: Span,
    /// How long after an intent's `not_after` the marker is looked for: covers clock differences.
    pub margin: Span,
    /// How the patient's side gets into meetings.
    pub patients: PatientRules,
    /// What guests' links are good for.
    pub guests: GuestRules,
    /// How a visit is found again that a store has forgotten.
    pub markers: MarkerRules,
}

/// How the meetings of a visit are known at Zoom, also by a service that has forgotten them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MarkerRules {
    /// Goes into every marker, so that none gives away whose visit it is of; the same for as long as the service keeps its key.
    pub salt: u64,
    /// The store was restored and may not know what happened since it was copied: until then a visit looks for a meeting before it makes
    /// one, and believes nothing to be as it says.
    pub restored_until: Option<Moment>,
}

impl MarkerRules {
    /// Whether the store was restored so lately.
    #[must_use]
    pub fn was_restored(&self, now: Moment) -> bool {
        self.restored_until.is_some_and(|until| now < until)
    }
}

/// The bounds of one guest's link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GuestRules {
    /// So many wrong birth dates lock it.
    pub wrong_answers: u32,
    /// So many text messages may be sent with it, those that failed included.
    pub messages: u32,
}

impl Default for GuestRules {
    /// As the settings have it.
    fn default() -> Self {
        Self { wrong_answers: 5, messages: 3 }
    }
}
