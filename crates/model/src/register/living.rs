//! How a household lives: road, water, power and fuel, who helps it, and what makes it vulnerable.

use serde::{Deserialize, Serialize};

use crate::code_list;
use crate::identity::IdNumber;

code_list! {
    /// Whether a household is registered as poor.
    PovertyStanding {
        Poor = "poor", "贫困", "registered poor";
        Exited = "exited", "已脱贫", "no longer poor";
        Never = "never", "从未纳入", "never registered";
    }
}

code_list! {
    /// Class of a household that is watched against poverty (监测对象).
    MonitoredClass {
        Unstable = "unstable", "脱贫不稳定户", "out of poverty, not stable";
        Marginal = "marginal", "边缘易致贫户", "at the edge of poverty";
        Sudden = "sudden", "突发严重困难户", "sudden severe hardship";
    }
}

code_list! {
    /// The road from the home to the village road.
    AccessRoad {
        Paved = "paved", "硬化路", "paved";
        Gravel = "gravel", "砂石路", "gravel";
        Dirt = "dirt", "土路", "dirt";
        Path = "path", "步道", "footpath only";
    }
}

code_list! {
    /// What a household mostly cooks and heats with.
    Fuel {
        Firewood = "firewood", "柴草", "firewood or straw";
        Coal = "coal", "煤炭", "coal";
        Gas = "gas", "燃气或沼气", "gas or biogas";
        Electricity = "electricity", "电", "electricity";
        Other = "other", "其他", "other";
    }
}

code_list! {
    /// The toilet of the home.
    Toilet {
        Sanitary = "sanitary", "卫生厕所", "sanitary";
        Pit = "pit", "旱厕", "pit";
        None = "none", "无厕所", "none";
    }
}

code_list! {
    /// A list of villages to be kept, on which a home may not simply be pulled down.
    ListedVillage {
        Traditional = "traditional", "传统村落", "traditional village";
        Minority = "minority", "少数民族特色村寨", "minority village";
    }
}

code_list! {
    /// What makes a household vulnerable.
    Vulnerability {
        AloneAndAged = "alone_and_aged", "孤寡老人", "alone and aged";
        Disabled = "disabled", "残疾人家庭", "disabled member";
        MinimumGuarantee = "minimum_guarantee", "低保家庭", "minimum guarantee";
        ExtremelyPoor = "extremely_poor", "特困供养", "extremely poor";
        Orphan = "orphan", "孤儿", "orphan";
        SingleParent = "single_parent", "单亲家庭", "single parent";
    }
}

/// Road, water, power, fuel and toilet of a home.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct LivingConditions {
    /// Distance to the village road, km.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub road_distance_km: Option<f64>,
    /// Kind of the road to the village road.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub access_road: Option<AccessRoad>,
    /// Whether the drinking water is safe.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub water_safe: Option<bool>,
    /// Whether drinking water is at hand, without a long way to carry it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub water_near: Option<bool>,
    /// Whether there is power for daily life.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub power: Option<bool>,
    /// Main fuel.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fuel: Option<Fuel>,
    /// Toilet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub toilet: Option<Toilet>,
}

/// The cadre who answers for helping a household (帮扶责任人).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Helper {
    /// Name.
    pub name: String,
    /// Where the helper works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unit: Option<String>,
    /// ID number, by which it is checked that the helper is not listed. Sensitive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id_number: Option<IdNumber>,
    /// Phone. Sensitive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub phone: Option<String>,
}
