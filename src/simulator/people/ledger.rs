//! Who of Epic's people sits in which seat at Zoom. No system knows this by itself: it is what the service has to find out, and
//! what its result is compared with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::super::clock::Clock;
use super::super::epic::FakeEpic;
use super::super::lock;
use super::super::sms::FakeSms;
use super::super::zoom::{FakeZoom, PersonTruth, Presence, SeatId};

/// Bound on seats that are remembered per person; the oldest leave first.
const MAX_SEATS: usize = 100;

type Seats = BTreeMap<(String, String), Vec<SeatId>>;

/// (CSN, Epic's id of the person) to seats. Every copy is the same ledger.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<Seats>>);

impl Ledger {
    /// This person took this seat.
    pub fn claim(&self, csn: &str, external_id: &str, seat: &str) {
        let mut all = lock(&self.0);
        let seats = all.entry((csn.to_owned(), external_id.to_owned())).or_default();
        if seats.len() >= MAX_SEATS {
            seats.remove(0);
        }
        seats.push(seat.to_owned());
    }

    pub fn seats_of(&self, csn: &str, external_id: &str) -> Vec<SeatId> {
        lock(&self.0).get(&(csn.to_owned(), external_id.to_owned())).cloned().unwrap_or_default()
    }

    fn people(&self) -> Vec<(String, String)> {
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
    /// A person's true presence over all their devices.
    pub fn presence(&self, csn: &str, external_id: &str) -> Presence {
        let seats = self.ledger.seats_of(csn, external_id);
        seats
            .iter()
            .filter_map(|seat| self.zoom.seat(seat))
            .map(|seat| seat.presence)
            .max()
            .unwrap_or(Presence::Gone)
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
        let mut people = self.ledger.people();
        let day = self.epic.day();
        for light in self.epic.lights() {
            let visits = day.iter().filter(|visit| visit.conference() == light.conference_id);
            for visit in visits.filter(|visit| visit.person(&light.external_id).is_some()) {
                let person = (visit.csn.clone(), light.external_id.clone());
                // A provider's light stands for the whole conference: one row is enough where nobody claimed another.
                let known =
                    |csn: &str| people.iter().any(|(seen, id)| seen == csn && *id == light.external_id);
                let of_group = visit.group
                    && day
                        .iter()
                        .filter(|other| other.conference() == light.conference_id)
                        .any(|other| known(&other.csn));
                if !of_group && !people.contains(&person) {
                    people.push(person);
                }
            }
        }
        people.sort();
        people
            .into_iter()
            .map(|(csn, external_id)| {
                let light = self.epic.light(&csn, &external_id);
                let presence = self.presence(&csn, &external_id);
                PersonTruth {
                    csn,
                    external_id,
                    presence,
                    light: light.as_ref().is_some_and(|light| light.connected),
                    told: light.is_some(),
                }
            })
            .collect()
    }
}
