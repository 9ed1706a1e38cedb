//! Answers with a page for the people who run the service.

use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};

use super::audited::Outcome;
use super::problem::ApiError;
use super::query;
use super::visit::language_of;
use crate::web::Page;

/// The parameter that asks for a language.
const LANG: &str = "lang";

/// Renders a page for operators.
///
/// Its referrer policy is `same-origin`: under a stricter one a browser sends the page's own forms with `Origin: null`, and who sent
/// them could not be told. Addresses of these pages never leave the service by it.
///
/// # Errors
/// [`ApiError::Internal`] when the page cannot be rendered.
pub fn staff_page(mut answer: HttpResponseBuilder, page: &impl Page) -> Result<HttpResponse, ApiError> {
    let html = page.render().map_err(|_| ApiError::Internal("a page cannot be rendered"))?;
    Ok(answer
        .content_type("text/html; charset=utf-8")
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .body(html))
}

/// The page of a form that was not taken, once more, with what is wrong beside the field. To the audit it is what it is to a program.
///
/// # Errors
/// As for any page.
pub fn page_again(request: &HttpRequest, page: &impl Page) -> Result<HttpResponse, ApiError> {
    let outcome = Outcome(ApiError::NoReason.code());
    // A handler that knows better has said so.
    if !request.extensions().contains::<Outcome>() {
        request.extensions_mut().insert(outcome);
    }
    staff_page(HttpResponse::BadRequest(), page)
}

/// On to another page, in the language that this one was asked for in.
pub fn on_to(request: &HttpRequest, page: &str) -> HttpResponse {
    let mut to = page.to_owned();
    if query::first(request, LANG).is_some() {
        let before = if page.contains('?') { "&" } else { "?" };
        to.extend([before, LANG, "=", language_of(request, None).code()]);
    }
    HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
}
