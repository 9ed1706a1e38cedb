//! An organization's name, picture and help as pages show them, and the picture itself.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};

use super::app::App;
use super::problem::ApiError;
use crate::settings::Organization;
use crate::web::Letterhead;

/// For every page of an organization's that people see.
pub fn of(organization: &Organization) -> Letterhead {
    Letterhead {
        name: organization.display_name.clone(),
        logo: organization.logo.as_ref().map(|logo| format!("/logo/{}", logo.hash)),
        help: organization.help_url.as_ref().map(|url| url.as_str().to_owned()),
    }
}

/// The picture of an organization.
///
/// # Errors
/// [`ApiError::NotFound`] for one that no organization has.
#[utoipa::path(get, path = "/logo/{hash}", tag = "visit", security(()), params(
    ("hash" = String, Path, description = "As the pages name it"),
), responses(
    (status = 200, description = "The picture, which never changes under this name", content_type = "image/png"),
    (status = 404, description = "No such picture", body = super::problem::Problem, content_type = "application/problem+json"),
))]
pub async fn logo(app: web::Data<App>, hash: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let mut all = app.settings.organizations.values().filter_map(|organization| organization.logo.as_ref());
    let logo = all.find(|logo| logo.hash == *hash).ok_or(ApiError::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, logo.content_type))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header(("x-content-type-options", "nosniff"))
        .body(logo.bytes.clone()))
}
