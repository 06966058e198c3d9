package io.pelton.flink;

import io.pelton.client.PeltonException;

/**
 * A row, or a task that opens, got no answer from its model. Under {@link FailurePolicy#FAIL} it
 * fails the job.
 *
 * <pre>
 * model 'flights' gave no prediction: INVALID_ARGUMENT: column 'dep_delay' ... (input: Flight{id=7, ...})
 * </pre>
 */
public final class ScoringException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String code;

    private ScoringException(String message, PeltonException cause) {
        super(message, cause);
        this.code = cause.code().name();
    }

    static ScoringException ofRow(String model, Object input, PeltonException failure) {
        return new ScoringException(
                "model '"
                        + model
                        + "' gave no prediction: "
                        + failure.code()
                        + ": "
                        + failure.getMessage()
                        + " (input: "
                        + Inputs.summary(input)
                        + ")",
                failure);
    }

    static ScoringException atOpen(ScoringOptions options, PeltonException failure) {
        String version = options.version.isEmpty() ? "" : " version '" + options.version + "'";
        return new ScoringException(
                "model '"
                        + options.model
                        + "'"
                        + version
                        + " is not to be had at "
                        + options.endpoints
                        + ": "
                        + failure.code()
                        + ": "
                        + failure.getMessage()
                        + "; is the server up, and does it serve this model?",
                failure);
    }

    /** The gRPC status code by name, such as {@code UNAVAILABLE}. */
    public String code() {
        return code;
    }
}
