//! The page of the audit: who may see it, what is found, and what is told where nothing can be.

use vestibule_actors::memory::When;
use vestibule_domain::time::Span;

use super::*;
use crate::audit::Waiting;
use crate::http::kit::{Kit, NOW, Told, anonymous, ask, get, service};

const GRANTS: &str = "[access.grant]
viewer = {token = \"of-the-viewer\", role = \"viewer\", organizations = [\"lakeside\"]}
operator = {token = \"of-the-operator\", role = \"operator\", organizations = [\"lakeside\"]}
officer = {token = \"of-the-officer\", role = \"administrator\", organizations = [\"lakeside\"]}
neighbour = {token = \"of-the-neighbour\", role = \"administrator\", organizations = [\"hillside\"]}
leftover = {token = \"of-the-leftover\", role = \"administrator\", organizations = [\"riverside\"]}
[organization.lakeside]
time_zone = \"America/Chicago\"
";

fn by(name: &str, path: &str) -> actix_web::test::TestRequest {
    anonymous(path).insert_header(("authorization", format!("Bearer of-the-{name}")))
}

fn lakeside() -> OrganizationId {
    OrganizationId::new("lakeside").unwrap()
}

/// Writes an entry of lakeside's chain, so many minutes after the beginning.
async fn done(kit: &Kit, minute: i64, deed: Deed) {
    let chain = Chain::new(&kit.app.desk.ports().store, &ChainId::of(Some(&lakeside()))).unwrap();
    let deed = Deed { organization: Some("lakeside".to_owned()), outcome: "done".to_owned(), ..deed };
    let one = Waiting { id: minute.to_string(), at: NOW + Span::minutes(minute), deed };
    chain.append("node-a", &[one], &mut None).await.unwrap();
}

fn viewed(csn: &str, by: &str) -> Deed {
    let (csn, by) = (Some(csn.to_owned()), Some(by.to_owned()));
    Deed { action: "visit_viewed".to_owned(), csn, by, ..Deed::default() }
}

/// How many entries a page shows.
fn rows(page: &Told) -> usize {
    assert_eq!(page.status, 200, "{}", page.text());
    page.text().matches("<tr data-tone").count()
}

fn link(page: &Told, rel: &str) -> Option<String> {
    let text = page.text();
    let (before, _) = text.split_once(&format!("\" rel=\"{rel}\""))?;
    let (_, address) = before.rsplit_once("href=\"")?;
    Some(address.replace("&#38;", "&").replace("&amp;", "&"))
}

#[actix_web::test]
async fn the_audit_is_for_administrators_and_nobody_learns_of_another_organization() {
    let kit = Kit::with(GRANTS);
    let service = service!(kit);
    let of = |id: &str| format!("/audit?organization={id}");
    for name in ["viewer", "operator"] {
        for path in ["/audit", "/audit?lang=es", &of("lakeside")] {
            assert!(ask!(service, by(name, path)).problem(403).contains("administrator"), "{name} {path}");
        }
    }
    for name in ["viewer", "operator", "officer"] {
        let told = |id: &str| (id.to_owned(), of(id));
        let [foreign, unknown] = [told("hillside"), told("nowhere")];
        let answers = [
            ask!(service, by(name, &foreign.1)).problem(404),
            ask!(service, by(name, &unknown.1)).problem(404),
        ];
        assert_eq!(answers[0], answers[1], "{name}");
    }
    assert_eq!(ask!(service, anonymous("/audit")).header("location"), "/sign-in?next=%2Faudit");
    // Without a role in all organizations it is the one of theirs.
    let led = ask!(service, by("officer", "/audit?lang=es"));
    assert_eq!((led.status, led.header("location")), (303, "/audit?organization=lakeside&lang=es"));
    let own = ask!(service, by("officer", &of("lakeside"))).text();
    assert!(own.contains("<h1>Audit of Lakeside Health</h1>") && !own.contains("hillside"), "{own}");
    assert!(!own.contains("the service</option>") && own.contains("aria-current=\"page\">Audit<"), "{own}");
    let all = ask!(service, get("/audit")).text();
    assert!(all.contains("<h1>Audit of the service</h1>"), "{all}");
    assert!(all.contains("<option value=\"hillside\">") && all.contains("the service</option>"), "{all}");
    // What leads there is shown to whoever may go there, which nobody may whose only organization is not in force.
    assert!(ask!(service, by("leftover", "/audit")).problem(403).contains("administrator"));
    for (name, leads) in [("viewer", false), ("operator", false), ("officer", true), ("leftover", false)] {
        let records = ask!(service, by(name, "/records")).text();
        assert_eq!(records.contains("href=\"/audit?lang=en\""), leads, "{name}");
    }
    let index = ask!(service, by("officer", "/admin")).text();
    assert!(index.contains("/audit?organization=lakeside"), "{index}");
    assert!(!ask!(service, by("operator", "/admin")).text().contains("/audit"));
    assert!(ask!(service, get("/audit?organization=lakeside&organization=hillside")).status == 400);
}

#[actix_web::test]
async fn entries_are_found_by_who_what_which_visit_and_when() {
    let kit = Kit::with(GRANTS);
    for (minute, csn, by) in [(1, "10001", "help-desk"), (2, "10002", "openid:Ann@example.org")] {
        done(&kit, minute, viewed(csn, by)).await;
    }
    let reason = Some("the ward rang up".to_owned());
    let act =
        Deed { action: "meeting_ended".to_owned(), reason, ..viewed("10001", "openid:Ann@example.org") };
    done(&kit, 3, act).await;
    let conference_id = Some("90001".to_owned());
    done(&kit, 4, Deed { csn: None, conference_id, ..viewed("", "help-desk") }).await;
    let service = service!(kit);
    // 2026-11-23T17:00:00Z is 11:00 in Chicago.
    for (filters, count) in [
        ("", 4),
        ("who=help-desk", 2),
        ("who=+ann%40EXAMPLE+", 2),
        ("who=nobody", 0),
        ("action=visit_viewed", 3),
        ("action=meeting_ended&who=ann", 1),
        ("csn=10001", 2),
        ("csn=+10+001", 2),
        ("csn=90001", 1),
        ("csn=1000", 0),
        ("from=2026-11-23T11:02&to=2026-11-23T11:03", 1),
        ("from=2026-11-23T17:03:00Z", 2),
        ("to=2026-11-22", 0),
        ("from=2026-11-23&to=2026-11-23&action=visit_viewed", 3),
        ("before=3", 2),
        ("after=3", 1),
        ("before=4&csn=10001", 2),
    ] {
        // The looks of this test are themselves in the chain, an hour later.
        kit.clock.advance(Span::hours(1));
        let path = format!("/audit?organization=lakeside&{filters}&lang=en");
        let narrowed =
            if filters.contains("to=") || filters.contains("before") { "" } else { "&to=2026-11-23T11:05" };
        let page = ask!(service, get(&format!("{path}{narrowed}")));
        let expected = if filters.is_empty() { 4 } else { count };
        assert_eq!(rows(&page), expected, "{filters}: {}", page.text());
    }
    let page = ask!(service, get("/audit?organization=lakeside&csn=10001&to=2026-11-23T11:05")).text();
    for said in [
        "2026-11-23 11:03:00 CST",
        "2026-11-23 17:03:00 UTC",
        "Ended a meeting for everybody",
        ">meeting_ended</code>",
        "href=\"/visits/lakeside/10001?lang=en\"",
        "the ward rang up",
        "node <code>node-a</code>",
        "The entries 1 to ",
        "each but the first follows the one before it",
        "href=\"/api/v1/audit?organization=lakeside&#38;format=lines\" download=\"audit-lakeside.jsonl\"",
        "href=\"/api/v1/audit?organization=lakeside&#38;format=fhir\" download=\"audit-lakeside.ndjson\"",
    ] {
        assert!(page.contains(said), "{said} is not in {page}");
    }
}

#[actix_web::test]
async fn what_is_wrong_with_a_search_stands_beside_its_field_and_is_no_look() {
    let kit = Kit::with(GRANTS);
    let service = service!(kit);
    let long = format!("who={}", "x".repeat(201));
    for (filter, field, said) in [
        (long.as_str(), "who", "at most 200 characters"),
        ("action=visit_stolen", "action", "Choose an action"),
        ("csn=%C3%A9", "csn", "A CSN has at most 64"),
        ("from=soon", "from", "Enter a time as"),
        ("to=later", "to", "Enter a time as"),
        ("from=2026-11-24&to=2026-11-22", "to", "ends before it begins"),
    ] {
        let page = ask!(service, get(&format!("/audit?organization=lakeside&{filter}")));
        let text = page.text();
        assert_eq!(page.status, 400, "{filter}: {text}");
        let problem = text.split_once(&format!("id=\"{field}-problem\">")).map(|(_, after)| after);
        assert!(problem.is_some_and(|problem| problem.split('<').next().unwrap().contains(said)), "{text}");
        assert!(text.contains(&format!("aria-describedby=\"{field}-problem\"")), "{text}");
        assert_eq!(text.matches("class=\"problem\"").count(), 1, "{filter}: {text}");
    }
    for place in ["before=x", "after=-1", "before=1&after=1", "before=99999999999999999999"] {
        let page = ask!(service, get(&format!("/audit?organization=lakeside&{place}")));
        assert!(page.status == 400 && page.text().contains("not the place of an entry"), "{}", page.text());
    }
    let all = ask!(service, get("/audit?organization=lakeside&from=soon&csn=%C3%A9&lang=es")).text();
    assert!(all.contains("Escriba una hora como") && all.contains("Un CSN tiene como"), "{all}");
    assert_eq!(rows(&ask!(service, get("/audit?organization=lakeside"))), 0, "a bad search is no look");
}

#[actix_web::test]
async fn a_look_at_the_audit_is_an_entry_of_it_once_for_a_while() {
    let kit = Kit::with(GRANTS);
    let service = service!(kit);
    let mine = "/audit?organization=lakeside";
    assert_eq!(ask!(service, by("officer", "/audit")).status, 303, "who is led on has seen nothing");
    for _ in 0..3 {
        ask!(service, by("officer", mine));
    }
    ask!(service, by("viewer", mine)).problem(403);
    let page = ask!(service, get(mine));
    let text = page.text();
    assert_eq!(rows(&page), 2, "{text}");
    assert!(text.contains("<code>officer</code>") && text.contains("Looked at the audit"), "{text}");
    assert!(text.contains("<code>viewer</code>") && text.contains("not allowed"), "{text}");
    kit.clock.advance(Span::minutes(6));
    ask!(service, by("officer", mine));
    assert_eq!(rows(&ask!(service, get(mine))), 4);
    ask!(service, by("officer", "/audit?organization=lakeside&csn=10+001"));
    let text = ask!(service, get(mine)).text();
    assert!(text.contains("href=\"/visits/lakeside/10001?"), "the CSN is kept as it was searched: {text}");
    let own = ask!(service, get("/audit"));
    assert_eq!(rows(&own), 0, "{}", own.text());
    assert!(own.text().contains("There is no entry so far."));
}

#[actix_web::test]
async fn a_long_chain_is_leafed_through_and_its_harm_is_told() {
    let kit = Kit::with(GRANTS);
    for minute in 1..=130 {
        done(&kit, minute, viewed("10001", "help-desk")).await;
    }
    let service = service!(kit);
    let first = ask!(service, get("/audit?organization=lakeside&csn=10001"));
    assert_eq!((rows(&first), link(&first, "prev")), (50, None));
    let second = ask!(service, get(&link(&first, "next").unwrap()));
    let third = ask!(service, get(&link(&second, "next").unwrap()));
    assert_eq!((rows(&second), rows(&third)), (50, 30));
    assert!(link(&third, "next").is_none() && third.text().contains("entry 1 ·"), "{}", third.text());
    let newer = ask!(service, get(&link(&third, "prev").unwrap()));
    assert_eq!(rows(&newer), 50);
    assert!(newer.text().contains("entry 31 ·") && newer.text().contains("entry 80 ·"), "{}", newer.text());
    // Somebody changes who looked.
    let entity = crate::store::entity("audit", "lakeside").unwrap();
    let (store, name) = (&kit.app.desk.ports().store, "page-000000000001");
    let there = store.organization_get(&entity, name).await.unwrap().unwrap();
    let text = String::from_utf8(there.value).unwrap().replacen("help-desk", "help-desc", 1);
    assert!(store.organization_put(&entity, name, there.version, text.into_bytes()).await.unwrap());
    for (lang, said) in [("en", "The entry 1 was changed"), ("es", "La entrada 1 fue cambiada")] {
        let page = ask!(service, get(&format!("/audit?organization=lakeside&before=20&lang={lang}"))).text();
        assert!(page.contains(said) && !page.contains("follows the one before it"), "{page}");
        assert_eq!(page.matches("<tr data-tone=\"bad\">").count(), 1, "{page}");
    }
    let newest = ask!(service, get("/audit?organization=lakeside")).text();
    assert!(newest.contains("follows the one before it"), "what was not read is not judged: {newest}");
}

#[actix_web::test]
async fn while_the_store_does_not_answer_the_page_says_so() {
    tokio::time::pause();
    let kit = Kit::with(GRANTS);
    let service = service!(kit);
    kit.store.faults().fail_always(None, When::Before);
    let page = ask!(service, get("/audit?organization=lakeside&csn=10001"));
    assert_eq!(page.status, 503);
    let text = page.text();
    assert!(text.contains("cannot be read at the moment") && text.contains("value=\"10001\""), "{text}");
}

/// Writes something over a field of lakeside's chain, as somebody would who has their hands on the store.
async fn overwrite(kit: &Kit, field: &str, with: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let entity = crate::store::entity("audit", "lakeside").unwrap();
    let store = &kit.app.desk.ports().store;
    let there = store.organization_get(&entity, field).await.unwrap().unwrap();
    assert!(store.organization_put(&entity, field, there.version, with(there.value)).await.unwrap());
}

#[actix_web::test]
async fn a_chain_that_was_damaged_is_told_as_broken_and_not_as_an_outage() {
    tokio::time::pause();
    let kit = Kit::with(GRANTS);
    for minute in 1..=3 {
        done(&kit, minute, viewed("10001", "help-desk")).await;
    }
    let service = service!(kit);
    // The end of the newest page is no entry, and no text.
    overwrite(&kit, "page-000000000001", |page| [page.as_slice(), b"{\xff}\n"].concat()).await;
    for (lang, said) in [("en", "that is no entry of an audit"), ("es", "no es una entrada de auditoría")] {
        let page = ask!(service, get(&format!("/audit?organization=lakeside&lang={lang}")));
        assert_eq!(rows(&page), 3);
        assert!(page.text().contains(said), "{}", page.text());
        let filtered = ask!(service, get(&format!("/audit?organization=lakeside&csn=1&lang={lang}")));
        assert_eq!(rows(&filtered), 0);
        assert!(filtered.text().contains(said), "{}", filtered.text());
    }
    overwrite(&kit, "last", |_| b"x".to_vec()).await;
    for (lang, said) in [("en", "<strong>not whole</strong>"), ("es", "<strong>no está íntegra</strong>")] {
        let page = ask!(service, get(&format!("/audit?organization=lakeside&lang={lang}")));
        assert!(page.status == 500 && page.text().contains(said), "{}", page.text());
    }
}
