//! The lists for downtime: where they are written, and how often.

use std::path::PathBuf;
use std::time::Duration;

use super::reader::{Read, Section};
use super::secrets::resolve;
use super::service::{HOUR, seconds};

/// When and where the lists of today's visits are written.
#[derive(Debug, Clone)]
pub struct DowntimePlan {
    pub folder: PathBuf,
    pub every: Duration,
}

/// None where no folder is named.
pub(super) fn read_downtime(section: &mut Section<'_>) -> Read<Option<DowntimePlan>> {
    let folder = section.optional("dir", |text, origin| Ok::<_, String>(resolve(text, origin)));
    let every = section.duration("every", seconds(10)..=seconds(HOUR));
    let (folder, every) = (folder?, every?);
    if let Some(folder) = &folder {
        section.record("dir", folder.display().to_string());
    }
    Ok(folder.map(|folder| DowntimePlan { folder, every }))
}
