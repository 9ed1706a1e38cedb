//! How Zoom's events come to a node: late, in any order, sometimes twice, and again and again until one is answered.

use futures_util::FutureExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

use super::truth::Said;
use crate::audit::facts::Answered;
use crate::chance::Chance;
use crate::lock;
use crate::world::{Stage, World};

/// Zoom waits so long for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Sends what Zoom has to tell.
pub fn tell(world: &Arc<World>) {
    let said = lock(&world.zoom).take_said();
    for said in said {
        let number = lock(&world.zoom).number();
        let chance = Chance::stream(world.scenario.seed, "event", number);
        let fact = &said.fact;
        world.note(
            world.about_meeting(fact.meeting),
            format_args!(
                "Zoom has to tell {:?} {:?}",
                fact.kind,
                fact.session.as_ref().map(|s| &s.participant)
            ),
        );
        world.spawn(deliver(Arc::clone(world), said, chance));
    }
}

async fn deliver(world: Arc<World>, said: Said, mut chance: Chance) {
    let everyday = world.scenario.everyday;
    let late = world.stage() == Stage::Trouble && chance.percent(everyday.late);
    let more = lock(&world.weather).events_late;
    let more = Duration::from_millis(chance.below(u64::try_from(more.as_millis()).unwrap_or(0) + 1));
    sleep(if late { chance.millis(2_000, 45_000) } else { chance.millis(50, 900) } + more).await;
    while !offer(&world, &said, &mut chance).await {
        sleep(chance.millis(2_000, 15_000)).await;
    }
    if chance.percent(everyday.doubled) {
        sleep(chance.millis(10, 30_000)).await;
        offer(&world, &said, &mut chance).await;
    }
    lock(&world.zoom).arrived();
}

/// Sends an event to some node. Whether it was answered.
async fn offer(world: &Arc<World>, said: &Said, chance: &mut Chance) -> bool {
    let node = chance.index(world.scenario.nodes);
    let Said { organization, fact } = said.clone();
    let answer = world
        .at_door(node, ANSWER_WITHIN, move |inside| {
            async move { (inside.process, inside.desk.submit_fact(&organization, fact).await) }.boxed_local()
        })
        .await;
    let Some((process, Ok(routed))) = answer else { return false };
    let about = world.about_meeting(said.fact.meeting);
    world.note(
        about,
        format_args!(
            "node {} answers {:?} of {}: {}",
            process.node,
            said.fact.kind,
            said.fact.at.0 % 1_000_000,
            match routed {
                vestibule_actors::port::store::Routed::Appended(_) => "appended",
                _ => "held",
            }
        ),
    );
    let at = world.time.passed();
    let answered = Answered {
        organization: said.organization.clone(),
        fact: said.fact.clone(),
        by: process,
        at,
        at_risk: None,
        lost: false,
        reflected: false,
    };
    lock(&world.audit).facts.answered(answered);
    true
}
