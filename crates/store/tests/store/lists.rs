//! Lists: filters, order, pages and counts.

use anju_model::area::AreaLevel;
use anju_model::identification::{IdentificationCase, Level, NoticeKind, ObjectionState, Step};
use anju_model::lookback::{ItemState, Severity};
use anju_model::plan::Destination;
use anju_model::register::{Category, ConsentChoice, Household, Pathway};
use anju_store::identification::{CaseFilter, NoticeFilter};
use anju_store::lookback::{ItemFilter, ItemSort};
use anju_store::plan::{AssignmentFilter, AssignmentSort, To};
use anju_store::register::{HouseholdFilter, HouseholdSort, PlannedDestination};
use anju_store::testing::TestDatabase;
use anju_store::{Paging, StoreError, database_test};

use jiff::civil::date;
use uuid::Uuid;

use crate::fixtures::*;

const ALL: Paging = Paging {
    after: None,
    limit: 0,
};

async fn numbers(test: &TestDatabase, filter: &HouseholdFilter) -> Vec<u64> {
    let page = anju_store::register::households(&test.db, filter, &ALL)
        .await
        .unwrap();
    assert_eq!(page.total, page.items.len() as u64);
    assert_eq!(page.next, None);
    page.items
        .iter()
        .map(|household| household.register_number[3..].parse().unwrap())
        .collect()
}

async fn numbers_identified(test: &TestDatabase, identified: bool) -> Vec<u64> {
    let filter = HouseholdFilter {
        identified: Some(identified),
        ..county()
    };
    numbers(test, &filter).await
}

fn county() -> HouseholdFilter {
    HouseholdFilter::within(area("619021"))
}

database_test!(
    async fn households_are_filtered(test) {
        fill(test).await;
        let mut staying: anju_store::Versioned<Household> =
            anju_store::load(&test.db, &id(1, 2).to_string()).await.unwrap().unwrap();
        staying.value.facts.category = Category::Poverty;
        staying.value.facts.must_move = false;
        staying.value.consent.as_mut().unwrap().choice = ConsentChoice::Stay;
        staying.value.consent.as_mut().unwrap().pathway = None;
        let mut tx = begin(test, "edit", 50).await;
        tx.update(&[staying]).await.unwrap();
        tx.commit(&key()).await.unwrap();

        assert_eq!(numbers(test, &county()).await, [1, 2, 3]);
        assert_eq!(numbers(test, &HouseholdFilter::within(area("619021101"))).await, [1, 2]);
        assert_eq!(numbers(test, &HouseholdFilter::within(area("619022"))).await, [0_u64; 0]);
        assert_eq!(numbers(test, &HouseholdFilter { category: Some(Category::Poverty), ..county() }).await, [2]);
        assert_eq!(numbers(test, &HouseholdFilter { choice: Some(ConsentChoice::Move), ..county() }).await, [1, 3]);
        assert_eq!(numbers(test, &HouseholdFilter { pathway: Some(Pathway::Cash), ..county() }).await, [0_u64; 0]);
        assert_eq!(numbers(test, &HouseholdFilter { must_move: Some(false), ..county() }).await, [2]);
        // The item about household 3 was decided.
        assert_eq!(numbers(test, &HouseholdFilter { open_items: Some(true), ..county() }).await, [1, 2]);
        assert_eq!(numbers(test, &HouseholdFilter { open_items: Some(false), ..county() }).await, [3]);
    }
);

database_test!(
    async fn households_are_found_by_what_is_typed(test) {
        fill(test).await;
        for (typed, found) in [
            ("张三", &[1][..]),
            ("qx-00002", &[2]),
            ("  QX-0000 ", &[1, 2, 3]),
            ("619021198002290014", &[1, 2, 3]),
            ("61902119800229001", &[]),
            // The first generation's 15 digits of the same person.
            ("619021800229001", &[1, 2, 3]),
            ("0003", &[3]),
            ("003", &[3]),
            ("9991", &[]),
            ("", &[1, 2, 3]),
            // Wildcards and quotes are letters like others.
            ("'", &[1, 2, 3]),
            ("%", &[]),
            ("秀%英", &[1, 2, 3]),
            ("秀_英", &[]),
            ("_", &[]),
            ("\\", &[]),
            ("' OR 1=1 --", &[]),
        ] {
            let filter = HouseholdFilter { search: Some(typed.into()), ..county() };
            assert_eq!(numbers(test, &filter).await, found, "{typed}");
        }
    }
);

database_test!(
    async fn pages_follow_each_other_without_gap_or_repetition(test) {
        let mut tx = begin(test, "import", 0).await;
        let households: Vec<_> = (1..=23)
            .map(|number| {
                // Many heads of one name, so that ties are broken too.
                household(number, &format!("6190211012010{}", number % 3 + 1), if number % 2 == 0 { "张三" } else { "李四" })
            })
            .collect();
        tx.insert(&households).await.unwrap();
        tx.commit(&key()).await.unwrap();
        for sort in [HouseholdSort::RegisterNumber, HouseholdSort::HeadName, HouseholdSort::Persons, HouseholdSort::Area] {
            for descending in [false, true] {
                let filter = HouseholdFilter { sort, descending, ..county() };
                let whole = numbers(test, &filter).await;
                assert_eq!(whole.len(), 23);
                let mut paging = Paging { after: None, limit: 5 };
                let mut joined = Vec::new();
                loop {
                    let page = anju_store::register::households(&test.db, &filter, &paging).await.unwrap();
                    assert_eq!(page.total, 23);
                    joined.extend(page.items.iter().map(|item| item.register_number[3..].parse::<u64>().unwrap()));
                    match page.next {
                        Some(next) => paging.after = Some(next),
                        None => break,
                    }
                }
                assert_eq!(joined, whole, "{sort:?} {descending}");
            }
        }
        for cursor in ["", "[]", "[1]", "[{},\"a\"]", "x"] {
            let paging = Paging { after: Some(cursor.into()), limit: 5 };
            let refused = anju_store::register::households(&test.db, &county(), &paging).await;
            assert!(matches!(refused, Err(StoreError::Cursor(_))), "{cursor}");
        }
        // A cursor of a list sorted by text, given to one sorted by number.
        let paging = Paging { after: Some("[\"QX\",\"a\"]".into()), limit: 5 };
        let filter = HouseholdFilter { sort: HouseholdSort::Persons, ..county() };
        let refused = anju_store::register::households(&test.db, &filter, &paging).await;
        assert!(matches!(refused, Err(StoreError::Cursor(_))));
    }
);

database_test!(
    async fn a_household_shows_where_the_newest_plan_sends_it(test) {
        fill(test).await;
        let page = anju_store::register::households(&test.db, &county(), &ALL).await.unwrap();
        let to: Vec<_> = page.items.iter().map(|item| item.destination.clone().unwrap()).collect();
        assert_eq!(
            to,
            [
                PlannedDestination::Site(id(7, 1)),
                PlannedDestination::Pathway(Pathway::Scattered),
                PlannedDestination::Unplaced
            ]
        );
        assert_eq!(page.items.iter().map(|item| item.open_items).collect::<Vec<_>>(), [1, 1, 0]);
        let mut tx = begin(test, "run", 60).await;
        tx.insert(&[plan(2)]).await.unwrap();
        let site = Destination::Site { site: id(7, 2), distance_m: 10.0 };
        tx.insert(&[assignment(4, 2, "61902110120101", &[1], site)]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let page = anju_store::register::households(&test.db, &county(), &ALL).await.unwrap();
        let to: Vec<_> = page.items.into_iter().map(|item| item.destination).collect();
        assert_eq!(to, [Some(PlannedDestination::Site(id(7, 2))), None, None]);
        let one = anju_store::register::household_summary(&test.db, &area("619021101"), id(1, 1)).await.unwrap();
        assert_eq!(one.unwrap().head_name, "张三");
        let outside = anju_store::register::household_summary(&test.db, &area("619021201"), id(1, 1)).await.unwrap();
        assert_eq!(outside, None);
    }
);

database_test!(
    async fn the_register_is_counted(test) {
        fill(test).await;
        let counts = anju_store::register::counts(&test.db, &area("619021")).await.unwrap();
        assert_eq!((counts.households, counts.persons, counts.must_move), (3, 6, 3));
        assert_eq!(counts.by_category, [(Category::Disaster, 3)]);
        assert_eq!(counts.by_choice, [(Some(ConsentChoice::Move), 3)]);
        assert_eq!(counts.by_pathway, [(Some(Pathway::Concentrated), 3)]);
        let townships =
            anju_store::register::count_by_area(&test.db, &area("619021"), AreaLevel::Township).await.unwrap();
        let townships: Vec<_> = townships.iter().map(|t| (t.area.as_str(), t.households, t.moving, t.unasked)).collect();
        assert_eq!(townships, [("619021101", 2, 2, 0), ("619021201", 1, 1, 0)]);
        let groups = anju_store::register::count_by_area(&test.db, &area("619021101"), AreaLevel::Group).await.unwrap();
        assert_eq!(groups.len(), 2);
        let nothing = anju_store::register::counts(&test.db, &area("619022")).await.unwrap();
        assert_eq!(nothing, anju_store::register::RegisterCounts::default());
    }
);

database_test!(
    async fn the_worklist_is_filtered_sorted_and_counted(test) {
        fill(test).await;
        let all = ItemFilter::within(area("619021"));
        let found = async |filter: ItemFilter| {
            let page = anju_store::lookback::items(&test.db, &filter, &ALL).await.unwrap();
            page.items.iter().map(|item| item.value.id.as_u64_pair().1 & 0xff).collect::<Vec<_>>()
        };
        assert_eq!(found(all.clone()).await, [2, 1, 3]);
        let likely = ItemFilter { sort: ItemSort::Probability, descending: true, ..all.clone() };
        assert_eq!(found(likely).await, [3, 2, 1]);
        assert_eq!(found(ItemFilter::within(area("619021101"))).await, [2, 1]);
        assert_eq!(found(ItemFilter { state: Some(ItemState::Open), ..all.clone() }).await, [2, 1]);
        assert_eq!(found(ItemFilter { rule: Some("asset.vehicle".into()), ..all.clone() }).await, [1, 3]);
        assert_eq!(found(ItemFilter { severity: Some(Severity::Block), ..all.clone() }).await, [2]);
        // Household 2 is the one of item 2 and the other one of item 1.
        assert_eq!(found(ItemFilter { household: Some(id(1, 2)), ..all.clone() }).await, [2, 1]);
        assert_eq!(found(ItemFilter { search: Some("赵六".into()), ..all.clone() }).await, [3]);
        let mut paging = Paging { after: None, limit: 1 };
        let sorted = ItemFilter { sort: ItemSort::Probability, ..all };
        for expected in [1, 2, 3] {
            let page = anju_store::lookback::items(&test.db, &sorted, &paging).await.unwrap();
            assert_eq!(page.items[0].value.id, id(3, expected));
            assert_eq!(page.next.is_some(), expected < 3);
            paging.after = page.next;
        }
        let rules = anju_store::lookback::count_by_rule(&test.db, &area("619021")).await.unwrap();
        let rules: Vec<_> = rules.iter().map(|r| (r.rule.as_str(), r.open, r.confirmed, r.dismissed)).collect();
        assert_eq!(rules, [("asset.vehicle", 1, 1, 0), ("identity.check_digit", 1, 0, 0)]);
        let townships = anju_store::lookback::count_by_township(&test.db, &area("619021")).await.unwrap();
        let townships: Vec<_> = townships.iter().map(|t| (t.township.as_str(), t.open, t.total)).collect();
        assert_eq!(townships, [("619021101", 2, 2), ("619021201", 0, 1)]);
        assert_eq!(anju_store::lookback::extracts_of(&test.db, "619021198002290014").await.unwrap().len(), 2);
        assert_eq!(anju_store::category::threatened_of(&test.db, &["ZD-07".into()]).await.unwrap(), [threatened(1)]);
    }
);

database_test!(
    async fn the_newest_assessment_and_plan_are_found(test) {
        fill(test).await;
        let mut tx = begin(test, "run", 70).await;
        tx.insert(&[assessment(2)]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let newest = anju_store::land::latest_assessment(&test.db).await.unwrap().unwrap();
        assert_eq!(newest.value, assessment(2));
        assert_eq!(anju_store::land::candidates(&test.db, id(6, 2)).await.unwrap(), []);
        let older = anju_store::land::candidates(&test.db, id(6, 1)).await.unwrap();
        assert_eq!(older, [candidate(1, 1), candidate(2, 1)]);
        let outside = anju_store::land::candidates_within(&test.db, id(6, 1), &area("619021201")).await.unwrap();
        assert_eq!(outside, []);
        assert_eq!(anju_store::land::layers(&test.db).await.unwrap().len(), 1);
        assert_eq!(anju_store::plan::latest(&test.db).await.unwrap().unwrap().value, plan(1));
        let sent = anju_store::plan::assignment_of(&test.db, id(8, 1), id(1, 2)).await.unwrap().unwrap();
        assert_eq!(sent.value.id, id(9, 2));
        assert_eq!(anju_store::plan::assignment_of(&test.db, id(8, 2), id(1, 2)).await.unwrap(), None);
    }
);

database_test!(
    async fn assignments_are_filtered_and_counted(test) {
        fill(test).await;
        let all = AssignmentFilter::within(id(8, 1), area("619021"));
        let found = async |filter: AssignmentFilter| {
            let page = anju_store::plan::assignments(&test.db, &filter, &ALL).await.unwrap();
            page.items.iter().map(|item| item.value.id.as_u64_pair().1 & 0xff).collect::<Vec<_>>()
        };
        assert_eq!(found(all.clone()).await, [1, 2, 3]);
        assert_eq!(found(AssignmentFilter { sort: AssignmentSort::Cost, descending: true, ..all.clone() }).await, [3, 2, 1]);
        assert_eq!(found(AssignmentFilter { to: Some(To::Unplaced), ..all.clone() }).await, [3]);
        assert_eq!(found(AssignmentFilter { site: Some(id(7, 1)), ..all.clone() }).await, [1]);
        assert_eq!(found(AssignmentFilter { search: Some("王五".into()), ..all.clone() }).await, [2]);
        assert_eq!(found(AssignmentFilter::within(id(8, 1), area("619021201"))).await, [3]);
        let townships = anju_store::plan::count_by_township(&test.db, id(8, 1), &area("619021")).await.unwrap();
        let townships: Vec<_> = townships.iter().map(|t| (t.township.as_str(), t.to, t.pathway, t.households)).collect();
        assert_eq!(
            townships,
            [
                ("619021101", To::Pathway, Some(Pathway::Scattered), 1),
                ("619021101", To::Site, None, 1),
                ("619021201", To::Unplaced, None, 1)
            ]
        );
    }
);

database_test!(
    async fn users_sessions_jobs_and_files_are_found(test) {
        fill(test).await;
        let user = anju_store::access::user_by_name(&test.db, "wang").await.unwrap().unwrap();
        assert_eq!(user.value.id, id(14, 1));
        assert_eq!(anju_store::access::user_by_name(&test.db, "zhao").await.unwrap(), None);
        let session = anju_store::access::session_by_token_hash(&test.db, "00ff").await.unwrap().unwrap();
        assert_eq!(session.value.user, id(14, 1));
        assert_eq!(anju_store::access::open_sessions(&test.db, id(14, 1)).await.unwrap(), []);
        assert_eq!(anju_store::job::latest(&test.db, 5).await.unwrap().len(), 1);
        let running = anju_store::job::in_state(&test.db, anju_model::job::JobState::Running).await.unwrap();
        assert_eq!(running, []);
        assert_eq!(anju_store::exchange::imported_files(&test.db, 20).await.unwrap().len(), 1);
        let kind = anju_model::register::FileKind::Register;
        let profile = anju_store::exchange::profile_by_name(&test.db, kind, "县局格式").await.unwrap().unwrap();
        assert_eq!(profile.value.mapping["姓名"], "name");
    }
);

database_test!(
    async fn cases_are_filtered_and_counted_by_what_they_wait_for(test) {
        fill(test).await;
        let within = || CaseFilter::within(area("619021"));
        let numbers = async |filter: CaseFilter| -> Vec<String> {
            let page = anju_store::identification::cases(&test.db, &filter, &ALL).await.unwrap();
            page.items.into_iter().map(|case| case.register_number[6..].to_owned()).collect()
        };
        assert_eq!(numbers(within()).await, ["01", "02", "03"]);
        assert_eq!(numbers(CaseFilter { step: Some(Step::GroupReview), ..within() }).await, ["01"]);
        assert_eq!(numbers(CaseFilter { suspended: Some(true), ..within() }).await, ["02"]);
        assert_eq!(numbers(CaseFilter { on_notice: Some(false), ..within() }).await, ["01", "03"]);
        assert_eq!(numbers(CaseFilter { ended: Some(true), ..within() }).await, ["03"]);
        assert_eq!(numbers(CaseFilter { search: Some("赵六".into()), ..within() }).await, ["03"]);
        assert_eq!(numbers(CaseFilter::within(area("619021101"))).await, ["01", "02"]);
        assert_eq!(
            anju_store::identification::count_by_step(&test.db, &area("619021101")).await.unwrap(),
            [(Step::GroupReview, 1, 0), (Step::VillagePublicity, 1, 1)]
        );
        // All wait since the day of their application, 1 March; those on a notice are not late.
        let late = |day| CaseFilter {
            waiting_before: Some(vec![(Step::GroupReview, day), (Step::VillagePublicity, day)]),
            ..within()
        };
        assert_eq!(numbers(late(date(2026, 3, 1))).await, [""; 0]);
        assert_eq!(numbers(late(date(2026, 3, 2))).await, ["01"]);
        assert_eq!(numbers(CaseFilter { waiting_before: Some(Vec::new()), ..within() }).await, [""; 0]);
        assert_eq!(numbers(CaseFilter { ids: Some(vec![id(21, 2), id(21, 77)]), ..within() }).await, ["02"]);
        // Every household has a case that goes on or has led to the announcement.
        let free = anju_store::identification::without_case(&test.db, &area("619021"), None).await.unwrap();
        assert!(free.is_empty(), "{free:?}");
        let mut withdrawn = anju_store::load::<IdentificationCase>(&test.db, &id(21, 1).to_string())
            .await.unwrap().unwrap();
        withdrawn.value.step = Step::Withdrawn;
        let mut tx = begin(test, "withdraw", 50).await;
        tx.update(&[withdrawn]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let free = anju_store::identification::without_case(&test.db, &area("619021"), None).await.unwrap();
        assert_eq!(free, [id(1, 1)]);
        assert_eq!(anju_store::identification::count_without_case(&test.db, &area("619021")).await.unwrap(), 1);
        // The first of its households is not announced, the third is.
        assert_eq!(numbers_identified(test, true).await, [3]);
        assert_eq!(numbers_identified(test, false).await, [1, 2]);
        let open = NoticeFilter {
            level: Some(Level::Village),
            closed: Some(false),
            kind: Some(NoticeKind::Publicity),
            ..NoticeFilter::within(area("619021101"))
        };
        let notices = anju_store::identification::notices(&test.db, &open, &ALL).await.unwrap();
        assert_eq!(notices.items[0].value, notice(1, &[2]));
        for (day, found) in [(date(2026, 3, 8), 0), (date(2026, 3, 9), 1)] {
            let run = NoticeFilter { until_before: Some(day), ..open.clone() };
            let notices = anju_store::identification::notices(&test.db, &run, &ALL).await.unwrap();
            assert_eq!(notices.total, found, "{day}");
        }
        // One of the county is a township's to see where it names a household there.
        let mut county = notice(7, &[2]);
        county.area = area("619021");
        county.level = Level::County;
        let mut tx = begin(test, "post", 55).await;
        tx.insert(&[county.clone()]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        let concerning = async |code: &str, of_areas_above: bool| -> Vec<Uuid> {
            let filter = NoticeFilter { of_areas_above, ..NoticeFilter::within(area(code)) };
            let page = anju_store::identification::notices(&test.db, &filter, &ALL).await.unwrap();
            page.items.into_iter().map(|notice| notice.value.id).filter(|id| *id == county.id).collect()
        };
        assert_eq!(concerning("619021101", true).await, [county.id]);
        assert_eq!(concerning("619021101", false).await, Vec::<Uuid>::new());
        assert_eq!(concerning("619021102", true).await, Vec::<Uuid>::new());
        assert_eq!(concerning("61", true).await, [county.id]);
        let village = area("619021101201");
        let serial = async |kind, year| {
            anju_store::identification::last_serial(&test.db, &village, kind, year).await.unwrap()
        };
        assert_eq!(serial(NoticeKind::Publicity, 2026).await, 1);
        assert_eq!(serial(NoticeKind::Announcement, 2026).await, 0);
        assert_eq!(serial(NoticeKind::Publicity, 2027).await, 0);
        // A number is given once.
        let mut twice = notice(1, &[]);
        twice.id = id(22, 99);
        let mut tx = begin(test, "post", 60).await;
        assert!(matches!(tx.insert(&[twice]).await, Err(StoreError::Duplicate { .. })));
        drop(tx);
        let objections = anju_store::identification::objections(&test.db, &area("619021"), Some(ObjectionState::Open), Some(id(22, 1)), &ALL)
            .await.unwrap();
        assert_eq!(objections.items[0].value, objection(1, 1, 2));
    }
);
