// Where every row of a batcher is: waiting, in flight or settled. It sends and tells nothing.
package io.pelton.client;

import io.pelton.client.PeltonException.Code;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;

/**
 * The batcher's one lock: every method holds it, and none runs code of others under it. Futures to
 * complete are handed out instead.
 *
 * <p>What holds whenever the lock is free:
 *
 * <ul>
 *   <li>A row that was added is outstanding until it is settled, once: by the sweep if it expired
 *       while it waited, by its run if it was sent, by whoever closed the ledger otherwise.
 *   <li>Rows wait, and are sent, in the order of their submission; so in every batch the rows whose
 *       time is up are the first.
 *   <li>At most {@code maxBatchesInFlight} runs hold a slot. Who releases one looks for the next
 *       batch; so a row added while none is free needs no one else to send it.
 *   <li>While a row with time left is outstanding, the sweep is scheduled for the oldest such row
 *       or earlier.
 * </ul>
 */
final class RowLedger {
    /** Rows of a batch that have just expired. */
    static final class Expired {
        final PendingBatch batch;
        final int from;
        final int to;

        /** How many of them to settle: those in flight are settled by their run. */
        final int unsent;

        private Expired(PendingBatch batch, int from, int to, boolean sent) {
            this.batch = batch;
            this.from = from;
            this.to = to;
            this.unsent = sent ? 0 : to - from;
        }
    }

    /** What was left when the ledger was closed, for the closer to settle. */
    static final class Remainder {
        final List<BatchRun> sent = new ArrayList<>();
        final List<PendingBatch> waiting = new ArrayList<>();
        final List<CompletableFuture<Void>> awaitingCapacity = new ArrayList<>();
    }

    private final Clock clock;
    private final BiFunction<PendingBatch, Long, BatchRun> newRun;
    private final int maxBatchesInFlight;
    private final long timeoutNanos;
    private final Alarm sweep;
    private final Alarm linger;

    private final RowQueue queue;
    private final Set<BatchRun> inFlight = new LinkedHashSet<>();

    /** Written under the lock; read without it by those who have just added a row. */
    private volatile boolean slotFree = true;

    private long outstandingRows;
    private boolean closed;
    private List<CompletableFuture<Void>> awaitingCapacity = new ArrayList<>();
    private List<CompletableFuture<Void>> awaitingIdle = new ArrayList<>();

    /**
     * An empty ledger.
     *
     * @param newRun what is to hold a slot for a batch, as of that time
     * @param sweepDue run when rows may have expired; to call {@link #expire}
     * @param lingerDue run when what gathers may leave; to call {@link #lingerEnded}
     */
    RowLedger(
            MicroBatcher.Builder options,
            long timeoutNanos,
            Clock clock,
            BiFunction<PendingBatch, Long, BatchRun> newRun,
            Runnable sweepDue,
            Runnable lingerDue) {
        this.clock = clock;
        this.newRun = newRun;
        this.maxBatchesInFlight = options.maxBatchesInFlight;
        this.timeoutNanos = timeoutNanos;
        this.queue = new RowQueue(options);
        this.sweep = new Alarm(clock, sweepDue);
        this.linger = new Alarm(clock, lingerDue);
    }

    /** Adds a written row to those that wait; says why if it cannot. */
    synchronized PeltonException add(RowScratch row, CompletableFuture<Prediction> future) {
        if (closed) {
            return PeltonException.light(Code.CANCELLED, "the batcher is closed");
        }
        PeltonException refusal = queue.add(row, future, clock.nanoTime());
        if (refusal == null) {
            outstandingRows++;
            sweep.set(timeoutNanos);
        }
        return refusal;
    }

    /** Whether what waits may be sent now; if not, whoever releases a slot sends it. */
    boolean hasFreeSlot() {
        return slotFree;
    }

    /** The next batch to send, holding a slot; null if there is none or no slot is free. */
    synchronized BatchRun take() {
        while (inFlight.size() < maxBatchesInFlight) {
            long now = clock.nanoTime();
            PendingBatch batch = queue.poll(now);
            if (batch == null) {
                long left = queue.lingerLeftNanos(now);
                if (left > 0) {
                    linger.set(left);
                }
                return null;
            }
            // of a batch whose rows have all expired nothing is sent
            if (batch.expired() < batch.size()) {
                BatchRun run = newRun.apply(batch, now);
                inFlight.add(run);
                slotFree = inFlight.size() < maxBatchesInFlight;
                return run;
            }
        }
        return null;
    }

    /**
     * Frees a run's slot.
     *
     * @return false if the ledger was closed meanwhile: its closer settles the run's rows
     */
    synchronized boolean release(BatchRun run) {
        boolean held = inFlight.remove(run);
        slotFree = inFlight.size() < maxBatchesInFlight;
        return held;
    }

    /**
     * Counts rows as settled, which all have their outcomes.
     *
     * @return who waited for this, to be told
     */
    synchronized List<CompletableFuture<Void>> settle(int rows) {
        outstandingRows -= rows;
        if (outstandingRows > 0 || awaitingIdle.isEmpty()) {
            return List.of();
        }
        List<CompletableFuture<Void>> waiters = awaitingIdle;
        awaitingIdle = new ArrayList<>();
        return waiters;
    }

    /** Finds the rows whose time is up, to be failed by the caller; each is found once. */
    synchronized List<Expired> expire() {
        sweep.rang();
        long now = clock.nanoTime();
        List<Expired> found = new ArrayList<>();
        inFlight.forEach(run -> expire(run.batch(), now, true, found));
        queue.forEach(batch -> expire(batch, now, false, found));
        queue.dropExpired();
        long next = oldestNanos();
        if (next != Long.MIN_VALUE) {
            sweep.set(Math.max(0, next + timeoutNanos - now));
        }
        return found;
    }

    private void expire(PendingBatch batch, long now, boolean sent, List<Expired> found) {
        int from = batch.expired();
        int to = batch.expire(now, timeoutNanos);
        if (to > from) {
            found.add(new Expired(batch, from, to, sent));
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

    /** Why a batch in flight is not answered yet, and with it those that wait; null if unknown. */
    synchronized PeltonException lastFailure() {
        return inFlight.stream()
                .map(BatchRun::lastFailure)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    synchronized void lingerEnded() {
        linger.rang();
    }

    /** Lets what has gathered leave without waiting for more. */
    synchronized void flush() {
        queue.flush();
    }

    /** From now on no row waits for others. */
    synchronized void stopLingering() {
        queue.stopLingering();
        linger.cancel();
    }

    /** Who waits for room, if there is some now, to be told. */
    synchronized List<CompletableFuture<Void>> takeAwaitingCapacity() {
        if (awaitingCapacity.isEmpty() || queue.isFull()) {
            return List.of();
        }
        List<CompletableFuture<Void>> waiters = awaitingCapacity;
        awaitingCapacity = new ArrayList<>();
        return waiters;
    }

    synchronized CompletableFuture<Void> whenCapacity() {
        return closed || !queue.isFull()
                ? CompletableFuture.completedFuture(null)
                : awaited(awaitingCapacity);
    }

    synchronized CompletableFuture<Void> whenIdle() {
        return outstandingRows == 0
                ? CompletableFuture.completedFuture(null)
                : awaited(awaitingIdle);
    }

    private static CompletableFuture<Void> awaited(List<CompletableFuture<Void>> waiters) {
        CompletableFuture<Void> waiter = new CompletableFuture<>();
        waiters.add(waiter);
        return waiter;
    }

    /** Refuses further rows and forgets all others; null if that has been done already. */
    synchronized Remainder close() {
        if (closed) {
            return null;
        }
        closed = true;
        sweep.cancel();
        linger.cancel();
        Remainder remainder = new Remainder();
        remainder.sent.addAll(inFlight);
        remainder.waiting.addAll(queue.clear());
        remainder.awaitingCapacity.addAll(awaitingCapacity);
        inFlight.clear();
        awaitingCapacity = new ArrayList<>();
        return remainder;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    synchronized BatcherStats stats(BatcherMeter meter) {
        return meter.stats(queue.rows(), inFlight.size());
    }
}
