//! The organizations of the settings, as the actors ask for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use vestibule_actors::port::organizations::{NotifierRules, Organizations};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::lane::LaneRules;
use vestibule_domain::policy::{MarkerRules, Policy};
use vestibule_domain::time::Span;

use crate::configuration::Looks;
use crate::latest::Latest;
use crate::settings::{Organization, Settings};

/// What follows from the settings in force, computed once for each.
pub struct FromSettings {
    rules: Latest<Rules>,
    looks: Looks,
    markers: MarkerRules,
}

type Rules = BTreeMap<OrganizationId, (Arc<Policy>, NotifierRules)>;

impl FromSettings {
    /// `markers` are as long as the process runs.
    pub fn new(settings: &Settings, markers: MarkerRules, looks: Looks) -> Self {
        Self { rules: Latest::new(rules(settings, markers)), looks, markers }
    }

    /// Other settings are in force.
    pub fn set(&self, settings: &Settings) {
        self.rules.set(Arc::new(rules(settings, self.markers)));
    }
}

fn rules(settings: &Settings, markers: MarkerRules) -> Rules {
    let rules = |organization: &Organization| {
        let policy = Policy { markers, ..organization.policy(settings) };
        (Arc::new(policy), notifier_rules(organization))
    };
    settings.organizations.iter().map(|(id, organization)| (id.clone(), rules(organization))).collect()
}

fn notifier_rules(organization: &Organization) -> NotifierRules {
    let epic = &organization.epic;
    let lane = LaneRules {
        backoff: epic.backoff(),
        give_up_after: Span::from_duration(epic.retry.give_up_after),
        // A request that we have given up on may still be worked on for as long as we would have waited for it.
        doubt: Span::from_duration(epic.timeout),
    };
    NotifierRules { limits: epic.gate(), lane }
}

impl Organizations for FromSettings {
    fn policy(&self, organization: &OrganizationId) -> Option<Arc<Policy>> {
        self.rules.get().get(organization).map(|(policy, _)| Arc::clone(policy))
    }

    fn look_again(&self) -> BoxFuture<'_, ()> {
        self.looks.now().boxed()
    }

    fn notifier(&self, organization: &OrganizationId) -> Option<NotifierRules> {
        self.rules.get().get(organization).map(|(_, rules)| *rules)
    }
}
