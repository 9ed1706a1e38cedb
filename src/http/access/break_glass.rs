//! The emergency access: a secret that lies sealed somewhere, for when nobody can sign in otherwise. It lets somebody do everything for a
//! short time, asks for a reason, and is loud: in the audit before anything else, in the log, in a metric that raises an alarm, and on each
//! page while it is used.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;
use vestibule_domain::time::Span;

use super::admit::slowed;
use super::is_same_site;
use super::session::{self, Known};
use super::sign_in::{see_other, with_cookie};
use super::tokens::Fingerprint;
use super::who::BREAK_GLASS;
use crate::http::app::App;
use crate::http::ask::query;
use crate::http::page::staff_page;
use crate::http::problem::ApiError;
use crate::http::visit::language_of;
use crate::http::{audited, declined, reason};
use crate::settings::BreakGlass;
use crate::web::{BreakGlassPage, BreakGlassTrouble, SignedIn, local_path};

/// As the audit calls it.
const ACTION: &str = "break_glass";

#[derive(Deserialize)]
struct Wanted {
    next: Option<String>,
}

/// What the form sends.
#[derive(Deserialize, ToSchema)]
pub struct BreakGlassForm {
    /// The emergency secret.
    token: String,
    /// Why; 3 to 200 characters.
    #[serde(default)]
    reason: String,
    /// The page to go to afterwards; only a path of this service.
    next: Option<String>,
}

/// The form of the emergency access.
///
/// # Errors
/// [`ApiError::NotFound`] where it is not set up, and [`ApiError::BadRequest`] when the query cannot be read.
#[utoipa::path(get, path = "/sign-in/break-glass", operation_id = "break_glass_page", tag = "operations", security(()), params(
    ("next" = Option<String>, Query, description = "The page to go to afterwards"),
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 200, description = "The form of the emergency access", content_type = "text/html"),
    (status = 404, description = "It is not set up"),
))]
pub async fn page(app: web::Data<App>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let Some(settings) = &app.settings.access.break_glass else {
        return Ok(declined::answer(&ApiError::NotFound, &request));
    };
    let wanted: Wanted = query(&request)?;
    shown(HttpResponse::Ok(), &request, settings, wanted.next.as_deref(), "", None)
}

fn shown(
    answer: actix_web::HttpResponseBuilder,
    request: &HttpRequest,
    settings: &BreakGlass,
    next: Option<&str>,
    reason: &str,
    trouble: Option<BreakGlassTrouble>,
) -> Result<HttpResponse, ApiError> {
    let life = humantime::format_duration(settings.life).to_string();
    let language = language_of(request, None);
    staff_page(
        answer,
        &BreakGlassPage { language, next, trouble, reason, life: &life, signed_in: SignedIn::NO },
    )
}

/// Takes the secret and a reason, and gives a cookie for a short time.
///
/// # Errors
/// [`ApiError`] for a form of another site, too many wrong secrets, or a store that takes neither session nor audit: then nobody is let in.
#[utoipa::path(post, path = "/sign-in/break-glass", tag = "operations", security(()), request_body(
    content = BreakGlassForm, content_type = "application/x-www-form-urlencoded",
), responses(
    (status = 303, description = "Signed in as an administrator of all organizations; leads to `next`"),
    (status = 400, description = "There is no reason; the page again", content_type = "text/html"),
    (status = 401, description = "The secret is wrong; the page again", content_type = "text/html"),
    (status = 403, description = "The form comes from a page of another site"),
    (status = 404, description = "It is not set up"),
    (status = 429, description = "Too many wrong secrets from this address"),
    (status = 503, description = "The store takes no entry of the audit"),
))]
pub async fn break_glass(
    app: web::Data<App>,
    request: HttpRequest,
    form: web::Form<BreakGlassForm>,
) -> Result<HttpResponse, ApiError> {
    let Some(settings) = &app.settings.access.break_glass else {
        return Ok(declined::answer(&ApiError::NotFound, &request));
    };
    if !is_same_site(&request, &app.settings.server.public_url) {
        app.metrics.sign_in("foreign_origin");
        return Ok(declined::answer(&ApiError::ForeignOrigin, &request));
    }
    let next = form.next.as_deref();
    let found = Fingerprint::of_presented(form.token.trim()).filter(|used| used.is_of(&settings.secret));
    let used = match slowed(&app, &request, found) {
        Ok(used) => used,
        Err(ApiError::NotSignedIn) => {
            app.metrics.sign_in("break_glass_wrong");
            tracing::warn!("somebody tried a wrong secret at the emergency access");
            audited::sign_in(&app, &request, "break_glass_failed", "wrong-secret", None);
            let trouble = Some(BreakGlassTrouble::WrongSecret);
            return shown(HttpResponse::Unauthorized(), &request, settings, next, &form.reason, trouble);
        }
        Err(error) => {
            app.metrics.sign_in(error.code());
            return Ok(declined::answer(&error, &request));
        }
    };
    let Ok(reason) = reason::checked(&form.reason) else {
        let trouble = Some(BreakGlassTrouble::NoReason);
        return shown(HttpResponse::BadRequest(), &request, settings, next, &form.reason, trouble);
    };
    if let Err(error) = audited::begin_as(&app, &request, BREAK_GLASS, ACTION, Some(reason)).await {
        return Ok(declined::answer(&error, &request));
    }
    let life = Span::from_duration(settings.life);
    let cookie = session::begin(&app, &request, Known::BreakGlass(used), Some(life)).await?;
    app.metrics.glass_broken();
    app.metrics.sign_in("break_glass");
    tracing::error!("somebody signed in by the emergency access; their reason is in the audit");
    audited::sign_in(&app, &request, ACTION, audited::DONE, Some(BREAK_GLASS));
    with_cookie(see_other(local_path(next)), &cookie)
}
