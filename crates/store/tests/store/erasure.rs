//! Erasing the payload of one entry: what goes, what stays, and what is refused.

use anju_model::erasure::{Erasure, ErasureState};
use anju_model::lookback::LookbackItem;
use anju_model::register::Household;
use anju_store::erasure::{ErasureFilter, erasures};
use anju_store::testing::TestDatabase;
use anju_store::{
    Context, Paging, StoreError, Value, Versioned, database_test, entry_count, history, load, prove_entry,
    rebuild,
};

use crate::fixtures::*;

/// Gives household 1 a new head, so that its first entry is superseded, and returns that entry's index.
async fn supersede(test: &TestDatabase) -> u64 {
    let mut changed: Versioned<Household> = load(&test.db, &id(1, 1).to_string()).await.unwrap().unwrap();
    changed.value = household(1, "61902110120101", "李四");
    let mut tx = begin(test, "import", 30).await;
    tx.update(&[changed]).await.unwrap();
    tx.commit(&key()).await.unwrap();
    first_entry(test, "household", &id(1, 1).to_string()).await
}

/// One officer asks, another person carries it out.
async fn erase(test: &TestDatabase, index: u64) -> Result<(), StoreError> {
    let asked = ask(test, index).await?;
    let mut tx = test
        .db
        .begin(Context {
            actor: "admin".into(),
            ..context("erase_content", 40)
        })
        .await?;
    let kind = tx.erase_entry(&carried_out(&asked)).await?;
    tx.commit(&key()).await?;
    test.db.compact(&kind).await
}

async fn ask(test: &TestDatabase, index: u64) -> Result<Erasure, StoreError> {
    let mut tx = begin(test, "ask_erasure", 39).await;
    tx.erasable(index).await?;
    let asked = asked_erasure(index);
    tx.insert(std::slice::from_ref(&asked)).await?;
    tx.commit(&key()).await?;
    Ok(asked)
}

database_test!(
    async fn a_superseded_state_goes_and_every_proof_stays(test) {
        fill(test).await;
        let index = supersede(test).await;
        let before = prove_entry(&test.db, index).await.unwrap().unwrap();
        let current: Option<Versioned<Household>> = load(&test.db, &id(1, 1).to_string()).await.unwrap();
        erase(test, index).await.unwrap();

        let stored = test.db.inspect(&format!("SELECT salt, payload FROM ledger_entry WHERE idx = {index}")).await.unwrap();
        assert!(stored[0].iter().all(|(_, value)| *value == Value::Null), "{stored:?}");
        let after = prove_entry(&test.db, index).await.unwrap().unwrap();
        assert_eq!(after.entry, before.entry);
        let signed = key().verifying_key().verify(&after.checkpoint.note).unwrap();
        let leaf = after.entry.leaf().unwrap();
        anju_ledger::check_inclusion(&after.proof, signed.size, &signed.root, index, &leaf).unwrap();

        let revisions = history(&test.db, "household", &id(1, 1).to_string()).await.unwrap();
        assert!(revisions[0].state.is_null() && revisions[0].entry.erased);
        assert!(!revisions[1].state.is_null() && !revisions[1].entry.erased);
        let still: Option<Versioned<Household>> = load(&test.db, &id(1, 1).to_string()).await.unwrap();
        assert_eq!(still, current);

        let record: Versioned<Erasure> = load(&test.db, &index.to_string()).await.unwrap().unwrap();
        assert_eq!((record.value.entry, record.value.document.as_str()), (index, "安法执〔2026〕3号"));
        assert_eq!((record.value.asked_by.as_deref(), record.changed_by.as_str()), (Some("officer"), "admin"));
        assert_eq!((record.version, record.changed_at), (2, instant(40)));
        assert_eq!(verify(test).await.problems, []);
        rebuild(&test.db, &key().verifying_key()).await.unwrap();
        assert_eq!(verify(test).await.problems, []);
    }
);

#[tokio::test]
async fn nothing_erased_is_left_in_the_files_of_sqlite() {
    let test = TestDatabase::sqlite().await;
    fill(&test).await;
    // The fixtures name no other household's head like this one.
    let mut changed: Versioned<Household> = load(&test.db, &id(1, 1).to_string()).await.unwrap().unwrap();
    for (seconds, head) in [(30, "欧阳不留痕"), (31, "李四")] {
        changed.value = household(1, "61902110120101", head);
        let mut tx = begin(&test, "import", seconds).await;
        tx.update(&[changed.clone()]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        changed.version += 1;
    }
    let found = || {
        let name = "欧阳不留痕".as_bytes();
        std::fs::read_dir(test.folder())
            .unwrap()
            .flatten()
            .filter(|file| file.file_name().to_string_lossy().starts_with("test.db"))
            .filter(|file| {
                std::fs::read(file.path())
                    .unwrap()
                    .windows(name.len())
                    .any(|part| part == name)
            })
            .count()
    };
    assert!(found() > 0);
    let index = first_entry(&test, "household", &id(1, 1).to_string()).await;
    let states = history(&test.db, "household", &id(1, 1).to_string())
        .await
        .unwrap();
    assert_eq!(states[0].entry.index, index);
    erase(&test, states[1].entry.index).await.unwrap();
    assert_eq!(found(), 0);
}

database_test!(
    async fn a_present_state_and_what_holds_no_state_cannot_be_erased(test) {
        fill(test).await;
        let current = first_entry(test, "household", &id(1, 1).to_string()).await;
        let error = erase(test, current).await.unwrap_err();
        assert!(matches!(error, StoreError::EntryIsCurrent { index, .. } if index == current), "{error}");

        let gone: Versioned<LookbackItem> = load(&test.db, &id(3, 1).to_string()).await.unwrap().unwrap();
        let mut tx = begin(test, "retire", 30).await;
        tx.retire(&[gone]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let states = history(&test.db, "lookback_item", &id(3, 1).to_string()).await.unwrap();
        let retired = states.last().unwrap().entry.index;
        let error = erase(test, retired).await.unwrap_err();
        assert!(matches!(error, StoreError::NothingToErase { .. }), "{error}");

        let first = states[0].entry.index;
        erase(test, first).await.unwrap();
        let error = erase(test, first).await.unwrap_err();
        assert!(matches!(error, StoreError::NothingToErase { .. }), "{error}");
        let error = erase(test, 1_000_000).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
        assert_eq!(verify(test).await.problems, []);
        rebuild(&test.db, &key().verifying_key()).await.unwrap();
    }
);

database_test!(
    async fn a_payload_that_comes_back_after_its_erasure_is_found(test) {
        fill(test).await;
        let index = supersede(test).await;
        let row = test.db.inspect(&format!("SELECT salt, payload FROM ledger_entry WHERE idx = {index}")).await.unwrap();
        let (Value::Bytes(salt), Value::Text(payload)) = (&row[0][0].1, &row[0][1].1) else { panic!("{row:?}") };
        erase(test, index).await.unwrap();
        let salt = anju_store::attachment::hex(salt);
        let salt = if test.address.starts_with("postgres") { format!("'\\x{salt}'::bytea") } else { format!("x'{salt}'") };
        let payload = payload.replace('\'', "''");
        let sql = format!("UPDATE ledger_entry SET salt = {salt}, payload = '{payload}' WHERE idx = {index}");
        test.db.administer(&sql).await.unwrap();
        let problems = verify(test).await.problems;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!((problems[0].table.as_str(), problems[0].id.as_str()), ("ledger_entry", index.to_string().as_str()));
    }
);

database_test!(
    async fn emptying_another_entry_than_the_one_on_record_is_found(test) {
        fill(test).await;
        let index = supersede(test).await;
        let sql = format!("UPDATE ledger_entry SET salt = NULL, payload = NULL WHERE idx = {index}");
        test.db.administer(&sql).await.unwrap();
        let problems = verify(test).await.problems;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!((problems[0].id.as_str(), problems[0].column.as_str()), (index.to_string().as_str(), "payload"));
        assert!(entry_count(&test.db).await.unwrap() > index);
    }
);

database_test!(
    async fn nobody_erases_alone_and_nothing_that_was_not_asked_for(test) {
        fill(test).await;
        let index = supersede(test).await;
        let asked = asked_erasure(index);
        let payload = format!("SELECT payload FROM ledger_entry WHERE idx = {index}");
        let before = test.db.inspect(&payload).await.unwrap();
        // Nobody asked.
        let mut tx = begin(test, "erase_content", 40).await;
        let error = tx.erase_entry(&carried_out(&asked)).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. } | StoreError::Conflict { .. }), "{error}");
        drop(tx);

        let asked = ask(test, index).await.unwrap();
        let mut alone = carried_out(&asked);
        alone.value.decision.as_mut().unwrap().by = "officer".into();
        let mut other_order = carried_out(&asked);
        other_order.value.document = "别的文书".into();
        let mut unasked = carried_out(&asked);
        unasked.value = asked.clone();
        for wrong in [alone, other_order, unasked] {
            let mut tx = begin(test, "erase_content", 40).await;
            let error = tx.erase_entry(&wrong).await.unwrap_err();
            assert!(matches!(error, StoreError::Final { .. }), "{error}");
            drop(tx);
        }
        assert_eq!(test.db.inspect(&payload).await.unwrap(), before);
        // What waits is no erasure on record.
        assert_eq!(verify(test).await.problems, []);
        rebuild(&test.db, &key().verifying_key()).await.unwrap();

        let waiting = |by: &str| ErasureFilter { state: Some(ErasureState::Asked), not_asked_by: Some(by.into()) };
        assert_eq!(erasures(&test.db, &waiting("officer"), &Paging::default()).await.unwrap().total, 0);
        let page = erasures(&test.db, &waiting("admin"), &Paging::default()).await.unwrap();
        assert_eq!((page.total, page.items[0].value.entry), (1, index));
        let all = erasures(&test.db, &ErasureFilter::default(), &Paging::default()).await.unwrap();
        // The fixtures' own one is of a later entry and carried out.
        assert_eq!(all.items.iter().map(|item| item.value.state).collect::<Vec<_>>(), [ErasureState::CarriedOut, ErasureState::Asked]);
    }
);
