//! Zoom for the doors of one worker thread: fetches the fresh links that are never stored.

use std::rc::Rc;

use vestibule_actors::port::zoom::{LinkRefused, Zoom};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::name::PersonalLink;
use vestibule_domain::visit::WayIn;

use crate::web::Reason;

/// Zoom on this thread.
#[derive(Clone)]
pub struct ZoomHere(pub Rc<dyn Zoom>);

impl ZoomHere {
    /// The link for a way in: committed for a patient, fetched at this click for a provider.
    pub async fn link(&self, organization: &OrganizationId, way: WayIn<'_>) -> Result<PersonalLink, Reason> {
        let fetched = match way {
            WayIn::Personal(link) => Ok(link.clone()),
            WayIn::Start(meeting) => self.0.start_link(organization, meeting).await,
            WayIn::Alternative { user, join_url } => self.0.alternative_link(organization, user, join_url).await,
        };
        fetched.map_err(|refused| match refused {
            LinkRefused::Gone | LinkRefused::Unavailable | LinkRefused::Refused => Reason::ZoomNotAnswering,
        })
    }
}
