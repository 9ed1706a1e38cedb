//! The sign-in page, the form for a token, and signing out.

use actix_web::cookie::Cookie;
use actix_web::error::UrlencodedError;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;
use vestibule_domain::time::Span;

use super::admit::{check_signed, slowed};
use super::session::{self, Claimed, Known, SessionKey};
use super::who::Who;
use super::{is_same_site, tokens};
use crate::http::app::App;
use crate::http::ask::{now, query};
use crate::http::audited;
use crate::http::declined;
use crate::http::page::staff_page;
use crate::http::problem::ApiError;
use crate::http::visit::language_of;
use crate::settings::{AccessMode, Settings};
use crate::web::{SignInPage, SignInTrouble, SignedIn, local_path};

#[derive(Deserialize)]
struct Wanted {
    next: Option<String>,
    /// Somebody has just signed out.
    #[serde(default)]
    signed_out: Option<String>,
    /// A form was sent after the session had ended.
    #[serde(default)]
    unsent: Option<String>,
}

/// What the form sends.
#[derive(Deserialize, ToSchema)]
pub struct SignInForm {
    /// One of the access tokens of the settings, or one that `access.jwt` says who signs.
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
            _ => ApiError::BadRequest(
                "the form cannot be read: a field is missing, or comes in another form than the page sends it"
                    .to_owned(),
            ),
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
    ("signed_out" = Option<String>, Query, description = "Says that somebody has just signed out"),
    ("unsent" = Option<String>, Query, description = "Says that a form was sent after the session had ended, and did nothing"),
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 200, description = "The sign-in page", content_type = "text/html"),
    (status = 303, description = "No sign-in is needed; leads to `next`"),
))]
pub async fn page(app: web::Data<App>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let wanted: Wanted = query(&request)?;
    if app.settings.access.mode == AccessMode::Loopback {
        return Ok(see_other(local_path(wanted.next.as_deref())));
    }
    let signed_out = wanted.signed_out.is_some();
    let provider_sign_out = match &app.identity.provider {
        Some(provider) if signed_out => {
            let back = super::openid::address(&app.settings, "/sign-in");
            provider.sign_out_url(&app.desk.ports().clock, &back).await
        }
        _ => None,
    };
    let page = SignInPage {
        signed_out,
        unsent: wanted.unsent.is_some(),
        provider_sign_out: provider_sign_out.as_deref(),
        ..view(&app, &request, wanted.next.as_deref(), None)
    };
    staff_page(HttpResponse::Ok(), &page)
}

fn view<'a>(
    app: &'a App,
    request: &HttpRequest,
    next: Option<&'a str>,
    trouble: Option<SignInTrouble>,
) -> SignInPage<'a> {
    let access = &app.settings.access;
    let has_tokens = access.grants.iter().any(|grant| grant.token().is_some());
    SignInPage {
        language: language_of(request, None),
        next,
        trouble,
        provider: access.openid.as_ref().map(|openid| openid.label.as_deref()),
        by_token: access.openid.is_none() || (access.mode == AccessMode::Token && has_tokens),
        break_glass: access.break_glass.is_some(),
        provider_sign_out: None,
        signed_out: false,
        unsent: false,
        signed_in: SignedIn::NO,
    }
}

/// The page again, with what is wrong; counted.
///
/// # Errors
/// [`ApiError::Internal`] when it cannot be rendered.
pub(super) fn refused(
    app: &App,
    request: &HttpRequest,
    next: Option<&str>,
    trouble: SignInTrouble,
) -> Result<HttpResponse, ApiError> {
    app.metrics.sign_in(trouble.code());
    let status = StatusCode::from_u16(trouble.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    staff_page(HttpResponse::build(status), &view(app, request, next, Some(trouble)))
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
    (status = 403, description = "The form comes from a page of another site, or the token gives no role here"),
    (status = 429, description = "Too many wrong tokens from this address"),
))]
pub async fn sign_in(
    app: web::Data<App>,
    request: HttpRequest,
    form: web::Form<SignInForm>,
) -> Result<HttpResponse, ApiError> {
    if !is_same_site(&request, &app.settings.server.public_url) {
        app.metrics.sign_in("foreign_origin");
        return Ok(declined::answer(&ApiError::ForeignOrigin, &request));
    }
    let next = form.next.as_deref();
    let presented = form.token.trim();
    let known = match app.settings.access.mode {
        AccessMode::Loopback => return Ok(see_other(local_path(next))),
        AccessMode::Token => {
            let found = tokens::check(presented, &app.settings.access.grants);
            slowed(&app, &request, found).map(|(grant, used)| (Known::Token(used), grant.name.clone(), None))
        }
        AccessMode::Jwt => by_signed(&app, &request, presented).await,
    };
    match known {
        Ok((known, name, most)) => {
            let cookie = session::begin(&app, &request, known, most).await?;
            app.metrics.sign_in("done");
            audited::sign_in(&app, &request, "signed_in", audited::DONE, Some(&name));
            with_cookie(see_other(local_path(next)), &cookie)
        }
        Err(ApiError::NotSignedIn) => {
            audited::sign_in(&app, &request, "sign_in_failed", "wrong-token", None);
            refused(&app, &request, next, SignInTrouble::WrongToken)
        }
        Err(ApiError::NoRole) => {
            audited::sign_in(&app, &request, "sign_in_failed", "no-role", None);
            refused(&app, &request, next, SignInTrouble::NoRole)
        }
        Err(error) => {
            app.metrics.sign_in(error.code());
            Ok(declined::answer(&error, &request))
        }
    }
}

type Found = (Known, String, Option<Span>);

/// A person who brings what programs bring; the session ends with the token.
async fn by_signed(app: &App, request: &HttpRequest, presented: &str) -> Result<Found, ApiError> {
    let named = check_signed(app, request, presented).await?;
    Who::of_issuer(&named, &app.settings.access).ok_or(ApiError::NoRole)?;
    let issuer = app.identity.signer.as_ref().map_or("", |signer| signer.issuer()).to_owned();
    let claimed = Claimed { issuer, signed_in_there: false, name: named.name, values: named.values };
    let (name, most) = (claimed.audit_name(), named.until - now(app));
    Ok((Known::Claims(claimed), name, Some(most)))
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
        return Ok(declined::answer(&ApiError::ForeignOrigin, &request));
    }
    if let Some(session) = SessionKey::of_request(&request, &app.settings) {
        let known = session.known(&app).await?;
        let who = known.and_then(|known| Who::of_session(session.clone(), known, &app.settings.access));
        session.end(&app).await?;
        if let Some(who) = who {
            audited::sign_in(&app, &request, "signed_out", audited::DONE, Some(who.name()));
        }
    }
    let to = if app.identity.provider.is_some() { "/sign-in?signed_out=yes" } else { "/sign-in" };
    with_cookie(see_other(to), &session::ended(&app))
}

pub(super) fn with_cookie(mut answer: HttpResponse, cookie: &Cookie<'_>) -> Result<HttpResponse, ApiError> {
    answer.add_cookie(cookie).map_err(|_| ApiError::Internal("a cookie cannot be written"))?;
    Ok(answer)
}

pub(super) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, path)).finish()
}
