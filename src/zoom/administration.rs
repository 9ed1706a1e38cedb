//! What the account's administrators have settled for all meetings, and how many licences it has: for `vestibule check`.

use serde_json::Value;
use vestibule_domain::id::OrganizationId;

use super::calls::ZoomClient;
use super::error::RestError;
use super::pace::Label;
use super::rest::{Api, Call};
use crate::outbound::lenient;

/// A setting that meetings ask for in their own way, unless it is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountSetting {
    pub locked: bool,
    pub on: bool,
}

/// Settings of the account that visits depend on; `None` where Zoom does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountSettings {
    pub waiting_room: Option<AccountSetting>,
    pub join_before_host: Option<AccountSetting>,
    /// Whether a host whose connection drops sends everybody to the waiting room.
    pub clears_room: Option<bool>,
}

/// Licences of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seats {
    pub hosts: i64,
    pub used: i64,
}

impl ZoomClient {
    /// Reads the account's settings and locks.
    ///
    /// # Errors
    /// [`RestError`], mostly since the app may not read them; `None` for an organization that is not known.
    pub async fn probe_settings(
        &self,
        organization: &OrganizationId,
    ) -> Option<Result<AccountSettings, RestError>> {
        let account = self.accounts.get(organization)?;
        let api = self.api_until_timeout(account);
        Some(settings(&api).await)
    }

    /// Reads how many licences there are; `Ok(None)` where Zoom does not say.
    ///
    /// # Errors
    /// [`RestError`], mostly since the app may not read it; `None` for an organization that is not known.
    pub async fn probe_seats(
        &self,
        organization: &OrganizationId,
    ) -> Option<Result<Option<Seats>, RestError>> {
        let account = self.accounts.get(organization)?;
        let api = self.api_until_timeout(account);
        let usage = api.call(&Call::get("/accounts/me/plans/usage", Label::Medium)).await;
        Some(usage.map(|usage| {
            let base = usage.get("plan_base")?;
            Some(Seats { hosts: lenient::integer(base, "hosts")?, used: lenient::integer(base, "usage")? })
        }))
    }
}

async fn settings(api: &Api<'_>) -> Result<AccountSettings, RestError> {
    // Each answer has some of the groups only.
    let read = async |path| api.call(&Call::get(path, Label::Medium)).await;
    let locks = read("/accounts/me/lock_settings").await?;
    let security_locks = read("/accounts/me/lock_settings?option=meeting_security").await?;
    let values = read("/accounts/me/settings").await?;
    let security = read("/accounts/me/settings?option=meeting_security").await?;
    let options = field(&security, "meeting_security", "waiting_room_options")
        .and_then(|options| options.get("more_options"));
    Ok(AccountSettings {
        waiting_room: setting(
            flag(&security_locks, "meeting_security", "waiting_room"),
            flag(&security, "meeting_security", "waiting_room")
                .or_else(|| flag(&values, "in_meeting", "waiting_room")),
        ),
        join_before_host: setting(
            flag(&locks, "schedule_meeting", "join_before_host"),
            flag(&values, "schedule_meeting", "join_before_host"),
        ),
        clears_room: options
            .and_then(|options| options.get("move_participants_to_waiting_room_when_host_dropped"))
            .and_then(Value::as_bool),
    })
}

fn setting(locked: Option<bool>, on: Option<bool>) -> Option<AccountSetting> {
    Some(AccountSetting { locked: locked?, on: on? })
}

fn field<'a>(body: &'a Value, group: &str, name: &str) -> Option<&'a Value> {
    body.get(group)?.get(name)
}

fn flag(body: &Value, group: &str, name: &str) -> Option<bool> {
    field(body, group, name).and_then(Value::as_bool)
}
