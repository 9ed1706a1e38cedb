//! What the tools page shows of a visit.

use vestibule_actors::desk::Snapshot;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::guest::guest_of;
use vestibule_domain::visit::participant::{Participant, ParticipantKey, Role};

use super::Place;
use crate::http::guest::address;
use crate::web::{GuestLine, PersonLine, ToolsMeeting, Who};

/// Everybody of the visit, and those in the meeting whom nothing ties to anybody.
pub(super) fn people(place: &Place<'_>, snapshot: Option<&Snapshot>) -> Vec<PersonLine> {
    let now = place.app.desk.ports().clock.now();
    let policy = place.organization.policy(&place.app.settings);
    let mut lines: Vec<PersonLine> = Vec::new();
    if let Some(visit) = snapshot.map(|seen| &seen.visit) {
        let name = |key: &ParticipantKey, person: &Participant| {
            let invited = visit.guests.iter().find(|(link, _)| guest_of(link) == *key);
            let called =
                invited.and_then(|(_, link)| link.name.as_ref()).map(|name| name.reveal().to_owned());
            called.or_else(|| full_name(person))
        };
        lines.extend(visit.participants.iter().map(|(key, person)| {
            let (who, name) = (who(key.role(), false), name(key, person));
            PersonLine::new(place.language, who, name, person.presence.as_str(), minutes(now, person.since))
        }));
        lines.extend(visit.strangers(&policy, now).into_iter().map(|stranger| {
            let who = who(Role::Unidentified, stranger.phone);
            let (presence, since) = (stranger.presence.as_str(), minutes(now, stranger.since));
            PersonLine::new(place.language, who, None, presence, since)
        }));
    }
    lines
}

fn who(role: Role, phone: bool) -> Who {
    match role {
        Role::Provider => Who::Provider,
        Role::Patient => Who::Patient,
        Role::Proxy => Who::Proxy,
        Role::Guest => Who::Guest,
        Role::Unidentified if phone => Who::Telephone,
        Role::Unidentified => Who::Unidentified,
    }
}

fn full_name(person: &Participant) -> Option<String> {
    let names = [&person.first_name, &person.last_name];
    let names: Vec<&str> = names.into_iter().flatten().map(|name| name.reveal()).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

fn minutes(now: Moment, since: Moment) -> i64 {
    (now - since).0.max(0) / 60_000
}

/// Links that are still good, the newest first.
pub(super) fn guests(place: &Place<'_>, snapshot: Option<&Snapshot>) -> Vec<GuestLine> {
    let Some(visit) = snapshot.map(|seen| &seen.visit) else { return Vec::new() };
    let now = place.app.desk.ports().clock.now();
    let mut good: Vec<_> = visit.guests.iter().filter(|(_, link)| link.is_good(now)).collect();
    good.sort_by_key(|(_, link)| std::cmp::Reverse(link.made_at));
    let line = |(id, link): (&_, &vestibule_domain::visit::guest::GuestLink)| {
        Some(GuestLine {
            id: ToString::to_string(id),
            name: link.name.as_ref().map(|name| name.reveal().to_owned()),
            address: address(place.app, &place.ticket.visit.organization, id)?,
            minutes_left: minutes(link.expires_at, now),
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
