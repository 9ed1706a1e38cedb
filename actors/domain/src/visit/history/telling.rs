//! From a decision to the lines that tell of it: what came, and what became different by it. It decides nothing.
//!
//! What a visit does again and again is told once: of attempts of a call the first, its failure when the reason is another than before, and
//! its end; of readings what they put right. So the lines of a visit in trouble are still few.

use super::{CallEnd, CallKind, CallLine, DeviceHash, Event, EventKind, Happened, Line, Person, UpdateLine};
use crate::command::{Command, Entry, Launch};
use crate::effect::{Effect, Says};
use crate::fact::{Fact, SessionKeys};
use crate::id::GuestLinkId;
use crate::intent::{Intent, IntentId, IntentOutcome, ProblemCode, ZoomCall};
use crate::shard::stable_hash;
use crate::time::Moment;
use crate::visit::decide::Decision;
use crate::visit::device_test::Settled;
use crate::visit::guest::GuestLink;
use crate::visit::identity::Identity;
use crate::visit::instance::Believed;
use crate::visit::participant::{ParticipantKey, Presence};
use crate::visit::session::SessionId;
use crate::visit::{CallState, LaunchOutcome, OpenCall, Visit};

/// The lines of one decision: what came first, then what followed from it. Most commands that change nothing have none.
#[must_use]
pub fn lines(before: &Visit, entry: &Entry, now: Moment, decision: &Decision) -> Vec<Line> {
    let change = Change { before, after: &decision.visit, now };
    // A door whose clock is ahead tells of nothing that is yet to come.
    let at = entry.at.min(now);
    let mut lines: Vec<Line> = change.of_command(entry).map(|what| Line { at, what }).into_iter().collect();
    if decision.changed {
        let follows = change.consequences(entry, &decision.effects);
        lines.extend(follows.into_iter().map(|what| Line { at: now, what }));
    }
    lines
}

/// A visit before and after a decision.
struct Change<'a> {
    before: &'a Visit,
    after: &'a Visit,
    now: Moment,
}

impl Change<'_> {
    // === what came ===

    fn of_command(&self, entry: &Entry) -> Option<Happened> {
        match &entry.command {
            Command::Launch(launch) => self.launched(entry, launch),
            Command::Fact(fact) => Some(Happened::Event(self.event(fact))),
            Command::DeviceTested { participant, test } => {
                let known =
                    |visit: &Visit| visit.device_tests.get(participant).map(|known| known.test.clone());
                let who = Person { role: participant.role(), id: test.external_id.clone() };
                let told = Happened::DeviceTested { who, outcome: test.outcome };
                (known(self.before) != known(self.after)).then_some(told)
            }
            Command::Departed { participant } => {
                let departed = |visit: &Visit| visit.participants.get(participant).map(|p| p.departed);
                let told = || Happened::SentToZoom { who: self.person(participant) };
                (departed(self.before) != departed(self.after)).then(told)
            }
            Command::MeetingMissing { meeting, .. } => {
                let has = |visit: &Visit| visit.meeting.as_ref().is_some_and(|mine| mine.id == *meeting);
                (has(self.before) && !has(self.after)).then_some(Happened::MeetingMissing)
            }
            Command::Named { device, who } => {
                let instance = |visit: &Visit| visit.instances.get(&device.instance).cloned();
                let told = || Happened::Named {
                    device: hash(device.session.as_str()),
                    who: who.as_ref().map(|key| self.person(key)),
                };
                (instance(self.before) != instance(self.after)).then(told)
            }
            Command::EndForAll { .. } => {
                let ordered = self.before.wants_end != self.after.wants_end;
                ordered.then_some(Happened::EndOrdered)
            }
            Command::MakeAgain { .. } => {
                let ordered = self.before.wants_meeting != self.after.wants_meeting;
                ordered.then_some(Happened::MakeAgainOrdered)
            }
            Command::ParkedDropped { participant, topic, seq } => {
                let parked = self.before.parked_update(participant, *topic, *seq)?;
                let (who, says) = (self.person(participant), Some(parked.says));
                Some(Happened::UpdateDropped(UpdateLine { who, says, seq: *seq }))
            }
            Command::IntentClosed { intent, outcome } => self.call_ended(*intent, outcome),
            Command::StoreWentBack => Some(Happened::StoreWentBack),
            Command::CommandParked => Some(Happened::CommandParked),
            other => self.of_guest(other).or_else(|| self.settled(other)),
        }
    }

    fn launched(&self, entry: &Entry, launch: &Launch) -> Option<Happened> {
        if self.before.launch_outcome(&entry.id).is_some() {
            return None;
        }
        let who = Person { role: launch.role, id: launch.external_id.clone() };
        Some(match self.after.launch_outcome(&entry.id)? {
            LaunchOutcome::Accepted { .. } => Happened::Launched { who },
            LaunchOutcome::Refused(why) => Happened::LaunchRefused { who, why: *why },
        })
    }

    fn of_guest(&self, command: &Command) -> Option<Happened> {
        let (before, after) = match command {
            Command::GuestInvited { link, .. }
            | Command::GuestRevoked { link }
            | Command::GuestTexted { link }
            | Command::GuestAnswered { link, .. } => self.links(link)?,
            _ => return None,
        };
        Some(match (command, before) {
            (Command::GuestInvited { .. }, None) => Happened::GuestInvited,
            (Command::GuestRevoked { .. }, Some(before)) if before.revoked_at.is_none() => {
                after.revoked_at.map(|_| Happened::GuestRevoked)?
            }
            (Command::GuestTexted { .. }, Some(before)) if before.messages != after.messages => {
                Happened::GuestTexted
            }
            (Command::GuestAnswered { .. }, Some(before)) if before != after => {
                Happened::GuestAnswered { right: before.wrong_answers == after.wrong_answers }
            }
            _ => return None,
        })
    }

    fn links(&self, link: &GuestLinkId) -> Option<(Option<&GuestLink>, &GuestLink)> {
        Some((self.before.guests.get(link), self.after.guests.get(link)?))
    }

    /// What became of an update, where that is news.
    fn settled(&self, command: &Command) -> Option<Happened> {
        let (participant, seq, says, how) = match command {
            Command::StatusDelivered { participant, seq, connected } => {
                (participant, seq, Some(Says::Connected(*connected)), Settled::Delivered)
            }
            Command::StatusParked { participant, seq } => (participant, seq, None, Settled::Parked),
            Command::StatusSuperseded { participant, seq } => (participant, seq, None, Settled::Superseded),
            Command::DeviceTestSettled { participant, seq, how } => {
                let test = self.after.device_tests.get(participant);
                (participant, seq, test.map(|known| Says::DeviceTest(known.test.outcome)), *how)
            }
            _ => return None,
        };
        let stands = |visit: &Visit| {
            let light = visit.participants.get(participant).map(|p| (p.light.settled, p.light.acknowledged));
            let test = visit.device_tests.get(participant).map(|it| (it.told.settled, it.told.acknowledged));
            (light, test)
        };
        let update = UpdateLine { who: self.person(participant), says, seq: *seq };
        (stands(self.before) != stands(self.after)).then_some(Happened::UpdateSettled { update, how })
    }

    fn call_ended(&self, intent: IntentId, outcome: &IntentOutcome) -> Option<Happened> {
        let open = self.before.calls.get(&intent)?;
        let call = self.call(&open.intent);
        let (end, problem) = match outcome {
            _ if open.state != CallState::Running => (CallEnd::TooLate, None),
            IntentOutcome::NotBegun => (CallEnd::NotBegun, None),
            IntentOutcome::Failed(failure) => (CallEnd::Failed, Some(failure.problem)),
            IntentOutcome::Ambiguous => (CallEnd::InDoubt, Some(ProblemCode::ZoomUnavailable)),
            IntentOutcome::MeetingGone if call.call != CallKind::DeleteMeeting => {
                (CallEnd::MeetingGone, None)
            }
            IntentOutcome::UserGone => (CallEnd::UserGone, None),
            _ => (CallEnd::Done, None),
        };
        let is_news = match end {
            CallEnd::Done => !call.call.is_routine(),
            CallEnd::Failed | CallEnd::InDoubt => open.problem != problem,
            // Of a list that Zoom does not have yet this is the usual answer.
            CallEnd::MeetingGone => call.call != CallKind::ReadAttendance,
            _ => true,
        };
        is_news.then_some(Happened::CallEnded { call, end, problem })
    }

    // === what followed ===

    fn consequences(&self, entry: &Entry, effects: &[Effect]) -> Vec<Happened> {
        let mut told = Vec::new();
        told.extend(self.lost_calls(entry));
        let repaired = self.after.repairs.iter().filter(|repair| !self.before.repairs.contains(repair));
        told.extend(repaired.map(|repair| Happened::Repaired { missing: repair.missing }));
        told.extend(self.meetings());
        told.extend(self.moved());
        if self.before.phase != self.after.phase {
            told.push(Happened::Phase { phase: self.after.phase });
        }
        let (before, after) = (&self.before.problems, &self.after.problems);
        let cleared = before.keys().filter(|code| !after.contains_key(code));
        told.extend(cleared.map(|code| Happened::ProblemCleared { problem: *code }));
        let raised = after.keys().filter(|code| !before.contains_key(code));
        told.extend(raised.map(|code| Happened::ProblemRaised { problem: *code }));
        told.extend(effects.iter().flat_map(|effect| self.effect(effect)));
        told
    }

    /// Calls whose result never came.
    fn lost_calls(&self, entry: &Entry) -> impl Iterator<Item = Happened> {
        let closed = match &entry.command {
            Command::IntentClosed { intent, .. } => Some(*intent),
            _ => None,
        };
        let runs = |open: &OpenCall| open.state == CallState::Running;
        let lost = self.before.calls.iter().filter(move |(id, open)| {
            let went_on = self.after.calls.get(id).is_some_and(runs);
            runs(open) && !went_on && Some(**id) != closed && open.intent.not_after < self.now
        });
        lost.map(|(_, open)| Happened::CallEnded {
            call: self.call(&open.intent),
            end: CallEnd::Lost,
            problem: None,
        })
    }

    fn meetings(&self) -> impl Iterator<Item = Happened> {
        let id = |visit: &Visit| visit.meeting.as_ref().map(|meeting| meeting.id);
        let (before, after) = (id(self.before), id(self.after));
        let gone = before.filter(|_| before != after).map(|meeting| Happened::MeetingGone { meeting });
        let made = after.filter(|_| before != after).map(|meeting| Happened::MeetingMade { meeting });
        gone.into_iter().chain(made)
    }

    fn moved(&self) -> impl Iterator<Item = Happened> {
        self.after.participants.iter().filter_map(|(key, person)| {
            let before = self.before.participants.get(key).map_or(Presence::Gone, |p| p.presence);
            let told = || Happened::Moved { who: self.person(key), presence: person.presence };
            (before != person.presence).then(told)
        })
    }

    fn effect(&self, effect: &Effect) -> Vec<Happened> {
        match effect {
            Effect::Notify(update) => {
                let who = Person { role: update.role, id: Some(update.external_id.clone()) };
                vec![Happened::UpdateDecided(UpdateLine { who, says: Some(update.says), seq: update.seq })]
            }
            Effect::Begin(intent) => {
                let by_itself = matches!(intent.call, ZoomCall::EndMeeting { meeting } if self.after.wants_end != Some(meeting));
                let first = intent.attempt <= 1;
                let call = self.call(intent);
                let alone = (first && by_itself).then_some(Happened::EndsByItself);
                let told = first && !call.call.is_routine();
                alone.into_iter().chain(told.then_some(Happened::CallBegun(call))).collect()
            }
            Effect::Forget => vec![Happened::Left],
        }
    }

    fn call(&self, intent: &Intent) -> CallLine {
        let who = match &intent.call {
            ZoomCall::EnsureProvider { provider: who, .. }
            | ZoomCall::Register { participant: who, .. }
            | ZoomCall::RemoveUser { participant: who, .. } => Some(self.person(who)),
            _ => None,
        };
        CallLine { call: CallKind::of(&intent.call), intent: intent.id, attempt: intent.attempt, who }
    }

    fn person(&self, key: &ParticipantKey) -> Person {
        let known = self.after.participants.get(key).or_else(|| self.before.participants.get(key));
        let tested = || self.after.device_tests.get(key)?.test.external_id.clone();
        Person { role: key.role(), id: known.map_or_else(tested, |person| person.external_id.clone()) }
    }

    // === Zoom's events ===

    fn event(&self, fact: &Fact) -> Event {
        let mine = self.before.meeting.as_ref().is_some_and(|meeting| meeting.id == fact.meeting);
        let session = fact.session.as_ref();
        Event {
            event: EventKind::of(&fact.kind),
            event_at: fact.at,
            sent_at: fact.sent,
            meeting: fact.meeting,
            instance: fact.instance.as_ref().map(|uuid| hash(uuid.as_str())),
            device: session.map(|keys| hash(SessionId::of_keys(keys).as_str())),
            phone: session.is_some_and(|keys| keys.phone),
            who: session.and_then(|keys| self.whose(fact, keys)).map(|key| self.person(key)),
            ignored: !mine && !self.before.deleted.contains_key(&fact.meeting),
            idle: !self.took_in(fact),
        }
    }

    /// Whether anything of it was new.
    fn took_in(&self, fact: &Fact) -> bool {
        let of_instance = fact
            .instance
            .as_ref()
            .is_some_and(|uuid| self.before.instances.get(uuid) != self.after.instances.get(uuid));
        let settings = |visit: &Visit| {
            visit.meeting.as_ref().map(|own| (own.waiting_room_update, own.join_before_host_update))
        };
        of_instance
            || self.before.before_host != self.after.before_host
            || self.before.deleted != self.after.deleted
            || (self.after.meeting.is_some() && settings(self.before) != settings(self.after))
    }

    /// Whom an event is about: by its own keys, else by those of the session that it belongs to, else by a name.
    fn whose(&self, fact: &Fact, keys: &SessionKeys) -> Option<&ParticipantKey> {
        let visit = self.after;
        let id = SessionId::of_keys(keys);
        let mut who = Identity::default();
        who.learn(keys);
        let alone = Believed::of(&id, &who, Presence::Gone, fact.at);
        if let Some(key) = visit.whose(&alone) {
            return Some(key);
        }
        let Some(instance) = fact.instance.as_ref().and_then(|uuid| visit.instances.get(uuid)) else {
            return visit.named_by_zoom(who.names());
        };
        let sessions = instance.presences();
        let session = sessions.iter().find(|session| session.id == id || session.bound.contains(&id))?;
        visit.whose(session).or_else(|| visit.claims(&sessions).get(&session.id).copied())
    }
}

/// The upper half of the hash tells a few hundred devices apart.
fn hash(name: &str) -> DeviceHash {
    DeviceHash(u32::try_from(stable_hash(name.as_bytes()) >> 32).unwrap_or_default())
}
