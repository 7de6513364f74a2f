//! The register's list and its search: what is typed finds what it should by an index, whatever the way it is found.

use anju_model::register::{Category, ConsentChoice, Household};
use anju_store::register::{HouseholdFilter, HouseholdSort, households};
use anju_store::testing::TestDatabase;
use anju_store::{Db, Paging, database_test};

use crate::fixtures::*;

fn county() -> HouseholdFilter {
    HouseholdFilter::within(area("619021"))
}

fn searched(typed: &str) -> HouseholdFilter {
    HouseholdFilter {
        search: Some(typed.into()),
        ..county()
    }
}

/// Register numbers on the first page, and how many there are.
async fn page(db: &Db, filter: &HouseholdFilter, limit: u32) -> (Vec<u64>, u64) {
    let paging = Paging { after: None, limit };
    let page = households(db, filter, &paging).await.unwrap();
    assert!(!page.at_least);
    let numbers = page
        .items
        .iter()
        .map(|item| item.register_number[3..].parse().unwrap());
    (numbers.collect(), page.total)
}

async fn insert(test: &TestDatabase, households: &[Household]) {
    let mut tx = begin(test, "import", 0).await;
    tx.insert(households).await.unwrap();
    tx.commit(&key()).await.unwrap();
}

/// Households 1 to 5 with names that are read in ways worth a test.
async fn families(test: &TestDatabase) {
    let names = ["单田芳", "曾国藩", "解晓东", "仇小英", "阿依古丽·买买提"];
    let families: Vec<Household> = (1..)
        .zip(names)
        .map(|(number, name)| household(number, &format!("6190211012010{number}"), name))
        .collect();
    insert(test, &families).await;
}

database_test!(
    async fn initials_numbers_and_parts_of_names_find_households(test) {
        families(test).await;
        for (typed, found) in [
            // Surnames are read as surnames: Shan, Zeng, Xie, Qiu.
            ("stf", &[1][..]),
            ("STF", &[1]),
            ("st", &[1]),
            ("dtf", &[]),
            ("zgf", &[2]),
            ("cgf", &[]),
            ("xxd", &[3]),
            ("qxy", &[4]),
            ("aygl", &[5]),
            // The spouse of every head, 李'秀%英.
            ("lxy", &[1, 2, 3, 4, 5]),
            // A name from its first, second and third character, and behind its dot.
            ("曾", &[2]),
            ("国藩", &[2]),
            ("藩", &[2]),
            ("国", &[2]),
            ("买买", &[5]),
            ("阿依古丽·", &[5]),
            // Number and phone from their ends: 13912340001 to …5.
            ("00004", &[4]),
            ("12340004", &[4]),
            ("2340004", &[4]),
            ("qx-00003", &[3]),
            ("QX-", &[1, 2, 3, 4, 5]),
            ("619021800229001", &[1, 2, 3, 4, 5]),
            ("619021198002290014", &[1, 2, 3, 4, 5]),
            ("61902119800229001", &[]),
        ] {
            assert_eq!(page(&test.db, &searched(typed), 50).await, (found.to_vec(), found.len() as u64), "{typed}");
            // The same by reading the whole list at once.
            assert_eq!(page(&test.db, &searched(typed), 0).await.0, found, "{typed}");
        }
        let elsewhere = HouseholdFilter { area: area("61902110120102"), ..searched("lxy") };
        assert_eq!(page(&test.db, &elsewhere, 50).await, (vec![2], 1));
        let nowhere = HouseholdFilter { area: area("619022"), ..searched("stf") };
        assert_eq!(page(&test.db, &nowhere, 50).await, (vec![], 0));
        let filtered = HouseholdFilter { choice: Some(ConsentChoice::Stay), ..searched("lxy") };
        assert_eq!(page(&test.db, &filtered, 50).await, (vec![], 0));
        let renamed = anju_store::load::<Household>(&test.db, &id(1, 1).to_string()).await.unwrap().unwrap();
        let mut renamed = renamed;
        renamed.value.members[0].facts.name = "张天方".into();
        let mut tx = begin(test, "edit", 1).await;
        tx.update(&[renamed]).await.unwrap();
        tx.commit(&key()).await.unwrap();
        assert_eq!(page(&test.db, &searched("stf"), 50).await, (vec![], 0));
        assert_eq!(page(&test.db, &searched("ztf"), 50).await, (vec![1], 1));
    }
);

/// Households of three townships with many ties in every order.
fn many(count: u64) -> Vec<Household> {
    (1..=count)
        .map(|number| {
            let group = format!("619021{}2{:02}01", 101 + number % 3, 1 + number % 4);
            let mut made = household(number, &group, ["张三", "李四", "王五"][number as usize % 3]);
            made.facts.category = if number % 10 == 0 {
                Category::Poverty
            } else {
                Category::Disaster
            };
            if number % 2 == 0 {
                made.members.truncate(1);
            }
            made
        })
        .collect()
}

database_test!(
    async fn every_way_of_finding_gives_the_same_pages(test) {
        insert(test, &many(120)).await;
        let places = ["619021", "619021102", "619021102201", "61902110220101", "61"];
        for (place, search, category) in places
            .iter()
            .flat_map(|place| [None, Some("张"), Some("z"), Some("QX-0")].map(|search| (place, search)))
            .flat_map(|(place, search)| [None, Some(Category::Poverty)].map(|category| (*place, search, category)))
        {
            for sort in [HouseholdSort::RegisterNumber, HouseholdSort::HeadName, HouseholdSort::Persons, HouseholdSort::Area] {
                for descending in [false, true] {
                    let filter = HouseholdFilter {
                        search: search.map(str::to_owned),
                        category,
                        sort,
                        descending,
                        ..HouseholdFilter::within(area(place))
                    };
                    let whole = page(&test.db, &filter, 0).await.0;
                    let (mut joined, mut paging) = (Vec::new(), Paging { after: None, limit: 7 });
                    loop {
                        let page = households(&test.db, &filter, &paging).await.unwrap();
                        assert_eq!(page.total, whole.len() as u64, "{filter:?}");
                        joined.extend(page.items.iter().map(|item| item.register_number[3..].parse::<u64>().unwrap()));
                        match page.next {
                            Some(next) => paging.after = Some(next),
                            None => break,
                        }
                    }
                    assert_eq!(joined, whole, "{filter:?}");
                }
            }
        }
    }
);

database_test!(
    async fn counts_follow_every_change(test) {
        insert(test, &many(30)).await;
        let total = async |filter: HouseholdFilter| page(&test.db, &filter, 5).await.1;
        let poor = || HouseholdFilter { category: Some(Category::Poverty), ..county() };
        assert_eq!((total(county()).await, total(poor()).await), (30, 3));
        let mut moved = anju_store::load::<Household>(&test.db, &id(1, 10).to_string()).await.unwrap().unwrap();
        moved.value.facts.category = Category::Ecological;
        moved.value.facts.area = area("61902110320101");
        let gone = anju_store::load::<Household>(&test.db, &id(1, 20).to_string()).await.unwrap().unwrap();
        let mut tx = begin(test, "edit", 1).await;
        tx.update(&[moved]).await.unwrap();
        tx.retire(&[gone]).await.unwrap();
        tx.erase::<Household>(&id(1, 30).to_string()).await.unwrap();
        tx.commit(&key()).await.unwrap();
        assert_eq!((total(county()).await, total(poor()).await), (28, 0));
        assert_eq!(anju_store::register::counts(&test.db, &area("619021")).await.unwrap().households, 28);
        assert_eq!(verify(test).await.problems, []);
        test.db.administer("UPDATE household_tally SET households = households + 1 WHERE area = '619021'").await.unwrap();
        let problems = verify(test).await.problems;
        assert!(problems.iter().any(|problem| problem.table == "household_tally"), "{problems:?}");
    }
);

database_test!(
    async fn no_list_and_no_search_reads_a_whole_table(test) {
        insert(test, &many(60)).await;
        for place in ["619021", "619021102", "619021102201"] {
            for search in [None, Some("张三"), Some("zs"), Some("0001"), Some("619021198002290014")] {
                for sort in [HouseholdSort::RegisterNumber, HouseholdSort::HeadName, HouseholdSort::Persons, HouseholdSort::Area] {
                    for (descending, category) in [(false, None), (true, Some(Category::Poverty))] {
                        let filter = HouseholdFilter {
                            search: search.map(str::to_owned),
                            sort,
                            descending,
                            category,
                            ..HouseholdFilter::within(area(place))
                        };
                        for (sql, plan) in anju_store::register::explain_pages(&test.db, &filter).await.unwrap() {
                            for line in &plan {
                                // Going through an index in its order is what pages are made of; through a table, or one
                                // that has to be sorted, is not.
                                let whole = ["household", "person", "h", "q"].iter().any(|table| {
                                    // Numbers found by a search bear the name of the table where they stand in for it.
                                    let found = plan.contains(&format!("CO-ROUTINE {table}"));
                                    (*line == format!("SCAN {table}") && !found)
                                        || line.contains(&format!("Seq Scan on {table} "))
                                });
                                assert!(!whole, "{line}\nof {plan:#?}\nfor {sql}");
                            }
                            if sql.starts_with("SELECT h.") && sql.ends_with("LIMIT 51") {
                                let sorted = plan.iter().any(|line| line.contains("TEMP B-TREE FOR ORDER BY"));
                                assert!(!sorted, "{plan:#?}\nfor {sql}");
                            }
                        }
                    }
                }
            }
        }
    }
);

database_test!(
    async fn a_search_that_finds_much_gives_all_of_it_page_by_page(test) {
        insert(test, &many(900)).await;
        for (sort, category) in [HouseholdSort::RegisterNumber, HouseholdSort::Persons]
            .into_iter()
            .flat_map(|sort| [None, Some(Category::Poverty)].map(|category| (sort, category)))
        {
            // Every register number begins so; those of poverty are too few for the first rows to fill a page.
            let filter = HouseholdFilter { sort, category, ..searched("QX-") };
            let whole = page(&test.db, &filter, 0).await.0;
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let part = households(&test.db, &filter, &Paging { after: after.clone(), limit: 170 }).await.unwrap();
                assert!(part.total <= whole.len() as u64, "{part:?}");
                assert!(part.at_least || part.total == whole.len() as u64);
                found.extend(part.items.iter().map(|item| item.register_number[3..].parse::<u64>().unwrap()));
                after = part.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found, whole);
        }
    }
);
