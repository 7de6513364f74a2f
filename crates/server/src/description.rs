//! The description of the API in OpenAPI 3.1: what the handlers declare, and what all of them have in common.
//!
//! A handler declares its path, parameters, body and success. Added here, once: who must sign in, the answers that
//! refuse, the parameters and headers of the conventions, and that no field of an answer is ever left out.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Server;

/// Where the API is served.
pub(crate) const BASE: &str = "/api/v1";

/// The operations that a browser is sent to from elsewhere, with parameters of that other's choice beside ours.
pub(crate) const OPEN_QUERY: &[&str] = &["finishProviderSignIn"];

/// The operations whose answer holds a secret or unmasked personal data, which is not kept for repetition.
pub(crate) const SECRET_ANSWERS: &[&str] = &[
    "confirmSecondFactor",
    "enrolSecondFactor",
    "makeChangeSheet",
    "printUnmaskedHouseholdCard",
    "readPersonalDocument",
    "resetPassword",
    "unmaskHousehold",
];

/// What each tag covers.
const TAGS: &[(&str, &str)] = &[
    ("access", "Signing in, the own sessions and second step, users."),
    ("description", "This description."),
    ("jobs", "Long work: started, watched, cancelled."),
    ("land", "The land assessment, candidate sites, map tiles."),
    ("ledger", "The log that proves every change, and its proofs."),
    ("lookback", "Look-back items and decisions on them."),
    ("plan", "The relocation plan."),
    (
        "register",
        "Households, identification, rosters, amendments, areas.",
    ),
    ("start", "The start page."),
    ("terms", "Code lists with their names."),
];

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(show))
}

/// The description of this API in OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "readDescription",
    tag = "description",
    security(()),
    responses((status = OK, description = "OpenAPI 3.1.", content_type = "application/openapi+json", body = Object))
)]
async fn show() -> Response {
    (
        [(header::CONTENT_TYPE, "application/openapi+json")],
        TEXT.as_str(),
    )
        .into_response()
}

/// Made once: it is the same for everybody.
static TEXT: LazyLock<String> = LazyLock::new(crate::description);

/// The whole description, with its keys in order so that the same API gives the same text.
pub(crate) fn of(router: &OpenApiRouter<Server>) -> Value {
    let declared = serde_json::to_value(router.get_openapi()).unwrap_or_default();
    let mut document = sorted(declared);
    document["openapi"] = json!("3.1.0");
    document["info"] = json!({
        "title": "Anju",
        "version": "1",
        "summary": "Planned relocation of a county: register, look-back, land, plan, ledger.",
        "description": "Conventions of all operations: `docs/api.md`. Texts for people come in Chinese and English; codes are stable.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    });
    document["servers"] = json!([{"url": BASE}]);
    document["security"] = json!([{"session": []}]);
    document["tags"] = TAGS
        .iter()
        .map(|(name, description)| json!({"name": name, "description": description}))
        .collect();
    require_answered_fields(&mut document);
    for (path, item) in object_mut(&mut document["paths"]) {
        for (method, operation) in object_mut(item) {
            add_conventions(path, method, operation);
        }
    }
    let components = &mut document["components"];
    components["securitySchemes"] = json!({"session": {
        "type": "apiKey", "in": "cookie", "name": "anju_session",
        "description": "Set by signing in; `__Host-anju_session` where the service is reached by TLS.",
    }});
    components["parameters"] = parameters();
    components["responses"] = refusals();
    let details = problem_details();
    components["schemas"]["ProblemDetails"] = details;
    sorted(document)
}

/// The text that is committed and served.
pub(crate) fn text(document: &Value) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

fn problem_details() -> Value {
    let schema = <crate::ProblemDetails as utoipa::PartialSchema>::schema();
    sorted(serde_json::to_value(schema).unwrap_or_default())
}

/// Reusable parameters of the conventions.
fn parameters() -> Value {
    json!({
        "Fields": {
            "name": "fields", "in": "query", "required": false, "schema": {"type": "string"},
            "example": "id,version",
            "description": "Only these fields of the answer, or of each item of a list, separated by commas; `a.b` is a field of a field.",
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": {"type": "string", "pattern": "^[!-~]{16,128}$"},
            "description": "A key of the caller's choice, new for each intent: a repetition within 24 hours gets the first answer and changes nothing.",
        },
        "IfNoneMatch": {
            "name": "If-None-Match", "in": "header", "required": false, "schema": {"type": "string"},
            "description": "Entity tags that the caller has: when the answer still has one of them it is 304 without a body.",
        },
    })
}

/// Every answer that refuses: name, status, description.
const REFUSALS: &[(&str, &str, &str)] = &[
    (
        "BadRequest",
        "400",
        "A parameter, a header or the JSON itself is malformed; `place` says where.",
    ),
    (
        "NotSignedIn",
        "401",
        "There is no valid session, or the password or code is wrong.",
    ),
    (
        "Forbidden",
        "403",
        "The role or the area does not allow it, the first password is not changed yet, or the request comes from another site.",
    ),
    (
        "NotFound",
        "404",
        "There is nothing at this address, or not for this caller.",
    ),
    (
        "NotAcceptable",
        "406",
        "No media type of `Accept` can be answered.",
    ),
    (
        "Conflict",
        "409",
        "It does not go together with what is under way or already done.",
    ),
    (
        "PreconditionFailed",
        "412",
        "Somebody changed the subject since the version in `If-Match`; `current_version` and `current` say what it is now.",
    ),
    ("TooLarge", "413", "The body is larger than this operation takes."),
    (
        "UnsupportedMediaType",
        "415",
        "The body is not of the media type that this operation takes.",
    ),
    (
        "Unprocessable",
        "422",
        "The request is well-formed but cannot be carried out; `code`, `place` and `detail` say why.",
    ),
    (
        "PreconditionRequired",
        "428",
        "`If-Match` is missing: the version of the subject that the caller has seen.",
    ),
    (
        "TooManyRequests",
        "429",
        "Too many wrong passwords or codes; `Retry-After` says how many seconds to wait.",
    ),
    ("Failed", "500", "The server failed; its log says why."),
];

fn refusals() -> Value {
    let mut responses = Map::new();
    for (name, status, description) in REFUSALS {
        let mut response = json!({
            "description": description,
            "content": {crate::problem::PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        });
        if matches!(*status, "429") {
            response["headers"] = json!({"Retry-After": {
                "description": "Seconds.", "schema": {"type": "integer", "minimum": 1},
            }});
        }
        responses.insert((*name).to_owned(), response);
    }
    responses.insert(
        "NotModified".to_owned(),
        json!({"description": "The answer still has an entity tag of `If-None-Match`."}),
    );
    Value::Object(responses)
}

/// Parameters, headers and refusals that follow from what the operation is.
fn add_conventions(path: &str, method: &str, operation: &mut Value) {
    let public = operation.get("security").is_some();
    let reads = method == "get";
    let json_answer =
        success(operation).is_some_and(|answer| !answer["content"]["application/json"].is_null());
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let has = |place: &str| parameters.iter().any(|parameter| parameter["in"] == place);
    let guarded = parameters.iter().any(|parameter| parameter["name"] == "If-Match");
    let body = !operation["requestBody"].is_null();
    let mut refused: BTreeSet<&str> = BTreeSet::from(["500"]);
    if !public {
        refused.extend(["401", "403"]);
    }
    if public && !reads {
        refused.extend(["401", "429"]);
    }
    if method != "get" || has("query") || has("path") || json_answer {
        refused.insert("400");
    }
    // A body may name something that is not there, as a path may.
    if has("path") || body {
        refused.insert("404");
    }
    if !reads {
        refused.extend(["409", "422"]);
    }
    if reads && (has("query") || has("path")) {
        refused.insert("422");
    }
    if body {
        refused.extend(["413", "415"]);
    }
    if guarded {
        refused.extend(["412", "428"]);
    }
    if path.starts_with("/session/") && !reads {
        refused.insert("429");
    }
    let mut added = Vec::new();
    // Signing in has no user yet, and doing it twice harms nobody.
    if method == "post" && !public {
        added.push("IdempotencyKey");
    }
    if reads && json_answer {
        added.extend(["Fields", "IfNoneMatch"]);
    }
    if is_list(operation) {
        refused.insert("406");
    }
    let mut parameters = parameters;
    for parameter in &mut parameters {
        if parameter["in"] == "query" && parameter["name"] == "limit" {
            let schema = object_mut(&mut parameter["schema"]);
            schema.insert("minimum".into(), json!(1));
            schema.entry("maximum").or_insert(json!(200));
            schema.entry("default").or_insert(json!(50));
        }
    }
    for parameter in &mut parameters {
        if parameter["in"] == "path" && parameter["description"].is_null() {
            parameter["description"] = json!(match parameter["name"].as_str() {
                Some("index") => "Position of the entry in the log, from 0.",
                _ => "The subject's id, a UUIDv7.",
            });
        }
    }
    parameters.extend(
        added
            .iter()
            .map(|name| json!({"$ref": format!("#/components/parameters/{name}")})),
    );
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    let responses = object_mut(&mut operation["responses"]);
    for (status, response) in responses.iter_mut() {
        let tagged = reads || guarded;
        if status.starts_with('2') && tagged && !response["content"]["application/json"].is_null() {
            response["headers"]["ETag"] = json!({
                "description": "Entity tag of the answer; of a subject with a version it begins with the version.",
                "schema": {"type": "string"},
            });
        }
    }
    if reads && json_answer {
        responses.insert(
            "304".into(),
            json!({"$ref": "#/components/responses/NotModified"}),
        );
    }
    for status in refused {
        let Some((name, ..)) = REFUSALS.iter().find(|(_, known, _)| *known == status) else {
            continue;
        };
        responses
            .entry(status)
            .or_insert_with(|| json!({"$ref": format!("#/components/responses/{name}")}));
    }
}

/// The first answer that succeeds.
pub(crate) fn success(operation: &Value) -> Option<&Value> {
    let responses = operation["responses"].as_object()?;
    responses
        .iter()
        .find(|(status, _)| status.starts_with('2'))
        .map(|(_, answer)| answer)
}

/// Whether an operation answers a list: a page with items, or an array.
pub(crate) fn is_list(operation: &Value) -> bool {
    success(operation).is_some_and(|answer| {
        let schema = &answer["content"]["application/json"]["schema"];
        schema["type"] == "array"
            || schema["$ref"]
                .as_str()
                .is_some_and(|name| name.starts_with("#/components/schemas/Page_"))
    })
}

/// What an answer may hold is always there, as null when there is nothing: so every property that may be null is required
/// in a schema that only answers use. One that is left out instead is declared as never null.
fn require_answered_fields(document: &mut Value) {
    let mut sent = BTreeSet::new();
    let mut answered = BTreeSet::new();
    if let Some(paths) = document["paths"].as_object() {
        for operation in paths.values().filter_map(Value::as_object).flat_map(Map::values) {
            reach(&operation["requestBody"], document, &mut sent);
            reach(&operation["parameters"], document, &mut sent);
            reach(&operation["responses"], document, &mut answered);
        }
    }
    for (name, schema) in object_mut(&mut document["components"]["schemas"]) {
        if answered.contains(name) && !sent.contains(name) {
            require_all(schema);
        }
    }
}

/// The names of all schemas that a part of the description leads to.
fn reach(part: &Value, document: &Value, names: &mut BTreeSet<String>) {
    match part {
        Value::Array(parts) => {
            for part in parts {
                reach(part, document, names);
            }
        }
        Value::Object(parts) => {
            if let Some(name) = parts.get("$ref").and_then(Value::as_str).and_then(schema_name)
                && names.insert(name.to_owned())
            {
                reach(&document["components"]["schemas"][name], document, names);
            }
            for part in parts.values() {
                reach(part, document, names);
            }
        }
        _ => {}
    }
}

fn schema_name(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/components/schemas/")
}

fn require_all(schema: &mut Value) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(require_all);
        let nulls: Vec<String> = properties
            .iter()
            .filter(|(_, property)| may_be_null(property))
            .map(|(name, _)| name.clone())
            .collect();
        let declared = schema["required"].as_array().cloned().unwrap_or_default();
        let mut names: BTreeSet<String> = nulls.into_iter().collect();
        names.extend(declared.iter().filter_map(|name| Some(name.as_str()?.to_owned())));
        if !names.is_empty() {
            schema["required"] = json!(names);
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(key) {
            require_all(inner);
        }
    }
    for key in ["allOf", "anyOf", "oneOf", "prefixItems"] {
        if let Some(parts) = schema.get_mut(key).and_then(Value::as_array_mut) {
            parts.iter_mut().for_each(require_all);
        }
    }
}

/// Whether null is one of a schema's values.
fn may_be_null(schema: &Value) -> bool {
    let is_null = |kind: &Value| kind == "null";
    is_null(&schema["type"])
        || schema["type"]
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(is_null))
        || ["anyOf", "oneOf"].iter().any(|key| {
            schema[*key]
                .as_array()
                .is_some_and(|parts| parts.iter().any(|part| is_null(&part["type"])))
        })
}

/// The same value with the keys of every object in order, whatever order they were inserted in.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().map(sorted).collect(),
        Value::Object(map) => {
            let mut pairs: Vec<(String, Value)> = map.into_iter().collect();
            pairs.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(
                pairs
                    .into_iter()
                    .map(|(key, value)| (key, sorted(value)))
                    .collect(),
            )
        }
        other => other,
    }
}

/// The members of what must be an object; anything else has none.
fn object_mut(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({});
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("it was made an object just now"),
    }
}
