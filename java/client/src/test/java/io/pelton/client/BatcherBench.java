// Rows a second of one batcher on one connection against the fake server; a yardstick, not a test.
package io.pelton.client;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * {@code mvnw -pl client test-compile exec}-free: run it from the test class path, arguments
 * optional.
 */
final class BatcherBench {
    private BatcherBench() {}

    public static void main(String[] args) {
        int rows = args.length > 0 ? Integer.parseInt(args[0]) : 3_000_000;
        int maxBatchRows = args.length > 1 ? Integer.parseInt(args[1]) : 1024;
        try (FakeServer server = new FakeServer(FakeModels.sum());
                PeltonClient client = PeltonClient.builder().endpoints(server.endpoint()).build();
                MicroBatcher batcher =
                        client.batcher("m")
                                .schema(RowSchema.matrix("input", DataType.FP64, 4))
                                .maxBatchRows(maxBatchRows)
                                .build()) {
            server.remember = false;
            for (int round = 0; round < 5; round++) {
                round(batcher, rows);
            }
        }
    }

    private static void round(MicroBatcher batcher, int rows) {
        AtomicLong answered = new AtomicLong();
        BatcherStats before = batcher.stats();
        long allocatedBefore = allocated();
        long start = System.nanoTime();
        for (int i = 0; i < rows; i++) {
            int row = i;
            CompletableFuture<Prediction> future =
                    batcher.submit(
                            writer -> {
                                writer.setDouble(0, row);
                                writer.setDouble(1, 1);
                                writer.setDouble(2, 2);
                                writer.setDouble(3, 3);
                            });
            future.thenAccept(prediction -> answered.addAndGet((long) prediction.getDouble(0)));
            if ((i & 1023) == 0) {
                batcher.whenCapacity().join();
                while (batcher.stats().queuedRows() > 12_000) {
                    Thread.onSpinWait();
                }
            }
        }
        batcher.whenIdle().join();
        double seconds = (System.nanoTime() - start) / 1e9;
        BatcherStats after = batcher.stats();
        long batches = after.batchesSent() - before.batchesSent();
        System.out.printf(
                "%.0f rows/s, %.0f rows a batch, %d bytes allocated a row, sum %d, failed %d%n",
                rows / seconds,
                (double) rows / batches,
                (allocated() - allocatedBefore) / rows,
                answered.get(),
                after.rowsFailed() - before.rowsFailed());
    }

    /** Bytes the submitting thread has allocated. */
    private static long allocated() {
        return ((com.sun.management.ThreadMXBean)
                        java.lang.management.ManagementFactory.getThreadMXBean())
                .getThreadAllocatedBytes(Thread.currentThread().getId());
    }
}
