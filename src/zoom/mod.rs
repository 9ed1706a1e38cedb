//! The edge to Zoom: events that come in, calls that go out.

mod account;
mod administration;
mod answers;
mod attendance;
mod calls;
pub mod connection;
mod daily;
mod default_host;
mod error;
mod links;
mod meetings;
mod pace;
mod patients;
mod probe;
mod providers;
mod rest;
pub mod scopes;
#[cfg(test)]
mod tests;
pub mod validation;
pub mod webhook;

pub use account::{PerSecond, ZoomAccounts, ZoomConfig};
pub use administration::{AccountSettings, CommonSetting, GroupSettings, Groups, Seats};
pub use calls::ZoomClient;
pub use error::{RestError, ZoomRefusal};
