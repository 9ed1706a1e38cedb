//! Values with an expiry, an organization's own fields, and its gate.

use super::world::{World, organization, other_organization};
use futures_util::future::join_all;
use vestibule_actors::port::store::{
    GateId, HALT, OrganizationValue, Space, ZoomClass, end_halt, halt_of, set_halt,
};
use vestibule_domain::gate::{Answer, Because, Halt, Limits, Settled};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::{Moment, Span};

const MINUTE: Span = Span::minutes(1);
const SPACE: Space = Space::Ticket;
const LIMITS: Limits = Limits {
    per_second: 5,
    concurrent: 3,
    failures: 2,
    probe_every: Span::seconds(5),
    unused: Span::seconds(1),
    permit_life: Span::seconds(15),
    longest_pause: Span::minutes(10),
};

pub async fn a_value_lives_until_its_time(world: &World) {
    let store = &world.store;
    assert_eq!(store.get(SPACE, "k").await.unwrap(), None);
    store.put(SPACE, "k", b"1".to_vec(), MINUTE).await.unwrap();
    world.clock.pass(Span(MINUTE.0 - 1));
    assert_eq!(store.get(SPACE, "k").await.unwrap(), Some(b"1".to_vec()));
    store.put(SPACE, "k", b"2".to_vec(), MINUTE).await.unwrap();
    world.clock.pass(Span(MINUTE.0 - 1));
    assert_eq!(store.get(SPACE, "k").await.unwrap(), Some(b"2".to_vec()), "replaced, with a time of its own");
    world.clock.pass(Span(1));
    assert_eq!(store.get(SPACE, "k").await.unwrap(), None);
    assert_eq!(store.take(SPACE, "k").await.unwrap(), None);
    store.put(SPACE, "far", b"3".to_vec(), Span(i64::MAX)).await.unwrap();
    assert_eq!(store.get(SPACE, "far").await.unwrap(), Some(b"3".to_vec()));
    store.put(SPACE, "", Vec::new(), MINUTE).await.unwrap();
    assert_eq!(store.get(SPACE, "").await.unwrap(), Some(Vec::new()), "an empty key is a key");
}

pub async fn of_all_who_take_one_gets_it(world: &World) {
    world.store.put(SPACE, "k", b"1".to_vec(), MINUTE).await.unwrap();
    let takes = join_all((0..20).map(|_| world.store.take(SPACE, "k"))).await;
    assert_eq!(takes.into_iter().filter(|taken| taken.as_ref().unwrap().is_some()).count(), 1);
    assert_eq!(world.store.get(SPACE, "k").await.unwrap(), None);
}

pub async fn the_first_put_if_absent_stands(world: &World) {
    let store = &world.store;
    let puts = (0..20_u8).map(|n| store.put_if_absent(SPACE, "k", vec![n], MINUTE));
    let answers: Vec<_> = join_all(puts).await.into_iter().map(Result::unwrap).collect();
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(store.get(SPACE, "k").await.unwrap(), Some(answers[0].clone()));
    world.clock.pass(MINUTE);
    let anew = store.put_if_absent(SPACE, "k", b"new".to_vec(), MINUTE).await.unwrap();
    assert_eq!(anew, b"new", "what has expired does not stand in the way");
}

pub async fn spaces_never_meet(world: &World) {
    let spaces = [Space::OauthState, Space::Ticket, Space::Session, Space::Keys];
    for (number, space) in spaces.into_iter().enumerate() {
        world.store.put(space, "k", vec![number as u8], MINUTE).await.unwrap();
    }
    assert_eq!(world.store.take(Space::OauthState, "k").await.unwrap(), Some(vec![0]));
    for (number, space) in spaces.into_iter().enumerate().skip(1) {
        assert_eq!(world.store.get(space, "k").await.unwrap(), Some(vec![number as u8]));
    }
}

pub async fn an_organizations_field_is_written_by_version(world: &World) {
    let (store, ours) = (&world.store, organization());
    assert_eq!(store.organization_get(&ours, "f").await.unwrap(), None);
    assert!(!store.organization_put(&ours, "f", 1, b"x".to_vec()).await.unwrap(), "it is not there yet");
    assert!(store.organization_put(&ours, "f", 0, b"a".to_vec()).await.unwrap());
    assert!(!store.organization_put(&ours, "f", 0, b"b".to_vec()).await.unwrap(), "somebody was first");
    assert!(store.organization_put(&ours, "f", 1, b"b".to_vec()).await.unwrap());
    let value = OrganizationValue { version: 2, value: b"b".to_vec() };
    assert_eq!(store.organization_get(&ours, "f").await.unwrap(), Some(value));
    assert_eq!(store.organization_get(&ours, "ff").await.unwrap(), None);
    assert_eq!(store.organization_get(&other_organization(), "f").await.unwrap(), None);
    let races = (0..10_u8).map(|n| store.organization_put(&ours, "raced", 0, vec![n]));
    let won = join_all(races).await.into_iter().filter(|won| *won.as_ref().unwrap()).count();
    assert_eq!(won, 1);
}

pub async fn an_organizations_fields_are_forgotten_by_how_their_names_begin(world: &World) {
    let (store, ours, theirs) = (&world.store, organization(), other_organization());
    for field in ["gone/1", "gone/2", "gone/3", "gone", "goner/1", "stays"] {
        assert!(store.organization_put(&ours, field, 0, b"a".to_vec()).await.unwrap());
    }
    assert!(store.organization_put(&theirs, "gone/1", 0, b"b".to_vec()).await.unwrap());
    assert_eq!(store.organization_forget(&ours, "gone/", 2).await.unwrap(), 2);
    assert_eq!(store.organization_forget(&ours, "gone/", 2).await.unwrap(), 1);
    assert_eq!(store.organization_forget(&ours, "gone/", 2).await.unwrap(), 0);
    for field in ["gone", "goner/1", "stays"] {
        assert!(store.organization_get(&ours, field).await.unwrap().is_some(), "{field}");
    }
    assert!(store.organization_get(&theirs, "gone/1").await.unwrap().is_some());
    // What was forgotten begins anew.
    assert_eq!(store.organization_get(&ours, "gone/1").await.unwrap(), None);
    assert!(store.organization_put(&ours, "gone/1", 0, b"c".to_vec()).await.unwrap());
    // At most none is none, also where the beginning is a whole name.
    assert_eq!(store.organization_forget(&ours, "gone", 0).await.unwrap(), 0);
    assert!(store.organization_get(&ours, "gone").await.unwrap().is_some());
}

// I10: grants never exceed the organization's rate; the store's gate is everybody's.
pub async fn a_gate_counts_for_everybody(world: &World) {
    let limits = LIMITS;
    let ours = GateId::Epic(organization());
    let ask = async || world.store.permit(&ours, limits).await.unwrap();
    let mut permits = Vec::new();
    for _ in 0..3 {
        match ask().await {
            Answer::Granted { permit, .. } => permits.push(permit),
            wait @ Answer::Wait { .. } => panic!("{wait:?}"),
        }
    }
    assert!(matches!(ask().await, Answer::Wait { because: Because::Concurrency, .. }));
    // The rate, however soon the permits come back.
    for _ in 0..2 {
        let permit = permits.remove(0);
        assert!(!world.store.settle(&ours, limits, permit, Settled::Alive).await.unwrap());
        match ask().await {
            Answer::Granted { permit, .. } => permits.push(permit),
            wait @ Answer::Wait { .. } => panic!("{wait:?}"),
        }
    }
    world.store.settle(&ours, limits, permits.remove(0), Settled::Alive).await.unwrap();
    assert!(
        matches!(ask().await, Answer::Wait { because: Because::Rate, .. }),
        "five in a second are enough"
    );
    world.clock.pass(Span::seconds(1));
    match ask().await {
        Answer::Granted { permit, .. } => permits.push(permit),
        wait @ Answer::Wait { .. } => panic!("{wait:?}"),
    }
    let other = world.store.permit(&GateId::Epic(other_organization()), limits).await.unwrap();
    assert!(matches!(other, Answer::Granted { .. }), "another organization has a gate of its own");
    let settle = async |at: usize| {
        world.store.settle(&ours, limits, permits[at], Settled::Failed { pause: None }).await.unwrap()
    };
    assert!(!settle(0).await);
    assert!(settle(1).await, "the breaker is open");
    assert!(matches!(ask().await, Answer::Wait { because: Because::Breaker, .. }));
    world.clock.pass(Span::seconds(5));
    assert!(matches!(ask().await, Answer::Granted { .. }), "the probe");
}

pub async fn a_halted_gate_lets_nobody_through_until_it_may_go_on(world: &World) {
    let (store, ours) = (&world.store, organization());
    let ask = async |whose: OrganizationId| store.permit(&GateId::Epic(whose), LIMITS).await.unwrap();
    let granted = |answer: Answer| matches!(answer, Answer::Granted { .. });
    let halted = Answer::Wait { wait: Span::seconds(1), because: Because::Halted };
    let halt = |by: &str| Halt {
        by: by.to_owned(),
        reason: "the EHR is being upgraded".to_owned(),
        since: Moment(17),
    };
    let Answer::Granted { permit, .. } = ask(ours.clone()).await else { panic!("nothing halts it") };
    assert_eq!(set_halt(store, &ours, None).await.unwrap(), None);
    assert_eq!(store.organization_get(&ours, HALT).await.unwrap(), None, "what went on was left as it was");
    assert_eq!(set_halt(store, &ours, Some(&halt("ada"))).await.unwrap(), None);
    assert_eq!(ask(ours.clone()).await, halted);
    assert!(granted(ask(other_organization()).await), "another organization goes on");
    let zoom = GateId::Zoom { account: ours.as_str().to_owned(), class: ZoomClass::Light };
    assert!(granted(store.permit(&zoom, LIMITS).await.unwrap()), "nor is Zoom halted");
    // Whoever comes second changes nothing, and is told who was first.
    assert_eq!(set_halt(store, &ours, Some(&halt("bob"))).await.unwrap(), Some(halt("ada")));
    assert_eq!(halt_of(store, &ours).await.unwrap(), (1, Some(halt("ada"))));
    // What was out comes back as ever, and time alone ends nothing.
    let epic = GateId::Epic(ours.clone());
    assert!(!store.settle(&epic, LIMITS, permit, Settled::Alive).await.unwrap());
    world.clock.pass(Span::hours(30));
    assert_eq!(ask(ours.clone()).await, halted);
    // Who means another one ends none.
    assert_eq!(end_halt(store, &ours, Some(Moment(16))).await.unwrap(), Some(halt("ada")));
    assert_eq!(ask(ours.clone()).await, halted);
    assert_eq!(end_halt(store, &ours, Some(Moment(17))).await.unwrap(), Some(halt("ada")));
    assert!(granted(ask(ours.clone()).await));
    assert_eq!(set_halt(store, &ours, None).await.unwrap(), None);
    // What a later release may write halts it all the same, and can be taken back.
    assert!(store.organization_put(&ours, HALT, 2, b"{}".to_vec()).await.unwrap());
    assert_eq!(ask(ours.clone()).await, halted);
    assert!(set_halt(store, &ours, None).await.unwrap().is_some());
    assert!(granted(ask(ours.clone()).await));
}
