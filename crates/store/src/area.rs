//! The county and its areas.

use anju_model::area::{Area, AreaCode, AreaLevel};
use anju_model::register::County;

use crate::{Subject, Value};

impl Subject for County {
    const KIND: &'static str = "county";

    fn id(&self) -> String {
        self.code.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.code.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("name", self.name.as_str().into()),
            ("epsg", u32::from(self.epsg).into()),
            ("pack", self.pack.as_str().into()),
        ]
    }
}

impl Subject for Area {
    const KIND: &'static str = "area";

    fn id(&self) -> String {
        self.code.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.code.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        let level = match self.code.level() {
            AreaLevel::Province => "province",
            AreaLevel::Prefecture => "prefecture",
            AreaLevel::County => "county",
            AreaLevel::Township => "township",
            AreaLevel::Village => "village",
            AreaLevel::Group => "group",
        };
        vec![
            ("name", self.name.as_str().into()),
            ("level", level.into()),
            ("parent", self.code.parent().map(String::from).into()),
            ("valid_from", self.valid_from.map(|day| day.to_string()).into()),
            ("valid_to", self.valid_to.map(|day| day.to_string()).into()),
        ]
    }
}

/// The code of the enclosing township, for a column.
pub(crate) fn township(area: &AreaCode) -> Value {
    area.at_level(AreaLevel::Township).map(String::from).into()
}
