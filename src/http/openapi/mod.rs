//! The description of every route in OpenAPI 3.1, made from the handlers' own types, and by hand where a door answers with pages.

mod doors;

use std::sync::LazyLock;

use actix_web::HttpResponse;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::problem::{ApiError, Problem};
use super::view::{GoneView, VisitView};
use super::{
    access, admin, api, board, downtime, front, health, organizations, records, story, zoom_account,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Vestibule",
        description = "Stands between Epic and Zoom: launches video visits, keeps people waiting in calm, and tells Epic who is \
            connected. Errors are RFC 9457 problem documents; every answer carries `x-correlation-id`."
    ),
    paths(
        doors::launch, doors::launch_by_query, doors::callback, doors::jwks, doors::webhook, doors::waiting_page,
        doors::visit_events, doors::visit_state, doors::join, doors::device_test_of_page, doors::device_test_result,
        doors::device_test_go,
        super::letterhead::logo, doors::guest_page, doors::guest_launch, doors::tools, doors::tools_people, doors::tools_guest,
        doors::tools_revoke, doors::tools_text, doors::tools_identify, doors::tools_end,
        api::visits, api::visit, api::group_visit, api::timeline, api::group_timeline, api::notifications, api::resend, api::parked, api::audit, api::backup, document,
        board::page, board::stream, story::of_csn, story::of_conference, story::act, story::act_in_group, records::page, super::resend::show, super::resend::act, super::audit::page, downtime::page, admin::index, admin::fdi,
        organizations::page, organizations::version, organizations::new, organizations::export, organizations::act,
        organizations::pause, organizations::resume,
        zoom_account::show, zoom_account::connect, zoom_account::ask_again, doors::zoom_connect, doors::zoom_callback,
        access::sign_in_page, access::sign_in, access::sign_out, access::openid_begin, access::openid_callback,
        access::break_glass_page, access::break_glass,
        front::index, front::file, front::metrics, health::healthz, health::readyz,
    ),
    components(schemas(VisitView, GoneView, Problem)),
    modifiers(&Tokens),
    security(("token" = []), ("session" = [])),
    tags(
        (name = "epic", description = "What Epic opens and reads"),
        (name = "zoom", description = "What Zoom calls"),
        (name = "visit", description = "What people in a visit see"),
        (name = "api", description = "For programs"),
        (name = "operations", description = "For the people who run the service"),
    )
)]
struct Description;

/// How programs and people are let in.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{ApiKey, ApiKeyValue};
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let cookie = ApiKey::Cookie(ApiKeyValue::new(access::COOKIE));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    }
}

static WRITTEN: LazyLock<Option<String>> = LazyLock::new(|| Description::openapi().to_json().ok());

/// This description.
///
/// # Errors
/// [`ApiError::Internal`] when it cannot be written.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "api", responses(
    (status = 200, description = "OpenAPI 3.1", content_type = "application/json"),
    (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
))]
pub async fn document() -> Result<HttpResponse, ApiError> {
    let text = WRITTEN.as_deref().ok_or(ApiError::Internal("the description cannot be written"))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(text))
}

#[cfg(test)]
mod tests;
