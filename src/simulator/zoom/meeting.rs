//! A meeting as a planned thing: what was asked for, what the account allows, who is registered.

use serde_json::{Map, Value, json};

use super::super::clock::{Millis, to_the_second};
use super::account::{AccountSettings, Locks};
use super::answer::Answer;
use super::room::{Room, RoomRules};
use super::users::User;

/// Zoom's own bound on registrants of one meeting.
pub const MAX_REGISTRANTS: usize = 4_999;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    Approved,
    Pending,
    Denied,
}

impl Approval {
    pub fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Pending => "pending",
            Self::Denied => "denied",
        }
    }
}

/// Who registered; the personal link carries `token`.
#[derive(Clone, Debug)]
pub struct Registrant {
    pub id: String,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub token: String,
    pub approval: Approval,
    pub created_at: Millis,
}

/// A link with a name in it, good for anybody who has it.
#[derive(Clone, Debug)]
pub struct NamedLink {
    pub name: String,
    pub token: String,
    pub expires_at: Millis,
}

#[derive(Clone, Debug)]
pub struct Meeting {
    pub id: u64,
    /// The uuid of the plan; stale as soon as an instance has begun.
    pub uuid: String,
    pub host_id: String,
    pub host_email: String,
    pub topic: String,
    pub agenda: String,
    pub kind: i64,
    pub start_time: String,
    pub duration: i64,
    pub timezone: String,
    pub password: String,
    pub created_at: Millis,
    pub tracking_fields: Value,
    /// What was asked for, kept so that a lock that is lifted gives it back.
    pub asked: Map<String, Value>,
    pub alternative_hosts: Vec<String>,
    pub registrants: Vec<Registrant>,
    pub named_links: Vec<NamedLink>,
    pub room: Room,
    pub deleted: bool,
}

const DEFAULTS: &[(&str, bool)] = &[
    ("host_video", false),
    ("participant_video", false),
    ("mute_upon_entry", false),
    ("use_pmi", false),
    ("meeting_authentication", false),
    ("email_notification", true),
    ("alternative_hosts_email_notification", true),
    ("registrants_email_notification", true),
    ("registrants_confirmation_email", true),
    // Its default is not published. With the stricter one a service that needs several devices has to say so.
    ("allow_multiple_devices", false),
    ("private_meeting", false),
    ("internal_meeting", false),
    ("device_testing", false),
    ("waiting_room", false),
    ("join_before_host", false),
];

impl Meeting {
    fn asks(&self, setting: &str) -> bool {
        let default = DEFAULTS.iter().any(|(name, value)| *name == setting && *value);
        self.asked.get(setting).and_then(Value::as_bool).unwrap_or(default)
    }

    pub fn asked_settings(&self) -> Value {
        Value::Object(self.asked.clone())
    }

    /// What `meeting.created` tells of the settings: always these, whatever was asked.
    pub fn announced_settings(&self) -> Value {
        json!({
            "use_pmi": self.asks("use_pmi"),
            "alternative_hosts": self.alternative_hosts.join(";"),
            "join_before_host": self.asks("join_before_host"),
        })
    }

    /// The rules in force. A lock wins over the meeting, and a waiting room switches joining before the host off.
    pub fn rules(&self, account: &AccountSettings) -> RoomRules {
        let lock = |of: fn(&Locks) -> Option<bool>| account.lock_for(&self.host_email, of);
        let waiting_room = lock(|it| it.waiting_room).unwrap_or_else(|| self.asks("waiting_room"));
        let early = lock(|it| it.join_before_host).unwrap_or_else(|| self.asks("join_before_host"));
        RoomRules {
            waiting_room,
            join_before_host: early && !waiting_room,
            clear_room_when_host_drops: account.clear_room_when_host_drops,
        }
    }

    /// Whether one personal link may be used on several devices at once. Only registration knows whose device it is.
    pub fn allows_several_devices(&self, host: Option<&User>) -> bool {
        self.approval_type(host) == 2 || self.asks("allow_multiple_devices")
    }

    /// What a host without a licence asks for stays unasked: a licence that comes later brings no registration by itself.
    pub fn leave_out_what_needs_a_licence(&mut self, host: &User) {
        if !host.is_licensed() {
            self.asked.remove("approval_type");
        }
    }

    /// 0 automatic, 1 manual, 2 no registration. Only a licensed host has registration; else it is off without a word.
    pub fn approval_type(&self, host: Option<&User>) -> i64 {
        let licensed = host.is_some_and(User::is_licensed);
        let asked = self.asked.get("approval_type").and_then(Value::as_i64).unwrap_or(2);
        if licensed { asked } else { 2 }
    }

    fn effective_settings(&self, account: &AccountSettings, host: Option<&User>) -> Value {
        let rules = self.rules(account);
        let mut out = Map::new();
        for (name, _) in DEFAULTS {
            out.insert((*name).to_owned(), Value::Bool(self.asks(name)));
        }
        let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
        put("waiting_room", json!(rules.waiting_room));
        put("join_before_host", json!(rules.join_before_host));
        put("jbh_time", self.asked.get("jbh_time").cloned().unwrap_or(json!(0)));
        put("approval_type", json!(self.approval_type(host)));
        put("auto_recording", self.asked.get("auto_recording").cloned().unwrap_or(json!("none")));
        put(
            "encryption_type",
            self.asked.get("encryption_type").cloned().unwrap_or(json!("enhanced_encryption")),
        );
        put("audio", self.asked.get("audio").cloned().unwrap_or(json!("both")));
        put("alternative_hosts", json!(self.alternative_hosts.join(";")));
        put("global_dial_in_numbers", json!([{"country": "US", "number": "+1 5550100000", "type": "toll"}]));
        Value::Object(out)
    }

    pub fn status(&self) -> &'static str {
        if self.room.instance.is_some() { "started" } else { "waiting" }
    }

    /// The uuid that the API shows: the running instance's, else the last one's, else the plan's.
    pub fn shown_uuid(&self) -> &str {
        let last = self.room.past.last().map(|past| past.uuid.as_str());
        self.room.instance.as_ref().map(|live| live.uuid.as_str()).or(last).unwrap_or(&self.uuid)
    }

    pub fn join_url(&self, base: &str) -> String {
        format!("{base}/j/{}?pwd={}.1", self.id, self.password)
    }

    pub fn personal_url(&self, base: &str, token: &str) -> String {
        format!("{base}/j/{}?tk={token}&pwd={}.1", self.id, self.password)
    }

    /// The body of create and get. `zak` makes the start link.
    pub fn full(&self, base: &str, zak: &str, account: &AccountSettings, host: Option<&User>) -> Value {
        json!({
            "id": self.id,
            "uuid": self.shown_uuid(),
            "host_id": self.host_id,
            "host_email": self.host_email,
            "assistant_id": "",
            "topic": self.topic,
            "agenda": self.agenda,
            "type": self.kind,
            "status": self.status(),
            "start_time": self.start_time,
            "duration": self.duration,
            "timezone": self.timezone,
            "created_at": to_the_second(self.created_at),
            "start_url": format!("{base}/s/{}?zak={zak}", self.id),
            "join_url": self.join_url(base),
            "password": self.password,
            "h323_password": self.password,
            "pstn_password": self.password,
            "encrypted_password": format!("{}.1", self.password),
            "tracking_fields": self.tracking_fields,
            "creation_source": "open_api",
            "settings": self.effective_settings(account, host),
        })
    }

    /// A row of the list of a user's meetings.
    pub fn brief(&self, base: &str) -> Value {
        json!({
            "id": self.id,
            "uuid": self.shown_uuid(),
            "host_id": self.host_id,
            "topic": self.topic,
            "agenda": self.agenda.chars().take(250).collect::<String>(),
            "type": self.kind,
            "start_time": self.start_time,
            "duration": self.duration,
            "timezone": self.timezone,
            "created_at": to_the_second(self.created_at),
            "join_url": self.join_url(base),
        })
    }
}

/// Checks and takes over the fields of a create or an update. Unknown fields are ignored, as Zoom does.
pub fn apply(
    meeting: &mut Meeting,
    body: &Value,
    known_user: impl Fn(&str) -> Option<User>,
) -> Result<(), Answer> {
    if !body.is_object() {
        return Err(Answer::error(400, 300, "Request Body should be a valid JSON object."));
    }
    text(body, "topic", 200, &mut meeting.topic)?;
    text(body, "agenda", 2000, &mut meeting.agenda)?;
    text(body, "timezone", 64, &mut meeting.timezone)?;
    if !is_zone(&meeting.timezone) {
        return Err(Answer::invalid("timezone", "Invalid field."));
    }
    text(body, "password", 10, &mut meeting.password)?;
    text(body, "start_time", 40, &mut meeting.start_time)?;
    if !is_start_time(&meeting.start_time) {
        return Err(Answer::invalid("start_time", "Invalid field."));
    }
    if let Some(kind) = body.get("type") {
        meeting.kind = kind
            .as_i64()
            .filter(|kind| [1, 2, 3, 8, 10].contains(kind))
            .ok_or_else(|| Answer::invalid("type", "Invalid field."))?;
    }
    if let Some(duration) = body.get("duration") {
        meeting.duration = duration
            .as_i64()
            .filter(|minutes| (1..=1440).contains(minutes))
            .ok_or_else(|| Answer::invalid("duration", "Invalid field."))?;
    }
    if let Some(fields) = body.get("tracking_fields") {
        meeting.tracking_fields = fields.clone();
    }
    match body.get("settings") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Object(settings)) => apply_settings(meeting, settings, known_user),
        Some(_) => Err(Answer::invalid("settings", "Invalid field.")),
    }
}

/// `2026-11-23T17:00:00Z`, or without the `Z` in the meeting's own zone; nothing else is published.
fn is_start_time(text: &str) -> bool {
    let local = text.strip_suffix('Z').unwrap_or(text);
    local.len() == "2026-11-23T17:00:00".len()
        && jiff::civil::DateTime::strptime("%Y-%m-%dT%H:%M:%S", local).is_ok()
}

fn is_zone(name: &str) -> bool {
    jiff::tz::TimeZone::get(name).is_ok()
}

fn text(body: &Value, field: &str, most: usize, into: &mut String) -> Result<(), Answer> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(value)) if value.chars().count() <= most => {
            value.clone_into(into);
            Ok(())
        }
        Some(_) => Err(Answer::invalid(field, "Invalid field.")),
    }
}

fn apply_settings(
    meeting: &mut Meeting,
    settings: &Map<String, Value>,
    known_user: impl Fn(&str) -> Option<User>,
) -> Result<(), Answer> {
    for (name, value) in settings {
        let field = format!("settings.{name}");
        let fits = match name.as_str() {
            name if DEFAULTS.iter().any(|(known, _)| *known == name) => value.is_boolean(),
            "approval_type" => value.as_i64().is_some_and(|kind| (0..=2).contains(&kind)),
            "jbh_time" => value.as_i64().is_some_and(|minutes| [0, 5, 10, 15].contains(&minutes)),
            "auto_recording" => value.as_str().is_some_and(|word| ["none", "local", "cloud"].contains(&word)),
            "audio" => {
                value.as_str().is_some_and(|word| ["both", "telephony", "voip", "thirdParty"].contains(&word))
            }
            "alternative_hosts" => value.is_string(),
            _ => true,
        };
        if !fits {
            return Err(Answer::invalid(&field, "Invalid field."));
        }
        if name != "alternative_hosts" {
            meeting.asked.insert(name.clone(), value.clone());
            continue;
        }
        let mut hosts = Vec::new();
        for entry in value
            .as_str()
            .unwrap_or_default()
            .split([';', ','])
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
        {
            // Zoom takes only licensed users of the account, each by e-mail or id.
            match known_user(entry) {
                Some(user) if user.is_licensed() && user.is_active() => hosts.push(user.email),
                _ => {
                    return Err(Answer::error(
                        400,
                        3000,
                        format!("Unable to assign \"{entry}\" as an alternative host."),
                    ));
                }
            }
        }
        meeting.alternative_hosts = hosts;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_zones_are_read_as_published() {
        for good in ["2026-11-23T17:00:00Z", "2026-11-23T17:00:00"] {
            assert!(is_start_time(good), "{good}");
        }
        for bad in [
            "",
            "2026-11-23",
            "2026-11-23 17:00:00",
            "2026-13-01T00:00:00Z",
            "2026-11-23T17:00:00+01:00",
            "now",
        ] {
            assert!(!is_start_time(bad), "{bad}");
        }
        assert!(is_zone("UTC") && is_zone("America/Chicago"));
        assert!(!is_zone("") && !is_zone("Mars/Olympus"));
    }
}
