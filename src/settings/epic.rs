//! The settings of an organization's Epic.

use std::time::Duration;

use jiff::tz::TimeZone;
use vestibule_domain::time::{Moment, Span};

use super::address::BaseUrl;
use super::encrypted_launch::{EncryptedLaunch, read_encrypted_launch};
use super::organization::{base_url, time_zone};
use super::private_key::PrivateKey;
use super::reader::{Choice, Read, Reported, Section};
use super::secret::Secret;
use super::secrets::resolve;
use super::service::{DAY, HOUR, MINUTE, millis, seconds, text};
use super::telehealth_2020::{Telehealth2020, read_telehealth_2020};
use super::tree::Origin;

const PRIVATE_KEYS_MAX: usize = 4;
const SCOPES_MAX: usize = 64;
const ISSUERS_MAX: usize = 8;
const CONTEXT_NAMES: usize = 10;

#[derive(Debug, Clone)]
pub struct Epic {
    /// Ends in `/R4`.
    pub fhir_base_url: BaseUrl,
    pub telehealth_base_url: BaseUrl,
    /// Where set, no discovery call is made.
    pub oauth_base_url: Option<BaseUrl>,
    pub client_id: String,
    pub client_secret: Option<Secret>,
    pub client_secret_encoding: BasicEncoding,
    /// The first signs, all are published.
    pub private_keys: Vec<PrivateKey>,
    /// None: every launch comes through the authorization server.
    pub encrypted_launch: Option<EncryptedLaunch>,
    /// Where Epic writes its appointment times.
    pub time_zone: TimeZone,
    /// How old the key that signs may get before it is warned of.
    pub private_key_max_age: Duration,
    pub scopes: Vec<String>,
    pub backend_scopes: Vec<String>,
    /// Empty: what follows from the authorization server's base.
    pub id_token_issuers: Vec<String>,
    /// Whether an id_token has to carry our nonce.
    pub require_nonce: bool,
    pub status_dialect: StatusDialect,
    /// Begins with a slash.
    pub status_path: String,
    /// For the other dialect.
    pub telehealth_2020: Telehealth2020,
    pub status_auth: StatusAuth,
    pub vendor_name: String,
    pub requests_per_second: u32,
    pub concurrent_requests: u32,
    pub timeout: Duration,
    pub retry: Retry,
    pub breaker: Breaker,
    pub fhir_reads: FhirReads,
    pub status_values: StatusValues,
    pub external_id_types: ExternalIdTypes,
    pub context_names: ContextNames,
    /// The token of a FDI record that stands for the MyChart user's id.
    pub mychart_id_token: String,
    /// The one that stands for the e-mail address of a provider, where the site has one.
    pub provider_email_token: Option<String>,
    /// The one that stands for the patient's birth date, where a record brings it.
    pub birth_date_token: Option<String>,
    /// Where a fake Epic offers launches to try; `None` for every real one.
    pub sample_launch_url: Option<BaseUrl>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusDialect {
    ConnectionStatus2018,
    Telehealth2020,
}

/// How client id and secret are written into the Basic header. It matters only for reserved characters in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BasicEncoding {
    /// URL-encoded first, as Epic's documentation and RFC 6749 ask.
    UrlEncoded,
    /// As they are, as some servers in the field need it.
    Plain,
}

/// How the status service knows us.
#[derive(Debug, Clone)]
pub enum StatusAuth {
    /// A backend token, asked for with the first private key, of which there is one at least.
    Bearer,
    /// `user` is sent as `emp$user`.
    Basic { user: String, password: Secret },
}

#[derive(Debug, Clone, Copy)]
enum StatusAuthKind {
    Bearer,
    Basic,
}

/// Backoff with full jitter: below `first`, then below twice that, up to `most`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    pub first: Duration,
    pub most: Duration,
    pub give_up_after: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    pub failures: u32,
    pub probe_every: Duration,
}

/// How launches read FHIR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FhirReads {
    /// How long a launch waits for all of its reads; zero: nothing is read.
    pub wait: Duration,
    /// On one node.
    pub concurrent: usize,
    /// Resources of one kind on one node.
    pub keep: usize,
    /// How long it is believed that an appointment stands; a minute at most.
    pub believe: Duration,
}

/// The two values of `ConnectionStatus`; they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusValues {
    pub connected: i32,
    pub disconnected: i32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalIdTypes {
    pub provider: String,
    pub patient: String,
}

/// The names of the values that a launch's CONTEXT line carries, in lower case; no two are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextNames {
    pub csn: String,
    pub conference_id: String,
    pub external_id: String,
    pub external_id_type: String,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub department_id: String,
    pub appointment_time: String,
    /// Of the patient.
    pub birth_date: String,
}

impl Epic {
    /// When the key that signs is due to be replaced; `None` without a key, or where the system does not say how old its file is.
    pub fn key_due_at(&self) -> Option<Moment> {
        let written_at = self.private_keys.first()?.written_at?;
        Some(written_at + Span::from_duration(self.private_key_max_age))
    }
}

impl Choice for StatusDialect {
    const ALL: &'static [(&'static str, Self)] =
        &[("connection-status-2018", Self::ConnectionStatus2018), ("telehealth-2020", Self::Telehealth2020)];
}

impl Choice for BasicEncoding {
    const ALL: &'static [(&'static str, Self)] = &[("url-encoded", Self::UrlEncoded), ("plain", Self::Plain)];
}

impl Choice for StatusAuthKind {
    const ALL: &'static [(&'static str, Self)] = &[("bearer", Self::Bearer), ("basic", Self::Basic)];
}

pub(super) fn read_epic(section: &mut Section<'_>) -> Read<Epic> {
    let fhir_base_url = section.needed("fhir_base_url", fhir_base_url);
    let telehealth_base_url = section.needed("telehealth_base_url", base_url);
    let oauth_base_url = section.optional("oauth_base_url", base_url);
    let client_id = section.needed("client_id", text);
    let client_secret = section.optional_secret("client_secret");
    let client_secret_encoding = section.choice("client_secret_encoding");
    let private_keys = read_private_keys(section);
    let time_zone = section.needed("time_zone", time_zone);
    let encrypted_launch = read_encrypted_launch(section, time_zone.as_ref().ok());
    let private_key_max_age = section.duration("private_key_max_age", seconds(DAY)..=seconds(3650 * DAY));
    let scopes = section.list("scopes", SCOPES_MAX, scope).and_then(|scopes| check_scopes(section, scopes));
    let backend_scopes = section.list("backend_scopes", SCOPES_MAX, scope);
    let id_token_issuers = section.list("id_token_issuers", ISSUERS_MAX, issuer);
    let require_nonce = section.boolean("require_nonce");
    let status_dialect = section.choice("status_dialect");
    let status_path = section.needed("status_path", status_path);
    let telehealth_2020 = section.section("telehealth_2020", read_telehealth_2020);
    let status_auth = read_status_auth(section, &private_keys);
    let vendor_name = section.needed("vendor_name", vendor_name);
    let requests_per_second = section.integer("requests_per_second", 1..=1000_u32);
    let concurrent_requests = section.integer("concurrent_requests", 1..=100_u32);
    let timeout = section.duration("timeout", millis(100)..=seconds(MINUTE));
    let retry = section.section("retry", read_retry);
    let breaker = section.section("breaker", read_breaker);
    let fhir_reads = section.section("fhir_reads", read_fhir_reads);
    let status_values = section.section("status_values", read_status_values);
    let external_id_types = section.section("external_id_types", |types| {
        let provider = types.needed("provider", text);
        let patient = types.needed("patient", text);
        Ok(ExternalIdTypes { provider: provider?, patient: patient? })
    });
    let context_names = section.section("context_names", read_context_names);
    let mychart_id_token = section.needed("mychart_id_token", token);
    let provider_email_token = section.optional("provider_email_token", token);
    let birth_date_token = section.optional("birth_date_token", token);
    let sample_launch_url = read_sample_launch_url(section, &fhir_base_url);
    Ok(Epic {
        fhir_base_url: fhir_base_url?,
        telehealth_base_url: telehealth_base_url?,
        oauth_base_url: oauth_base_url?,
        client_id: client_id?,
        client_secret: client_secret?,
        client_secret_encoding: client_secret_encoding?,
        private_keys: private_keys?,
        encrypted_launch: encrypted_launch?,
        time_zone: time_zone?,
        private_key_max_age: private_key_max_age?,
        scopes: scopes?,
        backend_scopes: backend_scopes?,
        id_token_issuers: id_token_issuers?,
        require_nonce: require_nonce?,
        status_dialect: status_dialect?,
        status_path: status_path?,
        telehealth_2020: telehealth_2020?,
        status_auth: status_auth?,
        vendor_name: vendor_name?,
        requests_per_second: requests_per_second?,
        concurrent_requests: concurrent_requests?,
        timeout: timeout?,
        retry: retry?,
        breaker: breaker?,
        fhir_reads: fhir_reads?,
        status_values: status_values?,
        external_id_types: external_id_types?,
        context_names: context_names?,
        mychart_id_token: mychart_id_token?,
        provider_email_token: provider_email_token?,
        birth_date_token: birth_date_token?,
        sample_launch_url: sample_launch_url?,
    })
}

fn read_private_keys(section: &mut Section<'_>) -> Read<Vec<PrivateKey>> {
    let keys = section
        .list("private_key_files", PRIVATE_KEYS_MAX, |path, origin| PrivateKey::read(&resolve(path, origin)));
    let text = section.optional_secret("private_keys");
    let keys = keys?;
    let Some(text) = text? else {
        let paths: Vec<String> =
            keys.iter().filter_map(|key| key.path.as_ref()).map(|path| path.display().to_string()).collect();
        section.record("private_key_files", paths);
        return Ok(keys);
    };
    if !keys.is_empty() {
        return Err(section.problem("private_keys", "is given beside private_key_files; remove one of them"));
    }
    match PrivateKey::all_of(text.expose()) {
        Ok(keys) if keys.len() > PRIVATE_KEYS_MAX => {
            let what = format!("holds {} keys; at most {PRIVATE_KEYS_MAX} are allowed", keys.len());
            Err(section.problem("private_keys", what))
        }
        Ok(keys) => Ok(keys),
        Err(reason) => Err(section.problem("private_keys", reason)),
    }
}

fn read_status_auth(section: &mut Section<'_>, keys: &Read<Vec<PrivateKey>>) -> Read<StatusAuth> {
    let kind = section.choice("status_auth");
    let user = section.optional("status_user", text);
    let password = section.optional_secret("status_password");
    let (user, password) = (user?, password?);
    match kind? {
        StatusAuthKind::Bearer => match keys {
            Ok(keys) if keys.is_empty() => Err(section.problem(
                "private_key_files",
                "needs at least one file (or private_keys a key), because status_auth is \"bearer\"; or use status_auth = \"basic\"",
            )),
            Ok(_) => Ok(StatusAuth::Bearer),
            Err(Reported) => Err(Reported),
        },
        StatusAuthKind::Basic => match (user, password) {
            (Some(user), Some(password)) => Ok(StatusAuth::Basic { user, password }),
            (None, _) => Err(section.problem("status_user", "is needed, because status_auth is \"basic\"")),
            (_, None) => {
                Err(section.problem("status_password", "is needed, because status_auth is \"basic\""))
            }
        },
    }
}

/// Only a fake Epic on this machine offers launches to try, and it is the one that this organization works with.
fn read_sample_launch_url(section: &mut Section<'_>, fhir: &Read<BaseUrl>) -> Read<Option<BaseUrl>> {
    let Some(url) = section.optional("sample_launch_url", base_url)? else { return Ok(None) };
    let of_fake = |fhir: &BaseUrl| fhir.as_str().starts_with(&format!("{}/", url.as_str()));
    // What is not https is loopback.
    if !url.is_https() && fhir.as_ref().is_ok_and(of_fake) {
        return Ok(Some(url));
    }
    Err(section.problem(
        "sample_launch_url",
        "is for a fake Epic on this machine, and fhir_base_url has to begin with it; leave it empty",
    ))
}

fn check_scopes(section: &mut Section<'_>, scopes: Vec<String>) -> Read<Vec<String>> {
    match ["launch", "openid"].into_iter().find(|needed| !scopes.iter().any(|scope| scope == needed)) {
        None => Ok(scopes),
        Some(scope) => Err(section.problem("scopes", format!("must have \"{scope}\"; add it"))),
    }
}

fn read_retry(section: &mut Section<'_>) -> Read<Retry> {
    let first = section.duration("first", millis(10)..=seconds(MINUTE));
    let most = section.duration("most", millis(10)..=seconds(HOUR));
    let give_up_after = section.duration("give_up_after", seconds(MINUTE)..=seconds(30 * DAY));
    let retry = Retry { first: first?, most: most?, give_up_after: give_up_after? };
    if retry.first > retry.most {
        return Err(section.problem("first", "is longer than `most`; make it shorter"));
    }
    if retry.most > retry.give_up_after {
        return Err(section.problem("most", "is longer than `give_up_after`; make it shorter"));
    }
    Ok(retry)
}

fn read_breaker(section: &mut Section<'_>) -> Read<Breaker> {
    let failures = section.integer("failures", 1..=1000_u32);
    let probe_every = section.duration("probe_every", millis(100)..=seconds(5 * MINUTE));
    Ok(Breaker { failures: failures?, probe_every: probe_every? })
}

fn read_fhir_reads(section: &mut Section<'_>) -> Read<FhirReads> {
    let wait = section.duration("wait", Duration::ZERO..=seconds(10));
    let concurrent = section.integer("concurrent", 1..=100_usize);
    let keep = section.integer("keep", 1..=100_000_usize);
    let believe = section.duration("believe", Duration::ZERO..=seconds(MINUTE));
    Ok(FhirReads { wait: wait?, concurrent: concurrent?, keep: keep?, believe: believe? })
}

fn read_status_values(section: &mut Section<'_>) -> Read<StatusValues> {
    let connected = section.integer("connected", -100..=100_i32);
    let disconnected = section.integer("disconnected", -100..=100_i32);
    let values = StatusValues { connected: connected?, disconnected: disconnected? };
    if values.connected == values.disconnected {
        return Err(
            section.problem("disconnected", "is the same as `connected`; the light could never go off")
        );
    }
    Ok(values)
}

fn read_context_names(section: &mut Section<'_>) -> Read<ContextNames> {
    let csn = section.needed("csn", context_name);
    let conference_id = section.needed("conference_id", context_name);
    let external_id = section.needed("external_id", context_name);
    let external_id_type = section.needed("external_id_type", context_name);
    let first_name = section.needed("first_name", context_name);
    let last_name = section.needed("last_name", context_name);
    let email = section.needed("email", context_name);
    let department_id = section.needed("department_id", context_name);
    let appointment_time = section.needed("appointment_time", context_name);
    let birth_date = section.needed("birth_date", context_name);
    let names = ContextNames {
        csn: csn?,
        conference_id: conference_id?,
        external_id: external_id?,
        external_id_type: external_id_type?,
        first_name: first_name?,
        last_name: last_name?,
        email: email?,
        department_id: department_id?,
        appointment_time: appointment_time?,
        birth_date: birth_date?,
    };
    match names.repeated() {
        None => Ok(names),
        Some((key, name)) => Err(section
            .problem(key, format!("is \"{name}\", which another value has too; give each its own name"))),
    }
}

impl ContextNames {
    /// The key of a value whose name an earlier one has already.
    fn repeated(&self) -> Option<(&'static str, &str)> {
        let all: [(&'static str, &str); CONTEXT_NAMES] = [
            ("csn", &self.csn),
            ("conference_id", &self.conference_id),
            ("external_id", &self.external_id),
            ("external_id_type", &self.external_id_type),
            ("first_name", &self.first_name),
            ("last_name", &self.last_name),
            ("email", &self.email),
            ("department_id", &self.department_id),
            ("appointment_time", &self.appointment_time),
            ("birth_date", &self.birth_date),
        ];
        let mut earlier = std::collections::BTreeSet::new();
        all.into_iter().find(|(_, name)| !earlier.insert(*name))
    }
}

fn fhir_base_url(text: &str, _: &Origin) -> Result<BaseUrl, String> {
    let base = BaseUrl::parse(text)?;
    if base.as_str().ends_with("/R4") {
        return Ok(base);
    }
    Err("must end in /R4, such as https://epic.example.org/interconnect/api/FHIR/R4".into())
}

fn scope(text: &str, _: &Origin) -> Result<String, String> {
    // RFC 6749 3.3: printable ASCII without blank, quote and backslash.
    if text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\') {
        return Ok(text.to_owned());
    }
    Err(format!("\"{text}\" is not one scope; give each as an entry of its own"))
}

fn issuer(text: &str, _: &Origin) -> Result<String, String> {
    // Compared byte by byte with the token, so that it is kept as it was written.
    BaseUrl::parse(text).map(|_| text.to_owned()).map_err(|reason| format!("\"{text}\" {reason}"))
}

fn status_path(text: &str, _: &Origin) -> Result<String, String> {
    let clean = text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains(['?', '#']);
    if clean && text.starts_with('/') && !text.starts_with("//") {
        return Ok(text.to_owned());
    }
    Err("must be a path that begins with one slash, with no query".into())
}

fn vendor_name(name: &str, origin: &Origin) -> Result<String, String> {
    if name.chars().count() <= 64 {
        return text(name, origin);
    }
    Err("may have at most 64 characters".into())
}

/// A percent sign at both ends, as Epic writes them: `%CSN%`, `%EXTENSION;15354%`.
fn token(text: &str, _: &Origin) -> Result<String, String> {
    let inner = text.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')).unwrap_or_default();
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || [';', '_', '-', '.'].contains(&letter);
    if !inner.is_empty() && text.len() <= 64 && inner.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    Err(format!("\"{text}\" is not a token of Epic's, such as \"%CSN%\""))
}

fn context_name(text: &str, _: &Origin) -> Result<String, String> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || ['_', '-', '.'].contains(&letter);
    if text.len() <= 64 && text.chars().all(allowed) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(format!("\"{text}\" may have letters, digits, '_', '-' and '.', at most 64"))
}
