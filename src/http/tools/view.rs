//! What the tools page shows of a visit.

use vestibule_actors::desk::Snapshot;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::device_test::{KnownTest, TestOutcome};
use vestibule_domain::visit::guest::guest_of;
use vestibule_domain::visit::participant::{Participant, ParticipantKey, Presence};
use vestibule_domain::visit::{Stranger, Visit};

use super::Place;
use crate::http::guest::address;
use crate::http::whose::{called, devices, minutes, unknown};
use crate::web::{Choice, GuestLine, Here, Inviting, PersonLine, Texts, ToolsMeeting};

impl Place<'_> {
    /// People in the meeting whom nothing of Zoom's ties to a person of the visit.
    pub(super) fn unlinked(&self, seen: &Snapshot) -> Vec<Stranger> {
        let policy = self.organization.policy(&self.app.settings);
        seen.visit.unlinked(&policy, self.app.desk.ports().clock.now())
    }
}

/// Everybody of the visit; those in the meeting whom nothing ties to anybody; and their devices, of which one may say whose they are.
pub(super) fn here(place: &Place<'_>, snapshot: Option<&Snapshot>) -> Here {
    let Some(seen) = snapshot else { return Here::default() };
    let now = place.app.desk.ports().clock.now();
    let unlinked = place.unlinked(seen);
    let known = |(key, person): (&ParticipantKey, &Participant)| {
        let (who, name) = (called(key.role(), false), name(&seen.visit, key, person));
        PersonLine::new(place.language, who, name, person.presence.as_str(), minutes(now, person.since))
            .tested(place.language, seen.visit.test_of(key).map(|known| result(known, now)))
    };
    // Whoever has tested may come.
    let not_here = seen.visit.tests().filter(|(key, _)| !seen.visit.participants.contains_key(*key));
    let expected = |(key, known): (&ParticipantKey, &KnownTest)| {
        let result = result(known, now);
        let (who, gone) = (called(key.role(), false), Presence::Gone.as_str());
        PersonLine::new(place.language, who, None, gone, result.1).tested(place.language, Some(result))
    };
    let choice = |(key, person): (&ParticipantKey, &Participant)| Choice {
        who: key.to_text(),
        role: called(key.role(), false).text(place.language),
        name: name(&seen.visit, key, person),
    };
    let nobodys = unlinked.iter().filter(|stranger| stranger.named.is_none());
    Here {
        people: (seen.visit.participants.iter().map(known))
            .chain(not_here.map(expected))
            .chain(nobodys.map(|stranger| unknown(place.language, stranger, now)))
            .collect(),
        devices: devices(place.language, &unlinked, now),
        choices: seen.visit.participants.iter().map(choice).collect(),
    }
}

fn name(visit: &Visit, key: &ParticipantKey, person: &Participant) -> Option<String> {
    let invited = visit.guests.iter().find(|(link, _)| guest_of(link) == *key);
    let called = invited.and_then(|(_, link)| link.name.as_ref()).map(|name| name.reveal().to_owned());
    called.or_else(|| full_name(person))
}

/// What came out of a device test, and how many minutes ago.
fn result(known: &KnownTest, now: Moment) -> (TestOutcome, i64) {
    (known.test.outcome, minutes(now, known.test.at))
}

fn full_name(person: &Participant) -> Option<String> {
    let names = [&person.first_name, &person.last_name];
    let names: Vec<&str> = names.into_iter().flatten().map(|name| name.reveal()).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

/// Whether one more link can be made.
pub(super) fn inviting(place: &Place<'_>, snapshot: Option<&Snapshot>) -> Inviting {
    let visit = snapshot.map(|seen| &seen.visit);
    let is_known =
        || visit.is_some_and(|visit| visit.birth_date(place.ticket.patient_csn.as_ref()).is_some());
    if visit.is_some_and(|visit| !visit.may_invite(place.app.desk.ports().clock.now())) {
        Inviting::TooMany
    } else if place.organization.guest_birth_date.check && !is_known() {
        Inviting::NoBirthDate
    } else {
        Inviting::Open
    }
}

/// Links that are still good, the newest first.
pub(super) fn guests(place: &Place<'_>, snapshot: Option<&Snapshot>) -> Vec<GuestLine> {
    let Some(visit) = snapshot.map(|seen| &seen.visit) else { return Vec::new() };
    let now = place.app.desk.ports().clock.now();
    let rules = place.organization.policy(&place.app.settings).guests;
    let mut good: Vec<_> = visit.guests.iter().filter(|(_, link)| link.is_good(now)).collect();
    good.sort_by_key(|(_, link)| std::cmp::Reverse(link.made_at));
    let line = |(id, link): (&_, &vestibule_domain::visit::guest::GuestLink)| {
        Some(GuestLine {
            id: ToString::to_string(id),
            name: link.name.as_ref().map(|name| name.reveal().to_owned()),
            address: address(place.app, &place.ticket.visit.organization, id)?,
            minutes_left: minutes(link.expires_at, now),
            locked: place.organization.guest_birth_date.check && link.is_locked(rules),
            texts: place
                .organization
                .sms
                .as_ref()
                .map(|_| Texts { sent: link.messages.len(), may_send: link.may_be_sent(rules, now) }),
            no_phone: None,
        })
    };
    good.into_iter().filter_map(line).collect()
}

/// How somebody dials in, while there is a meeting.
pub(super) fn meeting(snapshot: &Snapshot) -> Option<ToolsMeeting> {
    let meeting = snapshot.visit.meeting.as_ref().filter(|meeting| meeting.indexed)?;
    let dial_in = meeting.dial_in.as_ref();
    Some(ToolsMeeting {
        id: meeting.id.to_string(),
        passcode: dial_in.and_then(|dial_in| dial_in.passcode.as_ref()).map(|code| code.reveal().to_owned()),
        numbers: dial_in.map(|dial_in| dial_in.numbers.clone()).unwrap_or_default(),
    })
}
