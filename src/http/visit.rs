//! The waiting page: `/visit/{ticket}`, its events, its state by polling, and the way into the meeting.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use vestibule_actors::desk::Snapshot;
use vestibule_actors::port::clock::instant;
use vestibule_domain::command::Command;
use vestibule_domain::policy::{PatientIdentity, Policy};
use vestibule_domain::time::Span;
use vestibule_domain::visit::WayIn;
use vestibule_domain::visit::participant::Role;

use super::app::App;
use super::browser::{Browser, is_own_origin};
use super::here::Here;
use super::launch::{self, reason_of};
use super::letterhead;
use super::person::{PersonError, is_framed, note_store_trouble, page_of, redirect_to_zoom, see_other};
use super::query;
use super::ticket::Ticket;
use crate::outbound::encode::encode;
use crate::settings::Organization;
use crate::web::{
    Audience, ExternalLink, Language, Reason, Returned, TestLink, VisitStatus, WaitingPage, Watcher,
    ZOOM_FORM_TARGETS, video_silent,
};

mod device_test;
mod status;
mod stream;

/// A sign that comes sooner after the last is not written down, since a page without events asks every two seconds. It is less than the
/// 25 s after which a page with events asks, so that each of its questions counts.
const SIGNED_AFTER: Span = Span::seconds(20);

/// This door in the counts of failures.
const DOOR: &str = "visit";
/// The parameter of the page's address after a click for which there was no link.
const AGAIN: &str = "again";

/// Registers the routes.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/visit/{ticket}", web::get().to(waiting_page))
        .route("/visit/{ticket}/events", web::get().to(stream::events))
        .route("/visit/{ticket}/state", web::get().to(state))
        .route("/visit/{ticket}/device-test", web::get().to(device_test::go))
        .route("/visit/{ticket}/join", web::post().to(join));
}

/// A request about a ticket, resolved.
struct Place<'a> {
    app: &'a App,
    ticket: Ticket,
    organization: &'a Organization,
    language: Language,
    /// The request comes from the browser that the ticket was made for.
    own_browser: bool,
}

impl<'a> Place<'a> {
    async fn find(app: &'a App, request: &HttpRequest, name: &str) -> Result<Self, PersonError> {
        let refuse = |reason| PersonError::new(request, reason);
        let found = Ticket::find(app.desk.ports(), name).await.map_err(|error| {
            note_store_trouble(app, DOOR, &error);
            refuse(Reason::Overloaded)
        });
        let ticket = found?.ok_or_else(|| refuse(Reason::NotFound))?;
        let organization = app
            .settings
            .organizations
            .get(&ticket.visit.organization)
            .ok_or_else(|| refuse(Reason::UnknownOrganization))?;
        let language = language_of(request, Some(organization));
        let own_browser = ticket.is_for(Browser::of(request, &app.settings).as_ref());
        Ok(Self { app, ticket, organization, language, own_browser })
    }

    fn refuse(&self, request: &HttpRequest, reason: Reason) -> PersonError {
        let audience = match self.ticket.participant.role() {
            Role::Provider => Audience::Provider,
            _ => Audience::Patient,
        };
        PersonError {
            language: self.language,
            ..PersonError::of(request, reason, self.organization, audience)
        }
    }

    fn turn_away(&self, request: &HttpRequest, snapshot: Option<&Snapshot>) -> Result<(), PersonError> {
        let Some((reason, seen)) = self.refused(snapshot).zip(snapshot) else { return Ok(()) };
        // Of a group nobody knows here whose appointment it was.
        Err(self.refuse(request, reason).with_opening(self.app, self.organization, &seen.visit, None))
    }

    fn policy(&self) -> Policy {
        // Of the settings in force, since a page may be open for long.
        let newest = self.app.desk.ports().organizations.policy(&self.ticket.visit.organization);
        newest.map_or_else(|| self.organization.policy(&self.app.settings), |policy| Policy::clone(&policy))
    }

    async fn snapshot(&self, request: &HttpRequest) -> Result<Option<Snapshot>, PersonError> {
        self.app.desk.visit(&self.ticket.visit).await.map_err(|error| {
            note_store_trouble(self.app, DOOR, &error);
            self.refuse(request, Reason::Overloaded)
        })
    }

    /// Why this person may not be here after all: their launch was refused when they were already on their way to the page.
    fn refused(&self, snapshot: Option<&Snapshot>) -> Option<Reason> {
        snapshot.and_then(|s| self.ticket.refused_by(&s.visit)).map(reason_of)
    }

    fn status(&self, snapshot: Option<&Snapshot>) -> VisitStatus {
        if let Some(reason) = self.refused(snapshot) {
            return VisitStatus::refused(self.language, reason);
        }
        let now = self.app.desk.ports().clock.now();
        let (visit, who) = (snapshot.map(|s| &s.visit), &self.ticket.participant);
        let zone = &self.organization.time_zone;
        let status = status::of(visit, who, &self.policy(), now, zone, self.language);
        if status.can_join || !visit.is_some_and(|visit| status::zoom_is_silent(visit, who)) {
            return status;
        }
        let phone = self.organization.help_phone.as_deref();
        VisitStatus { about: Some(video_silent(self.language, status.about.as_ref(), phone)), ..status }
    }

    /// Tells the visit that this page is open, if it was not told lately. A page of another browser is only looking on.
    async fn sign(&self, snapshot: Option<&Snapshot>) {
        let now = self.app.desk.ports().clock.now();
        let person = snapshot.and_then(|s| s.visit.participants.get(&self.ticket.participant));
        let welcome = self.own_browser && self.refused(snapshot).is_none();
        let fresh = person.is_some_and(|p| {
            let seen = p.page_seen.filter(|seen| p.departed.is_none_or(|departed| departed < *seen));
            seen.is_some_and(|seen| now - seen < SIGNED_AFTER)
        });
        if welcome && person.is_some() && !fresh {
            let sign = Command::PageSeen { participant: self.ticket.participant.clone() };
            // A lost sign is made good by the next one.
            if let Err(error) = self.app.desk.submit(&self.ticket.visit, sign).await {
                tracing::debug!(%error, "the sign of a page could not be handed in");
            }
        }
    }
}

async fn waiting_page(
    app: web::Data<App>,
    request: HttpRequest,
    name: web::Path<String>,
) -> Result<HttpResponse, PersonError> {
    let place = Place::find(&app, &request, &name).await?;
    let snapshot = place.snapshot(&request).await?;
    place.turn_away(&request, snapshot.as_ref())?;
    place.sign(snapshot.as_ref()).await;
    let returned = query::first(&request, AGAIN).map(|_| Returned::NoLinkYet);
    Ok(render(&place, &request, &name, snapshot.as_ref(), returned))
}

async fn state(
    app: web::Data<App>,
    request: HttpRequest,
    name: web::Path<String>,
) -> Result<HttpResponse, PersonError> {
    let to_program = |error: PersonError| error.for_program(&request);
    let place = Place::find(&app, &request, &name).await.map_err(to_program)?;
    let snapshot = place.snapshot(&request).await.map_err(to_program)?;
    place.sign(snapshot.as_ref()).await;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(place.status(snapshot.as_ref())))
}

async fn join(
    app: web::Data<App>,
    here: web::Data<Here>,
    request: HttpRequest,
    name: web::Path<String>,
) -> Result<HttpResponse, PersonError> {
    let place = Place::find(&app, &request, &name).await?;
    if !place.own_browser || !is_own_origin(&request, &app.settings) {
        return Err(place.refuse(&request, Reason::NotThisBrowser));
    }
    let snapshot = place.snapshot(&request).await?;
    place.turn_away(&request, snapshot.as_ref())?;
    let policy = place.policy();
    let way = snapshot.as_ref().and_then(|s| s.visit.way_in(&place.ticket.participant, &policy));
    let Some(way) = way else {
        return Ok(render(&place, &request, &name, snapshot.as_ref(), Some(Returned::NotAnyMore)));
    };
    let ticket = &place.ticket;
    let deadline = instant() + app.settings.page.launch_wait;
    // A patient's link is there; a provider's has to be fetched from Zoom, which may take as long as a launch.
    let waits_for_zoom = !matches!(way, WayIn::Personal(_));
    let waiting = waits_for_zoom.then(|| launch::place(&app, &ticket.visit.organization));
    if matches!(waiting, Some(None)) {
        return Ok(back_to_the_page(&place, &name));
    }
    let Ok(link) = here.link(&app, &ticket.visit, &ticket.participant, way, deadline).await else {
        return Ok(back_to_the_page(&place, &name));
    };
    note_the_wait(&place, snapshot.as_ref());
    let gone = Command::Departed { participant: place.ticket.participant.clone() };
    // Where this is lost the page merely counts as waiting until its signs run out; unless nobody is believed to be this person whom
    // we have not sent there.
    if let Err(error) = app.desk.submit(&place.ticket.visit, gone).await {
        tracing::warn!(%error, "a departure could not be handed in");
        let by_name = snapshot.as_ref().and_then(|s| s.visit.meeting.as_ref()).map(|m| m.identity);
        if by_name == Some(PatientIdentity::InviteLink) {
            return Ok(back_to_the_page(&place, &name));
        }
    }
    Ok(redirect_to_zoom(&request, place.organization, place.language, &link))
}

/// Zoom gave no link at this click. The page tries again by itself, each time after a longer pause.
fn back_to_the_page(place: &Place<'_>, name: &str) -> HttpResponse {
    see_other(&format!("/visit/{}?lang={}&{AGAIN}=1", encode(name), place.language.code()))
}

/// How long the person waited, from the launch to the first way in after it. Whoever comes back in has not waited since the launch.
fn note_the_wait(place: &Place<'_>, snapshot: Option<&Snapshot>) {
    let who = &place.ticket.participant;
    let person = snapshot.and_then(|s| s.visit.participants.get(who));
    if let Some(person) = person.filter(|p| p.departed.is_none_or(|departed| departed < p.last_launch)) {
        let now = place.app.desk.ports().clock.now();
        place.app.metrics.waited(who.role().as_str(), (now - person.last_launch).to_duration());
    }
}

fn render(
    place: &Place<'_>,
    request: &HttpRequest,
    name: &str,
    snapshot: Option<&Snapshot>,
    returned: Option<Returned>,
) -> HttpResponse {
    let organization = place.organization;
    let framed = is_framed(request);
    let test_link = if framed { TestLink::InTheFrame } else { TestLink::BesideThePage };
    let device_test_help =
        organization.device_test_help_url.as_ref().and_then(|url| ExternalLink::parse(url.as_str()).ok());
    let waiting = WaitingPage {
        language: place.language,
        organization: &letterhead::of(organization),
        test_environment: organization.environment == crate::settings::Environment::Test,
        ticket: name,
        tab_group: &tab_group(place, request).unwrap_or_else(|| name.to_owned()),
        watcher: if place.ticket.participant.role() == Role::Provider {
            Watcher::Provider
        } else {
            Watcher::Patient
        },
        status: place.status(snapshot),
        returned,
        device_test: organization.device_test.as_ref().map(|_| test_link),
        device_test_help: device_test_help.as_ref(),
        help_phone: organization.help_phone.as_deref(),
    };
    let refused = returned == Some(Returned::NotAnyMore);
    let status = if refused { StatusCode::CONFLICT } else { StatusCode::OK };
    page_of(organization, status, &waiting, &form_targets(organization))
}

/// The same for all tabs of one person in one browser, and not guessable from outside.
fn tab_group(place: &Place<'_>, request: &HttpRequest) -> Option<String> {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    let browser = Browser::of(request, &place.app.settings).filter(|_| place.own_browser)?;
    let text =
        format!("{}|{}|{}", browser.hash(), place.ticket.visit.to_text(), place.ticket.participant.to_text());
    Some(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes())))
}

/// Where the join form may be redirected to: Zoom, and whatever stands in for it by the settings.
pub(super) fn form_targets(organization: &Organization) -> Vec<String> {
    let mut targets: Vec<String> = ZOOM_FORM_TARGETS.iter().map(|host| (*host).to_owned()).collect();
    for base in [&organization.zoom.api_base_url, &organization.zoom.oauth_base_url] {
        let origin = url::Url::parse(base.as_str()).ok().map(|url| url.origin().ascii_serialization());
        targets.extend(origin.filter(|origin| !origin.ends_with(".zoom.us") && !targets.contains(origin)));
    }
    targets
}

/// The language of a page: asked for in the address, else the browser's, else the organization's.
pub(super) fn language_of(request: &HttpRequest, organization: Option<&Organization>) -> Language {
    let query = query::first(request, "lang");
    let accepted = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let default = organization.map_or_else(Language::default, |o| o.default_language.into());
    Language::choose(query.as_deref(), accepted, default)
}

/// The content type of server-sent events.
pub(super) const EVENT_STREAM: (actix_web::http::header::HeaderName, &str) =
    (CONTENT_TYPE, "text/event-stream; charset=utf-8");

/// How often the stream says something even if nothing happens, so that nothing between takes it for dead.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests;
