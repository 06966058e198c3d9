//! The hall: [`Engine::infer`] names the rooms in request order. Everything it calls is one room.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use pelton_core::{Code, Error, Result, State, Tensor};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::metrics::Metrics;
use crate::model::Model;
use crate::{admission, dispatch, reply};

/// A client that leaves so shortly before its deadline leaves because of it.
const TRANSIT: Duration = Duration::from_millis(20);

/// A question to a model.
#[derive(Debug)]
pub struct Request {
    /// The model's name.
    pub model: String,
    /// The version; empty is the one that is served.
    pub version: String,
    /// The inputs, in any order.
    pub inputs: Vec<Tensor>,
    /// The outputs asked for, by name; empty asks for the model's default.
    pub outputs: Vec<String>,
    /// When nobody waits for the answer any more.
    pub deadline: Option<std::time::Instant>,
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    /// The model that answered.
    pub model: Arc<str>,
    /// The version that answered.
    pub version: Arc<str>,
    /// The outputs, in the order asked for, rows in the order sent.
    pub outputs: Vec<Tensor>,
}

/// All models, and the way of a request through them.
pub struct Engine {
    models: BTreeMap<Arc<str>, Arc<Model>>,
    metrics: Metrics,
    stopping: AtomicBool,
    in_flight: AtomicUsize,
    idle: Notify,
}

impl Engine {
    /// An engine serving these models; of two with one name the last wins.
    pub fn new(models: Vec<Model>) -> Self {
        let metrics = Metrics::new();
        let enter = |mut model: Model| {
            model.metrics = metrics.of(&model.name, &model.version);
            (model.name.clone(), Arc::new(model))
        };
        let models = models.into_iter().map(enter).collect();
        Self {
            models,
            metrics,
            stopping: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            idle: Notify::new(),
        }
    }

    /// Answers a request: the rooms, in order. Dropping the future cancels the request; rows that
    /// are being computed then are computed in vain, rows that wait are dropped.
    ///
    /// # Errors
    /// Every [`Code`]; the model's metrics count them by name.
    pub async fn infer(&self, request: Request) -> Result<Response> {
        let model = self.model(&request.model, &request.version)?;
        let deadline = request.deadline;
        let mut visit = Visit::start(self, model, deadline);
        let outcome = async {
            self.refuse_when_stopping()?;
            let admitted = admission::admit(model, request)?;
            visit.rows = admitted.rows;
            let takes_lane = model.queue.lock().push(admitted.entries, &model.limits)?;
            if takes_lane {
                start_lane(model.clone());
            }
            let outputs = within(deadline, reply::collect(admitted.replies)).await?;
            Ok(Response { model: model.name.clone(), version: model.version.clone(), outputs })
        }
        .await;
        visit.finish(outcome.as_ref().err().map(Error::code));
        outcome
    }

    /// The model of that name and version (empty: the one served).
    ///
    /// # Errors
    /// [`Code::UnknownModel`], naming what there is.
    pub fn model(&self, name: &str, version: &str) -> Result<&Arc<Model>> {
        let unknown = |message: String| Error::new(Code::UnknownModel, message);
        let model = self.models.get(name).ok_or_else(|| {
            let shown: Vec<String> = self.models.keys().take(8).map(|n| format!("'{n}'")).collect();
            unknown(format!("no model '{name}' here, there is {}", shown.join(", ")))
        })?;
        if !version.is_empty() && *version != *model.version {
            return Err(unknown(format!(
                "model '{name}' has no version '{version}', it is served in version '{}'",
                model.version
            )));
        }
        Ok(model)
    }

    /// All models, by name.
    pub fn models(&self) -> impl Iterator<Item = &Arc<Model>> {
        self.models.values()
    }

    /// Whether a request for the model sent now would be answered.
    pub fn is_model_ready(&self, model: &Model) -> bool {
        !self.is_stopping() && model.state() == State::Ready
    }

    /// Whether every model is ready.
    pub fn is_ready(&self) -> bool {
        self.models.values().all(|model| self.is_model_ready(model))
    }

    /// Whether the server is on its way out.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// The metrics in Prometheus' text format.
    pub fn metrics_text(&self) -> String {
        self.metrics.scrape(self.models.values(), self.is_stopping())
    }

    /// Refuses new requests from now on and waits until those in flight are answered, or the limit
    /// is over; says whether all were answered.
    pub async fn drain(&self, limit: Duration) -> bool {
        self.stopping.store(true, Ordering::Release);
        let drained = async {
            loop {
                let mut idle = pin!(self.idle.notified());
                idle.as_mut().enable();
                if self.in_flight.load(Ordering::Acquire) == 0 {
                    return;
                }
                idle.await;
            }
        };
        tokio::time::timeout(limit, drained).await.is_ok()
    }

    /// Requests being answered now.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    fn refuse_when_stopping(&self) -> Result<()> {
        if self.is_stopping() {
            return Err(Error::new(
                Code::ShuttingDown,
                "the server is stopping, send the request to another",
            ));
        }
        Ok(())
    }
}

/// A request's stay, counted at both ends, also when the client leaves in between.
struct Visit<'a> {
    engine: &'a Engine,
    model: &'a Model,
    started: Instant,
    deadline: Option<std::time::Instant>,
    rows: usize,
    finished: bool,
}

impl<'a> Visit<'a> {
    fn start(engine: &'a Engine, model: &'a Model, deadline: Option<std::time::Instant>) -> Self {
        engine.in_flight.fetch_add(1, Ordering::AcqRel);
        model.metrics.in_flight.inc();
        Self { engine, model, started: Instant::now(), deadline, rows: 0, finished: false }
    }

    fn finish(&mut self, failure: Option<Code>) {
        self.finished = true;
        let metrics = &self.model.metrics;
        let outcome = failure.map_or("ok", Code::name);
        metrics.count(outcome, self.rows);
        metrics.request_seconds.observe(self.started.elapsed().as_secs_f64());
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        if !self.finished {
            // The client's clock began before the request was here: it leaves a moment earlier.
            let now = Instant::now().into_std();
            let expired = self.deadline.is_some_and(|deadline| deadline <= now + TRANSIT);
            self.finish(Some(if expired { Code::DeadlineExceeded } else { Code::Cancelled }));
        }
        self.model.metrics.in_flight.dec();
        if self.engine.in_flight.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.engine.idle.notify_waiters();
        }
    }
}

async fn within(
    deadline: Option<std::time::Instant>,
    answer: impl Future<Output = Result<Vec<Tensor>>>,
) -> Result<Vec<Tensor>> {
    let Some(deadline) = deadline else {
        return answer.await;
    };
    tokio::time::timeout_at(deadline.into(), answer).await.unwrap_or_else(|_| {
        Err(Error::new(Code::DeadlineExceeded, "the deadline passed before the model answered"))
    })
}

/// Runs a lane here as far as it goes without waiting, and as a task of its own from there.
///
/// Most batches of fast executors end in the first step, so the request pays for no task and no
/// wake-up; and a lane that waits must outlive the request that started it, whose client may leave.
fn start_lane(model: Arc<Model>) {
    let mut lane: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(dispatch::run_lane(model));
    let mut nobody = Context::from_waker(std::task::Waker::noop());
    if lane.as_mut().poll(&mut nobody) == Poll::Pending {
        // The spawned task polls again at once, which registers its own waker.
        tokio::spawn(lane);
    }
}
