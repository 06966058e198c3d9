package io.pelton.flink;

import io.pelton.client.InferResponse;
import io.pelton.client.PeltonException;
import io.pelton.client.Prediction;
import io.pelton.client.RowBatch;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.util.Collector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Scores the rows of a window together, waiting for the answer: what the window functions share. A
 * request that the model refuses is asked again row by row, so that only the rows at fault fail.
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
            boolean rowsAtFault =
                    failure.code() == PeltonException.Code.INVALID_ARGUMENT
                            || failure.code() == PeltonException.Code.INTERNAL;
            if (rowsAtFault && rows.size() > 1) {
                scoreOneByOne(rows, out);
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

    private void scoreOneByOne(List<IN> rows, Collector<Scored<IN>> out)
            throws InterruptedException {
        for (IN row : rows) {
            Prediction prediction;
            try {
                prediction = engine.submit(row).get();
            } catch (ExecutionException failed) {
                failed(row, PeltonException.of(failed));
                continue;
            }
            out.collect(Scored.of(row, prediction));
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
