package io.pelton.flink;

import java.util.Arrays;

/**
 * Says an input in a few words for a message. It must not fail, whatever the user's {@code
 * toString} does.
 */
final class Inputs {
    private static final int MAX_CHARS = 200;

    private Inputs() {}

    static String summary(Object input) {
        String text;
        try {
            text = describe(input);
        } catch (RuntimeException broken) {
            text = input.getClass().getName() + " (its toString failed: " + broken + ")";
        }
        if (text == null) {
            return "null";
        }
        return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS) + "...";
    }

    private static String describe(Object input) {
        if (input instanceof double[]) {
            return Arrays.toString((double[]) input);
        }
        if (input instanceof float[]) {
            return Arrays.toString((float[]) input);
        }
        return String.valueOf(input);
    }
}
