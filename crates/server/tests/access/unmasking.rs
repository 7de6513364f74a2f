//! Personal data for a stated purpose.

use anju_model::area::AreaCode;
use anju_model::identity::{IdNumber, Sex};
use anju_model::register::{
    Category, Consent, ConsentChoice, Household, HouseholdFacts, HouseholdStatus, Person, PersonFacts,
    Relation,
};
use anju_store::database_test;
use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::office::Office;
use crate::roles::item;

const PERSONAL: [&str; 5] = [
    "张三丰",
    "619021198002290014",
    "13912340001",
    "6217000000000000001",
    "1980-02-29",
];

/// A household with everything personal.
pub fn household(id: Uuid, area: &str) -> Household {
    Household {
        id,
        facts: HouseholdFacts {
            must_move: true,
            phone: Some("13912340001".into()),
            bank_account: Some("6217000000000000001".into()),
            ..HouseholdFacts::new(
                format!("QX-{area}"),
                AreaCode::parse(area).unwrap(),
                Category::Disaster,
            )
        },
        members: vec![Person {
            // One member: its id may be the household's.
            id,
            facts: PersonFacts {
                birth_date: Some(jiff::civil::date(1980, 2, 29)),
                id_number: Some(IdNumber::new("619021198002290014")),
                ..PersonFacts::new("张三丰", Sex::Male, Relation::Head)
            },
        }],
        consent: Some(Consent::new(
            ConsentChoice::Move,
            "张三丰",
            jiff::civil::date(2026, 3, 1),
        )),
        status: HouseholdStatus::Active,
        events: Vec::new(),
    }
}

async fn stored_household(office: &Office<'_>) -> Uuid {
    let id = office.workspace.new_id();
    let mut tx = office.begin().await;
    tx.insert(&[household(id, "61902110120101")]).await.unwrap();
    office.commit(tx).await;
    id
}

database_test! {
    async fn a_purpose_unmasks_a_household_and_is_on_the_ledger_without_the_data(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let id = stored_household(&office).await;
        let (_, officer) = office.user(&administrator, "li", "township_officer", "619021101").await;
        let page = format!("/register/households/{id}");
        let path = format!("{page}/unmask");

        let masked = String::from_utf8(office.get(&page, &officer).await.body).unwrap();
        let answer = office.post(&path, &officer, json!({"purpose": "payment", "note": " 核对账号 "})).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
        let whole = answer.json();
        let text = String::from_utf8(answer.body.clone()).unwrap();
        for personal in PERSONAL {
            assert!(!masked.contains(personal), "{personal} is shown masked");
            assert!(text.contains(personal), "{personal} is not shown");
        }
        assert_eq!((&whole["unmasked"], &whole["consent"]["signer"]), (&json!(true), &json!("张三丰")));
        // It is for once: the page is masked as before.
        assert_eq!(office.get(&page, &officer).await.json()["unmasked"], false);

        let entries = office.get("/ledger/entries?kind=unmasking", &administrator).await.json();
        let entries = entries.as_array().unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0]["actor"], "li");
        assert_eq!(entries[0]["command"], "unmask_household");
        assert_eq!(entries[0]["reason"], "资金发放:核对账号");
        let stored = test.db.inspect("SELECT state FROM unmasking").await.unwrap();
        let anju_store::Value::Text(state) = &stored[0][0].1 else { panic!("{stored:?}") };
        assert!(state.contains(&id.to_string()) && state.contains("payment") && state.contains("li"));
        for personal in PERSONAL {
            assert!(!state.contains(personal), "{personal}");
        }
        office.verify_ledger().await;
    }
}

database_test! {
    async fn findings_show_names_masked_until_a_purpose_is_stated(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let id = stored_household(&office).await;
        let mut found = item(id, "61902110120101");
        found.household = Some(id);
        found.values.insert("name".into(), "张三丰".into());
        found.values.insert("civil_registry_name".into(), "欧阳明".into());
        found.values.insert("register_number".into(), "QX-61902110120101".into());
        found.explanation = anju_model::code_list::Text::new("张三丰在公安户籍中为欧阳明。", "张三丰 is 欧阳明 there.");
        found.action = anju_model::code_list::Text::new("查看张三丰的身份证。", "See the card of 张三丰.");
        let mut tx = office.begin().await;
        tx.insert(&[found]).await.unwrap();
        office.commit(tx).await;
        let page = format!("/register/households/{id}");
        for path in ["/lookback/items", &format!("/lookback/items/{id}"), &page] {
            let shown = String::from_utf8(office.get(path, &administrator).await.body).unwrap();
            assert!(!shown.contains("张三丰") && !shown.contains("欧阳明"), "{path}: {shown}");
            assert!(shown.contains("张**在公安户籍中为欧**。"), "{path}: {shown}");
        }
        let need = json!({"purpose": "payment"});
        let whole = office.post(&format!("{page}/unmask"), &administrator, need).await.json();
        assert_eq!(whole["items"][0]["explanation"]["zh"], "张三丰在公安户籍中为欧阳明。");
        assert_eq!(whole["items"][0]["values"]["civil_registry_name"], "欧阳明");
    }
}

database_test! {
    async fn without_purpose_right_or_area_nothing_is_shown_and_nothing_recorded(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let id = stored_household(&office).await;
        let path = format!("/register/households/{id}/unmask");
        let payment = json!({"purpose": "payment"});
        for (role, area) in [("village_officer", "619021101201"), ("department_user", "619021"), ("evaluator", "619021"), ("prefecture_officer", "6190")] {
            let (_, cookie) = office.user(&administrator, role, role, area).await;
            assert_eq!(office.post(&path, &cookie, payment.clone()).await.code(), "forbidden", "{role}");
        }
        let (_, elsewhere) = office.user(&administrator, "li", "township_officer", "619021102").await;
        assert_eq!(office.post(&path, &elsewhere, payment.clone()).await.code(), "not_found");
        assert_eq!(office.post(&path, "", payment).await.code(), "not_signed_in");
        for (need, code) in [
            (json!({"purpose": "other"}), "note_missing"),
            (json!({"purpose": "other", "note": "  "}), "note_missing"),
            (json!({"purpose": "other", "note": "长".repeat(201)}), "note_too_long"),
        ] {
            assert_eq!(office.post(&path, &administrator, need).await.code(), code);
        }
        let curious = office.post(&path, &administrator, json!({"purpose": "curiosity"})).await;
        assert!(curious.status.is_client_error());
        assert!(!String::from_utf8(curious.body).unwrap().contains("张三丰"));
        let recorded = test.db.inspect("SELECT COUNT(*) FROM unmasking").await.unwrap();
        assert_eq!(recorded[0][0].1, anju_store::Value::Int(0));
    }
}
