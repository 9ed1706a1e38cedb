//! The gateway for text messages: what it takes, what it refuses, and what it does when it misbehaves.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::sms::{SmsFault, SmsFaultKind};
use super::{fakes, read};

const TO: &str = "+13125550123";

async fn send(url: &str, key: &str, body: &Value) -> (u16, Value) {
    let request = awc::Client::default().post(format!("{url}/sms/messages")).bearer_auth(key);
    read(request.send_json(body).await.expect("an answer")).await
}

#[actix_web::test]
async fn a_message_is_sent_for_whoever_has_the_key_and_to_numbers_that_can_be() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let (url, key) = (fakes.url(), "demo-sms-key");
    let good = json!({"to": TO, "text": "hello"});
    assert_eq!(send(url, key, &good).await.0, 202);
    assert_eq!(send(url, "another", &good).await.0, 401);
    for to in ["3125550123", "+1", "+15005550001", "+0123456789", "+1312555012345678", ""] {
        assert_eq!(send(url, key, &json!({"to": to, "text": "hello"})).await.0, 400, "{to}");
    }
    assert_eq!(send(url, key, &json!({"to": TO, "text": " "})).await.0, 400);
    assert_eq!(send(url, key, &json!({"to": TO})).await.0, 400);
    let sent = fakes.sms().messages();
    assert_eq!(
        sent.iter().map(|one| (one.to.as_str(), one.text.as_str())).collect::<Vec<_>>(),
        [(TO, "hello")]
    );
    fakes.stop().await;
}

#[actix_web::test]
async fn a_fault_is_met_as_often_as_it_says() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let (url, good) = (fakes.url(), json!({"to": TO, "text": "hello"}));
    let fault = |fault| SmsFault { times: Some(1), fault };
    assert!(fakes.sms().add_fault(fault(SmsFaultKind::Status { status: 500 })));
    assert!(fakes.sms().add_fault(fault(SmsFaultKind::Slow { millis: 1 })));
    assert!(fakes.sms().add_fault(fault(SmsFaultKind::DoneThenHang)));
    assert_eq!(send(url, "demo-sms-key", &good).await.0, 500);
    assert_eq!(send(url, "demo-sms-key", &good).await.0, 202);
    let hangs = tokio::time::timeout(Duration::from_millis(300), send(url, "demo-sms-key", &good)).await;
    assert!(hangs.is_err(), "no answer comes");
    assert_eq!((fakes.sms().messages().len(), fakes.sms().calls()), (2, 3), "and it was sent all the same");
    assert!(fakes.sms().faults().is_empty());
    fakes.stop().await;
}
