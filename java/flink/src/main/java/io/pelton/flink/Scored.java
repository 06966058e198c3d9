package io.pelton.flink;

import io.pelton.client.Prediction;
import java.util.List;
import java.util.Objects;
import org.apache.flink.api.common.typeinfo.TypeInfo;

/**
 * An input with what the model answered for it, and which version of the model did. Immutable, with
 * a Flink type of its own ({@link ScoredTypeInfo}), so it is sent and stored without Kryo wherever
 * the input is.
 *
 * <pre>{@code
 * DataStream<Scored<Flight>> scored =
 *         Pelton.score(flights).endpoints("127.0.0.1:8001").model("flights")
 *                 .features(FeatureMapping.pojo(Flight.class))
 *                 .outputs("predict", "predict_proba")
 *                 .apply();
 *
 * scored.map(s -> s.input().id + ": " + s.label() + " " + s.score() + " by version " + s.modelVersion()).print();
 * }</pre>
 *
 * @param <IN> the type of the input
 */
@TypeInfo(ScoredTypeInfo.Factory.class)
public final class Scored<IN> {
    private final IN input;
    private final String modelName;
    private final String modelVersion;
    private final Outputs outputs;

    Scored(IN input, String modelName, String modelVersion, Outputs outputs) {
        this.input = input;
        this.modelName = modelName;
        this.modelVersion = modelVersion;
        this.outputs = outputs;
    }

    /** Takes this row's values out of its batch's answer, which is then free to go. */
    static <IN> Scored<IN> of(IN input, Prediction prediction) {
        return new Scored<>(
                input, prediction.modelName(), prediction.modelVersion(), Outputs.of(prediction));
    }

    /** The row as it came in. */
    public IN input() {
        return input;
    }

    /** The model that answered. */
    public String modelName() {
        return modelName;
    }

    /** The version of the model that answered; empty if the server does not say. */
    public String modelVersion() {
        return modelVersion;
    }

    /** The names of the outputs, in the server's order. */
    public List<String> outputNames() {
        return outputs.names();
    }

    /**
     * The one number most jobs want: of {@code predict_proba} with two classes the probability of
     * the second; else the only number of the answer.
     *
     * @throws IllegalStateException if the answer has no such number or several; then take {@link
     *     #doubles(String)}
     */
    public double score() {
        return outputs.score();
    }

    /**
     * The output {@code predict}, as what it is: {@code Long}, {@code Double}, {@code Float},
     * {@code Boolean} or {@code String}.
     *
     * @throws IllegalArgumentException if it was not asked for
     */
    public Object label() {
        return value("predict");
    }

    /**
     * An output of one value a row, as what it is.
     *
     * @throws IllegalArgumentException if there is no such output
     * @throws IllegalStateException if it has several values a row
     */
    public Object value(String output) {
        return outputs.value(output);
    }

    /** An output of one number a row; as {@link #value(String)}. */
    public double number(String output) {
        return outputs.number(output);
    }

    /** An output of one text a row; as {@link #value(String)}. */
    public String text(String output) {
        return outputs.text(output);
    }

    /**
     * All numbers an output has for this row, such as the probability of every class.
     *
     * @return a new array
     */
    public double[] doubles(String output) {
        return outputs.doubles(output);
    }

    /**
     * All texts an output has for this row.
     *
     * @return a new array
     */
    public String[] texts(String output) {
        return outputs.texts(output);
    }

    Outputs outputs() {
        return outputs;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof Scored)) {
            return false;
        }
        Scored<?> that = (Scored<?>) other;
        return Objects.deepEquals(input, that.input)
                && modelName.equals(that.modelName)
                && modelVersion.equals(that.modelVersion)
                && outputs.equals(that.outputs);
    }

    @Override
    public int hashCode() {
        return Objects.hash(modelName, modelVersion, outputs);
    }

    @Override
    public String toString() {
        return "Scored{"
                + outputs
                + ", model="
                + modelName
                + ":"
                + modelVersion
                + ", input="
                + Inputs.summary(input)
                + "}";
    }
}
