//! What is asked of an organization's Zoom account, and of our own webhook as Zoom sees it.

use std::sync::Arc;
use std::time::Duration;

use awc::http::Method;
use bytes::Bytes;
use serde_json::{Value, json};
use vestibule_actors::port::clock::{Clock, Randomness, SharedClock, instant};
use vestibule_actors::port::store::SharedStore;
use vestibule_domain::id::OrganizationId;

use super::outcome::{Checked, Report};
use super::sides::Checks;
use crate::outbound::{HttpClient, Request, lenient};
use crate::service::on_redis;
use crate::settings::{Authorization, BaseUrl, Organization, Secret, Settings, StoreUrl};
use crate::store::redis::RedisStore;
use crate::store::{EmbeddedSettings, EmbeddedStore};
use crate::system::{SystemClock, SystemRandomness};
use crate::zoom::RestError;
use crate::zoom::connection::{Standing, copy};
use crate::zoom::scopes::{self, Wants};
use crate::zoom::webhook::{OURS, SIGNATURE, TIMESTAMP, header_of, url_validation_answer};

/// Our own webhook may take so long.
const WITHIN: Duration = Duration::from_secs(10);

impl Checks {
    pub(super) async fn zoom(
        &self,
        organization: &OrganizationId,
        settings: &Organization,
        report: &mut Report,
    ) {
        if self.accounts.config(organization).is_some_and(|zoom| zoom.authorization == Authorization::Oauth) {
            return self.zoom_by_consent(organization, settings, report).await;
        }
        let Some(token) = self.zoom.probe_token(organization).await else { return };
        let advice =
            "check zoom.account_id, zoom.client_id and zoom.client_secret, and that the app is activated";
        let has_token = token.is_ok();
        report.add(
            Some(organization),
            "zoom: token",
            Checked::of(token.map(|()| "is given".to_owned()), advice),
        );
        if !has_token {
            return;
        }
        if let Some(Ok(scopes)) = self.zoom.probe_scopes(organization).await {
            report.add(Some(organization), "zoom: scopes", checked_scopes(scopes));
        }
        if let Some(users) = self.zoom.probe_users(organization).await {
            let advice = "give the app the scopes user:read:user:admin and user:write:user:admin";
            report.add(
                Some(organization),
                "zoom: users",
                Checked::of(users.map(|()| "can be looked up".to_owned()), advice),
            );
        }
        if let Some(unusable) = self.zoom.probe_default_hosts(organization).await {
            report.add(Some(organization), "zoom: default hosts", checked_default_hosts(unusable));
        }
        self.zoom_locks(organization, settings, report).await;
    }

    /// Of an app that an administrator adds the store knows more than Zoom says; asking for a token would spend what the service needs.
    async fn zoom_by_consent(
        &self,
        organization: &OrganizationId,
        settings: &Organization,
        report: &mut Report,
    ) {
        if let Some(credentials) = self.zoom.probe_credentials(organization).await {
            let advice = "check zoom.client_id and zoom.client_secret, and that the app is active";
            report.add(
                Some(organization),
                "zoom: credentials",
                Checked::of(credentials.map(|()| "are taken".to_owned()), advice),
            );
        }
        let page = "the running service says how it stands, at /admin/{organization}/zoom";
        let seen = if self.has_store { self.zoom.connection(organization).await } else { None };
        match seen {
            Some(Ok(view)) => {
                let usable = matches!(view.standing, Standing::Connected { .. }) && view.token == Some(true);
                report.add(
                    Some(organization),
                    "zoom: connection",
                    checked_standing(&view.standing, view.token),
                );
                if let Some(held) = &view.scopes {
                    let wants = Wants {
                        licences: settings.zoom.license_found_users,
                        identity: settings.patients.identity,
                    };
                    let missing = scopes::missing(wants, held).iter().map(ToString::to_string).collect();
                    report.add(Some(organization), "zoom: scopes", checked_scopes(Some(missing)));
                }
                if usable {
                    self.zoom_locks(organization, settings, report).await;
                }
            }
            Some(Err(error)) => report.add(
                Some(organization),
                "zoom: connection",
                Checked::warn(format!("cannot be read ({error})"), page),
            ),
            None => report.add(
                Some(organization),
                "zoom: connection",
                Checked::warn("cannot be read beside a running service".to_owned(), page),
            ),
        }
    }

    /// Sends our own webhook the challenge by which Zoom checks it, signed with each secret.
    pub(super) async fn zoom_webhook(
        &self,
        id: &OrganizationId,
        organization: &Organization,
        public_url: &BaseUrl,
        report: &mut Report,
    ) {
        let url = public_url.with_path(&format!("/zoom/{id}/webhook"));
        let secrets = &organization.zoom.webhook_secret_tokens;
        let mut worst = Checked::Pass(format!(
            "answers the challenge, with {}",
            if secrets.len() == 1 {
                "its secret".to_owned()
            } else {
                format!("each of {} secrets", secrets.len())
            }
        ));
        for (place, secret) in secrets.iter().enumerate() {
            match challenged(&url, secret).await {
                Challenged::Answered => {}
                Challenged::Silent => {
                    worst = Checked::warn(
                        format!("{url} does not answer from here"),
                        "start the service, and see that Zoom can reach this address from outside, without signing in",
                    );
                    break;
                }
                Challenged::Otherwise(status) => {
                    worst = Checked::fail(
                        format!(
                            "{url} does not take secret {} of the settings (status {status})",
                            place.saturating_add(1)
                        ),
                        "check that every node was restarted with these settings, and that the proxy before the service leads POST to it unchanged",
                    );
                    break;
                }
            }
        }
        report.add(Some(id), "zoom: webhook", worst);
    }
}

/// How our webhook took a challenge.
enum Challenged {
    Answered,
    Silent,
    /// With another status, or another answer than the secret gives.
    Otherwise(u16),
}

async fn challenged(url: &str, secret: &Secret) -> Challenged {
    let plain_token = SystemRandomness.secret();
    let now = SystemClock.now();
    let body = json!({
        "event": "endpoint.url_validation",
        "event_ts": now.0,
        "payload": {"plainToken": plain_token},
    })
    .to_string();
    let timestamp = now.0.div_euclid(1000).to_string();
    let signature = header_of(secret, &timestamp, body.as_bytes());
    let request = Request {
        method: Method::POST,
        url,
        headers: vec![(SIGNATURE, signature), (TIMESTAMP, timestamp), (OURS, "1".to_owned())],
        body: Some(("application/json", Bytes::from(body))),
        deadline: instant() + WITHIN,
    };
    let Ok(answer) = HttpClient::of_this_thread().send(request).await else { return Challenged::Silent };
    let expected = url_validation_answer(secret, &plain_token);
    let encrypted = |value: &Value| lenient::text(value, "encryptedToken").map(str::to_owned);
    let right = answer.json().as_ref().and_then(encrypted) == encrypted(&expected);
    if right { Challenged::Answered } else { Challenged::Otherwise(answer.status.as_u16()) }
}

/// Copies the connections that administrators made, where there can be any. Whether the service's store could be read; it is open no longer
/// than that, since a service cannot start meanwhile.
pub(super) async fn copy_connections(settings: &Settings, clock: &SharedClock, to: &SharedStore) -> bool {
    let by_consent = |one: &&OrganizationId| {
        settings
            .organization(one.as_str())
            .is_some_and(|(_, it)| it.zoom.authorization == Authorization::Oauth)
    };
    let organizations: Vec<&OrganizationId> = settings.organizations.keys().filter(by_consent).collect();
    if organizations.is_empty() {
        return false;
    }
    let Some(store) = service_store(settings, clock).await else { return false };
    for organization in organizations {
        if copy(&store, to, organization).await.is_err() {
            return false;
        }
    }
    true
}

/// The store of the service, where one is there and can be opened.
async fn service_store(settings: &Settings, clock: &SharedClock) -> Option<SharedStore> {
    match &settings.store.url {
        StoreUrl::Memory => None,
        StoreUrl::Embedded(folder) if !folder.exists() => None,
        StoreUrl::Embedded(folder) => {
            let opened = EmbeddedStore::open(EmbeddedSettings::new(folder), Arc::clone(clock)).ok()?;
            Some(Arc::new(opened))
        }
        StoreUrl::Redis(address) => {
            let there = RedisStore::probe(on_redis(settings, address)).await.ok()?;
            if !there {
                return None;
            }
            Some(Arc::new(RedisStore::open(on_redis(settings, address)).await.ok()?))
        }
    }
}

fn checked_standing(standing: &Standing, token: Option<bool>) -> Checked {
    let what = match standing {
        Standing::Connected { .. } if token == Some(false) => {
            let advice = "the service gets another as soon as it runs; where it does not, its log says why";
            return Checked::warn("connected, and the token that is kept is good no more".to_owned(), advice);
        }
        Standing::Connected { .. } => return Checked::pass("an administrator has connected the account"),
        Standing::NotYet => "no administrator has connected the account yet",
        Standing::AuthenticateAgain { .. } => "has to be authenticated again",
        Standing::Removed { .. } => "the app was removed from the account",
    };
    Checked::fail(what.to_owned(), "connect it at /admin/{organization}/zoom of the running service")
}

fn checked_default_hosts(unusable: Result<Vec<String>, RestError>) -> Checked {
    match unusable {
        Ok(unusable) if unusable.is_empty() => Checked::pass("all are active and licensed"),
        Ok(unusable) => Checked::fail(
            format!("stand in for nobody: {}", unusable.join(", ")),
            "check that each is active and has a licence in this account, or take it out of zoom.default_hosts",
        ),
        Err(error) => Checked::fail(format!("cannot be looked up ({error})"), "see the checks of Zoom above"),
    }
}

fn checked_scopes(missing: Option<Vec<String>>) -> Checked {
    match missing {
        None => Checked::pass("the token does not list its scopes"),
        Some(missing) if missing.is_empty() => Checked::pass("all that visits need"),
        Some(missing) => Checked::fail(
            format!("missing: {}", missing.join(", ")),
            "add them to the app in Zoom's marketplace, under Scopes; then activate it again, or authenticate again (docs/zoom-authorization.md)",
        ),
    }
}
