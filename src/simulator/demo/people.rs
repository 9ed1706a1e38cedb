//! The demo's people: a crash on request, and the busy morning.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::super::people::{Morning, MorningConfig, World, play};
use super::super::zoom::SeatAct;

/// Bounds of a busy morning.
const MOST_VISITS: usize = 2_000;
const MOST_SPEED: f64 = 1_000.0;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/demo/api/people/crash").route(web::post().to(crash))).service(
        web::resource("/demo/api/people/morning").route(web::get().to(state)).route(web::post().to(begin)),
    );
}

fn refused(status: StatusCode, why: &str) -> HttpResponse {
    HttpResponse::build(status).json(json!({"error": why}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Crash {
    csn: String,
    external_id: String,
    #[serde(default)]
    silent: bool,
}

/// Every device of this person dies.
async fn crash(body: web::Json<Crash>, world: web::Data<World>) -> HttpResponse {
    let seats = world.ledger.seats_of(&body.csn, &body.external_id);
    let crash = SeatAct::Crash { silent: body.silent, noticed_after_millis: None };
    let crashed = seats.iter().filter(|seat| world.zoom.act(seat, &crash).is_ok()).count();
    if crashed == 0 {
        return refused(StatusCode::CONFLICT, "This person has no device in Zoom.");
    }
    HttpResponse::NoContent().finish()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    visits: usize,
    speed: f64,
}

async fn begin(
    order: web::Json<Order>,
    world: web::Data<World>,
    morning: web::Data<Morning>,
) -> HttpResponse {
    if !(1..=MOST_VISITS).contains(&order.visits) || !(1.0..=MOST_SPEED).contains(&order.speed) {
        return refused(StatusCode::BAD_REQUEST, "Visits go from 1 to 2000, speed from 1 to 1000.");
    }
    if !morning.begin(order.visits) {
        return refused(StatusCode::CONFLICT, "A morning is under way already.");
    }
    let config = MorningConfig { visits: order.visits, speed: order.speed, ..MorningConfig::default() };
    let (world, morning) = (world.get_ref().clone(), morning.get_ref().clone());
    actix_web::rt::spawn(async move {
        let summary = play(&world, &config).await;
        morning.end(summary);
    });
    HttpResponse::Accepted().json(json!({"visits": order.visits}))
}

async fn state(morning: web::Data<Morning>) -> HttpResponse {
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(morning.view())
}
