//! The Users calls.

use serde_json::{Value, json};

use super::answer::Answer;
use super::desk::Desk;
use super::users::{User, account_allows, no_seat, parse_new_user, plausible_email};

impl Desk<'_> {
    pub(super) fn get_user(&self, key: &str) -> Answer {
        match self.user_or_owner(key) {
            Some(user) if user.locked => too_many_at_once(),
            Some(user) => {
                let theirs = self.state.account.consenting_account.as_ref().filter(|_| key == "me");
                Answer::ok(user.full(theirs.unwrap_or(&self.fixed.account_id)))
            }
            None => Answer::no_such_user(key),
        }
    }

    /// `me` is the account's owner for an app that acts for the account.
    fn user_or_owner(&self, key: &str) -> Option<&User> {
        if key == "me" { self.state.users.values().next() } else { self.state.find_user(key) }
    }

    pub(super) fn list_users(&self, query: &[(String, String)]) -> Answer {
        let status =
            query.iter().find(|(name, _)| name == "status").map_or("active", |(_, value)| value.as_str());
        let users: Vec<Value> = self
            .state
            .users
            .values()
            .filter(|user| user.status.word() == status)
            .map(|user| user.brief(&self.fixed.account_id))
            .take(300)
            .collect();
        Answer::ok(
            json!({"page_size": 300, "total_records": users.len(), "next_page_token": "", "users": users}),
        )
    }

    pub(super) fn check_email(&self, query: &[(String, String)]) -> Answer {
        let Some((_, email)) = query.iter().find(|(name, _)| name == "email") else {
            return Answer::invalid("email", "Missing field.");
        };
        Answer::ok(json!({"existed_email": self.state.find_user(email).is_some()}))
    }

    pub(super) fn create_user(&mut self, body: &Value) -> Answer {
        let new = match parse_new_user(body) {
            Ok(new) => new,
            Err(answer) => return answer,
        };
        if let Some(user) = self.state.find_user(&new.email) {
            if user.locked {
                return too_many_at_once();
            }
            return Answer::error(409, 1005, format!("User already in the account: {}", new.email));
        }
        let status = match account_allows(&new, &self.state.account) {
            Ok(status) => status,
            Err(answer) => return answer,
        };
        let taken = self.state.users.values().filter(|user| user.kind == new.kind).count();
        let seats =
            if new.kind == 2 { self.state.account.licensed_seats } else { self.state.account.basic_seats };
        if matches!(new.kind, 1 | 2) && taken >= seats as usize {
            return no_seat(new.kind, &self.state.account);
        }
        let id = self.state.add_user(&new.email, &new.first_name, &new.last_name, new.kind, status);
        let slow = self.state.account.create_user_millis > 0;
        if let Some(user) = self.state.users.get_mut(&id) {
            user.display_name.clone_from(&new.display_name);
            user.without_login = new.action == "custCreate";
            // The server unlocks it when the time that a creation takes is over.
            user.locked = slow;
        }
        Answer::created(json!({
            "id": id,
            "email": new.email,
            "first_name": new.first_name,
            "last_name": new.last_name,
            "type": new.kind,
        }))
    }

    pub(super) fn unlock_user(&mut self, id: &str) {
        if let Some(user) = self.state.users.get_mut(id) {
            user.locked = false;
        }
    }

    pub(super) fn update_user(&mut self, key: &str, body: &Value) -> Answer {
        let Some(user) = self.user_or_owner(key).cloned() else { return Answer::no_such_user(key) };
        if user.locked {
            return too_many_at_once();
        }
        let kind = match body.get("type") {
            None => user.kind,
            Some(kind) => match kind.as_i64().filter(|kind| [1, 2, 4].contains(kind)) {
                Some(kind) => kind,
                None => return Answer::invalid("type", "Invalid field."),
            },
        };
        let taken = self.state.users.values().filter(|other| other.kind == 2).count();
        if kind == 2 && user.kind != 2 && taken >= self.state.account.licensed_seats as usize {
            return no_seat(2, &self.state.account);
        }
        if let Some(user) = self.state.users.get_mut(&user.id) {
            user.kind = kind;
            for (name, field) in [
                ("first_name", &mut user.first_name),
                ("last_name", &mut user.last_name),
                ("display_name", &mut user.display_name),
            ] {
                if let Some(value) = body.get(name).and_then(Value::as_str) {
                    value.clone_into(field);
                }
            }
        }
        Answer::no_content()
    }

    pub(super) fn delete_user(&mut self, key: &str) -> Answer {
        let Some(user) = self.state.find_user(key).cloned() else { return Answer::no_such_user(key) };
        if user.locked {
            return too_many_at_once();
        }
        self.state.users.remove(&user.id);
        Answer::no_content()
    }

    pub(super) fn user_token(&mut self, key: &str, query: &[(String, String)]) -> Answer {
        let Some(user) = self.user_or_owner(key).cloned() else { return Answer::no_such_user(key) };
        if !query.iter().any(|(name, value)| name == "type" && value == "zak") {
            return Answer::invalid("type", "Invalid field.");
        }
        if !user.is_active() {
            return Answer::no_such_user(key);
        }
        Answer::ok(json!({"token": self.zak(&user.id)}))
    }

    pub(super) fn plan_usage(&self) -> Answer {
        let licensed = self.state.users.values().filter(|user| user.is_licensed()).count();
        Answer::ok(json!({
            "plan_base": {"type": "biz", "hosts": self.state.account.licensed_seats, "usage": licensed},
        }))
    }
}

fn too_many_at_once() -> Answer {
    Answer::error(
        429,
        429,
        "Too many concurrent requests. A request to disassociate this user has already been made.",
    )
}

/// For the registrants, whose addresses are checked in the same way.
pub(super) fn email_of(body: &Value) -> Option<String> {
    body.get("email").and_then(Value::as_str).filter(|email| plausible_email(email)).map(str::to_lowercase)
}
