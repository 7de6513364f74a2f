//! The fields of a household by the names they have in the API, with the names people read: in forms, messages and
//! histories.

use crate::code_list;

code_list! {
    /// A field of a household. The fields of a member begin with `members.`, those of the consent with `consent.`.
    Field {
        RegisterNumber = "register_number", "户编号", "register number";
        Area = "area", "行政区划", "area";
        Category = "category", "搬迁类型", "category";
        Causes = "causes", "搬迁原因", "causes of the move";
        MustMove = "must_move", "应搬", "must move";
        Urgency = "urgency", "紧迫程度", "urgency";
        PovertyAttribute = "poverty_attribute", "贫困户属性", "poverty attribute";
        PovertyStanding = "poverty_standing", "脱贫状态", "poverty standing";
        MonitoredClass = "monitored_class", "监测对象类型", "monitored class";
        MainCauseOfPoverty = "main_cause_of_poverty", "主要致贫原因", "main cause of poverty";
        OtherCausesOfPoverty = "other_causes_of_poverty", "其他致贫原因", "other causes of poverty";
        Position = "position", "位置", "position";
        Longitude = "position.longitude", "经度", "longitude";
        Latitude = "position.latitude", "纬度", "latitude";
        HazardPoint = "hazard_point", "隐患点", "hazard point";
        Phone = "phone", "联系电话", "phone";
        BankAccount = "bank_account", "银行账号", "bank account";
        Farmland = "farmland_mu_hundredths", "耕地", "farmland";
        Forest = "forest_mu_hundredths", "林地", "forest land";
        Orchard = "orchard_mu_hundredths", "园地", "orchards";
        Grassland = "grassland_mu_hundredths", "草地", "grassland";
        Water = "water_mu_hundredths", "水面", "water surface";
        Structure = "home.structure", "住房结构", "structure of the home";
        Grade = "home.grade", "房屋安全等级", "safety grade";
        HomeArea = "home.area_m2", "住房面积", "floor area of the home";
        YearBuilt = "home.year_built", "建造年份", "year built";
        Homestead = "home.homestead_m2", "宅基地面积", "homestead";
        Owner = "home.owner", "产权人", "owner of the home";
        ListedVillage = "home.listed_village", "保护村落", "listed village";
        SharedWithStayers = "home.shared_with_stayers", "与留居户共用房屋", "building shared with others who stay";
        RoadDistance = "living.road_distance_km", "距村主干路", "distance to the village road";
        AccessRoad = "living.access_road", "入户路", "access road";
        WaterSafe = "living.water_safe", "饮水安全", "drinking water safe";
        WaterNear = "living.water_near", "取水方便", "drinking water near";
        Power = "living.power", "通生活用电", "power";
        Fuel = "living.fuel", "主要燃料", "fuel";
        Toilet = "living.toilet", "厕所", "toilet";
        CooperativeMember = "cooperative_member", "加入合作社", "co-operative member";
        Helper = "helper", "帮扶责任人", "responsible helper";
        HelperName = "helper.name", "帮扶责任人姓名", "name of the helper";
        HelperUnit = "helper.unit", "帮扶单位", "unit of the helper";
        HelperIdNumber = "helper.id_number", "帮扶责任人证件号码", "ID number of the helper";
        HelperPhone = "helper.phone", "帮扶责任人电话", "phone of the helper";
        Vulnerabilities = "vulnerabilities", "特殊困难", "vulnerabilities";
        Status = "status", "户状态", "status";
        Members = "members", "家庭成员", "members";
        Name = "members.name", "姓名", "name";
        Sex = "members.sex", "性别", "sex";
        BirthDate = "members.birth_date", "出生日期", "birth date";
        IdKind = "members.id_kind", "证件类型", "kind of ID";
        IdNumber = "members.id_number", "证件号码", "ID number";
        NoIdReason = "members.no_id_reason", "无证件原因", "reason for having no ID";
        Relation = "members.relation", "与户主关系", "relation to the head";
        Ethnicity = "members.ethnicity", "民族", "ethnicity";
        Marriage = "members.marriage", "婚姻状况", "marriage";
        Education = "members.education", "文化程度", "education";
        School = "members.school", "在校状况", "school";
        DropoutReason = "members.dropout_reason", "失学原因", "reason for dropping out";
        Health = "members.health", "健康状况", "health";
        Disability = "members.disability", "残疾类别和等级", "disability";
        DisabilityClass = "members.disability.class", "残疾类别", "class of disability";
        DisabilityGrade = "members.disability.grade", "残疾等级", "grade of disability";
        Labour = "members.labour", "劳动能力", "capacity to work";
        Channel = "members.work.channel", "就业渠道", "employment channel";
        Place = "members.work.place", "务工地点", "place of work";
        Months = "members.work.months", "务工月数", "months of work";
        MonthlyWage = "members.work.monthly_wage", "月工资", "monthly wage";
        Skills = "members.work.skills", "技能", "skills";
        TrainingWish = "members.work.training_wish", "培训意愿", "training wish";
        MedicalInsurance = "members.medical_insurance", "医疗保险", "medical insurance";
        PensionInsurance = "members.pension_insurance", "养老保险", "pension insurance";
        Benefit = "members.benefit", "享受待遇", "benefit";
        PartyMember = "members.party_member", "党员", "Party member";
        Military = "members.military", "服役情况", "military service";
        MemberPhone = "members.phone", "手机", "mobile phone";
        HukouArea = "members.hukou_area", "户籍地", "hukou area";
        AwayReason = "members.away_reason", "外出原因", "reason for being away";
        MembershipBasis = "members.membership.basis", "成员认定依据", "ground of membership";
        MembershipDocument = "members.membership.document", "认定凭证", "document of membership";
        Consent = "consent", "搬迁意愿", "consent";
        Choice = "consent.choice", "意愿", "choice";
        Pathway = "consent.pathway", "安置方式", "pathway";
        PreferredTownship = "consent.preferred_township", "意向乡镇", "preferred township";
        PreferredSite = "consent.preferred_site", "意向安置点", "preferred site";
        AcceptsOtherTownship = "consent.accepts_other_township", "接受跨乡镇", "accepts another township";
        Exceptions = "consent.exceptions", "成员例外", "members who do otherwise";
        Signer = "consent.signer", "签字人", "signer";
        SignerRole = "consent.signer_role", "签字身份", "quality of the signer";
        SignerBasis = "consent.signer_role.basis", "代理依据", "right of the representative";
        Witness = "consent.witness", "见证人", "witness";
        Taking = "consent.taking", "采集方式", "how it was taken";
        ConsentDate = "consent.date", "签字日期", "date of signing";
        ConsentEvidence = "consent.evidence", "凭证号", "evidence";
        ConsentFormFile = "consent.form", "意愿书", "signed form";
        Events = "events", "户变动", "changes of the household";
    }
}

impl Field {
    /// The field with a name, whichever member it is of: `members.2.name` is `members.name`.
    pub fn named(path: &str) -> Option<Self> {
        let without_places: Vec<&str> = path
            .split('.')
            .filter(|part| part.parse::<u64>().is_err() && uuid::Uuid::parse_str(part).is_err())
            .collect();
        Self::from_code(&without_places.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_no_part_of_the_fields_name() {
        assert_eq!(Field::named("members.2.name"), Some(Field::Name));
        assert_eq!(
            Field::named("members.0192d7a1-0000-7000-8000-000000000001.work.months"),
            Some(Field::Months)
        );
        assert_eq!(Field::named("home.grade"), Some(Field::Grade));
        assert_eq!(Field::named("home.colour"), None);
    }
}
