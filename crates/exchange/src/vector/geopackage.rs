//! GeoPackage (OGC 12-128): a SQLite file with one table per layer. Read through the workspace's SQLite, opened
//! read-only; written with one connection and one transaction. No spatial index is written, and tile tables are not
//! read.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Row, TypeInfo, ValueRef};

use super::{Feature, FeatureProblem, PropertyValue, VectorFile, VectorLayer, VectorOptions, wkb};
use crate::crs::{self, Crs};
use crate::error::{ExchangeError, Fault};

/// The first bytes of every SQLite file.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Runs a future to its end on a thread of its own, so that callers inside and outside of an async runtime can use the
/// plain functions.
fn wait<T: Send>(
    path: &Path,
    work: impl Future<Output = Result<T, ExchangeError>> + Send,
) -> Result<T, ExchangeError> {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| ExchangeError::io(path, ("读写", "work on"), &error))?;
        runtime.block_on(work)
    };
    std::thread::scope(|scope| match scope.spawn(run).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// An identifier in double quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Reads all feature tables, or the one that `options` names.
pub(super) fn read(path: &Path, options: &VectorOptions) -> Result<VectorFile, ExchangeError> {
    let mut head = [0u8; 16];
    let length = std::fs::File::open(path)
        .and_then(|mut file| {
            use std::io::Read;
            let length = file.metadata()?.len();
            if length >= 16 {
                file.read_exact(&mut head)?;
            }
            Ok(length)
        })
        .map_err(|error| ExchangeError::io(path, ("读取", "read"), &error))?;
    if length == 0 {
        return Err(ExchangeError::Empty(Fault::new(
            path,
            ("文件为 0 字节", "the file has 0 bytes"),
            ("重新复制完整的 .gpkg 文件", "copy the complete .gpkg file again"),
        )));
    }
    if head != *MAGIC {
        return Err(ExchangeError::damaged(path, "GeoPackage", "no SQLite header"));
    }
    wait(path, read_all(path, options))
}

async fn read_all(path: &Path, options: &VectorOptions) -> Result<VectorFile, ExchangeError> {
    let failed = |error: sqlx::Error| ExchangeError::damaged(path, "GeoPackage", &error.to_string());
    let connect = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .create_if_missing(false);
    let mut connection = connect.connect().await.map_err(failed)?;
    let tables = sqlx::query(
        "SELECT g.table_name, g.column_name, s.organization, s.organization_coordsys_id, s.definition \
         FROM gpkg_geometry_columns g JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id ORDER BY g.table_name",
    )
    .fetch_all(&mut connection)
    .await
    .map_err(failed)?;
    let mut file = VectorFile {
        layers: Vec::new(),
        problems: Vec::new(),
    };
    let mut names = Vec::new();
    for table in &tables {
        let name: String = table.try_get(0).map_err(failed)?;
        names.push(name.clone());
        if options.layer.as_ref().is_some_and(|layer| *layer != name) {
            continue;
        }
        let crs = match options.crs {
            Some(crs) => crs,
            None => layer_crs(path, table).map_err(|error| error.in_file(path))?,
        };
        let geometry: String = table.try_get(1).map_err(failed)?;
        let layer = read_layer(path, &mut connection, name, &geometry, crs, &mut file.problems).await?;
        file.layers.push(layer);
    }
    connection.close().await.map_err(failed)?;
    if file.layers.is_empty() {
        let (zh, en) = match &options.layer {
            Some(layer) => (
                format!("没有图层“{layer}”，现有：{}", names.join("、")),
                format!("it has no layer {layer:?}; it has: {}", names.join(", ")),
            ),
            None => ("没有矢量图层".to_owned(), "it has no vector layer".to_owned()),
        };
        return Err(ExchangeError::Empty(Fault::new(
            path,
            (&zh, &en),
            (
                "检查图层名，或重新导出",
                "check the name of the layer, or export it again",
            ),
        )));
    }
    Ok(file)
}

fn layer_crs(path: &Path, table: &SqliteRow) -> Result<Crs, ExchangeError> {
    let failed = |error: sqlx::Error| ExchangeError::damaged(path, "GeoPackage", &error.to_string());
    let organization: String = table.try_get(2).map_err(failed)?;
    let code: i64 = table.try_get(3).map_err(failed)?;
    let definition: String = table.try_get(4).map_err(failed)?;
    if organization.eq_ignore_ascii_case("EPSG")
        && let Some(crs) = u16::try_from(code)
            .ok()
            .and_then(|code| Crs::from_epsg(code).ok())
    {
        return Ok(crs);
    }
    if definition.eq_ignore_ascii_case("undefined") || definition.trim().is_empty() {
        return Err(crs::missing(path));
    }
    Crs::from_prj(&definition)
}

async fn read_layer(
    path: &Path,
    connection: &mut SqliteConnection,
    name: String,
    geometry_column: &str,
    crs: Crs,
    problems: &mut Vec<FeatureProblem>,
) -> Result<VectorLayer, ExchangeError> {
    let failed = |error: sqlx::Error| ExchangeError::damaged(path, "GeoPackage", &error.to_string());
    let key = sqlx::query("SELECT name FROM pragma_table_info($1) WHERE pk = 1")
        .bind(&name)
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed)?;
    let key: Option<String> = match key {
        Some(row) => Some(row.try_get(0).map_err(failed)?),
        None => None,
    };
    let order = key.as_deref().map_or_else(|| "rowid".to_owned(), quoted);
    let sql = format!("SELECT * FROM {} ORDER BY {order}", quoted(&name));
    let rows = sqlx::query(AssertSqlSafe(sql))
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    let mut layer = VectorLayer {
        name,
        crs,
        features: Vec::with_capacity(rows.len()),
    };
    for (index, row) in rows.iter().enumerate() {
        let mut shape = Err(super::parts::empty());
        let mut properties = BTreeMap::new();
        for column in row.columns() {
            if column.name() == geometry_column {
                let blob: Option<Vec<u8>> = row.try_get(column.ordinal()).map_err(failed)?;
                if let Some(blob) = blob {
                    shape = wkb::read_geopackage(&blob);
                }
            } else if Some(column.name()) != key.as_deref()
                && let Some(value) = property(row, column.ordinal()).map_err(failed)?
            {
                properties.insert(column.name().to_owned(), value);
            }
        }
        match shape {
            Ok(geometry) => layer.features.push(Feature { geometry, properties }),
            Err(reason) => {
                problems.push(FeatureProblem {
                    layer: layer.name.clone(),
                    feature: index as u64 + 1,
                    reason,
                });
            }
        }
    }
    Ok(layer)
}

/// The value by the type it is stored with, whatever the column declares; `None` for bytes, which are no attribute.
fn property(row: &SqliteRow, ordinal: usize) -> Result<Option<PropertyValue>, sqlx::Error> {
    let raw = row.try_get_raw(ordinal)?;
    if raw.is_null() {
        return Ok(Some(PropertyValue::Null));
    }
    let kind = raw.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INTEGER" | "BOOLEAN" | "INT8" => Some(PropertyValue::Integer(row.try_get_unchecked(ordinal)?)),
        "REAL" => Some(PropertyValue::Real(row.try_get_unchecked(ordinal)?)),
        "BLOB" => None,
        _ => Some(PropertyValue::Text(row.try_get_unchecked(ordinal)?)),
    })
}

const SCHEMA: &str = "
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
  srs_id INTEGER, CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined Cartesian', -1, 'NONE', -1, 'undefined', NULL);
INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined geographic', 0, 'NONE', 0, 'undefined', NULL);
";

/// Writes a new GeoPackage, replacing a file of that name. `last_change` is recorded for every layer.
///
/// # Errors
/// [`ExchangeError::Value`] for two layers of one name, or a layer name or attribute that the format reserves;
/// [`ExchangeError::Io`].
pub fn write_geopackage(
    path: &Path,
    layers: &[VectorLayer],
    last_change: Timestamp,
) -> Result<(), ExchangeError> {
    for (index, layer) in layers.iter().enumerate() {
        let name = layer.name.to_lowercase();
        let taken = layers[..index]
            .iter()
            .any(|other| other.name.to_lowercase() == name);
        let reserved = name.is_empty()
            || name.starts_with("gpkg_")
            || name.starts_with("sqlite_")
            || name.starts_with("rtree_");
        if taken || reserved {
            return Err(ExchangeError::Value(Fault::new(
                path,
                (
                    &format!("图层名“{}”重复或为格式保留", layer.name),
                    &format!(
                        "the layer name {:?} is used twice or reserved by the format",
                        layer.name
                    ),
                ),
                ("换一个图层名", "choose another name"),
            )));
        }
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(ExchangeError::io(path, ("替换", "replace"), &error));
        }
        _ => {}
    }
    wait(path, write_all(path, layers, last_change))
}

async fn write_all(path: &Path, layers: &[VectorLayer], last_change: Timestamp) -> Result<(), ExchangeError> {
    let failed = |error: sqlx::Error| {
        ExchangeError::Io(Fault::new(
            path,
            (
                &format!("无法写入 GeoPackage（{error}）"),
                &format!("the GeoPackage cannot be written ({error})"),
            ),
            (
                "检查磁盘空间、权限和属性名",
                "check the free space, the permissions and the names of the attributes",
            ),
        ))
    };
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .pragma("application_id", "1196444487") // "GPKG"
        .pragma("user_version", "10300")
        .connect()
        .await
        .map_err(failed)?;
    sqlx::raw_sql("BEGIN")
        .execute(&mut connection)
        .await
        .map_err(failed)?;
    sqlx::raw_sql(SCHEMA)
        .execute(&mut connection)
        .await
        .map_err(failed)?;
    let mut systems: Vec<Crs> = layers.iter().map(|layer| layer.crs).chain([Crs::WGS84]).collect();
    systems.sort();
    systems.dedup();
    for crs in systems {
        sqlx::query("INSERT INTO gpkg_spatial_ref_sys VALUES ($1, $2, 'EPSG', $2, $3, NULL)")
            .bind(crs.name())
            .bind(i64::from(crs.epsg()))
            .bind(crs.to_prj())
            .execute(&mut connection)
            .await
            .map_err(failed)?;
    }
    for layer in layers {
        write_layer(&mut connection, layer, last_change)
            .await
            .map_err(failed)?;
    }
    sqlx::raw_sql("COMMIT")
        .execute(&mut connection)
        .await
        .map_err(failed)?;
    connection.close().await.map_err(failed)
}

/// The type of a column that holds all values: text when they are mixed.
fn column_types(layer: &VectorLayer) -> BTreeMap<&str, &'static str> {
    let mut columns: BTreeMap<&str, &'static str> = BTreeMap::new();
    for (name, value) in layer.features.iter().flat_map(|feature| &feature.properties) {
        let kind = match value {
            PropertyValue::Null => "",
            PropertyValue::Text(_) => "TEXT",
            PropertyValue::Integer(_) => "INTEGER",
            PropertyValue::Real(_) => "DOUBLE",
        };
        let column = columns.entry(name).or_insert(kind);
        *column = match (*column, kind) {
            (known, "") => known,
            ("", kind) => kind,
            (known, kind) if known == kind => known,
            ("INTEGER" | "DOUBLE", "INTEGER" | "DOUBLE") => "DOUBLE",
            _ => "TEXT",
        };
    }
    columns
}

/// A name for the key or the geometry that no attribute has (column names ignore case).
fn free_name(wanted: &str, columns: &BTreeMap<&str, &'static str>) -> String {
    let mut name = wanted.to_owned();
    while columns.keys().any(|column| column.eq_ignore_ascii_case(&name)) {
        name.push('_');
    }
    name
}

async fn write_layer(
    connection: &mut SqliteConnection,
    layer: &VectorLayer,
    last_change: Timestamp,
) -> Result<(), sqlx::Error> {
    use geo::{BoundingRect, Geometry};
    let columns = column_types(layer);
    let (key, shape) = (free_name("fid", &columns), free_name("geom", &columns));
    let kinds: std::collections::BTreeSet<&str> = layer
        .features
        .iter()
        .map(|feature| match feature.geometry {
            Geometry::Point(_) => "POINT",
            Geometry::Line(_) | Geometry::LineString(_) => "LINESTRING",
            Geometry::Polygon(_) | Geometry::Rect(_) | Geometry::Triangle(_) => "POLYGON",
            Geometry::MultiPoint(_) => "MULTIPOINT",
            Geometry::MultiLineString(_) => "MULTILINESTRING",
            Geometry::MultiPolygon(_) => "MULTIPOLYGON",
            Geometry::GeometryCollection(_) => "GEOMETRYCOLLECTION",
        })
        .collect();
    let kind = if kinds.len() == 1 {
        kinds.first().copied().unwrap_or("GEOMETRY")
    } else {
        "GEOMETRY"
    };
    let definitions: String = columns
        .iter()
        .map(|(name, kind)| {
            format!(
                ", {} {}",
                quoted(name),
                if kind.is_empty() { "TEXT" } else { *kind }
            )
        })
        .collect();
    let table = quoted(&layer.name);
    let sql = format!(
        "CREATE TABLE {table} ({} INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, {} {kind}{definitions})",
        quoted(&key),
        quoted(&shape)
    );
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut *connection)
        .await?;

    let bounds = layer
        .features
        .iter()
        .filter_map(|feature| feature.geometry.bounding_rect())
        .reduce(|a, b| {
            geo::Rect::new(
                (a.min().x.min(b.min().x), a.min().y.min(b.min().y)),
                (a.max().x.max(b.max().x), a.max().y.max(b.max().y)),
            )
        });
    sqlx::query("INSERT INTO gpkg_contents VALUES ($1, 'features', $1, '', $2, $3, $4, $5, $6, $7)")
        .bind(&layer.name)
        .bind(last_change.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string())
        .bind(bounds.map(|bounds| bounds.min().x))
        .bind(bounds.map(|bounds| bounds.min().y))
        .bind(bounds.map(|bounds| bounds.max().x))
        .bind(bounds.map(|bounds| bounds.max().y))
        .bind(i64::from(layer.crs.epsg()))
        .execute(&mut *connection)
        .await?;
    sqlx::query("INSERT INTO gpkg_geometry_columns VALUES ($1, $2, $3, $4, 0, 0)")
        .bind(&layer.name)
        .bind(&shape)
        .bind(kind)
        .bind(i64::from(layer.crs.epsg()))
        .execute(&mut *connection)
        .await?;

    let names: String = columns.keys().map(|name| format!(", {}", quoted(name))).collect();
    let places: String = (0..columns.len())
        .map(|index| format!(", ${}", index + 3))
        .collect();
    let sql = format!(
        "INSERT INTO {table} ({}, {}{names}) VALUES ($1, $2{places})",
        quoted(&key),
        quoted(&shape)
    );
    for (index, feature) in layer.features.iter().enumerate() {
        let mut insert = sqlx::query(AssertSqlSafe(sql.as_str()))
            .bind(index as i64 + 1)
            .bind(wkb::write_geopackage(
                &feature.geometry,
                i32::from(layer.crs.epsg()),
            ));
        for (name, kind) in &columns {
            let value = feature.properties.get(*name).unwrap_or(&PropertyValue::Null);
            insert = match (value, *kind) {
                (PropertyValue::Null, _) => insert.bind(None::<String>),
                (value, "TEXT") => insert.bind(value.to_text()),
                (PropertyValue::Integer(number), "DOUBLE") => insert.bind(*number as f64),
                (PropertyValue::Integer(number), _) => insert.bind(*number),
                (PropertyValue::Real(number), _) => insert.bind(*number),
                (PropertyValue::Text(text), _) => insert.bind(text.clone()),
            };
        }
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}
