//! The pages behind start and join links: one small document, whose script speaks to the JSON client.

use actix_web::{HttpResponse, web};

/// No inline script or style, nothing from elsewhere.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/j/{meeting}").route(web::get().to(page)))
        .service(web::resource("/s/{meeting}").route(web::get().to(page)))
        .service(web::resource("/static/zoom.js").route(web::get().to(script)))
        .service(web::resource("/static/zoom.css").route(web::get().to(style)));
}

pub(crate) fn document(body: impl Into<String>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("content-security-policy", CONTENT_SECURITY_POLICY))
        .insert_header(("referrer-policy", "no-referrer"))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("cache-control", "no-store"))
        .body(body.into())
}

pub(crate) fn asset(content_type: &'static str, body: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("cache-control", "no-cache"))
        .body(body)
}

async fn page() -> HttpResponse {
    document(include_str!("../static/zoom.html"))
}

async fn script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", include_str!("../static/zoom.js"))
}

async fn style() -> HttpResponse {
    asset("text/css; charset=utf-8", include_str!("../static/fakes.css"))
}
