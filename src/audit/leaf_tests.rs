//! Leafing through a chain of many pages, whole and not.

use jiff::Timestamp;
use vestibule_actors::memory::Call;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::{Moment, Span};

use super::*;
use crate::http::kit::{Kit, NOW};
use crate::store;

const ENTRIES: u64 = 400;
const ROWS: usize = 50;

/// One entry a minute; those of the minutes 200 and 210 are acts, the others looks.
async fn chain(kit: &Kit) -> Chain {
    let lakeside = OrganizationId::new("lakeside").unwrap();
    let chain = Chain::new(&kit.app.desk.ports().store, &ChainId::of(Some(&lakeside))).unwrap();
    for minute in 1..=ENTRIES {
        let action = if minute == 200 || minute == 210 { "identify" } else { "visit_viewed" };
        let deed = Deed { action: action.to_owned(), reason: Some("x".repeat(1_500)), ..Deed::default() };
        let one = Waiting { id: minute.to_string(), at: at(minute), deed };
        chain.append("node", &[one], &mut None).await.unwrap();
    }
    assert!(chain.last_page().await.unwrap() > 30);
    chain
}

fn at(minute: u64) -> Moment {
    NOW + Span::minutes(i64::try_from(minute).unwrap())
}

fn time(minute: u64) -> Option<Timestamp> {
    Some(Timestamp::from_millisecond(at(minute).0).unwrap())
}

fn from(place: Place) -> Leafing {
    Leafing { place, since: None, until: None, rows: ROWS, most: 64 }
}

fn places(leaf: &Leaf) -> Vec<u64> {
    leaf.entries.iter().map(|line| line.kept.seq).collect()
}

fn down(from: u64, to: u64) -> Vec<u64> {
    (to..=from).rev().collect()
}

fn everything(_: &Deed) -> bool {
    true
}

fn acts(deed: &Deed) -> bool {
    deed.action == "identify"
}

/// Takes a page out of the store, as somebody would who has their hands on it.
async fn lose(kit: &Kit, page: u64) {
    let entity = store::entity("audit", "lakeside").unwrap();
    let name = format!("page-{page:012}");
    assert_eq!(kit.app.desk.ports().store.organization_forget(&entity, &name, 1).await.unwrap(), 1);
}

#[actix_web::test]
async fn a_chain_is_leafed_through_back_and_on_each_entry_once_and_each_beside_its_neighbours() {
    let kit = Kit::new();
    let chain = chain(&kit).await;
    let mut leaf = chain.leaf(&from(Place::Newest), everything).await.unwrap();
    assert_eq!((places(&leaf), leaf.newer), (down(400, 351), None));
    assert_eq!(leaf.head.as_ref().unwrap().seq, 400);
    let (mut all, mut looked_from) = (places(&leaf), 401);
    while let Some(place) = leaf.older {
        let (low, high) = leaf.looked.unwrap();
        assert!(high >= looked_from - 1 && low <= place && leaf.entries.iter().all(|line| line.intact));
        let sound = leaf.whole.unwrap().unwrap();
        assert_eq!((sound.first, sound.last), (low, high), "all that was looked through is held together");
        looked_from = low;
        leaf = chain.leaf(&from(Place::Before(place)), everything).await.unwrap();
        assert_eq!(leaf.newer, Some(place - 1));
        all.extend(places(&leaf));
    }
    assert_eq!(all, down(400, 1));
    // And on again.
    let mut place = leaf.newer.unwrap();
    assert_eq!(place, 50);
    for top in [100, 150, 200, 250, 300, 350, 400] {
        let leaf = chain.leaf(&from(Place::After(place)), everything).await.unwrap();
        assert_eq!((places(&leaf), leaf.older), (down(top, top - 49), Some(place + 1)));
        assert!(leaf.whole.is_ok() && !leaf.missing && !leaf.cut);
        assert_eq!(leaf.newer, Some(top).filter(|top| *top < 400));
        place = top;
    }
    for (place, found) in [(Place::After(400), 0), (Place::After(u64::MAX), 0), (Place::Before(0), 0)] {
        assert_eq!(chain.leaf(&from(place), everything).await.unwrap().entries.len(), found, "{place:?}");
    }
}

#[actix_web::test]
async fn a_place_and_a_time_are_found_without_reading_all_of_the_chain() {
    let kit = Kit::new();
    let chain = chain(&kit).await;
    let reads = || kit.store.faults().calls(Call::OrganizationGet);
    for (asked, found) in [
        (from(Place::Before(101)), down(100, 51)),
        (from(Place::After(100)), down(150, 101)),
        (Leafing { since: time(100), until: time(120), ..from(Place::Newest) }, down(119, 100)),
        (Leafing { since: time(100), until: time(120), ..from(Place::Before(110)) }, down(109, 100)),
        (Leafing { since: time(100), until: time(120), ..from(Place::After(0)) }, down(119, 100)),
        (Leafing { since: time(900), ..from(Place::Newest) }, vec![]),
        (Leafing { until: time(0), ..from(Place::Newest) }, vec![]),
    ] {
        let before = reads();
        let leaf = chain.leaf(&asked, everything).await.unwrap();
        assert_eq!(places(&leaf), found, "{asked:?}");
        assert!(reads() - before < 28, "{} reads of some forty pages: {asked:?}", reads() - before);
    }
}

#[actix_web::test]
async fn what_is_looked_through_is_bounded_and_goes_on_where_it_stopped() {
    let kit = Kit::new();
    let chain = chain(&kit).await;
    let few = |place| Leafing { most: 5, ..from(place) };
    let (mut place, mut found, mut asked) = (Place::Newest, Vec::new(), 0);
    let leaf = loop {
        let leaf = chain.leaf(&few(place), acts).await.unwrap();
        found.extend(places(&leaf));
        asked += 1;
        assert!(leaf.whole.is_ok() && asked < 20);
        match leaf.older {
            Some(older) => {
                assert!(leaf.cut && leaf.looked.unwrap().0 == older);
                place = Place::Before(older);
            }
            None => break leaf,
        }
    };
    assert_eq!((found, leaf.cut), (vec![210, 200], false));
    assert!(asked > 5, "{asked} times five pages of forty");
    let leaf = chain.leaf(&few(Place::After(1)), acts).await.unwrap();
    assert!(leaf.cut && leaf.entries.is_empty() && leaf.newer == Some(leaf.looked.unwrap().1));
    let all = chain.leaf(&from(Place::Newest), acts).await.unwrap();
    assert_eq!((places(&all), all.cut, all.older), (vec![210, 200], false, None));
}

#[actix_web::test]
async fn a_page_that_is_missing_is_told_from_whichever_side_and_everything_else_is_shown() {
    let kit = Kit::new();
    let chain = chain(&kit).await;
    lose(&kit, 20).await;
    let (mut all, mut told, mut leaf) =
        (Vec::new(), 0, chain.leaf(&from(Place::Newest), everything).await.unwrap());
    loop {
        all.extend(places(&leaf));
        if leaf.missing {
            assert!(matches!(leaf.whole, Err(Broken::OutOfPlace { .. })), "{:?}", leaf.whole);
            told += 1;
        }
        let Some(older) = leaf.older else { break };
        leaf = chain.leaf(&from(Place::Before(older)), everything).await.unwrap();
    }
    let gone = down(400, 1).into_iter().filter(|seq| !all.contains(seq)).collect::<Vec<_>>();
    assert!(told > 0 && (5..20).contains(&gone.len()), "{told} times, {gone:?}");
    assert!(all.is_sorted_by(|one, next| one > next), "none is there twice");
    let on = chain.leaf(&from(Place::After(gone[gone.len() - 1] - 5)), everything).await.unwrap();
    assert!(on.missing && on.whole.is_err(), "{:?}", on.whole);
}

#[actix_web::test]
async fn what_has_left_by_its_time_is_not_missed() {
    let kit = Kit::new();
    let chain = chain(&kit).await;
    assert!(chain.forget_before(at(120), 1_000).await.unwrap() > 5);
    let leaf = chain.leaf(&from(Place::Before(130)), everything).await.unwrap();
    let (low, _) = leaf.looked.unwrap();
    assert!(low > 90 && low <= 120, "{low}");
    assert_eq!(places(&leaf), down(129, low));
    assert!(leaf.whole.is_ok() && !leaf.missing && leaf.older.is_none());
    let leaf = chain.leaf(&from(Place::Before(10)), everything).await.unwrap();
    assert!(leaf.entries.is_empty() && leaf.older.is_none() && !leaf.missing);
    let leaf = chain.leaf(&from(Place::After(1)), everything).await.unwrap();
    assert_eq!((places(&leaf), leaf.missing), (down(low + 49, low), false));
}

#[actix_web::test]
async fn an_entry_that_was_changed_is_marked_and_a_chain_without_entries_is_whole() {
    let kit = Kit::new();
    let ports = kit.app.desk.ports();
    let empty = Chain::new(&ports.store, &ChainId::of(None)).unwrap();
    let leaf = empty.leaf(&from(Place::Newest), everything).await.unwrap();
    assert_eq!((leaf.entries.len(), leaf.looked, leaf.head, leaf.missing), (0, None, None, false));
    assert_eq!(leaf.whole, Ok(None));
    let chain = chain(&kit).await;
    let (entity, name) = (store::entity("audit", "lakeside").unwrap(), "page-000000000003");
    let there = ports.store.organization_get(&entity, name).await.unwrap().unwrap();
    let text = String::from_utf8(there.value).unwrap().replacen("visit_viewed", "visit_widened", 1);
    assert!(ports.store.organization_put(&entity, name, there.version, text.into_bytes()).await.unwrap());
    let leaf = chain.leaf(&from(Place::Before(50)), everything).await.unwrap();
    let changed: Vec<u64> =
        leaf.entries.iter().filter(|line| !line.intact).map(|line| line.kept.seq).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(leaf.whole, Err(Broken::Changed { seq: changed[0] }));
}
