//! How whoever reads a staff page was let in, and how far, as far as the page shows it.

/// Whether the page offers to sign out, says that somebody broke the glass, and leads to the audit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignedIn {
    person: bool,
    glass_broken: bool,
    audit: bool,
}

impl SignedIn {
    /// Nobody signed in by a cookie.
    pub const NO: Self = Self { person: false, glass_broken: false, audit: false };
    pub const YES: Self = Self { person: true, ..Self::NO };
    /// By the emergency access.
    pub const BREAK_GLASS: Self = Self { glass_broken: true, ..Self::YES };

    /// The same of somebody who may read an audit, or may not.
    #[must_use]
    pub fn reading_the_audit(self, may: bool) -> Self {
        Self { audit: may, ..self }
    }

    pub(super) fn is_person(self) -> bool {
        self.person
    }

    pub(super) fn broke_glass(self) -> bool {
        self.glass_broken
    }

    pub(super) fn reads_the_audit(self) -> bool {
        self.audit
    }
}
