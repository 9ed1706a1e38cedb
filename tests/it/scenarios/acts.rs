//! What an operator on duty does to a visit from its page, each time with a reason.

use serde_json::Value;
use vestibule::simulator::epic::EpicFaultKind;

use super::guests::text;
use super::house::{Answer, House, has_problem, participant, read, until};

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
    pub(super) async fn audited(&self, action: &str) -> Vec<(String, String)> {
        self.audited_of("lakeside", action).await
    }

    /// The same of another organization.
    pub(super) async fn audited_of(&self, organization: &str, action: &str) -> Vec<(String, String)> {
        let lines = self.get(&format!("/api/v1/audit?organization={organization}")).await.text();
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

impl House {
    /// The hidden fields of the form under a heading.
    async fn hidden(&self, under: &str) -> Vec<(String, String)> {
        let page = self.story().await;
        let (_, after) = page.split_once(under).unwrap_or_else(|| panic!("no {under} in {page}"));
        let (form, _) = after.split_once("</form>").unwrap();
        let fields = form.split("<input type=\"hidden\" name=\"").skip(1).map(|rest| {
            let (name, rest) = rest.split_once("\" value=\"").unwrap();
            let value = rest.split_once('"').unwrap().0;
            (name.to_owned(), value.to_owned())
        });
        fields.collect()
    }

    async fn meeting(&self) -> String {
        self.visit(CSN).await["meeting"]["id"].as_str().unwrap_or_default().to_owned()
    }
}

#[actix_web::test]
async fn an_operator_has_the_meeting_made_again_and_whoever_waits_goes_on_to_the_new_one() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let told = house.acts("remake", &[WHY]).await;
    assert_eq!(told.header("location"), "/visits/lakeside/10001?note=nothing-to-make-again");
    house.start_link(CSN, PROVIDER).await;
    let first = house.meeting().await;
    assert_eq!(house.acts("remake", &[]).await.status, 400, "without a reason");
    let told = house.acts("remake", &[WHY]).await;
    assert_eq!((told.status, told.header("location")), (303, "/visits/lakeside/10001?note=made-again"));
    house
        .until_visit(CSN, "there is another meeting", |visit| {
            visit["meeting"]["id"].as_str().is_some_and(|id| id != first)
        })
        .await;
    let left = || house.zoom().meetings().iter().filter(|meeting| !meeting.deleted).count();
    until("the old one is gone at Zoom", async || (left() == 1).then_some(())).await;
    // I12: the host of the old link is let in nowhere, and the patient goes on to the new meeting.
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    house.until_inside(CSN, 2).await;
    let second = house.meeting().await;
    // Now people are in it.
    let told = house.acts("remake", &[WHY]).await;
    assert_eq!(told.header("location"), "/visits/lakeside/10001?note=people-inside");
    assert!(house.story().await.contains("although people are in it"));
    assert_eq!(house.meeting().await, second);
    let told = house.acts("remake", &[WHY, ("although_inside", "yes")]).await;
    assert_eq!(told.header("location"), "/visits/lakeside/10001?note=made-again");
    house.until_light(CSN, PATIENT, false).await;
    house.until_light(CSN, PROVIDER, false).await;
    let mut again = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    again.goes_in().await;
    house.until_inside(CSN, 2).await;
    let third = house.meeting().await;
    assert!(third != second && third != first, "{first} {second} {third}");
    until("the second is gone as well", async || (left() == 1).then_some(())).await;
    let audited = house.audited("meeting_made_again").await;
    let outcomes: Vec<&str> = audited.iter().map(|(outcome, _)| outcome.as_str()).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "done").count(), 2, "{outcomes:?}");
    assert!(
        outcomes.contains(&"people-inside") && outcomes.contains(&"nothing-to-make-again"),
        "{outcomes:?}"
    );
    assert_eq!(house.visit(CSN).await["problems"], serde_json::json!([]));
    house.close().await;
}

#[actix_web::test]
async fn a_parked_update_is_sent_again_or_dropped() {
    let house = House::open().await;
    house.provider_inside(CSN).await;
    let refuse = |times| {
        house.epic_fault("status", Some(times), EpicFaultKind::Refuse { code: "INVALID-USER-ID".to_owned() });
    };
    let parked = async || {
        house.until_visit(CSN, "the update is parked", |visit| has_problem(visit, "update_parked")).await
    };
    let updates = async || house.get("/api/v1/parked").await.json()["updates"].as_array().unwrap().len();
    refuse(1);
    let seat = house.waits(CSN, PATIENT).await.goes_in().await;
    parked().await;
    assert_eq!(updates().await, 1);
    let fields = house.hidden("Updates that Epic did not take").await;
    let form = |fields: &[(String, String)]| -> Vec<(String, String)> {
        let why = (WHY.0.to_owned(), WHY.1.to_owned());
        fields.iter().cloned().chain([why]).collect()
    };
    let send = async |act: &str, fields: &[(String, String)]| {
        let fields = form(fields);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        house.acts(act, &fields).await
    };
    // What names nothing changes nothing.
    for (at, wrong) in [(0, "nobody"), (1, "nothing"), (2, "-1")] {
        let mut fields = fields.clone();
        fields[at].1 = wrong.to_owned();
        assert_eq!(send("resend", &fields).await.status, 400, "{wrong}");
    }
    let told = send("resend", &fields).await;
    assert_eq!((told.status, told.header("location")), (303, "/visits/lakeside/10001?note=sent-again"));
    house.until_light(CSN, PATIENT, true).await;
    house.until_visit(CSN, "nothing is parked", |visit| visit["problems"] == serde_json::json!([])).await;
    assert_eq!(updates().await, 0);
    let told = send("resend", &fields).await;
    assert_eq!(told.header("location"), "/visits/lakeside/10001?note=not-parked");
    // The next one is dropped: Epic keeps what it has, and the problem is over.
    refuse(1);
    house.leaves(&seat);
    parked().await;
    let calls = house.epic().calls("status");
    let fields = house.hidden("Updates that Epic did not take").await;
    let told = send("drop", &fields).await;
    assert_eq!(told.header("location"), "/visits/lakeside/10001?note=dropped");
    assert_eq!(house.visit(CSN).await["problems"], serde_json::json!([]));
    assert!(!house.story().await.contains("Updates that Epic did not take"));
    assert_eq!((updates().await, house.epic().calls("status")), (0, calls));
    assert!(house.epic().is_connected(CSN, PATIENT));
    for action in ["update_sent_again", "update_dropped"] {
        let audited = house.audited(action).await;
        assert!(audited.contains(&("begun".to_owned(), WHY.1.to_owned())), "{action}: {audited:?}");
    }
    let lines = house.get("/api/v1/visits/lakeside/10001/timeline").await.text();
    assert!(lines.contains("update_dropped"), "{lines}");
    house.close().await;
}
