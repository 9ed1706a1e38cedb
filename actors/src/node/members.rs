//! The actors that work for organizations, and the keeper of leases, which comes last.

use actix::{ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, ResponseFuture, WrapFuture};
use futures_util::future::{join, join_all};
use std::sync::Arc;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::shard::Shard;

use super::keeper::LeaseKeeper;
use super::{Node, panicked};
use crate::hub::OpsHub;
use crate::notifier::EpicNotifier;
use crate::port::observer::Observed;
use crate::supervise::{start_at, tell};
use crate::zoom_worker::ZoomWorker;

impl Node {
    /// Starts the notifier of an organization. Ends when the shards can reach it.
    fn start_notifier(
        &self,
        organization: OrganizationId,
        node: Addr<Self>,
    ) -> impl Future<Output = ()> + use<> {
        let slot = slot_of(&organization);
        let (place, crew, ports) = (Arc::clone(&self.ports.place), self.crew.clone(), self.ports.clone());
        let (name, for_actor) = (organization.clone(), organization.clone());
        let exited = move |exit| {
            if panicked(exit) {
                tell(&node, MemberDied::Notifier(organization));
            }
        };
        async move {
            let make = move || EpicNotifier::new(for_actor, ports);
            if let Some(notifier) = start_at(place.as_ref(), slot, make, exited).await {
                crew.set_notifier(name, notifier);
            }
        }
    }

    /// Starts the Zoom worker of an organization. Ends when the shards can reach it.
    fn start_worker(
        &self,
        organization: OrganizationId,
        node: Addr<Self>,
    ) -> impl Future<Output = ()> + use<> {
        let slot = slot_of(&organization);
        let (place, crew, ports) = (Arc::clone(&self.ports.place), self.crew.clone(), self.ports.clone());
        let (name, for_actor) = (organization.clone(), organization.clone());
        let exited = move |exit| {
            if panicked(exit) {
                tell(&node, MemberDied::Worker(organization));
            }
        };
        async move {
            let make = move || ZoomWorker::new(for_actor, ports);
            if let Some(worker) = start_at(place.as_ref(), slot, make, exited).await {
                crew.set_worker(name, worker);
            }
        }
    }

    fn start_both(
        &self,
        organization: &OrganizationId,
        node: Addr<Self>,
    ) -> impl Future<Output = ()> + use<> {
        let notifier = self.start_notifier(organization.clone(), node.clone());
        let worker = self.start_worker(organization.clone(), node);
        async move {
            notifier.await;
            worker.await;
        }
    }

    /// Starts the hub. Ends when boards can reach it.
    fn start_hub(&self, node: Addr<Self>) -> impl Future<Output = ()> + use<> {
        let (place, boards, ports) = (Arc::clone(&self.ports.place), self.boards.clone(), self.ports.clone());
        let exited = move |exit| {
            if panicked(exit) {
                tell(&node, MemberDied::Hub);
            }
        };
        async move {
            if let Some(hub) = start_at(place.as_ref(), 0, move || OpsHub::new(ports), exited).await {
                boards.set(hub);
            }
        }
    }

    /// Shards begin only when everybody is there to whom they hand what they find and decide: what is handed to nobody is lost until
    /// the next start.
    pub(super) fn start_members_then_keeper(&mut self, ctx: &mut Context<Self>) {
        let members = self.config.organizations.iter().map(|one| self.start_both(one, ctx.address()));
        let (members, hub) = (join_all(members.collect::<Vec<_>>()), self.start_hub(ctx.address()));
        let all = join(members, hub).into_actor(self);
        ctx.wait(all.map(|_, node, ctx| node.start_keeper(ctx)));
    }

    fn start_keeper(&mut self, ctx: &mut Context<Self>) {
        let (place, ports, me, node) =
            (Arc::clone(&self.ports.place), self.ports.clone(), self.info(), ctx.address());
        let told = node.clone();
        let exited = move |exit| {
            if panicked(exit) {
                tell(&told, MemberDied::Keeper);
            }
        };
        let start = async move {
            start_at(place.as_ref(), 0, move || LeaseKeeper::new(me, ports, node), exited).await
        };
        ctx.wait(start.into_actor(self).map(|keeper, node, _| node.keeper = keeper));
    }
}

/// Organizations are spread over arbiters by name.
fn slot_of(organization: &OrganizationId) -> usize {
    usize::from(Shard::of_organization(organization).number()) + 1
}

/// These are the organizations from now on. Resolves when somebody works for each of them. What others have decided and not sent stays in the
/// store, for whoever works for them again.
#[derive(Message)]
#[rtype(result = "()")]
pub struct WorkFor(pub Vec<OrganizationId>);

impl Handler<WorkFor> for Node {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, WorkFor(organizations): WorkFor, ctx: &mut Context<Self>) -> Self::Result {
        let known = std::mem::replace(&mut self.config.organizations, organizations);
        for gone in known.iter().filter(|one| !self.config.organizations.contains(one)) {
            self.crew.dismiss(gone);
        }
        let fresh = self.config.organizations.iter().filter(|one| !self.crew.works_for(one));
        let all = join_all(fresh.map(|one| self.start_both(one, ctx.address())).collect::<Vec<_>>());
        Box::pin(async move {
            all.await;
        })
    }
}

/// An actor of the node panicked.
#[derive(Message)]
#[rtype(result = "()")]
enum MemberDied {
    Notifier(OrganizationId),
    Worker(OrganizationId),
    Hub,
    Keeper,
}

impl Handler<MemberDied> for Node {
    type Result = ();

    fn handle(&mut self, died: MemberDied, ctx: &mut Context<Self>) {
        tracing::error!("an actor of the node died");
        self.count_panic(ctx);
        match died {
            // Shards see by its number that it is another one, and offer it their outbox.
            MemberDied::Notifier(gone) | MemberDied::Worker(gone)
                if !self.config.organizations.contains(&gone) => {}
            MemberDied::Notifier(organization) => {
                self.ports.observer.observe(Observed::NotifierRestarted);
                ctx.spawn(self.start_notifier(organization, ctx.address()).into_actor(self));
            }
            MemberDied::Worker(organization) => {
                self.ports.observer.observe(Observed::ZoomWorkerRestarted);
                ctx.spawn(self.start_worker(organization, ctx.address()).into_actor(self));
            }
            // Its feeds ended with it, so every board opens another.
            MemberDied::Hub => {
                self.ports.observer.observe(Observed::HubRestarted);
                ctx.spawn(self.start_hub(ctx.address()).into_actor(self));
            }
            // Nobody prolongs the leases of what runs.
            MemberDied::Keeper => self.give_up(ctx),
        }
    }
}
