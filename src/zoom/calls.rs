//! The caller of Zoom on one thread: turns what a visit wants into REST calls, and their answers into outcomes.

use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use tokio::time::{Instant, timeout_at};
use vestibule_actors::port::clock::{SharedClock, SharedRandomness, instant};
use vestibule_actors::port::store::SharedStore;
use vestibule_actors::port::zoom::{DefaultHostLink, LinkRefused, Zoom, ZoomFactory};
use vestibule_domain::id::{FhirReference, MeetingId, OrganizationId, ZoomUserId};
use vestibule_domain::intent::{CallFailure, IntentOutcome, Personal, ProblemCode, Retry, ZoomCall};
use vestibule_domain::name::PersonalLink;
use vestibule_domain::time::Span;
use vestibule_domain::visit::participant::ParticipantKey;

use super::account::{ZoomAccount, ZoomAccounts};
use super::providers::Wanted;
use super::rest::Api;
use crate::outbound::HttpClient;

/// Calls Zoom from one thread.
pub struct ZoomClient {
    pub(super) http: HttpClient,
    pub(super) accounts: Arc<ZoomAccounts>,
    pub(super) store: SharedStore,
    pub(super) clock: SharedClock,
    pub(super) randomness: SharedRandomness,
}

impl ZoomClient {
    /// A caller for the thread on which it is made. The store keeps which Zoom user each provider is.
    #[must_use]
    pub fn new(
        accounts: Arc<ZoomAccounts>,
        store: SharedStore,
        clock: SharedClock,
        randomness: SharedRandomness,
    ) -> Self {
        Self { http: HttpClient::of_this_thread(), accounts, store, clock, randomness }
    }

    /// Makes callers on the arbiters of the workers and the front doors.
    #[must_use]
    pub fn factory(
        accounts: Arc<ZoomAccounts>,
        store: SharedStore,
        clock: SharedClock,
        randomness: SharedRandomness,
    ) -> ZoomFactory {
        Arc::new(move || {
            let (accounts, store) = (Arc::clone(&accounts), Arc::clone(&store));
            Rc::new(Self::new(accounts, store, Arc::clone(&clock), Arc::clone(&randomness)))
        })
    }

    pub(super) fn api_until_timeout<'a>(&'a self, account: &'a Arc<ZoomAccount>) -> Api<'a> {
        self.api(account, instant() + account.config.timeout)
    }

    pub(super) fn api<'a>(&'a self, account: &'a Arc<ZoomAccount>, deadline: Instant) -> Api<'a> {
        Api {
            http: &self.http,
            account,
            store: &self.store,
            clock: &self.clock,
            randomness: &self.randomness,
            deadline,
        }
    }

    async fn make(&self, api: &Api<'_>, organization: &OrganizationId, call: &ZoomCall) -> IntentOutcome {
        match call {
            ZoomCall::EnsureProvider { provider, email, first_name, last_name, host_choice } => {
                let Some(fhir_user) = fhir_user(provider) else { return refused() };
                let wanted = Wanted {
                    organization,
                    fhir_user: &fhir_user,
                    email: email.as_ref(),
                    first_name: first_name.as_ref(),
                    last_name: last_name.as_ref(),
                    host_choice,
                };
                api.ensure_provider(&self.store, &wanted).await
            }
            ZoomCall::CreateMeeting { host, marker, settings } => {
                api.create_meeting(host, marker, *settings).await
            }
            ZoomCall::FindMeetings { host, marker } => api.find_meetings(host, marker).await,
            ZoomCall::DeleteMeeting { meeting } => api.delete_meeting(*meeting).await,
            ZoomCall::SetAlternativeHosts { meeting, host, others } => {
                api.set_alternative_hosts(*meeting, host, others).await
            }
            ZoomCall::Register { meeting, display_name, by, .. } => match by {
                Personal::Registrant => api.register(*meeting, display_name).await,
                Personal::TemporaryUser { tag } => api.ensure_patient_user(tag, display_name).await,
                Personal::InviteLink { good_for } => api.invite(*meeting, display_name, *good_for).await,
            },
            ZoomCall::CancelRegistrants { meeting, registrants } => {
                api.cancel_registrants(*meeting, registrants).await
            }
            ZoomCall::RemoveUser { tag, user, .. } => api.remove_patient_user(tag, user.as_ref()).await,
            ZoomCall::AskRegistration { meeting, host } => api.ask_registration(*meeting, host).await,
            ZoomCall::EndMeeting { meeting } => api.end_meeting(*meeting).await,
            ZoomCall::ReadMeeting { meeting } => api.read_meeting(*meeting).await,
            ZoomCall::ReadAttendance { instance, .. } => api.read_attendance(instance).await,
            // The worker itself writes the index.
            ZoomCall::IndexMeeting { .. } => refused(),
        }
    }
}

/// The FHIR identity within a participant's key, which is `role:Practitioner/e3M` as text.
fn fhir_user(provider: &ParticipantKey) -> Option<FhirReference> {
    provider.to_text().split_once(':').and_then(|(_, reference)| FhirReference::new(reference).ok())
}

fn refused() -> IntentOutcome {
    IntentOutcome::Failed(CallFailure { problem: ProblemCode::ZoomRefused, retry: Retry::Never })
}

/// Where the time is over although every step has its own deadline: a lock or a pace held somebody up.
fn too_late(call: &ZoomCall) -> IntentOutcome {
    match call {
        ZoomCall::CreateMeeting { .. } | ZoomCall::Register { .. } => IntentOutcome::Ambiguous,
        _ => IntentOutcome::Failed(CallFailure {
            problem: ProblemCode::ZoomUnavailable,
            retry: Retry::After(None),
        }),
    }
}

impl ZoomClient {
    /// Fetches a link while somebody waits for it, within the account's time.
    fn at_click<'a>(
        &'a self,
        organization: &'a OrganizationId,
        fetch: impl AsyncFnOnce(&Api<'_>) -> Result<PersonalLink, LinkRefused> + 'a,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>> {
        Box::pin(async move {
            let account = &self.accounts.get(organization).ok_or(LinkRefused::Refused)?;
            let api = self.api_until_timeout(account);
            timeout_at(api.deadline, fetch(&api)).await.unwrap_or(Err(LinkRefused::Unavailable))
        })
    }
}

impl Zoom for ZoomClient {
    fn call<'a>(
        &'a self,
        organization: &'a OrganizationId,
        call: &'a ZoomCall,
        within: Span,
    ) -> LocalBoxFuture<'a, IntentOutcome> {
        Box::pin(async move {
            let Some(account) = &self.accounts.get(organization) else { return refused() };
            let deadline = instant() + within.to_duration();
            let api = self.api(account, deadline);
            let made = timeout_at(deadline, self.make(&api, organization, call)).await;
            made.unwrap_or_else(|_| too_late(call))
        })
    }

    fn start_link<'a>(
        &'a self,
        organization: &'a OrganizationId,
        meeting: MeetingId,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>> {
        self.at_click(organization, async move |api| api.start_link(meeting).await)
    }

    fn alternative_link<'a>(
        &'a self,
        organization: &'a OrganizationId,
        meeting: MeetingId,
        user: &'a ZoomUserId,
        join_url: &'a PersonalLink,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>> {
        self.at_click(organization, async move |api| api.alternative_link(meeting, user, join_url).await)
    }

    fn patient_link<'a>(
        &'a self,
        organization: &'a OrganizationId,
        meeting: MeetingId,
        user: &'a ZoomUserId,
        join_url: &'a PersonalLink,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>> {
        self.at_click(organization, async move |api| api.link_with_token(meeting, user, join_url).await)
    }

    fn default_host_link<'a>(
        &'a self,
        organization: &'a OrganizationId,
        wanted: DefaultHostLink<'a>,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>> {
        self.at_click(organization, async move |api| api.default_host_link(&wanted).await)
    }
}
