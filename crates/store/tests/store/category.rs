//! Hazard points and evidence: lists, look-ups by number, and areas that a list keeps to.

use anju_model::hazard::{HazardRisk, HazardState};
use anju_store::category::{
    HazardFilter, HazardSort, evidence_of, hazard_point_by_code, hazard_points, households_by_numbers,
    households_of_point, threatened_of,
};
use anju_store::{Paging, StoreError, database_test};

use crate::fixtures::{area, begin, evidence, hazard_point, household, id, key, threatened};

database_test! {
    async fn hazard_points_are_filtered_sorted_and_paged_within_an_area(test) {
        let mut points: Vec<_> = (1..=5).map(hazard_point).collect();
        points[1].facts.risk = Some(HazardRisk::VeryHigh);
        points[2].facts.risk = None;
        points[3].facts.state = HazardState::Monitored;
        points[4].facts.area = area("619021102201");
        let mut tx = begin(test, "register_hazard_point", 0).await;
        tx.insert(&points).await.unwrap();
        tx.commit(&key()).await.unwrap();

        let codes = async |filter: HazardFilter, limit: u32| {
            let mut found = Vec::new();
            let mut paging = Paging { after: None, limit };
            loop {
                let page = hazard_points(&test.db, &filter, &paging).await.unwrap();
                found.extend(page.items.into_iter().map(|point| point.value.facts.code));
                match page.next {
                    Some(next) => paging.after = Some(next),
                    None => return found,
                }
            }
        };
        let within = |code: &str| HazardFilter::within(area(code));
        assert_eq!(codes(within("619021101"), 3).await, ["ZD-01", "ZD-02", "ZD-03", "ZD-04"]);
        let by_risk = HazardFilter { sort: HazardSort::Risk, ..within("619021") };
        // The highest risk first; without a grade last.
        assert_eq!(codes(by_risk, 2).await, ["ZD-02", "ZD-01", "ZD-04", "ZD-05", "ZD-03"]);
        let monitored = HazardFilter { state: Some(HazardState::Monitored), ..within("619021") };
        assert_eq!(codes(monitored, 9).await, ["ZD-04"]);
        let found = HazardFilter { search: Some("zd-05".into()), ..within("619021") };
        assert_eq!(codes(found, 9).await, ["ZD-05"]);
        let anything = HazardFilter { search: Some("%".into()), ..within("619021") };
        assert_eq!(codes(anything, 9).await, Vec::<String>::new());
        assert_eq!(hazard_point_by_code(&test.db, "ZD-03").await.unwrap().unwrap().value, points[2]);

        // A code is registered once.
        let mut again = hazard_point(9);
        again.facts.code = "ZD-01".into();
        let mut tx = begin(test, "register_hazard_point", 1).await;
        assert!(matches!(tx.insert(&[again]).await, Err(StoreError::Duplicate { .. })));
    }
}

database_test! {
    async fn households_of_a_point_and_their_evidence_are_found(test) {
        let mut tx = begin(test, "import", 0).await;
        let mut far = household(2, "61902110220101", "李四");
        far.members.clear();
        tx.insert(&[household(1, "61902110120101", "张三"), far]).await.unwrap();
        tx.insert(&[threatened(1), threatened(2)]).await.unwrap();
        tx.insert(&[evidence(1), evidence(2)]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        assert_eq!(households_of_point(&test.db, &area("619021"), "ZD-07").await.unwrap(), [id(1, 1), id(1, 2)]);
        assert_eq!(households_of_point(&test.db, &area("619021102"), "ZD-07").await.unwrap(), [id(1, 2)]);
        assert_eq!(threatened_of(&test.db, &["ZD-07".into()]).await.unwrap(), [threatened(1), threatened(2)]);
        let number = household(1, "61902110120101", "张三").members[0].facts.id_number.clone().unwrap();
        let number = number.to_18().unwrap().to_string();
        let found = households_by_numbers(&test.db, &area("619021"), std::slice::from_ref(&number)).await.unwrap();
        assert_eq!(found, [(number.clone(), id(1, 1))]);
        assert_eq!(households_by_numbers(&test.db, &area("619021102"), &[number]).await.unwrap(), []);
        let recorded = evidence_of(&test.db, id(1, 2)).await.unwrap();
        assert_eq!(recorded.into_iter().map(|record| record.value).collect::<Vec<_>>(), [evidence(2)]);
    }
}
