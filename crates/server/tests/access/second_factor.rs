//! The second step at sign-in.

use anju_store::database_test;
use axum::http::StatusCode;
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha1::Sha1;

use crate::office::{Answer, Office, PASSWORD};

/// What an authenticator makes of the typed secret: written apart from the program's own.
pub fn code(secret: &str, second: i64) -> String {
    let bits: String = secret
        .chars()
        .map(|letter| format!("{:05b}", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).unwrap()))
        .collect();
    let key: Vec<u8> = (0..bits.len() / 8)
        .map(|place| u8::from_str_radix(&bits[place * 8..place * 8 + 8], 2).unwrap())
        .collect();
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).unwrap();
    mac.update(&(second / 30).to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = (hash[19] & 15) as usize;
    let number = u32::from_be_bytes([hash[at] & 127, hash[at + 1], hash[at + 2], hash[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

async fn sign_in(office: &Office<'_>, code: &str) -> Answer {
    office
        .post(
            "/session",
            "",
            json!({"name": "admin", "password": PASSWORD, "code": code}),
        )
        .await
}

/// Sets the second step up: the secret and the recovery codes.
pub async fn enrol(office: &Office<'_>, cookie: &str) -> (String, Vec<String>) {
    let begun = office
        .post("/session/second-factor", cookie, json!({"password": PASSWORD}))
        .await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.json());
    let secret = begun.json()["secret"].as_str().unwrap().to_owned();
    let first = json!({"code": code(&secret, office.now().as_second())});
    let confirmed = office.post("/session/second-factor/confirm", cookie, first).await;
    assert_eq!(confirmed.status, StatusCode::OK, "{}", confirmed.json());
    let codes = confirmed.json()["recovery_codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code.as_str().unwrap().to_owned())
        .collect();
    (secret, codes)
}

database_test! {
    async fn a_code_is_asked_for_after_the_password_and_holds_once(test) {
        let office = Office::new(test).await;
        let cookie = office.administrator().await;
        let begun = office.post("/session/second-factor", &cookie, json!({"password": PASSWORD})).await.json();
        let secret = begun["secret"].as_str().unwrap();
        assert_eq!(begun["uri"], format!("otpauth://totp/Anju-619021:admin?secret={secret}&issuer=Anju-619021&algorithm=SHA1&digits=6&period=30"));
        assert!(begun["qr_svg"].as_str().unwrap().contains("<svg"));
        // Not in force before a code has proved it.
        assert_eq!(office.sign_in("admin", PASSWORD).await.status, StatusCode::OK);
        assert_eq!(office.post("/session/second-factor/confirm", &cookie, json!({"code": "000000"})).await.code(), "wrong_code");

        let (secret, codes) = enrol(&office, &cookie).await;
        assert_eq!(codes.len(), 10);
        assert_eq!(office.get("/session/second-factor", &cookie).await.json(), json!({"enabled": true, "recovery_codes_left": 10}));
        let answer = office.sign_in("admin", PASSWORD).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNAUTHORIZED, "second_step"));
        assert!(answer.header("set-cookie").is_none());
        // A wrong password is wrong, whatever the code; the code that confirmed is used up.
        assert_eq!(office.sign_in("admin", "a wrong password").await.code(), "wrong_password");
        assert_eq!(sign_in(&office, &code(&secret, office.now().as_second())).await.code(), "wrong_code");

        office.pass(SignedDuration::from_secs(90));
        let now = office.now().as_second();
        assert_eq!(sign_in(&office, &code(&secret, now - 60)).await.code(), "wrong_code");
        assert_eq!(sign_in(&office, &code(&secret, now - 30)).await.status, StatusCode::OK);
        assert_eq!(sign_in(&office, &code(&secret, now - 30)).await.code(), "wrong_code");
        assert_eq!(sign_in(&office, &code(&secret, now + 30)).await.status, StatusCode::OK);
        // One step later is used: the present one is too.
        assert_eq!(sign_in(&office, &code(&secret, now)).await.code(), "wrong_code");
    }
}

database_test! {
    async fn guessing_codes_closes_the_name(test) {
        let office = Office::new(test).await;
        let cookie = office.administrator().await;
        enrol(&office, &cookie).await;
        let mut codes = Vec::new();
        for _ in 0..5 {
            codes.push(sign_in(&office, "000000").await.code());
        }
        assert_eq!(codes, ["wrong_code", "wrong_code", "wrong_code", "wrong_code", "locked_out"]);
        // Asking for the step alone neither counts nor tells more.
        assert_eq!(office.sign_in("admin", PASSWORD).await.code(), "locked_out");
    }
}

database_test! {
    async fn a_recovery_code_stands_for_a_code_once(test) {
        let office = Office::new(test).await;
        let cookie = office.administrator().await;
        let (_, codes) = enrol(&office, &cookie).await;
        assert_eq!(sign_in(&office, &codes[3].to_uppercase()).await.status, StatusCode::OK);
        assert_eq!(sign_in(&office, &codes[3]).await.code(), "wrong_code");
        assert_eq!(office.get("/session/second-factor", &cookie).await.json()["recovery_codes_left"], 9);
    }
}

database_test! {
    async fn it_is_given_up_with_the_password_and_its_secret_is_erased(test) {
        let office = Office::new(test).await;
        let cookie = office.administrator().await;
        enrol(&office, &cookie).await;
        let again = office.post("/session/second-factor", &cookie, json!({"password": PASSWORD})).await;
        assert_eq!(again.code(), "second_factor_on");
        let wrong = json!({"password": "a wrong password"});
        assert_eq!(office.post("/session/second-factor/disable", &cookie, wrong).await.code(), "wrong_password");
        let right = json!({"password": PASSWORD});
        let off = office.post("/session/second-factor/disable", &cookie, right.clone()).await;
        assert_eq!(off.status, StatusCode::NO_CONTENT);
        assert_eq!(office.sign_in("admin", PASSWORD).await.status, StatusCode::OK);
        let left = "SELECT COUNT(*) FROM ledger_entry WHERE subject_kind = 'second_factor' AND payload LIKE '%secret%'";
        assert_eq!(test.db.inspect(left).await.unwrap()[0][0].1, anju_store::Value::Int(0));
        assert_eq!(office.post("/session/second-factor/disable", &cookie, right).await.code(), "second_factor_off");
        // It can be set up anew, and the ledger holds.
        enrol(&office, &cookie).await;
        office.verify_ledger().await;
    }
}

database_test! {
    async fn the_administrator_takes_it_from_one_who_lost_the_device(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let (id, cookie) = office.user(&administrator, "li", "township_officer", "619021101").await;
        enrol(&office, &cookie).await;
        assert_eq!(office.sign_in("li", PASSWORD).await.code(), "second_step");
        let removed = office.change_user("DELETE", &id, "/second-factor", &administrator, Value::Null).await;
        assert_eq!((removed.status, &removed.json()["second_factor"]), (StatusCode::OK, &json!(false)));
        assert_eq!(office.sign_in("li", PASSWORD).await.status, StatusCode::OK);
    }
}
