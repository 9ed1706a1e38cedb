//! From decisions to one commit, and from the commit to what leaves the node (D1).

use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use vestibule_domain::effect::Effect;
use vestibule_domain::id::VisitKey;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::CallState;

use super::commit::commit;
use super::engine::{Engine, Gathered, Trouble};
use super::live::Kept;
use super::restoring::kept;
use crate::notifier::Offer;
use crate::port::store::{Commit, HistoryLines, OutboxEntry, Seq, Standing, VisitWrite};
use crate::visit::{Adopt, Decided};

impl Engine {
    /// Takes a visit's decision into the commit.
    pub(super) async fn gather(
        &mut self,
        key: &VisitKey,
        decided: Decided,
        tick: bool,
        gathered: &mut Gathered,
    ) -> Result<(), Trouble> {
        let (_, version) = self.children.get(key, &self.ports).await?;
        // What changed nothing has happened all the same.
        if !decided.history.is_empty() {
            let lines = decided.history.iter().map(|line| self.ports.format.encode(line));
            let lines = lines.collect::<Result<_, _>>()?;
            gathered.history.push(HistoryLines { visit: key.clone(), lines });
        }
        // A duplicate changes nothing and is not written; a tick always is, since its wake-up must move on.
        let must_be_written = decided.changed || (tick && version > 0);
        if !must_be_written {
            return Ok(());
        }
        let forget = decided.effects.contains(&Effect::Forget);
        let state = if forget { None } else { Some(self.ports.format.encode(&*decided.visit)?) };
        for effect in &decided.effects {
            if let Effect::Notify(update) = effect {
                gathered.outbox.push(OutboxEntry {
                    visit: key.clone(),
                    lane: update.lane(),
                    seq: update.seq,
                    attempts: 0,
                    payload: self.ports.format.encode(update)?,
                });
            }
        }
        let wake = decided.wake;
        gathered.writes.push(VisitWrite { visit: key.clone(), expected: version, state, wake });
        gathered.leaving.push((key.clone(), decided));
        Ok(())
    }

    pub(super) async fn commit(
        &mut self,
        cursor: Seq,
        new_cursor: Seq,
        commands: usize,
        gathered: Gathered,
    ) -> Result<(), Trouble> {
        let Gathered { writes, outbox, parked, history, leaving } = gathered;
        let wakes: Vec<Option<Moment>> = writes.iter().map(|w| w.wake).collect();
        let removed: BTreeSet<VisitKey> =
            writes.iter().filter(|w| w.state.is_none()).map(|w| w.visit.clone()).collect();
        let mut written: BTreeMap<VisitKey, Kept> = writes
            .iter()
            .filter_map(|w| Some((w.visit.clone(), kept(w.expected + 1, w.state.clone()?, w.wake))))
            .collect();
        let request = Commit {
            shard: self.shard,
            owner: self.lease.owner(),
            id: Uuid::from_u64_pair(self.ports.randomness.draw(), self.ports.randomness.draw()),
            expected_cursor: cursor,
            cursor: new_cursor,
            visits: writes,
            outbox,
            parked,
            history,
        };
        let change = commit(&self.ports, &self.lease, request, commands).await.map_err(Trouble::Ended)?;
        self.cursor = Some(new_cursor);
        self.lease.stands(Standing { cursor: new_cursor, change });
        self.tries = self.tries.split_off(&Seq(new_cursor.0 + 1));
        for wake in wakes {
            self.next_due.at_latest(wake);
        }
        for (key, decided) in leaving {
            if removed.contains(&key) {
                self.children.forget(&key);
                continue;
            }
            let adopted = written.remove(&key).and_then(|kept| self.children.committed(&key, kept));
            if let Some(actor) = adopted {
                // A visit that died in between is rebuilt from what was just committed.
                let _ = actor.send(Adopt(std::sync::Arc::clone(&decided.visit))).await;
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
                    let open = decided.visit.calls.get(&intent.id);
                    if open.is_some_and(|open| open.state == CallState::Running) {
                        self.crew.begin(key.clone(), intent, self.lease.clone());
                    }
                }
                Effect::Forget => {}
            }
        }
    }
}
