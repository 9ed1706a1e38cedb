//! For whom a token is, and when.

use serde_json::Value;
use vestibule_domain::time::Moment;

/// By how much the issuer's clock and ours may differ.
const SKEW_SECONDS: i64 = 60;

/// Whether a token is for this client or service, alone or among others.
#[must_use]
pub fn is_for(claims: &Value, me: &str) -> bool {
    let in_audience = match claims.get("aud") {
        Some(Value::String(one)) => one == me,
        Some(Value::Array(several)) => several.iter().any(|one| one == me),
        _ => false,
    };
    in_audience && !me.is_empty()
}

/// Whether a token is good at this time: it has an end that is not past, and no beginning that is ahead.
#[must_use]
pub fn is_current(claims: &Value, now: Moment) -> bool {
    let now = now.0.div_euclid(1000);
    let early = |name: &str| {
        // A time that nobody can read is not one that has come.
        let unread = claims.get(name).is_some() && seconds(claims, name).is_none();
        unread || seconds(claims, name).is_some_and(|begin| begin.saturating_sub(SKEW_SECONDS) > now)
    };
    let ended = seconds(claims, "exp").is_none_or(|until| until.saturating_add(SKEW_SECONDS) < now);
    !ended && !early("iat") && !early("nbf")
}

/// A claim that is a time, in seconds since 1970; some issuers write fractions.
#[must_use]
pub fn seconds(claims: &Value, name: &str) -> Option<i64> {
    let value = claims.get(name)?;
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Moment = Moment(1_000_000_000);

    #[test]
    fn a_token_has_a_time_of_its_own() {
        let now = NOW.0 / 1000;
        for good in [
            json!({"exp": now + 1}),
            json!({"exp": now - 60, "nbf": now + 60, "iat": now + 60}),
            json!({"exp": 1_000_000.5}),
        ] {
            assert!(is_current(&good, NOW), "{good}");
        }
        for bad in [
            json!({}),
            json!({"exp": now - 61}),
            json!({"exp": "never"}),
            json!({"exp": now + 9, "nbf": now + 61}),
            json!({"exp": now + 9, "iat": now + 61}),
            json!({"exp": now + 9, "nbf": "long ago"}),
        ] {
            assert!(!is_current(&bad, NOW), "{bad}");
        }
    }

    #[test]
    fn a_token_for_others_is_not_for_us() {
        assert!(is_for(&json!({"aud": "us"}), "us") && is_for(&json!({"aud": ["them", "us"]}), "us"));
        for bad in [
            json!({}),
            json!({"aud": "them"}),
            json!({"aud": []}),
            json!({"aud": {"us": 1}}),
            json!({"aud": "us "}),
        ] {
            assert!(!is_for(&bad, "us"), "{bad}");
        }
        assert!(!is_for(&json!({"aud": ""}), ""));
    }
}
