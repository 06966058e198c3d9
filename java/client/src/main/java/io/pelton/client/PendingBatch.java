// Rows that travel together, the futures that wait for them, and since when.
package io.pelton.client;

import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/**
 * Rows are added, and found to have expired, under the ledger's lock; once a batch is in flight its
 * arrays do not change. A future is completed by whoever is first, so every row has one outcome:
 * that one is counted.
 */
final class PendingBatch {
    private final RowBuffers rows;
    private CompletableFuture<Prediction>[] futures;
    private long[] submittedNanos;

    /** Rows from the first on whose time has run out; they are in the order of submission. */
    private int expired;

    @SuppressWarnings("unchecked")
    PendingBatch(RowSchema schema, int expectedRows) {
        this.rows = new RowBuffers(schema, expectedRows);
        this.futures = new CompletableFuture[expectedRows];
        this.submittedNanos = new long[expectedRows];
    }

    void append(RowScratch row, CompletableFuture<Prediction> future, long nowNanos) {
        int last = rows.rows();
        // room first, so that a row for which there is none leaves no trace
        if (last == futures.length) {
            futures = Arrays.copyOf(futures, last * 2);
        }
        if (last == submittedNanos.length) {
            submittedNanos = Arrays.copyOf(submittedNanos, last * 2);
        }
        rows.append(row);
        futures[last] = future;
        submittedNanos[last] = nowNanos;
    }

    int size() {
        return rows.rows();
    }

    long byteSize() {
        return rows.byteSize();
    }

    RowBuffers rows() {
        return rows;
    }

    long submittedNanos(int row) {
        return submittedNanos[row];
    }

    /** Counts further rows as expired that have waited for {@code timeoutNanos}. */
    int expire(long nowNanos, long timeoutNanos) {
        while (expired < size() && nowNanos - submittedNanos[expired] >= timeoutNanos) {
            expired++;
        }
        return expired;
    }

    int expired() {
        return expired;
    }

    /** Gives rows {@code from} on their predictions; says how many had no outcome before. */
    int answer(int from, InferResponse response, long sentNanos) {
        int rows = response.rows();
        int answered = 0;
        for (int row = 0; row < rows; row++) {
            CompletableFuture<Prediction> future = futures[from + row];
            long queueWaitNanos = sentNanos - submittedNanos[from + row];
            if (!future.isDone()
                    && future.complete(new Prediction(response, row, queueWaitNanos))) {
                answered++;
            }
        }
        return answered;
    }

    /** Fails rows {@code from} to {@code to}; says how many had no outcome before. */
    int fail(int from, int to, PeltonException failure) {
        int failed = 0;
        for (int row = from; row < to; row++) {
            if (futures[row].completeExceptionally(failure)) {
                failed++;
            }
        }
        return failed;
    }

    /** How many of the rows {@code from} on have got no prediction. */
    int failed(int from) {
        int failed = 0;
        for (int row = from; row < size(); row++) {
            if (futures[row].isCompletedExceptionally()) {
                failed++;
            }
        }
        return failed;
    }
}
