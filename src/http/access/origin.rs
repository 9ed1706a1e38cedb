//! Where a request comes from: which page sent it, and under which name it reached us.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header;
use url::{Host, Url};

use crate::settings::BaseUrl;

/// Whether a request that changes something, or opens a websocket, comes from a page of ours or from no page at all.
///
/// Browsers say so themselves by `Sec-Fetch-Site`, which no script can set; it alone is there when a page's referrer policy
/// makes the browser write `Origin: null` for a form. Where it is missing, `Origin` must be the public address or the one that
/// the request was sent to. Programs send neither.
pub fn is_same_site(request: &HttpRequest, public_url: &BaseUrl) -> bool {
    let site = text(request, "sec-fetch-site");
    let origin = text(request, header::ORIGIN.as_str());
    match (site, origin) {
        (Some("same-origin" | "none"), None | Some("null")) => true,
        (Some("same-origin" | "none") | None, Some(origin)) => is_ours(request, origin, public_url),
        (None, None) => true,
        (Some(_), _) => false,
    }
}

/// Whether a request says where it comes from at all. Every browser does so with a form.
pub fn names_its_page(request: &HttpRequest) -> bool {
    text(request, "sec-fetch-site").is_some() || text(request, header::ORIGIN.as_str()).is_some()
}

fn is_ours(request: &HttpRequest, origin: &str, public_url: &BaseUrl) -> bool {
    let Ok(url) = Url::parse(origin) else { return false };
    if url.origin().ascii_serialization().eq_ignore_ascii_case(public_url.as_str()) {
        return true;
    }
    let Some((_, authority)) = origin.split_once("://") else { return false };
    every_name(request, |name| name.eq_ignore_ascii_case(authority))
}

/// Whether every name that the request gives us is one of the machine itself. A page of another site whose name was made to lead
/// here (DNS rebinding) is told by its name.
pub fn is_named_loopback(request: &HttpRequest) -> bool {
    every_name(request, is_loopback_name)
}

/// Whether the request has a name at all, and all of them are as wanted.
fn every_name(request: &HttpRequest, wanted: impl Fn(&str) -> bool) -> bool {
    names(request).is_some_and(|names| !names.is_empty() && names.iter().all(|name| wanted(name)))
}

/// The names, with their ports, that the request was sent to: of its `Host` header and of its target. `None` where one cannot
/// be read or `Host` comes twice.
fn names(request: &HttpRequest) -> Option<Vec<String>> {
    let mut names = Vec::with_capacity(2);
    let mut hosts = request.headers().get_all(header::HOST);
    if let Some(host) = hosts.next() {
        names.push(host.to_str().ok()?.to_owned());
    }
    if hosts.next().is_some() {
        return None;
    }
    names.extend(request.uri().authority().map(|authority| authority.as_str().to_owned()));
    Some(names)
}

fn is_loopback_name(name: &str) -> bool {
    let Ok(url) = Url::parse(&format!("http://{name}/")) else { return false };
    if !url.username().is_empty() || url.path() != "/" {
        return false;
    }
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        None => false,
    }
}

fn text<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    // What cannot be read as text is no origin of ours.
    request.headers().get(name).map(|value| value.to_str().unwrap_or("unreadable"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn public() -> BaseUrl {
        BaseUrl::parse("https://video.example.org").unwrap()
    }

    fn same_site(headers: &[(&'static str, &'static str)]) -> bool {
        let request = headers
            .iter()
            .fold(TestRequest::post().uri("/sign-in"), |request, header| request.insert_header(*header));
        is_same_site(&request.to_http_request(), &public())
    }

    #[test]
    fn our_own_pages_and_programs_may_post() {
        for good in [
            &[][..],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://video.example.org")],
            &[("sec-fetch-site", "same-origin"), ("origin", "null")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://video.example.org")],
            &[("host", "127.0.0.1:8081"), ("origin", "http://127.0.0.1:8081")],
        ] {
            assert!(same_site(good), "{good:?}");
        }
    }

    #[test]
    fn pages_of_others_may_not() {
        for bad in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("origin", "https://video.example.org.evil.example")],
            &[("origin", "http://video.example.org")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://video.example.org")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
            &[("host", "127.0.0.1:8081"), ("origin", "http://127.0.0.1:9999")],
            &[("origin", "")],
        ] {
            assert!(!same_site(bad), "{bad:?}");
        }
    }

    #[test]
    fn only_loopback_names_are_ours_in_loopback_mode() {
        let named = |host: &'static str| {
            is_named_loopback(&TestRequest::get().insert_header(("host", host)).to_http_request())
        };
        for good in
            ["localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080"]
        {
            assert!(named(good), "{good}");
        }
        for bad in [
            "video.example.org",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "user@localhost",
            "localhost/evil",
            "",
            "0.0.0.0",
        ] {
            assert!(!named(bad), "{bad}");
        }
        assert!(!is_named_loopback(&TestRequest::get().to_http_request()), "no name at all");
    }

    #[test]
    fn a_target_of_another_name_is_not_ours_whatever_the_host_header_says() {
        let request = TestRequest::get().uri("http://evil.example/ops").insert_header(("host", "localhost"));
        assert!(!is_named_loopback(&request.to_http_request()));
    }
}
