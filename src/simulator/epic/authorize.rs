//! The authorization endpoint, strict: the launch knows the user, so the login is automatic.

use std::time::Duration;

use super::super::clock::millis;
use super::state::Grant;
use super::{FakeEpic, OWN_WORDS};

const CODE_LIFE: Duration = Duration::from_secs(300);

/// Where the browser is sent, or that it is shown an error page because there is no safe place to send it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Authorized {
    Redirect(String),
    ErrorPage(&'static str),
}

struct Refusal {
    error: &'static str,
    why: &'static str,
}

fn refuse<T>(error: &'static str, why: &'static str) -> Result<T, Refusal> {
    Err(Refusal { error, why })
}

impl FakeEpic {
    pub(super) fn authorize(&self, parameters: &[(String, String)]) -> Authorized {
        let ask =
            |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        if ask("client_id") != Some(self.site().client_id.as_str()) {
            return Authorized::ErrorPage("The client is not known.");
        }
        let Some(redirect_uri) = ask("redirect_uri").filter(|uri| *uri == self.site().redirect_uri) else {
            return Authorized::ErrorPage("The redirect URI is not the registered one.");
        };
        let mut answer = url::form_urlencoded::Serializer::new(String::new());
        match self.grant(&ask, redirect_uri) {
            Ok(code) => answer.append_pair("code", &code),
            Err(refusal) => {
                let why = format!("{OWN_WORDS}: {}", refusal.why);
                answer.append_pair("error", refusal.error).append_pair("error_description", &why)
            }
        };
        if let Some(state) = ask("state") {
            answer.append_pair("state", state);
        }
        let joint = if redirect_uri.contains('?') { '&' } else { '?' };
        Authorized::Redirect(format!("{redirect_uri}{joint}{}", answer.finish()))
    }

    fn grant<'a>(
        &self,
        ask: &impl Fn(&str) -> Option<&'a str>,
        redirect_uri: &str,
    ) -> Result<String, Refusal> {
        if ask("response_type") != Some("code") {
            return refuse("unsupported_response_type", "response_type must be code");
        }
        let scope = ask("scope").unwrap_or_default();
        if !scope.split(' ').any(|word| word == "launch") {
            return refuse("invalid_scope", "scope must hold launch");
        }
        if ask("aud").map(|aud| aud.trim_end_matches('/')) != Some(self.site().fhir_base().as_str()) {
            return refuse("invalid_request", "aud must be the FHIR base");
        }
        if ask("state").is_none_or(str::is_empty) {
            return refuse("invalid_request", "state is missing");
        }
        if ask("code_challenge_method") != Some("S256") {
            return refuse("invalid_request", "code_challenge_method must be S256");
        }
        // Base64url of a SHA-256 has 43 characters.
        let Some(challenge) = ask("code_challenge").filter(|challenge| challenge.len() == 43) else {
            return refuse("invalid_request", "code_challenge is missing or not of S256");
        };
        let now = self.now();
        self.with(|state| {
            let launch = match state.launches.get_mut(ask("launch").unwrap_or_default()) {
                Some(launch) if !launch.used && launch.expires_at > now => launch,
                _ => return refuse("invalid_request", "launch is unknown, expired or used"),
            };
            launch.used = true;
            let grant = Grant {
                launch: launch.clone(),
                redirect_uri: redirect_uri.to_owned(),
                challenge: challenge.to_owned(),
                scope: scope.to_owned(),
                nonce: ask("nonce").map(str::to_owned),
                expires_at: now + millis(CODE_LIFE),
            };
            state.tidy(now);
            let code = state.chance.token(48);
            state.codes.insert(code.clone(), grant);
            Ok(code)
        })
    }
}
