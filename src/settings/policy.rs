//! The settings of an organization in the domain's own types.

use std::time::Duration;

use vestibule_actors::port::store::{Retention, StoreLimits};
use vestibule_actors::recent::RecentLimits;
use vestibule_domain::backoff::Backoff;
use vestibule_domain::gate;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::policy::{GuestRules, MarkerRules, PatientRules, Policy};
use vestibule_domain::time::Span;

use super::{Epic, Organization, Settings};

/// A call to Zoom may need a token first, and each of the two has the call's time-out. The repetition after a 401 has what
/// is left of it: longer, and a meeting whose making ended in doubt would be looked for later than people wait.
const REQUESTS_OF_A_CALL: u32 = 2;
/// How far the clocks of two nodes, or ours and Zoom's, may differ before a marker is looked for too early.
const CLOCK_MARGIN: Span = Span::seconds(5);
/// A permit that was granted and not used for this long is void.
const PERMIT_UNUSED: Span = Span::seconds(1);
/// A pause that Epic asks for is kept, up to this.
const LONGEST_PAUSE: Span = Span::minutes(10);
/// What a permit outlives its request's time-out by: the way of the answer to the store.
const PERMIT_MARGIN: Duration = Duration::from_secs(5);

impl Organization {
    /// The rules that the visits of this organization follow.
    pub fn policy(&self, settings: &Settings) -> Policy {
        Policy {
            admittance: self.admittance,
            waiting_counts_as: self.waiting_counts_as,
            reopen: Span::from_duration(self.reopen),
            page_presence: Span::from_duration(self.page_presence),
            early: Span::from_duration(self.early_join),
            late: Span::from_duration(self.late_join),
            provider_gone: Span::from_duration(self.provider_gone),
            longest: Span::from_duration(self.longest_visit),
            keep: Span::from_duration(self.keep.visits(&settings.limits)),
            keep_tested: Span::from_duration(settings.limits.device_test_life),
            tell_device_tests: self.device_test.as_ref().is_some_and(|test| test.write_back),
            check_after: Span::from_duration(settings.page.check_after),
            check_every: Span::from_duration(settings.page.check_every),
            call: Span::from_duration(self.zoom.timeout.saturating_mul(REQUESTS_OF_A_CALL)),
            margin: CLOCK_MARGIN,
            patients: PatientRules {
                identity: self.patients.identity,
                invite_link_life: Span::from_duration(self.patients.invite_link_life),
            },
            guests: self.guest_rules(),
            // What of them is known at the start is added there.
            markers: MarkerRules::default(),
        }
    }
}

impl Organization {
    fn guest_rules(&self) -> GuestRules {
        // Where there is no gateway nobody asks for messages.
        let messages = self.sms.as_ref().map_or(0, |sms| sms.messages_per_link);
        GuestRules { wrong_answers: self.guest_birth_date.tries, messages }
    }
}

impl Settings {
    /// The bounds that a store keeps by itself.
    pub fn store_limits(&self) -> StoreLimits {
        StoreLimits {
            journal_entries: self.limits.journal_entries,
            held_events: self.limits.held_events,
            held_for: Span::from_duration(self.limits.held_event_life),
            history_lines: self.limits.history_lines,
        }
    }

    /// How long the doors keep the facts that they have answered.
    pub fn recent_limits(&self) -> RecentLimits {
        RecentLimits { life: self.limits.recent_fact_life, facts: self.limits.recent_facts }
    }

    /// How long a store keeps things.
    pub fn retention(&self) -> Retention {
        let records_of = |(id, one): (&OrganizationId, &Organization)| {
            (id.clone(), Span::from_duration(one.keep.records(&self.limits)))
        };
        Retention {
            records: Span::from_duration(self.limits.record_life),
            records_of: self.organizations.iter().map(records_of).collect(),
            records_per_organization: self.limits.records,
        }
    }
}

impl Epic {
    /// The gate in front of this Epic.
    pub fn gate(&self) -> gate::Limits {
        gate::Limits {
            per_second: self.requests_per_second,
            concurrent: self.concurrent_requests,
            failures: self.breaker.failures,
            probe_every: Span::from_duration(self.breaker.probe_every),
            unused: PERMIT_UNUSED,
            permit_life: Span::from_duration(self.timeout.saturating_add(PERMIT_MARGIN)),
            longest_pause: LONGEST_PAUSE,
        }
    }

    /// The waits between attempts of one update.
    pub fn backoff(&self) -> Backoff {
        Backoff { first: Span::from_duration(self.retry.first), most: Span::from_duration(self.retry.most) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ORGANIZATION, folder, load};
    use crate::http::kit::{NOW, key, key_of, organization, settings, waiting};
    use vestibule_actors::port::store::StoreLimits;
    use vestibule_domain::id::VisitKey;
    use vestibule_domain::policy::{GuestRules, PatientIdentity, PatientRules};
    use vestibule_domain::time::Span;

    #[test]
    fn the_domain_gets_what_the_settings_say() {
        let folder = folder();
        let text =
            "[organization.lakeside]\nreopen_hours = 2\nepic.breaker.failures = 7\nzoom.timeout = \"3s\"";
        let settings = load(folder.path(), &[ORGANIZATION, text], &[]).unwrap();
        let (_, lakeside) = settings.organization("lakeside").unwrap();
        let policy = lakeside.policy(&settings);
        assert_eq!((policy.reopen, policy.page_presence), (Span::hours(2), Span::seconds(90)));
        assert_eq!((policy.check_after, policy.check_every), (Span::seconds(10), Span::seconds(15)));
        assert!(policy.call > Span::seconds(3) && policy.keep >= Span::minutes(85));
        assert_eq!(policy.guests, GuestRules { messages: 0, ..GuestRules::default() });
        assert_eq!(policy.patients, PatientRules::default(), "the rules and the reference name one default");
        let by_name = "[organization.lakeside]\npatient_identity = \"invite_link\"\ninvite_link_life = \"1h\"\n\
                       provider_user_type = \"basic\"";
        let settings = load(folder.path(), &[ORGANIZATION, by_name], &[]).unwrap();
        let (_, lakeside_by_name) = settings.organization("lakeside").unwrap();
        let patients = lakeside_by_name.policy(&settings).patients;
        let expected =
            PatientRules { identity: PatientIdentity::InviteLink, invite_link_life: Span::hours(1) };
        assert_eq!(patients, expected, "and hosts need no licence");
        let sms =
            "[organization.lakeside.sms]\nurl = \"https://sms.example.org\"\nbody = '[\"{phone}{link}\"]'";
        let settings = load(folder.path(), &[ORGANIZATION, sms], &[]).unwrap();
        let (_, with_sms) = settings.organization("lakeside").unwrap();
        let guests = with_sms.policy(&settings).guests;
        assert_eq!(guests, GuestRules::default(), "the rules and the reference name one default");
        let gate = lakeside.epic.gate();
        assert_eq!((gate.per_second, gate.concurrent, gate.failures), (10, 5, 7));
        assert!(gate.permit_life > Span::from_duration(lakeside.epic.timeout));
        assert_eq!(lakeside.epic.backoff().bound(1), Span(500));
        assert_eq!(
            settings.store_limits(),
            StoreLimits::default(),
            "the ports and the reference name one default"
        );
        assert_eq!(settings.retention().records, Span::hours(90 * 24));
    }

    /// In hours.
    const DAY: i64 = 24;

    #[test]
    fn an_organizations_own_times_go_before_those_of_all() {
        let settings = settings(
            "[limits]\nvisit_life = \"3d\"\nrecord_life = \"40d\"\naudit_life = \"50d\"\n\
             [organization.lakeside.keep]\nvisits = \"5d\"\nrecords = \"20d\"\naudit = \"70d\"\n",
        );
        let leaves = |key: VisitKey| {
            let (_, whose) = settings.organization(key.organization.as_str()).unwrap();
            let policy = whose.policy(&settings);
            assert_eq!(policy.reopen, Span::hours(12));
            waiting(key).leaves_at(&policy)
        };
        assert_eq!(leaves(key("10001")), NOW + Span::hours(12 + 5 * DAY));
        assert_eq!(leaves(key_of("hillside", "10001")), NOW + Span::hours(12 + 3 * DAY));

        let retention = settings.retention();
        assert_eq!(retention.oldest(NOW, &organization("lakeside")), NOW - Span::hours(20 * DAY));
        for other in ["hillside", "unknown"] {
            assert_eq!(retention.oldest(NOW, &organization(other)), NOW - Span::hours(40 * DAY), "{other}");
        }
        assert_eq!(retention.newest_that_leaves(NOW), NOW - Span::hours(20 * DAY));

        let audit = |name| {
            let (_, whose) = settings.organization(name).unwrap();
            Span::from_duration(whose.keep.audit(&settings.limits))
        };
        assert_eq!((audit("lakeside"), audit("hillside")), (Span::hours(70 * DAY), Span::hours(50 * DAY)));
    }
}
