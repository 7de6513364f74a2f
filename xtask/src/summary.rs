//! What a demo run found, as one screenful.

use std::fmt::Write;

use serde_json::Value;

use crate::pipeline::Stage;

/// One figure of the table: Chinese and English label, and the figure as text.
type Figure = (&'static str, &'static str, String);

/// The table for the stages of one run.
///
/// A figure that a stage did not print is shown as "not reported": the table never shows a number nobody computed.
pub(crate) fn table(stages: &[Stage]) -> String {
    let mut text = String::new();
    for (zh, en, figure) in figures(stages) {
        let gap = 10_usize.saturating_sub(2 * zh.chars().count());
        let _ = writeln!(text, "  {zh}{}  {en:<26} {figure}", " ".repeat(gap));
    }
    let _ = writeln!(text, "\n  {:<14}{:>10}{:>16}", "step", "time", "peak memory");
    for stage in stages {
        let time = format!("{:.1} s", stage.elapsed.as_secs_f64());
        let memory = stage.peak_kib.map_or_else(
            || "not known".to_owned(),
            |kib| format!("{} MiB", kib.div_ceil(1024)),
        );
        let _ = writeln!(text, "  {:<14}{time:>10}{memory:>16}", stage.name);
    }
    text
}

/// The one place that knows the shape of the program's JSON.
fn figures(stages: &[Stage]) -> Vec<Figure> {
    let value = |stage: &str, pointer: &str| -> Option<&Value> {
        stages
            .iter()
            .find(|candidate| candidate.name == stage)?
            .result
            .pointer(pointer)
    };
    let count = |stage, pointer| value(stage, pointer).and_then(Value::as_u64).map(grouped);
    let share = |stage, pointer, digits: usize| {
        value(stage, pointer)
            .and_then(Value::as_f64)
            .map(|share| format!("{:.digits$} %", share * 100.0))
    };
    let money = |pointer| {
        value("plan", pointer)
            .and_then(Value::as_u64)
            .map(|fen| grouped((fen + 500_000) / 1_000_000))
    };
    let shown = |figure: Option<String>| figure.unwrap_or_else(|| "not reported".into());
    let pair = |first: Option<String>, word: &str, second: Option<String>| {
        format!("{} {word} {}", shown(first), shown(second))
    };

    let workbooks = value("import", "/error_workbooks")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    vec![
        (
            "读取记录",
            "records read",
            shown(count("import", "/records_read")),
        ),
        (
            "退回记录",
            "records refused",
            format!(
                "{} (in {workbooks} workbooks to correct)",
                shown(count("import", "/records_refused"))
            ),
        ),
        ("疑似重复", "duplicates", shown(count("lookback", "/duplicates"))),
        ("红线情形", "red flags", shown(count("lookback", "/red_flags"))),
        (
            "不可选址",
            "land excluded",
            shown(share("land", "/excluded_share", 1)),
        ),
        ("备选址", "candidate sites", shown(count("land", "/candidates"))),
        (
            "启用",
            "sites opened",
            shown(count("plan", "/totals/sites_opened")),
        ),
        (
            "落实户数",
            "households placed",
            pair(
                count("plan", "/totals/households_placed"),
                "of",
                count("plan", "/totals/households_to_move"),
            ),
        ),
        (
            "集中安置",
            "concentration rate",
            shown(share("plan", "/totals/concentration_rate", 1)),
        ),
        (
            "资金万元",
            "cost, 10,000 yuan",
            pair(money("/totals/cost"), "of", money("/totals/budget")),
        ),
        (
            "差距",
            "gap to the proven bound",
            shown(share("plan", "/totals/gap", 2)),
        ),
    ]
}

/// A whole number with a comma between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::{grouped, table};
    use crate::pipeline::Stage;

    fn stage(name: &'static str, result: Value) -> Stage {
        Stage {
            name,
            result,
            elapsed: Duration::from_millis(1234),
            peak_kib: Some(2049),
        }
    }

    fn run() -> Vec<Stage> {
        vec![
            stage("example make", json!({})),
            stage("init", json!({})),
            stage(
                "import",
                json!({"records_read": 62310, "records_refused": 214, "error_workbooks": ["a.xlsx", "b.xlsx"]}),
            ),
            stage("lookback", json!({"duplicates": 61, "red_flags": 402})),
            stage("land", json!({"excluded_share": 0.7841, "candidates": 112})),
            stage(
                "plan",
                json!({"totals": {"sites_opened": 19, "households_placed": 3412, "households_to_move": 3420,
                       "concentration_rate": 0.832, "cost": 41_230_500_000_u64, "budget": 45_000_000_000_u64,
                       "gap": 0.00081}}),
            ),
        ]
    }

    #[test]
    fn every_figure_is_in_the_table_and_it_fits_a_screen() {
        let text = table(&run());
        for part in [
            "62,310",
            "214 (in 2 workbooks",
            "61",
            "402",
            "78.4 %",
            "112",
            "19",
            "3,412 of 3,420",
            "83.2 %",
            "41,231 of 45,000",
            "0.08 %",
            "1.2 s",
            "3 MiB",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains("not reported"), "{text}");
        assert!(text.lines().count() <= 24, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn a_figure_that_was_not_printed_is_not_made_up() {
        let mut stages = run();
        stages[5].result = json!({"totals": {"sites_opened": 19}});
        stages[3].peak_kib = None;
        let text = table(&stages);
        assert!(text.contains("not reported of not reported"), "{text}");
        assert!(text.contains("not known"), "{text}");
    }

    #[test]
    fn thousands_are_grouped() {
        let texts: Vec<String> = [0, 999, 1000, 62_310, 1_234_567].map(grouped).into();
        assert_eq!(texts, ["0", "999", "1,000", "62,310", "1,234,567"]);
    }
}
