package io.pelton.flink;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.Window;
import org.apache.flink.util.Collector;

/**
 * Scores all rows of a keyed window as one batch (of at most 16384 rows; larger windows take
 * several), waiting for the answer.
 *
 * <pre>{@code
 * flights.keyBy(flight -> flight.origin)
 *         .window(TumblingEventTimeWindows.of(Duration.ofMinutes(1)))
 *         .process(new PeltonWindowFunction<Flight, String, TimeWindow>(
 *                 "127.0.0.1:8001", "flights", FeatureMapping.pojo(Flight.class), flights.getType()))
 *         .map(scored -> scored.input().id + " " + scored.label())
 *         .print();
 * }</pre>
 *
 * @param <IN> the type of the input
 * @param <KEY> the type of the key
 * @param <W> the type of the window
 */
public final class PeltonWindowFunction<IN, KEY, W extends Window>
        extends ProcessWindowFunction<IN, Scored<IN>, KEY, W>
        implements ResultTypeQueryable<Scored<IN>> {
    private static final long serialVersionUID = 1L;

    private final WindowScorer<IN> scorer;
    private final TypeInformation<IN> inputType;

    /**
     * A function for one model.
     *
     * @param endpoint the server, as {@code host:port}
     * @param model the model's name
     * @param features how a row becomes its features
     * @param inputType the type of the stream, {@code stream.getType()}
     */
    public PeltonWindowFunction(
            String endpoint,
            String model,
            FeatureMapping<IN> features,
            TypeInformation<IN> inputType) {
        this(new WindowScorer<>(ScoringOptions.windows(endpoint, model), features), inputType);
    }

    private PeltonWindowFunction(WindowScorer<IN> scorer, TypeInformation<IN> inputType) {
        this.scorer = scorer;
        this.inputType = inputType;
    }

    /**
     * The same function, but a row without an answer is left out and counted instead of failing the
     * job.
     */
    public PeltonWindowFunction<IN, KEY, W> droppingFailures() {
        return new PeltonWindowFunction<>(scorer.droppingFailures(), inputType);
    }

    @Override
    public void open(OpenContext context) throws Exception {
        scorer.open(getRuntimeContext().getMetricGroup());
    }

    @Override
    public void process(KEY key, Context context, Iterable<IN> rows, Collector<Scored<IN>> out)
            throws Exception {
        scorer.score(rows, out);
    }

    @Override
    public void close() {
        scorer.close();
    }

    @Override
    public TypeInformation<Scored<IN>> getProducedType() {
        return new ScoredTypeInfo<>(inputType);
    }
}
