//! Zoom's event JSON, read tolerantly: the order of keys is free, unknown fields are ignored, ids come as text or number, an empty
//! text is an absent one, and an optional field that cannot be read is absent. Only a body without an event is bad.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::Value;
use sha2::Sha256;
use vestibule_domain::fact::{Fact, FactKind, SessionKeys};
use vestibule_domain::id::InvalidId;
use vestibule_domain::time::Moment;

use crate::outbound::lenient::{boolean, integer, meeting_id, text, text_or_number};
use crate::settings::Secret;

/// Zoom's tokens have 22 characters; a longer one than this is not answered.
const LONGEST_PLAIN_TOKEN: usize = 512;
/// Of an event that we do not know, this much of the name is kept for the log.
const LONGEST_NAME: usize = 80;

/// What an event asks of us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Answer with [`super::url_validation_answer`].
    UrlValidation {
        /// To be sent back with its HMAC.
        plain_token: String,
    },
    /// Something happened in a meeting.
    Fact {
        /// The Zoom account, where the event names it.
        account_id: Option<String>,
        /// What happened.
        fact: Box<Fact>,
    },
    /// The app was removed from the account.
    Deauthorized {
        /// The Zoom account, where the event names it.
        account_id: Option<String>,
        /// The app, where the event names it.
        client_id: Option<String>,
        /// When, to the second, where the event says so.
        at: Option<Moment>,
    },
    /// An event that moves nothing: of another kind, or without a meeting id.
    Ignored {
        /// Its name, shortened, with nothing in it but what names of events are made of.
        event: String,
    },
}

/// The body is not an event: answer 400. Nothing of it may be kept but size and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadBody {
    #[error("the body is not JSON")]
    NotJson,
    #[error("the body has no event")]
    NoEvent,
}

/// The key under which display names are hashed. The same on all nodes, so that the same name gives the same hash everywhere.
#[derive(Clone)]
pub struct NameKey(Secret);

impl NameKey {
    #[must_use]
    pub fn new(key: Secret) -> Self {
        Self(key)
    }

    /// Eight bytes of the name's HMAC.
    pub(in crate::zoom) fn hash(&self, name: &str) -> Option<u64> {
        let mac: Hmac<Sha256> = Hmac::new_from_slice(self.0.expose().as_bytes()).ok()?;
        let hash = mac.chain_update("display name\0").chain_update(name).finalize().into_bytes();
        hash.first_chunk().copied().map(u64::from_be_bytes)
    }
}

/// Reads an event whose signature was checked. `now` is the time of receipt.
///
/// # Errors
/// [`BadBody`].
pub fn parse(body: &[u8], now: Moment, names: &NameKey) -> Result<Event, BadBody> {
    let body: Value = serde_json::from_slice(body).map_err(|_| BadBody::NotJson)?;
    let event = text(&body, "event").ok_or(BadBody::NoEvent)?;
    let none = Value::Null;
    let payload = body.get("payload").unwrap_or(&none);
    let account_id = text_or_number(payload, "account_id");
    if event == "endpoint.url_validation" {
        let token = text(payload, "plainToken").filter(|token| token.len() <= LONGEST_PLAIN_TOKEN);
        return Ok(
            token.map_or_else(|| ignored(event), |token| Event::UrlValidation { plain_token: token.into() })
        );
    }
    if event == "app_deauthorized" {
        let client_id = text(payload, "client_id").map(str::to_owned);
        return Ok(Event::Deauthorized { account_id, client_id, at: time(payload, "deauthorization_time") });
    }
    let object = payload.get("object").unwrap_or(&none);
    let sent = millis(integer(&body, "event_ts")).unwrap_or(now);
    Ok(match fact(event, object, sent, names) {
        Some(fact) => Event::Fact { account_id, fact: Box::new(fact) },
        None => ignored(event),
    })
}

fn ignored(event: &str) -> Event {
    let plain = |letter: &char| letter.is_ascii_alphanumeric() || ['_', '.', '-'].contains(letter);
    Event::Ignored { event: event.chars().filter(plain).take(LONGEST_NAME).collect() }
}

/// What an event is about, which says what its fields mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    /// The meeting as planned: its uuid is that of no instance, its start that of the plan.
    Plan,
    /// An instance.
    Instance,
    /// Somebody in an instance.
    Person,
    /// Somebody before the host is there; no instance need have begun.
    BeforeHost,
}

fn kind(event: &str, object: &Value) -> Option<(FactKind, About)> {
    use About::{BeforeHost, Instance, Person, Plan};
    Some(match event.strip_prefix("meeting.")? {
        "started" => (FactKind::Started, Instance),
        "ended" => (FactKind::Ended, Instance),
        "participant_joined" => (FactKind::Joined, Person),
        "participant_left" => (FactKind::Left, Person),
        "participant_joined_waiting_room" => (FactKind::JoinedWaitingRoom, Person),
        "participant_admitted" => (FactKind::Admitted, Person),
        "participant_left_waiting_room" => (FactKind::LeftWaitingRoom, Person),
        "participant_put_in_waiting_room" => (FactKind::PutInWaitingRoom, Person),
        "participant_jbh_waiting" => (FactKind::WaitingForHost, BeforeHost),
        "participant_jbh_waiting_left" => (FactKind::LeftWaitingForHost, BeforeHost),
        "participant_jbh_joined" => (FactKind::JoinedBeforeHost, BeforeHost),
        "participant_joined_breakout_room" | "participant_left_breakout_room" => (FactKind::Breakout, Person),
        "participant_role_changed" => (FactKind::RoleChanged, Person),
        "participant_bind" => {
            let participant = object.get("participant")?;
            let to = id(participant, "bind_participant_uuid");
            (FactKind::Bound { to, to_user: id(participant, "bind_user_id") }, Person)
        }
        "created" => (FactKind::Created, Plan),
        "updated" => {
            let settings = object.get("settings").unwrap_or(&Value::Null);
            let waiting_room = boolean(settings, "waiting_room");
            let join_before_host = boolean(settings, "join_before_host");
            (FactKind::Updated { waiting_room, join_before_host }, Plan)
        }
        "deleted" | "permanently_deleted" => (FactKind::Deleted, Plan),
        _ => return None,
    })
}

fn fact(event: &str, object: &Value, sent: Moment, names: &NameKey) -> Option<Fact> {
    let (kind, about) = kind(event, object)?;
    let meeting = meeting_id(object, "id")?;
    let person = object.get("participant").filter(|_| matches!(about, About::Person | About::BeforeHost));
    let own_time = match (&kind, about) {
        (FactKind::Started, _) => time(object, "start_time"),
        (FactKind::Ended, _) => time(object, "end_time"),
        (_, About::Person) => person.and_then(|person| {
            ["join_time", "leave_time", "date_time"].into_iter().find_map(|field| time(person, field))
        }),
        (_, About::Plan | About::BeforeHost | About::Instance) => None,
    };
    Some(Fact {
        meeting,
        instance: if about == About::Plan { None } else { id(object, "uuid") },
        // Of a plan, and before the host is there, it is the time that was planned.
        instance_started: match about {
            About::Instance | About::Person => time(object, "start_time"),
            About::Plan | About::BeforeHost => None,
        },
        host: id(object, "host_id"),
        session: person.map(|person| session(person, names)),
        kind,
        at: own_time.unwrap_or(sent),
        sent,
    })
}

fn session(person: &Value, names: &NameKey) -> SessionKeys {
    SessionKeys {
        participant: id(person, "participant_uuid"),
        user: id(person, "user_id"),
        // `id` is being replaced by `participant_user_id`.
        zoom_user: id(person, "participant_user_id").or_else(|| id(person, "id")),
        registrant: id(person, "registrant_id"),
        phone: text_or_number(person, "phone_number").is_some(),
        name_hash: text(person, "user_name").and_then(|name| names.hash(name)),
    }
}

/// An id of the domain; one that its type refuses is absent.
fn id<T: TryFrom<String, Error = InvalidId>>(object: &Value, field: &str) -> Option<T> {
    text_or_number(object, field)?.try_into().ok()
}

fn time(object: &Value, field: &str) -> Option<Moment> {
    text(object, field)?.parse::<Timestamp>().ok().map(|at| Moment(at.as_millisecond()))
}

/// Zero stands for "none" with some senders.
fn millis(value: Option<i64>) -> Option<Moment> {
    value.filter(|value| *value > 0).map(Moment)
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
