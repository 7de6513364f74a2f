//! One entry of the ledger: what it changed, masked.
//!
//! Who reads the ledger need not see whom it is about. Personal values are hidden by the name of their field and, since
//! texts are typed by people, by their shape wherever they stand; what guards an account is never shown at all.

use anju_model::access::Action;
use anju_model::erasure::Erasure;
use anju_model::identity::{IdNumber, masked_name, masked_phone};
use anju_store::{EntryFilter, EntryView, Revision, Subject};
use serde::Serialize;
use serde_json::Value;

use super::may_see;
use crate::register::views::{FieldChange, compare};
use crate::{AppError, Caller, Workspace};

/// Largest state that is shown whole, in bytes of JSON.
const LARGEST: usize = 64 * 1024;

/// An entry with what it changed.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct EntryDetail {
    /// The entry.
    #[serde(flatten)]
    pub entry: EntryView,
    /// What differs from the version before; of a first version nothing, since all of it is new.
    pub changed: Vec<FieldChange>,
    /// The whole state, masked; none when the subject was retired here, when it was erased, or when it is too large.
    pub state: Option<Value>,
    /// Whether a state is there and too large to be shown.
    pub too_large: bool,
    /// The entry with the version before.
    pub previous: Option<u64>,
    /// The entry with the version after.
    pub next: Option<u64>,
    /// The entry that records the erasure of this one.
    pub erased_by: Option<u64>,
    /// Whether the caller may ask for the erasure of the contents, which a later version has superseded.
    pub may_ask_erasure: bool,
}

/// An entry.
///
/// # Errors
/// When the caller may not read the ledger; [`AppError::NotFound`] when there is no such entry or its subject lies
/// outside the caller's area.
pub async fn entry(workspace: &Workspace, caller: &Caller, index: u64) -> Result<EntryDetail, AppError> {
    caller.require(Action::ReadLedger)?;
    let missing = || AppError::NotFound {
        kind: "ledger_entry",
        id: index.to_string(),
    };
    let wanted = EntryFilter {
        before: Some(index.saturating_add(1)),
        limit: 1,
        ..EntryFilter::default()
    };
    let found = anju_store::entries(workspace.db(), &wanted)
        .await?
        .into_iter()
        .next();
    let entry = found
        .filter(|entry| entry.index == index && may_see(workspace, caller, entry.area.as_deref()))
        .ok_or_else(missing)?;
    let versions = anju_store::history(workspace.db(), &entry.kind, &entry.subject).await?;
    let place = versions
        .iter()
        .position(|version| version.entry.index == index)
        .ok_or_else(missing)?;
    let at = |place: Option<usize>| place.and_then(|place| versions.get(place));
    let before = at(place.checked_sub(1));
    let state = &versions[place].state;
    let shown = |path: &str, value: &Value| shown(&entry.kind, path, value);
    let mut changed = Vec::new();
    // Against an erased state everything would seem new.
    if before.is_some_and(|before| !before.state.is_null()) && !state.is_null() {
        let before = before.map_or(&Value::Null, |before| &before.state);
        compare("", before, state, &shown, &mut changed);
    }
    let too_large = state.to_string().len() > LARGEST;
    let index_of = |version: Option<&Revision>| version.map(|version| version.entry.index);
    Ok(EntryDetail {
        changed,
        state: (!too_large && !state.is_null()).then(|| masked(&entry.kind, "", state)),
        too_large,
        may_ask_erasure: caller.role().may(Action::AskErasure)
            && !state.is_null()
            && versions.len() > place + 1,
        previous: index_of(before),
        next: index_of(at(Some(place + 1))),
        erased_by: match entry.erased {
            true => erased_by(workspace, index).await?,
            false => None,
        },
        entry,
    })
}

/// The entry that records the erasure of one.
pub(super) async fn erased_by(workspace: &Workspace, index: u64) -> Result<Option<u64>, AppError> {
    let wanted = EntryFilter {
        kind: Some(Erasure::KIND.into()),
        subject: Some(index.to_string()),
        limit: 1,
        ..EntryFilter::default()
    };
    let found = anju_store::entries(workspace.db(), &wanted).await?;
    Ok(found.first().map(|entry| entry.index))
}

/// Kinds in which a name is that of a place, a thing or an account, not a person's.
const NAMES_OF_THINGS: [&str; 15] = [
    "area",
    "attachment",
    "candidate",
    "county",
    "fund",
    "import_profile",
    "imported_file",
    "job",
    "land_assessment",
    "layer",
    "plan",
    "roster",
    "session",
    "stock_housing",
    "user_account",
];

/// A value in a list of changes.
fn shown(kind: &str, path: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Array(list) => Some(format!("[{}]", list.len())),
        Value::Object(_) => Some("{…}".to_owned()),
        other => Some(match masked(kind, path, other) {
            Value::String(text) => text,
            other => other.to_string(),
        }),
    }
}

/// A state with everything personal or secret hidden. `path` is where it stands in the whole.
fn masked(kind: &str, path: &str, value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), masked(kind, name, value)))
            .collect(),
        // The items of a list are what the list is named for.
        Value::Array(items) => items.iter().map(|item| masked(kind, path, item)).collect(),
        Value::String(text) => Value::String(masked_text(kind, path, text)),
        other => match path.rsplit('.').next() {
            Some("phone" | "bank_account" | "id_number") => Value::String("*".into()),
            _ => other.clone(),
        },
    }
}

fn masked_text(kind: &str, path: &str, text: &str) -> String {
    let named = path.rsplit('.').find(|part| part.parse::<usize>().is_err());
    match named {
        Some("password_hash" | "token_hash" | "secret" | "recovery") => "•••".to_owned(),
        Some("name" | "head_name" | "signer" | "owner" | "from" | "witness" | "father" | "mother")
            if !NAMES_OF_THINGS.contains(&kind) =>
        {
            masked_name(text)
        }
        Some("id_number") => IdNumber::new(text).masked(),
        Some("phone" | "bank_account") => masked_phone(text),
        Some("birth_date") => text.chars().take(4).collect(),
        _ => masked_numbers(text),
    }
}

/// A text in which whatever looks like an identity number, a phone number or a bank account is hidden.
fn masked_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for letter in text.chars().chain(std::iter::once('\0')) {
        if letter.is_ascii_alphanumeric() {
            word.push(letter);
            continue;
        }
        out.push_str(&masked_word(&word));
        word.clear();
        if letter != '\0' {
            out.push(letter);
        }
    }
    out
}

fn masked_word(word: &str) -> String {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    let identity = word.len() == 18
        && word[..17].bytes().all(|byte| byte.is_ascii_digit())
        && matches!(word.as_bytes()[17], b'0'..=b'9' | b'X' | b'x');
    match word.len() {
        15 | 18 if identity || digits => IdNumber::new(word).masked(),
        // Codes of areas have 12 or 14 digits and are no secret.
        11 if digits && word.starts_with('1') => masked_phone(word),
        16..=19 if digits => masked_phone(word),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn personal_and_secret_values_are_hidden_wherever_they_stand() {
        let state = json!({
            "name": "张三丰",
            "facts": {"area": "61902110120101", "phone": "13912340001", "birth_date": "1980-02-29"},
            "members": [{"name": "李四", "id_number": "619021198002290014"}],
            "reason": "电话13912340001,证件 61902119800229001X,账号6217000000000000001",
            "hash": "00112233445566778899aabbccddeeff",
        });
        let found = masked("household", "", &state);
        assert_eq!(
            found,
            json!({
                "name": "张**",
                "facts": {"area": "61902110120101", "phone": "139****0001", "birth_date": "1980"},
                "members": [{"name": "李*", "id_number": "619021********0014"}],
                "reason": "电话139****0001,证件 619021********001X,账号621************0001",
                "hash": "00112233445566778899aabbccddeeff",
            })
        );
        let account = masked(
            "user_account",
            "",
            &json!({"name": "wang", "password_hash": "$argon2id$x", "recovery": ["a", "b"]}),
        );
        assert_eq!(
            account,
            json!({"name": "wang", "password_hash": "•••", "recovery": ["•••", "•••"]})
        );
    }

    #[test]
    fn a_change_is_shown_as_it_is_masked() {
        let mut changes = Vec::new();
        let before = json!({"members": [{"name": "张三丰"}], "phone": "13912340001"});
        let after = json!({"members": [{"name": "张三峰"}], "phone": "13912340002"});
        compare(
            "",
            &before,
            &after,
            &|path: &str, value: &Value| shown("household", path, value),
            &mut changes,
        );
        let found: Vec<(&str, Option<&str>, Option<&str>)> = changes
            .iter()
            .map(|change| {
                (
                    change.field.as_str(),
                    change.before.as_deref(),
                    change.after.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("members.1.name", Some("张**"), Some("张**")),
                ("phone", Some("139****0001"), Some("139****0002")),
            ]
        );
    }
}
