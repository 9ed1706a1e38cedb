//! Answers for people: pages, refusals in plain words, and the way to Zoom.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use vestibule_domain::id::Csn;
use vestibule_domain::name::PersonalLink;
use vestibule_domain::visit::Visit;

use super::app::App;
use super::correlation;
use super::letterhead;
use super::problem::{ApiError, wants_page};
use crate::settings::{Environment, Organization};
use crate::web::{
    Audience, ClockTime, ErrorPage, ExternalLink, Language, Letterhead, Page, PagePolicy, Reason,
    StandInPage, StandsFor, security_headers,
};

/// A refusal that a person sees. What lies behind it is logged under the correlation id, never shown.
#[derive(Debug, Clone, thiserror::Error)]
#[error("refused: {reason:?}")]
pub struct PersonError {
    pub reason: Reason,
    pub language: Language,
    pub audience: Audience,
    pub organization: Option<Box<Letterhead>>,
    pub help_phone: Option<String>,
    /// From when on they may come.
    pub opens: Option<Box<ClockTime>>,
    /// Who may show the page in a frame: the organization's Epic, as for its other pages.
    pub framed_by: Vec<String>,
    pub correlation_id: String,
    /// A program asked, which is told by a problem document.
    pub document: bool,
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
            opens: None,
            framed_by: Vec::new(),
            correlation_id: correlation::current().into(),
            document: false,
        }
    }

    /// The same with the time from which on a person of this appointment may come, where that is ahead.
    #[must_use]
    pub fn with_opening(
        self,
        app: &App,
        organization: &Organization,
        visit: &Visit,
        csn: Option<&Csn>,
    ) -> Self {
        let now = app.desk.ports().clock.now();
        let window = visit.window(csn, &organization.policy(&app.settings));
        let opens = window.map(|window| window.opens).filter(|opens| *opens > now);
        let opens = opens.map(|opens| Box::new(ClockTime::of(opens, now, &organization.time_zone)));
        Self { opens, ..self }
    }

    /// The same for a door that scripts and programs call.
    #[must_use]
    pub fn for_program(self, request: &HttpRequest) -> Self {
        Self { document: !wants_page(request), ..self }
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
            organization: Some(Box::new(letterhead::of(organization))),
            help_phone: organization.help_phone.clone(),
            framed_by: organization.framing_hosts.iter().map(|host| host.as_str().to_owned()).collect(),
            ..Self::new(request, reason)
        }
    }

    /// The same reason with an organization's name and frames, where one is known.
    pub fn of_known(
        request: &HttpRequest,
        reason: Reason,
        organization: Option<&Organization>,
        audience: Audience,
    ) -> Self {
        match organization {
            Some(organization) => Self::of(request, reason, organization, audience),
            None => Self { audience, ..Self::new(request, reason) },
        }
    }
}

impl ResponseError for PersonError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.reason.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        if self.document {
            return self.problem().error_response();
        }
        let error = ErrorPage {
            language: self.language,
            reason: self.reason,
            audience: self.audience,
            organization: self.organization.as_deref(),
            correlation_id: &self.correlation_id,
            help_phone: self.help_phone.as_deref(),
            opens: self.opens.as_deref(),
        };
        let frames: Vec<&str> = self.framed_by.iter().map(String::as_str).collect();
        let policy = PagePolicy { framed_by: (!frames.is_empty()).then_some(&frames), form_targets: &[] };
        let mut response = page(self.status_code(), &error, &policy);
        if self.reason == Reason::Overloaded {
            response
                .headers_mut()
                .insert(RETRY_AFTER, actix_web::http::header::HeaderValue::from_static("5"));
        }
        response
    }
}

impl PersonError {
    fn problem(&self) -> ApiError {
        match self.reason {
            Reason::NotFound => ApiError::NotFound,
            Reason::UnknownOrganization => ApiError::UnknownOrganization,
            Reason::Overloaded => ApiError::StoreUnavailable("a page's state is asked for".to_owned()),
            _ => ApiError::Bare(self.status_code()),
        }
    }
}

/// The store did not do what a page needs. The person reads that we are busy; what it was is for the log and the count.
pub fn note_store_trouble(app: &App, door: &'static str, error: &impl std::fmt::Display) {
    app.metrics.store_failed(door);
    tracing::warn!(door, %error, "the store does not answer");
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

/// A page of an organization's, which its Epic may show in a frame.
pub fn page_of(
    organization: &Organization,
    status: StatusCode,
    view: &impl Page,
    form_targets: &[String],
) -> HttpResponse {
    let frames: Vec<&str> = organization.framing_hosts.iter().map(|host| host.as_str()).collect();
    let form_targets: Vec<&str> = form_targets.iter().map(String::as_str).collect();
    let framed_by = (!frames.is_empty()).then_some(frames.as_slice());
    page(status, view, &PagePolicy { framed_by, form_targets: &form_targets })
}

/// Sends a browser on.
pub fn see_other(to: &str) -> HttpResponse {
    let mut response = HttpResponse::SeeOther();
    for header in security_headers(&PagePolicy::default()) {
        response.insert_header(header);
    }
    response.insert_header((LOCATION, to)).finish()
}

/// Sends a person to Zoom: by a redirect, or inside a frame, where Zoom cannot be shown, by a page with a link that opens a window.
pub fn redirect_to_zoom(
    request: &HttpRequest,
    organization: &Organization,
    language: Language,
    link: &PersonalLink,
) -> HttpResponse {
    if !is_framed(request) {
        return see_other(link.reveal());
    }
    let Ok(link) = ExternalLink::parse(link.reveal()) else {
        return PersonError::of(request, Reason::ZoomNotAnswering, organization, Audience::Unknown)
            .error_response();
    };
    stand_in(organization, language, StandsFor::Meeting, &link)
}

/// A page with a link that opens a window.
pub fn stand_in(
    organization: &Organization,
    language: Language,
    stands_for: StandsFor,
    link: &ExternalLink,
) -> HttpResponse {
    let stand_in = StandInPage {
        language,
        organization: &letterhead::of(organization),
        test_environment: organization.environment == Environment::Test,
        stands_for,
        link,
    };
    page_of(organization, StatusCode::OK, &stand_in, &[])
}

/// Browsers say what a request is for; an old one that does not is taken for a window.
pub fn is_framed(request: &HttpRequest) -> bool {
    let destination = request.headers().get("sec-fetch-dest").and_then(|value| value.to_str().ok());
    matches!(destination, Some("iframe" | "frame" | "embed" | "object"))
}
