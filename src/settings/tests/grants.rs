//! Tokens that may do less than everything.

use super::refusals::expect_one;
use super::{ORGANIZATION, folder, load};

#[test]
fn a_token_of_ones_own_gives_one_role_where_it_says() {
    let folder = folder();
    std::fs::write(folder.path().join("desk.token"), "of-the-help-desk\n").unwrap();
    let grants = "[access]\ntokens = [\"of-the-master-of-all\"]\n\
        [access.grant.help-desk]\ntoken_file = \"desk.token\"\nrole = \"operator\"\norganizations = [\"lakeside\"]\n\
        [access.grant.prometheus]\ntoken = \"x\"\nrole = \"viewer\"\norganizations = [\"*\"]\n";
    let changed = [("VESTIBULE__ACCESS__GRANT__HELP_DESK__ROLE", "viewer")];
    let settings = load(folder.path(), &[ORGANIZATION, grants], &changed).unwrap();
    let found = &settings.access.grants;
    let lakeside = settings.organization("lakeside").unwrap().0;
    let told: Vec<_> = found
        .iter()
        .map(|it| {
            (
                it.name.as_str(),
                it.token().unwrap().expose(),
                it.rights.role_in(lakeside),
                it.rights.role_everywhere(),
            )
        })
        .collect();
    use super::super::StaffRole::{Administrator, Viewer};
    assert_eq!(
        told,
        [
            ("tokens 1", "of-the-master-of-all", Some(Administrator), Some(Administrator)),
            ("help-desk", "of-the-help-desk", Some(Viewer), None),
            ("prometheus", "x", Some(Viewer), Some(Viewer)),
        ]
    );
    let shown = super::super::effective_toml(&settings);
    assert!(shown.contains("[access.grant.help-desk]") && !shown.contains("of-the-help-desk"), "{shown}");
    assert!(settings.warnings().iter().any(|it| it.contains("the token \"prometheus\" has less than")));
}

#[test]
fn each_mistake_in_a_grant_is_named() {
    let cases: &[(&str, &str)] = &[
        (
            "access.grant.desk = {role = \"viewer\", organizations = [\"*\"]}",
            "access.grant.desk.token: is needed and not set",
        ),
        (
            "access.grant.desk = {token = \"t\", role = \"viewer\"}",
            "access.grant.desk.organizations: names no organization; write [\"*\"] for all of them",
        ),
        (
            "access.grant.desk = {token = \"t\", role = \"viewer\", organizations = []}",
            "access.grant.desk.organizations: names no organization",
        ),
        ("access.tokens = [\"hidden\", \"hidden\"]", "access.tokens: is the same as that of \"tokens 1\""),
        (
            "access.grant.desk = {token = \"t\", organizations = [\"*\"]}",
            "access.grant.desk.role: is needed and not set",
        ),
        (
            "access.grant.desk = {token = \"t\", role = \"boss\", organizations = [\"*\"]}",
            "access.grant.desk.role: \"boss\" is none of \"viewer\", \"operator\", \"administrator\"",
        ),
        (
            "access.grant.a = {token = \"hidden\", role = \"viewer\", organizations = [\"*\"]}\naccess.grant.b = {token = \"hidden\", role = \"viewer\", organizations = [\"*\"]}",
            "access.grant.b.token: is the same as that of \"a\"",
        ),
        (
            "access.grant.Desk = {token = \"t\", role = \"viewer\"}",
            "access.grant.Desk: a grant's name has lower-case",
        ),
        (
            "access.grant.desk = {token = \"t\", role = \"viewer\", organizations = [\"*\"], rights = 1}",
            "access.grant.desk.rights: is no setting",
        ),
        ("access.grant.desk = 1", "access.grant.desk: is a table"),
        ("access.grant = 1", "access.grant: is a table"),
    ];
    for (text, expected) in cases {
        expect_one(text, expected);
    }
}
