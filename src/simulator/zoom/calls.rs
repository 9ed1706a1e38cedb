//! Which call a request is, how heavy it is and what scope it needs.

use percent_encoding::percent_decode_str;

use super::account::Label;

/// Zoom's API, as far as it is played. Ids and e-mails are decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    GetUser(String),
    ListUsers,
    CheckEmail,
    CreateUser,
    UpdateUser(String),
    DeleteUser(String),
    UserToken(String),
    CreateMeeting(String),
    ListMeetings(String),
    GetMeeting(u64),
    UpdateMeeting(u64),
    DeleteMeeting(u64),
    MeetingStatus(u64),
    AddRegistrant(u64),
    ListRegistrants(u64),
    RegistrantStatus(u64),
    DeleteRegistrant(u64, String),
    InviteLinks(u64),
    PastMeeting(Key),
    PastParticipants(Key),
    PastInstances(u64),
    Report(Key),
    LiveParticipants(Key),
    LockSettings,
    AccountSettings,
    ListGroups,
    GroupLockSettings(String),
    GroupSettings(String),
    PlanUsage,
}

/// A meeting by number or an instance by uuid. `Garbled` is a uuid that needed double encoding and had none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    Number(u64),
    Uuid(String),
    Garbled(String),
}

/// A call's name, weight and scopes: any one of them is enough.
pub struct Terms {
    pub name: &'static str,
    pub label: Label,
    pub scopes: &'static [&'static str],
}

const fn terms(name: &'static str, label: Label, scopes: &'static [&'static str]) -> Terms {
    Terms { name, label, scopes }
}

impl Call {
    pub fn terms(&self) -> Terms {
        self.user_terms().or_else(|| self.meeting_terms()).unwrap_or_else(|| self.other_terms())
    }

    fn user_terms(&self) -> Option<Terms> {
        use Label::{Light, Medium};
        Some(match self {
            Self::GetUser(_) => terms("users.get", Light, &["user:read:user:admin", "user:read:admin"]),
            Self::ListUsers => {
                terms("users.list", Medium, &["user:read:list_users:admin", "user:read:admin"])
            }
            Self::CheckEmail => {
                terms("users.check_email", Light, &["user:read:email:admin", "user:read:admin"])
            }
            Self::CreateUser => terms("users.create", Light, &["user:write:user:admin", "user:write:admin"]),
            Self::UpdateUser(_) => {
                terms("users.update", Light, &["user:update:user:admin", "user:write:admin"])
            }
            Self::DeleteUser(_) => {
                terms("users.delete", Light, &["user:delete:user:admin", "user:write:admin"])
            }
            Self::UserToken(_) => terms("users.token", Light, &["user:read:token:admin", "user:read:admin"]),
            _ => return None,
        })
    }

    fn meeting_terms(&self) -> Option<Terms> {
        use Label::{Light, Medium};
        Some(match self {
            Self::CreateMeeting(_) => {
                terms("meetings.create", Medium, &["meeting:write:meeting:admin", "meeting:write:admin"])
            }
            Self::ListMeetings(_) => {
                terms("meetings.list", Medium, &["meeting:read:list_meetings:admin", "meeting:read:admin"])
            }
            Self::GetMeeting(_) => {
                terms("meetings.get", Light, &["meeting:read:meeting:admin", "meeting:read:admin"])
            }
            Self::UpdateMeeting(_) => {
                terms("meetings.update", Light, &["meeting:update:meeting:admin", "meeting:write:admin"])
            }
            Self::DeleteMeeting(_) => {
                terms("meetings.delete", Light, &["meeting:delete:meeting:admin", "meeting:write:admin"])
            }
            Self::MeetingStatus(_) => {
                terms("meetings.status", Light, &["meeting:update:status:admin", "meeting:write:admin"])
            }
            Self::AddRegistrant(_) => {
                terms("registrants.add", Light, &["meeting:write:registrant:admin", "meeting:write:admin"])
            }
            Self::ListRegistrants(_) => terms(
                "registrants.list",
                Medium,
                &["meeting:read:list_registrants:admin", "meeting:read:admin"],
            ),
            Self::RegistrantStatus(_) => terms(
                "registrants.status",
                Medium,
                &["meeting:update:registrant_status:admin", "meeting:write:admin"],
            ),
            Self::DeleteRegistrant(..) => terms(
                "registrants.delete",
                Medium,
                &["meeting:delete:registrant:admin", "meeting:write:admin"],
            ),
            Self::InviteLinks(_) => terms(
                "meetings.invite_links",
                Light,
                &["meeting:write:invite_links:admin", "meeting:write:admin"],
            ),
            _ => return None,
        })
    }

    fn other_terms(&self) -> Terms {
        use Label::{Heavy, Light, Medium};
        match self {
            Self::PastMeeting(_) => {
                terms("past_meetings.get", Light, &["meeting:read:past_meeting:admin", "meeting:read:admin"])
            }
            Self::PastParticipants(_) => terms(
                "past_meetings.participants",
                Medium,
                &["meeting:read:list_past_participants:admin", "meeting:read:admin"],
            ),
            Self::PastInstances(_) => terms(
                "past_meetings.instances",
                Medium,
                &["meeting:read:list_past_instances:admin", "meeting:read:admin"],
            ),
            Self::Report(_) => terms(
                "report.participants",
                Heavy,
                &["report:read:list_meeting_participants:admin", "report:read:admin"],
            ),
            Self::LiveParticipants(_) => terms(
                "metrics.participants",
                Heavy,
                &["dashboard:read:list_meeting_participants:admin", "dashboard_meetings:read:admin"],
            ),
            Self::LockSettings => terms(
                "accounts.lock_settings",
                Medium,
                &["account:read:lock_settings:admin", "account:read:admin"],
            ),
            Self::ListGroups => {
                terms("groups.list", Medium, &["group:read:list_groups:admin", "group:read:admin"])
            }
            Self::GroupLockSettings(_) => {
                terms("groups.lock_settings", Medium, &["group:read:lock_settings:admin", "group:read:admin"])
            }
            Self::GroupSettings(_) => {
                terms("groups.settings", Medium, &["group:read:settings:admin", "group:read:admin"])
            }
            Self::PlanUsage => {
                terms("accounts.plan_usage", Heavy, &["billing:read:plan_usage:admin", "account:read:admin"])
            }
            _ => terms("accounts.settings", Medium, &["account:read:settings:admin", "account:read:admin"]),
        }
    }
}

/// Reads method and raw path (still percent-encoded, after `/v2/`).
pub fn route(method: &str, raw_path: &str) -> Option<Call> {
    let raw: Vec<&str> = raw_path.trim_matches('/').split('/').collect();
    let plain: Vec<String> = raw.iter().map(|segment| decode(segment)).collect();
    let words: Vec<&str> = plain.iter().map(String::as_str).collect();
    let number = |text: &str| text.replace([' ', '-'], "").parse::<u64>().ok();
    let key = || raw.get(1).or(None).map(|segment| key(segment));
    Some(match (method, words.as_slice()) {
        ("GET", ["users"]) => Call::ListUsers,
        ("POST", ["users"]) => Call::CreateUser,
        ("GET", ["users", "email"]) => Call::CheckEmail,
        ("GET", ["users", user]) => Call::GetUser(twice(user)),
        ("PATCH", ["users", user]) => Call::UpdateUser(twice(user)),
        ("DELETE", ["users", user]) => Call::DeleteUser(twice(user)),
        ("GET", ["users", user, "token"]) => Call::UserToken(twice(user)),
        ("POST", ["users", user, "meetings"]) => Call::CreateMeeting(twice(user)),
        ("GET", ["users", user, "meetings"]) => Call::ListMeetings(twice(user)),
        ("GET", ["meetings", id]) => Call::GetMeeting(number(id)?),
        ("PATCH", ["meetings", id]) => Call::UpdateMeeting(number(id)?),
        ("DELETE", ["meetings", id]) => Call::DeleteMeeting(number(id)?),
        ("PUT", ["meetings", id, "status"]) => Call::MeetingStatus(number(id)?),
        ("POST", ["meetings", id, "registrants"]) => Call::AddRegistrant(number(id)?),
        ("GET", ["meetings", id, "registrants"]) => Call::ListRegistrants(number(id)?),
        ("PUT", ["meetings", id, "registrants", "status"]) => Call::RegistrantStatus(number(id)?),
        ("DELETE", ["meetings", id, "registrants", who]) => {
            Call::DeleteRegistrant(number(id)?, (*who).to_owned())
        }
        ("POST", ["meetings", id, "invite_links"]) => Call::InviteLinks(number(id)?),
        ("GET", ["past_meetings", _]) => Call::PastMeeting(key()?),
        ("GET", ["past_meetings", _, "participants"]) => Call::PastParticipants(key()?),
        ("GET", ["past_meetings", id, "instances"]) => Call::PastInstances(number(id)?),
        ("GET", ["report", "meetings", _, "participants"]) => Call::Report(self::key(raw.get(2)?)),
        ("GET", ["metrics", "meetings", _, "participants"]) => Call::LiveParticipants(self::key(raw.get(2)?)),
        ("GET", ["accounts", _, "lock_settings"]) => Call::LockSettings,
        ("GET", ["accounts", _, "settings"]) => Call::AccountSettings,
        ("GET", ["groups"]) => Call::ListGroups,
        ("GET", ["groups", id, "lock_settings"]) => Call::GroupLockSettings((*id).to_owned()),
        ("GET", ["groups", id, "settings"]) => Call::GroupSettings((*id).to_owned()),
        ("GET", ["accounts", _, "plans", "usage"]) => Call::PlanUsage,
        _ => return None,
    })
}

fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// Clients that encode an e-mail twice are understood, as are those that do not encode it at all.
fn twice(decoded: &str) -> String {
    decode(decoded)
}

/// A uuid that begins with `/` or holds `//` must be encoded twice; encoded once, the real API does not find it.
fn key(raw: &str) -> Key {
    let once = decode(raw);
    if let Ok(number) = once.parse::<u64>() {
        return Key::Number(number);
    }
    let both = decode(&once);
    let needs_both = both.starts_with('/') || both.contains("//");
    if needs_both && once == both { Key::Garbled(both) } else { Key::Uuid(both) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_is_found_however_it_is_encoded() {
        for path in ["users/a+b@x.org", "users/a%2Bb%40x.org", "users/a%252Bb%2540x.org"] {
            assert_eq!(route("GET", path), Some(Call::GetUser("a+b@x.org".into())), "{path}");
        }
    }

    #[test]
    fn a_uuid_with_slashes_needs_double_encoding() {
        let found = Call::PastParticipants(Key::Uuid("/ajXp112QmuoKj4854875==".into()));
        assert_eq!(
            route("GET", "past_meetings/%252FajXp112QmuoKj4854875%253D%253D/participants"),
            Some(found)
        );
        let garbled = Call::PastParticipants(Key::Garbled("/ajXp112QmuoKj4854875==".into()));
        assert_eq!(route("GET", "past_meetings/%2FajXp112QmuoKj4854875%3D%3D/participants"), Some(garbled));
        assert_eq!(
            route("GET", "past_meetings/85012345678"),
            Some(Call::PastMeeting(Key::Number(85_012_345_678)))
        );
    }

    #[test]
    fn what_zoom_does_not_offer_is_no_call() {
        assert_eq!(route("POST", "meetings/1/admit"), None);
        assert_eq!(route("GET", "meetings/abc"), None);
    }
}
