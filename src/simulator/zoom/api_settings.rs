//! What administrators have settled for many meetings at once: the account's settings and locks, and those of groups.
//!
//! What concerns security is only told where that is asked for, and then nothing else is.

use serde_json::{Map, Value, json};

use super::account::{Group, Locks};
use super::answer::Answer;
use super::desk::Desk;

impl Desk<'_> {
    pub(super) fn lock_settings(&self, query: &[(String, String)]) -> Answer {
        Answer::ok(locked(self.state.account.locks(), query))
    }

    pub(super) fn account_settings(&self, query: &[(String, String)]) -> Answer {
        let account = &self.state.account;
        let mut settings = settled(account.locks(), query);
        if let Some(security) = settings.get_mut("meeting_security").and_then(Value::as_object_mut) {
            let options = json!({
                "enable": account.waiting_room_lock.unwrap_or(false),
                "locked": account.waiting_room_lock.is_some(),
                "more_options": {"move_participants_to_waiting_room_when_host_dropped": account.clear_room_when_host_drops},
            });
            security.insert("waiting_room_options".to_owned(), options);
        }
        Answer::ok(settings)
    }

    /// Groups in pages.
    pub(super) fn list_groups(&self, query: &[(String, String)]) -> Answer {
        let number = |name: &str, otherwise: usize| {
            let text = query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
            text.filter(|text| !text.is_empty()).map_or(Some(otherwise), |text| text.parse::<usize>().ok())
        };
        let (Some(size), Some(from)) = (number("page_size", 30), number("next_page_token", 0)) else {
            return Answer::invalid("page_size", "Invalid field.");
        };
        let all = &self.state.account.groups;
        let until = from.saturating_add(size.clamp(1, 300));
        let page: Vec<Value> = all.iter().take(until).skip(from).map(listed).collect();
        let next = if until < all.len() { until.to_string() } else { String::new() };
        Answer::ok(json!({"groups": page, "total_records": all.len(), "next_page_token": next}))
    }

    pub(super) fn group_lock_settings(&self, group: &str, query: &[(String, String)]) -> Answer {
        self.group(group).map_or_else(|| no_such_group(group), |it| Answer::ok(locked(it.locks(), query)))
    }

    pub(super) fn group_settings(&self, group: &str, query: &[(String, String)]) -> Answer {
        self.group(group).map_or_else(|| no_such_group(group), |it| Answer::ok(settled(it.locks(), query)))
    }

    fn group(&self, id: &str) -> Option<&Group> {
        self.state.account.groups.iter().find(|group| group.id == id)
    }
}

fn listed(group: &Group) -> Value {
    json!({"id": group.id, "name": group.name, "total_members": group.members.len()})
}

fn no_such_group(group: &str) -> Answer {
    Answer::error(404, 4130, format!("Group does not exist: {group}."))
}

fn locked(locks: Locks, query: &[(String, String)]) -> Value {
    shaped(locks.waiting_room.is_some(), locks.join_before_host.is_some(), query)
}

fn settled(locks: Locks, query: &[(String, String)]) -> Value {
    shaped(locks.waiting_room.unwrap_or(false), locks.join_before_host.unwrap_or(false), query)
}

fn shaped(waiting_room: bool, join_before_host: bool, query: &[(String, String)]) -> Value {
    let (group, name, value) = if asks_for_security(query) {
        ("meeting_security", "waiting_room", waiting_room)
    } else {
        ("schedule_meeting", "join_before_host", join_before_host)
    };
    json!({group: Map::from_iter([(name.to_owned(), Value::Bool(value))])})
}

fn asks_for_security(query: &[(String, String)]) -> bool {
    query.iter().any(|(name, value)| name == "option" && value == "meeting_security")
}
