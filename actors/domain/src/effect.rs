//! What a decision asks for. Nothing of it leaves the node before the commit.

use crate::id::{Csn, ExternalId, ExternalIdType, MeetingId};
use crate::intent::Intent;
use crate::time::Moment;
use crate::visit::device_test::TestOutcome;
use crate::visit::participant::{ParticipantKey, Role};
use serde::{Deserialize, Serialize};

/// Effects are data; the shard carries them out after the commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Tell Epic: goes into the outbox with the same commit.
    Notify(Update),
    /// Make this call.
    Begin(Intent),
    /// The visit has left: remove it from the store.
    Forget,
}

/// What Epic is told of a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Says {
    /// Whether they are connected: the light.
    Connected(bool),
    /// What came out of their device test. A release that does not know of tests cannot read it, rather than take it for a light.
    DeviceTest(TestOutcome),
}

/// What a lane is about. Within one the newest update is all that matters, so that things that are true beside each other have lanes of their
/// own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// The light.
    Light,
    /// The device test.
    DeviceTest,
}

/// Names a lane within a visit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LaneName {
    /// What it is about.
    pub topic: Topic,
    /// Whose it is.
    pub participant: ParticipantKey,
}

impl Topic {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Light, Self::DeviceTest];

    /// As the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::DeviceTest => "device_test",
        }
    }
}

impl Says {
    /// What it is about.
    #[must_use]
    pub fn topic(self) -> Topic {
        match self {
            Self::Connected(_) => Topic::Light,
            Self::DeviceTest(_) => Topic::DeviceTest,
        }
    }
}

impl LaneName {
    /// The lane of a person's light.
    #[must_use]
    pub fn of_light(participant: ParticipantKey) -> Self {
        Self { topic: Topic::Light, participant }
    }
}

/// One update for Epic, in a lane of its participant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Update {
    /// Whose lane.
    pub participant: ParticipantKey,
    /// Rises by one within the lane; the newest is the one that matters.
    pub seq: u64,
    /// What should stand at Epic.
    #[serde(rename = "connected")]
    pub says: Says,
    /// When it became true, by Zoom's time where a fact caused it.
    pub occurred_at: Moment,
    /// When it was decided; its age counts from here.
    pub decided_at: Moment,
    /// The person's role.
    pub role: Role,
    /// The person by Epic's own id.
    pub external_id: ExternalId,
    /// Its kind, where a launch said it; else the role gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id_type: Option<ExternalIdType>,
    /// The CSN that the record is found by.
    pub csn: Option<Csn>,
    /// The Zoom meeting that the record is found by.
    pub meeting: Option<MeetingId>,
    /// Somebody on duty wanted Epic to be told once more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resend: bool,
}

impl Update {
    /// The lane that it is in.
    #[must_use]
    pub fn lane(&self) -> LaneName {
        LaneName { topic: self.says.topic(), participant: self.participant.clone() }
    }
}
