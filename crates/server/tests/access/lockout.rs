//! Wrong passwords, and what the administrator does with accounts.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use anju_store::database_test;

use crate::office::{Office, PASSWORD};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// What an outsider can tell answers apart by.
async fn answers(
    office: &Office<'_>,
    name: &str,
    attempts: usize,
) -> Vec<(StatusCode, String, Option<String>, Value)> {
    let mut seen = Vec::new();
    for _ in 0..attempts {
        let answer = office.sign_in(name, "a wrong password").await;
        let wait = answer.header("retry-after").map(str::to_owned);
        seen.push((answer.status, answer.code(), wait, answer.json()));
    }
    seen
}

database_test! {
    async fn five_wrong_passwords_close_a_name_for_a_quarter_of_an_hour_whether_anybody_has_it_or_not(test) {
        let office = Office::new(test).await;
        office.administrator().await;
        let known = answers(&office, "admin", 6).await;
        let unknown = answers(&office, "nobody", 6).await;
        assert_eq!(known, unknown);
        let codes: Vec<&str> = known.iter().map(|(_, code, ..)| code.as_str()).collect();
        assert_eq!(codes, ["wrong_password", "wrong_password", "wrong_password", "wrong_password", "locked_out", "locked_out"]);
        assert_eq!(known[5].0, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(known[5].2.as_deref(), Some("900"));

        // The right password does not help, neither at once nor a second before the end.
        assert_eq!(office.sign_in("admin", PASSWORD).await.code(), "locked_out");
        office.pass(MINUTE * 15 - SignedDuration::from_secs(1));
        let answer = office.sign_in("admin", PASSWORD).await;
        assert_eq!((answer.code().as_str(), answer.header("retry-after")), ("locked_out", Some("1")));
        office.pass(SignedDuration::from_secs(1));
        assert_eq!(office.sign_in("admin", PASSWORD).await.status, StatusCode::OK);
    }
}

database_test! {
    async fn only_wrong_passwords_of_the_last_quarter_of_an_hour_count(test) {
        let office = Office::new(test).await;
        office.administrator().await;
        answers(&office, "admin", 4).await;
        office.pass(MINUTE * 15);
        let later = answers(&office, "admin", 4).await;
        assert!(later.iter().all(|(_, code, ..)| code == "wrong_password"), "{later:?}");
        // The right one forgets the wrong ones.
        assert_eq!(office.sign_in("admin", PASSWORD).await.status, StatusCode::OK);
        let again = answers(&office, "admin", 4).await;
        assert!(again.iter().all(|(_, code, ..)| code == "wrong_password"), "{again:?}");
    }
}

database_test! {
    async fn parallel_guesses_are_answered_no_more_than_guesses_one_after_another(test) {
        let office = Office::new(test).await;
        office.administrator().await;
        let guesses = (0..10).map(|_| office.sign_in("admin", "a wrong password"));
        let mut wrong = 0;
        for answer in futures_of(guesses).await {
            match answer.code().as_str() {
                "wrong_password" => wrong += 1,
                "locked_out" => {}
                other => panic!("{other} {}", answer.json()),
            }
        }
        assert_eq!(wrong, 4);
        assert_eq!(office.sign_in("admin", PASSWORD).await.code(), "locked_out");
    }
}

/// All at once on this thread, each going on while the others wait for the database.
async fn futures_of<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut waiting = false;
        for (future, output) in &mut running {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(ready) => *output = Some(ready),
                    std::task::Poll::Pending => waiting = true,
                }
            }
        }
        if waiting {
            std::task::Poll::Pending
        } else {
            std::task::Poll::Ready(())
        }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}

database_test! {
    async fn guessing_the_present_password_from_a_browser_left_open_counts_too(test) {
        let office = Office::new(test).await;
        let cookie = office.administrator().await;
        let change = json!({"current": "a wrong password", "new": "another good password"});
        for expected in ["wrong_password", "wrong_password", "wrong_password", "wrong_password", "locked_out"] {
            assert_eq!(office.post("/session/password", &cookie, change.clone()).await.code(), expected);
        }
        assert_eq!(office.sign_in("admin", PASSWORD).await.code(), "locked_out");
    }
}

database_test! {
    async fn the_administrator_unlocks(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let (id, _) = office.user(&administrator, "li", "township_officer", "619021101").await;
        answers(&office, "li", 5).await;
        let find = |users: Value| users.as_array().unwrap().iter().find(|user| user["name"] == "li").cloned().unwrap();
        let listed = find(office.get("/users", &administrator).await.json());
        assert_eq!(listed["locked_until"], "2026-03-02T01:15:00Z");
        let unlocked = office.change_user("POST", &id, "/unlock", &administrator, Value::Null).await;
        assert_eq!((unlocked.status, &unlocked.json()["locked_until"]), (StatusCode::OK, &Value::Null));
        assert_eq!(office.sign_in("li", PASSWORD).await.status, StatusCode::OK);
    }
}

database_test! {
    async fn a_closed_account_is_out_at_once_and_looks_like_a_wrong_password(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let (id, cookie) = office.user(&administrator, "li", "township_officer", "619021101").await;
        assert_eq!(office.get("/start", &cookie).await.status, StatusCode::OK);
        let closed = office.change_user("POST", &id, "/disable", &administrator, Value::Null).await;
        assert_eq!(closed.json()["disabled"], true);
        assert_eq!(office.get("/start", &cookie).await.code(), "not_signed_in");
        assert_eq!(office.sign_in("li", PASSWORD).await.code(), "wrong_password");
        let opened = office.change_user("POST", &id, "/enable", &administrator, Value::Null).await;
        assert_eq!(opened.json()["disabled"], false);
        // The old session stays ended.
        assert_eq!(office.get("/start", &cookie).await.code(), "not_signed_in");
        assert_eq!(office.sign_in("li", PASSWORD).await.status, StatusCode::OK);
    }
}

database_test! {
    async fn a_reset_password_is_temporary_and_ends_the_sessions(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let (id, cookie) = office.user(&administrator, "li", "township_officer", "619021101").await;
        answers(&office, "li", 5).await;
        let reset = office.change_user("POST", &id, "/password", &administrator, Value::Null).await;
        let temporary = reset.json()["password"].as_str().unwrap().to_owned();
        assert_eq!(office.get("/start", &cookie).await.code(), "not_signed_in");
        assert_eq!(office.sign_in("li", PASSWORD).await.code(), "wrong_password");
        let answer = office.sign_in("li", &temporary).await;
        assert_eq!(answer.json()["must_change_password"], true);
        assert_eq!(office.get("/start", &answer.cookie()).await.code(), "password_change_needed");
        let ledger = office.get("/ledger/entries?limit=500", &administrator).await;
        assert!(!String::from_utf8(ledger.body).unwrap().contains(&temporary));
    }
}

database_test! {
    async fn a_new_role_and_area_hold_at_once_and_old_sight_of_the_user_is_refused(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let (id, cookie) = office.user(&administrator, "li", "township_officer", "619021101").await;
        let users = office.get("/users", &administrator).await.json();
        let version = users.as_array().unwrap().iter().find(|user| user["name"] == "li").unwrap()["version"].to_string();
        let path = format!("/users/{id}");
        let place = json!({"role": "inspector", "area": "619021"});
        let seen = [("if-match", version.as_str())];
        assert_eq!(office.get("/ledger", &cookie).await.code(), "forbidden");
        assert_eq!(office.send("PATCH", &path, &administrator, &[], place.clone()).await.code(), "version_missing");
        let moved = office.send("PATCH", &path, &administrator, &seen, place.clone()).await;
        assert_eq!((moved.status, &moved.json()["role"]), (StatusCode::OK, &json!("inspector")));
        assert_eq!(office.get("/ledger", &cookie).await.status, StatusCode::OK);
        assert_eq!(office.send("PATCH", &path, &administrator, &seen, place).await.code(), "version_conflict");
        let unsuited = json!({"role": "village_officer", "area": "619021"});
        assert_eq!(office.send("PATCH", &path, &administrator, &seen, unsuited).await.code(), "role_area");
    }
}

database_test! {
    async fn nobody_but_the_administrator_does_so_and_not_to_the_own_account(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let (id, officer) = office.user(&administrator, "li", "county_officer", "619021").await;
        let own = office.get("/session", &administrator).await.json()["id"].as_str().unwrap().to_owned();
        for (method, after) in [("POST", "/unlock"), ("POST", "/disable"), ("POST", "/enable"), ("POST", "/password"), ("DELETE", "/second-factor"), ("PATCH", "")] {
            let body = if method == "PATCH" { json!({"role": "inspector", "area": "619021"}) } else { Value::Null };
            let headers = [("if-match", "1")];
            let by_officer = office.send(method, &format!("/users/{own}{after}"), &officer, &headers, body.clone()).await;
            assert_eq!(by_officer.code(), "forbidden", "{method} {after}");
            let missing = format!("/users/0198c0de-0000-7000-8000-000000000000{after}");
            assert_eq!(office.send(method, &missing, &administrator, &headers, body.clone()).await.code(), "not_found");
            if after != "/unlock" {
                let to_own = office.send(method, &format!("/users/{own}{after}"), &administrator, &headers, body).await;
                assert_eq!(to_own.code(), "own_account", "{method} {after}");
            }
        }
        assert_eq!(office.get("/start", &officer).await.status, StatusCode::OK);
        let commands: Vec<String> = office.get(&format!("/ledger/entries?kind=user_account&subject={id}"), &administrator).await
            .json().as_array().unwrap().iter().map(|entry| entry["command"].as_str().unwrap().to_owned()).collect();
        assert_eq!(commands, ["change_password", "create_user"]);
    }
}

database_test! {
    async fn what_the_administrator_does_is_on_the_ledger_and_it_verifies(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let (id, _) = office.user(&administrator, "li", "township_officer", "619021101").await;
        answers(&office, "li", 5).await;
        for after in ["/unlock", "/disable", "/enable", "/password"] {
            assert_eq!(office.change_user("POST", &id, after, &administrator, Value::Null).await.status, StatusCode::OK);
        }
        let entries = office.get("/ledger/entries?limit=500", &administrator).await.json();
        let by = |actor: &str| -> Vec<String> {
            let mut commands: Vec<String> = entries.as_array().unwrap().iter().filter(|entry| entry["actor"] == actor)
                .map(|entry| entry["command"].as_str().unwrap().to_owned()).collect();
            commands.dedup();
            commands
        };
        assert_eq!(by("admin")[..4], ["reset_password", "enable_user", "disable_user", "unlock_user"]);
        assert_eq!(by("public:web"), ["sign_in_failed"]);
        office.verify_ledger().await;
    }
}
