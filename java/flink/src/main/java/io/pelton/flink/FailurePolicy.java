package io.pelton.flink;

/**
 * What becomes of a row that got no prediction: the model refused it, its deadline passed, or the
 * server was lost.
 *
 * <p>A wrong configuration (unknown model, columns that do not fit) always fails the job when it
 * starts, whatever the policy is; the policy speaks of single rows.
 *
 * <pre>{@code
 * OutputTag<Failure<Flight>> failed = Failure.tag("unscored", flights.getType());
 * SingleOutputStreamOperator<Scored<Flight>> scored =
 *         Pelton.score(flights).endpoints("127.0.0.1:8001").model("flights")
 *                 .features(FeatureMapping.pojo(Flight.class))
 *                 .failuresTo(failed)
 *                 .unordered().apply();
 * scored.getSideOutput(failed).sinkTo(deadLetters);
 * }</pre>
 */
public enum FailurePolicy {
    /**
     * The job fails, and Flink's restart strategy decides what happens next. The default: nothing
     * is lost silently.
     */
    FAIL,
    /**
     * The row is left out and counted in the metrics ({@code inference_requests_failure}, and by
     * code).
     */
    DROP,
    /** The row goes to a side stream as a {@link Failure} with its code and message. */
    SIDE_OUTPUT
}
