//! Whom the webhook believes, and what it answers, whichever node is asked.

use futures_util::future::{join, join_all};
use serde_json::json;
use vestibule::simulator::zoom::signature;

use super::ground::{Ground, Kept, participant};
use super::scene::Scene;
use super::wire::{G1, Join, P1, U1, joined, left, of_meeting};

async fn open(kept: Kept) -> Ground {
    Ground::open(kept, 8).await
}

on_both! {
    open;
    a37_what_is_not_signed_rightly_is_a_401_and_moves_nothing,
    a38_other_bytes_and_other_letters_are_believed_under_their_signature,
    a39_what_is_no_event_is_refused_and_the_node_goes_on,
    a44_another_accounts_event_and_an_unknown_meetings_change_nothing,
    a45_a_challenge_is_answered_in_time_under_load,
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

async fn a37_what_is_not_signed_rightly_is_a_401_and_moves_nothing(ground: &Ground) {
    let scene = Scene::set(ground).await;
    let before = scene.settled().await;
    let secret = ground.zoom().account().webhook_secret.clone();
    let body = scene.stage.body(&joined(G1, 20));
    let headers = |signature: String, timestamp: String| {
        vec![("x-zm-signature", signature), ("x-zm-request-timestamp", timestamp)]
    };
    let good = || signature(&secret, now(), &body);
    let bad: Vec<Vec<(&str, String)>> = vec![
        Vec::new(),
        vec![("x-zm-signature", good())],
        vec![("x-zm-request-timestamp", now().to_string())],
        headers(signature("somebody-elses-secret", now(), &body), now().to_string()),
        headers(signature(&secret, now(), "{}"), now().to_string()),
        headers(good().replace("v0=", ""), now().to_string()),
        headers(signature(&secret, now() - 305, &body), (now() - 305).to_string()),
        headers(signature(&secret, now() + 310, &body), (now() + 310).to_string()),
        headers(good(), (now() - 60).to_string()),
    ];
    for node in &ground.site.services {
        let url = format!("{}/zoom/lakeside/webhook", node.url());
        for headers in &bad {
            assert_eq!(ground.post(&url, headers, &body).await, 401, "{headers:?}");
        }
    }
    let after = scene.settled().await;
    assert_eq!((&after["phase"], &after["meeting"]), (&before["phase"], &before["meeting"]));
    assert_eq!(participant(&after, scene.patient())["presence"], "gone");
    assert!(ground.told(scene.csn(), scene.patient()).is_empty());
}

async fn a38_other_bytes_and_other_letters_are_believed_under_their_signature(ground: &Ground) {
    let scene = Scene::set(ground).await;
    let nuria = Join { name: "Nuria Pe\u{f1}a \u{2014} \u{674e}", ..G1 };
    scene.tell_all(&[of_meeting("started", U1, 10).sent_later(), joined(P1, 10)]).await;
    scene.tell(&joined(nuria, 20).sent_later()).await;
    ground.until_light(scene.csn(), scene.patient(), true).await;
}

async fn a39_what_is_no_event_is_refused_and_the_node_goes_on(ground: &Ground) {
    let large = json!({"event": "meeting.started", "payload": "x".repeat(1_048_576)}).to_string();
    for node in &ground.site.services {
        for body in ["", "not JSON", "{", "[]", "{\"event\":5}", "{}", "\u{feff}{}"] {
            assert_eq!(ground.event_to(node.url(), body).await, 400, "{body}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(ground.event_to(node.url(), &deep).await, 400);
        assert_eq!(ground.event_to(node.url(), &large).await, 413);
        // Whatever it is called, what is signed and reads as an event is one.
        let body = json!({"event": "meeting.chat_message_sent", "payload": {}}).to_string();
        let signed = [
            ("content-type", "text/plain".to_owned()),
            ("x-zm-signature", signature(&ground.zoom().account().webhook_secret, now(), &body)),
            ("x-zm-request-timestamp", now().to_string()),
        ];
        assert_eq!(ground.post(&format!("{}/zoom/lakeside/webhook", node.url()), &signed, &body).await, 200);
        assert_eq!(ground.get_of(node.url(), "/healthz").await.status, 200);
    }
    assert!((ground.metric(&["panics"]).await).abs() < f64::EPSILON);
}

async fn a44_another_accounts_event_and_an_unknown_meetings_change_nothing(ground: &Ground) {
    let scene = Scene::set(ground).await;
    scene.tell_all(&[of_meeting("started", U1, 10), joined(P1, 10), joined(G1, 20)]).await;
    ground.until_light(scene.csn(), scene.patient(), true).await;
    let foreign = super::wire::Stage { account: "SomebodyElse".to_owned(), ..scene.stage.clone() };
    let unknown = super::wire::Stage { meeting: 85_999_999_999, ..scene.stage.clone() };
    let counted = async |how: &str| ground.metric(&["vestibule_webhook_events_total", how]).await;
    let before = (counted("\"foreign\"").await, counted("\"held\"").await);
    for event in [left(G1, 30), of_meeting("ended", U1, 40)] {
        for stage in [&foreign, &unknown] {
            for node in &ground.site.services {
                assert_eq!(ground.event_to(node.url(), &stage.body(&event)).await, 200);
            }
        }
    }
    let nodes = ground.site.services.len() as f64;
    let after = (counted("\"foreign\"").await, counted("\"held\"").await);
    assert_eq!((after.0 - before.0, after.1 - before.1), (2.0 * nodes, 2.0 * nodes));
    let visit = scene.settled().await;
    assert_eq!(visit["phase"], "in_progress");
    assert_eq!(participant(&visit, scene.patient())["presence"], "in_meeting");
    assert_eq!(ground.told(scene.csn(), scene.patient()), [true]);
}

async fn a45_a_challenge_is_answered_in_time_under_load(ground: &Ground) {
    let scene = Scene::set(ground).await;
    scene.tell_all(&[of_meeting("started", U1, 10), joined(P1, 10)]).await;
    let load = join_all((0..200).map(|number| {
        let event = if number % 2 == 0 { joined(G1, 20 + number) } else { left(G1, 20 + number) };
        let body = scene.stage.body(&event);
        async move { ground.event(&body).await }
    }));
    let challenges = async {
        for number in 0..6 {
            ground.zoom().validate();
            // The deadline is Zoom's own: an answer that comes later is none.
            let answer = crate::hospital::until("an answer", super::ground::DEADLINE * 2, async || {
                ground.zoom().validation()
            })
            .await;
            assert!(answer.accepted && answer.status == 200, "{number}: {answer:?}");
            // The fake's may all have come to one node.
            let token = format!("token{number}");
            let asks =
                json!({"event": "endpoint.url_validation", "payload": {"plainToken": token}}).to_string();
            for node in &ground.site.services {
                assert_eq!(ground.event_to(node.url(), &asks).await, 200);
            }
        }
    };
    let (answers, ()) = join(load, challenges).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    let subscription = ground.zoom().subscription();
    assert!(subscription.sends() && subscription.failures == 0, "{subscription:?}");
}
