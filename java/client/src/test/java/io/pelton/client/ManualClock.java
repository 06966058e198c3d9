// Time that passes when the test says so; what is scheduled is handed to the test.
package io.pelton.client;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

final class ManualClock implements Clock {
    static final class Scheduled {
        final Runnable task;
        final long delayNanos;
        volatile boolean undone;

        Scheduled(Runnable task, long delayNanos) {
            this.task = task;
            this.delayNanos = delayNanos;
        }

        long delayMs() {
            return TimeUnit.NANOSECONDS.toMillis(delayNanos);
        }
    }

    private final AtomicLong now = new AtomicLong(1_000_000_000L);
    final BlockingQueue<Scheduled> scheduled = new LinkedBlockingQueue<>();

    /** Thrown by the next look at the clock, once. */
    volatile Error fault;

    @Override
    public long nanoTime() {
        Error thrown = fault;
        if (thrown != null) {
            fault = null;
            throw thrown;
        }
        return now.get();
    }

    @Override
    public Runnable schedule(Runnable task, long delayNanos) {
        Scheduled entry = new Scheduled(task, delayNanos);
        scheduled.add(entry);
        return () -> entry.undone = true;
    }

    /** The most that chance could give, so that a test sees the bounds themselves. */
    @Override
    public long random(long bound) {
        return bound;
    }

    /** Waits until something is scheduled; nothing runs. */
    Scheduled next() throws InterruptedException {
        Scheduled next = scheduled.poll(30, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("nothing was scheduled");
        }
        return next;
    }

    /** Lets its delay pass and runs it. */
    void run(Scheduled entry) {
        now.addAndGet(entry.delayNanos);
        if (!entry.undone) {
            entry.task.run();
        }
    }

    void advanceMs(long millis) {
        now.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    List<Scheduled> drain() {
        List<Scheduled> all = new ArrayList<>();
        scheduled.drainTo(all);
        return all;
    }
}
