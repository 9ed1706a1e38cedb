//! People at large against a stand-in for the service.

use std::time::Duration;

use super::super::config::ClientProof;
use super::super::people::{Browser, Landing, MorningConfig, play};
use super::super::zoom::Weather;
use super::super::{LaunchKind, Simulator, SimulatorConfig, start};
use super::stand_in::{SECRET, StandIn};

async fn world() -> (StandIn, Simulator) {
    let service = StandIn::start();
    let mut config = SimulatorConfig::demo(([127, 0, 0, 1], 0).into(), &service.url);
    config.time_scale = 200.0;
    config.epic_proof = ClientProof::Secret(SECRET.to_owned());
    let fakes = start(config).await.expect("the fakes start");
    service.meet(fakes.url());
    (service, fakes)
}

#[actix_web::test]
async fn e50_a_morning_ends_with_every_light_right() {
    let (service, fakes) = world().await;
    let weather = Weather { duplicate: 0.3, reorder: 0.3, reorder_millis: 200, ..Weather::default() };
    fakes.zoom().set_weather(weather);
    let config = MorningConfig {
        visits: 6,
        speed: 200.0,
        settle: Duration::from_secs(20),
        ..MorningConfig::default()
    };
    let summary = play(fakes.world(), &config).await;
    assert!(summary.right(), "{summary:?}");
    assert!(summary.joined >= 4, "{summary:?}");
    assert!(summary.people >= 10, "patients and providers: {summary:?}");
    assert!(
        fakes.epic().requests().iter().any(|request| request.connection_status == "1"),
        "lights were on meanwhile"
    );
    fakes.stop().await;
    service.stop().await;
}

#[actix_web::test]
async fn a_morning_without_events_is_seen_to_be_wrong() {
    let (service, fakes) = world().await;
    // Everybody is told of as joining, and nobody as leaving: the truth must not agree with the lights.
    let lose_events = ["meeting.participant_left", "meeting.ended"].map(str::to_owned).into();
    fakes.zoom().set_weather(Weather { lose_events, ..Weather::default() });
    let mut config =
        MorningConfig { visits: 1, speed: 300.0, settle: Duration::from_secs(1), ..MorningConfig::default() };
    config.habits.no_show = 0.0;
    let summary = play(fakes.world(), &config).await;
    assert!(!summary.wrong_lights.is_empty(), "{summary:?}");
    fakes.stop().await;
    service.stop().await;
}

#[actix_web::test]
async fn a_browser_lands_where_it_is_sent() {
    let (service, fakes) = world().await;
    let mut browser = Browser::new(super::super::people::connections(), fakes.url());
    let patient = fakes.epic().launch_url(LaunchKind::Patient, "WPR1", "10001").expect("a launch");
    let landing = browser.open(&patient).await.expect("a page");
    let ticket = landing.ticket().expect("a waiting page").to_owned();
    let early = browser.press(&format!("{}/visit/{ticket}/join", service.url)).await.expect("an answer");
    assert!(matches!(early, Landing::Page { status: 409, .. }), "{early:?}");
    let provider = fakes.epic().launch_url(LaunchKind::Provider, "EMP501", "10001").expect("a launch");
    let landing = Browser::new(super::super::people::connections(), fakes.url()).open(&provider).await;
    assert!(matches!(&landing, Ok(Landing::Zoom(link)) if link.contains("/zoom/s/")), "{landing:?}");
    let mut stranger = Browser::new(super::super::people::connections(), fakes.url());
    let stolen = stranger.press(&format!("{}/visit/{ticket}/join", service.url)).await.expect("an answer");
    assert!(matches!(stolen, Landing::Page { status: 403, .. }), "{stolen:?}");
    fakes.stop().await;
    service.stop().await;
}
