// A batcher's figures at one moment.
package io.pelton.client;

/** The figures of a {@link MicroBatcher} at one moment: gauges, and counters since it was built. */
public final class BatcherStats {
    private final int queuedRows;
    private final int batchesInFlight;
    private final long rowsSubmitted;
    private final long rowsSucceeded;
    private final long rowsFailed;
    private final long batchesSent;
    private final long retries;

    BatcherStats(
            int queuedRows,
            int batchesInFlight,
            long rowsSubmitted,
            long rowsSucceeded,
            long rowsFailed,
            long batchesSent,
            long retries) {
        this.queuedRows = queuedRows;
        this.batchesInFlight = batchesInFlight;
        this.rowsSubmitted = rowsSubmitted;
        this.rowsSucceeded = rowsSucceeded;
        this.rowsFailed = rowsFailed;
        this.batchesSent = batchesSent;
        this.retries = retries;
    }

    /**
     * Rows waiting to be sent.
     *
     * @return now
     */
    public int queuedRows() {
        return queuedRows;
    }

    /**
     * Batches sent and not yet answered.
     *
     * @return now
     */
    public int batchesInFlight() {
        return batchesInFlight;
    }

    /**
     * Calls of {@code submit}.
     *
     * @return in all
     */
    public long rowsSubmitted() {
        return rowsSubmitted;
    }

    /**
     * Rows with a prediction.
     *
     * @return in all
     */
    public long rowsSucceeded() {
        return rowsSucceeded;
    }

    /**
     * Rows that failed, refused ones included.
     *
     * @return in all
     */
    public long rowsFailed() {
        return rowsFailed;
    }

    /**
     * Batches sent, parts of bisected ones not counted.
     *
     * @return in all
     */
    public long batchesSent() {
        return batchesSent;
    }

    /**
     * Attempts after the first because of a retryable failure.
     *
     * @return in all
     */
    public long retries() {
        return retries;
    }

    @Override
    public String toString() {
        return String.format(
                "queued rows %d, in flight %d, submitted %d, succeeded %d, failed %d, batches %d,"
                        + " retries %d",
                queuedRows,
                batchesInFlight,
                rowsSubmitted,
                rowsSucceeded,
                rowsFailed,
                batchesSent,
                retries);
    }
}
