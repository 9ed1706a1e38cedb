//! Sees what each step of the store did, at the moment in which it is done, and has it judged.

use std::sync::Arc;
use vestibule_actors::codec;
use vestibule_actors::port::store::{
    Acknowledgement, Acquired, Appended, Commit, Committed, GateId, NewEntry, Ownership, Renewed, Restore,
    Restored, Store,
};
use vestibule_domain::command::{Command, Entry};
use vestibule_domain::effect::{LaneName, Topic};
use vestibule_domain::gate;
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;

use crate::lock;
use crate::trace::About;
use crate::world::{Breach, Process, World};

/// A witness of one process's steps.
pub struct Witness {
    world: Arc<World>,
    process: Process,
}

impl Witness {
    /// A witness.
    #[must_use]
    pub fn new(world: &Arc<World>, process: Process) -> Self {
        Self { world: Arc::clone(world), process }
    }

    fn judge(&self, shard: Shard, verdict: Result<(), Breach>) {
        self.world.judge(About::Shard(shard.number()), verdict);
    }

    fn note(&self, shard: Shard, what: std::fmt::Arguments<'_>) {
        let Process { node, id, .. } = self.process;
        self.world.note(About::Shard(shard.number()), format_args!("node {node} ({id}) {what}"));
    }

    /// A lease was asked for.
    pub fn acquired(&self, shard: Shard, ttl: Span, answer: &Acquired) {
        let Acquired::Granted { epoch, clean, .. } = answer else { return };
        let now = self.world.time.passed();
        let verdict = lock(&self.world.audit).leases.granted(now, shard, self.process, *epoch, ttl);
        self.note(shard, format_args!("has the lease, epoch {}, clean {clean}", epoch.0));
        self.judge(shard, verdict);
    }

    /// A lease was to be prolonged.
    pub fn renewed(&self, shard: Shard, owner: Ownership, ttl: Span, answer: Renewed) {
        if answer == Renewed::Lost {
            return self.note(shard, format_args!("learns that it lost the lease"));
        }
        let now = self.world.time.passed();
        lock(&self.world.audit).leases.renewed(now, shard, self.process, owner.epoch, ttl);
        if answer == Renewed::WentBack {
            self.note(shard, format_args!("learns that the store went back"));
        }
    }

    /// A lease was given back.
    pub fn released(&self, shard: Shard, done: bool) {
        if done {
            let now = self.world.time.passed();
            lock(&self.world.audit).leases.released(now, shard);
            self.note(shard, format_args!("gives the lease back"));
        }
    }

    /// Entries were appended.
    pub fn appended(&self, entries: &[NewEntry], answer: Appended) {
        let mut audit = lock(&self.world.audit);
        if matches!(answer, Appended::Done(_)) && audit.attempts.has_untold(self.process) {
            for entry in entries {
                let Ok(Entry { command, .. }) = codec::decode::<Entry>(&entry.payload) else { continue };
                let (topic, participant) = match command {
                    Command::AttemptOutlived { participant } => (Topic::Light, participant),
                    Command::DeviceTestOutlived { participant } => (Topic::DeviceTest, participant),
                    _ => continue,
                };
                let lane = (entry.visit.clone(), LaneName { topic, participant });
                audit.attempts.told(self.process, &lane);
            }
        }
    }

    /// A commit was asked for.
    pub fn committed(&self, commit: &Commit, answer: Committed) {
        let shard = commit.shard;
        if !matches!(answer, Committed::Done { .. }) {
            return self.note(shard, format_args!("is refused a commit: {answer:?}"));
        }
        let now = self.world.time.passed();
        let mut verdicts = Vec::new();
        let mut audit = lock(&self.world.audit);
        if audit.commits.is_repeated(commit) {
            return;
        }
        verdicts.push(audit.leases.check(now, shard, self.process, "a commit"));
        verdicts.push(audit.commits.committed(now, self.process, commit));
        verdicts.extend(commit.outbox.iter().map(|entry| audit.lanes.committed(entry)));
        let audit = &mut *audit;
        for write in &commit.visits {
            let Some(committed) = audit.commits.visit(&write.visit) else { continue };
            audit.meetings.committed(&write.visit, &committed.visit);
            if !audit.rollback.forgiven.contains(&write.visit)
                && let Some(plan) = self.world.scenario.organization(&write.visit.organization)
            {
                verdicts.push(audit.commits.check_ends(&write.visit, &plan.policy, &audit.facts.ends));
            }
        }
        for write in &commit.visits {
            let Some(committed) = audit.commits.visit(&write.visit) else { continue };
            let visit = &committed.visit;
            let lights: String =
                visit.participants.values().map(|p| if p.light.wanted { '*' } else { '-' }).collect();
            self.world.note(
                self.world.about(&write.visit),
                format_args!(
                    "node {} ({}) commits version {}: {:?}, lights {lights}, {} calls, to {}",
                    self.process.node,
                    self.process.id,
                    committed.version,
                    visit.phase,
                    visit.calls.len(),
                    commit.cursor.0,
                ),
            );
        }
        verdicts.into_iter().for_each(|verdict| self.judge(shard, verdict));
    }

    /// The process has heard that a commit is done; only what it has heard of can it give back.
    pub fn learned(&self, versions: &[(VisitKey, u64)]) {
        let mut audit = lock(&self.world.audit);
        versions.iter().for_each(|(visit, version)| audit.commits.learned(visit, *version));
    }

    /// An owner gave back what a store had lost.
    pub fn restored(&self, restore: &Restore, answer: Restored) {
        let Restored::Done { behind, .. } = answer else { return };
        let now = self.world.time.passed();
        let mut audit = lock(&self.world.audit);
        let verdict = audit.leases.check(now, restore.shard, self.process, "a restore");
        for held in &restore.visits {
            if audit.rollback.given_back(&held.visit, held.version) {
                self.world.trace.count("visits given back whole");
            }
            let stored = futures_util::FutureExt::now_or_never(self.world.store.load(&held.visit));
            if let Some(Ok(Some(stored))) = stored
                && audit.commits.visit(&held.visit).is_none_or(|known| known.version != stored.version)
            {
                audit.commits.found(now, Some(self.process), &stored);
            }
        }
        drop(audit);
        self.note(
            restore.shard,
            format_args!("gives back {} visits, {behind} were behind", restore.visits.len()),
        );
        if behind > 0 {
            self.world.trace.count("restores of something lost");
        }
        self.judge(restore.shard, verdict);
    }

    /// Attempts were reported.
    pub fn acknowledged(&self, shard: Shard, reports: &[Acknowledgement], done: bool) {
        if !done {
            return self.note(shard, format_args!("is refused {} reports", reports.len()));
        }
        let now = self.world.time.passed();
        let mut audit = lock(&self.world.audit);
        let mut verdicts = vec![audit.leases.check(now, shard, self.process, "a report")];
        verdicts.extend(reports.iter().map(|report| audit.lanes.acknowledged(report)));
        drop(audit);
        for report in reports {
            let outcomes: Vec<_> = report.records.iter().map(|record| record.outcome).collect();
            let settled = if report.settled.is_some() { ", settled" } else { "" };
            self.world.note(
                self.world.about(&report.visit),
                format_args!("{:?} #{} is reported {outcomes:?}{settled}", report.lane, report.seq),
            );
        }
        verdicts.into_iter().for_each(|verdict| self.judge(shard, verdict));
    }

    /// A gate was asked.
    pub fn permitted(&self, gate: &GateId, limits: &gate::Limits, answer: &gate::Answer) {
        if let (GateId::Epic(organization), gate::Answer::Granted { .. }) = (gate, answer) {
            let now = self.world.time.now();
            let verdict = lock(&self.world.audit).gates.granted(now, organization, limits);
            self.world.judge(About::World, verdict);
        }
    }
}
