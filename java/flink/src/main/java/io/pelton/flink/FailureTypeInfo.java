package io.pelton.flink;

import java.io.IOException;
import java.lang.reflect.Type;
import java.util.Map;
import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInfoFactory;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.CompositeTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Flink's type of {@link Failure}: the input by its own serializer, the texts beside it, no Kryo.
 *
 * @param <IN> the type of the input
 */
public final class FailureTypeInfo<IN> extends WithInputTypeInfo<IN, Failure<IN>> {
    private static final long serialVersionUID = 1L;

    /** The type of failures of rows of {@code inputType}. */
    public FailureTypeInfo(TypeInformation<IN> inputType) {
        super(inputType);
    }

    @Override
    @SuppressWarnings({"unchecked", "rawtypes"})
    public Class<Failure<IN>> getTypeClass() {
        return (Class) Failure.class;
    }

    @Override
    public TypeSerializer<Failure<IN>> createSerializer(SerializerConfig config) {
        return new Serializer<>(inputType().createSerializer(config));
    }

    /** Lets Flink find this type from the class. */
    public static final class Factory<IN> extends TypeInfoFactory<Failure<IN>> {
        @Override
        @SuppressWarnings("unchecked")
        public TypeInformation<Failure<IN>> createTypeInfo(
                Type type, Map<String, TypeInformation<?>> parameters) {
            return new FailureTypeInfo<>((TypeInformation<IN>) inputOf(parameters, type));
        }
    }

    /** Input, code, message, model. */
    static final class Serializer<IN> extends WithInputSerializer<IN, Failure<IN>> {
        private static final long serialVersionUID = 1L;

        Serializer(TypeSerializer<IN> input) {
            super(input);
        }

        @Override
        public TypeSerializer<Failure<IN>> duplicate() {
            TypeSerializer<IN> own = input.duplicate();
            return own == input ? this : new Serializer<>(own);
        }

        @Override
        public Failure<IN> copy(Failure<IN> from) {
            return new Failure<>(
                    input.copy(from.input()), from.code(), from.message(), from.model());
        }

        @Override
        public void serialize(Failure<IN> record, DataOutputView target) throws IOException {
            input.serialize(record.input(), target);
            StringSerializer.INSTANCE.serialize(record.code(), target);
            StringSerializer.INSTANCE.serialize(record.message(), target);
            StringSerializer.INSTANCE.serialize(record.model(), target);
        }

        @Override
        public Failure<IN> deserialize(DataInputView source) throws IOException {
            IN row = input.deserialize(source);
            String code = StringSerializer.INSTANCE.deserialize(source);
            String message = StringSerializer.INSTANCE.deserialize(source);
            return new Failure<>(row, code, message, StringSerializer.INSTANCE.deserialize(source));
        }

        @Override
        public TypeSerializerSnapshot<Failure<IN>> snapshotConfiguration() {
            return new Snapshot<>(this);
        }
    }

    /**
     * The form written into checkpoints; public with a public constructor because Flink makes it by
     * reflection.
     */
    public static final class Snapshot<IN>
            extends CompositeTypeSerializerSnapshot<Failure<IN>, Serializer<IN>> {
        /** For Flink, when it reads a checkpoint. */
        public Snapshot() {}

        Snapshot(Serializer<IN> serializer) {
            super(serializer);
        }

        @Override
        protected int getCurrentOuterSnapshotVersion() {
            return 1;
        }

        @Override
        protected TypeSerializer<?>[] getNestedSerializers(Serializer<IN> serializer) {
            return new TypeSerializer<?>[] {serializer.input};
        }

        @Override
        @SuppressWarnings("unchecked")
        protected Serializer<IN> createOuterSerializerWithNestedSerializers(
                TypeSerializer<?>[] nested) {
            return new Serializer<>((TypeSerializer<IN>) nested[0]);
        }
    }
}
