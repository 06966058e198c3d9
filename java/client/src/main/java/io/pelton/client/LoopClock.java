// Real time, on a client's own network threads.
package io.pelton.client;

import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

final class LoopClock implements Clock {
    private static final Logger LOG = LoggerFactory.getLogger(LoopClock.class);

    private final EventLoopGroup threads;

    LoopClock(EventLoopGroup threads) {
        this.threads = threads;
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public Runnable schedule(Runnable task, long delayNanos) {
        try {
            Future<?> future = threads.schedule(task, delayNanos, TimeUnit.NANOSECONDS);
            return () -> cancel(future);
        } catch (RejectedExecutionException e) {
            // the client is closed, and whatever waited has been failed by that
            return () -> {};
        }
    }

    private static void cancel(Future<?> future) {
        try {
            future.cancel(false);
        } catch (RejectedExecutionException e) {
            // scheduled while the threads were ending, which never run it
            LOG.debug("a task was undone that the client's threads had left behind");
        }
    }

    @Override
    public long random(long bound) {
        return bound <= 0 ? 0 : ThreadLocalRandom.current().nextLong(bound + 1);
    }
}
