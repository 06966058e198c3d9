// Finding the rows at fault in a batch that failed: which rows fail, with what, after how many
// calls.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.pelton.client.PeltonException.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BatcherBisectTest {
    private static final RowSchema MATRIX = RowSchema.matrix("input", DataType.FP64, 2);

    private final FakeServer server = new FakeServer(FakeModels.sum());
    private final PeltonClient client = server.client().build();

    @AfterEach
    void close() {
        client.close();
        server.close();
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

    @Test
    void aFaultOfTheRequestFailsEveryRowInBoundedCalls() {
        Status unknown = Status.INVALID_ARGUMENT.withDescription("unknown input 'input'");
        CountDownLatch submitted = new CountDownLatch(1);
        server.model(
                (request, answer) -> {
                    submitted.await();
                    answer.onError(unknown.asRuntimeException());
                });
        BlockingQueue<BatchReport> reports = new LinkedBlockingQueue<>();
        try (MicroBatcher batcher = held(reports).build()) {
            List<CompletableFuture<Prediction>> futures = submit(batcher, 65);
            submitted.countDown();
            for (CompletableFuture<Prediction> future : futures) {
                assertThat(Failures.of(future)).hasMessage("unknown input 'input'");
            }
            batcher.whenIdle().join();
            assertThat(reports).extracting(BatchReport::rows).containsExactly(1, 64);
            BatchReport report = reports.stream().skip(1).findFirst().get();
            assertThat(report.extraCalls()).isEqualTo(126);
            assertThat(report.failedRows()).isEqualTo(64);
            assertThat(report.retries()).isZero();
            assertThat(report.failure()).isPresent();
            assertThat(server.calls.get()).isEqualTo(1 + 1 + 126);
        }
    }

    @Test
    void rowsNotTriedAloneSaySo() throws Exception {
        BlockingQueue<BatchReport> reports = new LinkedBlockingQueue<>();
        try (MicroBatcher batcher = held(reports).maxBisectCalls(3).build()) {
            List<CompletableFuture<Prediction>> futures = new ArrayList<>();
            BlockingQueue<Runnable> gate = server.gate();
            futures.add(batcher.submit(1, 0));
            Runnable first = FakeServer.take(gate);
            server.model(FakeModels.sum());
            for (int i = 0; i < 16; i++) {
                futures.add(batcher.submit(i == 9 ? FakeModels.POISON : i, 0));
            }
            first.run();
            int untried = 0;
            for (int i = 0; i < 16; i++) {
                Throwable thrown = futures.get(i + 1).handle((value, failure) -> failure).join();
                if (thrown != null) {
                    untried++;
                    assertThat(thrown)
                            .hasMessage(
                                    "a batch of 16 rows failed, and this one was not tried alone within"
                                            + " 3 more calls: ValueError: poison");
                }
            }
            // left half answered; of the right half, its left quarter is bad and is not split to
            // the end
            assertThat(untried).isBetween(2, 8);
        }
    }

    /** A batcher with one slot whose first row goes alone, so that the rest forms one batch. */
    private MicroBatcher.Builder held(BlockingQueue<BatchReport> reports) {
        return client.batcher("m")
                .schema(MATRIX)
                .maxBatchesInFlight(1)
                .listener(
                        new BatcherListener() {
                            @Override
                            public void onBatchCompleted(BatchReport report) {
                                reports.add(report);
                            }
                        });
    }

    private static List<CompletableFuture<Prediction>> submit(MicroBatcher batcher, int rows) {
        List<CompletableFuture<Prediction>> futures = new ArrayList<>();
        for (int i = 0; i < rows; i++) {
            futures.add(batcher.submit(i, 0));
        }
        return futures;
    }
}
