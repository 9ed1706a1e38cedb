//! The fake Zoom account: its credentials, plan, seats, scopes and the settings that its administrator has locked.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What is fixed for a run.
#[derive(Clone)]
pub struct ZoomAccount {
    pub account_id: String,
    pub client_id: String,
    pub client_secret: String,
    /// Signs the events.
    pub webhook_secret: String,
    /// Base of the links that are given out, without a trailing slash, `…/zoom`.
    pub public_base: String,
    /// Where events go.
    pub webhook_url: String,
    pub token_life: Duration,
    pub app: ZoomApp,
}

/// What kind of app the service's is: each takes its own grants and no other's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoomApp {
    ServerToServer,
    /// An administrator adds it by Zoom's consent page, which leads back to this address.
    AdminManaged {
        redirect_uri: String,
    },
}

/// Requests per second by label. A paid account's limits by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    Free,
    Pro,
    Business,
    /// No real account has it: for load tests of what is not Zoom.
    Unlimited,
}

/// How heavy a call is; Zoom limits each kind apart, per account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Label {
    Light,
    Medium,
    Heavy,
}

impl Label {
    pub fn word(self) -> &'static str {
        match self {
            Self::Light => "Light",
            Self::Medium => "Medium",
            Self::Heavy => "Heavy",
        }
    }
}

impl Plan {
    pub fn per_second(self, label: Label) -> u32 {
        match (self, label) {
            (Self::Unlimited, _) => u32::MAX,
            (Self::Free, Label::Light) => 4,
            (Self::Free, Label::Medium) => 2,
            (Self::Free, Label::Heavy) => 1,
            (Self::Pro, Label::Light) => 30,
            (Self::Pro, Label::Medium) => 20,
            (Self::Pro, Label::Heavy) => 10,
            (Self::Business, Label::Light) => 80,
            (Self::Business, Label::Medium) => 60,
            (Self::Business, Label::Heavy) => 40,
        }
    }
}

/// What a `zak` on a join link (`/j/…?zak=`) does. Zoom does not document it: people report that it makes the user appear as
/// themselves (DF-16511), and that a hand-made start link did not make anybody host (DF-13577).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZakOnJoin {
    /// The user comes in as themselves, with the rights of a host or alternative host.
    #[default]
    Host,
    /// The user comes in as themselves, and as anybody else: the meeting does not begin by it.
    Participant,
    /// The link is not taken.
    Refused,
}

/// A group of users, whose locks hold for its members where the account has none of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Group {
    pub id: String,
    pub name: String,
    /// Addresses of users.
    pub members: Vec<String>,
    pub waiting_room_lock: Option<bool>,
    pub join_before_host_lock: Option<bool>,
}

/// What an administrator can change while the fakes run. A lock holds the value that wins over every meeting's own.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountSettings {
    pub plan: Plan,
    pub licensed_seats: u32,
    pub basic_seats: u32,
    pub waiting_room_lock: Option<bool>,
    pub join_before_host_lock: Option<bool>,
    pub groups: Vec<Group>,
    pub clear_room_when_host_drops: bool,
    /// Whether users may be pre-provisioned for single sign-on (`ssoCreate`).
    pub sso_provisioning: bool,
    /// Whether the account may make users without a login (`custCreate`).
    pub api_partner: bool,
    /// Domains for which users can be made without an invitation (`autoCreate`).
    pub managed_domains: Vec<String>,
    pub blocked_domains: Vec<String>,
    /// Addresses that are active users of other Zoom accounts: none of them can be made here, and none is found.
    pub foreign_addresses: Vec<String>,
    /// How many meetings of one host may run at once, whether or not the host is in them; None: nobody counts. It is 1 on a Pro plan and
    /// for basic users, and 2 for licensed ones on larger plans.
    pub meetings_at_once: Option<u32>,
    /// The app is switched off: no tokens, and the live ones are dead.
    pub app_disabled: bool,
    /// How long making a user takes, in milliseconds; the user is locked meanwhile.
    pub create_user_millis: u64,
    /// Scopes that the app has, granular names.
    pub scopes: Vec<String>,
    /// Create and update calls a day for one host.
    pub meetings_per_host_and_day: u32,
    pub zak_on_join: ZakOnJoin,
    /// Of which account the administrator is who agrees on the consent page; None: of this one.
    pub consenting_account: Option<String>,
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self {
            plan: Plan::Business,
            licensed_seats: 100,
            basic_seats: 1000,
            waiting_room_lock: None,
            join_before_host_lock: None,
            groups: Vec::new(),
            clear_room_when_host_drops: false,
            sso_provisioning: true,
            api_partner: true,
            managed_domains: vec!["lakeside.example".to_owned()],
            blocked_domains: Vec::new(),
            foreign_addresses: Vec::new(),
            meetings_at_once: None,
            app_disabled: false,
            create_user_millis: 0,
            scopes: SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
            meetings_per_host_and_day: 100,
            zak_on_join: ZakOnJoin::default(),
            consenting_account: None,
        }
    }
}

impl AccountSettings {
    /// What a lock settles for the meetings of one host: the account's, or else that of a group with the host in it.
    pub fn lock_for(&self, host: &str, of: impl Fn(&Locks) -> Option<bool>) -> Option<bool> {
        let groups =
            self.groups.iter().filter(|group| group.members.iter().any(|it| it.eq_ignore_ascii_case(host)));
        let groups = groups.map(Group::locks);
        std::iter::once(self.locks()).chain(groups).find_map(|locks| of(&locks))
    }

    pub fn locks(&self) -> Locks {
        Locks { waiting_room: self.waiting_room_lock, join_before_host: self.join_before_host_lock }
    }
}

/// What is settled for many meetings at once; None: each has its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Locks {
    pub waiting_room: Option<bool>,
    pub join_before_host: Option<bool>,
}

impl Group {
    pub fn locks(&self) -> Locks {
        Locks { waiting_room: self.waiting_room_lock, join_before_host: self.join_before_host_lock }
    }
}

/// Everything that the calls of [`super::calls`] ask for.
const SCOPES: &[&str] = &[
    "meeting:write:meeting:admin",
    "meeting:read:meeting:admin",
    "meeting:read:list_meetings:admin",
    "meeting:update:meeting:admin",
    "meeting:delete:meeting:admin",
    "meeting:update:status:admin",
    "meeting:write:invite_links:admin",
    "meeting:write:registrant:admin",
    "meeting:read:list_registrants:admin",
    "meeting:update:registrant_status:admin",
    "meeting:delete:registrant:admin",
    "meeting:read:list_past_participants:admin",
    "meeting:read:past_meeting:admin",
    "meeting:read:list_past_instances:admin",
    "report:read:list_meeting_participants:admin",
    "dashboard:read:list_meeting_participants:admin",
    "user:write:user:admin",
    "user:read:user:admin",
    "user:read:list_users:admin",
    "user:read:email:admin",
    "user:update:user:admin",
    "user:delete:user:admin",
    "user:read:token:admin",
    "account:read:settings:admin",
    "account:read:lock_settings:admin",
    "group:read:list_groups:admin",
    "group:read:lock_settings:admin",
    "group:read:settings:admin",
    "billing:read:plan_usage:admin",
];
