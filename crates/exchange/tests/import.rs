//! Imports as an office makes them: a workbook in, records and held-back rows out, corrected rows in again.

#![expect(clippy::unwrap_used, reason = "tests may unwrap, their helpers as well")]

use std::path::Path;

use anju_exchange::areas::AreaIndex;
use anju_exchange::consent::read_consent;
use anju_exchange::extract::read_extract;
use anju_exchange::funds::read_funds;
use anju_exchange::header::{Table, recognise};
use anju_exchange::register::read_register;
use anju_exchange::stock_housing::read_stock_housing;
use anju_exchange::table::{Cell, Region, Sheet, read_table_bytes};
use anju_exchange::threatened::read_threatened;
use anju_exchange::workbook::{error_workbook, write_table};
use anju_model::area::{Area, AreaCode};
use anju_model::identity::Sex;
use anju_model::lookback::ExtractFacts;
use anju_model::money::Fen;
use anju_model::register::{Category, CauseOfMove, ConsentChoice, FileKind, Pathway, Relation};
use jiff::civil::date;
use proptest::prelude::*;
use uuid::Uuid;

fn areas() -> AreaIndex {
    let area = |code: &str, name: &str| Area::new(AreaCode::parse(code).unwrap(), name);
    AreaIndex::new(&[
        area("619021", "清溪县"),
        area("619021101", "清溪镇"),
        area("619021102", "白河镇"),
        area("619021101201", "青石村"),
        area("619021102201", "大湾村"),
    ])
}

fn ids() -> impl FnMut() -> Uuid {
    let mut next = 0;
    move || {
        next += 1;
        Uuid::from_u128(next)
    }
}

fn sheet(rows: &[&[&str]]) -> Sheet {
    let cell = |text: &&str| {
        if text.is_empty() {
            Cell::Empty
        } else {
            Cell::Text((*text).to_owned())
        }
    };
    Sheet {
        file: "名册.xlsx".to_owned(),
        sheet: "一".to_owned(),
        rows: rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
        merged: Vec::new(),
        numbers: Vec::new(),
    }
}

fn only<'s>(sheets: &'s [Sheet], kind: FileKind) -> Table<'s> {
    let mut tables = recognise(sheets, &[], None).unwrap();
    assert_eq!(tables.len(), 1);
    assert_eq!(tables[0].kind, kind);
    tables.remove(0)
}

const HEAD: &[&str] = &[
    "户编号",
    "乡镇",
    "村",
    "组",
    "姓名",
    "性别",
    "身份证号码",
    "出生日期",
    "与户主关系",
    "民族",
    "搬迁类型",
    "搬迁原因",
    "是否应搬",
    "经度",
    "纬度",
    "耕地面积（亩）",
];

/// A household of two, one of one, and one with a bad cell of its second member.
fn register() -> Sheet {
    sheet(&[
        &["清溪县避灾搬迁户名册"],
        HEAD,
        &[
            "QX-001",
            "清溪镇",
            "青石村",
            "三组",
            "张　三",
            "男",
            "61240119680503001x",
            "1968.5.3",
            "户主",
            "汉",
            "避灾搬迁",
            "地灾、山洪",
            "是",
            "108.5",
            "32.9",
            "3.25",
        ],
        &[
            "",
            "",
            "",
            "",
            "李四",
            "女",
            "",
            "1970年五月初一",
            "之妻",
            "汉族",
            "",
            "",
            "",
            "",
            "",
            "",
        ],
        &[
            "QX-002", "白河", "大湾", "", "王五", "男", "", "", "户主", "回", "生态", "", "否", "", "", "",
        ],
        &[
            "QX-003",
            "清溪镇",
            "青石村",
            "1组",
            "赵六",
            "男",
            "",
            "1980-02-28",
            "户主",
            "汉",
            "扶贫搬迁",
            "",
            "否",
            "",
            "",
            "",
        ],
        &[
            "QX-003",
            "清溪镇",
            "青石村",
            "1组",
            "赵七",
            "男",
            "6.12401E+17",
            "2010-02-30",
            "儿子",
            "汉",
            "扶贫搬迁",
            "",
            "否",
            "",
            "",
            "",
        ],
        &["合计", "", "", "", "5人"],
    ])
}

#[test]
fn a_household_is_read_whole_or_held_back_whole() {
    let sheets = [register()];
    let parsed = read_register(&only(&sheets, FileKind::Register), &areas());
    assert_eq!(parsed.rows_read, 5);
    assert_eq!(parsed.records.len(), 2);

    let first = &parsed.records[0];
    assert_eq!(first.facts.register_number, "QX-001");
    assert_eq!(first.facts.area.as_str(), "61902110120103");
    assert_eq!(first.facts.category, Category::Disaster);
    assert_eq!(
        first.facts.causes,
        [CauseOfMove::Geohazard, CauseOfMove::FlashFlood]
    );
    assert!(first.facts.must_move);
    assert_eq!(first.facts.farmland_mu_hundredths, Some(325));
    assert_eq!(first.facts.position.unwrap().longitude, 108.5);
    assert_eq!(first.rows, (3, 4));
    assert_eq!(first.members[0].name, "张三");
    assert_eq!(
        first.members[0].id_number.as_ref().unwrap().as_str(),
        "61240119680503001X"
    );
    assert_eq!(first.members[1].relation, Relation::Wife);
    assert_eq!(first.members[1].birth_date, Some(date(1970, 5, 1)));
    assert_eq!(parsed.records[1].facts.area.as_str(), "619021102201");

    assert_eq!(parsed.refused.len(), 1);
    let refused = &parsed.refused[0];
    assert_eq!(refused.rows, [6, 7]);
    let bad: Vec<(u32, &str)> = refused
        .cells
        .iter()
        .map(|cell| (cell.row, cell.header.as_str()))
        .collect();
    assert_eq!(bad, [(7, "身份证号码"), (7, "出生日期")]);
    assert!(
        refused.cells[0].reason.zh.contains("丢失"),
        "{:?}",
        refused.cells[0]
    );
    assert_eq!(refused.cells[1].value, "2010-02-30");
}

#[test]
fn corrected_rows_finish_the_job() {
    let sheets = [register()];
    let table = only(&sheets, FileKind::Register);
    let parsed = read_register(&table, &areas());
    let bytes = error_workbook(&table, &parsed.refused).unwrap();
    assert_eq!(
        bytes,
        error_workbook(&table, &parsed.refused).unwrap(),
        "equal content, equal bytes"
    );

    // Uncorrected, the same rows are held back for the same reasons.
    let mut again = read_table_bytes(Path::new("错误.xlsx"), bytes).unwrap();
    let table = only(&again, FileKind::Register);
    // The header is the file's own, letter by letter.
    let header: Vec<String> = again[0].rows[0].iter().map(Cell::shown).collect();
    assert_eq!(header[..HEAD.len()], *HEAD);
    assert!(table.is_error_workbook());
    assert_eq!(table.unused_headers(), [""; 0]);
    let refused = read_register(&table, &areas()).refused;
    assert_eq!(refused[0].cells.len(), 2);
    // An error workbook of an error workbook has one column of explanations.
    let second = error_workbook(&table, &refused).unwrap();
    let second = read_table_bytes(Path::new("错误.xlsx"), second).unwrap();
    assert_eq!(second[0].width(), HEAD.len() + 1);
    let explanation = second[0].cell(2, HEAD.len()).shown();
    assert!(
        explanation.contains("身份证号码：") && explanation.contains("出生日期："),
        "{explanation}"
    );

    // Corrected, they are accepted.
    again[0].rows[2][6] = Cell::Text("612401201002280017".to_owned());
    again[0].rows[2][7] = Cell::Text("2010-02-28".to_owned());
    let parsed = read_register(&only(&again, FileKind::Register), &areas());
    assert_eq!(parsed.refused, []);
    assert_eq!(parsed.records.len(), 1);
    assert_eq!(parsed.records[0].members.len(), 2);
}

#[test]
fn cells_merged_over_a_household_and_over_a_village_are_read() {
    let mut sheet = sheet(&[
        &[
            "户编号",
            "村",
            "姓名",
            "证件号码",
            "与户主关系",
            "搬迁类型",
            "是否应搬",
        ],
        &["1", "青石村", "张三", "", "户主", "避灾搬迁", "是"],
        &["", "", "李四", "", "妻", "", ""],
        &["2", "", "王五", "", "户主", "避灾搬迁", "是"],
    ]);
    sheet.merged = vec![
        Region {
            top: 1,
            left: 0,
            bottom: 2,
            right: 0,
        },
        Region {
            top: 1,
            left: 1,
            bottom: 3,
            right: 1,
        },
    ];
    let sheets = [sheet];
    let parsed = read_register(&only(&sheets, FileKind::Register), &areas());
    assert_eq!(parsed.refused, []);
    assert_eq!(
        parsed
            .records
            .iter()
            .map(|record| record.members.len())
            .collect::<Vec<_>>(),
        [2, 1]
    );
    assert_eq!(parsed.records[1].facts.area.as_str(), "619021101201");
}

#[test]
fn contradictions_within_a_household_hold_it_back() {
    let mut rows = register();
    rows.rows[6][12] = Cell::Text("是".to_owned());
    rows.rows[6][6] = Cell::Empty;
    rows.rows[6][7] = Cell::Empty;
    let sheets = [rows];
    let parsed = read_register(&only(&sheets, FileKind::Register), &areas());
    assert_eq!(parsed.refused[0].cells.len(), 1);
    assert!(
        parsed.refused[0].cells[0]
            .reason
            .en
            .contains("row 6 of the same household"),
        "{:?}",
        parsed.refused[0].cells
    );
}

#[test]
fn a_number_that_lost_its_digits_is_refused_in_a_real_workbook() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, header) in [
        "户编号",
        "村",
        "姓名",
        "证件号码",
        "与户主关系",
        "搬迁类型",
        "是否应搬",
    ]
    .iter()
    .enumerate()
    {
        sheet.write_string(0, column as u16, *header).unwrap();
    }
    for (column, value) in ["1", "青石村", "张三", "", "户主", "避灾", "是"]
        .iter()
        .enumerate()
    {
        sheet.write_string(1, column as u16, *value).unwrap();
    }
    sheet.write_number(1, 3, 612_401_196_805_030_018.0_f64).unwrap();
    let sheets = read_table_bytes(Path::new("a.xlsx"), workbook.save_to_buffer().unwrap()).unwrap();
    let parsed = read_register(&only(&sheets, FileKind::Register), &areas());
    assert_eq!(parsed.records, []);
    assert_eq!(parsed.refused[0].cells[0].value, "6.12401E+17");
}

#[test]
fn consent_needs_a_pathway_to_move() {
    let sheets = [sheet(&[
        &[
            "户编号",
            "意愿",
            "安置方式",
            "意向乡镇",
            "是否接受跨乡镇",
            "签字人",
            "签字日期",
            "凭证号",
        ],
        &[
            "QX-001",
            "同意",
            "集中",
            "白河镇",
            "是",
            "张三",
            "2025年3月2日",
            "YY-1",
        ],
        &["QX-002", "不愿意", "", "", "", "王五", "2025-03-02", ""],
        &["QX-003", "愿意", "", "", "", "赵六", "2025-03-02", ""],
        &["QX-004", "愿意", "坐火箭", "火星镇", "也许", "", "三月", ""],
    ])];
    let parsed = read_consent(&only(&sheets, FileKind::Consent), &areas());
    assert_eq!(parsed.records[0].consent.choice, ConsentChoice::Move);
    assert_eq!(parsed.records[0].consent.pathway, Some(Pathway::Concentrated));
    assert_eq!(
        parsed.records[0]
            .consent
            .preferred_township
            .as_ref()
            .unwrap()
            .as_str(),
        "619021102"
    );
    assert_eq!(parsed.records[0].consent.date, date(2025, 3, 2));
    assert_eq!(parsed.records[1].consent.choice, ConsentChoice::Stay);
    assert_eq!(
        parsed
            .refused
            .iter()
            .map(|refused| refused.cells.len())
            .collect::<Vec<_>>(),
        [1, 5]
    );
}

#[test]
fn extracts_keep_the_dirt_of_departments() {
    let sheets = [sheet(&[
        &[
            "车主",
            "身份证号",
            "车牌号",
            "车辆类型",
            "购置价格（万元）",
            "初次登记日期",
            "状态",
        ],
        &[
            "张三",
            "612401196805030018",
            "陕G12345",
            "小型轿车",
            "12.5",
            "2019-07-01",
            "正常",
        ],
        &["李四", "错的号码", "陕G2", "摩托车", "很贵", "昨天", ""],
        &["王五", "6.12401E+17", "陕G3", "小型轿车", "", "", ""],
        &["", "无", "陕G4", "小型轿车", "", "", ""],
    ])];
    let parsed = read_extract(&only(&sheets, FileKind::Vehicles), ids()).unwrap();
    assert_eq!(parsed.records.len(), 3);
    let ExtractFacts::Vehicle {
        price, registered, ..
    } = &parsed.records[0].facts
    else {
        panic!("a vehicle")
    };
    assert_eq!(
        (price, registered),
        (&Some(Fen::from_yuan(125_000)), &Some(date(2019, 7, 1)))
    );
    assert_eq!(parsed.records[1].id_number.as_ref().unwrap().as_str(), "错的号码");
    assert_eq!(parsed.records[2].id_number, None);
    assert_eq!(
        parsed.notes.iter().map(|note| note.row).collect::<Vec<_>>(),
        [3, 3, 4]
    );
    assert_eq!(
        parsed
            .refused
            .iter()
            .map(|refused| refused.rows[0])
            .collect::<Vec<_>>(),
        [5]
    );
    assert_eq!(parsed.records[2].row, 4);
    assert!(read_extract(&only(&[register()], FileKind::Register), ids()).is_none());
}

#[test]
fn every_department_is_read() {
    let cases: [(FileKind, &[&str], &[&str]); 5] = [
        (
            FileKind::CivilRegistry,
            &["姓名", "身份证号", "性别", "出生日期", "死亡日期", "户号", "住址"],
            &["张三", "1", "男", "1968-05-03", "2020-01-01", "0123", "青石村"],
        ),
        (
            FileKind::SocialInsurance,
            &["姓名", "身份证号", "险种", "参保单位", "缴费基数"],
            &["张三", "1", "城镇职工", "某厂", "4,500"],
        ),
        (
            FileKind::RealEstate,
            &["权利人", "身份证号", "房屋类型", "坐落", "面积", "登记日期"],
            &["张三", "1", "商品住宅", "某街", "88.5㎡", "2018/1/2"],
        ),
        (
            FileKind::Companies,
            &[
                "企业名称",
                "姓名",
                "身份证号",
                "职务",
                "状态",
                "注册资本(万元)",
                "登记日期",
            ],
            &["某公司", "张三", "1", "法定代表人", "存续", "100", "2018-01-02"],
        ),
        (
            FileKind::PublicPayroll,
            &["姓名", "身份证号", "单位", "职务", "状态"],
            &["张三", "1", "某局", "科员", "在职"],
        ),
    ];
    for (kind, head, row) in cases {
        let sheets = [sheet(&[head, row])];
        let parsed = read_extract(&only(&sheets, kind), ids()).unwrap();
        assert_eq!(
            (parsed.refused.len(), parsed.notes.len()),
            (0, 0),
            "{kind}: {:?}",
            parsed.notes
        );
        let record = &parsed.records[0];
        assert_eq!(record.name, "张三");
        assert_eq!(record.facts.file_kind(), kind);
        match &record.facts {
            ExtractFacts::CivilRegistry {
                sex,
                death_date,
                hukou_number,
                ..
            } => {
                assert_eq!((sex, death_date), (&Some(Sex::Male), &Some(date(2020, 1, 1))));
                assert_eq!(hukou_number.as_deref(), Some("0123"));
            }
            ExtractFacts::SocialInsurance { base, .. } => assert_eq!(base, &Some(Fen::from_yuan(4_500))),
            ExtractFacts::RealEstate { area_m2, .. } => assert_eq!(area_m2, &Some(88.5)),
            ExtractFacts::Company { capital, .. } => assert_eq!(capital, &Some(Fen::from_yuan(1_000_000))),
            ExtractFacts::PublicPayroll { unit, .. } => assert_eq!(unit, "某局"),
            ExtractFacts::Vehicle { .. } => panic!("not among the cases"),
        }
    }
}

#[test]
fn threatened_households_stock_housing_and_funds_are_read() {
    let sheets = [sheet(&[
        &[
            "隐患点编号",
            "乡镇",
            "村",
            "户主姓名",
            "户主身份证号",
            "人数",
            "是否应搬",
        ],
        &["HZ-01", "", "619021101201", "张三", "", "4", "是"],
        &["HZ-01", "清溪镇", "青石村", "李四", "", "3人", "否"],
        &["HZ-02", "火星镇", "青石村", "李四", "", "0", "否"],
    ])];
    let parsed = read_threatened(&only(&sheets, FileKind::ThreatenedHouseholds), &areas(), ids());
    assert_eq!(
        parsed
            .records
            .iter()
            .map(|record| record.persons)
            .collect::<Vec<_>>(),
        [4, 3]
    );
    assert_eq!(parsed.refused[0].cells.len(), 2);

    let sheets = [sheet(&[
        &[
            "楼盘",
            "乡镇",
            "经度",
            "纬度",
            "套数",
            "面积(㎡)",
            "单价(元/㎡)",
            "每套价格(万元)",
        ],
        &["河滨家园", "清溪镇", "108.5", "32.9", "120", "90", "3000", ""],
        &["新城", "清溪镇", "108.5", "32.9", "12", "100", "", "28.5"],
        &["便宜", "清溪镇", "32.9", "108.5", "12", "100", "28", ""],
        &["无价", "清溪镇", "108.5", "32.9", "12", "100", "", ""],
    ])];
    let parsed = read_stock_housing(&only(&sheets, FileKind::StockHousing), &areas(), ids());
    assert_eq!(
        parsed
            .records
            .iter()
            .map(|record| record.price)
            .collect::<Vec<_>>(),
        [Fen::from_yuan(270_000), Fen::from_yuan(285_000)]
    );
    assert_eq!(
        parsed
            .refused
            .iter()
            .map(|refused| refused.cells.len())
            .collect::<Vec<_>>(),
        [3, 1]
    );

    let sheets = [sheet(&[
        &["资金来源", "文号", "年度", "金额（万元）"],
        &["中央预算内投资", "陕发改〔2025〕1号", "2025", "1,234.5"],
        &["省级财政", "", "二零", "-1"],
    ])];
    let parsed = read_funds(&only(&sheets, FileKind::Funds), ids());
    assert_eq!(parsed.records[0].amount, Fen::from_yuan(12_345_000));
    assert_eq!(parsed.refused[0].cells.len(), 3);
}

#[test]
fn lists_are_written_as_texts_and_numbers_and_never_as_formulas() {
    let rows = vec![
        vec![
            Cell::Text("=HYPERLINK(\"http://x\")".to_owned()),
            Cell::Number(3.0),
            Cell::Text("612401196805030018".to_owned()),
        ],
        vec![Cell::Text("+1".to_owned()), Cell::Empty, Cell::Boolean(true)],
    ];
    let headers: Vec<String> = ["名称", "户数", "身份证号"]
        .iter()
        .map(ToString::to_string)
        .collect();
    let bytes = write_table("搬迁户:名单", &headers, &rows).unwrap();
    assert_eq!(bytes, write_table("搬迁户:名单", &headers, &rows).unwrap());
    let read = read_table_bytes(Path::new("a.xlsx"), bytes).unwrap();
    assert_eq!(read[0].sheet, "搬迁户 名单");
    assert_eq!(read[0].cell(2, 0), &rows[0][0]);
    assert_eq!(read[0].cell(2, 1), &Cell::Number(3.0));
    assert_eq!(read[0].cell(2, 2), &rows[0][2]);
    assert_eq!(read[0].cell(3, 0), &rows[1][0]);
}

#[test]
fn a_formula_in_a_workbook_is_read_as_the_value_it_was_saved_with_and_never_evaluated() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_string(0, 0, "户编号").unwrap();
    for (row, formula, saved) in [
        (1, "=1+1", "7"),
        (2, "=WEBSERVICE(\"http://127.0.0.1:9/steal\")", "QX-001"),
        (3, "=HYPERLINK(\"http://127.0.0.1:9\",\"x\")", "QX-002"),
    ] {
        let formula = rust_xlsxwriter::Formula::new(formula).set_result(saved);
        sheet.write_formula(row, 0, formula).unwrap();
    }
    let read = read_table_bytes(Path::new("a.xlsx"), workbook.save_to_buffer().unwrap()).unwrap();
    let shown: Vec<String> = (1..=3).map(|row| read[0].cell(row, 0).shown()).collect();
    assert_eq!(shown, ["7", "QX-001", "QX-002"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Rows are neither lost nor doubled, whatever the cells hold: each is in a record or held back.
    #[test]
    fn every_row_is_accounted_for(cells in prop::collection::vec(prop::collection::vec("[一-十张三户主妻是否0-9.青石村避灾 ]{0,4}", 7), 1..20)) {
        let head: &[&str] = &["户编号", "村", "姓名", "证件号码", "与户主关系", "搬迁类型", "是否应搬"];
        let rows: Vec<Vec<&str>> = cells.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
        let mut all: Vec<&[&str]> = vec![head];
        all.extend(rows.iter().map(Vec::as_slice));
        let sheets = [sheet(&all)];
        let tables = recognise(&sheets, &[], None).unwrap();
        let parsed = read_register(&tables[0], &areas());
        let stored: usize = parsed.records.iter().map(|record| record.members.len()).sum();
        let held: usize = parsed.refused.iter().map(|refused| refused.rows.len()).sum();
        prop_assert_eq!((stored + held) as u64, parsed.rows_read);
        for refused in &parsed.refused {
            prop_assert!(!refused.cells.is_empty());
        }
        // Held-back rows come back the same from their own workbook.
        if held > 0 {
            let bytes = error_workbook(&tables[0], &parsed.refused).unwrap();
            let again = read_table_bytes(Path::new("a.xlsx"), bytes).unwrap();
            let tables = recognise(&again, &[], None).unwrap();
            let second = read_register(&tables[0], &areas());
            prop_assert_eq!(second.records.len(), 0);
            let held_again: usize = second.refused.iter().map(|refused| refused.rows.len()).sum();
            prop_assert_eq!(held_again, held);
        }
    }
}
