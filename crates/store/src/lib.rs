//! One storage for two databases: SQL, migrations and the tables of the ledger.
