//! The demo page and the switchboard behind it.

mod api;
pub use api::Node;
mod device_test;
mod people;
mod phone;
mod sample;

use actix_web::{HttpResponse, web};

use super::zoom::{asset, document};

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/").route(web::get().to(page)))
        .service(web::resource("/demo/open/{kind}/{csn}/{who}").route(web::get().to(open)))
        .service(web::resource("/demo/static/demo.js").route(web::get().to(script)))
        .service(web::resource("/demo/static/open.js").route(web::get().to(open_script)))
        .service(web::resource("/demo/static/fakes.css").route(web::get().to(style)));
    device_test::configure(config);
    people::configure(config);
    phone::configure(config);
    sample::configure(config);
    api::configure(config);
}

async fn page() -> HttpResponse {
    document(include_str!("../static/demo.html"))
}

async fn open() -> HttpResponse {
    document(include_str!("../static/open.html"))
}

async fn script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", include_str!("../static/demo.js"))
}

async fn open_script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", include_str!("../static/open.js"))
}

async fn style() -> HttpResponse {
    asset("text/css; charset=utf-8", include_str!("../static/fakes.css"))
}
