//! Areas change: what is previewed is what is done, households, users and open work follow, old codes stay readable.

use anju_model::access::Role;
use anju_model::area::{Area, AreaCode};
use anju_model::lookback::{ItemState, LookbackItem, Severity};
use anju_store::database_test;
use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::office::Office;
use crate::unmasking::household;

fn code(text: &str) -> AreaCode {
    AreaCode::parse(text).unwrap()
}

/// Two townships and three villages; the households of the first village lie in groups 01 and 02, with an open look-back
/// item for the first.
async fn county(office: &Office<'_>) -> [Uuid; 4] {
    let areas = [
        ("619021101", "清溪镇"),
        ("619021101201", "青石村"),
        ("619021101202", "大湾村"),
        ("619021102", "白河镇"),
        ("619021102201", "河口村"),
    ];
    let areas: Vec<Area> = areas
        .into_iter()
        .map(|(at, name)| Area::new(code(at), name))
        .collect();
    let places = [
        "61902110120101",
        "61902110120102",
        "61902110120201",
        "61902110220101",
    ];
    let ids = places.map(|_| office.workspace.new_id());
    let households: Vec<_> = ids
        .iter()
        .zip(places)
        .map(|(id, at)| household(*id, at))
        .collect();
    let item = LookbackItem {
        id: office.workspace.new_id(),
        rule: "asset.vehicle".into(),
        severity: Severity::Ask,
        area: code(places[0]),
        household: Some(ids[0]),
        person: None,
        other_household: None,
        other_person: None,
        evidence: Vec::new(),
        values: Default::default(),
        explanation: Default::default(),
        action: Default::default(),
        probability: 1.0,
        state: ItemState::Open,
        decision_reason: None,
        decided_by: None,
        decided_at: None,
    };
    let mut tx = office.begin().await;
    tx.insert(&areas).await.unwrap();
    tx.insert(&households).await.unwrap();
    tx.insert(&[item]).await.unwrap();
    office.commit(tx).await;
    ids
}

fn order(change: Value) -> Value {
    json!({"change": change, "date": "2026-03-01", "document": "安政发〔2026〕3号"})
}

/// Previews a change and carries it out.
async fn carry_out(office: &Office<'_>, cookie: &str, mut request: Value) -> Value {
    let shown = office
        .post("/areas/changes/preview", cookie, request.clone())
        .await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.json());
    request["fingerprint"] = shown.json()["fingerprint"].clone();
    let done = office.post("/areas/changes", cookie, request).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.json());
    done.json()
}

async fn found(office: &Office<'_>, cookie: &str, area: &str) -> Vec<String> {
    let answer = office
        .get(
            &format!("/register/households?area={area}&sort=register_number"),
            cookie,
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{area} {}", answer.json());
    let list = answer.json()["items"].as_array().unwrap().clone();
    list.iter()
        .map(|row| row["area"].as_str().unwrap().to_owned())
        .collect()
}

database_test! {
    async fn a_new_code_takes_households_users_and_open_work_along(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let [first, ..] = county(&office).await;
        let (_, officer) = office.user(&administrator, "li", "township_officer", "619021101").await;
        let before = office.now();
        let change = json!({"kind": "recode", "code": "619021101", "to": "619021105", "name": "清溪街道"});
        let done = carry_out(&office, &administrator, order(change)).await;
        assert_eq!((&done["households"], &done["records"], &done["staying"]), (&json!(3), &json!(1), &json!(0)));
        assert_eq!(done["users"][0]["to"], "619021105");

        // The officer goes on without signing in again, under the new code and by the old one.
        for area in ["619021105", "619021101"] {
            assert_eq!(found(&office, &officer, area).await, ["61902110520101", "61902110520102", "61902110520201"], "{area}");
        }
        assert_eq!(found(&office, &officer, "619021101201").await, ["61902110520101", "61902110520102"]);
        let items = office.get("/lookback/items", &officer).await;
        assert_eq!(items.json()["items"][0]["area"], "61902110520101");
        // Every other list and step understands the old code too, and answers what the new one answers.
        let opened = json!({"area": "619021101", "form": "visit", "date": "2026-03-01", "reference": "走访 1"});
        assert_eq!(office.post("/register/identification/cases", &officer, opened).await.json()["done"], 3);
        for (path, rows) in [
            ("/lookback/items", "/items/0"),
            ("/lookback/figures", ""),
            ("/register/identification", "/steps/0"),
            ("/register/identification/cases", "/items/0"),
            ("/register/identification/notices", "/items"),
            ("/register/identification/objections", "/items"),
            ("/register/amendments", "/items"),
            ("/register/consents", ""),
            ("/register/acceptance", "/items/0"),
            ("/plan/assignments", ""),
            ("/land/candidates", ""),
        ] {
            let [new, old] = ["619021105", "619021101"].map(|area| format!("{path}?area={area}"));
            let (new, old) = (office.get(&new, &officer).await, office.get(&old, &officer).await);
            assert_eq!((new.status, old.status), (StatusCode::OK, StatusCode::OK), "{path}: {}", old.json());
            assert_eq!(new.json(), old.json(), "{path}");
            assert!(old.json().pointer(rows).is_some(), "{path}: {}", old.json());
        }
        let taking = json!({"area": "619021101201", "step": "group_review", "what": "withdraw", "remark": "本人申请"});
        assert_eq!(office.post("/register/identification/steps", &officer, taking).await.json()["done"], 2);

        // The household keeps the area it had, by the names of that time.
        let places = office.get(&format!("/register/households/{first}/places"), &officer).await.json();
        assert_eq!(places[0]["area_name"], "清溪街道 青石村 1组");
        assert_eq!(places[1]["area_name"], "清溪镇 青石村 1组");
        let history = office.get(&format!("/register/households/{first}/history"), &officer).await.json();
        let changed = &history[0]["changed"][0];
        assert_eq!((&changed["field"], &history[0]["reason"]), (&json!("area"), &json!("安政发〔2026〕3号")));
        assert_eq!(changed["before"], "清溪镇 青石村 1组 (61902110120101)");
        // As of a time before, the register has it where it was, for the officer of today.
        let past = office.get(&format!("/register/as-of?at={before}"), &officer).await.json();
        assert_eq!(past["total"], 3, "{past}");

        let on = office.get("/areas?on=2026-02-01", &officer).await.json();
        let names: Vec<&str> = on.as_array().unwrap().iter().map(|area| area["code"].as_str().unwrap()).collect();
        assert_eq!(names, ["619021101", "619021101201", "619021101202"]);
        let old = office.get("/areas/619021101", &officer).await.json();
        assert_eq!((&old["valid_to"], &old["now"]), (&json!("2026-02-28"), &json!(["619021105"])));
        let new = office.get("/areas/619021105", &administrator).await.json();
        assert_eq!(new["predecessors"][0]["areas"][0]["code"], "619021101");
        assert_eq!(new["predecessors"][0]["document"], "安政发〔2026〕3号");
        assert_eq!(new["users"][0]["name"], "li");
        let file = office.get("/areas.csv?closed=true", &administrator).await;
        assert!(String::from_utf8(file.body).unwrap().contains("619021101,清溪镇,乡镇,619021,,2026-02-28,,代码变更,619021105"));
        office.verify_ledger().await;
    }
}

database_test! {
    async fn a_split_needs_everything_assigned_and_a_part_for_each_user(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let [first, second, ..] = county(&office).await;
        let (user, officer) = office.user(&administrator, "zhao", "village_officer", "619021101201").await;
        let parts = |areas: Value| json!({"kind": "split", "code": "619021101201", "parts": [
            {"code": "619021101203", "name": "上青石村", "areas": areas},
            {"code": "619021101204", "name": "下青石村", "households": [second]},
        ]});
        let short = office.post("/areas/changes/preview", &administrator, order(parts(json!([])))).await;
        assert_eq!((short.status, short.code()), (StatusCode::UNPROCESSABLE_ENTITY, "area_unassigned".into()));

        let mut request = order(parts(json!(["61902110120101"])));
        let blind = office.post("/areas/changes", &administrator, request.clone()).await;
        assert_eq!((blind.status, blind.code()), (StatusCode::CONFLICT, "area_stale".into()));
        let shown = office.post("/areas/changes/preview", &administrator, request.clone()).await.json();
        assert_eq!(shown["users"][0]["choices"], json!(["619021101203", "619021101204"]));
        request["fingerprint"] = shown["fingerprint"].clone();
        let unplaced = office.post("/areas/changes", &administrator, request.clone()).await;
        assert_eq!(unplaced.code(), "area_user");
        // Not a part of this split.
        request["users"] = json!({ user.as_str(): "619021102201" });
        assert_eq!(office.post("/areas/changes", &administrator, request.clone()).await.code(), "area_user");
        request["users"] = json!({ user.as_str(): "619021101204" });
        let done = office.post("/areas/changes", &administrator, request).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.json());

        // The county finds both parts by the old code, the officer of one part only that part.
        assert_eq!(found(&office, &administrator, "619021101201").await, ["61902110120301", "61902110120402"]);
        assert_eq!(found(&office, &officer, "619021101201").await, ["61902110120402"]);
        let other = office.get(&format!("/register/households/{first}"), &officer).await;
        assert_eq!(other.status, StatusCode::NOT_FOUND);
        assert_eq!(office.get("/areas/619021101201", &officer).await.status, StatusCode::NOT_FOUND);
        let figures = office.get("/register/figures?area=619021101201", &administrator).await;
        assert_eq!(figures.code(), "area_split");
        office.verify_ledger().await;
    }
}

database_test! {
    async fn a_merger_renumbers_groups_and_gives_both_officers_the_whole(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let [_, _, third, _] = county(&office).await;
        let (_, officer) = office.user(&administrator, "zhao", "village_officer", "619021101202").await;
        let change = json!({"kind": "merge", "codes": ["619021101201", "619021101202"], "to": "619021101201", "name": "青湾村"});
        let done = carry_out(&office, &administrator, order(change)).await;
        assert_eq!(done["moves"][1]["to"][0]["code"], "61902110120103");
        assert_eq!(found(&office, &officer, "619021101202").await.len(), 3);
        let places = office.get(&format!("/register/households/{third}/places"), &officer).await.json();
        assert_eq!(places[1]["area_name"], "清溪镇 大湾村 1组");
        office.verify_ledger().await;
    }
}

database_test! {
    async fn areas_outside_and_other_roles_are_refused_and_previews_go_stale(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        county(&office).await;
        let away = json!({"kind": "recode", "code": "619021101201", "to": "619022101201"});
        for path in ["/areas/changes", "/areas/changes/preview"] {
            let answer = office.post(path, &administrator, order(away.clone())).await;
            assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, "forbidden".into()), "{path}");
        }
        let rename = json!({"kind": "rename", "code": "619021101201", "name": "新青石村"});
        for role in Role::ALL.iter().filter(|role| !role.may(anju_model::access::Action::ManageAreas)) {
            let Some(level) = role.permissions().levels.last() else { continue };
            let area = match level {
                anju_model::area::AreaLevel::Province => "61",
                anju_model::area::AreaLevel::Prefecture => "6190",
                anju_model::area::AreaLevel::Township => "619021101",
                _ => "619021101201",
            };
            let (_, cookie) = office.user(&administrator, role.code(), role.code(), area).await;
            let answer = office.post("/areas/changes", &cookie, order(rename.clone())).await;
            assert_eq!(answer.code(), "forbidden", "{role}");
        }
        // A household that came after the preview makes it stale.
        let mut request = order(json!({"kind": "recode", "code": "619021101202", "to": "619021101209"}));
        let shown = office.post("/areas/changes/preview", &administrator, request.clone()).await.json();
        let mut tx = office.begin().await;
        tx.insert(&[household(office.workspace.new_id(), "61902110120202")]).await.unwrap();
        office.commit(tx).await;
        request["fingerprint"] = shown["fingerprint"].clone();
        assert_eq!(office.post("/areas/changes", &administrator, request).await.code(), "area_stale");
        let done = carry_out(&office, &administrator, order(rename)).await;
        assert_eq!(done["households"], 0);
    }
}

database_test! {
    async fn a_table_with_former_codes_is_imported_by_itself_and_old_codes_in_lists_are_understood(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        county(&office).await;
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let areas = write("区划变更.csv", "区划代码,名称,启用日期,原代码,批准文号\n\
            619021101201,青湾村,2026-02-01,619021101202,民发1号\n\
            619021105,白河街道,2026-03-01,619021102,民发2号\n\
            619021107,石泉镇,2019-01-01,619021108、619021109,民发3号\n\
            619021101203,甲村,2026-03-01,619021101204,民发4号\n\
            619021101205,乙村,2026-03-01,619021101204,民发4号\n");
        let register = "户编号,村,组,姓名,证件号码,与户主关系,搬迁类型,是否应搬\n\
            QX-9,619021102201,1组,王五,,户主,避灾搬迁,是\n";
        let list = write("名册.csv", register);
        let options = anju_app::register::import::Options {
            errors: folder.path().join("errors"),
            profile: None,
            crs: None,
            layer: None,
            keep_going: false,
            list_source: Default::default(),
        };
        let caller = anju_app::Caller::operator("test", &office.workspace.county().code);
        let import = async |paths: &[std::path::PathBuf]| {
            anju_app::register::import::import(&office.workspace, &caller, paths, &options, &anju_app::Progress::default()).await
        };
        let both = import(&[areas.clone(), list.clone()]).await.unwrap_err();
        assert!(both.to_string().contains("by itself"), "{both}");
        let outcome = import(std::slice::from_ref(&areas)).await.unwrap();
        // The two rows of a split are refused with the reason, the rest is carried out.
        assert_eq!((outcome.records_accepted, outcome.records_refused), (3, 2), "{outcome:?}");
        assert_eq!(outcome.error_workbooks.len(), 1);
        assert_eq!(outcome.households_changed, 2);
        assert_eq!(found(&office, &administrator, "619021102").await, ["61902110520101"]);
        let old = office.get("/areas/619021108", &administrator).await.json();
        assert_eq!(old["now"], json!(["619021107"]));
        // Again, nothing is left to do.
        let again = import(&[areas]).await.unwrap();
        assert_eq!(again.households_changed, 0);
        // A list with the old code is stored under the new one.
        let listed = import(&[list]).await.unwrap();
        assert_eq!((listed.records_accepted, listed.records_refused), (1, 0), "{listed:?}");
        assert_eq!(found(&office, &administrator, "619021105").await.len(), 2);
        office.verify_ledger().await;
    }
}
