//! Erasure on legal order takes two people, whoever they are.

use anju_store::database_test;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::office::{Answer, Office};

fn order() -> Value {
    json!({"reason": "当事人申请", "document": "安法执〔2026〕9号"})
}

async fn step(office: &Office<'_>, cookie: &str, entry: u64, version: u64, body: Value) -> Answer {
    let path = format!("/ledger/erasures/{entry}/steps");
    let version = format!("\"{version}\"");
    office
        .send("POST", &path, cookie, &[("if-match", &version)], body)
        .await
}

/// The oldest entry of the administrator's account, which the change of the first password superseded.
async fn superseded(office: &Office<'_>, administrator: &str) -> u64 {
    let entries = office
        .get("/ledger/entries?kind=user_account", administrator)
        .await
        .json();
    entries.as_array().unwrap().last().unwrap()["index"]
        .as_u64()
        .unwrap()
}

database_test! {
    async fn one_asks_and_another_carries_it_out(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let (_, officer) = office.user(&administrator, "wang", "county_officer", "619021").await;
        let entry = superseded(&office, &administrator).await;
        let ask = format!("/ledger/entries/{entry}/erasure");
        assert_eq!(office.get(&format!("/ledger/entries/{entry}"), &officer).await.json()["may_ask_erasure"], true);

        let incomplete = office.post(&ask, &officer, json!({"reason": " ", "document": "9号"})).await;
        assert_eq!((incomplete.status, incomplete.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "erasure_incomplete"));
        let asked = office.post(&ask, &officer, order()).await;
        assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.json());
        assert_eq!(
            (&asked.json()["state"], &asked.json()["asked_by"], &asked.json()["kind"], &asked.json()["steps"]),
            (&json!("asked"), &json!("wang"), &json!("user_account"), &json!(["withdraw"]))
        );
        // Nothing is gone yet, and nobody asks twice.
        assert_eq!(office.get(&format!("/ledger/entries/{entry}"), &officer).await.json()["erased"], false);
        let again = office.post(&ask, &administrator, order()).await;
        assert_eq!((again.status, again.code().as_str()), (StatusCode::CONFLICT, "erasure_state"));
        // A county officer asks and never carries out; who asked never decides.
        let alone = step(&office, &officer, entry, 1, json!({"step": "carry_out"})).await;
        assert_eq!((alone.status, alone.code().as_str()), (StatusCode::FORBIDDEN, "forbidden"));
        let stale = step(&office, &administrator, entry, 7, json!({"step": "carry_out"})).await;
        assert_eq!(stale.code(), "version_conflict");
        let start = office.get("/start", &administrator).await.json();
        let waits = |page: &Value| page["waiting"].as_array().unwrap().iter().any(|line| line["key"] == "erasures");
        assert!(waits(&start), "{start}");

        let done = step(&office, &administrator, entry, 1, json!({"step": "carry_out", "remark": "文书核对无误"})).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.json());
        assert_eq!((&done.json()["state"], &done.json()["compacted"]), (&json!("carried_out"), &json!(true)));
        assert!(!waits(&office.get("/start", &administrator).await.json()));
        let shown = office.get(&format!("/ledger/entries/{entry}"), &officer).await.json();
        assert_eq!((&shown["erased"], &shown["erased_by"]), (&json!(true), &done.json()["recorded_in"]));
        // Both are on the ledger, each by name.
        let trail = office.get(&format!("/ledger/entries?kind=erasure&subject={entry}"), &officer).await.json();
        let trail: Vec<_> = trail.as_array().unwrap().iter().map(|entry| (entry["command"].as_str().unwrap(), entry["actor"].as_str().unwrap(), entry["reason"].as_str().unwrap())).collect();
        assert_eq!(trail, [("erase_content", "admin", "当事人申请"), ("ask_erasure", "wang", "当事人申请")]);
        office.verify_ledger().await;

        for (index, status, code) in [
            (entry.to_string(), StatusCode::CONFLICT, "nothing_to_erase"),
            ("0".into(), StatusCode::CONFLICT, "entry_is_current"),
            ("1000000".into(), StatusCode::NOT_FOUND, "not_found"),
            ("x".into(), StatusCode::BAD_REQUEST, "path_invalid"),
        ] {
            let answer = office.post(&format!("/ledger/entries/{index}/erasure"), &officer, order()).await;
            assert_eq!((answer.status, answer.code().as_str()), (status, code), "{index}");
        }
    }
}

database_test! {
    async fn an_administrator_who_asks_needs_another_one(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let (_, second) = office.user(&administrator, "second", "administrator", "619021").await;
        let (_, officer) = office.user(&administrator, "wang", "county_officer", "619021").await;
        let entry = superseded(&office, &administrator).await;
        let ask = format!("/ledger/entries/{entry}/erasure");
        assert_eq!(office.post(&ask, &administrator, order()).await.status, StatusCode::CREATED);
        for what in ["carry_out", "refuse"] {
            let alone = step(&office, &administrator, entry, 1, json!({"step": what, "remark": "本人"})).await;
            assert_eq!((alone.status, alone.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "same_person"), "{what}");
        }
        let others = step(&office, &officer, entry, 1, json!({"step": "withdraw"})).await;
        assert_eq!(others.code(), "erasure_not_yours");

        let silent = step(&office, &second, entry, 1, json!({"step": "refuse"})).await;
        assert_eq!(silent.code(), "reason_missing");
        let refused = step(&office, &second, entry, 1, json!({"step": "refuse", "remark": "缺文书原件"})).await;
        assert_eq!((refused.status, &refused.json()["state"]), (StatusCode::OK, &json!("refused")));
        assert_eq!(step(&office, &second, entry, 2, json!({"step": "carry_out"})).await.code(), "erasure_state");
        assert_eq!(office.get(&format!("/ledger/entries/{entry}"), &officer).await.json()["erased"], false);

        // Asked again, taken back, asked again by another person.
        assert_eq!(office.post(&ask, &administrator, order()).await.status, StatusCode::CREATED);
        let withdrawn = step(&office, &administrator, entry, 3, json!({"step": "withdraw"})).await;
        assert_eq!(withdrawn.json()["state"], "withdrawn");
        assert_eq!(office.post(&ask, &officer, order()).await.status, StatusCode::CREATED);
        let done = step(&office, &administrator, entry, 5, json!({"step": "carry_out"})).await;
        assert_eq!((done.status, &done.json()["state"]), (StatusCode::OK, &json!("carried_out")));
        let all = office.get("/ledger/erasures?state=carried_out", &officer).await.json();
        assert_eq!((&all["total"], &all["items"][0]["entry"], &all["items"][0]["asked_by"]), (&json!(1), &json!(entry), &json!("wang")));
        office.verify_ledger().await;
    }
}
