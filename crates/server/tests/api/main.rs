//! The API through the real router: signing in, least privilege, problem details, the worklists of an empty workspace.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps fails, which is what it is for"
)]

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
    _folder: tempfile::TempDir,
    router: Router,
    password: String,
}

struct Answer {
    status: StatusCode,
    kind: String,
    cookie: Option<String>,
    body: Vec<u8>,
}

impl Answer {
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
        let router = anju_server::router(Arc::new(workspace)).await.unwrap();
        Self {
            _folder: folder,
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
        let mut request = Request::builder().method(method).uri(path);
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = match body {
            Some(body) => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let text = |name| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let kind = text(header::CONTENT_TYPE).unwrap_or_default();
        let cookie = text(header::SET_COOKIE).map(|cookie| cookie.split(';').next().unwrap().to_owned());
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 24)
            .await
            .unwrap()
            .to_vec();
        Answer {
            status,
            kind,
            cookie,
            body,
        }
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
    async fn nothing_personal_is_served_without_signing_in(test) {
        let office = Office::new(test).await;
        for path in [
            "/api/v1/session",
            "/api/v1/start",
            "/api/v1/areas",
            "/api/v1/register/households",
            "/api/v1/register/households.xlsx",
            "/api/v1/register/households.csv",
            "/api/v1/register/households/0198c0de-0000-7000-8000-000000000000",
            "/api/v1/register/households/0198c0de-0000-7000-8000-000000000000/history",
            "/api/v1/register/figures",
            "/api/v1/lookback/items",
            "/api/v1/lookback/items.xlsx",
            "/api/v1/lookback/figures",
            "/api/v1/land",
            "/api/v1/land/candidates",
            "/api/v1/land/candidates.geojson",
            "/api/v1/land/at?longitude=108&latitude=32",
            "/api/v1/tiles/hillshade/10/1/1.png",
            "/api/v1/tiles/suitability/10/1/1.png",
            "/api/v1/tiles/layer/roads/10/1/1.mvt",
            "/api/v1/tiles/households/10/1/1.mvt",
            "/api/v1/plan",
            "/api/v1/plan/assignments",
            "/api/v1/plan/assignments.xlsx",
            "/api/v1/plan/flows.geojson",
            "/api/v1/plan/figures",
            "/api/v1/jobs",
            "/api/v1/ledger",
            "/api/v1/ledger/entries",
            "/api/v1/ledger/entries/0/proof",
            "/api/v1/ledger/consistency?from=1&to=2",
            "/api/v1/ledger/checkpoint",
            "/api/v1/users",
        ] {
            let answer = office.send("GET", path, None, None).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(answer.kind, "application/problem+json", "{path}");
            assert_eq!(answer.json()["code"], "not_signed_in", "{path}");
        }
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
            ("/api/v1/ledger/entries/-1/proof", StatusCode::BAD_REQUEST, "entry_index"),
            ("/api/v1/ledger/consistency", StatusCode::BAD_REQUEST, "consistency_range"),
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
    async fn content_is_erased_by_an_administrator_with_an_order(test) {
        let office = Office::new(test).await;
        let cookie = office.enter("admin", &office.password).await;
        let order = || Some(json!({"reason": "当事人申请", "document": "安法执〔2026〕9号"}));
        // Entry 2 is the administrator as made, whose password was changed since.
        let (office, cookie) = (&office, cookie.as_str());
        let erase = |index: &'static str, body| async move {
            let path = format!("/api/v1/ledger/entries/{index}/erasure");
            office.send("POST", &path, Some(cookie), body).await
        };
        let incomplete = erase("2", Some(json!({"reason": "r"}))).await;
        assert_eq!((incomplete.status, incomplete.json()["code"].as_str()), (StatusCode::BAD_REQUEST, Some("erasure_incomplete")));
        let erased = erase("2", order()).await;
        assert_eq!(erased.status, StatusCode::CREATED, "{}", erased.json());
        assert_eq!((&erased.json()["entry"], &erased.json()["kind"]), (&json!(2), &json!("user_account")));
        for (index, status, code) in [
            ("2", StatusCode::CONFLICT, "nothing_to_erase"),
            ("0", StatusCode::CONFLICT, "entry_is_current"),
            ("1000000", StatusCode::NOT_FOUND, "not_found"),
            ("x", StatusCode::BAD_REQUEST, "entry_index"),
        ] {
            let answer = erase(index, order()).await;
            assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)), "{index}");
        }
        let entries = office.send("GET", "/api/v1/ledger/entries?kind=user_account", Some(cookie), None).await.json();
        let shown: Vec<_> = entries.as_array().unwrap().iter().map(|entry| entry["erased"].as_bool().unwrap()).collect();
        assert_eq!(shown, [false, true]);
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
