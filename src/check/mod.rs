//! `vestibule check`: tries every outside thing that an organization needs, and says pass, warn or fail with what to do. It changes nothing
//! anywhere, so that it can be run in a change window and beside a service that runs.

mod draft;
mod hosts;
mod identity;
mod kept;
mod key_set;
mod outcome;
mod sides;
mod zoom;
mod zoom_locks;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use vestibule_actors::port::clock::SharedClock;
use vestibule_actors::port::store::SharedStore;
use vestibule_domain::id::OrganizationId;

use crate::sealing::Sealer;
use crate::service::{Failure, on_redis, sealing_check};
use crate::settings::{Organization, Settings, StoreUrl};
use crate::store::redis::{RedisSettings, RedisStore};
use crate::store::{EmbeddedSettings, EmbeddedStore, OpenError};
use crate::system::SystemClock;
use outcome::{Checked, Report};
use sides::Checks;

pub use draft::{Draft, of_draft};

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
    let settings = match check_store(&settings, &mut report).await {
        Some(store) => kept::settings(settings, &store, &mut report).await,
        None => settings,
    };
    let wanted = wanted(&settings, arguments.organization.as_deref())?;
    let checks = Checks::new(&settings).await?;
    let public_url = &settings.server.public_url;
    checks.public_url(public_url, &mut report).await;
    identity::check(&settings, &mut report).await;
    for (id, organization) in wanted {
        checks.hosts(id, organization, &mut report).await;
        checks.sms(id, organization, &mut report).await;
        checks.key_set(id, public_url, &mut report).await;
        checks.epic(id, true, &mut report).await;
        checks.zoom(id, organization, &mut report).await;
        checks.zoom_webhook(id, organization, public_url, &mut report).await;
        checks.times(id, &mut report);
    }
    println!("{}", if arguments.json { report.to_json() } else { report.to_text() });
    match report.failed() {
        0 => Ok(()),
        failed => Err(Failure::Unavailable(format!("{failed} of {} checks failed", report.len()))),
    }
}

type Wanted<'a> = Vec<(&'a OrganizationId, &'a Organization)>;

fn wanted<'a>(settings: &'a Settings, only: Option<&str>) -> Result<Wanted<'a>, Failure> {
    let Some(id) = only else { return Ok(settings.organizations.iter().collect()) };
    let found = settings.organization(id);
    found.map(|one| vec![one]).ok_or_else(|| {
        Failure::Usage(format!("--organization: there is no organization \"{id}\" in the settings"))
    })
}

/// The store, where there is one that can be read. One that a running service holds is in use, which is no failure of the settings.
async fn check_store(settings: &Settings, report: &mut Report) -> Option<SharedStore> {
    let (checked, store) = match &settings.store.url {
        StoreUrl::Memory => return None,
        StoreUrl::Embedded(folder) if !folder.exists() => (Checked::pass(MADE_AT_START), None),
        StoreUrl::Embedded(folder) => check_file(folder),
        StoreUrl::Redis(address) => match RedisStore::probe(on_redis(settings, address)).await {
            Ok(true) => check_redis(on_redis(settings, address)).await,
            Ok(false) => (Checked::pass(MADE_AT_START), None),
            Err(error) => (Checked::fail(error.to_string(), ADVICE), None),
        },
    };
    report.add(None, "store", checked);
    if let Some(store) = &store {
        let opened = sealing_check::opens(&Sealer::new(&settings.store.sealing_keys), store).await;
        let checked = match opened {
            Ok(true) => Checked::pass("is opened by the keys that are here"),
            Ok(false) => return Some(Arc::clone(store)),
            Err(error) => Checked::fail(error.to_string(), "docs/secrets.md says how keys are replaced"),
        };
        report.add(None, "store: sealed visits", checked);
    }
    store
}

fn check_file(folder: &Path) -> (Checked, Option<SharedStore>) {
    let clock: SharedClock = Arc::new(SystemClock);
    match EmbeddedStore::open(EmbeddedSettings::new(folder), clock) {
        Ok(store) => (Checked::pass("can be opened"), Some(Arc::new(store))),
        Err(OpenError::InUse { .. }) => (Checked::pass(IN_USE), None),
        Err(error) => (Checked::fail(error.to_string(), ADVICE), None),
    }
}

async fn check_redis(settings: RedisSettings) -> (Checked, Option<SharedStore>) {
    match RedisStore::open(settings).await {
        Ok(store) => (Checked::pass("is there and can be used"), Some(Arc::new(store))),
        Err(error) => (Checked::fail(error.to_string(), ADVICE), None),
    }
}

const IN_USE: &str =
    "is in use by a running service: organizations that it keeps are checked on their pages, /admin/<id>";
const MADE_AT_START: &str = "is made at the first start";
const ADVICE: &str = "mend what the message names";
