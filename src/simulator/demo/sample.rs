//! A launch of each kind to try: with a visit of the day and a person who would press its button.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde_json::json;

use super::super::day::{Appointment, LaunchKind, Person};
use super::super::epic::FakeEpic;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/demo/sample/{kind}").route(web::get().to(sample)));
}

async fn sample(kind: web::Path<String>, epic: web::Data<FakeEpic>) -> HttpResponse {
    let day = epic.day();
    let found = LaunchKind::parse(&kind).and_then(|kind| {
        let group = matches!(kind, LaunchKind::GroupProvider | LaunchKind::GroupPatient);
        let visit = day.iter().find(|visit| visit.group == group)?;
        Some(format!("/demo/open/{}/{}/{}", kind.segment(), visit.csn, presses(kind, visit)?.external_id))
    });
    match found {
        Some(to) => HttpResponse::SeeOther()
            .insert_header(("location", to))
            .insert_header(("cache-control", "no-store"))
            .finish(),
        None => HttpResponse::build(StatusCode::NOT_FOUND).json(json!({"error": "no such launch kind"})),
    }
}

fn presses(kind: LaunchKind, visit: &Appointment) -> Option<&Person> {
    match kind {
        LaunchKind::Provider | LaunchKind::GroupProvider | LaunchKind::VisitTools => visit.providers.first(),
        LaunchKind::Patient | LaunchKind::GroupPatient | LaunchKind::Guest | LaunchKind::DeviceTest => {
            Some(&visit.patient)
        }
    }
}
