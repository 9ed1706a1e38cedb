//! The port's methods, each handed to the thread that does it.

use futures_util::FutureExt;
use futures_util::future::ready;
use std::sync::{Arc, PoisonError};
use tokio::sync::broadcast;
use vestibule_actors::port::store::{
    Acknowledgement, Acquired, Answer, Appended, Changed, Commit, Committed, Epoch, GateId, HALT, Hint,
    History, JournalEntry, NewEntry, NodeInfo, OrganizationValue, OutboxEntry, Owner, OwnerToken, Ownership,
    Page, ParkedCommand, Record, RecordPlace, RecordQuery, Renewed, Restore, Restored, Retention, Routed,
    Seq, Space, Standing, Store, StoreError, StoredVisit, Swept, is_halted,
};
use vestibule_domain::effect::LaneName;
use vestibule_domain::gate;
use vestibule_domain::id::{MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

use super::steps::Part;
use super::{Durability, EmbeddedStore, Patience, reads};

impl Store for EmbeddedStore {
    fn acquire<'a>(
        &'a self,
        shard: Shard,
        node: &'a str,
        token: OwnerToken,
        ttl: Span,
        seen: Epoch,
    ) -> Answer<'a, Acquired> {
        let node = node.to_owned();
        self.doing(Patience::Waits, move |desk| desk.acquire(shard, &node, token, ttl, seen)).boxed()
    }

    fn renew(&self, shard: Shard, owner: Ownership, ttl: Span, seen: Standing) -> Answer<'_, Renewed> {
        self.doing(Patience::Waits, move |desk| desk.renew(shard, owner, ttl, seen)).boxed()
    }

    fn release(&self, shard: Shard, owner: Ownership) -> Answer<'_, bool> {
        self.doing(Patience::Waits, move |desk| desk.release(shard, owner)).boxed()
    }

    fn locate(&self, shard: Shard) -> Answer<'_, Option<Owner>> {
        let now = self.clock.now();
        let leases = self.shared.leases.lock().unwrap_or_else(PoisonError::into_inner);
        ready(Ok(leases.locate(shard, now))).boxed()
    }

    fn owners(&self) -> Answer<'_, Vec<(Shard, Owner)>> {
        let now = self.clock.now();
        let leases = self.shared.leases.lock().unwrap_or_else(PoisonError::into_inner);
        ready(Ok(leases.owners(now))).boxed()
    }

    fn announce<'a>(&'a self, node: &'a NodeInfo, ttl: Span) -> Answer<'a, Vec<NodeInfo>> {
        let (nodes, news) = self.shared.nodes().announce(node, self.clock.now(), ttl);
        if news {
            self.tell_of_nodes();
        }
        ready(Ok(nodes)).boxed()
    }

    fn leave(&self, token: OwnerToken) -> Answer<'_, ()> {
        self.shared.nodes().leave(token);
        self.tell_of_nodes();
        ready(Ok(())).boxed()
    }

    fn append(&self, shard: Shard, entries: Vec<NewEntry>) -> Answer<'_, Appended> {
        self.doing(Patience::None, move |desk| desk.append(shard, &entries)).boxed()
    }

    fn route_or_hold<'a>(
        &'a self,
        organization: &'a OrganizationId,
        meeting: MeetingId,
        payload: Vec<u8>,
    ) -> Answer<'a, Routed> {
        let organization = organization.clone();
        self.doing(Patience::None, move |desk| desk.route_or_hold(&organization, meeting, &payload)).boxed()
    }

    fn index_meeting<'a>(&'a self, meeting: MeetingId, visit: &'a VisitKey) -> Answer<'a, usize> {
        let visit = visit.clone();
        self.doing(Patience::Waits, move |desk| desk.index_meeting(meeting, &visit)).boxed()
    }

    fn read(&self, shard: Shard, after: Seq, max: usize) -> Answer<'_, Vec<JournalEntry>> {
        self.looking(move |snapshot| reads::journal(snapshot, shard, after, max)).boxed()
    }

    fn cursor(&self, shard: Shard) -> Answer<'_, Seq> {
        self.looking(move |snapshot| reads::cursor(snapshot, shard)).boxed()
    }

    fn load<'a>(&'a self, visit: &'a VisitKey) -> Answer<'a, Option<StoredVisit>> {
        let visit = visit.clone();
        self.looking(move |snapshot| reads::load(snapshot, &visit)).boxed()
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Committed> {
        self.doing(Patience::Waits, move |desk| desk.commit(&commit)).boxed()
    }

    fn restore(&self, restore: Restore) -> Answer<'_, Restored> {
        self.doing(Patience::Waits, move |desk| desk.restore(&restore)).boxed()
    }

    fn count_try(&self, shard: Shard, owner: Ownership, seq: Seq) -> Answer<'_, Option<u32>> {
        self.doing(Patience::Waits, move |desk| desk.count_try(shard, owner, seq)).boxed()
    }

    fn due(&self, shard: Shard, until: Moment, max: usize) -> Answer<'_, Vec<(VisitKey, Moment)>> {
        self.looking(move |snapshot| reads::due(snapshot, shard, until, max)).boxed()
    }

    fn outbox<'a>(
        &'a self,
        shard: Shard,
        after: Option<(VisitKey, LaneName, u64)>,
        max: usize,
    ) -> Answer<'a, Vec<OutboxEntry>> {
        self.looking(move |snapshot| reads::outbox(snapshot, shard, after, max)).boxed()
    }

    fn acknowledge(
        &self,
        shard: Shard,
        owner: Ownership,
        acknowledgements: Vec<Acknowledgement>,
    ) -> Answer<'_, bool> {
        self.doing(Patience::Waits, move |desk| desk.acknowledge(shard, owner, &acknowledgements)).boxed()
    }

    fn permit<'a>(&'a self, gate: &'a GateId, limits: gate::Limits) -> Answer<'a, gate::Answer> {
        async move {
            let halted = match gate.halted_by() {
                Some(organization) => {
                    let halt = self.organization_get(organization, HALT).await?;
                    is_halted(halt.as_ref())
                }
                None => false,
            };
            let now = self.clock.now();
            Ok(self.with_gate(gate, |gate| gate.ask(&limits, halted, now)))
        }
        .boxed()
    }

    fn settle<'a>(
        &'a self,
        gate: &'a GateId,
        limits: gate::Limits,
        permit: gate::PermitId,
        how: gate::Settled,
    ) -> Answer<'a, bool> {
        let now = self.clock.now();
        let open = self.with_gate(gate, |gate| {
            gate.settle(&limits, now, permit, how);
            gate.is_open()
        });
        ready(Ok(open)).boxed()
    }

    fn changes(&self) -> Answer<'_, Vec<(Shard, u64)>> {
        self.looking(reads::changes).boxed()
    }

    fn changed_since(&self, shard: Shard, change: u64, max: usize) -> Answer<'_, Vec<Changed>> {
        self.looking(move |snapshot| reads::changed_since(snapshot, shard, change, max)).boxed()
    }

    fn visits<'a>(
        &'a self,
        organization: Option<&'a OrganizationId>,
        after: Option<VisitKey>,
        limit: usize,
    ) -> Answer<'a, Page<StoredVisit, VisitKey>> {
        let organization = organization.cloned();
        self.looking(move |snapshot| reads::visits(snapshot, organization.as_ref(), after.as_ref(), limit))
            .boxed()
    }

    fn records(&self, query: RecordQuery) -> Answer<'_, Page<Record, RecordPlace>> {
        let shared = Arc::clone(&self.shared);
        self.looking(move |snapshot| reads::records(snapshot, &query, &shared.stats)).boxed()
    }

    fn history<'a>(&'a self, visit: &'a VisitKey) -> Answer<'a, History> {
        let visit = visit.clone();
        self.looking(move |snapshot| reads::history(snapshot, &visit)).boxed()
    }

    fn parked(&self, limit: usize) -> Answer<'_, Vec<ParkedCommand>> {
        let shared = Arc::clone(&self.shared);
        self.looking(move |snapshot| reads::parked(snapshot, limit, &shared.stats)).boxed()
    }

    fn drop_parked<'a>(&'a self, visit: &'a VisitKey, seq: Seq) -> Answer<'a, bool> {
        let visit = visit.clone();
        self.doing(Patience::Waits, move |desk| desk.drop_parked(&visit, seq)).boxed()
    }

    fn put<'a>(&'a self, space: Space, key: &'a str, value: Vec<u8>, ttl: Span) -> Answer<'a, ()> {
        let key = key.to_owned();
        self.doing(Patience::None, move |desk| desk.put(space, &key, &value, ttl)).boxed()
    }

    fn put_if_absent<'a>(
        &'a self,
        space: Space,
        key: &'a str,
        value: Vec<u8>,
        ttl: Span,
    ) -> Answer<'a, Vec<u8>> {
        let key = key.to_owned();
        self.doing(Patience::None, move |desk| desk.put_if_absent(space, &key, &value, ttl)).boxed()
    }

    fn get<'a>(&'a self, space: Space, key: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        let (key, now) = (key.to_owned(), self.clock.now());
        self.looking(move |snapshot| reads::get(snapshot, now, space, &key)).boxed()
    }

    fn take<'a>(&'a self, space: Space, key: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        let key = key.to_owned();
        self.doing(Patience::None, move |desk| desk.take(space, &key)).boxed()
    }

    fn organization_get<'a>(
        &'a self,
        organization: &'a OrganizationId,
        field: &'a str,
    ) -> Answer<'a, Option<OrganizationValue>> {
        let (organization, field) = (organization.clone(), field.to_owned());
        self.looking(move |snapshot| reads::organization_get(snapshot, &organization, &field)).boxed()
    }

    fn organization_put<'a>(
        &'a self,
        organization: &'a OrganizationId,
        field: &'a str,
        expected: u64,
        value: Vec<u8>,
    ) -> Answer<'a, bool> {
        let (organization, field) = (organization.clone(), field.to_owned());
        self.doing(Patience::Waits, move |desk| {
            desk.organization_put(&organization, &field, expected, &value)
        })
        .boxed()
    }

    fn organization_forget<'a>(
        &'a self,
        organization: &'a OrganizationId,
        prefix: &'a str,
        max: usize,
    ) -> Answer<'a, usize> {
        let (organization, prefix) = (organization.clone(), prefix.to_owned());
        self.doing(Patience::Waits, move |desk| desk.organization_forget(&organization, &prefix, max)).boxed()
    }

    fn forget_organization<'a>(&'a self, organization: &'a OrganizationId, max: usize) -> Answer<'a, usize> {
        let organization = organization.clone();
        let max = u64::try_from(max).unwrap_or(u64::MAX);
        async move {
            let gone =
                self.doing(Patience::Waits, move |desk| desk.forget_organization(&organization, max)).await?;
            Ok(usize::try_from(gone).unwrap_or(usize::MAX))
        }
        .boxed()
    }

    fn sweep(&self, keep: Retention) -> Answer<'_, Swept> {
        async move {
            let mut all = Swept::default();
            let mut spoiled = None;
            for part in Part::ALL {
                match self.sweep_part(part, &keep, &mut all).await {
                    // What one part cannot read holds up no other, and is told in the end.
                    Err(error @ StoreError::Corrupt(_)) => spoiled = Some(error),
                    other => other?,
                }
            }
            spoiled.map_or(Ok(all), Err)
        }
        .boxed()
    }

    fn incarnation(&self) -> Answer<'_, String> {
        async {
            self.doing(Patience::Waits, |desk| desk.ping()).await?;
            Ok(match self.durability {
                // What was answered is on the disk, and comes back with the file.
                Durability::Fsync => "the file".to_owned(),
                Durability::EverySecond => format!("the file, opened {} times", self.shared.times_opened()),
            })
        }
        .boxed()
    }

    fn flush(&self) -> Answer<'_, ()> {
        match self.durability {
            // What was answered is on the disk.
            Durability::Fsync => self.doing(Patience::Waits, |_| Ok(())).boxed(),
            Durability::EverySecond => self.doing(Patience::Waits, |desk| desk.sync()).boxed(),
        }
    }

    fn hints(&self) -> broadcast::Receiver<Hint> {
        self.hints.subscribe()
    }
}

impl EmbeddedStore {
    fn tell_of_nodes(&self) {
        // Nobody listening is no loss.
        let _ = self.hints.send(Hint::Nodes);
    }

    /// Repeats a part of a sweep until nothing of it is left to be removed.
    async fn sweep_part(&self, part: Part, keep: &Retention, all: &mut Swept) -> Result<(), StoreError> {
        loop {
            let keep = keep.clone();
            let (swept, more) = self.doing(Patience::Waits, move |desk| desk.sweep(part, &keep)).await?;
            all.values += swept.values;
            all.held += swept.held;
            all.records_old += swept.records_old;
            all.records_above_cap += swept.records_above_cap;
            all.parked += swept.parked;
            all.index += swept.index;
            all.histories += swept.histories;
            if !more {
                return Ok(());
            }
        }
    }
}
