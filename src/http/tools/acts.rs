//! What the buttons of the tools page do. Each is a command of the visit; the page comes back when a link was made or taken back, or says
//! that it was not yet. An end is durable when the page comes back; who is still there stands on it.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use vestibule_actors::desk::Snapshot;
use vestibule_domain::command::Command;
use vestibule_domain::id::GuestLinkId;
use vestibule_domain::name::Phi;
use vestibule_domain::time::Span;
use vestibule_domain::visit::guest::Invitation;

use super::view::inviting;
use super::{DOOR, Place};
use crate::http::app::App;
use crate::http::audited;
use crate::http::browser::is_own_origin;
use crate::http::guest::Opens;
use crate::http::person::{PersonError, note_store_trouble};
use crate::http::shown::is_another_meeting;
use crate::http::whose::{Identified, IdentifyForm, WITHIN};
use crate::web::{Inviting, Reason, ToolsNote};

/// As much of a guest's name as is kept.
const LONGEST_NAME: usize = 40;

impl Place<'_> {
    /// A form is taken from our own page alone.
    pub(super) fn own_form(self) -> Result<Self, PersonError> {
        if is_own_origin(self.request, &self.app.settings) {
            Ok(self)
        } else {
            Err(self.refuse(Reason::NotThisBrowser))
        }
    }

    /// For the audit: a provider, whom Epic has named, did something.
    pub(super) fn note(&self, action: &str, outcome: &str) {
        let by = format!("provider:{}", self.ticket.provider);
        audited::of_visit(self.app, self.request, &self.ticket.visit, action, by, outcome);
    }

    /// Before anything is done.
    pub(super) async fn begin(&self, action: &str) -> Result<(), PersonError> {
        let by = format!("provider:{}", self.ticket.provider);
        let begun = audited::begin_of_visit(self.app, self.request, &self.ticket.visit, action, by).await;
        begun.map_err(|lost| self.trouble(&lost))
    }

    pub(super) fn trouble(&self, error: &impl std::fmt::Display) -> PersonError {
        note_store_trouble(self.app, DOOR, error);
        self.refuse(Reason::Overloaded)
    }

    /// Hands a command in and waits until the visit shows it.
    async fn order(&self, command: Command, shows: impl Fn(&Snapshot) -> bool) -> Result<bool, PersonError> {
        let visit = &self.ticket.visit;
        self.app.desk.submit(visit, command).await.map_err(|error| self.trouble(&error))?;
        let done = |seen: &Snapshot| shows(seen).then_some(());
        Ok(self.app.desk.wait_for(visit, WITHIN, done).await.is_some())
    }
}

/// The form of a new link.
#[derive(Deserialize)]
pub(super) struct InviteForm {
    #[serde(default)]
    name: String,
}

pub(super) async fn invite(
    app: web::Data<App>,
    request: HttpRequest,
    name: web::Path<String>,
    form: web::Form<InviteForm>,
) -> Result<HttpResponse, PersonError> {
    let place = Place::find(&app, &request, &name).await?.own_form()?;
    let now = app.desk.ports().clock.now();
    match inviting(&place, place.snapshot().await?.as_ref()) {
        Inviting::Open => {}
        Inviting::TooMany => return Ok(place.back(ToolsNote::TooManyGuests)),
        Inviting::NoBirthDate => return Ok(place.back(ToolsNote::NoBirthDate)),
    }
    let life = Span::from_duration(place.organization.guest_link_life);
    let opens = Opens { visit: place.ticket.visit.clone() };
    let link = opens.keep(app.desk.ports(), life).await.map_err(|error| place.trouble(&error))?;
    let called: String = form.name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    let called = Some(called.trim()).filter(|name| !name.is_empty()).map(Phi::new);
    let patient_csn = place.ticket.patient_csn.clone();
    let invitation = Invitation { name: called, expires_at: now + life, patient_csn };
    place.begin("guest_invited").await?;
    let command = Command::GuestInvited { link: link.clone(), invitation };
    let made = place.order(command, |seen| seen.visit.guests.contains_key(&link)).await?;
    place.note("guest_invited", if made { audited::DONE } else { ToolsNote::NotYet.code() });
    tracing::info!(organization = %place.ticket.visit.organization, %link, by = %place.ticket.provider, made, "a guest is invited");
    Ok(place.back(if made { ToolsNote::Invited } else { ToolsNote::NotYet }))
}

/// The form that takes a link back.
#[derive(Deserialize)]
pub(super) struct RevokeForm {
    link: String,
}

pub(super) async fn revoke(
    app: web::Data<App>,
    request: HttpRequest,
    name: web::Path<String>,
    form: web::Form<RevokeForm>,
) -> Result<HttpResponse, PersonError> {
    let place = Place::find(&app, &request, &name).await?.own_form()?;
    let Ok(link) = GuestLinkId::new(&form.link) else { return Err(place.refuse(Reason::LinkUnreadable)) };
    let revoked = |seen: &Snapshot| seen.visit.guests.get(&link).is_none_or(|link| link.revoked_at.is_some());
    place.begin("guest_revoked").await?;
    let done = place.order(Command::GuestRevoked { link: link.clone() }, revoked).await?;
    place.note("guest_revoked", if done { audited::DONE } else { ToolsNote::NotYet.code() });
    tracing::info!(organization = %place.ticket.visit.organization, %link, by = %place.ticket.provider, done, "a guest's link is taken back");
    Ok(place.back(if done { ToolsNote::Revoked } else { ToolsNote::NotYet }))
}

pub(super) async fn identify(
    app: web::Data<App>,
    request: HttpRequest,
    name: web::Path<String>,
    form: web::Form<IdentifyForm>,
) -> Result<HttpResponse, PersonError> {
    let place = Place::find(&app, &request, &name).await?.own_form()?;
    let Ok(who) = form.who() else { return Err(place.refuse(Reason::LinkUnreadable)) };
    let role = who.as_ref().map(|who| who.role().as_str());
    let policy = place.organization.policy(&app.settings);
    place.begin("identify").await?;
    let said = form.say(&app, &place.ticket.visit, who, &policy).await;
    let said = said.map_err(|error| place.trouble(&error))?;
    place.note("identify", said.as_str());
    tracing::info!(organization = %place.ticket.visit.organization, by = %place.ticket.provider, role, outcome = said.as_str(), "somebody is identified");
    Ok(place.back(match said {
        Identified::Done => ToolsNote::Identified,
        Identified::NotYet => ToolsNote::NotYet,
        // Whoever has left meanwhile is nobody any more of whom something could be said.
        Identified::NotHere => ToolsNote::NotHere,
    }))
}

/// The form that ends the meeting.
#[derive(Deserialize)]
pub(super) struct EndForm {
    /// The one that the page showed.
    #[serde(default)]
    meeting: String,
}

pub(super) async fn end(
    app: web::Data<App>,
    request: HttpRequest,
    name: web::Path<String>,
    form: web::Form<EndForm>,
) -> Result<HttpResponse, PersonError> {
    let place = Place::find(&app, &request, &name).await?.own_form()?;
    let Some(meeting) = place.snapshot().await?.and_then(|seen| seen.visit.meeting.map(|m| m.id)) else {
        return Ok(place.back(ToolsNote::NoMeeting));
    };
    if is_another_meeting(&form.meeting, meeting) {
        place.note("meeting_ended", ToolsNote::OtherMeeting.code());
        return Ok(place.back(ToolsNote::OtherMeeting));
    }
    place.begin("meeting_ended").await?;
    let order = Command::EndForAll { meeting };
    app.desk.submit(&place.ticket.visit, order).await.map_err(|error| place.trouble(&error))?;
    place.note("meeting_ended", audited::DONE);
    tracing::info!(organization = %place.ticket.visit.organization, %meeting, by = %place.ticket.provider, "a meeting is ended for everybody");
    Ok(place.back(ToolsNote::Ended))
}
