package io.pelton.flink;

import io.pelton.client.PeltonException;
import io.pelton.client.Prediction;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
import org.apache.flink.streaming.api.functions.async.RichAsyncFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Scores rows inside Flink's asynchronous operator, and applies the failure policy. It never blocks
 * the task's thread after {@code open}, and keeps no state: rows in flight are part of the
 * operator's.
 *
 * @param <IN> the type of the input
 * @param <R> what the operator emits
 */
final class ScoringFunction<IN, R> extends RichAsyncFunction<IN, R> {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(ScoringFunction.class);

    private final ScoringOptions options;
    private final FeatureMapping<IN> mapping;
    private final PredictionFunction<IN, R> onSuccess;

    /** Null unless failures leave as data. */
    private final SerializableFunction<Failure<IN>, R> onFailure;

    private transient InferenceEngine<IN> engine;
    private transient volatile boolean closed;

    ScoringFunction(
            ScoringOptions options,
            FeatureMapping<IN> mapping,
            PredictionFunction<IN, R> onSuccess,
            SerializableFunction<Failure<IN>, R> onFailure) {
        this.options = options;
        this.mapping = mapping;
        this.onSuccess = onSuccess;
        this.onFailure = onFailure;
    }

    @Override
    public void open(OpenContext context) throws Exception {
        engine = InferenceEngine.open(options, mapping, getRuntimeContext().getMetricGroup());
    }

    @Override
    public void asyncInvoke(IN input, ResultFuture<R> result) {
        engine.submit(input)
                .whenComplete(
                        (prediction, thrown) -> {
                            try {
                                complete(input, prediction, thrown, result);
                            } catch (RejectedExecutionException gone) {
                                LOG.debug("an answer came after the task had ended");
                            } catch (Throwable broken) {
                                result.completeExceptionally(broken);
                            }
                        });
    }

    /** Only a backstop: the client's own deadline is earlier. */
    @Override
    public void timeout(IN input, ResultFuture<R> result) {
        fail(
                input,
                new PeltonException(
                        PeltonException.Code.DEADLINE_EXCEEDED,
                        "no answer in " + options.flinkTimeoutMs() + " ms"),
                result);
    }

    @Override
    public void close() {
        closed = true;
        if (engine != null) {
            engine.close();
            engine = null;
        }
    }

    private void complete(
            IN input, Prediction prediction, Throwable thrown, ResultFuture<R> result) {
        if (closed) {
            return;
        }
        if (thrown != null) {
            fail(input, PeltonException.of(thrown), result);
        } else {
            // the supplier runs in the task's thread, so the user's function needs no care
            result.complete(() -> listOf(onSuccess.map(input, prediction)));
        }
    }

    private void fail(IN input, PeltonException failure, ResultFuture<R> result) {
        switch (options.failurePolicy) {
            case DROP:
                LOG.debug("dropped a row: {}", failure.toString());
                result.complete(List.of());
                break;
            case SIDE_OUTPUT:
                String message = String.valueOf(failure.getMessage());
                Failure<IN> data =
                        new Failure<>(input, failure.code().name(), message, options.model);
                result.complete(List.of(onFailure.apply(data)));
                break;
            default:
                result.completeExceptionally(ScoringException.ofRow(options.model, input, failure));
        }
    }

    private static <T> List<T> listOf(T value) {
        return value == null ? List.of() : List.of(value);
    }
}
