//! Identification as the offices' people do it: three levels, votes, notices, an objection, and maker and checker apart.

use std::sync::{Arc, Mutex};

use anju_app::register::document;
use anju_app::register::import::{Options, import};
use anju_app::{Caller, Progress};
use anju_model::code_list::Language;
use jiff::{SignedDuration, Timestamp};

use super::*;

const REGISTER: &str =
    "户编号,乡镇,村,组,姓名,性别,身份证号码,出生日期,与户主关系,民族,搬迁类型,是否应搬,联系电话,健康状况,隐患点编号
A-1,清溪镇,青石村,1组,张三,男,619021196805030014,1968-05-03,户主,汉,避灾搬迁,是,13900001111,患有大病,ZD-1
A-1,清溪镇,青石村,1组,李四,女,,1970-05-03,配偶,汉,避灾搬迁,是,13900001111,健康,ZD-1
A-2,清溪镇,青石村,2组,王五,男,,1975-01-09,户主,汉,扶贫搬迁,否,,健康,
A-3,清溪镇,青石村,2组,赵六,男,,1980-02-28,户主,汉,扶贫搬迁,否,,健康,
";
const AREAS: &str = "区划代码,名称
619021,安澜县
619021101,清溪镇
619021101201,青石村
";
/// What the categories of the households stand on.
const POINTS: &str = "隐患点编号,村,灾害类型,评估报告号,评估日期,工程无法治理
ZD-1,619021101201,滑坡,评估1号,2025-03-01,是
";
const POVERTY_LIST: &str = "户主姓名,村,贫困户属性,批准文号,发布单位
王五,619021101201,一般贫困户,安扶发〔2016〕1号,县扶贫办
赵六,619021101201,一般贫困户,安扶发〔2016〕1号,县扶贫办
";
const MEETING: &str = r#"{"meeting":{"date":"2026-03-01","place":"村委会会议室"},"entitled":30,"present":22,"in_favour":18,"against":3,"abstained":1,"cross_match_read_out":true}"#;

struct Desk {
    office: Office,
    now: Arc<Mutex<Timestamp>>,
    administrator: String,
    village: String,
    township: String,
    deputy: String,
    county: String,
}

impl Desk {
    async fn new(test: &TestDatabase) -> Self {
        let now = Arc::new(Mutex::new("2026-03-02T01:00:00Z".parse().unwrap()));
        let clock = now.clone();
        let environment = Environment {
            clock: Box::new(move || *clock.lock().unwrap()),
            ..Environment::system()
        };
        let office = Office::open(test, environment, async |workspace| {
            let files = tempfile::tempdir().unwrap();
            std::fs::write(files.path().join("名册.csv"), REGISTER).unwrap();
            std::fs::write(files.path().join("行政区划.csv"), AREAS).unwrap();
            std::fs::write(files.path().join("隐患点.csv"), POINTS).unwrap();
            std::fs::write(files.path().join("扶贫名单.csv"), POVERTY_LIST).unwrap();
            let options = Options {
                errors: files.path().join("errors"),
                profile: None,
                crs: None,
                layer: None,
                keep_going: false,
                list_source: Default::default(),
            };
            let caller = Caller::operator("test", &AreaCode::parse("619021").unwrap());
            let paths = [files.path().to_owned()];
            let outcome = import(workspace, &caller, &paths, &options, &Progress::default())
                .await
                .unwrap();
            assert_eq!(
                (outcome.households_added, outcome.records_refused),
                (3, 0),
                "{outcome:?}"
            );
        })
        .await;
        let administrator = office.enter("admin", &office.password).await;
        for (name, role, area) in [
            ("village", "village_officer", "619021101201"),
            ("township", "township_officer", "619021101"),
            ("deputy", "township_officer", "619021101"),
            ("county", "county_officer", "619021"),
        ] {
            let user = json!({
                "name": name, "display_name": name, "role": role, "area": area, "password": "the first password"
            });
            let made = office
                .send("POST", "/api/v1/users", Some(&administrator), Some(user))
                .await;
            assert!(made.status.is_success(), "{}", made.json());
        }
        Self {
            village: office.enter("village", "the first password").await,
            township: office.enter("township", "the first password").await,
            deputy: office.enter("deputy", "the first password").await,
            county: office.enter("county", "the first password").await,
            administrator,
            office,
            now,
        }
    }

    async fn get(&self, cookie: &str, path: &str) -> Value {
        let answer = self
            .office
            .send(
                "GET",
                &format!("/api/v1/register/identification{path}"),
                Some(cookie),
                None,
            )
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.json());
        answer.json()
    }

    async fn post(&self, cookie: &str, path: &str, body: Value) -> Answer {
        self.office
            .send(
                "POST",
                &format!("/api/v1/register/identification{path}"),
                Some(cookie),
                Some(body),
            )
            .await
    }

    /// Takes a step with everything that waits for it; returns how many were taken and the codes of the refusals.
    async fn pass(&self, cookie: &str, step: &str) -> (u64, Vec<String>) {
        let body =
            json!({ "step": step, "what": "pass", "vote": serde_json::from_str::<Value>(MEETING).unwrap() });
        let answer = self.post(cookie, "/steps", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
        outcome(&answer.json())
    }

    async fn later(&mut self, days: i64) {
        *self.now.lock().unwrap() += SignedDuration::from_hours(24 * days);
        // Sessions have ended meanwhile.
        for (cookie, name) in [
            (&mut self.administrator, "admin"),
            (&mut self.village, "village"),
            (&mut self.township, "township"),
            (&mut self.deputy, "deputy"),
            (&mut self.county, "county"),
        ] {
            let credentials = json!({ "name": name, "password": "a much better password" });
            let answer = self
                .office
                .send("POST", "/api/v1/session", None, Some(credentials))
                .await;
            *cookie = answer.cookie.unwrap();
        }
    }

    /// Closes a notice, seen as it is now.
    async fn close(&self, cookie: &str, id: &str) -> Answer {
        let path = format!("/api/v1/register/identification/notices/{id}");
        let tag = self
            .office
            .send("GET", &path, Some(cookie), None)
            .await
            .header("etag");
        let headers = [("if-match", tag.as_str())];
        self.office
            .send_with("POST", &format!("{path}/closing"), Some(cookie), None, &headers)
            .await
    }

    async fn step_of(&self, number: &str) -> String {
        let cases = self.get(&self.county, "/cases").await;
        let case = cases["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|case| case["register_number"] == number)
            .unwrap()
            .clone();
        case["step"].as_str().unwrap().to_owned()
    }
}

fn outcome(answer: &Value) -> (u64, Vec<String>) {
    let refused = answer["refused"].as_array().unwrap();
    let codes = refused
        .iter()
        .map(|case| case["code"].as_str().unwrap().to_owned());
    (answer["done"].as_u64().unwrap(), codes.collect())
}

database_test! {
    async fn households_go_through_the_whole_procedure(test) {
        let mut desk = Desk::new(test).await;
        assert_eq!(desk.get(&desk.village, "").await["without_case"], 3);

        // Oral applications need a witness; then all three households enter.
        let oral = json!({ "form": "oral", "date": "2026-03-01" });
        let refused = desk.post(&desk.village, "/cases", oral).await;
        assert_eq!(refused.json()["code"], "witness_missing");
        let oral = json!({ "form": "oral", "date": "2026-03-01", "witness": "村主任" });
        let opened = desk.post(&desk.village, "/cases", oral.clone()).await;
        assert_eq!(outcome(&opened.json()), (3, vec![]), "{}", opened.json());
        let again = desk.post(&desk.village, "/cases", oral).await;
        assert_eq!(outcome(&again.json()), (0, vec![]));

        // The village's steps, up to its notice.
        assert_eq!(desk.pass(&desk.village, "group_review").await, (3, vec![]));
        assert_eq!(desk.pass(&desk.village, "cross_match").await, (3, vec![]));
        assert_eq!(desk.pass(&desk.village, "village_review").await, (3, vec![]));
        let posting = json!({ "area": "619021101201", "place": "村委会公示栏", "contact": "0916-0000000" });
        let posted = desk.post(&desk.village, "/notices", posting.clone()).await;
        assert_eq!(posted.status, StatusCode::CREATED, "{}", posted.json());
        let notice = posted.json();
        assert_eq!((&notice["from"], &notice["until"]), (&json!("2026-03-02"), &json!("2026-03-09")));
        assert_eq!(notice["lines"].as_array().unwrap().len(), 3);
        let twice = desk.post(&desk.village, "/notices", posting).await;
        assert_eq!(twice.json()["code"], "nothing_to_post");

        // An objection to one of them holds it; the others go on when the notice has run.
        let id = notice["id"].as_str().unwrap().to_owned();
        let line = notice["lines"].as_array().unwrap().iter().find(|line| line["head_name"] == "赵六").unwrap();
        let objecting = json!({ "case": line["case"], "content": "在县城有房" });
        let objected = desk.post(&desk.deputy, &format!("/notices/{id}/objections"), objecting).await;
        assert_eq!(objected.status, StatusCode::CREATED, "{}", objected.json());
        let early = desk.close(&desk.village, &id).await;
        assert_eq!((early.status, &early.json()["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("notice_runs")));
        desk.later(8).await;
        let closed = desk.close(&desk.village, &id).await;
        assert_eq!(outcome(&closed.json()), (2, vec!["case_suspended".to_owned()]));
        assert_eq!(desk.printed(&id).await, ["张三", "王五", "赵六"]);

        // Whoever took the objection down does not decide it; upheld, the case goes back to the meeting.
        let objection = desk.get(&desk.township, "/objections?state=open").await["items"][0].clone();
        assert_eq!(objection["mine"], true);
        for other in [&desk.deputy, &desk.village, &desk.county] {
            let seen = desk.get(other, "/objections?state=open").await;
            assert_eq!((&seen["total"], &seen["items"][0]["mine"]), (&json!(1), &json!(false)));
        }
        let path = format!("/register/identification/objections/{}/decision", objection["id"].as_str().unwrap());
        let answering = json!({ "upheld": true, "answer": "核实后重新评议" });
        let seen = [("if-match", "\"1\"")];
        let path = format!("/api/v1{path}");
        let own = desk.office.send_with("POST", &path, Some(&desk.deputy), Some(answering.clone()), &seen).await;
        assert_eq!(own.json()["code"], "same_person", "{}", own.json());
        let blind = desk.office.send("POST", &path, Some(&desk.township), Some(answering.clone())).await;
        assert_eq!(blind.status, StatusCode::PRECONDITION_REQUIRED);
        let decided = desk.office.send_with("POST", &path, Some(&desk.township), Some(answering), &seen).await;
        assert_eq!(decided.json()["state"], "upheld", "{}", decided.json());
        assert_eq!(decided.json()["mine"], false, "it is decided");
        assert_eq!(desk.step_of("A-3").await, "village_review");

        // Township and county: other people than before, each in their own area.
        let forbidden = desk.post(&desk.village, "/steps", json!({ "step": "township_check", "what": "pass" })).await;
        assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
        assert_eq!(desk.pass(&desk.township, "township_check").await, (2, vec![]));
        let forbidden = desk.post(&desk.township, "/steps", json!({ "step": "county_decision", "what": "pass" })).await;
        assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
        assert_eq!(desk.pass(&desk.county, "county_decision").await, (2, vec![]));
        let posting = json!({ "area": "619021", "place": "政府网站", "contact": "0916-0000000" });
        let notice = desk.post(&desk.county, "/notices", posting).await.json();
        desk.later(8).await;
        let id = notice["id"].as_str().unwrap();
        let closed = desk.close(&desk.county, id).await;
        assert_eq!(outcome(&closed.json()), (2, vec![]));
        // A closed notice is printed as it hung.
        assert_eq!(desk.printed(id).await, ["张三", "王五"]);
        // The announcement is issued, not passed.
        assert_eq!(desk.pass(&desk.county, "announcement").await, (0, vec!["by_announcement".into(); 2]));
        let announcing = json!({
            "kind": "announcement", "area": "619021", "place": "政府网站", "contact": "0916-0000000"
        });
        let announced = desk.post(&desk.county, "/notices", announcing).await;
        assert_eq!(announced.status, StatusCode::CREATED, "{}", announced.json());
        assert_eq!(announced.json()["number"], "安澜县公告〔2026〕1号");
        // The township sees the county's notices that name households of its own, with those households.
        let listed = desk.get(&desk.township, "/notices?level=county").await;
        assert_eq!(listed["total"], 2, "{listed}");
        assert_eq!(listed["items"][0]["mine"], false);
        let path = format!("/notices/{}", announced.json()["id"].as_str().unwrap());
        let shown = desk.get(&desk.village, &path).await;
        assert_eq!((shown["lines"].as_array().unwrap().len(), &shown["mine"]), (2, &json!(false)));
        let administrator = desk.office.enter("admin", "a much better password").await;
        let other = json!({
            "name": "other", "display_name": "other", "role": "township_officer", "area": "619021102",
            "password": "the first password"
        });
        desk.office.send("POST", "/api/v1/users", Some(&administrator), Some(other)).await;
        let other = desk.office.enter("other", "the first password").await;
        assert_eq!(desk.get(&other, "/notices").await["total"], 0);
        let path = format!("/api/v1/register/identification{path}");
        assert_eq!(desk.office.send("GET", &path, Some(&other), None).await.status, StatusCode::FORBIDDEN);
        assert_eq!(desk.office.send("GET", &format!("{path}/list.pdf"), Some(&other), None).await.status, StatusCode::FORBIDDEN);
        assert_eq!(desk.step_of("A-1").await, "announced");

        // The third is refused by the village for a reason, and its case cannot go on.
        let cases = desk.get(&desk.village, "/cases?step=village_review").await;
        let case = &cases["items"][0];
        let named = json!([{ "id": case["id"], "version": case["version"] }]);
        let stale = json!([{ "id": case["id"], "version": 1 }]);
        let refusing = |cases: Value, remark: &str| {
            json!({ "cases": cases, "step": "village_review", "what": "refuse", "remark": remark })
        };
        let answer = desk.post(&desk.village, "/steps", refusing(stale, "有房")).await;
        assert_eq!(outcome(&answer.json()), (0, vec!["version_conflict".into()]));
        let answer = desk.post(&desk.village, "/steps", refusing(named.clone(), " ")).await;
        assert_eq!(outcome(&answer.json()), (0, vec!["reason_missing".into()]));
        let answer = desk.post(&desk.village, "/steps", refusing(named, "在县城有房")).await;
        assert_eq!(outcome(&answer.json()), (1, vec![]));
        assert_eq!(desk.step_of("A-3").await, "refused");
        // A refused household may apply again.
        assert_eq!(desk.get(&desk.village, "").await["without_case"], 1);

        // Every step is on the ledger, and the rows equal it.
        let verified = desk.office.send("GET", "/api/v1/ledger", Some(&desk.county), None).await;
        assert!(verified.json()["entries"].as_u64().unwrap() > 20);
    }
}

database_test! {
    async fn nobody_decides_at_two_levels_of_a_case(test) {
        let mut desk = Desk::new(test).await;
        let found = json!({ "form": "visit", "date": "2026-03-01", "reference": "走访记录 12" });
        desk.post(&desk.village, "/cases", found).await;
        // The deputy of the township, whom the table of roles lets hold the village's meetings too, holds the first.
        assert_eq!(desk.pass(&desk.deputy, "group_review").await, (3, vec![]));
        assert_eq!(desk.pass(&desk.village, "cross_match").await, (3, vec![]));
        assert_eq!(desk.pass(&desk.village, "village_review").await, (3, vec![]));
        let posting = json!({ "area": "619021101201", "place": "村委会公示栏", "contact": "0916-0000000" });
        let notice = desk.post(&desk.village, "/notices", posting).await.json();
        desk.later(8).await;
        let closed = desk.close(&desk.village, notice["id"].as_str().unwrap()).await;
        assert_eq!(outcome(&closed.json()), (3, vec![]));

        let every_way = async |desk: &Desk, cookie: &str, step: &str| {
            for what in ["pass", "return", "refuse"] {
                let body = json!({ "step": step, "what": what, "remark": "核查" });
                let answer = desk.post(cookie, "/steps", body).await;
                assert_eq!(outcome(&answer.json()), (0, vec!["same_person".into(); 3]), "{step} {what}");
            }
        };
        every_way(&desk, &desk.deputy, "township_check").await;
        assert_eq!(desk.step_of("A-1").await, "township_check");
        // The administrator may take the steps of each level, and of one case those of one level only.
        assert_eq!(desk.pass(&desk.administrator, "township_check").await, (3, vec![]));
        every_way(&desk, &desk.administrator, "county_decision").await;
        assert_eq!(desk.step_of("A-1").await, "county_decision");
        // Three levels, three people.
        assert_eq!(desk.pass(&desk.county, "county_decision").await, (3, vec![]));
    }
}

/// A picture of one pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

impl Desk {
    /// The heads on the printed list of a notice.
    async fn printed(&self, id: &str) -> Vec<String> {
        let operator = Caller::operator("test", &AreaCode::parse("619021").unwrap());
        let id = id.parse().unwrap();
        let list = document::shown_list(&self.office.workspace, &operator, id, Language::Chinese)
            .await
            .unwrap();
        list.groups
            .into_iter()
            .flat_map(|group| group.lines)
            .map(|line| line.head_name)
            .collect()
    }

    /// All households up to the village's notice, which is posted; returns it.
    async fn posted(&self) -> Value {
        let found = json!({ "form": "visit", "date": "2026-03-01", "reference": "走访记录 12" });
        self.post(&self.village, "/cases", found).await;
        for step in ["group_review", "cross_match", "village_review"] {
            assert_eq!(self.pass(&self.village, step).await, (3, vec![]), "{step}");
        }
        let posting =
            json!({ "area": "619021101201", "place": "村委会公示栏", "contact": "李四 0916-0000000" });
        let posted = self.post(&self.village, "/notices", posting).await;
        assert_eq!(posted.status, StatusCode::CREATED, "{}", posted.json());
        posted.json()
    }

    async fn change(&self, cookie: &str, path: &str, version: &Value, body: Value) -> Answer {
        let seen = format!("\"{version}\"");
        let path = format!("/api/v1/register/identification{path}");
        self.office
            .send_with("POST", &path, Some(cookie), Some(body), &[("if-match", &seen)])
            .await
    }
}

database_test! {
    async fn a_notice_is_extended_photographed_and_taken_down(test) {
        let desk = Desk::new(test).await;
        let notice = desk.posted().await;
        let id = notice["id"].as_str().unwrap();
        assert_eq!(notice["number"], "青石村公示〔2026〕1号");
        assert_eq!((&notice["days_left"], &notice["households"]), (&json!(8), &json!(3)));

        // Posted three days late: the days count from then; whoever saw an older version is refused.
        let path = format!("/notices/{id}/extension");
        let late = json!({ "from": "2026-03-05", "reason": "暴雨延误张贴" });
        let stale = desk.change(&desk.village, &path, &json!(7), late.clone()).await;
        assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED, "{}", stale.json());
        let foreign = desk.change(&desk.county, &path, &notice["version"], late.clone()).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN);
        let extended = desk.change(&desk.village, &path, &notice["version"], late).await.json();
        assert_eq!((&extended["from"], &extended["until"]), (&json!("2026-03-05"), &json!("2026-03-12")));
        assert_eq!(extended["extensions"][0]["until"], "2026-03-09");
        let again = json!({ "from": "2026-03-05", "reason": "再次" });
        let again = desk.change(&desk.village, &path, &extended["version"], again).await;
        assert_eq!(again.json()["code"], "not_later");

        // A photo is what it says it is; it comes back as it was.
        let photos = format!("/api/v1/register/identification/notices/{id}/photos?taken_on=2026-03-02");
        let add = async |bytes: &[u8], kind: &str, path: &str| {
            desk.office.send_bytes("POST", path, Some(&desk.village), bytes, &[("content-type", kind)]).await
        };
        let lying = add(b"<svg onload='alert(1)'/>", "image/png", &photos).await;
        assert_eq!(lying.json()["code"], "photo_type");
        let ahead = add(PNG, "image/png", &photos.replace("03-02", "03-03")).await;
        assert_eq!(ahead.json()["code"], "date_ahead");
        let added = add(PNG, "image/png", &photos).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.json());
        let hash = added.json()["photos"][0]["hash"].as_str().unwrap().to_owned();
        let twice = add(PNG, "image/png", &photos).await;
        assert_eq!(twice.json()["code"], "photo_twice");
        let large = add(&vec![0xff; 12 << 20], "image/jpeg", &photos).await;
        assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
        let path = format!("/api/v1/register/identification/notices/{id}/photos/{hash}");
        let photo = desk.office.send("GET", &path, Some(&desk.county), None).await;
        assert_eq!((photo.status, photo.body.as_slice()), (StatusCode::OK, PNG));
        let other = desk.office.send("GET", &path.replace(&hash, &"0".repeat(64)), Some(&desk.county), None).await;
        assert_eq!(other.status, StatusCode::NOT_FOUND);

        // Taken down, its households wait for another notice, which has the next number.
        let shown = desk.get(&desk.village, &format!("/notices/{id}")).await;
        let path = format!("/notices/{id}/removal");
        let without = desk.change(&desk.village, &path, &shown["version"], json!({ "reason": " " })).await;
        assert_eq!(without.json()["code"], "text_missing");
        let removed = desk.change(&desk.village, &path, &shown["version"], json!({ "reason": "名单有误" })).await.json();
        assert_eq!(removed["removed"]["by"], "village");
        let ready = desk.get(&desk.village, "").await["ready"].clone();
        assert_eq!((&ready[0]["area"], &ready[0]["households"]), (&json!("619021101201"), &json!(3)));
        let closing = desk.close(&desk.village, id).await;
        assert_eq!(closing.json()["code"], "notice_closed");
        let posting = json!({ "area": "619021101201", "place": "村委会公示栏", "contact": "李四" });
        let second = desk.post(&desk.village, "/notices", posting).await.json();
        assert_eq!(second["number"], "青石村公示〔2026〕2号");
        desk.office.verify_ledger().await;
    }
}

database_test! {
    async fn a_mistake_is_taken_back_by_its_own_level(test) {
        let desk = Desk::new(test).await;
        let found = json!({ "form": "alert", "date": "2026-02-20" });
        desk.post(&desk.village, "/cases", found).await;
        let case = async || desk.get(&desk.village, "/cases?search=A-1").await["items"][0].clone();
        let first = case().await;
        assert_eq!(first["may_take_back"], Value::Null);
        // The application is ten days old and the pack gives seven: the household is late, and can be filtered.
        assert_eq!((&first["days"], &first["late"], &first["due"]), (&json!(10), &json!(true), &json!("2026-02-27")));
        assert_eq!(desk.get(&desk.village, "/cases?late=true").await["total"], 3);
        assert_eq!(desk.get(&desk.village, "").await["steps"][0]["late"], 3);

        assert_eq!(desk.pass(&desk.village, "group_review").await.0, 3);
        let passed = case().await;
        assert_eq!((&passed["may_take_back"], &passed["late"]), (&json!("group_review"), &json!(false)));
        let back = async |cookie: &str, case: &Value, step: &str, reason: &str| {
            let named = json!([{ "id": case["id"], "version": case["version"] }]);
            desk.post(cookie, "/corrections", json!({ "cases": named, "step": step, "reason": reason })).await
        };
        let other_level = back(&desk.county, &passed, "group_review", "误").await;
        assert_eq!(other_level.status, StatusCode::FORBIDDEN);
        let wrong = back(&desk.village, &passed, "cross_match", "误").await;
        assert_eq!(outcome(&wrong.json()), (0, vec!["acted_since".into()]));
        let without = back(&desk.village, &passed, "group_review", "").await;
        assert_eq!(without.json()["code"], "text_missing");
        let done = back(&desk.village, &passed, "group_review", "选错户").await;
        assert_eq!(outcome(&done.json()), (1, vec![]), "{}", done.json());
        assert_eq!(desk.step_of("A-1").await, "group_review");
        let stale = back(&desk.village, &passed, "group_review", "选错户").await;
        assert_eq!(outcome(&stale.json()), (0, vec!["version_conflict".into()]));

        // A refusal is taken back too, unless the household has entered anew.
        let refuse = async || {
            let case = case().await;
            let named = json!([{ "id": case["id"], "version": case["version"] }]);
            let step = json!({ "cases": named, "step": "group_review", "what": "refuse", "remark": "有房" });
            desk.post(&desk.village, "/steps", step).await;
            desk.get(&desk.village, "/cases?search=A-1&step=refused").await["items"][0].clone()
        };
        let refused = refuse().await;
        assert_eq!(refused["may_take_back"], "group_review");
        assert_eq!(outcome(&back(&desk.village, &refused, "group_review", "误").await.json()), (1, vec![]));
        let refused = refuse().await;
        desk.post(&desk.village, "/cases", json!({ "form": "visit", "date": "2026-03-01" })).await;
        let late = back(&desk.village, &refused, "group_review", "误").await;
        assert_eq!(outcome(&late.json()), (0, vec!["other_case".into()]));
        desk.office.verify_ledger().await;
    }
}

database_test! {
    async fn a_large_batch_runs_as_a_job_and_says_what_became_of_each(test) {
        let desk = Desk::new(test).await;
        desk.post(&desk.village, "/cases", json!({ "form": "visit", "date": "2026-03-01" })).await;
        let taking = json!({ "step": "group_review", "what": "pass" });
        let forbidden = desk.post(&desk.county, "/batches", taking.clone()).await;
        assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
        let finish = async |taking: Value| {
            let started = desk.post(&desk.village, "/batches", taking).await;
            assert_eq!(started.status, StatusCode::ACCEPTED, "{}", started.json());
            let path = format!("/api/v1/jobs/{}", started.json()["id"].as_str().unwrap());
            loop {
                let job = desk.office.send("GET", &path, Some(&desk.village), None).await.json();
                if job["state"] != "running" {
                    // What was refused is shown to who asked for it.
                    let seen = desk.office.send("GET", &path, Some(&desk.county), None).await.json();
                    assert_eq!(seen["result"], Value::Null);
                    return job;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let without_vote = finish(taking).await;
        assert_eq!(without_vote["state"], "done", "{without_vote}");
        let result = &without_vote["result"];
        assert_eq!((&result["done"], &result["refused"]), (&json!(0), &json!(3)));
        assert_eq!(result["reasons"][0]["code"], "vote_missing");
        assert_eq!(result["reasons"][0]["cases"].as_array().unwrap().len(), 3);
        let vote = serde_json::from_str::<Value>(MEETING).unwrap();
        let some = json!({ "step": "group_review", "what": "pass", "vote": vote, "category": "poverty" });
        assert_eq!(finish(some).await["result"]["done"], 2);
        assert_eq!(desk.step_of("A-1").await, "group_review");
        assert_eq!(desk.step_of("A-2").await, "cross_match");
        desk.office.verify_ledger().await;
    }
}

database_test! {
    async fn documents_are_printed_for_those_who_may_see_them(test) {
        let desk = Desk::new(test).await;
        let notice = desk.posted().await;
        let list = format!("/api/v1/register/identification/notices/{}/list.pdf", notice["id"].as_str().unwrap());
        let print = async |cookie: Option<&str>, path: &str| desk.office.send("GET", path, cookie, None).await;
        for query in ["", "?paper=a3&language=en"] {
            let file = print(Some(&desk.township), &format!("{list}{query}")).await;
            assert_eq!(file.status, StatusCode::OK);
            assert!(file.body.starts_with(b"%PDF-"), "{query}");
        }
        assert_eq!(print(None, &list).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(print(Some(&desk.township), &format!("{list}?paper=a5")).await.status, StatusCode::BAD_REQUEST);
        let missing = list.replace(notice["id"].as_str().unwrap(), "00000000-0000-7000-8000-000000000000");
        assert_eq!(print(Some(&desk.township), &missing).await.status, StatusCode::NOT_FOUND);

        // What is printed on the notice is what the rule names; the card is masked.
        let operator = Caller::operator("test", &AreaCode::parse("619021").unwrap());
        let notice_id = notice["id"].as_str().unwrap().parse().unwrap();
        let list = document::shown_list(&desk.office.workspace, &operator, notice_id, Language::Chinese).await.unwrap();
        assert_eq!(list.area_name, "安澜县清溪镇青石村");
        let names: Vec<&str> = list.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["1组", "2组"]);
        let shown = format!("{list:?}");
        assert!(shown.contains("张三"), "{shown}");
        for never in ["619021196805030014", "13900001111", "0503", "患有大病"] {
            assert!(!shown.contains(never), "{shown}");
        }
        let case = desk.get(&desk.village, "/cases?search=A-1").await["items"][0].clone();
        let household = case["household"].as_str().unwrap().parse().unwrap();
        let address = Some("https://anju.example");
        let shown = document::masked_card(&desk.office.workspace, &operator, household, Language::English, address)
            .await
            .unwrap();
        assert_eq!(shown.look_up, format!("https://anju.example/register/{household}"));
        assert_eq!(shown.members[0].id_number, "619021********0014");
        let shown = format!("{shown:?}");
        for masked in ["张三", "李四", "619021196805030014", "13900001111", "1968-05-03"] {
            assert!(!shown.contains(masked), "{masked}: {shown}");
        }
        assert!(shown.contains("22 present, 18 in favour"), "{shown}");
        let card = format!("/api/v1/register/households/{}/card.pdf", case["household"].as_str().unwrap());
        let file = print(Some(&desk.village), &card).await;
        assert_eq!(file.status, StatusCode::OK);
        assert!(file.body.starts_with(b"%PDF-"));
        let entries = async || {
            desk.office.send("GET", "/api/v1/ledger", Some(&desk.county), None).await.json()["entries"].as_u64().unwrap()
        };
        let before = entries().await;
        assert!(print(Some(&desk.county), &card).await.body.starts_with(b"%PDF-"));
        assert_eq!(entries().await, before, "a masked card is no unmasking");
        // Whole, it needs a purpose and somebody who may; it is on the ledger.
        let need = json!({ "purpose": "payment" });
        let whole = async |cookie: &str, need: Value| desk.office.send("POST", &card, Some(cookie), Some(need)).await;
        assert_eq!(whole(&desk.village, need.clone()).await.status, StatusCode::FORBIDDEN);
        assert_eq!(whole(&desk.county, json!({ "purpose": "other" })).await.json()["code"], "note_missing");
        let file = whole(&desk.county, need).await;
        assert!(file.body.starts_with(b"%PDF-"));
        assert_eq!(entries().await, before + 1);
    }
}

database_test! {
    async fn the_township_posts_its_own_notice_where_the_pack_says_so(test) {
        let desk = Desk::new(test).await;
        let notice = desk.posted().await;
        // A village officer posts for the village, not for the township; nobody waits for the township's notice here.
        let posting = json!({ "area": "619021101", "place": "镇政府", "contact": "1" });
        assert_eq!(desk.post(&desk.village, "/notices", posting.clone()).await.status, StatusCode::FORBIDDEN);
        assert_eq!(desk.post(&desk.township, "/notices", posting).await.json()["code"], "nothing_to_post");
        // Whoever posted the notice does not decide on an objection to it.
        let case = &notice["lines"][0]["case"];
        let id = notice["id"].as_str().unwrap();
        let objected = desk
            .post(&desk.village, &format!("/notices/{id}/objections"), json!({ "case": case, "content": "有房", "from": "钱七" }))
            .await
            .json();
        assert_eq!((&objected["from"], &objected["received_by"]), (&json!("钱七"), &json!("village")));
        let path = format!("/objections/{}/decision", objected["id"].as_str().unwrap());
        let answer = json!({ "upheld": false, "answer": "查无此事" });
        let own = desk.change(&desk.village, &path, &objected["version"], answer.clone()).await;
        assert_eq!(own.status, StatusCode::FORBIDDEN);
        let decided = desk.change(&desk.township, &path, &objected["version"], answer).await;
        assert_eq!(decided.json()["state"], "dismissed", "{}", decided.json());
        let late = desk.get(&desk.village, "/notices?has_run=true").await;
        assert_eq!(late["total"], 0);
    }
}
