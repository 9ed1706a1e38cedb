//! A patient: opens MyChart, waits on the service's page, goes on to Zoom, and behaves as patients do.

use std::time::Duration;

use serde_json::Value;

use super::super::chance::Chance;
use super::super::day::LaunchKind;
use super::super::zoom::{Device, Presence, SeatAct, SeatId};
use super::browser::{Browser, Events, Landing};
use super::play::{Habits, Visit};
use super::tally::Tally;

/// A patient who was never let in gives up after this long (in the morning's own time).
const PATIENCE: Duration = Duration::from_secs(900);

/// Without events a page asks this often, by real time.
const ASKS_EVERY: Duration = Duration::from_millis(1000);
/// With events, this often, also by real time: its questions are the signs that somebody still waits.
const SIGNS_EVERY: Duration = Duration::from_secs(25);

/// By the morning's time, as all that people do and wait for.
const ZOOM_NOTICES_AFTER: Duration = Duration::from_secs(75);

/// What this patient will do; drawn before anything happens, so that a seed gives the same people whatever the timing.
pub(super) struct Plan {
    pub comes_after: Duration,
    pub stays: Duration,
    pub polls: bool,
    pub drops_out: bool,
    pub crashes: bool,
    pub dies_waiting: bool,
    pub phones_in: bool,
    pub second_device: bool,
    pub web: bool,
}

impl Plan {
    pub fn draw(chance: &mut Chance, habits: &Habits) -> Self {
        let late = if chance.hit(habits.late) { chance.between(60, 240) } else { 0 };
        Self {
            comes_after: Duration::from_secs(chance.between(0, 60) + late),
            stays: Duration::from_secs(chance.between(180, 420)),
            polls: chance.hit(habits.polls),
            drops_out: chance.hit(habits.drops_out),
            crashes: chance.hit(habits.crashes),
            phones_in: chance.hit(habits.phones_in),
            second_device: chance.hit(habits.second_device),
            web: chance.hit(habits.web),
            dies_waiting: chance.hit(habits.dies_waiting),
        }
    }
}

pub(super) async fn attend(visit: Visit, plan: Plan, tally: Tally) {
    visit.beat(plan.comes_after).await;
    // What it leaves behind is there until the visit is over, as the network takes its time to notice.
    let _dead = if plan.dies_waiting { phone_dies(&visit, &tally).await } else { None };
    let mut browser = visit.browser();
    let Some(mut seat) = come_in(&visit, &mut browser, &plan, &tally).await else { return };
    tally.joined();
    visit.beat(plan.stays / 4).await;
    if plan.second_device {
        second_device(&visit, &plan, &tally).await;
    }
    if plan.phones_in {
        phone_in(&visit, &seat).await;
    }
    if plan.drops_out && visit.world.zoom.act(&seat, &SeatAct::Leave).is_ok() {
        visit.beat(Duration::from_secs(20)).await;
        if let Some(again) = come_in(&visit, &mut browser, &plan, &tally).await {
            seat = again;
        }
    }
    visit.beat(plan.stays / 4).await;
    let noticed = visit.scaled(ZOOM_NOTICES_AFTER).as_millis().try_into().ok();
    let crash = SeatAct::Crash { silent: false, noticed_after_millis: noticed };
    if plan.crashes && visit.world.zoom.act(&seat, &crash).is_ok() {
        visit.beat(Duration::from_secs(30)).await;
        // The phone starts afresh: another browser, another launch.
        let mut browser = visit.browser();
        if let Some(again) = come_in(&visit, &mut browser, &plan, &tally).await {
            seat = again;
        }
    }
    if visit.overruns {
        return;
    }
    visit.beat(plan.stays / 2).await;
    // The provider may have ended the meeting meanwhile.
    let _ = visit.world.zoom.act(&seat, &SeatAct::Leave);
}

/// Nobody lets them in, and they stay on the page: in the morning's time so long that it may be over, and then for as long as there is a
/// thread.
pub(super) async fn wait_on(visit: Visit, plan: Plan, tally: Tally) {
    visit.beat(plan.comes_after).await;
    let mut browser = visit.browser();
    let Some(ticket) = arrive(&visit, &mut browser, &tally).await else { return };
    visit.world.ledger.waits(&visit.appointment.csn, &visit.appointment.patient.external_id);
    actix_web::rt::spawn(async move {
        let page = format!("{}/visit/{ticket}", visit.world.service_url);
        loop {
            listen(&mut browser, &page).await;
        }
    });
}

/// From MyChart into the meeting; none where the visit is over or patience ends.
async fn come_in(visit: &Visit, browser: &mut Browser, plan: &Plan, tally: &Tally) -> Option<SeatId> {
    let external_id = &visit.appointment.patient.external_id;
    let ticket = arrive(visit, browser, tally).await?;
    let link = wait_for_link(visit, browser, &ticket, plan.polls).await?;
    let device = if plan.web { Device::Web } else { Device::App };
    let seat = match visit.world.zoom.open(&link, "", device) {
        Ok(seat) => seat,
        Err(why) => {
            tally.zoom_refused(why);
            return None;
        }
    };
    visit.world.ledger.claim(&visit.appointment.csn, external_id, &seat);
    visit
        .until(PATIENCE, || {
            visit.world.zoom.seat(&seat).is_some_and(|seat| seat.presence == Presence::InMeeting)
        })
        .await;
    Some(seat)
}

/// A phone loses its network on the waiting page: nobody reads the events any more and nobody asks, and no connection is closed. Its
/// owner finds another after a while.
async fn phone_dies(visit: &Visit, tally: &Tally) -> Option<Events> {
    let mut browser = visit.browser();
    let ticket = arrive(visit, &mut browser, tally).await?;
    let mut events =
        browser.events(&format!("{}/visit/{ticket}/events", visit.world.service_url)).await.ok()?;
    events.next().await;
    visit.beat(Duration::from_secs(45)).await;
    Some(events)
}

/// From MyChart onto the waiting page.
async fn arrive(visit: &Visit, browser: &mut Browser, tally: &Tally) -> Option<String> {
    let external_id = &visit.appointment.patient.external_id;
    let landing = visit.launch(browser, LaunchKind::Patient, external_id, tally).await?;
    let ticket = landing.as_ref().ok().and_then(|landing| landing.ticket()).map(str::to_owned);
    if ticket.is_none() {
        tally.launch_failed("patient", &landing);
    }
    ticket
}

/// Waits on the page until it may go on, by events or by asking.
pub(super) async fn wait_for_link(
    visit: &Visit,
    browser: &mut Browser,
    ticket: &str,
    polls: bool,
) -> Option<String> {
    let page = format!("{}/visit/{ticket}", visit.world.service_url);
    let patience = visit.scaled(PATIENCE).max(visit.least_patience);
    tokio::time::timeout(patience, async {
        loop {
            if polls {
                tokio::time::sleep(ASKS_EVERY).await;
            } else {
                listen(browser, &page).await;
            }
            if visit.over() {
                return None;
            }
            // 409 while the time has not come: wait on.
            if let Ok(Landing::Zoom(link)) = browser.press(&format!("{page}/join")).await {
                return Some(link);
            }
        }
    })
    .await
    .ok()
    .flatten()
}

/// Until the page says that the person may join; a stream that breaks is opened again by the caller after a breath.
async fn listen(browser: &mut Browser, page: &str) {
    if let Ok(mut events) = browser.events(&format!("{page}/events")).await {
        loop {
            match tokio::time::timeout(SIGNS_EVERY, events.next()).await {
                Ok(Some(event)) if event.get("can_join").and_then(Value::as_bool) == Some(true) => return,
                Ok(Some(_)) => {}
                Ok(None) => break,
                // What it answers the events say as well.
                Err(_) => drop(browser.open(&format!("{page}/state")).await),
            }
        }
    }
    tokio::time::sleep(ASKS_EVERY).await;
}

/// The same person on another device for a while.
async fn second_device(visit: &Visit, plan: &Plan, tally: &Tally) {
    let mut browser = visit.browser();
    if let Some(second) = come_in(visit, &mut browser, plan, tally).await {
        visit.beat(Duration::from_secs(40)).await;
        let _ = visit.world.zoom.act(&second, &SeatAct::Leave);
    }
}

/// Dials in for better sound, and Zoom binds the call to the video.
async fn phone_in(visit: &Visit, seat: &str) {
    let zoom = &visit.world.zoom;
    let Some(meeting) = zoom.seat(seat).map(|seat| seat.meeting) else { return };
    let digits: String = visit.appointment.csn.chars().filter(char::is_ascii_digit).collect();
    if let Ok(leg) = zoom.dial_in(meeting, &format!("+1555{digits:0>7}")) {
        visit.beat(Duration::from_secs(5)).await;
        // In the waiting room a call cannot be bound yet; the host will see a number.
        let _ = zoom.act(&leg, &SeatAct::BindTo { whom: seat.to_owned() });
        visit.beat(Duration::from_secs(60)).await;
        let _ = zoom.act(&leg, &SeatAct::Leave);
    }
}
