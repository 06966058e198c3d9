// Rows that travel together, the futures that wait for them, and since when.
package io.pelton.client;

import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;

/**
 * Filled, and its expired rows found, under the batcher's lock; afterwards its arrays do not
 * change.
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

    @SuppressWarnings("CopyConstructorMissesField")
    private PendingBatch(PendingBatch whole, int from) {
        int to = whole.size();
        this.rows = whole.rows.slice(from, to);
        this.futures = Arrays.copyOfRange(whole.futures, from, to);
        this.submittedNanos = Arrays.copyOfRange(whole.submittedNanos, from, to);
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

    CompletableFuture<Prediction> future(int row) {
        return futures[row];
    }

    long submittedNanos(int row) {
        return submittedNanos[row];
    }

    /** The rows that have time left; this batch if all have. */
    PendingBatch withoutExpired() {
        return expired == 0 ? this : new PendingBatch(this, expired);
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

    void failRows(int from, int to, PeltonException failure, LongAdder failed) {
        for (int row = from; row < to; row++) {
            if (futures[row].completeExceptionally(failure)) {
                failed.increment();
            }
        }
    }
}
