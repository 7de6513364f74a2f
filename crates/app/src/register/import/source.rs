//! Reading: which files there are, and what each of them holds.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anju_exchange::crs::{Crs, Transformer};
use anju_exchange::header::{ColumnProfile, recognise};
use anju_exchange::packed::PackedSheet;
use anju_exchange::raster::{GeoTiff, read_geotiff, reproject_bilinear, require_metric};
use anju_exchange::table::{Sheet, read_packed_file};
use anju_exchange::vector::{Feature, VectorLayer};
use anju_model::land::LayerKind;
use anju_model::register::FileKind;
use sha2::{Digest, Sha256};

use super::Options;
use crate::{AppError, Problem, Progress, Workspace};

/// A file understood, before anything is written.
pub(super) enum Content {
    Table {
        sheet: Arc<PackedSheet>,
        kind: FileKind,
    },
    Vector {
        layer: VectorLayer,
        kind: LayerKind,
        source_crs: String,
    },
    Elevation {
        raster: GeoTiff,
        source_crs: String,
    },
}

pub(super) struct Source {
    pub(super) name: String,
    pub(super) sha256: String,
    pub(super) content: Content,
}

impl Source {
    pub(super) fn kind(&self) -> FileKind {
        match &self.content {
            Content::Table { kind, .. } => *kind,
            Content::Vector { .. } => FileKind::VectorLayer,
            Content::Elevation { .. } => FileKind::Elevation,
        }
    }
}

/// All files at the paths: a file named is taken, a folder is searched for files of known formats.
pub(super) fn find_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, AppError> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = Vec::new();
    for path in paths {
        if path.is_dir() {
            folders.push(path.clone());
        } else if path.is_file() {
            found.push(path.clone());
        } else {
            return Err(AppError::Files(vec![Problem::new(
                "no_file",
                path.display().to_string(),
                "没有这个文件或文件夹",
                "there is no such file or folder",
            )]));
        }
    }
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(AppError::io(&folder))? {
            let path = entry.map_err(AppError::io(&folder))?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            // Hidden files, Excel's lock files, and the example's answers, which an office would not have.
            if name.starts_with('.') || name.starts_with("~$") || name == "truth" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if matches!(
                extension(&path).as_str(),
                "xlsx" | "xls" | "csv" | "shp" | "geojson" | "gpkg" | "tif" | "tiff"
            ) {
                found.push(path);
            }
        }
    }
    found.sort();
    found.dedup();
    if found.is_empty() {
        return Err(AppError::Files(vec![Problem::new(
            "no_file",
            paths
                .iter()
                .map(|path| path.display().to_string())
                .collect::<Vec<_>>()
                .join(", "),
            "没有可导入的文件(xlsx、xls、csv、shp、geojson、gpkg、tif)",
            "there is nothing to import (xlsx, xls, csv, shp, geojson, gpkg, tif)",
        )]));
    }
    Ok(found)
}

fn extension(path: &Path) -> String {
    path.extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase()
}

/// Reads and understands every file; what cannot be used is told, and the rest goes on.
pub(super) async fn read_all(
    workspace: &Workspace,
    files: Vec<PathBuf>,
    profiles: &[ColumnProfile],
    options: &Options,
    progress: &Progress,
) -> Result<(Vec<Source>, Vec<Problem>), AppError> {
    let (epsg, profiles, options, progress) = (
        workspace.county().epsg,
        profiles.to_vec(),
        options.clone(),
        progress.clone(),
    );
    tokio::task::spawn_blocking(move || {
        let (mut sources, mut problems) = (Vec::new(), Vec::new());
        let count = files.len() as f32;
        for (index, path) in files.iter().enumerate() {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            progress.report(
                &format!("读取 {name}"),
                &format!("reading {name}"),
                0.4 * index as f32 / count,
            )?;
            match read(path, &name, epsg, &profiles, &options) {
                Ok(mut read) => sources.append(&mut read),
                Err(AppError::Exchange(error)) => {
                    problems.push(Problem::new(
                        "file",
                        path.display().to_string(),
                        error.zh(),
                        error.to_string(),
                    ));
                }
                Err(AppError::Invalid(problem)) => problems.push(problem),
                Err(other) => return Err(other),
            }
        }
        Ok((sources, problems))
    })
    .await
    .map_err(|error| AppError::Aborted(error.to_string()))?
}

fn read(
    path: &Path,
    name: &str,
    epsg: u16,
    profiles: &[ColumnProfile],
    options: &Options,
) -> Result<Vec<Source>, AppError> {
    let sha256 = content_hash(path)?;
    let county_crs = Crs::from_epsg(epsg)?;
    match extension(path).as_str() {
        "xlsx" | "xls" | "csv" => {
            let sheets = read_packed_file(path)?;
            let heads: Vec<Sheet> = sheets.iter().map(PackedSheet::head).collect();
            let tables = recognise(&heads, profiles, None)?;
            let several = tables.len() > 1;
            let kinds: Vec<Option<FileKind>> = heads
                .iter()
                .map(|head| {
                    let table = tables.iter().find(|table| std::ptr::eq(table.sheet, head));
                    table.map(|table| table.kind)
                })
                .collect();
            let known = sheets.into_iter().zip(kinds);
            Ok(known
                .filter_map(|(sheet, kind)| kind.map(|kind| (sheet, kind)))
                .map(|(sheet, kind)| Source {
                    name: if several {
                        format!("{name}: {}", sheet.sheet)
                    } else {
                        name.to_owned()
                    },
                    sha256: sha256.clone(),
                    content: Content::Table {
                        sheet: Arc::new(sheet),
                        kind,
                    },
                })
                .collect())
        }
        "tif" | "tiff" => {
            let file = read_geotiff(path, options.crs.map(Crs::from_epsg).transpose()?)?;
            require_metric(path, &file)?;
            let source_crs = file.crs.name();
            let raster = if file.crs == county_crs {
                file
            } else {
                let cell = file.cell_width;
                reproject_bilinear(&file, county_crs, cell, None)?
            };
            let content = Content::Elevation { raster, source_crs };
            Ok(vec![Source {
                name: name.to_owned(),
                sha256,
                content,
            }])
        }
        _ => {
            let wanted = anju_exchange::vector::VectorOptions {
                crs: options.crs.map(Crs::from_epsg).transpose()?,
                layer: None,
            };
            let mut sources = Vec::new();
            for layer in anju_exchange::vector::read_vector(path, &wanted)? {
                let title = if layer.name.is_empty() {
                    name.to_owned()
                } else {
                    layer.name.clone()
                };
                let kind = options
                    .layer
                    .or_else(|| anju_exchange::layer_kind::layer_kind(&title))
                    .or_else(|| anju_exchange::layer_kind::layer_kind(name));
                let Some(kind) = kind else {
                    return Err(AppError::invalid(
                        "layer_kind",
                        format!("{}: {title}", path.display()),
                        "无法从名称判断图层类型;请改名(如“洪涝灾害区”),或用 --layer 指明",
                        "the name does not say what the layer shows; rename it (e.g. flood_zones) or say it with --layer",
                    ));
                };
                let source_crs = layer.crs.name();
                let layer = reproject(layer, county_crs)?;
                sources.push(Source {
                    name: format!("{name}: {title}"),
                    sha256: sha256.clone(),
                    content: Content::Vector {
                        layer,
                        kind,
                        source_crs,
                    },
                });
            }
            Ok(sources)
        }
    }
}

/// The layer in another CRS.
fn reproject(layer: VectorLayer, target: Crs) -> Result<VectorLayer, AppError> {
    if layer.crs == target {
        return Ok(layer);
    }
    let transformer = Transformer::new(layer.crs, target)?;
    let features = layer
        .features
        .into_iter()
        .map(|feature| {
            Ok(Feature {
                geometry: transformer.geometry(&feature.geometry)?,
                ..feature
            })
        })
        .collect::<Result<_, AppError>>()?;
    Ok(VectorLayer {
        crs: target,
        features,
        ..layer
    })
}

/// SHA-256 of a file; of a shapefile, with the files beside it that belong to it.
fn content_hash(path: &Path) -> Result<String, AppError> {
    let mut hash = Sha256::new();
    add_content(&mut hash, path)?;
    if extension(path) == "shp" {
        for part in ["dbf", "prj", "cpg"] {
            let beside = path.with_extension(part);
            if beside.is_file() {
                add_content(&mut hash, &beside)?;
            }
        }
    }
    Ok(anju_store::attachment::hex(&hash.finalize()))
}

fn add_content(hash: &mut Sha256, path: &Path) -> Result<(), AppError> {
    let mut file = std::fs::File::open(path).map_err(AppError::io(path))?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(AppError::io(path))? {
            0 => return Ok(()),
            read => hash.update(&buffer[..read]),
        }
    }
}
