//! Reading other people's JSON: a field of another type than expected is an absent field, never an error.

use serde_json::Value;
use url::Url;
use vestibule_domain::id::MeetingId;

use crate::settings::BaseUrl;

/// The text of a field; empty and blank texts are absent.
#[must_use]
pub fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get(field)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// An address that metadata name. They may not send credentials over the open network: https, or http on loopback, as in the settings.
#[must_use]
pub fn endpoint<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    text(object, field).filter(|text| {
        let Ok(mut url) = Url::parse(text) else { return false };
        url.set_query(None);
        url.fragment().is_none() && BaseUrl::parse(url.as_str()).is_ok()
    })
}

/// The text of a field that some write as a number.
#[must_use]
pub fn text_or_number(object: &Value, field: &str) -> Option<String> {
    match object.get(field)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The whole number of a field that some write as a text.
#[must_use]
pub fn integer(object: &Value, field: &str) -> Option<i64> {
    match object.get(field)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A Zoom meeting id: a number in some places, a text in others.
#[must_use]
pub fn meeting_id(object: &Value, field: &str) -> Option<MeetingId> {
    match object.get(field)? {
        Value::Number(number) => number.as_u64().filter(|id| *id > 0).map(MeetingId),
        Value::String(text) => MeetingId::from_pasted(text),
        _ => None,
    }
}

/// A truth value, and nothing that merely looks like one.
#[must_use]
pub fn boolean(object: &Value, field: &str) -> Option<bool> {
    object.get(field)?.as_bool()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_as_expected_is_absent() {
        let object =
            json!({"a": " x ", "b": "", "c": 12, "d": "34", "e": [1], "f": null, "g": true, "h": 1.5});
        assert_eq!(text(&object, "a"), Some("x"));
        for field in ["b", "c", "e", "f", "none"] {
            assert_eq!(text(&object, field), None, "{field}");
        }
        assert_eq!(text_or_number(&object, "c").as_deref(), Some("12"));
        assert_eq!(integer(&object, "d"), Some(34));
        assert_eq!(integer(&object, "h"), None);
        assert_eq!(boolean(&object, "g"), Some(true));
        assert_eq!(boolean(&object, "a"), None);
        assert_eq!(text(&json!([1, 2]), "a"), None);
    }
}
