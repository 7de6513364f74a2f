//! The description of the API: committed as it is, complete, and kept by the routes.

use anju_store::database_test;
use axum::http::StatusCode;
use serde_json::Value;

use crate::Office;

/// Operations that nobody needs to sign in for.
const PUBLIC: &[&str] = &[
    "confirmProviderSignIn",
    "finishProviderSignIn",
    "readCodeLists",
    "readDescription",
    "readProvider",
    "signIn",
    "startProviderSignIn",
];

/// Operations on something named in the path that need no `If-Match`, and why.
const WITHOUT_VERSION: &[(&str, &str)] = &[
    (
        "recordCategoryEvidence",
        "a piece of evidence is added whatever else was changed meanwhile",
    ),
    (
        "addHouseholdDocument",
        "a document is added whatever else was changed meanwhile",
    ),
    ("readPersonalDocument", "shows a document; it stays as it is"),
    (
        "addNoticePhoto",
        "a photo is added whatever else was changed meanwhile",
    ),
    (
        "printUnmaskedHouseholdCard",
        "shows a household; it stays as it is",
    ),
    (
        "cancelJob",
        "asking a job to stop depends on no state that was seen",
    ),
    (
        "endSession",
        "a session has one way to go, and going twice is the same",
    ),
    ("endUserSession", "as the own ones"),
    ("endUserSessions", "as the own ones"),
    ("askErasure", "an entry never changes; asking twice is refused"),
    ("fileObjection", "makes an objection; the notice stays as it is"),
    (
        "deleteView",
        "a view is its owner's alone, and deleting it twice is the same",
    ),
    (
        "prepareBulkUndo",
        "makes a batch; the one that it undoes stays as it is",
    ),
    ("unmaskHousehold", "shows a household; it stays as it is"),
];

fn described() -> Value {
    serde_json::from_str(&anju_server::description()).unwrap()
}

/// Method, path and operation of all operations.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            all.push((method.to_uppercase(), path.clone(), operation));
        }
    }
    all
}

fn id(operation: &Value) -> &str {
    operation["operationId"].as_str().unwrap()
}

/// An address of the operation: a value of the right kind for each parameter of its path.
fn address(path: &str) -> String {
    let path = path
        .replace("{id}", "0198c0de-0000-7000-8000-000000000000")
        .replace("{record}", "0198c0de-0000-7000-8000-000000000000")
        .replace("{line}", "0198c0de-0000-7000-8000-000000000000")
        .replace("{document}", "0198c0de-0000-7000-8000-000000000000")
        .replace("{year}", "2025")
        .replace("{hash}", "00")
        .replace("{code}", "619021101")
        .replace("{session}", "0198c0de-0000-7000-8000-000000000000")
        .replace("{index}", "0")
        .replace("{kind}", "roads")
        .replace("{z}", "10")
        .replace("{x}", "1");
    let path = path.replace(
        "{y}",
        if path.contains("hillshade") || path.contains("suitability") {
            "1.png"
        } else {
            "1.mvt"
        },
    );
    assert!(!path.contains('{'), "{path}: say here what its parameter may be");
    format!("/api/v1{path}")
}

fn names_if_match(operation: &Value) -> bool {
    operation["parameters"]
        .as_array()
        .is_some_and(|parameters| parameters.iter().any(|parameter| parameter["name"] == "If-Match"))
}

#[test]
fn the_committed_description_is_that_of_the_handlers() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let described = anju_server::description();
    if std::env::var_os("ANJU_WRITE_OPENAPI").is_some() {
        std::fs::write(path, described).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == described,
        "docs/openapi.json is not the description of the handlers; run `cargo xtask openapi`"
    );
}

#[test]
fn every_operation_says_what_it_is() {
    let document = described();
    assert_eq!(document["openapi"], "3.1.0");
    let tags: Vec<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let mut ids = std::collections::BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let place = format!("{method} {path}");
        assert!(ids.insert(id(operation).to_owned()), "{place}: its id is taken");
        assert!(operation["summary"].is_string(), "{place}: no summary");
        assert!(
            tags.contains(&operation["tags"][0].as_str().unwrap_or_default()),
            "{place}: a tag that is not explained"
        );
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let explained = parameter["$ref"].is_string() || parameter["description"].is_string();
            assert!(explained, "{place}: {} is not explained", parameter["name"]);
        }
        let answers = operation["responses"].as_object().unwrap();
        let succeeds = |status: &String| status.starts_with('2') || status == "303";
        assert!(answers.keys().any(succeeds), "{place}: no success");
        assert!(answers.contains_key("500"), "{place}: no failure");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = described();
    let mut parts = vec![&document];
    while let Some(part) = parts.pop() {
        match part {
            Value::Array(list) => parts.extend(list),
            Value::Object(map) => {
                if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                parts.extend(map.values());
            }
            _ => {}
        }
    }
}

/// A route that is added past the macro is not described: there must be none.
#[test]
fn no_route_is_added_without_its_description() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for raw in [".route(\"", ".route(\n", ".nest_service(", ".route_service("] {
                assert!(!text.contains(raw), "{}: {raw}", path.display());
            }
        }
    }
}

#[test]
fn every_change_of_a_subject_demands_the_version_seen() {
    let document = described();
    let mut exempt: Vec<&str> = WITHOUT_VERSION.iter().map(|(id, _)| *id).collect();
    for (method, path, operation) in operations(&document) {
        if method == "GET" {
            assert!(!names_if_match(operation), "{path}: reading demands no version");
            continue;
        }
        let named = path.contains('{');
        if let Some(place) = exempt.iter().position(|exempt| *exempt == id(operation)) {
            exempt.remove(place);
            assert!(
                named && !names_if_match(operation),
                "{method} {path} is no exemption"
            );
        } else {
            assert_eq!(names_if_match(operation), named, "{method} {path}");
        }
    }
    assert!(exempt.is_empty(), "these are no operations: {exempt:?}");
}

database_test! {
    async fn every_operation_is_served_and_wants_somebody_signed_in(test) {
        let office = Office::new(test).await;
        let document = described();
        for (method, path, operation) in operations(&document) {
            let answer = office.send(&method, &address(&path), None, None).await;
            let public = PUBLIC.contains(&id(operation));
            assert_eq!(operation["security"].is_array(), public, "{method} {path}");
            if public {
                assert_ne!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
                continue;
            }
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(answer.kind, "application/problem+json", "{method} {path}");
            assert_eq!(answer.json()["code"], "not_signed_in", "{method} {path}");
        }
    }
}

database_test! {
    async fn a_change_without_the_version_seen_is_refused(test) {
        let office = Office::new(test).await;
        let cookie = office.enter("admin", &office.password).await;
        let document = described();
        let mut asked = 0;
        for (method, path, operation) in operations(&document) {
            if names_if_match(operation) {
                let answer = office.send(&method, &address(&path), Some(&cookie), None).await;
                assert_eq!(
                    (answer.status, answer.json()["code"].as_str()),
                    (StatusCode::PRECONDITION_REQUIRED, Some("version_missing")),
                    "{method} {path}"
                );
                asked += 1;
            }
        }
        assert!(asked > 5, "the walk found only {asked} changes");
    }
}

database_test! {
    async fn the_description_is_served(test) {
        let office = Office::new(test).await;
        let answer = office.send("GET", "/api/v1/openapi.json", None, None).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json(), described());
    }
}
