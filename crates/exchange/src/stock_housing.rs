//! Dwellings on the market (存量商品房), one row per estate and type of dwelling.

use anju_model::money::Fen;
use anju_model::register::{Position, StockHousing};
use uuid::Uuid;

use crate::areas::AreaIndex;
use crate::header::Table;
use crate::normal::{self, Refusal};
use crate::rows::{Parsed, read_each};

/// No dwelling costs less: a lower figure is one in 10,000 yuan without its unit.
const LEAST_PRICE: Fen = Fen::from_yuan(10_000);

/// Reads a list of dwellings on offer: the price of a dwelling, or that of a square metre.
pub fn read_stock_housing(
    table: &Table<'_>,
    areas: &AreaIndex,
    mut new_id: impl FnMut() -> Uuid,
) -> Parsed<StockHousing> {
    read_each(table, |row| {
        let name = row.need_text("name");
        let area = row.need("township", |cell| {
            normal::text(cell)?.map(|text| areas.township(&text)).transpose()
        });
        let longitude = row.need("longitude", |cell| normal::number_between(cell, 73.0, 136.0));
        let latitude = row.need("latitude", |cell| normal::number_between(cell, 3.0, 54.0));
        let dwellings = row.need("dwellings", |cell| normal::whole_between(cell, 1, 100_000));
        let dwelling_area_m2 = row.need("area_m2", |cell| normal::number_between(cell, 10.0, 1_000.0));
        let (price_header, unit_header) = (row.header("price"), row.header("unit_price"));
        let whole = row.take("price", |cell| normal::money(cell, &price_header, 1.0));
        let per_metre = row.take("unit_price", |cell| normal::money(cell, &unit_header, 1.0));
        let price = match (whole, per_metre, dwelling_area_m2) {
            (Some(whole), _, _) => Some(whole),
            (None, Some(per_metre), Some(area)) => Some(Fen((per_metre.0 as f64 * area).round() as i64)),
            _ => None,
        };
        let field = if whole.is_none() && per_metre.is_some() {
            "unit_price"
        } else {
            "price"
        };
        match price {
            None if row.problems.is_empty() => row.refuse(
                field,
                Refusal::new(
                    (
                        "没有每套价格，也没有单价",
                        "there is neither the price of a dwelling nor that of a square metre",
                    ),
                    ("补填其中一项", "fill in one of the two"),
                ),
            ),
            Some(price) if price < LEAST_PRICE => row.refuse(
                field,
                Refusal::new(
                    (
                        &format!("每套价格 {price} 元过低"),
                        &format!("a dwelling for {price} yuan is too cheap"),
                    ),
                    (
                        "在表头写明单位（元或万元）",
                        "name the unit in the header, 元 (yuan) or 万元 (10,000 yuan)",
                    ),
                ),
            ),
            _ => {}
        }
        if !row.problems.is_empty() {
            return None;
        }
        Some(StockHousing {
            id: new_id(),
            name: name?,
            area: area?,
            position: Position {
                longitude: longitude?,
                latitude: latitude?,
            },
            dwellings: dwellings.and_then(|dwellings| u32::try_from(dwellings).ok())?,
            dwelling_area_m2: dwelling_area_m2?,
            price: price?,
        })
    })
}
