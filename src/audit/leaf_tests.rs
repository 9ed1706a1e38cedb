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
/// More missing pages than a reading passes over at once.
const PASSED_OVER: u64 = 1_000;

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

/// Everything from the newest entry back, how often a missing page was told, and the last reading.
async fn leafed_back(chain: &Chain, rows: usize) -> (Vec<u64>, usize) {
    let asked = |place| Leafing { rows, ..from(place) };
    let (mut all, mut told, mut place) = (Vec::new(), 0, Place::Newest);
    for _ in 0..1_000 {
        let leaf = chain.leaf(&asked(place), everything).await.unwrap();
        all.extend(places(&leaf));
        told += usize::from(leaf.missing);
        let Some(older) = leaf.older else { return (all, told) };
        place = Place::Before(older);
    }
    panic!("there is no end of it: {place:?}");
}

#[actix_web::test]
async fn of_a_chain_that_lost_many_pages_at_once_everything_else_is_shown_once_from_whichever_side() {
    let kit = Kit::new();
    let chain = chain(&kit).await;
    let first_of = async |page| {
        let lines = chain.lines(page).await.unwrap().unwrap();
        Kept::of_line(lines.lines().next().unwrap()).unwrap().0.seq
    };
    // Around the midpoint of any search of the whole chain, and more to the left of it than to the right.
    let (from_page, to_page) = (12, 30);
    let (first_gone, first_after) = (first_of(from_page).await, first_of(to_page + 1).await);
    for page in from_page..=to_page {
        lose(&kit, page).await;
    }
    let (all, told) = leafed_back(&chain, 20).await;
    let there: Vec<u64> =
        down(ENTRIES, 1).into_iter().filter(|seq| !(first_gone..first_after).contains(seq)).collect();
    assert_eq!(all, there);
    assert!(told > 0, "the gap is told");
    // And on, from before the gap and from within it.
    for place in [first_gone - 1, first_gone + 9] {
        let leaf = chain.leaf(&from(Place::After(place)), everything).await.unwrap();
        assert_eq!((places(&leaf), leaf.missing), (down(first_after + 49, first_after), true), "{place}");
    }
    let (early, late) = (first_gone - 20, first_after + 20);
    let asked = Leafing { since: time(early), until: time(late), ..from(Place::Newest) };
    let leaf = chain.leaf(&asked, everything).await.unwrap();
    assert_eq!(
        places(&leaf),
        [down(late - 1, first_after), down(first_gone - 1, early)].concat(),
        "{leaf:?}"
    );
    assert!(leaf.missing);
    // What the timeline of a visit is made of.
    let told =
        chain.between(time(early).unwrap(), time(late - 1).unwrap(), 64, everything).await.unwrap().entries;
    let told: Vec<u64> = told.iter().map(|kept| kept.seq).rev().collect();
    assert_eq!(told, places(&leaf));
}

#[actix_web::test]
async fn a_page_whose_first_line_cannot_be_read_is_there_all_the_same() {
    let kit = Kit::new();
    let chain = chain(&kit).await;
    let store = &kit.app.desk.ports().store;
    let entity = store::entity("audit", "lakeside").unwrap();
    let last = chain.last_page().await.unwrap();
    let mut lost = Vec::new();
    for page in 15..=35 {
        assert!(page < last);
        let name = format!("page-{page:012}");
        let there = store.organization_get(&entity, &name).await.unwrap().unwrap();
        let text = String::from_utf8(there.value).unwrap();
        let (first, others) = text.split_once('\n').unwrap();
        lost.push(Kept::of_line(first).unwrap().0.seq);
        let damaged = [b"{\xff}\n", others.as_bytes()].concat();
        assert!(store.organization_put(&entity, &name, there.version, damaged).await.unwrap());
    }
    let (all, _) = leafed_back(&chain, 20).await;
    let there: Vec<u64> = down(ENTRIES, 1).into_iter().filter(|seq| !lost.contains(seq)).collect();
    assert_eq!(all, there);
    let leaf = chain.leaf(&from(Place::Before(lost[5] + 3)), everything).await.unwrap();
    assert!(matches!(leaf.whole, Err(Broken::Unreadable { .. })), "{:?}", leaf.whole);
}

#[actix_web::test]
async fn an_end_that_cannot_be_read_is_a_chain_that_is_broken_and_the_rest_is_shown() {
    let kit = Kit::new();
    let chain = chain(&kit).await;
    let store = &kit.app.desk.ports().store;
    let entity = store::entity("audit", "lakeside").unwrap();
    let name = format!("page-{:012}", chain.last_page().await.unwrap());
    let there = store.organization_get(&entity, &name).await.unwrap().unwrap();
    let damaged = [there.value.as_slice(), b"no entry\n"].concat();
    assert!(store.organization_put(&entity, &name, there.version, damaged).await.unwrap());
    for (place, shown) in [(Place::Newest, down(400, 351)), (Place::Before(101), down(100, 51))] {
        let leaf = chain.leaf(&from(place), everything).await.unwrap();
        assert_eq!((places(&leaf), leaf.head), (shown, None));
        let found = if place == Place::Newest {
            matches!(leaf.whole, Err(Broken::Unreadable { .. }))
        } else {
            leaf.whole == Err(Broken::NoNewest)
        };
        assert!(found, "{place:?}: {:?}", leaf.whole);
    }
}

#[actix_web::test]
async fn behind_more_missing_pages_than_are_passed_over_at_once_older_entries_go_on() {
    let kit = Kit::new();
    let chain = chain(&kit).await;
    // The newest entry stands far behind the others, and all between is missing.
    let store = &kit.app.desk.ports().store;
    let entity = store::entity("audit", "lakeside").unwrap();
    let named = store.organization_get(&entity, "last").await.unwrap().unwrap();
    let far = chain.last_page().await.unwrap() + PASSED_OVER + 50;
    let first = chain.lines(1).await.unwrap().unwrap();
    let (first, ..) = Kept::of_line(first.lines().next().unwrap()).unwrap();
    let (newest, _) = Kept { seq: 9_000, at: time(9_000).unwrap(), ..first }.line().unwrap();
    let page = format!("page-{far:012}");
    assert!(store.organization_put(&entity, &page, 0, newest.into_bytes()).await.unwrap());
    let number = far.to_string().into_bytes();
    assert!(store.organization_put(&entity, "last", named.version, number).await.unwrap());
    let leaf = chain.leaf(&from(Place::Newest), everything).await.unwrap();
    assert!(leaf.cut && leaf.missing && leaf.older.is_some(), "{leaf:?}");
    let (all, told) = leafed_back(&chain, ROWS).await;
    assert_eq!((all, told), ([vec![9_000], down(ENTRIES, 1)].concat(), 1));
    let on = chain.leaf(&from(Place::After(ENTRIES - 1)), everything).await.unwrap();
    assert_eq!((places(&on), on.missing, on.cut), (vec![9_000, ENTRIES], true, false));
}
