//! Drainage from elevation: pits filled, flow directions, catchment areas, height above the nearest drainage.
//!
//! Pits are filled by the priority flood of Barnes, Lehman and Mulla (2014): cells are taken lowest first from the edge
//! inwards, so that each cell has a neighbour taken before it to which it can drain. Among those the steepest descent is
//! the receiver, which makes the directions free of cycles, on flats too. Height above the nearest drainage follows
//! the receivers (Rennó and others 2008).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::raster::Raster;

/// What follows from the elevation about water.
pub(crate) struct Drainage {
    /// The cell each cell drains to; itself at the edge.
    pub(crate) receiver: Vec<usize>,
    /// Cells in the order of the flood: receivers come before givers.
    pub(crate) order: Vec<usize>,
    /// Catchment in km², the cell itself included.
    pub(crate) catchment: Vec<f32>,
}

/// Finds the drainage of a terrain whose cells all have an elevation.
pub(crate) fn drainage(terrain: &Raster<f32>) -> Drainage {
    let count = terrain.values.len();
    let mut filled = terrain.values.clone();
    let mut rank = vec![usize::MAX; count];
    let mut queued = vec![false; count];
    let mut flood_parent: Vec<usize> = (0..count).collect();
    let mut order = Vec::with_capacity(count);
    let mut queue = BinaryHeap::new();
    // Elevations in whole centimetres order the heap; the sequence number keeps equal cells first in, first out.
    let level = |value: f32| (f64::from(value) * 100.0).round() as i64;
    let mut sequence = 0u64;
    for index in 0..count {
        let (column, row) = (index % terrain.width, index / terrain.width);
        if column == 0 || row == 0 || column + 1 == terrain.width || row + 1 == terrain.height {
            queue.push(Reverse((level(filled[index]), sequence, index)));
            sequence += 1;
            queued[index] = true;
        }
    }
    while let Some(Reverse((_, _, index))) = queue.pop() {
        rank[index] = order.len();
        order.push(index);
        for (neighbour, _) in terrain.neighbours(index) {
            if !queued[neighbour] {
                queued[neighbour] = true;
                flood_parent[neighbour] = index;
                filled[neighbour] = filled[neighbour].max(filled[index]);
                queue.push(Reverse((level(filled[neighbour]), sequence, neighbour)));
                sequence += 1;
            }
        }
    }
    let receiver: Vec<usize> = (0..count)
        .map(|index| {
            let mut best = (0.0, flood_parent[index]);
            for (neighbour, length) in terrain.neighbours(index) {
                let drop = f64::from(filled[index] - filled[neighbour]) / length;
                if rank[neighbour] < rank[index] && drop > best.0 {
                    best = (drop, neighbour);
                }
            }
            best.1
        })
        .collect();
    let cell_km2 = (terrain.cell * terrain.cell / 1e6) as f32;
    let mut catchment = vec![cell_km2; count];
    for &index in order.iter().rev() {
        if receiver[index] != index {
            let own = catchment[index];
            catchment[receiver[index]] += own;
        }
    }
    Drainage {
        receiver,
        order,
        catchment,
    }
}

/// Height in metres above the stream cell each cell drains to, where streams are cells with a catchment of at least
/// `least_km2`; infinite where the water leaves the grid without meeting one.
pub(crate) fn height_above_drainage(terrain: &Raster<f32>, drainage: &Drainage, least_km2: f32) -> Vec<f32> {
    let mut base = vec![f32::NEG_INFINITY; terrain.values.len()];
    for &index in &drainage.order {
        base[index] = if drainage.catchment[index] >= least_km2 {
            terrain.values[index]
        } else if drainage.receiver[index] == index {
            f32::NEG_INFINITY
        } else {
            base[drainage.receiver[index]]
        };
    }
    terrain
        .values
        .iter()
        .zip(base)
        .map(|(value, base)| (value - base).max(0.0))
        .collect()
}

/// Stream courses from source to junction or edge as lists of cells, where the catchment is at least `least_km2`, each with
/// the catchment at its lower end. Longest course first: at a junction the larger stream goes on.
pub(crate) fn courses(terrain: &Raster<f32>, drainage: &Drainage, least_km2: f32) -> Vec<(Vec<usize>, f32)> {
    let count = terrain.values.len();
    let mut main_giver = vec![usize::MAX; count];
    for &index in &drainage.order {
        let receiver = drainage.receiver[index];
        if receiver == index || drainage.catchment[index] < least_km2 {
            continue;
        }
        let known = main_giver[receiver];
        if known == usize::MAX || drainage.catchment[index] > drainage.catchment[known] {
            main_giver[receiver] = index;
        }
    }
    let mut courses = Vec::new();
    for &mouth in &drainage.order {
        let receiver = drainage.receiver[mouth];
        let starts =
            drainage.catchment[mouth] >= least_km2 && (receiver == mouth || main_giver[receiver] != mouth);
        if !starts {
            continue;
        }
        let mut cells = Vec::new();
        if receiver != mouth {
            cells.push(receiver);
        }
        let mut index = mouth;
        loop {
            cells.push(index);
            if main_giver[index] == usize::MAX {
                break;
            }
            index = main_giver[index];
        }
        cells.reverse();
        courses.push((cells, drainage.catchment[mouth]));
    }
    courses.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    courses
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A valley that falls to the south with a pit in its floor.
    fn valley() -> Raster<f32> {
        let base = Raster {
            width: 21,
            height: 30,
            cell: 100.0,
            west: 0.0,
            north: 3000.0,
            values: vec![0.0; 630],
        };
        base.derive(|index| {
            let (column, row) = ((index % 21) as f32, (index / 21) as f32);
            let pit = if index == 15 * 21 + 10 { -40.0 } else { 0.0 };
            (column - 10.0).abs() * 10.0 + (30.0 - row) * 2.0 + pit
        })
    }

    #[test]
    fn all_water_leaves_and_the_valley_collects_it() {
        let terrain = valley();
        let drainage = drainage(&terrain);
        let leaving: f32 = (0..terrain.values.len())
            .filter(|index| drainage.receiver[*index] == *index)
            .map(|index| drainage.catchment[index])
            .sum();
        assert!((leaving - 630.0 * 0.01).abs() < 1e-3);
        let mouth = 29 * 21 + 10;
        assert!(drainage.catchment[mouth] > 3.0, "{}", drainage.catchment[mouth]);
    }

    #[test]
    fn height_above_the_stream() {
        let terrain = valley();
        let drainage = drainage(&terrain);
        let height = height_above_drainage(&terrain, &drainage, 1.0);
        let on_stream = 27 * 21 + 10;
        assert_eq!(height[on_stream], 0.0);
        assert!(height[27 * 21 + 13] >= 28.0);
        let courses = courses(&terrain, &drainage, 1.0);
        assert!(courses[0].0.len() > 5);
    }
}
