//! The service of 2018: one GET sets one person's connection status. Both addresses under which it is known take the same.

use awc::http::Method;
use vestibule_domain::effect::{Says, Update};
use vestibule_domain::id::VisitKey;

use super::{Call, conference, external_id_type};
use crate::epic::config::EpicConfig;
use crate::outbound::encode::with_query;

/// The request, exactly as the service has it; it knows of connections alone.
pub(super) fn call(config: &EpicConfig, visit: &VisitKey, update: &Update) -> Option<Call> {
    let values = config.status_values;
    let status = match update.says {
        Says::Connected(true) => values.connected,
        Says::Connected(false) => values.disconnected,
        Says::DeviceTest(_) => return None,
    };
    let url = with_query(
        &url(config),
        &[
            ("ConferenceID", conference(visit)),
            ("ExternalID", update.external_id.as_str()),
            ("ExternalIDType", external_id_type(config, update)),
            ("VendorName", &config.vendor_name),
            ("ConnectionStatus", &status.to_string()),
        ],
    );
    Some(Call { method: Method::GET, url, body: None })
}

pub(super) fn nothing(config: &EpicConfig) -> Call {
    Call { method: Method::GET, url: url(config), body: None }
}

fn url(config: &EpicConfig) -> String {
    format!("{}{}", config.telehealth_base_url, config.status_path)
}
