package io.pelton.flink;

import io.pelton.client.InferRequest;
import io.pelton.client.InferResponse;
import io.pelton.client.MicroBatcher;
import io.pelton.client.ModelMetadata;
import io.pelton.client.PeltonClient;
import io.pelton.client.PeltonException;
import io.pelton.client.Prediction;
import io.pelton.client.RowBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.flink.metrics.MetricGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One task's way to its model, whatever kind of function asks: opens the client, checks the schema,
 * batches rows. It never blocks after {@link #open}, and decides nothing about failures.
 *
 * @param <IN> the type of the input
 */
final class InferenceEngine<IN> implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(InferenceEngine.class);
    private static final long FIRST_PAUSE_MS = 100;
    private static final long LONGEST_PAUSE_MS = 2_000;

    private final ScoringOptions options;
    private final PeltonClient client;
    private final MicroBatcher batcher;
    private final BoundFeatures<IN> features;
    private final InferenceMetrics metrics;

    private InferenceEngine(
            ScoringOptions options,
            PeltonClient client,
            MicroBatcher batcher,
            BoundFeatures<IN> features,
            InferenceMetrics metrics) {
        this.options = options;
        this.client = client;
        this.batcher = batcher;
        this.features = features;
        this.metrics = metrics;
    }

    /**
     * Connects, waiting up to the open timeout for the server to answer, and checks features and
     * outputs.
     *
     * @throws SchemaMismatchException if they do not fit the model
     * @throws ScoringException if the server does not answer in time, or does not know the model
     */
    static <IN> InferenceEngine<IN> open(
            ScoringOptions options, FeatureMapping<IN> mapping, MetricGroup group)
            throws InterruptedException {
        PeltonClient client = options.newClient();
        try {
            ModelMetadata model = awaitModel(client, options);
            BoundFeatures<IN> features = mapping.bind(model);
            checkOutputs(options, model);
            InferenceMetrics metrics = new InferenceMetrics(group);
            MicroBatcher batcher =
                    options.newBatcher(client, features.schema()).listener(metrics).build();
            LOG.info("scoring with {} at {}: {}", model, options.endpoints, features.schema());
            return new InferenceEngine<>(options, client, batcher, features, metrics);
        } catch (Throwable failed) {
            client.close();
            throw failed;
        }
    }

    /** Adds a row to the next batch. The future may complete on a thread of the client. */
    CompletableFuture<Prediction> submit(IN input) {
        long since = System.nanoTime();
        metrics.rowsSubmitted(1);
        CompletableFuture<Prediction> answer = batcher.submit(row -> features.write(input, row));
        answer.whenComplete(
                (prediction, thrown) -> {
                    if (thrown == null) {
                        metrics.rowsAnswered(1, since);
                    } else {
                        metrics.rowsFailed(1, PeltonException.of(thrown).code(), since);
                    }
                });
        return answer;
    }

    /** An empty batch, for callers that gather rows themselves. */
    RowBatch newBatch() {
        return RowBatch.of(features.schema());
    }

    /**
     * Adds a row to a batch.
     *
     * @throws PeltonException if the row cannot be written; the batch is as it was
     */
    void addTo(RowBatch batch, IN input) {
        batch.add(row -> features.write(input, row));
    }

    /** Sends a batch as one request. The answer has as many rows. */
    CompletableFuture<InferResponse> submitTogether(RowBatch batch) {
        int rows = batch.rows();
        long since = System.nanoTime();
        metrics.rowsSubmitted(rows);
        metrics.onBatchSent(rows, batch.byteSize(), 0);
        InferRequest request =
                InferRequest.builder(options.model)
                        .version(options.version)
                        .rows(batch)
                        .output(options.outputs.toArray(new String[0]))
                        .build();
        return client.infer(request)
                .thenApply(answer -> complete(answer, rows))
                .whenComplete((answer, thrown) -> metrics.requestAnswered(rows, thrown, since));
    }

    private static InferResponse complete(InferResponse answer, int rows) {
        if (answer.rows() != rows) {
            throw new PeltonException(
                    PeltonException.Code.INTERNAL,
                    "asked for " + rows + " rows, the answer has " + answer.rows());
        }
        return answer;
    }

    /** Fails what is in flight and ends the client's threads. */
    @Override
    public void close() {
        try {
            batcher.close();
        } finally {
            client.close();
        }
    }

    private static ModelMetadata awaitModel(PeltonClient client, ScoringOptions options)
            throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(options.openTimeoutMs);
        long pauseMs = FIRST_PAUSE_MS;
        while (true) {
            PeltonException failure = null;
            CompletableFuture<ModelMetadata> asked =
                    client.metadata(options.model, options.version);
            try {
                return asked.get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
            } catch (ExecutionException failed) {
                failure = PeltonException.of(failed);
            } catch (TimeoutException late) {
                asked.cancel(true);
                failure =
                        new PeltonException(
                                PeltonException.Code.DEADLINE_EXCEEDED,
                                "no answer about the model in " + options.openTimeoutMs + " ms");
            }
            boolean mayPass =
                    failure.isRetryable()
                            || failure.code() == PeltonException.Code.DEADLINE_EXCEEDED;
            long leftMs = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (!mayPass || leftMs <= 0) {
                throw ScoringException.atOpen(options, failure);
            }
            LOG.info(
                    "model '{}' at {} is not there yet: {}",
                    options.model,
                    options.endpoints,
                    failure.getMessage());
            Thread.sleep(Math.min(pauseMs, leftMs));
            pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
        }
    }

    private static void checkOutputs(ScoringOptions options, ModelMetadata model) {
        if (model.outputs().isEmpty()) {
            return;
        }
        String known =
                model.outputs().stream()
                        .map(output -> output.name())
                        .collect(Collectors.joining(", "));
        List<String> problems = new ArrayList<>();
        for (String output : options.outputs) {
            if (model.output(output).isEmpty()) {
                problems.add("there is no output '" + output + "', the model gives " + known);
            }
        }
        if (!problems.isEmpty()) {
            throw new SchemaMismatchException(model.name(), problems, model.inputs().toString());
        }
    }
}
