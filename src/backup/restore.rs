//! `vestibule restore`: puts a copy in the place of the embedded store, or tells a store that was put back by other means that it was.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use vestibule_actors::port::clock::Clock;
use vestibule_actors::port::store::{SharedStore, StoreLimits};
use vestibule_domain::time::Moment;

use super::command::{told, unavailable};
use super::keeping::name_of;
use super::restored;
use crate::sealing::Sealer;
use crate::service::{Failure, on_redis, sealing_check};
use crate::settings::{Settings, Store, StoreUrl};
use crate::store::redis::{RedisSettings, RedisStore};
use crate::store::sealed;
use crate::store::{EmbeddedSettings, EmbeddedStore, PuttingBack};
use crate::system::{SystemClock, SystemRandomness};

/// Every visit of a store that was put back is told so, however many there are of a shard.
const MOST_VISITS_OF_A_SHARD: usize = 1_000_000_000;

/// The arguments of `vestibule restore`.
#[derive(Args, Debug)]
pub struct RestoreArguments {
    /// A settings file; later ones override earlier ones.
    #[arg(long = "config", value_name = "FILE")]
    config: Vec<PathBuf>,
    /// The copy that the embedded store is put back from.
    #[arg(long, value_name = "FILE", required_unless_present = "already_there")]
    from: Option<PathBuf>,
    /// There may be a store, which is kept under another name beside the restored one.
    #[arg(long, requires = "from")]
    replace: bool,
    /// The store was put back by other means: a Redis from its own files, or a disk from a snapshot of it.
    #[arg(long, conflicts_with = "from")]
    already_there: bool,
}

/// Runs the command.
///
/// # Errors
/// [`Failure::Usage`] for what cannot be put back here, [`Failure::Unavailable`] while a service runs, or for a copy or a store that cannot
/// be used; then nothing was changed.
pub async fn run(arguments: RestoreArguments) -> Result<(), Failure> {
    let settings = Settings::of_process(&arguments.config)?;
    match (&settings.store.url, &arguments.from) {
        (StoreUrl::Memory, _) => {
            Err(Failure::Usage("store.url is \"memory:\": there is nothing to put back".to_owned()))
        }
        (StoreUrl::Embedded(folder), Some(from)) => {
            put_back(&settings, folder, from, arguments.replace).await
        }
        (StoreUrl::Embedded(folder), None) => {
            if !EmbeddedStore::is_made(folder).map_err(unavailable)? {
                return Err(Failure::Unavailable(format!("there is no store in {}", folder.display())));
            }
            let visits = tell_file(&settings, folder, "put back by other means").await?;
            print_told(visits);
            Ok(())
        }
        (StoreUrl::Redis(_), Some(_)) => Err(Failure::Usage(
            "--from is for the embedded store; put the Redis back from its own files as docs/backup.md says, and then run this with \
             --already-there"
                .to_owned(),
        )),
        (StoreUrl::Redis(address), None) => {
            let redis = RedisSettings { limits: limits(), ..on_redis(&settings, address) };
            let store: SharedStore = Arc::new(RedisStore::open(redis).await.map_err(unavailable)?);
            if !store.owners().await.map_err(unavailable)?.is_empty() {
                return Err(Failure::Unavailable(
                    "nodes still hold leases in this store; nothing was changed: stop every node, wait six seconds, and run this again"
                        .to_owned(),
                ));
            }
            print_told(tell(&settings, &store, "put back by other means").await?);
            Ok(())
        }
    }
}

async fn put_back(settings: &Settings, folder: &Path, from: &Path, replace: bool) -> Result<(), Failure> {
    let begun = PuttingBack::begin(from, folder, replace).map_err(unavailable)?;
    let copied = told(begun.copied_at);
    let visits = tell_file(settings, &begun.making(), &copied).await?;
    let kept = begun.finish(&mark(SystemClock.now())).map_err(unavailable)?;
    println!("{}: {copied}", folder.display());
    if let Some(kept) = kept {
        println!("the store that was there is kept as {}", kept.display());
    }
    print_told(visits);
    Ok(())
}

fn limits() -> StoreLimits {
    StoreLimits { journal_entries: MOST_VISITS_OF_A_SHARD, ..StoreLimits::default() }
}

/// The time in the name of a copy.
fn mark(now: Moment) -> String {
    name_of(now).chars().filter(|c| c.is_ascii_digit()).collect()
}

async fn tell_file(settings: &Settings, folder: &Path, reason: &str) -> Result<usize, Failure> {
    let of_file = EmbeddedSettings {
        newest_written: settings.store.newest_written(),
        limits: limits(),
        ..EmbeddedSettings::new(folder)
    };
    let store: SharedStore =
        Arc::new(EmbeddedStore::open(of_file, Arc::new(SystemClock)).map_err(unavailable)?);
    tell(settings, &store, reason).await
}

async fn tell(settings: &Settings, store: &SharedStore, reason: &str) -> Result<usize, Failure> {
    let Store { write_format: format, seal_visits, sealing_keys, .. } = &settings.store;
    let sealer = Sealer::new(sealing_keys);
    // Visits are told under the key that opens them, or not at all: nothing is put back then.
    sealing_check::opens(&sealer, store).await?;
    let store = sealed::over(Arc::clone(store), sealer, *seal_visits);
    restored::tell(&store, *format, &SystemClock, &SystemRandomness, reason.to_owned())
        .await
        .map_err(unavailable)
}

fn print_told(visits: usize) {
    println!("{visits} visits will ask Zoom and tell Epic anew once the service runs");
}
