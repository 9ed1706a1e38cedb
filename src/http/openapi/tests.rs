//! That the description is whole: every route of the code and of the contract is in it, and what it says of ours is so.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::http::kit::{Kit, ask, get, service};

/// The routes that other programs rely on.
const RELIED_ON: [&str; 28] = [
    "GET /epic/{organization}/launch/{kind}",
    "GET /epic/launch/{kind}",
    "GET /epic/callback",
    "GET /epic/{organization}/jwks.json",
    "POST /zoom/{organization}/webhook",
    "GET /visit/{ticket}",
    "GET /visit/{ticket}/events",
    "POST /visit/{ticket}/join",
    "GET /visit/{ticket}/tools",
    "GET /epic/{organization}/launch/guest",
    "GET /ops",
    "GET /ops/stream",
    "GET /records",
    "GET /admin/{organization}/fdi",
    "GET /admin/{organization}/zoom",
    "GET /zoom/callback",
    "GET /api/v1/visits",
    "GET /api/v1/visits/{organization}/{csn}",
    "GET /api/v1/group-visits/{organization}/{conference_id}",
    "GET /api/v1/notifications",
    "GET /api/v1/parked",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /api/v1/openapi.json",
    "GET /sign-in",
    "POST /sign-in",
    "POST /sign-out",
];

fn description() -> Value {
    serde_json::from_str(super::WRITTEN.as_deref().unwrap()).unwrap()
}

fn described() -> BTreeSet<String> {
    let description = description();
    let paths = description["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase())).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_route_that_programs_rely_on_is_described() {
    let described = described();
    let missing: Vec<_> = RELIED_ON.iter().filter(|route| !described.contains(**route)).collect();
    assert!(missing.is_empty(), "{missing:?} missing in {described:?}");
}

/// The paths that the code of the doors registers, read from the code itself.
fn registered() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http"), &mut found);
    found
}

fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "kit" && name != "openapi" {
            collect(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = std::fs::read_to_string(&path).unwrap();
            found.extend(paths_in(text.split("#[cfg(test)]").next().unwrap_or_default()));
        }
    }
}

fn paths_in(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for begin in ["resource(\"", "reading(\"", ".route(\"", "reading(\n"] {
        for (at, _) in code.match_indices(begin) {
            let (before, after) = (code.get(..at).unwrap(), code.get(at + begin.len()..).unwrap());
            // A resource below a scope in the text is inside of it: scopes are registered last.
            let scope = before.rsplit_once("web::scope(\"").and_then(|(_, inside)| inside.split('"').next());
            let path = after.trim_start().trim_start_matches('"').split('"').next().unwrap_or_default();
            if path.starts_with('/') {
                found.push(format!("{}{}", scope.unwrap_or_default(), path.replace(":.*}", "}")));
            }
        }
    }
    found
}

#[test]
fn every_route_of_the_code_is_described() {
    let described: BTreeSet<String> =
        described().into_iter().map(|route| route.split(' ').nth(1).unwrap().to_owned()).collect();
    let registered = registered();
    for known in ["/ops", "/api/v1/visits", "/zoom/{organization}/webhook", "/visit/{ticket}/join"] {
        assert!(registered.contains(known), "{known} was not found in {registered:?}");
    }
    let missing: Vec<_> = registered.difference(&described).collect();
    assert!(missing.is_empty(), "not described: {missing:?}");
}

#[test]
fn it_is_openapi_3_1_and_every_reference_leads_somewhere() {
    let description = description();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut references = BTreeSet::new();
    references_in(&description, &mut references);
    assert!(references.len() > 5);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(description.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let visit = &description["components"]["schemas"]["Visit"]["properties"];
    for field in ["organization", "csn", "phase", "participants", "owner", "problems", "updated_at"] {
        assert!(visit.get(field).is_some(), "{field}");
    }
}

fn references_in(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references_in(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references_in(value, found)),
        _ => {}
    }
}

#[actix_web::test]
async fn what_is_described_for_operators_is_there() {
    let kit = Kit::with(
        "[access]\nopenid = {issuer = \"http://127.0.0.1:1\", client_id = \"vestibule\"}\n\
         break_glass.token = \"0123456789abcdef0123456789abcdef\"",
    );
    let service = service!(kit);
    let ours = |path: &str| {
        !["/epic/", "/zoom/", "/visit/", "/device-test/", "/logo/"].iter().any(|door| path.starts_with(door))
    };
    for route in described() {
        let (method, path) = route.split_once(' ').unwrap();
        if !ours(path) || path == "/ops/stream" || path.starts_with("/assets") {
            continue;
        }
        let path = path.replace("settings/{act}", "settings/discard");
        let path = path.replace("{organization}", "lakeside").replace(['{', '}'], "");
        let answer = ask!(service, get(&path).method(method.parse().unwrap()));
        assert_ne!(answer.status, 405, "{route}");
        let nothing = answer.status == 404 && answer.json()["type"] == "urn:vestibule:problem:not-found";
        assert!(!nothing, "{route} is described and not there");
    }
}
