//! A Zoom account that an administrator connects, authenticates again and loses: over HTTP, with visits under way.

use std::time::Duration;

use serde_json::json;
use vestibule::simulator::LaunchKind;
use vestibule::simulator::zoom::{Fate, ZoomFault, ZoomFaultKind};
use vestibule_domain::id::OrganizationId;

use super::house::{Answer, House, folder_with_key, free_port, has_problem, read, until};

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";
const PAGE: &str = "/admin/lakeside/zoom";
const CONSENT: &str =
    "[page]\nlaunch_wait = \"300ms\"\n[organization.lakeside.zoom]\nauthorization = \"oauth\"\n";

/// An administrator's browser at Zoom's consent page.
struct AtZoom {
    cookie: String,
    /// The consent page.
    page: String,
}

impl House {
    /// Presses a button of a page.
    pub async fn post(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.http.post(format!("{}{path}", self.url));
        let request = headers.iter().fold(request, |request, header| request.insert_header(*header));
        read(request.send().await).await
    }

    /// The program beside a Zoom that gives tokens of such a life to an app that was added.
    async fn of_the_program_with_consent(settings: &str, token_life: Duration) -> Self {
        let settings = format!("{CONSENT}{settings}");
        let mut house = Self::furnished(free_port(), folder_with_key(), &settings, |fakes| {
            fakes.zoom_admin_managed = true;
            fakes.zoom_token_life = token_life;
        })
        .await;
        house.start_program().await;
        house
    }

    async fn with_consent(settings: &str) -> Self {
        Self::built(&format!("{CONSENT}{settings}"), |fakes| fakes.zoom_admin_managed = true).await
    }

    async fn sees(&self, address: &str, cookie: &str) -> Answer {
        let request = self.http.get(address);
        let request = if cookie.is_empty() { request } else { request.insert_header(("cookie", cookie)) };
        read(request.send().await).await
    }

    /// Presses the page's button, up to Zoom's page.
    async fn goes_to_zoom(&self) -> AtZoom {
        self.goes_to_zoom_from(&self.url).await
    }

    /// The same from the listener that has the page.
    async fn goes_to_zoom_from(&self, operations: &str) -> AtZoom {
        let pressed = self.http.post(format!("{operations}{PAGE}/connect")).send().await;
        let pressed = read(pressed).await;
        assert_eq!(pressed.status, 303, "{}", pressed.text());
        let to = pressed.header("location").to_owned();
        assert!(to.starts_with(&format!("{}/zoom/connect/", self.url)), "{to}");
        let sent = self.sees(&to, "").await;
        assert_eq!(sent.status, 302, "{}", sent.text());
        let cookie = sent.header("set-cookie").split(';').next().unwrap().to_owned();
        assert!(sent.header("set-cookie").contains("HttpOnly"));
        // A ticket is good once.
        assert_eq!(self.sees(&to, "").await.status, 400);
        let page = sent.header("location").to_owned();
        let shown = self.sees(&page, "").await;
        assert!(shown.status == 200 && shown.text().contains(">Allow</a>"), "{}", shown.text());
        AtZoom { cookie, page }
    }

    /// Where Zoom leads back to when the administrator has chosen.
    async fn chooses(&self, at: &AtZoom, choice: &str) -> String {
        let chosen = at.page.replace("/oauth/authorize?", &format!("/oauth/authorize/{choice}?"));
        let answer = self.sees(&chosen, "").await;
        assert_eq!(answer.status, 302, "{}", answer.text());
        answer.header("location").to_owned()
    }

    async fn connects(&self) -> Answer {
        let at = self.goes_to_zoom().await;
        let back = self.chooses(&at, "allow").await;
        self.sees(&back, &at.cookie).await
    }

    async fn connected(&self) {
        let answer = self.connects().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.text().contains("Zoom is connected"), "{}", answer.text());
    }

    async fn page(&self) -> String {
        let answer = self.get(PAGE).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text()
    }

    async fn kept(&self) -> String {
        let lakeside = OrganizationId::new("lakeside").unwrap();
        let app = self.app();
        let store = &app.desk.ports().store;
        let kept = store.organization_get(&lakeside, "zoom/connection").await.unwrap();
        kept.map(|kept| String::from_utf8(kept.value).unwrap()).unwrap_or_default()
    }

    /// The app is removed, and we know.
    async fn removes_the_app(&self) {
        self.zoom().deauthorize();
        until("the removal is answered", async || {
            let all = self.zoom().deliveries();
            all.into_iter().find(|one| one.event == "app_deauthorized" && one.fate == Fate::Delivered)
        })
        .await;
    }
}

fn is_refused(answer: &Answer, status: u16, words: &str) {
    let text = answer.text();
    assert_eq!(answer.status, status, "{text}");
    assert!(text.contains("Zoom was not connected") && text.contains(words), "{text}");
    for theirs in ["invalid_", "Invalid", "access_denied", "4700"] {
        assert!(!text.contains(theirs), "{theirs} on {text}");
    }
}

#[actix_web::test]
async fn an_administrator_connects_the_account_and_a_visit_that_waited_goes_on() {
    let house = House::with_consent("").await;
    let page = house.page().await;
    assert!(page.contains("Not connected") && page.contains(">Connect to Zoom<"), "{page}");
    assert!(page.contains(&format!("{}/zoom/callback", house.url)), "{page}");
    let (_, landing) = house.launch(LaunchKind::Provider, CSN, PROVIDER).await;
    assert!(landing.ticket().is_some(), "{landing:?}");
    let visit = house.until_visit(CSN, "why is said", |visit| has_problem(visit, "zoom_not_connected")).await;
    let message = visit["problems"][0]["message"].as_str().unwrap();
    assert!(message.contains("Set-up > Zoom account"), "{message}");
    assert_eq!(house.zoom().calls("oauth.token"), 0);
    assert_eq!(house.metric(&["zoom_connected", "lakeside"]).await.to_bits(), 0.0_f64.to_bits());
    house.connected().await;
    let page = house.page().await;
    assert!(page.contains(">Re-authenticate<") && page.contains("has all that visits need"), "{page}");
    assert!(page.contains("<code>DemoZoomAccount1</code>") && page.contains("Since"), "{page}");
    let spanish = house.get(&format!("{PAGE}?lang=es")).await.text();
    assert!(spanish.contains("Conectada") && spanish.contains("crear las reuniones"), "{spanish}");
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    house.until_visit(CSN, "it is over", |visit| visit["problems"] == json!([])).await;
    house.close().await;
}

#[actix_web::test]
async fn a_way_through_zoom_is_one_browsers_and_good_once() {
    let house = House::with_consent("").await;
    let at = house.goes_to_zoom().await;
    let back = house.chooses(&at, "allow").await;
    is_refused(&house.sees(&back, "").await, 400, "begun in another browser");
    is_refused(&house.sees(&back, &at.cookie).await, 400, "begun in another browser");
    let at = house.goes_to_zoom().await;
    is_refused(
        &house.sees(&house.chooses(&at, "decline").await, &at.cookie).await,
        403,
        "nothing has changed",
    );
    let at = house.goes_to_zoom().await;
    let back = house.chooses(&at, "allow").await;
    assert_eq!(house.sees(&back, &at.cookie).await.status, 200);
    is_refused(&house.sees(&back, &at.cookie).await, 400, "has ended already");
    for nothing in ["/zoom/callback", "/zoom/callback?state=x&code=y", "/zoom/callback?code=y"] {
        is_refused(&house.get(nothing).await, 400, "Begin again");
    }
    assert_eq!(house.get("/zoom/connect/no-such-ticket").await.status, 400);
    // A name of one kind of way opens no other.
    let launch = house.on_the_way(LaunchKind::Patient, CSN, PATIENT).await;
    let crossed = launch.callback.replace("/epic/callback", "/zoom/callback");
    is_refused(&house.get_with(&crossed, &[("cookie", &launch.cookie)]).await, 400, "Begin again");
    let foreign = house.post(&format!("{PAGE}/connect"), &[("origin", "https://elsewhere.example")]).await;
    assert_eq!(foreign.status, 403);
    house.close().await;
}

#[actix_web::test]
async fn the_page_may_be_on_a_listener_that_zoom_and_the_world_do_not_reach() {
    let internal = free_port();
    let house = House::with_consent(&format!("[server]\ninternal_listen = \"{internal}\"\n")).await;
    assert_eq!(house.get(PAGE).await.status, 404);
    let at = house.goes_to_zoom_from(&format!("http://{internal}")).await;
    let back = house.chooses(&at, "allow").await;
    let answer = house.sees(&back, &at.cookie).await;
    assert!(answer.status == 200 && answer.text().contains("Zoom is connected"), "{}", answer.text());
    assert!(!answer.text().contains("/admin/"), "there is no such page here: {}", answer.text());
    let page = house.sees(&format!("http://{internal}{PAGE}"), "").await.text();
    assert!(page.contains(">Re-authenticate<"), "{page}");
    house.starts(CSN, PROVIDER).await;
    house.close().await;
}

#[actix_web::test]
async fn another_account_than_the_organizations_is_refused_in_plain_words() {
    let house = House::with_consent("").await;
    house.zoom().change_settings(|settings| settings.consenting_account = Some("Another".to_owned()));
    is_refused(&house.connects().await, 403, "another Zoom account");
    assert_eq!(house.kept().await, "");
    house.zoom().change_settings(|settings| settings.consenting_account = None);
    for (fault, status, words) in [
        (ZoomFaultKind::Html { status: 502 }, 502, "does not answer"),
        (ZoomFaultKind::Drop, 502, "does not answer"),
    ] {
        assert!(house.zoom().add_fault(ZoomFault { call: "oauth.token".to_owned(), times: Some(1), fault }));
        is_refused(&house.connects().await, status, words);
    }
    house.connected().await;
    // What stands stands until another is connected.
    house.zoom().change_settings(|settings| settings.consenting_account = Some("Another".to_owned()));
    is_refused(&house.connects().await, 403, "another Zoom account");
    house.starts(CSN, PROVIDER).await;
    house.close().await;
}

#[actix_web::test]
async fn a_token_is_renewed_during_a_visit_and_nobody_notices() {
    let house = House::built(CONSENT, |fakes| {
        fakes.zoom_admin_managed = true;
        fakes.zoom_token_life = Duration::from_secs(3);
    })
    .await;
    house.connected().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    until("it was renewed twice", async || (house.zoom().calls("oauth.token.rotated") >= 2).then_some(()))
        .await;
    house.starts("10002", PROVIDER).await;
    house.leaves(&seat);
    house.until_light(CSN, PATIENT, false).await;
    assert_eq!(house.zoom().refresh_tokens().len(), 1, "each was spent once");
    assert!(house.metric(&["zoom_token_refreshes_total", "renewed"]).await >= 2.0);
    house.close().await;
}

#[actix_web::test]
async fn a_refresh_token_that_zoom_takes_back_stops_all_calls_until_somebody_authenticates_again() {
    let house = House::with_consent("").await;
    house.connected().await;
    house.starts(CSN, PROVIDER).await;
    house.zoom().revoke_tokens();
    house.zoom().revoke_refresh_tokens();
    let (_, landing) = house.launch(LaunchKind::Provider, "10002", PROVIDER).await;
    assert!(landing.ticket().is_some(), "{landing:?}");
    house.until_visit("10002", "why is said", |visit| has_problem(visit, "zoom_not_connected")).await;
    let asked = house.zoom().all_calls();
    let page = house.page().await;
    assert!(page.contains("Has to be authenticated again") && page.contains(">Connect to Zoom<"), "{page}");
    assert_eq!(house.metric(&["zoom_connected", "lakeside"]).await.to_bits(), 0.0_f64.to_bits());
    // Whoever comes now asks Zoom nothing.
    house.launch(LaunchKind::Provider, "10003", PROVIDER).await;
    house.until_visit("10003", "why is said", |visit| has_problem(visit, "zoom_not_connected")).await;
    assert_eq!(house.zoom().all_calls(), asked);
    assert!(!house.kept().await.contains("refresh"), "nothing of the token is kept");
    house.connected().await;
    house.starts("10002", PROVIDER).await;
    house.close().await;
}

#[actix_web::test]
async fn an_app_that_is_removed_in_the_middle_of_a_visit_is_asked_nothing_more() {
    let house = House::with_consent("forget_after = \"1s\"\n").await;
    house.connected().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    // A call is under way when the app goes.
    let slow = ZoomFaultKind::Slow { millis: 700 };
    assert!(house.zoom().add_fault(ZoomFault {
        call: "meetings.create".to_owned(),
        times: Some(1),
        fault: slow
    }));
    let (_, landing) = house.launch(LaunchKind::Provider, "10002", PROVIDER).await;
    assert!(landing.ticket().is_some(), "{landing:?}");
    until("the meeting is being made", async || (house.zoom().calls("meetings.create") == 2).then_some(()))
        .await;
    house.removes_the_app().await;
    assert!(!house.kept().await.contains("refresh"), "its tokens are gone at once");
    house.until_visit("10002", "why is said", |visit| has_problem(visit, "zoom_not_connected")).await;
    let asked = house.zoom().all_calls();
    house.launch(LaunchKind::Provider, "10003", PROVIDER).await;
    house.until_visit("10003", "why is said", |visit| has_problem(visit, "zoom_not_connected")).await;
    assert_eq!(house.zoom().all_calls(), asked);
    // The visit that runs goes on, and its events are believed.
    assert_eq!(house.visit(CSN).await["phase"], "in_progress");
    house.leaves(&seat);
    house.until_light(CSN, PATIENT, false).await;
    let page = house.page().await;
    assert!(page.contains("The app was removed"), "{page}");
    until("what Zoom told is forgotten", async || {
        (house.metric(&["zoom_forgotten_total"]).await >= 1.0).then_some(())
    })
    .await;
    assert!(house.page().await.contains("was forgotten"));
    assert!((house.metric(&["zoom_removals_total"]).await - 1.0).abs() < f64::EPSILON);
    house.connected().await;
    house.starts("10002", PROVIDER).await;
    house.close().await;
}

#[actix_web::test]
async fn news_of_a_removal_is_believed_of_our_own_app_alone_and_not_when_it_is_old() {
    let house = House::with_consent("").await;
    house.connected().await;
    let news = |account: &str, client: &str, at: &str| {
        json!({"event": "app_deauthorized", "payload": {"account_id": account, "user_id": "u", "signature": "",
            "deauthorization_time": at, "client_id": client, "event_ts": "1"}})
        .to_string()
    };
    let now = jiff::Timestamp::now().to_string();
    for (account, client, at) in [
        ("Another", "DemoZoomClient1", now.as_str()),
        ("DemoZoomAccount1", "AnotherApp", now.as_str()),
        ("DemoZoomAccount1", "DemoZoomClient1", "2026-01-01T00:00:00Z"),
    ] {
        assert_eq!(house.event(&news(account, client, at)).await.status, 200);
    }
    house.starts(CSN, PROVIDER).await;
    assert_eq!(
        house.event_with(&news("DemoZoomAccount1", "DemoZoomClient1", &now), None, None).await.status,
        401
    );
    assert!(house.page().await.contains(">Re-authenticate<"));
    house.close().await;
}

#[actix_web::test]
async fn scopes_that_are_missing_are_named_wherever_somebody_looks() {
    let mut house = House::of_the_program_with_consent("", Duration::from_secs(3600)).await;
    house.zoom().change_settings(|settings| {
        settings.scopes.retain(|scope| scope != "meeting:write:registrant:admin");
    });
    house.connected().await;
    let page = house.page().await;
    assert!(page.contains("Some are missing") && page.contains("<strong>missing</strong>"), "{page}");
    let missing = house.metric(&["zoom_scopes_missing", "lakeside"]).await;
    assert!((missing - 1.0).abs() < f64::EPSILON, "{missing}");
    let name = "meeting:write:registrant:admin (make patients' links (registrants))";
    until("the log says it", async || house.log().contains(name).then_some(())).await;
    house.stop_service().await;
    assert_eq!(house.log().matches(name).count(), 1, "{}", house.log());
    let checked = house.runs(&["check"]).await;
    assert!(checked.said.contains(name), "{}", checked.said);
    assert!(checked.said.contains("an administrator has connected the account"), "{}", checked.said);
    house.close().await;
}

#[actix_web::test]
async fn a_connection_outlives_the_process_and_no_token_reaches_the_log() {
    let mut house =
        House::of_the_program_with_consent("[logging]\nfilter = \"debug\"\n", Duration::from_secs(4)).await;
    house.connected().await;
    house.restart_with("").await;
    house.starts(CSN, PROVIDER).await;
    until("it was renewed", async || (house.zoom().calls("oauth.token.rotated") >= 1).then_some(())).await;
    house.removes_the_app().await;
    house.restart_with("").await;
    assert!(house.page().await.contains("The app was removed"));
    house.launch(LaunchKind::Provider, "10002", PROVIDER).await;
    house.until_visit("10002", "why is said", |visit| has_problem(visit, "zoom_not_connected")).await;
    house.connected().await;
    house.starts("10002", PROVIDER).await;
    house.stop_service().await;
    let log = house.log();
    let secrets = house.zoom().given_out();
    assert!(secrets.len() > 6, "codes, access and refresh tokens: {}", secrets.len());
    for secret in &secrets {
        assert!(secret.len() > 20 && !log.contains(secret.as_str()), "a secret is in the log");
    }
    assert!(log.contains("zoom_connected"), "{log}");
    house.close().await;
}
