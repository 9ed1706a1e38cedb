//! The organizations that the store keeps, beside those of the files.

use std::sync::Arc;

use vestibule_actors::port::store::SharedStore;
use vestibule_domain::id::OrganizationId;

use super::outcome::{Checked, Report};
use crate::configuration::{Keeping, KeepingError};
use crate::sealing::Sealer;
use crate::settings::{Problem, Settings};
use crate::system::{SystemClock, SystemRandomness};

const NAME: &str = "kept settings";
const ADVICE: &str = "mend it on the organization's page, or in the files that contradict it; a node goes on with the version before";

/// The settings with every kept organization that can be used. What cannot is reported.
pub(super) async fn settings(files: Settings, store: &SharedStore, report: &mut Report) -> Settings {
    let sealer = Sealer::new(&files.store.sealing_keys);
    let keeping = Keeping::new(Arc::clone(store), Arc::new(SystemClock), Arc::new(SystemRandomness), sealer);
    let mut all = files.clone();
    let versions = match keeping.versions().await {
        Ok(versions) => versions,
        Err(error) => {
            report.add(None, NAME, Checked::fail(error.to_string(), ADVICE));
            return all;
        }
    };
    for (id, counting) in versions {
        if files.organizations.contains_key(&id) {
            let what = "is not used, since the settings files name the organization too";
            report.add(Some(&id), NAME, Checked::warn(what.to_owned(), "remove it there, or on its page"));
            continue;
        }
        let checked = match put(&mut all, &keeping, &id).await {
            Ok(None) => Checked::pass(&format!("version {} can be used", counting.version)),
            Ok(Some(why)) => Checked::fail(why, ADVICE),
            Err(error) => Checked::fail(error.to_string(), ADVICE),
        };
        report.add(Some(&id), NAME, checked);
    }
    all
}

/// Puts the newest version beside the others, or says what is wrong with it.
async fn put(
    all: &mut Settings,
    keeping: &Keeping,
    id: &OrganizationId,
) -> Result<Option<String>, KeepingError> {
    let Some(document) = keeping.newest(id).await? else {
        return Ok(Some("the version that counts is not in the store".to_owned()));
    };
    let values = keeping.open(id, &document.values, &document.secrets)?;
    let problems = all.put(id, &values).err().unwrap_or_default();
    let problems: Vec<String> = problems.iter().map(Problem::to_string).collect();
    Ok((!problems.is_empty()).then(|| problems.join("; ")))
}
