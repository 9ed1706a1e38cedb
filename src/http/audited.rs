//! What of requests goes into the audit, and as what.
//!
//! Behind the operators' guard it is one table: whatever stands there is kept, and a test holds it against the routes. Whoever acts does
//! so only once it is in the chain that they are about to, and why ([`begin`]); what came of it follows.

use actix_web::http::Method;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use percent_encoding::percent_decode_str;
use url::form_urlencoded;
use vestibule_domain::id::{ConferenceId, OrganizationId, VisitId, VisitKey};
use vestibule_domain::visit::participant::ParticipantKey;

use super::access::{Who, peer};
use super::app::App;
use super::ask;
use super::correlation;
use super::organizations;
use super::problem::ApiError;
use super::query;
use super::story::Act;
use crate::audit::{Deed, Lost};
use crate::web::clean_csn;

/// What is looked at, by the pattern of the address; `None` for what tells nothing of anybody.
pub(super) const LOOKS: [(&str, Option<&str>); 25] = [
    ("/ops", None),
    ("/ops/stream", Some("board_opened")),
    ("/visits/{organization}/{csn}", Some("visit_viewed")),
    ("/group-visits/{organization}/{conference_id}", Some("visit_viewed")),
    ("/records", Some("records_viewed")),
    ("/records/resend", Some("records_viewed")),
    ("/downtime/{organization}", Some("visits_listed")),
    ("/api/v1/visits", Some("visits_listed")),
    ("/api/v1/visits/{organization}/{csn}", Some("visit_viewed")),
    ("/api/v1/group-visits/{organization}/{conference_id}", Some("visit_viewed")),
    ("/api/v1/visits/{organization}/{csn}/timeline", Some("visit_viewed")),
    ("/api/v1/group-visits/{organization}/{conference_id}/timeline", Some("visit_viewed")),
    ("/api/v1/notifications", Some("records_viewed")),
    ("/api/v1/parked", Some("parked_listed")),
    ("/api/v1/audit", Some("audit_exported")),
    ("/audit", Some("audit_viewed")),
    ("/api/v1/openapi.json", None),
    ("/metrics", None),
    ("/admin", None),
    ("/admin/new", None),
    ("/admin/{organization}", Some("settings_viewed")),
    ("/admin/{organization}/versions/{version}", Some("settings_viewed")),
    ("/admin/{organization}/export", Some("settings_exported")),
    ("/admin/{organization}/fdi", Some("set_up_viewed")),
    ("/admin/{organization}/zoom", Some("set_up_viewed")),
];
/// What is done; an act on a visit says itself what it is.
pub(super) const ACTS: [(&str, Option<&str>); 10] = [
    ("/visits/{organization}/{csn}/{act}", None),
    ("/group-visits/{organization}/{conference_id}/{act}", None),
    ("/admin/{organization}/settings/{act}", None),
    ("/admin/{organization}/notifier/pause", Some(NOTIFIER_PAUSED)),
    ("/admin/{organization}/notifier/resume", Some(NOTIFIER_RESUMED)),
    ("/admin/{organization}/zoom/connect", Some(ZOOM_CONNECT)),
    ("/admin/{organization}/zoom/ask-again", Some(ZOOM_ASK_AGAIN)),
    ("/records/resend", Some(NOTIFICATIONS_RESENT)),
    ("/api/v1/notifications/resend", Some(NOTIFICATIONS_RESENT)),
    ("/api/v1/backup", Some(BACKUP_TAKEN)),
];
pub(super) const RECORDS_EXPORTED: &str = "records_exported";
pub(super) const NOTIFICATIONS_RESENT: &str = "notifications_resent";
pub(super) const NOTIFIER_PAUSED: &str = "notifier_paused";
pub(super) const NOTIFIER_RESUMED: &str = "notifier_resumed";
pub(super) const ZOOM_CONNECT: &str = "zoom_connect";
pub(super) const BACKUP_TAKEN: &str = "backup_taken";
pub(super) const ZOOM_ASK_AGAIN: &str = "zoom_ask_again";

pub(super) const DONE: &str = "done";

/// What a request behind the guard is to the audit.
pub(super) enum Audited {
    Nothing,
    Look(&'static str),
    Act(&'static str),
}

impl Audited {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let pattern = request.match_pattern().unwrap_or_default();
        // The search before anything was searched for, in whichever language.
        if pattern == "/records" && query::has_only(request, "lang") {
            return Self::Nothing;
        }
        // What renews the page of one visit.
        if pattern == "/ops/stream"
            && ["csn", "conference_id"].iter().any(|name| query::first(request, name).is_some())
        {
            return Self::Look("visit_viewed");
        }
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            let known = LOOKS.iter().find(|(known, _)| *known == pattern);
            known.and_then(|(_, action)| *action).map_or(Self::Nothing, Self::Look)
        } else {
            let known = ACTS.iter().find(|(known, _)| *known == pattern);
            let word = request.match_info().get("act").unwrap_or_default();
            let named = || match pattern.starts_with("/admin/") {
                true => organizations::Act::parse(word).ok().map(organizations::Act::action),
                false => Act::parse(word).ok().map(Act::action),
            };
            known.and_then(|(_, action)| action.or_else(named)).map_or(Self::Nothing, Self::Act)
        }
    }

    /// Once it is answered. What was not there to be seen is nothing that was seen.
    pub(super) fn after(&self, app: &App, request: &HttpRequest, who: &Who, answer: &HttpResponse) {
        let refusal = answer.error().and_then(|error| error.as_error::<ApiError>());
        let told = request.extensions().get::<Outcome>().map(|outcome| outcome.0);
        let outcome = match (refusal, told) {
            (Some(error), _) => error.code(),
            (None, Some(told)) => told,
            (None, None) if answer.status().is_client_error() || answer.status().is_server_error() => {
                "failed"
            }
            (None, None) => DONE,
        };
        let unknown = matches!(refusal, Some(ApiError::UnknownOrganization));
        let is_denied =
            unknown || matches!(refusal, Some(ApiError::NotAllowed(_) | ApiError::NotEverywhere(_)));
        let action = match self {
            Self::Act(action) => action,
            // Whoever is led on has seen nothing so far.
            Self::Look(_) if answer.status().is_redirection() => return,
            Self::Look(action) if outcome == DONE || is_denied => action,
            Self::Nothing if is_denied => "refused",
            Self::Look(_) | Self::Nothing => return,
        };
        let looked = request.extensions().get::<Looked>().filter(|_| outcome == DONE).cloned();
        let exported = looked.as_ref().is_some_and(|looked| looked.exported);
        let action = if exported { RECORDS_EXPORTED } else { action };
        let (organization, deed) = deed(app, request, action, outcome);
        let reason = looked.map(|looked| looked.search);
        let deed = Deed { by: Some(who.name().to_owned()), reason, ..deed };
        // Of somebody whom an organization does not know it is told no name, as they are told none of it.
        let chains = match (organization, who.organizations()) {
            (_, _) if unknown => vec![None],
            (Some(organization), _) => vec![Some(organization)],
            // What is of several organizations is on record in each of them.
            (None, Some(of)) if outcome == DONE => of.into_iter().cloned().map(Some).collect(),
            (None, _) => vec![None],
        };
        for chain in chains {
            match self {
                Self::Act(_) => app.audit.note(chain.as_ref(), deed.clone()),
                Self::Look(_) if exported => app.audit.note(chain.as_ref(), deed.clone()),
                Self::Look(_) | Self::Nothing => app.audit.note_once(chain.as_ref(), deed.clone()),
            }
        }
    }
}

/// What came of an act, where the status alone does not say it: a handler leaves it among the request's extensions.
#[derive(Clone, Copy)]
pub(super) struct Outcome(pub &'static str);

/// Which records were looked at, where the address of the visit does not say it: a handler leaves it among the request's extensions.
#[derive(Clone)]
pub(super) struct Looked {
    /// In the words of the search.
    pub search: String,
    /// They were handed out as a file: each time is an entry.
    pub exported: bool,
}

/// Which organization a request is about, where it is none that is in force: a handler leaves it among the request's extensions, once it is clear
/// that whoever asks may know of it.
#[derive(Clone)]
pub(super) struct Concerns(pub OrganizationId);

/// Somebody who may is about to act, for a reason; nothing is done before this is kept.
///
/// # Errors
/// [`ApiError`] where it cannot be kept, so that it must not be done.
pub(super) async fn begin(
    app: &App,
    request: &HttpRequest,
    who: &Who,
    action: &str,
    reason: Option<&str>,
) -> Result<(), ApiError> {
    begin_as(app, request, who.name(), action, reason).await
}

/// The same, of somebody who is not let in so far.
///
/// # Errors
/// As of [`begin`].
pub(super) async fn begin_as(
    app: &App,
    request: &HttpRequest,
    name: &str,
    action: &str,
    reason: Option<&str>,
) -> Result<(), ApiError> {
    let (organization, deed) = deed(app, request, action, "begun");
    let deed = Deed { by: Some(name.to_owned()), reason: reason.map(str::to_owned), ..deed };
    app.audit.keep(organization.as_ref(), deed).await.map_err(|lost| match lost {
        Lost::Full => ApiError::Overloaded("audit_queue"),
        Lost::NotWritten => ApiError::StoreUnavailable(lost.to_string()),
    })
}

/// Somebody was turned away at the guard. Whoever only came without a sign-in has tried nothing. Of somebody whom nobody knows no id is
/// kept: they could make up one after the other, and each would be another entry.
pub(super) fn turned_away(app: &App, request: &HttpRequest, error: &ApiError) {
    let (organization, deed) = deed(app, request, "refused", error.code());
    let deed = Deed { csn: None, conference_id: None, meeting_id: None, ..deed };
    app.audit.note_once(organization.as_ref(), deed);
}

/// Somebody signed in or out, or tried to.
pub(super) fn sign_in(app: &App, request: &HttpRequest, action: &str, outcome: &str, by: Option<&str>) {
    let (_, deed) = deed(app, request, action, outcome);
    app.audit.note(None, Deed { by: by.map(str::to_owned), ..deed });
}

/// Somebody whom nobody knows could not be signed in. What they write into the address is not kept: each would be another entry.
pub(super) fn not_signed_in(app: &App, request: &HttpRequest, outcome: &str) {
    let (_, deed) = deed(app, request, "sign_in_failed", outcome);
    let deed = Deed { organization: None, csn: None, conference_id: None, meeting_id: None, ..deed };
    app.audit.note_once(None, deed);
}

/// Somebody whom Epic has named launched a visit, or was refused, as `outcome` says.
pub(super) fn launched(
    app: &App,
    request: &HttpRequest,
    visit: &VisitKey,
    who: &ParticipantKey,
    refused: Option<&str>,
) {
    of_visit(app, request, visit, "launch", who.to_text(), refused.unwrap_or(DONE));
}

/// A provider, whom Epic has named, is about to act; nothing is done before this is kept.
///
/// # Errors
/// [`Lost`] where it cannot be kept, so that it must not be done.
pub(super) async fn begin_of_visit(
    app: &App,
    request: &HttpRequest,
    visit: &VisitKey,
    action: &str,
    by: String,
) -> Result<(), Lost> {
    let deed = deed_of_visit(app, request, visit, (action, "begun"), by);
    app.audit.keep(Some(&visit.organization), deed).await
}

/// Somebody who came by a launch did something to the visit.
pub(super) fn of_visit(
    app: &App,
    request: &HttpRequest,
    visit: &VisitKey,
    action: &str,
    by: String,
    outcome: &str,
) {
    let deed = deed_of_visit(app, request, visit, (action, outcome), by);
    app.audit.note(Some(&visit.organization), deed);
}

fn deed_of_visit(
    app: &App,
    request: &HttpRequest,
    visit: &VisitKey,
    (action, outcome): (&str, &str),
    by: String,
) -> Deed {
    let (csn, conference_id) = match &visit.visit {
        VisitId::Csn(csn) => (Some(csn.as_str().to_owned()), None),
        VisitId::Conference(id) => (None, Some(id.as_str().to_owned())),
    };
    let (_, deed) = deed(app, request, action, outcome);
    let organization = Some(visit.organization.as_str().to_owned());
    Deed { by: Some(by), organization, csn, conference_id, ..deed }
}

/// A deed with what the request says of it. Only what can be an id is taken from the address: anybody writes anything there.
fn deed(app: &App, request: &HttpRequest, action: &str, outcome: &str) -> (Option<OrganizationId>, Deed) {
    let query: Vec<(String, String)> =
        form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    let named = |name: &str| {
        let of_path = request.match_info().get(name);
        let of_path = of_path.map(|text| percent_decode_str(text).decode_utf8_lossy().into_owned());
        of_path.or_else(|| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()))
    };
    let organization = named("organization").and_then(|id| ask::organization(app, &id).ok());
    let concerns = request.extensions().get::<Concerns>().map(|concerns| concerns.0.clone());
    let organization = concerns.or_else(|| organization.map(|(id, _)| id.clone()));
    let digits = |text: String| text.chars().filter(char::is_ascii_digit).take(12).collect::<String>();
    let deed = Deed {
        action: action.to_owned(),
        outcome: outcome.to_owned(),
        organization: organization.as_ref().map(|id| id.as_str().to_owned()),
        csn: named("csn").and_then(|csn| clean_csn(&csn).ok()).map(|csn| csn.as_str().to_owned()),
        conference_id: named("conference_id")
            .and_then(|id| ConferenceId::new(&id).ok())
            .map(|id| id.as_str().to_owned()),
        meeting_id: named("meeting_id").map(digits).filter(|id| !id.is_empty()),
        by: None,
        reason: None,
        from: Some(peer(app, request).to_string()),
        correlation_id: Some(correlation::current().as_str().to_owned()),
    };
    (organization, deed)
}

#[cfg(test)]
#[path = "audited_tests.rs"]
mod tests;
