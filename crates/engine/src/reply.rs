//! The last room: an executor's answer is checked against the batch, cut into the requests' rows,
//! and the parts of a request that was cut are put together again.
//!
//! Must not decide what happens after a failure; that is dispatch's.

use pelton_core::{Batch, Code, Error, Result, Tensor};

use crate::admission::Replies;
use crate::queue::Entry;

/// Whether the answer is one: the outputs asked for, in order, each with the batch's rows.
///
/// # Errors
/// [`Code::BadReply`] naming the output and both counts.
pub(crate) fn check(batch: &Batch, outputs: &[Tensor]) -> Result<()> {
    let bad = |message| Err(Error::new(Code::BadReply, message));
    if !batch.outputs.is_empty() && batch.outputs.len() != outputs.len() {
        return bad(format!(
            "the model answered {} outputs, {} were asked for",
            outputs.len(),
            batch.outputs.len()
        ));
    }
    for (asked, output) in batch.outputs.iter().zip(outputs) {
        if asked != output.name() {
            return bad(format!(
                "the model answered output '{}' where '{asked}' was asked for",
                output.name()
            ));
        }
    }
    match outputs.iter().find(|output| output.rows() != batch.rows) {
        None => Ok(()),
        Some(output) => bad(format!(
            "the model answered {} rows in output '{}' for {} rows of input",
            output.rows(),
            output.name(),
            batch.rows
        )),
    }
}

/// Gives each entry its rows of a checked answer.
pub(crate) fn distribute(mut entries: Vec<Entry>, outputs: Vec<Tensor>) {
    if entries.len() == 1 {
        if let Some(entry) = entries.pop() {
            // A receiver that is gone is a client that is gone.
            let _ = entry.reply.send(Ok(outputs));
        }
        return;
    }
    let mut start = 0;
    for entry in entries {
        let end = start + entry.batch.rows;
        let rows = outputs.iter().map(|output| output.slice_rows(start..end)).collect();
        start = end;
        let _ = entry.reply.send(Ok(rows));
    }
}

/// Gives every entry the same error.
pub(crate) fn refuse(entries: Vec<Entry>, error: &Error) {
    for entry in entries {
        let _ = entry.reply.send(Err(error.clone()));
    }
}

/// Waits for all parts of a request and joins their rows. The first failure is the request's;
/// dropping the other receivers then abandons the parts that still wait.
pub(crate) async fn collect(replies: Replies) -> Result<Vec<Tensor>> {
    let mut parts = Vec::with_capacity(replies.len());
    for reply in replies {
        let part = reply.await.unwrap_or_else(|_| {
            Err(Error::new(Code::Internal, "the request was lost inside the server")
                .with_detail("a reply sender was dropped unanswered"))
        })?;
        parts.push(part);
    }
    if parts.len() == 1 {
        return Ok(parts.pop().expect("there is one"));
    }
    let outputs = parts.first().map_or(0, Vec::len);
    if parts.iter().any(|part| part.len() != outputs) {
        return Err(Error::new(Code::BadReply, "the model answers a varying number of outputs"));
    }
    (0..outputs)
        .map(|index| {
            let column: Vec<&Tensor> = parts.iter().map(|part| &part[index]).collect();
            Tensor::concat_rows(&column)
        })
        .collect()
}
