//! A user's own sessions, and the cookie that carries them.

use anju_store::database_test;
use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::office::{Office, PASSWORD};

database_test! {
    async fn own_sessions_are_listed_and_ended_one_by_one_or_all_others(test) {
        let office = Office::new(test).await;
        let first = office.administrator().await;
        office.pass(SignedDuration::from_secs(1));
        let long = format!("Firefox\t{}", "x".repeat(300));
        let credentials = json!({"name": "admin", "password": PASSWORD});
        let second = office.send("POST", "/session", "", &[("user-agent", &long)], credentials).await.cookie();
        office.pass(SignedDuration::from_secs(1));
        let third = office.sign_in("admin", PASSWORD).await.cookie();

        let listed = office.get("/sessions", &second).await.json();
        let rows = listed.as_array().unwrap();
        assert_eq!(rows.len(), 3);
        let own = rows.iter().find(|row| row["current"] == true).unwrap();
        assert_eq!(rows.iter().filter(|row| row["current"] == true).count(), 1);
        assert_eq!(own["last_used"], "2026-03-02");
        let device = own["device"].as_str().unwrap();
        assert_eq!((device.len(), &device[..8]), (120, "Firefoxx"));
        assert!(rows.iter().all(|row| row.get("token_hash").is_none()));

        // The newest first: the third is on top.
        let end = format!("/sessions/{}", rows[0]["id"].as_str().unwrap());
        assert_eq!(office.send("DELETE", &end, &second, &[], Value::Null).await.status, StatusCode::NO_CONTENT);
        assert_eq!(office.get("/session", &third).await.code(), "not_signed_in");
        assert_eq!(office.send("DELETE", &end, &second, &[], Value::Null).await.code(), "not_found");

        let others = office.send("DELETE", "/sessions", &second, &[], Value::Null).await;
        assert_eq!(others.json(), json!({"ended": 1}));
        assert_eq!(office.get("/session", &first).await.code(), "not_signed_in");
        assert_eq!(office.get("/session", &second).await.status, StatusCode::OK);
    }
}

database_test! {
    async fn a_new_password_ends_the_sessions_elsewhere(test) {
        let office = Office::new(test).await;
        let first = office.administrator().await;
        let second = office.sign_in("admin", PASSWORD).await.cookie();
        let wrong = json!({"current": "not the password", "new": "a new long password"});
        assert_eq!(office.post("/session/password", &second, wrong).await.code(), "wrong_password");
        assert_eq!(office.get("/session", &first).await.status, StatusCode::OK);
        let right = json!({"current": PASSWORD, "new": "a new long password"});
        let changed = office.post("/session/password", &second, right).await;
        assert_eq!(changed.status, StatusCode::NO_CONTENT);
        assert_eq!(office.get("/session", &first).await.code(), "not_signed_in");
        assert_eq!(office.get("/session", &second).await.status, StatusCode::OK);
        let left = office.get("/sessions", &second).await.json();
        assert_eq!(left.as_array().unwrap().len(), 1);
    }
}

database_test! {
    async fn nobody_sees_or_ends_the_sessions_of_others(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let (_, officer) = office.user(&administrator, "li", "county_officer", "619021").await;
        let listed = office.get("/sessions", &officer).await.json();
        assert_eq!(listed.as_array().unwrap().len(), 1);
        let id = listed[0]["id"].as_str().unwrap();
        let end = office.send("DELETE", &format!("/sessions/{id}"), &administrator, &[], Value::Null).await;
        assert_eq!(end.code(), "not_found");
        assert_eq!(office.get("/session", &officer).await.status, StatusCode::OK);
        assert_eq!(office.get("/sessions", "").await.code(), "not_signed_in");
    }
}

database_test! {
    async fn the_day_of_use_is_noted_once_a_day_by_the_calendar_of_china(test) {
        let office = Office::new(test).await;
        let cookie = office.administrator().await;
        let noted = async || {
            let entries = office.get("/ledger/entries?kind=session&limit=500", &cookie).await.json();
            entries.as_array().unwrap().iter().filter(|entry| entry["command"] == "use_session").count()
        };
        assert_eq!(noted().await, 0);
        // From 9 o'clock to 17 in China; then the session is over at 21.
        office.pass(SignedDuration::from_hours(8));
        assert_eq!(noted().await, 0);
        office.pass(SignedDuration::from_hours(4));
        assert_eq!(office.get("/session", &cookie).await.code(), "not_signed_in");

        // Signed in at 23 o'clock in China, used after midnight there, which is still the day before in London.
        office.pass(SignedDuration::from_hours(2));
        let cookie = office.sign_in("admin", PASSWORD).await.cookie();
        office.pass(SignedDuration::from_hours(2));
        for _ in 0..3 {
            let sessions = office.get("/sessions", &cookie).await.json();
            assert_eq!(sessions[0]["last_used"], "2026-03-03");
        }
        let entries = office.get("/ledger/entries?kind=session&limit=500", &cookie).await.json();
        assert_eq!(entries.as_array().unwrap().iter().filter(|entry| entry["command"] == "use_session").count(), 1);
    }
}

database_test! {
    async fn the_cookie_is_kept_to_tls_where_there_is_tls(test) {
        let mut office = Office::new(test).await;
        office.administrator().await;
        let credentials = json!({"name": "admin", "password": PASSWORD});
        let plain = office.send("POST", "/session", "", &[], credentials.clone()).await;
        let set = plain.header("set-cookie").unwrap();
        assert!(set.starts_with("anju_session=") && !set.contains("Secure"), "{set}");

        let tls = [("x-forwarded-proto", "https")];
        let answer = office.send("POST", "/session", "", &tls, credentials.clone()).await;
        let set = answer.header("set-cookie").unwrap();
        assert!(set.starts_with("__Host-anju_session=") && set.ends_with("; Secure"), "{set}");
        assert!(set.contains("Path=/;") && !set.contains("Domain"), "{set}");
        assert_eq!(office.send("GET", "/session", &answer.cookie(), &tls, Value::Null).await.status, StatusCode::OK);
        // Under TLS the plain name is not taken: another host of the domain could have set it.
        let renamed = answer.cookie().replace("__Host-", "");
        assert_eq!(office.send("GET", "/session", &renamed, &tls, Value::Null).await.code(), "not_signed_in");
        let left = office.send("DELETE", "/session", &answer.cookie(), &tls, Value::Null).await;
        assert!(left.header("set-cookie").unwrap().starts_with("__Host-anju_session=;"));

        office.router = anju_server::router_for(office.workspace.clone(), anju_server::Serving {
            public_address: Some("https://anju.example.org".into()),
            ..Default::default()
        }).await.unwrap();
        let answer = office.send("POST", "/session", "", &[], credentials).await;
        assert!(answer.header("set-cookie").unwrap().starts_with("__Host-anju_session="));
        assert_eq!(office.get("/session", &answer.cookie()).await.status, StatusCode::OK);
    }
}
