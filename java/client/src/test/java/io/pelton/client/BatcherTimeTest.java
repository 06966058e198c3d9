// The batcher's clock: rows whose time is up, lingering, and waits between attempts.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.pelton.client.PeltonException.Code;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BatcherTimeTest {
    private static final RowSchema MATRIX = RowSchema.matrix("input", DataType.FP64, 1);

    private final ManualClock clock = new ManualClock();
    private final BlockingQueue<Runnable> gate = new LinkedBlockingQueue<>();
    private final FakeServer server =
            new FakeServer(
                    (request, answer) ->
                            gate.add(() -> FakeServer.reply(answer, FakeModels.sum(request))));
    private final PeltonClient client =
            PeltonClient.builder()
                    .endpoints(server.endpoint())
                    .clock(clock)
                    .callTimeout(Duration.ofSeconds(30))
                    .build();

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    @Test
    void everyRowFailsAtItsOwnTimeWhileItsBatchGoesOn() throws Exception {
        try (MicroBatcher batcher =
                client.batcher("m").schema(MATRIX).maxBatchesInFlight(1).build()) {
            CompletableFuture<Prediction> blocker = batcher.submit(1);
            Runnable first = gate.poll(30, TimeUnit.SECONDS);
            CompletableFuture<Prediction> early = batcher.submit(2);
            clock.advanceMs(20_000);
            CompletableFuture<Prediction> late = batcher.submit(3);
            first.run();
            assertThat(blocker.join().getDouble("sum")).isEqualTo(1);
            Runnable second = gate.poll(30, TimeUnit.SECONDS);

            // the early row's 30 seconds are over while its batch is under way
            ManualClock.Scheduled sweep = clock.next();
            assertThat(sweep.delayMs()).isEqualTo(30_000);
            clock.advanceMs(10_000);
            sweep.task.run();
            PeltonException failure = Failures.of(early);
            assertThat(failure.code()).isEqualTo(Code.DEADLINE_EXCEEDED);
            assertThat(failure).hasMessage("no prediction within 30000 ms of submitting the row");
            assertThat(late).isNotDone();
            assertThat(clock.next().delayMs()).as("until the late row's time").isEqualTo(20_000);

            second.run();
            assertThat(late.join().getDouble("sum")).isEqualTo(3);
            batcher.whenIdle().join();
            assertThat(batcher.stats().rowsFailed()).isEqualTo(1);
            assertThat(batcher.stats().rowsSucceeded()).isEqualTo(2);
        }
    }

    @Test
    void aRowWhoseTimeIsUpSaysWhatStoodInItsWay() throws Exception {
        server.model(FakeModels.failing(99, Status.UNAVAILABLE.withDescription("gone"), null));
        try (MicroBatcher batcher =
                client.batcher("m").schema(MATRIX).maxBatchesInFlight(1).build()) {
            CompletableFuture<Prediction> sent = batcher.submit(1);
            ManualClock.Scheduled sweep = clock.next();
            assertThat(sweep.delayMs()).isEqualTo(30_000);
            assertThat(clock.next().delayMs()).as("the wait before the retry").isEqualTo(20);
            CompletableFuture<Prediction> waiting = batcher.submit(2);

            clock.run(sweep);
            for (CompletableFuture<Prediction> row : List.of(sent, waiting)) {
                PeltonException failure = Failures.of(row);
                assertThat(failure.code()).isEqualTo(Code.DEADLINE_EXCEEDED);
                assertThat(failure)
                        .hasMessage(
                                "no prediction within 30000 ms of submitting the row,"
                                        + " after UNAVAILABLE: gone");
            }
        }
    }

    @Test
    void expiredRowsAreNotSent() throws Exception {
        try (MicroBatcher batcher =
                client.batcher("m").schema(MATRIX).maxBatchesInFlight(1).maxBatchRows(2).build()) {
            batcher.submit(1);
            Runnable first = gate.poll(30, TimeUnit.SECONDS);
            CompletableFuture<Prediction> a = batcher.submit(2);
            CompletableFuture<Prediction> b = batcher.submit(3);
            CompletableFuture<Prediction> c = batcher.submit(4);
            clock.advanceMs(29_000);
            CompletableFuture<Prediction> d = batcher.submit(5);
            clock.advanceMs(1_000);
            clock.next().task.run();
            assertThat(Failures.of(a).code()).isEqualTo(Code.DEADLINE_EXCEEDED);
            assertThat(Failures.of(b).code()).isEqualTo(Code.DEADLINE_EXCEEDED);
            assertThat(Failures.of(c).code()).isEqualTo(Code.DEADLINE_EXCEEDED);
            assertThat(batcher.stats().queuedRows())
                    .as("a whole expired batch is dropped")
                    .isEqualTo(2);

            first.run();
            gate.poll(30, TimeUnit.SECONDS).run();
            assertThat(d.join().getDouble("sum")).isEqualTo(5);
            batcher.whenIdle().join();
            assertThat(server.requests)
                    .extracting(request -> request.getInputs(0).getShape(0))
                    .containsExactly(1L, 1L);
        }
    }

    @Test
    void lingersOnlyIfAskedAndOnlySoLong() throws Exception {
        try (MicroBatcher batcher =
                client.batcher("m")
                        .schema(MATRIX)
                        .linger(Duration.ofMillis(5))
                        .maxBatchRows(3)
                        .build()) {
            CompletableFuture<Prediction> a = batcher.submit(1);
            assertThat(clock.next().delayMs()).as("the rows' own time").isEqualTo(30_000);
            ManualClock.Scheduled linger = clock.next();
            assertThat(linger.delayMs()).isEqualTo(5);
            CompletableFuture<Prediction> b = batcher.submit(2);
            assertThat(server.calls.get()).isZero();
            clock.run(linger);
            gate.poll(30, TimeUnit.SECONDS).run();
            assertThat(a.join().batchRows()).isEqualTo(2);
            assertThat(b.join().queueWaitMs()).isEqualTo(5);

            // a full batch waits for nothing
            CompletableFuture<Prediction> c = batcher.submit(3);
            batcher.submit(4);
            batcher.submit(5);
            gate.poll(30, TimeUnit.SECONDS).run();
            assertThat(c.join().batchRows()).isEqualTo(3);

            // nor does a flushed one
            CompletableFuture<Prediction> d = batcher.submit(6);
            batcher.flush();
            gate.poll(30, TimeUnit.SECONDS).run();
            assertThat(d.join().batchRows()).isEqualTo(1);
        }
    }

    @Test
    void rowsThatExpireWhileLingeringLeaveNothingOutstanding() throws Exception {
        try (MicroBatcher batcher =
                client.batcher("m").schema(MATRIX).linger(Duration.ofMinutes(1)).build()) {
            CompletableFuture<Prediction> row = batcher.submit(1);
            CompletableFuture<Void> idle = batcher.whenIdle();
            assertThat(idle).isNotDone();
            clock.run(clock.next());
            assertThat(Failures.of(row).code()).isEqualTo(Code.DEADLINE_EXCEEDED);
            assertThat(idle).isCompleted();
            assertThat(batcher.stats().queuedRows()).isZero();
            assertThat(server.calls.get()).isZero();
        }
    }
}
