//! What a gateway is sent, and what its answers mean.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::http::kit::settings;
use crate::outbound::testing::{Reply, Seen, Server, nowhere};
use crate::settings::Settings;

const LINK: &str = "https://video.example.org/epic/lakeside/launch/guest?link=a.b&x=\"1\"";

fn configured(more: &str) -> Settings {
    settings(&format!(
        "[organization.lakeside]\nname = \"Lakeside \\\"Health\\\" & Co\"\n[organization.lakeside.sms]\n{more}"
    ))
}

async fn sent_by(settings: &Settings) -> Outcome {
    let lakeside = settings.organization("lakeside").unwrap().1;
    let phone = PhoneNumber::read("+13125550123", None).unwrap();
    let message = Message { phone: &phone, link: LINK };
    send(lakeside, lakeside.sms.as_ref().unwrap(), &message).await
}

async fn answered(reply: impl Fn(&Seen) -> Reply + 'static, more: &str) -> (Outcome, Vec<Seen>) {
    let gateway = Server::start(reply).await;
    let body = r#"body = '{"to": "{phone}", "text": "{text}"}'"#;
    let url = format!("url = \"{}/send?v=1\"\n{body}\n{more}", gateway.base);
    let outcome = sent_by(&configured(&url)).await;
    (outcome, gateway.seen())
}

fn took(status: u16) -> impl Fn(&Seen) -> Reply {
    move |_| Reply::Json(status, json!({"id": "m1"}))
}

#[actix_web::test]
async fn e48_json_is_sent_with_its_headers_and_whatever_is_filled_in_stays_a_text() {
    let headers = "headers = { Authorization = \"Bearer key\", X-Api-Key = \"k2\" }";
    let (outcome, seen) = answered(took(202), headers).await;
    assert_eq!(outcome, Outcome::Sent);
    let [seen] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/send?v=1"));
    assert_eq!((seen.header("authorization"), seen.header("x-api-key")), (Some("Bearer key"), Some("k2")));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.json()["to"], "+13125550123");
    let text = seen.json()["text"].as_str().unwrap().to_owned();
    assert!(text.contains(LINK) && text.starts_with("Lakeside \"Health\" & Co"), "{text}");
}

#[actix_web::test]
async fn e48_a_form_is_sent_with_what_is_filled_in_encoded() {
    let gateway = Server::start(took(200)).await;
    let more = format!(
        "url = \"{}\"\nmethod = \"PUT\"\ncontent = \"form\"\nbody = \"To={{phone_digits}}&Body={{text}}&From=%2B1555\"\n\
         text = \"{{organization}}: {{link}}\"",
        gateway.base
    );
    assert_eq!(sent_by(&configured(&more)).await, Outcome::Sent);
    let seen = gateway.seen().remove(0);
    assert_eq!(
        (seen.method.as_str(), seen.header("content-type")),
        ("PUT", Some("application/x-www-form-urlencoded"))
    );
    assert_eq!(seen.form("To").as_deref(), Some("13125550123"));
    assert_eq!(seen.form("From").as_deref(), Some("+1555"));
    assert_eq!(seen.form("Body"), Some(format!("Lakeside \"Health\" & Co: {LINK}")));
}

#[actix_web::test]
async fn e48_what_an_answer_means_follows_from_its_status() {
    for (status, outcome) in [
        (200, Outcome::Sent),
        (202, Outcome::Sent),
        (302, Outcome::Refused(302)),
        (400, Outcome::Refused(400)),
        (401, Outcome::Refused(401)),
        (429, Outcome::Refused(429)),
        (503, Outcome::Refused(503)),
        (408, Outcome::InDoubt),
        (500, Outcome::InDoubt),
        (504, Outcome::InDoubt),
    ] {
        assert_eq!(answered(took(status), "").await.0, outcome, "{status}");
    }
    let only = "sent_statuses = [\"202\"]";
    assert_eq!(answered(took(202), only).await.0, Outcome::Sent);
    assert_eq!(answered(took(200), only).await.0, Outcome::Refused(200));
    assert_eq!(answered(|_| Reply::Half(202), "").await.0, Outcome::Sent, "its words are not needed");
}

#[actix_web::test]
async fn e48_without_an_answer_a_message_may_have_been_sent_and_is_not_sent_again() {
    let (outcome, seen) = answered(|_| Reply::Hang, "timeout = \"500ms\"").await;
    assert_eq!((outcome, seen.len()), (Outcome::InDoubt, 1));
    let (outcome, seen) = answered(|_| Reply::Close, "").await;
    assert_eq!((outcome, seen.len()), (Outcome::InDoubt, 1));
    let slow = |_: &Seen| Reply::Slow(Duration::from_millis(100), json!({}));
    assert_eq!(answered(slow, "timeout = \"5s\"").await.0, Outcome::Sent);
    let more = format!("url = \"{}\"\nbody = '[\"{{phone}}{{link}}\"]'", nowhere().await);
    assert_eq!(sent_by(&configured(&more)).await, Outcome::NotReached);
}

#[actix_web::test]
async fn e48_the_message_speaks_the_organizations_language() {
    let gateway = Server::start(took(200)).await;
    let more = format!(
        "url = \"{}\"\nbody = '[\"{{phone}}\", \"{{text}}\"]'\n[organization.lakeside]\ndefault_language = \"es\"",
        gateway.base
    );
    let settings = settings(&format!("[organization.lakeside.sms]\n{more}"));
    assert_eq!(sent_by(&settings).await, Outcome::Sent);
    let text = gateway.seen().remove(0).json()[1].as_str().unwrap().to_owned();
    assert!(text.contains("visita por video") && text.ends_with(LINK), "{text}");
}
