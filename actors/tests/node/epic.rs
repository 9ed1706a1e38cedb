//! The notifier against an Epic that fails in its ways.

use crate::run;
use crate::world::{DAWN, World, by_link, visit};
use std::time::Duration;
use vestibule_actors::port::epic::{EpicAnswer, Verdict};
use vestibule_actors::port::store::{Outcome, Store};
use vestibule_domain::effect::Says;
use vestibule_domain::fact::FactKind;
use vestibule_domain::id::MeetingId;
use vestibule_domain::intent::ProblemCode;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;
use vestibule_domain::visit::participant::{ParticipantKey, Role};

/// A visit whose patient has just joined; Epic answers as scripted from here on.
async fn joined(world: &World, answers: Vec<EpicAnswer>) -> (ParticipantKey, MeetingId) {
    let patient = world.launch("10001", Role::Patient, "WPR1").await;
    world.launch("10001", Role::Provider, "EMP1").await;
    let meeting = world
        .until("10001", "a meeting", |s| s.visit.meeting.as_ref().filter(|m| m.indexed).map(|m| m.id))
        .await;
    world.until("10001", "a link", |s| s.visit.participants[&patient].link.as_ref().map(|_| ())).await;
    world.epic.lock().unwrap().next.extend(answers);
    world.fact(meeting, FactKind::Joined, by_link(&patient, 1)).await;
    (patient, meeting)
}

fn transient(resp_code: u16, retry_after: Option<Span>) -> EpicAnswer {
    EpicAnswer {
        resp_code,
        epic_code: None,
        verdict: Verdict::Transient { retry_after, alive: resp_code == 429, hint: None },
    }
}

fn in_doubt() -> EpicAnswer {
    EpicAnswer { resp_code: 0, epic_code: None, verdict: Verdict::InDoubt { hint: None } }
}

#[test]
fn failures_are_tried_again_and_every_attempt_is_on_record() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let (patient, _) = joined(&world, vec![transient(500, None), transient(503, None)]).await;
        world
            .until("10001", "the light", |s| s.visit.participants[&patient].light.connected.then_some(()))
            .await;
        let records: Vec<_> =
            world.records("10001").await.iter().map(|r| (r.attempt, r.resp_code, r.outcome)).collect();
        assert_eq!(
            records,
            [(1, 500, Outcome::Retrying), (2, 503, Outcome::Retrying), (3, 200, Outcome::Delivered)]
        );
    });
}

// I8: what becomes of the attempt is still to be reported, by another node if this one dies.
#[test]
fn an_update_that_is_under_way_stays_in_the_outbox_while_newer_ones_replace_each_other() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        world.epic.lock().unwrap().takes.push_back(Duration::from_secs(5));
        let (patient, meeting) = joined(&world, vec![]).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        world.fact(meeting, FactKind::Left, by_link(&patient, 1)).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        world.fact(meeting, FactKind::Joined, by_link(&patient, 2)).await;
        world
            .until("10001", "three updates", |s| {
                (s.visit.participants[&patient].light.decided == 3).then_some(())
            })
            .await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let outbox = world.store.outbox(Shard::of_visit(&visit("10001")), None, 10).await.unwrap();
        assert_eq!(outbox.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3]);
        world.lit("10001", &patient, true).await;
        let records: Vec<_> = world
            .records("10001")
            .await
            .iter()
            .map(|r| ((r.says == Says::Connected(true)), r.outcome))
            .collect();
        let expected = [(false, Outcome::Superseded), (true, Outcome::Delivered), (true, Outcome::Delivered)];
        assert_eq!(records, expected);
        assert!(world.store.outbox(Shard::of_visit(&visit("10001")), None, 10).await.unwrap().is_empty());
    });
}

#[test]
fn a_permanent_refusal_is_parked_with_its_hint_and_the_visit_says_so() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let refusal = EpicAnswer {
            resp_code: 400,
            epic_code: Some("INVALID-USER-ID".to_owned()),
            verdict: Verdict::Permanent { hint: "Check the external id.".to_owned() },
        };
        joined(&world, vec![refusal]).await;
        world
            .until("10001", "the problem", |s| s.visit.problems.get(&ProblemCode::UpdateParked).map(|_| ()))
            .await;
        let records = world.records("10001").await;
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].epic_code.as_deref(), Some("INVALID-USER-ID"));
        assert_eq!(
            (records[0].outcome, records[0].hint.as_deref()),
            (Outcome::Parked, Some("Check the external id."))
        );
    });
}

#[test]
fn retry_after_is_kept() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let (patient, _) = joined(&world, vec![transient(429, Some(Span::seconds(20)))]).await;
        world
            .until("10001", "the light", |s| s.visit.participants[&patient].light.connected.then_some(()))
            .await;
        let received = world.epic.lock().unwrap().received.clone();
        assert_eq!(received.len(), 2);
        assert!(received[1].0 - received[0].0 >= Span::seconds(20), "{received:?}");
    });
}

#[test]
fn retry_after_is_kept_by_the_lane_where_the_organization_is_not_paused() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let lock_failed = EpicAnswer {
            resp_code: 400,
            epic_code: Some("LOCK-FAILED".to_owned()),
            verdict: Verdict::Transient { retry_after: Some(Span::seconds(20)), alive: true, hint: None },
        };
        let (patient, meeting) = joined(&world, vec![lock_failed]).await;
        while world.records("10001").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        world.fact(meeting, FactKind::Left, by_link(&patient, 1)).await;
        let (other, its_meeting) = world.ready("10002").await;
        world.joins(&other, its_meeting, true).await;
        world.lit("10001", &patient, false).await;
        let received = world.epic.lock().unwrap().received.clone();
        let of = |id: &str| received.iter().filter(|(_, who, _)| who == id).cloned().collect::<Vec<_>>();
        assert!(
            of("WPR1")[1].0 - of("WPR1")[0].0 >= Span::seconds(20),
            "a newer status waits as well: {received:?}"
        );
        assert!(of("WPR10002")[0].0 < of("WPR1")[1].0, "nobody else does: {received:?}");
        let records: Vec<_> = world
            .records("10001")
            .await
            .iter()
            .map(|r| (r.attempt, r.resp_code, (r.says == Says::Connected(true)), r.outcome))
            .collect();
        assert_eq!(
            records,
            [
                (1, 400, true, Outcome::Retrying),
                (0, 0, true, Outcome::Superseded),
                (1, 200, false, Outcome::Delivered)
            ]
        );
    });
}

// I9: the status of an attempt in doubt may land late, so the newest one is sent once more when its time is over.
#[test]
fn after_an_attempt_in_doubt_the_newest_status_goes_out_once_more() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let (patient, meeting) = joined(&world, vec![in_doubt()]).await;
        world.fact(meeting, FactKind::Left, by_link(&patient, 1)).await;
        world
            .until("10001", "everything told", |s| {
                (s.visit.participants[&patient].light.decided == 2 && s.visit.is_told()).then_some(())
            })
            .await;
        let sent: Vec<bool> = world.epic.lock().unwrap().received.iter().map(|(_, _, on)| *on).collect();
        assert_eq!(sent.last(), Some(&false));
        let lefts: Vec<_> =
            world.epic.lock().unwrap().received.iter().filter(|(_, _, on)| !on).map(|(at, ..)| *at).collect();
        assert!(lefts.len() >= 2, "sent once more: {sent:?}");
        assert!(lefts.last().unwrap().0 - DAWN >= 10_000, "after the time of the doubt");
    });
}

// I11: an open breaker consumes no attempts.
#[test]
fn a_dead_epic_is_only_probed_and_the_light_comes_soon_after_it_is_back() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let dead: Vec<EpicAnswer> = (0..12).map(|_| transient(503, None)).collect();
        let (patient, _) = joined(&world, dead).await;
        world
            .until("10001", "the light", |s| s.visit.participants[&patient].light.connected.then_some(()))
            .await;
        let received = world.epic.lock().unwrap().received.clone();
        assert_eq!(received.len(), 13);
        for pair in received[5..].windows(2) {
            let apart = pair[1].0 - pair[0].0;
            assert!(
                apart >= Span::seconds(5) && apart < Span::seconds(7),
                "one probe each five seconds: {apart:?}"
            );
        }
    });
}
