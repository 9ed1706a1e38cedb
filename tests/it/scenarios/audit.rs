//! Who did what, as an officer gets it: over HTTP while the service runs, by the command from its store, and from a file.

use std::fs;

use serde_json::Value;

use super::house::{Answer, House, read, until};

const CSN: &str = "10001";
const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const MASTER: &str = "token-of-the-master-of-everything";
const DESK: &str = "token-of-the-help-desk-of-lakeside";
const NEIGHBOUR: &str = "token-of-the-officer-of-hillside";
const OPERATOR: &str = "token-of-the-operator-of-lakeside";
const VIEWER: &str = "token-of-the-viewer-of-lakeside";

fn settings() -> String {
    format!(
        "[access]\nmode = \"token\"\ntokens = [\"{MASTER}\"]\n[access.grant.help-desk]\ntoken = \"{DESK}\"\n\
         role = \"administrator\"\norganizations = [\"lakeside\"]\n"
    )
}

impl House {
    async fn as_token(&self, token: &str, path: &str) -> Answer {
        self.get_with(path, &[("authorization", &format!("Bearer {token}"))]).await
    }
}

/// What was done, by whom, and what came of it.
fn deeds(lines: &str) -> Vec<(String, String, String)> {
    let word = |entry: &Value, field: &str| entry[field].as_str().unwrap_or("nobody").to_owned();
    let entries = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries.map(|it| (word(&it, "action"), word(&it, "by"), word(&it, "outcome"))).collect()
}

fn has(deeds: &[(String, String, String)], action: &str, by: &str, outcome: &str) -> bool {
    deeds.iter().any(|it| it.0 == action && it.1.starts_with(by) && it.2 == outcome)
}

#[actix_web::test]
async fn an_officer_finds_who_did_what_and_whether_it_was_changed_since() {
    let mut house = House::of_the_program(&settings()).await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    assert_eq!(house.as_token(DESK, &format!("/visits/lakeside/{CSN}")).await.status, 200);
    assert_eq!(house.as_token(DESK, "/metrics").await.status, 403);
    let form = [("instance", "none"), ("session", "none"), ("who", ""), ("reason", "the provider rang up")];
    let act = house.http.post(format!("{}/visits/lakeside/{CSN}/identify", house.url));
    let act = act.insert_header(("authorization", format!("Bearer {DESK}"))).send_form(&form);
    assert_eq!(read(act.await).await.status, 303);

    // What came of an act follows a moment after its answer.
    let lakeside = until("what came of the act", async || {
        let chain = house.as_token(DESK, "/api/v1/audit?organization=lakeside").await;
        chain.text().contains("not-here").then_some(chain)
    })
    .await;
    assert_eq!((lakeside.status, lakeside.header("content-type")), (200, "application/jsonl"));
    let text = lakeside.text();
    let found = deeds(&text);
    for (action, by, outcome) in [
        ("launch", "patient:Patient/", "done"),
        ("launch", "provider:Practitioner/", "done"),
        ("visit_viewed", "help-desk", "done"),
        ("identify", "help-desk", "begun"),
        ("identify", "help-desk", "not-here"),
    ] {
        assert!(text.contains("\"reason\":\"the provider rang up\""), "{text}");
        assert!(has(&found, action, by, outcome), "{action} {by} {outcome}: {text}");
    }
    for name in ["Ada", "Hansen", "Elena", "example.org"] {
        assert!(!text.contains(name), "{name}: {text}");
    }
    assert_eq!(house.as_token(DESK, "/api/v1/audit").await.status, 403, "the service's own is for all");
    let own = house.as_token(MASTER, "/api/v1/audit").await.text();
    assert!(has(&deeds(&own), "refused", "help-desk", "not-allowed"), "{own}");
    let fhir = house.as_token(MASTER, "/api/v1/audit?organization=lakeside&format=fhir").await.text();
    let first: Value = serde_json::from_str(fhir.lines().next().unwrap()).unwrap();
    assert_eq!(first["resourceType"], "AuditEvent");
    assert!(house.as_token(MASTER, "/api/v1/audit?format=pdf").await.status == 400);

    // From the file, before and after somebody had their hands on it.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.jsonl");
    let verify = async |text: &str| {
        fs::write(&file, text).unwrap();
        house.runs_alone(&["audit", "verify", "--file", file.to_str().unwrap()]).await
    };
    let sound = verify(&text).await;
    assert!(sound.status == 0 && sound.said.contains("are whole and in order"), "{}", sound.said);
    let changed = verify(&text.replacen("help-desk", "nobody", 1)).await;
    assert!(changed.status == 65 && changed.complained.contains("was changed"), "{}", changed.complained);
    let mut lines: Vec<&str> = text.lines().collect();
    lines.remove(1);
    let missing = verify(&lines.join("\n")).await;
    assert!(missing.status == 65 && missing.complained.contains("are missing"), "{}", missing.complained);
    lines.swap(0, 1);
    assert_eq!(verify(&lines.join("\n")).await.status, 65);

    // While the service has the file of its store, that is said; afterwards the command reads it.
    let busy = house.runs(&["audit", "verify"]).await;
    assert!(busy.status == 69 && busy.complained.contains("/api/v1/audit"), "{}", busy.complained);
    house.stop_service().await;
    let all = house.runs(&["audit", "verify"]).await;
    assert_eq!(all.status, 0, "{}", all.complained);
    assert!(all.said.contains("the service: entries 1 to") && all.said.contains("lakeside: entries 1 to"));
    let exported = house.runs(&["audit", "export", "--organization", "lakeside"]).await;
    assert!(exported.said.starts_with(&text), "what was given out before is still there, and more behind it");
    let newest = all.said.lines().find(|line| line.starts_with("lakeside")).unwrap();
    let newest = newest.rsplit(' ').next().unwrap();
    assert_eq!(house.runs(&["audit", "verify", "--expect", newest]).await.status, 0);
    let cut = house.runs(&["audit", "verify", "--expect", &"0".repeat(64)]).await;
    assert!(cut.status == 65 && cut.complained.contains("the end was cut off"), "{}", cut.complained);
    house.close().await;
}

/// Those of one role in one organization, beside the others.
fn grants() -> String {
    let grant = |name: &str, token: &str, role: &str, organization: &str| {
        format!(
            "[access.grant.{name}]\ntoken = \"{token}\"\nrole = \"{role}\"\norganizations = [\"{organization}\"]\n"
        )
    };
    let viewer = grant("viewer", VIEWER, "viewer", "lakeside");
    let operator = grant("operator", OPERATOR, "operator", "lakeside");
    settings() + &viewer + &operator + &grant("neighbour", NEIGHBOUR, "administrator", "hillside")
}

#[actix_web::test]
async fn an_officer_reads_it_on_a_page_and_nobody_else_does() {
    let (house, other) = House::beside_another(&grants()).await;
    house.waits(CSN, PATIENT).await;
    house.waits("10002", "WPR2").await;
    let page = "/audit?organization=lakeside";
    for (token, path, status) in [
        (VIEWER, page, 403),
        (OPERATOR, page, 403),
        (VIEWER, "/audit", 403),
        (OPERATOR, "/audit", 403),
        (NEIGHBOUR, page, 404),
        (NEIGHBOUR, "/audit?organization=nowhere", 404),
        (NEIGHBOUR, "/audit", 303),
        (DESK, "/audit?organization=hillside", 404),
        (DESK, page, 200),
        (MASTER, "/audit", 200),
        (MASTER, "/audit?organization=hillside", 200),
        (MASTER, "/audit?organization=nowhere", 404),
    ] {
        assert_eq!(house.as_token(token, path).await.status, status, "{path} with {token}");
    }
    // Another organization's is answered as one that is not there.
    let told = async |organization: &str| {
        let answer = house.as_token(NEIGHBOUR, &format!("/audit?organization={organization}")).await;
        let mut problem = answer.json();
        problem["correlation_id"].take();
        problem
    };
    assert_eq!(told("lakeside").await, told("nowhere").await);
    assert_eq!(house.get(page).await.status, 303, "nobody is led to the sign-in");

    let rows = async |search: &str| {
        let found = house.as_token(DESK, &format!("{page}&{search}")).await;
        (found.status, found.text().matches("<tr data-tone").count(), found.text())
    };
    for (search, entries) in [
        ("action=launch", 2),
        ("action=launch&csn=10002", 1),
        ("who=patient%3APatient&csn=10001", 1),
        ("action=launch&to=2001-01-01", 0),
        ("action=launch&from=2001-01-01", 2),
        ("who=help-desk&action=audit_viewed&csn=", 3),
        ("who=viewer", 1),
    ] {
        let (status, found, text) = rows(search).await;
        assert_eq!((status, found), (200, entries), "{search}: {text}");
        for name in ["Ada", "Hansen", "Elena", "hillside"] {
            assert!(!text.contains(name), "{name}: {text}");
        }
    }
    let (_, _, text) = rows("action=launch&csn=10001").await;
    assert!(
        text.contains("href=\"/visits/lakeside/10001?lang=en\"") && text.contains("Came to a visit"),
        "{text}"
    );
    assert!(text.contains("Each has the hash of its own words"), "{text}");
    for (search, said) in
        [("action=lunch", "Choose an action"), ("from=soon", "Enter a time"), ("before=x", "not the place")]
    {
        let (status, _, text) = rows(search).await;
        assert!(status == 400 && text.contains(said), "{search}: {text}");
    }

    // Who looked is in it, and each search for one visit says so.
    let chain = house.as_token(DESK, "/api/v1/audit?organization=lakeside").await.text();
    let found = deeds(&chain);
    let looks = found.iter().filter(|it| it.0 == "audit_viewed" && it.1 == "help-desk").count();
    assert_eq!(looks, 3, "{chain}");
    assert!(has(&found, "audit_viewed", "viewer", "not-allowed"), "{chain}");
    assert!(!chain.contains("neighbour"), "{chain}");
    // The place and the hash that the page tells are those of the newest entry.
    let (_, _, text) = rows("").await;
    let newest = text.split_once("--expect ").unwrap().1.split('<').next().unwrap();
    let chain = house.as_token(DESK, "/api/v1/audit?organization=lakeside").await.text();
    assert!(newest.len() == 64 && chain.contains(&format!("\"hash\":\"{newest}\"}}")), "{newest}: {chain}");
    other.stop().await;
    house.close().await;
}
