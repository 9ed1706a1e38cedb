//! The commands beside `serve`: what the preflight sees, and how each command ends.

use serde_json::{Value, json};
use vestibule::simulator::SimulatorConfig;
use vestibule::simulator::epic::{EpicFault, EpicFaultKind};
use vestibule::simulator::zoom::Group;

use super::house::{House, free_port};

/// The lines of a report by their names, each passed or failed with what was found and what to do.
pub struct Report(pub Value);

impl Report {
    pub fn line(&self, check: &str) -> &Value {
        let lines = self.0["checks"].as_array().unwrap();
        lines.iter().find(|line| line["check"] == check).unwrap_or(&Value::Null)
    }

    pub fn passes(&self, check: &str, with: &str) {
        let line = self.line(check);
        assert!(line["passed"] == true && line["what"].as_str().unwrap().contains(with), "{check}: {line}");
    }

    pub fn warns(&self, check: &str, with: &str) {
        let line = self.line(check);
        assert!(
            line["outcome"] == "warn" && line["what"].as_str().unwrap().contains(with),
            "{check}: {line}"
        );
        assert!(line["passed"] == true && line["advice"].is_string(), "{check}: {line}");
    }

    pub fn fails(&self, check: &str, with: &str) {
        let line = self.line(check);
        assert!(line["passed"] == false && line["what"].as_str().unwrap().contains(with), "{check}: {line}");
        assert!(
            line["advice"].as_str().is_some_and(|advice| advice.contains("check") || advice.contains("add"))
        );
    }
}

impl House {
    pub async fn check(&self) -> (i32, Report) {
        let ran = self.runs(&["check", "--json"]).await;
        let report =
            serde_json::from_str(&ran.said).unwrap_or_else(|_| panic!("{}{}", ran.said, ran.complained));
        (ran.status, Report(report))
    }
}

#[actix_web::test]
async fn the_preflight_tries_everything_that_a_visit_needs_and_changes_nothing() {
    let house = House::open().await;
    let (status, report) = house.check().await;
    assert_eq!(status, 0, "{:#}", report.0);
    report.passes("store", "in use");
    report.passes("epic: FHIR server", "answers");
    report.passes("epic: authorization server", "/oauth2/authorize answers with status");
    report.passes("epic: backend token", "is given");
    // Nothing is at the base itself; that somebody says so is the proof.
    report.passes("epic: telehealth server", "status 404");
    report.passes("epic: DNS", "127.0.0.1 is 127.0.0.1");
    report.passes("zoom: DNS", "127.0.0.1");
    report.passes("epic: key set", "has 1 key and may be kept for 300 s");
    report.passes("epic: FHIR read", "finds nobody");
    for line in ["epic: TLS", "zoom: TLS", "public_url: DNS"] {
        assert_eq!(report.line(line), &Value::Null, "all is on loopback");
    }
    report.passes("epic: status service", "NO-CONFERENCE-ID");
    report.passes("zoom: token", "is given");
    report.passes("zoom: scopes", "all");
    report.passes("zoom: users", "can be looked up");
    report.passes("zoom: waiting room", "is not locked");
    report.passes("zoom: join before host", "is not locked");
    report.passes("zoom: groups", "none of 0");
    report.passes("zoom: licences", "of 100 are used");
    report.passes("zoom: webhook", "answers the challenge, with its secret");
    assert_eq!(report.line("zoom: host dropped"), &Value::Null);
    assert!(house.zoom().meetings().is_empty() && house.zoom().calls("users.create") == 0);
    assert_eq!(house.get("/api/v1/visits?organization=lakeside").await.json()["visits"], json!([]));
    let ran = house.runs(&["check", "--organization", "nope"]).await;
    assert_eq!(ran.status, 64, "{}", ran.complained);
    assert!(
        ran.complained.contains("--organization") && ran.complained.contains("nope"),
        "{}",
        ran.complained
    );
    house.close().await;
}

#[actix_web::test]
async fn the_preflight_reads_what_zooms_administrators_have_settled_for_all_meetings() {
    let house = House::with("").await;
    let settle = |room: Option<bool>, before_host: Option<bool>| {
        house.zoom().change_settings(|settings| {
            settings.waiting_room_lock = room;
            settings.join_before_host_lock = before_host;
            settings.clear_room_when_host_drops = true;
            settings.licensed_seats = 1;
        });
    };
    settle(Some(true), Some(true));
    let (status, report) = house.check().await;
    assert_eq!(status, 69);
    report.fails("zoom: waiting room", "locked on");
    report.fails("zoom: join before host", "locked on");
    report.warns("zoom: host dropped", "waiting room");
    report.warns("zoom: licences", "of 1 are used");
    settle(Some(false), Some(false));
    let (status, report) = house.check().await;
    assert_eq!(status, 0, "{:#}", report.0);
    report.passes("zoom: waiting room", "as this organization needs it");
    report.passes("zoom: join before host", "as this organization needs it");
    house.zoom().change_settings(|settings| {
        settings.scopes.retain(|scope| !scope.starts_with("account:") && !scope.starts_with("billing:"));
    });
    house.zoom().revoke_tokens();
    let (status, report) = house.check().await;
    assert_eq!(status, 0, "visits do not need them: {:#}", report.0);
    report.warns("zoom: locks", "cannot be read");
    assert_eq!(report.line("zoom: licences"), &Value::Null);
    house.close().await;
    // The other way round.
    let house = House::with("[organization.lakeside]\nadmittance = \"manual\"\n").await;
    house.zoom().change_settings(|settings| settings.waiting_room_lock = Some(false));
    house.check().await.1.fails("zoom: waiting room", "locked off");
    house.close().await;
}

#[actix_web::test]
async fn the_preflight_names_the_groups_whose_locks_bind_their_providers() {
    let house = House::with("").await;
    let group = |name: &str, room: Option<bool>, before_host: Option<bool>| Group {
        id: format!("id/of {name}"),
        name: name.to_owned(),
        members: Vec::new(),
        waiting_room_lock: room,
        join_before_host_lock: before_host,
    };
    let settle = |groups: Vec<Group>| house.zoom().change_settings(|settings| settings.groups = groups);
    settle(vec![group("Free", None, None), group("Right", Some(false), Some(false))]);
    house.check().await.1.passes("zoom: groups", "none of 2");
    settle(vec![
        group("Free", None, None),
        group("Ward 3", Some(true), None),
        group("Clinic", Some(true), Some(true)),
    ]);
    let (status, report) = house.check().await;
    assert_eq!(status, 0, "their members may be nobody's providers: {:#}", report.0);
    report.warns("zoom: groups' waiting room", "locked on for the members of \"Ward 3\", \"Clinic\"");
    report.warns("zoom: groups' join before host", "locked on for the members of \"Clinic\"");
    assert!(
        report.line("zoom: groups' waiting room")["advice"]
            .as_str()
            .unwrap()
            .contains("User Management > Groups > the group > Meeting > Security > Waiting Room")
    );
    // Over a lock of the account no group has a say.
    house.zoom().change_settings(|settings| settings.waiting_room_lock = Some(false));
    let (_, report) = house.check().await;
    assert_eq!(report.line("zoom: groups' waiting room"), &Value::Null);
    report.warns("zoom: groups' join before host", "Clinic");
    house.zoom().change_settings(|settings| settings.waiting_room_lock = None);
    settle((0..60).map(|number| group(&format!("Ward {number}"), Some(true), None)).collect());
    let (_, report) = house.check().await;
    report.warns("zoom: groups' waiting room", "\"Ward 4\" and 45 more");
    report.warns("zoom: groups", "50 were read, 10 were not");
    house.zoom().change_settings(|settings| settings.scopes.retain(|scope| !scope.starts_with("group:")));
    house.zoom().revoke_tokens();
    house.check().await.1.warns("zoom: groups", "cannot be read");
    house.close().await;
}

#[actix_web::test]
async fn the_preflight_holds_the_secrets_of_the_settings_against_the_webhook_that_runs() {
    let mut house = House::of_the_program("").await;
    let (status, report) = house.check().await;
    assert_eq!(status, 0, "{:#}", report.0);
    let first = house.zoom().account().webhook_secret.clone();
    house
        .settings
        .push(format!("[organization.lakeside.zoom]\nwebhook_secret_tokens = [\"{first}\", \"another\"]\n"));
    house.check().await.1.fails("zoom: webhook", "secret 2 of the settings (status 401)");
    house.stop_service().await;
    house.check().await.1.warns("zoom: webhook", "does not answer from here");
    house.close().await;
}

#[actix_web::test]
async fn the_preflight_names_what_is_wrong_and_what_to_do() {
    let house = House::with("[organization.lakeside.epic]\noauth_base_url = \"FAKES/epic/oauth2\"\n").await;
    let fault = EpicFault {
        call: "authorize".to_owned(),
        times: Some(1),
        fault: EpicFaultKind::Status { status: 503 },
    };
    house.epic().add_fault(fault);
    house.zoom().change_settings(|settings| {
        settings
            .scopes
            .retain(|scope| !scope.contains("registrant") && scope != "meeting:write:meeting:admin");
    });
    let (status, report) = house.check().await;
    assert_eq!(status, 69);
    report.fails("epic: authorization server", "503");
    report.fails("zoom: scopes", "meeting:write:meeting:admin (make meetings)");
    report.fails("zoom: scopes", "meeting:write:registrant:admin");
    house.close().await;

    let fakes = SimulatorConfig::demo(free_port(), "");
    for (password, taken) in [(fakes.epic_status_password.as_str(), true), ("wrong", false)] {
        let house = House::with(&format!(
            "[organization.lakeside.epic]\nstatus_auth = \"basic\"\nstatus_user = \"{}\"\nstatus_password = \"{password}\"\n",
            fakes.epic_status_user
        ))
        .await;
        let (status, report) = house.check().await;
        report.passes("epic: backend token", "not needed");
        if taken {
            assert_eq!(status, 0);
            report.passes("epic: status service", "takes our credentials");
        } else {
            assert_eq!(status, 69);
            report.fails("epic: status service", "status 401");
            assert!(
                report.line("epic: status service")["advice"].as_str().unwrap().contains("status_password")
            );
        }
        house.close().await;
    }

    let nobody = free_port();
    let house =
        House::with(&format!("[organization.lakeside.epic]\ntelehealth_base_url = \"http://{nobody}\"\n"))
            .await;
    let (status, report) = house.check().await;
    assert_eq!(status, 69);
    report.fails("epic: telehealth server", "cannot be reached");
    assert_eq!(report.line("epic: status service"), &Value::Null, "it could only fail for the same cause");
    house.close().await;
}

#[actix_web::test]
async fn e41_a_site_that_denies_reads_is_told_so_and_fails_nothing() {
    let house = House::open().await;
    for (fault, warns) in [(403, true), (401, true), (404, false), (503, false)] {
        let kind = EpicFaultKind::Status { status: fault };
        house.epic().add_fault(EpicFault { call: "fhir".to_owned(), times: Some(1), fault: kind });
        let (status, report) = house.check().await;
        let with = format!("status {fault}");
        if warns {
            report.warns("epic: FHIR read", &with);
            assert_eq!(status, 0, "{fault}");
        } else {
            report.fails("epic: FHIR read", &with);
            assert_eq!(status, 69, "{fault}");
        }
    }
    house.close().await;
}

#[actix_web::test]
async fn e41_names_and_our_own_key_set_are_looked_at_by_themselves() {
    let unknown = "[organization.lakeside.zoom]\napi_base_url = \"https://zoom.vestibule.invalid/v2\"\n";
    let house = House::with(unknown).await;
    let (status, report) = house.check().await;
    assert_eq!(status, 69);
    report.fails("zoom: DNS", "zoom.vestibule.invalid is a name that nobody knows here");
    report.passes("epic: DNS", "127.0.0.1");
    house.close().await;

    // An address that leads somewhere else, and one that leads nowhere.
    let house = House::with("[server]\npublic_url = \"FAKES\"\n").await;
    let (status, report) = house.check().await;
    report.fails("epic: key set", "/epic/lakeside/jwks.json answers with status 404");
    assert_eq!(status, 69);
    house.close().await;
    let house = House::with(&format!("[server]\npublic_url = \"http://{}\"\n", free_port())).await;
    let (status, report) = house.check().await;
    report.warns("epic: key set", "does not answer from here");
    assert_eq!(status, 0);
    let ran = house.runs(&["check"]).await;
    assert!(ran.said.lines().any(|line| line.starts_with("warn  lakeside: epic: key set: ")), "{}", ran.said);
    house.close().await;
}

#[actix_web::test]
async fn what_a_command_cannot_be_given_ends_it_with_64() {
    let house = House::open().await;
    for (arguments, named) in [
        (["demo", "--speed", "0"].as_slice(), "--speed"),
        (&["demo", "--speed", "inf"], "--speed"),
        (&["demo", "--speed", "fast"], "--speed"),
        (&["demo", "--visits", "2001"], "--visits"),
        (&["demo", "--visits", "-1"], "-1"),
        (&["serve", "--unknown"], "--unknown"),
        (&["surgery"], "surgery"),
        (&[], "Usage"),
    ] {
        let ran = house.runs_alone(arguments).await;
        assert_eq!(ran.status, 64, "{arguments:?}: {}", ran.complained);
        assert!(ran.complained.contains(named), "{arguments:?}: {}", ran.complained);
    }
    for asked in ["--help", "--version"] {
        let ran = house.runs_alone(&[asked]).await;
        assert!(ran.status == 0 && ran.said.contains("vestibule"), "{asked}: {}", ran.said);
    }
    house.close().await;
}
