//! The pool with lanes that do as they are told.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use bytes::Bytes;
use pelton_core::{DType, Form};

use super::*;

/// What a lane is to do.
#[derive(Clone)]
enum Act {
    Echo,
    Panic,
    /// Runs until the brake is pulled.
    UntilBraked,
    /// Runs, brake or no brake, until it is told to end.
    Stubborn(Arc<Mutex<mpsc::Receiver<()>>>),
}

struct Actor {
    acts: Vec<Act>,
    braked: Arc<Flag>,
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Brake for Flag {
    fn pull(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Lane for Actor {
    fn run(&mut self, batch: Batch) -> Result<Vec<Tensor>> {
        match self.acts[usize::from(batch.inputs[0].data()[0])].clone() {
            Act::Echo => Ok(batch.inputs),
            Act::Panic => panic!("as it was told"),
            Act::UntilBraked => {
                while !self.braked.0.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
                Err(Error::new(Code::ModelRaised, "braked"))
            }
            Act::Stubborn(end) => {
                let _ = end.lock().expect("one lane").recv();
                Ok(batch.inputs)
            }
        }
    }

    fn brake(&self) -> Arc<dyn Brake> {
        self.braked.clone()
    }

    fn release(&mut self) {
        self.braked = Arc::default();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        thread::park();
    }
}

/// A batch for the act of this number; the size of it says how it is counted.
fn batch(act: u8, bytes: usize) -> Batch {
    let mut data = vec![0; bytes];
    data[0] = act;
    let tensor = Tensor::new("x", DType::Uint8, vec![bytes], Bytes::from(data)).unwrap();
    Batch {
        form: Form::Tensors,
        inputs: vec![tensor],
        rows: bytes,
        outputs: Arc::from([]),
        deadline: None,
    }
}

fn pool(lanes: usize, acts: &[Act], limit: Duration) -> Pool<Actor> {
    let actor = || Actor { acts: acts.to_vec(), braked: Arc::default() };
    Pool::start("test", (0..lanes).map(|_| actor()).collect(), limit).unwrap()
}

const LONG: Duration = Duration::from_mins(10);

#[test]
fn answers_are_their_own() {
    let pool = pool(2, &[Act::Echo], LONG);
    thread::scope(|scope| {
        for size in 1..30 {
            let pool = &pool;
            scope.spawn(move || {
                for _ in 0..50 {
                    assert_eq!(wait(pool.run(batch(0, size))).unwrap()[0].rows(), size);
                }
            });
        }
    });
}

#[test]
fn a_panic_fails_its_batch_alone() {
    let pool = pool(1, &[Act::Echo, Act::Panic], LONG);
    for _ in 0..3 {
        let error = wait(pool.run(batch(1, 8))).unwrap_err();
        assert_eq!(error.code(), Code::ModelRaised);
        assert_eq!(error.detail(), Some("as it was told"));
        wait(pool.run(batch(0, 8))).unwrap();
    }
}

#[test]
fn a_run_beyond_the_limit_is_stopped_and_the_lane_goes_on() {
    let pool = pool(1, &[Act::Echo, Act::UntilBraked], Duration::from_millis(400));
    let error = wait(pool.run(batch(1, 8))).unwrap_err();
    assert_eq!(error.code(), Code::WorkerLost);
    assert!(error.message().contains("did not answer within 400ms"), "{error}");
    // Also when it was thought short and run where it was asked for.
    for _ in 0..9 {
        wait(pool.run(batch(0, 64))).unwrap();
    }
    assert_eq!(wait(pool.run(batch(1, 64))).unwrap_err().code(), Code::WorkerLost);
    wait(pool.run(batch(0, 8))).unwrap();
    assert_eq!(pool.state(), State::Ready);
}

#[test]
fn a_run_that_cannot_be_stopped_is_told() {
    let (end, ends) = mpsc::channel();
    let acts = [Act::Echo, Act::Stubborn(Arc::new(Mutex::new(ends)))];
    let pool = pool(1, &acts, Duration::from_millis(300));
    assert_eq!(wait(pool.run(batch(1, 8))).unwrap_err().code(), Code::WorkerLost);
    assert_eq!(pool.state(), State::NotReady(STUCK.to_owned()));
    assert_eq!(wait(pool.run(batch(0, 8))).unwrap_err().code(), Code::NotReady);
    end.send(()).unwrap();
    // The next is run as soon as the lane is back, whenever that is.
    while pool.state() != State::Ready {
        thread::yield_now();
    }
    wait(pool.run(batch(0, 8))).unwrap();
}

#[test]
fn what_nobody_wants_is_not_run() {
    let (end, ends) = mpsc::channel();
    let acts = [Act::Panic, Act::Stubborn(Arc::new(Mutex::new(ends))), Act::Echo];
    let pool = pool(1, &acts, LONG);
    let mut context = Context::from_waker(Waker::noop());
    let mut first = Box::pin(pool.run(batch(1, 8)));
    assert!(first.as_mut().poll(&mut context).is_pending());
    let mut abandoned = Box::pin(pool.run(batch(0, 8)));
    assert!(abandoned.as_mut().poll(&mut context).is_pending());
    let held = pool.0.floor().jobs.back().cloned().expect("it waits behind the first");
    drop(abandoned);
    assert!(held.take().is_none(), "its batch is gone");
    end.send(()).unwrap();
    wait(first).unwrap();
    wait(pool.run(batch(2, 8))).unwrap();
}

#[test]
fn stopping_refuses_what_waits_and_what_comes() {
    let pool = pool(1, &[Act::UntilBraked], LONG);
    let mut running = Box::pin(pool.run(batch(0, 8)));
    let mut waiting = Box::pin(pool.run(batch(0, 8)));
    let mut context = Context::from_waker(Waker::noop());
    assert!(running.as_mut().poll(&mut context).is_pending());
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    pool.stop();
    for future in [running, waiting] {
        assert_eq!(wait(future).unwrap_err().code(), Code::ShuttingDown);
    }
    assert_eq!(wait(pool.run(batch(0, 8))).unwrap_err().code(), Code::ShuttingDown);
}
