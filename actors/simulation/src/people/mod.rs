//! People: they launch at any node, wait on a page that any node serves, go in when they are let, leave, crash and come back.

pub mod board;
mod page;
pub mod plan;
mod stay;

use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use vestibule_actors::port::clock::instant;
use vestibule_domain::command::Launch;
use vestibule_domain::visit::booking::{BookingRead, EncounterProvider};
use vestibule_domain::visit::device_test::{DeviceTest, TestOutcome};
use vestibule_domain::visit::{LaunchOutcome, LaunchRefusal};

use crate::audit::breach;
use crate::chance::Chance;
use crate::world::{Stage, World};
use plan::PersonPlan;
use vestibule_domain::id::VisitKey;
use vestibule_domain::visit::participant::ParticipantKey;

/// When all is well a launch is decided within this.
const DECIDED_WITHIN: Duration = Duration::from_secs(30);
/// When all is well everybody is let in within this; a create without an answer, looked for and made again, takes a good part of it.
const LET_IN_WITHIN: Duration = Duration::from_secs(200);

/// Somebody.
pub struct Person {
    world: Arc<World>,
    plan: PersonPlan,
    visit: VisitKey,
    me: ParticipantKey,
    chance: Chance,
    /// For device tests alone; none where nobody tests.
    tests: Option<Chance>,
}

/// What became of a launch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Launched {
    Accepted,
    Refused,
    Unanswered,
}

impl Person {
    /// Somebody of the plan; `number` tells them from all others.
    #[must_use]
    pub fn new(world: &Arc<World>, visit: VisitKey, plan: PersonPlan, number: u64) -> Self {
        let chance = Chance::stream(world.scenario.seed, "person", number);
        // In one run of four people test their devices at all.
        let happens = Chance::stream(world.scenario.seed, "device tests", 0).percent(25);
        let tests = happens.then(|| Chance::stream(world.scenario.seed, "device test", number));
        Self { world: Arc::clone(world), visit, me: plan.key(), plan, chance, tests }
    }

    fn note(&self, what: std::fmt::Arguments<'_>) {
        self.world.note(self.world.about(&self.visit), format_args!("{:?} {what}", self.me));
    }

    fn any_node(&mut self) -> usize {
        self.chance.index(self.world.scenario.nodes)
    }

    /// Whatever they do from first to last.
    pub async fn live(mut self) {
        self.test_device().await;
        sleep_until(self.world.time.at(self.plan.comes)).await;
        let mut refused = false;
        for _ in 0..self.plan.times {
            if self.world.stage() > Stage::Trouble {
                break;
            }
            self.test_device().await;
            refused = !self.take_part().await;
            let pause = self.chance.millis(2_000, 60_000);
            // Whoever is away comes back for the last time when all is well.
            let _ = timeout(pause, self.world.reached(Stage::Calm)).await;
        }
        self.world.reached(Stage::Calm).await;
        if !refused {
            self.take_part_for_the_last_time().await;
        }
        if !self.plan.is_provider() {
            self.world.has_come(&self.visit);
        }
    }

    /// Launches, waits, goes in and leaves, as far as all that comes about. `false` when the visit is another's.
    async fn take_part(&mut self) -> bool {
        let patience = instant() + self.chance.millis(20_000, 120_000);
        loop {
            match self.launch().await {
                Launched::Accepted => break,
                Launched::Refused => return false,
                Launched::Unanswered if instant() >= patience => return true,
                Launched::Unanswered => sleep(self.chance.millis(500, 5_000)).await,
            }
        }
        let patience = instant() + self.chance.millis(20_000, 150_000);
        if let Some(way) = self.wait_to_be_let_in(patience).await {
            self.stay(&way).await;
        } else {
            self.note(format_args!("gives up waiting"));
        }
        true
    }

    /// When all is well everybody must get in.
    async fn take_part_for_the_last_time(&mut self) {
        let begins = if self.plan.is_provider() { (0, 3_000) } else { (2_000, 12_000) };
        sleep(self.chance.millis(begins.0, begins.1)).await;
        let late = instant() + DECIDED_WITHIN;
        loop {
            match self.launch().await {
                Launched::Accepted => break,
                Launched::Refused => return,
                Launched::Unanswered if instant() < late => sleep(Duration::from_millis(500)).await,
                Launched::Unanswered => return self.is_left_alone("gets no answer to a launch"),
            }
        }
        for _ in 0..5 {
            let late = instant() + LET_IN_WITHIN;
            let Some(way) = self.wait_to_be_let_in(late).await else {
                return self.is_left_alone("is not let in");
            };
            if self.stay_for_the_last_time(&way).await {
                return;
            }
        }
        self.is_left_alone("is sent to meetings that are gone");
    }

    fn is_left_alone(&self, how: &str) {
        let visit = self.world.about(&self.visit);
        self.world.judge(visit, breach("liveness", format!("{:?} {how}, though all is well", self.me)));
    }

    /// What Epic says of the appointment at a launch, where it says anything: in times of trouble now and then that it is off. When all is
    /// well it stands, and every door can read that.
    fn booking(&mut self) -> Option<BookingRead> {
        let trouble = self.world.stage() <= Stage::Trouble;
        if trouble && self.chance.percent(60) {
            return None;
        }
        let leads = EncounterProvider { fhir_user: self.plan.leader.clone(), name: None };
        Some(BookingRead {
            at: self.world.time.now(),
            provider: Some(leads),
            called_off: Some(trouble && self.chance.percent(12)),
            starts: None,
        })
    }

    /// Now and then people of the patient's side test their device before they come, some of them again. A door that does not answer
    /// is not tried again.
    async fn test_device(&mut self) {
        let Some(mut chance) = self.tests.take() else { return };
        while !self.plan.is_provider() && !self.plan.foreign && chance.percent(40) {
            let outcome = chance.pick(&TestOutcome::ALL).unwrap_or(TestOutcome::Unclear);
            let launch = &self.plan.launch;
            let test = DeviceTest {
                at: self.world.time.now(),
                outcome,
                patient: launch.names_patient().cloned(),
                csn: launch.csn.clone(),
                external_id: launch.external_id.clone(),
                external_id_type: None,
                tentative: chance.percent(20),
            };
            self.note(format_args!("comes back from a test that {}", outcome.as_str()));
            let (node, visit, me) =
                (chance.index(self.world.scenario.nodes), self.visit.clone(), self.me.clone());
            let came_back = self.world.at_door(node, Duration::from_secs(5), move |inside| {
                Box::pin(async move { inside.desk.submit_test(&visit, me, test).await.is_ok() })
            });
            if came_back.await == Some(true) {
                self.world.trace.count("device tests that people came back from");
            }
        }
        self.tests = Some(chance);
    }

    async fn launch(&mut self) -> Launched {
        let node = self.any_node();
        let booking = self.booking();
        let (visit, launch) = (self.visit.clone(), Launch { booking, ..self.plan.launch.clone() });
        self.note(format_args!("launches at node {node}"));
        let answer = self
            .world
            .at_door(node, Duration::from_secs(8), move |inside| {
                Box::pin(async move {
                    inside
                        .desk
                        .launch(&visit, launch, Duration::from_secs(5))
                        .await
                        .map(|launched| launched.decided)
                })
            })
            .await;
        match answer {
            Some(Ok(Some((LaunchOutcome::Accepted { .. }, _)))) => Launched::Accepted,
            // It may stand again the next time.
            Some(Ok(Some((LaunchOutcome::Refused(LaunchRefusal::CalledOff), _)))) => {
                self.note(format_args!("is told that it was called off"));
                Launched::Unanswered
            }
            Some(Ok(Some((LaunchOutcome::Refused(why), _)))) => {
                self.note(format_args!("is refused: {why:?}"));
                Launched::Refused
            }
            // It is durable, and the page waits for it.
            Some(Ok(None)) => Launched::Accepted,
            Some(Err(_)) | None => Launched::Unanswered,
        }
    }
}

/// Waits until a time or a stage, whichever comes first.
async fn until_or(world: &World, at: Instant, stage: Stage) {
    let _ = tokio::time::timeout_at(at, world.reached(stage)).await;
}
