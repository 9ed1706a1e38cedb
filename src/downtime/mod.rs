//! What is worked with while everything else is down: for each organization a list of today's visits, with meeting id and dial-in, written to
//! files by the clock and shown as the same page.
//!
//! No name of a patient is on it, as on the boards; it has what a person needs who has to bring people together by hand, and so the passcodes of
//! meetings. Only the user that the service runs as may read the files.

mod keeping;
mod list;

pub(crate) use keeping::keep_on;
pub(crate) use list::today;
