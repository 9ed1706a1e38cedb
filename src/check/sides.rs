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
use super::zoom::copy_connections;
use crate::epic::{EpicClient, EpicSites, FhirReads, KeyDue};
use crate::outbound::certificate::trusted_here;
use crate::outbound::{OtherClock, other_clock};
use crate::sealing::Sealer;
use crate::service::{Failure, epic_sites};
use crate::settings::{BaseUrl, Organization, Secret, Settings};
use crate::system::{SystemClock, SystemRandomness};
use crate::zoom::connection::copy;
use crate::zoom::webhook::NameKey;
use crate::zoom::{ZoomAccounts, ZoomClient, ZoomConfig};

const TELEHEALTH_ADVICE: &str = "check epic.telehealth_base_url, DNS, the firewall and the proxy toward Epic";

/// What the checks call with.
pub(super) struct Checks {
    sites: Arc<EpicSites>,
    pub(super) accounts: Arc<ZoomAccounts>,
    epic: EpicClient,
    pub(super) zoom: ZoomClient,
    /// Whether what the service keeps of connections could be read.
    pub(super) has_store: bool,
    roots: RootCertStore,
}

impl Checks {
    pub(super) async fn new(settings: &Settings) -> Result<Self, Failure> {
        Self::with(settings, async |clock, to| copy_connections(settings, clock, to).await).await
    }

    /// The same inside of a service, which has the store open.
    pub(super) async fn inside(settings: &Settings, store: &SharedStore) -> Result<Self, Failure> {
        Self::with(settings, async |_, to| {
            let mut copied = true;
            for id in settings.organizations.keys() {
                copied &= copy(store, to, id).await.is_ok();
            }
            copied
        })
        .await
    }

    async fn with(
        settings: &Settings,
        copy_to: impl AsyncFnOnce(&SharedClock, &SharedStore) -> bool,
    ) -> Result<Self, Failure> {
        let clock: SharedClock = Arc::new(SystemClock);
        let randomness: SharedRandomness = Arc::new(SystemRandomness);
        let sites = epic_sites(settings)?;
        let accounts =
            settings.organizations.iter().map(|(id, o)| (id.clone(), ZoomConfig::from_settings(o)));
        // A check makes no link, so that no name is ever hashed.
        let accounts = ZoomAccounts::new(
            accounts,
            &NameKey::new(Secret::new("")),
            &Sealer::new(&settings.store.sealing_keys),
        );
        // A token that a check renewed would be lost to the service.
        accounts.drain().await;
        // Nothing that a check learns is kept.
        let store: SharedStore = Arc::new(MemoryStore::new(Arc::clone(&clock), settings.store_limits()));
        let has_store = copy_to(&clock, &store).await;
        Ok(Self {
            epic: EpicClient::new(Arc::clone(&sites), Arc::clone(&clock), Arc::clone(&randomness)),
            zoom: ZoomClient::new(Arc::clone(&accounts), store, clock, randomness),
            has_store,
            sites,
            accounts,
            roots: trusted_here(),
        })
    }

    /// `served`: whether our doors hand out the keys that sign; what Epic says of a token is worth nothing else.
    pub(super) async fn epic(&self, organization: &OrganizationId, served: bool, report: &mut Report) {
        let mut add = |check, checked| report.add(Some(organization), check, checked);
        let fhir = self.epic.probe_fhir(organization).await;
        let advice = "check epic.fhir_base_url (it ends in /R4), DNS, the firewall and the proxy toward Epic";
        add("epic: FHIR server", Checked::of(fhir.map(|()| "answers".to_owned()), advice));
        let authorization = self.epic.probe_authorization(organization).await;
        let advice = "check epic.fhir_base_url, or epic.oauth_base_url where it is set: it ends before /authorize and /token";
        add("epic: authorization server", Checked::of(authorization, advice));
        if !served {
            let telehealth = self.epic.probe_telehealth(organization).await;
            add("epic: telehealth server", Checked::of(telehealth, TELEHEALTH_ADVICE));
            let what = "cannot be told before this is saved, since Epic fetches our new public keys from us: check again then";
            return add("epic: backend token", Checked::pass(what));
        }
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
        add("epic: telehealth server", Checked::of(telehealth, TELEHEALTH_ADVICE));
        // Without a token, or a server, it could only fail for the same cause.
        if has_token && reached {
            let status = self.epic.probe_status_service(organization).await;
            let advice = "check epic.status_path (with telehealth-2020: epic.telehealth_2020), epic.status_auth, epic.status_user and epic.status_password, and that Epic lets this client use the service";
            add("epic: status service", Checked::of(status, advice));
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
            ("epic: clock", self.sites.clock(organization).and_then(|clock| checked_clock(&clock))),
            ("zoom: clock", self.accounts.clock(organization).and_then(|clock| checked_clock(&clock))),
        ];
        for (check, checked) in lines {
            if let Some(checked) = checked {
                report.add(Some(organization), check, checked);
            }
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
