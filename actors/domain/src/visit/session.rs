//! One presence of one device: the newest time of each kind of fact, and what is believed of it.
//!
//! Its presence is that of its newest mark; marks of the same second are ranked waiting < admitted < joined < put back < left.

use super::identity::Identity;
use super::participant::Presence;
use crate::fact::{FactKind, SessionKeys};
use crate::time::Moment;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Names a session within its instance: by participant uuid, else by user id, else by whatever the event gave.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(String);

/// The newest time of one kind of fact: its own time, then Zoom's time of sending.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(super) struct Mark(pub(super) Moment, pub(super) Moment);

/// What the facts say of one session.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Session {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waiting: Option<Mark>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    admitted: Option<Mark>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    joined: Option<Mark>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    put_back: Option<Mark>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<Mark>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_waiting_room: Option<Mark>,
    /// A join that Zoom reported without naming the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before_host: Option<Mark>,
    /// The first arrival, by the time of the fact and of its sending, with the name that it gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) came: Option<(Mark, Option<u64>)>,
    #[serde(default, skip_serializing_if = "Identity::is_unknown")]
    pub(super) who: Identity,
    /// User ids that were seen together with this session's participant uuid.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) users: BTreeSet<SessionId>,
    /// Sessions that this one was bound to: they tell whose it is.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) bound_to: BTreeSet<SessionId>,
}

impl SessionId {
    /// As it goes into a form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of_participant(id: impl std::fmt::Display) -> Self {
        Self(format!("p:{id}"))
    }

    fn of_user(id: impl std::fmt::Display) -> Self {
        Self(format!("u:{id}"))
    }

    /// The best name that the keys allow. Without any key, all such joins are one.
    pub(super) fn of_keys(keys: &SessionKeys) -> Self {
        if let Some(id) = &keys.participant {
            Self::of_participant(id)
        } else if let Some(id) = &keys.user {
            Self::of_user(id)
        } else {
            Self::of_person(keys)
        }
    }

    /// A name for events that name a person but no join.
    pub(super) fn of_person(keys: &SessionKeys) -> Self {
        if let Some(id) = &keys.registrant {
            Self(format!("r:{id}"))
        } else if let Some(id) = &keys.zoom_user {
            Self(format!("z:{id}"))
        } else {
            Self(format!("n:{:x}", keys.name_hash.unwrap_or(0)))
        }
    }
}

/// More user ids or bindings than this are not kept for one session.
const MOST_TIES: usize = 64;

impl Session {
    pub(super) fn learn(&mut self, keys: &SessionKeys) {
        self.who.learn(keys);
        if keys.participant.is_some() {
            self.users.extend(keys.user.as_ref().map(SessionId::of_user));
            bound(&mut self.users);
        }
    }

    pub(super) fn mark(&mut self, kind: &FactKind, mark: Mark) {
        let slot = match kind {
            FactKind::JoinedWaitingRoom => &mut self.waiting,
            FactKind::Admitted => &mut self.admitted,
            FactKind::Joined | FactKind::Breakout => &mut self.joined,
            FactKind::PutInWaitingRoom => &mut self.put_back,
            FactKind::Left => &mut self.left,
            FactKind::LeftWaitingRoom => &mut self.left_waiting_room,
            FactKind::JoinedBeforeHost => &mut self.before_host,
            FactKind::Bound { to, to_user } => {
                self.bound_to.extend(to.as_ref().map(SessionId::of_participant));
                self.bound_to.extend(to_user.as_ref().map(SessionId::of_user));
                bound(&mut self.bound_to);
                return;
            }
            FactKind::Started
            | FactKind::Ended
            | FactKind::WaitingForHost
            | FactKind::LeftWaitingForHost
            | FactKind::RoleChanged
            | FactKind::Created
            | FactKind::Updated { .. }
            | FactKind::Deleted => return,
        };
        *slot = (*slot).max(Some(mark));
    }

    /// An arrival, and the name that it gave. A name that is heard later, as after somebody renamed themselves, is not that of an arrival.
    pub(super) fn arrives(&mut self, kind: &FactKind, mark: Mark, name: Option<u64>) {
        use FactKind::{Admitted, Breakout, Joined, JoinedBeforeHost, JoinedWaitingRoom};
        if matches!(kind, Joined | JoinedWaitingRoom | Admitted | JoinedBeforeHost | Breakout) {
            self.came = earliest(self.came, Some((mark, name)));
        }
    }

    pub(super) fn merge(&mut self, other: &Session) {
        for (mine, theirs) in [
            (&mut self.waiting, other.waiting),
            (&mut self.admitted, other.admitted),
            (&mut self.joined, other.joined),
            (&mut self.put_back, other.put_back),
            (&mut self.left, other.left),
            (&mut self.left_waiting_room, other.left_waiting_room),
            (&mut self.before_host, other.before_host),
        ] {
            *mine = (*mine).max(theirs);
        }
        self.came = earliest(self.came, other.came);
        self.who.merge(&other.who);
        self.users.extend(other.users.iter().cloned());
        self.bound_to.extend(other.bound_to.iter().cloned());
    }

    /// The newest fact that names the session itself.
    pub(super) fn newest(&self) -> Option<Moment> {
        let marks =
            [self.waiting, self.admitted, self.joined, self.put_back, self.left, self.left_waiting_room];
        marks.into_iter().flatten().map(|Mark(at, _)| at).max()
    }

    /// The last time that the person came into Zoom by this session, be it the meeting or its waiting room.
    pub(super) fn arrived(&self) -> Option<Moment> {
        let marks = [self.waiting, self.admitted, self.joined, self.before_host];
        marks.into_iter().flatten().map(|Mark(at, _)| at).max()
    }

    /// Since when the person is admitted and has not come in.
    pub(super) fn admitted_since(&self) -> Option<Moment> {
        let Mark(admitted, _) = self.admitted?;
        let newer = [self.joined, self.put_back, self.left];
        newer.iter().flatten().all(|Mark(at, _)| *at < admitted).then_some(admitted)
    }

    /// Whether a join before the host, which names no session, is told better by this session of the same person: it is there, or
    /// something was heard of it since.
    pub(super) fn tells_better(&self, unnamed: &Session) -> bool {
        let (Some(newest), Some(Mark(joined, _))) = (self.newest(), unnamed.before_host) else {
            return false;
        };
        let is_there = self.presence().is_some_and(|(presence, _)| presence > Presence::Gone);
        self.who.may_be(&unnamed.who) && (is_there || newest >= joined.whole_second())
    }

    pub(super) fn presence(&self) -> Option<(Presence, Moment)> {
        // R7: leaving the waiting room says nothing about somebody who was admitted or is in the meeting.
        let refused = self.left_waiting_room.filter(|_| self.admitted.is_none() && self.joined.is_none());
        let before_host = self.before_host.filter(|_| self.newest().is_none());
        [
            (self.waiting, 0, Presence::InWaitingRoom),
            (self.admitted, 1, Presence::InMeeting),
            (self.joined.max(before_host), 2, Presence::InMeeting),
            (self.put_back, 3, Presence::InWaitingRoom),
            (self.left, 4, Presence::Gone),
            (refused, 5, Presence::Gone),
        ]
        .into_iter()
        .filter_map(|(mark, rank, presence)| mark.map(|Mark(at, sent)| (at, rank, sent, presence)))
        .max()
        .map(|(at, _, _, presence)| (presence, at))
    }
}

/// The earlier of two arrivals, where there are any.
fn earliest<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    one.into_iter().chain(other).min()
}

/// The smallest stay, whatever came first.
fn bound(ids: &mut BTreeSet<SessionId>) {
    while ids.len() > MOST_TIES {
        ids.pop_last();
    }
}
