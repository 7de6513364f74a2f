//! What is remembered of imports: the files, and how an office's own columns map to the fields.

use anju_model::area::AreaCode;
use anju_model::register::{FileKind, ImportedFile};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::read::{VERSIONED, versioned};
use crate::{Db, StoreError, Subject, Value, Versioned};

/// A saved mapping of columns, so that next month's file of the same make needs no mapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportProfile {
    /// UUIDv7.
    pub id: Uuid,
    /// The name it is chosen by, unique for the kind of file.
    pub name: String,
    /// What the files hold.
    pub kind: FileKind,
    /// Field by column, as the importer defines it.
    pub mapping: serde_json::Value,
}

impl Subject for ImportProfile {
    const KIND: &'static str = "import_profile";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        None
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("name", self.name.as_str().into()),
            ("kind", self.kind.code().into()),
        ]
    }
}

impl Subject for ImportedFile {
    const KIND: &'static str = "imported_file";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        None
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("name", self.name.as_str().into()),
            ("kind", self.kind.code().into()),
            ("sha256", self.sha256.as_str().into()),
            ("imported_at", self.imported_at.into()),
        ]
    }
}

/// Imported files, newest first, at most `limit`; 0 means all.
///
/// # Errors
/// When the database fails.
pub async fn imported_files(db: &Db, limit: u32) -> Result<Vec<ImportedFile>, StoreError> {
    let limit = if limit == 0 {
        String::new()
    } else {
        format!(" LIMIT {limit}")
    };
    let sql = format!("SELECT {VERSIONED} FROM imported_file ORDER BY imported_at DESC, id DESC{limit}");
    let rows = db.all(&sql, &[]).await?;
    rows.iter()
        .map(|row| versioned::<ImportedFile>(row).map(|file| file.value))
        .collect()
}

/// The saved mapping of this name for a kind of file.
///
/// # Errors
/// When the database fails.
pub async fn profile_by_name(
    db: &Db,
    kind: FileKind,
    name: &str,
) -> Result<Option<Versioned<ImportProfile>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM import_profile WHERE kind = $1 AND name = $2");
    db.first(&sql, &[kind.code().into(), name.into()])
        .await?
        .map(|row| versioned(&row))
        .transpose()
}
