//! Identifiers as newtypes: a CSN can never be passed where a meeting id is wanted.
//!
//! Each text id is checked once, when it is made, so that no later code needs to ask whether it is empty or too long.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Nothing but blanks was given.
    #[error("{kind} is empty")]
    Empty {
        /// What the text was meant to be.
        kind: &'static str,
    },
    /// Longer than the bound of its kind.
    #[error("{kind} is longer than {max} bytes")]
    TooLong {
        /// What the text was meant to be.
        kind: &'static str,
        /// The bound in bytes.
        max: usize,
    },
    /// A character that the kind does not allow.
    #[error("{kind} holds a character that is not allowed there")]
    Character {
        /// What the text was meant to be.
        kind: &'static str,
    },
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The longest text that is accepted, in bytes.
            pub const MAX_BYTES: usize = $max;

            /// Checks the text (blanks around it are dropped) and makes the id.
            ///
            /// # Errors
            /// [`InvalidId`] when it is empty, too long or holds a character that the kind does not allow.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidId> {
                let text = text.as_ref().trim();
                let allowed: fn(char) -> bool = $allowed;
                if text.is_empty() {
                    Err(InvalidId::Empty { kind: $kind })
                } else if text.len() > $max {
                    Err(InvalidId::TooLong { kind: $kind, max: $max })
                } else if !text.chars().all(allowed) {
                    Err(InvalidId::Character { kind: $kind })
                } else {
                    Ok(Self(text.into()))
                }
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.into()
            }
        }
    };
}

fn printable(c: char) -> bool {
    !c.is_control()
}

fn slug(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

fn base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_')
}

text_id!(
    /// One health system, as it stands in URLs: `[a-z0-9]+(-[a-z0-9]+)*`.
    OrganizationId, "the organization", 64, slug
);
text_id!(
    /// Epic's contact serial number: the key of a one-to-one visit within its organization.
    Csn, "the CSN", 64, |c| c.is_ascii_graphic()
);
text_id!(
    /// Epic's conference id: the key of a group visit within its organization.
    ConferenceId, "the conference id", 128, |c| c.is_ascii_graphic()
);
text_id!(
    /// The id under which Epic knows a person in status updates (EMP for a provider, WPR for a patient).
    ExternalId, "the external id", 128, |c| c.is_ascii_graphic()
);
text_id!(
    /// What kind of id an [`ExternalId`] is, as Epic numbers the kinds.
    ExternalIdType, "the external id's type", 32, |c| c.is_ascii_graphic()
);
text_id!(
    /// A FHIR reference without its base, such as `Practitioner/e3M`.
    FhirReference, "the FHIR reference", 256, |c| c.is_ascii_graphic()
);
text_id!(
    /// Names a link that lets one guest into one visit. Random; knowing it opens nothing, since the link is signed.
    GuestLinkId, "the guest link", 64, |c| c.is_ascii_alphanumeric() || c == '-' || c == '_'
);
text_id!(
    /// A browser, by a hash of its secret.
    BrowserHash, "the browser's hash", 64, base64
);
text_id!(
    /// The National Provider Identifier of a provider in the United States: public, and the same at every health system.
    Npi, "the NPI", 10, |c| c.is_ascii_digit()
);
text_id!(
    /// One start of a Zoom meeting: every start of the same meeting id makes a new one. Base64, may hold `/` and `+`.
    InstanceUuid, "the meeting uuid", 128, base64
);
text_id!(
    /// A user of a Zoom account.
    ZoomUserId, "the Zoom user id", 128, printable
);
text_id!(
    /// A registrant of one Zoom meeting: what ties a join through a personal link to a person of the visit.
    RegistrantId, "the registrant id", 128, printable
);
text_id!(
    /// One join of one device; Zoom keeps it through breakout moves, so it correlates a join with its leave.
    ParticipantUuid, "the participant uuid", 128, printable
);
text_id!(
    /// Zoom's number of one join within an instance; it changes on a rejoin and in a breakout room.
    SessionUserId, "the participant user id", 64, printable
);
text_id!(
    /// A command's id, unique by randomness: what makes applying it once possible.
    CommandId, "the command id", 64, |c| c.is_ascii_graphic()
);
text_id!(
    /// What we write into a Zoom meeting so that it can be found again after an ambiguous answer. Holds no PHI.
    Marker, "the marker", 96, |c| c.is_ascii_graphic()
);

impl Marker {
    /// Whether a meeting bears it, by what stands in that one. A marker that ends with a dash stands for all that begin with it.
    #[must_use]
    pub fn is_on(&self, text: &str) -> bool {
        let marker = self.as_str();
        if marker.ends_with('-') { text.starts_with(marker) } else { text == marker }
    }
}

impl GuestLinkId {
    /// Stands in for the identity that a guest has not got. No FHIR server has such a resource.
    #[must_use]
    pub fn as_reference(&self) -> FhirReference {
        FhirReference(format!("Guest/{}", self.0).into())
    }
}

impl CommandId {
    /// The id of commands that a shard's owner adds by itself, such as ticks; nobody ever looks for it.
    #[must_use]
    pub fn of_owner() -> Self {
        Self("owner".into())
    }
}

impl FhirReference {
    /// Stands for the person whom Epic knows by its own id, where a launch brings that id alone. It is the same in every such launch, and
    /// never a person of the FHIR server's, since the names of FHIR's resources have no dash.
    #[must_use]
    pub fn of_external_id(id: &ExternalId) -> Self {
        Self(format!("external-id/{id}").into())
    }
}

/// A Zoom meeting id: 9 to 11 digits today, so a `u64` holds it whatever form Zoom gives it in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MeetingId(pub u64);

impl MeetingId {
    /// Reads an id as people paste it: blanks and dashes between the digits are ignored.
    #[must_use]
    pub fn from_pasted(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        digits.parse().ok().filter(|id| *id > 0).map(Self)
    }
}

impl fmt::Debug for MeetingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MeetingId({})", self.0)
    }
}

impl fmt::Display for MeetingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What names a visit inside its organization. The launch kind decides which, never the presence of an id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitId {
    /// A one-to-one visit.
    Csn(Csn),
    /// A group visit.
    Conference(ConferenceId),
}

/// The key of a visit in the whole system.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct VisitKey {
    /// Whose visit it is.
    pub organization: OrganizationId,
    /// Which visit of that organization.
    pub visit: VisitId,
}

impl VisitKey {
    /// The key as one line of text, for indexes and logs: `organization/csn/ID` or `organization/conference/ID`.
    #[must_use]
    pub fn to_text(&self) -> String {
        match &self.visit {
            VisitId::Csn(csn) => format!("{}/csn/{csn}", self.organization),
            VisitId::Conference(id) => format!("{}/conference/{id}", self.organization),
        }
    }

    /// The inverse of [`VisitKey::to_text`].
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '/');
        let organization = OrganizationId::new(parts.next()?).ok()?;
        let visit = match (parts.next()?, parts.next()?) {
            ("csn", id) => VisitId::Csn(Csn::new(id).ok()?),
            ("conference", id) => VisitId::Conference(ConferenceId::new(id).ok()?),
            _ => return None,
        };
        Some(Self { organization, visit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_text_form() {
        let key = VisitKey {
            organization: OrganizationId::new("lakeside").unwrap(),
            visit: VisitId::Conference(ConferenceId::new("a/b/c").unwrap()),
        };
        assert_eq!(VisitKey::from_text(&key.to_text()), Some(key));
    }

    #[test]
    fn bad_ids_are_refused_with_their_reason() {
        assert_eq!(Csn::new("  "), Err(InvalidId::Empty { kind: "the CSN" }));
        assert!(matches!(OrganizationId::new("Lake Side"), Err(InvalidId::Character { .. })));
        assert!(matches!(Csn::new("9".repeat(65)), Err(InvalidId::TooLong { max: 64, .. })));
        assert_eq!(Csn::new(" 10001 ").unwrap().as_str(), "10001");
    }

    #[test]
    fn the_longest_external_id_makes_a_reference_that_can_be_read_again() {
        let id = ExternalId::new("E".repeat(ExternalId::MAX_BYTES)).unwrap();
        let reference = FhirReference::of_external_id(&id);
        assert_eq!(FhirReference::new(reference.as_str()), Ok(reference));
    }

    #[test]
    fn meeting_ids_are_read_as_people_paste_them() {
        assert_eq!(MeetingId::from_pasted("850 1234-5678"), Some(MeetingId(85_012_345_678)));
        assert_eq!(MeetingId::from_pasted("visit"), None);
    }
}
