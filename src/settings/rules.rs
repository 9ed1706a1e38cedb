//! Rules that hold between settings, checked once each of them is right by itself.

use std::net::SocketAddr;
use std::time::Duration;

use vestibule_domain::id::OrganizationId;
use vestibule_domain::policy::PatientIdentity;

use super::Settings;
use super::access::AccessMode;
use super::encrypted_launch::LaunchKey;
use super::epic::StatusDialect;
use super::grants::Grant;
use super::organization::{
    Authorization, Organization, PatientDisplayName, ProviderAction, ProviderUserType, Zoom,
};
use super::problem::Problem;
use super::provider_fallback::SeatFallback;
use super::store::{self, StoreUrl};

const TOKEN_CHARACTERS_ADVISED: usize = 16;
const LAUNCH_KEY_CHARACTERS_ADVISED: usize = 16;
/// Zoom allows ten days from the removal of its app.
const ZOOM_MUST_BE_FORGOTTEN: Duration = Duration::from_secs(9 * 24 * 3600);
/// An open page gives a sign every 30 s.
const PAGE_PRESENCE_SECONDS_ADVISED: u64 = 31;

/// Everything that the settings contradict each other in.
pub(super) fn contradictions(settings: &Settings) -> Vec<Problem> {
    let mut problems = listening(settings);
    problems.extend(sealing(settings));
    problems.extend(store::durability(&settings.store));
    problems.extend(store::backup(&settings.store));
    problems.extend(grants(settings));
    for (name, organization) in &settings.organizations {
        problems.extend(within(name, organization));
    }
    let mut organizations = settings.organizations.iter();
    while let Some((name, organization)) = organizations.next() {
        for (other_name, other) in organizations.clone() {
            problems.extend(between(name, organization, other_name, other));
        }
    }
    problems
}

/// What one organization contradicts itself or the others in, told by its own keys.
pub(super) fn contradictions_of(settings: &Settings, id: &OrganizationId) -> Vec<Problem> {
    let Some(organization) = settings.organizations.get(id) else { return Vec::new() };
    let mut problems = within(id, organization);
    for (other_name, other) in settings.organizations.iter().filter(|(name, _)| *name != id) {
        problems.extend(between(other_name, other, id, organization));
    }
    problems
}

fn within(name: &OrganizationId, organization: &Organization) -> Vec<Problem> {
    let found = [
        hosts(name, organization),
        invited_patients(name, organization),
        default_hosts(name, organization),
        sides(name, organization),
        tests_told(name, organization),
    ];
    found.into_iter().flatten().collect()
}

/// Told by the keys of the second.
fn between(
    name: &OrganizationId,
    organization: &Organization,
    other_name: &OrganizationId,
    other: &Organization,
) -> Vec<Problem> {
    let mut problems = twins(name, organization, other_name, other);
    problems.extend(one_key(name, organization, other_name, other));
    problems
}

/// A token says who comes, so that none stands twice.
fn grants(settings: &Settings) -> Vec<Problem> {
    let grants = &settings.access.grants;
    let mut problems = Vec::new();
    for (place, grant) in grants.iter().enumerate() {
        let key = |field: &str| match grant.name.split_once(' ') {
            // Of the list, where nothing has a name of its own.
            Some((list, _)) => format!("access.{list}"),
            None => format!("access.grant.{}.{field}", grant.name),
        };
        let token = |grant: &Grant| grant.token().map(|token| token.expose().to_owned());
        let same = |other: &&Grant| grant.token().is_some() && token(other) == token(grant);
        if let Some(other) = grants.iter().take(place).find(same) {
            let what = format!("is the same as that of \"{}\"; give each its own", other.name);
            problems.push(Problem::new(key("token"), what));
        }
    }
    problems
}

/// Ways in that lead nowhere, or further than they should.
fn access(settings: &Settings) -> Vec<String> {
    let access = &settings.access;
    let (tokens, claims): (Vec<&Grant>, Vec<&Grant>) =
        access.grants.iter().partition(|grant| grant.token().is_some());
    let mut doubts = Vec::new();
    if access.mode == AccessMode::Token && access.openid.is_none() && tokens.is_empty() {
        doubts.push(
            "access.tokens is empty and there is no access.grant with a token: nobody may use /ops, /records, /admin, /api and /metrics"
                .to_owned(),
        );
    }
    if access.mode == AccessMode::Jwt && !tokens.is_empty() {
        doubts.push(
            "access.mode is \"jwt\": tokens of access.tokens and access.grant are not taken".to_owned(),
        );
    }
    for grant in &access.grants {
        let named = grant.rights.organizations().into_iter().flatten();
        doubts.extend(named.filter(|id| !settings.organizations.contains_key(*id)).map(|id| {
            format!(
                "access.grant.{}.organizations names \"{id}\", of which there is no table [organization.{id}]: the grant is good for \
                 nothing there until somebody makes it on /admin",
                grant.name
            )
        }));
    }
    let short = |token: &str| token.chars().count() < TOKEN_CHARACTERS_ADVISED;
    doubts.extend(tokens.into_iter().filter(|it| it.token().is_some_and(|token| short(token.expose()))).map(
        |grant| {
            format!("access.tokens or access.grant: the token \"{}\" has less than {TOKEN_CHARACTERS_ADVISED} characters", grant.name)
        },
    ));
    if access.jwt.as_ref().is_some_and(|jwt| jwt.role_claim.is_none()) {
        doubts.push(
            "access.jwt.role_claim is empty: whoever has a token for access.jwt.audience may do everything everywhere".to_owned(),
        );
    }
    let by_claim = access.openid.is_some() || access.jwt.as_ref().is_some_and(|jwt| jwt.role_claim.is_some());
    if by_claim && claims.is_empty() {
        doubts
            .push("no access.grant has a claim: whoever signs in elsewhere is given no role here".to_owned());
    }
    doubts
}

/// What works and yet is hardly meant, in plain words, for the log at start.
pub(super) fn doubts(settings: &Settings) -> Vec<String> {
    let mut doubts = Vec::new();
    doubts.extend(access(settings));
    if matches!(settings.store.url, StoreUrl::Memory) {
        doubts.push("store.url is \"memory:\": nothing survives this process".to_owned());
    } else if settings.store.sealing_keys.is_empty() {
        doubts.push(
            "store.sealing_keys is empty: a stolen store gives the secrets that the service keeps there; make a key, as \
             docs/secrets.md says"
                .to_owned(),
        );
    } else if !settings.store.seal_visits {
        doubts.push(
            "store.seal_visits is false: a stolen store gives people's links into their meetings; turn it on as \
             docs/secrets.md says"
                .to_owned(),
        );
    }
    if settings.organizations.is_empty() {
        doubts.push(
            "no file names an organization: until one is made on /admin every launch is answered 404"
                .to_owned(),
        );
    }
    let mut organizations = settings.organizations.iter();
    while let Some((name, organization)) = organizations.next() {
        doubts.extend(organizations.clone().filter_map(|other| one_app(name, organization, other)));
    }
    for (name, organization) in &settings.organizations {
        if organization.keep.visits(&settings.limits) + organization.reopen > ZOOM_MUST_BE_FORGOTTEN {
            doubts.push(format!(
                "limits.visit_life, or organization.{name}.keep.visits, and organization.{name}.reopen_hours keep visits for longer than nine days: after the Zoom \
                 app was removed, links to their meetings must be gone in ten"
            ));
        }
        if organization.patients.identity == PatientIdentity::TemporaryUser
            && organization.patient_display_name != PatientDisplayName::Role
        {
            doubts.push(format!(
                "organization.{name}.patient_display_name is not used with patient_identity = \"temporary_user\": no name of a \
                 person is to stand in the Zoom account's list of users"
            ));
        }
        doubts.extend(birth_dates(name, organization));
        if let Some(launch) = &organization.epic.encrypted_launch
            && let LaunchKey::Aes128(text) = &launch.key
            && text.expose().chars().count() < LAUNCH_KEY_CHARACTERS_ADVISED
        {
            doubts.push(format!(
                "organization.{name}.epic.launch_key has less than {LAUNCH_KEY_CHARACTERS_ADVISED} characters"
            ));
        }
        if organization.device_test.as_ref().is_some_and(|test| !test.url.names_return()) {
            doubts.push(format!(
                "organization.{name}.device_test_url has no {{return_url}}: it is added to the query under that name; where the \
                 test reads another, nobody comes back with a result"
            ));
        }
        if organization.page_presence.as_secs() < PAGE_PRESENCE_SECONDS_ADVISED {
            doubts.push(format!(
                "organization.{name}.page_presence_seconds is less than {PAGE_PRESENCE_SECONDS_ADVISED}: people will \
                 seem to leave the waiting page while it is open"
            ));
        }
    }
    doubts
}

/// Each keeps a refresh token of its own, and Zoom does not say whether an account may have two of one app.
fn one_app(
    name: &OrganizationId,
    organization: &Organization,
    (other_name, other): (&OrganizationId, &Organization),
) -> Option<String> {
    let (one, other) = (&organization.zoom, &other.zoom);
    let added = |zoom: &Zoom| zoom.authorization == Authorization::Oauth;
    let same = one.client_id == other.client_id && one.account_id == other.account_id;
    (same && added(one) && added(other)).then(|| {
        format!(
            "organization.{name} and {other_name} use one OAuth app in one Zoom account: authenticating one may end the \
             authorization of the other; give each an app of its own (zoom.client_id)"
        )
    })
}

/// Links that ask for what nobody says.
fn birth_dates(name: &OrganizationId, organization: &Organization) -> Option<String> {
    let epic = &organization.epic;
    let unread = epic.fhir_reads.wait.is_zero() && epic.birth_date_token.is_none();
    (organization.guest_birth_date.check && unread).then(|| {
        format!(
            "organization.{name}.guest_birth_date.check is set, FHIR is not read (epic.fhir_reads.wait), and there is no \
             epic.birth_date_token: unless CONTEXT brings birth dates, no guest's link can be made"
        )
    })
}

fn sealing(settings: &Settings) -> Option<Problem> {
    let store = &settings.store;
    (store.seal_visits && store.sealing_keys.is_empty()).then(|| {
        Problem::new("store.seal_visits", "needs a key: set store.sealing_keys_file, as docs/secrets.md says")
    })
}

fn listening(settings: &Settings) -> Vec<Problem> {
    let server = &settings.server;
    let mut problems = Vec::new();
    // Port 0 asks for any free port, so that two of them never meet.
    if server.internal_listen == Some(server.listen) && server.listen.port() != 0 {
        problems
            .push(Problem::new("server.internal_listen", "is the same as server.listen; give another port"));
    }
    let open = |address: &SocketAddr| !address.ip().is_loopback();
    if settings.access.mode == AccessMode::Loopback
        && [Some(server.listen), server.internal_listen].iter().flatten().any(open)
    {
        problems.push(Problem::new(
            "access.mode",
            "\"loopback\" checks nobody and is refused unless server.listen (and server.internal_listen, where set) \
             is a loopback address; use \"token\"",
        ));
    }
    if server.internal_listen.is_some()
        && settings.access.openid.as_ref().is_some_and(|openid| openid.pages_url.is_none())
    {
        problems.push(Problem::new(
            "access.openid.pages_url",
            "is needed beside server.internal_listen: the provider leads people back there",
        ));
    }
    problems
}

fn hosts(name: &OrganizationId, organization: &Organization) -> Option<Problem> {
    let basic = organization.provider_user_type == ProviderUserType::Basic;
    (basic && organization.patients.identity == PatientIdentity::Registrant).then(|| {
        Problem::new(
            format!("organization.{name}.provider_user_type"),
            "\"basic\" hosts cannot have registrants, which patient_identity = \"registrant\" needs; use \"licensed\"",
        )
    })
}

/// Whoever is made by `create` gets a mail and is pending until it is answered; nobody reads a patient's.
fn invited_patients(name: &OrganizationId, organization: &Organization) -> Option<Problem> {
    let patients = &organization.patients;
    let invited =
        patients.identity == PatientIdentity::TemporaryUser && patients.user_action == ProviderAction::Create;
    invited.then(|| {
        Problem::new(
            format!("organization.{name}.temporary_user_action"),
            "\"create\" invites by mail, which nobody reads; use \"custCreate\", \"autoCreate\" or \"ssoCreate\"",
        )
    })
}

/// Fallbacks that could not do what they are for.
fn default_hosts(name: &OrganizationId, organization: &Organization) -> Option<Problem> {
    let fallback = &organization.zoom.provider_fallback;
    if fallback.needs_default_hosts() && fallback.default_hosts.is_empty() {
        return Some(Problem::new(
            format!("organization.{name}.zoom.default_hosts"),
            "is empty, and zoom.provider_fallback names \"default_host\"; give Zoom users of the account who stand in",
        ));
    }
    let basic = fallback.no_seat == SeatFallback::Basic;
    (basic && organization.patients.identity == PatientIdentity::Registrant).then(|| {
        Problem::new(
            format!("organization.{name}.zoom.provider_fallback.no_seat"),
            "\"basic\" hosts cannot have registrants, which patient_identity = \"registrant\" needs; use \"default_host\" or \"none\"",
        )
    })
}

fn tests_told(name: &OrganizationId, organization: &Organization) -> Option<Problem> {
    let told = organization.device_test.as_ref().is_some_and(|test| test.write_back);
    (told && organization.epic.status_dialect == StatusDialect::ConnectionStatus2018).then(|| {
        Problem::new(
            format!("organization.{name}.device_test_write_back"),
            "needs epic.status_dialect = \"telehealth-2020\"; the service of 2018 cannot be told of device tests",
        )
    })
}

/// An encrypted launch tells by this number alone that somebody is no provider.
fn sides(name: &OrganizationId, organization: &Organization) -> Option<Problem> {
    let epic = &organization.epic;
    let same = epic.external_id_types.provider == epic.external_id_types.patient;
    (same && epic.encrypted_launch.is_some()).then(|| {
        Problem::new(
            format!("organization.{name}.epic.external_id_types.patient"),
            "is the same as `provider`; with launch_key set, encrypted launches could not be told apart",
        )
    })
}

/// What an encrypted link says is believed for the organization whose key opens it, so that no two may have the same.
fn one_key(
    name: &OrganizationId,
    organization: &Organization,
    other_name: &OrganizationId,
    other: &Organization,
) -> Option<Problem> {
    let launches = (organization.epic.encrypted_launch.as_ref()).zip(other.epic.encrypted_launch.as_ref());
    let same = launches.is_some_and(|(one, other)| one.key.is_same(&other.key));
    same.then(|| {
        Problem::new(
            format!("organization.{other_name}.epic.launch_key"),
            format!("is that of {name} too; a link to a visit of one would open a visit of the other"),
        )
    })
}

/// Two organizations of one Zoom account are its test and its production: a launch is told apart by its `iss`.
fn twins(
    name: &OrganizationId,
    organization: &Organization,
    other_name: &OrganizationId,
    other: &Organization,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut report = |key: &str, message: String| {
        problems.push(Problem::new(format!("organization.{other_name}.{key}"), message));
    };
    if organization.acc_id == other.acc_id {
        if organization.environment == other.environment {
            let message = format!("must differ from that of {name}, because both have the same acc_id");
            report("environment", message);
        }
        if organization.epic.fhir_base_url == other.epic.fhir_base_url {
            let message = format!("must differ from that of {name}, because both have the same acc_id");
            report("epic.fhir_base_url", message);
        }
    } else if let Some(shared) = other.org_ids().find(|id| organization.org_ids().any(|mine| mine == *id)) {
        let message = format!(
            "\"{shared}\" is an API key of {name} too, which has another acc_id; one of them is wrong"
        );
        report("org_id", message);
    }
    problems
}

impl Organization {
    /// The API key and all former ones.
    fn org_ids(&self) -> impl Iterator<Item = &String> {
        self.org_id.iter().chain(&self.former_org_ids)
    }
}
