//! What the command line reaches, asked for by callers who could not sign in to a command line: the rule is in the use
//! case, so that it holds however a caller comes in.

use anju_app::ledger::erasure;
use anju_app::register::{amendment, bulk, import, profile, roster, unmask, views};
use anju_app::table::TableFormat;
use anju_app::{AppError, Caller, Progress, access, land, ledger, lookback, plan};
use anju_store::database_test;

use crate::office::Office;
use crate::unmasking::household;

async fn caller(office: &Office<'_>, cookie: &str) -> Caller {
    let (_, token) = cookie.split_once('=').unwrap();
    let found = access::caller_by_token(&office.workspace, token).await.unwrap();
    found.unwrap().0
}

#[track_caller]
fn refused<T>(what: &str, who: &Caller, result: Result<T, AppError>) {
    match result {
        Ok(_) => panic!("{} was let through to {what}", who.name()),
        Err(AppError::Forbidden { .. } | AppError::NotFound { .. }) => {}
        Err(other) => panic!(
            "{what} failed for {} before the permission was asked for: {other}",
            who.name()
        ),
    }
}

database_test! {
    async fn every_use_case_of_the_command_line_asks_for_the_permission_itself(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let id = office.workspace.new_id();
        let mut tx = office.begin().await;
        tx.insert(&[household(id, "61902110220101")]).await.unwrap();
        office.commit(tx).await;
        let workspace = &office.workspace;
        let progress = Progress::default();
        // A file that is not there: whoever is let through fails on it, and that is told apart.
        let nowhere = office.root().join("nowhere.csv");
        for (role, area) in [
            ("township_officer", "619021101"),
            ("village_officer", "619021101201"),
            ("department_user", "619021"),
            ("evaluator", "619021"),
            ("prefecture_officer", "6190"),
        ] {
            let (_, cookie) = office.user(&administrator, role, role, area).await;
            let who = caller(&office, &cookie).await;
            let options = import::Options {
                errors: office.root().join("errors"),
                profile: None,
                crs: None,
                layer: None,
                keep_going: false,
                list_source: Default::default(),
            };
            // A department's user imports that department's files.
            if role != "department_user" {
                refused("import", &who, import::import(workspace, &who, std::slice::from_ref(&nowhere), &options, &progress).await);
            }
            refused("save a profile", &who, profile::save(workspace, &who, &nowhere).await);
            refused("list profiles", &who, profile::list(workspace, &who).await);
            refused("look back", &who, lookback::run(workspace, &who, &progress).await);
            refused("assess the land", &who, land::run(workspace, &who, &progress).await);
            refused("plan", &who, plan::run(workspace, &who, &plan::Options::default(), &progress).await);
            refused("rebuild", &who, ledger::rebuild(workspace, &who, &progress).await);
            let order = erasure::ErasureOrder { reason: "理由".into(), document: "1号".into() };
            refused("ask for an erasure", &who, erasure::ask(workspace, &who, 0, &order).await);
            for step in [erasure::ErasureStep::CarryOut, erasure::ErasureStep::Refuse, erasure::ErasureStep::Withdraw] {
                refused("take a step of an erasure", &who, erasure::step(workspace, &who, 0, 1, step, Some("理由")).await);
            }
            if role != "prefecture_officer" {
                refused("verify", &who, ledger::verify(workspace, &who, &progress).await);
                refused("prove", &who, ledger::inclusion(workspace, &who, 0).await);
                refused("prove growth", &who, ledger::consistency(workspace, &who, 1, None).await);
                refused("keep a checkpoint", &who, ledger::keep_checkpoint(workspace, &who, &nowhere).await);
                refused("list checkpoints", &who, ledger::checkpoints(workspace, &who, &ledger::CheckpointQuery::default()).await);
                refused("list erasures", &who, erasure::list(workspace, &who, &erasure::ErasureQuery::default()).await);
                refused("see an erasure", &who, erasure::show(workspace, &who, 0).await);
                refused("see an entry", &who, ledger::explorer::entry(workspace, &who, 0).await);
            }
            if area.starts_with("619021101") {
                refused("see a household", &who, views::household(workspace, &who, id).await);
                refused("see a history", &who, views::history(workspace, &who, id).await);
                let need = serde_json::from_value(serde_json::json!({"purpose": "payment"})).unwrap();
                refused("unmask", &who, unmask::unmask(workspace, &who, id, need).await);
                refused("read evidence", &who, amendment::evidence(workspace, &who, id).await);
                refused("see a bulk change", &who, bulk::show(workspace, &who, id).await);
                refused("see a roster", &who, roster::show(workspace, &who, id).await);
                refused("export a roster", &who, roster::export(workspace, &who, id, TableFormat::Csv).await);
                refused("sign a roster", &who, roster::export_signed(workspace, &who, id).await);
            }
        }
        assert!(!nowhere.exists());
    }
}
