//! The calls of the status dialect `telehealth-2020`.

use super::reader::{Choice, Read, Section};
use super::template::{JsonTemplate, Template, json_template, template};
use super::tree::Origin;

/// Longer addresses do not get through everywhere, and what is filled in comes on top.
const PATH_CHARACTERS_MAX: usize = 1_000;
const BODY_BYTES_MAX: usize = 16 * 1024;
const OUTCOME_CHARACTERS_MAX: usize = 64;

/// How Epic is told that somebody is connected, and that somebody no longer is.
#[derive(Debug, Clone, PartialEq)]
pub struct Telehealth2020 {
    pub connect: StatusCall,
    pub disconnect: StatusCall,
    pub device_test: DeviceTestCall,
}

/// How Epic is told what came out of a device test, and what the outcomes are called there.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceTestCall {
    pub call: StatusCall,
    pub passed: String,
    pub failed: String,
    pub unclear: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct StatusCall {
    pub method: StatusMethod,
    /// Under the telehealth base; begins with a slash.
    pub path: Template<StatusField>,
    /// None: no body is sent.
    pub body: Option<JsonTemplate<StatusField>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusMethod {
    Post,
    Put,
    Get,
}

/// What may be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusField {
    ConferenceId,
    Csn,
    ExternalId,
    ExternalIdType,
    VendorName,
    Role,
    Instant,
    MeetingId,
    /// What came out of a device test; stands in that call alone.
    Result,
}

impl Choice for StatusMethod {
    const ALL: &'static [(&'static str, Self)] =
        &[("POST", Self::Post), ("PUT", Self::Put), ("GET", Self::Get)];
}

impl Choice for StatusField {
    const ALL: &'static [(&'static str, Self)] = &[
        ("conference_id", Self::ConferenceId),
        ("csn", Self::Csn),
        ("external_id", Self::ExternalId),
        ("external_id_type", Self::ExternalIdType),
        ("vendor_name", Self::VendorName),
        ("role", Self::Role),
        ("instant", Self::Instant),
        ("meeting_id", Self::MeetingId),
        ("result", Self::Result),
    ];
}

pub(super) fn read_telehealth_2020(section: &mut Section<'_>) -> Read<Telehealth2020> {
    let connect = section.section("connect", read_light_call);
    let disconnect = section.section("disconnect", read_light_call);
    let device_test = section.section("device_test", read_device_test_call);
    let calls = Telehealth2020 { connect: connect?, disconnect: disconnect?, device_test: device_test? };
    if calls.connect == calls.disconnect {
        let message = "is the same as `connect`; the light could never go off";
        return Err(section.problem("disconnect", message));
    }
    Ok(calls)
}

fn read_light_call(section: &mut Section<'_>) -> Read<StatusCall> {
    let call = read_call(section)?;
    if call.has_result() {
        return Err(section.problem("body", "has {result}, here or in `path`; only a device test has one"));
    }
    Ok(call)
}

fn read_device_test_call(section: &mut Section<'_>) -> Read<DeviceTestCall> {
    let call = read_call(section);
    let [passed, failed, unclear] =
        ["passed", "failed", "unclear"].map(|outcome| section.needed(outcome, outcome_name));
    let read = DeviceTestCall { call: call?, passed: passed?, failed: failed?, unclear: unclear? };
    if !read.call.has_result() {
        return Err(section
            .problem("body", "has no {result}, and `path` neither; Epic would not be told what came out"));
    }
    if read.passed == read.failed {
        return Err(section.problem("failed", "is the same as `passed`; Epic could not tell them apart"));
    }
    Ok(read)
}

fn outcome_name(name: &str, _: &Origin) -> Result<String, String> {
    if name.chars().count() <= OUTCOME_CHARACTERS_MAX {
        return Ok(name.to_owned());
    }
    Err(format!("may have at most {OUTCOME_CHARACTERS_MAX} characters"))
}

impl StatusCall {
    fn has_result(&self) -> bool {
        let in_body = self.body.iter().flat_map(JsonTemplate::places);
        self.path.places().chain(in_body).any(|place| place == StatusField::Result)
    }
}

fn read_call(section: &mut Section<'_>) -> Read<StatusCall> {
    let method = section.choice("method");
    let path = section.needed("path", path);
    let body = section.optional("body", body);
    Ok(StatusCall { method: method?, path: path?, body: body? })
}

fn path(text: &str, _: &Origin) -> Result<Template<StatusField>, String> {
    let clean = text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains('#');
    if !clean || !text.starts_with('/') || text.starts_with("//") || text.len() > PATH_CHARACTERS_MAX {
        return Err(format!(
            "must be a path that begins with one slash, of at most {PATH_CHARACTERS_MAX} characters"
        ));
    }
    template(text)
}

fn body(text: &str, _: &Origin) -> Result<JsonTemplate<StatusField>, String> {
    if text.len() > BODY_BYTES_MAX {
        return Err(format!("may have at most {BODY_BYTES_MAX} bytes"));
    }
    json_template(text)
}
