// A run ends whatever happens to it: its slot is freed once, and every row has an outcome.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.pelton.client.Bisection.Part;
import io.pelton.client.PeltonException.Code;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BatchRunTest {
    private static final RowSchema MATRIX = RowSchema.matrix("input", DataType.FP64, 1);

    private final FakeServer server = new FakeServer(FakeModels.sum());
    private final PeltonClient client = server.client().build();
    private final List<CompletableFuture<Prediction>> futures = new ArrayList<>();
    private final FaultyHost host = new FaultyHost();

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    @Test
    void aFaultInHandingOutTheAnswerFailsTheRowsThatHaveNone() throws Exception {
        host.faults = 1;
        BatchReport report = run(4);
        for (CompletableFuture<Prediction> row : futures) {
            PeltonException failure = Failures.of(row);
            assertThat(failure.code()).isEqualTo(Code.INTERNAL);
            assertThat(failure)
                    .hasMessage(
                            "the answer could not be handled: java.lang.OutOfMemoryError: test");
        }
        assertThat(report.failedRows()).isEqualTo(4);
        assertThat(report.failure()).isPresent();
    }

    @Test
    void aFaultWhileBisectingEndsTheBatch() throws Exception {
        // the first half is answered and the fault comes while its rows are told
        host.faults = 1;
        server.model(
                FakeModels.failing(
                        1, Status.INVALID_ARGUMENT.withDescription("one"), FakeModels.sum()));
        BatchReport report = run(4);
        for (CompletableFuture<Prediction> row : futures) {
            assertThat(Failures.of(row).code()).isEqualTo(Code.INTERNAL);
        }
        assertThat(report.rows()).isEqualTo(4);
        assertThat(report.retries()).isZero();
        assertThat(server.calls.get()).isEqualTo(2);
    }

    @Test
    void aFaultThatFindsSomeRowsAnsweredLeavesThem() throws Exception {
        // both halves are answered, and the fault comes with the second
        host.faults = 1;
        host.faultless = 1;
        server.model(
                FakeModels.failing(
                        1, Status.INVALID_ARGUMENT.withDescription("one"), FakeModels.sum()));
        BatchReport report = run(4);
        assertThat(futures.get(1).join().getDouble("sum")).isEqualTo(1);
        assertThat(Failures.of(futures.get(2)).code()).isEqualTo(Code.INTERNAL);
        assertThat(report.failedRows()).isEqualTo(2);
    }

    @Test
    void anAnswerThatComesAfterClosingIsLeftToWhoeverCloses() throws Exception {
        host.closed = true;
        start(4);
        assertThat(host.ended.await(30, TimeUnit.SECONDS)).isTrue();
        // waits for the thread that brought the answer
        client.close();
        assertThat(futures).hasSize(4).noneMatch(CompletableFuture::isDone);
        assertThat(host.reports).isEmpty();
    }

    private BatchReport run(int rows) throws Exception {
        start(rows);
        BatchReport report = host.reports.poll(30, TimeUnit.SECONDS);
        assertThat(report).as("the run ended").isNotNull();
        assertThat(host.releases).hasValue(1);
        assertThat(host.reports).isEmpty();
        return report;
    }

    private void start(int rows) throws Exception {
        PendingBatch batch = new PendingBatch(MATRIX, rows);
        RowScratch scratch = new RowScratch(MATRIX);
        for (int i = 0; i < rows; i++) {
            double cell = i;
            scratch.write(row -> row.setDouble(0, cell));
            futures.add(new CompletableFuture<>());
            batch.append(scratch, futures.get(i), System.nanoTime());
        }
        Clock clock = client.connection().clock();
        RowCalls calls = new RowCalls(client.connection(), "m", "", List.of());
        long timeoutNanos = Duration.ofSeconds(30).toNanos();
        new BatchRun(host, calls, clock, batch, clock.nanoTime(), timeoutNanos, -1).start();
    }

    /** A batcher without ledger and loop, in which telling rows their answers fails. */
    private static final class FaultyHost implements BatchRun.Host {
        private final BlockingQueue<BatchReport> reports = new LinkedBlockingQueue<>();
        private final AtomicInteger releases = new AtomicInteger();
        private final CountDownLatch ended = new CountDownLatch(1);
        private volatile boolean closed;
        private volatile int faultless;
        private volatile int faults;

        @Override
        public void outside(Runnable task) {
            task.run();
        }

        @Override
        public void cancelIfClosed(BatchRun run) {
            assertThat(run).isNotNull();
        }

        @Override
        public boolean release(BatchRun run) {
            ended.countDown();
            return releases.getAndIncrement() == 0 && !closed;
        }

        @Override
        public void answerRows(BatchRun run, Part part, InferResponse response) {
            if (faultless-- <= 0 && faults-- > 0) {
                throw new OutOfMemoryError("test");
            }
            run.batch().answer(part.from, response, run.startNanos());
        }

        @Override
        public void failRows(BatchRun run, Part part, PeltonException failure) {
            run.batch().fail(part.from, part.to, failure);
        }

        @Override
        public void ended(BatchRun run, BatchReport report) {
            reports.add(report);
        }
    }
}
