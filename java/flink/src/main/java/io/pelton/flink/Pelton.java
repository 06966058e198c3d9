package io.pelton.flink;

import org.apache.flink.streaming.api.datastream.DataStream;

/**
 * The entry point: scores a stream with a model on a server of the Open Inference Protocol v2.
 *
 * <pre>{@code
 * StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
 * DataStream<Flight> flights = env.fromSource(source, watermarks, "flights");
 *
 * DataStream<Scored<Flight>> scored =
 *         Pelton.score(flights)
 *                 .endpoints("127.0.0.1:8001")
 *                 .model("flights")
 *                 .features(FeatureMapping.pojo(Flight.class))
 *                 .outputs("predict_proba")
 *                 .apply();
 *
 * scored.map(s -> s.input().id + " is late with probability " + s.score()).print();
 * env.execute("flights");
 * }</pre>
 */
public final class Pelton {
    private Pelton() {}

    /**
     * Starts to describe how {@code stream} is scored; nothing happens before {@link
     * Scoring#apply()} or {@link Scoring#map}.
     *
     * @param stream the rows to score
     * @param <IN> the type of a row
     */
    public static <IN> Scoring<IN> score(DataStream<IN> stream) {
        return new Scoring<>(stream);
    }
}
