//! The page about an organization's Zoom account: how it stands, which scopes the app lacks, and the way to authenticate it.
//!
//! The page may be on a listener of its own, and Zoom leads back to the public one. So its button leaves a ticket for the public listener,
//! which binds the way through Zoom to the browser that comes with it.

mod callback;
mod state;

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Moment;

use super::access::Who;
use super::app::App;
use super::ask;
use super::audited;
use super::here::Here;
use super::person::page;
use super::problem::ApiError;
use super::visit::{form_targets, language_of};
use crate::settings::{Authorization, Environment, Organization, StaffRole};
use crate::web::{ConnectTrouble, PagePolicy, ScopeRow, WebhookCheck, ZoomPage, ZoomStands};
use crate::zoom::connection::{ConnectRefused, ConnectionView, Standing};
use crate::zoom::scopes::{Wants, needed_for};
use crate::zoom::validation::is_overdue;
pub use callback::configure;
use state::Ticket;

/// Where Zoom leads back to, one address for all organizations, exactly as it is registered there.
fn redirect_uri(app: &App) -> String {
    app.settings.server.public_url.with_path("/zoom/callback")
}

/// How an organization's Zoom account stands.
///
/// # Errors
/// [`ApiError::UnknownOrganization`], and [`ApiError::StoreUnavailable`] where nothing can be said.
#[utoipa::path(get, path = "/admin/{organization}/zoom", tag = "operations", params(
    ("organization" = String, Path, description = "As in the settings"),
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 200, description = "Whether it is connected, since when, and which scopes are granted and missing", content_type = "text/html"),
    (status = 303, description = "Not signed in; leads to /sign-in"),
    (status = 404, description = "No such organization", body = super::problem::Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = super::problem::Problem, content_type = "application/problem+json"),
))]
pub async fn show(
    app: web::Data<App>,
    who: Who,
    here: web::Data<Here>,
    request: HttpRequest,
    organization: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let (id, organization) = who.organization(&app, &organization, StaffRole::Operator)?;
    shown(&app, &here, (&who, &request), (id, organization), None).await
}

/// Leads an administrator to Zoom's consent page, by way of the public listener.
///
/// # Errors
/// [`ApiError::UnknownOrganization`], [`ApiError::BadRequest`] where the app needs nobody's consent, and
/// [`ApiError::StoreUnavailable`].
#[utoipa::path(post, path = "/admin/{organization}/zoom/connect", tag = "operations", params(
    ("organization" = String, Path, description = "As in the settings"),
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 303, description = "To /zoom/connect/{ticket}; not signed in: to /sign-in"),
    (status = 400, description = "The app needs nobody's consent", body = super::problem::Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such organization", body = super::problem::Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = super::problem::Problem, content_type = "application/problem+json"),
))]
pub async fn connect(
    app: web::Data<App>,
    who: Who,
    request: HttpRequest,
    organization: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let (id, organization) = who.organization(&app, &organization, StaffRole::Administrator)?;
    if organization.zoom.authorization != Authorization::Oauth {
        return Err(ApiError::BadRequest(format!(
            "the Zoom app of {id} needs nobody's consent; see zoom.authorization in the settings"
        )));
    }
    audited::begin(&app, &request, &who, audited::ZOOM_CONNECT, None).await?;
    let language = language_of(&request, Some(organization));
    let ports = app.desk.ports();
    let name = ports.randomness.secret();
    ask::stored(Ticket::new(id, language).keep(ports, &name)).await?;
    tracing::info!(by = who.name(), organization = %id, "somebody goes to Zoom to connect its account");
    let to = app.settings.server.public_url.with_path(&format!("/zoom/connect/{name}"));
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, to)).finish())
}

/// Asks Zoom for a token although the app was removed, where its own credentials are enough.
///
/// # Errors
/// As for the page, and [`ApiError::BadRequest`] where an administrator has to agree.
#[utoipa::path(post, path = "/admin/{organization}/zoom/ask-again", tag = "operations", params(
    ("organization" = String, Path, description = "As in the settings"),
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 200, description = "Zoom gives none: the page with what was wrong", content_type = "text/html"),
    (status = 303, description = "Back to the page; not signed in: to /sign-in"),
    (status = 400, description = "The app needs an administrator's consent", body = super::problem::Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such organization", body = super::problem::Problem, content_type = "application/problem+json"),
))]
pub async fn ask_again(
    app: web::Data<App>,
    who: Who,
    here: web::Data<Here>,
    request: HttpRequest,
    organization: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let (id, organization) = who.organization(&app, &organization, StaffRole::Administrator)?;
    if organization.zoom.authorization == Authorization::Oauth {
        return Err(ApiError::BadRequest(format!(
            "the Zoom app of {id} needs an administrator's consent: connect it"
        )));
    }
    audited::begin(&app, &request, &who, audited::ZOOM_ASK_AGAIN, None).await?;
    match here.zoom_account.ask_again(id).await {
        Ok(()) => {
            app.metrics.zoom_connect(id, "connected");
            let language = language_of(&request, Some(organization));
            let to = format!("/admin/{id}/zoom?lang={}", language.code());
            Ok(HttpResponse::SeeOther().insert_header((LOCATION, to)).finish())
        }
        Err(refused) => {
            let trouble = trouble(refused);
            app.metrics.zoom_connect(id, trouble.code());
            request.extensions_mut().insert(audited::Outcome(trouble.code()));
            shown(&app, &here, (&who, &request), (id, organization), Some(trouble)).await
        }
    }
}

async fn shown(
    app: &App,
    here: &Here,
    (who, request): (&Who, &HttpRequest),
    (id, organization): (&OrganizationId, &Organization),
    trouble: Option<ConnectTrouble>,
) -> Result<HttpResponse, ApiError> {
    let view = here.zoom_account.connection(id).await.ok_or(ApiError::UnknownOrganization)??;
    let zoom = &organization.zoom;
    let wants = Wants { licences: zoom.license_found_users, identity: organization.patients.identity };
    let (needed, others) = scopes(wants, view.scopes.as_deref());
    let public = &app.settings.server.public_url;
    let shown = ZoomPage {
        language: language_of(request, Some(organization)),
        organization: id.as_str(),
        name: &organization.display_name,
        test_environment: organization.environment == Environment::Test,
        by_consent: zoom.authorization == Authorization::Oauth,
        stands: &stands(&view),
        account_id: &view.account,
        client_id: &zoom.client_id,
        redirect_uri: &redirect_uri(app),
        checked: checked(view.checked, app.desk.ports().clock.now()),
        webhook_url: &public.with_path(&format!("/zoom/{id}/webhook")),
        needed: &needed,
        others: &others,
        trouble,
        may_change: who.may(id, StaffRole::Administrator),
        signed_in: who.signed_in(app),
    };
    // Browsers hold a form to its targets through every redirect behind it: us, Zoom, and wherever Zoom has people sign in.
    let mut targets = form_targets(organization);
    if zoom.authorization == Authorization::Oauth {
        targets.extend([public.as_str().to_owned(), "https:".to_owned()]);
    }
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    Ok(page(StatusCode::OK, &shown, &PagePolicy { framed_by: None, form_targets: &targets }))
}

/// The scopes that are needed, and what else a token has.
fn scopes(wants: Wants, held: Option<&[String]>) -> (Vec<ScopeRow>, Vec<String>) {
    let row = |needed: &crate::zoom::scopes::Needed| ScopeRow {
        scope: needed.scope(),
        purpose: needed.purpose,
        held: held.map(|held| needed.is_held(held)),
    };
    let mut others = held.map(<[String]>::to_vec).unwrap_or_default();
    others.retain(|scope| !needed_for(wants).any(|needed| needed.is_held(std::slice::from_ref(scope))));
    (needed_for(wants).map(row).collect(), others)
}

fn stands(view: &ConnectionView) -> ZoomStands {
    match &view.standing {
        Standing::Connected { .. } if view.token == Some(false) => ZoomStands::NoToken,
        Standing::Connected { since, user, in_doubt } => ZoomStands::Connected {
            since: since.map(timestamp),
            user: user.clone().filter(|user| !user.is_empty()),
            in_doubt: *in_doubt,
        },
        Standing::NotYet => ZoomStands::NotYet,
        Standing::AuthenticateAgain { since } => ZoomStands::AuthenticateAgain { since: timestamp(*since) },
        Standing::Removed { since, forget_at, forgotten } => ZoomStands::Removed {
            since: timestamp(*since),
            forget_at: timestamp(*forget_at),
            forgotten: *forgotten,
        },
    }
}

fn checked(at: Option<Moment>, now: Moment) -> WebhookCheck {
    match at {
        None => WebhookCheck::Never,
        Some(at) if is_overdue(at, now) => WebhookCheck::Overdue(timestamp(at)),
        Some(at) => WebhookCheck::Lately(timestamp(at)),
    }
}

fn timestamp(at: Moment) -> Timestamp {
    Timestamp::from_millisecond(at.0).unwrap_or_default()
}

fn trouble(refused: ConnectRefused) -> ConnectTrouble {
    match refused {
        ConnectRefused::Code => ConnectTrouble::Code,
        ConnectRefused::Credentials => ConnectTrouble::Credentials,
        ConnectRefused::OtherAccount => ConnectTrouble::OtherAccount,
        ConnectRefused::Removed => ConnectTrouble::Removed,
        ConnectRefused::Unknown => ConnectTrouble::Stale,
        ConnectRefused::Scope => ConnectTrouble::Scope,
        ConnectRefused::Zoom => ConnectTrouble::Zoom,
        ConnectRefused::Store => ConnectTrouble::Store,
    }
}
