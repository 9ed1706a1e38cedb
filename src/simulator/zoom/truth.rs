//! The true state, as the fake Zoom itself knows it: what a checker compares the service and Epic's lights with.

use serde::Serialize;

use super::FakeZoom;
use super::desk::Desk;
use super::meeting::Meeting;
use super::seat::{Device, Gone, Place, Role, Seat, SeatId};
use super::users::User;

/// A person's presence, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    Gone,
    WaitingForHost,
    InWaitingRoom,
    InMeeting,
}

fn presence(seat: &Seat) -> Presence {
    match seat.place {
        Place::Gone { .. } => Presence::Gone,
        Place::WaitingForHost => Presence::WaitingForHost,
        Place::WaitingRoom => Presence::InWaitingRoom,
        Place::InMeeting | Place::BreakoutRoom { .. } => Presence::InMeeting,
    }
}

/// One seat as a client or a checker sees it.
#[derive(Clone, Debug, Serialize)]
pub struct SeatView {
    pub seat: SeatId,
    pub meeting: u64,
    pub name: String,
    pub device: Device,
    pub role: Role,
    pub presence: Presence,
    pub why_gone: Option<Gone>,
    pub breakout: bool,
    pub registrant: String,
    pub user: String,
    pub phone_number: String,
    pub participant_uuid: String,
    /// The device is dead, and Zoom has not noticed yet.
    pub crashed: bool,
}

impl SeatView {
    fn of(meeting: u64, seat: &Seat) -> Self {
        Self {
            seat: seat.id.clone(),
            meeting,
            name: seat.identity.name.clone(),
            device: seat.device,
            role: seat.role,
            presence: presence(seat),
            why_gone: if let Place::Gone { why } = seat.place { Some(why) } else { None },
            breakout: matches!(seat.place, Place::BreakoutRoom { .. }),
            registrant: seat.identity.registrant.clone(),
            user: seat.identity.user.clone(),
            phone_number: seat.identity.phone_number.clone(),
            participant_uuid: seat.participant_uuid.clone(),
            crashed: seat.noticed_at.is_some() && !seat.is_gone(),
        }
    }
}

/// A meeting as it truly is.
#[derive(Clone, Debug, Serialize)]
pub struct MeetingTruth {
    pub id: u64,
    pub topic: String,
    pub agenda: String,
    pub host_id: String,
    pub host_email: String,
    pub alternative_hosts: Vec<String>,
    pub waiting_room: bool,
    pub join_before_host: bool,
    pub deleted: bool,
    /// Set while it runs.
    pub uuid: Option<String>,
    pub ended_uuids: Vec<String>,
    pub seats: Vec<SeatView>,
}

/// A user of the account.
#[derive(Clone, Debug, Serialize)]
pub struct UserTruth {
    pub id: String,
    pub email: String,
    pub licensed: bool,
}

/// Who holds a personal link.
#[derive(Clone, Debug, Serialize)]
pub struct LinkHolder {
    pub meeting: u64,
    pub registrant: String,
    pub email: String,
    pub name: String,
    pub join_url: String,
}

/// One person of one visit: truly in the meeting or not, and what Epic's light says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonTruth {
    pub csn: String,
    pub external_id: String,
    pub presence: Presence,
    pub light: bool,
    /// The status service has been told something about this person.
    pub told: bool,
}

impl PersonTruth {
    /// The light says what is true.
    pub fn right(&self) -> bool {
        self.light == (self.presence == Presence::InMeeting)
    }
}

fn meeting_truth(desk: &Desk<'_>, meeting: &Meeting) -> MeetingTruth {
    let rules = meeting.rules(&desk.state.account);
    MeetingTruth {
        id: meeting.id,
        topic: meeting.topic.clone(),
        agenda: meeting.agenda.clone(),
        host_id: meeting.host_id.clone(),
        host_email: meeting.host_email.clone(),
        alternative_hosts: meeting.alternative_hosts.clone(),
        waiting_room: rules.waiting_room,
        join_before_host: rules.join_before_host,
        deleted: meeting.deleted,
        uuid: meeting.room.instance.as_ref().map(|live| live.uuid.clone()),
        ended_uuids: meeting.room.past.iter().map(|past| past.uuid.clone()).collect(),
        seats: meeting.room.seats.iter().map(|seat| SeatView::of(meeting.id, seat)).collect(),
    }
}

impl FakeZoom {
    /// All meetings, deleted ones too.
    pub fn meetings(&self) -> Vec<MeetingTruth> {
        self.at_desk(|desk| {
            desk.state.meetings.values().map(|meeting| meeting_truth(desk, meeting)).collect()
        })
    }

    /// All users of the account.
    pub fn users(&self) -> Vec<UserTruth> {
        let told = |user: &User| UserTruth {
            id: user.id.clone(),
            email: user.email.clone(),
            licensed: user.is_licensed(),
        };
        self.at_desk(|desk| desk.state.users.values().map(told).collect())
    }

    pub fn meeting(&self, id: u64) -> Option<MeetingTruth> {
        self.at_desk(|desk| desk.state.meetings.get(&id).map(|meeting| meeting_truth(desk, meeting)))
    }

    /// Meetings that carry a marker in topic, agenda or tracking fields, deleted ones too.
    pub fn meetings_with(&self, marker: &str) -> Vec<MeetingTruth> {
        self.at_desk(|desk| {
            let carries = |meeting: &&Meeting| {
                meeting.topic.contains(marker)
                    || meeting.agenda.contains(marker)
                    || meeting.tracking_fields.to_string().contains(marker)
            };
            desk.state.meetings.values().filter(carries).map(|meeting| meeting_truth(desk, meeting)).collect()
        })
    }

    /// The highest presence of a person over all devices and meetings; `who` is a registrant, user or phone number.
    pub fn presence_of(&self, who: &str) -> Presence {
        self.at_desk(|desk| {
            desk.state
                .meetings
                .values()
                .flat_map(|meeting| &meeting.room.seats)
                .filter(|seat| {
                    [&seat.identity.registrant, &seat.identity.user, &seat.identity.phone_number]
                        .into_iter()
                        .any(|key| key == who)
                })
                .map(presence)
                .max()
                .unwrap_or(Presence::Gone)
        })
    }

    /// One seat, also after its meeting has ended.
    pub fn seat(&self, seat: &str) -> Option<SeatView> {
        self.at_desk(|desk| {
            let id = *desk.state.seats.get(seat)?;
            let room = &desk.state.meetings.get(&id)?.room;
            let past = || room.past.iter().rev().flat_map(|past| &past.rows).map(|row| &row.seat);
            room.seat(seat).or_else(|| past().find(|row| row.id == seat)).map(|found| SeatView::of(id, found))
        })
    }

    /// Everybody in the meeting of a seat, the waiting room included.
    pub fn room_of(&self, seat: &str) -> Vec<SeatView> {
        self.at_desk(|desk| {
            let id = desk.state.seats.get(seat).copied().unwrap_or(0);
            let seats =
                desk.state.meetings.get(&id).map(|meeting| meeting.room.seats.as_slice()).unwrap_or_default();
            seats.iter().filter(|seat| !seat.is_gone()).map(|seat| SeatView::of(id, seat)).collect()
        })
    }

    pub fn link_holders(&self) -> Vec<LinkHolder> {
        self.at_desk(|desk| {
            let mut out = Vec::new();
            for meeting in desk.state.meetings.values() {
                out.extend(meeting.registrants.iter().map(|one| LinkHolder {
                    meeting: meeting.id,
                    registrant: one.id.clone(),
                    email: one.email.clone(),
                    name: format!("{} {}", one.first_name, one.last_name).trim().to_owned(),
                    join_url: meeting.personal_url(&desk.fixed.public_base, &one.token),
                }));
            }
            out
        })
    }
}
