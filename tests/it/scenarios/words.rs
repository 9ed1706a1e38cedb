//! What Epic says of its troubles stays between Epic and us: it stands on no page and in nothing that operators read.

use vestibule::simulator::LaunchKind;
use vestibule::simulator::epic::{EpicFaultKind, OWN_WORDS};
use vestibule::simulator::people::Landing;

use super::house::{House, until};
use super::people::shown;

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";

fn is_ours(what: &str, text: &str) {
    assert!(!text.contains(OWN_WORDS) && !text.contains("ExceptionMessage"), "{what}: {text}");
}

#[actix_web::test]
async fn e6_no_words_of_epics_reach_a_page_at_a_launch() {
    for call in ["discovery", "token", "jwks", "fhir"] {
        for status in [400, 401, 403, 404, 500, 503] {
            let house = House::open().await;
            house.epic_fault(call, None, EpicFaultKind::Status { status });
            for (kind, who) in [(LaunchKind::Patient, PATIENT), (LaunchKind::Provider, PROVIDER)] {
                let (_, landing) = house.launch(kind, CSN, who).await;
                is_ours(call, &shown(&landing));
                // Without what FHIR would add a launch goes on.
                let refused = matches!(&landing, Landing::Page { status: 502 | 403, .. });
                assert_eq!(refused, call != "fhir", "{call} {status}: {}", shown(&landing));
            }
            house.close().await;
        }
    }
}

#[actix_web::test]
async fn e36_no_words_of_epics_reach_who_looks_why_a_light_is_wrong() {
    let house = House::open().await;
    let told = [
        EpicFaultKind::Status { status: 503 },
        EpicFaultKind::LockFailed,
        EpicFaultKind::Refuse { code: "INVALID-USER-ID".to_owned() },
        EpicFaultKind::Refuse { code: format!("{OWN_WORDS} and a person's name") },
    ];
    for fault in told {
        house.epic_fault("status", Some(1), fault);
    }
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    until("each answer is on record", async || {
        let records = house.records(CSN).await;
        let failed = records.iter().filter(|record| record["resp_code"] != 200).count();
        (failed >= 4).then_some(())
    })
    .await;
    for path in [
        format!("/api/v1/visits/lakeside/{CSN}"),
        format!("/api/v1/notifications?organization=lakeside&csn={CSN}"),
        format!("/records?organization=lakeside&csn={CSN}"),
        "/ops".to_owned(),
        "/metrics".to_owned(),
    ] {
        let answer = house.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        is_ours(&path, &answer.text());
    }
    house.close().await;
}
