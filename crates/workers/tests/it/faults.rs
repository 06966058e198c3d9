//! Faults on purpose: a worker that dies costs its own batch and is replaced.

use std::time::{Duration, Instant};

use pelton_core::{Code, DType, Executor, Form, State, Tensor};

use crate::support::{
    alive, answers, batch, f64s, faulty, gone, i64s, interrupt, kill, numbers, pid, ready, start,
    stop_process, tell, terminate, until,
};

#[tokio::test]
async fn a_worker_that_dies_costs_its_own_batch_only() {
    let executor = start(faulty()).await;
    for what in ["os_exit", "segfault", "kill", "garbage", "unasked", "half_frame", "close"] {
        let before = pid(&executor);
        let error = executor.execute(tell(what, &[3.0])).await.unwrap_err();
        assert_eq!(error.code(), Code::WorkerLost, "{what}: {error}");
        assert!(
            matches!(executor.state(), State::NotReady(_)),
            "readiness tells the truth at once: {what}"
        );
        ready(&executor).await;
        assert!(!alive(before), "{what}");
        let answer = executor.execute(tell("nothing", &[1.5])).await.unwrap();
        assert_eq!(f64s(&answer[0]), [3.0], "{what}");
    }
    assert_eq!((executor.stats().restarts, executor.restarts()), (7, 7));
}

#[tokio::test]
async fn a_worker_killed_while_idle_is_replaced_unasked() {
    let executor = start(faulty()).await;
    for _ in 0..3 {
        let before = pid(&executor);
        executor.execute(tell("nothing", &[1.0])).await.unwrap();
        kill(before);
        gone(before).await;
        ready(&executor).await;
        assert_ne!(pid(&executor), before);
    }
    executor.execute(tell("nothing", &[1.0])).await.unwrap();
}

#[tokio::test]
async fn a_batch_sent_to_a_worker_just_killed_is_answered_once_and_soon() {
    let executor = start(faulty()).await;
    kill(pid(&executor));
    let error = executor.execute(tell("nothing", &[1.0])).await.unwrap_err();
    assert!(error.code().is_retryable(), "{error}");
    ready(&executor).await;
    executor.execute(tell("nothing", &[1.0])).await.unwrap();
}

#[tokio::test]
async fn a_batch_over_its_run_time_is_given_up_with_its_worker() {
    let mut config = faulty();
    config.run_timeout = Duration::from_millis(500);
    let executor = start(config).await;
    for what in ["hang", "lying_length"] {
        ready(&executor).await;
        let before = pid(&executor);
        let error = executor.execute(tell(what, &[1.0])).await.unwrap_err();
        assert_eq!(error.code(), Code::WorkerLost);
        let detail = error.detail().unwrap();
        assert!(detail.contains("longer than the limit of 0.5 s"), "{detail}");
        gone(before).await;
    }
    answers(&executor).await;
}

#[tokio::test]
async fn an_idle_worker_that_does_not_answer_its_heartbeat_is_replaced() {
    let mut config = faulty();
    config.heartbeat_interval = Duration::from_millis(50);
    config.heartbeat_timeout = Duration::from_millis(100);
    let executor = start(config).await;
    let before = pid(&executor);
    stop_process(before);
    gone(before).await;
    answers(&executor).await;
}

#[tokio::test]
async fn heartbeats_do_not_disturb_a_worker_at_work() {
    let mut config = faulty();
    config.heartbeat_interval = Duration::from_millis(2);
    config.heartbeat_timeout = Duration::from_secs(20);
    let executor = start(config).await;
    for value in 0..300 {
        let value = f64::from(value);
        let answer = executor.execute(tell("nothing", &[value])).await.unwrap();
        assert_eq!(f64s(&answer[0]), [2.0 * value]);
    }
    assert_eq!(executor.stats().restarts, 0);
}

#[tokio::test]
async fn memory_that_runs_out_is_told_and_the_worker_replaced() {
    let mut config = faulty();
    config.memory_limit_bytes = Some(1 << 30);
    let executor = start(config).await;
    let before = pid(&executor);
    let error = executor.execute(tell("memory", &[1.0])).await.unwrap_err();
    assert_eq!(error.code(), Code::ModelRaised, "{error}");
    assert!(error.message().starts_with("MemoryError"), "{error}");
    gone(before).await;
    ready(&executor).await;
    executor.execute(tell("nothing", &[1.0])).await.unwrap();
}

#[tokio::test]
async fn a_batch_too_large_for_a_workers_memory_is_refused_and_the_worker_stays() {
    let mut config = faulty();
    config.memory_limit_bytes = Some(700 << 20);
    let executor = start(config).await;
    let before = pid(&executor);
    let huge = Tensor::new("x", DType::Uint8, vec![680 << 20], vec![0; 680 << 20].into()).unwrap();
    let error = executor.execute(batch(Form::Tensors, vec![huge], &["y"])).await.unwrap_err();
    assert_eq!(error.code(), Code::ModelRejected, "{error}");
    assert!(error.message().contains("send fewer rows"), "{error}");
    executor.execute(tell("nothing", &[1.0])).await.unwrap();
    assert_eq!(pid(&executor), before);
}

#[tokio::test]
async fn a_crash_loop_is_told_with_its_reason_and_left_when_the_cause_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let marker = directory.path().join("marker");
    let mut config = faulty();
    config.env = vec![
        ("FAULTY_LOAD".to_owned(), "while_marked".to_owned()),
        ("FAULTY_MARKER".to_owned(), marker.display().to_string()),
    ];
    let executor = start(config).await;
    std::fs::write(&marker, "").unwrap();
    kill(pid(&executor));
    let looping = || match executor.state() {
        State::NotReady(reason) => reason.contains("crash loop") && reason.contains("code 9"),
        State::Ready => false,
    };
    until("the crash loop is told", looping).await;
    let error = executor.execute(tell("nothing", &[1.0])).await.unwrap_err();
    assert_eq!(error.code(), Code::NotReady);
    assert!(error.message().contains("crash loop"), "{error}");
    assert!(!error.message().contains('/'), "{error}");
    std::fs::remove_file(&marker).unwrap();
    ready(&executor).await;
    executor.execute(tell("nothing", &[1.0])).await.unwrap();
    assert!(executor.stats().restarts >= 5);
}

#[tokio::test]
async fn a_model_that_prints_a_lot_is_not_blocked_and_still_understood() {
    let executor = start(faulty()).await;
    let answer = executor.execute(tell("noise", &[4.0])).await.unwrap();
    assert_eq!(f64s(&answer[0]), [8.0]);
    assert_eq!(executor.stats().restarts, 0);
}

#[tokio::test]
async fn a_model_finds_nothing_on_its_standard_input_and_may_change_its_arrays() {
    let executor = start(faulty()).await;
    let answer = executor.execute(tell("read_stdin", &[4.0])).await.unwrap();
    assert_eq!(i64s(&answer[0]), [0]);
    let answer = executor.execute(tell("change_input", &[4.0])).await.unwrap();
    assert_eq!(f64s(&answer[0]), [5.0]);
}

#[tokio::test]
async fn signals_meant_for_the_server_do_not_end_a_worker() {
    let executor = start(faulty()).await;
    interrupt(pid(&executor));
    terminate(pid(&executor));
    executor.execute(tell("nothing", &[1.0])).await.unwrap();
    assert_eq!(executor.stats().restarts, 0);
    // A model may still end its own processes.
    let answer = executor.execute(tell("terminate_fork", &[1.0])).await.unwrap();
    assert_eq!(i64s(&answer[0]), [-15]);
}

#[tokio::test]
async fn batches_that_kill_a_working_worker_are_no_crash_loop() {
    let mut config = faulty();
    config.restart.max_backoff = Duration::from_hours(1);
    let executor = start(config).await;
    for _ in 0..7 {
        executor.execute(tell("nothing", &[1.0])).await.unwrap();
        executor.execute(tell("kill", &[1.0])).await.unwrap_err();
        ready(&executor).await;
    }
}

#[tokio::test]
async fn processes_a_model_started_end_with_its_worker() {
    let executor = start(faulty()).await;
    for what in ["spawn", "fork"] {
        ready(&executor).await;
        let mut asked = tell(what, &[1.0]);
        asked.outputs = [std::sync::Arc::from("pid")].into();
        let answer = executor.execute(asked).await.unwrap();
        let child = u32::try_from(i64s(&answer[0])[0]).unwrap();
        assert!(alive(child));
        let worker = pid(&executor);
        kill(worker);
        gone(worker).await;
        gone(child).await;
    }
}

#[tokio::test]
async fn a_death_is_noticed_while_a_fork_still_holds_the_connection() {
    let executor = start(faulty()).await;
    let error = executor.execute(tell("exit_after_fork", &[1.0])).await.unwrap_err();
    assert_eq!(error.code(), Code::WorkerLost);
    ready(&executor).await;
}

#[tokio::test]
async fn dropped_batches_keep_the_conversation_in_step() {
    let executor = start(faulty()).await;
    let before = pid(&executor);
    for round in 0..40 {
        let sleeping = executor.execute(tell("sleep", &[0.003]));
        let patience = Duration::from_micros(150 * round);
        // Sometimes it is dropped before it is sent, sometimes while it runs, sometimes it is done.
        let _ = tokio::time::timeout(patience, sleeping).await;
        let value = f64::from(u32::try_from(round).unwrap());
        let answer = executor.execute(tell("nothing", &[value])).await.unwrap();
        assert_eq!(f64s(&answer[0]), [2.0 * value]);
    }
    // Large enough to be dropped in the middle of being written.
    let values = vec![1.0; 2_000_000];
    for round in 0..10 {
        let large = batch(pelton_core::Form::Tensors, vec![numbers("x", &values)], &["y"]);
        let patience = Duration::from_micros(300 * round);
        let _ = tokio::time::timeout(patience, executor.execute(large)).await;
        let answer = executor.execute(tell("nothing", &[0.5])).await.unwrap();
        assert_eq!(f64s(&answer[0]), [1.0]);
    }
    assert_eq!(pid(&executor), before);
    assert_eq!(executor.stats().restarts, 0);
}

#[tokio::test]
async fn a_dropped_batch_that_hangs_still_meets_the_run_time_limit() {
    let mut config = faulty();
    config.run_timeout = Duration::from_millis(300);
    let executor = start(config).await;
    let before = pid(&executor);
    let hanging = executor.execute(tell("hang", &[1.0]));
    let _ = tokio::time::timeout(Duration::from_millis(50), hanging).await;
    gone(before).await;
    answers(&executor).await;
}

#[tokio::test]
async fn a_batch_waits_for_a_busy_worker_until_its_deadline() {
    let executor = start(faulty()).await;
    let busy = executor.execute(tell("sleep", &[0.3]));
    let mut hurried = tell("nothing", &[1.0]);
    hurried.deadline = Some(Instant::now() + Duration::from_millis(30));
    let (first, second, third) =
        tokio::join!(busy, executor.execute(hurried), executor.execute(tell("nothing", &[2.0])));
    assert_eq!(f64s(&first.unwrap()[0]), [0.6]);
    assert_eq!(second.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(f64s(&third.unwrap()[0]), [4.0]);
}
