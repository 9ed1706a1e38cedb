//! Who may use the operators' pages and routes: `/ops`, `/visits`, `/group-visits`, `/records`, `/audit`,
//! `/downtime`, `/admin`, `/api`, `/metrics`.

mod admit;
mod attempts;
mod break_glass;
mod openid;
mod origin;
mod peer;
mod session;
mod sign_in;
mod tokens;
mod who;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, web};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

pub use attempts::{Peer, WrongTokens};
pub use origin::{is_named_loopback, is_same_site, names_its_page};
pub use peer::peer;
pub use session::{COOKIE, SessionKey};
pub use sign_in::{SignInForm, form_settings};
pub use who::Who;

// What utoipa's attribute makes beside each handler.
pub use break_glass::{__path_break_glass, break_glass};
pub use break_glass::{__path_page as __path_break_glass_page, page as break_glass_page};
pub use openid::{__path_begin as __path_openid_begin, begin as openid_begin};
pub use openid::{__path_callback as __path_openid_callback, callback as openid_callback};
pub use sign_in::{__path_page as __path_sign_in_page, page as sign_in_page};
pub use sign_in::{__path_sign_in, sign_in};
pub use sign_in::{__path_sign_out, sign_out};

use super::app::App;
use super::audited::{self, Audited};
use super::declined;
use super::problem::ApiError;
use admit::admit;

/// Operators' routes that are pages: whoever is not signed in there is led to the sign-in.
const PAGES: [&str; 4] = ["/ops", "/records", "/audit", "/admin"];
/// And all that begin so.
const PAGES_BELOW: [&str; 5] = ["/admin/", "/downtime/", "/group-visits/", "/records/", "/visits/"];

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
            Ok(declined::shown(answered, who.signed_in(&app)))
        }
        Err(error) => {
            app.metrics.access_denied(error.code());
            let tries = request.headers().contains_key(header::AUTHORIZATION)
                || !matches!(error, ApiError::NotSignedIn);
            if tries && !is_no_attempt(&error) {
                audited::turned_away(&app, request.request(), &error);
            }
            let answer = refusal(request.request(), &error);
            Ok(request.into_response(answer))
        }
    }
}

/// What says nothing of whoever came: that it was too often is on record already, and that we could not look is not theirs.
fn is_no_attempt(error: &ApiError) -> bool {
    matches!(
        error,
        ApiError::TooManyAttempts { .. } | ApiError::StoreUnavailable(_) | ApiError::IssuerUnavailable(_)
    )
}

/// A page leads to the sign-in and back; a program is told.
fn refusal(request: &HttpRequest, error: &ApiError) -> HttpResponse {
    let is_person = is_page(request.path()) && !request.headers().contains_key(header::AUTHORIZATION);
    match error {
        ApiError::NotSignedIn if is_person => {
            let reads = matches!(*request.method(), Method::GET | Method::HEAD);
            let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
            // What a form was to do cannot be done by coming back: its page can.
            let (next, unsent) =
                if reads { (target, "") } else { (page_before(request).unwrap_or_default(), "unsent=yes&") };
            let next = utf8_percent_encode(&next, NON_ALPHANUMERIC);
            HttpResponse::SeeOther()
                .insert_header((header::LOCATION, format!("/sign-in?{unsent}next={next}")))
                .finish()
        }
        error => declined::answer(error, request),
    }
}

fn is_page(path: &str) -> bool {
    PAGES.contains(&path) || PAGES_BELOW.iter().any(|below| path.starts_with(below))
}

/// The page of ours on which a form was sent, where its browser says so.
fn page_before(request: &HttpRequest) -> Option<String> {
    let referer = Url::parse(request.headers().get(header::REFERER)?.to_str().ok()?).ok()?;
    let target = match referer.query() {
        Some(query) => format!("{}?{query}", referer.path()),
        None => referer.path().to_owned(),
    };
    // Without its host, so that it leads nowhere else whoever wrote it.
    is_page(referer.path()).then_some(target)
}

#[cfg(test)]
mod emergency_tests;
#[cfg(test)]
mod openid_tests;
#[cfg(test)]
mod session_tests;
#[cfg(test)]
mod tests;
