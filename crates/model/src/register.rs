//! The register stage: households, persons, consent and where the data came from.
//!
//! [`living`] holds what is recorded of how a household lives, [`person`] what is recorded of a person beside who it is,
//! [`income`], [`consent`] and [`document`] what belongs to a household and has a history of its own, [`change`] how
//! households split, merge, move and end, and [`check`] what is wrong with one as a person recorded it.

pub mod change;
pub mod check;
pub mod consent;
pub mod document;
pub mod field;
pub mod income;
pub mod living;
pub mod person;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::area::AreaCode;
use crate::code_list;
use crate::identity::{IdNumber, Sex};
use crate::money::Fen;

pub use self::change::{Event, EventKind, HouseholdStatus};
pub use self::consent::{
    Consent, ConsentTaking, MemberException, SignedConsent, SignerQuality, SignerRole, Withdrawal,
};
pub use self::document::{DocumentKind, HouseholdDocument};
pub use self::income::{IncomeKind, IncomeLine, IncomeYear};
pub use self::living::{
    AccessRoad, Fuel, Helper, ListedVillage, LivingConditions, MonitoredClass, PovertyStanding, Toilet,
    Vulnerability,
};
pub use self::person::{
    AwayReason, Benefit, Disability, DisabilityClass, DisabilityGrade, EmploymentChannel, EmploymentPlace,
    IdKind, Marriage, MedicalInsurance, Membership, MembershipBasis, MilitaryService, PensionInsurance,
    SchoolState, Work,
};

/// Whether a field has the value that stands for nothing recorded, and so is left out of what is stored.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

code_list! {
    /// Category of relocation (搬迁类型); policies differ by it.
    Category {
        Poverty = "poverty", "扶贫搬迁", "poverty";
        Disaster = "disaster", "避灾搬迁", "disaster";
        Ecological = "ecological", "生态搬迁", "ecological";
        Other = "other", "其他搬迁", "other";
        Accompanying = "accompanying", "同步搬迁", "accompanying";
    }
}

code_list! {
    /// Why the place cannot sustain the household (搬迁原因).
    CauseOfMove {
        Geohazard = "geohazard", "地质灾害", "geological hazard";
        FlashFlood = "flash_flood", "山洪灾害", "flash flood";
        MiningSubsidence = "mining_subsidence", "采煤沉陷", "mining subsidence";
        Reserve = "reserve", "自然保护区", "nature reserve";
        FragileEcology = "fragile_ecology", "生态脆弱", "fragile ecology";
        NoWaterOrLand = "no_water_or_land", "缺水缺地", "lack of water or land";
        ServicesUnreachable = "services_unreachable", "偏远缺服务", "services out of reach";
        EndemicDisease = "endemic_disease", "地方病", "endemic disease";
        Project = "project", "工程项目", "project";
    }
}

code_list! {
    /// How soon a threatened household must move.
    Urgency {
        Urgent = "urgent", "紧迫", "urgent";
        FairlyUrgent = "fairly_urgent", "较紧迫", "fairly urgent";
        Ordinary = "ordinary", "一般", "ordinary";
    }
}

code_list! {
    /// Poverty attribute of a household (贫困户属性).
    PovertyAttribute {
        OrdinaryPoor = "ordinary_poor", "一般贫困户", "ordinary poor";
        MinimumGuarantee = "minimum_guarantee", "低保户", "minimum guarantee";
        ExtremelyPoor = "extremely_poor", "特困户", "extremely poor";
        NotPoor = "not_poor", "非贫困户", "not registered poor";
    }
}

code_list! {
    /// Main cause of poverty (主要致贫原因).
    PovertyCause {
        Illness = "illness", "因病", "illness";
        Disability = "disability", "因残", "disability";
        Schooling = "schooling", "因学", "schooling";
        Disaster = "disaster", "因灾", "disaster";
        Land = "land", "缺土地", "lack of land";
        Water = "water", "缺水", "lack of water";
        Technique = "technique", "缺技术", "lack of technique";
        Labour = "labour", "缺劳力", "lack of labour";
        Money = "money", "缺资金", "lack of money";
        Traffic = "traffic", "交通条件落后", "poor access";
        Motivation = "motivation", "自身发展动力不足", "own motivation";
        Other = "other", "其他", "other";
    }
}

code_list! {
    /// Structure of the present home.
    Structure {
        ReinforcedConcrete = "reinforced_concrete", "钢筋混凝土", "reinforced concrete";
        BrickConcrete = "brick_concrete", "砖混", "brick and concrete";
        BrickTimber = "brick_timber", "砖木", "brick and timber";
        Earth = "earth", "土坯", "earth";
        Other = "other", "其他", "other";
    }
}

code_list! {
    /// Safety grade of a dwelling; C and D are unsafe.
    SafetyGrade {
        A = "A", "A级", "grade A";
        B = "B", "B级", "grade B";
        C = "C", "C级", "grade C";
        D = "D", "D级", "grade D";
    }
}

code_list! {
    /// Relation to the head of household, GB/T 4761, the list of two digits. [`Relation::from_legacy`] reads the one of
    /// one digit.
    Relation {
        Oneself = "01", "本人", "oneself";
        Head = "02", "户主", "head";
        Spouse = "10", "配偶", "spouse";
        Husband = "11", "夫", "husband";
        Wife = "12", "妻", "wife";
        Son = "20", "子", "son";
        OnlySon = "21", "独生子", "only son";
        EldestSon = "22", "长子", "eldest son";
        SecondSon = "23", "次子", "second son";
        ThirdSon = "24", "三子", "third son";
        FourthSon = "25", "四子", "fourth son";
        FifthSon = "26", "五子", "fifth son";
        AdoptedSon = "27", "养子或继子", "adopted son or stepson";
        SonInLaw = "28", "女婿", "son-in-law";
        OtherSon = "29", "其他儿子", "other son";
        Daughter = "30", "女", "daughter";
        OnlyDaughter = "31", "独生女", "only daughter";
        EldestDaughter = "32", "长女", "eldest daughter";
        SecondDaughter = "33", "次女", "second daughter";
        ThirdDaughter = "34", "三女", "third daughter";
        FourthDaughter = "35", "四女", "fourth daughter";
        FifthDaughter = "36", "五女", "fifth daughter";
        AdoptedDaughter = "37", "养女或继女", "adopted daughter or stepdaughter";
        DaughterInLaw = "38", "儿媳", "daughter-in-law";
        OtherDaughter = "39", "其他女儿", "other daughter";
        Grandchild = "40", "孙子女", "grandchild";
        Grandson = "41", "孙子", "son's son";
        Granddaughter = "42", "孙女", "son's daughter";
        DaughtersSon = "43", "外孙子", "daughter's son";
        DaughtersDaughter = "44", "外孙女", "daughter's daughter";
        GrandsonsWife = "45", "孙媳妇或外孙媳妇", "grandson's wife";
        GranddaughtersHusband = "46", "孙女婿或外孙女婿", "granddaughter's husband";
        GreatGrandson = "47", "曾孙子或外曾孙子", "great-grandson";
        GreatGranddaughter = "48", "曾孙女或外曾孙女", "great-granddaughter";
        OtherGrandchild = "49", "其他孙子女或外孙子女", "other grandchild";
        Parent = "50", "父母", "parent";
        Father = "51", "父亲", "father";
        Mother = "52", "母亲", "mother";
        HusbandsFather = "53", "公公", "husband's father";
        HusbandsMother = "54", "婆婆", "husband's mother";
        WifesFather = "55", "岳父", "wife's father";
        WifesMother = "56", "岳母", "wife's mother";
        Stepfather = "57", "继父或养父", "stepfather or adoptive father";
        Stepmother = "58", "继母或养母", "stepmother or adoptive mother";
        OtherParent = "59", "其他父母关系", "other parent";
        Grandparent = "60", "祖父母", "grandparent";
        FathersFather = "61", "祖父", "father's father";
        FathersMother = "62", "祖母", "father's mother";
        MothersFather = "63", "外祖父", "mother's father";
        MothersMother = "64", "外祖母", "mother's mother";
        SpousesGrandparent = "65", "配偶的祖父母或外祖父母", "spouse's grandparent";
        GreatGrandfather = "66", "曾祖父", "great-grandfather";
        GreatGrandmother = "67", "曾祖母", "great-grandmother";
        SpousesGreatGrandparent = "68", "配偶的曾祖父母或外曾祖父母", "spouse's great-grandparent";
        OtherGrandparent = "69", "其他祖父母或外祖父母关系", "other grandparent";
        Sibling = "70", "兄弟姐妹", "sibling";
        ElderBrother = "71", "兄", "elder brother";
        ElderBrothersWife = "72", "嫂", "elder brother's wife";
        YoungerBrother = "73", "弟", "younger brother";
        YoungerBrothersWife = "74", "弟媳", "younger brother's wife";
        ElderSister = "75", "姐姐", "elder sister";
        ElderSistersHusband = "76", "姐夫", "elder sister's husband";
        YoungerSister = "77", "妹妹", "younger sister";
        YoungerSistersHusband = "78", "妹夫", "younger sister's husband";
        OtherSibling = "79", "其他兄弟姐妹", "other sibling";
        Other = "80", "其他关系", "other relation";
        FathersElderBrother = "81", "伯父", "father's elder brother";
        FathersElderBrothersWife = "82", "伯母", "father's elder brother's wife";
        FathersYoungerBrother = "83", "叔父", "father's younger brother";
        FathersYoungerBrothersWife = "84", "婶母", "father's younger brother's wife";
        MothersBrother = "85", "舅父", "mother's brother";
        MothersBrothersWife = "86", "舅母", "mother's brother's wife";
        MothersSistersHusband = "87", "姨父", "mother's sister's husband";
        MothersSister = "88", "姨母", "mother's sister";
        FathersSistersHusband = "89", "姑父", "father's sister's husband";
        FathersSister = "90", "姑母", "father's sister";
        PaternalCousin = "91", "堂兄弟姐妹", "cousin of the same surname";
        MaternalCousin = "92", "表兄弟姐妹", "cousin of another surname";
        BrothersSon = "93", "侄子", "brother's son";
        BrothersDaughter = "94", "侄女", "brother's daughter";
        SistersSon = "95", "外甥", "sister's son";
        SistersDaughter = "96", "外甥女", "sister's daughter";
        OtherKin = "97", "其他亲属", "other kin";
        NoKin = "99", "非亲属", "no kin";
    }
}

code_list! {
    /// Ethnicity, GB/T 3304.
    Ethnicity {
        Han = "01", "汉族", "Han"; Mongol = "02", "蒙古族", "Mongol"; Hui = "03", "回族", "Hui"; Zang = "04", "藏族", "Zang";
        Uygur = "05", "维吾尔族", "Uygur"; Miao = "06", "苗族", "Miao"; Yi = "07", "彝族", "Yi"; Zhuang = "08", "壮族", "Zhuang";
        Buyei = "09", "布依族", "Buyei"; Chosen = "10", "朝鲜族", "Chosen"; Man = "11", "满族", "Man"; Dong = "12", "侗族", "Dong";
        Yao = "13", "瑶族", "Yao"; Bai = "14", "白族", "Bai"; Tujia = "15", "土家族", "Tujia"; Hani = "16", "哈尼族", "Hani";
        Kazak = "17", "哈萨克族", "Kazak"; Dai = "18", "傣族", "Dai"; Li = "19", "黎族", "Li"; Lisu = "20", "傈僳族", "Lisu";
        Va = "21", "佤族", "Va"; She = "22", "畲族", "She"; Gaoshan = "23", "高山族", "Gaoshan"; Lahu = "24", "拉祜族", "Lahu";
        Sui = "25", "水族", "Sui"; Dongxiang = "26", "东乡族", "Dongxiang"; Naxi = "27", "纳西族", "Naxi"; Jingpo = "28", "景颇族", "Jingpo";
        Kirgiz = "29", "柯尔克孜族", "Kirgiz"; Tu = "30", "土族", "Tu"; Daur = "31", "达斡尔族", "Daur"; Mulao = "32", "仫佬族", "Mulao";
        Qiang = "33", "羌族", "Qiang"; Blang = "34", "布朗族", "Blang"; Salar = "35", "撒拉族", "Salar"; Maonan = "36", "毛南族", "Maonan";
        Gelao = "37", "仡佬族", "Gelao"; Xibe = "38", "锡伯族", "Xibe"; Achang = "39", "阿昌族", "Achang"; Pumi = "40", "普米族", "Pumi";
        Tajik = "41", "塔吉克族", "Tajik"; Nu = "42", "怒族", "Nu"; Uzbek = "43", "乌孜别克族", "Uzbek"; Russ = "44", "俄罗斯族", "Russ";
        Ewenki = "45", "鄂温克族", "Ewenki"; Deang = "46", "德昂族", "Deang"; Bonan = "47", "保安族", "Bonan"; Yugur = "48", "裕固族", "Yugur";
        Gin = "49", "京族", "Gin"; Tatar = "50", "塔塔尔族", "Tatar"; Derung = "51", "独龙族", "Derung"; Oroqen = "52", "鄂伦春族", "Oroqen";
        Hezhen = "53", "赫哲族", "Hezhen"; Monba = "54", "门巴族", "Monba"; Lhoba = "55", "珞巴族", "Lhoba"; Jino = "56", "基诺族", "Jino";
        Other = "97", "其他", "other"; Foreign = "98", "外国血统", "foreign descent";
    }
}

code_list! {
    /// Education reached.
    Education {
        None = "none", "文盲或半文盲", "none or half-literate";
        Primary = "primary", "小学", "primary";
        Junior = "junior", "初中", "junior secondary";
        Senior = "senior", "高中", "senior secondary";
        College = "college", "大专及以上", "college and above";
        PreSchool = "pre_school", "学龄前儿童", "pre-school child";
    }
}

code_list! {
    /// State of health. Sensitive.
    Health {
        Healthy = "healthy", "健康", "healthy";
        Chronic = "chronic", "长期慢性病", "long-term chronic illness";
        MajorIllness = "major_illness", "患有大病", "major illness";
        Disabled = "disabled", "残疾", "disabled";
    }
}

code_list! {
    /// Capacity to work.
    Labour {
        Ordinary = "ordinary", "普通劳动力", "ordinary";
        Skilled = "skilled", "技能劳动力", "skilled";
        Weak = "weak", "弱劳动力或半劳动力", "weak or half";
        Lost = "lost", "丧失劳动力", "lost";
        None = "none", "无劳动力", "none";
    }
}

code_list! {
    /// What a household chose (搬迁意愿).
    ConsentChoice {
        Move = "move", "同意搬迁", "move";
        Stay = "stay", "不愿搬迁", "stay";
        Undecided = "undecided", "未决定", "undecided";
    }
}

code_list! {
    /// How a household is settled (安置方式).
    Pathway {
        Concentrated = "concentrated", "集中安置", "concentrated";
        StockHousing = "stock_housing", "存量商品房安置", "stock housing";
        Scattered = "scattered", "分散安置", "scattered";
        Cash = "cash", "货币化安置", "cash";
        InPlace = "in_place", "就地安置", "in place";
        FacilityCare = "facility_care", "集中供养", "facility care";
    }
}

/// A position in degrees, CGCS2000 (equal to WGS 84 within centimetres).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Position {
    /// Degrees east, -180 to 180.
    pub longitude: f64,
    /// Degrees north, -90 to 90.
    pub latitude: f64,
}

/// The present home.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Home {
    /// What it is built of.
    pub structure: Option<Structure>,
    /// Safety grade.
    pub grade: Option<SafetyGrade>,
    /// Floor area, m².
    pub area_m2: Option<f64>,
    /// Year built.
    pub year_built: Option<i16>,
    /// The plot it stands on (宅基地), m².
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub homestead_m2: Option<f64>,
    /// Name of the owner, when it is not the household. Sensitive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub owner: Option<String>,
    /// On which list of villages to be kept it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub listed_village: Option<ListedVillage>,
    /// Whether others who stay live in the same building, so that it cannot be pulled down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shared_with_stayers: Option<bool>,
}

/// The facts of a household as an office records them; the members are kept beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HouseholdFacts {
    /// 户编号, unique in the county.
    pub register_number: String,
    /// The villagers' group (14 digits), or the village (12) when no group is recorded.
    pub area: AreaCode,
    /// Category of relocation.
    pub category: Category,
    /// Why it must leave, main cause first.
    pub causes: Vec<CauseOfMove>,
    /// A fact about the place, never mixed with the wish.
    pub must_move: bool,
    /// How soon, for threatened households.
    pub urgency: Option<Urgency>,
    /// Poverty attribute.
    pub poverty_attribute: Option<PovertyAttribute>,
    /// Whether it is registered as poor, was, or never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub poverty_standing: Option<PovertyStanding>,
    /// Class under which it is watched against falling back into poverty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub monitored_class: Option<MonitoredClass>,
    /// Main cause of poverty.
    pub main_cause_of_poverty: Option<PovertyCause>,
    /// Other causes of poverty: at most [`check::OTHER_CAUSES`], none of them the main one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_causes_of_poverty: Vec<PovertyCause>,
    /// Where the home stands.
    pub position: Option<Position>,
    /// Code of the hazard point that threatens it.
    pub hazard_point: Option<String>,
    /// Phone of the household. Sensitive.
    pub phone: Option<String>,
    /// Bank account. Sensitive.
    pub bank_account: Option<String>,
    /// Contracted farmland in mu x 100.
    pub farmland_mu_hundredths: Option<i64>,
    /// Forest land in mu x 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub forest_mu_hundredths: Option<i64>,
    /// Orchards in mu x 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub orchard_mu_hundredths: Option<i64>,
    /// Grassland in mu x 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub grassland_mu_hundredths: Option<i64>,
    /// Water surface in mu x 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub water_mu_hundredths: Option<i64>,
    /// The present home.
    pub home: Home,
    /// Road, water, power, fuel and toilet.
    #[serde(default, skip_serializing_if = "is_default")]
    pub living: LivingConditions,
    /// Whether it is a member of a farmers' co-operative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cooperative_member: Option<bool>,
    /// Who answers for helping it; never somebody who is listed himself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub helper: Option<Helper>,
    /// What makes it vulnerable. Sensitive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vulnerabilities: Vec<Vulnerability>,
}

/// The facts of a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PersonFacts {
    /// Name, 1 to 50 characters.
    pub name: String,
    /// Sex.
    pub sex: Sex,
    /// Birth date as recorded, which may differ from the one in the ID number.
    pub birth_date: Option<Date>,
    /// What kind of document the ID number is of.
    #[serde(default, skip_serializing_if = "is_default")]
    pub id_kind: IdKind,
    /// Number of that document as recorded.
    pub id_number: Option<IdNumber>,
    /// Why there is no document, where [`IdKind::NoDocument`] says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub no_id_reason: Option<String>,
    /// Relation to the head of household.
    pub relation: Relation,
    /// Ethnicity.
    pub ethnicity: Option<Ethnicity>,
    /// Marriage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub marriage: Option<Marriage>,
    /// Education.
    pub education: Option<Education>,
    /// Where a pupil or student is at school.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub school: Option<SchoolState>,
    /// Why the person left school early, where [`SchoolState::DroppedOut`] says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub dropout_reason: Option<String>,
    /// Health: several states may hold at once. Sensitive.
    #[serde(default, deserialize_with = "person::one_or_several")]
    pub health: Vec<Health>,
    /// Class and grade on the disability certificate. Sensitive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub disability: Option<Disability>,
    /// Capacity to work.
    pub labour: Option<Labour>,
    /// What the person works at.
    #[serde(default, skip_serializing_if = "is_default")]
    pub work: Work,
    /// Medical insurance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub medical_insurance: Option<MedicalInsurance>,
    /// Pension insurance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pension_insurance: Option<PensionInsurance>,
    /// The social benefit received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub benefit: Option<Benefit>,
    /// Whether a member of the Party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub party_member: Option<bool>,
    /// Military service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub military: Option<MilitaryService>,
    /// Mobile phone. Sensitive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub phone: Option<String>,
    /// Area where the hukou is, which may lie outside the county.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hukou_area: Option<AreaCode>,
    /// Why the person is away now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub away_reason: Option<AwayReason>,
    /// On which ground the person counts as a member.
    #[serde(default, skip_serializing_if = "is_default")]
    pub membership: Membership,
}

impl HouseholdFacts {
    /// A household of which no more is known; it need not move.
    pub fn new(register_number: impl Into<String>, area: AreaCode, category: Category) -> Self {
        Self {
            register_number: register_number.into(),
            area,
            category,
            causes: Vec::new(),
            must_move: false,
            urgency: None,
            poverty_attribute: None,
            poverty_standing: None,
            monitored_class: None,
            main_cause_of_poverty: None,
            other_causes_of_poverty: Vec::new(),
            position: None,
            hazard_point: None,
            phone: None,
            bank_account: None,
            farmland_mu_hundredths: None,
            forest_mu_hundredths: None,
            orchard_mu_hundredths: None,
            grassland_mu_hundredths: None,
            water_mu_hundredths: None,
            home: Home::default(),
            living: LivingConditions::default(),
            cooperative_member: None,
            helper: None,
            vulnerabilities: Vec::new(),
        }
    }
}

impl PersonFacts {
    /// A person of whom no more is known.
    pub fn new(name: impl Into<String>, sex: Sex, relation: Relation) -> Self {
        Self {
            name: name.into(),
            sex,
            birth_date: None,
            id_kind: IdKind::Resident,
            id_number: None,
            no_id_reason: None,
            relation,
            ethnicity: None,
            marriage: None,
            education: None,
            school: None,
            dropout_reason: None,
            health: Vec::new(),
            disability: None,
            labour: None,
            work: Work::default(),
            medical_insurance: None,
            pension_insurance: None,
            benefit: None,
            party_member: None,
            military: None,
            phone: None,
            hukou_area: None,
            away_reason: None,
            membership: Membership::default(),
        }
    }
}

/// A person with an identity of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Person {
    /// UUIDv7.
    pub id: Uuid,
    /// What is recorded.
    #[serde(flatten)]
    pub facts: PersonFacts,
}

/// A household: people who live and spend together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Household {
    /// UUIDv7.
    pub id: Uuid,
    /// What is recorded of the household.
    #[serde(flatten)]
    pub facts: HouseholdFacts,
    /// Its members, the head first.
    pub members: Vec<Person>,
    /// The choice that stands; the ones before are [`SignedConsent`]s.
    pub consent: Option<Consent>,
    /// Whether it is still a household of its own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub status: HouseholdStatus,
    /// How it split, merged, moved, ended or came back, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

impl Household {
    /// A household that is one of the register's: neither cancelled nor merged into another.
    pub fn is_active(&self) -> bool {
        self.status == HouseholdStatus::Active
    }

    /// The head of household, when exactly one is recorded.
    pub fn head(&self) -> Option<&Person> {
        let mut heads = self
            .members
            .iter()
            .filter(|person| person.facts.relation.is_head());
        heads.next().filter(|_| heads.next().is_none())
    }
}

/// A household as a file gives it, before it has an identity.
#[derive(Debug, Clone, PartialEq)]
pub struct HouseholdRecord {
    /// What is recorded of the household.
    pub facts: HouseholdFacts,
    /// Its members, the head first.
    pub members: Vec<PersonFacts>,
    /// First and last row in the file, counted from 1 as the spreadsheet shows them.
    pub rows: (u32, u32),
}

/// The choice of one household as a file gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsentRecord {
    /// 户编号 of the household.
    pub register_number: String,
    /// What it chose.
    pub consent: Consent,
    /// Row in the file, counted from 1.
    pub row: u32,
}

/// The income of one household in one year as a file gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct IncomeRecord {
    /// 户编号 of the household.
    pub register_number: String,
    /// The year.
    pub year: i16,
    /// What it earned.
    pub line: IncomeLine,
    /// Row in the file, counted from 1.
    pub row: u32,
}

code_list! {
    /// What a file that is imported holds.
    FileKind {
        Areas = "areas", "行政区划", "administrative areas";
        Register = "register", "搬迁户名册", "household register";
        Consent = "consent", "搬迁意愿", "consent records";
        Income = "income", "家庭收入", "household income";
        ThreatenedHouseholds = "threatened_households", "隐患点受威胁户", "households threatened by hazard points";
        HazardPoints = "hazard_points", "隐患点", "hazard points";
        PovertyRoster = "poverty_roster", "部门核定的扶贫名单", "the department's approved poverty list";
        CivilRegistry = "civil_registry", "公安户籍", "civil registry";
        SocialInsurance = "social_insurance", "社会保险", "social insurance";
        Vehicles = "vehicles", "车辆登记", "vehicle registration";
        RealEstate = "real_estate", "不动产登记", "real-estate registration";
        Companies = "companies", "市场主体登记", "company registration";
        PublicPayroll = "public_payroll", "财政供养", "public payroll";
        StockHousing = "stock_housing", "存量商品房", "stock housing";
        Funds = "funds", "资金安排", "funds";
        VectorLayer = "vector_layer", "矢量图层", "vector layer";
        Elevation = "elevation", "高程", "elevation model";
    }
}

/// A file that was imported, with what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ImportedFile {
    /// UUIDv7.
    pub id: Uuid,
    /// File name without its folder.
    pub name: String,
    /// What it holds.
    pub kind: FileKind,
    /// SHA-256 of the bytes, in hex.
    pub sha256: String,
    /// Records (rows or features) read.
    pub records_read: u64,
    /// Records that were stored or found unchanged.
    pub records_accepted: u64,
    /// Records refused, each in the error workbook.
    pub records_refused: u64,
    /// When.
    pub imported_at: Timestamp,
}

/// Dwellings on the market that an owner offers for relocation (存量商品房).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StockHousing {
    /// UUIDv7.
    pub id: Uuid,
    /// Name of the estate.
    pub name: String,
    /// Township.
    pub area: AreaCode,
    /// Where it stands.
    pub position: Position,
    /// Vacant dwellings on offer.
    pub dwellings: u32,
    /// Floor area of one dwelling, m².
    pub dwelling_area_m2: f64,
    /// Asking price of one dwelling.
    pub price: Fen,
}

/// Money made available (资金).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Fund {
    /// UUIDv7.
    pub id: Uuid,
    /// Where it comes from, as the document calls it.
    pub source: String,
    /// Document number.
    pub document: String,
    /// Budget year.
    pub year: i16,
    /// How much.
    pub amount: Fen,
}

/// The county the workspace is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct County {
    /// Six digits.
    pub code: AreaCode,
    /// Name.
    pub name: String,
    /// EPSG code of the metric coordinate reference system the county works in (a 3-degree Gauss-Kruger zone).
    pub epsg: u16,
    /// Identifier of the policy pack in force.
    pub pack: String,
}
