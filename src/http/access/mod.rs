//! Who may use the operators' pages and routes: `/ops`, `/visits`, `/group-visits`, `/records`, `/admin`, `/api`,
//! `/metrics`.

mod attempts;
mod origin;
mod session;
mod sign_in;
mod tokens;

use std::net::IpAddr;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, web};
use futures_util::future::{Ready, ready};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use vestibule_domain::id::OrganizationId;

pub use attempts::{Peer, WrongTokens};
pub use origin::{is_named_loopback, is_same_site};
pub use session::{COOKIE, SessionKey};
pub use sign_in::{SignInForm, form_settings};

// What utoipa's attribute makes beside each handler.
pub use sign_in::{__path_page as __path_sign_in_page, page as sign_in_page};
pub use sign_in::{__path_sign_in, sign_in};
pub use sign_in::{__path_sign_out, sign_out};

use super::app::App;
use super::ask::{self, now};
use super::audited::{self, Audited};
use super::problem::ApiError;
use crate::settings::{Access, Grant, Organization, Rights, StaffRole};

/// Operators' routes that are pages: whoever is not signed in there is led to the sign-in.
const PAGES: [&str; 3] = ["/ops", "/records", "/admin"];
/// And all that begin so.
const PAGES_BELOW: [&str; 3] = ["/admin/", "/visits/", "/group-visits/"];

/// Who was let in, and what they may see and do. Handlers behind the guard take it as an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    way: Way,
    /// Under which name of the settings they came; for the audit.
    name: String,
    rights: Rights,
}

/// How somebody was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    /// Whoever works on the machine itself.
    Local,
    /// A program with a token.
    Program,
    /// A person who signed in.
    Person(SessionKey),
}

impl Who {
    fn of_grant(way: Way, grant: &Grant) -> Self {
        Self { way, name: grant.name.clone(), rights: grant.rights.clone() }
    }

    fn local() -> Self {
        let rights = Rights::everywhere(StaffRole::Administrator);
        Self { way: Way::Local, name: "this machine".to_owned(), rights }
    }

    /// A program that may do everything, or, with a session, a person.
    #[cfg(test)]
    pub fn of_tests(session: Option<SessionKey>) -> Self {
        Self { way: session.map_or(Way::Program, Way::Person), ..Self::local() }
    }

    /// Whether the page offers to sign out.
    pub fn signed_in(&self) -> bool {
        matches!(self.way, Way::Person(_))
    }

    /// Under which name of the settings they came.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether they have any role in an organization; without one they are not told that it exists.
    pub fn sees(&self, organization: &OrganizationId) -> bool {
        self.rights.role_in(organization).is_some()
    }

    /// Whether they have this role, or a higher one, in an organization.
    pub fn may(&self, organization: &OrganizationId, role: StaffRole) -> bool {
        self.rights.role_in(organization) >= Some(role)
    }

    /// The organizations that they see; none: all of them, and those of times to come.
    pub fn organizations(&self) -> Option<Vec<&OrganizationId>> {
        self.rights.organizations().map(Iterator::collect)
    }

    /// An organization of the settings, for what needs a role there.
    ///
    /// # Errors
    /// [`ApiError::UnknownOrganization`] when there is none of this id or they have no role in it, which is the same to them;
    /// [`ApiError::NotAllowed`] when their role is a lower one.
    pub fn organization<'a>(
        &self,
        app: &'a App,
        id: &str,
        needs: StaffRole,
    ) -> Result<(&'a OrganizationId, &'a Organization), ApiError> {
        let found = ask::organization(app, id)?;
        let role = self.rights.role_in(found.0).ok_or(ApiError::UnknownOrganization)?;
        if role >= needs { Ok(found) } else { Err(ApiError::NotAllowed(needs)) }
    }

    /// For what concerns no organization, yet shows more to higher roles.
    ///
    /// # Errors
    /// [`ApiError::NotAllowed`] when they have this role nowhere.
    pub fn anywhere(&self, needs: StaffRole) -> Result<(), ApiError> {
        if self.rights.highest() >= Some(needs) { Ok(()) } else { Err(ApiError::NotAllowed(needs)) }
    }

    /// For what concerns all organizations at once.
    ///
    /// # Errors
    /// [`ApiError::NotEverywhere`] when they do not have this role in all of them.
    pub fn everywhere(&self, needs: StaffRole) -> Result<(), ApiError> {
        if self.rights.role_everywhere() >= Some(needs) {
            Ok(())
        } else {
            Err(ApiError::NotEverywhere(needs))
        }
    }

    /// Whether whoever was let in would still be: a session may have ended since. While the store does not answer, nobody is sent away.
    pub async fn may_stay(&self, app: &App) -> bool {
        match (&self.way, &app.settings.access) {
            (Way::Person(session), Access::Token(grants)) => {
                session.grant(app, grants).await.map_or(true, |grant| grant.is_some())
            }
            _ => true,
        }
    }
}

impl FromRequest for Who {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions().get::<Self>().cloned().ok_or(ApiError::Internal("a route has no guard")))
    }
}

/// The middleware in front of every operators' route.
///
/// # Errors
/// None of its own: whoever is not let in gets an answer.
pub async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = request.app_data::<web::Data<App>>().cloned() else {
        return Err(ApiError::Internal("the application has no shared state").into());
    };
    match admit(&app, request.request()).await {
        Ok(who) => {
            let audited = Audited::of(request.request());
            request.extensions_mut().insert(who.clone());
            let answered = next.call(request).await?.map_into_boxed_body();
            audited.after(&app, answered.request(), &who, answered.response());
            Ok(answered)
        }
        Err(error) => {
            app.metrics.access_denied(error.code());
            let tries = request.headers().contains_key(header::AUTHORIZATION)
                || !matches!(error, ApiError::NotSignedIn);
            if tries && !matches!(error, ApiError::TooManyAttempts { .. } | ApiError::StoreUnavailable(_)) {
                audited::turned_away(&app, request.request(), &error);
            }
            let answer = refusal(request.request(), &error);
            Ok(request.into_response(answer))
        }
    }
}

/// A page leads to the sign-in and back; a program is told.
fn refusal(request: &HttpRequest, error: &ApiError) -> HttpResponse {
    let path = request.path();
    let is_page = (PAGES.contains(&path) || PAGES_BELOW.iter().any(|below| path.starts_with(below)))
        && !request.headers().contains_key(header::AUTHORIZATION);
    match error {
        ApiError::NotSignedIn if is_page => {
            let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
            let next = utf8_percent_encode(target, NON_ALPHANUMERIC);
            HttpResponse::SeeOther()
                .insert_header((header::LOCATION, format!("/sign-in?next={next}")))
                .finish()
        }
        error => error.answer(request),
    }
}

async fn admit(app: &App, request: &HttpRequest) -> Result<Who, ApiError> {
    let acts = !matches!(*request.method(), Method::GET | Method::HEAD);
    let upgrades = request.headers().contains_key(header::UPGRADE);
    if (acts || upgrades) && !is_same_site(request, &app.settings.server.public_url) {
        return Err(ApiError::ForeignOrigin);
    }
    match &app.settings.access {
        Access::Loopback => admit_local(request),
        Access::Token(grants) => match request.headers().get(header::AUTHORIZATION) {
            Some(value) => admit_program(app, request, value, grants),
            None => admit_person(app, request, grants).await,
        },
    }
}

/// Whoever comes from the machine itself, under a name of the machine itself.
fn admit_local(request: &HttpRequest) -> Result<Who, ApiError> {
    let local = request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    if local && is_named_loopback(request) { Ok(Who::local()) } else { Err(ApiError::NotLoopback) }
}

fn admit_program(
    app: &App,
    request: &HttpRequest,
    value: &header::HeaderValue,
    grants: &[Grant],
) -> Result<Who, ApiError> {
    let presented = value.to_str().ok().and_then(bearer).unwrap_or_default();
    check_token(app, request, presented, grants).map(|(grant, _)| Who::of_grant(Way::Program, grant))
}

async fn admit_person(app: &App, request: &HttpRequest, grants: &[Grant]) -> Result<Who, ApiError> {
    let session = SessionKey::of_request(request).ok_or(ApiError::NotSignedIn)?;
    let grant = session.grant(app, grants).await?.ok_or(ApiError::NotSignedIn)?;
    Ok(Who::of_grant(Way::Person(session), grant))
}

/// Checks a token. A right one is always let in, since behind a proxy a scraper has the same address as whoever tries tokens; so
/// what keeps a token from being found is its length, and this only tells a peer with many wrong ones to stop asking.
fn check_token<'a>(
    app: &App,
    request: &HttpRequest,
    presented: &str,
    grants: &'a [Grant],
) -> Result<(&'a Grant, tokens::Fingerprint), ApiError> {
    if let Some(found) = tokens::check(presented, grants) {
        return Ok(found);
    }
    let (peer, now) = (peer(request), now(app));
    if let Some(retry_after_seconds) = app.limits.wrong_tokens.must_wait(peer, now) {
        app.metrics.refused("wrong_tokens");
        return Err(ApiError::TooManyAttempts { retry_after_seconds });
    }
    app.limits.wrong_tokens.failed(peer, now);
    Err(ApiError::NotSignedIn)
}

/// The address at the other end of the connection; what a proxy claims in headers is not believed.
pub(super) fn peer(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.ip())
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests;
