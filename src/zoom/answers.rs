//! Zoom's answers, as far as we read them.

use serde_json::Value;
use vestibule_domain::id::{MeetingId, ZoomUserId};
use vestibule_domain::intent::{DialIn, MeetingSettings};
use vestibule_domain::name::{PersonalLink, Phi};

use crate::outbound::lenient::{boolean, integer, meeting_id, text};
use crate::settings::PageUrl;

/// Numbers of a meeting that are kept, and how long each may be; Zoom lists those of the host's country first.
const MOST_NUMBERS: usize = 6;
const LONGEST_NUMBER: usize = 48;

/// A user of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct User {
    pub id: ZoomUserId,
    pub email: Option<String>,
    pub standing: Standing,
    pub licensed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Active,
    /// Has not accepted the invitation.
    Pending,
    Inactive,
}

impl User {
    /// Whether it can host for somebody else: registration and alternative hosts need a licence.
    pub fn may_stand_in(&self) -> bool {
        self.standing == Standing::Active && self.licensed
    }

    pub fn read(body: &Value) -> Option<Self> {
        let standing = match text(body, "status") {
            Some("pending") => Standing::Pending,
            Some("inactive") => Standing::Inactive,
            // Answers to a lookup always have a status; what is not said to stand in the way does not.
            _ => Standing::Active,
        };
        Some(Self {
            id: ZoomUserId::new(text(body, "id")?).ok()?,
            email: text(body, "email").map(str::to_owned),
            standing,
            // 3 is the on-premise licence of old.
            licensed: matches!(integer(body, "type"), Some(2 | 3)),
        })
    }
}

/// A meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meeting {
    pub id: MeetingId,
    pub host: Option<ZoomUserId>,
    pub host_email: Option<String>,
    /// What was asked for and what holds may differ; `None` where the answer does not say.
    pub effective: Option<MeetingSettings>,
    pub join_url: Option<PersonalLink>,
    pub start_url: Option<PersonalLink>,
    pub started: bool,
    /// Addresses or ids.
    pub alternative_hosts: Vec<String>,
    pub dial_in: Option<DialIn>,
}

impl Meeting {
    /// `registration` is what was asked for. It stands where the answer does not say: a mistake shows at the first link, whereas
    /// without it no patient would ever get one.
    pub fn read(body: &Value, registration: bool) -> Option<Self> {
        let settings = body.get("settings");
        let hosts = settings.and_then(|settings| text(settings, "alternative_hosts")).unwrap_or_default();
        Some(Self {
            id: meeting_id(body, "id")?,
            host: text(body, "host_id").and_then(|id| ZoomUserId::new(id).ok()),
            host_email: text(body, "host_email").map(str::to_owned),
            effective: settings.and_then(|settings| effective(settings, registration)),
            join_url: link(body, "join_url"),
            start_url: link(body, "start_url"),
            started: text(body, "status") == Some("started"),
            alternative_hosts: hosts
                .split([';', ','])
                .map(|host| host.trim().to_lowercase())
                .filter(|host| !host.is_empty())
                .collect(),
            dial_in: settings.and_then(|settings| dial_in(settings, text(body, "pstn_password"))),
        })
    }
}

/// None where the account has no telephone.
fn dial_in(settings: &Value, passcode: Option<&str>) -> Option<DialIn> {
    let listed = settings.get("global_dial_in_numbers")?.as_array()?;
    let written = |one: &Value| {
        let number = text(one, "number").filter(|number| number.len() <= LONGEST_NUMBER)?;
        Some(match text(one, "country_name").filter(|name| name.len() <= LONGEST_NUMBER) {
            Some(country) => format!("{number} ({country})"),
            None => number.to_owned(),
        })
    };
    let numbers: Vec<String> = listed.iter().filter_map(written).take(MOST_NUMBERS).collect();
    (!numbers.is_empty()).then(|| DialIn { numbers, passcode: passcode.map(Phi::new) })
}

fn effective(settings: &Value, registration: bool) -> Option<MeetingSettings> {
    Some(MeetingSettings {
        waiting_room: boolean(settings, "waiting_room")?,
        join_before_host: boolean(settings, "join_before_host")?,
        registration: integer(settings, "approval_type").map_or(registration, |kind| kind == 0),
    })
}

/// Where a browser may be sent, and nothing that runs in a page: https, or http on loopback, as in the settings. Whoever reads a link
/// on the way is the host, or the patient.
pub(super) fn link(body: &Value, field: &str) -> Option<PersonalLink> {
    let url = text(body, field)?;
    PageUrl::parse(url).ok().map(|_| PersonalLink::new(url))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_meeting_is_read_with_the_settings_that_hold() {
        let body = json!({"id": 85_012_345_678_u64, "host_id": "h", "status": "started", "join_url": "https://z.example/j/1",
            "start_url": "javascript:alert(1)",
            "settings": {"waiting_room": true, "join_before_host": false, "approval_type": 2,
                "alternative_hosts": "A@x.org; b;"}});
        let meeting = Meeting::read(&body, true).unwrap();
        let effective = MeetingSettings { waiting_room: true, join_before_host: false, registration: false };
        assert_eq!(meeting.effective, Some(effective));
        assert_eq!(meeting.alternative_hosts, ["a@x.org", "b"]);
        assert!(meeting.started && meeting.start_url.is_none() && meeting.dial_in.is_none());
        assert_eq!(Meeting::read(&json!({"id": "850 1234 5678"}), true).unwrap().effective, None);
        assert_eq!(Meeting::read(&json!({"uuid": "x"}), true), None);
        let silent = json!({"id": 1, "settings": {"waiting_room": false, "join_before_host": false}});
        for asked in [true, false] {
            let meeting = Meeting::read(&silent, asked).unwrap();
            assert_eq!(meeting.effective.unwrap().registration, asked, "what is not said is as asked");
        }
    }

    #[test]
    fn telephone_numbers_are_read_as_zoom_writes_them() {
        let numbers: Vec<Value> = (0..9)
            .map(|n| json!({"country": "US", "country_name": "US", "number": format!("+1 555010{n}"), "type": "toll"}))
            .collect();
        let settings = json!({"global_dial_in_numbers": numbers});
        let read = dial_in(&settings, Some("123456")).unwrap();
        assert_eq!((read.numbers.len(), read.numbers[0].as_str()), (MOST_NUMBERS, "+1 5550100 (US)"));
        assert_eq!(read.passcode.unwrap().reveal(), "123456");
        assert_eq!(dial_in(&json!({"global_dial_in_numbers": [{"country": "US"}]}), None), None);
    }

    #[test]
    fn nobody_is_sent_over_the_open_network() {
        let read = |url: &str| link(&json!({ "start_url": url }), "start_url").is_some();
        for good in
            ["https://us02web.zoom.us/s/1?zak=x", "http://127.0.0.1:8081/zoom/s/1", "http://localhost/s/1"]
        {
            assert!(read(good), "{good}");
        }
        for bad in [
            "http://us02web.zoom.us/s/1",
            "zoommtg://zoom.us/start",
            "javascript:alert(1)",
            "//zoom.us/s/1",
            "",
        ] {
            assert!(!read(bad), "{bad}");
        }
    }

    #[test]
    fn a_user_without_a_status_stands_in_nobodys_way() {
        let user = User::read(&json!({"id": "u", "type": 1})).unwrap();
        assert_eq!((user.standing, user.licensed), (Standing::Active, false));
        let user = User::read(&json!({"id": "u", "type": 2, "status": "pending", "email": ""})).unwrap();
        assert_eq!((user.standing, user.licensed, user.email), (Standing::Pending, true, None));
        assert_eq!(User::read(&json!({"email": "x@y"})), None);
    }
}
