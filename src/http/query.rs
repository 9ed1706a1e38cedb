//! The query of an address that others wrote: whatever is in it, people get a page and never a message of the framework.

use actix_web::HttpRequest;
use url::form_urlencoded;

/// The first value of a parameter on which nothing but the looks of a page depends.
pub(super) fn first(request: &HttpRequest, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(request.query_string().as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn every_query_can_be_read() {
        let at = |query: &str| TestRequest::with_uri(&format!("/x?{query}")).to_http_request();
        assert_eq!(first(&at("lang=es&lang=en"), "lang").as_deref(), Some("es"));
        assert_eq!(first(&at("x=%ff"), "x").as_deref(), Some("\u{fffd}"));
        for nothing in ["", "LANG=es", "&&=&", "%=%%%"] {
            assert_eq!(first(&at(nothing), "lang"), None, "{nothing}");
        }
    }
}
