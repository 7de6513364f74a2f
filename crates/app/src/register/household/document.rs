//! Documents and photos of a household: taken in piece by piece, kept by the hash of their bytes.
//!
//! The bytes say what a file is; one that lies about it is refused, and so is one that is too large, as soon as it is.
//! Personal documents are given out for a stated purpose, which goes on the ledger first.

use anju_model::access::Action;
use anju_model::register::document::{Removal, SIZE_LIMIT, media_type, promised_type};
use anju_model::register::{DocumentKind, HouseholdDocument, Position};
use anju_model::roster::is_line;
use anju_store::attachment::{Attachment, Incoming};
use anju_store::{StoreError, Versioned};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{find, past_day, reason};
use crate::register::unmask::{Need, note_purpose};
use crate::{AppError, Caller, Problem, Workspace};

/// What is said of a file that is added.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NewDocument {
    /// What it is.
    pub kind: DocumentKind,
    /// Name of the file.
    pub name: String,
    /// The day it was taken or signed.
    #[serde(default)]
    pub taken_on: Option<Date>,
    /// Where a photo was taken: degrees east.
    #[serde(default)]
    pub longitude: Option<f64>,
    /// Degrees north.
    #[serde(default)]
    pub latitude: Option<f64>,
    /// A remark.
    #[serde(default)]
    pub note: Option<String>,
}

/// A document as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = HouseholdDocumentView)]
pub struct DocumentView {
    /// What is recorded of it.
    #[serde(flatten)]
    pub document: HouseholdDocument,
    /// Version, to be sent back when it is removed.
    pub version: i64,
    /// Whether it is given out for a stated purpose only.
    pub personal: bool,
}

fn view(stored: Versioned<HouseholdDocument>) -> DocumentView {
    DocumentView {
        personal: stored.value.kind.is_personal(),
        version: stored.version,
        document: stored.value,
    }
}

/// A file on its way in. Dropped before it is kept, nothing of it stays.
pub struct Upload<'a> {
    workspace: &'a Workspace,
    incoming: Incoming,
}

impl<'a> Upload<'a> {
    /// Begins, with the size where it is known beforehand, so that one that is too large is refused before it is read.
    pub(crate) fn begin(workspace: &'a Workspace, size: Option<u64>) -> Result<Self, AppError> {
        if size.is_some_and(|size| size > SIZE_LIMIT) {
            return Err(StoreError::AttachmentTooLarge { limit: SIZE_LIMIT }.into());
        }
        let incoming = workspace
            .attachments()
            .incoming(&workspace.random_hex::<8>(), SIZE_LIMIT)?;
        Ok(Self { workspace, incoming })
    }

    /// Takes the next piece in.
    ///
    /// # Errors
    /// When the file grows too large, or cannot be written.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), AppError> {
        Ok(self.incoming.write(piece)?)
    }

    /// Keeps the file under its hash, when it is what its name promises.
    pub(crate) fn keep(self, name: &str) -> Result<Attachment, AppError> {
        let name = name.trim();
        if self.incoming.size() == 0 || !is_line(name) {
            return Err(AppError::invalid(
                "file_empty",
                "file",
                "文件为空,或没有文件名",
                "the file is empty, or has no name",
            ));
        }
        let found = media_type(self.incoming.head(), self.incoming.tail());
        let promised = promised_type(name);
        let media_type = match (found, promised) {
            (Some(found), Some(promised)) if found == promised => found,
            (Some(found), _) => {
                return Err(AppError::invalid(
                    "file_type_lies",
                    "file",
                    format!("文件内容是 {found},与文件名“{name}”不符;请用正确的扩展名"),
                    format!(
                        "the file is {found}, which its name {name:?} does not say; give it the right ending"
                    ),
                ));
            }
            (None, _) => {
                return Err(AppError::invalid(
                    "file_type",
                    "file",
                    format!("“{name}”的内容不是 PDF、JPEG、PNG、WebP、XLSX、DOCX 或 OFD"),
                    format!("the content of {name:?} is no PDF, JPEG, PNG, WebP, XLSX, DOCX or OFD"),
                ));
            }
        };
        let size = self.incoming.size();
        let hash = self.incoming.keep(self.workspace.attachments())?;
        Ok(Attachment {
            hash,
            media_type: media_type.to_owned(),
            name: name.to_owned(),
            size,
        })
    }
}

/// A document of a household on its way in.
pub struct Adding<'a> {
    caller: &'a Caller,
    document: NewDocument,
    household: Versioned<anju_model::register::Household>,
    upload: Upload<'a>,
}

/// Begins to add a document to a household.
///
/// # Errors
/// A household that is unknown or outside the caller's area, what is said of the file, a caller who may not, a size that
/// is too large.
pub async fn add<'a>(
    workspace: &'a Workspace,
    caller: &'a Caller,
    id: Uuid,
    document: NewDocument,
    size: Option<u64>,
) -> Result<Adding<'a>, AppError> {
    let household = find(workspace, caller, Action::EditRegister, id).await?;
    if let Some(date) = document.taken_on {
        past_day(workspace, date, "taken_on")?;
    }
    if document.longitude.is_some() != document.latitude.is_some() {
        return Err(AppError::Fields(vec![Problem::new(
            "position",
            "longitude",
            "经度和纬度须同时填写",
            "a position has a longitude and a latitude",
        )]));
    }
    if document
        .note
        .as_ref()
        .is_some_and(|note| !note.trim().is_empty() && !is_line(note))
    {
        return Err(AppError::Fields(vec![Problem::new(
            "text",
            "note",
            "备注须为一行不超过 200 字的文字",
            "a remark is one line of at most 200 characters",
        )]));
    }
    Ok(Adding {
        caller,
        document,
        household,
        upload: Upload::begin(workspace, size)?,
    })
}

impl Adding<'_> {
    /// Takes the next piece in.
    ///
    /// # Errors
    /// When the file grows too large, or cannot be written.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), AppError> {
        self.upload.write(piece)
    }

    /// Keeps the file and records the document.
    ///
    /// # Errors
    /// When the file is not what its name promises, or is in the household's file already.
    pub async fn finish(self) -> Result<DocumentView, AppError> {
        let Self {
            caller,
            document,
            household,
            upload,
        } = self;
        let workspace = upload.workspace;
        let stored = upload.keep(&document.name)?;
        let household = household.value;
        let there = anju_store::household_file::documents_of(workspace.db(), household.id).await?;
        if there
            .iter()
            .any(|other| other.value.hash == stored.hash && other.value.removal.is_none())
        {
            return Err(AppError::invalid(
                "document_twice",
                "file",
                "该户档案中已有这份文件",
                "the household's file has this document already",
            ));
        }
        let position = document
            .longitude
            .zip(document.latitude)
            .map(|(longitude, latitude)| Position { longitude, latitude });
        let record = HouseholdDocument {
            id: workspace.new_id(),
            household: household.id,
            area: household.facts.area,
            kind: document.kind,
            hash: stored.hash.clone(),
            name: stored.name.clone(),
            media_type: stored.media_type.clone(),
            size: stored.size,
            taken_on: document.taken_on,
            position,
            note: document
                .note
                .map(|note| note.trim().to_owned())
                .filter(|note| !note.is_empty()),
            added_by: caller.name().to_owned(),
            added_at: workspace.now(),
            removal: None,
        };
        let id = record.id;
        let mut transaction = workspace.begin(caller, "add_document", None).await?;
        transaction.insert_attachments(&[stored]).await?;
        transaction.insert(&[record]).await?;
        transaction.commit().await?;
        let stored: Option<Versioned<HouseholdDocument>> =
            anju_store::load(workspace.db(), &id.to_string()).await?;
        stored.map(view).ok_or_else(|| missing(id))
    }
}

fn missing(id: Uuid) -> AppError {
    AppError::NotFound {
        kind: "household_document",
        id: id.to_string(),
    }
}

/// The documents of a household, removed ones included, the newest first.
///
/// # Errors
/// [`AppError::NotFound`] for a household that is unknown or outside the caller's area.
pub async fn list(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<Vec<DocumentView>, AppError> {
    find(workspace, caller, Action::ReadRegister, id).await?;
    let documents = anju_store::household_file::documents_of(workspace.db(), id).await?;
    Ok(documents.into_iter().map(view).collect())
}

async fn load(
    workspace: &Workspace,
    caller: &Caller,
    action: Action,
    household: Uuid,
    id: Uuid,
) -> Result<Versioned<HouseholdDocument>, AppError> {
    find(workspace, caller, action, household).await?;
    let stored: Option<Versioned<HouseholdDocument>> =
        anju_store::load(workspace.db(), &id.to_string()).await?;
    stored
        .filter(|stored| stored.value.household == household)
        .ok_or_else(|| missing(id))
}

/// A file as it is given out.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its media type, found in its bytes.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// One document of a household.
///
/// # Errors
/// [`AppError::NotFound`] for one that is unknown or of a household outside the caller's area.
pub async fn show(
    workspace: &Workspace,
    caller: &Caller,
    household: Uuid,
    id: Uuid,
) -> Result<DocumentView, AppError> {
    Ok(view(
        load(workspace, caller, Action::ReadRegister, household, id).await?,
    ))
}

/// The file of a document. A personal one needs a role that may see unmasked data and says what for, which is on the
/// ledger before the file is given out.
///
/// # Errors
/// [`AppError::NotFound`] for a document that is unknown or of a household outside the caller's area, a caller who may
/// not, [`AppError::Invalid`] with code `purpose_missing`.
pub async fn file(
    workspace: &Workspace,
    caller: &Caller,
    household: Uuid,
    id: Uuid,
    need: Option<Need>,
) -> Result<File, AppError> {
    let document = load(workspace, caller, Action::ReadRegister, household, id)
        .await?
        .value;
    if document.kind.is_personal() {
        caller.require(Action::UnmaskData)?;
        let need = need.ok_or_else(|| {
            AppError::invalid(
                "purpose_missing",
                "purpose",
                "该文件含个人信息,请说明用途后下载",
                "the document is personal; say what it is needed for",
            )
        })?;
        note_purpose(workspace, caller, household, need, "read_document").await?;
    }
    Ok(File {
        bytes: workspace.attachments().read(&document.hash)?,
        name: document.name,
        media_type: document.media_type,
    })
}

/// Takes a document that was seen at `version` out of a household's file; its bytes and its history stay.
///
/// # Errors
/// When it was removed already, somebody else was quicker, or the caller may not.
pub async fn remove(
    workspace: &Workspace,
    caller: &Caller,
    household: Uuid,
    id: Uuid,
    version: i64,
    why: &str,
) -> Result<DocumentView, AppError> {
    let mut stored = load(workspace, caller, Action::EditRegister, household, id).await?;
    let why = reason(why)?;
    if stored.version != version {
        return Err(AppError::VersionConflict {
            kind: "household_document".into(),
            id: id.to_string(),
            expected: version,
            found: stored.version,
        });
    }
    if stored.value.removal.is_some() {
        return Err(AppError::invalid(
            "document_removed",
            "",
            "该文件已从档案中移除",
            "the document was removed already",
        ));
    }
    stored.value.removal = Some(Removal {
        reason: why.clone(),
        by: caller.name().to_owned(),
        at: workspace.now(),
    });
    let mut transaction = workspace.begin(caller, "remove_document", Some(why)).await?;
    transaction.update(std::slice::from_ref(&stored)).await?;
    transaction.commit().await?;
    stored.version += 1;
    Ok(view(stored))
}
