//! Events that Zoom does not send, made from those that it does: at the door of the real program none fails, none is kept or logged as it
//! came, and the next good one is as good as ever.

use std::fmt::Write as _;
use std::path::Path;

use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use vestibule::simulator::zoom::{Device, SeatAct};

use super::house::{House, until};
use crate::hospital::load::number;

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";
/// Somebody's name, in places where Zoom puts names and in places where it does not.
const NAME: &str = "Quine-\u{17b}\u{f3}\u{142}\u{107}";
const CASES: u64 = 600;
const AT_ONCE: usize = 20;

/// One of each kind that Zoom sends, as the fake sends them: of a meeting that is known.
async fn real_events(house: &House) -> Vec<Value> {
    let zoom = house.zoom();
    let act = |seat: &str, act: SeatAct| zoom.act(seat, &act).unwrap();
    let mut patient = house.waits(CSN, PATIENT).await;
    let host = house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    act(&host, SeatAct::Admit { whom: seat.clone() });
    act(&host, SeatAct::PutBack { whom: seat.clone() });
    act(&host, SeatAct::Admit { whom: seat.clone() });
    act(&seat, SeatAct::Breakout { room: Some("Room 1".to_owned()) });
    act(&seat, SeatAct::Breakout { room: None });
    let meeting = zoom.seat(&seat).unwrap().meeting;
    let phone = zoom.dial_in(meeting, "+15550100123").unwrap();
    act(&host, SeatAct::Admit { whom: phone.clone() });
    act(&phone, SeatAct::BindTo { whom: seat.clone() });
    let link = patient.join_link().await;
    let refused = zoom.open(&link, "", Device::App).unwrap();
    act(&host, SeatAct::Refuse { whom: refused });
    act(&host, SeatAct::EndForAll);
    zoom.open(&link, "", Device::App).unwrap();
    let mut kinds = Vec::new();
    until("Zoom tells of everything", async || {
        kinds =
            zoom.deliveries().iter().map(|one| serde_json::from_str::<Value>(&one.body).unwrap()).collect();
        kinds.sort_by_key(|body| body["event"].to_string());
        kinds.dedup_by_key(|body| body["event"].to_string());
        (kinds.len() >= 13 && zoom.deliveries_pending() == 0).then_some(())
    })
    .await;
    // What comes from the account, and what only another setting of it would bring.
    let mut bare = kinds.iter().find(|body| body["event"] == "meeting.started").unwrap().clone();
    for name in ["meeting.updated", "meeting.deleted", "meeting.participant_jbh_joined"] {
        bare["event"] = json!(name);
        kinds.push(bare.clone());
    }
    kinds.push(json!({"event": "endpoint.url_validation", "event_ts": 1, "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}}));
    kinds
}

/// The places of a value, as JSON pointers, those of the branches too.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    let step = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| places(value, &step(name), all)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(place, value)| places(value, &step(&place.to_string()), all));
        }
        _ => {}
    }
}

/// What may stand anywhere in place of what Zoom puts there.
fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        select(vec![
            Value::Null,
            json!(true),
            json!(0),
            json!(-1),
            json!(1.5),
            json!(u64::MAX),
            json!(i64::MIN),
            json!(1e300),
            json!(""),
            json!("   "),
            json!([]),
            json!({}),
            json!([{"id": "1"}]),
            json!({"id": {"id": 1}}),
            json!("/ajXp112QmuoKj4854875=="),
            json!("ab//cd\\..\\../=="),
            json!("1970-01-01T00:00:00Z"),
            json!("-009999-01-02T00:00:00Z"),
            json!("9999-12-30T22:00:00Z"),
            json!("2026-07-29T23:55:56"),
            json!("yesterday"),
            json!("85012345678"),
            json!("99999999999999999999999999"),
        ]),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        "[\\x00-\\x1f\"'<>&%$/\\\\\u{202e}\u{feff}\u{1f600}]{1,20}".prop_map(Value::from),
        (1_usize..6_000).prop_map(|length| Value::from("x".repeat(length))),
        (1_usize..100).prop_map(|depth| (0..depth).fold(json!(1), |inner, _| json!([inner]))),
    ]
}

/// A number as text, a text as a number, a time that lies before or after: what is meant by it, said in another way or wrongly.
fn said_otherwise(value: &Value, by_seconds: i64) -> Value {
    match value {
        Value::Number(number) => json!(number.to_string()),
        Value::String(text) => match (text.parse::<i64>(), text.parse::<jiff::Timestamp>()) {
            (Ok(number), _) => json!(number),
            (_, Ok(time)) => {
                let moved = time.checked_add(jiff::SignedDuration::from_secs(by_seconds));
                moved.map_or(Value::Null, |moved| json!(moved.to_string()))
            }
            _ => json!([text]),
        },
        Value::Bool(yes) => json!(yes.to_string()),
        Value::Null => json!(""),
        Value::Array(list) => list.first().cloned().unwrap_or_default(),
        Value::Object(_) => json!([value]),
    }
}

#[derive(Clone, Debug)]
enum Change {
    Replace(Index, Value),
    Otherwise(Index, i64),
    Remove(Index),
    /// Under any name, anywhere.
    Add(Index, String, Value),
    /// Somebody's name in a place of text that is no id and no name of an event.
    Name(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        4 => (place(), anything()).prop_map(|(place, value)| Change::Replace(place, value)),
        4 => (place(), -400_000_000_i64..400_000_000).prop_map(|(place, by)| Change::Otherwise(place, by)),
        2 => place().prop_map(Change::Remove),
        1 => (place(), "\\PC{0,12}", anything()).prop_map(|(place, name, value)| Change::Add(place, name, value)),
        2 => place().prop_map(Change::Name),
    ]
}

const OF_PERSONS: [&str; 6] = [
    "/topic",
    "/timezone",
    "/participant/user_name",
    "/participant/email",
    "/participant/phone_number",
    "/participant/leave_reason",
];

fn apply(body: &mut Value, change: &Change) {
    let mut all = Vec::new();
    places(body, "", &mut all);
    let pick = |index: &Index| index.get(&all).clone();
    match change {
        Change::Replace(place, value) => *body.pointer_mut(&pick(place)).unwrap() = value.clone(),
        Change::Otherwise(place, by) => {
            let place = body.pointer_mut(&pick(place)).unwrap();
            *place = said_otherwise(place, *by);
        }
        Change::Remove(place) => {
            let place = pick(place);
            if let Some((parent, name)) = place.rsplit_once('/')
                && let Some(Value::Object(map)) = body.pointer_mut(parent)
            {
                map.remove(name);
            }
        }
        Change::Add(place, name, value) => {
            if let Some(Value::Object(map)) = body.pointer_mut(&pick(place)) {
                map.insert(name.clone(), value.clone());
            }
        }
        Change::Name(place) => {
            let (parent, name) = place.get(&OF_PERSONS).rsplit_once('/').unwrap();
            if let Some(Value::Object(map)) = body.pointer_mut(&format!("/payload/object{parent}")) {
                map.insert(name.to_owned(), json!(NAME));
            }
        }
    }
}

/// The text of a case: changed in some places, and now and then cut off or doubled.
fn case(events: Vec<Value>) -> impl Strategy<Value = String> {
    let changed = (select(events), prop::collection::vec(change(), 1..5)).prop_map(|(mut body, changes)| {
        changes.iter().for_each(|change| apply(&mut body, change));
        body.to_string()
    });
    (changed, 0_u8..20, any::<Index>()).prop_map(|(text, how, at)| {
        let at = at.index(text.len() + 1);
        let cut = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        match how {
            0 => text[..cut].to_owned(),
            1 => format!("{text}{text}"),
            // The same key twice: the later one counts, or nothing does.
            2 => text.replacen('{', "{\"event\":\"meeting.ended\",\"payload\":7,", 1),
            _ => text,
        }
    })
}

/// Everything that the store has on the disk.
fn stored(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(stored(&path));
        } else {
            all.extend(std::fs::read(path).unwrap());
        }
    }
    all
}

fn holds(all: &[u8], text: &str) -> bool {
    all.windows(text.len()).any(|window| window == text.as_bytes())
}

fn is_event(text: &str) -> bool {
    let body = serde_json::from_str::<Value>(text);
    body.is_ok_and(|body| body["event"].as_str().is_some_and(|event| !event.trim().is_empty()))
}

// I15 as well: no name of a person reaches a log.
#[actix_web::test]
async fn whatever_is_made_of_real_events_is_answered_and_neither_kept_nor_logged_as_it_came() {
    let fresh = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap();
    let seed = number("VESTIBULE_EVENTS_SEED", fresh);
    let cases = number("VESTIBULE_EVENTS_CASES", CASES);
    eprintln!("repeat with VESTIBULE_EVENTS_SEED={seed}");
    let filter = "info,vestibule=trace,vestibule_actors=trace,vestibule_domain=trace";
    let settings =
        format!("[logging]\nfilter = \"{filter}\"\n[organization.lakeside]\nadmittance = \"manual\"\n");
    let mut house = House::of_the_program(&settings).await;
    let events = real_events(&house).await;
    let started = events.iter().find(|body| body["event"] == "meeting.started").unwrap();
    let uuid = started["payload"]["object"]["uuid"].as_str().unwrap().to_owned();
    let bytes: Vec<u8> = seed.to_le_bytes().into_iter().cycle().take(32).collect();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = case(events);
    let bodies: Vec<String> = (0..cases).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let named = bodies.iter().filter(|body| body.contains(NAME)).count();
    assert!(named > 20, "{named} bodies with a name");
    let mut answers = std::collections::BTreeMap::<u16, usize>::new();
    for some in bodies.chunks(AT_ONCE) {
        for (body, answer) in some.iter().zip(join_all(some.iter().map(|body| house.event(body))).await) {
            let right = if is_event(body) { 200 } else { 400 };
            // Of a key that is there twice any may count.
            let twice = body.starts_with("{\"event\":\"meeting.ended\",\"payload\":7,");
            assert!(answer.status == right || twice && answer.status == 400, "{}: {body}", answer.status);
            *answers.entry(answer.status).or_default() += 1;
        }
    }
    assert!(answers.len() == 2 && answers[&200] > answers[&400], "{answers:?}");
    assert_eq!(house.metric(&["vestibule_panics_total"]).await, 0.0);
    let parked = house.get("/api/v1/parked").await;
    assert_eq!(parked.json()["parked"], json!([]), "no command is poison");
    a_good_visit_goes_well(&house).await;
    assert_eq!(house.stop_service().await.unwrap().code(), Some(0));
    let (log, store) = (house.log(), stored(&house.file("store")));
    assert!(holds(&store, &uuid), "the check finds what is kept");
    assert!(!holds(&store, NAME), "a name was kept");
    assert!(log.contains("webhook"), "the log has events: {log}");
    let mut escaped = String::new();
    for letter in NAME.chars().skip(6) {
        write!(escaped, "\\u{:04x}", u32::from(letter)).unwrap();
    }
    for text in [NAME, &escaped, "Quine"] {
        assert_eq!(log.lines().find(|line| line.contains(text)), None);
    }
    house.close().await;
}

/// Another visit, from the launch to the end.
async fn a_good_visit_goes_well(house: &House) {
    let mut patient = house.waits("10002", "WPR2").await;
    let host = house.starts("10002", PROVIDER).await;
    let seat = patient.goes_in().await;
    house.zoom().act(&host, &SeatAct::Admit { whom: seat.clone() }).unwrap();
    house.until_light("10002", "WPR2", true).await;
    house.leaves(&seat);
    house.until_light("10002", "WPR2", false).await;
    house.leaves(&host);
    house.until_visit("10002", "the visit has ended", |visit| visit["phase"] == "ended").await;
}
