package io.pelton.flink;

import java.io.IOException;
import java.util.Objects;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * What the serializers of {@link Scored} and {@link Failure} share: immutable wrappers around an
 * input.
 *
 * @param <IN> the type of the input
 * @param <T> the wrapping type
 */
abstract class WithInputSerializer<IN, T> extends TypeSerializer<T> {
    private static final long serialVersionUID = 1L;

    final TypeSerializer<IN> input;

    WithInputSerializer(TypeSerializer<IN> input) {
        this.input = Objects.requireNonNull(input, "input");
    }

    @Override
    public final boolean isImmutableType() {
        return input.isImmutableType();
    }

    /** None: neither wrapper has an empty form, and Flink accepts null where nothing is reused. */
    @Override
    public final T createInstance() {
        return null;
    }

    @Override
    public final T copy(T from, T reuse) {
        return copy(from);
    }

    @Override
    public final int getLength() {
        return -1;
    }

    @Override
    public final T deserialize(T reuse, DataInputView source) throws IOException {
        return deserialize(source);
    }

    @Override
    public final void copy(DataInputView source, DataOutputView target) throws IOException {
        serialize(deserialize(source), target);
    }

    @Override
    public final boolean equals(Object other) {
        return other != null
                && other.getClass() == getClass()
                && input.equals(((WithInputSerializer<?, ?>) other).input);
    }

    @Override
    public final int hashCode() {
        return Objects.hash(getClass(), input);
    }
}
