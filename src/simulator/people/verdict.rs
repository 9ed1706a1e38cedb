//! What the service says of its visits, beside what is true.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::super::zoom::{MeetingTruth, PersonTruth, Presence};
use super::ledger::World;

/// Something that the service says, or that a light shows, and that is not so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub csn: String,
    /// Epic's id of the person; none where it is the visit itself.
    pub who: Option<String>,
    pub what: String,
    /// An event that would have told it was lost for good, and its meeting goes on: until it ends nobody can know.
    pub untold: bool,
}

impl Wrong {
    fn of_visit(csn: &str, what: String) -> Self {
        Self { csn: csn.to_owned(), who: None, what, untold: false }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.who {
            Some(who) => write!(f, "visit {}, {who}: {}", self.csn, self.what),
            None => write!(f, "visit {}: {}", self.csn, self.what),
        }
    }
}

/// Compares visits, as `GET /api/v1/visits` tells them, with the truth: the phase of each, the presence and the light of everybody in it,
/// and that each has one meeting and no meeting is without a visit. Group visits are not compared.
pub fn verdict(world: &World, told: &[Value]) -> Vec<Wrong> {
    let truth = Truth::of(world);
    let mut told: Vec<(&str, &Value)> =
        told.iter().filter_map(|visit| Some((visit.get("csn")?.as_str()?, visit))).collect();
    told.sort_by_key(|(csn, _)| *csn);
    let mut wrong = Vec::new();
    for (csn, visit) in &told {
        truth.of_visit(csn, visit, &mut wrong);
    }
    let csns: BTreeSet<&str> = told.iter().map(|(csn, _)| *csn).collect();
    for (csn, people) in &truth.people {
        if !csns.contains(csn.as_str()) {
            let who: Vec<&str> = people.keys().map(String::as_str).collect();
            let what = format!("the service does not know it, and {} came", who.join(", "));
            wrong.push(Wrong::of_visit(csn, what));
        }
    }
    truth.of_meetings(&told, &mut wrong);
    wrong
}

struct Truth<'a> {
    world: &'a World,
    /// By CSN and Epic's id.
    people: BTreeMap<String, BTreeMap<String, PersonTruth>>,
    meetings: BTreeMap<String, MeetingTruth>,
}

impl<'a> Truth<'a> {
    fn of(world: &'a World) -> Self {
        let mut people: BTreeMap<String, BTreeMap<String, PersonTruth>> = BTreeMap::new();
        let groups: BTreeSet<String> =
            world.epic.day().into_iter().filter(|visit| visit.group).map(|visit| visit.csn).collect();
        for person in world.final_truth().into_iter().filter(|person| !groups.contains(&person.csn)) {
            people.entry(person.csn.clone()).or_default().insert(person.external_id.clone(), person);
        }
        let meetings = world.zoom.meetings().into_iter().map(|meeting| (meeting.id.to_string(), meeting));
        Self { world, people, meetings: meetings.collect() }
    }

    fn of_visit(&self, csn: &str, visit: &Value, wrong: &mut Vec<Wrong>) {
        let meeting = meeting_of(visit).and_then(|id| self.meetings.get(id));
        let phase = match meeting {
            Some(meeting) if meeting.uuid.is_some() => "in_progress",
            Some(meeting) if !meeting.ended_uuids.is_empty() => "ended",
            _ => "waiting_for_host",
        };
        let says = |field: &str| visit.get(field).cloned().unwrap_or_default();
        if says("phase") != phase {
            let what = format!("is told as {} and should be {phase}", says("phase"));
            wrong.push(Wrong::of_visit(csn, what));
        }
        let no_one = BTreeMap::new();
        let mut missing = self.people.get(csn).unwrap_or(&no_one).clone();
        for person in visit.get("participants").and_then(Value::as_array).into_iter().flatten() {
            let external_id = person.get("external_id").and_then(Value::as_str);
            let truth = external_id.and_then(|id| missing.remove(id));
            let (presence, light) = truth.map_or((Presence::Gone, false), |one| (one.presence, one.light));
            let connected = presence == Presence::InMeeting;
            let says = |field: &str| person.get(field).cloned().unwrap_or_default();
            let agrees = says("presence") == word(presence)
                && says("wanted") == connected
                && says("connected") == connected
                && light == connected;
            if !agrees {
                let what = format!("should be {}, the light is {light}, is told as {person}", word(presence));
                let untold = external_id.is_some_and(|id| self.is_untold(csn, id));
                let who = external_id.or_else(|| person.get("role")?.as_str()).map(str::to_owned);
                wrong.push(Wrong { csn: csn.to_owned(), who, what, untold });
            }
        }
        for (who, truth) in
            missing.into_iter().filter(|(_, truth)| truth.presence > Presence::Gone || truth.light)
        {
            let what = format!("should be {} and is not told", word(truth.presence));
            let untold = self.is_untold(csn, &who);
            wrong.push(Wrong { csn: csn.to_owned(), who: Some(who), what, untold });
        }
    }

    fn is_untold(&self, csn: &str, external_id: &str) -> bool {
        self.world.ledger.seats_of(csn, external_id).iter().any(|seat| self.world.zoom.is_untold(seat))
    }

    /// One meeting for each visit (I12): what was made besides is removed, and nobody was ever in it.
    fn of_meetings(&self, told: &[(&str, &Value)], wrong: &mut Vec<Wrong>) {
        let mut visits: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (csn, visit) in told {
            if let Some(id) = meeting_of(visit) {
                visits.entry(id).or_default().push(csn);
            }
        }
        for (id, meeting) in &self.meetings {
            let of = visits.get(id.as_str()).map(Vec::as_slice).unwrap_or_default();
            let was_used = meeting.uuid.is_some() || !meeting.ended_uuids.is_empty();
            let what = match of {
                [] if meeting.deleted && !was_used => continue,
                [] if meeting.deleted => "was removed although somebody had been in it",
                [] => "is no visit's",
                [_] if meeting.deleted => "is deleted and still the visit's",
                [_] => continue,
                _ => "is that of several visits",
            };
            wrong.push(Wrong::of_visit(
                &of.join(", "),
                format!("its meeting {id} ({}) {what}", meeting.topic),
            ));
        }
    }
}

fn meeting_of(visit: &Value) -> Option<&str> {
    visit.get("meeting")?.get("id")?.as_str()
}

/// The API's word.
fn word(presence: Presence) -> &'static str {
    match presence {
        Presence::Gone => "gone",
        Presence::WaitingForHost => "waiting",
        Presence::InWaitingRoom => "in_waiting_room",
        Presence::InMeeting => "in_meeting",
    }
}
