// What became of one batch, for metrics.
package io.pelton.client;

import java.util.Optional;

/** What became of one batch of a {@link MicroBatcher}; handed to its {@link BatcherListener}. */
public final class BatchReport {
    private final int rows;
    private final int failedRows;
    private final long bytes;
    private final long queueWaitNanos;
    private final long latencyNanos;
    private final int attempts;
    private final int extraCalls;
    private final PeltonException failure;

    BatchReport(
            int rows,
            int failedRows,
            long bytes,
            long queueWaitNanos,
            long latencyNanos,
            int attempts,
            int extraCalls,
            PeltonException failure) {
        this.rows = rows;
        this.failedRows = failedRows;
        this.bytes = bytes;
        this.queueWaitNanos = queueWaitNanos;
        this.latencyNanos = latencyNanos;
        this.attempts = attempts;
        this.extraCalls = extraCalls;
        this.failure = failure;
    }

    /**
     * Rows sent.
     *
     * @return at least 1
     */
    public int rows() {
        return rows;
    }

    /**
     * Rows that got no prediction.
     *
     * @return at most {@link #rows()}
     */
    public int failedRows() {
        return failedRows;
    }

    /**
     * Bytes of the batch's tensors.
     *
     * @return at least 0
     */
    public long bytes() {
        return bytes;
    }

    /**
     * How long its first row had waited when the batch was sent.
     *
     * @return milliseconds
     */
    public double queueWaitMs() {
        return queueWaitNanos / 1e6;
    }

    /**
     * From sending the batch to its last row's outcome: retries, waits and bisecting included.
     *
     * @return milliseconds
     */
    public double latencyMs() {
        return latencyNanos / 1e6;
    }

    /**
     * How often it, or a part of it, was sent.
     *
     * @return at least 1
     */
    public int attempts() {
        return attempts;
    }

    /**
     * Attempts after the first because of a retryable failure.
     *
     * @return 0 if every call succeeded or failed at the first attempt
     */
    public int retries() {
        return attempts - 1 - extraCalls;
    }

    /**
     * Calls made with parts of the batch to find the rows at fault.
     *
     * @return 0 if it was not bisected
     */
    public int extraCalls() {
        return extraCalls;
    }

    /**
     * Why the batch as a whole failed, if it did; some rows may have succeeded on their own.
     *
     * @return empty if all rows were answered at once
     */
    public Optional<PeltonException> failure() {
        return Optional.ofNullable(failure);
    }

    @Override
    public String toString() {
        return String.format(
                "%d rows (%d failed), %d bytes, waited %.3f ms, took %.3f ms, %d attempts",
                rows, failedRows, bytes, queueWaitMs(), latencyMs(), attempts);
    }
}
