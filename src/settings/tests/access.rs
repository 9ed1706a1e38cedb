//! Ways in that others vouch for, and the emergency access.

use super::super::{AccessMode, SealedSecret, StaffRole};
use super::refusals::expect_one;
use super::{ORGANIZATION, folder, load};

const JWT: &str = "access.mode = \"jwt\"\n[access.jwt]\nissuer = \"https://id.example.org/\"\naudience = \"vestibule\"\n\
    jwks_url = \"https://id.example.org/keys\"\n";
const OPENID: &str = "[access.openid]\nissuer = \"https://id.example.org/\"\nclient_id = \"vestibule\"\nclient_secret = \"hidden\"\n";

#[test]
fn tokens_of_others_need_an_issuer_an_audience_and_keys() {
    let folder = folder();
    let settings = load(folder.path(), &[ORGANIZATION, JWT], &[]).unwrap();
    let jwt = settings.access.jwt.as_ref().unwrap();
    assert_eq!((settings.access.mode, jwt.issuer.as_str()), (AccessMode::Jwt, "https://id.example.org/"));
    let all = settings.access.rights_of_program(&[]);
    assert_eq!(all.role_everywhere(), Some(StaffRole::Administrator), "the audience alone says it");
    assert!(settings.warnings().iter().any(|it| it.contains("access.jwt.role_claim is empty")));
    let strict = format!("{JWT}role_claim = \"roles\"\n");
    let settings = load(folder.path(), &[ORGANIZATION, &strict], &[]).unwrap();
    assert_eq!(settings.access.rights_of_program(&[]).highest(), None);
    assert!(settings.warnings().iter().any(|it| it.contains("no access.grant has a claim")));
    let other = load(folder.path(), &[ORGANIZATION, JWT, "access.mode = \"token\""], &[]).unwrap();
    assert!(other.access.jwt.is_none(), "they are of no effect in another mode");
}

#[test]
fn the_highest_role_of_all_grants_that_fit_counts() {
    let grants = "[access.grant.all]\nclaim = [\"staff\"]\nrole = \"viewer\"\norganizations = [\"*\"]\n\
        [access.grant.some]\nclaim = [\"desk\", \"night desk\"]\nrole = \"operator\"\norganizations = [\"lakeside\"]\n\
        [access.grant.program]\ntoken = \"of-some-program-0123\"\nrole = \"administrator\"\norganizations = [\"*\"]\n";
    let folder = folder();
    let settings = load(folder.path(), &[ORGANIZATION, OPENID, grants], &[]).unwrap();
    let lakeside = settings.organization("lakeside").unwrap().0;
    let role = |values: &[&str]| {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let rights = settings.access.rights_of(&values);
        (rights.role_in(lakeside), rights.role_everywhere())
    };
    let (viewer, operator) = (Some(StaffRole::Viewer), Some(StaffRole::Operator));
    assert_eq!(role(&["staff", "night desk"]), (operator, viewer));
    assert_eq!(role(&["desk"]), (operator, None));
    assert_eq!(role(&["Desk", "of-some-program-0123", ""]), (None, None));
    assert!(settings.access.asks_for("desk") && !settings.access.asks_for("doctors"));
    let shown = super::super::effective_toml(&settings);
    assert!(!shown.contains("hidden") && !format!("{settings:?}").contains("hidden"), "{shown}");
}

#[test]
fn an_emergency_secret_may_lie_here_as_its_hash() {
    let folder = folder();
    std::fs::write(folder.path().join("sealed"), format!("sha256:{}\n", "AB".repeat(32))).unwrap();
    let text = "access.break_glass.token_file = \"sealed\"";
    let settings = load(folder.path(), &[ORGANIZATION, text], &[]).unwrap();
    let break_glass = settings.access.break_glass.as_ref().unwrap();
    assert_eq!(break_glass.life.as_secs(), 3600);
    assert!(matches!(&break_glass.secret, SealedSecret::Hashed(hash) if *hash == "ab".repeat(32)));
}

#[test]
fn each_mistake_in_access_is_named() {
    let token = "0123456789abcdef0123456789abcdef";
    let cases: &[(String, &str)] = &[
        (JWT.replace("audience = \"vestibule\"\n", ""), "access.jwt.audience: is needed and not set"),
        (JWT.replace("issuer = \"https://id.example.org/\"\n", ""), "access.jwt.issuer: is needed and not set"),
        (
            JWT.replace("jwks_url = \"https://id.example.org/keys\"\n", ""),
            "access.jwt.jwks_url: is needed and not set",
        ),
        (JWT.replace("https://id.example.org/keys", "http://id.example.org/keys"), "access.jwt.jwks_url: must begin"),
        (OPENID.replace("client_id = \"vestibule\"\n", ""), "access.openid.client_id: is needed and not set"),
        (OPENID.replace("https://", "http://"), "access.openid.issuer: must begin with https://"),
        (format!("{OPENID}scopes = [\"profile\"]"), "access.openid.scopes: has no \"openid\""),
        (format!("{OPENID}scopes = [\"openid\", \"a b\"]"), "access.openid.scopes: \"a b\" is no scope"),
        (format!("{OPENID}role_claim = \"\""), "access.openid.role_claim: is needed and not set"),
        (format!("{OPENID}pages_url = \"https://x.example.org/ops\""), "access.openid.pages_url: must not have a path"),
        (
            format!("server.internal_listen = \"127.0.0.1:9\"\n{OPENID}"),
            "access.openid.pages_url: is needed beside server.internal_listen",
        ),
        ("access.break_glass.token = \"hidden\"".to_owned(), "access.break_glass.token: has less than 32 characters"),
        ("access.break_glass.token = \"sha256:12\"".to_owned(), "access.break_glass.token: is no hash"),
        (
            format!("access.break_glass = {{token = \"{token}\", life = \"5h\"}}"),
            "access.break_glass.life: 5h is outside of 5m to 4h",
        ),
        (
            "access.grant.desk = {token = \"t\", claim = [\"c\"], role = \"viewer\", organizations = [\"*\"]}".to_owned(),
            "access.grant.desk.claim: stands beside a token",
        ),
        ("access.session_idle = \"1m\"".to_owned(), "access.session_idle: 1m is outside of 5m to 7days"),
    ];
    for (text, expected) in cases {
        expect_one(text, expected);
    }
}
