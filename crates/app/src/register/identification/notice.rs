//! Notices and announcements: posting, new days, taking down, photos, closing.

use anju_model::access::Action;
use anju_model::area::{AreaCode, AreaLevel};
use anju_model::code_list::Text;
use anju_model::identification::{
    IdentificationCase, IdentificationError, Level, NoticeKind, NoticeNumber, NoticePhoto, PublicityNotice,
    Say, Step,
};
use anju_model::register::document::media_type;
use anju_store::Versioned;
use anju_store::attachment::Attachment;
use anju_store::identification::CaseFilter;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use super::views::{self, NoticeView};
use super::{BatchOutcome, CaseVersion, RefusedCase, action_of, chosen, clock, needed, problem};
use crate::workspace::SeenAt;
use crate::{AppError, Caller, Workspace};

/// Largest photo, bytes.
pub const PHOTO_LIMIT: usize = 10 << 20;
/// Most photos of one notice.
const PHOTOS: usize = 20;

/// A notice to be posted, or an announcement to be issued.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NoticePosting)]
pub struct Posting {
    /// A notice open to objection without it.
    #[serde(default)]
    pub kind: Option<NoticeKind>,
    /// Of a notice the village, township or county that posts it; of an announcement any area.
    pub area: AreaCode,
    /// Where it hangs.
    pub place: String,
    /// Whom to tell of an objection.
    pub contact: String,
    /// First day; today without it.
    #[serde(default)]
    pub from: Option<Date>,
    /// These cases; without them all of the area that wait for it.
    #[serde(default)]
    pub cases: Option<Vec<CaseVersion>>,
}

/// New days of a notice that was posted late.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NoticeExtending)]
pub struct Extending {
    /// The day on which it was really posted; the days of the policy pack are counted from it.
    pub from: Date,
    /// Why.
    pub reason: String,
}

/// Taking a notice down before its time.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NoticeTakingDown)]
pub struct TakingDown {
    /// Why.
    pub reason: String,
}

/// The day of a photo.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PhotoDay {
    /// The day on which it was taken.
    pub taken_on: Date,
}

/// A photo of a notice where it hangs.
#[derive(Debug, Clone)]
pub struct Photo {
    /// When it was taken.
    pub day: PhotoDay,
    /// What the file says it is.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

fn say(workspace: &Workspace, caller: &Caller, remark: Option<String>) -> Say {
    Say {
        by: caller.name().to_owned(),
        at: workspace.now(),
        remark,
    }
}

/// The level that posts a notice for an area, and the step it passes.
fn posted_by(kind: NoticeKind, area: &AreaCode) -> Result<(Level, Step), AppError> {
    match (kind, area.level()) {
        (NoticeKind::Announcement, _) => Ok((Level::County, Step::Announcement)),
        (NoticeKind::Publicity, AreaLevel::Village) => Ok((Level::Village, Step::VillagePublicity)),
        (NoticeKind::Publicity, AreaLevel::Township) => Ok((Level::Township, Step::TownshipPublicity)),
        (NoticeKind::Publicity, AreaLevel::County) => Ok((Level::County, Step::CountyPublicity)),
        (NoticeKind::Publicity, _) => Err(AppError::invalid(
            "notice_area",
            "area",
            "公示张贴于村、乡镇或县",
            "a notice is posted in a village, in a township or for the county",
        )),
    }
}

/// Posts a notice for a village, a township or the county, or issues an announcement.
///
/// # Errors
/// When the area does not fit, no case waits for it there, or the caller may not.
pub async fn post(workspace: &Workspace, caller: &Caller, posting: Posting) -> Result<NoticeView, AppError> {
    let kind = posting.kind.unwrap_or(NoticeKind::Publicity);
    let (level, step) = posted_by(kind, &posting.area)?;
    caller.require_in(action_of(level), &posting.area)?;
    let today = workspace.today();
    let from = posting.from.unwrap_or(today);
    let (until, closed_at) = match kind {
        NoticeKind::Publicity => (clock::notice_end(workspace.pack(), level, from)?, None),
        NoticeKind::Announcement => (from, Some(workspace.now())),
    };
    let last =
        anju_store::identification::last_serial(workspace.db(), &posting.area, kind, from.year()).await?;
    let mut notice = PublicityNotice {
        id: workspace.new_id(),
        kind,
        number: Some(NoticeNumber {
            year: from.year(),
            serial: last + 1,
        }),
        area: posting.area.clone(),
        level,
        place: needed(&posting.place, "place")?,
        contact: needed(&posting.contact, "contact")?,
        from,
        until,
        cases: Vec::new(),
        posted_by: caller.name().to_owned(),
        photos: Vec::new(),
        extensions: Vec::new(),
        removed: None,
        closed_at,
    };
    let mut outcome = BatchOutcome::default();
    let filter = CaseFilter {
        on_notice: Some(false),
        ..CaseFilter::within(posting.area)
    };
    let mut changed = Vec::new();
    for mut summary in chosen(workspace, filter, posting.cases, step, &mut outcome).await? {
        let case = &mut summary.case.value;
        let posted = match kind {
            NoticeKind::Publicity => case.post(&notice, caller.name()),
            NoticeKind::Announcement => case.announce(&notice, say(workspace, caller, None)),
        };
        match posted {
            Ok(()) => changed.push(summary.case),
            Err(error) => outcome
                .refused
                .push(RefusedCase::new(summary.case.value.id, problem(&error))),
        }
    }
    if changed.is_empty() {
        let first = outcome.refused.first().map(|refused| refused.detail.clone());
        let why = first.unwrap_or_else(|| match kind {
            NoticeKind::Publicity => Text::new("没有待公示的户", "no household waits for publicity here"),
            NoticeKind::Announcement => {
                Text::new("没有待公告的户", "no household waits to be announced here")
            }
        });
        return Err(AppError::invalid("nothing_to_post", "cases", why.zh, why.en));
    }
    notice.cases = changed.iter().map(|case| case.value.id).collect();
    let command = match kind {
        NoticeKind::Publicity => "post_notice",
        NoticeKind::Announcement => "announce",
    };
    let mut transaction = workspace.begin(caller, command, None).await?;
    transaction.insert(std::slice::from_ref(&notice)).await?;
    transaction.update(&changed).await?;
    transaction.commit().await?;
    views::notice(workspace, caller, notice.id).await
}

/// The notice, when the caller may act for the level that posted it.
async fn own_notice(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
) -> Result<Versioned<PublicityNotice>, AppError> {
    let notice = load_notice(workspace, id).await?;
    caller.require_in(action_of(notice.value.level), &notice.value.area)?;
    Ok(notice)
}

/// Gives a notice that was posted late new days, counted from the day it was really posted.
///
/// # Errors
/// Without a reason, when it is closed, changed since `version` or would not end later, or the caller may not.
pub async fn extend(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    extending: Extending,
) -> Result<NoticeView, AppError> {
    let mut notice = own_notice(workspace, caller, id).await?;
    let reason = needed(&extending.reason, "reason")?;
    let until = clock::notice_end(workspace.pack(), notice.value.level, extending.from)?;
    notice.version = version;
    notice.value.extend(
        extending.from,
        until,
        say(workspace, caller, Some(reason.clone())),
    )?;
    let mut transaction = workspace.begin(caller, "extend_notice", Some(reason)).await?;
    transaction.update(std::slice::from_ref(&notice)).await?;
    transaction.commit().await?;
    views::notice(workspace, caller, id).await
}

/// Takes a notice down before its time. Its cases wait for another notice; objections to them stay to be decided.
///
/// # Errors
/// Without a reason, when it is closed or changed since `version`, or the caller may not.
pub async fn take_down(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    taking_down: TakingDown,
) -> Result<NoticeView, AppError> {
    let mut notice = own_notice(workspace, caller, id).await?;
    let reason = needed(&taking_down.reason, "reason")?;
    notice.version = version;
    notice
        .value
        .take_down(say(workspace, caller, Some(reason.clone())))?;
    let mut standing = standing_on(workspace, &notice.value).await?;
    for case in &mut standing {
        case.value.leave_notice(id);
    }
    let mut transaction = workspace.begin(caller, "take_down_notice", Some(reason)).await?;
    transaction.update(std::slice::from_ref(&notice)).await?;
    transaction.update(&standing).await?;
    transaction.commit().await?;
    views::notice(workspace, caller, id).await
}

/// The cases that still stand on a notice. One that was returned, refused or withdrawn meanwhile does not.
async fn standing_on(
    workspace: &Workspace,
    notice: &PublicityNotice,
) -> Result<Vec<Versioned<IdentificationCase>>, AppError> {
    let ids: Vec<String> = notice.cases.iter().map(Uuid::to_string).collect();
    let mut cases: Vec<Versioned<IdentificationCase>> = anju_store::load_many(workspace.db(), &ids).await?;
    cases.retain(|case| case.value.notice == Some(notice.id));
    Ok(cases)
}

/// Closes a notice, seen at `version`, that has run: its cases go on, but for those with an open objection, which stay on it.
///
/// # Errors
/// When it still runs, is closed, lacks the photos that the policy pack asks for, or the caller may not.
pub async fn close(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
) -> Result<BatchOutcome, AppError> {
    let mut notice = own_notice(workspace, caller, id).await?.at(version)?;
    notice.value.check_open()?;
    let today = workspace.today();
    if today <= notice.value.until {
        return Err(IdentificationError::NoticeRuns {
            until: notice.value.until,
        }
        .into());
    }
    let photos = workspace.pack().count("publicity.photos")? as usize;
    if notice.value.photos.len() < photos {
        return Err(AppError::invalid(
            "photo_missing",
            "photos",
            format!("须先上传至少 {photos} 张张贴照片"),
            format!("add at least {photos} photo(s) of the posted notice first"),
        ));
    }
    let say = say(workspace, caller, None);
    let mut outcome = BatchOutcome::default();
    let mut changed = Vec::new();
    for mut case in standing_on(workspace, &notice.value).await? {
        match case.value.close_publicity(&notice.value, today, say.clone()) {
            Ok(()) => changed.push(case),
            Err(error) => outcome
                .refused
                .push(RefusedCase::new(case.value.id, problem(&error))),
        }
    }
    outcome.done = changed.len();
    let ends = outcome.refused.is_empty();
    if changed.is_empty() && !ends {
        return Ok(outcome);
    }
    let mut transaction = workspace.begin(caller, "close_notice", None).await?;
    transaction.update(&changed).await?;
    if ends {
        notice.value.closed_at = Some(say.at);
        transaction.update(std::slice::from_ref(&notice)).await?;
    }
    transaction.commit().await?;
    Ok(outcome)
}

/// Adds a photo of a notice where it hangs; also after it was closed, since photos come in late.
///
/// # Errors
/// When the file is no JPEG, PNG or WebP picture, is not what it says it is, is too large or was taken on a day to come,
/// or the caller may not.
pub async fn add_photo(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    photo: Photo,
) -> Result<NoticeView, AppError> {
    let mut notice = own_notice(workspace, caller, id).await?;
    if photo.bytes.len() > PHOTO_LIMIT {
        return Err(AppError::FileTooLarge {
            limit: PHOTO_LIMIT as u64,
        });
    }
    let kind = media_type(&photo.bytes, &[])
        .filter(|kind| kind.starts_with("image/") && *kind == photo.media_type)
        .ok_or_else(|| {
            AppError::invalid(
                "photo_type",
                "photo",
                format!(
                    "文件内容不是所称的 {};照片须为 JPEG、PNG 或 WebP",
                    photo.media_type
                ),
                format!(
                    "the file is not the {} that it says it is; a photo is JPEG, PNG or WebP",
                    photo.media_type
                ),
            )
        })?;
    let today = workspace.today();
    let taken_on = photo.day.taken_on;
    if taken_on > today {
        return Err(AppError::invalid(
            "date_ahead",
            "taken_on",
            format!("拍摄日期 {taken_on} 晚于今天 {today}"),
            format!("the photo of {taken_on} is later than today, {today}"),
        ));
    }
    if notice.value.photos.len() >= PHOTOS {
        return Err(AppError::invalid(
            "photo_count",
            "photo",
            format!("一份公示最多 {PHOTOS} 张照片"),
            format!("a notice has at most {PHOTOS} photos"),
        ));
    }
    let ending = kind.rsplit('/').next().unwrap_or_default();
    let name = format!("notice-{id}-{}.{ending}", notice.value.photos.len() + 1);
    let attachment = workspace.store_file(kind, &name, &photo.bytes)?;
    if notice
        .value
        .photos
        .iter()
        .any(|known| known.hash == attachment.hash)
    {
        return Err(AppError::invalid(
            "photo_twice",
            "photo",
            "该照片已上传",
            "this photo is there already",
        ));
    }
    notice.value.photos.push(NoticePhoto {
        hash: attachment.hash.clone(),
        media_type: kind.to_owned(),
        taken_on,
        by: caller.name().to_owned(),
        at: workspace.now(),
    });
    let mut transaction = workspace.begin(caller, "add_notice_photo", None).await?;
    transaction.insert_attachments(&[attachment]).await?;
    transaction.update(std::slice::from_ref(&notice)).await?;
    transaction.commit().await?;
    views::notice(workspace, caller, id).await
}

/// A photo of a notice.
///
/// # Errors
/// [`AppError::NotFound`] for a notice or photo that is unknown; when the caller may not read the register there.
pub async fn photo(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    hash: &str,
) -> Result<(Attachment, Vec<u8>), AppError> {
    let missing = || AppError::NotFound {
        kind: "photo",
        id: hash.to_owned(),
    };
    let notice = load_notice(workspace, id).await?.value;
    caller.require_in(Action::ReadRegister, &notice.area)?;
    if !notice.photos.iter().any(|photo| photo.hash == hash) {
        return Err(missing());
    }
    let attachment: Option<Versioned<Attachment>> = anju_store::load(workspace.db(), hash).await?;
    let attachment = attachment.ok_or_else(missing)?.value;
    let bytes = workspace.attachments().read(hash)?;
    Ok((attachment, bytes))
}

pub(in crate::register) async fn load_notice(
    workspace: &Workspace,
    id: Uuid,
) -> Result<Versioned<PublicityNotice>, AppError> {
    let notice: Option<Versioned<PublicityNotice>> =
        anju_store::load(workspace.db(), &id.to_string()).await?;
    notice.ok_or_else(|| AppError::NotFound {
        kind: "notice",
        id: id.to_string(),
    })
}
