//! Links that come from settings, from Zoom or from a request, checked before they reach a page.

use std::fmt;

use url::Url;

/// An absolute http(s) address that a page may link to. It may be a personal Zoom link, so it never shows in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct ExternalLink(Url);

/// The text is no absolute http(s) address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an absolute http or https address")]
pub struct NotALink;

impl ExternalLink {
    /// Refuses everything but absolute http(s) addresses, so that no `javascript:` ever becomes an `href`.
    pub fn parse(text: &str) -> Result<ExternalLink, NotALink> {
        let url = Url::parse(text).map_err(|_| NotALink)?;
        match url.scheme() {
            "http" | "https" if url.has_host() => Ok(ExternalLink(url)),
            _ => Err(NotALink),
        }
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for ExternalLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExternalLink(…)")
    }
}

/// The place to go to after a sign-in: only a path of this service, else the index.
pub fn local_path(next: Option<&str>) -> &str {
    let Some(path) = next else { return "/" };
    let ours = path.starts_with('/')
        && !path.starts_with("//")
        && !path.chars().any(|c| c == '\\' || c.is_control() || c.is_whitespace());
    if ours { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_become_links() {
        assert!(ExternalLink::parse("https://zoom.us/j/1?pwd=x").is_ok());
        for bad in
            ["javascript:alert(1)", "data:text/html,x", "/visit/1", "", "mailto:a@b", "file:///etc/passwd"]
        {
            assert_eq!(ExternalLink::parse(bad), Err(NotALink), "{bad}");
        }
    }

    #[test]
    fn a_link_does_not_show_in_debug() {
        let link = ExternalLink::parse("https://zoom.us/s/1?zak=secret").unwrap();
        assert!(!format!("{link:?}").contains("secret"));
    }

    #[test]
    fn a_sign_in_never_leads_away_from_the_service() {
        assert_eq!(local_path(Some("/records?csn=1")), "/records?csn=1");
        for bad in
            ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "", "ops"]
        {
            assert_eq!(local_path(Some(bad)), "/", "{bad}");
        }
        assert_eq!(local_path(None), "/");
    }
}
