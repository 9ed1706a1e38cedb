//! What the tests of this edge share: a configuration, keys that are made once, a clock and randomness by hand, and a server.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use vestibule_actors::port::clock::{Clock, Randomness};
use vestibule_domain::id::{CommandId, OrganizationId};
use vestibule_domain::time::{Moment, Span};

use super::config::{ClientProof, EpicConfig};
use super::keys::SigningKeys;
use super::{EpicClient, EpicSites};
use crate::settings::{
    self, ContextNames, ExternalIdTypes, FhirReads, Secret, Settings, Sources, StatusAuth, StatusDialect,
    StatusValues,
};

pub static OUR_KEY: LazyLock<String> = LazyLock::new(private_key);
pub static THEIR_KEY: LazyLock<String> = LazyLock::new(private_key);

fn private_key() -> String {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()))
}

pub const NOW: Moment = Moment(1_795_453_200_000);

pub struct Hand(pub AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

pub struct Counting(AtomicU64);

impl Randomness for Counting {
    fn draw(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn secret(&self) -> String {
        URL_SAFE_NO_PAD.encode([self.draw().to_be_bytes(), self.draw().to_be_bytes()].concat())
    }

    fn command_id(&self) -> CommandId {
        CommandId::new(format!("c{}", self.draw())).unwrap()
    }
}

pub fn randomness() -> Arc<Counting> {
    Arc::new(Counting(AtomicU64::new(1)))
}

pub fn clock() -> Arc<Hand> {
    Arc::new(Hand(AtomicI64::new(NOW.0)))
}

pub fn lakeside() -> OrganizationId {
    OrganizationId::new("lakeside").unwrap()
}

/// An Epic at `base`, which has no slash at its end.
pub fn config(base: &str) -> EpicConfig {
    let own = |name: &str| name.to_owned();
    EpicConfig {
        fhir_base_url: format!("{base}/api/FHIR/R4"),
        telehealth_base_url: format!("{base}/tele"),
        oauth_base_url: None,
        client_id: own("our-client"),
        client_proof: ClientProof::PrivateKey,
        keys: SigningKeys::load([&Secret::new(OUR_KEY.as_str())]).unwrap(),
        encrypted_launches: None,
        key_due_at: None,
        scopes: vec![own("launch"), own("openid"), own("fhirUser")],
        backend_scopes: Vec::new(),
        id_token_issuers: Vec::new(),
        require_nonce: false,
        status_dialect: StatusDialect::ConnectionStatus2018,
        status_path: own("/status"),
        telehealth_2020: settings_with("").telehealth_2020,
        status_auth: StatusAuth::Bearer,
        vendor_name: own("Vestibule & Co"),
        timeout: Duration::from_secs(5),
        longest_pause: Span(2_500),
        fhir_reads: FhirReads {
            wait: Duration::from_secs(2),
            concurrent: 4,
            keep: 100,
            believe: Duration::from_secs(60),
        },
        status_values: StatusValues { connected: 1, disconnected: 2 },
        external_id_types: ExternalIdTypes { provider: own("1"), patient: own("2") },
        context_names: ContextNames {
            csn: own("csn"),
            conference_id: own("conferenceid"),
            external_id: own("externalid"),
            external_id_type: own("externalidtype"),
            first_name: own("fname"),
            last_name: own("lname"),
            email: own("email"),
            department_id: own("departmentid"),
            appointment_time: own("appointmenttime"),
            birth_date: own("dob"),
        },
    }
}

/// The settings of an Epic with basic authentication, and these besides.
pub fn settings_with(more: &str) -> settings::Epic {
    let organization = format!(
        r#"
[organization.x]
epic.fhir_base_url = "https://e.example/R4"
epic.telehealth_base_url = "https://e.example"
epic.client_id = "c"
epic.status_auth = "basic"
epic.status_user = "VIDEO"
epic.status_password = "p:w"
zoom = {{ account_id = "a", client_id = "c", client_secret = "s", webhook_secret_tokens = ["w"] }}
{more}"#
    );
    let settings = Settings::load(Sources::new(".").text("a test", &organization)).unwrap();
    settings.organization("x").unwrap().1.epic.clone()
}

pub fn client(config: EpicConfig) -> EpicClient {
    client_at(config, clock())
}

pub fn client_at(config: EpicConfig, clock: Arc<Hand>) -> EpicClient {
    EpicClient::new(EpicSites::new([(lakeside(), config)]), clock, randomness())
}
