//! The work of a shard: read the journal, decide, commit in one atomic step, and only then let anything leave.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;
use vestibule_domain::command::{Command, Entry};
use vestibule_domain::effect::Effect;
use vestibule_domain::id::{CommandId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::CallState;

use super::commit::commit;
use super::live::{Children, NextDue};
use super::{ShardRules, Step};
use crate::codec;
use crate::lease::Lease;
use crate::node::crew::Crew;
use crate::notifier::Offer;
use crate::port::Ports;
use crate::port::observer::Observed;
use crate::port::store::{Commit, JournalEntry, OutboxEntry, ParkedCommand, Seq, StoreError, VisitWrite};
use crate::visit::{Adopt, Decide, Decided};
use crate::zoom_worker::Begin;

/// A command is set aside after it has killed its visit so often.
pub const MOST_TRIES: u32 = 3;
/// After an unclean take-over so many commands are committed one by one at the most; a process that dies again has at least got this far.
const CAREFUL_STEPS: u32 = 2_000;
/// So many panics of visits within [`BUDGET_TIME_MS`] are borne; then the shard itself is given up, and the node decides.
const BUDGET: usize = 32;
const BUDGET_TIME_MS: i64 = 60_000;
/// How many outbox entries are read at once.
const OUTBOX_PAGE: usize = 512;

/// Why a shard ended by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ended {
    /// It was told to, and has finished what it had in hand.
    Drained,
    /// The lease is another's, or can no longer be trusted.
    LeaseLost,
    /// The lease is ours, but the store is not where we left it.
    WentBack,
    /// The store holds something that cannot be read.
    Unreadable(String),
    /// Too many of its visits panicked.
    TooManyPanics,
}

/// What a shard works with.
pub struct Engine {
    shard: Shard,
    lease: Lease,
    ports: Ports,
    crew: Crew,
    rules: ShardRules,
    cursor: Option<Seq>,
    careful_steps: u32,
    children: Children,
    next_due: NextDue,
    tries: BTreeMap<Seq, u32>,
    panics: Vec<Moment>,
    /// Organizations whose outbox must be offered (again); `None` stands for all.
    to_offer: BTreeSet<Option<OrganizationId>>,
}

/// The commands of one commit for one visit.
#[derive(Default)]
struct Work {
    entries: Vec<(Seq, Arc<Entry>)>,
    tick: bool,
}

/// A commit in the making.
#[derive(Default)]
struct Gathered {
    writes: Vec<VisitWrite>,
    outbox: Vec<OutboxEntry>,
    parked: Vec<ParkedCommand>,
    leaving: Vec<(VisitKey, Decided)>,
}

impl Engine {
    /// An engine on a lease. `clean` says that the owner before left nothing half done.
    #[must_use]
    pub fn new(shard: Shard, lease: Lease, clean: bool, ports: Ports, crew: Crew, rules: ShardRules) -> Self {
        Self {
            shard,
            lease,
            ports,
            crew,
            rules,
            cursor: None,
            careful_steps: if clean { 0 } else { CAREFUL_STEPS },
            children: Children::default(),
            next_due: NextDue::unknown(),
            tries: BTreeMap::new(),
            panics: Vec::new(),
            to_offer: BTreeSet::from([None]),
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

    /// The notifier of an organization was started afresh.
    pub fn offer_again(&mut self, organization: OrganizationId) {
        self.to_offer.insert(Some(organization));
    }

    /// One round: recovers what is to be recovered, then takes in what the journal and the deadlines hold.
    pub(super) async fn step(&mut self) -> Result<Step, Ended> {
        if !self.lease.is_valid() {
            return Err(Ended::LeaseLost);
        }
        match self.round().await {
            Ok(step) => Ok(step),
            Err(Trouble::Ended(ended)) => Err(ended),
            Err(Trouble::Store(StoreError::Corrupt(what))) => Err(Ended::Unreadable(what)),
            // The store is away: the look comes again, and the lease decides how long this goes on.
            Err(Trouble::Store(error)) => {
                tracing::warn!(shard = self.shard.number(), %error, "shard waits for the store");
                Ok(Step::Idle)
            }
        }
    }

    async fn round(&mut self) -> Result<Step, Trouble> {
        let cursor = match self.cursor {
            Some(cursor) => cursor,
            None => *self.cursor.insert(self.ports.store.cursor(self.shard).await?),
        };
        self.offer_outbox().await?;
        let now = self.ports.clock.now();
        let limit = if self.careful_steps > 0 { 1 } else { self.rules.batch };
        let journal = self.ports.store.read(self.shard, cursor, limit).await?;
        let due = self.due(now).await?;
        if journal.is_empty() && due.is_empty() {
            self.careful_steps = 0;
            self.children.drop_idle(self.rules.idle_after);
            self.ports
                .observer
                .observe(Observed::Visits { shard: self.shard.number(), in_memory: self.children.len() });
            return Ok(Step::Idle);
        }
        self.take_in(cursor, &journal, due, now).await?;
        self.careful_steps = self.careful_steps.saturating_sub(1);
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
        let mut gathered = Gathered::default();
        let mut work: BTreeMap<VisitKey, Work> = BTreeMap::new();
        for line in journal {
            if self.careful_steps > 0 && self.killed_a_process_before(line).await? {
                self.park(line, "it was under way each time that a process died", now, &mut gathered);
                work.entry(line.visit.clone()).or_default();
                continue;
            }
            let entry: Entry =
                codec::decode(&line.payload).map_err(|e| StoreError::Corrupt(e.to_string()))?;
            work.entry(line.visit.clone()).or_default().entries.push((line.seq, Arc::new(entry)));
        }
        for key in due {
            work.entry(key).or_default().tick = true;
        }
        for (key, work) in work {
            self.decide_visit(&key, work, journal, now, &mut gathered).await?;
        }
        let new_cursor = journal.last().map_or(cursor, |line| line.seq);
        self.commit(cursor, new_cursor, journal.len(), gathered).await
    }

    // === deciding ===

    async fn decide_visit(
        &mut self,
        key: &VisitKey,
        work: Work,
        journal: &[JournalEntry],
        now: Moment,
        gathered: &mut Gathered,
    ) -> Result<(), Trouble> {
        let Some(policy) = self.ports.organizations.policy(&key.organization) else {
            for (seq, _) in &work.entries {
                if let Some(line) = journal.iter().find(|line| line.seq == *seq) {
                    self.park(line, "its organization is not in the settings any more", now, gathered);
                }
            }
            return Ok(());
        };
        let parked_before = gathered.parked.iter().any(|p| p.visit == *key);
        let mut good: Vec<Arc<Entry>> = Vec::new();
        let mut pending: Vec<(Option<Seq>, Arc<Entry>)> =
            work.entries.into_iter().map(|(seq, e)| (Some(seq), e)).collect();
        if parked_before {
            pending.push((None, own_entry(Command::CommandParked, now)));
        }
        if work.tick {
            pending.push((None, own_entry(Command::Tick, now)));
        }
        // Mostly all are good, and one question decides on all of them.
        let all: Vec<_> = pending.iter().map(|(_, entry)| Arc::clone(entry)).collect();
        let mut decided = self.ask(key, all, now, &policy).await?;
        if decided.is_none() {
            for (seq, entry) in pending {
                if self.is_poison(key, seq, &good, &entry, now, &policy).await? {
                    if let Some(line) = journal.iter().find(|line| Some(line.seq) == seq) {
                        self.park(line, "it made its visit fail three times", now, gathered);
                        good.push(own_entry(Command::CommandParked, now));
                    }
                } else {
                    good.push(entry);
                }
            }
            decided = self.ask(key, good, now, &policy).await?;
        }
        let Some(decided) = decided else { return Err(Trouble::Ended(Ended::TooManyPanics)) };
        self.gather(key, decided, work.tick, now, &policy, gathered).await
    }

    /// Asks the visit; `None` when it panicked, after which the next ask rebuilds it from durable state.
    async fn ask(
        &mut self,
        key: &VisitKey,
        entries: Vec<Arc<Entry>>,
        now: Moment,
        policy: &Arc<vestibule_domain::policy::Policy>,
    ) -> Result<Option<Decided>, Trouble> {
        let (actor, _) = self.children.get(key, &self.ports).await?;
        match actor.send(Decide { entries, now, policy: Arc::clone(policy) }).await {
            Ok(decided) => Ok(Some(decided)),
            Err(_) => {
                self.children.forget(key);
                self.ports.observer.observe(Observed::VisitRestarted);
                tracing::error!(
                    shard = self.shard.number(),
                    "a visit panicked and is rebuilt from durable state"
                );
                self.panics.retain(|at| at.0 > now.0 - BUDGET_TIME_MS);
                self.panics.push(now);
                if self.panics.len() > BUDGET { Err(Trouble::Ended(Ended::TooManyPanics)) } else { Ok(None) }
            }
        }
    }

    /// Tries a command behind the good ones, up to its third panic.
    async fn is_poison(
        &mut self,
        key: &VisitKey,
        seq: Option<Seq>,
        good: &[Arc<Entry>],
        entry: &Arc<Entry>,
        now: Moment,
        policy: &Arc<vestibule_domain::policy::Policy>,
    ) -> Result<bool, Trouble> {
        let mut tries = seq.and_then(|seq| self.tries.get(&seq).copied()).unwrap_or(0);
        while tries < MOST_TRIES {
            let mut attempt = good.to_vec();
            attempt.push(Arc::clone(entry));
            if self.ask(key, attempt, now, policy).await?.is_some() {
                return Ok(false);
            }
            tries += 1;
            if let Some(seq) = seq {
                self.tries.insert(seq, tries);
            }
        }
        Ok(true)
    }

    async fn killed_a_process_before(&self, line: &JournalEntry) -> Result<bool, Trouble> {
        let counted = self.ports.store.count_try(self.shard, self.lease.owner(), line.seq).await?;
        counted.map(|tries| tries > MOST_TRIES).ok_or(Trouble::Ended(Ended::LeaseLost))
    }

    fn park(&self, line: &JournalEntry, reason: &str, now: Moment, gathered: &mut Gathered) {
        self.ports.observer.observe(Observed::CommandParked);
        tracing::error!(shard = self.shard.number(), seq = line.seq.0, reason, "a command is set aside");
        gathered.parked.push(ParkedCommand {
            seq: line.seq,
            visit: line.visit.clone(),
            payload: line.payload.clone(),
            reason: reason.to_owned(),
            at: now,
        });
    }

    // === committing ===

    async fn gather(
        &mut self,
        key: &VisitKey,
        decided: Decided,
        tick: bool,
        now: Moment,
        policy: &vestibule_domain::policy::Policy,
        gathered: &mut Gathered,
    ) -> Result<(), Trouble> {
        let (_, version) = self.children.get(key, &self.ports).await?;
        let forget = decided.effects.contains(&Effect::Forget);
        let wake = decided.visit.wake(policy, now);
        // A duplicate changes nothing and is not written; a tick always is, since its wake-up must move on.
        let must_be_written = decided.changed || (tick && version > 0);
        if !must_be_written {
            return Ok(());
        }
        let state = if forget {
            None
        } else {
            Some(codec::encode(&*decided.visit).map_err(|e| StoreError::Corrupt(e.to_string()))?)
        };
        for effect in &decided.effects {
            if let Effect::Notify(update) = effect {
                gathered.outbox.push(OutboxEntry {
                    visit: key.clone(),
                    participant: update.participant.clone(),
                    seq: update.seq,
                    attempts: 0,
                    payload: codec::encode(update).map_err(|e| StoreError::Corrupt(e.to_string()))?,
                });
            }
        }
        gathered.writes.push(VisitWrite { visit: key.clone(), expected: version, state, wake });
        gathered.leaving.push((key.clone(), decided));
        Ok(())
    }

    async fn commit(
        &mut self,
        cursor: Seq,
        new_cursor: Seq,
        commands: usize,
        gathered: Gathered,
    ) -> Result<(), Trouble> {
        let Gathered { writes, outbox, parked, leaving } = gathered;
        let wakes: Vec<Option<Moment>> = writes.iter().map(|w| w.wake).collect();
        let removed: BTreeSet<VisitKey> =
            writes.iter().filter(|w| w.state.is_none()).map(|w| w.visit.clone()).collect();
        let versions: BTreeMap<VisitKey, u64> =
            writes.iter().map(|w| (w.visit.clone(), w.expected + 1)).collect();
        let request = Commit {
            shard: self.shard,
            owner: self.lease.owner(),
            id: Uuid::from_u64_pair(self.ports.randomness.draw(), self.ports.randomness.draw()),
            expected_cursor: cursor,
            cursor: new_cursor,
            visits: writes,
            outbox,
            parked,
        };
        commit(&self.ports, &self.lease, request, commands).await.map_err(Trouble::Ended)?;
        self.cursor = Some(new_cursor);
        self.tries = self.tries.split_off(&Seq(new_cursor.0 + 1));
        for wake in wakes {
            self.next_due.at_latest(wake);
        }
        for (key, decided) in leaving {
            if removed.contains(&key) {
                self.children.forget(&key);
                continue;
            }
            let adopted = versions.get(&key).and_then(|version| self.children.committed(&key, *version));
            if let Some(actor) = adopted {
                // A visit that died in between is rebuilt from what was just committed.
                let _ = actor.send(Adopt).await;
            }
            self.leave(&key, decided);
        }
        Ok(())
    }

    /// D1 is behind us: effects may leave.
    fn leave(&self, key: &VisitKey, decided: Decided) {
        for effect in decided.effects {
            match effect {
                Effect::Notify(update) => {
                    self.crew.offer(Offer {
                        visit: key.clone(),
                        update,
                        attempts: 0,
                        lease: self.lease.clone(),
                        in_doubt: false,
                    });
                }
                Effect::Begin(intent) => {
                    let running = decided
                        .visit
                        .calls
                        .get(&intent.id)
                        .is_some_and(|open| open.state == CallState::Running);
                    if running {
                        self.crew.begin(Begin {
                            visit: key.clone(),
                            shard: self.shard,
                            intent,
                            lease: self.lease.clone(),
                        });
                    }
                }
                Effect::Forget => {}
            }
        }
    }

    // === recovering ===

    /// Offers what Epic has not acknowledged. An owner that finds it there did not send it itself, so it is in doubt.
    async fn offer_outbox(&mut self) -> Result<(), Trouble> {
        if self.to_offer.is_empty() {
            return Ok(());
        }
        let mut after = None;
        loop {
            let page = self.ports.store.outbox(self.shard, after, OUTBOX_PAGE).await?;
            for entry in &page {
                let wanted = self.to_offer.contains(&None)
                    || self.to_offer.contains(&Some(entry.visit.organization.clone()));
                if wanted {
                    let update =
                        codec::decode(&entry.payload).map_err(|e| StoreError::Corrupt(e.to_string()))?;
                    self.crew.offer(Offer {
                        visit: entry.visit.clone(),
                        update,
                        attempts: entry.attempts,
                        lease: self.lease.clone(),
                        in_doubt: true,
                    });
                }
            }
            match page.last() {
                Some(last) if page.len() >= OUTBOX_PAGE => {
                    after = Some((last.visit.clone(), last.participant.clone(), last.seq));
                }
                _ => break,
            }
        }
        self.to_offer.clear();
        Ok(())
    }
}

/// An entry that the owner adds by itself; its id is never looked up.
fn own_entry(command: Command, now: Moment) -> Arc<Entry> {
    Arc::new(Entry { id: CommandId::of_owner(), at: now, command })
}

/// What can go wrong in a round.
enum Trouble {
    Store(StoreError),
    Ended(Ended),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
