//! Whatever is changed behind the program's back is found, and the table is named.

use anju_store::testing::TestDatabase;
use anju_store::{Value, database_test};

use crate::fixtures::*;
use crate::schema::proved_tables;

type Row = Vec<(String, Value)>;

fn on_postgres(test: &TestDatabase) -> bool {
    test.address.starts_with("postgres")
}

/// Runs a statement with the checks of foreign keys off, as somebody at the database's console would.
async fn tamper(test: &TestDatabase, sql: &str) {
    let sql = if on_postgres(test) {
        format!("SET session_replication_role = replica; {sql}; RESET session_replication_role")
    } else {
        format!("PRAGMA foreign_keys = off; {sql}; PRAGMA foreign_keys = on")
    };
    test.db
        .administer(&sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn literal(test: &TestDatabase, value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Int(number) => number.to_string(),
        Value::Real(number) => format!("{number:?}"),
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Bytes(bytes) if on_postgres(test) => {
            format!("'\\x{}'::bytea", anju_store::attachment::hex(bytes))
        }
        Value::Bytes(bytes) => format!("x'{}'", anju_store::attachment::hex(bytes)),
        Value::Bool(flag) => flag.to_string(),
    }
}

/// The condition that only this row meets.
fn is_row(test: &TestDatabase, row: &Row) -> String {
    let parts: Vec<String> = row
        .iter()
        .map(|(column, value)| match value {
            Value::Null => format!("{column} IS NULL"),
            value => format!("{column} = {}", literal(test, value)),
        })
        .collect();
    parts.join(" AND ")
}

/// Another value of the same type.
fn changed(value: &Value, class: &str, flag: bool) -> Value {
    match value {
        Value::Int(number) if flag => Value::Int(1 - number),
        Value::Int(number) => Value::Int(number + 1_000_000),
        // One bit: the smallest change there is.
        Value::Real(number) => Value::Real(f64::from_bits(number.to_bits() ^ 1)),
        Value::Text(text) => match text.strip_suffix('}') {
            Some(object) => Value::Text(format!("{object} }}")),
            None => Value::Text(format!("{text}x")),
        },
        Value::Bytes(bytes) => {
            let mut bytes = bytes.clone();
            bytes[0] ^= 1;
            Value::Bytes(bytes)
        }
        Value::Bool(flag) => Value::Bool(!flag),
        Value::Null => match class {
            "integer" => Value::Int(1),
            "real" => Value::Real(1.0),
            "bytes" => Value::Bytes(vec![1]),
            "boolean" => Value::Bool(true),
            _ => Value::Text("x".into()),
        },
    }
}

async fn rows(test: &TestDatabase, table: &str) -> Vec<Row> {
    test.db
        .inspect(&format!("SELECT * FROM {table} ORDER BY 1"))
        .await
        .unwrap()
}

/// The first and the last row, which for the ledger are the most different ones.
fn ends(rows: Vec<Row>) -> Vec<Row> {
    let last = rows.last().cloned();
    let mut ends: Vec<Row> = rows.into_iter().take(1).collect();
    ends.extend(last.filter(|last| Some(last) != ends.first()));
    ends
}

async fn assert_named(test: &TestDatabase, table: &str, what: &str) {
    let report = verify(test).await;
    assert!(
        report.problems.iter().any(|problem| problem.table == table),
        "{what} in {table} was not found; found instead: {:?}",
        report.problems
    );
}

database_test!(
    async fn one_changed_value_in_any_column_of_any_table_is_found(test) {
        fill(test).await;
        assert_eq!(verify(test).await.problems, []);
        let mut columns = 0;
        for table in proved_tables(&test.db).await {
            for row in ends(rows(test, &table.name).await) {
                for place in 0..row.len() {
                    let (column, value) = &row[place];
                    let described = table.columns.iter().find(|known| known.name == *column).unwrap();
                    // SQLite keeps booleans as the integers 0 and 1.
                    let flag = column == "must_move";
                    let mut other = row.clone();
                    other[place].1 = changed(value, &described.class, flag);
                    let set = literal(test, &other[place].1);
                    tamper(test, &format!("UPDATE {} SET {column} = {set} WHERE {}", table.name, is_row(test, &row))).await;
                    assert_named(test, &table.name, &format!("{column}: {value:?} -> {set}")).await;
                    let set = literal(test, value);
                    tamper(test, &format!("UPDATE {} SET {column} = {set} WHERE {}", table.name, is_row(test, &other))).await;
                    columns += 1;
                }
            }
        }
        assert!(columns > 250, "{columns}");
        assert_eq!(verify(test).await.problems, []);
    }
);

database_test!(
    async fn one_missing_or_forged_row_in_any_table_is_found(test) {
        fill(test).await;
        for table in proved_tables(&test.db).await {
            let all = rows(test, &table.name).await;
            assert!(!all.is_empty(), "the fixtures have no row in {}", table.name);
            let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
            let insert = |row: &Row| {
                let values: Vec<String> = row.iter().map(|(_, value)| literal(test, value)).collect();
                let columns: Vec<&str> = row.iter().map(|(column, _)| column.as_str()).collect();
                format!("INSERT INTO {} ({}) VALUES ({})", table.name, columns.join(", "), values.join(", "))
            };
            for row in ends(all.clone()) {
                tamper(test, &format!("DELETE FROM {} WHERE {}", table.name, is_row(test, &row))).await;
                assert_named(test, &table.name, "a deleted row").await;
                tamper(test, &insert(&row)).await;
            }
            let mut forged = all.last().unwrap().clone();
            for (column, value) in &mut forged {
                assert!(names.contains(&column.as_str()));
                if *value != Value::Null {
                    *value = changed(value, "", column == "must_move");
                }
            }
            tamper(test, &insert(&forged)).await;
            assert_named(test, &table.name, "a forged row").await;
            tamper(test, &format!("DELETE FROM {} WHERE {}", table.name, is_row(test, &forged))).await;
        }
        assert_eq!(verify(test).await.problems, []);
    }
);

database_test!(
    async fn a_row_with_the_empty_id_is_found(test) {
        fill(test).await;
        tamper(test, "INSERT INTO fund (id, version, changed_at, changed_by, source, document, year, amount, state)
            VALUES ('', 1, 0, 'x', 'x', 'x', 2026, 1, '{}')").await;
        assert_named(test, "fund", "a row with the empty id").await;
    }
);

database_test!(
    async fn exchanged_entries_are_found(test) {
        fill(test).await;
        tamper(test, "UPDATE ledger_entry SET idx = -1 WHERE idx = 3").await;
        tamper(test, "UPDATE ledger_entry SET idx = 3 WHERE idx = 4").await;
        tamper(test, "UPDATE ledger_entry SET idx = 4 WHERE idx = -1").await;
        let report = verify(test).await;
        let named: Vec<_> = report.problems.iter().filter(|problem| problem.table == "ledger_entry").map(|problem| problem.id.as_str()).collect();
        assert!(named.contains(&"3") && named.contains(&"4"), "{:?}", report.problems);
    }
);

database_test!(
    async fn exactly_what_was_changed_is_named(test) {
        fill(test).await;
        let entries = anju_store::entry_count(&test.db).await.unwrap();
        let other = if on_postgres(test) { "decode(repeat('ab', 32), 'hex')" } else { "x'abababababababababababababababababababababababababababababababab'" };
        // Hash 2 is the root over entries 0 and 1: the place where the tree has it, not an entry.
        for (table, id, column, change, back) in [
            ("household", id(1, 1).to_string(), "category", "UPDATE household SET category = 'poverty'", "UPDATE household SET category = 'disaster'"),
            ("ledger_entry", "7".into(), "", "UPDATE ledger_entry SET actor = 'nobody' WHERE idx = 7", "UPDATE ledger_entry SET actor = 'officer' WHERE idx = 7"),
            ("ledger_hash", "2".into(), "hash", &format!("UPDATE ledger_hash SET hash = {other} WHERE idx = 2"), ""),
        ] {
            let kept = test.db.inspect("SELECT hash FROM ledger_hash WHERE idx = 2").await.unwrap();
            tamper(test, change).await;
            let report = verify(test).await;
            assert!(
                report.problems.iter().any(|problem| (problem.table.as_str(), &problem.id, problem.column.as_str()) == (table, &id, column)),
                "{table} {id} {column}: {:?}", report.problems
            );
            match back {
                "" => tamper(test, &format!("UPDATE ledger_hash SET hash = {} WHERE idx = 2", literal(test, &kept[0][0].1))).await,
                back => tamper(test, back).await,
            }
            assert_eq!(verify(test).await.problems, []);
        }
        tamper(test, &format!("UPDATE ledger_checkpoint SET root = {other} WHERE size = {entries}")).await;
        let report = verify(test).await;
        let named: Vec<_> = report.problems.iter().map(|problem| (problem.table.as_str(), problem.id.clone(), problem.column.as_str())).collect();
        assert_eq!(named, [("ledger_checkpoint", entries.to_string(), "root")]);
    }
);

database_test!(
    async fn a_log_cut_at_its_end_is_found(test) {
        fill(test).await;
        tamper(test, "DELETE FROM ledger_entry WHERE idx >= 20").await;
        assert_named(test, "ledger_entry", "missing newest entries").await;
        let size = anju_ledger::stored_hash_count(20);
        tamper(test, &format!("DELETE FROM ledger_hash WHERE idx >= {size}")).await;
        assert_named(test, "ledger_entry", "missing newest entries").await;
    }
);

database_test!(
    async fn a_log_cut_together_with_its_checkpoints_is_found_with_a_checkpoint_kept_elsewhere(test) {
        fill(test).await;
        let public = key().verifying_key();
        let kept = anju_store::latest_checkpoint(&test.db).await.unwrap().unwrap();
        anju_store::check_kept_checkpoint(&test.db, &public, &kept.note).await.unwrap();
        let sizes = test.db.inspect("SELECT MIN(size) FROM ledger_checkpoint").await.unwrap();
        let Value::Int(first) = sizes[0][0].1 else { panic!("{sizes:?}") };
        tamper(test, &format!("DELETE FROM ledger_entry WHERE idx >= {first}")).await;
        tamper(test, &format!("DELETE FROM ledger_checkpoint WHERE size > {first}")).await;
        let hashes = anju_ledger::stored_hash_count(first as u64);
        tamper(test, &format!("DELETE FROM ledger_hash WHERE idx >= {hashes}")).await;
        let error = anju_store::check_kept_checkpoint(&test.db, &public, &kept.note).await.unwrap_err();
        assert!(matches!(error, anju_store::StoreError::LogInvalid(_)), "{error}");
    }
);

database_test!(
    async fn an_entry_forged_with_all_its_hashes_is_found_without_the_key(test) {
        fill(test).await;
        // Everything but the signature is made to fit: the last entry's actor, its leaf and every hash above it.
        let entries = test.db.inspect("SELECT * FROM ledger_entry ORDER BY idx").await.unwrap();
        let mut frontier = anju_ledger::Frontier::empty();
        for (index, row) in entries.iter().enumerate() {
            let text = |name: &str| match &row.iter().find(|(column, _)| column == name).unwrap().1 {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            };
            let int = |name: &str| match row.iter().find(|(column, _)| column == name).unwrap().1 {
                Value::Int(number) => number,
                _ => panic!("{name}"),
            };
            let Value::Bytes(commitment) = &row.iter().find(|(column, _)| column == "commitment").unwrap().1 else { panic!() };
            let last = index + 1 == entries.len();
            let entry = anju_ledger::Entry {
                actor: if last { "nobody".into() } else { text("actor").unwrap() },
                area: text("area"),
                at: int("at"),
                command: text("command").unwrap(),
                commitment: anju_store::attachment::hex(commitment),
                index: index as u64,
                kind: text("subject_kind").unwrap(),
                reason: text("reason"),
                subject: text("subject_id").unwrap(),
                version: int("version"),
            };
            for (place, hash) in frontier.append(&entry.leaf().unwrap()).unwrap() {
                let hash = literal(test, &Value::Bytes(hash.to_vec()));
                tamper(test, &format!("UPDATE ledger_hash SET hash = {hash} WHERE idx = {place}")).await;
            }
        }
        tamper(test, &format!("UPDATE ledger_entry SET actor = 'nobody' WHERE idx = {}", entries.len() - 1)).await;
        let report = verify(test).await;
        let places: Vec<_> = report.problems.iter().map(|problem| (problem.table.as_str(), problem.column.as_str())).collect();
        assert_eq!(places, [("ledger_checkpoint", "root")]);
    }
);

database_test!(
    async fn a_payload_emptied_without_an_erasure_is_found(test) {
        fill(test).await;
        let sql = "UPDATE ledger_entry SET salt = NULL, payload = NULL WHERE subject_kind = 'lookback_item' AND version = 1";
        tamper(test, sql).await;
        assert_named(test, "ledger_entry", "an emptied payload").await;
    }
);

database_test!(
    async fn another_key_proves_nothing(test) {
        fill(test).await;
        let other = anju_ledger::SigningKey::from_seed("anju-619021", [8; 32]).verifying_key();
        let report = anju_store::verify(&test.db, &other, &test.attachments, &|_| std::ops::ControlFlow::Continue(()))
            .await
            .unwrap();
        assert!(report.problems.iter().any(|problem| problem.table == "ledger_checkpoint" && problem.column == "note"));
    }
);

database_test!(
    async fn a_changed_or_missing_file_is_found(test) {
        fill(test).await;
        let hash = test.attachments.put(b"layer").unwrap();
        let file = test.folder().join("attachments").join(&hash[..2]).join(&hash);
        std::fs::write(&file, b"lAyer").unwrap();
        assert_named(test, "attachment", "a changed file").await;
        std::fs::remove_file(&file).unwrap();
        assert_named(test, "attachment", "a missing file").await;
    }
);

database_test!(
    async fn verification_can_be_stopped(test) {
        fill(test).await;
        let stop = |_| std::ops::ControlFlow::Break(());
        let stopped = anju_store::verify(&test.db, &key().verifying_key(), &test.attachments, &stop).await;
        assert!(matches!(stopped, Err(anju_store::StoreError::Cancelled)));
    }
);
