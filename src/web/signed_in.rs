//! How whoever reads a staff page was let in, as far as the page shows it.

/// Whether the page offers to sign out, and whether it says that somebody broke the glass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignedIn {
    /// Nobody signed in by a cookie.
    #[default]
    No,
    Yes,
    /// By the emergency access.
    BreakGlass,
}

impl SignedIn {
    pub(super) fn is_person(self) -> bool {
        self != Self::No
    }

    pub(super) fn broke_glass(self) -> bool {
        self == Self::BreakGlass
    }
}
