//! Many batches at once while workers are killed: every batch is answered once, and rightly.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use pelton_core::Executor;

use crate::support::{f64s, faulty, kill, start, tell, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_batch_is_answered_once_and_rightly_while_workers_are_killed() {
    let mut config = faulty();
    config.workers = 3;
    config.restart.crash_threshold = usize::MAX;
    let executor = start(config).await;
    until("all workers are live", || executor.stats().live == 3).await;
    let over = Arc::new(AtomicBool::new(false));
    let lost = Arc::new(AtomicUsize::new(0));
    let killer = tokio::spawn({
        let (executor, over) = (executor.clone(), over.clone());
        async move {
            let mut turn = 0;
            while !over.load(Ordering::Relaxed) {
                let stats = executor.stats();
                if let Some(pid) = stats.workers[turn % 3].pid
                    && stats.live > 1
                {
                    kill(pid);
                }
                turn += 1;
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        }
    });
    let clients: Vec<_> = (0..3_u32)
        .map(|client| {
            let (executor, lost) = (executor.clone(), lost.clone());
            tokio::spawn(async move {
                for number in 0..400 {
                    let values = [f64::from(client), f64::from(number)];
                    loop {
                        match executor.execute(tell("nothing", &values)).await {
                            Ok(answer) => {
                                let expected = [2.0 * values[0], 2.0 * values[1]];
                                assert_eq!(f64s(&answer[0]), expected);
                                break;
                            }
                            Err(error) => {
                                assert!(error.code().is_retryable(), "{error}");
                                lost.fetch_add(1, Ordering::Relaxed);
                                tokio::time::sleep(Duration::from_millis(5)).await;
                            }
                        }
                    }
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    over.store(true, Ordering::Relaxed);
    killer.await.unwrap();
    assert!(executor.stats().restarts > 0, "workers were killed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_model_never_notices() {
    let sick = start(faulty()).await;
    let healthy = start(faulty()).await;
    let crashing = async {
        for what in ["segfault", "os_exit", "garbage", "kill"] {
            until("the sick model is back", || sick.stats().live == 1).await;
            sick.execute(tell(what, &[1.0])).await.unwrap_err();
        }
    };
    let mut answered = 0;
    let working = async {
        loop {
            let answer = healthy.execute(tell("nothing", &[1.0])).await.unwrap();
            assert_eq!(f64s(&answer[0]), [2.0]);
            answered += 1;
        }
    };
    tokio::select! {
        () = crashing => {}
        () = working => {}
    }
    assert!(answered > 0);
    assert_eq!(healthy.stats().restarts, 0);
}
