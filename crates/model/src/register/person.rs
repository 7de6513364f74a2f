//! What is recorded of a person beside who it is: documents, marriage, school, work, insurance, membership.

use serde::{Deserialize, Deserializer, Serialize};

use super::{Health, Relation};
use crate::code_list;
use crate::identity::Sex;
use crate::money::Fen;

code_list! {
    /// The document that an ID number is of.
    IdKind {
        Resident = "resident", "居民身份证", "resident identity number";
        DisabilityCertificate = "disability_certificate", "残疾人证", "disability certificate";
        Passport = "passport", "护照", "passport";
        NoDocument = "none", "无证件", "none";
    }
}

impl Default for IdKind {
    /// Most have a resident identity number.
    fn default() -> Self {
        Self::Resident
    }
}

code_list! {
    /// Marriage, GB/T 2261.2.
    Marriage {
        Single = "10", "未婚", "single";
        Married = "20", "已婚", "married";
        FirstMarriage = "21", "初婚", "first marriage";
        Remarried = "22", "再婚", "married again";
        Restored = "23", "复婚", "marriage restored";
        Widowed = "30", "丧偶", "widowed";
        Divorced = "40", "离婚", "divorced";
        Unstated = "90", "未说明的婚姻状况", "unstated";
    }
}

code_list! {
    /// Where a person is at school.
    SchoolState {
        NotAtSchool = "not_at_school", "非在校生", "not at school";
        Kindergarten = "kindergarten", "幼儿园", "kindergarten";
        Primary1 = "primary_1", "小学一年级", "primary, year 1";
        Primary2 = "primary_2", "小学二年级", "primary, year 2";
        Primary3 = "primary_3", "小学三年级", "primary, year 3";
        Primary4 = "primary_4", "小学四年级", "primary, year 4";
        Primary5 = "primary_5", "小学五年级", "primary, year 5";
        Primary6 = "primary_6", "小学六年级", "primary, year 6";
        Junior1 = "junior_1", "初中一年级", "junior secondary, year 1";
        Junior2 = "junior_2", "初中二年级", "junior secondary, year 2";
        Junior3 = "junior_3", "初中三年级", "junior secondary, year 3";
        Senior1 = "senior_1", "高中一年级", "senior secondary, year 1";
        Senior2 = "senior_2", "高中二年级", "senior secondary, year 2";
        Senior3 = "senior_3", "高中三年级", "senior secondary, year 3";
        Vocational1 = "vocational_1", "中职一年级", "vocational, year 1";
        Vocational2 = "vocational_2", "中职二年级", "vocational, year 2";
        Vocational3 = "vocational_3", "中职三年级", "vocational, year 3";
        Special = "special", "特殊教育学校", "special school";
        College = "college", "大专及本科", "college";
        Graduate = "graduate", "研究生", "graduate school";
        DroppedOut = "dropped_out", "失学辍学", "dropped out";
    }
}

code_list! {
    /// Class on a disability certificate, the 19th character of its number.
    DisabilityClass {
        Sight = "1", "视力残疾", "sight";
        Hearing = "2", "听力残疾", "hearing";
        Speech = "3", "言语残疾", "speech";
        Limbs = "4", "肢体残疾", "limbs";
        Intellect = "5", "智力残疾", "intellect";
        Mind = "6", "精神残疾", "mental";
        Multiple = "7", "多重残疾", "multiple";
    }
}

code_list! {
    /// Grade on a disability certificate, the 20th character of its number; 1 is the most severe.
    DisabilityGrade {
        One = "1", "一级", "grade 1";
        Two = "2", "二级", "grade 2";
        Three = "3", "三级", "grade 3";
        Four = "4", "四级", "grade 4";
    }
}

/// Class and grade of a disability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Disability {
    /// Class.
    pub class: DisabilityClass,
    /// Grade.
    pub grade: DisabilityGrade,
}

code_list! {
    /// How a person came to work (就业渠道).
    EmploymentChannel {
        Away = "away", "外出务工", "work away";
        PublicInterest = "public_interest", "公益性岗位", "public-interest post";
        Workshop = "workshop", "就业帮扶车间", "workshop";
        Park = "park", "产业园区", "industrial park";
        OwnBusiness = "own_business", "自主创业", "own business";
        Flexible = "flexible", "灵活就业", "flexible work";
        Farming = "farming", "务农", "farming";
    }
}

code_list! {
    /// Where a person works.
    EmploymentPlace {
        Township = "township", "乡镇内", "in the township";
        County = "county", "县内乡镇外", "in the county";
        Province = "province", "省内县外", "in the province";
        Outside = "outside", "省外", "outside the province";
    }
}

/// What a person works at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Work {
    /// By which channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub channel: Option<EmploymentChannel>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub place: Option<EmploymentPlace>,
    /// Months in the last twelve, 0 to 12.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub months: Option<u8>,
    /// Wage of a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub monthly_wage: Option<Fen>,
    /// What the person can do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub skills: Option<String>,
    /// What the person would like to be trained in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub training_wish: Option<String>,
}

code_list! {
    /// Medical insurance.
    MedicalInsurance {
        Resident = "resident", "城乡居民基本医疗保险", "residents' scheme";
        Employee = "employee", "职工基本医疗保险", "employees' scheme";
        None = "none", "未参保", "none";
    }
}

code_list! {
    /// Pension insurance.
    PensionInsurance {
        Resident = "resident", "城乡居民基本养老保险", "residents' scheme";
        Employee = "employee", "职工基本养老保险", "employees' scheme";
        None = "none", "未参保", "none";
    }
}

code_list! {
    /// The basic social benefit that a person receives.
    Benefit {
        MinimumGuarantee = "minimum_guarantee", "最低生活保障", "minimum guarantee";
        ExtremelyPoor = "extremely_poor", "特困人员供养", "extremely-poor support";
        Orphan = "orphan", "孤儿基本生活费", "orphan's allowance";
        SeverelyDisabled = "severely_disabled", "重度残疾人护理补贴", "care allowance for the severely disabled";
        None = "none", "无", "none";
    }
}

code_list! {
    /// Military service.
    MilitaryService {
        Never = "never", "未服役", "never served";
        Serving = "serving", "现役", "serving";
        Veteran = "veteran", "退役", "veteran";
    }
}

code_list! {
    /// Why a person is away from the household now.
    AwayReason {
        Work = "work", "外出务工", "work";
        School = "school", "外出就学", "school";
        Army = "army", "参军服役", "military service";
        Care = "care", "机构供养", "in care";
        Prison = "prison", "服刑", "in prison";
        Other = "other", "其他", "other";
    }
}

code_list! {
    /// On which ground a person counts as a member of the household.
    MembershipBasis {
        Ordinary = "ordinary", "共同生活", "lives and spends together";
        Newborn = "newborn", "未上户新生儿", "newborn not yet registered";
        StudentOrSoldier = "student_or_soldier", "户口迁出的学生或军人", "student or soldier whose hukou left for a time";
        MarriedIn = "married_in", "婚入未迁户", "married in, not yet registered";
        Prisoner = "prisoner", "服刑人员", "prisoner";
        NamedDecision = "named_decision", "一事一议", "named decision";
    }
}

impl MembershipBasis {
    /// Whether a document must be named: the marriage certificate, or the decision.
    pub fn needs_document(self) -> bool {
        matches!(self, Self::MarriedIn | Self::NamedDecision)
    }
}

impl Default for MembershipBasis {
    /// Most simply live there.
    fn default() -> Self {
        Self::Ordinary
    }
}

/// On which ground a person counts as a member.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
#[schema(as = HouseholdMembership)]
pub struct Membership {
    /// The ground.
    pub basis: MembershipBasis,
    /// Number of the marriage certificate, or of the decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub document: Option<String>,
}

/// States of health as they were written before a person could have several: nothing, one, or a list.
pub(super) fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Health>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Several(Vec<Health>),
        One(Option<Health>),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::Several(several) => several,
        Written::One(one) => one.into_iter().collect(),
    })
}

/// How far a relative stands from the head: who is certainly older, who is certainly younger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// Parents and their parents by blood.
    Older,
    /// Children and their children by blood.
    Younger,
    /// All others, of whom age says nothing.
    Any,
}

impl Relation {
    /// The head himself.
    pub fn is_head(self) -> bool {
        matches!(self, Self::Head | Self::Oneself)
    }

    /// The head's spouse.
    pub fn is_spouse(self) -> bool {
        matches!(self, Self::Spouse | Self::Husband | Self::Wife)
    }

    /// A son or daughter of the head, step- and adopted ones included, in-laws not.
    pub fn is_child(self) -> bool {
        ("20" <= self.code() && self.code() < "40") && !matches!(self, Self::SonInLaw | Self::DaughterInLaw)
    }

    /// A parent of the head by blood.
    pub fn is_parent(self) -> bool {
        matches!(self, Self::Parent | Self::Father | Self::Mother)
    }

    /// The generation by blood.
    pub fn generation(self) -> Generation {
        match self {
            Self::AdoptedSon | Self::AdoptedDaughter | Self::OtherSon | Self::OtherDaughter => {
                Generation::Any
            }
            Self::Grandson
            | Self::Granddaughter
            | Self::DaughtersSon
            | Self::DaughtersDaughter
            | Self::GreatGrandson
            | Self::GreatGranddaughter => Generation::Younger,
            Self::FathersFather
            | Self::FathersMother
            | Self::MothersFather
            | Self::MothersMother
            | Self::GreatGrandfather
            | Self::GreatGrandmother => Generation::Older,
            _ if self.is_child() => Generation::Younger,
            _ if self.is_parent() => Generation::Older,
            _ => Generation::Any,
        }
    }

    /// The sex that the word itself says.
    pub fn sex(self) -> Option<Sex> {
        match self {
            Self::Husband
            | Self::SonInLaw
            | Self::Grandson
            | Self::DaughtersSon
            | Self::GranddaughtersHusband
            | Self::GreatGrandson
            | Self::Father
            | Self::HusbandsFather
            | Self::WifesFather
            | Self::Stepfather
            | Self::FathersFather
            | Self::MothersFather
            | Self::GreatGrandfather
            | Self::ElderBrother
            | Self::YoungerBrother
            | Self::ElderSistersHusband
            | Self::YoungerSistersHusband
            | Self::FathersElderBrother
            | Self::FathersYoungerBrother
            | Self::MothersBrother
            | Self::MothersSistersHusband
            | Self::FathersSistersHusband
            | Self::BrothersSon
            | Self::SistersSon => Some(Sex::Male),
            Self::Wife
            | Self::DaughterInLaw
            | Self::Granddaughter
            | Self::DaughtersDaughter
            | Self::GrandsonsWife
            | Self::GreatGranddaughter
            | Self::Mother
            | Self::HusbandsMother
            | Self::WifesMother
            | Self::Stepmother
            | Self::FathersMother
            | Self::MothersMother
            | Self::GreatGrandmother
            | Self::ElderSister
            | Self::YoungerSister
            | Self::ElderBrothersWife
            | Self::YoungerBrothersWife
            | Self::FathersElderBrothersWife
            | Self::FathersYoungerBrothersWife
            | Self::MothersBrothersWife
            | Self::MothersSister
            | Self::FathersSister
            | Self::BrothersDaughter
            | Self::SistersDaughter => Some(Sex::Female),
            _ if ("20" <= self.code()) && (self.code() < "30") => Some(Sex::Male),
            _ if ("30" <= self.code()) && (self.code() < "40") => Some(Sex::Female),
            _ => None,
        }
    }

    /// The relation that a code of the list of one digit stands for: 0 head, 1 spouse, 2 son, 3 daughter,
    /// 4 grandchild, 5 parent, 6 grandparent, 7 sibling, 8 other.
    pub fn from_legacy(code: &str) -> Option<Self> {
        Some(match code {
            "0" => Self::Head,
            "1" => Self::Spouse,
            "2" => Self::Son,
            "3" => Self::Daughter,
            "4" => Self::Grandchild,
            "5" => Self::Parent,
            "6" => Self::Grandparent,
            "7" => Self::Sibling,
            "8" => Self::Other,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::PersonFacts;

    #[test]
    fn a_payload_from_before_the_new_fields_reads() {
        let read = |health: &str| {
            let text = format!(
                r#"{{"name":"张三","sex":"1","birth_date":null,"id_number":null,"relation":"02","ethnicity":null,
                "education":null,"health":{health},"labour":null}}"#
            );
            serde_json::from_str::<PersonFacts>(&text).unwrap()
        };
        assert_eq!(read("null").health, []);
        assert_eq!(read("\"chronic\"").health, [Health::Chronic]);
        assert_eq!(
            read(r#"["chronic","disabled"]"#).health,
            [Health::Chronic, Health::Disabled]
        );
        let person = read("null");
        assert_eq!(person.id_kind, IdKind::Resident);
        assert_eq!(person.membership.basis, MembershipBasis::Ordinary);
    }

    /// What is not recorded is not stored, so that a county of a million persons stays small.
    #[test]
    fn what_is_not_recorded_takes_no_room() {
        let person: PersonFacts =
            serde_json::from_str(r#"{"name":"张三","sex":"1","relation":"02"}"#).unwrap();
        let stored = serde_json::to_value(&person).unwrap();
        for field in ["work", "membership", "id_kind", "marriage", "phone"] {
            assert!(stored.get(field).is_none(), "{field}");
        }
    }

    #[test]
    fn the_two_digit_list_is_whole_and_says_sex_and_generation() {
        // 2 + 3 for head and spouse, ten each from 20 to 79, 80 to 97 and 99.
        assert_eq!(Relation::ALL.len(), 84);
        for relation in Relation::ALL {
            let code = relation.code();
            assert_eq!(code.len(), 2, "{code}");
            if relation.zh().contains('父') && !relation.zh().contains("父母") {
                assert_eq!(relation.sex(), Some(Sex::Male), "{code}");
            }
            if relation.zh().contains('母') && !relation.zh().contains("父母") {
                assert_eq!(relation.sex(), Some(Sex::Female), "{code}");
            }
        }
        assert!(Relation::SecondDaughter.is_child() && !Relation::SonInLaw.is_child());
        assert_eq!(Relation::SecondDaughter.sex(), Some(Sex::Female));
        assert_eq!(Relation::EldestSon.generation(), Generation::Younger);
        // A stepson may be older than the head.
        assert_eq!(Relation::AdoptedSon.generation(), Generation::Any);
        assert_eq!(Relation::Mother.generation(), Generation::Older);
        assert_eq!(Relation::Sibling.sex(), None);
    }

    #[test]
    fn every_code_of_one_digit_has_its_place_in_the_list_of_two() {
        for digit in 0..=8 {
            let relation = Relation::from_legacy(&digit.to_string()).unwrap();
            let group = relation.code().as_bytes()[0] - b'0';
            assert_eq!(group, digit, "{relation}");
        }
        assert_eq!(Relation::from_legacy("9"), None);
        assert_eq!(Relation::from_legacy("02"), None);
    }
}
