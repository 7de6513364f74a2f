//! What a household earned in a year, line by line.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::area::AreaCode;
use crate::code_list;
use crate::money::Fen;

code_list! {
    /// Kind of income.
    IncomeKind {
        Wage = "wage", "工资性收入", "wage";
        Business = "business", "经营性收入", "business";
        Property = "property", "财产性收入", "property";
        Transfer = "transfer", "转移性收入", "transfer";
    }
}

/// One line of income.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncomeLine {
    /// Kind.
    pub kind: IncomeKind,
    /// How much came in.
    pub amount: Fen,
    /// What it cost to produce, taken off in the net income.
    #[serde(default)]
    pub cost: Fen,
    /// From what: a crop, an employer, a scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub source: Option<String>,
    /// Number or name of the paper that proves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub evidence: Option<String>,
    /// First day of the time it was earned in, when that is not the year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub from: Option<Date>,
    /// Last day of that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub to: Option<Date>,
}

/// The income of a household in one year. A year is recorded and corrected as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IncomeYear {
    /// UUIDv7.
    pub id: Uuid,
    /// The household.
    pub household: Uuid,
    /// Where the household was when it was recorded.
    pub area: AreaCode,
    /// The year.
    pub year: i16,
    /// The lines.
    pub lines: Vec<IncomeLine>,
}

impl IncomeYear {
    /// What came in without its cost (纯收入).
    pub fn net(&self) -> Fen {
        self.lines
            .iter()
            .fold(Fen(0), |sum, line| sum + line.amount - line.cost)
    }

    /// What came in of a kind, before cost.
    pub fn of(&self, kind: IncomeKind) -> Fen {
        self.lines
            .iter()
            .filter(|line| line.kind == kind)
            .fold(Fen(0), |sum, line| sum + line.amount)
    }

    /// Net income for each of a number of persons, in whole fen, rounded down; `None` for nobody.
    pub fn net_per_person(&self, persons: usize) -> Option<Fen> {
        let persons = i64::try_from(persons).ok().filter(|&persons| persons > 0)?;
        Some(Fen(self.net().0.div_euclid(persons)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn net_income_takes_the_cost_off() {
        let line = |kind, amount, cost| IncomeLine {
            kind,
            amount: Fen::from_yuan(amount),
            cost: Fen::from_yuan(cost),
            source: None,
            evidence: None,
            from: None,
            to: None,
        };
        let year = IncomeYear {
            id: Uuid::nil(),
            household: Uuid::nil(),
            area: AreaCode::parse("619021101201").unwrap(),
            year: 2025,
            lines: vec![
                line(IncomeKind::Wage, 24_000, 0),
                line(IncomeKind::Business, 10_000, 6_500),
                line(IncomeKind::Transfer, 1_200, 0),
            ],
        };
        // 24 000 + (10 000 - 6 500) + 1 200
        assert_eq!(year.net(), Fen::from_yuan(28_700));
        assert_eq!(year.of(IncomeKind::Business), Fen::from_yuan(10_000));
        assert_eq!(year.net_per_person(3), Some(Fen(956_666)));
        assert_eq!(year.net_per_person(0), None);
    }
}
