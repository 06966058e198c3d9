package io.pelton.flink;

import io.pelton.client.RowSchema;
import io.pelton.client.RowWriter;
import java.util.Objects;

/**
 * Features bound to a model: the form its rows take, and how an input writes one. Made by {@link
 * FeatureMapping#bind} in the task, used by one thread at a time.
 *
 * <pre>{@code
 * FeatureMapping<Point> mapping =
 *         model -> new BoundFeatures<>(
 *                 RowSchema.matrix(model.inputs().get(0).name(), DataType.FP64, 2),
 *                 (point, row) -> {
 *                     row.setDouble(0, point.x);
 *                     row.setDouble(1, point.y);
 *                 });
 * }</pre>
 *
 * @param <IN> the type of the input
 */
public final class BoundFeatures<IN> {
    private final RowSchema schema;
    private final Writer<IN> writer;

    /**
     * Features of a schema.
     *
     * @param schema the form of a row
     * @param writer sets every cell of a row once
     */
    public BoundFeatures(RowSchema schema, Writer<IN> writer) {
        this.schema = Objects.requireNonNull(schema, "schema");
        this.writer = Objects.requireNonNull(writer, "writer");
    }

    /** The form of a row. */
    public RowSchema schema() {
        return schema;
    }

    void write(IN input, RowWriter row) throws Exception {
        writer.write(input, row);
    }

    /**
     * Writes one input as a row.
     *
     * @param <IN> the type of the input
     */
    @FunctionalInterface
    public interface Writer<IN> {
        /**
         * Sets every cell of {@code row} once.
         *
         * @throws Exception if this input cannot be written; it alone fails, by the failure policy
         */
        void write(IN input, RowWriter row) throws Exception;
    }
}
