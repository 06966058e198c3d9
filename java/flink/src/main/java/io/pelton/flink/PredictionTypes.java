package io.pelton.flink;

import org.apache.flink.api.common.functions.InvalidTypesException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.TypeExtractor;

/**
 * Finds the result type of a user's {@link PredictionFunction}, as Flink does for its own
 * functions.
 */
final class PredictionTypes {
    private PredictionTypes() {}

    static <IN, OUT> TypeInformation<OUT> resultOf(
            PredictionFunction<IN, OUT> function, TypeInformation<IN> input) {
        try {
            return TypeExtractor.getUnaryOperatorReturnType(
                    function,
                    PredictionFunction.class,
                    0,
                    1,
                    TypeExtractor.NO_INDEX,
                    input,
                    "map",
                    false);
        } catch (InvalidTypesException unknown) {
            throw new InvalidTypesException(
                    "the result type of the mapping is unknown, pass it: map(function, TypeInformation.of(...))",
                    unknown);
        }
    }
}
