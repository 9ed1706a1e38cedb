//! Who is where: ties sessions to people and takes the highest of each person's presences.

use super::identity::Identity;
use super::instance::Believed;
use super::participant::{Participant, ParticipantKey, Presence, Role};
use super::{Device, Visit};
use crate::fact::SessionKeys;
use crate::id::MeetingId;
use crate::intent::ProblemCode;
use crate::policy::Policy;
use crate::time::{Moment, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a person is, and since when by the time of whatever proves it.
pub(super) type Whereabouts = (Presence, Moment);

/// Somebody in the meeting whom nothing of Zoom's ties to a person, save a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stranger {
    /// By which device.
    pub device: Device,
    /// Where.
    pub presence: Presence,
    /// Since when.
    pub since: Moment,
    /// Whether it is a telephone.
    pub phone: bool,
    /// Who they are, as somebody said or as their name says.
    pub named: Option<ParticipantKey>,
}

/// Somebody on Zoom's screen before the host; the newest time of each kind.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct BeforeHost {
    waiting: Option<Moment>,
    left: Option<Moment>,
    /// Before which meeting they last waited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    meeting: Option<MeetingId>,
    #[serde(default, skip_serializing_if = "Identity::is_unknown")]
    who: Identity,
}

impl BeforeHost {
    pub(super) fn waits(&mut self, keys: &SessionKeys, at: Moment, meeting: MeetingId) {
        self.who.learn(keys);
        (self.waiting, self.meeting) = (self.waiting, self.meeting).max((Some(at), Some(meeting)));
    }

    pub(super) fn leaves(&mut self, keys: &SessionKeys, at: Moment) {
        self.who.learn(keys);
        self.left = self.left.max(Some(at));
    }
}

impl Visit {
    /// The whereabouts of every participant at a time, and those of people whom nothing of Zoom's identifies.
    pub(super) fn whereabouts(
        &self,
        policy: &Policy,
        now: Moment,
    ) -> (BTreeMap<ParticipantKey, Whereabouts>, Vec<Stranger>) {
        let mut known: BTreeMap<ParticipantKey, Whereabouts> = BTreeMap::new();
        let mut arrived: BTreeMap<&ParticipantKey, Moment> = BTreeMap::new();
        let mut strangers = Vec::new();
        let course = self.course(policy);
        let sessions = course.newest.map(|(uuid, instance)| (uuid, instance.presences()));
        let claims = sessions.as_ref().map(|(_, all)| self.claims(all)).unwrap_or_default();
        let sessions = sessions.map(|(uuid, all)| all.into_iter().map(move |session| (uuid, session)));
        for (uuid, session) in sessions.into_iter().flatten() {
            let linked = self.linked(&session);
            // A name is the weakest of what is known: whoever sees the person knows better.
            let by_name = || claims.get(&session.id).copied();
            let whose = linked.or_else(|| self.named_as(&session)).or_else(by_name);
            if let (Some(key), Some(at)) = (whose, session.arrived) {
                let last = arrived.entry(key).or_insert(at);
                *last = at.max(*last);
            }
            match whose {
                _ if !course.live => {}
                Some(key) => raise(&mut known, key, (session.presence, session.since)),
                None => {}
            }
            if course.live && linked.is_none() && session.presence > Presence::Gone {
                strangers.push(Stranger {
                    named: whose.cloned(),
                    device: Device { instance: uuid.clone(), session: session.id },
                    presence: session.presence,
                    since: session.since,
                    phone: session.phone,
                });
            }
        }
        for (id, before_host) in &self.before_host {
            let Some((who, since)) = self.waits_before_host(before_host, course.last_end) else { continue };
            let linked = self.linked(&Believed::of(id, who, Presence::Waiting, since));
            if let Some(key) = linked.or_else(|| self.named_by_zoom(who.names())) {
                raise(&mut known, key, (Presence::Waiting, since));
            }
        }
        for (key, participant) in &self.participants {
            // Whoever came into Zoom since the last sign of the page has left the page. Zoom tells whole seconds.
            let went_in = arrived.get(key).filter(|at| **at <= now);
            let open = participant.page_open(policy, now);
            if let Some(seen) = open.filter(|seen| went_in.is_none_or(|at| *at < seen.whole_second())) {
                raise(&mut known, key, (Presence::Waiting, seen));
            }
        }
        (known, strangers)
    }

    /// People in the meeting whom nothing of Zoom's identifies but a name, with who they are where that or somebody says so.
    #[must_use]
    pub fn unlinked(&self, policy: &Policy, now: Moment) -> Vec<Stranger> {
        self.whereabouts(policy, now).1
    }

    /// People in the meeting whom nothing identifies; they never turn a light on.
    #[must_use]
    pub fn strangers(&self, policy: &Policy, now: Moment) -> Vec<Stranger> {
        let mut unlinked = self.unlinked(policy, now);
        unlinked.retain(|stranger| stranger.named.is_none());
        unlinked
    }

    /// What should have been followed by something in the live instance, and was not within [`ENTERED_WITHIN`]; with the time when that
    /// was over.
    pub(super) fn overdue_entries(&self, policy: &Policy, now: Moment) -> Vec<(ProblemCode, Moment)> {
        self.expected_entries(policy, now).into_iter().filter(|(_, by)| *by <= now).collect()
    }

    /// What is expected in the live instance, and by when: whoever was admitted comes in, and nobody is there without a provider. Of a
    /// fact from far ahead nothing is expected.
    pub(super) fn expected_entries(&self, policy: &Policy, now: Moment) -> Vec<(ProblemCode, Moment)> {
        let course = self.course(policy);
        let Some((_, instance)) = course.newest.filter(|_| course.live) else { return Vec::new() };
        let sessions = instance.presences();
        let admitted = sessions.iter().filter_map(|s| s.admitted).min();
        let provider = |s: &Believed| self.whose(s).is_some_and(|key| key.role() == Role::Provider);
        let provider_seen = sessions.iter().any(|s| s.arrived.is_some() && provider(s));
        let there = sessions.iter().filter(|s| s.presence == Presence::InMeeting && !provider_seen);
        let alone = there.map(|s| s.since).min();
        let expected = [(ProblemCode::AdmittedNotEntered, admitted), (ProblemCode::NoProviderSeen, alone)];
        let by = expected.into_iter().filter_map(|(code, since)| Some((code, since? + ENTERED_WITHIN)));
        by.filter(|(_, by)| *by <= now + ENTERED_WITHIN + CLOCKS_DIFFER).collect()
    }

    /// Whose session it is: by Zoom's word, else by that of a person.
    pub(super) fn whose(&self, session: &Believed) -> Option<&ParticipantKey> {
        self.linked(session).or_else(|| self.named_as(session))
    }

    fn named_as(&self, session: &Believed) -> Option<&ParticipantKey> {
        let (key, _) = self.participants.get_key_value(session.named.as_ref()?)?;
        Some(key)
    }

    /// Whose session it is by what Zoom says: by personal link, else by the signed-in Zoom user, their own or one who
    /// stands for them.
    fn linked(&self, session: &Believed) -> Option<&ParticipantKey> {
        let by_link = self
            .participants
            .iter()
            .find(|(_, p)| p.registrants.iter().any(|r| session.registrants.contains(r)));
        let by_user = || {
            self.participants
                .iter()
                .filter(|(key, _)| key.role() == Role::Provider)
                .find(|(_, p)| p.zoom_users().any(|user| session.zoom_users.contains(user)))
        };
        let by_stand_in = || {
            let stands = |p: &Participant| p.stand_ins.iter().any(|user| session.zoom_users.contains(user));
            self.participants.iter().find(|(_, p)| stands(p))
        };
        by_link.or_else(by_user).or_else(by_stand_in).map(|(key, _)| key)
    }

    /// Since when a person waits on Zoom's screen before the host. The wait is over when Zoom says so, when the person is heard of in the
    /// meeting or its waiting room (R7), and when the meeting ends or is deleted. The events name no join, and the one that ends the wait may name
    /// the person by another key than the one that began it, so they are matched by who may be meant.
    fn waits_before_host<'a>(
        &'a self,
        entry: &'a BeforeHost,
        last_end: Option<Moment>,
    ) -> Option<(&'a Identity, Moment)> {
        let since = entry.waiting?;
        let left = self
            .before_host
            .values()
            .filter(|other| other.who.may_be(&entry.who))
            .filter_map(|o| o.left)
            .max();
        let heard = self.instances.values().filter_map(|instance| instance.heard_of(&entry.who)).max();
        let over = left.max(entry.left).is_some_and(|left| left >= since)
            || heard.is_some_and(|heard| heard >= since.whole_second())
            || last_end.is_some_and(|end| end >= since)
            || entry.meeting.is_some_and(|meeting| self.deleted.contains_key(&meeting));
        (!over).then_some((&entry.who, since))
    }
}

/// Events of one moment may come one after the other, and people click slowly.
const ENTERED_WITHIN: Span = Span::seconds(60);
/// Zoom's clock and ours are not further apart than this.
const CLOCKS_DIFFER: Span = Span::minutes(5);

/// A person's presence is the highest of their sessions'; among equals the earliest begin stands, and of all ends the latest.
fn raise(
    known: &mut BTreeMap<ParticipantKey, Whereabouts>,
    key: &ParticipantKey,
    (presence, since): Whereabouts,
) {
    let entry = known.entry(key.clone()).or_insert((presence, since));
    if presence > entry.0 {
        *entry = (presence, since);
    } else if presence == entry.0 {
        entry.1 = if presence == Presence::Gone { entry.1.max(since) } else { entry.1.min(since) };
    }
}

impl Participant {
    /// The last sign of a page that is still open, if one is.
    pub(super) fn page_open(&self, policy: &Policy, now: Moment) -> Option<Moment> {
        self.page_seen
            .filter(|seen| self.departed.is_none_or(|departed| departed < *seen))
            .filter(|seen| *seen + policy.page_presence > now)
    }
}
