//! What the store holds once the last process has ended: every acknowledged fact in its visit, every decided update on record.
//!
//! Facts fold by maxima and sets, so that a fact is in a state exactly when folding it once more changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use vestibule::sealing::Sealer;
use vestibule::settings::{Secret, Settings, StoreUrl};
use vestibule::store::redis::{RedisSettings, RedisStore};
use vestibule::store::{EmbeddedSettings, EmbeddedStore, sealed};
use vestibule::system::SystemClock;
use vestibule::zoom::webhook::{Event, NameKey, parse};
use vestibule_actors::codec;
use vestibule_actors::desk::Snapshot;
use vestibule_actors::port::store::{Outcome, Record, RecordQuery, SharedStore, Space};
use vestibule_domain::command::{Command, Entry};
use vestibule_domain::decide;
use vestibule_domain::fact::{Fact, FactKind};
use vestibule_domain::id::{CommandId, ExternalId, MeetingId, OrganizationId, VisitKey};
use vestibule_domain::intent::ProblemCode;
use vestibule_domain::policy::Policy;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::participant::{ParticipantKey, Role};
use vestibule_domain::visit::{LaunchOutcome, LaunchRecord, Visit};

use super::regulars::Accepted;
use super::site::{ORGANIZATION, SECRET_KEY};

const PAGE: usize = 500;
/// A visit remembers the outcomes of so many launches, for so long.
const MOST_REMEMBERED: usize = 32;
/// Of so many that were taken in one after the other, one was made about when it was taken in.
const ABOUT_THEN: usize = 8;
const REMEMBERED: Span = Span::minutes(10);

pub struct Kept {
    store: SharedStore,
    policy: Policy,
    visits: Vec<Visit>,
}

/// A visit, and the bodies and facts that are of it.
type OfVisit<'a> = (&'a Visit, Vec<(&'a String, Fact)>);

/// How the acknowledged facts fared.
#[derive(Debug, Default)]
pub struct Facts {
    /// In the state of their visit.
    pub reflected: usize,
    /// Of no visit: an event about a meeting that was made and removed, or of somebody else.
    pub of_no_visit: usize,
    pub lost: Vec<String>,
}

impl Kept {
    /// Looks into a store that no process uses any more.
    pub async fn open(settings: &Settings) -> Self {
        let unsealed: SharedStore = match &settings.store.url {
            StoreUrl::Memory => panic!("nothing is kept in memory"),
            StoreUrl::Embedded(folder) => {
                Arc::new(EmbeddedStore::open(EmbeddedSettings::new(folder), Arc::new(SystemClock)).unwrap())
            }
            StoreUrl::Redis(address) => {
                let looking = RedisSettings { accept_unsafe: true, ..RedisSettings::new(address.clone()) };
                Arc::new(RedisStore::open(looking).await.unwrap())
            }
        };
        let store = sealed::over(unsealed, Sealer::new(&settings.store.sealing_keys), false);
        let organization = &settings.organizations[&organization()];
        let visits = visits(&store).await;
        Self { store, policy: organization.policy(settings), visits }
    }

    /// Nothing is left to be taken in, nothing to be told, and nothing was set aside: neither as poison nor as more than a visit keeps. So
    /// a fact that changes a state no more is in it.
    pub async fn assert_settled(&self) {
        for shard in Shard::all() {
            let cursor = self.store.cursor(shard).await.unwrap();
            let journal = self.store.read(shard, cursor, PAGE).await.unwrap();
            // The result of a call that was under way to the end waits for whoever comes next.
            let entries = journal.iter().map(|line| codec::decode::<Entry>(&line.payload).unwrap().command);
            let left: Vec<_> = entries.filter(|c| !matches!(c, Command::IntentClosed { .. })).collect();
            assert!(left.is_empty(), "commands were not taken in: {left:?}");
            let outbox = self.store.outbox(shard, None, PAGE).await.unwrap();
            assert!(outbox.is_empty(), "{} updates were not settled", outbox.len());
        }
        assert_eq!(self.store.parked(PAGE).await.unwrap(), [], "no command is poison");
        for visit in &self.visits {
            assert!(!visit.problems.contains_key(&ProblemCode::HistoryFull), "{:?} is full", visit.key);
        }
    }

    // I3: every event that was answered 2xx is reflected in state; none of them was parked.
    pub fn facts(&self, bodies: &[String]) -> Facts {
        let mut facts = Facts::default();
        let mut of_visits: BTreeMap<&VisitKey, OfVisit<'_>> = BTreeMap::new();
        for body in bodies {
            let Some(fact) = fact_of(body) else { continue };
            match self.visit_of(fact.meeting) {
                Some(visit) => {
                    of_visits.entry(&visit.key).or_insert((visit, Vec::new())).1.push((body, fact))
                }
                None => {
                    facts.of_no_visit += 1;
                    assert!(is_of_a_plan(&fact.kind), "of no visit: {body}");
                }
            }
        }
        for (visit, of_visit) in of_visits.into_values() {
            // Mostly all are there, and one look says so.
            let all = of_visit.iter().map(|(_, fact)| fact.clone());
            let lost: Vec<String> = if self.reflects(visit, all) {
                Vec::new()
            } else {
                let lost = of_visit.iter().filter(|(_, fact)| !self.reflects(visit, [fact.clone()]));
                lost.map(|(body, _)| (*body).clone()).collect()
            };
            facts.reflected += of_visit.len() - lost.len();
            facts.lost.extend(lost);
        }
        facts
    }

    /// Whether one event is in the state of its visit.
    pub fn has(&self, body: &str) -> bool {
        let fact = fact_of(body).expect("a fact");
        self.visit_of(fact.meeting).is_some_and(|visit| self.reflects(visit, [fact]))
    }

    /// Launches that were answered as accepted and of which the store knows nothing.
    pub async fn lost_launches(&self, accepted: &[Accepted]) -> Vec<String> {
        let mut lost = Vec::new();
        for launch in accepted {
            let (outcome, ticket) = (self.has_outcome(launch), self.has_ticket(launch).await);
            if !outcome || !ticket {
                let known = self.participant(launch).map(|(visit, _)| {
                    let remembered = visit.launches.iter().map(|record| (record.at, &record.outcome));
                    remembered.collect::<Vec<_>>()
                });
                lost.push(format!("outcome {outcome}, ticket {ticket}: {launch:?}; remembered: {known:?}"));
            }
        }
        lost
    }

    /// Who launched, as the visit knows it.
    fn participant(&self, launch: &Accepted) -> Option<(&Visit, &ParticipantKey)> {
        let visit =
            self.visits.iter().find(|visit| visit.csn().is_some_and(|csn| csn.as_str() == launch.csn))?;
        let (key, _) = visit.participants.iter().find(|(key, person)| {
            let external_id = person.external_id.as_ref().map(ExternalId::as_str);
            key.role() == launch.role && external_id == Some(launch.external_id.as_str())
        })?;
        Some((visit, key))
    }

    fn has_outcome(&self, launch: &Accepted) -> bool {
        let Some((visit, key)) = self.participant(launch) else { return false };
        let launches = &visit.launches;
        // Outcomes are remembered for a bounded time and number; older ones have done what they did.
        let newest = launches.iter().map(|record| record.at).max().unwrap_or_default();
        // They leave in the order in which they were taken in, which is not that of their times: what a door had sent off may come late.
        let left_until = launches.iter().take(ABOUT_THEN).map(|record| record.at).max().unwrap_or_default();
        let forgotten = launch.answered + REMEMBERED <= newest
            || (launches.len() >= MOST_REMEMBERED && launch.sent <= left_until);
        let accepted = LaunchOutcome::Accepted { participant: key.clone() };
        let is_it = |record: &LaunchRecord| {
            launch.sent <= record.at && record.at <= launch.answered && record.outcome == accepted
        };
        forgotten || launches.iter().any(is_it)
    }

    async fn has_ticket(&self, launch: &Accepted) -> bool {
        let Some(name) = &launch.ticket else { return true };
        let Some((visit, key)) = self.participant(launch) else { return false };
        let Some(value) = self.store.get(Space::Ticket, name).await.unwrap() else { return false };
        let ticket: Value = serde_json::from_slice(&value).unwrap();
        ticket["visit"] == serde_json::to_value(&visit.key).unwrap()
            && ticket["participant"] == serde_json::to_value(key).unwrap()
    }

    fn visit_of(&self, meeting: MeetingId) -> Option<&Visit> {
        let owns = |visit: &&Visit| {
            visit.meeting.as_ref().is_some_and(|own| own.id == meeting)
                || visit.deleted.contains_key(&meeting)
                || visit.superfluous.contains(&meeting)
        };
        self.visits.iter().find(owns)
    }

    fn reflects(&self, visit: &Visit, facts: impl IntoIterator<Item = Fact>) -> bool {
        let again = facts.into_iter().fold(visit.clone(), |before, fact| {
            let id = CommandId::new("once-more").unwrap();
            let entry = Entry { id, at: visit.updated_at, command: Command::Fact(fact) };
            decide(&before, &entry, visit.updated_at, &self.policy).visit
        });
        told_by_facts(&again) == told_by_facts(visit)
    }

    // I9: what Epic has acknowledged last is what it should have.
    pub fn assert_every_light_stands(&self) {
        for visit in &self.visits {
            for (key, person) in &visit.participants {
                assert!(person.light.is_settled(), "{key:?} of {:?}: {:?}", visit.key, person.light);
                assert_eq!(person.light.wanted, person.light.connected, "{key:?} of {:?}", visit.key);
            }
        }
    }

    // I8: every decided update is acknowledged, superseded by a newer one, or parked with an alert.
    pub async fn assert_every_update_is_on_record(&self) -> usize {
        let settled = self.records().await;
        let mut updates = 0;
        for visit in &self.visits {
            for (key, person) in &visit.participants {
                let csn = visit.csn().unwrap().as_str().to_owned();
                let on_record = settled.get(&(csn, key.role())).map(Vec::as_slice).unwrap_or_default();
                let ends = on_record.iter().filter(|record| record.outcome != Outcome::Retrying).count();
                let decided = usize::try_from(person.light.decided).unwrap();
                assert!(
                    ends >= decided,
                    "{key:?}: {decided} updates were decided, on record are {on_record:#?}"
                );
                updates += decided;
            }
        }
        updates
    }

    /// The records by CSN and role, newest first; a visit of these tests has one person in each role.
    async fn records(&self) -> BTreeMap<(String, Role), Vec<Record>> {
        let mut found: BTreeMap<_, Vec<Record>> = BTreeMap::new();
        let mut query = RecordQuery { limit: PAGE, ..RecordQuery::default() };
        loop {
            let page = self.store.records(query.clone()).await.unwrap();
            for record in page.items {
                let csn = record.csn.as_ref().unwrap().as_str().to_owned();
                found.entry((csn, record.role)).or_default().push(record);
            }
            query.before = page.next;
            if query.before.is_none() {
                return found;
            }
        }
    }
}

async fn visits(store: &SharedStore) -> Vec<Visit> {
    let (mut visits, mut after) = (Vec::new(), None);
    loop {
        let page = store.visits(None, after, PAGE).await.unwrap();
        visits.extend(page.items.iter().map(|stored| Snapshot::read(stored).unwrap().visit));
        after = page.next;
        if after.is_none() {
            return visits;
        }
    }
}

/// The parts of a state that facts alone make.
fn told_by_facts(visit: &Visit) -> Value {
    let mut state = serde_json::to_value(visit).unwrap();
    let meeting = |field: &str| state["meeting"][field].clone();
    let settings = [meeting("waiting_room_update"), meeting("join_before_host_update")];
    let parts = ["instances", "before_host", "deleted"].map(|part| state[part].take());
    serde_json::json!([settings, parts])
}

fn fact_of(body: &str) -> Option<Fact> {
    let names = NameKey::new(Secret::new(SECRET_KEY));
    match parse(body.as_bytes(), Moment(0), &names).unwrap() {
        Event::Fact { fact, .. } => Some(*fact),
        _ => None,
    }
}

fn is_of_a_plan(kind: &FactKind) -> bool {
    matches!(kind, FactKind::Created | FactKind::Updated { .. } | FactKind::Deleted)
}

fn organization() -> OrganizationId {
    OrganizationId::new(ORGANIZATION).unwrap()
}
