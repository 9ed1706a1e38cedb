//! A store that answers at once and keeps nothing, so that the rest of the service can be measured by itself.

use futures_util::FutureExt;
use futures_util::future::ready;
use tokio::sync::broadcast;
use vestibule_actors::port::store::{
    Acknowledgement, Acquired, Answer, Appended, Changed, Commit, Committed, Epoch, GateId, Hint, History,
    JournalEntry, NewEntry, NodeInfo, OrganizationValue, OutboxEntry, Owner, OwnerToken, Ownership, Page,
    ParkedCommand, Record, RecordPlace, RecordQuery, Renewed, Restore, Restored, Retention, Routed, Seq,
    Space, Standing, Store, StoredVisit, Swept,
};
use vestibule_domain::effect::LaneName;
use vestibule_domain::gate;
use vestibule_domain::id::{MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

use super::visits::FIRST_MEETING;

pub struct Nothing {
    visits: Vec<VisitKey>,
    hints: broadcast::Sender<Hint>,
}

impl Nothing {
    /// Knows the meetings of these visits, the first of them first.
    pub fn new(visits: Vec<VisitKey>) -> Self {
        Self { visits, hints: broadcast::channel(1).0 }
    }
}

fn now<'a, T: Send + 'a>(answer: T) -> Answer<'a, T> {
    ready(Ok(answer)).boxed()
}

impl Store for Nothing {
    fn acquire<'a>(&'a self, _: Shard, _: &'a str, _: OwnerToken, _: Span, _: Epoch) -> Answer<'a, Acquired> {
        now(Acquired::Granted { epoch: Epoch(1), clean: true, before: None })
    }

    fn renew(&self, _: Shard, _: Ownership, _: Span, _: Standing) -> Answer<'_, Renewed> {
        now(Renewed::Held)
    }

    fn release(&self, _: Shard, _: Ownership) -> Answer<'_, bool> {
        now(true)
    }

    fn locate(&self, _: Shard) -> Answer<'_, Option<Owner>> {
        now(None)
    }

    fn append(&self, _: Shard, _: Vec<NewEntry>) -> Answer<'_, Appended> {
        now(Appended::Done(Seq(1)))
    }

    fn route_or_hold<'a>(
        &'a self,
        _: &'a OrganizationId,
        meeting: MeetingId,
        _: Vec<u8>,
    ) -> Answer<'a, Routed> {
        let place = usize::try_from(meeting.0.saturating_sub(FIRST_MEETING)).unwrap_or(usize::MAX);
        now(self.visits.get(place).cloned().map_or(Routed::Held, Routed::Appended))
    }

    fn index_meeting<'a>(&'a self, _: MeetingId, _: &'a VisitKey) -> Answer<'a, usize> {
        now(0)
    }

    fn read(&self, _: Shard, _: Seq, _: usize) -> Answer<'_, Vec<JournalEntry>> {
        now(Vec::new())
    }

    fn cursor(&self, _: Shard) -> Answer<'_, Seq> {
        now(Seq(0))
    }

    fn load<'a>(&'a self, _: &'a VisitKey) -> Answer<'a, Option<StoredVisit>> {
        now(None)
    }

    fn commit(&self, _: Commit) -> Answer<'_, Committed> {
        now(Committed::Done { change: 1, dropped: 0 })
    }

    fn count_try(&self, _: Shard, _: Ownership, _: Seq) -> Answer<'_, Option<u32>> {
        now(Some(1))
    }

    fn due(&self, _: Shard, _: Moment, _: usize) -> Answer<'_, Vec<(VisitKey, Moment)>> {
        now(Vec::new())
    }

    fn outbox<'a>(
        &'a self,
        _: Shard,
        _: Option<(VisitKey, LaneName, u64)>,
        _: usize,
    ) -> Answer<'a, Vec<OutboxEntry>> {
        now(Vec::new())
    }

    fn acknowledge(&self, _: Shard, _: Ownership, _: Vec<Acknowledgement>) -> Answer<'_, bool> {
        now(true)
    }

    fn permit<'a>(&'a self, _: &'a GateId, _: gate::Limits) -> Answer<'a, gate::Answer> {
        now(gate::Answer::Wait { wait: Span::hours(1), because: gate::Because::Rate })
    }

    fn settle<'a>(
        &'a self,
        _: &'a GateId,
        _: gate::Limits,
        _: gate::PermitId,
        _: gate::Settled,
    ) -> Answer<'a, bool> {
        now(false)
    }

    fn changes(&self) -> Answer<'_, Vec<(Shard, u64)>> {
        now(Vec::new())
    }

    fn changed_since(&self, _: Shard, _: u64, _: usize) -> Answer<'_, Vec<Changed>> {
        now(Vec::new())
    }

    fn visits<'a>(
        &'a self,
        _: Option<&'a OrganizationId>,
        _: Option<VisitKey>,
        _: usize,
    ) -> Answer<'a, Page<StoredVisit, VisitKey>> {
        now(Page { items: Vec::new(), next: None })
    }

    fn records(&self, _: RecordQuery) -> Answer<'_, Page<Record, RecordPlace>> {
        now(Page { items: Vec::new(), next: None })
    }

    fn history<'a>(&'a self, _: &'a VisitKey) -> Answer<'a, History> {
        now(History::default())
    }

    fn drop_parked<'a>(&'a self, _: &'a VisitKey, _: Seq) -> Answer<'a, bool> {
        now(false)
    }

    fn parked(&self, _: usize) -> Answer<'_, Vec<ParkedCommand>> {
        now(Vec::new())
    }

    fn put<'a>(&'a self, _: Space, _: &'a str, _: Vec<u8>, _: Span) -> Answer<'a, ()> {
        now(())
    }

    fn put_if_absent<'a>(&'a self, _: Space, _: &'a str, value: Vec<u8>, _: Span) -> Answer<'a, Vec<u8>> {
        now(value)
    }

    fn get<'a>(&'a self, _: Space, _: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        now(None)
    }

    fn take<'a>(&'a self, _: Space, _: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        now(None)
    }

    fn organization_get<'a>(
        &'a self,
        _: &'a OrganizationId,
        _: &'a str,
    ) -> Answer<'a, Option<OrganizationValue>> {
        now(None)
    }

    fn organization_put<'a>(
        &'a self,
        _: &'a OrganizationId,
        _: &'a str,
        _: u64,
        _: Vec<u8>,
    ) -> Answer<'a, bool> {
        now(true)
    }

    fn organization_forget<'a>(&'a self, _: &'a OrganizationId, _: &'a str, _: usize) -> Answer<'a, usize> {
        now(0)
    }

    fn forget_organization<'a>(&'a self, _: &'a OrganizationId, _: usize) -> Answer<'a, usize> {
        now(0)
    }

    fn sweep(&self, _: Retention) -> Answer<'_, Swept> {
        now(Swept::default())
    }

    fn owners(&self) -> Answer<'_, Vec<(Shard, Owner)>> {
        now(Vec::new())
    }

    fn announce<'a>(&'a self, node: &'a NodeInfo, _: Span) -> Answer<'a, Vec<NodeInfo>> {
        now(vec![node.clone()])
    }

    fn leave(&self, _: OwnerToken) -> Answer<'_, ()> {
        now(())
    }

    fn restore(&self, _: Restore) -> Answer<'_, Restored> {
        now(Restored::NotOwner)
    }

    fn incarnation(&self) -> Answer<'_, String> {
        now(String::new())
    }

    fn flush(&self) -> Answer<'_, ()> {
        now(())
    }

    fn hints(&self) -> broadcast::Receiver<Hint> {
        self.hints.subscribe()
    }
}
