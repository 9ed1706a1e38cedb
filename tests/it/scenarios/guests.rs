//! The provider's tools page and the guests who come by its links.

use serde_json::{Value, json};
use vestibule::simulator::LaunchKind::{GroupPatient, VisitTools};
use vestibule::simulator::epic::LaunchOptions;
use vestibule::simulator::people::{Browser, Landing};
use vestibule::simulator::zoom::Device;

use super::house::{House, until};
use super::people::shown;

const CSN: &str = "10001";
const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";

/// A provider's open tools page.
pub struct Tools<'a> {
    house: &'a House,
    pub browser: Browser,
    pub url: String,
}

pub fn text(landing: &Landing) -> (u16, String) {
    match landing {
        Landing::Page { status, body, .. } => (*status, String::from_utf8_lossy(body).into_owned()),
        Landing::Zoom(link) => panic!("a link of Zoom's: {link}"),
    }
}

impl House {
    pub async fn tools(&self, csn: &str) -> Tools<'_> {
        self.tools_with(csn, LaunchOptions::default()).await
    }

    pub async fn tools_with(&self, csn: &str, options: LaunchOptions) -> Tools<'_> {
        let url = self.epic().launch_url_with(VisitTools, PROVIDER, csn, options).unwrap();
        let mut browser = self.browser();
        let landing = browser.open(&url).await.unwrap();
        let Landing::Page { url, status: 200, .. } = &landing else { panic!("{}", shown(&landing)) };
        let url = url.split('?').next().unwrap().to_owned();
        assert!(url.ends_with("/tools"), "{url}");
        Tools { house: self, browser, url }
    }
}

impl Tools<'_> {
    pub async fn page(&mut self) -> String {
        let (status, body) = text(&self.browser.open(&self.url).await.unwrap());
        assert_eq!(status, 200, "{body}");
        body
    }

    pub async fn press(&mut self, button: &str, fields: &[(&str, &str)]) -> String {
        let landing = self.browser.fill_in(&format!("{}/{button}", self.url), fields).await.unwrap();
        let (status, body) = text(&landing);
        assert_eq!(status, 200, "{body}");
        body
    }

    /// A fresh link for somebody.
    pub async fn invites(&mut self, name: &str) -> String {
        let page = self.press("guest", &[("name", name)]).await;
        assert!(page.contains("The link is ready"), "{page}");
        let (_, rest) = page.split_once("data-copy=\"").expect("a link");
        rest.split('"').next().unwrap().replace("&amp;", "&")
    }

    pub(super) async fn until_shows(&mut self, words: &[&str]) -> String {
        let url = format!("{}/people", self.url);
        let browser = &mut self.browser;
        until(&format!("the page shows {words:?}"), async || {
            let (_, body) = text(&browser.open(&url).await.unwrap());
            words.iter().all(|word| body.contains(word)).then_some(body)
        })
        .await
    }
}

/// The guest opens the link and presses the button.
async fn comes(browser: &mut Browser, link: &str) -> Landing {
    let landing = browser.open(link).await.unwrap();
    if !matches!(landing, Landing::Page { status: 200, .. }) {
        return landing;
    }
    browser.press(link).await.unwrap()
}

#[actix_web::test]
async fn e48_a_guest_comes_by_a_link_waits_and_is_let_in() {
    let house = House::open().await;
    let mut tools = house.tools(CSN).await;
    let link = tools.invites("Ivan <interpreter>").await;
    assert!(!link.contains(CSN), "the link says nothing of the visit: {link}");
    // Opening it, as a program that looks at messages does, changes nothing.
    let mut guest = house.browser();
    let (status, page) = text(&guest.open(&link).await.unwrap());
    assert!(status == 200 && page.contains("You are invited to a video visit"), "{page}");
    assert_eq!(house.visit(CSN).await["participants"], json!([]));
    let landing = comes(&mut guest, &link).await;
    let mut waiting = house.waiting_with(guest, &landing, CSN, "guest");
    assert!(!waiting.can_join().await);
    tools.until_shows(&["Ivan <interpreter>", "Waiting"]).await;
    let provider = house.starts(CSN, PROVIDER).await;
    let link = waiting.join_link().await;
    let seat = house.zoom().open(&link, "", Device::App).unwrap();
    tools.until_shows(&["Guest", "In the meeting", "Provider"]).await;
    let visit = house.visit(CSN).await;
    let roles: Vec<&Value> = visit["participants"].as_array().unwrap().iter().map(|p| &p["role"]).collect();
    assert!(roles.contains(&&json!("guest")), "{visit}");
    // Epic does not know guests.
    house.until_light(CSN, PROVIDER, true).await;
    assert!(!house.epic().is_green(CSN));
    assert!(house.records(CSN).await.iter().all(|record| record["role"] == "provider"));
    house.leaves(&seat);
    house.leaves(&provider);
    house.close().await;
}

#[actix_web::test]
async fn e48_a_link_that_was_taken_back_or_has_run_out_or_is_forged_leads_to_a_page() {
    let house = House::with("[organization.lakeside]\nguest_link_life = \"5m\"\n").await;
    let mut tools = house.tools(CSN).await;
    let link = tools.invites("Ivan").await;
    let landing = comes(&mut house.browser(), &link).await;
    assert!(landing.ticket().is_some(), "{}", shown(&landing));
    let provider = house.starts(CSN, PROVIDER).await;
    let mut browser = house.browser();
    let landing = comes(&mut browser, &link).await;
    let mut waiting = house.waiting_with(browser, &landing, CSN, "guest");
    let way_in = waiting.join_link().await;
    let id = link.split_once("link=").unwrap().1.split('.').next().unwrap().to_owned();
    let page = tools.press("revoke", &[("link", &id)]).await;
    assert!(page.contains("taken back") && !page.contains("data-copy"), "{page}");
    let (status, body) = text(&comes(&mut house.browser(), &link).await);
    assert!(status == 410 && body.contains(">guest-link-not-good<"), "{status} {body}");
    assert!(!waiting.can_join().await, "who waits is not let in any more");
    // What Zoom had given is worth nothing any more either.
    until("Zoom lets the guest in no more", async || {
        house.zoom().open(&way_in, "", Device::App).is_err().then_some(())
    })
    .await;
    for (broken, status, code) in [
        (format!("{link}x"), 400, "link-unreadable"),
        (link.replace(&id, "somebodyelse"), 400, "link-unreadable"),
        (link.replace("lakeside", "nowhere"), 404, "unknown-organization"),
        (link.split("?").next().unwrap().to_owned(), 400, "link-unreadable"),
    ] {
        let (got, body) = text(&house.browser().open(&broken).await.unwrap());
        assert!(got == status && body.contains(&format!(">{code}<")), "{broken}: {got} {body}");
    }
    house.leaves(&provider);
    house.close().await;
}

#[actix_web::test]
async fn the_tools_belong_to_a_provider_of_this_visit_in_their_own_browser() {
    let house = House::open().await;
    house.waits(CSN, PATIENT).await;
    let (status, body) = text(&house.launch(VisitTools, CSN, PATIENT).await.1);
    assert!(status == 403 && body.contains(">role-mismatch<"), "{status} {body}");
    let other = LaunchOptions { patient: Some("ePatB".to_owned()), ..LaunchOptions::default() };
    let url = house.epic().launch_url_with(VisitTools, PROVIDER, CSN, other).unwrap();
    let (status, body) = text(&house.browser().open(&url).await.unwrap());
    assert!(status == 403 && body.contains(">other-patient<"), "{status} {body}");
    let mut tools = house.tools(CSN).await;
    assert!(tools.page().await.contains("Ada Hansen"), "the provider sees who waits");
    assert_eq!(house.visit(CSN).await["participants"].as_array().map(Vec::len), Some(1), "nobody was added");
    assert!(house.zoom().meetings().is_empty());
    for path in ["", "/people"] {
        let (status, body) = text(&house.browser().open(&format!("{}{path}", tools.url)).await.unwrap());
        assert!(status == 403 && !body.contains("Hansen"), "{status} {body}");
    }
    // A page of another site may not press the buttons.
    let path = tools.url.strip_prefix(&house.url).unwrap();
    let posted =
        house.http.post(format!("{}{path}/end", house.url)).insert_header(("origin", "https://evil.example"));
    assert_eq!(posted.send_form(&[("meeting", "")]).await.unwrap().status(), 403);
    house.close().await;
}

#[actix_web::test]
async fn the_tools_of_a_group_are_found_by_its_conference() {
    let house = House::open().await;
    house.on_waiting_page(GroupPatient, "10005", "WPR5").await;
    house.on_waiting_page(GroupPatient, "10006", "WPR6").await;
    let page = house.tools("10005").await.page().await;
    assert!(page.contains("Olivia Marsh") && page.contains("Tom"), "{page}");
    // A visit of one patient is its own, whatever conference id Epic gives it.
    house.waits(CSN, PATIENT).await;
    let conference = [("conferenceid".to_owned(), "CONF7001".to_owned())].into();
    let options = LaunchOptions { context: conference, ..LaunchOptions::default() };
    let url = house.epic().launch_url_with(VisitTools, PROVIDER, CSN, options).unwrap();
    let (status, page) = text(&house.browser().open(&url).await.unwrap());
    assert!(status == 200 && page.contains("Ada Hansen") && !page.contains("Olivia"), "{status} {page}");
    house.close().await;
}

#[actix_web::test]
async fn a_provider_ends_the_meeting_for_everybody_and_reads_how_to_dial_in() {
    let house = House::open().await;
    let mut tools = house.tools(CSN).await;
    assert!(tools.page().await.contains("There is no meeting yet"));
    assert!(tools.press("end", &[]).await.contains("There is no meeting yet"));
    let mut ada = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    ada.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    let page = tools.page().await;
    let id = house.live_meetings()[0].id.to_string();
    assert!(page.contains(&id) && page.contains("+1 "), "how to dial in: {page}");
    assert!(tools.press("end", &[]).await.contains("being ended"));
    house.until_light(CSN, PATIENT, false).await;
    house.until_light(CSN, PROVIDER, false).await;
    house.until_visit(CSN, "the visit has ended", |visit| visit["phase"] == "ended").await;
    assert_eq!(tools.house.live_meetings()[0].uuid, None);
    house.close().await;
}
