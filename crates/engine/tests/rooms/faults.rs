//! A model that raises, workers that are lost, an executor that panics: who gets which answer.

use std::sync::atomic::Ordering;

use pelton_core::{Code, Result};
use pelton_engine::{Engine, Limits};
use proptest::prelude::*;

use crate::scripted::{KILLS, PANICS, RAISES, SHORT, Scripted, engine, request, send};

fn code(answer: &Result<Vec<i64>>) -> Option<Code> {
    answer.as_ref().err().map(pelton_core::Error::code)
}

/// Sends a first request that holds the only lane, then the others, so that these form one batch.
async fn in_one_batch(
    executor: Scripted,
    values: &[i64],
) -> (Vec<Result<Vec<i64>>>, Vec<Vec<i64>>) {
    let (engine, executor) = engine(executor, Limits::default());
    let mut tasks = send(&engine, vec![request(&[1000])]).await;
    tasks.extend(send(&engine, values.iter().map(|v| request(&[*v])).collect()).await);
    executor.open(10_000);
    let mut answers = Vec::new();
    for task in tasks.into_iter().skip(1) {
        answers.push(task.await.unwrap());
    }
    (answers, executor.seen())
}

#[tokio::test]
async fn one_bad_row_fails_alone() {
    let (answers, _) = in_one_batch(Scripted::gated(1), &[1, 2, RAISES, 4, 5, 6, 7]).await;
    for (index, answer) in answers.iter().enumerate() {
        match index {
            2 => {
                let error = answer.as_ref().unwrap_err();
                assert_eq!(error.message(), "ValueError: a bad row");
            }
            _ => assert_eq!(answer.as_ref().unwrap(), &[2 * (index as i64 + 1)]),
        }
    }
}

#[tokio::test]
async fn a_batch_of_nothing_but_bad_rows_is_bounded() {
    let (answers, batches) = in_one_batch(Scripted::gated(1), &[RAISES; 300]).await;
    assert!(answers.iter().all(|answer| code(answer) == Some(Code::ModelRejected)));
    assert!(batches.len() <= 1 + 2 * 300, "{} runs", batches.len());
}

#[tokio::test]
async fn however_many_rows_are_bad_each_good_one_is_answered() {
    let value = |index: i64| if index % 3 == 1 { RAISES } else { index };
    let values: Vec<i64> = (0..300).map(value).collect();
    let (answers, _) = in_one_batch(Scripted::gated(1), &values).await;
    for (value, answer) in values.into_iter().zip(answers) {
        match value {
            RAISES => assert_eq!(code(&answer), Some(Code::ModelRejected)),
            good => assert_eq!(answer.unwrap(), [2 * good]),
        }
    }
}

#[tokio::test]
async fn a_single_bad_row_is_found_in_few_runs() {
    let mut values: Vec<i64> = (0..256).collect();
    values[255] = RAISES;
    let (_, batches) = in_one_batch(Scripted::gated(1), &values).await;
    // The first request, the whole batch, one run a halving, and the culprit alone.
    assert!(batches.len() <= 2 + 8 + 1, "{} runs", batches.len());
}

#[tokio::test]
async fn an_answer_with_too_few_rows_is_no_answer() {
    let (answers, _) = in_one_batch(Scripted::gated(1), &[1, SHORT, 3]).await;
    assert_eq!(answers[0].as_ref().unwrap(), &[2]);
    let error = answers[1].as_ref().unwrap_err();
    assert_eq!(error.code(), Code::BadReply);
    assert!(error.message().contains("0 rows in output 'double' for 1 rows"), "{error}");
    assert_eq!(answers[2].as_ref().unwrap(), &[6]);
}

#[tokio::test]
async fn a_lost_batch_is_run_once_more() {
    let executor = Scripted::gated(1);
    let (engine, executor) = engine(executor, Limits::default());
    executor.losses.store(1, Ordering::SeqCst);
    executor.open(9);
    let response = engine.infer(request(&[7])).await.unwrap();
    assert_eq!(crate::scripted::numbers(&response.outputs[0]), [14]);
    executor.losses.store(2, Ordering::SeqCst);
    assert_eq!(engine.infer(request(&[7])).await.unwrap_err().code(), Code::WorkerLost);
}

#[tokio::test]
async fn a_row_that_kills_workers_takes_few_others_along() {
    let mut values: Vec<i64> = (1..=64).collect();
    values[20] = KILLS;
    let (answers, _) = in_one_batch(Scripted::gated(1), &values).await;
    assert_eq!(code(&answers[20]), Some(Code::WorkerLost));
    let lost = answers.iter().filter(|answer| answer.is_err()).count();
    assert!(lost <= 8, "{lost} requests were lost");
}

#[tokio::test]
async fn a_model_that_is_not_ready_says_why() {
    let (engine, executor) = engine(Scripted::new(1), Limits::default());
    executor.ready.store(false, Ordering::SeqCst);
    let error = engine.infer(request(&[1])).await.unwrap_err();
    assert_eq!(error.code(), Code::NotReady);
    assert_eq!(error.message(), "model 'm' is not ready: it is restarting");
    assert!(!engine.is_ready());
    assert!(engine.metrics_text().contains("pelton_model_ready{model=\"m\",version=\"1\"} 0"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_an_executor_costs_one_batch_and_no_lane() {
    let (engine, _) = engine(Scripted::new(1), Limits::default());
    let panicking = tokio::spawn({
        let engine = engine.clone();
        async move { engine.infer(request(&[PANICS])).await }
    });
    assert!(panicking.await.is_err() || engine.in_flight() == 0);
    let response = engine.infer(request(&[1])).await.unwrap();
    assert_eq!(crate::scripted::numbers(&response.outputs[0]), [2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_request_is_answered_once_whatever_happens(
        values in prop::collection::vec(prop_oneof![
            8 => 0_i64..100, 1 => Just(RAISES), 1 => Just(KILLS), 1 => Just(SHORT)
        ], 1..120),
        lanes in 1_usize..3,
        losses in 0_usize..6,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2).enable_time().build().unwrap();
        runtime.block_on(async {
            let (engine, executor) = engine(Scripted::new(lanes), Limits::default());
            executor.losses.store(losses, Ordering::SeqCst);
            let tasks: Vec<_> = values.iter().map(|&value| {
                let engine = engine.clone();
                tokio::spawn(async move { engine.infer(request(&[value])).await })
            }).collect();
            for (task, value) in tasks.into_iter().zip(values) {
                match task.await.unwrap() {
                    Ok(response) => {
                        assert!(value >= 0);
                        assert_eq!(crate::scripted::numbers(&response.outputs[0]), [value * 2]);
                    }
                    Err(error) if error.code() == Code::WorkerLost => {}
                    Err(error) => assert!(value < 0, "{value}: {error}"),
                }
            }
            assert_eq!(engine.in_flight(), 0);
            assert_lanes_are_free(&engine).await;
        });
    }
}

async fn assert_lanes_are_free(engine: &Engine) {
    let answer = engine.infer(request(&[1])).await;
    assert!(answer.is_ok() || answer.unwrap_err().code() == Code::WorkerLost);
}
