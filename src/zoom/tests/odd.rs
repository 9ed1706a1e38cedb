//! Answers that no documentation has.

use super::*;
use crate::outbound::testing::{Reply, Seen, Server, nowhere};
use serde_json::{Value, json};
use vestibule_actors::port::clock::instant;
use vestibule_domain::id::MeetingId;

const READ: ZoomCall = ZoomCall::ReadMeeting { meeting: MeetingId(85_012_345_678) };

/// A Zoom with a token, whose API answers by `api`.
async fn zoom(api: impl Fn(&Seen) -> Reply + 'static) -> Server {
    Server::start(move |seen| match seen.line().as_str() {
        "POST /oauth/token" => {
            Reply::Json(200, json!({"access_token": "t", "token_type": "bearer", "expires_in": 3599}))
        }
        _ => api(seen),
    })
    .await
}

fn whole_meeting() -> Value {
    json!({"id": 85_012_345_678_u64, "host_id": "h", "status": "waiting", "join_url": "https://z.example/j/1",
        "settings": {"waiting_room": true, "join_before_host": false, "approval_type": 0}})
}

fn create_call() -> ZoomCall {
    create(&ZoomUserId::new("h@x.example/../+").unwrap(), "vst-1")
}

#[actix_web::test]
async fn the_token_request_and_the_paths_are_as_zoom_has_them() {
    let server = zoom(|_| Reply::Json(201, whole_meeting())).await;
    let mut config = config(&server.base);
    (config.account_id, config.client_id) = ("A+1".into(), "id".into());
    config.client_secret = Secret::new("s:1");
    let outcome = call(&setup(config), &create_call()).await;
    assert!(matches!(outcome, IntentOutcome::Made(_)), "{outcome:?}");
    let seen = server.seen();
    assert_eq!(seen[0].header("authorization"), Some("Basic aWQ6czox"));
    assert_eq!(seen[0].form("grant_type").as_deref(), Some("account_credentials"));
    assert_eq!(seen[0].form("account_id").as_deref(), Some("A+1"));
    assert_eq!(seen[1].target, "/v2/users/h%40x.example%2F..%2F%2B/meetings");
    assert_eq!(seen[1].header("authorization"), Some("Bearer t"));
    assert_eq!(seen[1].header("content-type"), Some("application/json"));
    assert_eq!(seen[1].json()["agenda"], "vst-1");
}

#[actix_web::test]
async fn alternative_hosts_whom_zoom_leaves_out_without_a_word_do_not_stand() {
    let server = zoom(|seen| match (seen.method.as_str(), seen.target.as_str()) {
        ("PATCH", _) => Reply::With(204, Vec::new(), String::new()),
        (_, "/v2/users/gone") => Reply::Json(404, json!({"code": 1001, "message": "User does not exist."})),
        (_, path) => match path.strip_prefix("/v2/users/") {
            Some(user) => Reply::Json(200, json!({"id": "u", "email": format!("{user}@x.example")})),
            None => {
                let mut meeting = whole_meeting();
                meeting["settings"]["alternative_hosts"] = json!("Three@x.example;four");
                Reply::Json(200, meeting)
            }
        },
    })
    .await;
    let hosts = ["one", "gone", "three", "four"].map(|id| ZoomUserId::new(id).unwrap());
    let set = alternatives(MeetingId(85_012_345_678), &hosts.each_ref());
    let stand = hosts[2..].to_vec();
    assert_eq!(call(&setup(config(&server.base)), &set).await, IntentOutcome::AlternativesSet { stand });
    assert_eq!(server.seen().iter().filter(|seen| seen.method == "PATCH").count(), 1);
}

#[actix_web::test]
async fn a_refusal_may_come_with_200() {
    let server =
        zoom(|_| Reply::Json(200, json!({"code": 3001, "message": "Meeting does not exist: 1."}))).await;
    assert_eq!(call(&setup(config(&server.base)), &READ).await, IntentOutcome::MeetingGone);
    let server = zoom(|_| Reply::Json(200, json!({"code": 300, "message": "Validation Failed."}))).await;
    let outcome = call(&setup(config(&server.base)), &create_call()).await;
    assert_eq!(outcome, failed(ProblemCode::ZoomRefused, Retry::Never));
}

#[actix_web::test]
async fn a_success_that_cannot_be_read_is_ambiguous_for_what_makes_something() {
    for reply in [
        |_: &_| Reply::Json(201, json!({})),
        |_: &_| Reply::Json(201, json!([])),
        |_: &_| Reply::Json(201, json!({"id": "not a number"})),
        |_: &_| Reply::With(201, Vec::new(), "<html>".into()),
        |_: &_| Reply::With(201, Vec::new(), "x".repeat(300 * 1024)),
        |_: &_| Reply::Half(201),
        |_: &_| Reply::With(204, Vec::new(), String::new()),
        |_: &_| Reply::With(302, vec![("location", "/".into())], String::new()),
        |_: &_| Reply::Json(408, json!({})),
    ] {
        let server = zoom(reply).await;
        let setup = setup(config(&server.base));
        assert_eq!(call(&setup, &create_call()).await, IntentOutcome::Ambiguous);
        assert_eq!(
            server.seen().iter().filter(|seen| seen.method == "POST").count(),
            2,
            "a token and one create"
        );
        let outcome = call(&setup, &READ).await;
        assert_eq!(outcome, failed(ProblemCode::ZoomUnavailable, Retry::After(None)));
    }
}

#[actix_web::test]
async fn what_a_create_does_not_say_is_read_and_never_assumed_to_be_well() {
    let server = zoom(|seen| match seen.method.as_str() {
        "POST" => Reply::Json(201, json!({"id": "85012345678", "join_url": "https://z.example/j/1"})),
        _ => Reply::Json(200, whole_meeting()),
    })
    .await;
    let outcome = call(&setup(config(&server.base)), &create_call()).await;
    let IntentOutcome::Made(made) = outcome else { panic!("{outcome:?}") };
    assert!(made.effective.waiting_room && made.host.as_str() == "h");
    let server = zoom(|seen| match seen.method.as_str() {
        "POST" => Reply::Json(201, json!({"id": 85_012_345_678_u64, "join_url": "https://z.example/j/1"})),
        _ => Reply::Json(500, json!({})),
    })
    .await;
    let outcome = call(&setup(config(&server.base)), &create_call()).await;
    let IntentOutcome::Made(made) = outcome else { panic!("{outcome:?}") };
    let worst = MeetingSettings { waiting_room: false, join_before_host: true, registration: true };
    assert_eq!(made.effective, worst);
}

#[actix_web::test]
async fn a_wish_to_wait_is_read_in_every_shape() {
    let after = |retry_after: Option<&'static str>, kind: Option<&'static str>| {
        let headers: Vec<_> = [("retry-after", retry_after), ("x-ratelimit-type", kind)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?.to_owned())))
            .collect();
        async move {
            let server = zoom(move |_| Reply::With(429, headers.clone(), r#"{"code":429}"#.into())).await;
            let outcome =
                setup(config(&server.base)).client.call(&lakeside(), &create_call(), Span(2_500)).await;
            let IntentOutcome::Failed(failure) = outcome else { panic!("{outcome:?}") };
            assert_eq!(failure.problem, ProblemCode::ZoomRateLimited);
            let Retry::After(Some(wait)) = failure.retry else { panic!("{failure:?}") };
            (wait, server.seen().iter().filter(|seen| seen.line() != "POST /oauth/token").count())
        }
    };
    let (wait, tries) = after(Some("3600"), None).await;
    assert_eq!((wait, tries), (Span::seconds(3600), 1));
    let (wait, tries) = after(Some("2099-01-01T00:00:00Z"), Some("Daily-limit")).await;
    assert_eq!((wait, tries), (Span::hours(48), 1), "no wish is believed beyond two days");
    let (wait, tries) = after(Some("Fri, 01 Jan 2100 00:00:00 GMT"), None).await;
    assert_eq!((wait, tries), (Span::hours(48), 1));
    let (wait, tries) = after(None, Some("Daily-limit")).await;
    assert!(wait <= Span::hours(24) && tries == 1);
    let (wait, tries) = after(None, Some("QPS")).await;
    assert!(wait == Span::seconds(1) && tries >= 2, "{tries}");
    let (wait, tries) = after(Some("sooner or later"), None).await;
    assert!(wait == Span::seconds(1) && tries >= 2, "{tries}");
}

#[actix_web::test]
async fn every_call_ends_in_its_time_whatever_zoom_does() {
    let hanging = Server::start(|_| Reply::Hang).await;
    let deaf = zoom(|_| Reply::Hang).await;
    for (base, expected) in [
        (hanging.base.clone(), failed(ProblemCode::ZoomUnavailable, Retry::After(None))),
        (deaf.base.clone(), IntentOutcome::Ambiguous),
    ] {
        let setup = setup(config(&base));
        let began = instant();
        let outcome = setup.client.call(&lakeside(), &create_call(), Span(300)).await;
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        // While there is no token nothing of the call was sent.
        assert_eq!(outcome, expected);
    }
    let nobody = setup(config(&nowhere().await));
    let unavailable = failed(ProblemCode::ZoomUnavailable, Retry::After(None));
    assert_eq!(call(&nobody, &create_call()).await, unavailable);
    let mut config = config(&deaf.base);
    config.api_base_url = nowhere().await;
    assert_eq!(call(&setup(config), &create_call()).await, unavailable, "nothing was sent");
}

#[actix_web::test]
async fn a_caller_without_time_costs_the_others_neither_their_token_nor_their_patience() {
    let server = Server::start(|seen| match seen.line().as_str() {
        "POST /oauth/token" => {
            Reply::Slow(Duration::from_millis(600), json!({"access_token": "t", "expires_in": 3599}))
        }
        _ => Reply::Json(200, whole_meeting()),
    })
    .await;
    let setup = setup(config(&server.base));
    let lakeside = lakeside();
    let hasty = setup.client.call(&lakeside, &READ, Span(100));
    let patient = call(&setup, &READ);
    let (hasty, patient) = futures_util::join!(hasty, patient);
    assert_eq!(hasty, failed(ProblemCode::ZoomUnavailable, Retry::After(None)));
    assert!(matches!(patient, IntentOutcome::Read { .. }), "{patient:?}");
    assert_eq!(server.count("POST /oauth/token"), 1);
}

#[actix_web::test]
async fn reading_is_repeated_when_the_connection_breaks() {
    let server = {
        let times = std::cell::Cell::new(0);
        zoom(move |_| {
            times.set(times.get() + 1);
            if times.get() < 3 { Reply::Close } else { Reply::Json(200, whole_meeting()) }
        })
        .await
    };
    let outcome = call(&setup(config(&server.base)), &READ).await;
    assert!(matches!(outcome, IntentOutcome::Read { .. }), "{outcome:?}");
}

#[actix_web::test]
async fn a_list_without_end_is_not_read_without_end() {
    let server = zoom(|_| Reply::Json(200, json!({"meetings": [], "next_page_token": "again"}))).await;
    let mut config = config(&server.base);
    config.per_second = PerSecond { medium: 1_000, light: 30 };
    let outcome = call(&setup(config), &find(&ZoomUserId::new("h").unwrap(), "m")).await;
    assert_eq!(outcome, failed(ProblemCode::ZoomUnavailable, Retry::After(None)), "not \"none\"");
    assert!(server.seen().len() < 40);
}

#[actix_web::test]
async fn an_unknown_organization_is_refused() {
    let setup = setup(config("http://127.0.0.1:1"));
    let nobody = OrganizationId::new("nobody").unwrap();
    let outcome = setup.client.call(&nobody, &READ, WITHIN).await;
    assert_eq!(outcome, failed(ProblemCode::ZoomRefused, Retry::Never));
}
