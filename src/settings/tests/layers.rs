//! Which source wins, how the environment is read, and the two forms of a secret.

use std::time::Duration;

use super::super::{Settings, Sources, StoreUrl, effective_toml};
use super::{ORGANIZATION, folder, load};

#[test]
fn later_files_win_key_by_key_and_the_environment_over_all() {
    let folder = folder();
    let first = "[server]\nlisten = \"127.0.0.1:1001\"\n[page]\ncheck_after = \"11s\"\ncheck_every = \"12s\"";
    let second = "[server]\nlisten = \"127.0.0.1:1002\"\n[page]\ncheck_every = \"13s\"";
    let settings = load(folder.path(), &[first, second], &[]).unwrap();
    assert_eq!(settings.server.listen.port(), 1002);
    assert_eq!((settings.page.check_after.as_secs(), settings.page.check_every.as_secs()), (11, 13));
    let variables = [("VESTIBULE__SERVER__LISTEN", "[::1]:1003"), ("VESTIBULE_BIN", "x"), ("PATH", "/bin")];
    let settings = load(folder.path(), &[first, second], &variables).unwrap();
    assert_eq!(settings.server.listen.to_string(), "[::1]:1003");
}

#[test]
fn values_of_the_environment_are_read_as_their_setting_wants_them() {
    let folder = folder();
    let other = ORGANIZATION.replace("lakeside", "north-lake");
    let settings = load(
        folder.path(),
        &[&other],
        &[
            ("VESTIBULE__STORE__ACCEPT_UNSAFE", "true"),
            ("VESTIBULE__LIMITS__RECORDS", "2000"),
            ("VESTIBULE__ACCESS__TOKENS", r#"["one", "two"]"#),
            ("VESTIBULE__ORGANIZATION__NORTH_LAKE__NAME", "North Lake, 12"),
            ("VESTIBULE__ORGANIZATION__NORTH_LAKE__EPIC__RETRY__FIRST", "20ms"),
            ("VESTIBULE__ORGANIZATION__NORTH_LAKE__ACC_ID", "1234"),
            ("VESTIBULE__ORGANIZATION_DEFAULTS__REOPEN_HOURS", "3"),
            ("VESTIBULE__NODE__NAME", ""),
        ],
    )
    .unwrap();
    assert!(settings.store.accept_unsafe);
    assert_eq!(settings.limits.records, 2000);
    assert_eq!(settings.access.grants.len(), 2);
    let lake = settings.organization("north-lake").unwrap().1;
    assert_eq!((lake.display_name.as_str(), lake.acc_id.as_str()), ("North Lake, 12", "1234"));
    assert_eq!(lake.epic.retry.first.as_millis(), 20);
    assert_eq!(lake.reopen.as_secs(), 3 * 3600);
    assert_eq!(settings.node.name, None);
}

#[test]
fn wrong_variables_are_named() {
    let folder = folder();
    let wrong = [
        ("VESTIBULE__SERVER__LISTN", "127.0.0.1:1"),
        ("VESTIBULE__STORE__ACCEPT_UNSAFE", "perhaps"),
        ("VESTIBULE__ACCESS__TOKENS", "not-a-list-secret"),
        ("VESTIBULE____X", "1"),
        ("VESTIBULE__SERVER", "1"),
    ];
    for (name, value) in wrong {
        let error = load(folder.path(), &[], &[(name, value)]).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
        assert!(!error.contains("not-a-list-secret"), "{error}");
    }
    let twice = [("VESTIBULE__NODE__NAME", "a"), ("VESTIBULE__node__NAME", "b")];
    assert!(load(folder.path(), &[], &twice).unwrap_err().to_string().contains("given twice"));
}

#[test]
fn the_defaults_of_organizations_can_be_set_and_each_may_differ() {
    let folder = folder();
    let other = ORGANIZATION.replace("lakeside", "seaside").replace("account-at-zoom", "another");
    let text = "[organization_defaults]\nadmittance = \"manual\"\n[organization.seaside]\nadmittance = \"automatic\"";
    let settings = load(folder.path(), &[ORGANIZATION, &other, text], &[]).unwrap();
    let shown: Vec<String> = settings
        .organizations
        .iter()
        .map(|(name, organization)| format!("{name} {:?}", organization.admittance))
        .collect();
    assert_eq!(shown, ["lakeside Manual", "seaside Automatic"]);
}

#[test]
fn the_later_form_of_a_secret_wins() {
    let folder = folder();
    std::fs::write(folder.path().join("zoom"), "of-the-file\r\n").unwrap();
    let secret = |texts: &[&str], variables: &[(&str, &str)]| {
        let settings = load(folder.path(), texts, variables).unwrap();
        settings.organization("lakeside").unwrap().1.zoom.client_secret.expose().to_owned()
    };
    let file = "[organization.lakeside.zoom]\nclient_secret_file = \"zoom\"";
    assert_eq!(secret(&[ORGANIZATION], &[]), "zoom-secret-value");
    assert_eq!(secret(&[ORGANIZATION, file], &[]), "of-the-file");
    assert_eq!(secret(&[file, ORGANIZATION], &[]), "zoom-secret-value");
    let variable = [("VESTIBULE__ORGANIZATION__LAKESIDE__ZOOM__CLIENT_SECRET_FILE", "zoom")];
    assert_eq!(secret(&[ORGANIZATION], &variable), "of-the-file");
}

#[test]
fn a_secret_in_both_forms_at_once_or_in_a_bad_file_is_refused() {
    let folder = folder();
    std::fs::write(folder.path().join("empty"), "\n").unwrap();
    let both = ORGANIZATION.replace("client_secret =", "client_secret_file = \"zoom\"\nclient_secret =");
    let missing = "[organization.lakeside.zoom]\nclient_secret_file = \"nowhere\"";
    let empty = "[organization.lakeside.zoom]\nwebhook_secret_tokens_file = \"empty\"";
    for (texts, key) in [
        (vec![both.as_str()], "organization.lakeside.zoom.client_secret: is given twice"),
        (vec![ORGANIZATION, missing], "organization.lakeside.zoom.client_secret_file: "),
        (
            vec![ORGANIZATION, empty],
            "organization.lakeside.zoom.webhook_secret_tokens_file: names an empty file",
        ),
    ] {
        let error = load(folder.path(), &texts, &[]).unwrap_err().to_string();
        assert!(error.contains(key), "{error}");
    }
}

#[test]
fn paths_are_relative_to_the_file_that_names_them() {
    let folder = folder();
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    std::fs::write(inner.join("a.toml"), "[store]\nurl = \"embedded:data\"").unwrap();
    let sources = Sources::new(folder.path()).file(std::path::Path::new("inner/a.toml"));
    let settings = Settings::load(sources).unwrap();
    assert!(matches!(&settings.store.url, StoreUrl::Embedded(folder) if *folder == inner.join("data")));
    let shown = effective_toml(&settings);
    assert!(shown.contains(&format!("embedded:{}", inner.join("data").display())), "{shown}");
    let variables = [("VESTIBULE__STORE__URL", "embedded:data")];
    let settings = load(folder.path(), &[], &variables).unwrap();
    assert!(matches!(&settings.store.url, StoreUrl::Embedded(data) if *data == folder.path().join("data")));
}

#[test]
fn a_file_that_is_missing_or_no_toml_is_named_and_not_quoted() {
    let folder = folder();
    let broken = folder.path().join("broken.toml");
    std::fs::write(&broken, "[access]\n\ntokens = [\"a-secret-in-a-bad-line\n").unwrap();
    let sources = Sources::new(folder.path()).file(&broken).file(std::path::Path::new("absent.toml"));
    let error = Settings::load(sources).unwrap_err();
    assert_eq!(error.problems.len(), 2, "{error}");
    let shown = error.to_string();
    assert!(
        shown.contains("broken.toml: line 3 is not valid TOML") && shown.contains("absent.toml"),
        "{shown}"
    );
    assert!(!shown.contains("a-secret"), "{shown}");
}

#[test]
fn settling_takes_at_most_half_of_the_time_that_draining_may_take() {
    for (text, settle) in [
        ("", Duration::from_secs(3)),
        ("node.drain_timeout = \"4s\"", Duration::from_secs(2)),
        ("node.drain_settle = \"5m\"", Duration::from_millis(12_500)),
        ("node.drain_settle = \"0s\"", Duration::ZERO),
    ] {
        let settings = load(folder().path(), &[text], &[]).unwrap();
        assert_eq!(settings.node.drain_settle, settle, "{text}");
    }
}
