//! Who may see what: operators' routes by token, by cookie or on the machine itself, and none of them on the public listener where
//! there is another.

use std::collections::BTreeSet;

use serde_json::json;
use vestibule::simulator::people::Landing;

use super::house::{Answer, House, free_port, read};

const TOKEN: &str = "a-token-of-an-operator-1";
const OPERATORS: [&str; 6] = [
    "/api/v1/visits?organization=lakeside",
    "/api/v1/visits/lakeside/10001",
    "/api/v1/notifications?organization=lakeside&csn=10001",
    "/api/v1/openapi.json",
    "/metrics",
    "/ops/stream",
];

#[actix_web::test]
async fn operators_bring_a_token() {
    let house = House::with(&format!(
        "[access]\nmode = \"token\"\ntokens = [\"{TOKEN}\", \"another-token-for-rotation\"]\n"
    ))
    .await;
    for path in OPERATORS {
        for given in
            [None, Some("Bearer wrong-token-wrong-token"), Some("Bearer "), Some("Basic eDp4"), Some(TOKEN)]
        {
            let headers: Vec<(&str, &str)> =
                given.map(|given| ("authorization", given)).into_iter().collect();
            let refused = house.get_with(path, &headers).await;
            // Many wrong tokens in a row are a search.
            assert!(matches!(refused.status, 401 | 429), "{path} {given:?}: {}", refused.status);
            is_problem(&refused);
        }
    }
    house.close().await;

    let house = House::with(&format!(
        "[access]\nmode = \"token\"\ntokens = [\"{TOKEN}\", \"another-token-for-rotation\"]\n"
    ))
    .await;
    for token in [TOKEN, "another-token-for-rotation"] {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        for path in
            ["/api/v1/visits?organization=lakeside", "/metrics", "/ops", "/records", "/api/v1/openapi.json"]
        {
            assert_eq!(house.get_with(path, &headers).await.status, 200, "{path}");
        }
    }
    for open in ["/healthz", "/readyz"] {
        assert_eq!(house.get(open).await.status, 200, "{open} needs no token");
    }
    house.close().await;
}

#[actix_web::test]
async fn people_sign_in_once_and_get_a_cookie() {
    let house = House::with(&format!("[access]\nmode = \"token\"\ntokens = [\"{TOKEN}\"]\n")).await;
    let away = house.get("/ops").await;
    assert_eq!(away.status, 303);
    assert!(away.header("location").starts_with("/sign-in"));
    let form = |token: &str| {
        let request =
            house.http.post(format!("{}/sign-in", house.url)).insert_header(("origin", house.url.as_str()));
        request.send_form(&[("token".to_owned(), token.to_owned()), ("next".to_owned(), "/ops".to_owned())])
    };
    let wrong = read(form("wrong").await).await;
    assert!(wrong.status >= 400 && wrong.header("set-cookie").is_empty(), "{}", wrong.status);
    let signed_in = read(form(TOKEN).await).await;
    assert_eq!(signed_in.status, 303, "{}", signed_in.text());
    let cookie = signed_in.header("set-cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=") && !cookie.contains(TOKEN),
        "{cookie}"
    );
    assert!(!cookie.contains("Secure"), "the public address is plain http");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    assert_eq!(house.get_with("/ops", &[("cookie", &cookie)]).await.status, 200);
    assert_eq!(
        house.get_with("/api/v1/visits?organization=lakeside", &[("cookie", &cookie)]).await.status,
        200
    );
    assert_eq!(house.get_with("/ops", &[("cookie", "vestibule-operator=forged")]).await.status, 303);
    house.close().await;
}

#[actix_web::test]
async fn on_the_machine_itself_only_a_name_of_the_machine_is_taken() {
    let house = House::open().await;
    assert_eq!(house.get("/metrics").await.status, 200);
    for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""] {
        let refused = house.get_with("/metrics", &[("host", host)]).await;
        assert!(matches!(refused.status, 400 | 403), "{host}: {}", refused.status);
    }
    let port = house.url.rsplit(':').next().unwrap();
    assert_eq!(house.get_with("/metrics", &[("host", &format!("localhost:{port}"))]).await.status, 200);
    let foreign = [("origin", "https://evil.example"), ("upgrade", "websocket"), ("connection", "upgrade")];
    assert_eq!(house.get_with("/ops/stream", &foreign).await.status, 403);
    house.close().await;
}

#[actix_web::test]
async fn with_a_listener_of_their_own_operators_are_not_found_on_the_public_one() {
    let internal = free_port();
    let house = House::with(&format!("[server]\ninternal_listen = \"{internal}\"\n")).await;
    let inside =
        async |path: &str| read(house.http.get(format!("http://{internal}{path}")).send().await).await;
    for path in OPERATORS.iter().chain(&["/ops", "/records", "/sign-in"]) {
        assert_eq!(house.get(path).await.status, 404, "{path} on the public listener");
    }
    for path in
        ["/api/v1/visits?organization=lakeside", "/metrics", "/ops", "/records", "/healthz", "/readyz"]
    {
        assert_eq!(inside(path).await.status, 200, "{path} on the internal listener");
    }
    for path in ["/epic/lakeside/jwks.json", "/epic/callback?code=x&state=x", "/visit/x"] {
        assert_eq!(inside(path).await.status, 404, "{path} on the internal listener");
        assert_ne!(house.get(path).await.header("content-type"), "", "{path} on the public listener");
    }
    let mut patient = house.waits("10001", "WPR1").await;
    assert!(!patient.can_join().await);
    let visits = inside("/api/v1/visits?organization=lakeside").await.json();
    assert_eq!(visits["visits"][0]["csn"], "10001");
    house.close().await;
}

#[actix_web::test]
async fn the_open_document_names_what_other_programs_rely_on() {
    let house = House::open().await;
    let document = house.get("/api/v1/openapi.json").await.json();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let paths: BTreeSet<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    for path in [
        "/api/v1/visits",
        "/api/v1/visits/{organization}/{csn}",
        "/api/v1/group-visits/{organization}/{conference_id}",
        "/api/v1/notifications",
        "/epic/{organization}/launch/{kind}",
        "/epic/launch/{kind}",
        "/epic/callback",
        "/epic/{organization}/jwks.json",
        "/zoom/{organization}/webhook",
        "/visit/{ticket}",
        "/visit/{ticket}/events",
        "/visit/{ticket}/join",
        "/ops",
        "/ops/stream",
        "/records",
        "/healthz",
        "/readyz",
        "/metrics",
    ] {
        assert!(paths.contains(path), "{path} of {paths:?}");
    }
    let metrics = house.get("/metrics").await;
    assert!(metrics.header("content-type").starts_with("text/plain"));
    assert!(metrics.text().contains("# TYPE vestibule_"));
    house.close().await;
}

#[actix_web::test]
async fn bad_questions_get_problem_documents_that_say_what_to_change() {
    let house = House::open().await;
    for (path, status) in [
        ("/api/v1/visits/lakeside/99999", 404),
        ("/api/v1/visits/nowhere/10001", 404),
        ("/api/v1/group-visits/lakeside/CONF1", 404),
        ("/api/v1/notifications", 400),
        ("/api/v1/notifications?organization=lakeside", 400),
        ("/api/v1/notifications?organization=lakeside&csn=10001&meeting_id=85012345678", 400),
        ("/api/v1/notifications?organization=lakeside&meeting_id=not-a-number", 400),
        ("/api/v1/notifications?organization=nowhere&csn=1", 404),
        ("/api/v1/visits?organization=lakeside&phase=someday", 400),
        ("/api/v1/visits?organization=lakeside&limit=0", 400),
        ("/api/v1/visits?organization=lakeside&cursor=%00%FF", 400),
        ("/api/v1/nothing", 404),
    ] {
        let answer = house.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        is_problem(&answer);
    }
    let unknown = house.browser().open(&format!("{}/visit/unknown-ticket", house.url)).await.unwrap();
    assert!(matches!(unknown, Landing::Page { status: 404, .. }));
    house.close().await;
}

fn is_problem(answer: &Answer) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.text());
    let problem = answer.json();
    assert_eq!(problem["status"], json!(answer.status));
    assert_eq!(problem["correlation_id"], json!(answer.header("x-correlation-id")));
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{problem}");
}
