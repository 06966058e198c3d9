// Time and chance, which tests take into their own hands.
package io.pelton.client;

interface Clock {
    /** Nanoseconds since some moment. */
    long nanoTime();

    /** Runs a task later; running what it returns undoes that, if the task has not begun. */
    Runnable schedule(Runnable task, long delayNanos);

    /** A number from 0 to {@code bound}, each as likely. */
    long random(long bound);
}
