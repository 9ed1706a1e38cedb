//! The services of 2020, in the form that Vestibule assumes where nothing is published: JSON posted to one of three addresses. Two set the
//! lights as the service of 2018 does, and the third takes what came out of a device test; the codes for what that one does not have are made up.

use jiff::Timestamp;
use serde_json::Value;

use super::FakeEpic;
use super::status::{Parameters, ToldResult};

pub(super) const CONNECT: &str = "/api/epic/2020/Telehealth/Encounter/CONNECT/Connect";
pub(super) const DISCONNECT: &str = "/api/epic/2020/Telehealth/Encounter/DISCONNECT/Disconnect";
pub(super) const DEVICE_TEST: &str = "/api/epic/2020/Telehealth/Encounter/DEVICETEST/DeviceTest";

impl FakeEpic {
    /// What a body asks for at an address; `None` where it is no JSON object.
    pub(super) fn read_telehealth(&self, body: &[u8], path: &str) -> Option<Parameters> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let body = body.as_object()?;
        let ask = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let conference_id = ask("ConferenceID");
        let is_utc = |text: &str| text.ends_with('Z') && text.parse::<Timestamp>().is_ok();
        let of_conference = |csn: &str| {
            self.with(|state| {
                state.day.iter().any(|visit| visit.csn == csn && visit.conference() == conference_id)
            })
        };
        let besides =
            match (ask("ContactID").as_str(), ask("ContactIDType").as_str(), ask("Instant").as_str()) {
                ("", _, _) => Some("NO-CONTACT-ID"),
                (_, kind, _) if kind != "CSN" => Some("INVALID-CONTACT-ID-TYPE"),
                (csn, _, _) if !of_conference(csn) => Some("INVALID-CONTACT-ID"),
                (_, _, instant) if !is_utc(instant) => Some("INVALID-INSTANT"),
                _ => None,
            };
        Some(Parameters {
            external_id: ask("UserID"),
            external_id_type: ask("UserIDType"),
            vendor_name: ask("VendorName"),
            connection_status: match () {
                () if path.ends_with(CONNECT) => "1",
                () if path.ends_with(DISCONNECT) => "2",
                () => "",
            }
            .to_owned(),
            test: path
                .ends_with(DEVICE_TEST)
                .then(|| ToldResult { result: ask("Result"), instant: ask("Instant") }),
            conference_id,
            besides,
        })
    }
}
