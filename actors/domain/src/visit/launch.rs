//! Launches: who may take part, and whose visit it is.

use super::decide::Deciding;
use super::participant::{Light, Participant, ParticipantKey, Presence, Role};
use super::{CallState, MOST_MEETINGS, MOST_PARTICIPANTS, Visit};
use crate::command::Launch;
use crate::id::{CommandId, Csn, FhirReference, Marker, MeetingId};
use crate::intent::{ProblemCode, ZoomCall};
use crate::time::{Moment, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A launch's outcome is remembered for this long, and for at most [`MOST_REMEMBERED`] launches.
pub const REMEMBERED: Span = Span::minutes(10);
/// See [`REMEMBERED`].
pub const MOST_REMEMBERED: usize = 32;

/// A launch and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LaunchRecord {
    /// The command.
    pub id: CommandId,
    /// When the door took it.
    pub at: Moment,
    /// What became of it.
    pub outcome: LaunchOutcome,
}

/// What became of a launch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaunchOutcome {
    /// The person takes part.
    Accepted {
        /// As whom.
        participant: ParticipantKey,
    },
    /// Nothing changed.
    Refused(LaunchRefusal),
}

/// Why a launch was refused. Of a visit that was called off this much is learned, and nothing else changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaunchRefusal {
    /// It names another patient than the visit's.
    WrongPatient,
    /// The visit is over for good: its reopening time has passed.
    Over,
    /// The visit holds as many people as it can.
    Full,
    /// The guest's link has run out, or the visit knows none such.
    Expired,
    /// The guest's link was taken back.
    Revoked,
    /// Epic says that the appointment was cancelled, missed, or a mistake.
    CalledOff,
    /// The patient's side comes long before the appointment.
    TooEarly,
    /// The patient's side comes for the first time long after the appointment.
    TooLate,
}

impl Deciding<'_> {
    pub(super) fn launch(&mut self, id: &CommandId, at: Moment, launch: &Launch) {
        self.visit.launches.retain(|l| l.at + REMEMBERED > at);
        if self.visit.launch_outcome(id).is_some() {
            return;
        }
        let known = self.visit.participants.get(&ParticipantKey::new(launch.role, launch.fhir_user.clone()));
        let overtaken = known.is_some_and(|person| at <= person.last_launch);
        if overtaken && at + REMEMBERED <= self.now {
            // A copy from long ago, whose outcome nobody waits for any more.
            return;
        }
        let may_take_part = self.may_take_part(launch);
        let may_come = may_take_part.and_then(|participant| {
            self.learn_booking(launch)?;
            self.comes_in_time(launch, at)?;
            Ok(participant)
        });
        let outcome = match may_come {
            Err(refusal) => LaunchOutcome::Refused(refusal),
            Ok(participant) => {
                if !overtaken {
                    self.take_in(id, at, launch, &participant);
                }
                LaunchOutcome::Accepted { participant }
            }
        };
        if self.visit.launches.len() >= MOST_REMEMBERED {
            self.visit.launches.remove(0);
        }
        self.visit.launches.push(LaunchRecord { id: id.clone(), at, outcome });
    }

    fn may_take_part(&self, launch: &Launch) -> Result<ParticipantKey, LaunchRefusal> {
        let key = ParticipantKey::new(launch.role, launch.fhir_user.clone());
        let visit = &self.visit;
        if visit.is_over(self.policy, self.now) {
            return Err(LaunchRefusal::Over);
        }
        if visit.participants.len() >= MOST_PARTICIPANTS && !visit.participants.contains_key(&key) {
            return Err(LaunchRefusal::Full);
        }
        if let Some(refusal) = self.visit.refuses_guest(&key, self.now) {
            return Err(refusal);
        }
        let named = launch.names_patient();
        if launch.role == Role::Patient && named != Some(&launch.fhir_user) {
            return Err(LaunchRefusal::WrongPatient);
        }
        match (visit.bound.get(&binding_of(visit, launch)), named) {
            (Some(bound), Some(named)) if bound != named => Err(LaunchRefusal::WrongPatient),
            // A proxy who names no patient cannot be tied to the visit's; providers and guests need not name one.
            (_, None) if launch.role == Role::Proxy => Err(LaunchRefusal::WrongPatient),
            _ => Ok(key),
        }
    }

    fn take_in(&mut self, id: &CommandId, at: Moment, launch: &Launch, key: &ParticipantKey) {
        if matches!(launch.role, Role::Patient | Role::Proxy)
            && let Some(patient) = launch.names_patient()
        {
            let binding = binding_of(&self.visit, launch);
            self.visit.bound.entry(binding).or_insert_with(|| patient.clone());
        }
        let participant = self.visit.participants.entry(key.clone()).or_insert_with(|| newcomer(launch, at));
        // A later launch knows better: names change, and an external id may have been missing at first.
        if launch.external_id.is_some() {
            // The kind belongs to the id that came with it.
            participant.external_id.clone_from(&launch.external_id);
            participant.external_id_type.clone_from(&launch.external_id_type);
        }
        participant.csn = launch.csn.clone().or_else(|| participant.csn.take());
        participant.display_name = launch.display_name.clone();
        participant.email = launch.email.clone().or_else(|| participant.email.take());
        participant.first_name = launch.first_name.clone().or_else(|| participant.first_name.take());
        participant.last_name = launch.last_name.clone().or_else(|| participant.last_name.take());
        participant.npi = launch.npi.clone().or_else(|| participant.npi.take());
        participant.last_launch = at;
        if launch.role == Role::Provider {
            self.try_the_refused_again(key);
            self.try_their_own_user_again(key);
            self.provider_launched(id, at);
        } else {
            // The page opens at once; until it gives its first sign the launch stands for it.
            participant.page_seen = participant.page_seen.max(Some(at));
            // Somebody may have removed the user at Zoom.
            if let Some(stand_in) = &mut participant.stand_in {
                stand_in.in_doubt = true;
            }
            // The provider may be in the meeting already and not launch again, so the patient's own link is tried again.
            self.heal(|call| matches!(call, ZoomCall::Register { participant, .. } if participant == key));
        }
    }

    /// A provider whom Zoom did not take as alternative host may have got a licence, or another user.
    fn try_the_refused_again(&mut self, provider: &ParticipantKey) {
        let (Some(meeting), Some(person)) =
            (self.visit.meeting.as_mut(), self.visit.participants.get_mut(provider))
        else {
            return;
        };
        person.zoom_user_in_doubt |=
            person.zoom_user.as_ref().is_some_and(|user| meeting.refused.remove(user));
    }

    pub(super) fn provider_launched(&mut self, id: &CommandId, at: Moment) {
        self.visit.provider_launched = self.visit.provider_launched.max(Some(at));
        if self.visit.meeting.is_none() && self.visit.wants_meeting.is_none() {
            if self.visit.deleted.len() < MOST_MEETINGS {
                let wanted = format!("{}{id}", self.tag());
                self.visit.wants_meeting = Marker::new(wanted).ok();
            } else {
                self.sticky_problem(ProblemCode::HistoryFull);
            }
        }
        let own = self.visit.meeting.as_ref().map(|meeting| meeting.id);
        self.heal(|call| !matches!(call, ZoomCall::DeleteMeeting { meeting } if Some(*meeting) == own));
    }

    /// The meeting counts as deleted. Since a provider stands there, a new one is wanted as after a launch.
    pub(super) fn meeting_missing(
        &mut self,
        id: &CommandId,
        at: Moment,
        meeting: MeetingId,
        provider: &ParticipantKey,
    ) {
        let mine = self.visit.meeting.as_ref().is_some_and(|m| m.id == meeting);
        let stands_there =
            provider.role() == Role::Provider && self.visit.participants.contains_key(provider);
        if !mine || !stands_there {
            return;
        }
        self.meeting_deleted(meeting, at);
        self.drop_deleted_meeting();
        if !self.visit.is_over(self.policy, self.now) {
            self.provider_launched(id, at);
        }
    }

    /// What had been given up is worth another try: a licence may have come free, a scope may have been granted. So is what waits until
    /// an administrator has done something or a day is over, since somebody stands there and wants it. Nothing of it is in doubt: Zoom
    /// refused it.
    fn heal(&mut self, which: impl Fn(&ZoomCall) -> bool) {
        let now = self.now;
        for open in self.visit.calls.values_mut().filter(|open| which(&open.intent.call)) {
            use ProblemCode::{ZoomNotConnected, ZoomRateLimited, ZoomUnauthorized};
            let refused = matches!(open.problem, Some(ZoomUnauthorized | ZoomNotConnected | ZoomRateLimited));
            match open.state {
                CallState::Blocked => {
                    open.state = CallState::Waiting { until: now };
                    open.intent.attempt = 0;
                }
                CallState::Waiting { until } if refused && until > now => {
                    open.state = CallState::Waiting { until: now };
                }
                _ => {}
            }
        }
    }
}

impl Visit {
    /// Whether the reopening time has passed, so that nothing of this visit goes on.
    #[must_use]
    pub fn is_over(&self, policy: &crate::policy::Policy, now: Moment) -> bool {
        let course = self.course(policy);
        !self.is_live(policy) && course.last_end.is_some_and(|end| end + policy.reopen < now)
    }
}

impl Launch {
    /// The patient that it is about; a self launch that says nothing is about the person himself.
    #[must_use]
    pub fn names_patient(&self) -> Option<&FhirReference> {
        match (self.role, &self.patient) {
            (_, Some(patient)) => Some(patient),
            (Role::Patient, None) => Some(&self.fhir_user),
            (_, None) => None,
        }
    }
}

impl Visit {
    /// Whether somebody who comes for a patient comes to the right visit: nobody has bound it to another.
    #[must_use]
    pub fn may_be_about(&self, csn: Option<&Csn>, patient: Option<&FhirReference>) -> bool {
        let bound = self.bound.get(&binding_by(self, csn));
        bound.zip(patient).is_none_or(|(bound, named)| bound == named)
    }
}

/// A one-to-one visit binds as a whole; a group visit binds each CSN by itself.
pub(super) fn binding_of(visit: &Visit, launch: &Launch) -> String {
    binding_by(visit, launch.csn.as_ref())
}

pub(super) fn binding_by(visit: &Visit, csn: Option<&Csn>) -> String {
    let own = csn.filter(|_| visit.csn().is_none());
    own.map_or_else(String::new, ToString::to_string)
}

fn newcomer(launch: &Launch, at: Moment) -> Participant {
    Participant {
        external_id: None,
        external_id_type: None,
        csn: None,
        display_name: launch.display_name.clone(),
        email: None,
        first_name: None,
        last_name: None,
        npi: None,
        launched_at: at,
        last_launch: at,
        page_seen: None,
        departed: None,
        zoom_user: None,
        zoom_user_in_doubt: false,
        zoom_user_unlicensed: false,
        instead: None,
        default_hosts: BTreeSet::new(),
        link: None,
        registrants: BTreeSet::new(),
        shown_as: None,
        names: BTreeSet::new(),
        given: BTreeSet::new(),
        stand_in: None,
        stand_ins: BTreeSet::new(),
        light: Light::default(),
        presence: Presence::Gone,
        since: at,
    }
}
