//! What is counted of guests' links: the birth dates that open them.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use vestibule_domain::id::OrganizationId;

use super::Metrics;
use super::labels::{Labels, of, registered};

pub(super) struct GuestMetrics {
    birth_dates: Family<Labels<2>, Counter>,
}

impl GuestMetrics {
    pub(super) fn registered(r: &mut Registry) -> Self {
        Self {
            birth_dates: registered(
                r,
                "guest_birth_dates",
                "What came of guests' answers: right, wrong, locked (as many were wrong as may be), incomplete, unknown (there is nothing to hold it against), undecided",
            ),
        }
    }
}

impl Metrics {
    /// A guest said when the patient was born, or could not.
    pub fn guest_answered(&self, organization: &OrganizationId, outcome: &'static str) {
        self.guests.birth_dates.get_or_create(&[of(organization), ("outcome", outcome.into())]).inc();
    }
}
