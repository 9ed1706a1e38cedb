//! Which nodes there are, as they tell each other through the store.

use super::world::{World, token};
use tokio::sync::broadcast::Receiver;
use vestibule_actors::port::store::{Hint, NodeInfo};
use vestibule_domain::time::Span;

const LIFE: Span = Span::seconds(5);

fn node(number: u128) -> NodeInfo {
    NodeInfo {
        token: token(number),
        name: format!("node-{number}"),
        draining: false,
        release: "1.0.0".to_owned(),
    }
}

async fn announce(world: &World, node: &NodeInfo) -> Vec<NodeInfo> {
    world.store.announce(node, LIFE).await.unwrap()
}

pub async fn nodes_are_there_as_long_as_they_say_so(world: &World) {
    assert_eq!(announce(world, &node(2)).await, [node(2)]);
    world.clock.pass(Span::seconds(3));
    assert_eq!(announce(world, &node(1)).await, [node(1), node(2)], "in the order of their tokens");
    world.clock.pass(Span::seconds(2));
    assert_eq!(announce(world, &node(1)).await, [node(1)], "the other was silent for too long");
    assert_eq!(announce(world, &node(2)).await, [node(1), node(2)], "and came back");
    world.store.leave(token(1)).await.unwrap();
    world.store.leave(token(3)).await.unwrap();
    assert_eq!(announce(world, &node(2)).await, [node(2)]);
}

pub async fn what_a_node_is_may_change(world: &World) {
    announce(world, &node(1)).await;
    let going = NodeInfo { draining: true, ..node(1) };
    assert_eq!(announce(world, &going).await, std::slice::from_ref(&going));
    // Two may bear one name: they are told apart by their tokens.
    let double = NodeInfo { name: going.name.clone(), ..node(2) };
    assert_eq!(announce(world, &double).await, [going, double]);
}

pub async fn hints_tell_of_nodes_that_come_and_go(world: &World) {
    let mut hints = world.store.hints();
    announce(world, &node(1)).await;
    nodes(&mut hints).await;
    announce(world, &NodeInfo { draining: true, ..node(1) }).await;
    nodes(&mut hints).await;
    world.store.leave(token(1)).await.unwrap();
    nodes(&mut hints).await;
}

async fn nodes(hints: &mut Receiver<Hint>) {
    let told = tokio::time::timeout(std::time::Duration::from_secs(5), hints.recv()).await;
    assert_eq!(told.expect("no hint came").unwrap(), Hint::Nodes);
}
