//! Telling Epic who is connected, and what came out of device tests: one attempt with credentials, in the dialect that the organization's Epic speaks.
//!
//! A dialect is a file of its own and says what is asked, and where. Credentials, the time-out, the second try after a 401 and what follows
//! from an answer are the same for all.

mod answer;
mod connection2018;
mod telehealth2020;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use awc::http::Method;
use bytes::Bytes;
use tokio::time::{Instant, timeout_at};
use vestibule_actors::port::clock::instant;
use vestibule_actors::port::epic::EpicAnswer;
use vestibule_domain::effect::Update;
use vestibule_domain::id::{VisitId, VisitKey};
use vestibule_domain::visit::participant::Role;

use super::client::{EpicClient, EpicSite};
use super::config::EpicConfig;
use crate::outbound::client::until;
use crate::outbound::{NoAnswer, Request, Response, TokenFailure, oauth};
use crate::settings::{StatusAuth, StatusDialect};
#[cfg(test)]
pub(crate) use answer::every_hint;
pub(super) use answer::{code, no_such_organization};
use answer::{judge, no_words, without_token};

/// What a dialect asks of Epic.
pub(super) struct Call {
    pub(super) method: Method,
    /// Complete and encoded.
    pub(super) url: String,
    /// JSON.
    pub(super) body: Option<Bytes>,
}

impl Call {
    /// The call that tells Epic of an update; none where the dialect has no words for it.
    fn of(config: &EpicConfig, visit: &VisitKey, update: &Update) -> Option<Self> {
        match config.status_dialect {
            StatusDialect::ConnectionStatus2018 => connection2018::call(config, visit, update),
            StatusDialect::Telehealth2020 => Some(telehealth2020::call(config, visit, update)),
        }
    }

    /// A call that says nothing, so that the service refuses it before it does anything.
    pub(super) fn of_nothing(config: &EpicConfig) -> Self {
        match config.status_dialect {
            StatusDialect::ConnectionStatus2018 => connection2018::nothing(config),
            StatusDialect::Telehealth2020 => telehealth2020::nothing(config),
        }
    }
}

impl EpicClient {
    /// One attempt: token and request within the organization's time-out, and once more with a new token after a 401.
    pub(super) async fn send_status(
        &self,
        site: &Arc<EpicSite>,
        visit: &VisitKey,
        update: &Update,
    ) -> EpicAnswer {
        let config = &site.config;
        let deadline = instant() + config.timeout;
        let Some(call) = Call::of(config, visit, update) else { return no_words() };
        let judge = |answer| judge(answer, config.status_dialect, self.clock.now());
        if let StatusAuth::Basic { user, password } = &config.status_auth {
            let authorization = oauth::basic(&emp(user), password.expose());
            return judge(self.make(site, &call, Some(authorization), deadline).await);
        }
        // The status of the first answer, where it was that our token is not taken.
        let mut refused = None;
        loop {
            let token = timeout_at(deadline, self.backend_token(site)).await;
            let token = match token.unwrap_or(Err(TokenFailure::Unavailable)) {
                Ok(token) => token,
                // The 401 before it may have been about an old token; only one with a fresh token tells of us.
                Err(failure) => {
                    return EpicAnswer { resp_code: refused.unwrap_or(0), ..without_token(&failure) };
                }
            };
            let answer = self.make(site, &call, Some(token.header()), deadline).await;
            let unauthorized = answer.as_ref().is_ok_and(|answer| answer.status.as_u16() == 401);
            if unauthorized {
                site.backend.forget(&token);
            }
            if !unauthorized || refused.is_some() {
                return judge(answer);
            }
            refused = Some(401);
        }
    }

    /// Makes a call once.
    pub(super) async fn make(
        &self,
        site: &EpicSite,
        call: &Call,
        authorization: Option<String>,
        deadline: Instant,
    ) -> Result<Response, NoAnswer> {
        let config = &site.config;
        let mut headers = vec![("epic-client-id", config.client_id.clone())];
        headers.extend(authorization.map(|value| ("authorization", value)));
        let body = call.body.clone().map(|body| ("application/json", body));
        let deadline = until(config.timeout, deadline);
        let sent =
            self.http.send(Request { method: call.method.clone(), url: &call.url, headers, body, deadline });
        site.clock.compared(self.clock.now(), sent).await
    }
}

/// How Epic wants to be told a user of its own.
pub(super) fn emp(user: &str) -> String {
    format!("emp${user}")
}

/// What Epic calls the conference: the key of the visit, whichever kind it is.
fn conference(visit: &VisitKey) -> &str {
    match &visit.visit {
        VisitId::Csn(csn) => csn.as_str(),
        VisitId::Conference(id) => id.as_str(),
    }
}

/// The kind of a person's id: as their launch said it, else by their role.
fn external_id_type<'a>(config: &'a EpicConfig, update: &'a Update) -> &'a str {
    let by_role = match update.role {
        Role::Provider => &config.external_id_types.provider,
        Role::Patient | Role::Proxy | Role::Guest | Role::Unidentified => &config.external_id_types.patient,
    };
    update.external_id_type.as_ref().map_or(by_role.as_str(), |kind| kind.as_str())
}
