//! The API through the real router: signing in, least privilege, problem details, the worklists of an empty workspace.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps fails, which is what it is for"
)]

mod bulk;
mod conventions;
mod description;
mod identification;

use std::sync::Arc;

use anju_app::Workspace;
use anju_app::workspace::{Environment, NewWorkspace};
use anju_model::area::AreaCode;
use anju_store::database_test;
use anju_store::testing::TestDatabase;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;

struct Office {
    folder: tempfile::TempDir,
    workspace: Arc<Workspace>,
    router: Router,
    password: String,
}

struct Answer {
    status: StatusCode,
    kind: String,
    cookie: Option<String>,
    headers: axum::http::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    /// A header, empty when it is not there.
    fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

impl Office {
    async fn new(test: &TestDatabase) -> Self {
        Self::open(test, Environment::system(), async |_| {}).await
    }

    /// An office whose workspace was prepared before the service began.
    async fn open(
        test: &TestDatabase,
        environment: Environment,
        prepare: impl AsyncFnOnce(&Workspace),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // On SQLite the workspace keeps its own file, as a county's does.
        let database = test.address.starts_with("postgres").then(|| test.address.clone());
        let new = NewWorkspace {
            county_code: AreaCode::parse("619021").unwrap(),
            county_name: "安澜县".into(),
            epsg: 4545,
            pack: "cn-shaanxi".into(),
            database,
            administrator: "admin".into(),
        };
        let root = folder.path().join("office");
        let made = Workspace::init(&root, new, Environment::system()).await.unwrap();
        let workspace = Workspace::open(&root, None, environment).await.unwrap();
        prepare(&workspace).await;
        let workspace = Arc::new(workspace);
        let router = anju_server::router(workspace.clone()).await.unwrap();
        Self {
            folder,
            workspace,
            router,
            password: made.password,
        }
    }

    async fn send(&self, method: &str, path: &str, cookie: Option<&str>, body: Option<Value>) -> Answer {
        self.send_with(method, path, cookie, body, &[]).await
    }

    async fn send_with(
        &self,
        method: &str,
        path: &str,
        cookie: Option<&str>,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let Some(body) = body else {
            return self.send_bytes(method, path, cookie, &[], headers).await;
        };
        let json = [(header::CONTENT_TYPE.as_str(), "application/json")];
        let headers = [&json, headers].concat();
        self.send_bytes(method, path, cookie, body.to_string().as_bytes(), &headers)
            .await
    }

    async fn send_bytes(
        &self,
        method: &str,
        path: &str,
        cookie: Option<&str>,
        body: &[u8],
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_vec())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let text = |name| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let kind = text(header::CONTENT_TYPE).unwrap_or_default();
        let cookie = text(header::SET_COOKIE).map(|cookie| cookie.split(';').next().unwrap().to_owned());
        let status = response.status();
        let headers = response.headers().clone();
        let body = axum::body::to_bytes(response.into_body(), 1 << 24)
            .await
            .unwrap()
            .to_vec();
        Answer {
            status,
            kind,
            cookie,
            headers,
            body,
        }
    }

    /// The log proves itself, and every row equals its last entry.
    async fn verify_ledger(&self) {
        let operator = anju_app::Caller::operator("test", &self.workspace.county().code);
        let report = anju_app::ledger::verify(&self.workspace, &operator, &anju_app::Progress::default())
            .await
            .unwrap();
        assert!(report.problems.is_empty(), "{:?}", report.problems);
    }

    /// Signs in and changes the first password.
    async fn enter(&self, name: &str, first: &str) -> String {
        let answer = self
            .send(
                "POST",
                "/api/v1/session",
                None,
                Some(json!({"name": name, "password": first})),
            )
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        let cookie = answer.cookie.unwrap();
        let change = json!({"current": first, "new": "a much better password"});
        let changed = self
            .send("POST", "/api/v1/session/password", Some(&cookie), Some(change))
            .await;
        assert_eq!(changed.status, StatusCode::NO_CONTENT);
        cookie
    }
}

database_test! {
    async fn the_first_password_must_be_changed_before_anything_else(test) {
        let office = Office::new(test).await;
        let wrong = json!({"name": "admin", "password": "wrong"});
        let answer = office.send("POST", "/api/v1/session", None, Some(wrong)).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (StatusCode::UNAUTHORIZED, Some("wrong_password"))
        );

        let right = json!({"name": "admin", "password": office.password});
        let answer = office.send("POST", "/api/v1/session", None, Some(right)).await;
        assert_eq!(answer.json()["must_change_password"], true);
        let cookie = answer.cookie.unwrap();
        let start = office.send("GET", "/api/v1/start", Some(&cookie), None).await;
        assert_eq!(start.json()["code"], "password_change_needed");

        let weak = json!({"current": office.password, "new": "short"});
        let answer = office
            .send("POST", "/api/v1/session/password", Some(&cookie), Some(weak))
            .await;
        assert_eq!(answer.json()["code"], "weak_password");

        let cookie = office.enter("admin", &office.password).await;
        let start = office.send("GET", "/api/v1/start", Some(&cookie), None).await;
        assert_eq!(start.status, StatusCode::OK);
        assert_eq!(start.json()["county"]["name"], "安澜县");

        let answer = office
            .send("DELETE", "/api/v1/session", Some(&cookie), None)
            .await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert_eq!(
            office
                .send("GET", "/api/v1/start", Some(&cookie), None)
                .await
                .status,
            StatusCode::UNAUTHORIZED
        );
    }
}

database_test! {
    async fn roles_and_areas_limit_what_is_allowed(test) {
        let office = Office::new(test).await;
        let administrator = office.enter("admin", &office.password).await;
        let new = json!({"name": "li", "display_name": "李干部", "role": "township_officer", "area": "619021101",
                         "password": "first password"});
        let made = office
            .send("POST", "/api/v1/users", Some(&administrator), Some(new.clone()))
            .await;
        assert_eq!(made.status, StatusCode::CREATED);
        assert!(made.json().get("password_hash").is_none());
        let again = office
            .send("POST", "/api/v1/users", Some(&administrator), Some(new))
            .await;
        assert_eq!(again.json()["code"], "user_exists");

        let officer = office.enter("li", "first password").await;
        for (method, path, body) in [
            ("GET", "/api/v1/users", None),
            ("POST", "/api/v1/jobs", Some(json!({"kind": "lookback"}))),
            ("GET", "/api/v1/ledger", None),
            ("GET", "/api/v1/ledger/entries/0/proof", None),
            ("GET", "/api/v1/ledger/consistency?from=1&to=2", None),
            ("GET", "/api/v1/ledger/checkpoint", None),
            ("POST", "/api/v1/ledger/entries/0/erasure", Some(json!({"reason": "r", "document": "d"}))),
            ("GET", "/api/v1/register/households?area=619021102", None),
            ("GET", "/api/v1/lookback/items?area=619021102", None),
        ] {
            let answer = office.send(method, path, Some(&officer), body).await;
            assert_eq!(
                (answer.status, answer.json()["code"].as_str()),
                (StatusCode::FORBIDDEN, Some("forbidden")),
                "{path}"
            );
        }
        let own = office
            .send(
                "GET",
                "/api/v1/register/households?area=619021101",
                Some(&officer),
                None,
            )
            .await;
        assert_eq!(own.status, StatusCode::OK);
        assert_eq!(own.json()["total"], 0);
    }
}

database_test! {
    async fn requests_from_another_site_and_unknown_paths_are_refused(test) {
        let office = Office::new(test).await;
        let cookie = office.enter("admin", &office.password).await;
        let foreign = [("sec-fetch-site", "cross-site")];
        let job = Some(json!({"kind": "plan"}));
        let answer = office
            .send_with("POST", "/api/v1/jobs", Some(&cookie), job, &foreign)
            .await;
        assert_eq!(answer.json()["code"], "foreign_origin");

        let answer = office.send("GET", "/api/v1/nothing", Some(&cookie), None).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (StatusCode::NOT_FOUND, Some("not_found"))
        );
        let answer = office
            .send("GET", "/api/v1/tiles/layer/moon/1/0/0.mvt", Some(&cookie), None)
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        let answer = office
            .send("GET", "/api/v1/tiles/hillshade/3/9/0.png", Some(&cookie), None)
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
}

database_test! {
    async fn a_job_that_cannot_run_says_why(test) {
        let office = Office::new(test).await;
        let cookie = office.enter("admin", &office.password).await;
        let answer = office
            .send(
                "POST",
                "/api/v1/jobs",
                Some(&cookie),
                Some(json!({"kind": "land"})),
            )
            .await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        let path = format!("/api/v1/jobs/{}", answer.json()["id"].as_str().unwrap());
        let mut job = answer.json();
        for _ in 0..500 {
            if job["state"] != "running" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            job = office.send("GET", &path, Some(&cookie), None).await.json();
        }
        assert_eq!(job["state"], "failed");
        assert!(job["error"].as_str().unwrap().contains("anju import"), "{job}");
    }
}

database_test! {
    async fn proofs_and_checkpoints_are_handed_out(test) {
        let office = Office::new(test).await;
        let cookie = office.enter("admin", &office.password).await;
        let get = |path: &'static str| office.send("GET", path, Some(&cookie), None);
        let proof = get("/api/v1/ledger/entries/2/proof").await;
        assert_eq!(proof.status, StatusCode::OK);
        let proof = proof.json();
        assert_eq!(proof["entry"]["index"], 2);
        assert_eq!(proof["leaf_hash"].as_str().unwrap().len(), 64);
        assert!(!proof["proof"].as_array().unwrap().is_empty());
        let grown = get("/api/v1/ledger/consistency?from=3").await.json();
        assert_eq!((&grown["from"]["size"], &grown["to"]["size"]), (&json!(3), &proof["checkpoint"]["size"]));
        assert!(grown["from"]["note"].is_string() && grown["to"]["note"].is_string());

        let checkpoint = "/api/v1/ledger/checkpoint";
        let json = get(checkpoint).await;
        assert!(json.kind.starts_with("application/json"), "{}", json.kind);
        let accept = [("accept", "text/plain, application/json;q=0.5")];
        let plain = office.send_with("GET", checkpoint, Some(&cookie), None, &accept).await;
        assert!(plain.kind.starts_with("text/plain"), "{}", plain.kind);
        assert_eq!(String::from_utf8(plain.body).unwrap(), json.json()["note"].as_str().unwrap());

        for (path, status, code) in [
            ("/api/v1/ledger/entries/1000000/proof", StatusCode::NOT_FOUND, "not_found"),
            ("/api/v1/ledger/entries/18446744073709551615/proof", StatusCode::NOT_FOUND, "not_found"),
            ("/api/v1/ledger/entries/-1/proof", StatusCode::BAD_REQUEST, "path_invalid"),
            ("/api/v1/ledger/consistency", StatusCode::BAD_REQUEST, "query_invalid"),
            ("/api/v1/ledger/consistency?from=0&to=2", StatusCode::BAD_REQUEST, "consistency_range"),
            ("/api/v1/ledger/consistency?from=3&to=2", StatusCode::BAD_REQUEST, "consistency_range"),
            ("/api/v1/ledger/consistency?from=1&to=1000000", StatusCode::BAD_REQUEST, "consistency_range"),
        ] {
            let answer = get(path).await;
            assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)), "{path}");
            assert_eq!(answer.kind, "application/problem+json", "{path}");
        }
    }
}

database_test! {
    async fn the_ledger_shows_who_did_what(test) {
        let office = Office::new(test).await;
        let cookie = office.enter("admin", &office.password).await;
        let page = office
            .send("GET", "/api/v1/ledger", Some(&cookie), None)
            .await
            .json();
        assert!(
            page["checkpoint"]["note"]
                .as_str()
                .unwrap()
                .contains("anju-619021")
        );
        let entries = office
            .send(
                "GET",
                "/api/v1/ledger/entries?kind=user_account",
                Some(&cookie),
                None,
            )
            .await
            .json();
        let commands: Vec<&str> = entries
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["command"].as_str().unwrap())
            .collect();
        assert_eq!(commands, ["change_password", "init"]);
    }
}

/// The register of the tests: columns of a household and of a person, two members in the first household.
fn register(account: &str, phone: &str, last_head: &str) -> String {
    format!(
        "户编号,乡镇,村,姓名,证件号码,与户主关系,搬迁类型,是否应搬,联系电话,银行账号,隐患点编号\n\
         QX-001,清溪镇,青石村,张三丰,619021197001010012,户主,避灾搬迁,是,{phone},{account},ZD-1\n\
         QX-001,清溪镇,青石村,李秀英,619021197201010025,配偶,避灾搬迁,是,{phone},{account},ZD-1\n\
         QX-002,清溪镇,青石村,王五,619021196501010030,{last_head},避灾搬迁,是,13900000002,6217000000000000002,ZD-1\n"
    )
}

impl Office {
    /// Imports one file by the command line's use case; returns what came of it and what the error workbook says.
    async fn import(&self, name: &str, content: &str) -> (anju_app::register::import::Outcome, String) {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let options = anju_app::register::import::Options {
            errors: self.folder.path().join("errors"),
            profile: None,
            crs: None,
            layer: None,
            keep_going: false,
            list_source: Default::default(),
        };
        let operator = anju_app::Caller::operator("test", &self.workspace.county().code);
        let progress = anju_app::Progress::default();
        let outcome =
            anju_app::register::import::import(&self.workspace, &operator, &[path], &options, &progress)
                .await
                .unwrap();
        let mut said = String::new();
        for workbook in &outcome.error_workbooks {
            for sheet in anju_exchange::table::read_table_file(std::path::Path::new(workbook)).unwrap() {
                for row in &sheet.rows {
                    said.extend(row.iter().map(|cell| cell.shown() + " "));
                }
            }
        }
        (outcome, said)
    }

    async fn user(&self, administrator: &str, name: &str, role: &str, area: &str) -> String {
        let new = json!({"name": name, "display_name": name, "role": role, "area": area, "password": "first password"});
        let made = self
            .send("POST", "/api/v1/users", Some(administrator), Some(new))
            .await;
        assert_eq!(made.status, StatusCode::CREATED);
        self.enter(name, "first password").await
    }

    /// A step that names the version seen; returns status and body.
    async fn step(&self, path: &str, cookie: &str, version: &Value, body: Value) -> (StatusCode, Value) {
        let version = format!("\"{version}\"");
        let headers = [("if-match", version.as_str())];
        let answer = self
            .send_with("POST", path, Some(cookie), Some(body), &headers)
            .await;
        (answer.status, answer.json())
    }

    async fn get(&self, path: &str, cookie: &str) -> Value {
        let answer = self.send("GET", path, Some(cookie), None).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.json());
        answer.json()
    }
}

const ROSTERS: &str = "/api/v1/register/rosters";
const AMENDMENTS: &str = "/api/v1/register/amendments";
const ACCOUNT: &str = "6217000000000000001";

database_test! {
    async fn a_roster_is_frozen_by_a_second_person_and_then_only_amended(test) {
        let office = Office::new(test).await;
        let administrator = office.enter("admin", &office.password).await;
        let drafter = office.user(&administrator, "wang", "county_officer", "619021").await;
        let freezer = office.user(&administrator, "zhao", "county_officer", "619021").await;
        let checker = office.user(&administrator, "li", "township_officer", "619021101").await;
        let stranger = office.user(&administrator, "sun", "township_officer", "619021102").await;
        office.import("区划.csv", "区划代码,名称\n619021101,清溪镇\n619021101201,青石村\n619021102,白水镇\n").await;
        let points = "隐患点编号,村,灾害类型,评估报告号,评估日期,工程无法治理\nZD-1,619021101201,滑坡,评估1号,2025-03-01,是\n";
        office.import("隐患点.csv", points).await;
        // The last household has no head, which the look-back says must be corrected.
        let (imported, said) = office.import("名册.csv", &register(ACCOUNT, "13900000001", "子")).await;
        assert_eq!((imported.households_added, imported.records_refused), (2, 0), "{said}");
        let operator = anju_app::Caller::operator("test", &office.workspace.county().code);
        anju_app::lookback::run(&office.workspace, &operator, &anju_app::Progress::default()).await.unwrap();
        let before_freezing = office.workspace.now();

        let new = json!({"title": "避灾搬迁名册", "category": "disaster", "must_move": true});
        let draft = |cookie: String, new: Value| {
            let office = &office;
            async move { office.send("POST", ROSTERS, Some(&cookie), Some(new)).await }
        };
        assert_eq!(draft(checker.clone(), new.clone()).await.json()["code"], "forbidden");
        let nobody = json!({"title": "无", "category": "poverty"});
        assert_eq!(draft(drafter.clone(), nobody).await.json()["code"], "roster_empty");
        let drafted = draft(drafter.clone(), new.clone()).await;
        assert_eq!(drafted.status, StatusCode::CREATED);
        let drafted = drafted.json();
        assert_eq!((&drafted["number"], &drafted["households"], &drafted["persons"]), (&json!(1), &json!(2), &json!(3)));
        let path = format!("{ROSTERS}/{}", drafted["id"].as_str().unwrap());
        let freezing = format!("{path}/freezing");
        let approval = json!({"approver": "安澜县人民政府", "document": "安政函〔2026〕7号"});

        // Maker and checker differ, the version seen counts, and what must be corrected comes first, by name.
        let version = drafted["version"].clone();
        let refused = office.send("POST", &freezing, Some(&freezer), Some(approval.clone())).await;
        assert_eq!(refused.json()["code"], "version_missing");
        let refused = office.step(&freezing, &freezer, &json!(99), approval.clone()).await;
        assert_eq!((refused.0, &refused.1["code"]), (StatusCode::PRECONDITION_FAILED, &json!("version_conflict")));
        assert_eq!(office.step(&freezing, &drafter, &version, approval.clone()).await.1["code"], "same_person");
        assert_eq!(office.step(&freezing, &checker, &version, approval.clone()).await.1["code"], "forbidden");
        let (_, blocked) = office.step(&freezing, &freezer, &version, approval.clone()).await;
        assert_eq!(blocked["code"], "blocking_items");
        assert!(blocked["detail"].as_str().unwrap().contains("QX-002"), "{blocked}");
        let (corrected, said) = office.import("名册.csv", &register(ACCOUNT, "13900000001", "户主")).await;
        assert_eq!((corrected.households_changed, corrected.records_refused), (1, 0), "{said}");
        anju_app::lookback::run(&office.workspace, &operator, &anju_app::Progress::default()).await.unwrap();
        // The register moved on since the draft: what was compared is no longer what would be frozen.
        assert_eq!(office.step(&freezing, &freezer, &version, approval.clone()).await.1["code"], "roster_stale");
        let again = draft(drafter.clone(), new.clone()).await.json();
        assert_eq!((&again["id"], &again["number"], &again["version"]), (&drafted["id"], &json!(1), &json!(2)));
        let found = office.get(&format!("{path}/comparison"), &drafter).await;
        assert_eq!((&found["added"], &found["removed"], &found["changed"]), (&json!(2), &json!(0), &json!(0)));
        assert_eq!(office.send("GET", &format!("{path}/roster.json"), Some(&freezer), None).await.json()["code"], "roster_draft");
        let (status, frozen) = office.step(&freezing, &freezer, &again["version"], approval.clone()).await;
        assert_eq!((status, &frozen["state"]), (StatusCode::OK, &json!("frozen")), "{frozen}");
        assert_eq!(office.step(&freezing, &freezer, &frozen["version"], approval.clone()).await.1["code"], "roster_not_draft");

        // Exports: masked for readers, the signed record only for who may freeze, and every byte of it counts.
        let csv = office.send("GET", &format!("{path}/roster.csv"), Some(&checker), None).await;
        let csv = String::from_utf8(csv.body).unwrap();
        assert_eq!(csv.lines().count(), 4);
        assert!(csv.contains("QX-001") && csv.contains("张**") && !csv.contains("三丰") && !csv.contains(ACCOUNT), "{csv}");
        let others = office.send("GET", &format!("{path}/roster.csv"), Some(&stranger), None).await;
        assert_eq!(String::from_utf8(others.body).unwrap().lines().count(), 1);
        assert_eq!(office.send("GET", &format!("{path}/roster.xlsx"), Some(&checker), None).await.status, StatusCode::OK);
        let signed = format!("{path}/roster.json");
        assert_eq!(office.send("GET", &signed, Some(&checker), None).await.json()["code"], "forbidden");
        let signed = office.send("GET", &signed, Some(&freezer), None).await.body;
        let key = std::fs::read_to_string(office.folder.path().join("office/ledger.pub")).unwrap();
        let check = anju_app::register::roster::check_signed;
        assert_eq!(check(&signed, &key).unwrap().hash, frozen["hash"].as_str().unwrap());
        let text = String::from_utf8(signed).unwrap();
        for (from, to) in [("三丰", "三峰"), (ACCOUNT, "6217000000000000009"), ("7号", "8号"), ("\"households\": 2", "\"households\": 3")] {
            assert!(text.contains(from), "{from}");
            assert!(check(text.replace(from, to).as_bytes(), &key).is_err(), "{from}");
        }

        // Imports: a key fact is held back with reason and remedy, anything else still changes, unchanged rows pass.
        let (held, said) = office.import("名册.csv", &register("6217999999999999999", "13911111111", "户主")).await;
        assert_eq!((held.households_changed, held.records_refused), (0, 2));
        assert!(said.contains("安政函〔2026〕7号") && said.contains("银行账号") && said.contains("提出变更"), "{said}");
        let (passed, said) = office.import("名册.csv", &register(ACCOUNT, "13922222222", "户主")).await;
        assert_eq!((passed.households_changed, passed.records_refused), (1, 0), "{said}");
        // Consent may be taken after the roster; once there is a pathway, another one is a change.
        let consent = |pathway: &str| {
            format!("户编号,意愿,安置方式,签字人,签字日期\nQX-001,同意搬迁,{pathway},张三丰,2026-03-01\n")
        };
        let (passed, said) = office.import("意愿.csv", &consent("集中安置")).await;
        assert_eq!((passed.households_changed, passed.records_refused), (1, 0), "{said}");
        let (held, said) = office.import("意愿.csv", &consent("货币化安置")).await;
        assert_eq!((held.households_changed, held.records_refused), (0, 1));
        assert!(said.contains("安置方式只能经变更审批改动"), "{said}");

        // An amendment: asked with evidence, checked by the township, approved by the county, by three people.
        let households = office.get("/api/v1/register/households?search=QX-001", &drafter).await;
        let household = households["items"][0]["id"].as_str().unwrap().to_owned();
        let page = format!("/api/v1/register/households/{household}");
        let shown = office.get(&page, &drafter).await;
        assert_eq!(shown["roster"]["document"], "安政函〔2026〕7号");
        let request = Request::builder().method("POST").uri("/api/v1/register/evidence?name=bank.jpg")
            .header(header::COOKIE, &drafter).body(Body::from(&b"\xFF\xD8\xFF\xE0 a scan"[..])).unwrap();
        let stored = office.router.clone().oneshot(request).await.unwrap();
        assert_eq!(stored.status(), StatusCode::CREATED);
        let stored = axum::body::to_bytes(stored.into_body(), 1 << 20).await.unwrap();
        let hash = serde_json::from_slice::<Value>(&stored).unwrap()["hash"].clone();
        let ask = |kind: &str, change: Value, evidence: &Value| json!({
            "household": household, "kind": kind, "changes": [change], "reason": "换了开户行", "evidence": evidence});
        let account = json!({"field": "bank_account", "new": "6217888888888888888"});
        for (body, code) in [
            (ask("correction", account.clone(), &json!("")), "evidence_missing"),
            (ask("correction", json!({"field": "bank_account", "new": ACCOUNT}), &hash), "amendment_changes"),
            (ask("natural_change", account.clone(), &hash), "amendment_kind"),
            (ask("correction", json!({"field": "area", "new": "619021999999"}), &hash), "unknown_area"),
        ] {
            let answer = office.send("POST", AMENDMENTS, Some(&drafter), Some(body)).await;
            assert_eq!((answer.status, &answer.json()["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(code)));
        }
        let whole = ask("correction", account.clone(), &hash);
        assert_eq!(office.send("POST", AMENDMENTS, Some(&stranger), Some(whole.clone())).await.json()["code"], "not_found");
        let asked = office.send("POST", AMENDMENTS, Some(&drafter), Some(whole.clone())).await;
        assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.json());
        let asked = asked.json();
        let place = format!("{AMENDMENTS}/{}", asked["id"].as_str().unwrap());
        let decision = format!("{place}/decision");
        let (approve, apply, refuse) = (json!({"decision": "township_approve"}), json!({"decision": "apply"}), json!({"decision": "refuse"}));
        assert_eq!(office.step(&decision, &freezer, &asked["version"], apply.clone()).await.1["code"], "amendment_state");
        assert_eq!(office.step(&decision, &stranger, &asked["version"], approve.clone()).await.1["code"], "not_found");
        assert_eq!(office.step(&decision, &freezer, &asked["version"], approve.clone()).await.1["code"], "forbidden");
        assert_eq!(office.step(&decision, &freezer, &asked["version"], refuse.clone()).await.1["code"], "reason_missing");
        let (_, approved) = office.step(&decision, &checker, &asked["version"], approve.clone()).await;
        assert_eq!(approved["state"], "township_approved", "{approved}");
        assert_eq!(office.step(&decision, &drafter, &approved["version"], apply.clone()).await.1["code"], "same_person");
        assert_eq!(office.step(&decision, &freezer, &asked["version"], apply.clone()).await.1["code"], "version_conflict");
        let (_, applied) = office.step(&decision, &freezer, &approved["version"], apply.clone()).await;
        assert_eq!(applied["state"], "applied", "{applied}");
        let paper = office.send("GET", &format!("{place}/evidence"), Some(&checker), None).await;
        assert!(paper.body.ends_with(b" a scan"));
        assert_eq!(office.send("GET", &format!("{place}/evidence"), Some(&stranger), None).await.status, StatusCode::NOT_FOUND);

        // The household's page shows both values and who decided; a second request for the old value is out of date.
        let shown = office.get(&page, &checker).await;
        let amendment = &shown["amendments"][0];
        assert_eq!(amendment["changes"][0]["before"]["zh"], ACCOUNT);
        assert_eq!(amendment["changes"][0]["after"]["zh"], "6217888888888888888");
        let by: Vec<&str> = amendment["steps"].as_array().unwrap().iter().map(|step| step["by"].as_str().unwrap()).collect();
        assert_eq!(by, ["wang", "li", "zhao"]);
        let inbox = office.get(&format!("{AMENDMENTS}?state=applied"), &checker).await;
        assert_eq!(inbox["total"], 1);
        assert_eq!(office.get(&format!("{AMENDMENTS}?state=asked"), &checker).await["total"], 0);
        assert_eq!(office.get(AMENDMENTS, &stranger).await["total"], 0);
        // An inspector, who decides nothing, sees the values masked.
        let inspector = office.user(&administrator, "qian", "inspector", "619021").await;
        let masked = office.get(AMENDMENTS, &inspector).await;
        assert_ne!(masked["items"][0]["changes"][0]["after"]["zh"], "6217888888888888888");

        // A birth goes the short way: asked by the township, approved by the county.
        let birth = json!({"field": "members", "members": [{"name": "张小宝", "sex": "1", "relation": "20", "birth_date": "2026-05-01"}]});
        let born = office.send("POST", AMENDMENTS, Some(&checker), Some(ask("natural_change", birth, &hash))).await;
        assert_eq!(born.status, StatusCode::CREATED, "{}", born.json());
        let decision = format!("{AMENDMENTS}/{}/decision", born.json()["id"].as_str().unwrap());
        let (_, born) = office.step(&decision, &freezer, &born.json()["version"], apply.clone()).await;
        assert_eq!(born["state"], "applied", "{born}");
        assert_eq!(office.get(&page, &checker).await["persons"], 3);

        // The next version shows what became of it, and takes the place of the first; history stays readable.
        let second = draft(drafter.clone(), new).await.json();
        assert_eq!(second["number"], 2);
        let found = office.get(&format!("{ROSTERS}/{}/comparison", second["id"].as_str().unwrap()), &drafter).await;
        assert_eq!((&found["changed"], &found["unchanged"]), (&json!(1), &json!(1)));
        let fields: Vec<&str> = found["changed_entries"][0]["changes"].as_array().unwrap().iter().map(|change| change["field"].as_str().unwrap()).collect();
        assert_eq!(fields, ["members", "pathway", "bank_account"]);
        let freezing = format!("{ROSTERS}/{}/freezing", second["id"].as_str().unwrap());
        let (status, _) = office.step(&freezing, &freezer, &second["version"], approval).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(office.get(&path, &drafter).await["state"], "superseded");
        assert_eq!(office.get(&format!("{ROSTERS}?state=frozen"), &checker).await["total"], 1);
        let past = office.get(&format!("/api/v1/register/as-of?at={before_freezing}"), &checker).await;
        let persons = |past: &Value| {
            let items = past["items"].as_array().unwrap();
            items.iter().find(|item| item["register_number"] == "QX-001").unwrap()["persons"].clone()
        };
        assert_eq!((&past["total"], persons(&past)), (&json!(2), json!(2)));
        assert_eq!(office.get("/api/v1/register/as-of?at=2020-01-01T00:00:00Z", &checker).await["total"], 0);

        let report = anju_app::ledger::verify(&office.workspace, &operator, &anju_app::Progress::default()).await.unwrap();
        assert_eq!(report.problems, []);
    }
}
