//! The live board: its page, and the websocket that its rows come over.
//!
//! The stream begins with one snapshot of every visit and goes on with whole visits and with those that left, so a gap is harmless.
//! The feed behind it keeps the newest state of each visit only: a slow reader skips states and never sees an older one after a newer.
//! Beside visits the stream says whose notifiers are paused, while the store does not answer, and every few seconds that it stands, so that
//! nobody takes what is shown for what is so.

mod line;
mod message;

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, rt, web};
use tokio::time::timeout;
use vestibule_actors::hub::Feed;
use vestibule_domain::id::{ConferenceId, Csn, VisitId, VisitKey};

use super::access::Who;
use super::app::App;
use super::page::staff_page;
use super::problem::{ApiError, Problem};
use super::query;
use super::visit::language_of;
use crate::settings::StaffRole;
use crate::web::{OpsPage, WallColours, WallPage};
use line::{Line, PACE};
use message::Sight;

/// The hub only hands out an empty feed; if that takes longer it is not well.
const FEED_WITHIN: Duration = Duration::from_secs(3);
/// Boards have nothing to say; a longer frame ends the connection.
const LONGEST_FRAME: usize = 4096;

/// The page, or with `wall` the one for a screen on the wall.
///
/// # Errors
/// [`ApiError::Internal`] when it cannot be rendered.
#[utoipa::path(get, path = "/ops", tag = "operations", params(
    ("wall" = Option<String>, Query, description = "For a screen on the wall; its colours: dark, light or system"),
    ("organization" = Option<String>, Query, description = "On a wall: the one organization that is shown"),
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 200, description = "The live board", content_type = "text/html"),
    (status = 303, description = "Not signed in; leads to /sign-in"),
))]
pub async fn page(app: web::Data<App>, who: Who, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    if let Some(colours) = query::first(&request, "wall") {
        let organization = query::first(&request, "organization").filter(|id| !id.is_empty());
        let page = WallPage {
            language: language_of(&request, None),
            colours: WallColours::of(&colours),
            organization: organization.as_deref(),
            signed_in: who.signed_in(&app),
        };
        return staff_page(HttpResponse::Ok(), &page);
    }
    let seen = app.settings.organizations.iter().filter(|(id, _)| who.sees(id));
    let operated = app.settings.organizations.keys().filter(|id| who.may(id, StaffRole::Operator));
    let page = OpsPage {
        language: language_of(&request, None),
        seen: seen.map(|(id, one)| (id.as_str().to_owned(), one.display_name.clone())).collect(),
        operated: operated.map(|id| id.as_str().to_owned()).collect(),
        signed_in: who.signed_in(&app),
    };
    staff_page(HttpResponse::Ok(), &page)
}

/// The stream.
///
/// # Errors
/// [`ApiError`] when it is no websocket, too many are open, or the node is going down.
#[utoipa::path(get, path = "/ops/stream", tag = "operations", params(
    ("organization" = Option<String>, Query, description = "With `csn` or `conference_id`: the one visit that it is about"),
    ("csn" = Option<String>, Query, description = "Epic's contact serial number"),
    ("conference_id" = Option<String>, Query, description = "Epic's conference id"),
), responses(
    (status = 101, description = "A websocket. First `{\"type\":\"snapshot\",\"visits\":[Visit...]}`, then \
        `{\"type\":\"visit\",\"visit\":Visit}` and `{\"type\":\"gone\",\"organization\",\"csn\",\"conference_id\"}`; at any time \
        `{\"type\":\"store\",\"answers\":false}` while the store does not answer, and the same with true when it does again, \
        `{\"type\":\"paused\",\"organizations\":[{\"organization\",\"by\",\"reason\",\"since\"}]}` with all whose notifiers are paused, \
        whenever they are others than before (none at first), and every 15 s `{\"type\":\"alive\"}`. \
        Closed with 1012 when the node goes down and with 1008 when the sign-in ends"),
    (status = 400, description = "Not a websocket, or an organization without a visit", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "About an organization that is none of theirs, or about what is no visit", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Opened by a page of another site", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "Too many boards are open, or the node is going down", body = Problem, content_type = "application/problem+json"),
))]
pub async fn stream(
    app: web::Data<App>,
    who: Who,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    if app.readiness.is_draining() {
        return Err(ApiError::Draining);
    }
    let only = only(&app, &who, &request)?;
    let seats = &app.limits.ops_connections;
    // A page of a visit does without a stream; the last quarter of them is left to boards, which do not.
    let has_room = only.is_none() || seats.available_permits() > app.settings.limits.ops_connections / 4;
    let seat = Arc::clone(seats).try_acquire_owned().ok().filter(|_| has_room);
    let Some(seat) = seat else {
        app.metrics.refused("ops_connections");
        return Err(ApiError::Overloaded("ops_connections"));
    };
    let (response, session, messages) = actix_ws::handle(&request, body)
        .map_err(|_| ApiError::BadRequest("this address speaks websocket (version 13) only".to_owned()))?;
    let feed = open_feed(&app).await.ok_or(ApiError::Overloaded("hub"))?;
    let line =
        Line { app: app.into_inner(), sight: Sight { who, only }, session, feed, pace: PACE, paused: None };
    let messages = messages.max_frame_size(LONGEST_FRAME);
    let open = line.app.metrics.board();
    rt::spawn(async move {
        line.run(messages).await;
        drop((seat, open));
    });
    Ok(response)
}

/// The visit that a stream is about, if one is named.
fn only(app: &App, who: &Who, request: &HttpRequest) -> Result<Option<VisitKey>, ApiError> {
    let named = |name: &str| query::first(request, name);
    let visit = match (named("csn"), named("conference_id")) {
        (None, None) if named("organization").is_some() => {
            let told = "name the visit with `csn` or `conference_id`, or no organization either";
            return Err(ApiError::BadRequest(told.to_owned()));
        }
        (None, None) => return Ok(None),
        (Some(csn), None) => Csn::new(&csn).map(VisitId::Csn),
        (_, Some(conference)) => ConferenceId::new(&conference).map(VisitId::Conference),
    };
    let organization = named("organization").unwrap_or_default();
    let (id, _) = who.organization(app, &organization, StaffRole::Viewer)?;
    Ok(Some(VisitKey { organization: id.clone(), visit: visit.map_err(|_| ApiError::NoSuchVisit)? }))
}

/// A feed that begins with everything. `None` when the hub is not well.
async fn open_feed(app: &App) -> Option<Arc<Feed>> {
    timeout(FEED_WITHIN, app.boards.watch()).await.ok()?
}

#[cfg(test)]
mod tests;
