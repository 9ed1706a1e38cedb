//! What the actors report, as metrics.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::time::Instant;
use vestibule_actors::port::clock::instant;
use vestibule_actors::port::observer::{Observed, Observer};
use vestibule_actors::port::store::Outcome;
use vestibule_domain::id::OrganizationId;

use super::Metrics;
use super::labels::{Labels, known_status, of, registered, seconds_alone, seconds_by};

/// A gauge of seconds with their fractions.
type SecondsGauge = Gauge<f64, std::sync::atomic::AtomicU64>;

#[derive(Debug)]
pub(super) struct ActorMetrics {
    restarts: Family<Labels<1>, Counter>,
    parked: Counter,
    shards_held: Gauge,
    shards_lost: Counter,
    shards_stopped: Counter,
    store_went_back: StoreWentBack,
    append_seconds: Histogram,
    commit_seconds: Histogram,
    journal_seconds: Histogram,
    committed: Family<Labels<1>, Counter>,
    commits_retried: Counter,
    epic_attempts: Family<Labels<3>, Counter>,
    epic_seconds: Family<Labels<1>, Histogram>,
    told_seconds: Family<Labels<1>, Histogram>,
    epic_superseded: Family<Labels<1>, Counter>,
    epic_outlived: Family<Labels<1>, Counter>,
    epic_queue: Family<Labels<1>, Gauge>,
    epic_queue_age: Family<Labels<1>, SecondsGauge>,
    epic_breaker: Family<Labels<1>, Gauge>,
    zoom_calls: Family<Labels<3>, Counter>,
    zoom_seconds: Family<Labels<1>, Histogram>,
    zoom_queue_full: Family<Labels<1>, Counter>,
    visits_in_memory: Gauge,
    notifiers: Mutex<BTreeMap<OrganizationId, Notifier>>,
    in_memory: Mutex<BTreeMap<u16, usize>>,
}

/// What was done for a store that may have lost what it had answered, as a failover does.
#[derive(Debug)]
struct StoreWentBack {
    restores: Counter,
    visits_restored: Counter,
    facts_appended_again: Counter,
}

impl StoreWentBack {
    fn registered(r: &mut Registry) -> Self {
        Self {
            restores: registered(
                r,
                "store_restores",
                "Times that an owner compared what it holds with the store's",
            ),
            visits_restored: registered(r, "visits_restored", "Visits of which the store had lost something"),
            facts_appended_again: registered(
                r,
                "facts_appended_again",
                "Events appended again since the store was another than before",
            ),
        }
    }

    fn restored(&self, behind: usize) {
        self.restores.inc();
        self.visits_restored.inc_by(wide(behind));
    }

    fn appended_again(&self, facts: usize) {
        self.facts_appended_again.inc_by(wide(facts));
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// An organization's notifier as last heard of.
#[derive(Clone, Copy, Debug)]
struct Notifier {
    lanes: usize,
    oldest: Duration,
    breaker_open: bool,
    heard: Instant,
}

impl ActorMetrics {
    pub(super) fn registered(r: &mut Registry) -> Self {
        Self {
            restarts: registered(r, "actor_restarts", "Actors rebuilt from durable state, by kind"),
            parked: registered(r, "commands_parked", "Commands set aside after three tries"),
            shards_held: registered(
                r,
                "shards_held",
                "Shards that this node runs now; over all nodes there are 64",
            ),
            shards_lost: registered(
                r,
                "shards_lost",
                "Shards stopped since their lease or their store moved on",
            ),
            shards_stopped: registered(
                r,
                "shards_stopped",
                "Shards left alone for a while since the store holds something of theirs that cannot be read",
            ),
            store_went_back: StoreWentBack::registered(r),
            append_seconds: seconds_alone(
                r,
                "append_seconds",
                "How long the store took to make a command or an event durable (D0)",
            ),
            commit_seconds: seconds_alone(r, "commit_seconds", "How long the store took for a commit"),
            journal_seconds: seconds_alone(
                r,
                "journal_seconds",
                "How long the oldest command of a commit had waited for it (D0 to D1)",
            ),
            committed: registered(r, "committed", "Visits and commands in commits"),
            commits_retried: registered(
                r,
                "commits_retried",
                "Commits asked for again after no answer in time",
            ),
            epic_attempts: registered(r, "epic_attempts", "Attempts to tell Epic, by RespCode and outcome"),
            epic_seconds: seconds_by(r, "epic_seconds", "How long Epic took to answer"),
            told_seconds: seconds_by(r, "told_seconds", "From an update's decision until Epic has it"),
            epic_superseded: registered(r, "epic_superseded", "Updates that a newer one replaced unsent"),
            epic_outlived: registered(
                r,
                "epic_attempts_outlived",
                "Attempts that ended when the shard was another node's; the status is sent once more",
            ),
            epic_queue: registered(r, "epic_queue", "Lanes with an update that Epic has not acknowledged"),
            epic_queue_age: registered(
                r,
                "epic_queue_age_seconds",
                "Age of the oldest update that Epic has not acknowledged; 0 when there is none",
            ),
            epic_breaker: registered(r, "epic_breaker_open", "1 while the breaker keeps requests from Epic"),
            zoom_calls: registered(r, "zoom_calls", "Calls to Zoom, by call and outcome"),
            zoom_seconds: seconds_by(r, "zoom_call_seconds", "How long Zoom took to answer"),
            zoom_queue_full: registered(
                r,
                "zoom_queue_full",
                "Calls to Zoom put off since too many were queued",
            ),
            visits_in_memory: registered(r, "visits_in_memory", "Visits in memory on this node"),
            notifiers: Mutex::default(),
            in_memory: Mutex::default(),
        }
    }

    /// Fills the gauges whose values grow by themselves or are sums.
    pub(super) fn bring_up_to_date(&self) {
        for (organization, notifier) in lock(&self.notifiers).iter() {
            let label = [of(organization)];
            let age = if notifier.lanes == 0 { 0.0 } else { notifier.age().as_secs_f64() };
            self.epic_queue_age.get_or_create(&label).set(age);
            self.epic_queue.get_or_create(&label).set(i64::try_from(notifier.lanes).unwrap_or(i64::MAX));
            self.epic_breaker.get_or_create(&label).set(i64::from(notifier.breaker_open));
        }
        let visits: usize = lock(&self.in_memory).values().sum();
        self.visits_in_memory.set(i64::try_from(visits).unwrap_or(i64::MAX));
    }

    pub(super) fn any_breaker_open(&self) -> bool {
        lock(&self.notifiers).values().any(|notifier| notifier.breaker_open)
    }

    fn restarted(&self, kind: &'static str) {
        self.restarts.get_or_create(&[("kind", kind.into())]).inc();
    }

    fn committed(&self, visits: usize, commands: usize, took: Duration) {
        self.commit_seconds.observe(took.as_secs_f64());
        for (what, count) in [("visits", visits), ("commands", commands)] {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            self.committed.get_or_create(&[("what", what.into())]).inc_by(count);
        }
    }

    fn epic_attempt(&self, organization: &OrganizationId, code: u16, outcome: Outcome, took: Duration) {
        let outcome = match outcome {
            Outcome::Delivered => "delivered",
            Outcome::Retrying => "retrying",
            Outcome::Parked => "parked",
            Outcome::Superseded => "superseded",
        };
        let labels =
            [of(organization), ("resp_code", known_status(code).into()), ("outcome", outcome.into())];
        self.epic_attempts.get_or_create(&labels).inc();
        self.epic_seconds.get_or_create(&[of(organization)]).observe(took.as_secs_f64());
    }

    fn zoom_call(
        &self,
        organization: &OrganizationId,
        call: &'static str,
        outcome: &'static str,
        took: Duration,
    ) {
        let labels = [of(organization), ("call", call.into()), ("outcome", outcome.into())];
        self.zoom_calls.get_or_create(&labels).inc();
        self.zoom_seconds.get_or_create(&[("call", call.into())]).observe(took.as_secs_f64());
    }
}

impl Notifier {
    /// The oldest update has grown older since it was heard of.
    fn age(&self) -> Duration {
        self.oldest.saturating_add(instant().saturating_duration_since(self.heard))
    }
}

/// What is counted stays countable after a panic elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Observer for Metrics {
    fn observe(&self, what: Observed) {
        let actors = &self.actors;
        match what {
            Observed::VisitRestarted => actors.restarted("visit"),
            Observed::ShardRestarted => actors.restarted("shard"),
            Observed::NotifierRestarted => actors.restarted("notifier"),
            Observed::ZoomWorkerRestarted => actors.restarted("zoom_worker"),
            Observed::HubRestarted => actors.restarted("hub"),
            Observed::Appended { took } => actors.append_seconds.observe(took.as_secs_f64()),
            Observed::JournalFull => self.refused("journal"),
            Observed::CommandParked => {
                actors.parked.inc();
            }
            Observed::ShardLost => {
                actors.shards_lost.inc();
            }
            Observed::ShardsHeld(held) => {
                actors.shards_held.set(i64::try_from(held).unwrap_or(i64::MAX));
            }
            Observed::TakenIn { waited } => actors.journal_seconds.observe(waited.as_secs_f64()),
            Observed::ShardStopped => {
                actors.shards_stopped.inc();
            }
            Observed::Restored { behind } => actors.store_went_back.restored(behind),
            Observed::RecentFull => self.refused("recent_facts"),
            Observed::AppendedAgain { facts } => actors.store_went_back.appended_again(facts),
            Observed::Committed { visits, commands, took } => actors.committed(visits, commands, took),
            Observed::HistoryFull { lines } => self.history_full(lines),
            Observed::CommitRetried => {
                actors.commits_retried.inc();
            }
            Observed::EpicAttempt { organization, resp_code, outcome, took, age } => {
                if outcome == Outcome::Delivered {
                    actors.told_seconds.get_or_create(&[of(&organization)]).observe(age.as_secs_f64());
                }
                actors.epic_attempt(&organization, resp_code, outcome, took);
            }
            Observed::Superseded { organization } => {
                actors.epic_superseded.get_or_create(&[of(&organization)]).inc();
            }
            Observed::AttemptOutlived { organization } => {
                actors.epic_outlived.get_or_create(&[of(&organization)]).inc();
            }
            Observed::Notifier { organization, lanes, oldest_ms, breaker_open } => {
                let oldest = Duration::from_millis(u64::try_from(oldest_ms).unwrap_or(0));
                let heard = Notifier { lanes, oldest, breaker_open, heard: instant() };
                lock(&actors.notifiers).insert(organization, heard);
            }
            Observed::ZoomCall { organization, call, outcome, took } => {
                actors.zoom_call(&organization, call, outcome, took);
            }
            Observed::ZoomQueueFull { organization } => {
                actors.zoom_queue_full.get_or_create(&[of(&organization)]).inc();
                self.refused("zoom_queue");
            }
            Observed::Visits { shard, in_memory } => {
                lock(&actors.in_memory).insert(shard, in_memory);
            }
        }
    }
}
