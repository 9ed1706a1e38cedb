//! What of requests is kept, by whom, and what came of it.

use std::collections::BTreeSet;

use actix_web::http::Method;
use serde_json::Value;
use vestibule_actors::memory::{Call, When};
use vestibule_actors::port::store::{Outcome, Seq};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;

use super::*;
use crate::audit::{Chain, ChainId, Kept, verify};
use crate::http::kit::{Kit, NOW, anonymous, ask, get, key, organization, record, service, waiting};

#[actix_web::test]
async fn each_route_behind_the_guard_is_in_the_table() {
    let kit = Kit::new();
    let service = service!(kit);
    let described: Value = ask!(service, get("/api/v1/openapi.json")).json();
    let mut guarded = BTreeSet::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        for (method, about) in methods.as_object().unwrap() {
            if about.get("security").is_none() {
                guarded.insert((method == "get", path.clone()));
            }
        }
    }
    let looks = LOOKS.iter().map(|(path, _)| (true, (*path).to_owned()));
    let acts = ACTS.iter().map(|(path, _)| (false, (*path).to_owned()));
    assert_eq!(looks.chain(acts).collect::<BTreeSet<_>>(), guarded);
}

/// What is in a chain, once everything that was handed in is written.
async fn kept(kit: &Kit, of: Option<&OrganizationId>) -> Vec<Deed> {
    kit.app.audit.settle(std::time::Duration::from_secs(5)).await.unwrap();
    let chain = Chain::new(&kit.app.desk.ports().store, &ChainId::of(of)).unwrap();
    let lines = chain.lines(1).await.unwrap().unwrap_or_default();
    verify(lines.lines(), None).unwrap();
    lines.lines().map(|line| Kept::of_line(line).unwrap().0.deed).collect()
}

fn told(deeds: &[Deed]) -> Vec<(&str, &str, Option<&str>)> {
    deeds.iter().map(|it| (it.action.as_str(), it.outcome.as_str(), it.by.as_deref())).collect()
}

const GRANTS: &str =
    "access.grant.desk = {token = \"of-the-desk\", role = \"viewer\", organizations = [\"lakeside\"]}";

fn desk(path: &str) -> actix_web::test::TestRequest {
    anonymous(path).insert_header(("authorization", "Bearer of-the-desk"))
}

#[actix_web::test]
async fn from_where_somebody_came_is_what_a_trusted_proxy_says_and_nobody_else() {
    let kit = Kit::with(&format!("{GRANTS}\nserver.trusted_proxies = [\"192.0.2.0/28\"]"));
    let service = service!(kit);
    for peer in [[192, 0, 2, 7], [192, 0, 2, 99]] {
        let told = desk("/records?organization=lakeside")
            .insert_header(("x-forwarded-for", "127.0.0.1, 203.0.113.5, 192.0.2.3"))
            .peer_addr((peer, 4711).into());
        assert_eq!(ask!(service, told).status, 200);
    }
    let from: Vec<_> =
        kept(&kit, Some(&organization("lakeside"))).await.into_iter().map(|deed| deed.from).collect();
    assert_eq!(from, ["203.0.113.5", "192.0.2.99"].map(|from| Some(from.to_owned())));
}

#[actix_web::test]
async fn what_is_looked_at_is_kept_with_who_looked_and_from_where() {
    let kit = Kit::with(GRANTS);
    let service = service!(kit);
    let visit = waiting(key("10001"));
    kit.commit(&visit.key, Some(&visit)).await;
    for path in
        ["/visits/lakeside/10001", "/api/v1/notifications?organization=lakeside&meeting_id=850%201234%205678"]
    {
        assert_eq!(ask!(service, desk(path)).status, 200, "{path}");
    }
    // What is not there, and what tells nothing of anybody, is nothing that was seen.
    for path in ["/visits/lakeside/10009", "/ops", "/records?lang=es", "/records", "/api/v1/openapi.json"] {
        ask!(service, desk(path));
    }
    let deeds = kept(&kit, Some(&organization("lakeside"))).await;
    let by = Some("desk");
    assert_eq!(told(&deeds), [("visit_viewed", "done", by), ("records_viewed", "done", by)]);
    assert_eq!((deeds[0].csn.as_deref(), deeds[0].from.as_deref()), (Some("10001"), Some("192.0.2.7")));
    assert_eq!(deeds[1].meeting_id.as_deref(), Some("85012345678"));
    assert_eq!(deeds[0].correlation_id.as_ref().map(String::len), Some(16));
    assert!(kept(&kit, None).await.is_empty());
}

#[actix_web::test]
async fn a_page_that_is_loaded_again_and_again_is_one_look_for_a_while() {
    let kit = Kit::with(GRANTS);
    let service = service!(kit);
    for csn in ["10001", "10002"] {
        let visit = waiting(key(csn));
        kit.commit(&visit.key, Some(&visit)).await;
    }
    let looks = async || {
        for path in ["/visits/lakeside/10001", "/visits/lakeside/10001", "/visits/lakeside/10002"] {
            assert_eq!(ask!(service, desk(path)).status, 200);
        }
        // Another looks, too.
        assert_eq!(ask!(service, get("/visits/lakeside/10001")).status, 200);
        kept(&kit, Some(&organization("lakeside"))).await.len()
    };
    assert_eq!(looks().await, 3);
    assert_eq!(looks().await, 3);
    kit.clock.advance(Span::minutes(6));
    assert_eq!(looks().await, 6);
}

#[actix_web::test]
async fn each_export_of_records_is_kept_with_its_search_and_a_look_at_one_says_which() {
    let kit = Kit::with(GRANTS);
    let seen = record(NOW, Outcome::Parked);
    let address = seen.place().to_string();
    kit.record(&key("10001"), vec![seen]).await;
    let service = service!(kit);
    let search = "organization=lakeside&csn=10001&outcome=parked";
    assert_eq!(ask!(service, desk(&format!("/records?{search}"))).status, 200);
    for _ in 0..2 {
        let csv = ask!(service, desk(&format!("/api/v1/notifications?{search}&format=csv")));
        assert!(csv.status == 200 && csv.text().lines().count() == 2, "{}", csv.text());
    }
    for path in ["/records", "/api/v1/notifications"] {
        let one = format!("{path}?organization=lakeside&record={address}");
        assert_eq!(ask!(service, desk(&one)).status, 200, "{path}");
    }
    let refused =
        ask!(service, desk("/api/v1/notifications?organization=lakeside&csn=1&resp_code=7&format=csv"));
    assert_eq!(refused.status, 400);
    let deeds = kept(&kit, Some(&organization("lakeside"))).await;
    let said: Vec<_> =
        deeds.iter().map(|it| (it.action.as_str(), it.reason.as_deref().unwrap_or(""))).collect();
    let one = format!("organization=lakeside&record={}", address.replace('-', "%2D"));
    assert_eq!(
        said,
        [
            ("records_viewed", ""),
            ("records_exported", search),
            ("records_exported", search),
            ("records_viewed", one.as_str()),
        ]
    );
}

#[actix_web::test]
async fn whoever_is_turned_away_is_kept_where_it_was_tried() {
    let kit = Kit::with(GRANTS);
    let service = service!(kit);
    assert_eq!(ask!(service, anonymous("/visits/lakeside/1")).status, 303, "they have tried nothing");
    ask!(service, anonymous("/metrics").insert_header(("authorization", "Bearer wrong"))).problem(401);
    ask!(service, desk("/metrics")).problem(403);
    ask!(service, desk("/admin/lakeside/fdi")).problem(403);
    ask!(service, desk("/admin/hillside/fdi")).problem(404);
    let form = [("instance", "i"), ("session", "s"), ("who", ""), ("reason", "they rang up")];
    let act = desk("/visits/lakeside/10001/identify").method(Method::POST).set_form(form);
    ask!(service, act).problem(403);
    let service_own = kept(&kit, None).await;
    let by = Some("desk");
    let expected = [
        ("refused", "not-signed-in", None),
        ("refused", "not-allowed", by),
        ("set_up_viewed", "unknown-organization", by),
    ];
    assert_eq!(told(&service_own), expected);
    let here = kept(&kit, Some(&organization("lakeside"))).await;
    let expected = [("set_up_viewed", "not-allowed", by), ("identify", "not-allowed", by)];
    assert_eq!(told(&here), expected);
    let there = kept(&kit, Some(&organization("hillside"))).await;
    assert!(there.is_empty(), "it is told no name of somebody whom it does not know: {there:?}");
}

#[actix_web::test]
async fn what_cannot_be_kept_is_not_done() {
    tokio::time::pause();
    let kit = Kit::new();
    let service = service!(kit);
    let visit = waiting(key("10001"));
    kit.commit(&visit.key, Some(&visit)).await;
    let act = || {
        let form = [("reason", "they rang up")];
        get("/visits/lakeside/10001/end").method(Method::POST).set_form(form)
    };
    let handed_in = async || {
        let shard = Shard::of_visit(&visit.key);
        kit.app.desk.ports().store.read(shard, Seq(0), 10).await.unwrap().len()
    };
    kit.store.faults().fail_always(Some(Call::OrganizationPut), When::Before);
    ask!(service, act()).problem(503);
    assert_eq!(handed_in().await, 0);
    kit.store.faults().heal();
    assert_eq!(ask!(service, act()).status, 303);
    assert_eq!(handed_in().await, 1);
    let deeds = kept(&kit, Some(&organization("lakeside"))).await;
    assert!(deeds.iter().all(|it| it.outcome != "begun" || it.reason.as_deref() == Some("they rang up")));
    let begun = deeds.iter().filter(|it| it.outcome == "begun").count();
    let done = deeds.iter().filter(|it| it.outcome == "done").count();
    assert_eq!((begun, done), (2, 1), "that it was about to be tried is kept, and that one was done");
}

#[actix_web::test]
async fn however_an_address_is_written_it_is_on_record_where_it_belongs() {
    let kit = Kit::with(GRANTS);
    let service = service!(kit);
    let visit = waiting(key("a/b"));
    kit.commit(&visit.key, Some(&visit)).await;
    for path in ["/visits/%20lakeside/a%2Fb", "/api/v1/visits/lakeside/a%2fb"] {
        assert_eq!(ask!(service, desk(path)).status, 200, "{path}");
    }
    // What is of several organizations, and what was not done after all.
    assert_eq!(ask!(service, desk("/api/v1/visits")).status, 200);
    let form = [("reason", "they rang up"), ("link", "none")];
    let act = get("/visits/%20lakeside/a%2Fb/revoke").method(Method::POST).set_form(form);
    assert_eq!(ask!(service, act).status, 303);
    let deeds = kept(&kit, Some(&organization("lakeside"))).await;
    let by = Some("desk");
    let expected = [
        ("visit_viewed", "done", by),
        ("visits_listed", "done", by),
        ("guest_revoked", "begun", Some("tokens 1")),
        ("guest_revoked", "no-link", Some("tokens 1")),
    ];
    assert_eq!(told(&deeds), expected);
    assert!(
        deeds.iter().all(|it| it.action == "visits_listed" || it.csn.as_deref() == Some("a/b")),
        "{deeds:?}"
    );
}

#[actix_web::test]
async fn whom_nobody_knows_cannot_fill_the_chains() {
    let kit = Kit::new();
    let service = service!(kit);
    for csn in 0..50 {
        let act = anonymous(&format!("/visits/lakeside/{csn}/end")).method(Method::POST);
        ask!(service, act.insert_header(("origin", "https://evil.example"))).problem(403);
    }
    let deeds = kept(&kit, Some(&organization("lakeside"))).await;
    assert_eq!(told(&deeds), [("refused", "foreign-origin", None)]);
}

#[actix_web::test]
async fn people_who_sign_in_and_out_are_kept() {
    let kit = Kit::with(GRANTS);
    let service = service!(kit);
    let form = |path: &str, token: &str| {
        anonymous(path).method(Method::POST).set_form([("token", token.to_owned())])
    };
    assert_eq!(ask!(service, form("/sign-in", "wrong")).status, 401);
    let signed_in = ask!(service, form("/sign-in", "of-the-desk"));
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    for _ in 0..2 {
        ask!(service, form("/sign-out", "").insert_header(("cookie", cookie.clone())));
    }
    let by = Some("desk");
    let expected =
        [("sign_in_failed", "wrong-token", None), ("signed_in", "done", by), ("signed_out", "done", by)];
    assert_eq!(told(&kept(&kit, None).await), expected);
}
