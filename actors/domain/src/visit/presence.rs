//! Who is where: ties sessions to people and takes the highest of each person's presences.

use super::instance::Believed;
use super::participant::{Participant, ParticipantKey, Presence, Role};
use super::{BeforeHost, Visit};
use crate::policy::Policy;
use crate::time::Moment;
use std::collections::BTreeMap;

/// Where a person is, and since when by the time of whatever proves it.
pub(super) type Whereabouts = (Presence, Moment);

/// Somebody in the meeting whom nothing ties to a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stranger {
    /// Where.
    pub presence: Presence,
    /// Since when.
    pub since: Moment,
    /// Whether it is a telephone.
    pub phone: bool,
}

impl Visit {
    /// The whereabouts of every participant at a time, and those of people whom nothing identifies.
    pub(super) fn whereabouts(
        &self,
        policy: &Policy,
        now: Moment,
    ) -> (BTreeMap<ParticipantKey, Whereabouts>, Vec<Stranger>) {
        let mut known: BTreeMap<ParticipantKey, Whereabouts> = BTreeMap::new();
        let mut strangers = Vec::new();
        let course = self.course(policy);
        let sessions = if course.live { course.newest.map(|(_, i)| i.presences()) } else { None };
        for session in sessions.unwrap_or_default() {
            if let Some(key) = self.whose(&session) {
                raise(&mut known, key, (session.presence, session.since));
            } else if session.presence > Presence::Gone {
                strangers.push(Stranger {
                    presence: session.presence,
                    since: session.since,
                    phone: session.phone,
                });
            }
        }
        for (keys, waiting) in
            self.before_host.values().filter_map(|b| b.waiting_since(course.last_end).map(|at| (&b.keys, at)))
        {
            let person = Believed {
                presence: Presence::Waiting,
                since: waiting,
                zoom_users: keys.zoom_user.iter().cloned().collect(),
                registrants: keys.registrant.iter().cloned().collect(),
                phone: keys.phone,
            };
            if let Some(key) = self.whose(&person) {
                raise(&mut known, key, (Presence::Waiting, waiting));
            }
        }
        for (key, participant) in &self.participants {
            if let Some(seen) = participant.page_open(policy, now) {
                raise(&mut known, key, (Presence::Waiting, seen));
            }
        }
        (known, strangers)
    }

    /// People in the meeting whom nothing identifies; they never turn a light on.
    #[must_use]
    pub fn strangers(&self, policy: &Policy, now: Moment) -> Vec<Stranger> {
        self.whereabouts(policy, now).1
    }

    /// Whose session it is: by personal link, else by the signed-in Zoom user.
    fn whose(&self, session: &Believed) -> Option<&ParticipantKey> {
        let by_link = self
            .participants
            .iter()
            .find(|(_, p)| p.registrants.iter().any(|r| session.registrants.contains(r)));
        let by_user = || {
            self.participants
                .iter()
                .filter(|(key, _)| key.role() == Role::Provider)
                .find(|(_, p)| p.zoom_user.as_ref().is_some_and(|user| session.zoom_users.contains(user)))
        };
        by_link.or_else(by_user).map(|(key, _)| key)
    }
}

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

impl BeforeHost {
    /// Where two events disagree the greater key wins, so that their order does not matter.
    pub(super) fn learn(&mut self, keys: &crate::fact::SessionKeys) {
        self.keys.zoom_user = self.keys.zoom_user.take().max(keys.zoom_user.clone());
        self.keys.registrant = self.keys.registrant.take().max(keys.registrant.clone());
        self.keys.phone |= keys.phone;
    }

    /// Since when the person waits on Zoom's screen: not when it was left since, nor when an instance ended since.
    fn waiting_since(&self, last_end: Option<Moment>) -> Option<Moment> {
        self.waiting
            .filter(|waiting| self.left.is_none_or(|left| left < *waiting))
            .filter(|waiting| last_end.is_none_or(|end| end < *waiting))
    }
}
