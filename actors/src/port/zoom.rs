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

    /// Makes a fresh link for somebody whom a Zoom user stands for, out of the meeting's join link and that user's token: there is no other
    /// way to come in as that user. An edge that answers with none refuses.
    fn patient_link<'a>(
        &'a self,
        _: &'a OrganizationId,
        _: MeetingId,
        _: &'a ZoomUserId,
        _: &'a PersonalLink,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>> {
        Box::pin(std::future::ready(Err(LinkRefused::Refused)))
    }

    /// Fetches the link of a default host who stands in, unless they are taken elsewhere by now. An edge that answers with none refuses.
    fn default_host_link<'a>(
        &'a self,
        _: &'a OrganizationId,
        _: DefaultHostLink<'a>,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>> {
        Box::pin(std::future::ready(Err(LinkRefused::Refused)))
    }
}

/// What a link of a default host's is made from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DefaultHostLink<'a> {
    /// For whom the default host is taken, as in [`vestibule_domain::visit::default_host::HostChoice::holder`].
    pub holder: &'a str,
    /// The visit's meeting.
    pub meeting: MeetingId,
    /// The default host.
    pub user: &'a ZoomUserId,
    /// The meeting's join link, where the default host is alternative host of it.
    pub join_url: Option<&'a PersonalLink>,
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
    /// The default host hosts another meeting by now, or is taken for somebody else.
    Busy,
}

/// Makes the caller on the arbiter where it will be used.
pub type ZoomFactory = std::sync::Arc<dyn Fn() -> Rc<dyn Zoom> + Send + Sync>;
