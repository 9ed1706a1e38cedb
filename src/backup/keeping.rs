//! Copies by the clock: made every so often, the newest of them kept.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::time::sleep;
use vestibule_actors::port::clock::SharedClock;
use vestibule_domain::time::Moment;

use super::{Backups, DONE, NoCopy};
use crate::audit::{Audit, Deed};
use crate::http::metrics::Metrics;
use crate::settings::BackupPlan;
use crate::store::Copied;

const BEFORE: &str = "vestibule-";
const AFTER: &str = ".redb";
/// A time in a file's name, in UTC: names sort as their times.
const TIME: &str = "%Y%m%dT%H%M%SZ";
/// After a copy that failed, unless the next one is due before.
const REST: Duration = Duration::from_secs(60);
/// Who makes them, for the audit.
const BY: &str = "store.backup";

/// The name of a copy that was made then.
pub(crate) fn name_of(at: Moment) -> String {
    let at = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{BEFORE}{}{AFTER}", at.strftime(TIME))
}

/// When a copy of this name was made; `None` for whatever else lies there.
fn time_of(name: &str) -> Option<Moment> {
    let text = name.strip_prefix(BEFORE)?.strip_suffix(AFTER)?;
    let at = jiff::civil::DateTime::strptime(TIME, text).ok()?.to_zoned_datetime(TimeZone::UTC).ok()?;
    Some(Moment(at.timestamp().as_millisecond()))
}

/// The copies of a folder, oldest first.
fn copies(folder: &Path) -> io::Result<Vec<(Moment, PathBuf)>> {
    let mut copies = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Some(at) = entry.file_name().to_str().and_then(time_of) {
            copies.push((at, entry.path()));
        }
    }
    copies.sort();
    Ok(copies)
}

/// Makes copies as the plan says, for as long as the program runs.
pub(crate) async fn keep_on(
    backups: Backups,
    plan: BackupPlan,
    metrics: Arc<Metrics>,
    audit: Audit,
    clock: SharedClock,
) {
    let newest = copies(&plan.folder).ok().and_then(|all| all.last().map(|(at, _)| *at));
    metrics.backups_planned(plan.every, newest);
    let mut due = newest.map_or(Duration::ZERO, |at| left(&plan, at, clock.now()));
    loop {
        sleep(due).await;
        let made = one_more(&backups, &plan, clock.now()).await;
        let outcome = if made.is_ok() { DONE } else { "failed" };
        audit.note(
            None,
            Deed {
                action: "backup_taken".to_owned(),
                outcome: outcome.to_owned(),
                by: Some(BY.to_owned()),
                ..Deed::default()
            },
        );
        due = match made {
            Ok(Copied { at, rows, bytes }) => {
                metrics.backed_up(Some(at));
                tracing::info!(rows, bytes, "the store was copied");
                left(&plan, at, clock.now())
            }
            Err(error) => {
                metrics.backed_up(None);
                tracing::error!(%error, "the store could not be copied");
                plan.every.min(REST)
            }
        };
    }
}

/// A clock that was set back makes nothing wait longer than from one copy to the next.
fn left(plan: &BackupPlan, at: Moment, now: Moment) -> Duration {
    plan.every.saturating_sub((now - at).to_duration()).min(plan.every)
}

/// Makes a copy, and removes those that are too many.
async fn one_more(backups: &Backups, plan: &BackupPlan, now: Moment) -> Result<Copied, NoCopy> {
    let (folder, keep) = (plan.folder.clone(), plan.keep);
    let name = folder.join(name_of(now));
    let (_, copied) = backups
        .make(&name.with_extension("redb.part"), move |made| {
            fs::rename(made, &name)?;
            File::open(&folder)?.sync_all()?;
            let all = copies(&folder)?;
            for (_, old) in all.iter().take(all.len().saturating_sub(keep)) {
                fs::remove_file(old)?;
            }
            Ok(())
        })
        .await?;
    Ok(copied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{EmbeddedSettings, EmbeddedStore};
    use crate::system::SystemClock;

    #[test]
    fn a_name_says_when_and_others_are_none_of_ours() {
        let at = Moment(1_795_453_200_000);
        assert_eq!(name_of(at), "vestibule-20261123T170000Z.redb");
        assert_eq!(time_of(&name_of(at)), Some(at));
        for other in ["vestibule.redb", "vestibule-20261123T170000Z.redb.part", "vestibule-now.redb", "x"] {
            assert_eq!(time_of(other), None, "{other}");
        }
    }

    #[actix_web::test]
    async fn the_newest_are_kept_and_what_is_not_ours_is_left_alone() {
        let (store, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let opened = EmbeddedStore::open(EmbeddedSettings::new(store.path()), Arc::new(SystemClock)).unwrap();
        let backups = Backups::of(Arc::new(opened), folder.path().to_owned());
        let plan = BackupPlan { folder: folder.path().to_owned(), every: Duration::from_secs(60), keep: 2 };
        fs::write(folder.path().join("notes"), "not a copy").unwrap();
        // A copy that was cut off is in nobody's way.
        let at = |hour: i64| Moment(1_795_453_200_000 + hour * 3_600_000);
        fs::write(folder.path().join("vestibule-20261123T170000Z.redb.part"), "half").unwrap();
        for hour in 0..4 {
            one_more(&backups, &plan, at(hour)).await.unwrap();
        }
        let names = |()| {
            let entries = fs::read_dir(folder.path()).unwrap();
            let mut names: Vec<_> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        assert_eq!(names(()), ["notes", &name_of(at(2)), &name_of(at(3))]);
        // Where the folder is away nothing is lost of what there is.
        let away = BackupPlan { folder: folder.path().join("away"), ..plan };
        assert!(matches!(one_more(&backups, &away, at(5)).await, Err(NoCopy::Failed(_))));
        assert_eq!(names(()).len(), 3);
    }

    #[actix_web::test]
    async fn one_is_made_at_a_time() {
        let store = tempfile::tempdir().unwrap();
        let opened = EmbeddedStore::open(EmbeddedSettings::new(store.path()), Arc::new(SystemClock)).unwrap();
        let backups = Backups::of(Arc::new(opened), store.path().to_owned());
        let turn = Arc::clone(&backups.one).try_acquire_owned().unwrap();
        assert!(matches!(backups.for_asker().await, Err(NoCopy::UnderWay)));
        drop(turn);
        let (file, copied) = backups.for_asker().await.unwrap();
        assert_eq!(file.metadata().unwrap().len(), copied.bytes);
        let left = fs::read_dir(store.path()).unwrap().count();
        assert_eq!(left, 2, "the store and its lock: the copy has no name");
        assert!(matches!(Backups::none().for_asker().await, Err(NoCopy::NoFile)));
    }
}
