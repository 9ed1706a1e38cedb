//! Zoom's consent page: an administrator, who is signed in already, adds the app or declines.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};

use super::FakeZoom;
use super::http::pairs;
use super::oauth::ConsentRequest;
use super::pages::CONTENT_SECURITY_POLICY;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/oauth/authorize").route(web::get().to(page)))
        .service(web::resource("/oauth/authorize/allow").route(web::get().to(allow)))
        .service(web::resource("/oauth/authorize/decline").route(web::get().to(decline)));
}

fn asked(request: &HttpRequest) -> ConsentRequest {
    ConsentRequest::read(&pairs(request.query_string()))
}

/// Links and no form, since a browser holds a form to its page's targets through every redirect.
async fn page(request: HttpRequest, zoom: web::Data<FakeZoom>) -> HttpResponse {
    let asked = asked(&request);
    let scopes = zoom.settings().scopes;
    if let Err(why) = zoom.at_desk(|desk| desk.consent_address(&asked).map(str::to_owned)) {
        return html(StatusCode::BAD_REQUEST, &format!("<p>{why}</p>"));
    }
    let query = escaped(request.query_string());
    let list: String =
        scopes.iter().map(|scope| format!("<li><code>{}</code></li>", escaped(scope))).collect();
    html(
        StatusCode::OK,
        &format!(
            "<p>Vestibule is asking to:</p><ul>{list}</ul>\
             <p><a class=\"primary\" href=\"authorize/allow?{query}\">Allow</a> \
             <a href=\"authorize/decline?{query}\">Decline</a></p>"
        ),
    )
}

async fn allow(request: HttpRequest, zoom: web::Data<FakeZoom>) -> HttpResponse {
    back(zoom.at_desk(|desk| desk.consent(&asked(&request))))
}

async fn decline(request: HttpRequest, zoom: web::Data<FakeZoom>) -> HttpResponse {
    back(zoom.at_desk(|desk| desk.decline(&asked(&request))))
}

fn back(to: Result<String, &'static str>) -> HttpResponse {
    match to {
        Ok(to) => HttpResponse::Found().insert_header((LOCATION, to)).finish(),
        Err(why) => html(StatusCode::BAD_REQUEST, &format!("<p>{why}</p>")),
    }
}

fn html(status: StatusCode, body: &str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("content-security-policy", CONTENT_SECURITY_POLICY))
        .insert_header(("cache-control", "no-store"))
        .body(format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Zoom (a fake one)</title>\
             <link rel=\"stylesheet\" href=\"/zoom/static/zoom.css\"></head><body><main>\
             <h1>Add an app to your Zoom account</h1>{body}</main></body></html>"
        ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
