//! What to check, in order of likelihood, where Epic did not answer a status with 2xx. `docs/epic-checks.md` has the same lists.

use super::hints::LOCK_FAILED;
use crate::settings::StatusDialect::{self, ConnectionStatus2018 as In2018, Telehealth2020 as In2020};

/// One thing to check; of one dialect, or of any.
type Check = (Option<StatusDialect>, &'static str);

const INTERCONNECT_LOG: Check =
    (None, "Look for the call at its time in Epic's Interconnect log: it shows what arrived.");
const GATEWAY: Check =
    (None, "Ask whether a gateway or firewall between us and Epic changes the request on its way.");
const CONTEXT: Check = (
    None,
    "Compare the CONTEXT line of the FDI record with the one on this organization's page of FDI records.",
);

/// Epic's codes, with what to check.
const OF_CODES: [(&str, &[Check]); 10] = [
    (
        "NO-CONFERENCE-ID",
        &[
            (Some(In2018), "Compare status_path with the address of the service in Epic's build."),
            (Some(In2020), "Look which field of the bodies under telehealth_2020 has {conference_id}."),
            GATEWAY,
            INTERCONNECT_LOG,
        ],
    ),
    (
        "NO-USER-ID",
        &[
            (None, "Look whether the CONTEXT line of the FDI record carries externalid."),
            (Some(In2020), "Look which field of the bodies under telehealth_2020 has {external_id}."),
            GATEWAY,
            INTERCONNECT_LOG,
        ],
    ),
    (
        "NO-USER-ID-TYPE",
        &[
            (None, "Look whether external_id_types has a value for the role of this record."),
            (Some(In2020), "Look which field of the bodies under telehealth_2020 has {external_id_type}."),
            GATEWAY,
            INTERCONNECT_LOG,
        ],
    ),
    (
        "NO-VENDOR-NAME",
        &[
            (None, "Look whether vendor_name is set."),
            (Some(In2020), "Look which field of the bodies under telehealth_2020 has {vendor_name}."),
            GATEWAY,
            INTERCONNECT_LOG,
        ],
    ),
    (
        "NO-CONNECTION-STATUS",
        &[
            (Some(In2018), "Look whether status_values has both values."),
            (
                Some(In2020),
                "Look whether each call under telehealth_2020 says that somebody connects or disconnects.",
            ),
            GATEWAY,
            INTERCONNECT_LOG,
        ],
    ),
    (
        "INVALID-CONFERENCE-ID",
        &[
            (
                None,
                "Look whether the CONTEXT line has csn=%CSN%, and for group visits conferenceid=%CONFERENCEID%.",
            ),
            (
                None,
                "Look whether telehealth_base_url is of the same Epic environment as the launch: test or production.",
            ),
            (
                None,
                "Look in Epic whether the appointment was moved or cancelled, so that the number is of none any more.",
            ),
            CONTEXT,
            INTERCONNECT_LOG,
        ],
    ),
    (
        "INVALID-USER-ID",
        &[
            (
                None,
                "Look whether externalid in the CONTEXT line holds the EMP id for providers and the WPR id for patients.",
            ),
            (
                None,
                "Compare external_id_types with Epic's build: an id under another type is another person's.",
            ),
            (
                None,
                "Look in Epic whether this person belongs to the appointment, as a proxy or another provider may not.",
            ),
            CONTEXT,
            INTERCONNECT_LOG,
        ],
    ),
    (
        "INVALID-USER-ID-TYPE",
        &[
            (None, "Compare external_id_types with Epic's build, for providers and for patients."),
            INTERCONNECT_LOG,
        ],
    ),
    (
        "INVALID-CONNECTION-STATUS",
        &[
            (Some(In2018), "Compare status_values with Epic's build."),
            (Some(In2020), "Compare path and body of each call under telehealth_2020 with Epic's build."),
            INTERCONNECT_LOG,
        ],
    ),
    (
        LOCK_FAILED,
        &[
            (None, "Wait: somebody has the appointment open in Epic, and it is tried again."),
            (None, "Where it goes on for long, look in Epic who holds the appointment, and have it closed."),
        ],
    ),
];

/// Statuses without a code that we know, from and to, with what to check. The first that fits holds.
const OF_STATUSES: [(u16, u16, &[Check]); 8] = [
    (
        0,
        0,
        &[
            (
                None,
                "Look whether other records of this time have no answer either: then Epic or the network is away.",
            ),
            (
                None,
                "Look whether telehealth_base_url and oauth_base_url can be reached from this machine: name, firewall, proxy.",
            ),
            (None, "Look whether Epic's certificate is one that this machine trusts, and has not run out."),
            (
                None,
                "Look how long Epic takes in other records: close to the setting timeout, it is too short or Epic too slow.",
            ),
            (
                None,
                "Run `vestibule check`: it asks for a token and says what is wrong with client id, key or clock.",
            ),
        ],
    ),
    (
        300,
        399,
        &[
            (
                None,
                "Look whether telehealth_base_url is the web service itself and no sign-in page before it.",
            ),
            (None, "Look whether it begins with https, so that nothing leads from http there."),
        ],
    ),
    (
        401,
        401,
        &[
            (
                None,
                "Look whether the client id is enabled in this Epic environment; after a change it may take hours.",
            ),
            (
                None,
                "Look whether Epic has the public key of the first private key file, or whether status_user is right.",
            ),
            (None, "Look whether the client may use the status service, and not only FHIR."),
            (None, "Compare this machine's clock with a time server."),
        ],
    ),
    (
        403,
        403,
        &[
            (None, "Look whether the client id is licensed for the status service."),
            (
                None,
                "Look whether Epic's Interconnect lets this client, or this machine's address, use that service.",
            ),
            GATEWAY,
        ],
    ),
    (
        404,
        405,
        &[
            (
                None,
                "Compare telehealth_base_url with Epic's build: host, instance and whether it is test or production.",
            ),
            (Some(In2018), "Compare status_path with Epic's build."),
            (Some(In2020), "Compare method and path of the calls under telehealth_2020 with Epic's build."),
            (None, "Ask Epic's people whether the service is switched on in this Interconnect."),
        ],
    ),
    (
        429,
        429,
        &[
            (None, "Wait: it is tried again when Epic says."),
            (None, "Lower requests_per_second and concurrent_requests where it happens daily."),
            (None, "Ask what else uses this client id or this Interconnect."),
        ],
    ),
    (
        500,
        599,
        &[
            (
                None,
                "Look whether other records of this time fail too: then Epic, or a gateway before it, has trouble and it is tried again.",
            ),
            (None, "Ask Epic's people whether maintenance is under way."),
            INTERCONNECT_LOG,
        ],
    ),
    (
        400,
        499,
        &[
            (
                Some(In2020),
                "Compare the calls under telehealth_2020 with Epic's build: method, path and body.",
            ),
            (Some(In2018), "Compare status_path with Epic's build."),
            INTERCONNECT_LOG,
            GATEWAY,
        ],
    ),
];

/// What to check, the likeliest first; nothing where Epic took it, or where nothing was sent.
#[must_use]
pub fn checks(dialect: StatusDialect, attempt: u32, status: u16, code: Option<&str>) -> Vec<&'static str> {
    if attempt == 0 || (200..300).contains(&status) {
        return Vec::new();
    }
    let of_code = code.and_then(|code| OF_CODES.iter().find(|(known, _)| known.eq_ignore_ascii_case(code)));
    let of_status = || OF_STATUSES.iter().find(|(from, to, _)| (*from..=*to).contains(&status));
    let list = of_code.map(|(_, list)| *list).or_else(|| of_status().map(|(_, _, list)| *list));
    let fits = |(of, text): &Check| of.is_none_or(|of| of == dialect).then_some(*text);
    list.unwrap_or_default().iter().filter_map(fits).collect()
}

/// Each check there is, for whoever has to have them all.
#[cfg(test)]
pub(crate) fn every_check() -> Vec<&'static str> {
    let codes = OF_CODES.iter().flat_map(|(_, list)| list.iter());
    codes.chain(OF_STATUSES.iter().flat_map(|(_, _, list)| list.iter())).map(|(_, text)| *text).collect()
}

#[cfg(test)]
mod tests {
    use super::super::hints::NINE_PERMANENT_CODES;
    use super::*;

    #[test]
    fn every_code_and_every_status_that_is_no_success_has_checks() {
        for dialect in [In2018, In2020] {
            for code in NINE_PERMANENT_CODES.into_iter().chain([LOCK_FAILED]) {
                let of_code = checks(dialect, 1, 400, Some(&code.to_lowercase()));
                assert!(of_code.len() > 1, "{code}");
                assert_ne!(of_code, checks(dialect, 1, 400, None), "{code}");
            }
            for status in (300..600).chain([0]) {
                assert!(checks(dialect, 1, status, Some("SOMETHING-ELSE")).len() > 1, "{status}");
            }
            assert!(checks(dialect, 1, 204, None).is_empty());
            assert!(checks(dialect, 0, 0, None).is_empty());
        }
        assert!(checks(In2018, 1, 404, None).iter().all(|check| !check.contains("telehealth_2020")));
        assert!(checks(In2020, 1, 404, None).iter().all(|check| !check.contains("status_path")));
    }

    #[test]
    fn the_documentation_has_the_same_lists() {
        let lists = OF_CODES.iter().map(|(code, list)| (format!("`{code}`"), *list));
        let of_statuses = OF_STATUSES.iter().map(|(from, to, list)| (range(*from, *to), *list));
        let text: String = lists.chain(of_statuses).map(|(heading, list)| section(&heading, list)).collect();
        let documented = include_str!("../../docs/epic-checks.md");
        assert!(documented.ends_with(&text), "it should end with\n{text}");
    }

    fn range(from: u16, to: u16) -> String {
        if from == to { from.to_string() } else { format!("{from} to {to}") }
    }

    fn section(heading: &str, list: &[Check]) -> String {
        let line = |(at, (of, text)): (usize, &Check)| match of {
            None => format!("{}. {text}\n", at + 1),
            Some(In2018) => format!("{}. (`connection-status-2018`) {text}\n", at + 1),
            Some(In2020) => format!("{}. (`telehealth-2020`) {text}\n", at + 1),
        };
        format!("\n## {heading}\n\n{}", list.iter().enumerate().map(line).collect::<String>())
    }
}
