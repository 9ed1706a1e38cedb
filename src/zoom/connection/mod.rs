//! How an organization is connected with its Zoom account: by the app's own credentials, or by an app that an administrator added and whose
//! refresh token changes with every use.
//!
//! What stands is one value in the organization's place in the store, written by version, so that of two nodes that change it one wins and
//! the other looks again. Every node looks at it every few seconds while it calls Zoom.

mod at_rest;
mod forgetting;
mod grant;
mod keeping;
mod kept;
mod refresh;
mod removal;
mod state;
mod view;

pub use grant::ConnectRefused;
pub use keeping::copy;
pub use removal::{Removal, removed};
pub use state::{NotConnected, Seen};
pub use view::{ConnectionView, Standing};

pub(super) use at_rest::AtRest;
pub(super) use forgetting::PROVIDERS;
pub(super) use keeping::Newest;
pub(super) use kept::{Connection, State};
pub(super) use refresh::{Access, Fetch, INVALID_GRANT, ask};
