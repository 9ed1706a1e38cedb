//! What is said of a request that failed, at each point at which it can.

use super::super::testing::{Reply, Server, nowhere};
use super::*;

async fn get(url: &str, within: Duration) -> Result<Response, NoAnswer> {
    let headers = vec![("x-test", "1".to_owned())];
    let deadline = instant() + within;
    HttpClient::of_this_thread()
        .send(Request { method: Method::GET, url, headers, body: None, deadline })
        .await
}

const LONG: Duration = Duration::from_secs(5);
const SHORT: Duration = Duration::from_millis(150);

#[actix_web::test]
async fn nothing_is_sent_to_nobody() {
    assert_eq!(get(&nowhere().await, LONG).await.unwrap_err(), NoAnswer::NotSent);
    assert_eq!(get("http://", LONG).await.unwrap_err(), NoAnswer::NotSent);
    let server = Server::start(|_| Reply::Close).await;
    assert_eq!(get(&server.base, Duration::ZERO).await.unwrap_err(), NoAnswer::NotSent);
    assert!(server.seen().is_empty());
}

#[actix_web::test]
async fn a_request_that_got_no_answer_is_in_doubt() {
    let server = Server::start(|seen| if seen.target == "/close" { Reply::Close } else { Reply::Hang }).await;
    for (path, within) in [("close", LONG), ("hang", SHORT)] {
        let got = get(&format!("{}/{path}", server.base), within).await;
        assert_eq!(got.unwrap_err(), NoAnswer::InDoubt, "{path}");
    }
}

#[actix_web::test]
async fn an_answer_keeps_its_status_whatever_becomes_of_its_body() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/long" => Reply::With(400, Vec::new(), "x".repeat(LONGEST_BODY + 1)),
        "/full" => Reply::With(200, Vec::new(), "x".repeat(LONGEST_BODY)),
        "/half" => Reply::Half(201),
        _ => Reply::With(302, vec![("location", "http://127.0.0.1:1/".into())], String::new()),
    })
    .await;
    let at = |path: &str| format!("{}/{path}", server.base);
    let long = get(&at("long"), LONG).await.unwrap();
    assert!(long.status == 400 && matches!(long.body, Body::TooLong), "{long:?}");
    let full = get(&at("full"), LONG).await.unwrap();
    assert!(matches!(&full.body, Body::Whole(bytes) if bytes.len() == LONGEST_BODY));
    let half = get(&at("half"), LONG).await.unwrap();
    assert!(half.status == 201 && matches!(half.body, Body::Cut), "{half:?}");
    assert_eq!(half.json(), None);
    let moved = get(&at("moved"), LONG).await.unwrap();
    assert_eq!(moved.status, 302, "a redirect is not followed");
    let seen = server.seen();
    assert_eq!(seen[0].header("user-agent"), Some(USER_AGENT));
    assert_eq!(seen[0].header("x-test"), Some("1"));
}
