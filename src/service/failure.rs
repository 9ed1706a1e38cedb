//! Why the program ends without having done what it was told, and the exit status that says so.

use crate::settings::SettingsError;

/// A failure of a whole command.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The settings are wrong; the message names each key and what to do.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Something that is needed is not there: the store, an address to listen on, or what a check tried.
    #[error("{0}")]
    Unavailable(String),
    /// A mistake in the program.
    #[error("this is a bug: {0}")]
    Bug(String),
}

impl Failure {
    /// As `sysexits.h` names them: usage, unavailable, software.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Settings(_) => 64,
            Self::Unavailable(_) => 69,
            Self::Bug(_) => 70,
        }
    }
}
