//! Long work started from the web app: one at a time, with progress and cancellation.
//!
//! The start and the end of a job are facts on the ledger; its progress lives in memory only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use anju_model::access::Action;
use anju_model::job::{Job, JobKind, JobState};
use anju_store::Versioned;
use serde::Serialize;
use uuid::Uuid;

use crate::{AppError, Caller, Progress, Step, Workspace};

/// Jobs listed at most.
const JOBS_SHOWN: u32 = 100;

/// A job as shown: the fact and, while it runs, its progress.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct JobView {
    /// The fact.
    #[serde(flatten)]
    pub job: Job,
    /// 0 to 1 while it runs.
    pub progress: Option<f32>,
    /// What it is doing while it runs.
    pub step: Option<anju_model::code_list::Text>,
}

/// Runs jobs of one workspace.
#[derive(Clone)]
pub struct JobRunner {
    workspace: Arc<Workspace>,
    running: Arc<Mutex<HashMap<Uuid, Progress>>>,
}

impl JobRunner {
    /// A runner; jobs that an earlier process left running are marked as failed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn start(workspace: Arc<Workspace>) -> Result<Self, AppError> {
        let mut orphans = anju_store::job::in_state(workspace.db(), JobState::Running).await?;
        if !orphans.is_empty() {
            for orphan in &mut orphans {
                orphan.value.state = JobState::Failed;
                orphan.value.finished_at = Some(workspace.now());
                orphan.value.error = Some("程序中断 / the program was interrupted".into());
            }
            let operator = Caller::operator("serve", &workspace.county().code);
            let mut transaction = workspace.begin(&operator, "job_interrupted", None).await?;
            transaction.update(&orphans).await?;
            transaction.commit().await?;
        }
        Ok(Self {
            workspace,
            running: Arc::default(),
        })
    }

    /// Starts a job.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with code `job_running` while another one runs.
    pub async fn submit(&self, caller: &Caller, kind: JobKind) -> Result<JobView, AppError> {
        let county = &self.workspace.county().code;
        match kind {
            JobKind::VerifyLedger => caller.require(Action::ReadLedger)?,
            JobKind::Lookback | JobKind::Land | JobKind::Plan => {
                caller.require_in(Action::RunAnalysis, county)?;
            }
        }
        let job = Job {
            id: self.workspace.new_id(),
            kind,
            state: JobState::Running,
            requested_by: caller.name().to_owned(),
            started_at: self.workspace.now(),
            finished_at: None,
            error: None,
            result: None,
        };
        let progress = Progress::default();
        {
            let mut running = self
                .running
                .lock()
                .map_err(|_| AppError::Aborted("job table".into()))?;
            if !running.is_empty() {
                return Err(AppError::invalid(
                    "job_running",
                    "",
                    "另一个任务正在运行,请等待其完成或取消",
                    "another job is running; wait for it or cancel it",
                ));
            }
            running.insert(job.id, progress.clone());
        }
        let recorded = self.record_start(caller, &job).await;
        if let Err(error) = recorded {
            self.forget(job.id);
            return Err(error);
        }
        let (runner, caller, started) = (self.clone(), caller.beyond_request(), job.clone());
        tokio::spawn(async move { runner.run(caller, started, progress).await });
        Ok(JobView {
            job,
            progress: Some(0.0),
            step: None,
        })
    }

    /// The latest jobs, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<JobView>, AppError> {
        caller.require(Action::ReadRegister)?;
        let jobs = anju_store::job::latest(self.workspace.db(), JOBS_SHOWN).await?;
        Ok(jobs.into_iter().map(|job| self.view(job.value)).collect())
    }

    /// One job.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn get(&self, caller: &Caller, id: Uuid) -> Result<JobView, AppError> {
        caller.require(Action::ReadRegister)?;
        let job: Option<Versioned<Job>> = anju_store::load(self.workspace.db(), &id.to_string()).await?;
        match job {
            Some(job) => Ok(self.view(job.value)),
            None => Err(AppError::NotFound {
                kind: "job",
                id: id.to_string(),
            }),
        }
    }

    /// Asks a running job to stop; one that is over stays as it is.
    ///
    /// # Errors
    /// [`AppError::NotFound`], or when the caller may not run analyses.
    pub async fn cancel(&self, caller: &Caller, id: Uuid) -> Result<JobView, AppError> {
        caller.require_in(Action::RunAnalysis, &self.workspace.county().code)?;
        if let Ok(running) = self.running.lock()
            && let Some(progress) = running.get(&id)
        {
            progress.cancel();
        }
        self.get(caller, id).await
    }

    async fn record_start(&self, caller: &Caller, job: &Job) -> Result<(), AppError> {
        let mut transaction = self.workspace.begin(caller, "start_job", None).await?;
        transaction.insert(std::slice::from_ref(job)).await?;
        transaction.commit().await
    }

    async fn run(&self, caller: Caller, mut job: Job, progress: Progress) {
        let outcome = perform(&self.workspace, &caller, job.kind, &progress).await;
        job.finished_at = Some(self.workspace.now());
        match outcome {
            Ok(result) => {
                job.state = JobState::Done;
                job.result = Some(result);
            }
            Err(AppError::Cancelled) => job.state = JobState::Cancelled,
            Err(error) => {
                job.state = JobState::Failed;
                job.error = Some(format!("{} / {error}", error.zh()));
            }
        }
        if let Err(error) = self.record_end(&caller, job.clone()).await {
            tracing::error!(job = %job.id, %error, "the end of a job could not be recorded");
        }
        self.forget(job.id);
    }

    async fn record_end(&self, caller: &Caller, job: Job) -> Result<(), AppError> {
        let stored: Option<Versioned<Job>> =
            anju_store::load(self.workspace.db(), &job.id.to_string()).await?;
        let Some(mut stored) = stored else {
            return Err(AppError::NotFound {
                kind: "job",
                id: job.id.to_string(),
            });
        };
        stored.value = job;
        let mut transaction = self.workspace.begin(caller, "finish_job", None).await?;
        transaction.update(&[stored]).await?;
        transaction.commit().await
    }

    fn forget(&self, id: Uuid) {
        if let Ok(mut running) = self.running.lock() {
            running.remove(&id);
        }
    }

    fn view(&self, job: Job) -> JobView {
        let step: Option<Step> = self
            .running
            .lock()
            .ok()
            .and_then(|running| running.get(&job.id).map(Progress::step));
        JobView {
            progress: step.as_ref().map(|step| step.done),
            step: step.map(|step| step.text),
            job,
        }
    }
}

async fn perform(
    workspace: &Workspace,
    caller: &Caller,
    kind: JobKind,
    progress: &Progress,
) -> Result<serde_json::Value, AppError> {
    let value = match kind {
        JobKind::Lookback => serde_json::to_value(crate::lookback::run(workspace, caller, progress).await?),
        JobKind::Land => serde_json::to_value(crate::land::run(workspace, caller, progress).await?),
        JobKind::Plan => {
            let options = crate::plan::Options::default();
            serde_json::to_value(crate::plan::run(workspace, caller, &options, progress).await?)
        }
        JobKind::VerifyLedger => {
            serde_json::to_value(crate::ledger::verify(workspace, caller, progress).await?)
        }
    };
    value.map_err(|error| AppError::Aborted(error.to_string()))
}
