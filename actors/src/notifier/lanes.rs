//! The lanes of one organization, filed by what each wants: leave to send, to be asked again at some time, or nothing.

use std::collections::{BTreeMap, BTreeSet};
use vestibule_domain::effect::{LaneName, Update};
use vestibule_domain::id::VisitKey;
use vestibule_domain::lane::{Ended, Follows, Lane, LaneRules, Next};
use vestibule_domain::time::Moment;

use super::Offer;
use crate::lease::Lease;

/// Names a lane.
pub(super) type LaneKey = (VisitKey, LaneName);

/// Lanes in the order in which they became ready.
#[derive(Default)]
pub(super) struct Lanes {
    lanes: BTreeMap<LaneKey, Held>,
    ready: BTreeSet<(u64, LaneKey)>,
    timers: BTreeSet<(Moment, LaneKey)>,
    next_order: u64,
    given_up: Vec<GivenUp>,
}

/// An update that was too old to be tried any longer.
pub(super) struct GivenUp {
    pub(super) key: LaneKey,
    pub(super) lease: Lease,
    pub(super) update: Update,
    pub(super) attempts: u32,
}

/// An attempt that begins.
pub(super) struct Begun {
    pub(super) key: LaneKey,
    pub(super) lease: Lease,
    pub(super) update: Update,
    /// 1 is the first.
    pub(super) number: u32,
}

struct Held {
    lane: Lane,
    lease: Lease,
    filed: Filed,
}

/// Where a lane stands in `ready` or `timers`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Filed {
    Nowhere,
    Ready(u64),
    Timer(Moment),
}

impl Lanes {
    /// Takes an update in. Answers the older one that it supersedes.
    pub(super) fn offer(
        &mut self,
        key: &LaneKey,
        offer: Offer,
        now: Moment,
        rules: &LaneRules,
    ) -> Option<Update> {
        let held = self.lanes.entry(key.clone()).or_insert_with(|| Held {
            lane: Lane::default(),
            lease: offer.lease.clone(),
            filed: Filed::Nowhere,
        });
        if !held.lease.is_valid() {
            // What was reported under it may never have been written, so it counts for nothing.
            held.lane.abandon();
        }
        held.lease = offer.lease;
        if offer.in_doubt {
            held.lane.doubt(now, rules);
        }
        let superseded = held.lane.offer(offer.update, offer.attempts);
        self.file(key, now, rules);
        superseded
    }

    /// Whether an attempt of a lane runs.
    pub(super) fn is_running(&self, key: &LaneKey) -> bool {
        self.lanes.get(key).is_some_and(|held| held.lane.is_running())
    }

    /// Whether a lane wants leave to send.
    pub(super) fn wants_leave(&self) -> bool {
        !self.ready.is_empty()
    }

    /// When the next lane is to be asked again.
    pub(super) fn next_timer(&self) -> Option<Moment> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Asks the lanes again whose time has come.
    pub(super) fn file_due(&mut self, now: Moment, rules: &LaneRules) {
        while let Some((_, key)) = self.timers.first().filter(|(at, _)| *at <= now).cloned() {
            self.file(&key, now, rules);
        }
    }

    /// There is leave to send: the lane that has been ready longest begins, if it still wants to and may.
    pub(super) fn begin(&mut self, now: Moment, rules: &LaneRules) -> Option<Begun> {
        while let Some((order, key)) = self.ready.first().cloned() {
            self.file(&key, now, rules);
            if self.ready.first() != Some(&(order, key.clone())) {
                continue;
            }
            let held = self.lanes.get_mut(&key)?;
            let begun = held.lane.begin();
            let lease = held.lease.clone();
            self.file(&key, now, rules);
            return begun.map(|(update, number)| Begun { key, lease, update, number });
        }
        None
    }

    /// An attempt has ended: what follows for its update, and the lease under which that is to be reported. `None` when the lane is
    /// another node's by now; then nothing of it is gone on with.
    pub(super) fn ended(
        &mut self,
        key: &LaneKey,
        now: Moment,
        how: Ended,
        rules: &LaneRules,
        draw: u64,
    ) -> Option<(Follows, Lease)> {
        let held = self.lanes.get_mut(key)?;
        let follows = held.lane.ended(now, how, rules, draw);
        let lease = held.lease.clone();
        if !lease.is_valid() {
            held.lane.abandon();
        }
        self.file(key, now, rules);
        follows.filter(|_| lease.is_valid()).map(|follows| (follows, lease))
    }

    /// The gate keeps everybody back now; waiting out backoffs besides would delay the first update after Epic is back.
    pub(super) fn forget_backoffs(&mut self, now: Moment, rules: &LaneRules) {
        let waiting: Vec<LaneKey> = self.timers.iter().map(|(_, key)| key.clone()).collect();
        for key in waiting {
            if let Some(held) = self.lanes.get_mut(&key) {
                held.lane.forget_backoff();
            }
            self.file(&key, now, rules);
        }
    }

    /// Lets go of lanes whose lease is lost, and looks at those again whose lease was paused. One whose attempt runs stays until that has
    /// ended: whoever gets the lane back on this node must not start another beside it.
    pub(super) fn look_through(&mut self, now: Moment, rules: &LaneRules) {
        let unfiled = |held: &Held| held.filed == Filed::Nowhere && !held.lane.is_running();
        let to_file = self.lanes.iter().filter(|(_, held)| !held.lease.is_valid() || unfiled(held));
        let to_file: Vec<LaneKey> = to_file.map(|(key, _)| key.clone()).collect();
        for key in to_file {
            if let Some(held) = self.lanes.get_mut(&key).filter(|held| !held.lease.is_valid()) {
                held.lane.abandon();
            }
            self.file(&key, now, rules);
        }
    }

    /// Updates that were given up since this was last asked.
    pub(super) fn take_given_up(&mut self) -> Vec<GivenUp> {
        std::mem::take(&mut self.given_up)
    }

    pub(super) fn len(&self) -> usize {
        self.lanes.len()
    }

    /// When the oldest update that waits or runs was decided.
    pub(super) fn oldest(&self) -> Option<Moment> {
        self.lanes.values().filter_map(|held| held.lane.oldest()).min()
    }

    fn file(&mut self, key: &LaneKey, now: Moment, rules: &LaneRules) {
        let Some(held) = self.lanes.get_mut(key) else { return };
        let before = std::mem::replace(&mut held.filed, Filed::Nowhere);
        match before {
            Filed::Nowhere => {}
            Filed::Ready(order) => drop(self.ready.remove(&(order, key.clone()))),
            Filed::Timer(at) => drop(self.timers.remove(&(at, key.clone()))),
        }
        // A lane that is being handed over only finishes what runs.
        let next = if held.lease.may_begin() { held.lane.next(now, rules) } else { Next::Idle };
        match next {
            Next::Idle => {
                if held.lane.is_empty() {
                    self.lanes.remove(key);
                }
            }
            Next::At(at) => {
                held.filed = Filed::Timer(at);
                self.timers.insert((at, key.clone()));
            }
            Next::Send => {
                let order = if let Filed::Ready(order) = before {
                    order
                } else {
                    self.next_order += 1;
                    self.next_order
                };
                held.filed = Filed::Ready(order);
                self.ready.insert((order, key.clone()));
            }
            Next::GiveUp { update, attempts } => {
                let lease = held.lease.clone();
                self.given_up.push(GivenUp { key: key.clone(), lease, update: *update, attempts });
                self.file(key, now, rules);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::clock::instant;
    use crate::port::store::{Epoch, OwnerToken, Ownership};
    use uuid::Uuid;
    use vestibule_domain::backoff::Backoff;
    use vestibule_domain::effect::Says;
    use vestibule_domain::id::{ExternalId, FhirReference};
    use vestibule_domain::time::Span;
    use vestibule_domain::visit::participant::{ParticipantKey, Role};

    const RULES: LaneRules = LaneRules {
        backoff: Backoff { first: Span(500), most: Span(30_000) },
        give_up_after: Span::hours(24),
        doubt: Span::seconds(10),
    };

    fn lease() -> Lease {
        Lease::granted(Ownership { token: OwnerToken(Uuid::nil()), epoch: Epoch(1) }, instant())
    }

    fn offer(lease: &Lease, seq: u64) -> (LaneKey, Offer) {
        let visit = VisitKey::from_text("lakeside/csn/10001").unwrap();
        let update = Update {
            participant: ParticipantKey::new(Role::Patient, FhirReference::new("Patient/p").unwrap()),
            seq,
            says: Says::Connected(true),
            occurred_at: Moment(0),
            decided_at: Moment(0),
            role: Role::Patient,
            external_id: ExternalId::new("WPR1").unwrap(),
            external_id_type: None,
            csn: None,
            meeting: None,
            resend: false,
        };
        let key = (visit.clone(), update.lane());
        (key, Offer { visit, update, attempts: 0, lease: lease.clone(), in_doubt: true })
    }

    fn offered(lanes: &mut Lanes, lease: &Lease, seq: u64) -> Option<u64> {
        let (key, offer) = offer(lease, seq);
        lanes.offer(&key, offer, Moment(0), &RULES).map(|older| older.seq)
    }

    fn ended(lanes: &mut Lanes, lease: &Lease, how: Ended) -> Option<Follows> {
        let (key, _) = offer(lease, 0);
        lanes.ended(&key, Moment(0), how, &RULES, 0).map(|(follows, _)| follows)
    }

    // I8: the report of what Epic acknowledged was lost with the lease, which the same node had again at once.
    #[test]
    fn an_acknowledgement_under_a_lost_lease_does_not_spare_a_record() {
        let (mut lanes, lost, again) = (Lanes::default(), lease(), lease());
        offered(&mut lanes, &lost, 1);
        lanes.begin(Moment(0), &RULES).unwrap();
        assert_eq!(ended(&mut lanes, &lost, Ended::Accepted), Some(Follows::DeliveredInDoubt));
        lost.end();
        assert_eq!(offered(&mut lanes, &again, 1), None);
        assert_eq!(offered(&mut lanes, &again, 2), Some(1));
    }

    // I8: the same, while what was acknowledged is being sent once more.
    #[test]
    fn nor_does_it_when_the_attempt_that_follows_outlives_the_lease() {
        let (mut lanes, lost, again) = (Lanes::default(), lease(), lease());
        offered(&mut lanes, &lost, 1);
        lanes.begin(Moment(0), &RULES).unwrap();
        assert_eq!(ended(&mut lanes, &lost, Ended::Accepted), Some(Follows::DeliveredInDoubt));
        let later = Moment(0) + RULES.doubt;
        lanes.file_due(later, &RULES);
        lanes.begin(later, &RULES).unwrap();
        lost.end();
        assert_eq!(offered(&mut lanes, &again, 1), None);
        let failed = Ended::Transient { retry_after: None };
        assert_eq!(ended(&mut lanes, &again, failed), Some(Follows::Retrying));
        assert_eq!(offered(&mut lanes, &again, 2), Some(1));
    }
}
