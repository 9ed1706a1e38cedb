//! The Meetings calls.

use serde_json::{Map, Value, json};

use super::super::clock::{day_of, to_the_second};
use super::account::Label;
use super::answer::Answer;
use super::desk::{Desk, MAX_MEETINGS};
use super::events::Planned;
use super::limits::daily;
use super::meeting::{MAX_REGISTRANTS, Meeting, NamedLink, apply};
use super::room::Room;
use super::users::User;

impl Desk<'_> {
    /// One of the day's creates and updates of this host.
    fn count_plan(&mut self, host_id: &str) -> Result<(), Answer> {
        let (today, most) = (day_of(self.now), self.state.account.meetings_per_host_and_day);
        let Some(host) = self.state.users.get_mut(host_id) else { return Ok(()) };
        if host.plans.0 != today {
            host.plans = (today, 0);
        }
        if host.plans.1 >= most {
            return Err(daily(Label::Medium, most, self.now));
        }
        host.plans.1 += 1;
        Ok(())
    }

    fn new_meeting_id(&mut self) -> u64 {
        loop {
            // Real ids have ten or eleven digits.
            let id = if self.state.chance.hit(0.5) {
                self.state.chance.between(80_000_000_000, 89_999_999_999)
            } else {
                self.state.chance.between(3_000_000_000, 9_999_999_999)
            };
            if !self.state.meetings.contains_key(&id) {
                return id;
            }
        }
    }

    pub(super) fn create_meeting(&mut self, host: &str, body: &Value) -> Answer {
        let Some(host) = self.state.find_user(host).cloned() else { return Answer::no_such_user(host) };
        if !host.is_active() {
            return Answer::no_such_user(&host.email);
        }
        if host.kind > 2 {
            return Answer::error(
                400,
                3161,
                "Your user account is not allowed meeting hosting and scheduling capabilities.",
            );
        }
        if self.state.meetings.len() >= MAX_MEETINGS {
            return Answer::error(
                400,
                3000,
                "The fake account holds no more meetings: start the fakes afresh.",
            );
        }
        let mut meeting = self.blank_meeting(&host);
        let users = &self.state.users;
        let find = |key: &str| {
            users.values().find(|user| user.id == key || user.email.eq_ignore_ascii_case(key)).cloned()
        };
        if let Err(answer) = apply(&mut meeting, body, find) {
            return answer;
        }
        if let Err(answer) = self.count_plan(&host.id) {
            return answer;
        }
        meeting.leave_out_what_needs_a_licence(&host);
        let id = meeting.id;
        meeting.room.rules = meeting.rules(&self.state.account);
        self.state.meetings.insert(id, meeting);
        self.tell_planned(id, Planned::Created);
        self.show_meeting(id, 201)
    }

    fn blank_meeting(&mut self, host: &User) -> Meeting {
        let id = self.new_meeting_id();
        Meeting {
            id,
            uuid: self.state.chance.base64_16(),
            host_id: host.id.clone(),
            host_email: host.email.clone(),
            topic: "Zoom Meeting".to_owned(),
            agenda: String::new(),
            kind: 2,
            start_time: to_the_second(self.now),
            duration: 60,
            timezone: "UTC".to_owned(),
            password: self.state.chance.token(6),
            created_at: self.now,
            tracking_fields: json!([]),
            asked: Map::new(),
            alternative_hosts: Vec::new(),
            registrants: Vec::new(),
            named_links: Vec::new(),
            room: Room::default(),
            deleted: false,
        }
    }

    fn show_meeting(&mut self, id: u64, status: u16) -> Answer {
        let Some(host_id) = self.meeting(id).map(|meeting| meeting.host_id.clone()) else {
            return Answer::no_such_meeting(id);
        };
        let zak = self.zak(&host_id);
        let host = self.state.users.get(&host_id);
        match self.meeting(id) {
            Some(meeting) => {
                let body = meeting.full(&self.fixed.public_base, &zak, &self.state.account, host);
                Answer { status, body: Some(body), headers: Vec::new() }
            }
            None => Answer::no_such_meeting(id),
        }
    }

    pub(super) fn get_meeting(&mut self, id: u64) -> Answer {
        self.show_meeting(id, 200)
    }

    pub(super) fn update_meeting(&mut self, id: u64, body: &Value) -> Answer {
        let Some(mut meeting) = self.meeting(id).cloned() else { return Answer::no_such_meeting(id) };
        let users = &self.state.users;
        let find = |key: &str| {
            users.values().find(|user| user.id == key || user.email.eq_ignore_ascii_case(key)).cloned()
        };
        if let Err(answer) = apply(&mut meeting, body, find) {
            return answer;
        }
        if let Err(answer) = self.count_plan(&meeting.host_id.clone()) {
            return answer;
        }
        if let Some(host) = self.state.users.get(&meeting.host_id) {
            meeting.leave_out_what_needs_a_licence(host);
        }
        meeting.room.rules = meeting.rules(&self.state.account);
        self.state.meetings.insert(id, meeting);
        self.tell_planned(id, Planned::Updated);
        // What a lock or a licence forbids is left out without a word.
        Answer::no_content()
    }

    pub(super) fn delete_meeting(&mut self, id: u64) -> Answer {
        let Some(meeting) = self.meeting_mut(id) else { return Answer::no_such_meeting(id) };
        if meeting.room.instance.is_some() {
            return Answer::error(400, 3002, "Sorry, you cannot delete this meeting since it's in progress.");
        }
        meeting.deleted = true;
        self.tell_planned(id, Planned::Deleted);
        Answer::no_content()
    }

    pub(super) fn meeting_status(&mut self, id: u64, body: &Value) -> Answer {
        match body.get("action").and_then(Value::as_str) {
            Some("end") => {
                let now = self.now;
                let Some(meeting) = self.meeting_mut(id) else { return Answer::no_such_meeting(id) };
                match meeting.room.end(now) {
                    Ok(happenings) => {
                        self.tell_room(id, happenings);
                        Answer::no_content()
                    }
                    // Which error the real API gives here is not known.
                    Err(_) => Answer::error(400, 3000, "This meeting is not in progress."),
                }
            }
            Some("recover") => match self.state.meetings.get_mut(&id).filter(|meeting| meeting.deleted) {
                Some(meeting) => {
                    meeting.deleted = false;
                    self.tell_planned(id, Planned::Recovered);
                    Answer::no_content()
                }
                None => Answer::no_such_meeting(id),
            },
            _ => Answer::invalid("action", "Invalid field."),
        }
    }

    pub(super) fn list_meetings(&self, host: &str, query: &[(String, String)]) -> Answer {
        let Some(user) = self.state.find_user(host) else { return Answer::no_such_user(host) };
        let ask = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let kind = ask("type").unwrap_or("scheduled");
        if !["scheduled", "live", "upcoming", "upcoming_meetings", "previous_meetings"].contains(&kind) {
            return Answer::invalid("type", "Invalid field.");
        }
        let size = ask("page_size").and_then(|size| size.parse::<usize>().ok()).unwrap_or(30).clamp(1, 300);
        let token = ask("next_page_token").unwrap_or_default();
        let skip = match token.strip_prefix("page-") {
            None if token.is_empty() => 0,
            Some(skip) => skip.parse::<usize>().unwrap_or(0),
            None => return Answer::error(400, 300, "The next page token is invalid or expired."),
        };
        let all: Vec<&Meeting> = self
            .state
            .meetings
            .values()
            .filter(|meeting| meeting.host_id == user.id && !meeting.deleted && meeting.kind != 1)
            .filter(|meeting| match kind {
                "live" => meeting.room.instance.is_some(),
                "previous_meetings" => !meeting.room.past.is_empty(),
                _ => true,
            })
            .collect();
        let rows: Vec<Value> =
            all.iter().skip(skip).take(size).map(|meeting| meeting.brief(&self.fixed.public_base)).collect();
        let more = skip + rows.len() < all.len();
        let next = if more { format!("page-{}", skip + rows.len()) } else { String::new() };
        Answer::ok(
            json!({"page_size": size, "total_records": all.len(), "next_page_token": next, "meetings": rows}),
        )
    }

    pub(super) fn invite_links(&mut self, id: u64, body: &Value) -> Answer {
        if self.meeting(id).is_none() {
            return Answer::no_such_meeting(id);
        }
        let ttl =
            body.get("ttl").map_or(Some(7200), Value::as_i64).filter(|ttl| (0..=7_776_000).contains(ttl));
        let Some(ttl) = ttl else { return Answer::invalid("ttl", "Invalid field.") };
        let names: Option<Vec<String>> = body
            .get("attendees")
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(|one| one.get("name")?.as_str().map(str::to_owned)).collect());
        let names = names.unwrap_or_default();
        if names.is_empty()
            || names.len() > 500
            || names.iter().any(|name| name.is_empty() || name.chars().count() > 64)
        {
            return Answer::invalid("attendees", "Invalid field.");
        }
        let (now, expires_at) = (self.now, self.now + ttl * 1000);
        if let Some(meeting) = self.meeting_mut(id) {
            meeting.named_links.retain(|link| link.expires_at > now);
            if meeting.named_links.len() + names.len() > MAX_REGISTRANTS {
                return Answer::error(400, 3000, "This meeting has too many invitation links.");
            }
        }
        let base = self.fixed.public_base.clone();
        let mut out = Vec::new();
        for name in names {
            let token = self.state.chance.token(24);
            if let Some(meeting) = self.meeting_mut(id) {
                out.push(json!({"name": name, "join_url": meeting.personal_url(&base, &token)}));
                meeting.named_links.push(NamedLink { name, token, expires_at });
            }
        }
        Answer::created(json!({"attendees": out}))
    }
}
