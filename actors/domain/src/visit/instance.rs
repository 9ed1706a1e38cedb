//! Folds Zoom's facts. Order and duplicates do not matter: everything kept is a maximum, a minimum or a set, and what is
//! believed is a pure function of it (invariant I4).
//!
//! A session keeps the newest time per kind of fact. Its presence is that of its newest mark; marks of the same second are ranked
//! waiting < admitted < joined < put back < left. `meeting.ended` closes every session of its uuid, for good (I5).

use super::participant::Presence;
use crate::fact::{Fact, FactKind, SessionKeys};
use crate::id::{InstanceUuid, MeetingId, RegistrantId, ZoomUserId};
use crate::time::Moment;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One start of the meeting.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Instance {
    /// The meeting that it is a start of.
    meeting: Option<MeetingId>,
    /// The earliest start that any event claimed.
    claimed_start: Option<Moment>,
    /// The earliest time of a fact that proves the instance; used where no start was claimed.
    earliest_proof: Option<Moment>,
    /// When it ended; an instance with an end never lives again.
    ended: Option<Moment>,
    sessions: BTreeMap<SessionId, Session>,
}

/// Names a session within its instance: by participant uuid, else by user id, else by whatever the event gave.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(String);

/// One presence of one device.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Session {
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
    /// A join that Zoom reported without naming the session; see [`Instance::presences`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before_host: Option<Mark>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zoom_user: Option<ZoomUserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registrant: Option<RegistrantId>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    phone: bool,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    names: BTreeSet<u64>,
    /// User ids that were seen together with this session's participant uuid.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    users: BTreeSet<SessionId>,
    /// Sessions that this one was bound to: they tell whose it is.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    bound_to: BTreeSet<SessionId>,
}

/// The newest time of one kind of fact: its own time, then Zoom's time of sending.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
struct Mark(Moment, Moment);

/// A session as it is believed, with every key that tells whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Believed {
    /// Where the device is.
    pub presence: Presence,
    /// Since when, by Zoom's time.
    pub since: Moment,
    /// Signed-in users of this session and of those that it is bound to.
    pub zoom_users: BTreeSet<ZoomUserId>,
    /// Registrants of this session and of those that it is bound to.
    pub registrants: BTreeSet<RegistrantId>,
    /// Whether it is a telephone.
    pub phone: bool,
}

/// More sessions than this in one instance are not kept; the visit shows a problem instead.
pub const MOST_SESSIONS: usize = 512;

// === impl SessionId ===

impl SessionId {
    fn of_participant(id: impl std::fmt::Display) -> Self {
        Self(format!("p:{id}"))
    }

    fn of_user(id: impl std::fmt::Display) -> Self {
        Self(format!("u:{id}"))
    }

    /// The best name that the keys allow. Without any key, all such joins are one.
    fn of_keys(keys: &SessionKeys) -> Self {
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

// === impl Instance ===

impl Instance {
    /// Takes a fact in. `false` when the session could not be kept because there are too many.
    #[must_use]
    pub fn fold(&mut self, fact: &Fact) -> bool {
        self.meeting = self.meeting.max(Some(fact.meeting));
        if let Some(start) = fact.instance_started {
            self.claimed_start = Some(self.claimed_start.map_or(start, |s| s.min(start)));
        }
        if proves_an_instance(&fact.kind) {
            self.earliest_proof = Some(self.earliest_proof.map_or(fact.at, |t| t.min(fact.at)));
        }
        if fact.kind == FactKind::Ended {
            self.ended = self.ended.max(Some(fact.at));
            // An end proves that there was a start, at the latest then.
            self.earliest_proof = Some(self.earliest_proof.map_or(fact.at, |t| t.min(fact.at)));
        }
        match &fact.session {
            Some(keys) => self.fold_session(fact, keys),
            None => true,
        }
    }

    fn fold_session(&mut self, fact: &Fact, keys: &SessionKeys) -> bool {
        let id = SessionId::of_keys(keys);
        if self.sessions.len() >= MOST_SESSIONS && !self.sessions.contains_key(&id) {
            return false;
        }
        let session = self.sessions.entry(id).or_default();
        session.learn(keys);
        session.mark(&fact.kind, Mark(fact.at, fact.sent));
        true
    }

    /// Whether anything proves that this instance was ever live.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.earliest_proof.is_some()
    }

    /// When it began, as well as is known.
    #[must_use]
    pub fn started(&self) -> Option<Moment> {
        self.claimed_start.or(self.earliest_proof)
    }

    /// When it ended, if it did.
    #[must_use]
    pub fn ended(&self) -> Option<Moment> {
        self.ended
    }

    /// What is believed of every session while the instance is live.
    ///
    /// A fact with only a user id belongs to the session that has it, whichever came first; a join before the host names no session,
    /// so it counts only while no proper session of the same person is known.
    #[must_use]
    pub fn presences(&self) -> Vec<Believed> {
        let merged = self.merged();
        let proper: Vec<&Session> =
            merged.values().filter(|s| s.before_host.is_none() || s.has_marks()).collect();
        let mut believed = Vec::new();
        for session in merged.values() {
            let covered = !session.has_marks() && proper.iter().any(|other| other.is_same_person(session));
            let Some((presence, since)) = session.presence().filter(|_| !covered) else { continue };
            let mut keys = Believed {
                presence,
                since,
                zoom_users: session.zoom_user.iter().cloned().collect(),
                registrants: session.registrant.iter().cloned().collect(),
                phone: session.phone,
            };
            for target in session.bound_to.iter().filter_map(|id| merged.get(&self.home_of(id))) {
                keys.zoom_users.extend(target.zoom_user.clone());
                keys.registrants.extend(target.registrant.clone());
            }
            believed.push(keys);
        }
        believed
    }

    /// Sessions with those that are only known by a user id laid into the session that has it.
    fn merged(&self) -> BTreeMap<SessionId, Session> {
        let mut merged: BTreeMap<SessionId, Session> = BTreeMap::new();
        for (id, session) in &self.sessions {
            merged.entry(self.home_of(id)).or_default().merge(session);
        }
        merged
    }

    /// The session that a user id belongs to; an id that no other session has is at home in itself.
    fn home_of(&self, id: &SessionId) -> SessionId {
        let owner = self.sessions.iter().find(|(_, session)| session.users.contains(id));
        owner.map_or_else(|| id.clone(), |(home, _)| home.clone())
    }
}

/// R6: a joined, admitted or waiting-room fact implies that the instance has started; waiting for the host does not.
fn proves_an_instance(kind: &FactKind) -> bool {
    matches!(
        kind,
        FactKind::Started
            | FactKind::Joined
            | FactKind::JoinedBeforeHost
            | FactKind::JoinedWaitingRoom
            | FactKind::Admitted
            | FactKind::PutInWaitingRoom
            | FactKind::Breakout
    )
}

// === impl Session ===

impl Session {
    fn learn(&mut self, keys: &SessionKeys) {
        // Where two events disagree the greater key wins, so that their order does not matter.
        self.zoom_user = self.zoom_user.take().max(keys.zoom_user.clone());
        self.registrant = self.registrant.take().max(keys.registrant.clone());
        self.phone |= keys.phone;
        self.names.extend(keys.name_hash);
        if keys.participant.is_some() {
            self.users.extend(keys.user.as_ref().map(SessionId::of_user));
        }
    }

    fn mark(&mut self, kind: &FactKind, mark: Mark) {
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

    fn merge(&mut self, other: &Session) {
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
        self.zoom_user = self.zoom_user.take().max(other.zoom_user.clone());
        self.registrant = self.registrant.take().max(other.registrant.clone());
        self.phone |= other.phone;
        self.names.extend(&other.names);
        self.users.extend(other.users.iter().cloned());
        self.bound_to.extend(other.bound_to.iter().cloned());
    }

    /// Whether any fact that names the session itself has come.
    fn has_marks(&self) -> bool {
        [self.waiting, self.admitted, self.joined, self.put_back, self.left, self.left_waiting_room]
            .iter()
            .any(Option::is_some)
    }

    fn is_same_person(&self, other: &Session) -> bool {
        let same_user = self.zoom_user.is_some() && self.zoom_user == other.zoom_user;
        let same_registrant = self.registrant.is_some() && self.registrant == other.registrant;
        same_user || same_registrant || self.names.intersection(&other.names).next().is_some()
    }

    fn presence(&self) -> Option<(Presence, Moment)> {
        // R7: leaving the waiting room says nothing about somebody who was admitted or is in the meeting.
        let refused = self.left_waiting_room.filter(|_| self.admitted.is_none() && self.joined.is_none());
        let before_host = self.before_host.filter(|_| !self.has_marks());
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

// === choosing the live instance ===

/// All instances of one meeting.
pub type Instances = BTreeMap<InstanceUuid, Instance>;

/// What the instances say together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Course<'a> {
    /// The newest instance that counts.
    pub newest: Option<(&'a InstanceUuid, &'a Instance)>,
    /// Whether that one is live.
    pub live: bool,
    /// The last end among the instances that count.
    pub last_end: Option<Moment>,
}

/// Orders the instances by their start and finds the newest one that belongs to the visit.
///
/// Only one instance of a meeting lives at a time, so a newer one proves that an older one is over; so does the
/// deletion of its meeting. An instance that began later than
/// `reopen` after everything before it had ended does not belong to the visit any more.
#[must_use]
pub fn course<'a>(
    instances: &'a Instances,
    deleted: &BTreeMap<MeetingId, Moment>,
    reopen: crate::time::Span,
) -> Course<'a> {
    let mut ordered: Vec<_> = instances.iter().filter(|(_, i)| i.is_proven()).collect();
    ordered.sort_by_key(|(uuid, instance)| (instance.started(), *uuid));
    let mut course = Course::default();
    for (uuid, instance) in ordered {
        let started = instance.started().unwrap_or_default();
        if course.last_end.is_some_and(|end| !course.live && started > end + reopen) {
            break;
        }
        if course.live {
            course.last_end = course.last_end.max(Some(started));
        }
        let ended = instance.ended().or_else(|| instance.meeting.and_then(|id| deleted.get(&id).copied()));
        course.live = ended.is_none();
        course.last_end = course.last_end.max(ended);
        course.newest = Some((uuid, instance));
    }
    course
}
