//! How areas change: a new name, a new code, a split, a merger, and which household lies where afterwards.
//!
//! [`Territory::apply`] is the whole rule: it changes the table of areas and the areas of households together, or says
//! why it does not. What is absent: no storing, no permission; the caller brings the table and writes what came of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::area::{Area, AreaCode, AreaLevel, Areas, FormerName, Present, Succession, SuccessionKind};
use crate::code_list::Text;
use crate::roster::is_line;

/// Longest name of an area, characters.
pub const NAME_LIMIT: usize = 50;

/// One of the areas that come of a split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaPart {
    /// Its new code.
    pub code: AreaCode,
    /// Its name.
    pub name: String,
    /// The groups of a split village, or the villages of a split township, that go to it.
    #[serde(default)]
    pub areas: Vec<AreaCode>,
    /// Households that go to it, whatever their group does.
    #[serde(default)]
    pub households: Vec<Uuid>,
}

/// A change of areas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AreaChange {
    /// A new name; the code stays.
    Rename {
        /// The area.
        code: AreaCode,
        /// Its new name.
        name: String,
    },
    /// A new code; everything inside takes it over.
    Recode {
        /// The code so far.
        code: AreaCode,
        /// The new code.
        to: AreaCode,
        /// A new name as well.
        #[serde(default)]
        name: Option<String>,
    },
    /// Several areas in the place of one.
    Split {
        /// The area.
        code: AreaCode,
        /// What comes of it.
        parts: Vec<AreaPart>,
    },
    /// One area in the place of several: a new one, or one of them.
    Merge {
        /// The areas.
        codes: Vec<AreaCode>,
        /// The code of the whole.
        to: AreaCode,
        /// The name of the whole.
        name: String,
    },
}

impl AreaChange {
    /// The codes that are changed.
    pub fn sources(&self) -> Vec<AreaCode> {
        match self {
            Self::Rename { code, .. } | Self::Recode { code, .. } | Self::Split { code, .. } => {
                vec![code.clone()]
            }
            Self::Merge { codes, .. } => codes.clone(),
        }
    }

    /// The codes that take their places.
    pub fn targets(&self) -> Vec<AreaCode> {
        match self {
            Self::Rename { code, .. } => vec![code.clone()],
            Self::Recode { to, .. } | Self::Merge { to, .. } => vec![to.clone()],
            Self::Split { parts, .. } => parts.iter().map(|part| part.code.clone()).collect(),
        }
    }
}

/// A change with the day from which it holds and the document that orders it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaOrder {
    /// What changes.
    pub change: AreaChange,
    /// First day on which it holds.
    pub date: Date,
    /// Number of the document.
    pub document: String,
}

/// Where the places of one code go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AreaMove {
    /// The code so far.
    pub from: AreaCode,
    /// The code afterwards, or the codes.
    pub to: Vec<AreaCode>,
}

/// Why areas are not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AreaChangeError {
    /// The name is empty or too long.
    Name {
        /// As given.
        name: String,
    },
    /// The document's number is missing or no line.
    Document,
    /// The day lies ahead, or before the area began.
    Date {
        /// The day.
        date: Date,
        /// Days allowed: from, to.
        allowed: (Option<Date>, Date),
    },
    /// The code is not in the table, or no longer in force.
    NotInForce {
        /// The code.
        code: AreaCode,
        /// What it stands for today.
        now: Vec<AreaCode>,
    },
    /// Counties and above are changed by setting up another workspace, not here.
    Level {
        /// The code.
        code: AreaCode,
    },
    /// The new code is of another level.
    OtherLevel {
        /// The code so far.
        code: AreaCode,
        /// The new code.
        to: AreaCode,
    },
    /// The new code was given before.
    Taken {
        /// The code.
        code: AreaCode,
        /// Whose it is or was.
        name: String,
    },
    /// What would enclose the new code is not there.
    NoParent {
        /// The code.
        code: AreaCode,
    },
    /// Nothing would change.
    Nothing,
    /// A split or a merger of fewer than two.
    TooFew,
    /// A code is named twice.
    Twice {
        /// The code or the household.
        what: String,
    },
    /// A part is given something that does not lie in the area.
    NotInside {
        /// The code or the household.
        what: String,
        /// The area.
        code: AreaCode,
    },
    /// Nothing goes to a part.
    EmptyPart {
        /// The part.
        code: AreaCode,
    },
    /// Of these nobody said where they go.
    Unassigned {
        /// Groups or villages.
        areas: Vec<AreaCode>,
        /// Households without a group.
        households: u64,
    },
    /// A township is split by villages, not by households.
    HouseholdsOfTownship,
    /// No number is left for another group or village.
    NoNumber {
        /// In this area.
        code: AreaCode,
    },
}

impl std::fmt::Display for AreaChangeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for AreaChangeError {}

impl AreaChangeError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name { .. } => "area_name",
            Self::Document => "area_document",
            Self::Date { .. } => "area_date",
            Self::NotInForce { .. } => "area_not_in_force",
            Self::Level { .. } => "area_level",
            Self::OtherLevel { .. } => "area_other_level",
            Self::Taken { .. } => "area_taken",
            Self::NoParent { .. } => "area_no_parent",
            Self::Nothing => "area_nothing",
            Self::TooFew => "area_too_few",
            Self::Twice { .. } => "area_twice",
            Self::NotInside { .. } => "area_not_inside",
            Self::EmptyPart { .. } => "area_empty_part",
            Self::Unassigned { .. } => "area_unassigned",
            Self::HouseholdsOfTownship => "area_by_village",
            Self::NoNumber { .. } => "area_no_number",
        }
    }

    /// What is wrong and what to do.
    pub fn text(&self) -> Text {
        let list = |codes: &[AreaCode]| {
            let names: Vec<&str> = codes.iter().take(10).map(AreaCode::as_str).collect();
            match codes.len().checked_sub(10) {
                Some(more) if more > 0 => format!("{} … +{more}", names.join(", ")),
                _ => names.join(", "),
            }
        };
        let (zh, en) = match self {
            Self::Name { name } => (
                format!("区划名称“{name}”无效:须为 1 至 {NAME_LIMIT} 个字的一行"),
                format!("{name:?} is no name of an area: one line of 1 to {NAME_LIMIT} characters"),
            ),
            Self::Document => (
                "请填写批准文号,一行,不超过 200 个字".to_owned(),
                "give the number of the document, one line of at most 200 characters".to_owned(),
            ),
            Self::Date {
                date,
                allowed: (from, to),
            } => {
                let from = from.map(|from| from.to_string()).unwrap_or_default();
                (
                    format!(
                        "生效日期 {date} 须在 {from} 至 {to} 之间:变更在生效后办理,且不早于该区划启用之日"
                    ),
                    format!(
                        "{date} must lie between {from} and {to}: a change is recorded once it holds, and not before the area began"
                    ),
                )
            }
            Self::NotInForce { code, now } if now.is_empty() => (
                format!("区划 {code} 不在区划表中,请先新增或导入"),
                format!("{code} is not in the table of areas; add or import it first"),
            ),
            Self::NotInForce { code, now } => (
                format!("区划 {code} 已不再使用,现为 {}", list(now)),
                format!("{code} is no longer in force; it is {} now", list(now)),
            ),
            Self::Level { code } => (
                format!("{code} 不是乡镇、村或组;县级及以上区划不在此变更"),
                format!("{code} is no township, village or group; counties and above are not changed here"),
            ),
            Self::OtherLevel { code, to } => (
                format!("新代码 {to} 与 {code} 的级别不同"),
                format!("the new code {to} is of another level than {code}"),
            ),
            Self::Taken { code, name } => (
                format!("代码 {code} 已用于{name};用过的代码不再给别处"),
                format!("the code {code} is or was {name}; a code is not given twice"),
            ),
            Self::NoParent { code } => (
                format!("代码 {code} 的上级区划不在使用中;请先新增上级区划"),
                format!("the area around {code} is not in force; add it first"),
            ),
            Self::Nothing => ("没有变化".to_owned(), "nothing would change".to_owned()),
            Self::TooFew => (
                "拆分或合并至少涉及两个区划".to_owned(),
                "a split or a merger is of two areas at least".to_owned(),
            ),
            Self::Twice { what } => (format!("{what} 重复"), format!("{what} is named twice")),
            Self::NotInside { what, code } => (
                format!("{what} 不在 {code} 内,不能分给其拆分后的区划"),
                format!("{what} does not lie in {code} and cannot go to a part of it"),
            ),
            Self::EmptyPart { code } => (
                format!("没有组、村或住户分到 {code}"),
                format!("no group, village or household goes to {code}"),
            ),
            Self::Unassigned { areas, households } => (
                format!(
                    "尚未指明去向:{}{}",
                    list(areas),
                    if *households > 0 {
                        format!(" {households} 户")
                    } else {
                        String::new()
                    }
                ),
                format!(
                    "where these go was not said: {}{}",
                    list(areas),
                    if *households > 0 {
                        format!(" {households} households")
                    } else {
                        String::new()
                    }
                ),
            ),
            Self::HouseholdsOfTownship => (
                "乡镇按村拆分;须拆开的村请先拆分该村".to_owned(),
                "a township is split by villages; split a village first where it is to be divided".to_owned(),
            ),
            Self::NoNumber { code } => (
                format!("{code} 内没有可用的编号"),
                format!("no number is left in {code}"),
            ),
        };
        Text::new(zh, en)
    }
}

/// The table of areas and the households in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Territory {
    /// The areas.
    pub areas: Areas,
    /// Where each household lies.
    pub households: BTreeMap<Uuid, AreaCode>,
}

/// Checks a name of an area and takes the spaces around it away.
///
/// # Errors
/// When it is empty, too long or more than a line.
pub fn area_name(name: &str) -> Result<String, AreaChangeError> {
    let short = name.trim();
    if short.is_empty() || short.chars().count() > NAME_LIMIT || short.chars().any(char::is_control) {
        return Err(AreaChangeError::Name {
            name: name.to_owned(),
        });
    }
    Ok(short.to_owned())
}

impl Territory {
    /// Adds an area that comes of no other.
    ///
    /// # Errors
    /// When code, name, day or document do not allow it; nothing is changed then.
    pub fn add(
        &mut self,
        code: &AreaCode,
        name: &str,
        from: Option<Date>,
        today: Date,
    ) -> Result<(), AreaChangeError> {
        let name = area_name(name)?;
        check_level(code)?;
        if let Some(date) = from.filter(|date| *date > today) {
            return Err(AreaChangeError::Date {
                date,
                allowed: (None, today),
            });
        }
        self.check_free(code)?;
        self.areas.put(Area {
            valid_from: from,
            ..Area::new(code.clone(), name)
        });
        Ok(())
    }

    /// Records a code that was out of force before the table began, so that old papers with it can be read: it was
    /// called `name` and has been `to` since the day.
    ///
    /// # Errors
    /// When the code is known, is of another level, or day or document do not do; nothing is changed then.
    pub fn remember(
        &mut self,
        former: &AreaCode,
        name: &str,
        to: &AreaCode,
        kind: SuccessionKind,
        (date, document): (Date, &str),
        today: Date,
    ) -> Result<(), AreaChangeError> {
        check_level(former)?;
        same_level(former, to)?;
        if !is_line(document) {
            return Err(AreaChangeError::Document);
        }
        if let Some(area) = self.areas.get(former) {
            return Err(AreaChangeError::Taken {
                code: former.clone(),
                name: area.name.clone(),
            });
        }
        let error = AreaChangeError::Date {
            date,
            allowed: (None, today),
        };
        let valid_to = date.yesterday().ok().filter(|_| date <= today).ok_or(error)?;
        self.areas.put(Area {
            valid_to: Some(valid_to),
            successions: vec![Succession {
                kind,
                to: vec![to.clone()],
                date,
                document: document.trim().to_owned(),
            }],
            ..Area::new(former.clone(), area_name(name)?)
        });
        Ok(())
    }

    /// Changes areas and the households in them; says where each code went.
    ///
    /// # Errors
    /// Why it cannot be; nothing is changed then.
    pub fn apply(&mut self, order: &AreaOrder, today: Date) -> Result<Vec<AreaMove>, AreaChangeError> {
        if !is_line(&order.document) {
            return Err(AreaChangeError::Document);
        }
        for code in order.change.sources() {
            check_level(&code)?;
            let area = self.in_force(&code)?;
            let from = area
                .former_names
                .last()
                .and_then(|former| former.valid_to.tomorrow().ok())
                .or(area.valid_from)
                .and_then(|from| from.tomorrow().ok());
            if order.date > today || from.is_some_and(|from| order.date < from) {
                return Err(AreaChangeError::Date {
                    date: order.date,
                    allowed: (from, today),
                });
            }
        }
        match &order.change {
            AreaChange::Rename { code, name } => self.rename(order, code, name),
            AreaChange::Recode { code, to, name } => self.recode(order, code, to, name.as_deref()),
            AreaChange::Split { code, parts } => self.split(order, code, parts),
            AreaChange::Merge { codes, to, name } => self.merge(order, codes, to, name),
        }
    }

    fn rename(
        &mut self,
        order: &AreaOrder,
        code: &AreaCode,
        name: &str,
    ) -> Result<Vec<AreaMove>, AreaChangeError> {
        let name = area_name(name)?;
        let mut area = self.in_force(code)?.clone();
        if area.name == name {
            return Err(AreaChangeError::Nothing);
        }
        give_name(&mut area, name, order);
        self.areas.put(area);
        Ok(Vec::new())
    }

    fn recode(
        &mut self,
        order: &AreaOrder,
        code: &AreaCode,
        to: &AreaCode,
        name: Option<&str>,
    ) -> Result<Vec<AreaMove>, AreaChangeError> {
        if code == to {
            return Err(AreaChangeError::Nothing);
        }
        let name = name.map(area_name).transpose()?;
        same_level(code, to)?;
        self.check_free(to)?;
        let mut moves = vec![(code.clone(), vec![to.clone()], SuccessionKind::Recoded)];
        for inner in self.codes_inside(code) {
            let target = with_prefix(&inner, code, to)?;
            moves.push((inner, vec![target], SuccessionKind::Recoded));
        }
        let names = name.map(|name| (to.clone(), name)).into_iter().collect();
        self.carry_out(order, moves, &names, &BTreeMap::new())
    }

    fn split(
        &mut self,
        order: &AreaOrder,
        code: &AreaCode,
        parts: &[AreaPart],
    ) -> Result<Vec<AreaMove>, AreaChangeError> {
        if parts.len() < 2 {
            return Err(AreaChangeError::TooFew);
        }
        let mut names = BTreeMap::new();
        for part in parts {
            same_level(code, &part.code)?;
            self.check_free(&part.code)?;
            if names.insert(part.code.clone(), area_name(&part.name)?).is_some() {
                return Err(AreaChangeError::Twice {
                    what: part.code.to_string(),
                });
            }
        }
        let inner = self.codes_inside(code);
        // Where each group or village goes, and where single households go.
        let mut owners: BTreeMap<AreaCode, AreaCode> = BTreeMap::new();
        let mut singles: BTreeMap<Uuid, AreaCode> = BTreeMap::new();
        for part in parts {
            for area in &part.areas {
                let direct = area.parent().as_ref() == Some(code) && inner.contains(area);
                if !direct {
                    return Err(AreaChangeError::NotInside {
                        what: area.to_string(),
                        code: code.clone(),
                    });
                }
                if owners.insert(area.clone(), part.code.clone()).is_some() {
                    return Err(AreaChangeError::Twice {
                        what: area.to_string(),
                    });
                }
            }
            if code.level() == AreaLevel::Township && !part.households.is_empty() {
                return Err(AreaChangeError::HouseholdsOfTownship);
            }
            for household in &part.households {
                match self.households.get(household) {
                    Some(area) if code.contains(area) => {}
                    _ => {
                        return Err(AreaChangeError::NotInside {
                            what: household.to_string(),
                            code: code.clone(),
                        });
                    }
                }
                if singles.insert(*household, part.code.clone()).is_some() {
                    return Err(AreaChangeError::Twice {
                        what: household.to_string(),
                    });
                }
            }
        }
        let direct_of = |area: &AreaCode| match code.level() {
            AreaLevel::Township => area.at_level(AreaLevel::Village),
            _ => area.at_level(AreaLevel::Group),
        };
        let mut targets: BTreeMap<AreaCode, BTreeSet<AreaCode>> = BTreeMap::new();
        let mut placed: BTreeMap<Uuid, AreaCode> = BTreeMap::new();
        let mut unassigned: BTreeSet<AreaCode> = BTreeSet::new();
        let mut without = 0;
        for (household, area) in &self.households {
            if !code.contains(area) {
                continue;
            }
            let direct = direct_of(area).filter(|direct| direct != code);
            let owner = singles
                .get(household)
                .or_else(|| direct.as_ref().and_then(|direct| owners.get(direct)));
            match (owner, direct) {
                (Some(owner), _) => {
                    let target = with_prefix(area, code, owner)?;
                    targets.entry(area.clone()).or_default().insert(target.clone());
                    placed.insert(*household, target);
                }
                (None, Some(direct)) => {
                    unassigned.insert(direct);
                }
                (None, None) => without += 1,
            }
        }
        for area in &inner {
            let Some(direct) = direct_of(area) else { continue };
            match owners.get(&direct) {
                Some(owner) => {
                    let target = with_prefix(area, code, owner)?;
                    targets.entry(area.clone()).or_default().insert(target);
                }
                // All its households were assigned one by one.
                None if targets.contains_key(area) => {}
                None => {
                    unassigned.insert(direct);
                }
            }
        }
        if !unassigned.is_empty() || without > 0 {
            return Err(AreaChangeError::Unassigned {
                areas: unassigned.into_iter().collect(),
                households: without,
            });
        }
        let given = |part: &&AreaPart| {
            targets
                .values()
                .flatten()
                .any(|target| part.code.contains(target))
                || placed.values().any(|target| part.code.contains(target))
        };
        if let Some(empty) = parts.iter().find(|part| !given(part)) {
            return Err(AreaChangeError::EmptyPart {
                code: empty.code.clone(),
            });
        }
        let mut moves = vec![(
            code.clone(),
            parts.iter().map(|part| part.code.clone()).collect::<Vec<_>>(),
            SuccessionKind::Split,
        )];
        targets.remove(code);
        for (area, targets) in targets {
            let kind = match targets.len() {
                1 => SuccessionKind::Recoded,
                _ => SuccessionKind::Split,
            };
            moves.push((area, targets.into_iter().collect(), kind));
        }
        self.carry_out(order, moves, &names, &placed)
    }

    fn merge(
        &mut self,
        order: &AreaOrder,
        codes: &[AreaCode],
        to: &AreaCode,
        name: &str,
    ) -> Result<Vec<AreaMove>, AreaChangeError> {
        let name = area_name(name)?;
        if codes.len() < 2 {
            return Err(AreaChangeError::TooFew);
        }
        for (place, code) in codes.iter().enumerate() {
            same_level(code, to)?;
            if codes[..place].contains(code) {
                return Err(AreaChangeError::Twice {
                    what: code.to_string(),
                });
            }
        }
        if !codes.contains(to) {
            self.check_free(to)?;
        }
        // A code that was used under the whole is not given again.
        let mut used: BTreeSet<AreaCode> = self.areas.inside(to).map(|area| area.code.clone()).collect();
        used.extend(self.codes_inside(to));
        let mut moves = Vec::new();
        for code in codes.iter().filter(|code| *code != to) {
            moves.push((code.clone(), vec![to.clone()], SuccessionKind::Merged));
            let inner = self.codes_inside(code);
            let direct: Vec<&AreaCode> = inner
                .iter()
                .filter(|area| area.parent().as_ref() == Some(code))
                .collect();
            for child in direct {
                let wanted = with_prefix(child, code, to)?;
                let target = if used.contains(&wanted) {
                    free_number(&wanted, to, &used)?
                } else {
                    wanted
                };
                used.insert(target.clone());
                for area in inner.iter().filter(|area| child.contains(area)) {
                    let target = with_prefix(area, child, &target)?;
                    moves.push((area.clone(), vec![target], SuccessionKind::Recoded));
                }
            }
        }
        let names = [(to.clone(), name)].into_iter().collect();
        self.carry_out(order, moves, &names, &BTreeMap::new())
    }

    /// Closes the codes moved away, opens those moved to, and moves the households: `placed` one by one, the others with
    /// their code.
    fn carry_out(
        &mut self,
        order: &AreaOrder,
        moves: Vec<(AreaCode, Vec<AreaCode>, SuccessionKind)>,
        names: &BTreeMap<AreaCode, String>,
        placed: &BTreeMap<Uuid, AreaCode>,
    ) -> Result<Vec<AreaMove>, AreaChangeError> {
        let last_day = order.date.yesterday().map_err(|_| AreaChangeError::Date {
            date: order.date,
            allowed: (None, order.date),
        })?;
        let mut opened: BTreeMap<AreaCode, String> = names.clone();
        for (from, to, kind) in &moves {
            let known = self.areas.get(from).cloned();
            let mut area = known
                .clone()
                .unwrap_or_else(|| Area::new(from.clone(), number_name(from)));
            for target in to {
                // A group that was only a number needs no row of its own; what is not a group must have one.
                if known.is_some() || target.level() != AreaLevel::Group {
                    opened
                        .entry(target.clone())
                        .or_insert_with(|| renumbered(&area.name, from, target));
                }
            }
            area.valid_to = Some(last_day);
            area.successions.push(Succession {
                kind: *kind,
                to: to.clone(),
                date: order.date,
                document: order.document.trim().to_owned(),
            });
            self.areas.put(area);
        }
        for (code, name) in opened {
            match self.areas.get(&code) {
                None => self.areas.put(Area {
                    valid_from: Some(order.date),
                    ..Area::new(code, name)
                }),
                Some(area) if area.name != name => {
                    let mut area = area.clone();
                    give_name(&mut area, name, order);
                    self.areas.put(area);
                }
                Some(_) => {}
            }
        }
        let by_code: BTreeMap<&AreaCode, &AreaCode> = moves
            .iter()
            .filter_map(|(from, to, _)| match to.as_slice() {
                [to] => Some((from, to)),
                _ => None,
            })
            .collect();
        for (household, area) in &mut self.households {
            if let Some(target) = placed.get(household).or_else(|| by_code.get(area).copied()) {
                *area = target.clone();
            }
        }
        Ok(moves
            .into_iter()
            .map(|(from, to, _)| AreaMove { from, to })
            .collect())
    }

    fn in_force(&self, code: &AreaCode) -> Result<&Area, AreaChangeError> {
        self.areas
            .get(code)
            .filter(|area| area.is_in_force())
            .ok_or_else(|| AreaChangeError::NotInForce {
                code: code.clone(),
                now: match self.areas.present(code) {
                    Present::Now(now) => vec![now],
                    Present::Split(several) => several,
                    Present::InForce | Present::Unknown => Vec::new(),
                },
            })
    }

    /// The codes in force below an area, those of groups that only households name included.
    fn codes_inside(&self, code: &AreaCode) -> BTreeSet<AreaCode> {
        let known = self.areas.inside(code).filter(|area| area.is_in_force());
        let mut codes: BTreeSet<AreaCode> = known.map(|area| area.code.clone()).collect();
        for area in self.households.values().filter(|area| code.contains(area)) {
            codes.insert(area.clone());
            codes.extend(
                area.at_level(AreaLevel::Village)
                    .filter(|village| code.contains(village)),
            );
        }
        codes.remove(code);
        codes
    }

    /// Refuses a code that is or was somebody's, or that lies in nothing.
    fn check_free(&self, code: &AreaCode) -> Result<(), AreaChangeError> {
        if let Some(area) = self.areas.get(code) {
            return Err(AreaChangeError::Taken {
                code: code.clone(),
                name: area.name.clone(),
            });
        }
        if self.households.values().any(|area| code.contains(area)) {
            return Err(AreaChangeError::Taken {
                code: code.clone(),
                name: number_name(code),
            });
        }
        let around = code.parent().and_then(|parent| self.areas.get(&parent));
        match around {
            Some(area) if area.is_in_force() => Ok(()),
            _ => Err(AreaChangeError::NoParent { code: code.clone() }),
        }
    }
}

fn check_level(code: &AreaCode) -> Result<(), AreaChangeError> {
    match code.level() {
        AreaLevel::Township | AreaLevel::Village | AreaLevel::Group => Ok(()),
        AreaLevel::Province | AreaLevel::Prefecture | AreaLevel::County => {
            Err(AreaChangeError::Level { code: code.clone() })
        }
    }
}

fn same_level(code: &AreaCode, to: &AreaCode) -> Result<(), AreaChangeError> {
    if code.level() == to.level() {
        Ok(())
    } else {
        Err(AreaChangeError::OtherLevel {
            code: code.clone(),
            to: to.clone(),
        })
    }
}

fn give_name(area: &mut Area, name: String, order: &AreaOrder) {
    if let Ok(valid_to) = order.date.yesterday() {
        let former = std::mem::replace(&mut area.name, name);
        area.former_names.push(FormerName {
            name: former,
            valid_to,
        });
        area.successions.push(Succession {
            kind: SuccessionKind::Renamed,
            to: vec![area.code.clone()],
            date: order.date,
            document: order.document.trim().to_owned(),
        });
    }
}

/// The code with the beginning `from` replaced by `to`, which is as long.
fn with_prefix(code: &AreaCode, from: &AreaCode, to: &AreaCode) -> Result<AreaCode, AreaChangeError> {
    let tail = code.as_str().get(from.as_str().len()..).unwrap_or_default();
    AreaCode::parse(&format!("{to}{tail}")).map_err(|_| AreaChangeError::OtherLevel {
        code: from.clone(),
        to: to.clone(),
    })
}

/// The next free number under `whole` in the class of `wanted`: groups 01 to 99, residents' committees 001 to 199,
/// villagers' committees 200 to 399, others 400 to 999.
fn free_number(
    wanted: &AreaCode,
    whole: &AreaCode,
    used: &BTreeSet<AreaCode>,
) -> Result<AreaCode, AreaChangeError> {
    let tail = wanted.as_str().get(whole.as_str().len()..).unwrap_or_default();
    let number: u32 = tail.parse().unwrap_or(0);
    let class = match (tail.len(), number) {
        (2, _) => 1..=99,
        (_, 0..=199) => 1..=199,
        (_, 200..=399) => 200..=399,
        _ => 400..=999,
    };
    let width = tail.len();
    // Beyond the numbers in use first, so that no gap of a village that was given up long ago is filled.
    let taken = |number: &u32| {
        AreaCode::parse(&format!("{whole}{number:0width$}")).is_ok_and(|code| used.contains(&code))
    };
    let highest = class.clone().rev().find(taken).unwrap_or(0);
    let free = class
        .clone()
        .find(|number| *number > highest && !taken(number))
        .or_else(|| class.clone().find(|number| !taken(number)));
    free.and_then(|number| AreaCode::parse(&format!("{whole}{number:0width$}")).ok())
        .ok_or_else(|| AreaChangeError::NoNumber { code: whole.clone() })
}

/// What an area without a name of its own is called: a group by its number.
fn number_name(code: &AreaCode) -> String {
    match code.level() {
        AreaLevel::Group => format!("{}组", code.as_str()[12..].trim_start_matches('0')),
        _ => code.to_string(),
    }
}

/// The name under a new code: a group named by its number is named by the new one.
fn renumbered(name: &str, from: &AreaCode, to: &AreaCode) -> String {
    if *name == number_name(from) {
        number_name(to)
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 3, 2);

    fn code(text: &str) -> AreaCode {
        AreaCode::parse(text).unwrap()
    }

    fn household(number: u64) -> Uuid {
        Uuid::from_u64_pair(1, number)
    }

    /// Two townships; the first with two villages of which groups 01 and 02 have households.
    fn territory() -> Territory {
        let areas = [
            ("619021", "安澜县"),
            ("619021101", "清溪镇"),
            ("619021101201", "青石村"),
            ("619021101202", "大湾村"),
            ("61902110120203", "张家院子"),
            ("619021102", "白河镇"),
            ("619021102201", "河口村"),
        ];
        let households = [
            (1, "61902110120101"),
            (2, "61902110120102"),
            (3, "61902110120102"),
            (4, "619021101201"),
            (5, "61902110120201"),
            (6, "61902110220101"),
        ];
        Territory {
            areas: areas
                .into_iter()
                .map(|(at, name)| Area::new(code(at), name))
                .collect(),
            households: households
                .into_iter()
                .map(|(number, at)| (household(number), code(at)))
                .collect(),
        }
    }

    fn order(change: AreaChange) -> AreaOrder {
        AreaOrder {
            change,
            date: date(2026, 3, 1),
            document: "安政发〔2026〕3号".into(),
        }
    }

    fn at(territory: &Territory, number: u64) -> &str {
        territory.households[&household(number)].as_str()
    }

    #[test]
    fn a_new_name_keeps_the_old_one_readable() {
        let mut territory = territory();
        let change = AreaChange::Rename {
            code: code("619021101"),
            name: "清溪街道".into(),
        };
        assert_eq!(territory.apply(&order(change), TODAY).unwrap(), []);
        let area = territory.areas.get(&code("619021101")).unwrap();
        assert_eq!(area.name_on(date(2026, 2, 28)), "清溪镇");
        assert_eq!(area.name_on(date(2026, 3, 1)), "清溪街道");
        let names: Vec<_> = area
            .versions()
            .into_iter()
            .map(|v| (v.name, v.valid_from, v.valid_to))
            .collect();
        assert_eq!(
            names,
            [
                ("清溪镇".to_owned(), None, Some(date(2026, 2, 28))),
                ("清溪街道".to_owned(), Some(date(2026, 3, 1)), None)
            ]
        );
        assert_eq!(area.successions[0].kind, SuccessionKind::Renamed);
    }

    #[test]
    fn a_new_code_of_a_township_goes_down_to_its_households() {
        let mut territory = territory();
        let change = AreaChange::Recode {
            code: code("619021101"),
            to: code("619021105"),
            name: None,
        };
        territory.apply(&order(change), TODAY).unwrap();
        assert_eq!(at(&territory, 1), "61902110520101");
        assert_eq!(at(&territory, 4), "619021105201");
        assert_eq!(at(&territory, 6), "61902110220101");
        let present = |text: &str| territory.areas.present(&code(text));
        assert_eq!(present("619021101"), Present::Now(code("619021105")));
        assert_eq!(present("619021101202"), Present::Now(code("619021105202")));
        // A group that nothing recorded takes its village's new code.
        assert_eq!(present("61902110120177"), Present::Now(code("61902110520177")));
        assert_eq!(present("619021105201"), Present::InForce);
        assert_eq!(
            territory.areas.get(&code("61902110520203")).unwrap().name,
            "张家院子"
        );
        assert_eq!(
            territory.areas.get(&code("619021101201")).unwrap().valid_to,
            Some(date(2026, 2, 28))
        );
        assert!(
            territory
                .areas
                .former(&code("619021105"))
                .contains(&code("61902110120203"))
        );
        assert_eq!(territory.areas.former(&code("619021102")), []);
    }

    #[test]
    fn a_split_takes_groups_and_single_households_apart() {
        let mut territory = territory();
        let part = |number: &str, name: &str, areas: &[&str], households: &[u64]| AreaPart {
            code: code(number),
            name: name.into(),
            areas: areas.iter().map(|area| code(area)).collect(),
            households: households.iter().map(|number| household(*number)).collect(),
        };
        let split = |parts| {
            order(AreaChange::Split {
                code: code("619021101201"),
                parts,
            })
        };
        let short = split(vec![
            part("619021101203", "上青石村", &["61902110120101"], &[]),
            part("619021101204", "下青石村", &[], &[3]),
        ]);
        let before = territory.clone();
        let refused = territory.apply(&short, TODAY).unwrap_err();
        assert_eq!(
            refused,
            AreaChangeError::Unassigned {
                areas: vec![code("61902110120102")],
                households: 1
            }
        );
        assert_eq!(territory, before);

        let whole = split(vec![
            part(
                "619021101203",
                "上青石村",
                &["61902110120101", "61902110120102"],
                &[4],
            ),
            part("619021101204", "下青石村", &[], &[3]),
        ]);
        territory.apply(&whole, TODAY).unwrap();
        assert_eq!(at(&territory, 1), "61902110120301");
        assert_eq!(at(&territory, 2), "61902110120302");
        assert_eq!(at(&territory, 3), "61902110120402");
        assert_eq!(at(&territory, 4), "619021101203");
        let both = vec![code("619021101203"), code("619021101204")];
        assert_eq!(
            territory.areas.present(&code("619021101201")),
            Present::Split(both)
        );
        assert_eq!(
            territory.areas.present(&code("61902110120101")),
            Present::Now(code("61902110120301"))
        );
        let both = vec![code("61902110120302"), code("61902110120402")];
        assert_eq!(
            territory.areas.present(&code("61902110120102")),
            Present::Split(both)
        );
        // The old code lies in neither part alone, so neither part's officer sees it.
        assert_eq!(territory.areas.former(&code("619021101204")), []);
    }

    #[test]
    fn a_part_must_get_something_that_lies_in_the_area() {
        let mut territory = territory();
        let part = |number: &str, areas: &[&str]| AreaPart {
            code: code(number),
            name: "新村".into(),
            areas: areas.iter().map(|area| code(area)).collect(),
            households: vec![],
        };
        let mut refused = |parts: Vec<AreaPart>| {
            let change = AreaChange::Split {
                code: code("619021101"),
                parts,
            };
            territory.apply(&order(change), TODAY).unwrap_err().code()
        };
        let both = ["619021101201", "619021101202"];
        assert_eq!(
            refused(vec![part("619021103", &both), part("619021104", &[])]),
            "area_empty_part"
        );
        assert_eq!(
            refused(vec![part("619021103", &both), part("619021104", &both)]),
            "area_twice"
        );
        assert_eq!(
            refused(vec![
                part("619021103", &both),
                part("619021104", &["619021102201"])
            ]),
            "area_not_inside"
        );
        assert_eq!(
            refused(vec![part("619021103", &both), part("619021102", &[])]),
            "area_taken"
        );
        assert_eq!(refused(vec![part("619021103", &both)]), "area_too_few");
        assert_eq!(
            refused(vec![part("619021103", &both), part("619022104", &[])]),
            "area_no_parent"
        );
        assert_eq!(
            refused(vec![part("619021103", &both), part("619021101203", &[])]),
            "area_other_level"
        );
    }

    #[test]
    fn a_merger_gives_new_numbers_where_two_groups_have_the_same() {
        let mut territory = territory();
        let change = AreaChange::Merge {
            codes: vec![code("619021101201"), code("619021101202")],
            to: code("619021101201"),
            name: "青湾村".into(),
        };
        territory.apply(&order(change), TODAY).unwrap();
        assert_eq!(at(&territory, 1), "61902110120101");
        // Group 01 of 大湾村 meets one of the same number and gets the next; 张家院子 keeps its 03.
        assert_eq!(at(&territory, 5), "61902110120103");
        assert_eq!(
            territory.areas.present(&code("61902110120201")),
            Present::Now(code("61902110120103"))
        );
        assert_eq!(
            territory.areas.present(&code("61902110120203")),
            Present::Now(code("61902110120104"))
        );
        assert_eq!(
            territory.areas.get(&code("61902110120104")).unwrap().name,
            "张家院子"
        );
        assert_eq!(
            territory.areas.present(&code("619021101202")),
            Present::Now(code("619021101201"))
        );
        // Of a group that was not recorded the number means another group in the merged village.
        assert_eq!(territory.areas.present(&code("61902110120299")), Present::Unknown);
        let merged = territory.areas.get(&code("619021101201")).unwrap();
        assert_eq!(
            (merged.name.as_str(), merged.name_on(date(2020, 1, 1))),
            ("青湾村", "青石村")
        );
    }

    #[test]
    fn days_documents_and_codes_out_of_force_are_refused() {
        let mut territory = territory();
        let rename = |name: &str| AreaChange::Rename {
            code: code("619021101"),
            name: name.into(),
        };
        let late = AreaOrder {
            date: date(2026, 3, 3),
            ..order(rename("新名"))
        };
        assert_eq!(territory.apply(&late, TODAY).unwrap_err().code(), "area_date");
        let bare = AreaOrder {
            document: " ".into(),
            ..order(rename("新名"))
        };
        assert_eq!(territory.apply(&bare, TODAY).unwrap_err().code(), "area_document");
        assert_eq!(
            territory
                .apply(&order(rename("清溪镇")), TODAY)
                .unwrap_err()
                .code(),
            "area_nothing"
        );
        territory.apply(&order(rename("新名")), TODAY).unwrap();
        // A second name from the same day would leave the first none.
        assert_eq!(
            territory.apply(&order(rename("又名")), TODAY).unwrap_err().code(),
            "area_date"
        );
        let away = AreaChange::Recode {
            code: code("619021102201"),
            to: code("619021101205"),
            name: None,
        };
        territory.apply(&order(away.clone()), TODAY).unwrap();
        let again = territory.apply(&order(away), TODAY).unwrap_err();
        assert_eq!(
            again,
            AreaChangeError::NotInForce {
                code: code("619021102201"),
                now: vec![code("619021101205")]
            }
        );
        let county = AreaChange::Rename {
            code: code("619021"),
            name: "安澜市".into(),
        };
        assert_eq!(
            territory.apply(&order(county), TODAY).unwrap_err().code(),
            "area_level"
        );
        assert_eq!(
            territory
                .add(&code("619021102201"), "河口村", None, TODAY)
                .unwrap_err()
                .code(),
            "area_taken"
        );
        territory
            .add(&code("619021102202"), "新河村", Some(date(2026, 1, 1)), TODAY)
            .unwrap();
        assert!(
            !territory
                .areas
                .get(&code("619021102202"))
                .unwrap()
                .was_in_force(date(2025, 12, 31))
        );
        let order = (date(2019, 5, 1), "安政发〔2019〕8号");
        let (old, new) = (code("619021109"), code("619021102"));
        territory
            .remember(&old, "白河乡", &new, SuccessionKind::Recoded, order, TODAY)
            .unwrap();
        assert_eq!(territory.areas.present(&old), Present::Now(new.clone()));
        let again = territory.remember(&old, "白河乡", &new, SuccessionKind::Recoded, order, TODAY);
        assert_eq!(again.unwrap_err().code(), "area_taken");
    }
}
