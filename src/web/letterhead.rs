//! What stands at the top and at the foot of every page that people see: whose page it is, and where to find help.

/// An organization as its people know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letterhead {
    pub name: String,
    /// The address of its picture.
    pub logo: Option<String>,
    /// The address of its help.
    pub help: Option<String>,
}
