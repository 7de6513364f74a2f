//! Identification (识别): how a household comes on the roster, step by step, each step with who, when and why.
//!
//! A case is one household in one procedure. Which steps there are is the procedure's affair, chosen by the policy
//! pack; every step is passed, returned with a reason to the step before, or refused. Whoever acts at one level
//! (village, township, county) does not act at another, so that maker and checker are different people. An open
//! objection suspends the case. A step taken by mistake is taken back by an entry of its own, by its own level and before
//! the next level has acted.

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::area::AreaCode;
use crate::code_list;
use crate::code_list::Text;

code_list! {
    /// What a case waits for, or how it ended.
    Step as "IdentificationStep" {
        GroupReview = "group_review", "小组评议", "group review";
        CrossMatch = "cross_match", "信息比对", "cross-match";
        VillageReview = "village_review", "村民代表会议评议", "village representatives' meeting";
        VillagePublicity = "village_publicity", "村级公示", "village publicity";
        TownshipCheck = "township_check", "乡镇审核", "township check";
        TownshipPublicity = "township_publicity", "乡镇公示", "township publicity";
        CountyDecision = "county_decision", "县级审批", "county decision";
        CountyPublicity = "county_publicity", "县级公示", "county publicity";
        Announcement = "announcement", "公告", "announcement";
        Announced = "announced", "已公告", "announced";
        Refused = "refused", "不予认定", "refused";
        Withdrawn = "withdrawn", "已撤回", "withdrawn";
    }
}

code_list! {
    /// Level of government that takes a step.
    Level as "IdentificationLevel" {
        Village = "village", "村", "village";
        Township = "township", "乡镇", "township";
        County = "county", "县", "county";
    }
}

impl Step {
    /// Who takes the step; none when the case has ended.
    pub fn level(self) -> Option<Level> {
        match self {
            Step::GroupReview | Step::CrossMatch | Step::VillageReview | Step::VillagePublicity => {
                Some(Level::Village)
            }
            Step::TownshipCheck | Step::TownshipPublicity => Some(Level::Township),
            Step::CountyDecision | Step::CountyPublicity | Step::Announcement => Some(Level::County),
            Step::Announced | Step::Refused | Step::Withdrawn => None,
        }
    }

    /// Whether the case is open to objection on a notice at this step.
    pub fn is_publicity(self) -> bool {
        matches!(
            self,
            Step::VillagePublicity | Step::TownshipPublicity | Step::CountyPublicity
        )
    }

    /// Whether the step is taken by a vote.
    pub fn needs_vote(self) -> bool {
        matches!(self, Step::GroupReview | Step::VillageReview)
    }
}

code_list! {
    /// The order of steps, by policy pack.
    Procedure {
        TwoReviews = "two_reviews_two_notices_one_match", "两评议两公示一比对", "two reviews, two notices, one match";
        TwoNotices = "two_notices", "两公示", "two notices";
        TwoNoticesTownship = "two_notices_township", "两公示(村、乡镇)", "two notices, in village and township";
        OneNotice = "one_notice", "一公示", "one notice";
    }
}

impl Procedure {
    /// The steps in their order.
    pub fn steps(self) -> &'static [Step] {
        use Step::{
            Announcement, CountyDecision, CountyPublicity, CrossMatch, GroupReview, TownshipCheck,
            TownshipPublicity, VillagePublicity, VillageReview,
        };
        match self {
            Procedure::TwoReviews => &[
                GroupReview,
                CrossMatch,
                VillageReview,
                VillagePublicity,
                TownshipCheck,
                CountyDecision,
                CountyPublicity,
                Announcement,
            ],
            Procedure::TwoNotices => &[
                VillageReview,
                VillagePublicity,
                TownshipCheck,
                CountyDecision,
                CountyPublicity,
                Announcement,
            ],
            Procedure::TwoNoticesTownship => &[
                VillageReview,
                VillagePublicity,
                TownshipCheck,
                TownshipPublicity,
                CountyDecision,
                Announcement,
            ],
            Procedure::OneNotice => &[
                CrossMatch,
                VillageReview,
                VillagePublicity,
                TownshipCheck,
                CountyDecision,
                Announcement,
            ],
        }
    }

    /// The step after one; [`Step::Announced`] after the last.
    pub fn after(self, step: Step) -> Step {
        let steps = self.steps();
        match steps.iter().position(|other| *other == step) {
            Some(place) => steps.get(place + 1).copied().unwrap_or(Step::Announced),
            None => step,
        }
    }

    /// The step before one; none before the first.
    pub fn before(self, step: Step) -> Option<Step> {
        let steps = self.steps();
        let place = steps.iter().position(|other| *other == step)?;
        place.checked_sub(1).map(|place| steps[place])
    }
}

code_list! {
    /// How the household applied, or why it was put forward.
    ApplicationForm {
        Written = "written", "书面申请", "written application";
        Oral = "oral", "口头申请", "oral application";
        Visit = "visit", "入户走访发现", "found by visit";
        Alert = "alert", "预警核实发现", "found by an alert";
    }
}

/// What set the case going.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Application {
    /// How.
    pub form: ApplicationForm,
    /// Day.
    pub date: Date,
    /// Who witnessed an oral application.
    #[serde(default)]
    pub witness: Option<String>,
    /// Number of the application form, the record of the visit or the alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// The meeting at which a vote was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Meeting {
    /// Its day.
    pub date: Date,
    /// Where, one line of at most 200 characters.
    pub place: String,
}

/// Longest name of a meeting's place, in characters.
const MEETING_PLACE_LIMIT: usize = 200;

/// A vote as counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Vote {
    /// The meeting: every vote names it; those of before that was asked for have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub meeting: Option<Meeting>,
    /// Who could have come: representatives of the village, or households of the group.
    pub entitled: u32,
    /// Who came.
    pub present: u32,
    /// Votes in favour.
    pub in_favour: u32,
    /// Votes against.
    pub against: u32,
    /// Abstentions.
    pub abstained: u32,
    /// Whether the result of the cross-match was read out before the vote.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cross_match_read_out: bool,
}

impl Vote {
    /// Checks the count and what it decides.
    ///
    /// # Errors
    /// When the figures do not add up, fewer than `quorum` (0 to 1) of those entitled came, or no majority of those
    /// present was in favour.
    pub fn check(&self, quorum: f64) -> Result<(), IdentificationError> {
        let cast = u64::from(self.in_favour) + u64::from(self.against) + u64::from(self.abstained);
        if self.present == 0 || self.present > self.entitled || cast != u64::from(self.present) {
            return Err(IdentificationError::VoteCount { vote: self.clone() });
        }
        let needed = (f64::from(self.entitled) * quorum).ceil() as u32;
        if self.present < needed {
            return Err(IdentificationError::NoQuorum {
                present: self.present,
                needed,
            });
        }
        if u64::from(self.in_favour) * 2 <= u64::from(self.present) {
            return Err(IdentificationError::NoMajority {
                in_favour: self.in_favour,
                present: self.present,
            });
        }
        Ok(())
    }
}

code_list! {
    /// What was done with a step.
    StepOutcome {
        Passed = "passed", "通过", "passed";
        Returned = "returned", "退回", "returned";
        Refused = "refused", "不予认定", "refused";
        Withdrawn = "withdrawn", "撤回", "withdrawn";
        TakenBack = "taken_back", "更正", "taken back";
    }
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TakenStep {
    /// Which.
    pub step: Step,
    /// What came of it.
    pub outcome: StepOutcome,
    /// Sign-in name of who took it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Reason or remark.
    pub remark: Option<String>,
    /// The vote, where the step is taken by one.
    pub vote: Option<Vote>,
    /// The objection that was upheld, where one sent the case back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objection: Option<Uuid>,
}

/// A household in the procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IdentificationCase {
    /// UUIDv7.
    pub id: Uuid,
    /// The household; it has at most one case that has not ended.
    pub household: Uuid,
    /// Villagers' group or village of the household.
    pub area: AreaCode,
    /// The order of steps.
    pub procedure: Procedure,
    /// What set it going.
    pub application: Application,
    /// What it waits for.
    pub step: Step,
    /// The notice on which it stands, at a publicity step.
    pub notice: Option<Uuid>,
    /// Objections that are not decided yet.
    pub open_objections: u32,
    /// What was done, oldest first.
    pub taken: Vec<TakenStep>,
}

/// What a person says when taking a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Say {
    /// Sign-in name.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Reason or remark.
    pub remark: Option<String>,
}

impl IdentificationCase {
    /// Whether the case has ended.
    pub fn has_ended(&self) -> bool {
        self.step.level().is_none()
    }

    /// The day since which the case waits for its present step, by the calendar of China; for the first step the day of
    /// the application.
    pub fn waiting_since(&self) -> Date {
        self.taken
            .last()
            .map_or(self.application.date, |taken| day_in_china(taken.at))
    }

    /// What was done and not taken back, oldest first.
    pub fn standing(&self) -> Vec<&TakenStep> {
        let mut standing = Vec::with_capacity(self.taken.len());
        for taken in &self.taken {
            if taken.outcome == StepOutcome::TakenBack {
                standing.pop();
            } else {
                standing.push(taken);
            }
        }
        standing
    }

    /// Passes a step that is not passed by a notice.
    ///
    /// # Errors
    /// When the case has ended, is suspended or stands on a notice, the vote is missing or fails, the result of the
    /// cross-match was not read out to the village's meeting, or the person has acted at another level of this case.
    pub fn pass(&mut self, say: Say, vote: Option<Vote>, quorum: f64) -> Result<(), IdentificationError> {
        self.check_open()?;
        if self.step.is_publicity() {
            return Err(IdentificationError::Publicity { step: self.step });
        }
        if self.step == Step::Announcement {
            return Err(IdentificationError::ByAnnouncement);
        }
        self.check_person(&say.by)?;
        if let (true, Some(vote)) = (self.step.needs_vote(), &vote) {
            self.check_meeting(vote, day_in_china(say.at))?;
        }
        match (self.step.needs_vote(), &vote) {
            (true, None) => return Err(IdentificationError::VoteMissing { step: self.step }),
            (true, Some(vote))
                if self.step == Step::VillageReview
                    && !vote.cross_match_read_out
                    && self.procedure.steps().contains(&Step::CrossMatch) =>
            {
                return Err(IdentificationError::NotReadOut);
            }
            // The quorum is a rule of the village's meeting; a group only counts heads.
            (true, Some(vote)) if self.step == Step::VillageReview => vote.check(quorum)?,
            (true, Some(vote)) => vote.check(0.0)?,
            (false, _) => {}
        }
        let vote = vote.filter(|_| self.step.needs_vote());
        self.take(StepOutcome::Passed, say, vote);
        self.step = self.procedure.after(self.step);
        Ok(())
    }

    /// A vote names its meeting, which was held on a day from the application to `today`.
    fn check_meeting(&self, vote: &Vote, today: Date) -> Result<(), IdentificationError> {
        let meeting = vote.meeting.as_ref().filter(|meeting| {
            crate::roster::is_line(&meeting.place) && meeting.place.chars().count() <= MEETING_PLACE_LIMIT
        });
        let Some(meeting) = meeting else {
            return Err(IdentificationError::MeetingMissing { step: self.step });
        };
        if meeting.date < self.application.date || meeting.date > today {
            return Err(IdentificationError::MeetingDate {
                from: self.application.date,
                until: today,
            });
        }
        Ok(())
    }

    /// Puts the case on a notice.
    ///
    /// # Errors
    /// When it does not wait for publicity at this level, or stands on a notice already.
    pub fn post(&mut self, notice: &PublicityNotice, by: &str) -> Result<(), IdentificationError> {
        if !self.step.is_publicity()
            || self.step.level() != Some(notice.level)
            || notice.kind != NoticeKind::Publicity
        {
            return Err(IdentificationError::NotForNotice {
                step: self.step,
                level: notice.level,
            });
        }
        if self.notice.is_some() {
            return Err(IdentificationError::OnNotice);
        }
        self.check_person(by)?;
        self.notice = Some(notice.id);
        Ok(())
    }

    /// Passes a publicity step after its notice has run.
    ///
    /// # Errors
    /// When the notice still runs on `today`, is not the case's, or an objection is open.
    pub fn close_publicity(
        &mut self,
        notice: &PublicityNotice,
        today: Date,
        say: Say,
    ) -> Result<(), IdentificationError> {
        self.check_open()?;
        if self.notice != Some(notice.id) {
            return Err(IdentificationError::NotForNotice {
                step: self.step,
                level: notice.level,
            });
        }
        if today <= notice.until {
            return Err(IdentificationError::NoticeRuns { until: notice.until });
        }
        self.check_person(&say.by)?;
        self.notice = None;
        self.take(StepOutcome::Passed, say, None);
        self.step = self.procedure.after(self.step);
        Ok(())
    }

    /// Takes the case off a notice that was taken down; it waits for another one. An objection stays to be decided.
    pub fn leave_notice(&mut self, notice: Uuid) {
        if self.notice == Some(notice) {
            self.notice = None;
        }
    }

    /// Passes the last step by an announcement that names the household.
    ///
    /// # Errors
    /// When the case does not wait for its announcement, is suspended, or the person has acted at another level of it.
    pub fn announce(&mut self, announcement: &PublicityNotice, say: Say) -> Result<(), IdentificationError> {
        self.check_open()?;
        if self.step != Step::Announcement || announcement.kind != NoticeKind::Announcement {
            return Err(IdentificationError::NotForNotice {
                step: self.step,
                level: announcement.level,
            });
        }
        self.check_person(&say.by)?;
        self.take(StepOutcome::Passed, say, None);
        self.step = self.procedure.after(self.step);
        Ok(())
    }

    /// Takes back the last thing that was done, at `step`, by a correcting entry with a reason: the case waits for that
    /// step again. Because only the last thing is taken back, nobody after it has acted on it.
    ///
    /// # Errors
    /// Without a reason, when the last thing was done at another step, was the decision on an objection or an
    /// announcement, or the case is suspended or stands on a notice since.
    pub fn take_back(&mut self, step: Step, say: Say) -> Result<(), IdentificationError> {
        if self.open_objections > 0 {
            return Err(IdentificationError::Suspended {
                objections: self.open_objections,
            });
        }
        if self.notice.is_some() {
            return Err(IdentificationError::PostedSince);
        }
        let reason = reason(&say)?;
        let standing = self.standing();
        let Some(last) = standing.last() else {
            return Err(IdentificationError::NothingTaken);
        };
        if last.step != step {
            return Err(IdentificationError::ActedSince { step: last.step });
        }
        if last.objection.is_some() {
            return Err(IdentificationError::ByObjection);
        }
        if self.step == Step::Announced {
            return Err(IdentificationError::IsAnnounced);
        }
        self.step = step;
        self.take(
            StepOutcome::TakenBack,
            Say {
                remark: Some(reason),
                ..say
            },
            None,
        );
        Ok(())
    }

    /// Gives the case back to the step before, with a reason.
    ///
    /// # Errors
    /// At the first step, without a reason, when the case has ended or is suspended, or the person has decided at another
    /// level of it.
    pub fn give_back(&mut self, say: Say) -> Result<(), IdentificationError> {
        self.check_open()?;
        self.check_person(&say.by)?;
        let reason = reason(&say)?;
        let Some(before) = self.procedure.before(self.step) else {
            return Err(IdentificationError::FirstStep { step: self.step });
        };
        self.notice = None;
        self.take(
            StepOutcome::Returned,
            Say {
                remark: Some(reason),
                ..say
            },
            None,
        );
        self.step = before;
        Ok(())
    }

    /// Refuses the household, with a reason.
    ///
    /// # Errors
    /// Without a reason, when the case has ended or is suspended, or the person has decided at another level of it.
    pub fn refuse(&mut self, say: Say) -> Result<(), IdentificationError> {
        self.check_open()?;
        self.check_person(&say.by)?;
        self.end(say, StepOutcome::Refused, Step::Refused)
    }

    /// Withdraws the application at the household's wish.
    ///
    /// # Errors
    /// Without a reason, or when the case has ended or is suspended.
    pub fn withdraw(&mut self, say: Say) -> Result<(), IdentificationError> {
        self.end(say, StepOutcome::Withdrawn, Step::Withdrawn)
    }

    /// What keeps a person from deciding objections to the household on `notice`: having posted it, or taken the step
    /// before it or one of its level.
    pub fn part_in_notice(&self, notice: &PublicityNotice, by: &str) -> Option<Step> {
        let standing = self.standing();
        standing
            .iter()
            .rev()
            .enumerate()
            .find(|(back, taken)| {
                let objected_to = *back == 0 || taken.step.level() == Some(notice.level);
                taken.by == by && objected_to && taken.objection.is_none()
            })
            .map(|(_, taken)| taken.step)
            .or((notice.posted_by == by).then_some(self.step))
    }

    /// Decides one open objection to the household on `notice`. Upheld, the case goes back to the step before the
    /// notice; dismissed, it goes on when the notice has run.
    ///
    /// # Errors
    /// When no objection is open, or the person posted the notice, took the step before it or decided at its level.
    pub fn decide_objection(
        &mut self,
        objection: Uuid,
        notice: &PublicityNotice,
        upheld: bool,
        say: Say,
    ) -> Result<(), IdentificationError> {
        let left = self
            .open_objections
            .checked_sub(1)
            .ok_or(IdentificationError::NoObjection)?;
        if let Some(step) = self.part_in_notice(notice, &say.by) {
            return Err(IdentificationError::SamePerson { by: say.by, step });
        }
        self.open_objections = left;
        if upheld
            && !self.has_ended()
            && let Some(before) = self.procedure.before(self.step)
        {
            self.notice = None;
            self.take(StepOutcome::Returned, say, None);
            if let Some(taken) = self.taken.last_mut() {
                taken.objection = Some(objection);
            }
            self.step = before;
        }
        Ok(())
    }

    fn end(&mut self, say: Say, outcome: StepOutcome, step: Step) -> Result<(), IdentificationError> {
        self.check_open()?;
        let reason = reason(&say)?;
        self.notice = None;
        self.take(
            outcome,
            Say {
                remark: Some(reason),
                ..say
            },
            None,
        );
        self.step = step;
        Ok(())
    }

    fn take(&mut self, outcome: StepOutcome, say: Say, vote: Option<Vote>) {
        self.taken.push(TakenStep {
            step: self.step,
            outcome,
            by: say.by,
            at: say.at,
            remark: say.remark,
            vote,
            objection: None,
        });
    }

    fn check_open(&self) -> Result<(), IdentificationError> {
        if self.has_ended() {
            return Err(IdentificationError::Ended { step: self.step });
        }
        if self.open_objections > 0 {
            return Err(IdentificationError::Suspended {
                objections: self.open_objections,
            });
        }
        Ok(())
    }

    /// Whoever decided at another level of this case, be it to pass, return or refuse it, may not decide at this one. The
    /// answer to an objection is none of the level whose notice it concerns.
    fn check_person(&self, by: &str) -> Result<(), IdentificationError> {
        let elsewhere = self.standing().into_iter().find(|taken| {
            let decided = matches!(
                taken.outcome,
                StepOutcome::Passed | StepOutcome::Returned | StepOutcome::Refused
            );
            taken.by == by && decided && taken.objection.is_none() && taken.step.level() != self.step.level()
        });
        match elsewhere {
            Some(taken) => Err(IdentificationError::SamePerson {
                by: by.to_owned(),
                step: taken.step,
            }),
            None => Ok(()),
        }
    }
}

code_list! {
    /// What a posted list is.
    NoticeKind {
        Publicity = "publicity", "公示", "publicity notice";
        Announcement = "announcement", "公告", "announcement";
    }
}

/// Number of a notice within its area, kind and year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NoticeNumber {
    /// Year of posting.
    pub year: i16,
    /// From 1.
    pub serial: u32,
}

/// A photo of a notice where it hangs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NoticePhoto {
    /// SHA-256 of the file, in hex.
    pub hash: String,
    /// Media type.
    pub media_type: String,
    /// Day on which it was taken.
    pub taken_on: Date,
    /// Sign-in name of who added it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// New days of a notice, because it was not posted in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = NoticeExtension)]
pub struct Extension {
    /// The first day as it was before.
    pub from: Date,
    /// The last day as it was before.
    pub until: Date,
    /// Why.
    pub reason: String,
    /// Sign-in name of who extended it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A notice that was taken down before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = NoticeRemoval)]
pub struct Removal {
    /// Why.
    pub reason: String,
    /// Sign-in name of who took it down.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The default of [`PublicityNotice::kind`]: notices were recorded before announcements were.
fn publicity() -> NoticeKind {
    NoticeKind::Publicity
}

/// A list posted in public: open to objection until a day, or final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PublicityNotice {
    /// UUIDv7.
    pub id: Uuid,
    /// Open to objection, or final.
    #[serde(default = "publicity")]
    pub kind: NoticeKind,
    /// Its number.
    #[serde(default)]
    pub number: Option<NoticeNumber>,
    /// The village, the township or the county; of an announcement any area of the county.
    pub area: AreaCode,
    /// The level that posts it.
    pub level: Level,
    /// Where it hangs.
    pub place: String,
    /// Whom to tell of an objection: name or office, and phone.
    pub contact: String,
    /// First day.
    pub from: Date,
    /// Last day on which an objection is taken.
    pub until: Date,
    /// The cases on it.
    pub cases: Vec<Uuid>,
    /// Sign-in name of who posted it.
    pub posted_by: String,
    /// Photos of it where it hangs.
    #[serde(default)]
    pub photos: Vec<NoticePhoto>,
    /// Days it was given anew, oldest first.
    #[serde(default)]
    pub extensions: Vec<Extension>,
    /// How it was taken down before its time.
    #[serde(default)]
    pub removed: Option<Removal>,
    /// When its cases went on, or it was taken down.
    pub closed_at: Option<Timestamp>,
}

impl PublicityNotice {
    /// Gives a notice that was posted late other days; it never ends earlier than before.
    ///
    /// # Errors
    /// Without a reason, when it is closed, or the new days are not later.
    pub fn extend(&mut self, from: Date, until: Date, say: Say) -> Result<(), IdentificationError> {
        self.check_open()?;
        let reason = reason(&say)?;
        if from < self.from || until <= self.until {
            return Err(IdentificationError::NotLater { until: self.until });
        }
        self.extensions.push(Extension {
            from: self.from,
            until: self.until,
            reason,
            by: say.by,
            at: say.at,
        });
        self.from = from;
        self.until = until;
        Ok(())
    }

    /// Takes it down before its time; its cases wait for another notice.
    ///
    /// # Errors
    /// Without a reason, or when it is closed.
    pub fn take_down(&mut self, say: Say) -> Result<(), IdentificationError> {
        self.check_open()?;
        let reason = reason(&say)?;
        self.closed_at = Some(say.at);
        self.removed = Some(Removal {
            reason,
            by: say.by,
            at: say.at,
        });
        Ok(())
    }

    /// Checks that the notice has not been closed or taken down.
    ///
    /// # Errors
    /// When it has.
    pub fn check_open(&self) -> Result<(), IdentificationError> {
        match self.closed_at {
            None => Ok(()),
            Some(_) => Err(IdentificationError::NoticeClosed),
        }
    }
}

/// The day of an instant by the calendar of China, which has one time zone, UTC+8.
pub fn day_in_china(at: Timestamp) -> Date {
    TimeZone::fixed(jiff::tz::offset(8)).to_datetime(at).date()
}

/// The reason that was given, trimmed.
fn reason(say: &Say) -> Result<String, IdentificationError> {
    say.remark
        .as_deref()
        .map(str::trim)
        .filter(|reason| !reason.is_empty())
        .map(str::to_owned)
        .ok_or(IdentificationError::ReasonMissing)
}

code_list! {
    /// Which days count.
    Calendar {
        CalendarDays = "calendar_days", "自然日", "calendar days";
        WorkingDays = "working_days", "工作日", "working days";
    }
}

/// The last day of a notice of `days` days posted on `from`; the day of posting does not count. Of working days,
/// Saturdays, Sundays and `holidays` do not count.
pub fn last_day(from: Date, days: u32, calendar: Calendar, holidays: &[Date]) -> Date {
    let mut day = from;
    let mut left = days;
    while left > 0 {
        let Ok(next) = day.checked_add(1.day()) else { break };
        day = next;
        let rest = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) || holidays.contains(&day);
        if calendar == Calendar::CalendarDays || !rest {
            left -= 1;
        }
    }
    day
}

code_list! {
    /// What became of an objection.
    ObjectionState {
        Open = "open", "待处理", "open";
        Upheld = "upheld", "成立", "upheld";
        Dismissed = "dismissed", "不成立", "dismissed";
    }
}

/// An objection to a household on a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Objection {
    /// UUIDv7.
    pub id: Uuid,
    /// The notice.
    pub notice: Uuid,
    /// The case objected to.
    pub case: Uuid,
    /// Villagers' group or village of the household.
    pub area: AreaCode,
    /// Who objects; nobody for an anonymous objection.
    pub from: Option<String>,
    /// What is objected.
    pub content: String,
    /// Who took it down.
    pub received_by: String,
    /// When.
    pub received_at: Timestamp,
    /// What became of it.
    pub state: ObjectionState,
    /// The answer given.
    pub answer: Option<String>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
}

/// Why a step cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentificationError {
    /// Nothing can be done with a case that has ended.
    #[error("the case has ended: {}", step.en())]
    Ended {
        /// How.
        step: Step,
    },
    /// An objection is open.
    #[error("{objections} objection(s) are not decided yet; decide them first")]
    Suspended {
        /// How many.
        objections: u32,
    },
    /// A publicity step is passed by closing its notice.
    #[error("{} is passed by posting a notice and closing it when it has run", step.en())]
    Publicity {
        /// The step.
        step: Step,
    },
    /// The case does not belong on the notice.
    #[error("a case that waits for {} does not go on a notice of the {}", step.en(), level.en())]
    NotForNotice {
        /// What the case waits for.
        step: Step,
        /// The notice's level.
        level: Level,
    },
    /// It stands on another notice.
    #[error("the case stands on a notice already")]
    OnNotice,
    /// Objections are still taken.
    #[error("the notice runs until {until}; it can be closed the day after")]
    NoticeRuns {
        /// Last day.
        until: Date,
    },
    /// The step is taken by a vote.
    #[error("{} needs the vote that was taken", step.en())]
    VoteMissing {
        /// The step.
        step: Step,
    },
    /// A vote without the meeting at which it was taken.
    #[error("{} needs the day of its meeting and the place, at most {MEETING_PLACE_LIMIT} characters", step.en())]
    MeetingMissing {
        /// The step.
        step: Step,
    },
    /// A meeting before the application or in the future.
    #[error("the meeting was held from {from}, the day of the application, to {until}")]
    MeetingDate {
        /// Day of the application.
        from: Date,
        /// Today.
        until: Date,
    },
    /// The figures of the vote do not add up.
    #[error(
        "the vote does not add up: {} entitled, {} present, {} in favour, {} against, {} abstained",
        vote.entitled, vote.present, vote.in_favour, vote.against, vote.abstained
    )]
    VoteCount {
        /// The vote.
        vote: Vote,
    },
    /// Too few came.
    #[error("{present} came; the meeting needs {needed}")]
    NoQuorum {
        /// Who came.
        present: u32,
        /// Who must come.
        needed: u32,
    },
    /// No majority was in favour.
    #[error("{in_favour} of {present} were in favour: no majority; return or refuse the case instead")]
    NoMajority {
        /// In favour.
        in_favour: u32,
        /// Present.
        present: u32,
    },
    /// Maker and checker are the same person.
    #[error("{by} took {} of this case; somebody else must do this", step.en())]
    SamePerson {
        /// Who.
        by: String,
        /// The step taken before.
        step: Step,
    },
    /// Returning, refusing and withdrawing need a reason.
    #[error("give a reason")]
    ReasonMissing,
    /// There is no step before.
    #[error("{} is the first step; refuse the case or let it be withdrawn", step.en())]
    FirstStep {
        /// The step.
        step: Step,
    },
    /// There is nothing to decide.
    #[error("no objection is open")]
    NoObjection,
    /// The village's meeting votes knowing what the cross-match found.
    #[error("the result of the cross-match is read out before the vote; say that it was")]
    NotReadOut,
    /// The last step is passed by an announcement.
    #[error("the announcement is passed by issuing it on the publicity desk")]
    ByAnnouncement,
    /// Nothing was done yet.
    #[error("nothing was done with this case yet")]
    NothingTaken,
    /// Something else was done since.
    #[error("{} was taken since; only the last step can be taken back", step.en())]
    ActedSince {
        /// The last step.
        step: Step,
    },
    /// The case was posted since.
    #[error("the case stands on a notice since; take the notice down first")]
    PostedSince,
    /// A decision on an objection stands.
    #[error("an objection was upheld and sent the case back; that is not taken back")]
    ByObjection,
    /// An announcement is public.
    #[error("the household is announced; a correction is an amendment of its roster")]
    IsAnnounced,
    /// The notice is closed or taken down.
    #[error("the notice is closed or taken down already")]
    NoticeClosed,
    /// An extension must give more time.
    #[error("the new days must end after {until}")]
    NotLater {
        /// The present last day.
        until: Date,
    },
}

impl IdentificationError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ended { .. } => "case_ended",
            Self::Suspended { .. } => "case_suspended",
            Self::Publicity { .. } => "publicity_step",
            Self::NotForNotice { .. } => "not_for_notice",
            Self::OnNotice => "on_notice",
            Self::NoticeRuns { .. } => "notice_runs",
            Self::VoteMissing { .. } => "vote_missing",
            Self::MeetingMissing { .. } => "meeting_missing",
            Self::MeetingDate { .. } => "meeting_date",
            Self::VoteCount { .. } => "vote_count",
            Self::NoQuorum { .. } => "no_quorum",
            Self::NoMajority { .. } => "no_majority",
            Self::SamePerson { .. } => "same_person",
            Self::ReasonMissing => "reason_missing",
            Self::FirstStep { .. } => "first_step",
            Self::NoObjection => "no_objection",
            Self::NotReadOut => "not_read_out",
            Self::ByAnnouncement => "by_announcement",
            Self::NothingTaken => "nothing_taken",
            Self::ActedSince { .. } => "acted_since",
            Self::PostedSince => "posted_since",
            Self::ByObjection => "by_objection",
            Self::IsAnnounced => "is_announced",
            Self::NoticeClosed => "notice_closed",
            Self::NotLater { .. } => "not_later",
        }
    }

    /// The reason in both languages.
    pub fn text(&self) -> Text {
        let zh = match self {
            Self::Ended { step } => format!("本件已办结({})", step.zh()),
            Self::Suspended { objections } => format!("有 {objections} 件异议尚未处理,须先处理"),
            Self::Publicity { step } => format!("{}须张贴公示,期满后关闭公示", step.zh()),
            Self::NotForNotice { step, level } => {
                format!("当前环节为{},不能列入{}级公示", step.zh(), level.zh())
            }
            Self::OnNotice => "已列入另一公示".to_owned(),
            Self::NoticeRuns { until } => format!("公示至 {until} 止,次日起方可关闭"),
            Self::VoteMissing { step } => format!("{}须填写表决结果", step.zh()),
            Self::MeetingMissing { step } => {
                format!(
                    "{}须填写会议日期和地点(不超过 {MEETING_PLACE_LIMIT} 字)",
                    step.zh()
                )
            }
            Self::MeetingDate { from, until } => {
                format!("会议日期须在申请日 {from} 至今日 {until} 之间")
            }
            Self::VoteCount { vote } => format!(
                "票数不符:应到 {},实到 {},赞成 {},反对 {},弃权 {}",
                vote.entitled, vote.present, vote.in_favour, vote.against, vote.abstained
            ),
            Self::NoQuorum { present, needed } => format!("实到 {present} 人,不足法定的 {needed} 人"),
            Self::NoMajority { in_favour, present } => {
                format!("实到 {present} 人,赞成 {in_favour} 人,未过半数;请退回或不予认定")
            }
            Self::SamePerson { by, step } => format!("{by} 已办理本件的{},须由他人办理", step.zh()),
            Self::ReasonMissing => "请填写理由".to_owned(),
            Self::FirstStep { step } => format!("{}为首个环节,无可退回;可不予认定或撤回", step.zh()),
            Self::NoObjection => "没有待处理的异议".to_owned(),
            Self::NotReadOut => "表决前须宣读信息比对结果,请确认已宣读".to_owned(),
            Self::ByAnnouncement => "公告环节须在公示台发布公告".to_owned(),
            Self::NothingTaken => "本件尚未办理任何环节".to_owned(),
            Self::ActedSince { step } => format!("此后已办理{},只能更正最后一个环节", step.zh()),
            Self::PostedSince => "此后已列入公示,须先撤下公示".to_owned(),
            Self::ByObjection => "因异议成立退回,不能更正".to_owned(),
            Self::IsAnnounced => "已公告,更正须走变更审批".to_owned(),
            Self::NoticeClosed => "公示已关闭或撤下".to_owned(),
            Self::NotLater { until } => format!("新的公示期须晚于 {until} 截止"),
        };
        Text::new(zh, self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{
        Application, ApplicationForm, Calendar, IdentificationCase, IdentificationError, Level,
        MEETING_PLACE_LIMIT, Meeting, NoticeKind, Procedure, PublicityNotice, Say, Step, StepOutcome, Vote,
        day_in_china, last_day,
    };
    use crate::area::AreaCode;

    const QUORUM: f64 = 2.0 / 3.0;

    /// A day after application and meeting.
    fn instant() -> Timestamp {
        Timestamp::from_second(1_772_700_000).unwrap()
    }

    fn vote() -> Vote {
        Vote {
            meeting: Some(Meeting {
                date: date(2026, 3, 1),
                place: "村委会".into(),
            }),
            entitled: 30,
            present: 20,
            in_favour: 15,
            against: 3,
            abstained: 2,
            cross_match_read_out: true,
        }
    }

    fn case(procedure: Procedure) -> IdentificationCase {
        IdentificationCase {
            id: Uuid::from_u128(1),
            household: Uuid::from_u128(2),
            area: AreaCode::parse("619021101201").unwrap(),
            procedure,
            application: Application {
                form: ApplicationForm::Oral,
                date: date(2026, 3, 1),
                witness: Some("王五".into()),
                reference: None,
            },
            step: procedure.steps()[0],
            notice: None,
            open_objections: 0,
            taken: Vec::new(),
        }
    }

    fn say(by: &str) -> Say {
        Say {
            by: by.into(),
            at: instant(),
            remark: None,
        }
    }

    fn notice(level: Level) -> PublicityNotice {
        PublicityNotice {
            id: Uuid::from_u128(9),
            kind: NoticeKind::Publicity,
            number: None,
            area: AreaCode::parse("619021").unwrap(),
            level,
            place: "村委会公示栏".into(),
            contact: "0916-0000000".into(),
            from: date(2026, 3, 2),
            until: date(2026, 3, 9),
            cases: vec![Uuid::from_u128(1)],
            posted_by: level.code().into(),
            photos: Vec::new(),
            extensions: Vec::new(),
            removed: None,
            closed_at: None,
        }
    }

    fn announcement() -> PublicityNotice {
        PublicityNotice {
            kind: NoticeKind::Announcement,
            ..notice(Level::County)
        }
    }

    fn because(by: &str, reason: &str) -> Say {
        Say {
            remark: Some(reason.into()),
            ..say(by)
        }
    }

    /// Takes the next step as the right person; the last day of notices is 2026-03-09.
    fn go(case: &mut IdentificationCase) {
        let level = case.step.level().unwrap();
        if case.step.is_publicity() {
            case.post(&notice(level), level.code()).unwrap();
            case.close_publicity(&notice(level), date(2026, 3, 10), say(level.code()))
                .unwrap();
        } else if case.step == Step::Announcement {
            case.announce(&announcement(), say(level.code())).unwrap();
        } else {
            let vote = case.step.needs_vote().then(vote);
            case.pass(say(level.code()), vote, QUORUM).unwrap();
        }
    }

    #[test]
    fn every_procedure_leads_to_the_announcement() {
        for procedure in Procedure::ALL {
            let mut case = case(*procedure);
            for step in procedure.steps() {
                assert_eq!(case.step, *step);
                go(&mut case);
            }
            assert_eq!(case.step, Step::Announced);
            assert!(case.has_ended());
            let again = case.pass(say("county"), None, QUORUM);
            assert_eq!(
                again,
                Err(IdentificationError::Ended {
                    step: Step::Announced
                })
            );
        }
    }

    #[test]
    fn whoever_makes_does_not_check() {
        let mut case = case(Procedure::TwoNotices);
        go(&mut case);
        go(&mut case);
        assert_eq!(case.step, Step::TownshipCheck);
        let before = case.clone();
        assert!(matches!(
            case.pass(say("village"), None, QUORUM),
            Err(IdentificationError::SamePerson { .. })
        ));
        assert_eq!(case, before, "a refused step changes nothing");
        go(&mut case);
        assert!(matches!(
            case.pass(say("township"), None, QUORUM),
            Err(IdentificationError::SamePerson { .. })
        ));
    }

    #[test]
    fn a_vote_names_the_day_and_the_place_of_its_meeting() {
        let refused = |meeting: Option<Meeting>| {
            let mut case = case(Procedure::TwoReviews);
            case.pass(say("village"), Some(Vote { meeting, ..vote() }), QUORUM)
                .map_err(|error| error.code())
        };
        let on = |day: jiff::civil::Date, place: &str| {
            Some(Meeting {
                date: day,
                place: place.into(),
            })
        };
        assert_eq!(refused(None), Err("meeting_missing"));
        for place in ["", " ", "一\n二", &"长".repeat(MEETING_PLACE_LIMIT + 1)] {
            assert_eq!(
                refused(on(date(2026, 3, 1), place)),
                Err("meeting_missing"),
                "{place}"
            );
        }
        let (mut applied, today) = (
            case(Procedure::TwoReviews).application.date,
            day_in_china(say("x").at),
        );
        assert_eq!(refused(on(applied, "院坝")), Ok(()));
        assert_eq!(refused(on(today, "院坝")), Ok(()));
        applied = applied.yesterday().unwrap();
        for day in [applied, today.tomorrow().unwrap()] {
            assert_eq!(refused(on(day, "院坝")), Err("meeting_date"), "{day}");
        }
        // Votes of before are read as they were written.
        let old = r#"{"entitled":30,"present":22,"in_favour":18,"against":3,"abstained":1}"#;
        let read: Vote = serde_json::from_str(old).unwrap();
        assert_eq!((read.meeting, read.in_favour), (None, 18));
    }

    #[test]
    fn nobody_decides_at_two_levels_in_whatever_way() {
        let mut checked = case(Procedure::TwoNotices);
        while checked.step != Step::TownshipCheck {
            go(&mut checked);
        }
        // Village review, township check: the village's person neither returns nor refuses there.
        for refused in [
            checked.clone().give_back(because("village", "再议")),
            checked.clone().refuse(because("village", "有房")),
        ] {
            assert_eq!(refused.unwrap_err().code(), "same_person");
        }
        while checked.step != Step::CountyDecision {
            go(&mut checked);
        }
        for by in ["village", "township"] {
            let before = checked.clone();
            assert_eq!(
                checked.pass(say(by), None, QUORUM).unwrap_err().code(),
                "same_person"
            );
            assert_eq!(
                checked.give_back(because(by, "再查")).unwrap_err().code(),
                "same_person"
            );
            assert_eq!(
                checked.refuse(because(by, "有房")).unwrap_err().code(),
                "same_person"
            );
            assert_eq!(checked, before);
            // That the household withdraws is no decision; anybody records it.
            checked.clone().withdraw(because(by, "本人申请")).unwrap();
        }
        // Who returned a case at one level does not pass it at another.
        let mut returned = case(Procedure::TwoNotices);
        while returned.step != Step::TownshipCheck {
            go(&mut returned);
        }
        returned.give_back(because("deputy", "公示照片缺失")).unwrap();
        assert_eq!(returned.step.level(), Some(Level::Village));
        let own = returned.post(&notice(Level::Village), "deputy");
        assert_eq!(own.unwrap_err().code(), "same_person");
        returned.post(&notice(Level::Village), "village").unwrap();
    }

    #[test]
    fn a_meeting_needs_its_quorum_and_a_majority() {
        let refused = |vote: Vote| {
            let mut case = case(Procedure::TwoNotices);
            case.pass(say("village"), Some(vote), QUORUM).unwrap_err().code()
        };
        assert_eq!(
            refused(Vote {
                entitled: 31,
                ..vote()
            }),
            "no_quorum"
        );
        assert_eq!(
            refused(Vote {
                in_favour: 10,
                against: 8,
                ..vote()
            }),
            "no_majority"
        );
        assert_eq!(
            refused(Vote {
                present: 19,
                ..vote()
            }),
            "vote_count"
        );
        assert_eq!(
            refused(Vote {
                entitled: 10,
                ..vote()
            }),
            "vote_count"
        );
        let mut case = case(Procedure::TwoNotices);
        assert_eq!(
            case.pass(say("village"), None, QUORUM).unwrap_err().code(),
            "vote_missing"
        );
    }

    #[test]
    fn a_notice_runs_to_its_end_and_an_objection_holds_the_case() {
        let mut case = case(Procedure::TwoNotices);
        go(&mut case);
        let posted = notice(Level::Village);
        assert_eq!(
            case.pass(say("village"), None, QUORUM).unwrap_err().code(),
            "publicity_step"
        );
        assert_eq!(
            case.post(&notice(Level::County), "village").unwrap_err().code(),
            "not_for_notice"
        );
        case.post(&posted, "village").unwrap();
        assert_eq!(case.post(&posted, "village").unwrap_err().code(), "on_notice");
        let on_the_last_day = case.close_publicity(&posted, posted.until, say("village"));
        assert_eq!(on_the_last_day.unwrap_err().code(), "notice_runs");

        case.open_objections = 2;
        let after = date(2026, 3, 10);
        let held = case.close_publicity(&posted, after, say("village"));
        assert_eq!(held.unwrap_err().code(), "case_suspended");
        let objection = Uuid::from_u128(5);
        let own = case.decide_objection(objection, &posted, false, say("village"));
        assert_eq!(own.unwrap_err().code(), "same_person");
        case.decide_objection(objection, &posted, false, say("township"))
            .unwrap();
        assert_eq!(case.step, Step::VillagePublicity);
        case.decide_objection(objection, &posted, true, because("township", "有房"))
            .unwrap();
        assert_eq!((case.step, case.notice), (Step::VillageReview, None));
        let none = case.decide_objection(objection, &posted, false, say("township"));
        assert_eq!(none.unwrap_err().code(), "no_objection");
        let back = case.take_back(Step::VillagePublicity, because("village", "误"));
        assert_eq!(back.unwrap_err().code(), "by_objection");
    }

    #[test]
    fn an_upheld_objection_sends_the_case_to_the_step_before_its_notice() {
        let mut case = case(Procedure::TwoNotices);
        while case.step != Step::CountyPublicity {
            go(&mut case);
        }
        let posted = notice(Level::County);
        case.post(&posted, "county").unwrap();
        case.open_objections = 1;
        let objection = Uuid::from_u128(5);
        let own = case.decide_objection(objection, &posted, true, say("county"));
        assert_eq!(
            own.unwrap_err().code(),
            "same_person",
            "the poster decided before"
        );
        case.decide_objection(objection, &posted, true, because("deputy", "已有住房"))
            .unwrap();
        assert_eq!(case.step, Step::CountyDecision);
        assert_eq!(case.taken.last().unwrap().objection, Some(objection));
    }

    #[test]
    fn the_meeting_hears_the_cross_match_before_it_votes() {
        let silent = Vote {
            cross_match_read_out: false,
            ..vote()
        };
        let mut matched = case(Procedure::OneNotice);
        go(&mut matched);
        let refused = matched.pass(say("village"), Some(silent.clone()), QUORUM);
        assert_eq!(refused.unwrap_err().code(), "not_read_out");
        // A procedure without a cross-match has nothing to read out.
        let mut plain = case(Procedure::TwoNotices);
        plain.pass(say("village"), Some(silent), QUORUM).unwrap();
    }

    #[test]
    fn a_mistaken_step_is_taken_back_before_the_next_is_taken() {
        let mut case = case(Procedure::TwoReviews);
        assert_eq!(
            case.take_back(Step::GroupReview, because("village", "误"))
                .unwrap_err()
                .code(),
            "nothing_taken"
        );
        go(&mut case);
        go(&mut case);
        let earlier = case.take_back(Step::GroupReview, because("village", "误"));
        assert_eq!(earlier.unwrap_err().code(), "acted_since");
        assert_eq!(
            case.take_back(Step::CrossMatch, say("village"))
                .unwrap_err()
                .code(),
            "reason_missing"
        );
        case.take_back(Step::CrossMatch, because("deputy", "看错户"))
            .unwrap();
        assert_eq!(case.step, Step::CrossMatch);
        // Now the one before it is the last that stands.
        case.take_back(Step::GroupReview, because("deputy", "看错户"))
            .unwrap();
        assert_eq!(case.step, Step::GroupReview);
        assert_eq!(case.taken.len(), 4, "history is kept");
        assert!(case.standing().is_empty());
        // Whoever passed by mistake and took it back has not acted.
        case.pass(say("village"), Some(vote()), QUORUM).unwrap();
        case.refuse(because("village", "看错户")).unwrap();
        case.take_back(Step::CrossMatch, because("village", "误"))
            .unwrap();
        assert_eq!(case.step, Step::CrossMatch);
    }

    #[test]
    fn what_is_posted_or_announced_is_not_taken_back() {
        let mut case = case(Procedure::OneNotice);
        go(&mut case);
        go(&mut case);
        case.post(&notice(Level::Village), "village").unwrap();
        let posted = case.take_back(Step::VillageReview, because("village", "误"));
        assert_eq!(posted.unwrap_err().code(), "posted_since");
        case.leave_notice(Uuid::from_u128(9));
        assert_eq!(case.notice, None);
        while case.step != Step::Announcement {
            go(&mut case);
        }
        let plain = case.pass(say("county"), None, QUORUM);
        assert_eq!(plain.unwrap_err().code(), "by_announcement");
        go(&mut case);
        let announced = case.take_back(Step::Announcement, because("county", "误"));
        assert_eq!(announced.unwrap_err().code(), "is_announced");
    }

    #[test]
    fn a_notice_is_extended_or_taken_down_with_a_reason() {
        let mut posted = notice(Level::Village);
        let (from, until) = (date(2026, 3, 5), date(2026, 3, 12));
        assert_eq!(
            posted.extend(from, until, say("village")).unwrap_err().code(),
            "reason_missing"
        );
        let earlier = posted.extend(from, date(2026, 3, 9), because("village", "张贴延误"));
        assert_eq!(earlier.unwrap_err().code(), "not_later");
        posted
            .extend(from, until, because("village", "张贴延误"))
            .unwrap();
        assert_eq!((posted.from, posted.until), (from, until));
        assert_eq!(posted.extensions[0].until, date(2026, 3, 9));
        posted.take_down(because("village", "名单有误")).unwrap();
        assert_eq!(
            posted
                .take_down(because("village", "名单有误"))
                .unwrap_err()
                .code(),
            "notice_closed"
        );
        assert_eq!(
            posted
                .extend(from, date(2026, 4, 1), because("village", "误"))
                .unwrap_err()
                .code(),
            "notice_closed"
        );
    }

    #[test]
    fn a_case_waits_since_its_last_step_by_the_calendar_of_china() {
        let mut case = case(Procedure::TwoReviews);
        assert_eq!(case.waiting_since(), date(2026, 3, 1));
        let evening = Say {
            at: "2026-03-04T17:00:00Z".parse().unwrap(),
            ..say("village")
        };
        case.pass(evening, Some(vote()), QUORUM).unwrap();
        assert_eq!(case.waiting_since(), date(2026, 3, 5));
    }

    #[test]
    fn returning_and_ending_need_a_reason() {
        let reason = |by: &str| Say {
            remark: Some("缺证明".into()),
            ..say(by)
        };
        let mut first = case(Procedure::TwoReviews);
        assert_eq!(
            first.give_back(reason("village")).unwrap_err().code(),
            "first_step"
        );
        go(&mut first);
        let blank = Say {
            remark: Some("  ".into()),
            ..say("village")
        };
        assert_eq!(first.give_back(blank).unwrap_err().code(), "reason_missing");
        first.give_back(reason("village")).unwrap();
        assert_eq!(first.step, Step::GroupReview);
        assert_eq!(
            first.taken.last().map(|taken| taken.outcome),
            Some(StepOutcome::Returned)
        );
        first.withdraw(reason("village")).unwrap();
        assert_eq!(first.step, Step::Withdrawn);
        let mut second = case(Procedure::OneNotice);
        second.refuse(reason("village")).unwrap();
        assert_eq!(second.step, Step::Refused);
    }

    #[test]
    fn working_days_pass_over_weekends_and_holidays() {
        let from = date(2026, 9, 28);
        assert_eq!(last_day(from, 7, Calendar::CalendarDays, &[]), date(2026, 10, 5));
        // 29 and 30 September, then the holidays of 1 to 7 October, then 8 and 9 October.
        let holidays: Vec<_> = (1..=7).map(|day| date(2026, 10, day)).collect();
        assert_eq!(
            last_day(from, 4, Calendar::WorkingDays, &holidays),
            date(2026, 10, 9)
        );
        assert_eq!(last_day(from, 0, Calendar::WorkingDays, &holidays), from);
    }

    proptest! {
        /// Whatever people try, no case is announced without every step of its procedure passed in order.
        #[test]
        fn no_case_is_announced_by_a_short_cut(tries in proptest::collection::vec((0_usize..9, 0_usize..3), 0..80)) {
            let mut case = case(Procedure::TwoReviews);
            let people = ["village", "township", "county"];
            for (what, who) in tries {
                let said = because(people[who], "因");
                let level = case.step.level();
                let last = case.taken.last().map_or(case.step, |taken| taken.step);
                let _ = match (what, level) {
                    (0 | 1, _) => case.pass(said, Some(vote()), QUORUM),
                    (2, Some(level)) => case.post(&notice(level), people[who]),
                    (3, Some(level)) => case.close_publicity(&notice(level), date(2026, 3, 10), said),
                    (4, _) => case.give_back(said),
                    (5, _) => case.announce(&announcement(), said),
                    (6, _) => case.take_back(last, said),
                    (7, _) => { case.leave_notice(Uuid::from_u128(9)); Ok(()) }
                    (_, Some(level)) => case.decide_objection(Uuid::from_u128(5), &notice(level), true, said),
                    (_, None) => Ok(()),
                };
            }
            if case.step == Step::Announced {
                // What stands is the whole procedure: a return takes back what follows it, a correction what it corrects.
                let mut passed: Vec<Step> = Vec::new();
                for taken in case.standing() {
                    match taken.outcome {
                        StepOutcome::Passed => passed.push(taken.step),
                        _ => { passed.pop(); }
                    }
                }
                prop_assert_eq!(passed.as_slice(), case.procedure.steps());
            }
        }
    }
}
