//! The calls of the status dialect `telehealth-2020`.

use super::reader::{Choice, Read, Section};
use super::template::{JsonTemplate, Template, json_template, template};
use super::tree::Origin;

/// Longer addresses do not get through everywhere, and what is filled in comes on top.
const PATH_CHARACTERS_MAX: usize = 1_000;
const BODY_BYTES_MAX: usize = 16 * 1024;

/// How Epic is told that somebody is connected, and that somebody no longer is.
#[derive(Debug, Clone, PartialEq)]
pub struct Telehealth2020 {
    pub connect: StatusCall,
    pub disconnect: StatusCall,
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
    ];
}

pub(super) fn read_telehealth_2020(section: &mut Section<'_>) -> Read<Telehealth2020> {
    let connect = section.section("connect", read_call);
    let disconnect = section.section("disconnect", read_call);
    let calls = Telehealth2020 { connect: connect?, disconnect: disconnect? };
    if calls.connect == calls.disconnect {
        let message = "is the same as `connect`; the light could never go off";
        return Err(section.problem("disconnect", message));
    }
    Ok(calls)
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
