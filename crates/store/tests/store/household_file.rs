//! What belongs to a household: income, consents, documents; households that are no longer on the register.

use anju_model::area::AreaLevel;
use anju_model::register::{ConsentChoice, HouseholdStatus, IncomeYear, Pathway, SignedConsent, Withdrawal};
use anju_store::household_file::{consent_counts, consents_of, documents_of, income_of};
use anju_store::register::{HouseholdFilter, active_households, households, is_listed};
use anju_store::testing::TestDatabase;
use anju_store::{Paging, StoreError, Versioned, database_test};

use crate::fixtures::{area, begin, document, household, id, income, instant, key, signed_consent};

async fn numbers(test: &TestDatabase, filter: &HouseholdFilter) -> Vec<String> {
    let page = households(&test.db, filter, &Paging::default()).await.unwrap();
    assert_eq!(page.total, page.items.len() as u64);
    page.items.into_iter().map(|row| row.register_number).collect()
}

database_test! {
    async fn income_consents_and_documents_come_with_their_household_the_newest_first(test) {
        let mut tx = begin(test, "fill", 0).await;
        tx.insert(&[income(1, 1, 2024), income(2, 1, 2025), income(3, 2, 2025)]).await.unwrap();
        tx.insert(&[signed_consent(1, 1), signed_consent(2, 1), signed_consent(3, 2)]).await.unwrap();
        tx.insert(&[document(1, 1), document(2, 2)]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let years: Vec<i16> = income_of(&test.db, id(1, 1)).await.unwrap().iter().map(|year| year.value.year).collect();
        assert_eq!(years, [2025, 2024]);
        let consents: Vec<_> = consents_of(&test.db, id(1, 1)).await.unwrap().iter().map(|one| one.value.id).collect();
        assert_eq!(consents, [id(32, 2), id(32, 1)]);
        assert_eq!(documents_of(&test.db, id(1, 2)).await.unwrap()[0].value, document(2, 2));

        // A year of a household exists once, whoever records it.
        let mut tx = begin(test, "again", 1).await;
        let twice = tx.insert(&[income(4, 1, 2025)]).await;
        assert!(matches!(twice, Err(StoreError::Duplicate { .. })), "{twice:?}");
        drop(tx);

        // Two people correct the same year: the second is told.
        let seen: Versioned<IncomeYear> = anju_store::load(&test.db, &id(31, 2).to_string()).await.unwrap().unwrap();
        for (round, expected) in [(2, true), (3, false)] {
            let mut changed = seen.clone();
            changed.value.lines.truncate(1);
            let mut tx = begin(test, "correct", round).await;
            let outcome = tx.update(&[changed]).await;
            assert_eq!(outcome.is_ok(), expected, "{outcome:?}");
            if expected {
                tx.commit(&key()).await.unwrap();
            }
        }
    }
}

database_test! {
    async fn what_is_off_the_register_is_out_of_lists_and_counts_and_still_there(test) {
        let mut gone = household(2, "61902110120102", "王五");
        gone.status = HouseholdStatus::Cancelled;
        let mut tx = begin(test, "fill", 0).await;
        tx.insert(&[household(1, "61902110120101", "张三"), gone]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let all = HouseholdFilter::within(area("619021"));
        assert_eq!(numbers(test, &all).await, ["QX-00001"]);
        let ever = HouseholdFilter { status: None, ..all.clone() };
        assert_eq!(numbers(test, &ever).await, ["QX-00001", "QX-00002"]);
        let cancelled = HouseholdFilter { status: Some(HouseholdStatus::Cancelled), ..all };
        assert_eq!(numbers(test, &cancelled).await, ["QX-00002"]);
        assert_eq!(active_households(&test.db).await.unwrap().len(), 1);
        let counts = anju_store::register::counts(&test.db, &area("619021")).await.unwrap();
        assert_eq!((counts.households, counts.persons), (1, 2));
        let villages = anju_store::register::count_by_area(&test.db, &area("619021"), AreaLevel::Village).await.unwrap();
        assert_eq!(villages.iter().map(|count| count.households).sum::<u64>(), 1);
    }
}

database_test! {
    async fn consent_is_counted_by_village_and_a_withdrawn_one_stands_no_more(test) {
        let mut withdrawn = household(2, "61902110120102", "王五");
        withdrawn.consent = None;
        let mut unasked = household(3, "61902120120101", "赵六");
        unasked.consent = None;
        let record = SignedConsent {
            withdrawal: Some(Withdrawal {
                date: jiff::civil::date(2026, 3, 2),
                reason: "再考虑".into(),
                evidence: None,
                by: "li".into(),
                at: instant(80),
            }),
            ..signed_consent(1, 2)
        };
        let mut tx = begin(test, "fill", 0).await;
        tx.insert(&[household(1, "61902110120101", "张三"), withdrawn, unasked]).await.unwrap();
        tx.insert(&[record]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let counts = consent_counts(&test.db, &area("619021"), AreaLevel::Village).await.unwrap();
        let shown: Vec<_> = counts
            .iter()
            .map(|count| (count.area.as_str(), count.choice, count.pathway, count.withdrawn, count.households, count.persons))
            .collect();
        assert_eq!(shown.len(), 3);
        assert!(shown.contains(&("619021101201", Some(ConsentChoice::Move), Some(Pathway::Concentrated), false, 1, 2)));
        assert!(shown.contains(&("619021101201", None, None, true, 1, 2)));
        assert!(shown.contains(&("619021201201", None, None, false, 1, 2)));
        // A township sees its own.
        let own = consent_counts(&test.db, &area("619021201"), AreaLevel::Village).await.unwrap();
        assert_eq!(own.len(), 1);
    }
}

database_test! {
    async fn a_listed_person_is_found_by_either_generation_of_the_number(test) {
        let mut tx = begin(test, "fill", 0).await;
        tx.insert(&[household(1, "61902110120101", "张三")]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let number = |text: &str| anju_model::identity::IdNumber::new(text);
        assert!(is_listed(&test.db, &number("619021198002290014")).await.unwrap());
        assert!(is_listed(&test.db, &number("619021800229001")).await.unwrap());
        assert!(!is_listed(&test.db, &number("619021198002290022")).await.unwrap());
    }
}
