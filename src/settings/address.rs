//! Addresses of other systems and of our own: base URLs and origins.

use std::fmt;

use url::{Host, Url};

/// A base that paths are put behind: `https`, or `http` on loopback; no user, query or fragment; no slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    host: String,
    https: bool,
}

impl BaseUrl {
    /// Checks a base URL.
    ///
    /// # Errors
    /// In plain words, what to change.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (url, host, https) = checked(text)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must not carry a query or a fragment".into());
        }
        let text = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { text, host, https })
    }

    /// Checks a base URL that has no path of its own.
    ///
    /// # Errors
    /// In plain words, what to change.
    pub fn parse_origin(text: &str) -> Result<Self, String> {
        let base = Self::parse(text)?;
        match Url::parse(text).map(|url| url.path() == "/") {
            Ok(true) => Ok(base),
            _ => Err("must not have a path; write scheme, host and port only".into()),
        }
    }

    /// The whole base, with no slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The base with `path`, which begins with a slash, behind it.
    #[must_use]
    pub fn with_path(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// The host, IPv6 in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn is_https(&self) -> bool {
        self.https
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A source of frames as a content security policy names it: an origin, whose host may begin with `*.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FramingHost(String);

impl FramingHost {
    /// Checks an origin.
    ///
    /// # Errors
    /// In plain words, what to change.
    pub fn parse(text: &str) -> Result<Self, String> {
        let concrete = text.replacen("://*.", "://any.", 1);
        BaseUrl::parse_origin(&concrete).map_err(|reason| format!("\"{text}\" {reason}"))?;
        if concrete.contains('*') || text.contains([';', ',', ' ', '\'', '"']) {
            return Err(format!("\"{text}\" is not an origin such as https://hyperspace.example.org"));
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A page of others that ours link to; it may have a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageUrl(String);

impl PageUrl {
    /// Checks a page's URL.
    ///
    /// # Errors
    /// In plain words, what to change.
    pub fn parse(text: &str) -> Result<Self, String> {
        checked(text).map(|(url, _, _)| Self(url.into()))
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        Url::parse(&self.0).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A URL that we may speak to or send people to, its host, and whether it is https.
fn checked(text: &str) -> Result<(Url, String, bool), String> {
    let url = Url::parse(text).map_err(|error| format!("is not a URL ({error}); write https://host/path"))?;
    let host = url.host().ok_or("is not a URL with a host")?;
    let https = match url.scheme() {
        "https" => true,
        "http" if is_loopback(&host) => false,
        "http" => {
            return Err(
                "must begin with https://; http:// is accepted only where the host is loopback".into()
            );
        }
        scheme => return Err(format!("must begin with https://, not {scheme}://")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not carry a user or a password".into());
    }
    let host = host.to_string();
    Ok((url, host, https))
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_for_loopback_only() {
        for good in [
            "http://127.0.0.1:8080",
            "http://127.9.9.9/x/",
            "http://[::1]:1",
            "http://localhost",
            "https://a.example",
        ] {
            assert!(BaseUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://10.0.0.1",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "ftp://localhost",
            "epic",
            "",
        ] {
            assert!(BaseUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_base_has_no_slash_at_its_end_and_nothing_but_a_path() {
        let base =
            BaseUrl::parse("https://Epic.example.org/api/FHIR/R4//").map(|base| base.with_path("/Patient"));
        assert_eq!(base.as_deref(), Ok("https://epic.example.org/api/FHIR/R4/Patient"));
        for bad in
            ["https://u@h.example", "https://u:p@h.example", "https://h.example?x=1", "https://h.example#x"]
        {
            assert!(BaseUrl::parse(bad).is_err(), "{bad}");
        }
        assert!(BaseUrl::parse_origin("https://h.example/").is_ok());
        assert!(BaseUrl::parse_origin("https://h.example/x").is_err());
    }

    #[test]
    fn framing_hosts_cannot_smuggle_another_directive() {
        for good in ["https://hyperspace.example.org", "https://*.example.org", "https://h.example:8443"] {
            assert!(FramingHost::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "*",
            "https://*",
            "https://a.*.example",
            "https://a.example; script-src *",
            "https://a.example/x",
            "'self'",
        ] {
            assert!(FramingHost::parse(bad).is_err(), "{bad}");
        }
    }
}
