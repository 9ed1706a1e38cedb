//! Telling Epic once more, since somebody on duty wants it, whether or not Epic has acknowledged what it was told: what is true by now is told under
//! a new number, and never a status of long ago.

use super::Visit;
use super::decide::Deciding;
use super::participant::ParticipantKey;
use crate::effect::{Effect, LaneName, Topic};
use crate::id::Csn;

/// A lane of which Epic has been told something, and can be told once more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ToldLane<'a> {
    /// Which.
    pub lane: LaneName,
    /// The CSN that its records are found by.
    pub csn: Option<&'a Csn>,
    /// The number of its newest update.
    pub seq: u64,
}

impl Visit {
    /// The lanes of which Epic can be told once more: of people whom it knows, and of whom it was told something.
    pub fn told_lanes(&self) -> impl Iterator<Item = ToldLane<'_>> {
        let told = |topic, participant: &ParticipantKey, csn, seq| ToldLane {
            lane: LaneName { topic, participant: participant.clone() },
            csn,
            seq,
        };
        let of_lights = self
            .participants
            .iter()
            .filter(|(_, person)| person.light.decided > 0 && person.external_id.is_some())
            .map(move |(key, person)| {
                let csn = person.csn.as_ref().or_else(|| self.csn());
                told(Topic::Light, key, csn, person.light.decided)
            });
        let of_tests = self
            .device_tests
            .iter()
            .filter(|(_, known)| known.told.decided > 0 && known.test.external_id.is_some())
            .map(move |(key, known)| {
                let csn = known.test.csn.as_ref().or_else(|| self.csn());
                told(Topic::DeviceTest, key, csn, known.told.decided)
            });
        of_lights.chain(of_tests)
    }
}

impl Deciding<'_> {
    /// A lane is decided once more, where its newest update still is the one that was seen.
    pub(super) fn send_again(&mut self, participant: &ParticipantKey, topic: Topic, seq: u64) {
        let visit = &self.visit;
        let newest = match topic {
            Topic::Light => visit.participants.get(participant).map(|person| person.light.decided),
            Topic::DeviceTest => visit.device_tests.get(participant).map(|known| known.told.decided),
        };
        if newest != Some(seq) {
            return;
        }
        let before = self.effects.len();
        match topic {
            Topic::Light => self.attempt_outlived(participant),
            Topic::DeviceTest => self.tell_of_device_test_again(participant),
        }
        for effect in self.effects.iter_mut().skip(before) {
            if let Effect::Notify(update) = effect {
                update.resend = true;
            }
        }
    }
}
