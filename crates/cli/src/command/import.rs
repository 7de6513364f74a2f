//! `anju import`.

use std::path::PathBuf;
use std::process::ExitCode;

use anju_app::AppError;
use anju_app::register::import::{ListSource, Options, import};
use anju_model::land::LayerKind;

use crate::Context;

/// Cells left out that are shown of each file; `--json` gives more.
const SHOWN_CELLS: usize = 3;

/// Import the office's files: household lists, consent, departments' extracts, layers. What each file is, is
/// recognised; good households are stored, refused rows go into an error workbook to be corrected and imported again.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Files, or folders that are searched.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Folder for the error workbooks.
    #[arg(long, default_value = "errors")]
    errors: PathBuf,
    /// Name of a saved column profile to try first.
    #[arg(long)]
    profile: Option<String>,
    /// EPSG code for layers that do not say their CRS: `4545`, or `EPSG:4545`.
    #[arg(long, value_parser = parse_epsg)]
    crs: Option<u16>,
    /// What the layer shows, for a layer whose name does not say it (e.g. `flood_zones`).
    #[arg(long, value_parser = parse_layer_kind)]
    layer: Option<LayerKind>,
    /// Number of the document that approved a department's poverty list, where its rows do not say it.
    #[arg(long)]
    document: Option<String>,
    /// Office that issued the list, where its rows do not say it.
    #[arg(long)]
    office: Option<String>,
    /// Import the good files even when others cannot be read; without it one unreadable file stops everything.
    #[arg(long)]
    keep_going: bool,
}

fn parse_epsg(text: &str) -> Result<u16, String> {
    let number = match text.split_at_checked(5) {
        Some((prefix, number)) if prefix.eq_ignore_ascii_case("EPSG:") => number,
        _ => text,
    };
    number
        .parse()
        .map_err(|_| "an EPSG code such as 4545 or EPSG:4545".to_owned())
}

fn parse_layer_kind(text: &str) -> Result<LayerKind, String> {
    LayerKind::from_code(text).ok_or_else(|| {
        let codes: Vec<&str> = LayerKind::ALL.iter().map(|kind| kind.code()).collect();
        format!("one of {}", codes.join(", "))
    })
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, AppError> {
    let workspace = context.open().await?;
    let options = Options {
        errors: arguments.errors,
        profile: arguments.profile,
        crs: arguments.crs,
        layer: arguments.layer,
        keep_going: arguments.keep_going,
        list_source: ListSource {
            document: arguments.document,
            office: arguments.office,
        },
    };
    let (progress, bar) = context.output.progress();
    let outcome = import(
        &workspace,
        &crate::operator(&workspace),
        &arguments.paths,
        &options,
        &progress,
    )
    .await;
    bar.finish_and_clear();
    let outcome = outcome?;
    let output = &context.output;
    let mut lines = vec![
        (output.say("文件", "files"), outcome.files.len().to_string()),
        (
            output.say("读取记录", "records read"),
            outcome.records_read.to_string(),
        ),
        (
            output.say("接受记录", "records accepted"),
            outcome.records_accepted.to_string(),
        ),
        (
            output.say("退回记录", "records refused"),
            outcome.records_refused.to_string(),
        ),
        (
            output.say("新增户", "households added"),
            outcome.households_added.to_string(),
        ),
        (
            output.say("变更户", "households changed"),
            outcome.households_changed.to_string(),
        ),
    ];
    for workbook in &outcome.error_workbooks {
        lines.push((
            output.say("请更正后再导入", "correct and import again"),
            workbook.clone(),
        ));
    }
    for file in outcome
        .files
        .iter()
        .filter(|file| !file.unused_headers.is_empty())
    {
        lines.push((
            output.say("未使用的列", "columns not used"),
            format!("{}: {}", file.name, file.unused_headers.join(", ")),
        ));
    }
    for file in outcome.files.iter().filter(|file| file.cells_left_out > 0) {
        let cells = file.left_out.iter().take(SHOWN_CELLS).map(|cell| {
            let reason = if output.chinese {
                &cell.reason.zh
            } else {
                &cell.reason.en
            };
            format!("{} {} {:?} ({reason})", cell.row, cell.header, cell.value)
        });
        lines.push((
            output.say("未能读取而留空的单元格", "cells left blank, not readable"),
            format!(
                "{}: {}; {}",
                file.name,
                file.cells_left_out,
                cells.collect::<Vec<_>>().join("; ")
            ),
        ));
    }
    for problem in &outcome.problems {
        let text = if output.chinese {
            &problem.detail.zh
        } else {
            &problem.detail.en
        };
        lines.push((
            output.say("未导入", "not imported"),
            format!("{}: {text}", problem.place),
        ));
    }
    output.result(&outcome, &lines)?;
    Ok(if outcome.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}
