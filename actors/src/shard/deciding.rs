//! Asking visits for their decisions, and what becomes of commands that make a visit panic.

use std::sync::Arc;
use vestibule_domain::command::{Command, Entry};
use vestibule_domain::id::{CommandId, VisitKey};
use vestibule_domain::intent::ProblemCode;
use vestibule_domain::policy::Policy;
use vestibule_domain::time::{Moment, Span};

use super::engine::{Ended, Engine, Gathered, Trouble, Work};
use crate::codec;
use crate::port::observer::Observed;
use crate::port::store::{JournalEntry, ParkedCommand, Seq, StoreError, VisitWrite, WhyAside};
use crate::visit::{Decide, Decided};

/// A command is set aside after it has killed its visit so often.
pub const MOST_TRIES: u32 = 3;
/// So many panics of visits within [`BUDGET_TIME`] are borne; then the shard itself is given up, and the node decides.
const BUDGET: usize = 32;
const BUDGET_TIME: Span = Span::seconds(60);
/// A deadline that makes its visit panic is looked at again after this.
const POISON_TICK_REST: Span = Span::minutes(10);
/// A visit whose organization is not in the settings is looked at again after this.
const ORPHAN_REST: Span = Span::hours(1);

/// What a visit is asked with.
struct Question<'a> {
    key: &'a VisitKey,
    now: Moment,
    policy: Arc<Policy>,
}

impl Engine {
    pub(super) async fn decide_visit(
        &mut self,
        key: &VisitKey,
        work: Work,
        journal: &[JournalEntry],
        now: Moment,
        gathered: &mut Gathered,
    ) -> Result<(), Trouble> {
        let Some(policy) = self.policy(key, &work).await else {
            return self.leave_orphan(key, &work, journal, now, gathered).await;
        };
        let question = Question { key, now, policy };
        let mut pending: Vec<(Option<Seq>, Arc<Entry>)> =
            work.entries.into_iter().map(|(seq, entry)| (Some(seq), entry)).collect();
        if gathered.parked.iter().any(|parked| parked.visit == *key) {
            pending.push((None, own_entry(Command::CommandParked, now)));
        }
        if work.tick {
            pending.push((None, own_entry(Command::Tick, now)));
        }
        // Mostly all are good, and one question decides on all of them.
        let all: Vec<_> = pending.iter().map(|(_, entry)| Arc::clone(entry)).collect();
        if let Some(decided) = self.ask(&question, all).await? {
            return self.gather(key, decided, work.tick, gathered).await;
        }
        let mut good: Vec<Arc<Entry>> = Vec::new();
        let mut poison_tick = false;
        for (seq, entry) in pending {
            if !self.is_poison(&question, seq, &good, &entry).await? {
                good.push(entry);
            } else if let Some(line) = journal.iter().find(|line| Some(line.seq) == seq) {
                self.park(line, WhyAside::VisitFailed, now, gathered);
                good.push(own_entry(Command::CommandParked, now));
            } else {
                poison_tick |= entry.command == Command::Tick;
            }
        }
        let Some(mut decided) = self.ask(&question, good).await? else {
            return Err(Trouble::Ended(Ended::TooManyPanics));
        };
        if poison_tick {
            self.park_tick(key, now, &mut decided, gathered);
        }
        self.gather(key, decided, work.tick, gathered).await
    }

    /// The rules of a visit's organization. What a door has taken in is not given up before this node has looked for what that door knew.
    async fn policy(&self, key: &VisitKey, work: &Work) -> Option<Arc<Policy>> {
        let known = || self.ports.organizations.policy(&key.organization);
        let policy = known();
        if policy.is_none() && !work.entries.is_empty() {
            self.ports.organizations.look_again().await;
            return known();
        }
        policy
    }

    /// Decides on commands of the owner itself.
    pub(super) async fn decide_own(
        &mut self,
        key: &VisitKey,
        entries: Vec<Arc<Entry>>,
        now: Moment,
        gathered: &mut Gathered,
    ) -> Result<(), Trouble> {
        let Some(policy) = self.ports.organizations.policy(&key.organization) else { return Ok(()) };
        match self.ask(&Question { key, now, policy }, entries).await? {
            Some(decided) => self.gather(key, decided, false, gathered).await,
            // It is rebuilt when something happens to it.
            None => Ok(()),
        }
    }

    /// Asks the visit; `None` when it panicked, after which the next ask rebuilds it from durable state.
    async fn ask(
        &mut self,
        question: &Question<'_>,
        entries: Vec<Arc<Entry>>,
    ) -> Result<Option<Decided>, Trouble> {
        let Question { key, now, policy } = question;
        let (actor, _) = self.children.get(key, &self.ports).await?;
        if let Ok(decided) = actor.send(Decide { entries, now: *now, policy: Arc::clone(policy) }).await {
            return Ok(Some(decided?));
        }
        self.children.forget(key);
        self.ports.observer.observe(Observed::VisitRestarted);
        tracing::error!(shard = self.shard.number(), "a visit panicked and is rebuilt from durable state");
        self.panics.retain(|at| *at > *now - BUDGET_TIME);
        self.panics.push(*now);
        if self.panics.len() > BUDGET { Err(Trouble::Ended(Ended::TooManyPanics)) } else { Ok(None) }
    }

    /// Tries a command behind the good ones, up to its third panic.
    async fn is_poison(
        &mut self,
        question: &Question<'_>,
        seq: Option<Seq>,
        good: &[Arc<Entry>],
        entry: &Arc<Entry>,
    ) -> Result<bool, Trouble> {
        let mut tries = seq.and_then(|seq| self.tries.get(&seq).copied()).unwrap_or(0);
        while tries < MOST_TRIES {
            let mut attempt = good.to_vec();
            attempt.push(Arc::clone(entry));
            if self.ask(question, attempt).await?.is_some() {
                return Ok(false);
            }
            tries += 1;
            if let Some(seq) = seq {
                self.tries.insert(seq, tries);
            }
        }
        Ok(true)
    }

    // === setting aside ===

    pub(super) fn park(&self, line: &JournalEntry, why: WhyAside, now: Moment, gathered: &mut Gathered) {
        self.set_aside(line.seq, &line.visit, line.payload.clone(), why, now, gathered);
    }

    /// A deadline is no journal entry that could be left behind: the visit is given a rest from it, and says that something is wrong. The
    /// problem is set without the rules, which cannot be asked.
    fn park_tick(&self, key: &VisitKey, now: Moment, decided: &mut Decided, gathered: &mut Gathered) {
        let tick = self.ports.format.encode(&*own_entry(Command::Tick, now)).unwrap_or_default();
        self.set_aside(Seq(0), key, tick, WhyAside::DeadlineFailed, now, gathered);
        let visit = Arc::make_mut(&mut decided.visit);
        visit.problems.entry(ProblemCode::CommandParked).or_insert(now);
        decided.changed = true;
        // Whatever was due has not been done, so the state alone does not say when to look again.
        decided.wake = Some(now + POISON_TICK_REST);
    }

    fn set_aside(
        &self,
        seq: Seq,
        visit: &VisitKey,
        payload: Vec<u8>,
        why: WhyAside,
        now: Moment,
        gathered: &mut Gathered,
    ) {
        let reason = why.as_str();
        self.ports.observer.observe(Observed::CommandParked);
        tracing::error!(shard = self.shard.number(), seq = seq.0, reason, "a command is set aside");
        gathered.parked.push(ParkedCommand {
            seq,
            visit: visit.clone(),
            payload,
            reason: reason.to_owned(),
            at: now,
        });
    }

    /// A visit whose organization was taken out of the settings stays as it is, and comes up now and then in case it is put back; until it is
    /// said that it never will be.
    async fn leave_orphan(
        &mut self,
        key: &VisitKey,
        work: &Work,
        journal: &[JournalEntry],
        now: Moment,
        gathered: &mut Gathered,
    ) -> Result<(), Trouble> {
        let is_forgotten =
            work.entries.iter().any(|(_, entry)| entry.command == Command::OrganizationForgotten);
        for (seq, _) in work.entries.iter().filter(|_| !is_forgotten) {
            if let Some(line) = journal.iter().find(|line| line.seq == *seq) {
                self.park(line, WhyAside::NoOrganization, now, gathered);
            }
        }
        self.children.forget(key);
        if (work.tick || is_forgotten)
            && let Some(stored) = self.ports.store.load(key).await?
        {
            let stays = (Some(stored.state), Some(now + ORPHAN_REST));
            let (state, wake) = if is_forgotten { (None, None) } else { stays };
            gathered.writes.push(VisitWrite { visit: key.clone(), expected: stored.version, state, wake });
        }
        Ok(())
    }
}

/// An entry that the owner adds by itself; its id is never looked up.
pub(super) fn own_entry(command: Command, now: Moment) -> Arc<Entry> {
    Arc::new(Entry { id: CommandId::of_owner(), at: now, command })
}

impl From<codec::CodecError> for Trouble {
    fn from(error: codec::CodecError) -> Self {
        Self::Store(StoreError::Corrupt(error.to_string()))
    }
}
