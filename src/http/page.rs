//! Answers with a page for the people who run the service.

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};

use super::problem::ApiError;
use crate::web::Page;

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
