//! Kept organizations come into force while the node runs: it looks for new versions, and puts the settings that follow in the place of those
//! before, for the actors, for the edges and for the doors. Nothing restarts; what is under way ends as it began.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use tokio::sync::oneshot;
use tokio::time::sleep;
use vestibule_actors::node::{Node, WorkFor};
use vestibule_domain::id::OrganizationId;

use super::organizations::FromSettings;
use crate::configuration::{Configuration, Counting, KeepingError, SealedAnew, Standing, WantedLooks};
use crate::epic::{EpicConfig, EpicSites};
use crate::http::app::App;
use crate::http::metrics::Metrics;
use crate::latest::Latest;
use crate::settings::{Problem, Settings, Values};
use crate::zoom::{ZoomAccounts, ZoomConfig};

/// A change is in force on every node within two seconds of its save: this, and the time that it takes to read it.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The kept organizations as this node last read them.
pub(super) struct Kept {
    configuration: Configuration,
    /// What counts of each by the last look.
    seen: BTreeMap<OrganizationId, Counting>,
    /// What is in force of each.
    in_force: BTreeMap<OrganizationId, (Counting, Values)>,
}

/// Settings that follow from a look, and the organizations that differ from before.
pub(super) struct Next {
    pub settings: Settings,
    changed: BTreeSet<OrganizationId>,
}

/// Where settings are in force.
pub(super) struct Places {
    pub rules: Arc<FromSettings>,
    pub epic: Arc<EpicSites>,
    pub zoom: Arc<ZoomAccounts>,
    pub doors: Arc<Latest<App>>,
    pub node: Addr<Node>,
}

impl Kept {
    pub(super) fn new(configuration: Configuration) -> Self {
        Self { configuration, seen: BTreeMap::new(), in_force: BTreeMap::new() }
    }

    /// Looks for what is new; `None` when nothing is.
    ///
    /// # Errors
    /// [`KeepingError`]; everything stays as it is, and the next look begins anew.
    pub(super) async fn look(&mut self) -> Result<Option<Next>, KeepingError> {
        let versions = self.configuration.keeping.versions().await?;
        if versions == self.seen {
            return Ok(None);
        }
        let mut wanted = BTreeMap::new();
        let mut refused: BTreeMap<OrganizationId, Vec<Problem>> = BTreeMap::new();
        for (id, counting) in &versions {
            match self.in_force.get(id) {
                Some(known) if known.0 == *counting => wanted.insert(id.clone(), known.clone()),
                _ => match self.read(id).await? {
                    Ok(values) => wanted.insert(id.clone(), (counting.clone(), values)),
                    Err(problem) => {
                        refused.insert(id.clone(), vec![problem]);
                        self.in_force.get(id).and_then(|known| wanted.insert(id.clone(), known.clone()))
                    }
                },
            };
        }
        let settings = self.settle(&mut wanted, &mut refused);
        let ids: BTreeSet<&OrganizationId> = wanted.keys().chain(self.in_force.keys()).collect();
        let differs = |id: &&&OrganizationId| wanted.get(**id) != self.in_force.get(**id);
        let changed = ids.iter().filter(differs).map(|id| (*id).clone()).collect();
        for (id, problems) in &refused {
            let why = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            tracing::error!(organization = %id, why, "a kept organization cannot be used on this node");
        }
        let in_force = wanted.iter().map(|(id, (counting, _))| (id.clone(), counting.version)).collect();
        self.configuration.standing.set(Arc::new(Standing { in_force, refused }));
        (self.seen, self.in_force) = (versions, wanted);
        Ok(Some(Next { settings, changed }))
    }

    /// The version of an organization that counts, opened; or why it cannot be.
    async fn read(&self, id: &OrganizationId) -> Result<Result<Values, Problem>, KeepingError> {
        let problem = |what: String| Problem::of_organization(id, what);
        let keeping = &self.configuration.keeping;
        let document = match keeping.newest(id).await {
            Ok(Some(document)) => document,
            Ok(None) => return Ok(Err(problem("the version that counts is not in the store".to_owned()))),
            Err(KeepingError::Unreadable(why)) => return Ok(Err(problem(why))),
            Err(error) => return Err(error),
        };
        let opened = keeping.open(id, &document.values, &document.secrets);
        Ok(opened.map_err(|error| problem(error.to_string())))
    }

    /// The settings with all that can be used. What cannot gives way to what was in force of it, and else is left out.
    fn settle(
        &self,
        wanted: &mut BTreeMap<OrganizationId, (Counting, Values)>,
        refused: &mut BTreeMap<OrganizationId, Vec<Problem>>,
    ) -> Settings {
        let mut settings = Settings::clone(&self.configuration.files);
        let ids: Vec<OrganizationId> = wanted.keys().cloned().collect();
        for id in ids {
            let fresh = wanted.remove(&id);
            let tries = fresh.into_iter().chain(self.in_force.get(&id).cloned());
            for version in tries {
                match self.put(&mut settings, &id, &version.1) {
                    Ok(()) => {
                        wanted.insert(id.clone(), version);
                        break;
                    }
                    // Why the newest cannot be used is what somebody has to know.
                    Err(problems) => {
                        refused.entry(id.clone()).or_insert(problems);
                    }
                }
            }
        }
        settings
    }

    fn put(&self, settings: &mut Settings, id: &OrganizationId, values: &Values) -> Result<(), Vec<Problem>> {
        if self.configuration.is_of_files(id) {
            let what = "stands in this node's settings files, which go before what is kept: remove it there, or here";
            return Err(vec![Problem::of_organization(id, what)]);
        }
        settings.put(id, values)?;
        epic_config(settings, id).map(drop).inspect_err(|_| {
            settings.organizations.remove(id);
        })
    }
}

/// The configuration of an organization's Epic.
fn epic_config(settings: &Settings, id: &OrganizationId) -> Result<Option<EpicConfig>, Vec<Problem>> {
    let config = settings.organizations.get(id).map(|one| EpicConfig::from_settings(&one.epic)).transpose();
    config.map_err(|error| vec![Problem::of_organization(id, format!("epic.private_keys: {error}"))])
}

impl Places {
    /// Puts settings in force: for those who decide and call first, so that no door lets somebody in whom nobody knows yet.
    async fn take(&self, next: Next) {
        let Next { settings, changed } = next;
        self.rules.set(&settings);
        for id in &changed {
            // Whoever looked has made one of it already.
            self.epic.change(id, epic_config(&settings, id).ok().flatten());
            self.zoom.change(id, settings.organizations.get(id).map(ZoomConfig::from_settings));
        }
        let all = settings.organizations.keys().cloned().collect();
        if self.node.send(WorkFor(all)).await.is_err() {
            tracing::warn!("the node is ending: it takes up no change of the settings any more");
        }
        let before = self.doors.get();
        let limits = Arc::new(before.limits.following(&settings));
        self.doors.set(Arc::new(App { settings: Arc::new(settings), limits, ..App::clone(&before) }));
        let names = changed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        tracing::info!(organizations = names, "changed settings are in force");
    }
}

/// What was sealed under an older key is sealed under the newest, so that the older one can be taken away.
async fn seal_anew(configuration: &Configuration) {
    if !configuration.keeping.keeps_secrets() {
        return;
    }
    match configuration.keeping.seal_anew().await {
        Ok(SealedAnew { versions, left }) => {
            if versions > 0 {
                tracing::info!(
                    count = versions,
                    "versions of kept settings were sealed anew under the newest key"
                );
            }
            if !left.is_empty() {
                tracing::warn!(
                    organizations = left.len(),
                    "not all kept settings could be sealed anew; the older key has to stay"
                );
            }
        }
        Err(error) => {
            tracing::warn!(%error, "not all kept settings could be sealed anew; the older key has to stay")
        }
    }
}

/// Takes up what is kept for as long as the node runs.
pub(super) async fn follow(mut kept: Kept, mut wanted: WantedLooks, places: Places, metrics: Arc<Metrics>) {
    seal_anew(&kept.configuration).await;
    let mut is_known = false;
    let mut waiting = Vec::new();
    loop {
        let readiness = Arc::clone(&places.doors.get().readiness);
        if readiness.is_draining() {
            return;
        }
        match kept.look().await {
            Ok(Some(next)) => {
                places.take(next).await;
                is_known = false;
            }
            Ok(None) => {}
            Err(error) => {
                metrics.kept_look_failed();
                tracing::debug!(%error, "kept settings could not be looked at");
            }
        }
        if !is_known {
            let standing = kept.configuration.standing.get();
            metrics.kept_organizations(standing.in_force.len(), standing.refused.len());
            is_known = true;
        }
        for tell in waiting.drain(..) {
            // Whoever asked may have gone.
            let _ = oneshot::Sender::send(tell, ());
        }
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            Some(tell) = wanted.recv() => waiting.push(tell),
        }
        // One look is for all who have asked by now.
        while let Ok(tell) = wanted.try_recv() {
            waiting.push(tell);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::Saved;
    use crate::http::kit::{Kit, Log, first_version, organization};

    async fn keep(configuration: &Configuration, id: &str, secret: &str) {
        let wanted = first_version(&[("zoom.client_secret", secret)]);
        let saved = configuration.keeping.save(&organization(id), wanted).await.unwrap();
        assert!(matches!(saved, Saved::Done(1)));
    }

    #[actix_web::test]
    async fn a_start_says_how_much_was_sealed_anew_and_whether_the_older_key_has_to_stay() {
        let kit = Kit::with("[store]\nsealing_keys = [\"a-key-of-more-than-thirty-two-characters\"]\n");
        let configuration = &kit.app.configuration;
        let start = async || {
            let (log, guard) = Log::keep();
            seal_anew(configuration).await;
            drop(guard);
            log.text()
        };
        keep(configuration, "westside", "from-before-there-was-a-key").await;
        let log = start().await;
        assert!(log.contains("\"count\":1") && !log.contains("has to stay"), "{log}");
        keep(configuration, "eastside", "sealed-1:000000000000:AAAA").await;
        keep(configuration, "southside", "from-before-there-was-a-key").await;
        let log = start().await;
        assert!(log.contains("\"count\":1") && log.contains("\"organization\":\"eastside\""), "{log}");
        assert!(log.contains("\"organizations\":1") && log.contains("the older key has to stay"), "{log}");
        assert!(!log.contains("from-before") && !log.contains("AAAA"), "{log}");
    }
}
