package io.pelton.flink;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.streaming.api.functions.windowing.ProcessAllWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.Window;
import org.apache.flink.util.Collector;

/**
 * Scores all rows of a window over the whole stream as one batch (of at most 16384 rows; larger
 * windows take several), waiting for the answer.
 *
 * <pre>{@code
 * flights.windowAll(TumblingEventTimeWindows.of(Duration.ofMinutes(1)))
 *         .process(new PeltonAllWindowFunction<Flight, TimeWindow>(
 *                 "127.0.0.1:8001", "flights", FeatureMapping.pojo(Flight.class), flights.getType()))
 *         .map(scored -> scored.input().id + " " + scored.label())
 *         .print();
 * }</pre>
 *
 * @param <IN> the type of the input
 * @param <W> the type of the window
 */
public final class PeltonAllWindowFunction<IN, W extends Window>
        extends ProcessAllWindowFunction<IN, Scored<IN>, W>
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
    public PeltonAllWindowFunction(
            String endpoint,
            String model,
            FeatureMapping<IN> features,
            TypeInformation<IN> inputType) {
        this(new WindowScorer<>(ScoringOptions.windows(endpoint, model), features), inputType);
    }

    private PeltonAllWindowFunction(WindowScorer<IN> scorer, TypeInformation<IN> inputType) {
        this.scorer = scorer;
        this.inputType = inputType;
    }

    /**
     * The same function, but a row without an answer is left out and counted instead of failing the
     * job.
     */
    public PeltonAllWindowFunction<IN, W> droppingFailures() {
        return new PeltonAllWindowFunction<>(scorer.droppingFailures(), inputType);
    }

    @Override
    public void open(OpenContext context) throws Exception {
        scorer.open(getRuntimeContext().getMetricGroup());
    }

    @Override
    public void process(Context context, Iterable<IN> rows, Collector<Scored<IN>> out)
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
