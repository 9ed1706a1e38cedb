//! What the shipped deployments let through from outside: all that Epic, Zoom, patients, providers and guests come to, and nothing of operators.
//! The routes are those of docs/roles.md, which `scenarios/roles.rs` holds against the service.

use std::collections::BTreeSet;

use crate::scenarios::roles::{Row, rows};

/// Routes that need no role and that nobody outside comes to: where operators sign in, and what only the balancer and whoever watches ask.
const INSIDE: [&str; 8] = [
    "/",
    "/healthz",
    "/readyz",
    "/sign-in",
    "/sign-in/openid",
    "/sign-in/openid/callback",
    "/sign-in/break-glass",
    "/sign-out",
];

/// The beginnings of paths that a file lets through.
struct Door {
    file: &'static str,
    lets_in: BTreeSet<&'static str>,
}

fn doors() -> [Door; 3] {
    let haproxy = include_str!("../../deploy/compose/haproxy.cfg");
    let ingress = include_str!("../../deploy/kubernetes/ingress.yaml");
    let readme = include_str!("../../deploy/README.md");
    let public = between(haproxy, "\nfrontend public\n", "\nfrontend ");
    let rule = between(public, "http-request deny deny_status 404 unless { path_beg ", " }");
    let path = |line: &'static str| {
        let (path, kind) = line.trim().strip_prefix("- {path: ")?.split_once(", pathType: ")?;
        assert!(kind.starts_with("Prefix, "), "{line}");
        Some(path)
    };
    let told = between(readme, "From outside only ", " are reached");
    [
        Door { file: "deploy/compose/haproxy.cfg", lets_in: rule.split_whitespace().collect() },
        Door { file: "deploy/kubernetes/ingress.yaml", lets_in: ingress.lines().filter_map(path).collect() },
        Door { file: "deploy/README.md", lets_in: told.split('`').skip(1).step_by(2).collect() },
    ]
}

fn between(text: &'static str, begin: &str, end: &str) -> &'static str {
    let (_, after) = text.split_once(begin).unwrap_or_else(|| panic!("there is no {begin:?}"));
    after.split_once(end).unwrap_or_else(|| panic!("no {end:?} follows {begin:?}")).0
}

fn is_for_outside(row: &Row) -> bool {
    row.needs.is_none() && !INSIDE.contains(&row.path.as_str())
}

#[test]
fn from_outside_each_public_route_is_reached_and_no_other() {
    let rows = rows();
    let mut wrong = Vec::new();
    for door in doors() {
        for row in &rows {
            match (is_for_outside(row), door.lets_in.iter().any(|begin| row.path.starts_with(begin))) {
                (true, false) => wrong.push(format!("{} keeps {} out", door.file, row.route())),
                (false, true) => wrong.push(format!("{} lets {} through", door.file, row.route())),
                _ => {}
            }
        }
        for begin in &door.lets_in {
            // A beginning that ends within a word would let through what merely begins like it.
            let is_whole = begin.starts_with('/') && begin.ends_with('/');
            if !is_whole || !rows.iter().any(|row| row.path.starts_with(begin)) {
                wrong.push(format!("{} lets {begin} through, where no route is", door.file));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_stays_inside_is_there() {
    let rows = rows();
    for path in INSIDE {
        let mut routes = rows.iter().filter(|row| row.path == path);
        assert!(routes.any(|row| row.needs.is_none()), "{path} is no route without a role");
    }
}
