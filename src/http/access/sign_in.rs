//! The sign-in page and its forms.

use actix_web::error::UrlencodedError;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::session::{self, SessionKey};
use super::{check_token, is_same_site};
use crate::http::app::App;
use crate::http::ask::query;
use crate::http::audited;
use crate::http::page::staff_page;
use crate::http::problem::ApiError;
use crate::settings::{Access, Settings};
use crate::web::{SignInPage, local_path};

#[derive(Deserialize)]
struct Wanted {
    next: Option<String>,
}

/// What the form sends.
#[derive(Deserialize, ToSchema)]
pub struct SignInForm {
    /// One of the access tokens of the settings.
    token: String,
    /// The page to go to afterwards; only a path of this service.
    next: Option<String>,
}

/// Bounds the body of the form and says what is wrong with a bad one.
pub fn form_settings(settings: &Settings) -> web::FormConfig {
    web::FormConfig::default().limit(settings.limits.request_body_bytes).error_handler(|error, _| {
        let told = match error {
            UrlencodedError::Overflow { .. } => ApiError::BodyTooLarge,
            UrlencodedError::ContentType => {
                ApiError::BadRequest("the form is sent as application/x-www-form-urlencoded".to_owned())
            }
            _ => ApiError::BadRequest("the form cannot be read; it has the field `token`".to_owned()),
        };
        told.into()
    })
}

/// The form.
///
/// # Errors
/// [`ApiError`] when the query cannot be read.
#[utoipa::path(get, path = "/sign-in", tag = "operations", security(()), params(
    ("next" = Option<String>, Query, description = "The page to go to afterwards"),
), responses(
    (status = 200, description = "The sign-in page", content_type = "text/html"),
    (status = 303, description = "No sign-in is needed; leads to `next`"),
))]
pub async fn page(app: web::Data<App>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let wanted: Wanted = query(&request)?;
    match &app.settings.access {
        Access::Loopback => Ok(see_other(local_path(wanted.next.as_deref()))),
        Access::Token(_) => {
            let page = SignInPage { next: wanted.next.as_deref(), failed: false, signed_in: false };
            staff_page(HttpResponse::Ok(), &page)
        }
    }
}

/// Takes a token and gives a cookie.
///
/// # Errors
/// [`ApiError`] for a form of another site, too many wrong tokens, or a store that does not answer.
#[utoipa::path(post, path = "/sign-in", tag = "operations", security(()), request_body(
    content = SignInForm, content_type = "application/x-www-form-urlencoded",
), responses(
    (status = 303, description = "Signed in by a cookie; leads to `next`"),
    (status = 401, description = "The token is wrong; the page again", content_type = "text/html"),
    (status = 403, description = "The form comes from a page of another site"),
    (status = 429, description = "Too many wrong tokens from this address"),
))]
pub async fn sign_in(
    app: web::Data<App>,
    request: HttpRequest,
    form: web::Form<SignInForm>,
) -> Result<HttpResponse, ApiError> {
    if !is_same_site(&request, &app.settings.server.public_url) {
        app.metrics.sign_in("foreign_origin");
        return Ok(ApiError::ForeignOrigin.answer(&request));
    }
    let next = local_path(form.next.as_deref());
    let Access::Token(grants) = &app.settings.access else { return Ok(see_other(next)) };
    match check_token(&app, &request, form.token.trim(), grants) {
        Ok((grant, token)) => {
            let cookie = session::begin(&app, token).await?;
            app.metrics.sign_in("done");
            audited::sign_in(&app, &request, "signed_in", Some(&grant.name));
            let mut answer = see_other(next);
            answer.add_cookie(&cookie).map_err(|_| ApiError::Internal("a cookie cannot be written"))?;
            Ok(answer)
        }
        Err(ApiError::NotSignedIn) => {
            app.metrics.sign_in("wrong_token");
            audited::sign_in(&app, &request, "sign_in_failed", None);
            let page = SignInPage { next: form.next.as_deref(), failed: true, signed_in: false };
            staff_page(HttpResponse::Unauthorized(), &page)
        }
        Err(error) => {
            app.metrics.sign_in(error.code());
            Ok(error.answer(&request))
        }
    }
}

/// Ends the session and takes the cookie back.
///
/// # Errors
/// [`ApiError`] for a form of another site, or a store that does not answer: the session may stand then.
#[utoipa::path(post, path = "/sign-out", tag = "operations", security(()), responses(
    (status = 303, description = "Signed out; leads to the sign-in page"),
    (status = 403, description = "The form comes from a page of another site"),
))]
pub async fn sign_out(app: web::Data<App>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    if !is_same_site(&request, &app.settings.server.public_url) {
        return Ok(ApiError::ForeignOrigin.answer(&request));
    }
    if let Some(session) = SessionKey::of_request(&request) {
        let by = match &app.settings.access {
            Access::Token(grants) => session.grant(&app, grants).await?.map(|grant| grant.name.clone()),
            Access::Loopback => None,
        };
        session.end(&app).await?;
        if by.is_some() {
            audited::sign_in(&app, &request, "signed_out", by.as_deref());
        }
    }
    let mut answer = see_other("/sign-in");
    answer.add_cookie(&session::ended(&app)).map_err(|_| ApiError::Internal("a cookie cannot be written"))?;
    Ok(answer)
}

fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, path)).finish()
}
