//! A busy morning, played by people with habits in bad weather.

use std::time::Duration;

use vestibule::simulator::people::{MorningConfig, play};
use vestibule::simulator::zoom::Weather;

use super::house::House;

async fn morning(admittance: &str) {
    let settings = format!("[organization.lakeside]\nadmittance = \"{admittance}\"\n");
    let house = House::built(&settings, |config| config.time_scale = 60.0).await;
    house.zoom().set_weather(Weather {
        duplicate: 0.2,
        second_subscription: 0.1,
        reorder: 0.3,
        reorder_millis: 400,
        delay_millis: 20,
        non_canonical: 0.2,
        ..Weather::default()
    });
    let config = MorningConfig {
        visits: 15,
        speed: 60.0,
        settle: Duration::from_secs(20),
        ..MorningConfig::default()
    };
    let summary = play(&house.fakes.world().clone(), &config).await;
    assert!(summary.right(), "{} {summary:#?}", summary.sentence());
    assert!(summary.joined >= 12, "{}", summary.sentence());
    // I12: one meeting for each visit, whatever its people did.
    let live = house.zoom().meetings().into_iter().filter(|meeting| !meeting.deleted).count();
    assert!(live <= 15, "{live} meetings for 15 visits");
    house.close().await;
}

#[actix_web::test]
async fn after_a_busy_morning_in_bad_weather_every_light_is_right() {
    morning("automatic").await;
}

#[actix_web::test]
async fn after_a_busy_morning_of_admitting_in_bad_weather_every_light_is_right() {
    morning("manual").await;
}
