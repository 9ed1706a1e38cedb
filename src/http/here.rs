//! Epic and Zoom for the doors of one worker thread, since HTTP clients are bound to their thread.

use std::rc::Rc;

use vestibule_actors::port::zoom::{LinkRefused, Zoom};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::name::PersonalLink;
use vestibule_domain::visit::WayIn;

use crate::epic::EpicClient;
use crate::web::Reason;

/// The edges on this thread.
#[derive(Clone)]
pub struct Here {
    pub epic: Rc<EpicClient>,
    pub zoom: Rc<dyn Zoom>,
}

impl Here {
    /// The link for a way in: committed for a patient, fetched at this click for a provider.
    pub(super) async fn link(
        &self,
        organization: &OrganizationId,
        way: WayIn<'_>,
    ) -> Result<PersonalLink, Reason> {
        let fetched = match way {
            WayIn::Personal(link) => Ok(link.clone()),
            WayIn::Start(meeting) => self.zoom.start_link(organization, meeting).await,
            WayIn::Alternative { user, join_url } => {
                self.zoom.alternative_link(organization, user, join_url).await
            }
        };
        fetched.map_err(|refused| match refused {
            LinkRefused::Gone | LinkRefused::Unavailable | LinkRefused::Refused => Reason::ZoomNotAnswering,
        })
    }
}
