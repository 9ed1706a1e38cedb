//! `POST /zoom/{organization}/webhook`: Zoom's events. 200 only when the event is durable; 503 when it cannot be, so that Zoom sends it again.

use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::time::timeout;
use vestibule_actors::port::clock::instant;
use vestibule_actors::port::store::Routed;
use vestibule_domain::fact::Fact;
use vestibule_domain::id::OrganizationId;

use super::app::App;
use crate::settings::Organization;
use crate::zoom::webhook::{self, Refused, Request, Understood};

/// Registers the route.
pub fn configure(config: &mut web::ServiceConfig) {
    config.route("/zoom/{organization}/webhook", web::post().to(receive));
}

async fn receive(app: web::Data<App>, request: HttpRequest, organization: web::Path<String>, payload: web::Payload) -> HttpResponse {
    let began = instant();
    let answered = answer(&app, &request, &organization, payload).await;
    app.metrics.webhook(answered.event, answered.response.status().as_u16(), began.elapsed());
    answered.response
}

/// An answer, with the name of the event where it is one that we know.
struct Answered {
    event: &'static str,
    response: HttpResponse,
}

impl Answered {
    fn new(event: &'static str, response: HttpResponse) -> Self {
        Self { event, response }
    }

    fn unread(response: HttpResponse) -> Self {
        Self::new("unread", response)
    }
}

async fn answer(app: &App, request: &HttpRequest, organization: &str, payload: web::Payload) -> Answered {
    let Some((id, organization)) = app.settings.organization(organization) else {
        return Answered::unread(HttpResponse::NotFound().finish());
    };
    let Ok(_permit) = app.limits.webhooks.try_acquire() else {
        app.metrics.refused("webhooks");
        return Answered::unread(come_again());
    };
    let body = match read_body(payload, app.settings.limits.webhook_body_bytes).await {
        Ok(body) => body,
        Err(response) => return Answered::unread(response),
    };
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let ports = app.desk.ports();
    let received = Request {
        body: &body,
        signature: header("x-zm-signature"),
        timestamp: header("x-zm-request-timestamp"),
        received_at: ports.clock.now(),
    };
    let accounts = app.zoom.account(id);
    let Some(account) = accounts else { return Answered::unread(HttpResponse::NotFound().finish()) };
    match account.webhook().understand(&received) {
        Ok(understood) => handle(app, id, organization, understood).await,
        Err(refused) => refuse(&refused, &body),
    }
}

/// Nothing of a bad body is kept but its size and hash.
fn refuse(refused: &Refused, body: &Bytes) -> Answered {
    use sha2::{Digest, Sha256};
    let hash = hex::encode(Sha256::digest(body));
    match refused {
        Refused::Signature => {
            tracing::warn!(bytes = body.len(), hash, "a webhook without a good signature");
            Answered::unread(HttpResponse::Unauthorized().finish())
        }
        Refused::Stale => {
            tracing::warn!(bytes = body.len(), hash, "a webhook signed too long ago, or in the future: check the clocks");
            Answered::unread(HttpResponse::Unauthorized().finish())
        }
        Refused::NotAnEvent => {
            tracing::warn!(bytes = body.len(), hash, "a webhook that is no event");
            Answered::unread(HttpResponse::BadRequest().finish())
        }
    }
}

async fn handle(app: &App, id: &OrganizationId, organization: &Organization, understood: Understood) -> Answered {
    match understood {
        Understood::UrlValidation { plain_token, encrypted_token } => Answered::new(
            "endpoint.url_validation",
            HttpResponse::Ok().json(serde_json::json!({ "plainToken": plain_token, "encryptedToken": encrypted_token })),
        ),
        Understood::Fact { event, account_id, fact } => {
            if account_id.is_some_and(|account| account != organization.zoom.account_id) {
                return Answered::new("other_account", HttpResponse::Ok().finish());
            }
            keep(app, id, event, fact).await
        }
        Understood::Deauthorized { .. } => {
            tracing::error!(organization = %id, "the Zoom app was removed from the account: calls to Zoom will fail until it is installed again");
            Answered::new("app_deauthorized", HttpResponse::Ok().finish())
        }
        Understood::Ignored => Answered::new("ignored", HttpResponse::Ok().finish()),
    }
}

async fn keep(app: &App, id: &OrganizationId, event: &'static str, fact: Fact) -> Answered {
    let kept = timeout(app.settings.limits.webhook_answer, app.desk.submit_fact(id, fact)).await;
    let response = match kept {
        Ok(Ok(routed)) => {
            match routed {
                Routed::Held => app.metrics.webhook_held(false),
                Routed::HeldDroppingOldest => app.metrics.webhook_held(true),
                Routed::Appended(_) | Routed::Full => {}
            }
            HttpResponse::Ok().finish()
        }
        Ok(Err(error)) => {
            tracing::warn!(organization = %id, event, %error, "an event could not be kept");
            come_again()
        }
        Err(_) => {
            tracing::warn!(organization = %id, event, "an event could not be kept in time");
            come_again()
        }
    };
    Answered::new(event, response)
}

fn come_again() -> HttpResponse {
    HttpResponse::ServiceUnavailable().insert_header((RETRY_AFTER, "5")).finish()
}

/// The raw bytes, as the signature is over them.
async fn read_body(mut payload: web::Payload, most: usize) -> Result<Bytes, HttpResponse> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let Ok(chunk) = chunk else { return Err(HttpResponse::BadRequest().finish()) };
        if body.len() + chunk.len() > most {
            return Err(HttpResponse::PayloadTooLarge().finish());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
