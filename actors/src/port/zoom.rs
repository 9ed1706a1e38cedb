//! How calls to Zoom are made. The worker turns intents into these; the edge knows REST.

use futures_util::future::LocalBoxFuture;
use std::rc::Rc;
use vestibule_domain::id::{MeetingId, OrganizationId, ZoomUserId};
use vestibule_domain::intent::{IntentOutcome, ZoomCall};
use vestibule_domain::name::PersonalLink;
use vestibule_domain::time::Span;

/// Calls Zoom. One per arbiter, since HTTP clients are bound to their thread.
pub trait Zoom {
    /// Makes one call and ends before `within` is over, whatever Zoom does. [`ZoomCall::IndexMeeting`] never comes here.
    fn call<'a>(
        &'a self,
        organization: &'a OrganizationId,
        call: &'a ZoomCall,
        within: Span,
    ) -> LocalBoxFuture<'a, IntentOutcome>;

    /// Fetches a fresh start link for the host. Never stored, never logged.
    fn start_link<'a>(
        &'a self,
        organization: &'a OrganizationId,
        meeting: MeetingId,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>>;

    /// Makes a fresh link for an alternative host out of the meeting's join link and his own token, where the meeting is still there.
    fn alternative_link<'a>(
        &'a self,
        organization: &'a OrganizationId,
        meeting: MeetingId,
        user: &'a ZoomUserId,
        join_url: &'a PersonalLink,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>>;
}

/// Why no link could be fetched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkRefused {
    /// The meeting is gone at Zoom.
    Gone,
    /// Zoom does not answer, or not in time.
    Unavailable,
    /// Zoom refused.
    Refused,
}

/// Makes the caller on the arbiter where it will be used.
pub type ZoomFactory = std::sync::Arc<dyn Fn() -> Rc<dyn Zoom> + Send + Sync>;
