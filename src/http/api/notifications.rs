//! Notification records by CSN, Zoom meeting id, time, outcome or code, as JSON or CSV.

use actix_web::http::header::{Accept, ContentDisposition, DispositionParam, DispositionType, Header};
use actix_web::mime::{self, Mime};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vestibule_actors::port::store::RecordQuery;

use super::export::csv_rows;
use crate::http::access::Who;
use crate::http::app::App;
use crate::http::ask::{MOST_ROWS, given, query, rows, stored};
use crate::http::audited::Looked;
use crate::http::problem::{ApiError, Problem};
use crate::http::search::{asked, unusable, zone_of};
use crate::http::times::DisplayTimes;
use crate::http::view::RecordView;
use crate::settings::StaffRole;
use crate::web::RecordsQuery;

/// Which records are wanted: of an organization, by CSN or by meeting id.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NotificationsQuery {
    /// As in the settings. Needed, with something to search for.
    #[param(required)]
    organization: Option<String>,
    /// Epic's contact serial number. Not together with `meeting_id`.
    csn: Option<String>,
    /// Zoom's meeting id; blanks and dashes do not matter. Not together with `csn`.
    meeting_id: Option<String>,
    /// `delivered`, `retrying`, `parked` or `superseded`.
    outcome: Option<String>,
    /// Epic's HTTP status; 0 where no answer came.
    #[param(value_type = Option<u32>)]
    resp_code: Option<String>,
    /// Epic's own code, the whole of it, whether in capitals or not: `INVALID-USER-ID`.
    epic_code: Option<String>,
    /// From this time on: RFC 3339, or without an offset in the organization's zone (`2026-11-23`, `2026-11-23T09:30`).
    from: Option<String>,
    /// Before this time; a day alone is in it to its end.
    to: Option<String>,
    /// One record, by its `id`.
    record: Option<String>,
    /// Goes on where the answer before ended: its `cursor`.
    cursor: Option<String>,
    /// Records on a page, 1 to 500; 100 when left out. CSV always has all of them.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// `json` or `csv`; else the `Accept` header decides.
    format: Option<String>,
}

/// A page of records, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationsPage {
    notifications: Vec<RecordView>,
    /// Give it back as `cursor` for older records; null at the end. A search looks at a bounded number of records, so that a page with a
    /// cursor may hold few or none.
    cursor: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    Json,
    Csv,
}

/// Finds records.
///
/// # Errors
/// [`ApiError`] for a query that makes no sense and when the store does not answer.
#[utoipa::path(get, path = "/api/v1/notifications", tag = "api", params(NotificationsQuery), responses(
    (status = 200, description = "A page of records, newest first; with `Accept: text/csv` all of them as CSV", content(
        (NotificationsPage = "application/json"),
        (String = "text/csv"),
    )),
    (status = 400, description = "The query makes no sense", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization", body = Problem, content_type = "application/problem+json"),
))]
pub async fn list(app: web::Data<App>, who: Who, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let asked: NotificationsQuery = query(&request)?;
    let format = format(&asked, &request)?;
    let search = asked.search(&app, &who, StaffRole::Viewer)?;
    let exported = format == Format::Csv;
    if exported || search.id.is_some() {
        request.extensions_mut().insert(Looked { search: asked.words(), exported });
    }
    match format {
        Format::Json => json(&app, search, rows(asked.limit.as_deref())?).await,
        Format::Csv => csv(&app, search).await,
    }
}

async fn json(app: &App, search: RecordQuery, rows: usize) -> Result<HttpResponse, ApiError> {
    let query = RecordQuery { limit: rows, ..search };
    let page = stored(app.desk.ports().store.records(query)).await?;
    Ok(HttpResponse::Ok().json(NotificationsPage {
        notifications: page.items.iter().map(RecordView::from).collect(),
        cursor: page.next.map(|next| next.to_string()),
    }))
}

/// The first rows are read before the answer begins, so that a store that does not answer is a 503 and not a cut file.
async fn csv(app: &App, search: RecordQuery) -> Result<HttpResponse, ApiError> {
    let zone = search.organization.as_ref().and_then(|id| app.settings.organizations.get(id));
    let times = DisplayTimes::of_zone(zone.map_or("UTC", |organization| &organization.time_zone));
    let query = RecordQuery { limit: MOST_ROWS, ..search };
    let rows = csv_rows(app.desk.ports().store.clone(), query, times).await?;
    let attachment = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename("notification-records.csv".to_owned())],
    };
    Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").insert_header(attachment).streaming(rows))
}

impl NotificationsQuery {
    /// The search as an address of the page has it, for the audit.
    pub(super) fn words(&self) -> String {
        self.as_of_the_page().search()
    }

    fn as_of_the_page(&self) -> RecordsQuery {
        let text = |given: &Option<String>| given.clone().unwrap_or_default();
        RecordsQuery {
            organization: text(&self.organization),
            meeting_id: text(&self.meeting_id),
            csn: text(&self.csn),
            outcome: text(&self.outcome),
            resp_code: text(&self.resp_code),
            epic_code: text(&self.epic_code),
            from: text(&self.from),
            to: text(&self.to),
            record: text(&self.record),
            cursor: None,
        }
    }

    /// The search for the store; its limit is the caller's business.
    pub(super) fn search(&self, app: &App, who: &Who, needs: StaffRole) -> Result<RecordQuery, ApiError> {
        let Some(id) = given(self.organization.as_deref()) else {
            return Err(ApiError::BadRequest("name the organization: `organization=...`".to_owned()));
        };
        let (id, organization) = who.organization(app, id, needs)?;
        let query = self.as_of_the_page();
        let wanted = asked(&query, id, &zone_of(organization)).map_err(unusable)?;
        let before = given(self.cursor.as_deref()).map(|cursor| {
            cursor.parse().map_err(|_| {
                let told = "`cursor` is not one that an answer gave; leave it out for the newest records";
                ApiError::BadRequest(told.to_owned())
            })
        });
        Ok(RecordQuery { before: before.transpose()?, limit: MOST_ROWS, ..wanted })
    }
}

fn format(asked: &NotificationsQuery, request: &HttpRequest) -> Result<Format, ApiError> {
    match given(asked.format.as_deref()) {
        Some("csv") => Ok(Format::Csv),
        Some("json") => Ok(Format::Json),
        Some(_) => Err(ApiError::BadRequest("`format` is json or csv".to_owned())),
        None => Ok(accepted(request)),
    }
}

/// The first of the two that the caller prefers; JSON for whoever does not say.
fn accepted(request: &HttpRequest) -> Format {
    let ranked: Vec<Mime> = Accept::parse(request).map(|accept| accept.ranked()).unwrap_or_default();
    let known = ranked.iter().find_map(|range| match (range.type_(), range.subtype()) {
        (mime::TEXT, mime::CSV) => Some(Format::Csv),
        (mime::APPLICATION, mime::JSON) | (mime::STAR, mime::STAR) => Some(Format::Json),
        _ => None,
    });
    known.unwrap_or(Format::Json)
}
