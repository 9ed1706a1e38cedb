//! What is refused: each mistake with its key and what to do, and all of them in one run.

use super::super::{Problem, effective_toml};
use super::{ORGANIZATION, folder, load, pem, problems_with};

const EPIC: &str = "organization.lakeside.epic";

/// One mistake at a time, laid over good settings, and the words that the one problem has to have.
#[test]
fn each_mistake_is_named() {
    let cases: &[(&str, &str)] = &[
        ("server.listen = \"8080\"", "server.listen: \"8080\" is not an address"),
        ("server.listen = 8080", "server.listen: must be a text"),
        ("server.listn = \"\"", "server.listn: is no setting; here are: internal_listen, listen"),
        ("serve.x = 1", "serve: is no setting"),
        ("server.internal_listen = \"127.0.0.1:8080\"", "server.internal_listen: is the same"),
        ("server.public_url = \"http://video.example.org\"", "server.public_url: must begin with https://"),
        ("server.public_url = \"https://video.example.org/x\"", "server.public_url: must not have a path"),
        ("server.secret_keys = [\"short\"]", "server.secret_keys: has 1 entries of less than 32"),
        (
            "server.trusted_proxies = [\"balancer\"]",
            "server.trusted_proxies: \"balancer\" is not an address or",
        ),
        ("server.trusted_proxies = [\"0.0.0.0/0\"]", "server.trusted_proxies: \"0.0.0.0/0\" is everybody"),
        ("server = 1", "server: is a table of settings"),
        ("server.listen.x = 1", "server.listen: is a value"),
        ("node.name = \"a b\"", "node.name: may have"),
        ("node.arbiters = 65", "node.arbiters: 65 is outside of 0 to 64"),
        ("store.url = \"mysql://u:hidden@h\"", "store.url: is not a store"),
        ("store.url = \"embedded:\"", "store.url: names no folder"),
        ("store.durability = \"replica\"", "store.durability: belongs to stores on Redis"),
        ("store.url = \"redis://\"", "store.url: "),
        ("store.durability = \"none\"", "store.durability: \"none\" is none of \"fsync\""),
        ("store.seal_visits = true", "store.seal_visits: needs a key: set store.sealing_keys_file"),
        ("store.accept_unsafe = 1", "store.accept_unsafe: must be true or false"),
        ("access.mode = \"saml\"", "access.mode: \"saml\" is none of \"token\", \"jwt\", \"loopback\""),
        ("access.tokens = \"one\"", "access.tokens: must be a list"),
        ("access.tokens = [\"\"]", "access.tokens: has an empty entry"),
        (
            "access.mode = \"loopback\"\nserver.listen = \"0.0.0.0:80\"",
            "access.mode: \"loopback\" checks nobody",
        ),
        (
            "access.mode = \"loopback\"\nserver.internal_listen = \"10.0.0.1:80\"",
            "access.mode: \"loopback\" checks nobody",
        ),
        ("page.check_every = \"15\"", "page.check_every: \"15\" is not a duration"),
        ("page.check_every = 15", "page.check_every: must be a text"),
        ("limits.webhook_answer = \"3s\"", "limits.webhook_answer: 3s is outside of 100ms to 2s 900ms"),
        ("limits.visit_life = \"85m\"", "limits.visit_life: 85m is outside of 2h to"),
        ("limits.concurrent_webhooks = 0", "limits.concurrent_webhooks: 0 is outside of 1 to"),
        ("limits.concurrent_webhooks = -1", "limits.concurrent_webhooks: -1 is outside"),
        ("limits.records = 1.5", "limits.records: must be a whole number"),
        ("logging.filter = \"a=b=c\"", "logging.filter: \"a=b=c\" is not a filter"),
        ("organization = 1", "organization: is a table"),
        ("organization.lakeside = 1", "organization.lakeside: is a table"),
        ("organization_defaults.admitance = \"manual\"", "organization_defaults.admitance: is no setting"),
    ];
    for (text, expected) in cases {
        expect_one(text, expected);
    }
}

#[test]
fn each_mistake_in_an_organization_is_named() {
    let cases: &[(&str, &str)] = &[
        ("environment = \"staging\"", "environment: \"staging\" is none of \"test\", \"production\""),
        ("provider_user_type = \"basic\"", "provider_user_type: \"basic\" hosts cannot have registrants"),
        ("invite_link_life = \"4m\"", "invite_link_life: 4m is outside of 5m to"),
        (
            "patient_identity = \"temporary_user\"\ntemporary_user_action = \"create\"",
            "temporary_user_action: \"create\" invites by mail",
        ),
        ("patient_identity = \"cookie\"", "patient_identity: \"cookie\" is none of \"registrant\""),
        ("registrant_email_domain = \"a@b\"", "registrant_email_domain: \"a@b\" is not a domain"),
        ("early_join_minutes = 10081", "early_join_minutes: 10081 is outside of 0 to 10080"),
        ("late_join_minutes = 0", "late_join_minutes: 0 is outside of 1 to 10080"),
        ("provider_gone = \"25h\"", "provider_gone: "),
        ("longest_visit_hours = 31", "longest_visit_hours: 31 is outside of 1 to 30"),
        ("reopen_hours = 169", "reopen_hours: 169 is outside of 0 to 168"),
        ("page_presence_seconds = 0", "page_presence_seconds: 0 is outside"),
        ("time_zone = \"Moon/Tycho\"", "time_zone: \"Moon/Tycho\" is no time zone"),
        ("guest_birth_date.tries = 0", "guest_birth_date.tries: 0 is outside of 1 to 20"),
        ("guest_birth_date.check = \"yes\"", "guest_birth_date.check: must be true or false"),
        (
            "guest_birth_date.context_order = \"year-first\"",
            "guest_birth_date.context_order: \"year-first\" is none of \"month-first\"",
        ),
        (
            "epic.context_names.birth_date = \"CSN\"",
            "epic.context_names.birth_date: is \"csn\", which another value has",
        ),
        ("epic.birth_date_token = \"DOB\"", "epic.birth_date_token: \"DOB\" is not a token"),
        ("framing_hosts = [\"*\"]", "framing_hosts: \"*\" is not a URL"),
        ("device_test_url = \"http://test.example.org\"", "device_test_url: must begin with https://"),
        ("waiting_count_as = \"nothing\"", "waiting_count_as: is no setting"),
        (
            "epic.fhir_base_url = \"https://e.example.org/api/FHIR/DSTU2\"",
            "epic.fhir_base_url: must end in /R4",
        ),
        ("epic.fhir_base_url = \"http://e.example.org/R4\"", "epic.fhir_base_url: must begin with https://"),
        ("epic.telehealth_base_url = \"\"", "epic.telehealth_base_url: is needed"),
        ("epic.client_id = \"\"", "epic.client_id: is needed"),
        ("epic.private_key_files = []", "epic.private_key_files: needs at least one file"),
        ("epic.private_key_files = [\"absent.pem\"]", "absent.pem cannot be read"),
        ("epic.status_path = \"api\"", "epic.status_path: must be a path"),
        ("epic.status_auth = \"basic\"", "epic.status_user: is needed"),
        ("epic.status_auth = \"basic\"\nepic.status_user = \"u\"", "epic.status_password: is needed"),
        ("epic.scopes = [\"launch\"]", "epic.scopes: must have \"openid\""),
        ("epic.scopes = [\"launch openid\"]", "epic.scopes: \"launch openid\" is not one scope"),
        ("epic.requests_per_second = 0", "epic.requests_per_second: 0 is outside of 1 to"),
        ("epic.concurrent_requests = 0", "epic.concurrent_requests: 0 is outside of 1 to"),
        ("epic.retry.first = \"31s\"", "epic.retry.first: is longer than `most`"),
        ("epic.retry.last = \"31s\"", "epic.retry.last: is no setting"),
        ("epic.breaker.failures = 0", "epic.breaker.failures: 0 is outside"),
        ("epic.fhir_reads.wait = \"11s\"", "epic.fhir_reads.wait: "),
        ("epic.fhir_reads.believe = \"2m\"", "epic.fhir_reads.believe: "),
        ("epic.fhir_reads.concurrent = 0", "epic.fhir_reads.concurrent: 0 is outside of 1 to 100"),
        ("epic.fhir_reads.keep = 0", "epic.fhir_reads.keep: 0 is outside of 1 to 100000"),
        ("epic.status_values.disconnected = 1", "epic.status_values.disconnected: is the same"),
        ("epic.private_key_max_age = \"12h\"", "epic.private_key_max_age: 12h is outside of 1day to"),
        ("epic.mychart_id_token = \"WPRID\"", "epic.mychart_id_token: \"WPRID\" is not a token"),
        ("epic.mychart_id_token = \"%A%&x=%B%\"", "epic.mychart_id_token: \"%A%&x=%B%\" is not a token"),
        (
            "epic.sample_launch_url = \"https://epic.example.org\"",
            "epic.sample_launch_url: is for a fake Epic",
        ),
        ("epic.sample_launch_url = \"http://127.0.0.1:9\"", "epic.sample_launch_url: is for a fake Epic"),
        ("epic.context_names.email = \"CSN\"", "epic.context_names.email: is \"csn\", which another"),
    ];
    for (text, expected) in cases {
        expect_one(&format!("[organization.lakeside]\n{text}"), expected);
    }
}

#[test]
fn each_mistake_about_the_zoom_account_is_named() {
    let cases: &[(&str, &str)] = &[
        ("zoom.account_id = \"\"", "zoom.account_id: is needed"),
        ("zoom.client_secret = \"\"", "zoom.client_secret: is needed and not set; give the secret, or"),
        ("zoom.webhook_secret_tokens = []", "zoom.webhook_secret_tokens: needs at least one"),
        ("zoom.api_base_url = \"https://u:hidden@api.zoom.us\"", "zoom.api_base_url: must not carry a user"),
        ("zoom.provider_action = \"make\"", "zoom.provider_action: \"make\" is none of"),
        (
            "zoom.authorization = \"jwt\"",
            "zoom.authorization: \"jwt\" is none of \"server-to-server\", \"oauth\"",
        ),
        ("zoom.forget_after = \"10d\"", "zoom.forget_after: "),
        ("zoom.license_found_users = \"yes\"", "zoom.license_found_users: must be true or false"),
        (
            "zoom.provider_fallback.pending = \"basic\"",
            "zoom.provider_fallback.pending: \"basic\" is none of \"none\", \"default_host\"",
        ),
        ("zoom.provider_fallback.late = \"none\"", "zoom.provider_fallback.late: is no setting"),
        (
            "zoom.provider_fallback.foreign = \"default_host\"",
            "zoom.default_hosts: is empty, and zoom.provider_fallback",
        ),
        ("zoom.provider_fallback.no_seat = \"default_host\"", "zoom.default_hosts: is empty"),
        (
            "zoom.provider_fallback.no_seat = \"basic\"",
            "zoom.provider_fallback.no_seat: \"basic\" hosts cannot have registrants",
        ),
        ("zoom.default_hosts = [\"Cover One\"]", "zoom.default_hosts: \"Cover One\" is neither the e-mail"),
        ("zoom.default_hosts = [\"me\"]", "zoom.default_hosts: \"me\" is neither the e-mail"),
        (
            "zoom.alternative_host_link = \"token\"",
            "zoom.alternative_host_link: \"token\" is none of \"zak\", \"sign-in\"",
        ),
    ];
    for (text, expected) in cases {
        expect_one(&format!("[organization.lakeside]\n{text}"), expected);
    }
}

#[test]
fn each_mistake_in_the_settings_of_encrypted_launches_is_named() {
    let cases: &[(&str, &str)] = &[
        ("epic.launch_key = \"hidden\"", "epic.launch_key: needs launch_cipher beside it"),
        ("epic.launch_key_file = \"key.pem\"", "epic.launch_key: needs launch_cipher beside it"),
        ("epic.launch_cipher = \"des\"", "epic.launch_cipher: \"des\" is none of \"aes-128\""),
        (
            "epic.launch_key = \"hidden\"\nepic.launch_cipher = \"aes-256\"",
            "epic.launch_key: must be 32 bytes in base64",
        ),
        (
            "epic.launch_key = \"aGlkZGVu\"\nepic.launch_cipher = \"aes-256\"",
            "epic.launch_key: must be 32 bytes in base64",
        ),
        ("epic.launch_iv = \"random\"", "epic.launch_iv: \"random\" is none of \"zero\""),
        ("epic.launch_validity = \"31d\"", "epic.launch_validity: 31d is outside of 1m to"),
        ("epic.launch_without_time = 1", "epic.launch_without_time: must be true or false"),
        ("epic.time_zone = \"Moon/Tycho\"", "epic.time_zone: \"Moon/Tycho\" is no time zone"),
        (
            "epic.launch_key = \"hidden\"\nepic.launch_cipher = \"aes-128\"\nepic.external_id_types.patient = \"1\"",
            "epic.external_id_types.patient: is the same as `provider`",
        ),
    ];
    for (text, expected) in cases {
        expect_one(&format!("[organization.lakeside]\n{text}"), expected);
    }
}

#[test]
fn e28_each_mistake_in_a_template_of_the_status_calls_is_named() {
    let cases: &[(&str, &str)] = &[
        (
            "epic.status_dialect = \"soap\"",
            "epic.status_dialect: \"soap\" is none of \"connection-status-2018\"",
        ),
        (
            "epic.telehealth_2020.connect.method = \"DELETE\"",
            "connect.method: \"DELETE\" is none of \"POST\"",
        ),
        ("epic.telehealth_2020.connect.path = \"api\"", "connect.path: must be a path"),
        (
            "epic.telehealth_2020.connect.path = \"/{cns}\"",
            "connect.path: has a \"{\" that begins none of {conference_id}",
        ),
        (
            "epic.telehealth_2020.disconnect.body = '{\"a\": {csn}}'",
            "disconnect.body: is not JSON (line 1, column 8)",
        ),
        (
            "epic.telehealth_2020.disconnect.body = '{\"a\": \"{name}\"}'",
            "disconnect.body: has a \"{\" that begins none of",
        ),
        (
            "epic.telehealth_2020.connect = { path = \"/x\", body = \"\" }\nepic.telehealth_2020.disconnect = { path = \"/x\", body = \"\" }",
            "epic.telehealth_2020.disconnect: is the same as `connect`",
        ),
    ];
    for (text, expected) in cases {
        expect_one(&format!("[organization.lakeside]\n{text}"), expected);
    }
}

#[test]
fn e49_each_mistake_about_device_tests_is_named() {
    let cases: &[(&str, &str)] = &[
        ("device_test_url = \"https://t.example/{retrun_url}\"", "begins none of {return_url}, {language}"),
        ("device_test_url = \"https://t{language}.example\"", "device_test_url: has a place in its host"),
        (
            "device_test_result.parameter = \"a b\"",
            "device_test_result.parameter: must be the name of a query",
        ),
        (
            "device_test_result.parameter = \"lang\"",
            "device_test_result.parameter: must be the name of a query",
        ),
        (
            "device_test_result = { passed = [\"Ok\"], failed = [\"oK\"] }",
            "device_test_result.failed: has \"Ok\", which `passed` has too",
        ),
        (
            "device_test_result = { passed = [], failed = [] }",
            "device_test_result.passed: is empty and `failed` too",
        ),
        ("device_test_write_back = true", "device_test_write_back: needs device_test_url"),
        (
            "device_test_write_back = true\ndevice_test_url = \"https://t.example/{return_url}\"",
            "device_test_write_back: needs epic.status_dialect = \"telehealth-2020\"",
        ),
        (
            "epic.telehealth_2020.device_test.body = '{}'",
            "device_test.body: has no {result}, and `path` neither",
        ),
        (
            "epic.telehealth_2020.connect.path = \"/{result}\"",
            "connect.body: has {result}, here or in `path`",
        ),
        (
            "epic.telehealth_2020.device_test.failed = \"passed\"",
            "device_test.failed: is the same as `passed`",
        ),
    ];
    for (text, expected) in cases {
        expect_one(&format!("[organization.lakeside]\n{text}"), expected);
    }
}

pub(super) fn expect_one(text: &str, expected: &str) {
    let problems = problems_with(text);
    assert_eq!(problems.len(), 1, "{text} gave {problems:#?}");
    let shown = problems.join("");
    assert!(shown.contains(expected), "{text} gave {shown}");
    assert!(!shown.contains("hidden"), "{text} shows a secret: {shown}");
}

#[test]
fn ids_of_organizations_are_safe_in_urls() {
    for bad in ["Lakeside", "lake_side", "-lake", "lake--side", "lake-", "läke", &"a".repeat(65)] {
        let text = ORGANIZATION.replace("organization.lakeside", &format!("organization.\"{bad}\""));
        let error = load(folder().path(), &[&text], &[]).unwrap_err().to_string();
        assert!(error.contains(&format!("organization.{bad}: an organization's id")), "{error}");
    }
}

#[test]
fn a_private_key_has_to_be_an_unencrypted_rsa_key() {
    let folder = folder();
    let path = folder.path().join("key.pem");
    for (content, expected) in [
        ("no pem".to_owned(), "is not PEM"),
        (pem("PRIVATE KEY", b"no key"), "does not hold a valid RSA private key"),
        (pem("ENCRYPTED PRIVATE KEY", b"x"), "is encrypted"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAA==\n-----END RSA PRIVATE KEY-----"
                .to_owned(),
            "is encrypted",
        ),
        (pem("CERTIFICATE", b"x"), "holds a \"CERTIFICATE\""),
        ("-----BEGIN PRIVATE KEY-----\nAAAA".to_owned(), "is not PEM"),
        ("x".repeat(70_000), "is larger than"),
    ] {
        std::fs::write(&path, content).unwrap();
        let error = load(folder.path(), &[ORGANIZATION], &[]).unwrap_err();
        assert_eq!(error.problems.len(), 1, "{error}");
        let shown = error.to_string();
        assert!(
            shown.contains(&format!("{EPIC}.private_key_files: ")) && shown.contains(expected),
            "{shown}"
        );
    }
}

#[test]
fn two_organizations_of_one_account_are_a_test_and_a_production() {
    let folder = folder();
    let twin = ORGANIZATION.replace("lakeside", "lakeside-test");
    let error = load(folder.path(), &[ORGANIZATION, &twin], &[]).unwrap_err();
    let keys: Vec<&str> = error.problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(
        keys,
        ["organization.lakeside-test.environment", "organization.lakeside-test.epic.fhir_base_url"]
    );
    let apart = "[organization.lakeside]\nenvironment = \"production\"\n\
                 epic.fhir_base_url = \"https://epic.example.org/production/api/FHIR/R4\"";
    assert!(load(folder.path(), &[ORGANIZATION, &twin, apart], &[]).is_ok());
}

#[test]
fn an_api_key_belongs_to_one_account() {
    let folder = folder();
    let other = ORGANIZATION.replace("lakeside", "seaside").replace("account-at-zoom", "another");
    let keys = "[organization.lakeside]\norg_id = \"K2\"\nformer_org_ids = [\"K1\"]\n[organization.seaside]\norg_id = \"K1\"";
    let error = load(folder.path(), &[ORGANIZATION, &other, keys], &[]).unwrap_err().to_string();
    assert!(error.contains("organization.seaside.org_id: \"K1\" is an API key of lakeside too"), "{error}");
}

#[test]
fn e10_no_two_organizations_have_the_same_launch_key() {
    let folder = folder();
    let other = ORGANIZATION.replace("lakeside", "seaside").replace("account-at-zoom", "another");
    let bytes = format!("{}=", "A".repeat(43));
    let key = |cipher: &str, one: &str, second: &str| {
        [("lakeside", one), ("seaside", second)]
            .map(|(name, key)| {
                format!("[organization.{name}.epic]\nlaunch_key = \"{key}\"\nlaunch_cipher = \"{cipher}\"\n")
            })
            .concat()
    };
    for same in [key("aes-128", "hidden", "hidden"), key("aes-256", &bytes, &bytes)] {
        let error = load(folder.path(), &[ORGANIZATION, &other, &same], &[]).unwrap_err().to_string();
        assert!(error.contains("organization.seaside.epic.launch_key: is that of lakeside too"), "{error}");
        assert!(!error.contains("hidden") && !error.contains("AAAA"), "{error}");
    }
    let each_its_own = key("aes-128", "one", "another");
    assert!(load(folder.path(), &[ORGANIZATION, &other, &each_its_own], &[]).is_ok());
}

#[test]
fn all_mistakes_are_told_at_once_with_their_places() {
    let folder = folder();
    let wrong =
        "[server]\nlisten = \"nowhere\"\nunknown = 1\n[organization.lakeside.zoom]\nclient_secret = \"\"";
    let error =
        load(folder.path(), &[ORGANIZATION, wrong], &[("VESTIBULE__NODE__ARBITERS", "many")]).unwrap_err();
    let shown = error.to_string();
    assert_eq!(error.problems.len(), 4, "{shown}");
    for expected in [
        "server.listen: \"nowhere\" is not an address",
        "server.unknown: is no setting",
        "node.arbiters: must be a whole number (in VESTIBULE__NODE__ARBITERS)",
        "organization.lakeside.zoom.client_secret: is needed",
        "(in a test)",
    ] {
        assert!(shown.contains(expected), "{expected} not in {shown}");
    }
}

/// Values of every kind that TOML has, most of them wrong wherever they stand.
const ODD_VALUES: [&str; 11] = [
    "-1",
    "9223372036854775807",
    "0.5",
    "nan",
    "\"\"",
    "\"\\u0000 x\"",
    "true",
    "[]",
    "[1]",
    "{ x = 1 }",
    "1979-05-27",
];

#[test]
fn every_setting_takes_an_odd_value_or_names_itself() {
    let folder = folder();
    let good: toml::Table =
        effective_toml(&load(folder.path(), &[ORGANIZATION], &[]).unwrap()).parse().unwrap();
    let mut keys = Vec::new();
    keys_of("", &good, &mut keys);
    let mut refused = 0;
    for key in &keys {
        for value in ODD_VALUES {
            let Err(error) = load(folder.path(), &[ORGANIZATION, &format!("{key} = {value}")], &[]) else {
                continue;
            };
            refused += 1;
            let named =
                |problem: &Problem| problem.key == *key || problem.key.starts_with(&format!("{key}."));
            assert!(error.problems.iter().any(named), "{key} = {value} gave {error}");
        }
    }
    assert!(refused > keys.len() * 5, "{refused} refusals for {} keys", keys.len());
}

fn keys_of(parent: &str, table: &toml::Table, keys: &mut Vec<String>) {
    for (name, value) in table {
        match value {
            toml::Value::Table(inner) => keys_of(&format!("{parent}{name}."), inner, keys),
            _ => keys.push(format!("{parent}{name}")),
        }
    }
}

#[test]
fn no_refusal_shows_a_secret() {
    let folder = folder();
    let secrets = [
        "server.secret_keys",
        "access.tokens",
        "organization.lakeside.epic.client_secret",
        "organization.lakeside.epic.launch_key",
        "organization.lakeside.epic.status_password",
        "organization.lakeside.zoom.client_secret",
        "organization.lakeside.zoom.webhook_secret_tokens",
    ];
    for key in secrets {
        for value in ["\"hunter2\"", "[\"hunter2\"]", "[\"hunter2\", 1]", "{ hunter2 = \"hunter2\" }"] {
            // A second mistake, so that every one of them ends in an error.
            let text = format!("server.listen = 1\n{key} = {value}");
            let error = load(folder.path(), &[ORGANIZATION, &text], &[]).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let name = format!("VESTIBULE__{}", key.replace('.', "__").to_ascii_uppercase());
        let error =
            load(folder.path(), &[ORGANIZATION, "server.listen = 1"], &[(&name, "hunter2")]).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

// A URL as administrators have it elsewhere is taken; that nobody may come back from it is said.
#[test]
fn e49_a_device_test_that_names_no_return_is_warned_of() {
    for (url, warned) in [("https://t.example/?a=b", true), ("https://t.example/?b={return_url}", false)] {
        let text = format!("[organization.lakeside]\ndevice_test_url = \"{url}\"");
        let settings = load(folder().path(), &[ORGANIZATION, &text], &[]).unwrap();
        let warnings = settings.warnings().join("\n");
        assert_eq!(warnings.contains("device_test_url has no {return_url}"), warned, "{warnings}");
    }
}
