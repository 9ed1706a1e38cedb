//! Text messages with guests' links, through a gateway that the organization already has: its address, what is sent, and what its answers mean.

use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};

use super::address::{BaseUrl, PageUrl};
use super::reader::{Choice, Read, Section};
use super::secret::Secret;
use super::service::{millis, seconds};
use super::template::{JsonTemplate, Template, json_template, template};
use super::tree::Origin;

const BODY_BYTES_MAX: usize = 16 * 1024;
const TEXT_CHARACTERS_MAX: usize = 600;
const HEADERS_MAX: usize = 16;
const STATUSES_MAX: usize = 16;
/// What the client sets by itself, or what would change how the request is read.
const HEADERS_TAKEN: [&str; 6] =
    ["content-type", "content-length", "host", "connection", "transfer-encoding", "user-agent"];

/// A gateway that sends text messages.
#[derive(Debug, Clone)]
pub struct Sms {
    pub url: PageUrl,
    /// The same without path and query.
    pub origin: BaseUrl,
    pub method: SmsMethod,
    pub headers: Vec<(HeaderName, Secret)>,
    pub body: SmsBody,
    /// None: the text of the organization's language.
    pub text: Option<Template<SmsTextField>>,
    pub sent_statuses: Vec<SentStatus>,
    pub timeout: Duration,
    /// On one node.
    pub messages_per_minute: u32,
    /// On one node.
    pub concurrent: usize,
    pub messages_per_link: u32,
    /// Stands before numbers that name no country, such as `+1`; none: such numbers are refused.
    pub country_prefix: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsMethod {
    Post,
    Put,
}

#[derive(Debug, Clone, PartialEq)]
pub enum SmsBody {
    Json(JsonTemplate<SmsField>),
    /// `application/x-www-form-urlencoded`: whatever is filled in is encoded.
    Form(Template<SmsField>),
}

/// What may be filled into the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsField {
    /// `+13125550123`.
    Phone,
    /// `13125550123`.
    PhoneDigits,
    /// The whole message.
    Text,
    Link,
    Organization,
}

/// What may be filled into the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsTextField {
    Link,
    Organization,
}

/// Statuses by which the gateway says that it has taken a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentStatus {
    One(u16),
    /// All from 200 to 299.
    Success,
}

#[derive(Debug, Clone, Copy)]
enum Content {
    Json,
    Form,
}

impl Sms {
    /// Whether an answer of this status says that the message was taken.
    pub fn is_sent(&self, status: u16) -> bool {
        self.sent_statuses.iter().any(|sent| match sent {
            SentStatus::One(one) => *one == status,
            SentStatus::Success => (200..300).contains(&status),
        })
    }
}

impl SmsBody {
    fn has(&self, field: SmsField) -> bool {
        match self {
            Self::Json(body) => body.has(field),
            Self::Form(body) => body.has(field),
        }
    }
}

impl Choice for SmsMethod {
    const ALL: &'static [(&'static str, Self)] = &[("POST", Self::Post), ("PUT", Self::Put)];
}

impl Choice for Content {
    const ALL: &'static [(&'static str, Self)] = &[("json", Self::Json), ("form", Self::Form)];
}

impl Choice for SmsField {
    const ALL: &'static [(&'static str, Self)] = &[
        ("phone", Self::Phone),
        ("phone_digits", Self::PhoneDigits),
        ("text", Self::Text),
        ("link", Self::Link),
        ("organization", Self::Organization),
    ];
}

impl Choice for SmsTextField {
    const ALL: &'static [(&'static str, Self)] =
        &[("link", Self::Link), ("organization", Self::Organization)];
}

/// None where there is no address; what else stands there is checked all the same.
pub(super) fn read_sms(section: &mut Section<'_>) -> Read<Option<Sms>> {
    let url = section.optional("url", address);
    let method = section.choice("method");
    let content: Read<Content> = section.choice("content");
    // Of which kind it is may be the mistake that is reported already.
    let body =
        section.optional("body", |text, _| content.map_or(Ok(None), |content| body(text, content).map(Some)));
    let text = section.optional("text", message);
    let headers = section.section("headers", read_headers);
    let lines = section.secrets("header_lines", HEADERS_MAX, 1);
    let lines = lines.and_then(|lines| header_lines(section, &lines));
    let sent_statuses = section.list("sent_statuses", STATUSES_MAX, status);
    let timeout = section.duration("timeout", millis(500)..=seconds(30));
    let messages_per_minute = section.integer("messages_per_minute", 1..=6000_u32);
    let concurrent = section.integer("concurrent", 1..=100_usize);
    let messages_per_link = section.integer("messages_per_link", 1..=20_u32);
    let country_prefix = section.optional("country_prefix", country_prefix);
    content?;
    let (body, sent_statuses) = (body?.flatten(), sent_statuses?);
    let Some((url, origin)) = url? else { return Ok(None) };
    let Some(body) = body else {
        return Err(
            section.problem("body", "is needed, because `url` is set: what the gateway is to be sent")
        );
    };
    if sent_statuses.is_empty() {
        return Err(section.problem("sent_statuses", "needs at least one, such as \"2xx\""));
    }
    Ok(Some(Sms {
        url,
        origin,
        method: method?,
        headers: headers?.into_iter().chain(lines?).collect(),
        body,
        text: text?,
        sent_statuses,
        timeout: timeout?,
        messages_per_minute: messages_per_minute?,
        concurrent: concurrent?,
        messages_per_link: messages_per_link?,
        country_prefix: country_prefix?,
    }))
}

fn address(text: &str, _: &Origin) -> Result<(PageUrl, BaseUrl), String> {
    let url = PageUrl::parse(text)?;
    if text.contains(['{', '}', '#']) {
        return Err("may have no places and no fragment; they belong into `body`".into());
    }
    let whole = url::Url::parse(url.as_str()).map_err(|error| error.to_string())?;
    Ok((url, BaseUrl::parse(&whole.origin().ascii_serialization())?))
}

fn body(text: &str, content: Content) -> Result<SmsBody, String> {
    if text.len() > BODY_BYTES_MAX {
        return Err(format!("may have at most {BODY_BYTES_MAX} bytes"));
    }
    let body = match content {
        Content::Json => SmsBody::Json(json_template(text)?),
        Content::Form => SmsBody::Form(form_template(text.trim())?),
    };
    if !body.has(SmsField::Phone) && !body.has(SmsField::PhoneDigits) {
        return Err("has neither {phone} nor {phone_digits}: to whom would it be sent?".into());
    }
    if !body.has(SmsField::Text) && !body.has(SmsField::Link) {
        return Err("has neither {text} nor {link}: what would be sent?".into());
    }
    Ok(body)
}

fn form_template(text: &str) -> Result<Template<SmsField>, String> {
    let is_form = text.split('&').all(|pair| pair.contains('='));
    if !is_form || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("is no form such as To={phone}&Body={text}, with everything else encoded".into());
    }
    template(text)
}

fn message(text: &str, _: &Origin) -> Result<Template<SmsTextField>, String> {
    if text.chars().count() > TEXT_CHARACTERS_MAX {
        return Err(format!("may have at most {TEXT_CHARACTERS_MAX} characters"));
    }
    let text = template(text)?;
    if text.has(SmsTextField::Link) { Ok(text) } else { Err("has no {link}: what would be opened?".into()) }
}

fn status(text: &str, _: &Origin) -> Result<SentStatus, String> {
    let number = || text.parse().ok().filter(|status| (200..600).contains(status)).map(SentStatus::One);
    let known = if text == "2xx" { Some(SentStatus::Success) } else { number() };
    known.ok_or_else(|| format!("\"{text}\" is neither \"2xx\" nor a status such as \"202\""))
}

fn country_prefix(text: &str, _: &Origin) -> Result<String, String> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let is_code = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_code && !digits.starts_with('0') {
        return Ok(text.to_owned());
    }
    Err(format!("\"{text}\" is no country's code, such as \"+1\""))
}

/// Every value is a secret: most of them are.
fn read_headers(section: &mut Section<'_>) -> Read<Vec<(HeaderName, Secret)>> {
    let names = section.names_of_secrets();
    if names.len() > HEADERS_MAX {
        return Err(section
            .problem(names.last().map_or("", String::as_str), format!("is one of more than {HEADERS_MAX}")));
    }
    let mut headers = Ok(Vec::new());
    for name in names {
        match (&mut headers, read_header(section, &name)) {
            (Ok(headers), Ok(header)) => headers.extend(header),
            (_, Err(reported)) => headers = Err(reported),
            (Err(_), Ok(_)) => {}
        }
    }
    headers
}

/// The same as whole lines, for who cannot write a table.
fn header_lines(section: &mut Section<'_>, lines: &[Secret]) -> Read<Vec<(HeaderName, Secret)>> {
    let mut headers = Vec::new();
    for (number, line) in (1..).zip(lines) {
        let Some((name, value)) = line.expose().split_once(':') else {
            let what = format!("line {number} is no header, such as Authorization: Bearer ...");
            return Err(section.problem("header_lines", what));
        };
        let Some(name) = settable(name.trim()) else {
            return Err(
                section.problem("header_lines", format!("line {number} names no header that can be set"))
            );
        };
        let value = value.trim();
        if value.is_empty() || HeaderValue::try_from(value).is_err() {
            let what = format!("line {number} has no value, or a character that no header's value may have");
            return Err(section.problem("header_lines", what));
        }
        headers.push((name, Secret::new(value.to_owned())));
    }
    Ok(headers)
}

fn settable(name: &str) -> Option<HeaderName> {
    HeaderName::try_from(name).ok().filter(|it| !HEADERS_TAKEN.contains(&it.as_str()))
}

fn read_header(section: &mut Section<'_>, name: &str) -> Read<Option<(HeaderName, Secret)>> {
    let value = section.optional_secret(name)?;
    let Some(header) = settable(name) else {
        return Err(section.problem(name, "is no header that can be set here"));
    };
    let Some(value) = value else { return Ok(None) };
    if HeaderValue::try_from(value.expose()).is_err() {
        return Err(section.problem(name, "has a character that no header's value may have"));
    }
    Ok(Some((header, value)))
}
