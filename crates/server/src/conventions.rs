//! What all operations have in common, done at one place by what the description says of each: unknown parameters are
//! refused, `fields` chooses fields, lists come as CSV or workbook too, answers carry entity tags, and a conflict shows
//! the present state.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use anju_app::table::{self, TableFormat};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tower::ServiceExt;

use crate::description::{self, BASE};
use crate::problem::{HttpError, ProblemDetails};
use crate::register::attachment;

/// The fields of an answer, by name.
#[derive(Debug, Default, Clone, PartialEq)]
struct Fields(BTreeMap<String, Field>);

#[derive(Debug, Default, Clone, PartialEq)]
struct Field {
    /// The fields within; none of a plain value.
    inner: Fields,
    /// Whether there are several of it.
    many: bool,
    /// Whether anything may be within.
    open: bool,
}

/// What an operation is, as far as the conventions ask.
#[derive(Debug, Clone, PartialEq)]
struct Operation {
    id: String,
    public: bool,
    /// Whether a parameter of this name is taken after the question mark.
    query: BTreeSet<String>,
    shape: Shape,
    /// Whether others are taken too.
    open_query: bool,
    /// Most rows that `limit` may ask for.
    most: Option<u64>,
    /// Whether the answer is not kept for repetition.
    secret: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    /// No JSON.
    Other,
    /// One object.
    Object(Fields),
    /// An array of objects.
    Array(Fields),
    /// A page of objects.
    Page(Fields),
}

/// All operations by method and path.
#[derive(Debug)]
pub(crate) struct Operations(HashMap<(Method, String), Operation>);

/// Rows that a table of a list has at most.
const TABLE_ROWS: usize = 200_000;

/// Rows asked for at once while a table is made.
const TABLE_PAGE: usize = 200;

/// Largest answer that is given an entity tag; larger ones are files.
const TAGGED_BYTES: usize = 64 << 20;

impl Operations {
    /// Reads them from the description.
    pub(crate) fn of(document: &Value) -> Self {
        let mut operations = HashMap::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) else {
                    continue;
                };
                let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
                let query: Vec<&Value> = operation["parameters"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|parameter| resolve(parameter, document))
                    .filter(|parameter| parameter["in"] == "query")
                    .collect();
                operations.insert(
                    (method, format!("{BASE}{path}")),
                    Operation {
                        public: operation.get("security").is_some(),
                        open_query: description::OPEN_QUERY.contains(&id.as_str()),
                        secret: description::SECRET_ANSWERS.contains(&id.as_str()),
                        id,
                        most: query
                            .iter()
                            .find(|parameter| parameter["name"] == "limit")
                            .and_then(|parameter| parameter["schema"]["maximum"].as_u64()),
                        query: query
                            .iter()
                            .filter_map(|parameter| Some(parameter["name"].as_str()?.to_owned()))
                            .collect(),
                        shape: shape(operation, document),
                    },
                );
            }
        }
        Self(operations)
    }

    fn get(&self, method: &Method, path: &MatchedPath) -> Option<&Operation> {
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        self.0.get(&(method.clone(), path.as_str().to_owned()))
    }

    /// Whether the answer of an operation is kept for repetition, or `None` when it takes no key.
    pub(crate) fn keeps_answer(&self, method: &Method, path: &MatchedPath) -> Option<bool> {
        let operation = self.get(method, path)?;
        (method == Method::POST && !operation.public).then_some(!operation.secret)
    }
}

fn resolve<'a>(part: &'a Value, document: &'a Value) -> &'a Value {
    match part["$ref"].as_str().and_then(|name| name.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).unwrap_or(&Value::Null),
        None => part,
    }
}

fn shape(operation: &Value, document: &Value) -> Shape {
    let Some(answer) = description::success(operation) else {
        return Shape::Other;
    };
    let schema = &answer["content"]["application/json"]["schema"];
    if schema.is_null() {
        return Shape::Other;
    }
    let field = field(schema, document, &mut Vec::new());
    if !description::is_list(operation) {
        return Shape::Object(field.inner);
    }
    if schema["type"] == "array" {
        return Shape::Array(field.inner);
    }
    let items = field.inner.0.into_iter().find(|(name, _)| name == "items");
    Shape::Page(items.map(|(_, items)| items.inner).unwrap_or_default())
}

/// What a schema holds. A schema within itself is open: nobody asks that deep by name.
fn field(schema: &Value, document: &Value, path: &mut Vec<String>) -> Field {
    if let Some(name) = schema["$ref"].as_str() {
        if path.iter().any(|known| known == name) {
            return Field {
                open: true,
                ..Field::default()
            };
        }
        path.push(name.to_owned());
        let found = field(resolve(schema, document), document, path);
        path.pop();
        return found;
    }
    let mut found = Field::default();
    for key in ["allOf", "anyOf", "oneOf"] {
        for part in schema[key].as_array().into_iter().flatten() {
            let part = field(part, document, path);
            found.inner.0.extend(part.inner.0);
            found.many |= part.many;
            found.open |= part.open;
        }
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        found
            .inner
            .0
            .insert(name.clone(), field(property, document, path));
    }
    if !schema["items"].is_null() {
        let items = field(&schema["items"], document, path);
        found.inner.0.extend(items.inner.0);
        found.open |= items.open;
        found.many = true;
    }
    found.many |= !schema["prefixItems"].is_null();
    let names_object = schema["type"] == "object"
        || schema["type"]
            .as_array()
            .is_some_and(|types| types.iter().any(|kind| kind == "object"));
    found.open |= names_object && schema["properties"].is_null()
        || !schema["additionalProperties"].is_null() && schema["additionalProperties"] != Value::Bool(false);
    found
}

/// Which fields are wanted: each with what is wanted within, all of it when nothing is named.
#[derive(Debug, Default, PartialEq)]
struct Wanted(Vec<(String, Wanted)>);

impl Wanted {
    /// Reads `a,b.c` and checks it against what there is.
    fn read(text: &str, fields: &Fields) -> Result<Self, HttpError> {
        let mut wanted = Self::default();
        for path in text.split(',').map(str::trim) {
            let names: Vec<&str> = path.split('.').collect();
            check(&names, path, fields)?;
            wanted.add(&names);
        }
        Ok(wanted)
    }

    fn add(&mut self, names: &[&str]) {
        let Some((first, rest)) = names.split_first() else {
            return;
        };
        match self.0.iter_mut().find(|(name, _)| name == first) {
            // The whole of it is wanted already, or from now on.
            Some((_, inner)) if inner.0.is_empty() || rest.is_empty() => inner.0.clear(),
            Some((_, inner)) => inner.add(rest),
            None => {
                let mut inner = Self::default();
                inner.add(rest);
                self.0.push(((*first).to_owned(), inner));
            }
        }
    }

    /// Takes everything else away.
    fn choose(&self, value: &mut Value) {
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| self.choose(value)),
            Value::Object(members) if !self.0.is_empty() => {
                members.retain(|name, _| self.0.iter().any(|(wanted, _)| wanted == name));
                for (name, inner) in &self.0 {
                    if let Some(member) = members.get_mut(name) {
                        inner.choose(member);
                    }
                }
            }
            _ => {}
        }
    }
}

fn check(names: &[&str], path: &str, fields: &Fields) -> Result<(), HttpError> {
    let Some((first, rest)) = names.split_first() else {
        return Ok(());
    };
    match fields.0.get(*first) {
        Some(field) if field.open => Ok(()),
        Some(field) => check(rest, path, &field.inner),
        None => {
            let known: Vec<&str> = fields.0.keys().map(String::as_str).collect();
            let known = known.join(", ");
            Err(HttpError::new(
                StatusCode::BAD_REQUEST,
                "unknown_field",
                format!("没有字段 {path};此处可用:{known}"),
                format!("there is no field {path}; here there are: {known}"),
            )
            .at("fields"))
        }
    }
}

/// What `Accept` wants of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accepted {
    Json,
    Table(TableFormat),
}

/// The most wanted of the three by the weights of `Accept`; of equals JSON, CSV, workbook.
fn accepted(headers: &HeaderMap) -> Option<Accepted> {
    let offers = [
        ("application", "json", Accepted::Json),
        ("text", "csv", Accepted::Table(TableFormat::Csv)),
        (
            "application",
            "vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Accepted::Table(TableFormat::Xlsx),
        ),
    ];
    let lines: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    if lines.is_empty() {
        return Some(Accepted::Json);
    }
    let ranges: Vec<(&str, &str, f32)> = lines
        .iter()
        .flat_map(|line| line.split(','))
        .filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let (kind, subkind) = parts.next()?.split_once('/')?;
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Some(1.0), |weight| weight.parse().ok())?;
            Some((kind, subkind, weight))
        })
        .collect();
    let mut best = None;
    for (kind, subkind, offer) in offers {
        // The most specific range that fits decides.
        let fitting = [(kind, subkind), (kind, "*"), ("*", "*")]
            .into_iter()
            .find_map(|wanted| {
                ranges.iter().find(|range| {
                    range.0.eq_ignore_ascii_case(wanted.0) && range.1.eq_ignore_ascii_case(wanted.1)
                })
            });
        let weight = fitting.map_or(0.0, |range| range.2);
        if weight > 0.0 && best.is_none_or(|(most, _)| weight > most) {
            best = Some((weight, offer));
        }
    }
    best.map(|(_, offer)| offer)
}

/// What the layer needs.
#[derive(Clone)]
pub(crate) struct Conventions {
    /// All operations.
    pub operations: Arc<Operations>,
    /// The routes without the layer, to read the present state of a subject.
    pub inner: Router,
}

/// The layer around every operation.
pub(crate) async fn apply(
    State(Conventions { operations, inner }): State<Conventions>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    // What is not described is not ours to judge.
    let Some(operation) = operations.get(request.method(), &path) else {
        return next.run(request).await;
    };
    let headers = request.headers().clone();
    let conflict = Conflict::of(&operations, &request, &path);
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let answer = match *request.method() {
        Method::GET | Method::HEAD => read(operation, &headers, request, next).await,
        _ => match known_parameters(operation, request.uri()) {
            Ok(()) => Ok(next.run(request).await),
            Err(refused) => Err(refused),
        },
    };
    match answer {
        Err(refused) => refused.into_response(),
        Ok(answer) if answer.status() == StatusCode::PRECONDITION_FAILED => {
            conflict.show(answer, &headers, inner).await
        }
        Ok(answer) if answer.status().is_success() => {
            match tagged(operation, reads, &headers, answer).await {
                Ok(answer) => answer,
                Err(refused) => refused.into_response(),
            }
        }
        Ok(answer) => answer,
    }
}

/// The parameters after the question mark, decoded.
fn parameters(uri: &Uri) -> Vec<(String, String)> {
    axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map(|axum::extract::Query(pairs)| pairs)
        .unwrap_or_default()
}

fn known_parameters(operation: &Operation, uri: &Uri) -> Result<(), HttpError> {
    for (name, value) in parameters(uri) {
        if let (Some(most), "limit") = (operation.most, name.as_str())
            && !value.parse().is_ok_and(|limit: u64| (1..=most).contains(&limit))
        {
            return Err(HttpError::new(
                StatusCode::BAD_REQUEST,
                "limit_range",
                format!("limit 须为 1 至 {most} 的整数,收到 {value}"),
                format!("limit is a whole number from 1 to {most}; it was {value}"),
            )
            .at(name));
        }
        if !operation.open_query && !operation.query.contains(&name) {
            let known: Vec<&str> = operation.query.iter().map(String::as_str).collect();
            let (zh, en) = match known.as_slice() {
                [] => ("此处不接受参数".to_owned(), "there are none here".to_owned()),
                known => (
                    format!("可用:{}", known.join(", ")),
                    format!("there are: {}", known.join(", ")),
                ),
            };
            return Err(HttpError::new(
                StatusCode::BAD_REQUEST,
                "unknown_parameter",
                format!("没有参数 {name};{zh}"),
                format!("there is no parameter {name}; {en}"),
            )
            .at(name));
        }
    }
    Ok(())
}

/// The same address with other parameters.
fn with_parameters(uri: &Uri, parameters: &[(String, String)]) -> Result<Uri, HttpError> {
    let query: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
        .collect();
    let text = match query.as_slice() {
        [] => uri.path().to_owned(),
        query => format!("{}?{}", uri.path(), query.join("&")),
    };
    text.parse().map_err(|_| HttpError::not_found())
}

/// All bytes but letters, digits and `-._~` escaped (RFC 3986).
pub(crate) fn escaped(text: &str) -> String {
    text.bytes()
        .map(
            |byte| match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                true => char::from(byte).to_string(),
                false => format!("%{byte:02X}"),
            },
        )
        .collect()
}

async fn read(
    operation: &Operation,
    headers: &HeaderMap,
    mut request: Request,
    next: Next,
) -> Result<Response, HttpError> {
    known_parameters(operation, request.uri())?;
    let (Shape::Object(fields) | Shape::Array(fields) | Shape::Page(fields)) = &operation.shape else {
        return Ok(next.run(request).await);
    };
    let mut query = parameters(request.uri());
    let wanted = match query.iter().position(|(name, _)| name == "fields") {
        None => None,
        Some(place) => {
            let (_, text) = query.remove(place);
            *request.uri_mut() = with_parameters(request.uri(), &query)?;
            Some(Wanted::read(&text, fields)?)
        }
    };
    let format = match operation.shape {
        Shape::Array(_) | Shape::Page(_) => accepted(headers).ok_or_else(not_acceptable)?,
        _ => Accepted::Json,
    };
    match format {
        Accepted::Table(format) => table(operation, fields, wanted, format, request, query, next).await,
        Accepted::Json => {
            let answer = next.run(request).await;
            match wanted {
                Some(wanted) if answer.status() == StatusCode::OK => chosen(operation, &wanted, answer).await,
                _ => Ok(answer),
            }
        }
    }
}

fn not_acceptable() -> HttpError {
    HttpError::new(
        StatusCode::NOT_ACCEPTABLE,
        "not_acceptable",
        "列表可按 application/json、text/csv 或 XLSX 返回,Accept 中没有其中任何一种",
        "a list comes as application/json, text/csv or a workbook (XLSX); Accept takes none of them",
    )
    .at("Accept")
}

async fn json_of(answer: Response) -> Result<(axum::http::response::Parts, Value), HttpError> {
    let (parts, body) = answer.into_parts();
    let bytes = to_bytes(body, TAGGED_BYTES)
        .await
        .map_err(|_| HttpError::failed())?;
    let value = serde_json::from_slice(&bytes).map_err(|_| HttpError::failed())?;
    Ok((parts, value))
}

/// The answer with the wanted fields only; of a page, of its items.
async fn chosen(operation: &Operation, wanted: &Wanted, answer: Response) -> Result<Response, HttpError> {
    let (mut parts, mut value) = json_of(answer).await?;
    let version = value["version"].as_i64();
    match operation.shape {
        Shape::Page(_) => wanted.choose(&mut value["items"]),
        _ => wanted.choose(&mut value),
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    if let Some(version) = version {
        // The tag names it although the body may not any more.
        parts.extensions.insert(SubjectVersion(version));
    }
    Ok(Response::from_parts(parts, Body::from(value.to_string())))
}

/// Version of the answered subject, where its body does not say it.
#[derive(Debug, Clone, Copy)]
struct SubjectVersion(i64);

/// The list as a table: every row that the filters find, or with `limit` that page alone.
async fn table(
    operation: &Operation,
    fields: &Fields,
    wanted: Option<Wanted>,
    format: TableFormat,
    request: Request,
    mut query: Vec<(String, String)>,
    next: Next,
) -> Result<Response, HttpError> {
    let columns = columns(fields, wanted.as_ref());
    let whole = matches!(operation.shape, Shape::Page(_)) && !query.iter().any(|(name, _)| name == "limit");
    let (parts, _) = request.into_parts();
    let mut rows = Vec::new();
    loop {
        let mut asked = query.clone();
        if whole {
            asked.push(("limit".into(), TABLE_PAGE.to_string()));
        }
        let mut request = Request::from_parts(parts.clone(), Body::empty());
        *request.uri_mut() = with_parameters(&parts.uri, &asked)?;
        let answer = next.clone().run(request).await;
        if answer.status() != StatusCode::OK {
            return Ok(answer);
        }
        let (_, mut value) = json_of(answer).await?;
        let after = value["next"].as_str().map(str::to_owned);
        let items = match operation.shape {
            Shape::Page(_) => value["items"].take(),
            _ => value,
        };
        if let Value::Array(items) = items {
            rows.extend(items.iter().map(|item| row(item, &columns)));
        }
        if rows.len() > TABLE_ROWS {
            return Err(HttpError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "too_many_rows",
                format!("表格最多 {TABLE_ROWS} 行;请缩小筛选范围,或用 limit 和 after 分页"),
                format!(
                    "a table has at most {TABLE_ROWS} rows; narrow the filters, or page with limit and after"
                ),
            ));
        }
        match after {
            Some(after) if whole => {
                query.retain(|(name, _)| name != "after");
                query.push(("after".into(), after));
            }
            _ => break,
        }
    }
    let headings: Vec<String> = columns.iter().map(|column| column.join(".")).collect();
    let bytes = table::write(&operation.id, &headings, &rows, format)?;
    let name = match format {
        TableFormat::Csv => format!("{}.csv", operation.id),
        TableFormat::Xlsx => format!("{}.xlsx", operation.id),
    };
    let mut answer = attachment(&name, format, bytes);
    answer
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(answer)
}

/// A column for every field that is one value or a list of values, in the order asked for or of the names. Lists of
/// objects do not fit into a cell.
fn columns(fields: &Fields, wanted: Option<&Wanted>) -> Vec<Vec<String>> {
    let mut columns = Vec::new();
    let mut add = |name: &str, inner_wanted: Option<&Wanted>| {
        let Some(field) = fields.0.get(name) else {
            return;
        };
        if field.inner.0.is_empty() {
            if !field.open {
                columns.push(vec![name.to_owned()]);
            }
        } else if !field.many {
            for mut inner in self::columns(&field.inner, inner_wanted) {
                inner.insert(0, name.to_owned());
                columns.push(inner);
            }
        }
    };
    match wanted {
        Some(wanted) if !wanted.0.is_empty() => {
            for (name, inner) in &wanted.0 {
                add(name, Some(inner));
            }
        }
        _ => {
            for name in fields.0.keys() {
                add(name, None);
            }
        }
    }
    columns
}

fn row(item: &Value, columns: &[Vec<String>]) -> Vec<table::Cell> {
    columns
        .iter()
        .map(|path| {
            let value = path.iter().fold(item, |value, name| &value[name.as_str()]);
            match value {
                Value::Number(number) => number
                    .as_f64()
                    .map_or_else(|| table::Cell::Text(number.to_string()), table::Cell::Number),
                Value::Array(values) => {
                    let texts: Vec<String> = values.iter().map(plain).collect();
                    table::Cell::Text(texts.join("; "))
                }
                other => table::Cell::Text(plain(other)),
            }
        })
        .collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Gives an answer in JSON its entity tag; one that the caller has already is not sent again.
async fn tagged(
    operation: &Operation,
    reads: bool,
    headers: &HeaderMap,
    answer: Response,
) -> Result<Response, HttpError> {
    let json = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !json || operation.secret || operation.shape == Shape::Other {
        return Ok(answer);
    }
    let (mut parts, body) = answer.into_parts();
    let bytes = to_bytes(body, TAGGED_BYTES)
        .await
        .map_err(|_| HttpError::failed())?;
    let version = match (parts.extensions.get::<SubjectVersion>(), &operation.shape) {
        (Some(SubjectVersion(version)), _) => Some(*version),
        (None, Shape::Object(fields)) if fields.0.contains_key("version") => {
            serde_json::from_slice::<Versioned>(&bytes)
                .ok()
                .and_then(|subject| subject.version)
        }
        _ => None,
    };
    // Eight bytes tell the states of one answer apart.
    let digest: String = Sha256::digest(&bytes)[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let tag = match version {
        Some(version) => format!("\"{version}-{digest}\""),
        None => format!("\"{digest}\""),
    };
    let varies = matches!(operation.shape, Shape::Array(_) | Shape::Page(_));
    if varies {
        parts
            .headers
            .insert(header::VARY, HeaderValue::from_static("accept"));
    }
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, value);
    }
    let known = reads
        && parts.status == StatusCode::OK
        && headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(','))
            .map(|known| known.trim().trim_start_matches("W/"))
            .any(|known| known == tag || known == "*");
    if known {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.remove(header::CONTENT_TYPE);
        return Ok(Response::from_parts(parts, Body::empty()));
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

#[derive(serde::Deserialize)]
struct Versioned {
    version: Option<i64>,
}

/// Where the subject of a change can be read.
struct Conflict(Option<Uri>);

impl Conflict {
    /// The longest beginning of the path that is itself something to read: of `/x/{id}/decision` it is `/x/{id}`.
    fn of(operations: &Operations, request: &Request, path: &MatchedPath) -> Self {
        if !request.headers().contains_key(header::IF_MATCH) {
            return Self(None);
        }
        let template: Vec<&str> = path.as_str().split('/').collect();
        // The service is nested: its own requests do not have the beginning of the path.
        let actual = format!("{BASE}{}", request.uri().path());
        let actual: Vec<&str> = actual.split('/').collect();
        let readable = (1..=template.len()).rev().find(|length| {
            template[length - 1].starts_with('{')
                && operations
                    .0
                    .contains_key(&(Method::GET, template[..*length].join("/")))
        });
        let path = readable
            .filter(|_| template.len() == actual.len())
            .map(|length| actual[..length].join("/"));
        Self(path.and_then(|path| path.strip_prefix(BASE)?.parse().ok()))
    }

    /// The refusal with the subject as it is now, read with the caller's own rights.
    async fn show(self, answer: Response, headers: &HeaderMap, inner: Router) -> Response {
        let (Some(uri), Some(details)) = (self.0, answer.extensions().get::<ProblemDetails>().cloned())
        else {
            return answer;
        };
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = uri;
        let carried: [HeaderName; 2] = [header::COOKIE, HeaderName::from_static("x-forwarded-proto")];
        for name in carried {
            for value in headers.get_all(&name) {
                request.headers_mut().append(name.clone(), value.clone());
            }
        }
        let Ok(read) = inner.oneshot(request).await;
        if read.status() != StatusCode::OK {
            return answer;
        }
        match json_of(read).await {
            Ok((_, current)) => details.with_current(current).into_response(),
            Err(_) => answer,
        }
    }
}
