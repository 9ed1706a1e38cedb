//! The emergency access: closed unless set up, loud when used, and short.

use sha2::{Digest, Sha256};
use vestibule_actors::memory::{Call, When};
use vestibule_domain::time::Span;

use super::tests::{cookie, form};
use crate::audit::{Chain, ChainId, Deed, Kept};
use crate::http::kit::{Kit, Told, anonymous, ask, get, key, service, waiting};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const PATH: &str = "/sign-in/break-glass";

fn kit() -> Kit {
    Kit::with(&format!("access.break_glass.token = \"{SECRET}\""))
}

fn with(token: &str, reason: &str) -> actix_web::test::TestRequest {
    form(PATH, &[("token", token), ("reason", reason), ("next", "/ops")])
}

async fn deeds(kit: &Kit) -> Vec<Deed> {
    kit.app.audit.settle(std::time::Duration::from_secs(5)).await.unwrap();
    let chain = Chain::new(&kit.app.desk.ports().store, &ChainId::of(None)).unwrap();
    let lines = chain.lines(1).await.unwrap().unwrap_or_default();
    lines.lines().map(|line| Kept::of_line(line).unwrap().0.deed).collect()
}

fn shows_the_banner(page: &Told) -> bool {
    page.text().contains("Emergency access is in use") || page.text().contains("El acceso de emergencia")
}

#[actix_web::test]
async fn whoever_breaks_the_glass_may_do_everything_for_an_hour_and_everybody_knows() {
    let kit = kit();
    let service = service!(kit);
    let visit = waiting(key("10001"));
    kit.commit(&visit.key, Some(&visit)).await;
    let page = ask!(service, anonymous("/sign-in?next=%2Fops"));
    assert!(page.text().contains("href=\"/sign-in/break-glass?next=%2Fops&amp;lang=en\""));
    let page = ask!(service, anonymous("/sign-in/break-glass?next=%2Fops"));
    assert!(page.text().contains("for 1h") && page.text().contains("value=\"/ops\""));
    let told = ask!(service, with(SECRET, "the provider is down"));
    assert_eq!((told.status, told.header("location")), (303, "/ops"));
    assert!(
        told.header("set-cookie").contains("Max-Age=3600") && !told.header("set-cookie").contains(SECRET)
    );
    let signed_in = cookie(&told);
    let by_cookie = |path: &str| anonymous(path).insert_header(signed_in.clone());
    for path in [
        "/ops",
        "/ops?wall=dark",
        "/ops?wall=light&lang=es",
        "/downtime/lakeside",
        "/downtime/lakeside?lang=es",
        "/records",
        "/visits/lakeside/10001",
        "/admin",
        "/admin/lakeside/fdi",
        "/admin/lakeside/fdi?lang=es",
        "/admin/hillside/fdi",
    ] {
        let page = ask!(service, by_cookie(path));
        assert!(page.status == 200 && shows_the_banner(&page), "{path}: {}", page.status);
    }
    for path in ["/ops", "/ops?wall=dark", "/downtime/lakeside"] {
        assert!(!shows_the_banner(&ask!(service, get(path))), "nobody else sees it: {path}");
    }
    assert!(ask!(service, get("/metrics")).text().contains("vestibule_break_glass_sign_ins_total 1\n"));
    let deeds = deeds(&kit).await;
    let told: Vec<_> = deeds
        .iter()
        .filter(|deed| deed.action == "break_glass")
        .map(|it| (it.outcome.as_str(), it.by.as_deref(), it.reason.as_deref()))
        .collect();
    let by = Some("break-glass");
    assert_eq!(told, [("begun", by, Some("the provider is down")), ("done", by, None)]);
    assert!(deeds.iter().any(|deed| deed.action == "records_viewed" || deed.by.as_deref() == by));
    kit.clock.advance(Span::minutes(59));
    // It was in use all the time.
    assert_eq!(ask!(service, by_cookie("/ops")).status, 200);
    kit.clock.advance(Span::minutes(2));
    assert_eq!(ask!(service, by_cookie("/ops")).status, 303);
}

#[actix_web::test]
async fn without_the_secret_or_a_reason_nobody_is_let_in_and_trying_is_slow() {
    let kit = kit();
    let service = service!(kit);
    let told = ask!(service, with(SECRET, " x "));
    assert!(told.status == 400 && told.text().contains("Say why") && told.header("set-cookie").is_empty());
    assert!(!told.text().contains(SECRET), "the secret does not come back");
    let foreign = with(SECRET, "they rang up").insert_header(("origin", "https://evil.example"));
    ask!(service, foreign).problem(403);
    for _ in 0..10 {
        let told = ask!(service, with("wrong", "they rang up"));
        assert!(told.status == 401 && told.text().contains("not the one that is set up"), "{}", told.status);
        assert!(told.text().contains("value=\"they rang up\""), "what was written stays");
    }
    assert_eq!(ask!(service, with("wrong", "they rang up")).status, 429);
    assert_eq!(ask!(service, form("/sign-in", &[("token", "wrong")])).status, 429, "both count together");
    assert!(ask!(service, get("/metrics")).text().contains("vestibule_break_glass_sign_ins_total 0\n"));
    let failed = deeds(&kit).await.iter().filter(|deed| deed.action == "break_glass_failed").count();
    assert_eq!(failed, 10);
    // It is for people, who give a reason.
    let bearer = anonymous("/ops").insert_header(("authorization", format!("Bearer {SECRET}")));
    assert_eq!(ask!(service, bearer).status, 429);
    assert_eq!(ask!(service, form("/sign-in", &[("token", SECRET)])).status, 429);
}

#[actix_web::test]
async fn it_is_not_there_unless_it_is_set_up_and_ends_with_its_setting() {
    let without = Kit::new();
    let none = service!(without);
    ask!(none, anonymous(PATH)).problem(404);
    ask!(none, with(SECRET, "they rang up")).problem(404);
    assert!(!ask!(none, anonymous("/sign-in")).text().contains("break-glass"));

    let hash = hex::encode(Sha256::digest(SECRET.as_bytes()));
    let kit = Kit::with(&format!("access.break_glass.token = \"sha256:{hash}\""));
    let service = service!(kit);
    assert_eq!(ask!(service, with(&hash, "they rang up")).status, 401, "a hash opens nothing");
    let signed_in = cookie(&ask!(service, with(SECRET, "they rang up")));
    let ops = || anonymous("/ops").insert_header(signed_in.clone());
    assert_eq!(ask!(service, ops()).status, 200);
    let mut changed = kit.app.clone();
    changed.settings = std::sync::Arc::new(crate::http::kit::settings(
        "access.break_glass.token = \"another secret that is long enough\"",
    ));
    let changed = Kit { app: changed, store: kit.store.clone(), clock: kit.clock.clone() };
    let changed = service!(changed);
    assert_eq!(ask!(changed, ops()).status, 303);
}

#[actix_web::test]
async fn what_cannot_be_put_on_record_lets_nobody_in() {
    tokio::time::pause();
    let kit = kit();
    let service = service!(kit);
    kit.store.faults().fail_always(Some(Call::OrganizationPut), When::Before);
    let told = ask!(service, with(SECRET, "they rang up"));
    told.problem(503);
    assert_eq!(told.header("set-cookie"), "");
    kit.store.faults().heal();
    assert_eq!(ask!(service, with(SECRET, "they rang up")).status, 303);
}
