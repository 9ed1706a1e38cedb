//! Sends a guest's link by text message, through the organization's gateway.
//!
//! The visit lists the message first, so that the bound of a link holds over all nodes; only then does it leave, once. The number is given to the
//! gateway and forgotten: no address, log or store has it.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument;
use vestibule_actors::desk::Snapshot;
use vestibule_actors::port::clock::instant;
use vestibule_domain::command::Command;
use vestibule_domain::id::{CommandId, GuestLinkId};
use vestibule_domain::policy::GuestRules;
use vestibule_domain::time::Moment;

use super::{Place, shown};
use crate::http::app::App;
use crate::http::audited;
use crate::http::guest::address;
use crate::http::person::PersonError;
use crate::http::whose::WITHIN;
use crate::settings::Sms;
use crate::sms::{Message, NoPhone, Outcome, PhoneNumber, send as send_by};
use crate::web::{Reason, ToolsNote};

/// The form of a message.
#[derive(Deserialize)]
pub(super) struct TextForm {
    link: String,
    #[serde(default)]
    phone: String,
}

/// What the visit says of a message that is to be sent.
enum Listed {
    Yes,
    /// As many as may be were sent with the link.
    NoMore,
    /// The link has run out, was taken back or is locked.
    LinkGone,
}

pub(super) async fn send(
    app: web::Data<App>,
    request: HttpRequest,
    name: web::Path<String>,
    form: web::Form<TextForm>,
) -> Result<HttpResponse, PersonError> {
    let place = Place::find(&app, &request, &name).await?.own_form()?;
    let Some(sms) = &place.organization.sms else { return Err(place.refuse(Reason::NotFound)) };
    let Ok(link) = GuestLinkId::new(&form.link) else { return Err(place.refuse(Reason::LinkUnreadable)) };
    let phone = match PhoneNumber::read(&form.phone, sms.country_prefix.as_deref()) {
        Ok(phone) => phone,
        Err(why) => {
            place.count("bad_number");
            let note = match why {
                NoPhone::NotANumber => ToolsNote::NoPhone,
                NoPhone::NoCountry => ToolsNote::NoCountry,
            };
            return shown(&place, Some(note), Some((&link, &form.phone))).await;
        }
    };
    let note = place.text(sms, link, phone).await?;
    place.note("guest_texted", if note == ToolsNote::Texted { audited::DONE } else { note.code() });
    Ok(place.back(note))
}

impl Place<'_> {
    fn count(&self, outcome: &'static str) {
        self.app.metrics.guest_texted(&self.ticket.visit.organization, outcome);
    }

    /// What the page says of it afterwards.
    async fn text(&self, sms: &Sms, link: GuestLinkId, phone: PhoneNumber) -> Result<ToolsNote, PersonError> {
        let organization = &self.ticket.visit.organization;
        // Before the visit is asked, so that what this node has no place for costs the link nothing.
        let leave = match self.app.limits.sms.place(organization, instant()) {
            Ok(leave) => leave,
            Err(full) => {
                self.app.metrics.refused(full.code());
                self.count("over_limit");
                return Ok(ToolsNote::TextsBusy);
            }
        };
        match self.listed(&link).await? {
            Some(Listed::Yes) => {}
            Some(Listed::NoMore) => {
                self.app.metrics.refused("sms_per_link");
                self.count("over_limit");
                return Ok(ToolsNote::NoMoreTexts);
            }
            Some(Listed::LinkGone) => return Ok(ToolsNote::LinkGone),
            None => {
                self.count("undecided");
                return Ok(ToolsNote::NotYet);
            }
        }
        Ok(match self.sent(sms, &link, phone, leave).await {
            Outcome::Sent => ToolsNote::Texted,
            Outcome::Refused(_) | Outcome::NotReached => ToolsNote::NotTexted,
            Outcome::InDoubt => ToolsNote::MaybeTexted,
        })
    }

    /// Has the visit list a message; nothing where it does not decide in time. Then none is sent, though it may be listed later.
    async fn listed(&self, link: &GuestLinkId) -> Result<Option<Listed>, PersonError> {
        let visit = &self.ticket.visit;
        self.begin("guest_texted").await?;
        let order = Command::GuestTexted { link: link.clone() };
        let id = self.app.desk.submit(visit, order).await.map_err(|error| self.trouble(&error))?;
        let rules = self.organization.policy(&self.app.settings).guests;
        let now = self.app.desk.ports().clock.now();
        let decided = self.app.desk.wait_for(visit, WITHIN, |seen| judged(seen, link, &id, rules, now)).await;
        Ok(decided.map(|(listed, _)| listed))
    }

    /// The attempt goes on, and is logged and counted, if the provider closes the page meanwhile.
    async fn sent(
        &self,
        sms: &Sms,
        link: &GuestLinkId,
        phone: PhoneNumber,
        leave: OwnedSemaphorePermit,
    ) -> Outcome {
        let id = &self.ticket.visit.organization;
        let Some(address) = address(self.app, id, link) else { return Outcome::NotReached };
        let (app, organization, sms) = (self.app.clone(), self.organization.clone(), sms.clone());
        let (id, link, by) = (id.clone(), link.clone(), self.ticket.provider.clone());
        let sending = async move {
            let _leave = leave;
            let message = Message { phone: &phone, link: &address };
            let outcome = send_by(&organization, &sms, &message).await;
            app.metrics.guest_texted(&id, outcome.code());
            let status = outcome.status();
            tracing::info!(organization = %id, %link, %by, outcome = outcome.code(), status, "a text message with a guest's link");
            outcome
        };
        // Where the attempt itself broke, nobody knows how far it came.
        actix_web::rt::spawn(sending.in_current_span()).await.unwrap_or(Outcome::InDoubt)
    }
}

fn judged(
    seen: &Snapshot,
    link: &GuestLinkId,
    id: &CommandId,
    rules: GuestRules,
    now: Moment,
) -> Option<Listed> {
    let Some(link) = seen.visit.guests.get(link) else { return Some(Listed::LinkGone) };
    if link.messages.contains(id) {
        Some(Listed::Yes)
    } else if !link.is_good(now) || link.is_locked(rules) {
        Some(Listed::LinkGone)
    } else {
        (!link.may_be_sent(rules, now)).then_some(Listed::NoMore)
    }
}
