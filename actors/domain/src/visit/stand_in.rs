//! Zoom users that stand for people of the patient's side during a visit: made for each, found again by their tag, and removed when the
//! visit is over, when the person is to come no more, or when their invitation was taken back.
//!
//! A tag is committed before its user is asked for. So a user whose making is in doubt, or was never recorded, is removed like any other.

use super::Visit;
use super::decide::Deciding;
use super::participant::{Participant, ParticipantKey, Presence};
use crate::id::{Marker, ZoomUserId};
use crate::intent::ZoomCall;
use crate::policy::{PatientIdentity, Policy};
use crate::time::{Moment, Span};
use serde::{Deserialize, Serialize};

/// A visit whose users Zoom does not remove is kept for so much longer, and then they are left to an administrator.
const REMOVAL_TRIED_FOR: Span = Span::hours(7 * 24);

/// The user who stands for somebody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StandIn {
    /// What its address is made of; says nothing of the person.
    pub tag: Marker,
    /// The user, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<ZoomUserId>,
    /// Looked for again before anybody is sent in as that user.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_doubt: bool,
}

impl StandIn {
    /// The user, where the person can go in as them.
    #[must_use]
    pub fn usable(&self) -> Option<&ZoomUserId> {
        self.user.as_ref().filter(|_| !self.in_doubt)
    }
}

impl Visit {
    /// From when on nobody comes to this visit any more, as far as is known now.
    fn all_gone_at(&self, policy: &Policy) -> Moment {
        self.leaves_at(policy) - policy.keep
    }

    fn has_stand_ins(&self) -> bool {
        self.participants.values().any(|person| person.stand_in.is_some())
    }

    /// When users are to be removed, while there are any.
    pub(super) fn stand_ins_go_at(&self, policy: &Policy, now: Moment) -> Option<Moment> {
        Some(self.all_gone_at(policy)).filter(|at| self.has_stand_ins() && *at > now)
    }

    /// Whether the visit stays for the sake of users that are not removed yet.
    pub(super) fn stays_for_stand_ins(&self, policy: &Policy, now: Moment) -> bool {
        self.has_stand_ins() && now < self.leaves_at(policy) + REMOVAL_TRIED_FOR
    }
}

impl Deciding<'_> {
    /// Whether a person needs no user any more. Whoever is in the meeting, or at its door, keeps theirs.
    fn stand_in_is_over(&self, key: &ParticipantKey, person: &Participant) -> bool {
        let visit = &self.visit;
        let over = || !visit.is_live(self.policy) && self.now >= visit.all_gone_at(self.policy);
        person.presence < Presence::InWaitingRoom
            && (!visit.is_welcome(key) || visit.is_called_off_for(key) || over())
    }

    /// Gives everybody who is to have a user its tag.
    pub(super) fn tag_stand_ins(&mut self) {
        let Some(meeting) = &self.visit.meeting else { return };
        if meeting.identity != PatientIdentity::TemporaryUser {
            return;
        }
        let marker = meeting.marker.clone();
        let without: Vec<ParticipantKey> = self
            .visit
            .participants
            .iter()
            .filter(|(key, person)| key.role().is_patient_side() && person.stand_in.is_none())
            .filter(|(key, person)| !self.stand_in_is_over(key, person))
            .map(|(key, _)| key.clone())
            .collect();
        for key in without {
            // Numbers of intents are never used twice within a visit.
            self.visit.last_intent += 1;
            let tag = Marker::new(format!("{marker}-{}", self.visit.last_intent)).ok();
            if let Some(person) = self.visit.participants.get_mut(&key) {
                person.stand_in = tag.map(|tag| StandIn { tag, user: None, in_doubt: false });
            }
        }
    }

    /// The tag of a user who is to be made, or looked for again.
    pub(super) fn wanted_stand_in(&self, key: &ParticipantKey, person: &Participant) -> Option<Marker> {
        let stand_in = person.stand_in.as_ref().filter(|stand_in| stand_in.usable().is_none())?;
        let goes = self.stand_in_is_over(key, person) || self.is_under_way(key, is_removal);
        (!goes).then(|| stand_in.tag.clone())
    }

    /// Users who are to be removed. One that may be being made this moment is waited for.
    pub(super) fn wanted_removals(&self) -> Vec<ZoomCall> {
        let over = self.visit.participants.iter().filter(|(key, p)| self.stand_in_is_over(key, p));
        over.filter(|(key, _)| !self.is_under_way(key, |call| !is_removal(call)))
            .filter_map(|(key, person)| {
                let StandIn { tag, user, .. } = person.stand_in.clone()?;
                Some(ZoomCall::RemoveUser { participant: key.clone(), tag, user })
            })
            .collect()
    }

    fn is_under_way(&self, key: &ParticipantKey, which: impl Fn(&ZoomCall) -> bool) -> bool {
        self.visit.calls.values().filter(|open| open.state == super::CallState::Running).any(|open| {
            let (ZoomCall::Register { participant, .. } | ZoomCall::RemoveUser { participant, .. }) =
                &open.intent.call
            else {
                return false;
            };
            participant == key && which(&open.intent.call)
        })
    }

    pub(super) fn user_made(&mut self, key: &ParticipantKey, user: &ZoomUserId) {
        let Some(person) = self.visit.participants.get_mut(key) else { return };
        person.stand_ins.insert(user.clone());
        if let Some(stand_in) = &mut person.stand_in {
            stand_in.user = Some(user.clone());
            stand_in.in_doubt = false;
        }
    }

    pub(super) fn user_removed(&mut self, key: &ParticipantKey, tag: &Marker) {
        if let Some(person) = self.visit.participants.get_mut(key) {
            person.stand_in = person.stand_in.take().filter(|stand_in| stand_in.tag != *tag);
        }
    }
}

fn is_removal(call: &ZoomCall) -> bool {
    matches!(call, ZoomCall::RemoveUser { .. })
}
