//! From the waiting page to the device test. The person is known already, so that nobody goes through Epic again.

use actix_web::{HttpRequest, HttpResponse, web};
use vestibule_domain::time::Span;

use super::Place;
use crate::http::app::App;
use crate::http::browser::Browser;
use crate::http::device_test::{Traveller, Trip, send};
use crate::http::person::{PersonError, see_other};
use crate::outbound::encode::encode;
use crate::web::Reason;

pub(super) async fn go(
    app: web::Data<App>,
    request: HttpRequest,
    name: web::Path<String>,
) -> Result<HttpResponse, PersonError> {
    let place = Place::find(&app, &request, &name).await?;
    let Some(browser) = Browser::of(&request, &app.settings).filter(|_| place.own_browser) else {
        return Err(place.refuse(&request, Reason::NotThisBrowser));
    };
    let snapshot = place.snapshot(&request).await?;
    place.turn_away(&request, snapshot.as_ref())?;
    let participant = &place.ticket.participant;
    let person = snapshot.as_ref().and_then(|seen| seen.visit.participants.get(participant));
    // A launch that is not decided yet will be in a moment.
    let Some(person) = person else {
        return Ok(see_other(&format!("/visit/{}?lang={}", encode(&name), place.language.code())));
    };
    let who = Traveller {
        participant: participant.clone(),
        // Whoever takes part has been found to belong to the visit's patient.
        patient: None,
        csn: person.csn.clone(),
        external_id: person.external_id.clone(),
        external_id_type: person.external_id_type.clone(),
    };
    let ends_at = app.desk.ports().clock.now() + Span::from_duration(app.settings.limits.device_test_time);
    let trip =
        Trip::new(place.ticket.visit.clone(), who, &browser, place.language, ends_at).begun_on_page(&name);
    let sent = send(&app, &request, place.organization, trip).await;
    sent.map_err(|reason| place.refuse(&request, reason))
}
