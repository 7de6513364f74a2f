//! What a layer shows, recognised by the name of its file or table. It does not look at geometry or attributes.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use anju_model::land::LayerKind;

use crate::normal;

/// Names by kind, in the form names are compared in. The text is part of the program and a test reads all of it.
static NAMES: LazyLock<BTreeMap<String, Vec<String>>> =
    LazyLock::new(|| toml::from_str(include_str!("layers.toml")).unwrap_or_default());

/// The kind of layer that a file or layer name tells, such as `地质灾害隐患点_2025` or `hazard_points.shp`: that of the
/// longest known name in it. `None` when none is in it, or equally long ones of two kinds.
pub fn layer_kind(name: &str) -> Option<LayerKind> {
    let name = normal::clean(name).to_lowercase();
    let stem = name.rsplit(['/', '\\']).next().unwrap_or(&name);
    let stem = [".shp", ".gpkg", ".geojson", ".json", ".tif", ".tiff"]
        .iter()
        .find_map(|ending| stem.strip_suffix(ending))
        .unwrap_or(stem);
    let bare: String = stem.chars().filter(|c| c.is_alphabetic()).collect();
    let mut longest: Vec<(usize, LayerKind)> = Vec::new();
    for (code, names) in NAMES.iter() {
        let Some(kind) = LayerKind::from_code(code) else {
            continue;
        };
        let found = names
            .iter()
            .filter(|known| bare.contains(known.as_str()))
            .map(|known| known.chars().count())
            .max();
        longest.extend(found.map(|length| (length, kind)));
    }
    longest.sort();
    match longest.as_slice() {
        [.., (second, _), (first, _)] if second == first => None,
        [.., (_, kind)] => Some(*kind),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_code_name_and_office_names() {
        let names: BTreeMap<String, Vec<String>> = toml::from_str(include_str!("layers.toml")).unwrap();
        assert_eq!(names.len(), LayerKind::ALL.len());
        for kind in LayerKind::ALL {
            assert_eq!(layer_kind(kind.code()), Some(*kind));
            assert_eq!(layer_kind(&format!("{}_2025.shp", kind.zh())), Some(*kind));
            for name in &names[kind.code()] {
                assert_eq!(layer_kind(name), Some(*kind), "{name}");
            }
        }
        assert_eq!(
            layer_kind("/数据/清溪县永久基本农田(2024).gpkg"),
            Some(LayerKind::PermanentBasicFarmland)
        );
        assert_eq!(layer_kind("Hazard_Zones"), Some(LayerKind::HazardZones));
        assert_eq!(layer_kind("新建图层1"), None);
    }
}
