//! Users of the fake account: who exists, who may host, and how many seats are left.

use serde_json::{Value, json};

use super::account::AccountSettings;
use super::answer::Answer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserStatus {
    /// Invited, and has not accepted.
    Pending,
    Active,
    Inactive,
}

impl UserStatus {
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }
}

/// 1 basic, 2 licensed, 4 without a meetings licence, 99 none.
#[derive(Clone, Debug)]
pub struct User {
    pub id: String,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub display_name: String,
    pub kind: i64,
    pub status: UserStatus,
    /// Made by `custCreate`: has no login, and start links live 90 days.
    pub without_login: bool,
    /// Another client is changing this user right now.
    pub locked: bool,
    /// Day and count of create and update calls with this user as host.
    pub plans: (i64, u32),
}

impl User {
    pub fn is_licensed(&self) -> bool {
        self.kind == 2
    }

    pub fn is_active(&self) -> bool {
        self.status == UserStatus::Active
    }

    pub fn full(&self, account_id: &str) -> Value {
        json!({
            "id": self.id,
            "email": self.email,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "display_name": self.display_name,
            "type": self.kind,
            "status": self.status.word(),
            "role_name": "Member",
            "pmi": 0,
            "timezone": "UTC",
            "verified": 1,
            "dept": "",
            "account_id": account_id,
            "login_types": if self.without_login { json!([99]) } else { json!([100]) },
        })
    }

    /// A row of the list, which tells less than the user by themselves.
    pub fn brief(&self, account_id: &str) -> Value {
        let mut user = self.full(account_id);
        if let Some(fields) = user.as_object_mut() {
            fields.retain(|name, _| !["account_id", "login_types", "role_name"].contains(&name.as_str()));
        }
        user
    }
}

/// What `POST /users` asks for, once it passes Zoom's checks.
#[derive(Debug)]
pub struct NewUser {
    pub action: String,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub display_name: String,
    pub kind: i64,
}

pub fn parse_new_user(body: &Value) -> Result<NewUser, Answer> {
    let action = body.get("action").and_then(Value::as_str).unwrap_or_default();
    if !["create", "autoCreate", "custCreate", "ssoCreate"].contains(&action) {
        return Err(Answer::invalid("action", "Invalid field."));
    }
    let info = body
        .get("user_info")
        .filter(|info| info.is_object())
        .ok_or_else(|| Answer::invalid("user_info", "Invalid field."))?;
    let text = |name: &str| info.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let email = text("email");
    if !plausible_email(&email) {
        return Err(Answer::invalid("user_info.email", "Invalid field."));
    }
    let kind = info.get("type").and_then(Value::as_i64).unwrap_or(0);
    if ![1, 2, 4, 99].contains(&kind) || (kind == 99 && action != "ssoCreate") {
        return Err(Answer::invalid("user_info.type", "Invalid field."));
    }
    if action == "autoCreate" && text("password").chars().count() < 8 {
        return Err(Answer::invalid("user_info.password", "Invalid field."));
    }
    let (first_name, last_name) = (text("first_name"), text("last_name"));
    let display_name = match text("display_name") {
        name if name.is_empty() => format!("{first_name} {last_name}").trim().to_owned(),
        name => name,
    };
    Ok(NewUser {
        action: action.to_owned(),
        email: email.to_lowercase(),
        first_name,
        last_name,
        display_name,
        kind,
    })
}

/// What the account's own settings say to a new user, existing ones aside.
pub fn account_allows(new: &NewUser, account: &AccountSettings) -> Result<UserStatus, Answer> {
    let domain = new.email.rsplit('@').next().unwrap_or_default();
    if account.blocked_domains.iter().any(|blocked| blocked == domain) {
        return Err(Answer::error(400, 1107, "The domain of this email is blocked."));
    }
    if account.foreign_addresses.iter().any(|address| address.eq_ignore_ascii_case(&new.email)) {
        return Err(Answer::error(409, 1009, "This email already has an active account at Zoom."));
    }
    match new.action.as_str() {
        "autoCreate" if !account.managed_domains.iter().any(|managed| managed == domain) => {
            Err(Answer::error(400, 1116, "The email's domain is not in the managed domains of this account."))
        }
        "ssoCreate" if !account.sso_provisioning => {
            Err(Answer::error(400, 2002, "Pre-provisioning SSO User is not enabled for this account."))
        }
        "custCreate" if !account.api_partner => {
            Err(Answer::error(400, 3412, "This API is only available to partners."))
        }
        "create" => Ok(UserStatus::Pending),
        _ => Ok(UserStatus::Active),
    }
}

/// No seat of this type is left.
pub fn no_seat(kind: i64, account: &AccountSettings) -> Answer {
    match (kind, account.licensed_seats) {
        (2, 0) => Answer::error(400, 200, "You can't add paid users."),
        (2, seats) => Answer::error(400, 200, format!("You can add max {seats} paid users.")),
        _ => Answer::error(400, 200, format!("You can add max {} free users.", account.basic_seats)),
    }
}

/// The least that an address needs; Zoom's own check is not published.
pub fn plausible_email(email: &str) -> bool {
    let mut parts = email.split('@');
    let (name, domain, rest) =
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next());
    email.len() <= 128
        && !name.is_empty()
        && domain.contains('.')
        && !email.contains(char::is_whitespace)
        && rest.is_none()
}
