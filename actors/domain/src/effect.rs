//! What a decision asks for. Nothing of it leaves the node before the commit.

use crate::id::{Csn, ExternalId, ExternalIdType, MeetingId};
use crate::intent::Intent;
use crate::time::Moment;
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

/// One status update for Epic, in the lane of its participant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Update {
    /// Whose lane.
    pub participant: ParticipantKey,
    /// Rises by one within the lane; the newest is the one that matters.
    pub seq: u64,
    /// The status that should stand at Epic.
    pub connected: bool,
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
}
