//! Bulk changes and printed documents on the command line, and what happens when nobody reads what it prints. Each on both
//! databases.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps fails, which is what it is for"
)]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use anju_app::register::identification::{self, notice};
use anju_app::workspace::Environment;
use anju_app::{Caller, Progress, Workspace};
use anju_model::area::AreaCode;
use anju_store::database_test;
use anju_store::testing::TestDatabase;
use serde_json::{Value, json};

const AREAS: &str = "区划代码,名称\n619021,安澜县\n619021101,清溪镇\n619021101201,青石村\n";
const REGISTER: &str = "\
户编号,户主姓名,与户主关系,姓名,证件号码,性别,村,搬迁类型,是否应搬,联系电话,银行账号
A-1,张三,户主,张三,61902119800229001X,男,619021101201,避灾搬迁,是,13912340001,6217000000000000001
A-2,李四,户主,李四,619021198002290028,女,619021101201,避灾搬迁,是,13912340002,6217000000000000002
";

struct Office {
    folder: tempfile::TempDir,
    /// Address of the database when it is not the workspace's own file.
    postgres: Option<String>,
}

impl Office {
    fn new(test: &TestDatabase) -> Self {
        let office = Self {
            folder: tempfile::tempdir().unwrap(),
            postgres: test.address.starts_with("postgres").then(|| test.address.clone()),
        };
        office.done(
            "wang",
            &["init", "--county-code", "619021", "--county-name", "安澜县"],
        );
        office.write("行政区划.csv", AREAS);
        office.write("名册.csv", REGISTER);
        let imported = office.done("wang", &["import", "行政区划.csv", "名册.csv"]);
        assert_eq!(imported["households_added"], 2, "{imported}");
        office
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn command(&self, who: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_anju"));
        command
            .current_dir(self.folder.path())
            .env("USER", who)
            .args(["--workspace", "office"])
            .args(self.postgres.iter().flat_map(|address| ["--database", address]))
            .args(arguments);
        command
    }

    fn done(&self, who: &str, arguments: &[&str]) -> Value {
        let output = self
            .command(who, &[&["--json"][..], arguments].concat())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs what must be refused as bad input; returns what was printed.
    fn refused(&self, who: &str, arguments: &[&str]) -> String {
        let output = self
            .command(who, &[&["--json"][..], arguments].concat())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        said(&output)
    }

    /// The rows of an exported sheet, each by its columns' titles.
    fn sheet(&self, name: &str) -> (Vec<String>, Vec<Vec<String>>) {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        let text = text.strip_prefix('\u{feff}').unwrap();
        let mut rows = text
            .lines()
            .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        (rows.next().unwrap(), rows.collect())
    }
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Exports some columns, gives the first household another value in one of them and writes the sheet to hand back.
fn edit(office: &Office, field: &str, title: &str, value: &str) {
    office.done("wang", &["register", "export", "out.csv", "--fields", field]);
    let (titles, mut rows) = office.sheet("out.csv");
    let column = titles.iter().position(|found| found == title).unwrap();
    value.clone_into(&mut rows[0][column]);
    let lines: Vec<String> = std::iter::once(&titles)
        .chain(&rows)
        .map(|row| row.join(","))
        .collect();
    office.write("back.csv", &format!("\u{feff}{}\r\n", lines.join("\r\n")));
}

database_test! {
    async fn a_sheet_goes_out_and_comes_back_as_a_batch_of_two_people(test) {
        let office = Office::new(test);
        let written = office.done("wang", &["register", "export", "out.xlsx"]);
        let bytes = std::fs::read(office.path("out.xlsx")).unwrap();
        assert_eq!((&bytes[..2], written["bytes"].as_u64()), (&b"PK"[..], Some(bytes.len() as u64)));
        office.done("wang", &["register", "export", "members.csv", "--members", "--area", "619021101201"]);
        assert_eq!(office.sheet("members.csv").1.len(), 2);
        let none = office.done("wang", &["register", "export", "none.csv", "--search", "没有这个人"]);
        assert!(none["bytes"].as_u64().unwrap() > 0);
        assert!(office.sheet("none.csv").1.is_empty());
        for (arguments, word) in [
            (&["register", "export", "out.txt"][..], ".xlsx"),
            (&["register", "export", "out.csv", "--fields", "nothing"], "must_move"),
            (&["register", "change", "行政区划.csv"], "版本"),
        ] {
            let words = office.refused("wang", arguments);
            assert!(words.contains(word), "{words}");
        }

        edit(&office, "must_move", "是否应搬", "否");
        // Read without a reason, nothing is asked for yet.
        let read = office.done("wang", &["register", "change", "back.csv"]);
        assert_eq!((&read["batch"]["state"], &read["batch"]["households"]), (&json!("read"), &json!(1)), "{read}");
        let asked = office.done("wang", &["register", "change", "back.csv", "--reason", "入户核实"]);
        assert_eq!((&asked["batch"]["state"], &asked["batch"]["asked_by"]), (&json!("asked"), &json!("cli:wang")));
        let id = asked["batch"]["id"].as_str().unwrap();
        let words = office.refused("wang", &["register", "approve", id]);
        assert!(words.contains("somebody else must decide"), "{words}");
        let approved = office.done("zhao", &["register", "approve", id, "--remark", "同意"]);
        assert_eq!((&approved["state"], &approved["decision"]["by"]), (&json!("approved"), &json!("cli:zhao")));
        let must_move = |office: &Office| {
            office.done("wang", &["register", "export", "now.csv", "--must-move", "false"]);
            office.sheet("now.csv").1.len()
        };
        assert_eq!(must_move(&office), 1);
        let listed = office.done("wang", &["register", "list", "--state", "approved"]);
        assert_eq!((&listed["total"], &listed["items"][0]["id"]), (&json!(1), &json!(id)));

        // Undone as a batch of its own, which needs two people again.
        let undoing = office.done("zhao", &["register", "undo", id, "--reason", "核实有误"]);
        assert_eq!((&undoing["undoes"], &undoing["state"]), (&json!(id), &json!("asked")));
        let words = office.refused("wang", &["register", "undo", id, "--reason", "再撤销"]);
        assert!(words.contains("undid this batch"), "{words}");
        let undo = undoing["id"].as_str().unwrap();
        office.refused("zhao", &["register", "approve", undo]);
        office.done("wang", &["register", "approve", undo]);
        assert_eq!(must_move(&office), 0);

        // A refused one changes nothing and says why.
        edit(&office, "must_move", "是否应搬", "否");
        let again = office.done("wang", &["register", "change", "back.csv", "--reason", "再核"]);
        let again = again["batch"]["id"].as_str().unwrap();
        let refused = office.done("zhao", &["register", "refuse", again, "--remark", "证据不足"]);
        assert_eq!((&refused["state"], &refused["decision"]["remark"]), (&json!("refused"), &json!("证据不足")));
        assert_eq!(must_move(&office), 0);
        office.done("wang", &["ledger", "verify"]);
    }
}

database_test! {
    async fn personal_data_of_a_sheet_need_a_purpose(test) {
        let office = Office::new(test);
        edit(&office, "phone", "联系电话", "13912349999");
        let masked = std::fs::read_to_string(office.path("out.csv")).unwrap();
        assert!(masked.contains("139****0001") && !masked.contains("13912340001"), "{masked}");
        let read = office.done("wang", &["register", "change", "back.csv"]);
        assert_eq!((&read["batch"]["households"], &read["batch"]["rows_refused"]), (&json!(0), &json!(1)), "{read}");
        let purpose = ["--purpose", "payment"];
        let arguments = ["register", "change", "back.csv", "--reason", "换号"];
        let asked = office.done("wang", &[&arguments[..], &purpose].concat());
        let id = asked["batch"]["id"].as_str().unwrap();
        office.done("zhao", &["register", "approve", id]);
        office.done("wang", &[&["register", "export", "whole.csv", "--fields", "phone"][..], &purpose].concat());
        let whole = std::fs::read_to_string(office.path("whole.csv")).unwrap();
        assert!(whole.contains("13912349999"), "{whole}");
    }
}

database_test! {
    async fn no_formula_of_a_sheet_is_ever_evaluated(test) {
        let office = Office::new(test);
        office.done("wang", &["register", "export", "out.csv", "--fields", "urgency"]);
        let (titles, rows) = office.sheet("out.csv");
        let urgency = titles.iter().position(|title| title == "紧迫程度").unwrap();
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (column, title) in titles.iter().enumerate() {
            sheet.write_string(0, column as u16, title).unwrap();
        }
        for (row, cells) in rows.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                let (row, column) = (row as u32 + 1, column as u16);
                if usize::from(column) == urgency {
                    // What Excel showed counts for the first; the second was never calculated by anybody.
                    let formula = rust_xlsxwriter::Formula::new("=CONCATENATE(\"紧\",\"迫\")");
                    let shown = if row == 1 { "一般" } else { "" };
                    sheet.write_formula(row, column, formula.set_result(shown)).unwrap();
                } else {
                    sheet.write_string(row, column, cell).unwrap();
                }
            }
        }
        book.save(office.path("公式.xlsx")).unwrap();
        let read = office.done("wang", &["register", "change", "公式.xlsx"]);
        let edits = read["changed"]["items"].as_array().unwrap();
        assert_eq!(edits.len(), 1, "{read}");
        assert_eq!(edits[0]["edits"][0]["after"]["zh"], "一般", "{read}");

        // In CSV a formula is a text: no value of a list, and as words what was written.
        edit(&office, "urgency", "紧迫程度", "=1+1");
        let read = office.done("wang", &["register", "change", "back.csv"]);
        let refused = &read["refused"]["items"][0];
        assert_eq!((&read["batch"]["households"], &refused["value"]), (&json!(0), &json!("=1+1")), "{read}");
        assert!(!refused["reason"]["zh"].as_str().unwrap().is_empty() && !refused["remedy"]["zh"].as_str().unwrap().is_empty());
        office.done("wang", &["register", "export", "members.csv", "--members", "--fields", "skills"]);
        let (titles, mut rows) = office.sheet("members.csv");
        let skills = titles.iter().position(|title| title == "技能").unwrap();
        rows[0][skills] = "=HYPERLINK(1)".into();
        let lines: Vec<String> = std::iter::once(&titles).chain(&rows).map(|row| row.join(",")).collect();
        office.write("members.csv", &lines.join("\n"));
        let asked = office.done("wang", &["register", "change", "members.csv", "--reason", "登记技能"]);
        office.done("zhao", &["register", "approve", asked["batch"]["id"].as_str().unwrap()]);
        // Out again it is no formula, and what is read back is no change.
        office.done("wang", &["register", "export", "again.csv", "--members", "--fields", "skills"]);
        let text = std::fs::read_to_string(office.path("again.csv")).unwrap();
        assert!(text.contains(",'=HYPERLINK(1)") && !text.contains(",=HYPERLINK"), "{text}");
        let same = office.done("wang", &["register", "change", "again.csv"]);
        assert_eq!((&same["batch"]["households"], &same["batch"]["rows_refused"]), (&json!(0), &json!(0)), "{same}");
    }
}

database_test! {
    async fn every_kind_of_column_goes_out_and_comes_back(test) {
        let office = Office::new(test);
        let columns = [
            ("disability", "残疾类别和等级", "肢体残疾 二级"),
            ("monthly_wage", "月工资(元)", "3200.5"),
            ("hukou_area", "户籍所在区划代码", "619021101"),
            ("membership_basis", "共同生活依据", "婚入未迁户"),
            ("membership_document", "共同生活依据文书", "结婚证1号"),
        ];
        let fields: Vec<&str> = columns.iter().map(|column| column.0).collect();
        let fields = fields.join(",");
        let export = ["register", "export", "members.csv", "--members", "--fields", &fields];
        office.done("wang", &export);
        let (titles, mut rows) = office.sheet("members.csv");
        for (_, title, value) in columns {
            let column = titles.iter().position(|found| found == title).unwrap_or_else(|| panic!("{title}: {titles:?}"));
            rows[0][column] = value.into();
        }
        let lines: Vec<String> = std::iter::once(&titles).chain(&rows).map(|row| row.join(",")).collect();
        office.write("members.csv", &lines.join("\n"));
        let asked = office.done("wang", &["register", "change", "members.csv", "--reason", "核实"]);
        assert_eq!(asked["changed"]["items"][0]["edits"].as_array().unwrap().len(), columns.len(), "{asked}");
        office.done("zhao", &["register", "approve", asked["batch"]["id"].as_str().unwrap()]);
        office.done("wang", &export);
        let (titles, rows) = office.sheet("members.csv");
        for (_, title, value) in columns {
            let column = titles.iter().position(|found| found == title).unwrap();
            assert_eq!(rows[0][column], value, "{title}");
        }

        // The helper, of whom name and phone are personal data.
        let fields = "helper_name,helper_unit,helper_phone";
        office.done("wang", &["register", "export", "out.csv", "--fields", fields, "--purpose", "application"]);
        let (titles, mut rows) = office.sheet("out.csv");
        for (title, value) in [("帮扶责任人", "王五"), ("帮扶单位", "县教育局"), ("帮扶责任人电话", "13912340009")] {
            let column = titles.iter().position(|found| found == title).unwrap();
            rows[0][column] = value.into();
        }
        // A helper without a name is none.
        let unit = titles.iter().position(|found| found == "帮扶单位").unwrap();
        rows[1][unit] = "县农业局".into();
        let lines: Vec<String> = std::iter::once(&titles).chain(&rows).map(|row| row.join(",")).collect();
        office.write("back.csv", &lines.join("\n"));
        let read = office.done("wang", &["register", "change", "back.csv", "--reason", "换帮扶人", "--purpose", "application"]);
        assert_eq!((&read["batch"]["households"], &read["batch"]["rows_refused"]), (&json!(1), &json!(1)), "{read}");
        office.done("zhao", &["register", "approve", read["batch"]["id"].as_str().unwrap()]);
        office.done("wang", &["ledger", "verify"]);
    }
}

database_test! {
    async fn cards_and_notices_are_printed(test) {
        let office = Office::new(test);
        office.done("wang", &["register", "export", "out.csv"]);
        let household = office.sheet("out.csv").1[0][0].clone();
        let pdf = |name: &str| {
            let bytes = std::fs::read(office.path(name)).unwrap();
            assert!(bytes.starts_with(b"%PDF-") && bytes.len() > 5_000, "{name}: {} bytes", bytes.len());
            bytes
        };
        office.done("wang", &["document", "card", &household, "card.pdf"]);
        let masked = pdf("card.pdf");
        office.done("wang", &["--language", "en", "document", "card", &household, "whole.pdf", "--purpose", "payment", "--address", "https://anju.example.org"]);
        assert_ne!(masked, pdf("whole.pdf"));
        // Whole, it is on the ledger who had it and what for; the other purpose needs words.
        let words = office.refused("wang", &["document", "card", &household, "other.pdf", "--purpose", "other"]);
        assert!(words.contains("用途") || words.contains("purpose"), "{words}");
        assert!(!office.path("other.pdf").exists());
        office.refused("wang", &["document", "card", "00000000-0000-0000-0000-000000000000", "none.pdf"]);

        let notice = posted(&office).await;
        office.done("wang", &["document", "notice", &notice, "list.pdf"]);
        office.done("wang", &["document", "notice", &notice, "board.pdf", "--paper", "a3"]);
        assert_ne!(pdf("list.pdf"), pdf("board.pdf"));
        office.refused("wang", &["document", "notice", "00000000-0000-0000-0000-000000000000", "none.pdf"]);
        assert!(!office.path("none.pdf").exists());
    }
}

database_test! {
    async fn each_consent_of_a_list_is_on_record_in_the_order_of_its_day(test) {
        let office = Office::new(test);
        let header = "户编号,意愿,安置方式,意向乡镇,签字人,签字日期\n";
        let rows = "A-1,愿搬,集中安置,清溪镇,张三,2025-06-01\n\
                    A-1,不愿搬,,,张三,2025-03-01\n\
                    A-1,愿搬,集中安置,清溪镇,张三,2025-06-01\n\
                    A-2,不愿搬,,,李四,2025-05-01\n\
                    A-1,未定,,,张三,2025-04-01\n";
        office.write("意愿.csv", &format!("{header}{rows}"));
        let imported = office.done("wang", &["import", "意愿.csv"]);
        assert_eq!((&imported["records_refused"], &imported["households_changed"]), (&json!(0), &json!(2)), "{imported}");
        office.done("wang", &["register", "export", "out.csv"]);
        let (titles, rows) = office.sheet("out.csv");
        let number = titles.iter().position(|title| title == "户编号").unwrap();
        let household = rows.iter().find(|row| row[number] == "A-1").unwrap()[0].parse().unwrap();
        let days = async || {
            let workspace = Workspace::open(&office.path("office"), office.postgres.as_deref(), Environment::system()).await.unwrap();
            let caller = Caller::operator("wang", &AreaCode::parse("619021").unwrap());
            let records = anju_app::register::household::consent::list(&workspace, &caller, household).await.unwrap();
            records.iter().map(|record| (record.record.consent.date.to_string(), record.stands)).collect::<Vec<_>>()
        };
        let expected = [("2025-06-01".to_owned(), true), ("2025-04-01".to_owned(), false), ("2025-03-01".to_owned(), false)];
        assert_eq!(days().await, expected);
        // The same list again adds nothing; a longer one adds what is new, and the latest still stands.
        let again = office.done("wang", &["import", "意愿.csv"]);
        assert_eq!(again["households_changed"], 0);
        assert_eq!(days().await, expected);
        let longer = format!("{header}A-1,愿搬,集中安置,清溪镇,张三,2025-06-01\nA-1,不愿搬,,,张三,2025-01-01\n");
        office.write("意愿.csv", &longer);
        office.done("wang", &["import", "意愿.csv"]);
        let found = days().await;
        assert_eq!((found.len(), found.iter().filter(|(_, stands)| *stands).count()), (4, 1), "{found:?}");
        assert!(found.contains(&("2025-06-01".to_owned(), true)), "{found:?}");
        office.done("wang", &["ledger", "verify"]);
    }
}

/// Both households up to the notice of their village; returns its id.
async fn posted(office: &Office) -> String {
    let workspace = Workspace::open(
        &office.path("office"),
        office.postgres.as_deref(),
        Environment::system(),
    )
    .await
    .unwrap();
    let caller = Caller::operator("wang", &AreaCode::parse("619021").unwrap());
    let read = |value: Value| serde_json::from_value(value);
    let application = json!({"form": "visit", "date": "2026-01-05", "reference": "走访记录 12"});
    let opening: identification::Opening = serde_json::from_value(application).unwrap();
    identification::open(&workspace, &caller, opening).await.unwrap();
    let vote = json!({"meeting": {"date": "2026-01-06", "place": "村委会"}, "entitled": 30, "present": 25, "in_favour": 20, "against": 3, "abstained": 2, "cross_match_read_out": true});
    for step in ["group_review", "cross_match", "village_review"] {
        let taking: identification::Taking =
            read(json!({"step": step, "what": "pass", "vote": vote})).unwrap();
        let done = identification::take(&workspace, &caller, taking, &Progress::default())
            .await
            .unwrap();
        assert_eq!(done.done, 2, "{step}: {done:?}");
    }
    let posting = json!({"area": "619021101201", "place": "村委会公示栏", "contact": "0916-0000000"});
    let posting: notice::Posting = serde_json::from_value(posting).unwrap();
    notice::post(&workspace, &caller, posting)
        .await
        .unwrap()
        .id
        .to_string()
}

database_test! {
    async fn a_reader_that_has_seen_enough_ends_the_program_quietly(test) {
        let office = Office::new(test);
        edit(&office, "must_move", "是否应搬", "否");
        for arguments in [&["ledger", "checkpoint"][..], &["register", "change", "back.csv"], &["--json", "ledger", "checkpoint"]] {
            let mut child = office.command("wang", arguments)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            // Closed before anything is written.
            drop(child.stdout.take());
            let mut stderr = String::new();
            std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut stderr).unwrap();
            assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(141), ""), "{arguments:?}");
        }
        // Read as `head -n 1` reads.
        let mut child = office.command("wang", &["--json", "register", "list"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "{\n");
        assert!([Some(0), Some(141)].contains(&child.wait().unwrap().code()));
    }
}
