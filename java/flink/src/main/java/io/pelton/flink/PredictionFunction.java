package io.pelton.flink;

import io.pelton.client.Prediction;
import java.io.Serializable;
import org.apache.flink.api.common.functions.Function;

/**
 * Makes a result of one's own from an input and its prediction; runs in the task's thread, once a
 * row.
 *
 * <pre>{@code
 * DataStream<Delay> delays =
 *         Pelton.score(flights).endpoints("127.0.0.1:8001").model("flights")
 *                 .features(FeatureMapping.pojo(Flight.class))
 *                 .outputs("predict_proba")
 *                 .map((flight, prediction) -> new Delay(flight.id, prediction.getDouble("predict_proba", 1)));
 * }</pre>
 *
 * @param <IN> the type of the input
 * @param <OUT> the type of the result
 */
@FunctionalInterface
public interface PredictionFunction<IN, OUT> extends Function, Serializable {
    /**
     * The result for one row.
     *
     * @param input the row as it came in
     * @param prediction what the model answered for it
     * @return the result; null leaves the row out
     * @throws Exception whatever is thrown fails the job, as in any Flink function
     */
    OUT map(IN input, Prediction prediction) throws Exception;
}
