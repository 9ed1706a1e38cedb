//! `POST /zoom/{organization}/webhook`: Zoom's events. 200 only when the event is durable; 503 when it cannot be, so that Zoom sends it again.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout_at};
use vestibule_actors::port::Ports;
use vestibule_actors::port::clock::instant;
use vestibule_actors::port::store::Routed;
use vestibule_domain::fact::{Fact, FactKind};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::{Moment, Span};

use super::app::App;
use super::unread;
use crate::settings::Organization;
use crate::zoom::connection::{Removal, removed};
use crate::zoom::validation;
use crate::zoom::webhook::{
    Event, OURS, Refused, SIGNATURE, Signed, TIMESTAMP, parse, url_validation_answer, verify,
};

/// Registers the route.
pub fn configure(config: &mut web::ServiceConfig) {
    config.route("/zoom/{organization}/webhook", web::post().to(receive));
}

async fn receive(
    app: web::Data<App>,
    request: HttpRequest,
    organization: web::Path<String>,
    mut payload: web::Payload,
) -> HttpResponse {
    let began = instant();
    let Answered { event, response } = answer(&app, &request, &organization, &mut payload).await;
    app.metrics.webhook(&event, response.status().as_u16(), began.elapsed());
    if response.status().is_success() { response } else { unread::refuse(response, payload) }
}

/// An answer, with the name of the event where it is one that we know.
struct Answered {
    event: Cow<'static, str>,
    response: HttpResponse,
}

impl Answered {
    fn new(event: impl Into<Cow<'static, str>>, response: HttpResponse) -> Self {
        Self { event: event.into(), response }
    }

    fn unread(response: HttpResponse) -> Self {
        Self::new("unread", response)
    }
}

async fn answer(
    app: &App,
    request: &HttpRequest,
    organization: &str,
    payload: &mut web::Payload,
) -> Answered {
    let began = instant();
    let Some((id, organization)) = app.settings.organization(organization) else {
        return Answered::unread(HttpResponse::NotFound().finish());
    };
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let signed = Signed { signature: header(SIGNATURE), timestamp: header(TIMESTAMP) };
    let now = app.desk.ports().clock.now();
    let window = Span::from_duration(organization.zoom.webhook_window);
    let unbelieved = |body: &Bytes, why: Refused| {
        app.metrics.webhook_bad_signature(id);
        note_bad(body, why.as_str());
        Answered::unread(HttpResponse::Unauthorized().finish())
    };
    if let Err(why) = signed.claim(now, window) {
        return unbelieved(&Bytes::new(), why);
    }
    let body = match body_in_time(app, began, payload).await {
        Ok(body) => body,
        Err(response) => return Answered::unread(response),
    };
    let secret = match verify(&body, signed, &organization.zoom.webhook_secret_tokens, now, window) {
        Ok(secret) => secret,
        Err(why) => return unbelieved(&body, why),
    };
    // Only what Zoom has signed takes a place among what is worked on: nobody else can fill them.
    let Ok(_permit) = app.limits.webhooks.try_acquire() else {
        app.metrics.refused("webhooks");
        return Answered::unread(come_again());
    };
    match parse(&body, now, &app.name_key) {
        Ok(Event::UrlValidation { plain_token }) => {
            let answer = url_validation_answer(secret, &plain_token);
            if header(OURS).is_none() {
                note_checked(app, id, now);
            }
            Answered::new("endpoint.url_validation", HttpResponse::Ok().json(answer))
        }
        Ok(event) => handle(app, id, organization, event, began + app.settings.limits.webhook_answer).await,
        Err(bad) => {
            note_bad(&body, &bad.to_string());
            Answered::unread(HttpResponse::BadRequest().finish())
        }
    }
}

/// Reads the body within its own bounds of number and time, since nobody knows yet who sends it.
async fn body_in_time(app: &App, began: Instant, payload: &mut web::Payload) -> Result<Bytes, HttpResponse> {
    let limits = &app.settings.limits;
    let Ok(_permit) = app.limits.webhook_bodies.try_acquire() else {
        app.metrics.refused("webhook_bodies");
        return Err(come_again());
    };
    let _reading = app.metrics.webhook_body();
    let deadline = began + limits.webhook_body_time.min(limits.webhook_answer);
    match timeout_at(deadline, read_body(payload, limits.webhook_body_bytes)).await {
        Ok(read) => read,
        Err(_) => {
            app.metrics.refused("webhook_body_time");
            // Zoom's own network may have been slow; only an answer of this kind makes it send the event again.
            Err(come_again())
        }
    }
}

/// Zoom has asked; that it did is kept beside the answer, which does not wait for it.
fn note_checked(app: &App, id: &OrganizationId, now: Moment) {
    let (zoom, store, id) = (Arc::clone(&app.zoom), Arc::clone(&app.desk.ports().store), id.clone());
    actix_web::rt::spawn(async move {
        if let Err(error) = validation::checked(&zoom, &store, &id, now).await {
            tracing::debug!(organization = %id, %error, "that Zoom checked our webhook could not be kept");
        }
    });
}

/// Nothing of a bad body is kept but its size and hash.
fn note_bad(body: &Bytes, why: &str) {
    tracing::warn!(bytes = body.len(), hash = hex::encode(Sha256::digest(body)), why, "a webhook is refused");
}

async fn handle(
    app: &App,
    id: &OrganizationId,
    organization: &Organization,
    event: Event,
    deadline: Instant,
) -> Answered {
    let done = |event: Cow<'static, str>| Answered::new(event, HttpResponse::Ok().finish());
    match event {
        Event::Fact { account_id, fact } => {
            if account_id.is_some_and(|account| account != organization.zoom.account_id) {
                app.metrics.webhook_foreign(id);
                return done("other_account".into());
            }
            keep(app, id, name_of(&fact.kind), *fact, deadline).await
        }
        Event::Deauthorized { account_id, client_id, at } => {
            let zoom = &organization.zoom;
            if account_id.is_some_and(|account| account != zoom.account_id)
                || client_id.is_some_and(|client| client != zoom.client_id)
            {
                app.metrics.webhook_foreign(id);
                return done("other_account".into());
            }
            Answered::new("app_deauthorized", disconnect(app, id, at, deadline).await)
        }
        Event::Ignored { event } => {
            app.metrics.webhook_ignored(id);
            done(event.into())
        }
        Event::UrlValidation { .. } => done("endpoint.url_validation".into()),
    }
}

/// The app was removed: once that is durable, no node goes on as if it were there.
async fn disconnect(app: &App, id: &OrganizationId, at: Option<Moment>, deadline: Instant) -> HttpResponse {
    let Ports { store, clock, .. } = app.desk.ports();
    let kept = timeout_at(deadline, removed(&app.zoom, store, id, at, clock.now())).await;
    match kept {
        Ok(Ok(Removal::Disconnected | Removal::Known)) => HttpResponse::Ok().finish(),
        Ok(Err(error)) => {
            tracing::warn!(organization = %id, %error, "that the Zoom app was removed could not be kept");
            come_again()
        }
        Err(_) => {
            tracing::warn!(organization = %id, "that the Zoom app was removed could not be kept in time");
            come_again()
        }
    }
}

async fn keep(
    app: &App,
    id: &OrganizationId,
    event: &'static str,
    fact: Fact,
    deadline: Instant,
) -> Answered {
    let sent = fact.sent;
    let kept = timeout_at(deadline, app.desk.submit_fact(id, fact)).await;
    let response = match kept {
        Ok(Ok(routed)) => {
            match routed {
                Routed::Held => app.metrics.webhook_held(id),
                Routed::HeldDropping { oldest, expired } => {
                    app.metrics.webhook_held_dropping(id, oldest, expired)
                }
                Routed::Appended(_) => app.metrics.webhook_appended(id),
                Routed::Full => {}
            }
            // A held event is as durable as any.
            app.metrics.webhook_event_age((app.desk.ports().clock.now() - sent).to_duration());
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
async fn read_body(payload: &mut web::Payload, most: usize) -> Result<Bytes, HttpResponse> {
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

/// Zoom's name of an event, for the metrics.
fn name_of(kind: &FactKind) -> &'static str {
    match kind {
        FactKind::Started => "meeting.started",
        FactKind::Ended => "meeting.ended",
        FactKind::Joined => "meeting.participant_joined",
        FactKind::Left => "meeting.participant_left",
        FactKind::JoinedWaitingRoom => "meeting.participant_joined_waiting_room",
        FactKind::Admitted => "meeting.participant_admitted",
        FactKind::LeftWaitingRoom => "meeting.participant_left_waiting_room",
        FactKind::PutInWaitingRoom => "meeting.participant_put_in_waiting_room",
        FactKind::WaitingForHost => "meeting.participant_jbh_waiting",
        FactKind::LeftWaitingForHost => "meeting.participant_jbh_waiting_left",
        FactKind::JoinedBeforeHost => "meeting.participant_jbh_joined",
        FactKind::Breakout => "meeting.participant_joined_breakout_room",
        FactKind::RoleChanged => "meeting.participant_role_changed",
        FactKind::Bound { .. } => "meeting.participant_bind",
        FactKind::Created => "meeting.created",
        FactKind::Updated { .. } => "meeting.updated",
        FactKind::Deleted => "meeting.deleted",
    }
}
