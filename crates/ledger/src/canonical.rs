//! Canonical JSON after RFC 8785: one text for one value, so that its hash is stable.

use serde::Serialize;
use serde_json::{Number, Value};

use crate::LedgerError;

/// Integers beyond this magnitude have no exact double, which is what a number of RFC 8785 is.
const LARGEST_INTEGER: u64 = 1 << 53;

/// The canonical JSON of a value.
///
/// # Errors
/// When an integer beyond ±2^53 would be rounded, or when the value cannot be written as
/// JSON at all.
pub fn canonical_json<T: Serialize + ?Sized>(value: &T) -> Result<String, LedgerError> {
    let value = serde_json::to_value(value).map_err(|error| LedgerError::NotCanonical(error.to_string()))?;
    check(&value)?;
    serde_json_canonicalizer::to_string(&value).map_err(|error| LedgerError::NotCanonical(error.to_string()))
}

fn check(value: &Value) -> Result<(), LedgerError> {
    match value {
        Value::Number(number) => check_number(number),
        Value::Array(items) => items.iter().try_for_each(check),
        Value::Object(members) => members.values().try_for_each(check),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

fn check_number(number: &Number) -> Result<(), LedgerError> {
    let magnitude = match (number.as_u64(), number.as_i64()) {
        (Some(integer), _) => integer,
        (None, Some(integer)) => integer.unsigned_abs(),
        (None, None) => return Ok(()),
    };
    if magnitude > LARGEST_INTEGER && !reads_back(number) {
        return Err(LedgerError::NotCanonical(format!(
            "the integer {number} is beyond 2^53; write it as a text"
        )));
    }
    Ok(())
}

/// Whether the integer survives as a double, as the large doubles do that canonical JSON writes without an exponent.
fn reads_back(number: &Number) -> bool {
    serde_json_canonicalizer::to_string(number).is_ok_and(|canonical| canonical == number.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(json: &str) -> String {
        canonical_json(&serde_json::from_str::<Value>(json).unwrap()).unwrap()
    }

    /// RFC 8785, section 3.2.2 and 3.2.3.
    #[test]
    fn example_of_the_rfc() {
        let input = r#"{
            "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
            "literals": [null, true, false]
        }"#;
        let expected = r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#;
        assert_eq!(canonical(input), expected);
    }

    /// RFC 8785, section 3.2.3: keys are sorted by UTF-16 code units, not by bytes.
    #[test]
    fn keys_are_sorted_by_utf16() {
        let input =
            "{\"\u{20ac}\":1,\"\\r\":2,\"\u{fb33}\":3,\"1\":4,\"\u{1f600}\":5,\"\u{80}\":6,\"\u{f6}\":7}";
        let values: Vec<char> = canonical(input)
            .chars()
            .filter(|c| ('1'..='7').contains(c))
            .collect();
        // The key "1" stands before its value 4.
        assert_eq!(values, ['2', '1', '4', '6', '7', '1', '5', '3']);
    }

    /// RFC 8785, appendix B.
    #[test]
    fn numbers_of_the_rfc() {
        for (bits, expected) in [
            (0x0000000000000000_u64, "0"),
            (0x8000000000000000, "0"),
            (0x0000000000000001, "5e-324"),
            (0x7fefffffffffffff, "1.7976931348623157e+308"),
            (0x4340000000000000, "9007199254740992"),
            (0xc340000000000000, "-9007199254740992"),
            (0x4430000000000000, "295147905179352830000"),
            (0x44b52d02c7e14af5, "9.999999999999997e+22"),
            (0x44b52d02c7e14af6, "1e+23"),
            (0x444b1ae4d6e2ef4e, "999999999999999700000"),
            (0x444b1ae4d6e2ef50, "1e+21"),
            (0x3eb0c6f7a0b5ed8d, "0.000001"),
            (0x41b3de4355555557, "333333333.33333343"),
            (0x43143ff3c1cb0959, "1424953923781206.2"),
        ] {
            assert_eq!(canonical_json(&f64::from_bits(bits)).unwrap(), expected);
        }
    }

    #[test]
    fn integers_that_would_be_rounded_are_refused() {
        assert_eq!(canonical_json(&(1_u64 << 53)).unwrap(), "9007199254740992");
        assert!(canonical_json(&((1_u64 << 53) + 1)).is_err());
        assert!(canonical_json(&-((1_i64 << 53) + 1)).is_err());
    }

    proptest! {
        #[test]
        fn doubles_keep_every_bit(number in any::<f64>().prop_filter("finite", |n| n.is_finite())) {
            let read: f64 = serde_json::from_str(&canonical_json(&number).unwrap()).unwrap();
            prop_assert_eq!(read, number);
        }

        #[test]
        fn reading_and_writing_again_changes_nothing(text in ".*", number in any::<f64>().prop_filter("finite", |n| n.is_finite()), key in ".*") {
            let value = serde_json::json!({ key: [text, number] });
            let once = canonical_json(&value).unwrap();
            let again = canonical_json(&serde_json::from_str::<Value>(&once).unwrap()).unwrap();
            prop_assert_eq!(once, again);
        }
    }
}
