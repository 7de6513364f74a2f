//! The maker of the fictional example county on real terrain.
//!
//! [`make`] writes a complete county as its offices would hand it over: township registers with the faults of real ones,
//! six departments' extracts, layers in the usual formats, consent, stock housing, money, and in `truth/` what was
//! planted. All names and persons are invented; the terrain is real, from elsewhere, and says so. The same seed gives
//! the same bytes.
//!
//! The order of the work: [`terrain`](mod@terrain), rivers and relief, townships to facilities ([`geography`]), families and homes
//! ([`people`]), what is wrong with the files ([`planting`]), and the files themselves ([`books`], [`layers`]).

mod books;
mod error;
mod geography;
mod hydrology;
mod layers;
mod names;
mod outline;
mod people;
mod planting;
mod random;
mod raster;
mod terrain;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anju_exchange::crs::{Crs, Transformer};
use anju_model::register::{Category, ConsentChoice, Pathway};
use serde::Serialize;

use books::{Cell, RefusedCell};
pub use error::ExampleError;
use geography::{Geography, Place};
use people::{AS_OF, Household, Numbers, Standing};
use planting::{Files, Row};
use random::Dice;

/// The elevation model that ships with the maker: see `data/README.md`.
const TERRAIN: &[u8] = include_bytes!("../data/jacksboro-dem.tif");

/// What to make.
#[derive(Debug, Clone)]
pub struct Options {
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// Other terrain: a GeoTIFF of elevations in metres.
    pub dem: Option<PathBuf>,
    /// Townships.
    pub townships: usize,
    /// Households on the register.
    pub households: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            dem: None,
            townships: 15,
            households: 12_000,
        }
    }
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Townships.
    pub townships: usize,
    /// Villages.
    pub villages: usize,
    /// Villagers' groups.
    pub groups: usize,
    /// Households on the register.
    pub households: usize,
    /// Persons on the register, those listed twice counted twice.
    pub persons: usize,
    /// Cases planted for the look-back.
    pub planted: usize,
    /// Cells that a careful import must refuse.
    pub refused_cells: usize,
}

/// Households whose one cell cannot be read.
const SPOILED: usize = 75;

/// Writes the county into a directory that does not exist yet or is empty.
///
/// # Errors
/// When the directory holds files, the terrain has no room for the county, or a file cannot be written.
pub fn make(
    directory: &Path,
    options: &Options,
    progress: &dyn Fn(&str, f32),
) -> Result<Summary, ExampleError> {
    let occupied = directory
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        return Err(ExampleError::DirectoryNotEmpty(directory.display().to_string()));
    }
    for folder in ["", "register", "extracts", "layers", "truth"] {
        let folder = directory.join(folder);
        std::fs::create_dir_all(&folder).map_err(ExampleError::io(&folder))?;
    }
    progress("terrain", 0.0);
    let terrain = match &options.dem {
        Some(path) => terrain::read(path)?,
        None => {
            let path = directory.join("terrain.tif");
            std::fs::write(&path, TERRAIN).map_err(ExampleError::io(&path))?;
            let terrain = terrain::read(&path);
            std::fs::remove_file(&path).map_err(ExampleError::io(&path))?;
            terrain?
        }
    };
    progress("rivers, towns, roads, hazards, plans", 0.05);
    let geography = geography::lay_out(terrain, options.townships, options.seed)?;
    progress("families and homes", 0.4);
    let share = |part: usize, of: usize| (options.households * part).div_ceil(of);
    let numbers = Numbers {
        registered: options.households,
        omitted: share(1, 100),
        treated: share(1, 60),
        residents: share(1, 8),
    };
    let households = people::settle(&geography, &numbers, options.seed)?;
    progress("what is wrong with the files", 0.55);
    let files = planting::plant(&geography, &households, options.seed);
    progress("layers", 0.6);
    layers::write(&directory.join("layers"), &geography)?;
    progress("registers", 0.7);
    let refused = registers(directory, &geography, &files, options.seed)?;
    progress("extracts and lists", 0.85);
    extracts(directory, &files)?;
    lists(directory, &geography, &households, &files, options.seed)?;
    truth(directory, &geography, &files, &refused, options.seed)?;
    read_me(directory)?;
    progress("done", 1.0);
    Ok(Summary {
        townships: geography.townships.len(),
        villages: geography.villages.len(),
        groups: geography
            .villages
            .iter()
            .map(|village| village.groups.len())
            .sum(),
        households: files.listed.len(),
        persons: files.listed.iter().map(|household| household.members.len()).sum(),
        planted: files.cases.len(),
        refused_cells: refused.len(),
    })
}

/// A function from the county's metres to degrees.
fn to_degrees(
    geography: &Geography,
) -> Result<impl Fn(Place) -> Result<(f64, f64), ExampleError> + use<>, ExampleError> {
    let transformer = Transformer::new(geography.terrain.crs, Crs::WGS84)?;
    Ok(move |place: Place| Ok(transformer.point(place.0, place.1)?))
}

/// Name of a township's register.
fn register_file(geography: &Geography, township: usize) -> String {
    // One office still works with a program that writes GBK text.
    let ending = if township == geography.townships.len() / 2 {
        "csv"
    } else {
        "xlsx"
    };
    format!(
        "{:02}{}.{ending}",
        township + 1,
        geography.townships[township].name
    )
}

fn registers(
    directory: &Path,
    geography: &Geography,
    files: &Files,
    seed: u64,
) -> Result<Vec<RefusedCell>, ExampleError> {
    let degrees = to_degrees(geography)?;
    // Only households without a planted case are spoiled, so that each trouble stands alone.
    let planted: BTreeSet<&str> = files
        .cases
        .iter()
        .flat_map(|case| [case.household.as_str(), case.other.as_str()])
        .collect();
    let mut dice = Dice::new(seed, "spoiled");
    let mut free: Vec<&str> = files
        .listed
        .iter()
        .map(|household| household.number.as_str())
        .filter(|number| !planted.contains(number))
        .collect();
    dice.shuffle(&mut free);
    let spoiled: BTreeSet<&str> = free.into_iter().take(SPOILED).collect();
    let mut refused = Vec::new();
    for number in 0..geography.townships.len() {
        let own: Vec<&Household> = files
            .listed
            .iter()
            .filter(|household| geography.villages[household.village].township == number)
            .collect();
        let path = directory.join("register").join(register_file(geography, number));
        books::register(
            &path,
            number,
            geography,
            &own,
            &|number| spoiled.contains(number),
            &degrees,
            seed,
            &mut refused,
        )?;
    }
    Ok(refused)
}

fn texts(cells: impl IntoIterator<Item = impl Into<String>>) -> Vec<Cell> {
    let cell = |text: String| {
        if text.is_empty() {
            Cell::Empty
        } else {
            Cell::Text(text)
        }
    };
    cells.into_iter().map(|text| cell(text.into())).collect()
}

fn extracts(directory: &Path, files: &Files) -> Result<(), ExampleError> {
    let folder = directory.join("extracts");
    let strings = |headers: &[&str]| {
        headers
            .iter()
            .map(|&header| header.to_owned())
            .collect::<Vec<String>>()
    };
    let civil: Vec<Vec<Cell>> = files
        .civil
        .iter()
        .map(|row| {
            let person = &row.person;
            texts([
                person.name.clone(),
                row.id.clone(),
                if person.male { "男" } else { "女" }.to_owned(),
                person.birth.to_string().replace('-', ""),
                row.death.map(|death| death.to_string()).unwrap_or_default(),
                row.book.clone(),
                row.address.clone(),
            ])
        })
        .collect();
    let title = format!("公安户籍数据 {}", books::FICTIONAL);
    let headers = strings(&["姓名", "身份证号", "性别", "出生日期", "死亡日期", "户号", "住址"]);
    books::write_csv(&folder.join("公安户籍.csv"), Some(&title), &headers, &civil, true)?;

    let owner_first = |rows: &[Row]| -> Vec<Vec<Cell>> {
        let row = |row: &Row| {
            texts(
                [row.name.clone(), row.id.clone()]
                    .into_iter()
                    .chain(row.cells.iter().cloned()),
            )
        };
        rows.iter().map(row).collect()
    };
    books::table(
        &folder.join("社会保险.xlsx"),
        "社会保险参保名单",
        &["姓名", "身份证号", "险种", "参保单位", "缴费基数"],
        &owner_first(&files.insurance),
    )?;
    let headers = strings(&[
        "所有人",
        "身份证号",
        "号牌号码",
        "车辆类型",
        "购置价格(元)",
        "注册日期",
        "状态",
    ]);
    let title = format!("车辆登记 {}", books::FICTIONAL);
    books::write_csv(
        &folder.join("车辆登记.csv"),
        Some(&title),
        &headers,
        &owner_first(&files.vehicles),
        false,
    )?;
    books::table(
        &folder.join("不动产登记.xlsx"),
        "不动产登记信息",
        &["权利人", "身份证号", "房屋类型", "坐落", "面积(㎡)", "登记日期"],
        &owner_first(&files.estates),
    )?;
    let companies: Vec<Vec<Cell>> = files
        .companies
        .iter()
        .map(|row| {
            let mut cells = row.cells.clone();
            let company = cells.remove(0);
            texts(
                [company, row.name.clone(), row.id.clone()]
                    .into_iter()
                    .chain(cells),
            )
        })
        .collect();
    books::table(
        &folder.join("市场主体.xlsx"),
        "市场主体登记信息",
        &[
            "企业名称",
            "姓名",
            "身份证号",
            "职务",
            "状态",
            "注册资本(万元)",
            "登记日期",
        ],
        &companies,
    )?;
    let headers = strings(&["姓名", "身份证号", "单位", "职务", "状态"]);
    let title = format!("财政供养人员 {}", books::FICTIONAL);
    books::write_csv(
        &folder.join("财政供养.csv"),
        Some(&title),
        &headers,
        &owner_first(&files.payroll),
        false,
    )
}

fn lists(
    directory: &Path,
    geography: &Geography,
    households: &[Household],
    files: &Files,
    seed: u64,
) -> Result<(), ExampleError> {
    let mut dice = Dice::new(seed, "lists");
    let degrees = to_degrees(geography)?;
    // Areas.
    let mut areas: BTreeMap<String, String> = BTreeMap::new();
    for township in &geography.townships {
        areas.insert(township.code.clone(), township.name.clone());
    }
    for village in &geography.villages {
        areas.insert(village.code.clone(), village.name.clone());
    }
    let rows: Vec<Vec<Cell>> = areas
        .into_iter()
        .map(|(code, name)| texts([code, name]))
        .collect();
    let headers = ["区划代码".to_owned(), "名称".to_owned()];
    let title = format!("{}行政区划代码 {}", names::COUNTY, books::FICTIONAL);
    books::write_csv(
        &directory.join("行政区划.csv"),
        Some(&title),
        &headers,
        &rows,
        false,
    )?;

    // Threatened households: those of the register with a hazard point, and those it lacks. The points know the truth.
    let registered = files.listed.iter().filter(|household| household.point.is_some());
    let absent = households
        .iter()
        .filter(|h| matches!(h.standing, Standing::Omitted | Standing::Treated));
    let rows: Vec<Vec<Cell>> = registered
        .chain(absent)
        .filter_map(|household| {
            let village = &geography.villages[household.village];
            let point = &geography.points[household.point?];
            let head = &household.members[0];
            let must_move = household.standing != Standing::Treated;
            let mut row = texts([
                point.code.clone(),
                geography.townships[village.township].name.clone(),
                village.name.clone(),
                head.name.clone(),
                head.id.clone(),
            ]);
            row.push(Cell::Number(household.members.len() as f64));
            row.push(Cell::Text(if must_move { "是" } else { "否" }.to_owned()));
            Some(row)
        })
        .collect();
    books::table(
        &directory.join("隐患点受威胁户.xlsx"),
        "地质灾害隐患点受威胁户清单",
        &[
            "隐患点编号",
            "乡镇",
            "村",
            "户主姓名",
            "户主身份证号",
            "人数",
            "是否应搬",
        ],
        &rows,
    )?;

    hazard_points(directory, geography, households)?;
    poverty_list(directory, geography, files, seed)?;

    // Consent.
    let mut moving = 0;
    let mut rows = Vec::new();
    for (serial, household) in files.listed.iter().enumerate() {
        let choice = [ConsentChoice::Move, ConsentChoice::Stay, ConsentChoice::Undecided]
            [dice.weighted(&[0.75, 0.15, 0.10])];
        let pathway = [
            Pathway::Concentrated,
            Pathway::StockHousing,
            Pathway::Scattered,
            Pathway::Cash,
            Pathway::InPlace,
            Pathway::FacilityCare,
        ][dice.weighted(&[0.80, 0.04, 0.09, 0.03, 0.03, 0.01])];
        let own = geography.villages[household.village].township;
        let moves = choice == ConsentChoice::Move;
        let preferred = if dice.chance(0.88) {
            own
        } else {
            dice.below(geography.townships.len())
        };
        if moves {
            moving += household.members.len();
        }
        let date = jiff::civil::date(2026, dice.between(3, 6) as i8, dice.between(1, 28) as i8);
        rows.push(texts([
            household.number.clone(),
            choice.zh().to_owned(),
            if moves { pathway.zh() } else { "" }.to_owned(),
            if moves {
                geography.townships[preferred].name.clone()
            } else {
                String::new()
            },
            // With those who wish to go elsewhere, some 30 % of the households that move.
            if moves && (preferred != own || dice.chance(0.21)) {
                "是"
            } else {
                "否"
            }
            .to_owned(),
            household.members[0].name.clone(),
            date.to_string(),
            format!("YY{:06}", serial + 1),
        ]));
    }
    books::table(
        &directory.join("搬迁意愿.xlsx"),
        "搬迁意愿登记表",
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
        &rows,
    )?;

    // Stock housing in the largest towns, and money that is enough but not plenty.
    let mut rows = Vec::new();
    for (number, name) in ["锦绣安澜", "滨河新苑", "向阳家园", "凤凰山庄"]
        .iter()
        .enumerate()
    {
        let township = &geography.townships[number % geography.townships.len()];
        let (longitude, latitude) = degrees(township.seat)?;
        let area = [90.0, 100.0, 110.0, 95.0][number];
        rows.push(vec![
            Cell::Text((*name).to_owned()),
            Cell::Text(township.name.clone()),
            Cell::Number((longitude * 1e6).round() / 1e6),
            Cell::Number((latitude * 1e6).round() / 1e6),
            Cell::Number(dice.between(45, 150) as f64),
            Cell::Number(area),
            Cell::Number(area * dice.between(26, 33) as f64 * 100.0),
        ]);
    }
    books::table(
        &directory.join("存量商品房.xlsx"),
        "存量商品房房源表",
        &["楼盘", "乡镇", "经度", "纬度", "套数", "面积(㎡)", "每套价格(元)"],
        &rows,
    )?;
    let total = moving as f64 * 6.0;
    let sources = [
        ("中央预算内投资", 0.14, 2026),
        ("地方政府债券", 0.17, 2026),
        ("专项建设基金", 0.09, 2026),
        ("低成本长期贷款", 0.30, 2026),
        ("低成本长期贷款", 0.25, 2027),
        ("农户自筹", 0.05, 2027),
    ];
    let rows: Vec<Vec<Cell>> = sources
        .iter()
        .enumerate()
        .map(|(number, (source, share, year))| {
            vec![
                Cell::Text((*source).to_owned()),
                Cell::Text(format!("安财示〔{year}〕{}号", number + 11)),
                Cell::Number(f64::from(*year)),
                Cell::Number((total * share).round()),
            ]
        })
        .collect();
    books::table(
        &directory.join("资金安排.xlsx"),
        "搬迁资金安排表",
        &["资金来源", "文号", "年度", "金额(万元)"],
        &rows,
    )
}

/// What was planted, for tests only.
fn truth(
    directory: &Path,
    geography: &Geography,
    files: &Files,
    refused: &[RefusedCell],
    seed: u64,
) -> Result<(), ExampleError> {
    let folder = directory.join("truth");
    let strings = |headers: &[&str]| {
        headers
            .iter()
            .map(|&header| header.to_owned())
            .collect::<Vec<String>>()
    };
    let townships: BTreeMap<&str, usize> = files
        .listed
        .iter()
        .map(|household| {
            let township = geography.villages[household.village].township;
            (household.number.as_str(), township)
        })
        .collect();
    let rows: Vec<Vec<Cell>> = files
        .cases
        .iter()
        .enumerate()
        .map(|(number, case)| {
            texts([
                (number + 1).to_string(),
                case.kind.to_owned(),
                case.rule.to_owned(),
                townships
                    .get(case.household.as_str())
                    .map(|township| register_file(geography, *township))
                    .unwrap_or_default(),
                case.household.clone(),
                case.person.clone(),
                case.id.clone(),
                case.other.clone(),
                case.note.clone(),
            ])
        })
        .collect();
    let headers = strings(&[
        "case",
        "kind",
        "rule",
        "file",
        "household_no",
        "person_name",
        "id_number",
        "other_household_no",
        "note",
    ]);
    books::write_csv(&folder.join("planted.csv"), None, &headers, &rows, false)?;
    let rows: Vec<Vec<Cell>> = refused
        .iter()
        .map(|cell| {
            texts([
                cell.file.clone(),
                cell.sheet.to_owned(),
                cell.row.to_string(),
                cell.header.clone(),
                cell.written.clone(),
                cell.right.clone(),
                cell.reason.to_owned(),
            ])
        })
        .collect();
    let headers = strings(&["file", "sheet", "row", "header", "written", "right", "reason"]);
    books::write_csv(&folder.join("refused.csv"), None, &headers, &rows, false)?;

    // Gentle land that would tempt a planner, if it were not in danger or protected.
    let degrees = to_degrees(geography)?;
    let mut dice = Dice::new(seed, "hazard sites");
    let zones = geography
        .hazards
        .iter()
        .map(|hazard| ("hazard_zones", &hazard.zone));
    let zones = zones
        .chain(geography.floods.iter().map(|zone| ("flood_zones", zone)))
        .chain(
            geography
                .red_line
                .iter()
                .map(|zone| ("ecological_red_line", zone)),
        )
        .chain(
            geography
                .farmland
                .iter()
                .map(|zone| ("permanent_basic_farmland", zone)),
        );
    let mut tempting: Vec<(&str, usize)> = zones
        .flat_map(|(layer, zone)| {
            let cells = geography::inner_cells(&geography.slope, zone);
            cells
                .into_iter()
                .filter(|&cell| geography.slope.values[cell] < 15.0)
                .map(move |cell| (layer, cell))
        })
        .collect();
    dice.shuffle(&mut tempting);
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rows = Vec::new();
    for (layer, cell) in tempting {
        let count = taken.entry(layer).or_default();
        if *count < 25 {
            *count += 1;
            let (longitude, latitude) = degrees(geography.slope.centre(cell))?;
            rows.push(texts([
                layer.to_owned(),
                format!("{longitude:.7}"),
                format!("{latitude:.7}"),
            ]));
        }
    }
    books::write_csv(
        &folder.join("hazard_sites.csv"),
        None,
        &strings(&["layer", "longitude", "latitude"]),
        &rows,
        false,
    )
}

/// The department's table of hazard points, with the households and persons each threatens.
fn hazard_points(
    directory: &Path,
    geography: &Geography,
    households: &[Household],
) -> Result<(), ExampleError> {
    let degrees = to_degrees(geography)?;
    let nearest = |place: Place| {
        let distance =
            |village: &&geography::Village| (village.centre.0 - place.0).hypot(village.centre.1 - place.1);
        let villages = geography.villages.iter();
        villages.min_by(|a, b| distance(a).total_cmp(&distance(b)))
    };
    let mut rows = Vec::with_capacity(geography.points.len());
    for (index, point) in geography.points.iter().enumerate() {
        let threatened: Vec<&Household> = households
            .iter()
            .filter(|household| household.point == Some(index))
            .collect();
        let village = threatened
            .first()
            .map(|household| &geography.villages[household.village])
            .or_else(|| nearest(point.place));
        let Some(village) = village else { continue };
        let persons: usize = threatened.iter().map(|household| household.members.len()).sum();
        let (longitude, latitude) = degrees(point.place)?;
        // Where the grade is low, engineering is enough.
        let cannot = point.grade != "低";
        let mut row = texts([
            point.code.clone(),
            format!("{}{}", village.name, point.kind),
            geography.townships[village.township].name.clone(),
            village.name.clone(),
            point.kind.to_owned(),
            point.scale.to_owned(),
            point.grade.to_owned(),
            "活动".to_owned(),
            if matches!(point.grade, "极高" | "高") {
                "整点搬迁"
            } else {
                "局部搬迁"
            }
            .to_owned(),
        ]);
        row.push(Cell::Number(threatened.len() as f64));
        row.push(Cell::Number(persons as f64));
        row.extend(texts([
            format!("安地评2025-{:03}", index + 1),
            jiff::civil::date(2025, (index % 12 + 1) as i8, (index % 28 + 1) as i8).to_string(),
            if cannot { "是" } else { "否" }.to_owned(),
            format!("{longitude:.6}"),
            format!("{latitude:.6}"),
        ]));
        rows.push(row);
    }
    books::table(
        &directory.join("隐患点.xlsx"),
        "地质灾害隐患点台账",
        &[
            "隐患点编号",
            "隐患点名称",
            "乡镇",
            "村",
            "灾害类型",
            "规模等级",
            "风险等级",
            "状态",
            "搬迁范围",
            "威胁户数",
            "威胁人数",
            "评估报告号",
            "评估日期",
            "工程无法治理",
            "经度",
            "纬度",
        ],
        &rows,
    )
}

/// The poverty department's approved list. A few households of the register are not on it.
fn poverty_list(
    directory: &Path,
    geography: &Geography,
    files: &Files,
    seed: u64,
) -> Result<(), ExampleError> {
    let mut dice = Dice::new(seed, "poverty list");
    let mut rows = Vec::new();
    for household in files
        .listed
        .iter()
        .filter(|household| household.category == Category::Poverty)
    {
        if dice.chance(0.02) {
            continue;
        }
        let village = &geography.villages[household.village];
        let head = &household.members[0];
        rows.push(texts([
            village.code.clone(),
            head.name.clone(),
            head.id.clone(),
            household.poverty.zh().to_owned(),
            "安扶领发〔2016〕12号".to_owned(),
            "安澜县扶贫开发领导小组".to_owned(),
        ]));
    }
    books::table(
        &directory.join("扶贫部门核定名单.xlsx"),
        "建档立卡搬迁对象核定名单",
        &["村", "户主姓名", "证件号码", "贫困户属性", "批准文号", "发布单位"],
        &rows,
    )
}

fn read_me(directory: &Path) -> Result<(), ExampleError> {
    let path = directory.join("README.md");
    let text = format!(
        "# {county} {fictional}\n\n\
本目录是虚构的示例县:人名、地名、证件号码、数据均为程序生成,与任何真实的人和地方无关。地形是真实的\
(美国田纳西州 Jacksboro 断层一带的 SRTM 高程,NASA/USGS,公有领域),按其形状移到 CGCS2000 三度带高斯-克吕格投影\
(EPSG:4545,中央经线 108°)的东 {east}、北 {north} 处。数据截至 {date}。\n\n\
This directory is a fictional county: names, ID numbers and figures are made by a program and belong to nobody. The \
terrain is real (SRTM elevation around the Jacksboro fault, Tennessee; NASA/USGS, public domain), moved with its shape to \
E {east}, N {north} of EPSG:4545.\n\n\
| 文件 / file | 内容 / content |\n|---|---|\n\
| 行政区划.csv | 乡镇和村的区划代码 / area codes |\n\
| register/ | 各乡镇搬迁户花名册(一个乡镇是 GBK 编码的 CSV) / township registers, one as GBK text |\n\
| 搬迁意愿.xlsx | 搬迁意愿 / consent |\n\
| 隐患点.xlsx | 隐患点台账 / hazard points |\n\
| 隐患点受威胁户.xlsx | 隐患点受威胁户清单 / households threatened by hazard points |\n\
| 扶贫部门核定名单.xlsx | 扶贫部门核定名单及文号 / the poverty department's approved list with its document |\n\
| extracts/ | 六个部门的数据 / extracts of six departments |\n\
| 存量商品房.xlsx, 资金安排.xlsx | 房源和资金 / stock housing, funds |\n\
| layers/ | 高程和图层 / elevation and layers |\n\
| truth/ | 预先埋设的问题,仅供测试 / what was planted, for tests only |\n",
        county = names::COUNTY,
        fictional = books::FICTIONAL,
        east = terrain::CENTRE.0,
        north = terrain::CENTRE.1,
        date = AS_OF,
    );
    std::fs::write(&path, text).map_err(ExampleError::io(&path))
}
