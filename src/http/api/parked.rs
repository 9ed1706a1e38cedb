//! Commands that were set aside since they failed three times, so that somebody looks at them.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::access::Who;
use crate::http::app::App;
use crate::http::ask::{MOST_ROWS, query, rows, stored};
use crate::http::problem::{ApiError, Problem};
use crate::http::view::ParkedView;

/// How many are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ParkedQuery {
    /// At most so many, 1 to 500; 100 when left out.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// Parked commands, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParkedList {
    parked: Vec<ParkedView>,
}

/// Lists parked commands. What stands in them is not shown, since it may name people.
///
/// # Errors
/// [`ApiError`] for a query that makes no sense and when the store does not answer.
#[utoipa::path(get, path = "/api/v1/parked", tag = "api", params(ParkedQuery), responses(
    (status = 200, description = "Commands that were set aside, newest first", body = ParkedList),
    (status = 400, description = "The query makes no sense", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
))]
pub async fn list(app: web::Data<App>, who: Who, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let asked: ParkedQuery = query(&request)?;
    let rows = rows(asked.limit.as_deref())?;
    // Of the newest of all organizations, those that the reader may see.
    let newest = stored(app.desk.ports().store.parked(MOST_ROWS)).await?;
    let seen = newest.iter().filter(|parked| who.sees(&parked.visit.organization));
    Ok(HttpResponse::Ok().json(ParkedList { parked: seen.take(rows).map(ParkedView::from).collect() }))
}
