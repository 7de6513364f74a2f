//! An office with a clock that the test sets, and requests to its router.

use std::sync::{Arc, Mutex};

use anju_app::workspace::{Environment, NewWorkspace};
use anju_app::{Caller, Progress, Workspace};
use anju_ledger::SigningKey;
use anju_model::area::AreaCode;
use anju_store::testing::TestDatabase;
use anju_store::{Context, Tx};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt;

/// The password that [`Office::enter`] gives everybody.
pub const PASSWORD: &str = "a much better password";

pub struct Office<'a> {
    test: &'a TestDatabase,
    folder: tempfile::TempDir,
    now: Arc<Mutex<Timestamp>>,
    pub workspace: Arc<Workspace>,
    pub router: Router,
    /// The administrator's first password.
    pub password: String,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The stable code of a problem, empty when there is none.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Name and value of the cookie that was set.
    pub fn cookie(&self) -> String {
        let whole = self.header("set-cookie").unwrap();
        whole.split(';').next().unwrap().to_owned()
    }
}

impl<'a> Office<'a> {
    pub async fn new(test: &'a TestDatabase) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let new = NewWorkspace {
            county_code: AreaCode::parse("619021").unwrap(),
            county_name: "安澜县".into(),
            epsg: 4545,
            pack: "cn-shaanxi".into(),
            database: Some(test.address.clone()),
            administrator: "admin".into(),
        };
        let now = Arc::new(Mutex::new("2026-03-02T01:00:00Z".parse::<Timestamp>().unwrap()));
        let root = folder.path().join("office");
        let made = Workspace::init(&root, new, environment(&now)).await.unwrap();
        let workspace = Arc::new(Workspace::open(&root, None, environment(&now)).await.unwrap());
        let router = anju_server::router(workspace.clone()).await.unwrap();
        Self {
            test,
            folder,
            now,
            workspace,
            router,
            password: made.password,
        }
    }

    /// Adds to the workspace's configuration and starts the service anew.
    pub async fn configure(&mut self, text: &str, serving: anju_server::Serving) {
        use std::io::Write;
        let root = self.folder.path().join("office");
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(root.join("anju.toml"))
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
        self.workspace = Arc::new(
            Workspace::open(&root, None, environment(&self.now))
                .await
                .unwrap(),
        );
        self.router = anju_server::router_for(self.workspace.clone(), serving)
            .await
            .unwrap();
    }

    /// The workspace's folder.
    pub fn root(&self) -> std::path::PathBuf {
        self.folder.path().join("office")
    }

    /// Lets time pass.
    pub fn pass(&self, time: SignedDuration) {
        let mut now = self.now.lock().unwrap();
        *now += time;
    }

    pub fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    /// A transaction beside the use cases, for what no use case of a test makes; end it with [`Office::commit`].
    pub async fn begin(&self) -> Tx {
        let context = Context {
            actor: "test".into(),
            command: "test".into(),
            reason: None,
            at: self.now(),
            salt_seed: [7; 32],
        };
        self.test.db.begin(context).await.unwrap()
    }

    pub async fn commit(&self, tx: Tx) {
        let text = std::fs::read_to_string(self.folder.path().join("office/ledger.key")).unwrap();
        tx.commit(&SigningKey::from_text(text.trim()).unwrap())
            .await
            .unwrap();
    }

    /// Checks the whole ledger, and every row against it.
    pub async fn verify_ledger(&self) {
        let caller = Caller::operator("test", &self.workspace.county().code);
        let report = anju_app::ledger::verify(&self.workspace, &caller, &Progress::default())
            .await
            .unwrap();
        assert_eq!(report.problems, []);
    }

    pub async fn request(&self, request: Request<Body>) -> Answer {
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = axum::body::to_bytes(response.into_body(), 1 << 24).await.unwrap();
        Answer {
            status,
            headers,
            body: body.to_vec(),
        }
    }

    /// Sends a request of the API, with a cookie (empty for none), headers and a body (null for none).
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        cookie: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        if !cookie.is_empty() {
            request = request.header(header::COOKIE, cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = if body.is_null() {
            request.body(Body::empty())
        } else {
            request
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string()))
        };
        self.request(request.unwrap()).await
    }

    pub async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send("GET", path, cookie, &[], Value::Null).await
    }

    pub async fn post(&self, path: &str, cookie: &str, body: Value) -> Answer {
        self.send("POST", path, cookie, &[], body).await
    }

    /// Posts a file.
    pub async fn upload(&self, path: &str, cookie: &str, body: Vec<u8>) -> Answer {
        let request = Request::post(format!("/api/v1{path}"))
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .body(Body::from(body))
            .unwrap();
        self.request(request).await
    }

    /// Sends a change of a user, seen as it is now.
    pub async fn change_user(
        &self,
        method: &str,
        id: &str,
        after: &str,
        cookie: &str,
        body: Value,
    ) -> Answer {
        let path = format!("/users/{id}");
        let version = self.get(&path, cookie).await.json()["version"].to_string();
        let headers = [("if-match", version.as_str())];
        self.send(method, &format!("{path}{after}"), cookie, &headers, body)
            .await
    }

    pub async fn sign_in(&self, name: &str, password: &str) -> Answer {
        self.post("/session", "", json!({"name": name, "password": password}))
            .await
    }

    /// Signs in with a first password and changes it.
    pub async fn enter(&self, name: &str, first: &str) -> String {
        let answer = self.sign_in(name, first).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
        let cookie = answer.cookie();
        let change = json!({"current": first, "new": PASSWORD});
        let changed = self.post("/session/password", &cookie, change).await;
        assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.json());
        cookie
    }

    /// The administrator, signed in.
    pub async fn administrator(&self) -> String {
        self.enter("admin", &self.password).await
    }

    /// A new user, signed in: the id and the cookie.
    pub async fn user(&self, administrator: &str, name: &str, role: &str, area: &str) -> (String, String) {
        let department = (role == "department_user").then_some("vehicles");
        self.user_of(administrator, name, role, area, department).await
    }

    /// A new user, perhaps of a department, signed in: the id and the cookie.
    pub async fn user_of(
        &self,
        administrator: &str,
        name: &str,
        role: &str,
        area: &str,
        department: Option<&str>,
    ) -> (String, String) {
        let new = json!({"name": name, "display_name": name, "role": role, "area": area, "department": department,
                         "password": "first password"});
        let made = self.post("/users", administrator, new).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
        let id = made.json()["id"].as_str().unwrap().to_owned();
        (id, self.enter(name, "first password").await)
    }
}

fn environment(now: &Arc<Mutex<Timestamp>>) -> Environment {
    let now = now.clone();
    Environment {
        clock: Box::new(move || *now.lock().unwrap()),
        ..Environment::system()
    }
}
