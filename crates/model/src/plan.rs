//! The plan stage: which settlements are built, how large, and who goes where.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::area::AreaCode;
use crate::code_list;
use crate::code_list::Text;
use crate::money::Fen;
use crate::register::Pathway;

code_list! {
    /// Size class of a settlement (规模等级).
    Tier {
        Small = "small", "小型", "small";
        Medium = "medium", "中型", "medium";
        Large = "large", "大型", "large";
    }
}

code_list! {
    /// What a planned site is.
    SiteKind {
        NewBuild = "new_build", "新建安置点", "new settlement";
        StockPurchase = "stock_purchase", "存量商品房", "stock housing";
    }
}

/// A settlement that the plan opens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PlannedSite {
    /// The candidate (or stock housing offer) it stands on.
    pub site: Uuid,
    /// What it is.
    pub kind: SiteKind,
    /// Code and name as shown.
    pub name: String,
    /// Township.
    pub area: AreaCode,
    /// (easting, northing) in metres.
    pub centre: (f64, f64),
    /// Size class; absent for stock housing.
    pub tier: Option<Tier>,
    /// Most households it may take at this tier.
    pub capacity_households: u32,
    /// Households placed.
    pub households: u32,
    /// Persons placed.
    pub persons: u32,
    /// Cost of opening: facilities of the tier and access.
    pub opening_cost: Fen,
    /// Cost of land and housing for those placed.
    pub housing_cost: Fen,
    /// Facilities that must be built, by name.
    pub facilities: Vec<Text>,
    /// Existing facilities within their service radius that are counted instead.
    pub existing_facilities: Vec<Text>,
    /// Why it is opened.
    pub explanation: Text,
}

/// A site that was a candidate and was not opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UnusedSite {
    /// The candidate.
    pub site: Uuid,
    /// Its code.
    pub name: String,
    /// By how much the plan would at least cost more with it (reduced cost).
    pub reduced_cost: Fen,
}

/// The totals of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PlanTotals {
    /// Households that chose to move.
    pub households_to_move: u32,
    /// Persons in them.
    pub persons_to_move: u32,
    /// Households placed on sites or in stock housing.
    pub households_placed: u32,
    /// Persons placed.
    pub persons_placed: u32,
    /// Households settled by another pathway they chose (scattered, cash, in place, facility care).
    pub households_other_pathway: u32,
    /// Households that wish to stay or have not decided; the plan does not touch them.
    pub households_not_moving: u32,
    /// Households that would move to a settlement but could not be placed within all limits.
    pub households_unplaced: u32,
    /// Sites opened.
    pub sites_opened: u32,
    /// Households on sites of at least the smallest concentrated size / all households moved.
    pub concentration_rate: f64,
    /// Households placed inside their own township / households placed.
    pub own_township_rate: f64,
    /// Σ over origin groups of the largest share sent to one site, weighted by size.
    pub cohesion: f64,
    /// Mean straight distance from old home to new site, m, weighted by household.
    pub mean_distance_m: f64,
    /// Largest such distance, m.
    pub worst_distance_m: f64,
    /// Money the plan spends.
    pub cost: Fen,
    /// Money available.
    pub budget: Fen,
    /// Objective (money plus valued distance and penalties).
    pub objective: Fen,
    /// No plan can have a lower objective.
    pub lower_bound: Fen,
    /// (objective - lower bound) / lower bound.
    pub gap: f64,
}

/// One relocation plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Plan {
    /// UUIDv7.
    pub id: Uuid,
    /// When it was made.
    pub made_at: Timestamp,
    /// Policy pack and version.
    pub pack: String,
    /// The land assessment it stands on.
    pub assessment: Uuid,
    /// Seed of the optimiser.
    pub seed: u64,
    /// Totals.
    pub totals: PlanTotals,
    /// Sites opened, most households first.
    pub sites: Vec<PlannedSite>,
    /// Candidates left unused, cheapest to add first.
    pub unused: Vec<UnusedSite>,
}

/// Where the plan sends a set of households of one group that go together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum Destination {
    /// To a settlement or stock housing.
    Site {
        /// The planned site.
        site: Uuid,
        /// Straight distance from the group's homes, m.
        distance_m: f64,
    },
    /// By another pathway the households chose.
    Pathway {
        /// Which.
        pathway: Pathway,
    },
    /// Nowhere yet: no site within all limits.
    Unplaced,
}

/// The decision for households of one villagers' group with the same consent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Assignment {
    /// UUIDv7.
    pub id: Uuid,
    /// The plan.
    pub plan: Uuid,
    /// The villagers' group they come from.
    pub area: AreaCode,
    /// The households, by id.
    pub households: Vec<Uuid>,
    /// Persons in them.
    pub persons: u32,
    /// Mean of their positions, (easting, northing) in metres.
    pub origin: (f64, f64),
    /// Where they go.
    #[serde(flatten)]
    pub destination: Destination,
    /// Objective cost of this decision.
    pub cost: Fen,
    /// The next best site and how much more it would cost.
    pub next_best: Option<(Uuid, Fen)>,
    /// Why there, in words.
    pub explanation: Text,
}
