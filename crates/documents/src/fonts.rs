//! The embedded fonts, and what becomes of a character that none of them has.
//!
//! Noto Sans SC and Noto Serif SC cover all of GBK, CJK extension A and the rare characters of the table of general
//! standard Chinese characters (通用规范汉字表). A name with a character beyond these is printed with [`MISSING`] in its
//! place, the mark that printers have always set for a type they lack, and the document says below which character it
//! stands for.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::LazyLock;

use flate2::read::DeflateDecoder;
use serde_json::Value;
use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

use crate::DocumentError;

/// Printed in the place of a character that no font has.
pub const MISSING: char = '〓';

/// Name and deflated bytes of each font.
const EMBEDDED: [(&str, &[u8]); 3] = [
    (
        "Noto Sans SC Regular",
        include_bytes!(concat!(env!("OUT_DIR"), "/sans-regular.deflate")),
    ),
    (
        "Noto Sans SC Bold",
        include_bytes!(concat!(env!("OUT_DIR"), "/sans-bold.deflate")),
    ),
    (
        "Noto Serif SC Bold",
        include_bytes!(concat!(env!("OUT_DIR"), "/serif-bold.deflate")),
    ),
];

/// The fonts, unpacked once and kept.
pub(crate) struct Fonts {
    pub(crate) fonts: Vec<Font>,
    pub(crate) book: LazyHash<FontBook>,
}

static FONTS: LazyLock<Result<Fonts, (&'static str, String)>> = LazyLock::new(unpack);

fn unpack() -> Result<Fonts, (&'static str, String)> {
    let mut fonts = Vec::with_capacity(EMBEDDED.len());
    for (name, deflated) in EMBEDDED {
        let mut bytes = Vec::new();
        DeflateDecoder::new(deflated)
            .read_to_end(&mut bytes)
            .map_err(|error| (name, error.to_string()))?;
        let font = Font::new(Bytes::new(bytes), 0).ok_or_else(|| (name, "it is no font".to_owned()))?;
        fonts.push(font);
    }
    let book = LazyHash::new(FontBook::from_fonts(&fonts));
    Ok(Fonts { fonts, book })
}

/// The fonts.
pub(crate) fn fonts() -> Result<&'static Fonts, DocumentError> {
    FONTS.as_ref().map_err(|(name, reason)| DocumentError::Font {
        name,
        reason: reason.clone(),
    })
}

impl Fonts {
    fn has(&self, character: char) -> bool {
        self.fonts
            .iter()
            .all(|font| font.info().coverage.contains(u32::from(character)))
    }
}

/// Whether a character is printed as itself.
///
/// # Errors
/// When the embedded fonts cannot be unpacked.
pub fn is_covered(character: char) -> Result<bool, DocumentError> {
    Ok(fonts()?.has(character))
}

/// Replaces in all texts of a value what cannot be printed: control characters by spaces, characters that a font lacks
/// by [`MISSING`]. Returns the latter.
pub(crate) fn make_printable(value: &mut Value, fonts: &Fonts) -> BTreeSet<char> {
    let mut missing = BTreeSet::new();
    visit(value, fonts, &mut missing);
    missing
}

fn visit(value: &mut Value, fonts: &Fonts, missing: &mut BTreeSet<char>) {
    match value {
        Value::String(text) => {
            if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
                return;
            }
            *text = text
                .chars()
                .map(|character| {
                    if character.is_control() {
                        ' '
                    } else if character == '\u{3000}' || fonts.has(character) {
                        character
                    } else {
                        missing.insert(character);
                        MISSING
                    }
                })
                .collect();
        }
        Value::Array(values) => values.iter_mut().for_each(|value| visit(value, fonts, missing)),
        Value::Object(values) => values.values_mut().for_each(|value| visit(value, fonts, missing)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rare_characters_of_names_are_there() {
        // Surnames and given names that registration offices have trouble with, some outside the basic plane.
        for character in "䶮㛃喆翀彧甪昇玥祎犇垚淼焱鑫龘囍仝佴缑逄亓郄尉·𬭎𬬻𫖮𬸦𫍯𬱖".chars()
        {
            assert!(is_covered(character).unwrap(), "{character}");
        }
        // All of GB 2312's and GBK's unified ideographs, and extension A, which GB 18030 demands.
        for code in (0x4e00..=0x9fa5).chain(0x3400..=0x4db5) {
            let character = char::from_u32(code).unwrap();
            assert!(is_covered(character).unwrap(), "U+{code:04X}");
        }
    }

    #[test]
    fn a_character_that_no_font_has_is_marked_and_named() {
        let fonts = fonts().unwrap();
        let mut value = json!({ "names": ["王𠀀*_#", "a\nb", "张三"], "count": 3 });
        let missing = make_printable(&mut value, fonts);
        assert_eq!(value, json!({ "names": ["王〓*_#", "a b", "张三"], "count": 3 }));
        assert_eq!(missing.into_iter().collect::<Vec<_>>(), ['𠀀']);
        assert!(fonts.has(MISSING));
    }
}
