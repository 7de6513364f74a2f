//! The land stage: layers, the assessment of a county's land, candidate sites and their verdicts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::area::AreaCode;
use crate::code_list;
use crate::code_list::Text;

code_list! {
    /// What a layer shows. The kind decides the layer's role in the assessment.
    LayerKind {
        Elevation = "elevation", "数字高程模型", "elevation model";
        HazardPoints = "hazard_points", "地质灾害隐患点", "hazard points";
        HazardZones = "hazard_zones", "地质灾害易发区", "geohazard-prone zones";
        FloodZones = "flood_zones", "洪涝灾害威胁区", "flood-threatened zones";
        EcologicalRedLine = "ecological_red_line", "生态保护红线", "ecological red line";
        PermanentBasicFarmland = "permanent_basic_farmland", "永久基本农田", "permanent basic farmland";
        MainFunctionalZones = "main_functional_zones", "主体功能区", "main functional zones";
        TownPlan = "town_plan", "城镇规划", "town plan";
        Roads = "roads", "道路", "roads";
        Rivers = "rivers", "河流", "rivers";
        Towns = "towns", "集镇", "towns";
        IndustrialParks = "industrial_parks", "产业园区", "industrial parks";
        CentralVillages = "central_villages", "中心村", "central villages";
        Facilities = "facilities", "公共服务设施", "public facilities";
        Townships = "townships", "乡镇界", "township boundaries";
    }
}

code_list! {
    /// What a layer means for a site.
    Verdict {
        Forbid = "forbid", "禁止", "forbidden";
        Condition = "condition", "有条件", "conditional";
        Prefer = "prefer", "优先", "preferred";
        Neutral = "neutral", "无影响", "neutral";
    }
}

/// A layer in the workspace. Its features (or cells) are an attachment, addressed by content hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Layer {
    /// UUIDv7.
    pub id: Uuid,
    /// What it shows.
    pub kind: LayerKind,
    /// Name of the file (and layer in it) it came from.
    pub source: String,
    /// The coordinate reference system it came in, e.g. `EPSG:4545`.
    pub source_crs: String,
    /// Number of features, or of cells for a raster.
    pub features: u64,
    /// SHA-256 of the stored attachment, in hex.
    pub content: String,
    /// When it was imported.
    pub imported_at: Timestamp,
}

/// How much of the county's land one constraint takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExcludedShare {
    /// A layer kind's code, or `slope`, `outside`.
    pub constraint: String,
    /// Name of the constraint.
    pub name: Text,
    /// Area under the constraint, m²; constraints overlap.
    pub area_m2: f64,
    /// Its share of the assessed land, 0 to 1.
    pub share: f64,
}

/// One run of the land assessment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LandAssessment {
    /// UUIDv7.
    pub id: Uuid,
    /// When it was made.
    pub made_at: Timestamp,
    /// Policy pack and version.
    pub pack: String,
    /// The layers used, by id.
    pub layers: Vec<Uuid>,
    /// EPSG code of the grid.
    pub epsg: u16,
    /// Rows and columns of the grid.
    pub size: (u32, u32),
    /// Cell size in metres.
    pub cell_m: f64,
    /// Assessed area, m².
    pub area_m2: f64,
    /// Excluded area, m².
    pub excluded_m2: f64,
    /// Excluded area by constraint.
    pub excluded: Vec<ExcludedShare>,
    /// Candidates found.
    pub candidates: u32,
    /// Attachments: hillshade (u8), suitability (u8, 0 excluded, 1-255 rising), slope (percent), by content hash.
    pub hillshade: String,
    /// See `hillshade`.
    pub suitability: String,
    /// See `hillshade`.
    pub slope: String,
}

/// What one layer says of one site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LayerVerdict {
    /// The layer's kind, by code, or `slope`.
    pub layer: String,
    /// Name of the layer.
    pub name: Text,
    /// The verdict.
    pub verdict: Verdict,
    /// Overlap with the layer's features, m².
    pub overlap_m2: f64,
    /// Distance to its nearest feature, m; absent when the layer has none.
    pub distance_m: Option<f64>,
    /// The verdict in words.
    pub explanation: Text,
}

/// Distance from a site to the nearest anchor of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AnchorDistance {
    /// Kind of anchor.
    pub kind: LayerKind,
    /// Name of the nearest one.
    pub name: String,
    /// Straight distance, m.
    pub distance_m: f64,
}

/// One part of a site's score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ScorePart {
    /// Criterion, e.g. `slope`, `towns`.
    pub criterion: String,
    /// Name of the criterion.
    pub name: Text,
    /// Weight, all weights sum to 1.
    pub weight: f64,
    /// Mean membership over the site, 0 to 1.
    pub membership: f64,
}

/// A candidate site (备选址).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Candidate {
    /// UUIDv7.
    pub id: Uuid,
    /// The assessment that found it.
    pub assessment: Uuid,
    /// Short code within the assessment, best score first, e.g. `B012`.
    pub code: String,
    /// Township it lies in.
    pub area: AreaCode,
    /// Outline: rings of (easting, northing) in metres, the outer ring first, each closed.
    pub rings: Vec<Vec<(f64, f64)>>,
    /// A point inside, (easting, northing).
    pub centre: (f64, f64),
    /// Land area, m².
    pub area_m2: f64,
    /// Households it can take by land per person.
    pub capacity_households: u32,
    /// Mean slope, percent.
    pub slope_percent: f64,
    /// Mean elevation, m.
    pub elevation_m: f64,
    /// Suitability, 0 to 1.
    pub score: f64,
    /// What the score is made of.
    pub score_parts: Vec<ScorePart>,
    /// Nearest anchors.
    pub anchors: Vec<AnchorDistance>,
    /// What each layer says.
    pub verdicts: Vec<LayerVerdict>,
}
