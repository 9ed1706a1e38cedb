//! Answers for people: pages, refusals in plain words, and the way to Zoom.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use vestibule_domain::name::PersonalLink;

use super::correlation;
use crate::settings::{Environment, Organization};
use crate::web::{
    Audience, ErrorPage, ExternalLink, Language, Page, PagePolicy, Reason, StandInPage, security_headers,
};

/// A refusal that a person sees. What lies behind it is logged under the correlation id, never shown.
#[derive(Debug, Clone, thiserror::Error)]
#[error("refused: {reason:?}")]
pub struct PersonError {
    pub reason: Reason,
    pub language: Language,
    pub audience: Audience,
    pub organization: Option<String>,
    pub help_phone: Option<String>,
    pub correlation_id: String,
}

impl PersonError {
    /// A refusal of a request that nothing more is known of.
    pub fn new(request: &HttpRequest, reason: Reason) -> Self {
        Self {
            reason,
            language: super::visit::language_of(request, None),
            audience: Audience::Unknown,
            organization: None,
            help_phone: None,
            correlation_id: correlation::current().into(),
        }
    }

    /// A refusal that names the organization in its own language.
    pub fn of(
        request: &HttpRequest,
        reason: Reason,
        organization: &Organization,
        audience: Audience,
    ) -> Self {
        Self {
            language: super::visit::language_of(request, Some(organization)),
            audience,
            organization: Some(organization.display_name.clone()),
            help_phone: organization.help_phone.clone(),
            ..Self::new(request, reason)
        }
    }
}

impl ResponseError for PersonError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.reason.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let error = ErrorPage {
            language: self.language,
            reason: self.reason,
            audience: self.audience,
            organization: self.organization.as_deref(),
            correlation_id: &self.correlation_id,
            help_phone: self.help_phone.as_deref(),
        };
        let mut response = page(self.status_code(), &error, &PagePolicy::default());
        if self.reason == Reason::Overloaded {
            response
                .headers_mut()
                .insert(RETRY_AFTER, actix_web::http::header::HeaderValue::from_static("5"));
        }
        response
    }
}

/// A page with its security headers.
pub fn page(status: StatusCode, view: &impl Page, policy: &PagePolicy<'_>) -> HttpResponse {
    let Ok(body) = view.render() else {
        tracing::error!("a page could not be rendered");
        return HttpResponse::InternalServerError().finish();
    };
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, "text/html; charset=utf-8"));
    for header in security_headers(policy) {
        response.insert_header(header);
    }
    response.body(body)
}

/// Sends a person to Zoom: by a redirect, or inside a frame, where Zoom cannot be shown, by a page with a link that opens a window.
pub fn redirect_to_zoom(
    request: &HttpRequest,
    organization: &Organization,
    language: Language,
    link: &PersonalLink,
) -> HttpResponse {
    if !is_framed(request) {
        let mut response = HttpResponse::SeeOther();
        for header in security_headers(&PagePolicy::default()) {
            response.insert_header(header);
        }
        return response.insert_header((LOCATION, link.reveal())).finish();
    }
    let Ok(link) = ExternalLink::parse(link.reveal()) else {
        return PersonError::of(request, Reason::ZoomNotAnswering, organization, Audience::Unknown)
            .error_response();
    };
    let stand_in = StandInPage {
        language,
        organization: &organization.display_name,
        test_environment: organization.environment == Environment::Test,
        link: &link,
    };
    let frames: Vec<&str> = organization.framing_hosts.iter().map(|host| host.as_str()).collect();
    page(StatusCode::OK, &stand_in, &PagePolicy { framed_by: Some(&frames), form_targets: &[] })
}

/// Browsers say what a request is for; an old one that does not is taken for a window.
fn is_framed(request: &HttpRequest) -> bool {
    let destination = request.headers().get("sec-fetch-dest").and_then(|value| value.to_str().ok());
    matches!(destination, Some("iframe" | "frame" | "embed" | "object"))
}
