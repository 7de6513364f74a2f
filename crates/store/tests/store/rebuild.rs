//! The state tables made again from the log are the ones that were there.

use std::collections::BTreeMap;

use anju_store::testing::TestDatabase;
use anju_store::{StoreError, Value, database_test, rebuild};

use crate::fixtures::*;
use crate::schema::proved_tables;

type Dump = BTreeMap<String, Vec<Vec<(String, Value)>>>;

async fn dump(test: &TestDatabase) -> Dump {
    let mut dump = Dump::new();
    for table in proved_tables(&test.db).await {
        let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        let sql = format!("SELECT * FROM {} ORDER BY {}", table.name, columns.join(", "));
        dump.insert(table.name, test.db.inspect(&sql).await.unwrap());
    }
    dump
}

database_test!(
    async fn rebuilding_changes_nothing(test) {
        fill(test).await;
        let before = dump(test).await;
        assert!(before.values().all(|rows| !rows.is_empty()));
        let subjects = rebuild(&test.db, &key().verifying_key()).await.unwrap();
        assert!(subjects > 20);
        assert_eq!(dump(test).await, before);
    }
);

database_test!(
    async fn rebuilding_undoes_what_was_done_behind_the_programs_back(test) {
        fill(test).await;
        let before = dump(test).await;
        test.db.administer("UPDATE household SET category = 'poverty', state = '{}'").await.unwrap();
        test.db.administer("DELETE FROM plan_assignment").await.unwrap();
        assert_ne!(dump(test).await, before);
        rebuild(&test.db, &key().verifying_key()).await.unwrap();
        assert_eq!(dump(test).await, before);
        assert_eq!(verify(test).await.problems, []);
    }
);

database_test!(
    async fn nothing_is_made_from_a_log_that_does_not_verify(test) {
        fill(test).await;
        test.db.administer("UPDATE ledger_entry SET actor = 'nobody' WHERE idx = 2").await.unwrap();
        let before = dump(test).await;
        let refused = rebuild(&test.db, &key().verifying_key()).await.unwrap_err();
        assert!(matches!(refused, StoreError::LogInvalid(_)), "{refused}");
        assert_eq!(dump(test).await, before);
    }
);
