//! Each role lands on what waits for it in its area, or on the progress of its area when it only oversees.

use anju_store::database_test;
use axum::http::StatusCode;
use serde_json::json;

use crate::office::{Answer, Office};
use crate::roles::{amendment, bulk_change, item, roster};
use crate::unmasking::household;

/// What waits: key and count, in the order of the page.
fn waiting(answer: &Answer) -> Vec<(String, u64)> {
    let page = answer.json();
    let list = page["waiting"].as_array().unwrap();
    list.iter()
        .map(|item| {
            (
                item["key"].as_str().unwrap().to_owned(),
                item["count"].as_u64().unwrap(),
            )
        })
        .collect()
}

/// A role that acts, its area, and what waits for it: kinds with their counts.
type Acting<'a> = (&'a str, &'a str, &'a [(&'a str, u64)]);

database_test! {
    async fn every_role_sees_what_waits_for_it_and_nothing_else(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let ids: Vec<_> = (0..8).map(|_| office.workspace.new_id()).collect();
        let mut tx = office.begin().await;
        tx.insert(&[household(ids[0], "61902110120101"), household(ids[1], "619021102201")]).await.unwrap();
        tx.insert(&[item(ids[2], "61902110120101")]).await.unwrap();
        tx.insert(&[roster(ids[3], "619021")]).await.unwrap();
        tx.insert(&[amendment(ids[4], "61902110120101")]).await.unwrap();
        tx.insert(&[bulk_change(ids[5], "619021"), bulk_change(ids[6], "619021101")]).await.unwrap();
        office.commit(tx).await;
        let (_, village) = office.user(&administrator, "sun", "village_officer", "619021101201").await;
        let opening = json!({"form": "written", "date": "2026-03-01"});
        let opened = office.post("/register/identification/cases", &village, opening).await;
        assert_eq!((opened.status, &opened.json()["done"]), (StatusCode::OK, &json!(1)), "{}", opened.json());

        let acting: [Acting; 6] = [
            ("administrator", "619021", &[
                ("cases", 1), ("rosters_draft", 1), ("amendments_check", 1), ("bulk", 2), ("items_clear", 1), ("no_land", 1),
            ]),
            ("county_officer", "619021", &[("rosters_draft", 1), ("bulk", 2), ("items_clear", 1), ("no_land", 1)]),
            ("township_officer", "619021101", &[("cases", 1), ("amendments_check", 1), ("items_clear", 1)]),
            ("township_officer", "619021102", &[]),
            ("village_officer", "619021101201", &[("cases", 1)]),
            ("village_officer", "619021101202", &[]),
        ];
        for (place, (role, area, expected)) in acting.into_iter().enumerate() {
            let cookie = match role {
                "administrator" => administrator.clone(),
                role => office.user(&administrator, &format!("a{place}"), role, area).await.1,
            };
            let page = office.get("/start", &cookie).await;
            assert_eq!(page.status, StatusCode::OK);
            let expected: Vec<(String, u64)> = expected.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect();
            assert_eq!(waiting(&page), expected, "{role} {area}");
            assert_eq!(page.json()["progress"], json!([]), "{role}");
            // Every line leads to a page with its filter, and says since when the oldest waits where that is known.
            for line in page.json()["waiting"].as_array().unwrap() {
                assert!(line["link"].as_str().unwrap().starts_with('/'), "{line}");
                assert_eq!(line["since"].is_null(), !matches!(line["key"].as_str().unwrap(), "rosters_draft" | "amendments_check" | "bulk"), "{line}");
            }
        }
        let overseeing = [
            ("province_officer", "61", 2),
            ("prefecture_officer", "6190", 2),
            ("department_user", "619021", 2),
            ("inspector", "619021", 2),
            ("evaluator", "619021101", 1),
        ];
        for (role, area, parts) in overseeing {
            let cookie = office.user(&administrator, role, role, area).await.1;
            let page = office.get("/start", &cookie).await;
            assert_eq!(waiting(&page), [], "{role}");
            let progress = page.json()["progress"].clone();
            assert_eq!(progress.as_array().unwrap().len(), parts, "{role} {progress}");
            assert_eq!((&progress[0]["households"], &progress[0]["move"]), (&json!(1), &json!(1)));
            assert_eq!(page.json()["files"], json!([]));
        }

        // Who asked does not decide: nothing of one's own is among what waits.
        let (_, wang) = office.user(&administrator, "wang", "county_officer", "619021").await;
        let new = json!({"title": "扶贫搬迁名册", "category": "disaster", "area": "619021101"});
        assert_eq!(office.post("/register/rosters", &wang, new).await.status, StatusCode::CREATED);
        let rosters = async |cookie: &str| {
            waiting(&office.get("/start", cookie).await).into_iter().find(|(key, _)| key == "rosters_draft").unwrap().1
        };
        assert_eq!(rosters(&wang).await, 1);
        assert_eq!(rosters(&administrator).await, 2);
    }
}
