//! The lists as files, written anew by the clock. What is there stays until the next one is whole, however long that takes.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::web;
use tokio::time::sleep;
use vestibule_actors::port::clock::SharedClock;
use vestibule_actors::port::store::SharedStore;
use vestibule_domain::time::Moment;

use super::today;
use crate::configuration::{KeepingError, removed};
use crate::http::app::App;
use crate::latest::Latest;
use crate::settings::{DowntimePlan, Settings};
use crate::store::new_private_file;
use crate::web::Page as _;

/// Why a list was not written.
#[derive(Debug, thiserror::Error)]
enum Unwritten {
    #[error(transparent)]
    Store(#[from] vestibule_actors::port::store::StoreError),
    #[error(transparent)]
    Kept(#[from] KeepingError),
    #[error("the list cannot be rendered")]
    Unrendered,
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("the program ends")]
    Ends,
}

/// Writes the lists of all organizations, as they are at each time, for as long as the program runs.
pub(crate) async fn keep_on(doors: Arc<Latest<App>>, plan: DowntimePlan, clock: SharedClock) {
    doors.get().metrics.downtime_planned(plan.every);
    loop {
        let (app, now) = (doors.get(), clock.now());
        let written = write_all(&app.desk.ports().store, &app.settings, &plan.folder, now).await;
        if let Err(error) = clear(&app.desk.ports().store, &app.settings, &plan.folder).await {
            tracing::warn!(%error, "the lists of removed organizations could not be taken away; it is tried again");
        }
        app.metrics.downtime_written(written.is_ok().then_some(now));
        if let Err(error) = written {
            tracing::error!(%error, "the list for downtime could not be written; the one before stays");
        }
        drop(app);
        sleep(plan.every).await;
    }
}

/// Writes every list, also where one of them cannot be; the first trouble is told.
async fn write_all(
    store: &SharedStore,
    settings: &Settings,
    folder: &Path,
    now: Moment,
) -> Result<(), Unwritten> {
    let mut all = Ok(());
    for (id, organization) in &settings.organizations {
        let written = async {
            let list = today(store, id, organization, now).await?;
            let html = list.render().map_err(|_| Unwritten::Unrendered)?;
            let csv = list.csv().ok_or(Unwritten::Unrendered)?;
            let (folder, name) = (folder.to_owned(), id.as_str().to_owned());
            let work = move || {
                put(&folder.join(format!("{name}.html")), html.as_bytes())?;
                put(&folder.join(format!("{name}.csv")), &csv)?;
                File::open(&folder)?.sync_all()
            };
            Ok(web::block(work).await.map_err(|_| Unwritten::Ends)??)
        };
        all = all.and(written.await);
    }
    all
}

/// Takes away the lists of organizations that were removed, which nobody may take for today's. One that is merely not in force, since its settings
/// cannot be read, keeps its last list.
async fn clear(store: &SharedStore, settings: &Settings, folder: &Path) -> Result<(), Unwritten> {
    let removed = removed(store).await?.into_iter().filter(|id| !settings.organizations.contains_key(id));
    let lists: Vec<PathBuf> =
        removed.flat_map(|id| ["html", "csv"].map(|kind| folder.join(format!("{id}.{kind}")))).collect();
    let work = move || lists.iter().try_for_each(|list| take_away(list));
    Ok(web::block(work).await.map_err(|_| Unwritten::Ends)??)
}

fn take_away(list: &Path) -> io::Result<()> {
    match fs::remove_file(list) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A file that is always whole: the one before, or this one.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    // One that was cut off; mostly there is none.
    let _ = fs::remove_file(&part);
    let mut file = new_private_file(Path::new(&part))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)
}
