//! The query of an address that others wrote: whatever is in it, people get a page and never a message of the framework.

use std::borrow::Cow;

use actix_web::HttpRequest;
use url::form_urlencoded;

/// A parameter stands there more than once, with different values: nobody can say which one is meant (RFC 6749, 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contradiction;

/// The parameters of a request.
pub(super) struct Parameters<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Parameters<'a> {
    pub(super) fn of(request: &'a HttpRequest) -> Self {
        Self(form_urlencoded::parse(request.query_string().as_bytes()).collect())
    }

    /// A parameter that is there and not empty. The same value twice is one value.
    pub(super) fn one(&self, name: &str) -> Result<Option<String>, Contradiction> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
        let Some(first) = values.next() else { return Ok(None) };
        if values.any(|other| other != first) {
            return Err(Contradiction);
        }
        Ok(Some(first.clone().into_owned()).filter(|value| !value.is_empty()))
    }
}

/// The first value of a parameter on which nothing but the looks of a page depends.
pub(super) fn first(request: &HttpRequest, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(request.query_string().as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Whether nothing but this parameter stands there, if that.
pub(super) fn has_only(request: &HttpRequest, name: &str) -> bool {
    form_urlencoded::parse(request.query_string().as_bytes()).all(|(key, _)| key == name)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn every_query_can_be_read() {
        let at = |query: &str| TestRequest::with_uri(&format!("/x?{query}")).to_http_request();
        let one = |query: &str| Parameters::of(&at(query)).one("iss");
        assert_eq!(one("iss=a%26b&launch=x"), Ok(Some("a&b".to_owned())));
        assert_eq!(one("iss=a&iss=a"), Ok(Some("a".to_owned())));
        assert_eq!(one("iss=a&iss=b"), Err(Contradiction));
        assert_eq!(one("iss=&iss=b"), Err(Contradiction));
        for nothing in ["", "iss", "iss=", "ISS=a", "&&=&", "%=%%%", "x=%ff"] {
            assert_eq!(one(nothing), Ok(None), "{nothing}");
        }
        assert_eq!(first(&at("lang=es&lang=en"), "lang").as_deref(), Some("es"));
        assert_eq!(first(&at("x=%ff"), "x").as_deref(), Some("\u{fffd}"));
    }
}
