//! Many changes of one kind in one request: each is carried out by itself and has its own result, so that one refused
//! item does not hold back the others.

use anju_app::AppError;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::extract::Json;
use crate::problem::{HttpError, ProblemDetails};

/// Most items of one request.
const MOST: usize = 500;

/// Many items to be changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Many<T: ToSchema> {
    /// The items, 1 to 500.
    #[schema(min_items = 1, max_items = 500)]
    items: Vec<T>,
}

/// What became of many items, in their order.
#[derive(Default, Serialize, ToSchema)]
pub(crate) struct ManyDone {
    /// How many were carried out.
    done: usize,
    /// How many were refused.
    refused: usize,
    /// The result of each.
    items: Vec<ItemDone>,
}

/// What became of one item.
#[derive(Serialize, ToSchema)]
pub(crate) struct ItemDone {
    /// Its place in the request, from 0.
    index: usize,
    /// The status that it would have been answered alone.
    #[schema(minimum = 200, maximum = 599)]
    status: u16,
    /// The subject that was changed.
    id: Option<Uuid>,
    /// The version that it has now.
    version: Option<i64>,
    /// Why it was refused.
    problem: Option<ProblemDetails>,
}

impl<T: ToSchema> Many<T> {
    /// The items to be carried out, one after another.
    ///
    /// # Errors
    /// When there is none, or there are too many.
    pub fn items(self) -> Result<Vec<T>, HttpError> {
        if self.items.is_empty() || self.items.len() > MOST {
            return Err(HttpError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "item_count",
                format!("一次可提交 1 至 {MOST} 项,收到 {} 项", self.items.len()),
                format!(
                    "a request has 1 to {MOST} items; this one has {}",
                    self.items.len()
                ),
            )
            .at("items"));
        }
        Ok(self.items)
    }
}

impl ManyDone {
    /// Adds the result of the next item: id and new version of what it changed, or why not.
    pub fn add(&mut self, result: Result<(Uuid, i64), AppError>) {
        let index = self.items.len();
        self.items.push(match result {
            Ok((id, version)) => {
                self.done += 1;
                ItemDone {
                    index,
                    status: StatusCode::OK.as_u16(),
                    id: Some(id),
                    version: Some(version),
                    problem: None,
                }
            }
            Err(error) => {
                self.refused += 1;
                let error = HttpError::from(error);
                ItemDone {
                    index,
                    status: error.status().as_u16(),
                    id: None,
                    version: None,
                    problem: Some(error.into()),
                }
            }
        });
    }

    /// The answer.
    pub fn answer(self) -> (StatusCode, Json<Self>) {
        (StatusCode::MULTI_STATUS, Json(self))
    }
}
