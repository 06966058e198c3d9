// What a caller of the micro-batcher sees: answers, batching, bounds; against a real gRPC server.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.pelton.client.PeltonException.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MicroBatcherTest {
    private static final RowSchema MATRIX = RowSchema.matrix("input", DataType.FP64, 2);

    private final FakeServer server = new FakeServer(FakeModels.sum());
    private final PeltonClient client = PeltonClient.builder().endpoints(server.endpoint()).build();

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
    void failsOnlyThePoisonRows() {
        try (MicroBatcher batcher =
                client.batcher("m").schema(MATRIX).maxBatchesInFlight(1).build()) {
            List<CompletableFuture<Prediction>> futures = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                futures.add(batcher.submit(i == 77 || i == 200 ? FakeModels.POISON : i, 1));
            }
            for (int i = 0; i < 300; i++) {
                CompletableFuture<Prediction> future = futures.get(i);
                if (i == 77 || i == 200) {
                    PeltonException failure = Failures.of(future);
                    assertThat(failure.code()).isEqualTo(Code.INVALID_ARGUMENT);
                    assertThat(failure).hasMessage("ValueError: poison");
                } else {
                    assertThat(future.join().getDouble("sum")).isEqualTo(i + 1);
                }
            }
        }
    }
}
