//! What changes a visit. Every command but a tick comes through the shard's journal, with an id and the time of the door.

use crate::birth_date::BirthDate;
use crate::effect::{LaneName, Says, Topic, Update};
use crate::fact::Fact;
use crate::id::{
    BrowserHash, CommandId, Csn, ExternalId, ExternalIdType, FhirReference, GuestLinkId, MeetingId, Npi,
};
use crate::intent::{IntentId, IntentOutcome};
use crate::name::Phi;
use crate::time::Moment;
use crate::visit::Device;
use crate::visit::booking::BookingRead;
use crate::visit::device_test::{DeviceTest, Settled};
use crate::visit::guest::Invitation;
use crate::visit::participant::{ParticipantKey, Role};
use serde::{Deserialize, Serialize};

/// One line of the journal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Makes applying it once possible.
    pub id: CommandId,
    /// When the door took it.
    pub at: Moment,
    /// What to do.
    pub command: Command,
}

/// The commands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Somebody launched the visit from Epic, and the door believes who it is.
    Launch(Launch),
    /// Something happened in Zoom.
    Fact(Fact),
    /// Somebody came back from a device test. It is no launch: nobody takes part by it.
    DeviceTested {
        /// Who.
        participant: ParticipantKey,
        /// With what.
        test: DeviceTest,
    },
    /// An open waiting page gave a sign.
    PageSeen {
        /// Whose page.
        participant: ParticipantKey,
    },
    /// The person was sent to Zoom, so the page no longer counts as waiting.
    Departed {
        /// Whose page.
        participant: ParticipantKey,
    },
    /// Zoom did not know the meeting any more when a provider stood at its door.
    MeetingMissing {
        /// Which meeting; about any other than the visit's own it says nothing new.
        meeting: MeetingId,
        /// Who wanted in.
        provider: ParticipantKey,
    },
    /// A provider asked for a link that lets one guest in.
    GuestInvited {
        /// The link.
        link: GuestLinkId,
        /// For whom and for how long.
        invitation: Invitation,
    },
    /// A provider took such a link back.
    GuestRevoked {
        /// The link.
        link: GuestLinkId,
    },
    /// A provider, or somebody on duty, says who somebody in the meeting is, whom nothing of Zoom's ties to a person.
    Named {
        /// Of which device.
        device: Device,
        /// Whose it is; `None` takes that back.
        who: Option<ParticipantKey>,
    },
    /// Epic said when a patient of the visit was born.
    BirthDateLearned {
        /// The patient's own CSN, as the launch gave it.
        csn: Option<Csn>,
        /// The patient, where the launch named one.
        patient: Option<FhirReference>,
        /// The day.
        date: BirthDate,
    },
    /// Somebody who opened a guest's link said when the patient was born.
    GuestAnswered {
        /// The link.
        link: GuestLinkId,
        /// Where it was opened.
        browser: BrowserHash,
        /// The answer.
        date: BirthDate,
    },
    /// A provider has a link sent by text message. It may be sent once the visit lists this command.
    GuestTexted {
        /// The link.
        link: GuestLinkId,
    },
    /// A provider, or somebody on duty, ends the meeting for everybody.
    EndForAll {
        /// Which meeting; about any other than the visit's own it says nothing.
        meeting: MeetingId,
    },
    /// Somebody on duty says that the meeting is broken: it is given up, and another is made.
    MakeAgain {
        /// Which meeting; of a visit that has none, the last one that it had. About any other it says nothing.
        meeting: MeetingId,
        /// Also while people are in it, for whom it ends.
        although_inside: bool,
    },
    /// A call to Zoom ended.
    IntentClosed {
        /// Which one.
        intent: IntentId,
        /// How.
        outcome: IntentOutcome,
    },
    /// Epic acknowledged a status.
    StatusDelivered {
        /// Whose lane.
        participant: ParticipantKey,
        /// The update's number in its lane.
        seq: u64,
        /// The status that now stands at Epic.
        connected: bool,
    },
    /// Epic refused a status for good, or it was given up.
    StatusParked {
        /// Whose lane.
        participant: ParticipantKey,
        /// The update's number in its lane.
        seq: u64,
    },
    /// An update was replaced by a newer one before Epic had it.
    StatusSuperseded {
        /// Whose lane.
        participant: ParticipantKey,
        /// The update's number in its lane.
        seq: u64,
    },
    /// An attempt to tell Epic ended after its node had lost the lease of the shard: it may have landed after everything that the next
    /// owner sent, so the newest status is sent once more.
    AttemptOutlived {
        /// Whose lane.
        participant: ParticipantKey,
    },
    /// What Epic was to be told of a device test is settled.
    DeviceTestSettled {
        /// Whose test.
        participant: ParticipantKey,
        /// The update's number in its lane.
        seq: u64,
        /// How.
        how: Settled,
    },
    /// The same as [`Command::AttemptOutlived`] for the lane of a device test.
    DeviceTestOutlived {
        /// Whose test.
        participant: ParticipantKey,
    },
    /// Somebody on duty wants Epic to be told once more, with what is true by now.
    SentAgain {
        /// Whose lane.
        participant: ParticipantKey,
        /// Which of theirs.
        topic: Topic,
        /// The newest update's number in its lane; where there is a newer one by now, that is told anyway.
        seq: u64,
    },
    /// Somebody on duty has an update sent once more that is parked.
    ParkedResent {
        /// Whose lane.
        participant: ParticipantKey,
        /// Which of theirs.
        topic: Topic,
        /// The update's number in its lane; about any but the newest it says nothing.
        seq: u64,
    },
    /// Somebody on duty gives an update up for good that is parked.
    ParkedDropped {
        /// Whose lane.
        participant: ParticipantKey,
        /// Which of theirs.
        topic: Topic,
        /// The update's number in its lane; about any but the newest it says nothing.
        seq: u64,
    },
    /// Of the commands that were set aside none is left: somebody on duty has dropped the last.
    ParkedCommandsDropped,
    /// The visit's organization was removed for good: whoever owns the visit lets go of it, whatever its state. The rules of a visit are not
    /// asked, since there are none any more; where the organization is there again it says nothing.
    OrganizationForgotten,
    /// The store went back and was given this visit again; what came in between may be lost to it. Added by the owner alone.
    StoreWentBack,
    /// Another command of this visit was set aside as poison.
    CommandParked,
    /// Deadlines are looked at. Added by the owner alone, never in the journal.
    Tick,
}

/// A launch as the door has established it: signature, issuer, role and context are already checked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Launch {
    /// Who the person is in this visit; the launch kind and `fhirUser` agree on it.
    pub role: Role,
    /// The person by Epic's FHIR server, such as `Practitioner/e3M`.
    pub fhir_user: FhirReference,
    /// The patient that the launch is about, such as `Patient/eAb`.
    pub patient: Option<FhirReference>,
    /// The person by Epic's own id; without it no light can follow them.
    pub external_id: Option<ExternalId>,
    /// Its kind, where the launch says it; else the role gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id_type: Option<ExternalIdType>,
    /// The visit's CSN as the launch gave it (in a group visit: this person's own).
    pub csn: Option<Csn>,
    /// What the provider shall see in Zoom, made by the organization's `patient_display_name`.
    pub display_name: Phi,
    /// For finding or making a provider's Zoom user.
    pub email: Option<Phi>,
    /// For making a provider's Zoom user.
    pub first_name: Option<Phi>,
    /// For making a provider's Zoom user.
    pub last_name: Option<Phi>,
    /// By which operators may know a provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub npi: Option<Npi>,
    /// What Epic says of the appointment, where the door could read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking: Option<BookingRead>,
}

impl Update {
    /// Epic acknowledged it.
    #[must_use]
    pub fn delivered(&self) -> Command {
        let (participant, seq) = (self.participant.clone(), self.seq);
        match self.says {
            Says::Connected(connected) => Command::StatusDelivered { participant, seq, connected },
            Says::DeviceTest(_) => Command::DeviceTestSettled { participant, seq, how: Settled::Delivered },
        }
    }

    /// Epic refused it for good, or it was given up.
    #[must_use]
    pub fn parked(&self) -> Command {
        let (participant, seq) = (self.participant.clone(), self.seq);
        match self.says {
            Says::Connected(_) => Command::StatusParked { participant, seq },
            Says::DeviceTest(_) => Command::DeviceTestSettled { participant, seq, how: Settled::Parked },
        }
    }

    /// A newer one took its place before Epic had it.
    #[must_use]
    pub fn superseded(&self) -> Command {
        let (participant, seq) = (self.participant.clone(), self.seq);
        match self.says {
            Says::Connected(_) => Command::StatusSuperseded { participant, seq },
            Says::DeviceTest(_) => Command::DeviceTestSettled { participant, seq, how: Settled::Superseded },
        }
    }
}

impl LaneName {
    /// An attempt in this lane ended after its node had lost the lease of the shard.
    #[must_use]
    pub fn outlived(&self) -> Command {
        let participant = self.participant.clone();
        match self.topic {
            Topic::Light => Command::AttemptOutlived { participant },
            Topic::DeviceTest => Command::DeviceTestOutlived { participant },
        }
    }
}
