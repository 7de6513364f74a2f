//! Requests under an idempotency key: claimed once, marked with what they write or not at all, forgotten after a day.

use crate::fixtures::*;
use anju_store::keyed_request::{Claim, Claimed, KeptAnswer};
use anju_store::{StoreError, database_test};

const DAY: i64 = 24 * 3600;

/// An attempt at the request `fingerprint` under one key, at a second.
fn attempt(claim: &str, fingerprint: &str, second: i64) -> Claim {
    Claim {
        id: "key of li".into(),
        fingerprint: fingerprint.into(),
        claim: claim.into(),
        at: instant(second),
        forget_before: instant(second - DAY),
        over_before: instant(second - 900),
    }
}

fn answer() -> KeptAnswer {
    KeptAnswer {
        status: 201,
        headers: "{}".into(),
        body: "应答".into(),
    }
}

database_test!(
    async fn a_key_is_claimed_once_and_repeats_its_answer(test) {
        let first = attempt("1", "make a user", 0);
        assert_eq!(test.db.claim_request(&first).await.unwrap(), Claimed::Granted);
        let second = attempt("2", "make a user", 1);
        assert_eq!(test.db.claim_request(&second).await.unwrap(), Claimed::UnderWay);
        let other = attempt("3", "make another", 1);
        assert_eq!(test.db.claim_request(&other).await.unwrap(), Claimed::OtherRequest);
        test.db.keep_answer(&first, answer()).await.unwrap();
        assert_eq!(test.db.claim_request(&second).await.unwrap(), Claimed::Answered(answer()));
        // A day later it stands for nothing any more.
        let later = attempt("4", "make another", DAY + 1);
        assert_eq!(test.db.claim_request(&later).await.unwrap(), Claimed::Granted);
    }
);

database_test!(
    async fn of_two_at_once_one_is_granted(test) {
        let (one, two) = (attempt("1", "make a user", 0), attempt("2", "make a user", 0));
        let (one, two) = tokio::join!(test.db.claim_request(&one), test.db.claim_request(&two));
        let mut claimed = [one.unwrap(), two.unwrap()];
        claimed.sort_by_key(|claimed| *claimed != Claimed::Granted);
        assert_eq!(claimed, [Claimed::Granted, Claimed::UnderWay]);
    }
);

database_test!(
    async fn a_change_and_its_mark_are_one_transaction(test) {
        let first = attempt("1", "edit", 0);
        test.db.claim_request(&first).await.unwrap();
        // Not committed: nothing was carried out, and after a while the request can be tried again.
        let mut tx = begin(test, "edit", 0).await;
        tx.carry_out(&first.id, &first.claim).await.unwrap();
        drop(tx);
        let soon = attempt("2", "edit", 899);
        assert_eq!(test.db.claim_request(&soon).await.unwrap(), Claimed::UnderWay);
        let second = attempt("2", "edit", 901);
        assert_eq!(test.db.claim_request(&second).await.unwrap(), Claimed::Granted);

        // The attempt that was given up cannot write any more.
        let mut tx = begin(test, "edit", 902).await;
        let late = tx.carry_out(&first.id, &first.claim).await.unwrap_err();
        assert!(matches!(late, StoreError::NotFound { kind: "keyed_request", .. }), "{late}");
        drop(tx);

        // Committed, and the process ended before it answered: known to be carried out, and never again.
        let mut tx = begin(test, "edit", 903).await;
        tx.carry_out(&second.id, &second.claim).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let third = attempt("3", "edit", 5000);
        assert_eq!(test.db.claim_request(&third).await.unwrap(), Claimed::CarriedOut);
        test.db.release_request(&second).await.unwrap();
        assert_eq!(test.db.claim_request(&third).await.unwrap(), Claimed::CarriedOut);
    }
);

database_test!(
    async fn a_refused_request_frees_its_key(test) {
        let first = attempt("1", "edit", 0);
        test.db.claim_request(&first).await.unwrap();
        test.db.release_request(&first).await.unwrap();
        let second = attempt("2", "something else", 1);
        assert_eq!(test.db.claim_request(&second).await.unwrap(), Claimed::Granted);
        test.db.keep_no_answer(&second).await.unwrap();
        assert_eq!(test.db.claim_request(&attempt("3", "something else", 2)).await.unwrap(), Claimed::CarriedOut);
    }
);
