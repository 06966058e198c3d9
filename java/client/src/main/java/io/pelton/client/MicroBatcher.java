// The public door for single rows: one future a row; what happens behind it is elsewhere.
package io.pelton.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Gathers rows into batches for one model, by natural batching: while a slot is free ({@code
 * maxBatchesInFlight}) a row leaves at once; while all are busy, rows gather, and what has gathered
 * leaves with the next free slot. So an idle server answers a lone row without delay, and a busy
 * one gets large batches. Safe for use by several threads; {@link #submit} never blocks.
 *
 * <pre>{@code
 * try (PeltonClient client = PeltonClient.builder().endpoints("127.0.0.1:8001").build();
 *         MicroBatcher batcher = client.batcher("flights")
 *                 .schema(RowSchema.columns(
 *                         Column.of("distance", DataType.FP64), Column.of("origin", DataType.BYTES)))
 *                 .outputs("predict_proba")
 *                 .build()) {
 *     double late = batcher.submit(row -> {
 *         row.setDouble(0, 1089);
 *         row.setString(1, "JFK");
 *     }).thenApply(prediction -> prediction.getDouble("predict_proba", 1)).join();
 * }
 * }</pre>
 *
 * <h2>Failures</h2>
 *
 * <ul>
 *   <li>A row that cannot be written fails alone, with INVALID_ARGUMENT.
 *   <li>Above {@code maxQueuedRows} waiting rows or {@code maxQueuedBytes}, {@code submit} fails
 *       the row with RESOURCE_EXHAUSTED; {@link #whenCapacity()} tells when to go on.
 *   <li>Every row is answered or failed within the timeout counted from its submission
 *       (DEADLINE_EXCEEDED), however its batch fares.
 *   <li>A batch of several rows answered with INVALID_ARGUMENT or INTERNAL is bisected: its halves
 *       are sent again until the rows at fault are found, and the others get their predictions. At
 *       most {@code maxBisectCalls} extra calls a batch; rows not tried alone when the calls are
 *       spent fail with the batch's failure, and say so.
 * </ul>
 *
 * <p>Futures complete on a network thread: dependent stages must be quick, and must not block on
 * other futures of the same client.
 */
public final class MicroBatcher implements AutoCloseable {
    private final RowSchema schema;
    private final BatcherMeter meter;
    private final BatchDispatcher dispatcher;
    private final RowLedger ledger;

    /** A row's scratch in reserve; several threads at once make their own. */
    private final AtomicReference<RowScratch> spareScratch = new AtomicReference<>();

    private MicroBatcher(Builder builder) {
        this.schema = builder.schema;
        this.meter = new BatcherMeter(builder.listener);
        this.dispatcher = new BatchDispatcher(builder, meter);
        this.ledger = dispatcher.ledger();
    }

    /**
     * Adds a row to the next batch. Never blocks.
     *
     * @param row writes the cells; called once, before this method returns
     * @return completes with the row's prediction, or exceptionally with a {@link PeltonException};
     *     cancelling it only drops the answer
     */
    public CompletableFuture<Prediction> submit(Row row) {
        meter.rowSubmitted();
        RowScratch scratch = spareScratch.getAndSet(null);
        if (scratch == null) {
            scratch = new RowScratch(schema);
        }
        try {
            scratch.write(row);
        } catch (Exception e) {
            return refused(RowBatch.refused(e));
        }
        CompletableFuture<Prediction> future = new CompletableFuture<>();
        PeltonException refusal = ledger.add(scratch, future);
        spareScratch.set(scratch);
        if (refusal != null) {
            return refused(refusal);
        }
        dispatcher.dispatch();
        return future;
    }

    private CompletableFuture<Prediction> refused(PeltonException failure) {
        meter.rowRefused(failure);
        return CompletableFuture.failedFuture(failure);
    }

    /**
     * Adds a row whose cells are all floating-point. Never blocks.
     *
     * @param cells one a cell; copied
     * @return as {@link #submit(Row)}
     */
    public CompletableFuture<Prediction> submit(double... cells) {
        return submit(writer -> writer.setDoubles(cells));
    }

    /**
     * When a row can be submitted without being refused for want of room. Where several threads
     * submit, one of them may be faster, so be ready to wait again.
     *
     * @return completed already if there is room now, or if the batcher is closed
     */
    public CompletableFuture<Void> whenCapacity() {
        return ledger.whenCapacity();
    }

    /**
     * When no row is outstanding.
     *
     * @return completed already if none is; never completes exceptionally
     */
    public CompletableFuture<Void> whenIdle() {
        return ledger.whenIdle();
    }

    /** Sends what has gathered without waiting for {@code linger}, as far as slots are free. */
    public void flush() {
        dispatcher.flush();
    }

    /**
     * Figures of this moment.
     *
     * @return a snapshot
     */
    public BatcherStats stats() {
        return ledger.stats(meter);
    }

    /**
     * Refuses further rows and fails the outstanding ones with CANCELLED at once; wait for {@link
     * #whenIdle()} first to have them answered. The client stays open.
     */
    @Override
    public void close() {
        dispatcher.close();
    }

    /** Builds a {@link MicroBatcher}; {@code schema} is required. */
    public static final class Builder {
        final PeltonClient client;
        final String model;
        String version = "";
        RowSchema schema;
        final List<String> outputs = new ArrayList<>();
        int maxBatchRows = 1024;
        long maxBatchBytes = 1 << 20;
        int maxBatchesInFlight = 2;
        int maxQueuedRows = 16 * 1024;
        long maxQueuedBytes = 64L << 20;
        int maxBisectCalls = -1;
        Duration linger = Duration.ZERO;
        Duration timeout;
        BatcherListener listener = new BatcherListener() {};

        Builder(PeltonClient client, String model) {
            this.client = client;
            this.model = Objects.requireNonNull(model, "model");
        }

        /** What a row looks like. */
        public Builder schema(RowSchema value) {
            this.schema = Objects.requireNonNull(value, "schema");
            return this;
        }

        /** Asks for outputs by name; without it, the model's default ones. */
        public Builder outputs(String... names) {
            Collections.addAll(outputs, names);
            return this;
        }

        /** Asks for a version; without it, the one the server serves. */
        public Builder version(String value) {
            this.version = Objects.requireNonNull(value, "version");
            return this;
        }

        /** Rows a batch has at most, at least 1; 1024 if not set. */
        public Builder maxBatchRows(int value) {
            this.maxBatchRows = (int) atLeastOne("maxBatchRows", value);
            return this;
        }

        /**
         * Bytes of tensors after which a batch takes no further row; 1 MiB if not set. A larger
         * single row still goes, alone.
         */
        public Builder maxBatchBytes(long value) {
            this.maxBatchBytes = atLeastOne("maxBatchBytes", value);
            return this;
        }

        /**
         * Batches under way at most, at least 1; 2 if not set. More keep a distant or replicated
         * server busy.
         */
        public Builder maxBatchesInFlight(int value) {
            this.maxBatchesInFlight = (int) atLeastOne("maxBatchesInFlight", value);
            return this;
        }

        /** Rows waiting to be sent at most, at least 1; 16384 if not set. */
        public Builder maxQueuedRows(int value) {
            this.maxQueuedRows = (int) atLeastOne("maxQueuedRows", value);
            return this;
        }

        /**
         * Bytes of rows waiting to be sent at most, exceeded by one row if it is large; 64 MiB if
         * not set.
         */
        public Builder maxQueuedBytes(long value) {
            this.maxQueuedBytes = atLeastOne("maxQueuedBytes", value);
            return this;
        }

        /**
         * Calls with parts of a batch at most, to find the rows that make it fail; 0 turns
         * bisecting off. If not set, twice the batch's rows, which finds them all, however many;
         * the rows' timeout bounds the time it takes.
         */
        public Builder maxBisectCalls(int value) {
            if (value < 0) {
                throw new IllegalArgumentException("maxBisectCalls must not be negative");
            }
            this.maxBisectCalls = value;
            return this;
        }

        /**
         * How long a batch that is not full waits for further rows though a slot is free; zero if
         * not set, which is right unless each call costs the server much.
         */
        public Builder linger(Duration value) {
            if (value.isNegative()) {
                throw new IllegalArgumentException("linger must not be negative, was " + value);
            }
            this.linger = value;
            return this;
        }

        /**
         * How long a row may take from {@code submit} to its outcome; more than zero; the client's
         * call timeout if not set.
         */
        public Builder timeout(Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException("timeout must be more than zero, was " + value);
            }
            this.timeout = value;
            return this;
        }

        /** Who is told of every batch. */
        public Builder listener(BatcherListener value) {
            this.listener = Objects.requireNonNull(value, "listener");
            return this;
        }

        /**
         * The batcher. It sends nothing until a row is submitted; compare {@link
         * PeltonClient#metadata} with the schema first to find mismatches early.
         *
         * @return a new batcher, to be closed by the caller
         */
        public MicroBatcher build() {
            if (schema == null) {
                throw new IllegalStateException("a batcher needs a schema");
            }
            return new MicroBatcher(this);
        }

        private static long atLeastOne(String name, long value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " must be at least 1, was " + value);
            }
            return value;
        }
    }
}
