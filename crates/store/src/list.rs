//! Lists whose filters vary: statements built from fixed pieces and bound values, and pages by keyset.

use anju_model::area::AreaCode;

use crate::read::area_range;
use crate::value::{Record, Value};
use crate::{Db, StoreError};

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Paging {
    /// Where the page before ended ([`Page::next`]); the first page without it.
    pub after: Option<String>,
    /// Most items of the page; 0 means all.
    pub limit: u32,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next page, when there is one.
    pub next: Option<String>,
    /// Number of items in the whole list.
    pub total: u64,
    /// Whether there may be more than `total`: a search that finds very many is not counted to its end.
    pub at_least: bool,
}

/// `$first, $first+1, …`.
pub(crate) fn placeholders(first: usize, count: usize) -> String {
    let list: Vec<String> = (first..first + count)
        .map(|number| format!("${number}"))
        .collect();
    list.join(", ")
}

/// A pattern for LIKE … ESCAPE '\' in which only the ends given are open; for lists of some hundred rows.
pub(crate) fn like(before: &str, text: &str, after: &str) -> Value {
    let mut pattern = before.to_owned();
    for character in text.chars() {
        if matches!(character, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push_str(after);
    Value::Text(pattern)
}

/// The conditions of a list: pieces of SQL, with their values beside them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions {
    text: String,
    values: Vec<Value>,
}

impl Conditions {
    /// Binds a value for use in a piece of SQL.
    pub fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// The WHERE clause, empty without conditions.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The WHERE clause of a query within another, whose own conditions follow; the values stay.
    pub fn take_text(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// The bound values.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// Adds a condition.
    pub fn and(&mut self, condition: &str) {
        self.text
            .push_str(if self.text.is_empty() { " WHERE " } else { " AND " });
        self.text.push_str(condition);
    }

    /// `column = value`, when there is a value.
    pub fn equal(&mut self, column: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            let parameter = self.bind(value);
            self.and(&format!("{column} = {parameter}"));
        }
    }

    /// The column's code begins with the area's.
    pub fn within(&mut self, column: &str, area: &AreaCode) {
        self.within_any(column, [area]);
    }

    /// The column's code begins with that of one of the areas; without an area, nothing is wanted.
    pub fn within_any<'a>(&mut self, column: &str, areas: impl IntoIterator<Item = &'a AreaCode>) {
        let ways: Vec<String> = areas
            .into_iter()
            .map(|area| {
                let [from, to] = area_range(area).map(|bound| self.bind(bound));
                format!("{column} >= {from} AND {column} < {to}")
            })
            .collect();
        match ways.as_slice() {
            [] => self.and("1 = 0"),
            [one] => self.and(one),
            several => self.and(&format!("({})", several.join(" OR "))),
        }
    }
}

/// What the values of a sort column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SortKind {
    Int,
    Real,
    Text,
}

/// How a list is made: pieces of SQL, all fixed in the program.
pub(crate) struct List<'a> {
    /// Columns to read.
    pub select: &'a str,
    /// Tables, with their joins.
    pub from: &'a str,
    /// Column or expression to sort by; never null.
    pub sort: &'a str,
    /// What the sort values are; a cursor with another kind of value is of another list.
    pub sort_kind: SortKind,
    /// Largest first.
    pub descending: bool,
    /// The unique column that settles ties.
    pub id: &'a str,
    /// Filters.
    pub conditions: Conditions,
}

impl List<'_> {
    /// Reads one page.
    pub async fn page<T>(
        mut self,
        db: &Db,
        paging: &Paging,
        read: impl Fn(&Record) -> Result<T, StoreError>,
    ) -> Result<Page<T>, StoreError> {
        let count = format!("SELECT COUNT(*) FROM {}{}", self.from, self.conditions.text);
        let total = match db.first(&count, &self.conditions.values).await? {
            Some(row) => row.count(0)?,
            None => 0,
        };
        let (comparison, direction) = if self.descending {
            ("<", "DESC")
        } else {
            (">", "ASC")
        };
        if let Some(cursor) = &paging.after {
            let [value, id] = read_cursor(cursor, self.sort_kind)?;
            let (value, id) = (self.conditions.bind(value), self.conditions.bind(id));
            self.conditions.and(&format!(
                "({}, {}) {comparison} ({value}, {id})",
                self.sort, self.id
            ));
        }
        let limit = match paging.limit {
            0 => String::new(),
            // One more than asked for, to know whether there is a next page.
            limit => format!(" LIMIT {}", u64::from(limit) + 1),
        };
        let sql = format!(
            "SELECT {}, {}, {} FROM {}{} ORDER BY {} {direction}, {} {direction}{limit}",
            self.select, self.sort, self.id, self.from, self.conditions.text, self.sort, self.id
        );
        let mut rows = db.all(&sql, &self.conditions.values).await?;
        let wanted = paging.limit as usize;
        let mut next = None;
        if wanted > 0 && rows.len() > wanted {
            rows.truncate(wanted);
            next = rows.last().map(write_cursor).transpose()?;
        }
        Ok(Page {
            items: rows.iter().map(read).collect::<Result<_, _>>()?,
            next,
            total,
            at_least: false,
        })
    }
}

/// The sort value and the id of the last row, as JSON.
pub(crate) fn write_cursor(row: &Record) -> Result<String, StoreError> {
    let [.., value, id] = row.values.as_slice() else {
        return Err(StoreError::Cursor(String::new()));
    };
    let value = match value {
        Value::Int(number) => serde_json::Value::from(*number),
        Value::Real(number) => serde_json::Value::from(*number),
        Value::Text(text) => serde_json::Value::from(text.as_str()),
        Value::Null | Value::Bytes(_) | Value::Bool(_) => {
            return Err(StoreError::Cursor("the list is sorted by no value".into()));
        }
    };
    let Value::Text(id) = id else {
        return Err(StoreError::Cursor(String::new()));
    };
    Ok(serde_json::json!([value, id]).to_string())
}

pub(crate) fn read_cursor(cursor: &str, kind: SortKind) -> Result<[Value; 2], StoreError> {
    let refused = || StoreError::Cursor(cursor.to_owned());
    let (value, id): (serde_json::Value, String) = serde_json::from_str(cursor).map_err(|_| refused())?;
    let value = match kind {
        SortKind::Int => value.as_i64().map(Value::Int),
        SortKind::Real => value.as_f64().map(Value::Real),
        SortKind::Text => value.as_str().map(Value::from),
    };
    Ok([value.ok_or_else(refused)?, Value::Text(id)])
}

/// One statement that counts: reads all its rows.
pub(crate) async fn grouped<T>(
    db: &Db,
    select: &str,
    from: &str,
    conditions: &Conditions,
    group: &str,
    read: impl Fn(&Record) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let sql = format!(
        "SELECT {select} FROM {from}{} GROUP BY {group} ORDER BY {group}",
        conditions.text
    );
    db.all(&sql, &conditions.values).await?.iter().map(read).collect()
}
