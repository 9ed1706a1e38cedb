//! A visit's timeline over whole requests.

use actix_web::http::Method;
use serde_json::{Value, json};
use vestibule_actors::port::store::{Outcome, Record};
use vestibule_domain::id::ExternalId;
use vestibule_domain::time::Span;
use vestibule_domain::visit::Phase;
use vestibule_domain::visit::history::{DeviceHash, Event, EventKind, Happened, Line, Person};
use vestibule_domain::visit::participant::Role;
use vestibule_domain::visit::repair::Missing;

use crate::http::kit::{Kit, MEETING, NOW, ask, get, group, group_key, key, record, service, waiting};

const JSON: &str = "/api/v1/visits/lakeside/10001/timeline";
const PAGE: &str = "/visits/lakeside/10001";

fn line(seconds: i64, what: Happened) -> Line {
    Line { at: NOW + Span::seconds(seconds), what }
}

fn patient() -> Person {
    Person { role: Role::Patient, id: ExternalId::new("WPR1").ok() }
}

fn joined(came: i64, happened: i64) -> Line {
    let event_at = NOW + Span::seconds(happened);
    let event = Event {
        event: EventKind::Joined,
        event_at,
        sent_at: event_at + Span::seconds(1),
        meeting: MEETING,
        instance: Some(DeviceHash(1)),
        device: Some(DeviceHash(0x3f2a_91c0)),
        phone: false,
        who: Some(patient()),
        ignored: false,
        idle: false,
    };
    line(came, Happened::Event(event))
}

fn entries(told: &Value) -> &[Value] {
    told["entries"].as_array().unwrap()
}

fn kinds(told: &Value) -> Vec<&str> {
    entries(told).iter().map(|entry| entry["kind"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn what_is_on_record_of_a_visit_is_one_story_in_the_order_of_its_times() {
    let kit = Kit::new();
    let visit = waiting(key("10001"));
    kit.commit(&visit.key, Some(&visit)).await;
    let lines = [
        line(0, Happened::Launched { who: patient() }),
        // An event that was held came before the meeting was known.
        line(9, Happened::MeetingMade { meeting: MEETING }),
        joined(5, 4),
        line(20, Happened::Repaired { missing: Missing::End }),
        line(20, Happened::Phase { phase: Phase::Ended }),
    ];
    kit.tell(&visit.key, &lines).await;
    let trouble =
        Record { hint: Some("Check the client.".into()), ..record(NOW + Span::seconds(6), Outcome::Parked) };
    kit.record(&visit.key, vec![trouble]).await;
    let service = service!(kit);
    let told = ask!(service, get(JSON)).json();
    assert_eq!(kinds(&told), ["launched", "event", "record", "meeting_made", "repaired", "phase"]);
    for (name, value) in [
        ("csn", json!("10001")),
        ("conference_id", Value::Null),
        ("present", json!(true)),
        ("dropped", json!(0)),
        ("more_records", json!(false)),
        ("more_acts", json!(false)),
    ] {
        assert_eq!(told[name], value, "{name}");
    }
    let event = &entries(&told)[1];
    assert_eq!(event["who"], json!({"role": "patient", "external_id": "WPR1"}));
    assert_eq!(event["event"]["name"], "meeting.participant_joined");
    assert_eq!(
        (&event["at"], &event["event"]["event_at"]),
        (&json!("2026-11-23T17:00:05Z"), &json!("2026-11-23T17:00:04Z"))
    );
    assert_eq!((&event["marks"], &event["event"]["device"]), (&Value::Null, &json!("3f2a91c0")));
    assert_eq!(entries(&told)[2]["record"]["resp_code"], 200);
    assert_eq!(entries(&told)[4]["marks"], json!(["repaired"]));
    let page = ask!(service, get(PAGE)).text();
    for part in [
        "<h2 id=\"timeline\">Timeline</h2>",
        "Patient WPR1 launched the visit.",
        "Zoom told meeting.participant_joined: Patient WPR1.",
        "<span class=\"tone\">repaired</span>",
        "17:00:05 UTC",
        "its own time:",
        "Check the client.",
        &format!("href=\"{JSON}\""),
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[actix_web::test]
async fn late_doubled_and_foreign_events_are_marked() {
    let kit = Kit::new();
    let mut foreign = joined(80, 80);
    if let Happened::Event(event) = &mut foreign.what {
        (event.ignored, event.idle, event.who) = (true, true, None);
    }
    kit.tell(&key("10001"), &[joined(5, 4), joined(46, 4), joined(60, 51), joined(61, 51), foreign]).await;
    let service = service!(kit);
    let told = ask!(service, get(JSON)).json();
    let marks: Vec<&Value> = entries(&told).iter().map(|entry| &entry["marks"]).collect();
    let expected = [
        Value::Null,
        json!(["late", "duplicate"]),
        Value::Null,
        json!(["late", "duplicate"]),
        json!(["ignored"]),
    ];
    assert_eq!(marks, expected.iter().collect::<Vec<_>>());
    let page = ask!(service, get(PAGE)).text();
    for part in [
        "late by 42 s</span>",
        ">duplicate</span>",
        ">ignored</span>",
        "somebody unidentified, device 3f2a91c0",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[actix_web::test]
async fn a_visit_that_has_left_is_known_by_what_is_on_record() {
    let kit = Kit::new();
    let (gone, group_gone) = (key("10001"), group_key("C-7"));
    kit.tell(&gone, &[line(0, Happened::Launched { who: patient() }), line(9, Happened::Left)]).await;
    let made = Happened::MeetingMade { meeting: MEETING };
    kit.tell(&group_gone, &[line(0, made), line(9, Happened::Left)]).await;
    let of_group = Record { csn: None, ..record(NOW + Span::seconds(3), Outcome::Delivered) };
    kit.record(&group_gone, vec![of_group]).await;
    let service = service!(kit);
    let told = ask!(service, get(JSON)).json();
    assert_eq!((&told["present"], kinds(&told)), (&json!(false), vec!["launched", "left"]));
    let page = ask!(service, get(PAGE));
    let text = page.text();
    assert!(
        page.status == 200 && text.contains("the visit has left") && text.contains("was let go"),
        "{text}"
    );
    assert!(!text.contains("Nobody has launched it") && !text.contains("End for everybody"), "{text}");
    // A group visit's records are found by its meeting.
    let told = ask!(service, get("/api/v1/group-visits/lakeside/C-7/timeline")).json();
    assert_eq!(kinds(&told), ["meeting_made", "record", "left"]);
    for path in [
        "/api/v1/visits/lakeside/1/timeline",
        "/api/v1/visits/hillside/10001/timeline",
        "/api/v1/visits/nowhere/10001/timeline",
        "/api/v1/group-visits/lakeside/10001/timeline",
        "/api/v1/visits/lakeside/%20/timeline",
        "/visits/lakeside/1",
    ] {
        ask!(service, get(path)).problem(404);
    }
}

#[actix_web::test]
async fn a_group_visit_is_found_by_the_csn_of_a_patient() {
    let kit = Kit::new();
    let visit = group(group_key("C-7"), &["10007"]);
    kit.commit(&visit.key, Some(&visit)).await;
    kit.tell(&visit.key, &[line(0, Happened::EndOrdered)]).await;
    let service = service!(kit);
    for path in ["/api/v1/visits/lakeside/10007/timeline", "/api/v1/group-visits/lakeside/C-7/timeline"] {
        let told = ask!(service, get(path)).json();
        assert_eq!((&told["conference_id"], kinds(&told)), (&json!("C-7"), vec!["end_ordered"]), "{path}");
    }
}

#[actix_web::test]
async fn what_is_missing_and_what_cannot_be_read_is_said() {
    let kit = Kit::new();
    let visit = key("10001");
    // One of a later release, one that is damaged, and more than are kept.
    let later = br#"{"f":1,"v":{"at":1795000000000,"kind":"phase","phase":"of_a_later_release"}}"#;
    let lines = vec![later.to_vec(), b"damaged".to_vec(), br#"{"f":1,"v":{"at":7,"kind":"new"}}"#.to_vec()];
    kit.tell_bytes(&visit, lines).await;
    let service = service!(kit);
    let told = ask!(service, get(JSON)).json();
    assert_eq!(kinds(&told), ["unknown"; 3]);
    assert!(entries(&told).iter().any(|entry| entry["at"] == "2026-11-18T11:06:40Z"), "{told}");
    let many: Vec<Line> = (0..500).map(|second| line(second, Happened::GuestTexted)).collect();
    kit.tell(&visit, &many).await;
    let told = ask!(service, get(JSON)).json();
    assert_eq!((&told["dropped"], entries(&told).len()), (&json!(3), 500));
    assert!(ask!(service, get(PAGE)).text().contains("3 older entries have left"));
}

#[actix_web::test]
async fn acts_are_told_once_with_who_why_and_what_came_of_it() {
    let kit = Kit::new();
    let visit = waiting(key("10001"));
    kit.commit(&visit.key, Some(&visit)).await;
    kit.tell(&visit.key, &[Line { at: NOW, what: Happened::Launched { who: patient() } }]).await;
    let service = service!(kit);
    let act = |path: &str, why: &str| {
        let form = [("reason", why.to_owned()), ("link", "none".to_owned())];
        get(path).method(Method::POST).set_form(form)
    };
    kit.clock.advance(Span::seconds(5));
    assert_eq!(ask!(service, act("/visits/lakeside/10001/end", "the ward <rang> up")).status, 303);
    // Of another visit, and one that came to nothing.
    let other = waiting(key("10002"));
    kit.commit(&other.key, Some(&other)).await;
    ask!(service, act("/visits/lakeside/10002/end", "another"));
    kit.clock.advance(Span::seconds(5));
    ask!(service, act("/visits/lakeside/10001/revoke", "wrong person"));
    ask!(service, get(PAGE));
    kit.app.audit.settle(std::time::Duration::from_secs(5)).await.unwrap();
    let told = ask!(service, get(JSON)).json();
    assert_eq!(kinds(&told), ["launched", "act", "act"]);
    let acts: Vec<Value> = entries(&told)[1..].iter().map(|entry| entry["act"].clone()).collect();
    let expected = |action: &str, reason: &str, outcome: &str| json!({"action": action, "by": "tokens 1", "reason": reason, "outcome": outcome});
    let all = [
        expected("meeting_ended", "the ward <rang> up", "done"),
        expected("guest_revoked", "wrong person", "no-link"),
    ];
    assert_eq!(acts, all);
    let page = ask!(service, get(PAGE)).text();
    assert!(page.contains("tokens 1 ended the meeting for everybody: done."), "{page}");
    assert!(!page.contains("<rang>") && page.contains("rang"), "{page}");
    assert!(!page.contains("192.0.2.7"), "from where somebody came is for the audit alone: {page}");
}

#[actix_web::test]
async fn the_page_tells_it_in_the_readers_language_and_the_json_in_english() {
    let kit = Kit::new();
    let visit = waiting(key("10001"));
    kit.commit(&visit.key, Some(&visit)).await;
    let lines = [line(0, Happened::Launched { who: patient() }), joined(46, 4)];
    kit.tell(&visit.key, &lines).await;
    kit.record(&visit.key, vec![record(NOW + Span::seconds(50), Outcome::Retrying)]).await;
    let service = service!(kit);
    let form = [("reason", "the ward rang up"), ("link", "none")];
    let revoke = get("/visits/lakeside/10001/revoke").method(Method::POST);
    ask!(service, revoke.set_form(form));
    kit.app.audit.settle(std::time::Duration::from_secs(5)).await.unwrap();
    let page = ask!(service, get(&format!("{PAGE}?lang=es"))).text();
    for part in [
        "<h2 id=\"timeline\">Cronología</h2>",
        ">Lunes, 2026-11-23</h3>",
        "Paciente WPR1 abrió la visita.",
        "Zoom avisó de meeting.participant_joined: Paciente WPR1.",
        ">con 42 s de retraso</span>",
        "su propia hora: ",
        "Se avisó a Epic, intento 1: Paciente ha entrado.",
        "tokens 1 retiró un enlace de invitado: no había tal enlace. Motivo: the ward rang up.",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let english = ask!(service, get(JSON));
    let spanish = get(&format!("{JSON}?lang=es")).insert_header(("accept-language", "es"));
    assert_eq!(ask!(service, spanish).body, english.body);
    let told = english.json();
    let texts: Vec<&str> = entries(&told).iter().map(|entry| entry["text"].as_str().unwrap()).collect();
    for text in [
        "Patient WPR1 launched the visit.",
        "tokens 1 took a guest's link back: no link. Why: the ward rang up.",
        "Zoom told meeting.participant_joined: Patient WPR1.",
    ] {
        assert!(texts.contains(&text), "{text} is not in {texts:?}");
    }
}
