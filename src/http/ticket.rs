//! A ticket: the random name of one person's place on the waiting page. It shows how the visit stands to whoever has the link; only the
//! browser that it was made for can join with it.

use serde::{Deserialize, Serialize};
use vestibule_actors::port::Ports;
use vestibule_actors::port::store::{Space, StoreError};
use vestibule_domain::id::{CommandId, VisitKey};
use vestibule_domain::time::Span;
use vestibule_domain::visit::participant::ParticipantKey;
use vestibule_domain::visit::{LaunchOutcome, LaunchRefusal, Visit};

use super::browser::Browser;
use super::kept;

/// What a ticket stands for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ticket {
    pub visit: VisitKey,
    pub participant: ParticipantKey,
    /// The hash of the browser's secret.
    browser: String,
    /// The launch that it was made for, where that was not decided yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    undecided: Option<CommandId>,
}

impl Ticket {
    pub fn new(
        visit: VisitKey,
        participant: ParticipantKey,
        browser: &Browser,
        undecided: Option<CommandId>,
    ) -> Self {
        Self { visit, participant, browser: browser.hash(), undecided }
    }

    /// Why the visit refused the launch after the person had been sent to the page, as long as it remembers that.
    pub fn refused_by(&self, visit: &Visit) -> Option<LaunchRefusal> {
        match visit.launch_outcome(self.undecided.as_ref()?)? {
            LaunchOutcome::Refused(refusal) => Some(*refusal),
            LaunchOutcome::Accepted { .. } => None,
        }
    }

    /// Whether it was made for this browser.
    pub fn is_for(&self, browser: Option<&Browser>) -> bool {
        browser.is_some_and(|browser| browser.hash() == self.browser)
    }

    /// Keeps the ticket under a fresh random name, which it answers.
    pub async fn keep(&self, ports: &Ports, life: Span) -> Result<String, StoreError> {
        let name = ports.randomness.secret();
        kept::keep(ports, Space::Ticket, &name, self, life).await?;
        Ok(name)
    }

    /// Finds a ticket that has not expired.
    pub async fn find(ports: &Ports, name: &str) -> Result<Option<Self>, StoreError> {
        kept::find(ports, Space::Ticket, name).await
    }
}
