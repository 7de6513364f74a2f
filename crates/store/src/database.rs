//! The two engines behind one face: opening, running a statement, transactions, bulk inserts.
//!
//! This module alone knows sqlx. Statements are written once, in the subset both engines share, with `$1` parameters;
//! what differs stays here: how a transaction begins, how arguments are bound and how a result is read.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgPoolOptions, PgRow, PgTypeInfo};
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{
    Arguments, AssertSqlSafe, Column, Encode, PgPool, Postgres, Row, Sqlite, SqlitePool, Transaction,
    TypeInfo, ValueRef,
};

use crate::value::{Record, Value};
use crate::{Context, StoreError, Tx};

/// Readers beside the one writer of SQLite, and connections to PostgreSQL.
const CONNECTIONS: u32 = 8;

/// Memory of SQLite's writer for pages, in KiB with a minus: an import touches indexes all over the file, and what does not
/// fit is written more than once.
const WRITER_CACHE: &str = "-262144";

/// The same of each reader.
const READER_CACHE: &str = "-16384";

/// How long a writer waits for the one before it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(60);

/// Key of the advisory lock that makes writers of one PostgreSQL database queue: the log is one sequence.
const WRITER_LOCK: &str = "SELECT pg_advisory_xact_lock(4705148530)";

/// Bound parameters of one statement: SQLite takes 32,766, PostgreSQL 65,535.
const PARAMETERS: usize = 32_000;

/// Rows of one INSERT; longer statements cost more to parse than they save.
const ROWS: usize = 500;

/// An open database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db(Engine);

#[derive(Debug, Clone)]
enum Engine {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres(PgPool),
}

/// What will be answered. Boxed, because the body of a plain `async fn` is compiled again in every unit of every crate
/// that awaits it, here with two database drivers in it.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Which engine a database is, where the two must be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Db {
    /// Opens `sqlite://PATH` (made when it does not exist) or `postgres://…`.
    ///
    /// # Errors
    /// When the address is malformed or the database cannot be reached.
    pub fn open(address: &str) -> Answer<'_, Self> {
        Box::pin(Self::run_open(address))
    }

    async fn run_open(address: &str) -> Result<Self, StoreError> {
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            let pool = PgPoolOptions::new()
                .max_connections(CONNECTIONS)
                .connect(address)
                .await?;
            return Ok(Self(Engine::Postgres(pool)));
        }
        let path = address
            .strip_prefix("sqlite://")
            .filter(|path| !path.is_empty() && *path != ":memory:")
            .ok_or_else(|| StoreError::Address(without_password(address)))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A system of record: a committed decision survives loss of power.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            // Pages are read whole: with a small buffer, reader and worker wake each other for every few rows.
            .row_buffer_size(ROWS)
            .pragma("temp_store", "memory");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(BUSY_TIMEOUT)
            .connect_with(options.clone().pragma("cache_size", WRITER_CACHE))
            .await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect_with(
                options
                    .pragma("query_only", "on")
                    .pragma("cache_size", READER_CACHE),
            )
            .await?;
        Ok(Self(Engine::Sqlite { writer, readers }))
    }

    /// Brings the tables to the newest version. Safe to call at every start and by several processes at once.
    ///
    /// # Errors
    /// When the database is newer than the program, or refuses.
    pub fn migrate(&self) -> Answer<'_, ()> {
        Box::pin(crate::migration::migrate(self))
    }

    /// Begins the one transaction of a command. Writers queue: the next one waits until this one ends, so that reading,
    /// computing and asking belong before it.
    ///
    /// # Errors
    /// When the database refuses or the ledger's own rows are missing.
    pub fn begin(&self, context: Context) -> Answer<'_, Tx> {
        Box::pin(self.run_begin(context))
    }

    async fn run_begin(&self, context: Context) -> Result<Tx, StoreError> {
        Tx::start(self.begin_writing().await?, context).await
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match &self.0 {
            Engine::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }

    /// A transaction that holds the writer's place from its beginning: one that reads first and asks for the place later
    /// could fail in spite of the timeout.
    pub(crate) fn begin_writing(&self) -> Answer<'_, Link> {
        Box::pin(async move {
            match &self.0 {
                Engine::Sqlite { writer, .. } => {
                    Ok(Link::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?))
                }
                Engine::Postgres(pool) => {
                    let mut transaction = pool.begin().await?;
                    sqlx::query(WRITER_LOCK).execute(&mut *transaction).await?;
                    // An import makes tables large before the planner has counted them; every look-up of a writer has an index.
                    sqlx::query("SET LOCAL enable_seqscan = off")
                        .execute(&mut *transaction)
                        .await?;
                    Ok(Link::Postgres(transaction))
                }
            }
        })
    }

    /// A transaction that reads one state of the database, whatever is written meanwhile.
    pub(crate) fn begin_reading(&self) -> Answer<'_, Link> {
        Box::pin(async move {
            match &self.0 {
                Engine::Sqlite { readers, .. } => Ok(Link::Sqlite(readers.begin().await?)),
                Engine::Postgres(pool) => Ok(Link::Postgres(
                    pool.begin_with("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                        .await?,
                )),
            }
        })
    }

    /// Two transactions that read the same state of the database, so that two connections read it at the same time.
    pub(crate) fn begin_reading_twice(&self) -> Answer<'_, [Link; 2]> {
        Box::pin(async move {
            match &self.0 {
                Engine::Sqlite { .. } => loop {
                    let mut pair = [self.begin_reading().await?, self.begin_reading().await?];
                    // A transaction sees the state of its first query; every change adds to the log.
                    let last = "SELECT MAX(idx) FROM ledger_entry";
                    let [one, other] = &mut pair;
                    let (one, other) = (one.all(last, &[]).await?, other.all(last, &[]).await?);
                    if one
                        .iter()
                        .map(|row| &row.values)
                        .eq(other.iter().map(|row| &row.values))
                    {
                        return Ok(pair);
                    }
                },
                Engine::Postgres(_) => {
                    let mut one = self.begin_reading().await?;
                    let mut other = self.begin_reading().await?;
                    let exported = one.all("SELECT pg_export_snapshot()", &[]).await?;
                    let snapshot = exported.first().map_or(Ok(""), |row| row.text(0))?;
                    // The name cannot be a parameter; the server makes it of hexadecimal digits and hyphens.
                    other
                        .script(&format!("SET TRANSACTION SNAPSHOT '{snapshot}'"))
                        .await?;
                    Ok([one, other])
                }
            }
        })
    }

    /// Writes tables anew without what was deleted from them. SQLite knows the whole file only, and keeps old pages in its
    /// log until that is emptied.
    pub(crate) async fn vacuum(&self, tables: &[&str]) -> Result<(), StoreError> {
        match &self.0 {
            Engine::Sqlite { writer, .. } => {
                let mut connection = writer.acquire().await?;
                for sql in ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"] {
                    sqlx::query(sql).execute(&mut *connection).await?;
                }
            }
            Engine::Postgres(pool) => {
                let sql = AssertSqlSafe(format!("VACUUM FULL {}", tables.join(", ")));
                sqlx::query(sql).execute(pool).await?;
            }
        }
        Ok(())
    }

    /// Runs one statement of an administrator, or of a test that damages a database on purpose. Outside of tests there is
    /// no such door.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub async fn administer(&self, sql: &str) -> Result<u64, StoreError> {
        let sql = AssertSqlSafe(sql.to_owned());
        Ok(match &self.0 {
            Engine::Sqlite { writer, .. } => sqlx::raw_sql(sql).execute(writer).await?.rows_affected(),
            Engine::Postgres(pool) => sqlx::raw_sql(sql).execute(pool).await?.rows_affected(),
        })
    }

    /// Runs a query of a test.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub async fn inspect(&self, sql: &str) -> Result<Vec<Vec<(String, Value)>>, StoreError> {
        let rows = self.all(sql, &[]).await?;
        Ok(rows
            .into_iter()
            .map(|row| row.columns.iter().cloned().zip(row.values).collect())
            .collect())
    }

    /// Runs a query outside of any transaction.
    pub(crate) fn all<'a>(&'a self, sql: &'a str, arguments: &'a [Value]) -> Answer<'a, Vec<Record>> {
        Box::pin(self.run(sql, arguments))
    }

    async fn run(&self, sql: &str, arguments: &[Value]) -> Result<Vec<Record>, StoreError> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.0 {
            Engine::Sqlite { readers, .. } => {
                let rows = sqlx::query_with(sql, sqlite_arguments(arguments)?)
                    .fetch_all(readers)
                    .await?;
                sqlite_records(&rows)
            }
            Engine::Postgres(pool) => {
                let rows = sqlx::query_with(sql, postgres_arguments(arguments)?)
                    .fetch_all(pool)
                    .await?;
                postgres_records(&rows)
            }
        }
    }

    /// The first row of a query.
    pub(crate) async fn first(&self, sql: &str, arguments: &[Value]) -> Result<Option<Record>, StoreError> {
        Ok(self.all(sql, arguments).await?.into_iter().next())
    }
}

fn without_password(address: &str) -> String {
    match address.split_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => address.to_owned(),
    }
}

/// An open transaction.
pub(crate) enum Link {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Link {
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    pub fn all<'a>(&'a mut self, sql: &'a str, arguments: &'a [Value]) -> Answer<'a, Vec<Record>> {
        Box::pin(self.run_all(sql, arguments))
    }

    async fn run_all(&mut self, sql: &str, arguments: &[Value]) -> Result<Vec<Record>, StoreError> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(transaction) => {
                let rows = sqlx::query_with(sql, sqlite_arguments(arguments)?)
                    .fetch_all(&mut **transaction)
                    .await?;
                sqlite_records(&rows)
            }
            Self::Postgres(transaction) => {
                let rows = sqlx::query_with(sql, postgres_arguments(arguments)?)
                    .fetch_all(&mut **transaction)
                    .await?;
                postgres_records(&rows)
            }
        }
    }

    pub async fn first(&mut self, sql: &str, arguments: &[Value]) -> Result<Option<Record>, StoreError> {
        Ok(self.all(sql, arguments).await?.into_iter().next())
    }

    /// The rows as the driver gives them, for reading very many: their values are borrowed, by as many threads as there
    /// are.
    pub fn raw<'a>(&'a mut self, sql: &'a str, arguments: &'a [Value]) -> Answer<'a, RawRows> {
        Box::pin(async move {
            let sql = AssertSqlSafe(sql.to_owned());
            Ok(match self {
                Self::Sqlite(transaction) => RawRows::Sqlite(
                    sqlx::query_with(sql, sqlite_arguments(arguments)?)
                        .fetch_all(&mut **transaction)
                        .await?,
                ),
                Self::Postgres(transaction) => RawRows::Postgres(
                    sqlx::query_with(sql, postgres_arguments(arguments)?)
                        .fetch_all(&mut **transaction)
                        .await?,
                ),
            })
        })
    }

    /// Runs a statement and returns the number of rows it changed.
    pub fn execute<'a>(&'a mut self, sql: &'a str, arguments: &'a [Value]) -> Answer<'a, u64> {
        Box::pin(self.run_execute(sql, arguments))
    }

    async fn run_execute(&mut self, sql: &str, arguments: &[Value]) -> Result<u64, StoreError> {
        let sql = AssertSqlSafe(sql.to_owned());
        Ok(match self {
            Self::Sqlite(transaction) => sqlx::query_with(sql, sqlite_arguments(arguments)?)
                .execute(&mut **transaction)
                .await?
                .rows_affected(),
            Self::Postgres(transaction) => sqlx::query_with(sql, postgres_arguments(arguments)?)
                .execute(&mut **transaction)
                .await?
                .rows_affected(),
        })
    }

    /// Runs several statements without parameters, such as a migration.
    pub fn script<'a>(&'a mut self, sql: &'a str) -> Answer<'a, ()> {
        Box::pin(self.run_script(sql))
    }

    async fn run_script(&mut self, sql: &str) -> Result<(), StoreError> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(transaction) => {
                sqlx::raw_sql(sql).execute(&mut **transaction).await?;
            }
            Self::Postgres(transaction) => {
                sqlx::raw_sql(sql).execute(&mut **transaction).await?;
            }
        }
        Ok(())
    }

    /// Inserts many rows by as few statements as the engines' limits allow.
    pub fn insert<'a>(
        &'a mut self,
        table: &'a str,
        columns: &'a [&'a str],
        rows: Vec<Vec<Value>>,
    ) -> Answer<'a, ()> {
        Box::pin(self.run_insert(table, columns, rows))
    }

    async fn run_insert(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        let chunk = (PARAMETERS / columns.len()).clamp(1, ROWS);
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let values: Vec<Vec<Value>> = rows.by_ref().take(chunk).collect();
            // Only the statement for a full chunk comes again and is worth keeping prepared.
            let full = values.len() == chunk;
            let sql = AssertSqlSafe(insert_statement(self.dialect(), table, columns, values.len()));
            match self {
                Self::Sqlite(transaction) => {
                    let mut arguments = SqliteArguments::default();
                    for value in values.into_iter().flatten() {
                        add_sqlite(&mut arguments, value)?;
                    }
                    sqlx::query_with(sql, arguments)
                        .persistent(full)
                        .execute(&mut **transaction)
                        .await?;
                }
                Self::Postgres(transaction) => {
                    let mut arguments = PgArguments::default();
                    for value in values.iter().flatten() {
                        add_postgres(&mut arguments, value)?;
                    }
                    sqlx::query_with(sql, arguments)
                        .persistent(full)
                        .execute(&mut **transaction)
                        .await?;
                }
            }
        }
        Ok(())
    }

    pub fn commit(self) -> Answer<'static, ()> {
        Box::pin(async move {
            match self {
                Self::Sqlite(transaction) => transaction.commit().await?,
                Self::Postgres(transaction) => transaction.commit().await?,
            }
            Ok(())
        })
    }
}

/// Rows of a result, not read yet.
pub(crate) enum RawRows {
    Sqlite(Vec<SqliteRow>),
    Postgres(Vec<PgRow>),
}

/// One row of [`RawRows`].
#[derive(Clone, Copy)]
pub(crate) enum RawRow<'r> {
    Sqlite(&'r SqliteRow),
    Postgres(&'r PgRow),
}

impl RawRows {
    pub fn len(&self) -> usize {
        match self {
            Self::Sqlite(rows) => rows.len(),
            Self::Postgres(rows) => rows.len(),
        }
    }

    pub fn get(&self, place: usize) -> Option<RawRow<'_>> {
        match self {
            Self::Sqlite(rows) => rows.get(place).map(RawRow::Sqlite),
            Self::Postgres(rows) => rows.get(place).map(RawRow::Postgres),
        }
    }
}

impl<'r> RawRow<'r> {
    pub fn int(self, place: usize) -> Result<i64, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(place)?,
            Self::Postgres(row) => row.try_get(place)?,
        })
    }

    /// An integer that counts something.
    pub fn count(self, place: usize) -> Result<u64, StoreError> {
        let number = self.int(place)?;
        u64::try_from(number).map_err(|_| StoreError::Unreadable {
            table: "result".into(),
            id: String::new(),
            what: place.to_string(),
            detail: format!("expected a count, found {number}"),
        })
    }

    pub fn text(self, place: usize) -> Result<Option<&'r str>, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(place)?,
            Self::Postgres(row) => row.try_get(place)?,
        })
    }

    pub fn bytes(self, place: usize) -> Result<Option<&'r [u8]>, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(place)?,
            Self::Postgres(row) => row.try_get(place)?,
        })
    }
}

/// `INSERT INTO table (…) VALUES (…), (…)`. SQLite numbers bare `?` by itself and binds them faster than names.
fn insert_statement(dialect: Dialect, table: &str, columns: &[&str], rows: usize) -> String {
    let mut sql = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
    let mut parameter = 0;
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns.len() {
            if column > 0 {
                sql.push(',');
            }
            parameter += 1;
            match dialect {
                Dialect::Sqlite => sql.push('?'),
                Dialect::Postgres => {
                    sql.push('$');
                    sql.push_str(&parameter.to_string());
                }
            }
        }
        sql.push(')');
    }
    sql
}

fn sqlite_arguments(values: &[Value]) -> Result<SqliteArguments, StoreError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        add_sqlite(&mut arguments, value.clone())?;
    }
    Ok(arguments)
}

fn add_sqlite(arguments: &mut SqliteArguments, value: Value) -> Result<(), StoreError> {
    match value {
        Value::Null => Arguments::add(arguments, None::<i64>),
        Value::Int(number) => Arguments::add(arguments, number),
        Value::Real(number) => Arguments::add(arguments, number),
        Value::Text(text) => Arguments::add(arguments, text),
        Value::Bytes(bytes) => Arguments::add(arguments, bytes),
        Value::Bool(flag) => Arguments::add(arguments, flag),
    }
    .map_err(|error| StoreError::Database(sqlx::Error::Encode(error)))
}

fn postgres_arguments(values: &[Value]) -> Result<PgArguments, StoreError> {
    let mut arguments = PgArguments::default();
    for value in values {
        add_postgres(&mut arguments, value)?;
    }
    Ok(arguments)
}

fn add_postgres(arguments: &mut PgArguments, value: &Value) -> Result<(), StoreError> {
    match value {
        Value::Null => Arguments::add(arguments, Untyped),
        Value::Int(number) => Arguments::add(arguments, number),
        Value::Real(number) => Arguments::add(arguments, number),
        Value::Text(text) => Arguments::add(arguments, text),
        Value::Bytes(bytes) => Arguments::add(arguments, bytes),
        Value::Bool(flag) => Arguments::add(arguments, flag),
    }
    .map_err(|error| StoreError::Database(sqlx::Error::Encode(error)))
}

/// A null whose type PostgreSQL reads from its place (object identifier 0 means: not said).
struct Untyped;

impl sqlx::Type<Postgres> for Untyped {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(sqlx::postgres::types::Oid(0))
    }
}

impl Encode<'_, Postgres> for Untyped {
    fn encode_by_ref(
        &self,
        _: &mut sqlx::postgres::PgArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        Ok(sqlx::encode::IsNull::Yes)
    }
}

fn sqlite_records(rows: &[SqliteRow]) -> Result<Vec<Record>, StoreError> {
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let columns: Arc<[String]> = first
        .columns()
        .iter()
        .map(|column| column.name().to_owned())
        .collect();
    rows.iter()
        .map(|row| {
            let values = (0..columns.len())
                .map(|place| sqlite_value(row, place))
                .collect::<Result<_, sqlx::Error>>()?;
            Ok(Record {
                columns: columns.clone(),
                values,
            })
        })
        .collect()
}

fn sqlite_value(row: &SqliteRow, place: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(place)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    // The type of this very value: SQLite's columns do not bind it.
    let kind = raw.type_info();
    Ok(match kind.name() {
        "INTEGER" | "BOOLEAN" => Value::Int(row.try_get_unchecked(place)?),
        "REAL" => Value::Real(row.try_get_unchecked(place)?),
        "BLOB" => Value::Bytes(row.try_get_unchecked(place)?),
        _ => Value::Text(row.try_get_unchecked(place)?),
    })
}

fn postgres_records(rows: &[PgRow]) -> Result<Vec<Record>, StoreError> {
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let columns: Arc<[String]> = first
        .columns()
        .iter()
        .map(|column| column.name().to_owned())
        .collect();
    rows.iter()
        .map(|row| {
            let values = (0..columns.len())
                .map(|place| postgres_value(row, place))
                .collect::<Result<_, sqlx::Error>>()?;
            Ok(Record {
                columns: columns.clone(),
                values,
            })
        })
        .collect()
}

fn postgres_value(row: &PgRow, place: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(place)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info();
    Ok(match kind.name() {
        "INT8" => Value::Int(row.try_get(place)?),
        "INT4" => Value::Int(i64::from(row.try_get::<i32, _>(place)?)),
        "INT2" => Value::Int(i64::from(row.try_get::<i16, _>(place)?)),
        "FLOAT8" => Value::Real(row.try_get(place)?),
        "BYTEA" => Value::Bytes(row.try_get(place)?),
        "BOOL" => Value::Bool(row.try_get(place)?),
        _ => Value::Text(row.try_get(place)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_of_no_database_are_refused() {
        for address in [
            "",
            "anju.db",
            "sqlite://",
            "sqlite://:memory:",
            "mysql://u:secret@host/db",
        ] {
            let error = Db::open(address).await.unwrap_err();
            assert!(matches!(error, StoreError::Address(_)), "{address}");
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn statements_number_their_parameters() {
        assert_eq!(
            insert_statement(Dialect::Postgres, "t", &["a", "b"], 2),
            "INSERT INTO t (a, b) VALUES ($1,$2), ($3,$4)"
        );
        assert_eq!(
            insert_statement(Dialect::Sqlite, "t", &["a"], 2),
            "INSERT INTO t (a) VALUES (?), (?)"
        );
    }
}
