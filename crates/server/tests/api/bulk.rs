//! Many records changed by a spreadsheet: out, edited, back, asked for by one person, applied by another, undone.

use super::*;

const CHANGES: &str = "/api/v1/register/bulk-changes";
const SHEETS: &str = "/api/v1/register/change-sheets";

/// An office with two townships, three households, and people of every kind that has to do with bulk changes.
struct Desk {
    office: Office,
    wang: String,
    zhao: String,
    li: String,
    village: String,
}

const REGISTER: &str = "户编号,乡镇,村,姓名,证件号码,与户主关系,搬迁类型,是否应搬,联系电话,银行账号,耕地面积,住房结构,隐患点编号\n\
     QX-001,清溪镇,青石村,张三丰,619021197001010012,户主,避灾搬迁,是,13900000001,6217000000000000001,3.2,土坯,ZD-1\n\
     QX-001,清溪镇,青石村,李秀英,619021197201010025,配偶,避灾搬迁,是,13900000001,6217000000000000001,3.2,土坯,ZD-1\n\
     QX-002,清溪镇,青石村,王五,619021196501010030,户主,避灾搬迁,是,+8613900000002,6217000000000000002,,砖木,ZD-1\n\
     BS-001,白水镇,白水村,赵六,,户主,扶贫搬迁,否,,,1,,\n";

impl Desk {
    async fn new(test: &TestDatabase) -> Self {
        let office = Office::new(test).await;
        let administrator = office.enter("admin", &office.password).await;
        let areas =
            "区划代码,名称\n619021101,清溪镇\n619021101201,青石村\n619021102,白水镇\n619021102201,白水村\n";
        office.import("区划.csv", areas).await;
        // What makes the disaster households eligible for a roster.
        let points = "隐患点编号,村,灾害类型,评估报告号,评估日期,工程无法治理\nZD-1,619021101201,滑坡,评估1号,2025-03-01,是\n";
        office.import("隐患点.csv", points).await;
        let (imported, said) = office.import("名册.csv", REGISTER).await;
        assert_eq!(
            (imported.households_added, imported.records_refused),
            (3, 0),
            "{said}"
        );
        Self {
            wang: office
                .user(&administrator, "wang", "county_officer", "619021")
                .await,
            zhao: office
                .user(&administrator, "zhao", "county_officer", "619021")
                .await,
            li: office
                .user(&administrator, "li", "township_officer", "619021101")
                .await,
            village: office
                .user(&administrator, "sun", "village_officer", "619021101201")
                .await,
            office,
        }
    }

    async fn sheet(&self, cookie: &str, request: Value) -> Vec<u8> {
        let answer = self
            .office
            .send("POST", SHEETS, Some(cookie), Some(request))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
        answer.body
    }

    /// One table of a change sheet as CSV, as rows of cells.
    async fn csv(&self, cookie: &str, request: Value) -> Vec<Vec<String>> {
        let bytes = self.sheet(cookie, request).await;
        let sheets = anju_exchange::table::read_table_bytes(std::path::Path::new("x.csv"), bytes).unwrap();
        let width = sheets[0].width();
        sheets[0]
            .rows
            .iter()
            .map(|row| {
                (0..width)
                    .map(|column| row.get(column).map_or_else(String::new, |cell| cell.shown()))
                    .collect()
            })
            .collect()
    }

    async fn upload(&self, cookie: &str, query: &str, bytes: Vec<u8>) -> (StatusCode, Value) {
        let request = Request::builder()
            .method("POST")
            .uri(format!("{CHANGES}?{query}"))
            .header(header::COOKIE, cookie)
            .body(Body::from(bytes))
            .unwrap();
        let answer = self.office.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 24).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// Uploads a table as CSV and returns the batch.
    async fn change(&self, cookie: &str, query: &str, table: &[Vec<String>]) -> Value {
        let lines: Vec<String> = table
            .iter()
            .map(|row| {
                row.iter()
                    .map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")))
                    .collect::<Vec<_>>()
                    .join(",")
            })
            .collect();
        let (status, batch) = self.upload(cookie, query, lines.join("\n").into_bytes()).await;
        assert_eq!(status, StatusCode::CREATED, "{batch}");
        batch
    }

    async fn step(&self, batch: &Value, cookie: &str, step: &str, remark: &str) -> (StatusCode, Value) {
        let path = format!("{CHANGES}/{}/steps", batch["id"].as_str().unwrap());
        self.office
            .step(
                &path,
                cookie,
                &batch["version"],
                json!({"step": step, "remark": remark}),
            )
            .await
    }

    /// Asked for by one and approved by another.
    async fn apply(&self, batch: &Value) -> Value {
        let (status, asked) = self.step(batch, &self.wang, "ask", "核实后统一更正").await;
        assert_eq!(status, StatusCode::OK, "{asked}");
        let (status, applied) = self.step(&asked, &self.zhao, "approve", "").await;
        assert_eq!(status, StatusCode::OK, "{applied}");
        applied
    }

    async fn part(&self, batch: &Value, part: &str, cookie: &str) -> Value {
        self.office
            .get(
                &format!("{CHANGES}/{}/{part}", batch["id"].as_str().unwrap()),
                cookie,
            )
            .await
    }

    async fn household(&self, number: &str) -> Value {
        let list = self
            .office
            .get(
                &format!("/api/v1/register/households?search={number}"),
                &self.wang,
            )
            .await;
        let id = list["items"][0]["id"].as_str().unwrap();
        self.office
            .get(&format!("/api/v1/register/households/{id}"), &self.wang)
            .await
    }
}

/// The place of a column.
fn at(table: &[Vec<String>], header: &str) -> usize {
    table[0]
        .iter()
        .position(|name| name == header)
        .unwrap_or_else(|| panic!("{header}: {:?}", table[0]))
}

/// The row of a household.
fn of(table: &[Vec<String>], number: &str) -> usize {
    let column = at(table, "户编号");
    table.iter().position(|row| row[column] == number).unwrap()
}

fn set(table: &mut [Vec<String>], number: &str, header: &str, value: &str) {
    let (row, column) = (of(table, number), at(table, header));
    table[row][column] = value.to_owned();
}

database_test! {
    async fn a_sheet_that_comes_back_as_it_went_out_changes_nothing(test) {
        let desk = Desk::new(test).await;
        for (request, rows) in [
            (json!({"format": "xlsx"}), 7),
            (json!({"format": "csv"}), 3),
            (json!({"format": "csv", "part": "members"}), 4),
            (json!({"format": "xlsx", "need": {"purpose": "application"}}), 7),
            (json!({"format": "csv", "fields": ["must_move", "phone"]}), 3),
            (json!({"format": "csv", "part": "members", "need": {"purpose": "application"}}), 4),
        ] {
            let whole = request["need"].is_object();
            let name = if request["format"] == "xlsx" { "a.xlsx" } else { "a.csv" };
            let bytes = desk.sheet(&desk.wang, request.clone()).await;
            let query = format!("name={name}{}", if whole { "&purpose=application" } else { "" });
            let (status, batch) = desk.upload(&desk.wang, &query, bytes).await;
            assert_eq!(status, StatusCode::CREATED, "{batch}");
            let found = [&batch["rows_read"], &batch["rows_unchanged"], &batch["rows_refused"], &batch["households"]];
            assert_eq!(found, [&json!(rows), &json!(rows), &json!(0), &json!(0)], "{request} {batch}");
            // Nothing can be asked for.
            assert_eq!(desk.step(&batch, &desk.wang, "ask", "无").await.1["code"], "bulk_empty");
        }
        // Emptied cells are no change unless the column was chosen, and masked data stays masked without a purpose.
        let table = desk.csv(&desk.wang, json!({"format": "csv"})).await;
        let phone = at(&table, "联系电话");
        assert_eq!(table[of(&table, "QX-001")][phone], "139****0001");
        let mut emptied = table.clone();
        set(&mut emptied, "QX-001", "耕地面积(亩)", "");
        assert_eq!(desk.change(&desk.wang, "name=a.csv", &emptied).await["households"], 0);
        let cleared = desk.change(&desk.wang, "name=a.csv&clear=farmland", &emptied).await;
        assert_eq!((&cleared["households"], &cleared["fields"][0]["field"]), (&json!(1), &json!("farmland")));
    }
}

database_test! {
    async fn a_batch_is_asked_for_by_one_applied_by_another_and_undone(test) {
        let desk = Desk::new(test).await;
        let mut table = desk.csv(&desk.wang, json!({"format": "csv"})).await;
        set(&mut table, "QX-001", "是否应搬", "否");
        set(&mut table, "QX-001", "耕地面积(亩)", "4.50亩");
        set(&mut table, "QX-002", "住房结构", "砖混");
        table[0].push("备注".into());
        let batch = desk.change(&desk.wang, "name=更正.csv", &table).await;
        assert_eq!((&batch["state"], &batch["households"], &batch["rows_unchanged"]), (&json!("read"), &json!(2), &json!(1)));
        assert_eq!(batch["unknown_columns"], json!(["备注"]));
        let fields: Vec<&str> = batch["fields"].as_array().unwrap().iter().map(|count| count["field"].as_str().unwrap()).collect();
        assert_eq!(fields, ["must_move", "farmland", "structure"]);
        assert_eq!(batch["steps"], json!(["ask", "withdraw"]));

        // Every difference, paged, filtered, and as a file.
        let rows = desk.part(&batch, "rows", &desk.wang).await;
        assert_eq!(rows["total"], 2);
        let edit = &rows["items"][0]["edits"][1];
        assert_eq!((&edit["field"], &edit["before"]["zh"], &edit["after"]["zh"]), (&json!("farmland"), &json!("3.2"), &json!("4.5")));
        assert_eq!(desk.part(&batch, "rows?offset=1&limit=1", &desk.wang).await["items"][0]["register_number"], "QX-002");
        assert_eq!(desk.part(&batch, "rows?field=structure", &desk.wang).await["total"], 1);
        let file = desk.office.send("GET", &format!("{CHANGES}/{}/changes.csv", batch["id"].as_str().unwrap()), Some(&desk.wang), None).await;
        let file = String::from_utf8(file.body).unwrap();
        assert!(file.contains("QX-002") && file.contains("砖木,砖混"), "{file}");

        // Maker and checker differ, the version counts, a decided batch stays, and until then the register is as it was.
        assert_eq!(desk.step(&batch, &desk.zhao, "ask", "更正").await.1["code"], "bulk_not_yours");
        assert_eq!(desk.step(&batch, &desk.wang, "ask", " ").await.1["code"], "reason_missing");
        let (_, asked) = desk.step(&batch, &desk.wang, "ask", "核实后统一更正").await;
        assert_eq!((&asked["state"], &asked["steps"]), (&json!("asked"), &json!(["withdraw"])));
        assert_eq!(desk.step(&asked, &desk.wang, "approve", "").await.1["code"], "same_person");
        assert_eq!(desk.step(&batch, &desk.zhao, "approve", "").await.1["code"], "version_conflict");
        assert_eq!(desk.step(&asked, &desk.li, "approve", "").await.1["code"], "not_found");
        assert_eq!(desk.household("QX-001").await["must_move"], true);
        let inbox = desk.office.get(&format!("{CHANGES}?state=asked&mine=false"), &desk.zhao).await;
        assert_eq!((&inbox["total"], &inbox["items"][0]["steps"]), (&json!(1), &json!(["approve", "refuse"])));
        let (status, applied) = desk.step(&asked, &desk.zhao, "approve", "同意").await;
        assert_eq!((status, &applied["state"], &applied["may_undo"]), (StatusCode::OK, &json!("approved"), &json!(true)), "{applied}");
        assert_eq!(desk.step(&applied, &desk.zhao, "approve", "").await.1["code"], "bulk_state");
        let household = desk.household("QX-001").await;
        assert_eq!((&household["must_move"], &household["farmland_mu_hundredths"]), (&json!(false), &json!(450)));
        assert_eq!(desk.household("QX-002").await["home"]["structure"], "brick_concrete");
        let history = desk.office.get(&format!("/api/v1/register/households/{}/history", household["id"].as_str().unwrap()), &desk.wang).await;
        assert_eq!((&history[0]["command"], &history[0]["actor"]), (&json!("apply_bulk_change"), &json!("zhao")));
        assert!(history[0]["reason"].as_str().unwrap().contains(batch["id"].as_str().unwrap()), "{history}");

        // Undone as a new batch: what was changed since stays and is reported.
        let later = json!({"selection": {"query": {"search": "QX-002"}}, "field": "structure", "value": "钢筋混凝土"});
        let later = desk.office.send("POST", "/api/v1/register/bulk-edits", Some(&desk.wang), Some(later)).await;
        assert_eq!(later.status, StatusCode::CREATED, "{}", later.json());
        desk.apply(&later.json()).await;
        let undo = format!("{CHANGES}/{}/undo", batch["id"].as_str().unwrap());
        let undoing = desk.office.send("POST", &undo, Some(&desk.wang), Some(json!({}))).await;
        assert_eq!(undoing.status, StatusCode::CREATED, "{}", undoing.json());
        let undoing = undoing.json();
        assert_eq!((&undoing["source"], &undoing["households"], &undoing["rows_refused"]), (&json!("undo"), &json!(1), &json!(1)));
        let kept = desk.part(&undoing, "refused", &desk.wang).await;
        assert_eq!((&kept["items"][0]["register_number"], &kept["items"][0]["stored"]), (&json!("QX-002"), &json!("钢筋混凝土")));
        desk.apply(&undoing).await;
        assert_eq!(desk.office.send("POST", &undo, Some(&desk.wang), Some(json!({}))).await.json()["code"], "bulk_undone");
        let household = desk.household("QX-001").await;
        assert_eq!((&household["must_move"], &household["farmland_mu_hundredths"]), (&json!(true), &json!(320)));
        assert_eq!(desk.household("QX-002").await["home"]["structure"], "reinforced_concrete");

        let operator = anju_app::Caller::operator("test", &desk.office.workspace.county().code);
        let report = anju_app::ledger::verify(&desk.office.workspace, &operator, &anju_app::Progress::default()).await.unwrap();
        assert_eq!(report.problems, []);
    }
}

database_test! {
    async fn rows_that_are_not_exactly_one_record_are_refused_with_place_and_reason(test) {
        let desk = Desk::new(test).await;
        let table = desk.csv(&desk.wang, json!({"format": "csv"})).await;
        let refused = async |table: &[Vec<String>], cookie: &str| {
            let batch = desk.change(cookie, "name=a.csv", table).await;
            assert_eq!(batch["households"], 0, "{batch}");
            desk.part(&batch, "refused", cookie).await["items"].clone()
        };
        let first = of(&table, "QX-001");
        let mut wrong = table.clone();
        wrong.truncate(1);
        for (header, value) in [
            ("户标识", "0198c0de-0000-7000-8000-000000000000"),
            ("户标识", "x"),
            ("版本", ""),
            ("版本", "9"),
            ("户编号", "QX-009"),
            ("住址", "白水镇 白水村"),
            ("住房结构", "竹"),
            ("是否应搬", "也许"),
            ("耕地面积(亩)", "-3"),
            ("耕地面积(亩)", "三亩多"),
            ("建造年份", "1985.5"),
            ("联系电话", "13811111111"),
            ("联系电话", "138****1111"),
        ] {
            let mut one = vec![table[0].clone(), table[first].clone()];
            set(&mut one, "QX-001", header, value);
            let found = refused(&one, &desk.wang).await;
            assert_eq!(found.as_array().unwrap().len(), 1, "{header} {value} {found}");
            let row = &found[0];
            assert_eq!((&row["file"], &row["row"]), (&json!("a.csv"), &json!(2)));
            if !value.is_empty() && header != "版本" {
                assert_eq!(row["value"], value, "{row}");
            }
            for text in ["reason", "remedy"] {
                assert!(!row[text]["zh"].as_str().unwrap().is_empty() && !row[text]["en"].as_str().unwrap().is_empty());
            }
        }
        // The same household twice: neither row is taken.
        let mut twice = vec![table[0].clone(), table[first].clone(), table[first].clone()];
        let column = at(&twice, "是否应搬");
        twice[1][column] = "否".into();
        let found = refused(&twice, &desk.wang).await;
        assert_eq!(found.as_array().unwrap().iter().map(|row| row["row"].as_u64().unwrap()).collect::<Vec<_>>(), [2, 3]);
        // A household of another township is as unknown as one that does not exist.
        let others = vec![table[0].clone(), table[of(&table, "BS-001")].clone()];
        let found = refused(&others, &desk.li).await;
        assert!(found[0]["reason"]["zh"].as_str().unwrap().contains("辖区"), "{found}");
        // An emptied value that must be there.
        let mut empty = vec![table[0].clone(), table[first].clone()];
        set(&mut empty, "QX-001", "搬迁类型", "");
        let batch = desk.change(&desk.wang, "name=a.csv&clear=category", &empty).await;
        assert_eq!((&batch["households"], &batch["rows_refused"]), (&json!(0), &json!(1)));
        // Two heads, or none.
        let mut members = desk.csv(&desk.wang, json!({"format": "csv", "part": "members"})).await;
        let relation = at(&members, "与户主关系");
        let spouse = members.iter().position(|row| row[relation] == "配偶").unwrap();
        members[spouse][relation] = "户主".into();
        let found = refused(&members, &desk.wang).await;
        assert!(found[0]["reason"]["zh"].as_str().unwrap().contains("户主"), "{found}");
        // Files that are no change sheet.
        for (query, bytes, code) in [
            ("name=a.csv", b"a,b\n1,2\n".to_vec(), "no_change_sheet"),
            ("name=a.xlsx", b"not a workbook".to_vec(), "file_unreadable"),
            ("name=a.csv", Vec::new(), "file_unreadable"),
            ("name=a.csv&clear=nothing", b"a\n".to_vec(), "unknown_field"),
            ("name=a.csv", "版本,户编号,是否应搬,是否应搬\n1,QX-001,是,否\n".as_bytes().to_vec(), "column_twice"),
        ] {
            let (status, answer) = desk.upload(&desk.wang, query, bytes).await;
            assert_eq!((status, &answer["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(code)), "{answer}");
        }
        // A register number and a version are key enough.
        let by_number = vec![
            ["户编号", "版本", "是否应搬"].map(str::to_owned).to_vec(),
            ["BS-001", "1", "是"].map(str::to_owned).to_vec(),
        ];
        assert_eq!(desk.change(&desk.wang, "name=a.csv", &by_number).await["households"], 1);
        let (_, answer) = desk.upload(&desk.village, "name=a.csv", b"a\n".to_vec()).await;
        assert_eq!(answer["code"], "forbidden");
    }
}

database_test! {
    async fn an_older_sheet_conflicts_only_where_it_was_edited(test) {
        let desk = Desk::new(test).await;
        let mut old = desk.csv(&desk.wang, json!({"format": "csv"})).await;
        let edit = json!({"selection": {"query": {"search": "QX-00"}}, "field": "urgency", "value": "紧迫"});
        let edit = desk.office.send("POST", "/api/v1/register/bulk-edits", Some(&desk.wang), Some(edit)).await.json();
        assert_eq!(edit["households"], 2, "{edit}");
        desk.apply(&edit).await;
        // The sheet still says what the register said then; that is nobody's edit.
        assert_eq!(desk.change(&desk.wang, "name=a.csv", &old).await["rows_unchanged"], 3);
        set(&mut old, "QX-001", "紧迫程度", "一般");
        let batch = desk.change(&desk.wang, "name=a.csv", &old).await;
        assert_eq!((&batch["households"], &batch["rows_refused"]), (&json!(0), &json!(1)));
        let row = &desk.part(&batch, "refused", &desk.wang).await["items"][0];
        assert_eq!((&row["value"], &row["stored"]), (&json!("一般"), &json!("紧迫")));
        assert!(row["reason"]["zh"].as_str().unwrap().contains("zhao"), "{row}");

        // All or nothing: a household that was changed between asking and approving stops the whole batch.
        let mut table = desk.csv(&desk.wang, json!({"format": "csv"})).await;
        set(&mut table, "QX-001", "紧迫程度", "较紧迫");
        set(&mut table, "BS-001", "是否应搬", "是");
        let batch = desk.change(&desk.wang, "name=a.csv", &table).await;
        let (_, asked) = desk.step(&batch, &desk.wang, "ask", "更正").await;
        let between = json!({"selection": {"query": {"search": "QX-001"}}, "field": "urgency", "value": null});
        let between = desk.office.send("POST", "/api/v1/register/bulk-edits", Some(&desk.wang), Some(between)).await.json();
        desk.apply(&between).await;
        let (status, refused) = desk.step(&asked, &desk.zhao, "approve", "").await;
        assert_eq!((status, &refused["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("bulk_conflicts")), "{refused}");
        assert!(refused["detail"].as_str().unwrap().contains("QX-001 紧迫程度"), "{refused}");
        assert_eq!(desk.household("BS-001").await["must_move"], false);
        let (_, refused) = desk.step(&asked, &desk.zhao, "refuse", "请重新导出").await;
        assert_eq!(refused["state"], "refused");
    }
}

database_test! {
    async fn personal_data_changes_for_a_purpose_and_key_facts_only_by_amendment(test) {
        let desk = Desk::new(test).await;
        let need = json!({"purpose": "payment", "note": "核对账号"});
        let mut table = desk.csv(&desk.wang, json!({"format": "csv", "need": need})).await;
        assert_eq!(table[of(&table, "QX-001")][at(&table, "联系电话")], "13900000001");
        // The apostrophe that keeps the text from being a formula is no change when it comes back.
        assert_eq!(table[of(&table, "QX-002")][at(&table, "联系电话")], "'+8613900000002");
        set(&mut table, "QX-001", "联系电话", "13811111111");
        let masked = desk.change(&desk.wang, "name=a.csv", &table).await;
        assert_eq!((&masked["households"], &masked["rows_refused"]), (&json!(0), &json!(1)));
        let batch = desk.change(&desk.wang, "name=a.csv&purpose=payment", &table).await;
        assert_eq!((&batch["households"], &batch["personal"]), (&json!(1), &json!(true)));
        let seen = desk.office.get("/api/v1/ledger/entries?kind=unmasking", &desk.wang).await;
        let commands: Vec<&str> = seen.as_array().unwrap().iter().map(|entry| entry["command"].as_str().unwrap()).collect();
        assert_eq!(commands.iter().filter(|command| **command == "export_change_sheet").count(), 3);
        assert_eq!(commands.iter().filter(|command| **command == "read_change_sheet").count(), 1);
        // Who decides sees the very values.
        let (_, asked) = desk.step(&batch, &desk.wang, "ask", "换号").await;
        let rows = desk.part(&asked, "rows", &desk.zhao).await;
        assert_eq!(rows["items"][0]["edits"][0]["after"]["zh"], "13811111111");
        let (status, applied) = desk.step(&asked, &desk.zhao, "approve", "").await;
        assert_eq!(status, StatusCode::OK, "{applied}");
        let undo = format!("{CHANGES}/{}/undo", batch["id"].as_str().unwrap());
        assert_eq!(desk.office.send("POST", &undo, Some(&desk.wang), Some(json!({}))).await.json()["code"], "purpose_missing");

        // On a frozen roster key facts are refused and pointed to amendments; anything else still changes.
        let new = json!({"title": "避灾搬迁名册", "category": "disaster"});
        let draft = desk.office.send("POST", ROSTERS, Some(&desk.wang), Some(new)).await.json();
        let freezing = format!("{ROSTERS}/{}/freezing", draft["id"].as_str().unwrap());
        let approval = json!({"approver": "安澜县人民政府", "document": "安政函〔2026〕7号"});
        let (status, frozen) = desk.office.step(&freezing, &desk.zhao, &draft["version"], approval).await;
        assert_eq!(status, StatusCode::OK, "{frozen}");
        let mut table = desk.csv(&desk.wang, json!({"format": "csv"})).await;
        set(&mut table, "QX-001", "住房结构", "砖混");
        set(&mut table, "QX-002", "耕地面积(亩)", "2");
        let batch = desk.change(&desk.wang, "name=a.csv", &table).await;
        assert_eq!((&batch["households"], &batch["rows_refused"]), (&json!(1), &json!(1)), "{batch}");
        let row = &desk.part(&batch, "refused", &desk.wang).await["items"][0];
        assert!(row["remedy"]["zh"].as_str().unwrap().contains("提出变更"), "{row}");
        // Frozen after it was read: approving finds out.
        let edit = json!({"selection": {}, "field": "structure", "value": "砖混"});
        let edit = desk.office.send("POST", "/api/v1/register/bulk-edits", Some(&desk.wang), Some(edit)).await.json();
        assert_eq!((&edit["households"], &edit["rows_refused"]), (&json!(1), &json!(2)), "{edit}");
    }
}

database_test! {
    async fn views_are_each_persons_own(test) {
        let desk = Desk::new(test).await;
        let view = json!({"page": "register", "name": "紧迫户", "query": "?must_move=true&columns=register_number,area"});
        let saved = desk.office.send("POST", "/api/v1/views", Some(&desk.wang), Some(view.clone())).await;
        assert_eq!((saved.status, &saved.json()["query"]), (StatusCode::CREATED, &json!("must_move=true&columns=register_number,area")));
        let again = desk.office.send("POST", "/api/v1/views", Some(&desk.wang), Some(view)).await.json();
        assert_eq!(again["id"], saved.json()["id"]);
        assert_eq!(desk.office.get("/api/v1/views?page=register", &desk.wang).await.as_array().unwrap().len(), 1);
        assert_eq!(desk.office.get("/api/v1/views?page=register", &desk.zhao).await, json!([]));
        let path = format!("/api/v1/views/{}", again["id"].as_str().unwrap());
        assert_eq!(desk.office.send("DELETE", &path, Some(&desk.zhao), None).await.status, StatusCode::NOT_FOUND);
        assert_eq!(desk.office.send("DELETE", &path, Some(&desk.wang), None).await.status, StatusCode::NO_CONTENT);
        assert_eq!(desk.office.get("/api/v1/views?page=register", &desk.wang).await, json!([]));
        for (view, code) in [
            (json!({"page": "nothing", "name": "x", "query": ""}), "view_page"),
            (json!({"page": "register", "name": " ", "query": ""}), "view_name"),
        ] {
            assert_eq!(desk.office.send("POST", "/api/v1/views", Some(&desk.wang), Some(view)).await.json()["code"], code);
        }
    }
}

database_test! {
    async fn an_export_has_the_columns_the_order_and_the_households_that_are_seen(test) {
        let desk = Desk::new(test).await;
        let path = "/api/v1/register/households.csv?columns=head_name,register_number&sort=-register_number&must_move=true";
        let csv = desk.office.send("GET", path, Some(&desk.wang), None).await;
        let text = String::from_utf8(csv.body).unwrap();
        assert_eq!(text.trim_start_matches('\u{feff}'), "户主,户编号\n王*,QX-002\n张**,QX-001\n");
        let unknown = desk.office.send("GET", "/api/v1/register/households.csv?columns=phone", Some(&desk.wang), None).await;
        assert_eq!(unknown.json()["code"], "unknown_column");
        let id = desk.household("BS-001").await["id"].clone();
        let picked = |ids: Value| json!({"households": ids, "query": {"columns": "register_number"}});
        for (cookie, ids, rows) in [(&desk.wang, json!([id]), 1), (&desk.li, json!([id]), 0), (&desk.wang, json!([]), 0)] {
            let file = desk.office.send("POST", "/api/v1/register/household-exports", Some(cookie), Some(picked(ids))).await;
            let sheets = anju_exchange::table::read_table_bytes(std::path::Path::new("x.xlsx"), file.body).unwrap();
            assert_eq!(sheets[0].rows.len() - 2, rows);
        }
    }
}
