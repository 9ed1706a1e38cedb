//! What is counted, what is done once, and what is too much.

use serde_json::{Value, json};
use vestibule_actors::port::store::{Outcome, Record, Seq, Store};
use vestibule_domain::id::MeetingId;
use vestibule_domain::shard::Shard;
use vestibule_domain::visit::participant::Role;

use super::*;
use crate::http::kit::{Kit, NOW, ask, csn, get, group_key, key, record, service, waiting};

const SEARCH: &str = "organization=lakeside&outcome=parked";

/// A visit of whose patient Epic was told something, with records of it.
async fn told(kit: &Kit, records: usize) {
    let mut visit = waiting(key("10001"));
    for person in visit.participants.values_mut() {
        person.light.decided = 1;
    }
    kit.commit(&visit.key, Some(&visit)).await;
    let records = (0..records).map(|_| record(NOW, Outcome::Parked)).collect();
    kit.record(&key("10001"), records).await;
}

fn post(path: &str) -> actix_web::test::TestRequest {
    get(path).method(actix_web::http::Method::POST)
}

async fn journal(kit: &Kit) -> usize {
    let shard = Shard::of_visit(&key("10001"));
    kit.store.read(shard, Seq(0), 1_000).await.unwrap().len()
}

fn form(act: &str, updates: usize, at: Moment) -> Vec<(&'static str, String)> {
    vec![
        ("reason", "the id is mended".to_owned()),
        ("act", act.to_owned()),
        ("updates", updates.to_string()),
        ("at", at.0.to_string()),
    ]
}

#[actix_web::test]
async fn what_was_counted_is_sent_once_however_often_the_form_comes() {
    let kit = Kit::new();
    told(&kit, 3).await;
    let service = service!(kit);
    let path = format!("/records/resend?{SEARCH}");
    for (act, updates, at, status, note) in [
        ("act-number-1", 1, NOW, 303, "note=sent"),
        ("act-number-1", 1, NOW, 303, "note=already-done"),
        ("act-number-2", 7, NOW, 409, ""),
        ("act-number-3", 1, NOW - Span::hours(2), 409, ""),
        ("act-number-4", 1, NOW + Span::hours(2), 409, ""),
        ("act-number-5", 1, NOW, 303, "note=sent"),
    ] {
        let told = ask!(service, post(&path).set_form(form(act, updates, at)));
        assert_eq!(told.status, status, "{act}: {}", told.text());
        assert!(
            status != 303 || told.header("location").ends_with(note),
            "{act}: {}",
            told.header("location")
        );
        assert!(status != 409 || told.text().contains("Nothing was sent"), "{}", told.text());
    }
    assert_eq!(journal(&kit).await, 2);
    for (name, wrong) in
        [("act", "short"), ("act", "with a blank"), ("updates", "-1"), ("at", "soon"), ("reason", "x")]
    {
        let mut form = form("act-number-6", 1, NOW);
        form.iter_mut().filter(|(field, _)| *field == name).for_each(|(_, text)| *text = wrong.to_owned());
        assert_eq!(ask!(service, post(&path).set_form(form)).status, 400, "{name}={wrong}");
    }
    assert_eq!(journal(&kit).await, 2, "nothing was done");
}

#[actix_web::test]
async fn what_is_not_sent_is_counted_as_well_and_too_much_is_refused() {
    let kit = Kit::new();
    told(&kit, 2).await;
    let gone =
        Record { csn: Some(csn("10009")), meeting: Some(MeetingId(1)), ..record(NOW, Outcome::Parked) };
    let nobody = Record { role: Role::Provider, ..record(NOW, Outcome::Parked) };
    kit.record(&key("10001"), vec![gone, nobody]).await;
    let service = service!(kit);
    let path = format!("/api/v1/notifications/resend?{SEARCH}");
    let count = ask!(service, post(&path).set_json(json!({"dry_run": true})));
    let expected = json!({
        "dry_run": true, "already_done": false, "records": 4, "updates": 1, "people": 1, "visits": 1,
        "visit_gone": 1, "visit_unsearched": 0, "nobody": 1, "failed": 0,
    });
    assert_eq!((count.status, count.json()), (200, expected));
    let page = ask!(service, get(&format!("/records/resend?{SEARCH}")));
    let text = page.text();
    assert!(text.contains("1 update</strong> of 1 person in 1 visit, for 4 records"), "{text}");
    assert!(
        text.contains("1 record is of visits that are not kept") && text.contains("1 record is of people"),
        "{text}"
    );
    assert_eq!(journal(&kit).await, 0, "it was only counted");
    for (body, told) in [("{}", "Say why"), ("", "no JSON"), ("{\"why\": 1}", "no JSON")] {
        let refused = ask!(service, post(&path).set_payload(body));
        assert!(refused.status == 400 && refused.text().contains(told), "{body}: {}", refused.text());
    }
    let again = || post(&path).set_json(json!({"reason": "mended", "act": "act-of-a-program"}));
    for already in [false, true] {
        let told: Value = ask!(service, again()).json();
        assert_eq!(
            (&told["already_done"], &told["updates"]),
            (&json!(already), &json!(usize::from(!already)))
        );
    }
    assert_eq!(journal(&kit).await, 1);
    // Most records that one act takes, and one more.
    kit.record(&key("10001"), (4..2_000).map(|_| record(NOW, Outcome::Parked)).collect()).await;
    let count: Value = ask!(service, post(&path).set_json(json!({"dry_run": true}))).json();
    assert_eq!(count["records"], 2_000);
    kit.record(&key("10001"), vec![record(NOW, Outcome::Parked)]).await;
    let refused = ask!(service, post(&path).set_json(json!({"reason": "mended"})));
    assert!(refused.status == 400 && refused.text().contains("narrow the search"), "{}", refused.text());
    let refused =
        ask!(service, post(&format!("/records/resend?{SEARCH}")).set_form(form("act-number-9", 1, NOW)));
    assert!(refused.status == 400 && refused.text().contains("narrow the search"), "{}", refused.text());
    assert_eq!(journal(&kit).await, 1);
    let metrics = ask!(service, get("/metrics")).text();
    assert!(metrics.contains("vestibule_refused_total{limit=\"resend_records\"} 2"), "{metrics}");
}

#[actix_web::test]
async fn the_page_and_what_came_of_it_are_in_the_readers_language() {
    let kit = Kit::new();
    told(&kit, 3).await;
    let service = service!(kit);
    let path = format!("/records/resend?{SEARCH}&lang=es");
    let page = ask!(service, get(&path)).text();
    for said in ["1 aviso</strong> de 1 persona en 1 visita, por 3 registros.", "&#38;lang=es\" aria-label"] {
        assert!(page.contains(said), "{said} is not in {page}");
    }
    let changed = ask!(service, post(&path).set_form(form("act-number-1", 7, NOW)));
    assert!(changed.status == 409 && changed.text().contains("No se envió nada"), "{}", changed.text());
    let sent = ask!(service, post(&path).set_form(form("act-number-2", 1, NOW)));
    assert_eq!(sent.status, 303, "{}", sent.text());
    assert!(sent.header("location").ends_with("&lang=es&note=sent"), "{}", sent.header("location"));
    let note = ask!(service, get(sent.header("location")));
    assert!(note.text().contains("Los avisos van en camino"), "{}", note.text());
}

#[actix_web::test]
async fn records_of_groups_that_are_not_looked_through_are_not_taken_for_gone() {
    let kit = Kit::new();
    told(&kit, 1).await;
    let unknown = Record { csn: Some(csn("10009")), ..record(NOW, Outcome::Parked) };
    kit.record(&key("10001"), vec![Record { meeting: None, ..unknown }]).await;
    let service = service!(kit);
    let path = format!("/api/v1/notifications/resend?{SEARCH}");
    let count = async || ask!(service, post(&path).set_json(json!({"dry_run": true}))).json();
    let counted: Value = count().await;
    assert_eq!((&counted["visit_gone"], &counted["visit_unsearched"]), (&json!(1), &json!(0)));
    // A page of the store more than are looked through.
    for number in 0..10_256 {
        kit.commit_bytes(&group_key(&format!("C{number}")), vec![0]).await;
    }
    let counted: Value = count().await;
    assert_eq!((&counted["visit_gone"], &counted["visit_unsearched"]), (&json!(0), &json!(1)));
    assert_eq!(counted["updates"], 1, "what is known is sent");
    let page = ask!(service, get(&format!("/records/resend?{SEARCH}"))).text();
    assert!(page.contains("1 record may be of a group visit that was not looked for"), "{page}");
    let metrics = ask!(service, get("/metrics")).text();
    assert!(metrics.contains("vestibule_refused_total{limit=\"groups_looked_through\"} 2"), "{metrics}");
}

#[actix_web::test]
async fn a_form_without_a_reason_comes_back_with_the_count_of_now_and_sends_nothing() {
    let kit = Kit::new();
    told(&kit, 3).await;
    let service = service!(kit);
    let path = format!("/records/resend?{SEARCH}&lang=en");
    let mut fields = form("act-number-1", 1, NOW);
    fields[0].1 = "<x".to_owned();
    ask!(service, post(&path).set_form(&fields)).problem(400);
    let page = ask!(service, post(&path).insert_header(("accept", "text/html")).set_form(&fields));
    let text = page.text();
    assert_eq!((page.status, page.header("content-type")), (400, "text/html; charset=utf-8"), "{text}");
    let wrong = "value=\"&#60;x\" aria-invalid=\"true\" aria-describedby=\"reason-problem\" autofocus";
    for part in [
        wrong,
        "id=\"reason-problem\">Say why",
        "Nothing was done. Say why",
        "<strong>1 update</strong> of 1 person",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let is_told = |text: &str| text.contains("It is not what it was when you were shown it");
    assert!(!is_told(&text), "{text}");
    // A count that is another by now is never put in the place of the one that was shown without a word.
    let mut other = fields.clone();
    other[2].1 = "2".to_owned();
    let page = ask!(service, post(&path).insert_header(("accept", "text/html")).set_form(&other));
    let text = page.text();
    assert!(page.status == 400 && is_told(&text) && text.contains("name=\"updates\" value=\"1\""), "{text}");
    assert_eq!(journal(&kit).await, 0);
    // The act that it names was not done, so that it still may be.
    fields[0].1 = "the id is mended".to_owned();
    let sent = ask!(service, post(&path).set_form(&fields));
    assert!(sent.header("location").ends_with("note=sent") && journal(&kit).await == 1, "{}", sent.text());
}
