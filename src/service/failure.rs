//! Why the program ends without having done what it was told, and the exit status that says so.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::settings::SettingsError;

/// A failure of a whole command.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The settings are wrong; the message names each key and what to do.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Something that the command was given cannot be used; the message names the argument or the key.
    #[error("{0}")]
    Usage(String),
    /// Something that is needed is not there: the store, an address to listen on, or what a check tried.
    #[error("{0}")]
    Unavailable(String),
    /// What was looked at is not as it was left: an audit that somebody changed.
    #[error("{0}")]
    Broken(String),
    /// A mistake in the program.
    #[error("this is a bug: {0}")]
    Bug(String),
}

/// As `sysexits.h` names them: usage, bad data, unavailable, software.
const USAGE: u8 = 64;
const BAD_DATA: u8 = 65;
const UNAVAILABLE: u8 = 69;
const SOFTWARE: u8 = 70;

impl Failure {
    /// The exit status that says so.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Settings(_) | Self::Usage(_) => USAGE,
            Self::Broken(_) => BAD_DATA,
            Self::Unavailable(_) => UNAVAILABLE,
            Self::Bug(_) => SOFTWARE,
        }
    }
}

/// Runs a whole command and answers the exit status. A failure is told on standard error; a panic has told itself there.
pub fn exit_status_of(command: impl FnOnce() -> Result<(), Failure>) -> u8 {
    match catch_unwind(AssertUnwindSafe(command)) {
        Ok(Ok(())) => 0,
        Ok(Err(failure)) => {
            eprintln!("vestibule: {failure}");
            failure.exit_status()
        }
        Err(_) => SOFTWARE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_its_status() {
        assert_eq!(exit_status_of(|| Ok(())), 0);
        assert_eq!(exit_status_of(|| Err(Failure::Usage("--speed: no".to_owned()))), 64);
        assert_eq!(exit_status_of(|| Err(Failure::Broken("changed".to_owned()))), 65);
        assert_eq!(exit_status_of(|| Err(Failure::Unavailable("gone".to_owned()))), 69);
        assert_eq!(exit_status_of(|| Err(Failure::Bug("oh".to_owned()))), 70);
        assert_eq!(exit_status_of(|| panic!("a bug on the main thread")), 70);
    }
}
