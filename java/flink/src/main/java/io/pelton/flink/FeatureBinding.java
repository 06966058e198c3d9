package io.pelton.flink;

import io.pelton.client.Column;
import io.pelton.client.DataType;
import io.pelton.client.ModelMetadata;
import io.pelton.client.RowSchema;
import io.pelton.client.TensorSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Compares features with a model's inputs and decides the form of a row: named columns, or one
 * matrix. It reads no value and asks no server.
 */
final class FeatureBinding {
    /** The name of the matrix that a model of named columns takes in their place. */
    private static final String MATRIX = "input";

    private FeatureBinding() {}

    static <IN> FeatureMapping<IN> pojoMapping(Class<IN> type) {
        return model -> ofPojo(type, model);
    }

    static <IN> FeatureMapping<IN> featuresMapping(ArrayList<Feature<IN>> features) {
        return model -> ofFeatures(features, model);
    }

    static FeatureMapping<double[]> doublesMapping(int features) {
        return model -> matrix(model, features, (values, row) -> row.setDoubles(values));
    }

    static FeatureMapping<float[]> floatsMapping(int features) {
        return model -> matrix(model, features, (values, row) -> row.setFloats(values));
    }

    /** The features of a class are the model's columns, found by name. */
    private static <IN> BoundFeatures<IN> ofPojo(Class<IN> type, ModelMetadata model) {
        if (model.inputs().isEmpty() || isMatrix(model)) {
            throw mismatch(
                    model,
                    List.of(
                            "the model does not name its columns, so the properties of "
                                    + type.getSimpleName()
                                    + " cannot be told apart; name them in the model's order with FeatureMapping.builder()"));
        }
        PojoProperties properties = new PojoProperties(type);
        List<String> problems = new ArrayList<>();
        List<Feature<IN>> features = new ArrayList<>();
        for (TensorSpec input : model.inputs()) {
            PojoProperties.Property property = properties.find(input.name());
            if (property == null) {
                problems.add(
                        "column '"
                                + input.name()
                                + "' ("
                                + input.dataType()
                                + ") is missing: "
                                + type.getSimpleName()
                                + " has "
                                + properties.names());
            } else {
                Feature.Kind kind = Feature.Kind.of(property.type);
                features.add(
                        new Feature<>(
                                input.name(), kind, property.type.getSimpleName(), property::read));
            }
        }
        return ofColumns(features, model, problems);
    }

    private static <IN> BoundFeatures<IN> ofFeatures(
            List<Feature<IN>> features, ModelMetadata model) {
        if (model.inputs().isEmpty()) {
            return ofUnknown(features, model);
        }
        if (isMatrix(model)) {
            return ofMatrix(features, model);
        }
        List<String> problems = new ArrayList<>();
        for (TensorSpec input : model.inputs()) {
            if (features.stream().noneMatch(feature -> feature.name.equals(input.name()))) {
                problems.add("column '" + input.name() + "' (" + input.dataType() + ") is missing");
            }
        }
        return ofColumns(features, model, problems);
    }

    private static <IN> BoundFeatures<IN> ofColumns(
            List<Feature<IN>> features, ModelMetadata model, List<String> problems) {
        Map<String, Feature<IN>> byName = new LinkedHashMap<>();
        for (Feature<IN> feature : features) {
            byName.put(feature.name, feature);
            TensorSpec input = model.input(feature.name).orElse(null);
            if (input == null) {
                problems.add("feature '" + feature.name + "' is no column of the model");
            } else if (!feature.fits(input.dataType())) {
                problems.add(
                        "column '"
                                + feature.name
                                + "' takes "
                                + input.dataType()
                                + ", the feature is "
                                + feature.typeName);
            }
        }
        if (!problems.isEmpty()) {
            throw mismatch(model, problems);
        }
        List<Feature<IN>> inOrder = new ArrayList<>();
        List<Column> columns = new ArrayList<>();
        for (TensorSpec input : model.inputs()) {
            inOrder.add(byName.get(input.name()));
            columns.add(Column.of(input.name(), input.dataType()));
        }
        return bound(RowSchema.columns(columns), inOrder);
    }

    /**
     * The model takes a matrix and does not name its columns: the order of the features is the
     * order of the columns.
     */
    private static <IN> BoundFeatures<IN> ofMatrix(
            List<Feature<IN>> features, ModelMetadata model) {
        TensorSpec input = model.inputs().get(0);
        List<String> problems = new ArrayList<>();
        long wanted = input.shape()[1];
        if (wanted > 0 && wanted != features.size()) {
            problems.add(
                    "'"
                            + input.name()
                            + "' takes "
                            + wanted
                            + " features a row, "
                            + features.size()
                            + " are given: "
                            + features.stream()
                                    .map(feature -> feature.name)
                                    .collect(Collectors.toList()));
        }
        for (Feature<IN> feature : features) {
            if (!feature.fits(input.dataType())) {
                problems.add(
                        "'"
                                + input.name()
                                + "' takes "
                                + input.dataType()
                                + ", feature '"
                                + feature.name
                                + "' is "
                                + feature.typeName);
            }
        }
        if (!problems.isEmpty()) {
            throw mismatch(model, problems);
        }
        return bound(RowSchema.matrix(input.name(), input.dataType(), features.size()), features);
    }

    /** The model tells nothing: columns go under their names, with the types of their values. */
    private static <IN> BoundFeatures<IN> ofUnknown(
            List<Feature<IN>> features, ModelMetadata model) {
        List<String> problems = new ArrayList<>();
        List<Column> columns = new ArrayList<>();
        for (Feature<IN> feature : features) {
            DataType type = feature.naturalType();
            if (type == null) {
                problems.add(
                        "the type of feature '"
                                + feature.name
                                + "' is unknown ("
                                + feature.typeName
                                + "), and the model does not tell it either; name it with FeatureMapping.builder()");
            } else {
                columns.add(Column.of(feature.name, type));
            }
        }
        if (!problems.isEmpty()) {
            throw mismatch(model, problems);
        }
        return bound(RowSchema.columns(columns), features);
    }

    /**
     * Whole rows of the model's matrix; {@code features} is 0 when the model has to tell how many
     * there are.
     */
    static <IN> BoundFeatures<IN> matrix(
            ModelMetadata model, int features, BoundFeatures.Writer<IN> writer) {
        String name = MATRIX;
        DataType type = DataType.FP64;
        long wanted = features;
        if (isMatrix(model)) {
            TensorSpec input = model.inputs().get(0);
            name = input.name();
            type = input.dataType();
            wanted = input.shape()[1] > 0 ? input.shape()[1] : features;
        } else if (!model.inputs().isEmpty()) {
            wanted = model.inputs().size();
        }
        List<String> problems = new ArrayList<>();
        for (TensorSpec input : model.inputs()) {
            if (!input.dataType().isFloat()) {
                problems.add(
                        "'"
                                + input.name()
                                + "' takes "
                                + input.dataType()
                                + ", an array holds floating-point numbers");
            }
        }
        if (wanted <= 0) {
            problems.add(
                    "the model does not tell how many features it takes; say it with doubles(n) or floats(n)");
        } else if (features > 0 && features != wanted) {
            problems.add(
                    "the model takes " + wanted + " features a row, " + features + " are given");
        }
        if (!problems.isEmpty()) {
            throw mismatch(model, problems);
        }
        return new BoundFeatures<>(RowSchema.matrix(name, type, (int) wanted), writer);
    }

    private static boolean isMatrix(ModelMetadata model) {
        return model.inputs().size() == 1
                && model.inputs().get(0).shape().length == 2
                && model.inputs().get(0).dataType() != DataType.BYTES;
    }

    private static <IN> BoundFeatures<IN> bound(RowSchema schema, List<Feature<IN>> features) {
        DataType[] types = new DataType[features.size()];
        for (int cell = 0; cell < types.length; cell++) {
            types[cell] = schema.columns().get(schema.isMatrix() ? 0 : cell).dataType();
        }
        return new BoundFeatures<>(
                schema,
                (input, row) -> {
                    for (int cell = 0; cell < types.length; cell++) {
                        features.get(cell).write(input, row, cell, types[cell]);
                    }
                });
    }

    private static SchemaMismatchException mismatch(ModelMetadata model, List<String> problems) {
        String takes =
                model.inputs().isEmpty()
                        ? "whatever is sent"
                        : model.inputs().stream()
                                .map(FeatureBinding::describe)
                                .collect(Collectors.joining(", "));
        return new SchemaMismatchException(model.name(), problems, takes);
    }

    private static String describe(TensorSpec input) {
        long[] shape = input.shape();
        String width =
                shape.length == 2 && shape[1] != 1 ? " x " + (shape[1] < 0 ? "any" : shape[1]) : "";
        return input.name() + " (" + input.dataType() + width + ")";
    }
}
