//! What the API tells of instances: past meetings, their participants, the report, and the live roster.

use serde_json::{Value, json};

use super::super::clock::to_the_second;
use super::account::Plan;
use super::answer::Answer;
use super::calls::Key;
use super::desk::Desk;
use super::meeting::Meeting;
use super::seat::{Place, Seat};

/// One instance, over or running.
struct Found<'a> {
    meeting: &'a Meeting,
    uuid: &'a str,
    started_at: i64,
    ended_at: Option<i64>,
    seats: Vec<&'a Seat>,
}

fn all_instances(meeting: &Meeting) -> Vec<Found<'_>> {
    let mut out: Vec<Found<'_>> = meeting
        .room
        .past
        .iter()
        .map(|past| Found {
            meeting,
            uuid: &past.uuid,
            started_at: past.started_at,
            ended_at: Some(past.ended_at),
            seats: past.rows.iter().map(|row| &row.seat).collect(),
        })
        .collect();
    if let Some(live) = &meeting.room.instance {
        let seats = meeting.room.seats.iter().filter(|seat| !seat.participant_uuid.is_empty()).collect();
        out.push(Found { meeting, uuid: &live.uuid, started_at: live.started_at, ended_at: None, seats });
    }
    out
}

/// Which list somebody is told in: each has fields of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Past,
    Report,
    Live,
}

impl Desk<'_> {
    /// A number means the newest instance.
    fn find(&self, key: &Key) -> Result<Found<'_>, Answer> {
        let missing = || match key {
            Key::Number(id) => Answer::no_such_meeting(id),
            Key::Uuid(uuid) | Key::Garbled(uuid) => Answer::no_such_meeting(uuid),
        };
        match key {
            Key::Number(id) => {
                self.meeting(*id).and_then(|meeting| all_instances(meeting).pop()).ok_or_else(missing)
            }
            Key::Uuid(uuid) => self
                .state
                .meetings
                .values()
                .flat_map(all_instances)
                .find(|found| found.uuid == uuid)
                .ok_or_else(missing),
            Key::Garbled(_) => Err(missing()),
        }
    }

    pub(super) fn past_meeting(&self, key: &Key) -> Answer {
        match self.find(key) {
            Ok(found) => {
                let end = found.ended_at.unwrap_or(self.now);
                Answer::ok(json!({
                    "uuid": found.uuid,
                    "id": found.meeting.id,
                    "host_id": found.meeting.host_id,
                    "user_email": found.meeting.host_email,
                    "topic": found.meeting.topic,
                    "type": found.meeting.kind,
                    "start_time": to_the_second(found.started_at),
                    "end_time": to_the_second(end),
                    // Asked too early the real one says 0 as well.
                    "duration": found.ended_at.map_or(0, |end| (end - found.started_at) / 60_000),
                    "participants_count": found.seats.len(),
                }))
            }
            Err(answer) => answer,
        }
    }

    pub(super) fn past_instances(&self, id: u64) -> Answer {
        match self.meeting(id) {
            Some(meeting) => {
                let rows: Vec<Value> = meeting
                    .room
                    .past
                    .iter()
                    .map(|past| json!({"uuid": past.uuid, "start_time": to_the_second(past.started_at)}))
                    .collect();
                Answer::ok(json!({"meetings": rows}))
            }
            None => Answer::no_such_meeting(id),
        }
    }

    fn rows(&self, found: &Found<'_>, list: List) -> Vec<Value> {
        let row = |seat: &Seat| {
            let in_waiting_room = seat.joined_at.is_none() || seat.place == Place::WaitingRoom;
            let (joined, left) = (seat.joined_at.unwrap_or(seat.opened_at), seat.left_at.or(found.ended_at));
            let identity = &seat.identity;
            let mut row = json!({
                "id": identity.user,
                "user_id": seat.user_id,
                "registrant_id": identity.registrant,
                "join_time": to_the_second(joined),
                "leave_time": left.map(to_the_second).unwrap_or_default(),
                "status": if in_waiting_room { "in_waiting_room" } else { "in_meeting" },
            });
            let duration = left.map_or(0, |left| (left - joined) / 1000);
            let more = match list {
                List::Past => {
                    json!({"name": identity.name, "user_email": identity.email, "duration": duration,
                    "internal_user": !identity.user.is_empty()})
                }
                List::Report => {
                    json!({"name": identity.name, "user_email": identity.email, "duration": duration,
                    "participant_user_id": identity.user})
                }
                List::Live => json!({"user_name": identity.name, "email": identity.email,
                    "participant_user_id": identity.user, "participant_uuid": seat.participant_uuid}),
            };
            if let (Some(row), Value::Object(more)) = (row.as_object_mut(), more) {
                row.extend(more);
            }
            row
        };
        found.seats.iter().copied().map(row).collect()
    }

    /// Without rows where only one person attended.
    pub(super) fn past_participants(&self, key: &Key, list: List) -> Answer {
        if self.state.account.plan == Plan::Free {
            return Answer::error(400, 200, "Only available for paid users.");
        }
        match self.find(key) {
            Ok(found) => {
                let rows = if found.seats.len() > 1 { self.rows(&found, list) } else { Vec::new() };
                Answer::ok(json!({
                    "page_count": 1,
                    "page_size": 300,
                    "total_records": rows.len(),
                    "next_page_token": "",
                    "participants": rows,
                }))
            }
            Err(answer) => answer,
        }
    }

    /// Who is in a running meeting: an account with a dashboard only.
    pub(super) fn live_participants(&self, key: &Key) -> Answer {
        if matches!(self.state.account.plan, Plan::Free | Plan::Pro) {
            return Answer::error(
                400,
                200,
                "Dashboard feature is only available for Business or higher accounts.",
            );
        }
        match self.find(key) {
            Ok(found) if found.ended_at.is_none() => {
                let rows = self.rows(&found, List::Live);
                Answer::ok(
                    json!({"page_size": 300, "total_records": rows.len(), "next_page_token": "", "participants": rows}),
                )
            }
            Ok(found) => Answer::no_such_meeting(found.meeting.id),
            Err(answer) => answer,
        }
    }
}
