//! Who is where: ties sessions to people and takes the highest of each person's presences.

use super::Visit;
use super::identity::Identity;
use super::instance::Believed;
use super::participant::{Participant, ParticipantKey, Presence, Role};
use crate::fact::SessionKeys;
use crate::policy::Policy;
use crate::time::Moment;
use serde::{Deserialize, Serialize};
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

/// Somebody on Zoom's screen before the host; the newest time of each kind.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct BeforeHost {
    waiting: Option<Moment>,
    left: Option<Moment>,
    #[serde(default, skip_serializing_if = "Identity::is_unknown")]
    who: Identity,
}

impl BeforeHost {
    pub(super) fn waits(&mut self, keys: &SessionKeys, at: Moment) {
        self.who.learn(keys);
        self.waiting = self.waiting.max(Some(at));
    }

    pub(super) fn leaves(&mut self, keys: &SessionKeys, at: Moment) {
        self.who.learn(keys);
        self.left = self.left.max(Some(at));
    }
}

impl Visit {
    /// The whereabouts of every participant at a time, and those of people whom nothing identifies.
    pub(super) fn whereabouts(
        &self,
        policy: &Policy,
        now: Moment,
    ) -> (BTreeMap<ParticipantKey, Whereabouts>, Vec<Stranger>) {
        let mut known: BTreeMap<ParticipantKey, Whereabouts> = BTreeMap::new();
        let mut arrived: BTreeMap<&ParticipantKey, Moment> = BTreeMap::new();
        let mut strangers = Vec::new();
        let course = self.course(policy);
        for session in course.newest.map(|(_, i)| i.presences()).unwrap_or_default() {
            let whose = self.whose(&session);
            if let (Some(key), Some(at)) = (whose, session.arrived) {
                let last = arrived.entry(key).or_insert(at);
                *last = at.max(*last);
            }
            match whose {
                _ if !course.live => {}
                Some(key) => raise(&mut known, key, (session.presence, session.since)),
                None if session.presence > Presence::Gone => strangers.push(Stranger {
                    presence: session.presence,
                    since: session.since,
                    phone: session.phone,
                }),
                None => {}
            }
        }
        for (who, since) in
            self.before_host.values().filter_map(|b| self.waits_before_host(b, course.last_end))
        {
            if let Some(key) = self.whose(&Believed::of(who, Presence::Waiting, since)) {
                raise(&mut known, key, (Presence::Waiting, since));
            }
        }
        for (key, participant) in &self.participants {
            // Whoever came into Zoom since the last sign of the page has left the page.
            let went_in = arrived.get(key).filter(|at| **at <= now);
            if let Some(seen) =
                participant.page_open(policy, now).filter(|seen| went_in.is_none_or(|at| at < seen))
            {
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

    /// Since when a person waits on Zoom's screen before the host. The wait is over when Zoom says so, when the person is heard of in the
    /// meeting or its waiting room (R7), and when the meeting ends. The events name no join, and the one that ends the wait may name
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
            || last_end.is_some_and(|end| end >= since);
        (!over).then_some((&entry.who, since))
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
