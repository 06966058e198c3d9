// Every row gets one outcome, the right one, under load from several threads and faults of all
// kinds.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.pelton.client.PeltonException.Code;
import io.pelton.client.wire.inference.ModelInferRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ExactlyOnceTest {
    private static final int ROWS = 100_000;
    private static final int THREADS = 4;
    private static final int POISON_EVERY = 1777;
    private static final Set<Code> TRANSIENT =
            EnumSet.of(Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED, Code.DEADLINE_EXCEEDED);

    private final Random random = new Random(42);

    @Test
    @Timeout(240)
    void everyRowHasOneOutcomeAndTheRightOne() throws Exception {
        AtomicIntegerArray outcomes = new AtomicIntegerArray(ROWS);
        AtomicLong wrong = new AtomicLong();
        AtomicLong transientFailures = new AtomicLong();
        List<Throwable> unexpected = java.util.Collections.synchronizedList(new ArrayList<>());
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (FakeServer one = new FakeServer(this::unreliable);
                FakeServer two = new FakeServer(this::unreliable);
                PeltonClient client =
                        PeltonClient.builder()
                                .endpoints(one.endpoint(), two.endpoint())
                                .ioThreads(2)
                                .callTimeout(Duration.ofSeconds(30))
                                .retry(
                                        RetryPolicy.builder()
                                                .initialBackoff(Duration.ofMillis(1))
                                                .maxBackoff(Duration.ofMillis(20))
                                                .build())
                                .build();
                MicroBatcher batcher =
                        client.batcher("m")
                                .schema(RowSchema.matrix("input", DataType.FP64, 2))
                                .maxBatchRows(200)
                                .maxBatchesInFlight(4)
                                .maxQueuedRows(4000)
                                .build()) {
            one.remember = false;
            two.remember = false;
            List<Future<?>> submitters = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                int first = t;
                submitters.add(
                        threads.submit(
                                () -> {
                                    for (int row = first; row < ROWS; row += THREADS) {
                                        int id = row;
                                        submitInTime(batcher, id)
                                                .whenComplete(
                                                        (prediction, thrown) -> {
                                                            outcomes.incrementAndGet(id);
                                                            check(
                                                                    id,
                                                                    prediction,
                                                                    thrown,
                                                                    wrong,
                                                                    transientFailures,
                                                                    unexpected);
                                                        });
                                    }
                                }));
            }
            for (Future<?> submitter : submitters) {
                submitter.get();
            }
            batcher.whenIdle().join();
            for (int row = 0; row < ROWS; row++) {
                assertThat(outcomes.get(row)).as("outcomes of row %d", row).isEqualTo(1);
            }
            assertThat(wrong).as("predictions that are another row's").hasValue(0);
            assertThat(unexpected).isEmpty();
            // retries hide nearly all of it: five attempts at one in ten
            assertThat(transientFailures.get()).isLessThan(ROWS / 100);
            BatcherStats stats = batcher.stats();
            assertThat(stats.retries()).isPositive();
            assertThat(stats.queuedRows()).isZero();
            assertThat(stats.batchesInFlight()).isZero();
            assertThat(stats.rowsSucceeded() + stats.rowsFailed()).isEqualTo(stats.rowsSubmitted());
        } finally {
            threads.shutdownNow();
        }
        assertThat(PeltonClientTest.clientThreads()).isEmpty();
    }

    /**
     * One thread's way of heeding back-pressure: wait for room, submit, and again if beaten to it.
     */
    private static CompletableFuture<Prediction> submitInTime(MicroBatcher batcher, int id) {
        double cell = id % POISON_EVERY == 5 ? FakeModels.POISON : id;
        while (true) {
            batcher.whenCapacity().join();
            CompletableFuture<Prediction> future = batcher.submit(cell, 0.5);
            boolean refused =
                    future.isCompletedExceptionally()
                            && Failures.of(future).getMessage().contains("are waiting already");
            if (!refused) {
                return future;
            }
        }
    }

    private static void check(
            int id,
            Prediction prediction,
            Throwable thrown,
            AtomicLong wrong,
            AtomicLong transientFailures,
            List<Throwable> unexpected) {
        boolean poison = id % POISON_EVERY == 5;
        if (thrown == null) {
            if (poison || prediction.getDouble("sum") != id + 0.5) {
                wrong.incrementAndGet();
            }
            return;
        }
        PeltonException failure = PeltonException.of(thrown);
        if (TRANSIENT.contains(failure.code())) {
            transientFailures.incrementAndGet();
        } else if (!poison || failure.code() != Code.INVALID_ARGUMENT) {
            unexpected.add(failure);
        }
    }

    private void unreliable(
            ModelInferRequest request,
            io.grpc.stub.StreamObserver<io.pelton.client.wire.inference.ModelInferResponse>
                    answer) {
        int dice;
        synchronized (random) {
            dice = random.nextInt(100);
        }
        if (dice < 6) {
            answer.onError(Status.UNAVAILABLE.withDescription("worker lost").asRuntimeException());
        } else if (dice < 9) {
            answer.onError(
                    Status.RESOURCE_EXHAUSTED
                            .withDescription("queue is full")
                            .asRuntimeException());
        } else if (dice < 10) {
            answer.onError(Status.CANCELLED.asRuntimeException());
        } else {
            FakeServer.reply(answer, FakeModels.sum(request));
        }
    }
}
