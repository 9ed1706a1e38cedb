//! A chain of the audit, read page by page while it is sent.

use std::time::Duration;

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;
use serde::Deserialize;
use utoipa::IntoParams;
use vestibule_domain::id::OrganizationId;

use crate::audit::{Chain, ChainId, Kept, audit_event};
use crate::configuration::{KeepingError, ever_kept};
use crate::http::access::Who;
use crate::http::app::App;
use crate::http::ask::{given, query, stored};
use crate::http::audited::Concerns;
use crate::http::problem::{ApiError, Problem};
use crate::settings::StaffRole;

/// Whoever reads a chain waits so long for what this node has been told and not written so far.
pub(in crate::http) const SETTLED_WITHIN: Duration = Duration::from_secs(2);

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
    let id = whose(&app, &who, &request, asked.organization.as_deref()).await?;
    // What this node has been told so far is in it; where that takes longer, what there is now is told.
    let _ = app.audit.settle(SETTLED_WITHIN).await;
    let chain = Chain::new(&app.desk.ports().store, &id)?;
    // Whoever asks gets what there is now, or is cut off: a part must never be taken for the whole.
    let newest = stored(chain.head()).await?.map_or(0, |head| head.seq);
    let reading = Reading { page: stored(chain.first_page()).await?, chain, told: 0, newest, format };
    let pages = stream::try_unfold(reading, Reading::next);
    let kind = match format {
        Format::Lines => "application/jsonl",
        Format::Fhir => "application/fhir+ndjson",
    };
    Ok(HttpResponse::Ok().content_type(kind).streaming(pages))
}

/// The chain of an organization, of one that is not in force any more, or, where none is named, the service's own.
///
/// # Errors
/// [`ApiError`] without the role, for an organization that is none of theirs, and when the store does not answer.
pub(in crate::http) async fn whose(
    app: &App,
    who: &Who,
    request: &HttpRequest,
    organization: Option<&str>,
) -> Result<ChainId, ApiError> {
    let Some(name) = given(organization) else {
        who.everywhere(StaffRole::Administrator)?;
        return Ok(ChainId::of(None));
    };
    let unknown = match who.organization(app, name, StaffRole::Administrator) {
        Ok((id, _)) => return Ok(ChainId::of(Some(id))),
        Err(unknown) => unknown,
    };
    let removed = removed(app, who, name).await?.ok_or(unknown)?;
    request.extensions_mut().insert(Concerns(removed.clone()));
    Ok(ChainId::of(Some(&removed)))
}

/// The organization of this name, if it was one; for whoever is an administrator in all alone.
async fn removed(app: &App, who: &Who, name: &str) -> Result<Option<OrganizationId>, ApiError> {
    if who.everywhere(StaffRole::Administrator).is_err() {
        return Ok(None);
    }
    let ever = ever_kept(&app.desk.ports().store).await.map_err(|error| match error {
        KeepingError::Store(error) => ApiError::from(error),
        other => ApiError::Unreadable(other.to_string()),
    })?;
    Ok(ever.into_iter().find(|id| id.as_str() == name))
}

/// Where an export stands.
struct Reading {
    chain: Chain,
    page: u64,
    /// The last entry that was given out.
    told: u64,
    newest: u64,
    format: Format,
}

impl Reading {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, ApiError> {
        let Some((page, lines)) = stored(self.chain.lines_from(self.page)).await? else {
            return if self.told >= self.newest {
                Ok(None)
            } else {
                Err(ApiError::Unreadable("entries of the audit are missing".to_owned()))
            };
        };
        if page != self.page && self.told > 0 {
            return Err(ApiError::StoreUnavailable(
                "entries of the audit leave while they are read".to_owned(),
            ));
        }
        let last = lines.lines().last().and_then(Kept::of_line);
        self.told = last.map_or(self.told, |(kept, ..)| kept.seq);
        self.page = page.saturating_add(1);
        Ok(Some((Bytes::from(written(lines, self.format)), self)))
    }
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
