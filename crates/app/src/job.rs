//! Long work started from the web app, with progress and cancellation: one analysis at a time, and beside it one batch of
//! steps for each person.
//!
//! The start and the end of a job are facts on the ledger; its progress lives in memory only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use anju_model::access::Action;
use anju_model::code_list::Text;
use anju_model::job::{Job, JobKind, JobState};
use anju_store::Versioned;
use serde::Serialize;
use uuid::Uuid;

use crate::register::identification::{self, BatchOutcome, Taking};
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
    pub step: Option<Text>,
}

/// What came of a large batch: the refusals gathered by their reason.
#[derive(Debug, Clone, Serialize)]
pub struct BatchResult {
    /// The step that was taken.
    pub step: anju_model::identification::Step,
    /// Cases that were taken.
    pub done: usize,
    /// Cases that were not.
    pub refused: usize,
    /// Why not, the most frequent reason first.
    pub reasons: Vec<Refusal>,
}

/// A reason, with the cases that were refused for it.
#[derive(Debug, Clone, Serialize)]
pub struct Refusal {
    /// Stable code.
    pub code: &'static str,
    /// Why, and what to do.
    pub detail: Text,
    /// The cases.
    pub cases: Vec<Uuid>,
}

impl BatchResult {
    fn of(step: anju_model::identification::Step, outcome: BatchOutcome) -> Self {
        let refused = outcome.refused.len();
        let mut reasons: Vec<Refusal> = Vec::new();
        for case in outcome.refused {
            match reasons.iter_mut().find(|reason| reason.detail == case.detail) {
                Some(reason) => reason.cases.push(case.id),
                None => reasons.push(Refusal {
                    code: case.code,
                    detail: case.detail,
                    cases: vec![case.id],
                }),
            }
        }
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.cases.len()));
        Self {
            step,
            done: outcome.done,
            refused,
            reasons,
        }
    }
}

/// What a job is to do.
enum Work {
    Analysis(JobKind),
    Steps(Taking),
}

impl Work {
    fn kind(&self) -> JobKind {
        match self {
            Self::Analysis(kind) => *kind,
            Self::Steps(_) => JobKind::Identification,
        }
    }
}

/// A job that runs.
struct Running {
    kind: JobKind,
    by: String,
    progress: Progress,
}

impl Running {
    /// Whether another job has to wait for this one.
    fn excludes(&self, kind: JobKind, by: &str) -> bool {
        match (self.kind, kind) {
            (JobKind::Identification, JobKind::Identification) => self.by == by,
            (JobKind::Identification, _) | (_, JobKind::Identification) => false,
            _ => true,
        }
    }
}

/// Runs jobs of one workspace.
#[derive(Clone)]
pub struct JobRunner {
    workspace: Arc<Workspace>,
    running: Arc<Mutex<HashMap<Uuid, Running>>>,
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

    /// Starts an analysis.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with code `job_running` while another one runs, and for a kind that is started elsewhere.
    pub async fn submit(&self, caller: &Caller, kind: JobKind) -> Result<JobView, AppError> {
        let county = &self.workspace.county().code;
        match kind {
            JobKind::VerifyLedger => caller.require(Action::ReadLedger)?,
            JobKind::Lookback | JobKind::Land | JobKind::Plan => {
                caller.require_in(Action::RunAnalysis, county)?;
            }
            JobKind::Identification => {
                return Err(AppError::invalid(
                    "job_kind",
                    "kind",
                    "认定批量办理请在认定页面发起",
                    "a batch of steps is started where the steps are taken",
                ));
            }
        }
        self.start_job(caller, Work::Analysis(kind)).await
    }

    /// Starts a batch of steps of identification.
    ///
    /// # Errors
    /// When the caller may not take the step, or runs a batch already.
    pub async fn submit_steps(&self, caller: &Caller, taking: Taking) -> Result<JobView, AppError> {
        identification::may_take(&self.workspace, caller, &taking).await?;
        self.start_job(caller, Work::Steps(taking)).await
    }

    async fn start_job(&self, caller: &Caller, work: Work) -> Result<JobView, AppError> {
        let kind = work.kind();
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
            if running.values().any(|other| other.excludes(kind, caller.name())) {
                return Err(AppError::invalid(
                    "job_running",
                    "",
                    "另一个任务正在运行,请等待其完成或取消",
                    "another job is running; wait for it or cancel it",
                ));
            }
            let this = Running {
                kind,
                by: caller.name().to_owned(),
                progress: progress.clone(),
            };
            running.insert(job.id, this);
        }
        let recorded = self.record_start(caller, &job).await;
        if let Err(error) = recorded {
            self.forget(job.id);
            return Err(error);
        }
        let (runner, caller, started) = (self.clone(), caller.beyond_request(), job.clone());
        tokio::spawn(async move { runner.run(caller, started, work, progress).await });
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
        Ok(jobs.into_iter().map(|job| self.view(caller, job.value)).collect())
    }

    /// One job.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn get(&self, caller: &Caller, id: Uuid) -> Result<JobView, AppError> {
        caller.require(Action::ReadRegister)?;
        let job: Option<Versioned<Job>> = anju_store::load(self.workspace.db(), &id.to_string()).await?;
        match job {
            Some(job) => Ok(self.view(caller, job.value)),
            None => Err(AppError::NotFound {
                kind: "job",
                id: id.to_string(),
            }),
        }
    }

    /// Asks a running job to stop; one that is over stays as it is.
    ///
    /// # Errors
    /// [`AppError::NotFound`], or when the job is not the caller's own and the caller may not run analyses.
    pub async fn cancel(&self, caller: &Caller, id: Uuid) -> Result<JobView, AppError> {
        let job = self.get(caller, id).await;
        let own = job.as_ref().is_ok_and(|job| {
            job.job.requested_by == caller.name() && job.job.kind == JobKind::Identification
        });
        // Whether there is such a job is told only to those who may stop it.
        if !own {
            caller.require_in(Action::RunAnalysis, &self.workspace.county().code)?;
        }
        job?;
        if let Ok(running) = self.running.lock()
            && let Some(this) = running.get(&id)
        {
            this.progress.cancel();
        }
        self.get(caller, id).await
    }

    async fn record_start(&self, caller: &Caller, job: &Job) -> Result<(), AppError> {
        let mut transaction = self.workspace.begin(caller, "start_job", None).await?;
        transaction.insert(std::slice::from_ref(job)).await?;
        transaction.commit().await
    }

    async fn run(&self, caller: Caller, mut job: Job, work: Work, progress: Progress) {
        let outcome = perform(&self.workspace, &caller, work, &progress).await;
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

    fn view(&self, caller: &Caller, mut job: Job) -> JobView {
        let step: Option<Step> = self
            .running
            .lock()
            .ok()
            .and_then(|running| running.get(&job.id).map(|this| this.progress.step()));
        // Whose cases were refused in another area is that area's affair.
        if job.kind == JobKind::Identification && job.requested_by != caller.name() {
            job.result = None;
        }
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
    work: Work,
    progress: &Progress,
) -> Result<serde_json::Value, AppError> {
    let kind = match work {
        Work::Analysis(kind) => kind,
        Work::Steps(taking) => {
            let step = taking.step;
            let outcome = identification::take(workspace, caller, taking, progress).await?;
            return serde_json::to_value(BatchResult::of(step, outcome))
                .map_err(|error| AppError::Aborted(error.to_string()));
        }
    };
    let value = match kind {
        JobKind::Identification => return Err(AppError::Aborted("a batch without its steps".into())),
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
