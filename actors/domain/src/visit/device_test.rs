//! Device tests: somebody tries camera and microphone at a page of another vendor before the visit, and comes back with a result.
//!
//! A test is no launch. Nobody takes part by it, nothing is bound, no meeting is made and no light follows; it may come days before
//! anybody launches. Of each person the newest result stands, by its own time, so that any order and any number of copies of the same
//! results end in the same state.

use super::Visit;
use super::decide::Deciding;
use super::participant::{ParticipantKey, Role};
use crate::effect::{Effect, Says, Update};
use crate::id::{Csn, ExternalId, ExternalIdType, FhirReference};
use crate::intent::ProblemCode;
use crate::time::Moment;
use serde::{Deserialize, Serialize};

/// A visit keeps the tests of at most so many people; that of one more is not kept.
pub const MOST_DEVICE_TESTS: usize = super::MOST_PARTICIPANTS;

/// What came out of a test. Of two results of the same moment the better one stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    /// The person came back, and what the test said of it is nothing that the settings know.
    Unclear,
    /// The test says that something does not work.
    Failed,
    /// The test says that all works.
    Passed,
}

impl TestOutcome {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Unclear, Self::Failed, Self::Passed];

    /// The outcome as the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unclear => "unclear",
            Self::Failed => "failed",
            Self::Passed => "passed",
        }
    }
}

/// One result. The order is what makes one stand before another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct DeviceTest {
    /// When the person came back with it.
    pub at: Moment,
    /// What came out.
    pub outcome: TestOutcome,
    /// The patient whose visit the test was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<FhirReference>,
    /// The CSN that the launch gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csn: Option<Csn>,
    /// The person by Epic's own id; without it Epic cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// Its kind, where the launch said it; else the role gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id_type: Option<ExternalIdType>,
    /// The test may have been for another visit: Epic is told once somebody has launched this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tentative: bool,
}

/// A person's result, and how far Epic knows of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KnownTest {
    /// The newest result.
    #[serde(flatten)]
    pub test: DeviceTest,
    /// What Epic was told, where it is told of tests.
    #[serde(default, skip_serializing_if = "Told::is_nothing")]
    pub told: Told,
    /// Epic is to be told of the newest result, and no update says it yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untold: bool,
}

/// How far the updates of a lane have come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Told {
    /// The last update's number; 0 while none was decided.
    pub decided: u64,
    /// The last acknowledged update's number.
    pub acknowledged: u64,
    /// The last update that was settled in whatever way.
    pub settled: u64,
    /// The last parked update that somebody on duty has given up for good.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub dropped: u64,
}

impl Told {
    /// Whether Epic has been told everything that was decided, or it was given up.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.settled >= self.decided
    }

    /// Whether Epic has acknowledged the newest.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.acknowledged >= self.decided
    }

    /// Whether Epic has acknowledged the newest, or somebody has dropped it.
    pub(super) fn is_done(&self) -> bool {
        self.acknowledged.max(self.dropped) >= self.decided
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// How an update ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// Epic acknowledged it.
    Delivered,
    /// Epic refused it for good, or it was given up.
    Parked,
    /// A newer one took its place.
    Superseded,
}

impl Visit {
    /// The results of people who belong here: once a patient is bound, nobody else's counts.
    pub fn tests(&self) -> impl Iterator<Item = (&ParticipantKey, &KnownTest)> {
        let belongs = |test: &DeviceTest| self.may_be_about(test.csn.as_ref(), test.patient.as_ref());
        self.device_tests.iter().filter(move |(_, known)| belongs(&known.test))
    }

    /// The result of one person.
    #[must_use]
    pub fn test_of(&self, participant: &ParticipantKey) -> Option<&KnownTest> {
        self.tests().find(|(key, _)| *key == participant).map(|(_, known)| known)
    }

    /// Whether the result of this person would be kept, of however many have tested.
    #[must_use]
    pub fn has_room_for_test(&self, participant: &ParticipantKey) -> bool {
        self.device_tests.len() < MOST_DEVICE_TESTS || self.device_tests.contains_key(participant)
    }
}

impl Deciding<'_> {
    pub(super) fn device_tested(&mut self, participant: &ParticipantKey, test: &DeviceTest) {
        // A door whose clock is ahead must not outweigh the next test.
        let test = DeviceTest { at: test.at.min(self.now), ..test.clone() };
        let belongs = matches!(participant.role(), Role::Patient | Role::Proxy)
            && self.visit.may_be_about(test.csn.as_ref(), test.patient.as_ref());
        let newest = self.visit.device_tests.get(participant).is_none_or(|known| known.test < test);
        if !belongs || !newest || !self.visit.has_room_for_test(participant) {
            return;
        }
        let untold = self.policy.tell_device_tests;
        let told = self.visit.device_tests.get(participant).map_or_else(Told::default, |known| known.told);
        self.visit.device_tests.insert(participant.clone(), KnownTest { test, told, untold });
    }

    /// Decides the updates that are due.
    pub(super) fn tell_of_device_tests(&mut self) {
        let launched = !self.visit.participants.is_empty();
        let is_due = |known: &KnownTest| known.untold && (launched || !known.test.tentative);
        let due = self.visit.tests().filter(|(_, known)| is_due(known));
        for participant in due.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            self.tell_of_device_test(&participant);
        }
    }

    pub(super) fn device_test_settled(&mut self, participant: &ParticipantKey, seq: u64, how: Settled) {
        let Some(known) = self.visit.device_tests.get_mut(participant) else { return };
        // One that was never decided, such as one of a state that the store lost, settles nothing.
        if seq > known.told.decided {
            return;
        }
        let is_news = seq > known.told.settled;
        known.told.settled = known.told.settled.max(seq);
        match how {
            Settled::Delivered => {
                known.told.acknowledged = known.told.acknowledged.max(seq);
                self.forget_the_parked();
            }
            Settled::Parked if is_news => self.sticky_problem(ProblemCode::UpdateParked),
            Settled::Parked | Settled::Superseded => {}
        }
    }

    /// What stands at Epic may be older than the newest result, which is therefore told once more.
    pub(super) fn tell_of_device_test_again(&mut self, participant: &ParticipantKey) {
        if self.visit.device_tests.get(participant).is_some_and(|known| known.told.decided > 0) {
            self.tell_of_device_test(participant);
        }
    }

    fn tell_of_device_test(&mut self, participant: &ParticipantKey) {
        let (meeting, csn) =
            (self.visit.meeting.as_ref().map(|meeting| meeting.id), self.visit.csn().cloned());
        let Some(known) = self.visit.device_tests.get_mut(participant) else { return };
        known.untold = false;
        let Some(external_id) = known.test.external_id.clone() else { return };
        known.told.decided += 1;
        self.effects.push(Effect::Notify(Update {
            participant: participant.clone(),
            seq: known.told.decided,
            says: Says::DeviceTest(known.test.outcome),
            occurred_at: known.test.at,
            decided_at: self.now,
            role: participant.role(),
            external_id,
            external_id_type: known.test.external_id_type.clone(),
            csn: known.test.csn.clone().or(csn),
            meeting,
            resend: false,
        }));
    }
}
