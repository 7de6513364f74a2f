//! `anju init`.

use std::process::ExitCode;

use anju_app::workspace::{Environment, NewWorkspace};
use anju_app::{AppError, Workspace};
use anju_model::area::AreaCode;

use crate::Context;

/// Make a workspace with its first administrator.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Statistical code of the county, 6 digits.
    #[arg(long)]
    county_code: String,
    /// Name of the county.
    #[arg(long)]
    county_name: String,
    /// EPSG code of the metric CRS to work in, e.g. 4545 (CGCS2000, 3-degree Gauss-Kruger, 108° E).
    #[arg(long, default_value_t = 4545)]
    epsg: u16,
    /// Policy pack: the name of one that ships with the program (cn-national, cn-shaanxi, cn-shaanxi-2025), or a
    /// `.toml` file of the county's own.
    #[arg(long, default_value = "cn-shaanxi")]
    pack: String,
    /// Sign-in name of the first administrator.
    #[arg(long, default_value = "admin")]
    administrator: String,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, AppError> {
    let county_code = AreaCode::parse(&arguments.county_code).map_err(|error| {
        AppError::invalid(
            "county_code",
            "--county-code",
            "县级区划代码须为 6 位数字",
            error.to_string(),
        )
    })?;
    let new = NewWorkspace {
        county_code,
        county_name: arguments.county_name,
        epsg: arguments.epsg,
        pack: arguments.pack,
        database: context.database.clone(),
        administrator: arguments.administrator,
    };
    let made = Workspace::init(&context.workspace, new, Environment::system()).await?;
    let output = &context.output;
    output.result(
        &made,
        &[
            (output.say("工作区", "workspace"), made.workspace.clone()),
            (output.say("管理员", "administrator"), made.administrator.clone()),
            (
                output.say("初始密码(仅显示一次)", "first password (shown once)"),
                made.password.clone(),
            ),
            (
                output.say("账本公钥", "ledger's public key"),
                made.verifying_key.clone(),
            ),
        ],
    )?;
    Ok(ExitCode::SUCCESS)
}
