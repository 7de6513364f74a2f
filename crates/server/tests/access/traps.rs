//! Traps that registers of this kind were seen to fall into, each asked for through the router as a caller would who knows
//! the API and not the pages.

use std::collections::BTreeSet;

use anju_model::area::AreaCode;
use anju_model::identification::{
    Application, ApplicationForm, IdentificationCase, Level, NoticeKind, Objection, ObjectionState,
    Procedure, PublicityNotice, Step,
};
use anju_model::register::{Consent, ConsentChoice, DocumentKind, HouseholdDocument, SignedConsent};
use anju_model::roster::{Freezing, RosterState};
use anju_store::attachment::Attachment;
use anju_store::{StoreError, database_test};
use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::grounds::assessed_point;
use crate::office::{Answer, Office};
use crate::roles::{amendment, bulk_change, item, roster};
use crate::unmasking::household;

const ACCOUNT: &str = "6217000000000000001";

/// An office with one household on a frozen roster, and the people whom an amendment takes.
struct Desk<'a> {
    office: Office<'a>,
    administrator: String,
    asker: String,
    checker: String,
    approver: String,
    household: Uuid,
    evidence: String,
}

impl<'a> Desk<'a> {
    async fn new(test: &'a anju_store::testing::TestDatabase) -> Self {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let county = "619021";
        let (_, asker) = office
            .user(&administrator, "wang", "county_officer", county)
            .await;
        let (_, approver) = office
            .user(&administrator, "zhao", "county_officer", county)
            .await;
        let (_, checker) = office
            .user(&administrator, "li", "township_officer", "619021101")
            .await;
        let id = office.workspace.new_id();
        let mut tx = office.begin().await;
        let mut threatened = household(id, "61902110120101");
        threatened.facts.hazard_point = Some("ZD-1".into());
        tx.insert(&[threatened]).await.unwrap();
        // What its category stands on.
        tx.insert(&[assessed_point(id, "ZD-1")]).await.unwrap();
        office.commit(tx).await;
        let new = json!({"title": "避灾搬迁名册", "category": "disaster"});
        let drafted = office.post("/register/rosters", &asker, new).await;
        assert_eq!(drafted.status, StatusCode::CREATED, "{}", drafted.json());
        let drafted = drafted.json();
        let freezing = format!("/register/rosters/{}/freezing", drafted["id"].as_str().unwrap());
        let approval = json!({"approver": "安澜县人民政府", "document": "安政函〔2026〕7号"});
        let frozen = at(&office, &freezing, &approver, &drafted["version"], approval).await;
        assert_eq!(frozen.status, StatusCode::OK, "{}", frozen.json());
        let stored = upload(&office, &asker, Body::from(&b"\xFF\xD8\xFF\xE0 a scan"[..])).await;
        Self {
            evidence: stored.json()["hash"].as_str().unwrap().to_owned(),
            office,
            administrator,
            asker,
            checker,
            approver,
            household: id,
        }
    }

    fn request(&self, changes: Value) -> Value {
        json!({"household": self.household, "kind": "correction", "changes": changes, "reason": "换了开户行",
            "evidence": self.evidence})
    }

    async fn ask(&self, account: &str) -> Value {
        let changes = json!([{"field": "bank_account", "new": account}]);
        let asked = self
            .office
            .post("/register/amendments", &self.asker, self.request(changes))
            .await;
        assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.json());
        asked.json()
    }

    async fn decide(&self, cookie: &str, amendment: &Value, body: Value) -> Answer {
        let path = format!(
            "/register/amendments/{}/decision",
            amendment["id"].as_str().unwrap()
        );
        at(&self.office, &path, cookie, &amendment["version"], body).await
    }

    /// The household's account, as the register has it.
    async fn account(&self) -> String {
        let path = format!("/register/households/{}/unmask", self.household);
        let shown = self
            .office
            .post(&path, &self.administrator, json!({"purpose": "payment"}))
            .await;
        shown.json()["bank_account"].as_str().unwrap().to_owned()
    }
}

/// A step on what was seen at a version.
async fn at(office: &Office<'_>, path: &str, cookie: &str, version: &Value, body: Value) -> Answer {
    let version = format!("\"{version}\"");
    office
        .send("POST", path, cookie, &[("if-match", version.as_str())], body)
        .await
}

async fn upload(office: &Office<'_>, cookie: &str, body: Body) -> Answer {
    let request = Request::builder()
        .method("POST")
        .uri("/api/v1/register/evidence?name=bank.jpg")
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .body(body);
    office.request(request.unwrap()).await
}

/// Number of entries on the ledger.
async fn entries(office: &Office<'_>, cookie: &str) -> u64 {
    office.get("/ledger", cookie).await.json()["entries"]
        .as_u64()
        .unwrap()
}

database_test! {
    async fn what_was_approved_is_what_is_applied(test) {
        let desk = Desk::new(test).await;
        let (first, second) = ("6217888888888888888", "6217999999999999999");
        let asked = desk.ask(first).await;
        let rival = desk.ask(second).await;
        let approved = desk.decide(&desk.checker, &asked, json!({"decision": "township_approve"})).await;
        assert_eq!(approved.json()["state"], "township_approved");
        // The other request was approved by nobody.
        let jumped = desk.decide(&desk.approver, &rival, json!({"decision": "apply"})).await;
        assert_eq!(jumped.code(), "amendment_state");
        // Other values come with the decision: they are not looked at, or the whole is refused.
        let smuggled = json!({"decision": "apply", "changes": [{"field": "bank_account", "new": second}], "new": second});
        let applied = desk.decide(&desk.approver, &approved.json(), smuggled).await;
        if applied.status != StatusCode::OK {
            assert_eq!(desk.account().await, ACCOUNT);
            let applied = desk.decide(&desk.approver, &approved.json(), json!({"decision": "apply"})).await;
            assert_eq!(applied.status, StatusCode::OK, "{}", applied.json());
        }
        assert_eq!(desk.account().await, first);
        // There is no way to change what was asked for.
        for method in ["PUT", "PATCH", "POST", "DELETE"] {
            let path = format!("/register/amendments/{}", asked["id"].as_str().unwrap());
            let changed = desk.office.send(method, &path, &desk.administrator, &[("if-match", "1")], json!({"changes": []})).await;
            assert!(matches!(changed.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED), "{method}");
        }
        desk.office.verify_ledger().await;
    }
}

database_test! {
    async fn a_conflict_is_found_by_the_values_themselves(test) {
        let desk = Desk::new(test).await;
        let asked = desk.ask("6217888888888888888").await;
        let rival = desk.ask("6217999999999999999").await;
        // What was before comes from the register; the request cannot say it.
        let forged = desk.request(json!([{"field": "bank_account", "old": "6217000000000000099", "new": "6217111111111111111"}]));
        let forged = desk.office.post("/register/amendments", &desk.asker, forged).await;
        if forged.status == StatusCode::CREATED {
            assert_eq!(forged.json()["changes"][0]["before"]["zh"], ACCOUNT);
        } else {
            assert!(forged.status.is_client_error());
        }
        for amendment in [&asked, &rival] {
            let approved = desk.decide(&desk.checker, amendment, json!({"decision": "township_approve"})).await;
            let applied = desk.decide(&desk.approver, &approved.json(), json!({"decision": "apply"})).await;
            let applies = amendment["id"] == asked["id"];
            assert_eq!(applied.status == StatusCode::OK, applies, "{}", applied.json());
        }
        // The second one was asked for from a value that is no longer there.
        assert_eq!(desk.account().await, "6217888888888888888");
    }
}

database_test! {
    async fn nothing_to_write_is_refused_by_the_comparison_that_applies_too(test) {
        let desk = Desk::new(test).await;
        let before = entries(&desk.office, &desk.administrator).await;
        // Nothing, the same, and the same but for blanks that are never stored.
        for changes in [
            json!([]),
            json!([{"field": "bank_account", "new": ACCOUNT}]),
            json!([{"field": "bank_account", "new": format!("  {ACCOUNT}\n")}]),
            json!([{"field": "members", "members": []}]),
        ] {
            let refused = desk.office.post("/register/amendments", &desk.asker, desk.request(changes.clone())).await;
            assert_eq!(refused.code(), "amendment_changes", "{changes}");
        }
        let empty = json!({"title": "空", "category": "poverty"});
        assert_eq!(desk.office.post("/register/rosters", &desk.asker, empty).await.code(), "roster_empty");
        assert_eq!(entries(&desk.office, &desk.administrator).await, before);
    }
}

database_test! {
    async fn a_value_that_cannot_be_read_is_never_stored_as_it_came(test) {
        let desk = Desk::new(test).await;
        let before = entries(&desk.office, &desk.administrator).await;
        for (changes, code) in [
            (json!([{"field": "members", "members": [{"person": desk.household, "id_number": "619021198002290015"}]}]), "id_number"),
            (json!([{"field": "members", "members": [{"person": Uuid::nil(), "name": "李四"}]}]), "not_found"),
            (json!([{"field": "members", "members": [{"name": "李四"}]}]), "amendment_members"),
            (json!([{"field": "area", "new": "619021999999"}]), "unknown_area"),
        ] {
            let refused = desk.office.post("/register/amendments", &desk.asker, desk.request(changes.clone())).await;
            assert_eq!(refused.code(), code, "{changes}: {}", refused.json());
        }
        // What is no date, no category, no area is no request at all.
        for changes in [
            json!([{"field": "members", "members": [{"person": desk.household, "birth_date": "1980-02-30"}]}]),
            json!([{"field": "category", "new": "rich"}]),
            json!([{"field": "area", "new": "elsewhere"}]),
            json!([{"field": "no_such_field", "new": "x"}]),
        ] {
            let refused = desk.office.post("/register/amendments", &desk.asker, desk.request(changes.clone())).await;
            assert!(refused.status.is_client_error(), "{changes}: {}", refused.status);
        }
        assert_eq!(entries(&desk.office, &desk.administrator).await, before);
    }
}

database_test! {
    async fn maker_and_checker_differ_at_every_pair(test) {
        let desk = Desk::new(test).await;
        let office = &desk.office;
        // Drafting and freezing: the administrator may do both, and yet not for the same roster.
        let new = json!({"title": "避灾搬迁名册", "category": "disaster"});
        let drafted = office.post("/register/rosters", &desk.administrator, new).await.json();
        let freezing = format!("/register/rosters/{}/freezing", drafted["id"].as_str().unwrap());
        let approval = json!({"approver": "县政府", "document": "8号"});
        let own = at(office, &freezing, &desk.administrator, &drafted["version"], approval).await;
        assert_eq!(own.code(), "same_person");
        // Asking, checking and approving: the administrator may take each step, but one step only.
        let changes = json!([{"field": "bank_account", "new": "6217888888888888888"}]);
        let asked = office.post("/register/amendments", &desk.administrator, desk.request(changes)).await.json();
        let own = desk.decide(&desk.administrator, &asked, json!({"decision": "township_approve"})).await;
        assert_eq!(own.code(), "same_person");
        let asked = desk.ask("6217888888888888888").await;
        let approved = desk.decide(&desk.administrator, &asked, json!({"decision": "township_approve"})).await;
        assert_eq!(approved.status, StatusCode::OK, "{}", approved.json());
        for cookie in [&desk.administrator, &desk.asker] {
            let own = desk.decide(cookie, &approved.json(), json!({"decision": "apply"})).await;
            assert_eq!(own.code(), "same_person");
        }
        let applied = desk.decide(&desk.approver, &approved.json(), json!({"decision": "apply"})).await;
        assert_eq!(applied.status, StatusCode::OK, "{}", applied.json());
    }
}

database_test! {
    async fn a_file_that_was_not_handed_in_as_evidence_is_nobodys_evidence(test) {
        let desk = Desk::new(test).await;
        let rosters = desk.office.get("/register/rosters", &desk.checker).await.json();
        // The hash of the whole county's roster is shown to everybody who works with it; its entries are not.
        let hash = rosters["items"][0]["hash"].as_str().unwrap();
        let mut request = desk.request(json!([{"field": "bank_account", "new": "6217888888888888888"}]));
        request["evidence"] = json!(hash);
        assert_eq!(desk.office.post("/register/amendments", &desk.checker, request).await.code(), "evidence_missing");
    }
}

// The other area: one subject of every kind that has a place, with marks that must not be seen from here.

const ELSEWHERE: &str = "61902110220101";
const VILLAGE_ELSEWHERE: &str = "619021102201";

struct Elsewhere {
    id: Uuid,
    marks: Vec<String>,
}

async fn elsewhere(office: &Office<'_>) -> Elsewhere {
    let id = office.workspace.new_id();
    let area = |code: &str| AreaCode::parse(code).unwrap();
    let mut household = household(id, ELSEWHERE);
    household.facts.register_number = "MARK-HOUSEHOLD".into();
    let mut item = item(id, ELSEWHERE);
    item.explanation = anju_model::code_list::Text::new("MARK-ITEM", "MARK-ITEM");
    item.household = Some(id);
    let mut drafted = roster(id, "619021102");
    drafted.title = "MARK-ROSTER".into();
    let mut frozen = roster(office.workspace.new_id(), VILLAGE_ELSEWHERE);
    frozen.title = "MARK-FROZEN".into();
    frozen.state = RosterState::Frozen;
    frozen.frozen = Some(Freezing {
        approver: "县政府".into(),
        document: "MARK-DOCUMENT".into(),
        by: "test".into(),
        at: Timestamp::UNIX_EPOCH,
    });
    let mut amendment = amendment(id, ELSEWHERE);
    amendment.reason = "MARK-AMENDMENT".into();
    let mut batch = bulk_change(id, "619021102");
    batch.title = "MARK-BATCH".into();
    let case = IdentificationCase {
        id,
        household: id,
        area: area(ELSEWHERE),
        procedure: Procedure::TwoReviews,
        application: Application {
            form: ApplicationForm::Visit,
            date: jiff::civil::date(2026, 3, 1),
            witness: Some("MARK-WITNESS".into()),
            reference: None,
        },
        step: Step::VillagePublicity,
        notice: Some(id),
        open_objections: 1,
        taken: Vec::new(),
    };
    let notice = PublicityNotice {
        id,
        kind: NoticeKind::Publicity,
        number: None,
        area: area(VILLAGE_ELSEWHERE),
        level: Level::Village,
        place: "MARK-PLACE".into(),
        contact: "MARK-CONTACT".into(),
        from: jiff::civil::date(2026, 3, 1),
        until: jiff::civil::date(2026, 3, 8),
        cases: vec![id],
        posted_by: "test".into(),
        photos: Vec::new(),
        extensions: Vec::new(),
        removed: None,
        closed_at: None,
    };
    let objection = Objection {
        id,
        notice: id,
        case: id,
        area: area(ELSEWHERE),
        from: None,
        content: "MARK-OBJECTION".into(),
        received_by: "test".into(),
        received_at: Timestamp::UNIX_EPOCH,
        state: ObjectionState::Open,
        answer: None,
        decided_by: None,
        decided_at: None,
    };
    let mut tx = office.begin().await;
    tx.insert(&[household]).await.unwrap();
    tx.insert(&[SignedConsent {
        id,
        household: id,
        area: area(ELSEWHERE),
        consent: Consent {
            witness: Some("MARK-CONSENT".into()),
            ..Consent::new(ConsentChoice::Move, "张三丰", jiff::civil::date(2026, 3, 1))
        },
        recorded_by: "test".into(),
        recorded_at: Timestamp::UNIX_EPOCH,
        withdrawal: None,
    }])
    .await
    .unwrap();
    tx.insert(&[HouseholdDocument {
        id,
        household: id,
        area: area(ELSEWHERE),
        kind: DocumentKind::HomePhoto,
        hash: "ab".into(),
        name: "MARK-PHOTO.jpg".into(),
        media_type: "image/jpeg".into(),
        size: 6,
        taken_on: None,
        position: None,
        note: None,
        added_by: "test".into(),
        added_at: Timestamp::UNIX_EPOCH,
        removal: None,
    }])
    .await
    .unwrap();
    tx.insert(&[item]).await.unwrap();
    tx.insert(&[drafted, frozen]).await.unwrap();
    tx.insert(&[amendment]).await.unwrap();
    tx.insert(&[batch]).await.unwrap();
    tx.insert(&[notice]).await.unwrap();
    tx.insert(&[case]).await.unwrap();
    tx.insert(&[objection]).await.unwrap();
    tx.insert(&[Attachment {
        hash: "ab".into(),
        media_type: "application/octet-stream".into(),
        name: "MARK-FILE".into(),
        size: 6,
    }])
    .await
    .unwrap();
    office.commit(tx).await;
    Elsewhere {
        id,
        marks: vec!["MARK-".into(), id.to_string()],
    }
}

/// Every operation of the router, method and path, as the sources of the service declare them: a route that is added is
/// asked for here without anybody's thinking of it.
fn operations() -> Vec<(String, String)> {
    let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for file in std::fs::read_dir(sources).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for route in text.split(".route(").skip(1) {
            let Some((path, handlers)) = quoted(route) else {
                continue;
            };
            let handlers = handlers.split("\n}").next().unwrap();
            for method in ["get", "post", "put", "patch", "delete"] {
                let call = format!("{method}(");
                let called = handlers.match_indices(&call).any(|(place, _)| {
                    !handlers[..place].ends_with(|before: char| before.is_alphanumeric() || before == '_')
                });
                if called {
                    found.push((method.to_uppercase(), path.to_owned()));
                }
            }
        }
        for described in text.split("#[utoipa::path(").skip(1) {
            let method = described.split(',').next().unwrap().trim().to_uppercase();
            let path = described.split_once("path = ").and_then(|(_, rest)| quoted(rest));
            found.push((method, path.unwrap().0.to_owned()));
        }
    }
    assert!(found.len() > 110, "{}", found.len());
    found
}

/// The first text in quotes that is a path, and what comes after it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let (path, rest) = text.trim_start().strip_prefix('"')?.split_once('"')?;
    path.starts_with('/').then_some((path, rest))
}

/// The path with what stands in braces filled in for what lies elsewhere.
fn filled(path: &str, elsewhere: &Elsewhere) -> String {
    let mut path = path
        .replace("{z}/{x}/{y}", "0/0/0")
        .replace("{index}", "0")
        .replace("{code}", VILLAGE_ELSEWHERE)
        .replace("{kind}", "fault_zone")
        .replace("{year}", "2025")
        .replace("{hash}", "ab");
    while let Some((before, rest)) = path.split_once('{') {
        let after = rest.split_once('}').unwrap().1;
        path = format!("{before}{}{after}", elsewhere.id);
    }
    path
}

/// Every address that answers a GET.
fn addresses(elsewhere: &Elsewhere) -> Vec<String> {
    let gets = operations().into_iter().filter(|(method, _)| method == "GET");
    gets.map(|(_, path)| filled(&path, elsewhere)).collect()
}

database_test! {
    async fn no_address_shows_what_lies_in_another_area(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let elsewhere = elsewhere(&office).await;
        let entry = office.get("/ledger/entries?kind=household", &administrator).await.json()[0]["index"].as_u64().unwrap();
        // The two who see most of what a user of a township can see, and one of a village.
        let (_, officer) = office.user(&administrator, "li", "township_officer", "619021101").await;
        let (_, inspector) = office.user(&administrator, "sun", "inspector", "619021101").await;
        let (_, village) = office.user(&administrator, "qian", "village_officer", "619021101201").await;
        let addresses = addresses(&elsewhere);
        assert!(addresses.len() > 60, "{}", addresses.len());
        let mut shown_to_administrator = 0;
        for address in &addresses {
            let mut asked = vec![address.clone(), format!("{address}?area=619021102"), format!("{address}?area={ELSEWHERE}")];
            asked.push(format!("{address}?household={}", elsewhere.id));
            asked.push(format!("{address}?search=MARK-HOUSEHOLD"));
            asked.push(format!("{address}?at=2026-12-01T00:00:00Z"));
            if address.contains("/ledger/entries/0") {
                asked.push(address.replace("/0", &format!("/{entry}")));
            }
            for address in asked {
                for cookie in [&officer, &inspector, &village] {
                    let answer = office.get(&address, cookie).await;
                    assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{address}");
                    if !answer.status.is_success() {
                        // An error names what was asked for and nothing else.
                        assert!(!String::from_utf8_lossy(&answer.body).contains("MARK-"), "{address}");
                        continue;
                    }
                    let text = readable(&address, &answer);
                    for mark in &elsewhere.marks {
                        assert!(!text.contains(mark.as_str()), "{address} shows {mark}: {text}");
                    }
                }
            }
            // Whoever answers for the whole county does see it: the marks are where they should be.
            let text = readable(address, &office.get(address, &administrator).await);
            shown_to_administrator += usize::from(elsewhere.marks.iter().any(|mark| text.contains(mark.as_str())));
        }
        assert!(shown_to_administrator > 12, "{shown_to_administrator}");
    }
}

/// The answer as text; of a workbook the cells.
fn readable(address: &str, answer: &Answer) -> String {
    if !address.contains(".xlsx") || !answer.status.is_success() {
        return String::from_utf8_lossy(&answer.body).into_owned();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    std::fs::write(&path, &answer.body).unwrap();
    let mut text = String::new();
    for sheet in anju_exchange::table::read_table_file(&path).unwrap() {
        for row in &sheet.rows {
            text.extend(row.iter().map(|cell| cell.shown() + " "));
        }
    }
    text
}

database_test! {
    async fn who_only_looks_on_changes_nothing_at_any_address(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let elsewhere = elsewhere(&office).await;
        let (_, evaluator) = office.user(&administrator, "sun", "evaluator", "619021").await;
        let (_, department) = office.user(&administrator, "qian", "department_user", "619021").await;
        let before = entries(&office, &administrator).await;
        let mut asked = 0;
        for (method, path) in operations() {
            // One's own session, password and second step are one's own business.
            if method == "GET" || path.starts_with("/session") {
                continue;
            }
            let path = filled(&path, &elsewhere);
            for cookie in [&evaluator, &department] {
                let body = json!({"kind": "lookback", "area": "619021", "reason": "理由", "document": "1号",
                    "purpose": "payment", "role": "inspector", "subject": "x", "title": "名册", "category": "disaster"});
                let answer = office.send(&method, &path, cookie, &[("if-match", "\"1\"")], body).await;
                assert!(answer.status.is_client_error(), "{method} {path}: {} {}", answer.status, answer.json());
                asked += 1;
            }
        }
        assert!(asked > 40, "{asked}");
        assert_eq!(entries(&office, &administrator).await, before, "something was written");
    }
}

database_test! {
    async fn what_must_be_unique_is_so_in_the_database_itself(test) {
        let office = Office::new(test).await;
        let sql = if test.address.starts_with("postgres") {
            "SELECT tablename::text, regexp_replace(indexdef, '.*\\((.*)\\)', '\\1') FROM pg_indexes
             WHERE schemaname = current_schema() AND indexdef LIKE 'CREATE UNIQUE%' AND indexname NOT LIKE '%_pkey'"
        } else {
            "SELECT m.tbl_name, (SELECT group_concat(i.name, ', ') FROM pragma_index_info(m.name) i)
             FROM sqlite_schema m WHERE m.type = 'index' AND m.sql LIKE 'CREATE UNIQUE%'"
        };
        let rows = test.db.inspect(sql).await.unwrap();
        let found: BTreeSet<(String, String)> = rows.iter().map(|row| match (&row[0].1, &row[1].1) {
            (anju_store::Value::Text(table), anju_store::Value::Text(columns)) => (table.clone(), columns.replace('"', "")),
            other => panic!("{other:?}"),
        }).collect();
        for (table, columns) in [
            ("household", "register_number"),
            ("import_profile", "kind, name"),
            ("candidate", "assessment_id, code"),
            ("user_account", "name"),
            ("session", "token_hash"),
            ("second_factor", "user_id"),
            ("provider_identity", "issuer, subject"),
            ("provider_identity", "user_id, issuer"),
            ("roster", "category, area, number"),
            ("roster_part", "roster_id, number"),
            ("publicity_notice", "area, kind, number_year, number_serial"),
            ("ledger_entry", "subject_kind, subject_id, version"),
        ] {
            assert!(found.contains(&(table.to_owned(), columns.to_owned())), "{table} ({columns}) is not unique: {found:?}");
        }
        // And it is the database that refuses, whatever the program checked before.
        let (one, two) = (office.workspace.new_id(), office.workspace.new_id());
        let mut tx = office.begin().await;
        tx.insert(&[household(one, "61902110120101")]).await.unwrap();
        let refused = tx.insert(&[household(two, "61902110120101")]).await;
        assert!(matches!(refused, Err(StoreError::Duplicate { .. })), "{refused:?}");
    }
}

database_test! {
    async fn a_body_that_is_too_large_is_refused_before_it_is_read(test) {
        let desk = Desk::new(test).await;
        let office = &desk.office;
        // 500 MB that are never made: the counter says how many were asked for.
        let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counter = asked.clone();
        let piece = Bytes::from(vec![0; 1 << 20]);
        let pieces = futures(500, move || {
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            piece.clone()
        });
        let answer = upload(office, &desk.asker, Body::new(pieces)).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", answer.json());
        assert!(asked.load(std::sync::atomic::Ordering::Relaxed) < 32, "it went on reading");
        let limit = answer.json()["limit"].as_u64().unwrap();
        assert_eq!((answer.code().as_str(), limit), ("file_too_large", 16 << 20));
        for (language, remedy) in [("detail", "拆分"), ("detail_en", "split")] {
            let text = answer.json()[language].as_str().unwrap().to_owned();
            assert!(text.contains("16 MB") && text.contains(remedy), "{text}");
        }
        // Announced, it is refused before a byte is read, whatever kind of body the route takes.
        asked.store(0, std::sync::atomic::Ordering::Relaxed);
        for (path, code, limit) in [
            ("/register/evidence?name=a.jpg", "file_too_large", 16_u64 << 20),
            ("/register/bulk-changes?name=a.xlsx", "file_too_large", 32 << 20),
            ("/register/department-data?name=a.xlsx", "file_too_large", 64 << 20),
            ("/register/rosters", "body_too_large", 1 << 20),
        ] {
            let counter = asked.clone();
            let piece = Bytes::from(vec![0; 1 << 20]);
            let pieces = futures(500, move || {
                counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                piece.clone()
            });
            let request = Request::post(format!("/api/v1{path}"))
                .header(header::COOKIE, &desk.administrator)
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::CONTENT_LENGTH, "524288000")
                .body(Body::new(pieces))
                .unwrap();
            let answer = office.request(request).await;
            assert_eq!((answer.status, answer.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, code), "{path}");
            assert_eq!((answer.json()["limit"].as_u64(), answer.header("content-type")), (Some(limit), Some("application/problem+json")));
            assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 0, "{path}");
        }

        // Commands are small: JSON of more than a megabyte is none.
        let long = json!({"title": "长".repeat(1 << 20), "category": "disaster"});
        let answer = office.post("/register/rosters", &desk.asker, long).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
}

/// A body of so many pieces, made one at a time when they are asked for.
fn futures<F: FnMut() -> Bytes>(pieces: usize, make: F) -> Pieces<F> {
    Pieces { left: pieces, make }
}

struct Pieces<F> {
    left: usize,
    make: F,
}

impl<F: FnMut() -> Bytes + Unpin> axum::body::HttpBody for Pieces<F> {
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
        std::task::Poll::Ready(Some(Ok(http_body::Frame::data((self.make)()))))
    }
}

database_test! {
    async fn a_file_that_lies_about_its_kind_is_never_shown_by_a_browser(test) {
        let desk = Desk::new(test).await;
        let page = "<!doctype html><script>alert(document.cookie)</script>";
        let refused = upload(&desk.office, &desk.asker, Body::from(page)).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::UNPROCESSABLE_ENTITY, "file_type".into()));
        // A page may hide behind the first bytes of a picture.
        let hidden = [&b"\xFF\xD8\xFF\xE0"[..], page.as_bytes()].concat();
        let stored = upload(&desk.office, &desk.asker, Body::from(hidden)).await;
        assert_eq!(stored.status, StatusCode::CREATED, "{}", stored.json());
        let mut request = desk.request(json!([{"field": "bank_account", "new": "6217888888888888888"}]));
        request["evidence"] = stored.json()["hash"].clone();
        let asked = desk.office.post("/register/amendments", &desk.asker, request).await.json();
        let path = format!("/register/amendments/{}/evidence", asked["id"].as_str().unwrap());
        let file = desk.office.get(&path, &desk.checker).await;
        // Saved, not shown; and if it were opened, neither guessed at nor allowed to run.
        assert_eq!(file.header("content-type"), Some("application/octet-stream"));
        assert!(file.header("content-disposition").unwrap().starts_with("attachment;"));
        assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
        assert!(file.header("content-security-policy").unwrap().contains("default-src 'self'"));
    }
}

database_test! {
    async fn a_formula_in_the_register_is_a_text_in_every_export(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let mut tx = office.begin().await;
        for (place, number) in ["=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(1)", "\t=1"].iter().enumerate() {
            let mut household = household(office.workspace.new_id(), &format!("6190211012010{}", place + 1));
            household.facts.register_number = (*number).to_owned();
            tx.insert(&[household]).await.unwrap();
        }
        office.commit(tx).await;
        let csv = office.get("/register/households.csv", &administrator).await;
        let text = String::from_utf8(csv.body).unwrap();
        assert_eq!(text.lines().count(), 6);
        for line in text.lines().skip(1) {
            assert!(line.trim_start_matches('"').starts_with('\''), "{line}");
        }
        let book = office.get("/register/households.xlsx", &administrator).await;
        let text = readable("a.xlsx", &book);
        assert!(text.contains("=HYPERLINK") && text.contains("@SUM(1)"), "{text}");
    }
}
