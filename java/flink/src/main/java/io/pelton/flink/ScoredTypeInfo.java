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
 * Flink's type of {@link Scored}: the input by its own serializer, the outputs beside it, no Kryo.
 *
 * <pre>{@code
 * stream.map(...).returns(new ScoredTypeInfo<>(flights.getType()))
 * }</pre>
 *
 * @param <IN> the type of the input
 */
public final class ScoredTypeInfo<IN> extends WithInputTypeInfo<IN, Scored<IN>> {
    private static final long serialVersionUID = 1L;

    /** The type of scored rows of {@code inputType}. */
    public ScoredTypeInfo(TypeInformation<IN> inputType) {
        super(inputType);
    }

    @Override
    @SuppressWarnings({"unchecked", "rawtypes"})
    public Class<Scored<IN>> getTypeClass() {
        return (Class) Scored.class;
    }

    @Override
    public TypeSerializer<Scored<IN>> createSerializer(SerializerConfig config) {
        return new Serializer<>(inputType().createSerializer(config));
    }

    /** Lets Flink find this type from the class. */
    public static final class Factory<IN> extends TypeInfoFactory<Scored<IN>> {
        @Override
        @SuppressWarnings("unchecked")
        public TypeInformation<Scored<IN>> createTypeInfo(
                Type type, Map<String, TypeInformation<?>> parameters) {
            return new ScoredTypeInfo<>((TypeInformation<IN>) inputOf(parameters, type));
        }
    }

    /** Input, model name, model version, then the outputs: name, kind, count, values. */
    static final class Serializer<IN> extends WithInputSerializer<IN, Scored<IN>> {
        private static final long serialVersionUID = 1L;

        Serializer(TypeSerializer<IN> input) {
            super(input);
        }

        @Override
        public TypeSerializer<Scored<IN>> duplicate() {
            TypeSerializer<IN> own = input.duplicate();
            return own == input ? this : new Serializer<>(own);
        }

        @Override
        public Scored<IN> copy(Scored<IN> from) {
            return new Scored<>(
                    input.copy(from.input()),
                    from.modelName(),
                    from.modelVersion(),
                    from.outputs());
        }

        @Override
        public void serialize(Scored<IN> record, DataOutputView target) throws IOException {
            input.serialize(record.input(), target);
            StringSerializer.INSTANCE.serialize(record.modelName(), target);
            StringSerializer.INSTANCE.serialize(record.modelVersion(), target);
            OutputsFormat.write(record.outputs(), target);
        }

        @Override
        public Scored<IN> deserialize(DataInputView source) throws IOException {
            IN row = input.deserialize(source);
            String name = StringSerializer.INSTANCE.deserialize(source);
            String version = StringSerializer.INSTANCE.deserialize(source);
            return new Scored<>(row, name, version, OutputsFormat.read(source));
        }

        @Override
        public TypeSerializerSnapshot<Scored<IN>> snapshotConfiguration() {
            return new Snapshot<>(this);
        }
    }

    /**
     * The form written into checkpoints; public with a public constructor because Flink makes it by
     * reflection.
     */
    public static final class Snapshot<IN>
            extends CompositeTypeSerializerSnapshot<Scored<IN>, Serializer<IN>> {
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
