//! Names of the look-back rules as people read them.

use anju_model::code_list::Text;
use anju_model::policy::Pack;

/// The name of a rule: the built-in ones here, the red flags from the pack; an unknown one is named by its id.
pub(crate) fn name(rule: &str, pack: &Pack) -> Text {
    let (zh, en) = match rule {
        "identity.length" => ("证件号码位数有误", "ID number of a wrong length"),
        "identity.check_digit" => ("证件号码校验位有误", "wrong check character"),
        "identity.birth_mismatch" => ("出生日期与证件不符", "birth date against ID number"),
        "identity.sex_mismatch" => ("性别与证件不符", "sex against ID number"),
        "identity.name_mismatch" => ("姓名与户籍不符", "name against civil registry"),
        "identity.deceased" => ("名册中有已故人员", "deceased person listed"),
        "identity.duplicate_person" => ("疑似重复登记", "person listed twice"),
        "family.no_head" => ("没有户主", "no head of household"),
        "family.two_heads" => ("有两个以上户主", "more than one head"),
        "family.spouse_same_sex" => ("户主与配偶同性别", "spouse of the same sex"),
        "family.parent_age" => ("父母子女年龄差过小", "parent too young"),
        "family.two_spouses" => ("有两个以上配偶", "more than one spouse"),
        "family.lone_minor" => ("未成年人单独成户", "minor living alone"),
        "omission.threatened_household" => ("受威胁户未入册", "threatened household not listed"),
        "over_report.outside_hazard" => ("避灾户不在危险区", "disaster household away from any hazard"),
        "red_flag.undecided" => ("资料不足,无法判断", "too little data to decide"),
        _ => {
            let clause = pack.clauses().iter().find(|clause| clause.id == rule);
            return clause.map_or_else(|| Text::new(rule, rule), |clause| clause.name.clone());
        }
    };
    Text::new(zh, en)
}
