// Batchers and clients closed in the middle of everything: each row still has one outcome.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(600)
class ClosingRaceTest {
    private static final int THREADS = 3;
    private static final int ROWS_A_THREAD = 400;

    private final FakeServer server = new FakeServer(FakeModels.sum());

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void everyRowHasItsOutcomeAndEveryBatchItsReport() throws Exception {
        server.remember = false;
        for (int round = 0; round < 600; round++) {
            Counts counts = new Counts();
            try (PeltonClient client = server.client().build()) {
                MicroBatcher batcher =
                        client.batcher("m")
                                .schema(RowSchema.matrix("input", DataType.FP64, 1))
                                .maxBatchRows(7)
                                .linger(round % 3 == 0 ? Duration.ofMillis(1) : Duration.ZERO)
                                .listener(counts)
                                .build();
                closeWhileRowsCome(batcher, round % 2 == 0 ? batcher : client, round);
                batcher.whenIdle().get(30, TimeUnit.SECONDS);
                assertThat(batcher.stats().queuedRows()).isZero();
                assertThat(batcher.stats().batchesInFlight()).isZero();
                batcher.close();
            }
            // closing the client has waited for its threads: what they had to tell is told
            assertThat(counts.completed).as("batches reported").hasValue(counts.sent.get());
        }
    }

    private static void closeWhileRowsCome(MicroBatcher batcher, AutoCloseable closed, int round)
            throws Exception {
        Queue<CompletableFuture<Prediction>> rows = new ConcurrentLinkedQueue<>();
        List<Thread> submitters = new ArrayList<>();
        AtomicInteger outcomes = new AtomicInteger();
        for (int i = 0; i < THREADS; i++) {
            submitters.add(new Thread(() -> submitAll(batcher, rows, outcomes)));
        }
        submitters.forEach(Thread::start);
        while (batcher.stats().rowsSubmitted() < round % 60 * 15L) {
            Thread.onSpinWait();
        }
        closed.close();
        for (Thread submitter : submitters) {
            submitter.join();
        }
        for (CompletableFuture<Prediction> row : rows) {
            row.handle((prediction, failure) -> failure).get(30, TimeUnit.SECONDS);
        }
        assertThat(rows).hasSize(THREADS * ROWS_A_THREAD);
        batcher.whenIdle().get(30, TimeUnit.SECONDS);
        assertThat(outcomes).hasValue(rows.size());
        BatcherStats stats = batcher.stats();
        assertThat(stats.rowsSubmitted()).isEqualTo(rows.size());
        assertThat(stats.rowsSucceeded() + stats.rowsFailed()).isEqualTo(rows.size());
    }

    private static void submitAll(
            MicroBatcher batcher,
            Queue<CompletableFuture<Prediction>> rows,
            AtomicInteger outcomes) {
        for (int i = 0; i < ROWS_A_THREAD; i++) {
            CompletableFuture<Prediction> row = batcher.submit(i);
            row.whenComplete((prediction, failure) -> outcomes.incrementAndGet());
            rows.add(row);
        }
    }

    private static final class Counts implements BatcherListener {
        private final AtomicInteger sent = new AtomicInteger();
        private final AtomicInteger completed = new AtomicInteger();

        @Override
        public void onBatchSent(int rows, long bytes, double queueWaitMs) {
            sent.incrementAndGet();
        }

        @Override
        public void onBatchCompleted(BatchReport report) {
            completed.incrementAndGet();
        }
    }
}
