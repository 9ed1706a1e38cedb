//! The services of 2020: one call for a person who has connected, one for a person who has disconnected, and one for what came out of a
//! device test. Epic does not publish them, so
//! that method, path and body come from the settings.

use awc::http::Method;
use bytes::Bytes;
use jiff::Timestamp;
use vestibule_domain::effect::{Says, Update};
use vestibule_domain::id::{VisitId, VisitKey};
use vestibule_domain::time::Moment;
use vestibule_domain::visit::device_test::TestOutcome;

use super::{Call, conference, external_id_type};
use crate::epic::config::EpicConfig;
use crate::outbound::encode::encode;
use crate::settings::{StatusCall, StatusField, StatusMethod};

pub(super) fn call(config: &EpicConfig, visit: &VisitKey, update: &Update) -> Call {
    let calls = &config.telehealth_2020;
    let call = match update.says {
        Says::Connected(true) => &calls.connect,
        Says::Connected(false) => &calls.disconnect,
        Says::DeviceTest(_) => &calls.device_test.call,
    };
    filled(config, call, |field| value(config, visit, update, field))
}

pub(super) fn nothing(config: &EpicConfig) -> Call {
    let call = &config.telehealth_2020.connect;
    let body = call.body.as_ref().map(|_| Bytes::from_static(b"{}"));
    Call { body, ..filled(config, call, |_| String::new()) }
}

/// Values are encoded as the place where they stand needs it.
fn filled(config: &EpicConfig, call: &StatusCall, value: impl Fn(StatusField) -> String) -> Call {
    let method = match call.method {
        StatusMethod::Post => Method::POST,
        StatusMethod::Put => Method::PUT,
        StatusMethod::Get => Method::GET,
    };
    let path = call.path.filled(|field| encode(&value(field)));
    let body = call.body.as_ref().map(|body| Bytes::from(body.filled(&value).to_string()));
    Call { method, url: format!("{}{path}", config.telehealth_base_url), body }
}

fn value(config: &EpicConfig, visit: &VisitKey, update: &Update, field: StatusField) -> String {
    match field {
        StatusField::ConferenceId => conference(visit).to_owned(),
        StatusField::Csn => match (&update.csn, &visit.visit) {
            (Some(csn), _) | (None, VisitId::Csn(csn)) => csn.as_str().to_owned(),
            (None, VisitId::Conference(_)) => String::new(),
        },
        StatusField::ExternalId => update.external_id.as_str().to_owned(),
        StatusField::ExternalIdType => external_id_type(config, update).to_owned(),
        StatusField::VendorName => config.vendor_name.clone(),
        StatusField::Role => update.role.as_str().to_owned(),
        StatusField::MeetingId => update.meeting.map(|id| id.to_string()).unwrap_or_default(),
        StatusField::Instant => instant(update.occurred_at),
        StatusField::Result => {
            let names = &config.telehealth_2020.device_test;
            let name = match update.says {
                // The settings let no call for a light have this place.
                Says::Connected(_) => "",
                Says::DeviceTest(TestOutcome::Passed) => &names.passed,
                Says::DeviceTest(TestOutcome::Failed) => &names.failed,
                Says::DeviceTest(TestOutcome::Unclear) => &names.unclear,
            };
            name.to_owned()
        }
    }
}

/// Whole seconds in UTC; empty for what no calendar has.
fn instant(at: Moment) -> String {
    let at = Timestamp::from_millisecond(at.whole_second().0);
    at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}
