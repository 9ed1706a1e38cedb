//! Which gates a store keeps: whoever asks at one asks at the same one, on whatever node.

use serde::{Deserialize, Serialize};
use vestibule_domain::id::OrganizationId;

/// Names a gate.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum GateId {
    /// In front of an organization's Epic.
    Epic(OrganizationId),
    /// In front of a Zoom account, for one class of its calls. Organizations may share an account.
    Zoom {
        /// The account, as Zoom names it.
        account: String,
        /// The class that Zoom limits by.
        class: ZoomClass,
    },
}

/// How heavy a call is to Zoom; each class has a limit per second of its own (Zoom, "Rate limits").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoomClass {
    /// Most calls.
    Light,
    /// Lists, and the making of meetings.
    Medium,
    /// Reports.
    Heavy,
    /// Readings of meetings that no event told of: ours, one a second for each organization.
    Reading,
}
