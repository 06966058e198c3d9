// Which part of a failed batch to try next, and when to stop; it sends nothing.
package io.pelton.client;

import io.pelton.client.PeltonException.Code;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Set;

/**
 * Looks for the rows that make a batch fail, left to right and depth first, by at most {@code
 * maxCalls} calls. To find any number of them among n rows takes at most 2n - 2. It never gives up
 * early on the guess that every row is bad: bad rows come in runs, and the good ones behind such a
 * run are somebody's data.
 *
 * <p>A part whose left neighbour succeeded where both together failed must hold a row at fault: it
 * is split without being tried. So one bad row of n costs between log2(n) and 2 log2(n) calls.
 */
final class Bisection {
    /** Rows {@code from} (included) to {@code to} (not). */
    static final class Part {
        final int from;
        final int to;
        private Part rightSibling;
        private boolean knownBad;

        Part(int from, int to) {
            this.from = from;
            this.to = to;
        }

        int size() {
            return to - from;
        }
    }

    /** After these codes, a row is at fault. */
    private static final Set<Code> ROW_AT_FAULT =
            EnumSet.of(Code.INVALID_ARGUMENT, Code.INTERNAL, Code.UNKNOWN);

    private final int maxCalls;
    private final Deque<Part> open = new ArrayDeque<>();

    /** Volatile for those who only ask how many; all else is for one thread at a time. */
    private volatile int calls;

    Bisection(int maxCalls) {
        this.maxCalls = maxCalls;
    }

    /** Whether a smaller part of what failed so may do better. */
    static boolean partMaySucceed(PeltonException failure) {
        return ROW_AT_FAULT.contains(failure.code()) || isTooLarge(failure);
    }

    /**
     * Whether the rows together were too large for the server or for us: half of them may not be.
     */
    static boolean isTooLarge(PeltonException failure) {
        return failure.code() == Code.OUT_OF_RANGE
                || failure.code() == Code.RESOURCE_EXHAUSTED && !failure.isRetryable();
    }

    /** That part failed because of a row in it: its halves are to be tried. */
    void split(Part part) {
        split(part, true);
    }

    /**
     * That part failed: its halves are to be tried.
     *
     * @param rowAtFault whether one half must fail; not so if the part was merely too large
     */
    void split(Part part, boolean rowAtFault) {
        int middle = (part.from + part.to) >>> 1;
        Part left = new Part(part.from, middle);
        Part right = new Part(middle, part.to);
        if (rowAtFault) {
            left.rightSibling = right;
        }
        open.push(right);
        open.push(left);
    }

    void succeeded(Part part) {
        if (part.rightSibling != null) {
            part.rightSibling.knownBad = true;
        }
    }

    /** The next part to try, counted as a call; null if all are done or {@link #isSpent()}. */
    @SuppressWarnings("NonAtomicOperationOnVolatileField") // one writer at a time
    Part next() {
        while (!open.isEmpty() && !isSpent()) {
            Part part = open.pop();
            if (part.knownBad && part.size() > 1) {
                split(part);
                continue;
            }
            calls++;
            return part;
        }
        return null;
    }

    /** Whether the bounds allow no further call. */
    boolean isSpent() {
        return calls >= maxCalls;
    }

    /** A part that was not tried; null if there is none left. */
    Part untried() {
        return open.poll();
    }

    /** Leaves the parts that were not tried to others. */
    void giveUp() {
        open.clear();
    }

    int calls() {
        return calls;
    }
}
