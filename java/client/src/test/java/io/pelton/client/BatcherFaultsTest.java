// The batcher when others fail it: callers' code that throws, clients that close, rows that expire.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.pelton.client.PeltonException.Code;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BatcherFaultsTest {
    private static final RowSchema MATRIX = RowSchema.matrix("input", DataType.FP64, 1);

    private final ManualClock clock = new ManualClock();
    private final FakeServer server = new FakeServer(FakeModels.sum());
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
    void anErrorThrownByTheListenerChangesNothing() {
        BatcherListener listener =
                new BatcherListener() {
                    @Override
                    public void onBatchSent(int rows, long bytes, double queueWaitMs) {
                        throw new AssertionError("sent");
                    }

                    @Override
                    public void onBatchCompleted(BatchReport report) {
                        throw new NoClassDefFoundError("completed");
                    }

                    @Override
                    public void onRowRefused(PeltonException failure) {
                        throw new AssertionError("refused");
                    }
                };
        try (MicroBatcher batcher =
                client.batcher("m")
                        .schema(MATRIX)
                        .maxBatchesInFlight(1)
                        .listener(listener)
                        .build()) {
            for (int i = 0; i < 3; i++) {
                assertThat(batcher.submit(i).join().getDouble("sum")).isEqualTo(i);
            }
            assertThat(Failures.of(batcher.submit()).code()).isEqualTo(Code.INVALID_ARGUMENT);
            batcher.whenIdle().join();
            assertThat(batcher.stats().batchesInFlight()).isZero();
        }
    }

    @Test
    void closingTheClientFailsRowsThatLinger() {
        try (MicroBatcher batcher =
                client.batcher("m").schema(MATRIX).linger(Duration.ofMinutes(1)).build()) {
            CompletableFuture<Prediction> lingering = batcher.submit(1);
            assertThat(lingering).isNotDone();
            client.close();
            CompletableFuture<Prediction> late = batcher.submit(2);
            for (CompletableFuture<Prediction> row : List.of(lingering, late)) {
                assertThat(row).isDone();
                assertThat(Failures.of(row)).hasMessage("the client was closed");
            }
            assertThat(batcher.whenIdle()).isCompleted();
        }
    }

    @Test
    void closingLeavesNoTimerBehind() throws Exception {
        MicroBatcher batcher =
                client.batcher("m").schema(MATRIX).linger(Duration.ofMinutes(1)).build();
        batcher.submit(1);
        ManualClock.Scheduled sweep = clock.next();
        ManualClock.Scheduled linger = clock.next();
        batcher.close();
        assertThat(sweep.undone).isTrue();
        assertThat(linger.undone).isTrue();
    }

    @Test
    void closingTellsTheListenerOfTheBatchesUnderWay() throws Exception {
        BlockingQueue<Runnable> gate = server.gate();
        List<BatchReport> reports = new CopyOnWriteArrayList<>();
        MicroBatcher batcher =
                client.batcher("m")
                        .schema(MATRIX)
                        .maxBatchesInFlight(1)
                        .listener(
                                new BatcherListener() {
                                    @Override
                                    public void onBatchCompleted(BatchReport report) {
                                        reports.add(report);
                                    }
                                })
                        .build();
        CompletableFuture<Prediction> underWay = batcher.submit(1);
        CompletableFuture<Prediction> queued = batcher.submit(2);
        FakeServer.take(gate);
        batcher.close();
        assertThat(Failures.of(underWay)).hasMessage("the batcher was closed");
        assertThat(Failures.of(queued)).hasMessage("the batcher was closed");
        assertThat(reports).hasSize(1);
        assertThat(reports.get(0).rows()).isEqualTo(1);
        assertThat(reports.get(0).failedRows()).isEqualTo(1);
        assertThat(reports.get(0).attempts()).isEqualTo(1);
        assertThat(reports.get(0).failure())
                .hasValueSatisfying(
                        failure -> assertThat(failure).hasMessage("the batcher was closed"));
    }

    @Test
    void isIdleOnlyWhenEveryExpiredRowHasFailed() throws Exception {
        try (MicroBatcher batcher =
                client.batcher("m").schema(MATRIX).linger(Duration.ofMinutes(1)).build()) {
            CompletableFuture<Prediction> first = batcher.submit(1);
            CompletableFuture<Prediction> second = batcher.submit(2);
            CompletableFuture<Void> idle = batcher.whenIdle();
            AtomicBoolean idleTooEarly = new AtomicBoolean();
            first.whenComplete(
                    (prediction, failure) -> {
                        batcher.flush();
                        idleTooEarly.set(idle.isDone() && !second.isDone());
                    });
            clock.run(clock.next());
            assertThat(Failures.of(second).code()).isEqualTo(Code.DEADLINE_EXCEEDED);
            assertThat(idle).isCompleted();
            assertThat(idleTooEarly).isFalse();
        }
    }

    @Test
    void aTokenThatCannotBeHadFailsItsRowsAndFreesTheSlot() {
        AtomicBoolean broken = new AtomicBoolean(true);
        try (PeltonClient asking =
                        server.client()
                                .bearerToken(
                                        () -> {
                                            if (broken.get()) {
                                                throw new NoClassDefFoundError("Vault");
                                            }
                                            return "token";
                                        })
                                .build();
                MicroBatcher batcher =
                        asking.batcher("m").schema(MATRIX).maxBatchesInFlight(1).build()) {
            List<CompletableFuture<Prediction>> rows = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                rows.add(batcher.submit(i));
            }
            for (CompletableFuture<Prediction> row : rows) {
                assertThat(row).isDone();
                PeltonException failure = Failures.of(row);
                assertThat(failure.code()).isEqualTo(Code.UNAUTHENTICATED);
                assertThat(failure).hasMessageContaining("Vault");
            }
            broken.set(false);
            assertThat(batcher.submit(3).join().getDouble("sum")).isEqualTo(3);
        }
    }
}
