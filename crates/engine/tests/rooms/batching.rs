//! What runs together, and that nobody notices.

use pelton_core::Code;
use pelton_engine::Limits;
use proptest::prelude::*;

use crate::scripted::{Scripted, engine, request, send, settle};

#[tokio::test]
async fn an_idle_executor_takes_a_request_at_once_and_the_rest_gathers() {
    let (engine, executor) = engine(Scripted::gated(1), Limits::default());
    let tasks = send(&engine, (1..=5).map(|v| request(&[v])).collect()).await;
    assert_eq!(executor.seen(), [vec![1]]);
    executor.open(2);
    for (task, expected) in tasks.into_iter().zip([2, 4, 6, 8, 10]) {
        assert_eq!(task.await.unwrap().unwrap(), [expected]);
    }
    assert_eq!(executor.seen(), [vec![1], vec![2, 3, 4, 5]]);
}

#[tokio::test]
async fn rows_are_counted_not_requests() {
    let limits = Limits { max_batch_rows: 4, ..Limits::default() };
    let (engine, executor) = engine(Scripted::gated(1), limits);
    let tasks =
        send(&engine, vec![request(&[0]), request(&[1, 2, 3]), request(&[4, 5]), request(&[6])])
            .await;
    executor.open(9);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    // Row 6 still fits beside 1, 2, 3; 4 and 5 do not.
    assert_eq!(executor.seen(), [vec![0], vec![1, 2, 3, 6], vec![4, 5]]);
}

#[tokio::test]
async fn bytes_are_counted_too() {
    // A row of the scripted model has 8 bytes.
    let limits = Limits { max_batch_bytes: 16, ..Limits::default() };
    let (engine, executor) = engine(Scripted::gated(1), limits);
    let requests = vec![request(&[0]), request(&[1, 2, 3]), request(&[4]), request(&[5, 6])];
    let tasks = send(&engine, requests).await;
    executor.open(9);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(executor.seen(), [vec![0], vec![1, 2, 3], vec![4], vec![5, 6]]);
}

#[tokio::test]
async fn a_large_request_is_cut_and_joined_again() {
    let limits = Limits { max_batch_rows: 3, ..Limits::default() };
    let (engine, executor) = engine(Scripted::new(1), limits);
    let values: Vec<i64> = (0..10).collect();
    let response = engine.infer(request(&values)).await.unwrap();
    let doubled: Vec<i64> = values.iter().map(|v| v * 2).collect();
    assert_eq!(crate::scripted::numbers(&response.outputs[0]), doubled);
    assert_eq!(executor.seen().iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 3, 1]);
}

#[tokio::test]
async fn requests_for_other_outputs_do_not_run_together() {
    let (engine, executor) = engine(Scripted::gated(1), Limits::default());
    let mut same = request(&[2]);
    same.outputs = vec!["same".to_owned()];
    let tasks = send(&engine, vec![request(&[1]), same, request(&[3]), request(&[4])]).await;
    executor.open(9);
    let answers: Vec<_> = {
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap().unwrap());
        }
        answers
    };
    assert_eq!(answers, [vec![2], vec![2], vec![6], vec![8]]);
    assert_eq!(executor.seen(), [vec![1], vec![2], vec![3, 4]]);
}

#[tokio::test]
async fn without_batching_each_request_runs_alone() {
    let limits = Limits { batching: false, ..Limits::default() };
    let (engine, executor) = engine(Scripted::gated(1), limits);
    let tasks = send(&engine, (1..=3).map(|v| request(&[v])).collect()).await;
    executor.open(9);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(executor.seen(), [vec![1], vec![2], vec![3]]);
}

#[tokio::test]
async fn as_many_batches_run_at_once_as_the_executor_takes() {
    let (engine, executor) = engine(Scripted::gated(2), Limits::default());
    let tasks = send(&engine, (1..=4).map(|v| request(&[v])).collect()).await;
    assert_eq!(executor.seen(), [vec![1], vec![2]]);
    executor.open(9);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(executor.seen(), [vec![1], vec![2], vec![3, 4]]);
    settle().await;
    assert_eq!(engine.in_flight(), 0);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_before_it_is_queued() {
    let limits = Limits { max_queue_rows: 4, ..Limits::default() };
    let (engine, executor) = engine(Scripted::new(1), limits);
    let mut unknown = request(&[1]);
    unknown.model = "n".to_owned();
    let error = engine.infer(unknown).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Code::UnknownModel, "no model 'n' here, there is 'm'")
    );
    let mut version = request(&[1]);
    version.version = "2".to_owned();
    assert_eq!(engine.infer(version).await.unwrap_err().code(), Code::UnknownModel);
    let error = engine.infer(request(&[0; 5])).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidInput);
    assert!(error.message().contains("send at most 4"), "{error}");
    assert!(executor.seen().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn batched_or_not_each_row_gets_its_own_answer(
        sizes in prop::collection::vec(1_usize..40, 1..60),
        max_batch_rows in 1_usize..50,
        lanes in 1_usize..4,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        runtime.block_on(async {
            let limits = Limits { max_batch_rows, ..Limits::default() };
            let (engine, executor) = engine(Scripted::new(lanes), limits);
            let mut next = 0;
            let mut tasks = Vec::new();
            for size in sizes {
                let values: Vec<i64> = (next..next + size as i64).collect();
                next += size as i64;
                let engine = engine.clone();
                tasks.push(tokio::spawn(async move {
                    let response = engine.infer(request(&values)).await.unwrap();
                    let doubled: Vec<i64> = values.iter().map(|v| v * 2).collect();
                    assert_eq!(crate::scripted::numbers(&response.outputs[0]), doubled);
                }));
            }
            for task in tasks {
                task.await.unwrap();
            }
            let seen = executor.seen();
            assert!(seen.iter().all(|batch| batch.len() <= max_batch_rows));
            assert_eq!(seen.iter().map(Vec::len).sum::<usize>(), next as usize);
        });
    }
}
