//! What must hold when all has come to rest: nothing waits, nothing is in doubt, and what the visits say is the truth.

use futures_util::FutureExt;
use std::collections::BTreeMap;
use vestibule_actors::codec;
use vestibule_actors::node::placement::target;
use vestibule_actors::port::store::{OwnerToken, Store, StoredVisit};
use vestibule_domain::effect::{LaneName, Topic};
use vestibule_domain::id::{Marker, VisitKey};
use vestibule_domain::policy::{Policy, WaitingCountsAs};
use vestibule_domain::shard::Shard;
use vestibule_domain::visit::device_test::KnownTest;
use vestibule_domain::visit::participant::{Participant, ParticipantKey};
use vestibule_domain::visit::{CallState, Visit};

use crate::audit::breach;
use crate::audit::facts::{is_about, is_reflected};
use crate::audit::rollback::stored;
use crate::lock;
use crate::trace::About;
use crate::world::{Breach, World};
use crate::zoom::truth::Place;

type Verdict = Result<(), (About, Breach)>;

fn about(about: About, verdict: Result<(), Breach>) -> Verdict {
    verdict.map_err(|breach| (about, breach))
}

impl World {
    /// Judges that every shard has an owner that lives, and that it is the one it belongs to.
    ///
    /// # Errors
    /// With the first shard of which that does not hold.
    pub fn check_owners(&self, must_be_in_place: bool) -> Verdict {
        let nodes: Vec<OwnerToken> = {
            let doors = lock(&self.doors);
            let mut tokens: Vec<_> = doors.iter().flatten().map(|(process, _)| process.token).collect();
            tokens.sort();
            tokens
        };
        let owners = self.store.owners().now_or_never().and_then(Result::ok).unwrap_or_default();
        let owners: BTreeMap<Shard, OwnerToken> =
            owners.into_iter().map(|(shard, owner)| (shard, owner.token)).collect();
        for shard in Shard::all() {
            let place = About::Shard(shard.number());
            let Some(owner) = owners.get(&shard) else {
                return about(place, breach("liveness", format!("shard {} has no owner", shard.number())));
            };
            if !nodes.contains(owner) {
                return about(
                    place,
                    breach("liveness", format!("shard {} is owned by the dead", shard.number())),
                );
            }
            if must_be_in_place && target(shard, &nodes) != Some(*owner) {
                return about(
                    place,
                    breach("balance", format!("shard {} is not where it belongs", shard.number())),
                );
            }
        }
        Ok(())
    }

    /// Judges that nothing is under way.
    ///
    /// # Errors
    /// With the first thing that is.
    pub fn check_quiet(&self) -> Verdict {
        let (zoom, epic) = (lock(&self.zoom).under_way(), lock(&self.epics).under_way());
        if zoom + epic > 0 {
            let what = format!("{zoom} things are under way at Zoom and {epic} at Epic");
            return about(About::World, breach("liveness", what));
        }
        for shard in Shard::all() {
            let place = About::Shard(shard.number());
            let cursor = self.store.cursor(shard).now_or_never().and_then(Result::ok).unwrap_or_default();
            let journal =
                self.store.read(shard, cursor, 1).now_or_never().and_then(Result::ok).unwrap_or_default();
            if !journal.is_empty() {
                return about(
                    place,
                    breach("liveness", format!("the journal behind {} is not read", cursor.0)),
                );
            }
            let outbox =
                self.store.outbox(shard, None, 1).now_or_never().and_then(Result::ok).unwrap_or_default();
            if let Some(entry) = outbox.first() {
                let what = format!("update #{} of {:?} is not told", entry.seq, entry.lane);
                return about(self.about(&entry.visit), breach("liveness", what));
            }
        }
        Ok(())
    }

    /// Judges that everything is as it should be.
    ///
    /// # Errors
    /// With the first thing that is not.
    pub fn check_rest(&self) -> Verdict {
        self.check_quiet()?;
        self.check_owners(true)?;
        for stored in stored(&self.store) {
            about(self.about(&stored.visit), self.check_visit(&stored))?;
        }
        about(About::World, lock(&self.audit).lanes.check())
    }

    fn check_visit(&self, stored: &StoredVisit) -> Result<(), Breach> {
        let key = &stored.visit;
        let (Ok(visit), Some(plan)) =
            (codec::decode::<Visit>(&stored.state), self.scenario.organization(&key.organization))
        else {
            return breach("I1", "a stored visit cannot be read".to_owned());
        };
        let policy = &plan.policy;
        if let Some(open) = visit.calls.values().find(|open| open.state == CallState::Running) {
            return breach("liveness", format!("call {} is said to run", open.intent.id.0));
        }
        self.check_facts(key, &visit, policy)?;
        self.check_meetings(key, &visit)?;
        self.check_stand_ins(key, &visit)?;
        for (who, person) in &visit.participants {
            self.check_light(key, &visit, (who, person), policy)?;
        }
        for (who, known) in &visit.device_tests {
            self.check_test(key, who, known)?;
        }
        lock(&self.audit).boards.check(key, stored.version)
    }

    /// I3: every event that was answered is in the state.
    fn check_facts(&self, key: &VisitKey, visit: &Visit, policy: &Policy) -> Result<(), Breach> {
        let (audit, now) = (lock(&self.audit), self.time.now());
        if audit.rollback.forgiven.contains(key) {
            return Ok(());
        }
        let kept = |fact: &&crate::audit::facts::Answered| {
            fact.organization == key.organization && !fact.lost && is_about(visit, &fact.fact)
        };
        for answered in audit.facts.answered.iter().filter(kept) {
            if !is_reflected(visit, &answered.fact, now, policy) {
                let (fact, by) = (&answered.fact, answered.by);
                let what = format!(
                    "{:?} of {:?} was answered by node {} ({}) at {:?} and is not in the state",
                    fact.kind,
                    fact.session.as_ref().map(|keys| &keys.participant),
                    by.node,
                    by.id,
                    answered.at
                );
                return breach("I3", what);
            }
        }
        Ok(())
    }

    /// Every user that stands for somebody at Zoom is known to the visit, which removes it in the end.
    fn check_stand_ins(&self, key: &VisitKey, visit: &Visit) -> Result<(), Breach> {
        let (audit, zoom) = (lock(&self.audit), lock(&self.zoom));
        if audit.rollback.forgiven.contains(key) {
            return Ok(());
        }
        let known = |who: &ParticipantKey, tag: &Marker| {
            let stand_in = visit.participants.get(who).and_then(|person| person.stand_in.as_ref());
            stand_in.is_some_and(|stand_in| stand_in.tag == *tag)
        };
        let mut of_visit = zoom.stand_ins_left().filter(|(_, who)| self.visit_of_person(who) == Some(key));
        match of_visit.find(|(tag, who)| !known(who, tag)) {
            Some((tag, who)) => {
                breach("stand-ins", format!("user {tag} of {who:?} is left at Zoom for ever"))
            }
            None => Ok(()),
        }
    }

    /// I12: no other meeting of the visit is left at Zoom.
    fn check_meetings(&self, key: &VisitKey, visit: &Visit) -> Result<(), Breach> {
        let (audit, zoom) = (lock(&self.audit), lock(&self.zoom));
        if audit.rollback.forgiven.contains(key) {
            return Ok(());
        }
        let mine = visit.meeting.as_ref().map(|meeting| meeting.id);
        let of_visit = zoom.meetings().filter(|m| !m.deleted && audit.meetings.whose(&m.marker) == Some(key));
        match of_visit.map(|meeting| meeting.id).find(|id| Some(*id) != mine) {
            Some(other) => breach("I12", format!("meeting {other} is left besides {mine:?}")),
            None => Ok(()),
        }
    }

    /// I9: what stands at Epic is what is derived, and that is the truth.
    fn check_light(
        &self,
        key: &VisitKey,
        visit: &Visit,
        (who, person): (&ParticipantKey, &Participant),
        policy: &Policy,
    ) -> Result<(), Breach> {
        let light = &person.light;
        let audit = lock(&self.audit);
        let lost = audit.facts.answered.iter().any(|fact| fact.lost && is_about(visit, &fact.fact));
        let forgiven = lost || audit.rollback.forgiven.contains(key);
        let truth = self.is_connected(who, visit, policy);
        if light.wanted != truth && !forgiven {
            let (wanted, presence) = (light.wanted, person.presence);
            return breach(
                "I9",
                format!("the light of {who:?} should be {truth}, and {wanted} is derived ({presence:?})"),
            );
        }
        let Some(external_id) = &person.external_id else { return Ok(()) };
        let parked = light.settled >= light.decided && light.acknowledged < light.decided;
        let stands = lock(&self.epics).light(key, external_id);
        if stands != light.wanted
            && !parked
            && audit.attempts.is_knowable(&(key.clone(), LaneName::of_light(who.clone())), light.decided)
        {
            return breach("I9", format!("Epic shows {stands} for {who:?}, and {} is derived", light.wanted));
        }
        Ok(())
    }

    /// I9 for device tests: what stands at Epic is the newest result. One that a store lost together with its owner is lost to the visit,
    /// and Epic may have it.
    fn check_test(&self, key: &VisitKey, who: &ParticipantKey, known: &KnownTest) -> Result<(), Breach> {
        let (audit, told) = (lock(&self.audit), known.told);
        // Nobody has launched the visit that it may be for.
        let Some(external_id) = known.test.external_id.as_ref().filter(|_| !known.untold) else {
            return Ok(());
        };
        let lane = LaneName { topic: Topic::DeviceTest, participant: who.clone() };
        let settled_otherwise =
            (told.is_settled() && !told.stands()) || audit.rollback.forgiven.contains(key);
        let stands = lock(&self.epics).test(key, external_id);
        let newest = known.test.outcome;
        if stands != Some(newest)
            && !settled_otherwise
            && audit.attempts.is_knowable(&(key.clone(), lane), told.decided)
        {
            return breach(
                "I9",
                format!("Epic shows {stands:?} for the test of {who:?}, which came out {newest:?}"),
            );
        }
        self.trace.count("device tests that stand at Epic");
        Ok(())
    }

    /// Whether a person is connected in truth.
    fn is_connected(&self, who: &ParticipantKey, visit: &Visit, policy: &Policy) -> bool {
        let waiting_counts =
            policy.waiting_counts_as == WaitingCountsAs::Connected && who.role().is_patient_side();
        let mine = visit.meeting.as_ref().map(|meeting| meeting.id);
        let zoom = lock(&self.zoom);
        zoom.devices().any(|(_, device)| {
            let counts = match device.place {
                Place::Meeting => true,
                Place::WaitingRoom { .. } => waiting_counts,
                Place::BeforeHost { announced } => waiting_counts && announced,
            };
            device.who == *who && Some(device.meeting) == mine && counts
        })
    }

    /// Whether some visit still believes in a meeting whose end was never told; only a reading shows it, much later.
    #[must_use]
    pub fn waits_for_a_reading(&self) -> bool {
        let zoom = lock(&self.zoom);
        stored(&self.store)
            .iter()
            .filter_map(|stored| codec::decode::<Visit>(&stored.state).ok())
            .any(|visit| visit.meeting.as_ref().is_some_and(|meeting| zoom.has_untold_end(meeting.id)))
    }
}
