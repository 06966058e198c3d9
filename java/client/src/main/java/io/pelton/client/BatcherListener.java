// Where a batcher tells of its work, for metrics.
package io.pelton.client;

/**
 * Told of every batch. Called on the thread that sends or completes it, so it must be quick and
 * must not block; what it throws is logged and changes nothing.
 */
public interface BatcherListener {
    /**
     * A batch is about to be sent.
     *
     * @param rows its rows
     * @param bytes the bytes of its tensors
     * @param queueWaitMs how long its first row has waited
     */
    default void onBatchSent(int rows, long bytes, double queueWaitMs) {}

    /**
     * Every row of a batch has its outcome.
     *
     * @param report what became of it
     */
    default void onBatchCompleted(BatchReport report) {}

    /**
     * A row failed before it was part of a batch: it could not be written, or the queue was full.
     *
     * @param failure why
     */
    default void onRowRefused(PeltonException failure) {}
}
