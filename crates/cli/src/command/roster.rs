//! `anju roster …`.

use std::path::PathBuf;
use std::process::ExitCode;

use anju_app::AppError;
use anju_app::register::roster::{self, Approval, NewDraft, RosterQuery, RosterView};
use anju_app::table::TableFormat;
use anju_model::area::AreaCode;
use anju_model::register::{Category, ConsentChoice, PovertyAttribute};
use clap::ValueEnum;
use uuid::Uuid;

use super::parse_code;
use crate::Context;

/// Approved rosters: draft from the register, compare with the version before, freeze by a second person, export.
#[derive(clap::Subcommand)]
pub(crate) enum Arguments {
    /// Draft a roster from the register, or draft the present draft again.
    Draft {
        /// What it is called.
        #[arg(long)]
        title: String,
        /// Category of relocation, e.g. `disaster`.
        #[arg(long, value_parser = |text: &str| parse_code(text, Category::from_code))]
        category: Category,
        /// Area code; the whole county without it.
        #[arg(long, value_parser = |text: &str| AreaCode::parse(text).map_err(|error| error.to_string()))]
        area: Option<AreaCode>,
        /// Only this poverty attribute, e.g. `extremely_poor`.
        #[arg(long, value_parser = |text: &str| parse_code(text, PovertyAttribute::from_code))]
        poverty_attribute: Option<PovertyAttribute>,
        /// Only households with this choice: `move`, `stay` or `undecided`.
        #[arg(long, value_parser = |text: &str| parse_code(text, ConsentChoice::from_code))]
        choice: Option<ConsentChoice>,
        /// Only households that must move (`true`), or need not (`false`).
        #[arg(long)]
        must_move: Option<bool>,
        /// Only households with (`true`) or without (`false`) open look-back items.
        #[arg(long)]
        open_items: Option<bool>,
        /// Only households whose identification is announced (`true`), or is not (`false`).
        #[arg(long)]
        identified: Option<bool>,
    },
    /// Compare a roster with the version before it: added, removed, changed.
    Compare {
        /// Id of the roster.
        id: Uuid,
    },
    /// Freeze a draft; somebody else than who drafted it.
    Freeze {
        /// Id of the roster.
        id: Uuid,
        /// The office or person that approved it.
        #[arg(long)]
        approver: String,
        /// Number of the approving document.
        #[arg(long)]
        document: String,
    },
    /// Write a roster to a file.
    Export {
        /// Id of the roster.
        id: Uuid,
        /// Where to.
        file: PathBuf,
        /// Format; by the ending of the file without it.
        #[arg(long, value_enum)]
        format: Option<Format>,
    },
    /// Check a signed roster with the county's public key.
    Check {
        /// The signed JSON file.
        file: PathBuf,
        /// The file of the public key, `ledger.pub` of the county's workspace.
        #[arg(long)]
        key: PathBuf,
    },
    /// List the rosters.
    List,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// Excel workbook, masked.
    Xlsx,
    /// Comma-separated, masked.
    Csv,
    /// The approved record, unmasked and signed.
    Json,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, AppError> {
    let output = &context.output;
    if let Arguments::Check { file, key } = &arguments {
        let document = std::fs::read(file).map_err(AppError::io(file))?;
        let key = std::fs::read_to_string(key).map_err(AppError::io(key))?;
        let roster = roster::check_signed(&document, &key)?;
        let lines = [
            (
                output.say("签名成立", "the signature holds"),
                roster.title.clone(),
            ),
            (output.say("户", "households"), roster.households.to_string()),
            ("SHA-256", roster.hash.clone()),
        ];
        output.result(&roster, &lines)?;
        return Ok(ExitCode::SUCCESS);
    }
    let workspace = context.open().await?;
    let caller = crate::operator(&workspace);
    match arguments {
        Arguments::Draft {
            title,
            category,
            area,
            poverty_attribute,
            choice,
            must_move,
            open_items,
            identified,
        } => {
            let new = NewDraft {
                title,
                category,
                area,
                poverty_attribute,
                choice,
                must_move,
                open_items,
                identified,
            };
            let drafted = roster::draft(&workspace, &caller, new).await?;
            show(context, &drafted)?;
        }
        Arguments::Compare { id } => {
            let limit = output.json.then_some(usize::MAX);
            let found = roster::compare(&workspace, &caller, id, limit).await?;
            let mut lines = vec![
                (output.say("新增户", "added"), found.added.to_string()),
                (output.say("移出户", "removed"), found.removed.to_string()),
                (output.say("变化户", "changed"), found.changed.to_string()),
                (output.say("相同户", "unchanged"), found.unchanged.to_string()),
            ];
            for entry in &found.changed_entries {
                let changes = entry.changes.iter().map(|change| {
                    let texts = [&change.before, &change.after];
                    let [before, after] = texts.map(|text| if output.chinese { &text.zh } else { &text.en });
                    format!(
                        "{}: {before} -> {after}",
                        output.say(change.field.zh(), change.field.en())
                    )
                });
                lines.push((&entry.register_number, changes.collect::<Vec<_>>().join("; ")));
            }
            output.result(&found, &lines)?;
        }
        Arguments::Freeze {
            id,
            approver,
            document,
        } => {
            let seen = roster::show(&workspace, &caller, id).await?;
            let approval = Approval { approver, document };
            let frozen = roster::freeze(&workspace, &caller, id, seen.version, approval).await?;
            show(context, &frozen)?;
        }
        Arguments::Export { id, file, format } => {
            let ending = file
                .extension()
                .and_then(|ending| ending.to_str())
                .unwrap_or_default();
            let format = format
                .or_else(|| Format::from_str(ending, true).ok())
                .ok_or_else(|| {
                    AppError::invalid(
                        "roster_format",
                        file.display().to_string(),
                        "文件名须以 .xlsx、.csv 或 .json 结尾,或用 --format 指明",
                        "the file must end in .xlsx, .csv or .json, or say the format with --format",
                    )
                })?;
            let bytes = match format {
                Format::Xlsx => roster::export(&workspace, &caller, id, TableFormat::Xlsx).await?,
                Format::Csv => roster::export(&workspace, &caller, id, TableFormat::Csv).await?,
                Format::Json => roster::export_signed(&workspace, &caller, id).await?,
            };
            std::fs::write(&file, &bytes).map_err(AppError::io(&file))?;
            let written = serde_json::json!({ "file": file, "bytes": bytes.len() });
            output.result(
                &written,
                &[(output.say("已写入", "written"), file.display().to_string())],
            )?;
        }
        Arguments::List => {
            let page = roster::list(
                &workspace,
                &caller,
                &RosterQuery {
                    limit: Some(200),
                    ..RosterQuery::default()
                },
            )
            .await?;
            let ids: Vec<String> = page
                .items
                .iter()
                .map(|found| found.roster.id.to_string())
                .collect();
            let lines: Vec<(&str, String)> = ids
                .iter()
                .zip(&page.items)
                .map(|(id, found)| (id.as_str(), summary(context, found)))
                .collect();
            output.result(&page, &lines)?;
        }
        Arguments::Check { .. } => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(context: &Context, found: &RosterView) -> String {
    let (output, roster) = (&context.output, &found.roster);
    format!(
        "{} · {} · {} · {} · {}",
        roster.title,
        output.say(roster.category.zh(), roster.category.en()),
        roster.number,
        output.say(roster.state.zh(), roster.state.en()),
        roster.households
    )
}

fn show(context: &Context, found: &RosterView) -> Result<(), AppError> {
    let (output, roster) = (&context.output, &found.roster);
    let lines = [
        (output.say("名册", "roster"), roster.id.to_string()),
        (output.say("名称", "title"), roster.title.clone()),
        (output.say("版次", "version"), roster.number.to_string()),
        (
            output.say("状态", "state"),
            output.say(roster.state.zh(), roster.state.en()).to_owned(),
        ),
        (output.say("户", "households"), roster.households.to_string()),
        (output.say("人", "persons"), roster.persons.to_string()),
        ("SHA-256", roster.hash.clone()),
    ];
    output.result(found, &lines)
}
