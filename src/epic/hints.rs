//! What to check when Epic refuses a status, in words for whoever looks at the notification records.

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
pub fn hint_for_code(code: &str) -> Option<&'static str> {
    Some(match code.to_ascii_uppercase().as_str() {
        "NO-CONFERENCE-ID" => {
            "Epic saw no conference id. Check status_path, and that nothing between us and Epic drops the query."
        }
        "NO-USER-ID" => {
            "Epic saw no user id. Check that the CONTEXT line of the FDI record carries externalid."
        }
        "NO-USER-ID-TYPE" => "Epic saw no user id type. Check external_id_types in the settings.",
        "NO-VENDOR-NAME" => "Epic saw no vendor name. Check vendor_name in the settings.",
        "NO-CONNECTION-STATUS" => "Epic saw no connection status. Check status_values in the settings.",
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
        "INVALID-CONNECTION-STATUS" => {
            "Epic does not know this connection status. Check status_values in the settings against Epic's build."
        }
        LOCK_FAILED => "The appointment is in use in Epic at the moment; it is tried again.",
        _ => return None,
    })
}

/// What to check for a status without a code that we know.
#[must_use]
pub fn hint_for_status(status: u16) -> &'static str {
    match status {
        300..=399 => {
            "Epic answered with a redirect, which is not followed. Check telehealth_base_url: it must be the web service \
             itself, not a sign-in page in front of it."
        }
        400 => {
            "Epic refused the request without a code that we know. Look for it in Epic's Interconnect log."
        }
        401 => {
            "Epic does not take our credentials, with a fresh token too. Check that the client id is enabled in this \
             environment, that its public key or status_user is right, and that it may use the status service."
        }
        403 => {
            "Epic knows us and does not let us. Check that the client id is licensed for the status service and sent as \
             Epic-Client-ID."
        }
        404 => "There is no status service at this address. Check telehealth_base_url and status_path.",
        408 => "Epic gave up waiting for the request; it is tried again.",
        429 => {
            "Epic asks for fewer requests; it is tried again. Check requests_per_second and concurrent_requests."
        }
        500..=599 => "Epic, or a gateway before it, has trouble; it is tried again.",
        _ => "Epic refused the request. Look for it in Epic's Interconnect log.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_hint_in_any_case() {
        for code in NINE_PERMANENT_CODES {
            assert!(hint_for_code(code).is_some_and(|hint| hint.contains("Check")), "{code}");
            assert_eq!(hint_for_code(&code.to_lowercase()), hint_for_code(code));
        }
        assert!(hint_for_code("lock-failed").is_some());
        assert_eq!(hint_for_code("SOMETHING-ELSE"), None);
    }
}
