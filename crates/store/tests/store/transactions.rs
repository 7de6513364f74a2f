//! Writing, reading, conflicts, history and erasure, on both engines.

use crate::fixtures::*;
use anju_ledger::{check_consistency, check_inclusion};
use anju_model::access::User;
use anju_model::lookback::{ItemState, LookbackItem};
use anju_model::register::{Fund, Household};
use anju_store::{
    EntryFilter, StoreError, Versioned, database_test, entries, entry_count, history, latest_checkpoint,
    load, load_all, load_as_of, load_many, load_within, prove_consistency, prove_entry,
};

async fn reload(test: &anju_store::testing::TestDatabase, number: u64) -> Versioned<Household> {
    load(&test.db, &id(1, number).to_string()).await.unwrap().unwrap()
}

database_test!(
    async fn what_is_written_is_read_and_proved(test) {
        fill(test).await;
        let read = reload(test, 1).await;
        assert_eq!(read.value, household(1, "61902110120101", "张三"));
        assert_eq!((read.version, read.changed_at, read.changed_by.as_str()), (1, instant(0), "officer"));
        let all: Vec<Versioned<Household>> = load_all(&test.db).await.unwrap();
        assert_eq!(all.len(), 3);
        let near: Vec<Versioned<Household>> = load_within(&test.db, &area("619021101")).await.unwrap();
        assert_eq!(near.len(), 2);
        let wanted = [id(1, 2).to_string(), "nothing".into()];
        let some: Vec<Versioned<Household>> = load_many(&test.db, &wanted).await.unwrap();
        assert_eq!(some.len(), 1);
        let report = verify(test).await;
        assert_eq!(report.problems, []);
        assert_eq!(report.entries, entry_count(&test.db).await.unwrap());
        assert_eq!((report.checkpoints, report.attachments), (3, 1));
        let checkpoint = latest_checkpoint(&test.db).await.unwrap().unwrap();
        assert_eq!((checkpoint.size, checkpoint.root), (report.entries, report.root));
    }
);

database_test!(
    async fn indexes_are_whole_after_many_rows_into_an_empty_table(test) {
        let indexes = async || match test.address.starts_with("sqlite") {
            true => test.db.inspect("SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name").await.unwrap(),
            false => test.db.inspect("SELECT indexname, indexdef FROM pg_indexes ORDER BY indexname").await.unwrap(),
        };
        let before = indexes().await;
        let households = [1, 2].map(|number| household(number, "61902110120101", "张三"));
        for (number, household) in (0..).zip(&households) {
            let mut tx = begin(test, "import", number).await;
            tx.expect_many::<Household>().await.unwrap();
            tx.insert(std::slice::from_ref(household)).await.unwrap();
            let mut changed = tx.households_by_number(std::slice::from_ref(&household.facts.register_number)).await.unwrap();
            changed[0].value.facts.phone = Some("13900000000".into());
            tx.update(&changed).await.unwrap();
            tx.commit(&key()).await.unwrap();
            assert_eq!(indexes().await, before);
        }
        let report = verify(test).await;
        // Two households with two members each.
        assert_eq!((report.problems, report.rows), (vec![], 6));
        // One that fails leaves them as they were.
        let mut tx = begin(test, "import", 3).await;
        tx.expect_many::<Fund>().await.unwrap();
        drop(tx);
        assert_eq!(indexes().await, before);
    }
);

database_test!(
    async fn a_stale_version_is_refused_and_nothing_is_written(test) {
        fill(test).await;
        let mut first = reload(test, 1).await;
        let mut second = first.clone();
        first.value.facts.must_move = false;
        let mut tx = begin(test, "edit", 30).await;
        tx.update(std::slice::from_ref(&first)).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let entries_before = entry_count(&test.db).await.unwrap();

        second.value.facts.hazard_point = None;
        let other = reload(test, 2).await;
        let mut tx = begin(test, "edit", 31).await;
        let error = tx.update(&[other.clone(), second]).await.unwrap_err();
        match error {
            StoreError::Conflict { kind, id: found_id, expected, found } => {
                assert_eq!((kind, found_id, expected, found), ("household", id(1, 1).to_string(), 1, 2));
            }
            other => panic!("{other}"),
        }
        drop(tx);
        assert_eq!(entry_count(&test.db).await.unwrap(), entries_before);
        assert_eq!(reload(test, 2).await, other);
        let now = reload(test, 1).await;
        assert_eq!((now.version, now.value.facts.must_move), (2, false));
        assert_eq!(verify(test).await.problems, []);
    }
);

database_test!(
    async fn what_is_there_cannot_be_added_and_what_is_gone_not_changed(test) {
        fill(test).await;
        let mut tx = begin(test, "add", 30).await;
        let mut twin = household(9, "61902110120101", "张三");
        twin.facts.register_number = "QX-00001".into();
        let error = tx.insert(&[twin]).await.unwrap_err();
        assert!(matches!(error, StoreError::Duplicate { kind: "household", .. }), "{error}");
        drop(tx);
        let mut tx = begin(test, "add", 30).await;
        let error = tx.insert(&[household(1, "61902110120101", "张三")]).await.unwrap_err();
        assert!(matches!(error, StoreError::Duplicate { .. }), "{error}");
        drop(tx);
        let ghost = Versioned { value: user(2, "zhao"), version: 2, changed_at: instant(0), changed_by: String::new() };
        let mut tx = begin(test, "edit", 30).await;
        let error = tx.update(&[ghost]).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { kind: "user_account", .. }), "{error}");
        drop(tx);
        assert_eq!(verify(test).await.problems, []);
    }
);

database_test!(
    async fn a_number_beyond_the_exact_ones_is_refused(test) {
        let mut plan = plan(1);
        plan.seed = u64::MAX;
        let mut tx = begin(test, "run", 0).await;
        let error = tx.insert(&[plan]).await.unwrap_err();
        assert!(matches!(error, StoreError::Unstorable { kind: "plan", .. }), "{error}");
        let mut candidate = candidate(1, 1);
        candidate.centre.0 = f64::NAN;
        let error = tx.insert(&[candidate]).await.unwrap_err();
        assert!(matches!(error, StoreError::Unstorable { kind: "candidate", .. }), "{error}");
    }
);

database_test!(
    async fn two_may_exchange_their_unique_numbers(test) {
        fill(test).await;
        let (mut one, mut two) = (reload(test, 1).await, reload(test, 2).await);
        std::mem::swap(&mut one.value.facts.register_number, &mut two.value.facts.register_number);
        let mut tx = begin(test, "edit", 30).await;
        tx.update(&[one, two]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        assert_eq!(reload(test, 1).await.value.facts.register_number, "QX-00002");
        assert_eq!(verify(test).await.problems, []);
    }
);

database_test!(
    async fn a_retired_subject_keeps_its_history_and_may_come_back(test) {
        fill(test).await;
        let zhao = id(14, 2).to_string();
        let gone: Option<Versioned<User>> = load(&test.db, &zhao).await.unwrap();
        assert_eq!(gone, None);
        let mut tx = begin(test, "create_user", 30).await;
        tx.insert(&[user(2, "zhao")]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let back: Versioned<User> = load(&test.db, &zhao).await.unwrap().unwrap();
        assert_eq!(back.version, 3);
        let revisions = history(&test.db, "user_account", &zhao).await.unwrap();
        let versions: Vec<_> = revisions.iter().map(|r| (r.entry.version, r.state.is_null())).collect();
        assert_eq!(versions, [(1, false), (2, true), (3, false)]);
        for (seconds, there) in [(-1, false), (0, true), (19, true), (20, false), (29, false), (30, true)] {
            let then: Option<Versioned<User>> = load_as_of(&test.db, &zhao, instant(seconds)).await.unwrap();
            assert_eq!(then.is_some(), there, "{seconds}");
        }
        assert_eq!(verify(test).await.problems, []);
    }
);

database_test!(
    async fn the_state_of_an_instant_is_the_one_then(test) {
        fill(test).await;
        let subject = id(3, 3).to_string();
        let before: Versioned<LookbackItem> = load_as_of(&test.db, &subject, instant(19)).await.unwrap().unwrap();
        let after: Versioned<LookbackItem> = load_as_of(&test.db, &subject, instant(20)).await.unwrap().unwrap();
        assert_eq!((before.value.state, before.version), (ItemState::Open, 1));
        assert_eq!((after.value.state, after.version), (ItemState::Confirmed, 2));
        let decided = EntryFilter { subject: Some(subject), limit: 1, ..EntryFilter::default() };
        let newest = entries(&test.db, &decided).await.unwrap();
        assert_eq!(newest[0].reason.as_deref(), Some("车已核实"));
        let near = EntryFilter { area: Some(area("619021201")), kind: Some("household".into()), ..EntryFilter::default() };
        let near = entries(&test.db, &near).await.unwrap();
        assert_eq!(near.iter().map(|entry| entry.subject.clone()).collect::<Vec<_>>(), [id(1, 3).to_string()]);
    }
);

database_test!(
    async fn an_erased_subject_leaves_proofs_and_nothing_else(test) {
        fill(test).await;
        let erased = id(1, 1).to_string();
        let mut tx = begin(test, "erase", 40).await;
        tx.erase::<Household>(&erased).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let report = verify(test).await;
        assert_eq!(report.problems, []);
        let gone: Option<Versioned<Household>> = load(&test.db, &erased).await.unwrap();
        assert_eq!(gone, None);
        let revisions = history(&test.db, "household", &erased).await.unwrap();
        assert_eq!(revisions.len(), 2);
        assert!(revisions.iter().all(|revision| revision.state.is_null()));
        let left = test.db.inspect("SELECT payload, salt FROM ledger_entry WHERE subject_kind = 'household' ORDER BY idx").await.unwrap();
        assert!(!format!("{left:?}").contains("张三"));
        let mut tx = begin(test, "erase", 41).await;
        let error = tx.erase::<Household>("nobody").await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }));
        drop(tx);
        let rebuilt = anju_store::rebuild(&test.db, &key().verifying_key()).await.unwrap();
        assert!(rebuilt > 0);
        assert_eq!(verify(test).await.problems, []);
    }
);

database_test!(
    async fn every_entry_is_proved_to_who_has_only_the_key(test) {
        fill(test).await;
        for index in 0..entry_count(&test.db).await.unwrap() {
            let proved = prove_entry(&test.db, index).await.unwrap().unwrap();
            let signed = key().verifying_key().verify(&proved.checkpoint.note).unwrap();
            let leaf = proved.entry.leaf().unwrap();
            check_inclusion(&proved.proof, signed.size, &signed.root, index, &leaf).unwrap();
        }
        assert_eq!(prove_entry(&test.db, 1_000_000).await.unwrap(), None);
    }
);

database_test!(
    async fn every_signed_size_is_proved_to_begin_with_every_smaller_one(test) {
        fill(test).await;
        let sizes = test.db.inspect("SELECT size FROM ledger_checkpoint ORDER BY size").await.unwrap();
        let sizes: Vec<u64> = sizes.iter().map(|row| match row[0].1 {
            anju_store::Value::Int(size) => size as u64,
            _ => panic!("{row:?}"),
        }).collect();
        assert_eq!(sizes.len(), 3);
        for from in &sizes {
            for to in sizes.iter().filter(|to| *to >= from) {
                let proved = prove_consistency(&test.db, *from, *to).await.unwrap().unwrap();
                let signed = |note: Option<String>| key().verifying_key().verify(&note.unwrap()).unwrap();
                let (old, new) = (signed(proved.from.note), signed(proved.to.note));
                check_consistency(&proved.proof, old.size, &old.root, new.size, &new.root).unwrap();
            }
        }
        let entries = entry_count(&test.db).await.unwrap();
        let between = prove_consistency(&test.db, 5, entries).await.unwrap().unwrap();
        assert_eq!((between.from.size, between.from.note), (5, None));
        for (from, to) in [(0, 5), (6, 5), (5, entries + 1)] {
            assert_eq!(prove_consistency(&test.db, from, to).await.unwrap(), None, "{from} {to}");
        }
        test.db.administer("DELETE FROM ledger_hash WHERE idx < 8").await.unwrap();
        assert!(prove_consistency(&test.db, 5, entries).await.is_err());
    }
);

database_test!(
    async fn a_transaction_that_writes_nothing_signs_nothing(test) {
        let tx = begin(test, "nothing", 0).await;
        tx.commit(&key()).await.unwrap();
        assert_eq!(latest_checkpoint(&test.db).await.unwrap(), None);
        assert_eq!(entry_count(&test.db).await.unwrap(), 0);
        assert_eq!(verify(test).await.problems, []);
    }
);

database_test!(
    async fn writers_queue_and_all_their_entries_are_in_the_log(test) {
        let writers = (0..8_u64).map(|number| {
            let db = test.db.clone();
            tokio::spawn(async move {
                let mut tx = db.begin(context("add", number as i64)).await.unwrap();
                let fund = Fund {
                    id: id(16, number),
                    source: "s".into(),
                    document: "d".into(),
                    year: 2026,
                    amount: anju_model::money::Fen(1),
                };
                tx.insert(&[fund]).await.unwrap();
                tx.commit(&key()).await.unwrap();
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        assert_eq!(entry_count(&test.db).await.unwrap(), 8);
        assert_eq!(verify(test).await.problems, []);
    }
);

database_test!(
    async fn sets_larger_than_a_statement_are_written_whole(test) {
        let mut tx = begin(test, "import", 0).await;
        let records: Vec<_> = (0..2_345).map(extract).collect();
        tx.insert(&records).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let mut read: Vec<Versioned<anju_model::lookback::ExtractRecord>> = load_all(&test.db).await.unwrap();
        assert_eq!(read.len(), 2_345);
        for record in &mut read {
            record.value.row += 1;
        }
        let mut tx = begin(test, "import", 1).await;
        tx.update(&read).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let report = verify(test).await;
        assert_eq!((report.problems.len(), report.entries, report.rows), (0, 4_690, 2_345));
    }
);
