//! The page in each of its states, for tests.

use vestibule_domain::visit::device_test::TestOutcome;

use super::*;
use crate::web::{Language, Page};

/// A refused update, with `text` wherever a text from outside can come in.
pub(super) fn record(text: &str) -> RecordRow {
    RecordRow {
        id: text.into(),
        at_site: text.into(),
        at: Timestamp::UNIX_EPOCH,
        occurred_at: Timestamp::UNIX_EPOCH,
        occurred_at_site: text.to_owned(),
        occurred_that_day: false,
        meeting_id: Some(text.into()),
        csn: Some(text.into()),
        role: Role::Patient,
        says: Says::DeviceTest(TestOutcome::Failed),
        outcome: Became::Superseded,
        attempt: 1,
        attempts: Some(3),
        resp_code: 400,
        epic_code: Some(text.into()),
        latency_ms: Some(34),
        hint: Some(text.into()),
        resend: true,
        checks: vec!["Look at <it>."],
    }
}

pub(super) fn found(records: Vec<RecordRow>, next: Option<String>) -> RecordsResult {
    RecordsResult::Found { records, next, back_to: None }
}

pub(super) fn page(language: Language, text: &str, result: RecordsResult) -> String {
    let said = || text.to_owned();
    let organizations = [OrganizationChoice { id: said(), name: said() }];
    let (organization, meeting_id, from) = (said(), said(), said());
    let query = RecordsQuery {
        organization,
        meeting_id,
        from,
        epic_code: said(),
        cursor: Some(said()),
        ..RecordsQuery::default()
    };
    RecordsPage {
        language,
        organizations: &organizations,
        query: &query,
        result,
        may_resend: true,
        signed_in: SignedIn::YES,
    }
    .render()
    .unwrap()
}

pub(in crate::web) fn samples(language: Language, text: &str) -> Vec<(String, String)> {
    let none = RecordsResult::Found { records: vec![], next: None, back_to: Some(text.into()) };
    let results = [
        ("blank", RecordsResult::NotAsked),
        (
            "unusable",
            RecordsResult::Unusable(vec![UnusableSearch::NotAMeetingId, UnusableSearch::NotARecord]),
        ),
        ("unavailable", RecordsResult::Unavailable),
        ("none", none),
        ("found", found(vec![record(text)], Some(text.into()))),
    ];
    let named = |(name, result)| (format!("records {name} {language:?}"), page(language, text, result));
    results.into_iter().map(named).collect()
}
