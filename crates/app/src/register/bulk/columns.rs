//! The table of columns that a change sheet can have: what each is called, how its cells are read, and where its value
//! stands in the register. A new field of the model is one line here.
//!
//! Values are compared, kept and applied in one canonical form of text: the code of a code list, `true` and `false`,
//! digits without a unit, dates as 1968-05-03. There is no second comparison: what counts as a change when a sheet is
//! read is what is written when the batch is applied.

use anju_exchange::normal::{self, Refusal};
use anju_exchange::table::Cell;
use anju_model::area::AreaCode;
use anju_model::code_list::Text;
use anju_model::identity::{IdNumber, Sex, masked_name, masked_phone};
use anju_model::money::Fen;
use anju_model::register::{
    AccessRoad, AwayReason, Benefit, Category, CauseOfMove, Disability, DisabilityClass, DisabilityGrade,
    Education, EmploymentChannel, EmploymentPlace, Ethnicity, Fuel, Health, Helper, Household, IdKind,
    Labour, ListedVillage, Marriage, MedicalInsurance, MembershipBasis, MilitaryService, MonitoredClass,
    PensionInsurance, Person, Position, PovertyAttribute, PovertyCause, PovertyStanding, Relation,
    SafetyGrade, SchoolState, Structure, Toilet, Urgency, Vulnerability,
};

use crate::table::FORMULA_MARKS;

/// What a column is beside its values.
#[derive(Clone, Copy)]
pub(super) struct Title {
    /// Stable name.
    pub field: &'static str,
    /// Whether its values are of members.
    pub member: bool,
    /// Header in Chinese.
    pub zh: &'static str,
    /// Header in English.
    pub en: &'static str,
    /// How its cells are read and shown.
    pub kind: Kind,
    /// How it is masked, for personal data.
    pub mask: Option<fn(&str) -> String>,
    /// Whether the register can be without a value.
    pub clearable: bool,
}

/// A column of a change sheet, with values of households or of persons.
pub(super) struct Column<S: 'static> {
    /// What it is.
    pub title: Title,
    /// The value in canonical form.
    pub get: fn(&S) -> Option<String>,
    /// Writes a value in canonical form; `None` when the text is not in that form.
    pub set: fn(&mut S, Option<&str>) -> Option<()>,
}

/// A code list without its type.
#[derive(Clone, Copy)]
pub(super) struct Codes {
    /// Code, Chinese and English name of all values.
    pub names: fn() -> Vec<[&'static str; 3]>,
    /// The code that a word means.
    parse: fn(&str) -> Result<&'static str, Refusal>,
}

/// What the values of a column are.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// One value of a code list.
    Code(Codes),
    /// Several values of a code list, the main one first, in canonical form with commas between.
    SeveralCodes(Codes),
    /// Yes or no.
    YesNo,
    /// Digits and letters without blanks: a number of something.
    Identifier,
    /// A few words.
    Words,
    /// A name of a person.
    Name,
    /// The number of a document; whether it can be right depends on the kind of document.
    IdNumber,
    /// A day.
    Date,
    /// A number between two bounds, rounded to 1/100 where the register keeps hundredths.
    Number { least: f64, most: f64, hundredths: bool },
    /// A whole number between two bounds.
    Whole { least: i64, most: i64 },
    /// Longitude and latitude in degrees, with a comma between.
    Position,
    /// A code of an area, which may lie elsewhere.
    Area,
    /// One value of each of two code lists, in canonical form with a comma between.
    Both(Codes, Codes),
}

macro_rules! codes {
    ($list:ident) => {
        Codes {
            names: || {
                normal::$list
                    .all
                    .iter()
                    .map(|value| (normal::$list.names)(*value))
                    .collect()
            },
            parse: |word| normal::coded(&normal::$list, word).map(|value| (normal::$list.names)(value)[0]),
        }
    };
}

/// A column of a code list whose field may be empty.
macro_rules! coded {
    ($subject:ty, $member:literal, $field:literal, $zh:literal, $en:literal, $list:ident, $type:ty, $($path:ident).+) => {
        Column {
            title: Title {
                field: $field,
                member: $member,
                zh: $zh,
                en: $en,
                kind: Kind::Code(codes!($list)),
                mask: None,
                clearable: true,
            },
            get: |subject: &$subject| subject.$($path).+.map(|value| value.code().to_owned()),
            set: |subject: &mut $subject, text| {
                subject.$($path).+ = match text {
                    None => None,
                    Some(text) => Some(<$type>::from_code(text)?),
                };
                Some(())
            },
        }
    };
}

/// A column of a code list whose field always has a value.
macro_rules! always_coded {
    ($subject:ty, $member:literal, $field:literal, $zh:literal, $en:literal, $list:ident, $type:ty, $($path:ident).+) => {
        Column {
            title: Title {
                field: $field,
                member: $member,
                zh: $zh,
                en: $en,
                kind: Kind::Code(codes!($list)),
                mask: None,
                clearable: false,
            },
            get: |subject: &$subject| Some(subject.$($path).+.code().to_owned()),
            set: |subject: &mut $subject, text| {
                subject.$($path).+ = <$type>::from_code(text?)?;
                Some(())
            },
        }
    };
}

/// A column of a code list of which several values may hold.
macro_rules! several {
    ($subject:ty, $member:literal, $field:literal, $zh:literal, $en:literal, $list:ident, $type:ty, $($path:ident).+) => {
        Column {
            title: Title {
                field: $field,
                member: $member,
                zh: $zh,
                en: $en,
                kind: Kind::SeveralCodes(codes!($list)),
                mask: None,
                clearable: true,
            },
            get: |subject: &$subject| {
                let codes: Vec<&str> = subject.$($path).+.iter().map(|value| value.code()).collect();
                (!codes.is_empty()).then(|| codes.join(","))
            },
            set: |subject: &mut $subject, text| {
                subject.$($path).+ = match text {
                    None => Vec::new(),
                    Some(text) => text.split(',').map(<$type>::from_code).collect::<Option<_>>()?,
                };
                Some(())
            },
        }
    };
}

/// A column of a number, a flag or a text that may be missing and has one form as text.
macro_rules! plain {
    ($subject:ty, $member:literal, $field:literal, $zh:literal, $en:literal, $kind:expr, $mask:expr, $($path:ident).+) => {
        Column {
            title: Title {
                field: $field,
                member: $member,
                zh: $zh,
                en: $en,
                kind: $kind,
                mask: $mask,
                clearable: true,
            },
            get: |subject: &$subject| subject.$($path).+.as_ref().map(ToString::to_string),
            set: |subject: &mut $subject, text| {
                subject.$($path).+ = match text {
                    None => None,
                    Some(text) => Some(text.parse().ok()?),
                };
                Some(())
            },
        }
    };
}

/// A column of land, which the register keeps in mu x 100.
macro_rules! land {
    ($field:literal, $zh:literal, $en:literal, $name:ident) => {
        Column {
            title: Title {
                field: $field,
                member: false,
                zh: $zh,
                en: $en,
                kind: Kind::Number {
                    least: 0.0,
                    most: 10_000.0,
                    hundredths: true,
                },
                mask: None,
                clearable: true,
            },
            get: |household: &Household| {
                household
                    .facts
                    .$name
                    .map(|hundredths| (hundredths as f64 / 100.0).to_string())
            },
            set: |household: &mut Household, text| {
                household.facts.$name = match text {
                    None => None,
                    Some(text) => Some((text.parse::<f64>().ok()? * 100.0).round() as i64),
                };
                Some(())
            },
        }
    };
}

/// The columns of households, in the order of the sheet.
pub(super) const HOUSEHOLD: &[Column<Household>] = &[
    always_coded!(
        Household,
        false,
        "category",
        "搬迁类型",
        "category",
        CATEGORY,
        Category,
        facts.category
    ),
    several!(
        Household,
        false,
        "causes",
        "搬迁原因",
        "causes of move",
        CAUSE_OF_MOVE,
        CauseOfMove,
        facts.causes
    ),
    Column {
        title: Title {
            field: "must_move",
            member: false,
            zh: "是否应搬",
            en: "must move",
            kind: Kind::YesNo,
            mask: None,
            clearable: false,
        },
        get: |household| Some(household.facts.must_move.to_string()),
        set: |household, text| {
            household.facts.must_move = text?.parse().ok()?;
            Some(())
        },
    },
    coded!(
        Household,
        false,
        "urgency",
        "紧迫程度",
        "urgency",
        URGENCY,
        Urgency,
        facts.urgency
    ),
    coded!(
        Household,
        false,
        "poverty_attribute",
        "贫困户属性",
        "poverty attribute",
        POVERTY_ATTRIBUTE,
        PovertyAttribute,
        facts.poverty_attribute
    ),
    coded!(
        Household,
        false,
        "poverty_standing",
        "贫困状态",
        "poverty standing",
        POVERTY_STANDING,
        PovertyStanding,
        facts.poverty_standing
    ),
    coded!(
        Household,
        false,
        "monitored_class",
        "监测类别",
        "monitored class",
        MONITORED_CLASS,
        MonitoredClass,
        facts.monitored_class
    ),
    coded!(
        Household,
        false,
        "poverty_cause",
        "主要致贫原因",
        "main cause of poverty",
        POVERTY_CAUSE,
        PovertyCause,
        facts.main_cause_of_poverty
    ),
    several!(
        Household,
        false,
        "other_causes_of_poverty",
        "其他致贫原因",
        "other causes of poverty",
        POVERTY_CAUSE,
        PovertyCause,
        facts.other_causes_of_poverty
    ),
    several!(
        Household,
        false,
        "vulnerabilities",
        "脆弱情形",
        "vulnerabilities",
        VULNERABILITY,
        Vulnerability,
        facts.vulnerabilities
    ),
    plain!(
        Household,
        false,
        "hazard_point",
        "隐患点编号",
        "hazard point",
        Kind::Identifier,
        None,
        facts.hazard_point
    ),
    Column {
        title: Title {
            field: "position",
            member: false,
            zh: "位置(经度,纬度)",
            en: "position (longitude, latitude)",
            kind: Kind::Position,
            mask: None,
            clearable: true,
        },
        get: |household| {
            let place = household.facts.position?;
            Some(format!("{},{}", place.longitude, place.latitude))
        },
        set: |household, text| {
            household.facts.position = match text {
                None => None,
                Some(text) => {
                    let (longitude, latitude) = text.split_once(',')?;
                    Some(Position {
                        longitude: longitude.parse().ok()?,
                        latitude: latitude.parse().ok()?,
                    })
                }
            };
            Some(())
        },
    },
    plain!(
        Household,
        false,
        "phone",
        "联系电话",
        "phone",
        Kind::Identifier,
        Some(masked_phone),
        facts.phone
    ),
    plain!(
        Household,
        false,
        "bank_account",
        "银行账号",
        "bank account",
        Kind::Identifier,
        Some(masked_phone),
        facts.bank_account
    ),
    land!(
        "farmland",
        "耕地面积(亩)",
        "farmland (mu)",
        farmland_mu_hundredths
    ),
    land!("forest", "林地面积(亩)", "forest (mu)", forest_mu_hundredths),
    land!("orchard", "园地面积(亩)", "orchards (mu)", orchard_mu_hundredths),
    land!(
        "grassland",
        "草地面积(亩)",
        "grassland (mu)",
        grassland_mu_hundredths
    ),
    land!("water", "水面面积(亩)", "water surface (mu)", water_mu_hundredths),
    coded!(
        Household,
        false,
        "structure",
        "住房结构",
        "structure of home",
        STRUCTURE,
        Structure,
        facts.home.structure
    ),
    coded!(
        Household,
        false,
        "grade",
        "房屋安全等级",
        "safety grade",
        SAFETY_GRADE,
        SafetyGrade,
        facts.home.grade
    ),
    plain!(
        Household,
        false,
        "home_area",
        "住房面积(㎡)",
        "floor area of home (m²)",
        Kind::Number {
            least: 0.0,
            most: 5_000.0,
            hundredths: false
        },
        None,
        facts.home.area_m2
    ),
    plain!(
        Household,
        false,
        "year_built",
        "建造年份",
        "year built",
        Kind::Whole {
            least: 1800,
            most: 2100
        },
        None,
        facts.home.year_built
    ),
    plain!(
        Household,
        false,
        "homestead",
        "宅基地面积(㎡)",
        "homestead (m²)",
        Kind::Number {
            least: 0.0,
            most: 5_000.0,
            hundredths: false
        },
        None,
        facts.home.homestead_m2
    ),
    plain!(
        Household,
        false,
        "home_owner",
        "房屋所有人",
        "owner of home",
        Kind::Name,
        Some(masked_name),
        facts.home.owner
    ),
    coded!(
        Household,
        false,
        "listed_village",
        "传统村落名录",
        "listed village",
        LISTED_VILLAGE,
        ListedVillage,
        facts.home.listed_village
    ),
    plain!(
        Household,
        false,
        "shared_with_stayers",
        "与留居户同栋",
        "shared with stayers",
        Kind::YesNo,
        None,
        facts.home.shared_with_stayers
    ),
    plain!(
        Household,
        false,
        "road_distance",
        "距村级路(公里)",
        "distance to road (km)",
        Kind::Number {
            least: 0.0,
            most: 200.0,
            hundredths: false
        },
        None,
        facts.living.road_distance_km
    ),
    coded!(
        Household,
        false,
        "access_road",
        "入户路类型",
        "access road",
        ACCESS_ROAD,
        AccessRoad,
        facts.living.access_road
    ),
    plain!(
        Household,
        false,
        "water_safe",
        "饮水是否安全",
        "drinking water safe",
        Kind::YesNo,
        None,
        facts.living.water_safe
    ),
    plain!(
        Household,
        false,
        "water_near",
        "取水是否方便",
        "drinking water near",
        Kind::YesNo,
        None,
        facts.living.water_near
    ),
    plain!(
        Household,
        false,
        "power",
        "是否通生活用电",
        "power",
        Kind::YesNo,
        None,
        facts.living.power
    ),
    coded!(
        Household,
        false,
        "fuel",
        "主要燃料",
        "fuel",
        FUEL,
        Fuel,
        facts.living.fuel
    ),
    coded!(
        Household,
        false,
        "toilet",
        "厕所类型",
        "toilet",
        TOILET,
        Toilet,
        facts.living.toilet
    ),
    plain!(
        Household,
        false,
        "cooperative_member",
        "是否加入合作社",
        "co-operative member",
        Kind::YesNo,
        None,
        facts.cooperative_member
    ),
    Column {
        title: Title {
            field: "helper_name",
            member: false,
            zh: "帮扶责任人",
            en: "helper",
            kind: Kind::Name,
            mask: Some(masked_name),
            clearable: true,
        },
        get: |household| Some(household.facts.helper.as_ref()?.name.clone()).filter(|name| !name.is_empty()),
        set: |household, text| {
            change_helper(household, |helper| {
                helper.name = text.unwrap_or_default().to_owned()
            });
            Some(())
        },
    },
    Column {
        title: Title {
            field: "helper_unit",
            member: false,
            zh: "帮扶单位",
            en: "unit of the helper",
            kind: Kind::Words,
            mask: None,
            clearable: true,
        },
        get: |household| household.facts.helper.as_ref()?.unit.clone(),
        set: |household, text| {
            change_helper(household, |helper| helper.unit = text.map(str::to_owned));
            Some(())
        },
    },
    Column {
        title: Title {
            field: "helper_phone",
            member: false,
            zh: "帮扶责任人电话",
            en: "phone of the helper",
            kind: Kind::Identifier,
            mask: Some(masked_phone),
            clearable: true,
        },
        get: |household| household.facts.helper.as_ref()?.phone.clone(),
        set: |household, text| {
            change_helper(household, |helper| helper.phone = text.map(str::to_owned));
            Some(())
        },
    },
];

/// The columns of members, in the order of the sheet.
pub(super) const MEMBER: &[Column<Person>] = &[
    Column {
        title: Title {
            field: "name",
            member: true,
            zh: "姓名",
            en: "name",
            kind: Kind::Name,
            mask: Some(masked_name),
            clearable: false,
        },
        get: |person| Some(person.facts.name.clone()),
        set: |person, text| {
            person.facts.name = text?.to_owned();
            Some(())
        },
    },
    always_coded!(
        Person,
        true,
        "relation",
        "与户主关系",
        "relation to head",
        RELATION,
        Relation,
        facts.relation
    ),
    always_coded!(Person, true, "sex", "性别", "sex", SEX, Sex, facts.sex),
    always_coded!(
        Person,
        true,
        "id_kind",
        "证件类型",
        "kind of document",
        ID_KIND,
        IdKind,
        facts.id_kind
    ),
    Column {
        title: Title {
            field: "id_number",
            member: true,
            zh: "证件号码",
            en: "ID number",
            kind: Kind::IdNumber,
            mask: Some(masked_id_number),
            clearable: true,
        },
        get: |person| person.facts.id_number.as_ref().map(ToString::to_string),
        set: |person, text| {
            person.facts.id_number = text.map(IdNumber::new);
            Some(())
        },
    },
    plain!(
        Person,
        true,
        "birth_date",
        "出生日期",
        "birth date",
        Kind::Date,
        Some(masked_date),
        facts.birth_date
    ),
    coded!(
        Person,
        true,
        "ethnicity",
        "民族",
        "ethnicity",
        ETHNICITY,
        Ethnicity,
        facts.ethnicity
    ),
    coded!(
        Person,
        true,
        "marriage",
        "婚姻状况",
        "marriage",
        MARRIAGE,
        Marriage,
        facts.marriage
    ),
    coded!(
        Person,
        true,
        "education",
        "文化程度",
        "education",
        EDUCATION,
        Education,
        facts.education
    ),
    coded!(
        Person,
        true,
        "school",
        "在校状况",
        "school",
        SCHOOL,
        SchoolState,
        facts.school
    ),
    several!(
        Person,
        true,
        "health",
        "健康状况",
        "health",
        HEALTH,
        Health,
        facts.health
    ),
    coded!(
        Person,
        true,
        "labour",
        "劳动能力",
        "labour",
        LABOUR,
        Labour,
        facts.labour
    ),
    coded!(
        Person,
        true,
        "employment_channel",
        "就业渠道",
        "employment channel",
        EMPLOYMENT_CHANNEL,
        EmploymentChannel,
        facts.work.channel
    ),
    coded!(
        Person,
        true,
        "employment_place",
        "就业地点",
        "place of work",
        EMPLOYMENT_PLACE,
        EmploymentPlace,
        facts.work.place
    ),
    plain!(
        Person,
        true,
        "employment_months",
        "务工月数",
        "months of work",
        Kind::Whole { least: 0, most: 12 },
        None,
        facts.work.months
    ),
    plain!(
        Person,
        true,
        "skills",
        "技能",
        "skills",
        Kind::Words,
        None,
        facts.work.skills
    ),
    plain!(
        Person,
        true,
        "training_wish",
        "培训意愿",
        "training wish",
        Kind::Words,
        None,
        facts.work.training_wish
    ),
    coded!(
        Person,
        true,
        "medical_insurance",
        "医疗保险",
        "medical insurance",
        MEDICAL_INSURANCE,
        MedicalInsurance,
        facts.medical_insurance
    ),
    coded!(
        Person,
        true,
        "pension_insurance",
        "养老保险",
        "pension insurance",
        PENSION_INSURANCE,
        PensionInsurance,
        facts.pension_insurance
    ),
    coded!(
        Person,
        true,
        "benefit",
        "享受保障",
        "benefit",
        BENEFIT,
        Benefit,
        facts.benefit
    ),
    plain!(
        Person,
        true,
        "party_member",
        "是否党员",
        "Party member",
        Kind::YesNo,
        None,
        facts.party_member
    ),
    coded!(
        Person,
        true,
        "military",
        "兵役状况",
        "military service",
        MILITARY,
        MilitaryService,
        facts.military
    ),
    plain!(
        Person,
        true,
        "phone",
        "手机号码",
        "mobile phone",
        Kind::Identifier,
        Some(masked_phone),
        facts.phone
    ),
    coded!(
        Person,
        true,
        "away_reason",
        "在外原因",
        "reason for being away",
        AWAY_REASON,
        AwayReason,
        facts.away_reason
    ),
    plain!(
        Person,
        true,
        "no_id_reason",
        "无证件原因",
        "reason for having no ID",
        Kind::Words,
        None,
        facts.no_id_reason
    ),
    plain!(
        Person,
        true,
        "dropout_reason",
        "失学辍学原因",
        "reason for dropping out",
        Kind::Words,
        None,
        facts.dropout_reason
    ),
    Column {
        title: Title {
            field: "disability",
            member: true,
            zh: "残疾类别和等级",
            en: "class and grade of disability",
            kind: Kind::Both(codes!(DISABILITY_CLASS), codes!(DISABILITY_GRADE)),
            mask: None,
            clearable: true,
        },
        get: |person| {
            let disability = person.facts.disability.as_ref()?;
            Some(format!("{},{}", disability.class.code(), disability.grade.code()))
        },
        set: |person, text| {
            person.facts.disability = match text {
                None => None,
                Some(text) => {
                    let (class, grade) = text.split_once(',')?;
                    Some(Disability {
                        class: DisabilityClass::from_code(class)?,
                        grade: DisabilityGrade::from_code(grade)?,
                    })
                }
            };
            Some(())
        },
    },
    Column {
        title: Title {
            field: "monthly_wage",
            member: true,
            zh: "月工资(元)",
            en: "monthly wage, yuan",
            kind: Kind::Number {
                least: 0.0,
                most: 1_000_000.0,
                hundredths: true,
            },
            mask: None,
            clearable: true,
        },
        get: |person| Some(person.facts.work.monthly_wage?.yuan().to_string()),
        set: |person, text| {
            person.facts.work.monthly_wage = match text {
                None => None,
                Some(text) => Some(Fen((text.parse::<f64>().ok()? * 100.0).round() as i64)),
            };
            Some(())
        },
    },
    Column {
        title: Title {
            field: "hukou_area",
            member: true,
            zh: "户籍所在区划代码",
            en: "area code of the hukou",
            kind: Kind::Area,
            mask: None,
            clearable: true,
        },
        get: |person| person.facts.hukou_area.as_ref().map(ToString::to_string),
        set: |person, text| {
            person.facts.hukou_area = match text {
                None => None,
                Some(text) => Some(AreaCode::parse(text).ok()?),
            };
            Some(())
        },
    },
    always_coded!(
        Person,
        true,
        "membership_basis",
        "共同生活依据",
        "ground of membership",
        MEMBERSHIP_BASIS,
        MembershipBasis,
        facts.membership.basis
    ),
    plain!(
        Person,
        true,
        "membership_document",
        "共同生活依据文书",
        "document of membership",
        Kind::Words,
        None,
        facts.membership.document
    ),
];

/// Changes the helper of a household, who comes with the first value and goes with the last.
fn change_helper(household: &mut Household, change: impl FnOnce(&mut Helper)) {
    let mut helper = household.facts.helper.take().unwrap_or_else(|| Helper {
        name: String::new(),
        unit: None,
        id_number: None,
        phone: None,
    });
    change(&mut helper);
    let nothing = helper.name.is_empty()
        && helper.unit.is_none()
        && helper.id_number.is_none()
        && helper.phone.is_none();
    household.facts.helper = (!nothing).then_some(helper);
}

fn masked_id_number(number: &str) -> String {
    IdNumber::new(number).masked()
}

/// The month with its day hidden, in a form that Excel does not take for a date.
fn masked_date(date: &str) -> String {
    date.get(..7)
        .map_or_else(|| "****-**-**".to_owned(), |month| format!("{month}-**"))
}

/// All columns, those of households first.
pub(super) fn titles() -> impl Iterator<Item = Title> {
    let households = HOUSEHOLD.iter().map(|column| column.title);
    households.chain(MEMBER.iter().map(|column| column.title))
}

/// The column of a field.
pub(super) fn title(field: &str, member: bool) -> Option<Title> {
    titles().find(|title| title.field == field && title.member == member)
}

/// The value of a field in canonical form; `None` in the outer place when there is no such field or member.
pub(super) fn value(
    household: &Household,
    person: Option<uuid::Uuid>,
    field: &str,
) -> Option<Option<String>> {
    match person {
        None => HOUSEHOLD
            .iter()
            .find(|column| column.title.field == field)
            .map(|column| (column.get)(household)),
        Some(id) => {
            let person = household.members.iter().find(|person| person.id == id)?;
            MEMBER
                .iter()
                .find(|column| column.title.field == field)
                .map(|column| (column.get)(person))
        }
    }
}

/// Writes a value in canonical form; `None` when there is no such field or member, or the text is not in that form.
pub(super) fn write(
    household: &mut Household,
    person: Option<uuid::Uuid>,
    field: &str,
    text: Option<&str>,
) -> Option<()> {
    match person {
        None => {
            let column = HOUSEHOLD.iter().find(|column| column.title.field == field)?;
            (column.set)(household, text)
        }
        Some(id) => {
            let person = household.members.iter_mut().find(|person| person.id == id)?;
            let column = MEMBER.iter().find(|column| column.title.field == field)?;
            (column.set)(person, text)
        }
    }
}

/// A text that a CSV export set off by an apostrophe, so that Excel takes it for no formula, without it.
pub(super) fn without_guard(cell: &Cell) -> Cell {
    match cell {
        Cell::Text(text) => match text.strip_prefix('\'') {
            Some(rest) if rest.trim_start_matches(' ').starts_with(FORMULA_MARKS) => {
                Cell::Text(rest.to_owned())
            }
            _ => cell.clone(),
        },
        other => other.clone(),
    }
}

fn split_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(['、', ',', ',', ';', ';', '/', '|', '+'])
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

impl Kind {
    /// The words that a cell may hold, when they are few enough to choose from.
    pub fn choices(&self) -> Option<Vec<&'static str>> {
        match self {
            Self::Code(codes) => Some((codes.names)().into_iter().map(|names| names[1]).collect()),
            Self::YesNo => Some(vec!["是", "否"]),
            _ => None,
        }
    }

    /// The names of the values that it can have, when there is a list of them.
    pub fn names(&self) -> Vec<Text> {
        match self {
            Self::Code(codes) | Self::SeveralCodes(codes) => (codes.names)()
                .into_iter()
                .map(|[_, zh, en]| Text::new(zh, en))
                .collect(),
            Self::YesNo => vec![Text::new("是", "yes"), Text::new("否", "no")],
            _ => Vec::new(),
        }
    }

    /// A value as people read it, in both languages.
    pub fn shown(&self, value: &str) -> Text {
        let name = |codes: &Codes, code: &str| {
            let names = (codes.names)().into_iter().find(|names| names[0] == code);
            names.map_or_else(|| Text::new(code, code), |[_, zh, en]| Text::new(zh, en))
        };
        match self {
            Self::Code(codes) => name(codes, value),
            Self::SeveralCodes(codes) => {
                let names: Vec<Text> = value.split(',').map(|code| name(codes, code)).collect();
                let join = |between: &str, word: fn(&Text) -> &str| {
                    names.iter().map(word).collect::<Vec<_>>().join(between)
                };
                Text::new(join("、", |text| &text.zh), join(", ", |text| &text.en))
            }
            Self::Both(first, second) => {
                let (one, other) = value.split_once(',').unwrap_or((value, ""));
                let (one, other) = (name(first, one), name(second, other));
                Text::new(
                    format!("{} {}", one.zh, other.zh),
                    format!("{} / {}", one.en, other.en),
                )
            }
            Self::YesNo if value == "true" => Text::new("是", "yes"),
            Self::YesNo => Text::new("否", "no"),
            _ => Text::new(value, value),
        }
    }

    /// A value as a cell of the sheet.
    pub fn cell(&self, value: &str) -> Cell {
        match self {
            Self::Number { .. } | Self::Whole { .. } => value
                .parse()
                .map_or_else(|_| Cell::Text(value.to_owned()), Cell::Number),
            _ => Cell::Text(self.shown(value).zh),
        }
    }

    /// The canonical form of a cell that is not blank.
    ///
    /// # Errors
    /// What is wrong with the cell, and what to write instead.
    pub fn parse(&self, cell: &Cell) -> Result<Option<String>, Refusal> {
        match self {
            Self::Code(codes) => match normal::text(cell)? {
                Some(word) => (codes.parse)(&word).map(|code| Some(code.to_owned())),
                None => Ok(None),
            },
            Self::SeveralCodes(codes) => {
                let Some(text) = normal::text(cell)? else {
                    return Ok(None);
                };
                // A single name may hold one of the marks that otherwise stand between two.
                if let Ok(code) = (codes.parse)(&text) {
                    return Ok(Some(code.to_owned()));
                }
                let mut found: Vec<&'static str> = Vec::new();
                for word in split_words(&text) {
                    let code = (codes.parse)(word)?;
                    if !found.contains(&code) {
                        found.push(code);
                    }
                }
                Ok((!found.is_empty()).then(|| found.join(",")))
            }
            Self::YesNo => Ok(normal::yes_no(cell)?.map(|flag| flag.to_string())),
            Self::Identifier => normal::identifier(cell),
            Self::Words => normal::text(cell),
            Self::Name => match normal::text(cell)? {
                Some(name) => normal::person_name(&name).map(Some),
                None => Ok(None),
            },
            Self::IdNumber => Ok(normal::id_number(cell)?.map(|number| number.to_string())),
            Self::Date => Ok(normal::date(cell, None)?.map(|date| date.to_string())),
            Self::Number {
                least,
                most,
                hundredths,
            } => {
                let number = normal::number_between(cell, *least, *most)?;
                Ok(number.map(|number| match hundredths {
                    true => ((number * 100.0).round() / 100.0).to_string(),
                    false => number.to_string(),
                }))
            }
            Self::Whole { least, most } => {
                Ok(normal::whole_between(cell, *least, *most)?.map(|number| number.to_string()))
            }
            Self::Area => {
                let Some(code) = normal::identifier(cell)? else {
                    return Ok(None);
                };
                match AreaCode::parse(&code) {
                    Ok(code) => Ok(Some(code.to_string())),
                    Err(_) => Err(Refusal::new(
                        (
                            &format!("“{code}”不是区划代码"),
                            &format!("{code:?} is not an area code"),
                        ),
                        (
                            "填写 2、4、6、9、12 或 14 位区划代码",
                            "enter an area code of 2, 4, 6, 9, 12 or 14 digits",
                        ),
                    )),
                }
            }
            Self::Both(first, second) => {
                let Some(text) = normal::text(cell)? else {
                    return Ok(None);
                };
                let words: Vec<&str> = text
                    .split([' ', ',', ',', '、', '/', ';', ';'])
                    .filter(|word| !word.is_empty())
                    .collect();
                let half = text
                    .split_once('/')
                    .map(|(one, other)| [one.trim(), other.trim()]);
                let [one, other] = match (half, words.as_slice()) {
                    (Some(half), _) => half,
                    (None, [one, other]) => [*one, *other],
                    _ => {
                        return Err(Refusal::new(
                            (
                                &format!("“{text}”须同时写明类别和等级"),
                                &format!("{text:?} must name both class and grade"),
                            ),
                            (
                                "类别和等级之间空一格,例如 肢体 二级",
                                "write the class, a slash and the grade",
                            ),
                        ));
                    }
                };
                Ok(Some(format!(
                    "{},{}",
                    (first.parse)(one)?,
                    (second.parse)(other)?
                )))
            }
            Self::Position => {
                let Some(text) = normal::text(cell)? else {
                    return Ok(None);
                };
                let parts: Vec<&str> = text
                    .split([',', ',', '、', ' ', ';'])
                    .filter(|part| !part.is_empty())
                    .collect();
                let [longitude, latitude] = parts[..] else {
                    return Err(Refusal::new(
                        (
                            &format!("“{text}”不是经度和纬度"),
                            &format!("{text:?} is no longitude and latitude"),
                        ),
                        (
                            "填写经度,纬度,例如 108.0956,33.1021",
                            "enter longitude, latitude, for example 108.0956,33.1021",
                        ),
                    ));
                };
                let degrees = |part: &str, least, most| {
                    normal::number_between(&Cell::Text(part.to_owned()), least, most)
                };
                match (degrees(longitude, 73.0, 136.0)?, degrees(latitude, 3.0, 54.0)?) {
                    (Some(longitude), Some(latitude)) => Ok(Some(format!("{longitude},{latitude}"))),
                    _ => Ok(None),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_headers_are_unique_in_their_sheet() {
        for member in [false, true] {
            let titles: Vec<Title> = titles().filter(|title| title.member == member).collect();
            for (place, title) in titles.iter().enumerate() {
                for other in &titles[..place] {
                    assert_ne!(title.field, other.field);
                    assert_ne!(title.zh, other.zh);
                    assert_ne!(title.en, other.en);
                }
            }
        }
    }

    #[test]
    fn every_choice_and_every_shown_value_is_read_back_as_the_same_code() {
        for title in titles() {
            if let Kind::Code(codes) = title.kind {
                for [code, zh, en] in (codes.names)() {
                    for word in [code, zh, en] {
                        let read = title.kind.parse(&Cell::Text(word.into())).unwrap();
                        assert_eq!(read.as_deref(), Some(code), "{} {word}", title.field);
                    }
                }
            }
        }
        let causes = title("causes", false).unwrap().kind;
        let shown = causes.shown("geohazard,no_water_or_land").zh;
        assert_eq!(shown, "地质灾害、缺水缺地");
        assert_eq!(
            causes.parse(&Cell::Text(shown)).unwrap().as_deref(),
            Some("geohazard,no_water_or_land")
        );
    }

    #[test]
    fn class_and_grade_of_a_disability_come_together() {
        let kind = title("disability", true).unwrap().kind;
        let Kind::Both(classes, grades) = kind else {
            panic!("not two lists");
        };
        for class in (classes.names)() {
            for grade in (grades.names)() {
                let code = format!("{},{}", class[0], grade[0]);
                let shown = kind.shown(&code);
                for word in [&shown.zh, &shown.en] {
                    let read = kind.parse(&Cell::Text(word.clone())).unwrap();
                    assert_eq!(read.as_deref(), Some(code.as_str()), "{word}");
                }
                let refused = kind.parse(&Cell::Text(class[1].into()));
                assert!(refused.is_err(), "{}", class[1]);
            }
        }
    }

    #[test]
    fn a_helper_comes_with_the_first_value_and_goes_with_the_last() {
        let facts = anju_model::register::HouseholdFacts::new(
            "A-1",
            AreaCode::parse("61902110120101").unwrap(),
            Category::Disaster,
        );
        let mut household = Household {
            id: uuid::Uuid::nil(),
            facts,
            members: Vec::new(),
            consent: None,
            status: anju_model::register::HouseholdStatus::Active,
            events: Vec::new(),
        };
        for (field, text) in [
            ("helper_unit", Some("县教育局")),
            ("helper_name", Some("王五")),
            ("helper_phone", Some("13912340009")),
        ] {
            write(&mut household, None, field, text).unwrap();
            assert_eq!(value(&household, None, field).unwrap().as_deref(), text);
        }
        for field in ["helper_unit", "helper_name", "helper_phone"] {
            assert!(household.facts.helper.is_some());
            write(&mut household, None, field, None).unwrap();
        }
        assert_eq!(household.facts.helper, None);
    }

    #[test]
    fn numbers_have_one_form() {
        let farmland = title("farmland", false).unwrap().kind;
        for cell in [
            Cell::Number(3.2),
            Cell::Text("3.20亩".into()),
            Cell::Text("3.2".into()),
        ] {
            assert_eq!(farmland.parse(&cell).unwrap().as_deref(), Some("3.2"));
        }
        let place = title("position", false).unwrap().kind;
        assert_eq!(
            place.parse(&Cell::Text("108.5,33.25".into())).unwrap().as_deref(),
            Some("108.5,33.25")
        );
        assert!(place.parse(&Cell::Text("33.25,108.5".into())).is_err());
        assert!(place.parse(&Cell::Text("108.5".into())).is_err());
    }

    #[test]
    fn an_apostrophe_that_kept_a_formula_away_is_taken_off() {
        for (written, meant) in [
            ("'+8613912340001", "+8613912340001"),
            ("'张", "'张"),
            ("=1+1", "=1+1"),
        ] {
            assert_eq!(
                without_guard(&Cell::Text(written.into())),
                Cell::Text(meant.into())
            );
        }
    }
}
