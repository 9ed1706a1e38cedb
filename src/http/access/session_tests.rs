//! How sessions end, and that no page of another site can use one.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use vestibule_actors::memory::{Call, When};
use vestibule_actors::port::store::Space;
use vestibule_domain::time::Span;

use super::tests::{cookie, form};
use super::{COOKIE, SessionKey, Who};
use crate::http::kit::{Kit, NOW, TOKEN, anonymous, ask, get, key, service, waiting};
use crate::identity::Named;

#[actix_web::test]
async fn a_session_ends_without_use_and_goes_on_with_it() {
    let kit = Kit::new();
    let service = service!(kit);
    let signed_in = || form("/sign-in", &[("token", TOKEN)]);
    let (used, unused) = (cookie(&ask!(service, signed_in())), cookie(&ask!(service, signed_in())));
    let visits = |cookie: &(&'static str, String)| anonymous("/api/v1/visits").insert_header(cookie.clone());
    for _ in 0..4 {
        kit.clock.advance(Span::minutes(20));
        assert_eq!(ask!(service, visits(&used)).status, 200);
    }
    ask!(service, visits(&unused)).problem(401);
    // A store that takes no writes signs nobody out before their time.
    kit.store.faults().fail_always(Some(Call::Put), When::Before);
    kit.clock.advance(Span::minutes(20));
    assert_eq!(ask!(service, visits(&used)).status, 200);
    kit.store.faults().heal();
    for _ in 0..40 {
        ask!(service, visits(&used));
        kit.clock.advance(Span::minutes(20));
    }
    ask!(service, visits(&used)).problem(401);
}

#[actix_web::test]
async fn a_use_brings_no_session_back_and_a_new_one_ends_the_old() {
    let kit = Kit::new();
    let service = service!(kit);
    let first = cookie(&ask!(service, form("/sign-in", &[("token", TOKEN)])));
    let again = form("/sign-in", &[("token", TOKEN)]).insert_header(first.clone());
    let second = cookie(&ask!(service, again));
    assert_ne!(first, second);
    ask!(service, anonymous("/api/v1/visits").insert_header(first)).problem(401);
    let request = TestRequest::get().insert_header(second.clone()).to_http_request();
    let session = SessionKey::of_request(&request, &kit.app.settings).unwrap();
    kit.clock.advance(Span::minutes(5));
    ask!(service, form("/sign-out", &[]).insert_header(second.clone()));
    session.note_use(&kit.app).await.unwrap();
    ask!(service, anonymous("/api/v1/visits").insert_header(second)).problem(401);
}

/// While nodes of two releases run, whoever signed in at one of before is signed in at ours.
#[actix_web::test]
async fn a_session_of_the_release_before_is_read() {
    use sha2::{Digest, Sha256};
    let kit = Kit::new();
    let service = service!(kit);
    let of = |text: &str| hex::encode(Sha256::digest(text.as_bytes()));
    let stored = format!("{{\"token\":\"{}\"}}", of(TOKEN)).into_bytes();
    let store = &kit.app.desk.ports().store;
    store.put(Space::Session, &of("a value"), stored, Span::hours(12)).await.unwrap();
    kit.clock.advance(Span::hours(11));
    let old = anonymous("/api/v1/visits").insert_header(("cookie", format!("{COOKIE}=a value")));
    assert_eq!(ask!(service, old).status, 200);
}

#[actix_web::test]
async fn over_https_no_neighbour_can_plant_a_session() {
    let kit = Kit::with("server.public_url = \"https://video.example.org\"");
    let service = service!(kit);
    let told = ask!(service, form("/sign-in", &[("token", TOKEN)]));
    let set = told.header("set-cookie");
    assert!(
        set.starts_with("__Host-vestibule_session=") && set.contains("Path=/") && set.contains("Secure"),
        "{set}"
    );
    let (name, value) = cookie(&told);
    assert_eq!(ask!(service, anonymous("/ops").insert_header((name, value.clone()))).status, 200);
    let planted = value.replace("__Host-", "");
    assert_eq!(ask!(service, anonymous("/ops").insert_header((name, planted))).status, 303);
}

/// A board that was opened with it is asked again and again whether its reader may stay.
#[actix_web::test]
async fn a_program_stays_no_longer_than_its_token() {
    let kit = Kit::with(
        "access = {mode = \"jwt\", jwt = {issuer = \"i\", audience = \"a\", jwks_url = \"http://127.0.0.1:1\"}}",
    );
    let named = Named { name: "board".to_owned(), values: Vec::new(), until: NOW + Span::minutes(5) };
    let who = Who::of_issuer(&named, &kit.app.settings.access).unwrap();
    assert_eq!(who.name(), "jwt:board");
    assert!(who.may_stay(&kit.app).await);
    kit.clock.advance(Span::minutes(5));
    assert!(!who.may_stay(&kit.app).await);
}

#[actix_web::test]
async fn an_act_by_cookie_has_to_come_from_our_own_page() {
    let kit = Kit::new();
    let service = service!(kit);
    let visit = waiting(key("10001"));
    kit.commit(&visit.key, Some(&visit)).await;
    let signed_in = cookie(&ask!(service, form("/sign-in", &[("token", TOKEN)])));
    let act = || form("/visits/lakeside/10001/end", &[("reason", "they rang up")]);
    let by_cookie = || act().insert_header(signed_in.clone());
    for foreign in [
        by_cookie(),
        by_cookie().insert_header(("origin", "https://evil.example")),
        by_cookie().insert_header(("origin", "null")),
        by_cookie().insert_header(("sec-fetch-site", "cross-site")),
        by_cookie().insert_header(("sec-fetch-site", "same-site")),
    ] {
        ask!(service, foreign).problem(403);
    }
    for own in [
        by_cookie().insert_header(("origin", "http://video.example.org")),
        by_cookie().insert_header(("sec-fetch-site", "same-origin")),
        // A program has a token of its own and no page.
        get("/visits/lakeside/10001/end").method(Method::POST).set_form([("reason", "they rang up")]),
    ] {
        assert_eq!(ask!(service, own).status, 303);
    }
}

#[actix_web::test]
async fn no_staff_page_can_be_framed() {
    let kit = Kit::with("access.break_glass.token = \"0123456789abcdef0123456789abcdef\"");
    let service = service!(kit);
    let visit = waiting(key("10001"));
    kit.commit(&visit.key, Some(&visit)).await;
    for path in [
        "/",
        "/sign-in",
        "/sign-in/break-glass",
        "/ops",
        "/records",
        "/visits/lakeside/10001",
        "/admin",
        "/admin/lakeside/fdi",
        "/admin/nowhere/fdi",
        "/no/such/page",
    ] {
        let told = ask!(service, get(path).insert_header(("accept", "text/html")));
        let policy = told.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(told.header("x-frame-options"), "DENY", "{path}");
    }
    let wrong = ask!(service, form("/sign-in", &[("token", "wrong")]));
    assert_eq!((wrong.status, wrong.header("x-frame-options")), (401, "DENY"));
}
