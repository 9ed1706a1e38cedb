//! An operator pauses what an organization's Epic is told, and has it go on.

use serde_json::{Value, json};

use super::house::{Answer, House, read, until};

const CSN: &str = "10001";
const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const WHY: &str = "Epic is upgraded tonight";
const PAGE: &str = "/admin/lakeside";
const GAUGE: &str = "vestibule_epic_notifier_paused{organization=\"lakeside\"}";

impl House {
    async fn notifier(&self, act: &str, reason: &str) -> Answer {
        let url = format!("{}{PAGE}/notifier/{act}", self.url);
        read(self.http.post(url).send_form(&[("reason", reason)]).await).await
    }

    async fn notes(&self, act: &str) -> String {
        let told = self.notifier(act, WHY).await;
        assert_eq!(told.status, 303, "{}", told.text());
        told.header("location").rsplit('=').next().unwrap_or_default().to_owned()
    }

    fn told_epic(&self) -> u64 {
        self.epic().calls("status")
    }
}

fn begun() -> (String, String) {
    ("begun".to_owned(), WHY.to_owned())
}

#[actix_web::test]
async fn while_it_is_paused_epic_is_told_nothing_and_then_only_what_is_true() {
    let house = House::open().await;
    house.provider_inside(CSN).await;
    house.until_right().await;
    house.until_counted(GAUGE, 0.0).await;
    let told = house.told_epic();
    assert_eq!(house.notes("pause").await, "paused");
    let page = house.get(PAGE).await.text();
    assert!(page.contains("Paused</strong> by") && page.contains(WHY) && page.contains("Resume"), "{page}");
    house.until_counted(GAUGE, 1.0).await;
    // People come and go, and nothing of it reaches Epic.
    let seat = house.waits(CSN, PATIENT).await.goes_in().await;
    house.until_inside(CSN, 2).await;
    house.leaves(&seat);
    house.until_inside(CSN, 1).await;
    house.waits(CSN, PATIENT).await.goes_in().await;
    house.until_inside(CSN, 2).await;
    let superseded = |records: &[Value]| records.iter().filter(|it| it["outcome"] == "superseded").count();
    until("what was overtaken is on record", async || {
        (superseded(&house.records(CSN).await) == 2).then_some(())
    })
    .await;
    assert!(!house.epic().is_connected(CSN, PATIENT));
    assert_eq!(house.told_epic(), told, "nothing left");
    assert_eq!(house.visit(CSN).await["problems"], json!([]), "a pause is no visit's problem");
    assert_eq!(house.notes("resume").await, "resumed");
    house.until_light(CSN, PATIENT, true).await;
    house.until_right().await;
    assert_eq!(house.told_epic(), told + 1, "the newest alone was sent");
    house.until_counted(GAUGE, 0.0).await;
    assert!(house.get(PAGE).await.text().contains("notifier/pause"));
    for action in ["notifier_paused", "notifier_resumed"] {
        let kept = house.audited(action).await;
        assert_eq!(kept, [begun(), ("done".to_owned(), String::new())], "{action}");
    }
    house.close().await;
}

#[actix_web::test]
async fn a_pause_outlives_the_process_that_made_it() {
    let mut house = House::of_the_program("").await;
    assert_eq!(house.notes("pause").await, "paused");
    house.kill_program();
    house.start_program().await;
    assert_eq!(house.notes("pause").await, "already-paused");
    house.starts(CSN, PROVIDER).await;
    house.until_inside(CSN, 1).await;
    house.until_counted(GAUGE, 1.0).await;
    assert_eq!(house.told_epic(), 0);
    assert_eq!(house.notes("resume").await, "resumed");
    house.until_light(CSN, PROVIDER, true).await;
    house.close().await;
}

#[actix_web::test]
async fn what_is_so_already_is_said_and_nothing_is_done_without_a_reason() {
    let house = House::open().await;
    for reason in ["", "no", "two\nlines", "not \u{fffd} UTF-8"] {
        for act in ["pause", "resume"] {
            let refused = house.notifier(act, reason).await;
            assert!(refused.status == 400 && refused.text().contains("Say why"), "{act}: {}", refused.text());
        }
    }
    assert_eq!(house.notes("resume").await, "not-paused");
    let refused = house.audited("notifier_paused").await;
    assert!(refused.iter().all(|(outcome, _)| outcome == "bad-request"), "{refused:?}");
    assert_eq!(refused.len(), 4);
    assert_eq!(house.notes("pause").await, "paused");
    let again = house.notifier("pause", "another reason").await;
    assert_eq!(again.header("location"), "/admin/lakeside?note=already-paused");
    let page = house.get("/admin/lakeside?note=already-paused").await.text();
    assert!(page.contains("It was paused already") && page.contains(WHY), "{page}");
    assert!(!page.contains("another reason"), "{page}");
    assert_eq!(house.notifier("stop", WHY).await.status, 404);
    let nowhere = format!("{}/admin/nowhere/notifier/pause", house.url);
    let elsewhere = read(house.http.post(nowhere).send_form(&[("reason", WHY)]).await).await;
    assert_eq!(elsewhere.status, 404);
    house.close().await;
}

#[actix_web::test]
async fn the_page_of_a_visit_pauses_and_resumes_too_and_comes_back_to_itself() {
    const VISIT: &str = "/visits/lakeside/10001";
    let house = House::open().await;
    house.provider_inside(CSN).await;
    let does = async |act: &str, fields: &[(&str, &str)]| {
        let fields = [&[("reason", WHY), ("csn", CSN)], fields].concat();
        let url = format!("{}{PAGE}/notifier/{act}", house.url);
        read(house.http.post(url).send_form(&fields).await).await.header("location").to_owned()
    };
    assert!(house.get(VISIT).await.text().contains("notifier/pause"));
    assert_eq!(does("pause", &[]).await, format!("{VISIT}?note=paused"));
    let page = house.get(&format!("{VISIT}?note=paused")).await.text();
    assert!(page.contains("The notifier is paused.") && page.contains("Paused</strong> by"), "{page}");
    let (_, rest) = page.split_once("name=\"since\" value=\"").expect("the page says which pause it shows");
    let shown = rest.split_once('"').unwrap().0.to_owned();
    // Somebody else ends it and begins another; a page that is open since then ends nothing.
    assert_eq!(house.notes("resume").await, "resumed");
    until("another pause, of another time", async || {
        assert_eq!(house.notes("pause").await, "paused");
        let again = house.get(VISIT).await.text();
        if !again.contains(&format!("name=\"since\" value=\"{shown}\"")) {
            return Some(());
        }
        assert_eq!(house.notes("resume").await, "resumed");
        None
    })
    .await;
    assert_eq!(does("resume", &[("since", &shown)]).await, format!("{VISIT}?note=other-pause"));
    assert!(house.get(VISIT).await.text().contains("Paused</strong> by"));
    until("what came of it to be on record", async || {
        let kept = house.audited("notifier_resumed").await;
        kept.iter().any(|(outcome, _)| outcome == "other-pause").then_some(())
    })
    .await;
    assert_eq!(does("resume", &[]).await, format!("{VISIT}?note=resumed"));
    let url = format!("{}{PAGE}/notifier/pause", house.url);
    let bad =
        [("reason", WHY), ("csn", "not a number of Epic's, and far too long to be one of anybody's else")];
    let refused = read(house.http.post(url).send_form(&bad).await).await;
    assert!(refused.status == 400 && refused.text().contains("name no visit"), "{}", refused.text());
    house.close().await;
}
