//! Percent-encoding of one piece of a URL: everything but the characters that RFC 3986 calls unreserved.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One path segment or one value of a query, encoded.
#[must_use]
pub fn encode(piece: &str) -> String {
    utf8_percent_encode(piece, RESERVED).to_string()
}

/// `name=value&…`, both encoded; a blank becomes `%20`, which everybody reads alike.
#[must_use]
pub fn query(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// A URL with a query behind it, whether or not it has one already.
#[must_use]
pub fn with_query(url: &str, pairs: &[(&str, &str)]) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{}", query(pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_mean_something_is_encoded() {
        assert_eq!(encode("a+b@x.org"), "a%2Bb%40x.org");
        assert_eq!(encode("/aj//Xp=="), "%2Faj%2F%2FXp%3D%3D");
        assert_eq!(encode("../é"), "..%2F%C3%A9");
        assert_eq!(with_query("https://h/p?x=1", &[("a b", "c&d")]), "https://h/p?x=1&a%20b=c%26d");
        assert_eq!(with_query("https://h/p", &[("a", "")]), "https://h/p?a=");
    }
}
