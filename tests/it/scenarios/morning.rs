//! A busy morning, played by people with habits in bad weather.

use std::time::Duration;

use serde_json::{Value, json};
use vestibule::simulator::people::{Habits, MorningConfig, Wrong, play, verdict};
use vestibule::simulator::zoom::{Presence, Weather};

use super::house::{House, until};

impl House {
    async fn every_visit(&self) -> Vec<Value> {
        self.get("/api/v1/visits?limit=500").await.json()["visits"].as_array().unwrap().clone()
    }

    fn verdict(&self, told: &[Value]) -> Vec<Wrong> {
        verdict(self.fakes.world(), told)
    }
}

async fn morning(admittance: &str) {
    let settings =
        format!("[organization.lakeside]\nadmittance = \"{admittance}\"\npage_presence_seconds = 31\n");
    let house = House::built(&settings, |config| config.time_scale = 60.0).await;
    house.zoom().set_weather(Weather {
        duplicate: 0.2,
        second_subscription: 0.1,
        reorder: 0.3,
        reorder_millis: 400,
        delay_millis: 20,
        miss: 0.05,
        non_canonical: 0.2,
        ..Weather::default()
    });
    // Half of the providers still have somebody in or before their last meeting when the morning is over.
    let habits = Habits { overruns: 0.4, provider_no_show: 0.2, ..Habits::default() };
    let config = MorningConfig {
        visits: 15,
        speed: 60.0,
        habits,
        settle: Duration::from_secs(20),
        ..MorningConfig::default()
    };
    let summary = play(&house.fakes.world().clone(), &config).await;
    assert!(summary.right(), "{} {summary:#?}", summary.sentence());
    assert!(summary.joined >= 10, "{}", summary.sentence());
    // I12: one meeting for each visit, whatever its people did.
    let told = until("every visit is told as it is", async || {
        let told = house.every_visit().await;
        house.verdict(&told).is_empty().then_some(told)
    })
    .await;
    assert_eq!(told.len(), 15);
    let people = house.fakes.final_truth();
    assert!(people.iter().any(|person| person.presence > Presence::Gone), "some stay to the end");
    finds_what_is_wrong(&house, &told);
    house.close().await;
}

/// The verdict sees each thing that may be told wrongly.
fn finds_what_is_wrong(house: &House, told: &[Value]) {
    let wrongs = [
        ("/phase", json!("scheduled")),
        ("/meeting/id", json!("1")),
        ("/participants/0/presence", json!("waiting-room")),
    ];
    for (place, value) in wrongs {
        let mut other = told.to_vec();
        let visit = other.iter_mut().find(|visit| visit.pointer(place).is_some()).unwrap();
        let csn = visit["csn"].clone();
        *visit.pointer_mut(place).unwrap() = value;
        let wrong = house.verdict(&other);
        assert!(wrong.iter().any(|wrong| json!(wrong.csn) == csn && !wrong.untold), "{place}: {wrong:?}");
    }
    let wrong = house.verdict(&told[1..]);
    assert!(wrong.iter().any(|wrong| json!(wrong.csn) == told[0]["csn"]), "a visit is missing: {wrong:?}");
    let with_meeting: Vec<&Value> = told.iter().filter(|visit| !visit["meeting"].is_null()).collect();
    let mut one_for_two = told.to_vec();
    let second = one_for_two.iter_mut().find(|visit| visit["csn"] == with_meeting[1]["csn"]).unwrap();
    second["meeting"] = with_meeting[0]["meeting"].clone();
    let wrong = house.verdict(&one_for_two);
    assert!(wrong.iter().any(|wrong| wrong.what.contains("several visits")), "{wrong:?}");
    assert!(wrong.iter().any(|wrong| wrong.what.contains("no visit's")), "{wrong:?}");
}

#[actix_web::test]
async fn after_a_busy_morning_in_bad_weather_everything_is_right() {
    morning("automatic").await;
}

#[actix_web::test]
async fn after_a_busy_morning_of_admitting_in_bad_weather_everything_is_right() {
    morning("manual").await;
}
