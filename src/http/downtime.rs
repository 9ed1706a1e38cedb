//! The list for downtime as a page, for as long as there is a service to show it.

use actix_web::{HttpRequest, HttpResponse, web};

use super::access::Who;
use super::app::App;
use super::ask::stored;
use super::page::staff_page;
use super::problem::ApiError;
use super::visit::language_of;
use crate::downtime::today;
use crate::settings::StaffRole;
use crate::web::DowntimePage;

/// Today's visits of an organization, to be printed.
///
/// # Errors
/// [`ApiError`] for an unknown organization, and when the store does not answer.
#[utoipa::path(get, path = "/downtime/{organization}", tag = "operations", params(
    ("organization" = String, Path, description = "As in the settings"),
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 200, description = "Today's visits with meeting ids and dial-in", content_type = "text/html"),
    (status = 303, description = "Not signed in; leads to /sign-in"),
    (status = 404, description = "No such organization", body = super::problem::Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = super::problem::Problem, content_type = "application/problem+json"),
))]
pub async fn page(
    app: web::Data<App>,
    who: Who,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let (id, organization) = who.organization(&app, &path, StaffRole::Viewer)?;
    let ports = app.desk.ports();
    let mut list = stored(today(&ports.store, id, organization, ports.clock.now())).await?;
    list.language = language_of(&request, Some(organization));
    let page = DowntimePage {
        language: list.language,
        id: id.as_str(),
        list: &list,
        signed_in: who.signed_in(&app),
    };
    staff_page(HttpResponse::Ok(), &page)
}
