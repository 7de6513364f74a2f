//! What a category stands on: hazard points closed by two people, evidence, and households that are not accepted.

use anju_model::area::{Area, AreaCode};
use anju_model::hazard::{
    HazardFacts, HazardKind, HazardPoint, HazardState, PointAssessment, RelocationExtent,
};
use anju_store::database_test;
use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::office::{Answer, Office};

/// A county officer who records, another who decides, and what was imported.
struct Grounds<'a> {
    office: Office<'a>,
    recorder: String,
    decider: String,
    township: String,
    stranger: String,
}

const REGISTER: &str = "户编号,村,姓名,证件号码,与户主关系,搬迁类型,是否应搬,紧迫程度,隐患点编号\n\
    D-1,青石村,张三,619021197001010012,户主,避灾搬迁,是,紧迫,ZD-1\n\
    D-2,青石村,李四,619021197201010025,户主,避灾搬迁,是,一般,\n\
    E-1,青石村,王五,619021196501010030,户主,生态搬迁,否,,\n\
    O-1,青石村,赵六,619021198001010047,户主,其他搬迁,否,,\n\
    P-1,青石村,孙七,619021197501010018,户主,扶贫搬迁,否,,\n\
    P-2,大湾村,周八,619021197501010026,户主,扶贫搬迁,否,,\n";

impl<'a> Grounds<'a> {
    async fn new(test: &'a anju_store::testing::TestDatabase) -> Self {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let areas = [
            ("619021101", "清溪镇"),
            ("619021101201", "青石村"),
            ("619021102", "白河镇"),
            ("619021102201", "大湾村"),
        ];
        let areas: Vec<Area> = areas
            .into_iter()
            .map(|(code, name)| Area::new(AreaCode::parse(code).unwrap(), name))
            .collect();
        let mut tx = office.begin().await;
        tx.insert(&areas).await.unwrap();
        office.commit(tx).await;
        let (_, recorder) = office
            .user(&administrator, "wang", "county_officer", "619021")
            .await;
        let (_, decider) = office
            .user(&administrator, "zhao", "county_officer", "619021")
            .await;
        let (_, township) = office
            .user(&administrator, "li", "township_officer", "619021101")
            .await;
        let (_, stranger) = office
            .user(&administrator, "sun", "township_officer", "619021102")
            .await;
        let grounds = Self {
            office,
            recorder,
            decider,
            township,
            stranger,
        };
        let (stored, refused) = grounds.import("名册.csv", REGISTER).await;
        assert_eq!((stored, refused), (6, 0));
        grounds
    }

    /// Imports a table; rows accepted and refused.
    async fn import(&self, name: &str, text: &str) -> (u64, u64) {
        self.import_with(name, text, Default::default()).await
    }

    async fn import_with(
        &self,
        name: &str,
        text: &str,
        list_source: anju_app::register::import::ListSource,
    ) -> (u64, u64) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let options = anju_app::register::import::Options {
            errors: folder.path().join("errors"),
            profile: None,
            crs: None,
            layer: None,
            keep_going: false,
            list_source,
        };
        let workspace = &self.office.workspace;
        let caller = anju_app::Caller::operator("test", &workspace.county().code);
        let progress = anju_app::Progress::default();
        let outcome = anju_app::register::import::import(workspace, &caller, &[path], &options, &progress)
            .await
            .unwrap();
        (outcome.records_accepted, outcome.records_refused)
    }

    async fn household(&self, number: &str) -> String {
        let found = self
            .office
            .get(&format!("/register/households?search={number}"), &self.recorder)
            .await
            .json();
        found["items"][0]["id"].as_str().unwrap().to_owned()
    }

    async fn state(&self, household: &str) -> String {
        let verdict = self
            .office
            .get(
                &format!("/register/households/{household}/acceptance"),
                &self.recorder,
            )
            .await;
        verdict.json()["state"].as_str().unwrap().to_owned()
    }

    async fn step(&self, path: &str, cookie: &str, version: &Value, body: Value) -> Answer {
        let version = format!("\"{version}\"");
        self.office
            .send("POST", path, cookie, &[("if-match", &version)], body)
            .await
    }

    async fn put(&self, path: &str, cookie: &str, version: &Value, body: Value) -> Answer {
        let version = format!("\"{version}\"");
        self.office
            .send("PUT", path, cookie, &[("if-match", &version)], body)
            .await
    }
}

/// A point that an assessment says engineering cannot make safe.
pub fn assessed_point(id: Uuid, code: &str) -> HazardPoint {
    HazardPoint {
        id,
        facts: HazardFacts {
            code: code.into(),
            name: None,
            area: AreaCode::parse("619021101201").unwrap(),
            kind: HazardKind::Landslide,
            scale: None,
            risk: None,
            state: HazardState::Active,
            extent: Some(RelocationExtent::Whole),
            threatened_households: None,
            threatened_persons: None,
            assessment: Some(PointAssessment {
                number: "评1号".into(),
                date: jiff::civil::date(2025, 3, 1),
                cannot_be_made_safe: true,
            }),
            position: None,
            layer_feature: None,
        },
        safe: Vec::new(),
        closing: None,
    }
}

fn point(code: &str) -> Value {
    json!({"code": code, "area": "619021101201", "kind": "landslide", "risk": "high", "state": "active", "extent": "whole"})
}

database_test! {
    async fn a_point_is_edited_by_version_and_closed_by_two_when_everybody_is_safe(test) {
        let grounds = Grounds::new(test).await;
        let office = &grounds.office;
        let made = office.post("/register/hazard-points", &grounds.township, point("ZD-1")).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
        assert_eq!(office.post("/register/hazard-points", &grounds.recorder, point("ZD-1")).await.code(), "hazard_taken");
        assert_eq!(office.post("/register/hazard-points", &grounds.stranger, point("ZD-2")).await.code(), "forbidden");
        let path = format!("/register/hazard-points/{}", made.json()["id"].as_str().unwrap());
        assert_eq!(office.get(&path, &grounds.stranger).await.status, StatusCode::NOT_FOUND);

        // Two people edit: the second sees that it was changed.
        let mut other = point("ZD-1");
        other["threatened_households"] = json!(2);
        let edited = grounds.put(&path, &grounds.recorder, &json!(1), other.clone()).await;
        assert_eq!(edited.status, StatusCode::OK, "{}", edited.json());
        assert_eq!(grounds.put(&path, &grounds.township, &json!(1), other.clone()).await.code(), "version_conflict");
        // A file cannot close a point, and moving it into another township needs permission there.
        let mut closed = other.clone();
        closed["state"] = json!("closed");
        assert_eq!(grounds.put(&path, &grounds.recorder, &json!(2), closed).await.code(), "hazard_closes_by_step");
        let mut away = other.clone();
        away["area"] = json!("619021102201");
        assert_eq!(grounds.put(&path, &grounds.township, &json!(2), away).await.code(), "forbidden");

        // The list: one on the register, one not; must-move apart from willing.
        let list = "隐患点编号,村,户主姓名,户主身份证号,人数,是否应搬\n\
            ZD-1,619021101201,张三,619021197001010012,4,是\n\
            ZD-1,619021101201,吴九,,3,否\n";
        assert_eq!(grounds.import("受威胁户.csv", list).await, (2, 0));
        let shown = office.get(&path, &grounds.township).await.json();
        assert_eq!(shown["figures"], json!({
            "registered": 1, "not_registered": 1, "must_move": 1, "willing": 0, "moved": 0, "treated": 0, "not_safe": 2
        }));
        let first = &shown["threatened"][0];
        assert_eq!((&first["household"]["register_number"], &first["household"]["urgency"]), (&json!("D-1"), &json!("urgent")));
        assert_eq!((&first["must_move"], &first["household"]["choice"], &first["head_name"]), (&json!(true), &json!(null), &json!("张*")));

        let closing = format!("{path}/closing");
        let ask = json!({"step": "ask", "document": "核查〔2026〕3号"});
        let early = grounds.step(&closing, &grounds.recorder, &json!(2), ask.clone()).await;
        assert_eq!(early.code(), "hazard_not_safe");
        let mut version = json!(2);
        for line in shown["threatened"].as_array().unwrap() {
            let safe = json!({"reason": "moved", "date": "2026-02-01", "evidence": "入户核查记录"});
            let path = format!("{path}/threatened/{}", line["id"].as_str().unwrap());
            let done = grounds.put(&path, &grounds.township, &version, safe).await;
            assert_eq!(done.status, StatusCode::OK, "{}", done.json());
            version = done.json()["version"].clone();
        }
        let asked = grounds.step(&closing, &grounds.recorder, &version, ask).await.json();
        assert_eq!(asked["closing"]["asked_by"], "wang");
        let approve = json!({"step": "approve"});
        assert_eq!(grounds.step(&closing, &grounds.recorder, &asked["version"], approve.clone()).await.code(), "same_person");
        assert_eq!(grounds.step(&closing, &grounds.township, &asked["version"], approve.clone()).await.code(), "forbidden");
        let closed = grounds.step(&closing, &grounds.decider, &asked["version"], approve).await.json();
        assert_eq!(closed["state"], "closed");
        // What is closed is changed neither by hand nor by a file.
        assert_eq!(grounds.put(&path, &grounds.recorder, &closed["version"], other).await.code(), "hazard_closed");
        assert_eq!(grounds.import("隐患点.csv", "隐患点编号,村,灾害类型\nZD-1,619021101201,崩塌\n").await, (0, 1));
        let open = office.get("/register/hazard-points?state=active", &grounds.recorder).await.json();
        assert_eq!(open["total"], 0);
        let history = office.get(&format!("{path}/history"), &grounds.recorder).await.json();
        assert_eq!((&history[0]["command"], &history[0]["changed"][1]["after"]), (&json!("close_hazard_point"), &json!("closed")), "{history}");
        let csv = String::from_utf8(office.get("/register/hazard-points.csv", &grounds.recorder).await.body).unwrap();
        assert!(csv.contains("ZD-1") && csv.contains("已销号"), "{csv}");
        office.verify_ledger().await;
    }
}

database_test! {
    async fn each_category_is_accepted_by_its_own_rule(test) {
        let grounds = Grounds::new(test).await;
        let office = &grounds.office;
        // Poverty: without any list nobody knows; then by number and name, whatever else is recorded.
        let (listed, unlisted) = (grounds.household("P-1").await, grounds.household("P-2").await);
        assert_eq!(grounds.state(&listed).await, "unknown");
        let rows = "户主姓名,证件号码,贫困户属性\n孙七,619021197501010018,一般贫困户\n周八,619021197501010999,一般贫困户\n";
        // A list without document and office proves nothing.
        assert_eq!(grounds.import("名单.csv", rows).await, (0, 2));
        let source = anju_app::register::import::ListSource {
            document: Some("安扶发〔2016〕12号".into()),
            office: Some("县扶贫办".into()),
        };
        assert_eq!(grounds.import_with("名单.csv", rows, source).await, (2, 0));
        assert_eq!(grounds.state(&listed).await, "accepted");
        assert_eq!(grounds.state(&unlisted).await, "missing");
        let shown = office.get(&format!("/register/households/{listed}/evidence"), &grounds.recorder).await.json();
        assert_eq!((&shown[0]["evidence"]["document"], &shown[0]["editable"]), (&json!("安扶发〔2016〕12号"), &json!(false)));
        let verdict = office.get(&format!("/register/households/{listed}/acceptance"), &grounds.recorder).await.json();
        let explanation = verdict["findings"][0]["explanation"]["en"].as_str().unwrap();
        assert!(explanation.contains("安扶发〔2016〕12号"), "{explanation}");

        // Disaster: the point and an assessment that engineering cannot make it safe; the wish plays no part.
        let threatened = grounds.household("D-1").await;
        assert_eq!(grounds.state(&threatened).await, "missing");
        let made = office.post("/register/hazard-points", &grounds.recorder, point("ZD-1")).await.json();
        assert_eq!(grounds.state(&threatened).await, "unknown");
        let path = format!("/register/hazard-points/{}", made["id"].as_str().unwrap());
        let mut treatable = point("ZD-1");
        treatable["assessment"] = json!({"number": "评1号", "date": "2025-03-01", "cannot_be_made_safe": false});
        grounds.put(&path, &grounds.recorder, &made["version"], treatable).await;
        assert_eq!(grounds.state(&threatened).await, "missing");
        // The assessment of the home itself outweighs that of the point.
        let evidence = format!("/register/households/{threatened}/evidence");
        let assessment = |cannot: bool| json!({"evidence": {
            "kind": "hazard_assessment", "number": "户评7号", "date": "2026-01-09", "level": "high", "cannot_be_made_safe": cannot
        }});
        assert_eq!(office.post(&evidence, &grounds.stranger, assessment(true)).await.status, StatusCode::NOT_FOUND);
        let recorded = office.post(&evidence, &grounds.township, assessment(true)).await;
        assert_eq!(recorded.status, StatusCode::CREATED, "{}", recorded.json());
        assert_eq!(grounds.state(&threatened).await, "accepted");
        let record = recorded.json()[0].clone();
        let one = format!("{evidence}/{}", record["id"].as_str().unwrap());
        let corrected = grounds.put(&one, &grounds.township, &record["version"], assessment(false)).await;
        assert_eq!(corrected.status, StatusCode::OK);
        assert_eq!(grounds.state(&threatened).await, "missing");
        assert_eq!(grounds.put(&one, &grounds.township, &record["version"], assessment(true)).await.code(), "version_conflict");
        let unnamed = grounds.household("D-2").await;
        assert_eq!(grounds.state(&unnamed).await, "unknown");

        // Ecological and other.
        let home = grounds.household("E-1").await;
        let evidence = format!("/register/households/{home}/evidence");
        let blank = json!({"evidence": {"kind": "protected_parcel", "reference": " ", "zone": "red_line", "document": "7号"}});
        assert_eq!(office.post(&evidence, &grounds.recorder, blank).await.code(), "evidence_field");
        let parcel = json!({"evidence": {"kind": "protected_parcel", "reference": "红线-0612", "zone": "red_line", "document": "安生态函〔2024〕7号"}});
        let recorded = office.post(&evidence, &grounds.recorder, parcel).await.json();
        assert_eq!(grounds.state(&home).await, "accepted");
        let withdrawal = format!("{evidence}/{}/withdrawal", recorded[0]["id"].as_str().unwrap());
        let silent = grounds.step(&withdrawal, &grounds.recorder, &json!(1), json!({"reason": ""})).await;
        assert_eq!(silent.code(), "evidence_reason");
        let gone = grounds.step(&withdrawal, &grounds.recorder, &json!(1), json!({"reason": "地块号录错"})).await;
        assert_eq!(gone.json(), json!([]));
        assert_eq!(grounds.state(&home).await, "unknown");
        let project = grounds.household("O-1").await;
        let evidence = format!("/register/households/{project}/evidence");
        let entry = json!({"evidence": {"kind": "department_list_entry", "document": "1号", "office": "办", "entry": "手写"}});
        assert_eq!(office.post(&evidence, &grounds.recorder, entry).await.code(), "evidence_from_list");
        let attached = json!({"evidence": {"kind": "project", "name": "安澜水库", "document": "31号", "attachment": {"hash": "ab", "name": "x"}}});
        assert_eq!(office.post(&evidence, &grounds.recorder, attached).await.status, StatusCode::NOT_FOUND);
        let named = json!({"evidence": {"kind": "project", "name": "安澜水库", "document": "安发改〔2023〕31号"}});
        office.post(&evidence, &grounds.recorder, named).await;
        assert_eq!(grounds.state(&project).await, "accepted");

        // The list by verdict, page by page, in the caller's area only.
        let missing = office.get("/register/acceptance?state=missing", &grounds.recorder).await.json();
        let numbers = |page: &Value| -> Vec<String> {
            page["items"].as_array().unwrap().iter().map(|row| row["register_number"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(numbers(&missing), ["D-1", "P-2"]);
        // What is counted is what the filter leaves, on whichever page.
        assert_eq!((&missing["total"], missing["at_least"].as_bool()), (&json!(2), Some(false)), "{missing}");
        let first = office.get("/register/acceptance?state=accepted&limit=1", &grounds.township).await.json();
        assert_eq!(numbers(&first), ["O-1"]);
        assert_eq!(first["total"], 2);
        let after = first["next"].as_str().unwrap().replace('"', "%22").replace(['[', ']'], "").replace(',', "%2C");
        let second = office.get(&format!("/register/acceptance?state=accepted&limit=1&after=%5B{after}%5D"), &grounds.township).await.json();
        assert_eq!(numbers(&second), ["P-1"], "{second}");
        assert_eq!(second["total"], 2);
        let own = office.get("/register/acceptance?category=poverty", &grounds.township).await.json();
        assert_eq!(numbers(&own), ["P-1"]);
        office.verify_ledger().await;
    }
}

database_test! {
    async fn a_roster_with_a_household_that_is_not_accepted_is_not_frozen(test) {
        let grounds = Grounds::new(test).await;
        let office = &grounds.office;
        let list = "户主姓名,证件号码,贫困户属性,批准文号,发布单位\n孙七,619021197501010018,一般贫困户,12号,县扶贫办\n";
        grounds.import("名单.csv", list).await;
        let draft = json!({"title": "扶贫搬迁名册", "category": "poverty"});
        let drafted = office.post("/register/rosters", &grounds.recorder, draft.clone()).await.json();
        let freezing = format!("/register/rosters/{}/freezing", drafted["id"].as_str().unwrap());
        let approval = json!({"approver": "县政府", "document": "安政函7号"});
        let refused = grounds.step(&freezing, &grounds.decider, &drafted["version"], approval.clone()).await;
        assert_eq!(refused.code(), "not_accepted");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("P-2(在部门核定名单上)") && !detail.contains("P-1"), "{detail}");
        // The department adds the household; nothing of the register changed, so the draft still stands.
        let longer = "户主姓名,证件号码,贫困户属性,批准文号,发布单位\n孙七,619021197501010018,一般贫困户,12号,县扶贫办\n\
            周八,619021197501010026,一般贫困户,12号,县扶贫办\n";
        grounds.import("名单.csv", longer).await;
        let frozen = grounds.step(&freezing, &grounds.decider, &drafted["version"], approval).await;
        assert_eq!((frozen.status, &frozen.json()["state"]), (StatusCode::OK, &json!("frozen")), "{}", frozen.json());
        office.verify_ledger().await;
    }
}
