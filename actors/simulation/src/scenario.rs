//! What a seed stands for: how many nodes and visits, which faults may come, and how the organizations are set up.
//!
//! No run has everything. A run with few kinds of faults goes deeper into those that it has, and what one kind would hide shows in runs
//! without it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use vestibule_actors::port::organizations::NotifierRules;
use vestibule_domain::backoff::Backoff;
use vestibule_domain::gate::Limits;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::intent::MeetingSettings;
use vestibule_domain::lane::LaneRules;
use vestibule_domain::policy::{
    Admittance, GuestRules, MarkerRules, PatientIdentity, PatientRules, Policy, WaitingCountsAs,
};
use vestibule_domain::time::Span;

use crate::chance::Chance;
use crate::people::plan::{VisitPlan, plan_visits};

/// A kind of fault.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fault {
    /// A process dies, and another one is started in its place.
    Crash,
    /// A process is told to go, and another one is started in its place.
    Drain,
    /// A process stands still for a while, mostly for longer than its leases last.
    Freeze,
    /// A node cannot reach the store, or does not hear its answers.
    Cut,
    /// A node's way to the store is slow.
    Slow,
    /// Some of a node's calls of the store fail, before or after they were done.
    Flaky,
    /// Nobody can reach the store.
    Away,
    /// The store loses what it wrote last.
    GoesBack,
    /// Hints are lost.
    Hints,
    /// An Epic fails for a while.
    Epic,
    /// Zoom's interface fails for a while.
    Zoom,
    /// Zoom's events are late for a while.
    Events,
}

const FAULTS: [Fault; 12] = [
    Fault::Crash,
    Fault::Drain,
    Fault::Freeze,
    Fault::Cut,
    Fault::Slow,
    Fault::Flaky,
    Fault::Away,
    Fault::GoesBack,
    Fault::Hints,
    Fault::Epic,
    Fault::Zoom,
    Fault::Events,
];

/// How an organization is set up.
#[derive(Clone, Debug)]
pub struct OrganizationPlan {
    /// Its name.
    pub id: OrganizationId,
    /// The rules of its visits.
    pub policy: Arc<Policy>,
    /// How its Epic is to be told.
    pub notifier: NotifierRules,
    /// Its Zoom account has no waiting room, whatever is asked for.
    pub waiting_room_locked_off: bool,
}

impl OrganizationPlan {
    /// The settings that hold at Zoom when these are asked for.
    #[must_use]
    pub fn effective(&self, asked: MeetingSettings) -> MeetingSettings {
        MeetingSettings { waiting_room: asked.waiting_room && !self.waiting_room_locked_off, ..asked }
    }
}

/// What goes wrong with single calls and events even when nothing is out of order; so many of a hundred.
#[derive(Clone, Copy, Debug)]
pub struct Everyday {
    /// Calls of the store that take some milliseconds.
    pub jitter: u64,
    /// Calls of Zoom that are refused, run into a limit or get no answer.
    pub zoom: u64,
    /// Attempts at Epic that fail or get no answer.
    pub epic: u64,
    /// Events that come a second time.
    pub doubled: u64,
    /// Events that take many seconds to come.
    pub late: u64,
    /// Events that never come, of the kinds that can be made good.
    pub lost: u64,
    /// Ends of meetings that are never told, which only a reading makes good.
    pub lost_ends: u64,
}

/// What a seed stands for.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The seed.
    pub seed: u64,
    /// How many nodes there are.
    pub nodes: usize,
    /// For how long faults come.
    pub trouble: Duration,
    /// Without a hint an owner looks at its journal this often.
    pub look_every: Duration,
    /// The kinds of faults that may come.
    pub faults: BTreeSet<Fault>,
    /// Between two faults lie so many milliseconds at the most.
    pub calm: u64,
    /// What goes wrong anyhow.
    pub everyday: Everyday,
    /// Who takes part.
    pub organizations: Vec<OrganizationPlan>,
    /// The visits and their people.
    pub visits: Vec<VisitPlan>,
}

impl Scenario {
    /// The scenario of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut chance = Chance::stream(seed, "scenario", 0);
        let often = [20, 45, 70].get(chance.index(3)).copied().unwrap_or(50);
        let faults = FAULTS.into_iter().filter(|_| chance.percent(often)).collect();
        let trouble = match chance.below(10) {
            0 => chance.millis(300_000, 600_000),
            1..=3 => chance.millis(150_000, 300_000),
            _ => chance.millis(60_000, 150_000),
        };
        let mut organizations =
            vec![organization("lakeside", &mut chance), organization("hillside", &mut chance)];
        know_patients_by_users(seed, &mut organizations);
        let visits = plan_visits(&organizations, trouble, &mut chance);
        Self {
            seed,
            nodes: 2 + chance.index(3),
            trouble,
            look_every: Duration::from_millis(chance.pick(&[500, 2_000, 4_000]).unwrap_or(500)),
            faults,
            calm: chance.pick(&[4_000, 10_000, 25_000]).unwrap_or(10_000),
            everyday: everyday(&mut chance),
            organizations,
            visits,
        }
    }

    /// An organization's plan.
    #[must_use]
    pub fn organization(&self, id: &OrganizationId) -> Option<&OrganizationPlan> {
        self.organizations.iter().find(|plan| plan.id == *id)
    }
}

fn everyday(chance: &mut Chance) -> Everyday {
    let mut some = |most: u64| if chance.percent(40) { 0 } else { chance.below(most + 1) };
    Everyday {
        jitter: some(30),
        zoom: some(25),
        epic: some(25),
        doubled: some(30),
        late: some(30),
        lost: some(20),
        lost_ends: some(40),
    }
}

/// In one run of four some organizations know their patients by users of Zoom.
fn know_patients_by_users(seed: u64, organizations: &mut [OrganizationPlan]) {
    let mut chance = Chance::stream(seed, "identities", 0);
    if !chance.percent(25) {
        return;
    }
    for plan in organizations {
        if chance.percent(70) {
            Arc::make_mut(&mut plan.policy).patients.identity = PatientIdentity::TemporaryUser;
        }
    }
}

fn organization(name: &str, chance: &mut Chance) -> OrganizationPlan {
    let policy = Policy {
        admittance: if chance.percent(50) { Admittance::Automatic } else { Admittance::Manual },
        waiting_counts_as: if chance.percent(50) {
            WaitingCountsAs::Nothing
        } else {
            WaitingCountsAs::Connected
        },
        reopen: Span::hours(12),
        page_presence: Span::seconds(90),
        keep: Span::hours(24),
        early: Span::minutes(20),
        late: Span::minutes(40),
        provider_gone: Span::minutes(15),
        longest: Span::hours(8),
        keep_tested: Span::hours(14 * 24),
        tell_device_tests: true,
        check_after: Span::seconds(10),
        check_every: Span::seconds(15),
        call: Span::seconds(20),
        margin: Span::seconds(5),
        patients: PatientRules::default(),
        guests: GuestRules::default(),
        markers: MarkerRules::default(),
    };
    let limits = Limits {
        per_second: chance.pick(&[1, 3, 10]).unwrap_or(10),
        concurrent: chance.pick(&[1, 2, 5]).unwrap_or(5),
        failures: 5,
        probe_every: Span::seconds(5),
        unused: Span::seconds(1),
        permit_life: Span::seconds(15),
        longest_pause: Span::minutes(10),
    };
    let backoff = Backoff { first: Span(500), most: Span::seconds(30) };
    let lane = LaneRules { backoff, give_up_after: Span::hours(24), doubt: Span::seconds(10) };
    OrganizationPlan {
        id: OrganizationId::new(name).expect("lower-case letters are a name"),
        policy: Arc::new(policy),
        notifier: NotifierRules { limits, lane },
        waiting_room_locked_off: chance.percent(15),
    }
}
