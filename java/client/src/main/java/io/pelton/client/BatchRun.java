// One batch from sending to its last row's outcome, bisecting it on the way if it must.
package io.pelton.client;

import io.pelton.client.Bisection.Part;
import io.pelton.client.PeltonException.Code;
import io.pelton.client.wire.inference.ModelInferRequest;
import io.pelton.client.wire.inference.ModelInferResponse;
import java.util.EnumSet;
import java.util.Set;

/**
 * Keeps its slot until it ends, so that bisecting adds no load beyond what was allowed. One call is
 * under way at a time; each of its methods runs on the thread that started or ended that call.
 */
final class BatchRun {
    /** After these codes, a smaller part of the batch may do better. */
    private static final Set<Code> PART_MAY_SUCCEED =
            EnumSet.of(Code.INVALID_ARGUMENT, Code.INTERNAL, Code.UNKNOWN);

    private final MicroBatcher batcher;
    private final PendingBatch batch;
    private final long startNanos;
    private final long timeoutNanos;
    private final Bisection bisection;
    private final int maxBisectCalls;

    /** Why the batch as a whole failed. */
    private PeltonException failure;

    /** Why no further part is tried. */
    private PeltonException stopped;

    private int attempts;
    private int failedRows;
    private volatile RetryingCall<ModelInferRequest, ModelInferResponse> call;

    BatchRun(
            MicroBatcher batcher,
            PendingBatch batch,
            long startNanos,
            long timeoutNanos,
            int maxBisectCalls) {
        this.batcher = batcher;
        this.batch = batch;
        this.startNanos = startNanos;
        this.timeoutNanos = timeoutNanos;
        this.maxBisectCalls = maxBisectCalls >= 0 ? maxBisectCalls : 2 * batch.size();
        this.bisection = new Bisection(this.maxBisectCalls);
    }

    PendingBatch batch() {
        return batch;
    }

    void start() {
        send(new Part(0, batch.size()), batch.rows());
    }

    /** Why the last attempt of the call under way failed; null if none has. */
    PeltonException lastFailure() {
        RetryingCall<ModelInferRequest, ModelInferResponse> current = call;
        return current == null ? null : current.lastFailure();
    }

    /** Ends the call under way; what waits for it must be told by the caller. */
    void cancel() {
        RetryingCall<ModelInferRequest, ModelInferResponse> current = call;
        if (current != null) {
            current.cancel();
        }
    }

    private void send(Part part, RowBuffers rows) {
        PartOutcome outcome = new PartOutcome(part);
        try {
            ModelInferRequest request = Wire.rows(batcher.target(), rows);
            call =
                    batcher.connection()
                            .prepare(WireMethods.MODEL_INFER, request, leftNanos(), outcome);
            batcher.connection().start(call);
        } catch (RuntimeException | OutOfMemoryError e) {
            outcome.failed(
                    PeltonException.light(
                            Code.INTERNAL, "the request could not be made: " + e, false, 0, e));
            return;
        }
        batcher.cancelIfClosed(this);
    }

    /**
     * Goes on with the next part, or ends the batch; {@code lastRows} tells the rows just settled.
     */
    private void proceed(Runnable lastRows) {
        Part part = stopped == null && leftNanos() > 0 ? bisection.next() : null;
        if (part != null) {
            lastRows.run();
            send(part, batch.rows().slice(part.from, part.to));
            return;
        }
        // the slot first: the server should not wait for what the callers do with their answers
        boolean ours = batcher.release(this);
        lastRows.run();
        PeltonException why = stopped;
        for (Part rest = bisection.untried(); rest != null; rest = bisection.untried()) {
            fail(rest, why != null ? why : notTriedAlone());
        }
        if (ours) {
            batcher.ended(batch, report());
        }
    }

    private long leftNanos() {
        return timeoutNanos - (batcher.clock().nanoTime() - startNanos);
    }

    private PeltonException notTriedAlone() {
        return PeltonException.light(
                failure.code(),
                String.format(
                        "a batch of %d rows failed, and this one was not tried alone within %d more"
                                + " calls: %s",
                        batch.size(), bisection.calls(), failure.getMessage()),
                false,
                attempts,
                failure);
    }

    private void partFailed(Part part, PeltonException why) {
        attempts += Math.max(1, why.attempts());
        if (failure == null) {
            failure = why;
        }
        // too large for the server or for us: half of it may not be
        boolean tooLarge =
                why.code() == Code.OUT_OF_RANGE
                        || why.code() == Code.RESOURCE_EXHAUSTED && !why.isRetryable();
        boolean partMaySucceed = tooLarge || PART_MAY_SUCCEED.contains(why.code());
        if (!partMaySucceed) {
            // the server is gone or the time is up: further parts would fare no better
            stopped = why;
        }
        if (partMaySucceed && part.size() > 1 && maxBisectCalls > 0) {
            bisection.split(part, !tooLarge);
            proceed(() -> {});
        } else {
            proceed(() -> fail(part, why));
        }
    }

    private void fail(Part part, PeltonException why) {
        failedRows += part.size();
        batcher.failRows(batch, part.from, part.to, why);
    }

    private void partAnswered(
            Part part, ModelInferResponse answer, int attemptsMade, long latencyNanos) {
        attempts += attemptsMade;
        InferResponse response;
        try {
            response = Wire.response(answer, attemptsMade, latencyNanos);
            checkRows(part, response, attemptsMade);
        } catch (RuntimeException e) {
            PeltonException why =
                    e instanceof PeltonException
                            ? (PeltonException) e
                            : Wire.malformed(e.toString(), attemptsMade, e);
            failure = failure == null ? why : failure;
            proceed(() -> fail(part, why));
            return;
        }
        bisection.succeeded(part);
        proceed(() -> batcher.answerRows(batch, part.from, response, startNanos));
    }

    private void checkRows(Part part, InferResponse response, int attemptsMade) {
        for (String output : batcher.outputs()) {
            if (response.indexOf(output) < 0) {
                throw Wire.malformed("output '" + output + "' is missing", attemptsMade, null);
            }
        }
        if (response.outputs().isEmpty()) {
            throw Wire.malformed("no output", attemptsMade, null);
        }
        for (Tensor output : response.outputs()) {
            long rows = output.dimensions() == 0 ? 1 : output.size(0);
            if (output.dimensions() == 0 || rows != part.size()) {
                throw Wire.malformed(
                        String.format(
                                "output '%s' has %d rows for %d sent",
                                output.name(), rows, part.size()),
                        attemptsMade,
                        null);
            }
        }
    }

    private BatchReport report() {
        long now = batcher.clock().nanoTime();
        return new BatchReport(
                batch.size(),
                failedRows,
                batch.byteSize(),
                startNanos - batch.submittedNanos(0),
                now - startNanos,
                attempts,
                bisection.calls(),
                failure);
    }

    private final class PartOutcome implements RetryingCall.Outcome<ModelInferResponse> {
        private final Part part;

        private PartOutcome(Part part) {
            this.part = part;
        }

        @Override
        public void answered(ModelInferResponse answer, int attemptsMade, long latencyNanos) {
            batcher.outsideDispatch(() -> partAnswered(part, answer, attemptsMade, latencyNanos));
        }

        @Override
        public void failed(PeltonException why) {
            batcher.outsideDispatch(() -> partFailed(part, why));
        }
    }
}
