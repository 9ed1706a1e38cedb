//! Reads of FHIR with the backend token: what a launch does not say by itself, where the site lets us read it.
//!
//! Nothing here is ever needed. Whatever comes of a read, the launch that wanted it goes on, with less. So that Epic is asked
//! little, each resource is read by one at a time for all who wait for it and kept for a while; so that status updates never wait
//! for reads, these have places of their own; and after some reads without an answer none is tried for a moment.

mod cache;
mod elements;
mod resource;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use awc::http::Method;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use vestibule_actors::port::clock::instant;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::{Moment, Span};

use super::client::{EpicClient, EpicSite};
use crate::outbound::{Body, Fresh, NoAnswer, Request, Response, lenient};
use crate::settings;
use cache::Cache;
pub use elements::{FhirId, FhirName, Leader};
pub use resource::{Appointment, Encounter, Patient, Practitioner, RelatedPerson};

/// How a read fared that Epic settled by refusing it is remembered so long.
const REFUSED_KEPT: Span = Span::minutes(1);
/// After so many reads in a row without an answer
const MOST_UNANSWERED: u32 = 3;
/// nothing is read for so long.
const REST: Span = Span::seconds(15);

/// A kind of resource, as far as it is read.
pub(crate) trait Resource: Clone + 'static {
    /// As it stands in the URL and in `resourceType`.
    const KIND: &'static str;
    /// Whether it may be called off or moved at any time, so that it is not believed for long.
    const MAY_CHANGE: bool;
    /// Takes what is needed; `base` is the FHIR base that absolute references begin with. What is not as expected is absent.
    fn read(body: &serde_json::Value, base: &str) -> Self;
    /// Where resources of the kind are kept.
    fn kept_in(reads: &Reads) -> &Cache<Self>;
}

/// Why there is nothing to be had. None of it says anything of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    #[error("reads are turned off, or there is no private key to ask for a token with")]
    TurnedOff,
    #[error("there is no backend token")]
    NoToken,
    #[error("Epic does not let us read it")]
    Denied,
    #[error("Epic has no such resource")]
    Missing,
    #[error("the answer is not what was asked for")]
    Unreadable,
    #[error("Epic does not answer")]
    Unavailable,
    #[error("Epic did not answer lately, and is left alone for a moment")]
    Resting,
    #[error("the launch does not wait any longer")]
    Late,
}

impl Unread {
    /// As the metrics name it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TurnedOff => "turned_off",
            Self::NoToken => "no_token",
            Self::Denied => "denied",
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::Unavailable => "unavailable",
            Self::Resting => "resting",
            Self::Late => "late",
        }
    }

    /// Whether Epic has answered, and will not answer otherwise soon.
    #[must_use]
    pub fn is_settled(self) -> bool {
        matches!(self, Self::TurnedOff | Self::Denied | Self::Missing | Self::Unreadable)
    }
}

/// What Epic will not answer otherwise soon: a resource as of a time, or a refusal.
type Settled<R> = Result<(R, Moment), Unread>;

/// What a node keeps of one organization's FHIR, and how it reads there.
pub(crate) struct Reads {
    encounters: Cache<Encounter>,
    appointments: Cache<Appointment>,
    practitioners: Cache<Practitioner>,
    patients: Cache<Patient>,
    related_persons: Cache<RelatedPerson>,
    /// Read at once; of its own, so that no status update waits for a read.
    places: Semaphore,
    trouble: Mutex<Trouble>,
    let_go: AtomicU64,
    waited: AtomicU64,
}

/// How often limits were reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LimitsReached {
    /// Resources that were let go of since there was no room.
    pub kept: u64,
    /// Reads that found no place at once.
    pub concurrent: u64,
}

#[derive(Default)]
struct Trouble {
    in_a_row: u32,
    rests_until: Option<Moment>,
}

impl Reads {
    pub(super) fn new(bounds: settings::FhirReads) -> Self {
        Self {
            encounters: Cache::new(bounds.keep),
            appointments: Cache::new(bounds.keep),
            practitioners: Cache::new(bounds.keep),
            patients: Cache::new(bounds.keep),
            related_persons: Cache::new(bounds.keep),
            places: Semaphore::new(bounds.concurrent),
            trouble: Mutex::default(),
            let_go: AtomicU64::new(0),
            waited: AtomicU64::new(0),
        }
    }

    fn rests(&self, now: Moment) -> bool {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.rests_until.is_some_and(|until| now < until)
    }

    fn note(&self, answered: bool, now: Moment) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if answered {
            *trouble = Trouble::default();
            return;
        }
        trouble.in_a_row = trouble.in_a_row.saturating_add(1);
        if trouble.in_a_row >= MOST_UNANSWERED {
            trouble.rests_until = Some(now + REST);
        }
    }
}

impl EpicClient {
    /// Reads a resource, or what is kept of it, and says as of when. The caller waits until `deadline` at most; a read that is under way goes on for whoever comes
    /// next, within the organization's time-out.
    ///
    /// # Errors
    /// [`Unread`]; the caller goes on without.
    pub(crate) async fn read<R: Resource>(
        &self,
        organization: &OrganizationId,
        id: &FhirId,
        deadline: Instant,
    ) -> Result<(R, Moment), Unread> {
        let site = &self.sites.get(organization).ok_or(Unread::TurnedOff)?;
        if site.config.keys.is_empty() || site.config.fhir_reads.wait.is_zero() {
            return Err(Unread::TurnedOff);
        }
        let (shared, let_go) = R::kept_in(&site.reads).of(id, self.clock.now());
        site.reads.let_go.fetch_add(let_go, Ordering::Relaxed);
        let fetch = || {
            let (client, site, id) = (self.clone(), Arc::clone(site), id.clone());
            async move { client.fetch_resource(&site, &id).await }
        };
        match timeout_at(deadline, shared.get(&self.clock, fetch)).await {
            Ok(answer) => answer.and_then(|settled| settled.as_ref().clone()),
            Err(_) => Err(Unread::Late),
        }
    }

    /// How often limits of an organization's reads were reached since this was last asked.
    pub(crate) fn read_limits_reached(&self, organization: &OrganizationId) -> LimitsReached {
        let taken = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        self.sites.get(organization).map_or_else(LimitsReached::default, |site| LimitsReached {
            kept: taken(&site.reads.let_go),
            concurrent: taken(&site.reads.waited),
        })
    }

    /// What Epic settles is kept, a refusal too; anything else is tried again soon.
    async fn fetch_resource<R: Resource>(
        &self,
        site: &Arc<EpicSite>,
        id: &FhirId,
    ) -> Result<Fresh<Settled<R>>, Unread> {
        let deadline = instant() + site.config.timeout;
        if site.reads.places.available_permits() == 0 {
            site.reads.waited.fetch_add(1, Ordering::Relaxed);
        }
        let place = timeout_at(deadline, site.reads.places.acquire()).await;
        let Ok(Ok(_place)) = place else { return Err(Unread::Unavailable) };
        if site.reads.rests(self.clock.now()) {
            return Err(Unread::Resting);
        }
        let asked_at = self.clock.now();
        let found = self.get_resource(site, id, deadline).await;
        site.reads.note(found.as_ref().map_or_else(|unread| unread.is_settled(), |_| true), self.clock.now());
        let (value, kept) = match found {
            Ok(resource) if R::MAY_CHANGE => {
                (Ok((resource, asked_at)), Span::from_duration(site.config.fhir_reads.believe))
            }
            Ok(resource) => (Ok((resource, asked_at)), cache::VISIT),
            Err(unread) if unread.is_settled() => (Err(unread), REFUSED_KEPT),
            Err(unread) => return Err(unread),
        };
        Ok(Fresh { value, renew_after: kept, usable_for: kept })
    }

    /// One read, and once more with a new token after a 401.
    async fn get_resource<R: Resource>(
        &self,
        site: &Arc<EpicSite>,
        id: &FhirId,
        deadline: Instant,
    ) -> Result<R, Unread> {
        let config = &site.config;
        let url = format!("{}/{}/{id}", config.fhir_base_url, R::KIND);
        let mut again = true;
        loop {
            let token = timeout_at(deadline, self.backend_token(site)).await;
            let token = token.map_err(|_| Unread::NoToken)?.map_err(|_| Unread::NoToken)?;
            let headers = vec![
                ("authorization", token.header()),
                ("accept", "application/fhir+json".to_owned()),
                ("epic-client-id", config.client_id.clone()),
            ];
            let request = Request { method: Method::GET, url: &url, headers, body: None, deadline };
            let answer = self.http.send(request).await;
            let unauthorized = answer.as_ref().is_ok_and(|answer| answer.status.as_u16() == 401);
            if unauthorized {
                site.backend.forget(&token);
            }
            if !unauthorized || !again {
                return judge(answer, id, &config.fhir_base_url);
            }
            again = false;
        }
    }
}

/// What an answer comes to. Of Epic's words on a refusal nothing is looked at.
fn judge<R: Resource>(answer: Result<Response, NoAnswer>, id: &FhirId, base: &str) -> Result<R, Unread> {
    let answer = answer.map_err(|_| Unread::Unavailable)?;
    match answer.status.as_u16() {
        200 => {}
        404 | 410 => return Err(Unread::Missing),
        408 | 429 | 500..=599 => return Err(Unread::Unavailable),
        _ => return Err(Unread::Denied),
    }
    if matches!(answer.body, Body::Cut) {
        return Err(Unread::Unavailable);
    }
    let body = answer.json().ok_or(Unread::Unreadable)?;
    let is_it = lenient::text(&body, "resourceType") == Some(R::KIND)
        && lenient::text(&body, "id").is_none_or(|its| its == id.as_str());
    if is_it { Ok(R::read(&body, base)) } else { Err(Unread::Unreadable) }
}

#[cfg(test)]
mod tests;
