//! What dies is counted, whoever starts it again.

use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use uuid::Uuid;
use vestibule_actors::desk::Desk;
use vestibule_actors::node::{Node, NodeConfig};
use vestibule_actors::port::Ports;
use vestibule_actors::port::epic::{Epic, EpicAnswer};
use vestibule_actors::port::observer::{Observed, Observer};
use vestibule_actors::port::store::OwnerToken;
use vestibule_actors::port::zoom::{LinkRefused, Zoom};
use vestibule_actors::shard::ShardRules;
use vestibule_domain::command::Command;
use vestibule_domain::effect::Update;
use vestibule_domain::fact::{FactKind, SessionKeys};
use vestibule_domain::id::{MeetingId, OrganizationId, VisitKey, ZoomUserId};
use vestibule_domain::intent::{IntentOutcome, ZoomCall};
use vestibule_domain::name::PersonalLink;
use vestibule_domain::time::Span;
use vestibule_domain::visit::participant::Role;

use crate::run;
use crate::world::{World, accepted, organization, visit};

#[derive(Default)]
struct All(Mutex<Vec<Observed>>);

impl Observer for All {
    fn observe(&self, what: Observed) {
        self.0.lock().unwrap().push(what);
    }
}

/// Panics at the first call on this thread, and then leaves it to another.
struct DiesOnce<T: ?Sized>(Rc<T>, Arc<AtomicBool>);

impl<T: ?Sized> DiesOnce<T> {
    fn live(&self) {
        assert!(self.1.swap(true, Ordering::SeqCst), "ordered by a test");
    }
}

impl Epic for DiesOnce<()> {
    fn send<'a>(&'a self, _: &'a VisitKey, _: &'a Update) -> LocalBoxFuture<'a, EpicAnswer> {
        self.live();
        async { accepted() }.boxed_local()
    }
}

impl Zoom for DiesOnce<dyn Zoom> {
    fn call<'a>(
        &'a self,
        organization: &'a OrganizationId,
        call: &'a ZoomCall,
        within: Span,
    ) -> LocalBoxFuture<'a, IntentOutcome> {
        self.live();
        self.0.call(organization, call, within)
    }

    fn start_link<'a>(
        &'a self,
        organization: &'a OrganizationId,
        meeting: MeetingId,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>> {
        self.0.start_link(organization, meeting)
    }

    fn alternative_link<'a>(
        &'a self,
        organization: &'a OrganizationId,
        meeting: MeetingId,
        user: &'a ZoomUserId,
        join_url: &'a PersonalLink,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>> {
        self.0.alternative_link(organization, meeting, user, join_url)
    }
}

#[test]
fn a_notifier_and_a_worker_that_died_are_counted_and_what_became_durable_is_timed() {
    run(async {
        let world = World::new();
        let seen = Arc::new(All::default());
        let (epic_died, zoom_died) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let zoom = world.ports.zoom.clone();
        let ports = Ports {
            observer: seen.clone(),
            epic: Arc::new(move || Rc::new(DiesOnce::<()>(Rc::new(()), epic_died.clone()))),
            zoom: Arc::new(move || Rc::new(DiesOnce::<dyn Zoom>(zoom(), zoom_died.clone()))),
            ..world.ports.clone()
        };
        let config = NodeConfig {
            name: "test".to_owned(),
            release: "test".to_owned(),
            token: OwnerToken(Uuid::from_u128(7)),
            shards: ShardRules::default(),
            organizations: vec![organization()],
        };
        let _started = Node::start(config, ports.clone()).await.unwrap();
        let provider = world.launch("10001", Role::Provider, "EMP1").await;
        let meeting = world
            .until("10001", "a meeting", |s| s.visit.meeting.as_ref().filter(|m| m.indexed).map(|m| m.id))
            .await;
        let user = world.until("10001", "the host", |s| s.visit.participants[&provider].zoom_user.clone());
        let keys = SessionKeys { zoom_user: Some(user.await), ..SessionKeys::default() };
        world.fact(meeting, FactKind::Joined, Some(keys)).await;
        world
            .until("10001", "the light", |s| s.visit.participants[&provider].light.connected.then_some(()))
            .await;
        let count = |what: fn(&Observed) -> bool| seen.0.lock().unwrap().iter().filter(|o| what(o)).count();
        assert_eq!(count(|o| *o == Observed::ZoomWorkerRestarted), 1);
        assert_eq!(count(|o| *o == Observed::NotifierRestarted), 1);
        assert_eq!(count(|o| matches!(o, Observed::Appended { .. })), 0, "what actors append is no door's");
        let sign = Command::PageSeen { participant: provider };
        Desk::new(ports).submit(&visit("10001"), sign).await.unwrap();
        assert_eq!(count(|o| matches!(o, Observed::Appended { .. })), 1);
    });
}
