//! A small county with one or more subjects of every kind.

use std::collections::BTreeMap;
use std::pin::Pin;

use anju_ledger::SigningKey;
use anju_model::access::{
    ProviderIdentity, Purpose, Role, SecondFactor, Session, SignInGuard, Unmasking, User,
};
use anju_model::amendment::{Amendment, AmendmentKind, AmendmentState, Change, Evidence};
use anju_model::area::{Area, AreaCode};
use anju_model::bulk::{BulkChange, BulkSource, BulkState, FieldCount, SavedView};
use anju_model::category::{CategoryEvidence, DepartmentListing, EvidenceRecord};
use anju_model::code_list::Text;
use anju_model::erasure::Erasure;
use anju_model::hazard::{
    HazardFacts, HazardKind, HazardPoint, HazardRisk, HazardScale, HazardState, RelocationExtent,
};
use anju_model::identification::{
    Application, ApplicationForm, IdentificationCase, Level, NoticeKind, NoticeNumber, Objection,
    ObjectionState, Procedure, PublicityNotice, Step,
};
use anju_model::identity::{IdNumber, Sex};
use anju_model::job::{Job, JobKind, JobState};
use anju_model::land::{Candidate, LandAssessment, Layer, LayerKind};
use anju_model::lookback::{
    ExtractFacts, ExtractRecord, ItemState, LookbackItem, Severity, ThreatenedHousehold,
};
use anju_model::money::Fen;
use anju_model::plan::{Assignment, Destination, Plan, PlanTotals};
use anju_model::register::{
    Category, CauseOfMove, Consent, ConsentChoice, ConsentTaking, County, DocumentKind, FileKind, Fund, Home,
    Household, HouseholdDocument, HouseholdFacts, HouseholdStatus, ImportedFile, IncomeKind, IncomeLine,
    IncomeYear, MemberException, Pathway, Person, PersonFacts, Position, Relation, SignedConsent,
    StockHousing, Urgency,
};
use anju_model::roster::{Freezing, Roster, RosterFilter, RosterState};
use anju_store::attachment::Attachment;
use anju_store::exchange::ImportProfile;
use anju_store::roster::RosterPart;
use anju_store::testing::TestDatabase;
use anju_store::{Context, Tx, VerificationReport};
use jiff::Timestamp;
use jiff::civil::date;
use uuid::Uuid;

pub fn key() -> SigningKey {
    SigningKey::from_seed("anju-619021", [7; 32])
}

/// A UUID from two small numbers: what it is of, and which one.
pub fn id(kind: u64, number: u64) -> Uuid {
    Uuid::from_u64_pair((kind << 16) | 0x7000, 0x8000_0000_0000_0000 | number)
}

/// Seconds after a fixed instant.
pub fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

pub fn context(command: &str, seconds: i64) -> Context {
    let mut salt_seed = [3; 32];
    salt_seed[..8].copy_from_slice(&seconds.to_le_bytes());
    Context {
        actor: "officer".into(),
        command: command.into(),
        reason: None,
        at: instant(seconds),
        salt_seed,
    }
}

pub async fn begin(test: &TestDatabase, command: &str, seconds: i64) -> Tx {
    test.db.begin(context(command, seconds)).await.unwrap()
}

pub async fn verify(test: &TestDatabase) -> VerificationReport {
    anju_store::verify(&test.db, &key().verifying_key(), &test.attachments, &|_| {
        std::ops::ControlFlow::Continue(())
    })
    .await
    .unwrap()
}

pub fn area(code: &str) -> AreaCode {
    AreaCode::parse(code).unwrap()
}

pub fn text(words: &str) -> Text {
    Text::new(words, words)
}

pub fn person(number: u64, name: &str, relation: Relation, id_number: Option<&str>) -> Person {
    Person {
        id: id(2, number),
        facts: PersonFacts {
            birth_date: Some(jiff::civil::date(1980, 2, 29)),
            id_number: id_number.map(IdNumber::new),
            ..PersonFacts::new(name, Sex::Male, relation)
        },
    }
}

/// Household `number` in the group with this code; its head is called as given.
pub fn household(number: u64, group: &str, head: &str) -> Household {
    Household {
        id: id(1, number),
        facts: HouseholdFacts {
            causes: vec![CauseOfMove::Geohazard],
            must_move: true,
            urgency: Some(Urgency::Urgent),
            position: Some(Position {
                longitude: 108.123456789,
                latitude: 33.0 + number as f64 / 1000.0,
            }),
            hazard_point: Some("ZD-07".into()),
            phone: Some(format!("1391234{number:04}")),
            bank_account: Some("6217000000000000000".into()),
            farmland_mu_hundredths: Some(325),
            home: Home {
                area_m2: Some(88.1),
                ..Home::default()
            },
            ..HouseholdFacts::new(format!("QX-{number:05}"), area(group), Category::Disaster)
        },
        members: vec![
            person(number * 10, head, Relation::Head, Some("619021198002290014")),
            person(number * 10 + 1, "李'秀%英", Relation::Spouse, None),
        ],
        consent: Some(Consent {
            choice: ConsentChoice::Move,
            pathway: Some(Pathway::Concentrated),
            evidence: Some("YY-1".into()),
            ..Consent::new(ConsentChoice::Move, head, jiff::civil::date(2026, 3, 1))
        }),
        status: HouseholdStatus::Active,
        events: Vec::new(),
    }
}

pub fn item(number: u64, household: u64, group: &str, rule: &str, severity: Severity) -> LookbackItem {
    LookbackItem {
        id: id(3, number),
        rule: rule.into(),
        severity,
        area: area(group),
        household: Some(id(1, household)),
        person: Some(id(2, household * 10)),
        other_household: Some(id(1, household + 1)),
        other_person: Some(id(2, household * 10 + 10)),
        evidence: vec![id(4, 1)],
        values: BTreeMap::from([("plate".into(), "川A12345".into())]),
        explanation: text("有车"),
        action: text("核实"),
        probability: 0.1 * number as f64,
        state: ItemState::Open,
        decision_reason: None,
        decided_by: None,
        decided_at: None,
    }
}

pub fn extract(number: u64) -> ExtractRecord {
    ExtractRecord {
        id: id(4, number),
        file: "车辆.xlsx".into(),
        row: number as u32 + 2,
        name: "张三".into(),
        id_number: Some(IdNumber::new("619021198002290014")),
        facts: ExtractFacts::Vehicle {
            plate: "川A12345".into(),
            kind: "小型轿车".into(),
            price: Some(Fen::from_yuan(98_000)),
            registered: Some(jiff::civil::date(2021, 5, 6)),
            state: None,
        },
    }
}

pub fn threatened(number: u64) -> ThreatenedHousehold {
    ThreatenedHousehold {
        id: id(5, number),
        file: "受威胁户.xlsx".into(),
        row: number as u32,
        hazard_point: "ZD-07".into(),
        area: area("619021101201"),
        head_name: "张三".into(),
        head_id_number: Some(IdNumber::new("619021198002290014")),
        persons: 4,
        must_move: true,
    }
}

pub fn hazard_point(number: u64) -> HazardPoint {
    HazardPoint {
        id: id(30, number),
        facts: HazardFacts {
            code: format!("ZD-{number:02}"),
            name: Some("青石村滑坡".into()),
            area: area("619021101201"),
            kind: HazardKind::Landslide,
            scale: Some(HazardScale::Medium),
            risk: Some(HazardRisk::High),
            state: HazardState::Active,
            extent: Some(RelocationExtent::Whole),
            threatened_households: Some(3),
            threatened_persons: Some(11),
            assessment: None,
            position: Some(Position {
                longitude: 108.1,
                latitude: 33.2,
            }),
            layer_feature: None,
        },
        safe: Vec::new(),
        closing: None,
    }
}

pub fn listing(number: u64) -> DepartmentListing {
    DepartmentListing {
        id: id(31, number),
        file: "扶贫名单.xlsx".into(),
        row: number as u32,
        document: "安扶发〔2016〕12号".into(),
        office: "县扶贫办".into(),
        name: "张三".into(),
        id_number: Some(IdNumber::new("619021198002290014")),
        area: Some(area("619021101201")),
    }
}

pub fn evidence(number: u64) -> EvidenceRecord {
    EvidenceRecord {
        id: id(32, number),
        household: id(1, number),
        area: area("61902110120101"),
        evidence: CategoryEvidence::Project {
            name: "安澜水库".into(),
            document: "安发改〔2023〕31号".into(),
            attachment: None,
        },
        recorded_by: "officer".into(),
        recorded_at: instant(number as i64),
    }
}

pub fn assessment(number: u64) -> LandAssessment {
    LandAssessment {
        id: id(6, number),
        made_at: instant(number as i64),
        pack: "cn-shaanxi 3".into(),
        layers: vec![id(10, 1)],
        epsg: 4545,
        size: (100, 200),
        cell_m: 30.0,
        area_m2: 1.5e7,
        excluded_m2: 0.1 + 0.2,
        excluded: Vec::new(),
        candidates: 1,
        hillshade: "a".into(),
        suitability: "b".into(),
        slope: "c".into(),
    }
}

pub fn candidate(number: u64, assessment: u64) -> Candidate {
    Candidate {
        id: id(7, number),
        assessment: id(6, assessment),
        code: format!("B{number:03}"),
        area: area("619021101"),
        rings: vec![vec![
            (36_500_000.123, 3_650_000.5),
            (36_500_100.0, 3_650_000.5),
            (36_500_000.123, 3_650_000.5),
        ]],
        centre: (36_500_010.0, 3_650_001.0),
        area_m2: 31_415.926_535,
        capacity_households: 120,
        slope_percent: 7.25,
        elevation_m: 612.0,
        score: 0.875,
        score_parts: Vec::new(),
        anchors: Vec::new(),
        verdicts: Vec::new(),
    }
}

pub fn plan(number: u64) -> Plan {
    Plan {
        id: id(8, number),
        made_at: instant(100 + number as i64),
        pack: "cn-shaanxi 3".into(),
        assessment: id(6, 1),
        seed: 42,
        totals: PlanTotals {
            households_to_move: 3,
            persons_to_move: 6,
            households_placed: 2,
            persons_placed: 4,
            households_other_pathway: 0,
            households_not_moving: 0,
            households_unplaced: 1,
            sites_opened: 1,
            concentration_rate: 1.0,
            own_township_rate: 1.0,
            cohesion: 1.0,
            mean_distance_m: 1234.5,
            worst_distance_m: 2000.0,
            cost: Fen(123_456),
            budget: Fen(200_000),
            objective: Fen(130_000),
            lower_bound: Fen(129_000),
            gap: 0.007_75,
        },
        sites: Vec::new(),
        unused: Vec::new(),
    }
}

pub fn assignment(
    number: u64,
    plan: u64,
    group: &str,
    households: &[u64],
    destination: Destination,
) -> Assignment {
    Assignment {
        id: id(9, number),
        plan: id(8, plan),
        area: area(group),
        households: households.iter().map(|number| id(1, *number)).collect(),
        persons: 2 * households.len() as u32,
        origin: (36_500_000.0, 3_650_000.0),
        destination,
        cost: Fen(1_000 * number as i64),
        next_best: Some((id(7, 2), Fen(77))),
        explanation: text("最近"),
    }
}

pub fn case(number: u64, household: u64, group: &str, step: Step) -> IdentificationCase {
    IdentificationCase {
        id: id(21, number),
        household: id(1, household),
        area: area(group),
        procedure: Procedure::TwoReviews,
        application: Application {
            form: ApplicationForm::Visit,
            date: date(2026, 3, 1),
            witness: None,
            reference: None,
        },
        step,
        notice: None,
        open_objections: 0,
        taken: Vec::new(),
    }
}

pub fn notice(number: u64, cases: &[u64]) -> PublicityNotice {
    PublicityNotice {
        id: id(22, number),
        kind: NoticeKind::Publicity,
        number: Some(NoticeNumber {
            year: 2026,
            serial: u32::try_from(number).unwrap(),
        }),
        area: area("619021101201"),
        level: Level::Village,
        place: "村委会".into(),
        contact: "李四".into(),
        from: date(2026, 3, 1),
        until: date(2026, 3, 8),
        cases: cases.iter().map(|case| id(21, *case)).collect(),
        posted_by: "wang".into(),
        photos: Vec::new(),
        extensions: Vec::new(),
        removed: None,
        closed_at: None,
    }
}

pub fn objection(number: u64, notice: u64, case: u64) -> Objection {
    Objection {
        id: id(23, number),
        notice: id(22, notice),
        case: id(21, case),
        area: area("61902110120102"),
        from: None,
        content: "在县城有房".into(),
        received_by: "wang".into(),
        received_at: instant(5),
        state: ObjectionState::Open,
        answer: None,
        decided_by: None,
        decided_at: None,
    }
}

/// Draft `number` of the county's disaster rosters.
pub fn roster(number: u64) -> Roster {
    Roster {
        id: id(18, number),
        category: Category::Disaster,
        title: "避灾搬迁名册".into(),
        number: number as u32,
        state: RosterState::Draft,
        filter: RosterFilter {
            area: area("619021"),
            poverty_attribute: None,
            choice: Some(ConsentChoice::Move),
            must_move: Some(true),
            open_items: None,
            identified: None,
        },
        households: 2,
        persons: 4,
        hash: "ef".into(),
        previous: None,
        drafted_by: "wang".into(),
        drafted_at: instant(number as i64),
        frozen: None,
        superseded_by: None,
    }
}

pub fn freezing() -> Freezing {
    Freezing {
        by: "zhao".into(),
        at: instant(40),
        approver: "县人民政府".into(),
        document: "安政函〔2026〕7号".into(),
    }
}

pub fn part(number: u64, roster: u64, households: &[u64]) -> RosterPart {
    RosterPart {
        id: id(19, number),
        roster: id(18, roster),
        number: number as u32,
        households: households.iter().map(|number| id(1, *number)).collect(),
    }
}

/// An amendment of household `household`, which has the example's bank account.
pub fn amendment(number: u64, household: u64, group: &str) -> Amendment {
    Amendment {
        id: id(20, number),
        roster: id(18, 1),
        household: id(1, household),
        register_number: format!("QX-{household:05}"),
        area: area(group),
        kind: AmendmentKind::Correction,
        changes: vec![Change::BankAccount {
            old: Some("6217000000000000000".into()),
            new: None,
        }],
        reason: "账户已销".into(),
        evidence: Some(Evidence {
            hash: "ab".into(),
            name: "销户证明.jpg".into(),
        }),
        state: AmendmentState::Asked,
        steps: Vec::new(),
    }
    .ask("li", instant(50 + number as i64))
    .unwrap()
}

/// A batch that wang read.
pub fn bulk_change(number: u64, place: &str) -> BulkChange {
    BulkChange {
        id: id(21, number),
        title: "更正.xlsx".into(),
        area: area(place),
        source: BulkSource::Sheet,
        undoes: None,
        hash: "ab".into(),
        rows_read: 2,
        rows_unchanged: 1,
        rows_refused: 0,
        households: 1,
        fields: vec![FieldCount {
            field: "must_move".into(),
            member: false,
            changes: 1,
        }],
        unknown_columns: Vec::new(),
        personal: false,
        state: BulkState::Read,
        asked_by: "wang".into(),
        asked_at: instant(number as i64),
        reason: None,
        decision: None,
    }
}

/// Income of household `household`: 24 000 yuan of wages, and crops for 10 000 that cost 6 500.
pub fn income(number: u64, household: u64, year: i16) -> IncomeYear {
    let line = |kind, yuan, cost| IncomeLine {
        kind,
        amount: Fen::from_yuan(yuan),
        cost: Fen::from_yuan(cost),
        source: None,
        evidence: None,
        from: None,
        to: None,
    };
    IncomeYear {
        id: id(31, number),
        household: id(1, household),
        area: area("61902110120101"),
        year,
        lines: vec![
            line(IncomeKind::Wage, 24_000, 0),
            line(IncomeKind::Business, 10_000, 6_500),
        ],
    }
}

pub fn signed_consent(number: u64, household: u64) -> SignedConsent {
    SignedConsent {
        id: id(32, number),
        household: id(1, household),
        area: area("61902110120101"),
        consent: Consent {
            taking: Some(ConsentTaking::Oral),
            witness: Some("李四".into()),
            exceptions: vec![MemberException {
                person: id(2, household * 10 + 1),
                choice: ConsentChoice::Stay,
                pathway: None,
                reason: Some("照看老屋".into()),
            }],
            ..Consent::new(ConsentChoice::Move, "张三", date(2026, 3, 1))
        },
        recorded_by: "li".into(),
        recorded_at: instant(60 + number as i64),
        withdrawal: None,
    }
}

pub fn document(number: u64, household: u64) -> HouseholdDocument {
    HouseholdDocument {
        id: id(33, number),
        household: id(1, household),
        area: area("61902110120101"),
        kind: DocumentKind::HomePhoto,
        hash: "cd".into(),
        name: "正面.jpg".into(),
        media_type: "image/jpeg".into(),
        size: 12,
        taken_on: Some(date(2026, 2, 1)),
        position: None,
        note: None,
        added_by: "li".into(),
        added_at: instant(70 + number as i64),
        removal: None,
    }
}

pub fn user(number: u64, name: &str) -> User {
    User {
        id: id(14, number),
        name: name.into(),
        display_name: "王主任".into(),
        role: Role::CountyOfficer,
        area: area("619021"),
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into(),
        must_change_password: true,
        disabled: false,
        department: None,
    }
}

/// Writes at least one subject of every kind in two transactions, with an update and a retirement among them.
///
/// Boxed, so that its body is compiled once and not for every test.
pub fn fill(test: &TestDatabase) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
    Box::pin(write_all(test))
}

async fn write_all(test: &TestDatabase) {
    let mut tx = begin(test, "init", 0).await;
    tx.insert(&[County {
        code: area("619021"),
        name: "青溪县".into(),
        epsg: 4545,
        pack: "cn-shaanxi".into(),
    }])
    .await
    .unwrap();
    tx.insert(&[
        Area::new(area("619021"), "青溪县"),
        Area::new(area("619021101"), "清溪镇"),
        Area::new(area("619021101201"), "青石村"),
    ])
    .await
    .unwrap();
    tx.insert(&[user(1, "wang"), user(2, "zhao")]).await.unwrap();
    tx.insert(&[Session {
        id: id(15, 1),
        user: id(14, 1),
        token_hash: "00ff".into(),
        created_at: instant(0),
        expires_at: instant(3600),
        ended_at: Some(instant(60)),
        last_used: Some(jiff::civil::date(2026, 3, 2)),
        device: "Firefox".into(),
        provider: Some("https://id.example.org".into()),
    }])
    .await
    .unwrap();
    tx.insert(&[SignInGuard {
        id: "00ff".into(),
        failures: vec![instant(1)],
        locked_until: Some(instant(900)),
    }])
    .await
    .unwrap();
    tx.insert(&[SecondFactor {
        id: id(17, 1),
        user: id(14, 1),
        secret: "00ff".into(),
        confirmed: true,
        last_step: 58_000_000,
        recovery: vec!["00ff".into()],
    }])
    .await
    .unwrap();
    tx.insert(&[ProviderIdentity {
        id: id(29, 1),
        user: id(14, 1),
        issuer: "https://id.example.org".into(),
        subject: "wang-of-the-provider".into(),
    }])
    .await
    .unwrap();
    tx.insert(&[Unmasking {
        id: id(18, 1),
        household: id(1, 1),
        area: area("61902110120101"),
        by: "wang".into(),
        purpose: Purpose::Other,
        note: Some("核对".into()),
        at: instant(0),
    }])
    .await
    .unwrap();
    tx.insert(&[
        household(1, "61902110120101", "张三"),
        household(2, "61902110120102", "王五"),
        household(3, "61902120120101", "赵六"),
    ])
    .await
    .unwrap();
    let mut suspended = case(2, 2, "61902110120102", Step::VillagePublicity);
    suspended.notice = Some(id(22, 1));
    suspended.open_objections = 1;
    tx.insert(&[
        case(1, 1, "61902110120101", Step::GroupReview),
        suspended,
        case(3, 3, "61902120120101", Step::Announced),
    ])
    .await
    .unwrap();
    tx.insert(&[notice(1, &[2])]).await.unwrap();
    tx.insert(&[objection(1, 1, 2)]).await.unwrap();
    tx.insert(&[ImportedFile {
        id: id(11, 1),
        name: "名册.xlsx".into(),
        kind: FileKind::Register,
        sha256: "ab".into(),
        records_read: 3,
        records_accepted: 3,
        records_refused: 0,
        imported_at: instant(1),
    }])
    .await
    .unwrap();
    tx.insert(&[ImportProfile {
        id: id(12, 1),
        name: "县局格式".into(),
        kind: FileKind::Register,
        mapping: serde_json::json!({"姓名": "name"}),
    }])
    .await
    .unwrap();
    let hash = test.attachments.put(b"layer").unwrap();
    tx.insert(&[Attachment {
        hash,
        media_type: "application/geo+json".into(),
        name: "隐患点.geojson".into(),
        size: 5,
    }])
    .await
    .unwrap();
    tx.insert(&[extract(1), extract(2)]).await.unwrap();
    tx.insert(&[threatened(1)]).await.unwrap();
    tx.insert(&[hazard_point(1), hazard_point(7)]).await.unwrap();
    tx.insert(&[listing(1)]).await.unwrap();
    tx.insert(&[evidence(1)]).await.unwrap();
    tx.insert(&[Layer {
        id: id(10, 1),
        kind: LayerKind::HazardPoints,
        source: "隐患点.shp".into(),
        source_crs: "EPSG:4545".into(),
        features: 12,
        content: "cd".into(),
        imported_at: instant(2),
    }])
    .await
    .unwrap();
    tx.commit(&key()).await.unwrap();

    let mut tx = begin(test, "run", 10).await;
    tx.insert(&[
        item(1, 1, "61902110120101", "asset.vehicle", Severity::Clear),
        item(2, 2, "61902110120102", "identity.check_digit", Severity::Block),
        item(3, 3, "61902120120101", "asset.vehicle", Severity::Clear),
    ])
    .await
    .unwrap();
    tx.insert(&[assessment(1)]).await.unwrap();
    tx.insert(&[candidate(1, 1), candidate(2, 1)]).await.unwrap();
    tx.insert(&[StockHousing {
        id: id(13, 1),
        name: "幸福里".into(),
        area: area("619021101"),
        position: Position {
            longitude: 108.2,
            latitude: 33.1,
        },
        dwellings: 40,
        dwelling_area_m2: 90.5,
        price: Fen::from_yuan(300_000),
    }])
    .await
    .unwrap();
    tx.insert(&[Fund {
        id: id(16, 1),
        source: "中央预算内".into(),
        document: "陕发改〔2026〕1号".into(),
        year: 2026,
        amount: Fen::from_yuan(5_000_000),
    }])
    .await
    .unwrap();
    tx.insert(&[plan(1)]).await.unwrap();
    let site = Destination::Site {
        site: id(7, 1),
        distance_m: 1500.25,
    };
    tx.insert(&[
        assignment(1, 1, "61902110120101", &[1], site),
        assignment(
            2,
            1,
            "61902110120102",
            &[2],
            Destination::Pathway {
                pathway: Pathway::Scattered,
            },
        ),
        assignment(3, 1, "61902120120101", &[3], Destination::Unplaced),
    ])
    .await
    .unwrap();
    tx.insert(&[roster(1).freeze(freezing()).unwrap()]).await.unwrap();
    tx.insert(&[part(1, 1, &[1, 2])]).await.unwrap();
    tx.insert(&[amendment(1, 1, "61902110120101")]).await.unwrap();
    tx.insert(&[bulk_change(1, "619021")]).await.unwrap();
    tx.insert(&[SavedView {
        id: id(22, 1),
        owner: "wang".into(),
        page: "register".into(),
        name: "应搬户".into(),
        query: "must_move=true".into(),
        saved_at: instant(1),
    }])
    .await
    .unwrap();
    tx.insert(&[income(1, 1, 2025)]).await.unwrap();
    tx.insert(&[signed_consent(1, 1)]).await.unwrap();
    tx.insert(&[document(1, 1)]).await.unwrap();
    tx.insert(&[Job {
        id: id(17, 1),
        kind: JobKind::Plan,
        state: JobState::Done,
        requested_by: "wang".into(),
        started_at: instant(5),
        finished_at: Some(instant(9)),
        error: None,
        result: Some(serde_json::json!({"sites": 1})),
    }])
    .await
    .unwrap();
    tx.commit(&key()).await.unwrap();

    let mut changed: anju_store::Versioned<LookbackItem> = anju_store::load(&test.db, &id(3, 3).to_string())
        .await
        .unwrap()
        .unwrap();
    changed.value.state = ItemState::Confirmed;
    changed.value.decision_reason = Some("车已核实".into());
    let gone: anju_store::Versioned<User> = anju_store::load(&test.db, &id(14, 2).to_string())
        .await
        .unwrap()
        .unwrap();
    let context = Context {
        reason: Some("车已核实".into()),
        ..context("decide_lookback", 20)
    };
    let mut tx = test.db.begin(context).await.unwrap();
    let fund: anju_store::Versioned<Fund> = anju_store::load(&test.db, &id(16, 1).to_string())
        .await
        .unwrap()
        .unwrap();
    let superseded = first_entry(test, "fund", &id(16, 1).to_string()).await;
    tx.update(&[fund]).await.unwrap();
    let asked = asked_erasure(superseded);
    tx.insert(std::slice::from_ref(&asked)).await.unwrap();
    tx.erase_entry(&carried_out(&asked)).await.unwrap();
    tx.update(&[changed]).await.unwrap();
    tx.retire(&[gone]).await.unwrap();
    tx.commit(&key()).await.unwrap();
}

/// The erasure of an entry as one officer asks for it.
pub fn asked_erasure(entry: u64) -> Erasure {
    Erasure::ask(
        entry,
        None,
        "officer",
        instant(20),
        "当事人申请",
        "安法执〔2026〕3号",
    )
    .unwrap()
}

/// The same, asked for just now, as another person carries it out.
pub fn carried_out(asked: &Erasure) -> anju_store::Versioned<Erasure> {
    anju_store::Versioned {
        value: asked.carry_out("admin", instant(21), None).unwrap(),
        version: 1,
        changed_at: instant(20),
        changed_by: "officer".into(),
    }
}

/// The oldest entry of a subject.
pub async fn first_entry(test: &TestDatabase, kind: &str, subject: &str) -> u64 {
    let wanted = anju_store::EntryFilter {
        kind: Some(kind.into()),
        subject: Some(subject.into()),
        ..anju_store::EntryFilter::default()
    };
    let entries = anju_store::entries(&test.db, &wanted).await.unwrap();
    entries.last().unwrap().index
}
