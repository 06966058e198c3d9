// Rows to one model, and its answer checked against them; what a failure means is the caller's.
package io.pelton.client;

import io.pelton.client.wire.inference.ModelInferRequest;
import io.pelton.client.wire.inference.ModelInferResponse;
import java.util.List;

final class RowCalls {
    private final Connection connection;
    private final ModelInferRequest target;
    private final List<String> outputs;

    RowCalls(Connection connection, String model, String version, List<String> outputs) {
        this.connection = connection;
        this.outputs = List.copyOf(outputs);
        this.target = Wire.target(model, version, this.outputs).build();
    }

    /**
     * A call with these rows that {@link #start} makes; they must not change until it has ended.
     */
    RetryingCall<ModelInferRequest, ModelInferResponse> prepare(
            RowBuffers rows, long timeoutNanos, RetryingCall.Outcome<ModelInferResponse> outcome) {
        ModelInferRequest request = Wire.rows(target, rows);
        return connection.prepare(WireMethods.MODEL_INFER, request, timeoutNanos, outcome);
    }

    void start(RetryingCall<ModelInferRequest, ModelInferResponse> call) {
        connection.start(call);
    }

    /**
     * Reads the answer to {@code rows} rows.
     *
     * @throws PeltonException INTERNAL if it has not every output asked for, each of as many rows
     */
    InferResponse read(ModelInferResponse answer, int rows, int attempts, long latencyNanos) {
        try {
            InferResponse response = Wire.response(answer, attempts, latencyNanos);
            check(response, rows, attempts);
            return response;
        } catch (PeltonException e) {
            throw e;
        } catch (RuntimeException | OutOfMemoryError e) {
            throw Wire.malformed(e.toString(), attempts, e);
        }
    }

    private void check(InferResponse response, int rows, int attempts) {
        for (String output : outputs) {
            if (response.indexOf(output) < 0) {
                throw Wire.malformed("output '" + output + "' is missing", attempts, null);
            }
        }
        if (response.outputs().isEmpty()) {
            throw Wire.malformed("no output", attempts, null);
        }
        for (Tensor output : response.outputs()) {
            long answered = output.dimensions() == 0 ? 1 : output.size(0);
            if (output.dimensions() == 0 || answered != rows) {
                throw Wire.malformed(
                        String.format(
                                "output '%s' has %d rows for %d sent",
                                output.name(), answered, rows),
                        attempts,
                        null);
            }
        }
    }
}
