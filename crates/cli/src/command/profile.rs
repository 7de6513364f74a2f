//! `anju profile …`.

use std::path::PathBuf;
use std::process::ExitCode;

use anju_app::AppError;
use anju_app::register::profile;
use anju_model::register::FileKind;

use crate::Context;

/// Column profiles: which header of your own spreadsheets is which field.
#[derive(clap::Subcommand)]
pub(crate) enum Arguments {
    /// Save a profile from a TOML file, under the name it gives itself.
    Save {
        /// The file; `anju profile show FILE` of a spreadsheet prints one to start from.
        file: PathBuf,
    },
    /// List the saved profiles.
    List,
    /// Print how the columns of a spreadsheet are understood, as a profile that can be edited and saved.
    Show {
        /// The spreadsheet.
        file: PathBuf,
        /// What it holds, for a header that is not recognised.
        #[arg(long, value_parser = parse_file_kind, default_value = "register")]
        kind: FileKind,
    },
}

fn parse_file_kind(text: &str) -> Result<FileKind, String> {
    FileKind::from_code(text).ok_or_else(|| {
        let codes: Vec<&str> = FileKind::ALL.iter().map(|kind| kind.code()).collect();
        format!("one of {}", codes.join(", "))
    })
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, AppError> {
    let workspace = context.open().await?;
    let caller = crate::operator(&workspace);
    match arguments {
        Arguments::Save { file } => {
            let saved = profile::save(&workspace, &caller, &file).await?;
            context.output.result(
                &saved,
                &[(
                    context.output.say("已保存列对应方案", "saved column profile"),
                    saved.name.clone(),
                )],
            )?;
        }
        Arguments::List => {
            let profiles = profile::list(&workspace, &caller).await?;
            let lines: Vec<(&str, String)> = profiles
                .iter()
                .map(|profile| (profile.name.as_str(), profile.kind.code().to_owned()))
                .collect();
            context.output.result(&profiles, &lines)?;
        }
        Arguments::Show { file, kind } => {
            let shown = profile::show(&workspace, &caller, &file, kind).await?;
            crate::output::print(&shown)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
