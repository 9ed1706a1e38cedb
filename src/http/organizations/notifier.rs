//! An operator pauses an organization's notifier, so that its Epic is told nothing, and has it go on.

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use serde::Deserialize;
use vestibule_domain::gate::Halt;
use vestibule_domain::id::{ConferenceId, Csn, OrganizationId, VisitId, VisitKey};
use vestibule_domain::time::Moment;

use super::place::Place;
use super::view::written;
use super::{NOTE, back, shown_again};
use crate::http::access::Who;
use crate::http::app::App;
use crate::http::ask::now;
use crate::http::audited::{self, NOTIFIER_PAUSED, NOTIFIER_RESUMED, Outcome};
use crate::http::page::on_to;
use crate::http::problem::{ApiError, Problem, wants_page};
use crate::http::reason;
use crate::http::story;
use crate::settings::StaffRole;
use crate::web::{
    Language, NotifierNote as Note, NotifierSection, OrganizationNote, PausedLine, RefusedForm, WrongField,
};

/// Why, and from which page.
#[derive(Deserialize)]
pub struct WhyForm {
    #[serde(default)]
    reason: String,
    /// Of a resumption: when the pause began that the page showed. A program that leaves it out means the one that there is.
    #[serde(default)]
    since: String,
    /// The visit on whose page the form stood.
    #[serde(default)]
    csn: String,
    #[serde(default)]
    conference_id: String,
}

impl WhyForm {
    /// When the pause began that is meant, if one is named.
    fn meant(&self) -> Result<Option<Moment>, ApiError> {
        let shown = self.since.trim();
        if shown.is_empty() {
            return Ok(None);
        }
        let no_time = |_| ApiError::BadRequest("`since` is no time in milliseconds since 1970".to_owned());
        shown.parse().map(|since| Some(Moment(since))).map_err(no_time)
    }

    /// The visit to whose page it goes back, if any.
    fn visit(&self, organization: &OrganizationId) -> Result<Option<VisitKey>, ApiError> {
        let visit = match (self.csn.as_str(), self.conference_id.as_str()) {
            ("", "") => return Ok(None),
            (csn, "") => Csn::new(csn).map(VisitId::Csn),
            (_, conference) => ConferenceId::new(conference).map(VisitId::Conference),
        };
        let visit =
            visit.map_err(|_| ApiError::BadRequest("`csn` and `conference_id` name no visit".to_owned()))?;
        Ok(Some(VisitKey { organization: organization.clone(), visit }))
    }
}

/// The section of a page about it; `visit` is the one whose page it is.
///
/// # Errors
/// [`ApiError`] when the store does not answer.
pub(in crate::http) async fn section(
    app: &App,
    (id, language): (&OrganizationId, Language),
    visit: Option<&VisitKey>,
) -> Result<NotifierSection, ApiError> {
    let visit = visit.map(|key| match &key.visit {
        VisitId::Csn(csn) => ("csn", csn.as_str().to_owned()),
        VisitId::Conference(conference) => ("conference_id", conference.as_str().to_owned()),
    });
    let paused = app.pauses.of(id).await?.map(|halt| PausedLine {
        at: written(app, id, halt.since),
        since: halt.since.0,
        reason: halt.reason.trim_end_matches('.').to_owned(),
        by: halt.by,
    });
    Ok(NotifierSection { language, organization: id.as_str().to_owned(), paused, visit })
}

/// Pauses an organization's notifier.
///
/// # Errors
/// [`ApiError`] without a reason, without the role, and where the store does not answer: then it is not known whether it was done.
#[utoipa::path(post, path = "/admin/{organization}/notifier/pause", tag = "operations", params(
    ("organization" = String, Path, description = "As in the settings; the form has a `reason` and, on the page of a visit, its `csn` or `conference_id`"),
), responses(
    (status = 303, description = "Back to the page, which says what came of it; not signed in: to /sign-in"),
    (status = 400, description = "The form cannot be read, or has no reason; a browser gets the page with the form again", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Sent by a page of another site, or the role is too low", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub async fn pause(
    app: web::Data<App>,
    by: Who,
    request: HttpRequest,
    organization: web::Path<String>,
    form: web::Form<WhyForm>,
) -> Result<HttpResponse, ApiError> {
    set(&app, (&by, &request), &organization, &form, true).await
}

/// Has an organization's notifier go on.
///
/// # Errors
/// As for the pause.
#[utoipa::path(post, path = "/admin/{organization}/notifier/resume", tag = "operations", params(
    ("organization" = String, Path, description = "As in the settings; the form has a `reason`, `since` (milliseconds since 1970) of the pause that is meant, where a page showed it, and on the page of a visit its `csn` or `conference_id`"),
), responses(
    (status = 303, description = "Back to the page, which says what came of it; not signed in: to /sign-in"),
    (status = 400, description = "The form cannot be read, or has no reason; a browser gets the page with the form again", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Sent by a page of another site, or the role is too low", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub async fn resume(
    app: web::Data<App>,
    by: Who,
    request: HttpRequest,
    organization: web::Path<String>,
    form: web::Form<WhyForm>,
) -> Result<HttpResponse, ApiError> {
    set(&app, (&by, &request), &organization, &form, false).await
}

async fn set(
    app: &App,
    (by, request): (&Who, &HttpRequest),
    organization: &str,
    form: &WhyForm,
    pauses: bool,
) -> Result<HttpResponse, ApiError> {
    let (id, _) = by.organization(app, organization, StaffRole::Operator)?;
    let (visit, meant) = (form.visit(id)?, form.meant()?);
    let reason = match reason::checked(&form.reason) {
        Err(_) if wants_page(request) => {
            let which = if pauses { "pause" } else { "resume" };
            let refused = RefusedForm::new(&[which], &form.reason, WrongField::Reason).meaning(&form.since);
            return match &visit {
                Some(key) => story::shown_again(app, by, request, key, refused).await,
                None => {
                    let place = Place::find(app, by, organization, StaffRole::Operator).await?;
                    shown_again(&place, (by, request), refused, None).await
                }
            };
        }
        checked => checked?,
    };
    let action = if pauses { NOTIFIER_PAUSED } else { NOTIFIER_RESUMED };
    audited::begin(app, request, by, action, Some(reason)).await?;
    let note = if pauses {
        let halt = Halt { by: by.name().to_owned(), reason: reason.to_owned(), since: now(app) };
        if app.pauses.pause(id, halt).await?.is_none() { Note::Paused } else { Note::AlreadyPaused }
    } else {
        match app.pauses.resume(id, meant).await? {
            None => Note::NotPaused,
            Some(before) if meant.is_some_and(|meant| meant != before.since) => Note::OtherPause,
            Some(_) => Note::Resumed,
        }
    };
    if !note.is_done() {
        request.extensions_mut().insert(Outcome(note.code()));
    }
    tracing::info!(by = by.name(), organization = %id, action, outcome = note.code(), "an operator acts on a notifier");
    Ok(match visit {
        Some(key) => on_to(request, &format!("{}?{NOTE}={}", story::address(&key), note.code())),
        None => back(request, id, OrganizationNote::Notifier(note)),
    })
}
