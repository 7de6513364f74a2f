//! The two sets of migrations make the same tables, and are applied once.

use std::collections::{BTreeMap, BTreeSet};

use anju_store::testing::TestDatabase;
use anju_store::{Db, StoreError, Value, database_test};

/// A table as the database describes it.
#[derive(Debug, PartialEq)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
}

#[derive(Debug, PartialEq)]
pub struct Column {
    pub name: String,
    /// integer, real, text, bytes or boolean.
    pub class: String,
    pub nullable: bool,
}

fn text(row: &[(String, Value)], place: usize) -> String {
    match &row[place].1 {
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        other => panic!("{other:?}"),
    }
}

async fn is_postgres(db: &Db) -> bool {
    db.inspect("SELECT current_schema()").await.is_ok()
}

/// The tables that the log proves: all but that of requests under an idempotency key, which are no state.
pub async fn proved_tables(db: &Db) -> Vec<Table> {
    let mut proved = tables(db).await;
    proved.retain(|table| table.name != "keyed_request");
    proved
}

/// All tables by name, columns in their order.
pub async fn tables(db: &Db) -> Vec<Table> {
    let sql = if is_postgres(db).await {
        "SELECT table_name::text, column_name::text, data_type::text, is_nullable::text FROM information_schema.columns
         WHERE table_schema = current_schema() ORDER BY table_name::text COLLATE \"C\", ordinal_position"
    } else {
        "SELECT t.name, c.name, c.type, CASE c.\"notnull\" WHEN 0 THEN 'YES' ELSE 'NO' END
         FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY t.name, c.cid"
    };
    let mut tables: Vec<Table> = Vec::new();
    for row in db.inspect(sql).await.unwrap() {
        let class = match text(&row, 2).as_str() {
            "INTEGER" | "bigint" => "integer",
            "REAL" | "double precision" => "real",
            "TEXT" | "text" => "text",
            "BLOB" | "bytea" => "bytes",
            "boolean" => "boolean",
            other => panic!("the type {other} is not one that both engines share"),
        };
        let column = Column {
            name: text(&row, 1),
            class: class.into(),
            nullable: text(&row, 3) == "YES",
        };
        let name = text(&row, 0);
        match tables.last_mut().filter(|table| table.name == name) {
            Some(table) => table.columns.push(column),
            None => tables.push(Table {
                name,
                columns: vec![column],
            }),
        }
    }
    tables
}

/// Columns of each index (primary keys included) with whether it is unique.
async fn indexes(db: &Db) -> BTreeSet<(String, bool, Vec<String>)> {
    let sql = if is_postgres(db).await {
        "SELECT x.indexrelid::text, c.relname::text, CASE WHEN x.indisunique THEN 1 ELSE 0 END::bigint, a.attname::text
         FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY AS k(number, place)
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
         WHERE n.nspname = current_schema() ORDER BY x.indexrelid, k.place"
    } else {
        "SELECT i.name, t.name, i.\"unique\", k.name FROM sqlite_schema t JOIN pragma_index_list(t.name) i
         JOIN pragma_index_info(i.name) k WHERE t.type = 'table' ORDER BY i.name, k.seqno"
    };
    let mut found: BTreeMap<String, (String, bool, Vec<String>)> = BTreeMap::new();
    for row in db.inspect(sql).await.unwrap() {
        let index = found
            .entry(text(&row, 0))
            .or_insert((text(&row, 1), text(&row, 2) == "1", Vec::new()));
        index.2.push(text(&row, 3));
    }
    // SQLite's integer primary key is the table itself and has no index.
    let keys = [
        "ledger_entry.idx",
        "ledger_hash.idx",
        "ledger_checkpoint.size",
        "schema_migration.version",
    ];
    found
        .into_values()
        .filter(|(table, _, columns)| !keys.contains(&format!("{table}.{}", columns.join(".")).as_str()))
        .collect()
}

/// Tables that refer to another: child, its column, parent, what happens to the child.
async fn foreign_keys(db: &Db) -> BTreeSet<Vec<String>> {
    let sql = if is_postgres(db).await {
        "SELECT c.conrelid::regclass::text, a.attname::text, c.confrelid::regclass::text,
                CASE c.confdeltype WHEN 'c' THEN 'CASCADE' ELSE c.confdeltype::text END
         FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] WHERE c.contype = 'f'"
    } else {
        "SELECT t.name, f.\"from\", f.\"table\", f.on_delete FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f
         WHERE t.type = 'table'"
    };
    db.inspect(sql)
        .await
        .unwrap()
        .iter()
        .map(|row| (0..4).map(|place| text(row, place)).collect())
        .collect()
}

#[tokio::test]
async fn both_engines_have_the_same_tables() {
    let (sqlite, postgres) = (TestDatabase::sqlite().await, TestDatabase::postgres().await);
    let mut left = tables(&sqlite.db).await;
    let right = tables(&postgres.db).await;
    for (table, other) in left.iter_mut().zip(&right) {
        for (column, other) in table.columns.iter_mut().zip(&other.columns) {
            // SQLite has no boolean of its own.
            if column.class == "integer" && other.class == "boolean" {
                column.class = "boolean".into();
            }
        }
    }
    assert_eq!(left, right);
    assert_eq!(indexes(&sqlite.db).await, indexes(&postgres.db).await);
    let keys = foreign_keys(&sqlite.db).await;
    assert_eq!(keys, foreign_keys(&postgres.db).await);
    assert_eq!(keys.len(), 3);
}

database_test!(
    async fn migrating_again_changes_nothing(test) {
        let before = test.db.inspect("SELECT * FROM schema_migration ORDER BY version").await.unwrap();
        let again = Db::open(&test.address).await.unwrap();
        let (one, two) = tokio::join!(again.migrate(), test.db.migrate());
        one.unwrap();
        two.unwrap();
        assert_eq!(test.db.inspect("SELECT * FROM schema_migration ORDER BY version").await.unwrap(), before);
    }
);

database_test!(
    async fn a_database_of_a_newer_or_another_program_is_refused(test) {
        test.db.administer("INSERT INTO schema_migration (version, name, checksum) VALUES (99, 'later', '')").await.unwrap();
        assert!(matches!(test.db.migrate().await, Err(StoreError::SchemaNewer { found: 99, .. })));
        test.db.administer("DELETE FROM schema_migration WHERE version = 99").await.unwrap();
        test.db.administer("UPDATE schema_migration SET checksum = 'other' WHERE version = 1").await.unwrap();
        assert!(matches!(test.db.migrate().await, Err(StoreError::SchemaChanged { version: 1 })));
    }
);
