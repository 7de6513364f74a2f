//! Signing in through a provider of OpenID Connect: the whole way, against a real provider, over TCP.
//!
//! The provider is the package `oidc-provider` of the web app's development packages, started for each test.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anju_server::Serving;
use anju_store::database_test;
use anju_store::testing::TestDatabase;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use openidconnect::reqwest;
use openidconnect::url::Url;
use serde_json::{Value, json};

use crate::office::{Office, PASSWORD};
use crate::second_factor::{code, enrol};

/// A provider in a process of its own, which ends with the value.
struct Provider {
    process: Child,
    issuer: String,
}

impl Provider {
    fn start(anju: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/e2e/oidc-provider.mjs");
        let settings = json!({
            "redirect": format!("{anju}/api/v1/session/provider/callback"),
            "home": format!("{anju}/"),
            "people": {
                "sub-of-li": {"claims": {"name": "李四", "preferred_username": "li"}},
                "sub-of-li-with-two-steps": {"claims": {"preferred_username": "li"}, "amr": ["pwd", "otp", "mfa"]},
                "sub-of-li-with-a-card": {"claims": {"preferred_username": "li"}, "acr": "urn:card"},
                "sub-of-admin": {"claims": {"preferred_username": "admin"}},
                "sub-of-qian": {"claims": {"name": "钱五", "preferred_username": "qian", "groups": ["staff", "township-101"]}},
                "sub-of-sun": {"claims": {"preferred_username": "sun", "groups": ["staff"]}},
                "sub-of-nobody": {"claims": {}},
            },
        });
        let mut process = Command::new("node")
            .arg(script)
            .arg(settings.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Node.js is needed to run a provider");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let said: Value = serde_json::from_str(&line)
            .expect("the provider did not start; its package is installed by `npm ci` in web/");
        Self {
            process,
            issuer: said["issuer"].as_str().unwrap().to_owned(),
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may have ended by itself.
        if self.process.kill().is_ok() {
            drop(self.process.wait());
        }
    }
}

/// An office whose router listens, and the provider that it trusts.
struct House<'a> {
    office: Office<'a>,
    provider: Provider,
    address: String,
    administrator: String,
}

impl<'a> House<'a> {
    /// `more` is added to the settings of the provider.
    async fn new(test: &'a TestDatabase, more: &str) -> Self {
        let mut office = Office::new(test).await;
        let administrator = office.administrator().await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let provider = Provider::start(&address);
        std::fs::write(office.root().join("oidc.secret"), "a secret of the tests\n").unwrap();
        let settings = format!(
            "\n[oidc]\nissuer = \"{}\"\nclient_id = \"anju\"\nclient_secret_file = \"oidc.secret\"\nname = \"省统一认证\"\n{more}",
            provider.issuer
        );
        let serving = Serving {
            public_address: Some(address.clone()),
            ..Serving::default()
        };
        office.configure(&settings, serving).await;
        tokio::spawn(anju_server::serve(
            listener,
            office.router.clone(),
            std::future::pending(),
        ));
        Self {
            office,
            provider,
            address,
            administrator,
        }
    }

    fn browser(&self, person: &str) -> Browser {
        Browser {
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()
                .unwrap(),
            cookies: BTreeMap::new(),
            anju: self.address.clone(),
            person: person.to_owned(),
        }
    }

    /// A township officer called li, with the identity of the provider bound when one is given.
    async fn li(&self, subject: Option<&str>) -> String {
        let (id, _) = self
            .office
            .user(&self.administrator, "li", "township_officer", "619021101")
            .await;
        if let Some(subject) = subject {
            let bound = self.bind(&id, subject).await;
            assert_eq!(bound.status, StatusCode::OK, "{}", bound.json());
            assert_eq!(
                bound.json()["identity"],
                json!({"issuer": self.provider.issuer, "subject": subject})
            );
        }
        id
    }

    async fn bind(&self, id: &str, subject: &str) -> crate::office::Answer {
        let identity = json!({"subject": subject});
        self.office
            .change_user("PUT", id, "/identity", &self.administrator, identity)
            .await
    }

    /// The commands on the ledger, the newest first.
    async fn commands(&self) -> Vec<String> {
        let entries = self
            .office
            .get("/ledger/entries?limit=20", &self.administrator)
            .await
            .json();
        let entries = entries.as_array().unwrap();
        entries
            .iter()
            .map(|entry| entry["command"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// What a browser does, one step at a time.
struct Browser {
    http: reqwest::Client,
    /// By host and name.
    cookies: BTreeMap<(String, String), String>,
    anju: String,
    person: String,
}

struct Seen {
    status: StatusCode,
    location: String,
    body: String,
}

impl Browser {
    async fn visit(&mut self, address: &str) -> Seen {
        self.ask("GET", address, Value::Null).await
    }

    async fn ask(&mut self, method: &str, address: &str, body: Value) -> Seen {
        let url = Url::parse(address).unwrap();
        let host = url.authority().to_owned();
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .filter(|((at, _), _)| *at == host)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        let mut request = self
            .http
            .request(method.parse().unwrap(), url.clone())
            .header("cookie", cookies.join("; "));
        if !address.starts_with(&self.anju) {
            request = request.header("x-person", &self.person);
        }
        if !body.is_null() {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let place = (host.clone(), name.to_owned());
            if value.is_empty() || cookie.contains("Max-Age=0") {
                self.cookies.remove(&place);
            } else {
                self.cookies.insert(place, value.to_owned());
            }
        }
        let location = response
            .headers()
            .get("location")
            .map(|place| url.join(place.to_str().unwrap()).unwrap().to_string());
        Seen {
            status: StatusCode::from_u16(response.status().as_u16()).unwrap(),
            location: location.unwrap_or_default(),
            body: response.text().await.unwrap(),
        }
    }

    /// Leaves for the provider: the address there.
    async fn leave(&mut self) -> String {
        let begun = self
            .visit(&format!("{}/api/v1/session/provider/start", self.anju))
            .await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.body);
        begun.location
    }

    /// Signs in at the provider: the address back.
    async fn at_provider(&mut self, address: String) -> String {
        let mut address = address;
        for _ in 0..6 {
            if address.starts_with(&self.anju) {
                return address;
            }
            let seen = self.visit(&address).await;
            assert!(
                seen.status.is_redirection(),
                "{address}: {} {}",
                seen.status,
                seen.body
            );
            address = seen.location;
        }
        panic!("the provider does not send the browser back: {address}");
    }

    /// Comes back: where the page then is, without the host.
    async fn come_back(&mut self, address: &str) -> String {
        let seen = self.visit(address).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.body);
        seen.location.strip_prefix(&self.anju).unwrap().to_owned()
    }

    /// The whole way.
    async fn sign_in(&mut self) -> String {
        let there = self.leave().await;
        let back = self.at_provider(there).await;
        self.come_back(&back).await
    }

    /// Who the service says is signed in.
    async fn session(&mut self) -> Value {
        let seen = self.visit(&format!("{}/api/v1/session", self.anju)).await;
        serde_json::from_str(&seen.body).unwrap()
    }
}

/// The address with another value of a parameter.
fn with(address: &str, name: &str, value: &str) -> String {
    let mut url = Url::parse(address).unwrap();
    let pairs: Vec<(String, String)> = url
        .query_pairs()
        .map(|(key, old)| {
            let new = if key == name {
                value.to_owned()
            } else {
                old.into_owned()
            };
            (key.into_owned(), new)
        })
        .collect();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url.to_string()
}

database_test! {
    async fn a_bound_identity_signs_in_and_out(test) {
        let house = House::new(test, "").await;
        let shown = house.office.get("/session/provider", "").await;
        assert_eq!((shown.status, shown.json()), (StatusCode::OK, json!({"name": "省统一认证"})));
        let id = house.li(Some("sub-of-li")).await;
        let mut browser = house.browser("sub-of-li");
        let there = browser.leave().await;
        for part in ["response_type=code", "code_challenge_method=S256", "state=", "nonce=", "scope=openid+profile"] {
            assert!(there.contains(part), "{part} is not in {there}");
        }
        let back = browser.at_provider(there).await;
        assert_eq!(browser.come_back(&back).await, "/");
        let session = browser.session().await;
        // No password of this office was ever typed, so none has to be changed first.
        assert_eq!((&session["name"], &session["must_change_password"]), (&json!("li"), &json!(false)));
        assert_eq!(browser.visit(&format!("{}/api/v1/session/identity", house.address)).await.body,
            json!({"issuer": house.provider.issuer, "subject": "sub-of-li"}).to_string());
        let sessions = house.office.get(&format!("/users/{id}/sessions"), &house.administrator).await.json();
        let through = |session: &&Value| session["through_provider"] == true;
        assert_eq!(sessions.as_array().unwrap().iter().filter(through).count(), 1, "{sessions}");

        let out = browser.ask("DELETE", &format!("{}/api/v1/session", house.address), Value::Null).await;
        assert_eq!(out.status, StatusCode::OK);
        let told: Value = serde_json::from_str(&out.body).unwrap();
        let address = told["provider_address"].as_str().unwrap();
        assert!(address.starts_with(&house.provider.issuer) && address.contains("client_id=anju"), "{address}");
        assert_eq!(browser.visit(address).await.status, StatusCode::OK, "the provider knows the way out");
        assert_eq!(browser.session().await["code"], "not_signed_in");
        house.office.verify_ledger().await;
        let ledger = house.office.get("/ledger/entries?limit=500", &house.administrator).await;
        assert!(!String::from_utf8(ledger.body).unwrap().contains("a secret of the tests"));
    }
}

database_test! {
    async fn what_does_not_belong_to_the_sign_in_is_refused(test) {
        let house = House::new(test, "").await;
        house.li(Some("sub-of-li")).await;
        let refused = |code: &str| format!("/?sign_in={code}");

        // Another state, or an answer of another provider.
        let mut browser = house.browser("sub-of-li");
        let there = browser.leave().await;
        let back = browser.at_provider(there).await;
        assert_eq!(browser.come_back(&with(&back, "state", "forged")).await, refused("provider_wrong_state"));
        let there = browser.leave().await;
        let back = browser.at_provider(there).await;
        assert_eq!(browser.come_back(&with(&back, "iss", "https://id.example.org")).await, refused("provider_wrong_state"));

        // A token that was made for another nonce: the browser was made to ask with another.
        let there = with(&browser.leave().await, "nonce", "forged");
        let back = browser.at_provider(there).await;
        assert_eq!(browser.come_back(&back).await, refused("provider_wrong_nonce"));

        // A code for whoever holds another verifier (PKCE).
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let there = with(&browser.leave().await, "code_challenge", challenge);
        let back = browser.at_provider(there).await;
        assert_eq!(browser.come_back(&back).await, refused("provider_wrong_code"));

        // The same code once more, with and without what the browser brought the first time.
        let there = browser.leave().await;
        let back = browser.at_provider(there).await;
        let kept = browser.cookies.clone();
        assert_eq!(browser.come_back(&back).await, "/");
        let mut again = house.browser("sub-of-li");
        again.cookies = kept;
        assert_eq!(again.come_back(&back).await, refused("provider_wrong_code"));
        assert_eq!(browser.come_back(&back).await, refused("provider_not_begun"));

        // Somebody else's browser is handed the answer.
        let mut victim = house.browser("sub-of-nobody");
        assert_eq!(victim.come_back(&back).await, refused("provider_not_begun"));
        assert_eq!(victim.session().await["code"], "not_signed_in");

        // A browser that forges what it was given.
        let mut forger = house.browser("sub-of-li");
        let there = forger.leave().await;
        let back = forger.at_provider(there).await;
        for value in forger.cookies.values_mut().filter(|value| value.contains('.')) {
            let first = if value.starts_with('0') { "1" } else { "0" };
            value.replace_range(0..1, first);
        }
        assert_eq!(forger.come_back(&back).await, refused("provider_not_begun"));

        // The person says no there.
        let mut stranger = house.browser("somebody the provider does not know");
        assert_eq!(stranger.sign_in().await, refused("provider_declined"));
    }
}

database_test! {
    async fn a_sign_in_that_takes_too_long_is_refused(test) {
        let house = House::new(test, "").await;
        house.li(Some("sub-of-li")).await;
        let mut browser = house.browser("sub-of-li");
        let there = browser.leave().await;
        let back = browser.at_provider(there).await;
        house.office.pass(SignedDuration::from_mins(10));
        assert_eq!(browser.come_back(&back).await, "/?sign_in=provider_expired");

        // The provider's token holds for a minute by its own clock, which is the real one.
        #[expect(clippy::disallowed_methods, reason = "the provider's clock is the system's")]
        let real = Timestamp::now();
        house.office.pass(real.duration_since(house.office.now()));
        let there = browser.leave().await;
        let back = browser.at_provider(there).await;
        house.office.pass(SignedDuration::from_mins(5));
        assert_eq!(browser.come_back(&back).await, "/?sign_in=provider_expired");
        assert_eq!(browser.session().await["code"], "not_signed_in");
    }
}

database_test! {
    async fn nobody_is_let_in_who_is_not_bound_or_whose_account_is_closed(test) {
        let house = House::new(test, "").await;
        let id = house.li(Some("sub-of-li")).await;
        // A name that fits is no reason while the settings do not say so.
        for person in ["sub-of-li-with-two-steps", "sub-of-admin", "sub-of-qian", "sub-of-nobody"] {
            assert_eq!(house.browser(person).sign_in().await, "/?sign_in=provider_unknown_identity", "{person}");
        }
        let users = house.office.get("/users", &house.administrator).await.json();
        assert_eq!(users.as_array().unwrap().len(), 2, "no account was made");

        let mut browser = house.browser("sub-of-li");
        assert_eq!(browser.sign_in().await, "/");
        let closed = house.office.change_user("POST", &id, "/disable", &house.administrator, Value::Null).await;
        assert_eq!(closed.status, StatusCode::OK);
        assert_eq!(browser.session().await["code"], "not_signed_in");
        assert_eq!(browser.sign_in().await, "/?sign_in=provider_account_closed");
    }
}

database_test! {
    async fn the_administrator_binds_and_unbinds_and_an_identity_opens_one_account(test) {
        let house = House::new(test, "").await;
        let li = house.li(Some("sub-of-li")).await;
        let (wang, wang_cookie) = house.office.user(&house.administrator, "wang", "township_officer", "619021102").await;
        assert_eq!(house.bind(&wang, "sub-of-li").await.code(), "identity_taken");
        assert_eq!(house.bind(&wang, " ").await.code(), "identity");
        let path = format!("/users/{li}/identity");
        assert_eq!(house.office.send("PUT", &path, &wang_cookie, &[("if-match", "1")], json!({"subject": "x"})).await.code(), "forbidden");
        assert_eq!(house.office.send("DELETE", &path, &wang_cookie, &[("if-match", "1")], Value::Null).await.code(), "forbidden");

        let mut browser = house.browser("sub-of-li");
        assert_eq!(browser.sign_in().await, "/");
        let by_password = house.office.sign_in("li", PASSWORD).await.cookie();
        let unbound = house.office.change_user("DELETE", &li, "/identity", &house.administrator, Value::Null).await;
        assert_eq!((unbound.status, &unbound.json()["identity"]), (StatusCode::OK, &Value::Null));
        // What it opened is shut; what the password opened is not.
        assert_eq!(browser.session().await["code"], "not_signed_in");
        assert_eq!(house.office.get("/session", &by_password).await.status, StatusCode::OK);
        assert_eq!(browser.sign_in().await, "/?sign_in=provider_unknown_identity");
        assert_eq!(house.office.change_user("DELETE", &li, "/identity", &house.administrator, Value::Null).await.code(), "not_found");
        assert_eq!(house.bind(&wang, "sub-of-li").await.status, StatusCode::OK);
        assert_eq!(browser.sign_in().await, "/");
        assert_eq!(browser.session().await["name"], "wang");
        let commands = house.commands().await;
        for command in ["bind_identity", "unbind_identity"] {
            assert!(commands.iter().any(|known| known == command), "{command} {commands:?}");
        }
        house.office.verify_ledger().await;
    }
}

database_test! {
    async fn the_own_second_step_is_asked_for_unless_the_provider_had_one(test) {
        let house = House::new(test, "second_step_acr = [\"urn:card\"]\n").await;
        let id = house.li(None).await;
        let cookie = house.office.sign_in("li", PASSWORD).await.cookie();
        let (secret, _) = enrol(&house.office, &cookie).await;
        for person in ["sub-of-li-with-two-steps", "sub-of-li-with-a-card"] {
            assert_eq!(house.bind(&id, person).await.status, StatusCode::OK);
            let mut browser = house.browser(person);
            assert_eq!(browser.sign_in().await, "/", "{person}");
            assert_eq!(browser.session().await["name"], "li");
        }
        assert_eq!(house.bind(&id, "sub-of-li").await.status, StatusCode::OK);
        let mut browser = house.browser("sub-of-li");
        assert_eq!(browser.sign_in().await, "/?sign_in=second_step");
        assert_eq!(browser.session().await["code"], "not_signed_in");
        let step = format!("{}/api/v1/session/provider/second-step", house.address);
        let wrong = browser.ask("POST", &step, json!({"code": "no code"})).await;
        assert!(wrong.status == StatusCode::UNAUTHORIZED && wrong.body.contains("wrong_code"), "{}", wrong.body);
        // Without what the provider's answer left in this browser a code is worth nothing.
        house.office.pass(SignedDuration::from_secs(60));
        let right = json!({"code": code(&secret, house.office.now().as_second())});
        let mut stranger = house.browser("sub-of-li");
        let refused = stranger.ask("POST", &step, right.clone()).await;
        assert!(refused.body.contains("provider_not_begun"), "{}", refused.body);
        let entered = browser.ask("POST", &step, right.clone()).await;
        assert_eq!(entered.status, StatusCode::OK, "{}", entered.body);
        assert_eq!(browser.session().await["name"], "li");

        // Guessing is counted as at any sign-in, and the time runs out.
        let mut guesser = house.browser("sub-of-li");
        assert_eq!(guesser.sign_in().await, "/?sign_in=second_step");
        for _ in 0..4 {
            assert!(guesser.ask("POST", &step, json!({"code": "000000"})).await.body.contains("wrong_code"));
        }
        assert!(guesser.ask("POST", &step, json!({"code": "000000"})).await.body.contains("locked_out"));
        assert_eq!(house.office.sign_in("li", PASSWORD).await.code(), "locked_out");
        house.office.pass(SignedDuration::from_mins(16));
        assert!(guesser.ask("POST", &step, right).await.body.contains("provider_expired"));
    }
}

database_test! {
    async fn a_claim_binds_at_the_first_sign_in_where_the_settings_say_so_but_never_an_administrator(test) {
        let house = House::new(test, "name_claim = \"preferred_username\"\n").await;
        house.li(None).await;
        let mut browser = house.browser("sub-of-li");
        assert_eq!(browser.sign_in().await, "/");
        assert_eq!(browser.session().await["name"], "li");
        assert_eq!(house.commands().await[0], "bind_identity");
        // The account is that person's now: another one who takes the name at the provider is not let in.
        assert_eq!(house.browser("sub-of-li-with-two-steps").sign_in().await, "/?sign_in=provider_unknown_identity");
        assert_eq!(house.browser("sub-of-admin").sign_in().await, "/?sign_in=provider_unknown_identity");
        assert_eq!(house.browser("sub-of-qian").sign_in().await, "/?sign_in=provider_unknown_identity");
        house.office.verify_ledger().await;
    }
}

database_test! {
    async fn an_account_is_made_by_the_table_of_roles_and_by_nothing_else(test) {
        let rows = "[oidc.provisioning]\nclaim = \"groups\"\n\
            [[oidc.provisioning.roles]]\nvalue = \"township-101\"\nrole = \"township_officer\"\narea = \"619021101\"\n";
        let house = House::new(test, rows).await;
        let mut browser = house.browser("sub-of-qian");
        assert_eq!(browser.sign_in().await, "/");
        let session = browser.session().await;
        assert_eq!((&session["name"], &session["display_name"]), (&json!("qian"), &json!("钱五")));
        assert_eq!((&session["role"], &session["area"]), (&json!("township_officer"), &json!("619021101")));
        assert!(house.commands().await.iter().any(|command| command == "provision_user"));
        // Once more it is the same account; whoever has no row has none.
        assert_eq!(house.browser("sub-of-qian").sign_in().await, "/");
        assert_eq!(house.browser("sub-of-sun").sign_in().await, "/?sign_in=provider_unknown_identity");
        let users = house.office.get("/users", &house.administrator).await.json();
        assert_eq!(users.as_array().unwrap().len(), 2);
        house.office.verify_ledger().await;
    }
}

database_test! {
    async fn without_a_provider_or_with_one_that_is_down_passwords_still_do(test) {
        let mut office = Office::new(test).await;
        let administrator = office.administrator().await;
        assert_eq!(office.get("/session/provider", "").await.json(), Value::Null);
        let start = office.get("/session/provider/start", "").await;
        assert_eq!(start.header("location"), Some("/?sign_in=provider_not_configured"));
        let (id, _) = office.user(&administrator, "li", "township_officer", "619021101").await;
        let bound = office.change_user("PUT", &id, "/identity", &administrator, json!({"subject": "x"})).await;
        assert_eq!((bound.status, bound.code().as_str()), (StatusCode::NOT_FOUND, "provider_not_configured"));

        // A port that was free a moment ago.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let nobody = listener.local_addr().unwrap();
        drop(listener);
        let settings = format!("\n[oidc]\nissuer = \"http://{nobody}\"\nclient_id = \"anju\"\n");
        let serving = Serving { public_address: Some("http://127.0.0.1:8080".into()), ..Serving::default() };
        office.configure(&settings, serving).await;
        let start = office.get("/session/provider/start", "").await;
        assert_eq!(start.header("location"), Some("/?sign_in=provider_unreachable"));
        assert_eq!(office.sign_in("li", PASSWORD).await.status, StatusCode::OK);
    }
}
