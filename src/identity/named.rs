//! Somebody whom an issuer has named.

use serde_json::Value;
use vestibule_domain::time::Moment;

use crate::jwt;

/// Directories know people under names of at most so many characters.
const LONGEST_NAME: usize = 128;
const LONGEST_VALUE: usize = 256;
/// Of more values those are kept that a grant asks for, and then the first.
const MOST_VALUES: usize = 200;

/// Somebody whom an issuer has named, and what their role claim says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// For the audit.
    pub name: String,
    pub values: Vec<String>,
    /// When the token ends.
    pub until: Moment,
}

impl Named {
    /// Reads the claims of a token that is believed; nothing where they name nobody.
    pub(super) fn read(
        claims: &Value,
        name_claim: &str,
        role_claim: Option<&str>,
        asked_for: impl Fn(&str) -> bool,
    ) -> Option<Self> {
        let name = claim(claims, name_claim).and_then(Value::as_str).and_then(name)?;
        let mut values = role_claim.and_then(|role| claim(claims, role)).map(values).unwrap_or_default();
        values.retain(|value| value.len() <= LONGEST_VALUE);
        values.sort_by_key(|value| !asked_for(value));
        values.truncate(MOST_VALUES);
        let until = Moment(jwt::seconds(claims, "exp")?.saturating_mul(1000));
        Some(Self { name, values, until })
    }
}

/// A claim by its name, or by its way through objects: `realm_access.roles`.
pub(super) fn claim<'a>(claims: &'a Value, name: &str) -> Option<&'a Value> {
    claims.get(name).or_else(|| name.split('.').try_fold(claims, |inner, name| inner.get(name)))
}

fn name(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && !text.chars().any(char::is_control);
    fits.then(|| text.chars().take(LONGEST_NAME).collect())
}

/// A list of texts; or a text, which means itself and, as in `scope`, each of its words.
fn values(claim: &Value) -> Vec<String> {
    match claim {
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(text) => {
            let mut values: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            if values.len() > 1 {
                values.insert(0, text.clone());
            }
            values
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn named(claims: &Value, role: &str) -> Option<Named> {
        Named::read(claims, "sub", Some(role), |value| value == "wanted")
    }

    #[test]
    fn roles_are_found_wherever_providers_put_them() {
        for (claims, role, values) in [
            (json!({"groups": ["a", "b", 5]}), "groups", vec!["a", "b"]),
            (json!({"realm_access": {"roles": ["a"]}}), "realm_access.roles", vec!["a"]),
            (json!({"https://x.example/roles": "a"}), "https://x.example/roles", vec!["a"]),
            (json!({"scope": "a b"}), "scope", vec!["a b", "a", "b"]),
            (json!({"groups": {"a": 1}}), "groups", vec![]),
            (json!({}), "groups", vec![]),
        ] {
            let mut claims = claims;
            claims["sub"] = json!("somebody");
            claims["exp"] = json!(5);
            let named = named(&claims, role).unwrap();
            assert_eq!(
                (named.values, named.until),
                (values.into_iter().map(str::to_owned).collect(), Moment(5000))
            );
        }
    }

    #[test]
    fn what_is_kept_of_somebody_is_bounded() {
        let mut groups: Vec<String> = (0..500).map(|n| format!("group-{n}")).collect();
        groups.push("wanted".to_owned());
        groups.push("x".repeat(LONGEST_VALUE + 1));
        let found = named(&json!({"sub": "s".repeat(500), "exp": 1, "groups": groups}), "groups").unwrap();
        assert_eq!((found.values.len(), found.values[0].as_str()), (MOST_VALUES, "wanted"));
        assert_eq!(found.name.len(), LONGEST_NAME);
        for nobody in [
            json!({"exp": 1}),
            json!({"sub": " ", "exp": 1}),
            json!({"sub": "a\nb", "exp": 1}),
            json!({"sub": 1, "exp": 1}),
        ] {
            assert_eq!(named(&nobody, "groups"), None, "{nobody}");
        }
    }
}
