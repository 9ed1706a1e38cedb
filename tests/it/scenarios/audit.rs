//! Who did what, as an officer gets it: over HTTP while the service runs, by the command from its store, and from a file.

use std::fs;

use serde_json::Value;

use super::house::{Answer, House, read, until};

const CSN: &str = "10001";
const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const MASTER: &str = "token-of-the-master-of-everything";
const DESK: &str = "token-of-the-help-desk-of-lakeside";

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
