//! The API as a program sees it.

use serde_json::{Value, json};
use vestibule_actors::memory::When;
use vestibule_actors::port::store::{Outcome, ParkedCommand, Record, Seq};
use vestibule_domain::effect::Says;
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::Phase;

use crate::http::kit::{Kit, NOW, ask, get, group, group_key, key, key_of, record, service, waiting};

async fn seeded() -> Kit {
    let kit = Kit::new();
    for number in ["10001", "10002", "10003"] {
        kit.commit(&key(number), Some(&waiting(key(number)))).await;
    }
    let mut ended = waiting(key("10004"));
    ended.phase = Phase::Ended;
    kit.commit(&key("10004"), Some(&ended)).await;
    kit.commit(&group_key("conf-1"), Some(&group(group_key("conf-1"), &["20001", "20002"]))).await;
    let other = key_of("hillside", "10001");
    kit.commit(&other, Some(&waiting(other.clone()))).await;
    kit
}

fn names(page: &Value) -> Vec<String> {
    let visits = page["visits"].as_array().unwrap().iter();
    visits
        .map(|visit| {
            let id = visit["csn"].as_str().or(visit["conference_id"].as_str()).unwrap();
            format!("{}/{id}", visit["organization"].as_str().unwrap())
        })
        .collect()
}

#[actix_web::test]
async fn visits_are_listed_by_organization_and_phase() {
    let kit = seeded().await;
    let service = service!(kit);
    let all = ask!(service, get("/api/v1/visits"));
    assert_eq!((all.status, all.header("cache-control")), (200, "no-store"));
    assert_eq!(names(&all.json()).len(), 6);
    let of_one = ask!(service, get("/api/v1/visits?organization=hillside&phase=&cursor=")).json();
    assert_eq!(names(&of_one), ["hillside/10001"]);
    assert_eq!(of_one["visits"][0]["owner"], json!({"node": "node-a", "epoch": 1}));
    let ended = ask!(service, get("/api/v1/visits?organization=lakeside&phase=ended")).json();
    assert_eq!(names(&ended), ["lakeside/10004"]);
    assert_eq!(ended["cursor"], Value::Null);
    let none = ask!(service, get("/api/v1/visits?phase=in_progress")).json();
    assert_eq!(none, json!({"visits": [], "cursor": null}));
}

#[actix_web::test]
async fn pages_together_are_the_whole_list() {
    let kit = seeded().await;
    let service = service!(kit);
    for (filter, expected) in [("", 6), ("&phase=waiting_for_host", 4), ("&organization=lakeside", 5)] {
        let whole = names(&ask!(service, get(&format!("/api/v1/visits?limit=500{filter}"))).json());
        assert_eq!(whole.len(), expected, "{filter}");
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = ask!(service, get(&format!("/api/v1/visits?limit=2{filter}&cursor={cursor}"))).json();
            assert!(names(&page).len() <= 2);
            found.extend(names(&page));
            let Some(next) = page["cursor"].as_str() else { break };
            cursor = next.to_owned();
            assert!(found.len() <= expected, "it does not end");
        }
        assert_eq!(found, whole, "{filter}");
    }
}

#[actix_web::test]
async fn bad_queries_say_what_to_do() {
    let kit = Kit::new();
    let service = service!(kit);
    for (path, told) in [
        ("/api/v1/visits?phase=over", "scheduled, waiting_for_host, in_progress or ended"),
        ("/api/v1/visits?cursor=x", "leave it out for the first page"),
        ("/api/v1/visits?limit=0", "from 1 to 500"),
        ("/api/v1/visits?organisation=lakeside", "organisation"),
        ("/api/v1/notifications?csn=10001", "Name the organization"),
        (
            "/api/v1/notifications?organization=lakeside",
            "Enter a Zoom meeting ID, a CSN, a time or another filter",
        ),
        ("/api/v1/notifications?organization=lakeside&csn=1&meeting_id=85012345678", "not both"),
        ("/api/v1/notifications?organization=lakeside&meeting_id=12", "9 to 12 digits"),
        ("/api/v1/notifications?organization=lakeside&csn=1&cursor=z", "leave it out"),
        ("/api/v1/notifications?organization=lakeside&csn=1&format=xml", "json or csv"),
        ("/api/v1/parked?limit=many", "from 1 to 500"),
    ] {
        let answer = ask!(service, get(path));
        let detail = answer.problem(400);
        assert!(detail.contains(told), "{path}: {detail}");
    }
    for path in [
        "/api/v1/visits?organization=nowhere",
        "/api/v1/visits/nowhere/1",
        "/api/v1/group-visits/nowhere/1",
        "/api/v1/notifications?organization=nowhere&csn=1",
    ] {
        let answer = ask!(service, get(path));
        assert!(answer.problem(404).contains("organization"), "{path}");
        assert_eq!(answer.json()["type"], "urn:vestibule:problem:unknown-organization");
    }
}

#[actix_web::test]
async fn a_visit_is_found_by_its_csn_or_by_one_of_its_group() {
    let kit = seeded().await;
    let service = service!(kit);
    let one = ask!(service, get("/api/v1/visits/lakeside/10002")).json();
    assert_eq!((&one["csn"], &one["version"]), (&json!("10002"), &json!(1)));
    for path in ["/api/v1/visits/lakeside/20002", "/api/v1/group-visits/lakeside/conf-1"] {
        let group = ask!(service, get(path)).json();
        assert_eq!((&group["csn"], &group["conference_id"]), (&Value::Null, &json!("conf-1")), "{path}");
    }
    for path in [
        "/api/v1/visits/lakeside/99999",
        "/api/v1/visits/lakeside/conf-1",
        "/api/v1/visits/hillside/20002",
        "/api/v1/group-visits/lakeside/10001",
        "/api/v1/visits/lakeside/%20",
        "/api/v1/group-visits/lakeside/%00",
    ] {
        let answer = ask!(service, get(path));
        assert!(
            answer.problem(404).contains("no such visit") || answer.text().contains("No such visit"),
            "{path}"
        );
    }
}

#[actix_web::test]
async fn ids_with_odd_characters_are_found_when_they_are_escaped() {
    let kit = Kit::new();
    for (key, path) in [
        (key("a/b?c"), "/api/v1/visits/lakeside/a%2Fb%3Fc"),
        (group_key("room/7#1"), "/api/v1/group-visits/lakeside/room%2F7%231"),
        (key("50%25"), "/api/v1/visits/lakeside/50%2525"),
    ] {
        kit.commit(&key, Some(&group(key.clone(), &[]))).await;
        let service = service!(kit);
        assert_eq!(ask!(service, get(path)).status, 200, "{path}");
    }
}

async fn recorded() -> Kit {
    let kit = Kit::new();
    let at = |seconds| NOW + Span::seconds(seconds);
    let trouble = Record {
        resp_code: 503,
        epic_code: Some("=HYPERLINK(\"https://evil.example\")".into()),
        hint: Some("Wait, \"quoted\"".into()),
        ..record(at(0), Outcome::Retrying)
    };
    let superseded = Record {
        attempt: 0,
        resp_code: 0,
        latency_ms: 0,
        says: Says::Connected(false),
        ..record(at(5), Outcome::Superseded)
    };
    let delivered = Record { attempt: 2, ..record(at(9), Outcome::Delivered) };
    kit.record(&key("10001"), vec![trouble, superseded, delivered]).await;
    kit
}

#[actix_web::test]
async fn e35_records_are_found_by_csn_or_meeting_newest_first() {
    let kit = recorded().await;
    let service = service!(kit);
    for by in
        ["csn=10001", "meeting_id=85012345678", "meeting_id=850%201234%205678", "csn=%2010001%20&meeting_id="]
    {
        let found = ask!(service, get(&format!("/api/v1/notifications?organization=lakeside&{by}"))).json();
        let outcomes: Vec<_> =
            found["notifications"].as_array().unwrap().iter().map(|r| &r["outcome"]).collect();
        assert_eq!(outcomes, ["delivered", "superseded", "retrying"], "{by}");
        assert_eq!(found["cursor"], Value::Null);
    }
    let none = ask!(service, get("/api/v1/notifications?organization=hillside&csn=10001")).json();
    assert_eq!(none["notifications"], json!([]), "another organization's are not found");
    let first = ask!(service, get("/api/v1/notifications?organization=lakeside&csn=10001&limit=2")).json();
    let cursor = first["cursor"].as_str().unwrap();
    let path = format!("/api/v1/notifications?organization=lakeside&csn=10001&limit=2&cursor={cursor}");
    let second = ask!(service, get(&path)).json();
    assert_eq!(second["notifications"].as_array().unwrap().len(), 1);
    assert_eq!(second["notifications"][0]["resp_code"], 503);
    assert_eq!(second["cursor"], Value::Null);
}

#[actix_web::test]
async fn e35_csv_has_every_record_and_no_formula() {
    let kit = recorded().await;
    let service = service!(kit);
    let path = "/api/v1/notifications?organization=lakeside&csn=10001";
    let by_format = ask!(service, get(&format!("{path}&format=csv")));
    let by_accept = ask!(service, get(path).insert_header(("accept", "text/csv, application/json;q=0.5")));
    assert_eq!(by_format.body, by_accept.body);
    assert_eq!(by_format.header("content-type"), "text/csv; charset=utf-8");
    assert!(by_format.header("content-disposition").contains("notification-records.csv"));
    let mut rows = csv::Reader::from_reader(by_format.body.as_slice());
    assert_eq!(
        rows.headers().unwrap().iter().take(4).collect::<Vec<_>>(),
        ["at", "organization", "meeting_id", "csn"]
    );
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(&rows[0][0], "2026-11-23T17:00:09Z");
    assert_eq!((&rows[1][7], &rows[1][8], &rows[1][5]), ("0", "0", "left"));
    assert_eq!(&rows[2][9], "'=HYPERLINK(\"https://evil.example\")");
    assert_eq!(&rows[2][12], "Wait, \"quoted\"");
    assert!(rows[0][13].starts_with("2026-11-23T"), "{}", &rows[0][13]);
    assert_eq!((&rows[0][13], &rows[0][17]), ("2026-11-23T17:00:09+00:00", "2026-11-23T17:00:00+00:00"));
    let json = ask!(service, get(path).insert_header(("accept", "application/json, text/csv;q=0.5")));
    assert_eq!(json.json()["notifications"].as_array().unwrap().len(), 3);
}

#[actix_web::test]
async fn csv_goes_on_over_pages() {
    let kit = Kit::new();
    for hundred in 0..12 {
        let records =
            (0..100).map(|n| record(Moment(NOW.0 + hundred * 100 + n), Outcome::Delivered)).collect();
        kit.record(&key("10001"), records).await;
    }
    let service = service!(kit);
    let all = ask!(service, get("/api/v1/notifications?organization=lakeside&csn=10001&format=csv"));
    let mut rows = csv::Reader::from_reader(all.body.as_slice());
    let times: Vec<String> = rows.records().map(|row| row.unwrap()[0].to_owned()).collect();
    assert_eq!(times.len(), 1200);
    let mut sorted = times.clone();
    sorted.sort_by_key(|time| std::cmp::Reverse(time.parse::<jiff::Timestamp>().unwrap()));
    assert_eq!(times, sorted);
}

#[actix_web::test]
async fn parked_commands_are_listed_without_their_content() {
    let kit = Kit::new();
    let parked = ParkedCommand {
        seq: Seq(1),
        visit: key("10001"),
        payload: b"a name of somebody".to_vec(),
        reason: "it failed three times".into(),
        at: NOW,
    };
    kit.park(&key("10001"), &waiting(key("10001")), parked).await;
    let service = service!(kit);
    let found = ask!(service, get("/api/v1/parked"));
    assert_eq!(
        found.json(),
        json!({"parked": [{"at": "2026-11-23T17:00:00Z", "organization": "lakeside", "csn": "10001",
            "conference_id": null, "seq": 1, "reason": "it failed three times"}],
            "updates": [], "more_updates": false})
    );
}

#[actix_web::test]
async fn parked_updates_are_listed_until_somebody_decides() {
    let kit = Kit::new();
    for csn in ["10001", "10002", "10003"] {
        let mut visit = waiting(key(csn));
        let light = &mut visit.participants.values_mut().next().unwrap().light;
        (light.wanted, light.decided, light.settled) = (true, 2, 2);
        light.dropped = if csn == "10002" { 2 } else { 0 };
        kit.commit(&visit.key, Some(&visit)).await;
    }
    let service = service!(kit);
    let found = ask!(service, get("/api/v1/parked")).json();
    let update = |csn: &str| {
        json!({"organization": "lakeside", "csn": csn, "conference_id": null, "role": "patient",
            "external_id": "WPR1", "event": "joined", "seq": 2})
    };
    assert_eq!(found["updates"], json!([update("10001"), update("10003")]));
    assert_eq!(found["more_updates"], false);
    let one = ask!(service, get("/api/v1/parked?limit=1")).json();
    assert_eq!((&one["updates"], &one["more_updates"]), (&json!([update("10001")]), &json!(true)));
}

#[actix_web::test]
async fn a_store_that_does_not_answer_is_a_503_that_may_be_tried_again() {
    let kit = seeded().await;
    let service = service!(kit);
    kit.store.faults().fail_always(None, When::Before);
    for path in [
        "/api/v1/visits",
        "/api/v1/visits/lakeside/10001",
        "/api/v1/notifications?organization=lakeside&csn=1",
        "/api/v1/notifications?organization=lakeside&csn=1&format=csv",
        "/api/v1/parked",
    ] {
        let answer = ask!(service, get(path));
        answer.problem(503);
        assert_eq!(answer.header("retry-after"), "2", "{path}");
    }
}

#[actix_web::test]
async fn a_visit_that_cannot_be_read_does_not_hide_the_others() {
    let kit = seeded().await;
    kit.commit_bytes(&key("10002"), b"{\"f\":999}".to_vec()).await;
    let service = service!(kit);
    let listed = names(&ask!(service, get("/api/v1/visits?organization=lakeside")).json());
    assert!(!listed.contains(&"lakeside/10002".to_owned()) && listed.len() == 4, "{listed:?}");
    let answer = ask!(service, get("/api/v1/visits/lakeside/10002"));
    assert!(!answer.problem(500).contains("999"), "what is stored is not repeated");
}
