//! The demo's JSON: the day with its lights, the truth, and the switches, for the page and for tests in another process.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::day::{Appointment, LaunchKind, Person};
use super::super::epic::{EpicFault, FakeEpic, IdTokenFault, LaunchOptions};
use super::super::people::World;
use super::super::zoom::{AccountSettings, FakeZoom, Weather, ZoomFault};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/demo/launch/{kind}/{csn}/{who}").route(web::get().to(launch))).service(
        web::scope("/demo/api")
            .service(web::resource("/day").route(web::get().to(day)))
            .service(web::resource("/node").route(web::get().to(node)))
            .service(web::resource("/truth").route(web::get().to(truth)))
            .service(web::resource("/epic/launch").route(web::post().to(launch_link)))
            .service(web::resource("/epic/lights").route(web::get().to(lights)))
            .service(web::resource("/epic/device-tests").route(web::get().to(device_tests)))
            .service(web::resource("/epic/requests").route(web::get().to(requests)))
            .service(web::resource("/epic/calls").route(web::get().to(epic_calls)))
            .service(
                web::resource("/epic/faults")
                    .route(web::get().to(epic_faults))
                    .route(web::post().to(add_epic_fault))
                    .route(web::delete().to(clear_epic_faults)),
            )
            .service(web::resource("/epic/id-token-fault").route(web::put().to(id_token_fault)))
            .service(web::resource("/epic/clock").route(web::put().to(epic_clock)))
            .service(web::resource("/epic/{order}").route(web::post().to(order_epic)))
            .service(web::resource("/zoom/meetings").route(web::get().to(meetings)))
            .service(web::resource("/zoom/links").route(web::get().to(links)))
            .service(web::resource("/zoom/deliveries").route(web::get().to(deliveries)))
            .service(web::resource("/zoom/calls").route(web::get().to(zoom_calls)))
            .service(
                web::resource("/zoom/settings")
                    .route(web::get().to(settings))
                    .route(web::put().to(set_settings)),
            )
            .service(
                web::resource("/zoom/weather")
                    .route(web::get().to(weather))
                    .route(web::put().to(set_weather)),
            )
            .service(
                web::resource("/zoom/faults")
                    .route(web::get().to(zoom_faults))
                    .route(web::post().to(add_zoom_fault))
                    .route(web::delete().to(clear_zoom_faults)),
            )
            .service(web::resource("/zoom/validation").route(web::get().to(validation)))
            .service(web::resource("/zoom/subscription").route(web::get().to(subscription)))
            .service(web::resource("/zoom/{order}").route(web::post().to(order_zoom))),
    );
}

/// What nodes of the service have in common.
#[derive(Clone, Serialize)]
pub struct Node {
    pub service_url: String,
    pub key: Option<String>,
}

/// A second node of a demo asks this. There is nothing to protect: the key was made for the demo, and the fakes stay on this machine.
async fn node(node: web::Data<Node>) -> HttpResponse {
    fresh(node.get_ref())
}

fn fresh(value: impl serde::Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(value)
}

fn refused(status: StatusCode, why: impl std::fmt::Display) -> HttpResponse {
    HttpResponse::build(status).json(json!({"error": why.to_string()}))
}

/// What a click on a button in Hyperspace or MyChart does.
async fn launch(path: web::Path<(String, String, String)>, epic: web::Data<FakeEpic>) -> HttpResponse {
    let (kind, csn, who) = path.into_inner();
    let Some(kind) = LaunchKind::parse(&kind) else {
        return refused(StatusCode::NOT_FOUND, "no such launch kind");
    };
    match epic.launch_url(kind, &who, &csn) {
        Ok(url) => HttpResponse::SeeOther()
            .insert_header(("location", url))
            .insert_header(("cache-control", "no-store"))
            .finish(),
        Err(why) => refused(StatusCode::NOT_FOUND, why),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LaunchOrder {
    kind: LaunchKind,
    csn: String,
    external_id: String,
    #[serde(default)]
    patient: Option<String>,
    #[serde(default)]
    context: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    without: Vec<String>,
}

/// A launch link, spoilt on request.
async fn launch_link(order: web::Json<LaunchOrder>, epic: web::Data<FakeEpic>) -> HttpResponse {
    let LaunchOrder { kind, csn, external_id, patient, context, without } = order.into_inner();
    match epic.launch_url_with(kind, &external_id, &csn, LaunchOptions { patient, context, without }) {
        Ok(url) => fresh(json!({"url": url})),
        Err(why) => refused(StatusCode::NOT_FOUND, why),
    }
}

fn person(world: &World, visit: &Appointment, person: &Person, launch: LaunchKind) -> Value {
    json!({
        "external_id": person.external_id,
        "name": person.display_name(),
        "connected": world.epic.is_connected(&visit.csn, &person.external_id),
        "presence": world.presence(&visit.csn, &person.external_id),
        "crashed": world.is_crashed(&visit.csn, &person.external_id),
        "open": format!("/demo/open/{}/{}/{}", launch.segment(), visit.csn, person.external_id),
        "test": (launch == LaunchKind::Patient)
            .then(|| format!("/demo/open/device-test/{}/{}", visit.csn, person.external_id)),
        "launch": format!("/demo/launch/{}/{}/{}", launch.segment(), visit.csn, person.external_id),
    })
}

async fn day(world: web::Data<World>) -> HttpResponse {
    let visits: Vec<Value> = world
        .epic
        .day()
        .iter()
        .map(|visit| {
            let (provider, patient) =
                if visit.group { (LaunchKind::GroupProvider, LaunchKind::GroupPatient) } else { (LaunchKind::Provider, LaunchKind::Patient) };
            json!({
                "csn": visit.csn,
                "time": visit.time,
                "group": visit.group,
                "conference_id": visit.conference_id,
                "of_morning": visit.is_busy(),
                "green": world.epic.is_green(&visit.csn),
                "born": visit.patient.birth_date().to_string(),
                "patient": person(&world, visit, &visit.patient, patient),
                "proxies": visit.proxies.iter().map(|one| person(&world, visit, one, patient)).collect::<Vec<_>>(),
                "providers": visit.providers.iter().map(|one| person(&world, visit, one, provider)).collect::<Vec<_>>(),
                "tools": format!("/demo/open/{}/{}/", LaunchKind::VisitTools.segment(), visit.csn),
            })
        })
        .collect();
    fresh(json!({"service_url": world.service_url, "visits": visits}))
}

async fn truth(world: web::Data<World>) -> HttpResponse {
    fresh(json!({"people": world.final_truth(), "deliveries_pending": world.zoom.deliveries_pending()}))
}

async fn lights(epic: web::Data<FakeEpic>) -> HttpResponse {
    fresh(json!({"lights": epic.lights()}))
}

#[derive(Deserialize)]
struct About {
    #[serde(default)]
    csn: String,
    #[serde(default)]
    external_id: String,
}

async fn device_tests(epic: web::Data<FakeEpic>) -> HttpResponse {
    fresh(epic.device_tests())
}

async fn requests(about: web::Query<About>, epic: web::Data<FakeEpic>) -> HttpResponse {
    let all = if about.csn.is_empty() {
        epic.requests()
    } else {
        epic.requests_about(&about.csn, &about.external_id)
    };
    fresh(json!({"requests": all}))
}

async fn epic_calls(epic: web::Data<FakeEpic>) -> HttpResponse {
    fresh(epic.all_calls())
}

async fn epic_faults(epic: web::Data<FakeEpic>) -> HttpResponse {
    fresh(epic.faults())
}

async fn add_epic_fault(fault: web::Json<EpicFault>, epic: web::Data<FakeEpic>) -> HttpResponse {
    if epic.add_fault(fault.into_inner()) {
        HttpResponse::NoContent().finish()
    } else {
        refused(StatusCode::CONFLICT, "too many faults wait already: clear them first")
    }
}

async fn clear_epic_faults(epic: web::Data<FakeEpic>) -> HttpResponse {
    epic.clear_faults();
    HttpResponse::NoContent().finish()
}

async fn id_token_fault(fault: web::Json<Option<IdTokenFault>>, epic: web::Data<FakeEpic>) -> HttpResponse {
    epic.set_id_token_fault(fault.into_inner());
    HttpResponse::NoContent().finish()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EpicClock {
    /// Negative: behind.
    ahead_seconds: i64,
}

async fn epic_clock(clock: web::Json<EpicClock>, epic: web::Data<FakeEpic>) -> HttpResponse {
    epic.set_clock_ahead(clock.ahead_seconds);
    HttpResponse::NoContent().finish()
}

async fn order_epic(order: web::Path<String>, epic: web::Data<FakeEpic>) -> HttpResponse {
    match order.as_str() {
        "rotate-keys" => {
            if !epic.rotate_keys() {
                return refused(StatusCode::INTERNAL_SERVER_ERROR, "no key could be made");
            }
        }
        "revoke-tokens" => epic.revoke_tokens(),
        "forget-client-keys" => epic.forget_client_keys(),
        _ => {
            return refused(
                StatusCode::NOT_FOUND,
                "orders are rotate-keys, revoke-tokens and forget-client-keys",
            );
        }
    }
    HttpResponse::NoContent().finish()
}

async fn meetings(zoom: web::Data<FakeZoom>) -> HttpResponse {
    fresh(json!({"meetings": zoom.meetings()}))
}

async fn links(zoom: web::Data<FakeZoom>) -> HttpResponse {
    fresh(json!({"links": zoom.link_holders()}))
}

async fn deliveries(zoom: web::Data<FakeZoom>) -> HttpResponse {
    fresh(json!({"deliveries": zoom.deliveries(), "forgotten": zoom.deliveries_forgotten()}))
}

async fn zoom_calls(zoom: web::Data<FakeZoom>) -> HttpResponse {
    fresh(zoom.all_calls())
}

async fn settings(zoom: web::Data<FakeZoom>) -> HttpResponse {
    fresh(zoom.settings())
}

async fn set_settings(settings: web::Json<AccountSettings>, zoom: web::Data<FakeZoom>) -> HttpResponse {
    zoom.set_settings(settings.into_inner());
    HttpResponse::NoContent().finish()
}

async fn weather(zoom: web::Data<FakeZoom>) -> HttpResponse {
    fresh(zoom.weather())
}

async fn set_weather(weather: web::Json<Weather>, zoom: web::Data<FakeZoom>) -> HttpResponse {
    zoom.set_weather(weather.into_inner());
    HttpResponse::NoContent().finish()
}

async fn zoom_faults(zoom: web::Data<FakeZoom>) -> HttpResponse {
    fresh(zoom.faults())
}

async fn add_zoom_fault(fault: web::Json<ZoomFault>, zoom: web::Data<FakeZoom>) -> HttpResponse {
    if zoom.add_fault(fault.into_inner()) {
        HttpResponse::NoContent().finish()
    } else {
        refused(StatusCode::CONFLICT, "too many faults wait already: clear them first")
    }
}

async fn clear_zoom_faults(zoom: web::Data<FakeZoom>) -> HttpResponse {
    zoom.clear_faults();
    HttpResponse::NoContent().finish()
}

/// The endpoint's answer to the last challenge; null while there is none.
async fn validation(zoom: web::Data<FakeZoom>) -> HttpResponse {
    fresh(zoom.validation())
}

/// Whether the URL has proven itself and gets events.
async fn subscription(zoom: web::Data<FakeZoom>) -> HttpResponse {
    fresh(zoom.subscription())
}

async fn order_zoom(order: web::Path<String>, zoom: web::Data<FakeZoom>) -> HttpResponse {
    match order.as_str() {
        "validate" => zoom.validate(),
        "forget-validation" => zoom.forget_validation(),
        "deauthorize" => zoom.deauthorize(),
        "foreign-event" => zoom.send_foreign_event(),
        "revoke-tokens" => zoom.revoke_tokens(),
        "revoke-refresh-tokens" => zoom.revoke_refresh_tokens(),
        _ => {
            return refused(
                StatusCode::NOT_FOUND,
                "orders are validate, forget-validation, deauthorize, foreign-event, revoke-tokens and revoke-refresh-tokens",
            );
        }
    }
    HttpResponse::NoContent().finish()
}
