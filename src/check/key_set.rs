//! Our own key set as `public_url` gives it out, which is what Epic sees, as far as that can be told from here.

use std::time::Duration;

use awc::http::Method;
use serde_json::Value;
use vestibule_actors::port::clock::instant;

use super::outcome::Checked;
use crate::epic::SigningKeys;
use crate::outbound::{HttpClient, Request, Response};

const WITHIN: Duration = Duration::from_secs(10);
/// What the service itself says; docs/keys.md counts on it.
const KEPT_SECONDS: u64 = 300;

/// Fetches the key set and holds it against the keys of the settings; nothing where there are none.
pub(super) async fn check(url: &str, keys: &SigningKeys) -> Option<Checked> {
    if keys.is_empty() {
        return None;
    }
    let request =
        Request { method: Method::GET, url, headers: Vec::new(), body: None, deadline: instant() + WITHIN };
    let Ok(answer) = HttpClient::of_this_thread().send(request).await else {
        return Some(Checked::warn(
            format!("{url} does not answer from here"),
            "start the service, and fetch this address from outside, as Epic does: it must be reachable without signing in",
        ));
    };
    Some(judge(url, &answer, keys))
}

fn judge(url: &str, answer: &Response, keys: &SigningKeys) -> Checked {
    let status = answer.status.as_u16();
    if status != 200 {
        return Checked::fail(
            format!("{url} answers with status {status}"),
            "check server.public_url and the proxy before the service: the address must lead to it unchanged, without signing in",
        );
    }
    let published: Vec<String> = ids(answer.json().as_ref());
    let missing: Vec<String> =
        keys.public_keys().map(|key| key.id).filter(|id| !published.contains(id)).collect();
    if !missing.is_empty() {
        return Checked::fail(
            format!("{url} does not have these keys of the settings: {}", missing.join(", ")),
            "check that every node was restarted with these settings, and that nothing between keeps an old answer",
        );
    }
    match kept_seconds(answer) {
        Some(seconds) if seconds <= KEPT_SECONDS => {
            Checked::Pass(format!("has {} and may be kept for {seconds} s", count(published.len())))
        }
        _ => Checked::warn(
            format!(
                "has {}, and nothing says that it may be kept for {KEPT_SECONDS} s at most",
                count(published.len())
            ),
            "have the proxy leave Cache-Control as it is; until then Epic keeps a key set for up to 29 hours, and a rotation has to wait as long",
        ),
    }
}

fn ids(set: Option<&Value>) -> Vec<String> {
    let keys = set.and_then(|set| set.get("keys")).and_then(Value::as_array);
    let id = |key: &Value| Some(key.get("kid")?.as_str()?.to_owned());
    keys.map(|keys| keys.iter().filter_map(id).collect()).unwrap_or_default()
}

fn kept_seconds(answer: &Response) -> Option<u64> {
    let control = answer.header("cache-control")?;
    control.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok())
}

fn count(keys: usize) -> String {
    if keys == 1 { "1 key".to_owned() } else { format!("{keys} keys") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epic::{KeyBits, fresh_private_key};
    use crate::outbound::testing::{Reply, Server};

    async fn found(status: u16, control: Option<&str>, body: String, keys: &SigningKeys) -> Checked {
        let headers: Vec<(&'static str, String)> =
            control.into_iter().map(|control| ("cache-control", control.to_owned())).collect();
        let service = Server::start(move |_| Reply::With(status, headers.clone(), body.clone())).await;
        check(&format!("{}/jwks.json", service.base), keys).await.unwrap()
    }

    #[actix_web::test]
    async fn e41_the_key_set_has_to_be_ours_and_to_be_kept_no_longer_than_it_says() {
        let one = fresh_private_key(KeyBits::Bits2048).unwrap();
        let other = fresh_private_key(KeyBits::Bits2048).unwrap();
        let (ours, both) = (SigningKeys::load([&one]).unwrap(), SigningKeys::load([&one, &other]).unwrap());
        let control = Some("public, max-age=300");
        let passes = found(200, control, both.jwks_json(), &ours).await;
        assert!(matches!(&passes, Checked::Pass(what) if what == "has 2 keys and may be kept for 300 s"));
        let old = found(200, control, ours.jwks_json(), &both).await;
        assert!(matches!(&old, Checked::Fail { what, .. } if what.contains("does not have these keys")));
        let page = found(200, control, "<html>sign in</html>".to_owned(), &ours).await;
        assert!(matches!(page, Checked::Fail { .. }));
        let closed = found(403, control, String::new(), &ours).await;
        assert!(matches!(&closed, Checked::Fail { what, .. } if what.contains("status 403")));
        for long in [None, Some("public, max-age=86400")] {
            let kept = found(200, long, ours.jwks_json(), &ours).await;
            assert!(
                matches!(&kept, Checked::Warn { what, .. } if what.contains("300 s at most")),
                "{long:?}"
            );
        }
        let away = check("http://127.0.0.1:1/jwks.json", &ours).await.unwrap();
        assert!(matches!(&away, Checked::Warn { what, .. } if what.contains("does not answer from here")));
        assert!(check("http://127.0.0.1:1/jwks.json", &SigningKeys::default()).await.is_none());
    }
}
