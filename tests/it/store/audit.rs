//! Chains of the audit, which are pages in an entity of their own.

use super::world::{START, World, organization, other_organization};
use futures_util::future::join_all;
use vestibule::audit::{Chain, ChainId, Deed, Sound, Waiting, verify};
use vestibule_domain::time::{Moment, Span};

fn waiting(id: &str, at: Moment) -> Waiting {
    let deed = Deed { action: "visit_viewed".to_owned(), outcome: "done".to_owned(), ..Deed::default() };
    Waiting { id: id.to_owned(), at, deed: Deed { csn: Some("10001".to_owned()), ..deed } }
}

fn chain(world: &World) -> Chain {
    Chain::new(&world.store, &ChainId::of(Some(&organization()))).unwrap()
}

async fn sound(chain: &Chain) -> Option<Sound> {
    let (mut sound, mut page) = (None, chain.first_page().await.unwrap());
    while let Some(lines) = chain.lines(page).await.unwrap() {
        sound = verify(lines.lines(), sound).unwrap();
        page += 1;
    }
    sound
}

pub async fn nodes_that_write_at_once_make_one_chain_over_many_pages(world: &World) {
    let nodes = (0..4).map(async |node| {
        let chain = chain(world);
        for number in 0..40 {
            let name = format!("{node}-{number}");
            let batch = [waiting(&name, START), waiting(&format!("{name}-b"), START)];
            chain.append(&format!("node-{node}"), &batch, &mut None).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    join_all(nodes).await;
    let chain = chain(world);
    let whole = sound(&chain).await.unwrap();
    assert_eq!((whole.first, whole.last), (1, 320));
    assert!(chain.lines(4).await.unwrap().is_some(), "there are some pages");
    let head = chain.head().await.unwrap().unwrap();
    assert_eq!((head.seq, head.hash), (320, whole.hash));
    for other in [None, Some(&other_organization())] {
        let other = Chain::new(&world.store, &ChainId::of(other)).unwrap();
        assert_eq!(other.head().await.unwrap(), None, "each has its own");
    }
}

pub async fn what_is_past_its_time_leaves_and_the_rest_is_still_a_chain(world: &World) {
    let (chain, day) = (chain(world), |days: i64| START + Span::hours(24 * days));
    for number in 0..200 {
        chain.append("node", &[waiting(&format!("id-{number}"), day(number))], &mut None).await.unwrap();
    }
    assert_eq!(chain.forget_before(START, 100).await.unwrap(), 0);
    assert_eq!(chain.forget_before(day(100), 1).await.unwrap(), 1, "some at a time");
    chain.forget_before(day(100), 100).await.unwrap();
    let rest = sound(&chain).await.unwrap();
    assert!((2..=101).contains(&rest.first) && rest.last == 200, "{rest:?}");
    // However old, the newest page stays, and what comes next follows it.
    chain.forget_before(day(9_000), 100).await.unwrap();
    chain.append("node", &[waiting("next", START)], &mut None).await.unwrap();
    assert_eq!(sound(&chain).await.unwrap().last, 201);
}
