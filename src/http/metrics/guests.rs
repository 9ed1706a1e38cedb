//! What is counted of guests' links: the birth dates that open them, and the text messages that bring them.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use vestibule_domain::id::OrganizationId;

use super::Metrics;
use super::labels::{Labels, of, registered};

pub(super) struct GuestMetrics {
    birth_dates: Family<Labels<2>, Counter>,
    text_messages: Family<Labels<2>, Counter>,
}

impl GuestMetrics {
    pub(super) fn registered(r: &mut Registry) -> Self {
        Self {
            birth_dates: registered(
                r,
                "guest_birth_dates",
                "What came of guests' answers: right, wrong, locked (as many were wrong as may be), incomplete, unknown (there is nothing to hold it against), undecided",
            ),
            text_messages: registered(
                r,
                "guest_text_messages",
                "Text messages that providers asked for: sent, refused (by the gateway), not_reached, in_doubt (the gateway did not say), bad_number, over_limit, undecided",
            ),
        }
    }
}

impl Metrics {
    /// A provider asked for a text message.
    pub fn guest_texted(&self, organization: &OrganizationId, outcome: &'static str) {
        self.guests.text_messages.get_or_create(&[of(organization), ("outcome", outcome.into())]).inc();
    }

    /// A guest said when the patient was born, or could not.
    pub fn guest_answered(&self, organization: &OrganizationId, outcome: &'static str) {
        self.guests.birth_dates.get_or_create(&[of(organization), ("outcome", outcome.into())]).inc();
    }
}
