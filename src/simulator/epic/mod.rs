//! The fake Epic: SMART launches, OAuth, the status service with its lights, and a little FHIR.

mod assertion;
mod authorize;
mod discovery;
mod encrypted;
mod faults;
mod fhir;
mod http;
mod keys;
mod launches;
mod lights;
mod state;
mod status;
mod telehealth;
mod token;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

pub use encrypted::{CommandLine, CryptKey, PayloadForm};
pub use faults::{EpicFault, EpicFaultKind, IdTokenFault};
pub use fhir::READABLE;
pub use launches::LaunchError;
pub use state::{LaunchOptions, Light, StatusRequest, ToldTest};

pub(crate) use http::{configure, dated};

/// For tests that need keys of their own.
#[cfg(test)]
pub(crate) mod testing {
    pub(crate) use super::keys::SigningKey;
}

use super::clock::{Clock, Millis};
use super::config::{ClientProof, SimulatorError};
use super::day::Day;
use super::lock;
use keys::KeyRing;
use state::State;

/// Stands in every text of a refusal: words that nobody but Epic may say.
pub const OWN_WORDS: &str = "EPICS-OWN-WORDS";

/// What is fixed for a run.
#[derive(Clone)]
pub struct EpicSite {
    /// `…/epic`, without a trailing slash; also the telehealth base.
    pub base: String,
    pub client_id: String,
    pub proof: ClientProof,
    /// The only redirect that is registered.
    pub redirect_uri: String,
    /// Where the client publishes its keys.
    pub client_jwks_url: String,
    /// What the FDI records hold, up to the launch kind.
    pub launch_base: String,
    pub status_user: String,
    pub status_password: String,
}

impl EpicSite {
    pub fn fhir_base(&self) -> String {
        format!("{}/api/FHIR/R4", self.base)
    }

    pub fn oauth_base(&self) -> String {
        format!("{}/oauth2", self.base)
    }

    pub fn token_url(&self) -> String {
        format!("{}/oauth2/token", self.base)
    }
}

/// A handle on the fake Epic; every copy is the same Epic.
#[derive(Clone)]
pub struct FakeEpic(Arc<Shared>);

struct Shared {
    site: EpicSite,
    clock: Clock,
    /// How far this Epic's clock is ahead of the true time.
    ahead: AtomicI64,
    keys: Mutex<KeyRing>,
    state: Mutex<State>,
}

impl FakeEpic {
    pub(crate) fn new(site: EpicSite, day: Day, clock: Clock, seed: u64) -> Result<Self, SimulatorError> {
        let keys = KeyRing::new().ok_or(SimulatorError::Keys)?;
        let state = Mutex::new(State::new(day, seed));
        let (keys, ahead) = (Mutex::new(keys), AtomicI64::new(0));
        Ok(Self(Arc::new(Shared { site, clock, ahead, keys, state })))
    }

    pub fn site(&self) -> &EpicSite {
        &self.0.site
    }

    pub(crate) fn now(&self) -> Millis {
        self.0.clock.now().saturating_add(self.0.ahead.load(Ordering::Relaxed))
    }

    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut lock(&self.0.state))
    }

    pub(crate) fn with_keys<T>(&self, work: impl FnOnce(&mut KeyRing) -> T) -> T {
        work(&mut lock(&self.0.keys))
    }

    pub(crate) fn count(&self, name: &str) {
        self.with(|state| *state.counts.entry(name.to_owned()).or_default() += 1);
    }

    /// Access tokens that were given out, of all that were asked for.
    pub fn tokens_issued(&self) -> u64 {
        self.calls("token.issued")
    }

    /// How often a call was made, whatever was answered: `discovery`, `jwks`, `authorize`, `token`, `token.client_credentials`,
    /// `status` (of which `status.2020` to the services of 2020), `fhir`, `fhir.Encounter` and the like.
    pub fn calls(&self, name: &str) -> u64 {
        self.with(|state| state.counts.get(name).copied().unwrap_or(0))
    }

    pub fn all_calls(&self) -> std::collections::BTreeMap<String, u64> {
        self.with(|state| state.counts.clone())
    }

    pub fn day(&self) -> Day {
        self.with(|state| state.day.clone())
    }

    /// Adds appointments to the day, as a desk does that books a visit; false where the day is full.
    pub fn add_appointments(&self, more: Day) -> bool {
        self.with(|state| {
            let fits = state.day.len() + more.len() <= state::MAX_APPOINTMENTS;
            if fits {
                state.day.extend(more);
            }
            fits
        })
    }

    /// Whether the visit exists and the person has to do with it.
    pub fn knows(&self, csn: &str, external_id: &str) -> bool {
        self.with(|state| {
            state.day.iter().any(|visit| visit.csn == csn && visit.person(external_id).is_some())
        })
    }

    /// False where too many faults wait already.
    pub fn add_fault(&self, fault: EpicFault) -> bool {
        self.with(|state| state.faults.add(fault))
    }

    pub fn faults(&self) -> Vec<EpicFault> {
        self.with(|state| state.faults.list().to_vec())
    }

    pub fn clear_faults(&self) {
        self.with(|state| state.faults.clear());
    }

    pub fn set_id_token_fault(&self, fault: Option<IdTokenFault>) {
        self.with(|state| state.id_token_fault = fault);
    }

    /// Signs with a fresh key from now on; the old ones stay published for a while.
    pub fn rotate_keys(&self) -> bool {
        self.with_keys(KeyRing::rotate)
    }

    /// Sets a clock that goes wrong, ahead or, where `seconds` is negative, behind: everything that this Epic judges by time and
    /// the `Date` of its answers follow it.
    pub fn set_clock_ahead(&self, seconds: i64) {
        self.0.ahead.store(seconds.saturating_mul(1000), Ordering::Relaxed);
    }

    /// Every token given out so far is dead.
    pub fn revoke_tokens(&self) {
        self.with(|state| state.tokens.clear());
    }

    /// Forgets the client's key set, as after the time that Epic caches it.
    pub fn forget_client_keys(&self) {
        self.with(|state| state.client_keys = None);
    }

    /// The id of the service's key that signed the last good assertion.
    pub fn assertion_key(&self) -> Option<String> {
        self.with(|state| state.assertion_key.clone())
    }

    /// Whether the backend client is registered to read this kind of resource (one of [`READABLE`]), as it is at first.
    pub fn set_read_denied(&self, kind: &'static str, denied: bool) {
        self.with(
            |state| if denied { state.denied_reads.insert(kind) } else { state.denied_reads.remove(kind) },
        );
    }

    /// The status of a visit's Appointment from now on, such as `cancelled` or `noshow`.
    pub fn set_appointment_status(&self, csn: &str, status: &'static str) {
        self.change(csn, |change| change.appointment_status = Some(status));
    }

    /// The status of a visit's Encounter from now on.
    pub fn set_encounter_status(&self, csn: &str, status: &'static str) {
        self.change(csn, |change| change.encounter_status = Some(status));
    }

    /// Moves a visit's Appointment.
    pub fn move_appointment(&self, csn: &str, to: jiff::Timestamp) {
        self.change(csn, |change| change.start = Some(to));
    }

    fn change(&self, csn: &str, work: impl FnOnce(&mut state::Change)) {
        self.with(|state| {
            if state.changes.contains_key(csn) || state.changes.len() < state::MAX_APPOINTMENTS {
                work(state.changes.entry(csn.to_owned()).or_default());
            }
        });
    }

    /// Life of access tokens given out from now on, in seconds.
    pub fn set_token_life(&self, seconds: i64) {
        self.with(|state| state.token_life = seconds);
    }
}
