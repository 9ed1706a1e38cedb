//! Commands that were set aside since they failed three times, and updates that Epic refused for good, so that somebody looks at them.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vestibule_actors::desk::Snapshot;

use crate::http::access::Who;
use crate::http::app::App;
use crate::http::ask::{MOST_ROWS, query, rows, stored};
use crate::http::problem::{ApiError, Problem};
use crate::http::view::{ParkedUpdateView, ParkedView};

/// So many visits are loaded at once,
const LOADED_AT_ONCE: usize = 256;
/// and so many are looked through for parked updates.
const LOOKED_THROUGH: usize = 20_000;

/// How many are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ParkedQuery {
    /// At most so many, 1 to 500; 100 when left out.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// Parked commands, newest first, and parked updates, by visit.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParkedList {
    parked: Vec<ParkedView>,
    updates: Vec<ParkedUpdateView>,
    /// There may be more updates than are listed here: of more visits than were looked through, or above the limit.
    more_updates: bool,
}

/// Lists parked commands and updates. What stands in commands is not shown, since it may name people.
///
/// # Errors
/// [`ApiError`] for a query that makes no sense and when the store does not answer.
#[utoipa::path(get, path = "/api/v1/parked", tag = "api", params(ParkedQuery), responses(
    (status = 200, description = "Commands that were set aside, newest first, and updates that Epic has not taken and of which nobody has decided, by visit", body = ParkedList),
    (status = 400, description = "The query makes no sense", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
))]
pub async fn list(app: web::Data<App>, who: Who, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let asked: ParkedQuery = query(&request)?;
    let rows = rows(asked.limit.as_deref())?;
    // Of the newest of all organizations, those that the reader may see.
    let newest = stored(app.desk.ports().store.parked(MOST_ROWS)).await?;
    let seen = newest.iter().filter(|parked| who.sees(&parked.visit.organization));
    let parked = seen.take(rows).map(ParkedView::from).collect();
    let (updates, more_updates) = updates(&app, &who, rows).await?;
    Ok(HttpResponse::Ok().json(ParkedList { parked, updates, more_updates }))
}

/// Parked updates, at most so many, and whether there may be more.
async fn updates(app: &App, who: &Who, rows: usize) -> Result<(Vec<ParkedUpdateView>, bool), ApiError> {
    let of = who.organizations().map_or(vec![None], |ids| ids.into_iter().map(Some).collect());
    let (mut found, mut looked_through) = (Vec::new(), 0);
    for organization in of {
        let mut after = None;
        loop {
            let store = &app.desk.ports().store;
            let loaded = stored(store.visits(organization, after.take(), LOADED_AT_ONCE)).await?;
            looked_through += loaded.items.len();
            // One that cannot be read must not keep the others from being seen.
            for seen in loaded.items.iter().filter_map(|it| Snapshot::read(it).ok()) {
                let of_visit = seen.visit.parked_updates();
                found.extend(of_visit.map(|update| ParkedUpdateView::new(&seen.visit, &update)));
            }
            after = loaded.next;
            if found.len() > rows || (after.is_some() && looked_through >= LOOKED_THROUGH) {
                found.truncate(rows);
                return Ok((found, true));
            }
            if after.is_none() {
                break;
            }
        }
    }
    Ok((found, false))
}
