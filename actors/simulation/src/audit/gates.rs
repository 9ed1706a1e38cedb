//! What the gates in front of every Epic granted: never more than the rate over all nodes (I10), and little while Epic fails (I11).

use std::collections::{BTreeMap, VecDeque};
use vestibule_domain::gate::Limits;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::{Moment, Span};

use super::breach;
use crate::lock;
use crate::weather::Outside;
use crate::world::{Breach, World};

/// What was granted.
#[derive(Default)]
pub struct Gates {
    grants: BTreeMap<OrganizationId, VecDeque<Moment>>,
    outages: BTreeMap<usize, Outage>,
}

/// An Epic that fails every attempt.
struct Outage {
    since: Moment,
    limits: Limits,
    begun: u64,
    /// Gates that forgot what they knew, as by a store that went back.
    forgot: u64,
}

const SECOND: Span = Span::seconds(1);

impl Gates {
    /// A permit was granted.
    ///
    /// # Errors
    /// When more were granted within a second than the rate allows.
    pub fn granted(
        &mut self,
        now: Moment,
        organization: &OrganizationId,
        limits: &Limits,
    ) -> Result<(), Breach> {
        let grants = self.grants.entry(organization.clone()).or_default();
        grants.retain(|at| *at + SECOND > now);
        grants.push_back(now);
        if grants.len() > usize::try_from(limits.per_second).unwrap_or(usize::MAX) {
            return breach("I10", format!("{} grants of {organization} within a second", grants.len()));
        }
        Ok(())
    }

    /// An Epic fails from now on.
    pub fn fails(&mut self, now: Moment, place: usize, limits: Limits) {
        self.outages.insert(place, Outage { since: now, limits, begun: 0, forgot: 0 });
    }

    /// An Epic works again.
    pub fn works(&mut self, place: usize) {
        self.outages.remove(&place);
    }

    /// An attempt begins.
    ///
    /// # Errors
    /// When more have begun in an outage than it takes to open the breaker, and to probe since.
    pub fn begins(&mut self, place: usize, now: Moment) -> Result<(), Breach> {
        let Some(outage) = self.outages.get_mut(&place) else { return Ok(()) };
        outage.begun += 1;
        let Limits { failures, concurrent, probe_every, .. } = outage.limits;
        let lasted = u64::try_from((now - outage.since).0 / probe_every.0.max(1)).unwrap_or(0);
        // Answers to attempts of before the outage may set the count of failures back.
        let to_open = u64::from(failures) + 3 * u64::from(concurrent);
        let most = to_open * (1 + outage.forgot) + lasted + 2;
        if outage.begun > most {
            return breach(
                "I11",
                format!("{} attempts in an outage that should have seen {most}", outage.begun),
            );
        }
        Ok(())
    }

    /// The store went back, and with it the gates.
    pub fn went_back(&mut self) {
        self.grants.clear();
        self.outages.values_mut().for_each(|outage| outage.forgot += 1);
    }
}

impl World {
    /// An Epic fares otherwise from now on.
    pub fn epic_changes(&self, place: usize, state: Outside) {
        let Some(plan) = self.scenario.organizations.get(place) else { return };
        let gates = &mut lock(&self.audit).gates;
        match state {
            Outside::Fails | Outside::Silent => gates.fails(self.time.now(), place, plan.notifier.limits),
            Outside::Works | Outside::Slow | Outside::Busy => gates.works(place),
        }
    }
}
