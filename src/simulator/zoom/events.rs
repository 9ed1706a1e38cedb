//! Event bodies, byte for byte in the shapes and key orders of real traffic.
//!
//! `serde_json`'s map would sort the keys; real bodies do not, so they are written in order here.

use serde::Serialize;

use super::super::clock::{Millis, to_the_second};
use super::happening::{Happening, What};
use super::meeting::Meeting;
use super::seat::Seat;

/// A JSON object whose keys stay in the order of writing.
#[derive(Clone, Debug)]
pub struct Ordered(String);

impl Ordered {
    pub fn new() -> Self {
        Self("{".to_owned())
    }

    fn key(&mut self, key: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        // Keys are ours and need no escapes.
        self.0.push('"');
        self.0.push_str(key);
        self.0.push_str("\":");
    }

    pub fn put(mut self, key: &str, value: impl Serialize) -> Self {
        self.key(key);
        self.0.push_str(&serde_json::to_string(&value).unwrap_or_else(|_| "null".to_owned()));
        self
    }

    pub fn nest(mut self, key: &str, value: Ordered) -> Self {
        self.key(key);
        self.0.push_str(&value.close());
        self
    }

    pub fn close(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A finished event, ready to be signed.
#[derive(Clone, Debug)]
pub struct Event {
    pub name: String,
    pub body: String,
    /// 0 where the event belongs to no meeting.
    pub meeting: u64,
    pub uuid: String,
    /// The registrant, else the user, else the phone number that it is about; empty for the meeting's own.
    pub person: String,
    pub time: Millis,
}

/// The part that `object` has in common; `id` is text here, as in real deliveries of these events.
fn common(meeting: &Meeting, happening: &Happening, id_as_number: bool) -> Ordered {
    let object = Ordered::new()
        .put("duration", meeting.duration)
        .put("start_time", to_the_second(happening.instance.started_at))
        .put("timezone", &meeting.timezone)
        .put("topic", &meeting.topic);
    let object =
        if id_as_number { object.put("id", meeting.id) } else { object.put("id", meeting.id.to_string()) };
    object.put("type", meeting.kind).put("uuid", &happening.instance.uuid).put("host_id", &meeting.host_id)
}

fn envelope(event: &str, account: &str, object: Ordered, event_ts: Millis, participant: bool) -> String {
    let payload = Ordered::new().put("account_id", account).nest("object", object);
    if participant {
        Ordered::new().nest("payload", payload).put("event_ts", event_ts).put("event", event).close()
    } else {
        Ordered::new().put("event", event).nest("payload", payload).put("event_ts", event_ts).close()
    }
}

fn phone(object: Ordered, seat: &Seat) -> Ordered {
    if seat.identity.phone_number.is_empty() {
        object
    } else {
        object.put("phone_number", &seat.identity.phone_number)
    }
}

/// Joined: addresses that the documentation does not mention come along; a guest has empty strings, not absent keys.
fn joined(seat: &Seat, user_id: &str, time: Millis) -> Ordered {
    let object = Ordered::new()
        .put("public_ip", "203.0.113.7")
        .put("user_id", user_id)
        .put("user_name", &seat.identity.name)
        .put("registrant_id", &seat.identity.registrant)
        .put("participant_user_id", &seat.identity.user)
        .put("id", &seat.identity.user)
        .put("join_time", to_the_second(time))
        .put("email", &seat.identity.email)
        .put("participant_uuid", &seat.participant_uuid);
    phone(object, seat)
}

fn left(seat: &Seat, user_id: &str, time: Millis, reason: &str) -> Ordered {
    let object = Ordered::new()
        .put("leave_time", to_the_second(time))
        .put("public_ip", "203.0.113.7")
        .put("user_id", user_id)
        .put("user_name", &seat.identity.name)
        .put("registrant_id", &seat.identity.registrant)
        .put("participant_user_id", &seat.identity.user)
        .put("id", &seat.identity.user)
        .put("leave_reason", reason)
        .put("email", &seat.identity.email)
        .put("private_ip", "192.168.1.20")
        .put("participant_uuid", &seat.participant_uuid);
    phone(object, seat)
}

/// The events about the waiting room.
fn dated(seat: &Seat, time: Millis) -> Ordered {
    let object = Ordered::new()
        .put("user_id", &seat.user_id)
        .put("user_name", &seat.identity.name)
        .put("registrant_id", &seat.identity.registrant)
        .put("participant_user_id", &seat.identity.user)
        .put("id", &seat.identity.user)
        .put("date_time", to_the_second(time))
        .put("email", &seat.identity.email)
        .put("participant_uuid", &seat.participant_uuid);
    phone(object, seat)
}

/// The events about waiting for the host know neither a user id nor a time.
fn before_host(seat: &Seat) -> Ordered {
    Ordered::new()
        .put("id", &seat.identity.user)
        .put("user_name", &seat.identity.name)
        .put("registrant_id", &seat.identity.registrant)
}

fn participant(what: &What, seat: &Seat, time: Millis) -> Ordered {
    match what {
        What::Started | What::Ended => Ordered::new(),
        What::Joined => joined(seat, &seat.user_id, time),
        What::Left { reason } => left(seat, &seat.user_id, time, reason),
        What::WaitsForHost | What::GaveUpWaiting | What::JoinedBeforeHost => before_host(seat),
        What::EnteredWaitingRoom | What::Admitted | What::Refused | What::PutBack => dated(seat, time),
        What::RoleChanged { old, new } => {
            dated(seat, time).put("old_role", old.word()).put("new_role", new.word())
        }
        What::Bound { to_user_id, to_participant_uuid } => dated(seat, time)
            .put("bind_user_id", to_user_id)
            .put("bind_participant_uuid", to_participant_uuid),
        What::EnteredBreakout { user_id, .. } => {
            joined(seat, user_id, time).put("parent_user_id", &seat.user_id)
        }
        What::LeftBreakout { user_id, .. } => {
            left(seat, user_id, time, "left the breakout room").put("parent_user_id", &seat.user_id)
        }
    }
}

/// Puts a happening of `meeting` on the wire.
pub fn room_event(account: &str, meeting: &Meeting, happening: &Happening, event_ts: Millis) -> Event {
    let name = happening.what.event();
    let mut object = common(meeting, happening, matches!(happening.what, What::GaveUpWaiting));
    match &happening.what {
        What::Started => object = object.put("host_email", &meeting.host_email),
        What::Ended => {
            object =
                object.put("host_email", &meeting.host_email).put("end_time", to_the_second(happening.time));
        }
        What::EnteredBreakout { room, .. } | What::LeftBreakout { room, .. } => {
            object = object.put("breakout_room_uuid", room);
        }
        _ => {}
    }
    let person = happening.seat.as_deref().map(person_key).unwrap_or_default();
    if let Some(seat) = happening.seat.as_deref() {
        object = object.nest("participant", participant(&happening.what, seat, happening.time));
    }
    let body = envelope(name, account, object, event_ts, happening.seat.is_some());
    Event {
        name: name.to_owned(),
        body,
        meeting: meeting.id,
        uuid: happening.instance.uuid.clone(),
        person,
        time: happening.time,
    }
}

fn person_key(seat: &Seat) -> String {
    let identity = &seat.identity;
    [&identity.registrant, &identity.user, &identity.phone_number]
        .into_iter()
        .find(|key| !key.is_empty())
        .cloned()
        .unwrap_or_default()
}

/// Which of the events about a meeting as a planned thing.
#[derive(Clone, Copy, Debug)]
pub enum Planned {
    Created,
    Updated,
    Deleted,
    Recovered,
}

/// `meeting.created` and its like; here `id` is a number.
pub fn planned_event(account: &str, base: &str, meeting: &Meeting, which: Planned, at: Millis) -> Event {
    let name = match which {
        Planned::Created => "meeting.created",
        Planned::Updated => "meeting.updated",
        Planned::Deleted => "meeting.deleted",
        Planned::Recovered => "meeting.recovered",
    };
    let payload = Ordered::new()
        .put("account_id", account)
        .put("operator", &meeting.host_email)
        .put("operator_id", &meeting.host_id);
    let object =
        Ordered::new().put("uuid", &meeting.uuid).put("id", meeting.id).put("host_id", &meeting.host_id);
    let body = if matches!(which, Planned::Updated) {
        let object = Ordered::new().put("id", meeting.id).put("settings", meeting.asked_settings());
        let payload = payload.put("scope", "single").put("time_stamp", at).nest("object", object);
        let old = Ordered::new().put("id", meeting.id);
        Ordered::new()
            .put("event", name)
            .nest("payload", payload.nest("old_object", old))
            .put("event_ts", at)
            .close()
    } else {
        let object = object
            .put("topic", &meeting.topic)
            .put("type", meeting.kind)
            .put("start_time", &meeting.start_time)
            .put("duration", meeting.duration)
            .put("timezone", &meeting.timezone);
        let object = if matches!(which, Planned::Created) {
            object.put("join_url", meeting.join_url(base)).put("settings", meeting.announced_settings())
        } else {
            object
        };
        let payload = payload.put("operation", "all").nest("object", object);
        Ordered::new().put("event", name).nest("payload", payload).put("event_ts", at).close()
    };
    let uuid = meeting.uuid.clone();
    Event { name: name.to_owned(), body, meeting: meeting.id, uuid, person: String::new(), time: at }
}

/// The app was removed from the account: no `object`, and `event_ts` sits in the payload as text.
pub fn deauthorized(account: &str, client_id: &str, user_id: &str, at: Millis) -> Event {
    let payload = Ordered::new()
        .put("account_id", account)
        .put("user_id", user_id)
        .put("signature", "")
        .put("deauthorization_time", to_the_second(at))
        .put("client_id", client_id)
        .put("event_ts", at.to_string());
    let body = Ordered::new().put("event", "app_deauthorized").nest("payload", payload).close();
    of_no_meeting("app_deauthorized", body, at)
}

/// The challenge by which Zoom checks that the endpoint is the app's.
pub fn validation(plain_token: &str, at: Millis) -> Event {
    let payload = Ordered::new().put("plainToken", plain_token);
    let body = Ordered::new()
        .put("event", "endpoint.url_validation")
        .put("event_ts", at)
        .nest("payload", payload)
        .close();
    of_no_meeting("endpoint.url_validation", body, at)
}

/// A meeting of somebody else's account, signed with our secret.
pub fn foreign(account: &str, meeting: u64, at: Millis) -> Event {
    let object = Ordered::new()
        .put("duration", 30)
        .put("start_time", to_the_second(at))
        .put("timezone", "")
        .put("topic", "Somebody else's meeting")
        .put("id", meeting.to_string())
        .put("type", 2)
        .put("uuid", "Zm9yZWlnbiBtZWV0aW5nISE=")
        .put("host_id", "foreignhost");
    let body = envelope("meeting.started", account, object, at, false);
    of_no_meeting("meeting.started", body, at)
}

fn of_no_meeting(name: &str, body: String, at: Millis) -> Event {
    Event { name: name.to_owned(), body, meeting: 0, uuid: String::new(), person: String::new(), time: at }
}

/// The same JSON in other bytes: blanks after every colon and comma outside of strings. A receiver that checks the signature
/// over anything but the raw bytes refuses it.
pub fn non_canonical(body: &str) -> String {
    let (mut out, mut in_text, mut escaped) = (String::with_capacity(body.len() * 5 / 4), false, false);
    for letter in body.chars() {
        out.push(letter);
        if in_text {
            let ends = letter == '"' && !escaped;
            escaped = letter == '\\' && !escaped;
            in_text = !ends;
        } else if letter == '"' {
            in_text = true;
        } else if matches!(letter, ':' | ',') {
            out.push_str("  ");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_bytes_mean_the_same() {
        let body = r#"{"a":"x:y,\"z\"","b":[1,2],"c":"\\"}"#;
        let other = non_canonical(body);
        assert_ne!(body, other);
        let same = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(same(body), same(&other));
        assert!(other.contains(r#""x:y,\"z\"""#), "text is left alone: {other}");
    }

    #[test]
    fn the_app_removed_has_no_object_and_no_time_outside() {
        let event = deauthorized("A", "C", "U", 1_785_369_356_750);
        let value: serde_json::Value = serde_json::from_str(&event.body).expect("JSON");
        assert!(value.get("event_ts").is_none());
        assert_eq!(value.pointer("/payload/event_ts").and_then(|ts| ts.as_str()), Some("1785369356750"));
    }
}
