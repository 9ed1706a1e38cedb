//! Encrypted launches: what Epic says of the person and the visit comes in the link itself, under a key that Epic and we share.
//!
//! The cipher has no integrity, and anybody can send anything. So what comes out is checked field by field, and whatever is wrong gives
//! the one [`DoesNotDecrypt`], from which nobody can tell how far a forged payload got.

mod cipher;
mod payload;
#[cfg(test)]
mod tests;
mod text;
mod validity;

use vestibule_domain::id::{Csn, ExternalId, ExternalIdType};
use vestibule_domain::name::Phi;
use vestibule_domain::time::Moment;

use crate::settings::{self, ExternalIdTypes};
use cipher::Cipher;
use validity::{Life, Times};

/// Why a payload is not believed; one for every cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an encrypted launch does not decrypt")]
pub struct DoesNotDecrypt;

/// Reads the encrypted launches of one organization.
#[derive(Debug, Clone)]
pub struct EncryptedLaunches {
    cipher: Cipher,
    types: ExternalIdTypes,
    life: Life,
}

/// On whose side of the visit a person is, as the payload says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Provider,
    Patient,
}

/// What an encrypted launch says. Its `Debug` says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptedLaunch {
    pub side: Side,
    /// The conference, which is the visit's CSN. The launch is good for this one alone.
    pub conference: Csn,
    /// The person by Epic's own id.
    pub external_id: ExternalId,
    /// Its kind, where the payload says it.
    pub external_id_type: Option<ExternalIdType>,
    pub first_name: Option<Phi>,
    pub last_name: Option<Phi>,
    pub email: Option<Phi>,
    times: Times,
}

/// Whether a link may still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeliness {
    InTime,
    TooLate,
    /// No time stands in it, and the organization wants one.
    WithoutTime,
}

impl EncryptedLaunches {
    #[must_use]
    pub fn from_settings(launch: &settings::EncryptedLaunch, types: &ExternalIdTypes) -> Self {
        Self {
            cipher: Cipher::from_settings(&launch.key, launch.iv),
            types: types.clone(),
            life: Life::from_settings(launch),
        }
    }

    /// Opens what stands in a link's `data` or `extData`, once decoded as queries are.
    ///
    /// # Errors
    /// [`DoesNotDecrypt`] for whatever is wrong with it.
    pub fn open(&self, text: &str) -> Result<EncryptedLaunch, DoesNotDecrypt> {
        let plain = text::readings(text).find_map(|sealed| self.cipher.decrypt(&sealed));
        plain.and_then(|plain| payload::read(&plain, &self.types)).ok_or(DoesNotDecrypt)
    }

    /// Whether a launch is in time at `now`.
    #[must_use]
    pub fn timeliness(&self, launch: &EncryptedLaunch, now: Moment) -> Timeliness {
        self.life.judge(&launch.times, now)
    }

    /// When its visit is to begin, where that is known.
    #[must_use]
    pub fn starts(&self, launch: &EncryptedLaunch) -> Option<Moment> {
        self.life.starts(&launch.times)
    }
}

impl std::fmt::Debug for EncryptedLaunch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EncryptedLaunch(…)")
    }
}
