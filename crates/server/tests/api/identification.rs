//! Identification as the offices' people do it: three levels, votes, notices, an objection, and maker and checker apart.

use std::sync::{Arc, Mutex};

use anju_app::register::import::{Options, import};
use anju_app::{Caller, Progress};
use jiff::{SignedDuration, Timestamp};

use super::*;

const REGISTER: &str = "户编号,乡镇,村,组,姓名,性别,身份证号码,出生日期,与户主关系,民族,搬迁类型,是否应搬
A-1,清溪镇,青石村,1组,张三,男,,1968-05-03,户主,汉,避灾搬迁,是
A-1,清溪镇,青石村,1组,李四,女,,1970-05-03,配偶,汉,避灾搬迁,是
A-2,清溪镇,青石村,2组,王五,男,,1975-01-09,户主,汉,扶贫搬迁,否
A-3,清溪镇,青石村,2组,赵六,男,,1980-02-28,户主,汉,扶贫搬迁,否
";
const AREAS: &str = "区划代码,名称
619021,安澜县
619021101,清溪镇
619021101201,青石村
";
const MEETING: &str =
    r#"{"entitled":30,"present":22,"in_favour":18,"against":3,"abstained":1,"cross_match_read_out":true}"#;

struct Desk {
    office: Office,
    now: Arc<Mutex<Timestamp>>,
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
            let options = Options {
                errors: files.path().join("errors"),
                profile: None,
                crs: None,
                layer: None,
                keep_going: false,
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
        let early = desk.post(&desk.village, &format!("/notices/{id}/closing"), json!({})).await;
        assert_eq!((early.status, &early.json()["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("notice_runs")));
        desk.later(8).await;
        let closed = desk.post(&desk.village, &format!("/notices/{id}/closing"), json!({})).await;
        assert_eq!(outcome(&closed.json()), (2, vec!["case_suspended".to_owned()]));

        // Whoever took the objection down does not decide it; upheld, the case goes back to the meeting.
        let objection = desk.get(&desk.township, "/objections?state=open").await["items"][0].clone();
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
        let closed = desk
            .post(&desk.county, &format!("/notices/{}/closing", notice["id"].as_str().unwrap()), json!({}))
            .await;
        assert_eq!(outcome(&closed.json()), (2, vec![]));
        // The announcement is issued, not passed.
        assert_eq!(desk.pass(&desk.county, "announcement").await, (0, vec!["by_announcement".into(); 2]));
        let announcing = json!({
            "kind": "announcement", "area": "619021", "place": "政府网站", "contact": "0916-0000000"
        });
        let announced = desk.post(&desk.county, "/notices", announcing).await;
        assert_eq!(announced.status, StatusCode::CREATED, "{}", announced.json());
        assert_eq!(announced.json()["number"], "安澜县公告〔2026〕1号");
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
