package io.pelton.flink;

import io.pelton.client.MicroBatcher;
import io.pelton.client.PeltonClient;
import io.pelton.client.RetryPolicy;
import io.pelton.client.RowSchema;
import java.io.Serializable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Everything that is configured about scoring, as it travels with the job, and the client made of
 * it. It holds no connection.
 */
final class ScoringOptions implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Watermarks take places of Flink's queue too. */
    private static final int WATERMARK_ROOM = 64;

    /** Between the client's deadline and Flink's, so that the client always answers first. */
    private static final long FLINK_MARGIN_MS = 5_000;

    private static final int LARGEST_WINDOW_REQUEST_ROWS = 16_384;

    List<String> endpoints = List.of();
    String model = "";
    String version = "";
    List<String> outputs = List.of();
    FailurePolicy failurePolicy = FailurePolicy.FAIL;
    int capacity;
    int maxBatchRows = 512;
    int maxBatchesInFlight = 2;
    long timeoutMs = 30_000;
    long openTimeoutMs = 60_000;
    boolean tls;
    String authoritiesPem;
    String certificatePem;
    String keyPem;
    String bearerToken;

    /** Refuses what is incomplete, while the job is put together. */
    void check() {
        if (endpoints.isEmpty()) {
            throw new IllegalArgumentException(
                    "no endpoints given, name a server with endpoints(\"host:port\")");
        }
        if (model.isEmpty()) {
            throw new IllegalArgumentException("no model given, name it with model(...)");
        }
        // the client's own check of the endpoints, before the job travels
        clientBuilder(false).build().close();
    }

    /** For a function that asks for one row after the other. */
    static ScoringOptions oneByOne(String endpoint, String model) {
        ScoringOptions options = new ScoringOptions();
        options.endpoints = List.of(endpoint);
        options.model = model;
        options.maxBatchRows = 1;
        options.maxBatchesInFlight = 1;
        options.check();
        return options;
    }

    /** For a function that asks for the rows of a window together. */
    static ScoringOptions windows(String endpoint, String model) {
        ScoringOptions options = oneByOne(endpoint, model);
        options.maxBatchRows = LARGEST_WINDOW_REQUEST_ROWS;
        return options;
    }

    ScoringOptions copy() {
        ScoringOptions copy = new ScoringOptions();
        copy.endpoints = endpoints;
        copy.model = model;
        copy.version = version;
        copy.outputs = outputs;
        copy.failurePolicy = failurePolicy;
        copy.capacity = capacity;
        copy.maxBatchRows = maxBatchRows;
        copy.maxBatchesInFlight = maxBatchesInFlight;
        copy.timeoutMs = timeoutMs;
        copy.openTimeoutMs = openTimeoutMs;
        copy.tls = tls;
        copy.authoritiesPem = authoritiesPem;
        copy.certificatePem = certificatePem;
        copy.keyPem = keyPem;
        copy.bearerToken = bearerToken;
        return copy;
    }

    int capacity() {
        if (capacity > 0) {
            return capacity;
        }
        long rows = (maxBatchesInFlight + 1L) * maxBatchRows + WATERMARK_ROOM;
        return (int) Math.min(rows, Integer.MAX_VALUE - 8);
    }

    /** Flink's timeout: a backstop that a healthy client never lets happen. */
    long flinkTimeoutMs() {
        return timeoutMs + FLINK_MARGIN_MS;
    }

    PeltonClient newClient() {
        return clientBuilder(tls).build();
    }

    private PeltonClient.Builder clientBuilder(boolean encrypted) {
        PeltonClient.Builder builder =
                PeltonClient.builder()
                        .endpoints(endpoints.toArray(new String[0]))
                        .callTimeout(Duration.ofMillis(timeoutMs))
                        // the deadline ends the attempts, not their number: a server may take a
                        // while to come back
                        .retry(RetryPolicy.builder().maxAttempts(Integer.MAX_VALUE).build());
        if (encrypted) {
            if (authoritiesPem == null) {
                builder.tls();
            } else {
                builder.tls(Path.of(authoritiesPem));
            }
            if (certificatePem != null) {
                builder.clientCertificate(Path.of(certificatePem), Path.of(keyPem));
            }
        }
        return bearerToken == null ? builder : builder.bearerToken(bearerToken);
    }

    MicroBatcher.Builder newBatcher(PeltonClient client, RowSchema schema) {
        return client.batcher(model)
                .version(version)
                .schema(schema)
                .outputs(outputs.toArray(new String[0]))
                .maxBatchRows(Math.min(maxBatchRows, capacity()))
                .maxBatchesInFlight(maxBatchesInFlight)
                // Flink holds the stream back at its capacity, so this queue never refuses a row,
                // however large the rows are
                .maxQueuedRows(Math.min(capacity(), Integer.MAX_VALUE - 1) + 1)
                .maxQueuedBytes(Long.MAX_VALUE)
                .timeout(Duration.ofMillis(timeoutMs));
    }
}
