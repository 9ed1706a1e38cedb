//! The security headers of every page: a strict content policy and nothing leaking to other sites.

/// Where Zoom's join and start links lead, as form targets for the waiting page.
pub const ZOOM_FORM_TARGETS: [&str; 4] =
    ["https://zoom.us", "https://*.zoom.us", "https://zoomgov.com", "https://*.zoomgov.com"];

/// What a page needs beyond the default policy.
#[derive(Clone, Copy, Debug, Default)]
pub struct PagePolicy<'a> {
    /// Origins that may show the page in a frame (an organization's Epic); none unless the organization allows it.
    pub framed_by: Option<&'a [&'a str]>,
    /// Origins that a form of the page may be redirected to. Browsers check the target of the redirect too, so the
    /// waiting page names Zoom's hosts here.
    pub form_targets: &'a [&'a str],
}

/// The headers to set on an HTML answer, as (name, value). Texts that are no plain CSP source are left out, so that a
/// setting can never add a directive of its own.
pub fn security_headers(policy: &PagePolicy<'_>) -> Vec<(&'static str, String)> {
    let ancestors = match policy.framed_by {
        None => "'none'".to_owned(),
        Some(hosts) => sources("", hosts, "'none'"),
    };
    let targets = sources("'self'", policy.form_targets, "'self'");
    let content = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action {targets}; frame-ancestors {ancestors}; base-uri 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    );
    let mut headers = vec![
        ("content-security-policy", content),
        ("x-content-type-options", "nosniff".to_owned()),
        // Not `no-referrer`: under it browsers send `Origin: null` with the service's own forms, and a door that checks
        // the origin would refuse them. No other site sees a referrer under either.
        ("referrer-policy", "same-origin".to_owned()),
        (
            "permissions-policy",
            "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()".to_owned(),
        ),
        ("cross-origin-resource-policy", "same-origin".to_owned()),
        ("cache-control", "no-store".to_owned()),
    ];
    if policy.framed_by.is_none() {
        // For browsers that do not know frame-ancestors. It cannot name hosts, so a framed page goes without.
        headers.push(("x-frame-options", "DENY".to_owned()));
    }
    headers
}

fn sources(first: &str, hosts: &[&str], if_empty: &str) -> String {
    let mut list: Vec<&str> = Vec::with_capacity(hosts.len() + 1);
    if !first.is_empty() {
        list.push(first);
    }
    list.extend(hosts.iter().copied().filter(|host| is_source(host)));
    if list.is_empty() { if_empty.to_owned() } else { list.join(" ") }
}

/// A host or origin with an optional scheme, wildcard label and port: `https://*.zoom.us`, `epic.example.org:8443`.
fn is_source(text: &str) -> bool {
    !text.is_empty()
        && text != "*"
        && text.len() <= 255
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '/' | '*' | '[' | ']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csp(policy: &PagePolicy<'_>) -> String {
        security_headers(policy)
            .into_iter()
            .find_map(|(name, value)| (name == "content-security-policy").then_some(value))
            .unwrap()
    }

    #[test]
    fn nothing_inline_and_nothing_foreign_is_allowed() {
        let value = csp(&PagePolicy::default());
        for forbidden in ["unsafe-inline", "unsafe-eval", "http:", "https:", "data:", "*"] {
            assert!(!value.contains(forbidden), "{forbidden} in {value}");
        }
        assert!(value.contains("default-src 'none'"));
        assert!(value.contains("frame-ancestors 'none'"));
        assert!(value.contains("form-action 'self';"));
    }

    #[test]
    fn an_organization_may_allow_framing_and_zoom_as_form_target() {
        let value = csp(&PagePolicy {
            framed_by: Some(&["https://epic.example.org"]),
            form_targets: &["https://*.zoom.us", "http://127.0.0.1:9000"],
        });
        assert!(value.contains("frame-ancestors https://epic.example.org;"), "{value}");
        assert!(value.contains("form-action 'self' https://*.zoom.us http://127.0.0.1:9000;"), "{value}");
    }

    #[test]
    fn a_setting_cannot_add_a_directive() {
        let value = csp(&PagePolicy {
            framed_by: Some(&["https://a.example; script-src *", "*", "'unsafe-inline'"]),
            form_targets: &["x y", ""],
        });
        assert!(value.contains("frame-ancestors 'none';"), "{value}");
        assert!(value.contains("form-action 'self';"), "{value}");
    }

    #[test]
    fn our_own_forms_keep_their_origin_and_other_sites_see_no_referrer() {
        let headers = security_headers(&PagePolicy::default());
        assert!(headers.contains(&("referrer-policy", "same-origin".to_owned())));
    }

    #[test]
    fn x_frame_options_only_where_no_frame_is_allowed() {
        let has =
            |policy: &PagePolicy<'_>| security_headers(policy).iter().any(|(n, _)| *n == "x-frame-options");
        assert!(has(&PagePolicy::default()));
        assert!(!has(&PagePolicy { framed_by: Some(&["https://a.example"]), form_targets: &[] }));
    }
}
