//! Which address leads where, for the doors of operators and for those that every listener has.

use actix_web::dev::HttpServiceFactory;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::from_fn;
use actix_web::{Resource, ResponseError, Route, web};

use super::access::{self, guard};
use super::app::App;
use super::ask::read;
use super::front::{self, OperationsHere};
use super::problem::ApiError;
use super::{
    admin, api, audit, board, device_test, downtime, guest, health, launch, letterhead, openapi,
    organizations, records, resend, story, tools, visit, webhook, zoom_account,
};

/// What every listener has: liveness, readiness, the static files, the index, and an answer where there is nothing.
pub fn configure_always(config: &mut web::ServiceConfig) {
    config
        .service(reading("/healthz", read().to(health::healthz)))
        .service(reading("/readyz", read().to(health::readyz)))
        .service(reading("/assets/{path:.*}", read().to(front::file)))
        .service(reading("/", read().to(front::index)))
        .default_service(web::to(front::nothing_here));
}

/// What Epic, Zoom and people come to: on the public listener alone.
pub fn configure_public(config: &mut web::ServiceConfig) {
    config.service(reading("/logo/{hash}", read().to(letterhead::logo)));
    guest::configure(config);
    launch::configure(config);
    webhook::configure(config);
    zoom_account::configure(config);
    visit::configure(config);
    device_test::configure(config);
    tools::configure(config);
}

/// Where organizations are set up.
fn configure_set_up(app: &App, config: &mut web::ServiceConfig) {
    config
        .service(reading("/admin", read().to(admin::index)).wrap(from_fn(guard)))
        .service(reading("/admin/new", read().to(organizations::new)).wrap(from_fn(guard)))
        .service(reading("/admin/{organization}", read().to(organizations::page)).wrap(from_fn(guard)))
        .service(
            reading("/admin/{organization}/versions/{version}", read().to(organizations::version))
                .wrap(from_fn(guard)),
        )
        .service(
            reading("/admin/{organization}/export", read().to(organizations::export)).wrap(from_fn(guard)),
        )
        .service(
            web::resource("/admin/{organization}/settings/{act}")
                .app_data(web::PayloadConfig::new(app.settings.limits.request_body_bytes))
                .route(web::post().to(organizations::act))
                .default_service(only("POST"))
                .wrap(from_fn(guard)),
        )
        .service(reading("/admin/{organization}/fdi", read().to(admin::fdi)).wrap(from_fn(guard)))
        .service(reading("/admin/{organization}/zoom", read().to(zoom_account::show)).wrap(from_fn(guard)))
        .service(acting("/admin/{organization}/notifier/pause", web::post().to(organizations::pause)))
        .service(acting("/admin/{organization}/notifier/resume", web::post().to(organizations::resume)))
        .service(acting("/admin/{organization}/zoom/connect", web::post().to(zoom_account::connect)))
        .service(acting("/admin/{organization}/zoom/ask-again", web::post().to(zoom_account::ask_again)));
}

/// The operators' pages and routes: on the internal listener where there is one, else on the public one. Whoever calls them is
/// checked by [`guard`].
pub fn configure_operations(app: &App, config: &mut web::ServiceConfig) {
    config
        .app_data(OperationsHere)
        .app_data(access::form_settings(&app.settings))
        .service(
            web::resource("/sign-in")
                .route(read().to(access::sign_in_page))
                .route(web::post().to(access::sign_in))
                .default_service(only("GET, HEAD, POST")),
        )
        .service(reading("/sign-in/openid", read().to(access::openid_begin)))
        .service(reading("/sign-in/openid/callback", read().to(access::openid_callback)))
        .service(
            web::resource("/sign-in/break-glass")
                .route(read().to(access::break_glass_page))
                .route(web::post().to(access::break_glass))
                .default_service(only("GET, HEAD, POST")),
        )
        .service(
            web::resource("/sign-out").route(web::post().to(access::sign_out)).default_service(only("POST")),
        )
        .service(reading("/ops", read().to(board::page)).wrap(from_fn(guard)))
        .service(reading("/ops/stream", web::get().to(board::stream)).wrap(from_fn(guard)))
        .service(reading("/visits/{organization}/{csn}", read().to(story::of_csn)).wrap(from_fn(guard)))
        .service(
            reading("/group-visits/{organization}/{conference_id}", read().to(story::of_conference))
                .wrap(from_fn(guard)),
        )
        .service(acting("/visits/{organization}/{csn}/{act}", web::post().to(story::act)))
        .service(acting(
            "/group-visits/{organization}/{conference_id}/{act}",
            web::post().to(story::act_in_group),
        ))
        .service(reading("/downtime/{organization}", read().to(downtime::page)).wrap(from_fn(guard)))
        .service(reading("/records", read().to(records::page)).wrap(from_fn(guard)))
        .service(
            web::resource("/records/resend")
                .route(read().to(resend::show))
                .route(web::post().to(resend::act))
                .default_service(only("GET, HEAD, POST"))
                .wrap(from_fn(guard)),
        )
        .service(reading("/audit", read().to(audit::page)).wrap(from_fn(guard)))
        .configure(|config| configure_set_up(app, config))
        .service(reading("/metrics", read().to(front::metrics)).wrap(from_fn(guard)))
        .service(
            web::scope("/api/v1")
                .wrap(from_fn(guard))
                .service(reading("/openapi.json", read().to(openapi::document)))
                .service(reading("/visits", read().to(api::visits)))
                .service(reading("/visits/{organization}/{csn}", read().to(api::visit)))
                .service(reading("/group-visits/{organization}/{conference_id}", read().to(api::group_visit)))
                .service(reading("/visits/{organization}/{csn}/timeline", read().to(api::timeline)))
                .service(reading(
                    "/group-visits/{organization}/{conference_id}/timeline",
                    read().to(api::group_timeline),
                ))
                .service(reading("/notifications", read().to(api::notifications)))
                .service(
                    web::resource("/notifications/resend")
                        .route(web::post().to(api::resend))
                        .default_service(only("POST")),
                )
                .service(reading("/parked", read().to(api::parked)))
                .service(reading("/audit", read().to(api::audit)))
                .service(
                    web::resource("/backup").route(web::post().to(api::backup)).default_service(only("POST")),
                )
                .default_service(web::to(front::nothing_here)),
        );
}

/// An address that is only read.
fn reading(path: &str, route: Route) -> Resource {
    web::resource(path).route(route).default_service(only("GET, HEAD"))
}

/// An address that an operator's form is posted to.
fn acting(path: &str, route: Route) -> impl HttpServiceFactory + use<> {
    web::resource(path).route(route).default_service(only("POST")).wrap(from_fn(guard))
}

/// Answers any other method, with those that are allowed.
fn only(allowed: &'static str) -> Route {
    web::to(move || async move {
        let mut answer = ApiError::MethodNotAllowed.error_response();
        answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
        answer
    })
}
