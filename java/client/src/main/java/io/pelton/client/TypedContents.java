// Answers whose values come as typed lists in place of raw bytes; turned into the bytes a tensor
// has.
package io.pelton.client;

import com.google.protobuf.ByteString;
import io.pelton.client.wire.inference.InferTensorContents;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

final class TypedContents {
    private TypedContents() {}

    static Tensor tensor(String name, DataType type, long[] shape, InferTensorContents from) {
        int count = count(type, from);
        long size = type == DataType.BYTES ? textSize(from) : (long) count * type.byteSize();
        ByteBuffer data = ByteBuffer.allocate(Math.toIntExact(size)).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            put(data, type, from, i);
        }
        data.flip();
        return Tensor.of(name, type, shape, data);
    }

    private static int count(DataType type, InferTensorContents from) {
        switch (type) {
            case BOOL:
                return from.getBoolContentsCount();
            case INT8:
            case INT16:
            case INT32:
                return from.getIntContentsCount();
            case INT64:
                return from.getInt64ContentsCount();
            case UINT8:
            case UINT16:
            case UINT32:
                return from.getUintContentsCount();
            case UINT64:
                return from.getUint64ContentsCount();
            case FP32:
                return from.getFp32ContentsCount();
            case FP64:
                return from.getFp64ContentsCount();
            case BYTES:
                return from.getBytesContentsCount();
            default:
                throw new IllegalArgumentException(type + " has no typed contents, only raw ones");
        }
    }

    private static void put(ByteBuffer data, DataType type, InferTensorContents from, int i) {
        switch (type) {
            case BOOL:
                data.put((byte) (from.getBoolContents(i) ? 1 : 0));
                break;
            case INT8:
            case UINT8:
                data.put((byte) narrow(type, from, i));
                break;
            case INT16:
            case UINT16:
                data.putShort((short) narrow(type, from, i));
                break;
            case INT32:
                data.putInt(from.getIntContents(i));
                break;
            case UINT32:
                data.putInt(from.getUintContents(i));
                break;
            case INT64:
                data.putLong(from.getInt64Contents(i));
                break;
            case UINT64:
                data.putLong(from.getUint64Contents(i));
                break;
            case FP32:
                data.putFloat(from.getFp32Contents(i));
                break;
            case FP64:
                data.putDouble(from.getFp64Contents(i));
                break;
            default:
                ByteString text = from.getBytesContents(i);
                data.putInt(text.size());
                text.copyTo(data);
        }
    }

    /** The protocol carries 8 and 16 bits in 32: what does not fit is the server's mistake. */
    private static int narrow(DataType type, InferTensorContents from, int i) {
        int bits = type.byteSize() * 8;
        int value = type.isSigned() ? from.getIntContents(i) : from.getUintContents(i);
        boolean fits =
                type.isSigned() ? value == value << 32 - bits >> 32 - bits : value >>> bits == 0;
        if (!fits) {
            throw new IllegalArgumentException("element " + i + " does not fit " + type);
        }
        return value;
    }

    private static long textSize(InferTensorContents from) {
        long size = 0;
        for (ByteString text : from.getBytesContentsList()) {
            size += 4L + text.size();
        }
        return size;
    }
}
