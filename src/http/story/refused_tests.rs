//! Forms of a visit's page without a reason that can be taken: the page comes back with them, and nothing is done.

use std::time::Duration;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use vestibule_actors::port::store::{ParkedCommand, Seq};
use vestibule_domain::intent::ProblemCode;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;
use vestibule_domain::visit::Visit;

use crate::audit::{Chain, ChainId, Kept};
use crate::http::kit::{
    Kit, NOW, ask, get, key, organization, patient, service, start_with_a_stranger, waiting,
};

const PAGE: &str = "/visits/lakeside/10001";
const BROWSER: (&str, &str) = ("accept", "text/html,*/*;q=0.8");
const WRONG: &str = "aria-invalid=\"true\" aria-describedby=\"reason-problem\" autofocus";

type Fields<'a> = &'a [(&'a str, &'a str)];

/// A visit to which everything can be done, but for the links of guests.
async fn troubled() -> (Kit, Visit) {
    let kit = Kit::new();
    let mut visit = waiting(key("10001"));
    start_with_a_stranger(&mut visit, "uuid/1==");
    visit.problems.insert(ProblemCode::CommandParked, NOW);
    let light = &mut visit.participants.values_mut().next().unwrap().light;
    (light.wanted, light.decided, light.settled) = (true, 2, 2);
    for seq in [1, 2] {
        let parked = ParkedCommand {
            seq: Seq(seq),
            visit: visit.key.clone(),
            payload: Vec::new(),
            reason: "it failed three times".into(),
            at: NOW,
        };
        kit.park(&visit.key, &visit, parked).await;
    }
    (kit, visit)
}

fn sends(act: &str, fields: Fields<'_>) -> TestRequest {
    get(&format!("{PAGE}/{act}?lang=en")).method(Method::POST).set_form(fields)
}

/// The form that leads there, from its beginning to its end, by a word that it alone has.
fn form<'a>(page: &'a str, act: &str, word: &str) -> &'a str {
    let mut forms = page.split("<form ").skip(1).filter_map(|form| form.split("</form>").next());
    let found = forms.find(|form| form.contains(&format!("/{act}?lang=en\"")) && form.contains(word));
    found.unwrap_or_else(|| panic!("no form for {act} with {word} in {page}"))
}

#[actix_web::test]
async fn a_form_without_a_reason_comes_back_as_it_was_sent_and_nothing_is_done() {
    let (kit, visit) = troubled().await;
    let service = service!(kit);
    let page = ask!(service, get(PAGE)).text();
    assert!(!page.contains("reason-problem") && !page.contains("aria-invalid"), "{page}");
    let (_, after) = page.split_once("name=\"session\" value=\"").unwrap();
    let session = after.split_once('"').unwrap().0;
    let who = patient().to_text();
    let topic = form(&page, "resend", "name=\"topic\"").split("name=\"topic\" value=\"").nth(1).unwrap();
    let update = [("who", who.as_str()), ("topic", topic.split('"').next().unwrap()), ("seq", "2")];
    let chosen = format!("<option value=\"{who}\" selected>");
    let cases: [(&str, &str, Fields<'_>, &str); 7] = [
        ("end", "name=\"meeting\"", &[("meeting", "85012345678")], "value=\"85012345678\""),
        ("remake", "although_inside", &[("although_inside", "yes")], "value=\"yes\" checked"),
        (
            "identify",
            "name=\"session\"",
            &[("instance", "uuid/1=="), ("session", session), ("who", &who)],
            &chosen,
        ),
        ("resend", "name=\"topic\"", &update, "value=\"2\""),
        ("drop", "name=\"topic\"", &update, "value=\"2\""),
        ("drop-command", "name=\"seq\" value=\"2\"", &[("seq", "2")], "Number 2, "),
        ("drop-command", "name=\"seq\" value=\"1\"", &[("seq", "1")], "Number 1, "),
    ];
    for (act, word, fields, kept) in cases {
        for (reason, shown) in [("   ", "   "), ("a\u{7}<b>", "a\u{7}&#60;b&#62;")] {
            let fields = [fields, &[("reason", reason)]].concat();
            ask!(service, sends(act, &fields)).problem(400);
            let told = ask!(service, sends(act, &fields).insert_header(BROWSER));
            let text = told.text();
            assert_eq!(
                (told.status, told.header("content-type")),
                (400, "text/html; charset=utf-8"),
                "{text}"
            );
            assert_eq!(told.header("referrer-policy"), "same-origin");
            assert!(
                text.contains("<h1>Visit 10001</h1>") && text.contains("Nothing was done. Say why"),
                "{text}"
            );
            // The renewal of the page has to know where the page is.
            assert!(text.contains(&format!("data-page=\"{PAGE}\"")), "{text}");
            let sent = form(&text, if act == "drop" { "resend" } else { act }, word);
            assert!(sent.contains(&format!("value=\"{shown}\" {WRONG}")), "{act}: {sent}");
            assert!(
                sent.contains("id=\"reason-problem\">Say why: 3 to 200") && sent.contains(kept),
                "{act}: {sent}"
            );
            assert_eq!(
                (text.matches(WRONG).count(), text.matches("id=\"reason-problem\"").count()),
                (1, 1),
                "{act}"
            );
        }
    }
    let store = &kit.app.desk.ports().store;
    assert!(store.read(Shard::of_visit(&visit.key), Seq(0), 9).await.unwrap().is_empty(), "nothing was done");
    assert_eq!(store.parked(9).await.unwrap().len(), 2);
    // The chain has what a program's bad request leaves there.
    kit.app.audit.settle(Duration::from_secs(5)).await.unwrap();
    let chain = Chain::new(store, &ChainId::of(Some(&organization("lakeside")))).unwrap();
    let lines = chain.lines(1).await.unwrap().unwrap_or_default();
    let deeds = lines.lines().map(|line| Kept::of_line(line).unwrap().0.deed);
    let ended: Vec<_> = deeds.filter(|deed| deed.action == "meeting_ended").collect();
    assert_eq!(ended.len(), 4);
    assert!(ended.iter().all(|deed| deed.outcome == "bad-request" && deed.reason.is_none()));
}

/// The hidden field of a form, as it would be sent again.
fn hidden(form: &str, name: &str) -> String {
    let (_, after) = form.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    after.split('"').next().unwrap().to_owned()
}

#[actix_web::test]
async fn a_form_comes_back_about_the_meeting_and_the_pause_that_its_page_showed() {
    let (kit, _) = troubled().await;
    let service = service!(kit);
    let (before, now) = ("85099999999", "85012345678");
    for (act, other) in [("end", "remake"), ("remake", "end")] {
        let fields = [("reason", " "), ("although_inside", "yes"), ("meeting", before)];
        let text = ask!(service, sends(act, &fields).insert_header(BROWSER)).text();
        let meant = hidden(form(&text, act, WRONG), "meeting");
        assert_eq!(
            (meant.as_str(), hidden(form(&text, other, "meeting"), "meeting").as_str()),
            (before, now)
        );
        let fields = [("reason", "it is stuck"), ("although_inside", "yes"), ("meeting", meant.as_str())];
        let told = ask!(service, sends(act, &fields));
        assert!(told.header("location").contains("note=other-meeting"), "{act}: {}", told.text());
    }
    let notifier = |act: &str, fields: &[(&str, &str)]| {
        get(&format!("/admin/lakeside/notifier/{act}?lang=en")).method(Method::POST).set_form(fields)
    };
    let before = NOW.0.to_string();
    for act in ["pause", "resume", "pause"] {
        assert_eq!(ask!(service, notifier(act, &[("reason", "an upgrade")])).status, 303, "{act}");
        kit.clock.advance(Span::minutes(1));
    }
    for page in [&[("csn", "10001")][..], &[]] {
        let fields = [page, &[("reason", " "), ("since", &before)]].concat();
        let text = ask!(service, notifier("resume", &fields).insert_header(BROWSER)).text();
        assert_eq!(hidden(form(&text, "resume", WRONG), "since"), before);
    }
    let fields = [("reason", "it is done"), ("since", before.as_str())];
    let told = ask!(service, notifier("resume", &fields));
    assert!(told.header("location").contains("note=other-pause"), "{}", told.text());
}

#[actix_web::test]
async fn it_comes_back_in_the_readers_language_and_also_where_what_it_is_about_has_left() {
    let (kit, _) = troubled().await;
    let service = service!(kit);
    let sends = |path: &str, fields: &[(&str, &str)]| {
        get(path).method(Method::POST).insert_header(BROWSER).set_form(fields)
    };
    let blank = ("reason", "  ");
    let told = ask!(service, sends(&format!("{PAGE}/end?lang=es"), &[blank])).text();
    assert!(told.contains("<html lang=\"es\">") && told.contains("No se hizo nada. Diga por qué"), "{told}");
    assert!(told.contains("id=\"reason-problem\">Diga por qué: de 3 a 200"), "{told}");
    // No such link is on the page any more: what is wrong stands above.
    let told = ask!(service, sends(&format!("{PAGE}/revoke"), &[blank, ("link", "gone")]));
    assert!(told.status == 400 && told.text().contains("Nothing was done. Say why"), "{}", told.text());
    assert!(!told.text().contains("reason-problem"), "{}", told.text());
    let told = ask!(service, sends("/visits/lakeside/10009/end", &[blank]));
    assert!(told.status == 404 && told.text().contains("No such visit is kept here"), "{}", told.text());
}

#[actix_web::test]
async fn a_pause_without_a_reason_comes_back_on_the_page_on_which_its_form_stood() {
    let (kit, _) = troubled().await;
    let service = service!(kit);
    let sends = |act: &str, fields: &[(&str, &str)]| {
        get(&format!("/admin/lakeside/notifier/{act}?lang=en")).method(Method::POST).set_form(fields)
    };
    let (blank, csn) = (("reason", " \t "), ("csn", "10001"));
    for (act, fields, title) in [
        ("pause", &[blank, csn][..], "<h1>Visit 10001</h1>"),
        ("pause", &[blank], "<h1>Lakeside Health</h1>"),
        ("resume", &[blank, csn], "<h1>Visit 10001</h1>"),
        ("resume", &[blank], "<h1>Lakeside Health</h1>"),
    ] {
        if act == "resume" {
            let paused = ask!(service, sends("pause", &[("reason", "an upgrade")]));
            assert_eq!(paused.status, 303, "{}", paused.text());
        }
        ask!(service, sends(act, fields)).problem(400);
        let told = ask!(service, sends(act, fields).insert_header(BROWSER));
        let text = told.text();
        assert!(
            told.status == 400 && text.contains(title) && text.contains("Nothing was done. Say why"),
            "{text}"
        );
        let sent = form(&text, act, "name=\"reason\"");
        assert!(sent.contains(WRONG) && sent.contains("id=\"reason-problem\""), "{act}: {sent}");
        let paused = kit.app.pauses.of(&organization("lakeside")).await.unwrap();
        assert_eq!(paused.is_some(), act == "resume", "nothing was done");
    }
}
