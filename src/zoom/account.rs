//! What the edge must know of one organization's Zoom account, and what all threads of the node share of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vestibule_domain::id::OrganizationId;
use vestibule_domain::policy::PatientIdentity;
use vestibule_domain::time::Moment;

use super::connection::{Access, AtRest, Connection, Newest, Seen, State};
use super::daily::Daily;
use super::pace::Paces;
use super::scopes::Wants;
use super::webhook::NameKey;
use crate::latest::PerOrganization;
use crate::outbound::{Bearer, OtherClock, Shared, TokenFailure};
use crate::sealing::Sealer;
use crate::settings::{
    self, AlternativeHostLink, Authorization, ProviderAction, ProviderFallback, ProviderUserType, Secret,
};

/// One organization's Zoom account. Base URLs have no slash at their end.
#[derive(Debug, Clone)]
pub struct ZoomConfig {
    pub api_base_url: String,
    pub oauth_base_url: String,
    pub account_id: String,
    pub client_id: String,
    pub client_secret: Secret,
    /// How tokens are come by.
    pub authorization: Authorization,
    /// How long what Zoom told of its users is kept after the app was removed.
    pub forget_after: Duration,
    /// How long Zoom may take for any answer.
    pub timeout: Duration,
    /// The type of an account that is made for a provider.
    pub provider_user_type: ProviderUserType,
    /// How such an account is made.
    pub provider_action: ProviderAction,
    /// For the address of a provider for whom the launch brings none.
    pub provider_email_domain: Option<String>,
    /// Whether a provider's Zoom user who was found without a licence is given one, where providers shall have one.
    pub license_found_users: bool,
    /// By what patients are known in meetings that are made from now on.
    pub patient_identity: PatientIdentity,
    /// How a user is made who stands for a patient.
    pub temporary_user_action: ProviderAction,
    /// What is done where a provider's own user cannot be had.
    pub fallback: ProviderFallback,
    /// How further providers come in.
    pub alternative_host_link: AlternativeHostLink,
    /// For the made-up addresses under which patients are registered.
    pub registrant_email_domain: String,
    /// What a meeting is planned for; it may go on longer.
    pub visit_duration: Duration,
    /// Readings of a meeting's status in a second, from all nodes together.
    pub meeting_reads_per_second: u32,
    /// Calls in a second by Zoom's labels, from all nodes together.
    pub per_second: PerSecond,
    /// Calls in a day that make or change meetings of one host, from all nodes together.
    pub meetings_per_host_and_day: u32,
}

/// Zoom's limits per second and account, for the labels of the calls that are made here; all apps of the account share them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerSecond {
    pub light: u32,
    pub medium: u32,
}

impl ZoomConfig {
    /// Asks for a token with the app's own credentials.
    pub(super) fn own_form(&self) -> [(&str, &str); 2] {
        [("grant_type", "account_credentials"), ("account_id", &self.account_id)]
    }

    /// What the scopes that are needed depend on.
    #[must_use]
    pub fn wants(&self) -> Wants {
        Wants { licences: self.license_found_users, identity: self.patient_identity }
    }

    /// From the settings of an organization.
    #[must_use]
    pub fn from_settings(organization: &settings::Organization) -> Self {
        let zoom = &organization.zoom;
        Self {
            api_base_url: zoom.api_base_url.as_str().to_owned(),
            oauth_base_url: zoom.oauth_base_url.as_str().to_owned(),
            account_id: zoom.account_id.clone(),
            client_id: zoom.client_id.clone(),
            client_secret: zoom.client_secret.clone(),
            authorization: zoom.authorization,
            forget_after: zoom.forget_after,
            timeout: zoom.timeout,
            provider_user_type: organization.provider_user_type,
            provider_action: zoom.provider_action,
            provider_email_domain: zoom.provider_email_domain.clone(),
            license_found_users: zoom.license_found_users,
            fallback: zoom.provider_fallback.clone(),
            alternative_host_link: zoom.alternative_host_link,
            patient_identity: organization.patients.identity,
            temporary_user_action: organization.patients.user_action,
            registrant_email_domain: organization.patients.email_domain.clone(),
            visit_duration: organization.visit_duration,
            meeting_reads_per_second: zoom.meeting_reads_per_second,
            per_second: PerSecond { light: zoom.light_per_second, medium: zoom.medium_per_second },
            meetings_per_host_and_day: zoom.meetings_per_host_and_day,
        }
    }
}

/// One organization's Zoom account, with its tokens and its pace.
pub(super) struct ZoomAccount {
    pub organization: OrganizationId,
    pub config: Arc<ZoomConfig>,
    /// What calls are made with, by what stood in the store a moment ago.
    pub access: Shared<Access, TokenFailure>,
    /// The token of an app whose credentials are enough.
    pub own: Shared<Bearer, TokenFailure>,
    pub seen: Arc<Seen>,
    /// What stood in the store when this node last looked.
    pub newest: Newest,
    /// Held while this node renews the token.
    pub renewing: tokio::sync::Mutex<()>,
    /// No renewal is begun any more.
    pub draining: AtomicBool,
    pub paces: Paces,
    pub daily: Daily,
    pub clock: Arc<OtherClock>,
    /// Hashes the names in links as events' names are.
    pub names: NameKey,
    /// What is kept of the connection stands in the store sealed by it.
    pub sealer: Sealer,
}

impl ZoomAccount {
    /// How this app and account are connected since then.
    pub fn connection(&self, state: State, since: Moment) -> Connection {
        let (app, account) = (self.config.client_id.clone(), self.config.account_id.clone());
        Connection { app, account, generation: 0, since, state }
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// What stands in the store has changed: nobody goes on with what was seen there.
    pub fn look_again(&self) {
        self.access.clear();
        self.own.clear();
    }

    /// Takes the scopes of a token in.
    pub fn sees_scopes(&self, held: &[String]) {
        self.seen.scopes(self.organization.as_str(), self.config.wants(), held);
    }

    /// A token that Zoom's API does not take: another one is fetched at the next use, however young it is.
    pub fn forget(&self, access: &Arc<Access>) {
        if let Access::Token(token) = access.as_ref() {
            self.own.forget(token);
            self.seen.refuse(AtRest::new(token.token().clone()).fingerprint());
        }
        self.access.forget(access);
    }
}

/// The Zoom accounts of all organizations. Made once in a process; tokens and paces are shared by all threads.
pub struct ZoomAccounts {
    all: PerOrganization<ZoomAccount>,
    names: NameKey,
    sealer: Sealer,
}

impl ZoomAccount {
    fn new(organization: &OrganizationId, config: ZoomConfig, names: &NameKey, sealer: &Sealer) -> Self {
        Self {
            organization: organization.clone(),
            access: Shared::default(),
            own: Shared::default(),
            seen: Arc::default(),
            newest: Newest::default(),
            renewing: tokio::sync::Mutex::default(),
            draining: AtomicBool::new(false),
            paces: Paces::new(&config.account_id, config.per_second, config.meeting_reads_per_second),
            daily: Daily::new(&config.account_id, config.meetings_per_host_and_day),
            clock: Arc::new(OtherClock::new(organization.clone(), "zoom")),
            names: names.clone(),
            sealer: sealer.clone(),
            config: Arc::new(config),
        }
    }
}

impl ZoomAccounts {
    #[must_use]
    pub fn new(
        organizations: impl IntoIterator<Item = (OrganizationId, ZoomConfig)>,
        names: &NameKey,
        sealer: &Sealer,
    ) -> Arc<Self> {
        let account = |(id, config)| {
            let account = ZoomAccount::new(&id, config, names, sealer);
            (id, account)
        };
        Arc::new(Self {
            all: PerOrganization::new(organizations.into_iter().map(account)),
            names: names.clone(),
            sealer: sealer.clone(),
        })
    }

    /// An organization's settings are others now, or it is no more. Calls that are under way end as they began; what stands in the store of its
    /// connection is read anew.
    pub fn change(&self, organization: &OrganizationId, config: Option<ZoomConfig>) {
        let account = config.map(|config| ZoomAccount::new(organization, config, &self.names, &self.sealer));
        self.all.change(organization, account);
    }

    /// The configuration of an organization, if there is such a one.
    #[must_use]
    pub fn config(&self, organization: &OrganizationId) -> Option<Arc<ZoomConfig>> {
        self.get(organization).map(|account| Arc::clone(&account.config))
    }

    /// Zoom's clock, as the organization's account has heard it.
    #[must_use]
    pub fn clock(&self, organization: &OrganizationId) -> Option<Arc<OtherClock>> {
        self.get(organization).map(|account| Arc::clone(&account.clock))
    }

    /// Zoom's clock, as each organization's account has heard it.
    pub fn clocks(&self) -> impl Iterator<Item = Arc<OtherClock>> {
        self.all.all().into_iter().map(|(_, account)| Arc::clone(&account.clock))
    }

    /// What this node has seen of each organization's connection.
    pub fn seen(&self) -> impl Iterator<Item = (OrganizationId, Arc<Seen>)> {
        self.all.all().into_iter().map(|(id, account)| (id, Arc::clone(&account.seen)))
    }

    /// Begins no renewal of a token any more, and waits for those in hand: Zoom's answer would be lost with this process, and then an
    /// administrator has to authenticate again.
    pub async fn drain(&self) {
        let all = self.all.all();
        for (_, account) in &all {
            account.draining.store(true, Ordering::Release);
        }
        for (_, account) in &all {
            drop(account.renewing.lock().await);
        }
    }

    /// The ids of all.
    pub fn organizations(&self) -> impl Iterator<Item = OrganizationId> {
        self.all.all().into_iter().map(|(id, _)| id)
    }

    pub(super) fn get(&self, organization: &OrganizationId) -> Option<Arc<ZoomAccount>> {
        self.all.get(organization)
    }
}
