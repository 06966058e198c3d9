// Rows of one schema gathered into growing column buffers, and those buffers as tensors.
package io.pelton.client;

import io.pelton.client.PeltonException.Code;
import java.nio.ByteBuffer;
import java.util.ArrayList;
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
    private final RowScratch scratch;
    private final RowBuffers buffers;

    private RowBatch(RowSchema schema) {
        this.scratch = new RowScratch(schema);
        this.buffers = new RowBuffers(schema, 16);
    }

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
        try {
            scratch.write(row);
        } catch (Exception e) {
            throw refused(e);
        }
        buffers.append(scratch);
        return this;
    }

    /**
     * Rows so far.
     *
     * @return at least 0
     */
    public int rows() {
        return buffers.rows();
    }

    /**
     * Bytes its tensors take so far.
     *
     * @return at least 0
     */
    public long byteSize() {
        return buffers.byteSize();
    }

    /**
     * The rows as tensors, which share this batch's buffers: add no row afterwards.
     *
     * @return the matrix, or the columns with their validity tensors
     */
    public List<Tensor> tensors() {
        List<Tensor> tensors = new ArrayList<>();
        buffers.forEachTensor(
                (name, type, shape, data, length) ->
                        tensors.add(
                                Tensor.of(name, type, shape, ByteBuffer.wrap(data, 0, length))));
        return tensors;
    }

    static PeltonException refused(Exception e) {
        if (e instanceof PeltonException) {
            return (PeltonException) e;
        }
        String message =
                e instanceof IllegalArgumentException
                        ? e.getMessage()
                        : "the row could not be written: " + e;
        return PeltonException.light(Code.INVALID_ARGUMENT, message, false, 0, e);
    }
}
