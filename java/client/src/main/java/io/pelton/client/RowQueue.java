// Rows waiting for a slot: the full batches and the one that gathers; sends and tells nothing.
package io.pelton.client;

import io.pelton.client.PeltonException.Code;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** Bounded in rows and bytes. Not thread-safe: the ledger's lock guards it. */
final class RowQueue {
    private static final int LEAST_EXPECTED_ROWS = 16;

    private final RowSchema schema;
    private final int maxBatchRows;
    private final long maxBatchBytes;
    private final int maxRows;
    private final long maxBytes;
    private long lingerNanos;

    private final ArrayDeque<PendingBatch> full = new ArrayDeque<>();
    private PendingBatch gathering;
    private boolean flush;
    private int rows;
    private long bytes;

    RowQueue(MicroBatcher.Builder options) {
        this.schema = options.schema;
        this.maxBatchRows = options.maxBatchRows;
        this.maxBatchBytes = options.maxBatchBytes;
        this.maxRows = options.maxQueuedRows;
        this.maxBytes = options.maxQueuedBytes;
        this.lingerNanos = Clock.nanos(options.linger);
        this.gathering = empty(LEAST_EXPECTED_ROWS);
    }

    int rows() {
        return rows;
    }

    boolean isFull() {
        return rows >= maxRows || bytes >= maxBytes;
    }

    /** Adds a written row; says why if it cannot. */
    PeltonException add(RowScratch row, CompletableFuture<Prediction> future, long nowNanos) {
        if (isFull()) {
            return PeltonException.light(
                    Code.RESOURCE_EXHAUSTED,
                    String.format(
                            "%d rows of %d bytes are waiting already, go on when whenCapacity()"
                                    + " completes",
                            rows, bytes));
        }
        long before = gathering.byteSize();
        try {
            gathering.append(row, future, nowNanos);
        } catch (ArithmeticException | OutOfMemoryError e) {
            return PeltonException.light(
                    Code.INVALID_ARGUMENT, "the row is too large for a batch: " + e, false, 0, e);
        }
        long size = gathering.byteSize();
        rows++;
        bytes += size - before;
        if (gathering.size() >= maxBatchRows || size >= maxBatchBytes) {
            full.add(gathering);
            nextGathering();
        }
        return null;
    }

    /** Takes out the next batch that need not wait for further rows; null if there is none. */
    PendingBatch poll(long nowNanos) {
        PendingBatch batch = full.poll();
        if (batch == null) {
            if (gathering.size() == 0 || lingerLeftNanos(nowNanos) > 0) {
                return null;
            }
            batch = gathering;
            nextGathering();
        }
        rows -= batch.size();
        bytes -= batch.byteSize();
        return batch;
    }

    /**
     * How long what gathers has to wait for further rows; 0 if nothing gathers or it may leave now.
     */
    long lingerLeftNanos(long nowNanos) {
        if (lingerNanos == 0 || flush || gathering.size() == 0) {
            return 0;
        }
        return Math.max(0, lingerNanos - (nowNanos - gathering.submittedNanos(0)));
    }

    /** Lets what has gathered leave without waiting for more. */
    void flush() {
        flush = gathering.size() > 0;
    }

    /** From now on no row waits for others. */
    void stopLingering() {
        lingerNanos = 0;
    }

    void forEach(Consumer<PendingBatch> action) {
        full.forEach(action);
        action.accept(gathering);
    }

    /** Takes out the batches of which every row has expired. */
    void dropExpired() {
        full.removeIf(this::dropIfExpired);
        if (gathering.size() > 0 && dropIfExpired(gathering)) {
            nextGathering();
        }
    }

    /** Takes everything out. */
    List<PendingBatch> clear() {
        List<PendingBatch> all = new ArrayList<>(full);
        all.add(gathering);
        full.clear();
        gathering = empty(LEAST_EXPECTED_ROWS);
        flush = false;
        rows = 0;
        bytes = 0;
        return all;
    }

    private boolean dropIfExpired(PendingBatch batch) {
        if (batch.expired() < batch.size()) {
            return false;
        }
        rows -= batch.size();
        bytes -= batch.byteSize();
        return true;
    }

    private void nextGathering() {
        // the last batch's size is the best guess of the next one's
        gathering = empty(Math.max(LEAST_EXPECTED_ROWS, gathering.size()));
        flush = false;
    }

    /** With room for that many rows, but for no more bytes than a batch may have. */
    private PendingBatch empty(int expectedRows) {
        long fit = Math.max(1, maxBatchBytes / RowBuffers.guessedRowBytes(schema));
        return new PendingBatch(schema, (int) Math.min(expectedRows, fit));
    }
}
