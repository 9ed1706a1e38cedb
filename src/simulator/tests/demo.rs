//! The demo's pages and switchboard over HTTP.

use serde_json::{Value, json};

use super::super::epic::EpicFaultKind;
use super::{fakes, read};

async fn call(url: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
    let http = awc::Client::default();
    let request = http.request(method.parse().expect("a method"), format!("{url}{path}"));
    read(request.send_json(&body).await.expect("an answer")).await
}

#[actix_web::test]
async fn pages_hold_nothing_inline_and_forbid_what_is_foreign() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let http = awc::Client::default();
    for path in
        ["/", "/zoom/j/850?pwd=x", "/zoom/s/850?zak=x", "/demo/open/patient/10001/WPR1", "/demo/phone"]
    {
        let mut response = http.get(format!("{}{path}", fakes.url())).send().await.expect("an answer");
        let policy = response.headers().get("content-security-policy").and_then(|value| value.to_str().ok());
        assert!(
            policy.is_some_and(|policy| policy.contains("default-src 'none'") && !policy.contains("unsafe"))
        );
        let body = response.body().await.expect("a body");
        let page = String::from_utf8_lossy(&body).into_owned();
        for part in page.split("src=\"").skip(1).chain(page.split("rel=\"stylesheet\" href=\"").skip(1)) {
            let source = part.split('"').next().expect("a source");
            assert!(source.starts_with('/'), "{path}: {source} is foreign");
            let asset = http.get(format!("{}{source}", fakes.url())).send().await.expect("an answer");
            assert_eq!(asset.status(), 200, "{path}: {source}");
        }
        assert!(
            !page.contains("<style") && !page.contains(" style=") && !page.contains(" onclick="),
            "{path}"
        );
        assert!(!page.contains("<script>"), "{path}");
    }
    fakes.stop().await;
}

#[actix_web::test]
async fn switches_do_what_they_say_and_refuse_what_they_do_not_know() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let url = fakes.url();
    let fault = json!({"call": "status", "kind": "too_many", "retry_after": 5});
    assert_eq!(call(url, "POST", "/demo/api/epic/faults", fault).await.0, 204);
    assert_eq!(
        fakes.epic().faults().first().map(|fault| fault.fault.clone()),
        Some(EpicFaultKind::TooMany { retry_after: 5 })
    );
    assert_eq!(call(url, "DELETE", "/demo/api/epic/faults", Value::Null).await.0, 204);
    assert!(fakes.epic().faults().is_empty());
    assert_eq!(call(url, "PUT", "/demo/api/zoom/weather", json!({"duplicate": 1.0})).await.0, 204);
    assert!(fakes.zoom().weather().duplicate > 0.9);
    assert_eq!(
        call(url, "PUT", "/demo/api/zoom/weather", json!({"dupplicate": 1.0})).await.0,
        400,
        "a slip is no switch"
    );
    assert_eq!(call(url, "POST", "/demo/api/epic/faults", json!({"kind": "explode"})).await.0, 400);
    assert_eq!(call(url, "POST", "/demo/api/zoom/explode", Value::Null).await.0, 404);
    let morning = json!({"visits": 0, "speed": 1.0});
    assert_eq!(call(url, "POST", "/demo/api/people/morning", morning).await.0, 400);
    fakes.stop().await;
}

#[actix_web::test]
async fn the_day_shows_lights_and_every_click_is_another_launch() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let (_, day) = call(fakes.url(), "GET", "/demo/api/day", Value::Null).await;
    let visits = day["visits"].as_array().expect("visits");
    assert_eq!(visits.len(), 6);
    assert_eq!(visits[0]["green"], false);
    let path = visits[0]["patient"]["launch"].as_str().expect("a path").to_owned();
    let http = awc::Client::builder().disable_redirects().finish();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let response = http.get(format!("{}{path}", fakes.url())).send().await.expect("an answer");
        seen.push(response.headers().get("location").expect("a launch").to_str().expect("text").to_owned());
    }
    assert!(
        seen[0].starts_with("http://127.0.0.1:1/epic/lakeside/launch/patient?iss=") && seen[0] != seen[1]
    );
    let stranger =
        http.get(format!("{}/demo/launch/patient/10001/WPR2", fakes.url())).send().await.expect("an answer");
    assert_eq!(stranger.status(), 404);
    let crash = json!({"csn": "10001", "external_id": "WPR1"});
    assert_eq!(call(fakes.url(), "POST", "/demo/api/people/crash", crash).await.0, 409, "nobody is in Zoom");
    fakes.stop().await;
}
