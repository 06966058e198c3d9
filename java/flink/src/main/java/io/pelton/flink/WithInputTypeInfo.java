package io.pelton.flink;

import java.lang.reflect.Type;
import java.util.Map;
import java.util.Objects;
import org.apache.flink.api.common.functions.InvalidTypesException;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * What the types of {@link Scored} and {@link Failure} share: both wrap an input of a type known to
 * Flink.
 *
 * @param <IN> the type of the input
 * @param <T> the wrapping type
 */
abstract class WithInputTypeInfo<IN, T> extends TypeInformation<T> {
    private static final long serialVersionUID = 1L;

    private final TypeInformation<IN> inputType;

    WithInputTypeInfo(TypeInformation<IN> inputType) {
        this.inputType = Objects.requireNonNull(inputType, "inputType");
    }

    /** The type of the input within. */
    public final TypeInformation<IN> inputType() {
        return inputType;
    }

    static TypeInformation<?> inputOf(Map<String, TypeInformation<?>> parameters, Type type) {
        TypeInformation<?> input = parameters.get("IN");
        if (input == null) {
            throw new InvalidTypesException(
                    "the input type of "
                            + type
                            + " is unknown; name it with returns(new TypeHint<...>() {}) or pass the"
                            + " TypeInformation");
        }
        return input;
    }

    @Override
    public final Map<String, TypeInformation<?>> getGenericParameters() {
        return Map.of("IN", inputType);
    }

    @Override
    public final boolean isBasicType() {
        return false;
    }

    @Override
    public final boolean isTupleType() {
        return false;
    }

    @Override
    public final int getArity() {
        return 1;
    }

    @Override
    public final int getTotalFields() {
        return 1;
    }

    @Override
    public final boolean isKeyType() {
        return false;
    }

    @Override
    public final boolean equals(Object other) {
        return other != null
                && other.getClass() == getClass()
                && inputType.equals(((WithInputTypeInfo<?, ?>) other).inputType);
    }

    @Override
    public final int hashCode() {
        return Objects.hash(getClass(), inputType);
    }

    @Override
    public final boolean canEqual(Object other) {
        return other != null && other.getClass() == getClass();
    }

    @Override
    public final String toString() {
        return getTypeClass().getSimpleName() + "<" + inputType + ">";
    }
}
