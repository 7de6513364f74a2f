//! The invented county on its terrain: townships, villages, roads, rivers, hazards, farmland, plans and facilities.
//!
//! Everything follows from the elevation and the seed. Rivers are where the water collects, floods reach what lies little above
//! them, slides are on steep hollow slopes, the red line takes the high ridges, farmland the valley floors, towns the largest
//! flats near a stream, and roads the cheapest ways between them. People and files come later (see [`crate::people`]).

use geo::{LineString, Polygon};

use crate::error::ExampleError;
use crate::hydrology::{Drainage, courses, drainage, height_above_drainage};
use crate::names;
use crate::outline::{NOTHING, mask_polygons, polygons, smoothed, without_corner_contacts};
use crate::random::{Dice, Noise};
use crate::raster::Raster;
use crate::terrain::Terrain;

/// A point in the county's metric system: easting, northing.
pub(crate) type Place = (f64, f64);

/// A township with its seat.
pub(crate) struct Township {
    pub(crate) name: String,
    /// 9 digits.
    pub(crate) code: String,
    pub(crate) seat: Place,
    pub(crate) outlines: Vec<Polygon<f64>>,
}

/// A village with the centres of its groups.
pub(crate) struct Village {
    pub(crate) name: String,
    /// 12 digits.
    pub(crate) code: String,
    pub(crate) township: usize,
    pub(crate) centre: Place,
    pub(crate) groups: Vec<Place>,
    /// Whether planners call it a central village.
    pub(crate) central: bool,
}

/// An area made of cells, with its outline.
pub(crate) struct Zone {
    pub(crate) outline: Polygon<f64>,
    /// Cells of the 30 m grid.
    pub(crate) cells: Vec<usize>,
}

/// A hazard-prone zone.
pub(crate) struct HazardZone {
    pub(crate) zone: Zone,
    pub(crate) kind: &'static str,
    /// 高, 中 or 低.
    pub(crate) grade: &'static str,
}

/// A registered hazard point.
pub(crate) struct HazardPoint {
    pub(crate) code: String,
    pub(crate) kind: &'static str,
    pub(crate) scale: &'static str,
    pub(crate) grade: &'static str,
    pub(crate) place: Place,
    /// Index of its hazard zone, or of its flood zone when `flood`.
    pub(crate) zone: usize,
    pub(crate) flood: bool,
}

/// A watercourse.
pub(crate) struct River {
    pub(crate) name: String,
    pub(crate) line: LineString<f64>,
    /// Catchment at its lower end, km².
    pub(crate) catchment_km2: f64,
}

/// A stretch of road.
pub(crate) struct Road {
    pub(crate) name: String,
    /// 国道, 省道, 县道, 乡道 or 村道.
    pub(crate) class: &'static str,
    pub(crate) line: LineString<f64>,
}

/// A named area of a plan.
pub(crate) struct PlanArea {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) outline: Polygon<f64>,
}

/// A public facility.
pub(crate) struct Facility {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) place: Place,
    /// Places (school places, beds, persons a year), 0 where places do not count.
    pub(crate) capacity: u32,
    /// Places taken.
    pub(crate) used: u32,
}

/// The county's land.
pub(crate) struct Geography {
    pub(crate) terrain: Terrain,
    /// Slope in percent (Horn) on the terrain's grid.
    pub(crate) slope: Raster<f32>,
    /// Index of the township on a grid of three times the cell size.
    pub(crate) township_of: Raster<u16>,
    pub(crate) townships: Vec<Township>,
    pub(crate) villages: Vec<Village>,
    pub(crate) rivers: Vec<River>,
    pub(crate) river_cells: Raster<bool>,
    pub(crate) floods: Vec<Zone>,
    pub(crate) hazards: Vec<HazardZone>,
    pub(crate) points: Vec<HazardPoint>,
    pub(crate) red_line: Vec<Zone>,
    pub(crate) farmland: Vec<Zone>,
    pub(crate) functional: Vec<PlanArea>,
    pub(crate) town_plan: Vec<PlanArea>,
    pub(crate) roads: Vec<Road>,
    pub(crate) parks: Vec<PlanArea>,
    pub(crate) facilities: Vec<Facility>,
    /// Distance to the nearest hazard zone, flood zone or hazard point, m.
    pub(crate) danger_distance: Raster<f32>,
    /// Distance to the red line, m.
    pub(crate) red_line_distance: Raster<f32>,
}

const VILLAGES: usize = 180;
/// Side of a planning cell in terrain cells.
const COARSE: usize = 3;

impl Geography {
    /// The township a place lies in, well inside: places within about 100 m of a boundary have none.
    pub(crate) fn township_at(&self, place: Place) -> Option<usize> {
        let index = self.township_of.cell_at(place.0, place.1)?;
        let own = self.township_of.values[index];
        let clear = self
            .township_of
            .neighbours(index)
            .all(|(neighbour, _)| self.township_of.values[neighbour] == own);
        (own != NOTHING && clear).then_some(usize::from(own))
    }

    /// The village a place belongs to (the nearest of its township) and its group there.
    pub(crate) fn village_at(&self, place: Place) -> Option<(usize, usize)> {
        let township = self.township_at(place)?;
        let distance = |other: Place| (other.0 - place.0).hypot(other.1 - place.1);
        let (village, found) = self
            .villages
            .iter()
            .enumerate()
            .filter(|(_, village)| village.township == township)
            .min_by(|a, b| distance(a.1.centre).total_cmp(&distance(b.1.centre)))?;
        let group = (0..found.groups.len())
            .min_by(|a, b| distance(found.groups[*a]).total_cmp(&distance(found.groups[*b])))?;
        Some((village, group))
    }
}

/// Slope in percent after Horn (1981); the outermost cells take their own value for the missing neighbours.
fn slope_percent(terrain: &Raster<f32>) -> Raster<f32> {
    let (width, height) = (terrain.width as i64, terrain.height as i64);
    terrain.derive(|index| {
        let (column, row) = (index as i64 % width, index as i64 / width);
        let z = |dx: i64, dy: i64| {
            let (c, r) = ((column + dx).clamp(0, width - 1), (row + dy).clamp(0, height - 1));
            f64::from(terrain.values[(r * width + c) as usize])
        };
        let east = z(1, -1) + 2.0 * z(1, 0) + z(1, 1) - z(-1, -1) - 2.0 * z(-1, 0) - z(-1, 1);
        let south = z(-1, 1) + 2.0 * z(0, 1) + z(1, 1) - z(-1, -1) - 2.0 * z(0, -1) - z(1, -1);
        (east.hypot(south) / (8.0 * terrain.cell) * 100.0) as f32
    })
}

/// Means of blocks of terrain cells.
fn coarse(raster: &Raster<f32>) -> Raster<f32> {
    let (width, height) = (raster.width / COARSE, raster.height / COARSE);
    let values = (0..width * height)
        .map(|index| {
            let (column, row) = (index % width * COARSE, index / width * COARSE);
            let block = (0..COARSE * COARSE)
                .map(|part| raster.values[(row + part / COARSE) * raster.width + column + part % COARSE]);
            block.sum::<f32>() / (COARSE * COARSE) as f32
        })
        .collect();
    Raster {
        width,
        height,
        cell: raster.cell * COARSE as f64,
        west: raster.west,
        north: raster.north,
        values,
    }
}

/// The value below which `share` of the marked cells lie.
fn quantile(values: &Raster<f32>, inside: &Raster<bool>, share: f64) -> f32 {
    let mut kept: Vec<f32> = values
        .values
        .iter()
        .zip(&inside.values)
        .filter(|(_, inside)| **inside)
        .map(|(value, _)| *value)
        .collect();
    kept.sort_by(f32::total_cmp);
    kept.get(((kept.len() as f64 * share) as usize).min(kept.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0.0)
}

fn zones(mask: &Raster<bool>, least_m2: f64) -> Vec<Zone> {
    mask_polygons(mask, least_m2)
        .into_iter()
        .map(|(outline, cells)| Zone { outline, cells })
        .collect()
}

fn covered(grid: &Raster<f32>, zones: &[Zone]) -> Raster<bool> {
    let mut mask = grid.derive(|_| false);
    for cell in zones.iter().flat_map(|zone| &zone.cells) {
        mask.values[*cell] = true;
    }
    mask
}

/// Lays out the county.
///
/// # Errors
/// When the terrain is too small or too steep for the townships and villages asked for.
pub(crate) fn lay_out(terrain: Terrain, townships: usize, seed: u64) -> Result<Geography, ExampleError> {
    let height = terrain.elevation.clone();
    let slope = slope_percent(&height);
    let water = drainage(&height);
    let inside = county_mask(&terrain, seed);

    // Rivers and floods.
    let river_least = 12.0;
    let river_cells = height.derive(|index| water.catchment[index] >= river_least);
    let river_distance = river_cells.distance();
    let above = height_above_drainage(&height, &water, river_least);
    let flood_mask = height
        .derive(|index| {
            inside.values[index]
                && slope.values[index] < 14.0
                && above[index] <= 3.2
                && f64::from(river_distance.values[index])
                    <= 60.0 + f64::from(water.catchment[index].min(60.0)) + 180.0
        })
        .rounded(1);
    let floods = zones(&flood_mask, 15_000.0);
    let flood_mask = covered(&height, &floods);
    let rivers = named_rivers(&height, &water, &inside, seed);

    // Towns and villages.
    let coarse_slope = coarse(&slope);
    let coarse_inside = coarse(&inside.derive(|index| f32::from(u8::from(inside.values[index]))));
    let coarse_inside = coarse_inside.derive(|index| coarse_inside.values[index] > 0.5);
    let coarse_flood = coarse(&flood_mask.derive(|index| f32::from(u8::from(flood_mask.values[index]))));
    let stream = height.derive(|index| water.catchment[index] >= 3.0).distance();
    let coarse_stream = coarse(&stream);
    let seats = choose_seats(
        &coarse_slope,
        &coarse_inside,
        &coarse_flood,
        &coarse_stream,
        townships,
        &mut Dice::new(seed, "seats"),
    )?;
    let going: Vec<f64> = (0..coarse_slope.values.len())
        .map(|index| {
            if coarse_inside.values[index] {
                1.0 + f64::from(coarse_slope.values[index]) / 12.0
            } else {
                f64::INFINITY
            }
        })
        .collect();
    let township_of = partition(&coarse_slope, &coarse_inside, &seats, &going);
    let mut outlines = polygons(&township_of);
    let townships: Vec<Township> = seats
        .iter()
        .enumerate()
        .map(|(number, &seat)| Township {
            name: names::TOWNSHIPS[number % names::TOWNSHIPS.len()].to_owned(),
            // Towns are numbered from 100, townships (乡) from 200, as in the statistical codes.
            code: {
                let rural = names::TOWNSHIPS[number % names::TOWNSHIPS.len()].ends_with('乡');
                let before = (0..number)
                    .filter(|other| names::TOWNSHIPS[other % names::TOWNSHIPS.len()].ends_with('乡') == rural)
                    .count();
                format!("{}{}{:02}", names::COUNTY_CODE, if rural { 2 } else { 1 }, before)
            },
            seat: coarse_slope.centre(seat),
            outlines: outlines.remove(&(number as u16)).unwrap_or_default(),
        })
        .collect();
    let mut villages = choose_villages(
        &coarse_slope,
        &coarse_inside,
        &coarse_flood,
        &coarse_stream,
        &township_of,
        &townships,
        &mut Dice::new(seed, "villages"),
    )?;

    // Hazards, red line, plans, farmland.
    let hazards = hazard_zones(
        &height,
        &slope,
        &inside,
        &flood_mask,
        &stream,
        &townships,
        &mut Dice::new(seed, "hazards"),
    );
    let smooth_height = height.mean(20);
    let high = quantile(&smooth_height, &inside, 0.80);
    let core = quantile(&smooth_height, &inside, 0.93);
    let noise = Noise::new(&mut Dice::new(seed, "red line"), 2500.0);
    let spread = (core - high).max(1.0);
    let mut settled = height.derive(|_| false);
    for place in villages
        .iter()
        .map(|village| village.centre)
        .chain(townships.iter().map(|township| township.seat))
    {
        if let Some(cell) = height.cell_at(place.0, place.1) {
            settled.values[cell] = true;
        }
    }
    let settled = settled.distance();
    let red_mask = height
        .derive(|index| {
            let (x, y) = height.centre(index);
            let level = smooth_height.values[index] + noise.at(x, y) as f32 * spread * 0.5;
            inside.values[index] && settled.values[index] > 650.0 && level > high
        })
        .rounded(5);
    let red_line = zones(&red_mask, 800_000.0);
    let red_mask = covered(&height, &red_line);
    let red_line_distance = red_mask.distance();

    let (town_plan, parks, plan_mask) = town_plans(
        &height,
        &slope,
        &inside,
        &flood_mask,
        &township_of,
        &townships,
        &mut Dice::new(seed, "plan"),
    );
    let hazard_mask = {
        let mut mask = height.derive(|_| false);
        for cell in hazards.iter().flat_map(|hazard| &hazard.zone.cells) {
            mask.values[*cell] = true;
        }
        mask
    };
    let gentle = slope.mean(1);
    let fields = Noise::new(&mut Dice::new(seed, "fields"), 900.0);
    let farmland_mask = height
        .derive(|index| {
            let (x, y) = height.centre(index);
            inside.values[index]
                && !plan_mask.values[index]
                && !red_mask.values[index]
                && !hazard_mask.values[index]
                && !river_cells.values[index]
                && settled.values[index] > 120.0
                && f64::from(gentle.values[index]) < 11.0 + 3.5 * fields.at(y, x)
                && fields.at(x, y) > -0.35
        })
        .rounded(1);
    let farmland = zones(&farmland_mask, 20_000.0);
    let functional = functional_zones(
        &coarse_inside,
        &smooth_height,
        core,
        &red_mask,
        &townships,
        &gentle,
    );
    let roads = road_network(
        &coarse_slope,
        &coarse_inside,
        &river_cells,
        &townships,
        &villages,
        seed,
    );

    // Points of danger.
    let points = hazard_points(&height, &hazards, &floods, &mut Dice::new(seed, "points"));
    let mut danger = height.derive(|index| hazard_mask.values[index] || flood_mask.values[index]);
    for point in &points {
        if let Some(cell) = height.cell_at(point.place.0, point.place.1) {
            danger.values[cell] = true;
        }
    }
    let danger_distance = danger.distance();
    choose_central_villages(&mut villages, &slope, townships.len());
    let facilities = facilities(&townships, &villages, &mut Dice::new(seed, "facilities"));

    Ok(Geography {
        terrain,
        slope,
        township_of,
        townships,
        villages,
        rivers,
        river_cells,
        floods,
        hazards,
        points,
        red_line,
        farmland,
        functional,
        town_plan,
        roads,
        parks,
        facilities,
        danger_distance,
        red_line_distance,
    })
}

/// The county's land: the terrain without an uneven margin, so that the county does not end in straight lines.
fn county_mask(terrain: &Terrain, seed: u64) -> Raster<bool> {
    let grid = &terrain.elevation;
    let noise = Noise::new(&mut Dice::new(seed, "boundary"), 6000.0);
    let edge = grid
        .derive(|index| {
            let (column, row) = (index % grid.width, index / grid.width);
            let border = column == 0 || row == 0 || column + 1 == grid.width || row + 1 == grid.height;
            border || !terrain.known.values[index]
        })
        .distance();
    let wide = (grid.width.min(grid.height) as f64 * grid.cell * 0.02).min(600.0);
    let mask = grid.derive(|index| {
        let (x, y) = grid.centre(index);
        f64::from(edge.values[index]) > wide * (1.6 + noise.at(x, y))
    });
    let largest = mask.parts(1).into_iter().max_by_key(Vec::len).unwrap_or_default();
    let mut county = grid.derive(|_| false);
    for cell in largest {
        county.values[cell] = true;
    }
    county
}

fn named_rivers(grid: &Raster<f32>, water: &Drainage, inside: &Raster<bool>, seed: u64) -> Vec<River> {
    const WORDS: [&str; 16] = [
        "澜水", "青溪", "白沙", "岚", "双桥", "麻柳", "黑水", "月", "清", "石门", "金钱", "洞", "响水",
        "茅坪", "汝", "蒿",
    ];
    let mut dice = Dice::new(seed, "rivers");
    let mut words: Vec<&str> = WORDS[1..].to_vec();
    dice.shuffle(&mut words);
    let mut rivers = Vec::new();
    for (cells, catchment) in courses(grid, water, 4.0) {
        // A course may leave the county and come back: each stretch inside is a feature of the same river.
        let name = match rivers.len() {
            0 => format!("{}河", WORDS[0]),
            number if number <= words.len() => format!("{}河", words[number - 1]),
            number => format!(
                "{}{}沟",
                words[number % words.len()],
                (b'A' + (number / words.len() - 1) as u8 % 26) as char
            ),
        };
        let mut stretch = Vec::new();
        for cell in cells.into_iter().map(Some).chain([None]) {
            match cell {
                Some(cell) if inside.values[cell] => stretch.push(grid.centre(cell)),
                _ => {
                    if stretch.len() >= 10 {
                        rivers.push(River {
                            name: name.clone(),
                            line: smoothed(&thinned(&stretch), 2),
                            catchment_km2: f64::from(catchment),
                        });
                    }
                    stretch.clear();
                }
            }
        }
    }
    rivers
}

/// Every third point and both ends, so that smoothing hides the steps of the grid.
fn thinned(points: &[Place]) -> Vec<Place> {
    let last = points.len().saturating_sub(1);
    points
        .iter()
        .enumerate()
        .filter(|(index, _)| index % 3 == 0 || *index == last)
        .map(|(_, point)| *point)
        .collect()
}

fn choose_seats(
    slope: &Raster<f32>,
    inside: &Raster<bool>,
    flood: &Raster<f32>,
    stream: &Raster<f32>,
    count: usize,
    dice: &mut Dice,
) -> Result<Vec<usize>, ExampleError> {
    let flat = slope
        .derive(|index| f32::from(u8::from(slope.values[index] < 11.0 && inside.values[index])))
        .mean(7);
    let margin = inside.derive(|index| !inside.values[index]).distance();
    let score: Vec<f64> = (0..slope.values.len())
        .map(|index| {
            let place = inside.values[index]
                && margin.values[index] > 1100.0
                && flood.values[index] == 0.0
                && slope.values[index] < 14.0
                && (90.0..900.0).contains(&stream.values[index]);
            if place {
                f64::from(flat.values[index]) + 0.06 * dice.unit()
            } else {
                -1.0
            }
        })
        .collect();
    let land = inside.values.iter().filter(|inside| **inside).count() as f64;
    let area = land * slope.cell * slope.cell;
    let middle = (
        slope.west + slope.width as f64 * slope.cell / 2.0,
        slope.north - slope.height as f64 * slope.cell / 2.0,
    );
    let size = area.sqrt();
    let first = (0..score.len())
        .filter(|index| score[*index] > 0.0)
        .max_by(|a, b| {
            let central = |index: usize| {
                let (x, y) = slope.centre(index);
                score[index] - (x - middle.0).hypot(y - middle.1) / size * 1.2
            };
            central(*a).total_cmp(&central(*b))
        })
        .ok_or(ExampleError::TerrainUnsuitable {
            what: "a county seat",
            found: 0,
            wanted: 1,
        })?;
    let mut apart = (area / count as f64).sqrt();
    let mut best = Vec::new();
    while apart > 800.0 {
        let mut seats = vec![first];
        while seats.len() < count {
            let next = (0..score.len())
                .filter(|index| score[*index] > 0.0)
                .filter(|index| {
                    let (x, y) = slope.centre(*index);
                    seats.iter().all(|seat| {
                        let (sx, sy) = slope.centre(*seat);
                        (x - sx).hypot(y - sy) >= apart
                    })
                })
                .max_by(|a, b| score[*a].total_cmp(&score[*b]));
            match next {
                Some(seat) => seats.push(seat),
                None => break,
            }
        }
        if seats.len() == count {
            return Ok(seats);
        }
        best = seats;
        apart *= 0.93;
    }
    Err(ExampleError::TerrainUnsuitable {
        what: "township seats on flat land near water",
        found: best.len(),
        wanted: count,
    })
}

/// Gives each planning cell to the seat that is reached most easily.
fn partition(grid: &Raster<f32>, inside: &Raster<bool>, seats: &[usize], going: &[f64]) -> Raster<u16> {
    let (spent, before) = grid.cheapest_ways(seats, going);
    let mut order: Vec<usize> = (0..spent.len())
        .filter(|index| spent[*index].is_finite())
        .collect();
    order.sort_by(|a, b| spent[*a].total_cmp(&spent[*b]).then(a.cmp(b)));
    let mut owner = grid.derive(|_| NOTHING);
    for index in order {
        owner.values[index] = match before[index] {
            own if own == index => seats
                .iter()
                .position(|seat| *seat == index)
                .map_or(NOTHING, |seat| seat as u16),
            from => owner.values[from],
        };
    }
    let mut owner = owner.derive(|index| {
        if inside.values[index] {
            owner.values[index]
        } else {
            NOTHING
        }
    });
    without_corner_contacts(&mut owner);
    owner
}

fn choose_villages(
    slope: &Raster<f32>,
    inside: &Raster<bool>,
    flood: &Raster<f32>,
    stream: &Raster<f32>,
    township_of: &Raster<u16>,
    townships: &[Township],
    dice: &mut Dice,
) -> Result<Vec<Village>, ExampleError> {
    let margin = inside.derive(|index| !inside.values[index]).distance();
    let mut sites: Vec<Vec<usize>> = vec![Vec::new(); townships.len()];
    for index in 0..slope.values.len() {
        let owner = township_of.values[index];
        let good = owner != NOTHING
            && slope.values[index] < 20.0
            && flood.values[index] == 0.0
            && stream.values[index] < 900.0
            && margin.values[index] > 400.0
            && township_of
                .neighbours(index)
                .all(|(neighbour, _)| township_of.values[neighbour] == owner);
        if good {
            sites[usize::from(owner)].push(index);
        }
    }
    let weights: Vec<f64> = sites.iter().map(|sites| (sites.len() as f64).sqrt()).collect();
    let total: f64 = weights.iter().sum();
    let mut quota: Vec<usize> = weights
        .iter()
        .map(|weight| ((VILLAGES as f64 * weight / total).floor() as usize).max(4))
        .collect();
    let mut next = 0;
    while quota.iter().sum::<usize>() < VILLAGES {
        let count = quota.len();
        quota[next % count] += 1;
        next += 1;
    }
    let mut used: Vec<String> = Vec::new();
    let mut villages = Vec::new();
    for (township, sites) in sites.iter_mut().enumerate() {
        dice.shuffle(sites);
        // Gentle land first, by halves, so that villages take the valley floors before the slopes.
        sites.sort_by_key(|index| (slope.values[*index] / 7.0) as i64);
        let mut chosen: Vec<Place> = vec![townships[township].seat];
        let mut apart = 1500.0;
        while chosen.len() < quota[township] && apart > 250.0 {
            for site in sites.iter() {
                let (x, y) = slope.centre(*site);
                if chosen.len() < quota[township]
                    && chosen.iter().all(|(cx, cy)| (x - cx).hypot(y - cy) >= apart)
                {
                    chosen.push((x, y));
                }
            }
            apart *= 0.85;
        }
        if chosen.len() < 2 {
            return Err(ExampleError::TerrainUnsuitable {
                what: "village sites in a township",
                found: chosen.len(),
                wanted: 2,
            });
        }
        for (number, centre) in chosen.into_iter().enumerate() {
            let name = loop {
                let name = if number == 0 {
                    format!("{}街", townships[township].name.trim_end_matches(['镇', '乡']))
                } else {
                    names::village(dice)
                };
                if !used.contains(&name) {
                    break name;
                }
            };
            used.push(name.clone());
            let (suffix, serial) = if number == 0 {
                ("社区", 1)
            } else {
                ("村", 199 + number)
            };
            villages.push(Village {
                name: format!("{name}{suffix}"),
                code: format!("{}{serial:03}", townships[township].code),
                township,
                centre,
                groups: Vec::new(),
                central: false,
            });
        }
    }
    // Groups: hamlets on land fit to live on around the village.
    for village in &mut villages {
        let wanted = dice.between(4, 7) as usize;
        let mut around = slope.around(village.centre.0, village.centre.1, 1100.0);
        around.retain(|index| {
            usize::from(township_of.values[*index]) == village.township
                && slope.values[*index] < 32.0
                && flood.values[*index] == 0.0
        });
        dice.shuffle(&mut around);
        let mut groups = vec![village.centre];
        for apart in [420.0, 250.0, 120.0] {
            for index in &around {
                let (x, y) = slope.centre(*index);
                if groups.len() < wanted && groups.iter().all(|(gx, gy)| (x - gx).hypot(y - gy) >= apart) {
                    groups.push((x, y));
                }
            }
        }
        village.groups = groups;
    }
    Ok(villages)
}

fn hazard_zones(
    height: &Raster<f32>,
    slope: &Raster<f32>,
    inside: &Raster<bool>,
    flood: &Raster<bool>,
    stream: &Raster<f32>,
    townships: &[Township],
    dice: &mut Dice,
) -> Vec<HazardZone> {
    let smooth_slope = slope.mean(2);
    let around = height.mean(6);
    let flood_distance = flood.distance();
    let margin = inside.derive(|index| !inside.values[index]).distance();
    let mut seeds: Vec<(usize, f64)> = (0..height.values.len())
        .filter(|&index| {
            inside.values[index]
                && margin.values[index] > 500.0
                && (26.0..85.0).contains(&smooth_slope.values[index])
                && around.values[index] - height.values[index] > 2.0
                && stream.values[index] < 900.0
                && flood_distance.values[index] > 120.0
        })
        .map(|index| {
            let hollow = f64::from(around.values[index] - height.values[index]).min(12.0) / 12.0;
            (
                index,
                hollow + f64::from(smooth_slope.values[index]) / 100.0 + dice.unit() * 2.0,
            )
        })
        .collect();
    seeds.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let far_from_towns = |place: Place| {
        townships
            .iter()
            .all(|township| (township.seat.0 - place.0).hypot(township.seat.1 - place.1) > 800.0)
    };
    let mut mask = height.derive(|_| false);
    let mut chosen: Vec<Place> = Vec::new();
    for (index, _) in seeds {
        let (x, y) = height.centre(index);
        if chosen.len() >= 150 {
            break;
        }
        if !far_from_towns((x, y)) || chosen.iter().any(|(cx, cy)| (x - cx).hypot(y - cy) < 750.0) {
            continue;
        }
        chosen.push((x, y));
        // One to three lobes make a cluster.
        for _ in 0..dice.between(1, 3) {
            let (lx, ly) = (
                x + dice.between(-120, 120) as f64,
                y + dice.between(-120, 120) as f64,
            );
            let (long, short) = (dice.between(110, 230) as f64, dice.between(70, 130) as f64);
            // The lobe points down the slope.
            let (dx, dy) = downhill(&around, index);
            for cell in height.around(lx, ly, long) {
                let (cx, cy) = height.centre(cell);
                let (along, across) = ((cx - lx) * dx + (cy - ly) * dy, (cx - lx) * dy - (cy - ly) * dx);
                let within = (along / long).powi(2) + (across / short).powi(2) < 1.0;
                if within && inside.values[cell] && slope.values[cell] > 12.0 && !flood.values[cell] {
                    mask.values[cell] = true;
                }
            }
        }
    }
    let mask = mask.rounded(1);
    zones(&mask, 15_000.0)
        .into_iter()
        .map(|zone| {
            let mean = zone
                .cells
                .iter()
                .map(|cell| f64::from(slope.values[*cell]))
                .sum::<f64>()
                / zone.cells.len() as f64;
            let kind = match dice.below(100) {
                0..62 => "滑坡",
                62..80 => "泥石流",
                80..95 => "崩塌",
                _ => "地面塌陷",
            };
            let grade = if mean > 42.0 {
                "高"
            } else if mean > 30.0 {
                "中"
            } else {
                "低"
            };
            HazardZone { zone, kind, grade }
        })
        .collect()
}

/// Unit vector of steepest descent on a smoothed surface.
fn downhill(surface: &Raster<f32>, index: usize) -> (f64, f64) {
    let (mut x, mut y) = (0.0, 0.0);
    let (cx, cy) = surface.centre(index);
    for (neighbour, _) in surface.neighbours(index) {
        let drop = f64::from(surface.values[index] - surface.values[neighbour]);
        let (nx, ny) = surface.centre(neighbour);
        x += (nx - cx) * drop;
        y += (ny - cy) * drop;
    }
    let length = x.hypot(y);
    if length > 0.0 {
        (x / length, y / length)
    } else {
        (1.0, 0.0)
    }
}

fn hazard_points(
    height: &Raster<f32>,
    hazards: &[HazardZone],
    floods: &[Zone],
    dice: &mut Dice,
) -> Vec<HazardPoint> {
    let lowest = |zone: &Zone| {
        let inner = inner_cells(height, zone);
        let cell = inner
            .iter()
            .min_by(|a, b| height.values[**a].total_cmp(&height.values[**b]).then(a.cmp(b)));
        height.centre(cell.copied().unwrap_or(zone.cells[0]))
    };
    let mut points = Vec::new();
    for (number, hazard) in hazards.iter().enumerate() {
        let size = hazard.zone.cells.len();
        points.push(HazardPoint {
            code: format!("{}{:04}", names::COUNTY_CODE, points.len() + 1),
            kind: hazard.kind,
            scale: if size > 110 {
                "大型"
            } else if size > 50 {
                "中型"
            } else {
                "小型"
            },
            grade: match hazard.grade {
                "高" if dice.chance(0.35) => "极高",
                "高" => "高",
                "中" => "中",
                _ => "低",
            },
            place: lowest(&hazard.zone),
            zone: number,
            flood: false,
        });
    }
    let mut by_size: Vec<usize> = (0..floods.len()).collect();
    by_size.sort_by_key(|zone| (std::cmp::Reverse(floods[*zone].cells.len()), *zone));
    for zone in by_size.into_iter().take(45) {
        let size = floods[zone].cells.len();
        // Long flood zones carry several points, one for about every 40 hectares.
        let inner = inner_cells(height, &floods[zone]);
        for part in 0..(size / 440 + 1).min(8) {
            let Some(cell) = inner.get(inner.len() * (2 * part + 1) / (2 * (size / 440 + 1))) else {
                continue;
            };
            points.push(HazardPoint {
                code: format!("{}{:04}", names::COUNTY_CODE, points.len() + 1),
                kind: "山洪",
                scale: if size > 600 { "大型" } else { "中型" },
                grade: dice.pick::<&'static str>(&["高", "中", "中", "低"]),
                place: height.centre(*cell),
                zone,
                flood: true,
            });
        }
    }
    points
}

/// Cells of a zone whose four neighbours belong to it too: they lie wholly inside its outline.
pub(crate) fn inner_cells<T>(grid: &Raster<T>, zone: &Zone) -> Vec<usize> {
    let mut own: Vec<usize> = zone.cells.clone();
    own.sort_unstable();
    let inside = |cell: usize| own.binary_search(&cell).is_ok();
    own.iter()
        .copied()
        .filter(|cell| {
            let neighbours: Vec<usize> = grid.edge_neighbours(*cell).collect();
            neighbours.len() == 4 && neighbours.into_iter().all(inside)
        })
        .collect()
}

type Plans = (Vec<PlanArea>, Vec<PlanArea>, Raster<bool>);

fn town_plans(
    height: &Raster<f32>,
    slope: &Raster<f32>,
    inside: &Raster<bool>,
    flood: &Raster<bool>,
    township_of: &Raster<u16>,
    townships: &[Township],
    dice: &mut Dice,
) -> Plans {
    const BUILDING: u16 = 0;
    const INDUSTRY: u16 = 1;
    const GREEN: u16 = 2;
    const PUBLIC: u16 = 3;
    let noise = Noise::new(dice, 700.0);
    let kinds = Noise::new(dice, 500.0);
    let gentle = slope.mean(2);
    let (mut plan, mut parks) = (Vec::new(), Vec::new());
    let mut mask = height.derive(|_| false);
    // The county seat and three large towns have an industrial park.
    let mut room: Vec<(usize, usize)> = townships
        .iter()
        .enumerate()
        .map(|(number, township)| {
            let flat = height.around(township.seat.0, township.seat.1, 1200.0);
            (
                flat.into_iter()
                    .filter(|cell| gentle.values[*cell] < 10.0)
                    .count(),
                number,
            )
        })
        .collect();
    room.sort_by(|a, b| b.cmp(a));
    let mut with_park = vec![0];
    with_park.extend(
        room.iter()
            .map(|(_, number)| *number)
            .filter(|number| *number != 0)
            .take(3),
    );
    for (number, township) in townships.iter().enumerate() {
        let radius = if number == 0 {
            1500.0
        } else {
            520.0 + 220.0 * dice.unit()
        };
        let (sx, sy) = township.seat;
        let park_angle = dice.unit() * std::f64::consts::TAU;
        let park_at = if with_park.contains(&number) {
            (0..24)
                .map(|turn| park_angle + f64::from(turn) * std::f64::consts::TAU / 24.0)
                .map(|angle| (sx + radius * 0.85 * angle.cos(), sy + radius * 0.85 * angle.sin()))
                .max_by_key(|(x, y)| {
                    height
                        .around(*x, *y, 330.0)
                        .into_iter()
                        .filter(|cell| {
                            gentle.values[*cell] < 12.0 && !flood.values[*cell] && inside.values[*cell]
                        })
                        .count()
                })
        } else {
            None
        };
        let mut labels = height.derive(|_| NOTHING);
        for cell in height.around(sx, sy, radius * 1.6) {
            let (x, y) = height.centre(cell);
            let own = township_of
                .cell_at(x, y)
                .is_some_and(|coarse| usize::from(township_of.values[coarse]) == number);
            if !own || !inside.values[cell] {
                continue;
            }
            let reach = (x - sx).hypot(y - sy) / (radius * (1.0 + 0.3 * noise.at(x, y)));
            let near_park =
                park_at.is_some_and(|(px, py)| (x - px).hypot(y - py) < 330.0 * (1.0 + 0.2 * noise.at(y, x)));
            labels.values[cell] = if flood.values[cell] && reach < 1.1 {
                GREEN
            } else if near_park && gentle.values[cell] < 16.0 && !flood.values[cell] {
                INDUSTRY
            } else if reach < 1.0 && gentle.values[cell] < 22.0 {
                if reach < 0.3 && kinds.at(x, y) > 0.1 {
                    PUBLIC
                } else {
                    BUILDING
                }
            } else {
                continue;
            };
        }
        for (label, kind) in [
            (BUILDING, "居住用地"),
            (INDUSTRY, "工业用地"),
            (GREEN, "绿地与开敞空间用地"),
            (PUBLIC, "公共管理与公共服务用地"),
        ] {
            let part = labels.derive(|index| labels.values[index] == label).rounded(1);
            let mut serial = 0;
            for (outline, cells) in mask_polygons(&part, 9_000.0) {
                for cell in &cells {
                    mask.values[*cell] = true;
                }
                serial += 1;
                let town = township.name.trim_end_matches(['镇', '乡']);
                if label == INDUSTRY && serial == 1 && cells.len() > 80 {
                    let name = if number == 0 {
                        "安澜县产业园区".to_owned()
                    } else {
                        format!("{town}特色产业园")
                    };
                    parks.push(PlanArea {
                        name,
                        kind: "产业园区",
                        outline: outline.clone(),
                    });
                }
                plan.push(PlanArea {
                    name: format!("{}{kind}{serial}", township.name),
                    kind,
                    outline,
                });
            }
        }
    }
    (plan, parks, mask)
}

fn functional_zones(
    inside: &Raster<bool>,
    smooth_height: &Raster<f32>,
    core: f32,
    red_line: &Raster<bool>,
    townships: &[Township],
    gentle: &Raster<f32>,
) -> Vec<PlanArea> {
    const KINDS: [&str; 3] = ["重点开发区", "限制开发区", "禁止开发区"];
    let gentle_share = gentle
        .derive(|index| f32::from(u8::from(gentle.values[index] < 12.0)))
        .mean(25);
    let sampled = |place: Place| smooth_height.cell_at(place.0, place.1);
    let mut labels = inside.derive(|index| {
        let place = inside.centre(index);
        let Some(cell) = sampled(place).filter(|_| inside.values[index]) else {
            return NOTHING;
        };
        let seat = townships.first().map_or(f64::INFINITY, |seat| {
            (seat.seat.0 - place.0).hypot(seat.seat.1 - place.1)
        });
        let town = townships
            .iter()
            .map(|town| (town.seat.0 - place.0).hypot(town.seat.1 - place.1))
            .fold(f64::INFINITY, f64::min);
        if red_line.values[cell] && smooth_height.values[cell] > core {
            2
        } else if gentle_share.values[cell] > 0.35 && (seat < 5500.0 || town < 2200.0) {
            0
        } else {
            1
        }
    });
    // Specks take the kind around them.
    for label in [0, 2] {
        let mask = inside.derive(|index| labels.values[index] == label).rounded(3);
        for index in 0..labels.values.len() {
            if labels.values[index] == label || mask.values[index] && labels.values[index] == 1 {
                labels.values[index] = if mask.values[index] { label } else { 1 };
            }
        }
    }
    without_corner_contacts(&mut labels);
    polygons(&labels)
        .into_iter()
        .flat_map(|(label, outlines)| {
            let kind = KINDS[usize::from(label)];
            outlines
                .into_iter()
                .enumerate()
                .map(move |(serial, outline)| PlanArea {
                    name: format!("{kind}{}", serial + 1),
                    kind,
                    outline,
                })
        })
        .collect()
}

fn road_network(
    slope: &Raster<f32>,
    inside: &Raster<bool>,
    river_cells: &Raster<bool>,
    townships: &[Township],
    villages: &[Village],
    seed: u64,
) -> Vec<Road> {
    let rivers = river_cells.derive(|index| f32::from(u8::from(river_cells.values[index])));
    let rivers = coarse(&rivers);
    let cost: Vec<f64> = (0..slope.values.len())
        .map(|index| {
            if !inside.values[index] {
                return f64::INFINITY;
            }
            let bridge = if rivers.values[index] > 0.0 { 4.0 } else { 0.0 };
            1.0 + (f64::from(slope.values[index]) / 7.0).powf(1.5) + bridge
        })
        .collect();
    let cell_of = |place: Place| slope.cell_at(place.0, place.1);
    let mut on_road = vec![false; slope.values.len()];
    let mut roads = Vec::new();
    let mut dice = Dice::new(seed, "roads");
    let Some(seat) = townships.first().and_then(|township| cell_of(township.seat)) else {
        return roads;
    };
    let (spent, before) = slope.cheapest_ways(&[seat], &cost);
    // Main roads leave the county on three sides where it is easiest.
    let border =
        |index: &usize| inside.values[*index] && slope.neighbours(*index).any(|(n, _)| !inside.values[n]);
    let (cx, cy) = slope.centre(seat);
    let exits = [
        (1.0, 0.3, "国道", "G619"),
        (-1.0, -0.3, "国道", "G619"),
        (-0.2, 1.0, "省道", "S219"),
    ];
    for (dx, dy, class, number) in exits {
        let exit = (0..spent.len())
            .filter(border)
            .filter(|index| spent[*index].is_finite())
            .filter(|index| {
                let (x, y) = slope.centre(*index);
                let (ex, ey) = (x - cx, y - cy);
                (ex * dx + ey * dy) / (ex.hypot(ey) * f64::hypot(dx, dy)).max(1.0) > 0.75
            });
        if let Some(exit) = exit.min_by(|a, b| spent[*a].total_cmp(&spent[*b])) {
            roads.extend(lay_road(
                slope,
                &before,
                exit,
                &mut on_road,
                class,
                number.to_owned(),
            ));
        }
    }
    let mut order: Vec<(f64, usize)> = townships
        .iter()
        .enumerate()
        .skip(1)
        .filter_map(|(number, township)| Some((spent[cell_of(township.seat)?], number)))
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (serial, (_, number)) in order.into_iter().enumerate() {
        if let Some(cell) = cell_of(townships[number].seat) {
            roads.extend(lay_road(
                slope,
                &before,
                cell,
                &mut on_road,
                "县道",
                format!("X{:03}", serial + 1),
            ));
        }
    }
    let sources: Vec<usize> = (0..on_road.len()).filter(|index| on_road[*index]).collect();
    let (spent, before) = slope.cheapest_ways(&sources, &cost);
    let mut order: Vec<(f64, usize)> = villages
        .iter()
        .enumerate()
        .filter_map(|(number, village)| Some((spent[cell_of(village.centre)?], number)))
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    for (_, number) in order {
        let Some(cell) = cell_of(villages[number].centre) else {
            continue;
        };
        let (class, letter) = if dice.chance(0.3) {
            ("乡道", 'Y')
        } else {
            ("村道", 'C')
        };
        roads.extend(lay_road(
            slope,
            &before,
            cell,
            &mut on_road,
            class,
            format!("{letter}{:03}", number + 1),
        ));
    }
    roads
}

/// Walks back from a cell until a road is met.
fn lay_road(
    grid: &Raster<f32>,
    before: &[usize],
    from: usize,
    on_road: &mut [bool],
    class: &'static str,
    name: String,
) -> Option<Road> {
    let mut points = Vec::new();
    let mut index = from;
    loop {
        points.push(grid.centre(index));
        if on_road[index] && points.len() > 1 {
            break;
        }
        let met = on_road[index];
        on_road[index] = true;
        let next = *before.get(index)?;
        if met || next == usize::MAX || next == index {
            break;
        }
        index = next;
    }
    (points.len() >= 3).then(|| Road {
        name,
        class,
        line: smoothed(&points, 2),
    })
}

fn choose_central_villages(villages: &mut [Village], slope: &Raster<f32>, townships: usize) {
    let flatness: Vec<usize> = villages
        .iter()
        .map(|village| {
            let around = slope.around(village.centre.0, village.centre.1, 400.0);
            around
                .into_iter()
                .filter(|cell| slope.values[*cell] < 15.0)
                .count()
        })
        .collect();
    for township in 0..townships {
        let mut own: Vec<usize> = (0..villages.len())
            .filter(|index| villages[*index].township == township && !villages[*index].name.ends_with("社区"))
            .collect();
        own.sort_by_key(|index| (std::cmp::Reverse(flatness[*index]), *index));
        for index in own.into_iter().take(3) {
            villages[index].central = true;
        }
    }
}

fn facilities(townships: &[Township], villages: &[Village], dice: &mut Dice) -> Vec<Facility> {
    let mut facilities = Vec::new();
    let near = |place: Place, reach: i64, dice: &mut Dice| {
        (
            place.0 + dice.between(-reach, reach) as f64,
            place.1 + dice.between(-reach, reach) as f64,
        )
    };
    let mut add = |name: String, kind: &'static str, place: Place, capacity: i64, dice: &mut Dice| {
        let capacity = capacity.max(0) as u32;
        let used = (f64::from(capacity) * (0.55 + 0.5 * dice.unit())).min(f64::from(capacity) * 1.02) as u32;
        facilities.push(Facility {
            name,
            kind,
            place,
            capacity,
            used,
        });
    };
    for (number, township) in townships.iter().enumerate() {
        let town = township.name.trim_end_matches(['镇', '乡']);
        let seat = township.seat;
        let factor = if number == 0 { 3 } else { 1 };
        let school = near(seat, 300, dice);
        add(
            format!("{town}中心小学"),
            "小学",
            school,
            dice.between(360, 900) * factor,
            dice,
        );
        let kindergarten = near(seat, 300, dice);
        add(
            format!("{town}中心幼儿园"),
            "幼儿园",
            kindergarten,
            dice.between(120, 300) * factor,
            dice,
        );
        if number == 0 || dice.chance(0.6) {
            let place = near(seat, 350, dice);
            add(
                format!("{town}初级中学"),
                "初中",
                place,
                dice.between(450, 1200) * factor,
                dice,
            );
        }
        let place = near(seat, 250, dice);
        let (name, kind) = if number == 0 {
            ("安澜县人民医院".to_owned(), "医院")
        } else {
            (format!("{}卫生院", township.name), "卫生院")
        };
        add(name, kind, place, dice.between(20, 60) * factor * factor, dice);
        if number == 0 || dice.chance(0.4) {
            let place = near(seat, 400, dice);
            add(
                format!("{town}敬老院"),
                "养老院",
                place,
                dice.between(40, 120),
                dice,
            );
        }
        for (name, kind) in [
            ("便民服务中心", "便民服务中心"),
            ("农贸市场", "农贸市场"),
            ("客运站", "客运站"),
            ("派出所", "派出所"),
        ] {
            let place = near(seat, 300, dice);
            add(format!("{town}{name}"), kind, place, 0, dice);
        }
    }
    for village in villages.iter().filter(|village| !village.name.ends_with("社区")) {
        let place = near(village.centre, 120, dice);
        add(
            format!("{}卫生室", village.name),
            "卫生室",
            place,
            dice.between(800, 2000),
            dice,
        );
        if village.central {
            let place = near(village.centre, 150, dice);
            add(
                format!("{}小学", village.name),
                "小学",
                place,
                dice.between(90, 240),
                dice,
            );
            let place = near(village.centre, 150, dice);
            add(
                format!("{}幼儿园", village.name),
                "幼儿园",
                place,
                dice.between(40, 90),
                dice,
            );
        }
    }
    facilities
}
