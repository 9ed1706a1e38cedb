//! A provider: sees the patients of the morning one after another, lets them in where that is asked, and ends or leaves.

use std::time::Duration;

use super::super::chance::Chance;
use super::super::day::LaunchKind;
use super::super::zoom::{Device, Presence, SeatAct, SeatId};
use super::browser::Landing;
use super::patient::wait_for_link;
use super::play::{Habits, Visit};
use super::tally::Tally;

/// How long a provider waits for a patient who does not come, and how often they look at the room.
const WAITS_FOR_PATIENT: Duration = Duration::from_secs(420);
const LOOKS_EVERY: Duration = Duration::from_secs(4);

pub(super) struct Plan {
    pub comes_after: Duration,
    pub talks: Duration,
    pub sends_back: bool,
    pub ends_for_all: bool,
    pub drops_out: bool,
}

impl Plan {
    pub fn draw(chance: &mut Chance, habits: &Habits) -> Self {
        Self {
            comes_after: Duration::from_secs(chance.between(20, 90)),
            talks: Duration::from_secs(chance.between(300, 480)),
            sends_back: chance.hit(habits.sends_back),
            ends_for_all: chance.hit(habits.ends_for_all),
            drops_out: chance.hit(habits.host_drops_out),
        }
    }
}

pub(super) async fn see(visit: Visit, plan: Plan, tally: Tally) {
    visit.beat(plan.comes_after).await;
    let Some(mut seat) = begin(&visit, &tally).await else {
        visit.close();
        return;
    };
    let patient = || visit.world.presence(&visit.appointment.csn, &visit.appointment.patient.external_id);
    let mut waited = Duration::ZERO;
    while patient() != Presence::InMeeting && waited < WAITS_FOR_PATIENT {
        let_everybody_in(&visit, &seat);
        visit.beat(LOOKS_EVERY).await;
        waited += LOOKS_EVERY;
    }
    if plan.sends_back {
        send_back(&visit, &seat).await;
    }
    let mut talked = Duration::ZERO;
    while talked < plan.talks {
        let_everybody_in(&visit, &seat);
        visit.beat(LOOKS_EVERY).await;
        talked += LOOKS_EVERY;
        let half = talked >= plan.talks / 2 && talked < plan.talks / 2 + LOOKS_EVERY;
        if half && plan.drops_out && visit.world.zoom.act(&seat, &SeatAct::Leave).is_ok() {
            visit.beat(Duration::from_secs(15)).await;
            if let Some(again) = begin(&visit, &tally).await {
                seat = again;
            }
        }
    }
    if visit.overruns {
        if plan.sends_back {
            send_away(&visit, &seat);
        }
        return;
    }
    visit.close();
    let last = if plan.ends_for_all { SeatAct::EndForAll } else { SeatAct::Leave };
    // The meeting may have ended already, when everybody had left.
    let _ = visit.world.zoom.act(&seat, &last);
}

/// From Hyperspace into the meeting as its host.
async fn begin(visit: &Visit, tally: &Tally) -> Option<SeatId> {
    let provider = visit.appointment.providers.first()?;
    let csn = &visit.appointment.csn;
    let mut browser = visit.browser();
    let landing = visit.launch(&mut browser, LaunchKind::Provider, &provider.external_id, tally).await?;
    let link = match &landing {
        Ok(Landing::Zoom(link)) => Some(link.clone()),
        // Zoom takes its time: a page that goes on by itself.
        Ok(page) => match page.ticket() {
            Some(ticket) => wait_for_link(visit, &mut browser, ticket, true).await,
            None => None,
        },
        Err(_) => None,
    };
    let Some(link) = link else {
        tally.launch_failed("provider", &landing);
        return None;
    };
    match visit.world.zoom.open(&link, "", Device::App) {
        Ok(seat) => {
            visit.world.ledger.claim(csn, &provider.external_id, &seat);
            Some(seat)
        }
        Err(why) => {
            tally.zoom_refused(why);
            None
        }
    }
}

fn let_everybody_in(visit: &Visit, host: &str) {
    for one in visit.world.zoom.room_of(host) {
        if one.presence == Presence::InWaitingRoom {
            // Somebody may have gone between the look and the click.
            let _ = visit.world.zoom.act(host, &SeatAct::Admit { whom: one.seat });
        }
    }
}

/// A colleague comes in for a moment: the patient waits outside meanwhile.
async fn send_back(visit: &Visit, host: &str) {
    visit.beat(Duration::from_secs(30)).await;
    send_away(visit, host);
    visit.beat(Duration::from_secs(30)).await;
    let_everybody_in(visit, host);
}

fn send_away(visit: &Visit, host: &str) {
    let zoom = &visit.world.zoom;
    let guests =
        zoom.room_of(host).into_iter().filter(|one| one.presence == Presence::InMeeting && one.seat != host);
    for guest in guests {
        // Somebody may have gone between the look and the click.
        let _ = zoom.act(host, &SeatAct::PutBack { whom: guest.seat });
    }
}
