//! What happened in Zoom, with its own time. Facts commute: any order and any number of duplicates fold to the same visit.

use crate::id::{InstanceUuid, MeetingId, ParticipantUuid, RegistrantId, SessionUserId, ZoomUserId};
use crate::time::Moment;
use serde::{Deserialize, Serialize};

/// One thing that happened in one meeting. The wire type is converted to this at the door.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fact {
    /// The meeting that it happened in.
    pub meeting: MeetingId,
    /// The instance of that meeting. Absent in events about the meeting itself.
    pub instance: Option<InstanceUuid>,
    /// When the instance really began, as nearly every event repeats it (`object.start_time`).
    pub instance_started: Option<Moment>,
    /// The host as Zoom names him; a participant who signed in as this user is the host.
    pub host: Option<ZoomUserId>,
    /// What happened.
    pub kind: FactKind,
    /// The person's join, where the fact is about one.
    pub session: Option<SessionKeys>,
    /// The fact's own time: join, leave or date time; second precision. Believed, however far from now.
    pub at: Moment,
    /// Zoom's time of sending, milliseconds: breaks ties between facts of one kind.
    pub sent: Moment,
}

/// The kinds of facts. Which of them move presence, and in which order they win, is said in [`crate::visit::instance`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// `meeting.started`
    Started,
    /// `meeting.ended`: closes every session of its uuid.
    Ended,
    /// `meeting.participant_joined`
    Joined,
    /// `meeting.participant_left`
    Left,
    /// `meeting.participant_joined_waiting_room`
    JoinedWaitingRoom,
    /// `meeting.participant_admitted`
    Admitted,
    /// `meeting.participant_left_waiting_room`
    LeftWaitingRoom,
    /// `meeting.participant_put_in_waiting_room`
    PutInWaitingRoom,
    /// `meeting.participant_jbh_waiting`: waits for the host on Zoom's own screen.
    WaitingForHost,
    /// `meeting.participant_jbh_waiting_left`
    LeftWaitingForHost,
    /// `meeting.participant_jbh_joined`: in the meeting before the host.
    JoinedBeforeHost,
    /// `meeting.participant_joined_breakout_room` and `_left_breakout_room`: both prove that the person is in the meeting.
    Breakout,
    /// `meeting.participant_role_changed`: moves nothing.
    RoleChanged,
    /// `meeting.participant_bind`: this (phone) join belongs to the person of the other one.
    Bound {
        /// The other join by its participant uuid, where given.
        to: Option<ParticipantUuid>,
        /// The other join by its user id, where given.
        to_user: Option<SessionUserId>,
    },
    /// `meeting.created`: somebody, mostly we, made it.
    Created,
    /// `meeting.updated`: the settings that the event names.
    Updated {
        /// The new value of the waiting room, where it was changed.
        waiting_room: Option<bool>,
        /// The new value of join before host, where it was changed.
        join_before_host: Option<bool>,
    },
    /// `meeting.deleted` or `meeting.permanently_deleted`
    Deleted,
}

/// How Zoom names one join. Every key may be absent; empty strings were made absent at the door.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SessionKeys {
    /// Correlates a join with its leave.
    pub participant: Option<ParticipantUuid>,
    /// Correlates within one join; changes on a rejoin and in a breakout room.
    pub user: Option<SessionUserId>,
    /// The signed-in Zoom user (`participant_user_id`, else `id`).
    pub zoom_user: Option<ZoomUserId>,
    /// The personal link that was used.
    pub registrant: Option<RegistrantId>,
    /// Whether it is a telephone. The number itself stays outside.
    pub phone: bool,
    /// Eight bytes of a keyed hash of the display name: tells joins without any other key apart, and names nobody.
    pub name_hash: Option<u64>,
}
