//! Lanes, each running one batch at a time, and the threads that run them.
//!
//! A run that is known to be short happens where it is asked for; any other is a job for a thread,
//! and its asker is woken. A run that exceeds the limit is stopped if it can be, and answered as
//! lost either way. Must not know what a lane runs.

use std::any::Any;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use pelton_core::{Batch, Code, Error, Result, State, Tensor};

use crate::cost::Costs;
use crate::job::Job;

/// Stack of the threads: graphs within graphs are run by recursion.
pub(crate) const STACK_BYTES: usize = 8 << 20;

/// How often runs are looked at, within the limit's eighth.
const WATCH_MAX: Duration = Duration::from_secs(1);
const WATCH_MIN: Duration = Duration::from_millis(5);

/// Runs one batch at a time.
pub(crate) trait Lane: Send + 'static {
    /// Runs it. May panic.
    fn run(&mut self, batch: Batch) -> Result<Vec<Tensor>>;

    /// What stops a run from outside.
    fn brake(&self) -> Arc<dyn Brake>;

    /// Makes the lane usable again after its brake was pulled.
    fn release(&mut self);
}

/// Stops the run of a lane.
pub(crate) trait Brake: Send + Sync {
    /// Asks the run to stop soon; it may not be able to.
    fn pull(&self);
}

/// Lanes and their threads. Dropping it stops them.
pub(crate) struct Pool<L: Lane>(Arc<Shared<L>>);

struct Shared<L> {
    floor: Mutex<Floor<L>>,
    /// There may be a job for a thread, or the end.
    work: Condvar,
    /// The end, for the watch.
    end: Condvar,
    costs: Costs,
    limit: Duration,
}

struct Floor<L> {
    /// Lanes by their place in `running`.
    idle: Vec<(usize, L)>,
    running: Vec<Option<Running>>,
    jobs: VecDeque<Arc<Job>>,
    stopping: bool,
}

struct Running {
    since: Instant,
    brake: Arc<dyn Brake>,
    job: Option<Arc<Job>>,
    overdue: bool,
}

impl<L: Lane> Pool<L> {
    /// A pool of these lanes with a thread for each, and one that watches.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn start(name: &str, lanes: Vec<L>, limit: Duration) -> io::Result<Self> {
        let count = lanes.len();
        let shared = Arc::new(Shared {
            floor: Mutex::new(Floor {
                idle: lanes.into_iter().enumerate().collect(),
                running: std::iter::repeat_with(|| None).take(count).collect(),
                jobs: VecDeque::new(),
                stopping: false,
            }),
            work: Condvar::new(),
            end: Condvar::new(),
            costs: Costs::new(),
            limit,
        });
        // Owned from here on, so that a thread that cannot be started ends the others.
        let pool = Self(shared.clone());
        for _ in 0..count {
            let shared = shared.clone();
            let builder =
                thread::Builder::new().name(format!("onnx {name}")).stack_size(STACK_BYTES);
            builder.spawn(move || shared.work())?;
        }
        thread::Builder::new().name("onnx watch".to_owned()).spawn(move || shared.watch())?;
        Ok(pool)
    }

    /// Runs a batch.
    pub(crate) async fn run(&self, batch: Batch) -> Result<Vec<Tensor>> {
        if self.0.costs.is_short(batch.bytes()) {
            // The floor is not held while the lane runs.
            let idle = self.0.floor().take_idle(None);
            if let Some((place, lane)) = idle {
                return self.0.run_on(place, lane, batch);
            }
        }
        let job = Job::new(batch);
        {
            let mut floor = self.0.floor();
            if floor.stopping {
                return Err(shutting_down());
            }
            floor.jobs.push_back(job.clone());
        }
        self.0.work.notify_one();
        job.wait().await
    }

    /// Whether a batch given to it now would be answered.
    pub(crate) fn state(&self) -> State {
        let floor = self.0.floor();
        if floor.stopping {
            return State::NotReady("the model is being stopped".to_owned());
        }
        if floor.all_are_stuck() { State::NotReady(STUCK.to_owned()) } else { State::Ready }
    }

    /// Stops what runs, refuses what waits, and ends the threads.
    pub(crate) fn stop(&self) {
        let jobs = {
            let mut floor = self.0.floor();
            floor.stopping = true;
            floor.running.iter().flatten().for_each(|running| running.brake.pull());
            std::mem::take(&mut floor.jobs)
        };
        jobs.into_iter().for_each(|job| job.settle(Err(shutting_down())));
        self.0.work.notify_all();
        self.0.end.notify_all();
    }
}

impl<L: Lane> Drop for Pool<L> {
    fn drop(&mut self) {
        self.stop();
    }
}

const STUCK: &str = "the model is busy with a run that does not end";

impl<L: Lane> Shared<L> {
    fn floor(&self) -> MutexGuard<'_, Floor<L>> {
        self.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of a thread.
    fn work(&self) {
        let mut floor = self.floor();
        while !floor.stopping {
            let Some((place, lane, job, batch)) = floor.next_job() else {
                floor = self.work.wait(floor).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(floor);
            // The lane is free before its asker is woken, who may have the next batch at hand.
            let result = self.run_on(place, lane, batch);
            job.settle(result);
            floor = self.floor();
        }
    }

    /// Runs a batch on a lane that was taken, and gives the lane back.
    fn run_on(&self, place: usize, mut lane: L, batch: Batch) -> Result<Vec<Tensor>> {
        let bytes = batch.bytes();
        let started = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| lane.run(batch)));
        self.costs.note(bytes, started.elapsed());
        let mut floor = self.floor();
        let overdue = floor.running[place].take().is_some_and(|running| running.overdue);
        if overdue || floor.stopping {
            lane.release();
        }
        floor.idle.push((place, lane));
        let stopping = floor.stopping;
        let jobs_wait = !floor.jobs.is_empty();
        drop(floor);
        if jobs_wait {
            self.work.notify_one();
        }
        match result {
            Ok(Err(_)) if overdue => Err(lost(self.limit)),
            Ok(Err(_)) if stopping => Err(shutting_down()),
            Ok(result) => result,
            Err(panic) => Err(panicked(&*panic)),
        }
    }

    /// The life of the thread that watches.
    fn watch(&self) {
        let pause = (self.limit / 8).clamp(WATCH_MIN, WATCH_MAX);
        let mut floor = self.floor();
        while !floor.stopping {
            floor = self.end.wait_timeout(floor, pause).unwrap_or_else(PoisonError::into_inner).0;
            let late = |since: Instant| since.elapsed() > self.limit;
            for running in floor.running.iter_mut().flatten() {
                if !running.overdue && late(running.since) {
                    running.overdue = true;
                    running.brake.pull();
                    if let Some(job) = &running.job {
                        job.settle(Err(lost(self.limit)));
                    }
                }
            }
            if floor.all_are_stuck() {
                for job in floor.jobs.iter().filter(|job| late(job.since)) {
                    job.settle(Err(Error::new(Code::NotReady, STUCK)));
                }
            }
        }
    }
}

impl<L: Lane> Floor<L> {
    /// An idle lane, from now on running.
    fn take_idle(&mut self, job: Option<Arc<Job>>) -> Option<(usize, L)> {
        // Who came first goes first.
        if self.stopping || (job.is_none() && !self.jobs.is_empty()) {
            return None;
        }
        let (place, lane) = self.idle.pop()?;
        self.running[place] =
            Some(Running { since: Instant::now(), brake: lane.brake(), job, overdue: false });
        Some((place, lane))
    }

    /// The next job that is still wanted, with a lane to run it.
    fn next_job(&mut self) -> Option<(usize, L, Arc<Job>, Batch)> {
        while !self.idle.is_empty() {
            let job = self.jobs.pop_front()?;
            if let Some(batch) = job.take()
                && let Some((place, lane)) = self.take_idle(Some(job.clone()))
            {
                return Some((place, lane, job, batch));
            }
        }
        None
    }

    fn all_are_stuck(&self) -> bool {
        self.running.iter().all(|running| running.as_ref().is_some_and(|running| running.overdue))
    }
}

fn lost(limit: Duration) -> Error {
    Error::new(
        Code::WorkerLost,
        format!("the model did not answer within {limit:?}, and its run was stopped"),
    )
}

fn shutting_down() -> Error {
    Error::new(Code::ShuttingDown, "the model is being stopped")
}

/// A panic is taken for the batch's fault, so that the batch is split to find the culprit.
fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words");
    Error::new(Code::ModelRaised, "the model failed in an unexpected way").with_detail(text)
}

#[cfg(test)]
mod tests;
