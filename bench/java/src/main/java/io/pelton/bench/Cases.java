package io.pelton.bench;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The rows that are scored, again and again, and the model's own answers. The file has a row a
 * line: the prediction, then the features, separated by commas.
 */
final class Cases implements Serializable {
    private static final long serialVersionUID = 1L;

    private final double[][] features;
    private final double[] predictions;

    private Cases(double[][] features, double[] predictions) {
        this.features = features;
        this.predictions = predictions;
    }

    static Cases read(Path file) throws IOException {
        List<double[]> features = new ArrayList<>();
        List<Double> predictions = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            String[] numbers = line.split(",");
            predictions.add(Double.valueOf(numbers[0]));
            double[] row = new double[numbers.length - 1];
            for (int i = 0; i < row.length; i++) {
                row[i] = Double.parseDouble(numbers[i + 1]);
            }
            features.add(row);
        }
        if (features.isEmpty()) {
            throw new IOException(file + " has no rows");
        }
        return new Cases(
                features.toArray(new double[0][]),
                predictions.stream().mapToDouble(Double::doubleValue).toArray());
    }

    int rows() {
        return features.length;
    }

    int columns() {
        return features[0].length;
    }

    double[] features(int row) {
        return features[row];
    }

    boolean isRight(Answer answer) {
        return answer.prediction == predictions[answer.row];
    }
}
