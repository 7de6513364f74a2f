//! Checkpoints kept elsewhere on a schedule, and what the pages show of them.

use anju_app::ledger::keeping::{Keeper, KeepingSettings};
use anju_store::database_test;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::office::{Office, PASSWORD};

fn keeper(office: &Office<'_>) -> Keeper {
    let settings = KeepingSettings {
        folder: "elsewhere".into(),
        minutes: 5,
    };
    Keeper::new(&office.workspace, &settings)
}

fn notes(office: &Office<'_>) -> Vec<String> {
    let folder = std::fs::read_dir(office.root().join("elsewhere")).unwrap();
    let mut names: Vec<String> = folder
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_by_key(|name| name.len());
    names
}

database_test! {
    async fn a_round_keeps_the_newest_checkpoint_once_and_stops_where_the_ledger_does_not_extend_it(test) {
        let office = Office::new(test).await;
        let keeper = keeper(&office);
        let first = keeper.round(&office.workspace).await.unwrap();
        assert_eq!(keeper.round(&office.workspace).await.unwrap(), first);
        assert_eq!(notes(&office), [format!("anju-619021-{first}.note")]);
        let administrator = office.administrator().await;
        let second = keeper.round(&office.workspace).await.unwrap();
        assert!(second > first);
        assert_eq!(notes(&office).len(), 2);

        // Set back: the entries after the first checkpoint are gone, and everything in the database fits together.
        for (table, place, from) in [
            ("ledger_entry", "idx", first),
            ("ledger_checkpoint", "size", first + 1),
            ("ledger_hash", "idx", 2 * first - u64::from(first.count_ones())),
        ] {
            test.db.administer(&format!("DELETE FROM {table} WHERE {place} >= {from}")).await.unwrap();
        }
        let error = keeper.round(&office.workspace).await.unwrap_err();
        assert!(error.to_string().contains(&format!("anju-619021-{second}.note")), "{error}");
        assert_eq!(notes(&office).len(), 2, "nothing was added");
        drop(administrator);
    }
}

database_test! {
    async fn the_ledgers_page_says_when_a_checkpoint_was_kept_and_to_whom_it_does_not(test) {
        let mut office = Office::new(test).await;
        let administrator = office.administrator().await;
        assert_eq!(office.get("/ledger/keeping", &administrator).await.json(), Value::Null);
        let (_, officer) = office.user(&administrator, "li", "township_officer", "619021101").await;
        office.configure("\n[checkpoints]\nfolder = \"elsewhere\"\nminutes = 30\n", anju_server::Serving::default()).await;
        let kept = loop {
            let kept = office.get("/ledger/keeping", &administrator).await.json();
            if kept["last"] != Value::Null {
                break kept;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!((&kept["minutes"], &kept["last"]["problem"]), (&json!(30), &Value::Null));
        assert!(kept["last"]["size"].as_u64().unwrap() > 3, "{kept}");
        assert_eq!(office.get("/ledger/keeping", &officer).await.code(), "forbidden");
    }
}

database_test! {
    async fn an_entry_shows_what_it_changed_without_names_numbers_and_secrets(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let id = office.workspace.new_id();
        let mut tx = office.begin().await;
        let before = crate::unmasking::household(id, "61902110120101");
        tx.insert(std::slice::from_ref(&before)).await.unwrap();
        office.commit(tx).await;
        let mut after = before;
        after.facts.phone = Some("13912349999".into());
        after.members[0].facts.name = "张三峰".into();
        let mut tx = office.begin().await;
        let changed_by = "test".to_owned();
        tx.update(&[anju_store::Versioned { value: after, version: 1, changed_at: office.now(), changed_by }]).await.unwrap();
        office.commit(tx).await;

        let path = format!("/ledger/entries?kind=household&subject={id}");
        let entries = office.get(&path, &administrator).await.json();
        let (second, first) = (entries[0]["index"].as_u64().unwrap(), entries[1]["index"].as_u64().unwrap());
        let answer = office.get(&format!("/ledger/entries/{second}"), &administrator).await;
        let text = String::from_utf8(answer.body.clone()).unwrap();
        for personal in ["张三", "619021198002290014", "13912349999", "6217000000000000001", "1980-02-29"] {
            assert!(!text.contains(personal), "{personal} is shown: {text}");
        }
        let shown = answer.json();
        assert_eq!((&shown["previous"], &shown["next"]), (&json!(first), &Value::Null));
        let fields: Vec<&str> = shown["changed"].as_array().unwrap().iter().map(|change| change["field"].as_str().unwrap()).collect();
        assert_eq!(fields, ["members.1.name", "phone"]);
        assert_eq!(shown["changed"][1], json!({"field": "phone", "before": "139****0001", "after": "139****9999"}));
        let shown = office.get(&format!("/ledger/entries/{first}"), &administrator).await.json();
        assert_eq!((&shown["previous"], &shown["next"], &shown["changed"]), (&Value::Null, &json!(second), &json!([])));

        // The administrator's own account, with its password's hash.
        let accounts = office.get("/ledger/entries?kind=user_account", &administrator).await.json();
        let account = accounts[0]["index"].as_u64().unwrap();
        let answer = office.get(&format!("/ledger/entries/{account}"), &administrator).await;
        assert!(!String::from_utf8(answer.body.clone()).unwrap().contains("argon2"));
        assert_eq!(answer.json()["state"]["password_hash"], "•••");
        assert_eq!(office.get("/ledger/entries/999999", &administrator).await.code(), "not_found");
        assert_eq!(office.get("/ledger/entries/x", &administrator).await.code(), "path_invalid");
        assert_eq!(office.sign_in("admin", PASSWORD).await.status, StatusCode::OK);
    }
}

database_test! {
    async fn entries_are_found_by_who_what_where_and_when(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        office.user(&administrator, "li", "township_officer", "619021101").await;
        office.pass(jiff::SignedDuration::from_hours(24));
        let administrator = office.sign_in("admin", PASSWORD).await.cookie();
        let (_, inspector) = office.user(&administrator, "sun", "inspector", "619021").await;
        let count = async |query: &str| {
            let answer = office.get(&format!("/ledger/entries?limit=500&{query}"), &inspector).await;
            assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.json());
            answer.json().as_array().unwrap().len()
        };
        assert_eq!(count("command=create_user").await, 2);
        assert_eq!(count("command=create_user&actor=admin&area=619021101").await, 1);
        assert_eq!(count("command=create_user&since=2026-03-03").await, 1);
        assert_eq!(count("command=create_user&until=2026-03-02").await, 1);
        assert_eq!(count("command=create_user&since=2026-03-02&until=2026-03-03").await, 2);
        assert_eq!(office.get("/ledger/entries?area=619022", &inspector).await.code(), "forbidden");

        let checkpoints = office.get("/ledger/checkpoints?limit=2", &inspector).await.json();
        let sizes: Vec<u64> = checkpoints.as_array().unwrap().iter().map(|one| one["size"].as_u64().unwrap()).collect();
        assert_eq!(checkpoints[0]["previous"].as_u64(), Some(sizes[1]));
        let older = office.get(&format!("/ledger/checkpoints?limit=1&before={}", sizes[1]), &inspector).await.json();
        assert_eq!(older[0]["size"], checkpoints[1]["previous"]);
        let path = format!("/ledger/consistency?from={}&to={}", sizes[1], sizes[0]);
        assert!(office.get(&path, &inspector).await.json()["from"]["note"].is_string());
    }
}
