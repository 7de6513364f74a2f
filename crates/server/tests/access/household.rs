//! Households by hand, through the router: recording and correcting with field-level problems, two people at once, split,
//! merger, move and cancelling, consent, income and documents.

use anju_model::area::{Area, AreaCode};
use anju_model::roster::{Freezing, Roster};
use anju_store::database_test;
use anju_store::roster::RosterPart;
use anju_store::testing::TestDatabase;
use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::office::{Answer, Office};
use crate::roles::roster;

const GROUP: &str = "61902110120101";

/// An office with two townships, a county officer and an officer of the first township.
struct Desk<'a> {
    office: Office<'a>,
    county: String,
    township: String,
    other: String,
}

impl<'a> Desk<'a> {
    async fn new(test: &'a TestDatabase) -> Self {
        let office = Office::new(test).await;
        let mut tx = office.begin().await;
        let areas = [
            ("619021101", "清溪镇"),
            ("619021101201", "青石村"),
            ("619021102", "白河镇"),
            ("619021102201", "大湾村"),
        ];
        tx.insert(&areas.map(|(code, name)| Area::new(AreaCode::parse(code).unwrap(), name)))
            .await
            .unwrap();
        office.commit(tx).await;
        let administrator = office.administrator().await;
        let (_, county) = office
            .user(&administrator, "county", "county_officer", "619021")
            .await;
        let (_, township) = office
            .user(&administrator, "town", "township_officer", "619021101")
            .await;
        let (_, other) = office
            .user(&administrator, "next", "township_officer", "619021102")
            .await;
        Self {
            office,
            county,
            township,
            other,
        }
    }

    /// A family of four: grandmother, father (the head), mother and a daughter of twelve.
    async fn family(&self, number: &str) -> Value {
        let answer = self
            .office
            .post("/register/households", &self.township, family(number))
            .await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.json());
        answer.json()
    }

    /// Changes something that was seen at a version.
    async fn at(&self, method: &str, path: &str, cookie: &str, version: &Value, body: Value) -> Answer {
        let version = format!("\"{version}\"");
        self.office
            .send(method, path, cookie, &[("if-match", version.as_str())], body)
            .await
    }

    async fn upload(&self, cookie: &str, household: &str, query: &str, body: Body) -> Answer {
        let request = Request::builder()
            .method("POST")
            .uri(format!(
                "/api/v1/register/households/{household}/documents?{query}"
            ))
            .header(header::COOKIE, cookie)
            .body(body);
        self.office.request(request.unwrap()).await
    }
}

fn family(number: &str) -> Value {
    json!({
        "facts": {
            "register_number": number, "area": GROUP, "category": "disaster", "must_move": true,
            "causes": ["geohazard"], "bank_account": "6217000000000000001",
            "home": {"structure": "earth", "grade": "D", "area_m2": 88.5},
            "living": {"water_safe": false, "road_distance_km": 2.5},
        },
        "members": [
            {"name": "张三丰", "relation": "02", "id_number": "619021198002290014"},
            {"name": "李秀英", "relation": "12", "sex": "2", "birth_date": "1982-07-09"},
            {"name": "张敏", "relation": "30", "sex": "2", "birth_date": "2014-02-03"},
            {"name": "王桂兰", "relation": "52", "sex": "2", "birth_date": "1955-03-03"},
        ],
        "reason": "入户登记",
    })
}

/// Codes and places of the fields that an answer refuses.
fn problems(answer: &Answer) -> Vec<String> {
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        answer.json()
    );
    let json = answer.json();
    let list = json["problems"].as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|problem| {
            assert!(!problem["detail"]["zh"].as_str().unwrap().is_empty());
            format!(
                "{} {}",
                problem["code"].as_str().unwrap(),
                problem["place"].as_str().unwrap()
            )
        })
        .collect()
}

fn path(household: &Value) -> String {
    format!("/register/households/{}", household["id"].as_str().unwrap())
}

fn grounds() -> Value {
    json!({"date": "2026-03-01", "reason": "子女成家,另立门户"})
}

database_test! {
    async fn a_household_is_recorded_and_every_wrong_field_is_named(test) {
        let desk = Desk::new(test).await;
        let made = desk.family("QX-1").await;
        assert_eq!(made["members"][0]["name"], "张**");
        assert_eq!((&made["persons"], &made["living"]["water_safe"]), (&json!(4), &json!(false)));
        // What the number says needed not be typed.
        assert_eq!(made["members"][0]["sex"], "1");
        assert_eq!(made["members"][0]["birth_month"], "1980-02");

        let with = |change: fn(&mut Value)| {
            let mut new = family("QX-2");
            change(&mut new);
            new
        };
        let cases: [(Value, &[&str]); 9] = [
            (with(|new| new["members"][0]["id_number"] = json!("619021198002290015")), &["id_number members.1.id_number"]),
            (with(|new| new["members"][1]["birth_date"] = json!("1982-02-30")), &["unreadable members.2.birth_date"]),
            (with(|new| new["members"][1]["relation"] = json!("02")), &["two_heads members.2.relation"]),
            (with(|new| new["members"][0]["relation"] = json!("97")), &["no_head members"]),
            // A mother younger than her son: the relations contradict each other.
            (with(|new| new["members"][3]["birth_date"] = json!("1990-01-01")), &["relation_age members.4.relation"]),
            (with(|new| new["facts"]["register_number"] = json!("QX-1")), &["register_number_taken register_number"]),
            (with(|new| {
                new["facts"]["main_cause_of_poverty"] = json!("illness");
                new["facts"]["other_causes_of_poverty"] = json!(["illness"]);
            }), &["cause_is_main other_causes_of_poverty"]),
            (with(|new| {
                new["facts"]["register_number"] = Value::Null;
                new["facts"]["home"]["grade"] = json!("E");
                new["members"][2] = json!({"relation": "30"});
            }), &["missing register_number", "unreadable home.grade", "missing members.3.sex", "missing members.3.name"]),
            (with(|new| new["facts"]["colour"] = json!("red")), &["unknown_field colour"]),
        ];
        for (new, expected) in cases {
            let answer = desk.office.post("/register/households", &desk.township, new).await;
            let found = problems(&answer);
            for problem in expected {
                assert!(found.contains(&(*problem).to_owned()), "{problem} {found:?}");
            }
        }
        // A helper is never somebody who is listed himself, by either generation of the number.
        for number in ["619021198002290014", "619021800229001"] {
            let mut new = family("QX-3");
            new["facts"]["helper"] = json!({"name": "某某", "id_number": number});
            new["members"][0]["id_number"] = Value::Null;
            new["members"][0]["sex"] = json!("1");
            let answer = desk.office.post("/register/households", &desk.township, new).await;
            assert_eq!(problems(&answer), ["helper_listed helper.id_number"], "{number}");
        }
        // Outside the own area, and an area that is none.
        for (area, code) in [("619021102201", "area_outside area"), ("619021101999", "unknown_area area")] {
            let mut new = family("QX-4");
            new["facts"]["area"] = json!(area);
            let answer = desk.office.post("/register/households", &desk.township, new).await;
            assert_eq!(problems(&answer), [code]);
        }
        let list = desk.office.get("/register/households", &desk.county).await.json();
        assert_eq!(list["total"], 1);
        desk.office.verify_ledger().await;
    }
}

database_test! {
    async fn the_second_of_two_editors_is_told_and_merges(test) {
        let desk = Desk::new(test).await;
        let seen = desk.family("QX-1").await;
        let (path, version) = (path(&seen), &seen["version"]);
        let first = json!({"facts": {"phone": "13912340001", "home": {"grade": "C"}}, "reason": "核实"});
        let answer = desk.at("PATCH", &path, &desk.township, version, first).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
        let second = json!({"facts": {"home": {"grade": "B", "year_built": 1998}}, "reason": "鉴定"});
        let refused = desk.at("PATCH", &path, &desk.county, version, second.clone()).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::PRECONDITION_FAILED, "version_conflict".into()));

        // What the other changed since is in the history, field by field; personal values are masked.
        let history = desk.office.get(&format!("{path}/history"), &desk.county).await.json();
        let since: Vec<&Value> = history.as_array().unwrap().iter().filter(|change| change["version"].as_i64() > version.as_i64()).collect();
        let changed: Vec<(&str, &str)> = since[0]["changed"].as_array().unwrap().iter()
            .map(|change| (change["field"].as_str().unwrap(), change["after"].as_str().unwrap())).collect();
        assert_eq!(changed, [("home.grade", "C"), ("phone", "139****0001")]);
        let now = desk.office.get(&path, &desk.county).await.json();
        let saved = desk.at("PATCH", &path, &desk.county, &now["version"], second).await.json();
        assert_eq!((&saved["home"]["grade"], &saved["home"]["year_built"], &saved["phone"]), (&json!("B"), &json!(1998), &json!("139****0001")));

        // Without a version nothing is changed, and nothing to change is no change.
        let blind = desk.office.send("PATCH", &path, &desk.county, &[], json!({"reason": "x"})).await;
        assert_eq!(blind.status, StatusCode::PRECONDITION_REQUIRED);
        let empty = desk.at("PATCH", &path, &desk.county, &saved["version"], json!({"facts": {"must_move": true}, "reason": "x"})).await;
        assert_eq!(empty.code(), "nothing_changed");
        let silent = desk.at("PATCH", &path, &desk.county, &saved["version"], json!({"facts": {"must_move": false}, "reason": " "})).await;
        assert_eq!(problems(&silent), ["reason reason"]);
        // The other township does not even learn that there is such a household.
        let outside = desk.at("PATCH", &path, &desk.other, &saved["version"], json!({"facts": {"must_move": false}, "reason": "x"})).await;
        assert_eq!(outside.status, StatusCode::NOT_FOUND);
    }
}

database_test! {
    async fn members_join_leave_and_are_corrected(test) {
        let desk = Desk::new(test).await;
        let seen = desk.family("QX-1").await;
        let path = path(&seen);
        let person = |place: usize| seen["members"][place]["id"].clone();
        let change = json!({"members": [
            {"change": "leaves", "person": person(3), "why": "death"},
            {"change": "corrected", "person": person(1), "facts": {"health": ["chronic", "disabled"], "work": {"months": 8}}},
            {"change": "joins", "facts": {"name": "张强", "relation": "20", "sex": "1", "birth_date": "2026-02-01",
                "membership": {"basis": "newborn"}}},
        ], "reason": "年度核实"});
        let after = desk.at("PATCH", &path, &desk.township, &seen["version"], change).await;
        assert_eq!(after.status, StatusCode::OK, "{}", after.json());
        let after = after.json();
        let names: Vec<&str> = after["members"].as_array().unwrap().iter().map(|member| member["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["张**", "李**", "张*", "张*"]);
        assert_eq!(after["members"][1]["health"], json!(["chronic", "disabled"]));
        // Nobody is the head, a member joins with a wrong number: told by the member.
        let wrong = json!({"members": [
            {"change": "corrected", "person": person(0), "facts": {"relation": "97"}},
            {"change": "joins", "facts": {"name": "赵六", "relation": "99", "sex": "1", "id_number": "123"}},
        ], "reason": "x"});
        let refused = desk.at("PATCH", &path, &desk.township, &after["version"], wrong).await;
        assert_eq!(problems(&refused), ["id_kind members.new.1.id_number", "no_head members"]);
        let history = desk.office.get(&format!("{path}/history"), &desk.county).await.json();
        assert!(history[0]["reason"].as_str().unwrap().contains("死亡"), "{history}");
        assert!(!history.to_string().contains("王桂兰"), "names stay masked");
    }
}

database_test! {
    async fn households_split_merge_move_end_and_come_back(test) {
        let desk = Desk::new(test).await;
        let seen = desk.family("QX-1").await;
        let first = path(&seen);
        let person = |place: usize| seen["members"][place]["id"].clone();
        let split = json!({
            "register_number": "QX-1A",
            "leaving": [{"person": person(3), "relation": "02"}],
            "grounds": grounds(),
        });
        let answer = desk.at("POST", &format!("{first}/split"), &desk.township, &seen["version"], split.clone()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.json());
        let (rest, new) = (answer.json()["household"].clone(), answer.json()["other"].clone());
        assert_eq!((&rest["persons"], &new["persons"]), (&json!(3), &json!(1)));
        assert_eq!(new["bank_account"], Value::Null);
        // After the cut-off date of the pack it gives no entitlement, and says so on both sides.
        for side in [&rest, &new] {
            assert_eq!(side["events"][0]["after_cut_off"], true, "{side}");
        }
        assert_eq!(new["events"][0]["register_number"], "QX-1");
        // Seen before, it splits no more.
        let again = desk.at("POST", &format!("{first}/split"), &desk.township, &seen["version"], split).await;
        assert_eq!(again.code(), "version_conflict");
        // Without a head there is no household.
        let headless = json!({"register_number": "QX-1B", "leaving": [{"person": person(1), "relation": "97"}], "grounds": grounds()});
        let refused = desk.at("POST", &format!("{first}/split"), &desk.township, &rest["version"], headless).await;
        assert!(problems(&refused).contains(&"no_head leaving".to_owned()));

        let back = json!({"into": rest["id"], "into_version": rest["version"], "relations": [{"person": person(3), "relation": "52"}], "grounds": grounds()});
        let merged = desk.at("POST", &format!("{}/merger", path(&new)), &desk.township, &new["version"], back).await;
        assert_eq!(merged.status, StatusCode::OK, "{}", merged.json());
        let (ended, joined) = (merged.json()["household"].clone(), merged.json()["other"].clone());
        assert_eq!((&ended["status"], &ended["persons"], &joined["persons"]), (&json!("merged"), &json!(0), &json!(4)));

        // A township moves nobody out of itself; the county does.
        let away = json!({"area": "619021102201", "grounds": grounds()});
        let own = desk.at("POST", &format!("{first}/move"), &desk.township, &joined["version"], away.clone()).await;
        assert_eq!(problems(&own), ["area_outside area"]);
        let moved = desk.at("POST", &format!("{first}/move"), &desk.county, &joined["version"], away).await;
        assert_eq!(moved.status, StatusCode::OK, "{}", moved.json());
        assert_eq!(desk.office.get(&first, &desk.township).await.status, StatusCode::NOT_FOUND);
        let moved = desk.office.get(&first, &desk.other).await.json();
        assert_eq!(moved["events"][2]["area_before"], GROUP);

        let cancelled = desk.at("POST", &format!("{first}/cancelling"), &desk.other, &moved["version"], grounds()).await.json();
        assert_eq!(cancelled["status"], "cancelled");
        let counts = |status: &'static str| {
            let office = &desk.office;
            let county = desk.county.clone();
            async move { office.get(&format!("/register/households?status={status}"), &county).await.json()["total"].clone() }
        };
        assert_eq!([counts("active").await, counts("cancelled").await, counts("merged").await, counts("all").await], [json!(0), json!(1), json!(1), json!(2)]);
        // It stays readable and changes no more until it is reinstated.
        let patch = desk.at("PATCH", &first, &desk.other, &cancelled["version"], json!({"facts": {"must_move": false}, "reason": "x"})).await;
        assert_eq!(patch.code(), "household_not_active");
        let ahead = json!({"date": "2026-03-03", "reason": "x"});
        let refused = desk.at("POST", &format!("{first}/reinstating"), &desk.other, &cancelled["version"], ahead).await;
        assert_eq!(problems(&refused), ["date_in_future grounds.date"]);
        let back = desk.at("POST", &format!("{first}/reinstating"), &desk.other, &cancelled["version"], grounds()).await;
        assert_eq!((back.status, &back.json()["status"]), (StatusCode::OK, &json!("active")));
        desk.office.verify_ledger().await;
    }
}

/// Puts a household on a roster in force.
async fn freeze(desk: &Desk<'_>, household: &Value) {
    let id: Uuid = household["id"].as_str().unwrap().parse().unwrap();
    let draft = Roster {
        households: 1,
        persons: 4,
        ..roster(desk.office.workspace.new_id(), "619021")
    };
    let frozen = draft
        .freeze(Freezing {
            by: "boss".into(),
            at: desk.office.now(),
            approver: "县人民政府".into(),
            document: "安政函〔2026〕7号".into(),
        })
        .unwrap();
    let part = RosterPart {
        id: desk.office.workspace.new_id(),
        roster: frozen.id,
        number: 1,
        households: vec![id],
    };
    let mut tx = desk.office.begin().await;
    tx.insert(&[frozen]).await.unwrap();
    tx.insert(&[part]).await.unwrap();
    desk.office.commit(tx).await;
}

database_test! {
    async fn key_facts_on_a_frozen_roster_point_to_the_amendment(test) {
        let desk = Desk::new(test).await;
        let seen = desk.family("QX-1").await;
        let path = path(&seen);
        freeze(&desk, &seen).await;
        let version = &seen["version"];
        let account = json!({"facts": {"bank_account": "6217000000000000009"}, "reason": "换户"});
        let refused = desk.at("PATCH", &path, &desk.township, version, account).await;
        assert_eq!(problems(&refused), ["key_fact_frozen bank_account"]);
        assert!(refused.json()["detail"].as_str().unwrap().contains("变更"));
        let leaving = seen["members"][3]["id"].clone();
        let split = json!({"register_number": "QX-2", "leaving": [{"person": leaving, "relation": "02"}], "grounds": grounds()});
        let refused = desk.at("POST", &format!("{path}/split"), &desk.township, version, split).await;
        assert_eq!(problems(&refused), ["key_fact_frozen members"]);
        let refused = desk.at("POST", &format!("{path}/cancelling"), &desk.township, version, grounds()).await;
        assert_eq!(refused.code(), "household_on_roster");
        // What is no key fact goes on being corrected; a first consent is recorded, another pathway is an amendment.
        let phone = json!({"facts": {"phone": "13912340001"}, "reason": "核实"});
        let after = desk.at("PATCH", &path, &desk.township, version, phone).await.json();
        let consent = |pathway: &str| json!({"choice": "move", "pathway": pathway, "taking": "written", "date": "2026-03-01",
            "signer": {"as": "member", "person": seen["members"][0]["id"]}});
        let first = desk.at("POST", &format!("{path}/consents"), &desk.township, &after["version"], consent("concentrated")).await;
        assert_eq!(first.status, StatusCode::CREATED, "{}", first.json());
        let other = desk.at("POST", &format!("{path}/consents"), &desk.township, &first.json()["version"], consent("cash")).await;
        assert_eq!(problems(&other), ["key_fact_frozen pathway"]);
    }
}

database_test! {
    async fn consents_are_signed_by_adults_kept_one_by_one_and_withdrawn(test) {
        let desk = Desk::new(test).await;
        let seen = desk.family("QX-1").await;
        let path = path(&seen);
        let person = |place: usize| seen["members"][place]["id"].clone();
        let wrong = json!({"choice": "move", "taking": "oral", "date": "2026-03-09", "signer": {"as": "member", "person": person(2)},
            "exceptions": [{"person": person(3), "choice": "move"}]});
        let refused = desk.at("POST", &format!("{path}/consents"), &desk.township, &seen["version"], wrong).await;
        assert_eq!(problems(&refused), [
            "pathway_missing pathway", "date_in_future date", "signer_minor signer", "witness_missing witness",
            "pathway_missing exceptions.1", "no_exception exceptions.1",
        ]);
        // The grandmother stays, the family goes.
        let new = json!({"choice": "move", "pathway": "concentrated", "preferred_township": "619021102", "preferred_site": "白河安置点",
            "taking": "oral", "witness": "赵支书", "date": "2026-02-20", "signer": {"as": "member", "person": person(0)},
            "exceptions": [{"person": person(3), "choice": "stay", "reason": "故土难离"}]});
        let first = desk.at("POST", &format!("{path}/consents"), &desk.township, &seen["version"], new).await;
        assert_eq!(first.status, StatusCode::CREATED, "{}", first.json());
        // The newest is told by its time.
        desk.office.pass(jiff::SignedDuration::from_secs(60));
        let by = json!({"choice": "stay", "taking": "written", "date": "2026-02-25",
            "signer": {"as": "representative", "name": "张三", "basis": "委托书 3 号"}});
        let second = desk.at("POST", &format!("{path}/consents"), &desk.township, &first.json()["version"], by).await.json();
        assert_eq!(second["choice"], "stay");
        let gone = json!({"date": "2026-02-27", "reason": "再考虑"});
        let third = desk.at("POST", &format!("{path}/consents/withdrawal"), &desk.township, &second["version"], gone.clone()).await.json();
        assert_eq!((&third["choice"], &third["consent"]), (&Value::Null, &Value::Null));
        // The history tells a consent that came, changed and went field by field.
        let history = desk.office.get(&format!("{path}/history"), &desk.county).await.json();
        assert!(!history.to_string().contains("{…}"), "{history}");
        let told = |version: usize, field: &str| {
            let changed = history[version]["changed"].as_array().unwrap();
            let change = changed.iter().find(|change| change["field"] == field);
            let change = change.unwrap_or_else(|| panic!("{field}: {history}"));
            (change["before"].clone(), change["after"].clone())
        };
        let role = "consent.signer_role";
        assert_eq!(told(0, role), (json!("representative"), Value::Null));
        assert_eq!(told(1, role), (json!("member"), json!("representative")));
        assert_eq!(told(1, "consent.signer_role.basis"), (Value::Null, json!("委托书 3 号")));
        assert_eq!(told(2, role), (Value::Null, json!("member")));
        assert_eq!(told(2, "consent.witness"), (Value::Null, json!("赵**")));
        let none = desk.at("POST", &format!("{path}/consents/withdrawal"), &desk.township, &third["version"], gone).await;
        assert_eq!(none.code(), "no_consent");

        let records = desk.office.get(&format!("{path}/consents"), &desk.county).await.json();
        assert_eq!(records.as_array().unwrap().len(), 2);
        assert_eq!((&records[0]["withdrawal"]["reason"], &records[0]["stands"]), (&json!("再考虑"), &json!(false)));
        assert_eq!(records[1]["consent"]["exceptions"][0]["choice"], "stay");
        assert_eq!(records[1]["consent"]["witness"], "赵**");
        assert_eq!(desk.office.get(&format!("{path}/consents"), &desk.other).await.status, StatusCode::NOT_FOUND);
        let villages = desk.office.get("/register/consents", &desk.county).await.json();
        assert_eq!((&villages[0]["withdrawn"], &villages[0]["households"], &villages[0]["persons"]), (&json!(1), &json!(1), &json!(4)));
        let csv = desk.office.get("/register/consents.csv?area=619021101", &desk.county).await;
        assert!(String::from_utf8(csv.body).unwrap().contains("青石村"));
        desk.office.verify_ledger().await;
    }
}

database_test! {
    async fn income_is_recorded_year_by_year_and_reckoned_per_person(test) {
        let desk = Desk::new(test).await;
        let seen = desk.family("QX-1").await;
        let year = format!("{}/income/2025", path(&seen));
        let lines = json!([{"kind": "wage", "amount": 2_400_000, "source": "务工"}, {"kind": "business", "amount": 1_000_000, "cost": 650_000}]);
        let made = desk.at("PUT", &year, &desk.township, &json!(0), json!({"lines": lines, "reason": "入户核实"})).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.json());
        // 24 000 + 10 000 - 6 500 yuan for four persons.
        assert_eq!((&made.json()["net"], &made.json()["net_per_person"]), (&json!(2_750_000), &json!(687_500)));
        let twice = desk.at("PUT", &year, &desk.county, &json!(0), json!({"lines": lines, "reason": "x"})).await;
        assert_eq!(twice.code(), "version_conflict");
        let wrong = json!({"lines": [{"kind": "wage", "amount": -1, "from": "2025-12-31", "to": "2025-01-01"}], "reason": "x"});
        let refused = desk.at("PUT", &year, &desk.county, &json!(1), wrong).await;
        assert_eq!(problems(&refused), ["income_amount lines.1.amount", "income_window lines.1.to"]);
        let gone = desk.at("PUT", &year, &desk.county, &json!(1), json!({"lines": [], "reason": "误录"})).await;
        assert_eq!((gone.status, gone.json()), (StatusCode::OK, Value::Null));
        let list = desk.office.get(&format!("{}/income", path(&seen)), &desk.county).await.json();
        assert_eq!(list, json!([]));
    }
}

/// A body of so many pieces of a kilobyte, made when they are asked for.
struct Pieces {
    left: usize,
    asked: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

impl axum::body::HttpBody for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        if self.left == 0 {
            return std::task::Poll::Ready(None);
        }
        self.left -= 1;
        self.asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        std::task::Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::from_static(
            &[0; 1 << 20],
        )))))
    }
}

database_test! {
    async fn documents_are_what_they_say_and_personal_ones_ask_what_for(test) {
        let desk = Desk::new(test).await;
        let seen = desk.family("QX-1").await;
        let id = seen["id"].as_str().unwrap().to_owned();
        let photo = [0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3];
        let query = "kind=home_photo&name=home.jpg&taken_on=2026-02-01&longitude=108.5&latitude=33";
        let made = desk.upload(&desk.township, &id, query, Body::from(photo.to_vec())).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
        assert_eq!((&made.json()["media_type"], &made.json()["position"]["longitude"]), (&json!("image/jpeg"), &json!(108.5)));
        let file = format!("{}/documents/{}/file", path(&seen), made.json()["id"].as_str().unwrap());
        let got = desk.office.get(&file, &desk.county).await;
        assert_eq!((got.status, got.body.as_slice()), (StatusCode::OK, photo.as_slice()));
        assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(got.header("content-disposition"), Some("attachment; filename*=UTF-8''home.jpg"));
        assert_eq!(desk.office.get(&file, &desk.other).await.status, StatusCode::NOT_FOUND);

        // A page that calls itself a picture, a picture that calls itself a PDF, the same file again.
        for (query, body, code) in [
            ("kind=home_photo&name=a.jpg", &b"<html><script>"[..], "file_type"),
            ("kind=decision&name=a.pdf", &photo[..], "file_type_lies"),
            ("kind=home_photo&name=a.jpg", &photo[..], "document_twice"),
            ("kind=home_photo&name=a.jpg", &b""[..], "file_empty"),
        ] {
            let refused = desk.upload(&desk.township, &id, query, Body::from(body.to_vec())).await;
            assert_eq!((refused.status, refused.code()), (StatusCode::UNPROCESSABLE_ENTITY, code.into()));
        }
        // 500 MB: announced, it is refused before a byte is read; unannounced, soon after the limit.
        let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        for announced in [true, false] {
            let body = Body::new(Pieces { left: 500, asked: asked.clone() });
            let mut request = Request::builder().method("POST").uri(format!("/api/v1/register/households/{id}/documents?kind=other&name=a.pdf"))
                .header(header::COOKIE, &desk.township);
            if announced {
                request = request.header(header::CONTENT_LENGTH, "524288000");
            }
            let refused = desk.office.request(request.body(body).unwrap()).await;
            assert_eq!((refused.status, refused.code()), (StatusCode::PAYLOAD_TOO_LARGE, "file_too_large".into()));
            let read = asked.load(std::sync::atomic::Ordering::Relaxed);
            assert!(if announced { read == 0 } else { read < 20 }, "{read} MB were read");
        }
        // Nothing of what was refused stays on the disk.
        let stray: Vec<_> = std::fs::read_dir(desk.office.root().join("attachments")).unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok()).filter(|name| name.ends_with("unfinished")).collect();
        assert_eq!(stray, [""; 0]);

        // A copy of an ID: for a stated purpose, which is on the ledger.
        let made = desk.upload(&desk.township, &id, "kind=id_copy&name=%E5%BC%A0%E4%B8%89.pdf", Body::from("%PDF-1.7 ...")).await.json();
        let file = format!("{}/documents/{}/file", path(&seen), made["id"].as_str().unwrap());
        assert_eq!(desk.office.get(&file, &desk.county).await.code(), "purpose_missing");
        let got = desk.office.post(&file, &desk.county, json!({"purpose": "inspection"})).await;
        assert_eq!((got.status, got.body.as_slice()), (StatusCode::OK, &b"%PDF-1.7 ..."[..]));
        let entries = desk.office.get("/ledger/entries?kind=unmasking", &desk.county).await.json();
        assert!(entries.to_string().contains("read_document"), "{entries}");

        // Removed, it stays on record.
        let removal = format!("{}/documents/{}/removal", path(&seen), made["id"].as_str().unwrap());
        let gone = desk.at("POST", &removal, &desk.township, &made["version"], json!({"reason": "传错户"})).await;
        assert_eq!(gone.json()["removal"]["reason"], "传错户");
        let list = desk.office.get(&format!("{}/documents", path(&seen)), &desk.county).await.json();
        assert_eq!(list.as_array().unwrap().len(), 2);
        desk.office.verify_ledger().await;
    }
}
