//! What an operator on duty does to a visit from its page, each time with a reason.

use serde_json::Value;

use super::guests::text;
use super::house::{Answer, House, participant, read};

const CSN: &str = "10001";
const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const WHY: (&str, &str) = ("reason", "the ward rang up");

impl House {
    async fn acts(&self, act: &str, fields: &[(&str, &str)]) -> Answer {
        let url = format!("{}/visits/lakeside/{CSN}/{act}", self.url);
        read(self.http.post(url).send_form(&fields).await).await
    }

    async fn story(&self) -> String {
        self.get(&format!("/visits/lakeside/{CSN}")).await.text()
    }

    /// What the audit has of an action: what came of it, and why it was done.
    async fn audited(&self, action: &str) -> Vec<(String, String)> {
        let lines = self.get("/api/v1/audit?organization=lakeside").await.text();
        let entries = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let of_action = entries.filter(|entry| entry["action"] == action);
        let word = |entry: &Value, field: &str| entry[field].as_str().unwrap_or_default().to_owned();
        of_action.map(|entry| (word(&entry, "outcome"), word(&entry, "reason"))).collect()
    }
}

#[actix_web::test]
async fn an_operator_ends_a_meeting_for_everybody_and_it_is_on_record_why() {
    let house = House::open().await;
    let none = house.acts("end", &[WHY]).await;
    assert_eq!(none.status, 404, "there is no such visit yet: {}", none.text());
    let mut patient = house.waits(CSN, PATIENT).await;
    let told = house.acts("end", &[WHY]).await;
    assert_eq!(told.header("location"), "/visits/lakeside/10001?note=no-meeting");
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    // Without a reason nothing is done.
    for reason in ["", "no", "   x  ", "two\nlines", &"x".repeat(201)] {
        let refused = house.acts("end", &[("reason", reason)]).await;
        assert!(
            refused.status == 400 && refused.text().contains("Say why"),
            "{reason:?}: {}",
            refused.text()
        );
    }
    assert_eq!(house.acts("destroy", &[WHY]).await.status, 404);
    assert_eq!(participant(&house.visit(CSN).await, PATIENT)["presence"], "in_meeting");
    assert!(house.story().await.contains("End for everybody"));
    let told = house.acts("end", &[WHY]).await;
    assert_eq!((told.status, told.header("location")), (303, "/visits/lakeside/10001?note=ended"));
    house.until_light(CSN, PATIENT, false).await;
    house.until_visit(CSN, "it has ended", |visit| visit["phase"] == "ended").await;
    let audited = house.audited("meeting_ended").await;
    let begun = audited.iter().filter(|(outcome, why)| outcome == "begun" && why == WHY.1).count();
    assert_eq!(begun, 3, "{audited:?}");
    assert!(audited.iter().any(|(outcome, _)| outcome == "done"), "{audited:?}");
    house.close().await;
}

#[actix_web::test]
async fn an_operator_takes_a_guests_link_back() {
    let house = House::open().await;
    house.waits(CSN, PATIENT).await;
    let mut tools = house.tools(CSN).await;
    let link = tools.invites("Ivan <interpreter>").await;
    let page = house.story().await;
    assert!(page.contains("Take back") && !page.contains("Ivan") && !page.contains(&link), "{page}");
    let (_, after) = page.split_once("name=\"link\" value=\"").unwrap();
    let id = after.split_once('"').unwrap().0;
    assert_eq!(text(&house.browser().open(&link).await.unwrap()).0, 200);
    for (link, status) in [("", 400), ("another", 303)] {
        assert_eq!(house.acts("revoke", &[("link", link), WHY]).await.status, status, "{link}");
    }
    let told = house.acts("revoke", &[("link", id), WHY]).await;
    assert_eq!(told.header("location"), "/visits/lakeside/10001?note=revoked");
    assert_eq!(text(&house.browser().open(&link).await.unwrap()).0, 410);
    assert!(!house.story().await.contains("Take back"));
    assert!(house.audited("guest_revoked").await.contains(&("begun".to_owned(), WHY.1.to_owned())));
    house.close().await;
}
