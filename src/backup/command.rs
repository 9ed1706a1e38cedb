//! `vestibule backup`: a copy of the embedded store, from the service that runs, or of the file where none does.

use std::fs::File;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use awc::Client;
use clap::Args;
use futures_util::StreamExt;
use vestibule_domain::time::Moment;

use crate::service::Failure;
use crate::settings::{AccessMode, Grant, Secret, Settings, StaffRole, StoreUrl};
use crate::store::{EmbeddedSettings, EmbeddedStore, OpenError, put_under_name, verify_copy};
use crate::system::SystemClock;

/// The service makes the whole copy before it answers; more than any file that this store is meant for takes.
const MADE_WITHIN: Duration = Duration::from_secs(1800);
/// Between two pieces of the copy.
const SENT_WITHIN: Duration = Duration::from_secs(60);

/// The arguments of `vestibule backup`.
#[derive(Args, Debug)]
pub struct BackupArguments {
    /// A settings file; later ones override earlier ones.
    #[arg(long = "config", value_name = "FILE")]
    config: Vec<PathBuf>,
    /// Where the copy is to lie. Nothing may have that name yet.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// [`Failure::Usage`] for a store that is no file and a name that cannot be used, [`Failure::Unavailable`] where no copy could be made.
pub async fn run(arguments: BackupArguments) -> Result<(), Failure> {
    let settings = Settings::of_process(&arguments.config)?;
    let StoreUrl::Embedded(folder) = &settings.store.url else {
        return Err(Failure::Usage(
            "store.url is no embedded store; a Redis makes its own copies, as docs/backup.md says".to_owned(),
        ));
    };
    let to = arguments.to;
    let refused = |error: std::io::Error| Failure::Usage(format!("--to {}: {error}", to.display()));
    if std::fs::symlink_metadata(&to).is_ok() {
        return Err(refused(std::io::ErrorKind::AlreadyExists.into()));
    }
    let part = part_of(&to);
    // One that was cut off; mostly there is none.
    let _ = std::fs::remove_file(&part);
    let made = match EmbeddedStore::is_made(folder).map_err(unavailable)? {
        false => Err(Failure::Unavailable(format!("there is no store in {}", folder.display()))),
        true => fill(&settings, folder, &part).await,
    };
    let named = match made {
        Ok(()) => verify_copy(&part).map_err(unavailable),
        Err(failure) => Err(failure),
    };
    let at = named.inspect_err(|_| {
        // It is of no use, and the reason is told.
        let _ = std::fs::remove_file(&part);
    })?;
    put_under_name(&part, &to).map_err(refused)?;
    let bytes = std::fs::metadata(&to).map_err(refused)?.len();
    println!("{}: {}, {bytes} bytes", to.display(), told(at));
    Ok(())
}

pub(super) fn told(at: Option<Moment>) -> String {
    let at = at.and_then(|at| jiff::Timestamp::from_millisecond(at.0).ok());
    at.map_or_else(|| "a copy without a time".to_owned(), |at| format!("the store as it was at {at:.0}"))
}

fn part_of(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

pub(super) fn unavailable(error: impl std::fmt::Display) -> Failure {
    Failure::Unavailable(error.to_string())
}

async fn fill(settings: &Settings, folder: &Path, part: &Path) -> Result<(), Failure> {
    let of_file =
        EmbeddedSettings { newest_written: settings.store.newest_written(), ..EmbeddedSettings::new(folder) };
    match EmbeddedStore::open(of_file, Arc::new(SystemClock)) {
        Ok(store) => store.copy_to(part).map(|_| ()).map_err(unavailable),
        Err(OpenError::InUse { .. }) => fetch(settings, part).await,
        Err(error) => Err(unavailable(error)),
    }
}

/// Has the service that runs make one.
async fn fetch(settings: &Settings, part: &Path) -> Result<(), Failure> {
    let url = format!("http://{}/api/v1/backup", asked_at(settings));
    let failed = |what: &dyn std::fmt::Display| Failure::Unavailable(format!("{url}: {what}"));
    let mut request = Client::builder().timeout(MADE_WITHIN).finish().post(&url).no_decompress();
    if let Some(token) = token(settings)? {
        request = request.bearer_auth(token.expose());
    }
    let mut answer = request.send().await.map_err(|error| failed(&error))?;
    if !answer.status().is_success() {
        let why = answer.body().limit(16 * 1024).await.unwrap_or_default();
        let why = serde_json::from_slice::<serde_json::Value>(&why).unwrap_or_default();
        let why = why.get("detail").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        return Err(failed(&format!("{} {why}", answer.status())));
    }
    let mut file = crate::store::new_private_file(part).map_err(|error| failed(&error))?;
    loop {
        let piece = tokio::time::timeout(SENT_WITHIN, answer.next()).await;
        // What is cut off is found when the copy is verified.
        match piece.map_err(|_| failed(&"the copy stopped on its way"))? {
            Some(piece) => {
                file.write_all(&piece.map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
            }
            None => break,
        }
    }
    File::sync_all(&file).map_err(|error| failed(&error))
}

/// The address where operators are served, as this machine reaches it.
fn asked_at(settings: &Settings) -> SocketAddr {
    let mut address = settings.server.internal_listen.unwrap_or(settings.server.listen);
    if address.ip().is_unspecified() {
        let loopback: IpAddr = match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(loopback);
    }
    address
}

/// A token of the settings that may do it; `None` where none is needed.
fn token(settings: &Settings) -> Result<Option<&Secret>, Failure> {
    if settings.access.mode == AccessMode::Loopback {
        return Ok(None);
    }
    let everywhere = |grant: &&Grant| grant.rights.role_everywhere() == Some(StaffRole::Administrator);
    let mut tokens = settings.access.grants.iter().filter(everywhere).filter_map(Grant::token);
    tokens.next().map(Some).ok_or_else(|| {
        Failure::Usage(
            "access: the service that runs is asked with a token of these settings, and none of them is an administrator's everywhere"
                .to_owned(),
        )
    })
}
