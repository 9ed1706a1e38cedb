//! Questions about the lights and about what the status service was told.

use super::super::day::Standing;
use super::FakeEpic;
use super::state::{Light, StatusRequest, ToldTest};

impl FakeEpic {
    /// The light of one person in the visit of this CSN (a group visit's is that of its conference).
    pub fn light(&self, csn: &str, external_id: &str) -> Option<Light> {
        self.with(|state| {
            let conference = state.day.iter().find(|visit| visit.csn == csn)?.conference().to_owned();
            state
                .lights
                .values()
                .find(|light| light.conference_id == conference && light.external_id == external_id)
                .cloned()
        })
    }

    pub fn is_connected(&self, csn: &str, external_id: &str) -> bool {
        self.light(csn, external_id).is_some_and(|light| light.connected)
    }

    /// The light in the schedule: green while anybody on the patient's side is connected.
    pub fn is_green(&self, csn: &str) -> bool {
        self.with(|state| {
            let Some(visit) = state.day.iter().find(|visit| visit.csn == csn) else { return false };
            state.lights.values().any(|light| {
                light.connected
                    && light.conference_id == visit.conference()
                    && visit
                        .person(&light.external_id)
                        .is_some_and(|(_, standing)| standing != Standing::Provider)
            })
        })
    }

    pub fn lights(&self) -> Vec<Light> {
        self.with(|state| state.lights.values().cloned().collect())
    }

    /// What this Epic was last told of one person's device test.
    pub fn device_test(&self, csn: &str, external_id: &str) -> Option<ToldTest> {
        self.with(|state| {
            let conference = state.day.iter().find(|visit| visit.csn == csn)?.conference().to_owned();
            state.device_tests.get(&(conference, external_id.to_owned())).cloned()
        })
    }

    pub fn device_tests(&self) -> Vec<ToldTest> {
        self.with(|state| state.device_tests.values().cloned().collect())
    }

    /// Every request to the status service, oldest first.
    pub fn requests(&self) -> Vec<StatusRequest> {
        self.with(|state| state.requests.iter().cloned().collect())
    }

    /// Those about one person of one visit.
    pub fn requests_about(&self, csn: &str, external_id: &str) -> Vec<StatusRequest> {
        self.with(|state| {
            let conference =
                state.day.iter().find(|visit| visit.csn == csn).map(|visit| visit.conference().to_owned());
            let conference = conference.unwrap_or_else(|| csn.to_owned());
            state
                .requests
                .iter()
                .filter(|request| request.conference_id == conference && request.external_id == external_id)
                .cloned()
                .collect()
        })
    }
}
