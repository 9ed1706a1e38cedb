//! What to check when Epic refuses a status, in words for whoever looks at the notification records. A hint names the settings of the
//! dialect that is spoken.

use crate::settings::StatusDialect;

/// The codes that never go away by trying again.
pub const NINE_PERMANENT_CODES: [&str; 9] = [
    "NO-CONFERENCE-ID",
    "NO-USER-ID",
    "NO-USER-ID-TYPE",
    "NO-VENDOR-NAME",
    "NO-CONNECTION-STATUS",
    "INVALID-CONFERENCE-ID",
    "INVALID-USER-ID",
    "INVALID-USER-ID-TYPE",
    "INVALID-CONNECTION-STATUS",
];

/// Somebody else is writing to the appointment just now.
pub(super) const LOCK_FAILED: &str = "LOCK-FAILED";

/// What to check for one of Epic's codes; case does not matter.
#[must_use]
pub fn hint_for_code(dialect: StatusDialect, code: &str) -> Option<&'static str> {
    let code = code.to_ascii_uppercase();
    of_dialect(dialect, &code).or_else(|| of_any(&code))
}

/// Where a value that Epic missed, or did not know, comes from.
fn of_dialect(dialect: StatusDialect, code: &str) -> Option<&'static str> {
    Some(match (dialect, code) {
        (StatusDialect::ConnectionStatus2018, "NO-CONFERENCE-ID") => {
            "Epic saw no conference id. Check status_path, and that nothing between us and Epic drops the query."
        }
        (StatusDialect::Telehealth2020, "NO-CONFERENCE-ID") => {
            "Epic saw no conference id. Check which field of the bodies under telehealth_2020 has {conference_id}, and that nothing \
             between us and Epic drops the body."
        }
        (StatusDialect::Telehealth2020, "NO-USER-ID") => {
            "Epic saw no user id. Check that the CONTEXT line of the FDI record carries externalid, and which field of the bodies \
             under telehealth_2020 has {external_id}."
        }
        (StatusDialect::Telehealth2020, "NO-USER-ID-TYPE") => {
            "Epic saw no user id type. Check external_id_types in the settings, and which field of the bodies under telehealth_2020 \
             has {external_id_type}."
        }
        (StatusDialect::Telehealth2020, "NO-VENDOR-NAME") => {
            "Epic saw no vendor name. Check vendor_name in the settings, and which field of the bodies under telehealth_2020 has \
             {vendor_name}."
        }
        (StatusDialect::ConnectionStatus2018, "NO-CONNECTION-STATUS") => {
            "Epic saw no connection status. Check status_values in the settings."
        }
        (StatusDialect::ConnectionStatus2018, "INVALID-CONNECTION-STATUS") => {
            "Epic does not know this connection status. Check status_values in the settings against Epic's build."
        }
        (StatusDialect::Telehealth2020, "NO-CONNECTION-STATUS" | "INVALID-CONNECTION-STATUS") => {
            "Epic misses a connection status, or does not know it. Check telehealth_2020 in the settings: each call has to say, by its \
             path or in its body, that somebody connects or disconnects."
        }
        _ => return None,
    })
}

fn of_any(code: &str) -> Option<&'static str> {
    Some(match code {
        "NO-USER-ID" => {
            "Epic saw no user id. Check that the CONTEXT line of the FDI record carries externalid."
        }
        "NO-USER-ID-TYPE" => "Epic saw no user id type. Check external_id_types in the settings.",
        "NO-VENDOR-NAME" => "Epic saw no vendor name. Check vendor_name in the settings.",
        "INVALID-CONFERENCE-ID" => {
            "Epic knows no visit by this id. Check that the CONTEXT line of the FDI record has csn=%CSN% (for group visits \
             conferenceid=%CONFERENCEID%), and that the launch came from the same Epic environment."
        }
        "INVALID-USER-ID" => {
            "Epic does not know this person in this visit. Check that externalid in the CONTEXT line holds the EMP id for \
             providers and the WPR id for patients."
        }
        "INVALID-USER-ID-TYPE" => {
            "Epic does not know this type of user id. Check external_id_types in the settings against Epic's build."
        }
        LOCK_FAILED => "The appointment is in use in Epic at the moment; it is tried again.",
        _ => return None,
    })
}

/// What to check for a status without a code that we know.
#[must_use]
pub fn hint_for_status(dialect: StatusDialect, status: u16) -> &'static str {
    match (status, dialect) {
        (300..=399, _) => {
            "Epic answered with a redirect, which is not followed. Check telehealth_base_url: it must be the web service \
             itself, not a sign-in page in front of it."
        }
        (400, StatusDialect::ConnectionStatus2018) => {
            "Epic refused the request without a code that we know. Look for it in Epic's Interconnect log."
        }
        (400 | 415 | 422, StatusDialect::Telehealth2020) => {
            "Epic refused the request without a code that we know. Check telehealth_2020 in the settings against Epic's build, and \
             look for the request in Epic's Interconnect log."
        }
        (401, _) => {
            "Epic does not take our credentials, with a fresh token too. Check that the client id is enabled in this \
             environment, that its public key or status_user is right, and that it may use the status service."
        }
        (403, _) => {
            "Epic knows us and does not let us. Check that the client id is licensed for the status service and sent as \
             Epic-Client-ID."
        }
        (404, StatusDialect::ConnectionStatus2018) => {
            "There is no status service at this address. Check telehealth_base_url and status_path."
        }
        (404, StatusDialect::Telehealth2020) => {
            "There is no such service at this address. Check telehealth_base_url and the paths under telehealth_2020."
        }
        (405, StatusDialect::Telehealth2020) => {
            "The service does not take this method. Check `method` under telehealth_2020."
        }
        (408, _) => "Epic gave up waiting for the request; it is tried again.",
        (429, _) => {
            "Epic asks for fewer requests; it is tried again. Check requests_per_second and concurrent_requests."
        }
        (500..=599, _) => "Epic, or a gateway before it, has trouble; it is tried again.",
        _ => "Epic refused the request. Look for it in Epic's Interconnect log.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALECTS: [StatusDialect; 2] = [StatusDialect::ConnectionStatus2018, StatusDialect::Telehealth2020];

    #[test]
    fn e36_every_code_has_a_hint_in_any_case_and_dialect() {
        for dialect in DIALECTS {
            for code in NINE_PERMANENT_CODES {
                let hint = hint_for_code(dialect, code);
                assert!(hint.is_some_and(|hint| hint.contains("Check")), "{code}");
                assert_eq!(hint_for_code(dialect, &code.to_lowercase()), hint);
            }
            assert!(hint_for_code(dialect, "lock-failed").is_some());
            assert_eq!(hint_for_code(dialect, "SOMETHING-ELSE"), None);
        }
    }

    #[test]
    fn e36_every_code_is_in_the_documentation() {
        let text = include_str!("../../docs/epic-status.md");
        for code in NINE_PERMANENT_CODES.into_iter().chain([LOCK_FAILED]) {
            assert!(text.contains(&format!("\n| `{code}` |")), "{code}");
        }
    }

    #[test]
    fn e36_a_hint_names_no_setting_of_the_other_dialect() {
        for (dialect, of_the_other) in
            [(DIALECTS[0], ["telehealth_2020", "{"]), (DIALECTS[1], ["status_path", "status_values"])]
        {
            let codes = NINE_PERMANENT_CODES.into_iter().chain([LOCK_FAILED]);
            let of_codes = codes.filter_map(|code| hint_for_code(dialect, code));
            let of_statuses = (300..600).map(|status| hint_for_status(dialect, status));
            for hint in of_codes.chain(of_statuses) {
                assert!(!of_the_other.iter().any(|setting| hint.contains(setting)), "{hint}");
            }
        }
    }
}
