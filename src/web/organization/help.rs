//! What the page says of each setting, in each language: of the eleven of Zoom's own integration what Zoom's page says, of the others what the
//! settings reference does.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::settings::{Setting, organization_settings};
use crate::web::language::Language;

/// One of the eleven fields of Zoom's configuration page.
pub(super) struct Article {
    /// Our setting.
    pub key: &'static str,
    /// As Zoom's page calls it, which is in English.
    pub name: &'static str,
    english: &'static str,
    spanish: &'static str,
}

/// In their order there.
pub(super) static ARTICLE: [Article; 11] = [
    Article {
        key: "org_id",
        name: "Zoom API Key",
        english: "Names this organization in launches (org_id). It should only be shared with Zoom or appropriate personnel within your company, and never with third parties. It is replaced by “Regenerate” below.",
        spanish: "Nombra a esta organización en los inicios (org_id). Se comparte solo con Zoom o con el personal adecuado de su empresa, y nunca con terceros. Se reemplaza abajo con “Regenerar”.",
    },
    Article {
        key: "epic.client_secret",
        name: "Zoom App Secret (optional)",
        english: "The client secret that Epic gave for this app, where it has one.",
        spanish: "El secreto de cliente que Epic dio para esta aplicación, si tiene uno. Opcional.",
    },
    Article {
        key: "epic.private_keys",
        name: "Zoom App Private Key",
        english: "The value contained in privatekey.pem: the key, or several one after the other, by which Epic knows this app. The first signs, all are published.",
        spanish: "El contenido de privatekey.pem: la clave, o varias seguidas, por la que Epic conoce esta aplicación. La primera firma y todas se publican.",
    },
    Article {
        key: "epic.fhir_base_url",
        name: "Epic FHIR R4 Base URL",
        english: "The base URL of your Epic instance where the Epic FHIR R4 endpoints can be reached. It ends in /R4.",
        spanish: "La URL base de su Epic bajo la que se encuentran los servicios FHIR R4. Termina en /R4.",
    },
    Article {
        key: "epic.telehealth_base_url",
        name: "Epic Telehealth Base URL",
        english: "The base URL of your instance where the Epic telehealth endpoints can be reached.",
        spanish: "La URL base de su Epic bajo la que se encuentran los servicios de telesalud.",
    },
    Article {
        key: "epic.oauth_base_url",
        name: "Epic OAuth Base URL (optional)",
        english: "The base URL of the Epic FHIR authorization server of your instance. It is not necessary, and makes launches more efficient by bypassing a call to Epic that finds it out.",
        spanish: "La URL base del servidor de autorización FHIR de su Epic. No es necesaria; con ella los inicios ahorran una llamada a Epic para averiguarla.",
    },
    Article {
        key: "environment",
        name: "Epic Environment",
        english: "Test for an Epic test environment, production for a live Epic production environment.",
        spanish: "test para un entorno de prueba de Epic, production para un entorno de producción en uso.",
    },
    Article {
        key: "admittance",
        name: "Patient Admittance Policy",
        english: "Automatic: patients come in by themselves as soon as the provider is there. Manual: the provider admits them from Zoom’s waiting room.",
        spanish: "automatic: los pacientes entran solos en cuanto está el proveedor. manual: el proveedor los admite desde la sala de espera de Zoom.",
    },
    Article {
        key: "provider_user_type",
        name: "Provider User Type",
        english: "Providers without a Zoom account get one. This is the type that is assigned to such accounts.",
        spanish: "Los proveedores sin cuenta de Zoom reciben una. Este es el tipo que se asigna a esas cuentas.",
    },
    Article {
        key: "device_test_url",
        name: "Epic Device Test Endpoint URL (optional)",
        english: "The full URL where people can test their device before the video visit. {return_url} and {language} are filled in.",
        spanish: "La URL completa donde las personas pueden probar su equipo antes de la visita por video. {return_url} y {language} se rellenan. Opcional.",
    },
    Article {
        key: "device_test_help_url",
        name: "Healthcare Provider Device Test Help URL (optional)",
        english: "The full URL where people can get help when they test their device.",
        spanish: "La URL completa donde las personas encuentran ayuda al probar su equipo. Opcional.",
    },
];

/// Zoom's field for a setting.
pub(super) fn article(key: &str) -> Option<&'static Article> {
    ARTICLE.iter().find(|article| article.key == key)
}

/// What a setting is. A text that is not there in Spanish is told in English, which a test does not let happen.
pub(super) fn help(setting: &'static Setting, language: Language) -> &'static str {
    match (article(&setting.key), language) {
        (Some(article), Language::English) => article.english,
        (Some(article), Language::Spanish) => article.spanish,
        (None, Language::English) => &setting.help,
        (None, Language::Spanish) => {
            SPANISH.get(setting.help.as_str()).map_or(setting.help.as_str(), String::as_str)
        }
    }
}

const TRANSLATED: &str = include_str!("settings.es.toml");

/// One text of the file.
#[derive(Deserialize)]
struct Translated {
    says: String,
}

/// By the English, since settings share texts.
static SPANISH: LazyLock<HashMap<&'static str, String>> = LazyLock::new(|| {
    // By the first setting of those that share a text. A test reads the file, which can only leave the page in English here.
    let mut translated: HashMap<String, Translated> = toml::from_str(TRANSLATED).unwrap_or_default();
    let settings = organization_settings().iter();
    settings
        .filter_map(|setting| Some((setting.help.as_str(), translated.remove(&setting.key)?.says)))
        .collect()
});

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn every_setting_is_explained_in_both_languages() {
        for setting in organization_settings() {
            let said = Language::ALL.map(|language| help(setting, language));
            assert_ne!(said[0], said[1], "{}: src/web/organization/settings.es.toml lacks it", setting.key);
        }
    }

    #[derive(Deserialize)]
    struct Original {
        /// The first digits of its SHA-256.
        of: String,
    }

    #[test]
    fn each_spanish_text_is_of_the_english_that_stands_in_the_reference() {
        let all: BTreeMap<String, Original> = toml::from_str(TRANSLATED).unwrap();
        for (key, text) in all {
            let setting = organization_settings().iter().find(|setting| setting.key == key);
            let english = &setting.unwrap_or_else(|| panic!("{key} is no setting")).help;
            let mut hash = hex::encode(Sha256::digest(english));
            hash.truncate(8);
            assert_eq!(text.of, hash, "{key} says in English now: {english}\nRead the Spanish again.");
        }
    }
}
