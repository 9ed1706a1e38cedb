//! Who was in a meeting that is over, as Zoom lists it: without anybody where only one person attended, and by user ids that are those of
//! the events.

use jiff::Timestamp;
use serde_json::Value;
use vestibule_domain::fact::SessionKeys;
use vestibule_domain::id::{InstanceUuid, InvalidId};
use vestibule_domain::intent::{CallFailure, IntentOutcome, Retry};
use vestibule_domain::time::Moment;
use vestibule_domain::visit::attendance::Attendance;
use vestibule_domain::visit::instance::MOST_SESSIONS;

use super::error::RestError;
use super::pace::Label;
use super::rest::{Api, Call};
use super::webhook::NameKey;
use crate::outbound::encode::{encode, with_query};
use crate::outbound::lenient::{text, text_or_number};

/// Zoom's largest page.
const PAGE_SIZE: &str = "300";
/// What is beyond them would not be kept: an instance has at most [`MOST_SESSIONS`] sessions.
const MOST_PAGES: usize = 2;

impl Api<'_> {
    pub async fn read_attendance(&self, instance: &InstanceUuid) -> IntentOutcome {
        if let Err(full) = self.account.paces.reading(self.store, self.deadline).await {
            return RestError::Paced(full.wait).outcome();
        }
        match self.listed(instance).await {
            Ok(rows) => IntentOutcome::Attended(rows),
            // Another scope or plan is no sooner there for being asked again, and nobody waits for this.
            Err(error) if error.refusal().is_some_and(|refusal| refusal.lacks_scope()) => {
                IntentOutcome::Failed(CallFailure { retry: Retry::Never, ..error.failure() })
            }
            Err(error) => error.outcome_about_meeting(),
        }
    }

    async fn listed(&self, instance: &InstanceUuid) -> Result<Vec<Attendance>, RestError> {
        // A uuid may begin with a slash or have two, and is then only understood if it is encoded twice; any may be.
        let path = format!("/past_meetings/{}/participants", encode(&encode(instance.as_str())));
        let (mut found, mut page_token) = (Vec::new(), String::new());
        for _ in 0..MOST_PAGES {
            let mut query = vec![("page_size", PAGE_SIZE)];
            if !page_token.is_empty() {
                query.push(("next_page_token", page_token.as_str()));
            }
            let body = self.call(&Call::get(&with_query(&path, &query), Label::Medium)).await?;
            let rows = body.get("participants").and_then(Value::as_array).ok_or(RestError::InDoubt)?;
            found.extend(rows.iter().filter_map(|row| attendance(row, &self.account.names)));
            match text(&body, "next_page_token") {
                Some(next) => page_token = next.to_owned(),
                None => break,
            }
        }
        found.truncate(MOST_SESSIONS);
        Ok(found)
    }
}

/// A row; none where it does not say which device it is about, or from when to when.
fn attendance(row: &Value, names: &NameKey) -> Option<Attendance> {
    let keys = SessionKeys {
        participant: id(row, "participant_uuid"),
        user: id(row, "user_id"),
        zoom_user: id(row, "participant_user_id").or_else(|| id(row, "id")),
        registrant: id(row, "registrant_id"),
        phone: false,
        name_hash: text(row, "name").and_then(|name| names.hash(name)),
    };
    let is_named = keys.participant.is_some() || keys.user.is_some();
    let (joined, left) = (time(row, "join_time")?, time(row, "leave_time")?);
    let waiting_room = text(row, "status") == Some("in_waiting_room");
    is_named.then_some(Attendance { keys, waiting_room, joined, left })
}

fn id<T: TryFrom<String, Error = InvalidId>>(row: &Value, field: &str) -> Option<T> {
    text_or_number(row, field)?.try_into().ok()
}

fn time(row: &Value, field: &str) -> Option<Moment> {
    text(row, field)?.parse::<Timestamp>().ok().map(|at| Moment(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Secret;
    use serde_json::json;

    #[test]
    fn rows_are_read_by_what_names_the_device() {
        let names = NameKey::new(Secret::new("a key"));
        let whole = json!({"id": "", "user_id": 16_778_240, "name": "Ada", "registrant_id": "r1", "user_email": "",
            "join_time": "2026-11-26T10:00:00Z", "leave_time": "2026-11-26T10:20:00Z", "duration": 1200,
            "status": "in_meeting", "internal_user": false});
        let read = attendance(&whole, &names).unwrap();
        assert_eq!((read.left - read.joined).0, 1_200_000);
        assert_eq!(read.keys.user.unwrap().as_str(), "16778240");
        assert_eq!(read.keys.registrant.unwrap().as_str(), "r1");
        assert_eq!((read.keys.zoom_user, read.waiting_room), (None, false));
        assert_eq!(read.keys.name_hash, names.hash("Ada"));
        for (field, value) in [
            ("user_id", json!("")),
            ("leave_time", json!("")),
            ("leave_time", json!(null)),
            ("join_time", json!("yesterday")),
            ("join_time", json!(1_795_453_200)),
        ] {
            let mut row = whole.clone();
            row[field] = value;
            assert_eq!(attendance(&row, &names), None, "{field}");
        }
        let mut waiting = whole;
        waiting["status"] = json!("in_waiting_room");
        assert!(attendance(&waiting, &names).unwrap().waiting_room);
        assert_eq!(attendance(&json!("a row"), &names), None);
    }
}
