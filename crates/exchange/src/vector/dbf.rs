//! The attribute table of a shapefile (.dbf, dBASE III).
//!
//! Written here instead of with a library because three things matter that the ready ones do not do: numbers without
//! decimals keep all digits (codes of 12 to 18 digits), deleted rows keep their place so that rows and shapes stay
//! together, and the header carries no date of today, so that equal tables are equal bytes. Memo fields (.dbt) are not
//! read.

use std::collections::BTreeMap;
use std::path::Path;

use encoding_rs::Encoding;

use super::{Feature, PropertyValue};
use crate::error::{ExchangeError, Fault};

/// One row, or `None` for a row marked as deleted.
pub type Row = Option<BTreeMap<String, PropertyValue>>;

struct Field {
    name: Vec<u8>,
    kind: u8,
    offset: usize,
    length: usize,
    decimals: u8,
}

/// Reads all rows. `named` is the encoding named by a .cpg file; without one the bytes decide between UTF-8 and GB 18030
/// (the code page in the header is wrong too often to be believed).
pub fn read(path: &Path, bytes: &[u8], named: Option<&'static Encoding>) -> Result<Vec<Row>, ExchangeError> {
    let damaged = |detail: &str| ExchangeError::damaged(path, "DBF", detail);
    let word = |at: usize| -> Option<usize> {
        Some(usize::from(u16::from_le_bytes([
            *bytes.get(at)?,
            *bytes.get(at + 1)?,
        ])))
    };
    let header_length = word(8).ok_or_else(|| damaged("short header"))?;
    let row_length = word(10).ok_or_else(|| damaged("short header"))?;
    let count = match bytes.get(4..8) {
        Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]) as usize,
        _ => return Err(damaged("short header")),
    };
    let fields = fields(bytes, header_length).ok_or_else(|| damaged("short field list"))?;
    let used: usize = fields.iter().map(|field| field.length).sum();
    if used + 1 > row_length {
        return Err(damaged("fields longer than the row"));
    }
    let body = bytes.get(header_length..).unwrap_or_default();
    if body.len() < count.saturating_mul(row_length) {
        return Err(damaged(&format!(
            "{count} rows announced, {} bytes of them present",
            body.len()
        )));
    }
    let rows = || body.chunks_exact(row_length).take(count);

    let text_bytes = rows().flat_map(|row| {
        fields
            .iter()
            .filter(|field| field.kind == b'C')
            .filter_map(|field| row.get(field.offset..field.offset + field.length))
    });
    let names = fields.iter().map(|field| field.name.as_slice());
    let encoding = match named {
        Some(encoding) => encoding,
        None => detect(names.chain(text_bytes)).ok_or_else(|| {
            ExchangeError::Encoding(Fault::new(
                path,
                (
                    "属性表的文字既不是 UTF-8 也不是 GBK",
                    "the texts of the attribute table are neither UTF-8 nor GBK",
                ),
                (
                    "附上写明编码的 .cpg 文件（例如内容为 GBK）后重新导入",
                    "put a .cpg file that names the encoding (for example GBK) beside it and import again",
                ),
            ))
        })?,
    };

    let names: Vec<String> = fields
        .iter()
        .map(|field| encoding.decode_without_bom_handling(&field.name).0.into_owned())
        .collect();
    rows()
        .map(|row| {
            if row.first() == Some(&b'*') {
                return Ok(None);
            }
            let values = names.iter().zip(&fields).map(|(name, field)| {
                let raw = row
                    .get(field.offset..field.offset + field.length)
                    .unwrap_or_default();
                Ok((name.clone(), value(raw, field, encoding)))
            });
            values
                .collect::<Result<BTreeMap<_, _>, ExchangeError>>()
                .map(Some)
        })
        .collect()
}

fn fields(bytes: &[u8], header_length: usize) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    let mut offset = 1;
    let mut at = 32;
    while at + 32 <= header_length && *bytes.get(at)? != 0x0d {
        let entry = bytes.get(at..at + 32)?;
        let name = entry[..11]
            .split(|byte| *byte == 0)
            .next()
            .unwrap_or_default()
            .to_vec();
        let length = usize::from(entry[16]);
        fields.push(Field {
            name,
            kind: entry[11],
            offset,
            length,
            decimals: entry[17],
        });
        offset += length;
        at += 32;
    }
    Some(fields)
}

/// UTF-8 when every text is valid UTF-8, else GB 18030 (which holds GBK and GB 2312) when that decodes, else nothing.
fn detect<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Option<&'static Encoding> {
    let (mut utf8, mut gbk) = (true, true);
    for text in texts {
        // Writers cut texts at the length of the field, sometimes in the middle of a character.
        utf8 &= match std::str::from_utf8(text) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        };
        gbk &= !encoding_rs::GB18030.decode_without_bom_handling(text).1 || cut_in_the_middle(text);
        if !utf8 && !gbk {
            return None;
        }
    }
    Some(if utf8 {
        encoding_rs::UTF_8
    } else {
        encoding_rs::GB18030
    })
}

fn cut_in_the_middle(text: &[u8]) -> bool {
    text.len() > 1
        && !encoding_rs::GB18030
            .decode_without_bom_handling(&text[..text.len() - 1])
            .1
}

fn value(raw: &[u8], field: &Field, encoding: &'static Encoding) -> PropertyValue {
    let decoded = encoding.decode_without_bom_handling(raw).0;
    let text = decoded.trim_matches(|c: char| c == ' ' || c == '\0');
    match field.kind {
        b'N' | b'F' => number(text, field.decimals),
        b'I' => match raw {
            &[a, b, c, d] => PropertyValue::Integer(i64::from(i32::from_le_bytes([a, b, c, d]))),
            _ => PropertyValue::Null,
        },
        b'B' | b'O' => match raw {
            &[a, b, c, d, e, f, g, h] => real(f64::from_le_bytes([a, b, c, d, e, f, g, h])),
            _ => PropertyValue::Null,
        },
        b'L' => match text {
            "T" | "t" | "Y" | "y" => PropertyValue::Integer(1),
            "F" | "f" | "N" | "n" => PropertyValue::Integer(0),
            _ => PropertyValue::Null,
        },
        b'D' if text.len() == 8 => {
            PropertyValue::Text(format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))
        }
        _ if text.is_empty() => PropertyValue::Null,
        _ => PropertyValue::Text(text.to_owned()),
    }
}

fn number(text: &str, decimals: u8) -> PropertyValue {
    if text.is_empty() || text.starts_with('*') {
        return PropertyValue::Null;
    }
    if decimals == 0
        && let Ok(number) = text.parse()
    {
        return PropertyValue::Integer(number);
    }
    text.parse()
        .map_or_else(|_| PropertyValue::Text(text.to_owned()), real)
}

fn real(number: f64) -> PropertyValue {
    if number.is_finite() {
        PropertyValue::Real(number)
    } else {
        PropertyValue::Null
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Column {
    Text(usize),
    Integer(usize),
    Real,
}

/// Digits of a real number column: shortest form of any f64 in scientific notation fits.
const REAL_LENGTH: usize = 24;

/// The bytes of a table with one row per feature.
///
/// # Errors
/// [`ExchangeError::Value`] for an attribute whose name is longer than 10 bytes, that mixes text with numbers beyond
/// what text can hold, whose text is longer than 254 bytes, or that the encoding cannot write.
pub fn write(
    path: &Path,
    features: &[Feature],
    encoding: &'static Encoding,
) -> Result<Vec<u8>, ExchangeError> {
    let refuse = |zh: String, en: String| {
        ExchangeError::Value(Fault::new(
            path,
            (&zh, &en),
            (
                "缩短属性名或文字，或改用 GeoPackage",
                "shorten the name or the text, or write a GeoPackage instead",
            ),
        ))
    };
    let encode = |text: &str| -> Result<Vec<u8>, ExchangeError> {
        let (bytes, _, failed) = encoding.encode(text);
        if failed {
            return Err(refuse(
                format!("“{text}”无法用 {} 编码写出", encoding.name()),
                format!("{text:?} cannot be written in {}", encoding.name()),
            ));
        }
        Ok(bytes.into_owned())
    };

    let mut columns: BTreeMap<&str, Column> = BTreeMap::new();
    for (name, value) in features.iter().flat_map(|feature| &feature.properties) {
        let needed = match value {
            PropertyValue::Null => Column::Text(1),
            PropertyValue::Text(text) => Column::Text(encode(text)?.len().max(1)),
            PropertyValue::Integer(number) => Column::Integer(number.to_string().len()),
            PropertyValue::Real(_) => Column::Real,
        };
        let column = columns.entry(name).or_insert(needed);
        *column = widest(*column, needed);
    }
    if columns.is_empty() {
        // A table without columns is not valid: give the number of the feature, as other programs do.
        columns.insert("id", Column::Integer(10));
    }

    let mut names = Vec::new();
    for (name, column) in &columns {
        let bytes = encode(name)?;
        if bytes.len() > 10 {
            return Err(refuse(
                format!("属性名“{name}”超过 10 个字节"),
                format!("the attribute name {name:?} is longer than 10 bytes"),
            ));
        }
        if let Column::Text(length) = column
            && *length > 254
        {
            return Err(refuse(
                format!("属性“{name}”中有超过 254 个字节的文字"),
                format!("the attribute {name:?} has a text longer than 254 bytes"),
            ));
        }
        names.push(bytes);
    }

    let length = |column: &Column| match column {
        Column::Text(length) | Column::Integer(length) => *length,
        Column::Real => REAL_LENGTH,
    };
    let row_length: usize = 1 + columns.values().map(length).sum::<usize>();
    let header_length = 33 + 32 * columns.len();
    let (Ok(row_word), Ok(header_word), Ok(count)) = (
        u16::try_from(row_length),
        u16::try_from(header_length),
        u32::try_from(features.len()),
    ) else {
        return Err(refuse(
            "属性太多或行太长".to_owned(),
            "there are too many attributes or the rows are too long".to_owned(),
        ));
    };

    // dBASE III, with 1 January 2000 as the date of change so that equal tables are equal bytes.
    let mut bytes = vec![0x03, 100, 1, 1];
    bytes.extend(count.to_le_bytes());
    bytes.extend(header_word.to_le_bytes());
    bytes.extend(row_word.to_le_bytes());
    bytes.resize(32, 0);
    // Language driver 0x4d is code page 936; for UTF-8 there is none and the .cpg file decides.
    bytes[29] = if encoding == encoding_rs::UTF_8 { 0 } else { 0x4d };
    for (name, column) in names.iter().zip(columns.values()) {
        let mut entry = [0u8; 32];
        entry[..name.len()].copy_from_slice(name);
        entry[11] = if matches!(column, Column::Text(_)) {
            b'C'
        } else {
            b'N'
        };
        entry[16] = length(column) as u8;
        entry[17] = if *column == Column::Real { 15 } else { 0 };
        bytes.extend(entry);
    }
    bytes.push(0x0d);
    for (index, feature) in features.iter().enumerate() {
        bytes.push(b' ');
        for (name, column) in &columns {
            let value = feature.properties.get(*name);
            let (cell, right) = match (column, value) {
                (Column::Integer(_), None) if *name == "id" && feature.properties.is_empty() => {
                    ((index + 1).to_string().into_bytes(), true)
                }
                (_, None | Some(PropertyValue::Null)) => (Vec::new(), false),
                (Column::Text(_), Some(value)) => (encode(&value.to_text().unwrap_or_default())?, false),
                (Column::Integer(_) | Column::Real, Some(value)) => (number_text(value).into_bytes(), true),
            };
            let padding = length(column).saturating_sub(cell.len());
            let pad = |bytes: &mut Vec<u8>| bytes.resize(bytes.len() + padding, b' ');
            if right {
                pad(&mut bytes);
            }
            bytes.extend(&cell);
            if !right {
                pad(&mut bytes);
            }
        }
    }
    bytes.push(0x1a);
    Ok(bytes)
}

/// The shortest form that reads back as the same number and fits a column.
fn number_text(value: &PropertyValue) -> String {
    match value {
        PropertyValue::Real(number) => {
            let plain = number.to_string();
            if plain.len() <= REAL_LENGTH {
                plain
            } else {
                format!("{number:e}")
            }
        }
        other => other.to_text().unwrap_or_default(),
    }
}

fn widest(a: Column, b: Column) -> Column {
    match (a, b) {
        (Column::Text(1), other) | (other, Column::Text(1)) => other,
        (Column::Text(a), Column::Text(b)) => Column::Text(a.max(b)),
        (Column::Integer(a), Column::Integer(b)) => Column::Integer(a.max(b)),
        (Column::Text(a), _) | (_, Column::Text(a)) => Column::Text(a.max(REAL_LENGTH)),
        _ => Column::Real,
    }
}
