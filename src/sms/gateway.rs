//! One attempt to have a message sent. It is never repeated: a second message would be a second message.

use awc::http::Method;
use bytes::Bytes;
use vestibule_actors::port::clock::instant;

use super::phone::PhoneNumber;
use crate::outbound::encode::encode;
use crate::outbound::{HttpClient, NoAnswer, Request};
use crate::settings::{Organization, Sms, SmsBody, SmsField, SmsMethod, SmsTextField};
use crate::web;

/// What goes to whom.
#[derive(Debug)]
pub struct Message<'a> {
    pub phone: &'a PhoneNumber,
    /// The guest's link, which lets whoever has it in; so this has no place in a log either.
    pub link: &'a str,
}

/// What is known of a message afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The gateway has taken it.
    Sent,
    /// The gateway refused it, with this status.
    Refused(u16),
    /// The gateway was not reached, so nothing was sent.
    NotReached,
    /// It may have been sent.
    InDoubt,
}

impl Outcome {
    /// As the metrics and the log name it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Refused(_) => "refused",
            Self::NotReached => "not_reached",
            Self::InDoubt => "in_doubt",
        }
    }

    /// The gateway's status, where that is what failed.
    pub fn status(self) -> Option<u16> {
        match self {
            Self::Refused(status) => Some(status),
            Self::Sent | Self::NotReached | Self::InDoubt => None,
        }
    }
}

/// Makes the attempt. What the gateway says beside its status is not read.
pub async fn send(organization: &Organization, sms: &Sms, message: &Message<'_>) -> Outcome {
    let text = text(organization, sms, message.link);
    let value = |field| match field {
        SmsField::Phone => message.phone.reveal().to_owned(),
        SmsField::PhoneDigits => message.phone.digits().to_owned(),
        SmsField::Text => text.clone(),
        SmsField::Link => message.link.to_owned(),
        SmsField::Organization => organization.display_name.clone(),
    };
    let (kind, body) = match &sms.body {
        SmsBody::Json(body) => ("application/json", body.filled(&value).to_string()),
        SmsBody::Form(body) => {
            ("application/x-www-form-urlencoded", body.filled(|field| encode(&value(field))))
        }
    };
    let request = Request {
        method: match sms.method {
            SmsMethod::Post => Method::POST,
            SmsMethod::Put => Method::PUT,
        },
        url: sms.url.as_str(),
        headers: sms.headers.iter().map(|(name, value)| (name.as_str(), value.expose().to_owned())).collect(),
        body: Some((kind, Bytes::from(body))),
        deadline: instant() + sms.timeout,
    };
    match HttpClient::of_this_thread().send(request).await {
        Ok(answer) => judge(sms, answer.status.as_u16()),
        Err(NoAnswer::NotSent) => Outcome::NotReached,
        Err(NoAnswer::InDoubt) => Outcome::InDoubt,
    }
}

/// Who fails in the middle may have done it already.
fn judge(sms: &Sms, status: u16) -> Outcome {
    match status {
        status if sms.is_sent(status) => Outcome::Sent,
        408 | 500 | 502 | 504 => Outcome::InDoubt,
        status => Outcome::Refused(status),
    }
}

fn text(organization: &Organization, sms: &Sms, link: &str) -> String {
    let name = &organization.display_name;
    let own = sms.text.as_ref().map(|text| {
        text.filled(|field| match field {
            SmsTextField::Link => link.to_owned(),
            SmsTextField::Organization => name.clone(),
        })
    });
    own.unwrap_or_else(|| web::invitation(organization.default_language.into(), name, link))
}

#[cfg(test)]
#[path = "gateway_tests.rs"]
mod tests;
