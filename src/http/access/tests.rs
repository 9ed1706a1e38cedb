//! Who is let in, over whole requests.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use vestibule_actors::memory::When;
use vestibule_domain::time::Span;

use super::COOKIE;
use crate::http::kit::{Kit, TOKEN, Told, anonymous, ask, get, service};

const GUARDED: [&str; 8] = [
    "/ops",
    "/ops/stream",
    "/records",
    "/metrics",
    "/api/v1/visits",
    "/api/v1/visits/lakeside/1",
    "/api/v1/openapi.json",
    "/api/v1/no-such-thing",
];
const OPEN: [&str; 4] = ["/", "/healthz", "/readyz", "/sign-in"];

pub(super) fn form(path: &str, fields: &[(&str, &str)]) -> TestRequest {
    anonymous(path).method(Method::POST).set_form(fields)
}

/// The cookie of an answer, as a browser sends it back.
pub(super) fn cookie(told: &Told) -> (&'static str, String) {
    ("cookie", told.header("set-cookie").split(';').next().unwrap().to_owned())
}

#[actix_web::test]
async fn without_a_sign_in_pages_lead_to_it_and_programs_are_told() {
    let kit = Kit::new();
    let service = service!(kit);
    for path in GUARDED {
        let told = ask!(service, anonymous(path));
        if ["/ops", "/records"].contains(&path) {
            assert_eq!(told.status, 303, "{path}");
            assert!(told.header("location").starts_with("/sign-in?next=%2F"), "{path}");
        } else {
            assert!(told.problem(401).contains("/sign-in"), "{path}");
            assert!(told.header("www-authenticate").starts_with("Bearer"), "{path}");
        }
    }
    let told = ask!(service, anonymous("/records?organization=lakeside&csn=1"));
    assert_eq!(told.header("location"), "/sign-in?next=%2Frecords%3Forganization%3Dlakeside%26csn%3D1");
    let told = ask!(service, anonymous("/ops").insert_header(("authorization", "Bearer wrong")));
    told.problem(401);
    for path in OPEN {
        assert_ne!(ask!(service, anonymous(path)).status, 401, "{path}");
    }
}

#[actix_web::test]
async fn a_token_opens_everything() {
    let kit = Kit::new();
    let service = service!(kit);
    for path in ["/ops", "/records", "/metrics", "/api/v1/visits", "/api/v1/openapi.json"] {
        assert_eq!(ask!(service, get(path)).status, 200, "{path}");
        let other = anonymous(path).insert_header(("authorization", "bearer another token"));
        assert_eq!(ask!(service, other).status, 200, "{path}");
    }
    for bad in ["Bearer", "Bearer ", "Basic dXNlcjpwYXNz", TOKEN, "Bearer correct horse"] {
        ask!(service, anonymous("/metrics").insert_header(("authorization", bad))).problem(401);
    }
}

#[actix_web::test]
async fn without_tokens_nobody_is_let_in() {
    let kit = Kit::with("access.tokens = []");
    let service = service!(kit);
    ask!(service, get("/metrics")).problem(401);
    ask!(service, anonymous("/metrics").insert_header(("authorization", "Bearer "))).problem(401);
    assert_eq!(ask!(service, form("/sign-in", &[("token", "")])).status, 401);
}

#[actix_web::test]
async fn a_person_signs_in_works_and_signs_out() {
    let kit = Kit::new();
    let service = service!(kit);
    let page = ask!(service, anonymous("/sign-in?next=%2Frecords"));
    assert!(page.text().contains("value=\"/records\""));
    assert_eq!(page.header("referrer-policy"), "same-origin");

    let told = ask!(service, form("/sign-in", &[("token", TOKEN), ("next", "/records")]));
    assert_eq!((told.status, told.header("location")), (303, "/records"));
    let set = told.header("set-cookie");
    for part in [COOKIE, "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(set.contains(part), "{part} in {set}");
    }
    assert!(!set.contains("Secure"), "the public address is http");
    assert!(!set.contains("correct"), "the token is not in the cookie");

    let page = ask!(service, anonymous("/records").insert_header(cookie(&told)));
    assert_eq!(page.status, 200);
    assert!(page.text().contains("/sign-out"));
    assert_eq!(ask!(service, anonymous("/api/v1/visits").insert_header(cookie(&told))).status, 200);

    let out = ask!(service, form("/sign-out", &[]).insert_header(cookie(&told)));
    assert_eq!((out.status, out.header("location")), (303, "/sign-in"));
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    ask!(service, anonymous("/api/v1/visits").insert_header(cookie(&told))).problem(401);
}

#[actix_web::test]
async fn a_session_ends_by_itself_and_with_its_token() {
    let kit = Kit::new();
    let service = service!(kit);
    let told = ask!(service, form("/sign-in", &[("token", "another token")]));
    assert_eq!(told.header("location"), "/");
    let mut fewer = kit.app.clone();
    fewer.settings =
        std::sync::Arc::new(crate::http::kit::settings("access.tokens = [\"correct horse battery staple\"]"));
    let without_token = Kit { app: fewer, store: kit.store.clone(), clock: kit.clock.clone() };
    let without_token = service!(without_token);
    let visits = || anonymous("/api/v1/visits").insert_header(cookie(&told));
    ask!(without_token, visits()).problem(401);
    assert_eq!(ask!(service, visits()).status, 200);
    kit.clock.advance(Span::hours(13));
    ask!(service, visits()).problem(401);
    ask!(service, anonymous("/metrics").insert_header(("cookie", format!("{COOKIE}=made-up")))).problem(401);
}

#[actix_web::test]
async fn the_cookie_is_secure_where_the_public_address_is() {
    let kit = Kit::with("server.public_url = \"https://video.example.org\"");
    let service = service!(kit);
    let told = ask!(service, form("/sign-in", &[("token", TOKEN)]));
    assert!(told.header("set-cookie").contains("; Secure"));
}

#[actix_web::test]
async fn a_sign_in_never_leads_away_and_a_wrong_token_gets_the_page_again() {
    let kit = Kit::new();
    let service = service!(kit);
    let told = ask!(service, form("/sign-in", &[("token", TOKEN), ("next", "//evil.example")]));
    assert_eq!(told.header("location"), "/");
    let told = ask!(service, form("/sign-in", &[("token", "wrong"), ("next", "/ops")]));
    assert_eq!(told.status, 401);
    assert!(told.text().contains("not valid") && told.text().contains("value=\"/ops\""));
    assert_eq!(told.header("set-cookie"), "");
}

#[actix_web::test]
async fn forms_and_streams_of_other_sites_are_refused() {
    let kit = Kit::new();
    let service = service!(kit);
    let told = ask!(service, form("/sign-in", &[("token", TOKEN)]));
    let signed_in = cookie(&told);
    let foreign = ("origin", "https://evil.example");
    for path in ["/sign-in", "/sign-out"] {
        let request = form(path, &[("token", TOKEN)]).insert_header(foreign).insert_header(signed_in.clone());
        ask!(service, request).problem(403);
    }
    let stream = || {
        anonymous("/ops/stream")
            .insert_header(("connection", "upgrade"))
            .insert_header(("upgrade", "websocket"))
            .insert_header(("sec-websocket-version", "13"))
            .insert_header(("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="))
            .insert_header(signed_in.clone())
    };
    ask!(service, stream().insert_header(foreign)).problem(403);
    let own = stream().insert_header(("origin", "http://video.example.org"));
    assert_eq!(
        crate::http::kit::status(actix_web::dev::Service::call(&service, own.to_request()).await),
        101
    );
}

#[actix_web::test]
async fn wrong_tokens_are_slowed_down_and_right_ones_never_shut_out() {
    let kit = Kit::new();
    let service = service!(kit);
    let signed_in = cookie(&ask!(service, form("/sign-in", &[("token", TOKEN)])));
    let wrong = || anonymous("/metrics").insert_header(("authorization", "Bearer wrong"));
    for _ in 0..10 {
        ask!(service, wrong()).problem(401);
    }
    let told = ask!(service, wrong());
    told.problem(429);
    assert!(told.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert_eq!(ask!(service, form("/sign-in", &[("token", "wrong")])).status, 429);
    // Behind one proxy everybody has the same address, the scraper beside whoever tries tokens.
    assert_eq!(ask!(service, get("/metrics")).status, 200);
    assert_eq!(ask!(service, form("/sign-in", &[("token", TOKEN)])).status, 303);
    assert_eq!(ask!(service, anonymous("/metrics").insert_header(signed_in)).status, 200);
    let elsewhere = wrong().peer_addr(([198, 51, 100, 9], 1).into());
    ask!(service, elsewhere).problem(401);
    kit.clock.advance(Span::minutes(2));
    ask!(service, wrong()).problem(401);
}

#[actix_web::test]
async fn behind_a_proxy_that_is_trusted_each_address_is_slowed_by_itself() {
    let kit = Kit::with("server.trusted_proxies = [\"192.0.2.7\"]");
    let service = service!(kit);
    let wrong = |from: &'static str| {
        anonymous("/metrics")
            .insert_header(("authorization", "Bearer wrong"))
            .insert_header(("x-forwarded-for", from))
    };
    for _ in 0..10 {
        ask!(service, wrong("10.9.9.9, 198.51.100.9")).problem(401);
    }
    ask!(service, wrong("10.8.8.8, 198.51.100.9")).problem(429);
    ask!(service, wrong("10.9.9.9, 203.0.113.5")).problem(401);
    let by_another = |from| wrong(from).peer_addr(([192, 0, 2, 8], 1).into());
    for last in ["203.0.113.6", "203.0.113.7"].repeat(5) {
        ask!(service, by_another(last)).problem(401);
    }
    ask!(service, by_another("203.0.113.8")).problem(429);
}

#[actix_web::test]
async fn in_loopback_mode_only_the_machine_itself_is_let_in_under_its_own_name() {
    let kit = Kit::with("access.mode = \"loopback\"");
    let service = service!(kit);
    let local = |host: &'static str, ip: [u8; 4]| {
        TestRequest::with_uri("/api/v1/visits").peer_addr((ip, 4711).into()).insert_header(("host", host))
    };
    assert_eq!(ask!(service, local("localhost:8080", [127, 0, 0, 1])).status, 200);
    assert_eq!(ask!(service, local("127.0.0.1:8080", [127, 0, 0, 1])).status, 200);
    ask!(service, local("evil.example", [127, 0, 0, 1])).problem(403);
    ask!(service, local("localhost:8080", [192, 0, 2, 1])).problem(403);
    ask!(service, get("/api/v1/visits")).problem(403);
    let nobody = TestRequest::with_uri("/api/v1/visits").insert_header(("host", "localhost"));
    ask!(service, nobody).problem(403);
    let told = ask!(service, anonymous("/sign-in?next=%2Fops"));
    assert_eq!((told.status, told.header("location")), (303, "/ops"));
    let behind = Kit::with("access.mode = \"loopback\"\nserver.trusted_proxies = [\"127.0.0.1\"]");
    let service = service!(behind);
    assert_eq!(ask!(service, local("localhost:8080", [127, 0, 0, 1])).status, 200);
    let by_proxy = local("localhost:8080", [127, 0, 0, 1]).insert_header(("x-forwarded-for", "192.0.2.1"));
    ask!(service, by_proxy).problem(403);
}

#[actix_web::test]
async fn a_store_that_does_not_answer_signs_nobody_out() {
    let kit = Kit::new();
    let service = service!(kit);
    let signed_in = cookie(&ask!(service, form("/sign-in", &[("token", TOKEN)])));
    kit.store.faults().fail_always(None, When::Before);
    let told = ask!(service, anonymous("/ops").insert_header(signed_in.clone()));
    told.problem(503);
    assert_eq!(ask!(service, get("/ops")).status, 200, "a token needs no store");
    ask!(service, form("/sign-in", &[("token", TOKEN)])).problem(503);
    kit.store.faults().heal();
    assert_eq!(ask!(service, anonymous("/ops").insert_header(signed_in)).status, 200);
}

#[actix_web::test]
async fn a_form_that_is_too_large_or_none_is_told_so() {
    let kit = Kit::with("limits.request_body_bytes = 1024");
    let service = service!(kit);
    let large = "x".repeat(4096);
    ask!(service, form("/sign-in", &[("token", &large)])).problem(413);
    ask!(service, form("/sign-in", &[("tok", "x")])).problem(400);
    let json = anonymous("/sign-in").method(Method::POST).set_json(["x"]);
    assert!(ask!(service, json).problem(400).contains("x-www-form-urlencoded"));
}
