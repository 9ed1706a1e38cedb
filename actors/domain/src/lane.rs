//! A lane: the updates of one person of one visit, on their way to Epic.
//!
//! The light must show the present, so only the newest update matters: one that was not sent when a newer came is superseded. One
//! attempt runs at a time, and no newer status starts while an older one runs (I7). An attempt without an answer is *in doubt*: Epic may
//! still apply it. Until its time is over nothing of the lane counts as settled, and then the newest status is sent once more,
//! whatever was acknowledged before (I9).

use crate::backoff::Backoff;
use crate::effect::Update;
use crate::time::{Moment, Span};

/// The settings of a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LaneRules {
    /// Waits between attempts.
    pub backoff: Backoff,
    /// An update that was decided longer ago is given up.
    pub give_up_after: Span,
    /// For how long an attempt without an answer may still reach Epic.
    pub doubt: Span,
}

/// The state of one lane.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lane {
    pending: Option<Pending>,
    running: Option<Pending>,
    /// The backoff after a failure; a newer status does not wait for it.
    not_before: Moment,
    /// Epic asked for a wait; only time ends it.
    asked_until: Moment,
    doubt_until: Option<Moment>,
    /// When the attempt that runs was last told to be sent, which is at the latest when it began.
    told_to_send: Moment,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Pending {
    update: Update,
    attempts: u32,
    /// Epic acknowledged it, but an attempt is still in doubt.
    acknowledged: bool,
}

/// What a lane wants next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// Nothing, until something comes.
    Idle,
    /// To be asked again at that time.
    At(Moment),
    /// A permit; then [`Lane::begin`].
    Send,
    /// The update is too old; it was taken out of the lane and is to be parked.
    GiveUp {
        /// The update.
        update: Box<Update>,
        /// How many attempts were made.
        attempts: u32,
    },
}

/// How an attempt ended, as far as the lane needs it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// Epic has it.
    Accepted,
    /// Epic never will.
    Permanent,
    /// Not now, and without effect.
    Transient {
        /// What Epic asked for.
        retry_after: Option<Span>,
    },
    /// Unknown whether it had, or will have, an effect.
    InDoubt,
}

/// What follows for the update of the attempt that ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Follows {
    /// The lane is done up to and with it.
    Settled,
    /// Delivered, but it is sent once more when the doubt is over; it stays in the outbox until then.
    DeliveredInDoubt,
    /// It will be tried again.
    Retrying,
    /// It failed or is in doubt, and a newer one takes its place; the newer one settles the lane.
    Overtaken,
    /// To be parked; the lane is done up to and with it.
    Parked,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            pending: None,
            running: None,
            not_before: Moment(i64::MIN),
            asked_until: Moment(i64::MIN),
            doubt_until: None,
            told_to_send: Moment(i64::MIN),
        }
    }
}

impl Lane {
    /// Takes an update in. Answers the one that is superseded before it was ever acknowledged: mostly an older one by this, or this by a newer
    /// one that the lane holds from before the lease was lost, and taken again by the same node.
    pub fn offer(&mut self, update: Update, attempts: u32) -> Option<Update> {
        let newest = self.running.iter().chain(&self.pending).map(|p| p.update.seq).max();
        match newest {
            Some(seq) if seq == update.seq => return None,
            Some(seq) if seq > update.seq => return Some(update),
            _ => {}
        }
        self.not_before = Moment(i64::MIN);
        let older = self.pending.replace(Pending { update, attempts, acknowledged: false });
        older.filter(|p| !p.acknowledged).map(|p| p.update)
    }

    /// Something of this lane may be under way that this node knows nothing of: a previous owner's attempt.
    pub fn doubt(&mut self, now: Moment, rules: &LaneRules) {
        self.doubt_until = self.doubt_until.max(Some(now + rules.doubt));
    }

    /// What the lane wants.
    pub fn next(&mut self, now: Moment, rules: &LaneRules) -> Next {
        if self.running.is_some() {
            return Next::Idle;
        }
        let Some(pending) = &self.pending else { return Next::Idle };
        let give_up_at = pending.update.decided_at + rules.give_up_after;
        let give_up_at = if pending.acknowledged { Moment(i64::MAX) } else { give_up_at };
        if give_up_at <= now {
            let Some(pending) = self.pending.take() else { return Next::Idle };
            return Next::GiveUp { update: Box::new(pending.update), attempts: pending.attempts };
        }
        let resend = if pending.acknowledged { self.doubt_until } else { None };
        let at = resend.unwrap_or(Moment(i64::MIN)).max(self.not_before).max(self.asked_until);
        if at > now {
            return Next::At(at.min(give_up_at));
        }
        self.told_to_send = now;
        Next::Send
    }

    /// An attempt begins: the update and its number (1 is the first).
    pub fn begin(&mut self) -> Option<(Update, u32)> {
        if self.running.is_some() {
            return None;
        }
        let mut pending = self.pending.take()?;
        pending.attempts = pending.attempts.saturating_add(1);
        let begun = (pending.update.clone(), pending.attempts);
        self.running = Some(pending);
        Some(begun)
    }

    /// The attempt that ran has ended. `draw` comes from the caller's randomness.
    pub fn ended(&mut self, now: Moment, how: Ended, rules: &LaneRules, draw: u64) -> Option<Follows> {
        let mut ran = self.running.take()?;
        match how {
            Ended::InDoubt => self.doubt(now, rules),
            Ended::Transient { retry_after: Some(wait) } => {
                self.asked_until = self.asked_until.max(now + wait);
            }
            _ => {}
        }
        let overtaken = self.pending.is_some();
        // An attempt that began while an older one was in doubt may have been overwritten by it, however late its own answer came.
        let in_doubt = self.doubt_until.is_some_and(|until| until > self.told_to_send);
        Some(match how {
            Ended::Accepted if overtaken => Follows::Overtaken,
            Ended::Accepted if in_doubt => {
                ran.acknowledged = true;
                self.pending = Some(ran);
                Follows::DeliveredInDoubt
            }
            Ended::Accepted => {
                self.doubt_until = None;
                Follows::Settled
            }
            Ended::Permanent if overtaken => Follows::Overtaken,
            Ended::Permanent => Follows::Parked,
            Ended::Transient { .. } | Ended::InDoubt if overtaken => Follows::Overtaken,
            Ended::Transient { .. } | Ended::InDoubt => {
                self.not_before = now + rules.backoff.wait(ran.attempts, draw);
                ran.acknowledged &= how != Ended::InDoubt;
                self.pending = Some(ran);
                Follows::Retrying
            }
        })
    }

    /// The breaker opened: waiting out a backoff as well would only delay the first update after Epic is back. What Epic asked for stays.
    pub fn forget_backoff(&mut self) {
        self.not_before = Moment(i64::MIN);
    }

    /// The lane is another's now. Nothing more is sent, and what runs can only end. What was acknowledged may not be on record: the report
    /// was lost with the lease.
    pub fn abandon(&mut self) {
        self.pending = None;
        if let Some(running) = &mut self.running {
            running.acknowledged = false;
        }
    }

    /// Whether an attempt runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pending.is_none() && self.running.is_none()
    }

    /// When the update that waits or runs was decided.
    #[must_use]
    pub fn oldest(&self) -> Option<Moment> {
        self.running.iter().chain(&self.pending).map(|p| p.update.decided_at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::Says;
    use crate::id::{ExternalId, FhirReference};
    use crate::visit::participant::{ParticipantKey, Role};

    const RULES: LaneRules = LaneRules {
        backoff: Backoff { first: Span(500), most: Span(30_000) },
        give_up_after: Span::hours(24),
        doubt: Span::seconds(10),
    };

    fn update(seq: u64, connected: bool) -> Update {
        Update {
            participant: ParticipantKey::new(Role::Patient, FhirReference::new("Patient/p").unwrap()),
            seq,
            says: Says::Connected(connected),
            occurred_at: Moment(0),
            decided_at: Moment(0),
            role: Role::Patient,
            external_id: ExternalId::new("WPR1").unwrap(),
            external_id_type: None,
            csn: None,
            meeting: None,
            resend: false,
        }
    }

    fn sent(lane: &mut Lane, now: i64) -> (u64, u32) {
        assert_eq!(lane.next(Moment(now), &RULES), Next::Send);
        let (update, attempt) = lane.begin().unwrap();
        (update.seq, attempt)
    }

    fn end(lane: &mut Lane, now: i64, how: Ended) -> Follows {
        lane.ended(Moment(now), how, &RULES, u64::MAX).unwrap()
    }

    #[test]
    fn e31_a_newer_status_supersedes_an_unsent_one() {
        let mut lane = Lane::default();
        assert_eq!(lane.offer(update(1, true), 0), None);
        assert_eq!(lane.offer(update(2, false), 0).unwrap().seq, 1);
        assert_eq!(sent(&mut lane, 0), (2, 1));
        assert_eq!(end(&mut lane, 5, Ended::Accepted), Follows::Settled);
        assert!(lane.is_empty());
    }

    // I8: the lease was lost and taken again, the outbox is offered anew, and the lane still holds the newest of it.
    #[test]
    fn e25_an_older_status_that_comes_after_a_newer_one_is_superseded_by_it() {
        for runs in [false, true] {
            let mut lane = Lane::default();
            lane.offer(update(2, false), 0);
            if runs {
                sent(&mut lane, 0);
            }
            assert_eq!(lane.offer(update(1, true), 0).unwrap().seq, 1);
            assert_eq!(lane.offer(update(2, false), 0), None, "it is there already");
            if !runs {
                sent(&mut lane, 0);
            }
            assert_eq!(end(&mut lane, 5, Ended::Accepted), Follows::Settled);
        }
    }

    // I7: no newer status of a lane is sent while an older attempt of the same owner runs.
    #[test]
    fn a_newer_status_waits_for_the_attempt_that_runs() {
        let mut lane = Lane::default();
        lane.offer(update(1, true), 0);
        sent(&mut lane, 0);
        assert_eq!(lane.offer(update(2, false), 0), None, "one that runs is not superseded");
        assert_eq!(lane.next(Moment(1), &RULES), Next::Idle);
        assert_eq!(end(&mut lane, 2, Ended::Accepted), Follows::Overtaken);
        assert_eq!(sent(&mut lane, 2), (2, 1));
        assert_eq!(end(&mut lane, 3, Ended::Accepted), Follows::Settled);
    }

    #[test]
    fn transient_failures_back_off_and_count() {
        let mut lane = Lane::default();
        lane.offer(update(1, true), 0);
        assert_eq!(sent(&mut lane, 0), (1, 1));
        assert_eq!(
            end(&mut lane, 10, Ended::Transient { retry_after: Some(Span::seconds(7)) }),
            Follows::Retrying
        );
        assert_eq!(lane.next(Moment(11), &RULES), Next::At(Moment(7_010)));
        assert_eq!(sent(&mut lane, 7_010), (1, 2));
        assert_eq!(end(&mut lane, 7_020, Ended::Permanent), Follows::Parked);
    }

    // I9: once nothing is in doubt, the last status at Epic equals the derived one.
    #[test]
    fn an_attempt_in_doubt_makes_the_newest_status_go_out_once_more() {
        let mut lane = Lane::default();
        lane.offer(update(1, true), 0);
        sent(&mut lane, 0);
        lane.offer(update(2, false), 0);
        assert_eq!(end(&mut lane, 10_000, Ended::InDoubt), Follows::Overtaken);
        assert_eq!(sent(&mut lane, 10_000), (2, 1));
        assert_eq!(end(&mut lane, 10_100, Ended::Accepted), Follows::DeliveredInDoubt);
        assert_eq!(lane.next(Moment(10_101), &RULES), Next::At(Moment(20_000)));
        assert_eq!(sent(&mut lane, 20_000), (2, 2), "the older attempt may have landed since");
        assert_eq!(end(&mut lane, 20_050, Ended::Accepted), Follows::Settled);
    }

    #[test]
    fn a_new_owner_doubts_what_it_finds() {
        let mut lane = Lane::default();
        lane.offer(update(3, true), 2);
        lane.doubt(Moment(0), &RULES);
        assert_eq!(sent(&mut lane, 0), (3, 3));
        assert_eq!(end(&mut lane, 100, Ended::Accepted), Follows::DeliveredInDoubt);
        assert_eq!(sent(&mut lane, 10_000), (3, 4));
        assert_eq!(end(&mut lane, 10_100, Ended::Accepted), Follows::Settled);
    }

    #[test]
    fn what_epic_asks_for_is_kept_whatever_comes() {
        let mut lane = Lane::default();
        lane.offer(update(1, true), 0);
        sent(&mut lane, 0);
        lane.offer(update(2, false), 0);
        let asked = Ended::Transient { retry_after: Some(Span::seconds(7)) };
        assert_eq!(end(&mut lane, 10, asked), Follows::Overtaken);
        assert_eq!(lane.next(Moment(11), &RULES), Next::At(Moment(7_010)));
        lane.offer(update(3, true), 0);
        lane.forget_backoff();
        assert_eq!(lane.next(Moment(12), &RULES), Next::At(Moment(7_010)));
        assert_eq!(sent(&mut lane, 7_010), (3, 1));
    }

    #[test]
    fn an_update_is_given_up_in_time_even_if_epic_asks_for_more() {
        let mut lane = Lane::default();
        lane.offer(update(1, true), 0);
        sent(&mut lane, 0);
        end(&mut lane, 10, Ended::Transient { retry_after: Some(Span::hours(48)) });
        assert_eq!(lane.next(Moment(11), &RULES), Next::At(Moment(24 * 3_600_000)));
        assert!(matches!(lane.next(Moment(24 * 3_600_000), &RULES), Next::GiveUp { attempts: 1, .. }));
    }

    #[test]
    fn an_update_that_is_too_old_is_given_up() {
        let mut lane = Lane::default();
        lane.offer(update(1, true), 4);
        assert!(matches!(lane.next(Moment(24 * 3_600_000), &RULES), Next::GiveUp { attempts: 4, .. }));
        assert!(lane.is_empty());
    }
}
