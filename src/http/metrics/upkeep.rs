//! What is counted of the care for the store, whether it answers and what leaves it in time, and for the connection with Zoom.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use vestibule_actors::port::store::Swept;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Moment;

use super::Metrics;
use super::labels::{Labels, of, registered, seconds_alone};

#[derive(Debug)]
pub(super) struct UpkeepMetrics {
    store_probes: Family<Labels<1>, Counter>,
    store_probe_seconds: Histogram,
    sweeps: Family<Labels<1>, Counter>,
    swept: Family<Labels<1>, Counter>,
    zoom_connects: Family<Labels<2>, Counter>,
    audit: Family<Labels<1>, Counter>,
    kept: Family<Labels<1>, Gauge>,
    kept_looks_failed: Counter,
    backups: Family<Labels<1>, Counter>,
    backup_every: Gauge,
    backup_newest: Gauge,
    downtime_lists: Family<Labels<1>, Counter>,
    downtime_every: Gauge,
    downtime_newest: Gauge,
}

impl UpkeepMetrics {
    pub(super) fn registered(r: &mut Registry) -> Self {
        Self {
            store_probes: registered(r, "store_probes", "Whether the store answered a readiness check"),
            store_probe_seconds: seconds_alone(
                r,
                "store_probe_seconds",
                "How long the store took to answer a readiness check",
            ),
            sweeps: registered(r, "sweeps", "Sweeps of what has expired, by outcome"),
            swept: registered(
                r,
                "swept",
                "What left since its time was over or there was too much, mostly by sweeps",
            ),
            zoom_connects: registered(
                r,
                "zoom_connects",
                "What came of people's tries to connect an organization's Zoom account: connected, or why not",
            ),
            audit: registered(r, "audit_entries", "Entries of the audit, kept or lost"),
            kept: registered(
                r,
                "kept_organizations",
                "Organizations that the store keeps: in_force on this node, or refused in their newest version",
            ),
            kept_looks_failed: registered(
                r,
                "kept_looks_failed",
                "Looks for changed settings of organizations that the store did not answer",
            ),
            backups: registered(r, "backups", "Copies of the store made by the clock, by outcome"),
            downtime_lists: registered(
                r,
                "downtime_lists",
                "Lists for downtime written by the clock, by outcome",
            ),
            downtime_every: registered(
                r,
                "downtime_every_seconds",
                "How often lists for downtime are to be written; 0 where they are not",
            ),
            downtime_newest: registered(
                r,
                "downtime_newest",
                "When all lists for downtime were last written, in seconds since 1970; 0 where never",
            ),
            backup_every: registered(
                r,
                "backup_every_seconds",
                "How often the store is to be copied; 0 where it is not",
            ),
            backup_newest: registered(
                r,
                "backup_newest",
                "When the newest copy of the store was made, in seconds since 1970; 0 where there is none",
            ),
        }
    }
}

impl Metrics {
    /// The store was asked whether it answers.
    pub fn store_probed(&self, answered: bool, took: Duration) {
        let outcome = if answered { "answered" } else { "failed" };
        self.upkeep.store_probes.get_or_create(&[("outcome", outcome.into())]).inc();
        self.upkeep.store_probe_seconds.observe(took.as_secs_f64());
    }

    /// Somebody tried to connect an organization's Zoom account: `connected`, or the code of what was in the way.
    pub fn zoom_connect(&self, organization: &OrganizationId, outcome: &'static str) {
        self.upkeep.zoom_connects.get_or_create(&[of(organization), ("outcome", outcome.into())]).inc();
    }

    /// Entries of the audit are in their chain.
    pub fn audit_kept(&self, entries: u64) {
        self.upkeep.audit.get_or_create(&[("outcome", "kept".into())]).inc_by(entries);
    }

    /// Entries of the audit are lost, since too many waited or the store could not take them.
    pub fn audit_lost(&self, entries: u64) {
        self.upkeep.audit.get_or_create(&[("outcome", "lost".into())]).inc_by(entries);
    }

    /// How many kept organizations this node can use, and cannot.
    pub fn kept_organizations(&self, in_force: usize, refused: usize) {
        for (standing, count) in [("in_force", in_force), ("refused", refused)] {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.upkeep.kept.get_or_create(&[("standing", standing.into())]).set(count);
        }
    }

    /// Whether settings have changed could not be found out.
    pub fn kept_look_failed(&self) {
        self.upkeep.kept_looks_failed.inc();
    }

    /// The store is to be copied so often; when that was last done.
    pub fn backups_planned(&self, every: Duration, newest: Option<Moment>) {
        self.upkeep.backup_every.set(i64::try_from(every.as_secs()).unwrap_or(i64::MAX));
        self.upkeep.backup_newest.set(newest.map_or(0, |at| at.0.div_euclid(1000)));
    }

    /// The store was copied then, or could not be.
    pub fn backed_up(&self, at: Option<Moment>) {
        let outcome = if at.is_some() { "done" } else { "failed" };
        self.upkeep.backups.get_or_create(&[("outcome", outcome.into())]).inc();
        if let Some(at) = at {
            self.upkeep.backup_newest.set(at.0.div_euclid(1000));
        }
    }

    /// Lists for downtime are to be written so often.
    pub fn downtime_planned(&self, every: Duration) {
        self.upkeep.downtime_every.set(i64::try_from(every.as_secs()).unwrap_or(i64::MAX));
    }

    /// All lists for downtime are from then, or one could not be written.
    pub fn downtime_written(&self, at: Option<Moment>) {
        let outcome = if at.is_some() { "done" } else { "failed" };
        self.upkeep.downtime_lists.get_or_create(&[("outcome", outcome.into())]).inc();
        if let Some(at) = at {
            self.upkeep.downtime_newest.set(at.0.div_euclid(1000));
        }
    }

    /// The store was swept, or could not be.
    pub fn swept(&self, swept: Option<&Swept>) {
        let outcome = if swept.is_some() { "done" } else { "failed" };
        self.upkeep.sweeps.get_or_create(&[("outcome", outcome.into())]).inc();
        let Some(Swept { values, held, records_old, records_above_cap, parked, index, histories }) = swept
        else {
            return;
        };
        for (what, count) in [
            ("values", values),
            ("held_events", held),
            ("records_old", records_old),
            ("records_above_cap", records_above_cap),
            ("parked", parked),
            ("index", index),
            ("histories", histories),
        ] {
            self.upkeep.swept.get_or_create(&[("what", what.into())]).inc_by(*count);
        }
    }

    /// Lines of visits' histories left for newer ones.
    pub(super) fn history_full(&self, lines: u64) {
        self.upkeep.swept.get_or_create(&[("what", "history_lines".into())]).inc_by(lines);
    }

    /// Events that were held until their time was over left before a sweep found them.
    pub(super) fn held_expired(&self, events: u64) {
        self.upkeep.swept.get_or_create(&[("what", "held_events".into())]).inc_by(events);
    }
}
