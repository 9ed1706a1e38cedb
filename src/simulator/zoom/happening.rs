//! What happens in a meeting room, before it is put into any wire format.

use super::super::clock::Millis;
use super::seat::{Role, Seat};

/// The running instance that a happening belongs to.
#[derive(Clone, Debug, Default)]
pub struct InstanceRef {
    pub uuid: String,
    pub started_at: Millis,
}

/// Something that Zoom tells its subscribers.
#[derive(Clone, Debug)]
pub struct Happening {
    pub what: What,
    /// The fact's own time.
    pub time: Millis,
    pub instance: InstanceRef,
    /// A copy of the seat as it was then; none for the meeting's own events.
    pub seat: Option<Box<Seat>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Started,
    Ended,
    Joined,
    Left { reason: &'static str },
    WaitsForHost,
    GaveUpWaiting,
    JoinedBeforeHost,
    EnteredWaitingRoom,
    Admitted,
    Refused,
    PutBack,
    RoleChanged { old: Role, new: Role },
    Bound { to_user_id: String, to_participant_uuid: String },
    EnteredBreakout { room: String, user_id: String },
    LeftBreakout { room: String, user_id: String },
}

impl What {
    /// The event name on the wire.
    pub fn event(&self) -> &'static str {
        match self {
            Self::Started => "meeting.started",
            Self::Ended => "meeting.ended",
            Self::Joined => "meeting.participant_joined",
            Self::Left { .. } => "meeting.participant_left",
            Self::WaitsForHost => "meeting.participant_jbh_waiting",
            Self::GaveUpWaiting => "meeting.participant_jbh_waiting_left",
            Self::JoinedBeforeHost => "meeting.participant_jbh_joined",
            Self::EnteredWaitingRoom => "meeting.participant_joined_waiting_room",
            Self::Admitted => "meeting.participant_admitted",
            Self::Refused => "meeting.participant_left_waiting_room",
            Self::PutBack => "meeting.participant_put_in_waiting_room",
            Self::RoleChanged { .. } => "meeting.participant_role_changed",
            Self::Bound { .. } => "meeting.participant_bind",
            Self::EnteredBreakout { .. } => "meeting.participant_joined_breakout_room",
            Self::LeftBreakout { .. } => "meeting.participant_left_breakout_room",
        }
    }
}
