//! A board: it shows what it is told until its node dies (I13).

use std::sync::Arc;
use vestibule_actors::hub::{Change, News, Seen};

use crate::cluster::Inside;
use crate::lock;
use crate::world::{Process, World};

/// Watches at a node, for as long as its process lives.
pub async fn watch(world: Arc<World>, inside: Inside) {
    let Some(feed) = inside.boards.watch().await else { return };
    let board = (inside.process, lock(&world.audit).boards.opened(inside.process));
    loop {
        match feed.next().await {
            News::All(visits) => visits.iter().for_each(|seen| told(&world, board, seen)),
            News::Change(Change::Visit(seen)) => told(&world, board, &seen),
            News::Change(Change::Again(seen)) => {
                lock(&world.audit).boards.left(board, &seen.snapshot.visit.key);
                told(&world, board, &seen);
            }
            News::Change(Change::Gone(visit)) => lock(&world.audit).boards.left(board, &visit),
            News::Store { .. } => {}
            News::Over => return lock(&world.audit).boards.closed(board),
        }
    }
}

fn told(world: &World, board: (Process, u64), seen: &Seen) {
    let (visit, snapshot) = (&seen.snapshot.visit.key, &seen.snapshot);
    let verdict = lock(&world.audit).boards.told(board, visit, snapshot.epoch, snapshot.version);
    world.judge(world.about(visit), verdict);
}
