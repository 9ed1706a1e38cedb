//! Epic and Zoom for the doors of one worker thread, since HTTP clients are bound to their thread.

use std::rc::Rc;

use tokio::time::{Instant, timeout_at};
use vestibule_actors::port::zoom::{DefaultHostLink, LinkRefused, Zoom};
use vestibule_domain::command::Command;
use vestibule_domain::id::{MeetingId, VisitKey};
use vestibule_domain::name::PersonalLink;
use vestibule_domain::visit::WayIn;
use vestibule_domain::visit::default_host::HostChoice;
use vestibule_domain::visit::participant::ParticipantKey;

use super::app::App;
use crate::epic::EpicClient;
use crate::zoom::ZoomClient;

/// The edges on this thread.
#[derive(Clone)]
pub struct Here {
    pub epic: Rc<EpicClient>,
    pub zoom: Rc<dyn Zoom>,
    /// The same Zoom, for how an organization is connected with it.
    pub zoom_account: Rc<ZoomClient>,
}

/// Why there is no link at this click. The waiting page goes on by itself in either case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NoLink {
    /// Zoom has no such meeting any more, and the visit was told.
    MeetingGone(MeetingId),
    /// Another click may fare better.
    NotNow,
}

impl Here {
    /// The link for a way in: committed for a patient, fetched at this click for a provider, and before the deadline. A meeting that
    /// turns out to be gone is told to the visit, which then has another one made.
    pub(super) async fn link(
        &self,
        app: &App,
        visit: &VisitKey,
        who: &ParticipantKey,
        way: WayIn<'_>,
        deadline: Instant,
    ) -> Result<PersonalLink, NoLink> {
        let organization = &visit.organization;
        let holder = HostChoice::holder(visit, who);
        let (meeting, fetching) = match way {
            WayIn::Personal(link) => return Ok(link.clone()),
            WayIn::Start(meeting) => (meeting, self.zoom.start_link(organization, meeting)),
            WayIn::AsUser { meeting, user, join_url } => {
                (meeting, self.zoom.patient_link(organization, meeting, user, join_url))
            }
            WayIn::Alternative { meeting, user, join_url } => {
                (meeting, self.zoom.alternative_link(organization, meeting, user, join_url))
            }
            WayIn::DefaultHost { meeting, user, join_url } => {
                let wanted = DefaultHostLink { holder: &holder, meeting, user, join_url };
                (meeting, self.zoom.default_host_link(organization, wanted))
            }
        };
        let (gone, why) = match timeout_at(deadline, fetching).await {
            Ok(Ok(link)) => return Ok(link),
            Ok(Err(LinkRefused::Gone)) => (true, "meeting_gone"),
            Ok(Err(LinkRefused::Unavailable)) => (false, "unavailable"),
            Ok(Err(LinkRefused::Refused)) => (false, "refused"),
            Ok(Err(LinkRefused::Busy)) => (false, "host_busy"),
            Err(_) => (false, "too_slow"),
        };
        app.metrics.no_link(why);
        tracing::warn!(%organization, why, "a link could not be had at the click");
        if !gone {
            return Err(NoLink::NotNow);
        }
        let missing = Command::MeetingMissing { meeting, provider: who.clone() };
        match app.desk.submit(visit, missing).await {
            Ok(_) => Err(NoLink::MeetingGone(meeting)),
            Err(error) => {
                tracing::warn!(%error, "the visit could not be told that its meeting is gone");
                Err(NoLink::NotNow)
            }
        }
    }
}
