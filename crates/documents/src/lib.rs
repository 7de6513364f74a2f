//! Printed documents as PDF: publicity lists, announcements and household cards.
//!
//! A document is a Typst template of this crate and values that are handed to it as JSON. Values are never markup: a
//! name with `*`, `_` or `#` in it is printed as it is written. A warning of the compiler is an error, because it means
//! that something is not printed as it should be. The same values and the same day give the same bytes.
//!
//! What is absent: reading the register, masking and permission. Those are `anju_app`'s; this crate prints what it is
//! handed. The fonts (Noto Sans SC, Noto Serif SC) are embedded; see `build.rs`.

mod card;
mod fonts;
mod notice;
mod press;

use anju_model::code_list::{Language, Text};

pub use card::{CardDecision, CardFact, CardMember, CardSection, HouseholdCard, household_card};
pub use fonts::{MISSING, is_covered};
pub use notice::{NoticeGroup, NoticeLine, NoticeList, Paper, notice_list};

/// Why a document could not be printed.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The embedded fonts cannot be unpacked.
    #[error("the embedded font {name} cannot be unpacked: {reason}")]
    Font {
        /// Which.
        name: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The template does not compile, or warns.
    #[error("the document {template} cannot be laid out: {}", messages.join("; "))]
    Layout {
        /// Which document.
        template: &'static str,
        /// What the compiler says.
        messages: Vec<String>,
    },
    /// The values do not fit the page at the smallest print.
    #[error("the document {template} has {pages} pages at its smallest print and must have one")]
    TooLong {
        /// Which document.
        template: &'static str,
        /// Pages it would take.
        pages: usize,
    },
    /// The values are no JSON, or the address is too long for a QR code.
    #[error("the document {template} cannot be given its values: {reason}")]
    Values {
        /// Which document.
        template: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl DocumentError {
    /// The error in both languages.
    pub fn text(&self) -> Text {
        let zh = match self {
            Self::Font { name, reason } => format!("内嵌字体 {name} 无法解压:{reason}"),
            Self::Layout { template, messages } => {
                format!("文件 {template} 无法排版:{}", messages.join("; "))
            }
            Self::TooLong { template, pages } => {
                format!("文件 {template} 用最小字号仍有 {pages} 页,应为一页")
            }
            Self::Values { template, reason } => format!("文件 {template} 的内容无法写入:{reason}"),
        };
        Text::new(zh, self.to_string())
    }
}

/// The code of a language, as templates know it.
fn language_code(language: Language) -> &'static str {
    match language {
        Language::Chinese => "zh",
        Language::English => "en",
    }
}
