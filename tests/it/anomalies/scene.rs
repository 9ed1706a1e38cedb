//! One visit with a provider and a patient who have launched, and the meeting that was made for them; Zoom itself says nothing of it.

use std::time::Duration;

use serde_json::Value;
use vestibule::simulator::{Appointment, LaunchKind};

use super::ground::{Ground, WITHIN, participant};
use super::wire::{Event, Stage};
use crate::hospital::until;

/// Stories are told to have begun so long ago, so that all of each is over, and what shows after a minute shows.
const BEGAN: Duration = Duration::from_secs(180);

pub struct Scene<'a> {
    pub ground: &'a Ground,
    pub appointment: Appointment,
    pub stage: Stage,
}

impl<'a> Scene<'a> {
    /// Both have launched, the meeting and the patient's link are made, and nobody is on a page any more.
    pub async fn set(ground: &'a Ground) -> Self {
        let appointment = ground.fresh();
        let csn = &appointment.csn;
        let (patient, provider) = (&appointment.patient.external_id, &appointment.providers[0].external_id);
        let (_, landing) = ground.launch(LaunchKind::Patient, csn, patient).await;
        assert!(landing.ticket().is_some(), "{csn}: {landing:?}");
        ground.link(LaunchKind::Provider, csn, provider).await;
        let visit = ground
            .until_visit(csn, "nobody is on a page", |visit| {
                participant(visit, patient)["presence"] == "gone"
                    && participant(visit, provider)["presence"] == "gone"
            })
            .await;
        let meeting: u64 = visit["meeting"]["id"].as_str().expect("a meeting").parse().unwrap();
        let registrant = until("the patient's link", WITHIN, async || {
            ground.zoom().link_holders().into_iter().find(|holder| holder.meeting == meeting)
        })
        .await
        .registrant;
        let users = ground.zoom().users();
        let second = users.into_iter().find(|user| user.email == appointment.providers[1].email);
        let stage = Stage {
            account: ground.zoom().account().account_id.clone(),
            meeting,
            host: visit["meeting"]["host_id"].as_str().unwrap().to_owned(),
            second: second.map(|user| user.id).unwrap_or_default(),
            registrant,
            began: jiff::Timestamp::now().as_second() - i64::try_from(BEGAN.as_secs()).unwrap(),
        };
        Self { ground, appointment, stage }
    }

    pub fn csn(&self) -> &str {
        &self.appointment.csn
    }

    pub fn patient(&self) -> &str {
        &self.appointment.patient.external_id
    }

    pub fn provider(&self) -> &str {
        &self.appointment.providers[0].external_id
    }

    /// Tells the next node of an event, which takes it.
    pub async fn tell(&self, event: &Event) {
        assert_eq!(self.ground.event(&self.stage.body(event)).await, 200, "{}: {event:?}", self.csn());
    }

    pub async fn tell_all(&self, events: &[Event]) {
        for event in events {
            self.tell(event).await;
        }
    }

    /// The visit once everything that was told before is in it: a journal is read in order, so that it is when somebody is in it who
    /// launches now.
    pub async fn settled(&self) -> Value {
        let proxy = &self.appointment.proxies[0].external_id;
        self.ground.launch(LaunchKind::Patient, self.csn(), proxy).await;
        let is_there = |visit: &Value| !participant(visit, proxy).is_null();
        self.ground.until_visit(self.csn(), "all that was told is in", is_there).await
    }
}
