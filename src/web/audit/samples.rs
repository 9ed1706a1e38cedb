//! The page in each of its states, for tests.

use super::*;
use crate::web::records::UnusableSearch;
use crate::web::{Language, Page};

/// An entry with `text` wherever a text from outside can come in.
fn row(text: &str, group: bool) -> AuditRow {
    let said = || Some(text.to_owned());
    AuditRow {
        seq: 7,
        at: Timestamp::UNIX_EPOCH,
        at_site: text.to_owned(),
        by: said(),
        action: if group { text.to_owned() } else { "visit_viewed".to_owned() },
        visits_of: said().filter(|_| !group),
        csn: said().filter(|_| !group),
        conference_id: said(),
        meeting_id: said(),
        organization: said(),
        from: said(),
        outcome: text.to_owned(),
        reason: said(),
        node: text.to_owned(),
        correlation_id: said(),
        intact: !group,
    }
}

fn found(rows: Vec<AuditRow>) -> AuditFound {
    AuditFound {
        rows,
        looked: Some((3, 9)),
        broken: None,
        missing: false,
        cut: false,
        older: Some(7),
        newer: Some(9),
        head: Some(Head { seq: 9, hash: "0".repeat(64) }),
    }
}

/// The page of a reading that was cut, with the place from which it went on.
pub(super) fn cut(language: Language, before: &str, after: &str) -> String {
    let query = AuditSearch { before: before.to_owned(), after: after.to_owned(), ..AuditSearch::default() };
    let page = AuditPage {
        language,
        of: AuditOf::Service,
        organizations: &[],
        removed: &[],
        of_service: true,
        query: &query,
        result: AuditResult::Found(AuditFound { cut: true, ..found(vec![]) }),
        signed_in: SignedIn::YES.reading_the_audit(true),
    };
    page.render().unwrap()
}

pub(in crate::web) fn samples(language: Language, text: &str) -> Vec<(String, String)> {
    let said = || text.to_owned();
    let troubles = vec![
        AuditTrouble::NameTooLong,
        AuditTrouble::NotAnAction,
        AuditTrouble::NotAPlace,
        AuditTrouble::Search(UnusableSearch::NotACsn),
        AuditTrouble::Search(UnusableSearch::NotAStart),
        AuditTrouble::Search(UnusableSearch::NotAnEnd),
    ];
    let (whole, none) = (found(vec![row(text, false)]), found(vec![]));
    let broken = AuditFound {
        broken: Some(Broken::OutOfPlace { after: 3, found: 5 }),
        missing: true,
        cut: true,
        ..found(vec![row(text, true)])
    };
    let empty = AuditFound { looked: None, older: None, newer: None, head: None, ..none.clone() };
    let results = [
        ("unusable", AuditOf::Service, AuditResult::Unusable(troubles)),
        ("unavailable", AuditOf::Organization(said()), AuditResult::Unavailable),
        ("damaged", AuditOf::Service, AuditResult::Damaged),
        ("none", AuditOf::Service, AuditResult::Found(none)),
        ("empty", AuditOf::Service, AuditResult::Found(empty)),
        ("found", AuditOf::Organization(said()), AuditResult::Found(whole)),
        ("broken", AuditOf::NotInForce(said()), AuditResult::Found(broken)),
    ];
    let organizations = [OrganizationChoice { id: said(), name: said() }];
    let removed = [said()];
    let query = AuditSearch {
        organization: said(),
        who: said(),
        action: said(),
        csn: said(),
        from: said(),
        to: said(),
        before: said(),
        after: String::new(),
    };
    let page = |(name, of, result)| {
        let page = AuditPage {
            language,
            of,
            organizations: &organizations,
            removed: &removed,
            of_service: true,
            query: &query,
            result,
            signed_in: SignedIn::YES.reading_the_audit(true),
        };
        (format!("audit {name} {language:?}"), page.render().unwrap())
    };
    results.into_iter().map(page).collect()
}
