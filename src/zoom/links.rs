//! Links that let somebody in: fetched at the click, handed on, never kept.

use awc::http::Method;
use serde_json::json;
use vestibule_actors::port::zoom::LinkRefused;
use vestibule_domain::id::{MeetingId, RegistrantId, ZoomUserId};
use vestibule_domain::intent::{CallFailure, IntentOutcome, ProblemCode, Retry};
use vestibule_domain::name::{PersonalLink, Phi};
use vestibule_domain::time::Span;

use super::answers::{Meeting, link};
use super::error::RestError;
use super::pace::Label;
use super::rest::{Api, Call};
use crate::outbound::TokenFailure;
use crate::outbound::encode::encode;
use crate::outbound::lenient::text;
use crate::settings::AlternativeHostLink;

/// Zoom's bound on the life of a link by name.
const LONGEST_LIFE: Span = Span::seconds(7_776_000);
/// Zoom's bound on a first name, and on a name in a link.
const LONGEST_NAME: usize = 64;

impl Api<'_> {
    /// Whoever opens it is the host; good for two hours.
    pub async fn start_link(&self, meeting: MeetingId) -> Result<PersonalLink, LinkRefused> {
        let body = self.call(&Call::get(&format!("/meetings/{meeting}"), Label::Light)).await;
        let meeting = body.map_err(|error| refused(&error)).map(|body| Meeting::read(&body, true))?;
        meeting.and_then(|meeting| meeting.start_url).ok_or(LinkRefused::Unavailable)
    }

    /// A further provider's way in, as the settings have it: with their own token on the link, or the link alone, which is enough for
    /// whoever is signed in to Zoom as that user.
    pub async fn alternative_link(
        &self,
        meeting: MeetingId,
        user: &ZoomUserId,
        join_url: &PersonalLink,
    ) -> Result<PersonalLink, LinkRefused> {
        match self.account.config.alternative_host_link {
            AlternativeHostLink::Zak => self.link_with_token(meeting, user, join_url).await,
            AlternativeHostLink::SignIn => {
                self.is_there(meeting).await?;
                Ok(join_url.clone())
            }
        }
    }

    /// Nobody is sent into a meeting that is gone, nor to begin one whose host is a default host with another under way: Zoom would end that.
    async fn is_there(&self, id: MeetingId) -> Result<(), LinkRefused> {
        let body = self.call(&Call::get(&format!("/meetings/{id}"), Label::Light)).await;
        let meeting = body.map_err(|error| refused(&error)).map(|body| Meeting::read(&body, true))?;
        let Some(meeting) = meeting.filter(|meeting| !meeting.started) else { return Ok(()) };
        let Some(host) = meeting.host.as_ref().filter(|_| self.is_default_hosts(&meeting)) else {
            return Ok(());
        };
        match self.hosts_another(host, Some(id)).await {
            Ok(false) => Ok(()),
            Ok(true) => Err(LinkRefused::Busy),
            Err(error) => Err(refused(&error)),
        }
    }

    /// The meeting's join link with the user's own token in it: who opens it comes in as that user. A token says nothing of the
    /// meeting, so that is looked at first.
    pub(super) async fn link_with_token(
        &self,
        meeting: MeetingId,
        user: &ZoomUserId,
        join_url: &PersonalLink,
    ) -> Result<PersonalLink, LinkRefused> {
        self.is_there(meeting).await?;
        let path = format!("/users/{}/token?type=zak", encode(user.as_str()));
        let body = self.call(&Call::get(&path, Label::Light)).await.map_err(|error| refused(&error))?;
        let token = text(&body, "token").ok_or(LinkRefused::Unavailable)?;
        let mut url = url::Url::parse(join_url.reveal()).map_err(|_| LinkRefused::Refused)?;
        url.query_pairs_mut().append_pair("zak", token);
        Ok(PersonalLink::new(url))
    }

    /// Registers somebody and gets their personal link. The address is drawn by lot and nobody reads mail there, so that it says
    /// nothing about the person and the bound on registrations of one address is never met.
    pub async fn register(&self, meeting: MeetingId, display_name: &Phi) -> IntentOutcome {
        let domain = &self.account.config.registrant_email_domain;
        let (high, low) = (self.randomness.draw(), self.randomness.draw());
        let body = json!({
            "email": format!("{high:016x}{low:016x}@{domain}"),
            "first_name": name(display_name),
        });
        let path = format!("/meetings/{meeting}/registrants");
        let answer = self.call(&Call::with_body(Method::POST, &path, Label::Light, body)).await;
        let body = match answer {
            Ok(body) => body,
            Err(error) => return registration_refused(&error),
        };
        let registrant = text(&body, "registrant_id").and_then(|id| RegistrantId::new(id).ok());
        match (registrant, link(&body, "join_url")) {
            (Some(registrant), Some(link)) => IntentOutcome::Registered { registrant, link },
            // Registered, but to be approved by hand: the meeting's settings were changed.
            (Some(_), None) => unavailable(),
            (None, _) => IntentOutcome::Ambiguous,
        }
    }
}

impl Api<'_> {
    /// Makes a link with a name in it, by which events tell who came by it. One whose answer is lost leads nobody anywhere and runs out,
    /// so that another is simply made.
    pub async fn invite(&self, meeting: MeetingId, display_name: &Phi, good_for: Span) -> IntentOutcome {
        let good_for = Span(good_for.0.clamp(1_000, LONGEST_LIFE.0));
        let good_until = self.clock.now() + good_for;
        let body = json!({"attendees": [{"name": name(display_name)}], "ttl": good_for.0 / 1000});
        let path = format!("/meetings/{meeting}/invite_links");
        let answer = self.call(&Call::with_body(Method::POST, &path, Label::Light, body)).await;
        let body = match answer {
            Ok(body) => body,
            Err(error) => return invitation_refused(&error),
        };
        let attendee = body.get("attendees").and_then(|all| all.get(0));
        let name_hash =
            attendee.and_then(|one| text(one, "name")).and_then(|name| self.account.names.hash(name));
        match (name_hash, attendee.and_then(|one| link(one, "join_url"))) {
            (Some(name_hash), Some(link)) => IntentOutcome::Invited { name_hash, link, good_until },
            _ => RestError::InDoubt.outcome(),
        }
    }

    /// Takes personal links back: Zoom lets nobody in by them any more. Whoever is in the meeting stays.
    pub async fn cancel_registrants(
        &self,
        meeting: MeetingId,
        registrants: &[RegistrantId],
    ) -> IntentOutcome {
        let list: Vec<_> = registrants.iter().map(|one| json!({"id": one.as_str()})).collect();
        let path = format!("/meetings/{meeting}/registrants/status");
        let body = json!({"action": "cancel", "registrants": list});
        match self.call(&Call::with_body(Method::PUT, &path, Label::Medium, body)).await {
            Ok(_) => IntentOutcome::RegistrantsCancelled,
            Err(error) => error.outcome_about_meeting(),
        }
    }
}

pub(super) fn name(display_name: &Phi) -> String {
    let name: String =
        display_name.reveal().trim().chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    if name.is_empty() { "Patient".to_owned() } else { name }
}

fn unavailable() -> IntentOutcome {
    IntentOutcome::Failed(CallFailure { problem: ProblemCode::RegistrationUnavailable, retry: Retry::Never })
}

/// Registration is off (404 without a code of its own), the host has no licence (200), or the meeting is full (3043).
fn registration_refused(error: &RestError) -> IntentOutcome {
    let Some(refusal) = error.refusal() else { return error.outcome_of_post() };
    if refusal.is_meeting_gone() {
        return IntentOutcome::MeetingGone;
    }
    if refusal.has_code(&[200]) {
        let problem = ProblemCode::HostUnlicensed;
        return IntentOutcome::Failed(CallFailure { problem, retry: Retry::Never });
    }
    let not_found = refusal.status == 404 && refusal.code.is_some();
    if not_found || refusal.has_code(&[404, 3038, 3043]) {
        return unavailable();
    }
    error.outcome_of_post()
}

/// Whatever is not about our credentials, a limit or an outage is about this meeting, and another try would be refused as well.
fn invitation_refused(error: &RestError) -> IntentOutcome {
    match error.outcome_about_meeting() {
        IntentOutcome::Failed(CallFailure { problem: ProblemCode::ZoomRefused, retry }) => {
            IntentOutcome::Failed(CallFailure { problem: ProblemCode::InviteLinkRefused, retry })
        }
        other => other,
    }
}

pub(super) fn refused(error: &RestError) -> LinkRefused {
    match error {
        RestError::Refused(refusal) if refusal.is_meeting_gone() => LinkRefused::Gone,
        RestError::Refused(refusal) if refusal.wait.is_none() && refusal.code.is_some() => {
            LinkRefused::Refused
        }
        RestError::Token(TokenFailure::Refused { .. }) => LinkRefused::Refused,
        _ => LinkRefused::Unavailable,
    }
}
