//! Telling people apart by name, where Zoom's events bring nothing else back: the names that they are given, and who comes under them.
//!
//! A name is one person's alone within the visit, and a join counts as theirs when it bears that name to the letter. Anybody can type a
//! name, so more is asked for. Nobody is taken for a person whom our door has not given the link. Of several joins under one name at one
//! time only as many are theirs as the door gave links: somebody who opens the link again, or on another device, came by the door for it.
//! Whoever else bears the name stays unidentified until somebody says who it is, also when they remain alone: a light that a stranger
//! keeps on would be worse than one that is off. What cannot be told is a stranger who types the name while its owner is not there.

use super::Visit;
use super::decide::Deciding;
use super::instance::Believed;
use super::participant::{Participant, ParticipantKey, Presence, Role};
use super::session::SessionId;
use crate::intent::{Personal, ZoomCall};
use crate::name::{PersonalLink, Phi};
use crate::policy::{PatientIdentity, PatientRules, Policy};
use crate::time::{Moment, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Zoom's bound on a name, in characters.
const LONGEST_NAME: usize = 64;
/// So many links of one person are remembered: the first, and the newest.
const MOST_GIVEN: usize = 16;
/// Somebody may have to install Zoom's app before they come in by a link.
const COMES_WITHIN: Span = Span::minutes(10);
/// Zoom's clock may be behind ours by this.
const CLOCKS_DIFFER: Span = Span::seconds(5);

/// Whose each session is by its name.
pub(super) type Claims<'a> = BTreeMap<SessionId, &'a ParticipantKey>;

impl Visit {
    /// Whose the sessions of one instance are by the names that they came under. Of names that are two people's nothing follows.
    pub(super) fn claims(&self, sessions: &[Believed]) -> Claims<'_> {
        let mut claims = Claims::new();
        for (key, person) in self.participants.iter().filter(|(_, person)| !person.given.is_empty()) {
            let theirs =
                |name: &u64| !self.participants.iter().any(|(k, p)| k != key && p.names.contains(name));
            let names: BTreeSet<u64> = person.names.iter().copied().filter(theirs).collect();
            for session in theirs_by_name(&names, &person.given, sessions) {
                claims.insert(session, key);
            }
        }
        // A telephone is whose the join is that it was bound to.
        let phones = sessions.iter().filter(|session| session.phone && !claims.contains_key(&session.id));
        let bound: Vec<_> = phones
            .filter_map(|phone| Some((phone.id.clone(), *phone.bound.iter().find_map(|id| claims.get(id))?)))
            .collect();
        claims.extend(bound);
        claims
    }

    /// Who waits on Zoom's screen before the host by this name: the one who was given it, and nobody where two were.
    pub(super) fn named_by_zoom(&self, names: &BTreeSet<u64>) -> Option<&ParticipantKey> {
        let mut bearers = self.participants.iter().filter(|(_, p)| !p.names.is_disjoint(names));
        let (key, person) = bearers.next()?;
        (bearers.next().is_none() && !person.given.is_empty()).then_some(key)
    }
}

/// The sessions under one person's names that are that person's, by the order in which they came.
fn theirs_by_name(
    names: &BTreeSet<u64>,
    given: &BTreeSet<Moment>,
    sessions: &[Believed],
) -> BTreeSet<SessionId> {
    let bears = |session: &&Believed| session.came.is_some_and(|(_, name)| names.contains(&name));
    let mut bearers: Vec<(Moment, &Believed)> = sessions
        .iter()
        .filter(|session| !session.phone && session.registrants.is_empty())
        .filter(bears)
        .filter_map(|session| session.came.map(|(at, _)| (at, session)))
        .collect();
    bearers.sort_by_key(|(at, session)| (*at, session.id.clone()));
    let mut unused = given.clone();
    let mut theirs = BTreeSet::new();
    // Who came after a link was given first; then, as clocks differ, who seems to have come a little before.
    for earlier in [Span(0), CLOCKS_DIFFER] {
        for (at, session) in &bearers {
            let fits = |given: &Moment| given.whole_second() <= *at + earlier && *at <= *given + COMES_WITHIN;
            let link = unused.iter().copied().find(fits).filter(|_| !theirs.contains(&session.id));
            if link.is_some_and(|link| unused.remove(&link)) {
                theirs.insert(session.id.clone());
            }
        }
    }
    let first = given.first().map(|first| first.whole_second());
    for (index, (at, session)) in bearers.iter().enumerate() {
        let alone = bearers.iter().take(index).all(|(_, other)| has_gone_by(other, *at));
        if alone && first.is_some_and(|first| first <= *at + CLOCKS_DIFFER) {
            theirs.insert(session.id.clone());
        }
    }
    theirs
}

/// Zoom tells whole seconds: whoever left in the second in which another came may have been there with them.
fn has_gone_by(session: &Believed, at: Moment) -> bool {
    session.presence == Presence::Gone && session.since < at
}

impl Participant {
    /// Remembers that the link was given.
    pub(super) fn is_given_the_link(&mut self, at: Moment) {
        self.given.insert(at);
        if self.given.len() > MOST_GIVEN {
            let second = self.given.iter().nth(1).copied();
            self.given.retain(|given| Some(*given) != second);
        }
    }

    /// When another link is made for somebody who waits, in good time before theirs runs out: when a quarter of its life is left.
    fn link_is_renewed(&self, rules: &PatientRules) -> Option<Moment> {
        let good_until = self.link.as_ref().filter(|_| self.presence == Presence::Waiting)?.good_until?;
        Some(good_until - Span(rules.invite_link_life.0 / 4))
    }
}

impl Visit {
    /// The next time that a link runs out or is to be renewed.
    pub(super) fn next_link_due(&self, policy: &Policy, now: Moment) -> Option<Moment> {
        let runs_out = |p: &Participant| p.link.as_ref().and_then(|link| link.good_until);
        let due = self.participants.values().flat_map(|p| [p.link_is_renewed(&policy.patients), runs_out(p)]);
        due.flatten().filter(|due| *due > now).min()
    }

    /// A name for a person that nobody else in the visit bears, however its letters are written: their own, or that with a number.
    fn free_name(&self, key: &ParticipantKey, person: &Participant) -> Phi {
        let taken: BTreeSet<String> = self
            .participants
            .iter()
            .filter(|(other, _)| *other != key)
            .filter_map(|(other, p)| match other.role() {
                Role::Provider => Some(&p.display_name),
                _ => p.shown_as.as_ref(),
            })
            .map(|name| plain(name.reveal()).to_lowercase())
            .collect();
        // A user stays in the account's list for as long as there is one, where no name of a person shall be.
        let lists_users = self.meeting.as_ref().is_some_and(|m| m.identity == PatientIdentity::TemporaryUser);
        let own = if lists_users { "" } else { person.display_name.reveal() };
        let base = plain(own);
        let base = if base.is_empty() { key.role().plain_name().to_owned() } else { base };
        let numbered = |number: usize| {
            let suffix = if number == 1 { String::new() } else { format!(" {number}") };
            let room = LONGEST_NAME.saturating_sub(suffix.chars().count());
            let kept: String = base.chars().take(room).collect();
            format!("{}{suffix}", kept.trim_end())
        };
        let names = (1..=taken.len().saturating_add(1)).map(numbered);
        let free = names.into_iter().find(|name| !taken.contains(&name.to_lowercase()));
        Phi::new(free.unwrap_or(base))
    }
}

/// A name as it can be typed and compared: no control characters, single blanks, none at the ends.
fn plain(name: &str) -> String {
    let words = name.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

impl Deciding<'_> {
    /// Gives everybody who is to have a name at Zoom theirs, and lets go of links that have run out.
    pub(super) fn names_at_zoom(&mut self) {
        let now = self.now;
        for person in self.visit.participants.values_mut() {
            person.link = person.link.take().filter(|link| link.good_until.is_none_or(|until| until > now));
        }
        if self.visit.meeting.as_ref().is_none_or(|meeting| meeting.identity == PatientIdentity::Registrant) {
            return;
        }
        let nameless =
            |(key, p): &(&ParticipantKey, &Participant)| key.role().is_patient_side() && p.shown_as.is_none();
        let nameless: Vec<ParticipantKey> =
            self.visit.participants.iter().filter(nameless).map(|(key, _)| key.clone()).collect();
        for key in nameless {
            let name = self.visit.participants.get(&key).map(|person| self.visit.free_name(&key, person));
            if let Some(person) = self.visit.participants.get_mut(&key) {
                person.shown_as = name;
            }
        }
    }

    /// What is to be asked for so that Zoom knows somebody, while it does not or what it knows is about to run out.
    pub(super) fn wanted_personal(&self, key: &ParticipantKey, person: &Participant) -> Option<ZoomCall> {
        let meeting = self.visit.meeting.as_ref()?;
        let rules = &self.policy.patients;
        let linked = person.link.as_ref().is_some_and(|link| link.meeting == meeting.id);
        let (missing, name, by) = match meeting.identity {
            PatientIdentity::Registrant => {
                (meeting.answered.registration && !linked, &person.display_name, Personal::Registrant)
            }
            PatientIdentity::InviteLink => {
                let runs_out = person.link_is_renewed(rules).is_some_and(|due| due <= self.now);
                let by = Personal::InviteLink { good_for: rules.invite_link_life };
                (!linked || runs_out, person.shown_as.as_ref()?, by)
            }
            PatientIdentity::TemporaryUser => {
                let by = Personal::TemporaryUser { tag: self.wanted_stand_in(key, person)? };
                (true, person.shown_as.as_ref()?, by)
            }
        };
        missing.then(|| ZoomCall::Register {
            participant: key.clone(),
            meeting: meeting.id,
            display_name: name.clone(),
            by,
        })
    }

    pub(super) fn invited(
        &mut self,
        participant: &ParticipantKey,
        link: (crate::id::MeetingId, &PersonalLink),
        name: u64,
        good_until: Moment,
    ) {
        if let Some(person) = self.visit.participants.get_mut(participant) {
            person.names.insert(name);
            let (meeting, url) = link;
            person.link =
                Some(super::participant::Link { meeting, url: url.clone(), good_until: Some(good_until) });
        }
    }
}
