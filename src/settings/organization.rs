//! The settings of one organization, its Epic and its Zoom account.

use std::time::Duration;

use jiff::tz::TimeZone;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::policy::{Admittance, WaitingCountsAs};

use super::address::{BaseUrl, FramingHost, PageUrl};
use super::device_test::{DeviceTest, read_device_test};
use super::epic::{Epic, read_epic};
use super::guest_birth_date::{GuestBirthDate, read_guest_birth_date};
use super::keep::{Keep, read_keep};
use super::logo::Logo;
use super::patients::{PatientsAtZoom, read_patients};
use super::provider_fallback::{ProviderFallback, read_provider_fallback};
use super::reader::{Choice, Read, Section};
use super::secret::Secret;
use super::secrets::resolve;
use super::service::{DAY, HOUR, MINUTE, millis, seconds, text};
use super::sms::{Sms, read_sms};
use super::tree::Origin;

const FORMER_ORG_IDS_MAX: usize = 16;
const FRAMING_HOSTS_MAX: usize = 32;
const WEBHOOK_SECRET_TOKENS_MAX: usize = 8;

/// One health system.
#[derive(Debug, Clone)]
pub struct Organization {
    /// What people read.
    pub display_name: String,
    pub environment: Environment,
    pub acc_id: String,
    pub org_id: Option<String>,
    pub former_org_ids: Vec<String>,
    pub admittance: Admittance,
    pub waiting_counts_as: WaitingCountsAs,
    pub provider_user_type: ProviderUserType,
    pub patients: PatientsAtZoom,
    pub patient_display_name: PatientDisplayName,
    /// How long after its last meeting ended a visit may go on.
    pub reopen: Duration,
    /// Without a sign of the page for this long a person no longer waits.
    pub page_presence: Duration,
    /// How long before its appointment the patient's side may come.
    pub early_join: Duration,
    /// How long after it they may come for the first time.
    pub late_join: Duration,
    /// How long a meeting goes on that its last provider has left; zero: until people leave it.
    pub provider_gone: Duration,
    /// How long a meeting may last in which no provider is.
    pub longest_visit: Duration,
    pub guest_link_life: Duration,
    pub guest_birth_date: GuestBirthDate,
    /// None: no text messages are sent.
    pub sms: Option<Sms>,
    pub visit_duration: Duration,
    /// A name of the IANA database, checked.
    pub time_zone: String,
    pub default_language: Language,
    pub help_phone: Option<String>,
    /// Where people find help.
    pub help_url: Option<PageUrl>,
    pub logo: Option<Logo>,
    pub device_test: Option<DeviceTest>,
    pub device_test_help_url: Option<PageUrl>,
    pub framing_hosts: Vec<FramingHost>,
    pub keep: Keep,
    pub epic: Epic,
    pub zoom: Zoom,
}

/// The Zoom account of an organization.
#[derive(Debug, Clone)]
pub struct Zoom {
    pub api_base_url: BaseUrl,
    pub oauth_base_url: BaseUrl,
    pub authorization: Authorization,
    pub account_id: String,
    pub client_id: String,
    pub client_secret: Secret,
    /// Never empty.
    pub webhook_secret_tokens: Vec<Secret>,
    pub webhook_window: Duration,
    pub provider_action: ProviderAction,
    pub provider_email_domain: Option<String>,
    /// Whether a provider's Zoom user who was found without a licence is given one.
    pub license_found_users: bool,
    pub provider_fallback: ProviderFallback,
    pub alternative_host_link: AlternativeHostLink,
    pub timeout: Duration,
    pub meeting_reads_per_second: u32,
    /// Calls of Zoom's label "light" in a second.
    pub light_per_second: u32,
    /// Calls of Zoom's label "medium" in a second.
    pub medium_per_second: u32,
    /// Calls in a day that make or change meetings of one host.
    pub meetings_per_host_and_day: u32,
    /// How long what Zoom told of its users is kept after the app was removed.
    pub forget_after: Duration,
}

/// How we come by Zoom's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authorization {
    /// By the credentials of an app that is the account's own.
    ServerToServer,
    /// By an app that an administrator of the account has added.
    Oauth,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    Test,
    Production,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderUserType {
    Basic,
    Licensed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatientDisplayName {
    Role,
    Initials,
    FirstName,
    FullName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Spanish,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderAction {
    Create,
    AutoCreate,
    SsoCreate,
    CustCreate,
}

/// How a further provider, who is alternative host, comes into the meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlternativeHostLink {
    /// By a link with their own token on it.
    Zak,
    /// By the meeting's link, signed in to Zoom as themselves.
    SignIn,
}

impl Choice for AlternativeHostLink {
    const ALL: &'static [(&'static str, Self)] = &[("zak", Self::Zak), ("sign-in", Self::SignIn)];
}

impl Choice for Environment {
    const ALL: &'static [(&'static str, Self)] = &[("test", Self::Test), ("production", Self::Production)];
}

impl Choice for Authorization {
    const ALL: &'static [(&'static str, Self)] =
        &[("server-to-server", Self::ServerToServer), ("oauth", Self::Oauth)];
}

impl Choice for Admittance {
    const ALL: &'static [(&'static str, Self)] = &[("automatic", Self::Automatic), ("manual", Self::Manual)];
}

impl Choice for WaitingCountsAs {
    const ALL: &'static [(&'static str, Self)] =
        &[("nothing", Self::Nothing), ("connected", Self::Connected)];
}

impl Choice for ProviderUserType {
    const ALL: &'static [(&'static str, Self)] = &[("licensed", Self::Licensed), ("basic", Self::Basic)];
}

impl Choice for PatientDisplayName {
    const ALL: &'static [(&'static str, Self)] = &[
        ("role", Self::Role),
        ("initials", Self::Initials),
        ("first_name", Self::FirstName),
        ("full_name", Self::FullName),
    ];
}

impl Choice for Language {
    const ALL: &'static [(&'static str, Self)] = &[("en", Self::English), ("es", Self::Spanish)];
}

impl Choice for ProviderAction {
    const ALL: &'static [(&'static str, Self)] = &[
        ("create", Self::Create),
        ("autoCreate", Self::AutoCreate),
        ("ssoCreate", Self::SsoCreate),
        ("custCreate", Self::CustCreate),
    ];
}

/// Checks the id of an organization: `[a-z0-9]+(-[a-z0-9]+)*`, so that it is safe in URLs and keys.
pub(super) fn organization_id(text: &str) -> Result<OrganizationId, String> {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let id = text.split('-').all(part).then(|| OrganizationId::new(text).ok()).flatten();
    id.ok_or_else(|| {
        let most = OrganizationId::MAX_BYTES;
        format!("an organization's id has lower-case letters and digits, with single dashes between, at most {most}")
    })
}

pub(super) fn read_organization(section: &mut Section<'_>, name: &str) -> Read<Organization> {
    let display_name = section.optional("name", text);
    let environment = section.choice("environment");
    let acc_id = section.optional("acc_id", text);
    let org_id = section.optional("org_id", text);
    let former_org_ids = section.list("former_org_ids", FORMER_ORG_IDS_MAX, text);
    let admittance = section.choice("admittance");
    let waiting_counts_as = section.choice("waiting_counts_as");
    let provider_user_type = section.choice("provider_user_type");
    let patients = read_patients(section);
    let patient_display_name = section.choice("patient_display_name");
    let reopen_hours = section.integer("reopen_hours", 0..=168_u32);
    let page_presence_seconds = section.integer("page_presence_seconds", 1..=3600_u32);
    let early_join_minutes = section.integer("early_join_minutes", 0..=10_080_u32);
    let late_join_minutes = section.integer("late_join_minutes", 1..=10_080_u32);
    let provider_gone = section.duration("provider_gone", Duration::ZERO..=seconds(DAY));
    let longest_visit_hours = section.integer("longest_visit_hours", 1..=30_u32);
    let guest_link_life = section.duration("guest_link_life", seconds(5 * MINUTE)..=seconds(7 * DAY));
    let guest_birth_date = section.section("guest_birth_date", read_guest_birth_date);
    let sms = section.section("sms", read_sms);
    let visit_duration = section.duration("visit_duration", seconds(MINUTE)..=seconds(DAY));
    let time_zone =
        section.needed("time_zone", |text, origin| time_zone(text, origin).map(|_| text.to_owned()));
    let default_language = section.choice("default_language");
    let help_phone = section.optional("help_phone", text);
    let help_url = section.optional("help_url", page_url);
    let logo = read_logo(section);
    let device_test = read_device_test(section);
    let device_test_help_url = section.optional("device_test_help_url", page_url);
    let framing_hosts = section.list("framing_hosts", FRAMING_HOSTS_MAX, |text, _| FramingHost::parse(text));
    let keep = section.section("keep", read_keep);
    let epic = section.section("epic", read_epic);
    let zoom = section.section("zoom", read_zoom);
    let (display_name, acc_id, zoom) = (display_name?, acc_id?, zoom?);
    let display_name = display_name.unwrap_or_else(|| name.to_owned());
    let acc_id = acc_id.unwrap_or_else(|| zoom.account_id.clone());
    section.record("name", display_name.as_str());
    section.record("acc_id", acc_id.as_str());
    Ok(Organization {
        display_name,
        environment: environment?,
        acc_id,
        org_id: org_id?,
        former_org_ids: former_org_ids?,
        admittance: admittance?,
        waiting_counts_as: waiting_counts_as?,
        provider_user_type: provider_user_type?,
        patients: patients?,
        patient_display_name: patient_display_name?,
        reopen: seconds(u64::from(reopen_hours?) * HOUR),
        page_presence: seconds(u64::from(page_presence_seconds?)),
        early_join: seconds(u64::from(early_join_minutes?) * MINUTE),
        late_join: seconds(u64::from(late_join_minutes?) * MINUTE),
        provider_gone: provider_gone?,
        longest_visit: seconds(u64::from(longest_visit_hours?) * HOUR),
        guest_link_life: guest_link_life?,
        guest_birth_date: guest_birth_date?,
        sms: sms?,
        visit_duration: visit_duration?,
        time_zone: time_zone?,
        default_language: default_language?,
        help_phone: help_phone?,
        help_url: help_url?,
        logo: logo?,
        device_test: device_test?,
        device_test_help_url: device_test_help_url?,
        framing_hosts: framing_hosts?,
        keep: keep?,
        epic: epic?,
        zoom,
    })
}

/// Of a file, or written out.
fn read_logo(section: &mut Section<'_>) -> Read<Option<Logo>> {
    let of_file = section.optional("logo_file", |path, origin| Logo::read(&resolve(path, origin)));
    let written = section.optional("logo", |text, _| Logo::written(text));
    match (of_file?, written?) {
        (Some(_), Some(_)) => Err(section.problem("logo", "is given beside logo_file; remove one of them")),
        (of_file, written) => Ok(of_file.or(written)),
    }
}

fn read_zoom(section: &mut Section<'_>) -> Read<Zoom> {
    let api_base_url = section.needed("api_base_url", base_url);
    let oauth_base_url = section.needed("oauth_base_url", base_url);
    let authorization = section.choice("authorization");
    let account_id = section.needed("account_id", text);
    let client_id = section.needed("client_id", text);
    let client_secret = section.needed_secret("client_secret");
    let tokens = section.secrets("webhook_secret_tokens", WEBHOOK_SECRET_TOKENS_MAX, 1);
    let tokens = tokens.and_then(|tokens| match tokens.is_empty() {
        false => Ok(tokens),
        true => Err(section.problem(
            "webhook_secret_tokens",
            "needs at least one: the secret token of the Zoom app's event subscription",
        )),
    });
    let webhook_window = section.duration("webhook_window", seconds(1)..=seconds(HOUR));
    let provider_action = section.choice("provider_action");
    let provider_email_domain = section.optional("provider_email_domain", mail_domain);
    let license_found_users = section.boolean("license_found_users");
    let provider_fallback = read_provider_fallback(section);
    let alternative_host_link = section.choice("alternative_host_link");
    let timeout = section.duration("timeout", millis(100)..=seconds(MINUTE));
    let meeting_reads_per_second = section.integer("meeting_reads_per_second", 1..=10_u32);
    let light_per_second = section.integer("light_per_second", 1..=80_u32);
    let medium_per_second = section.integer("medium_per_second", 1..=60_u32);
    let meetings_per_host_and_day = section.integer("meetings_per_host_and_day", 1..=100_u32);
    let forget_after = section.duration("forget_after", Duration::ZERO..=seconds(9 * DAY));
    Ok(Zoom {
        api_base_url: api_base_url?,
        oauth_base_url: oauth_base_url?,
        authorization: authorization?,
        account_id: account_id?,
        client_id: client_id?,
        client_secret: client_secret?,
        webhook_secret_tokens: tokens?,
        webhook_window: webhook_window?,
        provider_action: provider_action?,
        provider_email_domain: provider_email_domain?,
        license_found_users: license_found_users?,
        provider_fallback: provider_fallback?,
        alternative_host_link: alternative_host_link?,
        timeout: timeout?,
        meeting_reads_per_second: meeting_reads_per_second?,
        light_per_second: light_per_second?,
        medium_per_second: medium_per_second?,
        meetings_per_host_and_day: meetings_per_host_and_day?,
        forget_after: forget_after?,
    })
}

pub(super) fn base_url(text: &str, _: &Origin) -> Result<BaseUrl, String> {
    BaseUrl::parse(text)
}

fn page_url(text: &str, _: &Origin) -> Result<PageUrl, String> {
    PageUrl::parse(text)
}

pub(super) fn mail_domain(text: &str, _: &Origin) -> Result<String, String> {
    let label = |label: &str| {
        let inside = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        inside && !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    // Zoom takes addresses of at most 128 characters, and the made-up part needs room.
    if text.len() <= 80 && text.contains('.') && text.split('.').all(label) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(format!("\"{text}\" is not a domain of at most 80 characters, such as patients.example.org"))
}

pub(super) fn time_zone(text: &str, _: &Origin) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|_| {
        format!(
            "\"{text}\" is no time zone that this machine knows; write a name such as \"America/Chicago\", and install \
             the time zone database (Debian: tzdata) where it is missing"
        )
    })
}
