//! Organizations that keep things for a time of their own, and one that is forgotten.

use std::collections::BTreeMap;

use super::world::{
    START, World, commit, csn, organization, other_organization, patient, record, text, update, visit_of,
    write,
};
use vestibule_actors::port::store::{
    Acknowledgement, Commit, GateId, HistoryLines, ParkedCommand, RecordQuery, Retention, Routed, Seq, Swept,
};
use vestibule_domain::gate::{Answer, Limits};
use vestibule_domain::id::{MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;

fn third() -> OrganizationId {
    OrganizationId::new("lake").unwrap()
}

/// Gives a visit, which is not there, one of everything that may outlive it.
async fn fill(world: &World, visit: &VisitKey, meeting: MeetingId, id: u128) {
    let shard = Shard::of_visit(visit);
    let owner = world.own(shard).await;
    let parked = ParkedCommand {
        seq: Seq(1),
        visit: visit.clone(),
        payload: Vec::new(),
        reason: "poison".to_owned(),
        at: START,
    };
    let told = HistoryLines { visit: visit.clone(), lines: vec![b"came".to_vec(), b"left".to_vec()] };
    let outbox = vec![update(visit, patient("p"), 1), update(visit, patient("q"), 1)];
    let all = Commit { parked: vec![parked], history: vec![told], outbox, ..commit(shard, owner, id) };
    world.commit(all).await;
    let records = vec![record(1, visit.organization.clone(), 7, meeting.0, START)];
    let report = Acknowledgement {
        visit: visit.clone(),
        lane: patient("p"),
        seq: 1,
        attempts: 1,
        records,
        settled: None,
    };
    assert!(world.store.acknowledge(shard, owner, vec![report]).await.unwrap());
    world.store.index_meeting(meeting, visit).await.unwrap();
}

/// What there is of a visit, by kinds.
async fn there(world: &World, visit: &VisitKey, meeting: MeetingId) -> [usize; 5] {
    let of = Some(visit.organization.clone());
    let records = world.records(RecordQuery { organization: of, limit: 100, ..RecordQuery::default() }).await;
    let outbox = world.store.outbox(Shard::of_visit(visit), None, 100).await.unwrap();
    let parked = world.store.parked(100).await.unwrap();
    let routed = world.store.route_or_hold(&visit.organization, meeting, vec![1]).await.unwrap();
    [
        records.len(),
        world.store.history(visit).await.unwrap().lines.len(),
        outbox.iter().filter(|entry| entry.visit == *visit).count(),
        parked.iter().filter(|parked| parked.visit == *visit).count(),
        usize::from(routed == Routed::Appended(visit.clone())),
    ]
}

pub async fn each_organization_keeps_for_its_own_time(world: &World) {
    let meeting = MeetingId(5);
    let [ours, theirs, others] =
        [organization(), other_organization(), third()].map(|organization| visit_of(organization, 1));
    for (visit, id) in [(&ours, 1), (&theirs, 2), (&others, 3)] {
        fill(world, visit, meeting, id).await;
    }
    let keep = || Retention {
        records: Span::hours(24),
        records_of: BTreeMap::from([
            (organization(), Span::hours(2)),
            (other_organization(), Span::hours(48)),
        ]),
        records_per_organization: 1_000,
    };
    let sweep = async || world.store.sweep(keep()).await.unwrap();
    let one_of_each = Swept { records_old: 1, parked: 1, index: 1, histories: 1, ..Swept::default() };
    world.clock.pass(Span::hours(2));
    assert_eq!(sweep().await, Swept::default());
    world.clock.pass(Span(1));
    assert_eq!(sweep().await, one_of_each);
    assert_eq!(there(world, &ours, meeting).await, [0, 0, 2, 0, 0]);
    world.clock.pass(Span::hours(22));
    assert_eq!(sweep().await, Swept { held: 1, ..one_of_each });
    assert_eq!(there(world, &others, meeting).await, [0, 0, 2, 0, 0]);
    assert_eq!(there(world, &theirs, meeting).await, [1, 2, 2, 1, 1]);
    world.clock.pass(Span::hours(24));
    assert_eq!(sweep().await, Swept { held: 1, ..one_of_each });
    assert_eq!(there(world, &theirs, meeting).await, [0, 0, 2, 0, 0]);
}

pub async fn an_organization_is_forgotten_and_no_other(world: &World) {
    // More than leaves at once, and two whose names begin alike.
    let gone: Vec<VisitKey> = (1..=40).map(|number| visit_of(organization(), number)).collect();
    let (north, lake) = (visit_of(other_organization(), 1), visit_of(third(), 1));
    for (number, visit) in (1..).zip(gone.iter().chain([&north, &lake])) {
        fill(world, visit, MeetingId(number), u128::from(number)).await;
    }
    let limits = Limits {
        per_second: 2,
        concurrent: 3,
        failures: 2,
        probe_every: Span::seconds(2),
        unused: Span::seconds(1),
        permit_life: Span::seconds(5),
        longest_pause: Span::seconds(10),
    };
    assert!(matches!(
        world.store.permit(&GateId::Epic(organization()), limits).await.unwrap(),
        Answer::Granted { .. }
    ));
    let mut left = 0;
    loop {
        match world.store.forget_organization(&organization(), 10).await.unwrap() {
            0 => break,
            some => left += some,
        }
    }
    assert!(left >= 40, "{left}");
    for (number, visit) in (1..).zip(&gone) {
        assert_eq!(there(world, visit, MeetingId(number)).await, [0; 5], "{visit:?}");
    }
    assert_eq!(there(world, &north, MeetingId(41)).await, [1, 2, 2, 1, 1]);
    assert_eq!(there(world, &lake, MeetingId(42)).await, [1, 2, 2, 1, 1]);
    let by_csn = RecordQuery { csn: Some(csn(7)), limit: 100, ..RecordQuery::default() };
    assert_eq!(world.records(by_csn).await.len(), 2);
    let by_meeting = RecordQuery { meeting: Some(MeetingId(1)), limit: 100, ..RecordQuery::default() };
    assert!(world.records(by_meeting).await.is_empty());
    // What comes after it begins anew, and its numbers go on.
    world.clock.pass(Span::hours(1));
    fill(world, &gone[0], MeetingId(1), 100).await;
    assert_eq!(there(world, &gone[0], MeetingId(1)).await[..2], [1, 2]);
    let lines = world.store.history(&gone[0]).await.unwrap().lines;
    assert_eq!(lines.iter().map(|line| text(line)).collect::<Vec<_>>(), ["came", "left"]);
    let owner = world.own(Shard::of_visit(&gone[1])).await;
    let anew =
        Commit { visits: vec![write(&gone[1], 0, "x")], ..commit(Shard::of_visit(&gone[1]), owner, 101) };
    world.commit(anew).await;
}
