// Time and chance, which tests take into their own hands.
package io.pelton.client;

import java.time.Duration;

interface Clock {
    /** Longer than anybody waits, and short enough for sums of such times to fit a long. */
    Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE / 4);

    /** A user's duration in ns, at most {@link #FOR_EVER}. */
    static long nanos(Duration duration) {
        return duration.compareTo(FOR_EVER) < 0 ? duration.toNanos() : FOR_EVER.toNanos();
    }

    /** Nanoseconds since some moment. */
    long nanoTime();

    /**
     * Runs a task later; running what it returns undoes that, if the task has not begun, and throws
     * nothing.
     */
    Runnable schedule(Runnable task, long delayNanos);

    /** A number from 0 to {@code bound}, each as likely. */
    long random(long bound);
}
