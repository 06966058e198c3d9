//! Beginnings and ends: start-up failures, stopping, and no process left behind.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use pelton_core::{Code, Error, Executor, State};
use pelton_workers::{Program, WorkerConfig, WorkerExecutor, WorkerPhase, check_interpreter};

use crate::support::{
    alive, f64s, faulty, gone, i64s, kill, model, pid, python, running, start, tell, until,
};

async fn refused(config: WorkerConfig) -> Error {
    match WorkerExecutor::start(config).await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

fn loading(how: &str) -> WorkerConfig {
    let mut config = faulty();
    config.workers = 2;
    config.env = vec![("FAULTY_LOAD".to_owned(), how.to_owned())];
    config
}

#[tokio::test]
async fn a_model_that_cannot_be_loaded_says_why() {
    let error = refused(loading("raise")).await;
    assert_eq!(error.code(), Code::NotReady);
    assert_eq!(
        error.message(),
        "the model could not be loaded: RuntimeError: no weights in weights.bin"
    );
    assert!(error.detail().unwrap().contains("Traceback"));

    let error = refused(loading("exit")).await;
    assert!(error.message().contains("exited with code 7"), "{error}");
    assert_eq!(error.detail(), Some("giving up while loading"));

    let mut config = loading("hang");
    config.startup_timeout = Duration::from_millis(400);
    let error = refused(config).await;
    assert!(error.message().contains("did not load the model within 0.4 s"), "{error}");

    let mut config = faulty();
    config.pieces[0].path = model("gone.pkl");
    let error = refused(config).await;
    assert!(error.message().ends_with("'gone.pkl' does not exist"), "{error}");

    let mut config = faulty();
    config.program = Program::Python("/nowhere/python".into());
    let error = refused(config).await;
    assert!(error.message().contains("could not be started"), "{error}");
    assert!(error.detail().unwrap().contains("/nowhere/python"));
}

#[tokio::test]
async fn a_file_changed_under_a_running_model_is_not_loaded() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("faulty.py");
    std::fs::copy(model("faulty.py"), &path).unwrap();
    let mut config = faulty();
    config.pieces[0].path.clone_from(&path);
    let executor = start(config).await;
    std::fs::write(&path, "# something else").unwrap();
    executor.execute(tell("nothing", &[1.0])).await.unwrap();
    kill(pid(&executor));
    let told = || match executor.state() {
        State::NotReady(reason) => reason.contains("'faulty.py' was changed since"),
        State::Ready => false,
    };
    until("the change is told", told).await;
}

#[tokio::test]
async fn stopping_lets_a_batch_finish_and_leaves_no_process() {
    let mut config = faulty();
    config.workers = 2;
    let executor = start(config).await;
    until("both workers are live", || executor.stats().live == 2).await;
    let stats = executor.stats();
    let pids: Vec<u32> = stats.workers.iter().filter_map(|worker| worker.pid).collect();
    let running = executor.execute(tell("sleep", &[0.3]));
    // Polled in this order: the batch is with its worker before the executor stops.
    let (answer, ()) = tokio::join!(biased; running, executor.stop(Duration::from_secs(10)));
    assert_eq!(f64s(&answer.unwrap()[0]), [0.6]);
    assert!(pids.iter().all(|&pid| !alive(pid)));
    let error = executor.execute(tell("nothing", &[1.0])).await.unwrap_err();
    assert_eq!(error.code(), Code::ShuttingDown);
    let stats = executor.stats();
    assert!(stats.workers.iter().all(|worker| worker.phase == WorkerPhase::Stopped));
    assert_eq!((stats.live, stats.restarts), (0, 0));
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_hanging_batch_beyond_the_limit() {
    let executor = start(faulty()).await;
    let worker = pid(&executor);
    let running = executor.execute(tell("hang", &[1.0]));
    // Polled in this order: the batch is with its worker before the executor stops.
    let (answer, ()) = tokio::join!(biased; running, executor.stop(Duration::from_millis(100)));
    assert_eq!(answer.unwrap_err().code(), Code::WorkerLost);
    assert!(!alive(worker));
}

#[tokio::test]
async fn dropping_an_executor_ends_its_workers() {
    let executor = start(faulty()).await;
    let worker = pid(&executor);
    drop(executor);
    gone(worker).await;
}

#[test]
fn a_runtime_that_ends_takes_the_workers_along() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let executor = runtime.block_on(start(faulty()));
    let worker = pid(&executor);
    drop(runtime);
    let waiting = tokio::runtime::Runtime::new().unwrap();
    waiting.block_on(async {
        // Its reaper went with the runtime, so a zombie is all that may be left.
        until("the worker is dead", || !running(worker)).await;
    });
    drop(executor);
}

/// Is the server in `a_server_that_is_killed_leaves_no_process`, which runs this test in a process of
/// its own; in any other run there is nothing to do.
#[tokio::test]
async fn server_to_be_killed() {
    if std::env::var_os("PELTON_TEST_SERVER").is_none() {
        return;
    }
    let mut config = faulty();
    config.workers = 2;
    let executor = start(config).await;
    until("both workers are live", || executor.stats().live == 2).await;
    let mut pids: Vec<u32> = executor.stats().workers.iter().filter_map(|w| w.pid).collect();
    for what in ["spawn", "fork"] {
        let mut asked = tell(what, &[1.0]);
        asked.outputs = [std::sync::Arc::from("pid")].into();
        let answer = executor.execute(asked).await.unwrap();
        pids.push(u32::try_from(i64s(&answer[0])[0]).unwrap());
    }
    let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
    println!("\npids {}", pids.join(" "));
    let _ = executor.execute(tell("hang", &[1.0])).await;
}

#[tokio::test]
async fn a_server_that_is_killed_leaves_no_process() {
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lifetimes::server_to_be_killed", "--nocapture"])
        .env("PELTON_TEST_SERVER", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(server.stdout.take().unwrap());
    let line = output.lines().map_while(Result::ok).find(|line| line.starts_with("pids "));
    let line = line.expect("the server tells its processes");
    let pids: Vec<u32> = line[5..].split(' ').map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 4);
    assert!(pids.iter().all(|&pid| alive(pid)));
    kill(server.id());
    server.wait().unwrap();
    for pid in pids {
        gone(pid).await;
    }
}

#[tokio::test]
async fn an_environment_without_numpy_is_told_to_install_it() {
    let directory = tempfile::tempdir().unwrap();
    let status = Command::new(python())
        .args(["-m", "venv", "--without-pip"])
        .arg(directory.path())
        .status()
        .unwrap();
    assert!(status.success());
    let bare = directory.path().join("bin/python");
    let told = check_interpreter(&bare).unwrap_err().to_string();
    assert!(told.contains("no usable numpy"), "{told}");
    assert!(told.contains("-m pip install numpy"), "{told}");
    let mut config = faulty();
    config.program = Program::Python(bare);
    let error = refused(config).await;
    assert!(error.message().contains("no usable numpy"), "{error}");
    assert!(error.message().ends_with("install numpy there"), "{error}");
}

#[test]
fn an_interpreter_is_checked_before_it_is_used() {
    let info = check_interpreter(&python()).unwrap();
    assert!(info.version.starts_with("3."), "{info:?}");
    assert!(!info.numpy.is_empty());
    let told = |path: &str| check_interpreter(path.as_ref()).unwrap_err().to_string();
    assert!(told("/nowhere/python").contains("'/nowhere/python' does not exist"));
    assert!(
        told(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).contains("cannot be executed")
    );
    assert!(told("/bin/false").contains("no working Python"));
}
