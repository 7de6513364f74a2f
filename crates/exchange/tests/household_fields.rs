//! The fields of a household beside those every register has, and files of income.

#![expect(clippy::unwrap_used, reason = "tests may unwrap, their helpers as well")]

use anju_exchange::areas::AreaIndex;
use anju_exchange::header::{Table, recognise};
use anju_exchange::income::read_income;
use anju_exchange::register::read_register;
use anju_exchange::table::{Cell, Sheet};
use anju_model::area::{Area, AreaCode};
use anju_model::money::Fen;
use anju_model::register::{
    Benefit, DisabilityClass, EmploymentChannel, FileKind, Fuel, Health, IdKind, IncomeKind, Marriage,
    MembershipBasis, PovertyCause, Relation, SchoolState, Vulnerability,
};

fn areas() -> AreaIndex {
    let area = |code: &str, name: &str| Area::new(AreaCode::parse(code).unwrap(), name);
    AreaIndex::new(&[
        area("619021", "清溪县"),
        area("619021101", "清溪镇"),
        area("619021101201", "青石村"),
    ])
}

/// A sheet whose columns are given one by one, each with its header above its values.
fn sheet(columns: &[&[&str]]) -> Sheet {
    let height = columns.iter().map(|column| column.len()).max().unwrap_or(0);
    let cell = |text: Option<&&str>| match text {
        None | Some(&"") => Cell::Empty,
        Some(text) => Cell::Text((*text).to_owned()),
    };
    Sheet {
        file: "名册.xlsx".to_owned(),
        sheet: "一".to_owned(),
        rows: (0..height)
            .map(|row| columns.iter().map(|column| cell(column.get(row))).collect())
            .collect(),
        merged: Vec::new(),
        numbers: Vec::new(),
    }
}

fn only(sheets: &[Sheet], kind: FileKind) -> Table<'_> {
    let mut tables = recognise(sheets, &[], None).unwrap();
    assert_eq!(tables.len(), 1);
    let table = tables.remove(0);
    assert_eq!(table.kind, kind);
    assert_eq!(table.unused_headers(), [""; 0]);
    table
}

#[test]
fn a_register_carries_every_field_of_a_household() {
    let sheets = [sheet(&[
        &["户编号", "QX-1", ""],
        &["村", "青石村", ""],
        &["搬迁类型", "避灾", ""],
        &["是否应搬", "是", ""],
        &["姓名", "张三", "李秀英"],
        &["身份证号", "11010519491231002X42", ""],
        &["与户主关系", "户主", "妻"],
        &["证件类型", "", "无证件"],
        &["无证件原因", "", "证件遗失,正在补办"],
        &["婚姻状况", "已婚", "再婚"],
        &["在校生状况", "非在校", "小学三年级"],
        &["健康状况", "长期慢性病、残疾", "健康"],
        &["残疾类别", "肢体", ""],
        &["残疾等级", "2级", ""],
        &["就业渠道", "公益岗", ""],
        &["务工月数", "9", ""],
        &["月工资(元)", "1850.5", ""],
        &["享受待遇", "低保", ""],
        &["是否党员", "是", "否"],
        &["成员电话", "13912340001", ""],
        &["户籍地区划代码", "619021", ""],
        &["成员认定依据", "", "婚入"],
        &["认定凭证", "", "结字第 7 号"],
        &["主要致贫原因", "因病", ""],
        &["其他致贫原因", "因残、缺水", ""],
        &["林地面积(亩)", "12.5", ""],
        &["宅基地面积", "166", ""],
        &["与留居户共用房屋", "是", ""],
        &["距村主干路距离", "2.3", ""],
        &["饮水是否安全", "否", ""],
        &["主要燃料类型", "柴", ""],
        &["帮扶责任人", "王干部", ""],
        &["帮扶责任人电话", "13900000000", ""],
        &["特殊困难", "孤寡老人、残疾人", ""],
    ])];
    let parsed = read_register(&only(&sheets, FileKind::Register), &areas());
    assert_eq!(parsed.refused, []);
    let household = &parsed.records[0];
    let facts = &household.facts;
    assert_eq!(facts.main_cause_of_poverty, Some(PovertyCause::Illness));
    assert_eq!(
        facts.other_causes_of_poverty,
        [PovertyCause::Disability, PovertyCause::Water]
    );
    assert_eq!(facts.forest_mu_hundredths, Some(1250));
    assert_eq!(facts.home.homestead_m2, Some(166.0));
    assert_eq!(facts.home.shared_with_stayers, Some(true));
    assert_eq!(facts.living.road_distance_km, Some(2.3));
    assert_eq!(facts.living.water_safe, Some(false));
    assert_eq!(facts.living.fuel, Some(Fuel::Firewood));
    assert_eq!(
        facts.helper.as_ref().map(|helper| helper.name.as_str()),
        Some("王干部")
    );
    assert_eq!(
        facts.vulnerabilities,
        [Vulnerability::AloneAndAged, Vulnerability::Disabled]
    );

    let [head, wife] = household.members.as_slice() else {
        panic!()
    };
    // Nothing says what kind of document it is, but its length does.
    assert_eq!(head.id_kind, IdKind::DisabilityCertificate);
    assert_eq!(head.health, [Health::Chronic, Health::Disabled]);
    assert_eq!(head.disability.map(|one| one.class), Some(DisabilityClass::Limbs));
    assert_eq!(head.work.channel, Some(EmploymentChannel::PublicInterest));
    assert_eq!(head.work.months, Some(9));
    assert_eq!(head.work.monthly_wage, Some(Fen(185_050)));
    assert_eq!(head.benefit, Some(Benefit::MinimumGuarantee));
    assert_eq!(head.party_member, Some(true));
    assert_eq!(head.hukou_area.as_ref().map(AreaCode::as_str), Some("619021"));
    assert_eq!(head.school, Some(SchoolState::NotAtSchool));
    assert_eq!(wife.id_kind, IdKind::NoDocument);
    assert_eq!(wife.no_id_reason.as_deref(), Some("证件遗失,正在补办"));
    assert_eq!(wife.marriage, Some(Marriage::Remarried));
    assert_eq!(wife.school, Some(SchoolState::Primary3));
    assert_eq!(wife.membership.basis, MembershipBasis::MarriedIn);
    assert_eq!(wife.membership.document.as_deref(), Some("结字第 7 号"));
}

/// The relations of four members of one household as a column writes them.
fn relations(column: &[&str]) -> Vec<Relation> {
    let column: Vec<&str> = std::iter::once("与户主关系")
        .chain(column.iter().copied())
        .collect();
    let sheets = [sheet(&[
        &["户编号", "QX-1", "QX-1", "QX-1", "QX-1"],
        &["村", "青石村", "青石村", "青石村", "青石村"],
        &["搬迁类型", "避灾", "避灾", "避灾", "避灾"],
        &["是否应搬", "是", "是", "是", "是"],
        &["姓名", "张三", "李秀英", "张敏", "张强"],
        &["身份证号", "", "", "", ""],
        &column,
    ])];
    let parsed = read_register(&only(&sheets, FileKind::Register), &areas());
    assert_eq!(parsed.refused, []);
    parsed.records[0]
        .members
        .iter()
        .map(|member| member.relation)
        .collect()
}

/// A 1 is the spouse in the list of one digit, and a 01 whose zero was lost in the list of two.
#[test]
fn the_column_tells_which_list_of_relations_it_is_written_in() {
    assert_eq!(
        relations(&["0", "1", "3", "2"]),
        [
            Relation::Head,
            Relation::Spouse,
            Relation::Daughter,
            Relation::Son
        ]
    );
    assert_eq!(
        relations(&["2", "12", "30", "20"]),
        [Relation::Head, Relation::Wife, Relation::Daughter, Relation::Son]
    );
    assert_eq!(
        relations(&["户主", "配偶", "次女", "外孙"]),
        [
            Relation::Head,
            Relation::Spouse,
            Relation::SecondDaughter,
            Relation::DaughtersSon
        ]
    );
}

#[test]
fn income_is_read_line_by_line_and_held_back_by_household() {
    let sheets = [sheet(&[
        &["户编号", "QX-1", "QX-1", "QX-2", "QX-2", "QX-3"],
        &["年度", "2025", "2025", "2025", "2025", "2025"],
        &["收入类型", "工资", "经营性收入", "工资", "彩票", "转移"],
        &["收入金额", "24000", "1万元", "8000", "500", "1200.55"],
        &["生产经营支出(元)", "", "6500", "", "", ""],
        &["收入来源", "务工", "天麻", "", "", "养老金"],
    ])];
    let parsed = read_income(&only(&sheets, FileKind::Income));
    let read: Vec<_> = parsed
        .records
        .iter()
        .map(|record| {
            (
                record.register_number.as_str(),
                record.year,
                record.line.kind,
                record.line.amount,
                record.line.cost,
            )
        })
        .collect();
    assert_eq!(
        read,
        [
            ("QX-1", 2025, IncomeKind::Wage, Fen::from_yuan(24_000), Fen(0)),
            (
                "QX-1",
                2025,
                IncomeKind::Business,
                Fen::from_yuan(10_000),
                Fen::from_yuan(6_500)
            ),
            ("QX-3", 2025, IncomeKind::Transfer, Fen(120_055), Fen(0)),
        ]
    );
    // The good line of the same household would make a year that is not whole.
    let mut rows: Vec<u32> = parsed
        .refused
        .iter()
        .flat_map(|refused| refused.rows.clone())
        .collect();
    rows.sort_unstable();
    assert_eq!(rows, [4, 5]);
}
