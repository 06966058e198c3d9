package io.pelton.flink;

import io.pelton.client.ModelMetadata;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.Row;

/**
 * How an input becomes a model's features. Travels with the job; bound to the model when the task
 * opens, when every missing, surplus and ill-typed column is named at once.
 *
 * <pre>{@code
 * FeatureMapping.pojo(Flight.class)                      // the model's columns by field or getter name
 * FeatureMapping.row("age", "city")                      // fields of a Row
 * FeatureMapping.rowData(rowType)                        // fields of a RowData
 * FeatureMapping.doubles()                               // double[] as a row of the model's matrix
 * FeatureMapping.<Flight>builder()
 *         .number("dep_delay", f -> f.depDelay)
 *         .text("carrier", f -> f.carrier)
 *         .build()
 * }</pre>
 *
 * <p>{@code null} is a missing value: NaN in a floating-point column, absent in any other. Whole
 * numbers fill floating-point columns (rounded beyond 2^53, as numpy does), booleans fill numeric
 * ones with 0 and 1; nothing else is converted.
 *
 * @param <IN> the type of the input
 */
// An interface without lambdas of its own: Java then never looks at its methods when it serializes
// a mapping, and their
// mention of table types is harmless where Flink's table classes are not on the class path.
@FunctionalInterface
public interface FeatureMapping<IN> extends Serializable {
    /**
     * Binds this mapping to a model; called once a task.
     *
     * @param model the server's description of the model
     * @throws SchemaMismatchException if the features do not fit, naming every wrong column
     */
    BoundFeatures<IN> bind(ModelMetadata model);

    /**
     * The model's columns by name from public fields, getters or record-style methods; a column
     * {@code dep_delay} is found as {@code dep_delay} or {@code depDelay}. Properties that the
     * model does not take are left alone.
     *
     * @param type a public class
     */
    static <IN> FeatureMapping<IN> pojo(Class<IN> type) {
        new PojoProperties(type);
        return FeatureBinding.pojoMapping(type);
    }

    /**
     * These fields of a {@link Row}, under these names. A row without names is read by position.
     *
     * @param fields the names, in the model's order if it takes a matrix
     */
    static FeatureMapping<Row> row(String... fields) {
        Builder<Row> builder = builder();
        for (int i = 0; i < fields.length; i++) {
            builder.any(fields[i], new RowField(fields[i], i, fields.length));
        }
        return builder.build();
    }

    /**
     * All fields of a {@code RowData} of this type, under their names. See {@link #rowData(RowType,
     * String...)} to choose.
     *
     * @param type the type of the rows
     */
    static FeatureMapping<org.apache.flink.table.data.RowData> rowData(RowType type) {
        return RowDataFeatures.of(type, type.getFieldNames());
    }

    /**
     * These fields of a {@code RowData}, under their names.
     *
     * @param type the type of the rows
     * @param fields the names to send, in the model's order if it takes a matrix
     */
    static FeatureMapping<org.apache.flink.table.data.RowData> rowData(
            RowType type, String... fields) {
        return RowDataFeatures.of(type, List.of(fields));
    }

    /**
     * {@code double[]} as a row of the model's matrix; its length is the model's number of
     * features.
     */
    static FeatureMapping<double[]> doubles() {
        return FeatureBinding.doublesMapping(0);
    }

    /**
     * As {@link #doubles()}, for models that do not tell how many features they take.
     *
     * @param features the length of every array
     */
    static FeatureMapping<double[]> doubles(int features) {
        return FeatureBinding.doublesMapping(features);
    }

    /**
     * {@code float[]} as a row of the model's matrix; its length is the model's number of features.
     */
    static FeatureMapping<float[]> floats() {
        return FeatureBinding.floatsMapping(0);
    }

    /**
     * As {@link #floats()}, for models that do not tell how many features they take.
     *
     * @param features the length of every array
     */
    static FeatureMapping<float[]> floats(int features) {
        return FeatureBinding.floatsMapping(features);
    }

    /** A mapping of named lambdas. */
    static <IN> Builder<IN> builder() {
        return new Builder<>();
    }

    /**
     * Gathers named features.
     *
     * <pre>{@code
     * FeatureMapping.<Flight>builder()
     *         .number("dep_delay", f -> f.depDelay)
     *         .bool("weekend", f -> f.weekend)
     *         .text("carrier", f -> f.carrier)
     *         .build()
     * }</pre>
     *
     * @param <IN> the type of the input
     */
    final class Builder<IN> {
        private final List<Feature<IN>> features = new ArrayList<>();

        private Builder() {}

        /** A number; null is missing. */
        public Builder<IN> number(
                String name, SerializableFunction<? super IN, ? extends Number> reader) {
            return add(new Feature<>(name, Feature.Kind.NUMBER, "number", reader));
        }

        /** A text; null is missing. */
        public Builder<IN> text(
                String name, SerializableFunction<? super IN, ? extends CharSequence> reader) {
            return add(new Feature<>(name, Feature.Kind.TEXT, "text", reader));
        }

        /** A boolean; null is missing. */
        public Builder<IN> bool(String name, SerializableFunction<? super IN, Boolean> reader) {
            return add(new Feature<>(name, Feature.Kind.BOOLEAN, "boolean", reader));
        }

        /** A number, text or boolean, as each value says; null is missing. */
        public Builder<IN> any(String name, SerializableFunction<? super IN, ?> reader) {
            return add(new Feature<>(name, Feature.Kind.ANY, "any", reader));
        }

        Builder<IN> add(Feature<IN> feature) {
            Objects.requireNonNull(feature, "feature");
            if (features.stream().anyMatch(seen -> seen.name.equals(feature.name))) {
                throw new IllegalArgumentException("feature '" + feature.name + "' is named twice");
            }
            features.add(feature);
            return this;
        }

        /** The mapping. */
        public FeatureMapping<IN> build() {
            if (features.isEmpty()) {
                throw new IllegalArgumentException("a mapping needs at least one feature");
            }
            return FeatureBinding.featuresMapping(new ArrayList<>(features));
        }
    }
}
