//! A second organization with fakes of its own: in the settings of a house, or for somebody to type into a page.

use std::net::{Ipv4Addr, SocketAddr};

use vestibule::simulator::{self, Simulator, SimulatorConfig};

use super::house::{House, TIME_SCALE, folder_with_key, free_port};

/// Its id.
pub const HILLSIDE: &str = "hillside";

/// What the settings of an organization say for fakes of its own, by the keys below `organization.<id>`; the private key aside.
pub type Said = Vec<(&'static str, String)>;

/// Fakes of a second organization that call a service on `listen`, and what its settings say for them.
pub async fn fakes_of_another(listen: SocketAddr) -> (Simulator, Said) {
    let mut config = SimulatorConfig::demo((Ipv4Addr::LOCALHOST, 0).into(), &format!("http://{listen}"));
    config.time_scale = TIME_SCALE;
    config.seed = 2;
    config.organization = HILLSIDE.to_owned();
    config.zoom_account_id = "DemoZoomAccount2".to_owned();
    let (client, secret) = (config.epic_client_id.clone(), config.zoom_client_secret.clone());
    let (zoom_client, webhook) = (config.zoom_client_id.clone(), config.zoom_webhook_secret.clone());
    let domain = config.mail_domain.clone();
    let other = simulator::start(config).await.unwrap();
    let url = other.url().to_owned();
    let said = vec![
        ("epic.fhir_base_url", format!("{url}/epic/api/FHIR/R4")),
        ("epic.telehealth_base_url", format!("{url}/epic")),
        ("epic.client_id", client),
        ("zoom.api_base_url", format!("{url}/zoom/v2")),
        ("zoom.oauth_base_url", format!("{url}/zoom")),
        ("zoom.account_id", "DemoZoomAccount2".to_owned()),
        ("zoom.client_id", zoom_client),
        ("zoom.client_secret", secret),
        ("zoom.provider_email_domain", domain),
        ("zoom.webhook_secret_tokens", webhook),
    ];
    (other, said)
}

impl House {
    /// A service for two organizations, each with fakes of its own.
    pub async fn beside_another(settings: &str) -> (Self, Simulator) {
        let (folder, listen) = (folder_with_key(), free_port());
        let (other, said) = fakes_of_another(listen).await;
        let mut second =
            format!("{settings}\n[organization.{HILLSIDE}]\nepic.private_key_files = [\"key.pem\"]\n");
        for (key, text) in said {
            let value = if key.ends_with("tokens") { format!("[\"{text}\"]") } else { format!("\"{text}\"") };
            second.push_str(&format!("{key} = {value}\n"));
        }
        (Self::on(listen, folder, &second, |_| {}).await, other)
    }
}
