//! The light: what Epic should be told about each person. An update is decided when the wanted status differs from the last decided one.

use super::Visit;
use super::decide::Deciding;
use super::participant::{EpicPerson, Light, Participant, ParticipantKey, Presence, Role};
use crate::effect::{Effect, Says, Update};
use crate::id::{Csn, MeetingId};
use crate::intent::ProblemCode;
use crate::policy::WaitingCountsAs;
use crate::time::Moment;

impl Deciding<'_> {
    /// Brings presences up to date and decides the updates that follow from them.
    pub(super) fn lights(&mut self) {
        let (known, _) = self.visit.whereabouts(self.policy, self.now);
        let last_end = self.visit.course(self.policy).last_end;
        let frame = Frame::of(&self.visit, self.now);
        for (key, person) in &mut self.visit.participants {
            let (presence, at) =
                known.get(key).copied().unwrap_or_else(|| (Presence::Gone, last_end.unwrap_or(self.now)));
            if presence != person.presence {
                person.presence = presence;
                person.since = at.max(person.launched_at);
            }
            let wanted = counts_as_connected(key.role(), presence, self.policy.waiting_counts_as);
            // An id that Epic refused may have been mended by a launch since.
            let mended = wanted && person.light.is_parked() && person.light.told_as != person.epic_person();
            if wanted != person.light.wanted || mended {
                let occurred_at = if presence == Presence::Gone { at.min(self.now) } else { at };
                self.effects.extend(frame.tell(key, person, wanted, occurred_at));
            }
        }
    }

    /// The store may have lost what Epic was told and what Zoom told: Epic is told everything again, and Zoom is asked. Where nobody holds
    /// what was lost, Epic may have been told of somebody of whom nothing is known here.
    pub(super) fn store_went_back(&mut self) {
        let restored = self.policy.markers.was_restored(self.now);
        for key in self.visit.participants.keys().cloned().collect::<Vec<_>>() {
            self.tell_again(&key, restored);
        }
        for key in self.visit.device_tests.keys().cloned().collect::<Vec<_>>() {
            self.tell_of_device_test_again(&key);
        }
        self.visit.doubted_at = Some(self.now);
    }

    /// An attempt of a previous owner may have landed after the newest status, which is therefore told again.
    pub(super) fn attempt_outlived(&mut self, key: &ParticipantKey) {
        self.tell_again(key, false);
    }

    fn tell_again(&mut self, key: &ParticipantKey, never_told: bool) {
        let frame = Frame::of(&self.visit, self.now);
        let person = self.visit.participants.get_mut(key);
        if let Some(person) = person.filter(|p| never_told || p.light.decided > 0) {
            let (wanted, since) = (person.light.wanted, person.since);
            self.effects.extend(frame.tell(key, person, wanted, since));
        }
    }

    pub(super) fn status_delivered(&mut self, participant: &ParticipantKey, seq: u64, connected: bool) {
        let Some(light) = self.decided_light(participant, seq) else { return };
        if seq > light.acknowledged {
            light.acknowledged = seq;
            light.connected = connected;
        }
        light.settled = light.settled.max(seq);
        self.forget_the_parked();
    }

    /// Nothing is parked any more once Epic has acknowledged the newest of every lane, or somebody has dropped it.
    pub(super) fn forget_the_parked(&mut self) {
        let lights = self.visit.participants.values().all(|p| p.light.is_done());
        if lights && self.visit.device_tests.values().all(|known| known.told.is_done()) {
            self.visit.problems.remove(&ProblemCode::UpdateParked);
        }
    }

    pub(super) fn status_parked(&mut self, participant: &ParticipantKey, seq: u64) {
        let Some(light) = self.decided_light(participant, seq) else { return };
        if seq > light.settled {
            light.settled = seq;
            self.sticky_problem(ProblemCode::UpdateParked);
        }
    }

    pub(super) fn status_superseded(&mut self, participant: &ParticipantKey, seq: u64) {
        if let Some(light) = self.decided_light(participant, seq) {
            light.settled = light.settled.max(seq);
        }
    }

    /// A light and its update. One that was never decided, such as one of a state that the store lost, settles nothing.
    fn decided_light(&mut self, participant: &ParticipantKey, seq: u64) -> Option<&mut Light> {
        let person = self.visit.participants.get_mut(participant)?;
        Some(&mut person.light).filter(|light| seq <= light.decided)
    }

    pub(super) fn page_seen(&mut self, participant: &ParticipantKey, at: Moment) {
        if let Some(person) = self.visit.participants.get_mut(participant) {
            person.page_seen = person.page_seen.max(Some(at));
        }
    }

    pub(super) fn departed(&mut self, participant: &ParticipantKey, at: Moment) {
        if let Some(person) = self.visit.participants.get_mut(participant) {
            person.departed = person.departed.max(Some(at));
            if !person.names.is_empty() {
                person.is_given_the_link(at);
            }
        }
    }
}

/// What all updates of one decision have in common.
struct Frame {
    meeting: Option<MeetingId>,
    csn: Option<Csn>,
    now: Moment,
}

impl Frame {
    fn of(visit: &Visit, now: Moment) -> Self {
        Self { meeting: visit.meeting.as_ref().map(|m| m.id), csn: visit.csn().cloned(), now }
    }

    /// Decides an update; none for somebody whom Epic does not know.
    fn tell(
        &self,
        key: &ParticipantKey,
        person: &mut Participant,
        wanted: bool,
        occurred_at: Moment,
    ) -> Option<Effect> {
        let current = person.epic_person()?;
        let light = &mut person.light;
        let EpicPerson { id, id_type } = if wanted {
            light.told_as.insert(current).clone()
        } else {
            light.told_as.take().unwrap_or(current)
        };
        light.wanted = wanted;
        light.decided += 1;
        Some(Effect::Notify(Update {
            participant: key.clone(),
            seq: light.decided,
            says: Says::Connected(wanted),
            occurred_at,
            decided_at: self.now,
            role: key.role(),
            external_id: id,
            external_id_type: id_type,
            csn: person.csn.clone().or_else(|| self.csn.clone()),
            meeting: self.meeting,
            resend: false,
        }))
    }
}

fn counts_as_connected(role: Role, presence: Presence, waiting: WaitingCountsAs) -> bool {
    match presence {
        Presence::InMeeting => true,
        Presence::Waiting | Presence::InWaitingRoom => {
            role.is_patient_side() && waiting == WaitingCountsAs::Connected
        }
        Presence::Gone => false,
    }
}
