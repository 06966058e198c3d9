// What a caller of the micro-batcher sees: answers, batching, bounds; against a real gRPC server.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.pelton.client.PeltonException.Code;
import io.pelton.client.wire.inference.ModelInferResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MicroBatcherTest {
    private static final RowSchema MATRIX = RowSchema.matrix("input", DataType.FP64, 2);

    private final FakeServer server = new FakeServer(FakeModels.sum());
    private final PeltonClient client = server.client().build();

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    @Test
    void answersEachRowWithItsOwnPrediction() {
        try (MicroBatcher batcher = client.batcher("m").schema(MATRIX).build()) {
            List<CompletableFuture<Prediction>> futures = new ArrayList<>();
            for (int i = 0; i < 5000; i++) {
                futures.add(batcher.submit(i, 0.25));
            }
            for (int i = 0; i < 5000; i++) {
                Prediction prediction = futures.get(i).join();
                assertThat(prediction.getDouble("sum")).isEqualTo(i + 0.25);
                assertThat(prediction.getDoubles("echo")).containsExactly(i, 0.25);
                assertThat(prediction.modelName()).isEqualTo("m");
                assertThat(prediction.modelVersion()).isEqualTo("7");
            }
            assertThat(batcher.stats().rowsSucceeded()).isEqualTo(5000);
        }
    }

    @Test
    void sendsALoneRowAtOnceAndGathersWhileSlotsAreBusy() throws Exception {
        BlockingQueue<Runnable> held = new LinkedBlockingQueue<>();
        server.model(
                (request, answer) ->
                        held.add(() -> FakeServer.reply(answer, FakeModels.sum(request))));
        try (MicroBatcher batcher =
                client.batcher("m").schema(MATRIX).maxBatchesInFlight(1).maxBatchRows(10).build()) {
            List<CompletableFuture<Prediction>> futures = new ArrayList<>();
            futures.add(batcher.submit(0, 0));
            Runnable first = held.poll(30, TimeUnit.SECONDS);
            for (int i = 1; i < 26; i++) {
                futures.add(batcher.submit(i, 0));
            }
            assertThat(batcher.stats().queuedRows()).isEqualTo(25);
            assertThat(server.calls.get()).isEqualTo(1);

            first.run();
            for (int i = 0; i < 3; i++) {
                held.poll(30, TimeUnit.SECONDS).run();
            }
            for (int i = 0; i < 26; i++) {
                assertThat(futures.get(i).join().getDouble("sum")).isEqualTo(i);
            }
            assertThat(server.requests)
                    .extracting(request -> request.getInputs(0).getShape(0))
                    .containsExactly(1L, 10L, 10L, 5L);
        }
    }

    @Test
    void refusesRowsBeyondTheBoundAndTellsWhenToGoOn() throws Exception {
        BlockingQueue<Runnable> gate = server.gate();
        try (MicroBatcher batcher =
                client.batcher("m")
                        .schema(MATRIX)
                        .maxBatchesInFlight(1)
                        .maxBatchRows(4)
                        .maxQueuedRows(5)
                        .build()) {
            List<CompletableFuture<Prediction>> futures = new ArrayList<>();
            futures.add(batcher.submit(0, 0));
            Runnable first = FakeServer.take(gate);
            for (int i = 1; i <= 5; i++) {
                assertThat(batcher.whenCapacity()).isCompleted();
                futures.add(batcher.submit(i, 0));
            }
            PeltonException refusal = Failures.of(batcher.submit(6, 0));
            assertThat(refusal.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
            assertThat(refusal)
                    .hasMessage(
                            "5 rows of 80 bytes are waiting already, go on when whenCapacity() completes");
            CompletableFuture<Void> capacity = batcher.whenCapacity();
            assertThat(capacity).isNotDone();

            first.run();
            capacity.join();
            futures.add(batcher.submit(7, 0));
            FakeServer.take(gate).run();
            FakeServer.take(gate).run();
            for (CompletableFuture<Prediction> future : futures) {
                future.join();
            }
            assertThat(batcher.stats().rowsFailed()).isEqualTo(1);
        }
    }

    @Test
    void boundsTheQueueInBytesToo() throws Exception {
        BlockingQueue<Runnable> gate = server.gate();
        RowSchema text = RowSchema.columns(Column.of("text", DataType.BYTES));
        try (MicroBatcher batcher =
                client.batcher("m")
                        .schema(text)
                        .maxBatchesInFlight(1)
                        .maxBatchBytes(1000)
                        .maxQueuedBytes(2500)
                        .timeout(Duration.ofSeconds(30))
                        .build()) {
            server.model(
                    (request, answer) ->
                            gate.add(() -> FakeServer.reply(answer, FakeModels.echo(request))));
            String word = "x".repeat(396);
            List<CompletableFuture<Prediction>> futures = new ArrayList<>();
            futures.add(batcher.submit(row -> row.setString(0, word)));
            Runnable first = FakeServer.take(gate);
            for (int i = 0; i < 7; i++) {
                futures.add(batcher.submit(row -> row.setString(0, word)));
            }
            assertThat(Failures.of(batcher.submit(row -> row.setString(0, "y"))))
                    .hasMessageStartingWith("7 rows of 2800 bytes are waiting already");
            first.run();
            batcher.whenCapacity().join();
            for (int i = 0; i < 3; i++) {
                FakeServer.take(gate).run();
            }
            for (CompletableFuture<Prediction> future : futures) {
                assertThat(future.join().getString("text")).isEqualTo(word);
            }
            assertThat(server.requests)
                    .extracting(request -> request.getInputs(0).getShape(0))
                    .containsExactly(1L, 3L, 3L, 1L);
        }
    }

    @Test
    void aRowThatCannotBeWrittenFailsAlone() {
        List<PeltonException> told = new CopyOnWriteArrayList<>();
        BatcherListener listener =
                new BatcherListener() {
                    @Override
                    public void onRowRefused(PeltonException failure) {
                        told.add(failure);
                    }
                };
        try (MicroBatcher batcher = client.batcher("m").schema(MATRIX).listener(listener).build()) {
            CompletableFuture<Prediction> good = batcher.submit(1, 2);
            PeltonException failure =
                    Failures.of(
                            batcher.submit(
                                    row -> {
                                        row.setDouble(0, 1);
                                        throw new NullPointerException("no such field");
                                    }));
            CompletableFuture<Prediction> another = batcher.submit(3, 4);
            assertThat(failure.code()).isEqualTo(Code.INVALID_ARGUMENT);
            assertThat(failure).hasMessageContaining("no such field");
            assertThat(told).containsExactly(failure);
            assertThat(good.join().getDouble("sum")).isEqualTo(3);
            assertThat(another.join().getDouble("sum")).isEqualTo(7);
        }
    }

    @Test
    void answersThatDoNotFitTheBatchFailIt() throws Exception {
        try (MicroBatcher batcher =
                client.batcher("m").schema(MATRIX).outputs("sum").maxBatchesInFlight(1).build()) {
            server.model(
                    (request, answer) -> {
                        ModelInferResponse.Builder wrong = FakeModels.answer(request);
                        FakeModels.output(
                                wrong, "sum", "FP64", ByteString.copyFrom(new byte[16]), 2);
                        FakeServer.reply(answer, wrong.build());
                    });
            assertThat(Failures.of(batcher.submit(1, 1)))
                    .hasMessage("malformed answer: output 'sum' has 2 rows for 1 sent");
            server.model(
                    (request, answer) -> {
                        ModelInferResponse.Builder wrong = FakeModels.answer(request);
                        FakeModels.output(
                                wrong, "other", "FP64", ByteString.copyFrom(new byte[8]), 1);
                        FakeServer.reply(answer, wrong.build());
                    });
            assertThat(Failures.of(batcher.submit(1, 1)))
                    .hasMessage("malformed answer: output 'sum' is missing");
            server.model(
                    (request, answer) ->
                            FakeServer.reply(answer, FakeModels.answer(request).build()));
            assertThat(Failures.of(batcher.submit(1, 1)).code()).isEqualTo(Code.INTERNAL);
            server.model(FakeModels.sum());
            assertThat(batcher.submit(1, 1).join().getDouble("sum")).isEqualTo(2);
        }
    }

    @Test
    void callbacksThatThrowOrSubmitChangeNothing() {
        try (MicroBatcher batcher =
                client.batcher("m").schema(MATRIX).maxBatchesInFlight(1).build()) {
            CompletableFuture<Prediction> chain = batcher.submit(0, 0);
            for (int i = 0; i < 200; i++) {
                chain =
                        chain.thenCompose(
                                prediction -> batcher.submit(prediction.getDouble("sum") + 1, 0));
            }
            for (int i = 0; i < 100; i++) {
                batcher.submit(1, 1)
                        .thenAccept(
                                prediction -> {
                                    throw new IllegalStateException("a caller's mistake");
                                });
            }
            assertThat(chain.join().getDouble("sum")).isEqualTo(200);
            batcher.whenIdle().join();
            assertThat(batcher.stats().rowsSucceeded()).isEqualTo(301);
        }
    }

    @Test
    void aListenerThatThrowsChangesNothing() {
        BatcherListener listener =
                new BatcherListener() {
                    @Override
                    public void onBatchSent(int rows, long bytes, double queueWaitMs) {
                        throw new IllegalStateException("sent");
                    }

                    @Override
                    public void onBatchCompleted(BatchReport report) {
                        throw new IllegalStateException("completed");
                    }
                };
        try (MicroBatcher batcher = client.batcher("m").schema(MATRIX).listener(listener).build()) {
            for (CompletableFuture<Prediction> future : submit(batcher, 100)) {
                future.join();
            }
        }
    }

    @Test
    void closingTheBatcherFailsItsRowsAndSparesTheClient() throws Exception {
        BlockingQueue<Runnable> gate = server.gate();
        MicroBatcher batcher =
                client.batcher("m").schema(MATRIX).maxBatchesInFlight(1).maxBatchRows(2).build();
        List<CompletableFuture<Prediction>> futures = submit(batcher, 6);
        FakeServer.take(gate);
        batcher.close();
        batcher.close();
        for (CompletableFuture<Prediction> future : futures) {
            PeltonException failure = Failures.of(future);
            assertThat(failure.code()).isEqualTo(Code.CANCELLED);
            assertThat(failure).hasMessage("the batcher was closed");
        }
        assertThat(batcher.whenIdle()).isCompleted();
        assertThat(batcher.whenCapacity()).isCompleted();
        assertThat(server.cancelled.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
        assertThat(Failures.of(batcher.submit(1, 1))).hasMessage("the batcher is closed");
        assertThat(client.serverReady().join()).isTrue();
    }

    @Test
    void closingTheClientFailsALongQueue() throws Exception {
        BlockingQueue<Runnable> gate = server.gate();
        MicroBatcher batcher =
                client.batcher("m")
                        .schema(MATRIX)
                        .maxBatchesInFlight(1)
                        .maxBatchRows(1)
                        .maxQueuedRows(20_000)
                        .build();
        List<CompletableFuture<Prediction>> futures = submit(batcher, 20_000);
        FakeServer.take(gate);
        client.close();
        for (CompletableFuture<Prediction> future : futures) {
            assertThat(Failures.of(future)).hasMessage("the client was closed");
        }
        batcher.whenIdle().join();
        assertThat(batcher.stats().rowsFailed()).isEqualTo(20_000);
    }

    private static List<CompletableFuture<Prediction>> submit(MicroBatcher batcher, int rows) {
        List<CompletableFuture<Prediction>> futures = new ArrayList<>();
        for (int i = 0; i < rows; i++) {
            futures.add(batcher.submit(i, 0));
        }
        return futures;
    }
}
