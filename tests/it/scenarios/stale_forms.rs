//! Forms of pages that are older than what they are about, files that cannot be taken in, and what whoever may not change settings sees of them.

use std::time::Duration;

use super::answer::read;
use super::house::{House, until};
use super::organizations::{PAGE, SEALING, house, house_with};

#[actix_web::test]
async fn a_page_that_is_older_than_its_draft_or_its_key_changes_nothing() {
    let (house, other, said) = house().await;
    assert_eq!(house.types(&said, "0", &[]).await, "checked");
    assert_eq!(house.does("save", &[("draft", "1")]).await, "other-draft");
    let page = house.get(PAGE).await.text();
    let (_, rest) = page.split_once("name=\"draft\" value=\"").expect("the page says which draft it shows");
    let shown = rest.split_once('"').unwrap().0.to_owned();
    assert_eq!(house.does("save", &[("draft", &shown)]).await, "saved");
    // One click, sent twice, makes one key.
    let regenerate = [("base", "1"), ("reason", "it was in a mail")];
    assert_eq!(house.does("api-key", &regenerate).await, "key-replaced");
    assert_eq!(house.does("api-key", &regenerate).await, "behind");
    // Sixteen former keys are known; then the oldest leaves, counted. There was no key before the first.
    for _ in 0..16 {
        assert_eq!(house.does("api-key", &regenerate[1..]).await, "key-replaced");
    }
    let full = ["vestibule_refused_total", "former_org_ids"];
    assert!(house.metric(&full).await < 1.0);
    assert_eq!(house.does("api-key", &regenerate[1..]).await, "key-replaced");
    assert!((house.metric(&full).await - 1.0).abs() < 0.1);
    other.stop().await;
    house.close().await;
}

#[actix_web::test]
async fn a_file_that_cannot_be_taken_in_stays_on_the_page_with_what_is_wrong_beside_it() {
    let (house, other, said) = house().await;
    house.makes_hillside(&said).await;
    let url = format!("{}{PAGE}/settings/import", house.url);
    let pasted = [("file", "[organization.hillside]\nname = <oops>")];
    let sent = house.http.post(&url).insert_header(("accept", "text/html")).send_form(&pasted).await;
    let page = read(sent).await;
    assert_eq!(page.status, 400);
    let text = page.text();
    assert!(text.contains("name = &#60;oops&#62;") && text.contains("this is not valid TOML"), "{text}");
    assert!(text.contains("aria-describedby=\"refused\""), "{text}");
    let told = read(house.http.post(&url).send_form(&pasted).await).await;
    assert_eq!((told.status, told.header("content-type")), (400, "application/problem+json"));
    other.stop().await;
    house.close().await;
}

#[actix_web::test]
async fn whoever_may_not_change_settings_reads_them_under_zooms_names_and_no_secret() {
    let access = "[access]\nmode = \"token\"\ntokens = [\"master-of-everything\"]\n[access.grant.desk]\ntoken = \"of-the-video-desk\"\n\
                  role = \"operator\"\norganizations = [\"*\"]\n";
    let (house, other, said) = house_with(&format!("{SEALING}{access}")).await;
    let asks = async |act: &str, fields: &[(&str, &str)]| {
        let sent = house.http.post(format!("{}{PAGE}/settings/{act}", house.url));
        let sent = sent.bearer_auth("master-of-everything").timeout(Duration::from_secs(60));
        read(sent.send_form(&fields).await).await.header("location").to_owned()
    };
    let mut fields: Vec<(&str, &str)> = said.iter().map(|(key, text)| (*key, text.as_str())).collect();
    fields.extend([("base", "0"), ("name", "Hillside Clinic"), ("admittance", "manual")]);
    assert!(asks("check", &fields).await.ends_with("=checked"));
    assert!(asks("save", &[]).await.ends_with("=saved"));
    let secrets: Vec<&String> =
        said.iter().filter(|(key, _)| key.contains("secret")).map(|(_, text)| text).collect();
    for (path, origin) in [(PAGE, "kept here"), ("/admin/lakeside", "a test")] {
        let sent = house.http.get(format!("{}{path}", house.url)).bearer_auth("of-the-video-desk");
        let page = read(sent.send().await).await;
        let text = page.text();
        assert_eq!(page.status, 200, "{text}");
        for part in [
            "Patient Admittance Policy",
            "Automatic: patients come in by themselves",
            "zoom.account_id",
            origin,
        ] {
            assert!(text.contains(part), "{path}: {part} is not in {text}");
        }
        assert!(
            !text.contains("class=\"settings\"") && secrets.iter().all(|secret| !text.contains(*secret)),
            "{path}"
        );
        assert!(text.find("Zoom API Key") < text.find("zoom.account_id"), "Zoom's fields come first");
    }
    other.stop().await;
    house.close().await;
}

#[actix_web::test]
async fn a_providers_page_that_shows_another_meeting_ends_none() {
    let house = House::open().await;
    house.start_link("10001", "EMP501").await;
    let mut tools = house.tools("10001").await;
    let shown = meeting_of(&tools.page().await);
    let again = house.http.post(format!("{}/visits/lakeside/10001/remake", house.url));
    let told = read(again.send_form(&[("reason", "it is stuck")]).await).await;
    assert!(told.header("location").ends_with("=made-again"), "{}", told.text());
    house
        .until_visit("10001", "there is another meeting", |visit| {
            visit["meeting"]["id"].as_str().is_some_and(|id| id != shown)
        })
        .await;
    house.starts("10001", "EMP501").await;
    house.until_visit("10001", "it is under way", |visit| visit["phase"] == "in_progress").await;
    let page = tools.press("end", &[("meeting", &shown)]).await;
    assert!(page.contains("another meeting by now than your page showed"), "{page}");
    let outcomes = until("it is on record", async || {
        Some(house.audited("meeting_ended").await).filter(|outcomes| !outcomes.is_empty())
    })
    .await;
    assert!(matches!(&outcomes[..], [(outcome, _)] if outcome == "other-meeting"), "{outcomes:?}");
    assert_eq!(house.visit("10001").await["phase"], "in_progress", "nothing was ended");
    // What came back shows the meeting that there is.
    let now = meeting_of(&page);
    assert!(tools.press("end", &[("meeting", &now)]).await.contains("being ended"));
    house.until_visit("10001", "it has ended", |visit| visit["phase"] == "ended").await;
    house.close().await;
}

/// Which meeting the form on a page is about.
fn meeting_of(page: &str) -> String {
    let (_, rest) =
        page.split_once("name=\"meeting\" value=\"").unwrap_or_else(|| panic!("no meeting in {page}"));
    rest.split('"').next().unwrap_or_default().to_owned()
}
