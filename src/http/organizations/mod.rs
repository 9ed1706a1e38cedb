//! The page of an organization's settings, and what administrators do there: change a draft, have it checked, save it, go back to a version,
//! hand it over as a file, replace the API key, remove the organization.
//!
//! Whatever is typed becomes the draft of whoever typed it, right or wrong; the page then says what is wrong beside each field. Only
//! [`acts::act`] with `save` changes what is in force.

mod acts;
mod form;
pub(super) mod notifier;
mod place;
mod transfer;
mod view;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use vestibule_domain::id::OrganizationId;

use super::access::Who;
use super::admin;
use super::app::App;
use super::ask;
use super::page::{on_to, page_again, staff_page};
use super::problem::{ApiError, Problem, wants_page};
use super::query;
use crate::settings::StaffRole;
use crate::web::{OrganizationNote, OrganizationPage, RefusedForm};
use place::Place;

// What utoipa's attribute makes beside each handler.
pub use acts::{__path_act, Act, act};
pub use notifier::{__path_pause, __path_resume, pause, resume};
pub use transfer::{__path_export, export};

/// The parameter of the page's address that says what came of a button.
const NOTE: &str = "note";

/// The address of an organization's page.
fn address(id: &OrganizationId) -> String {
    format!("/admin/{id}")
}

/// Back to the page, which says what came of it.
fn back(request: &HttpRequest, id: &OrganizationId, note: OrganizationNote) -> HttpResponse {
    on_to(request, &format!("{}?{NOTE}={}", address(id), note.code()))
}

/// The page with a form that was not taken; the note says what is wrong, where that is not the reason.
async fn shown_again(
    place: &Place<'_>,
    (who, request): (&Who, &HttpRequest),
    refused: RefusedForm,
    note: Option<OrganizationNote>,
) -> Result<HttpResponse, ApiError> {
    let page = view::page(place, (who, place.language(request)), note).await?;
    page_again(request, &OrganizationPage { refused: Some(refused), ..page })
}

/// The settings of one organization.
///
/// # Errors
/// [`ApiError`] for an organization that is none of theirs, and when the store does not answer.
#[utoipa::path(get, path = "/admin/{organization}", tag = "operations", params(
    ("organization" = String, Path, description = "Its id; for an administrator of all organizations also one that is yet to be made"),
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 200, description = "The settings, with a form where they can be changed here", content_type = "text/html"),
    (status = 303, description = "Not signed in; leads to /sign-in"),
    (status = 403, description = "The role is too low", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such organization", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub async fn page(
    app: web::Data<App>,
    who: Who,
    request: HttpRequest,
    organization: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let place = Place::find(&app, &who, &organization, StaffRole::Operator).await?;
    let note = query::first(&request, NOTE).and_then(|code| OrganizationNote::of(&code));
    let language = place.language(&request);
    staff_page(HttpResponse::Ok(), &view::page(&place, (&who, language), note).await?)
}

/// One version, and what it changed.
///
/// # Errors
/// [`ApiError`] for an organization that is none of theirs, a version that is not kept, and when the store does not answer.
#[utoipa::path(get, path = "/admin/{organization}/versions/{version}", tag = "operations", params(
    ("organization" = String, Path, description = "Its id"),
    ("version" = u64, Path, description = "Its number"),
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 200, description = "Who saved it, when and why, and the difference to the one before", content_type = "text/html"),
    (status = 303, description = "Not signed in; leads to /sign-in"),
    (status = 404, description = "No such organization or version", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub async fn version(
    app: web::Data<App>,
    who: Who,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let place = Place::find(&app, &who, &path.0, StaffRole::Operator).await?;
    let number = path.1.parse().map_err(|_| ApiError::NoSuchVersion)?;
    let language = place.language(&request);
    staff_page(HttpResponse::Ok(), &view::version(&place, (&who, language), number).await?)
}

/// What leads to a new organization.
#[derive(Deserialize)]
pub struct NewQuery {
    id: String,
}

/// Leads to the page of an organization that is to be made.
///
/// # Errors
/// [`ApiError::NotEverywhere`] without the role, and [`ApiError::BadRequest`] for what is no id.
#[utoipa::path(get, path = "/admin/new", tag = "operations", params(
    ("id" = String, Query, description = "Lower-case letters and digits, with single dashes between; part of URLs, and never changed"),
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 303, description = "To its page; not signed in: to /sign-in"),
    (status = 400, description = "Not an id; a browser gets the page with the form again", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "The role is too low", body = Problem, content_type = "application/problem+json"),
))]
pub async fn new(app: web::Data<App>, who: Who, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    who.everywhere(StaffRole::Administrator)?;
    let NewQuery { id: written } = ask::query(&request)?;
    match place::id_of(&written) {
        Err(_) if wants_page(&request) => admin::listed(&app, &who, &request, Some(&written)),
        id => Ok(on_to(&request, &address(&id?))),
    }
}
