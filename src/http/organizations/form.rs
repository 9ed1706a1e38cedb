//! What somebody typed into the page, as settings.
//!
//! A field is named by its setting. Empty says nothing, so that the default holds; a secret that is left empty stays as it is, and is taken away
//! by a box of its own.

use std::collections::BTreeMap;

use percent_encoding::percent_decode;
use url::form_urlencoded;

use crate::http::problem::ApiError;
use crate::settings::{Kind, Setting, Values, organization_settings};

/// Before the key of a secret: it is to be taken away.
pub(super) const FORGET: &str = "forget.";

/// What a form brings.
pub(super) struct Typed {
    pub values: Values,
    /// Those that are given anew.
    pub secrets: BTreeMap<String, String>,
    /// Those that are taken away.
    pub forgotten: Vec<String>,
    /// Everything else, such as the version that the page showed.
    pub rest: BTreeMap<String, String>,
}

/// The fields of a body. What names no setting stays beside.
///
/// # Errors
/// [`ApiError::BadRequest`] for a field that comes twice, and for what is no UTF-8.
pub(super) fn typed(body: &[u8]) -> Result<Typed, ApiError> {
    // Read as it is, it would be kept with other letters than were meant.
    if percent_decode(body).decode_utf8().is_err() {
        return Err(ApiError::BadRequest("the form is not written in UTF-8; nothing was changed".to_owned()));
    }
    let mut all = BTreeMap::new();
    for (name, text) in form_urlencoded::parse(body) {
        if all.insert(name.to_string(), text.to_string()).is_some() {
            return Err(ApiError::BadRequest(format!("`{name}` comes twice")));
        }
    }
    let mut typed = Typed {
        values: Values::new(),
        secrets: BTreeMap::new(),
        forgotten: Vec::new(),
        rest: BTreeMap::new(),
    };
    for setting in organization_settings() {
        let text = all.remove(&setting.key).unwrap_or_default().replace("\r\n", "\n");
        let forget = all.remove(&format!("{FORGET}{}", setting.key)).is_some();
        let text = text.trim();
        if setting.is_secret() {
            if !text.is_empty() {
                typed.secrets.insert(setting.key.clone(), as_value(setting, text));
            } else if forget {
                typed.forgotten.push(setting.key.clone());
            }
        } else if !text.is_empty() {
            typed.values.insert(setting.key.clone(), as_value(setting, text));
        }
    }
    typed.rest = all;
    Ok(typed)
}

/// As it is kept: several entries, one on each line, become the list that a setting of the environment is written as.
pub(super) fn as_value(setting: &Setting, text: &str) -> String {
    match setting.kind {
        Kind::List | Kind::Secrets => {
            let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            serde_json::to_string(&lines).unwrap_or_default()
        }
        _ => text.to_owned(),
    }
}

/// As it is shown: the reverse. What is no list stays as it was typed.
pub(super) fn as_typed(setting: &Setting, value: &str) -> String {
    match setting.kind {
        Kind::List | Kind::Secrets => {
            let lines: Option<Vec<String>> = serde_json::from_str(value).ok();
            lines.map_or_else(|| value.to_owned(), |lines| lines.join("\n"))
        }
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_says_nothing_and_lists_have_a_line_for_each() {
        let body = "name=+Riverside+&reopen_hours=&epic.scopes=launch%0D%0A%0D%0Aopenid&zoom.client_secret=s3cret&\
                    forget.epic.client_secret=on&base=4";
        let typed = typed(body.as_bytes()).unwrap();
        assert_eq!(typed.values.get("name").map(String::as_str), Some("Riverside"));
        assert_eq!(typed.values.get("epic.scopes").map(String::as_str), Some("[\"launch\",\"openid\"]"));
        assert_eq!(typed.values.len(), 2);
        assert_eq!(typed.secrets.keys().collect::<Vec<_>>(), ["zoom.client_secret"]);
        assert_eq!(typed.forgotten, ["epic.client_secret"]);
        assert_eq!(typed.rest.get("base").map(String::as_str), Some("4"));
        let scopes = organization_settings().iter().find(|one| one.key == "epic.scopes").unwrap();
        assert_eq!(as_typed(scopes, "[\"launch\",\"openid\"]"), "launch\nopenid");
        assert!(super::typed(b"name=a&name=b").is_err());
        for bad in [&b"name=%FF"[..], b"name=\xc3", b"%C3=x"] {
            assert!(super::typed(bad).is_err(), "no UTF-8");
        }
    }
}
