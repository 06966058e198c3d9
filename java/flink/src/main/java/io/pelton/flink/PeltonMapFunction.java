package io.pelton.flink;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;

/**
 * Scores one row after the other, waiting for each answer: the simplest thing that works, and a
 * slow one. Each row costs a round trip, during which the task does nothing else; {@link
 * Pelton#score} has many rows in flight and is the right choice for anything but a first try.
 *
 * <pre>{@code
 * // the minimal contract: features in, a number out, for the one model the server names
 * DataStream<double[]> irises = env.fromData(new double[] {5.1, 3.5, 1.4, 0.2});
 * irises.map(PeltonMapFunction.minimal("127.0.0.1:8001", features -> features)).print();
 *
 * // a named model with named features
 * flights.map(PeltonMapFunction.model("127.0.0.1:8001", "flights", FeatureMapping.pojo(Flight.class), flights.getType()))
 *         .map(scored -> scored.input().id + " " + scored.label())
 *         .print();
 * }</pre>
 *
 * @param <IN> the type of the input
 * @param <OUT> the type of the answer
 */
public final class PeltonMapFunction<IN, OUT> extends RichMapFunction<IN, OUT>
        implements ResultTypeQueryable<OUT> {
    private static final long serialVersionUID = 1L;

    private final Caller<IN, OUT> caller;

    private PeltonMapFunction(Caller<IN, OUT> caller) {
        this.caller = caller;
    }

    /**
     * Asks {@code prediction.PredictionService/Predict}.
     *
     * @param endpoint the server, as {@code host:port}
     * @param features a row's numbers, in the model's order
     */
    public static <IN> PeltonMapFunction<IN, Double> minimal(
            String endpoint, SerializableFunction<IN, double[]> features) {
        return new PeltonMapFunction<>(Caller.minimal(endpoint, features));
    }

    /**
     * Asks a model by the Open Inference Protocol, for its default outputs.
     *
     * @param endpoint the server, as {@code host:port}
     * @param model the model's name
     * @param features how a row becomes its features
     * @param inputType the type of the stream, {@code stream.getType()}
     */
    public static <IN> PeltonMapFunction<IN, Scored<IN>> model(
            String endpoint,
            String model,
            FeatureMapping<IN> features,
            TypeInformation<IN> inputType) {
        return new PeltonMapFunction<>(
                Caller.ofModel(ScoringOptions.oneByOne(endpoint, model), features, inputType));
    }

    @Override
    public void open(OpenContext context) throws Exception {
        caller.open(getRuntimeContext().getMetricGroup());
    }

    /**
     * The answer for one row.
     *
     * @throws ScoringException if there is none; the job fails
     */
    @Override
    public OUT map(IN input) throws Exception {
        return caller.call(input);
    }

    @Override
    public void close() {
        caller.close();
    }

    @Override
    public TypeInformation<OUT> getProducedType() {
        return caller.resultType();
    }
}
