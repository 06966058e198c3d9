// Single rows in, batches out, one future a row; sending a batch is the client's.
package io.pelton.client;

import io.pelton.client.PeltonException.Code;
import io.pelton.client.wire.inference.ModelInferRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
    private static final Logger LOG = LoggerFactory.getLogger(MicroBatcher.class);

    private final Connection connection;
    private final Clock clock;
    private final ModelInferRequest target;
    private final List<String> outputs;
    private final RowSchema schema;
    private final int maxBatchesInFlight;
    private final int maxBisectCalls;
    private final long timeoutNanos;
    private final BatcherListener listener;

    private final LongAdder submitted = new LongAdder();
    private final LongAdder succeeded = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder batchesSent = new LongAdder();
    private final LongAdder retries = new LongAdder();

    /** A row's scratch in reserve; several threads at once make their own. */
    private final AtomicReference<RowScratch> spareScratch = new AtomicReference<>();

    private final DispatchLoop dispatchLoop = new DispatchLoop(this::sendNext);

    /** Guards all below; no foreign code runs under it. */
    private final Object lock = new Object();

    private final RowQueue queue;
    private final Set<BatchRun> inFlight = new LinkedHashSet<>();
    private long outstandingRows;

    /** Rows that expired in the queue and were taken out of it, not yet counted as settled. */
    private int expiredRows;

    private boolean lingering;
    private boolean sweepScheduled;
    private boolean closed;
    private List<CompletableFuture<Void>> awaitingCapacity = new ArrayList<>();
    private List<CompletableFuture<Void>> awaitingIdle = new ArrayList<>();

    private MicroBatcher(Builder builder) {
        this.connection = builder.client.connection();
        this.clock = connection.clock();
        this.outputs = List.copyOf(builder.outputs);
        this.target = Wire.target(builder.model, builder.version, outputs).build();
        this.schema = builder.schema;
        this.maxBatchesInFlight = builder.maxBatchesInFlight;
        this.maxBisectCalls = builder.maxBisectCalls;
        this.timeoutNanos =
                (builder.timeout == null ? builder.client.callTimeout() : builder.timeout)
                        .toNanos();
        this.listener = builder.listener;
        this.queue = new RowQueue(builder);
    }

    /**
     * Adds a row to the next batch. Never blocks.
     *
     * @param row writes the cells; called once, before this method returns
     * @return completes with the row's prediction, or exceptionally with a {@link PeltonException};
     *     cancelling it only drops the answer
     */
    public CompletableFuture<Prediction> submit(Row row) {
        submitted.increment();
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
        PeltonException refusal;
        boolean slotFree;
        synchronized (lock) {
            refusal = enqueue(scratch, future);
            slotFree = inFlight.size() < maxBatchesInFlight;
        }
        spareScratch.set(scratch);
        if (refusal != null) {
            return refused(refusal);
        }
        if (slotFree) {
            dispatchLoop.run();
        }
        return future;
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
        CompletableFuture<Void> future = new CompletableFuture<>();
        synchronized (lock) {
            if (!closed && queue.isFull()) {
                awaitingCapacity.add(future);
                return future;
            }
        }
        future.complete(null);
        return future;
    }

    /**
     * When no row is outstanding.
     *
     * @return completed already if none is; never completes exceptionally
     */
    public CompletableFuture<Void> whenIdle() {
        CompletableFuture<Void> future = new CompletableFuture<>();
        synchronized (lock) {
            if (outstandingRows > 0) {
                awaitingIdle.add(future);
                return future;
            }
        }
        future.complete(null);
        return future;
    }

    /** Sends what has gathered without waiting for {@code linger}, as far as slots are free. */
    public void flush() {
        synchronized (lock) {
            queue.flush();
        }
        dispatchLoop.run();
    }

    /**
     * Figures of this moment.
     *
     * @return a snapshot
     */
    public BatcherStats stats() {
        synchronized (lock) {
            return new BatcherStats(
                    queue.rows(),
                    inFlight.size(),
                    submitted.sum(),
                    succeeded.sum(),
                    failed.sum(),
                    batchesSent.sum(),
                    retries.sum());
        }
    }

    /**
     * Refuses further rows and fails the outstanding ones with CANCELLED at once; wait for {@link
     * #whenIdle()} first to have them answered. The client stays open.
     */
    @Override
    public void close() {
        List<PendingBatch> dropped = new ArrayList<>();
        List<BatchRun> cancelled;
        List<CompletableFuture<Void>> waiters;
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            cancelled = new ArrayList<>(inFlight);
            cancelled.forEach(run -> dropped.add(run.batch()));
            dropped.addAll(queue.clear());
            inFlight.clear();
            waiters = awaitingCapacity;
            awaitingCapacity = new ArrayList<>();
        }
        cancelled.forEach(BatchRun::cancel);
        PeltonException failure = PeltonException.light(Code.CANCELLED, "the batcher was closed");
        for (PendingBatch batch : dropped) {
            batch.failRows(0, batch.size(), failure, failed);
            settled(batch.size());
        }
        complete(waiters);
    }

    // --- under the lock ---

    /** Adds a written row to the queue; says why if it cannot. */
    private PeltonException enqueue(RowScratch scratch, CompletableFuture<Prediction> future) {
        if (closed) {
            return PeltonException.light(Code.CANCELLED, "the batcher is closed");
        }
        PeltonException refusal = queue.add(scratch, future, clock.nanoTime());
        if (refusal == null) {
            outstandingRows++;
            if (!sweepScheduled) {
                sweepScheduled = true;
                clock.schedule(this::sweep, timeoutNanos);
            }
        }
        return refusal;
    }

    /** The next batch to send, holding a slot; null if there is none or no slot is free. */
    private BatchRun take() {
        while (inFlight.size() < maxBatchesInFlight) {
            long now = clock.nanoTime();
            PendingBatch batch = queue.poll(now);
            if (batch == null) {
                lingerIfAsked(now);
                return null;
            }
            // the sweep that let rows expire has failed them: they are not sent
            expiredRows += batch.expired();
            if (batch.expired() < batch.size()) {
                batch = batch.withoutExpired();
                // until the last row's time is up; the sweep fails the earlier ones at theirs
                long left = timeoutNanos - (now - batch.submittedNanos(batch.size() - 1));
                BatchRun run = new BatchRun(this, batch, now, left, maxBisectCalls);
                inFlight.add(run);
                return run;
            }
        }
        return null;
    }

    private void lingerIfAsked(long now) {
        long left = queue.lingerLeftNanos(now);
        if (left > 0 && !lingering) {
            lingering = true;
            clock.schedule(this::lingerEnded, left);
        }
    }

    /** When the oldest row with time left was submitted; MIN_VALUE if there is none. */
    private long oldestNanos() {
        List<PendingBatch> batches = new ArrayList<>();
        inFlight.forEach(run -> batches.add(run.batch()));
        queue.forEach(batches::add);
        for (PendingBatch batch : batches) {
            if (batch.expired() < batch.size()) {
                return batch.submittedNanos(batch.expired());
            }
        }
        return Long.MIN_VALUE;
    }

    // --- sending ---

    /** Sends one batch if there is one and a slot for it. */
    private boolean sendNext() {
        BatchRun run;
        List<CompletableFuture<Void>> waiters = List.of();
        int expired;
        synchronized (lock) {
            run = take();
            expired = expiredRows;
            expiredRows = 0;
            if (!queue.isFull() && !awaitingCapacity.isEmpty()) {
                waiters = awaitingCapacity;
                awaitingCapacity = new ArrayList<>();
            }
        }
        if (run != null) {
            batchesSent.increment();
            tellSent(run);
            run.start();
        }
        if (!waiters.isEmpty() || expired > 0) {
            List<CompletableFuture<Void>> told = waiters;
            dispatchLoop.afterwards(
                    () -> {
                        complete(told);
                        settled(expired);
                    });
        }
        return run != null;
    }

    private void lingerEnded() {
        synchronized (lock) {
            lingering = false;
        }
        dispatchLoop.run();
    }

    /** Fails the rows whose time is up, wherever they are. */
    private void sweep() {
        List<Runnable> failures = new ArrayList<>();
        synchronized (lock) {
            long now = clock.nanoTime();
            String after = RetryingCall.after(lastFailure());
            inFlight.forEach(run -> sweep(run.batch(), now, after, failures));
            queue.forEach(batch -> sweep(batch, now, after, failures));
            expiredRows += queue.dropExpired();
            long next = oldestNanos();
            sweepScheduled = outstandingRows > 0 && next != Long.MIN_VALUE;
            if (sweepScheduled) {
                clock.schedule(this::sweep, Math.max(0, next + timeoutNanos - now));
            }
        }
        failures.forEach(Runnable::run);
        dispatchLoop.run();
    }

    /** Why a batch under way is not answered yet, and with it those that wait; null if unknown. */
    private PeltonException lastFailure() {
        return inFlight.stream()
                .map(BatchRun::lastFailure)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    private void sweep(PendingBatch batch, long now, String after, List<Runnable> failures) {
        int from = batch.expired();
        int to = batch.expire(now, timeoutNanos);
        if (to > from) {
            failures.add(
                    () ->
                            batch.failRows(
                                    from,
                                    to,
                                    PeltonException.light(
                                            Code.DEADLINE_EXCEEDED,
                                            "no prediction within "
                                                    + timeoutNanos / 1_000_000
                                                    + " ms of submitting the row"
                                                    + after),
                                    failed));
        }
    }

    // --- what a run of a batch asks of its batcher ---

    Connection connection() {
        return connection;
    }

    Clock clock() {
        return clock;
    }

    ModelInferRequest target() {
        return target;
    }

    List<String> outputs() {
        return outputs;
    }

    void outsideDispatch(Runnable task) {
        dispatchLoop.outside(task);
    }

    /** A call begun while the batcher was being closed may have been missed there. */
    void cancelIfClosed(BatchRun run) {
        boolean missed;
        synchronized (lock) {
            missed = closed;
        }
        if (missed) {
            run.cancel();
        }
    }

    /**
     * Frees the batch's slot, and sends what waits for one.
     *
     * @return false if the batcher was closed meanwhile, and has settled the batch
     */
    boolean release(BatchRun run) {
        boolean ours;
        synchronized (lock) {
            ours = inFlight.remove(run);
        }
        dispatchLoop.run();
        return ours;
    }

    void answerRows(PendingBatch batch, int from, InferResponse response, long sentNanos) {
        int rows = response.rows();
        int answered = 0;
        for (int row = 0; row < rows; row++) {
            CompletableFuture<Prediction> future = batch.future(from + row);
            long queueWaitNanos = sentNanos - batch.submittedNanos(from + row);
            if (!future.isDone()
                    && future.complete(new Prediction(response, row, queueWaitNanos))) {
                answered++;
            }
        }
        succeeded.add(answered);
    }

    void failRows(PendingBatch batch, int from, int to, PeltonException failure) {
        batch.failRows(from, to, failure, failed);
    }

    void ended(PendingBatch batch, BatchReport report) {
        retries.add(report.retries());
        try {
            listener.onBatchCompleted(report);
        } catch (RuntimeException e) {
            LOG.warn("the batcher's listener threw", e);
        }
        settled(batch.size());
    }

    // --- telling ---

    private void settled(int rows) {
        List<CompletableFuture<Void>> waiters = List.of();
        synchronized (lock) {
            outstandingRows -= rows;
            if (outstandingRows == 0 && !awaitingIdle.isEmpty()) {
                waiters = awaitingIdle;
                awaitingIdle = new ArrayList<>();
            }
        }
        complete(waiters);
    }

    private CompletableFuture<Prediction> refused(PeltonException failure) {
        failed.increment();
        try {
            listener.onRowRefused(failure);
        } catch (RuntimeException e) {
            LOG.warn("the batcher's listener threw", e);
        }
        return CompletableFuture.failedFuture(failure);
    }

    private void tellSent(BatchRun run) {
        PendingBatch batch = run.batch();
        double queueWaitMs = (clock.nanoTime() - batch.submittedNanos(0)) / 1e6;
        try {
            listener.onBatchSent(batch.size(), batch.byteSize(), queueWaitMs);
        } catch (RuntimeException e) {
            LOG.warn("the batcher's listener threw", e);
        }
    }

    private static void complete(List<CompletableFuture<Void>> waiters) {
        for (CompletableFuture<Void> waiter : waiters) {
            waiter.complete(null);
        }
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

        /**
         * What a row looks like.
         *
         * @param value the schema
         * @return this
         */
        public Builder schema(RowSchema value) {
            this.schema = Objects.requireNonNull(value, "schema");
            return this;
        }

        /**
         * Asks for outputs by name; without it, the model's default ones.
         *
         * @param names the outputs
         * @return this
         */
        public Builder outputs(String... names) {
            Collections.addAll(outputs, names);
            return this;
        }

        /**
         * Asks for a version; without it, the one the server serves.
         *
         * @param value the version
         * @return this
         */
        public Builder version(String value) {
            this.version = Objects.requireNonNull(value, "version");
            return this;
        }

        /**
         * Rows a batch has at most; 1024 if not set.
         *
         * @param value at least 1
         * @return this
         */
        public Builder maxBatchRows(int value) {
            this.maxBatchRows = atLeastOne("maxBatchRows", value);
            return this;
        }

        /**
         * Bytes of tensors after which a batch takes no further row; 1 MiB if not set. A larger
         * single row still goes, alone.
         *
         * @param value at least 1
         * @return this
         */
        public Builder maxBatchBytes(long value) {
            if (value < 1) {
                throw new IllegalArgumentException(
                        "maxBatchBytes must be at least 1, was " + value);
            }
            this.maxBatchBytes = value;
            return this;
        }

        /**
         * Batches under way at most; 2 if not set. More keep a distant or replicated server busy.
         *
         * @param value at least 1
         * @return this
         */
        public Builder maxBatchesInFlight(int value) {
            this.maxBatchesInFlight = atLeastOne("maxBatchesInFlight", value);
            return this;
        }

        /**
         * Rows waiting to be sent at most; 16384 if not set.
         *
         * @param value at least 1
         * @return this
         */
        public Builder maxQueuedRows(int value) {
            this.maxQueuedRows = atLeastOne("maxQueuedRows", value);
            return this;
        }

        /**
         * Bytes of rows waiting to be sent at most, exceeded by one row if it is large; 64 MiB if
         * not set.
         *
         * @param value at least 1
         * @return this
         */
        public Builder maxQueuedBytes(long value) {
            if (value < 1) {
                throw new IllegalArgumentException(
                        "maxQueuedBytes must be at least 1, was " + value);
            }
            this.maxQueuedBytes = value;
            return this;
        }

        /**
         * Calls with parts of a batch at most, to find the rows that make it fail; 0 turns
         * bisecting off. If not set, twice the batch's rows, which finds them all, however many;
         * the rows' timeout bounds the time it takes.
         *
         * @param value not negative
         * @return this
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
         *
         * @param value not negative
         * @return this
         */
        public Builder linger(Duration value) {
            if (value.isNegative()) {
                throw new IllegalArgumentException("linger must not be negative, was " + value);
            }
            this.linger = value;
            return this;
        }

        /**
         * How long a row may take from {@code submit} to its outcome; the client's call timeout if
         * not set.
         *
         * @param value more than zero
         * @return this
         */
        public Builder timeout(Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException("timeout must be more than zero, was " + value);
            }
            this.timeout = value;
            return this;
        }

        /**
         * Who is told of every batch.
         *
         * @param value the listener
         * @return this
         */
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

        private static int atLeastOne(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " must be at least 1, was " + value);
            }
            return value;
        }
    }
}
