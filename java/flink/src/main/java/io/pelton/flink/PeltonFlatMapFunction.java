package io.pelton.flink;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.metrics.Counter;
import org.apache.flink.util.Collector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * As {@link PeltonMapFunction}, one waiting call a row, but it can leave out the rows that fail:
 * {@link #droppingFailures()} counts them as {@code inference_rows_dropped} and logs each at level
 * warn.
 *
 * <pre>{@code
 * DataStream<double[]> irises = env.fromData(new double[] {5.1, 3.5, 1.4, 0.2});
 * irises.flatMap(PeltonFlatMapFunction.minimal("127.0.0.1:8001", (double[] features) -> features)).print();
 * }</pre>
 *
 * @param <IN> the type of the input
 * @param <OUT> the type of the answer
 */
public final class PeltonFlatMapFunction<IN, OUT> extends RichFlatMapFunction<IN, OUT>
        implements ResultTypeQueryable<OUT> {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(PeltonFlatMapFunction.class);

    private final Caller<IN, OUT> caller;
    private final boolean dropFailures;
    private transient Counter dropped;

    private PeltonFlatMapFunction(Caller<IN, OUT> caller, boolean dropFailures) {
        this.caller = caller;
        this.dropFailures = dropFailures;
    }

    /** As {@link PeltonMapFunction#minimal}. */
    public static <IN> PeltonFlatMapFunction<IN, Double> minimal(
            String endpoint, SerializableFunction<IN, double[]> features) {
        return new PeltonFlatMapFunction<>(Caller.minimal(endpoint, features), false);
    }

    /** As {@link PeltonMapFunction#model}. */
    public static <IN> PeltonFlatMapFunction<IN, Scored<IN>> model(
            String endpoint,
            String model,
            FeatureMapping<IN> features,
            TypeInformation<IN> inputType) {
        return new PeltonFlatMapFunction<>(
                Caller.ofModel(ScoringOptions.oneByOne(endpoint, model), features, inputType),
                false);
    }

    /**
     * The same function, but a row without an answer is left out and counted instead of failing the
     * job.
     */
    public PeltonFlatMapFunction<IN, OUT> droppingFailures() {
        return new PeltonFlatMapFunction<>(caller, true);
    }

    @Override
    public void open(OpenContext context) throws Exception {
        dropped =
                getRuntimeContext()
                        .getMetricGroup()
                        .addGroup(InferenceMetrics.GROUP)
                        .counter("inference_rows_dropped");
        caller.open(getRuntimeContext().getMetricGroup());
    }

    /**
     * Emits the answer for one row.
     *
     * @throws ScoringException if there is none and failures are not dropped; the job fails
     */
    @Override
    public void flatMap(IN input, Collector<OUT> out) throws Exception {
        OUT answer;
        try {
            answer = caller.call(input);
        } catch (ScoringException failed) {
            if (!dropFailures) {
                throw failed;
            }
            dropped.inc();
            LOG.warn("dropped a row: {}", failed.getMessage());
            return;
        }
        out.collect(answer);
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
