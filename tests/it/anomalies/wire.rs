//! Events as Zoom writes them, of people in a visit's meeting.

use serde_json::{Value, json};

/// An instance of the meeting: its name, and the second at which it began.
#[derive(Clone, Copy, Debug)]
pub struct Instance(pub &'static str, pub i64);

pub const U1: Instance = Instance("U1", 10);
pub const U2: Instance = Instance("U2", 90);
/// What the events before the host name: an instance that never begins.
pub const U0: Instance = Instance("U0", 10);
pub const SLASHED: Instance = Instance("/aj//U1", 10);

/// Whose join it is, as far as Zoom knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Provider,
    Second,
    Patient,
    Nobody,
}

/// One device's join.
#[derive(Clone, Copy, Debug)]
pub struct Join {
    pub whose: Whose,
    pub name: &'static str,
    pub device: &'static str,
    pub phone: &'static str,
}

const fn of(whose: Whose, name: &'static str, device: &'static str) -> Join {
    Join { whose, name, device, phone: "" }
}

pub const P1: Join = of(Whose::Provider, "Provider", "P1");
pub const P2: Join = of(Whose::Provider, "Provider", "P2");
pub const S1: Join = of(Whose::Second, "Second Provider", "S1");
pub const G1: Join = of(Whose::Patient, "Patient", "G1");
pub const G2: Join = of(Whose::Patient, "Patient", "G2");
pub const ANA1: Join = of(Whose::Nobody, "Ana", "X1");
pub const ANA2: Join = of(Whose::Nobody, "Ana", "X2");
pub const TEL: Join = Join { whose: Whose::Nobody, name: "15550100123", device: "T1", phone: "15550100123" };

impl Join {
    /// Zoom's number of this join within its instance; another one in a breakout room.
    fn user_id(&self, breakout: bool) -> String {
        let number = self.device.bytes().fold(16_770_u64, |number, byte| number * 89 + u64::from(byte));
        (number * 2 + u64::from(breakout)).to_string()
    }
}

/// One event at some second of a story.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Without `meeting.`.
    pub name: &'static str,
    pub join: Option<Join>,
    pub instance: Instance,
    pub second: i64,
    bound: Option<Join>,
    breakout: bool,
    user_alone: bool,
    name_alone: bool,
    stamp: Option<i64>,
    spaced: bool,
}

/// An event of the meeting itself.
pub const fn of_meeting(name: &'static str, instance: Instance, second: i64) -> Event {
    Event {
        name,
        join: None,
        instance,
        second,
        bound: None,
        breakout: false,
        user_alone: false,
        name_alone: false,
        stamp: Some(500),
        spaced: false,
    }
}

/// An event of somebody's join.
pub const fn of_join(name: &'static str, join: Join, instance: Instance, second: i64) -> Event {
    Event { join: Some(join), ..of_meeting(name, instance, second) }
}

pub const fn joined(join: Join, second: i64) -> Event {
    of_join("participant_joined", join, U1, second)
}

pub const fn left(join: Join, second: i64) -> Event {
    of_join("participant_left", join, U1, second)
}

/// The telephone's join turns out to be somebody's.
pub const fn bound(join: Join, to: Join, second: i64) -> Event {
    Event { bound: Some(to), ..of_join("participant_bind", join, U1, second) }
}

impl Event {
    /// The same fact as another subscription or a repetition tells it: in other bytes, and sent later.
    pub const fn sent_later(self) -> Self {
        Self { stamp: Some(300_500), spaced: true, ..self }
    }

    pub const fn without_a_time_of_sending(self) -> Self {
        Self { stamp: None, ..self }
    }

    /// Of the join in a breakout room, which has a user id of its own.
    pub const fn in_breakout(self) -> Self {
        Self { breakout: true, ..self }
    }

    /// With nothing but the user id to tell whose it is.
    pub const fn by_user_alone(self) -> Self {
        Self { user_alone: true, ..self }
    }

    /// With nothing but the display name to tell whose it is.
    pub const fn by_name_alone(self) -> Self {
        Self { name_alone: true, ..self }
    }
}

/// A meeting in which a story plays.
#[derive(Clone, Debug)]
pub struct Stage {
    pub account: String,
    pub meeting: u64,
    pub host: String,
    /// Zoom's id of the second provider's user.
    pub second: String,
    pub registrant: String,
    /// When the story began, in seconds since 1970.
    pub began: i64,
}

impl Stage {
    /// The uuid of an instance of this meeting.
    pub fn uuid(&self, instance: Instance) -> String {
        format!("{}x{}MdK0qg==", instance.0, self.meeting)
    }

    fn time(&self, second: i64) -> String {
        let at = jiff::Timestamp::from_second(self.began + second).unwrap();
        at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The body of an event, as Zoom sends it.
    pub fn body(&self, event: &Event) -> String {
        let mut object = json!({
            "uuid": self.uuid(event.instance), "host_id": self.host, "topic": "Video visit", "type": 2,
            "start_time": self.time(event.instance.1), "duration": 30, "timezone": "UTC",
        });
        // As Zoom does: a number in this event and in those of the plan.
        let number = matches!(event.name, "participant_jbh_waiting_left" | "deleted" | "created" | "updated");
        object["id"] = if number { json!(self.meeting) } else { json!(self.meeting.to_string()) };
        if event.name == "ended" {
            object["end_time"] = json!(self.time(event.second));
        }
        if let Some(join) = event.join {
            object["participant"] = self.participant(event, &join);
        }
        let mut body = json!({
            "event": format!("meeting.{}", event.name),
            "payload": {"account_id": self.account, "object": object},
        });
        if let Some(after) = event.stamp {
            body["event_ts"] = json!((self.began + event.second) * 1000 + after);
        }
        if event.spaced { serde_json::to_string_pretty(&body).unwrap() } else { body.to_string() }
    }

    fn participant(&self, event: &Event, join: &Join) -> Value {
        let (user, registrant) = match join.whose {
            Whose::Provider => (self.host.as_str(), ""),
            Whose::Second => (self.second.as_str(), ""),
            Whose::Patient => ("", self.registrant.as_str()),
            Whose::Nobody => ("", ""),
        };
        if event.name.starts_with("participant_jbh_") {
            let registrant = if event.name_alone { "" } else { registrant };
            return json!({"id": user, "user_name": join.name, "registrant_id": registrant});
        }
        let field = match event.name {
            "participant_joined" | "participant_joined_breakout_room" => "join_time",
            "participant_left" | "participant_left_breakout_room" => "leave_time",
            _ => "date_time",
        };
        let mut person = json!({"user_id": join.user_id(event.breakout), field: self.time(event.second)});
        if !event.user_alone {
            for (name, value) in [
                ("user_name", join.name),
                ("registrant_id", registrant),
                ("participant_user_id", user),
                ("id", user),
                // Zoom leaves it empty for hosts of some accounts, and for every guest.
                ("email", ""),
                ("participant_uuid", &self.device(join)),
                ("public_ip", "203.0.113.7"),
            ] {
                person[name] = json!(value);
            }
        }
        if !join.phone.is_empty() {
            person["phone_number"] = json!(join.phone);
        }
        if event.breakout {
            person["parent_user_id"] = json!(join.user_id(false));
        }
        if let Some(to) = event.bound {
            person["bind_user_id"] = json!(to.user_id(false));
            person["bind_participant_uuid"] = json!(self.device(&to));
        }
        person
    }

    fn device(&self, join: &Join) -> String {
        format!("{}-{}-4F2B-9C1D", join.device, self.meeting)
    }
}
