//! The demo's phones: what the gateway sent, as people who got it see it; and the gateway's switches.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde_json::json;

use super::super::sms::{FakeSms, SmsFault};
use super::super::zoom::{asset, document};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/demo/phone").route(web::get().to(page)))
        .service(web::resource("/demo/static/phone.js").route(web::get().to(script)))
        .service(web::resource("/demo/api/sms/messages").route(web::get().to(messages)))
        .service(
            web::resource("/demo/api/sms/faults")
                .route(web::get().to(faults))
                .route(web::post().to(add_fault))
                .route(web::delete().to(clear_faults)),
        );
}

async fn page() -> HttpResponse {
    document(include_str!("../static/phone.html"))
}

async fn script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", include_str!("../static/phone.js"))
}

fn fresh(value: impl serde::Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(value)
}

async fn messages(sms: web::Data<FakeSms>) -> HttpResponse {
    fresh(json!({"messages": sms.messages()}))
}

async fn faults(sms: web::Data<FakeSms>) -> HttpResponse {
    fresh(sms.faults())
}

async fn add_fault(fault: web::Json<SmsFault>, sms: web::Data<FakeSms>) -> HttpResponse {
    if sms.add_fault(fault.into_inner()) {
        HttpResponse::NoContent().finish()
    } else {
        HttpResponse::build(StatusCode::CONFLICT)
            .json(json!({"error": "too many faults wait already: clear them first"}))
    }
}

async fn clear_faults(sms: web::Data<FakeSms>) -> HttpResponse {
    sms.clear_faults();
    HttpResponse::NoContent().finish()
}
