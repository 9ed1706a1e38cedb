//! Default hosts of the account, who stand in for providers whose own Zoom user cannot be had.
//!
//! Zoom lets a user host one meeting at a time on most plans, present or not, and whoever starts a second is asked to end the first for
//! everybody in it. So a default host is taken for one provider at a time: by a claim that all nodes see, for the moment between a choice
//! and the start, and from then on by Zoom's own list of meetings that run. Both are looked at again at each click.

use serde_json::Value;
use vestibule_actors::port::store::{Space, StoreError};
use vestibule_actors::port::zoom::{DefaultHostLink, LinkRefused};
use vestibule_domain::id::{MeetingId, ZoomUserId};
use vestibule_domain::intent::{IntentOutcome, ProblemCode};
use vestibule_domain::name::PersonalLink;
use vestibule_domain::time::Span;
use vestibule_domain::visit::default_host::{HostChoice, Instead};

use super::answers::{Meeting, User};
use super::error::RestError;
use super::links::refused;
use super::pace::Label;
use super::providers::{never, store_does_not_answer};
use super::rest::{Api, Call};
use crate::outbound::encode::{encode, with_query};
use crate::outbound::lenient::meeting_id;

/// How long a default host is kept for a provider who has not started yet. A link is opened within seconds.
const CLAIM: Span = Span::minutes(2);

impl Api<'_> {
    /// Chooses a default host for a provider. Whoever stands in already comes first, then the order of the settings.
    pub(super) async fn default_host(&self, wanted: &HostChoice, cause: ProblemCode) -> IntentOutcome {
        let rather = wanted.rather.as_ref().map(|user| user.as_str().to_owned());
        for name in rather.iter().chain(&self.account.config.fallback.default_hosts) {
            let user = match self.user(name).await {
                Ok(user) => user,
                Err(error) => return error.outcome(),
            };
            let Some(user) = user.filter(|user| self.may_stand_in(user)) else { continue };
            if wanted.not.contains(&user.id) {
                continue;
            }
            match self.is_free(&user.id, &wanted.holder, wanted.meeting).await {
                Ok(true) => {
                    let instead = Instead::DefaultHost(cause);
                    return IntentOutcome::MadeDo { user: user.id, licensed: true, instead };
                }
                Ok(false) => {}
                Err(NotKnown::Store(error)) => return store_does_not_answer(&error),
                Err(NotKnown::Zoom(error)) => return error.outcome(),
            }
        }
        let organization = &self.account.organization;
        tracing::warn!(%organization, cause = cause.as_str(), "no default host is free to stand in for a provider");
        never(ProblemCode::NoDefaultHost)
    }

    fn may_stand_in(&self, user: &User) -> bool {
        let may = user.may_stand_in();
        if !may {
            let (organization, host) = (&self.account.organization, user.id.as_str());
            tracing::warn!(%organization, host, "a default host is not active, or has no licence, and stands in for nobody");
        }
        may
    }

    /// The link of a default host, where they host nothing else at this click.
    pub async fn default_host_link(&self, wanted: &DefaultHostLink<'_>) -> Result<PersonalLink, LinkRefused> {
        match self.is_free(wanted.user, wanted.holder, Some(wanted.meeting)).await {
            Ok(true) => {}
            Ok(false) => return Err(LinkRefused::Busy),
            Err(NotKnown::Store(_)) => return Err(LinkRefused::Unavailable),
            Err(NotKnown::Zoom(error)) => return Err(refused(&error)),
        }
        match wanted.join_url {
            Some(join_url) => self.link_with_token(wanted.meeting, wanted.user, join_url).await,
            None => self.start_link(wanted.meeting).await,
        }
    }

    /// Claims a default host, and asks Zoom whether they host another meeting than this one.
    async fn is_free(
        &self,
        user: &ZoomUserId,
        holder: &str,
        own: Option<MeetingId>,
    ) -> Result<bool, NotKnown> {
        Ok(self.claim(user, holder).await? && !self.hosts_another(user, own).await?)
    }

    async fn claim(&self, user: &ZoomUserId, holder: &str) -> Result<bool, StoreError> {
        let name = format!("default-host/{}/{}", self.account.config.account_id, user);
        let mine = holder.as_bytes().to_vec();
        if self.store.put_if_absent(Space::Turns, &name, mine.clone(), CLAIM).await? != mine {
            return Ok(false);
        }
        // It may be an older claim of ours, which has to last from now on.
        self.store.put(Space::Turns, &name, mine, CLAIM).await?;
        Ok(true)
    }

    /// Whether a meeting is a default host's.
    pub(super) fn is_default_hosts(&self, meeting: &Meeting) -> bool {
        let host = [meeting.host.as_ref().map(ZoomUserId::as_str), meeting.host_email.as_deref()];
        let named = |name: &String| host.iter().flatten().any(|host| host.eq_ignore_ascii_case(name));
        self.account.config.fallback.default_hosts.iter().any(named)
    }

    /// One page is enough: nobody hosts so many meetings at once.
    pub(super) async fn hosts_another(
        &self,
        user: &ZoomUserId,
        own: Option<MeetingId>,
    ) -> Result<bool, RestError> {
        let path = format!("/users/{}/meetings", encode(user.as_str()));
        let path = with_query(&path, &[("type", "live"), ("page_size", "300")]);
        let body = self.call(&Call::get(&path, Label::Medium)).await?;
        let rows = body.get("meetings").and_then(Value::as_array).ok_or(RestError::InDoubt)?;
        Ok(rows.iter().any(|row| own.is_none() || meeting_id(row, "id") != own))
    }
}

/// Why it is not known whether a default host is free.
enum NotKnown {
    Store(StoreError),
    Zoom(RestError),
}

impl From<StoreError> for NotKnown {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<RestError> for NotKnown {
    fn from(error: RestError) -> Self {
        Self::Zoom(error)
    }
}
