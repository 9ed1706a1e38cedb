//! The people of a visit, as Epic knows them.

use super::default_host::Instead;
use crate::id::{Csn, ExternalId, ExternalIdType, FhirReference, MeetingId, Npi, RegistrantId, ZoomUserId};
use crate::name::{PersonalLink, Phi};
use crate::time::Moment;
use crate::visit::stand_in::StandIn;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// What a person is in a visit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Treats the patient; the encounter provider, or else the first one to launch, hosts the meeting.
    Provider,
    /// The patient, by his own MyChart account.
    Patient,
    /// A MyChart RelatedPerson who comes for the patient.
    Proxy,
    /// An interpreter or family member, let in by a provider.
    Guest,
    /// Somebody in the meeting whom nothing ties to a person: mostly a telephone.
    Unidentified,
}

impl Role {
    /// The role as the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Patient => "patient",
            Self::Proxy => "proxy",
            Self::Guest => "guest",
            Self::Unidentified => "unidentified",
        }
    }

    /// What a person of this role is called where no name is to be shown.
    #[must_use]
    pub fn plain_name(self) -> &'static str {
        match self {
            Self::Provider => "Provider",
            Self::Patient => "Patient",
            Self::Proxy => "Family member",
            Self::Guest => "Guest",
            Self::Unidentified => "Participant",
        }
    }

    /// Whether the person sits on the patient's side, and so is subject to the admittance policy.
    #[must_use]
    pub fn is_patient_side(self) -> bool {
        matches!(self, Self::Patient | Self::Proxy | Self::Guest)
    }
}

/// Names a participant within a visit: the role and the FHIR identity that launched. One person in two roles is two participants.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ParticipantKey {
    role: Role,
    fhir_user: FhirReference,
}

impl ParticipantKey {
    /// The key of a person who launched in a role.
    #[must_use]
    pub fn new(role: Role, fhir_user: FhirReference) -> Self {
        Self { role, fhir_user }
    }

    /// The role within the key.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The FHIR identity within the key.
    #[must_use]
    pub fn fhir_user(&self) -> &FhirReference {
        &self.fhir_user
    }

    /// The key as text: `role:Practitioner/e3M`.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}:{}", self.role.as_str(), self.fhir_user)
    }
}

impl fmt::Debug for ParticipantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.role.as_str(), self.fhir_user)
    }
}

impl From<ParticipantKey> for String {
    fn from(key: ParticipantKey) -> String {
        key.to_text()
    }
}

impl TryFrom<String> for ParticipantKey {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let (role, fhir_user) = text.split_once(':').ok_or("a participant key is role:FhirReference")?;
        let role = [Role::Provider, Role::Patient, Role::Proxy, Role::Guest, Role::Unidentified]
            .into_iter()
            .find(|r| r.as_str() == role)
            .ok_or("the participant key names no role")?;
        let fhir_user = FhirReference::new(fhir_user).map_err(|e| e.to_string())?;
        Ok(Self { role, fhir_user })
    }
}

/// Where a person is. The order is the rank: a person's presence is the highest of their sessions'.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Nowhere.
    #[default]
    Gone,
    /// On our waiting page, or on Zoom's screen before the host.
    Waiting,
    /// In Zoom's waiting room.
    InWaitingRoom,
    /// In the meeting.
    InMeeting,
}

impl Presence {
    /// The presence as the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Waiting => "waiting",
            Self::InWaitingRoom => "in_waiting_room",
            Self::InMeeting => "in_meeting",
        }
    }
}

/// A person of the visit and everything that is known of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Participant {
    /// The person by Epic's own id; without it there is no lane.
    pub external_id: Option<ExternalId>,
    /// The kind of that id, where the launch that brought it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id_type: Option<ExternalIdType>,
    /// The CSN that this person launched with.
    pub csn: Option<Csn>,
    /// What the provider sees in Zoom.
    pub display_name: Phi,
    /// A provider's e-mail, for finding the Zoom user.
    pub email: Option<Phi>,
    /// A provider's first name, for making the Zoom user.
    pub first_name: Option<Phi>,
    /// A provider's last name, for making the Zoom user.
    pub last_name: Option<Phi>,
    /// A provider's NPI, for operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub npi: Option<Npi>,
    /// When the person first launched.
    pub launched_at: Moment,
    /// When the person last launched.
    pub last_launch: Moment,
    /// The last sign of an open page.
    pub page_seen: Option<Moment>,
    /// When the person last went on to Zoom; signs from before no longer count.
    pub departed: Option<Moment>,
    /// The provider's Zoom user, once known.
    pub zoom_user: Option<ZoomUserId>,
    /// Zoom did not know that user, or did not take it: it is looked for again before anything is built on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub zoom_user_in_doubt: bool,
    /// That user has no licence, as was last heard.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub zoom_user_unlicensed: bool,
    /// What the provider makes do with; then that user is perhaps not their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<Instead>,
    /// Default hosts who ever stood in for them here: whoever came by one of these still is this person.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub default_hosts: BTreeSet<ZoomUserId>,
    /// The personal link, once made.
    pub link: Option<Link>,
    /// Every registrant that this person was ever given: a join through an old link still is this person.
    pub registrants: BTreeSet<RegistrantId>,
    /// The name that this person bears at Zoom, where names tell people apart; it stays for the visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_as: Option<Phi>,
    /// Hashes of the names that Zoom was given for this person.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub names: BTreeSet<u64>,
    /// When a link by name was given to this person.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub given: BTreeSet<Moment>,
    /// The Zoom user who stands for this person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stand_in: Option<StandIn>,
    /// Every user who ever stood for this person: what Zoom tells of them late is still of this person.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub stand_ins: BTreeSet<ZoomUserId>,
    /// What Epic was and will be told.
    pub light: Light,
    /// Presence after the last decision and since when, for the board.
    pub presence: Presence,
    /// When the presence last changed.
    pub since: Moment,
}

impl Participant {
    /// The provider's Zoom user, where it can host something.
    #[must_use]
    pub fn host_user(&self) -> Option<&ZoomUserId> {
        self.zoom_user.as_ref().filter(|_| !self.zoom_user_in_doubt)
    }

    /// Whether a default host stands in for them.
    #[must_use]
    pub fn has_default_host(&self) -> bool {
        matches!(self.instead, Some(Instead::DefaultHost(_)))
    }

    /// The Zoom users by whom this person comes, or came before.
    pub(super) fn zoom_users(&self) -> impl Iterator<Item = &ZoomUserId> {
        self.zoom_user.iter().chain(&self.default_hosts)
    }

    /// As whom Epic knows them, by the last launch.
    pub(super) fn epic_person(&self) -> Option<EpicPerson> {
        let id_type = self.external_id_type.clone();
        self.external_id.clone().map(|id| EpicPerson { id, id_type })
    }
}

/// A committed personal link into one meeting.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Link {
    /// The meeting that it leads to; a link into another meeting than the visit's is never given.
    pub meeting: MeetingId,
    /// The link.
    pub url: PersonalLink,
    /// From then on Zoom does not take it; `None`: as long as the meeting is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_until: Option<Moment>,
}

/// One person's light at Epic, as decided and as acknowledged.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Light {
    /// The last update's number; 0 while none was decided.
    pub decided: u64,
    /// The status that should stand at Epic.
    pub wanted: bool,
    /// The last acknowledged update's number.
    pub acknowledged: u64,
    /// The last status that Epic acknowledged.
    pub connected: bool,
    /// The last update that was settled in whatever way (acknowledged or parked).
    pub settled: u64,
    /// The last parked update that somebody on duty has given up for good.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub dropped: u64,
    /// As whom Epic was last told that the person is connected: whoever is turned off is whoever was turned on, even if
    /// a later launch brought another id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_as: Option<EpicPerson>,
}

/// A person as Epic names them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EpicPerson {
    /// Epic's own id.
    pub id: ExternalId,
    /// Its kind, where a launch said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_type: Option<ExternalIdType>,
}

impl Light {
    /// Whether Epic has been told everything that was decided, or it was given up.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.settled >= self.decided
    }

    /// Whether Epic has acknowledged the newest update, or somebody has dropped it.
    pub(super) fn is_done(&self) -> bool {
        self.acknowledged.max(self.dropped) >= self.decided
    }

    /// Whether the newest update was given up without Epic's acknowledgement.
    pub(super) fn is_parked(&self) -> bool {
        self.is_settled() && self.acknowledged < self.decided
    }
}
