package io.pelton.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeHint;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

/** Results and failures as bytes and back, their types found by Flink, their accessors. */
class ResultTypesTest {
    private static final Outputs OUTPUTS =
            new Outputs(
                    new String[] {"predict", "predict_proba", "rank", "ok", "names"},
                    new Object[] {
                        new double[] {Double.NaN},
                        new float[] {0.25f, 0.75f},
                        new long[] {Long.MIN_VALUE},
                        new boolean[] {true},
                        new byte[][] {"日本".getBytes(StandardCharsets.UTF_8), {}}
                    });

    @Test
    void scoredRowsSurviveTheirSerializer() throws Exception {
        Scored<String> row = new Scored<>("in ✈", "m", "", OUTPUTS);
        TypeInformation<Scored<String>> type =
                TypeInformation.of(new TypeHint<Scored<String>>() {});
        assertThat(type).isEqualTo(new ScoredTypeInfo<>(Types.STRING));
        assertThat(roundTrip(type, row)).isEqualTo(row);
    }

    @Test
    void failuresSurviveTheirSerializer() throws Exception {
        Failure<double[]> failure = new Failure<>(new double[] {1, 2}, "INTERNAL", "wörse", "m");
        TypeInformation<Failure<double[]>> type =
                new FailureTypeInfo<>(
                        (TypeInformation<double[]>) Types.PRIMITIVE_ARRAY(Types.DOUBLE));
        assertThat(roundTrip(type, failure)).isEqualTo(failure);
        assertThat(failure.toString()).contains("INTERNAL").contains("[1.0, 2.0]");
        assertThat(TypeInformation.of(new TypeHint<Failure<String>>() {}))
                .isEqualTo(new FailureTypeInfo<>(Types.STRING));
    }

    @Test
    void aCopyOwnsItsInput() {
        double[] input = {1};
        TypeSerializer<Scored<double[]>> serializer =
                new ScoredTypeInfo<>(
                                (TypeInformation<double[]>) Types.PRIMITIVE_ARRAY(Types.DOUBLE))
                        .createSerializer(new SerializerConfigImpl());
        Scored<double[]> copy = serializer.copy(new Scored<>(input, "m", "1", OUTPUTS));
        input[0] = 2;
        assertThat(copy.input()).containsExactly(1.0);
    }

    @Test
    void accessorsSayWhatIsThere() {
        Scored<String> row = new Scored<>("x", "m", "1", OUTPUTS);
        assertThat(row.score()).isEqualTo(0.75);
        assertThat(row.doubles("predict_proba")).containsExactly(0.25, 0.75);
        assertThat(row.value("rank")).isEqualTo(Long.MIN_VALUE);
        assertThat(row.value("ok")).isEqualTo(true);
        assertThat(row.texts("names")).containsExactly("日本", "");
        assertThatThrownBy(() -> row.value("nope"))
                .hasMessageContaining("predict, predict_proba, rank, ok, names")
                .hasMessageContaining("nope");
        assertThatThrownBy(() -> row.value("predict_proba")).hasMessageContaining("2 values a row");
        assertThatThrownBy(() -> row.number("ok")).hasMessageContaining("does not hold numbers");
    }

    @Test
    void aScoreIsRefusedWhereItWouldBeAGuess() {
        Outputs three =
                new Outputs(
                        new String[] {"predict_proba"},
                        new Object[] {new double[] {0.1, 0.2, 0.7}});
        assertThatThrownBy(three::score).hasMessageContaining("no single score");
        Outputs two =
                new Outputs(
                        new String[] {"a", "b"}, new Object[] {new double[] {1}, new long[] {2}});
        assertThatThrownBy(two::score).hasMessageContaining("take one by its name");
        assertThat(new Outputs(new String[] {"predict"}, new Object[] {new long[] {2}}).score())
                .isEqualTo(2.0);
    }

    private static <T> T roundTrip(TypeInformation<T> type, T value) throws Exception {
        TypeSerializer<T> serializer = type.createSerializer(new SerializerConfigImpl());
        DataOutputSerializer out = new DataOutputSerializer(64);
        serializer.serialize(value, out);
        byte[] bytes = out.getCopyOfBuffer();

        DataOutputSerializer copied = new DataOutputSerializer(64);
        serializer.copy(new DataInputDeserializer(bytes), copied);
        assertThat(copied.getCopyOfBuffer()).isEqualTo(bytes);
        assertThat(serializer.copy(value)).isEqualTo(value);
        return restored(serializer).deserialize(new DataInputDeserializer(bytes));
    }

    /** The serializer as a restored job has it: made from the snapshot in the checkpoint. */
    private static <T> TypeSerializer<T> restored(TypeSerializer<T> serializer) throws Exception {
        DataOutputSerializer out = new DataOutputSerializer(64);
        TypeSerializerSnapshot.writeVersionedSnapshot(out, serializer.snapshotConfiguration());
        TypeSerializerSnapshot<T> snapshot =
                TypeSerializerSnapshot.readVersionedSnapshot(
                        new DataInputDeserializer(out.getCopyOfBuffer()),
                        ResultTypesTest.class.getClassLoader());
        TypeSerializer<T> restored = snapshot.restoreSerializer();
        assertThat(restored).isEqualTo(serializer);
        assertThat(
                        serializer
                                .snapshotConfiguration()
                                .resolveSchemaCompatibility(snapshot)
                                .isCompatibleAsIs())
                .isTrue();
        return restored;
    }
}
