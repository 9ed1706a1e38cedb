//! What is asked of each organization's Epic and Zoom, and of ourselves as they see us.

use std::sync::Arc;

use rustls::RootCertStore;
use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::clock::{Clock, SharedClock, SharedRandomness};
use vestibule_actors::port::store::SharedStore;
use vestibule_domain::id::OrganizationId;

use super::hosts::{self, Grade};
use super::key_set;
use super::outcome::{Checked, Report};
use crate::epic::{EpicClient, EpicSites, FhirReads, KeyDue};
use crate::outbound::certificate::trusted_here;
use crate::outbound::{OtherClock, other_clock};
use crate::service::{Failure, epic_sites, on_redis};
use crate::settings::{Authorization, BaseUrl, Organization, Settings, StoreUrl};
use crate::store::redis::RedisStore;
use crate::store::{EmbeddedSettings, EmbeddedStore};
use crate::system::{SystemClock, SystemRandomness};
use crate::zoom::connection::{Standing, copy};
use crate::zoom::{ZoomAccounts, ZoomClient, ZoomConfig, scopes};

/// What the checks call with.
pub(super) struct Checks {
    sites: Arc<EpicSites>,
    accounts: Arc<ZoomAccounts>,
    epic: EpicClient,
    zoom: ZoomClient,
    /// Whether what the service keeps of connections could be read.
    has_store: bool,
    roots: RootCertStore,
}

impl Checks {
    pub(super) async fn new(settings: &Settings) -> Result<Self, Failure> {
        let clock: SharedClock = Arc::new(SystemClock);
        let randomness: SharedRandomness = Arc::new(SystemRandomness);
        let sites = epic_sites(settings)?;
        let accounts =
            settings.organizations.iter().map(|(id, o)| (id.clone(), ZoomConfig::from_settings(o)));
        let accounts = ZoomAccounts::new(accounts);
        // Nothing that a check learns is kept.
        let store: SharedStore = Arc::new(MemoryStore::new(Arc::clone(&clock), settings.store_limits()));
        let has_store = copy_connections(settings, &clock, &store).await;
        Ok(Self {
            epic: EpicClient::new(Arc::clone(&sites), Arc::clone(&clock), Arc::clone(&randomness)),
            zoom: ZoomClient::new(Arc::clone(&accounts), store, clock, randomness),
            has_store,
            sites,
            accounts,
            roots: trusted_here(),
        })
    }

    pub(super) async fn epic(&self, organization: &OrganizationId, report: &mut Report) {
        let mut add = |check, checked| report.add(Some(organization), check, checked);
        let fhir = self.epic.probe_fhir(organization).await;
        let advice = "check epic.fhir_base_url (it ends in /R4), DNS, the firewall and the proxy toward Epic";
        add("epic: FHIR server", Checked::of(fhir.map(|()| "answers".to_owned()), advice));
        let authorization = self.epic.probe_authorization(organization).await;
        let advice = "check epic.fhir_base_url, or epic.oauth_base_url where it is set: it ends before /authorize and /token";
        add("epic: authorization server", Checked::of(authorization, advice));
        let token = self.epic.probe_backend_token(organization).await;
        let (has_token, gives_tokens) = (token.is_ok(), matches!(token, Ok(Some(()))));
        let token = token
            .map(|given| given.map_or("not needed with status_auth = \"basic\"", |()| "is given").to_owned());
        let advice = "check epic.client_id, that Epic has our key set URL (/epic/{organization}/jwks.json, reachable from Epic), and the clock";
        add("epic: backend token", Checked::of(token, advice));
        if gives_tokens {
            let advice = "check epic.fhir_base_url (it ends in /R4), and Epic's Interconnect log";
            let reads = self.epic.probe_fhir_read(organization).await;
            add(
                "epic: FHIR read",
                reads.map_or_else(|error| Checked::fail(error.to_string(), advice), checked_reads),
            );
        }
        let telehealth = self.epic.probe_telehealth(organization).await;
        let reached = telehealth.is_ok();
        let advice = "check epic.telehealth_base_url, DNS, the firewall and the proxy toward Epic";
        add("epic: telehealth server", Checked::of(telehealth, advice));
        // Without a token, or a server, it could only fail for the same cause.
        if has_token && reached {
            let status = self.epic.probe_status_service(organization).await;
            let advice = "check epic.status_path (with telehealth-2020: epic.telehealth_2020), epic.status_auth, epic.status_user and epic.status_password, and that Epic lets this client use the service";
            add("epic: status service", Checked::of(status, advice));
        }
    }

    pub(super) async fn zoom(&self, organization: &OrganizationId, report: &mut Report) {
        let mut add = |check, checked| report.add(Some(organization), check, checked);
        if self.accounts.config(organization).is_some_and(|zoom| zoom.authorization == Authorization::Oauth) {
            return self.zoom_by_consent(organization, report).await;
        }
        let Some(token) = self.zoom.probe_token(organization).await else { return };
        let advice =
            "check zoom.account_id, zoom.client_id and zoom.client_secret, and that the app is activated";
        let has_token = token.is_ok();
        add("zoom: token", Checked::of(token.map(|()| "is given".to_owned()), advice));
        if !has_token {
            return;
        }
        if let Some(Ok(scopes)) = self.zoom.probe_scopes(organization).await {
            add("zoom: scopes", checked_scopes(scopes));
        }
        if let Some(users) = self.zoom.probe_users(organization).await {
            let advice = "give the app the scopes user:read:user:admin and user:write:user:admin";
            add("zoom: users", Checked::of(users.map(|()| "can be looked up".to_owned()), advice));
        }
    }

    /// Of an app that an administrator adds the store knows more than Zoom says; asking for a token would spend what the service needs.
    async fn zoom_by_consent(&self, organization: &OrganizationId, report: &mut Report) {
        let mut add = |check, checked| report.add(Some(organization), check, checked);
        if let Some(credentials) = self.zoom.probe_credentials(organization).await {
            let advice = "check zoom.client_id and zoom.client_secret, and that the app is active";
            add("zoom: credentials", Checked::of(credentials.map(|()| "are taken".to_owned()), advice));
        }
        let page = "the running service says how it stands, at /admin/{organization}/zoom";
        let seen = if self.has_store { self.zoom.connection(organization).await } else { None };
        match seen {
            Some(Ok(view)) => {
                add("zoom: connection", checked_standing(&view.standing, view.token));
                if let Some(held) = &view.scopes {
                    let missing = scopes::missing(held).iter().map(ToString::to_string).collect();
                    add("zoom: scopes", checked_scopes(Some(missing)));
                }
            }
            Some(Err(error)) => {
                add("zoom: connection", Checked::warn(format!("cannot be read ({error})"), page))
            }
            None => add(
                "zoom: connection",
                Checked::warn("cannot be read beside a running service".to_owned(), page),
            ),
        }
    }

    /// Names and certificates of what an organization's settings name.
    pub(super) async fn hosts(&self, id: &OrganizationId, organization: &Organization, report: &mut Report) {
        let epic = &organization.epic;
        let mut of_epic = vec![&epic.fhir_base_url, &epic.telehealth_base_url];
        of_epic.extend(&epic.oauth_base_url);
        let of_zoom = [&organization.zoom.api_base_url, &organization.zoom.oauth_base_url];
        for (dns, tls, bases) in
            [("epic: DNS", "epic: TLS", of_epic.as_slice()), ("zoom: DNS", "zoom: TLS", of_zoom.as_slice())]
        {
            let found = hosts::look(bases, &self.roots, SystemClock.now(), Grade::Fail).await;
            report.add(Some(id), dns, found.dns);
            if let Some(checked) = found.tls {
                report.add(Some(id), tls, checked);
            }
        }
    }

    /// The same of the gateway for text messages, where there is one. Nothing is sent.
    pub(super) async fn sms(&self, id: &OrganizationId, organization: &Organization, report: &mut Report) {
        let Some(sms) = &organization.sms else { return };
        let found = hosts::look(&[&sms.origin], &self.roots, SystemClock.now(), Grade::Fail).await;
        report.add(Some(id), "text messages: DNS", found.dns);
        if let Some(checked) = found.tls {
            report.add(Some(id), "text messages: TLS", checked);
        }
    }

    /// Our own address, as far as it can be told from here; one on loopback is nobody else's.
    pub(super) async fn public_url(&self, public_url: &BaseUrl, report: &mut Report) {
        if !public_url.is_https() {
            return;
        }
        let found = hosts::look(&[public_url], &self.roots, SystemClock.now(), Grade::Warn).await;
        report.add(None, "public_url: DNS", found.dns);
        if let Some(checked) = found.tls {
            report.add(None, "public_url: TLS", checked);
        }
    }

    /// Our key set for an organization's Epic.
    pub(super) async fn key_set(&self, id: &OrganizationId, public_url: &BaseUrl, report: &mut Report) {
        let Some(config) = self.sites.config(id) else { return };
        let url = public_url.with_path(&format!("/epic/{id}/jwks.json"));
        if let Some(checked) = key_set::check(&url, &config.keys).await {
            report.add(Some(id), "epic: key set", checked);
        }
    }

    /// What was seen beside the answers to all other questions.
    pub(super) fn times(&self, organization: &OrganizationId, report: &mut Report) {
        let due = self.sites.config(organization).and_then(|config| config.key_due(SystemClock.now()));
        let lines = [
            ("epic: private key", due.map(checked_key)),
            ("epic: clock", self.sites.clock(organization).and_then(checked_clock)),
            ("zoom: clock", self.accounts.clock(organization).and_then(checked_clock)),
        ];
        for (check, checked) in lines {
            if let Some(checked) = checked {
                report.add(Some(organization), check, checked);
            }
        }
    }
}

/// Copies the connections that administrators made, where there can be any. Whether the service's store could be read; it is open no longer
/// than that, since a service cannot start meanwhile.
async fn copy_connections(settings: &Settings, clock: &SharedClock, to: &SharedStore) -> bool {
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

/// After all that was asked; nothing where nobody said what time it is.
fn checked_clock(clock: &OtherClock) -> Option<Checked> {
    let ahead = clock.ahead()?;
    let seconds = ahead.0.saturating_abs().div_euclid(1000);
    if !other_clock::is_apart(ahead) {
        return Some(Checked::pass(&format!("agrees with ours within {} s", seconds.saturating_add(1))));
    }
    let side = if ahead.0 > 0 { "ahead of" } else { "behind" };
    let what = format!("is {seconds} s {side} ours");
    Some(Checked::warn(
        what,
        "check this machine's clock first (NTP), then tell the other side: tokens live for minutes only",
    ))
}

fn checked_reads(reads: FhirReads) -> Checked {
    match reads {
        FhirReads::Allowed => Checked::pass("a search that finds nobody is answered"),
        FhirReads::Denied { status } => Checked::warn(
            format!("Epic denies reads to the backend client (status {status})"),
            "visits work without them. To allow them, add the FHIR APIs that visits read to the client in Epic",
        ),
    }
}

fn checked_key(due: KeyDue) -> Checked {
    let what = format!("the one that signs is {due}");
    if due.is_near() {
        Checked::warn(
            what,
            "make another with `vestibule keys generate`, and replace the old one as docs/keys.md says",
        )
    } else {
        Checked::Pass(what)
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
