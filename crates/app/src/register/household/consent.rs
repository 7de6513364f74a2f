//! Consent of a household as a record of its own: recorded, withdrawn, all of it readable, counted by village.

use std::collections::BTreeMap;

use anju_model::access::Action;
use anju_model::area::{AreaCode, AreaLevel};
use anju_model::identity::masked_name;
use anju_model::register::check::birth;
use anju_model::register::{
    Consent, ConsentChoice, ConsentTaking, Household, MemberException, Pathway, SignedConsent, SignerRole,
    Withdrawal,
};
use anju_model::roster::is_line;
use anju_store::Versioned;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{evidence, find, find_at, past_day, reason, refuse, refuse_frozen};
use crate::register::views::{CodeCount, HouseholdDetail, household as detail};
use crate::{AppError, Caller, Problem, Workspace};

/// Who signs.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(tag = "as", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = ConsentSigner)]
pub enum Signer {
    /// An adult member.
    Member {
        /// Which.
        person: Uuid,
    },
    /// Somebody who stands for the household.
    Representative {
        /// The name.
        name: String,
        /// By which right.
        basis: String,
    },
}

/// A consent to be recorded.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConsent {
    /// What was chosen.
    pub choice: ConsentChoice,
    /// The pathway, when the choice is to move.
    #[serde(default)]
    pub pathway: Option<Pathway>,
    /// The township it would like to live in.
    #[serde(default)]
    pub preferred_township: Option<AreaCode>,
    /// The site it would like to live in, by name.
    #[serde(default)]
    pub preferred_site: Option<String>,
    /// Whether it accepts a site in another township.
    #[serde(default)]
    pub accepts_other_township: bool,
    /// Members who do otherwise.
    #[serde(default)]
    pub exceptions: Vec<MemberException>,
    /// Who signed.
    pub signer: Signer,
    /// Who saw it signed; needed for an oral consent.
    #[serde(default)]
    pub witness: Option<String>,
    /// How it was taken.
    pub taking: ConsentTaking,
    /// The day.
    pub date: Date,
    /// Number of the form.
    #[serde(default)]
    pub evidence: Option<String>,
    /// Hash of the stored form.
    #[serde(default)]
    pub form: Option<String>,
}

/// A withdrawal to be recorded.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWithdrawal {
    /// The day.
    pub date: Date,
    /// Why, in the household's words.
    pub reason: String,
    /// Hash of a stored paper about it.
    #[serde(default)]
    pub evidence: Option<String>,
}

/// A consent on record as shown: names masked.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ConsentOnRecord {
    /// UUIDv7.
    pub id: Uuid,
    /// Whether it is the one that stands.
    pub stands: bool,
    /// The record.
    #[serde(flatten)]
    pub record: SignedConsent,
    /// Name of the preferred township.
    pub preferred_township_name: Option<String>,
}

/// Records a consent of a household that was seen at `version`. The one before stays readable.
///
/// # Errors
/// [`AppError::Fields`] with every field that is wrong; a pathway that a frozen roster names otherwise; somebody else was
/// quicker; a caller who may not.
pub async fn record(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    new: NewConsent,
) -> Result<HouseholdDetail, AppError> {
    let stored = find_at(workspace, caller, id, version).await?;
    let before = &stored.value;
    if !before.is_active() {
        return Err(anju_model::register::change::ChangeError::NotActive(
            before.facts.register_number.clone(),
        )
        .into());
    }
    refuse(problems(workspace, before, &new).await?)?;
    let (signer, signer_role) = match &new.signer {
        Signer::Member { person } => (
            name_of(before, *person).unwrap_or_default(),
            SignerRole::Member { person: *person },
        ),
        Signer::Representative { name, basis } => (
            name.trim().to_owned(),
            SignerRole::Representative {
                basis: basis.trim().to_owned(),
            },
        ),
    };
    let moves = new.choice == ConsentChoice::Move;
    let line = |text: Option<String>| {
        text.map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    };
    let consent = Consent {
        pathway: new.pathway.filter(|_| moves),
        preferred_township: new.preferred_township.filter(|_| moves),
        preferred_site: line(new.preferred_site).filter(|_| moves),
        accepts_other_township: new.accepts_other_township && moves,
        exceptions: new.exceptions,
        signer_role: Some(signer_role),
        witness: line(new.witness),
        taking: Some(new.taking),
        evidence: line(new.evidence),
        form: evidence(workspace, new.form.as_deref()).await?,
        ..Consent::new(new.choice, signer, new.date)
    };
    let record = SignedConsent {
        id: workspace.new_id(),
        household: id,
        area: before.facts.area.clone(),
        consent: consent.clone(),
        recorded_by: caller.name().to_owned(),
        recorded_at: workspace.now(),
        withdrawal: None,
    };
    let after = Household {
        consent: Some(consent),
        ..before.clone()
    };
    let mut transaction = workspace.begin(caller, "record_consent", None).await?;
    refuse_frozen(workspace, before, &after).await?;
    transaction
        .update(&[Versioned {
            value: after,
            ..stored
        }])
        .await?;
    transaction.insert(&[record]).await?;
    transaction.commit().await?;
    detail(workspace, caller, id).await
}

fn name_of(household: &Household, person: Uuid) -> Option<String> {
    household
        .members
        .iter()
        .find(|member| member.id == person)
        .map(|member| member.facts.name.clone())
}

async fn problems(
    workspace: &Workspace,
    household: &Household,
    new: &NewConsent,
) -> Result<Vec<Problem>, AppError> {
    let mut found = Vec::new();
    let mut wrong = |code, field: &str, zh: String, en: String| found.push(Problem::new(code, field, zh, en));
    let moves = new.choice == ConsentChoice::Move;
    if moves && new.pathway.is_none() {
        wrong(
            "pathway_missing",
            "pathway",
            "同意搬迁须选择安置方式".into(),
            "who agrees to move says how to be settled".into(),
        );
    }
    if let Some(township) = &new.preferred_township {
        let areas = workspace.areas().await?;
        if township.level() != AreaLevel::Township || !areas.all().any(|area| area.code == *township) {
            wrong(
                "unknown_area",
                "preferred_township",
                format!("{township} 不是本县的乡镇"),
                format!("{township} is no township of this county"),
            );
        }
    }
    if new.date > workspace.today() {
        wrong(
            "date_in_future",
            "date",
            format!("签字日期 {} 晚于今天", new.date),
            format!("the day of signing, {}, is after today", new.date),
        );
    }
    if let Some(standing) = household
        .consent
        .as_ref()
        .filter(|standing| standing.date > new.date)
    {
        wrong(
            "older_consent",
            "date",
            format!("现行意愿签于 {},不能补录更早的意愿为现行", standing.date),
            format!(
                "the consent that stands is of {}; an older one cannot take its place",
                standing.date
            ),
        );
    }
    match &new.signer {
        Signer::Member { person } => {
            let adult = workspace.pack().count("look_back.adult_age")?;
            match household.members.iter().find(|member| member.id == *person) {
                None => wrong(
                    "no_member",
                    "signer",
                    "签字人不是该户成员".into(),
                    "the signer is no member of the household".into(),
                ),
                Some(member) => {
                    let grown = birth(member)
                        .is_none_or(|birth| birth.saturating_add(i64::from(adult).years()) <= new.date);
                    if !grown {
                        wrong(
                            "signer_minor",
                            "signer",
                            format!("签字人签字时未满 {adult} 周岁,须由成年成员或代理人签字"),
                            format!(
                                "the signer was younger than {adult}; an adult member or a representative signs"
                            ),
                        );
                    }
                }
            }
        }
        Signer::Representative { name, basis } => {
            for (field, text) in [("signer.name", name), ("signer.basis", basis)] {
                if !is_line(text) {
                    wrong(
                        "text",
                        field,
                        "代理人须写明姓名和代理依据".into(),
                        "a representative has a name and a right to sign".into(),
                    );
                }
            }
        }
    }
    let witnessed = new.witness.as_ref().is_some_and(|witness| is_line(witness));
    if new.taking == ConsentTaking::Oral && !witnessed {
        wrong(
            "witness_missing",
            "witness",
            "口头意愿须有见证人".into(),
            "an oral consent needs a witness".into(),
        );
    }
    let mut seen = Vec::new();
    for (place, exception) in (1..).zip(&new.exceptions) {
        let field = format!("exceptions.{place}");
        if name_of(household, exception.person).is_none() {
            wrong(
                "no_member",
                &field,
                "例外人员不是该户成员".into(),
                "the exception is for no member of the household".into(),
            );
        }
        if seen.contains(&exception.person) {
            wrong(
                "twice",
                &field,
                "同一成员重复".into(),
                "a member is named twice".into(),
            );
        }
        seen.push(exception.person);
        if exception.choice == ConsentChoice::Move && exception.pathway.is_none() {
            wrong(
                "pathway_missing",
                &field,
                "该成员搬迁,须选择安置方式".into(),
                "the member moves; say how to be settled".into(),
            );
        }
        if exception.choice == new.choice && exception.pathway == new.pathway.filter(|_| moves) {
            wrong(
                "no_exception",
                &field,
                "与全户意愿相同,不是例外".into(),
                "it is what the household chose, and so no exception".into(),
            );
        }
    }
    Ok(found)
}

/// Records that a household that was seen at `version` took its consent back. Nothing stands then until it is asked again.
///
/// # Errors
/// When no consent stands; the household is on a frozen roster; somebody else was quicker; a caller who may not.
pub async fn withdraw(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    new: NewWithdrawal,
) -> Result<HouseholdDetail, AppError> {
    let stored = find_at(workspace, caller, id, version).await?;
    let before = &stored.value;
    let Some(standing) = before.consent.clone() else {
        return Err(AppError::invalid(
            "no_consent",
            "",
            "该户没有现行意愿可撤回",
            "the household has no consent that could be withdrawn",
        ));
    };
    let withdrawal = Withdrawal {
        date: past_day(workspace, new.date, "date")?,
        reason: reason(&new.reason)?,
        evidence: evidence(workspace, new.evidence.as_deref()).await?,
        by: caller.name().to_owned(),
        at: workspace.now(),
    };
    if withdrawal.date < standing.date {
        return Err(AppError::Fields(vec![Problem::new(
            "withdrawn_before",
            "date",
            format!("撤回日期早于签字日期 {}", standing.date),
            format!("the day is before that of signing, {}", standing.date),
        )]));
    }
    let why = withdrawal.reason.clone();
    let after = Household {
        consent: None,
        ..before.clone()
    };
    let recorded = on_record(workspace, id)
        .await?
        .into_iter()
        .find(|record| record.value.withdrawal.is_none() && record.value.consent == standing);
    let mut transaction = workspace.begin(caller, "withdraw_consent", Some(why)).await?;
    refuse_frozen(workspace, before, &after).await?;
    match recorded {
        Some(mut record) => {
            record.value.withdrawal = Some(withdrawal);
            transaction.update(&[record]).await?;
        }
        // It was changed by an amendment or recorded before consents were kept one by one.
        None => {
            transaction
                .insert(&[SignedConsent {
                    id: workspace.new_id(),
                    household: id,
                    area: before.facts.area.clone(),
                    consent: standing,
                    recorded_by: stored.changed_by.clone(),
                    recorded_at: stored.changed_at,
                    withdrawal: Some(withdrawal),
                }])
                .await?;
        }
    }
    transaction
        .update(&[Versioned {
            value: after,
            ..stored
        }])
        .await?;
    transaction.commit().await?;
    detail(workspace, caller, id).await
}

/// The consents of a household, withdrawn ones included, the newest first: by when they were recorded, of those recorded
/// together by when they were signed.
async fn on_record(
    workspace: &Workspace,
    household: Uuid,
) -> Result<Vec<Versioned<SignedConsent>>, AppError> {
    let mut records = anju_store::household_file::consents_of(workspace.db(), household).await?;
    records.sort_by_key(|record| std::cmp::Reverse((record.value.recorded_at, record.value.consent.date)));
    Ok(records)
}

/// The consents of a household, withdrawn ones included, the newest first.
///
/// # Errors
/// [`AppError::NotFound`] for a household that is unknown or outside the caller's area.
pub async fn list(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
) -> Result<Vec<ConsentOnRecord>, AppError> {
    let household = find(workspace, caller, Action::ReadRegister, id).await?;
    let areas = workspace.areas().await?;
    let mut standing = household.value.consent;
    let records = on_record(workspace, id).await?;
    Ok(records
        .into_iter()
        .map(|record| {
            let mut record = record.value;
            let stands = record.withdrawal.is_none() && standing.as_ref() == Some(&record.consent);
            if stands {
                // Of two that say the same, the newer stands.
                standing = None;
            }
            let consent = &mut record.consent;
            consent.signer = masked_name(&consent.signer);
            consent.witness = consent.witness.as_deref().map(masked_name);
            ConsentOnRecord {
                id: record.id,
                stands,
                preferred_township_name: record
                    .consent
                    .preferred_township
                    .as_ref()
                    .map(|township| areas.name(township)),
                record,
            }
        })
        .collect())
}

/// What the households of one village chose.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct VillageConsent {
    /// The village.
    pub area: AreaCode,
    /// Township and village.
    pub name: String,
    /// Households on the register.
    pub households: u64,
    /// Persons in them.
    pub persons: u64,
    /// Households that agreed to move.
    pub moving: u64,
    /// Households that stay.
    pub staying: u64,
    /// Households that have not decided.
    pub undecided: u64,
    /// Households that nobody asked yet.
    pub unasked: u64,
    /// Households that withdrew and were not asked again.
    pub withdrawn: u64,
    /// Households that move, by pathway.
    pub by_pathway: Vec<CodeCount>,
}

/// What the households of each village in an area chose.
///
/// # Errors
/// When the caller may not read the register or that area.
pub async fn by_village(
    workspace: &Workspace,
    caller: &Caller,
    area: Option<&AreaCode>,
) -> Result<Vec<VillageConsent>, AppError> {
    let area = crate::register::areas::narrow_to_one(workspace, caller, Action::ReadRegister, area).await?;
    let names = workspace.areas().await?;
    let counts =
        anju_store::household_file::consent_counts(workspace.db(), &area, AreaLevel::Village).await?;
    let mut villages: BTreeMap<AreaCode, VillageConsent> = BTreeMap::new();
    for count in counts {
        let village = villages
            .entry(count.area.clone())
            .or_insert_with(|| VillageConsent {
                name: names.path(&count.area),
                area: count.area,
                households: 0,
                persons: 0,
                moving: 0,
                staying: 0,
                undecided: 0,
                unasked: 0,
                withdrawn: 0,
                by_pathway: Vec::new(),
            });
        village.households += count.households;
        village.persons += count.persons;
        *match count.choice {
            Some(ConsentChoice::Move) => &mut village.moving,
            Some(ConsentChoice::Stay) => &mut village.staying,
            Some(ConsentChoice::Undecided) => &mut village.undecided,
            None if count.withdrawn => &mut village.withdrawn,
            None => &mut village.unasked,
        } += count.households;
        if let Some(pathway) = count.pathway {
            village.by_pathway.push(CodeCount {
                code: pathway.code().to_owned(),
                households: count.households,
            });
        }
    }
    Ok(villages.into_values().collect())
}

/// The same as a comma-separated file.
///
/// # Errors
/// As [`by_village`].
pub async fn by_village_csv(
    workspace: &Workspace,
    caller: &Caller,
    area: Option<&AreaCode>,
) -> Result<Vec<u8>, AppError> {
    let villages = by_village(workspace, caller, area).await?;
    let headers: Vec<&str> = [
        "区划代码",
        "村",
        "户数",
        "人数",
        "同意搬迁",
        "不愿搬迁",
        "未决定",
        "未征询",
        "已撤回",
    ]
    .into_iter()
    .chain(Pathway::ALL.iter().map(|pathway| pathway.zh()))
    .collect();
    let rows = villages.into_iter().map(|village| {
        let counts = [
            village.households,
            village.persons,
            village.moving,
            village.staying,
            village.undecided,
            village.unasked,
            village.withdrawn,
        ];
        let pathways = Pathway::ALL.iter().map(|pathway| {
            let of = |count: &&CodeCount| count.code == pathway.code();
            village
                .by_pathway
                .iter()
                .find(of)
                .map_or(0, |count| count.households)
        });
        let numbers = counts.into_iter().chain(pathways).map(|count| count.to_string());
        [village.area.to_string(), village.name.clone()]
            .into_iter()
            .chain(numbers)
            .collect()
    });
    crate::table::write_texts("意愿统计", &headers, rows, crate::table::TableFormat::Csv)
}
