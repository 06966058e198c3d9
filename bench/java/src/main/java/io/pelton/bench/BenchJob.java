package io.pelton.bench;

import io.pelton.flink.FeatureMapping;
import io.pelton.flink.Pelton;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.async.AsyncFunction;

/**
 * The same job three ways: source, scoring, sink, one task, as fast as it goes. The source is held
 * back by the scoring, so a row's latency begins when the source may hand it over.
 *
 * <p>Usage: {@code java -jar bench-job.jar WAY ENDPOINT SERVER_PID WARM_UP_ROWS ROWS CASES OUTPUT},
 * where WAY is
 *
 * <ul>
 *   <li>{@code ceiling}: an AsyncFunction that completes at once, ENDPOINT is {@code -}
 *   <li>{@code blocking}: one waiting {@code Predict} call a row
 *   <li>{@code pelton}: the connector, with its defaults
 * </ul>
 */
public final class BenchJob {
    /** As many as the connector's default allows, for the ceiling. */
    private static final int CAPACITY = 1_600;

    private BenchJob() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 7) {
            System.err.println(
                    "usage: bench-job.jar WAY ENDPOINT SERVER_PID WARM_UP_ROWS ROWS CASES OUTPUT");
            System.exit(2);
        }
        String way = arguments[0];
        int warmUpRows = Integer.parseInt(arguments[3]);
        int rows = Integer.parseInt(arguments[4]);
        Cases cases = Cases.read(Path.of(arguments[5]));
        Meter.prepare(warmUpRows, rows, Long.parseLong(arguments[2]));

        Configuration configuration = new Configuration();
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.createLocalEnvironment(1, configuration);
        DataStream<Item> items =
                env.fromSequence(0, (long) warmUpRows + rows - 1)
                        .map(new Entering(cases))
                        .returns(Item.class);
        score(way, items, arguments[1], cases.columns())
                .sinkTo(new MeteringSink(cases, !way.equals("ceiling")));
        env.execute("bench " + way);
        Files.writeString(Path.of(arguments[6]), Meter.report(way));
    }

    private static DataStream<Answer> score(
            String way, DataStream<Item> items, String endpoint, int columns) {
        switch (way) {
            case "ceiling":
                AsyncFunction<Item, Answer> nothing =
                        (item, result) ->
                                result.complete(
                                        Collections.singleton(new Answer(item, Double.NaN)));
                return AsyncDataStream.unorderedWait(items, nothing, 30, TimeUnit.SECONDS, CAPACITY)
                        .returns(Answer.class);
            case "blocking":
                return items.flatMap(new BlockingPredict(endpoint)).returns(Answer.class);
            case "pelton":
                return Pelton.score(items)
                        .endpoints(endpoint)
                        .model("lr")
                        .features(mapping(columns))
                        .map((item, prediction) -> new Answer(item, prediction.getDouble(0)))
                        .returns(Answer.class);
            default:
                throw new IllegalArgumentException("'" + way + "' is no way to score");
        }
    }

    private static FeatureMapping<Item> mapping(int columns) {
        FeatureMapping.Builder<Item> builder = FeatureMapping.builder();
        for (int column = 0; column < columns; column++) {
            int index = column;
            builder.number("feature " + index, item -> item.features[index]);
        }
        return builder.build();
    }

    /** Turns the sequence into cases, and stamps them. */
    private static final class Entering implements MapFunction<Long, Item> {
        private static final long serialVersionUID = 1L;

        private final Cases cases;

        Entering(Cases cases) {
            this.cases = cases;
        }

        @Override
        public Item map(Long number) {
            int row = (int) (number % cases.rows());
            return new Item(row, System.nanoTime(), cases.features(row));
        }
    }
}
