package io.pelton.flink;

import java.util.Objects;
import org.apache.flink.api.common.typeinfo.TypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.util.OutputTag;

/**
 * A row that got no prediction, with the reason: what a side stream of failures carries.
 *
 * <pre>{@code
 * OutputTag<Failure<Flight>> failed = Failure.tag(flights.getType());
 * SingleOutputStreamOperator<Scored<Flight>> scored =
 *         Pelton.score(flights).endpoints("127.0.0.1:8001").model("flights")
 *                 .features(FeatureMapping.pojo(Flight.class))
 *                 .failures(FailurePolicy.SIDE_OUTPUT)
 *                 .apply();
 * scored.getSideOutput(failed).map(f -> f.code() + ": " + f.message() + " for " + f.input()).print();
 * }</pre>
 *
 * @param <IN> the type of the input
 */
@TypeInfo(FailureTypeInfo.Factory.class)
public final class Failure<IN> {
    private final IN input;
    private final String code;
    private final String message;
    private final String model;

    Failure(IN input, String code, String message, String model) {
        this.input = input;
        this.code = Objects.requireNonNull(code, "code");
        this.message = Objects.requireNonNull(message, "message");
        this.model = Objects.requireNonNull(model, "model");
    }

    /**
     * The tag of the side stream that {@link FailurePolicy#SIDE_OUTPUT} writes to.
     *
     * @param inputType the type of the scored stream, {@code stream.getType()}
     */
    public static <IN> OutputTag<Failure<IN>> tag(TypeInformation<IN> inputType) {
        return tag("pelton-failures", inputType);
    }

    /**
     * A tag with a name of its own, for {@link Scoring#failuresTo(OutputTag)}.
     *
     * @param name the name of the side stream, unique in the operator
     * @param inputType the type of the scored stream, {@code stream.getType()}
     */
    public static <IN> OutputTag<Failure<IN>> tag(String name, TypeInformation<IN> inputType) {
        return new OutputTag<>(name, new FailureTypeInfo<>(inputType));
    }

    /** The row as it came in. */
    public IN input() {
        return input;
    }

    /**
     * The gRPC status code by name, such as {@code INVALID_ARGUMENT} (the row is at fault), {@code
     * DEADLINE_EXCEEDED} or {@code UNAVAILABLE}.
     */
    public String code() {
        return code;
    }

    /** What went wrong, in words. */
    public String message() {
        return message;
    }

    /** The model that was asked. */
    public String model() {
        return model;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof Failure)) {
            return false;
        }
        Failure<?> that = (Failure<?>) other;
        return Objects.deepEquals(input, that.input)
                && code.equals(that.code)
                && message.equals(that.message)
                && model.equals(that.model);
    }

    @Override
    public int hashCode() {
        return Objects.hash(code, message, model);
    }

    @Override
    public String toString() {
        return "Failure{"
                + code
                + ": "
                + message
                + ", model="
                + model
                + ", input="
                + Inputs.summary(input)
                + "}";
    }
}
