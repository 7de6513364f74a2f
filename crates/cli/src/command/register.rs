//! `anju register …`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use anju_app::AppError;
use anju_app::register::bulk::{
    self, BulkQuery, BulkStep, BulkView, Part, Reading, RowQuery, Selection, SheetFormat, SheetRequest,
};
use anju_app::register::unmask::Need;
use anju_app::register::views::HouseholdQuery;
use anju_model::access::Purpose;
use anju_model::area::AreaCode;
use anju_model::bulk::BulkState;
use anju_model::register::{Category, ConsentChoice};
use clap::ValueEnum;
use uuid::Uuid;

use super::parse_code;
use crate::Context;

/// Change many records from a spreadsheet: export, edit in Excel, read back as a batch that somebody else approves.
#[derive(clap::Subcommand)]
pub(crate) enum Arguments {
    /// Write a sheet of households and their members to be edited.
    Export {
        /// Where to: `.xlsx` with both tables, or `.csv` with one.
        file: PathBuf,
        /// Part of a name or register number, a whole ID number, or the last digits of a phone number.
        #[arg(long)]
        search: Option<String>,
        /// Only this area.
        #[arg(long, value_parser = |text: &str| AreaCode::parse(text).map_err(|error| error.to_string()))]
        area: Option<AreaCode>,
        /// Only this category, e.g. `disaster`.
        #[arg(long, value_parser = |text: &str| parse_code(text, Category::from_code))]
        category: Option<Category>,
        /// Only households with this choice: `move`, `stay` or `undecided`.
        #[arg(long, value_parser = |text: &str| parse_code(text, ConsentChoice::from_code))]
        choice: Option<ConsentChoice>,
        /// Only households that must move (`true`), or need not (`false`).
        #[arg(long)]
        must_move: Option<bool>,
        /// Only these columns, by name, with commas between.
        #[arg(long, value_delimiter = ',')]
        fields: Vec<String>,
        /// Write the table of members, for a `.csv` file.
        #[arg(long)]
        members: bool,
        #[command(flatten)]
        purpose: Stated,
    },
    /// Read an edited sheet: shows what would change and what is refused. With a reason it is asked for at once.
    Change {
        /// The edited sheet.
        file: PathBuf,
        /// Columns whose emptied cells are changes, by name, with commas between.
        #[arg(long, value_delimiter = ',')]
        clear: Vec<String>,
        /// Ask for the batch, with this reason.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        purpose: Stated,
    },
    /// Approve a batch that somebody else asked for, and thereby apply it.
    Approve {
        /// Id of the batch.
        id: Uuid,
        /// A remark.
        #[arg(long)]
        remark: Option<String>,
    },
    /// Refuse a batch that somebody else asked for.
    Refuse {
        /// Id of the batch.
        id: Uuid,
        /// Why.
        #[arg(long)]
        remark: String,
    },
    /// Make the opposite of an applied batch, and ask for it.
    Undo {
        /// Id of the applied batch.
        id: Uuid,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        purpose: Stated,
    },
    /// List the newest batches.
    List {
        /// Only this state: `read`, `asked`, `approved`, `refused` or `withdrawn`.
        #[arg(long, value_parser = |text: &str| parse_code(text, BulkState::from_code))]
        state: Option<BulkState>,
    },
}

/// What personal data is needed for; masked and not to be changed without it.
#[derive(clap::Args)]
pub(crate) struct Stated {
    /// Purpose for which personal data is read and changed: `application`, `payment`, `complaint`, `inspection` or `other`.
    #[arg(long, value_parser = |text: &str| parse_code(text, Purpose::from_code))]
    purpose: Option<Purpose>,
    /// The purpose in words; needed for `other`.
    #[arg(long, requires = "purpose")]
    note: Option<String>,
}

impl Stated {
    fn need(self) -> Option<Need> {
        let note = self.note;
        self.purpose.map(|purpose| Need { purpose, note })
    }
}

/// Differences and refusals that are printed; the others are counted.
const SHOWN: usize = 20;

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, AppError> {
    let output = &context.output;
    let workspace = context.open().await?;
    let caller = crate::operator(&workspace);
    let next = async |id: Uuid, step: BulkStep, remark: Option<&str>| {
        let seen = bulk::show(&workspace, &caller, id).await?;
        bulk::step(&workspace, &caller, id, seen.version, step, remark).await
    };
    match arguments {
        Arguments::Export {
            file,
            search,
            area,
            category,
            choice,
            must_move,
            fields,
            members,
            purpose,
        } => {
            let format = format_of(&file)?;
            let request = SheetRequest {
                selection: Selection {
                    households: None,
                    query: HouseholdQuery {
                        search,
                        area,
                        category,
                        choice,
                        must_move,
                        ..HouseholdQuery::default()
                    },
                },
                fields: fields.into_iter().collect(),
                need: purpose.need(),
                format,
                part: if members { Part::Members } else { Part::Households },
            };
            let bytes = bulk::change_sheet(&workspace, &caller, &request).await?;
            std::fs::write(&file, &bytes).map_err(AppError::io(&file))?;
            let written = serde_json::json!({ "file": file, "bytes": bytes.len() });
            output.result(
                &written,
                &[(output.say("已写入", "written"), file.display().to_string())],
            )?;
        }
        Arguments::Change {
            file,
            clear,
            reason,
            purpose,
        } => {
            let bytes = std::fs::read(&file).map_err(AppError::io(&file))?;
            let name = file
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            let reading = Reading {
                clear: clear.into_iter().collect::<BTreeSet<String>>(),
                need: purpose.need(),
            };
            let mut batch = bulk::read(&workspace, &caller, &name, bytes, &reading).await?;
            if let Some(reason) = reason.filter(|_| batch.change.households > 0) {
                batch = next(batch.change.id, BulkStep::Ask, Some(&reason)).await?;
            }
            let shown = RowQuery {
                limit: Some(SHOWN),
                ..RowQuery::default()
            };
            let changed = bulk::changed_rows(&workspace, &caller, batch.change.id, &shown).await?;
            let refused = bulk::refused_rows(&workspace, &caller, batch.change.id, &shown).await?;
            let mut lines = summary(context, &batch);
            let text = |text: &anju_model::code_list::Text| output.say(&text.zh, &text.en).to_owned();
            for row in &changed.items {
                for edit in &row.edits {
                    let member = edit.person_name.as_deref().unwrap_or_default();
                    lines.push((
                        row.register_number.clone(),
                        format!(
                            "{member} {}: {} -> {}",
                            text(&edit.title),
                            text(&edit.before),
                            text(&edit.after)
                        ),
                    ));
                }
            }
            for row in &refused.items {
                let stored = row
                    .stored
                    .as_deref()
                    .map(|stored| format!(" ({stored})"))
                    .unwrap_or_default();
                lines.push((
                    format!("{} {}", row.file, row.row),
                    format!(
                        "{} {}{stored}: {}; {}",
                        row.column,
                        row.value,
                        text(&row.reason),
                        text(&row.remedy)
                    ),
                ));
            }
            let whole = serde_json::json!({ "batch": batch, "changed": changed, "refused": refused });
            print(context, &whole, &lines)?;
        }
        Arguments::Approve { id, remark } => {
            show(context, &next(id, BulkStep::Approve, remark.as_deref()).await?)?;
        }
        Arguments::Refuse { id, remark } => {
            show(context, &next(id, BulkStep::Refuse, Some(&remark)).await?)?;
        }
        Arguments::Undo { id, reason, purpose } => {
            let batch = bulk::undo(&workspace, &caller, id, purpose.need().as_ref()).await?;
            show(
                context,
                &next(batch.change.id, BulkStep::Ask, Some(&reason)).await?,
            )?;
        }
        Arguments::List { state } => {
            let query = BulkQuery {
                state,
                limit: Some(200),
                ..BulkQuery::default()
            };
            let page = bulk::list(&workspace, &caller, &query).await?;
            let lines: Vec<(String, String)> = page
                .items
                .iter()
                .map(|batch| {
                    let state = output.say(batch.change.state.zh(), batch.change.state.en());
                    let BulkView { change, .. } = batch;
                    let text = format!(
                        "{} · {state} · {} · {}",
                        change.title, change.asked_by, change.households
                    );
                    (change.id.to_string(), text)
                })
                .collect();
            print(context, &page, &lines)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn format_of(file: &std::path::Path) -> Result<SheetFormat, AppError> {
    let ending = file
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default();
    match Format::from_str(ending, true) {
        Ok(Format::Xlsx) => Ok(SheetFormat::Xlsx),
        Ok(Format::Csv) => Ok(SheetFormat::Csv),
        Err(_) => Err(AppError::invalid(
            "sheet_format",
            file.display().to_string(),
            "文件名须以 .xlsx 或 .csv 结尾",
            "the file must end in .xlsx or .csv",
        )),
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Xlsx,
    Csv,
}

fn print(
    context: &Context,
    value: &impl serde::Serialize,
    lines: &[(String, String)],
) -> Result<(), AppError> {
    let lines: Vec<(&str, String)> = lines
        .iter()
        .map(|(label, text)| (label.as_str(), text.clone()))
        .collect();
    context.output.result(value, &lines)
}

fn show(context: &Context, batch: &BulkView) -> Result<(), AppError> {
    print(context, batch, &summary(context, batch))
}

fn summary(context: &Context, batch: &BulkView) -> Vec<(String, String)> {
    let (output, change) = (&context.output, &batch.change);
    let line = |zh: &str, en: &str, text: String| (output.say(zh, en).to_owned(), text);
    let mut lines = vec![
        line("批次", "batch", change.id.to_string()),
        line(
            "状态",
            "state",
            output.say(change.state.zh(), change.state.en()).to_owned(),
        ),
        line("读取行", "rows read", change.rows_read.to_string()),
        line("无改动行", "rows unchanged", change.rows_unchanged.to_string()),
        line("退回行", "rows refused", change.rows_refused.to_string()),
        line("变更户", "households changed", change.households.to_string()),
    ];
    for (count, title) in change.fields.iter().zip(&batch.titles) {
        lines.push((
            output.say(&title.zh, &title.en).to_owned(),
            count.changes.to_string(),
        ));
    }
    if !change.unknown_columns.is_empty() {
        lines.push(line(
            "未识别的列",
            "unknown columns",
            change.unknown_columns.join(", "),
        ));
    }
    lines
}
