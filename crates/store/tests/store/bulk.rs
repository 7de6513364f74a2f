//! Bulk changes and saved views: their lists, and that a decided batch stays as it is.

use anju_model::bulk::{BulkChange, BulkState, SavedView};
use anju_store::bulk::{BulkFilter, bulk_changes, household_at_version, households_by_numbers, saved_views};
use anju_store::{Paging, StoreError, Versioned, database_test, load};

use crate::fixtures::*;

const ALL: Paging = Paging {
    after: None,
    limit: 0,
};

database_test!(
    async fn a_batch_goes_its_way_and_is_found_by_state_and_person(test) {
        let mut tx = begin(test, "read_change_sheet", 0).await;
        tx.insert(&[bulk_change(1, "619021"), bulk_change(2, "619021101"), bulk_change(3, "619021102")]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let step = async |number: u64, value: BulkChange| -> Result<(), StoreError> {
            let before: Versioned<BulkChange> = load(&test.db, &id(21, number).to_string()).await.unwrap().unwrap();
            let mut tx = begin(test, "step", 1).await;
            tx.update(&[Versioned { value, ..before }]).await?;
            tx.commit(&key()).await
        };
        let asked = bulk_change(1, "619021").ask("wang", instant(5), "更正").unwrap();
        step(1, asked.clone()).await.unwrap();
        step(1, asked.approve("zhao", instant(6), None).unwrap()).await.unwrap();
        // What was decided stays, whoever writes.
        for other in [asked.clone(), BulkChange { hash: "cd".into(), ..asked.clone() }] {
            let refused = step(1, other).await.unwrap_err();
            assert!(matches!(refused, StoreError::Final { kind: "bulk_change", .. }), "{refused}");
        }
        let numbers = async |filter: BulkFilter| {
            let page = bulk_changes(&test.db, &filter, &ALL).await.unwrap();
            page.items.iter().map(|stored| stored.value.id).collect::<Vec<_>>()
        };
        let county = || BulkFilter::within(area("619021"));
        assert_eq!(numbers(county()).await.len(), 3);
        assert_eq!(numbers(BulkFilter { state: Some(BulkState::Approved), ..county() }).await, [id(21, 1)]);
        assert_eq!(numbers(BulkFilter { not_asked_by: Some("wang".into()), ..county() }).await, [] as [uuid::Uuid; 0]);
        assert_eq!(numbers(BulkFilter { asked_by: Some("wang".into()), ..BulkFilter::within(area("619021101")) }).await, [id(21, 2)]);
        assert_eq!(numbers(BulkFilter { undoes: Some(id(21, 1)), ..county() }).await, [] as [uuid::Uuid; 0]);
        assert_eq!(verify(test).await.problems, []);
    }
);

database_test!(
    async fn views_are_listed_by_name_for_one_person_and_page(test) {
        let view = |number: u64, owner: &str, page: &str, name: &str| SavedView {
            id: id(22, number),
            owner: owner.into(),
            page: page.into(),
            name: name.into(),
            query: "must_move=true".into(),
            saved_at: instant(1),
        };
        let mut tx = begin(test, "save_view", 0).await;
        let views = [view(1, "wang", "register", "b"), view(2, "wang", "register", "a"), view(3, "li", "register", "a"), view(4, "wang", "lookback", "a")];
        tx.insert(&views).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let names: Vec<String> = saved_views(&test.db, "wang", "register").await.unwrap().into_iter().map(|stored| stored.value.name).collect();
        assert_eq!(names, ["a", "b"]);
        // A name is used once on a page.
        let mut tx = begin(test, "save_view", 1).await;
        let taken = tx.insert(&[view(5, "wang", "register", "a")]).await.unwrap_err();
        assert!(matches!(taken, StoreError::Duplicate { kind: "saved_view", .. }), "{taken}");
    }
);

database_test!(
    async fn a_household_is_found_by_number_and_as_it_was(test) {
        fill(test).await;
        let found = households_by_numbers(&test.db, &["QX-00002".into(), "none".into()]).await.unwrap();
        assert_eq!(found.iter().map(|stored| stored.value.id).collect::<Vec<_>>(), [id(1, 2)]);
        let mut changed = found[0].clone();
        changed.value.facts.must_move = !changed.value.facts.must_move;
        let mut tx = begin(test, "edit", 90).await;
        tx.update(&[changed.clone()]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let at = async |version: i64| household_at_version(&test.db, id(1, 2), version).await.unwrap();
        assert_eq!(at(found[0].version).await.unwrap(), found[0].value);
        assert_eq!(at(found[0].version + 1).await.unwrap(), changed.value);
        assert_eq!(at(found[0].version + 2).await, None);
    }
);
