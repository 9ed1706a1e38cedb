//! Clocks that are apart: seen by the time in Epic's answers, and told before anybody has to guess why tokens are refused.

use super::house::{House, until};

const CSN: &str = "10001";
const PATIENT: &str = "WPR1";
const SKEW: [&str; 2] = ["vestibule_clock_skew_seconds", "organization=\"lakeside\""];

impl House {
    async fn skew(&self, whose: &str) -> f64 {
        self.metric(&[SKEW[0], SKEW[1], whose]).await
    }
}

#[actix_web::test]
async fn e45_a_clock_that_is_apart_is_measured_and_warned_of_once() {
    let house = House::of_the_program("[logging]\nfilter = \"info\"\n").await;
    house.waits(CSN, PATIENT).await;
    assert!(house.skew("epic").await.abs() < 2.0);
    assert!(!house.log().contains("another's clock"), "{}", house.log());

    // Assertions are still good for so long; nothing but the clock itself tells of it.
    house.epic().set_clock_ahead(45);
    house.waits(CSN, PATIENT).await;
    house.waits(CSN, PATIENT).await;
    let skew = house.skew("epic").await;
    assert!((43.0..=45.0).contains(&skew), "{skew}");
    let warned = house.log().lines().filter(|line| line.contains("another's clock")).count();
    assert_eq!(warned, 1, "{}", house.log());

    house.epic().set_clock_ahead(0);
    house.waits(CSN, PATIENT).await;
    assert!(house.skew("epic").await.abs() < 2.0);
    until("that it agrees again is told", async || {
        house.log().contains("agrees with ours again").then_some(())
    })
    .await;
    house.close().await;
}

#[actix_web::test]
async fn e45_the_preflight_names_the_clock_beside_the_token_that_is_refused() {
    let house = House::open().await;
    let (status, report) = house.check().await;
    assert_eq!(status, 0);
    report.passes("epic: clock", "agrees with ours");
    report.passes("zoom: clock", "agrees with ours");

    house.epic().set_clock_ahead(45);
    let (status, report) = house.check().await;
    report.warns("epic: clock", "s ahead of ours");
    report.passes("epic: backend token", "is given");
    assert_eq!(status, 0, "a warning fails nothing");

    // What is signed now is of the future for this Epic, which says nothing but that it is wrong.
    house.epic().set_clock_ahead(-90);
    let (status, report) = house.check().await;
    report.fails("epic: backend token", "invalid_client");
    report.warns("epic: clock", "s behind ours");
    assert!(report.line("epic: clock")["advice"].as_str().unwrap().contains("NTP"));
    assert_eq!(status, 69);
    house.close().await;
}
