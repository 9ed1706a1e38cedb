//! The waiting page beside its main way: other languages, frames, limits, and a Zoom that does not answer at the click.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use vestibule::simulator::LaunchKind;
use vestibule::simulator::people::Landing;
use vestibule::simulator::zoom::{SeatAct, ZoomFault, ZoomFaultKind};

use super::house::{House, participant, read, until};
use super::people::shown;

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";

impl House {
    /// One launch, taken by hand up to where it leads.
    async fn by_hand(&self, kind: LaunchKind, headers: &[(&str, &str)]) -> (String, super::house::Answer) {
        let who = if kind == LaunchKind::Provider { PROVIDER } else { PATIENT };
        let url = self.epic().launch_url(kind, who, CSN).unwrap();
        let path = url.strip_prefix(&self.url).unwrap();
        let first = self.get_with(path, headers).await;
        let cookie = first.header("set-cookie").split(';').next().unwrap().to_owned();
        let asked = self.http.get(first.header("location")).send().await;
        let back = read(asked).await.header("location").strip_prefix(&self.url).unwrap().to_owned();
        let mut all = headers.to_vec();
        all.push(("cookie", &cookie));
        let answer = self.get_with(&back, &all).await;
        (cookie, answer)
    }
}

#[actix_web::test]
async fn a_page_speaks_the_language_that_the_browser_asks_for() {
    let house = House::open().await;
    let spanish = [("accept-language", "es-MX,es;q=0.9,en;q=0.5")];
    let (cookie, landed) = house.by_hand(LaunchKind::Patient, &spanish).await;
    assert_eq!(landed.status, 303);
    let page = landed.header("location").to_owned();
    let ask = async |path: &str, language: &str| {
        house.get_with(path, &[("cookie", &cookie), ("accept-language", language)]).await
    };
    let shown = ask(&page, "es").await;
    assert!(shown.text().contains("lang=\"es\""), "{}", shown.text());
    let states =
        [ask(&format!("{page}/state"), "es").await.json(), ask(&format!("{page}/state"), "en").await.json()];
    assert_eq!(states[1]["message"], "Please wait for the host to start this meeting");
    assert_ne!(states[0]["message"], states[1]["message"]);
    let refused = house.get_with("/epic/callback?code=x&state=x", &spanish).await;
    assert!(refused.text().contains("lang=\"es\""));
    house.close().await;
}

#[actix_web::test]
async fn a_page_speaks_its_organizations_language_where_the_browser_asks_for_one_that_we_have_not() {
    let house = House::with("[organization.lakeside]\ndefault_language = \"es\"\n").await;
    for (accepted, spoken) in [("fr-CA,fr;q=0.9", "es"), ("fr,en;q=0.1", "en")] {
        let headers = [("accept-language", accepted)];
        let (cookie, landed) = house.by_hand(LaunchKind::Patient, &headers).await;
        let page = [("accept-language", accepted), ("cookie", cookie.as_str())];
        let shown = house.get_with(landed.header("location"), &page).await;
        assert!(shown.text().contains(&format!("<html lang=\"{spoken}\"")), "{accepted}: {}", shown.text());
    }
    house.close().await;
}

#[actix_web::test]
async fn e44_pages_are_strict_about_what_they_load_and_who_frames_them() {
    let house = House::open().await;
    let (cookie, landed) = house.by_hand(LaunchKind::Patient, &[]).await;
    let page = house.get_with(landed.header("location"), &[("cookie", &cookie)]).await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe-inline") && !policy.contains("unsafe-eval"), "{policy}");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    for foreign in ["src=\"http", "src=\"//", "rel=\"stylesheet\" href=\"http", "<style", "onclick="] {
        assert!(!page.text().contains(foreign), "{foreign} on: {}", page.text());
    }
    house.close().await;
}

#[actix_web::test]
async fn inside_a_frame_a_link_that_opens_a_window_stands_in_for_zoom() {
    let house =
        House::with("[organization.lakeside]\nframing_hosts = [\"https://hyperspace.example.org\"]\n").await;
    let (_, framed) = house.by_hand(LaunchKind::Provider, &[("sec-fetch-dest", "iframe")]).await;
    assert_eq!(framed.status, 200);
    assert!(
        framed.text().contains("target=\"_blank\"") && framed.text().contains("/zoom/s/"),
        "{}",
        framed.text()
    );
    let policy = framed.header("content-security-policy");
    assert!(policy.contains("frame-ancestors https://hyperspace.example.org"), "{policy}");
    assert_eq!(framed.header("x-frame-options"), "", "which knows no list of hosts");
    let (_, window) = house.by_hand(LaunchKind::Provider, &[("sec-fetch-dest", "document")]).await;
    assert_eq!(window.status, 303);
    assert!(window.header("location").contains("/zoom/s/"));
    house.close().await;
}

#[actix_web::test]
async fn cookies_are_secure_exactly_where_the_public_address_is() {
    // They mostly wait, so they do it together.
    let each = [
        ("[server]\npublic_url = \"https://visits.example.org\"\n", "Secure; SameSite=Lax"),
        (
            "[server]\npublic_url = \"https://visits.example.org\"\n[organization.lakeside]\nframing_hosts = [\"https://h.example.org\"]\n",
            "SameSite=None; Partitioned",
        ),
        ("", "SameSite=Lax"),
    ].map(|(settings, wanted)| async move {
        let house = House::with(settings).await;
        let url = house.epic().launch_url(LaunchKind::Patient, PATIENT, CSN).unwrap();
        let answer = house.get(url.strip_prefix(&house.url).unwrap()).await;
        let cookie = answer.header("set-cookie").to_owned();
        let has = |attribute: &str| cookie.split("; ").any(|part| part == attribute);
        // What makes the prefix hold: Secure, the whole host and nothing wider.
        let of_host = cookie.starts_with("__Host-") && has("Path=/") && !cookie.contains("Domain=");
        assert_eq!(of_host, settings.contains("https://visits"), "{cookie}");
        assert!(wanted.split("; ").all(has) && has("HttpOnly"), "{cookie}");
        assert_eq!(has("Secure"), settings.contains("https://visits"), "{cookie}");
        house.close().await;
    });
    join_all(each).await;
}

#[actix_web::test]
async fn a_stream_too_many_is_refused_and_the_page_polls() {
    let house = House::with("[limits]\npage_streams = 1\n").await;
    let mut first = house.waits(CSN, PATIENT).await;
    let mut events = first.browser.events(&format!("{}/events", first.page())).await.unwrap();
    assert!(events.next().await.is_some());
    let mut second = house.waits("10002", "WPR2").await;
    let path = format!("/visit/{}/events", second.ticket);
    let refused = house.get(&path).await;
    assert_eq!(refused.status, 503);
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    house.starts("10002", PROVIDER).await;
    second.goes_in().await;
    // A page that is closed gives its place back at once.
    drop(events);
    let again = until("there is a place again", async || {
        second.browser.events(&format!("{}/events", second.page())).await.ok()
    });
    assert!(again.await.next().await.is_some());
    house.close().await;
}

/// Faults of the call that fetches a provider's link.
fn no_links(fault: ZoomFaultKind) -> ZoomFault {
    ZoomFault { call: "meetings.get".to_owned(), times: None, fault }
}

// That the page then tries again by itself is seen in a browser: tests/browser/provider.test.mjs.
#[actix_web::test]
async fn a_click_for_which_zoom_gives_no_link_leads_back_to_the_page_that_tries_again() {
    let own_words = ZoomFaultKind::Status { status: 500, code: 0, message: "ZOOMS-OWN-WORDS".to_owned() };
    for fault in [own_words, ZoomFaultKind::Hang] {
        let house = House::with("[page]\nlaunch_wait = \"1s\"\n").await;
        house.start_link(CSN, PROVIDER).await;
        house.zoom().add_fault(no_links(fault));
        let began = Instant::now();
        let mut provider = house.on_waiting_page(LaunchKind::Provider, CSN, PROVIDER).await;
        assert!(provider.can_join().await);
        let returned = provider.join().await;
        assert!(began.elapsed() < Duration::from_millis(3_500), "{:?}", began.elapsed());
        let Landing::Page { url, status: 200, .. } = &returned else { panic!("{}", shown(&returned)) };
        assert!(url.contains("&again=1") && returned.ticket() == Some(provider.ticket.as_str()), "{url}");
        let page = shown(&returned);
        assert!(page.contains("data-refused=\"true\"") && page.contains("data-can-join=\"true\""), "{page}");
        assert!(page.contains("This page keeps trying") && !page.contains("ZOOMS-OWN-WORDS"), "{page}");
        assert!(house.get("/metrics").await.text().contains("vestibule_no_links_total{why="));
        house.zoom().clear_faults();
        provider.goes_in().await;
        house.until_light(CSN, PROVIDER, true).await;
        house.close().await;
    }
}

#[actix_web::test]
async fn a_launch_whose_link_zoom_holds_back_ends_on_the_page_in_time() {
    let house =
        House::with("[page]\nlaunch_wait = \"1s\"\n[organization.lakeside.zoom]\ntimeout = \"10s\"\n").await;
    house.start_link(CSN, PROVIDER).await;
    house.zoom().add_fault(no_links(ZoomFaultKind::Hang));
    let began = Instant::now();
    let mut provider = house.on_waiting_page(LaunchKind::Provider, CSN, PROVIDER).await;
    assert!(began.elapsed() < Duration::from_millis(2_500), "{:?}", began.elapsed());
    house.zoom().clear_faults();
    provider.goes_in().await;
    house.until_light(CSN, PROVIDER, true).await;
    house.close().await;
}

#[actix_web::test]
async fn a_patients_link_whose_making_is_in_doubt_is_made_again() {
    let house = House::with("[organization.lakeside.zoom]\ntimeout = \"500ms\"\n").await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.zoom().add_fault(ZoomFault {
        call: "registrants.add".to_owned(),
        times: Some(1),
        fault: ZoomFaultKind::DoneThenDrop,
    });
    house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    // Whichever of the two registrations Zoom tells of, it is this patient.
    house.until_light(CSN, PATIENT, true).await;
    house.leaves(&seat);
    house.until_right().await;
    house.close().await;
}

#[actix_web::test]
async fn a_visit_whose_time_is_over_says_so() {
    let house = House::with("[organization.lakeside]\nreopen_hours = 0\n").await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let host = house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    house.until_inside(CSN, 2).await;
    house.zoom().act(&host, &SeatAct::EndForAll).unwrap();
    house.until_visit(CSN, "the visit has ended", |visit| visit["phase"] == "ended").await;
    house.until_right().await;
    let over = until("a launch is told so", async || {
        match house.launch(LaunchKind::Patient, CSN, PATIENT).await.1 {
            Landing::Page { status: 200, .. } => None,
            landing => Some(landing),
        }
    })
    .await;
    assert!(matches!(over, Landing::Page { status: 410, .. }), "{}", shown(&over));
    assert!(!patient.can_join().await);
    assert!(matches!(patient.join().await, Landing::Page { status: 409, .. }));
    house.close().await;
}

#[actix_web::test]
async fn a_person_whom_epic_has_no_id_for_can_be_seen_and_has_no_light() {
    let house = House::open().await;
    let options = vestibule::simulator::epic::LaunchOptions {
        without: vec!["externalid".to_owned()],
        ..Default::default()
    };
    let url = house.epic().launch_url_with(LaunchKind::Patient, PATIENT, CSN, options).unwrap();
    let mut browser = house.browser();
    let landing = browser.open(&url).await.unwrap();
    let mut patient = house.waiting_with(browser, &landing, CSN, PATIENT);
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    let visit = house.until_inside(CSN, 2).await;
    assert!(super::house::has_problem(&visit, "no_external_id"), "{visit:#}");
    house.until_light(CSN, PROVIDER, true).await;
    assert!(house.epic().requests().iter().all(|one| one.external_id == PROVIDER));
    // The next launch brings the id, and with it the light.
    house.waits(CSN, PATIENT).await;
    house.until_light(CSN, PATIENT, true).await;
    let visit = house.visit(CSN).await;
    assert_eq!(visit["problems"], json!([]));
    assert_eq!(participant(&visit, PATIENT)["presence"], "in_meeting");
    house.close().await;
}

/// What stands in the lines of the set-up page, by their ids.
fn lines(page: &str) -> impl Fn(&str) -> String + use<> {
    let page = page.replace("&#38;", "&");
    move |id| {
        let (_, rest) = page.split_once(&format!("<code id=\"{id}\">")).unwrap_or_else(|| panic!("no {id}"));
        rest.split_once('<').unwrap().0.to_owned()
    }
}

#[actix_web::test]
async fn e42_every_address_that_is_shown_launches_its_kind() {
    let house = House::open().await;
    let page = house.get("/admin/lakeside/fdi").await;
    assert_eq!(page.status, 200);
    let line = lines(&page.text());
    for (kind, who) in [(LaunchKind::Patient, "WPR1"), (LaunchKind::Provider, "EMP501")] {
        let segment = kind.segment();
        let context = line(&format!("{segment}-context"));
        for name in ["csn=%CSN%", "externalid=", "externalidtype="] {
            assert!(context.contains(name), "{context}");
        }
        for address in ["url", "account"] {
            // As Epic does: its own parameters behind whatever the record says.
            let launch = house.epic().launch_url(kind, who, "10001").unwrap();
            let (_, of_epic) = launch.split_once('?').unwrap();
            let shown = line(&format!("{segment}-{address}"));
            let joint = if shown.contains('?') { '&' } else { '?' };
            let landing = house.browser().open(&format!("{shown}{joint}{of_epic}")).await.unwrap();
            let there = matches!(landing, Landing::Zoom(_)) || landing.ticket().is_some();
            assert!(there, "{segment} by {address}: {landing:?}");
        }
    }
    house.close().await;
}

#[actix_web::test]
async fn e42_a_sample_of_every_kind_begins_a_launch_at_the_fake_epic() {
    let house = House::open().await;
    let fakes = house.fakes.url();
    let page = house.get("/admin/lakeside/fdi").await.text();
    for kind in ["provider", "patient"] {
        let sample = format!("{fakes}/demo/sample/{kind}");
        assert!(page.contains(&sample), "{page}");
        let to = read(house.http.get(&sample).send().await).await;
        assert!(to.status == 303 && to.header("location").starts_with(&format!("/demo/open/{kind}/10001/")));
    }
    let nothing = read(house.http.get(format!("{fakes}/demo/sample/surgery")).send().await).await;
    assert_eq!(nothing.status, 404);
    house.close().await;
}

#[actix_web::test]
async fn every_page_shows_whose_it_is_and_where_help_is() {
    let folder = tempfile::TempDir::new().unwrap();
    let picture = folder.path().join("logo.png");
    let bytes = b"\x89PNG\r\n\x1a\n and so on";
    std::fs::write(&picture, bytes).unwrap();
    let house = House::with(&format!(
        "[organization.lakeside]\nlogo_file = {:?}\nhelp_url = \"https://help.example.org/video\"\n",
        picture.display().to_string()
    ))
    .await;
    let (cookie, landed) = house.by_hand(LaunchKind::Patient, &[]).await;
    let waiting = house.get_with(landed.header("location"), &[("cookie", &cookie)]).await;
    let refused = house.get("/epic/lakeside/launch/patient").await;
    for page in [waiting, refused] {
        let text = page.text();
        assert!(text.contains("Lakeside Health"), "{text}");
        assert!(
            text.contains("href=\"https://help.example.org/video\" target=\"_blank\" rel=\"noopener\""),
            "{text}"
        );
        let (_, rest) = text.split_once("class=\"logo\" src=\"").expect("a picture");
        let shown = house.get(rest.split('"').next().unwrap()).await;
        assert_eq!((shown.status, shown.header("content-type")), (200, "image/png"));
        assert!(shown.header("cache-control").contains("immutable"));
        assert_eq!(shown.body.as_ref(), bytes.as_slice());
    }
    assert_eq!(house.get("/logo/0123456789abcdef").await.status, 404);
    house.close().await;
}
