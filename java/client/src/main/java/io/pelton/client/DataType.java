// The element types of the Open Inference Protocol, and how wide they are; nothing about tensors.
package io.pelton.client;

import java.util.HashMap;
import java.util.Map;

/** The type of a tensor's elements; the names are those of the Open Inference Protocol. */
public enum DataType {
    /** One byte, 0 or 1. */
    BOOL(1),
    /** Unsigned, 8 bits. */
    UINT8(1),
    /** Unsigned, 16 bits. */
    UINT16(2),
    /** Unsigned, 32 bits. */
    UINT32(4),
    /** Unsigned, 64 bits. */
    UINT64(8),
    /** Signed, 8 bits. */
    INT8(1),
    /** Signed, 16 bits. */
    INT16(2),
    /** Signed, 32 bits. */
    INT32(4),
    /** Signed, 64 bits. */
    INT64(8),
    /** IEEE 754 half precision. */
    FP16(2),
    /** IEEE 754 single precision. */
    FP32(4),
    /** IEEE 754 double precision. */
    FP64(8),
    /** A sequence of bytes, by convention UTF-8 text. */
    BYTES(0);

    private static final Map<String, DataType> BY_NAME = new HashMap<>();

    static {
        for (DataType type : values()) {
            BY_NAME.put(type.name(), type);
        }
    }

    private final int byteSize;

    DataType(int byteSize) {
        this.byteSize = byteSize;
    }

    /**
     * The type of that name.
     *
     * @param name a name of the protocol, such as {@code FP64}
     * @return the type
     * @throws IllegalArgumentException if the protocol has no such type
     */
    public static DataType of(String name) {
        DataType type = BY_NAME.get(name);
        if (type == null) {
            throw new IllegalArgumentException(
                    "unknown data type '" + name + "', expected one of " + BY_NAME.keySet());
        }
        return type;
    }

    /**
     * Bytes one element takes.
     *
     * @return 1, 2, 4 or 8; 0 for {@link #BYTES}, whose elements differ in size
     */
    public int byteSize() {
        return byteSize;
    }

    /**
     * Whether elements are floating-point numbers, for which NaN says "missing".
     *
     * @return true for FP16, FP32 and FP64
     */
    public boolean isFloat() {
        return this == FP16 || this == FP32 || this == FP64;
    }

    /**
     * Whether elements are whole numbers.
     *
     * @return true for the INT and UINT types
     */
    public boolean isInteger() {
        return isSigned() || isUnsigned();
    }

    boolean isSigned() {
        return this == INT8 || this == INT16 || this == INT32 || this == INT64;
    }

    boolean isUnsigned() {
        return this == UINT8 || this == UINT16 || this == UINT32 || this == UINT64;
    }
}
