// A batcher's figures and its listener, who cannot harm it; completes no future.
package io.pelton.client;

import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Safe for use by several threads; the listener is never told under the ledger's lock. */
final class BatcherMeter {
    private static final Logger LOG = LoggerFactory.getLogger(BatcherMeter.class);

    private final BatcherListener listener;
    private final LongAdder rowsSubmitted = new LongAdder();
    private final LongAdder rowsSucceeded = new LongAdder();
    private final LongAdder rowsFailed = new LongAdder();
    private final LongAdder batchesSent = new LongAdder();
    private final LongAdder retries = new LongAdder();

    BatcherMeter(BatcherListener listener) {
        this.listener = listener;
    }

    void rowSubmitted() {
        rowsSubmitted.increment();
    }

    void rowRefused(PeltonException failure) {
        rowsFailed.increment();
        tell(() -> listener.onRowRefused(failure));
    }

    void rowsSucceeded(int rows) {
        rowsSucceeded.add(rows);
    }

    void rowsFailed(int rows) {
        rowsFailed.add(rows);
    }

    void batchSent(int rows, long bytes, double queueWaitMs) {
        batchesSent.increment();
        tell(() -> listener.onBatchSent(rows, bytes, queueWaitMs));
    }

    void batchCompleted(BatchReport report) {
        retries.add(report.retries());
        tell(() -> listener.onBatchCompleted(report));
    }

    BatcherStats stats(int queuedRows, int batchesInFlight) {
        return new BatcherStats(
                queuedRows,
                batchesInFlight,
                rowsSubmitted.sum(),
                rowsSucceeded.sum(),
                rowsFailed.sum(),
                batchesSent.sum(),
                retries.sum());
    }

    /** An error is caught too: a batch half told of would keep its slot for ever. */
    private static void tell(Runnable telling) {
        try {
            telling.run();
        } catch (RuntimeException | Error e) {
            LOG.warn("the batcher's listener threw", e);
        }
    }
}
