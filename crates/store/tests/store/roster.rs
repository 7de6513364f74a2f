//! Rosters and amendments: lists, the index by household, and that what is frozen stays as it is.

use anju_model::amendment::{Amendment, AmendmentState};
use anju_model::register::{Category, Household};
use anju_model::roster::{Roster, RosterState};
use anju_store::amendment::{AmendmentFilter, amendments};
use anju_store::register::households_as_of;
use anju_store::roster::{RosterFilter, RosterPart, frozen_households, frozen_roster_of, newest, rosters};
use anju_store::testing::TestDatabase;
use anju_store::{Paging, StoreError, Versioned, database_test, load};

use crate::fixtures::*;

const ALL: Paging = Paging {
    after: None,
    limit: 0,
};

async fn stored(test: &TestDatabase, number: u64) -> Versioned<Roster> {
    load(&test.db, &id(18, number).to_string())
        .await
        .unwrap()
        .unwrap()
}

/// Writes a new value of a roster and says whether the store took it.
async fn change(test: &TestDatabase, number: u64, value: Roster) -> Result<(), StoreError> {
    let before = stored(test, number).await;
    let mut tx = begin(test, "edit", 60).await;
    tx.update(&[Versioned { value, ..before }]).await?;
    tx.commit(&key()).await
}

database_test!(
    async fn a_frozen_roster_never_changes(test) {
        let mut tx = begin(test, "draft_roster", 0).await;
        tx.insert(&[roster(1)]).await.unwrap();
        tx.insert(&[part(1, 1, &[1, 2])]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        // A draft may still be drafted again.
        change(test, 1, Roster { hash: "0e".into(), ..roster(1) }).await.unwrap();
        let drafted = stored(test, 1).await.value;
        let frozen = drafted.freeze(freezing()).unwrap();
        change(test, 1, frozen.clone()).await.unwrap();

        for other in [
            frozen.clone(),
            Roster { hash: "0f".into(), ..frozen.clone() },
            Roster { title: "另一个名称".into(), ..frozen.clone() },
            Roster { households: 3, ..frozen.clone() },
            Roster { state: RosterState::Draft, frozen: None, ..frozen.clone() },
            Roster { hash: "0f".into(), ..frozen.supersede(id(18, 2)).unwrap() },
        ] {
            let refused = change(test, 1, other).await.unwrap_err();
            assert!(matches!(refused, StoreError::Final { kind: "roster", .. }), "{refused}");
        }
        let mut tx = begin(test, "edit", 61).await;
        let refused = tx.retire(&[stored(test, 1).await]).await.unwrap_err();
        assert!(matches!(refused, StoreError::Final { .. }), "{refused}");
        drop(tx);
        let whole: Versioned<RosterPart> = load(&test.db, &id(19, 1).to_string()).await.unwrap().unwrap();
        let fewer = Versioned { value: part(1, 1, &[1]), ..whole.clone() };
        let mut tx = begin(test, "edit", 62).await;
        assert!(matches!(tx.update(&[fewer]).await, Err(StoreError::Final { kind: "roster_part", .. })));
        assert!(matches!(tx.retire(&[whole]).await, Err(StoreError::Final { .. })));
        drop(tx);
        assert_eq!(stored(test, 1).await.value, frozen);

        change(test, 1, frozen.supersede(id(18, 2)).unwrap()).await.unwrap();
        assert!(matches!(change(test, 1, frozen).await, Err(StoreError::Final { .. })));
        assert_eq!(verify(test).await.problems, []);
    }
);

database_test!(
    async fn a_household_is_found_on_the_roster_in_force(test) {
        fill(test).await;
        let frozen = frozen_households(&test.db).await.unwrap();
        assert_eq!(frozen.len(), 2);
        assert_eq!(frozen[&id(1, 1)], id(18, 1));
        assert_eq!(frozen_roster_of(&test.db, id(1, 2)).await.unwrap().unwrap().value.id, id(18, 1));
        assert_eq!(frozen_roster_of(&test.db, id(1, 3)).await.unwrap(), None);

        // A second version without household 2 takes the place of the first.
        let before = stored(test, 1).await;
        let superseded = before.value.supersede(id(18, 2)).unwrap();
        let mut tx = begin(test, "freeze_roster", 30).await;
        tx.update(&[Versioned { value: superseded, ..before }]).await.unwrap();
        tx.insert(&[roster(2).freeze(freezing()).unwrap()]).await.unwrap();
        tx.insert(&[part(2, 2, &[1, 3])]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let frozen = frozen_households(&test.db).await.unwrap();
        assert_eq!(frozen.len(), 2);
        assert_eq!((frozen[&id(1, 1)], frozen[&id(1, 3)]), (id(18, 2), id(18, 2)));
        assert_eq!(frozen_roster_of(&test.db, id(1, 2)).await.unwrap(), None);
        let newest = newest(&test.db, Category::Disaster, &area("619021")).await.unwrap().unwrap();
        assert_eq!(newest.value.id, id(18, 2));
    }
);

database_test!(
    async fn rosters_of_the_own_area_and_around_it_are_listed_in_pages(test) {
        let mut tx = begin(test, "draft_roster", 0).await;
        let of = |number: u64, code: &str| {
            let mut roster = roster(number);
            roster.filter.area = area(code);
            roster
        };
        let all: Vec<Roster> = (1..=5).map(|number| of(number, "619021")).chain([of(6, "619021101"), of(7, "619021102")]).collect();
        tx.insert(&all).await.unwrap();
        tx.insert(&[Roster { category: Category::Poverty, ..roster(8) }]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let numbers = async |code: &str, category: Option<Category>| {
            let filter = RosterFilter { area: area(code), category, states: vec![RosterState::Draft] };
            let whole: Vec<u32> = rosters(&test.db, &filter, &ALL).await.unwrap().items.iter().map(|found| found.value.number).collect();
            let (mut joined, mut paging) = (Vec::new(), Paging { after: None, limit: 2 });
            loop {
                let page = rosters(&test.db, &filter, &paging).await.unwrap();
                joined.extend(page.items.iter().map(|found| found.value.number));
                match page.next {
                    Some(next) => paging.after = Some(next),
                    None => break,
                }
            }
            assert_eq!(joined, whole);
            whole
        };
        assert_eq!(numbers("619021", None).await, [8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(numbers("619021", Some(Category::Poverty)).await, [8]);
        assert_eq!(numbers("61902110120101", None).await, [8, 6, 5, 4, 3, 2, 1]);
        assert_eq!(numbers("619022", None).await, [0_u32; 0]);
        // One version of a number for each category and area.
        let mut tx = begin(test, "draft_roster", 1).await;
        let twice = Roster { id: id(18, 99), ..roster(1) };
        assert!(matches!(tx.insert(&[twice]).await, Err(StoreError::Duplicate { kind: "roster", .. })));
    }
);

database_test!(
    async fn amendments_are_filtered_and_paged(test) {
        let mut tx = begin(test, "ask_amendment", 0).await;
        let mut all: Vec<Amendment> =
            (1..=5).map(|number| amendment(number, number % 2 + 1, &format!("6190211012010{}", number % 2 + 1))).collect();
        all[0] = all[0].refuse("zhang", instant(90), "不实").unwrap();
        tx.insert(&all).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let numbers = async |filter: AmendmentFilter| {
            let page = amendments(&test.db, &filter, &ALL).await.unwrap();
            page.items.iter().map(|found| found.value.id).collect::<Vec<_>>()
        };
        let county = || AmendmentFilter::within(area("619021"));
        assert_eq!(numbers(county()).await, [5, 4, 3, 2, 1].map(|number| id(20, number)));
        assert_eq!(numbers(AmendmentFilter { state: Some(AmendmentState::Refused), ..county() }).await, [id(20, 1)]);
        assert_eq!(numbers(AmendmentFilter { household: Some(id(1, 1)), ..county() }).await, [4, 2].map(|number| id(20, number)));
        assert_eq!(numbers(AmendmentFilter { roster: Some(id(18, 2)), ..county() }).await, Vec::<uuid::Uuid>::new());
        assert_eq!(numbers(AmendmentFilter::within(area("61902110120102"))).await, [5, 3, 1].map(|number| id(20, number)));
        let first = amendments(&test.db, &county(), &Paging { after: None, limit: 3 }).await.unwrap();
        let second = amendments(&test.db, &county(), &Paging { after: first.next, limit: 3 }).await.unwrap();
        assert_eq!(second.items.iter().map(|found| found.value.id).collect::<Vec<_>>(), [2, 1].map(|number| id(20, number)));
    }
);

database_test!(
    async fn the_register_is_read_as_it_stood(test) {
        fill(test).await;
        let mut moved: Versioned<Household> = load(&test.db, &id(1, 1).to_string()).await.unwrap().unwrap();
        let gone: Versioned<Household> = load(&test.db, &id(1, 2).to_string()).await.unwrap().unwrap();
        moved.value.facts.category = Category::Poverty;
        let mut tx = begin(test, "edit", 50).await;
        tx.update(&[moved]).await.unwrap();
        tx.retire(&[gone]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let at = async |seconds: i64, code: &str| {
            let page = households_as_of(&test.db, instant(seconds), &[area(code)], &ALL).await.unwrap();
            page.items.iter().map(|found| (found.value.facts.register_number.clone(), found.value.facts.category)).collect::<Vec<_>>()
        };
        let named = |number: u64, category| (format!("QX-{number:05}"), category);
        assert_eq!(at(-1, "619021").await.len(), 0);
        let before = [1, 2, 3].map(|number| named(number, Category::Disaster));
        assert_eq!(at(0, "619021").await, before);
        assert_eq!(at(49, "619021").await, before);
        assert_eq!(at(50, "619021").await, [named(1, Category::Poverty), named(3, Category::Disaster)]);
        assert_eq!(at(50, "619021201").await, [named(3, Category::Disaster)]);
        let first = households_as_of(&test.db, instant(0), &[area("619021")], &Paging { after: None, limit: 2 }).await.unwrap();
        let second = households_as_of(&test.db, instant(0), &[area("619021")], &Paging { after: first.next, limit: 2 }).await.unwrap();
        assert_eq!((first.total, second.items.len(), second.next), (3, 1, None));
    }
);
