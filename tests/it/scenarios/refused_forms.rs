//! Forms that a person sends and the service does not take: their page comes back with what was typed, and nothing is done.

use std::time::Duration;

use super::another::{HILLSIDE, Said};
use super::guests::text;
use super::house::{Answer, House, read};
use super::organizations::{PAGE, house};

const CSN: &str = "10001";
const WRONG: &str = "aria-invalid=\"true\" aria-describedby=\"reason-problem\" autofocus";

impl House {
    /// As a browser sends a form.
    async fn sends(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let sent = self.http.post(format!("{}{path}", self.url)).timeout(Duration::from_secs(60));
        read(sent.insert_header(("accept", "text/html,*/*;q=0.8")).send_form(&fields).await).await
    }

    /// The page that comes back; a program that sends the same is told in a problem document.
    async fn comes_back(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let told = read(self.http.post(format!("{}{path}", self.url)).send_form(&fields).await).await;
        assert_eq!((told.status, told.header("content-type")), (400, "application/problem+json"), "{path}");
        let page = self.sends(path, fields).await;
        let text = page.text();
        assert_eq!((page.status, page.header("content-type")), (400, "text/html; charset=utf-8"), "{text}");
        text
    }
}

/// The one form of a page that leads there.
fn form<'a>(page: &'a str, act: &str) -> &'a str {
    let (_, after) = page.split_once(&format!("/{act}?lang=en\"")).unwrap_or_else(|| panic!("{act}: {page}"));
    after.split("</form>").next().unwrap()
}

fn is_without_reason(page: &str, act: &str, typed: &str) {
    let sent = form(page, act);
    assert!(sent.contains(&format!("value=\"{typed}\" {WRONG}")), "{act}: {sent}");
    assert!(sent.contains("id=\"reason-problem\">Say why: 3 to 200 characters"), "{act}: {sent}");
    assert_eq!(page.matches("reason-problem").count(), 2, "no other form is marked: {page}");
    assert!(page.contains("role=\"alert\">Nothing was done. Say why"), "{page}");
}

/// The form that leads there has come back with that in it.
fn has(page: &Answer, act: &str, parts: [&str; 3]) {
    let text = page.text();
    let sent = form(&text, act);
    for part in parts {
        assert!(page.status == 400 && sent.contains(part), "{part} is not in {sent}");
    }
}

#[actix_web::test]
async fn a_visits_form_without_a_reason_does_nothing_and_comes_back() {
    let house = House::open().await;
    house.start_link(CSN, "EMP501").await;
    let mut tools = house.tools(CSN).await;
    tools.invites("Ivan").await;
    let visit = format!("/visits/lakeside/{CSN}");
    let page = house.get(&visit).await.text();
    let link =
        form(&page, "revoke").split("name=\"link\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    for typed in ["   ", "ab"] {
        for (act, fields) in
            [("revoke", [("link", link)]), ("end", [("meeting", "")]), ("remake", [("meeting", "")])]
        {
            let fields = [&fields[..], &[("reason", typed)]].concat();
            let page = house.comes_back(&format!("{visit}/{act}?lang=en"), &fields).await;
            is_without_reason(&page, act, typed);
        }
        let paused = "/admin/lakeside/notifier/pause?lang=en";
        let page = house.comes_back(paused, &[("reason", typed), ("csn", CSN)]).await;
        assert!(page.contains("<h1>Visit 10001</h1>"), "{page}");
        is_without_reason(&page, "pause", typed);
        let page = house.comes_back(paused, &[("reason", typed)]).await;
        assert!(page.contains("<h1>Lakeside Health</h1>"), "{page}");
        is_without_reason(&page, "pause", typed);
    }
    let page = house.get(&visit).await.text();
    assert!(page.contains("name=\"link\"") && page.contains("/pause?"), "nothing was done: {page}");
    for action in ["guest_revoked", "meeting_ended", "notifier_paused"] {
        let outcomes = house.audited(action).await;
        let refused = ("bad-request".to_owned(), String::new());
        assert!(!outcomes.is_empty() && outcomes.iter().all(|outcome| *outcome == refused), "{outcomes:?}");
    }
    house.close().await;
}

#[actix_web::test]
async fn an_organizations_forms_come_back_with_what_was_typed_and_save_nothing() {
    let (house, other, said) = house().await;
    house.makes_hillside(&said).await;
    let key = ("base", "1");
    let page =
        house.comes_back(&format!("{PAGE}/settings/api-key?lang=en"), &[key, ("reason", " \t ")]).await;
    is_without_reason(&page, "settings/api-key", " \t ");
    let remove = format!("{PAGE}/settings/remove?lang=en");
    let page = house.comes_back(&remove, &[("id", "hillside"), ("reason", "no")]).await;
    is_without_reason(&page, "settings/remove", "no");
    assert!(form(&page, "settings/remove").contains("value=\"hillside\""), "{page}");
    // Another id than that of the organization: beside that field, and the reason stays.
    let page = house.sends(&remove, &[("id", "hill<side"), ("reason", "the clinic has closed")]).await;
    let parts = [
        "value=\"hill&#60;side\" aria-invalid=\"true\" aria-describedby=\"id-problem\" autofocus",
        "id=\"id-problem\">Write the organization",
        "value=\"the clinic has closed\">",
    ];
    has(&page, "settings/remove", parts);
    // A draft whose checks fail asks for a box and a reason.
    let mut fields: Said = said.clone();
    fields.retain(|(key, _)| *key != "zoom.client_secret");
    let wrong = [("name", "Hillside Clinic"), ("zoom.client_secret", "not-the-secret")];
    assert_eq!(house.types(&fields, "1", &wrong).await, "failed");
    let save = format!("{PAGE}/settings/save?lang=en");
    let page = house.comes_back(&save, &[("force", "on"), ("reason", "   ")]).await;
    is_without_reason(&page, "settings/save", "   ");
    assert!(form(&page, "settings/save").contains("name=\"force\" required checked"), "{page}");
    let page = house.sends(&save, &[("reason", "Zoom is down")]).await;
    let parts = [
        "name=\"force\" required aria-invalid=\"true\" aria-describedby=\"force-problem\" autofocus",
        "id=\"force-problem\">Some checks failed.",
        "value=\"Zoom is down\">",
    ];
    has(&page, "settings/save", parts);
    // A program is led to a page that says so. Of neither does the chain have that something was saved or removed.
    assert_eq!(house.does("save", &[("reason", "Zoom is down")]).await, "failed");
    let why = ("reason", "the clinic has closed");
    assert_eq!(house.does("remove", &[("id", "another"), why]).await, "not-confirmed");
    for (action, refusal) in [("settings_saved", "failed"), ("organization_removed", "not-confirmed")] {
        let outcomes = house.audited_of(HILLSIDE, action).await;
        let refused = (refusal.to_owned(), String::new());
        assert!(outcomes.ends_with(&[refused.clone(), refused]), "{action}: {outcomes:?}");
    }
    // Nor is a reason taken that nobody asked for and that says nothing.
    assert_eq!(house.types(&said, "1", &[("name", "Hillside")]).await, "checked");
    let page = house.comes_back(&save, &[("reason", "ab")]).await;
    is_without_reason(&page, "settings/save", "ab");
    assert!(page.contains("name=\"base\" value=\"1\""), "nothing was saved, and the draft stays: {page}");
    assert_eq!(house.does("save", &[("reason", "as it is called by now")]).await, "saved");
    other.stop().await;
    house.close().await;
}

#[actix_web::test]
async fn a_telephone_number_that_is_none_stays_in_its_field_with_what_is_wrong_beside_it() {
    let house = House::open().await;
    let mut tools = house.tools(CSN).await;
    for name in ["Ivan", "Maria"] {
        tools.invites(name).await;
    }
    let page = tools.page().await;
    let ids = page.split("name=\"link\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let ids: Vec<&str> = ids.collect();
    // Each link has a form for a message and one that takes it back.
    let (first, second) = (ids[0], ids[2]);
    assert_ne!(first, second);
    let wrong =
        "value=\"call &#60;me&#62;\" aria-invalid=\"true\" aria-describedby=\"phone-problem\" autofocus";
    let url = format!("{}/text?lang=en", tools.url);
    let landing = tools.browser.fill_in(&url, &[("link", second), ("phone", "call <me>")]).await.unwrap();
    let (status, page) = text(&landing);
    assert!(status == 400 && page.contains("id=\"phone-problem\">That is not a mobile number"), "{page}");
    let of_second = page.split(&format!("name=\"link\" value=\"{second}\"")).nth(1).unwrap();
    assert!(of_second.split("</form>").next().unwrap().contains(wrong), "{page}");
    assert_eq!(page.matches("aria-invalid").count(), 1, "{page}");
    assert_eq!(house.fakes.sms().calls(), 0);
    house.close().await;
}
