//! From how an exchange ended to the batch's answer, and to what becomes of the worker.

use pelton_core::{Batch, Code, Error, Result, Tensor};

use crate::connection::{Answer, Broken, Connection, violation};
use crate::errors;
use crate::executor::Shared;
use crate::frames::{self, Kind};

/// How driving an exchange under the run-time limit ended.
pub(crate) type Outcome =
    std::result::Result<std::result::Result<Answer, Broken>, tokio::time::error::Elapsed>;

/// Gives the worker back or condemns it, and turns what came into the batch's answer. Without a batch
/// the answer is not read.
pub(crate) fn conclude(
    shared: &Shared,
    mut connection: Connection,
    outcome: Outcome,
    batch: Option<&Batch>,
) -> Result<Vec<Tensor>> {
    let lost = |connection: &Connection, broken: Broken| {
        let detail = format!("pid {}: {}", connection.worker.pid, broken.reason());
        shared.condemn(connection, broken);
        Error::new(Code::WorkerLost, "the worker running the batch was lost").with_detail(detail)
    };
    let answer = match outcome {
        Ok(Ok(answer)) => answer,
        Ok(Err(broken)) => return Err(lost(&connection, broken)),
        Err(_) => {
            let limit = shared.config.run_timeout.as_secs_f64();
            let reason = format!("a batch ran longer than the limit of {limit} s");
            return Err(lost(&connection, Broken::Fault(reason)));
        }
    };
    connection.learn(answer.payload.len());
    match (answer.kind, batch) {
        (Kind::Result, None) => {
            connection.worker.note_answer();
            shared.pool.put(connection);
            Ok(Vec::new())
        }
        (Kind::Result, Some(batch)) => {
            let tensors = frames::decode_result(&answer.payload, &batch.outputs)
                .map_err(|error| lost(&connection, violation(error)))?;
            connection.worker.note_answer();
            shared.pool.put(connection);
            check_reply(batch, tensors)
        }
        (Kind::Error, _) => {
            let raised = frames::decode_raised(&answer.payload)
                .map_err(|error| lost(&connection, violation(error)))?;
            connection.worker.note_answer();
            if raised.kind == OUT_OF_MEMORY {
                shared.condemn(&connection, Broken::Fault("it ran out of memory".to_owned()));
            } else {
                shared.pool.put(connection);
            }
            Err(errors::of_raised(raised))
        }
        (other, _) => {
            let broken = violation(format!("it answered a batch with {other:?}"));
            Err(lost(&connection, broken))
        }
    }
}

/// A worker whose allocator has failed once is not trusted any more.
const OUT_OF_MEMORY: &str = "MemoryError";

/// The outputs asked for, in their order, each with the batch's rows.
fn check_reply(batch: &Batch, tensors: Vec<Tensor>) -> Result<Vec<Tensor>> {
    let bad = |message: String| Err(Error::new(Code::BadReply, message));
    if !batch.outputs.is_empty() {
        if tensors.len() != batch.outputs.len() {
            return bad(format!(
                "the model answered {} outputs, {} were asked for",
                tensors.len(),
                batch.outputs.len()
            ));
        }
        for (tensor, wanted) in tensors.iter().zip(batch.outputs.iter()) {
            if tensor.name() != wanted {
                return bad(format!(
                    "the model answered output '{}' where '{wanted}' was asked for",
                    tensor.name()
                ));
            }
        }
    }
    match tensors.iter().find(|tensor| tensor.rows() != batch.rows) {
        Some(tensor) => bad(format!(
            "output '{}' has {} rows, the batch has {}",
            tensor.name(),
            tensor.rows(),
            batch.rows
        )),
        None => Ok(tensors),
    }
}
