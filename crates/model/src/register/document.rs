//! Documents and photos of a household (一户一档).

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Position;
use crate::area::AreaCode;
use crate::code_list;

code_list! {
    /// What a document of a household is.
    DocumentKind {
        Application = "application", "申请书", "application";
        IdCopy = "id_copy", "证件复印件", "copy of an ID";
        ConsentForm = "consent_form", "意愿书", "consent form";
        HomePhoto = "home_photo", "现住房照片", "photo of the home";
        Agreement = "agreement", "搬迁安置协议", "agreement";
        OldHouseAgreement = "old_house_agreement", "旧宅腾退协议", "agreement on the old house";
        Decision = "decision", "审批决定", "decision";
        PublicityPhoto = "publicity_photo", "公示照片", "photo of a public notice";
        IncomeProof = "income_proof", "收入证明", "proof of income";
        ReasonProof = "reason_proof", "变动依据", "proof of a change";
        Other = "other", "其他材料", "other";
    }
}

impl DocumentKind {
    /// Whether such a document shows personal data, so that it is given out for a stated purpose only.
    pub fn is_personal(self) -> bool {
        !matches!(self, Self::HomePhoto | Self::PublicityPhoto)
    }
}

/// Largest file of a household's documents and of the evidence of amendments: a scan or a photo.
pub const SIZE_LIMIT: u64 = 16 << 20;

/// That a document was taken out of a household's file; its bytes and its history stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = DocumentRemoval)]
pub struct Removal {
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A document or photo of a household. The file itself is kept by its hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HouseholdDocument {
    /// UUIDv7.
    pub id: Uuid,
    /// The household.
    pub household: Uuid,
    /// Where the household was.
    pub area: AreaCode,
    /// What it is.
    pub kind: DocumentKind,
    /// SHA-256 of the bytes, in hex.
    pub hash: String,
    /// The name it came with.
    pub name: String,
    /// Media type, found in the bytes.
    pub media_type: String,
    /// Size in bytes.
    pub size: u64,
    /// The day it was taken or signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub taken_on: Option<Date>,
    /// Where a photo was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub position: Option<Position>,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub note: Option<String>,
    /// Who added it.
    pub added_by: String,
    /// When.
    pub added_at: Timestamp,
    /// That it was taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub removal: Option<Removal>,
}

/// The media type that the first bytes of a file and its inner names show, of those a household's file may hold.
///
/// A ZIP file is told apart by the names in it, which stand in clear in its local headers and its directory: `head` is
/// the beginning of the file and `tail` its end. What is none of them is refused by the caller.
pub fn media_type(head: &[u8], tail: &[u8]) -> Option<&'static str> {
    let holds = |needle: &[u8]| {
        [head, tail]
            .iter()
            .any(|part| part.windows(needle.len()).any(|window| window == needle))
    };
    match head {
        [b'%', b'P', b'D', b'F', b'-', ..] => Some("application/pdf"),
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Some("image/png"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [b'P', b'K', 3, 4, ..] if holds(b"xl/workbook.xml") => {
            Some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        }
        [b'P', b'K', 3, 4, ..] if holds(b"word/document.xml") => {
            Some("application/vnd.openxmlformats-officedocument.wordprocessingml.document")
        }
        [b'P', b'K', 3, 4, ..] if holds(b"OFD.xml") => Some("application/ofd"),
        _ => None,
    }
}

/// The media type that the end of a file's name promises, of those a household's file may hold.
pub fn promised_type(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "pdf" => "application/pdf",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "ofd" => "application/ofd",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_tell_the_type_and_the_name_only_promises_it() {
        assert_eq!(media_type(b"%PDF-1.7\n", b""), Some("application/pdf"));
        assert_eq!(media_type(&[0xFF, 0xD8, 0xFF, 0xE0], b""), Some("image/jpeg"));
        assert_eq!(media_type(b"RIFF\x10\0\0\0WEBPVP8 ", b""), Some("image/webp"));
        assert_eq!(media_type(b"RIFF\x10\0\0\0WAVEfmt ", b""), None);
        assert_eq!(media_type(b"MZ\x90\0", b""), None);
        assert_eq!(media_type(b"<html>", b""), None);
        assert_eq!(media_type(b"PK\x03\x04...evil.exe", b"PK\x01\x02evil.exe"), None);
        assert_eq!(
            media_type(
                b"PK\x03\x04....[Content_Types].xml",
                b"PK\x01\x02..xl/workbook.xml.."
            ),
            Some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        );
        assert_eq!(promised_type("意愿书.PDF"), Some("application/pdf"));
        assert_eq!(promised_type("a.exe"), None);
        assert_eq!(promised_type("pdf"), None);
    }
}
