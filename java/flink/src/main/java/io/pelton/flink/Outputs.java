package io.pelton.flink;

import io.pelton.client.DataType;
import io.pelton.client.Prediction;
import io.pelton.client.Tensor;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * The values one row has in each output of an answer, taken out of the batch. It holds {@code
 * double[]}, {@code float[]}, {@code long[]}, {@code boolean[]}, or for texts {@code byte[][]};
 * writing it down is {@link ScoredTypeInfo}'s.
 */
final class Outputs {
    final String[] names;
    final Object[] values;

    Outputs(String[] names, Object[] values) {
        this.names = names;
        this.values = values;
    }

    static Outputs of(Prediction prediction) {
        List<Tensor> tensors = prediction.response().outputs();
        String[] names = new String[tensors.size()];
        Object[] values = new Object[names.length];
        for (int i = 0; i < names.length; i++) {
            Tensor tensor = tensors.get(i);
            int elements = prediction.elements(i);
            names[i] = tensor.name();
            values[i] = copy(tensor, prediction.batchRow() * elements, elements);
        }
        return new Outputs(names, values);
    }

    private static Object copy(Tensor tensor, int from, int elements) {
        DataType type = tensor.dataType();
        if (type == DataType.FP64) {
            double[] copy = new double[elements];
            Arrays.setAll(copy, i -> tensor.getDouble(from + i));
            return copy;
        }
        if (type.isFloat()) {
            float[] copy = new float[elements];
            for (int i = 0; i < elements; i++) {
                copy[i] = tensor.getFloat(from + i);
            }
            return copy;
        }
        if (type == DataType.BOOL) {
            boolean[] copy = new boolean[elements];
            for (int i = 0; i < elements; i++) {
                copy[i] = tensor.getBoolean(from + i);
            }
            return copy;
        }
        if (type == DataType.BYTES) {
            byte[][] copy = new byte[elements][];
            Arrays.setAll(copy, i -> tensor.getBytes(from + i));
            return copy;
        }
        long[] copy = new long[elements];
        Arrays.setAll(copy, i -> tensor.getLong(from + i));
        return copy;
    }

    List<String> names() {
        return Collections.unmodifiableList(Arrays.asList(names));
    }

    double score() {
        int probabilities = Arrays.asList(names).indexOf("predict_proba");
        if (probabilities >= 0 && elements(probabilities) == 2) {
            return numberAt(probabilities, 1);
        }
        int only = -1;
        for (int i = 0; i < names.length; i++) {
            if (elements(i) == 1 && isNumber(i)) {
                if (only >= 0) {
                    throw new IllegalStateException(
                            "no single score in " + this + ", take one by its name");
                }
                only = i;
            }
        }
        if (only < 0) {
            throw new IllegalStateException(
                    "no single score in " + this + ", take doubles(output)");
        }
        return numberAt(only, 0);
    }

    Object value(String output) {
        int at = only(output);
        Object array = values[at];
        if (array instanceof double[]) {
            return ((double[]) array)[0];
        }
        if (array instanceof float[]) {
            return ((float[]) array)[0];
        }
        if (array instanceof long[]) {
            return ((long[]) array)[0];
        }
        return array instanceof boolean[] ? (Object) ((boolean[]) array)[0] : textAt(at, 0);
    }

    double number(String output) {
        return numberAt(only(output), 0);
    }

    String text(String output) {
        return textAt(only(output), 0);
    }

    double[] doubles(String output) {
        int at = indexOf(output);
        double[] copy = new double[elements(at)];
        Arrays.setAll(copy, i -> numberAt(at, i));
        return copy;
    }

    String[] texts(String output) {
        int at = indexOf(output);
        String[] copy = new String[elements(at)];
        Arrays.setAll(copy, i -> textAt(at, i));
        return copy;
    }

    private int indexOf(String output) {
        int at = Arrays.asList(names).indexOf(output);
        if (at < 0) {
            throw new IllegalArgumentException(
                    "no output '"
                            + output
                            + "' in the answer, it has "
                            + String.join(", ", names)
                            + "; ask for it with outputs(...)");
        }
        return at;
    }

    private int only(String output) {
        int at = indexOf(output);
        if (elements(at) != 1) {
            throw new IllegalStateException(
                    "output '"
                            + output
                            + "' has "
                            + elements(at)
                            + " values a row, take doubles or texts of it");
        }
        return at;
    }

    private int elements(int at) {
        return java.lang.reflect.Array.getLength(values[at]);
    }

    private boolean isNumber(int at) {
        return values[at] instanceof double[]
                || values[at] instanceof float[]
                || values[at] instanceof long[];
    }

    private double numberAt(int at, int element) {
        Object array = values[at];
        if (array instanceof double[]) {
            return ((double[]) array)[element];
        }
        if (array instanceof float[]) {
            return ((float[]) array)[element];
        }
        if (array instanceof long[]) {
            return ((long[]) array)[element];
        }
        throw new IllegalStateException("output '" + names[at] + "' does not hold numbers");
    }

    private String textAt(int at, int element) {
        if (!(values[at] instanceof byte[][])) {
            throw new IllegalStateException("output '" + names[at] + "' does not hold texts");
        }
        byte[] bytes = ((byte[][]) values[at])[element];
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(java.nio.ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException notText) {
            throw new IllegalStateException("output '" + names[at] + "' is not UTF-8", notText);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Outputs
                && Arrays.equals(names, ((Outputs) other).names)
                && Arrays.deepEquals(values, ((Outputs) other).values);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(names) + Arrays.deepHashCode(values);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < names.length; i++) {
            text.append(i == 0 ? "" : ", ").append(names[i]).append('=');
            text.append(values[i] instanceof byte[][] ? textsOrBytes(i) : arrayText(values[i]));
        }
        return text.toString();
    }

    private String textsOrBytes(int at) {
        byte[][] rows = (byte[][]) values[at];
        String[] shown = new String[rows.length];
        Arrays.setAll(shown, i -> new String(rows[i], StandardCharsets.UTF_8));
        return Arrays.toString(shown);
    }

    private static String arrayText(Object array) {
        String nested = Arrays.deepToString(new Object[] {array});
        return nested.substring(1, nested.length() - 1);
    }
}
