//! `decide(visit, command, now) -> (visit', effects)`: the one place where a visit changes. Pure and total.
//!
//! A command is taken in first; then everything that follows from the new state is derived again: presences, phase, lights, calls
//! and problems. So whatever the order of commands, what follows depends on the state alone. Every command is idempotent by
//! itself: facts by [`super::instance`], launches by their remembered id, results by their intent's number, the rest by keeping maxima.

use super::default_host::Instead;
use super::participant::Role;
use super::{MOST_INSTANCES, Phase, Visit};
use crate::command::{Command, Entry};
use crate::effect::Effect;
use crate::fact::{Fact, FactKind};
use crate::intent::{IntentOutcome, ProblemCode, ZoomCall};
use crate::policy::{PatientIdentity, Policy};
use crate::time::Moment;
use std::collections::BTreeSet;

/// What came of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The next state.
    pub visit: Visit,
    /// What it asks for, once committed.
    pub effects: Vec<Effect>,
    /// Whether anything but the clock changed; if not, nothing needs to be written.
    pub changed: bool,
}

/// Applies a command to a visit.
#[must_use]
pub fn decide(visit: &Visit, entry: &Entry, now: Moment, policy: &Policy) -> Decision {
    let mut deciding = Deciding { visit: visit.clone(), effects: Vec::new(), now, policy };
    deciding.take(entry);
    deciding.follow();
    // Only a tick lets a visit go: its owner puts it behind all commands in hand, so that none of them is lost with the state.
    if entry.command == Command::Tick && deciding.visit.may_leave(policy, now) {
        deciding.effects.push(Effect::Forget);
    }
    let changed = deciding.visit != *visit || !deciding.effects.is_empty();
    if changed {
        deciding.visit.updated_at = now;
        if is_sign_of_life(&entry.command) {
            deciding.visit.stirred_at = now;
        }
    }
    Decision { visit: deciding.visit, effects: deciding.effects, changed }
}

/// Whether a command comes of somebody who takes part.
fn is_sign_of_life(command: &Command) -> bool {
    match command {
        Command::Launch(_) | Command::Fact(_) | Command::PageSeen { .. } | Command::Departed { .. } => true,
        Command::IntentClosed { outcome, .. } => matches!(outcome, IntentOutcome::Read { started: true, .. }),
        _ => false,
    }
}

/// A decision in the making.
pub(super) struct Deciding<'a> {
    pub(super) visit: Visit,
    pub(super) effects: Vec<Effect>,
    pub(super) now: Moment,
    pub(super) policy: &'a Policy,
}

impl Deciding<'_> {
    fn take(&mut self, entry: &Entry) {
        // A door whose clock is ahead must not keep a page open, or a launch fresh, for longer than it is.
        let at = entry.at.min(self.now);
        match &entry.command {
            Command::Launch(launch) => self.launch(&entry.id, at, launch),
            Command::Fact(fact) => self.fact(fact),
            Command::DeviceTested { participant, test } => self.device_tested(participant, test),
            Command::DeviceTestSettled { participant, seq, how } => {
                self.device_test_settled(participant, *seq, *how)
            }
            Command::DeviceTestOutlived { participant } => self.tell_of_device_test_again(participant),
            Command::PageSeen { participant } => self.page_seen(participant, at),
            Command::Departed { participant } => self.departed(participant, at),
            Command::MeetingMissing { meeting, provider } => {
                self.meeting_missing(&entry.id, at, *meeting, provider);
            }
            Command::GuestInvited { link, invitation } => self.guest_invited(link, at, invitation),
            Command::GuestRevoked { link } => self.guest_revoked(link, at),
            Command::Named { device, who } => self.named(device, who.as_ref(), at),
            Command::BirthDateLearned { csn, patient, date } => {
                self.birth_date_learned(at, csn.as_ref(), patient.as_ref(), *date);
            }
            Command::GuestAnswered { link, browser, date } => {
                self.guest_answered(&entry.id, link, browser, *date);
            }
            Command::GuestTexted { link } => self.guest_texted(&entry.id, link),
            Command::EndForAll { meeting } => self.end_for_all(*meeting, at),
            Command::MakeAgain { meeting, although_inside } => {
                self.make_again(&entry.id, at, *meeting, *although_inside);
            }
            Command::IntentClosed { intent, outcome } => self.call_closed(&entry.id, *intent, at, outcome),
            Command::StatusDelivered { participant, seq, connected } => {
                self.status_delivered(participant, *seq, *connected)
            }
            Command::StatusParked { participant, seq } => self.status_parked(participant, *seq),
            Command::StatusSuperseded { participant, seq } => self.status_superseded(participant, *seq),
            Command::AttemptOutlived { participant } => self.attempt_outlived(participant),
            Command::SentAgain { participant, topic, seq } => self.send_again(participant, *topic, *seq),
            Command::ParkedResent { participant, topic, seq } => {
                self.send_parked_again(participant, *topic, *seq);
            }
            Command::ParkedDropped { participant, topic, seq } => {
                self.drop_parked(participant, *topic, *seq);
            }
            Command::ParkedCommandsDropped => {
                self.visit.problems.remove(&ProblemCode::CommandParked);
            }
            Command::OrganizationForgotten => {}
            Command::StoreWentBack => self.store_went_back(),
            Command::CommandParked => self.sticky_problem(ProblemCode::CommandParked),
            Command::Tick => self.give_up_the_silent(),
        }
    }

    fn follow(&mut self) {
        // Presences first: whether a patient waits decides whether the meeting is read.
        self.lights();
        self.calls();
        self.lights();
        self.tell_of_device_tests();
        self.visit.phase = self.phase();
        self.problems();
    }

    fn phase(&self) -> Phase {
        if self.visit.is_live(self.policy) {
            Phase::InProgress
        } else if self.visit.has_begun(self.policy) {
            Phase::Ended
        } else if self.visit.participants.is_empty() {
            Phase::Scheduled
        } else {
            Phase::WaitingForHost
        }
    }

    // === facts ===

    fn fact(&mut self, fact: &Fact) {
        let mine = self.visit.meeting.as_ref().is_some_and(|m| m.id == fact.meeting);
        if !mine && !self.visit.deleted.contains_key(&fact.meeting) {
            return;
        }
        match &fact.kind {
            FactKind::WaitingForHost | FactKind::LeftWaitingForHost => self.before_host(fact),
            FactKind::Updated { waiting_room, join_before_host } => {
                self.settings_updated(fact, *waiting_room, *join_before_host)
            }
            FactKind::Deleted => self.meeting_deleted(fact.meeting, fact.at),
            FactKind::Created => {}
            _ => self.fold(fact),
        }
    }

    fn fold(&mut self, fact: &Fact) {
        let Some(uuid) = &fact.instance else { return };
        let room = self.visit.instances.len() < MOST_INSTANCES || self.visit.instances.contains_key(uuid);
        let kept = room && self.visit.instances.entry(uuid.clone()).or_default().fold(fact);
        if !kept {
            self.sticky_problem(ProblemCode::HistoryFull);
        }
    }

    fn before_host(&mut self, fact: &Fact) {
        let Some(keys) = &fact.session else { return };
        let id = super::session::SessionId::of_person(keys);
        if self.visit.before_host.len() >= super::instance::MOST_SESSIONS
            && !self.visit.before_host.contains_key(&id)
        {
            self.sticky_problem(ProblemCode::HistoryFull);
            return;
        }
        let entry = self.visit.before_host.entry(id).or_default();
        if fact.kind == FactKind::WaitingForHost {
            entry.waits(keys, fact.at, fact.meeting);
        } else {
            entry.leaves(keys, fact.at);
        }
    }

    fn settings_updated(&mut self, fact: &Fact, waiting_room: Option<bool>, join_before_host: Option<bool>) {
        let Some(meeting) = self.visit.meeting.as_mut().filter(|m| m.id == fact.meeting) else { return };
        let update = |value: Option<bool>| value.map(|value| (fact.at, fact.sent, value));
        meeting.waiting_room_update = meeting.waiting_room_update.max(update(waiting_room));
        meeting.join_before_host_update = meeting.join_before_host_update.max(update(join_before_host));
    }

    // === problems ===

    pub(super) fn sticky_problem(&mut self, code: ProblemCode) {
        self.visit.problems.entry(code).or_insert(self.now);
    }

    /// Problems that follow from the state come and go with it; the sticky ones stay until what made them is mended.
    fn problems(&mut self) {
        let now = self.now;
        let found = self.found_problems(now);
        self.visit.problems.retain(|code, _| is_sticky(*code) || found.contains(code));
        for code in found {
            self.visit.problems.entry(code).or_insert(now);
        }
    }

    fn found_problems(&self, now: Moment) -> BTreeSet<ProblemCode> {
        let visit = &self.visit;
        let mut found: BTreeSet<ProblemCode> = visit.calls.values().filter_map(|open| open.problem).collect();
        if let Some(meeting) = &visit.meeting {
            let (asked, answered, effective) = (meeting.asked, meeting.answered, meeting.effective());
            let drifted = effective != answered && effective != asked;
            found.extend(
                (asked.waiting_room != answered.waiting_room).then_some(ProblemCode::WaitingRoomLocked),
            );
            found.extend(
                (!asked.join_before_host && answered.join_before_host)
                    .then_some(ProblemCode::JoinBeforeHostLocked),
            );
            found.extend(
                (asked.registration && !answered.registration)
                    .then_some(ProblemCode::RegistrationUnavailable),
            );
            found.extend(drifted.then_some(ProblemCode::PolicyDrift));
            found.extend((!meeting.refused.is_empty()).then_some(ProblemCode::AlternativeHostRefused));
        } else if !visit.deleted.is_empty() && visit.wants_meeting.is_none() && visit.called_off().is_none() {
            found.insert(ProblemCode::MeetingDeleted);
        }
        found.extend(
            visit.participants.values().filter_map(|person| person.instead).flat_map(Instead::problems),
        );
        found.extend(visit.called_off().map(|_| ProblemCode::CalledOff));
        found.extend(self.host_has_no_licence().then_some(ProblemCode::HostUnlicensed));
        found.extend(visit.expected_sides(self.policy).filter(|(_, by)| *by <= now).map(|(code, _)| code));
        found.extend(visit.overdue_entries(self.policy, now).into_iter().map(|(code, _)| code));
        // A guest never comes with an id of Epic's; everybody else should.
        let nameless =
            visit.participants.iter().any(|(key, p)| key.role() != Role::Guest && p.external_id.is_none());
        found.extend(nameless.then_some(ProblemCode::NoExternalId));
        found
    }
}

impl Deciding<'_> {
    /// Of whoever hosts the meeting, or would host the one that is wanted; other providers' licences make no difference.
    fn host_has_no_licence(&self) -> bool {
        let wanted = || match self.wanted_meeting() {
            Some(ZoomCall::CreateMeeting { host, .. }) => Some(host),
            _ => None,
        };
        let identity = self.visit.meeting.as_ref().map_or(self.policy.patients.identity, |m| m.identity);
        if identity != PatientIdentity::Registrant {
            return false;
        }
        let Some(host) = self.visit.meeting.as_ref().map(|m| m.host.clone()).or_else(wanted) else {
            return false;
        };
        let mut people = self.visit.participants.values();
        people.any(|person| person.zoom_user_unlicensed && person.zoom_user.as_ref() == Some(&host))
    }
}

fn is_sticky(code: ProblemCode) -> bool {
    use ProblemCode::{CommandParked, HistoryFull, UpdateParked};
    matches!(code, UpdateParked | CommandParked | HistoryFull)
}
