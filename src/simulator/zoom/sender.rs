//! Sends the events as Zoom does: signed over the raw bytes, three seconds for an answer, retries after 5, 20 and 60 minutes
//! with the same body and request id under a new timestamp and signature.

use std::rc::Rc;
use std::time::Duration;

use aws_lc_rs::hmac;
use tokio::sync::Semaphore;

use super::FakeZoom;
use super::post::{Attempt, CHALLENGE, Fate, Parcel};

/// The subscriber's deadline, by real time.
const DEADLINE: Duration = Duration::from_secs(3);

/// Waits before the retries, each counted from the try before.
const RETRIES: [Duration; 3] =
    [Duration::from_secs(300), Duration::from_secs(1200), Duration::from_secs(3600)];

/// Deliveries under way at once.
const AT_ONCE: usize = 64;

/// `x-zm-signature` of a body.
pub fn signature(secret: &str, timestamp: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("v0:{timestamp}:{body}").as_bytes());
    format!("v0={}", hex::encode(tag.as_ref()))
}

/// Runs until the engine's thread ends.
pub(crate) async fn run(zoom: FakeZoom) {
    let client = awc::Client::builder().timeout(DEADLINE).disable_redirects().finish();
    let places = Rc::new(Semaphore::new(AT_ONCE));
    loop {
        while let Some(parcel) = zoom.post().next() {
            let (zoom, client, places) = (zoom.clone(), client.clone(), Rc::clone(&places));
            actix_web::rt::spawn(async move {
                tokio::time::sleep(Duration::from_millis(parcel.wait_millis)).await;
                deliver(&zoom, &client, &places, &parcel).await;
            });
        }
        zoom.post().news.notified().await;
    }
}

async fn deliver(zoom: &FakeZoom, client: &awc::Client, places: &Semaphore, parcel: &Parcel) {
    let is_challenge = parcel.event == CHALLENGE;
    // A challenge that fails is not sent again; the next one is another.
    let retries = if is_challenge { &[] } else { &RETRIES[..] };
    for (number, retry) in retries.iter().map(Some).chain([None]).enumerate() {
        if !is_challenge && !zoom.post().is_subscribed() {
            return zoom.post().drop_unsent(parcel.number);
        }
        let status = if parcel.missed && number == 0 && retry.is_some() {
            miss(zoom, parcel)
        } else {
            // The semaphore is never closed.
            let _place = places.acquire().await;
            attempt(zoom, client, parcel, retry.is_none()).await
        };
        // Only failures of the server and of the line are tried again.
        if (1..500).contains(&status) {
            return;
        }
        if let Some(wait) = retry {
            tokio::time::sleep(zoom.clock().scaled(*wait)).await;
        }
    }
}

/// A try that is lost on its way: Zoom gets no answer.
fn miss(zoom: &FakeZoom, parcel: &Parcel) -> u16 {
    let attempt = Attempt { at: zoom.clock().now(), status: 0, latency_millis: 0 };
    zoom.post().note(parcel.number, attempt, Fate::Pending);
    0
}

async fn attempt(zoom: &FakeZoom, client: &awc::Client, parcel: &Parcel, last: bool) -> u16 {
    let at = zoom.clock().now();
    let timestamp = at.div_euclid(1000);
    let secret = zoom.account().webhook_secret.as_str();
    let secret = if parcel.spoilt { "somebody-elses-secret" } else { secret };
    let trace = parcel.request_id.replace('_', "");
    let parent = format!("00-{trace}-{}-01", trace.get(..16).unwrap_or_default());
    let request = client
        .post(&zoom.account().webhook_url)
        .insert_header(("content-type", "application/json; charset=utf-8"))
        .insert_header(("user-agent", "Zoom Marketplace/1.0a"))
        .insert_header(("clientid", zoom.account().client_id.as_str()))
        .insert_header(("x-zm-request-id", parcel.request_id.as_str()))
        .insert_header(("x-zm-trackingid", parcel.tracking_id.as_str()))
        .insert_header(("x-zm-request-timestamp", timestamp.to_string()))
        .insert_header(("x-zm-signature", signature(secret, timestamp, &parcel.body)))
        .insert_header(("traceparent", parent));
    let answer = tokio::time::timeout(DEADLINE, request.send_body(parcel.body.clone())).await;
    let status = match answer {
        Ok(Ok(mut response)) => {
            let status = response.status().as_u16();
            if parcel.event == CHALLENGE {
                let body = response.body().limit(64 * 1024).await.unwrap_or_default();
                zoom.note_validation(&parcel.body, status, &body);
            }
            status
        }
        _ => {
            if parcel.event == CHALLENGE {
                zoom.note_validation(&parcel.body, 0, &[]);
            }
            0
        }
    };
    let fate = match status {
        200..=299 => Fate::Delivered,
        0 | 500.. if last => Fate::GivenUp,
        0 | 500.. => Fate::Pending,
        _ => Fate::Refused,
    };
    let latency_millis = zoom.clock().now() - at;
    zoom.post().note(parcel.number, Attempt { at, status, latency_millis }, fate);
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_published_scheme() {
        let body = r#"{"event":"meeting.started","payload":{"object":{"topic":"Visita — Peña"}}}"#;
        assert_eq!(
            signature("zoom-test-secret", 1_626_230_692, body),
            "v0=f1d6260fee564a98876a462a10ae20d9cfb3497c10124425c332883aca72449c"
        );
        let other = r#"{"event": "meeting.started",  "event_ts":1626230691572,"payload":{"object":{"id":1234567890}}}"#;
        assert_eq!(
            signature("zoom-test-secret", 1_626_230_692, other),
            "v0=d276427cf7472a7391c4d684114dbbbeeef92fed8dd12c2f0ee6509682c40da9"
        );
    }
}
