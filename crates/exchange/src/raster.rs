//! Rasters in and out: single-band GeoTIFF, read in strips and tiles, written in Deflate-compressed strips.
//!
//! A raster is held in memory as a whole (up to [`MOST_CELLS`]); rotated rasters, several bands and colour tables are
//! not read. The system comes from the file's geo-keys, else from a `.prj` file beside it.

use std::fs;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::encoder::colortype::{self, ColorType};
use tiff::encoder::compression::DeflateLevel;
use tiff::encoder::{Compression, TiffEncoder, TiffValue};
use tiff::tags::Tag;

use crate::crs::{self, Crs, Transformer};
use crate::error::{ExchangeError, Fault};
use crate::vector::beside;

/// The most cells that are read: 1.6 GB of 32-bit numbers.
pub const MOST_CELLS: u64 = 400_000_000;

/// The cells of a raster, row by row from the north-west.
#[derive(Debug, Clone, PartialEq)]
pub enum RasterData {
    /// 8-bit unsigned.
    U8(Vec<u8>),
    /// 16-bit signed.
    I16(Vec<i16>),
    /// 32-bit floating.
    F32(Vec<f32>),
}

/// A single-band, north-up raster with its place on the earth.
#[derive(Debug, Clone, PartialEq)]
pub struct GeoTiff {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// X of the western edge (of the cells, not their centres), in the units of `crs`.
    pub west: f64,
    /// Y of the northern edge.
    pub north: f64,
    /// Width of a cell, positive.
    pub cell_width: f64,
    /// Height of a cell, positive.
    pub cell_height: f64,
    /// The coordinate reference system.
    pub crs: Crs,
    /// The value of cells without data; NaN cells have none either.
    pub no_data: Option<f64>,
    /// `rows * cols` values.
    pub data: RasterData,
}

impl GeoTiff {
    /// The value of a cell, `None` where there is no data or no cell.
    pub fn value(&self, row: usize, col: usize) -> Option<f64> {
        if row >= self.rows || col >= self.cols {
            return None;
        }
        let index = row * self.cols + col;
        let value = match &self.data {
            RasterData::U8(cells) => f64::from(*cells.get(index)?),
            RasterData::I16(cells) => f64::from(*cells.get(index)?),
            RasterData::F32(cells) => f64::from(*cells.get(index)?),
        };
        (!value.is_nan() && !self.is_no_data(value)).then_some(value)
    }

    fn is_no_data(&self, value: f64) -> bool {
        // Writers give the no-data value of a 32-bit raster with the digits of a 64-bit number or fewer.
        self.no_data.is_some_and(|no_data| match self.data {
            RasterData::F32(_) => value as f32 == no_data as f32,
            _ => value == no_data,
        })
    }

    /// All cells as 32-bit numbers with NaN where there is no data.
    pub fn to_f32(&self) -> Vec<f32> {
        let plain: Vec<f32> = match &self.data {
            RasterData::U8(cells) => cells.iter().map(|cell| f32::from(*cell)).collect(),
            RasterData::I16(cells) => cells.iter().map(|cell| f32::from(*cell)).collect(),
            RasterData::F32(cells) => cells.clone(),
        };
        plain
            .into_iter()
            .map(|cell| {
                if self.is_no_data(f64::from(cell)) {
                    f32::NAN
                } else {
                    cell
                }
            })
            .collect()
    }

    /// West, south, east and north edges.
    pub fn bounds(&self) -> (f64, f64, f64, f64) {
        let east = self.west + self.cell_width * self.cols as f64;
        let south = self.north - self.cell_height * self.rows as f64;
        (self.west, south, east, self.north)
    }
}

/// Reads a `.tif` file of 8-bit, 16-bit signed or 32-bit floating cells; 16-bit unsigned, 32-bit whole and 64-bit
/// floating cells become 32-bit floating ones. `crs` overrides what the file says.
///
/// # Errors
/// [`ExchangeError::Crs`] without a known system, [`ExchangeError::TooLarge`] above [`MOST_CELLS`],
/// [`ExchangeError::Format`] for damaged files and for what is not read.
pub fn read_geotiff(path: &Path, crs: Option<Crs>) -> Result<GeoTiff, ExchangeError> {
    let io = |error: std::io::Error| ExchangeError::io(path, ("读取", "read"), &error);
    let damaged = |error: tiff::TiffError| ExchangeError::damaged(path, "GeoTIFF", &error.to_string());
    let unread = |zh: &str, en: &str| {
        ExchangeError::Format(Fault::new(
            path,
            (zh, en),
            (
                "用地理信息软件另存为单波段、正北朝上的 GeoTIFF",
                "save it as a single-band, north-up GeoTIFF in a GIS",
            ),
        ))
    };
    let file = fs::File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.len() == 0 {
        return Err(ExchangeError::Empty(Fault::new(
            path,
            ("文件为 0 字节", "the file has 0 bytes"),
            ("重新复制完整的文件", "copy the complete file again"),
        )));
    }
    let mut limits = Limits::default();
    limits.decoding_buffer_size = 2 << 30;
    limits.intermediate_buffer_size = 2 << 30;
    limits.ifd_value_size = 64 << 20;
    let mut decoder = Decoder::new(BufReader::new(file))
        .map_err(damaged)?
        .with_limits(limits);
    let (cols, rows) = decoder.dimensions().map_err(damaged)?;
    let cells = u64::from(cols) * u64::from(rows);
    if cells > MOST_CELLS {
        return Err(ExchangeError::TooLarge(Fault::new(
            path,
            (
                &format!("栅格有 {cells} 个单元，超过上限 {MOST_CELLS}"),
                &format!("the raster has {cells} cells, more than the limit of {MOST_CELLS}"),
            ),
            (
                "按县界裁剪，或降低分辨率",
                "clip it to the county, or lower its resolution",
            ),
        )));
    }
    let samples: u16 = decoder
        .find_tag_unsigned(Tag::SamplesPerPixel)
        .map_err(damaged)?
        .unwrap_or(1);
    if samples != 1 {
        return Err(unread(
            &format!("有 {samples} 个波段"),
            &format!("it has {samples} bands"),
        ));
    }
    let no_data = decoder
        .find_tag(Tag::GdalNodata)
        .map_err(damaged)?
        .and_then(|value| value.into_string().ok())
        .and_then(|text| text.trim_matches(['\0', ' ']).parse::<f64>().ok());

    let keys = geo_keys(&mut decoder).map_err(damaged)?;
    let crs = match crs {
        Some(crs) => crs,
        None => match keys_crs(&keys).map_err(|error| error.in_file(path))? {
            Some(crs) => crs,
            None => {
                let prj = beside(path, "prj").ok_or_else(|| crs::missing(path))?;
                let text = fs::read_to_string(&prj)
                    .map_err(|error| ExchangeError::io(&prj, ("读取", "read"), &error))?;
                Crs::from_prj(&text).map_err(|error| error.in_file(&prj))?
            }
        },
    };

    let numbers = |decoder: &mut Decoder<_>, tag| -> Result<Vec<f64>, tiff::TiffError> {
        decoder
            .find_tag(tag)?
            .map_or(Ok(Vec::new()), |value| value.into_f64_vec())
    };
    let scale = numbers(&mut decoder, Tag::ModelPixelScaleTag).map_err(damaged)?;
    let tie = numbers(&mut decoder, Tag::ModelTiepointTag).map_err(damaged)?;
    let matrix = numbers(&mut decoder, Tag::ModelTransformationTag).map_err(damaged)?;
    let (mut west, mut north, cell_width, cell_height) = match (&scale[..], &tie[..], &matrix[..]) {
        ([width, height, ..], [col, row, _, x, y, ..], _) => {
            (x - col * width, y + row * height, *width, *height)
        }
        (_, _, [a, b, _, x, d, e, _, y, ..]) if *b == 0.0 && *d == 0.0 => (*x, *y, *a, -e),
        (_, _, [_, ..]) => return Err(unread("栅格是旋转的", "it is rotated")),
        _ => {
            return Err(unread(
                "没有地理位置（缺少坐标标记）",
                "it has no place on the earth (no georeferencing tags)",
            ));
        }
    };
    let sound = [west, north, cell_width, cell_height]
        .iter()
        .all(|number| number.is_finite());
    if !sound || cell_width <= 0.0 || cell_height <= 0.0 {
        return Err(unread(
            "单元大小或位置无效，或不是正北朝上",
            "its cell size or place is invalid, or it is not north-up",
        ));
    }
    if keys.raster_is_point {
        west -= cell_width / 2.0;
        north += cell_height / 2.0;
    }

    let data = read_cells(&mut decoder, rows as usize, cols as usize)
        .map_err(damaged)?
        .ok_or_else(|| unread("单元的数据类型不读取", "the type of its cells is not read"))?;
    Ok(GeoTiff {
        rows: rows as usize,
        cols: cols as usize,
        west,
        north,
        cell_width,
        cell_height,
        crs,
        no_data,
        data,
    })
}

fn read_cells<R: std::io::Read + std::io::Seek>(
    decoder: &mut Decoder<R>,
    rows: usize,
    cols: usize,
) -> Result<Option<RasterData>, tiff::TiffError> {
    let (chunk_cols, chunk_rows) = decoder.chunk_dimensions();
    let (chunk_cols, chunk_rows) = (chunk_cols as usize, chunk_rows as usize);
    let across = cols.div_ceil(chunk_cols);
    let down = rows.div_ceil(chunk_rows);
    let mut data: Option<RasterData> = None;
    for chunk in 0..across * down {
        let (row, col) = (chunk / across * chunk_rows, chunk % across * chunk_cols);
        let width = decoder.chunk_data_dimensions(chunk as u32).0 as usize;
        macro_rules! place {
            ($cells:expr, $variant:ident, $convert:expr) => {{
                let target = match data
                    .get_or_insert_with(|| RasterData::$variant(vec![Default::default(); rows * cols]))
                {
                    RasterData::$variant(target) => target,
                    _ => return Ok(None),
                };
                for (index, line) in $cells.chunks(width).enumerate().take(rows - row) {
                    let start = (row + index) * cols + col;
                    for (place, cell) in target[start..start + width.min(cols - col)]
                        .iter_mut()
                        .zip(line)
                    {
                        *place = $convert(*cell);
                    }
                }
            }};
        }
        match decoder.read_chunk(chunk as u32)? {
            DecodingResult::U8(cells) => place!(cells, U8, |cell: u8| cell),
            DecodingResult::I16(cells) => place!(cells, I16, |cell: i16| cell),
            DecodingResult::F32(cells) => place!(cells, F32, |cell: f32| cell),
            DecodingResult::U16(cells) => place!(cells, F32, |cell: u16| f32::from(cell)),
            DecodingResult::I32(cells) => place!(cells, F32, |cell: i32| cell as f32),
            DecodingResult::U32(cells) => place!(cells, F32, |cell: u32| cell as f32),
            DecodingResult::F64(cells) => place!(cells, F32, |cell: f64| cell as f32),
            _ => return Ok(None),
        }
    }
    Ok(data)
}

/// What the geo-keys say, by their numbers in the GeoTIFF standard (OGC 19-008).
#[derive(Debug, Default)]
struct GeoKeys {
    model: u16,
    raster_is_point: bool,
    geographic: Option<u16>,
    projected: Option<u16>,
    method: Option<u16>,
    central_meridian: Option<f64>,
    false_easting: Option<f64>,
    false_northing: f64,
    scale: f64,
    latitude_of_origin: f64,
    citations: String,
}

fn geo_keys<R: std::io::Read + std::io::Seek>(decoder: &mut Decoder<R>) -> Result<GeoKeys, tiff::TiffError> {
    let directory = match decoder.find_tag(Tag::GeoKeyDirectoryTag)? {
        Some(value) => value.into_u16_vec()?,
        None => Vec::new(),
    };
    let doubles = match decoder.find_tag(Tag::GeoDoubleParamsTag)? {
        Some(value) => value.into_f64_vec()?,
        None => Vec::new(),
    };
    let texts = match decoder.find_tag(Tag::GeoAsciiParamsTag)? {
        Some(value) => value.into_string().unwrap_or_default(),
        None => String::new(),
    };
    let mut keys = GeoKeys {
        scale: 1.0,
        ..GeoKeys::default()
    };
    for entry in directory.get(4..).unwrap_or_default().chunks_exact(4) {
        let &[key, place, count, value] = entry else {
            continue;
        };
        let double = || doubles.get(usize::from(value)).copied();
        match (key, place) {
            (1024, 0) => keys.model = value,
            (1025, 0) => keys.raster_is_point = value == 2,
            (2048, 0) => keys.geographic = Some(value),
            (3072, 0) => keys.projected = Some(value),
            (3075, 0) => keys.method = Some(value),
            (3080 | 3084 | 3088, 34736) => keys.central_meridian = keys.central_meridian.or(double()),
            (3081 | 3085 | 3089, 34736) => keys.latitude_of_origin = double().unwrap_or(0.0),
            (3082 | 3086, 34736) => keys.false_easting = keys.false_easting.or(double()),
            (3083 | 3087, 34736) => keys.false_northing = double().unwrap_or(0.0),
            (3092 | 3093, 34736) => keys.scale = double().unwrap_or(1.0),
            (1026 | 2049 | 3073, 34737) => {
                let text = texts
                    .get(usize::from(value)..usize::from(value) + usize::from(count))
                    .unwrap_or_default();
                keys.citations.push_str(text.trim_end_matches(['|', '\0']));
                keys.citations.push('\n');
            }
            _ => {}
        }
    }
    Ok(keys)
}

/// The user-defined value of code keys.
const USER_DEFINED: u16 = 32767;

fn keys_crs(keys: &GeoKeys) -> Result<Option<Crs>, ExchangeError> {
    let known = |code: Option<u16>| code.filter(|code| *code != USER_DEFINED && *code != 0);
    match keys.model {
        1 => {
            if let Some(code) = known(keys.projected) {
                return Crs::from_epsg(code).map(Some);
            }
            // ESRI writes the whole WKT into a citation.
            if let Some((_, text)) = keys.citations.split_once("ESRI PE String = ") {
                return Crs::from_prj(text.lines().next().unwrap_or_default()).map(Some);
            }
            let datum_known = matches!(keys.geographic, Some(4326 | 4490))
                || crs::is_cgcs2000_name(&keys.citations)
                || crs::is_wgs84_name(&keys.citations);
            match (keys.method, keys.central_meridian, keys.false_easting) {
                (Some(1), Some(meridian), Some(easting)) if datum_known && keys.latitude_of_origin == 0.0 => {
                    Ok(crs::from_transverse_mercator(
                        meridian,
                        easting,
                        keys.false_northing,
                        keys.scale,
                    ))
                }
                _ => Ok(None),
            }
        }
        2 => match known(keys.geographic) {
            Some(code) => Crs::from_epsg(code).map(Some),
            None if crs::is_cgcs2000_name(&keys.citations) => Ok(Some(Crs::CGCS2000)),
            None if crs::is_wgs84_name(&keys.citations) => Ok(Some(Crs::WGS84)),
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

/// Writes a `.tif` file: Deflate-compressed strips, geo-keys, no-data value. Equal rasters give equal bytes.
///
/// # Errors
/// [`ExchangeError::Value`] when the number of cells is not `rows * cols` or none, [`ExchangeError::Io`].
pub fn write_geotiff(path: &Path, raster: &GeoTiff) -> Result<(), ExchangeError> {
    let length = match &raster.data {
        RasterData::U8(cells) => cells.len(),
        RasterData::I16(cells) => cells.len(),
        RasterData::F32(cells) => cells.len(),
    };
    if length == 0 || length != raster.rows * raster.cols {
        return Err(ExchangeError::Value(Fault::new(
            path,
            (
                &format!("{} 行 {} 列的栅格有 {length} 个单元", raster.rows, raster.cols),
                &format!(
                    "a raster of {} rows and {} columns has {length} cells",
                    raster.rows, raster.cols
                ),
            ),
            ("检查行列数", "check the number of rows and columns"),
        )));
    }
    let file = fs::File::create(path).map_err(|error| ExchangeError::io(path, ("写入", "write"), &error))?;
    let mut writer = BufWriter::new(file);
    match &raster.data {
        RasterData::U8(cells) => encode::<colortype::Gray8>(&mut writer, raster, cells),
        RasterData::I16(cells) => encode::<colortype::GrayI16>(&mut writer, raster, cells),
        RasterData::F32(cells) => encode::<colortype::Gray32Float>(&mut writer, raster, cells),
    }
    .map_err(|error| {
        ExchangeError::Io(Fault::new(
            path,
            (
                &format!("无法写入（{error}）"),
                &format!("it cannot be written ({error})"),
            ),
            ("检查磁盘空间和权限", "check the free space and the permissions"),
        ))
    })?;
    writer
        .flush()
        .map_err(|error| ExchangeError::io(path, ("写入", "write"), &error))
}

fn encode<C: ColorType>(
    writer: &mut BufWriter<fs::File>,
    raster: &GeoTiff,
    cells: &[C::Inner],
) -> Result<(), tiff::TiffError>
where
    [C::Inner]: TiffValue,
{
    let mut encoder =
        TiffEncoder::new(writer)?.with_compression(Compression::Deflate(DeflateLevel::Balanced));
    let mut image = encoder.new_image::<C>(raster.cols as u32, raster.rows as u32)?;
    let directory = image.encoder();
    directory.write_tag(
        Tag::ModelPixelScaleTag,
        &[raster.cell_width, raster.cell_height, 0.0][..],
    )?;
    directory.write_tag(
        Tag::ModelTiepointTag,
        &[0.0, 0.0, 0.0, raster.west, raster.north, 0.0][..],
    )?;
    let name = format!("{}|", raster.crs.name());
    let (model, key) = if raster.crs.is_geographic() {
        (2, 2048)
    } else {
        (1, 3072)
    };
    let mut keys: Vec<u16> = vec![1, 1, 0, 4, 1024, 0, 1, model, 1025, 0, 1, 1];
    keys.extend([1026, 34737, name.len() as u16, 0]);
    keys.extend([key, 0, 1, raster.crs.epsg()]);
    directory.write_tag(Tag::GeoKeyDirectoryTag, &keys[..])?;
    directory.write_tag(Tag::GeoAsciiParamsTag, name.as_str())?;
    if let Some(no_data) = raster.no_data {
        let text = if no_data.is_nan() {
            "nan".to_owned()
        } else {
            no_data.to_string()
        };
        directory.write_tag(Tag::GdalNodata, text.as_str())?;
    }
    image.write_data(cells)
}

/// That the raster's coordinates are metres, which slopes, areas and distances need.
///
/// # Errors
/// [`ExchangeError::Crs`], naming `path`, for a raster in degrees.
pub fn require_metric(path: &Path, raster: &GeoTiff) -> Result<(), ExchangeError> {
    if !raster.crs.is_geographic() {
        return Ok(());
    }
    let (west, _, east, _) = raster.bounds();
    let advice = Crs::gauss_kruger_3_degree((west + east) / 2.0).unwrap_or(Crs::CGCS2000);
    Err(ExchangeError::Crs(Fault::new(
        path,
        (
            &format!("栅格坐标是经纬度（{}），不是米", raster.crs),
            &format!("the raster is in degrees ({}), not in metres", raster.crs),
        ),
        (
            &format!("先投影到 {advice} 再使用"),
            &format!("reproject it to {advice} before use"),
        ),
    )))
}

/// The raster in another system by bilinear interpolation between cell centres: 32-bit floating cells of `cell_size`
/// (units of `target`), NaN where there is no data. `extent` is (west, south, east, north) in `target`; without one, the
/// image of the raster's outline. Where some of the four neighbours have no data, the others share their weights.
///
/// # Errors
/// [`ExchangeError::Crs`] when the outline has no image in `target`; [`ExchangeError::TooLarge`] above [`MOST_CELLS`];
/// [`ExchangeError::Value`] for a cell size or an extent that is not positive.
pub fn reproject_bilinear(
    raster: &GeoTiff,
    target: Crs,
    cell_size: f64,
    extent: Option<(f64, f64, f64, f64)>,
) -> Result<GeoTiff, ExchangeError> {
    let (west, south, east, north) = match extent {
        Some(extent) => extent,
        None => outline_image(raster, target)?,
    };
    let nowhere = Path::new("");
    // A rest below a millionth of a cell is rounding, not another row.
    let cells_along = |length: f64| (length / cell_size - 1e-6).ceil();
    let (cols, rows) = (cells_along(east - west), cells_along(north - south));
    if !(cell_size > 0.0 && cols >= 1.0 && rows >= 1.0) {
        return Err(ExchangeError::Value(Fault::new(
            nowhere,
            (
                &format!("单元大小 {cell_size} 或范围 ({west}, {south}, {east}, {north}) 无效"),
                &format!(
                    "the cell size {cell_size} or the extent ({west}, {south}, {east}, {north}) is not valid"
                ),
            ),
            ("检查单元大小和范围", "check the cell size and the extent"),
        )));
    }
    if cols * rows > MOST_CELLS as f64 {
        return Err(ExchangeError::TooLarge(Fault::new(
            nowhere,
            (
                &format!("重采样后有 {rows} 行 {cols} 列，超过上限 {MOST_CELLS} 个单元"),
                &format!(
                    "{rows} rows and {cols} columns after resampling are more than the limit of {MOST_CELLS} cells"
                ),
            ),
            ("增大单元或缩小范围", "take larger cells or a smaller extent"),
        )));
    }
    let (cols, rows) = (cols as usize, rows as usize);
    let transformer = Transformer::new(target, raster.crs)?;
    let mut cells = vec![f32::NAN; rows * cols];
    for (index, cell) in cells.iter_mut().enumerate() {
        let x = west + ((index % cols) as f64 + 0.5) * cell_size;
        let y = north - ((index / cols) as f64 + 0.5) * cell_size;
        if let Ok((x, y)) = transformer.point(x, y)
            && let Some(value) = bilinear(raster, x, y)
        {
            *cell = value as f32;
        }
    }
    Ok(GeoTiff {
        rows,
        cols,
        west,
        north,
        cell_width: cell_size,
        cell_height: cell_size,
        crs: target,
        no_data: Some(f64::NAN),
        data: RasterData::F32(cells),
    })
}

/// The value between the four cell centres around a position; `None` outside the raster or without data.
fn bilinear(raster: &GeoTiff, x: f64, y: f64) -> Option<f64> {
    let col = (x - raster.west) / raster.cell_width;
    let row = (raster.north - y) / raster.cell_height;
    if !(col >= 0.0 && row >= 0.0 && col <= raster.cols as f64 && row <= raster.rows as f64) {
        return None;
    }
    // In the outer half cell the nearest centres are used alone.
    let col = (col - 0.5).clamp(0.0, (raster.cols - 1) as f64);
    let row = (row - 0.5).clamp(0.0, (raster.rows - 1) as f64);
    let (left, top) = (col.floor(), row.floor());
    let (right_share, bottom_share) = (col - left, row - top);
    let mut sum = 0.0;
    let mut weights = 0.0;
    for (row_step, row_weight) in [(0, 1.0 - bottom_share), (1, bottom_share)] {
        for (col_step, col_weight) in [(0, 1.0 - right_share), (1, right_share)] {
            let weight = row_weight * col_weight;
            if weight > 0.0
                && let Some(value) = raster.value(top as usize + row_step, left as usize + col_step)
            {
                sum += weight * value;
                weights += weight;
            }
        }
    }
    (weights > 0.0).then(|| sum / weights)
}

/// The bounds of the raster's outline in `target`: edges are followed, since they bend.
fn outline_image(raster: &GeoTiff, target: Crs) -> Result<(f64, f64, f64, f64), ExchangeError> {
    const STEPS: usize = 50;
    let transformer = Transformer::new(raster.crs, target)?;
    let (west, south, east, north) = raster.bounds();
    let mut image = (f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY);
    for step in 0..=STEPS {
        let share = step as f64 / STEPS as f64;
        let (x, y) = (west + (east - west) * share, south + (north - south) * share);
        for (x, y) in [(x, south), (x, north), (west, y), (east, y)] {
            let (x, y) = transformer.point(x, y)?;
            image = (image.0.min(x), image.1.min(y), image.2.max(x), image.3.max(y));
        }
    }
    Ok(image)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plane(crs: u16) -> GeoTiff {
        let (rows, cols) = (40, 30);
        GeoTiff {
            rows,
            cols,
            west: 500_000.0,
            north: 3_612_000.0,
            cell_width: 30.0,
            cell_height: 30.0,
            crs: Crs::from_epsg(crs).unwrap(),
            no_data: Some(-9999.0),
            data: RasterData::F32(
                (0..rows * cols)
                    .map(|cell| (cell % cols) as f32 * 2.0 + 100.0)
                    .collect(),
            ),
        }
    }

    #[test]
    fn equal_rasters_are_equal_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a.tif"), folder.path().join("b.tif"));
        write_geotiff(&a, &plane(4545)).unwrap();
        write_geotiff(&b, &plane(4545)).unwrap();
        assert_eq!(fs::read(a).unwrap(), fs::read(b).unwrap());
    }

    #[test]
    fn degrees_are_refused_where_metres_are_needed() {
        let mut raster = plane(4545);
        assert_eq!(require_metric(Path::new("dem.tif"), &raster), Ok(()));
        raster.crs = Crs::WGS84;
        (raster.west, raster.north, raster.cell_width, raster.cell_height) = (108.4, 33.0, 0.0003, 0.0003);
        let error = require_metric(Path::new("dem.tif"), &raster).unwrap_err();
        assert!(error.to_string().contains("reproject it to EPSG:4545"), "{error}");
    }

    #[test]
    fn a_plane_stays_a_plane_under_reprojection() {
        // The same meridian with the zone in the easting: only the numbers shift.
        let target = Crs::from_epsg(4524).unwrap();
        let image = reproject_bilinear(&plane(4545), target, 10.0, None).unwrap();
        assert_eq!((image.rows, image.cols), (120, 90));
        assert!((image.west - 36_500_000.0).abs() < 1e-4);
        // At x = 45 m from the west edge (1.5 cells) the plane is 100 + 2 * 1.0.
        let middle = image.value(60, 4).unwrap();
        assert!((middle - 102.0).abs() < 1e-3, "{middle}");
    }

    #[test]
    fn cells_without_data_stay_without() {
        let mut raster = plane(4545);
        raster.data = RasterData::F32(vec![-9999.0; 1200]);
        let image = reproject_bilinear(&raster, Crs::from_epsg(4524).unwrap(), 30.0, None).unwrap();
        assert!(image.to_f32().iter().all(|cell| cell.is_nan()));
        assert_eq!(raster.value(0, 0), None);
    }

    #[test]
    fn a_raster_without_a_system_or_a_place_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plain.tif");
        let mut encoder = TiffEncoder::new(fs::File::create(&path).unwrap()).unwrap();
        encoder
            .write_image::<colortype::Gray8>(2, 2, &[1, 2, 3, 4])
            .unwrap();
        let error = read_geotiff(&path, None).unwrap_err();
        assert!(matches!(error, ExchangeError::Crs(_)), "{error}");
        let error = read_geotiff(&path, Some(Crs::WGS84)).unwrap_err();
        assert!(error.to_string().contains("no place on the earth"), "{error}");
        fs::write(&path, b"").unwrap();
        assert!(matches!(read_geotiff(&path, None), Err(ExchangeError::Empty(_))));
        fs::write(&path, b"II*\0garbage").unwrap();
        assert!(matches!(read_geotiff(&path, None), Err(ExchangeError::Format(_))));
    }

    #[test]
    fn tiles_are_put_together() {
        // 20 rows and 40 columns in tiles of 16 by 16: the last tiles of a row and column are partly outside.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tiles.tif");
        let (rows, cols) = (20_usize, 40_usize);
        let mut encoder = TiffEncoder::new(fs::File::create(&path).unwrap()).unwrap();
        let mut directory = encoder.image_directory().unwrap();
        let mut offsets = Vec::new();
        for tile in 0..6_usize {
            let cells: Vec<u8> = (0..256)
                .map(|cell| {
                    let (row, col) = (tile / 3 * 16 + cell / 16, tile % 3 * 16 + cell % 16);
                    if row < rows && col < cols {
                        (row * 7 + col) as u8
                    } else {
                        255
                    }
                })
                .collect();
            offsets.push(directory.write_data(&cells[..]).unwrap() as u32);
        }
        directory.write_tag(Tag::ImageWidth, cols as u32).unwrap();
        directory.write_tag(Tag::ImageLength, rows as u32).unwrap();
        directory.write_tag(Tag::BitsPerSample, 8_u16).unwrap();
        directory.write_tag(Tag::Compression, 1_u16).unwrap();
        directory
            .write_tag(Tag::PhotometricInterpretation, 1_u16)
            .unwrap();
        directory.write_tag(Tag::SamplesPerPixel, 1_u16).unwrap();
        directory.write_tag(Tag::TileWidth, 16_u32).unwrap();
        directory.write_tag(Tag::TileLength, 16_u32).unwrap();
        directory.write_tag(Tag::TileOffsets, &offsets[..]).unwrap();
        directory
            .write_tag(Tag::TileByteCounts, &[256_u32; 6][..])
            .unwrap();
        directory
            .write_tag(Tag::ModelPixelScaleTag, &[30.0, 30.0, 0.0][..])
            .unwrap();
        directory
            .write_tag(
                Tag::ModelTiepointTag,
                &[0.0, 0.0, 0.0, 500_000.0, 3_600_000.0, 0.0][..],
            )
            .unwrap();
        // The position is that of the first cell's centre.
        let keys = [1_u16, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 2, 3072, 0, 1, 4545];
        directory.write_tag(Tag::GeoKeyDirectoryTag, &keys[..]).unwrap();
        directory.finish().unwrap();
        drop(encoder);
        let raster = read_geotiff(&path, None).unwrap();
        assert_eq!((raster.west, raster.north), (499_985.0, 3_600_015.0));
        assert_eq!(raster.crs.epsg(), 4545);
        for row in 0..rows {
            for col in 0..cols {
                assert_eq!(
                    raster.value(row, col),
                    Some(f64::from((row * 7 + col) as u8)),
                    "{row} {col}"
                );
            }
        }
    }

    #[test]
    fn user_defined_keys_are_recognised_by_their_numbers() {
        let keys = GeoKeys {
            model: 1,
            projected: Some(USER_DEFINED),
            method: Some(1),
            central_meridian: Some(108.0),
            false_easting: Some(500_000.0),
            scale: 1.0,
            citations: "CGCS2000_3_Degree_GK_CM_108E".to_owned(),
            ..GeoKeys::default()
        };
        assert_eq!(keys_crs(&keys).unwrap().map(Crs::epsg), Some(4545));
        let unknown = GeoKeys {
            citations: "Xian 1980".to_owned(),
            ..keys
        };
        assert_eq!(keys_crs(&unknown).unwrap(), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// What is written is what is read, for every cell type.
        #[test]
        fn round_trip(rows in 1usize..40, cols in 1usize..40, kind in 0u8..3, seed in any::<u32>()) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("r.tif");
            let cells: Vec<u32> = (0..rows * cols).map(|cell| (cell as u32).wrapping_mul(2_654_435_761).wrapping_add(seed)).collect();
            let data = match kind {
                0 => RasterData::U8(cells.iter().map(|cell| *cell as u8).collect()),
                1 => RasterData::I16(cells.iter().map(|cell| *cell as i16).collect()),
                _ => RasterData::F32(cells.iter().map(|cell| *cell as f32 / 7.0).collect()),
            };
            let raster = GeoTiff { rows, cols, data, no_data: Some(255.0), ..plane(4545) };
            write_geotiff(&path, &raster).unwrap();
            prop_assert_eq!(read_geotiff(&path, None).unwrap(), raster);
        }

        /// No damage to a good file makes the reader panic.
        #[test]
        fn the_reader_survives_damage(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("r.tif");
            write_geotiff(&path, &plane(4545)).unwrap();
            let mut bytes = fs::read(&path).unwrap();
            for (place, value) in damage {
                let place = place.index(bytes.len());
                bytes[place] = value;
            }
            fs::write(&path, bytes).unwrap();
            let _ = read_geotiff(&path, None);
        }
    }
}
