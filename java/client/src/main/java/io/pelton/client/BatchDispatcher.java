// Sends a batcher's rows as slots get free, fails those whose time is up, and closes.
package io.pelton.client;

import io.pelton.client.Bisection.Part;
import io.pelton.client.PeltonException.Code;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Acts on what the {@link RowLedger} says, never under its lock. Rows are settled only once all of
 * them have their outcomes, so that whoever waits for the batcher to be idle finds every future
 * completed.
 */
final class BatchDispatcher implements BatchRun.Host {
    private final Connection connection;
    private final Clock clock;
    private final long timeoutNanos;
    private final RowLedger ledger;
    private final BatcherMeter meter;
    private final DispatchLoop loop = new DispatchLoop(this::sendNext);

    /** A client that is closed answers at once, and its timers are gone: nothing may linger. */
    private final Runnable whenClientCloses = this::stopLingering;

    BatchDispatcher(MicroBatcher.Builder options, BatcherMeter meter) {
        this.connection = options.client.connection();
        this.clock = connection.clock();
        this.timeoutNanos =
                Clock.nanos(
                        options.timeout == null ? options.client.callTimeout() : options.timeout);
        this.meter = meter;
        RowCalls calls = new RowCalls(connection, options.model, options.version, options.outputs);
        int maxBisectCalls = options.maxBisectCalls;
        this.ledger =
                new RowLedger(
                        options,
                        timeoutNanos,
                        clock,
                        (batch, now) ->
                                new BatchRun(
                                        this,
                                        calls,
                                        clock,
                                        batch,
                                        now,
                                        timeoutNanos,
                                        maxBisectCalls),
                        this::failExpired,
                        this::lingerEnded);
        if (!options.linger.isZero()) {
            connection.whenClosed(whenClientCloses);
        }
    }

    RowLedger ledger() {
        return ledger;
    }

    /** Sends what waits, unless no slot is free: whoever releases one will. */
    void dispatch() {
        if (ledger.hasFreeSlot()) {
            loop.run();
        }
    }

    void flush() {
        ledger.flush();
        loop.run();
    }

    /** Fails every row with CANCELLED. */
    void close() {
        RowLedger.Remainder remainder = ledger.close();
        if (remainder == null) {
            return;
        }
        connection.forget(whenClientCloses);
        remainder.sent.forEach(BatchRun::cancel);
        PeltonException failure = PeltonException.light(Code.CANCELLED, "the batcher was closed");
        for (BatchRun run : remainder.sent) {
            failRows(run, run.rows(), failure);
            ended(run, run.cancelledReport(failure));
        }
        for (PendingBatch batch : remainder.waiting) {
            // those that expired before are settled by the sweep that found them
            meter.rowsFailed(batch.fail(batch.expired(), batch.size(), failure));
            settle(batch.size() - batch.expired());
        }
        complete(remainder.awaitingCapacity);
    }

    /** The loop's step: sends one batch if there is one and a slot for it. */
    private boolean sendNext() {
        BatchRun run = ledger.take();
        if (run != null) {
            meter.batchSent(
                    run.rows().size(), run.byteSize(), run.queueWaitNanos(clock.nanoTime()) / 1e6);
            run.start();
        }
        List<CompletableFuture<Void>> waiters = ledger.takeAwaitingCapacity();
        if (!waiters.isEmpty()) {
            loop.afterwards(() -> complete(waiters));
        }
        return run != null;
    }

    private void lingerEnded() {
        ledger.lingerEnded();
        loop.run();
    }

    private void stopLingering() {
        ledger.stopLingering();
        loop.run();
    }

    /** The sweep: fails the rows whose time is up, wherever they are. */
    private void failExpired() {
        String after = RetryingCall.after(ledger.lastFailure());
        for (RowLedger.Expired rows : ledger.expire()) {
            PeltonException failure =
                    PeltonException.light(
                            Code.DEADLINE_EXCEEDED,
                            "no prediction within "
                                    + timeoutNanos / 1_000_000
                                    + " ms of submitting the row"
                                    + after);
            meter.rowsFailed(rows.batch.fail(rows.from, rows.to, failure));
            settle(rows.unsent);
        }
        loop.run();
    }

    @Override
    public void outside(Runnable task) {
        loop.outside(task);
    }

    @Override
    public void cancelIfClosed(BatchRun run) {
        if (ledger.isClosed()) {
            run.cancel();
        }
    }

    @Override
    public boolean release(BatchRun run) {
        boolean ours = ledger.release(run);
        loop.run();
        return ours;
    }

    @Override
    public void answerRows(BatchRun run, Part part, InferResponse response) {
        meter.rowsSucceeded(run.batch().answer(part.from, response, run.startNanos()));
    }

    @Override
    public void failRows(BatchRun run, Part part, PeltonException failure) {
        meter.rowsFailed(run.batch().fail(part.from, part.to, failure));
    }

    @Override
    public void ended(BatchRun run, BatchReport report) {
        meter.batchCompleted(report);
        settle(run.rows().size());
    }

    private void settle(int rows) {
        complete(ledger.settle(rows));
    }

    private static void complete(List<CompletableFuture<Void>> waiters) {
        for (CompletableFuture<Void> waiter : waiters) {
            waiter.complete(null);
        }
    }
}
