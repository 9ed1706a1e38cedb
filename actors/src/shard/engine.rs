//! The work of a shard, round by round: read the journal, decide, commit in one atomic step, and only then let anything leave.
//!
//! How visits are asked stands in [`super::deciding`], how their answers are committed in [`super::committing`], and how a new owner
//! finds what was left half done in [`super::recovering`].

use std::collections::BTreeMap;
use std::sync::Arc;
use vestibule_domain::command::Entry;
use vestibule_domain::id::{OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

use super::live::{Children, NextDue};
use super::recovering::Care;
use super::restoring::Memory;
use super::{ShardRules, Step};
use crate::codec;
use crate::lease::Lease;
use crate::node::crew::Crew;
use crate::port::Ports;
use crate::port::observer::Observed;
use crate::port::store::{
    HistoryLines, JournalEntry, OutboxEntry, Ownership, ParkedCommand, Seq, StoreError, VisitWrite, WhyAside,
};
use crate::visit::Decided;

/// So often within [`WENT_BACK_TIME`] a store that went back is given what it lost.
const WENT_BACK_BUDGET: usize = 5;
const WENT_BACK_TIME: Span = Span::minutes(5);

/// Why a shard ended by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ended {
    /// It was told to, and has finished what it had in hand.
    Drained,
    /// The lease is another's, or can no longer be trusted.
    LeaseLost,
    /// The lease is ours, but the store is not where we left it, again and again.
    WentBack,
    /// The store holds something that cannot be read, or refuses what it should take.
    Unreadable(String),
    /// Too many of its visits panicked.
    TooManyPanics,
}

/// What a shard works with.
pub struct Engine {
    pub(super) shard: Shard,
    pub(super) lease: Lease,
    /// Who owned the shard before, as the store told when it granted the lease.
    pub(super) before: Option<Ownership>,
    /// What this node held of the shard before it lost the lease for a while; taken up first.
    pub(super) memory: Option<Memory>,
    /// Nothing is done but to give the store back what it lost.
    returned: bool,
    went_back: Vec<Moment>,
    /// The store must be given what it lost before anything else is done.
    must_restore: bool,
    /// Which store it was when that was last made sure.
    pub(super) incarnation: Option<String>,
    pub(super) ports: Ports,
    pub(super) crew: Crew,
    pub(super) rules: ShardRules,
    pub(super) cursor: Option<Seq>,
    /// After an unclean take-over; see [`super::recovering`].
    pub(super) care: Care,
    pub(super) children: Children,
    pub(super) next_due: NextDue,
    pub(super) tries: BTreeMap<Seq, u32>,
    pub(super) panics: Vec<Moment>,
    /// Which notifier of an organization was offered the outbox.
    pub(super) offered: BTreeMap<OrganizationId, u64>,
}

/// The commands of one commit for one visit.
#[derive(Default)]
pub(super) struct Work {
    pub(super) entries: Vec<(Seq, Arc<Entry>)>,
    pub(super) tick: bool,
}

/// A commit in the making.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) writes: Vec<VisitWrite>,
    pub(super) outbox: Vec<OutboxEntry>,
    pub(super) parked: Vec<ParkedCommand>,
    pub(super) history: Vec<HistoryLines>,
    pub(super) leaving: Vec<(VisitKey, Decided)>,
}

/// What a shard begins with.
#[derive(Debug)]
pub struct Beginning {
    /// The right to it.
    pub lease: Lease,
    /// The owner before left nothing half done.
    pub clean: bool,
    /// Who that was, as far as the store knows.
    pub before: Option<Ownership>,
    /// What this node holds of the shard, if nobody else has owned it since.
    pub memory: Option<Memory>,
    /// This node had given the lease back, and the store has forgotten that: somebody else may have owned the shard since.
    pub returned: bool,
}

/// What can go wrong in a round.
pub(super) enum Trouble {
    Store(StoreError),
    Ended(Ended),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Engine {
    /// An engine on a lease.
    #[must_use]
    pub fn new(shard: Shard, beginning: Beginning, ports: Ports, crew: Crew, rules: ShardRules) -> Self {
        let Beginning { lease, clean, before, memory, returned } = beginning;
        Self {
            shard,
            lease,
            before,
            memory,
            returned,
            went_back: Vec::new(),
            must_restore: false,
            incarnation: None,
            ports,
            crew,
            rules,
            cursor: None,
            care: Care::after(clean),
            children: Children::default(),
            next_due: NextDue::unknown(),
            tries: BTreeMap::new(),
            panics: Vec::new(),
            offered: BTreeMap::new(),
        }
    }

    /// Which shard.
    #[must_use]
    pub fn shard(&self) -> Shard {
        self.shard
    }

    /// How it works.
    #[must_use]
    pub fn rules(&self) -> ShardRules {
        self.rules
    }

    /// One round: recovers what is to be recovered, then takes in what the journal and the deadlines hold. One that is the last before
    /// the lease is given back makes sure that the store still holds what was committed.
    pub(super) async fn step(&mut self, last: bool) -> Result<Step, Ended> {
        if !self.lease.is_valid() {
            return Err(Ended::LeaseLost);
        }
        let came_to = match self.round(last).await {
            Err(Trouble::Ended(Ended::WentBack)) => self.went_back(),
            other => other,
        };
        match came_to {
            Ok(step) => Ok(step),
            Err(Trouble::Ended(ended)) => Err(ended),
            Err(Trouble::Store(StoreError::Corrupt(what))) => Err(Ended::Unreadable(what)),
            // The store is away: the look comes again, and the lease decides how long this goes on.
            Err(Trouble::Store(error)) => {
                tracing::debug!(shard = self.shard.number(), %error, "shard waits for the store");
                Ok(Step::Idle)
            }
        }
    }

    /// The store is not where this owner left it. It is given what it lost, a few times; then somebody has to look.
    fn went_back(&mut self) -> Result<Step, Trouble> {
        let now = self.ports.clock.now();
        self.went_back.retain(|at| *at > now - WENT_BACK_TIME);
        self.went_back.push(now);
        if self.went_back.len() > WENT_BACK_BUDGET {
            return Err(Trouble::Ended(Ended::WentBack));
        }
        self.must_restore = true;
        Ok(Step::Again)
    }

    async fn round(&mut self, last: bool) -> Result<Step, Trouble> {
        if self.returned {
            return self.only_give_back().await;
        }
        if let Some(memory) = self.memory.clone() {
            self.remember(memory).await?;
            self.memory = None;
        }
        if self.lease.take_went_back() {
            return Err(Trouble::Ended(Ended::WentBack));
        }
        if self.must_restore {
            self.restore(true).await?;
            self.must_restore = false;
        }
        let cursor = match self.cursor {
            Some(cursor) => cursor,
            None => {
                self.incarnation = Some(self.ports.store.incarnation().await?);
                self.take_up_the_latest().await?;
                *self.cursor.insert(self.ports.store.cursor(self.shard).await?)
            }
        };
        self.offer_outbox().await?;
        let limit = if self.care.is_one_by_one() { 1 } else { self.rules.batch };
        let journal = self.ports.store.read(self.shard, cursor, limit).await?;
        // Not before the journal is there, or what doors appended while a slow store read would lie ahead of now.
        let now = self.ports.clock.now();
        let due = self.due(now).await?;
        if journal.is_empty() && due.is_empty() {
            if last {
                self.see_that_all_is_there().await?;
            }
            self.care = Care::None;
            self.children.look_through(self.rules.idle_after);
            self.ports
                .observer
                .observe(Observed::Visits { shard: self.shard.number(), in_memory: self.children.len() });
            return Ok(Step::Idle);
        }
        if let Err(trouble) = self.take_in(cursor, &journal, due, now).await {
            // Deadlines that were taken out for this round have not been kept.
            self.next_due = NextDue::unknown();
            return Err(trouble);
        }
        self.care = self.care.stepped();
        Ok(Step::Again)
    }

    /// Visits whose deadline has come. Asked of the store only when one may have come.
    async fn due(&mut self, now: Moment) -> Result<Vec<VisitKey>, Trouble> {
        if !self.next_due.is_due(now) {
            return Ok(Vec::new());
        }
        let mut found = self.ports.store.due(self.shard, Moment(i64::MAX), self.rules.batch).await?;
        let later = found.iter().map(|(_, at)| *at).find(|at| *at > now);
        found.retain(|(_, at)| *at <= now);
        let all_due = later.is_none() && found.len() >= self.rules.batch;
        self.next_due.set(if all_due { Some(now) } else { later });
        Ok(found.into_iter().map(|(key, _)| key).collect())
    }

    async fn take_in(
        &mut self,
        cursor: Seq,
        journal: &[JournalEntry],
        due: Vec<VisitKey>,
        now: Moment,
    ) -> Result<(), Trouble> {
        let (_alone, journal) = self.carefully(journal).await?;
        let mut gathered = Gathered::default();
        let mut work: BTreeMap<VisitKey, Work> = BTreeMap::new();
        let mut oldest = None;
        for line in journal {
            if self.killed_processes_before(line).await? {
                self.park(line, WhyAside::ProcessDied, now, &mut gathered);
                work.entry(line.visit.clone()).or_default();
                continue;
            }
            let entry: Entry =
                codec::decode(&line.payload).map_err(|e| StoreError::Corrupt(e.to_string()))?;
            oldest = oldest.into_iter().chain([entry.at]).min();
            work.entry(line.visit.clone()).or_default().entries.push((line.seq, Arc::new(entry)));
        }
        for key in due {
            work.entry(key).or_default().tick = true;
        }
        for (key, work) in work {
            self.decide_visit(&key, work, journal, now, &mut gathered).await?;
        }
        let new_cursor = journal.last().map_or(cursor, |line| line.seq);
        self.commit(cursor, new_cursor, journal.len(), gathered).await?;
        if let Some(at) = oldest {
            let waited = (self.ports.clock.now() - at).to_duration();
            self.ports.observer.observe(Observed::TakenIn { waited });
        }
        Ok(())
    }
}
