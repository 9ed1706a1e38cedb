//! The registrants of a meeting: each gets a personal link, by which events name them.

use serde_json::{Value, json};

use super::super::clock::{day_of, to_the_second};
use super::account::Label;
use super::answer::Answer;
use super::api_users::email_of;
use super::desk::Desk;
use super::limits::daily;
use super::meeting::{Approval, MAX_REGISTRANTS, Registrant};

/// Zoom's own bound on registrations of one address for one meeting.
const REGISTRATIONS_A_DAY: u32 = 3;

impl Desk<'_> {
    /// The meeting's approval type, or why it has no registration.
    fn registration(&self, id: u64) -> Result<i64, Answer> {
        let meeting = self.meeting(id).ok_or_else(|| Answer::no_such_meeting(id))?;
        let host = self.state.users.get(&meeting.host_id);
        if !host.is_some_and(super::users::User::is_licensed) {
            return Err(Answer::error(400, 200, "Only available for Paid or ZMP user."));
        }
        match meeting.approval_type(host) {
            kind @ (0 | 1) => Ok(kind),
            _ => Err(Answer::error(
                404,
                404,
                format!("Registration has not been enabled for this meeting: {id}."),
            )),
        }
    }

    pub(super) fn add_registrant(&mut self, id: u64, body: &Value) -> Answer {
        let kind = match self.registration(id) {
            Ok(kind) => kind,
            Err(answer) => return answer,
        };
        let Some(email) = email_of(body) else { return Answer::invalid("email", "Invalid field.") };
        let name = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (first_name, last_name) = (name("first_name"), name("last_name"));
        if first_name.is_empty() || first_name.chars().count() > 64 || last_name.chars().count() > 64 {
            return Answer::invalid("first_name", "Invalid field.");
        }
        let today = day_of(self.now);
        if self.state.count_registration(id, &email, today) > REGISTRATIONS_A_DAY {
            return daily(Label::Light, REGISTRATIONS_A_DAY, self.now);
        }
        let (registrant_id, token) =
            (self.state.chance.token(16), format!("{}.DQ", self.state.chance.token(30)));
        let (now, base) = (self.now, self.fixed.public_base.clone());
        let auto = body.get("auto_approve").and_then(Value::as_bool).unwrap_or(false);
        let approval = if kind == 0 || auto { Approval::Approved } else { Approval::Pending };
        let Some(meeting) = self.meeting_mut(id) else { return Answer::no_such_meeting(id) };
        let full = meeting.registrants.len() >= MAX_REGISTRANTS;
        // One address is one registrant: registering again gives the same one.
        let known = meeting.registrants.iter().position(|registrant| registrant.email == email);
        if known.is_none() {
            if full {
                return Answer::error(400, 3043, "Meeting has reached maximum attendee capacity.");
            }
            let registrant = Registrant {
                id: registrant_id,
                email,
                first_name,
                last_name,
                token,
                approval,
                created_at: now,
            };
            meeting.registrants.push(registrant);
        }
        let index = known.unwrap_or(meeting.registrants.len().saturating_sub(1));
        let Some(registrant) = meeting.registrants.get(index) else { return Answer::no_such_meeting(id) };
        let mut answer = json!({
            "id": meeting.id,
            "registrant_id": registrant.id,
            "topic": meeting.topic,
            "start_time": meeting.start_time,
        });
        if let (Approval::Approved, Some(fields)) = (registrant.approval, answer.as_object_mut()) {
            fields.insert("join_url".to_owned(), json!(meeting.personal_url(&base, &registrant.token)));
        }
        Answer::created(answer)
    }

    pub(super) fn list_registrants(&self, id: u64, query: &[(String, String)]) -> Answer {
        if let Err(answer) = self.registration(id) {
            return answer;
        }
        let Some(meeting) = self.meeting(id) else { return Answer::no_such_meeting(id) };
        let status =
            query.iter().find(|(name, _)| name == "status").map_or("approved", |(_, value)| value.as_str());
        let rows: Vec<Value> = meeting
            .registrants
            .iter()
            .filter(|registrant| registrant.approval.word() == status)
            .map(|registrant| {
                json!({
                    "id": registrant.id,
                    "email": registrant.email,
                    "first_name": registrant.first_name,
                    "last_name": registrant.last_name,
                    "status": registrant.approval.word(),
                    "create_time": to_the_second(registrant.created_at),
                    "join_url": meeting.personal_url(&self.fixed.public_base, &registrant.token),
                })
            })
            .collect();
        Answer::ok(
            json!({"page_size": 300, "total_records": rows.len(), "next_page_token": "", "registrants": rows}),
        )
    }

    pub(super) fn registrant_status(&mut self, id: u64, body: &Value) -> Answer {
        if let Err(answer) = self.registration(id) {
            return answer;
        }
        let approval = match body.get("action").and_then(Value::as_str) {
            Some("approve") => Approval::Approved,
            Some("deny") => Approval::Denied,
            Some("cancel") => Approval::Pending,
            _ => return Answer::invalid("action", "Invalid field."),
        };
        let chosen: Vec<&str> = body
            .get("registrants")
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(|one| one.get("id")?.as_str()).collect())
            .unwrap_or_default();
        if let Some(meeting) = self.meeting_mut(id) {
            for registrant in meeting.registrants.iter_mut().filter(|one| chosen.contains(&one.id.as_str())) {
                registrant.approval = approval;
            }
        }
        Answer::no_content()
    }

    pub(super) fn delete_registrant(&mut self, id: u64, who: &str) -> Answer {
        if let Err(answer) = self.registration(id) {
            return answer;
        }
        let Some(meeting) = self.meeting_mut(id) else { return Answer::no_such_meeting(id) };
        let before = meeting.registrants.len();
        meeting.registrants.retain(|registrant| registrant.id != who);
        if meeting.registrants.len() == before {
            return Answer::error(400, 300, "The registrant does not exist.");
        }
        Answer::no_content()
    }
}
