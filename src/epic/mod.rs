//! The edge to Epic: launches by SMART on FHIR, backend tokens, our public keys, and the status service.

mod appointment_time;
mod backend;
mod checks;
mod client;
mod config;
mod encrypted;
#[cfg(test)]
mod fake_tests;
mod fdi;
pub mod fhir;
mod hints;
pub mod id_token;
mod jwks;
mod key_due;
mod keys;
mod metadata;
mod new_key;
mod probe;
pub mod smart;
mod status;
#[cfg(test)]
pub(crate) mod testing;

pub use appointment_time::appointment_starts;
pub use checks::checks;
#[cfg(test)]
pub(crate) use checks::every_check;
pub use client::{EpicClient, EpicSites};
pub use config::{ClientProof, EpicConfig};
pub use encrypted::{DoesNotDecrypt, EncryptedLaunch, EncryptedLaunches, Side, Timeliness};
pub use fdi::{FdiRecord, fdi_records};
pub use hints::NINE_PERMANENT_CODES;
pub use id_token::{FhirUser, IdTokenError, UserKind};
pub use key_due::KeyDue;
pub use keys::{KeyError, PublicKey, SigningKeys};
pub use new_key::{KeyBits, fresh_private_key};
pub use probe::{FhirReads, ProbeFailure};
pub use smart::{Authorization, AuthorizeRequest, Context, SmartError, TokenAnswer};
#[cfg(test)]
pub(crate) use status::every_hint;
