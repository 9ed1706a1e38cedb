//! What Zoom's administrators have settled for many meetings at once: the account's locks and those of its groups, and its licences.

use vestibule_domain::id::OrganizationId;
use vestibule_domain::policy::Admittance;

use super::outcome::{Checked, Report};
use super::sides::Checks;
use crate::settings::{Organization, ProviderUserType};
use crate::zoom::{AccountSettings, CommonSetting, GroupSettings, Groups, RestError};

/// So many groups are named.
const MOST_NAMED: usize = 5;

impl Checks {
    /// What the account's administrators have settled for all meetings. Visits do not need to read it.
    pub(super) async fn zoom_locks(
        &self,
        organization: &OrganizationId,
        settings: &Organization,
        report: &mut Report,
    ) {
        match self.zoom.probe_settings(organization).await {
            None => {}
            Some(Err(error)) => report.add(Some(organization), "zoom: locks", unread(&error)),
            Some(Ok(found)) => {
                let wanted = settings.admittance == Admittance::Manual;
                let room = checked_setting(found.waiting_room, wanted, &WAITING_ROOM);
                report.add(Some(organization), "zoom: waiting room", room);
                let before_host = checked_setting(found.join_before_host, false, &BEFORE_HOST);
                report.add(Some(organization), "zoom: join before host", before_host);
                self.zoom_groups(organization, (&found, wanted), report).await;
                if found.clears_room == Some(true) {
                    report.add(Some(organization), "zoom: host dropped", Checked::warn(
                        "everybody is sent to the waiting room when the host's connection drops".to_owned(),
                        "a patient's light goes out then until the provider admits them again. To avoid that: Account Management > Account Settings > Meeting > Security > Waiting Room Options",
                    ));
                }
            }
        }
        if settings.provider_user_type == ProviderUserType::Licensed
            && let Some(Ok(Some(seats))) = self.zoom.probe_seats(organization).await
        {
            report.add(Some(organization), "zoom: licences", checked_seats(seats.hosts, seats.used));
        }
    }

    /// A user's locks are those of the account and of the user's groups. Who is in a group is not asked: its members may be nobody's
    /// providers.
    async fn zoom_groups(
        &self,
        organization: &OrganizationId,
        (account, wants_room): (&AccountSettings, bool),
        report: &mut Report,
    ) {
        let groups = match self.zoom.probe_groups(organization).await {
            None => return,
            Some(Err(error)) => return report.add(Some(organization), "zoom: groups", unread_groups(&error)),
            Some(Ok(groups)) => groups,
        };
        let is_free = |setting: Option<CommonSetting>| setting.is_none_or(|it| !it.locked);
        let mut wrong = 0_usize;
        if is_free(account.waiting_room) {
            let otherwise = locking_otherwise(&groups, |group| group.waiting_room, wants_room);
            if !otherwise.is_empty() {
                let what =
                    format!("locked {} for {}", if wants_room { "off" } else { "on" }, named(&otherwise));
                report.add(
                    Some(organization),
                    "zoom: groups' waiting room",
                    Checked::warn(what, GROUPS_ROOM),
                );
                wrong = wrong.saturating_add(otherwise.len());
            }
        }
        if is_free(account.join_before_host) {
            let otherwise = locking_otherwise(&groups, |group| group.join_before_host, false);
            if !otherwise.is_empty() {
                let what = format!("locked on for {}", named(&otherwise));
                let checked = Checked::warn(what, GROUPS_BEFORE_HOST);
                report.add(Some(organization), "zoom: groups' join before host", checked);
                wrong = wrong.saturating_add(otherwise.len());
            }
        }
        if groups.left_out > 0 {
            let what = format!("{} were read, {} were not", groups.read.len(), groups.left_out);
            report.add(Some(organization), "zoom: groups", Checked::warn(what, LOOK_AT_GROUPS));
        } else if wrong == 0 {
            let what = format!("none of {} locks what visits need otherwise", groups.read.len());
            report.add(Some(organization), "zoom: groups", Checked::Pass(what));
        }
    }
}

/// The names of the groups that have it locked and not as it is wanted.
fn locking_otherwise(
    groups: &Groups,
    setting: impl Fn(&GroupSettings) -> Option<CommonSetting>,
    wanted: bool,
) -> Vec<&str> {
    let otherwise = |group: &&GroupSettings| setting(group).is_some_and(|it| it.locked && it.on != wanted);
    groups.read.iter().filter(otherwise).map(|group| group.name.as_str()).collect()
}

fn named(groups: &[&str]) -> String {
    let listed: Vec<String> = groups.iter().take(MOST_NAMED).map(|name| format!("\"{name}\"")).collect();
    let more = match groups.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("the members of {}{more}", listed.join(", "))
}

const GROUPS_ROOM: &str = "where providers are among them, take the lock away: User Management > Groups > the group > Meeting > Security > Waiting Room";
const GROUPS_BEFORE_HOST: &str = "where providers are among them, take the lock away: User Management > Groups > the group > Meeting > Schedule Meeting > Join before host";
const LOOK_AT_GROUPS: &str = "look at the others by hand, where providers are among their members: User Management > Groups > the group > Meeting";

fn unread_groups(error: &RestError) -> Checked {
    Checked::warn(
        format!("cannot be read ({error})"),
        "add the scopes group:read:list_groups:admin, group:read:lock_settings:admin and group:read:settings:admin to have this checked, or look by hand at the groups with providers among their members: User Management > Groups > the group > Meeting",
    )
}

/// A setting of the account, for people: its name, what is said of a lock that is wrong, and where it is in Zoom's pages.
struct Named {
    on: &'static str,
    off: &'static str,
    advice: &'static str,
}

const WAITING_ROOM: Named = Named {
    on: "locked on, and this organization's admittance is automatic: providers have to admit every patient",
    off: "locked off, and this organization's admittance is manual: patients go in as soon as the provider is there",
    advice: "check with the account's administrator: Account Management > Account Settings > Meeting > Security > Waiting Room, take the lock away; or change admittance",
};
const BEFORE_HOST: Named = Named {
    on: "locked on: Zoom lets patients in before the provider, so that they are kept on our page until the provider is there",
    off: "locked off",
    advice: "check with the account's administrator: Account Management > Account Settings > Meeting > Schedule Meeting > Join before host, take the lock away",
};

fn checked_setting(setting: Option<CommonSetting>, wanted: bool, named: &Named) -> Checked {
    match setting {
        None => Checked::pass(
            "Zoom does not say whether it is locked; what meetings get is compared with what was asked",
        ),
        Some(CommonSetting { locked: false, .. }) => {
            Checked::pass("is not locked, so that each meeting has its own")
        }
        Some(CommonSetting { on, .. }) if on == wanted => {
            Checked::pass("is locked as this organization needs it")
        }
        Some(CommonSetting { on, .. }) => {
            Checked::fail(if on { named.on } else { named.off }.to_owned(), named.advice)
        }
    }
}

fn checked_seats(hosts: i64, used: i64) -> Checked {
    let what = format!("{used} of {hosts} are used");
    if used < hosts {
        return Checked::Pass(what);
    }
    Checked::warn(
        what,
        "a provider without a Zoom account, or without a licence, cannot be given one: buy more, or take them from people who left",
    )
}

fn unread(error: &RestError) -> Checked {
    Checked::warn(
        format!("cannot be read ({error})"),
        "add the scopes account:read:settings:admin and account:read:lock_settings:admin to have this checked, or look by hand: the waiting room and join before host must not be locked (docs/zoom-authorization.md)",
    )
}
