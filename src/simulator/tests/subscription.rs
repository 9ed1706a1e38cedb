//! An endpoint proves itself, again and again, and gets nothing where it does not.

use super::super::lock;
use super::super::zoom::{FAILURES_MOST, Fate};
use super::super::{Simulator, SimulatorConfig, start};
use super::service::Service;
use super::until;

const SECRET: &str = "demo-zoom-webhook-secret";

/// Fakes whose 72 hours pass in a tenth of a second.
async fn quick(service: &Service) -> Simulator {
    let mut config = SimulatorConfig::demo(([127, 0, 0, 1], 0).into(), &service.url);
    config.time_scale = 72.0 * 3600.0 * 10.0;
    start(config).await.expect("the fakes start")
}

fn last_fate(fakes: &Simulator) -> Option<Fate> {
    let deliveries = fakes.zoom().deliveries();
    deliveries.iter().rev().find(|one| one.event == "meeting.started").map(|one| one.fate)
}

#[actix_web::test]
async fn an_endpoint_that_answers_is_asked_again_and_gets_its_events() {
    let service = Service::start();
    lock(&service.inbox).secret = Some(SECRET.to_owned());
    let fakes = quick(&service).await;
    let challenges = || service.received().iter().filter(|one| one.body.contains("url_validation")).count();
    until("it is asked three times", || challenges() >= 3).await;
    assert!(fakes.zoom().subscription().sends());
    fakes.zoom().send_foreign_event();
    until("the event arrives", || last_fate(&fakes) == Some(Fate::Delivered)).await;
    fakes.stop().await;
    service.stop().await;
}

#[actix_web::test]
async fn after_too_many_failures_nothing_comes_until_somebody_validates_again() {
    let service = Service::start();
    let fakes = quick(&service).await;
    until("it is switched off", || fakes.zoom().subscription().disabled).await;
    assert_eq!(fakes.zoom().subscription().failures, FAILURES_MOST);
    assert_eq!(service.received().len(), 6, "and not asked any more");
    fakes.zoom().send_foreign_event();
    until("the event is on record", || last_fate(&fakes).is_some()).await;
    assert_eq!((last_fate(&fakes), service.received().len()), (Some(Fate::Unsubscribed), 6));

    lock(&service.inbox).secret = Some(SECRET.to_owned());
    fakes.zoom().validate();
    until("it is on again", || fakes.zoom().subscription().sends()).await;
    fakes.zoom().send_foreign_event();
    until("the event arrives", || last_fate(&fakes) == Some(Fate::Delivered)).await;
    fakes.stop().await;
    service.stop().await;
}

#[actix_web::test]
async fn an_address_that_has_proven_nothing_gets_nothing() {
    let service = Service::start();
    let fakes = super::fakes(&service.url).await;
    fakes.zoom().forget_validation();
    fakes.zoom().send_foreign_event();
    assert_eq!(last_fate(&fakes), Some(Fate::Unsubscribed));
    lock(&service.inbox).secret = Some("another secret".to_owned());
    fakes.zoom().validate();
    until("the answer is wrong", || fakes.zoom().validation().is_some()).await;
    assert!(!fakes.zoom().subscription().sends());
    lock(&service.inbox).secret = Some(SECRET.to_owned());
    fakes.zoom().validate();
    until("the answer is right", || fakes.zoom().subscription().sends()).await;
    assert_eq!(fakes.zoom().deliveries_pending(), 0);
    fakes.stop().await;
    service.stop().await;
}
