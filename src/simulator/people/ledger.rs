//! Who of Epic's people sits in which seat at Zoom. No system knows this by itself: it is what the service has to find out, and
//! what its result is compared with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::super::clock::Clock;
use super::super::day::Appointment;
use super::super::epic::FakeEpic;
use super::super::lock;
use super::super::sms::FakeSms;
use super::super::zoom::{FakeZoom, PersonTruth, Presence, SeatId};

/// Bound on seats that are remembered per person; the oldest leave first.
const MAX_SEATS: usize = 100;

/// What is known of one person in one visit.
#[derive(Default)]
struct Known {
    seats: Vec<SeatId>,
    /// Sits before the service's waiting page, and will go on doing so.
    waits: bool,
}

type People = BTreeMap<(String, String), Known>;

/// (CSN, Epic's id of the person) to where they are. Every copy is the same ledger.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<People>>);

impl Ledger {
    /// This person took this seat.
    pub fn claim(&self, csn: &str, external_id: &str, seat: &str) {
        let mut all = lock(&self.0);
        let known = all.entry((csn.to_owned(), external_id.to_owned())).or_default();
        if known.seats.len() >= MAX_SEATS {
            known.seats.remove(0);
        }
        known.seats.push(seat.to_owned());
    }

    /// This person stays on the waiting page.
    pub fn waits(&self, csn: &str, external_id: &str) {
        lock(&self.0).entry((csn.to_owned(), external_id.to_owned())).or_default().waits = true;
    }

    pub fn seats_of(&self, csn: &str, external_id: &str) -> Vec<SeatId> {
        let all = lock(&self.0);
        all.get(&(csn.to_owned(), external_id.to_owned()))
            .map(|known| known.seats.clone())
            .unwrap_or_default()
    }

    fn is_waiting(&self, csn: &str, external_id: &str) -> bool {
        lock(&self.0).get(&(csn.to_owned(), external_id.to_owned())).is_some_and(|known| known.waits)
    }

    fn people(&self) -> BTreeSet<(String, String)> {
        lock(&self.0).keys().cloned().collect()
    }
}

/// The fakes and how the service is reached.
#[derive(Clone)]
pub struct World {
    pub epic: FakeEpic,
    pub zoom: FakeZoom,
    pub sms: FakeSms,
    pub ledger: Ledger,
    pub clock: Clock,
    pub public_url: String,
    pub service_url: String,
    pub organization: String,
    pub seed: u64,
}

impl World {
    /// A person's true presence over all their devices, before the waiting page as before Zoom's own.
    pub fn presence(&self, csn: &str, external_id: &str) -> Presence {
        let seats = self.ledger.seats_of(csn, external_id);
        let page = self.ledger.is_waiting(csn, external_id).then_some(Presence::WaitingForHost);
        let seats = seats.iter().filter_map(|seat| self.zoom.seat(seat)).map(|seat| seat.presence);
        seats.chain(page).max().unwrap_or(Presence::Gone)
    }

    /// Whether all that this person has in Zoom are dead devices that Zoom has not noticed yet.
    pub fn is_crashed(&self, csn: &str, external_id: &str) -> bool {
        let seats = self.ledger.seats_of(csn, external_id);
        let here = seats.iter().filter_map(|seat| self.zoom.seat(seat));
        let mut here = here.filter(|seat| seat.presence > Presence::Gone).peekable();
        here.peek().is_some() && here.all(|seat| seat.crashed)
    }

    /// Everybody who ever had a seat or a light.
    pub fn final_truth(&self) -> Vec<PersonTruth> {
        let (day, lights) = (self.epic.day(), self.epic.lights());
        let mut people = self.ledger.people();
        let mut visits: BTreeMap<&str, Vec<&Appointment>> = BTreeMap::new();
        for visit in &day {
            visits.entry(visit.conference()).or_default().push(visit);
        }
        for light in &lights {
            let visits = visits.get(light.conference_id.as_str()).map(Vec::as_slice).unwrap_or_default();
            for visit in visits.iter().filter(|visit| visit.person(&light.external_id).is_some()) {
                let person = |csn: &str| (csn.to_owned(), light.external_id.clone());
                // A provider's light stands for the whole conference: one row is enough where nobody claimed another.
                let told = visit.group && visits.iter().any(|other| people.contains(&person(&other.csn)));
                if !told {
                    people.insert(person(&visit.csn));
                }
            }
        }
        let conferences: BTreeMap<&str, &str> =
            day.iter().map(|visit| (visit.csn.as_str(), visit.conference())).collect();
        let lights: BTreeMap<(&str, &str), bool> = lights
            .iter()
            .map(|light| ((light.conference_id.as_str(), light.external_id.as_str()), light.connected))
            .collect();
        let truth = |(csn, external_id): (String, String)| {
            let conference = conferences.get(csn.as_str()).copied().unwrap_or(&csn);
            let light = lights.get(&(conference, external_id.as_str())).copied();
            let presence = self.presence(&csn, &external_id);
            PersonTruth { presence, light: light.unwrap_or(false), told: light.is_some(), csn, external_id }
        };
        people.into_iter().map(truth).collect()
    }
}
