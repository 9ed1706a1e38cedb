//! The gateway on HTTP: one address that takes messages as JSON.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::{FakeSms, Refusal, SmsFaultKind};

/// A caller that waits for an answer that never comes is cut off after this long.
const HANG: Duration = Duration::from_secs(120);

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/messages").route(web::post().to(send)));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    to: String,
    text: String,
}

async fn send(request: HttpRequest, order: web::Json<Order>, sms: web::Data<FakeSms>) -> HttpResponse {
    let mut hang = false;
    match sms.meet() {
        None => {}
        Some(SmsFaultKind::Slow { millis }) => {
            actix_web::rt::time::sleep(Duration::from_millis(millis)).await
        }
        Some(SmsFaultKind::DoneThenHang) => hang = true,
        Some(SmsFaultKind::Status { status }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            // Gateways quote what they were sent; nobody may pass that on.
            return HttpResponse::build(status)
                .json(json!({"error": format!("cannot send to {}", order.to)}));
        }
    }
    let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let sent = sms.send(authorization, &order.to, &order.text);
    if hang {
        actix_web::rt::time::sleep(HANG).await;
    }
    match sent {
        Ok(id) => HttpResponse::Accepted().json(json!({"id": id})),
        Err(Refusal::WrongKey) => HttpResponse::Unauthorized().json(json!({"error": "wrong key"})),
        Err(Refusal::BadNumber) => {
            HttpResponse::BadRequest().json(json!({"error": format!("{} is no mobile number", order.to)}))
        }
        Err(Refusal::NoText) => HttpResponse::BadRequest().json(json!({"error": "no text"})),
    }
}
