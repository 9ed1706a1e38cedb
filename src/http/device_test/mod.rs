//! Device tests: people try camera and microphone at a page of another vendor and come back to `/device-test/{name}` with a result.
//!
//! A `device-test` launch leads to the vendor, and so does a link on the waiting page. What comes back is read as the settings say and goes
//! into the visit's journal; nothing else of what the vendor sends is looked at.

mod trip;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, web};
use vestibule_actors::desk::Snapshot;
use vestibule_domain::id::VisitKey;
use vestibule_domain::time::Span;
use vestibule_domain::visit::device_test::TestOutcome;
use vestibule_domain::visit::participant::Role;

use super::app::App;
use super::browser::Browser;
use super::launch::{Arrival, Understood};
use super::letterhead;
use super::person::{PersonError, is_framed, note_store_trouble, page_of, see_other, stand_in};
use super::query::{self, Parameters};
use super::visit::language_of;
use crate::outbound::encode::encode;
use crate::settings::{DeviceTest, Environment, Organization, TestField, TestResult};
use crate::web::{Audience, DeviceTestPage, ExternalLink, Language, Reason, StandsFor};
use trip::Noted;
pub(super) use trip::{Traveller, Trip};

/// This door in the counts of failures.
const DOOR: &str = "device-test";

/// Registers the routes.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/device-test/{name}", web::get().to(come_back))
        .route("/device-test/{name}/go", web::get().to(go));
}

// === the way there ===

/// The end of a `device-test` launch. A visit of another patient than the one that the launch is about has no test for them.
pub(super) async fn depart(
    arrival: &Arrival<'_>,
    understood: Understood,
) -> Result<HttpResponse, PersonError> {
    let (app, request) = (arrival.app, arrival.request);
    let Understood { visit, launch, group } = understood;
    let who = Traveller::of(&launch);
    for key in [&visit].into_iter().chain(&group) {
        let seen = app.desk.visit(key).await.map_err(|error| {
            note_store_trouble(app, DOOR, &error);
            arrival.refuse(Reason::Overloaded)
        })?;
        let foreign = |seen: Snapshot| !seen.visit.may_be_about(who.csn.as_ref(), who.patient.as_ref());
        if seen.is_some_and(foreign) {
            return Err(arrival.refuse(Reason::OtherPatient));
        }
    }
    let ends_at = app.desk.ports().clock.now() + Span::from_duration(app.settings.limits.device_test_time);
    let trip = Trip::new(visit, who, arrival.browser, arrival.language, ends_at).or_of(group);
    send(app, request, arrival.organization, trip).await.map_err(|reason| arrival.refuse(reason))
}

/// Keeps a trip under a fresh name and sends the person on; out of a frame, in which no test gets at a camera, by a link that opens a
/// window.
pub(super) async fn send(
    app: &App,
    request: &HttpRequest,
    organization: &Organization,
    trip: Trip,
) -> Result<HttpResponse, Reason> {
    let test = organization.device_test.as_ref().ok_or(Reason::NoDeviceTest)?;
    let ports = app.desk.ports();
    let name = ports.randomness.secret();
    let trip = trip.begun_in_frame(is_framed(request));
    trip.keep(ports, &name).await.map_err(|error| {
        note_store_trouble(app, DOOR, &error);
        Reason::Overloaded
    })?;
    let language = trip.language();
    if !is_framed(request) {
        return Ok(see_other(&vendors(app, test, &name, language)));
    }
    let path = format!("/device-test/{name}/go?lang={}", language.code());
    let link = ExternalLink::parse(&app.settings.server.public_url.with_path(&path));
    let link = link.map_err(|_| Reason::SomethingWentWrong)?;
    Ok(stand_in(organization, language, StandsFor::DeviceTest, &link))
}

/// The vendor's address for one trip.
fn vendors(app: &App, test: &DeviceTest, name: &str, language: Language) -> String {
    test.url.filled(|field| match field {
        TestField::ReturnUrl => {
            encode(&app.settings.server.public_url.with_path(&format!("/device-test/{name}")))
        }
        TestField::Language => language.code().to_owned(),
    })
}

/// Out of a frame, or once more.
async fn go(
    app: web::Data<App>,
    request: HttpRequest,
    name: web::Path<String>,
) -> Result<HttpResponse, PersonError> {
    let mut back = Back::find(&app, &request, &name).await?;
    let browser = Browser::of(&request, &app.settings);
    if back.trip.is_of(browser.as_ref()) {
        return Ok(see_other(&vendors(&app, back.test, &name, back.language)));
    }
    let browser = browser.unwrap_or_else(|| Browser::fresh(app.desk.ports().randomness.as_ref()));
    if !back.trip.open_window(&browser) {
        return Err(back.refuse(Reason::NotThisBrowser));
    }
    back.trip.keep(app.desk.ports(), &name).await.map_err(|error| back.trouble(&error))?;
    let mut response = see_other(&vendors(&app, back.test, &name, back.language));
    if let Ok(cookie) = HeaderValue::try_from(browser.set_cookie(&app.settings, back.organization)) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

// === the way back ===

async fn come_back(
    app: web::Data<App>,
    request: HttpRequest,
    name: web::Path<String>,
) -> Result<HttpResponse, PersonError> {
    let mut back = Back::find(&app, &request, &name).await?;
    if !back.trip.is_of(Browser::of(&request, &app.settings).as_ref()) {
        return Err(back.refuse(Reason::NotThisBrowser));
    }
    let noted = back.note(brought(&request, &back.test.result)).await?;
    back.hand_in(noted).await?;
    let organization = back.organization;
    let help = organization.device_test_help_url.as_ref();
    let help = help.and_then(|url| ExternalLink::parse(url.as_str()).ok());
    let view = DeviceTestPage {
        language: back.language,
        organization: &letterhead::of(organization),
        test_environment: organization.environment == Environment::Test,
        name: &name,
        outcome: noted.outcome,
        ticket: back.trip.ticket.as_deref(),
        help: help.as_ref(),
        help_phone: organization.help_phone.as_deref(),
    };
    Ok(page_of(organization, StatusCode::OK, &view, &[]))
}

/// What the address says came out; nothing where it does not have the parameter at all.
fn brought(request: &HttpRequest, read: &TestResult) -> Option<TestOutcome> {
    match Parameters::of(request).one(&read.parameter) {
        Ok(None) => query::first(request, &read.parameter).map(|_| TestOutcome::Unclear),
        Ok(Some(value)) if TestResult::is_among(&value, &read.passed) => Some(TestOutcome::Passed),
        Ok(Some(value)) if TestResult::is_among(&value, &read.failed) => Some(TestOutcome::Failed),
        Ok(Some(_)) | Err(query::Contradiction) => Some(TestOutcome::Unclear),
    }
}

/// Somebody at an address of a trip that is not over.
struct Back<'a> {
    app: &'a App,
    request: &'a HttpRequest,
    name: &'a str,
    trip: Trip,
    organization: &'a Organization,
    test: &'a DeviceTest,
    language: Language,
}

impl<'a> Back<'a> {
    async fn find(app: &'a App, request: &'a HttpRequest, name: &'a str) -> Result<Self, PersonError> {
        let refuse =
            |reason| PersonError { audience: Audience::Patient, ..PersonError::new(request, reason) };
        let found = Trip::find(app.desk.ports(), name).await.map_err(|error| {
            note_store_trouble(app, DOOR, &error);
            refuse(Reason::Overloaded)
        });
        let trip = found?.ok_or_else(|| refuse(Reason::LinkUsedOrExpired))?;
        let organization = app.settings.organizations.get(&trip.visit.organization);
        let organization = organization.ok_or_else(|| refuse(Reason::UnknownOrganization))?;
        let test = organization.device_test.as_ref().ok_or_else(|| refuse(Reason::NoDeviceTest))?;
        // As the person has read so far, unless the page is asked for otherwise.
        let asked = query::first(request, "lang").map(|_| language_of(request, Some(organization)));
        let language = asked.unwrap_or_else(|| trip.language());
        Ok(Self { app, request, name, trip, organization, test, language })
    }

    fn refuse(&self, reason: Reason) -> PersonError {
        PersonError {
            language: self.language,
            ..PersonError::of(self.request, reason, self.organization, Audience::Patient)
        }
    }

    fn trouble(&self, error: &impl std::fmt::Display) -> PersonError {
        note_store_trouble(self.app, DOOR, error);
        self.refuse(Reason::Overloaded)
    }

    /// What stands for this trip now. A reload brings what is known already, and no parameter at all is only a look; the time of a result is
    /// that of its first coming, so that an old page that is loaded again never outweighs a newer test.
    async fn note(&mut self, brought: Option<TestOutcome>) -> Result<Noted, PersonError> {
        if let Some(noted) = self.trip.noted
            && brought.is_none_or(|outcome| outcome == noted.outcome)
        {
            return Ok(noted);
        }
        let ports = self.app.desk.ports();
        let noted = Noted { at: ports.clock.now(), outcome: brought.unwrap_or(TestOutcome::Unclear) };
        self.trip.noted = Some(noted);
        self.trip.keep(ports, self.name).await.map_err(|error| self.trouble(&error))?;
        self.app.metrics.device_tested(&self.trip.visit.organization, noted.outcome.as_str());
        Ok(noted)
    }

    /// Of two visits that it may be for the one that people have launched is told. While that is neither both are, and tell Epic once they
    /// are launched.
    async fn hand_in(&self, noted: Noted) -> Result<(), PersonError> {
        if !matches!(self.trip.who.participant.role(), Role::Patient | Role::Proxy) {
            return Ok(());
        }
        let own = self.seen(&self.trip.visit).await?;
        let of_group = match &self.trip.group {
            Some(group) => Some((group, self.seen(group).await?)),
            None => None,
        };
        let launched =
            |seen: &Option<Snapshot>| seen.as_ref().is_some_and(|seen| !seen.visit.participants.is_empty());
        match of_group {
            Some((group, of_group)) if !launched(&own) => {
                let tentative = !launched(&of_group);
                if tentative {
                    self.tell(&self.trip.visit, own.as_ref(), noted, tentative).await?;
                }
                self.tell(group, of_group.as_ref(), noted, tentative).await
            }
            _ => self.tell(&self.trip.visit, own.as_ref(), noted, false).await,
        }
    }

    async fn seen(&self, visit: &VisitKey) -> Result<Option<Snapshot>, PersonError> {
        self.app.desk.visit(visit).await.map_err(|error| self.trouble(&error))
    }

    /// Durable when it ends. A visit that shows the result, or a newer one, is left alone.
    async fn tell(
        &self,
        visit: &VisitKey,
        seen: Option<&Snapshot>,
        noted: Noted,
        tentative: bool,
    ) -> Result<(), PersonError> {
        let participant = &self.trip.who.participant;
        let known = seen.and_then(|seen| seen.visit.device_tests.get(participant));
        if known.is_some_and(|known| known.test.at >= noted.at) {
            return Ok(());
        }
        if seen.is_some_and(|seen| !seen.visit.has_room_for_test(participant)) {
            self.app.metrics.refused("device_tests");
            return Ok(());
        }
        let test = self.trip.who.result(noted, tentative);
        let told = self.app.desk.submit_test(visit, participant.clone(), test).await;
        told.map_err(|error| self.trouble(&error))
    }
}

#[cfg(test)]
mod tests;
