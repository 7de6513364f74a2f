//! Progress of long work, and the way to stop it.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use anju_model::code_list::Text;
use serde::Serialize;

use crate::AppError;

/// What long work is doing at the moment.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
#[schema(as = ProgressStep)]
pub struct Step {
    /// What is being done, in words.
    pub text: Text,
    /// How much of the whole is done, 0 to 1.
    pub done: f32,
}

type Listener = dyn Fn(&Step) + Send + Sync;

/// A handle shared by the work, which reports, and whoever started it, who looks and may cancel.
#[derive(Clone, Default)]
pub struct Progress {
    step: Arc<Mutex<Step>>,
    cancelled: Arc<AtomicBool>,
    listener: Option<Arc<Listener>>,
}

impl Progress {
    /// A handle that also tells `listener` of every report, for a progress bar.
    pub fn with_listener(listener: impl Fn(&Step) + Send + Sync + 'static) -> Self {
        Self {
            listener: Some(Arc::new(listener)),
            ..Self::default()
        }
    }

    /// The latest report.
    pub fn step(&self) -> Step {
        self.step.lock().map(|step| step.clone()).unwrap_or_default()
    }

    /// Asks the work to stop at its next report.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Reports a step.
    ///
    /// # Errors
    /// [`AppError::Cancelled`] once cancellation was asked for.
    pub fn report(&self, zh: &str, en: &str, done: f32) -> Result<(), AppError> {
        let step = Step {
            text: Text::new(zh, en),
            done: done.clamp(0.0, 1.0),
        };
        if let Some(listener) = &self.listener {
            listener(&step);
        }
        if let Ok(mut current) = self.step.lock() {
            *current = step;
        }
        if self.cancelled.load(Ordering::Relaxed) {
            Err(AppError::Cancelled)
        } else {
            Ok(())
        }
    }

    /// A callback for a numeric core: maps its own 0 to 1 into `from` to `to` of the whole.
    pub fn within<'a>(
        &'a self,
        zh: &'a str,
        en: &'a str,
        from: f32,
        to: f32,
    ) -> impl Fn(f32) -> ControlFlow<()> + Send + Sync + 'a {
        move |done| match self.report(zh, en, from + (to - from) * done) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}
