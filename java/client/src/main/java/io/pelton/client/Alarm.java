// A task that is due at most once at a time; what it does is its user's.
package io.pelton.client;

/**
 * Not thread-safe: its user's lock guards it, and the task takes that lock before {@link #rang}.
 */
final class Alarm {
    private final Clock clock;
    private final Runnable task;

    /** Undoes what is scheduled; null if nothing is. */
    private Runnable undo;

    Alarm(Clock clock, Runnable task) {
        this.clock = clock;
        this.task = task;
    }

    /** Has the task run after that time, unless it is due already. */
    void set(long delayNanos) {
        if (undo == null) {
            undo = clock.schedule(task, delayNanos);
        }
    }

    /** The task has begun: it may be set again. */
    void rang() {
        undo = null;
    }

    void cancel() {
        if (undo != null) {
            undo.run();
            undo = null;
        }
    }
}
