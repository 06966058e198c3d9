// Rows of one schema gathered into growing column buffers, and those buffers as tensors.
package io.pelton.client;

import java.util.List;

/**
 * Rows gathered for one call, for callers that batch themselves; a {@link MicroBatcher} does it
 * alone. Not for use by several threads.
 *
 * <pre>{@code
 * RowBatch rows = RowBatch.of(RowSchema.matrix("input", DataType.FP64, 4));
 * rows.add(writer -> writer.setDoubles(new double[] {5.1, 3.5, 1.4, 0.2}));
 * client.infer(InferRequest.builder("iris").rows(rows).build())
 *     .thenAccept(answer -> System.out.println(answer.prediction(0).getLong("predict")));
 * }</pre>
 */
public final class RowBatch {
    private RowBatch(RowSchema schema) {}

    /**
     * An empty batch.
     *
     * @param schema what its rows look like
     * @return a batch
     */
    public static RowBatch of(RowSchema schema) {
        return new RowBatch(schema);
    }

    /**
     * Adds a row; one that cannot be written leaves the batch as it was.
     *
     * @param row the row
     * @return this
     * @throws PeltonException INVALID_ARGUMENT, naming the cell at fault
     */
    public RowBatch add(Row row) {
        throw new UnsupportedOperationException("not written yet");
    }

    /**
     * Rows so far.
     *
     * @return at least 0
     */
    public int rows() {
        throw new UnsupportedOperationException("not written yet");
    }

    /**
     * Bytes its tensors take so far.
     *
     * @return at least 0
     */
    public long byteSize() {
        throw new UnsupportedOperationException("not written yet");
    }

    /**
     * The rows as tensors, which share this batch's buffers: add no row afterwards.
     *
     * @return the matrix, or the columns with their validity tensors
     */
    public List<Tensor> tensors() {
        throw new UnsupportedOperationException("not written yet");
    }
}
