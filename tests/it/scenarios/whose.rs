//! A provider says on the tools page who somebody in the meeting is.

use serde_json::Value;

use super::guests::{Tools, text};
use super::house::{House, until};

const CSN: &str = "10001";
const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";

impl Tools<'_> {
    /// What the script of the page is told.
    async fn here(&mut self) -> Value {
        serde_json::from_str(&self.until_shows(&["people"]).await).unwrap()
    }

    /// The only device whose owner Zoom does not name, once it is there; and the patient among those whom it may belong to.
    async fn device(&mut self) -> (Value, String) {
        until("one device is there", async || {
            let here = self.here().await;
            let [device] = here["devices"].as_array().unwrap().as_slice() else { return None };
            let choices = here["choices"].as_array().unwrap();
            let patient = choices.iter().find(|choice| choice["role"] == "Patient")?;
            Some((device.clone(), patient["who"].as_str().unwrap().to_owned()))
        })
        .await
    }

    async fn says(&mut self, device: &Value, who: &str) -> String {
        let field = |name: &str| device[name].as_str().unwrap();
        let fields = [("instance", field("instance")), ("session", field("session")), ("who", who)];
        self.press("identify", &fields).await
    }
}

#[actix_web::test]
async fn a_telephone_that_the_provider_says_is_the_patient_turns_their_light_on() {
    let house = House::open().await;
    house.waits(CSN, PATIENT).await;
    let host = house.starts(CSN, PROVIDER).await;
    let mut tools = house.tools(CSN).await;
    let visit = house.until_inside(CSN, 1).await;
    let meeting: u64 = visit["meeting"]["id"].as_str().unwrap().parse().unwrap();
    let call = house.zoom().dial_in(meeting, "+15550100123").unwrap();
    let (device, patient) = tools.device().await;
    assert_eq!((&device["who"], &device["whose"]), (&"Telephone".into(), &Value::Null));
    assert!(!device.to_string().contains("555"), "no number is shown: {device}");
    assert!(!house.epic().is_connected(CSN, PATIENT));

    let page = tools.says(&device, &patient).await;
    assert!(page.contains("Saved.") && page.contains(&format!("value=\"{patient}\" selected")), "{page}");
    house.until_light(CSN, PATIENT, true).await;
    let visit = house.visit(CSN).await;
    let roles: Vec<&Value> =
        visit["participants"].as_array().unwrap().iter().map(|one| &one["role"]).collect();
    assert_eq!(roles.len(), 2, "the telephone is nobody of its own any more: {visit}");

    let page = tools.says(&device, "").await;
    assert!(page.contains("Saved."), "{page}");
    house.until_light(CSN, PATIENT, false).await;
    tools.says(&device, &patient).await;
    house.until_light(CSN, PATIENT, true).await;
    house.leaves(&call);
    house.until_light(CSN, PATIENT, false).await;
    let page = tools.says(&device, &patient).await;
    assert!(page.contains("They have left"), "{page}");
    house.leaves(&host);
    house.until_right().await;
    house.close().await;
}

impl House {
    /// An operator on the page of the visit, linked from the board, says who the only device is whose owner Zoom does not name.
    async fn operator_says(&self, who: &str) -> String {
        let page = self.get(&format!("/visits/lakeside/{CSN}")).await.text();
        let hidden = |name: &str| {
            let (_, after) = page.split_once(&format!("name=\"{name}\" value=\"")).expect(name);
            after.split_once('"').unwrap().0.replace("&#38;", "&").replace("&#47;", "/")
        };
        let fields = [
            ("instance", hidden("instance")),
            ("session", hidden("session")),
            ("who", who.to_owned()),
            ("reason", "they rang up".to_owned()),
        ];
        let url = format!("{}/visits/lakeside/{CSN}/identify", self.url);
        let told = self.http.post(url).send_form(&fields).await.unwrap();
        assert_eq!(told.status().as_u16(), 303);
        told.headers().get("location").unwrap().to_str().unwrap().to_owned()
    }
}

#[actix_web::test]
async fn a_telephone_that_an_operator_says_is_the_patient_turns_their_light_on() {
    let house = House::open().await;
    house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    let visit = house.until_inside(CSN, 1).await;
    let meeting: u64 = visit["meeting"]["id"].as_str().unwrap().parse().unwrap();
    let call = house.zoom().dial_in(meeting, "+15550100123").unwrap();
    let mut tools = house.tools(CSN).await;
    let (_, patient) = tools.device().await;
    assert_eq!(house.operator_says(&patient).await, "/visits/lakeside/10001?note=identified");
    house.until_light(CSN, PATIENT, true).await;
    // The provider sees what the operator said, and the other way round.
    let (device, _) = tools.device().await;
    assert_eq!(device["whose"], Value::String(patient.clone()));
    tools.says(&device, "").await;
    house.until_light(CSN, PATIENT, false).await;
    assert_eq!(house.operator_says(&patient).await, "/visits/lakeside/10001?note=identified");
    house.until_light(CSN, PATIENT, true).await;
    house.leaves(&call);
    house.until_light(CSN, PATIENT, false).await;
    house.close().await;
}

#[actix_web::test]
async fn only_somebody_of_the_visit_is_named_and_only_from_the_page_itself() {
    let house = House::open().await;
    house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    let visit = house.until_inside(CSN, 1).await;
    let meeting: u64 = visit["meeting"]["id"].as_str().unwrap().parse().unwrap();
    house.zoom().dial_in(meeting, "+15550100123").unwrap();
    let mut tools = house.tools(CSN).await;
    let (device, patient) = tools.device().await;
    let page = tools.says(&device, "patient:Patient/somebody-else").await;
    assert!(page.contains("They have left"), "{page}");
    for (who, device_of) in [("no key", "tools"), (patient.as_str(), "elsewhere")] {
        let field = |name: &str| device[name].as_str().unwrap().to_owned();
        let fields =
            [("instance", field("instance")), ("session", field("session")), ("who", who.to_owned())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let landing = match device_of {
            "tools" => tools.browser.fill_in(&format!("{}/identify", tools.url), &fields).await.unwrap(),
            _ => house.browser().fill_in(&format!("{}/identify", tools.url), &fields).await.unwrap(),
        };
        let (status, body) = text(&landing);
        assert!((400..404).contains(&status), "{status} {body}");
    }
    let (device, _) = tools.device().await;
    assert_eq!(device["whose"], Value::Null);
    assert!(!house.epic().is_connected(CSN, PATIENT));
    house.close().await;
}
