//! What happened to a visit, for programs.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::access::Who;
use crate::http::app::App;
use crate::http::problem::{ApiError, Problem};
use crate::http::timeline::{self, EntryView, Timeline};
use crate::http::view::GoneView;
use crate::web::Language;

/// What programs are told, whatever language somebody's pages are in.
const LANGUAGE: Language = Language::English;

/// What happened to a visit, whole: at most as many entries as `limits.history_lines`, and some hundreds of records and acts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Timeline)]
pub struct TimelineView {
    #[serde(flatten)]
    visit: GoneView,
    /// Whether the visit is still there; its timeline stays for as long as records are kept.
    present: bool,
    /// So many of its oldest entries have left, since there were more than are kept.
    dropped: u64,
    /// There are older records than those among the entries.
    more_records: bool,
    /// There may be acts besides those among the entries, since the audit of that time is long; the audit itself has them.
    more_acts: bool,
    /// The oldest first.
    entries: Vec<EntryView>,
}

/// What happened to the visit of a CSN.
///
/// # Errors
/// [`ApiError`] when nothing is known of such a visit, and when the store does not answer.
#[utoipa::path(get, path = "/api/v1/visits/{organization}/{csn}/timeline", tag = "api", params(
    ("organization" = String, Path, description = "As in the settings"),
    ("csn" = String, Path, description = "Epic's contact serial number"),
), responses(
    (status = 200, description = "What happened to the visit, or to the group visit that holds this CSN", body = TimelineView),
    (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization, or nothing is known of such a visit", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub async fn of_csn(
    app: web::Data<App>,
    who: Who,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    Ok(shown(timeline::of_csn(&app, &who, (&path.0, &path.1), LANGUAGE).await?))
}

/// What happened to a group visit.
///
/// # Errors
/// [`ApiError`] when nothing is known of such a visit, and when the store does not answer.
#[utoipa::path(get, path = "/api/v1/group-visits/{organization}/{conference_id}/timeline", tag = "api", params(
    ("organization" = String, Path, description = "As in the settings"),
    ("conference_id" = String, Path, description = "Epic's conference id"),
), responses(
    (status = 200, description = "What happened to the visit", body = TimelineView),
    (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization, or nothing is known of such a visit", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub async fn of_conference(
    app: web::Data<App>,
    who: Who,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    Ok(shown(timeline::of_conference(&app, &who, (&path.0, &path.1), LANGUAGE).await?))
}

fn shown(timeline: Timeline) -> HttpResponse {
    let Timeline { key, seen, dropped, more_records, more_acts, entries } = timeline;
    let visit = GoneView::from(&key);
    HttpResponse::Ok().json(TimelineView {
        visit,
        present: seen.is_some(),
        dropped,
        more_records,
        more_acts,
        entries,
    })
}
