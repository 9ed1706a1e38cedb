//! What Zoom does in ways that nobody has written down, and what it does not tell apart.

use serde_json::json;
use vestibule::simulator::LaunchKind;
use vestibule::simulator::people::Landing;
use vestibule::simulator::zoom::{Device, Fate, JoinRefused, Presence, SeatAct, Weather, ZakOnJoin};

use super::house::{House, participant, until};
use super::people::shown;

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const SECOND: &str = "EMP502";
const CSN: &str = "10001";

impl House {
    /// The link to which another provider's launch leads, under an account where a token on it does this.
    async fn alternative_link(&self, zak_on_join: ZakOnJoin) -> String {
        self.zoom().change_settings(|settings| settings.zak_on_join = zak_on_join);
        match self.launch(LaunchKind::Provider, CSN, SECOND).await.1 {
            Landing::Zoom(link) => link,
            landing => panic!("no link: {}", shown(&landing)),
        }
    }
}

// DF-16511, DF-13577: where a token on a join link makes its bearer an alternative host.
#[actix_web::test]
async fn a_second_provider_whose_token_counts_starts_in_the_first_ones_place() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.start_link(CSN, PROVIDER).await;
    let link = house.alternative_link(ZakOnJoin::Host).await;
    house.sits_down(CSN, SECOND, &link);
    patient.goes_in().await;
    house.until_light(CSN, SECOND, true).await;
    house.until_light(CSN, PATIENT, true).await;
    house.until_right().await;
    house.close().await;
}

// Where it makes them a participant like any other, the meeting waits for its host, and so does the patient on our page.
#[actix_web::test]
async fn a_second_provider_whose_token_only_names_them_waits_for_the_host_like_anybody() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let start = house.start_link(CSN, PROVIDER).await;
    let link = house.alternative_link(ZakOnJoin::Participant).await;
    let second = house.sits_down(CSN, SECOND, &link);
    assert_eq!(house.zoom().seat(&second).map(|seat| seat.presence), Some(Presence::WaitingForHost));
    assert!(!patient.can_join().await, "nobody has begun");
    assert!(!house.epic().is_connected(CSN, SECOND));
    house.sits_down(CSN, PROVIDER, &start);
    house.until_light(CSN, SECOND, true).await;
    patient.goes_in().await;
    house.until_inside(CSN, 3).await;
    house.until_right().await;
    house.close().await;
}

// Where it is not taken at all, the second provider is outside, and nothing says otherwise.
#[actix_web::test]
async fn a_second_provider_whose_token_is_refused_is_nowhere_and_lights_nothing() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let start = house.start_link(CSN, PROVIDER).await;
    let link = house.alternative_link(ZakOnJoin::Refused).await;
    assert_eq!(house.zoom().open(&link, "", Device::App), Err(JoinRefused::TokenNotTaken));
    house.sits_down(CSN, PROVIDER, &start);
    patient.goes_in().await;
    let visit = house.until_inside(CSN, 2).await;
    assert_eq!(participant(&visit, SECOND)["presence"], "gone");
    house.until_light(CSN, PATIENT, true).await;
    assert!(!house.epic().is_connected(CSN, SECOND));
    house.until_right().await;
    house.close().await;
}

// The same personal link on a phone and on a computer, which Zoom takes only where the meeting was made for it.
#[actix_web::test]
async fn a_patient_may_come_in_on_a_phone_and_a_computer_at_once() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    let link = patient.join_link().await;
    let phone = house.sits_down(CSN, PATIENT, &link);
    let computer = house.zoom().open(&link, "", Device::Web);
    let computer = computer.unwrap_or_else(|why| panic!("the second device: {why}"));
    house.fakes.ledger().claim(CSN, PATIENT, &computer);
    house.until_light(CSN, PATIENT, true).await;
    house.leaves(&phone);
    until("Zoom has told of it", async || (house.zoom().deliveries_pending() == 0).then_some(())).await;
    house.until_right().await;
    assert!(house.epic().is_connected(CSN, PATIENT), "one device is still there");
    house.leaves(&computer);
    house.until_light(CSN, PATIENT, false).await;
    house.until_right().await;
    house.close().await;
}

// I4: nothing in the events tells which of them came last, and still all is right in the end.
#[actix_web::test]
async fn events_without_an_order_leave_nothing_wrong_behind() {
    let house = House::with("[organization.lakeside]\nadmittance = \"manual\"\n").await;
    house.zoom().set_weather(Weather { ties: 1.0, reorder: 1.0, reorder_millis: 300, ..Weather::default() });
    let mut patient = house.waits(CSN, PATIENT).await;
    let host = house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    for _ in 0..3 {
        house.zoom().act(&host, &SeatAct::Admit { whom: seat.clone() }).unwrap();
        house.zoom().act(&host, &SeatAct::PutBack { whom: seat.clone() }).unwrap();
    }
    house.leaves(&seat);
    house.until_light(CSN, PROVIDER, true).await;
    house.until_right().await;
    house.leaves(&host);
    house.until_right().await;
    let visit = house.until_visit(CSN, "the visit has ended", |visit| visit["phase"] == "ended").await;
    assert_eq!(participant(&visit, PATIENT)["presence"], json!("gone"));
    house.close().await;
}

// A phone that dies on the waiting page leaves a connection behind that nobody closes.
#[actix_web::test]
async fn a_phone_that_dies_while_waiting_waits_no_longer_and_its_light_goes_out() {
    let settings = "[organization.lakeside]\npage_presence_seconds = 2\nwaiting_counts_as = \"connected\"\n";
    let house = House::with(settings).await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let mut dead = patient.browser.events(&format!("{}/events", patient.page())).await.unwrap();
    assert_eq!(dead.next().await.unwrap()["can_join"], false);
    house.until_light(CSN, PATIENT, true).await;
    house.until_light(CSN, PATIENT, false).await;
    let visit = house.visit(CSN).await;
    assert_eq!(participant(&visit, PATIENT)["presence"], "gone");
    // Whoever finds another phone waits again.
    let mut again = house.waits(CSN, PATIENT).await;
    house.until_light(CSN, PATIENT, true).await;
    house.starts(CSN, PROVIDER).await;
    again.goes_in().await;
    house.until_inside(CSN, 2).await;
    drop(dead);
    house.close().await;
}

// Zoom asks an endpoint every 72 hours to prove itself, and sends nothing to one that fails again and again.
#[actix_web::test]
async fn the_endpoint_proves_itself_whenever_zoom_asks() {
    let house = House::built("", |fakes| fakes.time_scale = 72.0 * 3600.0 * 10.0).await;
    let answered = || {
        let all = house.zoom().deliveries();
        all.iter().filter(|one| one.event == "endpoint.url_validation" && one.fate == Fate::Delivered).count()
    };
    until("it was asked three times", async || (answered() >= 3).then_some(())).await;
    let subscription = house.zoom().subscription();
    assert!(subscription.sends() && subscription.failures == 0, "{subscription:?}");
    house.close().await;
}
