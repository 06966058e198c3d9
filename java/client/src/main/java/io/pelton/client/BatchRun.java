// One batch from sending to its last row's outcome, bisecting it on the way if it must.
package io.pelton.client;

import io.pelton.client.Bisection.Part;
import io.pelton.client.PeltonException.Code;
import io.pelton.client.wire.inference.ModelInferRequest;
import io.pelton.client.wire.inference.ModelInferResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps its slot until it ends, so that bisecting adds no load beyond what was allowed; and it ends
 * whatever happens, with an outcome for every row. One call is under way at a time; each of its
 * methods runs on the thread that started or ended that call, unless it says otherwise.
 */
final class BatchRun {
    /** What a run needs of its batcher. */
    interface Host {
        /** Runs a task now, or later on this thread if it is within the batcher's own work. */
        void outside(Runnable task);

        /** Cancels the run if the batcher is closed: closing may have missed a call just begun. */
        void cancelIfClosed(BatchRun run);

        /**
         * Frees the run's slot, and sends what waits for one.
         *
         * @return false if the batcher was closed meanwhile, and settles the run's rows
         */
        boolean release(BatchRun run);

        void answerRows(BatchRun run, Part part, InferResponse response);

        void failRows(BatchRun run, Part part, PeltonException failure);

        /** Every row has its outcome. */
        void ended(BatchRun run, BatchReport report);
    }

    private static final Logger LOG = LoggerFactory.getLogger(BatchRun.class);

    private final Host host;
    private final RowCalls calls;
    private final Clock clock;
    private final PendingBatch batch;

    /** The rows sent: those of the batch that had time left. */
    private final Part rows;

    private final long startNanos;
    private final long timeoutNanos;
    private final Bisection bisection;
    private final int maxBisectCalls;

    /** Why the rows as a whole failed. */
    private PeltonException failure;

    /** Why no further part is tried. */
    private PeltonException stopped;

    private int failedRows;

    /** Of calls that have ended. Volatile for those who close the batcher. */
    private volatile int attempts;

    private volatile RetryingCall<ModelInferRequest, ModelInferResponse> call;

    /**
     * A run of the batch's rows that have not expired, made under the ledger's lock.
     *
     * @param timeoutNanos how long a row may take from its submission
     * @param maxBisectCalls less than 0 for as many as it takes
     */
    BatchRun(
            Host host,
            RowCalls calls,
            Clock clock,
            PendingBatch batch,
            long startNanos,
            long timeoutNanos,
            int maxBisectCalls) {
        this.host = host;
        this.calls = calls;
        this.clock = clock;
        this.batch = batch;
        this.rows = new Part(batch.expired(), batch.size());
        this.startNanos = startNanos;
        // until the last row's time is up; the sweep fails the earlier ones at theirs
        this.timeoutNanos = timeoutNanos - (startNanos - batch.submittedNanos(rows.to - 1));
        this.maxBisectCalls = maxBisectCalls >= 0 ? maxBisectCalls : 2 * rows.size();
        this.bisection = new Bisection(this.maxBisectCalls);
    }

    PendingBatch batch() {
        return batch;
    }

    Part rows() {
        return rows;
    }

    long byteSize() {
        return batch.rows().byteSize(rows.from, rows.to);
    }

    long startNanos() {
        return startNanos;
    }

    /** How long the first row sent had waited by then. */
    long queueWaitNanos(long nanoTime) {
        return nanoTime - batch.submittedNanos(rows.from);
    }

    void start() {
        send(rows);
    }

    /** Why the last attempt of the call under way failed; null if none has. From any thread. */
    PeltonException lastFailure() {
        RetryingCall<ModelInferRequest, ModelInferResponse> current = call;
        return current == null ? null : current.lastFailure();
    }

    /** Ends the call under way; what waits for it must be told by the caller. From any thread. */
    void cancel() {
        RetryingCall<ModelInferRequest, ModelInferResponse> current = call;
        if (current != null) {
            current.cancel();
        }
    }

    /** What became of a run that was cancelled and its rows failed. From any thread. */
    BatchReport cancelledReport(PeltonException why) {
        RetryingCall<ModelInferRequest, ModelInferResponse> current = call;
        int made = attempts + (current == null ? 0 : current.attempts());
        return report(batch.failed(rows.from), made, why);
    }

    private void send(Part part) {
        PartOutcome outcome = new PartOutcome(part);
        RetryingCall<ModelInferRequest, ModelInferResponse> begun = null;
        try {
            RowBuffers cells = batch.rows().slice(part.from, part.to);
            begun = calls.prepare(cells, leftNanos(), outcome);
            call = begun;
            calls.start(begun);
        } catch (RuntimeException | Error e) {
            // unless the call has told its outcome itself
            if (begun == null || begun.cancel()) {
                outcome.failed(
                        PeltonException.light(
                                Code.INTERNAL, "the request could not be made: " + e, false, 0, e));
            }
            return;
        }
        host.cancelIfClosed(this);
    }

    /**
     * Goes on with the next part, or ends the batch; {@code lastRows} tells the rows just settled.
     */
    private void proceed(Runnable lastRows) {
        Part part = stopped == null && leftNanos() > 0 ? bisection.next() : null;
        if (part == null) {
            end(lastRows);
            return;
        }
        lastRows.run();
        send(part);
    }

    private void end(Runnable lastRows) {
        // the slot first: the server should not wait for what the callers do with their answers
        if (!host.release(this)) {
            // whoever closed the batcher fails the rows, and counts them before it is idle
            return;
        }
        try {
            lastRows.run();
            PeltonException why = stopped;
            for (Part rest = bisection.untried(); rest != null; rest = bisection.untried()) {
                fail(rest, why != null ? why : notTriedAlone());
            }
        } catch (RuntimeException | Error e) {
            failTheRest(e);
        } finally {
            host.ended(this, report(failedRows, attempts, failure));
        }
    }

    /** An outcome for the rows that have none, after a fault of this client or a lack of memory. */
    private void failTheRest(Throwable fault) {
        LOG.error("a batch ended in a fault", fault);
        PeltonException why =
                PeltonException.light(
                        Code.INTERNAL,
                        "the answer could not be handled: " + fault,
                        false,
                        attempts,
                        fault);
        failure = failure == null ? why : failure;
        bisection.giveUp();
        host.failRows(this, rows, why);
        failedRows = batch.failed(rows.from);
    }

    private long leftNanos() {
        return timeoutNanos - (clock.nanoTime() - startNanos);
    }

    private PeltonException notTriedAlone() {
        return PeltonException.light(
                failure.code(),
                String.format(
                        "a batch of %d rows failed, and this one was not tried alone within %d more"
                                + " calls: %s",
                        rows.size(), bisection.calls(), failure.getMessage()),
                false,
                attempts,
                failure);
    }

    // attempts is only written by the one thread that ends a call
    @SuppressWarnings("NonAtomicOperationOnVolatileField")
    private void callEnded(int attemptsMade) {
        attempts = attempts + attemptsMade;
        call = null;
    }

    private void partFailed(Part part, PeltonException why) {
        callEnded(Math.max(1, why.attempts()));
        if (failure == null) {
            failure = why;
        }
        boolean partMaySucceed = Bisection.partMaySucceed(why);
        if (!partMaySucceed) {
            // the server is gone or the time is up: further parts would fare no better
            stopped = why;
        }
        if (partMaySucceed && part.size() > 1 && maxBisectCalls > 0) {
            bisection.split(part, !Bisection.isTooLarge(why));
            proceed(() -> {});
        } else {
            proceed(() -> fail(part, why));
        }
    }

    private void fail(Part part, PeltonException why) {
        failedRows += part.size();
        host.failRows(this, part, why);
    }

    private void partAnswered(
            Part part, ModelInferResponse answer, int attemptsMade, long latencyNanos) {
        callEnded(attemptsMade);
        InferResponse response;
        try {
            response = calls.read(answer, part.size(), attemptsMade, latencyNanos);
        } catch (PeltonException malformed) {
            // not a row's fault, so its parts are not tried
            failure = failure == null ? malformed : failure;
            proceed(() -> fail(part, malformed));
            return;
        }
        bisection.succeeded(part);
        proceed(() -> host.answerRows(this, part, response));
    }

    private BatchReport report(int rowsFailed, int attemptsMade, PeltonException why) {
        return new BatchReport(
                rows.size(),
                rowsFailed,
                byteSize(),
                queueWaitNanos(startNanos),
                clock.nanoTime() - startNanos,
                // a call is counted before it is made, which a fault or closing may prevent
                Math.max(1 + bisection.calls(), attemptsMade),
                bisection.calls(),
                why);
    }

    private final class PartOutcome implements RetryingCall.Outcome<ModelInferResponse> {
        private final Part part;

        private PartOutcome(Part part) {
            this.part = part;
        }

        @Override
        public void answered(ModelInferResponse answer, int attemptsMade, long latencyNanos) {
            goOn(() -> partAnswered(part, answer, attemptsMade, latencyNanos));
        }

        @Override
        public void failed(PeltonException why) {
            goOn(() -> partFailed(part, why));
        }

        private void goOn(Runnable step) {
            host.outside(
                    () -> {
                        try {
                            step.run();
                        } catch (RuntimeException | Error e) {
                            end(() -> failTheRest(e));
                        }
                    });
        }
    }
}
