//! In the meeting, or in front of it.

use std::time::Duration;
use tokio::time::{Instant, sleep};
use vestibule_actors::port::clock::instant;

use super::page::Way;
use super::{Person, until_or};
use crate::audit::breach;
use crate::lock;
use crate::world::Stage;
use crate::zoom::events;
use crate::zoom::rooms::Arrival;
use crate::zoom::truth::{DeviceId, Place};

/// A host's second click comes later than this; Zoom names times by the second.
const CLICKS_APART: Duration = Duration::from_millis(1_200);
/// Zoom notices a dead device after this.
const NOTICED_AFTER: Duration = Duration::from_secs(75);

impl Person {
    async fn arrive(&mut self, way: &Way) -> Option<DeviceId> {
        for _ in 0..5 {
            let now = self.world.time.now();
            let arrival = lock(&self.world.zoom).arrive(way.meeting, &self.me, &way.pass, now);
            match arrival {
                Arrival::Here(device) => {
                    self.note(format_args!("comes to meeting {} by device {device}", way.meeting));
                    events::tell(&self.world);
                    self.check_one_meeting();
                    return Some(device);
                }
                Arrival::Gone => {
                    self.note(format_args!("finds meeting {} gone", way.meeting));
                    return None;
                }
                Arrival::Again => sleep(CLICKS_APART).await,
            }
        }
        None
    }

    /// People of a visit are in one meeting (I12).
    fn check_one_meeting(&self) {
        let (audit, zoom) = (lock(&self.world.audit), lock(&self.world.zoom));
        let lived_in = zoom.lived_in(&self.visit, |marker| audit.meetings.whose(marker));
        let verdict = if lived_in.len() > 1 && !audit.rollback.forgiven.contains(&self.visit) {
            breach("I12", format!("people of one visit are in {lived_in:?}"))
        } else {
            Ok(())
        };
        drop((audit, zoom));
        self.world.judge(self.world.about(&self.visit), verdict);
    }

    fn place(&self, device: DeviceId) -> Option<Place> {
        lock(&self.world.zoom).place(device)
    }

    fn leave(&self, device: DeviceId) {
        let now = self.world.time.now();
        lock(&self.world.zoom).leave(device, now);
        self.note(format_args!("leaves by device {device}"));
        events::tell(&self.world);
    }

    /// Goes in, stays for a while, and leaves in some way.
    pub(super) async fn stay(&mut self, way: &Way) {
        let Some(device) = self.arrive(way).await else { return };
        let until = instant() + self.chance.millis(3_000, 120_000);
        let second = if self.plan.second_device && self.chance.percent(50) {
            sleep(self.chance.millis(1_200, 8_000)).await;
            self.arrive(way).await
        } else {
            None
        };
        self.be_there(device, way, until).await;
        if let Some(second) = second {
            self.leave(second);
            sleep(self.chance.millis(1_200, 5_000)).await;
        }
        if self.place(device).is_none() {
            return;
        }
        match self.chance.below(10) {
            0 | 1 => self.crash(device),
            2 | 3 if self.plan.is_provider() => {
                self.note(format_args!("ends the meeting for all"));
                let now = self.world.time.now();
                lock(&self.world.zoom).end_for_all(way.meeting, now);
                events::tell(&self.world);
            }
            _ => self.leave(device),
        }
    }

    fn crash(&self, device: DeviceId) {
        self.note(format_args!("loses device {device}"));
        lock(&self.world.zoom).dies(device);
        lock(&self.world.zoom).departs();
        let world = self.world.clone();
        self.world.spawn(async move {
            sleep(NOTICED_AFTER).await;
            let now = world.time.now();
            lock(&world.zoom).leave(device, now);
            events::tell(&world);
            lock(&world.zoom).arrived();
        });
    }

    /// Is there until a time, or until the meeting is over. A provider lets people in meanwhile.
    async fn be_there(&mut self, device: DeviceId, way: &Way, until: Instant) {
        while instant() < until && self.place(device).is_some() {
            let next = (instant() + self.chance.millis(2_000, 8_000)).min(until);
            until_or(&self.world, next, Stage::Rest).await;
            if self.world.stage() == Stage::Rest {
                return;
            }
            if self.plan.is_provider() && self.place(device) == Some(Place::Meeting) {
                self.host(way).await;
            }
        }
    }

    async fn host(&mut self, way: &Way) {
        let now = self.world.time.now();
        let admitted = lock(&self.world.zoom).admit_all(way.meeting, now);
        events::tell(&self.world);
        self.check_one_meeting();
        let has_room =
            lock(&self.world.zoom).meeting(way.meeting).is_some_and(|meeting| meeting.settings.waiting_room);
        if admitted == 0 && has_room && self.world.stage() == Stage::Trouble && self.chance.percent(10) {
            let now = self.world.time.now();
            lock(&self.world.zoom).send_back(way.meeting, now);
            events::tell(&self.world);
            sleep(CLICKS_APART).await;
        }
    }

    /// Goes in and comes to rest, inside or not. A provider stays at least until everybody has come. `false` when there is no way in any
    /// more, or the meeting was ended under one who is still needed.
    pub(super) async fn stay_for_the_last_time(&mut self, way: &Way) -> bool {
        let Some(device) = self.arrive(way).await else { return false };
        let stays = self.chance.percent(50);
        let until = instant() + self.chance.millis(15_000, 40_000);
        self.be_there(device, way, until).await;
        while self.plan.is_provider() && self.world.awaits_patients(&self.visit) {
            if self.place(device).is_none() {
                return false;
            }
            let next = instant() + CLICKS_APART;
            self.be_there(device, way, next).await;
        }
        if !stays && self.place(device).is_some() {
            self.leave(device);
        }
        true
    }
}
