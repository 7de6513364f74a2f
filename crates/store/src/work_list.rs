//! What waits in an area, and how far each part of it has come: the counts of the start page.

use anju_model::area::{AreaCode, AreaLevel};
use anju_model::identification::Level;
use jiff::civil::Date;

use crate::list::{Conditions, grouped};
use crate::register::count_by_area;
use crate::{Db, StoreError};

/// Notices of a level that are still open although their days have run before `today`, and those whose last day is from
/// `today` to `soon`.
///
/// # Errors
/// When the database fails.
pub async fn notices_by_end(
    db: &Db,
    area: &AreaCode,
    level: Level,
    today: Date,
    soon: Date,
) -> Result<(u64, u64), StoreError> {
    let mut conditions = Conditions::default();
    conditions.within("n.area", area);
    conditions.equal("n.level", Some(level.code()));
    conditions.equal("n.closed", Some(false));
    let today = conditions.bind(today.to_string());
    let soon = conditions.bind(soon.to_string());
    let sql = format!(
        "SELECT COUNT(CASE WHEN n.open_until < {today} THEN 1 END),
         COUNT(CASE WHEN n.open_until >= {today} AND n.open_until <= {soon} THEN 1 END)
         FROM publicity_notice n{}",
        conditions.text()
    );
    match db.first(&sql, conditions.values()).await? {
        Some(row) => Ok((row.count(0)?, row.count(1)?)),
        None => Ok((0, 0)),
    }
}

/// How far a township, village or group has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaProgress {
    /// The area.
    pub area: AreaCode,
    /// Households.
    pub households: u64,
    /// Households that agreed to move.
    pub moving: u64,
    /// Households whose identification was announced.
    pub identified: u64,
    /// Households on a roster in force.
    pub on_roster: u64,
    /// Open look-back items.
    pub open_items: u64,
}

/// The progress of the parts of an area, by code.
///
/// # Errors
/// When the database fails.
pub async fn progress_by_area(
    db: &Db,
    area: &AreaCode,
    level: AreaLevel,
) -> Result<Vec<AreaProgress>, StoreError> {
    let mut progress: Vec<AreaProgress> = count_by_area(db, area, level)
        .await?
        .into_iter()
        .map(|count| AreaProgress {
            area: count.area,
            households: count.households,
            moving: count.moving,
            identified: 0,
            on_roster: 0,
            open_items: 0,
        })
        .collect();
    let column = match level {
        AreaLevel::Province | AreaLevel::Prefecture | AreaLevel::County | AreaLevel::Township => "h.township",
        AreaLevel::Village => "h.village",
        AreaLevel::Group => "h.area",
    };
    let counted = async |from: &str, condition: &str| {
        let mut conditions = Conditions::default();
        conditions.within("h.area", area);
        conditions.and(condition);
        conditions.and(&format!("{column} IS NOT NULL"));
        grouped(
            db,
            &format!("{column}, COUNT(*)"),
            from,
            &conditions,
            column,
            |row| Ok((row.area(0)?, row.count(1)?)),
        )
        .await
    };
    let identified = counted(
        "identification_case c JOIN household h ON h.id = c.household_id",
        "c.step = 'announced'",
    )
    .await?;
    let on_roster = counted(
        "roster r JOIN roster_household p ON p.roster_id = r.id JOIN household h ON h.id = p.household_id",
        "r.roster_state = 'frozen'",
    )
    .await?;
    let open_items = counted(
        "lookback_item i JOIN household h ON h.id = i.household_id",
        "i.item_state = 'open'",
    )
    .await?;
    for part in &mut progress {
        let of = |counts: &[(AreaCode, u64)]| {
            let found = counts.iter().find(|(area, _)| *area == part.area);
            found.map_or(0, |(_, count)| *count)
        };
        let found = [of(&identified), of(&on_roster), of(&open_items)];
        [part.identified, part.on_roster, part.open_items] = found;
    }
    Ok(progress)
}
