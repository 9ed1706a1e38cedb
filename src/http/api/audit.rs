//! A chain of the audit, read page by page while it is sent.

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::audit::{Chain, ChainId, Kept, audit_event};
use crate::http::access::Who;
use crate::http::app::App;
use crate::http::ask::{given, query, stored};
use crate::http::problem::{ApiError, Problem};
use crate::settings::StaffRole;

/// Which chain is wanted, and how it is written.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Of this organization; left out, the service's own, with sign-ins and what else concerns no organization.
    organization: Option<String>,
    /// `lines`: each entry as it is kept, to be verified; `fhir`: as FHIR R4 AuditEvent. `lines` when left out.
    format: Option<String>,
}

#[derive(Clone, Copy)]
enum Format {
    Lines,
    Fhir,
}

/// Gives a whole chain out, a line for each entry.
///
/// # Errors
/// [`ApiError`] for a query that makes no sense, without the role, and when the store does not answer.
#[utoipa::path(get, path = "/api/v1/audit", tag = "api", params(AuditQuery), responses(
    (status = 200, description = "Entries, oldest first, one JSON object a line", content(
        (String = "application/jsonl"),
        (String = "application/fhir+ndjson"),
    )),
    (status = 400, description = "The query makes no sense", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Not an administrator there", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub async fn export(app: web::Data<App>, who: Who, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let asked: AuditQuery = query(&request)?;
    let format = match given(asked.format.as_deref()) {
        None | Some("lines") => Format::Lines,
        Some("fhir") => Format::Fhir,
        Some(_) => return Err(ApiError::BadRequest("`format` is lines or fhir".to_owned())),
    };
    let id = match given(asked.organization.as_deref()) {
        Some(id) => ChainId::of(Some(who.organization(&app, id, StaffRole::Administrator)?.0)),
        None => {
            who.everywhere(StaffRole::Administrator)?;
            ChainId::of(None)
        }
    };
    let chain = Chain::new(&app.desk.ports().store, &id)?;
    let from = stored(chain.first_page()).await?;
    let pages = stream::try_unfold((chain, from), move |(chain, page)| async move {
        let Some(lines) = stored(chain.lines(page)).await? else { return Ok::<_, ApiError>(None) };
        Ok(Some((Bytes::from(written(lines, format)), (chain, page.saturating_add(1)))))
    });
    let kind = match format {
        Format::Lines => "application/jsonl",
        Format::Fhir => "application/fhir+ndjson",
    };
    Ok(HttpResponse::Ok().content_type(kind).streaming(pages))
}

fn written(lines: String, format: Format) -> String {
    match format {
        Format::Lines => lines,
        Format::Fhir => {
            let events = lines.lines().filter_map(Kept::of_line).map(|(kept, ..)| audit_event(&kept));
            events.map(|event| format!("{event}\n")).collect()
        }
    }
}
