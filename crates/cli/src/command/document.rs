//! `anju document …`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anju_app::AppError;
use anju_app::register::document::{Paper, card_pdf, notice_pdf, unmasked_card_pdf};
use anju_app::register::unmask::Need;
use anju_model::access::Purpose;
use anju_model::code_list::Language;
use clap::ValueEnum;
use uuid::Uuid;

use crate::Context;

/// Printed documents as PDF files, in the language of --language.
#[derive(clap::Subcommand)]
pub(crate) enum Arguments {
    /// The list of a publicity notice or an announcement.
    Notice {
        /// Id of the notice.
        id: Uuid,
        /// Where to.
        file: PathBuf,
        /// Size of the paper.
        #[arg(long, value_enum, default_value = "a4")]
        paper: PaperArgument,
    },
    /// The card of a household, masked unless a purpose is given.
    Card {
        /// Id of the household.
        id: Uuid,
        /// Where to.
        file: PathBuf,
        /// Show personal data as it is for this purpose, e.g. `payment`; that is written into the ledger.
        #[arg(long, value_parser = |text: &str| Purpose::from_code(text).ok_or("the reference names the purposes"))]
        purpose: Option<Purpose>,
        /// What exactly it is needed for; must be given with `--purpose other`.
        #[arg(long, requires = "purpose")]
        note: Option<String>,
        /// Address of the web app, for the code on the card; without it the code is the register number.
        #[arg(long)]
        address: Option<String>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum PaperArgument {
    /// A4, upright.
    A4,
    /// A3, lying, in larger print for a notice board.
    A3,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, AppError> {
    let workspace = context.open().await?;
    let caller = crate::operator(&workspace);
    let language = if context.output.chinese {
        Language::Chinese
    } else {
        Language::English
    };
    match arguments {
        Arguments::Notice { id, file, paper } => {
            let paper = match paper {
                PaperArgument::A4 => Paper::A4,
                PaperArgument::A3 => Paper::A3,
            };
            let bytes = notice_pdf(&workspace, &caller, id, paper, language).await?;
            write(context, &file, &bytes)
        }
        Arguments::Card {
            id,
            file,
            purpose,
            note,
            address,
        } => {
            let address = address.as_deref();
            let bytes = match purpose {
                None => card_pdf(&workspace, &caller, id, language, address).await?,
                Some(purpose) => {
                    let need = Need { purpose, note };
                    unmasked_card_pdf(&workspace, &caller, id, need, language, address).await?
                }
            };
            write(context, &file, &bytes)
        }
    }
}

fn write(context: &Context, file: &Path, bytes: &[u8]) -> Result<ExitCode, AppError> {
    let output = &context.output;
    std::fs::write(file, bytes).map_err(AppError::io(file))?;
    let written = serde_json::json!({ "file": file, "bytes": bytes.len() });
    output.result(
        &written,
        &[(output.say("已写入", "written"), file.display().to_string())],
    )?;
    Ok(ExitCode::SUCCESS)
}
