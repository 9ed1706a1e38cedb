//! Which gates a store keeps: whoever asks at one asks at the same one, on whatever node.

use serde::{Deserialize, Serialize};
use vestibule_domain::gate::Halt;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Moment;

use super::{OrganizationValue, SharedStore, StoreError};

/// Under which field of an organization it stands that an operator has halted the gate in front of its Epic: a [`Halt`], or nothing. It lies beside
/// the gate, which every ask writes anew and which is forgotten when nobody asks.
pub const HALT: &str = "epic/halt";

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

impl GateId {
    /// Whose halt stands before this gate. Zoom's gates are nobody's to halt.
    #[must_use]
    pub fn halted_by(&self) -> Option<&OrganizationId> {
        match self {
            Self::Epic(organization) => Some(organization),
            Self::Zoom { .. } => None,
        }
    }
}

/// Whether what stands under [`HALT`] halts the gate. What cannot be read does: whoever put it there wanted that nothing leaves.
#[must_use]
pub fn is_halted(there: Option<&OrganizationValue>) -> bool {
    there.is_some_and(|there| !there.value.is_empty())
}

/// What stands under [`HALT`], with the version that whoever changes it names.
///
/// # Errors
/// [`StoreError`].
pub async fn halt_of(
    store: &SharedStore,
    organization: &OrganizationId,
) -> Result<(u64, Option<Halt>), StoreError> {
    let there = store.organization_get(organization, HALT).await?;
    let version = there.as_ref().map_or(0, |there| there.version);
    Ok((version, there.filter(|there| is_halted(Some(there))).map(|there| read(&there.value))))
}

/// Halts the gate in front of an organization's Epic, or with `None` lets it go on. What stood there before; where that is the same already, nothing
/// is changed.
///
/// # Errors
/// [`StoreError`]; it is not known then whether it was done.
pub async fn set_halt(
    store: &SharedStore,
    organization: &OrganizationId,
    halt: Option<&Halt>,
) -> Result<Option<Halt>, StoreError> {
    change_halt(store, organization, halt, None).await
}

/// Lets the gate go on where the halt that there is began at `meant`; `None` means whichever there is. What stood there before: where it is another
/// one, nothing is changed.
///
/// # Errors
/// As of [`set_halt`].
pub async fn end_halt(
    store: &SharedStore,
    organization: &OrganizationId,
    meant: Option<Moment>,
) -> Result<Option<Halt>, StoreError> {
    change_halt(store, organization, None, meant).await
}

async fn change_halt(
    store: &SharedStore,
    organization: &OrganizationId,
    halt: Option<&Halt>,
    meant: Option<Moment>,
) -> Result<Option<Halt>, StoreError> {
    loop {
        let (version, before) = halt_of(store, organization).await?;
        let is_another = before.as_ref().zip(meant).is_some_and(|(before, meant)| before.since != meant);
        if before.is_some() == halt.is_some() || is_another {
            return Ok(before);
        }
        let value = halt.and_then(|halt| serde_json::to_vec(halt).ok()).unwrap_or_default();
        if store.organization_put(organization, HALT, version, value).await? {
            return Ok(before);
        }
    }
}

/// Of what a later release wrote it is at least said that it stands.
fn read(value: &[u8]) -> Halt {
    serde_json::from_slice(value).unwrap_or_else(|_| Halt {
        by: "?".to_owned(),
        reason: "?".to_owned(),
        since: Moment(0),
    })
}
