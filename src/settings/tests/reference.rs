//! `config/default.toml` and the types tell of the same settings, and the profile works.

use std::collections::BTreeSet;

use super::super::reader::Reader;
use super::super::{Authorization, DEFAULTS, Settings, Sources, effective_toml, read_settings};
use super::{ORGANIZATION, folder, load, private_key};

/// Every key that the types ask for, an organization's as those of `organization_defaults`.
fn asked() -> BTreeSet<String> {
    let folder = folder();
    let (table, problems) = Sources::new(folder.path()).text("a test", ORGANIZATION).into_parts();
    assert_eq!(problems, []);
    let mut reader = Reader::default();
    assert!(reader.section(Vec::new(), table, read_settings).is_ok(), "{:?}", reader.problems);
    let keys = reader.effective.iter().map(|(path, _)| path.join("."));
    keys.map(|key| key.replace("organization.lakeside", "organization_defaults")).collect()
}

/// Every key that the reference names, those that stand there as comments too.
fn named() -> BTreeSet<String> {
    let mut uncommented = String::new();
    for line in DEFAULTS.lines() {
        let setting = line.strip_prefix("# ").filter(|rest| {
            let name = rest.split_once(" = ").map(|(name, _)| name);
            name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
        });
        uncommented.push_str(setting.unwrap_or(line));
        uncommented.push('\n');
    }
    let mut keys = BTreeSet::new();
    collect("", &uncommented.parse().unwrap(), &mut keys);
    keys
}

fn collect(parent: &str, table: &toml::Table, keys: &mut BTreeSet<String>) {
    for (name, value) in table {
        match value {
            toml::Value::Table(inner) => collect(&format!("{parent}{name}."), inner, keys),
            _ => {
                keys.insert(format!("{parent}{name}"));
            }
        }
    }
}

#[test]
fn the_reference_names_exactly_the_settings_that_exist() {
    let (asked, named) = (asked(), named());
    assert!(asked.len() > 80, "{}", asked.len());
    assert_eq!(
        asked.difference(&named).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "asked for and not named"
    );
    assert_eq!(
        named.difference(&asked).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "named and never asked for"
    );
}

#[test]
fn every_setting_of_the_reference_is_explained() {
    let mut explained = false;
    for line in DEFAULTS.lines() {
        // A group of settings may share one explanation; a blank line or a table's head ends it.
        explained =
            line.starts_with("# ") || (explained && !line.trim().is_empty() && !line.starts_with('['));
        let context_name = line.starts_with(|letter: char| letter.is_ascii_lowercase());
        assert!(!context_name || explained, "nothing explains: {line}");
    }
}

#[test]
fn the_defaults_alone_are_settings() {
    let folder = folder();
    let settings = load(folder.path(), &[], &[]).unwrap();
    assert!(settings.organizations.is_empty());
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.limits.webhook_body_bytes, 1 << 20);
    assert_eq!(settings.limits.held_event_life.as_secs(), 15 * 60);
    assert_eq!(settings.page.check_after.as_secs(), 10);
    let warnings = settings.warnings().join("\n");
    assert!(
        warnings.contains("access.tokens") && warnings.contains("no file names an organization"),
        "{warnings}"
    );
}

#[test]
fn an_organization_has_the_values_that_others_rely_on() {
    let folder = folder();
    let settings = load(folder.path(), &[ORGANIZATION], &[]).unwrap();
    let (name, lakeside) = settings.organizations.first_key_value().unwrap();
    assert_eq!((name.as_str(), lakeside.display_name.as_str()), ("lakeside", "lakeside"));
    assert_eq!(lakeside.acc_id, "account-at-zoom");
    assert_eq!(lakeside.reopen.as_secs(), 12 * 3600);
    assert_eq!(lakeside.page_presence.as_secs(), 90);
    assert_eq!((lakeside.epic.requests_per_second, lakeside.epic.concurrent_requests), (10, 5));
    assert_eq!(lakeside.epic.retry.give_up_after.as_secs(), 24 * 3600);
    assert_eq!((lakeside.epic.status_values.connected, lakeside.epic.status_values.disconnected), (1, 2));
    assert_eq!(lakeside.epic.context_names.conference_id, "conferenceid");
    assert_eq!(lakeside.zoom.api_base_url.as_str(), "https://api.zoom.us/v2");
    assert_eq!(lakeside.zoom.webhook_window.as_secs(), 300);
    assert_eq!(lakeside.epic.private_keys.len(), 1);
}

#[test]
fn a_question_that_nobody_can_answer_is_warned_of() {
    let folder = folder();
    let check = "[organization.lakeside]\nguest_birth_date.check = true\nepic.fhir_reads.wait = \"0s\"\n";
    let warned = |more: &str| {
        let settings = load(folder.path(), &[ORGANIZATION, &format!("{check}{more}")], &[]).unwrap();
        settings.warnings().iter().any(|warning| warning.contains("lakeside.guest_birth_date.check is set"))
    };
    assert!(warned("") && !warned("epic.birth_date_token = \"%DOB%\""));
}

#[test]
fn a_store_in_which_nothing_is_sealed_is_warned_of() {
    let folder = folder();
    let warned = |store: &str| {
        let text = format!("[store]\n{store}\n");
        let settings = load(folder.path(), &[ORGANIZATION, &text], &[]).unwrap();
        settings.warnings().iter().any(|warning| warning.contains("store.sealing_keys is empty"))
    };
    assert!(warned("url = \"embedded:store\"") && warned("url = \"redis://redis.example.org:6379\""));
    assert!(!warned("sealing_keys = [\"a-key-of-more-than-thirty-two-characters\"]"));
    assert!(!warned("url = \"memory:\""));
}

#[test]
fn the_profile_for_one_node_works_once_its_secrets_lie_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("one-node.toml", include_str!("../../../config/one-node.toml")),
        ("access-tokens", "first-token-of-an-operator\n\nsecond-token-of-an-operator\n"),
        ("sealing-keys", "a-key-of-more-than-thirty-two-characters\n"),
        ("lakeside-privatekey.pem", private_key()),
        ("lakeside-zoom-secret", "zoom-secret\n"),
        ("lakeside-zoom-webhook-secrets", "newer\nolder\r\n"),
    ];
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    // Read from elsewhere, so that its paths are seen to be relative to itself.
    let sources = Sources::new("/").file(&folder.path().join("one-node.toml"));
    let settings = Settings::load(sources).unwrap();
    assert_eq!(settings.warnings(), Vec::<String>::new());
    let lakeside = settings.organization("lakeside").unwrap().1;
    let secrets: Vec<&str> =
        lakeside.zoom.webhook_secret_tokens.iter().map(|secret| secret.expose()).collect();
    assert_eq!(secrets, ["newer", "older"]);
    assert_eq!(lakeside.zoom.client_secret.expose(), "zoom-secret");
    for shown in [effective_toml(&settings), format!("{settings:?}")] {
        for secret in
            ["of-an-operator", "thirty-two-characters", "zoom-secret\"", "newer", "older", "PRIVATE KEY"]
        {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

#[test]
fn the_effective_settings_are_toml_with_every_key() {
    let folder = folder();
    let shown = effective_toml(&load(folder.path(), &[ORGANIZATION], &[]).unwrap());
    let mut keys = BTreeSet::new();
    collect("", &shown.parse().unwrap(), &mut keys);
    let keys: BTreeSet<String> =
        keys.iter().map(|key| key.replace("organization.lakeside", "organization_defaults")).collect();
    assert_eq!(keys, asked());
    assert!(shown.contains("acc_id = \"account-at-zoom\""), "{shown}");
}

/// The names that scripts and administrators rely on. A change here breaks them.
#[test]
fn the_names_that_others_rely_on_are_all_known() {
    let text = r#"
        [server]
        listen = "127.0.0.1:8080"
        internal_listen = ""
        public_url = "http://127.0.0.1:8080"
        trusted_proxies = []
        secret_keys = []
        [store]
        url = "embedded:./vestibule-data"
        durability = "fsync"
        accept_unsafe = false
        [access]
        mode = "token"
        tokens = ["t"]
        jwt = { issuer = "i", audience = "a", jwks_url = "https://i.example.org/jwks.json" }
        [organization.lakeside]
        name = "Lakeside Health"
        environment = "test"
        acc_id = "a"
        org_id = "o"
        former_org_ids = []
        admittance = "automatic"
        waiting_counts_as = "nothing"
        provider_user_type = "licensed"
        patient_identity = "registrant"
        patient_display_name = "role"
        reopen_hours = 12
        page_presence_seconds = 90
        device_test_url = "https://test.example.org/?a=b"
        device_test_help_url = "https://help.example.org/"
        [organization.lakeside.epic]
        fhir_base_url = "https://epic.example.org/api/FHIR/R4"
        telehealth_base_url = "https://epic.example.org"
        oauth_base_url = "https://epic.example.org/oauth2"
        client_id = "c"
        client_secret = "s"
        private_key_files = ["key.pem"]
        status_dialect = "connection-status-2018"
        status_path = "/api/epic/2018/Clinical/Patient/SETEXTERNALCONNECTIONSTATUS/Telemedicine/SetExternalConnectionStatus"
        status_auth = "bearer"
        vendor_name = "Vestibule"
        requests_per_second = 10
        concurrent_requests = 5
        retry = { first = "500ms", most = "30s", give_up_after = "24h" }
        breaker = { failures = 5, probe_every = "5s" }
        [organization.lakeside.zoom]
        api_base_url = "https://api.zoom.us/v2"
        oauth_base_url = "https://zoom.us"
        account_id = "z"
        client_id = "c"
        client_secret = "s"
        webhook_secret_tokens = ["w"]
    "#;
    let folder = folder();
    let relied_on = load(folder.path(), &[text], &[]).unwrap();
    let (_, lakeside) = relied_on.organization("lakeside").unwrap();
    assert_eq!((lakeside.acc_id.as_str(), lakeside.org_id.as_deref()), ("a", Some("o")));
    assert!(relied_on.organization("Lakeside").is_none() && relied_on.organization(" lakeside").is_none());
}

#[test]
fn what_endangers_an_authorization_is_said() {
    let text = "[limits]\nvisit_life = \"9d\"\n[organization.hillside.zoom]\nauthorization = \"oauth\"\n\
                account_id = \"account-at-zoom\"\nclient_id = \"client-at-zoom\"\nclient_secret = \"x\"\n\
                webhook_secret_tokens = [\"y\"]\n[organization.hillside]\nenvironment = \"production\"\n\
                [organization.hillside.epic]\nfhir_base_url = \"https://hill.example.org/api/FHIR/R4\"\n\
                telehealth_base_url = \"https://hill.example.org\"\nclient_id = \"c\"\n\
                private_key_files = [\"key.pem\"]\n[organization.lakeside.zoom]\nauthorization = \"oauth\"\n";
    let folder = folder();
    let settings = load(folder.path(), &[ORGANIZATION, text], &[]).unwrap();
    let (_, lakeside) = settings.organization("lakeside").unwrap();
    assert_eq!(lakeside.zoom.authorization, Authorization::Oauth);
    let warnings = settings.warnings().join("\n");
    assert!(warnings.contains("use one OAuth app in one Zoom account"), "{warnings}");
    assert!(warnings.contains("lakeside.reopen_hours keep visits for longer than nine days"), "{warnings}");
}
