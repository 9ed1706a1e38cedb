//! The page of a visit over whole requests.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use vestibule_actors::memory::When;
use vestibule_actors::port::store::{ParkedCommand, Seq, WhyAside};
use vestibule_domain::intent::ProblemCode;
use vestibule_domain::shard::Shard;
use vestibule_domain::visit::Visit;

use crate::http::kit::{
    Kit, NOW, anonymous, ask, end, get, group, group_key, key, patient, service, start_with_a_stranger,
    waiting,
};
use crate::web::{Language, set_aside};

const PAGE: &str = "/visits/lakeside/10001";
const STRANGER: &str = "16778240";

fn running() -> Visit {
    let mut visit = waiting(key("10001"));
    start_with_a_stranger(&mut visit, "uuid/1==");
    visit
}

fn says(page: &str, instance: &str, session: &str, who: &str) -> TestRequest {
    let fields = [("instance", instance), ("session", session), ("who", who), ("reason", "they rang up")];
    get(&format!("{page}/identify")).method(Method::POST).set_form(fields)
}

/// The value of the hidden field for whoever nobody knows.
fn session_of(page: &str) -> String {
    let (_, after) = page.split_once("name=\"session\" value=\"").expect("a form");
    after.split_once('"').unwrap().0.to_owned()
}

#[actix_web::test]
async fn a_visit_is_shown_with_its_people_and_whoever_nobody_knows_may_be_named() {
    let kit = Kit::new();
    let visit = running();
    kit.commit(&visit.key, Some(&visit)).await;
    let service = service!(kit);
    let page = ask!(service, get(PAGE));
    assert_eq!((page.status, page.header("referrer-policy")), (200, "same-origin"), "{}", page.text());
    let text = page.text();
    for part in [
        "<h1>Visit 10001</h1>",
        "Lakeside Health",
        "in progress",
        "<code>85012345678</code>",
        "<th scope=\"row\">Patient</th><td><code>WPR1</code></td>",
        "Who is this?",
        "<strong>Telephone</strong>",
        ">Patient WPR1</option>",
        "href=\"/records?organization=lakeside&#38;csn=10001&#38;lang=en\"",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("Ada") && session_of(&text).contains(STRANGER), "{text}");
    // Without one there is nothing to say.
    let nobody = waiting(key("10002"));
    kit.commit(&nobody.key, Some(&nobody)).await;
    assert!(!ask!(service, get("/visits/lakeside/10002")).text().contains("Who is this?"));
}

#[actix_web::test]
async fn a_group_visit_has_a_page_of_its_own_and_is_found_by_its_patients_csn() {
    let kit = Kit::new();
    let mut visit = group(group_key("C-7"), &["10007", "10008"]);
    start_with_a_stranger(&mut visit, "uuid-7==");
    kit.commit(&visit.key, Some(&visit)).await;
    let service = service!(kit);
    for path in ["/group-visits/lakeside/C-7", "/visits/lakeside/10008"] {
        let text = ask!(service, get(path)).text();
        assert!(text.contains("<h1>Group visit C-7</h1>") && text.contains("(10008)"), "{path}: {text}");
        assert!(text.contains("action=\"/group-visits/lakeside/C-7/identify?lang=en\""), "{path}: {text}");
    }
}

#[actix_web::test]
async fn what_is_not_there_or_cannot_be_read_is_told() {
    let kit = Kit::new();
    let service = service!(kit);
    for path in
        ["/visits/lakeside/1", "/visits/nowhere/1", "/group-visits/lakeside/1", "/group-visits/nowhere/1"]
    {
        ask!(service, get(path)).problem(404);
    }
    let told = ask!(service, anonymous(PAGE));
    assert_eq!((told.status, told.header("location")), (303, "/sign-in?next=%2Fvisits%2Flakeside%2F10001"));
    let told = ask!(service, anonymous("/group-visits/lakeside/C"));
    assert_eq!(told.header("location"), "/sign-in?next=%2Fgroup%2Dvisits%2Flakeside%2FC");
    kit.store.faults().fail_always(None, When::Before);
    ask!(service, get(PAGE)).problem(503);
}

#[actix_web::test]
async fn a_page_that_shows_another_meeting_ends_and_remakes_none() {
    let kit = Kit::new();
    let visit = running();
    kit.commit(&visit.key, Some(&visit)).await;
    let service = service!(kit);
    let page = ask!(service, get(PAGE)).text();
    assert_eq!(page.matches("name=\"meeting\" value=\"85012345678\"").count(), 2, "{page}");
    for act in ["end", "remake"] {
        let fields = [("reason", "it is stuck"), ("although_inside", "yes"), ("meeting", "85099999999")];
        let old = get(&format!("{PAGE}/{act}")).method(Method::POST).set_form(fields);
        assert_eq!(ask!(service, old).header("location"), format!("{PAGE}?note=other-meeting"), "{act}");
    }
    assert!(
        ask!(service, get(&format!("{PAGE}?note=other-meeting"))).text().contains("another meeting by now")
    );
    let right = [("reason", "it is stuck"), ("meeting", "85012345678")];
    let told = ask!(service, get(&format!("{PAGE}/end")).method(Method::POST).set_form(right));
    assert_eq!(told.header("location"), format!("{PAGE}?note=ended"));
}

#[actix_web::test]
async fn a_form_that_is_not_ours_or_too_late_changes_nothing() {
    let kit = Kit::new();
    let mut visit = running();
    kit.commit(&visit.key, Some(&visit)).await;
    let service = service!(kit);
    let session = session_of(&ask!(service, get(PAGE)).text());
    let who = patient().to_text();
    let right = || says(PAGE, "uuid/1==", &session, &who);
    ask!(service, right().insert_header(("origin", "https://elsewhere.example"))).problem(403);
    ask!(service, says(PAGE, "uuid/1==", &session, "no key")).problem(400);
    ask!(service, says("/visits/nowhere/1", "uuid/1==", &session, &who)).problem(404);
    ask!(service, says("/group-visits/nowhere/1", "uuid/1==", &session, &who)).problem(404);
    // Whoever signs in again comes to the page on which the form stands, and reads that it did nothing.
    for (page, next) in [
        (
            Some("http://127.0.0.1:1/visits/lakeside/10001?lang=es"),
            "%2Fvisits%2Flakeside%2F10001%3Flang%3Des",
        ),
        (Some("https://elsewhere.example/else"), ""),
        (None, ""),
    ] {
        let unsigned = anonymous(&format!("{PAGE}/identify")).method(Method::POST).set_form([("who", "")]);
        let unsigned = page.iter().fold(unsigned, |it, page| it.insert_header(("referer", *page)));
        let told = ask!(service, unsigned);
        assert_eq!(
            (told.status, told.header("location")),
            (303, &*format!("/sign-in?unsent=yes&next={next}"))
        );
    }
    let sign_in = ask!(service, anonymous("/sign-in?unsent=yes&next=%2Fops")).text();
    assert!(sign_in.contains("nothing was changed"), "{sign_in}");
    let told = ask!(service, get(&format!("{PAGE}/identify")));
    assert_eq!((told.status, told.header("allow")), (405, "POST"));
    for (instance, session, who) in [
        ("another", session.as_str(), who.as_str()),
        ("uuid/1==", "user:9", who.as_str()),
        ("uuid/1==", session.as_str(), "patient:Patient/somebody-else"),
    ] {
        let told = ask!(service, says(PAGE, instance, session, who));
        assert_eq!((told.status, told.header("location")), (303, "/visits/lakeside/10001?note=not-here"));
    }
    assert!(ask!(service, get(&format!("{PAGE}?note=not-here"))).text().contains("They have left"));
    assert!(!ask!(service, get(&format!("{PAGE}?note=%3Cb%3E"))).text().contains("<p class=\"banner\""));
    end(&mut visit, "uuid/1==");
    kit.commit(&visit.key, Some(&visit)).await;
    assert_eq!(ask!(service, right()).header("location"), "/visits/lakeside/10001?note=not-here");
}

#[actix_web::test]
async fn what_was_set_aside_is_dropped_one_by_one_and_the_problem_with_the_last() {
    tokio::time::pause();
    let kit = Kit::new();
    let mut visit = waiting(key("10001"));
    visit.problems.insert(ProblemCode::CommandParked, NOW);
    for seq in [1, 2] {
        let parked = ParkedCommand {
            seq: Seq(seq),
            visit: visit.key.clone(),
            payload: b"about Ada".to_vec(),
            reason: "it failed three times".into(),
            at: NOW,
        };
        kit.park(&visit.key, &visit, parked).await;
    }
    let service = service!(kit);
    let text = ask!(service, get(PAGE)).text();
    assert!(text.contains("Number 1, ") && text.contains("Number 2, ") && !text.contains("Ada"), "{text}");
    let drop = |seq: &'static str| {
        let fields = [("seq", seq), ("reason", "it was looked into")];
        get(&format!("{PAGE}/drop-command")).method(Method::POST).set_form(fields)
    };
    let store = &kit.app.desk.ports().store;
    let handed_in = async || store.read(Shard::of_visit(&visit.key), Seq(0), 10).await.unwrap().len();
    ask!(service, drop("one")).problem(400);
    for (seq, note, left, journal) in [
        ("3", "not-parked", 2, 0),
        ("1", "command-dropped", 1, 0),
        ("1", "not-parked", 1, 0),
        // Nobody owns the visit here, so that it does not say so itself.
        ("2", "not-yet", 0, 1),
    ] {
        let told = ask!(service, drop(seq));
        assert_eq!(told.header("location"), format!("{PAGE}?note={note}"), "{seq}");
        assert_eq!((store.parked(9).await.unwrap().len(), handed_in().await), (left, journal), "{seq}");
    }
    // One that is on no list any more leaves the problem, which can be dropped as well.
    let text = ask!(service, get(PAGE)).text();
    assert!(text.contains("It is on no list any more.") && !text.contains("Number 1, "), "{text}");
    assert_eq!(ask!(service, drop("")).header("location"), format!("{PAGE}?note=not-yet"));
    assert_eq!(handed_in().await, 2);
}

#[actix_web::test]
async fn a_page_is_in_the_readers_language_and_its_buttons_lead_back_to_it() {
    let kit = Kit::new();
    let mut visit = running();
    visit.problems.insert(ProblemCode::CommandParked, NOW);
    kit.commit(&visit.key, Some(&visit)).await;
    let reasons = WhyAside::ALL.map(WhyAside::as_str).into_iter().chain(["of <a later release"]);
    for (seq, reason) in (1..).zip(reasons) {
        let (visit_key, payload) = (visit.key.clone(), Vec::new());
        let parked =
            ParkedCommand { seq: Seq(seq), visit: visit_key, payload, reason: reason.into(), at: NOW };
        kit.park(&visit.key, &visit, parked).await;
    }
    let service = service!(kit);
    let text = ask!(service, get(&format!("{PAGE}?lang=es&note=not-here"))).text();
    for part in [
        "<html lang=\"es\">",
        "<h1>Visita 10001</h1>",
        "data-phase=\"in_progress\">en curso</span>",
        "Ya se ha ido, o la persona",
        "Una orden se apartó después de fallar tres veces.",
        "<th scope=\"row\">Paciente</th><td><code>WPR1</code></td><td>Esperando</td>",
        "<td>apagada</td>",
        "¿Quién es?",
        "<strong>Teléfono</strong>",
        ">Paciente WPR1</option>",
        "Número 1, hace 0 min: hizo fallar su visita tres veces",
        "<span lang=\"en\">of &#60;a later release</span>",
        "href=\"/records?organization=lakeside&#38;csn=10001&#38;lang=es\"",
        "href=\"/ops?lang=es\"",
        "href=\"/visits/lakeside/10001?lang=en\" hreflang=\"en\"",
        "action=\"/visits/lakeside/10001/end?lang=es\"",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    for why in WhyAside::ALL {
        assert!(
            !text.contains(why.as_str()) && set_aside(Language::English, why.as_str()).is_some(),
            "{why:?}"
        );
    }
    let accepted = get(PAGE).insert_header(("accept-language", "es-MX"));
    assert!(ask!(service, accepted).text().contains("<h1>Visita 10001</h1>"));
    let revoke = get(&format!("{PAGE}/revoke?lang=es")).method(Method::POST);
    let told = ask!(service, revoke.set_form([("link", "none"), ("reason", "wrong person")]));
    assert_eq!(told.header("location"), "/visits/lakeside/10001?note=no-link&lang=es");
}
