//! Every role, every action, in the own area, inside it, outside and above.

use std::collections::BTreeMap;

use anju_model::access::{Action, Role};
use anju_model::amendment::{Amendment, AmendmentKind, AmendmentState, Change, Evidence};
use anju_model::area::AreaCode;
use anju_model::bulk::{BulkChange, BulkSource, BulkState};
use anju_model::code_list::Text;
use anju_model::lookback::{ItemState, LookbackItem, Severity};
use anju_model::register::Category;
use anju_model::roster::{Roster, RosterFilter, RosterState};
use anju_store::database_test;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::office::Office;
use crate::unmasking::household;

/// A user's own area, one inside, one outside and one above it; empty where there is none.
struct Places {
    own: &'static str,
    inside: &'static str,
    outside: &'static str,
    above: &'static str,
}

const PROVINCE: Places = Places {
    own: "61",
    inside: "619021",
    outside: "62",
    above: "",
};
const PREFECTURE: Places = Places {
    own: "6190",
    inside: "619021",
    outside: "6191",
    above: "61",
};
const COUNTY: Places = Places {
    own: "619021",
    inside: "619021101",
    outside: "619022",
    above: "6190",
};
const TOWNSHIP: Places = Places {
    own: "619021101",
    inside: "619021101201",
    outside: "619021102",
    above: "619021",
};
const VILLAGE: Places = Places {
    own: "619021101201",
    inside: "61902110120101",
    outside: "619021101202",
    above: "619021101",
};

/// For each action four marks: own area, inside, outside, above. `y` allowed, `.` refused, ` ` no such area.
///
/// - Reading the register or the casework above the own area is allowed and answers what lies in the own area.
/// - Import and analyses are of the whole county: they have no area of their own.
/// - Who answers for the whole county sees all of its ledger.
/// - Users of superior offices are made by the county's administrator.
const EXPECTED: &[(&str, &Places, [&str; 24])] = &[
    // read_register, read_casework, import_data, read_extracts, import_extracts, edit_register, run_analysis, decide_lookback, review_in_village, check_in_township,
    // decide_in_county, draft_roster, approve_roster, ask_amendment, check_amendment, ask_bulk_change, approve_bulk_change,
    // read_ledger, manage_users, manage_areas, record_grounds, ask_erasure, erase_content, unmask_data
    (
        "administrator",
        &COUNTY,
        [
            "yy.y", "yy.y", "y   ", "y   ", "y   ", "yy..", "y   ", "yy..", "yy.y", "yy.y", "yy.y", "yy..",
            "yy..", "yy..", "yy..", "yy.y", "yy..", "yyyy", "yy.y", "yy..", "yy..", "y   ", "y   ", "yy..",
        ],
    ),
    (
        "province_officer",
        &PROVINCE,
        [
            "yy. ", "yy. ", ".   ", ".   ", ".   ", "... ", ".   ", "... ", "... ", "... ", "... ", "... ",
            "... ", "... ", "... ", "... ", "... ", "yyy ", "... ", "... ", "... ", ".   ", ".   ", "... ",
        ],
    ),
    (
        "prefecture_officer",
        &PREFECTURE,
        [
            "yy.y", "yy.y", ".   ", ".   ", ".   ", "....", ".   ", "....", "....", "....", "....", "....",
            "....", "....", "....", "....", "....", "yyyy", "....", "....", "....", ".   ", ".   ", "....",
        ],
    ),
    (
        "county_officer",
        &COUNTY,
        [
            "yy.y", "yy.y", "y   ", "y   ", "y   ", "yy..", "y   ", "yy..", "....", "....", "yy.y", "yy..",
            "yy..", "yy..", "....", "yy.y", "yy..", "yyyy", "....", "yy..", "yy..", "y   ", ".   ", "yy..",
        ],
    ),
    (
        "township_officer",
        &TOWNSHIP,
        [
            "yy.y", "yy.y", ".   ", ".   ", ".   ", "yy..", ".   ", "yy..", "yy.y", "yy.y", "....", "....",
            "....", "yy..", "yy..", "yy.y", "....", "....", "....", "....", "yy..", ".   ", ".   ", "yy..",
        ],
    ),
    (
        "village_officer",
        &VILLAGE,
        [
            "yy.y", "yy.y", ".   ", ".   ", ".   ", "....", ".   ", "....", "yy.y", "....", "....", "....",
            "....", "....", "....", "....", "....", "....", "....", "....", "....", ".   ", ".   ", "....",
        ],
    ),
    (
        "department_user",
        &COUNTY,
        [
            "yy.y", "....", ".   ", "y   ", "y   ", "....", ".   ", "....", "....", "....", "....", "....",
            "....", "....", "....", "....", "....", "....", "....", "....", "....", ".   ", ".   ", "....",
        ],
    ),
    (
        "inspector",
        &TOWNSHIP,
        [
            "yy.y", "yy.y", ".   ", ".   ", ".   ", "....", ".   ", "....", "....", "....", "....", "....",
            "....", "....", "....", "....", "....", "yy..", "....", "....", "....", ".   ", ".   ", "yy..",
        ],
    ),
    (
        "evaluator",
        &TOWNSHIP,
        [
            "yy.y", "....", ".   ", ".   ", ".   ", "....", ".   ", "....", "....", "....", "....", "....",
            "....", "....", "....", "....", "....", "....", "....", "....", "....", ".   ", ".   ", "....",
        ],
    ),
    (
        "public",
        &COUNTY,
        [
            "....", "....", ".   ", ".   ", ".   ", "....", ".   ", "....", "....", "....", "....", "....",
            "....", "....", "....", "....", "....", "....", "....", "....", "....", ".   ", ".   ", "....",
        ],
    ),
];

/// A role that manages users is given one that fits the area, so that only the area can be what is refused.
fn role_of_area(area: &str) -> &'static str {
    match area.len() {
        2 => "province_officer",
        4 => "prefecture_officer",
        6 => "county_officer",
        9 => "township_officer",
        _ => "village_officer",
    }
}

pub fn item(id: Uuid, area: &str) -> LookbackItem {
    LookbackItem {
        id,
        rule: "asset.vehicle".into(),
        severity: Severity::Clear,
        area: AreaCode::parse(area).unwrap(),
        household: None,
        person: None,
        other_household: None,
        other_person: None,
        evidence: Vec::new(),
        values: BTreeMap::new(),
        explanation: Text::new("名下有车", "owns a vehicle"),
        action: Text::new("入户核实", "visit"),
        probability: 1.0,
        state: ItemState::Open,
        decision_reason: None,
        decided_by: None,
        decided_at: None,
    }
}

pub fn roster(id: Uuid, area: &str) -> Roster {
    Roster {
        id,
        category: Category::Disaster,
        title: "避灾搬迁名册".into(),
        number: 1,
        state: RosterState::Draft,
        filter: RosterFilter {
            area: AreaCode::parse(area).unwrap(),
            poverty_attribute: None,
            choice: None,
            must_move: None,
            open_items: None,
            identified: None,
        },
        households: 0,
        persons: 0,
        hash: "ef".into(),
        previous: None,
        drafted_by: "cli:test".into(),
        drafted_at: Timestamp::UNIX_EPOCH,
        frozen: None,
        superseded_by: None,
    }
}

pub fn amendment(id: Uuid, area: &str) -> Amendment {
    Amendment {
        id,
        roster: id,
        household: id,
        register_number: "A-1".into(),
        area: AreaCode::parse(area).unwrap(),
        kind: AmendmentKind::Correction,
        changes: vec![Change::BankAccount {
            old: Some("6217000000000000000".into()),
            new: None,
        }],
        reason: "账户已销".into(),
        evidence: Some(Evidence {
            hash: "ab".into(),
            name: "销户证明.jpg".into(),
        }),
        state: AmendmentState::Asked,
        steps: Vec::new(),
    }
    .ask("cli:test", Timestamp::UNIX_EPOCH)
    .unwrap()
}

pub fn bulk_change(id: Uuid, area: &str) -> BulkChange {
    BulkChange {
        id,
        title: "更正.xlsx".into(),
        area: AreaCode::parse(area).unwrap(),
        source: BulkSource::Sheet,
        undoes: None,
        hash: "ef".into(),
        rows_read: 1,
        rows_unchanged: 0,
        rows_refused: 0,
        households: 1,
        fields: Vec::new(),
        unknown_columns: Vec::new(),
        personal: false,
        state: BulkState::Asked,
        asked_by: "cli:test".into(),
        asked_at: Timestamp::UNIX_EPOCH,
        reason: Some("更正".into()),
        decision: None,
    }
}

struct Asker<'a> {
    office: &'a Office<'a>,
    cookie: String,
    role: &'static str,
    items: &'a BTreeMap<&'static str, Uuid>,
}

impl Asker<'_> {
    /// `y` when the request was let through, `.` when it was refused; anything else fails.
    async fn mark(&self, action: Action, area: &str) -> char {
        let office = self.office;
        let item = self.items[area];
        let (answer, allowed) = match action {
            Action::ReadRegister | Action::ReadCasework => {
                let paths: &[&str] = match action {
                    Action::ReadRegister => &[
                        "/register/households",
                        "/register/figures",
                        "/register/households.csv",
                    ],
                    _ => &["/lookback/items", "/lookback/figures"],
                };
                let mut marks = Vec::new();
                for path in paths {
                    let answer = office.get(&format!("{path}?area={area}"), &self.cookie).await;
                    marks.push(self.judge(&answer, StatusCode::OK));
                }
                assert!(
                    marks.iter().all(|mark| *mark == marks[0]),
                    "{} {area} {marks:?}",
                    self.role
                );
                return marks[0];
            }
            // Import has no request of its own; the use case behind the command line is asked with the same session.
            Action::ImportData => return self.import_mark().await,
            Action::EditRegister => {
                // A version that is never reached: what is allowed fails on it.
                let version = [("if-match", "\"99\"")];
                let path = format!("/register/households/{item}");
                let correction = json!({"facts": {"must_move": false}, "reason": "核实"});
                let answer = office
                    .send("PATCH", &path, &self.cookie, &version, correction)
                    .await;
                if answer.code() == "not_found" {
                    return '.';
                }
                (answer, StatusCode::PRECONDITION_FAILED)
            }
            Action::ReadExtracts => {
                let answer = office.get("/register/department-data", &self.cookie).await;
                (answer, StatusCode::OK)
            }
            Action::ImportExtracts => {
                // A name that is a path is refused after the permission was found.
                let answer = office
                    .upload("/register/department-data?name=a/b.csv", &self.cookie, "a".into())
                    .await;
                (answer, StatusCode::UNPROCESSABLE_ENTITY)
            }
            // Cancelling a job that does not exist asks for the permission first.
            Action::RunAnalysis => {
                let answer = office
                    .send("DELETE", &format!("/jobs/{item}"), &self.cookie, &[], Value::Null)
                    .await;
                (answer, StatusCode::NOT_FOUND)
            }
            Action::DecideLookback => {
                // A version that is never reached: what is allowed fails on it, so that nothing changes for the next role.
                let decision = json!({"state": "confirmed", "reason": "核实无误"});
                let version = [("if-match", "\"99\"")];
                let path = format!("/lookback/items/{item}/decision");
                let answer = office.send("POST", &path, &self.cookie, &version, decision).await;
                (answer, StatusCode::PRECONDITION_FAILED)
            }
            Action::ReviewInVillage | Action::CheckInTownship | Action::DecideInCounty => {
                let step = match action {
                    Action::ReviewInVillage => "group_review",
                    Action::CheckInTownship => "township_check",
                    _ => "county_decision",
                };
                // Nothing waits: what is allowed takes no case.
                let taking = json!({"area": area, "step": step, "what": "withdraw", "remark": "本人申请"});
                let answer = office
                    .post("/register/identification/steps", &self.cookie, taking)
                    .await;
                (answer, StatusCode::OK)
            }
            Action::DraftRoster => {
                let new = json!({"title": "", "category": "disaster", "area": area});
                let answer = office.post("/register/rosters", &self.cookie, new).await;
                (answer, StatusCode::UNPROCESSABLE_ENTITY)
            }
            Action::ApproveRoster | Action::CheckAmendment => {
                // A version that is never reached, as above.
                let version = [("if-match", "\"99\"")];
                let (path, body) = match action {
                    Action::ApproveRoster => (
                        format!("/register/rosters/{item}/freezing"),
                        json!({"approver": "县政府", "document": "1号"}),
                    ),
                    _ => (
                        format!("/register/amendments/{item}/decision"),
                        json!({"decision": "township_approve", "remark": null}),
                    ),
                };
                let answer = office.send("POST", &path, &self.cookie, &version, body).await;
                if answer.code() == "not_found" {
                    return '.';
                }
                (answer, StatusCode::PRECONDITION_FAILED)
            }
            Action::AskAmendment => {
                let request = json!({
                    "household": item, "kind": "correction", "changes": [], "reason": "录错", "evidence": ""
                });
                let answer = office.post("/register/amendments", &self.cookie, request).await;
                if answer.code() == "not_found" {
                    return '.';
                }
                (answer, StatusCode::UNPROCESSABLE_ENTITY)
            }
            Action::AskBulkChange => {
                // A column that does not exist is refused after the permission was found.
                let edit = json!({"selection": {"query": {"area": area}}, "field": "nothing", "value": null});
                let answer = office.post("/register/bulk-edits", &self.cookie, edit).await;
                (answer, StatusCode::UNPROCESSABLE_ENTITY)
            }
            Action::ApproveBulkChange => {
                // A version that is never reached, as above.
                let path = format!("/register/bulk-changes/{item}/steps");
                let version = [("if-match", "\"99\"")];
                let body = json!({"step": "approve"});
                let answer = office.send("POST", &path, &self.cookie, &version, body).await;
                if answer.code() == "not_found" {
                    return '.';
                }
                (answer, StatusCode::PRECONDITION_FAILED)
            }
            Action::AskErasure => {
                let order = json!({"reason": "本人申请", "document": "1号"});
                let answer = office
                    .post("/ledger/entries/999999999/erasure", &self.cookie, order)
                    .await;
                (answer, StatusCode::NOT_FOUND)
            }
            Action::EraseContent => {
                // Nobody asked for this one: permission is asked for before that is found.
                let version = [("if-match", "\"1\"")];
                let path = "/ledger/erasures/999999999/steps";
                let body = json!({"step": "carry_out"});
                let answer = office.send("POST", path, &self.cookie, &version, body).await;
                (answer, StatusCode::NOT_FOUND)
            }
            Action::ReadLedger => {
                let path = format!("/ledger/entries?kind=lookback_item&subject={item}");
                let answer = office.get(&path, &self.cookie).await;
                if answer.status == StatusCode::OK {
                    return if answer.json() == json!([]) { '.' } else { 'y' };
                }
                (answer, StatusCode::OK)
            }
            Action::UnmaskData => {
                // Permission and area are asked for before the missing note is.
                let path = format!("/register/households/{item}/unmask");
                let answer = office
                    .post(&path, &self.cookie, json!({"purpose": "other"}))
                    .await;
                if answer.code() == "not_found" {
                    return '.';
                }
                (answer, StatusCode::UNPROCESSABLE_ENTITY)
            }
            Action::ManageAreas => {
                // Permission and area are asked for before the missing document is.
                let new = json!({"code": area, "name": "新区划", "document": ""});
                let answer = office.post("/areas", &self.cookie, new).await;
                (answer, StatusCode::UNPROCESSABLE_ENTITY)
            }
            Action::RecordGrounds => {
                // Permission and area are asked for before the missing code is.
                let new = json!({"code": "", "area": area, "kind": "landslide", "state": "active"});
                let answer = office.post("/register/hazard-points", &self.cookie, new).await;
                (answer, StatusCode::UNPROCESSABLE_ENTITY)
            }
            Action::ManageUsers => {
                // Too short a password is refused after the permission was found, so that no user is left behind.
                let new = json!({"name": "new", "display_name": "新", "role": role_of_area(area), "area": area, "password": "short"});
                let answer = office.post("/users", &self.cookie, new).await;
                if area.len() == 14 {
                    // No role has a group for its area.
                    let mark = if answer.code() == "role_area" { 'y' } else { '.' };
                    return mark;
                }
                (answer, StatusCode::UNPROCESSABLE_ENTITY)
            }
        };
        self.judge(&answer, allowed)
    }

    fn judge(&self, answer: &crate::office::Answer, allowed: StatusCode) -> char {
        match answer.status {
            status if status == allowed => 'y',
            StatusCode::FORBIDDEN if answer.code() == "forbidden" => '.',
            StatusCode::UNAUTHORIZED if self.cookie.is_empty() => '.',
            status => panic!("{}: {status} {}", self.role, answer.json()),
        }
    }

    async fn import_mark(&self) -> char {
        let Some((_, token)) = self.cookie.split_once('=') else {
            return '.';
        };
        let workspace = &self.office.workspace;
        let (caller, _) = anju_app::access::caller_by_token(workspace, token)
            .await
            .unwrap()
            .unwrap();
        match anju_app::register::profile::list(workspace, &caller).await {
            Ok(_) => 'y',
            Err(anju_app::AppError::Forbidden {
                action: Action::ImportData,
                ..
            }) => '.',
            Err(error) => panic!("{error}"),
        }
    }
}

database_test! {
    async fn every_role_does_what_the_table_says_and_nothing_else(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let mut items = BTreeMap::new();
        for places in [&PROVINCE, &PREFECTURE, &COUNTY, &TOWNSHIP, &VILLAGE] {
            for area in [places.own, places.inside, places.outside, places.above] {
                if !area.is_empty() {
                    items.entry(area).or_insert_with(|| office.workspace.new_id());
                }
            }
        }
        let subjects: Vec<LookbackItem> = items.iter().map(|(area, id)| item(*id, area)).collect();
        let mut tx = office.begin().await;
        tx.insert(&subjects).await.unwrap();
        // With the same ids, which may be shared across kinds.
        let households: Vec<_> = items.iter().map(|(area, id)| household(*id, area)).collect();
        tx.insert(&households).await.unwrap();
        let rosters: Vec<_> = items.iter().map(|(area, id)| roster(*id, area)).collect();
        tx.insert(&rosters).await.unwrap();
        let amendments: Vec<_> = items.iter().map(|(area, id)| amendment(*id, area)).collect();
        tx.insert(&amendments).await.unwrap();
        let batches: Vec<_> = items.iter().map(|(area, id)| bulk_change(*id, area)).collect();
        tx.insert(&batches).await.unwrap();
        office.commit(tx).await;

        let roles: Vec<&str> = EXPECTED.iter().map(|row| row.0).collect();
        assert_eq!(roles, Role::ALL.iter().map(|role| role.code()).collect::<Vec<_>>());
        for (role, places, expected) in EXPECTED {
            let cookie = match *role {
                "public" => String::new(),
                "administrator" => administrator.clone(),
                role => office.user(&administrator, role, role, places.own).await.1,
            };
            let asker = Asker { office: &office, cookie, role, items: &items };
            for (action, expected) in Action::ALL.iter().zip(expected) {
                let areas = [places.own, places.inside, places.outside, places.above];
                let mut found = String::new();
                for (area, wanted) in areas.into_iter().zip(expected.chars()) {
                    found.push(if wanted == ' ' { ' ' } else { asker.mark(*action, area).await });
                }
                assert_eq!(found, *expected, "{role} {action}");
            }
        }
    }
}

database_test! {
    async fn a_user_has_an_area_that_suits_the_role(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        for (role, area, code) in [
            ("village_officer", "619021101", "role_area"),
            ("township_officer", "619021", "role_area"),
            ("province_officer", "6190", "role_area"),
            ("administrator", "619021101", "role_area"),
            ("public", "619021", "role_area"),
            ("province_officer", "62", "forbidden"),
            ("county_officer", "619022", "forbidden"),
        ] {
            let new = json!({"name": "new", "display_name": "新", "role": role, "area": area, "password": "first password"});
            let answer = office.post("/users", &administrator, new).await;
            assert_eq!(answer.code(), code, "{role} {area}");
        }
    }
}

database_test! {
    async fn a_session_says_what_its_role_may_do(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let (_, village) = office.user(&administrator, "zhao", "village_officer", "619021101201").await;
        assert_eq!(office.get("/session", &village).await.json()["may"], json!(["read_register", "read_casework", "review_in_village"]));
        let all: Vec<&str> = Action::ALL.iter().map(|action| action.code()).collect();
        assert_eq!(office.get("/session", &administrator).await.json()["may"], json!(all));
    }
}
