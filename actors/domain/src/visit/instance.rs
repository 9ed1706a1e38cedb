//! Folds Zoom's facts. Order and duplicates do not matter: everything kept is a maximum, a minimum or a set, and what is
//! believed is a pure function of it (invariant I4).
//!
//! What is kept of one session is in [`super::session`]. `meeting.ended` closes every session of its uuid, for good (I5).

use super::identity::Identity;
use super::naming::Naming;
use super::participant::{ParticipantKey, Presence};
use super::session::{Mark, Session, SessionId};
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
    /// When it was taken for over, since nothing had been heard for longer than Zoom lets a meeting last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    given_up: Option<Moment>,
    /// When a reading showed the meeting not started, though nothing had told the end. Anything newer that is heard shows otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read_over: Option<Moment>,
    sessions: BTreeMap<SessionId, Session>,
    /// How often Zoom was asked who was there.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) asked_attendance: u8,
    /// Whose devices are by the word of people.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    named: BTreeMap<SessionId, Naming>,
}

/// A session as it is believed, with every key that tells whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Believed {
    /// Which one.
    pub id: SessionId,
    /// Where the device is.
    pub presence: Presence,
    /// Since when, by Zoom's time.
    pub since: Moment,
    /// When the person last came into Zoom by it.
    pub arrived: Option<Moment>,
    /// Since when the person is admitted and has not come in.
    pub admitted: Option<Moment>,
    /// The signed-in user of this session, or those of the sessions that it is bound to.
    pub zoom_users: BTreeSet<ZoomUserId>,
    /// The registrant of this session, or those of the sessions that it is bound to.
    pub registrants: BTreeSet<RegistrantId>,
    /// When the person came by it, and the hash of the name that they came under.
    pub came: Option<(Moment, u64)>,
    /// Sessions that are bound to this one, directly or not, and itself.
    pub bound: BTreeSet<SessionId>,
    /// Whether it is a telephone.
    pub phone: bool,
    /// Whose it is, as somebody said.
    pub named: Option<ParticipantKey>,
}

impl Believed {
    pub(super) fn of(id: &SessionId, who: &Identity, presence: Presence, since: Moment) -> Self {
        Self {
            id: id.clone(),
            presence,
            since,
            arrived: None,
            admitted: None,
            zoom_users: who.zoom_user.iter().cloned().collect(),
            registrants: who.registrant.iter().cloned().collect(),
            came: None,
            bound: BTreeSet::new(),
            phone: who.phone,
            named: None,
        }
    }
}

/// More sessions than this in one instance are not kept; the visit shows a problem instead.
pub const MOST_SESSIONS: usize = 512;
/// What is said of more devices than this in one instance is not kept; the visit shows a problem instead.
const MOST_NAMED: usize = 64;

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
        let mark = Mark(fact.at, fact.sent);
        session.mark(&fact.kind, mark);
        if keys.registrant.is_none() {
            session.arrives(&fact.kind, mark, keys.name_hash);
        }
        true
    }

    /// Takes in whose a device is; what was said last stands. `false` when it could not be kept because there are too many.
    #[must_use]
    pub(super) fn name(&mut self, session: &SessionId, naming: Naming) -> bool {
        let known = self.named.get(session);
        if known.is_none() && self.named.len() >= MOST_NAMED {
            return false;
        }
        if known.is_none_or(|known| known.at <= naming.at) {
            self.named.insert(session.clone(), naming);
        }
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
        let read_over = self.read_over.filter(|at| self.heard().is_none_or(|heard| heard <= *at));
        self.ended.or(self.given_up).or(read_over)
    }

    /// The time of the newest fact.
    pub(super) fn heard(&self) -> Option<Moment> {
        let sessions = self.sessions.values().filter_map(|session| session.newest().max(session.arrived()));
        sessions.chain(self.earliest_proof).chain(self.claimed_start).max()
    }

    /// The meeting that it is a start of.
    pub(super) fn meeting(&self) -> Option<MeetingId> {
        self.meeting
    }

    /// How many devices were never told to have left, whether or not the instance is over.
    pub(super) fn open_sessions(&self) -> usize {
        let merged = self.merged(&self.homes());
        let named = merged.values().filter(|session| session.newest().is_some());
        named.filter(|session| session.presence().is_some_and(|(at, _)| at > Presence::Gone)).count()
    }

    /// A reading showed that the meeting is not started.
    pub(super) fn read_as_over(&mut self, at: Moment) {
        self.read_over = self.read_over.max(Some(at));
    }

    /// Its end was never told, and it cannot be live any more.
    pub(super) fn give_up(&mut self, now: Moment) {
        if self.ended().is_none() {
            self.given_up = Some(now);
        }
    }

    /// What is believed of every session while the instance is live.
    ///
    /// A fact with only a user id belongs to the session that has it, whichever came first; a join before the host names no session,
    /// so it counts only while no proper session of the same person tells better.
    #[must_use]
    pub fn presences(&self) -> Vec<Believed> {
        let homes = self.homes();
        let merged = self.merged(&homes);
        let ties = ties(&merged, &homes);
        let mut believed = Vec::new();
        for (id, session) in &merged {
            let told_better =
                session.newest().is_none() && merged.values().any(|other| other.tells_better(session));
            let Some((presence, since)) = session.presence().filter(|_| !told_better) else { continue };
            let mut keys = Believed::of(id, &session.who, presence, since);
            keys.arrived = session.arrived();
            keys.admitted = session.admitted_since();
            keys.came = session.came.and_then(|(Mark(at, _), name)| Some((at, name?)));
            let (tied, others) = tied_to(id, &merged, &ties);
            for other in tied {
                keys.zoom_users.extend(other.who.zoom_user.clone());
                keys.registrants.extend(other.who.registrant.clone());
            }
            let naming = self.naming(id, session).or_else(|| {
                let namings = others.iter().filter_map(|other| self.naming(other, merged.get(*other)?));
                namings.max_by_key(|naming| naming.at)
            });
            keys.named = naming.and_then(|naming| naming.who.clone());
            keys.bound = others.into_iter().cloned().collect();
            believed.push(keys);
        }
        believed
    }

    /// What was last said of a session under any of its ids.
    fn naming(&self, id: &SessionId, session: &Session) -> Option<&Naming> {
        let ids = session.users.iter().chain([id]);
        ids.filter_map(|id| self.named.get(id)).max_by_key(|naming| naming.at)
    }

    /// The last time that anything was heard of a person whose keys these may be.
    pub(super) fn heard_of(&self, who: &Identity) -> Option<Moment> {
        let sessions = self.sessions.values().filter(|session| session.who.may_be(who));
        sessions.filter_map(|s| s.newest().max(s.arrived())).max()
    }

    /// Sessions with those that are only known by a user id laid into the session that has it.
    fn merged(&self, homes: &Homes<'_>) -> BTreeMap<SessionId, Session> {
        let mut merged: BTreeMap<SessionId, Session> = BTreeMap::new();
        for (id, session) in &self.sessions {
            merged.entry(home_of(id, homes).clone()).or_default().merge(session);
        }
        merged
    }

    /// Which session has a user id; the first one, should two claim the same.
    fn homes(&self) -> Homes<'_> {
        let claims = self.sessions.iter().rev();
        claims.flat_map(|(home, session)| session.users.iter().map(move |user| (user, home))).collect()
    }
}

/// From user ids to the sessions that have them.
type Homes<'a> = BTreeMap<&'a SessionId, &'a SessionId>;

/// An id that no other session has is at home in itself.
fn home_of<'a>(id: &'a SessionId, homes: &Homes<'a>) -> &'a SessionId {
    homes.get(id).copied().unwrap_or(id)
}

/// Which sessions were bound to each other; both ways, since whose the telephone is does not depend on which of the two the event
/// was about.
fn ties<'a>(
    merged: &'a BTreeMap<SessionId, Session>,
    homes: &Homes<'a>,
) -> BTreeSet<(&'a SessionId, &'a SessionId)> {
    let mut ties = BTreeSet::new();
    for (id, session) in merged {
        for other in session.bound_to.iter().map(|other| homes.get(other).copied().unwrap_or(other)) {
            ties.insert((other, id));
            ties.insert((id, other));
        }
    }
    ties
}

/// The sessions that say whose this one is: itself where it does, else those that it is bound to, be it through others that do not know
/// either. And all that were asked for it.
fn tied_to<'a>(
    id: &'a SessionId,
    merged: &'a BTreeMap<SessionId, Session>,
    ties: &BTreeSet<(&'a SessionId, &'a SessionId)>,
) -> (Vec<&'a Session>, BTreeSet<&'a SessionId>) {
    let (mut seen, mut ask, mut found) = (BTreeSet::from([id]), vec![id], Vec::new());
    while let Some(id) = ask.pop() {
        match merged.get(id) {
            Some(session) if session.who.is_known() => found.push(session),
            _ => ask.extend(
                ties.iter().filter(|(one, _)| *one == id).map(|(_, other)| *other).filter(|o| seen.insert(o)),
            ),
        }
    }
    (found, seen)
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

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u8) -> bool {
    *number == 0
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
    // Times are in seconds: of two starts in one, that of a meeting which is gone came first.
    let is_left = |instance: &Instance| !instance.meeting.is_some_and(|id| deleted.contains_key(&id));
    ordered.sort_by_key(|(uuid, instance)| (instance.started(), is_left(instance), *uuid));
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
