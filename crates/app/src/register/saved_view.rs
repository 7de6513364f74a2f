//! Views that somebody saves of a list: its filters, columns and order under a name.
//!
//! They are subjects of the ledger as everything that is stored, each person's own; a shared view is the address itself.

use anju_model::bulk::SavedView;
use anju_store::Versioned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AppError, Caller, Workspace};

/// Most views that one person saves of one page.
const MOST: usize = 50;
/// Most characters of a name.
const NAME_LIMIT: usize = 40;
/// Most characters of a query.
const QUERY_LIMIT: usize = 2_000;
/// The pages with views.
const PAGES: [&str; 4] = ["register", "lookback", "amendments", "identification"];

/// A view to be saved.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewView {
    /// The page.
    pub page: String,
    /// What it is called.
    pub name: String,
    /// The query of the page's address, without `?`.
    pub query: String,
}

/// A saved view as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = SavedViewShown)]
pub struct ViewView {
    /// UUIDv7.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// The query of the page's address.
    pub query: String,
}

fn shown(view: SavedView) -> ViewView {
    ViewView {
        id: view.id,
        name: view.name,
        query: view.query,
    }
}

/// The caller's views of a page, by name.
///
/// # Errors
/// When the database fails.
pub async fn list(workspace: &Workspace, caller: &Caller, page: &str) -> Result<Vec<ViewView>, AppError> {
    let views = anju_store::bulk::saved_views(workspace.db(), caller.name(), page).await?;
    Ok(views.into_iter().map(|stored| shown(stored.value)).collect())
}

/// Saves a view; one of the same name is replaced.
///
/// # Errors
/// For an unknown page, a name or query that is empty or too long, and more views than anybody needs.
pub async fn save(workspace: &Workspace, caller: &Caller, new: NewView) -> Result<ViewView, AppError> {
    let name = new.name.trim().to_owned();
    let invalid = |code, zh: String, en: String| Err(AppError::invalid(code, "view", zh, en));
    if !PAGES.contains(&new.page.as_str()) {
        return invalid(
            "view_page",
            format!("没有可保存视图的页面 {}", new.page),
            format!("there is no page {} with views", new.page),
        );
    }
    let length = name.chars().count();
    if length == 0 || length > NAME_LIMIT || name.chars().any(char::is_control) {
        return invalid(
            "view_name",
            format!("视图名称须为 1 至 {NAME_LIMIT} 个字"),
            format!("a view has a name of 1 to {NAME_LIMIT} characters"),
        );
    }
    if new.query.chars().count() > QUERY_LIMIT {
        return invalid(
            "view_query",
            format!("筛选条件超过 {QUERY_LIMIT} 个字符"),
            format!("the filters have more than {QUERY_LIMIT} characters"),
        );
    }
    let views = anju_store::bulk::saved_views(workspace.db(), caller.name(), &new.page).await?;
    let known = views.iter().find(|stored| stored.value.name == name);
    if known.is_none() && views.len() >= MOST {
        return invalid(
            "views_full",
            format!("最多保存 {MOST} 个视图;请先删除不用的"),
            format!("at most {MOST} views are kept; delete one first"),
        );
    }
    let view = SavedView {
        id: known.map_or_else(|| workspace.new_id(), |stored| stored.value.id),
        owner: caller.name().to_owned(),
        page: new.page,
        name,
        query: new.query.trim_start_matches('?').to_owned(),
        saved_at: workspace.now(),
    };
    let mut transaction = workspace.begin(caller, "save_view", None).await?;
    match known {
        Some(stored) => {
            let again = Versioned {
                value: view.clone(),
                ..stored.clone()
            };
            transaction.update(&[again]).await?;
        }
        None => transaction.insert(std::slice::from_ref(&view)).await?,
    }
    transaction.commit().await?;
    Ok(shown(view))
}

/// Deletes a view of the caller's own.
///
/// # Errors
/// [`AppError::NotFound`] for one that is unknown or somebody else's.
pub async fn delete(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<(), AppError> {
    let stored: Option<Versioned<SavedView>> = anju_store::load(workspace.db(), &id.to_string()).await?;
    let stored = stored
        .filter(|stored| stored.value.owner == caller.name())
        .ok_or_else(|| AppError::NotFound {
            kind: "saved_view",
            id: id.to_string(),
        })?;
    let mut transaction = workspace.begin(caller, "delete_view", None).await?;
    transaction.retire(&[stored]).await?;
    transaction.commit().await
}
