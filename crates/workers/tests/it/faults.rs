//! Faults on purpose: a worker that dies costs its own batch and is replaced.

use pelton_core::{Code, Executor};

use crate::support::{alive, f64s, faulty, pid, ready, start, tell};

#[tokio::test]
async fn a_worker_that_dies_costs_its_own_batch_only() {
    let executor = start(faulty()).await;
    for what in
        ["os_exit", "segfault", "kill", "garbage", "unasked", "half_frame", "lying_length", "close"]
    {
        ready(&executor).await;
        let before = pid(&executor);
        let asked = tell(what, &[3.0]);
        if what == "lying_length" {
            continue; // its worker hangs: see the run-time limit
        }
        let error = executor.execute(asked).await.unwrap_err();
        assert_eq!(error.code(), Code::WorkerLost, "{what}: {error}");
        ready(&executor).await;
        assert!(!alive(before), "{what}");
        let answer = executor.execute(tell("nothing", &[1.5])).await.unwrap();
        assert_eq!(f64s(&answer[0]), [3.0], "{what}");
    }
}
