//! The second step at sign-in: codes by time (RFC 6238: SHA-1, 30 seconds, six digits) and recovery codes.
//!
//! SHA-1 is what authenticator apps understand; as a keyed hash it is not weakened by its collisions.

use anju_model::access::{SecondFactor, User};
use anju_store::Versioned;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Serialize;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Caller, own_user, password};
use crate::{AppError, Workspace};

/// Seconds that a code is for.
const STEP_SECONDS: i64 = 30;

/// Steps that a device's clock may be before or behind.
const DRIFT: u64 = 1;

/// Digits of a code.
const DIGITS: usize = 6;

/// Recovery codes given out.
const RECOVERY_CODES: usize = 10;

/// What a device needs to make codes.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = SecondFactorEnrolment)]
pub struct Enrolment {
    /// The secret in base32, for typing.
    pub secret: String,
    /// The same as `otpauth` address.
    pub uri: String,
    /// The address as QR code, an SVG picture.
    pub qr_svg: String,
}

/// Whether the second step is in force.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = SecondFactorStatus)]
pub struct Status {
    /// Whether a code is asked for at sign-in.
    pub enabled: bool,
    /// Recovery codes not used yet.
    pub recovery_codes_left: usize,
}

/// The caller's own second step.
///
/// # Errors
/// When the database fails.
pub async fn status(workspace: &Workspace, caller: &Caller) -> Result<Status, AppError> {
    let user = own_user(workspace, caller).await?;
    let factor = confirmed(workspace, user.value.id).await?;
    Ok(Status {
        enabled: factor.is_some(),
        recovery_codes_left: factor.map_or(0, |factor| factor.value.recovery.len()),
    })
}

/// Begins: a new secret, which [`confirm`] puts in force.
///
/// # Errors
/// [`AppError::WrongPassword`]; [`AppError::Invalid`] with code `second_factor_on` when one is in force.
pub async fn enrol(workspace: &Workspace, caller: &Caller, password: &str) -> Result<Enrolment, AppError> {
    let user = password::confirm(workspace, caller, password).await?;
    let stored = anju_store::access::second_factor_of(workspace.db(), user.value.id).await?;
    if stored.as_ref().is_some_and(|stored| stored.value.confirmed) {
        return Err(AppError::invalid(
            "second_factor_on",
            "",
            "两步验证已启用;要更换设备请先停用",
            "the second step is on; turn it off first to change the device",
        ));
    }
    let secret: [u8; 20] = workspace.random_bytes();
    let factor = SecondFactor {
        id: workspace.new_id(),
        user: user.value.id,
        secret: anju_store::attachment::hex(&secret),
        confirmed: false,
        last_step: 0,
        recovery: Vec::new(),
    };
    let mut transaction = workspace.begin(caller, "enrol_second_factor", None).await?;
    if let Some(stored) = stored {
        transaction.erase(&stored.value).await?;
    }
    transaction.insert(&[factor]).await?;
    transaction.commit().await?;
    let secret = base32(&secret);
    let issuer = format!("Anju-{}", workspace.county().code);
    // Names and codes are made of letters that an address takes as they are.
    let uri = format!(
        "otpauth://totp/{issuer}:{}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
        user.value.name
    );
    let picture = QrCode::new(&uri).map_err(|error| AppError::Aborted(error.to_string()))?;
    Ok(Enrolment {
        qr_svg: picture
            .render::<svg::Color<'_>>()
            .min_dimensions(200, 200)
            .build(),
        secret,
        uri,
    })
}

/// Puts the second step in force, once a code proves that the device has the secret. Gives the recovery codes, each of
/// which stands for a code once; they are shown here and never again.
///
/// # Errors
/// [`AppError::WrongCode`]; [`AppError::Invalid`] with code `second_factor_off` when nothing was begun.
pub async fn confirm(workspace: &Workspace, caller: &Caller, code: &str) -> Result<Vec<String>, AppError> {
    let user = own_user(workspace, caller).await?;
    let begun = anju_store::access::second_factor_of(workspace.db(), user.value.id).await?;
    let Some(begun) = begun.filter(|begun| !begun.value.confirmed) else {
        return Err(off());
    };
    let mut accepted = accept(&begun.value, code, workspace.now()).ok_or(AppError::WrongCode)?;
    // 80 random bits each: too many to try, so a plain hash keeps them as well as a slow one.
    let codes: Vec<String> = (0..RECOVERY_CODES)
        .map(|_| base32(&workspace.random_bytes::<10>()).to_lowercase())
        .collect();
    accepted.confirmed = true;
    accepted.recovery = codes.iter().map(|code| recovery_hash(code)).collect();
    let mut transaction = workspace.begin(caller, "confirm_second_factor", None).await?;
    transaction
        .update(&[Versioned {
            value: accepted,
            ..begun
        }])
        .await?;
    transaction.commit().await?;
    Ok(codes
        .iter()
        .map(|code| format!("{}-{}-{}-{}", &code[..4], &code[4..8], &code[8..12], &code[12..]))
        .collect())
}

/// Gives the second step up and erases its secret.
///
/// # Errors
/// [`AppError::WrongPassword`]; [`AppError::Invalid`] with code `second_factor_off` when there is none.
pub async fn disable(workspace: &Workspace, caller: &Caller, password: &str) -> Result<(), AppError> {
    let user = password::confirm(workspace, caller, password).await?;
    erase(workspace, caller, &user.value).await
}

pub(crate) async fn erase(workspace: &Workspace, caller: &Caller, user: &User) -> Result<(), AppError> {
    let Some(factor) = anju_store::access::second_factor_of(workspace.db(), user.id).await? else {
        return Err(off());
    };
    let mut transaction = workspace.begin(caller, "remove_second_factor", None).await?;
    transaction.erase(&factor.value).await?;
    transaction.commit().await
}

/// The user's second step, when it is in force.
pub(crate) async fn confirmed(
    workspace: &Workspace,
    user: Uuid,
) -> Result<Option<Versioned<SecondFactor>>, AppError> {
    let factor = anju_store::access::second_factor_of(workspace.db(), user).await?;
    Ok(factor.filter(|factor| factor.value.confirmed))
}

fn off() -> AppError {
    AppError::invalid(
        "second_factor_off",
        "",
        "尚未设置两步验证",
        "no second step was set up",
    )
}

/// The second step with the code used up, or `None` when the code is wrong or was used.
pub(crate) fn accept(factor: &SecondFactor, code: &str, now: Timestamp) -> Option<SecondFactor> {
    let code: String = code
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let mut used = factor.clone();
    if code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit()) {
        let secret = bytes(&factor.secret)?;
        let present = u64::try_from(now.as_second() / STEP_SECONDS).ok()?;
        let newest = (present.saturating_sub(DRIFT)..=present + DRIFT)
            .filter(|&step| step > factor.last_step)
            .find(|&step| code_at(&secret, step, DIGITS).as_deref() == Some(code.as_str()))?;
        used.last_step = newest;
    } else {
        let hash = recovery_hash(&code);
        let place = used.recovery.iter().position(|left| *left == hash)?;
        used.recovery.remove(place);
    }
    Some(used)
}

/// The code of a time step (RFC 4226, section 5.3).
fn code_at(secret: &[u8], step: u64, digits: usize) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).ok()?;
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash.last()? & 0x0F);
    let four: [u8; 4] = hash.get(offset..offset + 4)?.try_into().ok()?;
    let number = u32::from_be_bytes(four) & 0x7FFF_FFFF;
    let text = format!("{number:010}");
    Some(text[text.len() - digits..].to_owned())
}

fn recovery_hash(code: &str) -> String {
    anju_store::attachment::hex(&Sha256::digest(code.as_bytes()))
}

/// RFC 4648 without padding.
fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for chunk in bytes.chunks(5) {
        let mut group = [0; 8];
        group[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(group);
        for place in 0..(chunk.len() * 8).div_ceil(5) {
            text.push(char::from(LETTERS[(bits >> (35 - 5 * place)) as usize & 31]));
        }
    }
    text
}

pub(super) fn bytes(hex: &str) -> Option<Vec<u8>> {
    (0..hex.len())
        .step_by(2)
        .map(|place| u8::from_str_radix(hex.get(place..place + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn factor() -> SecondFactor {
        SecondFactor {
            id: Uuid::nil(),
            user: Uuid::nil(),
            secret: anju_store::attachment::hex(SECRET),
            confirmed: true,
            last_step: 0,
            recovery: vec![recovery_hash("abcdefghijklmnop")],
        }
    }

    /// RFC 6238, appendix B, the rows for SHA-1.
    #[test]
    fn codes_are_those_of_the_standard() {
        for (second, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000_u64, "65353130"),
        ] {
            assert_eq!(code_at(SECRET, second / 30, 8).as_deref(), Some(code), "{second}");
        }
    }

    #[test]
    fn a_code_holds_one_step_before_and_after_and_once() {
        // The code of the step that ends at second 59.
        let at = |second| accept(&factor(), "287082", Timestamp::from_second(second).unwrap());
        assert_eq!(at(59).unwrap().last_step, 1);
        assert!(at(0).is_some() && at(89).is_some());
        assert!(at(90).is_none());
        let used = at(59).unwrap();
        assert!(accept(&used, "287082", Timestamp::from_second(59).unwrap()).is_none());
    }

    #[test]
    fn a_recovery_code_holds_once_however_it_is_typed() {
        let now = Timestamp::from_second(59).unwrap();
        let used = accept(&factor(), "ABCD-efgh ijkl-mnop", now).unwrap();
        assert!(used.recovery.is_empty());
        assert!(accept(&used, "abcd-efgh-ijkl-mnop", now).is_none());
        assert!(accept(&factor(), "", now).is_none());
    }

    /// RFC 4648, section 10.
    #[test]
    fn base32_is_that_of_the_standard() {
        let found = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base32(text.as_bytes()));
        assert_eq!(
            found,
            ["", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"]
        );
    }
}
