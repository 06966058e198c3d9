package io.pelton.flink;

import io.pelton.client.InferResponse;
import io.pelton.client.PeltonException;
import io.pelton.client.Prediction;
import io.pelton.client.RowBatch;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.util.Collector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Scores the rows of a window together, waiting for the answer: what the window functions share. A
 * request that the model refuses, or that is too large for the server, is asked again in parts, so
 * that only the rows at fault fail.
 *
 * @param <IN> the type of the input
 */
final class WindowScorer<IN> implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(WindowScorer.class);

    private final ScoringOptions options;
    private final FeatureMapping<IN> features;
    private transient InferenceEngine<IN> engine;
    private transient Counter dropped;

    WindowScorer(ScoringOptions options, FeatureMapping<IN> features) {
        this.options = options;
        this.features = features;
    }

    WindowScorer<IN> droppingFailures() {
        ScoringOptions dropping = options.copy();
        dropping.failurePolicy = FailurePolicy.DROP;
        return new WindowScorer<>(dropping, features);
    }

    void open(MetricGroup metrics) throws Exception {
        dropped = metrics.addGroup(InferenceMetrics.GROUP).counter("inference_rows_dropped");
        engine = InferenceEngine.open(options, features, metrics);
    }

    /** Emits a result for each row, in the window's order. */
    void score(Iterable<IN> window, Collector<Scored<IN>> out) throws InterruptedException {
        List<IN> rows = new ArrayList<>();
        RowBatch batch = engine.newBatch();
        for (IN row : window) {
            try {
                engine.addTo(batch, row);
            } catch (PeltonException unwritable) {
                failed(row, unwritable);
                continue;
            }
            rows.add(row);
            if (rows.size() == options.maxBatchRows) {
                scoreTogether(rows, batch, out);
                rows = new ArrayList<>();
                batch = engine.newBatch();
            }
        }
        if (!rows.isEmpty()) {
            scoreTogether(rows, batch, out);
        }
    }

    private void scoreTogether(List<IN> rows, RowBatch batch, Collector<Scored<IN>> out)
            throws InterruptedException {
        InferResponse answer;
        try {
            answer = engine.submitTogether(batch).get();
        } catch (ExecutionException failed) {
            PeltonException failure = PeltonException.of(failed);
            if (partMaySucceed(failure) && rows.size() > 1) {
                scoreInParts(rows, out);
            } else {
                for (IN row : rows) {
                    failed(row, failure);
                }
            }
            return;
        }
        for (int i = 0; i < rows.size(); i++) {
            out.collect(Scored.of(rows.get(i), answer.prediction(i)));
        }
    }

    /** Whether a row is at fault, or their number: the request is too large for the server. */
    private static boolean partMaySucceed(PeltonException failure) {
        switch (failure.code()) {
            case INVALID_ARGUMENT:
            case INTERNAL:
            case UNKNOWN:
            case OUT_OF_RANGE:
                return true;
            case RESOURCE_EXHAUSTED:
                return !failure.isRetryable();
            default:
                return false;
        }
    }

    /** Leaves it to the batcher to find the rows at fault, by few calls of a bounded size. */
    private void scoreInParts(List<IN> rows, Collector<Scored<IN>> out)
            throws InterruptedException {
        List<CompletableFuture<Prediction>> answers = new ArrayList<>(rows.size());
        for (IN row : rows) {
            answers.add(engine.submit(row));
        }
        for (int i = 0; i < answers.size(); i++) {
            Prediction prediction;
            try {
                prediction = answers.get(i).get();
            } catch (ExecutionException failed) {
                failed(rows.get(i), PeltonException.of(failed));
                continue;
            }
            out.collect(Scored.of(rows.get(i), prediction));
        }
    }

    private void failed(IN row, PeltonException failure) {
        ScoringException failed = ScoringException.ofRow(options.model, row, failure);
        if (options.failurePolicy != FailurePolicy.DROP) {
            throw failed;
        }
        dropped.inc();
        LOG.warn("dropped a row: {}", failed.getMessage());
    }

    void close() {
        if (engine != null) {
            engine.close();
            engine = null;
        }
    }
}
