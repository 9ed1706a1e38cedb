//! What the account's administrators have settled for all meetings or for those of a group's members, and how many licences there are: for
//! `vestibule check`.

use std::sync::Arc;

use serde_json::Value;
use vestibule_domain::id::OrganizationId;

use super::account::ZoomAccount;
use super::calls::ZoomClient;
use super::error::RestError;
use super::pace::Label;
use super::rest::{Api, Call};
use crate::outbound::encode::encode;
use crate::outbound::lenient;

/// So many groups are looked at: each costs two calls, and four where it locks something.
const MOST_GROUPS: usize = 50;
/// As much of a group's name as is shown.
const LONGEST_NAME: usize = 60;
const ACCOUNT: &str = "/accounts/me";

/// A setting that meetings ask for in their own way, unless it is locked, for the account or for a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommonSetting {
    pub locked: bool,
    pub on: bool,
}

/// Settings of the account that visits depend on; `None` where Zoom does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountSettings {
    pub waiting_room: Option<CommonSetting>,
    pub join_before_host: Option<CommonSetting>,
    /// Whether a host whose connection drops sends everybody to the waiting room.
    pub clears_room: Option<bool>,
}

/// What a group locks for its members. A user has no lock but those of the account and of groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSettings {
    pub name: String,
    pub waiting_room: Option<CommonSetting>,
    pub join_before_host: Option<CommonSetting>,
}

/// The groups of the account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups {
    pub read: Vec<GroupSettings>,
    /// How many more there are than are looked at, or could be read.
    pub left_out: usize,
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
        let account = &self.accounts.get(organization)?;
        let api = self.api_until_timeout(account);
        Some(settings(&api).await)
    }

    /// Reads the locks of the account's groups, as many as are looked at.
    ///
    /// # Errors
    /// [`RestError`], mostly since the app may not read them; `None` for an organization that is not known.
    pub async fn probe_groups(&self, organization: &OrganizationId) -> Option<Result<Groups, RestError>> {
        let account = &self.accounts.get(organization)?;
        Some(self.groups(account).await)
    }

    async fn groups(&self, account: &Arc<ZoomAccount>) -> Result<Groups, RestError> {
        let list = Call::get("/groups?page_size=300", Label::Medium);
        let listed = self.api_until_timeout(account).call(&list).await?;
        let all = listed.get("groups").and_then(Value::as_array).ok_or(RestError::InDoubt)?;
        let total = lenient::integer(&listed, "total_records").and_then(|total| usize::try_from(total).ok());
        let mut groups = Groups {
            read: Vec::new(),
            left_out: total.unwrap_or_default().max(all.len()).saturating_sub(MOST_GROUPS),
        };
        for group in all.iter().take(MOST_GROUPS) {
            let Some(id) = lenient::text(group, "id") else {
                groups.left_out = groups.left_out.saturating_add(1);
                continue;
            };
            let name = lenient::text(group, "name").unwrap_or(id);
            let name = name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
            let base = format!("/groups/{}", encode(id));
            // Each has the time of one visit's call.
            let Some((waiting_room, join_before_host)) =
                locked(&self.api_until_timeout(account), &base).await?
            else {
                groups.left_out = groups.left_out.saturating_add(1);
                continue;
            };
            groups.read.push(GroupSettings { name, waiting_room, join_before_host });
        }
        Ok(groups)
    }

    /// Reads how many licences there are; `Ok(None)` where Zoom does not say.
    ///
    /// # Errors
    /// [`RestError`], mostly since the app may not read it; `None` for an organization that is not known.
    pub async fn probe_seats(
        &self,
        organization: &OrganizationId,
    ) -> Option<Result<Option<Seats>, RestError>> {
        let account = &self.accounts.get(organization)?;
        let api = self.api_until_timeout(account);
        let usage = api.call(&Call::get("/accounts/me/plans/usage", Label::Medium)).await;
        Some(usage.map(|usage| {
            let base = usage.get("plan_base")?;
            Some(Seats { hosts: lenient::integer(base, "hosts")?, used: lenient::integer(base, "usage")? })
        }))
    }
}

async fn settings(api: &Api<'_>) -> Result<AccountSettings, RestError> {
    let locks = Answers::read(api, ACCOUNT, "lock_settings").await?;
    let values = Answers::read(api, ACCOUNT, "settings").await?;
    let options = field(&values.security, "meeting_security", "waiting_room_options")
        .and_then(|options| options.get("more_options"));
    Ok(AccountSettings {
        waiting_room: setting(locks.waiting_room(), values.waiting_room()),
        join_before_host: setting(locks.join_before_host(), values.join_before_host()),
        clears_room: options
            .and_then(|options| options.get("move_participants_to_waiting_room_when_host_dropped"))
            .and_then(Value::as_bool),
    })
}

/// What a group has locked: its waiting room, and joining before the host; none where Zoom tells a lock and not what it holds.
async fn locked(
    api: &Api<'_>,
    base: &str,
) -> Result<Option<(Option<CommonSetting>, Option<CommonSetting>)>, RestError> {
    let locks = Answers::read(api, base, "lock_settings").await?;
    let (room, before_host) = (locks.waiting_room(), locks.join_before_host());
    if room != Some(true) && before_host != Some(true) {
        let free = |locked: bool| CommonSetting { locked, on: false };
        return Ok(Some((room.map(free), before_host.map(free))));
    }
    let values = Answers::read(api, base, "settings").await?;
    let value_is_untold = |locked: Option<bool>, on: Option<bool>| locked == Some(true) && on.is_none();
    let (room_on, before_host_on) = (values.waiting_room(), values.join_before_host());
    if value_is_untold(room, room_on) || value_is_untold(before_host, before_host_on) {
        return Ok(None);
    }
    Ok(Some((setting(room, room_on), setting(before_host, before_host_on))))
}

/// The two answers that make one: each has some of the settings only.
struct Answers {
    common: Value,
    security: Value,
}

impl Answers {
    async fn read(api: &Api<'_>, base: &str, what: &str) -> Result<Self, RestError> {
        let read = async |path: String| api.call(&Call::get(&path, Label::Medium)).await;
        Ok(Self {
            common: read(format!("{base}/{what}")).await?,
            security: read(format!("{base}/{what}?option=meeting_security")).await?,
        })
    }

    fn waiting_room(&self) -> Option<bool> {
        flag(&self.security, "meeting_security", "waiting_room")
            .or_else(|| flag(&self.common, "in_meeting", "waiting_room"))
    }

    fn join_before_host(&self) -> Option<bool> {
        flag(&self.common, "schedule_meeting", "join_before_host")
    }
}

fn setting(locked: Option<bool>, on: Option<bool>) -> Option<CommonSetting> {
    Some(CommonSetting { locked: locked?, on: on? })
}

fn field<'a>(body: &'a Value, group: &str, name: &str) -> Option<&'a Value> {
    body.get(group)?.get(name)
}

fn flag(body: &Value, group: &str, name: &str) -> Option<bool> {
    field(body, group, name).and_then(Value::as_bool)
}
