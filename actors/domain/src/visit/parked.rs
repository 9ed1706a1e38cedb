//! Updates that are parked, since Epic refused them for good or they were given up, and what somebody on duty decides about each: to send it
//! once more, or to drop it. Until then the visit shows a problem.

use super::Visit;
use super::decide::Deciding;
use super::participant::ParticipantKey;
use crate::effect::{Says, Topic};
use crate::id::ExternalId;

/// An update that is parked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParkedUpdate<'a> {
    /// Whose lane.
    pub participant: &'a ParticipantKey,
    /// The id under which Epic knows them.
    pub external_id: Option<&'a ExternalId>,
    /// What Epic should know.
    pub says: Says,
    /// Its number in the lane, which is the lane's last.
    pub seq: u64,
}

impl Visit {
    /// The parked updates of which nobody has decided yet, lights first.
    pub fn parked_updates(&self) -> impl Iterator<Item = ParkedUpdate<'_>> {
        let of_lights = self.participants.iter().filter(|(_, person)| {
            let light = &person.light;
            light.is_settled() && !light.is_done()
        });
        let lights = of_lights.map(|(participant, person)| ParkedUpdate {
            participant,
            external_id: person.external_id.as_ref(),
            says: Says::Connected(person.light.wanted),
            seq: person.light.decided,
        });
        // Of a newer result that is about to be told nothing is parked.
        let of_tests = self
            .device_tests
            .iter()
            .filter(|(_, known)| known.told.is_settled() && !known.told.is_done() && !known.untold);
        let tests = of_tests.map(|(participant, known)| ParkedUpdate {
            participant,
            external_id: known.test.external_id.as_ref(),
            says: Says::DeviceTest(known.test.outcome),
            seq: known.told.decided,
        });
        lights.chain(tests)
    }

    /// This update, if it is parked and nobody has decided about it.
    #[must_use]
    pub fn parked_update(
        &self,
        participant: &ParticipantKey,
        topic: Topic,
        seq: u64,
    ) -> Option<ParkedUpdate<'_>> {
        self.parked_updates().find(|parked| {
            parked.participant == participant && parked.says.topic() == topic && parked.seq == seq
        })
    }
}

impl Deciding<'_> {
    /// Its lane is decided once more: Epic is told what is true by now.
    pub(super) fn send_parked_again(&mut self, participant: &ParticipantKey, topic: Topic, seq: u64) {
        if self.visit.parked_update(participant, topic, seq).is_none() {
            return;
        }
        self.send_again(participant, topic, seq);
    }

    /// Epic is not told this any more. What becomes true later is told as ever.
    pub(super) fn drop_parked(&mut self, participant: &ParticipantKey, topic: Topic, seq: u64) {
        if self.visit.parked_update(participant, topic, seq).is_none() {
            return;
        }
        match topic {
            Topic::Light => {
                if let Some(person) = self.visit.participants.get_mut(participant) {
                    person.light.dropped = seq;
                }
            }
            Topic::DeviceTest => {
                if let Some(known) = self.visit.device_tests.get_mut(participant) {
                    known.told.dropped = seq;
                }
            }
        }
        self.forget_the_parked();
    }
}
