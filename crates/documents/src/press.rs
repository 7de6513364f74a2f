//! From a template and its values to pages, and from pages to PDF.

use anju_model::code_list::Language;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Value, json};
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, Timestamp};

use crate::fonts::{Fonts, fonts, make_printable};
use crate::{DocumentError, language_code};

/// A template: its name for messages, and its text.
#[derive(Clone, Copy)]
pub(crate) struct Template {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

/// What all templates share: page, type and the note on missing characters.
const HOUSE_STYLE: &str = include_str!("../templates/house-style.typ");

/// A document in the making: the only files are the template, the house style and `data.json`, the only fonts the
/// embedded ones, and there is no clock but the day it was given.
struct Press {
    library: LazyHash<Library>,
    fonts: &'static Fonts,
    main: Source,
    style: Source,
    data: FileId,
    values: Bytes,
    day: Date,
}

impl World for Press {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.fonts.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        [&self.main, &self.style]
            .into_iter()
            .find(|source| source.id() == id)
            .cloned()
            .ok_or(FileError::AccessDenied)
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.data {
            Ok(self.values.clone())
        } else {
            Err(FileError::AccessDenied)
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.fonts.get(index).cloned()
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        datetime(self.day)
    }
}

fn datetime(day: Date) -> Option<Datetime> {
    Datetime::from_ymd(
        i32::from(day.year()),
        u8::try_from(day.month()).ok()?,
        u8::try_from(day.day()).ok()?,
    )
}

fn file(template: Template, name: &str) -> Result<FileId, DocumentError> {
    let path = VirtualPath::new(name).map_err(|error| DocumentError::Values {
        template: template.name,
        reason: format!("{error:?}"),
    })?;
    Ok(FileId::new(RootedPath::new(VirtualRoot::Project, path)))
}

/// Lays out a template with values, printed on a day, with `scale` as the size of the print (1 is ordinary).
pub(crate) fn lay_out(
    template: Template,
    values: &impl Serialize,
    language: Language,
    day: Date,
    scale: f64,
) -> Result<PagedDocument, DocumentError> {
    let fonts = fonts()?;
    let values_error = |error: serde_json::Error| DocumentError::Values {
        template: template.name,
        reason: error.to_string(),
    };
    let mut document = serde_json::to_value(values).map_err(values_error)?;
    let missing: Vec<Value> = make_printable(&mut document, fonts)
        .into_iter()
        .map(|character| json!(format!("U+{:04X}", u32::from(character))))
        .collect();
    let whole = json!({
        "language": language_code(language),
        "scale": scale,
        "missing": missing,
        "document": document,
    });
    let bytes = serde_json::to_vec(&whole).map_err(values_error)?;
    let press = Press {
        library: LazyHash::new(Library::default()),
        fonts,
        main: Source::new(file(template, "main.typ")?, template.text.to_owned()),
        style: Source::new(file(template, "house-style.typ")?, HOUSE_STYLE.to_owned()),
        data: file(template, "data.json")?,
        values: Bytes::new(bytes),
        day,
    };
    let outcome = typst::compile::<PagedDocument>(&press);
    // What was laid out is not asked for again: nothing is kept for a next time.
    typst::comemo::evict(0);
    let failed = |diagnostics: &[SourceDiagnostic]| DocumentError::Layout {
        template: template.name,
        messages: diagnostics
            .iter()
            .map(|diagnostic| diagnostic.message.to_string())
            .collect(),
    };
    let laid_out = outcome.output.map_err(|errors| failed(&errors))?;
    if outcome.warnings.is_empty() {
        Ok(laid_out)
    } else {
        Err(failed(&outcome.warnings))
    }
}

/// The PDF of pages that were laid out, as printed on a day.
pub(crate) fn print(
    template: Template,
    document: &PagedDocument,
    day: Date,
) -> Result<Vec<u8>, DocumentError> {
    let options = PdfOptions {
        creator: Smart::Custom(Some("Anju 安居".to_owned())),
        timestamp: datetime(day).map(Timestamp::new_utc),
        ..PdfOptions::default()
    };
    let bytes = typst_pdf::pdf(document, &options).map_err(|errors| DocumentError::Layout {
        template: template.name,
        messages: errors.iter().map(|error| error.message.to_string()).collect(),
    });
    typst::comemo::evict(0);
    bytes
}

#[cfg(test)]
pub(crate) mod reading {
    //! What stands on laid out pages, for tests.

    use std::collections::BTreeMap;

    use typst::layout::{Frame, FrameItem, Point};
    use typst_layout::PagedDocument;

    /// The lines of each page from top to bottom, their pieces from left to right.
    pub(crate) fn lines(document: &PagedDocument) -> Vec<Vec<String>> {
        document
            .pages()
            .iter()
            .map(|page| {
                // By millimetres from the top: pieces of one line may differ by fractions of a point.
                let mut found: BTreeMap<i64, Vec<(f64, String)>> = BTreeMap::new();
                walk(&page.frame, Point::zero(), &mut found);
                found
                    .into_values()
                    .map(|mut pieces| {
                        pieces.sort_by(|a, b| a.0.total_cmp(&b.0));
                        let pieces: Vec<String> = pieces.into_iter().map(|piece| piece.1).collect();
                        pieces.join(" | ")
                    })
                    .collect()
            })
            .collect()
    }

    fn walk(frame: &Frame, at: Point, found: &mut BTreeMap<i64, Vec<(f64, String)>>) {
        for (position, item) in frame.items() {
            let place = at + *position;
            match item {
                FrameItem::Group(group) => walk(&group.frame, place, found),
                FrameItem::Text(text) => found
                    .entry(place.y.to_mm().round() as i64)
                    .or_default()
                    .push((place.x.to_mm(), text.text.to_string())),
                _ => {}
            }
        }
    }

    /// All text of a document.
    pub(crate) fn text(document: &PagedDocument) -> String {
        lines(document).concat().join("\n")
    }
}
