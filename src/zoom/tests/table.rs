//! Every request that we make of Zoom, and every odd answer to it: what comes of it, as one table.

use super::*;
use crate::outbound::testing::{Reply, Seen, Server};
use crate::settings::Fallback;
use crate::zoom::RestError;
use futures_util::future::join_all;
use serde_json::{Value, json};
use vestibule_actors::port::zoom::{DefaultHostLink, LinkRefused};
use vestibule_domain::id::{InstanceUuid, RegistrantId};
use vestibule_domain::name::PersonalLink;

const MEETING: MeetingId = MeetingId(85_012_345_678);
/// What comes of each, row by row: the outcome in a word (`!` where nothing tries again by itself), and the answers that come to it.
const TABLE: &str = include_str!("table.txt");
/// Rows at once: each has a server and a client for every answer.
const ROWS_AT_ONCE: usize = 5;
/// Of one answer, and of the whole call: never reached by what is answered.
const PATIENT: (Span, Span) = (WITHIN, Span::seconds(20));
/// The same where no answer ever comes.
const HASTY: (Span, Span) = (Span::seconds(1), Span(2_500));

/// A request, and the call in which it is made.
struct Row {
    name: &'static str,
    /// Which requests get the odd answer; all others get a good one.
    is_odd: fn(&Seen) -> bool,
    asks: Asks,
}

enum Asks {
    Call(ZoomCall),
    StartLink,
    AlternativeLink,
    PatientLink,
    DefaultHostLink,
    Settings,
    Groups,
    Seats,
    Users,
    DefaultHosts,
}

fn is(method: &'static str, end: &'static str) -> impl Fn(&Seen) -> bool {
    move |seen| seen.method == method && seen.line().ends_with(end)
}

fn ada() -> ParticipantKey {
    ParticipantKey::new(Role::Patient, FhirReference::new("Patient/ada").unwrap())
}

fn known_by(by: Personal) -> Asks {
    Asks::Call(ZoomCall::Register {
        participant: ada(),
        meeting: MEETING,
        display_name: Phi::new("Patient"),
        by,
    })
}

/// The calls that a visit's intents make.
fn rows_of_intents() -> Vec<Row> {
    let host = || ZoomUserId::new("h").unwrap();
    let tag = || Marker::new("tag").unwrap();
    let row = |name, is_odd, asks| Row { name, is_odd, asks };
    let call = |name, is_odd, call| Row { name, is_odd, asks: Asks::Call(call) };
    let cancel =
        ZoomCall::CancelRegistrants { meeting: MEETING, registrants: vec![RegistrantId::new("r").unwrap()] };
    let remove = ZoomCall::RemoveUser { participant: ada(), tag: tag(), user: Some(host()) };
    let own = || known_by(Personal::TemporaryUser { tag: tag() });
    vec![
        call(
            "provider: look up",
            |seen| seen.method == "GET",
            provider("Practitioner/p", Some("p@x.example")),
        ),
        call(
            "provider: make",
            |seen| is("POST", "/users")(seen),
            provider("Practitioner/p", Some("none@x.example")),
        ),
        call(
            "provider: license",
            |seen| seen.method == "PATCH",
            provider("Practitioner/p", Some("basic@x.example")),
        ),
        call(
            "provider: default host",
            |seen| is("GET", "/users/h/meetings")(seen),
            provider("Practitioner/p", Some("foreign@x.example")),
        ),
        call("meeting: create", |seen| is("POST", "/meetings")(seen), create(&host(), "vst-1")),
        call("meeting: list", |seen| is("GET", "/users/h/meetings")(seen), find(&host(), "vst-1")),
        call("meeting: found, read", |seen| is("GET", "/meetings/85012345678")(seen), find(&host(), "vst-1")),
        call("meeting: read", |seen| seen.method == "GET", ZoomCall::ReadMeeting { meeting: MEETING }),
        call(
            "meeting: who was there",
            |seen| is("GET", "/participants")(seen),
            ZoomCall::ReadAttendance { meeting: MEETING, instance: InstanceUuid::new("u==").unwrap() },
        ),
        call(
            "meeting: register",
            |seen| seen.method == "PATCH",
            ZoomCall::AskRegistration { meeting: MEETING, host: host() },
        ),
        call("meeting: hosts", |seen| seen.method == "PATCH", alternatives(MEETING, &[&host()])),
        call("meeting: delete", |seen| seen.method == "DELETE", ZoomCall::DeleteMeeting { meeting: MEETING }),
        call("meeting: end", |seen| seen.method == "PUT", ZoomCall::EndMeeting { meeting: MEETING }),
        row("registrant: add", |seen| is("POST", "/registrants")(seen), known_by(Personal::Registrant)),
        call("registrant: cancel", |seen| seen.method == "PUT", cancel),
        row(
            "link by name",
            |seen| is("POST", "/invite_links")(seen),
            known_by(Personal::InviteLink { good_for: Span::minutes(5) }),
        ),
        row("patient: look up", |seen| seen.method == "GET", own()),
        row("patient: make", |seen| is("POST", "/users")(seen), own()),
        call("patient: remove", |seen| seen.method == "DELETE", remove),
    ]
}

/// What is asked while somebody waits for a link, and by the preflight.
fn rows_without_intents() -> Vec<Row> {
    let row = |name, is_odd, asks| Row { name, is_odd, asks };
    vec![
        row("click: start", |seen| seen.method == "GET", Asks::StartLink),
        row("click: meeting", |seen| is("GET", "/meetings/85012345678")(seen), Asks::AlternativeLink),
        row("click: token", |seen| is("GET", "/token")(seen), Asks::AlternativeLink),
        row("click: patient", |seen| is("GET", "/token")(seen), Asks::PatientLink),
        row("click: default host", |seen| is("GET", "/users/h/meetings")(seen), Asks::DefaultHostLink),
        row("account: users", |seen| seen.method == "GET", Asks::Users),
        row("account: default hosts", |seen| seen.method == "GET", Asks::DefaultHosts),
        row("account: locks", |seen| is("GET", "/lock_settings")(seen), Asks::Settings),
        row("account: settings", |seen| is("GET", "/settings")(seen), Asks::Settings),
        row("groups: list", |seen| is("GET", "/groups")(seen), Asks::Groups),
        row("groups: locks", |seen| is("GET", "/groups/g/lock_settings")(seen), Asks::Groups),
        row("groups: settings", |seen| is("GET", "/groups/g/settings")(seen), Asks::Groups),
        row("account: licences", |seen| is("GET", "/plans/usage")(seen), Asks::Seats),
        row(
            "token",
            |seen| is("POST", "/oauth/token")(seen),
            Asks::Call(ZoomCall::ReadMeeting { meeting: MEETING }),
        ),
    ]
}

/// A name for the table, and what is answered.
type Answer = (&'static str, fn() -> Reply);

const ANSWERS: [Answer; 16] = [
    ("200 {}", || Reply::Json(200, json!({}))),
    ("200 []", || Reply::Json(200, json!([]))),
    ("200 types", || Reply::Json(200, wrong_types())),
    ("200 code", || Reply::Json(200, json!({"code": 300, "message": "Validation Failed."}))),
    ("200 page", || html(200)),
    ("200 half", || Reply::Half(200)),
    ("200 empty", || Reply::With(200, Vec::new(), String::new())),
    ("204", || Reply::With(204, Vec::new(), String::new())),
    ("302", || Reply::With(302, vec![("location", "/login".to_owned())], String::new())),
    ("400 code", || Reply::Json(400, json!({"code": 300, "message": "Validation Failed."}))),
    ("403 page", || html(403)),
    ("404 page", || html(404)),
    ("401", || Reply::Json(401, json!({"code": 124, "message": "Invalid access token."}))),
    ("429", || Reply::With(429, vec![("retry-after", "3600".to_owned())], "{}".to_owned())),
    ("500 page", || html(500)),
    ("closed", || Reply::Close),
];
const SILENCE: Answer = ("nothing", || Reply::Hang);

fn html(status: u16) -> Reply {
    Reply::With(status, vec![("content-type", "text/html".to_owned())], "<html><h1>No</h1></html>".to_owned())
}

/// Every field that is read of any answer, and each as something else.
fn wrong_types() -> Value {
    json!({"id": [1], "host_id": 7, "join_url": {}, "start_url": true, "settings": "on", "status": 1, "type": "2",
        "meetings": {"id": 1}, "next_page_token": 5, "registrant_id": {}, "attendees": "all", "token": 3, "email": [],
        "participants": "all", "schedule_meeting": [], "meeting_security": 1, "plan_base": "biz", "access_token": 1, "expires_in": "soon"})
}

fn good(seen: &Seen) -> Reply {
    let meeting = json!({"id": 85_012_345_678_u64, "host_id": "h", "status": "waiting", "join_url": "https://z.example/j/1",
        "start_url": "https://z.example/s/1", "agenda": "vst-1",
        "settings": {"waiting_room": true, "join_before_host": false, "approval_type": 0, "alternative_hosts": "h"}});
    let user = |kind: u8| json!({"id": "h", "email": "h@x.example", "type": kind, "status": "active"});
    let line = seen.line();
    let (method, path) = line.split_once(' ').unwrap();
    match (method, path) {
        ("POST", "/oauth/token") => {
            Reply::Json(200, json!({"access_token": "t", "token_type": "bearer", "expires_in": 3599}))
        }
        ("GET", path) if path.ends_with("/token") => Reply::Json(200, json!({"token": "zak"})),
        ("GET", path) if path.ends_with("/meetings") => {
            Reply::Json(200, json!({"meetings": [meeting], "next_page_token": ""}))
        }
        ("GET", path) if path.contains("/accounts/") => Reply::Json(200, json!({})),
        ("GET", path) if path.ends_with("/lock_settings") || path.contains("/lock_settings?") => {
            Reply::Json(200, json!({"meeting_security": {"waiting_room": true}}))
        }
        ("GET", path) if path.contains("/groups/") => Reply::Json(200, json!({})),
        ("GET", path) if path.contains("/groups") => {
            Reply::Json(200, json!({"groups": [{"id": "g", "name": "Clinic"}]}))
        }
        ("GET", path) if path.contains("/meetings/") => Reply::Json(200, meeting),
        ("GET", path)
            if path.contains("none%40")
                || path.contains("foreign%40")
                || path.contains("vestibule-patient") =>
        {
            Reply::Json(404, json!({"code": 1001, "message": "User does not exist."}))
        }
        ("GET", path) if path.contains("basic%40") => Reply::Json(200, user(1)),
        ("GET", _) => Reply::Json(200, user(2)),
        ("POST", path) if path.ends_with("/users") && seen.body.contains("foreign@") => {
            Reply::Json(400, json!({"code": 1116, "message": "Not in the managed domains."}))
        }
        ("POST", path) if path.ends_with("/users") => Reply::Json(201, user(2)),
        ("POST", _) => Reply::Json(201, meeting),
        _ => Reply::With(204, Vec::new(), String::new()),
    }
}

/// The outcome in a word; `!` where nothing tries again by itself.
fn word(outcome: &IntentOutcome) -> String {
    match outcome {
        IntentOutcome::Failed(CallFailure { problem, retry }) => {
            format!("{}{}", problem.as_str(), if *retry == Retry::Never { "!" } else { "" })
        }
        IntentOutcome::AlternativesSet { stand } => format!("set {}", stand.len()),
        IntentOutcome::Found(found) => format!("found {}", found.len()),
        IntentOutcome::Provider { licensed, .. } => format!("provider {}", if *licensed { "2" } else { "1" }),
        other => {
            let whole = format!("{other:?}");
            whole.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default().to_lowercase()
        }
    }
}

fn word_of_link(link: &Result<PersonalLink, LinkRefused>) -> String {
    link.as_ref().map_or_else(|why| format!("no link: {why:?}").to_lowercase(), |_| "link".to_owned())
}

fn word_of_probe<T>(probed: Option<Result<T, RestError>>) -> String {
    match probed.unwrap() {
        Ok(_) => "read".to_owned(),
        Err(error) => word(&error.outcome()),
    }
}

async fn cell(row: &Row, answer: fn() -> Reply, (timeout, within): (Span, Span)) -> String {
    let is_odd = row.is_odd;
    let server = Server::start(move |seen| if is_odd(seen) { answer() } else { good(seen) }).await;
    let fallback = ProviderFallback {
        foreign: Fallback::DefaultHost,
        default_hosts: vec!["h".to_owned()],
        ..ProviderFallback::NONE
    };
    let timeout = timeout.to_duration();
    let config = ZoomConfig { timeout, fallback, license_found_users: true, ..config(&server.base) };
    let Setup { client, .. } = setup(config);
    let (lakeside, user) = (lakeside(), ZoomUserId::new("h").unwrap());
    let join_url = PersonalLink::new("https://z.example/j/1");
    let word = match &row.asks {
        Asks::Call(call) => word(&client.call(&lakeside, call, within).await),
        Asks::StartLink => word_of_link(&client.start_link(&lakeside, MEETING).await),
        Asks::AlternativeLink => {
            word_of_link(&client.alternative_link(&lakeside, MEETING, &user, &join_url).await)
        }
        Asks::PatientLink => word_of_link(&client.patient_link(&lakeside, MEETING, &user, &join_url).await),
        Asks::DefaultHostLink => {
            let wanted = DefaultHostLink { holder: "p", meeting: MEETING, user: &user, join_url: None };
            word_of_link(&client.default_host_link(&lakeside, wanted).await)
        }
        Asks::Users => word_of_probe(client.probe_users(&lakeside).await),
        Asks::DefaultHosts => word_of_probe(client.probe_default_hosts(&lakeside).await),
        Asks::Settings => word_of_probe(client.probe_settings(&lakeside).await),
        Asks::Groups => match client.probe_groups(&lakeside).await {
            Some(Ok(groups)) if groups.left_out > 0 => format!("{} not read", groups.left_out),
            probed => word_of_probe(probed),
        },
        Asks::Seats => word_of_probe(client.probe_seats(&lakeside).await),
    };
    assert!(server.seen().iter().any(is_odd), "{}: the request is made", row.name);
    word
}

#[actix_web::test]
async fn whatever_zoom_answers_to_whatever_call_comes_to_what_is_known_of_it() {
    let rows: Vec<Row> = rows_of_intents().into_iter().chain(rows_without_intents()).collect();
    let silent = join_all(rows.iter().map(|row| cell(row, SILENCE.1, HASTY))).await;
    let mut found = String::new();
    for (rows, silent) in rows.chunks(ROWS_AT_ONCE).zip(silent.chunks(ROWS_AT_ONCE)) {
        let answered = rows.iter().map(async |row| {
            join_all(ANSWERS.iter().map(async |(name, answer)| (*name, cell(row, *answer, PATIENT).await)))
                .await
        });
        for ((row, answered), silent) in rows.iter().zip(join_all(answered).await).zip(silent) {
            found.push_str(&line(row.name, answered, silent));
        }
    }
    let whole = found.clone();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    for (found, expected) in lines(&found).iter().zip(&lines(TABLE)) {
        assert_eq!(found, expected, "of all:\n{whole}");
    }
    assert_eq!(lines(&found).len(), lines(TABLE).len());
}

/// What comes to the same stands together.
fn line(name: &str, answered: Vec<(&'static str, String)>, silent: &str) -> String {
    let mut words: Vec<(String, Vec<&str>)> = Vec::new();
    for (answer, word) in answered.into_iter().chain([(SILENCE.0, silent.to_owned())]) {
        match words.iter_mut().find(|(known, _)| *known == word) {
            Some((_, answers)) => answers.push(answer),
            None => words.push((word, vec![answer])),
        }
    }
    let words = words.iter().map(|(word, answers)| format!("    {word}: {}\n", answers.join(", ")));
    format!("{name}\n{}", words.collect::<String>())
}
