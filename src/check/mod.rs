//! `vestibule check`: tries every outside thing that an organization needs, and says pass or fail with what to do. It changes nothing
//! anywhere, so that it can be run in a change window and beside a service that runs.

mod outcome;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::clock::{Clock, SharedClock, SharedRandomness};
use vestibule_actors::port::store::SharedStore;
use vestibule_domain::id::OrganizationId;

use crate::epic::{EpicClient, EpicSites, KeyDue};
use crate::outbound::{OtherClock, other_clock};
use crate::service::{Failure, epic_sites, on_redis};
use crate::settings::{Settings, StoreUrl};
use crate::store::redis::RedisStore;
use crate::store::{EmbeddedSettings, EmbeddedStore, OpenError};
use crate::system::{SystemClock, SystemRandomness};
use crate::zoom::{ZoomAccounts, ZoomClient, ZoomConfig};
use outcome::{Checked, Report};

/// The arguments of `vestibule check`.
#[derive(Args, Debug)]
pub struct CheckArguments {
    /// A settings file; later ones override earlier ones.
    #[arg(long = "config", value_name = "FILE")]
    config: Vec<PathBuf>,
    /// Only this organization.
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the checks and prints them.
///
/// # Errors
/// [`Failure::Settings`] for bad settings, [`Failure::Usage`] for an organization that is not in them, [`Failure::Unavailable`] when a
/// check failed.
pub async fn run(arguments: CheckArguments) -> Result<(), Failure> {
    let settings = Settings::of_process(&arguments.config)?;
    let mut report = Report::default();
    check_store(&settings, &mut report).await;
    let wanted = wanted(&settings, arguments.organization.as_deref())?;
    let checks = Checks::new(&settings)?;
    for organization in wanted {
        checks.epic(&organization, &mut report).await;
        checks.zoom(&organization, &mut report).await;
        checks.times(&organization, &mut report);
    }
    println!("{}", if arguments.json { report.to_json() } else { report.to_text() });
    match report.failed() {
        0 => Ok(()),
        failed => Err(Failure::Unavailable(format!("{failed} of {} checks failed", report.len()))),
    }
}

fn wanted(settings: &Settings, only: Option<&str>) -> Result<Vec<OrganizationId>, Failure> {
    match only {
        None => Ok(settings.organizations.keys().cloned().collect()),
        Some(id) => match settings.organization(id) {
            Some((id, _)) => Ok(vec![id.clone()]),
            None => Err(Failure::Usage(format!(
                "--organization: there is no organization \"{id}\" in the settings"
            ))),
        },
    }
}

/// A store that a running service holds is in use, which is no failure of the settings.
async fn check_store(settings: &Settings, report: &mut Report) {
    let checked = match &settings.store.url {
        StoreUrl::Memory => return,
        StoreUrl::Embedded(folder) if !folder.exists() => Checked::pass(MADE_AT_START),
        StoreUrl::Embedded(folder) => check_file(folder),
        StoreUrl::Redis(address) => match RedisStore::probe(on_redis(settings, address)).await {
            Ok(true) => Checked::pass("is there and can be used"),
            Ok(false) => Checked::pass(MADE_AT_START),
            Err(error) => Checked::fail(error.to_string(), ADVICE),
        },
    };
    report.add(None, "store", checked);
}

fn check_file(folder: &Path) -> Checked {
    let clock: SharedClock = Arc::new(SystemClock);
    match EmbeddedStore::open(EmbeddedSettings::new(folder), clock) {
        Ok(_) => Checked::pass("can be opened"),
        Err(OpenError::InUse { .. }) => Checked::pass("is in use by a running service"),
        Err(error) => Checked::fail(error.to_string(), ADVICE),
    }
}

const MADE_AT_START: &str = "is made at the first start";
const ADVICE: &str = "mend what the message names";

/// What the checks call with.
struct Checks {
    sites: Arc<EpicSites>,
    accounts: Arc<ZoomAccounts>,
    epic: EpicClient,
    zoom: ZoomClient,
}

impl Checks {
    fn new(settings: &Settings) -> Result<Self, Failure> {
        let clock: SharedClock = Arc::new(SystemClock);
        let randomness: SharedRandomness = Arc::new(SystemRandomness);
        let sites = epic_sites(settings)?;
        let accounts =
            settings.organizations.iter().map(|(id, o)| (id.clone(), ZoomConfig::from_settings(o)));
        let accounts = ZoomAccounts::new(accounts);
        // Nothing that a check learns is kept.
        let nowhere: SharedStore = Arc::new(MemoryStore::new(Arc::clone(&clock), settings.store_limits()));
        Ok(Self {
            epic: EpicClient::new(Arc::clone(&sites), Arc::clone(&clock), Arc::clone(&randomness)),
            zoom: ZoomClient::new(Arc::clone(&accounts), nowhere, clock, randomness),
            sites,
            accounts,
        })
    }

    async fn epic(&self, organization: &OrganizationId, report: &mut Report) {
        let mut add = |check, checked| report.add(Some(organization), check, checked);
        let fhir = self.epic.probe_fhir(organization).await;
        let advice = "check epic.fhir_base_url (it ends in /R4), DNS, the firewall and the proxy toward Epic";
        add("epic: FHIR server", Checked::of(fhir.map(|()| "answers".to_owned()), advice));
        let authorization = self.epic.probe_authorization(organization).await;
        let advice = "check epic.fhir_base_url, or epic.oauth_base_url where it is set: it ends before /authorize and /token";
        add("epic: authorization server", Checked::of(authorization, advice));
        let token = self.epic.probe_backend_token(organization).await;
        let has_token = token.is_ok();
        let token = token
            .map(|given| given.map_or("not needed with status_auth = \"basic\"", |()| "is given").to_owned());
        let advice = "check epic.client_id, that Epic has our key set URL (/epic/{organization}/jwks.json, reachable from Epic), and the clock";
        add("epic: backend token", Checked::of(token, advice));
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

    async fn zoom(&self, organization: &OrganizationId, report: &mut Report) {
        let mut add = |check, checked| report.add(Some(organization), check, checked);
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

    /// What was seen beside the answers to all other questions.
    fn times(&self, organization: &OrganizationId, report: &mut Report) {
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

fn checked_scopes(missing: Option<Vec<String>>) -> Checked {
    match missing {
        None => Checked::pass("the token does not list its scopes"),
        Some(missing) if missing.is_empty() => Checked::pass("all that visits need"),
        Some(missing) => Checked::fail(
            format!("missing: {}", missing.join(", ")),
            "add them to the Server-to-Server OAuth app in Zoom's marketplace, under Scopes, and activate it again",
        ),
    }
}
