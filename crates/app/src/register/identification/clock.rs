//! The time of steps and notices, by the policy pack: how long a step may wait, and when a notice has run.

use anju_model::identification::{Calendar, Level, Step, last_day};
use anju_model::policy::{Pack, PolicyError};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::AppError;

/// Days that a case may wait for a step. A pack that names none sets no limit.
pub(in crate::register) fn days(pack: &Pack, step: Step) -> Result<Option<u32>, AppError> {
    match pack.count(&format!("identification.days.{step}")) {
        Ok(days) => Ok(Some(days)),
        Err(PolicyError::MissingFigure { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The day after which a case that waits for a step since `since` is late.
pub(in crate::register) fn due(pack: &Pack, step: Step, since: Date) -> Result<Option<Date>, AppError> {
    let days = days(pack, step)?;
    Ok(days.and_then(|days| since.checked_add(i64::from(days).days()).ok()))
}

/// For each step with a limit: the day such that whoever waits since before it is late today.
pub(in crate::register) fn limits(pack: &Pack, today: Date) -> Result<Vec<(Step, Date)>, AppError> {
    let mut limits = Vec::new();
    for step in Step::ALL {
        let days = days(pack, *step)?;
        if let Some(day) = days.and_then(|days| today.checked_sub(i64::from(days).days()).ok()) {
            limits.push((*step, day));
        }
    }
    Ok(limits)
}

/// Days for which a notice of a level is open to objection.
pub(in crate::register) fn notice_days(pack: &Pack, level: Level) -> Result<u32, AppError> {
    Ok(pack.count(match level {
        Level::County => "publicity.county_days",
        Level::Township => "publicity.township_days",
        Level::Village => "publicity.village_days",
    })?)
}

/// Which days the pack counts.
pub(in crate::register) fn calendar(pack: &Pack) -> Result<Calendar, AppError> {
    let word = pack.word("publicity.calendar")?;
    Calendar::from_code(word).ok_or_else(|| {
        AppError::invalid(
            "pack_value",
            "publicity.calendar",
            format!("政策包的日历 {word} 无效"),
            format!("the policy pack names no calendar by {word}"),
        )
    })
}

/// Last day of a notice of a level, by the days and the calendar of the pack.
pub(in crate::register) fn notice_end(pack: &Pack, level: Level, from: Date) -> Result<Date, AppError> {
    let calendar = calendar(pack)?;
    let holidays = match calendar {
        Calendar::CalendarDays => Vec::new(),
        Calendar::WorkingDays => pack
            .numbers("publicity.holidays")?
            .iter()
            .map(|&number| holiday(number))
            .collect::<Result<_, _>>()?,
    };
    Ok(last_day(from, notice_days(pack, level)?, calendar, &holidays))
}

/// A day written as 20261001.
fn holiday(number: f64) -> Result<Date, AppError> {
    let digits = number as i64;
    let parts = (
        i16::try_from(digits / 10_000),
        i8::try_from(digits / 100 % 100),
        i8::try_from(digits % 100),
    );
    let day = match parts {
        (Ok(year), Ok(month), Ok(day)) => Date::new(year, month, day).ok(),
        _ => None,
    };
    day.ok_or_else(|| {
        AppError::invalid(
            "pack_value",
            "publicity.holidays",
            format!("政策包的节假日 {number} 不是日期,应写成 20261001"),
            format!("the policy pack's holiday {number} is no day; write 20261001"),
        )
    })
}

#[cfg(test)]
mod tests {
    use anju_model::policy::embedded;
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_case_is_late_the_day_after_it_was_due() {
        let pack = embedded("cn-national").unwrap();
        let days = days(&pack, Step::TownshipCheck).unwrap().unwrap();
        let since = date(2026, 3, 1);
        let due = due(&pack, Step::TownshipCheck, since).unwrap().unwrap();
        assert_eq!((due - since).get_days(), i32::try_from(days).unwrap());
        let late_on = |today| {
            let limits = limits(&pack, today).unwrap();
            let limit = limits
                .iter()
                .find(|(step, _)| *step == Step::TownshipCheck)
                .unwrap();
            since < limit.1
        };
        assert!(!late_on(due));
        assert!(late_on(due.tomorrow().unwrap()));
        assert_eq!(super::days(&pack, Step::Announced).unwrap(), None);
    }

    #[test]
    fn every_level_has_its_days_and_working_days_pass_over_the_holidays_of_the_pack() {
        let pack = embedded("cn-national").unwrap();
        for level in Level::ALL {
            let from = date(2026, 3, 2);
            let until = notice_end(&pack, *level, from).unwrap();
            let days = notice_days(&pack, *level).unwrap();
            assert_eq!((until - from).get_days(), i32::try_from(days).unwrap());
        }
        let child = r#"
            id = "test"
            version = "1"
            name = { zh = "试", en = "test" }
            parent = "cn-national"
            [[figure]]
            id = "publicity.calendar"
            name = { zh = "日", en = "days" }
            value = "working_days"
            unit = "1"
            source = "test"
            verified = false
            [[figure]]
            id = "publicity.village_days"
            name = { zh = "日", en = "days" }
            value = 4
            unit = "days"
            source = "test"
            verified = false
            [[figure]]
            id = "publicity.holidays"
            name = { zh = "假", en = "holidays" }
            value = [20261001.0, 20261002.0]
            unit = "1"
            source = "test"
            verified = false
        "#;
        let pack = Pack::load(child, &|id| {
            anju_model::policy::embedded_text(id).map(str::to_owned)
        })
        .unwrap();
        // 30 September, then two holidays and a weekend, then 5 to 7 October.
        let until = notice_end(&pack, Level::Village, date(2026, 9, 29)).unwrap();
        assert_eq!(until, date(2026, 10, 7));
        assert!(holiday(20_261_332.0).is_err());
    }
}
