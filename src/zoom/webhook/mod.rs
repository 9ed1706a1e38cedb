//! Zoom's events: the check of the signature over the raw body, and the conversion of the wire into facts.

mod signature;
mod wire;

pub use signature::{OURS, Refused, SIGNATURE, Signed, TIMESTAMP, header_of, url_validation_answer, verify};
pub use wire::{BadBody, Event, NameKey, parse};
