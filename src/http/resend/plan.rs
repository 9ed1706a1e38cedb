//! What would be sent again of the records that a search finds: of each person the newest status alone, once.

use std::collections::{BTreeMap, BTreeSet};

use vestibule_actors::desk::Snapshot;
use vestibule_actors::port::store::{Record, RecordQuery};
use vestibule_domain::effect::{LaneName, Topic};
use vestibule_domain::id::{Csn, MeetingId, OrganizationId, VisitId, VisitKey};
use vestibule_domain::visit::Visit;
use vestibule_domain::visit::participant::Role;

use crate::http::api::{GROUPS_LOOKED_THROUGH, last_single_visit};
use crate::http::app::App;
use crate::http::ask::{MOST_ROWS, stored};
use crate::http::problem::ApiError;
use crate::web::TooMuch;

/// One act is about so many records at most,
pub const MOST_RECORDS: usize = 2_000;
/// and sends so many updates at most.
pub const MOST_UPDATES: usize = 500;
/// So many searches find the records; each looks through a bounded number of them.
const MOST_SEARCHES: usize = 50;
/// So many of them are loaded at once.
const LOADED_AT_ONCE: usize = 256;

/// What an act would send, and what not.
#[derive(Debug, Default)]
pub struct Plan {
    /// What the search found.
    pub records: usize,
    /// What is sent for them: lanes, with the number of each one's newest update.
    pub lanes: BTreeMap<(VisitKey, LaneName), u64>,
    /// Records of visits that are not kept any more.
    pub gone: usize,
    /// Records of which it is not known whether their visit is kept: there are more group visits than are looked through.
    pub unsearched: usize,
    /// Records of people of whom nothing can be sent: Epic's id of them is not known here, or they do not belong to the visit any more.
    pub nobody: usize,
}

impl Plan {
    /// How many visits something is sent of.
    pub fn visits(&self) -> usize {
        self.lanes.keys().map(|(visit, _)| visit).collect::<BTreeSet<_>>().len()
    }

    /// How many people something is sent of.
    pub fn people(&self) -> usize {
        self.lanes.keys().map(|(visit, lane)| (visit, &lane.participant)).collect::<BTreeSet<_>>().len()
    }
}

/// Counts what the records of a search come to.
///
/// # Errors
/// [`ApiError`] when the store does not answer.
pub async fn of(
    app: &App,
    organization: &OrganizationId,
    search: &RecordQuery,
) -> Result<Result<Plan, TooMuch>, ApiError> {
    let records = match found(app, search).await? {
        Ok(records) => records,
        Err(too_much) => return Ok(Err(too_much)),
    };
    let mut visits = Visits { app, organization, known: BTreeMap::new(), groups: None };
    let mut plan = Plan { records: records.len(), ..Plan::default() };
    for record in &records {
        match visits.of(record).await? {
            Found::Gone => plan.gone += 1,
            Found::Unsearched => plan.unsearched += 1,
            Found::Visit(key, told) => {
                let mut lanes = told.iter().filter(|told| told.is_of(record)).peekable();
                if lanes.peek().is_none() {
                    plan.nobody += 1;
                }
                plan.lanes.extend(lanes.map(|told| ((key.clone(), told.lane.clone()), told.seq)));
            }
        }
    }
    let updates = plan.lanes.len();
    if updates > MOST_UPDATES {
        app.metrics.refused("resend_updates");
        return Ok(Err(TooMuch::Updates { updates, most: MOST_UPDATES }));
    }
    Ok(Ok(plan))
}

async fn found(app: &App, search: &RecordQuery) -> Result<Result<Vec<Record>, TooMuch>, ApiError> {
    let mut query = RecordQuery { limit: MOST_ROWS, before: None, ..search.clone() };
    let mut records = Vec::new();
    for _ in 0..MOST_SEARCHES {
        let page = stored(app.desk.ports().store.records(query.clone())).await?;
        records.extend(page.items);
        if records.len() > MOST_RECORDS {
            app.metrics.refused("resend_records");
            return Ok(Err(TooMuch::Records { most: MOST_RECORDS }));
        }
        match page.next {
            None => return Ok(Ok(records)),
            next => query.before = next,
        }
    }
    app.metrics.refused("resend_searches");
    Ok(Err(TooMuch::Searched))
}

/// A lane of a visit of which Epic can be told once more.
struct Told {
    lane: LaneName,
    csn: Option<Csn>,
    seq: u64,
}

impl Told {
    /// A record names nobody: of several people of one role in a visit it is about each, which is harmless.
    fn is_of(&self, record: &Record) -> bool {
        let role: Role = self.lane.participant.role();
        let topic: Topic = self.lane.topic;
        role == record.role && topic == record.says.topic() && self.csn == record.csn
    }
}

fn told(visit: &Visit) -> Vec<Told> {
    visit.told_lanes().map(|told| Told { lane: told.lane, csn: told.csn.cloned(), seq: told.seq }).collect()
}

/// The visits that records are of, each read once.
struct Visits<'a> {
    app: &'a App,
    organization: &'a OrganizationId,
    known: BTreeMap<VisitKey, Option<Vec<Told>>>,
    /// Group visits by what their records are found by, once a record has needed them.
    groups: Option<Groups>,
}

/// What becomes of a record's visit.
enum Found<'a> {
    /// With what Epic was told of it.
    Visit(VisitKey, &'a [Told]),
    /// It is not kept any more.
    Gone,
    /// It was not found, and there are group visits that were not looked through.
    Unsearched,
}

#[derive(Default)]
struct Groups {
    by_csn: BTreeMap<Csn, VisitKey>,
    by_meeting: BTreeMap<MeetingId, VisitKey>,
    /// There are more, which were not looked through.
    more: bool,
}

impl Visits<'_> {
    /// The visit of a record.
    async fn of(&mut self, record: &Record) -> Result<Found<'_>, ApiError> {
        if let Some(csn) = &record.csn {
            let key = VisitKey { organization: self.organization.clone(), visit: VisitId::Csn(csn.clone()) };
            if !self.known.contains_key(&key) {
                let seen = self.app.desk.visit(&key).await?;
                self.known.insert(key.clone(), seen.map(|seen| told(&seen.visit)));
            }
            if matches!(self.known.get(&key), Some(Some(_))) {
                return Ok(self.listed(key));
            }
        }
        if self.groups.is_none() {
            self.groups = Some(self.read_groups().await?);
        }
        let groups = self.groups.as_ref();
        let by_csn = record.csn.as_ref().and_then(|csn| groups?.by_csn.get(csn));
        let by_meeting = || record.meeting.and_then(|meeting| groups?.by_meeting.get(&meeting));
        let key = by_csn.or_else(by_meeting).cloned();
        Ok(match key {
            Some(key) => self.listed(key),
            None if groups.is_some_and(|groups| groups.more) => Found::Unsearched,
            None => Found::Gone,
        })
    }

    fn listed(&self, key: VisitKey) -> Found<'_> {
        match self.known.get(&key) {
            Some(Some(told)) => Found::Visit(key, told),
            _ => Found::Gone,
        }
    }

    async fn read_groups(&mut self) -> Result<Groups, ApiError> {
        let (mut groups, mut looked_through) = (Groups::default(), 0);
        let mut after = last_single_visit(self.organization);
        loop {
            let store = &self.app.desk.ports().store;
            let page = stored(store.visits(Some(self.organization), after.take(), LOADED_AT_ONCE)).await?;
            looked_through += page.items.len();
            // One that cannot be read must not keep the others from being found.
            for seen in page.items.iter().filter_map(|it| Snapshot::read(it).ok()) {
                let (key, visit) = (&seen.visit.key, &seen.visit);
                let csns = visit.participants.values().filter_map(|person| person.csn.clone());
                groups.by_csn.extend(csns.map(|csn| (csn, key.clone())));
                let meeting = visit.meeting.as_ref().map(|meeting| meeting.id);
                groups.by_meeting.extend(meeting.map(|meeting| (meeting, key.clone())));
                self.known.insert(key.clone(), Some(told(visit)));
            }
            after = page.next;
            if after.is_none() {
                return Ok(groups);
            }
            if looked_through >= GROUPS_LOOKED_THROUGH {
                self.app.metrics.refused("groups_looked_through");
                groups.more = true;
                return Ok(groups);
            }
        }
    }
}
