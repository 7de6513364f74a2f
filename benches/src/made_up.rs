//! A register of any size, made up: townships, villages and households with names as frequent as in life, valid ID
//! numbers, phones and homes. The same seed gives the same register. Nothing in it is wrong: every row is read.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anju_model::identity::check_character;

/// Code of the made-up county.
pub const COUNTY: &str = "619021";

/// Households of a village.
const OF_VILLAGE: u64 = 400;

/// Villages of a township.
const OF_TOWNSHIP: u64 = 40;

/// Surnames with their share in ten thousand persons; the rest is spread over rare ones.
const SURNAMES: [(&str, u64); 40] = [
    ("王", 725),
    ("李", 719),
    ("张", 683),
    ("刘", 538),
    ("陈", 453),
    ("杨", 308),
    ("黄", 223),
    ("赵", 229),
    ("吴", 205),
    ("周", 212),
    ("徐", 171),
    ("孙", 152),
    ("马", 129),
    ("朱", 126),
    ("胡", 131),
    ("郭", 115),
    ("何", 117),
    ("高", 116),
    ("林", 113),
    ("罗", 99),
    ("郑", 93),
    ("梁", 84),
    ("谢", 79),
    ("宋", 81),
    ("唐", 69),
    ("许", 67),
    ("韩", 68),
    ("冯", 64),
    ("邓", 62),
    ("曹", 60),
    ("彭", 49),
    ("曾", 51),
    ("肖", 49),
    ("田", 46),
    ("董", 47),
    ("袁", 46),
    ("潘", 45),
    ("单", 7),
    ("解", 8),
    ("仇", 2),
];
const RARE: [&str; 24] = [
    "欧阳", "司马", "上官", "符", "占", "亓", "佘", "隆", "冉", "向", "覃", "蒙", "麦", "申", "植", "尹",
    "关", "岳", "柴", "樊", "耿", "聂", "焦", "游",
];
const GIVEN: [&str; 64] = [
    "秀", "英", "建", "国", "桂", "兰", "玉", "华", "明", "芳", "志", "强", "春", "梅", "永", "军", "海",
    "燕", "文", "平", "小", "红", "丽", "云", "成", "德", "福", "贵", "荣", "凤", "淑", "珍", "学", "东",
    "林", "生", "金", "花", "大", "勇", "天", "宝", "光", "辉", "家", "俊", "晓", "霞", "立", "新", "子",
    "涵", "雨", "欣", "浩", "宇", "思", "琪", "正", "山", "长", "青", "宗", "友",
];
const SYLLABLES: [&str; 30] = [
    "青", "石", "白", "河", "坪", "沟", "湾", "岭", "泉", "柳", "松", "桥", "坝", "垭", "坡", "梁", "塘",
    "溪", "峡", "寨", "关", "营", "庙", "磨", "瓦", "枣", "梨", "槐", "银", "凤",
];

/// The headers of the register's files.
pub const HEADERS: [&str; 27] = [
    "户编号",
    "乡镇",
    "村",
    "组",
    "姓名",
    "证件号码",
    "出生日期",
    "性别",
    "与户主关系",
    "民族",
    "文化程度",
    "健康状况",
    "劳动能力",
    "搬迁类型",
    "搬迁原因",
    "是否应搬",
    "紧迫程度",
    "贫困户属性",
    "经度",
    "纬度",
    "隐患点编号",
    "联系电话",
    "银行账号",
    "耕地面积",
    "住房结构",
    "房屋安全等级",
    "住房面积",
];

/// A generator of numbers (SplitMix64), the same on every machine.
pub struct Numbers(u64);

impl Numbers {
    /// The numbers of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }

    fn surname(&mut self) -> &'static str {
        let mut place = self.below(10_000);
        for (surname, share) in SURNAMES {
            if place < share {
                return surname;
            }
            place -= share;
        }
        self.one(&RARE)
    }

    fn given(&mut self) -> String {
        let mut given = self.one(&GIVEN).to_owned();
        if self.below(5) > 0 {
            given.push_str(self.one(&GIVEN));
        }
        given
    }
}

/// Code and name of all townships and villages that so many households need.
pub fn areas(households: u64) -> Vec<(String, String)> {
    let villages = households.div_ceil(OF_VILLAGE);
    let mut areas = vec![(COUNTY.to_owned(), "安澜县".to_owned())];
    for township in 0..villages.div_ceil(OF_TOWNSHIP) {
        let code = format!("{COUNTY}{:03}", 100 + township);
        areas.push((code.clone(), format!("{}镇", place_name(township, 2))));
        for village in 0..OF_TOWNSHIP.min(villages - township * OF_TOWNSHIP) {
            areas.push((
                format!("{code}{:03}", 200 + village),
                format!("{}村", place_name(village, 2)),
            ));
        }
    }
    areas
}

fn place_name(number: u64, length: u32) -> String {
    let many = SYLLABLES.len() as u64;
    (0..length)
        .map(|place| SYLLABLES[(number / many.pow(place) % many) as usize])
        .rev()
        .collect()
}

/// The rows of one household, its head first: the texts of [`HEADERS`], empty where the household's facts stand in the
/// row above.
pub fn household(number: u64, seed: u64) -> Vec<Vec<String>> {
    let mut numbers = Numbers::new(seed ^ number.wrapping_mul(0xd134_2543_de82_ef95));
    let village = number / OF_VILLAGE;
    let group = 1 + number % OF_VILLAGE / 50;
    // 10 in 3 households.
    let persons = [1, 2, 3, 3, 4, 4, 4, 5, 3, 4][numbers.below(10) as usize];
    let surname = numbers.surname();
    let category = match numbers.below(500) {
        0 => "同步搬迁",
        1..200 => "避灾搬迁",
        200..400 => "扶贫搬迁",
        400..480 => "生态搬迁",
        _ => "其他搬迁",
    };
    let facts = [
        category.to_owned(),
        numbers
            .one(&["地质灾害", "山洪灾害", "生态脆弱", "缺水缺地"])
            .to_owned(),
        numbers.one(&["是", "是", "否"]).to_owned(),
        numbers.one(&["紧迫", "较紧迫", "一般"]).to_owned(),
        numbers.one(&["一般贫困户", "低保户", "非贫困户"]).to_owned(),
        format!("{:.6}", 108.0 + numbers.below(600_000) as f64 / 1e6),
        format!("{:.6}", 32.5 + numbers.below(500_000) as f64 / 1e6),
        if category == "避灾搬迁" {
            format!("ZD-{:04}", numbers.below(900))
        } else {
            String::new()
        },
        format!("1{}{:09}", 3 + numbers.below(7), numbers.below(1_000_000_000)),
        format!("6217{:015}", numbers.below(1_000_000_000_000_000)),
        format!("{:.1}", 1.0 + numbers.below(80) as f64 / 10.0),
        numbers.one(&["土坯", "砖木", "砖混"]).to_owned(),
        numbers.one(&["B级", "C级", "D级"]).to_owned(),
        (40 + numbers.below(140)).to_string(),
    ];
    (0..persons)
        .map(|member| {
            let (relation, oldest, female) = match member {
                0 => ("户主", 1945, numbers.below(5) == 0),
                1 => ("配偶", 1948, true),
                2 => ("子", 1985, false),
                3 => ("女", 1988, true),
                _ => ("母亲", 1930, true),
            };
            let name = match member {
                0 | 2 | 3 => format!("{surname}{}", numbers.given()),
                _ => format!("{}{}", numbers.surname(), numbers.given()),
            };
            let (year, month, day) = (
                oldest + numbers.below(30),
                1 + numbers.below(12),
                1 + numbers.below(28),
            );
            let sequence = numbers.below(499) * 2 + u64::from(!female);
            let digits = format!("{COUNTY}{year}{month:02}{day:02}{sequence:03}");
            let check = check_character(&digits).unwrap_or('0');
            let township = village / OF_TOWNSHIP;
            let mut row = if member == 0 {
                vec![
                    format!("AL-{number:07}"),
                    format!("{}镇", place_name(township, 2)),
                    format!("{}村", place_name(village % OF_TOWNSHIP, 2)),
                    format!("{group}组"),
                ]
            } else {
                vec![String::new(); 4]
            };
            row.extend([
                name,
                format!("{digits}{check}"),
                format!("{year}-{month:02}-{day:02}"),
                if female { "女" } else { "男" }.to_owned(),
                relation.to_owned(),
                numbers
                    .one(&["汉族", "汉族", "汉族", "回族", "土家族"])
                    .to_owned(),
                numbers.one(&["小学", "初中", "高中", "文盲或半文盲"]).to_owned(),
                numbers
                    .one(&["健康", "健康", "健康", "长期慢性病", "残疾"])
                    .to_owned(),
                numbers
                    .one(&["普通劳动力", "弱劳动力或半劳动力", "无劳动力"])
                    .to_owned(),
            ]);
            if member == 0 {
                row.extend(facts.iter().cloned());
            } else {
                row.resize(HEADERS.len(), String::new());
            }
            row
        })
        .collect()
}

/// Writes areas and a register of so many households as CSV, in files of at most `of_file` households, and returns them
/// with the number of persons.
///
/// # Errors
/// When a file cannot be written.
pub fn write_csv(
    folder: &Path,
    households: u64,
    of_file: u64,
    seed: u64,
) -> Result<(Vec<PathBuf>, u64), Box<dyn Error>> {
    let mut files = vec![folder.join("行政区划.csv")];
    let mut file = BufWriter::new(File::create(&files[0])?);
    writeln!(file, "区划代码,名称")?;
    for (code, name) in areas(households) {
        writeln!(file, "{code},{name}")?;
    }
    file.flush()?;
    let mut persons = 0;
    for part in 0..households.div_ceil(of_file) {
        let path = folder.join(format!("搬迁户名册{}.csv", part + 1));
        let mut file = BufWriter::new(File::create(&path)?);
        writeln!(file, "{}", HEADERS.join(","))?;
        for number in part * of_file..households.min((part + 1) * of_file) {
            for row in household(number, seed) {
                writeln!(file, "{}", row.join(","))?;
                persons += 1;
            }
        }
        file.flush()?;
        files.push(path);
    }
    Ok((files, persons))
}

/// Writes the same register as one workbook.
///
/// # Errors
/// When the file cannot be written.
pub fn write_xlsx(path: &Path, households: u64, seed: u64) -> Result<(), Box<dyn Error>> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet_with_low_memory()?;
    sheet.set_name("名册")?;
    for (column, header) in (0..).zip(HEADERS) {
        sheet.write_string(0, column, header)?;
    }
    let mut line = 1;
    for number in 0..households {
        for row in household(number, seed) {
            for (column, text) in (0..).zip(&row) {
                if !text.is_empty() {
                    sheet.write_string(line, column, text)?;
                }
            }
            line += 1;
        }
    }
    workbook.save(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use anju_model::identity::IdNumber;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_households_with_valid_numbers() {
        for number in 0..200 {
            let rows = household(number, 7);
            assert_eq!(rows, household(number, 7));
            for row in &rows {
                assert_eq!(row.len(), HEADERS.len());
                assert_eq!(IdNumber::new(&row[5]).check(), Ok(()), "{row:?}");
            }
        }
        assert_ne!(household(1, 7), household(1, 8));
    }
}
