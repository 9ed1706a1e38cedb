//! The index, the static files, the metrics, and what is answered where there is nothing.

use actix_web::http::header::{self, ETag, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, web};

use super::access::Who;
use super::app::App;
use super::metrics::TextFormat;
use super::page::staff_page;
use super::problem::ApiError;
use super::visit::language_of;
use crate::settings::StaffRole;
use crate::web::{IndexPage, SignedIn, asset};

/// The operators' pages are on this listener.
#[derive(Clone, Copy, Debug)]
pub struct OperationsHere;

/// Where everything is.
///
/// # Errors
/// [`ApiError::Internal`] when the page cannot be rendered.
#[utoipa::path(get, path = "/", tag = "operations", security(()), params(
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 200, description = "Where everything is", content_type = "text/html"),
))]
pub async fn index(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let with_operations = request.app_data::<OperationsHere>().is_some();
    staff_page(
        HttpResponse::Ok(),
        &IndexPage { language: language_of(&request, None), with_operations, signed_in: SignedIn::NO },
    )
}

/// A static file.
///
/// # Errors
/// [`ApiError::NotFound`] for a name that is not there.
#[utoipa::path(get, path = "/assets/{path}", tag = "operations", security(()), params(
    ("path" = String, Path, description = "A version and a file, as the pages name them"),
), responses(
    (status = 200, description = "The file; immutable where the version is this release's"),
    (status = 304, description = "The browser has it already"),
    (status = 404, description = "No such file", body = super::problem::Problem, content_type = "application/problem+json"),
))]
pub async fn file(request: HttpRequest, path: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let asset = asset(&path).ok_or(ApiError::NotFound)?;
    let tag = EntityTag::new_strong(asset.etag.trim_matches('"').to_owned());
    let known = is_known(&request, &tag);
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header(ETag(tag)).insert_header((header::CACHE_CONTROL, asset.cache_control));
    Ok(if known { answer.finish() } else { answer.content_type(asset.content_type).body(asset.bytes) })
}

fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => request.headers().contains_key(header::IF_NONE_MATCH),
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

/// What is counted and measured.
///
/// # Errors
/// [`ApiError::Internal`] when it cannot be written.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses(
    (status = 200, description = "Prometheus text, or OpenMetrics where it is asked for", content_type = "text/plain"),
    (status = 401, description = "Not signed in", body = super::problem::Problem, content_type = "application/problem+json"),
    (status = 403, description = "No role in all organizations", body = super::problem::Problem, content_type = "application/problem+json"),
))]
pub async fn metrics(app: web::Data<App>, who: Who, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    who.everywhere(StaffRole::Viewer)?;
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let format = TextFormat::accepted(accept);
    let text = app.metrics.render(format).map_err(|_| ApiError::Internal("the metrics cannot be written"))?;
    Ok(HttpResponse::Ok().content_type(format.content_type()).body(text))
}

/// There is nothing at this address, or not on this listener.
pub async fn nothing_here(request: HttpRequest) -> HttpResponse {
    ApiError::NotFound.answer(&request)
}

#[cfg(test)]
mod tests {
    use crate::http::kit::{Kit, anonymous, ask, get, service};
    use crate::web::asset_url;

    #[actix_web::test]
    async fn a_file_is_kept_by_browsers_and_not_sent_twice() {
        let kit = Kit::new();
        let service = service!(kit);
        let url = asset_url("site.css");
        let told = ask!(service, anonymous(&url));
        assert_eq!((told.status, told.header("content-type")), (200, "text/css; charset=utf-8"));
        assert_eq!(told.header("cache-control"), "public, max-age=31536000, immutable");
        let tag = told.header("etag").to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let again = ask!(service, anonymous(&url).insert_header(("if-none-match", known)));
            assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, tag.as_str()));
        }
        let changed = ask!(service, anonymous(&url).insert_header(("if-none-match", "\"other\"")));
        assert_eq!(changed.status, 200);
        for bad in ["/assets/", "/assets/x/none.css", "/assets/x/../mod.rs", "/assets/x/%2e%2e/mod.rs"] {
            assert_eq!(ask!(service, anonymous(bad)).status, 404, "{bad}");
        }
    }

    #[actix_web::test]
    async fn the_index_links_to_operations_where_they_are() {
        let kit = Kit::new();
        let both = service!(kit);
        assert!(ask!(both, anonymous("/")).text().contains("href=\"/ops?lang=en\""));
        let public = actix_web::test::init_service(
            actix_web::App::new()
                .app_data(actix_web::web::Data::new(kit.app.clone()))
                .wrap(actix_web::middleware::from_fn(crate::http::correlation::correlate))
                .configure(crate::http::routes::configure_always),
        )
        .await;
        assert!(!ask!(public, anonymous("/")).text().contains("href=\"/ops?lang=en\""));
        for path in [
            "/ops",
            "/ops/stream",
            "/records",
            "/audit",
            "/admin",
            "/admin/lakeside/fdi",
            "/metrics",
            "/api/v1/visits",
            "/sign-in",
        ] {
            ask!(public, get(path)).problem(404);
        }
        assert_eq!(ask!(public, anonymous("/healthz")).status, 200);
    }

    #[actix_web::test]
    async fn metrics_come_in_the_format_that_is_asked_for() {
        let kit = Kit::new();
        let service = service!(kit);
        let told = ask!(service, get("/metrics"));
        assert_eq!(told.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
        assert!(told.text().contains("vestibule_build_info{"));
        let told = ask!(service, get("/metrics").insert_header(("accept", "application/openmetrics-text")));
        assert!(told.header("content-type").starts_with("application/openmetrics-text"));
        assert!(told.text().ends_with("# EOF\n"));
    }
}
