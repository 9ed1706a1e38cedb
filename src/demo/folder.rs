//! Where a demo keeps its store and its key: a folder that the user named, or one that goes with the process.

use std::fs;
use std::path::{Path, PathBuf};

use crate::epic::{KeyBits, fresh_private_key};
use crate::service::Failure;
use crate::settings::Secret;
use crate::system::process_token;

const KEY_FILE: &str = "demo-privatekey.pem";

/// The demo's folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    kept: bool,
}

impl Folder {
    /// Makes the folder, and in it a key for Epic: the one that is given, or else one of its own if there is none.
    pub(super) fn open(named: Option<PathBuf>, given: Option<&str>) -> Result<Self, Failure> {
        let kept = named.is_some();
        let path = named.unwrap_or_else(|| {
            std::env::temp_dir().join(format!("vestibule-demo-{}", process_token().simple()))
        });
        let folder = Self { path, kept };
        let failed = |e: &dyn std::fmt::Display| {
            Failure::Unavailable(format!("--data: {} cannot be used: {e}", folder.path.display()))
        };
        fs::create_dir_all(&folder.path).map_err(|e| failed(&e))?;
        let key = folder.key();
        let pem = match given {
            Some(pem) => Some(Secret::new(pem)),
            None if key.exists() => None,
            // Made for this demo, so that none has to stand in the source.
            None => Some(
                fresh_private_key(KeyBits::Bits2048)
                    .ok_or_else(|| Failure::Bug("no key could be made".to_owned()))?,
            ),
        };
        if let Some(pem) = pem {
            fs::write(&key, pem.expose()).map_err(|e| failed(&e))?;
        }
        Ok(folder)
    }

    /// The key, for a second node.
    pub(super) fn read_key(&self) -> Result<String, Failure> {
        let key = self.key();
        fs::read_to_string(&key)
            .map_err(|e| Failure::Unavailable(format!("--data: {} cannot be read: {e}", key.display())))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn key(&self) -> PathBuf {
        self.path.join(KEY_FILE)
    }

    pub(super) fn is_kept(&self) -> bool {
        self.kept
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, "the demo's folder could not be removed");
        }
    }
}
