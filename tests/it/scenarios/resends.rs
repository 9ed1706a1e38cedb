//! Notification records are sent again, one or all of a search, after what was wrong has been mended.

use serde_json::{Value, json};
use vestibule::simulator::epic::EpicFaultKind;

use super::house::{Answer, House, has_problem, participant, read};

const VISITS: [(&str, &str); 3] = [("10001", "WPR1"), ("10002", "WPR2"), ("10003", "WPR3")];
const WHY: &str = "the ids are mended";

impl House {
    async fn api_resends(&self, search: &str, body: Value) -> Answer {
        let url = format!("{}/api/v1/notifications/resend?organization=lakeside&{search}", self.url);
        read(self.http.post(url).send_json(&body).await).await
    }

    async fn count_page(&self, search: &str) -> String {
        let page = self.get(&format!("/records/resend?organization=lakeside&{search}")).await;
        assert_eq!(page.status, 200, "{}", page.text());
        page.text()
    }

    /// Sends the form that the page gave.
    async fn submits(&self, search: &str, page: &str) -> Answer {
        let url = format!("{}/records/resend?organization=lakeside&{search}", self.url);
        let field = |name: &str| {
            let (_, after) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
            after.split_once('"').unwrap().0.to_owned()
        };
        let form = [
            ("reason", WHY.to_owned()),
            ("act", field("act")),
            ("updates", field("updates")),
            ("at", field("at")),
        ];
        read(self.http.post(url).send_form(&form).await).await
    }

    async fn resent(&self, csn: &str) -> Vec<Value> {
        self.records(csn).await.into_iter().filter(|record| record["resend"] == true).collect()
    }

    async fn note(&self, search: &str, page: &str) -> String {
        let told = self.submits(search, page).await;
        assert_eq!(told.status, 303, "{}", told.text());
        told.header("location").rsplit('=').next().unwrap_or_default().to_owned()
    }
}

#[actix_web::test]
async fn what_epic_refused_is_sent_again_by_its_code_with_what_is_true_by_now_and_once() {
    let house = House::open().await;
    let refuse = EpicFaultKind::Refuse { code: "INVALID-USER-ID".to_owned() };
    house.epic_fault("status", None, refuse);
    for (csn, patient) in VISITS {
        house.starts(csn, "EMP501").await;
        house.waits(csn, patient).await.goes_in().await;
        house.until_inside(csn, 2).await;
        let parked = |visit: &Value| has_problem(visit, "update_parked");
        house.until_visit(csn, "its updates are parked", parked).await;
    }
    let search = "outcome=parked&epic_code=invalid-user-id";
    let settled = async || {
        let rows = house.get(&format!("/api/v1/notifications?organization=lakeside&{search}")).await.json();
        (rows["notifications"].as_array().unwrap().len() == 6).then_some(())
    };
    super::house::until("all six are on record", settled).await;
    house.epic().clear_faults();
    let count = house.api_resends(search, json!({"dry_run": true})).await.json();
    assert_eq!((&count["records"], &count["updates"], &count["visits"]), (&json!(6), &json!(6), &json!(3)));
    let others = house.api_resends("epic_code=INVALID-CONFERENCE-ID", json!({"dry_run": true})).await.json();
    assert_eq!((&others["records"], &others["updates"]), (&json!(0), &json!(0)));
    let calls = house.epic().calls("status");
    let page = house.count_page(search).await;
    assert!(page.contains("6 updates</strong> of 6 people in 3 visits, for 6 records"), "{page}");
    assert_eq!(house.note(search, &page).await, "sent");
    for (csn, patient) in VISITS {
        house.until_light(csn, patient, true).await;
        house.until_visit(csn, "nothing is parked", |visit| visit["problems"] == json!([])).await;
    }
    assert_eq!(house.note(search, &page).await, "already-done");
    house.until_right().await;
    assert_eq!(house.epic().calls("status"), calls + 6, "once each");
    let marked = house.resent("10001").await;
    assert!(!marked.is_empty() && marked.iter().all(|it| it["outcome"] == "delivered"), "{marked:?}");
    let csv = house.get("/api/v1/notifications?organization=lakeside&csn=10001&format=csv").await.text();
    assert!(csv.lines().next().unwrap().contains(",resend,") && csv.contains(",true"), "{csv}");
    let story = house.get("/visits/lakeside/10001").await.text();
    assert!(story.contains("sent again by an operator"), "{story}");
    assert!(house.get("/records?organization=lakeside&csn=10001").await.text().contains(">sent again<"));
    let audited = house.audited("notifications_resent").await;
    let begun: Vec<_> = audited.iter().filter(|(outcome, _)| outcome == "begun").collect();
    assert_eq!(begun.len(), 1, "{audited:?}");
    let why = &begun[0].1;
    assert!(why.starts_with(WHY) && why.contains("6 updates of 3 visits for 6 records"), "{why}");
    assert!(why.contains("outcome=parked&epic_code=invalid%2Duser%2Did"), "{why}");
    for outcome in ["counted", "done", "already-done"] {
        assert!(audited.iter().any(|(told, _)| told == outcome), "{outcome}: {audited:?}");
    }
    house.close().await;
}

#[actix_web::test]
async fn one_record_sends_the_newest_status_and_never_its_own() {
    let house = House::open().await;
    let (csn, patient) = VISITS[0];
    house.provider_inside(csn).await;
    let seat = house.waits(csn, patient).await.goes_in().await;
    house.until_light(csn, patient, true).await;
    house.leaves(&seat);
    house.until_light(csn, patient, false).await;
    house.until_acknowledged(csn, patient, false).await;
    let records = house.records(csn).await;
    let joined = records.iter().find(|it| it["role"] == "patient" && it["event"] == "joined").unwrap();
    let search = format!("record={}", joined["id"].as_str().unwrap());
    let page = house.count_page(&search).await;
    assert!(page.contains("1 update</strong> of 1 person in 1 visit, for 1 record"), "{page}");
    assert_eq!(house.note(&search, &page).await, "sent");
    let marked = super::house::until("it is on record", async || {
        let marked = house.resent(csn).await;
        (!marked.is_empty()).then_some(marked)
    })
    .await;
    assert_eq!((marked.len(), &marked[0]["event"]), (1, &json!("left")), "{marked:?}");
    assert!(!house.epic().is_connected(csn, patient));
    assert_eq!(participant(&house.visit(csn).await, patient)["connected"], false);
    // A record that is none, and a search that asks for nothing.
    for bad in ["record=7", "", "csn=1&meeting_id=85012345678"] {
        let refused = house.get(&format!("/records/resend?organization=lakeside&{bad}")).await;
        assert_eq!(refused.status, 400, "{bad}: {}", refused.text());
        assert_eq!(house.api_resends(bad, json!({"dry_run": true})).await.status, 400, "{bad}");
    }
    house.close().await;
}
