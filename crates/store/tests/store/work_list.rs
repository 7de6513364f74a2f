//! The counts of the start page.

use anju_model::area::AreaLevel;
use anju_model::identification::Level;
use anju_store::database_test;
use anju_store::work_list::{notices_by_end, progress_by_area};
use jiff::civil::date;

use crate::fixtures::*;

database_test!(
    async fn progress_is_counted_by_part_of_the_area(test) {
        fill(test).await;
        let parts = progress_by_area(&test.db, &area("619021"), AreaLevel::Township).await.unwrap();
        let found: Vec<(&str, u64, u64, u64)> = parts
            .iter()
            .map(|part| (part.area.as_str(), part.households, part.on_roster, part.open_items))
            .collect();
        // Two households of the first township are on the roster in force; the third item was decided.
        assert_eq!(found, [("619021101", 2, 2, 2), ("619021201", 1, 0, 0)]);
        let groups = progress_by_area(&test.db, &area("619021101"), AreaLevel::Group).await.unwrap();
        assert_eq!(groups.iter().map(|part| part.on_roster).sum::<u64>(), 2);
        assert_eq!(progress_by_area(&test.db, &area("619022"), AreaLevel::Township).await.unwrap(), []);
    }
);

database_test!(
    async fn a_notice_has_run_after_its_last_day(test) {
        fill(test).await;
        let notice: Vec<anju_store::Versioned<anju_model::identification::PublicityNotice>> =
            anju_store::load_all(&test.db).await.unwrap();
        let open = notice.iter().map(|stored| &stored.value).find(|notice| notice.closed_at.is_none()).unwrap();
        let (level, until, place) = (open.level, open.until, open.area.clone());
        let counted = async |today, soon| notices_by_end(&test.db, &place, level, today, soon).await.unwrap();
        assert_eq!(counted(until, until).await, (0, 1));
        assert_eq!(counted(until.tomorrow().unwrap(), until.tomorrow().unwrap()).await, (1, 0));
        assert_eq!(counted(date(2000, 1, 1), date(2000, 1, 3)).await, (0, 0));
        let other = if level == Level::Village { Level::County } else { Level::Village };
        assert_eq!(notices_by_end(&test.db, &place, other, until, until).await.unwrap(), (0, 0));
    }
);
