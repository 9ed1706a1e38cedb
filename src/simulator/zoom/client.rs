//! The Zoom client as JSON: what the pages' script and people without a screen use to join, act and look around.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::super::people::World;
use super::FakeZoom;
use super::join::{Link, SeatAct};
use super::room::RoomError;
use super::seat::Device;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    /// A link as the API gave it out.
    url: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    web: bool,
    /// For the ledger of who is who in the demo: the visit and the person's Epic id.
    #[serde(default)]
    csn: String,
    #[serde(default)]
    external_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DialIn {
    meeting: u64,
    number: String,
}

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/client/seats").route(web::post().to(open)))
        .service(web::resource("/client/seats/{seat}").route(web::get().to(look)).route(web::post().to(act)))
        .service(web::resource("/client/dial-in").route(web::post().to(dial_in)));
}

fn refused(status: actix_web::http::StatusCode, why: impl std::fmt::Display) -> HttpResponse {
    HttpResponse::build(status).json(json!({"error": why.to_string()}))
}

async fn open(body: web::Json<Open>, zoom: web::Data<FakeZoom>, world: web::Data<World>) -> HttpResponse {
    let Some(link) = Link::parse(&body.url) else {
        return refused(actix_web::http::StatusCode::BAD_REQUEST, "this is not a link of Zoom's");
    };
    let device = if body.web { Device::Web } else { Device::App };
    match zoom.open_link(&link, &body.name, device) {
        Ok(seat) => {
            if world.epic.knows(&body.csn, &body.external_id) {
                world.ledger.claim(&body.csn, &body.external_id, &seat);
            }
            HttpResponse::Created().json(json!({"seat": seat}))
        }
        Err(why) => refused(actix_web::http::StatusCode::FORBIDDEN, why),
    }
}

async fn dial_in(body: web::Json<DialIn>, zoom: web::Data<FakeZoom>) -> HttpResponse {
    match zoom.dial_in(body.meeting, &body.number) {
        Ok(seat) => HttpResponse::Created().json(json!({"seat": seat})),
        Err(why) => refused(actix_web::http::StatusCode::FORBIDDEN, why),
    }
}

async fn look(seat: web::Path<String>, zoom: web::Data<FakeZoom>) -> HttpResponse {
    let Some(me) = zoom.seat(&seat) else {
        return refused(actix_web::http::StatusCode::NOT_FOUND, RoomError::NoSuchSeat);
    };
    // A guest sees nobody's waiting room.
    let inside = me.presence == super::Presence::InMeeting;
    let room = if inside { zoom.room_of(&seat) } else { Vec::new() };
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(json!({"me": me, "room": room}))
}

async fn act(seat: web::Path<String>, body: web::Json<SeatAct>, zoom: web::Data<FakeZoom>) -> HttpResponse {
    match zoom.act(&seat, &body) {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(why @ RoomError::NoSuchSeat) => refused(actix_web::http::StatusCode::NOT_FOUND, why),
        Err(why @ RoomError::NotHost) => refused(actix_web::http::StatusCode::FORBIDDEN, why),
        Err(why) => refused(actix_web::http::StatusCode::CONFLICT, why),
    }
}
