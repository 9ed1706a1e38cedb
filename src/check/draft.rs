//! The same checks from a page, for settings of an organization that are not in force.

use std::time::Duration;

use futures_util::future::join;
use tokio::time::timeout;
use vestibule_actors::port::store::SharedStore;
use vestibule_domain::id::OrganizationId;

use super::outcome::{Checked, Report};
use super::sides::Checks;
use crate::configuration::Seen;
use crate::settings::Settings;

/// All of it may take so long; whoever asked waits at the page, which says so.
const WITHIN: Duration = Duration::from_secs(45);
const SLOW_ADVICE: &str = "try again; where it stays so, run `vestibule check` on the machine";

/// What is checked.
pub struct Draft<'a> {
    /// With the organization as it would be.
    pub settings: &'a Settings,
    pub id: &'a OrganizationId,
    /// Whether just this is in force, so that our own doors can be looked at from outside.
    pub in_force: bool,
    /// Whether our doors hand out the keys by which it would sign.
    pub keys_served: bool,
}

/// What the checks say of a draft, by a service that runs on this store.
pub async fn of_draft(draft: Draft<'_>, store: &SharedStore) -> Vec<Seen> {
    let mut report = Report::default();
    if timeout(WITHIN, draft.check(store, &mut report)).await.is_err() {
        let what = format!("the checks were not over after {} s", WITHIN.as_secs());
        report.add(Some(draft.id), "all of it", Checked::fail(what, SLOW_ADVICE));
    }
    report.seen()
}

impl Draft<'_> {
    async fn check(&self, store: &SharedStore, report: &mut Report) {
        let Self { settings, id, in_force, keys_served } = self;
        let alone = settings.only(id);
        let Some(organization) = alone.organizations.get(*id) else { return };
        let checks = match Checks::inside(&alone, store).await {
            Ok(checks) => checks,
            Err(error) => {
                let advice = "mend what the message names";
                return report.add(Some(id), "settings", Checked::fail(error.to_string(), advice));
            }
        };
        let (mut of_epic, mut of_zoom) = (Report::default(), Report::default());
        let epic = async {
            checks.hosts(id, organization, &mut of_epic).await;
            checks.sms(id, organization, &mut of_epic).await;
            checks.epic(id, *keys_served, &mut of_epic).await;
        };
        join(epic, checks.zoom(id, organization, &mut of_zoom)).await;
        report.append(of_epic);
        report.append(of_zoom);
        if *in_force {
            let public_url = &settings.server.public_url;
            checks.key_set(id, public_url, report).await;
            checks.zoom_webhook(id, organization, public_url, report).await;
        } else {
            let what = "our key set and our webhook can be looked at once this is saved: check again then";
            report.add(Some(id), "our own doors", Checked::pass(what));
        }
        checks.times(id, report);
    }
}
