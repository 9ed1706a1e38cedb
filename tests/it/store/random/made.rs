//! What a step refers to, mostly taken from what the model holds.

use super::super::world::{
    START, device_test, entry, organization, other_organization, patient, provider, record, token,
};
use super::bench::Bench;
use super::ops::{Claim, Written};
use proptest::sample::Index;
use std::collections::BTreeMap;
use uuid::Uuid;
use vestibule_actors::port::store::{
    Acknowledgement, Commit, Epoch, HeldVisit, HistoryLines, OutboxEntry, Ownership, ParkedCommand, Restore,
    Seq, Space, Standing, Store, VisitWrite,
};
use vestibule_domain::effect::LaneName;
use vestibule_domain::id::{OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;

impl Bench {
    pub(super) async fn owner(&self, shard: Shard, claim: Claim) -> Ownership {
        let made_up = match claim {
            Claim::MadeUp(node, epoch) => Ownership { token: token(node), epoch: Epoch(epoch) },
            Claim::Holder => Ownership { token: token(1), epoch: Epoch(1) },
        };
        let holder = self.model.locate(shard).await.unwrap();
        match (claim, holder) {
            (Claim::Holder, Some(holder)) => {
                let node = holder.node.trim_start_matches("node-").parse().unwrap();
                Ownership { token: token(node), epoch: holder.epoch }
            }
            _ => made_up,
        }
    }

    pub(super) fn visit(&self, index: Index) -> VisitKey {
        index.get(&self.visits).clone()
    }

    pub(super) async fn report_of(
        &self,
        mut visit: VisitKey,
        lane: Index,
        mut seq: u64,
        settles: bool,
        records: Vec<(u64, u64, i64)>,
    ) -> Acknowledgement {
        let shard = Shard::of_visit(&visit);
        let mut name = lane_of(lane);
        // Mostly of an update that is waiting.
        let waiting = self.model.outbox(shard, None, 100).await.unwrap();
        if !waiting.is_empty() && seq < 4 {
            let OutboxEntry { visit: v, lane: l, seq: s, .. } = lane.get(&waiting).clone();
            (visit, name, seq) = (v, l, s);
        }
        let records = records.into_iter().map(|(visit, meeting, at)| {
            record(7, organization_of(meeting == 1), visit, meeting, START + Span(at))
        });
        Acknowledgement {
            visit: visit.clone(),
            lane: name,
            seq,
            attempts: 7,
            records: records.collect(),
            settled: settles.then(|| entry(&visit, "settled")),
        }
    }

    /// What an owner believes to have committed.
    pub(super) async fn standing(&self, shard: Shard, cursor: u64, change: u64) -> Standing {
        let changes = self.model.changes().await.unwrap();
        let there = changes.iter().find(|(of, _)| *of == shard).map_or(0, |(_, change)| *change);
        let at = self.model.cursor(shard).await.unwrap();
        Standing { cursor: Seq(at.0 + cursor), change: there + change }
    }

    pub(super) async fn restore_of(
        &self,
        shard: Shard,
        owner: Ownership,
        change: u64,
        held: Vec<(Index, i64, Option<i64>)>,
    ) -> Restore {
        let mine: Vec<VisitKey> =
            self.visits.iter().filter(|visit| Shard::of_visit(visit) == shard).cloned().collect();
        let mut visits: BTreeMap<VisitKey, HeldVisit> = BTreeMap::new();
        for (visit, ahead, wake) in held {
            let visit = visit.get(&mine).clone();
            let version = self.model.load(&visit).await.unwrap().map_or(0, |stored| stored.version);
            let version = version.saturating_add_signed(ahead);
            let wake = wake.map(|ms| START + Span(ms));
            visits.insert(visit.clone(), HeldVisit { visit, version, state: vec![9], wake });
        }
        Restore { shard, owner, change, visits: visits.into_values().collect() }
    }

    #[expect(clippy::too_many_arguments, reason = "they are the fields of one operation")]
    pub(super) async fn commit_of(
        &self,
        shard: Shard,
        owner: Ownership,
        honest: bool,
        id: u128,
        taken: u64,
        writes: Vec<Written>,
        parks: bool,
    ) -> Commit {
        let cursor = self.model.cursor(shard).await.unwrap();
        let waiting = self.model.read(shard, cursor, 100).await.unwrap().len() as u64;
        // One too many now and then: an owner that believes in entries that are lost.
        let taken = if honest { taken.min(waiting) } else { taken };
        let mine: Vec<VisitKey> =
            self.visits.iter().filter(|visit| Shard::of_visit(visit) == shard).cloned().collect();
        let (mut visits, mut outbox, mut history) = (Vec::new(), Vec::new(), Vec::new());
        for written in writes {
            let visit = written.visit.get(&mine).clone();
            let stored = self.model.load(&visit).await.unwrap();
            let expected = stored.map_or(0, |stored| stored.version) + u64::from(!honest);
            if let Some((lane, seq)) = written.update {
                let (lane, payload) = (lane_of(lane), id.to_string().into_bytes());
                outbox.push(OutboxEntry { visit: visit.clone(), lane, seq, attempts: 0, payload });
            }
            let lines = (0..id % 4).map(|line| format!("{id} {line}").into_bytes()).collect();
            history.push(HistoryLines { visit: visit.clone(), lines });
            let state = (!written.removes).then(|| id.to_string().into_bytes());
            visits.push(VisitWrite { visit, expected, state, wake: written.wake.map(|ms| START + Span(ms)) });
        }
        let parked = parks.then(|| ParkedCommand {
            seq: cursor,
            visit: mine[0].clone(),
            payload: vec![1],
            reason: "random".to_owned(),
            at: self.now(),
        });
        Commit {
            shard,
            owner,
            id: Uuid::from_u128(id),
            expected_cursor: cursor,
            cursor: Seq(cursor.0 + taken),
            visits,
            outbox,
            parked: parked.into_iter().collect(),
            history,
        }
    }
}

pub fn organization_of(north: bool) -> OrganizationId {
    if north { other_organization() } else { organization() }
}

fn lane_of(index: Index) -> LaneName {
    index.get(&[patient("a"), patient("b"), provider("a"), device_test("a")]).clone()
}

pub fn space(key: u8) -> Space {
    [Space::OauthState, Space::Ticket, Space::Session, Space::Keys][usize::from(key)]
}
