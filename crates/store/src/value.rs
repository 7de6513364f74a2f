//! Values that travel to and from the database, alike for both engines.

use std::sync::Arc;

use crate::StoreError;

/// A value of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// BIGINT.
    Int(i64),
    /// DOUBLE PRECISION.
    Real(f64),
    /// TEXT.
    Text(String),
    /// BYTEA, BLOB.
    Bytes(Vec<u8>),
    /// BOOLEAN; SQLite stores and returns the integer 0 or 1.
    Bool(bool),
}

impl Value {
    /// Whether a value read from the database is this value as it was written.
    pub(crate) fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Bool(flag), Value::Int(number)) | (Value::Int(number), Value::Bool(flag)) => {
                *number == i64::from(*flag)
            }
            // Bits, so that 0.0 and -0.0 differ.
            (Value::Real(one), Value::Real(two)) => one.to_bits() == two.to_bits(),
            _ => self == other,
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<f64> for Value {
    /// Minus zero becomes zero, as in canonical JSON.
    fn from(value: f64) -> Self {
        Self::Real(value + 0.0)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<uuid::Uuid> for Value {
    fn from(value: uuid::Uuid) -> Self {
        Self::Text(value.to_string())
    }
}

impl From<jiff::Timestamp> for Value {
    /// Microseconds since 1970-01-01 UTC.
    fn from(value: jiff::Timestamp) -> Self {
        Self::Int(value.as_microsecond())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row of a result.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub columns: Arc<[String]>,
    pub values: Vec<Value>,
}

impl Record {
    fn wrong(&self, place: usize, expected: &str) -> StoreError {
        let what = self
            .columns
            .get(place)
            .cloned()
            .unwrap_or_else(|| place.to_string());
        let found = match self.values.get(place) {
            None => "nothing",
            Some(Value::Null) => "null",
            Some(Value::Int(_)) => "an integer",
            Some(Value::Real(_)) => "a real number",
            Some(Value::Text(_)) => "a text",
            Some(Value::Bytes(_)) => "bytes",
            Some(Value::Bool(_)) => "a boolean",
        };
        let detail = format!("expected {expected}, found {found}");
        StoreError::Unreadable {
            table: "result".into(),
            id: String::new(),
            what,
            detail,
        }
    }

    pub fn int(&self, place: usize) -> Result<i64, StoreError> {
        match self.values.get(place) {
            Some(Value::Int(number)) => Ok(*number),
            _ => Err(self.wrong(place, "an integer")),
        }
    }

    /// An integer that counts something.
    pub fn count(&self, place: usize) -> Result<u64, StoreError> {
        u64::try_from(self.int(place)?).map_err(|_| self.wrong(place, "a count"))
    }

    /// A count that fits 32 bits.
    pub fn small(&self, place: usize) -> Result<u32, StoreError> {
        u32::try_from(self.int(place)?).map_err(|_| self.wrong(place, "a small count"))
    }

    pub fn real(&self, place: usize) -> Result<f64, StoreError> {
        match self.values.get(place) {
            Some(Value::Real(number)) => Ok(*number),
            _ => Err(self.wrong(place, "a real number")),
        }
    }

    pub fn flag(&self, place: usize) -> Result<bool, StoreError> {
        match self.values.get(place) {
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::Int(number)) => Ok(*number != 0),
            _ => Err(self.wrong(place, "a boolean")),
        }
    }

    pub fn text(&self, place: usize) -> Result<&str, StoreError> {
        match self.values.get(place) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(self.wrong(place, "a text")),
        }
    }

    pub fn bytes(&self, place: usize) -> Result<&[u8], StoreError> {
        match self.values.get(place) {
            Some(Value::Bytes(bytes)) => Ok(bytes),
            _ => Err(self.wrong(place, "bytes")),
        }
    }

    /// `None` for null, otherwise what `read` makes of it.
    pub fn optional<'a, T>(
        &'a self,
        place: usize,
        read: impl FnOnce(&'a Self, usize) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match self.values.get(place) {
            Some(Value::Null) => Ok(None),
            _ => read(self, place).map(Some),
        }
    }

    /// A value of a code list, by its code.
    pub fn code<T>(&self, place: usize, from_code: impl FnOnce(&str) -> Option<T>) -> Result<T, StoreError> {
        from_code(self.text(place)?).ok_or_else(|| self.wrong(place, "a known code"))
    }

    /// A UUID.
    pub fn uuid(&self, place: usize) -> Result<uuid::Uuid, StoreError> {
        self.text(place)?.parse().map_err(|_| self.wrong(place, "a UUID"))
    }

    /// An area code.
    pub fn area(&self, place: usize) -> Result<anju_model::area::AreaCode, StoreError> {
        anju_model::area::AreaCode::parse(self.text(place)?).map_err(|_| self.wrong(place, "an area code"))
    }

    /// An instant stored in microseconds.
    pub fn instant(&self, place: usize) -> Result<jiff::Timestamp, StoreError> {
        jiff::Timestamp::from_microsecond(self.int(place)?).map_err(|_| self.wrong(place, "an instant"))
    }
}
