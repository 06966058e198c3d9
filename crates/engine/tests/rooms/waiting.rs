//! Bounds and time: full queues, deadlines, departed clients, shutdown. Time is paused.

use std::time::Duration;

use pelton_core::Code;
use pelton_engine::{Limits, Request};
use tokio::time::Instant;

use crate::scripted::{Scripted, engine, request, send, settle};

#[tokio::test]
async fn few_rows_of_many_bytes_fill_a_queue_too() {
    let limits = Limits { max_queue_bytes: 16, ..Limits::default() };
    let (engine, executor) = engine(Scripted::gated(1), limits);
    let mut tasks = send(&engine, vec![request(&[0]), request(&[1, 2])]).await;
    let error = engine.infer(request(&[3])).await.unwrap_err();
    assert_eq!(error.code(), Code::QueueFull);
    assert_eq!(error.message(), "16 bytes are waiting for the model and 16 may, send again later");
    executor.open(9);
    for task in tasks.drain(..) {
        task.await.unwrap().unwrap();
    }
    // One that is larger by itself is taken where nothing waits.
    engine.infer(request(&[4, 5, 6])).await.unwrap();
}

fn with_deadline(values: &[i64], ms: u64) -> Request {
    let deadline = (Instant::now() + Duration::from_millis(ms)).into_std();
    Request { deadline: Some(deadline), ..request(values) }
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_at_once_and_takes_again_when_clients_leave() {
    let limits = Limits { max_queue_rows: 3, ..Limits::default() };
    let (engine, executor) = engine(Scripted::gated(1), limits);
    let running = send(&engine, vec![request(&[0])]).await;
    let mut waiting = send(&engine, vec![request(&[1, 2]), request(&[3])]).await;
    let error = engine.infer(request(&[4])).await.unwrap_err();
    assert_eq!(error.code(), Code::QueueFull);
    assert_eq!(error.message(), "3 rows are waiting for the model and 3 may, send again later");
    waiting.remove(0).abort();
    settle().await;
    let late = send(&engine, vec![request(&[5])]).await;
    executor.open(9);
    for task in running.into_iter().chain(waiting).chain(late) {
        task.await.unwrap().unwrap();
    }
    assert_eq!(executor.seen(), [vec![0], vec![3, 5]]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_wait_in_the_queue_and_the_row_is_not_run() {
    let (engine, executor) = engine(Scripted::gated(1), Limits::default());
    let running = send(&engine, vec![request(&[0])]).await;
    let before = Instant::now();
    let error = engine.infer(with_deadline(&[1], 50)).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert_eq!(before.elapsed().as_millis(), 50);
    executor.open(9);
    for task in running {
        task.await.unwrap().unwrap();
    }
    engine.infer(request(&[2])).await.unwrap();
    assert_eq!(executor.seen(), [vec![0], vec![2]]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_wait_for_a_slow_model_and_the_next_request_is_served() {
    let (engine, executor) = engine(Scripted::gated(1), Limits::default());
    let error = engine.infer(with_deadline(&[1], 20)).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    let next = send(&engine, vec![request(&[2])]).await;
    executor.open(9);
    for task in next {
        assert_eq!(task.await.unwrap().unwrap(), [4]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_already_past_is_refused_at_the_door() {
    let (engine, executor) = engine(Scripted::new(1), Limits::default());
    let error = engine.infer(with_deadline(&[1], 0)).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert!(executor.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_departed_clients_rows_are_not_run() {
    let (engine, executor) = engine(Scripted::gated(1), Limits::default());
    let running = send(&engine, vec![request(&[0])]).await;
    let departed = send(&engine, vec![request(&[1])]).await;
    departed[0].abort();
    let stays = send(&engine, vec![request(&[2])]).await;
    executor.open(9);
    for task in running.into_iter().chain(stays) {
        task.await.unwrap().unwrap();
    }
    assert_eq!(executor.seen(), [vec![0], vec![2]]);
    let text = engine.metrics_text();
    assert!(text.contains("outcome=\"cancelled\"} 1"), "{text}");
    assert!(text.contains("pelton_in_flight{model=\"m\",version=\"1\"} 0"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_client_whose_request_took_the_lane_may_leave() {
    let (engine, executor) = engine(Scripted::gated(1), Limits::default());
    let first = send(&engine, vec![request(&[0])]).await;
    let second = send(&engine, vec![request(&[1])]).await;
    first[0].abort();
    settle().await;
    executor.open(9);
    for task in second {
        assert_eq!(task.await.unwrap().unwrap(), [2]);
    }
}

#[tokio::test(start_paused = true)]
async fn draining_answers_what_is_in_flight_and_refuses_the_rest() {
    let (engine, executor) = engine(Scripted::gated(1), Limits::default());
    let in_flight = send(&engine, vec![request(&[1]), request(&[2])]).await;
    let drain = tokio::spawn({
        let engine = engine.clone();
        async move { engine.drain(Duration::from_secs(5)).await }
    });
    settle().await;
    assert!(!engine.is_ready());
    assert_eq!(engine.infer(request(&[3])).await.unwrap_err().code(), Code::ShuttingDown);
    executor.open(9);
    assert!(drain.await.unwrap());
    for task in in_flight {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn draining_gives_up_after_its_limit() {
    let (engine, _executor) = engine(Scripted::gated(1), Limits::default());
    let _stuck = send(&engine, vec![request(&[1])]).await;
    assert!(!engine.drain(Duration::from_secs(5)).await);
}

#[tokio::test(start_paused = true)]
async fn finished_requests_and_rows_are_counted_by_outcome() {
    let (engine, _executor) = engine(Scripted::new(1), Limits::default());
    engine.infer(request(&[1, 2, 3])).await.unwrap();
    engine.infer(request(&[crate::scripted::RAISES])).await.unwrap_err();
    let text = engine.metrics_text();
    for line in [
        "pelton_requests_total{model=\"m\",version=\"1\",outcome=\"ok\"} 1",
        "pelton_rows_total{model=\"m\",version=\"1\",outcome=\"ok\"} 3",
        "pelton_requests_total{model=\"m\",version=\"1\",outcome=\"model_rejected\"} 1",
        "pelton_batch_rows_sum{model=\"m\",version=\"1\"} 4",
        "pelton_queue_wait_seconds_count{model=\"m\",version=\"1\"} 2",
        "pelton_request_seconds_count{model=\"m\",version=\"1\"} 2",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}
