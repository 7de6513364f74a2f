//! `anju ledger …`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anju_app::ledger::erasure::{self, ErasureOrder, ErasureQuery, ErasureStep, ErasureView};
use anju_app::{AppError, Caller, Workspace, ledger};
use anju_model::erasure::ErasureState;

use crate::Context;
use crate::output::Output;

/// Prove that nothing was changed behind the program's back, or make the tables again from the log.
#[derive(clap::Subcommand)]
pub(crate) enum Arguments {
    /// Check every entry, hash and signature, and that every row of every table equals its last entry.
    Verify {
        /// A checkpoint that was kept elsewhere: prove that the ledger still extends it.
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
        /// The public key that was kept elsewhere, instead of the workspace's own.
        #[arg(long, value_name = "FILE", requires = "checkpoint")]
        key: Option<PathBuf>,
    },
    /// Empty the tables and make them again from the log.
    Rebuild,
    /// Prove that an entry is in the ledger.
    Prove {
        /// Position of the entry, from 0.
        index: u64,
    },
    /// Prove that the ledger at one size begins with the ledger at a smaller one.
    Consistency {
        /// Number of entries of the smaller one, at least 1.
        from: u64,
        /// Number of entries of the larger one.
        to: u64,
    },
    /// Print the newest signed checkpoint.
    Checkpoint {
        /// Write it into this file; one that is there is replaced once the ledger is proved to extend it.
        #[arg(long, value_name = "FILE")]
        keep: Option<PathBuf>,
    },
    /// Erase the content of a superseded entry on legal order: one person asks, another carries it out. The proofs stay.
    #[command(subcommand)]
    Erase(Erase),
}

#[derive(clap::Subcommand)]
pub(crate) enum Erase {
    /// Ask for the erasure of an entry's content.
    Ask {
        /// Position of the entry, from 0.
        index: u64,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// The legal order, e.g. its number.
        #[arg(long, value_name = "TEXT")]
        document: String,
    },
    /// Carry out what another person asked for. Nothing brings the content back.
    CarryOut {
        /// Position of the entry.
        index: u64,
        /// What is said to it.
        #[arg(long, value_name = "TEXT")]
        remark: Option<String>,
    },
    /// Refuse what another person asked for.
    Refuse {
        /// Position of the entry.
        index: u64,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take back what was asked for.
    Withdraw {
        /// Position of the entry.
        index: u64,
    },
    /// List erasures, the latest entry first.
    List {
        /// Only this state: `asked`, `refused`, `withdrawn` or `carried_out`.
        #[arg(long, value_parser = |text: &str| ErasureState::from_code(text).ok_or("no such state"))]
        state: Option<ErasureState>,
        /// Where the page before ended.
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
    },
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, AppError> {
    let workspace = context.open().await?;
    let caller = crate::operator(&workspace);
    let output = &context.output;
    let (progress, bar) = output.progress();
    match arguments {
        Arguments::Verify { checkpoint, key } => {
            let kept = checkpoint.as_deref().map(read).transpose()?;
            let key = key.as_deref().map(read).transpose()?;
            let verified = match &kept {
                Some(note) => {
                    ledger::verify_against(&workspace, &caller, note, key.as_deref(), &progress).await
                }
                None => ledger::verify(&workspace, &caller, &progress)
                    .await
                    .map(|report| ledger::Verification { report, kept: None }),
            };
            bar.finish_and_clear();
            let verified = verified?;
            let report = &verified.report;
            let mut lines = vec![
                (output.say("账本条目", "entries"), report.entries.to_string()),
                (
                    output.say("核对的数据行", "rows compared"),
                    report.rows.to_string(),
                ),
                (
                    output.say("发现的问题", "problems"),
                    report.problem_count.to_string(),
                ),
            ];
            if let Some(kept) = &verified.kept {
                lines.push((
                    output.say("账本延续所存检查点", "extends the kept checkpoint of"),
                    kept.size.to_string(),
                ));
            }
            for problem in &report.problems {
                lines.push((output.say("问题", "problem"), problem.to_string()));
            }
            output.result(&verified, &lines)?;
            Ok(if report.problems.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        Arguments::Rebuild => {
            let outcome = anju_app::ledger::rebuild(&workspace, &caller, &progress).await;
            bar.finish_and_clear();
            let outcome = outcome?;
            output.result(
                &outcome,
                &[(
                    output.say("重建的对象", "subjects made again"),
                    outcome.subjects.to_string(),
                )],
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Arguments::Prove { index } => {
            let proved = ledger::inclusion(&workspace, &caller, index).await?;
            output.result(
                &proved,
                &[
                    (output.say("条目", "entry"), proved.leaf.clone()),
                    (output.say("叶哈希", "leaf hash"), proved.leaf_hash.clone()),
                    (
                        output.say("证明哈希数", "hashes in the proof"),
                        proved.proof.len().to_string(),
                    ),
                    (
                        output.say("检查点条目数", "size of the checkpoint"),
                        proved.checkpoint.size.to_string(),
                    ),
                    (output.say("树根", "root"), proved.checkpoint.root.clone()),
                ],
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Arguments::Consistency { from, to } => {
            let proved = ledger::consistency(&workspace, &caller, from, Some(to)).await?;
            output.result(
                &proved,
                &[
                    (
                        output.say("前", "from"),
                        format!("{} {}", proved.from.size, proved.from.root),
                    ),
                    (
                        output.say("后", "to"),
                        format!("{} {}", proved.to.size, proved.to.root),
                    ),
                    (
                        output.say("证明哈希数", "hashes in the proof"),
                        proved.proof.len().to_string(),
                    ),
                ],
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Arguments::Checkpoint { keep: Some(file) } => {
            let kept = ledger::keep_checkpoint(&workspace, &caller, &file).await?;
            let mut lines = vec![
                (output.say("文件", "file"), kept.file.clone()),
                (
                    output.say("检查点条目数", "size of the checkpoint"),
                    kept.checkpoint.size.to_string(),
                ),
            ];
            if let Some(replaced) = kept.replaced {
                lines.push((
                    output.say("账本延续原检查点", "extends the one before, of"),
                    replaced.to_string(),
                ));
            }
            output.result(&kept, &lines)?;
            Ok(ExitCode::SUCCESS)
        }
        Arguments::Checkpoint { keep: None } => {
            let checkpoint = ledger::checkpoint(&workspace, &caller).await?;
            if output.json {
                output.result(&checkpoint, &[])?;
            } else {
                // As it is, so that it can be piped into a file.
                crate::output::print(&checkpoint.note)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Arguments::Erase(erase) => erasure(context, &workspace, &caller, erase).await,
    }
}

async fn erasure(
    context: &Context,
    workspace: &Workspace,
    caller: &Caller,
    arguments: Erase,
) -> Result<ExitCode, AppError> {
    let output = &context.output;
    let (index, step, remark) = match arguments {
        Erase::Ask {
            index,
            reason,
            document,
        } => {
            let asked = erasure::ask(workspace, caller, index, &ErasureOrder { reason, document }).await?;
            output.result(&asked, &lines(output, &asked))?;
            return Ok(ExitCode::SUCCESS);
        }
        Erase::List { state, after } => {
            let query = ErasureQuery {
                state,
                after,
                limit: None,
            };
            let page = erasure::list(workspace, caller, &query).await?;
            let mut shown = vec![(output.say("删除事项", "erasures"), page.total.to_string())];
            for item in &page.items {
                shown.extend(lines(output, item));
            }
            if let Some(next) = &page.next {
                shown.push((output.say("下一页", "next page"), format!("--after {next}")));
            }
            output.result(&page, &shown)?;
            return Ok(ExitCode::SUCCESS);
        }
        Erase::CarryOut { index, remark } => (index, ErasureStep::CarryOut, remark),
        Erase::Refuse { index, reason } => (index, ErasureStep::Refuse, Some(reason)),
        Erase::Withdraw { index } => (index, ErasureStep::Withdraw, None),
    };
    let version = erasure::show(workspace, caller, index).await?.version;
    let taken = erasure::step(workspace, caller, index, version, step, remark.as_deref()).await?;
    let mut shown = lines(output, &taken.erasure);
    if let Some(compacted) = taken.compacted {
        let cleared = match compacted {
            true => output.say("是", "yes"),
            false => output.say("否", "no"),
        };
        shown.push((
            output.say("数据库文件已清除残留", "freed space was cleared"),
            cleared.to_owned(),
        ));
    }
    output.result(&taken, &shown)?;
    Ok(ExitCode::SUCCESS)
}

fn lines(output: &Output, shown: &ErasureView) -> Vec<(&'static str, String)> {
    let erasure = &shown.erasure;
    let state = erasure.state;
    let mut lines = vec![
        (output.say("条目", "entry"), erasure.entry.to_string()),
        (
            output.say("状态", "state"),
            output.say(state.zh(), state.en()).to_owned(),
        ),
        (output.say("依据", "legal order"), erasure.document.clone()),
    ];
    lines.extend(
        erasure
            .asked_by
            .clone()
            .map(|by| (output.say("提出人", "asked for by"), by)),
    );
    if let Some(decision) = &erasure.decision {
        lines.push((output.say("办理人", "decided by"), decision.by.clone()));
    }
    if let Some(entry) = shown.recorded_in {
        lines.push((output.say("记录于条目", "recorded in entry"), entry.to_string()));
    }
    lines
}

fn read(file: &Path) -> Result<String, AppError> {
    std::fs::read_to_string(file).map_err(|error| {
        AppError::invalid(
            "file",
            file.display().to_string(),
            format!("{} 无法读取:{error}", file.display()),
            format!("{} cannot be read: {error}", file.display()),
        )
    })
}
