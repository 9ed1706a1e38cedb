//! People who never give up: whatever answers they get, they launch again until they sit in their meeting, go out now and then, and in
//! the end some stay where they are, so that the end has something to show.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::rt::{spawn, task::JoinHandle, time::sleep};
use vestibule::simulator::chance::Chance;
use vestibule::simulator::day::VISITS_PER_PROVIDER;
use vestibule::simulator::people::{Browser, Landing, World, connections};
use vestibule::simulator::zoom::{Device, Presence, SeatAct, SeatId};
use vestibule::simulator::{Appointment, LaunchKind};
use vestibule::system::SystemClock;
use vestibule_actors::port::clock::Clock;
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::participant::Role;

/// Between two tries, as somebody who presses the button again.
const AGAIN_AFTER: Duration = Duration::from_millis(250);

pub struct Regulars {
    over: Rc<Cell<bool>>,
    running: Vec<JoinHandle<()>>,
    accepted: Rc<RefCell<Vec<Accepted>>>,
}

/// A launch that was answered with a way into the meeting or with a place on the waiting page.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub csn: String,
    pub external_id: String,
    pub role: Role,
    /// Between these two the door took it. A person has one launch under way at a time.
    pub sent: Moment,
    pub answered: Moment,
    pub ticket: Option<String>,
}

/// When something was sent, by the time of day and by a clock that nobody sets.
struct Sent {
    at: Moment,
    since: Instant,
}

impl Sent {
    fn now() -> Self {
        Self { at: SystemClock.now(), since: Instant::now() }
    }

    /// Between which times of day everything was done that was done since. They are further apart than that took where the time of day was
    /// set meanwhile, as on machines that are kept in time from outside.
    fn until_now(&self) -> (Moment, Moment) {
        let (now, took) = (SystemClock.now(), Span::from_duration(self.since.elapsed()));
        // Rounded, each time of day may be a millisecond off.
        let (from, to) = (now - took - Span(1), self.at + took + Span(1));
        (self.at.min(from), now.max(to))
    }
}

/// One person of one visit.
struct Person {
    world: World,
    visit: Appointment,
    kind: LaunchKind,
    http: awc::Client,
    over: Rc<Cell<bool>>,
    accepted: Rc<RefCell<Vec<Accepted>>>,
    chance: Chance,
}

impl Regulars {
    /// A provider and a patient come to every visit that the day has so far.
    pub fn come(world: &World, seed: u64) -> Self {
        let (over, accepted) = (Rc::new(Cell::new(false)), Rc::default());
        let http = connections();
        let mut chance = Chance::new(seed ^ 0x5245_4755);
        let mut running = Vec::new();
        for visit in world.epic.day() {
            for kind in [LaunchKind::Provider, LaunchKind::Patient] {
                let person = Person {
                    world: world.clone(),
                    visit: visit.clone(),
                    kind,
                    http: http.clone(),
                    over: Rc::clone(&over),
                    accepted: Rc::clone(&accepted),
                    chance: Chance::new(chance.draw()),
                };
                running.push(spawn(person.run()));
            }
        }
        Self { over, running, accepted }
    }

    /// What was answered, which outlives the people.
    pub fn accepted(&self) -> Rc<RefCell<Vec<Accepted>>> {
        Rc::clone(&self.accepted)
    }

    /// Nobody changes places any more; who is there stays, and who still wants in goes on trying.
    pub async fn settle_down(self) {
        self.over.set(true);
        for person in self.running {
            person.await.unwrap();
        }
    }

    /// Everybody stops where they are, in a meeting or before a page.
    pub async fn freeze(self) {
        for person in self.running {
            person.abort();
            // One that was stopped says so, and that is no news.
            let _ = person.await;
        }
    }
}

impl Person {
    fn external_id(&self) -> &str {
        match self.kind {
            LaunchKind::Provider => &self.visit.providers[0].external_id,
            _ => &self.visit.patient.external_id,
        }
    }

    async fn run(mut self) {
        loop {
            let Some(seat) = self.get_in().await else { return };
            let stays = Duration::from_millis(self.chance.between(500, 3_500));
            self.beat(stays).await;
            if self.over.get() {
                if self.goes_home() {
                    let _ = self.world.zoom.act(&seat, &SeatAct::Leave);
                }
                return;
            }
            let way_out = self.way_out();
            // The host may have ended the meeting meanwhile.
            let _ = self.world.zoom.act(&seat, &way_out);
            self.beat(Duration::from_millis(200)).await;
        }
    }

    /// Every other visit comes to its end; who sits in one of the others stays.
    fn goes_home(&self) -> bool {
        let number: usize = self.visit.csn.parse().unwrap();
        (number / VISITS_PER_PROVIDER).is_multiple_of(2)
    }

    fn way_out(&mut self) -> SeatAct {
        let ends = self.kind == LaunchKind::Provider && self.chance.hit(0.2);
        if ends {
            SeatAct::EndForAll
        } else if self.chance.hit(0.2) {
            SeatAct::Crash { silent: false, noticed_after_millis: None }
        } else {
            SeatAct::Leave
        }
    }

    async fn beat(&self, time: Duration) {
        let mut left = time;
        while !self.over.get() && !left.is_zero() {
            let piece = left.min(AGAIN_AFTER);
            sleep(piece).await;
            left -= piece;
        }
    }

    /// Tries until there is a seat in the meeting; none where the time is over and the host is not there.
    async fn get_in(&mut self) -> Option<SeatId> {
        loop {
            if let Some(seat) = self.try_once().await {
                return Some(seat);
            }
            if self.over.get() && self.host_is_gone() {
                return None;
            }
            sleep(AGAIN_AFTER).await;
        }
    }

    fn host_is_gone(&self) -> bool {
        let host = &self.visit.providers[0].external_id;
        self.kind == LaunchKind::Patient && self.world.presence(&self.visit.csn, host) != Presence::InMeeting
    }

    async fn try_once(&mut self) -> Option<SeatId> {
        let csn = self.visit.csn.clone();
        let url = self.world.epic.launch_url(self.kind, self.external_id(), &csn).ok()?;
        let mut browser = Browser::new(self.http.clone(), &self.world.public_url);
        let sent = Sent::now();
        let link = match browser.open(&url).await.ok()? {
            Landing::Zoom(link) => {
                self.note(sent, None);
                link
            }
            page => {
                let ticket = page.ticket()?.to_owned();
                self.note(sent, Some(&ticket));
                self.wait_for_link(&mut browser, &ticket).await?
            }
        };
        let seat = self.world.zoom.open(&link, "", Device::App).ok()?;
        self.world.ledger.claim(&csn, self.external_id(), &seat);
        Some(seat)
    }

    fn note(&self, sent: Sent, ticket: Option<&str>) {
        let (sent, answered) = sent.until_now();
        self.accepted.borrow_mut().push(Accepted {
            csn: self.visit.csn.clone(),
            external_id: self.external_id().to_owned(),
            role: if self.kind == LaunchKind::Provider { Role::Provider } else { Role::Patient },
            sent,
            answered,
            ticket: ticket.map(str::to_owned),
        });
    }

    /// Presses the button until it leads somewhere or the page is gone.
    async fn wait_for_link(&self, browser: &mut Browser, ticket: &str) -> Option<String> {
        let join = format!("{}/visit/{ticket}/join", self.world.service_url);
        loop {
            match browser.press(&join).await {
                Ok(Landing::Zoom(link)) => return Some(link),
                // Not yet.
                Ok(Landing::Page { status: 409, .. }) if !(self.over.get() && self.host_is_gone()) => {
                    sleep(AGAIN_AFTER).await;
                }
                _ => return None,
            }
        }
    }
}
