//! Labels and the bounds of their values.

use std::borrow::Cow;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};
use vestibule_domain::id::OrganizationId;

/// A fixed number of labels.
pub(super) type Labels<const N: usize> = [(&'static str, Cow<'static, str>); N];

/// Zoom's events that the service knows; any other is counted as `other`.
const EVENTS: [&str; 21] = [
    "app_deauthorized",
    "endpoint.url_validation",
    "meeting.created",
    "meeting.deleted",
    "meeting.ended",
    "meeting.participant_admitted",
    "meeting.participant_bind",
    "meeting.participant_jbh_joined",
    "meeting.participant_jbh_waiting",
    "meeting.participant_jbh_waiting_left",
    "meeting.participant_joined",
    "meeting.participant_joined_breakout_room",
    "meeting.participant_joined_waiting_room",
    "meeting.participant_left",
    "meeting.participant_left_breakout_room",
    "meeting.participant_left_waiting_room",
    "meeting.participant_put_in_waiting_room",
    "meeting.participant_role_changed",
    "meeting.permanently_deleted",
    "meeting.started",
    "meeting.updated",
];

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// HTTP statuses that are counted one by one; any other is counted by its class.
const STATUSES: [(u16, &str); 31] = [
    (0, "0"),
    (101, "101"),
    (200, "200"),
    (201, "201"),
    (202, "202"),
    (204, "204"),
    (301, "301"),
    (302, "302"),
    (303, "303"),
    (304, "304"),
    (307, "307"),
    (400, "400"),
    (401, "401"),
    (403, "403"),
    (404, "404"),
    (405, "405"),
    (408, "408"),
    (409, "409"),
    (410, "410"),
    (412, "412"),
    (413, "413"),
    (415, "415"),
    (422, "422"),
    (429, "429"),
    (431, "431"),
    (500, "500"),
    (501, "501"),
    (502, "502"),
    (503, "503"),
    (504, "504"),
    (505, "505"),
];

/// Buckets in seconds, from what the store takes to what a person gives up after.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Buckets in seconds of people waiting.
const WAITING_SECONDS: [f64; 11] = [1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 2400.0, 3600.0];

pub(super) fn known_event(name: &str) -> &'static str {
    EVENTS.into_iter().find(|known| *known == name).unwrap_or("other")
}

pub(super) fn known_method(name: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == name).unwrap_or("other")
}

pub(super) fn known_status(status: u16) -> &'static str {
    let known = STATUSES.into_iter().find_map(|(code, text)| (code == status).then_some(text));
    known.unwrap_or(match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        500..=599 => "5xx",
        _ => "other",
    })
}

pub(super) fn of(organization: &OrganizationId) -> (&'static str, Cow<'static, str>) {
    ("organization", Cow::Owned(organization.as_str().to_owned()))
}

/// Registers a metric and keeps a handle on it.
pub(super) fn registered<M: Metric + Clone + Default>(
    registry: &mut Registry,
    name: &'static str,
    help: &'static str,
) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

pub(super) fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

pub(super) fn waiting_seconds() -> Histogram {
    Histogram::new(WAITING_SECONDS)
}

/// A histogram of seconds for each set of labels.
pub(super) fn seconds_by<const N: usize>(
    registry: &mut Registry,
    name: &'static str,
    help: &'static str,
) -> Family<Labels<N>, Histogram> {
    let family = Family::new_with_constructor(seconds as fn() -> Histogram);
    registry.register(name, help, family.clone());
    family
}

pub(super) fn seconds_alone(registry: &mut Registry, name: &'static str, help: &'static str) -> Histogram {
    let histogram = seconds();
    registry.register(name, help, histogram.clone());
    histogram
}
