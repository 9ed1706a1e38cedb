//! Whatever stands in the address of a launch is read, or refused as one, and never ends a worker.

use actix_web::test::TestRequest;
use proptest::prelude::*;

use super::*;
use crate::http::query::Contradiction;

fn payload_of(query: &str) -> Result<Option<String>, Contradiction> {
    let request = TestRequest::with_uri(&format!("/x?{query}")).to_http_request();
    encrypted::payload(&Parameters::of(&request))
}

#[test]
fn e10_a_payload_comes_under_either_name_and_under_both_only_as_one() {
    let some = |text: &str| Ok(Some(text.to_owned()));
    assert_eq!(payload_of("data=a%2Bb"), some("a+b"));
    assert_eq!(payload_of("extDataType=1&extData=a+b"), some("a b"));
    assert_eq!(payload_of("data=a&extData=a&data=a"), some("a"));
    for two in ["data=a&extData=b", "data=a&data=b", "extData=a&extData=b"] {
        assert_eq!(payload_of(two), Err(Contradiction), "{two}");
    }
    for none in ["", "data", "data=", "data=&extData=", "DATA=a", "Data=a", "x=data"] {
        assert_eq!(payload_of(none), Ok(None), "{none}");
    }
    assert_eq!(payload_of("data=&extData=a"), some("a"));
}

proptest! {
    #[test]
    fn e10_every_address_is_read(
        kind in "\\PC{0,20}",
        names in proptest::collection::vec("(data|extData|acc_id|org_id|iss|launch|[!-~]{0,6})", 0..8),
        values in proptest::collection::vec("[a-zA-Z0-9%+=._~-]{0,60}", 8),
    ) {
        let escaped = |name: &String| url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>();
        let pairs: Vec<String> =
            names.iter().zip(&values).map(|(name, value)| format!("{}={value}", escaped(name))).collect();
        let request = TestRequest::with_uri(&format!("/x?{}", pairs.join("&"))).to_http_request();
        let parameters = Parameters::of(&request);
        let said = |either: &[&str]| {
            let of_name = names.iter().zip(&values).filter(|(name, _)| either.contains(&name.as_str()));
            of_name.map(|(_, value)| value).collect::<std::collections::BTreeSet<_>>().len()
        };
        match encrypted::payload(&parameters) {
            Ok(payload) => prop_assert!(payload.is_none() || said(&["data", "extData"]) > 0),
            Err(Contradiction) => prop_assert!(said(&["data", "extData"]) > 1),
        }
        prop_assert!(Asked::by_query(&parameters).is_ok() || said(&["acc_id"]) > 1 || said(&["org_id"]) > 1);
        prop_assert_eq!(LaunchKind::parse(&kind).is_ok(), ["provider", "patient"].contains(&kind.as_str()));
    }
}
