//! The store port on an embedded file.

pub mod embedded;

pub use embedded::{Durability, EmbeddedSettings, EmbeddedStore, OpenError};
