package io.pelton.flink;

import java.util.List;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/**
 * The features or outputs of a job do not fit the model: every wrong one is named at once.
 *
 * <p>Flink does not restart a job that fails with it: the same features would meet the same model
 * again.
 *
 * <pre>
 * the job does not fit model 'flights':
 *   column 'carrier' (BYTES) is missing
 *   column 'dep_delay' takes FP64, the feature is String
 *   feature 'weekday' is no column of the model
 * the model takes: carrier (BYTES), dep_delay (FP64)
 * </pre>
 */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class SchemaMismatchException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * A mismatch.
     *
     * @param model the model's name
     * @param problems each wrong column, in words
     * @param takes what the model takes, in words
     */
    public SchemaMismatchException(String model, List<String> problems, String takes) {
        super(
                "the job does not fit model '"
                        + model
                        + "':\n  "
                        + String.join("\n  ", problems)
                        + "\nthe model takes: "
                        + takes);
    }
}
