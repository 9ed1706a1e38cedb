//! Guests whose link asks when the patient was born: whoever knows it comes in, whoever guesses is locked out.

use futures_util::future::join_all;
use serde_json::json;
use vestibule::simulator::LaunchKind;
use vestibule::simulator::day::Appointment;
use vestibule::simulator::epic::{EpicFault, EpicFaultKind, LaunchOptions};
use vestibule::simulator::people::{Browser, Landing};

use super::guests::text;
use super::house::House;
use super::people::shown;

const CSN: &str = "10001";
const PATIENT: &str = "WPR1";
const CHECK: &str = "[organization.lakeside.guest_birth_date]\ncheck = true\ntries = 3\n";

/// A date as somebody fills it in.
type Date = [String; 3];

fn parts(born: jiff::civil::Date) -> Date {
    [born.year(), born.month().into(), born.day().into()].map(|number| number.to_string())
}

impl House {
    fn appointment(&self, csn: &str) -> Appointment {
        self.epic().day().into_iter().find(|visit| visit.csn == csn).unwrap()
    }

    fn born(&self, csn: &str) -> Date {
        parts(self.appointment(csn).patient.birth_date())
    }

    async fn answers(&self, outcome: &str) -> f64 {
        self.metric(&["vestibule_guest_birth_dates_total", &format!("outcome=\"{outcome}\"")]).await
    }
}

fn wrong() -> Date {
    ["1900", "1", "1"].map(str::to_owned)
}

async fn says(browser: &mut Browser, link: &str, [year, month, day]: &Date) -> Landing {
    let fields = [("year", year.as_str()), ("month", month.as_str()), ("day", day.as_str())];
    browser.fill_in(link, &fields).await.unwrap()
}

/// What the API, the log's metrics and a page may show of a date: nothing.
fn shows(body: &str, [year, ..]: &Date) -> bool {
    // Ids have such digits among others now and then.
    let mut parts = body.split(|letter: char| !letter.is_ascii_alphanumeric());
    parts.any(|part| part == year)
}

#[actix_web::test]
async fn e48_a_link_opens_for_whoever_says_when_the_patient_was_born() {
    let house = House::with(CHECK).await;
    let mut tools = house.tools(CSN).await;
    assert!(tools.page().await.contains("asked for the patient&#39;s date of birth"));
    let link = tools.invites("Ivan").await;
    let (born, mut guest) = (house.born(CSN), house.browser());
    let (status, page) = text(&guest.open(&link).await.unwrap());
    assert!(status == 200 && page.contains("name=\"month\"") && !shows(&page, &born), "{page}");
    // The question comes in the guest's language, with the day first.
    let (_, page) = text(&guest.open(&format!("{link}&lang=es")).await.unwrap());
    let at = |field: &str| page.find(&format!("name=\"{field}\"")).unwrap();
    assert!(page.contains("Fecha de nacimiento del paciente") && at("day") < at("month"), "{page}");
    // A button without an answer, and an answer that is no date, cost no try.
    let [year, month, _] = &born;
    for unfinished in [["", "", ""], [year.as_str(), month.as_str(), "31st"], ["47", "2", "4"]] {
        for _ in 0..2 {
            let (_, page) = text(&says(&mut guest, &link, &unfinished.map(str::to_owned)).await);
            assert!(page.contains("role=\"alert\"") && page.contains("with 4 digits"), "{page}");
        }
    }
    let (status, page) = text(&says(&mut guest, &link, &wrong()).await);
    assert!(status == 200 && page.contains("not the date of birth") && !shows(&page, &born), "{page}");
    let landing = says(&mut guest, &link, &born).await;
    let waiting = house.waiting_with(guest, &landing, CSN, "guest");
    let visit = house.visit(CSN).await;
    assert_eq!(visit["participants"][0]["role"], "guest", "{visit}");
    // The same browser is not asked again, any other is.
    let mut guest = waiting.browser;
    let (_, page) = text(&guest.open(&link).await.unwrap());
    assert!(!page.contains("name=\"month\"") && page.contains("Press the button"), "{page}");
    let landing = guest.press(&link).await.unwrap();
    assert!(landing.ticket().is_some(), "{}", shown(&landing));
    let landing = house.browser().press(&link).await.unwrap();
    assert!(landing.ticket().is_none(), "{}", shown(&landing));
    assert_eq!((house.answers("right").await, house.answers("wrong").await), (1.0, 1.0));
    assert!(!shows(&house.visit(CSN).await.to_string(), &born) && !shows(&tools.page().await, &born));
    house.close().await;
}

#[actix_web::test]
async fn e48_guesses_lock_a_link_for_good_however_many_come_at_once() {
    let logging = "[logging]\nfilter = \"info,vestibule=trace,vestibule_actors=trace\"\nformat = \"json\"\n";
    let mut house = House::of_the_program(&format!("{CHECK}{logging}")).await;
    let mut tools = house.tools(CSN).await;
    let link = tools.invites("Ivan").await;
    let born = house.born(CSN);
    let mut early = house.browser();
    assert!(says(&mut early, &link, &born).await.ticket().is_some());
    // Programs that look at links ask for nothing and use nothing up.
    for _ in 0..10 {
        assert_eq!(text(&house.browser().open(&link).await.unwrap()).0, 200);
    }
    let guesses = (0..20_u16).map(|n| {
        let (link, mut browser) = (&link, house.browser());
        async move { text(&says(&mut browser, link, &[(1900 + n).to_string(), "1".into(), "1".into()]).await) }
    });
    let answers = join_all(guesses).await;
    assert!(answers.iter().filter(|(status, _)| *status == 200).count() < 3, "the third of them locked it");
    for (status, page) in answers.iter().filter(|(status, _)| *status != 200) {
        assert!(*status == 410 && page.contains(">guest-link-locked<"), "{status} {page}");
        assert!(page.contains("Ask the person who invited you") && !shows(page, &born));
    }
    let (status, page) = text(&says(&mut house.browser(), &link, &born).await);
    assert!(status == 410 && page.contains(">guest-link-locked<"), "the right one comes too late: {page}");
    assert!(house.answers("locked").await >= 18.0);
    let page = tools.page().await;
    assert!(page.contains("Locked:") && !page.contains("data-copy"), "{page}");
    // It stays so over a restart; whoever had answered before is not shut out.
    let url = tools.url.clone();
    let mut provider = tools.browser;
    house.stop_service().await;
    house.start_program().await;
    assert_eq!(text(&house.browser().open(&link).await.unwrap()).0, 410);
    assert!(early.press(&link).await.unwrap().ticket().is_some());
    let date = house.appointment(CSN).patient.birth_date();
    for form in ["%Y-%m-%d", "%m/%d/%Y"] {
        assert!(!house.log().contains(&date.strftime(form).to_string()), "a birth date in the log");
    }
    // A new link is a new start.
    let (_, page) = text(&provider.fill_in(&format!("{url}/guest"), &[("name", "Ivan")]).await.unwrap());
    let (_, rest) = page.split_once("data-copy=\"").unwrap();
    let fresh = rest.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
    assert!(says(&mut house.browser(), &fresh, &born).await.ticket().is_some());
    house.close().await;
}

#[actix_web::test]
async fn e48_without_a_birth_date_no_link_is_made_and_the_page_says_what_to_do() {
    let house = House::with(CHECK).await;
    let fault = EpicFault {
        call: "fhir.Patient".to_owned(),
        times: None,
        fault: EpicFaultKind::Status { status: 403 },
    };
    assert!(house.epic().add_fault(fault));
    let mut tools = house.tools(CSN).await;
    let page = tools.page().await;
    assert!(page.contains("No link can be made") && !page.contains("name=\"name\""), "{page}");
    let page = tools.press("guest", &[("name", "Ivan")]).await;
    assert!(page.contains("No link can be made") && !page.contains("data-copy"), "{page}");
    // CONTEXT may say it in place of FHIR, in the order that the site writes dates in.
    let born = house.appointment(CSN).patient.birth_date();
    let context = [("DOB".to_owned(), born.strftime("%m/%d/%Y").to_string())].into();
    let mut tools = house.tools_with(CSN, LaunchOptions { context, ..LaunchOptions::default() }).await;
    let link = tools.invites("Ivan").await;
    assert!(says(&mut house.browser(), &link, &parts(born)).await.ticket().is_some());
    house.close().await;
}

// A patient's launch brings it as well; and what is turned off is not read.
#[actix_web::test]
async fn e48_a_birth_date_is_learned_at_any_launch_and_only_where_it_is_asked_for() {
    let house = House::with(CHECK).await;
    house.waits(CSN, PATIENT).await;
    assert_eq!(house.epic().calls("fhir.Patient"), 1);
    house.epic().set_read_denied("Patient", true);
    let without = LaunchOptions { patient: None, ..LaunchOptions::default() };
    assert!(!house.tools_with(CSN, without).await.invites("Ivan").await.is_empty());
    house.close().await;
    let house = House::open().await;
    house.waits(CSN, PATIENT).await;
    let link = house.tools(CSN).await.invites("Ivan").await;
    let (_, page) = text(&house.browser().open(&link).await.unwrap());
    assert!(!page.contains("name=\"month\""), "{page}");
    assert_eq!(house.epic().calls("fhir.Patient"), 0);
    house.close().await;
}

#[actix_web::test]
async fn e48_a_link_into_a_group_asks_for_the_patient_whose_appointment_it_was_made_from() {
    let house = House::with(CHECK).await;
    house.on_waiting_page(LaunchKind::GroupPatient, "10005", "WPR5").await;
    house.on_waiting_page(LaunchKind::GroupPatient, "10006", "WPR6").await;
    let link = house.tools("10006").await.invites("Ivan").await;
    let (_, page) = text(&says(&mut house.browser(), &link, &house.born("10005")).await);
    assert!(page.contains("not the date of birth"), "{page}");
    assert!(says(&mut house.browser(), &link, &house.born("10006")).await.ticket().is_some());
    // Opened from the conference alone, nobody can say whose date it would be.
    let without = LaunchOptions { without: vec!["csn".to_owned()], ..LaunchOptions::default() };
    let page = house.tools_with("10006", without).await.page().await;
    assert!(page.contains("No link can be made"), "{page}");
    assert_eq!(house.visit("10005").await["conference_id"], json!("CONF7001"));
    house.close().await;
}
