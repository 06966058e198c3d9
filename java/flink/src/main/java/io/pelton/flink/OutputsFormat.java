package io.pelton.flink;

import java.io.IOException;
import java.lang.reflect.Array;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * The outputs of a {@link Scored} as bytes, in streams and in checkpoints. A change of this form
 * needs a new version of {@link ScoredTypeInfo.Snapshot}.
 */
final class OutputsFormat {
    private static final byte DOUBLES = 1;
    private static final byte FLOATS = 2;
    private static final byte LONGS = 3;
    private static final byte BOOLEANS = 4;
    private static final byte BYTES = 5;

    private OutputsFormat() {}

    static void write(Outputs outputs, DataOutputView target) throws IOException {
        target.writeInt(outputs.names.length);
        for (int i = 0; i < outputs.names.length; i++) {
            StringSerializer.INSTANCE.serialize(outputs.names[i], target);
            writeValues(outputs.values[i], target);
        }
    }

    static Outputs read(DataInputView source) throws IOException {
        int count = source.readInt();
        String[] names = new String[count];
        Object[] values = new Object[count];
        for (int i = 0; i < count; i++) {
            names[i] = StringSerializer.INSTANCE.deserialize(source);
            values[i] = readValues(source);
        }
        return new Outputs(names, values);
    }

    private static void writeValues(Object array, DataOutputView target) throws IOException {
        target.writeByte(kindOf(array));
        target.writeInt(Array.getLength(array));
        if (array instanceof double[]) {
            for (double value : (double[]) array) {
                target.writeDouble(value);
            }
        } else if (array instanceof float[]) {
            for (float value : (float[]) array) {
                target.writeFloat(value);
            }
        } else if (array instanceof long[]) {
            for (long value : (long[]) array) {
                target.writeLong(value);
            }
        } else if (array instanceof boolean[]) {
            for (boolean value : (boolean[]) array) {
                target.writeBoolean(value);
            }
        } else {
            for (byte[] value : (byte[][]) array) {
                target.writeInt(value.length);
                target.write(value);
            }
        }
    }

    private static byte kindOf(Object array) {
        if (array instanceof double[]) {
            return DOUBLES;
        }
        if (array instanceof float[]) {
            return FLOATS;
        }
        if (array instanceof long[]) {
            return LONGS;
        }
        return array instanceof boolean[] ? BOOLEANS : BYTES;
    }

    private static Object readValues(DataInputView source) throws IOException {
        byte kind = source.readByte();
        int count = source.readInt();
        switch (kind) {
            case DOUBLES:
                double[] doubles = new double[count];
                for (int i = 0; i < count; i++) {
                    doubles[i] = source.readDouble();
                }
                return doubles;
            case FLOATS:
                float[] floats = new float[count];
                for (int i = 0; i < count; i++) {
                    floats[i] = source.readFloat();
                }
                return floats;
            case LONGS:
                long[] longs = new long[count];
                for (int i = 0; i < count; i++) {
                    longs[i] = source.readLong();
                }
                return longs;
            case BOOLEANS:
                boolean[] booleans = new boolean[count];
                for (int i = 0; i < count; i++) {
                    booleans[i] = source.readBoolean();
                }
                return booleans;
            case BYTES:
                byte[][] texts = new byte[count][];
                for (int i = 0; i < count; i++) {
                    texts[i] = new byte[source.readInt()];
                    source.readFully(texts[i]);
                }
                return texts;
            default:
                throw new IOException("unknown kind of output values: " + kind);
        }
    }
}
