//! What people work with while something is down: a list that outlives the service, and what whoever waits is told.

use std::os::unix::fs::PermissionsExt;

use vestibule::simulator::LaunchKind;
use vestibule::simulator::epic::{EpicFault, EpicFaultKind};
use vestibule::simulator::zoom::ZoomFaultKind;

use super::house::{House, folder_with_key, free_port, until};
use super::organizations::{SEALING, house_with};
use super::people::shown;

const CSN: &str = "10001";
const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";

#[actix_web::test]
async fn a_list_of_todays_visits_is_there_when_nothing_else_is() {
    let settings = "[downtime]\ndir = \"lists\"\nevery = \"10s\"\n\
                    [organization.lakeside]\ntime_zone = \"America/Chicago\"\nname = \"=Lakeside & Co\"\n";
    let mut house = House::furnished(free_port(), folder_with_key(), settings, |_| {}).await;
    let folder = house.file("lists");
    std::fs::create_dir(&folder).unwrap();
    // One that was cut off is in nobody's way.
    std::fs::write(folder.join("lakeside.html.part"), "half").unwrap();
    house.start_program().await;
    house.starts(CSN, PROVIDER).await;
    house.waits("10002", "WPR2").await;
    let meeting = house.until_inside(CSN, 1).await["meeting"]["id"].as_str().unwrap().to_owned();
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let csv = until("the list to have both visits", async || {
        let csv = read("lakeside.csv");
        (csv.contains(&meeting) && csv.contains("10002")).then_some(csv)
    })
    .await;
    let row = |csn: &str| csv.lines().find(|line| line.contains(csn)).unwrap().to_owned();
    for part in ["under way", PROVIDER, &meeting, "+1 5550100000"] {
        assert!(row(CSN).contains(part), "{part} in {csv}");
    }
    assert!(row("10002").contains(",waits for the provider,,,,"), "{csv}");
    let html = read("lakeside.html");
    for part in [CSN, &meeting, "+1 5550100000", "555-0100", "This list is from", "=Lakeside &#38; Co"] {
        assert!(html.contains(part), "{part} in {html}");
    }
    // It stands alone, is read by nobody who signed in, and names no patient.
    let alone = ["<script", "http:", "https:", "/assets/", "<nav", "<form", "href=", "lang=es"];
    for part in alone.into_iter().chain(["Ada", "Hansen", PATIENT]) {
        assert!(!html.contains(part), "{part} in {html}");
        assert!(!csv.contains(part), "{part} in {csv}");
    }
    for name in ["lakeside.html", "lakeside.csv"] {
        let mode = std::fs::metadata(folder.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert!(house.metric(&["vestibule_downtime_newest"]).await > 1_700_000_000.0);
    // The same as a page, whose style is a file of its own.
    let page = house.get("/downtime/lakeside").await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains(&meeting) && page.text().contains("/downtime.css"));
    assert!(!page.text().contains("<style"));
    // It is in the frame of the staff's pages, and pages of theirs lead to it.
    for part in
        ["<nav aria-label=\"Service\">", "href=\"/ops?lang=en\"", "href=\"/downtime/lakeside?lang=es\""]
    {
        assert!(page.text().contains(part), "{part} in {}", page.text());
    }
    for path in ["/admin", "/admin/lakeside"] {
        let from = house.get(path).await.text();
        assert!(from.contains("href=\"/downtime/lakeside?lang=en\""), "{path}: {from}");
    }
    let spanish = house.get("/downtime/lakeside?lang=es").await.text();
    assert!(
        spanish.contains("<nav aria-label=\"Servicio\">") && spanish.contains("Esta lista es de las"),
        "{spanish}"
    );
    assert_eq!(house.get("/downtime/nowhere").await.status, 404);
    // A folder that is away is counted, and nothing else suffers.
    std::fs::rename(&folder, house.file("away")).unwrap();
    let failed = ["vestibule_downtime_lists_total", "failed"];
    until("it is counted", async || (house.metric(&failed).await > 0.0).then_some(())).await;
    std::fs::rename(house.file("away"), &folder).unwrap();
    house.kill_program();
    assert!(read("lakeside.html").contains(&meeting), "it is there without a service");
    house.close().await;
}

#[actix_web::test]
async fn whoever_is_kept_by_epic_or_zoom_is_told_whom_to_call() {
    let house = House::open().await;
    let fault = EpicFaultKind::Status { status: 503 };
    house.epic().add_fault(EpicFault { call: "token".to_owned(), times: Some(1), fault });
    let (_, landing) = house.launch(LaunchKind::Patient, CSN, PATIENT).await;
    assert!(
        shown(&landing).starts_with("502") && shown(&landing).contains("555-0100"),
        "{}",
        shown(&landing)
    );

    let mut patient = house.waits(CSN, PATIENT).await;
    let before = patient.state().await["about"].as_str().unwrap_or_default().to_owned();
    assert!(!before.contains("555-0100"), "{before}");
    house.zoom_fault("users.get", None, ZoomFaultKind::Html { status: 503 });
    let _ = house.launch(LaunchKind::Provider, CSN, PROVIDER).await;
    let about = until("the page says why", async || {
        let state = patient.state().await;
        state["about"].as_str().filter(|about| about.contains("does not answer")).map(str::to_owned)
    })
    .await;
    let said =
        "The video service does not answer at the moment. We keep trying. If it takes long, call 555-0100.";
    assert_eq!(about, format!("{before} {said}").trim_start());
    house.zoom().clear_faults();
    until("the page says so no more", async || {
        let state = patient.state().await;
        (!state["about"].as_str().unwrap_or_default().contains("does not answer")).then_some(())
    })
    .await;
    house.close().await;
}

#[actix_web::test]
async fn the_list_of_a_removed_organization_is_taken_away_and_no_other() {
    let lists = tempfile::tempdir().unwrap();
    let plan = format!("{SEALING}[downtime]\ndir = {:?}\nevery = \"10s\"\n", lists.path());
    let (house, other, said) = house_with(&plan).await;
    house.makes_hillside(&said).await;
    let there = |name: &str| lists.path().join(name).exists();
    until("the lists of both", async || (there("hillside.csv") && there("lakeside.csv")).then_some(())).await;
    std::fs::write(lists.path().join("notes.html"), "somebody's own").unwrap();
    let removal = [("reason", "the clinic was closed"), ("id", "hillside")];
    assert_eq!(house.does("remove", &removal).await, "removed");
    until("its list to be gone", async || (!there("hillside.html") && !there("hillside.csv")).then_some(()))
        .await;
    assert!(there("lakeside.html") && there("lakeside.csv") && there("notes.html"));
    other.stop().await;
    house.close().await;
}
